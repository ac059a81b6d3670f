//! The settings of a model. Every change is an edit that can be undone; nothing is trained by itself.

use super::list::family;
use crate::theme::metrics;
use crate::view::{Asks, Ctx, gesture};
use crate::widgets::{choice, hint, labelled, line_edit, section};
use attune_lab::data::Role;
use attune_lab::models::uplift::Meta;
use attune_lab::models::{Calibrate, Family, Goal, ModelSpec};
use attune_session::Edit;
use egui::{DragValue, Response, Ui};

/// View state: the filter of the feature list.
#[derive(Default)]
pub struct EditView {
    filter: String,
}

impl EditView {
    /// Draws the form.
    pub fn ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, spec: &ModelSpec, asks: &mut Asks) {
        let mut now = spec.clone();
        section(ui, "What it learns", "", |ui| what(ui, ctx, &mut now, asks));
        section(ui, "How it learns", "", |ui| how(ui, &mut now, asks));
        section(ui, "From which columns", "", |ui| self.features(ui, ctx, &mut now));
        if now != *spec {
            asks.edit(Edit::ReplaceModel { id: spec.id.clone(), spec: now });
        }
    }

    fn features(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, now: &mut ModelSpec) {
        let Some(table) = ctx.table() else { return };
        let roles = &ctx.session.document().roles;
        let open: Vec<_> = table
            .columns()
            .iter()
            .filter(|column| matches!(roles.role(&column.name), Role::Feature | Role::Context))
            .collect();
        let mut all = now.features.is_empty();
        if ui.checkbox(&mut all, format!("All features and context columns ({})", open.len())).changed() {
            now.features = if all { Vec::new() } else { open.iter().map(|column| column.name.clone()).collect() };
        }
        if all {
            hint(ui, "Columns that get the role Feature later join by themselves.");
            return;
        }
        if open.len() > 14 {
            let width = ui.available_width();
            crate::widgets::search_field(ui, &mut self.filter, "Filter columns", width);
        }
        let wanted = self.filter.to_lowercase();
        let gone: Vec<String> =
            now.features.iter().filter(|name| !open.iter().any(|column| column.name == **name)).cloned().collect();
        ui.horizontal_wrapped(|ui| {
            for column in open.iter().filter(|column| column.source.to_lowercase().contains(&wanted)) {
                let mut on = now.features.contains(&column.name);
                if ui.checkbox(&mut on, column.source.as_str()).changed() {
                    toggle(&mut now.features, &column.name, on);
                }
            }
            for name in gone {
                let mut on = true;
                if ui.checkbox(&mut on, format!("{name} (no longer a feature)")).changed() {
                    toggle(&mut now.features, &name, false);
                }
            }
        });
    }
}

/// Unticking the last one would mean all of them, so the last one stays.
fn toggle(features: &mut Vec<String>, name: &str, on: bool) {
    if on {
        features.push(name.to_owned());
    } else if features.len() > 1 {
        features.retain(|feature| feature != name);
    }
}

fn row(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(metrics().gap_large, metrics().gap);
        content(ui);
    });
}

fn what(ui: &mut Ui, ctx: &Ctx<'_>, now: &mut ModelSpec, asks: &mut Asks) {
    let document = ctx.session.document();
    let source = |name: &str| ctx.source(name);
    row(ui, |ui| {
        labelled(ui, "Name", |ui| {
            let response = ui.add(line_edit(&mut now.name, 240.0));
            gesture(&response, asks);
            response
        });
        let mut outcomes: Vec<(String, String)> = document
            .roles
            .columns
            .iter()
            .filter(|(_, role)| **role == Role::Outcome)
            .map(|(name, _)| (name.clone(), source(name)))
            .collect();
        if !outcomes.iter().any(|(name, _)| *name == now.outcome) {
            outcomes.push((now.outcome.clone(), format!("{} (no longer an outcome)", source(&now.outcome))));
        }
        pick(ui, "Outcome", |ui| choice(ui, "model outcome", "Outcome", &mut now.outcome, &outcomes, 170.0));
        let mut arms: Vec<(Option<String>, String)> = vec![(None, "All rows".to_owned())];
        arms.extend(document.roles.arms.keys().map(|value| (Some(value.clone()), format!("Rows with {value}"))));
        if now.uplift.is_some() {
            arms.retain(|(arm, _)| arm.is_some());
            arms.iter_mut().for_each(|(arm, text)| *text = arm.clone().unwrap_or_default());
        }
        let rows = if now.uplift.is_some() { "Effect of" } else { "Rows" };
        pick(ui, rows, |ui| choice(ui, "model arm", rows, &mut now.arm, &arms, 200.0));
        if let Some(uplift) = &mut now.uplift {
            let controls: Vec<(String, String)> =
                document.roles.arms.keys().map(|value| (value.clone(), value.clone())).collect();
            pick(ui, "Against", |ui| choice(ui, "model control", "Against", &mut uplift.control, &controls, 170.0));
        }
    });
    hint(ui, &format!("In rules: score(\"{}\")", now.id));
}

fn pick(ui: &mut Ui, label: &str, content: impl FnOnce(&mut Ui) -> bool) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.label(egui::RichText::new(label).small().weak());
        content(ui);
    });
}

fn how(ui: &mut Ui, now: &mut ModelSpec, asks: &mut Asks) {
    row(ui, |ui| {
        if let Some(uplift) = &mut now.uplift {
            let learners: Vec<(Meta, String)> =
                Meta::ALL.into_iter().map(|learner| (learner, learner.words().to_owned())).collect();
            pick(ui, "Learner of effects", |ui| {
                choice(ui, "effect learner", "Learner of effects", &mut uplift.learner, &learners, 170.0)
            });
        }
        let offered: Vec<Family> = Family::all().into_iter().filter(|of| of.estimates(now.goal)).collect();
        let options: Vec<(usize, String)> = offered.iter().map(|of| family(of).to_owned()).enumerate().collect();
        let same = |of: &Family| std::mem::discriminant(of) == std::mem::discriminant(&now.family);
        let mut at = offered.iter().position(same).unwrap_or(0);
        let label = if now.uplift.is_some() { "Outcomes by" } else { "Family" };
        pick(ui, label, |ui| {
            let changed = choice(ui, "model family", label, &mut at, &options, 190.0);
            if changed && let Some(chosen) = offered.get(at) {
                now.family = chosen.clone();
            }
            changed
        });
        let options = [
            (Calibrate::None, "None".to_owned()),
            (Calibrate::Platt, "Platt (two numbers)".to_owned()),
            (Calibrate::Isotonic, "Isotonic (steps)".to_owned()),
        ];
        // Amounts and effects are no probabilities.
        if now.goal == Goal::Propensity && now.uplift.is_none() {
            let calibration = &mut now.calibration;
            pick(ui, "Calibration", |ui| choice(ui, "calibration", "Calibration", calibration, &options, 170.0));
        }
        number_field(ui, "Parts of the cross-validation", DragValue::new(&mut now.folds).range(2..=20), asks);
        number_field(ui, "Seed", DragValue::new(&mut now.seed), asks);
    });
    row(ui, |ui| match &mut now.family {
        Family::Logistic { l2 } => {
            let field = DragValue::new(l2).range(0.0..=1e6).speed(0.05);
            number_field(ui, "Penalty on squared coefficients", field, asks);
        }
        Family::Boosted { trees, depth, learning_rate, min_child_weight, subsample, column_sample, l2 } => {
            number_field(ui, "Trees", DragValue::new(trees).range(1..=2000), asks);
            number_field(ui, "Depth", DragValue::new(depth).range(1..=12), asks);
            number_field(ui, "Learning rate", DragValue::new(learning_rate).range(0.001..=1.0).speed(0.002), asks);
            number_field(
                ui,
                "Least weight of a leaf",
                DragValue::new(min_child_weight).range(0.0..=1e6).speed(0.1),
                asks,
            );
            number_field(ui, "Share of rows per tree", DragValue::new(subsample).range(0.05..=1.0).speed(0.01), asks);
            number_field(
                ui,
                "Share of inputs per tree",
                DragValue::new(column_sample).range(0.05..=1.0).speed(0.01),
                asks,
            );
            number_field(ui, "Penalty on leaf values", DragValue::new(l2).range(0.0..=1e6).speed(0.05), asks);
        }
        // The others have their settings in models.ron.
        other => {
            hint(ui, &attune_lab::models::settings_in_words(other));
        }
    });
}

fn number_field(ui: &mut Ui, label: &str, field: DragValue<'_>, asks: &mut Asks) -> Response {
    labelled(ui, label, |ui| {
        let response = ui.add_sized([110.0, metrics().control], field);
        gesture(&response, asks);
        response
    })
}
