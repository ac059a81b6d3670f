//! A joined graph prepared for columns: for each node the loop that its types allow, and when it is worth running it
//! for every row.

use crate::language::env::Term;
use crate::language::functions::{Function, Topic};
use crate::language::graph::{Graph, Literal, Node, Ty};
use crate::language::ops::Op;
use crate::value::Value;
use std::sync::Arc;

/// A node as a step over columns. Steps stand in the order of the graph's nodes: operands first.
#[derive(Debug)]
pub struct Step {
    pub kernel: Kernel,
    pub ty: Ty,
    /// Whether it is one value for all rows, so that it is evaluated once.
    pub uniform: bool,
    /// Whether it can differ between the candidates of a batch.
    pub candidate: bool,
    /// Whether it is evaluated for the rows that ask only; the others cost less for all rows than a choice does.
    pub lazy: bool,
    /// Whether it, or what it is made from, may stop or fault.
    pub effects: bool,
    /// Whether its dictionary differs between the candidates.
    pub own_words: bool,
    /// Whether it is a literal number that is the same as a whole number and as a number.
    pub exact: bool,
}

/// What a step does. Operands are positions of steps.
#[derive(Debug)]
pub enum Kernel {
    /// Evaluated once as a value: literals, facts of the candidate, and what is made from them alone.
    Uniform,
    /// A variable.
    Field(usize),
    Term(Term),
    Score(usize),
    /// The instant of each row.
    Now,
    And(Box<[usize]>),
    Or(Box<[usize]>),
    Not(usize),
    /// The operand as it is.
    Same(usize),
    IsKnown(usize),
    OrElse(Box<[usize]>),
    If(usize, usize, usize),
    Demand(usize),
    Seq(Box<[usize]>),
    /// Never known, whatever its operands are.
    Nothing(Box<[usize]>),
    Compare(Kind, Op, usize, usize),
    /// x, low, high, and how x is compared with each.
    Between([usize; 3], [Kind; 2]),
    Calculate(Op, usize, usize),
    CalculateWhole(Op, usize, usize),
    /// Items; whether one of them is unknown.
    Among(usize, Items, bool),
    /// A function of one number.
    Map(fn(f64) -> f64, usize),
    /// Its absolute value, or its negative, of a whole number: a fault for the smallest.
    MapWhole(fn(i64) -> (i64, bool), usize),
    /// A number without its fraction.
    ToWhole(usize),
    /// `min` and `max`: the first where the comparison holds, else the second.
    Pick(Op, usize, usize),
    PickWhole(Op, usize, usize),
    Clamp([usize; 3]),
    ClampWhole([usize; 3]),
    DaysBetween(usize, usize),
    /// A function from text to text.
    TextMap(&'static Function, usize),
    /// Length of a text.
    TextLength(&'static Function, usize),
    /// A test of a text against one that is the same for all rows.
    TextTest(&'static Function, usize, usize),
    /// The node as it is, row by row.
    Rows(Box<[usize]>),
}

impl Kernel {
    /// Calls `visit` with every operand of a step that evaluates them all, in their order.
    pub fn operands(&self, mut visit: impl FnMut(usize)) {
        match self {
            Kernel::Uniform | Kernel::Field(_) | Kernel::Term(_) | Kernel::Score(_) | Kernel::Now => {}
            Kernel::Not(a)
            | Kernel::Same(a)
            | Kernel::IsKnown(a)
            | Kernel::Demand(a)
            | Kernel::Among(a, ..)
            | Kernel::Map(_, a)
            | Kernel::MapWhole(_, a)
            | Kernel::ToWhole(a)
            | Kernel::TextMap(_, a)
            | Kernel::TextLength(_, a) => visit(*a),
            Kernel::Compare(_, _, a, b)
            | Kernel::Calculate(_, a, b)
            | Kernel::CalculateWhole(_, a, b)
            | Kernel::Pick(_, a, b)
            | Kernel::PickWhole(_, a, b)
            | Kernel::DaysBetween(a, b)
            | Kernel::TextTest(_, a, b) => [*a, *b].into_iter().for_each(visit),
            Kernel::If(a, b, c) => [*a, *b, *c].into_iter().for_each(visit),
            Kernel::Between(all, _) | Kernel::Clamp(all) | Kernel::ClampWhole(all) => {
                all.iter().copied().for_each(visit);
            }
            Kernel::And(all)
            | Kernel::Or(all)
            | Kernel::OrElse(all)
            | Kernel::Seq(all)
            | Kernel::Nothing(all)
            | Kernel::Rows(all) => all.iter().copied().for_each(visit),
        }
    }
}

/// As what two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Bool,
    Whole,
    Number,
    Text,
    /// One of them is never known.
    Nothing,
}

/// The items of a list of literals.
#[derive(Debug)]
pub enum Items {
    Whole(Vec<i64>),
    Numbers(Vec<f64>),
    Texts(Vec<Arc<str>>),
}

/// Whole numbers up to here are numbers without loss.
const EXACT: i64 = 1 << 53;

/// Prepares every node of `graph`.
pub fn steps(graph: &Graph) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::with_capacity(graph.nodes().len());
    for (id, node) in graph.iter() {
        let info = graph.info(id);
        let mut operands = Vec::new();
        node.operands(|operand| operands.push(operand.index()));
        let every = |f: &dyn Fn(&Step) -> bool| operands.iter().all(|at| steps.get(*at).is_some_and(f));
        let any = |f: &dyn Fn(&Step) -> bool| operands.iter().any(|at| steps.get(*at).is_some_and(f));
        let uniform = match node {
            Node::Const(_) | Node::Fact(_) => true,
            Node::Field(_) | Node::Term(_) | Node::Score(_) | Node::Table(_) => false,
            Node::Call(function, _) => is_pure(function) && every(&|step| step.uniform),
            _ => every(&|step| step.uniform),
        };
        let kernel = match uniform {
            true => Kernel::Uniform,
            false => kernel(node, &operands, &steps),
        };
        let ty = match (&kernel, info.ty) {
            // Texts of which there is no dictionary.
            (Kernel::Rows(_), Ty::Text) => Ty::Any,
            // What is passed on is as it was.
            (Kernel::Same(x), _) => steps.get(*x).map_or(Ty::Any, |step| step.ty),
            (Kernel::If(..) | Kernel::OrElse(_) | Kernel::Demand(_) | Kernel::Seq(_), Ty::Text)
                if any(&|step| step.ty == Ty::Any) =>
            {
                Ty::Any
            }
            (_, ty) => ty,
        };
        let mixed = !uniform && matches!(ty, Ty::Any | Ty::Numeric);
        let slow = match &kernel {
            Kernel::Rows(_) | Kernel::Score(_) | Kernel::Term(_) => true,
            Kernel::Calculate(op, ..) | Kernel::CalculateWhole(op, ..) => matches!(op, Op::Pow | Op::Rem),
            Kernel::Map(f, _) => is_dear(*f),
            _ => false,
        };
        let leaf = matches!(node, Node::Fact(_) | Node::Term(_) | Node::Table(_));
        let candidate = leaf && info.reads.candidate || any(&|step| step.candidate);
        let step = Step {
            ty,
            uniform,
            candidate,
            lazy: !uniform && (slow || mixed || any(&|step| step.lazy)),
            effects: info.has_effect() || any(&|step| step.effects),
            own_words: match uniform {
                true => candidate,
                false => any(&|step| step.own_words && (!step.uniform || ty == Ty::Text)),
            },
            exact: matches!(node.literal(), Some(Value::Integer(x)) if (-EXACT..=EXACT).contains(x)),
            kernel,
        };
        steps.push(step);
    }
    steps
}

/// Whether a function reads nothing but its arguments.
pub fn is_pure(function: &Function) -> bool {
    match function.topic {
        Topic::Missing | Topic::Numbers | Topic::Text => true,
        Topic::Time => function.name == "days_between",
        Topic::Models | Topic::History => false,
    }
}

/// Functions of a number that are worth a choice of rows.
fn is_dear(f: fn(f64) -> f64) -> bool {
    let dear: [fn(f64) -> f64; 2] = [libm::exp, libm::log];
    dear.iter().any(|dear| std::ptr::fn_addr_eq(*dear, f))
}

fn kernel(node: &Node, operands: &[usize], steps: &[Step]) -> Kernel {
    let ty = |at: usize| steps.get(at).map_or(Ty::Any, |step| step.ty);
    let truth = |at: usize| matches!(ty(at), Ty::Bool | Ty::Nothing);
    let rows = || Kernel::Rows(operands.into());
    match (node, operands) {
        (Node::Field(i), _) => Kernel::Field(*i as usize),
        (Node::Term(term), _) => Kernel::Term(*term),
        (Node::Score(model), _) => Kernel::Score(*model as usize),
        (Node::And(_), ids) if ids.iter().all(|id| truth(*id)) => Kernel::And(ids.into()),
        (Node::Or(_), ids) if ids.iter().all(|id| truth(*id)) => Kernel::Or(ids.into()),
        (Node::Not(_), [x]) if truth(*x) => Kernel::Not(*x),
        (Node::AsBool(_), [x]) if truth(*x) => Kernel::Same(*x),
        (Node::IsKnown(_), [x]) => Kernel::IsKnown(*x),
        (Node::OrElse(_), ids) => Kernel::OrElse(ids.into()),
        (Node::If(..), [c, a, b]) => Kernel::If(*c, *a, *b),
        (Node::Demand(_), [x]) => Kernel::Demand(*x),
        (Node::Seq(_), ids) => Kernel::Seq(ids.into()),
        (Node::Negate(_), [x]) => match ty(*x) {
            Ty::Integer => Kernel::MapWhole(i64::overflowing_neg, *x),
            Ty::Number => Kernel::Map(|x| -x, *x),
            Ty::Nothing => Kernel::Nothing(operands.into()),
            _ => rows(),
        },
        (Node::Binary(op, ..), [a, b]) => match kind(*op, ty(*a), ty(*b)) {
            Some(Kind::Nothing) => Kernel::Nothing(operands.into()),
            Some(kind) if op.compares() => Kernel::Compare(kind, *op, *a, *b),
            Some(Kind::Whole) if ty(*a) == Ty::Integer => Kernel::CalculateWhole(*op, *a, *b),
            Some(Kind::Number) => Kernel::Calculate(*op, *a, *b),
            _ => rows(),
        },
        (Node::InConst(_, items), [x]) => match among(ty(*x), items) {
            Some((items, unknown)) => Kernel::Among(*x, items, unknown),
            None if ty(*x) == Ty::Nothing => Kernel::Nothing(operands.into()),
            None => rows(),
        },
        (Node::Call(function, _), _) => call(function, operands, steps).unwrap_or_else(rows),
        _ => rows(),
    }
}

/// As what two are compared or calculated with; `None` when only a row can tell.
fn kind(op: Op, a: Ty, b: Ty) -> Option<Kind> {
    match (a, b) {
        (Ty::Nothing, _) | (_, Ty::Nothing) => Some(Kind::Nothing),
        (Ty::Integer, Ty::Integer) => Some(Kind::Whole),
        (Ty::Integer | Ty::Number, Ty::Integer | Ty::Number) => Some(Kind::Number),
        (Ty::Time, Ty::Time) => Some(Kind::Whole),
        (Ty::Text, Ty::Text) => Some(Kind::Text),
        (Ty::Bool, Ty::Bool) if matches!(op, Op::Eq | Op::Ne) => Some(Kind::Bool),
        _ => None,
    }
}

fn among(x: Ty, items: &[Literal]) -> Option<(Items, bool)> {
    let known = || items.iter().map(|item| &item.0).filter(|item| item.is_known());
    let unknown = items.iter().any(|item| !item.0.is_known());
    let items = match x {
        Ty::Integer => {
            let whole = |item: &Value| if let Value::Integer(i) = item { Some(*i) } else { None };
            Items::Whole(known().map(whole).collect::<Option<_>>()?)
        }
        Ty::Number => {
            let number = |item: &Value| item.as_f64().filter(|_| !matches!(item, Value::Bool(_)));
            Items::Numbers(known().map(number).collect::<Option<_>>()?)
        }
        Ty::Text => {
            let text = |item: &Value| if let Value::Text(text) = item { Some(text.clone()) } else { None };
            Items::Texts(known().map(text).collect::<Option<_>>()?)
        }
        _ => return None,
    };
    Some((items, unknown))
}

/// The loop of a function for arguments of these types, when there is one.
fn call(function: &'static Function, args: &[usize], steps: &[Step]) -> Option<Kernel> {
    let ty = |at: &usize| steps.get(*at).map_or(Ty::Any, |step| step.ty);
    let number = |at: &usize| matches!(ty(at), Ty::Integer | Ty::Number);
    let exact = |at: &usize| ty(at) == Ty::Number || steps.get(*at).is_some_and(|step| step.exact);
    let uniform = |at: &usize| steps.get(*at).is_some_and(|step| step.uniform);
    let whole = args.iter().all(|arg| ty(arg) == Ty::Integer);
    let map = |f: fn(f64) -> f64| match args {
        [x] if number(x) => Some(Kernel::Map(f, *x)),
        _ => None,
    };
    match (function.name, args) {
        ("now", []) => Some(Kernel::Now),
        ("between", [x, low, high]) => {
            let kinds = [kind(Op::Ge, ty(x), ty(low))?, kind(Op::Le, ty(x), ty(high))?];
            kinds
                .iter()
                .all(|kind| *kind != Kind::Text && *kind != Kind::Bool)
                .then_some(Kernel::Between([*x, *low, *high], kinds))
        }
        ("abs", [x]) if whole => Some(Kernel::MapWhole(i64::overflowing_abs, *x)),
        ("abs", _) => map(f64::abs),
        ("floor", _) => map(libm::floor),
        ("ceil", _) => map(libm::ceil),
        ("round", _) => map(libm::round),
        ("sqrt", _) => map(libm::sqrt),
        ("exp", _) => map(libm::exp),
        ("ln", _) => map(libm::log),
        ("to_float", _) => map(|x| x),
        ("to_int", [x]) if whole => Some(Kernel::Same(*x)),
        ("to_int", [x]) if number(x) => Some(Kernel::ToWhole(*x)),
        ("min", [a, b]) if whole => Some(Kernel::PickWhole(Op::Le, *a, *b)),
        ("max", [a, b]) if whole => Some(Kernel::PickWhole(Op::Ge, *a, *b)),
        ("min", [a, b]) if number(a) && number(b) => Some(Kernel::Pick(Op::Le, *a, *b)),
        ("max", [a, b]) if number(a) && number(b) => Some(Kernel::Pick(Op::Ge, *a, *b)),
        ("clamp", [x, low, high]) if whole => Some(Kernel::ClampWhole([*x, *low, *high])),
        // Whole bounds are compared with one another exactly, so they must be as exact as numbers.
        ("clamp", [x, low, high]) if args.iter().any(|arg| ty(arg) == Ty::Number) && args.iter().all(exact) => {
            Some(Kernel::Clamp([*x, *low, *high]))
        }
        ("days_between", [a, b]) if ty(a) == Ty::Time && ty(b) == Ty::Time => Some(Kernel::DaysBetween(*a, *b)),
        ("lower" | "upper" | "trim", [x]) if ty(x) == Ty::Text => Some(Kernel::TextMap(function, *x)),
        ("contains" | "starts_with" | "ends_with", [x, y]) if ty(x) == Ty::Text && ty(y) == Ty::Text && uniform(y) => {
            Some(Kernel::TextTest(function, *x, *y))
        }
        ("len", [x]) if ty(x) == Ty::Text => Some(Kernel::TextLength(function, *x)),
        _ => None,
    }
}
