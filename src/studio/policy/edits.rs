//! From what widgets report to edits of the document: live values are one gesture, and a changed part is sent whole.

use super::input::Change;
use crate::view::{Ask, Asks};
use attune_policy::action::Action;
use attune_policy::arbitration::{ContextWeight, Floor};
use attune_policy::contact::Cap;
use attune_policy::holdout::Holdout;
use attune_policy::rule::Rule;
use attune_session::Edit;

/// Sends an edit: live ones open a gesture, the last one closes it, so a drag is one undo step.
pub fn send(asks: &mut Asks, change: Change<Edit>) {
    match change {
        Change::None => {}
        Change::Live(edit) => {
            asks.ask(Ask::BeginGesture);
            asks.edit(edit);
        }
        Change::Done(edit) => {
            asks.edit(edit);
            asks.ask(Ask::EndGesture);
        }
    }
}

/// A change of one rule.
pub fn rule<T>(asks: &mut Asks, rule: &Rule, change: Change<T>, set: impl FnOnce(&mut Rule, T)) {
    let edit = change.map(|value| {
        let mut new = rule.clone();
        set(&mut new, value);
        Edit::ReplaceRule { id: rule.id.clone(), rule: new }
    });
    send(asks, edit);
}

/// A change of one cap.
pub fn cap<T>(asks: &mut Asks, cap: &Cap, change: Change<T>, set: impl FnOnce(&mut Cap, T)) {
    let edit = change.map(|value| {
        let mut new = cap.clone();
        set(&mut new, value);
        Edit::ReplaceCap { id: cap.id.clone(), cap: new }
    });
    send(asks, edit);
}

/// A change of one action.
pub fn action<T>(asks: &mut Asks, action: &Action, change: Change<T>, set: impl FnOnce(&mut Action, T)) {
    let edit = change.map(|value| {
        let mut new = action.clone();
        set(&mut new, value);
        Edit::ReplaceAction { id: action.id.clone(), action: Box::new(new) }
    });
    send(asks, edit);
}

/// A change of one holdout layer.
pub fn holdout<T>(asks: &mut Asks, holdout: &Holdout, change: Change<T>, set: impl FnOnce(&mut Holdout, T)) {
    let edit = change.map(|value| {
        let mut new = holdout.clone();
        set(&mut new, value);
        Edit::ReplaceHoldout { id: holdout.id.clone(), holdout: new }
    });
    send(asks, edit);
}

/// A change of the `i`th context weight.
pub fn weight<T>(
    asks: &mut Asks,
    weights: &[ContextWeight],
    i: usize,
    change: Change<T>,
    set: impl FnOnce(&mut ContextWeight, T),
) {
    let edit = change.map(|value| {
        let mut new = weights.to_vec();
        if let Some(weight) = new.get_mut(i) {
            set(weight, value);
        }
        Edit::SetContextWeights(new)
    });
    send(asks, edit);
}

/// A change of the `i`th floor.
pub fn floor<T>(asks: &mut Asks, floors: &[Floor], i: usize, change: Change<T>, set: impl FnOnce(&mut Floor, T)) {
    let edit = change.map(|value| {
        let mut new = floors.to_vec();
        if let Some(floor) = new.get_mut(i) {
            set(floor, value);
        }
        Edit::SetFloors(new)
    });
    send(asks, edit);
}
