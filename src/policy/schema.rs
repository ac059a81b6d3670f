//! The schema: which fields a request carries. Field names are Rhai identifiers; `source` is the name the data had.
//!
//! A field may say how it is computed from events ([`EventFeature`]), how old its value may be ([`Freshness`]), and what is done
//! where it is missing ([`Missing`]).

pub(crate) mod entry;
pub mod event;

pub use event::{Aggregate, EventFeature, Window};

use crate::value::{Type, Value};
use serde::{Deserialize, Serialize};

/// The fields of a request, in the order of [`crate::request::Request::fields`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// The fields, names unique.
    pub fields: Vec<Field>,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Rhai identifier, unique in the schema.
    pub name: String,
    /// The column's name in the source; shown to people.
    pub source: String,
    /// Type of its values.
    #[serde(rename = "type")]
    pub type_: Type,
    /// Fact of the subject or of the request.
    #[serde(default)]
    pub kind: FieldKind,
    /// The values seen in training, for a text field with few of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Traces show that it was read, not its value.
    #[serde(default, skip_serializing_if = "is_false")]
    pub masked: bool,
    /// How it is computed from a table of events, when it is such a feature: the caller's to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Box<EventFeature>>,
    /// How old its value may be; older ones are unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freshness: Option<Freshness>,
    /// What is done where it is missing or too old.
    #[serde(default, skip_serializing_if = "Missing::is_unknown")]
    pub missing: Missing,
}

/// How old a value may be at the decision. A value that is older, whose instant is unknown, or whose instant lies after the
/// decision, is unknown, and the decision says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freshness {
    /// Name of the time field that says at which instant the value stood.
    pub at: String,
    /// Greatest age in seconds; a day is 86,400 s.
    pub max_age: u64,
}

/// What is done where a field is missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Missing {
    /// It is unknown.
    #[default]
    Unknown,
    /// It has this value.
    Default(Value),
    /// The policy does not decide: it answers its fallback ladder, and says so.
    Refuse,
}

impl Missing {
    /// Whether nothing is done.
    pub fn is_unknown(&self) -> bool {
        *self == Missing::Unknown
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// What a field speaks of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FieldKind {
    /// A fact of the subject.
    #[default]
    Feature,
    /// A fact of the request itself: page, device, hour.
    Context,
}

impl Field {
    /// A fact of the subject that is called in rules as in its source.
    pub fn new(name: impl Into<String>, type_: Type) -> Field {
        let name = name.into();
        Field {
            source: name.clone(),
            name,
            type_,
            kind: FieldKind::Feature,
            categories: Vec::new(),
            masked: false,
            from: None,
            freshness: None,
            missing: Missing::Unknown,
        }
    }
}

impl Schema {
    /// Position of the field called `name`.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|f| f.name == name)
    }

    /// The field called `name`.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }
}
