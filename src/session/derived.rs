//! Results that follow from the document: what is known of them now, at once, without blocking. Stale is a state.

use attune_lab::task::Progress;
use std::collections::VecDeque;
use std::sync::Arc;

/// What is known of a result.
#[derive(Clone, Debug)]
pub enum Derived<T> {
    /// There is none yet; why, and what to do.
    Missing(Arc<str>),
    /// The first one is on its way.
    Running(Progress),
    /// It belongs to the document as it stands.
    Ready(Arc<T>),
    /// It belongs to an earlier document; progress of the new one, `None` when nobody has asked for it.
    Stale(Arc<T>, Option<Progress>),
    /// It could not be made, and why.
    Failed(Arc<str>),
}

impl<T> Derived<T> {
    /// The result to draw, whether of now or of before.
    pub fn value(&self) -> Option<&Arc<T>> {
        match self {
            Derived::Ready(value) | Derived::Stale(value, _) => Some(value),
            _ => None,
        }
    }

    /// The result, if it belongs to the document as it stands.
    pub fn ready(&self) -> Option<&Arc<T>> {
        match self {
            Derived::Ready(value) => Some(value),
            _ => None,
        }
    }

    /// Whether it should be drawn dimmed.
    pub fn is_stale(&self) -> bool {
        matches!(self, Derived::Stale(..))
    }

    /// How far the work on it is.
    pub fn progress(&self) -> Option<&Progress> {
        match self {
            Derived::Running(progress) | Derived::Stale(_, Some(progress)) => Some(progress),
            _ => None,
        }
    }

    /// Why there is nothing to draw.
    pub fn why(&self) -> Option<&Arc<str>> {
        match self {
            Derived::Missing(why) | Derived::Failed(why) => Some(why),
            _ => None,
        }
    }

    /// The same state of a part or view of the result.
    pub fn map<U>(self, view: impl FnOnce(&Arc<T>) -> Arc<U>) -> Derived<U> {
        match self {
            Derived::Missing(why) => Derived::Missing(why),
            Derived::Running(progress) => Derived::Running(progress),
            Derived::Ready(value) => Derived::Ready(view(&value)),
            Derived::Stale(value, progress) => Derived::Stale(view(&value), progress),
            Derived::Failed(why) => Derived::Failed(why),
        }
    }
}

/// Hash of everything a result depends on.
pub type Key = String;

/// A result, or why it could not be made.
pub(crate) type Made<T> = Result<Arc<T>, Arc<str>>;

/// The results of one kind, found again by key; the least recently made are forgotten first.
#[derive(Debug)]
pub(crate) struct Shelf<T> {
    entries: VecDeque<(Key, Made<T>)>,
    room: usize,
    /// The last good one, shown dimmed until a new one arrives.
    latest: Option<Arc<T>>,
}

impl<T> Shelf<T> {
    pub(crate) fn with_room(room: usize) -> Shelf<T> {
        Shelf { entries: VecDeque::new(), room, latest: None }
    }

    pub(crate) fn put(&mut self, key: Key, result: Made<T>) {
        if let Ok(value) = &result {
            self.latest = Some(value.clone());
        }
        self.entries.retain(|(k, _)| *k != key);
        self.entries.push_back((key, result));
        while self.entries.len() > self.room {
            self.entries.pop_front();
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Made<T>> {
        self.entries.iter().find(|(k, _)| k == key).map(|(_, result)| result)
    }

    pub(crate) fn ready(&self, key: &str) -> Option<&Arc<T>> {
        self.get(key)?.as_ref().ok()
    }

    /// Forgets a result, so that it is made again; the old one is shown until then.
    pub(crate) fn forget(&mut self, key: &str) {
        self.entries.retain(|(k, _)| k != key);
    }

    /// Forgets a failure, so that it is tried again.
    pub(crate) fn retry(&mut self, key: &str) {
        self.entries.retain(|(k, result)| k != key || result.is_ok());
    }

    /// What is known of the result of `key`; `Err(why)` when it cannot have one.
    pub(crate) fn state(&self, key: Result<&str, Arc<str>>, progress: Option<Progress>) -> Derived<T> {
        let why = match key {
            Ok(key) => match self.get(key) {
                Some(Ok(value)) => return Derived::Ready(value.clone()),
                Some(Err(why)) => return Derived::Failed(why.clone()),
                None => Arc::from("not made yet"),
            },
            Err(why) => why,
        };
        match (&self.latest, progress) {
            (Some(old), progress) => Derived::Stale(old.clone(), progress),
            (None, Some(progress)) => Derived::Running(progress),
            (None, None) => Derived::Missing(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_of_a_result() {
        let mut shelf: Shelf<u32> = Shelf::with_room(2);
        let running = || Some(Progress { stage: "fitting".into(), fraction: 0.5 });
        assert!(matches!(shelf.state(Err("no data".into()), None), Derived::Missing(why) if &*why == "no data"));
        assert!(matches!(shelf.state(Ok("a"), running()), Derived::Running(p) if p.fraction == 0.5));
        shelf.put("a".into(), Ok(Arc::new(1)));
        assert!(matches!(shelf.state(Ok("a"), None), Derived::Ready(v) if *v == 1));
        assert!(matches!(shelf.state(Ok("b"), running()), Derived::Stale(v, Some(_)) if *v == 1));
        shelf.put("b".into(), Err("no outcome".into()));
        assert!(matches!(shelf.state(Ok("b"), None), Derived::Failed(_)));
        assert!(matches!(shelf.state(Ok("a"), None), Derived::Ready(v) if *v == 1), "found again by key");
        shelf.retry("b");
        assert!(shelf.state(Ok("b"), None).is_stale());
        shelf.put("c".into(), Ok(Arc::new(3)));
        shelf.put("d".into(), Ok(Arc::new(4)));
        assert!(shelf.get("a").is_none(), "the oldest is forgotten first");
    }
}
