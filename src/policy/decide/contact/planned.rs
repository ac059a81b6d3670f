//! The parts of a contact policy as a decision reads them: names are symbols, lengths milliseconds, and a part is known by its position.

use super::symbols::Symbol;
use crate::contact::EventKind;
use crate::history::Identity;

/// Position of an identity among those that have events of their own; [`Identity::Global`] has none.
pub fn place(identity: Identity) -> Option<usize> {
    match identity {
        Identity::Subject => Some(0),
        Identity::Household => Some(1),
        Identity::Device => Some(2),
        Identity::Global => None,
    }
}

/// How far back events matter, and of which kinds.
#[derive(Debug, Default)]
pub struct Lookback {
    /// Milliseconds; `None`: since ever.
    pub length: Option<i64>,
    /// One per kind.
    pub kinds: Vec<bool>,
}

/// An event, or a candidate that this decision has reserved, in the words of counters.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// Milliseconds.
    pub time: i64,
    /// Position among the identity's events.
    pub event: u32,
    pub kind: u16,
    /// Whether caps count it: its action counts toward caps and its channel is outbound.
    pub contact: bool,
    pub action: Symbol,
    pub treatment: Symbol,
    pub channel: Symbol,
    pub group: Symbol,
    pub issue: Symbol,
    /// One bit per tag of the plan.
    pub tags: u128,
}

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    All,
    Channel(Symbol),
    Issue(Symbol),
    Group(Symbol),
    Action(Symbol),
    Treatment(Symbol, Symbol),
    /// Position among the plan's tags.
    Tag(u8),
}

impl Target {
    pub fn holds(self, mark: &Mark) -> bool {
        match self {
            Target::All => true,
            Target::Channel(id) => mark.channel == id,
            Target::Issue(id) => mark.issue == id,
            Target::Group(id) => mark.group == id,
            Target::Action(id) => mark.action == id,
            Target::Treatment(action, id) => mark.action == action && mark.treatment == id,
            Target::Tag(tag) => mark.tags.checked_shr(u32::from(tag)).unwrap_or(0) & 1 == 1,
        }
    }
}

/// What one counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Selector {
    pub target: Target,
    pub channel: Option<Symbol>,
    /// Only contacts: of actions that count toward caps, on outbound channels.
    pub contacts: bool,
}

impl Selector {
    /// Whether a mark of the right kind is counted.
    pub fn takes(&self, mark: &Mark) -> bool {
        (mark.contact || !self.contacts)
            && self.channel.is_none_or(|channel| mark.channel == channel)
            && self.target.holds(mark)
    }
}

/// One counter of one part, for all candidates that share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tally {
    pub part: Counting,
    pub selector: Selector,
}

/// The part whose counter it is; positions in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counting {
    Cap(u32),
    Suppression(u32),
    CoolDown(u32),
}

/// A window as a decision asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlannedWindow {
    /// Milliseconds.
    Rolling(i64),
    Lifetime,
    /// Position among the plan's spans.
    Calendar(u32),
}

/// What happens to a candidate that is blocked.
#[derive(Debug)]
pub enum PlannedHit {
    Drop,
    Defer,
    /// Symbols of channels.
    Reroute(Vec<Symbol>),
}

#[derive(Debug)]
pub struct PlannedCap {
    /// Position in the document's list.
    pub at: u32,
    pub event: EventKind,
    pub kind: u16,
    pub limit: u32,
    pub window: PlannedWindow,
    pub key: Identity,
    pub on_hit: PlannedHit,
}

#[derive(Debug)]
pub struct PlannedSuppression {
    /// Position in the document's list.
    pub at: u32,
    pub kind: u16,
    pub times: u32,
    /// Milliseconds.
    pub within: i64,
    /// Milliseconds.
    pub for_: i64,
}

#[derive(Debug)]
pub struct PlannedCoolDown {
    /// Position in the document's list.
    pub at: u32,
    pub kind: u16,
    /// Milliseconds.
    pub gap: i64,
    pub on_hit: PlannedHit,
}

#[derive(Debug)]
pub struct PlannedExclusion {
    /// Position in the document's list.
    pub at: u32,
    pub members: Vec<Target>,
    pub at_most: u32,
    pub kind: u16,
    pub window: Option<PlannedWindow>,
}

#[derive(Debug)]
pub struct PlannedQuiet {
    /// Position in the document's list.
    pub at: u32,
    /// Position of the compiled expression.
    pub when: Option<u32>,
    /// Bit 1 is Monday; on these local days they begin.
    pub weekdays: u8,
    /// Minutes of the day.
    pub from: i64,
    pub until: i64,
    pub on_hit: PlannedHit,
}

#[derive(Debug)]
pub struct PlannedStock {
    /// Position in the document's list.
    pub at: u32,
    pub action: Symbol,
    pub units: u64,
    pub event: EventKind,
    pub since: Option<i64>,
}

#[derive(Debug)]
pub struct PlannedBudget {
    /// Position in the document's list.
    pub at: u32,
    pub scope: Target,
    /// Whether its cost is spent, or its number.
    pub cost: bool,
    pub event: EventKind,
    pub max: Option<f64>,
    pub min: Option<f64>,
    /// Position among the plan's spans.
    pub reset: Option<u32>,
    pub from: Option<i64>,
    pub until: Option<i64>,
    pub pacing: Option<f64>,
}

#[derive(Debug)]
pub struct PlannedSendTime {
    /// Position in the document's list.
    pub at: u32,
    /// Position of the compiled expression.
    pub hour: Option<u32>,
    /// Milliseconds.
    pub within: i64,
}

/// A candidate with all of the contact policy that speaks of it; positions in the plan.
#[derive(Debug)]
pub struct Binding {
    /// The candidate as an event of now.
    pub mark: Mark,
    /// What one of it costs.
    pub cost: f64,
    /// Positions of tallies, caps first, then suppressions, then cool-downs.
    pub tallies: Vec<u32>,
    pub exclusions: Vec<u32>,
    pub quiet: Vec<u32>,
    pub stocks: Vec<u32>,
    pub budgets: Vec<u32>,
    pub send_time: Option<u32>,
}

impl Binding {
    pub fn is_free(&self) -> bool {
        self.tallies.is_empty() && self.exclusions.is_empty() && self.quiet.is_empty() && self.stocks.is_empty()
    }
}
