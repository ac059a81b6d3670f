//! How history chose its actions: a randomised trial with shares by design, a column of propensities, or not known.

use crate::theme::{Tone, metrics};
use crate::view::{Asks, Ctx, gesture};
use crate::widgets::{choice, hint, link, number, section};
use attune_lab::data::{Logging, Role};
use attune_session::Edit;
use egui::{DragValue, Label, RichText, Ui, Vec2};
use std::collections::BTreeMap;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Randomised,
    Column,
    Unknown,
}

/// Draws it, when there is an action column.
pub fn ui(ui: &mut Ui, ctx: &Ctx<'_>, asks: &mut Asks) {
    let roles = &ctx.session.document().roles;
    if roles.first(Role::Action).is_none() {
        return;
    }
    section(ui, "How history chose", "logging propensity", |ui| {
        let before = match roles.logging {
            Logging::Randomised(_) => Kind::Randomised,
            Logging::Column => Kind::Column,
            Logging::Unknown => Kind::Unknown,
        };
        let mut kind = before;
        let options = [
            (Kind::Randomised, "By lot, in a randomised trial".to_owned()),
            (Kind::Column, "A column tells per row".to_owned()),
            (Kind::Unknown, "Not known".to_owned()),
        ];
        let width = ui.available_width();
        if choice(ui, "logging", "How history chose", &mut kind, &options, width) {
            asks.edit(Edit::SetLogging(match kind {
                Kind::Randomised => Logging::Randomised(equal(ctx)),
                Kind::Column => Logging::Column,
                Kind::Unknown => Logging::Unknown,
            }));
        }
        if let Some(why) = &roles.guess {
            warn(ui, ctx, &format!("This is a guess: {why}. Were the arms drawn by lot?"));
            ui.horizontal(|ui| {
                if link(ui, "Yes, by lot").clicked() {
                    asks.edit(Edit::SetLogging(roles.logging.clone()));
                }
                ui.add_space(metrics().gap);
                if link(ui, "No, it is not known").clicked() {
                    asks.edit(Edit::SetLogging(Logging::Unknown));
                }
            });
        }
        match &roles.logging {
            Logging::Randomised(shares) => shares_of(ui, ctx, shares, asks),
            Logging::Column => match roles.first(Role::LoggingPropensity).or(roles.first(Role::Probabilities)) {
                Some(name) => {
                    hint(ui, &format!("Read from the column “{name}”."));
                }
                None => {
                    warn(
                        ui,
                        ctx,
                        "Give the column with the probabilities the role Logging propensity, or that of lists the role Probabilities.",
                    );
                }
            },
            Logging::Unknown => {
                warn(
                    ui,
                    ctx,
                    "Without the probability of each choice, what another policy would have earned cannot be told from this history.",
                );
            }
        }
    });
}

fn shares_of(ui: &mut Ui, ctx: &Ctx<'_>, shares: &BTreeMap<String, f64>, asks: &mut Asks) {
    ui.spacing_mut().item_spacing.y = 3.0;
    for (value, share) in shares {
        ui.horizontal(|ui| {
            let field = 96.0;
            let width = ui.available_width() - field - metrics().gap;
            ui.allocate_ui_with_layout(
                Vec2::new(width, metrics().control),
                egui::Layout::left_to_right(egui::Align::Center),
                |ui| {
                    ui.set_width(width);
                    ui.add(Label::new(value).truncate());
                },
            );
            let mut now = *share * 100.0;
            let drag = DragValue::new(&mut now).range(0.0..=100.0).speed(0.1).max_decimals(4).suffix(" %");
            let response = ui.add_sized([field, metrics().control], drag);
            let response = response.accessible_name(format!("Logging propensity of {value}"));
            gesture(&response, asks);
            if response.changed() {
                let mut shares = shares.clone();
                shares.insert(value.clone(), now / 100.0);
                asks.edit(Edit::SetLogging(Logging::Randomised(shares)));
            }
        });
    }
    let sum: f64 = shares.values().sum();
    if (sum - 1.0).abs() > 1e-6 {
        warn(ui, ctx, &format!("The shares add up to {}, not 100 %.", number::percent(sum, 2)));
    }
    ui.horizontal(|ui| {
        if link(ui, "Equal shares").clicked() {
            asks.edit(Edit::SetLogging(Logging::Randomised(equal(ctx))));
        }
        ui.add_space(metrics().gap);
        if let Some(observed) = observed(ctx)
            && link(ui, "Shares seen in the data")
                .on_hover_text("Use the design's own shares when you know them")
                .clicked()
        {
            asks.edit(Edit::SetLogging(Logging::Randomised(observed)));
        }
    });
}

fn warn(ui: &mut Ui, ctx: &Ctx<'_>, text: &str) {
    ui.add(Label::new(RichText::new(text).color(Tone::Warn.color(ctx.tokens))).wrap());
}

/// The same share for every value that has a meaning.
fn equal(ctx: &Ctx<'_>) -> BTreeMap<String, f64> {
    let arms = &ctx.session.document().roles.arms;
    arms.keys().map(|value| (value.clone(), 1.0 / arms.len().max(1) as f64)).collect()
}

/// The shares of the values with a meaning, as counted.
fn observed(ctx: &Ctx<'_>) -> Option<BTreeMap<String, f64>> {
    let roles = &ctx.session.document().roles;
    let column = roles.first(Role::Action)?;
    let profile = ctx.session.profile().value()?.clone();
    let profile = profile.columns.iter().find(|c| c.name == column)?;
    let used: Vec<&(String, u64)> = profile.top.iter().filter(|(value, _)| roles.arms.contains_key(value)).collect();
    let total: u64 = used.iter().map(|(_, count)| count).sum();
    (total > 0).then(|| used.iter().map(|(value, count)| (value.clone(), *count as f64 / total as f64)).collect())
}
