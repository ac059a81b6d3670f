//! The types the checker reckons with, and their words.

use crate::language::functions::{ArgType, Result_};
use crate::language::graph::Id;
use crate::value::{Type, Value};

/// Type of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ty {
    /// Known only when it is evaluated.
    Any,
    /// Always unknown: `()`, or a statement without a value.
    Unknown,
    Bool,
    Integer,
    Number,
    Text,
    Time,
    List,
    Map,
    Range,
}

impl From<Type> for Ty {
    fn from(type_: Type) -> Ty {
        match type_ {
            Type::Bool => Ty::Bool,
            Type::Integer => Ty::Integer,
            Type::Number => Ty::Number,
            Type::Text => Ty::Text,
            Type::Time => Ty::Time,
        }
    }
}

impl Ty {
    /// Type of a value.
    pub fn of(value: &Value) -> Ty {
        value.type_of().map_or(Ty::Unknown, Ty::from)
    }

    /// Whether it may be a number.
    pub fn is_number(self) -> bool {
        matches!(self, Ty::Integer | Ty::Number)
    }

    /// Whether nothing can be said about it before it is evaluated.
    pub fn is_open(self) -> bool {
        matches!(self, Ty::Any | Ty::Unknown)
    }

    /// The type of a place where both can stand; `None` when they exclude each other.
    pub fn join(self, other: Ty) -> Option<Ty> {
        match (self, other) {
            (a, b) if a == b => Some(a),
            (Ty::Unknown, b) => Some(b),
            (a, Ty::Unknown) => Some(a),
            (Ty::Any, _) | (_, Ty::Any) => Some(Ty::Any),
            (a, b) if a.is_number() && b.is_number() => Some(Ty::Number),
            _ => None,
        }
    }

    /// Whether an argument of this type may be passed.
    pub fn fits(self, arg: ArgType) -> bool {
        match arg {
            _ if self.is_open() => true,
            ArgType::Any => !matches!(self, Ty::List | Ty::Map | Ty::Range),
            ArgType::Number => self.is_number(),
            ArgType::Time => self == Ty::Time,
            ArgType::Text | ArgType::Event | ArgType::Channel | ArgType::Target | ArgType::Model | ArgType::Table => {
                self == Ty::Text
            }
        }
    }

    /// The type of a function's result, given the types of its arguments.
    pub fn result(result: Result_, args: &[Ty]) -> Ty {
        match result {
            Result_::Bool => Ty::Bool,
            Result_::Integer => Ty::Integer,
            Result_::Number => Ty::Number,
            Result_::Numeric if args.iter().all(|a| *a == Ty::Integer) => Ty::Integer,
            Result_::Numeric => Ty::Number,
            Result_::Text => Ty::Text,
            Result_::Time => Ty::Time,
            Result_::Output => Ty::Any,
        }
    }

    /// In words: "a number".
    pub fn noun(self) -> &'static str {
        match self {
            Ty::Any => "a value",
            Ty::Unknown => "nothing",
            Ty::Bool => "true/false",
            Ty::Integer => "a whole number",
            Ty::Number => "a number",
            Ty::Text => "a text",
            Ty::Time => "a time",
            Ty::List => "a list",
            Ty::Map => "a map",
            Ty::Range => "a range",
        }
    }
}

/// What is known about an expression after it was checked.
#[derive(Debug)]
pub struct Typed {
    pub ty: Ty,
    /// Its node in the source graph; `None` when it needs the interpreter.
    pub node: Option<Id>,
    pub what: What,
}

/// What an expression is, as far as messages and categories care.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Variable(usize),
    Fact(usize),
    Literal(Value),
    Comparison,
    Other,
}

impl Typed {
    pub fn new(ty: Ty, node: Option<Id>) -> Typed {
        Typed { ty, node, what: What::Other }
    }

    /// Of something that was refused: nothing more is said about it.
    pub fn refused() -> Typed {
        Typed::new(Ty::Any, None)
    }
}
