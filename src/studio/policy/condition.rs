//! What a change of one part of a condition does to the rest: another field keeps the value where it fits, another
//! operator keeps it where it has a place.

use super::names::Known;
use attune_policy::Value;
use attune_policy::language::conditions::{Arity, Condition, Conditions, Item, Operator};
use attune_policy::value::Type;
use std::sync::Arc;

/// A line of the operator menu. True and false are two lines of one operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The operator.
    pub operator: Operator,
    /// The value it brings along, for true and false.
    pub truth: Option<bool>,
}

impl Choice {
    /// The choice a condition stands at.
    pub fn of(condition: &Condition) -> Choice {
        let truth = match (condition.operator, condition.values.first()) {
            (Operator::Equal, Some(Value::Bool(truth))) => Some(*truth),
            _ => None,
        };
        Choice { operator: condition.operator, truth }
    }

    /// The choices that fit a type, the likeliest first.
    pub fn all(type_: Type) -> Vec<Choice> {
        let plain = |operator| Choice { operator, truth: None };
        let truth = |truth| Choice { operator: Operator::Equal, truth: Some(truth) };
        use Operator::{AtLeast, AtMost, Between, Equal, Greater, In, Known, Less, Missing, NotEqual, NotIn};
        match type_ {
            Type::Bool => vec![truth(true), truth(false), plain(Known), plain(Missing)],
            Type::Integer | Type::Number => {
                [AtLeast, AtMost, Greater, Less, Between, Equal, NotEqual, Known, Missing].map(plain).to_vec()
            }
            Type::Text => [In, NotIn, Equal, NotEqual, Known, Missing].map(plain).to_vec(),
            Type::Time => [AtLeast, Less, Between, Known, Missing].map(plain).to_vec(),
        }
    }

    /// In words, as a sentence goes on after the field.
    pub fn words(self, type_: Type) -> &'static str {
        match (self.operator, self.truth, type_) {
            (_, Some(true), _) => "is true",
            (_, Some(false), _) => "is false",
            (Operator::AtLeast, _, Type::Time) => "is on or after",
            (Operator::Less, _, Type::Time) => "is before",
            (Operator::Equal, ..) => "is",
            (Operator::NotEqual, ..) => "is not",
            (Operator::Less, ..) => "is below",
            (Operator::AtMost, ..) => "is at most",
            (Operator::Greater, ..) => "is above",
            (Operator::AtLeast, ..) => "is at least",
            (Operator::Between, ..) => "is between",
            (Operator::In, ..) => "is one of",
            (Operator::NotIn, ..) => "is none of",
            (Operator::Known, ..) => "is known",
            (Operator::Missing, ..) => "is missing",
        }
    }
}

/// A condition about `known` that starts from what is known of it.
pub fn about(known: &Known) -> Condition {
    let choice = Choice::all(known.type_).first().copied().unwrap_or(Choice { operator: Operator::Known, truth: None });
    let blank = Condition { subject: known.subject.clone(), operator: choice.operator, values: Vec::new() };
    choose(&blank, choice, known)
}

/// The same condition about something else.
pub fn with_subject(condition: &Condition, known: &Known) -> Condition {
    let choice = Choice::of(condition);
    if !Choice::all(known.type_).contains(&choice) {
        return about(known);
    }
    let fits = |value: &Value| match value {
        Value::Integer(_) | Value::Number(_) => {
            let x = value.as_f64().unwrap_or(f64::NAN);
            known.range.is_none_or(|(low, high)| (low..=high).contains(&x))
        }
        Value::Text(text) => known.texts.iter().any(|(known, _)| **known == **text),
        _ => true,
    };
    let values = if condition.values.iter().all(fits) { condition.values.clone() } else { Vec::new() };
    choose(&Condition { subject: known.subject.clone(), operator: condition.operator, values }, choice, known)
}

/// The same condition with another operator.
pub fn choose(condition: &Condition, choice: Choice, known: &Known) -> Condition {
    let mut new = condition.clone().with_operator(choice.operator);
    if let Some(truth) = choice.truth {
        new.values = vec![Value::Bool(truth)];
        return new;
    }
    new.values.retain(|v| !matches!(v, Value::Bool(_)));
    new.values.iter_mut().for_each(|v| *v = typed(v, known.type_));
    match choice.operator.arity() {
        Arity::None | Arity::Many if !new.values.is_empty() => {}
        Arity::None => {}
        Arity::Many => new.values.extend(known.texts.first().map(|(text, _)| Value::text(text.as_str()))),
        Arity::One if new.values.is_empty() => new.values.push(middle(known)),
        Arity::One => {}
        Arity::Two => {
            let (low, high) = ends(known);
            if new.values.is_empty() {
                new.values.push(low);
            }
            if new.values.len() == 1 {
                let first = new.values.first().and_then(Value::as_f64);
                let above = high.as_f64().zip(first).is_some_and(|(high, first)| high >= first);
                new.values.push(if above { high } else { new.values.first().cloned().unwrap_or(high) });
            }
        }
    }
    new
}

/// A value of the field's type: `6` for whole numbers, `6.0` for others.
pub fn typed(value: &Value, type_: Type) -> Value {
    match (value, type_) {
        (Value::Number(x), Type::Integer) => Value::Integer(x.round() as i64),
        (Value::Integer(i), Type::Number) => Value::Number(*i as f64),
        _ => value.clone(),
    }
}

/// A number as a value of the field's type.
pub fn number(x: f64, type_: Type) -> Value {
    typed(&Value::number(x), type_)
}

fn middle(known: &Known) -> Value {
    match known.type_ {
        Type::Text => Value::text(known.texts.first().map_or("", |(text, _)| text.as_str())),
        Type::Time => ends(known).1,
        type_ => {
            let x = known.range.map_or(0.0, |(low, high)| (low + high) / 2.0);
            number((x * 100.0).round() / 100.0, type_)
        }
    }
}

fn ends(known: &Known) -> (Value, Value) {
    let (low, high) = known.range.unwrap_or((0.0, 1.0));
    if known.type_ == Type::Time {
        let day = |ms: f64| Value::Time((ms as i64).div_euclid(86_400_000) * 86_400_000);
        return (day(low), day(high));
    }
    (number(low, known.type_), number(high, known.type_))
}

/// The texts among values.
pub fn texts(values: &[Value]) -> Vec<String> {
    values.iter().filter_map(Value::as_text).map(str::to_owned).collect()
}

/// Texts as values.
pub fn from_texts(texts: &[String]) -> Vec<Value> {
    texts.iter().map(|t| Value::Text(Arc::from(t.as_str()))).collect()
}

/// Conditions with the `i`th item replaced, or taken away.
pub fn with_item(conditions: &Conditions, i: usize, item: Option<Item>) -> Conditions {
    let mut new = conditions.clone();
    match item {
        Some(item) => {
            if let Some(place) = new.items.get_mut(i) {
                *place = item;
            }
        }
        None if i < new.items.len() => drop(new.items.remove(i)),
        None => {}
    }
    new.normal()
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_policy::language::conditions::{Join, Subject};

    fn known(name: &str, type_: Type, range: Option<(f64, f64)>, texts: &[&str]) -> Known {
        Known {
            subject: Subject::Field(name.into()),
            name: name.into(),
            type_,
            texts: texts.iter().map(|t| ((*t).to_owned(), None)).collect(),
            range,
            missing: None,
        }
    }

    #[test]
    fn another_field_keeps_what_fits() {
        let recency = known("recency", Type::Integer, Some((1.0, 12.0)), &[]);
        let at_most_6 =
            Condition { subject: recency.subject.clone(), operator: Operator::AtMost, values: vec![Value::Integer(6)] };
        for (to, expected) in [
            (known("visits", Type::Integer, Some((0.0, 20.0)), &[]), "visits <= 6"),
            (known("spend", Type::Number, Some((0.0, 500.0)), &[]), "spend <= 6.0"),
            (known("age", Type::Integer, Some((18.0, 80.0)), &[]), "age <= 49"),
            (known("channel", Type::Text, None, &["Web", "Phone"]), "channel in [\"Web\"]"),
            (known("newbie", Type::Bool, None, &[]), "newbie"),
        ] {
            let new = with_subject(&at_most_6, &to);
            assert!(new.is_complete());
            assert_eq!(new.to_expr(), expected);
        }
    }

    #[test]
    fn another_operator_keeps_the_value() {
        let recency = known("recency", Type::Integer, Some((1.0, 12.0)), &[]);
        let start =
            Condition { subject: recency.subject.clone(), operator: Operator::AtMost, values: vec![Value::Integer(6)] };
        for (operator, expected) in [
            (Operator::AtLeast, "recency >= 6"),
            (Operator::Between, "between(recency, 6, 12)"),
            (Operator::Missing, "!is_known(recency)"),
            (Operator::Equal, "recency == 6"),
        ] {
            let new = choose(&start, Choice { operator, truth: None }, &recency);
            assert_eq!(new.to_expr(), expected);
        }
        let between = choose(&start, Choice { operator: Operator::Between, truth: None }, &recency);
        assert_eq!(
            choose(&between, Choice { operator: Operator::Greater, truth: None }, &recency).to_expr(),
            "recency > 6"
        );
        let newbie = known("newbie", Type::Bool, None, &[]);
        let no = choose(&about(&newbie), Choice { operator: Operator::Equal, truth: Some(false) }, &newbie);
        assert_eq!(no.to_expr(), "!newbie");
    }

    #[test]
    fn taking_items_away_leaves_the_rest() {
        let recency = known("recency", Type::Integer, Some((1.0, 12.0)), &[]);
        let one = || Item::One(about(&recency));
        let both =
            Conditions { join: Join::Any, items: vec![one(), Item::Group(vec![about(&recency), about(&recency)])] };
        assert_eq!(with_item(&both, 0, None).items.len(), 2, "a lone group becomes two conditions");
        assert_eq!(with_item(&both, 1, Some(one())).items.len(), 2);
        assert_eq!(with_item(&with_item(&both, 1, None), 0, None).to_expr(), "true");
    }
}
