//! An expression that passed every check, ready to be evaluated many times.

use super::Use;
use super::check;
use super::context::{Context, Names};
use super::env::Env;
use super::finding::Finding;
use super::graph::{Graph, Id};
use super::ops;
use super::own;
use super::reads::Reads;
use super::row::{Cell, Listening, Program, Row, datum};
use super::sandbox::{Interpreted, Needs, Stop};
use super::source::Source;
use crate::value::Value;
use std::sync::Arc;

/// A compiled expression. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Compiled(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    text: String,
    use_: Use,
    names: Arc<Names>,
    /// Why it is not lowered, otherwise.
    lowered: Result<Lowered, String>,
    interpreted: Interpreted,
    needs: Needs,
    warnings: Vec<Finding>,
}

#[derive(Debug)]
struct Lowered {
    /// The source graph.
    graph: Graph,
    root: Id,
    program: Program,
}

/// How an expression is evaluated; the answer is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Lowered to typed steps.
    Lowered,
    /// By the sandboxed Rhai interpreter: loops, lists in variables, maps …; [`Compiled::why_interpreted`] names which.
    Interpreted,
}

/// Which evaluator is asked; the tests ask both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evaluator {
    Row,
    Interpreter,
}

pub(super) fn compile(text: &str, use_: Use, context: &Context) -> Result<Compiled, Vec<Finding>> {
    let source = Source::new(text);
    let parsed = own::parse(&source).map_err(|finding| vec![finding])?;
    let names = context.names.clone();
    let checked = check::check(&parsed, &source, use_, &names);
    if checked.findings.iter().any(Finding::is_error) {
        return Err(checked.findings);
    }
    Ok(Compiled(Arc::new(Inner {
        text: text.to_owned(),
        use_,
        lowered: checked.lowered.map(|(graph, root)| {
            let program = Program::new(&graph, &[root]);
            Lowered { graph, root, program }
        }),
        interpreted: Interpreted::new(&parsed, use_, &names),
        names,
        needs: checked.needs,
        warnings: checked.findings,
    })))
}

impl Compiled {
    /// Evaluates: a bool for [`Use::Keep`], a number (`Value::Number`) in (0, 1] for [`Use::Multiplier`], a finite number for
    /// [`Use::Priority`] and [`Use::Number`], one that is not negative for [`Use::Factor`], a text for [`Use::Name`]; `Value::Unknown` when something it needed is missing; an error in words when it failed.
    pub fn eval(&self, env: &dyn Env) -> Result<Value, String> {
        self.run(env, None, self.evaluator())
    }

    /// The same answer by the sandboxed interpreter, whatever its kind: the reference that other evaluators are held to.
    pub fn eval_interpreted(&self, env: &dyn Env) -> Result<Value, String> {
        self.run(env, None, Evaluator::Interpreter)
    }

    /// The same answer, and what was read in order of first reading: `recency`, `score("visit")`, `action.channel` …
    pub fn eval_traced(&self, env: &dyn Env) -> (Result<Value, String>, Vec<(String, Value)>) {
        let mut reads = Reads::default();
        let result = self.run(env, Some(&mut reads), self.evaluator());
        (result, reads.into_inner())
    }

    /// The names whose value was unknown when the result was: for `MissingInput(fields)`.
    pub fn missing(&self, env: &dyn Env) -> Vec<String> {
        let (_, read) = self.eval_traced(env);
        read.into_iter().filter(|(_, value)| !value.is_known()).map(|(name, _)| name).collect()
    }

    /// How it is evaluated.
    pub fn kind(&self) -> Kind {
        if self.0.lowered.is_ok() { Kind::Lowered } else { Kind::Interpreted }
    }

    /// What keeps it in the interpreter, as a noun: "a loop", "a map"; `None` when it is lowered.
    pub fn why_interpreted(&self) -> Option<&str> {
        self.0.lowered.as_ref().err().map(String::as_str)
    }

    /// Its source graph and the root in it; `None` when it runs in the interpreter.
    pub fn graph(&self) -> Option<(&Graph, Id)> {
        self.0.lowered.as_ref().ok().map(|lowered| (&lowered.graph, lowered.root))
    }

    /// The names it was compiled with.
    pub(super) fn names(&self) -> Arc<Names> {
        self.0.names.clone()
    }

    /// What it is for.
    pub fn for_use(&self) -> Use {
        self.0.use_
    }

    /// Positions in `document.tables` of the decision tables it reads, ascending.
    pub fn tables(&self) -> &[usize] {
        &self.0.needs.tables
    }

    /// Positions in `document.models` of the scores it reads, ascending.
    pub fn models(&self) -> &[usize] {
        &self.0.needs.models
    }

    /// Positions of the variables it reads, as in [`Env::field`], ascending.
    pub fn variables(&self) -> &[usize] {
        &self.0.needs.variables
    }

    /// Whether it reads what happened to the subject.
    pub fn reads_history(&self) -> bool {
        self.0.needs.history
    }

    /// Whether its answer can differ between the candidates of a request: it reads a fact under `action.` or a term.
    pub fn reads_candidate(&self) -> bool {
        self.0.needs.candidate || self.0.needs.terms
    }

    /// The source text.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Warnings found when it was compiled.
    pub fn warnings(&self) -> &[Finding] {
        &self.0.warnings
    }

    fn evaluator(&self) -> Evaluator {
        if self.0.lowered.is_ok() { Evaluator::Row } else { Evaluator::Interpreter }
    }

    pub(super) fn run(&self, env: &dyn Env, reads: Option<&mut Reads>, evaluator: Evaluator) -> Result<Value, String> {
        let inner = &*self.0;
        let result = match (evaluator, &inner.lowered) {
            (Evaluator::Row, Ok(lowered)) => lowered.run(&inner.names, env, reads),
            _ => inner.interpreted.run(&inner.names, &inner.needs, env, reads),
        };
        match result {
            Ok(value) => inner.use_.accept(value),
            Err(Stop::Unknown) => Ok(Value::Unknown),
            Err(Stop::Fault(message)) => Err(message),
        }
    }
}

impl Lowered {
    fn run(&self, names: &Names, env: &dyn Env, reads: Option<&mut Reads>) -> Result<Value, Stop> {
        let (program, mut scratch) = (&self.program, self.program.scratch());
        let watch = Listening { names, graph: &self.graph, reads, message: String::new() };
        let mut row = Row { program, names, env, scratch: &mut scratch, watch };
        match row.cell(self.root.0) {
            Cell::Stop => Err(Stop::Unknown),
            Cell::Fault => Err(Stop::Fault(row.watch.message)),
            cell => Ok(datum(program, names, env, &scratch, cell).into()),
        }
    }
}

impl Use {
    /// Whether a number is one that it takes.
    pub(super) fn takes(self, x: f64) -> bool {
        match self {
            Use::Multiplier => x > 0.0 && x <= 1.0,
            Use::Factor => x >= 0.0 && x.is_finite(),
            Use::Priority | Use::Number => x.is_finite(),
            Use::Input => true,
            Use::Keep | Use::Name => false,
        }
    }

    /// The result as the decision takes it, or why it cannot.
    pub(crate) fn accept(self, value: Value) -> Result<Value, String> {
        let number = match &value {
            Value::Unknown => return Ok(Value::Unknown),
            Value::Integer(i) => Some(*i as f64),
            Value::Number(x) => Some(*x),
            _ => None,
        };
        match (self, number) {
            (Use::Keep, None) if matches!(value, Value::Bool(_)) => Ok(value),
            (Use::Keep, _) => Err(format!("the result must be true or false, found {}", ops::noun(&value))),
            (Use::Input, _) => Ok(value),
            (Use::Name, None) if matches!(value, Value::Text(_)) => Ok(value),
            (Use::Name, _) => {
                Err(format!("the result must be the id of an action or `()`, found {}", ops::noun(&value)))
            }
            (_, None) => Err(format!("the result must be a number, found {}", ops::noun(&value))),
            (use_, Some(x)) if use_.takes(x) => Ok(Value::Number(x)),
            (Use::Multiplier, Some(x)) => Err(format!("a multiplier lies above 0 and is at most 1, found {x}")),
            (Use::Priority, Some(x)) => Err(format!("the priority is not a finite number: {x}")),
            (Use::Factor, Some(x)) => Err(format!("a lever is a finite number, 0 or above, found {x}")),
            (_, Some(x)) => Err(format!("the result is not a finite number: {x}")),
        }
    }
}
