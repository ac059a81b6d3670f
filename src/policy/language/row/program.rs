//! A graph as the row evaluator walks it: one step per node, tests of one field against a literal as single steps, and a place to keep
//! the value of what is asked for more than once.

use super::scratch::RuleScratch;
use crate::language::env::Term;
use crate::language::functions::Function;
use crate::language::graph::{Graph, Id, Literal, Node, Ty};
use crate::language::ops::Op;
use crate::value::Value;
use std::sync::Arc;

/// Operands, as a range of [`Program::operands`].
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

/// One step. Operands are positions of steps; the first steps are those of the graph's nodes, in their order.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    Unknown,
    Bool(bool),
    Integer(i64),
    Number(f64),
    Time(i64),
    Literal(u32),
    Field(u32),
    Fact(u32),
    Term(Term),
    Score(u32),
    Table(u32),
    /// A field of whole numbers against one.
    FieldInteger(Op, u32, i64),
    /// A field of numbers against one.
    FieldNumber(Op, u32, f64),
    /// A field of texts against a literal.
    FieldText(Op, u32, u32),
    And(Span),
    Or(Span),
    Not(u32),
    AsBool(u32),
    Negate(u32),
    Compare(Op, u32, u32),
    Calculate(Op, u32, u32),
    /// Against a list of literals.
    In(u32, u32),
    OrElse(Span),
    IsKnown(u32),
    Call(&'static Function, Span),
    If(u32, u32, u32),
    Demand(u32),
    Seq(Span),
    /// The value of another step, kept at a slot; whether it varies between the candidates of a request.
    Kept {
        step: u32,
        slot: u32,
        varies: bool,
    },
}

/// A graph ready to be evaluated.
#[derive(Clone, Debug, Default)]
pub struct Program {
    pub steps: Vec<Step>,
    pub operands: Vec<u32>,
    /// Literal texts.
    pub texts: Vec<Arc<str>>,
    /// Lists of literals.
    pub lists: Vec<List>,
    /// Number of nodes of the graph.
    nodes: usize,
    /// The node behind each step that is not one itself.
    behind: Vec<u32>,
    /// Whether a node's value can differ between candidates, by node.
    for_candidate: Vec<bool>,
    slots: usize,
}

/// A list of literals to look a value up in.
#[derive(Clone, Debug)]
pub enum List {
    /// Whole numbers.
    Integers(Box<[i64]>),
    /// Texts.
    Texts(Box<[Arc<str>]>),
    /// Anything, in order.
    Values(Box<[Value]>),
}

/// Values that cost less than this, in nanoseconds, are computed again rather than looked up.
const CHEAP: u32 = 6;

impl Program {
    /// Prepares a graph for the expressions at `roots`.
    pub fn new(graph: &Graph, roots: &[Id]) -> Program {
        let nodes = graph.nodes().len();
        let mut program = Program { nodes, ..Program::default() };
        for (id, node) in graph.iter() {
            let step = program.step(graph, node);
            program.steps.push(step);
            program.for_candidate.push(graph.info(id).reads.candidate);
        }
        for (position, uses) in uses(graph, roots).into_iter().enumerate() {
            let id = Id::at(position);
            let leaf = matches!(graph.node(id), Node::Const(_) | Node::Field(_) | Node::Fact(_) | Node::Term(_));
            if uses < 2 || leaf || graph.info(id).cost < CHEAP {
                continue;
            }
            let (at, slot) = (narrow(program.steps.len()), program.slot());
            let varies = graph.info(id).reads.candidate;
            if let Some(step) = program.steps.get_mut(position) {
                let inner = std::mem::replace(step, Step::Kept { step: at, slot, varies });
                program.steps.push(inner);
                program.behind.push(narrow(position));
            }
        }
        program
    }

    /// One more place to keep a value.
    pub fn slot(&mut self) -> u32 {
        self.slots += 1;
        narrow(self.slots - 1)
    }

    /// Memory for it.
    pub fn scratch(&self) -> RuleScratch {
        RuleScratch::new(self.slots)
    }

    /// The node that a step computes.
    pub fn node(&self, step: u32) -> usize {
        match (step as usize).checked_sub(self.nodes) {
            Some(extra) => self.behind.get(extra).map_or(usize::MAX, |node| *node as usize),
            None => step as usize,
        }
    }

    /// Whether what a step gives can differ between the candidates of a request.
    pub fn for_candidate(&self, step: u32) -> bool {
        self.for_candidate.get(self.node(step)).copied().unwrap_or(true)
    }

    fn span(&mut self, ids: &[Id]) -> Span {
        let start = narrow(self.operands.len());
        self.operands.extend(ids.iter().map(|id| id.0));
        Span { start, end: narrow(self.operands.len()) }
    }

    fn text(&mut self, text: &Arc<str>) -> u32 {
        let at = self.texts.iter().position(|known| known == text).unwrap_or_else(|| {
            self.texts.push(text.clone());
            self.texts.len() - 1
        });
        narrow(at)
    }

    fn step(&mut self, graph: &Graph, node: &Node) -> Step {
        match node {
            Node::Const(Literal(value)) => match value {
                Value::Unknown => Step::Unknown,
                Value::Bool(b) => Step::Bool(*b),
                Value::Integer(i) => Step::Integer(*i),
                Value::Number(x) => Step::Number(*x),
                Value::Time(t) => Step::Time(*t),
                Value::Text(text) => Step::Literal(self.text(text)),
            },
            Node::Field(i) => Step::Field(*i),
            Node::Fact(i) => Step::Fact(*i),
            Node::Term(term) => Step::Term(*term),
            Node::Score(i) => Step::Score(*i),
            Node::Table(i) => Step::Table(*i),
            Node::And(ids) => Step::And(self.span(ids)),
            Node::Or(ids) => Step::Or(self.span(ids)),
            Node::Not(x) => Step::Not(x.0),
            Node::AsBool(x) => Step::AsBool(x.0),
            Node::Negate(x) => Step::Negate(x.0),
            Node::Binary(op, a, b) => self.binary(graph, *op, *a, *b),
            Node::InConst(x, items) => {
                let list = list(graph.info(*x).ty, items);
                self.lists.push(list);
                Step::In(x.0, narrow(self.lists.len() - 1))
            }
            Node::OrElse(ids) => Step::OrElse(self.span(ids)),
            Node::IsKnown(x) => Step::IsKnown(x.0),
            Node::Call(function, ids) => Step::Call(function, self.span(ids)),
            Node::If(a, b, c) => Step::If(a.0, b.0, c.0),
            Node::Demand(x) => Step::Demand(x.0),
            Node::Seq(ids) => Step::Seq(self.span(ids)),
        }
    }

    fn binary(&mut self, graph: &Graph, op: Op, a: Id, b: Id) -> Step {
        if !op.compares() {
            return Step::Calculate(op, a.0, b.0);
        }
        match (graph.node(a), graph.info(a).ty, graph.node(b).literal()) {
            (Node::Field(i), Ty::Integer, Some(Value::Integer(y))) => Step::FieldInteger(op, *i, *y),
            (Node::Field(i), Ty::Number, Some(Value::Number(y))) => Step::FieldNumber(op, *i, *y),
            (Node::Field(i), Ty::Number, Some(Value::Integer(y))) => Step::FieldNumber(op, *i, *y as f64),
            (Node::Field(i), Ty::Text, Some(Value::Text(text))) => Step::FieldText(op, *i, self.text(text)),
            _ => Step::Compare(op, a.0, b.0),
        }
    }
}

/// How often each node is asked for: by nodes, by roots, and again for every candidate where it stays the same among those that do not.
fn uses(graph: &Graph, roots: &[Id]) -> Vec<u32> {
    let mut uses = vec![0u32; graph.nodes().len()];
    let mut ask = |id: Id, times: u32| {
        if let Some(uses) = uses.get_mut(id.index()) {
            *uses = uses.saturating_add(times);
        }
    };
    let needed = graph.reachable(roots.iter().copied());
    for (id, node) in graph.iter().filter(|(id, _)| needed.get(id.index()).copied().unwrap_or(false)) {
        let varies = graph.info(id).reads.candidate;
        node.operands(|operand| ask(operand, if varies && !graph.info(operand).reads.candidate { 2 } else { 1 }));
    }
    for root in roots {
        ask(*root, if graph.info(*root).reads.candidate { 1 } else { 2 });
    }
    uses
}

/// Items that can all be compared with the type, in the form that is quickest; the first that is equal decides in any of them.
fn list(ty: Ty, items: &[Literal]) -> List {
    let integers: Option<Box<[i64]>> =
        items.iter().map(|item| if let Value::Integer(i) = item.0 { Some(i) } else { None }).collect();
    let texts: Option<Box<[Arc<str>]>> =
        items.iter().map(|item| if let Value::Text(text) = &item.0 { Some(text.clone()) } else { None }).collect();
    match (ty, integers, texts) {
        (Ty::Integer, Some(integers), _) => List::Integers(integers),
        (Ty::Text, _, Some(texts)) => List::Texts(texts),
        _ => List::Values(items.iter().map(|item| item.0.clone()).collect()),
    }
}

fn narrow(x: usize) -> u32 {
    u32::try_from(x).unwrap_or(u32::MAX)
}
