//! The rules one by one: what each removes, what it alone removes, and what it costs.

use super::unit::Unit;
use crate::theme::{self, Tone};
use crate::widgets::{self, number};
use attune_lab::simulate::report::{Report, RuleImpact};
use egui::{RichText, Ui};
use egui_extras::{Column, TableBuilder};

/// How far a rule's removal rate deserves a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It never removes anything, nor makes anything wait.
    Nothing,
    /// It removes at least one candidate of every customer it meets, and lets none of them through to a choice.
    Everyone,
    /// In between.
    Some,
}

/// How far `impact` reaches.
pub fn reach(impact: &RuleImpact) -> Reach {
    if !impact.kind.removes() {
        Reach::Some
    } else if impact.removed == 0 && impact.without.as_ref().is_none_or(|w| w.choices_changed == 0) {
        Reach::Nothing
    } else if impact.share >= 0.999_95 {
        Reach::Everyone
    } else {
        Reach::Some
    }
}

/// What a rule costs in the goal, in words: `costs 0.12 pp`, `brings 0.03 pp`, or nothing measurable.
pub fn cost(report: &Report, impact: &RuleImpact) -> Option<String> {
    let estimate = impact.without.as_ref()?.value_cost.first()?.as_ref()?;
    let unit = Unit::of(report, &report.goal);
    let size = unit.difference(estimate.value.abs());
    let size = size.trim_start_matches('+');
    Some(if estimate.low > 0.0 {
        format!("costs {size} {}", report.goal)
    } else if estimate.high < 0.0 {
        format!("brings {size} {}", report.goal)
    } else {
        format!("no measurable effect on {}", report.goal)
    })
}

/// The table; answers the entry whose name was pressed.
pub fn table<'a>(ui: &mut Ui, report: &'a Report, outcome: &str) -> Option<&'a RuleImpact> {
    let mut pressed = None;
    if report.rules.is_empty() {
        widgets::hint(ui, "The policy has no rules, caps, budgets, holdouts or floors yet, so nothing is removed.");
        return None;
    }
    let at = report.outcomes.iter().position(|o| o == outcome).unwrap_or(0);
    let unit = Unit::of(report, outcome);
    let sampled = report.rules.iter().filter_map(|r| r.without.as_ref()).map(|w| w.rows).max();
    TableBuilder::new(ui)
        .id_salt("rule impact")
        .striped(false)
        .vscroll(false)
        .cell_layout(egui::Layout::left_to_right(egui::Align::Center))
        .column(Column::remainder().at_least(150.0).clip(true))
        .columns(Column::exact(94.0), 2)
        .column(Column::exact(104.0))
        .column(Column::exact(104.0))
        .column(Column::exact(196.0))
        .header(26.0, |mut row| {
            let heads = [
                ("Rule", "In the order of evaluation", false),
                ("Removed", "Candidates it removed, over all decisions", true),
                ("Customers", "Share of decisions in which it removed at least one candidate", true),
                ("By it alone", "Candidates that pass every stage before arbitration without this rule", true),
                ("Changes", "Decisions that choose otherwise without it", true),
                (
                    "Value without it",
                    "Value without the rule less value with it: positive is what the rule costs",
                    true,
                ),
            ];
            for (head, help, right) in heads {
                row.col(|ui| cell(ui, right, |ui| ui.label(RichText::new(head).small().weak()).on_hover_text(help)));
            }
        })
        .body(|body| {
            body.rows(30.0, report.rules.len(), |mut row| {
                let impact = &report.rules[row.index()];
                row.col(|ui| {
                    if name(ui, impact) {
                        pressed = Some(impact);
                    }
                });
                row.col(|ui| cell(ui, true, |ui| removed(ui, impact)));
                row.col(|ui| cell(ui, true, |ui| ui.label(number::percent(impact.share, 1))));
                let without = impact.without.as_ref();
                let alone = without.filter(|_| impact.kind.removes());
                let text = alone.map_or("–".to_owned(), |w| number::count(w.removed_alone));
                row.col(|ui| cell(ui, true, |ui| ui.label(text)));
                let text = without.map_or("–".to_owned(), |w| number::count(w.choices_changed));
                row.col(|ui| cell(ui, true, |ui| ui.label(text)));
                row.col(|ui| cell(ui, true, |ui| value_cost(ui, impact, at, unit)));
            });
        });
    if let Some(rows) = sampled {
        let text = format!(
            "“By it alone”, “changes” and “value without it” compare the policy with itself, one rule switched off, on {} rows.",
            number::count(rows)
        );
        ui.add_space(4.0);
        widgets::hint(ui, &text);
    }
    pressed
}

fn cell(ui: &mut Ui, right: bool, content: impl FnOnce(&mut Ui) -> egui::Response) {
    let side = if right {
        egui::Layout::right_to_left(egui::Align::Center)
    } else {
        egui::Layout::left_to_right(egui::Align::Center)
    };
    ui.with_layout(side, content);
}

fn name(ui: &mut Ui, impact: &RuleImpact) -> bool {
    let (tone, word, help) = match reach(impact) {
        Reach::Nothing => (Tone::Warn, "never removes anything", "No candidate of this simulation was removed by it"),
        Reach::Everyone => (Tone::Warn, "removes everyone", "It removed a candidate in every decision"),
        Reach::Some => (Tone::Neutral, "", ""),
    };
    let text = if impact.name.is_empty() { &impact.id } else { &impact.name };
    let pressed =
        ui.add(egui::Link::new(text)).on_hover_text(format!("{} · open it in Policy", impact.stage)).clicked();
    ui.label(RichText::new(&impact.stage).small().weak());
    if !word.is_empty() {
        widgets::badge_with_hint(ui, tone, word, help);
    }
    pressed
}

fn removed(ui: &mut Ui, impact: &RuleImpact) -> egui::Response {
    let text = if impact.kind.removes() { number::count(impact.removed) } else { "–".to_owned() };
    let response = ui.label(theme::bold(text));
    let mut parts = Vec::new();
    if impact.removed_missing > 0 {
        parts.push(format!("{} because a field was missing", number::count(impact.removed_missing)));
    }
    if impact.removed_error > 0 {
        parts.push(format!("{} because the rule failed", number::count(impact.removed_error)));
    }
    if parts.is_empty() { response } else { response.on_hover_text(parts.join("\n")) }
}

fn value_cost(ui: &mut Ui, impact: &RuleImpact, at: usize, unit: Unit) -> egui::Response {
    let tokens = theme::tokens(ui.ctx());
    let estimate = impact.without.as_ref().and_then(|w| w.value_cost.get(at)).and_then(Option::as_ref);
    let Some(estimate) = estimate else {
        return ui.label(RichText::new("–").weak());
    };
    let color = if estimate.low > 0.0 {
        tokens.warn
    } else if estimate.high < 0.0 {
        tokens.ok
    } else {
        tokens.weak
    };
    let text = format!("{}  ({})", unit.difference(estimate.value), unit.difference_interval(estimate));
    ui.add(egui::Label::new(RichText::new(text).color(color)).truncate())
}
