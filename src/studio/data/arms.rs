//! What each value of the action column stands for: no action, or one of the policy's actions.

use crate::theme::metrics;
use crate::view::{Ask, Asks, Ctx};
use crate::widgets::{choice, hint, number, section};
use attune_lab::data::{Arm, Role};
use attune_policy::action::{Action, Treatment};
use attune_session::Edit;
use egui::{Label, RichText, Ui, Vec2};

/// What a value can be made to mean.
#[derive(Clone, PartialEq)]
enum Meaning {
    Nothing,
    Is(Arm),
    NewAction,
}

/// Draws it, when there is an action column.
pub fn ui(ui: &mut Ui, ctx: &Ctx<'_>, asks: &mut Asks) {
    let document = ctx.session.document();
    let Some(column) = document.roles.first(Role::Action) else { return };
    let profile = ctx.session.profile();
    let of_column = profile.value().and_then(|p| p.columns.iter().find(|c| c.name == column));
    let values: Vec<(String, u64)> = match of_column {
        Some(profile) => profile.top.clone(),
        None => document.roles.arms.keys().map(|value| (value.clone(), 0)).collect(),
    };
    let total: u64 = profile.value().map_or(0, |p| p.rows).max(1);
    let mut options =
        vec![(Meaning::Nothing, "Not used".to_owned()), (Meaning::Is(Arm::NoAction), "No action".to_owned())];
    for action in &document.draft.actions {
        for treatment in &action.treatments {
            let arm = Arm::Candidate { action: action.id.clone(), treatment: treatment.id.clone() };
            let name = if action.treatments.len() == 1 {
                action.name.clone()
            } else {
                format!("{} · {}", action.name, treatment.id)
            };
            options.push((Meaning::Is(arm), name));
        }
    }
    options.push((Meaning::NewAction, "New action".to_owned()));
    section(ui, "What history did", "", |ui| {
        hint(ui, "Say which value means that nothing was done, and which action each other value was.");
        ui.spacing_mut().item_spacing.y = 3.0;
        for (value, count) in &values {
            ui.horizontal(|ui| {
                let picker = 132.0;
                let width = ui.available_width() - picker - metrics().gap;
                ui.allocate_ui_with_layout(
                    Vec2::new(width, metrics().control),
                    egui::Layout::left_to_right(egui::Align::Center),
                    |ui| {
                        ui.set_width(width);
                        let share = number::percent(*count as f64 / total as f64, 1);
                        ui.add(Label::new(value).truncate())
                            .on_hover_text(format!("{} rows, {share}", number::count(*count)));
                        ui.add(Label::new(RichText::new(share).small().weak()).truncate());
                    },
                );
                let before = document.roles.arms.get(value).cloned().map_or(Meaning::Nothing, Meaning::Is);
                let mut now = before;
                if choice(ui, ("arm", value), &format!("Meaning of {value}"), &mut now, &options, picker) {
                    set(ctx, value, now, asks);
                }
            });
        }
    });
}

fn set(ctx: &Ctx<'_>, value: &str, meaning: Meaning, asks: &mut Asks) {
    let arm = match meaning {
        Meaning::Nothing => None,
        Meaning::Is(arm) => Some(arm),
        Meaning::NewAction => {
            let draft = &ctx.session.document().draft;
            let id = attune_lab::project::slug(value, &|id| draft.actions.iter().any(|action| action.id == id));
            let group = draft.issues.iter().flat_map(|issue| &issue.groups).map(|group| group.id.clone()).next();
            let channel = draft.channels.first().map(|channel| channel.id.clone());
            let treatment = id.clone();
            let action = new_action(&id, value, group.unwrap_or_default(), channel.unwrap_or_default());
            asks.ask(Ask::BeginGesture);
            asks.edit(Edit::AddAction(action));
            asks.edit(Edit::SetArm { value: value.to_owned(), arm: Some(Arm::Candidate { action: id, treatment }) });
            asks.ask(Ask::EndGesture);
            return;
        }
    };
    asks.edit(Edit::SetArm { value: value.to_owned(), arm });
}

fn new_action(id: &str, name: &str, group: String, channel: String) -> Action {
    Action {
        id: id.to_owned(),
        name: name.to_owned(),
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
            id: id.to_owned(),
            channel,
            template: String::new(),
            propensity: None,
            ..Treatment::default()
        }],
        ..Action::default()
    }
}
