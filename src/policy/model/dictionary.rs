//! Categories in the type of their column, so that no value is printed while scoring.

use crate::value::{Type, Value};
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

/// A category in the type of its column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Category {
    Text(Arc<str>),
    /// A value of any other type as bits; of numbers the text `-0` is not the text `0`.
    Bits(u64),
    /// No value of the column prints like this.
    Never,
}

impl Category {
    /// The value of type `type_` that prints as `text`.
    pub fn new(text: &str, type_: Type) -> Category {
        let value = match type_ {
            Type::Text => return Category::Text(text.into()),
            Type::Bool => text.parse().ok().map(Value::Bool),
            Type::Integer => text.parse().ok().map(Value::Integer),
            Type::Number => text.parse().ok().map(Value::Number),
            Type::Time => text.parse::<jiff::Timestamp>().ok().map(|t| Value::Time(t.as_millisecond())),
        };
        match value.filter(|value| value.to_string() == text).and_then(|value| bits(type_, &value)) {
            Some(bits) => Category::Bits(bits),
            None => Category::Never,
        }
    }

    /// Whether it is this text.
    pub fn is_text(&self, text: &str) -> bool {
        matches!(self, Category::Text(own) if **own == *text)
    }

    /// Whether a value of a column of this type is this category.
    pub fn matches(&self, type_: Type, value: &Value) -> bool {
        match (self, value) {
            (Category::Text(a), Value::Text(b)) => a == b,
            (Category::Bits(a), value) => bits(type_, value) == Some(*a),
            _ => false,
        }
    }
}

/// A value that is no text as bits, in a column of this type; `None` when it is of another type.
pub fn bits(type_: Type, value: &Value) -> Option<u64> {
    match (type_, value) {
        (Type::Bool, Value::Bool(b)) => Some(u64::from(*b)),
        (Type::Integer, Value::Integer(x)) | (Type::Time, Value::Time(x)) => Some(*x as u64),
        (Type::Number, Value::Number(x)) => Some(x.to_bits()),
        // Facts of actions may be whole numbers on one action and numbers on another.
        (Type::Number, Value::Integer(x)) => Some((*x as f64).to_bits()),
        _ => None,
    }
}

/// Categories by their place in a list.
#[derive(Clone, Debug)]
pub struct Dictionary {
    type_: Type,
    len: u32,
    texts: HashMap<Arc<str>, u32, Hasher>,
    others: HashMap<u64, u32, Hasher>,
}

/// Without random keys: the same on every run.
type Hasher = BuildHasherDefault<DefaultHasher>;

/// More categories than this have codes that f32 does not tell apart.
const MOST: usize = 1 << 23;

impl Dictionary {
    /// The categories of a column of this type.
    ///
    /// # Errors
    /// A sentence: none, too many, or one twice.
    pub fn new(categories: &[String], type_: Type) -> Result<Dictionary, String> {
        if categories.is_empty() {
            return Err("it lists no category; give at least one".into());
        }
        if categories.len() > MOST {
            return Err(format!("it lists {} categories; at most {MOST} can be told apart", categories.len()));
        }
        let mut dictionary =
            Dictionary { type_, len: categories.len() as u32, texts: HashMap::default(), others: HashMap::default() };
        for (text, code) in categories.iter().zip(0u32..) {
            let before = match Category::new(text, type_) {
                Category::Text(text) => dictionary.texts.insert(text, code),
                Category::Bits(bits) => dictionary.others.insert(bits, code),
                Category::Never => None,
            };
            if before.is_some() {
                return Err(format!("it lists the category `{text}` twice"));
            }
        }
        Ok(dictionary)
    }

    /// Number of categories, which is the code of a value in none.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// The code of a value; `None` when it is unknown.
    pub fn code(&self, value: &Value) -> Option<u32> {
        match value {
            Value::Unknown => None,
            Value::Text(text) => Some(self.text(text).unwrap_or(self.len)),
            other => {
                let code = bits(self.type_, other).and_then(|bits| self.others.get(&bits));
                Some(code.copied().unwrap_or(self.len))
            }
        }
    }

    /// The code of a text, when it is a category.
    pub fn text(&self, text: &str) -> Option<u32> {
        self.texts.get(text).copied()
    }
}
