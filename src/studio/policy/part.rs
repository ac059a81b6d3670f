//! The card of a part of the contact policy: its switch, name, sentence, findings and a row of settings. The list it stands in
//! is edited as a whole.

use super::edits;
use super::input::{self, Change};
use super::look::Look;
use super::switch::switch;
use crate::theme::{self, metrics};
use crate::view::Asks;
use crate::widgets;
use attune_policy::contact::OnHit;
use attune_policy::diagnostic::Part;
use attune_policy::document::Document;
use attune_session::{DraftPart, Edit};
use egui::{Align, Layout, RichText, Ui};
use egui_material_icons::icons;

/// What stands at the head of a card.
pub struct Head<'a> {
    /// Name for people.
    pub name: &'a str,
    /// Whether it holds.
    pub enabled: bool,
    /// What it does, as a sentence.
    pub sentence: &'a str,
    /// Whose findings are shown.
    pub part: Part,
}

/// What the head of a card asks for.
pub enum Asked {
    /// Another name.
    Rename(String),
    /// On or off.
    Enable(bool),
}

/// What a card asks for.
pub enum Answer<T> {
    /// Nothing.
    None,
    /// To be removed.
    Remove,
    /// A change of its head.
    Head(Asked),
    /// A change of its settings.
    Change(Change<T>),
}

/// A heading over a list of parts, with what they are for while there is none. Answers whether one is to be added.
pub fn title(ui: &mut Ui, name: &str, count: usize, help: &str, add: &str) -> bool {
    ui.add_space(metrics().gap);
    let aside = if count == 0 { "none" } else { "" };
    let pressed =
        widgets::title_row(ui, name, aside, |ui| widgets::plain_button(ui, Some(icons::ICON_ADD), add).clicked());
    widgets::hint(ui, help);
    ui.add_space(metrics().gap_small);
    pressed
}

/// Draws a card and answers what it asks for.
pub fn card<T>(
    ui: &mut Ui,
    look: &Look<'_>,
    id: &str,
    head: &Head<'_>,
    settings: impl FnOnce(&mut Ui) -> Change<T>,
) -> Answer<T> {
    let tokens = theme::tokens(ui.ctx());
    let mut answer = Answer::None;
    ui.push_id((id, "part"), |ui| {
        widgets::card(ui, |ui| {
            ui.horizontal(|ui| {
                if switch(ui, head.enabled, &format!("Enable {}", head.name)).clicked() {
                    answer = Answer::Head(Asked::Enable(!head.enabled));
                }
                let rest = ui.available_size_before_wrap();
                ui.allocate_ui_with_layout(rest, Layout::right_to_left(Align::Center), |ui| {
                    let label = format!("Delete {}", head.name);
                    if widgets::icon_button(ui, icons::ICON_DELETE, &label, "Delete; undo brings it back").clicked() {
                        answer = Answer::Remove;
                    }
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        let field = egui::Id::unique(("part name", &head.part));
                        let width = ui.available_width() - 8.0;
                        if let Some(name) = input::text(ui, field, &format!("Name of {id}"), head.name, "Name", width) {
                            answer = Answer::Head(Asked::Rename(name));
                        }
                    });
                });
            });
            ui.add_space(2.0);
            let color = if head.enabled { tokens.text } else { tokens.weak };
            ui.add(egui::Label::new(RichText::new(head.sentence).size(metrics().subhead).color(color)).wrap());
            for finding in look.findings_of(&head.part) {
                let color = crate::editor::marks::color(finding.severity, tokens);
                ui.add(egui::Label::new(widgets::prose(&finding.message, metrics().body, color)).wrap());
            }
            ui.add_space(metrics().gap_small);
            let change = ui.horizontal_wrapped(settings).inner;
            if !matches!(change, Change::None) {
                answer = Answer::Change(change);
            }
        });
    });
    answer
}

/// Keeps a change, unless it is none.
pub fn keep<T>(kept: &mut Change<T>, change: Change<T>) {
    if !matches!(change, Change::None) {
        *kept = change;
    }
}

/// Sends what the `i`th card of a list asks for, as an edit of the whole list.
pub fn send<T: Clone>(
    asks: &mut Asks,
    list: &[T],
    i: usize,
    answer: Answer<T>,
    head: impl FnOnce(&mut T, Asked),
    part: impl FnOnce(Vec<T>) -> DraftPart,
) {
    let replaced = |item: T| {
        let mut new = list.to_vec();
        if let Some(place) = new.get_mut(i) {
            *place = item;
        }
        new
    };
    let change = match answer {
        Answer::None => return,
        Answer::Remove => {
            let mut new = list.to_vec();
            new.remove(i);
            Change::Done(new)
        }
        Answer::Head(asked) => {
            let Some(mut item) = list.get(i).cloned() else { return };
            head(&mut item, asked);
            Change::Done(replaced(item))
        }
        Answer::Change(change) => change.map(replaced),
    };
    edits::send(asks, change.map(|list| Edit::SetPart(part(list))));
}

/// A drop-down of what happens to a candidate that is blocked; answers whether another was chosen.
pub fn on_hit(ui: &mut Ui, hit: &mut OnHit) -> bool {
    let mut hits = vec![(OnHit::Drop, "then drop".to_owned()), (OnHit::Defer, "then wait".to_owned())];
    if matches!(hit, OnHit::Reroute(_)) {
        hits.push((hit.clone(), "then reroute".to_owned()));
    }
    widgets::choice(ui, "on hit", "When it blocks", hit, &hits, 110.0)
}

/// Any channel, and each.
pub fn channels(draft: &Document) -> Vec<(Option<String>, String)> {
    let mut channels = vec![(None, "any channel".to_owned())];
    channels.extend(draft.channels.iter().map(|c| (Some(c.id.clone()), format!("{} only", c.id))));
    channels
}
