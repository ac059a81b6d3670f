//! Numbers. Whatever is not exact arithmetic goes through `libm`, so every machine gives the same bits.

use crate::language::env::Env;
use crate::language::ops::{self, Op};
use crate::value::Value;

fn x(args: &[Value]) -> f64 {
    args.first().and_then(Value::as_f64).unwrap_or(f64::NAN)
}

fn number(x: f64) -> Result<Value, String> {
    Ok(Value::Number(x))
}

/// The first of two when `op` holds for them, else the second. Two of different kind become numbers, so that the type of
/// the result does not hang on the values.
fn pick(op: Op, a: &Value, b: &Value) -> Result<Value, String> {
    let first = op.apply(a, b)? == Value::Bool(true);
    let chosen = if first { a } else { b };
    Ok(match (a, b) {
        (Value::Integer(_), Value::Integer(_)) => chosen.clone(),
        _ => Value::Number(chosen.as_f64().unwrap_or(f64::NAN)),
    })
}

pub fn between(_: &dyn Env, args: &[Value]) -> Result<Value, String> {
    let [x, low, high] = args else { return Err("`between` takes 3 arguments (x, low, high)".to_owned()) };
    let above = ops::truth(&Op::Ge.apply(x, low)?)?;
    let below = ops::truth(&Op::Le.apply(x, high)?)?;
    Ok(ops::from_truth(ops::and(above, below)))
}

pub fn abs(_: &dyn Env, args: &[Value]) -> Result<Value, String> {
    match args.first() {
        Some(Value::Integer(i)) => {
            i.checked_abs().map(Value::Integer).ok_or_else(|| format!("abs({i}) is too large for a whole number"))
        }
        _ => number(x(args).abs()),
    }
}

pub fn min(_: &dyn Env, args: &[Value]) -> Result<Value, String> {
    match args {
        [a, b] => pick(Op::Le, a, b),
        _ => Err("`min` takes 2 arguments".to_owned()),
    }
}

pub fn max(_: &dyn Env, args: &[Value]) -> Result<Value, String> {
    match args {
        [a, b] => pick(Op::Ge, a, b),
        _ => Err("`max` takes 2 arguments".to_owned()),
    }
}

pub fn clamp(_: &dyn Env, args: &[Value]) -> Result<Value, String> {
    let [x, low, high] = args else { return Err("`clamp` takes 3 arguments (x, low, high)".to_owned()) };
    if Op::Gt.apply(low, high)? == Value::Bool(true) {
        return Err(format!("`clamp` needs low to be at most high, found {low} and {high}"));
    }
    pick(Op::Le, &pick(Op::Ge, x, low)?, high)
}

pub fn floor(_: &dyn Env, args: &[Value]) -> Result<Value, String> {
    number(libm::floor(x(args)))
}

pub fn ceil(_: &dyn Env, args: &[Value]) -> Result<Value, String> {
    number(libm::ceil(x(args)))
}

pub fn round(_: &dyn Env, args: &[Value]) -> Result<Value, String> {
    number(libm::round(x(args)))
}

pub fn sqrt(_: &dyn Env, args: &[Value]) -> Result<Value, String> {
    number(libm::sqrt(x(args)))
}

pub fn exp(_: &dyn Env, args: &[Value]) -> Result<Value, String> {
    number(libm::exp(x(args)))
}

pub fn ln(_: &dyn Env, args: &[Value]) -> Result<Value, String> {
    number(libm::log(x(args)))
}

pub fn to_float(_: &dyn Env, args: &[Value]) -> Result<Value, String> {
    number(x(args))
}

pub fn to_int(_: &dyn Env, args: &[Value]) -> Result<Value, String> {
    if let Some(Value::Integer(i)) = args.first() {
        return Ok(Value::Integer(*i));
    }
    let whole = libm::trunc(x(args));
    // 2^63 is exact as a number; i64::MAX is not.
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&whole) {
        Ok(Value::Integer(whole as i64))
    } else {
        Err(format!("{whole} is too large for a whole number"))
    }
}
