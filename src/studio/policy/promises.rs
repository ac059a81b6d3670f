//! What is to be proved of the policy, below the guards: "while this holds, that is never sent". The verdict comes with the
//! checks, with an example where a promise does not hold.

use super::input::{self, Change};
use super::look::Look;
use super::part;
use super::scope;
use crate::theme::{self, Tone, metrics};
use crate::view::Asks;
use crate::widgets;
use attune_lab::project::slug;
use attune_policy::diagnostic::{Part, Severity};
use attune_policy::property::Property;
use attune_policy::rule::Scope;
use attune_session::{DraftPart, Edit};
use egui::{Align, Layout, RichText, Ui};
use egui_material_icons::icons;

/// Draws them.
pub fn show(ui: &mut Ui, look: &Look<'_>, asks: &mut Asks) {
    let list = &look.draft.properties;
    let help = "Proved from the guards and dates alone, so it holds for every customer there can be, whatever the other rules, overrides and fallbacks say.";
    if part::title(ui, "Promises", list.len(), help, "Add promise") {
        let id = slug("promise", &|id| list.iter().any(|p| p.id == id));
        let mut new = list.clone();
        new.push(Property {
            id,
            name: "Nothing without consent".to_owned(),
            when: "false".to_owned(),
            never: Scope::All,
        });
        asks.edit(Edit::SetPart(DraftPart::Properties(new)));
    }
    for (i, property) in list.iter().enumerate() {
        let change = ui.push_id(("promise", &property.id), |ui| card(ui, look, property)).inner;
        let answer = match change {
            None => part::Answer::Remove,
            Some(Change::None) => part::Answer::None,
            Some(change) => part::Answer::Change(change),
        };
        part::send(asks, list, i, answer, |_, _| {}, DraftPart::Properties);
        ui.add_space(metrics().gap);
    }
}

/// One promise; `None` when it is to be removed.
fn card(ui: &mut Ui, look: &Look<'_>, property: &Property) -> Option<Change<Property>> {
    let tokens = theme::tokens(ui.ctx());
    let mut change = Change::None;
    let mut removed = false;
    let with = |set: &dyn Fn(&mut Property)| {
        let mut new = property.clone();
        set(&mut new);
        Change::Done(new)
    };
    let part = Part::Property(property.id.clone());
    widgets::card(ui, |ui| {
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let label = format!("Delete promise {}", property.name);
                removed |=
                    widgets::icon_button(ui, icons::ICON_DELETE, &label, "Delete; undo brings it back").clicked();
                verdict(ui, look, &part);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let id = egui::Id::unique(("promise name", &property.id));
                    let width = ui.available_width() - 8.0;
                    if let Some(name) = input::text(ui, id, "Name of the promise", &property.name, "Name", width) {
                        part::keep(&mut change, with(&|p| p.name = name.clone()));
                    }
                });
            });
        });
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new("While").weak());
            let id = egui::Id::unique(("promise when", &property.id));
            let hint = "!(consent ?? false)";
            if let Some(when) = input::text(ui, id, "Condition of the promise", &property.when, hint, 300.0) {
                part::keep(&mut change, with(&|p| p.when = when.clone()));
            }
            ui.label(RichText::new("never send").weak());
            if let Some(never) = scope::picker(ui, "never", "Never send", look.draft, &property.never) {
                part::keep(&mut change, with(&|p| p.never = never.clone()));
            }
        });
        for finding in look.findings_of(&part) {
            let color = crate::editor::marks::color(finding.severity, tokens);
            ui.add(egui::Label::new(widgets::prose(&finding.message, metrics().body, color)).wrap());
        }
    });
    (!removed).then_some(change)
}

/// What the checks say of it.
fn verdict(ui: &mut Ui, look: &Look<'_>, part: &Part) {
    let worst = look.findings_of(part).map(|finding| finding.severity).max();
    match worst {
        Some(Severity::Error) => {
            widgets::badge_with_hint(ui, Tone::Err, "does not hold", "An example stands below");
        }
        Some(Severity::Warning) => {
            widgets::badge_with_hint(ui, Tone::Warn, "not decided", "What stands in the way is said below");
        }
        Some(Severity::Note) | None => {}
    }
}
