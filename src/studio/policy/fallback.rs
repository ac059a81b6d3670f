//! The fallback ladder: what is tried, in order, when no candidate is left. Doing nothing always stands last.

use super::look::Look;
use super::scope::action_name;
use crate::theme::{self, Tone, metrics};
use crate::view::Asks;
use crate::widgets::{self, number};
use attune_policy::diagnostic::Part;
use attune_policy::document::Fallback;
use attune_session::Edit;
use egui::{Align, Layout, RichText, Ui};
use egui_material_icons::icons;

/// Draws the ladder.
pub fn show(ui: &mut Ui, look: &Look<'_>, asks: &mut Asks) {
    let rungs = &look.draft.fallback;
    widgets::heading(ui, "Fallback", "tried from the top when no candidate is left", |_| {});
    widgets::hint(
        ui,
        "Every rung still passes validity dates, holdouts, guards and caps. It skips eligibility, applicability, suitability, arbitration and floors.",
    );
    ui.add_space(metrics().gap);
    let mut new: Option<Vec<Fallback>> = None;
    for (i, rung) in rungs.iter().enumerate() {
        ui.push_id(i, |ui| {
            if let Some(ladder) = row(ui, look, i, rung) {
                new = Some(ladder);
            }
        });
        ui.add_space(metrics().gap_small);
    }
    last(ui, rungs.len());
    ui.add_space(metrics().gap);
    if let Some(rung) = add(ui, look) {
        let mut ladder = rungs.clone();
        ladder.push(rung);
        new = Some(ladder);
    }
    let tokens = theme::tokens(ui.ctx());
    for finding in look.findings_of(&Part::Fallback) {
        let color = crate::editor::marks::color(finding.severity, tokens);
        ui.add(egui::Label::new(widgets::prose(&finding.message, metrics().body, color)).wrap());
    }
    if let Some(ladder) = new {
        asks.edit(Edit::SetFallback(ladder));
    }
}

fn name(look: &Look<'_>, rung: &Fallback) -> String {
    format!("{} / {}", action_name(look.draft, &rung.action), rung.treatment)
}

fn row(ui: &mut Ui, look: &Look<'_>, i: usize, rung: &Fallback) -> Option<Vec<Fallback>> {
    let rungs = &look.draft.fallback;
    let mut new = None;
    let name = name(look, rung);
    widgets::card(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(theme::bold(format!("{}", i + 1)).size(metrics().subhead));
            ui.label(RichText::new(&name).size(metrics().subhead));
            let known = look
                .draft
                .actions
                .iter()
                .any(|a| a.id == rung.action && a.treatments.iter().any(|t| t.id == rung.treatment));
            if !known {
                widgets::badge(ui, Tone::Err, "not in this policy");
            }
            if let Some(taken) = taken(look, rung) {
                widgets::dimmed(ui, look.stale, |ui| {
                    ui.label(
                        RichText::new(format!(
                            "{} in the last simulation",
                            number::counted(taken, "decision", "decisions")
                        ))
                        .small()
                        .weak(),
                    )
                });
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if widgets::icon_button(
                    ui,
                    icons::ICON_DELETE,
                    &format!("Delete rung {}", i + 1),
                    "Delete; undo brings it back",
                )
                .clicked()
                {
                    let mut ladder = rungs.clone();
                    ladder.remove(i);
                    new = Some(ladder);
                }
                for (icon, to, word) in
                    [(icons::ICON_ARROW_DOWNWARD, i + 1, "down"), (icons::ICON_ARROW_UPWARD, i.wrapping_sub(1), "up")]
                {
                    let label = format!("Move rung {} {word}", i + 1);
                    let possible = to < rungs.len();
                    let pressed = ui
                        .add_enabled_ui(possible, |ui| widgets::icon_button(ui, icon, &label, &format!("Move {word}")))
                        .inner
                        .clicked();
                    if pressed && possible {
                        let mut ladder = rungs.clone();
                        ladder.swap(i, to);
                        new = Some(ladder);
                    }
                }
            });
        });
    });
    new
}

/// How many decisions took the rung's action from the ladder.
fn taken(look: &Look<'_>, rung: &Fallback) -> Option<u64> {
    let mix = &look.report?.main()?.mix;
    mix.iter().find(|m| m.action == rung.action && m.treatment == rung.treatment).map(|m| m.fallback)
}

fn last(ui: &mut Ui, rungs: usize) {
    widgets::card(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(theme::bold(format!("{}", rungs + 1)).size(metrics().subhead));
            ui.label(RichText::new("No action").size(metrics().subhead));
            ui.label(RichText::new("always stands last").weak());
        });
    });
}

fn add(ui: &mut Ui, look: &Look<'_>) -> Option<Fallback> {
    let mut options = Vec::new();
    for action in &look.draft.actions {
        for treatment in &action.treatments {
            let rung = Fallback { action: action.id.clone(), treatment: treatment.id.clone() };
            if !look.draft.fallback.contains(&rung) {
                let text = name(look, &rung);
                options.push((rung, text));
            }
        }
    }
    if options.is_empty() {
        let text = if look.draft.actions.is_empty() {
            "Add actions first; then they can stand on the ladder."
        } else {
            "Every action stands on the ladder already."
        };
        widgets::hint(ui, text);
        return None;
    }
    let mut chosen = None;
    let button = widgets::plain_button(ui, Some(icons::ICON_ADD), "Add rung");
    egui::Popup::menu(&button).show(|ui| {
        ui.set_min_width(220.0);
        for (rung, text) in options {
            if ui.button(&text).clicked() {
                chosen = Some(rung);
                ui.close();
            }
        }
    });
    chosen
}
