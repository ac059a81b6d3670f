//! The log as a trial: its arms, their means and effects, whether it looks like its design; and the terms used.

use super::unit::Unit;
use crate::theme::{self, Tone, metrics};
use crate::widgets::{self, number};
use attune_lab::simulate::report::{Report, Segments};
use egui::{RichText, Ui};

/// The arms' card.
pub fn arms(ui: &mut Ui, report: &Report, outcome: &str) {
    let log = &report.log;
    let aside = format!("{} rows · {}", number::count(log.rows), log.logging);
    widgets::section(ui, "The logged trial", &aside, |ui| {
        if let Some(why) = &log.exploratory {
            ui.horizontal_wrapped(|ui| {
                widgets::badge(ui, Tone::Warn, "exploratory");
                ui.add(egui::Label::new(why).wrap());
            });
        }
        if log.weighed {
            widgets::hint(ui, &format!("Effects are {}.", log.effects_are()));
        }
        let at = report.outcomes.iter().position(|o| o == outcome);
        let unit = Unit::of(report, outcome);
        egui::Grid::new("arms").num_columns(5).spacing([metrics().gap_section, 5.0]).show(ui, |ui| {
            for head in ["Arm", "Rows", &format!("Mean {outcome}"), "95 % interval", "Effect"] {
                ui.label(RichText::new(head).small().weak());
            }
            ui.end_row();
            for arm in &log.arms {
                ui.label(&arm.name);
                ui.label(format!("{} · {}", number::count(arm.n), number::percent(arm.share, 1)));
                let mean = at.and_then(|at| arm.means.get(at)).and_then(Option::as_ref);
                ui.label(theme::bold(mean.map_or("–".to_owned(), |m| unit.value(m.value))));
                ui.label(RichText::new(mean.map_or("–".to_owned(), |m| unit.interval(m))).weak());
                let effect = log.effects.iter().find(|e| e.arm == arm.name && e.outcome == outcome);
                let without = if log.effects.is_empty() { "not given" } else { "reference" };
                let text = effect.map_or(without.to_owned(), |e| {
                    format!("{} ({})", unit.difference(e.estimate.value), unit.difference_interval(&e.estimate))
                });
                ui.label(if effect.is_some() { RichText::new(text) } else { RichText::new(text).weak() });
                ui.end_row();
            }
        });
        if let Some(test) = log.sample_ratio {
            ui.add_space(metrics().gap_small);
            let text = format!(
                "Sizes of the arms against the design: χ² {} with {} degrees of freedom, p {}",
                number::fixed(test.chi_square, 2),
                test.degrees,
                number::short(test.p_value)
            );
            ui.horizontal(|ui| {
                widgets::dot(ui, if test.suspicious { Tone::Warn } else { Tone::Ok });
                widgets::hint(ui, &text);
            });
        }
        for finding in &log.findings {
            ui.horizontal(|ui| {
                widgets::dot(ui, Tone::Warn);
                ui.add(egui::Label::new(finding).wrap());
            });
        }
    });
}

/// Values within parts of the customers.
pub fn segments(ui: &mut Ui, report: &Report, segments: &Segments) {
    let unit = Unit::of(report, &segments.outcome);
    let aside = format!("{} by {}", segments.outcome, segments.column);
    widgets::section(ui, "Segments", &aside, |ui| {
        egui::Grid::new("segments").num_columns(5).spacing([metrics().gap_section, 5.0]).show(ui, |ui| {
            for head in [segments.column.as_str(), "Rows", "Contacted", "Value", "Less no action"] {
                ui.label(RichText::new(head).small().weak());
            }
            ui.end_row();
            for part in &segments.parts {
                ui.label(&part.name);
                ui.label(number::count(part.n));
                ui.label(number::percent(part.share_contacted, 1));
                let value = ui.label(
                    part.value
                        .as_ref()
                        .map_or("no answer".to_owned(), |e| format!("{} ({})", unit.value(e.value), unit.interval(e))),
                );
                if let Some(refusal) = &part.refusal {
                    value.on_hover_text(refusal.reasons.join("\n"));
                }
                ui.label(part.lift.as_ref().map_or("no answer".to_owned(), |e| {
                    format!("{} ({})", unit.difference(e.value), unit.difference_interval(e))
                }));
                ui.end_row();
            }
        });
    });
}

/// How state was treated, what failed, and the definitions.
pub fn notes(ui: &mut Ui, report: &Report) {
    widgets::section(ui, "Notes", "what these numbers rest on", |ui| {
        if !report.state.is_empty() {
            ui.add(egui::Label::new(&report.state).wrap());
        }
        if report.degraded > 0 {
            ui.horizontal(|ui| {
                widgets::dot(ui, Tone::Warn);
                ui.label(format!("Something failed in {}", number::counted(report.degraded, "decision", "decisions")));
            });
            for (text, n) in report.diagnostics.iter().take(10) {
                ui.add(egui::Label::new(format!("{} × {text}", number::count(*n))).wrap());
            }
        }
        let tokens = theme::tokens(ui.ctx());
        ui.spacing_mut().item_spacing.y = 4.0;
        for note in &report.notes {
            let size = egui::TextStyle::Body.resolve(ui.style()).size;
            let bold = egui::FontId::new(size, egui::FontFamily::Name(theme::BOLD.into()));
            let mut line = egui::text::LayoutJob::default();
            line.append(&note.term, 0.0, egui::TextFormat::simple(bold, tokens.text));
            let plain = egui::TextFormat::simple(egui::FontId::proportional(size), tokens.weak);
            line.append(&note.definition, metrics().gap, plain);
            ui.add(egui::Label::new(line).wrap());
        }
    });
}

/// Contacts and cap hits per week of the log.
pub fn weeks(ui: &mut Ui, report: &Report) {
    widgets::section(ui, "Weeks", "contacts over time, with what the caps stopped", |ui| {
        let tokens = theme::tokens(ui.ctx());
        let most = report.weeks.iter().map(|w| w.decisions).max().unwrap_or(1).max(1) as f32;
        for (i, week) in report.weeks.iter().enumerate() {
            let hits: u64 = week.cap_hits.iter().map(|(_, n)| n).sum();
            let mut text = format!(
                "{} of {} · {} capped",
                number::count(week.contacts),
                number::count(week.decisions),
                number::count(hits)
            );
            if week.deferrals > 0 {
                text.push_str(&format!(" · {} put off", number::count(week.deferrals)));
            }
            let bar = super::bars::Bar {
                name: &format!("Week {}", i + 1),
                share: week.contacts as f32 / most,
                before: week.decisions as f32 / most,
                text: &text,
                color: tokens.accent,
            };
            bar.show(ui);
        }
        widgets::hint(ui, "The pale bar is the decisions of the week, the full bar those that choose an action.");
    });
}
