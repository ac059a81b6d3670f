//! What can be said about a node before anything is evaluated: its type, whether it can be unknown, stop or fault, what it
//! reads, what it costs, and how often it is true.

use super::{Graph, Id, Node};
use crate::language::functions::{Function, Result_, Topic};
use crate::language::ops::Op;
use crate::value::{Type, Value};

/// The type of a node's value, when it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ty {
    /// It is never known: `()`, or a statement without a value.
    Nothing,
    /// True or false.
    Bool,
    /// A whole number.
    Integer,
    /// A number that is not whole by type.
    Number,
    /// A whole number or a number; which of the two only the row tells.
    Numeric,
    /// Text.
    Text,
    /// An instant.
    Time,
    /// Only the row tells.
    Any,
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
        value.type_of().map_or(Ty::Nothing, Ty::from)
    }

    /// Whether a known value is certain to be a number, whole or not.
    pub fn is_number(self) -> bool {
        matches!(self, Ty::Integer | Ty::Number | Ty::Numeric)
    }

    /// The type of a place where both can stand.
    pub fn join(self, other: Ty) -> Ty {
        match (self, other) {
            (a, b) if a == b => a,
            (Ty::Nothing, x) | (x, Ty::Nothing) => x,
            (a, b) if a.is_number() && b.is_number() => Ty::Numeric,
            _ => Ty::Any,
        }
    }

    /// Whether known values of the two can always be compared.
    pub fn compares(self, op: Op, other: Ty) -> bool {
        match (self, other) {
            (Ty::Nothing, _) | (_, Ty::Nothing) | (Ty::Text, Ty::Text) | (Ty::Time, Ty::Time) => true,
            (Ty::Bool, Ty::Bool) => matches!(op, Op::Eq | Op::Ne),
            (a, b) => a.is_number() && b.is_number(),
        }
    }
}

/// What an answer can depend on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// Variables of the row.
    pub fields: bool,
    /// Facts of the candidate, terms of arbitration, or a decision table that reads them.
    pub candidate: bool,
    /// The subject's events.
    pub history: bool,
    /// The instant and the zone of the request.
    pub clock: bool,
    /// Models.
    pub scores: bool,
    /// Decision tables.
    pub tables: bool,
}

impl Sources {
    fn join(self, other: Sources) -> Sources {
        Sources {
            fields: self.fields || other.fields,
            candidate: self.candidate || other.candidate,
            history: self.history || other.history,
            clock: self.clock || other.clock,
            scores: self.scores || other.scores,
            tables: self.tables || other.tables,
        }
    }
}

/// What is known about a node before anything is evaluated. Everything it rules out is certain; what it allows may never happen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Info {
    /// Type of a known value.
    pub ty: Ty,
    /// Whether the value can be unknown.
    pub unknown: bool,
    /// Whether it can stop: make the whole expression unknown.
    pub stops: bool,
    /// Whether it can fault.
    pub faults: bool,
    /// What it reads.
    pub reads: Sources,
    /// Estimated time in nanoseconds, every operand counted each time it is used.
    pub cost: u32,
    /// Nodes on the longest way from it to a leaf.
    pub depth: u32,
    /// Estimated chance to be true, of a node of type [`Ty::Bool`].
    pub chance: f32,
}

impl Info {
    /// Of `()`.
    pub const NOTHING: Info = Info {
        ty: Ty::Nothing,
        unknown: true,
        stops: false,
        faults: false,
        reads: Sources { fields: false, candidate: false, history: false, clock: false, scores: false, tables: false },
        cost: 0,
        depth: 1,
        chance: 0.5,
    };

    /// Of something that may be unknown, from `reads`, and otherwise harmless.
    pub fn leaf(ty: Ty, cost: u32, reads: Sources) -> Info {
        Info { ty, cost, reads, ..Info::NOTHING }
    }

    /// Whether evaluating it can be seen by more than its value: it may stop or fault. Where none of two can be, their order cannot be
    /// seen.
    pub fn has_effect(&self) -> bool {
        self.stops || self.faults
    }

    /// Of a node whose operands are in `graph`. Leaves other than literals are the business of who names them.
    pub(super) fn of(node: &Node, graph: &Graph) -> Info {
        let info = |id: &Id| graph.info(*id);
        let mut own = Info { unknown: false, cost: 1, ..Info::NOTHING };
        node.operands(|id| {
            let operand = graph.info(id);
            own.stops |= operand.stops;
            own.faults |= operand.faults;
            own.reads = own.reads.join(operand.reads);
            own.cost = own.cost.saturating_add(operand.cost);
            own.depth = own.depth.max(operand.depth.saturating_add(1));
        });
        let any_unknown = |ids: &[Id]| ids.iter().any(|id| graph.info(*id).unknown);
        match node {
            Node::Const(literal) => {
                own.ty = Ty::of(&literal.0);
                own.unknown = !literal.0.is_known();
                own.cost = 0;
                own.chance = if literal.0 == Value::Bool(true) { 1.0 } else { 0.0 };
            }
            Node::Field(_) | Node::Fact(_) | Node::Term(_) | Node::Score(_) | Node::Table(_) => {
                own = Info { ty: Ty::Any, faults: true, ..Info::NOTHING };
            }
            Node::And(ids) => {
                (own.ty, own.unknown) = (Ty::Bool, any_unknown(ids));
                own.chance = ids.iter().map(|id| info(id).chance).product();
            }
            Node::Or(ids) => {
                (own.ty, own.unknown) = (Ty::Bool, any_unknown(ids));
                own.chance = 1.0 - ids.iter().map(|id| 1.0 - info(id).chance).product::<f32>();
            }
            Node::Not(x) => {
                (own.ty, own.unknown) = (Ty::Bool, info(x).unknown);
                own.chance = 1.0 - info(x).chance;
            }
            Node::AsBool(x) => {
                (own.ty, own.unknown, own.chance) = (Ty::Bool, info(x).unknown, info(x).chance);
                own.faults |= !matches!(info(x).ty, Ty::Bool | Ty::Nothing);
            }
            Node::Negate(x) => {
                own.unknown = info(x).unknown;
                own.ty = if info(x).ty.is_number() || info(x).ty == Ty::Nothing { info(x).ty } else { Ty::Any };
                own.faults |= !matches!(info(x).ty, Ty::Number | Ty::Nothing);
            }
            Node::Binary(op, a, b) => {
                own.unknown = info(a).unknown || info(b).unknown;
                if op.compares() {
                    own.ty = Ty::Bool;
                    own.faults |= !info(a).ty.compares(*op, info(b).ty);
                    own.cost = own.cost.saturating_add(if info(a).ty == Ty::Text { 3 } else { 0 });
                    own.chance = match op {
                        Op::Eq => 0.25,
                        Op::Ne => 0.75,
                        _ => 0.5,
                    };
                } else {
                    let (ty, faults) = calculated(*op, info(a).ty, info(b).ty, graph.node(*b).literal());
                    own.ty = ty;
                    own.faults |= faults;
                    own.cost = own.cost.saturating_add(if *op == Op::Pow { 40 } else { 1 });
                }
            }
            Node::InConst(x, items) => {
                (own.ty, own.unknown) = (Ty::Bool, info(x).unknown || items.iter().any(|item| !item.0.is_known()));
                own.faults |= !items.iter().all(|item| info(x).ty.compares(Op::Eq, Ty::of(&item.0)));
                let each = if info(x).ty == Ty::Text { 3 } else { 1 };
                let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
                own.cost = own.cost.saturating_add(count.saturating_mul(each));
                own.chance = (0.15 * items.len() as f32).min(0.9);
            }
            Node::OrElse(ids) => {
                own.unknown = ids.iter().all(|id| info(id).unknown);
                own.ty = ids.iter().fold(Ty::Nothing, |ty, id| ty.join(info(id).ty));
            }
            Node::IsKnown(x) => {
                own.ty = Ty::Bool;
                own.chance = if info(x).unknown { 0.8 } else { 1.0 };
            }
            Node::Call(function, ids) => call(&mut own, function, ids, graph),
            Node::If(condition, then, otherwise) => {
                own.ty = info(then).ty.join(info(otherwise).ty);
                own.unknown = info(then).unknown || info(otherwise).unknown;
                own.stops |= info(condition).unknown;
                own.chance = (info(then).chance + info(otherwise).chance) / 2.0;
            }
            Node::Demand(x) => {
                (own.ty, own.chance) = (info(x).ty, info(x).chance);
                own.stops |= info(x).unknown;
            }
            Node::Seq(ids) => {
                let last = ids.last().map_or(&Info::NOTHING, |id| graph.info(*id));
                (own.ty, own.unknown, own.chance) = (last.ty, last.unknown, last.chance);
            }
        }
        own
    }
}

/// Type of a calculation and whether it can fail.
fn calculated(op: Op, a: Ty, b: Ty, right: Option<&Value>) -> (Ty, bool) {
    match (a, b) {
        (Ty::Nothing, _) | (_, Ty::Nothing) => (Ty::Nothing, false),
        (Ty::Integer, Ty::Integer) => {
            let divides = matches!(op, Op::Div | Op::Rem);
            (Ty::Integer, !(divides && matches!(right, Some(Value::Integer(y)) if *y != 0 && *y != -1)))
        }
        (a, b) if a.is_number() && b.is_number() => {
            if a == Ty::Number || b == Ty::Number {
                (Ty::Number, false)
            } else {
                (Ty::Numeric, true)
            }
        }
        (Ty::Number, _) | (_, Ty::Number) => (Ty::Number, true),
        _ => (Ty::Any, true),
    }
}

fn call(own: &mut Info, function: &Function, ids: &[Id], graph: &Graph) {
    let ty = |at: usize| ids.get(at).map_or(Ty::Nothing, |id| graph.info(*id).ty);
    let literal = |at: usize| ids.get(at).and_then(|id| graph.node(*id).literal());
    let number = |at: usize| literal(at).and_then(Value::as_f64);
    let types = || ids.iter().map(|id| graph.info(*id).ty);
    own.ty = match function.result {
        Result_::Bool => Ty::Bool,
        Result_::Integer => Ty::Integer,
        Result_::Number => Ty::Number,
        Result_::Numeric if types().all(|ty| ty == Ty::Integer) => Ty::Integer,
        // Beside a number every result is one; an unknown argument makes no result.
        Result_::Numeric if types().any(|ty| ty == Ty::Number) => Ty::Number,
        Result_::Numeric => Ty::Numeric,
        Result_::Text => Ty::Text,
        Result_::Time => Ty::Time,
        Result_::Output => Ty::Any,
    };
    let given_unknown = ids.iter().any(|id| graph.info(*id).unknown);
    own.unknown = function.name == "days_since" || !function.takes_unknown && given_unknown;
    let fitting = function.args.iter().zip(types()).all(|(arg, ty)| arg.type_.takes(ty));
    let fails = match function.name {
        "contacts" => number(0).is_none_or(|days| days.is_nan() || days < 0.0),
        "contacts_on" => number(1).is_none_or(|days| days.is_nan() || days < 0.0),
        "outcomes" => number(2).is_none_or(|days| days.is_nan() || days < 0.0),
        // A zone that no one knows.
        "hour" | "weekday" | "month" | "date" => true,
        "abs" => ty(0) != Ty::Number,
        "clamp" => {
            !literal(1).zip(literal(2)).is_some_and(|(low, high)| Op::Le.apply(low, high) == Ok(Value::Bool(true)))
        }
        "to_int" => ty(0) != Ty::Integer,
        // Case can make a text longer than a rule may.
        "lower" | "upper" => true,
        _ => false,
    };
    own.faults |= fails || !fitting;
    match function.topic {
        Topic::History => own.reads.history = true,
        Topic::Time if function.name != "days_between" => own.reads.clock = true,
        _ => {}
    }
    own.cost = own.cost.saturating_add(match function.topic {
        Topic::History => 60,
        Topic::Time if function.name != "now" && function.name != "days_between" => 200,
        Topic::Text => 20,
        _ if matches!(function.name, "exp" | "ln") => 15,
        _ => 4,
    });
}
