//! The one table of commands. Menus, buttons, the palette, shortcuts and the shortcut sheet are made from it.
//!
//! A command reads the context and asks; it never acts itself, so every way of running it does the same.

mod button;
mod shell;
mod shortcuts;

pub use button::{command_button, command_icon, primary_command};
pub use shortcuts::{consume, text};

use crate::view::{Asks, Ctx};
use crate::workspace::Workspace;
use crate::{data, export, models, policy, simulate};
use egui::{Key, KeyboardShortcut, Modifiers};
use egui_material_icons::MaterialIcon;

/// Something the user can do.
pub struct Command {
    /// Stable name, `place.verb`.
    pub id: &'static str,
    /// What it is called: a verb phrase, sentence case, `…` when more is asked.
    pub name: &'static str,
    /// Its sign.
    pub icon: MaterialIcon,
    /// Its keys.
    pub shortcut: Option<KeyboardShortcut>,
    /// One sentence without a full stop: what it does.
    pub tooltip: &'static str,
    /// Where it belongs: its group in the palette and the sheet. Keys of a workspace work only there.
    pub group: Group,
    /// What it asks for.
    pub act: Act,
}

/// Where a command belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// Projects and files.
    Project,
    /// Undo, redo, find.
    Edit,
    /// Places and looks.
    View,
    /// One workspace.
    In(Workspace),
}

impl Group {
    /// Its name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Group::Project => "Project",
            Group::Edit => "Edit",
            Group::View => "View",
            Group::In(workspace) => workspace.name(),
        }
    }
}

/// What a command asks for, and what it needs.
pub enum Act {
    /// Needs no project.
    Always(fn(&mut Asks)),
    /// Needs an open project. The first function says what is missing, if anything.
    Project(fn(&Ctx<'_>) -> Result<(), &'static str>, fn(&Ctx<'_>, &mut Asks)),
}

impl Command {
    /// Whether it can run now; if not, what is missing.
    pub fn ready(&self, ctx: Option<&Ctx<'_>>) -> Result<(), &'static str> {
        match (&self.act, ctx) {
            (Act::Always(_), _) => Ok(()),
            (Act::Project(..), None) => Err("Open a project first"),
            (Act::Project(ready, _), Some(ctx)) => ready(ctx),
        }
    }

    /// Asks for it, when it is ready.
    pub fn run(&self, ctx: Option<&Ctx<'_>>, asks: &mut Asks) -> Result<(), &'static str> {
        self.ready(ctx)?;
        match (&self.act, ctx) {
            (Act::Always(act), _) => act(asks),
            (Act::Project(_, act), Some(ctx)) => act(ctx, asks),
            (Act::Project(..), None) => {}
        }
        Ok(())
    }

    /// Tooltip with the keys behind it.
    pub fn hint(&self, ctx: &egui::Context) -> String {
        match self.shortcut {
            Some(shortcut) => format!("{} ({})", self.tooltip, text(ctx, &shortcut)),
            None => self.tooltip.to_owned(),
        }
    }
}

/// Every command, in the order of the sheet.
pub fn all() -> impl Iterator<Item = &'static Command> {
    [shell::COMMANDS, data::COMMANDS, models::COMMANDS, policy::COMMANDS, simulate::COMMANDS, export::COMMANDS]
        .into_iter()
        .flatten()
}

/// The command of that id.
pub fn find(id: &str) -> Option<&'static Command> {
    all().find(|command| command.id == id)
}

/// Always ready.
pub fn ready(_: &Ctx<'_>) -> Result<(), &'static str> {
    Ok(())
}

/// Keys with Ctrl (Command on a Mac).
pub const fn ctrl(key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(Modifiers::COMMAND, key))
}

/// Keys with Ctrl and Shift.
pub const fn ctrl_shift(key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key))
}

/// Keys with Alt.
pub const fn alt(key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(Modifiers::ALT, key))
}

/// A key alone.
pub const fn key(key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(Modifiers::NONE, key))
}
