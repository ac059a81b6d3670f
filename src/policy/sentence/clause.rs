//! Which condition of a rule failed, in words: "recency is 10, needed at most 6". Only for rules that are plain conditions.

use super::plain;
use crate::language::conditions::{self, Condition, Conditions, Item, Join, Operator, Subject};
use crate::schema::Schema;
use crate::value::Value;
use std::cmp::Ordering;

/// The failed condition of a rule that gave false, from the values it read; `None` for a rule that is more than conditions.
pub fn failed(expr: &str, read: &[(String, Value)], schema: &Schema) -> Option<String> {
    let conditions = conditions::parse(expr)?;
    match conditions.join {
        // Each item must hold: the first that does not is the reason.
        Join::All => conditions.items.iter().find_map(|item| match item {
            Item::One(condition) => fails(condition, read).then(|| alone(condition, read, schema)),
            Item::Group(any) => {
                let all_fail = !any.is_empty() && any.iter().all(|condition| fails(condition, read));
                all_fail.then(|| together(any.iter(), &Conditions { join: Join::Any, items: ones(any) }, read, schema))
            }
        }),
        Join::Any => Some(together(conditions.conditions(), &conditions, read, schema)),
    }
}

fn ones(conditions: &[Condition]) -> Vec<Item> {
    conditions.iter().cloned().map(Item::One).collect()
}

/// "recency is 10, needed at most 6".
fn alone(condition: &Condition, read: &[(String, Value)], schema: &Schema) -> String {
    let is = is(&condition.subject, read, schema);
    let needed = condition.sentence(schema);
    match needed.strip_prefix(&format!("{} is ", condition.subject.label(schema))) {
        Some(needed) => format!("{is}, needed {needed}"),
        None => format!("{is}, needed: {needed}"),
    }
}

/// "segment is men and spend is 20, needed: segment is women or spend is above 100".
fn together<'a>(
    parts: impl Iterator<Item = &'a Condition>,
    whole: &Conditions,
    read: &[(String, Value)],
    schema: &Schema,
) -> String {
    let mut facts: Vec<String> = Vec::new();
    for condition in parts {
        let fact = is(&condition.subject, read, schema);
        if !facts.contains(&fact) {
            facts.push(fact);
        }
    }
    format!("{}, needed: {}", facts.join(" and "), whole.sentence(schema))
}

fn is(subject: &Subject, read: &[(String, Value)], schema: &Schema) -> String {
    format!("{} is {}", subject.label(schema), plain(value(subject, read)))
}

/// What was read for a subject; unknown when it was not.
fn value<'a>(subject: &Subject, read: &'a [(String, Value)]) -> &'a Value {
    let name = match subject {
        Subject::Field(name) => name.clone(),
        Subject::Score(id) => format!("score({id:?})"),
        Subject::Fact(name) => format!("action.{name}"),
    };
    read.iter().find(|(known, _)| *known == name).map_or(&Value::Unknown, |(_, value)| value)
}

/// Whether a condition is false; one that cannot be told is not.
fn fails(condition: &Condition, read: &[(String, Value)]) -> bool {
    let x = value(&condition.subject, read);
    let order = |i: usize| condition.values.get(i).and_then(|y| compare(x, y));
    let among = || condition.values.iter().any(|y| compare(x, y) == Some(Ordering::Equal));
    match condition.operator {
        Operator::Known => !x.is_known(),
        Operator::Missing => x.is_known(),
        _ if !x.is_known() => false,
        Operator::Equal => order(0) != Some(Ordering::Equal),
        Operator::NotEqual => order(0) == Some(Ordering::Equal),
        Operator::Less => order(0) != Some(Ordering::Less),
        Operator::AtMost => order(0) == Some(Ordering::Greater),
        Operator::Greater => order(0) != Some(Ordering::Greater),
        Operator::AtLeast => order(0) == Some(Ordering::Less),
        Operator::Between => order(0) == Some(Ordering::Less) || order(1) == Some(Ordering::Greater),
        Operator::In => !among(),
        Operator::NotIn => among(),
    }
}

fn compare(x: &Value, y: &Value) -> Option<Ordering> {
    match (x, y) {
        (Value::Text(x), Value::Text(y)) => Some(x.cmp(y)),
        (Value::Integer(x), Value::Integer(y)) | (Value::Time(x), Value::Time(y)) => Some(x.cmp(y)),
        (Value::Bool(x), Value::Bool(y)) => Some(x.cmp(y)),
        _ => x.as_f64()?.partial_cmp(&y.as_f64()?),
    }
}
