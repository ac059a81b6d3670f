//! What the interpreter can call: the operators, the functions of the table, and inner functions that read the row.
//!
//! Inner names start with `__`; the checker refuses them in a rule, the rewriter of [`super::sandbox`] puts them in.

use super::datum::{Datum, told};
use super::env::{Env, Term};
use super::functions::TABLE;
use super::ops::{self, Op};
use super::sandbox::Frame;
use crate::value::Value;
use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, NativeCallContext, Position};
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

/// Reads a variable by position.
pub const FIELD: &str = "__field";
/// Reads a fact of the candidate by position.
pub const FACT: &str = "__fact";
/// Reads a term of arbitration by position in [`Term::ALL`].
pub const TERM: &str = "__term";
/// Reads a score by position of the model.
pub const SCORE: &str = "__score";
/// Reads a decision table by position.
pub const TABLE_OUTPUT: &str = "__table";
/// Left side of `&&`: whether the right side is needed.
pub const AND_LEFT: &str = "__and";
/// Right side of `&&`: the result.
pub const AND_RIGHT: &str = "__and_then";
/// Left side of `||`: whether the right side is needed.
pub const OR_LEFT: &str = "__or";
/// Right side of `||`: the result.
pub const OR_RIGHT: &str = "__or_then";
/// Passes a known value on; ends the evaluation as unknown otherwise.
pub const KNOWN: &str = "__known";

/// The inner names of `&&` and `||`, called with a side and the place of the operator.
pub const JOINS: [&str; 4] = [AND_LEFT, AND_RIGHT, OR_LEFT, OR_RIGHT];

/// Every inner name.
pub const INNER: [&str; 10] = [FIELD, FACT, TERM, SCORE, TABLE_OUTPUT, AND_LEFT, AND_RIGHT, OR_LEFT, OR_RIGHT, KNOWN];

type Answer<T = Dynamic> = Result<T, Box<EvalAltResult>>;

/// A time in the interpreter; a whole number would mix with numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Moment(pub i64);

/// A failure in words; the engine adds its place.
pub fn fail(message: String) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorRuntime(message.into(), Position::NONE))
}

/// The end of an evaluation whose result is unknown.
pub fn unknown() -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorTerminated(Dynamic::UNIT, Position::NONE))
}

/// A value for the interpreter.
pub fn to_dynamic(value: &Value) -> Dynamic {
    match value {
        Value::Unknown => Dynamic::UNIT,
        Value::Bool(b) => (*b).into(),
        Value::Integer(i) => (*i).into(),
        Value::Number(x) => (*x).into(),
        Value::Text(s) => ImmutableString::from(s.as_ref()).into(),
        Value::Time(t) => Dynamic::from(Moment(*t)),
    }
}

/// A value from the interpreter; lists and maps are none.
pub fn to_value(value: &Dynamic) -> Result<Value, String> {
    if value.is_unit() {
        return Ok(Value::Unknown);
    }
    if let Ok(b) = value.as_bool() {
        return Ok(Value::Bool(b));
    }
    if let Ok(i) = value.as_int() {
        return Ok(Value::Integer(i));
    }
    if let Ok(x) = value.as_float() {
        return Ok(Value::Number(x));
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return Ok(Value::text(text.as_str()));
    }
    if let Some(moment) = value.read_lock::<Moment>() {
        return Ok(Value::Time(moment.0));
    }
    Err(format!("expected one value, found {}", kind(value)))
}

/// What a value that is none of ours is, in words.
fn kind(value: &Dynamic) -> &'static str {
    if value.is_array() {
        "a list"
    } else if value.is_map() {
        "a map"
    } else {
        "something else"
    }
}

/// The row of the evaluation that `context` belongs to.
fn frame(context: &NativeCallContext<'_>) -> Answer<Arc<Frame>> {
    let frame = context.tag().and_then(|tag| tag.clone().try_cast::<Arc<Frame>>());
    frame.ok_or_else(|| fail("there is no row to read".to_owned()))
}

fn at(i: i64) -> usize {
    usize::try_from(i).unwrap_or(usize::MAX)
}

/// Registers everything.
pub fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Moment>("time");
    engine.register_iterator::<Array>();
    engine.register_iterator::<Range<i64>>();
    engine.register_iterator::<RangeInclusive<i64>>();
    operators(engine);
    table(engine);
    inner(engine);
    // Lists, beyond what the language itself offers.
    engine.register_fn("len", |list: &mut Array| i64::try_from(list.len()).unwrap_or(i64::MAX));
    engine.register_fn("push", |list: &mut Array, item: Dynamic| list.push(item));
}

fn operators(engine: &mut Engine) {
    for op in Op::ALL {
        engine.register_fn(op.symbol(), move |a: Dynamic, b: Dynamic| -> Answer {
            let (a, b) = (to_value(&a).map_err(fail)?, to_value(&b).map_err(fail)?);
            op.apply(&a, &b).map(|v| to_dynamic(&v)).map_err(fail)
        });
    }
    engine.register_fn("!", |x: Dynamic| -> Answer {
        let x = to_value(&x).map_err(fail)?;
        ops::not(&x).map(|v| to_dynamic(&v)).map_err(fail)
    });
    engine.register_fn("-", |x: Dynamic| -> Answer {
        let x = to_value(&x).map_err(fail)?;
        told(|words| ops::negate((&x).into(), words)).map(|v| to_dynamic(&v.into())).map_err(fail)
    });
}

/// The functions of the table, by number of arguments. `contains` serves `in` as well.
fn table(engine: &mut Engine) {
    for function in TABLE {
        let call = move |context: &NativeCallContext<'_>, args: &[&Dynamic]| -> Answer {
            let frame = frame(context)?;
            let args: Vec<Value> = args.iter().map(|a| to_value(a)).collect::<Result<_, _>>().map_err(fail)?;
            let value = function.call(&*frame, &args).map_err(fail)?;
            frame.read(|reads, _| reads.call(function, &args, &value));
            Ok(to_dynamic(&value))
        };
        match (function.name, function.args.len()) {
            ("contains", _) => {
                engine.register_fn(
                    "contains",
                    move |context: NativeCallContext<'_>, list: Dynamic, x: Dynamic| -> Answer {
                        match membership(&list, &x)? {
                            Some(found) => Ok(found),
                            None => call(&context, &[&list, &x]),
                        }
                    },
                );
            }
            (name, 0) => {
                engine.register_fn(name, move |context: NativeCallContext<'_>| call(&context, &[]));
            }
            (name, 1) => {
                engine.register_fn(name, move |context: NativeCallContext<'_>, a: Dynamic| call(&context, &[&a]));
            }
            (name, 2) => {
                engine.register_fn(name, move |context: NativeCallContext<'_>, a: Dynamic, b: Dynamic| {
                    call(&context, &[&a, &b])
                });
            }
            (name, _) => {
                engine.register_fn(name, move |context: NativeCallContext<'_>, a: Dynamic, b: Dynamic, c: Dynamic| {
                    call(&context, &[&a, &b, &c])
                });
            }
        }
    }
}

/// `x in list` and `x in low..high`; `None` when `list` is neither.
fn membership(list: &Dynamic, x: &Dynamic) -> Answer<Option<Dynamic>> {
    let answer = if let Ok(items) = list.as_array_ref() {
        let x = to_value(x).map_err(fail)?;
        let items: Vec<Value> = items.iter().map(to_value).collect::<Result<_, _>>().map_err(fail)?;
        told(|words| ops::is_in((&x).into(), items.iter().map(Datum::from), words))
    } else if let Some(range) = list.read_lock::<Range<i64>>() {
        let x = to_value(x).map_err(fail)?;
        told(|words| ops::is_in_range((&x).into(), range.start, range.end, false, words))
    } else if let Some(range) = list.read_lock::<RangeInclusive<i64>>() {
        let x = to_value(x).map_err(fail)?;
        told(|words| ops::is_in_range((&x).into(), *range.start(), *range.end(), true, words))
    } else if let Ok(map) = list.as_map_ref() {
        return Ok(Some(match to_value(x).map_err(fail)? {
            Value::Unknown => Dynamic::UNIT,
            Value::Text(key) => map.contains_key(key.as_ref()).into(),
            other => return Err(fail(format!("the keys of a map are texts, found {}", ops::noun(&other)))),
        }));
    } else {
        return Ok(None);
    };
    answer.map(|found| Some(to_dynamic(&ops::from_truth(found)))).map_err(fail)
}

fn inner(engine: &mut Engine) {
    engine.register_fn(FIELD, |context: NativeCallContext<'_>, i: i64| -> Answer {
        let frame = frame(&context)?;
        let value = frame.field(at(i));
        frame.read(|reads, names| reads.field(names, at(i), value));
        Ok(to_dynamic(value))
    });
    engine.register_fn(FACT, |context: NativeCallContext<'_>, i: i64| -> Answer {
        let frame = frame(&context)?;
        let value = frame.names().fact_value(at(i), frame.candidate());
        frame.read(|reads, names| reads.fact(names, at(i), value));
        Ok(to_dynamic(value))
    });
    engine.register_fn(TERM, |context: NativeCallContext<'_>, i: i64| -> Answer {
        let frame = frame(&context)?;
        let term = Term::ALL.get(at(i)).copied().ok_or_else(|| fail("no such term".to_owned()))?;
        let value = Value::Number(frame.term(term));
        frame.read(|reads, _| reads.term(term, &value));
        Ok(to_dynamic(&value))
    });
    engine.register_fn(SCORE, |context: NativeCallContext<'_>, i: i64| -> Answer {
        let frame = frame(&context)?;
        let value = frame.known_score(at(i)).ok_or_else(unknown)?.map_err(fail)?;
        frame.read(|reads, names| reads.score(names, at(i), &value));
        Ok(to_dynamic(&value))
    });
    engine.register_fn(TABLE_OUTPUT, |context: NativeCallContext<'_>, i: i64| -> Answer {
        let frame = frame(&context)?;
        let value = frame.known_table(at(i)).ok_or_else(unknown)?.map_err(fail)?;
        frame.read(|reads, names| reads.table(names, at(i), &value));
        Ok(to_dynamic(&value))
    });
    for (left, right, decides, join) in [
        (AND_LEFT, AND_RIGHT, false, ops::and as fn(Option<bool>, Option<bool>) -> Option<bool>),
        (OR_LEFT, OR_RIGHT, true, ops::or),
    ] {
        engine.register_fn(left, move |context: NativeCallContext<'_>, a: Dynamic, place: i64| -> Answer<bool> {
            let a = truth(&a)?;
            let needed = a != Some(decides);
            if needed {
                frame(&context)?.wait(at(place), a);
            }
            Ok(needed)
        });
        engine.register_fn(right, move |context: NativeCallContext<'_>, b: Dynamic, place: i64| -> Answer {
            let a = frame(&context)?.left(at(place));
            Ok(to_dynamic(&ops::from_truth(join(a, truth(&b)?))))
        });
    }
    engine.register_fn(KNOWN, |x: Dynamic| -> Answer {
        if x.is_unit() { Err(unknown()) } else { Ok(x) }
    });
}

fn truth(x: &Dynamic) -> Answer<Option<bool>> {
    let x = to_value(x).map_err(fail)?;
    told(|words| ops::truth((&x).into(), words)).map_err(fail)
}
