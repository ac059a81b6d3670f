//! The Simulate workspace. What the policy would have done on the history.

use crate::commands::Command;
use crate::view::{Asks, Ctx, View};
use crate::widgets::{Empty, empty};
use egui::Ui;
use egui_material_icons::icons;

/// Commands of this workspace.
pub const COMMANDS: &[Command] = &[];

/// View state of the workspace.
#[derive(Default)]
pub struct SimulateView {}

impl View for SimulateView {
    fn ui(&mut self, ui: &mut Ui, _ctx: &Ctx<'_>, _asks: &mut Asks) {
        let what = Empty {
            icon: icons::ICON_MONITORING,
            title: "Nothing here yet",
            text: "What the policy would have done on the history appears here.",
            button: None,
            link: None,
        };
        empty(ui, &what);
    }
}
