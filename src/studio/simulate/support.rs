//! How far the log can answer: the rows used, the weights, the estimators side by side, the trial's own checks.

use super::unit::Unit;
use crate::theme::{self, Tone, metrics};
use crate::widgets::{self, number};
use attune_lab::simulate::report::{PolicyReport, Report, Support};
use egui::{RichText, Ui};

/// One diagnostic: its name, its number, what it must be, whether it is.
struct Check {
    name: &'static str,
    value: String,
    limit: &'static str,
    help: &'static str,
    good: bool,
}

fn checks(support: &Support) -> [Check; 6] {
    [
        Check {
            name: "Effective sample size",
            value: number::count(support.effective_sample_size.max(0.0).round() as u64),
            limit: "at least 100",
            help: "(Σw)² / Σw²: how many equally weighted rows carry as much information",
            good: support.effective_sample_size >= 100.0,
        },
        Check {
            name: "Mean weight",
            value: number::fixed(support.mean_weight, 3),
            limit: "0.8 to 1.2",
            help: "Near 1 when the logging propensities are right",
            good: (0.8..=1.2).contains(&support.mean_weight),
        },
        Check {
            name: "Largest weight",
            value: number::fixed(support.max_weight, 2),
            limit: "no limit",
            help: "w = 1 / logging propensity on rows where the policy chose what was logged",
            good: true,
        },
        Check {
            name: "Weights above 10",
            value: number::percent(support.share_above_10, 2),
            limit: "no limit",
            help: "Share of rows that weigh more than ten",
            good: true,
        },
        Check {
            name: "Never logged",
            value: number::percent(support.unlogged, 2),
            limit: "at most 1 %",
            help: "Share of decisions for actions the log never took, or that were not eligible in their row; nothing is known about them",
            good: support.unlogged <= 0.01,
        },
        Check {
            name: "Matched rows",
            value: format!("{} ({})", number::count(support.matched), number::percent(support.coverage, 1)),
            limit: "no limit",
            help: "Rows where the policy chose what was logged",
            good: true,
        },
    ]
}

/// The card of one policy's support.
pub fn show(ui: &mut Ui, policy: &PolicyReport) {
    let tokens = theme::tokens(ui.ctx());
    widgets::section(ui, "Support", "can the log answer?", |ui| {
        let rows = &policy.rows;
        let used = format!("{} of {} rows", number::count(rows.used), number::count(rows.total));
        ui.horizontal_wrapped(|ui| {
            ui.label(theme::bold(used));
            if rows.held_out {
                widgets::badge_with_hint(ui, Tone::Accent, "held out", "Rows that no model learned from");
            }
        });
        widgets::hint(ui, &rows.why);
        if let Some(caveat) = &rows.caveat {
            ui.add(egui::Label::new(RichText::new(caveat).color(tokens.warn)).wrap());
        }
        ui.add_space(metrics().gap_small);
        egui::Grid::new("support").num_columns(3).spacing([metrics().gap_large, 5.0]).show(ui, |ui| {
            for check in checks(&policy.support) {
                ui.label(check.name).on_hover_text(check.help);
                let color = if check.good { tokens.text } else { tokens.warn };
                ui.label(theme::bold(&check.value).color(color)).on_hover_text(check.help);
                ui.horizontal(|ui| {
                    if check.limit != "no limit" {
                        widgets::dot(ui, if check.good { Tone::Ok } else { Tone::Warn });
                        ui.label(RichText::new(check.limit).small().weak());
                    }
                });
                ui.end_row();
            }
        });
    });
}

/// The value by every estimator, with the definition of each.
pub fn estimators(ui: &mut Ui, report: &Report, policy: &PolicyReport, outcome: &str) {
    let Some(value) = policy.value(outcome) else { return };
    let unit = Unit::of(report, outcome);
    widgets::section(ui, "Estimators", "the same value, several ways", |ui| {
        egui::Grid::new("estimators").num_columns(3).spacing([metrics().gap_large, 5.0]).show(ui, |ui| {
            for estimate in value.estimates() {
                let definition = estimate.method.definition();
                ui.label(estimate.method.label()).on_hover_text(definition);
                ui.label(theme::bold(unit.value(estimate.value))).on_hover_text(definition);
                ui.label(RichText::new(unit.interval(estimate)).weak());
                ui.end_row();
                if let Some((low, high)) = estimate.bootstrap {
                    ui.label(RichText::new("bootstrap").small().weak());
                    ui.label("");
                    let ends = attune_lab::simulate::report::Estimate { low, high, ..*estimate };
                    ui.label(RichText::new(unit.interval(&ends)).small().weak());
                    ui.end_row();
                }
            }
        });
        ui.add_space(metrics().gap_small);
        widgets::hint(ui, value.answer.method.definition());
        let absent = value.estimators.iter().filter_map(|own| Some((own.name.as_str(), own.absent.as_deref()?)));
        let absent: Vec<String> = absent.map(|(name, why)| format!("{name}: {why}")).collect();
        if !absent.is_empty() {
            widgets::hint(ui, &format!("Not to be had here. {}.", absent.join("; ")));
        }
        if value.missing > 0 {
            let text =
                format!("{} left out because {outcome} is missing", number::counted(value.missing, "row", "rows"));
            widgets::hint(ui, &text);
        }
    });
}
