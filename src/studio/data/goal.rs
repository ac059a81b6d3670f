//! What the project is for: its outcome and the least lift worth having.

use crate::theme::metrics;
use crate::view::{Asks, Ctx, gesture};
use crate::widgets::{choice, hint, number, section};
use attune_lab::data::{Dataset, Role};
use attune_session::Edit;
use egui::{DragValue, RichText, Ui};

/// Draws it.
pub fn ui(ui: &mut Ui, ctx: &Ctx<'_>, table: &Dataset, asks: &mut Asks) {
    let document = ctx.session.document();
    let goal = &document.goal;
    section(ui, "Goal", "", |ui| {
        let outcomes = document.roles.with_role(table, Role::Outcome);
        if outcomes.is_empty() {
            hint(ui, "Give a column the role Outcome; the policy is valued in it.");
            return;
        }
        let source = |name: &str| table.column(name).map_or_else(|| name.to_owned(), |column| column.source.clone());
        let options: Vec<(Option<String>, String)> =
            outcomes.iter().map(|name| (Some((*name).to_owned()), source(name))).collect();
        let mut outcome = goal.outcome.clone();
        ui.horizontal(|ui| {
            ui.label(RichText::new("Raise").weak());
            let width = ui.available_width().min(190.0);
            if choice(ui, "goal outcome", "Outcome to raise", &mut outcome, &options, width) {
                asks.edit(Edit::SetGoal(attune_lab::project::Goal { outcome, ..(**goal).clone() }));
            }
        });
        ui.horizontal(|ui| {
            ui.label(RichText::new("Least lift worth having").weak());
            let mut least = goal.least_lift.unwrap_or(0.0);
            let words = |least: f64, _: std::ops::RangeInclusive<usize>| match least {
                least if least > 0.0 => format!("{} per customer", number::short(least)),
                _ => "none set".to_owned(),
            };
            let field = DragValue::new(&mut least).speed(0.0005).range(0.0..=1e9).custom_formatter(words);
            let response = ui.add_sized([130.0, metrics().control], field).accessible_name("Least lift worth having");
            let response = response.on_hover_text(
                "Difference in the mean outcome, in its unit; smaller effects are called too small to matter",
            );
            gesture(&response, asks);
            if response.changed() {
                let least_lift = (least > 0.0).then_some(least);
                asks.edit(Edit::SetGoal(attune_lab::project::Goal { least_lift, ..(**goal).clone() }));
            }
        });
    });
}
