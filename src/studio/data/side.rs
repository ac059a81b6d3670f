//! The side panel of the Data workspace: roles, the selected column, problems.

use super::{arms, column, goal, logging, roles};
use crate::shell::{health, problems};
use crate::theme::metrics;
use crate::view::{Asks, Ctx};
use attune_lab::data::Dataset;
use egui::{Button, ScrollArea, Ui};

/// What the panel shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// What columns and values mean.
    #[default]
    Roles,
    /// The selected column.
    Column,
    /// What is wrong.
    Problems,
}

/// View state of the panel.
#[derive(Default)]
pub struct Side {
    /// What it shows.
    pub tab: Tab,
    roles: roles::RolesEditor,
}

impl Side {
    /// Draws it.
    pub fn ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, table: &Dataset, asks: &mut Asks) {
        let found = health::of_data(ctx.session);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            let problems = format!("Problems ({})", found.len());
            for (tab, name) in [(Tab::Roles, "Roles"), (Tab::Column, "Column"), (Tab::Problems, problems.as_str())] {
                let button = Button::selectable(self.tab == tab, name).min_size(egui::vec2(64.0, metrics().control));
                if ui.add(button).clicked() {
                    self.tab = tab;
                }
            }
        });
        ui.add_space(metrics().gap_small);
        ScrollArea::vertical().id_salt(("data side", self.tab as u8)).auto_shrink(false).show(ui, |ui| {
            ui.set_width(ui.available_width() - 10.0);
            ui.spacing_mut().item_spacing.y = metrics().gap;
            match self.tab {
                Tab::Roles => {
                    goal::ui(ui, ctx, table, asks);
                    self.roles.ui(ui, ctx, table, asks);
                    arms::ui(ui, ctx, asks);
                    logging::ui(ui, ctx, asks);
                }
                Tab::Column => column::ui(ui, ctx, table, asks),
                Tab::Problems => problems::list(ui, &found, asks),
            }
        });
    }
}
