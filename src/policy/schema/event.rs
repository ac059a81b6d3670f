//! Event features as data: what a caller computes from a table of events before it asks for a decision.
//!
//! The policy evaluates none of this. A field that is such a feature carries its definition, so that any runtime can compute the
//! value that training saw. All definitions share two rules: **an event counts only if its time lies before the instant at which
//! the value stands** (as of), and windows are half-open, `[from, to)`. Events of unknown time or key count nowhere; an event
//! counts only where the filter is true, not where it is unknown; an unknown value of a column is left out of its aggregate.

use crate::clock::{self, Unit};
use crate::value::Type;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A feature over the events of one subject before one instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventFeature {
    /// Name of the table of events.
    pub table: String,
    /// Column of the table that holds the subject's key; empty where the table's own declaration says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// Column of the table that holds the time; empty where the table's own declaration says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub time: String,
    /// Rhai expression over the event's columns: only events for which it is true count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Which time before the instant counts.
    #[serde(default, skip_serializing_if = "Window::is_all")]
    pub window: Window,
    /// What is made of the events.
    pub aggregate: Aggregate,
    /// IANA zone of local dates, hours and weekdays; UTC when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// The time that counts, ending at the instant `t` at which the value stands. A day is 86,400 s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Window {
    /// Everything before `t`.
    #[default]
    All,
    /// The last D days: `[t − D, t)`.
    Days(u32),
    /// From so many days ago to so many days ago: `[t − from, t − to)`.
    Between {
        /// Where it begins, in days before `t`.
        from: i32,
        /// Where it ends, in days before `t`; less than `from`, and not below 0: what lies after `t` is not known.
        to: i32,
    },
    /// The current calendar unit so far: `[its start, t)`.
    Current(Unit),
    /// The last so many complete calendar units before the current one.
    Last {
        /// How many.
        count: u32,
        /// Of what.
        of: Unit,
    },
}

/// What is made of the events in the window. Texts are Rhai expressions over the event's columns; the name of a column is the
/// simplest. "Unknown without events" holds where nothing else is said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Aggregate {
    /// Number of events; 0 without any.
    Count,
    /// Sum of the known values; 0 without any. The exact sum, rounded once.
    Sum(String),
    /// Mean of the known values.
    Mean(String),
    /// Least known value.
    Min(String),
    /// Greatest known value.
    Max(String),
    /// Number of different known values; 0 without any.
    Distinct(String),
    /// Days, with their fraction, from the last event to the instant.
    DaysSinceLast,
    /// Days, with their fraction, from the first event to the instant.
    DaysSinceFirst,
    /// Calendar days from the local date of the last event to that of the instant: the recency of RFM.
    Recency,
    /// Calendar days from the local date of the first event to that of the instant: tenure.
    Tenure,
    /// Number of different local dates with an event; 0 without any.
    ActiveDays,
    /// Mean number of days between one local date with an event and the next; needs two dates.
    IntervalMean,
    /// Sample standard deviation (n − 1) of the same; needs three dates.
    IntervalSd,
    /// Coefficient of variation of the same: standard deviation over mean.
    IntervalCv,
    /// Least-squares slope, per period, of the count or of a sum over the window cut into so many periods of equal length, the
    /// oldest first; 0 without events.
    Slope {
        /// Summed value; events are counted when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<String>,
        /// Number of periods, from 2.
        periods: u32,
    },
    /// Count, or sum, of the window over that of the window of the same length before it; unknown where that is 0.
    Change(Option<String>),
    /// Share of the events for which a condition is true, among those for which it is known; or that share of a sum. Unknown
    /// where the whole is 0.
    Share {
        /// The condition.
        of: String,
        /// Summed value; events are counted when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// The most frequent known value, as text; of equals the first in alphabetical order.
    Top(String),
    /// Share of the most frequent known value among the known ones.
    TopShare(String),
    /// The most frequent local hour, 0 to 23; of equals the earliest.
    Hour,
    /// Share of that hour.
    HourShare,
    /// The most frequent local weekday, 1 is Monday; of equals the earliest.
    Weekday,
    /// Share of that weekday.
    WeekdayShare,
}

impl EventFeature {
    /// A feature over all events of a table.
    pub fn new(table: impl Into<String>, aggregate: Aggregate) -> EventFeature {
        EventFeature {
            table: table.into(),
            key: String::new(),
            time: String::new(),
            filter: None,
            window: Window::All,
            aggregate,
            zone: None,
        }
    }

    /// The same over a window.
    #[must_use]
    pub fn within(self, window: Window) -> EventFeature {
        EventFeature { window, ..self }
    }

    /// The same over the events for which an expression is true.
    #[must_use]
    pub fn only(self, filter: impl Into<String>) -> EventFeature {
        EventFeature { filter: Some(filter.into()), ..self }
    }

    /// The same by the clocks of a zone.
    #[must_use]
    pub fn in_zone(self, zone: impl Into<String>) -> EventFeature {
        EventFeature { zone: Some(zone.into()), ..self }
    }

    /// Type of its values.
    pub fn type_(&self) -> Type {
        self.aggregate.type_()
    }

    /// What is wrong with the definition by itself; whether its expressions fit the table only the table tells.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.table.is_empty() {
            problems.push("it names no table of events".to_owned());
        }
        match self.window {
            Window::Days(0) | Window::Last { count: 0, .. } => {
                problems.push("its window is empty; give 1 or more".into())
            }
            Window::Between { to, .. } if to < 0 => {
                problems.push(
                    "its window ends after the instant it stands at: it would read what is not known then".into(),
                );
            }
            Window::Between { from, to } if from <= to => {
                problems.push(format!("its window goes from {from} to {to} days ago; it must begin before it ends"));
            }
            _ => {}
        }
        let bounded = matches!(self.window, Window::Days(_) | Window::Between { .. } | Window::Last { .. });
        match &self.aggregate {
            Aggregate::Slope { .. } | Aggregate::Change(_) if !bounded => {
                problems.push("a trend needs a window with a beginning, such as the last 90 days".into());
            }
            Aggregate::Slope { periods, .. } if !(2..=1000).contains(periods) => {
                problems.push(format!("a slope needs 2 to 1000 periods, found {periods}"));
            }
            _ => {}
        }
        if let Some(zone) = &self.zone
            && clock::LocalClock::new(Some(zone)).is_none()
        {
            problems.push(format!("`{zone}` is not a time zone; write it like Europe/Berlin"));
        }
        if self.expressions().chain(self.filter.as_deref()).any(|text| text.trim().is_empty()) {
            problems.push("one of its expressions is empty".into());
        }
        problems
    }

    /// The expressions over the event's columns that the aggregate reads.
    pub fn expressions(&self) -> impl Iterator<Item = &str> {
        let (a, b) = match &self.aggregate {
            Aggregate::Sum(of) | Aggregate::Mean(of) | Aggregate::Min(of) | Aggregate::Max(of) => (Some(of), None),
            Aggregate::Distinct(of) | Aggregate::Top(of) | Aggregate::TopShare(of) => (Some(of), None),
            Aggregate::Slope { of, .. } | Aggregate::Change(of) => (of.as_ref(), None),
            Aggregate::Share { of, by } => (Some(of), by.as_ref()),
            _ => (None, None),
        };
        a.into_iter().chain(b).map(String::as_str)
    }
}

impl Window {
    /// Whether everything before the instant counts.
    pub fn is_all(&self) -> bool {
        *self == Window::All
    }
}

impl Aggregate {
    /// Type of what it gives.
    pub fn type_(&self) -> Type {
        match self {
            Aggregate::Count | Aggregate::Distinct(_) | Aggregate::ActiveDays => Type::Integer,
            Aggregate::Recency | Aggregate::Tenure | Aggregate::Hour | Aggregate::Weekday => Type::Integer,
            Aggregate::Top(_) => Type::Text,
            _ => Type::Number,
        }
    }
}

impl fmt::Display for EventFeature {
    /// The definition as a phrase: "sum of `amount` over `transactions` of the last 90 days where `amount > 0`".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} over `{}`{}", self.aggregate, self.table, self.window)?;
        if let Some(filter) = &self.filter {
            write!(f, " where `{filter}`")?;
        }
        match &self.zone {
            Some(zone) => write!(f, ", by the clocks of {zone}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Window::All => Ok(()),
            Window::Days(1) => f.write_str(" of the last day"),
            Window::Days(days) => write!(f, " of the last {days} days"),
            Window::Between { from, to } => write!(f, " from {from} to {to} days ago"),
            Window::Current(unit) => write!(f, " of the current {unit} so far"),
            Window::Last { count: 1, of } => write!(f, " of the last complete {of}"),
            Window::Last { count, of } => write!(f, " of the last {count} complete {of}s"),
        }
    }
}

impl fmt::Display for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what =
            |of: &Option<String>| of.as_ref().map_or("number of events".to_owned(), |of| format!("sum of `{of}`"));
        match self {
            Aggregate::Count => f.write_str("number of events"),
            Aggregate::Sum(of) => write!(f, "sum of `{of}`"),
            Aggregate::Mean(of) => write!(f, "mean of `{of}`"),
            Aggregate::Min(of) => write!(f, "least `{of}`"),
            Aggregate::Max(of) => write!(f, "greatest `{of}`"),
            Aggregate::Distinct(of) => write!(f, "number of different `{of}`"),
            Aggregate::DaysSinceLast => f.write_str("days since the last event"),
            Aggregate::DaysSinceFirst => f.write_str("days since the first event"),
            Aggregate::Recency => f.write_str("calendar days since the last event"),
            Aggregate::Tenure => f.write_str("calendar days since the first event"),
            Aggregate::ActiveDays => f.write_str("number of days with an event"),
            Aggregate::IntervalMean => f.write_str("mean days between days with an event"),
            Aggregate::IntervalSd => f.write_str("standard deviation of the days between days with an event"),
            Aggregate::IntervalCv => f.write_str("coefficient of variation of the days between days with an event"),
            Aggregate::Slope { of, periods } => write!(f, "slope of the {} per period, {periods} periods,", what(of)),
            Aggregate::Change(of) => write!(f, "{} over that of the window before,", what(of)),
            Aggregate::Share { of, by: None } => write!(f, "share of events where `{of}`"),
            Aggregate::Share { of, by: Some(by) } => write!(f, "share of the sum of `{by}` where `{of}`"),
            Aggregate::Top(of) => write!(f, "most frequent `{of}`"),
            Aggregate::TopShare(of) => write!(f, "share of the most frequent `{of}`"),
            Aggregate::Hour => f.write_str("most frequent hour"),
            Aggregate::HourShare => f.write_str("share of the most frequent hour"),
            Aggregate::Weekday => f.write_str("most frequent weekday"),
            Aggregate::WeekdayShare => f.write_str("share of the most frequent weekday"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_read_as_they_are_written_and_say_what_they_are() {
        let sum = || Aggregate::Sum("quantity * price".into());
        let table = [
            (EventFeature::new("t", Aggregate::Count), r#"(table:"t",aggregate:Count)"#, "number of events over `t`"),
            (
                EventFeature::new("t", sum()).within(Window::Days(90)).only("quantity > 0"),
                r#"(table:"t",filter:Some("quantity > 0"),window:Days(90),aggregate:Sum("quantity * price"))"#,
                "sum of `quantity * price` over `t` of the last 90 days where `quantity > 0`",
            ),
            (
                EventFeature::new("t", Aggregate::Hour)
                    .within(Window::Last { count: 2, of: Unit::Month })
                    .in_zone("Asia/Tokyo"),
                r#"(table:"t",window:Last(count:2,of:Month),aggregate:Hour,zone:Some("Asia/Tokyo"))"#,
                "most frequent hour over `t` of the last 2 complete months, by the clocks of Asia/Tokyo",
            ),
        ];
        for (feature, text, words) in table {
            assert_eq!(ron::to_string(&feature).unwrap(), text);
            assert_eq!(ron::from_str::<EventFeature>(text).unwrap(), feature);
            assert_eq!(feature.to_string(), words);
            assert_eq!(feature.problems(), Vec::<String>::new());
        }
    }

    #[test]
    fn what_cannot_be_meant_is_said() {
        let count = || EventFeature::new("t", Aggregate::Count);
        let table = [
            (EventFeature::new("", Aggregate::Count), "no table"),
            (count().within(Window::Days(0)), "empty"),
            (count().within(Window::Between { from: 30, to: 30 }), "begin before it ends"),
            (count().within(Window::Between { from: 30, to: -7 }), "would read what is not known then"),
            (EventFeature::new("t", Aggregate::Change(None)), "needs a window"),
            (EventFeature::new("t", Aggregate::Change(None)).within(Window::Current(Unit::Month)), "needs a window"),
            (
                EventFeature::new("t", Aggregate::Slope { of: None, periods: 1 }).within(Window::Days(9)),
                "2 to 1000 periods",
            ),
            (count().in_zone("Mars/Olympus"), "not a time zone"),
            (count().only(" "), "is empty"),
        ];
        for (feature, words) in table {
            let problems = feature.problems();
            assert!(problems.iter().any(|problem| problem.contains(words)), "{feature}: {problems:?}");
        }
    }
}
