//! The operators, once: Kleene's three-valued logic, comparison and arithmetic over [`Value`].
//!
//! Every evaluator calls these, so they cannot disagree about an operator. Whole numbers follow Rhai:
//! overflow and division by zero are errors, `/` drops the fraction. Numbers follow IEEE 754; a whole number beside a
//! number becomes a number.

use super::datum::{Datum, Failed, Words, told};
use crate::value::Value;
use std::cmp::Ordering;

/// A binary operator that evaluates both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Rem,
    /// `**`
    Pow,
}

impl Op {
    /// Every operator.
    pub const ALL: [Op; 12] =
        [Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge, Op::Add, Op::Sub, Op::Mul, Op::Div, Op::Rem, Op::Pow];

    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Op::Eq => "==",
            Op::Ne => "!=",
            Op::Lt => "<",
            Op::Le => "<=",
            Op::Gt => ">",
            Op::Ge => ">=",
            Op::Add => "+",
            Op::Sub => "-",
            Op::Mul => "*",
            Op::Div => "/",
            Op::Rem => "%",
            Op::Pow => "**",
        }
    }

    /// The operator written as `symbol`.
    pub fn from_symbol(symbol: &str) -> Option<Op> {
        Op::ALL.into_iter().find(|op| op.symbol() == symbol)
    }

    /// The operator that says the same of the sides exchanged; of a comparison only.
    pub fn mirrored(self) -> Op {
        match self {
            Op::Lt => Op::Gt,
            Op::Le => Op::Ge,
            Op::Gt => Op::Lt,
            Op::Ge => Op::Le,
            other => other,
        }
    }

    /// Whether it compares.
    pub fn compares(self) -> bool {
        matches!(self, Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge)
    }

    /// Applies it. Unknown on either side gives unknown.
    pub fn apply(self, a: &Value, b: &Value) -> Result<Value, String> {
        told(|words| self.on(a.into(), b.into(), words)).map(Value::from)
    }

    /// Applies it without an allocation.
    #[inline]
    pub fn on(self, a: Datum<'_>, b: Datum<'_>, words: &mut Words<'_>) -> Result<Datum<'static>, Failed> {
        if !a.is_known() || !b.is_known() {
            return Ok(Datum::Unknown);
        }
        if self.compares() { self.compare(a, b, words).map(Datum::Bool) } else { self.calculate(a, b, words) }
    }

    fn compare(self, a: Datum<'_>, b: Datum<'_>, words: &mut Words<'_>) -> Result<bool, Failed> {
        let order = match (a, b) {
            (Datum::Integer(x), Datum::Integer(y)) | (Datum::Time(x), Datum::Time(y)) => Some(x.cmp(&y)),
            (Datum::Text(x), Datum::Text(y)) => Some(x.cmp(y)),
            (Datum::Bool(x), Datum::Bool(y)) if matches!(self, Op::Eq | Op::Ne) => Some(x.cmp(&y)),
            _ => match (a.number(), b.number()) {
                (Some(x), Some(y)) => x.partial_cmp(&y),
                _ => return Err(words.fail(|| format!("cannot compare {} with {}", a.noun(), b.noun()))),
            },
        };
        Ok(self.holds(order))
    }

    /// Whether a comparison holds of two values in this order; `None` where one of them is NaN.
    #[inline]
    pub fn holds(self, order: Option<Ordering>) -> bool {
        match self {
            Op::Eq => order == Some(Ordering::Equal),
            Op::Ne => order != Some(Ordering::Equal),
            Op::Lt => order == Some(Ordering::Less),
            Op::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Op::Gt => order == Some(Ordering::Greater),
            _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }
    }

    fn calculate(self, a: Datum<'_>, b: Datum<'_>, words: &mut Words<'_>) -> Result<Datum<'static>, Failed> {
        if let (Datum::Integer(x), Datum::Integer(y)) = (a, b) {
            return self.whole(x, y, words).map(Datum::Integer);
        }
        match (a.number(), b.number()) {
            (Some(x), Some(y)) => Ok(Datum::Number(self.real(x, y))),
            _ => Err(words.fail(|| format!("cannot use `{}` with {} and {}", self.symbol(), a.noun(), b.noun()))),
        }
    }

    /// Arithmetic of two numbers.
    #[inline]
    pub fn real(self, x: f64, y: f64) -> f64 {
        match self {
            Op::Add => x + y,
            Op::Sub => x - y,
            Op::Mul => x * y,
            Op::Div => x / y,
            Op::Rem => x % y,
            _ => libm::pow(x, y),
        }
    }

    /// Arithmetic of two whole numbers.
    #[inline]
    pub fn whole(self, x: i64, y: i64, words: &mut Words<'_>) -> Result<i64, Failed> {
        let result = match self {
            Op::Add => x.checked_add(y),
            Op::Sub => x.checked_sub(y),
            Op::Mul => x.checked_mul(y),
            Op::Div | Op::Rem if y == 0 => return Err(words.fail(|| "division by zero".to_owned())),
            Op::Div => x.checked_div(y),
            Op::Rem => x.checked_rem(y),
            _ if y < 0 => {
                return Err(words.fail(|| {
                    "a whole number cannot be raised to a negative power; write it with a decimal point".to_owned()
                }));
            }
            _ => u32::try_from(y).ok().and_then(|y| x.checked_pow(y)),
        };
        result.ok_or_else(|| words.fail(|| format!("{x} {} {y} is too large for a whole number", self.symbol())))
    }
}

/// `!x`.
pub fn not(x: &Value) -> Result<Value, String> {
    told(|words| truth(x.into(), words)).map(|x| from_truth(x.map(|x| !x)))
}

/// `-x`.
#[inline]
pub fn negate(x: Datum<'_>, words: &mut Words<'_>) -> Result<Datum<'static>, Failed> {
    match x {
        Datum::Unknown => Ok(Datum::Unknown),
        Datum::Integer(i) => match i.checked_neg() {
            Some(i) => Ok(Datum::Integer(i)),
            None => Err(words.fail(|| format!("-({i}) is too large for a whole number"))),
        },
        Datum::Number(x) => Ok(Datum::Number(-x)),
        other => Err(words.fail(|| format!("cannot use `-` with {}", other.noun()))),
    }
}

/// The truth value of an operand of `&&`, `||`, `!` or of a condition; `None` is unknown.
#[inline]
pub fn truth(x: Datum<'_>, words: &mut Words<'_>) -> Result<Option<bool>, Failed> {
    match x {
        Datum::Bool(b) => Ok(Some(b)),
        Datum::Unknown => Ok(None),
        other => Err(words.fail(|| format!("expected true or false, found {}", other.noun()))),
    }
}

/// Kleene's `&&` of two truth values.
#[inline]
pub fn and(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// Kleene's `||` of two truth values.
#[inline]
pub fn or(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

/// A truth value as a value.
pub fn from_truth(x: Option<bool>) -> Value {
    x.map_or(Value::Unknown, Value::Bool)
}

/// `x in [items]`: Kleene's `||` of the equalities. Items past the first match are not looked at.
pub fn is_in<'a>(
    x: Datum<'_>,
    items: impl IntoIterator<Item = Datum<'a>>,
    words: &mut Words<'_>,
) -> Result<Option<bool>, Failed> {
    if !x.is_known() {
        return Ok(None);
    }
    let mut found = Some(false);
    for item in items {
        found = or(found, truth(Op::Eq.on(x, item, words)?, words)?);
        if found == Some(true) {
            break;
        }
    }
    Ok(found)
}

/// `x in low..high`, or `low..=high` when `inclusive`.
pub fn is_in_range(
    x: Datum<'_>,
    low: i64,
    high: i64,
    inclusive: bool,
    words: &mut Words<'_>,
) -> Result<Option<bool>, Failed> {
    let above = truth(Op::Ge.on(x, Datum::Integer(low), words)?, words)?;
    let below = truth(if inclusive { Op::Le } else { Op::Lt }.on(x, Datum::Integer(high), words)?, words)?;
    Ok(and(above, below))
}

/// What a value is, in words: "a text".
pub fn noun(x: &Value) -> &'static str {
    Datum::from(x).noun()
}
