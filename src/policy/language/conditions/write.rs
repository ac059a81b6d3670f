//! From conditions to canonical Rhai text.

use super::{Condition, Conditions, Item, Join, Operator, Subject};
use crate::value::Value;

impl Conditions {
    /// Canonical Rhai, in [`Conditions::normal`] form. A condition that lacks a value is written with `()`, which the checker
    /// refuses with its place.
    pub fn to_expr(&self) -> String {
        let normal = self.clone().normal();
        let joined = |parts: Vec<String>, join: Join| {
            parts.join(match join {
                Join::All => " && ",
                Join::Any => " || ",
            })
        };
        let items: Vec<String> = normal
            .items
            .iter()
            .map(|item| match item {
                Item::One(condition) => condition.to_expr(),
                Item::Group(conditions) => {
                    let inner = conditions.iter().map(Condition::to_expr).collect();
                    format!("({})", joined(inner, normal.join.other()))
                }
            })
            .collect();
        if items.is_empty() { "true".to_owned() } else { joined(items, normal.join) }
    }
}

impl Condition {
    /// Canonical Rhai.
    pub fn to_expr(&self) -> String {
        let x = self.subject.to_expr();
        let value = |i: usize| self.values.get(i).map_or("()".to_owned(), literal);
        let list = || self.values.iter().map(literal).collect::<Vec<_>>().join(", ");
        match (self.operator, self.values.as_slice()) {
            (Operator::Equal, [Value::Bool(true)]) => x,
            (Operator::Equal, [Value::Bool(false)]) => format!("!{x}"),
            (Operator::Equal, _) => format!("{x} == {}", value(0)),
            (Operator::NotEqual, _) => format!("{x} != {}", value(0)),
            (Operator::Less, _) => format!("{x} < {}", value(0)),
            (Operator::AtMost, _) => format!("{x} <= {}", value(0)),
            (Operator::Greater, _) => format!("{x} > {}", value(0)),
            (Operator::AtLeast, _) => format!("{x} >= {}", value(0)),
            (Operator::Between, _) => format!("between({x}, {}, {})", value(0), value(1)),
            (Operator::In, _) => format!("{x} in [{}]", list()),
            (Operator::NotIn, _) => format!("!({x} in [{}])", list()),
            (Operator::Known, _) => format!("is_known({x})"),
            (Operator::Missing, _) => format!("!is_known({x})"),
        }
    }
}

impl Subject {
    /// As it is written in a rule.
    pub fn to_expr(&self) -> String {
        match self {
            Subject::Field(name) => name.clone(),
            Subject::Score(id) => format!("score({})", text(id)),
            Subject::Fact(name) => format!("action.{name}"),
        }
    }
}

/// A value as it is written in a rule.
pub fn literal(value: &Value) -> String {
    match value {
        Value::Unknown => "()".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Integer(i) => i.to_string(),
        Value::Number(x) => {
            let digits = x.to_string();
            if digits.contains('.') || !x.is_finite() { digits } else { format!("{digits}.0") }
        }
        Value::Text(s) => text(s),
        Value::Time(_) => format!("date({})", text(&value.to_string())),
    }
}

/// A text with Rhai's escapes.
pub fn text(s: &str) -> String {
    let mut out = String::with_capacity(s.len() + 2);
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\U{:08x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
