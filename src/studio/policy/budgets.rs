//! Budgets and stock as cards: what may be spent in a period, and what can run out.

use super::caps::{event_words, events, weekday};
use super::input::{self, Change};
use super::look::Look;
use super::part::{self, Asked};
use super::scope;
use crate::theme::metrics;
use crate::view::Asks;
use crate::widgets::{self, number};
use attune_lab::project::slug;
use attune_policy::contact::{Budget, Clock, EventKind, Measure, Period};
use attune_policy::diagnostic::Part;
use attune_policy::rule::Scope;
use attune_session::{DraftPart, Edit};
use egui::{RichText, Ui};

/// Draws them.
pub fn show(ui: &mut Ui, look: &Look<'_>, asks: &mut Asks) {
    let list = &look.draft.budgets;
    let help = "What all customers together may cost or receive in a period, spent evenly if you like. It counts the history of everybody.";
    if part::title(ui, "Budgets", list.len(), help, "Add budget") {
        let id = slug("budget", &|id| list.iter().any(|b| b.id == id));
        let mut new = list.clone();
        new.push(Budget {
            id,
            name: "Monthly budget".to_owned(),
            scope: Scope::All,
            measure: Measure::Cost,
            event: EventKind::Sent,
            max: Some(1_000.0),
            min: None,
            reset: Some((Period::Month, Clock::Project)),
            from: None,
            until: None,
            pacing: None,
            enabled: true,
        });
        asks.edit(Edit::SetPart(DraftPart::Budgets(new)));
    }
    for (i, item) in list.iter().enumerate() {
        let head = part::Head {
            name: &item.name,
            enabled: item.enabled,
            sentence: &sentence(look, item),
            part: Part::Budget(item.id.clone()),
        };
        let answer = part::card(ui, look, &item.id, &head, |ui| settings(ui, look, item));
        let head = |b: &mut Budget, asked| match asked {
            Asked::Rename(name) => b.name = name,
            Asked::Enable(on) => b.enabled = on,
        };
        part::send(asks, list, i, answer, head, DraftPart::Budgets);
        ui.add_space(metrics().gap);
    }
}

fn settings(ui: &mut Ui, look: &Look<'_>, item: &Budget) -> Change<Budget> {
    let mut change = Change::None;
    let at = |set: &dyn Fn(&mut Budget)| {
        let mut new = item.clone();
        set(&mut new);
        new
    };
    if let Some(chosen) = scope::picker(ui, "scope", "Spent by", look.draft, &item.scope) {
        part::keep(&mut change, Change::Done(at(&|b| b.scope = chosen.clone())));
    }
    let mut measure = item.measure;
    let measures = [(Measure::Cost, "cost".to_owned()), (Measure::Count, "number".to_owned())];
    if widgets::choice(ui, "measure", "What is added up", &mut measure, &measures, 90.0) {
        part::keep(&mut change, Change::Done(at(&|b| b.measure = measure)));
    }
    let mut event = item.event.clone();
    if widgets::choice(ui, "event", "Counted event", &mut event, &events(&item.event), 92.0) {
        part::keep(&mut change, Change::Done(at(&|b| b.event = event.clone())));
    }
    type Set = fn(&mut Budget, Option<f64>);
    let ends: [(&str, Option<f64>, f64, Set); 3] = [
        ("at most", item.max, 1_000.0, |b, x| b.max = x),
        ("at least", item.min, 100.0, |b, x| b.min = x),
        ("evenly, with slack", item.pacing, 0.1, |b, x| b.pacing = x),
    ];
    for (label, value, start, set) in ends {
        let mut on = value.is_some();
        if ui.checkbox(&mut on, label).changed() {
            part::keep(&mut change, Change::Done(at(&|b| set(b, on.then_some(start)))));
        }
        if let Some(x) = value {
            let amount = input::number(ui, &format!("Budget {label}"), x, |v| {
                v.range(0.0..=1e12).speed(if start < 1.0 { 0.01 } else { 1.0 }).max_decimals(2)
            });
            part::keep(&mut change, amount.map(|x| at(&|b| set(b, Some(x)))));
        }
    }
    let mut reset = item.reset;
    let mut resets: Vec<(Option<(Period, Clock)>, String)> = vec![
        (Some((Period::Day, Clock::Project)), "every day".to_owned()),
        (Some((Period::Week(1), Clock::Project)), format!("every {}", weekday(1))),
        (Some((Period::Month, Clock::Project)), "every month".to_owned()),
        (None, "once".to_owned()),
    ];
    if !resets.iter().any(|(r, _)| *r == item.reset) {
        resets.push((item.reset, "as written in the file".to_owned()));
    }
    ui.label(RichText::new("anew").weak());
    if widgets::choice(ui, "reset", "Begins anew", &mut reset, &resets, 120.0) {
        part::keep(&mut change, Change::Done(at(&|b| b.reset = reset)));
    }
    change
}

/// `At most 1,000 of cost per month for every action, spent evenly with 10 % slack`.
fn sentence(look: &Look<'_>, item: &Budget) -> String {
    let what = match item.measure {
        Measure::Cost => format!("of cost {}", event_words(&item.event)),
        Measure::Count => event_words(&item.event).to_owned(),
    };
    let period = match item.reset {
        Some((Period::Day, _)) => " per day",
        Some((Period::Week(_), _)) => " per week",
        Some((Period::Month, _)) => " per month",
        None => " in all",
    };
    let ends = match (item.max, item.min) {
        (Some(max), Some(min)) => format!("Between {} and {}", number::short(min), number::short(max)),
        (Some(max), None) => format!("At most {}", number::short(max)),
        (None, Some(min)) => format!("At least {}", number::short(min)),
        (None, None) => "Any amount".to_owned(),
    };
    let pace =
        item.pacing.map_or(String::new(), |slack| format!(", spent evenly with {} slack", number::percent(slack, 0)));
    format!("{ends} {what}{period} for {}{pace}", scope::words(look.draft, &item.scope))
}
