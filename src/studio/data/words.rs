//! Names and signs of column types and roles on screen.

use attune_lab::data::Role;
use attune_policy::value::Type;
use egui_material_icons::{MaterialIcon, icons};

/// Every role, in the order of the picker.
pub const ROLES: [Role; 16] = [
    Role::Feature,
    Role::Context,
    Role::Action,
    Role::Outcome,
    Role::Subject,
    Role::Household,
    Role::Device,
    Role::Time,
    Role::LoggingPropensity,
    Role::Decision,
    Role::Position,
    Role::Eligible,
    Role::Probabilities,
    Role::Consent,
    Role::Protected,
    Role::Ignored,
];

/// A role with a capital, for pickers.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Feature => "Feature",
        Role::Context => "Context",
        Role::Action => "Action",
        Role::Outcome => "Outcome",
        Role::Subject => "Subject",
        Role::Household => "Household",
        Role::Device => "Device",
        Role::Time => "Time",
        Role::LoggingPropensity => "Logging propensity",
        Role::Decision => "Decision",
        Role::Position => "Position",
        Role::Eligible => "Eligible",
        Role::Probabilities => "Probabilities",
        Role::Consent => "Consent",
        Role::Protected => "Protected",
        Role::Ignored => "Ignored",
    }
}

/// What a role means, in one sentence.
pub fn role_meaning(role: Role) -> &'static str {
    match role {
        Role::Feature => "A fact of the customer, open to models and rules",
        Role::Context => "A fact of the moment: page, device, hour",
        Role::Action => "What history did for the row",
        Role::Outcome => "What followed: a number, or yes and no; never an input",
        Role::Subject => "Whom the row speaks of; several rows may share one",
        Role::Household => "Who lives together; caps and holdouts may go by it",
        Role::Device => "What the customer is on; caps and holdouts may go by it",
        Role::Time => "When the row's decision was made",
        Role::LoggingPropensity => "The probability with which history chose the action it logged",
        Role::Decision => "Which decision the row belongs to; rows of one are a list",
        Role::Position => "The place in a list, the top one lowest",
        Role::Eligible => "The actions that history could choose from, as a list",
        Role::Probabilities => "The probabilities of the eligible actions, as a list",
        Role::Consent => "Whether the customer agreed; for guards and rules, never a model input",
        Role::Protected => "Nobody may be treated differently by it; neither models nor rules see it, fairness does",
        Role::Ignored => "Not used",
    }
}

/// A type as a word.
pub fn type_(type_: Type) -> &'static str {
    match type_ {
        Type::Bool => "true / false",
        Type::Integer => "whole number",
        Type::Number => "number",
        Type::Text => "text",
        Type::Time => "time",
    }
}

/// A type as a sign.
pub fn type_icon(type_: Type) -> MaterialIcon {
    match type_ {
        Type::Bool => icons::ICON_TOGGLE_ON,
        Type::Integer => icons::ICON_TAG,
        Type::Number => icons::ICON_STRAIGHTEN,
        Type::Text => icons::ICON_TITLE,
        Type::Time => icons::ICON_SCHEDULE,
    }
}

/// A number of a column in the words of its type: times are written as dates.
pub fn value(type_: Type, value: f64) -> String {
    match type_ {
        Type::Time => attune_lab::data::import::dates::render(value as i64),
        _ => crate::widgets::number::short(value),
    }
}
