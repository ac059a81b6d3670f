//! What the nodes of a space may come to while each variable ranges over a set. It follows the meaning of the nodes step by step, and
//! never leaves out an outcome that can happen.

use super::arithmetic::{calculate, negate};
use super::mutant::planted;
use super::set::{ALL_NUMBERS, BOTH, Known, Set, Symbol, Texts, compare};
use super::space::Space;
use crate::decision::Candidate;
use crate::language::Op;
use crate::language::functions::Function;
use crate::language::graph::{Id, Node};
use crate::recipe::Op as StepOp;
use crate::value::Value;

/// A part of what requests can be, one set per variable, and what the nodes may come to in it.
pub struct Region<'s, 'a> {
    pub space: &'s Space<'a>,
    pub candidate: Candidate,
    /// Per variable what it ranges over.
    pub domains: Vec<Set>,
    /// Per node when it was looked at last, and what it may come to.
    memo: Vec<(u32, Set)>,
    epoch: u32,
}

impl<'s, 'a> Region<'s, 'a> {
    /// Everything there is, for a candidate.
    pub fn all(space: &'s Space<'a>, candidate: Candidate) -> Region<'s, 'a> {
        Region {
            space,
            candidate,
            domains: space.vars.iter().map(|var| var.all.clone()).collect(),
            memo: vec![(0, Set::EMPTY); space.graph().nodes().len()],
            epoch: 1,
        }
    }

    /// Forgets what is known of nodes, after a domain has changed.
    pub fn changed(&mut self) {
        self.epoch += 1;
    }

    /// What a node may come to.
    pub fn set(&mut self, id: Id) -> Set {
        if let Some((epoch, set)) = self.memo.get(id.index())
            && *epoch == self.epoch
        {
            return set.clone();
        }
        let set = self.compute(id);
        if let Some(slot) = self.memo.get_mut(id.index()) {
            *slot = (self.epoch, set.clone());
        }
        set
    }

    fn compute(&mut self, id: Id) -> Set {
        let space = self.space;
        if let Some(var) = space.var_of(id) {
            return self.domains.get(var).cloned().unwrap_or(Set::EMPTY);
        }
        let graph = space.graph();
        match graph.node(id) {
            Node::Const(literal) => space.constant(&literal.0),
            Node::Field(column) => self.column(*column as usize),
            Node::Fact(fact) => space.constant(space.context.fact_at(*fact as usize, self.candidate)),
            Node::Table(table) => self.table(*table as usize),
            // Leaves that are variables are answered above.
            Node::Term(_) | Node::Score(_) => Set { unknown: true, fault: true, ..Set::of(ALL_NUMBERS) },
            Node::And(ids) => self.logic(ids, false),
            Node::Or(ids) => self.logic(ids, true),
            Node::Not(x) => match self.set(*x) {
                Set { known: Known::Bool { t, f }, unknown, stop, fault } => {
                    Set { unknown, stop, fault, known: Known::Bool { t: f, f: t } }
                }
                other => as_bool(other),
            },
            Node::AsBool(x) => as_bool(self.set(*x)),
            Node::Negate(x) => {
                let x = self.set(*x);
                let mut set = negate(&x.known).after(&x);
                set.unknown |= x.unknown;
                set
            }
            Node::Binary(op, a, b) => {
                let (a, b) = (self.set(*a), self.set(*b));
                self.binary(*op, &a, &b)
            }
            Node::InConst(x, items) => {
                let x = self.set(*x);
                let items: Vec<Set> = items.iter().map(|item| space.constant(&item.0)).collect();
                self.contains(&x, &items)
            }
            Node::OrElse(ids) => {
                let mut set = Set::EMPTY;
                let mut missing = true;
                for id in ids {
                    if !missing {
                        break;
                    }
                    let option = self.set(*id);
                    missing = option.unknown && !planted(5);
                    set = Set { unknown: false, ..set.join(option) };
                }
                Set { unknown: missing, ..set }
            }
            Node::IsKnown(x) => {
                let x = self.set(*x);
                Set::truth(!x.known.is_none(), x.unknown && !planted(4), false).after(&x)
            }
            Node::If(condition, then, otherwise) => {
                let condition = self.set(*condition);
                let (t, f) = match condition.known {
                    Known::Bool { t, f } => (t, f),
                    Known::None => (false, false),
                    _ => (true, true),
                };
                let mut set = Set { stop: condition.unknown, ..Set::EMPTY }.after(&condition);
                if t {
                    let then = self.set(*then);
                    set = set.join(then);
                }
                if f && !planted(6) {
                    let otherwise = self.set(*otherwise);
                    set = set.join(otherwise);
                }
                set
            }
            Node::Demand(x) => {
                let x = self.set(*x);
                Set { stop: x.stop || x.unknown, unknown: false, ..x }
            }
            Node::Seq(ids) => {
                let mut before = Set::EMPTY;
                let mut last = Set { unknown: true, ..Set::EMPTY };
                for id in ids {
                    last = self.set(*id);
                    if last.known.is_none() && !last.unknown {
                        // It ends here.
                        return last.after(&before);
                    }
                    before = before.after(&last);
                }
                last.after(&before)
            }
            Node::Call(function, ids) => self.call(function, ids, id),
        }
    }

    /// `&&`, or `||` when `absorbing`.
    fn logic(&mut self, ids: &[Id], absorbing: bool) -> Set {
        let mut set = Set::EMPTY;
        let (mut absorbed, mut unknown, mut passes, mut goes_on) = (false, false, true, true);
        for id in ids {
            let operand = self.set(*id);
            let (t, f) = match operand.known {
                Known::Bool { t, f } => (t, f),
                Known::None => (false, false),
                _ => (true, true),
            };
            let (absorb, pass) = if absorbing { (t, f) } else { (f, t) };
            set = set.after(&operand);
            absorbed |= absorb;
            unknown |= operand.unknown;
            passes &= pass;
            goes_on &= pass || operand.unknown;
            if !goes_on {
                break;
            }
        }
        let passes = passes && goes_on;
        let known = if absorbing { Known::truth(absorbed, passes) } else { Known::truth(passes, absorbed) };
        Set { known, unknown: unknown && goes_on, ..set }
    }

    fn binary(&self, op: Op, a: &Set, b: &Set) -> Set {
        let some = |set: &Set| set.unknown || !set.known.is_none();
        let unknown = a.unknown && some(b) || b.unknown && some(a);
        let both = !a.known.is_none() && !b.known.is_none();
        let set = if !both {
            Set::EMPTY
        } else if op.compares() {
            let (t, f, fault) = self.compare(op, &a.known, &b.known);
            Set { fault, ..Set::of(Known::truth(t, f)) }
        } else if let Some((x, y)) = self.single(&a.known).zip(self.single(&b.known)) {
            match op.apply(&x, &y) {
                Ok(value) => self.space.constant(&value),
                Err(_) => Set { fault: true, ..Set::EMPTY },
            }
        } else {
            calculate(op, &a.known, &b.known)
        };
        Set { unknown, ..set }.after(a).after(b)
    }

    /// As [`compare`], with the texts of the space.
    pub fn compare(&self, op: Op, a: &Known, b: &Known) -> (bool, bool, bool) {
        compare(op, a, b, &|x, y| self.space.text(x).cmp(&self.space.text(y)))
    }

    fn single(&self, known: &Known) -> Option<Value> {
        known.single(|symbol| Value::Text(self.space.text(symbol)))
    }

    /// `x in [items]`.
    fn contains(&self, x: &Set, items: &[Set]) -> Set {
        let mut set = Set { unknown: x.unknown, ..Set::EMPTY }.after(x);
        if x.known.is_none() {
            return set;
        }
        let gap = items.iter().any(|item| item.unknown);
        let (mut found, mut missed) = (false, true);
        for item in items.iter().filter(|item| !item.known.is_none()) {
            let (t, f, fault) = self.compare(Op::Eq, &x.known, &item.known);
            found |= t;
            missed &= f;
            set.fault |= fault;
        }
        // A set whose every value is among the items is found for sure.
        let covered = match &x.known {
            Known::Whole(a, b) if b.checked_sub(*a).is_some_and(|n| n < 64) => {
                Some((*a..=*b).map(|i| Known::Whole(i, i)).collect())
            }
            Known::Text(Texts::In(symbols)) => {
                Some(symbols.iter().map(|s| Known::Text(Texts::In([*s].into()))).collect::<Vec<_>>())
            }
            Known::Bool { t: true, f: true } => {
                Some(vec![Known::Bool { t: true, f: false }, Known::Bool { t: false, f: true }])
            }
            _ => None,
        };
        if let Some(values) = covered {
            missed = values.iter().any(|value| items.iter().all(|item| !self.compare(Op::Eq, value, &item.known).0));
        }
        set.known = Known::truth(found, missed && !gap);
        set.unknown |= missed && gap;
        set
    }

    /// A column of the row: a field, or an output of the recipe.
    fn column(&mut self, column: usize) -> Set {
        let space = self.space;
        if let Some(var) = space.var_of_field(column) {
            return self.domains.get(var).cloned().unwrap_or(Set::EMPTY);
        }
        let Some((op, input)) = space.step(column).filter(|(_, input)| *input < column) else {
            return Set { unknown: true, ..Set::of(space.typed(column)) };
        };
        let from = self.column(input);
        let numbers = match &from.known {
            Known::Bool { t, f } => Some((if *f { 0.0 } else { 1.0 }, if *t { 1.0 } else { 0.0 })),
            known => known.as_numbers().map(|(low, high, _)| (low, high)),
        };
        match (op, numbers) {
            (StepOp::Impute(_), _) if !from.unknown || planted(8) => from,
            (StepOp::Impute(value), _) => {
                let value = match (value, &from.known) {
                    (Value::Integer(i), Known::Number { .. }) => Value::Number(*i as f64),
                    (value, _) => value.clone(),
                };
                Set { unknown: false, ..from.join(space.constant(&value)) }
            }
            (StepOp::OneHot(category), _) => {
                let symbol = space.symbol(category);
                let known = match &from.known {
                    Known::Text(Texts::In(symbols)) => {
                        let other = symbols.iter().any(|s| *s != symbol);
                        Known::Whole(i64::from(!other), i64::from(symbols.contains(&symbol)))
                    }
                    Known::Text(texts) => Known::Whole(0, i64::from(texts.has(symbol))),
                    _ => Known::None,
                };
                Set { known, ..from }
            }
            (StepOp::Scale { center, scale }, Some((low, high))) => {
                let scaled = |x: f64| (x - center) / scale;
                let (a, b) = (scaled(low), scaled(high));
                let (low, high) = (a.min(b), a.max(b));
                let overflow = !low.is_finite() || !high.is_finite();
                let known = Known::Number { low: low.max(f64::MIN), high: high.min(f64::MAX), nan: false };
                Set { known, unknown: from.unknown || overflow, ..Set::EMPTY }
            }
            (StepOp::Bucket { edges, labels }, Some((low, high))) => {
                let bin = |x: f64| edges.partition_point(|edge| *edge <= x);
                let names = labels.get(bin(low)..=bin(high).min(labels.len().saturating_sub(1))).unwrap_or(&[]);
                let mut symbols: Vec<_> = names.iter().map(|label| space.symbol(label)).collect();
                symbols.sort_unstable();
                symbols.dedup();
                Set { known: Known::Text(Texts::In(symbols.into())), ..from }
            }
            (StepOp::Ordinal(categories), _) => match &from.known {
                Known::Text(Texts::In(symbols)) => {
                    let place = |symbol: &Symbol| categories.iter().position(|c| space.symbol(c) == *symbol);
                    let places = || symbols.iter().filter_map(place).filter_map(|at| i64::try_from(at).ok());
                    let known = places().min().zip(places().max()).map_or(Known::None, |(a, b)| Known::Whole(a, b));
                    let none = symbols.iter().any(|symbol| place(symbol).is_none());
                    Set { known, unknown: from.unknown || none, ..Set::EMPTY }
                }
                _ => {
                    let last = i64::try_from(categories.len()).unwrap_or(i64::MAX) - 1;
                    Set { unknown: true, ..Set::of(Known::Whole(0, last.max(0))) }
                }
            },
            // Of these no more is said than the type.
            (
                StepOp::TargetMean { .. }
                | StepOp::DatePart { .. }
                | StepOp::Ratio { .. }
                | StepOp::Log1p
                | StepOp::Clip { .. }
                | StepOp::Formula(_),
                _,
            ) => Set { unknown: true, ..Set::of(space.typed(column)) },
            _ => Set { unknown: true, ..Set::EMPTY },
        }
    }

    fn call(&mut self, function: &'static Function, ids: &[Id], id: Id) -> Set {
        let args: Vec<Set> = ids.iter().map(|id| self.set(*id)).collect();
        let info = self.space.graph().info(id);
        let mut set = args.iter().fold(Set::EMPTY, |set, arg| set.after(arg));
        let given_unknown = args.iter().any(|arg| arg.unknown);
        let singles: Option<Vec<Value>> = args
            .iter()
            .map(|arg| match (self.single(&arg.known), arg.unknown) {
                (Some(value), false) => Some(value),
                (None, true) if arg.known.is_none() => Some(Value::Unknown),
                _ => None,
            })
            .collect();
        if let Some(values) = singles {
            return match function.call_pure(&values) {
                Ok(value) => self.space.constant(&value).after(&set),
                Err(_) => Set { fault: true, ..set },
            };
        }
        set.unknown = given_unknown && !function.takes_unknown;
        set.fault |= info.faults;
        let known: Vec<&Known> = args.iter().map(|arg| &arg.known).collect();
        set.known = match (function.name, known.as_slice()) {
            _ if !function.takes_unknown && known.iter().any(|known| known.is_none()) => Known::None,
            ("min" | "max", [a, b]) => pick(function.name == "min", a, b),
            ("clamp", [x, low, high]) => pick(true, &pick(false, x, low), high),
            ("to_float", [x]) => {
                x.as_numbers().map_or(ALL_NUMBERS, |(low, high, nan)| Known::Number { low, high, nan })
            }
            ("floor", [x]) => rising(x, libm::floor),
            ("ceil", [x]) => rising(x, libm::ceil),
            ("round", [x]) => rising(x, libm::round),
            ("abs", [Known::Number { low, high, nan }]) => {
                let most = low.abs().max(high.abs());
                let least = if *low <= 0.0 && *high >= 0.0 { 0.0 } else { low.abs().min(high.abs()) };
                Known::Number { low: least, high: most, nan: *nan }
            }
            ("abs", [Known::Whole(low, high)]) if *low > i64::MIN => {
                let least = if *low <= 0 && *high >= 0 { 0 } else { low.abs().min(high.abs()) };
                Known::Whole(least, low.abs().max(high.abs()))
            }
            ("len", _) => Known::Whole(0, i64::MAX),
            _ => Set::all(info.ty),
        };
        set
    }
}

/// A value that must be true, false or unknown.
fn as_bool(set: Set) -> Set {
    match set.known {
        Known::Bool { .. } | Known::None => set,
        Known::Any => Set { fault: true, known: BOTH, ..set },
        _ => Set { fault: true, known: Known::None, ..set },
    }
}

/// The smaller of two numbers, or the larger. Of different kinds they become numbers.
fn pick(smaller: bool, a: &Known, b: &Known) -> Known {
    if let (Known::Whole(a, b), Known::Whole(c, d)) = (a, b) {
        return if smaller { Known::Whole(*a.min(c), *b.min(d)) } else { Known::Whole(*a.max(c), *b.max(d)) };
    }
    match a.as_numbers().zip(b.as_numbers()) {
        Some(((a, b, false), (c, d, false))) => {
            let (low, high) = if smaller { (a.min(c), b.min(d)) } else { (a.max(c), b.max(d)) };
            Known::Number { low, high, nan: false }
        }
        Some(_) => ALL_NUMBERS,
        None => Known::Any,
    }
}

/// A function that keeps the order of numbers.
fn rising(x: &Known, f: fn(f64) -> f64) -> Known {
    match x.as_numbers() {
        Some((low, high, nan)) => Known::Number { low: f(low), high: f(high), nan },
        None => ALL_NUMBERS,
    }
}
