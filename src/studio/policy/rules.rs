//! The rules of one stage: cards that read as sentences, in order, to be dragged, switched, copied and removed.

use super::card::{self, Act};
use super::look::Look;
use super::part;
use super::stage::Place;
use crate::theme::{self, metrics};
use crate::view::{Asks, Target};
use crate::widgets::{self, Empty, Pressed, number};
use attune_lab::project::slug;
use attune_policy::document::Document;
use attune_policy::rule::{OnMissing, Rule, Scope, Stage};
use attune_session::Edit;
use egui::{Key, Ui};
use egui_material_icons::icons;
use std::collections::BTreeSet;

/// What the list of rules remembers between frames.
#[derive(Default)]
pub struct RulesState {
    /// Rules shown as code although the builder could show them.
    pub as_code: BTreeSet<String>,
    /// The rule whose card is unfolded.
    unfolded: Option<String>,
    /// A rule being named before it exists, and its stage.
    naming: Option<Naming>,
}

struct Naming {
    stage: Stage,
    name: String,
    fresh: bool,
}

impl RulesState {
    /// Unfolds the card of a rule.
    pub fn unfold(&mut self, id: &str) {
        self.unfolded = Some(id.to_owned());
    }

    /// Begins a new rule: its name is asked first, so that its id says what it is.
    pub fn begin(&mut self, stage: Stage) {
        self.naming = Some(Naming { stage, name: String::new(), fresh: true });
    }
}

/// Draws the rules of `place`.
pub fn show(
    ui: &mut Ui,
    look: &Look<'_>,
    place: Place,
    selected: Option<&str>,
    state: &mut RulesState,
    asks: &mut Asks,
) {
    let rules: Vec<&Rule> = of(look.draft, place);
    let aside = match rules.len() {
        0 => "no rules: nothing is removed here".to_owned(),
        1 => "1 rule".to_owned(),
        n => format!("{}; a candidate must pass all of them", number::counted(n as u64, "rule", "rules")),
    };
    let add = widgets::heading(ui, place.name(), &aside, |ui| add_buttons(ui, place));
    widgets::hint(ui, place.help());
    ui.add_space(metrics().gap);
    if let Some(stage) = add {
        state.begin(stage);
    }
    list(ui, look, &rules, selected, state, asks);
    if state.naming.as_ref().is_some_and(|n| Place::of(n.stage) == place) {
        naming(ui, look.draft, state, asks);
    } else if rules.is_empty()
        && let Some(stage) = empty(ui, place)
    {
        state.begin(stage);
    }
}

/// Draws the rules of a stage that stand beside other things in their place: levers, and fallbacks that are computed.
pub fn more(
    ui: &mut Ui,
    look: &Look<'_>,
    stage: Stage,
    selected: Option<&str>,
    state: &mut RulesState,
    asks: &mut Asks,
) {
    let rules: Vec<&Rule> = look.draft.rules.iter().filter(|r| r.stage == stage).collect();
    let (title, help, add) = match stage {
        Stage::Lever => (
            "Levers",
            "A number from 0 up that multiplies L: `if weekday() == 6 { 1.2 } else { 1.0 }`. One that fails counts as 1 and is reported.",
            "Add lever",
        ),
        _ => (
            "Computed fallbacks",
            "Gives the id of an action, or () for none; tried in order, before the ladder above.",
            "Add computed fallback",
        ),
    };
    if part::title(ui, title, rules.len(), help, add) {
        state.begin(stage);
    }
    list(ui, look, &rules, selected, state, asks);
    if state.naming.as_ref().is_some_and(|n| n.stage == stage) {
        naming(ui, look.draft, state, asks);
    }
}

/// The rules of a place, in order.
pub fn of(draft: &Document, place: Place) -> Vec<&Rule> {
    draft.rules.iter().filter(|r| Place::of(r.stage) == place).collect()
}

fn add_buttons(ui: &mut Ui, place: Place) -> Option<Stage> {
    let mut add = None;
    if widgets::primary_button(ui, Some(icons::ICON_ADD), "Add rule").clicked() {
        add = place.stage();
    }
    if place == Place::Suitability {
        let soft = widgets::plain_button(ui, Some(icons::ICON_TUNE), "Add soft rule");
        if soft.on_hover_text("Multiplies the priority instead of removing the candidate").clicked() {
            add = Some(Stage::SoftSuitability);
        }
    }
    add
}

fn empty(ui: &mut Ui, place: Place) -> Option<Stage> {
    let text = "A rule keeps a candidate while its condition holds, and removes it otherwise.";
    let what = Empty {
        icon: place.icon(),
        title: "No rules in this stage",
        text,
        button: Some("Add the first rule"),
        link: None,
    };
    matches!(widgets::empty(ui, &what), Some(Pressed::Button)).then(|| place.stage()).flatten()
}

/// The name of a rule that does not exist yet. Enter makes it, Esc leaves it.
fn naming(ui: &mut Ui, draft: &Document, state: &mut RulesState, asks: &mut Asks) {
    let tokens = theme::tokens(ui.ctx());
    let Some(naming) = &mut state.naming else { return };
    let (mut done, mut cancelled) = (false, false);
    widgets::card_frame(ui).stroke(egui::Stroke::new(1.5, tokens.accent)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            let width = (ui.available_width() - 170.0).max(120.0);
            let hint = "Name of the new rule: Recent buyers only";
            let response = widgets::name_field(ui, &mut naming.name, "Name of the new rule", hint, width);
            if naming.fresh {
                response.request_focus();
                naming.fresh = false;
            }
            let named = !naming.name.trim().is_empty();
            done = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter)) && named;
            cancelled = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Escape));
            done |= ui.add_enabled_ui(named, |ui| widgets::primary_button(ui, None, "Create")).inner.clicked();
            cancelled |= widgets::plain_button(ui, None, "Cancel").clicked();
        });
    });
    if done {
        let rule = new_rule(draft, naming.stage, naming.name.trim());
        asks.select(Target::Rule(rule.id.clone()));
        state.unfolded = Some(rule.id.clone());
        asks.edit(Edit::AddRule { rule, at: None });
    }
    if done || cancelled {
        state.naming = None;
    }
}

fn new_rule(draft: &Document, stage: Stage, name: &str) -> Rule {
    Rule {
        id: fresh(draft, name),
        name: name.to_owned(),
        stage,
        scope: Scope::All,
        expr: match stage {
            Stage::SoftSuitability | Stage::Lever => "1.0",
            Stage::Fallback => "()",
            _ => "true",
        }
        .to_owned(),
        on_missing: OnMissing::Remove,
        reason: String::new(),
        enabled: true,
        note: String::new(),
        ..Rule::default()
    }
}

fn list(
    ui: &mut Ui,
    look: &Look<'_>,
    rules: &[&Rule],
    selected: Option<&str>,
    state: &mut RulesState,
    asks: &mut Asks,
) {
    let mut acts: Vec<(String, Act)> = Vec::new();
    let response =
        egui_dnd::dnd(ui, ui.make_persistent_id("rule cards")).with_animation_time(0.12).show_custom(|ui, iter| {
            for (i, rule) in rules.iter().enumerate() {
                let id = egui::Id::unique(("rule card", &rule.id));
                iter.next(ui, id, i, true, |ui, item| {
                    item.ui(ui, |ui, handle, _| {
                        let shown = card::Shown {
                            selected: selected == Some(rule.id.as_str()),
                            unfolded: selected == Some(rule.id.as_str()) && state.unfolded.as_deref() == selected,
                            as_code: state.as_code.contains(&rule.id),
                            first: i == 0,
                            last: i + 1 == rules.len(),
                        };
                        for act in card::show(ui, look, rule, shown, handle, asks) {
                            acts.push((rule.id.clone(), act));
                        }
                        ui.add_space(metrics().gap);
                    })
                });
            }
        });
    if let Some(update) = response.final_update() {
        // The drop target is counted before the card is taken out.
        let to = if update.to > update.from { update.to - 1 } else { update.to };
        move_to(rules, update.from, to, asks);
    }
    for (id, act) in acts {
        perform(look.draft, &id, &act, state, asks);
    }
}

/// Does what a card or a key asked for.
pub fn perform(draft: &Document, id: &str, act: &Act, state: &mut RulesState, asks: &mut Asks) {
    let Some(rule) = draft.rules.iter().find(|r| r.id == id) else { return };
    let peers = of(draft, Place::of(rule.stage));
    let Some(at) = peers.iter().position(|r| r.id == id) else { return };
    match act {
        Act::Unfold => {
            state.unfold(id);
            asks.select(Target::Rule(id.to_owned()));
        }
        Act::Fold => state.unfolded = None,
        Act::AsCode(true) => drop(state.as_code.insert(id.to_owned())),
        Act::AsCode(false) => drop(state.as_code.remove(id)),
        Act::Toggle => asks.edit(Edit::EnableRule { id: id.to_owned(), enabled: !rule.enabled }),
        Act::Up if at > 0 => move_to(&peers, at, at - 1, asks),
        Act::Down => move_to(&peers, at, at + 1, asks),
        Act::Up => {}
        Act::Duplicate => {
            let name = format!("{} (copy)", shown_name(rule));
            let copy = Rule { id: fresh(draft, &name), name, ..rule.clone() };
            asks.select(Target::Rule(copy.id.clone()));
            state.unfold(&copy.id);
            asks.edit(Edit::AddRule { rule: copy, at: Some(within_stage(&peers, at) + 1) });
        }
        Act::Delete => {
            let next = peers.get(at + 1).or_else(|| at.checked_sub(1).and_then(|i| peers.get(i)));
            if let Some(next) = next {
                asks.select(Target::Rule(next.id.clone()));
            }
            asks.edit(Edit::RemoveRule(id.to_owned()));
        }
    }
}

/// The name of a rule, its id when it has none.
pub fn shown_name(rule: &Rule) -> String {
    if rule.name.trim().is_empty() { rule.id.clone() } else { rule.name.clone() }
}

/// An id like `name` that no rule has.
fn fresh(draft: &Document, name: &str) -> String {
    slug(name, &|id| draft.rules.iter().any(|r| r.id == id))
}

/// Position of the `at`th of `peers` among those of its own stage: soft rules run after the others of their place.
fn within_stage(peers: &[&Rule], at: usize) -> usize {
    let stage = peers.get(at).map(|r| r.stage);
    peers.iter().take(at).filter(|r| Some(r.stage) == stage).count()
}

/// Moves the `from`th of `peers` to position `to`, as one edit; nothing when it cannot go there.
fn move_to(peers: &[&Rule], from: usize, to: usize, asks: &mut Asks) {
    let Some(moved) = peers.get(from) else { return };
    let first = peers.iter().position(|r| r.stage == moved.stage).unwrap_or(0);
    let last = peers.iter().rposition(|r| r.stage == moved.stage).unwrap_or(0);
    let to = to.clamp(first, last);
    if to != from {
        asks.edit(Edit::MoveRule { id: moved.id.clone(), stage: moved.stage, to: to - first });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Ask;
    use attune_lab::project::Parts;
    use std::sync::Arc;

    fn draft() -> Document {
        let mut draft = Document::default();
        for (id, stage) in [
            ("g", Stage::Guard),
            ("a", Stage::Suitability),
            ("b", Stage::Suitability),
            ("c", Stage::Suitability),
            ("s", Stage::SoftSuitability),
            ("t", Stage::SoftSuitability),
        ] {
            let rule = new_rule(&draft, stage, id);
            draft.rules.push(rule);
        }
        draft
    }

    #[test]
    fn acts_are_one_edit_each() {
        for (id, act, expected) in [
            ("a", Act::Up, ""),
            ("b", Act::Up, "g b a c s t"),
            ("a", Act::Down, "g b a c s t"),
            ("c", Act::Down, ""),
            ("s", Act::Up, ""),
            ("t", Act::Up, "g a b c t s"),
            ("b", Act::Duplicate, "g a b b_copy c s t"),
            ("s", Act::Duplicate, "g a b c s s_copy t"),
            ("a", Act::Delete, "g b c s t"),
            ("g", Act::Delete, "a b c s t"),
            ("missing", Act::Delete, ""),
        ] {
            let draft = draft();
            let mut asks = Asks::default();
            perform(&draft, id, &act, &mut RulesState::default(), &mut asks);
            let edits: Vec<Edit> =
                asks.take().into_iter().filter_map(|a| if let Ask::Edit(e) = a { Some(*e) } else { None }).collect();
            assert!(edits.len() <= 1, "{id} {act:?}");
            let parts = Parts { draft: Arc::new(draft), ..Parts::default() };
            let order = edits.into_iter().next().map_or(String::new(), |edit| {
                let after = edit.apply(&parts).expect("the edit fits");
                after.draft.rules.iter().map(|r| r.id.as_str()).collect::<Vec<_>>().join(" ")
            });
            assert_eq!(order, expected, "{id} {act:?}");
        }
    }
}
