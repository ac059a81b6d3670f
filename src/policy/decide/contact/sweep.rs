//! Counters over the coded events of a subject, all told in one sweep over them: caps over rolling windows or for life, and cool-downs. What
//! asks for calendars, for others than the subject or for runs of outcomes is counted by itself ([`super::caps`]), to the same answers.

use super::caps::Tallied;
use super::planned::{Counting, Mark, PlannedWindow, Tally};
use super::rules::Rules;
use crate::history::Identity;
use crate::journal::Coded;

/// How a sweep tells a counter.
#[derive(Clone, Copy, Debug)]
pub enum Swept {
    /// Milliseconds; `None`: for life.
    Cap { limit: u32, length: Option<i64> },
    /// Milliseconds.
    CoolDown { gap: i64 },
}

/// What a sweep has met of one counter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Met {
    count: u32,
    /// Time of the event that fills the cap, or of the newest of a cool-down.
    time: i64,
}

impl Swept {
    /// How a counter is swept, and the kind of its events; `None` where it is not.
    fn of(rules: &Rules, tally: &Tally) -> Option<(Swept, u16)> {
        match tally.part {
            Counting::Cap(at) => {
                let cap = rules.caps.get(at as usize).filter(|cap| cap.key == Identity::Subject)?;
                let length = match cap.window {
                    PlannedWindow::Rolling(length) => Some(length),
                    PlannedWindow::Lifetime => None,
                    PlannedWindow::Calendar(_) => return None,
                };
                Some((Swept::Cap { limit: cap.limit, length }, cap.kind))
            }
            Counting::CoolDown(at) => {
                let part = rules.cool_downs.get(at as usize)?;
                Some((Swept::CoolDown { gap: part.gap }, part.kind))
            }
            Counting::Suppression(_) => None,
        }
    }

    fn told(self, met: Met) -> Tallied {
        match self {
            Swept::Cap { limit, .. } if met.count < limit => Tallied { count: met.count, until: Some(i64::MIN) },
            Swept::Cap { limit, length } => {
                let until = length.filter(|_| limit > 0).map(|length| met.time.saturating_add(length));
                Tallied { count: met.count, until }
            }
            Swept::CoolDown { .. } if met.count == 0 => Tallied { count: 0, until: Some(i64::MIN) },
            Swept::CoolDown { gap } => Tallied { count: 0, until: Some(met.time.saturating_add(gap)) },
        }
    }
}

/// Positions of the counters that a sweep tells and that count such an event.
pub fn feeds(rules: &Rules, mark: &Mark) -> Vec<u32> {
    let counts = |tally: &Tally| {
        Swept::of(rules, tally).is_some_and(|(_, kind)| kind == mark.kind) && tally.selector.takes(mark)
    };
    (0u32..).zip(&rules.tallies).filter(|(_, tally)| counts(tally)).map(|(at, _)| at).collect()
}

/// How each counter is swept, where it is.
pub fn plan(rules: &Rules) -> Vec<Option<Swept>> {
    rules.tallies.iter().map(|tally| Swept::of(rules, tally).map(|(swept, _)| swept)).collect()
}

/// Tells every counter that a sweep can tell, from the subject's events up to now.
pub fn sweep(rules: &Rules, events: Coded<'_>, now: i64, met: &mut Vec<Met>, tallies: &mut [Option<Tallied>]) {
    met.clear();
    met.resize(rules.tallies.len(), Met::default());
    for (time, feeds) in events.newest() {
        for at in feeds {
            let Some((met, swept)) = met.get_mut(*at as usize).zip(rules.swept.get(*at as usize)) else { continue };
            match *swept {
                Some(Swept::Cap { limit, length }) if length.is_none_or(|length| time > now.saturating_sub(length)) => {
                    met.count = met.count.saturating_add(1);
                    if met.count == limit {
                        met.time = time;
                    }
                }
                Some(Swept::CoolDown { .. }) if met.count == 0 => *met = Met { count: 1, time },
                _ => {}
            }
        }
    }
    for ((tallied, met), swept) in tallies.iter_mut().zip(met).zip(&rules.swept) {
        if let Some(swept) = swept {
            *tallied = Some(swept.told(*met));
        }
    }
}
