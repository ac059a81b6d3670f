//! Adding models: sensible ones, ready to train.

use super::selected;
use crate::commands;
use crate::theme::metrics;
use crate::view::{Ask, Asks, Ctx, Target};
use attune_lab::data::{Arm, Role};
use attune_lab::models::uplift::Meta;
use attune_lab::models::{Family, ModelSpec};
use attune_lab::project::{self, slug};
use attune_session::Edit;
use egui::{Button, Popup, Ui, Vec2};
use egui_material_icons::icons;

/// The outcome a new model learns: the goal's, else the first.
pub fn outcome(ctx: &Ctx<'_>) -> Option<String> {
    let document = ctx.session.document();
    let of_goal = document.goal.outcome.clone().filter(|name| document.roles.role(name) == Role::Outcome);
    of_goal.or_else(|| document.roles.first(Role::Outcome).map(str::to_owned))
}

/// One model of a family, on all rows.
pub fn one(ctx: &Ctx<'_>, family: Family, asks: &mut Asks) {
    let Some(outcome) = outcome(ctx) else { return };
    let kind = match &family {
        Family::Logistic { .. } => "logistic",
        Family::Boosted { .. } => "trees",
        other => other.words(),
    };
    add(ctx, &mut Vec::new(), &format!("{} {kind}", title(ctx, &outcome)), &outcome, None, family, asks);
}

/// A logistic model for each action of the history.
pub fn per_arm(ctx: &Ctx<'_>, asks: &mut Asks) {
    let Some(outcome) = outcome(ctx) else { return };
    let document = ctx.session.document();
    let mut taken = Vec::new();
    asks.ask(Ask::BeginGesture);
    for (value, _) in document.roles.arms.iter().filter(|(_, arm)| matches!(arm, Arm::Candidate { .. })) {
        let name = format!("{} after {value}", title(ctx, &outcome));
        add(ctx, &mut taken, &name, &outcome, Some(value.clone()), Family::logistic(), asks);
    }
    if taken.is_empty() {
        add(ctx, &mut taken, &format!("{} logistic", title(ctx, &outcome)), &outcome, None, Family::logistic(), asks);
    }
    asks.ask(Ask::EndGesture);
}

/// A model of the effect of each action of the history; `None` without data or an outcome.
pub fn effect_models(ctx: &Ctx<'_>) -> Option<attune_lab::Result<Vec<ModelSpec>>> {
    let (outcome, table) = (outcome(ctx)?, ctx.table()?);
    let document = ctx.session.document();
    Some(project::effect_models(&table, &document.roles, &document.models, &outcome, Meta::default(), None))
}

/// Adds them.
pub fn effects(ctx: &Ctx<'_>, asks: &mut Asks) {
    let Some(Ok(models)) = effect_models(ctx) else { return };
    asks.ask(Ask::BeginGesture);
    for spec in models {
        let id = spec.id.clone();
        asks.edit(Edit::AddModel(spec));
        asks.select(Target::Model(id));
    }
    asks.ask(Ask::EndGesture);
}

/// A copy of the selected model.
pub fn copy(ctx: &Ctx<'_>, asks: &mut Asks) {
    let Some(spec) = selected(ctx) else { return };
    let models = &ctx.session.document().models;
    let name = format!("{} copy", spec.name);
    let id = slug(&name, &|id| models.iter().any(|model| model.id == id));
    asks.edit(Edit::AddModel(ModelSpec { id: id.clone(), name, ..spec.clone() }));
    asks.select(Target::Model(id));
}

fn add(
    ctx: &Ctx<'_>,
    taken: &mut Vec<String>,
    name: &str,
    outcome: &str,
    arm: Option<String>,
    family: Family,
    asks: &mut Asks,
) {
    let models = &ctx.session.document().models;
    let id = slug(name, &|id| models.iter().any(|model| model.id == id) || taken.iter().any(|t| t == id));
    taken.push(id.clone());
    asks.edit(Edit::AddModel(ModelSpec { name: name.to_owned(), arm, family, ..ModelSpec::new(id.clone(), outcome) }));
    asks.select(Target::Model(id));
}

/// The outcome's name with a capital: `Visit`.
fn title(ctx: &Ctx<'_>, outcome: &str) -> String {
    let source = ctx.source(outcome);
    let mut letters = source.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The menu of ways to add one.
pub fn menu(ui: &mut Ui, ctx: &Ctx<'_>, asks: &mut Asks) {
    let button =
        Button::new((icons::ICON_ADD.rich_text().size(16.0), "Add model", icons::ICON_KEYBOARD_ARROW_DOWN.rich_text()));
    let response = ui.add(button.min_size(Vec2::new(0.0, metrics().control))).accessible_name("Add model");
    Popup::menu(&response).show(|ui| {
        ui.set_min_width(260.0);
        for id in [
            "models.per_arm",
            "models.effects",
            "models.logistic",
            "models.boosted",
            "models.duplicate",
            "models.attach",
        ] {
            let Some(command) = commands::find(id) else { continue };
            let ready = command.ready(Some(ctx));
            let button =
                Button::new((command.icon.rich_text().size(16.0), command.name)).min_size(Vec2::new(260.0, 28.0));
            let response =
                ui.add_enabled(ready.is_ok(), button).accessible_name(command.name).on_hover_text(command.tooltip);
            let response = match ready {
                Ok(()) => response,
                Err(missing) => response.on_disabled_hover_text(missing),
            };
            if response.clicked() {
                asks.command(id);
                ui.close();
            }
        }
    });
}
