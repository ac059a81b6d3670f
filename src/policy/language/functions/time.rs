//! Clock and calendar where the subject is. The clock is the request's; nothing here asks the machine.

use crate::language::datum::{Datum, Failed, Words};
use crate::language::env::Env;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

type Answer = Result<Datum<'static>, Failed>;

fn zone(env: &dyn Env, words: &mut Words<'_>) -> Result<TimeZone, Failed> {
    match env.zone() {
        None => Ok(TimeZone::UTC),
        Some(name) => crate::zones::find(name)
            .ok_or_else(|| words.fail(|| format!("`{name}` is not a time zone this policy knows"))),
    }
}

fn local(env: &dyn Env, words: &mut Words<'_>) -> Result<Zoned, Failed> {
    let now =
        Timestamp::from_millisecond(env.now()).map_err(|_| words.fail(|| format!("{} ms is not a time", env.now())))?;
    Ok(now.to_zoned(zone(env, words)?))
}

pub fn now(env: &dyn Env, _: &[Datum<'_>], _: &mut Words<'_>) -> Answer {
    Ok(Datum::Time(env.now()))
}

pub fn hour(env: &dyn Env, _: &[Datum<'_>], words: &mut Words<'_>) -> Answer {
    Ok(Datum::Integer(i64::from(local(env, words)?.hour())))
}

pub fn weekday(env: &dyn Env, _: &[Datum<'_>], words: &mut Words<'_>) -> Answer {
    Ok(Datum::Integer(i64::from(local(env, words)?.weekday().to_monday_one_offset())))
}

pub fn month(env: &dyn Env, _: &[Datum<'_>], words: &mut Words<'_>) -> Answer {
    Ok(Datum::Integer(i64::from(local(env, words)?.month())))
}

pub fn days_between(_: &dyn Env, args: &[Datum<'_>], words: &mut Words<'_>) -> Answer {
    match args {
        [Datum::Time(a), Datum::Time(b)] => Ok(Datum::Number((*b as f64 - *a as f64) / 86_400_000.0)),
        _ => Err(words.fail(|| "`days_between` needs two times".to_owned())),
    }
}

pub fn date(env: &dyn Env, args: &[Datum<'_>], words: &mut Words<'_>) -> Answer {
    let text = args.first().and_then(|text| text.text()).unwrap_or("");
    parse(text, words, |words| zone(env, words)).map(Datum::Time)
}

/// Milliseconds of an instant ("2026-01-31T18:00:00Z"), or of a local date or date and time in `zone`.
fn parse(
    text: &str,
    words: &mut Words<'_>,
    zone: impl Fn(&mut Words<'_>) -> Result<TimeZone, Failed>,
) -> Result<i64, Failed> {
    let bad = || format!("\"{text}\" is not a date; write it as \"2026-01-31\" or \"2026-01-31T18:00:00Z\"");
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant.as_millisecond());
    }
    let local = match text.parse::<Date>() {
        Ok(date) if text.len() <= 10 => date.at(0, 0, 0, 0),
        _ => text.parse::<DateTime>().map_err(|_| words.fail(bad))?,
    };
    Ok(zone(words)?.to_zoned(local).map_err(|_| words.fail(bad))?.timestamp().as_millisecond())
}

/// Whether `text` is a date at all, for the checker.
pub fn is_date(text: &str) -> bool {
    parse(text, &mut Words::none(), |_| Ok(TimeZone::UTC)).is_ok()
}

/// The instant that `text` is in every zone, when it is one.
pub fn instant(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(|t| t.as_millisecond())
}
