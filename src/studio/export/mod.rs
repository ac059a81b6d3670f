//! The Export workspace. The policy as one file.

use crate::commands::Command;
use crate::view::{Asks, Ctx, View};
use crate::widgets::{Empty, empty};
use egui::Ui;
use egui_material_icons::icons;

/// Commands of this workspace.
pub const COMMANDS: &[Command] = &[];

/// View state of the workspace.
#[derive(Default)]
pub struct ExportView {}

impl View for ExportView {
    fn ui(&mut self, ui: &mut Ui, _ctx: &Ctx<'_>, _asks: &mut Asks) {
        let what = Empty {
            icon: icons::ICON_UPLOAD_FILE,
            title: "Nothing here yet",
            text: "The policy as one file appears here.",
            button: None,
            link: None,
        };
        empty(ui, &what);
    }
}
