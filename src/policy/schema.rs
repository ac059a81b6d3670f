//! The schema: which fields a request carries. Field names are Rhai identifiers; `source` is the name the data had.

use crate::value::Type;
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
