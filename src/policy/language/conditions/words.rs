//! Conditions in plain words, for cards and reviewers.

use super::{Condition, Conditions, Item, Join, Operator, Subject};
use crate::schema::Schema;
use crate::value::Value;

impl Conditions {
    /// "recency is at most 6 and channel is Web or Multichannel and visit score is at least 0.12". Fields go by the name they
    /// had in the source.
    pub fn sentence(&self, schema: &Schema) -> String {
        if self.items.is_empty() {
            return "always".to_owned();
        }
        let grouped = self.items.iter().any(|item| matches!(item, Item::Group(_))) && self.items.len() > 1;
        let parts: Vec<String> = self
            .items
            .iter()
            .map(|item| match item {
                Item::One(condition) => condition.sentence(schema),
                Item::Group(conditions) => {
                    let parts: Vec<String> = conditions.iter().map(|c| c.sentence(schema)).collect();
                    match self.join {
                        Join::All => format!("either {}", parts.join(" or ")),
                        Join::Any => parts.join(" and "),
                    }
                }
            })
            .collect();
        // With groups inside, a comma says where each ends.
        parts.join(match (self.join, grouped) {
            (Join::All, false) => " and ",
            (Join::All, true) => ", and ",
            (Join::Any, false) => " or ",
            (Join::Any, true) => ", or ",
        })
    }
}

impl Condition {
    /// "recency is at most 6".
    pub fn sentence(&self, schema: &Schema) -> String {
        let x = self.subject.label(schema);
        let values: Vec<String> = self.values.iter().map(plain).collect();
        let first = values.first().map_or("…", String::as_str);
        let second = values.get(1).map_or("…", String::as_str);
        match self.operator {
            Operator::Equal => format!("{x} is {first}"),
            Operator::NotEqual => format!("{x} is not {first}"),
            Operator::Less => format!("{x} is below {first}"),
            Operator::AtMost => format!("{x} is at most {first}"),
            Operator::Greater => format!("{x} is above {first}"),
            Operator::AtLeast => format!("{x} is at least {first}"),
            Operator::Between => format!("{x} is between {first} and {second}"),
            Operator::In => format!("{x} is {}", list(&values, "or")),
            Operator::NotIn if values.len() == 1 => format!("{x} is not {first}"),
            Operator::NotIn => format!("{x} is neither {}", list(&values, "nor")),
            Operator::Known => format!("{x} is known"),
            Operator::Missing => format!("{x} is missing"),
        }
    }
}

impl Subject {
    /// What it is called for people: a field by its name in the source, a score by its model.
    pub fn label(&self, schema: &Schema) -> String {
        match self {
            Subject::Field(name) => match schema.field(name) {
                Some(field) if !field.source.is_empty() => field.source.clone(),
                _ => name.clone(),
            },
            Subject::Score(id) => format!("{} score", id.replace('_', " ")),
            Subject::Fact(name) => format!("the action's {}", name.replace('_', " ")),
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) if text.trim().is_empty() => format!("\"{text}\""),
        Value::Text(text) => text.to_string(),
        other => other.to_string(),
    }
}

/// "Web, Phone or Multichannel".
fn list(values: &[String], word: &str) -> String {
    match values.split_last() {
        None => "one of nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} {word} {last}", before.join(", ")),
    }
}
