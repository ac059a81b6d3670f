//! Input widgets that hold a draft while they are used and give back whole changes: text on leaving or after a pause,
//! numbers while dragged as one gesture. They send nothing themselves.

use egui::{Id, Response, Ui};

/// Seconds without a key after which typed text is taken, though the field still has the focus.
pub const PAUSE: f64 = 0.8;

/// What a widget asks of its caller this frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Change<T> {
    /// Nothing new.
    None,
    /// A new value while the gesture goes on.
    Live(T),
    /// The last value of a gesture.
    Done(T),
}

impl<T> Change<T> {
    /// The new value, however it came.
    pub fn value(self) -> Option<T> {
        match self {
            Change::None => None,
            Change::Live(value) | Change::Done(value) => Some(value),
        }
    }

    /// The same kind of change of another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Change<U> {
        match self {
            Change::None => Change::None,
            Change::Live(value) => Change::Live(f(value)),
            Change::Done(value) => Change::Done(f(value)),
        }
    }
}

/// A text being typed.
#[derive(Clone, Debug, PartialEq)]
pub struct TextDraft {
    /// As typed.
    pub text: String,
    /// What the document says; a change of it from elsewhere (undo) drops the draft.
    base: String,
    touched: Option<f64>,
}

impl TextDraft {
    /// The draft stored under `id`, or a fresh one of `current`.
    pub fn load(ui: &Ui, id: Id, current: &str) -> TextDraft {
        let stored = ui.data_mut(|d| d.get_temp::<TextDraft>(id));
        stored.filter(|d| d.base == current).unwrap_or_else(|| TextDraft {
            text: current.to_owned(),
            base: current.to_owned(),
            touched: None,
        })
    }

    /// Takes note of what the field did and stores the draft. Gives the text when it is to be taken.
    pub fn settle(mut self, ui: &Ui, id: Id, response: &Response, apply_now: bool) -> Option<String> {
        let now = ui.input(|i| i.time);
        if response.changed() {
            self.touched = Some(now);
        }
        let differs = self.text != self.base;
        let paused = self.touched.is_some_and(|t| now - t >= PAUSE);
        let taken = differs && (apply_now || response.lost_focus() || paused || !response.has_focus());
        if taken {
            self.base.clone_from(&self.text);
            self.touched = None;
        } else if differs && let Some(touched) = self.touched {
            let left = (PAUSE - (now - touched)).max(0.01);
            ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(left));
        }
        let text = taken.then(|| self.text.clone());
        ui.data_mut(|d| d.insert_temp(id, self));
        text
    }
}

/// A one-line text field of the document's `current` value. Gives the new text when it is to be taken.
pub fn text(ui: &mut Ui, id: Id, label: &str, current: &str, hint: &str, width: f32) -> Option<String> {
    let mut draft = TextDraft::load(ui, id, current);
    let field = egui::TextEdit::singleline(&mut draft.text).id(id.with("field")).hint_text(hint).desired_width(width);
    let response = ui.add(field).accessible_name(label);
    draft.settle(ui, id, &response, false)
}

/// A number field. Dragging is one gesture with live values; typing is taken on leaving.
pub fn number(
    ui: &mut Ui,
    label: &str,
    current: f64,
    make: impl FnOnce(egui::DragValue<'_>) -> egui::DragValue<'_>,
) -> Change<f64> {
    let mut value = current;
    let response = ui.add(make(egui::DragValue::new(&mut value)).update_while_editing(false)).accessible_name(label);
    gesture(&response, current, value)
}

/// A slider with a number beside it. Dragging is one gesture with live values.
pub fn slider(
    ui: &mut Ui,
    label: &str,
    current: f64,
    make: impl FnOnce(egui::Slider<'_>) -> egui::Slider<'_>,
    range: std::ops::RangeInclusive<f64>,
) -> Change<f64> {
    let mut value = current;
    let slider = make(egui::Slider::new(&mut value, range)).update_while_editing(false);
    let response = ui.add(slider).accessible_name(label);
    gesture(&response, current, value)
}

/// What a drag or a typed number means for undo: values while dragging belong to one gesture.
fn gesture(response: &Response, before: f64, after: f64) -> Change<f64> {
    let changed = (before - after).abs() > 0.0 && after.is_finite();
    if response.drag_stopped() {
        Change::Done(after)
    } else if changed && response.dragged() {
        Change::Live(after)
    } else if changed {
        Change::Done(after)
    } else {
        Change::None
    }
}
