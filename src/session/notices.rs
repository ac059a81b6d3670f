//! What the user should be told once: the words of a toast. Each stays until it is dismissed.

use attune_lab::Error;

/// Names a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeId(pub u64);

/// How it should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeKind {
    /// Something was done.
    Done,
    /// Something to look at.
    Warning,
    /// Something failed.
    Failed,
}

/// A notice.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Which one.
    pub id: NoticeId,
    /// How it should look.
    pub kind: NoticeKind,
    /// One sentence.
    pub text: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The notices that were not dismissed yet, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    list: Vec<Notice>,
    next: u64,
}

/// More than this would bury the screen; the oldest go first.
const ROOM: usize = 20;

impl Notices {
    pub(crate) fn list(&self) -> &[Notice] {
        &self.list
    }

    pub(crate) fn push(&mut self, kind: NoticeKind, text: impl Into<String>, hint: Option<String>) {
        let text = text.into();
        // The same trouble twice is one trouble.
        self.list.retain(|n| n.text != text);
        let id = NoticeId(self.next);
        self.next += 1;
        self.list.push(Notice { id, kind, text, hint });
        if self.list.len() > ROOM {
            self.list.remove(0);
        }
    }

    pub(crate) fn done(&mut self, text: impl Into<String>) {
        self.push(NoticeKind::Done, text, None);
    }

    pub(crate) fn warning(&mut self, error: &Error) {
        self.error(NoticeKind::Warning, error);
    }

    pub(crate) fn failed(&mut self, error: &Error) {
        self.error(NoticeKind::Failed, error);
    }

    pub(crate) fn dismiss(&mut self, id: NoticeId) {
        self.list.retain(|n| n.id != id);
    }

    fn error(&mut self, kind: NoticeKind, error: &Error) {
        match error {
            Error::Cancelled => {}
            Error::Failed(failure) => {
                let mut failure = failure.clone();
                let hint = failure.hint.take();
                self.push(kind, Error::Failed(failure).to_string(), hint);
            }
        }
    }
}
