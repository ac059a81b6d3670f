//! What may be done: actions with their worth, their treatments and their place in the taxonomy; channels and groups.

use super::edits;
use super::input::{self, Change};
use super::look::Look;
use super::taxonomy;
use crate::theme::{self, Tone, metrics};
use crate::view::Asks;
use crate::widgets::{self, Empty, Pressed, number};
use attune_lab::project::slug;
use attune_policy::action::{Action, Channel, Direction, Group, Issue, Treatment};
use attune_policy::diagnostic::Part;
use attune_policy::document::Document;
use attune_session::Edit;
use egui::{Align, Layout, RichText, Sense, Ui, UiBuilder};
use egui_material_icons::icons;

/// Draws the actions; `open` is the one unfolded.
pub fn show(ui: &mut Ui, look: &Look<'_>, open: &mut Option<String>, asks: &mut Asks) {
    let actions = &look.draft.actions;
    let aside = match actions.len() {
        0 => "nothing can be done yet".to_owned(),
        n => number::counted(n as u64, "action", "actions"),
    };
    let mut add = widgets::heading(ui, "Actions", &aside, |ui| {
        widgets::primary_button(ui, Some(icons::ICON_ADD), "Add action").clicked()
    });
    widgets::hint(
        ui,
        "Every treatment of an action is a candidate of its own. An arm of the trial stands for a candidate, so actions that the trial tried are made when its roles are set in Data.",
    );
    ui.add_space(metrics().gap);
    if actions.is_empty() {
        let what = Empty {
            icon: icons::ICON_CAMPAIGN,
            title: "No actions",
            text: "An action is something you may do for a customer: an e-mail, an offer, a call.",
            button: Some("Add the first action"),
            link: None,
        };
        add |= matches!(widgets::empty(ui, &what), Some(Pressed::Button));
    }
    if add {
        *open = Some(add_action(look.draft, asks));
    }
    for action in actions {
        ui.push_id(&action.id, |ui| card(ui, look, action, open, asks));
        ui.add_space(metrics().gap);
    }
    if !actions.is_empty() {
        taxonomy::show(ui, look.draft, asks);
        ui.add_space(metrics().gap);
        taxonomy::channels(ui, look.draft, asks);
        ui.add_space(metrics().gap);
    }
}

/// A new action in the first group, on the first channel; both are made when there are none.
fn add_action(draft: &Document, asks: &mut Asks) -> String {
    let group = draft.issues.iter().flat_map(|i| &i.groups).next().map(|g| g.id.clone());
    let group = group.unwrap_or_else(|| {
        let group = Group { id: "offers".to_owned(), weight: 0.0 };
        let mut issues = draft.issues.clone();
        issues.push(Issue { id: "marketing".to_owned(), weight: 0.0, groups: vec![group] });
        asks.edit(Edit::SetIssues(issues));
        "offers".to_owned()
    });
    let channel = draft.channels.first().map(|c| c.id.clone()).unwrap_or_else(|| {
        asks.edit(Edit::SetChannels(vec![Channel { id: "email".to_owned(), direction: Direction::Outbound }]));
        "email".to_owned()
    });
    let id = slug("new action", &|id| draft.actions.iter().any(|a| a.id == id));
    asks.edit(Edit::AddAction(Action {
        id: id.clone(),
        name: "New action".to_owned(),
        group,
        value: 1.0,
        cost: 0.0,
        weight: 0.0,
        valid_from: None,
        valid_until: None,
        tags: Vec::new(),
        mandatory: false,
        service: false,
        obeys_caps: true,
        counts_toward_caps: true,
        propensity: None,
        attributes: Default::default(),
        treatments: vec![Treatment {
            id: channel.clone(),
            channel,
            template: String::new(),
            propensity: None,
            ..Treatment::default()
        }],
        ..Action::default()
    }));
    id
}

fn card(ui: &mut Ui, look: &Look<'_>, action: &Action, open: &mut Option<String>, asks: &mut Asks) {
    let tokens = theme::tokens(ui.ctx());
    let unfolded = open.as_deref() == Some(action.id.as_str());
    let shown = if action.name.is_empty() { &action.id } else { &action.name };
    let name = format!("Action {shown}");
    let outer = ui.scope_builder(UiBuilder::new().id_salt("card").sense(Sense::click()), |ui| {
        let response = ui.response();
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, unfolded, &name));
        let edge = if unfolded || response.has_focus() {
            tokens.accent
        } else if response.hovered() {
            tokens.strong_border
        } else {
            tokens.border
        };
        widgets::card_frame(ui).stroke(egui::Stroke::new(if unfolded { 1.5 } else { 1.0 }, edge)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            // Words that could be selected would take the card's clicks.
            ui.style_mut().interaction.selectable_labels = false;
            ui.horizontal(|ui| {
                ui.label(icons::ICON_CAMPAIGN.rich_text().size(18.0).color(tokens.weak));
                let rest = ui.available_size_before_wrap();
                ui.allocate_ui_with_layout(rest, Layout::right_to_left(Align::Center), |ui| {
                    let delete = format!("Delete action {shown}");
                    if widgets::icon_button(ui, icons::ICON_DELETE, &delete, "Delete; undo brings it back").clicked() {
                        asks.edit(Edit::RemoveAction(action.id.clone()));
                    }
                    if action.mandatory {
                        widgets::badge_with_hint(
                            ui,
                            Tone::Accent,
                            "mandatory",
                            "Comes before all others; still obeys guards and caps",
                        );
                    }
                    if action.service {
                        widgets::badge_with_hint(
                            ui,
                            Tone::Neutral,
                            "service",
                            "Not marketing: goes out to held-out customers too",
                        );
                    }
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        if unfolded {
                            let id = egui::Id::unique(("action name", &action.id));
                            let width = ui.available_width() - 8.0;
                            let name = input::text(ui, id, "Action name", &action.name, "Name of the action", width);
                            edits::action(asks, action, name.map_or(Change::None, Change::Done), |a, name| {
                                a.name = name
                            });
                        } else {
                            ui.add(
                                egui::Label::new(theme::bold(shown).size(metrics().subhead))
                                    .truncate()
                                    .selectable(false),
                            );
                        }
                    });
                });
            });
            ui.add(egui::Label::new(RichText::new(summary(action)).color(tokens.weak)).wrap());
            for finding in look.findings_of(&Part::Action(action.id.clone())) {
                let color = crate::editor::marks::color(finding.severity, tokens);
                ui.add(egui::Label::new(widgets::prose(&finding.message, metrics().body, color)).wrap());
            }
            if unfolded {
                ui.add_space(metrics().gap);
                worth(ui, look, action, asks);
                ui.add_space(metrics().gap);
                switches(ui, action, asks);
                dates(ui, action, asks);
                ui.add_space(metrics().gap);
                treatments(ui, look, action, asks);
            }
        });
    });
    if outer.response.clicked() {
        *open = (!unfolded).then(|| action.id.clone());
    }
}

/// `worth 1 per outcome, costs 0.10 · propensity from visit_mens · email`.
fn summary(action: &Action) -> String {
    let mut parts = vec![
        format!("group {}", action.group),
        format!("worth {}", number::short(action.value)),
        format!("costs {}", number::short(action.cost)),
    ];
    if action.weight != 0.0 {
        parts.push(format!("lever {}\u{a0}%", number::signed(action.weight, 1)));
    }
    parts.push(match &action.propensity {
        Some(model) => format!("propensity from {model}"),
        None if action.treatments.iter().any(|t| t.propensity.is_some()) => "propensity per treatment".to_owned(),
        None => "no propensity model: P is 1".to_owned(),
    });
    let channels: Vec<&str> = action.treatments.iter().map(|t| t.channel.as_str()).collect();
    parts.push(format!("on {}", channels.join(", ")));
    parts.join("  ·  ")
}

fn worth(ui: &mut Ui, look: &Look<'_>, action: &Action, asks: &mut Asks) {
    ui.horizontal(|ui| {
        ui.label(RichText::new("Group").weak());
        let mut group = action.group.clone();
        if widgets::choice(ui, "group", "Group", &mut group, &groups(look.draft, action), 150.0) {
            edits::action(asks, action, Change::Done(group), |a, group| a.group = group);
        }
        ui.label(RichText::new("Propensity model").weak());
        let mut model = action.propensity.clone();
        if widgets::choice(ui, "model", "Propensity model", &mut model, &models(look, &action.propensity), 170.0) {
            edits::action(asks, action, Change::Done(model), |a, model| a.propensity = model);
        }
    });
    ui.horizontal(|ui| {
        ui.label(RichText::new("Value").weak()).on_hover_text("V: worth of the outcome, in money or points");
        let change = input::number(ui, "Value", action.value, |v| v.range(0.0..=1e12).speed(0.05).max_decimals(4));
        edits::action(asks, action, change, |a, v| a.value = v);
        ui.label(RichText::new("Cost").weak()).on_hover_text("Cost of doing it, in the unit of the value");
        let change = input::number(ui, "Cost", action.cost, |v| v.range(0.0..=1e12).speed(0.01).max_decimals(4));
        edits::action(asks, action, change, |a, v| a.cost = v);
        ui.label(RichText::new("Lever").weak())
            .on_hover_text("Percent added to L: raises or lowers the priority by decree");
        let change = input::number(ui, "Lever", action.weight, |v| {
            v.range(-100.0..=1000.0).speed(0.5).max_decimals(1).suffix("\u{a0}%")
        });
        edits::action(asks, action, change, |a, v| a.weight = v);
    });
}

fn groups(draft: &Document, action: &Action) -> Vec<(String, String)> {
    let mut groups: Vec<(String, String)> = Vec::new();
    for issue in &draft.issues {
        groups.extend(issue.groups.iter().map(|g| (g.id.clone(), format!("{} / {}", issue.id, g.id))));
    }
    if !groups.iter().any(|(id, _)| *id == action.group) {
        groups.push((action.group.clone(), format!("{} (not in this policy)", action.group)));
    }
    groups
}

fn models(look: &Look<'_>, current: &Option<String>) -> Vec<(Option<String>, String)> {
    let mut models = vec![(None, "none: P is 1".to_owned())];
    models.extend(look.models.iter().map(|id| (Some((*id).to_owned()), (*id).to_owned())));
    if let Some(id) = current
        && !look.models.iter().any(|m| m == id)
    {
        models.push((Some(id.clone()), format!("{id} (not in this project)")));
    }
    models
}

fn switches(ui: &mut Ui, action: &Action, asks: &mut Asks) {
    type Flag = fn(&mut Action) -> &mut bool;
    let flags: [(&str, &str, bool, Flag); 4] = [
        (
            "mandatory",
            "Comes before all others; still obeys guards and caps that are not bypassable",
            action.mandatory,
            |a| &mut a.mandatory,
        ),
        ("service message", "Not marketing: goes out to held-out customers too", action.service, |a| &mut a.service),
        ("obeys caps", "Caps can block it", action.obeys_caps, |a| &mut a.obeys_caps),
        ("counts toward caps", "Its contacts count for caps", action.counts_toward_caps, |a| &mut a.counts_toward_caps),
    ];
    ui.horizontal_wrapped(|ui| {
        for (text, help, on, flag) in flags {
            let mut value = on;
            if ui.checkbox(&mut value, text).on_hover_text(help).changed() {
                edits::action(asks, action, Change::Done(value), |a, value| *flag(a) = value);
            }
        }
    });
}

fn dates(ui: &mut Ui, action: &Action, asks: &mut Asks) {
    ui.horizontal_wrapped(|ui| {
        for (label, current, until) in
            [("Valid from", action.valid_from, false), ("Valid until", action.valid_until, true)]
        {
            ui.label(RichText::new(label).weak())
                .on_hover_text("Day in UTC, YYYY-MM-DD; the end does not belong to it");
            let id = egui::Id::unique((label, &action.id));
            let shown = current.map_or(String::new(), day);
            if let Some(text) = input::text(ui, id, label, &shown, "always", 96.0) {
                match parse_day(&text) {
                    Ok(time) => edits::action(asks, action, Change::Done(time), |a, time| {
                        if until { a.valid_until = time } else { a.valid_from = time }
                    }),
                    Err(why) => asks.toast(crate::shell::toasts::Toast::failed(format!("{label}: {why}"))),
                }
            }
        }
    });
}

/// The day of an instant, UTC; the instant itself when it is not a midnight.
fn day(ms: i64) -> String {
    match super::dates::day(ms) {
        Some(day) => day,
        None => ms.to_string(),
    }
}

fn parse_day(text: &str) -> Result<Option<i64>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    super::dates::parse(text)
        .map(Some)
        .ok_or_else(|| format!("`{text}` is not a day; write 2026-03-31, or nothing for always"))
}

fn treatments(ui: &mut Ui, look: &Look<'_>, action: &Action, asks: &mut Asks) {
    ui.horizontal(|ui| {
        ui.label(theme::bold("Treatments"));
        if widgets::plain_button(ui, Some(icons::ICON_ADD), "Add treatment").clicked() {
            let channel = look.draft.channels.first().map_or_else(|| "email".to_owned(), |c| c.id.clone());
            let id = slug(&channel, &|id| action.treatments.iter().any(|t| t.id == id));
            asks.edit(Edit::AddTreatment {
                action: action.id.clone(),
                treatment: Treatment { id, channel, template: String::new(), propensity: None, ..Treatment::default() },
            });
        }
    });
    let change = |asks: &mut Asks, treatment: &Treatment, set: &mut dyn FnMut(&mut Treatment)| {
        let mut new = treatment.clone();
        set(&mut new);
        asks.edit(Edit::ReplaceTreatment { action: action.id.clone(), id: treatment.id.clone(), treatment: new });
    };
    for treatment in &action.treatments {
        ui.push_id(&treatment.id, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new(&treatment.id).monospace());
                let mut channel = treatment.channel.clone();
                let options: Vec<(String, String)> =
                    look.draft.channels.iter().map(|c| (c.id.clone(), format!("on {}", c.id))).collect();
                if widgets::choice(
                    ui,
                    "channel",
                    &format!("Channel of {}", treatment.id),
                    &mut channel,
                    &options,
                    120.0,
                ) {
                    change(asks, treatment, &mut |t| t.channel.clone_from(&channel));
                }
                let id = egui::Id::unique(("template", &action.id, &treatment.id));
                if let Some(template) = input::text(
                    ui,
                    id,
                    &format!("Template of {}", treatment.id),
                    &treatment.template,
                    "template id",
                    140.0,
                ) {
                    change(asks, treatment, &mut |t| t.template.clone_from(&template));
                }
                let mut model = treatment.propensity.clone();
                let mut options = models(look, &treatment.propensity);
                if let Some(first) = options.first_mut() {
                    "the action's model".clone_into(&mut first.1);
                }
                if widgets::choice(
                    ui,
                    "model",
                    &format!("Propensity model of {}", treatment.id),
                    &mut model,
                    &options,
                    150.0,
                ) {
                    change(asks, treatment, &mut |t| t.propensity.clone_from(&model));
                }
                let only = action.treatments.len() == 1;
                let delete = ui.add_enabled_ui(!only, |ui| {
                    let hint =
                        if only { "An action needs at least one treatment" } else { "Delete; undo brings it back" };
                    widgets::icon_button(ui, icons::ICON_DELETE, &format!("Delete treatment {}", treatment.id), hint)
                });
                if delete.inner.clicked() {
                    asks.edit(Edit::RemoveTreatment { action: action.id.clone(), id: treatment.id.clone() });
                }
            });
        });
    }
}
