//! Arbitration: the formula that ranks what is left, weights that apply in a context, and floors.

use super::input::{self, Change};
use super::look::Look;
use super::{edits, expression, scope};
use crate::theme::{self, metrics};
use crate::view::Asks;
use crate::widgets::{self, number};
use attune_lab::project::slug;
use attune_policy::arbitration::{ContextWeight, Floor, Mode};
use attune_policy::diagnostic::Part;
use attune_policy::language::Use;
use attune_policy::rule::Scope;
use attune_session::Edit;
use egui::{Align, Layout, RichText, Ui};
use egui_material_icons::icons;

/// What an expression starts from when the mode is first chosen: the formula of the mode before.
fn starting_expression(mode: &Mode) -> String {
    match mode {
        Mode::Pcvl => "propensity * context_weight * value * lever".to_owned(),
        Mode::NetValue => "propensity * value * context_weight * lever - cost".to_owned(),
        Mode::Uplift => "uplift * value * context_weight * lever - cost".to_owned(),
        Mode::GeometricMean { .. } => "sqrt(propensity * value)".to_owned(),
        Mode::Expression(text) => text.clone(),
    }
}

/// Draws arbitration.
pub fn show(ui: &mut Ui, look: &Look<'_>, asks: &mut Asks) {
    widgets::heading(ui, "Arbitration", "the candidate with the highest priority wins", |_| {});
    widgets::hint(
        ui,
        "Mandatory actions come first. Equal priorities are decided by group, action and treatment id, so the order of the list never matters.",
    );
    ui.add_space(metrics().gap);
    mode(ui, look, asks);
    ui.add_space(metrics().gap);
    weights(ui, look, asks);
    ui.add_space(metrics().gap);
    floors(ui, look, asks);
    ui.add_space(metrics().gap);
}

fn mode(ui: &mut Ui, look: &Look<'_>, asks: &mut Asks) {
    let mode = &look.draft.arbitration.mode;
    widgets::section(ui, "Priority", "", |ui| {
        let choices = [
            (
                matches!(mode, Mode::Pcvl),
                "P × C × V × L",
                "Propensity × context weight × value × levers. Doing nothing is not a candidate.",
            ),
            (
                matches!(mode, Mode::NetValue),
                "P × V × C × L − cost",
                "Expected net value. Doing nothing stands at 0, so an action must earn more than it costs.",
            ),
            (
                matches!(mode, Mode::Uplift),
                "Uplift × V × C × L − cost",
                "What the action changes, not what happens anyway. An action that probably does harm is dropped; doing nothing stands at 0.",
            ),
            (
                matches!(mode, Mode::GeometricMean { .. }),
                "Weighted geometric mean",
                "P, C, V and L each to the power of its weight: a weight of 2 counts twice, 0 not at all.",
            ),
            (
                matches!(mode, Mode::Expression(_)),
                "Own expression",
                "A Rhai expression over propensity, context_weight, value, lever, cost, fields and action facts.",
            ),
        ];
        for (i, (on, text, help)) in choices.into_iter().enumerate() {
            if ui.radio(on, theme::bold(text)).clicked() && !on {
                let new = match i {
                    0 => Mode::Pcvl,
                    1 => Mode::NetValue,
                    2 => Mode::Uplift,
                    3 => Mode::GeometricMean { p: 1.0, c: 1.0, v: 1.0, l: 1.0 },
                    _ => Mode::Expression(starting_expression(mode)),
                };
                asks.edit(Edit::SetMode(new));
            }
            egui::Frame::new().inner_margin(egui::Margin { left: 22, bottom: 4, ..egui::Margin::ZERO }).show(
                ui,
                |ui| {
                    ui.add(egui::Label::new(RichText::new(help).weak()).wrap());
                },
            );
        }
        if let Mode::GeometricMean { p, c, v, l } = *mode {
            geometric(ui, [p, c, v, l], asks);
        }
        if let Mode::Expression(text) = mode {
            ui.add_space(metrics().gap_small);
            let id = egui::Id::unique("arbitration expression");
            if let Some(text) = expression::editor(ui, look, id, "Priority expression", text, Use::Priority) {
                asks.edit(Edit::SetMode(Mode::Expression(text)));
            }
        }
        let tokens = theme::tokens(ui.ctx());
        for finding in look.findings_of(&Part::Arbitration) {
            let color = crate::editor::marks::color(finding.severity, tokens);
            ui.add(egui::Label::new(widgets::prose(&finding.message, metrics().body, color)).wrap());
        }
    });
}

/// The four weights of the geometric mean.
fn geometric(ui: &mut Ui, weights: [f64; 4], asks: &mut Asks) {
    ui.horizontal_wrapped(|ui| {
        for (i, name) in ["Propensity", "Context weight", "Value", "Lever"].into_iter().enumerate() {
            ui.label(RichText::new(name).weak());
            let label = format!("Weight of {}", name.to_lowercase());
            let change = input::number(ui, &label, weights[i], |v| v.range(0.0..=10.0).speed(0.05).max_decimals(2));
            let edit = change.map(|weight| {
                let mut new = weights;
                new[i] = weight;
                let [p, c, v, l] = new;
                Edit::SetMode(Mode::GeometricMean { p, c, v, l })
            });
            edits::send(asks, edit);
        }
    });
}

fn weights(ui: &mut Ui, look: &Look<'_>, asks: &mut Asks) {
    let weights = &look.draft.arbitration.context_weights;
    widgets::card(ui, |ui| {
        let add = widgets::title_row(ui, "Context weights", "C = 1 + matched percent / 100", |ui| {
            widgets::plain_button(ui, Some(icons::ICON_ADD), "Add weight").clicked()
        });
        if add {
            let id = slug("weight", &|id| weights.iter().any(|w| w.id == id));
            let mut new = weights.clone();
            new.push(ContextWeight { id, scope: Scope::All, when: "true".to_owned(), percent: 10.0 });
            asks.edit(Edit::SetContextWeights(new));
        }
        if weights.is_empty() {
            widgets::hint(ui, "A weight raises or lowers the priority of some actions while its condition holds.");
        }
        for (i, weight) in weights.iter().enumerate() {
            ui.push_id(&weight.id, |ui| weight_row(ui, look, i, weight, asks));
        }
    });
}

fn weight_row(ui: &mut Ui, look: &Look<'_>, i: usize, weight: &ContextWeight, asks: &mut Asks) {
    let weights = &look.draft.arbitration.context_weights;
    ui.add_space(metrics().gap_small);
    ui.horizontal(|ui| {
        let change = input::number(ui, &format!("Percent of {}", weight.id), weight.percent, |v| {
            v.range(-100.0..=1000.0).speed(0.5).suffix("\u{a0}%").max_decimals(1)
        });
        edits::weight(asks, weights, i, change, |w, percent| w.percent = percent);
        ui.label(RichText::new("for").weak());
        if let Some(chosen) = scope::picker(ui, "scope", &format!("Scope of {}", weight.id), look.draft, &weight.scope)
        {
            edits::weight(asks, weights, i, Change::Done(chosen), |w, chosen| w.scope = chosen);
        }
        ui.label(RichText::new("when").weak());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if widgets::icon_button(
                ui,
                icons::ICON_DELETE,
                &format!("Delete weight {}", weight.id),
                "Delete; undo brings it back",
            )
            .clicked()
            {
                let mut new = weights.clone();
                new.retain(|w| w.id != weight.id);
                asks.edit(Edit::SetContextWeights(new));
            }
        });
    });
    let id = egui::Id::unique(("weight", &weight.id));
    if let Some(when) =
        expression::editor(ui, look, id, &format!("Condition of {}", weight.id), &weight.when, Use::Keep)
    {
        edits::weight(asks, weights, i, Change::Done(when), |w, when| w.when = when);
    }
}

fn floors(ui: &mut Ui, look: &Look<'_>, asks: &mut Asks) {
    let floors = &look.draft.arbitration.floors;
    widgets::card(ui, |ui| {
        let add = widgets::title_row(ui, "Floors", "below any of them a candidate is dropped", |ui| {
            widgets::plain_button(ui, Some(icons::ICON_ADD), "Add floor").clicked()
        });
        if add {
            let mut new = floors.clone();
            new.push(Floor { scope: Scope::All, min_propensity: Some(0.01), min_priority: None });
            asks.edit(Edit::SetFloors(new));
        }
        if floors.is_empty() {
            widgets::hint(
                ui,
                "Without floors even the least promising candidate goes out when it is the best that is left.",
            );
        }
        for (i, floor) in floors.iter().enumerate() {
            ui.push_id(i, |ui| floor_row(ui, look, i, floor, asks));
        }
    });
}

fn floor_row(ui: &mut Ui, look: &Look<'_>, i: usize, floor: &Floor, asks: &mut Asks) {
    let floors = &look.draft.arbitration.floors;
    ui.horizontal_wrapped(|ui| {
        if let Some(chosen) = scope::picker(ui, "scope", &format!("Scope of floor {}", i + 1), look.draft, &floor.scope)
        {
            edits::floor(asks, floors, i, Change::Done(chosen), |f, chosen| f.scope = chosen);
        }
        let propensity = least(ui, "propensity", i, floor.min_propensity, 0.0..=1.0);
        edits::floor(asks, floors, i, propensity, |f, value| f.min_propensity = value);
        let priority = least(ui, "priority", i, floor.min_priority, -1e9..=1e9);
        edits::floor(asks, floors, i, priority, |f, value| f.min_priority = value);
        if widgets::icon_button(
            ui,
            icons::ICON_DELETE,
            &format!("Delete floor {}", i + 1),
            "Delete; undo brings it back",
        )
        .clicked()
        {
            let mut new = floors.clone();
            new.remove(i);
            asks.edit(Edit::SetFloors(new));
        }
    });
}

/// A least value that may be absent: a check mark, and the number while it is checked.
fn least(
    ui: &mut Ui,
    what: &str,
    i: usize,
    value: Option<f64>,
    range: std::ops::RangeInclusive<f64>,
) -> Change<Option<f64>> {
    let mut on = value.is_some();
    if ui.checkbox(&mut on, format!("least {what}")).changed() {
        return Change::Done(on.then_some(0.01));
    }
    let Some(value) = value else { return Change::None };
    let speed = if *range.end() <= 1.0 { 0.001 } else { 0.01 };
    let label = format!("Least {what} of floor {}", i + 1);
    input::number(ui, &label, value, |v| v.range(range).speed(speed).max_decimals(4)).map(Some)
}

/// The ranking in words, for the effects panel: `P × C × V × L with 2 weights and 1 floor`.
pub fn summary(look: &Look<'_>) -> String {
    let arbitration = &look.draft.arbitration;
    let formula = match arbitration.mode {
        Mode::Pcvl => "P × C × V × L",
        Mode::NetValue => "P × V × C × L − cost",
        Mode::Uplift => "Uplift × V × C × L − cost",
        Mode::GeometricMean { .. } => "a weighted geometric mean",
        Mode::Expression(_) => "an own expression",
    };
    format!(
        "{formula}, {}, {}",
        number::counted(arbitration.context_weights.len() as u64, "context weight", "context weights"),
        number::counted(arbitration.floors.len() as u64, "floor", "floors")
    )
}
