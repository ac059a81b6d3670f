//! The Policy workspace. Rules, caps and the order of actions.

use crate::commands::Command;
use crate::view::{Asks, Ctx, View};
use crate::widgets::{Empty, empty};
use egui::Ui;
use egui_material_icons::icons;

/// Commands of this workspace.
pub const COMMANDS: &[Command] = &[];

/// View state of the workspace.
#[derive(Default)]
pub struct PolicyView {}

impl View for PolicyView {
    fn ui(&mut self, ui: &mut Ui, _ctx: &Ctx<'_>, _asks: &mut Asks) {
        let what = Empty {
            icon: icons::ICON_ACCOUNT_TREE,
            title: "Nothing here yet",
            text: "Rules, caps and the order of actions appears here.",
            button: None,
            link: None,
        };
        empty(ui, &what);
    }
}
