//! The condition builder: rows of field, operator and value, in groups joined by and / or.

use super::form::{Clause, Form, Group, Op, Operand};
use super::input::{self, Change};
use super::look::Look;
use super::names::{Known, Subject};
use super::picker::{self, Item};
use super::values;
use crate::theme::{self, metrics};
use crate::widgets;
use attune_policy::value::Type;
use egui::{Id, RichText, Ui};
use egui_material_icons::icons;

/// Width of the column of joining words.
const WORD: f32 = 58.0;

/// Draws the form of a rule; gives what it becomes.
pub fn show(ui: &mut Ui, look: &Look<'_>, rule: &str, form: &Form) -> Change<Form> {
    let mut change = Change::None;
    let several = form.groups.len() > 1;
    if form.groups.is_empty() {
        widgets::hint(ui, "No condition yet: the rule keeps everybody.");
    }
    let mut conditions = 0;
    for (g, group) in form.groups.iter().enumerate() {
        if g > 0
            && let Some(any) = join(ui, "Groups joined by", g, form.any)
        {
            change = Change::Done(Form { any, ..form.clone() });
        }
        let id = Id::unique(("condition", rule, g));
        let of_group = boxed(ui, several, |ui| {
            let change = self::group(ui, look, id, conditions, group);
            if several && widgets::link(ui, "Add condition to this group").clicked() {
                let mut new = group.clone();
                new.clauses.push(first(look));
                return Change::Done(new);
            }
            change
        });
        conditions += group.clauses.len();
        if of_group != Change::None {
            change = of_group.map(|new| form.with_group(g, Some(new)));
        }
    }
    ui.horizontal(|ui| {
        if !several && widgets::plain_button(ui, Some(icons::ICON_ADD), "Add condition").clicked() {
            change = Change::Done(form.with_clause(0, first(look)));
        }
        let hint = "A second group, for conditions that hold together: (a and b) or (c and d)";
        if !form.groups.is_empty()
            && widgets::plain_button(ui, Some(icons::ICON_LIBRARY_ADD), "Add group").on_hover_text(hint).clicked()
        {
            change = Change::Done(form.with_new_group(first(look)));
        }
    });
    change
}

/// A box around a group, when there are several.
fn boxed<R>(ui: &mut Ui, several: bool, content: impl FnOnce(&mut Ui) -> R) -> R {
    if !several {
        return content(ui);
    }
    let tokens = theme::tokens(ui.ctx());
    let frame = egui::Frame::new().fill(tokens.panel).stroke(egui::Stroke::new(1.0, tokens.border));
    let shown = frame.corner_radius(metrics().radius).inner_margin(8).show(ui, |ui| {
        ui.set_width(ui.available_width());
        content(ui)
    });
    shown.inner
}

/// A new condition about the first thing that can be picked.
fn first(look: &Look<'_>) -> Clause {
    match look.known.first() {
        Some(known) => Clause::of(known),
        None => Clause { subject: Subject::Fact("channel".to_owned()), op: Op::Known, operand: Operand::None },
    }
}

/// `and` or `or`, to be changed; answers the new one as "any".
fn join(ui: &mut Ui, label: &str, at: usize, any: bool) -> Option<bool> {
    let mut chosen = any;
    let options = [(false, "and".to_owned()), (true, "or".to_owned())];
    widgets::choice(ui, (label, at), label, &mut chosen, &options, WORD - 8.0).then_some(chosen)
}

/// The rows of a group; `from` is how many conditions stand before them in the rule.
fn group(ui: &mut Ui, look: &Look<'_>, id: Id, from: usize, group: &Group) -> Change<Group> {
    let mut change = Change::None;
    for (c, clause) in group.clauses.iter().enumerate() {
        ui.push_id((id, c), |ui| {
            ui.horizontal_wrapped(|ui| {
                if c == 1 {
                    if let Some(any) = join(ui, "Conditions joined by", from, group.any) {
                        change = Change::Done(Group { any, ..group.clone() });
                    }
                } else {
                    let word = match (c, group.any) {
                        (0, _) => "when",
                        (_, true) => "or",
                        (_, false) => "and",
                    };
                    ui.add_sized([WORD, metrics().control], egui::Label::new(RichText::new(word).weak()).selectable(false));
                }
                let label = format!("Condition {}", from + c + 1);
                let new = row(ui, look, id.with(c), &label, clause);
                if new != Change::None {
                    change = new.map(|clause| group.with(c, clause));
                }
                let hint = "Take this condition away";
                if widgets::icon_button(ui, icons::ICON_CLOSE, &format!("Remove {label}"), hint).clicked() {
                    change = Change::Done(group.without(c));
                }
            });
        });
    }
    change
}

fn row(ui: &mut Ui, look: &Look<'_>, id: Id, label: &str, clause: &Clause) -> Change<Clause> {
    let known = look.known.iter().find(|k| k.subject == clause.subject);
    let items: Vec<Item> = look.known.iter().map(Known::item).collect();
    let current = known.map_or_else(|| missing(&clause.subject), Known::item);
    let picked = picker::show(ui, id.with("picker"), &format!("{label} field"), &current, &items, 150.0);
    if let Some(picked) = picked.and_then(|index| look.known.get(index)) {
        return Change::Done(clause.about(picked));
    }
    let Some(known) = known else {
        let tokens = theme::tokens(ui.ctx());
        ui.label(RichText::new("is not in this project").color(tokens.err));
        return Change::None;
    };
    let mut op = clause.op;
    let mut options: Vec<(Op, String)> = Op::of(known.type_).iter().map(|op| (*op, op.words(known.type_).to_owned())).collect();
    if !options.iter().any(|(known, _)| *known == op) {
        options.push((op, op.words(known.type_).to_owned()));
    }
    if widgets::choice(ui, "op", &format!("{label} operator"), &mut op, &options, 104.0) {
        return Change::Done(clause.with_op(op, known));
    }
    value(ui, id, &format!("{label} value"), known, clause).map(|operand| Clause { operand, ..clause.clone() })
}

/// A name that a rule uses and the project does not have.
fn missing(subject: &Subject) -> Item {
    let (Subject::Field(name) | Subject::Score(name) | Subject::Fact(name)) = subject;
    Item { icon: icons::ICON_HELP, name: name.clone(), detail: String::new(), group: "" }
}

fn value(ui: &mut Ui, id: Id, label: &str, known: &Known, clause: &Clause) -> Change<Operand> {
    match &clause.operand {
        Operand::None => Change::None,
        Operand::Number(x) => values::number(ui, label, known, *x).map(Operand::Number),
        Operand::Between(low, high) => between(ui, label, known, *low, *high),
        Operand::Texts(texts) if matches!(clause.op, Op::OneOf | Op::NoneOf) => {
            match values::chips(ui, id.with("chips"), label, known, texts) {
                Some(texts) => Change::Done(Operand::Texts(texts)),
                None => Change::None,
            }
        }
        Operand::Texts(texts) => {
            let text = texts.first().map_or("", String::as_str);
            values::text(ui, id.with("text"), label, text).map(|t| Operand::Texts(vec![t]))
        }
        Operand::Day(ms) => values::day(ui, id.with("day"), label, *ms).map(Operand::Day),
    }
}

fn between(ui: &mut Ui, label: &str, known: &Known, low: f64, high: f64) -> Change<Operand> {
    let whole = known.type_ == Type::Integer;
    let from = input::number(ui, &format!("{label} from"), low, |v| precise(v, whole));
    ui.label(RichText::new("and").weak());
    let to = input::number(ui, &format!("{label} to"), high, |v| precise(v, whole));
    match from {
        Change::None => to.map(|high| Operand::Between(low, high)),
        from => from.map(|low| Operand::Between(low, high)),
    }
}

fn precise(value: egui::DragValue<'_>, whole: bool) -> egui::DragValue<'_> {
    if whole { value.fixed_decimals(0).speed(0.1) } else { value.max_decimals(4).speed(0.01) }
}
