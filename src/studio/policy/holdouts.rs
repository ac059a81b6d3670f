//! Holdouts: who is kept out, by a hash of the customer's id, so that what the policy brings can be measured.

use super::edits;
use super::input::{self, Change};
use super::look::Look;
use super::scope::action_name;
use crate::theme::{self, metrics};
use crate::view::Asks;
use crate::widgets::{self, Empty, Pressed, number};
use attune_lab::project::slug;
use attune_policy::diagnostic::Part;
use attune_policy::document::Document;
use attune_policy::holdout::{Arm, Holdout, HoldoutKind};
use attune_session::Edit;
use egui::{Align, Layout, RichText, Ui};
use egui_material_icons::icons;

/// Draws the holdout layers.
pub fn show(ui: &mut Ui, look: &Look<'_>, asks: &mut Asks) {
    let holdouts = &look.draft.holdouts;
    let aside = match holdouts.len() {
        0 => "nobody is held out".to_owned(),
        n => number::counted(n as u64, "layer", "layers"),
    };
    let mut add = widgets::heading(ui, "Holdouts", &aside, |ui| {
        widgets::primary_button(ui, Some(icons::ICON_ADD), "Add holdout").clicked()
    });
    widgets::hint(
        ui,
        "A customer is held out while the hash of salt and id falls below the share. Raising the share never releases anyone; lowering it releases only the top of the range. Service actions still go out.",
    );
    ui.add_space(metrics().gap);
    if holdouts.is_empty() {
        let what = Empty {
            icon: icons::ICON_SCIENCE,
            title: "Nobody is held out",
            text: "Hold out a few percent of the customers, and what the policy brings can be measured against them.",
            button: Some("Hold out 5 %"),
            link: None,
        };
        add |= matches!(widgets::empty(ui, &what), Some(Pressed::Button));
    }
    if add {
        let id = slug("holdout", &|id| holdouts.iter().any(|h| h.id == id));
        let salt = format!("{}-{id}", if look.draft.id.is_empty() { "policy" } else { &look.draft.id });
        asks.edit(Edit::AddHoldout(Holdout { id, kind: HoldoutKind::Global, salt, share: 0.05, ..Holdout::default() }));
    }
    for holdout in holdouts {
        ui.push_id(&holdout.id, |ui| card(ui, look, holdout, asks));
        ui.add_space(metrics().gap);
    }
}

fn card(ui: &mut Ui, look: &Look<'_>, holdout: &Holdout, asks: &mut Asks) {
    let tokens = theme::tokens(ui.ctx());
    widgets::card(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(theme::bold(sentence(look.draft, holdout)).size(metrics().subhead));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let label = format!("Delete holdout {}", holdout.id);
                if widgets::icon_button(ui, icons::ICON_DELETE, &label, "Delete; undo brings it back").clicked() {
                    asks.edit(Edit::RemoveHoldout(holdout.id.clone()));
                }
            });
        });
        if let Some(impact) = look.impact(&holdout.id) {
            let text = format!("held out {} of the customers in the last simulation", number::percent(impact.share, 1));
            widgets::dimmed(ui, look.stale, |ui| ui.label(RichText::new(text).small().weak()));
        }
        for finding in look.findings_of(&Part::Holdout(holdout.id.clone())) {
            let color = crate::editor::marks::color(finding.severity, tokens);
            ui.add(egui::Label::new(widgets::prose(&finding.message, metrics().body, color)).wrap());
        }
        ui.add_space(metrics().gap_small);
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new("Withholds").weak());
            let mut kind = holdout.kind.clone();
            if widgets::choice(ui, "kind", "Withholds", &mut kind, &kinds(look.draft, holdout), 190.0) {
                edits::holdout(asks, holdout, Change::Done(kind), |h, kind| h.kind = kind);
            }
            ui.label(RichText::new("Share").weak());
            let change = input::slider(
                ui,
                &format!("Share of {}", holdout.id),
                holdout.share * 100.0,
                |s| s.suffix("\u{a0}%").max_decimals(1).step_by(0.5),
                0.0..=50.0,
            );
            edits::holdout(asks, holdout, change.map(|v| v / 100.0), |h, share| h.share = share);
        });
        ui.horizontal(|ui| {
            ui.label(RichText::new("Salt").weak()).on_hover_text("One salt per layer; a new salt draws a new holdout");
            let id = egui::Id::unique(("salt", &holdout.id));
            if let Some(salt) =
                input::text(ui, id, &format!("Salt of {}", holdout.id), &holdout.salt, "any text", 260.0)
            {
                edits::holdout(asks, holdout, Change::Done(salt), |h, salt| h.salt = salt);
            }
            ui.add(egui::Label::new(RichText::new("a new salt draws a new holdout").small().weak()).truncate());
        });
    });
}

fn kinds(draft: &Document, holdout: &Holdout) -> Vec<(HoldoutKind, String)> {
    let mut kinds = vec![
        (HoldoutKind::Global, "every action".to_owned()),
        (HoldoutKind::Program, "every action of this program".to_owned()),
    ];
    kinds.extend(draft.actions.iter().map(|a| (HoldoutKind::Action(a.id.clone()), action_name(draft, &a.id))));
    kinds.push((HoldoutKind::ModelControl, "the models: P at random".to_owned()));
    for (arm, what) in ARMS {
        kinds.push((HoldoutKind::Ablation(arm), what.to_owned()));
    }
    if !kinds.iter().any(|(kind, _)| *kind == holdout.kind)
        && let HoldoutKind::Action(id) = &holdout.kind
    {
        kinds.push((holdout.kind.clone(), format!("{id} (not in this policy)")));
    }
    kinds
}

/// Arms that decide more simply, so that what the policy's parts bring can be measured.
const ARMS: [(Arm, &str); 4] = [
    (Arm::RandomEligible, "ranking: a random action"),
    (Arm::PropensityOnly, "all but propensity"),
    (Arm::NoLevers, "levers"),
    (Arm::EligibilityOnly, "applicability and suitability"),
];

fn sentence(draft: &Document, holdout: &Holdout) -> String {
    let share = number::percent(holdout.share, 1);
    match &holdout.kind {
        HoldoutKind::Global => format!("{share} of the customers get nothing but service messages"),
        HoldoutKind::Program => {
            format!("{share} of the customers get nothing of this program but service messages")
        }
        HoldoutKind::ModelControl => {
            format!("{share} of the customers get a random response propensity in place of the models'")
        }
        HoldoutKind::Ablation(Arm::RandomEligible) => {
            format!("{share} of the customers get one of the possible actions at random")
        }
        HoldoutKind::Ablation(Arm::PropensityOnly) => {
            format!("{share} of the customers get what they most likely respond to")
        }
        HoldoutKind::Ablation(Arm::NoLevers) => format!("{share} of the customers are decided for without levers"),
        HoldoutKind::Ablation(Arm::EligibilityOnly) => {
            format!("{share} of the customers are decided for without applicability and suitability rules")
        }
        HoldoutKind::Action(id) => format!("{share} of the customers do not get {}", action_name(draft, id)),
    }
}
