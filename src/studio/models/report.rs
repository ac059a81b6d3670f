//! How good a model is: its state, its numbers with their definitions, its plots, its warnings.

use super::charts;
use super::list::describe;
use super::{Tab, effect, state};
use crate::commands::{command_button, command_icon};
use crate::theme::{Tone, bold, metrics};
use crate::view::{Asks, Ctx};
use crate::widgets::{
    Empty, Stat, badge, capital, dimmed, empty, hint, number, section, sentence, stale_banner, stat_row,
};
use attune_lab::data::Arm;
use attune_lab::models::metrics::definition;
use attune_lab::models::report::{Evaluation, Quality};
use attune_lab::models::{ModelReport, ModelSpec};
use attune_lab::project::TrainedModel;
use attune_policy::action::Action as PolicyAction;
use attune_session::{Derived, Edit};
use egui::{Button, CollapsingHeader, Frame, Label, Margin, Popup, RichText, Ui, Vec2};
use egui_material_icons::icons;

/// View state: on which rows the numbers are shown.
#[derive(Default)]
pub struct ReportView {
    held_out: bool,
}

/// Name, state, tabs and what can be done with the model.
pub fn head(ui: &mut Ui, ctx: &Ctx<'_>, spec: &ModelSpec, tab: &mut Tab, asks: &mut Asks) {
    let (tone, word) = state::words(&ctx.session.model(&spec.id));
    ui.horizontal(|ui| {
        ui.add(Label::new(bold(&spec.name).size(metrics().subhead + 1.0)).truncate());
        badge(ui, tone, word);
    });
    ui.add(Label::new(RichText::new(describe(ctx, spec)).weak()).truncate());
    ui.add_space(2.0);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        for (of, name) in [(Tab::Report, "Report"), (Tab::Settings, "Settings")] {
            let button = Button::selectable(*tab == of, name).min_size(Vec2::new(70.0, metrics().control));
            if ui.add(button).clicked() {
                *tab = of;
            }
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = metrics().gap;
            command_icon(ui, Some(ctx), asks, "models.remove");
            command_icon(ui, Some(ctx), asks, "models.duplicate");
            use_menu(ui, ctx, spec, asks);
            command_button(ui, Some(ctx), asks, "models.train");
        });
    });
}

/// Which actions take their response propensity from this model.
fn use_menu(ui: &mut Ui, ctx: &Ctx<'_>, spec: &ModelSpec, asks: &mut Asks) {
    let document = ctx.session.document();
    let actions = &document.draft.actions;
    let effect = spec.uplift.is_some();
    let used = |action: &PolicyAction| if effect { action.uplift.clone() } else { action.propensity.clone() };
    let users = actions.iter().filter(|action| used(action).as_deref() == Some(&spec.id)).count();
    let text = match users {
        0 => "Use in policy".to_owned(),
        n => format!("Used by {}", number::counted(n as u64, "action", "actions")),
    };
    let icon = icons::ICON_LINK.rich_text().size(16.0);
    let button = Button::new((icon, text.as_str(), icons::ICON_KEYBOARD_ARROW_DOWN.rich_text()));
    let response = ui.add(button.min_size(Vec2::new(0.0, metrics().control))).accessible_name("Use in policy");
    let response = response.on_hover_text(match effect {
        true => "Choose the actions whose uplift is this model's score: the difference that they make",
        false => "Choose the actions whose response propensity P is this model's score",
    });
    Popup::menu(&response).close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
        ui.set_min_width(240.0);
        if actions.is_empty() {
            ui.label(RichText::new("The policy has no actions yet").weak());
        }
        // The action this model learned from comes first.
        let mut sorted: Vec<&PolicyAction> = actions.iter().collect();
        sorted.sort_by_key(|action| !learned_from(ctx, spec, &action.id));
        for action in sorted {
            let mut on = used(action).as_deref() == Some(&spec.id);
            let own = if learned_from(ctx, spec, &action.id) { "  (learned from its rows)" } else { "" };
            if ui.checkbox(&mut on, format!("{}{own}", action.name)).changed() {
                let model = on.then(|| spec.id.clone());
                let changed = match effect {
                    true => PolicyAction { uplift: model, ..action.clone() },
                    false => PolicyAction { propensity: model, ..action.clone() },
                };
                asks.edit(Edit::ReplaceAction { id: action.id.clone(), action: Box::new(changed) });
            }
        }
    });
}

fn learned_from(ctx: &Ctx<'_>, spec: &ModelSpec, action: &str) -> bool {
    let arms = &ctx.session.document().roles.arms;
    let arm = spec.arm.as_ref().and_then(|value| arms.get(value));
    matches!(arm, Some(Arm::Candidate { action: of, .. }) if of == action)
}

impl ReportView {
    /// Draws the report, or why there is none.
    pub fn ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, spec: &ModelSpec, asks: &mut Asks) {
        let state = ctx.session.model(&spec.id);
        let Some(model) = state.value().cloned() else {
            none(ui, &state, asks);
            return;
        };
        if let Derived::Stale(_, progress) = &state {
            let (text, button) = match progress {
                Some(progress) => (format!("Training again: {}", progress.stage), None),
                None => ("These numbers belong to earlier data or settings".to_owned(), Some("Train again")),
            };
            if stale_banner(ui, &text, progress.as_ref().map(|p| p.fraction), button) {
                asks.command("models.train");
            }
        }
        dimmed(ui, state.is_stale(), |ui| self.body(ui, ctx, &model.report, asks));
    }

    fn body(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, report: &ModelReport, asks: &mut Asks) {
        for suspicion in &report.suspicions {
            warning(ui, ctx, &suspicion.field, &suspicion.message, asks);
        }
        if report.held_out.is_some() {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 2.0;
                let choices = [
                    (false, "Out of fold", "Each row scored by a model that did not learn from it"),
                    (true, "Held out", "Rows set aside by a hash of the subject; no model ever learns from them"),
                ];
                for (held_out, name, hint) in choices {
                    let button = Button::selectable(self.held_out == held_out, name).min_size(Vec2::new(90.0, 26.0));
                    if ui.add(button).on_hover_text(hint).clicked() {
                        self.held_out = held_out;
                    }
                }
            });
        }
        let (shown, rows_of) = match (&report.held_out, self.held_out) {
            (Some(held_out), true) => (held_out, "held-out rows"),
            _ => (&report.out_of_fold, "out-of-fold rows"),
        };
        match &shown.uplift {
            Some(uplift) => effect::tiles(ui, shown, uplift, rows_of),
            None => tiles(ui, shown, rows_of),
        }
        charts::ui(ui, ctx, report, shown, asks);
        facts(ui, report);
    }
}

fn none(ui: &mut Ui, state: &Derived<TrainedModel>, asks: &mut Asks) {
    let (title, text, button) = match state {
        Derived::Running(progress) => ("Training", progress.stage.as_str(), None),
        Derived::Failed(why) => ("Training failed", &**why, Some("Train again")),
        _ => (
            "Not trained yet",
            "Train it to see how well it tells who responds, and what drives that.",
            Some("Train this model"),
        ),
    };
    let icon = if matches!(state, Derived::Failed(_)) { icons::ICON_ERROR } else { icons::ICON_INSIGHTS };
    if empty(ui, &Empty { icon, title, text, button, link: None }).is_some() {
        asks.command("models.train");
    }
}

fn warning(ui: &mut Ui, ctx: &Ctx<'_>, field: &str, message: &str, asks: &mut Asks) {
    let t = ctx.tokens;
    Frame::new().fill(t.warn_soft).corner_radius(metrics().radius).inner_margin(Margin::symmetric(12, 8)).show(
        ui,
        |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal_top(|ui| {
                ui.label(icons::ICON_WARNING.rich_text().size(17.0).color(t.warn));
                ui.vertical(|ui| {
                    ui.add(sentence(ui, message));
                    if crate::widgets::link(ui, "Show the column").clicked() {
                        asks.show(crate::view::Target::Column(field.to_owned()));
                    }
                });
            });
        },
    );
}

fn tiles(ui: &mut Ui, shown: &Evaluation, rows_of: &str) {
    let Quality { auc, log_loss, brier, ece_quantile, ks, .. } = shown.quality;
    let n = format!("n = {} {rows_of}", number::count(shown.rows));
    let define = |id: &str| format!("{}\n{n}", definition(id).map_or("", |d| d.text));
    let stat = |label: &str, value: String, detail: String, definition: String| Stat {
        label: label.to_owned(),
        value,
        detail,
        definition,
        tone: None,
    };
    let tone = (auc.low <= 0.5).then_some(Tone::Warn);
    let happened = format!("{} of {}", number::count(shown.positives), number::count(shown.rows));
    stat_row(
        ui,
        &[
            Stat {
                tone,
                ..stat(
                    "ROC AUC",
                    number::fixed(auc.value, 3),
                    format!("95 %: {}", number::interval(auc.low, auc.high, |v| number::fixed(v, 3))),
                    define("auc"),
                )
            },
            stat(
                "Base rate",
                number::percent(shown.base_rate(), 2),
                happened,
                format!("Share of rows where the outcome happened\n{n}"),
            ),
            stat("Log loss", number::fixed(log_loss, 4), "lower is better".into(), define("log_loss")),
            stat("Brier score", number::fixed(brier, 4), "lower is better".into(), define("brier")),
            stat(
                "Calibration error",
                number::percent(ece_quantile, 2),
                "ECE, 10 quantile bins".into(),
                define("ece_quantile"),
            ),
            stat("KS", number::fixed(ks, 3), "higher separates better".into(), define("ks")),
        ],
    );
}

fn facts(ui: &mut Ui, report: &ModelReport) {
    section(ui, "How it was trained", "", |ui| {
        let lines = [
            ("Estimates", report.target.clone()),
            (
                "Rows",
                format!(
                    "{} learned from, {} with the outcome{}",
                    number::count(report.rows),
                    number::count(report.positives),
                    if report.unlabelled > 0 {
                        format!(", {} left out without an outcome", number::count(report.unlabelled))
                    } else {
                        String::new()
                    }
                ),
            ),
            (
                "Inputs",
                format!(
                    "{} from {}",
                    number::count(report.inputs),
                    number::counted(report.features.len() as u64, "column", "columns")
                ),
            ),
            ("Validation", format!("{} parts, seed {}", report.spec.folds, report.spec.seed)),
            ("Time", number::duration(report.seconds)),
        ];
        egui::Grid::new("facts").num_columns(2).spacing([metrics().gap_large, 4.0]).min_row_height(18.0).show(
            ui,
            |ui| {
                for (name, text) in lines {
                    ui.label(RichText::new(name).weak());
                    ui.add(sentence(ui, &capital(&text)));
                    ui.end_row();
                }
            },
        );
        for note in &report.notes {
            hint(ui, &capital(note));
        }
        folds(ui, report);
        CollapsingHeader::new("How these numbers are defined").show(ui, |ui| {
            if let Some(uplift) = &report.out_of_fold.uplift {
                for metric in uplift.metrics.iter().filter(|metric| metric.value.is_some()) {
                    ui.add(Label::new(bold(&metric.key)));
                    hint(ui, &capital(&metric.definition));
                }
                return;
            }
            for id in ["auc", "log_loss", "brier", "ece_quantile", "ks", "lift", "gain"] {
                if let Some(definition) = definition(id) {
                    ui.add(Label::new(bold(definition.name)));
                    hint(ui, definition.text);
                }
            }
        });
    });
}

fn folds(ui: &mut Ui, report: &ModelReport) {
    if report.folds.is_empty() {
        return;
    }
    CollapsingHeader::new("Each part of the cross-validation").show(ui, |ui| {
        egui::Grid::new("folds").num_columns(5).spacing([metrics().gap_large, 4.0]).min_row_height(18.0).show(
            ui,
            |ui| {
                let effect = report.out_of_fold.uplift.is_some();
                let heads = if effect { ["", report.driver_score()] } else { ["AUC", "Log loss"] };
                for head in ["Part", "Learned from", "Measured on"].into_iter().chain(heads) {
                    ui.label(RichText::new(head).small().weak());
                }
                ui.end_row();
                for fold in &report.folds {
                    ui.label(fold.fold.to_string());
                    ui.label(number::counted(fold.trained_on, "row", "rows"));
                    ui.label(number::counted(fold.rows, "row", "rows"));
                    match effect {
                        true => {
                            ui.label("");
                            ui.label(fold.uplift.map_or_else(|| "–".to_owned(), |value| number::fixed(value, 4)));
                        }
                        false => {
                            ui.label(number::fixed(fold.quality.auc.value, 4));
                            ui.label(number::fixed(fold.quality.log_loss, 4));
                        }
                    }
                    ui.end_row();
                }
            },
        );
    });
}
