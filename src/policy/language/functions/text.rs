//! Texts. Lower and upper case follow Unicode, without a language's own rules.

use crate::language::datum::{Datum, Failed, Words};
use crate::language::env::Env;

type Answer = Result<Datum<'static>, Failed>;

fn text<'a>(args: &[Datum<'a>], at: usize) -> &'a str {
    args.get(at).and_then(|text| text.text()).unwrap_or("")
}

pub fn contains(_: &dyn Env, args: &[Datum<'_>], _: &mut Words<'_>) -> Answer {
    Ok(Datum::Bool(text(args, 0).contains(text(args, 1))))
}

pub fn starts_with(_: &dyn Env, args: &[Datum<'_>], _: &mut Words<'_>) -> Answer {
    Ok(Datum::Bool(text(args, 0).starts_with(text(args, 1))))
}

pub fn ends_with(_: &dyn Env, args: &[Datum<'_>], _: &mut Words<'_>) -> Answer {
    Ok(Datum::Bool(text(args, 0).ends_with(text(args, 1))))
}

pub fn len(_: &dyn Env, args: &[Datum<'_>], _: &mut Words<'_>) -> Answer {
    Ok(Datum::Integer(i64::try_from(text(args, 0).chars().count()).unwrap_or(i64::MAX)))
}

pub fn lower(text: &str, out: &mut String) {
    // A capital sigma is lowered by where it stands in its word, which only the whole text tells.
    if text.contains('Σ') {
        out.push_str(&text.to_lowercase());
    } else {
        out.extend(text.chars().flat_map(char::to_lowercase));
    }
}

pub fn upper(text: &str, out: &mut String) {
    out.extend(text.chars().flat_map(char::to_uppercase));
}

pub fn trim(text: &str, out: &mut String) {
    out.push_str(text.trim());
}
