//! What the policy is worth beside its baselines: tiles, intervals on one axis, differences, or why there is no answer.

use super::forest::{self, Row};
use super::unit::Unit;
use crate::theme::{self, Tone, metrics};
use crate::widgets::{self, Stat, number};
use attune_lab::simulate::report::{Difference, Kind, PolicyReport, Report};
use egui::{RichText, Ui};

/// The tiles: the policy first, then each baseline.
pub fn tiles(report: &Report, outcome: &str) -> Vec<Stat> {
    let unit = Unit::of(report, outcome);
    report.policies.iter().map(|policy| tile(report, policy, outcome, unit)).collect()
}

fn tile(report: &Report, policy: &PolicyReport, outcome: &str, unit: Unit) -> Stat {
    let label = match policy.kind {
        Kind::Policy => format!("This policy · {outcome}"),
        Kind::Baseline | Kind::Other => policy.name.clone(),
    };
    let Some(value) = policy.value(outcome) else {
        return Stat {
            label,
            value: "no answer".to_owned(),
            detail: "the log cannot answer".to_owned(),
            definition: policy.refusal.as_ref().map(|r| r.reasons.join("\n")).unwrap_or_default(),
            tone: Some(Tone::Warn),
        };
    };
    let answer = &value.answer;
    Stat {
        label,
        value: unit.value(answer.value),
        detail: format!("{} · n {}", unit.interval(answer), number::count(answer.n)),
        definition: definition(report, answer.method.label()),
        tone: (policy.kind == Kind::Policy).then_some(Tone::Accent),
    }
}

fn definition(report: &Report, term: &str) -> String {
    let note = report.notes.iter().find(|n| n.term.eq_ignore_ascii_case(term));
    let text = note.map_or("", |n| n.definition.as_str());
    format!("{term}, 95 % interval. {text}")
}

/// Rows of the chart of values.
fn value_rows(report: &Report, outcome: &str, unit: Unit) -> Vec<Row> {
    let row = |policy: &PolicyReport| {
        let answer = policy.value(outcome)?.answer;
        Some(Row {
            name: if policy.kind == Kind::Policy { "This policy".to_owned() } else { policy.name.clone() },
            detail: format!("n {} · contacts {}", number::count(answer.n), number::percent(policy.share_contacted, 1)),
            value: answer.value,
            low: answer.low,
            high: answer.high,
            text: unit.value(answer.value),
            interval: unit.interval(&answer),
            main: policy.kind == Kind::Policy,
            tone: Tone::Neutral,
        })
    };
    report.policies.iter().filter_map(row).collect()
}

/// Rows of the chart of differences.
fn difference_rows(report: &Report, outcome: &str, unit: Unit) -> Vec<Row> {
    let row = |difference: &Difference| Row {
        name: format!("than {}", difference.than),
        detail: difference.relative.map_or_else(String::new, |r| format!("{} relative", percent_signed(r))),
        value: difference.estimate.value,
        low: difference.estimate.low,
        high: difference.estimate.high,
        text: unit.difference(difference.estimate.value),
        interval: unit.difference_interval(&difference.estimate),
        main: false,
        tone: tone(difference),
    };
    report.differences.iter().filter(|d| d.outcome == outcome).map(row).collect()
}

fn percent_signed(share: f64) -> String {
    format!("{}\u{a0}%", number::signed(share * 100.0, 1))
}

fn tone(difference: &Difference) -> Tone {
    if difference.estimate.low > 0.0 {
        Tone::Ok
    } else if difference.estimate.high < 0.0 {
        Tone::Err
    } else {
        Tone::Neutral
    }
}

/// Both charts, and the verdicts in words.
pub fn charts(ui: &mut Ui, report: &Report, outcome: &str) {
    let unit = Unit::of(report, outcome);
    let rows = value_rows(report, outcome, unit);
    if rows.is_empty() {
        return;
    }
    let of_lists = report.main().is_some_and(|main| !main.lists.is_empty());
    let what = if of_lists { "per list" } else { "per decision" };
    widgets::section(ui, "Value", &format!("what each policy would have brought {what}"), |ui| {
        forest::show(ui, "Values with 95 % intervals", &rows, None, &unit.axis(outcome), &|v| unit.tick(v));
    });
    let rows = difference_rows(report, outcome, unit);
    if rows.is_empty() {
        return;
    }
    ui.add_space(metrics().gap);
    widgets::section(ui, "Difference", "this policy less each other one, on the same rows", |ui| {
        let axis = format!("difference in {outcome}, with 95 % interval; right of the line the policy is better");
        forest::show(ui, "Differences with 95 % intervals", &rows, Some(0.0), &axis, &|v| unit.difference_tick(v));
        ui.add_space(metrics().gap_small);
        for difference in report.differences.iter().filter(|d| d.outcome == outcome) {
            verdict(ui, difference);
        }
    });
}

fn verdict(ui: &mut Ui, difference: &Difference) {
    let tokens = theme::tokens(ui.ctx());
    ui.horizontal(|ui| {
        widgets::dot(ui, tone(difference));
        let mut text = difference.verdict.clone();
        if let Some(first) = text.get_mut(0..1) {
            first.make_ascii_uppercase();
        }
        ui.add(egui::Label::new(RichText::new(text).color(tokens.text)).wrap());
    });
}

/// Why no value is given, in place of a value.
pub fn refusal(ui: &mut Ui, policy: &PolicyReport) {
    let Some(refusal) = &policy.refusal else { return };
    let tokens = theme::tokens(ui.ctx());
    let frame = widgets::card_frame(ui).fill(tokens.warn_soft).stroke(egui::Stroke::new(1.0, tokens.warn));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.label(egui_material_icons::icons::ICON_WARNING.rich_text().size(20.0).color(tokens.warn));
            ui.label(theme::bold("The log cannot say what this policy is worth").size(metrics().subhead));
        });
        for reason in &refusal.reasons {
            ui.add(egui::Label::new(format!("•  {reason}")).wrap());
        }
        ui.add(egui::Label::new(RichText::new(&refusal.advice)).wrap());
    });
}
