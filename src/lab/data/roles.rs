//! Roles: what each column means, which value of the action column is which arm, and how history chose it.
//!
//! Suggestions are made in [`suggest`]; nothing here changes data.

mod check;
pub mod design;
mod suggest;

pub(super) use suggest::names_a_time;

use super::cells::Dictionary;
use super::dataset::Dataset;
use super::quality::Problem;
use crate::error::{Error, Result};
use attune_policy::columns::{Labels, Texts};
use attune_policy::schema::{Field, FieldKind, Schema};
use attune_policy::value::Type;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A text column with at most this many distinct values lists them in the schema.
pub const MAX_CATEGORIES: usize = 100;

/// What the columns of a dataset mean.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// Role by column name (identifier); a column that is not listed is ignored.
    #[serde(default)]
    pub columns: BTreeMap<String, Role>,
    /// What each value of the action column stands for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arms: BTreeMap<String, Arm>,
    /// How history chose its actions.
    #[serde(default)]
    pub logging: Logging,
    /// Why `logging` is taken for granted, where it is a guess from the data; `None` once a person has said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guess: Option<String>,
    /// Outcomes that come later, from tables beside the rows; each becomes a column with the role outcome.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delayed: Vec<Delayed>,
    /// Instant (ms since 1970-01-01T00:00Z) at which rows without a time stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<i64>,
}

/// An outcome that comes later, in a table of events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delayed {
    /// Name of the outcome, an identifier: the column that is made.
    pub name: String,
    /// The table of events, by name.
    pub table: String,
    /// Days after a decision in which an event counts, both ends inside. Of rows that stand at the project's instant the end is
    /// outside, as in windows of features: what happens at the instant itself follows it, and 90 days of it are 90 dates.
    pub window_days: f64,
    /// Column of the table whose values are added up, or an expression over its columns; `None`: whether anything happened, 1 or 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Which events count: an expression over the columns of the table, such as `quantity > 0`; `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
    /// The outcome is that nothing happened, as in churn: 1 without an event, 0 with one. Not together with `value`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub absent: bool,
    /// Which decision an event is credited to.
    #[serde(default)]
    pub credit: Credit,
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

/// Which decision an event is credited to, among those about its subject whose window it falls into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Credit {
    /// The last one, contact or not: what policies are valued by without bias where the outcome is of the last decision.
    #[default]
    LastDecision,
    /// The last contact, or without one the last decision. It favours contacts over decisions for none.
    LastContact,
    /// Every one: an event counts as often as windows hold it.
    EveryDecision,
}

impl Credit {
    /// The rule in words, after "credited to".
    pub fn words(self) -> &'static str {
        match self {
            Credit::LastDecision => "the last decision before them",
            Credit::LastContact => "the last contact before them, or without one the last decision",
            Credit::EveryDecision => "every decision whose window holds them",
        }
    }
}

/// What a column means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// A fact of the subject, open to models and rules.
    Feature,
    /// A fact of the request itself: page, device, hour.
    Context,
    /// What history did.
    Action,
    /// What followed; a number, or true/false.
    Outcome,
    /// Whom the row speaks of.
    Subject,
    /// The household of the subject: caps and holdouts may go by it.
    Household,
    /// The device that the subject is on: caps and holdouts may go by it.
    Device,
    /// When the row's decision was made.
    Time,
    /// The probability with which history chose what it logged.
    LoggingPropensity,
    /// Which decision the row belongs to: rows of one value are one list, one row per position.
    Decision,
    /// The place in a list, the top one lowest.
    Position,
    /// The actions that history could choose from: values of the action column, divided by `|`, `;` or `,`.
    Eligible,
    /// The probabilities of the eligible actions, in their order or as pairs `action:probability`. Where no column holds logging
    /// propensities they are read from here.
    Probabilities,
    /// Whether the subject agreed to something: read by guards and other rules, never an input of a model.
    Consent,
    /// An attribute by which nobody may be treated differently: no input of models, not known to rules; kept to see whether
    /// decisions are fair.
    Protected,
    /// Not used.
    #[default]
    Ignored,
}

/// What a value of the action column stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Arm {
    /// The untreated arm.
    NoAction,
    /// An action on one of its treatments, by id.
    Candidate {
        /// Action id.
        action: String,
        /// Treatment id.
        treatment: String,
    },
}

/// How history chose its actions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Logging {
    /// A randomised trial: the design's logging propensity per value of the action column.
    Randomised(BTreeMap<String, f64>),
    /// Logged per row, in the column with role [`Role::LoggingPropensity`], or else in the lists of that with role
    /// [`Role::Probabilities`].
    Column,
    /// Not known.
    #[default]
    Unknown,
}

/// The subjects of a dataset, each key once.
pub struct Subjects {
    keys: Keys,
}

enum Keys {
    /// Subject column; rows without a value count as a subject of their own, named by row number.
    Column { codes: Vec<u32>, values: Arc<[Arc<str>]> },
    /// Row numbers.
    Rows(Vec<String>),
}

impl Role {
    /// The word for people.
    pub fn label(self) -> &'static str {
        match self {
            Role::Feature => "feature",
            Role::Context => "context",
            Role::Action => "action",
            Role::Outcome => "outcome",
            Role::Subject => "subject",
            Role::Household => "household",
            Role::Device => "device",
            Role::Time => "time",
            Role::LoggingPropensity => "logging propensity",
            Role::Decision => "decision",
            Role::Position => "position",
            Role::Eligible => "eligible",
            Role::Probabilities => "probabilities",
            Role::Consent => "consent",
            Role::Protected => "protected",
            Role::Ignored => "ignored",
        }
    }

    /// Whether one column at most has the role.
    pub fn is_single(self) -> bool {
        match self {
            Role::Feature | Role::Context | Role::Outcome | Role::Consent | Role::Protected | Role::Ignored => false,
            Role::Action
            | Role::Subject
            | Role::Household
            | Role::Device
            | Role::Time
            | Role::LoggingPropensity
            | Role::Decision
            | Role::Position
            | Role::Eligible
            | Role::Probabilities => true,
        }
    }
}

impl Roles {
    /// The role of a column.
    pub fn role(&self, column: &str) -> Role {
        self.columns.get(column).copied().unwrap_or_default()
    }

    /// Names of the columns with a role, in the order of the dataset.
    pub fn with_role<'a>(&self, dataset: &'a Dataset, role: Role) -> Vec<&'a str> {
        dataset.columns().iter().map(|c| c.name.as_str()).filter(|name| self.role(name) == role).collect()
    }

    /// The first column with a role, by name.
    pub fn first(&self, role: Role) -> Option<&str> {
        self.columns.iter().find(|(_, r)| **r == role).map(|(name, _)| name.as_str())
    }

    /// The schema of a request: features, consent and context, in the order of the dataset, with the categories of text
    /// columns that have at most [`MAX_CATEGORIES`].
    pub fn schema(&self, dataset: &Dataset) -> Schema {
        let mut schema = Schema::default();
        for column in dataset.columns() {
            let kind = match self.role(&column.name) {
                Role::Feature | Role::Consent => FieldKind::Feature,
                Role::Context => FieldKind::Context,
                _ => continue,
            };
            let mut categories = Vec::new();
            if column.type_ == Type::Text
                && let Ok(dictionary) = dataset.dictionary(&column.name)
                && dictionary.values.len() <= MAX_CATEGORIES
            {
                categories = dictionary.values.iter().map(|v| v.to_string()).collect();
                categories.sort_unstable();
            }
            schema.fields.push(Field {
                source: column.source.clone(),
                kind,
                categories,
                ..Field::new(&column.name, column.type_)
            });
        }
        schema
    }

    /// Roles that the names and contents of the columns speak for; a start to be looked over, not the truth.
    pub fn suggest(dataset: &Dataset) -> Roles {
        suggest::suggest(dataset).0
    }

    /// As [`Roles::suggest`], with the reason for each column's role (by identifier), in words.
    pub fn suggest_with_reasons(dataset: &Dataset) -> (Roles, BTreeMap<String, String>) {
        suggest::suggest(dataset)
    }

    /// Arms for the action column as it is now: what its values speak for, and how they were probably chosen.
    /// Those of another column are forgotten.
    pub fn suggest_arms(&mut self, dataset: &Dataset) {
        self.arms.clear();
        self.set_logging(Logging::Unknown);
        suggest::arms(self, dataset);
    }

    /// What is wrong with these roles on this dataset: columns that vanished, arms without a meaning, logging propensities
    /// that are no probabilities or that the counts contradict, outcomes that are no numbers.
    pub fn check(&self, dataset: &Dataset) -> Vec<Problem> {
        check::check(self, dataset)
    }

    /// The subject of every row: the subject column's text, or the row number where there is none.
    ///
    /// # Errors
    /// When the subject column is not in the dataset.
    pub fn subjects(&self, dataset: &Dataset) -> Result<Subjects> {
        let numbers = || (0..dataset.rows()).map(|row| dataset.row_number(row).to_string());
        let Some(column) = self.first(Role::Subject) else {
            return Ok(Subjects { keys: Keys::Rows(numbers().collect()) });
        };
        let Dictionary { mut codes, values } = dataset.dictionary(column)?;
        let mut unnamed: Vec<Arc<str>> = Vec::new();
        for (row, code) in codes.iter_mut().enumerate().filter(|(_, code)| **code == Dictionary::MISSING) {
            *code = (values.len() + unnamed.len()) as u32;
            unnamed.push(dataset.row_number(row).to_string().into());
        }
        let values = if unnamed.is_empty() { values } else { values.iter().cloned().chain(unnamed).collect() };
        Ok(Subjects { keys: Keys::Column { codes, values } })
    }

    /// The arm of every row, as a position in [`Roles::arms`]' order; `None` where the action is missing or has no
    /// meaning.
    ///
    /// # Errors
    /// When there is no action column.
    pub fn arm_of_rows(&self, dataset: &Dataset) -> Result<Vec<Option<u32>>> {
        let column = self.first(Role::Action).ok_or_else(|| {
            Error::new("no column has the role action").hint("give the column that says what was done the role action")
        })?;
        let dictionary = dataset.dictionary(column)?;
        let arms: Vec<Option<u32>> = dictionary
            .values
            .iter()
            .map(|value| self.arms.keys().position(|arm| **arm == **value).map(|i| i as u32))
            .collect();
        Ok(dictionary.codes.iter().map(|code| arms.get(*code as usize).copied().flatten()).collect())
    }

    /// The logging propensity of every row; NaN where it is not known.
    ///
    /// # Errors
    /// When the action or propensity column is missing, or nothing is known about logging.
    pub fn logging_propensities(&self, dataset: &Dataset) -> Result<Vec<f64>> {
        match &self.logging {
            Logging::Randomised(design) => {
                let column = self.first(Role::Action).ok_or_else(|| Error::new("no column has the role action"))?;
                let dictionary = dataset.dictionary(column)?;
                let by_code: Vec<f64> =
                    dictionary.values.iter().map(|v| design.get(&**v).copied().unwrap_or(f64::NAN)).collect();
                Ok(dictionary.codes.iter().map(|c| by_code.get(*c as usize).copied().unwrap_or(f64::NAN)).collect())
            }
            Logging::Column => {
                let column = self
                    .first(Role::LoggingPropensity)
                    .ok_or_else(|| Error::new("no column has the role logging propensity"))?;
                dataset.numbers(column)
            }
            Logging::Unknown => Err(Error::new("how history chose its actions is not known")
                .hint("say that it was a randomised trial, or name the column of logging propensities")),
        }
    }
}

impl Subjects {
    /// Key of a row.
    pub fn key(&self, row: usize) -> &str {
        match &self.keys {
            Keys::Column { codes, values } => &values[codes[row] as usize],
            Keys::Rows(keys) => &keys[row],
        }
    }

    /// Distinct keys, in order of [`Subjects::code`].
    pub fn values(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match &self.keys {
            Keys::Column { values, .. } => Box::new(values.iter().map(|v| &**v)),
            Keys::Rows(keys) => Box::new(keys.iter().map(String::as_str)),
        }
    }

    /// Position of a row's key among the distinct ones.
    pub fn code(&self, row: usize) -> usize {
        match &self.keys {
            Keys::Column { codes, .. } => codes[row] as usize,
            Keys::Rows(_) => row,
        }
    }

    /// The keys of some rows, all rows when `None`, as a batch of decisions takes them.
    pub fn labels(&self, rows: Option<&[u32]>) -> Labels<'_> {
        match (&self.keys, rows) {
            (Keys::Column { codes, values }, None) => {
                Labels::coded(Texts { codes: codes.into(), dictionary: values.clone() })
            }
            (Keys::Column { codes, values }, Some(rows)) => {
                let codes: Vec<u32> = rows.iter().map(|row| codes[*row as usize]).collect();
                Labels::coded(Texts { codes: codes.into(), dictionary: values.clone() })
            }
            (Keys::Rows(keys), None) => keys.iter().map(String::as_str).collect::<Vec<_>>().into(),
            (Keys::Rows(keys), Some(rows)) => {
                rows.iter().map(|row| keys[*row as usize].as_str()).collect::<Vec<_>>().into()
            }
        }
    }

    /// Whether every row is a subject of its own.
    pub fn are_rows(&self) -> bool {
        matches!(self.keys, Keys::Rows(_))
    }

    /// Number of subjects.
    pub fn count(&self) -> usize {
        match &self.keys {
            Keys::Column { values, .. } => values.len(),
            Keys::Rows(keys) => keys.len(),
        }
    }
}
