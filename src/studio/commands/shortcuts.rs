//! Keys → commands. In a text field, keys that mean something to text stay with the text.

use super::{Group, all};
use crate::workspace::Workspace;
use egui::{Context, Key, KeyboardShortcut};

/// How keys are written here: `Ctrl+Shift+Z`.
pub fn text(ctx: &Context, shortcut: &KeyboardShortcut) -> String {
    ctx.format_shortcut(shortcut)
}

/// Takes at most one command's keys out of this frame's input and names the command.
pub fn consume(ctx: &Context, workspace: Option<Workspace>) -> Option<&'static str> {
    let typing = ctx.text_edit_focused();
    let mut candidates: Vec<_> = all()
        .filter(|command| match command.group {
            Group::In(place) => Some(place) == workspace,
            _ => true,
        })
        .filter_map(|command| command.shortcut.map(|keys| (keys, command.id)))
        .filter(|(keys, _)| !typing || !belongs_to_text(keys))
        .collect();
    // egui matches modifiers loosely: Ctrl+Z also answers to Ctrl+Shift+Z, so the longer one is asked first.
    candidates.sort_by_key(|(keys, _)| {
        let m = keys.modifiers;
        std::cmp::Reverse(u8::from(m.shift) + u8::from(m.alt) + u8::from(m.command || m.ctrl))
    });
    ctx.input_mut(|input| candidates.iter().find(|(keys, _)| input.consume_shortcut(keys)).map(|(_, id)| *id))
}

/// Whether keys mean something inside a text field: bare keys, arrows, and the editing letters.
fn belongs_to_text(keys: &KeyboardShortcut) -> bool {
    let function =
        matches!(keys.logical_key, Key::F1 | Key::F2 | Key::F3 | Key::F4 | Key::F5 | Key::F6 | Key::F7 | Key::F8);
    let editing = matches!(keys.logical_key, Key::Z | Key::Y | Key::A | Key::C | Key::V | Key::X | Key::D);
    let arrow = matches!(keys.logical_key, Key::ArrowUp | Key::ArrowDown | Key::ArrowLeft | Key::ArrowRight);
    !function && (!keys.modifiers.command || editing || arrow)
}
