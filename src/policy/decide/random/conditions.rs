//! Random conditions of known meaning, and how they are written.

use super::super::naive::Meaning;
use super::CHANNELS;
use crate::testing::Random;

/// A condition, nested at most so deep.
pub fn condition(random: &mut Random, depth: usize) -> Meaning {
    // What fails is never inside another: which of two failures is met first is the language's own law.
    if depth == 2 && random.chance(0.06) {
        return Meaning::Quotient(1 + random.below(6) as i64);
    }
    let inner = |random: &mut Random| Box::new(condition(random, depth - 1));
    match random.below(if depth == 0 { 13 } else { 19 }) {
        0 => Meaning::AtMost(random.below(5) as i64),
        1 => Meaning::Holds,
        2 => Meaning::OnChannel((*random.pick(&CHANNELS)).to_owned()),
        3 => Meaning::ScoreAtLeast((*random.pick(&["m0", "m1", "m2", "m5"])).to_owned(), 0.4),
        4 => Meaning::ContactsBelow(1 + random.below(7) as i64, 1 + random.below(2) as i64),
        5 => Meaning::FilledAtMost(random.below(5) as i64),
        6 => Meaning::In((*random.pick(&["north", "south"])).to_owned()),
        7 => Meaning::PriceAtLeast(*random.pick(&[1.0, 2.0])),
        8 => {
            let channel = (*random.pick(&CHANNELS)).to_owned();
            Meaning::ContactsOnBelow(channel, 1 + random.below(7) as i64, 1 + random.below(2) as i64)
        }
        9 => {
            let of = (*random.pick(&["*", "a0", "g1", "i0"])).to_owned();
            Meaning::VisitsBelow(of, 1 + random.below(7) as i64, 1 + random.below(2) as i64)
        }
        10 => Meaning::SentDaysAgo(*random.pick(&[0.5, 2.0, 5.0])),
        11 => Meaning::HourBelow(4 + random.below(20) as i64),
        12 => Meaning::Says("t0".into()),
        13 => Meaning::Counted(1 + random.below(3) as i64),
        14 | 15 => Meaning::Not(inner(random)),
        16 | 17 => Meaning::Both(inner(random), inner(random)),
        _ => Meaning::Either(inner(random), inner(random)),
    }
}

/// A condition that reads no candidate.
pub fn about_the_row(random: &mut Random) -> Meaning {
    match random.below(5) {
        0 => Meaning::AtMost(random.below(5) as i64),
        1 => Meaning::Holds,
        2 => Meaning::Says("t0".into()),
        3 => Meaning::Quotient(3),
        _ => Meaning::Not(Box::new(Meaning::Holds)),
    }
}

/// The condition as an expression of the language.
pub fn written(meaning: &Meaning) -> String {
    match meaning {
        Meaning::AtMost(k) => format!("n <= {k}"),
        Meaning::FilledAtMost(k) => format!("filled <= {k}"),
        Meaning::Holds => "b".into(),
        Meaning::In(region) => format!("r == \"{region}\""),
        Meaning::OnChannel(id) => format!("action.channel == \"{id}\""),
        Meaning::PriceAtLeast(x) => format!("action.price >= {x:?}"),
        Meaning::ScoreAtLeast(model, x) => format!("score(\"{model}\") >= {x}"),
        Meaning::ContactsBelow(days, n) => format!("contacts({days}) < {n}"),
        Meaning::ContactsOnBelow(channel, days, n) => format!("contacts_on(\"{channel}\", {days}) < {n}"),
        Meaning::VisitsBelow(of, days, n) => format!("outcomes(\"visit\", \"{of}\", {days}) < {n}"),
        Meaning::SentDaysAgo(days) => format!("days_since(\"sent\") >= {days:?}"),
        Meaning::HourBelow(k) => format!("hour() < {k}"),
        Meaning::Says(table) | Meaning::Weighs(table) => format!("table(\"{table}\")"),
        Meaning::Counted(k) => {
            format!("{{ let found = 0; for i in [1, 2, 3] {{ if n >= i {{ found += 1; }} }} found >= {k} }}")
        }
        Meaning::Quotient(k) => format!("12 / n >= {k}"),
        Meaning::Not(a) => format!("!({})", written(a)),
        Meaning::Both(a, b) => format!("({}) && ({})", written(a), written(b)),
        Meaning::Either(a, b) => format!("({}) || ({})", written(a), written(b)),
        Meaning::Multiplier => "x".into(),
        Meaning::Hour => "x * 6.0".into(),
        Meaning::Names(when, action) => format!("if {} {{ \"{action}\" }} else {{ () }}", written(when)),
    }
}
