//! How many candidates a decision chooses, and what part chance has in it.

use super::edits;
use super::input::{self, Change};
use super::look::Look;
use crate::theme::{self, metrics};
use crate::view::Asks;
use crate::widgets;
use attune_policy::arbitration::Slots;
use attune_policy::diagnostic::Part;
use attune_policy::exploration::Exploration;
use attune_session::{DraftPart, Edit};
use egui::{RichText, Ui};

/// Draws both.
pub fn show(ui: &mut Ui, look: &Look<'_>, asks: &mut Asks) {
    widgets::section(ui, "Slots", "how many are chosen at once", |ui| {
        slots(ui, look, asks);
        findings(ui, look, &Part::Slots);
    });
    ui.add_space(metrics().gap);
    widgets::section(ui, "Exploration", "chance, so that what is not known can be learned", |ui| {
        exploration(ui, look, asks);
        findings(ui, look, &Part::Exploration);
    });
    ui.add_space(metrics().gap);
}

fn slots(ui: &mut Ui, look: &Look<'_>, asks: &mut Asks) {
    let slots = &look.draft.slots;
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("At most").weak());
        let count =
            input::number(ui, "Slots", f64::from(slots.count), |v| v.range(1.0..=20.0).speed(0.05).fixed_decimals(0));
        let edit = count.map(|n| Slots { count: n.round() as u32, ..slots.clone() });
        edits::send(asks, edit.map(|slots| Edit::SetPart(DraftPart::Slots(slots))));
        ui.label(RichText::new("per decision; no action twice, and the contact policy is asked again for each").weak());
    });
}

fn exploration(ui: &mut Ui, look: &Look<'_>, asks: &mut Asks) {
    let now = look.draft.exploration.clone();
    ui.horizontal_wrapped(|ui| {
        let kinds = [
            (None, "None"),
            (Some(Exploration::EpsilonGreedy { epsilon: 0.05 }), "ε-greedy"),
            (Some(Exploration::Softmax { temperature: 0.1 }), "Softmax"),
            (Some(Exploration::Thompson { draws: 1_000 }), "Thompson"),
        ];
        for (kind, text) in kinds {
            let same = now.as_ref().map(std::mem::discriminant) == kind.as_ref().map(std::mem::discriminant);
            if ui.add(egui::Button::selectable(same, text)).accessible_name(text).clicked() && !same {
                asks.edit(Edit::SetPart(DraftPart::Exploration(kind)));
            }
        }
        let change = match now {
            None => Change::None,
            Some(Exploration::EpsilonGreedy { epsilon }) => {
                input::number(ui, "Share of random choices", epsilon * 100.0, |v| {
                    v.range(0.0..=100.0).speed(0.1).max_decimals(1).suffix("\u{a0}%")
                })
                .map(|percent| Exploration::EpsilonGreedy { epsilon: percent / 100.0 })
            }
            Some(Exploration::Softmax { temperature }) => {
                input::number(ui, "Temperature", temperature, |v| v.range(1e-6..=1e6).speed(0.01).max_decimals(4))
                    .map(|temperature| Exploration::Softmax { temperature })
            }
            Some(Exploration::Thompson { draws }) => {
                input::number(ui, "Draws", f64::from(draws), |v| v.range(1.0..=10_000.0).speed(5.0).fixed_decimals(0))
                    .map(|n| Exploration::Thompson { draws: n.round() as u32 })
            }
        };
        edits::send(asks, change.map(|chance| Edit::SetPart(DraftPart::Exploration(Some(chance)))));
    });
    widgets::hint(
        ui,
        match look.draft.exploration {
            None => "The best candidate is always chosen; what others would have brought is never seen.",
            Some(Exploration::EpsilonGreedy { .. }) => {
                "So often one of the candidates that are left, all equally likely; else the best."
            }
            Some(Exploration::Softmax { .. }) => "Candidates are drawn in proportion to exp(priority / temperature).",
            Some(Exploration::Thompson { .. }) => {
                "P is drawn from what is known of it, and the best of the draw is chosen. Logged probabilities are shares of so many draws."
            }
        },
    );
    widgets::hint(
        ui,
        "Never for mandatory actions, never below a floor, only inside the guards. The probability of every candidate is logged.",
    );
}

fn findings(ui: &mut Ui, look: &Look<'_>, part: &Part) {
    let tokens = theme::tokens(ui.ctx());
    for finding in look.findings_of(part) {
        let color = crate::editor::marks::color(finding.severity, tokens);
        ui.add(egui::Label::new(widgets::prose(&finding.message, metrics().body, color)).wrap());
    }
}
