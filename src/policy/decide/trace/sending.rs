//! When a chosen candidate is sent and why then, looked at again.

use super::super::case::Case;
use super::super::contact::{self, Planned, Verdict, Why};
use super::super::render::{Missing, reason};
use super::{looked_up, shown};
use crate::outcome::Place;
use crate::plan::Slot;
use crate::sentence::clock;
use crate::trace::SendTrace;
use crate::value::Value;

/// Of a candidate that was chosen after `reserved`; `None` where it goes out now and no send time was asked.
pub fn sending(case: &Case<'_>, place: &Place, slot: &Slot, reserved: &[u32]) -> Option<SendTrace> {
    if let Verdict::Defer { until, cause } = contact::check(case, slot, reserved)
        && until == place.send_at
    {
        let why = case.policy.sentence_of(&reason(case, slot, cause, &[], &mut Missing::default()), "", case.zone());
        let sentence = format!("To be sent at {}, when its wait ends. {why}", clock(until, case.zone()));
        return Some(SendTrace { at: until, sentence, ..SendTrace::default() });
    }
    let planned = contact::planned(case, slot)?;
    let (_, read, error) = looked_up(case, slot, planned.expression);
    let variables = planned.expression.and_then(|at| case.expression(at)).map_or(&[][..], |hour| hour.variables());
    let masked = variables.iter().any(|at| case.plan.masked.get(*at) == Some(&true));
    let send_time = case.plan.ids.send_times.get(planned.send_time as usize).map(|id| id.to_string());
    let within = case.document().send_times.get(planned.send_time as usize).map_or(0, |part| part.within);
    Some(SendTrace {
        at: place.send_at,
        send_time,
        hour: shown(&planned.hour.map_or(Value::Unknown, |hour| Value::Integer(hour.into())), masked),
        read,
        error,
        sentence: match masked {
            true => format!("To be sent at {}, by an hour that is not shown.", clock(place.send_at, case.zone())),
            false => words(case, &planned, within),
        },
    })
}

fn words(case: &Case<'_>, planned: &Planned, within: u32) -> String {
    let clock = |at: i64| clock(at, case.zone());
    let (at, hour) = (clock(planned.at), planned.hour.unwrap_or_default());
    match planned.why {
        Why::BestHour if planned.at == case.now => {
            format!("To be sent now: it is the subject's best hour, from {hour}:00 on, at {at}.")
        }
        Why::BestHour => format!("To be sent at {at}, when the subject's best hour begins, {hour}:00."),
        Why::AfterQuiet(best) => {
            format!(
                "To be sent at {at}, when quiet hours end: the subject's best hour, {hour}:00, lies in them, at {}.",
                clock(best)
            )
        }
        Why::NeverOpen(best) => {
            format!(
                "To be sent now: the subject's best hour, {hour}:00, lies in quiet hours that never end, at {}.",
                clock(best)
            )
        }
        Why::TooFar(best) => format!(
            "To be sent now: the subject's best hour, {hour}:00, comes at {}, more than {within} hours ahead.",
            clock(best)
        ),
        Why::Unknown => "To be sent now: the subject's best hour is not known.".to_owned(),
    }
}
