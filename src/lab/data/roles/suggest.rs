//! Roles suggested from names and contents.

use super::{Arm, Role, Roles};
use crate::data::cells::Dictionary;
use crate::data::dataset::{Column, Dataset};
use crate::data::names::identifiers;
use crate::data::quality::words;
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
    "action_id",
    "arm_id",
    "offer_id",
    "chosen_action",
    "logged_action",
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
const PROPENSITY_NAMES: &[&str] = &[
    "propensity",
    "propensity_score",
    "logging_propensity",
    "pscore",
    "action_prob",
    "action_probability",
    "logging_probability",
    "behavior_propensity",
    "behaviour_propensity",
];
const DECISION_NAMES: &[&str] = &["decision_id", "decision", "request_id", "impression_id", "list_id", "slate_id"];
const POSITION_NAMES: &[&str] = &["position", "slot", "rank"];
const ELIGIBLE_NAMES: &[&str] = &[
    "eligible",
    "eligible_actions",
    "eligible_set",
    "candidates",
    "candidate_actions",
    "available_actions",
    "action_set",
];
const PROBABILITIES_NAMES: &[&str] =
    &["probabilities", "action_probabilities", "eligible_probabilities", "propensities", "action_dist"];
const CONTEXT_NAMES: &[&str] = &["page", "device", "weather", "placement", "position", "slot", "browser"];
/// Words of names that speak of agreement, or of its opposite.
const CONSENT_WORDS: &[&str] = &[
    "consent",
    "consented",
    "optin",
    "opt in",
    "opted in",
    "optout",
    "opt out",
    "opted out",
    "permission",
    "gdpr",
    "unsubscribed",
    "do not contact",
    "do not mail",
    "do not email",
    "do not call",
    "dnc",
];
/// Words of names of attributes that equal-treatment law protects, or that the GDPR calls special. Age and marital status,
/// which many decisions may lawfully use, are for a person to mark.
const PROTECTED_WORDS: &[&str] = &[
    "gender",
    "sex",
    "race",
    "ethnicity",
    "ethnic",
    "religion",
    "nationality",
    "citizenship",
    "disability",
    "disabled",
    "sexual orientation",
    "orientation",
    "pregnant",
    "pregnancy",
    "political",
    "union member",
    "health",
];
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
/// Most values of an action column among which `0` is the untreated one, and not a number of an item.
const FEW_ARMS: usize = 10;
/// Most values an action column has before it is taken for something else.
const MAX_ARMS: usize = 100;

/// Roles and the reason for each.
pub fn suggest(dataset: &Dataset) -> (Roles, BTreeMap<String, String>) {
    let mut roles = Roles::default();
    let mut reasons = BTreeMap::new();
    for column in dataset.columns() {
        let (role, why) = first_guess(dataset, column);
        roles.columns.insert(column.name.clone(), role);
        reasons.insert(column.name.clone(), why.to_owned());
    }
    for (role, names) in [
        (Role::Subject, SUBJECT_NAMES),
        (Role::Time, TIME_NAMES),
        (Role::LoggingPropensity, PROPENSITY_NAMES),
        (Role::Action, ACTION_NAMES),
        (Role::Decision, DECISION_NAMES),
        (Role::Eligible, ELIGIBLE_NAMES),
        (Role::Probabilities, PROBABILITIES_NAMES),
    ] {
        keep_first(&mut roles, &mut reasons, dataset, role, names);
    }
    lists(&mut roles, &mut reasons, dataset);
    arms(&mut roles, dataset);
    (roles, reasons)
}

/// Whether the name of a column says that it is when something happened.
pub fn names_a_time(name: &str) -> bool {
    let name = name.to_lowercase();
    let name = name.trim_matches('_');
    TIME_NAMES.contains(&name) || name.ends_with("date") || name.ends_with("time")
}

fn first_guess(dataset: &Dataset, column: &Column) -> (Role, &'static str) {
    let name = column.name.to_lowercase();
    let name = name.trim_matches('_');
    let is = |names: &[&str]| names.contains(&name);
    let Ok(dictionary) = dataset.dictionary(&column.name) else { return (Role::Ignored, "it cannot be read") };
    let known = dictionary.codes.iter().filter(|code| **code != Dictionary::MISSING).count();
    let distinct = dictionary.values.len();
    // A uniform logger logs one and the same propensity in every row.
    if is(PROPENSITY_NAMES) && column.type_ == Type::Number {
        return (Role::LoggingPropensity, "its name says that it is the probability of what was logged");
    }
    if distinct < 2 {
        return (Role::Ignored, "it is the same in every row");
    }
    if is(DECISION_NAMES) && matches!(column.type_, Type::Text | Type::Integer) && distinct > MAX_ARMS.min(known / 20) {
        return (Role::Decision, "its name says which decision a row belongs to");
    }
    if column.type_ == Type::Text && dictionary.values.iter().take(50).all(|v| v.contains(['|', ';', ','])) {
        if is(ELIGIBLE_NAMES) {
            return (Role::Eligible, "its name and its lists say what could be chosen");
        }
        if is(PROBABILITIES_NAMES) {
            return (Role::Probabilities, "its name and its lists say with which probabilities");
        }
    }
    if column.type_ == Type::Time {
        return if names_a_time(name) {
            (Role::Time, "it holds times, and its name says that they are those of the rows")
        } else {
            (Role::Feature, "it holds times")
        };
    }
    let parts = words(&column.name);
    if distinct <= 3 && speaks_of(&parts, CONSENT_WORDS) && is_yes_or_no(column, &dictionary) {
        return (Role::Consent, "it is yes or no, and its name speaks of agreement");
    }
    if distinct <= MAX_ARMS && speaks_of(&parts, PROTECTED_WORDS) {
        return (Role::Protected, "its name is that of an attribute which the law protects");
    }
    if is(SUBJECT_NAMES) && column.type_ != Type::Number {
        return (Role::Subject, "its name says that it is the key of the customer");
    }
    if is(ACTION_NAMES) && distinct <= MAX_ARMS && column.type_ != Type::Number {
        return (Role::Action, "its name says what was done, and it has few values");
    }
    if is(OUTCOME_NAMES) && matches!(column.type_, Type::Bool | Type::Integer | Type::Number) {
        return (Role::Outcome, "its name says what followed, and it is yes or no or a number");
    }
    // A different value in every row is a key: a subject when its name says id, nothing a model can use otherwise.
    let unique = distinct == known && known == dataset.rows() && known > 20;
    if unique && matches!(column.type_, Type::Text | Type::Integer) {
        if name.ends_with("id") || name.ends_with("key") {
            return (Role::Subject, "it is different in every row, and its name says that it is a key");
        }
        return match unnamed_key(dataset, column) {
            Role::Ignored => (Role::Ignored, "it is different in every row, as a key or a counter is"),
            role => (role, "it is a number"),
        };
    }
    if is(CONTEXT_NAMES) {
        return (Role::Context, "its name says that it is a fact of the moment");
    }
    if column.type_ == Type::Text && distinct > MAX_ARMS && distinct * 2 > known {
        return (Role::Ignored, "nearly every row has a text of its own");
    }
    (Role::Feature, "it may tell something of the customer")
}

/// Whether one of the phrases stands among the words of a name: `opt in` in `email_opt_in`.
fn speaks_of(parts: &[String], phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        parts.windows(phrase.len()).any(|window| window.iter().zip(&phrase).all(|(part, word)| part == word))
    })
}

fn is_yes_or_no(column: &Column, dictionary: &Dictionary) -> bool {
    let truth = |value: &str| crate::data::import::boolean(value).is_some();
    column.type_ == Type::Bool || dictionary.values.iter().all(|value| truth(value))
}

/// Row counters are ignored, other unique texts are too; unique whole numbers may be amounts.
fn unnamed_key(dataset: &Dataset, column: &Column) -> Role {
    let counter = dataset
        .numbers(&column.name)
        .is_ok_and(|numbers| numbers.windows(2).all(|pair| (pair[1] - pair[0] - 1.0).abs() < f64::EPSILON));
    if column.type_ == Type::Text || counter { Role::Ignored } else { Role::Feature }
}

/// Leaves a role to the one column whose name speaks for it most; the others become features, subjects and times nothing.
fn keep_first(
    roles: &mut Roles,
    reasons: &mut BTreeMap<String, String>,
    dataset: &Dataset,
    role: Role,
    names: &[&str],
) {
    let rank =
        |name: &str| names.iter().position(|n| *n == name.to_lowercase().trim_matches('_')).unwrap_or(names.len());
    let mut found: Vec<String> = roles.with_role(dataset, role).into_iter().map(str::to_owned).collect();
    found.sort_by_key(|name| rank(name));
    let Some(first) = found.first().cloned() else { return };
    for name in found.into_iter().skip(1) {
        let other = if matches!(role, Role::Subject | Role::LoggingPropensity) { Role::Ignored } else { Role::Feature };
        reasons.insert(name.clone(), format!("it looks like the {} too, and there is one: `{first}`", role.label()));
        roles.columns.insert(name, other);
    }
}

/// Where decisions repeat, a column of places says where in its list a row stands.
fn lists(roles: &mut Roles, reasons: &mut BTreeMap<String, String>, dataset: &Dataset) {
    let Some(decision) = roles.first(Role::Decision).map(str::to_owned) else { return };
    if !dataset.dictionary(&decision).is_ok_and(|ids| ids.values.len() < dataset.rows()) {
        return;
    }
    let place = |c: &&Column| POSITION_NAMES.contains(&c.name.to_lowercase().as_str()) && c.type_ == Type::Integer;
    if let Some(column) = dataset.columns().iter().find(place) {
        let why = format!("its name says where the row stands in the list of its `{decision}`");
        reasons.insert(column.name.clone(), why);
        roles.columns.insert(column.name.clone(), Role::Position);
    }
}

/// Arms of the action column, and how they were probably chosen.
pub fn arms(roles: &mut Roles, dataset: &Dataset) {
    let Some(column) = roles.first(Role::Action).map(str::to_owned) else { return };
    let Ok(dictionary) = dataset.dictionary(&column) else { return };
    let mut values: Vec<String> = dictionary.values.iter().map(|v| v.to_string()).collect();
    values.sort_unstable();
    let ids = identifiers(&values.iter().map(|value| value.to_lowercase()).collect::<Vec<_>>());
    let mut taken: HashSet<&str> = HashSet::new();
    for (value, id) in values.iter().zip(&ids) {
        let number = value == "0" && values.len() > FEW_ARMS;
        let untreated = UNTREATED.contains(&value.to_lowercase().as_str()) && !number && taken.insert("");
        let candidate = || Arm::Candidate { action: id.clone(), treatment: "default".to_owned() };
        roles.arms.insert(value.clone(), if untreated { Arm::NoAction } else { candidate() });
    }
    roles.suggest_logging(dataset);
}
