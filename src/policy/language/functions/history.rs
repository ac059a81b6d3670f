//! What happened before: counts and recency of the subject's events. Windows are `(now − days, now]`, a day is 86,400 s.

use crate::contact::EventKind;
use crate::history::{Event, Past};
use crate::language::datum::{Datum, Failed, Words};
use crate::language::env::Env;

/// The standard event names; any other name is a custom event.
pub const EVENTS: [&str; 7] = ["decision", "sent", "delivered", "impression", "click", "accept", "reject"];

const DAY: f64 = 86_400_000.0;

fn is_kind(event: &Event, name: &str) -> bool {
    match &event.kind {
        EventKind::Decision => name == "decision",
        EventKind::Sent => name == "sent",
        EventKind::Delivered => name == "delivered",
        EventKind::Impression => name == "impression",
        EventKind::Click => name == "click",
        EventKind::Accept => name == "accept",
        EventKind::Reject => name == "reject",
        EventKind::Custom(custom) => custom == name,
    }
}

/// The events up to now.
fn past(env: &dyn Env) -> Past<'_> {
    env.past().until(env.now())
}

type Answer = Result<Datum<'static>, Failed>;

fn count(env: &dyn Env, days: Option<&Datum<'_>>, words: &mut Words<'_>, wanted: impl Fn(&Event) -> bool) -> Answer {
    let days = days.and_then(|days| days.number()).unwrap_or(f64::NAN);
    if days.is_nan() || days < 0.0 {
        return Err(words.fail(|| format!("the number of days must not be negative, found {days}")));
    }
    // Saturates: more days than time has is all of the past.
    let window = (days * DAY) as i64;
    let start = env.now().saturating_sub(window);
    let recent = past(env).iter().rev().take_while(|(time, _)| *time > start);
    let n = recent.filter(|(_, event)| wanted(event)).count();
    Ok(Datum::Integer(i64::try_from(n).unwrap_or(i64::MAX)))
}

fn text<'a>(args: &[Datum<'a>], at: usize) -> &'a str {
    args.get(at).and_then(|text| text.text()).unwrap_or("")
}

/// What caps count: sent on an outbound channel, of an action that counts toward caps.
fn is_contact(env: &dyn Env, event: &Event) -> bool {
    event.kind == EventKind::Sent && event.counts && !env.is_inbound(&event.channel)
}

pub fn contacts(env: &dyn Env, args: &[Datum<'_>], words: &mut Words<'_>) -> Answer {
    count(env, args.first(), words, |e| is_contact(env, e))
}

pub fn contacts_on(env: &dyn Env, args: &[Datum<'_>], words: &mut Words<'_>) -> Answer {
    let channel = text(args, 0);
    count(env, args.get(1), words, |e| is_contact(env, e) && e.channel == channel)
}

pub fn outcomes(env: &dyn Env, args: &[Datum<'_>], words: &mut Words<'_>) -> Answer {
    let (name, target) = (text(args, 0), text(args, 1));
    count(env, args.get(2), words, |e| {
        is_kind(e, name) && (target == "*" || e.action == target || e.group == target || e.issue == target)
    })
}

pub fn days_since(env: &dyn Env, args: &[Datum<'_>], _: &mut Words<'_>) -> Answer {
    let name = text(args, 0);
    let last = past(env).iter().rev().find(|(_, event)| is_kind(event, name));
    Ok(last.map_or(Datum::Unknown, |(time, _)| Datum::Number((env.now() as f64 - time as f64) / DAY)))
}
