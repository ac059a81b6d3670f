//! What each column means: one picker per column.

use super::words;
use crate::theme::metrics;
use crate::view::{Asks, Ctx, Target};
use crate::widgets::{choice, search_field, section};
use attune_lab::data::Dataset;
use attune_session::Edit;
use egui::{AtomExt as _, Button, Ui, Vec2};

/// View state: the filter.
#[derive(Default)]
pub struct RolesEditor {
    filter: String,
}

/// More columns than this get a filter field.
const MANY: usize = 14;

impl RolesEditor {
    /// Draws it.
    pub fn ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, table: &Dataset, asks: &mut Asks) {
        let roles = &ctx.session.document().roles;
        let options: Vec<_> = words::ROLES.iter().map(|role| (*role, words::role(*role).to_owned())).collect();
        section(ui, "What each column means", "", |ui| {
            if table.columns().len() > MANY {
                let width = ui.available_width();
                search_field(ui, &mut self.filter, "Filter columns", width);
            }
            let wanted = self.filter.to_lowercase();
            ui.spacing_mut().item_spacing.y = 3.0;
            let picker = 128.0;
            // The same for every row: a long name must not push its picker aside.
            let width = ui.available_width() - picker - metrics().gap;
            for column in table.columns().iter().filter(|column| column.source.to_lowercase().contains(&wanted)) {
                ui.horizontal(|ui| {
                    let chosen = ctx.selection.column.as_deref() == Some(&column.name);
                    let icon = words::type_icon(column.type_).rich_text().size(15.0).color(ctx.tokens.weak);
                    let name = Button::selectable(chosen, (icon, column.source.as_str().atom_shrink(true)));
                    let name = name.right_text("").gap(5.0).truncate().min_size(Vec2::new(width, metrics().control));
                    let response = ui.allocate_ui(Vec2::new(width, metrics().control), |ui| ui.add(name)).inner;
                    let hint = match column.name == column.source {
                        true => words::type_(column.type_).to_owned(),
                        false => format!("{}; in rules: {}", words::type_(column.type_), column.name),
                    };
                    let response =
                        response.accessible_name(format!("Profile of {}", column.source)).on_hover_text(hint);
                    if response.clicked() {
                        asks.show(Target::Column(column.name.clone()));
                    }
                    let mut role = roles.role(&column.name);
                    let name = format!("Role of {}", column.source);
                    if choice(ui, ("role", &column.name), &name, &mut role, &options, picker) {
                        asks.edit(Edit::SetRole { column: column.name.clone(), role });
                    }
                });
            }
        });
    }
}
