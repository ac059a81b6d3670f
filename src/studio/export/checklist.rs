//! What stands between the draft and a file that can be signed: each point with its state and the way to settle it.

use crate::policy::stage::Place;
use crate::theme::{self, Tone, metrics};
use crate::view::{Ask, Asks, Target};
use crate::widgets::{self, number};
use crate::workspace::Workspace;
use attune_lab::project::{Check, CheckState};
use attune_policy::diagnostic::{Diagnostic, Part};
use attune_policy::document::Document;
use egui::{Align, Layout, RichText, Ui};
use egui_material_icons::icons;

/// Where a point is settled: what the link says, and what it asks for.
fn way(label: &str) -> Option<(&'static str, Ask)> {
    let label = label.to_lowercase();
    Some(if label.contains("data") {
        ("Open Data", Ask::Go(Workspace::Data))
    } else if label.contains("model") {
        ("Open Models", Ask::Go(Workspace::Models))
    } else if label.contains("simulat") {
        ("Open Simulate", Ask::Go(Workspace::Simulate))
    } else if label.contains("offer") {
        ("Open actions", Ask::Tell(Workspace::Policy, Place::Actions.command()))
    } else if label.contains("guard") {
        ("Open guards", Ask::Tell(Workspace::Policy, Place::Guards.command()))
    } else if label.contains("polic") {
        ("Open Policy", Ask::Go(Workspace::Policy))
    } else {
        return None;
    })
}

/// Draws the points, the ones in the way first, and every finding under them.
pub fn show(ui: &mut Ui, checks: &[Check], draft: &Document, findings: &[Diagnostic], asks: &mut Asks) {
    let mut checks: Vec<&Check> = checks.iter().collect();
    checks.sort_by_key(|c| std::cmp::Reverse(c.state));
    for check in checks {
        row(ui, check, asks);
    }
    if !findings.is_empty() {
        ui.add_space(metrics().gap_small);
        ui.separator();
        ui.label(theme::bold(number::counted(findings.len() as u64, "finding", "findings")));
        for finding in findings.iter().take(50) {
            self::finding(ui, draft, finding, asks);
        }
    }
}

fn row(ui: &mut Ui, check: &Check, asks: &mut Asks) {
    let tokens = theme::tokens(ui.ctx());
    let (icon, tone, word) = match check.state {
        CheckState::Ok => (icons::ICON_CHECK_CIRCLE, Tone::Ok, "done"),
        CheckState::Look => (icons::ICON_WARNING, Tone::Warn, "look"),
        CheckState::Blocked => (icons::ICON_ERROR, Tone::Err, "in the way"),
    };
    ui.horizontal_top(|ui| {
        let sign = ui.label(icon.rich_text().size(18.0).color(tone.color(tokens)));
        let spoken = format!("{}: {word}", check.label);
        sign.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &spoken));
        let settled = check.state == CheckState::Ok;
        ui.with_layout(Layout::right_to_left(Align::TOP), |ui| {
            if !settled
                && let Some((text, ask)) = way(&check.label)
                && widgets::link(ui, text).clicked()
            {
                if let Ask::Tell(workspace, _) = &ask {
                    asks.ask(Ask::Go(*workspace));
                }
                asks.ask(ask);
            }
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.spacing_mut().item_spacing.y = 1.0;
                let color = if settled { tokens.weak } else { tokens.text };
                ui.add(egui::Label::new(RichText::new(&check.label).color(color)).wrap());
                if !check.detail.is_empty() {
                    ui.add(egui::Label::new(widgets::prose(&check.detail, metrics().small, tokens.weak)).wrap());
                }
            });
        });
    });
    ui.add_space(2.0);
}

/// A finding with a link to the part it speaks of.
fn finding(ui: &mut Ui, draft: &Document, finding: &Diagnostic, asks: &mut Asks) {
    let tokens = theme::tokens(ui.ctx());
    ui.horizontal_top(|ui| {
        widgets::dot(
            ui,
            if finding.severity == attune_policy::diagnostic::Severity::Error { Tone::Err } else { Tone::Warn },
        );
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            let pressed =
                ui.add(egui::Link::new(finding.part.to_string().replace('`', ""))).on_hover_text("Open it").clicked();
            ui.add(egui::Label::new(widgets::prose(&finding.message, metrics().small, tokens.text)).wrap());
            if pressed {
                open(draft, &finding.part, asks);
            }
        });
    });
}

/// Goes to a part of the policy.
pub fn open(draft: &Document, part: &Part, asks: &mut Asks) {
    match part {
        Part::Rule(id) => asks.show(Target::Rule(id.clone())),
        Part::Model(id) => asks.show(Target::Model(id.clone())),
        Part::Field(name) => asks.show(Target::Column(name.clone())),
        other => {
            asks.ask(Ask::Go(Workspace::Policy));
            if let Some(place) = Place::of_part(draft, other) {
                asks.ask(Ask::Tell(Workspace::Policy, place.command()));
            }
        }
    }
}
