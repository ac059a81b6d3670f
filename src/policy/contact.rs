//! Contact policy: caps over the history. All caps are ANDed; the strictest wins.
//!
//! Caps speak of outbound contacts: they never block a candidate on an inbound channel, nor count events on one.

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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EventKind {
    /// A decision chose the action.
    Decision,
    /// It was sent.
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

/// The time a cap counts over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Window {
    /// Events of earlier decisions in `(now − d, now]`, d in seconds; a day is 86,400 s.
    Rolling(u64),
    /// Every event ever.
    Lifetime,
}

fn yes() -> bool {
    true
}
