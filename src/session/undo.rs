//! Undo by stored document: each step keeps the document before it and the label of what was done. Parts are shared, so a
//! step costs a handful of pointers. One gesture is one step.

use crate::Document;

/// Steps kept.
const DEPTH: usize = 1000;

/// The document, its past and its future.
#[derive(Clone, Debug)]
pub struct UndoStack {
    present: Document,
    past: Vec<Step>,
    future: Vec<Step>,
    gesture: Option<Gesture>,
}

#[derive(Clone, Debug)]
struct Step {
    label: String,
    /// The document on the other side of the step: before it in the past, after it in the future.
    document: Document,
}

#[derive(Clone, Debug)]
struct Gesture {
    before: Document,
    label: Option<String>,
}

impl UndoStack {
    /// A document without a past.
    pub fn new(document: Document) -> UndoStack {
        UndoStack { present: document, past: Vec::new(), future: Vec::new(), gesture: None }
    }

    /// The document as it stands.
    pub fn document(&self) -> &Document {
        &self.present
    }

    /// Puts a new document in place; inside a gesture it joins the gesture's step. Returns whether anything changed.
    pub fn push(&mut self, label: String, document: Document) -> bool {
        if *document == *self.present {
            return false;
        }
        self.future.clear();
        let before = std::mem::replace(&mut self.present, document);
        match &mut self.gesture {
            Some(gesture) => gesture.label = Some(label),
            None => self.remember(label, before),
        }
        true
    }

    /// Edits from here to [`UndoStack::end_gesture`] are one step: a drag, a slider, typing into one box.
    pub fn begin_gesture(&mut self) {
        if self.gesture.is_none() {
            self.gesture = Some(Gesture { before: self.present.clone(), label: None });
        }
    }

    /// Ends the gesture. One that came back to where it began leaves no step.
    pub fn end_gesture(&mut self) {
        if let Some(Gesture { before, label: Some(label) }) = self.gesture.take()
            && *before != *self.present
        {
            self.remember(label, before);
        }
    }

    /// Takes back everything since the gesture began.
    pub fn abandon_gesture(&mut self) {
        if let Some(gesture) = self.gesture.take() {
            self.present = gesture.before;
        }
    }

    /// Takes back the last step; its label.
    pub fn undo(&mut self) -> Option<String> {
        self.end_gesture();
        let step = self.past.pop()?;
        let after = std::mem::replace(&mut self.present, step.document);
        self.future.push(Step { label: step.label.clone(), document: after });
        Some(step.label)
    }

    /// Does the step taken back last again; its label.
    pub fn redo(&mut self) -> Option<String> {
        self.end_gesture();
        let step = self.future.pop()?;
        let before = std::mem::replace(&mut self.present, step.document);
        self.past.push(Step { label: step.label.clone(), document: before });
        Some(step.label)
    }

    /// Label of the step that [`UndoStack::undo`] would take back.
    pub fn can_undo(&self) -> Option<&str> {
        let of_gesture = self.gesture.as_ref().and_then(|g| g.label.as_deref());
        of_gesture.or_else(|| self.past.last().map(|s| s.label.as_str()))
    }

    /// Label of the step that [`UndoStack::redo`] would do again.
    pub fn can_redo(&self) -> Option<&str> {
        self.future.last().map(|s| s.label.as_str())
    }

    /// Labels of the past, latest first.
    pub fn history(&self) -> impl Iterator<Item = &str> {
        self.past.iter().rev().map(|s| s.label.as_str())
    }

    fn remember(&mut self, label: String, before: Document) {
        self.past.push(Step { label, document: before });
        if self.past.len() > DEPTH {
            self.past.remove(0);
        }
    }
}
