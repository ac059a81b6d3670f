//! The list of models: name, what it learns, where it stands, how good it is.

use super::{selected, state};
use crate::theme::{bold, metrics};
use crate::view::{Asks, Ctx, Target};
use crate::widgets::{badge, card as framed, progress_bar, selectable_card};
use attune_lab::models::{Family, ModelSpec};
use attune_lab::project::Attachment;
use attune_session::Edit;
use egui::{Label, RichText, Ui};

/// Draws it.
pub fn ui(ui: &mut Ui, ctx: &Ctx<'_>, asks: &mut Asks) {
    ui.set_width(ui.available_width() - 10.0);
    ui.spacing_mut().item_spacing.y = metrics().gap;
    let chosen = selected(ctx).map(|spec| spec.id.as_str());
    for spec in ctx.session.document().models.iter() {
        card(ui, ctx, spec, chosen == Some(spec.id.as_str()), asks);
    }
    for attachment in ctx.session.document().attached.iter() {
        attached(ui, attachment, asks);
    }
}

/// Models that were learned apart: what they are, from what, how rules read them, and out with them.
fn attached(ui: &mut Ui, attachment: &Attachment, asks: &mut Asks) {
    let uses = attachment.uses.iter().map(|usage| format!("{}: {}", usage.name, usage.expr));
    let told: Vec<String> = uses.chain(attachment.freshness()).collect();
    let shown = framed(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 3.0;
        ui.add(Label::new(bold(&attachment.name)).selectable(false).wrap());
        let until =
            attachment.until().map(|until| format!("knows what happened until {until}; attach it anew to refresh it"));
        let from = format!("attached, learned from {}", attachment.source.name);
        for line in [attachment.family.clone(), from].into_iter().chain(until) {
            ui.add(Label::new(RichText::new(line).small().weak()).selectable(false).wrap());
        }
        ui.add_space(3.0);
        let button = ui.button(format!("Detach {}", attachment.id));
        if button.on_hover_text("Take these models out of the project; rules that read them stay").clicked() {
            asks.edit(Edit::Detach(attachment.id.clone()));
        }
    });
    shown.response.on_hover_text(told.join("\n"));
}

fn card(ui: &mut Ui, ctx: &Ctx<'_>, spec: &ModelSpec, chosen: bool, asks: &mut Asks) {
    let state = ctx.session.model(&spec.id);
    let (tone, word) = state::words(&state);
    let name = format!("Model {}, {word}", spec.name);
    let shown = selectable_card(ui, ("model", &spec.id), &name, chosen, |ui| {
        ui.spacing_mut().item_spacing.y = 3.0;
        ui.add(Label::new(bold(&spec.name)).selectable(false).wrap());
        let outcome = ctx.source(&spec.outcome);
        for line in [format!("{} · {outcome}", learner(spec)), rows(spec)] {
            ui.add(Label::new(RichText::new(line).small().weak()).selectable(false).truncate());
        }
        ui.horizontal(|ui| {
            badge(ui, tone, word);
            if let Some(progress) = state.progress() {
                progress_bar(ui, progress.fraction, ui.available_width().min(90.0)).on_hover_text(&progress.stage);
            } else if let Some(model) = state.value() {
                let text = model.report.headline();
                ui.add(Label::new(RichText::new(text).small()).selectable(false));
            }
        });
    });
    if shown.response.clicked() {
        asks.select(Target::Model(spec.id.clone()));
    }
}

/// `Logistic · visit · rows with Mens E-Mail`.
pub fn describe(ctx: &Ctx<'_>, spec: &ModelSpec) -> String {
    let outcome = ctx.source(&spec.outcome);
    format!("{} · {outcome} · {}", learner(spec), rows(spec))
}

/// What learns it: the family, or the learner of effects.
fn learner(spec: &ModelSpec) -> String {
    match &spec.uplift {
        None => family(&spec.family).to_owned(),
        Some(uplift) => format!("Uplift, {}", uplift.learner.words()),
    }
}

fn rows(spec: &ModelSpec) -> String {
    if let (Some(arm), Some(uplift)) = (&spec.arm, &spec.uplift) {
        return format!("{arm} against {}", uplift.control);
    }
    spec.arm.as_ref().map_or_else(|| "all rows".to_owned(), |arm| format!("rows with {arm}"))
}

/// The family in words.
pub fn family(family: &Family) -> &'static str {
    match family {
        Family::Logistic { .. } => "Logistic regression",
        Family::Boosted { .. } => "Boosted trees",
        other => other.words(),
    }
}
