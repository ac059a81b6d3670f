//! The condition builder: rows of field, operator and value, joined by and / or, with groups joined the other way round.

use super::condition::{self, Choice};
use super::input::{self, Change};
use super::look::Look;
use super::names::Known;
use super::picker;
use super::values;
use crate::theme::{self, metrics};
use crate::widgets;
use attune_policy::Value;
use attune_policy::language::conditions::{Condition, Conditions, Item, Join, Operator, Subject};
use attune_policy::value::Type;
use egui::{Align, Id, Layout, RichText, Ui};
use egui_material_icons::icons;

/// Width of the column of joining words.
const WORD: f32 = 46.0;

/// Draws the conditions of a rule; gives what they become.
pub fn show(ui: &mut Ui, look: &Look<'_>, rule: &str, conditions: &Conditions) -> Change<Conditions> {
    let mut change = Change::None;
    if conditions.items.is_empty() {
        widgets::hint(ui, "No condition yet: the rule keeps everybody.");
    }
    let mut number = 0;
    for (i, item) in conditions.items.iter().enumerate() {
        let id = Id::unique(("condition", rule, i));
        let alone = conditions.items.len() == 1;
        let new = ui.push_id(id, |ui| match item {
            Item::One(one) => {
                number += 1;
                ui.horizontal(|ui| {
                    if let Some(join) = lead(ui, i, conditions.join, "when") {
                        return Change::Done(Some(Conditions { join, ..conditions.clone() }));
                    }
                    row(ui, look, id, number, one, (!alone).then(|| conditions.join.other())).map(|new| {
                        new.map_or(Some(condition::with_item(conditions, i, None)), |item| {
                            Some(condition::with_item(conditions, i, Some(item)))
                        })
                    })
                })
                .inner
            }
            Item::Group(group) => {
                let mut change = Change::None;
                ui.horizontal_top(|ui| {
                    if let Some(join) = lead(ui, i, conditions.join, "when") {
                        change = Change::Done(Some(Conditions { join, ..conditions.clone() }));
                    }
                    let new = boxed(ui, |ui| self::group(ui, look, id, &mut number, group, conditions.join.other()));
                    if new != Change::None {
                        change = new.map(|item| Some(condition::with_item(conditions, i, Some(item))));
                    }
                });
                change
            }
        });
        match new.inner {
            Change::None => {}
            new => change = new.map(|new| new.unwrap_or_default()),
        }
    }
    ui.horizontal(|ui| {
        ui.add_space(WORD + ui.spacing().item_spacing.x);
        if widgets::plain_button(ui, Some(icons::ICON_ADD), "Add condition").clicked() {
            let mut new = conditions.clone();
            new.items.push(Item::One(first(look)));
            change = Change::Done(new);
        }
    });
    change
}

/// A box around a group.
fn boxed<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) -> R {
    let tokens = theme::tokens(ui.ctx());
    let frame = egui::Frame::new().fill(tokens.panel).stroke(egui::Stroke::new(1.0, tokens.border));
    let shown = frame.corner_radius(metrics().radius).inner_margin(8).show(ui, |ui| {
        ui.vertical(|ui| {
            ui.set_width(ui.available_width());
            content(ui)
        })
        .inner
    });
    shown.inner
}

/// A new condition about the first thing that can be picked.
fn first(look: &Look<'_>) -> Condition {
    match look.known.first() {
        Some(known) => condition::about(known),
        None => {
            Condition { subject: Subject::Fact("channel".to_owned()), operator: Operator::Known, values: Vec::new() }
        }
    }
}

/// The word before a row: `when`, then and / or; the second one can be changed, the others follow it.
fn lead(ui: &mut Ui, at: usize, join: Join, when: &str) -> Option<Join> {
    let size = [WORD, metrics().control];
    let words = |join| if join == Join::All { "and" } else { "or" };
    if at == 1 {
        let mut chosen = join;
        let options = [(Join::All, words(Join::All).to_owned()), (Join::Any, words(Join::Any).to_owned())];
        return widgets::choice(ui, "join", "Conditions joined by", &mut chosen, &options, WORD).then_some(chosen);
    }
    let word = if at == 0 { when } else { words(join) };
    ui.add_sized(size, egui::Label::new(RichText::new(word).weak()).selectable(false));
    None
}

/// A group: its rows are joined the other way round.
fn group(ui: &mut Ui, look: &Look<'_>, id: Id, number: &mut usize, group: &[Condition], join: Join) -> Change<Item> {
    let mut change = Change::None;
    for (c, one) in group.iter().enumerate() {
        *number += 1;
        ui.push_id(c, |ui| {
            ui.horizontal(|ui| {
                let word = match (c, join) {
                    (0, Join::Any) => "either",
                    (0, Join::All) => "both",
                    (_, Join::Any) => "or",
                    (_, Join::All) => "and",
                };
                ui.add_sized(
                    [WORD - 10.0, metrics().control],
                    egui::Label::new(RichText::new(word).weak()).selectable(false),
                );
                let new = row(ui, look, id.with(c), *number, one, None);
                if new != Change::None {
                    change = new.map(|new| {
                        let mut rows = group.to_vec();
                        match new {
                            Some(Item::One(one)) => {
                                if let Some(place) = rows.get_mut(c) {
                                    *place = one;
                                }
                            }
                            Some(Item::Group(more)) => rows = more,
                            None => drop(rows.remove(c)),
                        }
                        Item::Group(rows)
                    });
                }
            });
        });
    }
    let word = if join == Join::Any { "Add alternative" } else { "Add condition to this group" };
    if widgets::link(ui, word).clicked() {
        let mut rows = group.to_vec();
        rows.push(first(look));
        change = Change::Done(Item::Group(rows));
    }
    change
}

/// One condition; gives what it becomes, `None` when it goes. `grouping` is how a group made from it would be joined.
fn row(
    ui: &mut Ui,
    look: &Look<'_>,
    id: Id,
    number: usize,
    one: &Condition,
    grouping: Option<Join>,
) -> Change<Option<Item>> {
    let label = format!("Condition {number}");
    let mut change = Change::None;
    // The buttons first, at the right end, so that they stand in one column and the rest gets what is left.
    let rest = egui::vec2(ui.available_width(), metrics().control);
    ui.allocate_ui_with_layout(rest, Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        if widgets::icon_button(ui, icons::ICON_CLOSE, &format!("Remove {label}"), "Take this condition away").clicked()
        {
            change = Change::Done(None);
        }
        if let Some(join) = grouping {
            let (name, hint) = match join {
                Join::Any => ("Add alternative to", "Or something else in its place: this or that"),
                Join::All => ("Add requirement to", "And something else with it: this and that"),
            };
            if widgets::icon_button(ui, icons::ICON_CALL_SPLIT, &format!("{name} {label}"), hint).clicked() {
                change = Change::Done(Some(Item::Group(vec![one.clone(), one.clone()])));
            }
        }
        ui.with_layout(Layout::left_to_right(Align::Center).with_main_wrap(true), |ui| {
            ui.spacing_mut().item_spacing.x = metrics().gap;
            let new = fields(ui, look, id, &label, one);
            if new != Change::None {
                change = new.map(|new| Some(Item::One(new)));
            }
        });
    });
    change
}

fn fields(ui: &mut Ui, look: &Look<'_>, id: Id, label: &str, one: &Condition) -> Change<Condition> {
    let known = look.known.iter().find(|k| k.subject == one.subject);
    let items: Vec<picker::Item> = look.known.iter().map(Known::item).collect();
    let current = known.map_or_else(|| missing(&one.subject), Known::item);
    let picked = picker::show(ui, id.with("picker"), &format!("{label} field"), &current, &items, 150.0);
    if let Some(picked) = picked.and_then(|index| look.known.get(index)) {
        return Change::Done(condition::with_subject(one, picked));
    }
    let Some(known) = known else {
        let tokens = theme::tokens(ui.ctx());
        ui.label(RichText::new("is not in this project").color(tokens.err));
        return Change::None;
    };
    let mut choice = Choice::of(one);
    let mut options: Vec<(Choice, String)> =
        Choice::all(known.type_).into_iter().map(|c| (c, c.words(known.type_).to_owned())).collect();
    if !options.iter().any(|(known, _)| *known == choice) {
        options.push((choice, choice.words(known.type_).to_owned()));
    }
    if widgets::choice(ui, "operator", &format!("{label} operator"), &mut choice, &options, 104.0) {
        return Change::Done(condition::choose(one, choice, known));
    }
    let values = value(ui, id, &format!("{label} value"), known, one);
    values.map(|values| Condition { values, ..one.clone() })
}

/// A name that a rule uses and the project does not have.
fn missing(subject: &Subject) -> picker::Item {
    let (Subject::Field(name) | Subject::Score(name) | Subject::Fact(name)) = subject;
    picker::Item { icon: icons::ICON_HELP, name: name.clone(), detail: String::new(), group: "" }
}

/// The widget that fits the type and the operator.
fn value(ui: &mut Ui, id: Id, label: &str, known: &Known, one: &Condition) -> Change<Vec<Value>> {
    let first = one.values.first();
    match (one.operator, known.type_) {
        (Operator::Known | Operator::Missing, _) | (Operator::Equal, Type::Bool) => Change::None,
        (Operator::In | Operator::NotIn, Type::Text) => {
            let chosen = condition::texts(&one.values);
            match values::chips(ui, id.with("chips"), label, known, &chosen) {
                Some(texts) => Change::Done(condition::from_texts(&texts)),
                None => Change::None,
            }
        }
        (Operator::In | Operator::NotIn, _) => {
            let list: Vec<String> = one.values.iter().map(Value::to_string).collect();
            ui.label(RichText::new(list.join(", ")).monospace()).on_hover_text("Edit this list in the code");
            Change::None
        }
        (Operator::Between, Type::Time) => {
            let ends = [0, 1].map(|i| time(one.values.get(i)));
            two(ui, label, ends, |ui, label, ms| values::day(ui, id.with(label), label, ms), Value::Time)
        }
        (Operator::Between, type_) => {
            let ends = [0, 1].map(|i| one.values.get(i).and_then(Value::as_f64).unwrap_or(0.0));
            let whole = type_ == Type::Integer;
            let field = |ui: &mut Ui, label: &str, x: f64| input::number(ui, label, x, |v| values::precise(v, whole));
            two(ui, label, ends, field, |x| condition::number(x, type_))
        }
        (_, Type::Text) => {
            values::text(ui, id.with("text"), label, first.and_then(Value::as_text).unwrap_or_default(), known)
                .map(|text| vec![Value::text(text)])
        }
        (_, Type::Time) => values::day(ui, id.with("day"), label, time(first)).map(|ms| vec![Value::Time(ms)]),
        (_, type_) => {
            let x = first.and_then(Value::as_f64).unwrap_or(0.0);
            values::number(ui, label, known, x).map(|x| vec![condition::number(x, type_)])
        }
    }
}

fn time(value: Option<&Value>) -> i64 {
    match value {
        Some(Value::Time(ms)) => *ms,
        _ => 0,
    }
}

/// Two fields with "and" between them.
fn two<T: Copy + PartialEq>(
    ui: &mut Ui,
    label: &str,
    [low, high]: [T; 2],
    mut field: impl FnMut(&mut Ui, &str, T) -> Change<T>,
    make: impl Fn(T) -> Value,
) -> Change<Vec<Value>> {
    let from = field(ui, &format!("{label} from"), low);
    ui.label(RichText::new("and").weak());
    let to = field(ui, &format!("{label} to"), high);
    match from {
        Change::None => to.map(|high| vec![make(low), make(high)]),
        from => from.map(|low| vec![make(low), make(high)]),
    }
}
