//! The expressions of a policy as one set: joined over one graph, evaluated for one row without an allocation.
//!
//! ```text
//! let mut scratch = rules.scratch();
//! for each request:
//!     scratch.begin();
//!     for each candidate:
//!         scratch.candidate();
//!         match rules.eval(i, &env, &mut scratch) { Outcome::True => …, Outcome::Fault => rules.rules()[i].eval_traced(&env), … }
//! ```
//!
//! The words of a failure, the missing inputs and the trace of what was read are [`Compiled`]'s to give, afterwards, for the few rows where
//! someone asks. An expression that runs in the interpreter is evaluated by it, and allocates.

use super::Use;
use super::compiled::Compiled;
use super::context::Names;
use super::datum::Datum;
use super::env::Env;
use super::graph::{Graph, Id, Joined, Ty};
use super::row::{self, Cell, NoOne, Program, Row, RuleScratch, Text, Truth};
use crate::value::Value;
use std::sync::Arc;

/// Compiled expressions of one policy, joined: what they have in common is there once.
#[derive(Clone, Debug)]
pub struct RuleSet {
    rules: Vec<Compiled>,
    graph: Graph,
    roots: Vec<Option<Id>>,
    program: Program,
    plans: Vec<Plan>,
    names: Arc<Names>,
}

/// How one expression is evaluated.
#[derive(Clone, Copy, Debug)]
enum Plan {
    /// True, false or unknown by its type.
    Truth(u32),
    /// Any value, taken as its use takes it.
    Value(u32, Use),
    /// By the interpreter; its answer is kept at a slot.
    Interpreted(u32),
}

/// The answer of an expression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// True.
    True,
    /// False.
    False,
    /// Something that it needs is missing: [`Compiled::missing`] names it.
    Unknown,
    /// A number as its use promises; of [`Use::Input`] any number.
    Number(f64),
    /// A text, of [`Use::Name`] and [`Use::Input`]: [`RuleSet::text`] gives it.
    Text(Text),
    /// A whole number, of [`Use::Input`] only.
    Integer(i64),
    /// An instant in milliseconds, of [`Use::Input`] only.
    Time(i64),
    /// It failed: [`Compiled::eval`] says why.
    Fault,
}

impl Default for RuleSet {
    /// Of no expressions.
    fn default() -> RuleSet {
        RuleSet::new(&[])
    }
}

impl RuleSet {
    /// Joins expressions that were compiled in one [`super::Context`]. Their positions are those of `rules`.
    pub fn new(rules: &[Compiled]) -> RuleSet {
        let mut joined = Joined::default();
        let mut roots: Vec<Option<Id>> =
            rules.iter().map(|rule| rule.graph().map(|(graph, root)| joined.add(graph, root))).collect();
        let graph = joined.finish(&mut roots);
        let lowered: Vec<Id> = roots.iter().copied().flatten().collect();
        let mut program = Program::new(&graph, &lowered);
        let plans = rules.iter().zip(&roots).map(|(rule, root)| match root {
            None => Plan::Interpreted(program.slot()),
            Some(root) if rule.for_use() == Use::Keep && graph.info(*root).ty == Ty::Bool => Plan::Truth(root.0),
            Some(root) => Plan::Value(root.0, rule.for_use()),
        });
        let plans = plans.collect();
        let names = rules.first().map_or_else(Arc::default, Compiled::names);
        RuleSet { rules: rules.to_vec(), graph, roots, program, plans, names }
    }

    /// Memory for evaluating them.
    pub fn scratch(&self) -> RuleScratch {
        self.program.scratch()
    }

    /// Evaluates the expression at `index` of those it was made of; [`Outcome::Unknown`] for a position that is none. `scratch` is one of
    /// this set, told of every new request and candidate.
    #[inline]
    pub fn eval<E: Env + ?Sized>(&self, index: usize, env: &E, scratch: &mut RuleScratch) -> Outcome {
        let mut row = Row { program: &self.program, names: &self.names, env, scratch, watch: NoOne };
        match self.plans.get(index) {
            Some(Plan::Truth(root)) => match row.truth(*root) {
                Truth::True => Outcome::True,
                Truth::False => Outcome::False,
                Truth::Unknown | Truth::Stop => Outcome::Unknown,
                Truth::Fault => Outcome::Fault,
            },
            Some(Plan::Value(root, use_)) => taken(*use_, row.cell(*root)),
            Some(Plan::Interpreted(slot)) => self.interpreted(index, *slot, env, scratch),
            None => Outcome::Unknown,
        }
    }

    /// The text of an outcome: of the same `env`, before the scratch goes on to another request or candidate.
    pub fn text<'t, E: Env + ?Sized>(&'t self, text: Text, env: &'t E, scratch: &'t RuleScratch) -> &'t str {
        match row::datum(&self.program, &self.names, env, scratch, Cell::Text(text)) {
            Datum::Text(text) => text,
            _ => "",
        }
    }

    /// The joined graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The expressions, as they were given.
    pub fn rules(&self) -> &[Compiled] {
        &self.rules
    }

    /// The node of an expression in the joined graph; `None` for one that runs in the interpreter, or a position that is none.
    pub fn root(&self, index: usize) -> Option<Id> {
        self.roots.get(index).copied().flatten()
    }

    #[cold]
    fn interpreted<E: Env + ?Sized>(&self, index: usize, slot: u32, env: &E, scratch: &mut RuleScratch) -> Outcome {
        let Some(rule) = self.rules.get(index) else { return Outcome::Unknown };
        let for_candidate = rule.reads_candidate();
        let cell = scratch.kept(slot, for_candidate).unwrap_or_else(|| {
            let cell = match rule.eval(&row::Seen(env)) {
                Ok(Value::Text(text)) => Cell::Text(scratch.made(&text, for_candidate)),
                Ok(value) => row::small(Datum::from(&value)),
                Err(_) => Cell::Fault,
            };
            scratch.keep(slot, cell);
            cell
        });
        taken(rule.for_use(), cell)
    }
}

/// A value as its use takes it; the same as [`Use::accept`], without words.
fn taken(use_: Use, cell: Cell) -> Outcome {
    let number = match cell {
        Cell::Unknown | Cell::Stop => return Outcome::Unknown,
        Cell::Fault => return Outcome::Fault,
        Cell::Integer(i) => Some(i as f64),
        Cell::Number(x) => Some(x),
        _ => None,
    };
    match (use_, cell, number) {
        (Use::Keep | Use::Input, Cell::Bool(true), _) => Outcome::True,
        (Use::Keep | Use::Input, Cell::Bool(false), _) => Outcome::False,
        (Use::Keep, ..) => Outcome::Fault,
        (Use::Name | Use::Input, Cell::Text(text), _) => Outcome::Text(text),
        (Use::Name, ..) => Outcome::Fault,
        (Use::Input, Cell::Integer(i), _) => Outcome::Integer(i),
        (Use::Input, Cell::Time(t), _) => Outcome::Time(t),
        (Use::Input, _, Some(x)) => Outcome::Number(x),
        (use_, _, Some(x)) if use_.takes(x) => Outcome::Number(x),
        _ => Outcome::Fault,
    }
}
