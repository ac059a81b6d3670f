//! Sets of outcomes: what an expression may come to while what it reads ranges over a box of values. A set holds at least what can happen.

use super::mutant::planted;
use crate::language::Op;
use crate::language::graph::Ty;
use crate::value::{Type, Value};
use std::cmp::Ordering;
use std::rc::Rc;

/// Outcomes of a condition, as bits.
pub mod outcome {
    /// True.
    pub const TRUE: u8 = 1;
    /// False.
    pub const FALSE: u8 = 2;
    /// Unknown, or a stop, which makes the whole expression unknown.
    pub const UNKNOWN: u8 = 4;
    /// A fault, or a result that is no condition.
    pub const FAULT: u8 = 8;
    /// Everything.
    pub const ALL: u8 = TRUE | FALSE | UNKNOWN | FAULT;
}

/// A text by its number among those of the space.
pub type Symbol = u32;

/// A set of outcomes of one node.
#[derive(Clone, Debug, PartialEq)]
pub struct Set {
    /// It may be unknown.
    pub unknown: bool,
    /// It may stop.
    pub stop: bool,
    /// It may fault.
    pub fault: bool,
    /// The known values it may have.
    pub known: Known,
}

/// A set of known values.
#[derive(Clone, Debug, PartialEq)]
pub enum Known {
    /// None.
    None,
    /// Of true and false those that are set.
    Bool { t: bool, f: bool },
    /// Whole numbers from the first to the second.
    Whole(i64, i64),
    /// Numbers from `low` to `high`, and NaN.
    Number { low: f64, high: f64, nan: bool },
    /// Instants from the first to the second.
    Time(i64, i64),
    /// Texts.
    Text(Texts),
    /// Anything.
    Any,
}

/// A set of texts, by ascending number.
#[derive(Clone, Debug, PartialEq)]
pub enum Texts {
    /// These.
    In(Rc<[Symbol]>),
    /// All but these.
    NotIn(Rc<[Symbol]>),
}

/// Every finite number.
pub const NUMBERS: Known = Known::Number { low: f64::MIN, high: f64::MAX, nan: false };
/// Every number there is.
pub const ALL_NUMBERS: Known = Known::Number { low: f64::NEG_INFINITY, high: f64::INFINITY, nan: true };
/// True and false.
pub const BOTH: Known = Known::Bool { t: true, f: true };

impl Set {
    /// Nothing at all.
    pub const EMPTY: Set = Set { unknown: false, stop: false, fault: false, known: Known::None };

    /// Known values alone.
    pub fn of(known: Known) -> Set {
        Set { known, ..Set::EMPTY }
    }

    /// What evaluates as a truth value does.
    pub fn truth(t: bool, f: bool, unknown: bool) -> Set {
        Set { unknown, ..Set::of(Known::truth(t, f)) }
    }

    /// Anything of a type that is known when it is known.
    pub fn all(ty: Ty) -> Known {
        match ty {
            Ty::Nothing => Known::None,
            Ty::Bool => BOTH,
            Ty::Integer => Known::Whole(i64::MIN, i64::MAX),
            Ty::Number => ALL_NUMBERS,
            Ty::Text => Known::Text(Texts::NotIn(Rc::from([]))),
            Ty::Time => Known::Time(i64::MIN, i64::MAX),
            Ty::Numeric | Ty::Any => Known::Any,
        }
    }

    /// The values a field of a type can have.
    pub fn field(type_: Type) -> Known {
        match type_ {
            Type::Number => NUMBERS,
            other => Set::all(Ty::from(other)),
        }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        *self == Set::EMPTY
    }

    /// What it says as a condition: bits of [`outcome`].
    pub fn outcomes(&self) -> u8 {
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let known = match self.known {
            Known::None => 0,
            Known::Bool { t, f } => flag(t, outcome::TRUE) | flag(f, outcome::FALSE),
            Known::Any => outcome::TRUE | outcome::FALSE | outcome::FAULT,
            _ => outcome::FAULT,
        };
        known | flag(self.unknown || self.stop, outcome::UNKNOWN) | flag(self.fault, outcome::FAULT)
    }

    /// Everything that is in either.
    pub fn join(self, other: Set) -> Set {
        Set {
            unknown: self.unknown || other.unknown,
            stop: self.stop || other.stop,
            fault: self.fault || other.fault,
            known: self.known.join(other.known),
        }
    }

    /// With the stops and faults of another, which comes before it.
    pub fn after(mut self, other: &Set) -> Set {
        self.stop |= other.stop;
        self.fault |= other.fault;
        self
    }
}

impl Known {
    /// Of true and false those that are set.
    pub fn truth(t: bool, f: bool) -> Known {
        if t || f { Known::Bool { t, f } } else { Known::None }
    }

    /// A value alone; texts by their number.
    pub fn one(value: &Value, symbol: impl FnOnce(&str) -> Symbol) -> Known {
        match value {
            Value::Unknown => Known::None,
            Value::Bool(b) => Known::Bool { t: *b, f: !b },
            Value::Integer(i) => Known::Whole(*i, *i),
            Value::Number(x) if x.is_nan() => Known::Number { low: f64::INFINITY, high: f64::NEG_INFINITY, nan: true },
            Value::Number(x) => Known::Number { low: *x, high: *x, nan: false },
            Value::Text(text) => Known::Text(Texts::In(Rc::from([symbol(text)]))),
            Value::Time(t) => Known::Time(*t, *t),
        }
    }

    /// The value, when there is one alone. Zero has two signs, so it is none.
    pub fn single(&self, text: impl FnOnce(Symbol) -> Value) -> Option<Value> {
        match self {
            Known::Bool { t: true, f: false } => Some(Value::Bool(true)),
            Known::Bool { t: false, f: true } => Some(Value::Bool(false)),
            Known::Whole(a, b) if a == b => Some(Value::Integer(*a)),
            Known::Time(a, b) if a == b => Some(Value::Time(*a)),
            Known::Number { low, high, nan: false } if low == high && *low != 0.0 => Some(Value::Number(*low)),
            Known::Text(Texts::In(symbols)) => match **symbols {
                [one] => Some(text(one)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether nothing is in it.
    pub fn is_none(&self) -> bool {
        *self == Known::None
    }

    /// Everything that is in either.
    pub fn join(self, other: Known) -> Known {
        match (self, other) {
            (Known::None, x) | (x, Known::None) => x,
            (Known::Bool { t, f }, Known::Bool { t: t2, f: f2 }) => Known::Bool { t: t || t2, f: f || f2 },
            (Known::Whole(a, b), Known::Whole(c, d)) => Known::Whole(a.min(c), b.max(d)),
            (Known::Time(a, b), Known::Time(c, d)) => Known::Time(a.min(c), b.max(d)),
            (Known::Number { low, high, nan }, Known::Number { low: l2, high: h2, nan: n2 }) => {
                Known::Number { low: low.min(l2), high: high.max(h2), nan: nan || n2 }
            }
            (Known::Text(a), Known::Text(b)) => Known::Text(a.join(b)),
            // Whole numbers and numbers beside one another compare in two ways.
            _ => Known::Any,
        }
    }

    /// As numbers, the way a whole number beside a number becomes one.
    pub fn as_numbers(&self) -> Option<(f64, f64, bool)> {
        match self {
            Known::Whole(a, b) => Some((*a as f64, *b as f64, false)),
            Known::Number { low, high, nan } => Some((*low, *high, *nan)),
            _ => None,
        }
    }
}

impl Texts {
    /// Everything that is in either.
    fn join(self, other: Texts) -> Texts {
        match (self, other) {
            (Texts::In(a), Texts::In(b)) => {
                let mut all: Vec<Symbol> = a.iter().chain(b.iter()).copied().collect();
                all.sort_unstable();
                all.dedup();
                Texts::In(all.into())
            }
            (Texts::NotIn(a), Texts::NotIn(b)) => Texts::NotIn(a.iter().filter(|s| b.contains(s)).copied().collect()),
            (Texts::NotIn(not), Texts::In(with)) | (Texts::In(with), Texts::NotIn(not)) => {
                Texts::NotIn(not.iter().filter(|s| !with.contains(s)).copied().collect())
            }
        }
    }

    /// Whether a text is in it.
    pub fn has(&self, symbol: Symbol) -> bool {
        match self {
            Texts::In(symbols) => symbols.contains(&symbol),
            Texts::NotIn(symbols) => !symbols.contains(&symbol),
        }
    }

    /// Those of it that `keep` says yes to; `keep` says yes to every text without a number.
    pub fn filter(&self, keep: impl Fn(Symbol) -> bool, symbols: &[Symbol]) -> Texts {
        match self {
            Texts::In(own) => Texts::In(own.iter().filter(|s| keep(**s)).copied().collect()),
            Texts::NotIn(not) => {
                let mut all: Vec<Symbol> = not.to_vec();
                all.extend(symbols.iter().filter(|s| !keep(**s)));
                all.sort_unstable();
                all.dedup();
                Texts::NotIn(all.into())
            }
        }
    }
}

/// What a comparison of two known values may say: whether it may be true, whether it may be false, whether it may fault.
pub fn compare(op: Op, a: &Known, b: &Known, order: &dyn Fn(Symbol, Symbol) -> Ordering) -> (bool, bool, bool) {
    let says = |least: Ordering, most: Ordering, equal: bool| {
        // `least` and `most`: the least and the largest order that may be, `equal`: whether equality may be.
        let (less, greater) = (least == Ordering::Less, most == Ordering::Greater);
        match op {
            Op::Le if planted(1) => (less, equal || greater, false),
            Op::Eq => (equal, less || greater, false),
            Op::Ne => (less || greater, equal, false),
            Op::Lt => (less, equal || greater, false),
            Op::Le => (less || equal, greater, false),
            Op::Gt => (greater, less || equal, false),
            _ => (greater || equal, less, false),
        }
    };
    match (a, b) {
        (Known::None, _) | (_, Known::None) => (false, false, false),
        (Known::Any, _) | (_, Known::Any) => (true, true, true),
        (Known::Whole(a, b), Known::Whole(c, d)) | (Known::Time(a, b), Known::Time(c, d)) => {
            says(a.cmp(d), b.cmp(c), a <= d && c <= b)
        }
        (Known::Bool { t, f }, Known::Bool { t: t2, f: f2 }) if matches!(op, Op::Eq | Op::Ne) => {
            let (same, other) = (*t && *t2 || *f && *f2, *t && *f2 || *f && *t2);
            if op == Op::Eq { (same, other, false) } else { (other, same, false) }
        }
        (Known::Text(a), Known::Text(b)) => texts(op, a, b, order),
        (x, y) => match x.as_numbers().zip(y.as_numbers()) {
            None => (false, false, true),
            Some(((a, b, nan), (c, d, nan2))) => {
                let least = a.partial_cmp(&d).unwrap_or(Ordering::Equal);
                let most = b.partial_cmp(&c).unwrap_or(Ordering::Equal);
                // A set of NaN alone has its ends the wrong way round.
                let some = a <= b && c <= d;
                let (t, f, _) = if some { says(least, most, a <= d && c <= b) } else { (false, false, false) };
                let nan = nan || nan2;
                (t || nan && op == Op::Ne, f || nan && op != Op::Ne, false)
            }
        },
    }
}

/// Of more pairs of texts than this it is not asked how they compare.
const PAIRS: usize = 256;

fn texts(op: Op, a: &Texts, b: &Texts, order: &dyn Fn(Symbol, Symbol) -> Ordering) -> (bool, bool, bool) {
    let equality = matches!(op, Op::Eq | Op::Ne);
    let (equal, differ) = match (a, b) {
        (Texts::In(a), Texts::In(b)) if equality => {
            let one = a.len() == 1 && b.len() == 1;
            let common = a.iter().any(|s| b.contains(s));
            (common, !(one && common))
        }
        (Texts::In(a), Texts::In(b)) if a.len() * b.len() <= PAIRS => {
            let (mut t, mut f) = (false, false);
            for (x, y) in a.iter().flat_map(|x| b.iter().map(move |y| (*x, *y))) {
                let order = order(x, y);
                let holds = match op {
                    Op::Lt => order == Ordering::Less,
                    Op::Le => order != Ordering::Greater,
                    Op::Gt => order == Ordering::Greater,
                    _ => order != Ordering::Less,
                };
                t |= holds;
                f |= !holds;
            }
            return (t, f, false);
        }
        (Texts::In(set), other @ Texts::NotIn(_)) | (other @ Texts::NotIn(_), Texts::In(set)) if equality => {
            (set.iter().any(|s| other.has(*s)) && !planted(9), true)
        }
        _ => (true, true),
    };
    if op == Op::Ne { (differ, equal, false) } else { (equal, differ, false) }
}
