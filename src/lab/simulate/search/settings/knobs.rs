//! The numbers of a policy that may be tuned: floors, levers, soft factors, and what rules compare with. Guards, caps and budgets are not
//! among them.

use crate::error::{Error, Result};
use attune_policy::document::Document;
use attune_policy::language::{TokenKind, highlight};
use attune_policy::rule::{Rule, Stage};
use attune_policy::suggest::nearest;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A number of a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Knob {
    /// Least response propensity of a floor, by position.
    MinPropensity(usize),
    /// Least priority of a floor, by position.
    MinPriority(usize),
    /// Lever of an action, in percent.
    ActionWeight(String),
    /// Percent of a context weight.
    ContextWeight(String),
    /// A number in a rule, by its position among the numbers of the rule.
    Literal(String, usize),
}

/// A number of a policy as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Where it is.
    pub knob: Knob,
    /// What it is, in words.
    pub words: String,
    /// What it is now.
    pub value: f64,
    /// Whether it is a whole number and stays one.
    pub whole: bool,
    /// Whether it is a factor of a soft suitability.
    pub factor: bool,
    /// The column it is compared with, where it is compared with one.
    pub column: Option<String>,
}

/// A number in the text of a rule.
struct Number {
    range: Range<usize>,
    value: f64,
    whole: bool,
    /// Whether it is compared with something, and with which column.
    compared: bool,
    column: Option<String>,
    /// Whether it stands in for a missing value.
    stands_in: bool,
}

/// The numbers of a policy that may be tuned: every floor, the levers of actions where there are several, context weights and soft
/// factors; and what the rules called `rules` compare with.
///
/// # Errors
/// When a rule is not there, is a guard, or compares with no number.
pub fn settings(document: &Document, rules: &[String]) -> Result<Vec<Setting>> {
    let mut found = Vec::new();
    let mut add = |knob: Knob, words: String, value: f64| {
        found.push(Setting { knob, words, value, whole: false, factor: false, column: None });
    };
    for (at, floor) in document.arbitration.floors.iter().enumerate() {
        if let Some(least) = floor.min_propensity {
            add(Knob::MinPropensity(at), format!("least response propensity, floor {}", at + 1), least);
        }
        if let Some(least) = floor.min_priority {
            add(Knob::MinPriority(at), format!("least priority, floor {}", at + 1), least);
        }
    }
    let free: Vec<_> = document.actions.iter().filter(|action| !action.mandatory).collect();
    if free.len() > 1 {
        for action in free {
            let words = format!("lever of {} in percent", action.id);
            add(Knob::ActionWeight(action.id.clone()), words, action.weight);
        }
    }
    for weight in &document.arbitration.context_weights {
        add(Knob::ContextWeight(weight.id.clone()), format!("context weight {} in percent", weight.id), weight.percent);
    }
    for rule in document.rules.iter().filter(|rule| rule.enabled && rule.stage == Stage::SoftSuitability) {
        for (at, number) in numbers(document, rule).into_iter().enumerate() {
            if !number.compared && !number.stands_in && number.value > 0.0 && number.value <= 1.0 {
                found.push(Setting {
                    knob: Knob::Literal(rule.id.clone(), at),
                    words: format!("factor {} in rule {}", number.value, rule.id),
                    value: number.value,
                    whole: false,
                    factor: true,
                    column: None,
                });
            }
        }
    }
    for id in rules {
        let Some(rule) = document.rules.iter().find(|rule| rule.id == *id) else {
            let error = Error::new(format!("the policy has no rule `{id}`"));
            let near = nearest(id, document.rules.iter().map(|rule| rule.id.as_str()));
            return Err(near.map_or(error.clone(), |near| error.hint(format!("did you mean `{near}`?"))));
        };
        if rule.stage == Stage::Guard {
            return Err(Error::new(format!("rule `{id}` is a guard, and guards are not tuned"))
                .hint("name rules of other stages"));
        }
        let before = found.len();
        for (at, number) in numbers(document, rule).into_iter().enumerate().filter(|(_, number)| number.compared) {
            let of = number.column.as_ref().map_or(String::new(), |column| format!(" for {column}"));
            found.push(Setting {
                knob: Knob::Literal(rule.id.clone(), at),
                words: format!("number {}{of} in rule {}", number.value, rule.id),
                value: number.value,
                whole: number.whole,
                factor: false,
                column: number.column,
            });
        }
        if found.len() == before {
            return Err(Error::new(format!("rule `{id}` compares with no number: there is nothing to tune")));
        }
    }
    Ok(found)
}

/// The document with a number changed; unchanged where it is not there.
pub fn with(document: &Document, setting: &Setting, value: f64) -> Document {
    let mut document = document.clone();
    match &setting.knob {
        Knob::MinPropensity(at) => {
            if let Some(floor) = document.arbitration.floors.get_mut(*at) {
                floor.min_propensity = Some(value);
            }
        }
        Knob::MinPriority(at) => {
            if let Some(floor) = document.arbitration.floors.get_mut(*at) {
                floor.min_priority = Some(value);
            }
        }
        Knob::ActionWeight(id) => {
            document.actions.iter_mut().filter(|action| action.id == *id).for_each(|action| action.weight = value);
        }
        Knob::ContextWeight(id) => {
            let weights = document.arbitration.context_weights.iter_mut();
            weights.filter(|weight| weight.id == *id).for_each(|weight| weight.percent = value);
        }
        Knob::Literal(id, at) => {
            let place = document.rules.iter().position(|rule| rule.id == *id);
            let number = place.and_then(|place| numbers(&document, &document.rules[place]).into_iter().nth(*at));
            if let (Some(place), Some(number)) = (place, number) {
                let text = if setting.whole { format!("{value:.0}") } else { decimal(value) };
                document.rules[place].expr.replace_range(number.range, &text);
            }
        }
    }
    document
}

/// A number as rules write it, with a point.
fn decimal(value: f64) -> String {
    let text = value.to_string();
    if text.contains('.') { text } else { format!("{text}.0") }
}

/// The numbers of a rule, in order; a minus sign belongs to its number.
fn numbers(document: &Document, rule: &Rule) -> Vec<Number> {
    let text = rule.expr.as_str();
    let tokens: Vec<_> = highlight(text).into_iter().filter(|(_, kind)| *kind != TokenKind::Comment).collect();
    let word = |at: Option<usize>| at.and_then(|at| tokens.get(at)).and_then(|(range, _)| text.get(range.clone()));
    let is_comparison = |word: Option<&str>| matches!(word, Some("<" | "<=" | ">" | ">=" | "==" | "!="));
    let mut found = Vec::new();
    for (at, (range, kind)) in tokens.iter().enumerate() {
        let Some(digits) = text.get(range.clone()).filter(|_| *kind == TokenKind::Number) else { continue };
        let Ok(value) = digits.replace('_', "").parse::<f64>() else { continue };
        let mut first = at;
        let minus = word(at.checked_sub(1)) == Some("-");
        let before = at.checked_sub(2).and_then(|at| tokens.get(at));
        // A minus after a value subtracts; after anything else it is a sign.
        let subtracts = before.is_some_and(|(range, kind)| {
            matches!(kind, TokenKind::Name | TokenKind::Number)
                || text.get(range.clone()).is_some_and(|w| w == ")" || w == "]")
        });
        if minus && !subtracts {
            first = at - 1;
        }
        let (left, right) = (first.checked_sub(1), Some(at + 1));
        // What is added to or multiplied is no threshold.
        let plain = |side| !matches!(word(side), Some("+" | "-" | "*" | "/" | "%" | "**"));
        let after_it = is_comparison(word(left)) && plain(right);
        let before_it = is_comparison(word(right)) && plain(left);
        let other = match (after_it, before_it) {
            (true, _) => left.and_then(|left| left.checked_sub(1)),
            (_, true) => Some(at + 2),
            _ => None,
        };
        // `(x ?? 1.0) >= 2.0` compares x too.
        let other = match (word(other), other) {
            (Some(")"), Some(at)) if at >= 4 && word(Some(at - 2)) == Some("??") && word(Some(at - 4)) == Some("(") => {
                Some(at - 3)
            }
            _ => other,
        };
        let column = word(other).filter(|name| document.schema.field(name).is_some()).map(str::to_owned);
        found.push(Number {
            range: tokens[first].0.start..range.end,
            value: if first < at { -value } else { value },
            whole: !digits.contains(['.', 'e', 'E']),
            compared: after_it || before_it,
            column,
            stands_in: word(left) == Some("??"),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_policy::schema::{Field, Schema};
    use attune_policy::value::Type;

    fn document(expr: &str) -> Document {
        let rule = |id: &str, stage, expr: &str| Rule { id: id.into(), stage, expr: expr.into(), ..Rule::default() };
        Document {
            schema: Schema { fields: vec![Field::new("x", Type::Integer)] },
            rules: vec![
                rule("r", Stage::Suitability, expr),
                rule("soft", Stage::SoftSuitability, "if (x ?? 1) < 3 { 0.5 } else { 1.0 }"),
                rule("consent", Stage::Guard, "x > 2"),
            ],
            ..Document::default()
        }
    }

    #[test]
    fn numbers_that_are_compared_are_found_and_replaced() {
        for (expr, expected) in [
            ("x >= 7", vec![(7.0, true, "x >= 9")]),
            ("7 >= x", vec![(7.0, true, "9 >= x")]),
            ("x > -3 && x - 4 < 10", vec![(-3.0, true, "x > 9 && x - 4 < 10"), (10.0, false, "x > -3 && x - 4 < 9")]),
            ("score(\"m\") >= 0.02", vec![(0.02, false, "score(\"m\") >= 9.0")]),
            ("(x ?? 5) < 6", vec![(6.0, true, "(x ?? 5) < 9")]),
            ("x /* > 5 */ < 6", vec![(6.0, true, "x /* > 5 */ < 9")]),
        ] {
            let document = document(expr);
            let found: Vec<Setting> = settings(&document, &["r".into()])
                .unwrap()
                .into_iter()
                .filter(|setting| matches!(&setting.knob, Knob::Literal(rule, _) if rule == "r"))
                .collect();
            assert_eq!(found.len(), expected.len(), "{expr}");
            for (setting, (value, column, text)) in found.iter().zip(expected) {
                assert_eq!((setting.value, setting.column.is_some()), (value, column), "{expr}");
                assert_eq!(with(&document, setting, 9.0).rules[0].expr, text);
            }
        }
    }

    #[test]
    fn soft_factors_are_found_and_guards_are_refused() {
        let document = document("x > 1");
        let factors: Vec<f64> =
            settings(&document, &[]).unwrap().into_iter().filter(|s| s.factor).map(|s| s.value).collect();
        assert_eq!(factors, [0.5, 1.0]);
        let refused = |rule: &str| settings(&document, &[rule.to_owned()]).unwrap_err().to_string();
        assert!(refused("consent").contains("guards are not tuned"));
        assert!(refused("sofd").contains("did you mean `soft`?"));
    }
}
