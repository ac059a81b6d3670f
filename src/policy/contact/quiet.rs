//! Quiet hours as data: when nothing goes out on a channel.

use super::OnHit;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// Hours of the subject's day in which nothing goes out; service actions are exempt.
///
/// It is quiet while the clock on the subject's wall shows a quiet minute: where the clock is put back a quiet hour comes twice,
/// where it is put forward it may not come at all. They end at the first instant that is not quiet for any quiet hours of the
/// channel. Hours over midnight belong to the day, by the calendar, on which they begin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// Stable slug, unique.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Channel; every outbound channel when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Where they hold: a boolean Rhai expression over the row, such as `country == "US"`; everywhere when absent. Where it
    /// cannot tell, or fails, they hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Local weekdays on which they begin, 1 is Monday; every day when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<u8>,
    /// First quiet minute.
    pub from: TimeOfDay,
    /// First minute that is not quiet any more; not after `from` when they run over midnight. Equal to `from`: the whole day.
    pub until: TimeOfDay,
    /// What happens to a candidate they block.
    #[serde(default)]
    pub on_hit: OnHit,
    /// Whether they hold.
    #[serde(default = "yes")]
    pub enabled: bool,
}

impl QuietHours {
    /// The hours outside 8:00 to 21:00 where the called party is, in which United States law (47 CFR 64.1200(c)(1)) forbids
    /// telephone solicitation; customary for text messages too. `when` says who is there.
    pub fn us_telephone(id: &str, channel: &str, when: Option<String>) -> QuietHours {
        QuietHours {
            id: id.to_owned(),
            name: "United States telephone hours".to_owned(),
            channel: Some(channel.to_owned()),
            when,
            weekdays: Vec::new(),
            from: TimeOfDay::at(21, 0),
            until: TimeOfDay::at(8, 0),
            on_hit: OnHit::Defer,
            enabled: true,
        }
    }
}

/// A minute of the day, from "00:00" to "23:59".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// The time of an hour and minute; hours beyond 23 and minutes beyond 59 are cut to those.
    pub fn at(hour: u16, minute: u16) -> TimeOfDay {
        TimeOfDay(hour.min(23) * 60 + minute.min(59))
    }

    /// Minutes since midnight, 0 to 1439.
    pub fn minutes(self) -> u16 {
        self.0
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl std::str::FromStr for TimeOfDay {
    type Err = String;

    fn from_str(text: &str) -> Result<TimeOfDay, String> {
        let wrong = || format!("\"{text}\" is not a time of day; write it like 21:00");
        let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
        let number = |part: &str, limit: u16| {
            let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            part.parse::<u16>().ok().filter(|n| digits && *n < limit).ok_or_else(wrong)
        };
        Ok(TimeOfDay::at(number(hour, 24)?, number(minute, 60)?))
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TimeOfDay, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

fn yes() -> bool {
    true
}
