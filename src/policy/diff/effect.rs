//! Whether a change loosens or tightens the protection of those who are contacted, where that can be told from the document
//! alone. What needs the meaning of an expression is left open for a person to read.

use super::Effect;
use super::tree::Tree;
use super::walk::{Place, Raw, What};
use Effect::{Neutral, Open, Stricter, Weaker};

/// What a change does.
pub fn of(raw: &Raw<'_>) -> Effect {
    let Some(Place::Field(part)) = raw.path.first() else { return Neutral };
    match (*part, raw.path, &raw.what) {
        (_, _, What::Moved(..)) => Neutral,
        (
            "rules" | "caps" | "suppressions" | "cool_downs" | "exclusions" | "quiet_hours" | "stocks" | "budgets"
            | "properties",
            [_, Place::Item(_) | Place::At(_)],
            what,
        ) => whole(part, what),
        ("overrides", [_, _], What::Added(item)) => {
            if denies(item) {
                Stricter
            } else {
                Weaker
            }
        }
        ("overrides", [_, _], What::Removed(item)) => {
            if denies(item) {
                Weaker
            } else {
                Stricter
            }
        }
        ("cases", [_, _], What::Added(_)) => Neutral,
        ("cases", ..) => Open,
        (_, [_, Place::Item(_) | Place::At(_), Place::Field(field), ..], What::Changed(from, to)) => {
            let (Some(before), Some(after)) = raw.item else { return Neutral };
            if is_idle(part, before) && is_idle(part, after) {
                return Neutral;
            }
            within(part, field, (before, after), (*from, *to))
        }
        ("arbitration", [_, Place::Field("floors"), ..], what) => floor(raw, what),
        ("zones", [_, Place::Field("strict")], What::Changed(_, to)) => toward(*to == Some(&Tree::Bool(true))),
        ("zones", ..) | ("mode" | "baseline", ..) => Open,
        ("schema", [.., Place::Field("masked")], What::Changed(_, to)) => toward(*to == Some(&Tree::Bool(true))),
        _ => Neutral,
    }
}

/// A part that came or went as a whole.
fn whole(part: &str, what: &What<'_>) -> Effect {
    match what {
        What::Added(item) if removes(part, item) && !is_idle(part, item) => Stricter,
        What::Removed(item) if removes(part, item) && !is_idle(part, item) => Weaker,
        _ => Neutral,
    }
}

/// Whether a part can remove candidates at all.
fn removes(part: &str, item: &Tree) -> bool {
    match part {
        "rules" => is_filter(item.field("stage")),
        "caps" => item.field("limit").is_some_and(|limit| *limit != Tree::None),
        "budgets" => item.field("max").is_some(),
        _ => true,
    }
}

fn is_filter(stage: Option<&Tree>) -> bool {
    matches!(stage.and_then(Tree::variant), Some("Guard" | "Eligibility" | "Applicability" | "Suitability"))
}

/// Switched off, or without effect.
fn is_idle(part: &str, item: &Tree) -> bool {
    item.field("enabled") == Some(&Tree::Bool(false)) || (part == "rules" && !is_filter(item.field("stage")))
}

fn denies(item: &Tree) -> bool {
    item.field("kind").and_then(Tree::variant) == Some("Deny")
}

fn toward(stricter: bool) -> Effect {
    if stricter { Stricter } else { Weaker }
}

/// A larger number lets more through.
fn more_is_weaker(from: Option<&Tree>, to: Option<&Tree>) -> Effect {
    match (from.and_then(Tree::number), to.and_then(Tree::number)) {
        (Some(from), Some(to)) if from == to => Neutral,
        (Some(from), Some(to)) => toward(to < from),
        // No number is no limit.
        (None, Some(_)) => Stricter,
        (Some(_), None) => Weaker,
        (None, None) => Open,
    }
}

/// A larger number lets less through.
fn more_is_stricter(from: Option<&Tree>, to: Option<&Tree>) -> Effect {
    match (from.and_then(Tree::number), to.and_then(Tree::number)) {
        (None, Some(_)) => Stricter,
        (Some(_), None) => Weaker,
        _ => match more_is_weaker(from, to) {
            Stricter => Weaker,
            Weaker => Stricter,
            other => other,
        },
    }
}

/// A filter that speaks of one kind alone, or of all when absent.
fn narrower_is_weaker(from: Option<&Tree>, to: Option<&Tree>) -> Effect {
    let all = |tree: Option<&Tree>| tree.is_none_or(|tree| *tree == Tree::None || tree.variant() == Some("All"));
    match (all(from), all(to)) {
        (true, false) => Weaker,
        (false, true) => Stricter,
        _ => Open,
    }
}

fn is(tree: Option<&Tree>, flag: bool) -> bool {
    tree == Some(&Tree::Bool(flag))
}

/// A field of a part.
fn within(part: &str, field: &str, item: (&Tree, &Tree), (from, to): (Option<&Tree>, Option<&Tree>)) -> Effect {
    match (part, field) {
        (_, "name" | "note" | "reason" | "id" | "author" | "approver") => Neutral,
        ("rules" | "caps" | "suppressions" | "cool_downs" | "exclusions" | "quiet_hours" | "budgets", "enabled") => {
            if removes(part, item.1) {
                toward(is(to, true))
            } else {
                Neutral
            }
        }
        ("rules", "stage") => match (is_filter(from), is_filter(to)) {
            (true, false) => Weaker,
            (false, true) => Stricter,
            // Guards bind where other rules do not: overrides, fallbacks, exploration.
            _ => match (from.and_then(Tree::variant), to.and_then(Tree::variant)) {
                (Some("Guard"), _) => Weaker,
                (_, Some("Guard")) => Stricter,
                _ => Open,
            },
        },
        ("rules", "on_missing") => toward(to.and_then(Tree::variant) != Some("Keep")),
        ("rules", "scope") => narrower_is_weaker(from, to),
        ("rules", "protects") => Neutral,
        ("caps", "limit") | ("exclusions", "at_most") | ("suppressions", "times") | ("stocks", "units") => {
            more_is_weaker(from, to)
        }
        ("budgets", "max" | "pacing") => more_is_weaker(from, to),
        ("budgets", "min") => Neutral,
        ("suppressions", "within" | "for") | ("cool_downs", "gap") => more_is_stricter(from, to),
        ("caps" | "exclusions", "window") => window(from, to),
        ("caps", "bypassable") => toward(is(to, false)),
        ("caps" | "suppressions" | "cool_downs", "target" | "channel") | ("quiet_hours", "channel" | "when") => {
            narrower_is_weaker(from, to)
        }
        ("caps" | "cool_downs" | "quiet_hours", "on_hit") => {
            match (from.and_then(Tree::variant), to.and_then(Tree::variant)) {
                (Some("Drop") | None, Some(_)) => Weaker,
                (Some(_), Some("Drop") | None) => Stricter,
                _ => Open,
            }
        }
        ("quiet_hours", "from" | "until") => hours(item.0, item.1),
        ("overrides", "until" | "from") => {
            let later = from.and_then(Tree::text) < to.and_then(Tree::text);
            let longer = later == (field == "until");
            toward(denies(item.1) == longer)
        }
        ("overrides", "when") => Open,
        ("overrides", "kind") => match (denies(item.0), denies(item.1)) {
            (true, false) => Weaker,
            (false, true) => Stricter,
            _ => Open,
        },
        ("actions", "mandatory" | "service") => toward(is(to, false)),
        ("actions", "obeys_caps" | "counts_toward_caps") => toward(is(to, true)),
        // Instants are written so that their order is that of their texts.
        ("actions", "valid_from") => match (from.and_then(Tree::text), to.and_then(Tree::text)) {
            (Some(from), Some(to)) => toward(to > from),
            (_, to) => toward(to.is_some()),
        },
        ("actions", "valid_until") => match (from.and_then(Tree::text), to.and_then(Tree::text)) {
            (Some(from), Some(to)) => toward(to < from),
            (_, to) => toward(to.is_some()),
        },
        ("actions", "tags") => Open,
        ("channels", "direction") => toward(to.and_then(Tree::variant) == Some("Outbound")),
        (
            "rules" | "caps" | "suppressions" | "cool_downs" | "exclusions" | "quiet_hours" | "stocks" | "budgets"
            | "properties" | "overrides" | "tables",
            _,
        ) => Open,
        _ => Neutral,
    }
}

/// A longer window counts more.
fn window(from: Option<&Tree>, to: Option<&Tree>) -> Effect {
    let length = |tree: Option<&Tree>| match tree {
        Some(Tree::Variant("Rolling", seconds)) => seconds.number(),
        Some(Tree::Variant("Lifetime", _)) => Some(f64::INFINITY),
        _ => None,
    };
    match (length(from), length(to)) {
        (Some(from), Some(to)) if from != to => toward(to > from),
        _ => match (from, to) {
            (None, Some(_)) => Stricter,
            (Some(_), None) => Weaker,
            _ => Open,
        },
    }
}

/// Quiet hours that hold in all minutes in which they held before, and more, are stricter.
fn hours(before: &Tree, after: &Tree) -> Effect {
    let minutes = |item: &Tree| {
        let time = |name: &str| item.field(name)?.text()?.parse::<crate::contact::TimeOfDay>().ok();
        let (from, until) = (time("from")?.minutes(), time("until")?.minutes());
        let quiet = move |minute: &u16| match from < until {
            true => (from..until).contains(minute),
            // Over midnight; the same minute twice is the whole day.
            false => *minute >= from || *minute < until,
        };
        Some((0..1440).filter(quiet).collect::<std::collections::BTreeSet<u16>>())
    };
    match (minutes(before), minutes(after)) {
        (Some(a), Some(b)) if a.is_subset(&b) => Stricter,
        (Some(a), Some(b)) if b.is_subset(&a) => Weaker,
        _ => Open,
    }
}

fn floor(raw: &Raw<'_>, what: &What<'_>) -> Effect {
    match (what, raw.path.last()) {
        (What::Added(_), _) => Stricter,
        (What::Removed(_), _) => Weaker,
        (What::Changed(from, to), Some(Place::Field("min_propensity" | "min_priority"))) => {
            more_is_stricter(*from, *to)
        }
        (What::Changed(from, to), Some(Place::Field("scope"))) => narrower_is_weaker(*from, *to),
        _ => Open,
    }
}
