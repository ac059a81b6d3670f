//! Roles suggested from names and contents.

use super::{Arm, Logging, Role, Roles};
use crate::data::cells::Dictionary;
use crate::data::dataset::{Column, Dataset};
use crate::data::names::identifiers;
use crate::data::profile::chi_square;
use attune_policy::value::Type;
use std::collections::{BTreeMap, HashSet};

const ACTION_NAMES: &[&str] = &[
    "segment",
    "arm",
    "treatment",
    "variant",
    "action",
    "offer",
    "campaign_arm",
    "group",
    "test_group",
    "item_id",
    "creative",
];
const OUTCOME_NAMES: &[&str] = &[
    "visit",
    "visited",
    "conversion",
    "converted",
    "convert",
    "spend",
    "click",
    "clicked",
    "churn",
    "churned",
    "churn_value",
    "response",
    "responded",
    "purchase",
    "purchased",
    "bought",
    "outcome",
    "target",
    "label",
    "reward",
    "sale",
    "exited",
    "y",
];
const SUBJECT_NAMES: &[&str] = &[
    "customer_id",
    "customerid",
    "customer",
    "subject",
    "subject_id",
    "user_id",
    "userid",
    "client_id",
    "member_id",
    "id",
    "uid",
];
const TIME_NAMES: &[&str] =
    &["timestamp", "time", "date", "datetime", "sent_at", "decided_at", "event_time", "created_at"];
const PROPENSITY_NAMES: &[&str] = &["propensity", "propensity_score", "logging_propensity", "pscore"];
const CONTEXT_NAMES: &[&str] = &["page", "device", "weather", "placement", "position", "slot", "browser"];
const UNTREATED: &[&str] = &[
    "no e-mail",
    "no email",
    "no_email",
    "control",
    "no action",
    "noaction",
    "none",
    "holdout",
    "no offer",
    "no treatment",
    "0",
];
/// Most values an action column has before it is taken for something else.
const MAX_ARMS: usize = 100;

pub fn suggest(dataset: &Dataset) -> Roles {
    let mut roles = Roles::default();
    for column in dataset.columns() {
        roles.columns.insert(column.name.clone(), first_guess(dataset, column));
    }
    keep_first(&mut roles, dataset, Role::Subject, SUBJECT_NAMES);
    keep_first(&mut roles, dataset, Role::Time, TIME_NAMES);
    keep_first(&mut roles, dataset, Role::LoggingPropensity, PROPENSITY_NAMES);
    keep_first(&mut roles, dataset, Role::Action, ACTION_NAMES);
    arms(&mut roles, dataset);
    roles
}

fn first_guess(dataset: &Dataset, column: &Column) -> Role {
    let name = column.name.to_lowercase();
    let name = name.trim_matches('_');
    let is = |names: &[&str]| names.contains(&name);
    let Ok(dictionary) = dataset.dictionary(&column.name) else { return Role::Ignored };
    let known = dictionary.codes.iter().filter(|code| **code != Dictionary::MISSING).count();
    let distinct = dictionary.values.len();
    // A uniform logger logs one and the same propensity in every row.
    if is(PROPENSITY_NAMES) && column.type_ == Type::Number {
        return Role::LoggingPropensity;
    }
    if distinct < 2 {
        return Role::Ignored;
    }
    if column.type_ == Type::Time {
        return if is(TIME_NAMES) || name.ends_with("date") || name.ends_with("time") {
            Role::Time
        } else {
            Role::Feature
        };
    }
    if is(SUBJECT_NAMES) && column.type_ != Type::Number {
        return Role::Subject;
    }
    if is(ACTION_NAMES) && distinct <= MAX_ARMS && column.type_ != Type::Number {
        return Role::Action;
    }
    if is(OUTCOME_NAMES) && matches!(column.type_, Type::Bool | Type::Integer | Type::Number) {
        return Role::Outcome;
    }
    // A different value in every row is a key: a subject when its name says id, nothing a model can use otherwise.
    let unique = distinct == known && known == dataset.rows() && known > 20;
    if unique && matches!(column.type_, Type::Text | Type::Integer) {
        return if name.ends_with("id") || name.ends_with("key") {
            Role::Subject
        } else {
            unnamed_key(dataset, column)
        };
    }
    if is(CONTEXT_NAMES) {
        return Role::Context;
    }
    if column.type_ == Type::Text && distinct > MAX_ARMS && distinct * 2 > known {
        return Role::Ignored;
    }
    Role::Feature
}

/// Row counters are ignored, other unique texts are too; unique whole numbers may be amounts.
fn unnamed_key(dataset: &Dataset, column: &Column) -> Role {
    let counter = dataset
        .numbers(&column.name)
        .is_ok_and(|numbers| numbers.windows(2).all(|pair| (pair[1] - pair[0] - 1.0).abs() < f64::EPSILON));
    if column.type_ == Type::Text || counter { Role::Ignored } else { Role::Feature }
}

/// Leaves a role to the one column whose name speaks for it most; the others become features, subjects and times nothing.
fn keep_first(roles: &mut Roles, dataset: &Dataset, role: Role, names: &[&str]) {
    let rank =
        |name: &str| names.iter().position(|n| *n == name.to_lowercase().trim_matches('_')).unwrap_or(names.len());
    let mut found: Vec<String> = roles.with_role(dataset, role).into_iter().map(str::to_owned).collect();
    found.sort_by_key(|name| rank(name));
    for name in found.into_iter().skip(1) {
        let other = if matches!(role, Role::Subject | Role::LoggingPropensity) { Role::Ignored } else { Role::Feature };
        roles.columns.insert(name, other);
    }
}

/// Arms of the action column, and a randomised design when their counts are as even as an even draw makes them.
fn arms(roles: &mut Roles, dataset: &Dataset) {
    let Some(column) = roles.first(Role::Action).map(str::to_owned) else { return };
    let Ok(dictionary) = dataset.dictionary(&column) else { return };
    let mut values: Vec<String> = dictionary.values.iter().map(|v| v.to_string()).collect();
    values.sort_unstable();
    let ids = identifiers(&values.iter().map(|value| value.to_lowercase()).collect::<Vec<_>>());
    let mut taken: HashSet<&str> = HashSet::new();
    for (value, id) in values.iter().zip(&ids) {
        let untreated = UNTREATED.contains(&value.to_lowercase().as_str()) && taken.insert("");
        let candidate = || Arm::Candidate { action: id.clone(), treatment: "default".to_owned() };
        roles.arms.insert(value.clone(), if untreated { Arm::NoAction } else { candidate() });
    }
    if roles.first(Role::LoggingPropensity).is_some() {
        roles.logging = Logging::Column;
        return;
    }
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for row in 0..dataset.rows() {
        if let Some(value) = dictionary.get(row) {
            *counts.entry(value).or_insert(0) += 1;
        }
    }
    let share = 1.0 / counts.len().max(1) as f64;
    let shares = vec![share; counts.len()];
    let counted: Vec<u64> = counts.values().copied().collect();
    let even = chi_square::test(&counted, &shares).is_some_and(|test| test.p > 0.01);
    let untreated = roles.arms.values().any(|arm| *arm == Arm::NoAction);
    if even && untreated && counted.iter().all(|n| *n >= 100) {
        roles.logging = Logging::Randomised(counts.keys().map(|value| ((*value).to_owned(), share)).collect());
    }
}
