//! The operators, once: Kleene's three-valued logic, comparison and arithmetic over [`Value`].
//!
//! Interpreter and row evaluator both call these, so they cannot disagree about an operator. Whole numbers follow Rhai:
//! overflow and division by zero are errors, `/` drops the fraction. Numbers follow IEEE 754; a whole number beside a
//! number becomes a number.

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
        if !a.is_known() || !b.is_known() {
            return Ok(Value::Unknown);
        }
        if self.compares() { self.compare(a, b) } else { self.calculate(a, b) }
    }

    fn compare(self, a: &Value, b: &Value) -> Result<Value, String> {
        let mismatch = || format!("cannot compare {} with {}", noun(a), noun(b));
        let order = match (a, b) {
            (Value::Integer(x), Value::Integer(y)) => Some(x.cmp(y)),
            (Value::Text(x), Value::Text(y)) => Some(x.cmp(y)),
            (Value::Time(x), Value::Time(y)) => Some(x.cmp(y)),
            (Value::Bool(x), Value::Bool(y)) if matches!(self, Op::Eq | Op::Ne) => Some(x.cmp(y)),
            (Value::Integer(_) | Value::Number(_), Value::Integer(_) | Value::Number(_)) => {
                let (x, y) = (float(a).ok_or_else(mismatch)?, float(b).ok_or_else(mismatch)?);
                x.partial_cmp(&y)
            }
            _ => return Err(mismatch()),
        };
        Ok(Value::Bool(match self {
            Op::Eq => order == Some(Ordering::Equal),
            Op::Ne => order != Some(Ordering::Equal),
            Op::Lt => order == Some(Ordering::Less),
            Op::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Op::Gt => order == Some(Ordering::Greater),
            _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }))
    }

    fn calculate(self, a: &Value, b: &Value) -> Result<Value, String> {
        if let (Value::Integer(x), Value::Integer(y)) = (a, b) {
            return whole(self, *x, *y).map(Value::Integer);
        }
        let (Some(x), Some(y)) = (float(a), float(b)) else {
            return Err(format!("cannot use `{}` with {} and {}", self.symbol(), noun(a), noun(b)));
        };
        Ok(Value::Number(match self {
            Op::Add => x + y,
            Op::Sub => x - y,
            Op::Mul => x * y,
            Op::Div => x / y,
            Op::Rem => x % y,
            _ => libm::pow(x, y),
        }))
    }
}

fn whole(op: Op, x: i64, y: i64) -> Result<i64, String> {
    let overflow = || format!("{x} {} {y} is too large for a whole number", op.symbol());
    match op {
        Op::Add => x.checked_add(y).ok_or_else(overflow),
        Op::Sub => x.checked_sub(y).ok_or_else(overflow),
        Op::Mul => x.checked_mul(y).ok_or_else(overflow),
        Op::Div | Op::Rem if y == 0 => Err("division by zero".to_owned()),
        Op::Div => x.checked_div(y).ok_or_else(overflow),
        Op::Rem => x.checked_rem(y).ok_or_else(overflow),
        _ => match u32::try_from(y) {
            Ok(y) => x.checked_pow(y).ok_or_else(overflow),
            Err(_) if y < 0 => {
                Err("a whole number cannot be raised to a negative power; write it with a decimal point".to_owned())
            }
            Err(_) => Err(overflow()),
        },
    }
}

/// `!x`.
pub fn not(x: &Value) -> Result<Value, String> {
    Ok(match truth(x)? {
        Some(b) => Value::Bool(!b),
        None => Value::Unknown,
    })
}

/// `-x`.
pub fn negate(x: &Value) -> Result<Value, String> {
    match x {
        Value::Unknown => Ok(Value::Unknown),
        Value::Integer(i) => {
            i.checked_neg().map(Value::Integer).ok_or_else(|| format!("-({i}) is too large for a whole number"))
        }
        Value::Number(x) => Ok(Value::Number(-x)),
        other => Err(format!("cannot use `-` with {}", noun(other))),
    }
}

/// The truth value of an operand of `&&`, `||`, `!` or of a condition; `None` is unknown.
pub fn truth(x: &Value) -> Result<Option<bool>, String> {
    match x {
        Value::Bool(b) => Ok(Some(*b)),
        Value::Unknown => Ok(None),
        other => Err(format!("expected true or false, found {}", noun(other))),
    }
}

/// Kleene's `&&` of two truth values.
pub fn and(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// Kleene's `||` of two truth values.
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
pub fn is_in<'a>(x: &Value, items: impl IntoIterator<Item = &'a Value>) -> Result<Value, String> {
    if !x.is_known() {
        return Ok(Value::Unknown);
    }
    let mut found = Some(false);
    for item in items {
        found = or(found, truth(&Op::Eq.apply(x, item)?)?);
        if found == Some(true) {
            break;
        }
    }
    Ok(from_truth(found))
}

/// `x in low..high`, or `low..=high` when `inclusive`.
pub fn is_in_range(x: &Value, low: i64, high: i64, inclusive: bool) -> Result<Value, String> {
    let above = truth(&Op::Ge.apply(x, &Value::Integer(low))?)?;
    let below = truth(&if inclusive { Op::Le } else { Op::Lt }.apply(x, &Value::Integer(high))?)?;
    Ok(from_truth(and(above, below)))
}

fn float(x: &Value) -> Option<f64> {
    match x {
        Value::Integer(i) => Some(*i as f64),
        Value::Number(x) => Some(*x),
        _ => None,
    }
}

/// What a value is, in words: "a text".
pub fn noun(x: &Value) -> &'static str {
    match x {
        Value::Unknown => "a missing value",
        Value::Bool(_) => "true/false",
        Value::Integer(_) | Value::Number(_) => "a number",
        Value::Text(_) => "a text",
        Value::Time(_) => "a time",
    }
}
