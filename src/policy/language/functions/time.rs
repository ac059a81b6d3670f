//! Clock and calendar where the subject is. The clock is the request's; nothing here asks the machine.

use crate::language::env::Env;
use crate::value::Value;
use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, Zoned};
use std::sync::LazyLock;

/// The zones that are built in. Never those of the machine, whatever features another crate turns on: they would differ.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

fn zone(env: &dyn Env) -> Result<TimeZone, String> {
    match env.zone() {
        None => Ok(TimeZone::UTC),
        Some(name) => ZONES.get(name).map_err(|_| format!("`{name}` is not a time zone this policy knows")),
    }
}

fn local(env: &dyn Env) -> Result<Zoned, String> {
    let now = Timestamp::from_millisecond(env.now()).map_err(|_| format!("{} ms is not a time", env.now()))?;
    Ok(now.to_zoned(zone(env)?))
}

pub fn now(env: &dyn Env, _: &[Value]) -> Result<Value, String> {
    Ok(Value::Time(env.now()))
}

pub fn hour(env: &dyn Env, _: &[Value]) -> Result<Value, String> {
    Ok(Value::Integer(i64::from(local(env)?.hour())))
}

pub fn weekday(env: &dyn Env, _: &[Value]) -> Result<Value, String> {
    Ok(Value::Integer(i64::from(local(env)?.weekday().to_monday_one_offset())))
}

pub fn month(env: &dyn Env, _: &[Value]) -> Result<Value, String> {
    Ok(Value::Integer(i64::from(local(env)?.month())))
}

pub fn days_between(_: &dyn Env, args: &[Value]) -> Result<Value, String> {
    match args {
        [Value::Time(a), Value::Time(b)] => Ok(Value::Number((*b as f64 - *a as f64) / 86_400_000.0)),
        _ => Err("`days_between` needs two times".to_owned()),
    }
}

pub fn date(env: &dyn Env, args: &[Value]) -> Result<Value, String> {
    let text = args.first().and_then(Value::as_text).unwrap_or("");
    parse(text, || zone(env)).map(Value::Time)
}

/// Milliseconds of an instant ("2026-01-31T18:00:00Z"), or of a local date or date and time in `zone`.
fn parse(text: &str, zone: impl Fn() -> Result<TimeZone, String>) -> Result<i64, String> {
    let bad = || format!("\"{text}\" is not a date; write it as \"2026-01-31\" or \"2026-01-31T18:00:00Z\"");
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant.as_millisecond());
    }
    let local = match text.parse::<Date>() {
        Ok(date) if text.len() <= 10 => date.at(0, 0, 0, 0),
        _ => text.parse::<DateTime>().map_err(|_| bad())?,
    };
    Ok(zone()?.to_zoned(local).map_err(|_| bad())?.timestamp().as_millisecond())
}

/// Whether `text` is a date at all, for the checker.
pub fn is_date(text: &str) -> bool {
    parse(text, || Ok(TimeZone::UTC)).is_ok()
}

/// The instant that `text` is in every zone, when it is one.
pub fn instant(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(|t| t.as_millisecond())
}
