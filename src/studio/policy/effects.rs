//! What the policy does now: the live funnel and value from the preview simulation, and what changed since the last run.

use super::arbitration;
use super::look::Look;
use crate::simulate::flow;
use crate::simulate::unit::Unit;
use crate::theme::{self, Tone, metrics};
use crate::view::Asks;
use crate::widgets::{self, number};
use crate::workspace::Workspace;
use attune_lab::simulate::report::{PolicyReport, Report};
use attune_session::Derived;
use egui::text::LayoutJob;
use egui::{RichText, TextFormat, Ui};
use egui_material_icons::icons;

/// Draws the panel. `preview` is of the draft as it stands.
pub fn show(ui: &mut Ui, look: &Look<'_>, preview: &Derived<Report>, asks: &mut Asks) {
    ui.horizontal(|ui| {
        ui.label(theme::bold("Effect").size(metrics().subhead));
        if let Some(progress) = preview.progress() {
            widgets::progress_bar(ui, progress.fraction, 60.0).on_hover_text(&progress.stage);
        }
    });
    let Some(report) = preview.value() else {
        nothing(ui, look, preview, asks);
        return;
    };
    widgets::dimmed(ui, preview.is_stale(), |ui| {
        let Some(main) = report.main() else { return };
        widgets::hint(ui, &format!("Preview on {}", number::counted(main.rows.used, "row", "rows")))
            .on_hover_text(&main.rows.why);
        if let Some(caveat) = &main.rows.caveat {
            ui.add(egui::Label::new(RichText::new(caveat).small().color(theme::tokens(ui.ctx()).warn)).wrap());
        }
        ui.add_space(metrics().gap_small);
        value(ui, report, main);
        ui.add_space(metrics().gap);
        ui.label(theme::bold("Customers with a candidate left"));
        flow::funnel(ui, &report.funnel, true);
        ui.add_space(metrics().gap);
        ui.label(theme::bold("What is chosen"));
        flow::mix(ui, main, true);
        ui.add_space(metrics().gap_small);
        widgets::hint(ui, &format!("Ranked by {}", arbitration::summary(look)));
    });
    // Without a change the two differ by the sample alone.
    if let Some(last) = look.report.filter(|_| look.stale) {
        ui.add_space(metrics().gap);
        since(ui, report, last);
    }
    ui.add_space(metrics().gap);
    if widgets::link(ui, "Open the whole simulation").clicked() {
        asks.ask(crate::view::Ask::Go(Workspace::Simulate));
    }
}

fn nothing(ui: &mut Ui, look: &Look<'_>, preview: &Derived<Report>, asks: &mut Asks) {
    match preview {
        Derived::Running(progress) => widgets::hint(ui, &format!("Trying the policy on a sample: {}", progress.stage)),
        Derived::Failed(why) => {
            let tokens = theme::tokens(ui.ctx());
            ui.add(egui::Label::new(RichText::new(widgets::capital(why)).color(tokens.err)).wrap())
        }
        _ => {
            widgets::hint(ui, &preview.why().map_or("There is no preview yet".to_owned(), |why| widgets::capital(why)))
        }
    };
    ui.add_space(metrics().gap_small);
    if look.untrained {
        if widgets::plain_button(ui, Some(icons::ICON_MODEL_TRAINING), "Train models").clicked() {
            asks.command("models.train_all");
        }
    } else if look.schema.fields.is_empty() && widgets::link(ui, "Go to Data").clicked() {
        asks.ask(crate::view::Ask::Go(Workspace::Data));
    }
}

fn value(ui: &mut Ui, report: &Report, main: &PolicyReport) {
    let tokens = theme::tokens(ui.ctx());
    let unit = Unit::of(report, &report.goal);
    let Some(value) = main.value(&report.goal) else {
        widgets::badge(ui, Tone::Warn, "no answer");
        if let Some(refusal) = &main.refusal {
            for reason in &refusal.reasons {
                ui.add(egui::Label::new(RichText::new(reason).color(tokens.warn)).wrap());
            }
        }
        return;
    };
    ui.label(RichText::new(format!("{} per decision, if this policy ran", report.goal)).small().weak());
    ui.label(theme::bold(unit.value(value.answer.value)).size(metrics().figure).color(tokens.accent));
    ui.label(RichText::new(format!("95 % {}", unit.interval(&value.answer))).small().weak());
    for difference in report.differences.iter().filter(|d| d.outcome == report.goal) {
        let color = if difference.estimate.low > 0.0 {
            tokens.ok
        } else if difference.estimate.high < 0.0 {
            tokens.err
        } else {
            tokens.weak
        };
        let mut line = LayoutJob::default();
        let font = egui::TextStyle::Body.resolve(ui.style());
        line.append(&unit.difference(difference.estimate.value), 0.0, TextFormat::simple(font.clone(), color));
        line.append(&format!(" than {}", difference.than), 0.0, TextFormat::simple(font, tokens.weak));
        let hover = format!("95 % {}\n{}", unit.difference_interval(&difference.estimate), difference.verdict);
        ui.add(egui::Label::new(line).wrap()).on_hover_text(hover);
    }
}

/// What changed since the last full run: contacts, value, and each stage's removal.
fn since(ui: &mut Ui, now: &Report, last: &Report) {
    let tokens = theme::tokens(ui.ctx());
    let rows = changes(now, last);
    ui.label(theme::bold("Since the last run"));
    if rows.is_empty() {
        widgets::hint(ui, "Nothing that shows in these numbers.");
        return;
    }
    widgets::hint(ui, "The preview decides a sample of those rows, so small differences may be chance.");
    for (name, before, after) in rows {
        let mut line = LayoutJob::default();
        let font = egui::TextStyle::Body.resolve(ui.style());
        line.append(&format!("{name} {before} to "), 0.0, TextFormat::simple(font.clone(), tokens.weak));
        line.append(&after, 0.0, TextFormat::simple(font, tokens.text));
        ui.add(egui::Label::new(line).wrap());
    }
}

/// Name, before and after of every number that differs once written.
fn changes(now: &Report, last: &Report) -> Vec<(String, String, String)> {
    let mut rows = Vec::new();
    let mut push = |name: &str, before: String, after: String| {
        if before != after {
            rows.push((name.to_owned(), before, after));
        }
    };
    if let (Some(new), Some(old)) = (now.main(), last.main()) {
        push("contacts", number::percent(old.share_contacted, 1), number::percent(new.share_contacted, 1));
        let unit = Unit::of(now, &now.goal);
        let text = |p: &PolicyReport| p.value(&now.goal).map_or("no answer".to_owned(), |v| unit.value(v.answer.value));
        push(&now.goal, text(old), text(new));
    }
    for stage in &now.funnel {
        let Some(old) = last.funnel.iter().find(|s| s.stage == stage.stage) else { continue };
        let share = |s| super::stage::removed(s).map_or("–".to_owned(), |r| format!("−{}", number::percent(r, 1)));
        push(&stage.stage, share(old), share(stage));
    }
    rows
}
