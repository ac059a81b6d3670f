//! Texts. Lower and upper case follow Unicode, without a language's own rules.

use crate::language::env::Env;
use crate::value::Value;

fn text(args: &[Value], at: usize) -> &str {
    args.get(at).and_then(Value::as_text).unwrap_or("")
}

pub fn contains(_: &dyn Env, args: &[Value]) -> Result<Value, String> {
    Ok(Value::Bool(text(args, 0).contains(text(args, 1))))
}

pub fn starts_with(_: &dyn Env, args: &[Value]) -> Result<Value, String> {
    Ok(Value::Bool(text(args, 0).starts_with(text(args, 1))))
}

pub fn ends_with(_: &dyn Env, args: &[Value]) -> Result<Value, String> {
    Ok(Value::Bool(text(args, 0).ends_with(text(args, 1))))
}

pub fn len(_: &dyn Env, args: &[Value]) -> Result<Value, String> {
    Ok(Value::Integer(i64::try_from(text(args, 0).chars().count()).unwrap_or(i64::MAX)))
}

pub fn lower(_: &dyn Env, args: &[Value]) -> Result<Value, String> {
    Ok(Value::text(text(args, 0).to_lowercase()))
}

pub fn upper(_: &dyn Env, args: &[Value]) -> Result<Value, String> {
    Ok(Value::text(text(args, 0).to_uppercase()))
}

pub fn trim(_: &dyn Env, args: &[Value]) -> Result<Value, String> {
    Ok(Value::text(text(args, 0).trim()))
}
