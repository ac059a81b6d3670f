//! Contact policy as data: caps, suppression, cool-downs, exclusion, quiet hours, stock and budgets. All are ANDed; the
//! strictest wins. Nothing here is evaluated.
//!
//! Caps, cool-downs and quiet hours speak of outbound contacts: they never block a candidate on an inbound channel, and caps and
//! cool-downs count no event on one. Exclusion, stock and budgets speak of every channel.

mod budget;
mod quiet;

pub use budget::{Budget, Measure, Stock};
pub use quiet::{QuietHours, TimeOfDay};

use crate::history::Identity;
use crate::rule::Scope;
use serde::{Deserialize, Serialize};

/// A cap: blocks a candidate when `count + reserved in this decision + 1 > limit`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// Stable slug, unique.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Which events it counts and which candidates it blocks.
    #[serde(default)]
    pub target: CapTarget,
    /// Only events and candidates on this channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The event it counts.
    pub event: EventKind,
    /// `None` is no cap, `Some(0)` blocks all.
    pub limit: Option<u32>,
    /// Over which time it counts.
    pub window: Window,
    /// Whether mandatory actions pass it.
    #[serde(default)]
    pub bypassable: bool,
    /// Whether it counts and blocks.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whose events it counts; those of the subject where the request does not name the household or device.
    #[serde(default, skip_serializing_if = "Identity::is_subject")]
    pub key: Identity,
    /// What happens to a candidate it blocks.
    #[serde(default, skip_serializing_if = "OnHit::is_drop")]
    pub on_hit: OnHit,
}

impl Default for Cap {
    fn default() -> Cap {
        Cap {
            id: String::new(),
            name: String::new(),
            target: CapTarget::All,
            channel: None,
            event: EventKind::Sent,
            limit: None,
            window: Window::Lifetime,
            bypassable: false,
            enabled: true,
            key: Identity::Subject,
            on_hit: OnHit::Drop,
        }
    }
}

/// What happens to a candidate that a cap, a cool-down or quiet hours block.
///
/// Of several that block it, one that removes goes before one that reroutes, and that before one that defers; of equals the
/// reason names the one that lasts longest, and the first of those that end together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnHit {
    /// It is removed.
    #[default]
    Drop,
    /// It stays and, if chosen, is sent when the last block ends and it is not quiet (`Decision.send_at`), when it is to be
    /// decided again. A block that never ends removes it.
    Defer,
    /// It is removed, and the standby treatments of its action on these channels compete in its place.
    Reroute(Vec<String>),
}

impl OnHit {
    /// Whether it is the default.
    pub fn is_drop(&self) -> bool {
        *self == OnHit::Drop
    }
}

/// What a cap counts together. `Issue`, `Group`, `Action` and `Treatment` count the candidate's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CapTarget {
    /// All contacts with the subject.
    #[default]
    All,
    /// Contacts on the candidate's channel.
    Channel,
    /// Contacts of the candidate's issue.
    Issue,
    /// Contacts of the candidate's group.
    Group,
    /// Contacts of the candidate's action.
    Action,
    /// Contacts of the candidate's treatment.
    Treatment,
    /// Contacts whose action carries the tag; blocks candidates that carry it.
    Tag(String),
}

/// What happened to a contact.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EventKind {
    /// A decision chose the action.
    Decision,
    /// It was sent.
    #[default]
    Sent,
    /// It arrived.
    Delivered,
    /// It was seen.
    Impression,
    /// It was clicked.
    Click,
    /// The offer was accepted.
    Accept,
    /// The offer was rejected.
    Reject,
    /// Any other event, by name.
    Custom(String),
}

impl EventKind {
    /// The event that a word names, however it is capitalised; an unknown word is an event of its own.
    pub fn named(word: &str) -> EventKind {
        match word.to_ascii_lowercase().as_str() {
            "decision" => EventKind::Decision,
            "sent" => EventKind::Sent,
            "delivered" => EventKind::Delivered,
            "impression" => EventKind::Impression,
            "click" => EventKind::Click,
            "accept" => EventKind::Accept,
            "reject" => EventKind::Reject,
            _ => EventKind::Custom(word.to_owned()),
        }
    }
}

/// The time a cap counts over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Window {
    /// Events of earlier decisions in `(now − d, now]`, d in seconds; a day is 86,400 s.
    Rolling(u64),
    /// Every event ever.
    Lifetime,
    /// Events since the local midnight that began the day, week or month of `now`: the earlier one where midnight comes twice,
    /// the end of the gap where a change of the clock skips it.
    Calendar(Period, Clock),
}

/// A period of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Period {
    /// From midnight to midnight.
    Day,
    /// Seven days from the midnight that begins this weekday: 1 is Monday, 7 is Sunday.
    Week(u8),
    /// From the first of the month.
    Month,
}

/// Whose clock tells the time of a calendar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Clock {
    /// The subject's zone, as [`crate::zones::Zones`] finds it.
    #[default]
    Subject,
    /// The project's zone.
    Project,
    /// Coordinated universal time.
    Utc,
}

/// After so many outcomes of an action or group within a time, it is suppressed for a time.
///
/// Outcomes count wherever they happened, inbound channels included, and whether or not the action counts toward caps: they are
/// answers, not contacts. They suppress outbound candidates, or those on the channel it names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suppression {
    /// Stable slug, unique.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// The outcome that is counted: a rejection, a click, an acceptance …
    pub outcome: EventKind,
    /// So many of them, from 1.
    pub times: u32,
    /// Within so many seconds (D1).
    pub within: u64,
    /// Suppress for so many seconds after the outcome that made it so many (D2).
    #[serde(rename = "for")]
    pub for_: u64,
    /// What is counted together and suppressed: the candidate's own action, treatment, group, issue …
    #[serde(default)]
    pub target: CapTarget,
    /// Only outcomes and candidates on this channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Whether it counts and blocks.
    #[serde(default = "yes")]
    pub enabled: bool,
}

/// A minimum gap since the last contact.
///
/// It is a cap of one over a rolling window as long as the gap: the switches `obeys_caps` and `counts_toward_caps` of an action
/// speak of it too, and a contact reserved by the same decision is the last one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoolDown {
    /// Stable slug, unique.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Which contacts count, and which candidates wait.
    #[serde(default)]
    pub target: CapTarget,
    /// Only contacts and candidates on this channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The event that begins the gap.
    pub event: EventKind,
    /// Seconds; a candidate passes from `last + gap` on.
    pub gap: u64,
    /// What happens to a candidate it blocks.
    #[serde(default, skip_serializing_if = "OnHit::is_drop")]
    pub on_hit: OnHit,
    /// Whether it blocks.
    #[serde(default = "yes")]
    pub enabled: bool,
}

/// At most so many different actions of a set, in a window or in one decision, on whatever channel. An action goes with itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// Stable slug, unique.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// The set: candidates in any of these scopes.
    pub members: Vec<Scope>,
    /// At most so many different actions of the set.
    pub at_most: u32,
    /// The event that counts.
    pub event: EventKind,
    /// Over which time; `None`: within one decision only. What this decision has chosen always counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Whether it blocks.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn yes() -> bool {
    true
}
