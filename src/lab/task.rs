//! What long work is given: it names its stage, ticks, and stops when told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

/// Handle of one piece of long work; clones share their state, so one clone watches while another works.
#[derive(Clone, Default)]
pub struct Task {
    state: Arc<State>,
    /// Whether this handle reports nothing.
    silent: bool,
}

#[derive(Default)]
struct State {
    cancelled: AtomicBool,
    permille: AtomicU32,
    stage: Mutex<String>,
    wake: Mutex<Option<Box<dyn Fn() + Send + Sync>>>,
    kept: Mutex<BTreeMap<&'static str, String>>,
}

/// Where work stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// What is being done, in words.
    pub stage: String,
    /// Share done of this stage, 0 to 1.
    pub fraction: f32,
}

/// The work was told to stop; an outcome, not a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancelled;

impl Task {
    /// A task that calls `wake` after each change of its progress.
    pub fn with_wake(wake: impl Fn() + Send + Sync + 'static) -> Task {
        let task = Task::default();
        if let Ok(mut slot) = task.state.wake.lock() {
            *slot = Some(Box::new(wake));
        }
        task
    }

    /// Begins a named stage at fraction 0.
    pub fn stage(&self, name: &str) -> Result<(), Cancelled> {
        if !self.silent
            && let Ok(mut stage) = self.state.stage.lock()
        {
            name.clone_into(&mut stage);
        }
        self.tick(0.0)
    }

    /// Reports the share done of the stage, and learns whether to stop.
    pub fn tick(&self, fraction: f32) -> Result<(), Cancelled> {
        if self.silent {
            return if self.is_cancelled() { Err(Cancelled) } else { Ok(()) };
        }
        let permille = (fraction.clamp(0.0, 1.0) * 1000.0) as u32;
        let before = self.state.permille.swap(permille, Ordering::Relaxed);
        if before != permille
            && let Ok(wake) = self.state.wake.lock()
            && let Some(wake) = wake.as_ref()
        {
            wake();
        }
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }

    /// A handle that stops with this one and reports nothing: for work inside a stage that counts its own progress.
    #[must_use]
    pub fn silent(&self) -> Task {
        Task { silent: true, ..self.clone() }
    }

    /// Says in words what is finished and would outlive the work if it stopped now; one sentence per `kind`, the last one said.
    pub fn keep(&self, kind: &'static str, what: String) {
        if let Ok(mut kept) = self.state.kept.lock() {
            kept.insert(kind, what);
        }
    }

    /// What is finished and outlives the work, in words.
    pub fn kept(&self) -> Vec<String> {
        self.state.kept.lock().map(|kept| kept.values().cloned().collect()).unwrap_or_default()
    }

    /// Asks the work to stop at its next tick.
    pub fn cancel(&self) {
        self.state.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether the work was asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.state.cancelled.load(Ordering::Relaxed)
    }

    /// Where the work stands.
    pub fn progress(&self) -> Progress {
        Progress {
            stage: self.state.stage.lock().map(|s| s.clone()).unwrap_or_default(),
            fraction: self.state.permille.load(Ordering::Relaxed) as f32 / 1000.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_handle_reports_nothing_and_stops_with_its_task() {
        let task = Task::default();
        task.stage("Deciding").unwrap();
        task.tick(0.5).unwrap();
        let silent = task.silent();
        silent.stage("Valuing").unwrap();
        silent.tick(0.9).unwrap();
        assert_eq!(task.progress(), Progress { stage: "Deciding".into(), fraction: 0.5 });
        task.keep("parts", "1 part".into());
        silent.keep("models", "2 models".into());
        task.keep("parts", "3 parts".into());
        assert_eq!(task.kept(), ["2 models", "3 parts"]);
        task.cancel();
        assert_eq!(
            (silent.tick(0.0), silent.stage("x"), task.tick(0.0)),
            (Err(Cancelled), Err(Cancelled), Err(Cancelled))
        );
    }
}
