//! Numbers. Whatever is not exact arithmetic goes through `libm`, so every machine gives the same bits.

use crate::language::datum::{Datum, Failed, Words};
use crate::language::env::Env;
use crate::language::ops::{self, Op};
use crate::value::Value;

type Answer = Result<Datum<'static>, Failed>;

fn x(args: &[Datum<'_>]) -> f64 {
    args.first().and_then(|x| x.number()).unwrap_or(f64::NAN)
}

fn number(x: f64) -> Answer {
    Ok(Datum::Number(x))
}

/// The first of two when `op` holds for them, else the second. Two of different kind become numbers, so that the type of
/// the result does not hang on the values.
fn pick(op: Op, a: Datum<'_>, b: Datum<'_>, words: &mut Words<'_>) -> Answer {
    let first = matches!(op.on(a, b, words)?, Datum::Bool(true));
    Ok(match (a, b) {
        (Datum::Integer(a), Datum::Integer(b)) => Datum::Integer(if first { a } else { b }),
        _ => Datum::Number(if first { a } else { b }.number().unwrap_or(f64::NAN)),
    })
}

pub fn between(_: &dyn Env, args: &[Datum<'_>], words: &mut Words<'_>) -> Answer {
    let [x, low, high] = args else {
        return Err(words.fail(|| "`between` takes 3 arguments (x, low, high)".to_owned()));
    };
    let above = ops::truth(Op::Ge.on(*x, *low, words)?, words)?;
    let below = ops::truth(Op::Le.on(*x, *high, words)?, words)?;
    Ok(ops::and(above, below).map_or(Datum::Unknown, Datum::Bool))
}

pub fn abs(_: &dyn Env, args: &[Datum<'_>], words: &mut Words<'_>) -> Answer {
    match args.first() {
        Some(Datum::Integer(i)) => match i.checked_abs() {
            Some(i) => Ok(Datum::Integer(i)),
            None => Err(words.fail(|| format!("abs({i}) is too large for a whole number"))),
        },
        _ => number(x(args).abs()),
    }
}

pub fn min(_: &dyn Env, args: &[Datum<'_>], words: &mut Words<'_>) -> Answer {
    match args {
        [a, b] => pick(Op::Le, *a, *b, words),
        _ => Err(words.fail(|| "`min` takes 2 arguments".to_owned())),
    }
}

pub fn max(_: &dyn Env, args: &[Datum<'_>], words: &mut Words<'_>) -> Answer {
    match args {
        [a, b] => pick(Op::Ge, *a, *b, words),
        _ => Err(words.fail(|| "`max` takes 2 arguments".to_owned())),
    }
}

pub fn clamp(_: &dyn Env, args: &[Datum<'_>], words: &mut Words<'_>) -> Answer {
    let [x, low, high] = args else { return Err(words.fail(|| "`clamp` takes 3 arguments (x, low, high)".to_owned())) };
    if matches!(Op::Gt.on(*low, *high, words)?, Datum::Bool(true)) {
        return Err(words.fail(|| {
            let (low, high) = (Value::from(*low), Value::from(*high));
            format!("`clamp` needs low to be at most high, found {low} and {high}")
        }));
    }
    let raised = pick(Op::Ge, *x, *low, words)?;
    pick(Op::Le, raised, *high, words)
}

pub fn floor(_: &dyn Env, args: &[Datum<'_>], _: &mut Words<'_>) -> Answer {
    number(libm::floor(x(args)))
}

pub fn ceil(_: &dyn Env, args: &[Datum<'_>], _: &mut Words<'_>) -> Answer {
    number(libm::ceil(x(args)))
}

pub fn round(_: &dyn Env, args: &[Datum<'_>], _: &mut Words<'_>) -> Answer {
    number(libm::round(x(args)))
}

pub fn sqrt(_: &dyn Env, args: &[Datum<'_>], _: &mut Words<'_>) -> Answer {
    number(libm::sqrt(x(args)))
}

pub fn exp(_: &dyn Env, args: &[Datum<'_>], _: &mut Words<'_>) -> Answer {
    number(libm::exp(x(args)))
}

pub fn ln(_: &dyn Env, args: &[Datum<'_>], _: &mut Words<'_>) -> Answer {
    number(libm::log(x(args)))
}

pub fn to_float(_: &dyn Env, args: &[Datum<'_>], _: &mut Words<'_>) -> Answer {
    number(x(args))
}

pub fn to_int(_: &dyn Env, args: &[Datum<'_>], words: &mut Words<'_>) -> Answer {
    if let Some(Datum::Integer(i)) = args.first() {
        return Ok(Datum::Integer(*i));
    }
    let whole = libm::trunc(x(args));
    // 2^63 is exact as a number; i64::MAX is not.
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&whole) {
        Ok(Datum::Integer(whole as i64))
    } else {
        Err(words.fail(|| format!("{whole} is too large for a whole number")))
    }
}
