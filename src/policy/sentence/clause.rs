//! Which conditions of a rule failed, in words: "recency is 10, needed at most 6". Only for rules that are plain conditions; where one
//! of them alone decides, it is told as a [`Clause`].

use super::plain;
use crate::language::conditions::{Condition, Conditions, Item, Join, Operator, Subject};
use crate::reason::Clause;
use crate::schema::Schema;
use crate::value::Value;
use std::cmp::Ordering;

/// What a rule that gave false hangs on.
pub struct Failed {
    /// Every failed condition, with what it found and needed.
    pub words: String,
    /// The one clause that decides: with it alone turned to true the rule is true.
    pub clause: Option<Clause>,
}

/// What a subject was found to be, and whether that may be shown.
#[derive(Clone)]
pub struct Seen {
    pub value: Value,
    pub masked: bool,
}

/// The failed conditions of a rule that gave false.
pub fn failed(conditions: &Conditions, seen: &dyn Fn(&Subject) -> Seen, schema: &Schema) -> Option<Failed> {
    let told: Vec<(Option<bool>, Clause)> = match conditions.join {
        // Each item must hold.
        Join::All => conditions
            .items
            .iter()
            .map(|item| match item {
                Item::One(condition) => (truth(condition, seen), alone(condition, seen, schema)),
                Item::Group(any) => {
                    let group = Conditions { join: Join::Any, items: any.iter().cloned().map(Item::One).collect() };
                    (either(any.iter(), seen), together(any.iter(), &group, seen, schema))
                }
            })
            .collect(),
        // All of it is one clause: any of its items would do.
        Join::Any => {
            let truths = conditions.items.iter().map(|item| match item {
                Item::One(condition) => truth(condition, seen),
                Item::Group(all) => all.iter().try_fold(true, |sum, condition| Some(sum && truth(condition, seen)?)),
            });
            let all_fail = truths.into_iter().all(|truth| truth == Some(false));
            vec![(all_fail.then_some(false), together(conditions.conditions(), conditions, seen, schema))]
        }
    };
    let open = told.iter().filter(|(truth, _)| *truth != Some(true)).count();
    let failed: Vec<Clause> = told.into_iter().filter(|(truth, _)| *truth == Some(false)).map(|(_, c)| c).collect();
    let words: Vec<String> = failed.iter().map(words).collect();
    let clause = if open == 1 { failed.into_iter().next() } else { None };
    (!words.is_empty()).then(|| Failed { words: words.join("; "), clause })
}

/// "recency is 10, needed at most 6"; with a colon where what is needed is a sentence of its own.
fn words(clause: &Clause) -> String {
    let colon = if clause.needed.contains(" is ") { ":" } else { "" };
    format!("{}, needed{colon} {}", clause.actual, clause.needed)
}

/// "recency is 10", "at most 6".
fn alone(condition: &Condition, seen: &dyn Fn(&Subject) -> Seen, schema: &Schema) -> Clause {
    let needed = condition.sentence(schema);
    let subject = format!("{} is ", condition.subject.label(schema));
    Clause {
        text: condition.to_expr(),
        actual: is(&condition.subject, seen, schema),
        needed: needed.strip_prefix(&subject).map_or_else(|| needed.clone(), str::to_owned),
    }
}

/// "segment is men and spend is 20", "segment is women or spend is above 100".
fn together<'a>(
    parts: impl Iterator<Item = &'a Condition>,
    whole: &Conditions,
    seen: &dyn Fn(&Subject) -> Seen,
    schema: &Schema,
) -> Clause {
    let mut facts: Vec<String> = Vec::new();
    for condition in parts {
        let fact = is(&condition.subject, seen, schema);
        if !facts.contains(&fact) {
            facts.push(fact);
        }
    }
    Clause { text: whole.to_expr(), actual: facts.join(" and "), needed: whole.sentence(schema) }
}

fn is(subject: &Subject, seen: &dyn Fn(&Subject) -> Seen, schema: &Schema) -> String {
    let Seen { value, masked } = seen(subject);
    let shown = if masked && value.is_known() { "masked".to_owned() } else { plain(&value) };
    format!("{} is {shown}", subject.label(schema))
}

/// Kleene's disjunction.
fn either<'a>(conditions: impl Iterator<Item = &'a Condition>, seen: &dyn Fn(&Subject) -> Seen) -> Option<bool> {
    let mut all = Some(false);
    for condition in conditions {
        match truth(condition, seen) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => all = None,
        }
    }
    all
}

/// Whether a condition holds; `None` when it cannot be told.
fn truth(condition: &Condition, seen: &dyn Fn(&Subject) -> Seen) -> Option<bool> {
    let x = &seen(&condition.subject).value;
    let order = |i: usize| condition.values.get(i).and_then(|y| compare(x, y));
    let among = || condition.values.iter().any(|y| compare(x, y) == Some(Ordering::Equal));
    Some(match condition.operator {
        Operator::Known => x.is_known(),
        Operator::Missing => !x.is_known(),
        _ if !x.is_known() => return None,
        Operator::Equal => order(0) == Some(Ordering::Equal),
        Operator::NotEqual => order(0) != Some(Ordering::Equal),
        Operator::Less => order(0) == Some(Ordering::Less),
        Operator::AtMost => matches!(order(0), Some(Ordering::Less | Ordering::Equal)),
        Operator::Greater => order(0) == Some(Ordering::Greater),
        Operator::AtLeast => matches!(order(0), Some(Ordering::Greater | Ordering::Equal)),
        Operator::Between => {
            matches!(order(0), Some(Ordering::Greater | Ordering::Equal))
                && matches!(order(1), Some(Ordering::Less | Ordering::Equal))
        }
        Operator::In => among(),
        Operator::NotIn => !among(),
    })
}

fn compare(x: &Value, y: &Value) -> Option<Ordering> {
    match (x, y) {
        (Value::Text(x), Value::Text(y)) => Some(x.cmp(y)),
        (Value::Integer(x), Value::Integer(y)) | (Value::Time(x), Value::Time(y)) => Some(x.cmp(y)),
        (Value::Bool(x), Value::Bool(y)) => Some(x.cmp(y)),
        _ => x.as_f64()?.partial_cmp(&y.as_f64()?),
    }
}
