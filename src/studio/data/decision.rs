//! What is done with a column at a decision: how old its value may be, and what stands in where it is missing.

use super::words;
use crate::policy::{edits, input};
use crate::view::{Asks, Ctx};
use crate::widgets::{capital, choice, labelled, plain_button, section};
use attune_lab::data::{Column, Role};
use attune_lab::features::entry::{FieldRule, parse};
use attune_lab::project;
use attune_policy::schema::{Freshness, Missing};
use attune_policy::value::{Type, Value};
use attune_session::Edit;
use egui::{Id, RichText, Ui};

/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// What is done where a value is missing, without the value.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    Unknown,
    Default,
    Refuse,
}

/// Draws the rules of a column that decisions read; of any other only what was once said of it.
pub fn ui(ui: &mut Ui, ctx: &Ctx<'_>, column: &Column, asks: &mut Asks) {
    let parts = ctx.session.document();
    let rule = project::field_rules(parts).remove(&column.name).unwrap_or_default();
    match project::why_idle(parts, &column.name) {
        Some(why) if !rule.is_empty() => return idle(ui, column, &rule, &why, asks),
        _ if project::field_type(parts, &column.name).is_err() => return,
        _ => {}
    }
    section(ui, "At a decision", "", |ui| {
        freshness(ui, ctx, column, &rule, asks);
        missing(ui, ctx, column, &rule, asks);
        if !rule.is_empty() {
            let words = capital(&rule.words());
            ui.label(RichText::new(format!("{words}.")).small().weak());
        }
    });
}

/// A rule that is not in force: why, and a way to take it out.
fn idle(ui: &mut Ui, column: &Column, rule: &FieldRule, why: &str, asks: &mut Asks) {
    section(ui, "At a decision", "", |ui| {
        ui.label(RichText::new(format!("Not in force: {why}. It says: {}.", rule.words())).small().weak());
        let field = || column.name.clone();
        if rule.freshness.is_some() && plain_button(ui, None, "Take out the age rule").clicked() {
            asks.edit(Edit::SetFreshness { field: field(), freshness: None });
        }
        if !rule.missing.is_unknown() && plain_button(ui, None, "Take out the rule for missing values").clicked() {
            asks.edit(Edit::SetMissing { field: field(), missing: Missing::Unknown });
        }
    });
}

fn freshness(ui: &mut Ui, ctx: &Ctx<'_>, column: &Column, rule: &FieldRule, asks: &mut Asks) {
    let times: Vec<String> =
        project::times(ctx.session.document()).into_iter().filter(|name| *name != column.name).collect();
    let mut at = rule.freshness.as_ref().map(|freshness| freshness.at.clone());
    if times.is_empty() && at.is_none() {
        return;
    }
    let mut options = vec![(None, "Any age".to_owned())];
    options.extend(times.into_iter().map(|name| (Some(name.clone()), format!("by {}", ctx.source(&name)))));
    let max_age = rule.freshness.as_ref().map_or(7 * DAY as u64, |freshness| freshness.max_age);
    let set = |freshness: Option<Freshness>| Edit::SetFreshness { field: column.name.clone(), freshness };
    let width = ui.available_width();
    labelled(ui, "How old it may be", |ui| {
        let name = format!("Age of {}", column.source);
        if choice(ui, ("age", &column.name), &name, &mut at, &options, width) {
            asks.edit(set(at.clone().map(|at| Freshness { at, max_age })));
        }
        ui.label(RichText::new("The time that says when the value stood").small().weak())
    });
    if let Some(freshness) = &rule.freshness {
        ui.horizontal(|ui| {
            ui.label("at most");
            let days = max_age as f64 / DAY;
            let label = format!("Greatest age of {} in days", column.source);
            let changed =
                input::number(ui, &label, days, |field| field.range(0.01..=36_500.0).speed(0.2).suffix(" days"));
            let change = changed.map(|days| {
                let max_age = (days * DAY).round().max(1.0) as u64;
                set(Some(Freshness { at: freshness.at.clone(), max_age }))
            });
            edits::send(asks, change);
        });
    }
}

fn missing(ui: &mut Ui, ctx: &Ctx<'_>, column: &Column, rule: &FieldRule, asks: &mut Asks) {
    let mut then = match rule.missing {
        Missing::Unknown => Then::Unknown,
        Missing::Default(_) => Then::Default,
        Missing::Refuse => Then::Refuse,
    };
    let mut options = vec![(Then::Unknown, "Is unknown".to_owned())];
    // Nobody's consent is assumed.
    if ctx.session.document().roles.role(&column.name) != Role::Consent {
        options.push((Then::Default, "A value stands in".to_owned()));
    }
    options.push((Then::Refuse, "The policy does not decide".to_owned()));
    let set = |missing: Missing| Edit::SetMissing { field: column.name.clone(), missing };
    let width = ui.available_width();
    labelled(ui, "Where it is missing", |ui| {
        let name = format!("Missing {}", column.source);
        if choice(ui, ("missing", &column.name), &name, &mut then, &options, width) {
            asks.edit(set(match then {
                Then::Unknown => Missing::Unknown,
                Then::Default => Missing::Default(usual(column.type_)),
                Then::Refuse => Missing::Refuse,
            }));
        }
        let which = match rule.freshness {
            Some(_) => "Or older than it may be",
            None => "Empty, or not part of the request",
        };
        ui.label(RichText::new(which).small().weak())
    });
    if let Missing::Default(value) = &rule.missing {
        let label = format!("Value in place of a missing {}", column.source);
        let (id, hint) = (Id::unique(("default", &column.name)), words::type_(column.type_));
        let current = match value {
            Value::Text(text) => text.to_string(),
            value => value.to_string(),
        };
        if let Some(text) = input::text(ui, id, &label, &current, hint, ui.available_width()) {
            match parse(&text, Some(column.type_)) {
                Some(value) => asks.edit(set(Missing::Default(value))),
                None => {
                    ui.label(RichText::new(format!("{text} is no value of this column")).small());
                }
            }
        }
    }
}

/// A value to begin with.
fn usual(type_: Type) -> Value {
    match type_ {
        Type::Bool => Value::Bool(false),
        Type::Integer => Value::Integer(0),
        Type::Number => Value::Number(0.0),
        Type::Text => Value::text("unknown"),
        Type::Time => Value::Time(0),
    }
}
