//! Tables and a round trip of generated conditions.

use super::*;
use crate::language::tests::document;
use crate::language::{Use, check};
use crate::testing::Random;

#[test]
fn reads_what_it_can_show_and_nothing_else() {
    let table: &[(&str, Option<&str>)] = &[
        // Text, canonical text of what was read; None is a code card.
        ("recency <= 6", Some("recency <= 6")),
        ("  recency<=6  ", Some("recency <= 6")),
        ("(recency <= 6)", Some("recency <= 6")),
        ("newbie", Some("newbie")),
        ("!newbie", Some("!newbie")),
        ("newbie == true", Some("newbie")),
        ("newbie == false", Some("!newbie")),
        ("newbie != true", Some("newbie != true")),
        ("score(\"visit\") >= 0.12", Some("score(\"visit\") >= 0.12")),
        ("action.channel == \"email\"", Some("action.channel == \"email\"")),
        ("channel in [\"Web\", \"Phone\"]", Some("channel in [\"Web\", \"Phone\"]")),
        ("channel !in [\"Web\"]", Some("!(channel in [\"Web\"])")),
        ("!(channel in [\"Web\"])", Some("!(channel in [\"Web\"])")),
        ("between(history, 1.5, 20)", Some("between(history, 1.5, 20)")),
        ("is_known(missing)", Some("is_known(missing)")),
        ("!is_known(missing)", Some("!is_known(missing)")),
        ("recency > -3", Some("recency > -3")),
        ("history > 1.0", Some("history > 1.0")),
        ("born < date(\"2026-01-31T18:00:00Z\")", Some("born < date(\"2026-01-31T18:00:00Z\")")),
        ("a > 1 && b > 2 && c > 3", Some("a > 1 && b > 2 && c > 3")),
        ("a > 1 && (b > 2 && c > 3)", Some("a > 1 && b > 2 && c > 3")),
        ("a > 1 || b > 2", Some("a > 1 || b > 2")),
        ("a > 1 && (b > 2 || c > 3)", Some("a > 1 && (b > 2 || c > 3)")),
        ("a > 1 && b > 2 || c > 3", Some("(a > 1 && b > 2) || c > 3")),
        ("true", Some("true")),
        // More than two levels, arithmetic, other functions, blocks, comments: code.
        ("a > 1 && (b > 2 || (c > 3 && d > 4))", None),
        ("recency + 1 > 3", None),
        ("recency > history", None),
        ("3 < recency", None),
        ("contacts(7) < 2", None),
        ("!(a > 1)", None),
        ("!!newbie", None),
        ("missing ?? 3 > 1", None),
        ("recency in 1..3", None),
        ("channel in [other]", None),
        ("let x = 1; x > 0", None),
        ("recency > 3 // why", None),
        ("/* why */ recency > 3", None),
        ("recency > ()", None),
        ("born < date(\"2026-01-31\")", None),
        ("if a { b } else { c }", None),
        ("false", None),
        ("recency >", None),
        ("", None),
        ("action", None),
        ("action.id.len() > 3", None),
    ];
    for (text, expected) in table {
        let found = parse(text).map(|c| c.to_expr());
        assert_eq!(found.as_deref(), *expected, "{text}");
    }
}

#[test]
fn sentences() {
    let schema = document().schema;
    let table = [
        (
            "recency <= 6 && channel in [\"Web\", \"Multichannel\"] && score(\"visit\") >= 0.12",
            "recency.raw is at most 6 and channel.raw is Web or Multichannel and visit score is at least 0.12",
        ),
        ("true", "always"),
        ("newbie", "newbie.raw is true"),
        ("!newbie", "newbie.raw is false"),
        ("channel != \"Web\"", "channel.raw is not Web"),
        ("!(channel in [\"Web\", \"Phone\"])", "channel.raw is neither Web nor Phone"),
        ("!(channel in [\"Web\"])", "channel.raw is not Web"),
        ("between(history, 1, 2)", "history.raw is between 1 and 2"),
        ("!is_known(gone)", "gone.raw is missing"),
        ("is_known(gone) || recency < 3", "gone.raw is known or recency.raw is below 3"),
        ("action.channel == \"email\"", "the action's channel is email"),
        ("score(\"next_buy\") > 1", "next buy score is above 1"),
        (
            "recency > 3 && (newbie || channel == \"Web\")",
            "recency.raw is above 3, and either newbie.raw is true or channel.raw is Web",
        ),
        (
            "recency > 3 && newbie || channel == \"Web\"",
            "recency.raw is above 3 and newbie.raw is true, or channel.raw is Web",
        ),
    ];
    for (text, expected) in table {
        let conditions = parse(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(conditions.sentence(&schema), expected, "{text}");
    }
}

fn some_value(random: &mut Random) -> Value {
    const TEXTS: [&str; 9] = [
        "Web",
        "",
        "a \"quote\"",
        "back\\slash",
        "line\nbreak\ttab",
        "naïve – ünïcode 🦀",
        "${x}",
        "\u{1}\u{7f}",
        "// no",
    ];
    match random.next() % 5 {
        0 => Value::Bool(random.next().is_multiple_of(2)),
        1 => Value::Integer(random.next() as i64 >> (random.next() % 60)),
        2 => Value::Number((random.next() as i64 as f64) / [1.0, 1e3, 1e18, 1e30, 1e-20][(random.next() % 5) as usize]),
        3 => Value::text(TEXTS[(random.next() % 9) as usize]),
        _ => Value::Time((random.next() % 4_000_000_000_000) as i64),
    }
}

fn some_condition(random: &mut Random) -> Condition {
    let subject = match random.next() % 3 {
        0 => Subject::Field(["recency", "history", "_x1"][(random.next() % 3) as usize].into()),
        1 => Subject::Score(["visit", "a \"b\" \\", "ü"][(random.next() % 3) as usize].into()),
        _ => Subject::Fact(["channel", "discount"][(random.next() % 2) as usize].into()),
    };
    let operator = Operator::ALL[(random.next() % 11) as usize];
    let values = match operator.arity() {
        Arity::None => 0,
        Arity::One => 1,
        Arity::Two => 2,
        Arity::Many => random.next() % 5,
    };
    Condition { subject, operator, values: (0..values).map(|_| some_value(random)).collect() }
}

/// Any conditions: written, read, the same; and the checker takes the text as Rhai.
#[test]
fn written_and_read_they_are_the_same() {
    let context = crate::language::Context::new(&document());
    let mut random = Random::new(7);
    for round in 0..3_000 {
        let join = if random.next().is_multiple_of(2) { Join::All } else { Join::Any };
        let items = (0..random.next() % 5)
            .map(|_| match random.next() % 3 {
                0 => Item::Group((0..random.next() % 4).map(|_| some_condition(&mut random)).collect()),
                _ => Item::One(some_condition(&mut random)),
            })
            .collect();
        let conditions = Conditions { join, items };
        assert!(conditions.conditions().all(Condition::is_complete));
        let text = conditions.to_expr();
        let read = parse(&text);
        assert_eq!(read.as_ref(), Some(&conditions.normal()), "round {round}: {text}");
        assert_eq!(read.map(|c| c.to_expr()), Some(text.clone()), "round {round}: {text}");
        // Its names and types may be wrong; its syntax may not.
        for finding in check(&text, Use::Keep, &context) {
            assert!(!finding.message.contains("missing here") && !finding.message.contains("not closed"), "{text}");
        }
    }
}

#[test]
fn operators_follow_the_type() {
    assert_eq!(Operator::of(Type::Bool).len(), 3);
    assert!(!Operator::of(Type::Text).contains(&Operator::Less));
    assert!(Operator::of(Type::Number).contains(&Operator::Between));
    let between = Condition {
        subject: Subject::Field("recency".into()),
        operator: Operator::Between,
        values: vec![Value::Integer(1), Value::Integer(2)],
    };
    let less = between.with_operator(Operator::Less);
    assert_eq!(less.values, [Value::Integer(1)]);
    assert!(less.is_complete() && !less.with_operator(Operator::Between).is_complete());
}
