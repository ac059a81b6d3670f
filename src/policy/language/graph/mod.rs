//! The typed intermediate form of rules: a graph of pure expressions without duplicates. It evaluates nothing.
//!
//! There are two graphs of one shape. The *source graph* of a compiled expression ([`super::Compiled::graph`]) says what is
//! written, each node at its place in the text, nothing left out: the words of a failure and the list of what was read are made
//! from it. The *joined graph* of a rule set ([`super::RuleSet::graph`]) holds many expressions of a policy: equal
//! subexpressions are one node, constants are folded, and where order cannot be seen the cheap and selective tests come first. It
//! has no places. Every back end reads the same nodes with the same meaning.
//!
//! # Values
//!
//! To evaluate a node gives one of four things: a **known** value; **unknown** ([`Value::Unknown`], a value like any
//! other); a **stop**, which makes the whole expression unknown; a **fault**, which fails the whole expression. A stop or a fault of an
//! operand is at once that of the node: nothing catches either. Operands are evaluated in the order they are written below and only
//! when it is said; everything is pure, so evaluating a node twice in one evaluation of its expression is the same as once.
//!
//! # Nodes
//!
//! *Leaves.* [`Node::Const`]. [`Node::Field`] and [`Node::Fact`]: a value of the row or of the candidate, of the node's type or unknown.
//! [`Node::Term`]: a number, always known (it may be NaN). [`Node::Score`], [`Node::Table`]: what [`super::Env`] answers, its error is a fault.
//!
//! *Logic.* Operands of `And`, `Or`, `Not` and the condition of `If` are of type [`Ty::Bool`] or [`Ty::Nothing`]; where only the row can tell,
//! [`Node::AsBool`] stands between: true, false and unknown pass, anything else is a fault.
//! `And` evaluates its operands in order until one is false, which makes it false; otherwise it is unknown when an operand was, else true.
//! `Or` is the mirror image. `And([])` is true, `Or([])` is false. `Not` of unknown is unknown.
//!
//! *Operators.* [`Node::Binary`] evaluates left, then right. Unknown on either side gives unknown. Two whole numbers compare and calculate exactly;
//! overflow, `/ 0`, `% 0` and a negative exponent are faults, `/` drops the fraction. A whole number beside a number becomes a number (`as f64`); numbers follow
//! IEEE 754 (`**` is `libm::pow`); comparison with NaN is false, `!=` true. Texts compare by bytes, times by instant, `==` and `!=` also take two
//! bools; any other pair is a fault. [`Node::Negate`]: of the smallest whole number a fault.
//! [`Node::InConst`]: unknown when x is; else `Or` of the comparisons `x == item` in order, so that an unknown item makes "not found" unknown.
//!
//! *Missing.* [`Node::OrElse`] evaluates in order until one is known, and is that one; unknown when none is (also without operands).
//! [`Node::IsKnown`] is true or false. [`Node::Demand`] is x; a stop when x is unknown.
//!
//! *Order.* [`Node::If`] evaluates the condition; true: it is the second operand, false: the third, unknown: a **stop**; the other branch is not evaluated.
//! [`Node::Seq`] evaluates all operands in order for their stops and faults, and is the last.
//!
//! *Functions.* [`Node::Call`] evaluates its arguments in order, then the function of the table: types are checked first (a
//! fault), then an unknown argument makes the result unknown, then the body runs.
//!
//! The value of an expression is that of its root as its [`super::Use`] takes it ([`super::Use::accept`]): the last place where it can fail.
//!
//! What is not here: loops, lists and maps in variables; those expressions have no graph and run in the interpreter.

mod info;
mod join;

pub use info::{Info, Sources, Ty};
pub(crate) use join::Joined;

use super::env::Term;
use super::functions::Function;
use super::ops::Op;
use super::source::At;
use crate::value::Value;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};

/// A node of a graph. Operands have smaller ids than the node, so ascending order is an order of computation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub(super) u32);

impl Id {
    /// The node at a position of [`Graph::nodes`].
    pub(super) fn at(position: usize) -> Id {
        Id(u32::try_from(position).unwrap_or(u32::MAX))
    }

    /// Position in [`Graph::nodes`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One step of an expression; its meaning is in the [module's text](self).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// A literal, or what was folded to one.
    Const(Literal),
    /// A variable of the policy, by position as in [`super::Env::field`].
    Field(u32),
    /// `action.…`, by position in the context's facts.
    Fact(u32),
    /// A term of arbitration.
    Term(Term),
    /// `score("…")`, by position of the model.
    Score(u32),
    /// `table("…")`, by position of the decision table.
    Table(u32),
    /// `a && b && …`
    And(Box<[Id]>),
    /// `a || b || …`
    Or(Box<[Id]>),
    /// `!a`
    Not(Id),
    /// A value that must be true, false or unknown.
    AsBool(Id),
    /// `-a`
    Negate(Id),
    /// Comparison or arithmetic.
    Binary(Op, Id, Id),
    /// `x in [literals]`
    InConst(Id, Box<[Literal]>),
    /// `a ?? b`: the first that is known.
    OrElse(Box<[Id]>),
    /// `is_known(a)`
    IsKnown(Id),
    /// A function of the table.
    Call(&'static Function, Box<[Id]>),
    /// `if a { b } else { c }`
    If(Id, Id, Id),
    /// A value that must be known for the rule to have one: the subject of a `switch`.
    Demand(Id),
    /// Statements; the value is the last one's.
    Seq(Box<[Id]>),
}

/// A literal. Equal when its bits are: NaN is itself, 0.0 is not -0.0.
#[derive(Clone, Debug)]
pub struct Literal(pub Value);

impl Literal {
    fn key(&self) -> (u8, u64, &str) {
        match &self.0 {
            Value::Unknown => (0, 0, ""),
            Value::Bool(b) => (1, u64::from(*b), ""),
            Value::Integer(i) => (2, i.cast_unsigned(), ""),
            Value::Number(x) => (3, x.to_bits(), ""),
            Value::Text(s) => (4, 0, s),
            Value::Time(t) => (5, t.cast_unsigned(), ""),
        }
    }
}

impl PartialEq for Literal {
    fn eq(&self, other: &Literal) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Literal {}

impl Hash for Literal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

static NOTHING: Node = Node::Const(Literal(Value::Unknown));

impl Node {
    /// Calls `visit` with every operand, in order of evaluation.
    pub fn operands(&self, mut visit: impl FnMut(Id)) {
        match self {
            Node::Const(_) | Node::Field(_) | Node::Fact(_) | Node::Term(_) | Node::Score(_) | Node::Table(_) => {}
            Node::Not(a)
            | Node::AsBool(a)
            | Node::Negate(a)
            | Node::InConst(a, _)
            | Node::IsKnown(a)
            | Node::Demand(a) => {
                visit(*a);
            }
            Node::Binary(_, a, b) => [*a, *b].into_iter().for_each(visit),
            Node::If(a, b, c) => [*a, *b, *c].into_iter().for_each(visit),
            Node::And(all) | Node::Or(all) | Node::OrElse(all) | Node::Seq(all) | Node::Call(_, all) => {
                all.iter().copied().for_each(visit);
            }
        }
    }

    /// The same step over other operands.
    pub(super) fn map(&self, mut to: impl FnMut(Id) -> Id) -> Node {
        let mut all = |ids: &[Id]| ids.iter().map(|id| to(*id)).collect::<Box<[Id]>>();
        match self {
            Node::And(ids) => Node::And(all(ids)),
            Node::Or(ids) => Node::Or(all(ids)),
            Node::OrElse(ids) => Node::OrElse(all(ids)),
            Node::Seq(ids) => Node::Seq(all(ids)),
            Node::Call(function, ids) => Node::Call(function, all(ids)),
            Node::Not(a) => Node::Not(to(*a)),
            Node::AsBool(a) => Node::AsBool(to(*a)),
            Node::Negate(a) => Node::Negate(to(*a)),
            Node::InConst(a, items) => Node::InConst(to(*a), items.clone()),
            Node::IsKnown(a) => Node::IsKnown(to(*a)),
            Node::Demand(a) => Node::Demand(to(*a)),
            Node::Binary(op, a, b) => Node::Binary(*op, to(*a), to(*b)),
            Node::If(a, b, c) => Node::If(to(*a), to(*b), to(*c)),
            leaf => leaf.clone(),
        }
    }

    /// The literal, when it is one.
    pub fn literal(&self) -> Option<&Value> {
        match self {
            Node::Const(Literal(value)) => Some(value),
            _ => None,
        }
    }

    /// Which step it is, as a word for reports and tests: `And`, `Binary <`, `Call contacts`.
    pub fn kind(&self) -> String {
        match self {
            Node::Const(_) => "Const".to_owned(),
            Node::Field(_) => "Field".to_owned(),
            Node::Fact(_) => "Fact".to_owned(),
            Node::Term(_) => "Term".to_owned(),
            Node::Score(_) => "Score".to_owned(),
            Node::Table(_) => "Table".to_owned(),
            Node::And(_) => "And".to_owned(),
            Node::Or(_) => "Or".to_owned(),
            Node::Not(_) => "Not".to_owned(),
            Node::AsBool(_) => "AsBool".to_owned(),
            Node::Negate(_) => "Negate".to_owned(),
            Node::Binary(op, ..) => format!("Binary {}", op.symbol()),
            Node::InConst(..) => "InConst".to_owned(),
            Node::OrElse(_) => "OrElse".to_owned(),
            Node::IsKnown(_) => "IsKnown".to_owned(),
            Node::Call(function, _) => format!("Call {}", function.name),
            Node::If(..) => "If".to_owned(),
            Node::Demand(_) => "Demand".to_owned(),
            Node::Seq(_) => "Seq".to_owned(),
        }
    }
}

/// Expressions as one graph without duplicates.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    infos: Vec<Info>,
    places: Vec<At>,
    known: HashMap<(Node, At), Id>,
}

impl Graph {
    /// Every node; operands before the nodes that use them.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Every node with its id, operands first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Id, &Node)> {
        (0u32..).map(Id).zip(&self.nodes).collect::<Vec<_>>().into_iter()
    }

    /// The node of an id of this graph.
    pub fn node(&self, id: Id) -> &Node {
        self.nodes.get(id.index()).unwrap_or(&NOTHING)
    }

    /// What is known about it before anything is evaluated.
    pub fn info(&self, id: Id) -> &Info {
        self.infos.get(id.index()).unwrap_or(&Info::NOTHING)
    }

    /// Line and column of the word it comes from, from 1, in a source graph; `None` in a joined one.
    pub fn place(&self, id: Id) -> Option<(u32, u32)> {
        self.places.get(id.index()).filter(|at| at.line > 0).map(|at| (at.line, at.column))
    }

    pub(super) fn at(&self, id: Id) -> At {
        self.places.get(id.index()).copied().unwrap_or_default()
    }

    /// The id of a leaf; `info` says what only its names can tell.
    pub(super) fn leaf(&mut self, node: Node, at: At, info: Info) -> Id {
        self.intern(node, at, |_, _| info)
    }

    /// The id of a node over operands of this graph: a new one unless it is there already.
    pub(super) fn add(&mut self, node: Node, at: At) -> Id {
        self.intern(node, at, Info::of)
    }

    /// A literal.
    pub(super) fn literal(&mut self, value: Value, at: At) -> Id {
        self.add(Node::Const(Literal(value)), at)
    }

    fn intern(&mut self, node: Node, at: At, info: impl FnOnce(&Node, &Graph) -> Info) -> Id {
        if let Some(id) = self.known.get(&(node.clone(), at)) {
            return *id;
        }
        let id = Id::at(self.nodes.len());
        self.infos.push(info(&node, self));
        self.nodes.push(node.clone());
        self.places.push(at);
        self.known.insert((node, at), id);
        id
    }

    /// The nodes that `roots` need, themselves included, by position.
    pub fn reachable(&self, roots: impl IntoIterator<Item = Id>) -> Vec<bool> {
        let mut needed = vec![false; self.nodes.len()];
        for root in roots {
            if let Some(flag) = needed.get_mut(root.index()) {
                *flag = true;
            }
        }
        for (id, node) in self.iter().rev() {
            if needed.get(id.index()).copied().unwrap_or(false) {
                node.operands(|operand| {
                    if let Some(flag) = needed.get_mut(operand.index()) {
                        *flag = true;
                    }
                });
            }
        }
        needed
    }
}
