//! The contact policy compiled for deciding: names as symbols, zones looked up, and per candidate the list of what speaks of
//! it. A counter that several candidates share is one [`Tally`], so that a decision counts it once. It decides nothing itself.

use super::planned::{
    Binding, Counting, Lookback, Mark, PlannedBudget, PlannedCap, PlannedCoolDown, PlannedExclusion, PlannedHit,
    PlannedQuiet, PlannedSendTime, PlannedStock, PlannedSuppression, PlannedWindow, Selector, Tally, Target, place,
};
use super::sweep::{self, Swept};
use super::symbols::{Symbol, Symbols, UNKNOWN};
use super::zone::PlannedZones;
use crate::action::{Action, Direction, Treatment};
use crate::contact::{Budget, CapTarget, Clock, EventKind, OnHit, Period, QuietHours, Window};
use crate::diagnostic::Part;
use crate::document::Document;
use crate::history::{Event, Identity};
use crate::language::Use;
use crate::rule::Scope;
use std::collections::HashMap;

/// Everything stage 7, budgets and send times need.
#[derive(Debug, Default)]
pub struct Rules {
    pub symbols: Symbols,
    /// Names of custom events that something counts; their kinds follow the standard ones.
    pub custom: Vec<String>,
    /// Tags that something counts; at most [`MOST_TAGS`], each one bit of a [`Mark`].
    pub tags: Vec<String>,
    /// Symbols of the channels on which the subject comes to us.
    pub inbound: Vec<Symbol>,
    pub zones: PlannedZones,
    /// Which calendar periods, by whose clock, something asks for.
    pub spans: Vec<(Period, Clock)>,
    /// Which events of each identity are looked at; `None`: none.
    pub lookback: [Option<Lookback>; 3],
    /// Every counter, each once.
    pub tallies: Vec<Tally>,
    /// Per tally how one sweep over events tells it, where it does.
    pub swept: Vec<Option<Swept>>,
    pub caps: Vec<PlannedCap>,
    pub suppressions: Vec<PlannedSuppression>,
    pub cool_downs: Vec<PlannedCoolDown>,
    pub exclusions: Vec<PlannedExclusion>,
    pub quiet: Vec<PlannedQuiet>,
    pub stocks: Vec<PlannedStock>,
    pub budgets: Vec<PlannedBudget>,
    pub send_times: Vec<PlannedSendTime>,
    /// One per candidate, in document order.
    pub bindings: Vec<Binding>,
}

/// Tags that can be counted.
pub const MOST_TAGS: usize = 128;

/// Compiles an expression of a part; gives its position among those of the policy, or `None` where it has errors.
pub type Compile<'a> = dyn FnMut(&str, Use, Part) -> Option<u32> + 'a;

impl Rules {
    /// Compiles what is enabled. Names that the document does not have match nothing; its check reports them.
    pub fn new(document: &Document, compile: &mut Compile<'_>) -> Rules {
        let mut plan = Rules { zones: PlannedZones::new(&document.zones), ..Rules::default() };
        let inbound = document.channels.iter().filter(|channel| channel.direction == Direction::Inbound);
        plan.inbound = inbound.map(|channel| plan.symbols.intern(&channel.id)).collect();
        plan.tags = counted_tags(document);
        let caps: Vec<_> = (0u32..).zip(&document.caps).filter(|(_, cap)| cap.enabled && cap.limit.is_some()).collect();
        let suppressions: Vec<_> = (0u32..).zip(&document.suppressions).filter(|(_, part)| part.enabled).collect();
        let cool_downs: Vec<_> = (0u32..).zip(&document.cool_downs).filter(|(_, part)| part.enabled).collect();
        for (at, cap) in &caps {
            let (kind, window) = (plan.kind(&cap.event), plan.window(cap.window));
            let on_hit = plan.hit(&cap.on_hit);
            plan.look_back(cap.key, kind, plan.reach(window));
            plan.caps.push(PlannedCap {
                at: *at,
                event: cap.event.clone(),
                kind,
                limit: cap.limit.unwrap_or(u32::MAX),
                window,
                key: cap.key,
                on_hit,
            });
        }
        for (at, part) in &suppressions {
            let (kind, within, for_) = (plan.kind(&part.outcome), milliseconds(part.within), milliseconds(part.for_));
            plan.look_back(Identity::Subject, kind, Some(within.saturating_add(for_)));
            plan.suppressions.push(PlannedSuppression { at: *at, kind, times: part.times.max(1), within, for_ });
        }
        for (at, part) in &cool_downs {
            let (kind, gap, on_hit) = (plan.kind(&part.event), milliseconds(part.gap), plan.hit(&part.on_hit));
            plan.look_back(Identity::Subject, kind, Some(gap));
            plan.cool_downs.push(PlannedCoolDown { at: *at, kind, gap, on_hit });
        }
        for (at, part) in (0u32..).zip(&document.exclusions).filter(|(_, part)| part.enabled) {
            let kind = plan.kind(&part.event);
            let window = part.window.map(|window| plan.window(window));
            if let Some(window) = window {
                plan.look_back(Identity::Subject, kind, plan.reach(window));
            }
            let members = part.members.iter().map(|scope| plan.scope(scope)).collect();
            plan.exclusions.push(PlannedExclusion { at, members, at_most: part.at_most, kind, window });
        }
        let mut quiet: Vec<&QuietHours> = Vec::new();
        for (at, part) in (0u32..).zip(&document.quiet_hours) {
            // What is switched off is compiled too: a broken condition must show before it is switched on.
            let when = part.when.as_ref().map(|text| compile(text, Use::Keep, Part::QuietHours(part.id.clone())));
            if part.enabled {
                let days =
                    part.weekdays.iter().fold(0u8, |days, day| days | 1u8.checked_shl((*day).into()).unwrap_or(0));
                let on_hit = plan.hit(&part.on_hit);
                plan.quiet.push(PlannedQuiet {
                    at,
                    when: when.flatten(),
                    weekdays: if part.weekdays.is_empty() { 0b1111_1110 } else { days },
                    from: part.from.minutes().into(),
                    until: part.until.minutes().into(),
                    on_hit,
                });
                quiet.push(part);
            }
        }
        for (at, stock) in (0u32..).zip(&document.stocks) {
            let action = plan.symbols.intern(&stock.action);
            let event = stock.event.clone();
            plan.stocks.push(PlannedStock { at, action, units: stock.units, event, since: stock.since });
        }
        for (at, budget) in (0u32..).zip(&document.budgets).filter(|(_, budget)| budget.enabled) {
            let planned = plan.budget(at, budget);
            plan.budgets.push(planned);
        }
        for (at, part) in (0u32..).zip(&document.send_times) {
            let hour = compile(&part.hour, Use::Number, Part::SendTime(part.id.clone()));
            plan.send_times.push(PlannedSendTime {
                at,
                hour,
                within: i64::from(part.within).saturating_mul(3_600_000),
            });
        }
        let mut known: HashMap<Tally, u32> = HashMap::new();
        for action in &document.actions {
            for treatment in &action.treatments {
                let mut slot = plan.slot(document, action, treatment);
                let outbound = !plan.inbound.contains(&slot.mark.channel);
                let on_channel = |channel: &Option<String>| channel.as_ref().is_none_or(|id| *id == treatment.channel);
                let speaks = |target: &CapTarget, channel: &Option<String>| {
                    on_channel(channel) && !matches!(target, CapTarget::Tag(tag) if !action.tags.contains(tag))
                };
                // The switches of an action speak of how often we contact: of caps and cool-downs.
                let bound = outbound && action.obeys_caps;
                let mut counters: Vec<(Counting, Selector)> = Vec::new();
                for ((_, cap), i) in caps.iter().zip(0u32..) {
                    if bound && !(action.mandatory && cap.bypassable) && speaks(&cap.target, &cap.channel) {
                        let selector = plan.selector(&cap.target, &cap.channel, &slot.mark, true);
                        counters.push((Counting::Cap(i), selector));
                    }
                }
                for ((_, part), i) in suppressions.iter().zip(0u32..) {
                    if (outbound || part.channel.is_some()) && speaks(&part.target, &part.channel) {
                        let selector = plan.selector(&part.target, &part.channel, &slot.mark, false);
                        counters.push((Counting::Suppression(i), selector));
                    }
                }
                for ((_, part), i) in cool_downs.iter().zip(0u32..) {
                    if bound && speaks(&part.target, &part.channel) {
                        let selector = plan.selector(&part.target, &part.channel, &slot.mark, true);
                        counters.push((Counting::CoolDown(i), selector));
                    }
                }
                for (part, selector) in counters {
                    let tally = Tally { part, selector };
                    let next = u32::try_from(plan.tallies.len()).unwrap_or(u32::MAX);
                    let at = *known.entry(tally).or_insert(next);
                    if at == next {
                        plan.tallies.push(tally);
                    }
                    slot.tallies.push(at);
                }
                let mark = slot.mark;
                slot.exclusions = found(&plan.exclusions, |part| part.members.iter().any(|member| member.holds(&mark)));
                slot.quiet = found(&quiet, |part| outbound && !action.service && on_channel(&part.channel));
                slot.stocks = found(&plan.stocks, |stock| stock.action == mark.action);
                slot.budgets = found(&plan.budgets, |budget| budget.scope.holds(&mark));
                let send_time = document.send_times.iter().position(|part| outbound && on_channel(&part.channel));
                slot.send_time = send_time.and_then(|i| u32::try_from(i).ok());
                plan.bindings.push(slot);
            }
        }
        plan.swept = sweep::plan(&plan);
        plan
    }

    /// Whether no part of stage 7 speaks of a candidate.
    pub fn is_free(&self, slot: u32) -> bool {
        self.bindings.get(slot as usize).is_none_or(Binding::is_free)
    }

    /// Whether earlier events may keep a candidate back.
    pub fn counts(&self) -> bool {
        !self.tallies.is_empty() || !self.exclusions.is_empty()
    }

    /// Whether contact policy asks of nothing but the subject's own events and the time that has gone by since: as long as nothing else
    /// happens to the subject, its answer for an instant stays.
    pub fn asks_subject_alone(&self) -> bool {
        let global = |cap: &PlannedCap| cap.key == Identity::Global;
        self.stocks.is_empty()
            && self.quiet.is_empty()
            && self.spans.is_empty()
            && self.lookback.iter().skip(1).all(Option::is_none)
            && !self.caps.iter().any(global)
    }

    /// Positions of the counters that one sweep over events tells and that count such an event.
    pub fn feeds(&self, mark: &Mark) -> Vec<u32> {
        sweep::feeds(self, mark)
    }

    /// The number of an event's kind; `None` of one that nothing counts.
    pub fn kind_of(&self, event: &EventKind) -> Option<u16> {
        Some(match event {
            EventKind::Decision => 0,
            EventKind::Sent => 1,
            EventKind::Delivered => 2,
            EventKind::Impression => 3,
            EventKind::Click => 4,
            EventKind::Accept => 5,
            EventKind::Reject => 6,
            EventKind::Custom(name) => 7 + u16::try_from(self.custom.iter().position(|custom| custom == name)?).ok()?,
        })
    }

    /// Whether events of a kind are looked at, of whomever.
    pub fn is_wanted(&self, kind: u16) -> bool {
        let wanted = |lookback: &Lookback| lookback.kinds.get(usize::from(kind)).copied().unwrap_or(false);
        self.lookback.iter().flatten().any(wanted)
    }

    /// How far back events are looked at (ms), of whomever; `None`: since ever.
    pub fn horizon(&self) -> Option<i64> {
        self.lookback.iter().flatten().try_fold(0, |far, lookback| Some(far.max(lookback.length?)))
    }

    /// An event in the words of counters, at instant and position 0. Different actions are counted apart even when the policy has them no
    /// more: `stranger` gives each such action a number of its own.
    pub fn mark(&self, event: &Event, stranger: impl FnOnce(&str) -> usize) -> Mark {
        let channel = self.symbols.get(&event.channel);
        let mut action = self.symbols.get(&event.action);
        if action == UNKNOWN {
            // Downwards from the largest symbol: the policy's own begin at 0 and are few.
            let number = u32::try_from(stranger(&event.action)).unwrap_or(u32::MAX);
            action = UNKNOWN.saturating_sub(1).saturating_sub(number);
        }
        let mut tags = 0;
        if !event.tags.is_empty() {
            for (tag, i) in self.tags.iter().zip(0u32..) {
                if event.tags.contains(tag) {
                    tags |= 1u128.checked_shl(i).unwrap_or(0);
                }
            }
        }
        Mark {
            time: 0,
            event: 0,
            kind: self.kind_of(&event.kind).unwrap_or(u16::MAX),
            contact: event.counts && !self.inbound.contains(&channel),
            action,
            treatment: self.symbols.get(&event.treatment),
            channel,
            group: self.symbols.get(&event.group),
            issue: self.symbols.get(&event.issue),
            tags,
        }
    }

    fn kind(&mut self, event: &EventKind) -> u16 {
        if let (None, EventKind::Custom(name)) = (self.kind_of(event), event) {
            self.custom.push(name.clone());
        }
        self.kind_of(event).unwrap_or(u16::MAX)
    }

    fn window(&mut self, window: Window) -> PlannedWindow {
        match window {
            Window::Rolling(seconds) => PlannedWindow::Rolling(milliseconds(seconds)),
            Window::Lifetime => PlannedWindow::Lifetime,
            Window::Calendar(period, clock) => PlannedWindow::Calendar(self.span(period, clock)),
        }
    }

    fn span(&mut self, period: Period, clock: Clock) -> u32 {
        let at = self.spans.iter().position(|span| *span == (period, clock)).unwrap_or(self.spans.len());
        if at == self.spans.len() {
            self.spans.push((period, clock));
        }
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// How far back a window can reach, generously.
    fn reach(&self, window: PlannedWindow) -> Option<i64> {
        const DAY: i64 = 86_400_000;
        match window {
            PlannedWindow::Rolling(length) => Some(length),
            PlannedWindow::Lifetime => None,
            // Calendars have skipped a day, and repeated hours.
            PlannedWindow::Calendar(i) => match self.spans.get(i as usize)?.0 {
                Period::Day => Some(3 * DAY),
                Period::Week(_) => Some(9 * DAY),
                Period::Month => Some(33 * DAY),
            },
        }
    }

    fn look_back(&mut self, identity: Identity, kind: u16, length: Option<i64>) {
        let Some(seen) = place(identity).and_then(|i| self.lookback.get_mut(i)) else { return };
        let seen = match seen {
            Some(seen) => {
                seen.length = seen.length.zip(length).map(|(a, b)| a.max(b));
                seen
            }
            None => seen.insert(Lookback { length, kinds: Vec::new() }),
        };
        let kind = usize::from(kind);
        if seen.kinds.len() <= kind {
            seen.kinds.resize(kind + 1, false);
        }
        if let Some(wanted) = seen.kinds.get_mut(kind) {
            *wanted = true;
        }
    }

    fn hit(&mut self, on_hit: &OnHit) -> PlannedHit {
        match on_hit {
            OnHit::Drop => PlannedHit::Drop,
            OnHit::Defer => PlannedHit::Defer,
            OnHit::Reroute(channels) => {
                PlannedHit::Reroute(channels.iter().map(|id| self.symbols.intern(id)).collect())
            }
        }
    }

    fn scope(&mut self, scope: &Scope) -> Target {
        match scope {
            Scope::All => Target::All,
            Scope::Issue(id) => Target::Issue(self.symbols.intern(id)),
            Scope::Group(id) => Target::Group(self.symbols.intern(id)),
            Scope::Action(id) => Target::Action(self.symbols.intern(id)),
            Scope::Treatment(action, id) => Target::Treatment(self.symbols.intern(action), self.symbols.intern(id)),
            Scope::Channel(id) => Target::Channel(self.symbols.intern(id)),
        }
    }

    fn budget(&mut self, at: u32, budget: &Budget) -> PlannedBudget {
        PlannedBudget {
            at,
            scope: self.scope(&budget.scope),
            cost: budget.measure == crate::contact::Measure::Cost,
            event: budget.event.clone(),
            max: budget.max,
            min: budget.min,
            reset: budget.reset.map(|(period, clock)| self.span(period, clock)),
            from: budget.from,
            until: budget.until,
            pacing: budget.pacing,
        }
    }

    /// What a part counts for a candidate.
    fn selector(&mut self, target: &CapTarget, channel: &Option<String>, mark: &Mark, contacts: bool) -> Selector {
        let target = match target {
            CapTarget::All => Target::All,
            CapTarget::Channel => Target::Channel(mark.channel),
            CapTarget::Issue => Target::Issue(mark.issue),
            CapTarget::Group => Target::Group(mark.group),
            CapTarget::Action => Target::Action(mark.action),
            CapTarget::Treatment => Target::Treatment(mark.action, mark.treatment),
            CapTarget::Tag(tag) => {
                let at = self.tags.iter().position(|known| known == tag);
                Target::Tag(at.and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX))
            }
        };
        Selector { target, channel: channel.as_ref().map(|id| self.symbols.intern(id)), contacts }
    }

    fn slot(&mut self, document: &Document, action: &Action, treatment: &Treatment) -> Binding {
        let issue = document.issues.iter().find(|issue| issue.groups.iter().any(|group| group.id == action.group));
        let channel = self.symbols.intern(&treatment.channel);
        let tags = self.tags.iter().zip(0u32..).filter(|(tag, _)| action.tags.contains(tag));
        let tags = tags.fold(0, |bits, (_, i)| bits | 1u128.checked_shl(i).unwrap_or(0));
        Binding {
            mark: Mark {
                time: 0,
                event: u32::MAX,
                kind: u16::MAX,
                contact: action.counts_toward_caps && !self.inbound.contains(&channel),
                action: self.symbols.intern(&action.id),
                treatment: self.symbols.intern(&treatment.id),
                channel,
                group: self.symbols.intern(&action.group),
                issue: issue.map_or(UNKNOWN, |issue| self.symbols.intern(&issue.id)),
                tags,
            },
            cost: treatment.cost.unwrap_or(action.cost),
            tallies: Vec::new(),
            exclusions: Vec::new(),
            quiet: Vec::new(),
            stocks: Vec::new(),
            budgets: Vec::new(),
            send_time: None,
        }
    }
}

/// The tags that caps, suppressions and cool-downs name, each once.
pub fn counted_tags(document: &Document) -> Vec<String> {
    let targets = document.caps.iter().map(|part| &part.target);
    let targets = targets.chain(document.suppressions.iter().map(|part| &part.target));
    let mut tags: Vec<String> = Vec::new();
    for target in targets.chain(document.cool_downs.iter().map(|part| &part.target)) {
        if let CapTarget::Tag(tag) = target
            && !tags.contains(tag)
        {
            tags.push(tag.clone());
        }
    }
    tags
}

fn milliseconds(seconds: u64) -> i64 {
    i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX)
}

fn found<T>(parts: &[T], wanted: impl Fn(&T) -> bool) -> Vec<u32> {
    parts.iter().zip(0u32..).filter(|(part, _)| wanted(part)).map(|(_, i)| i).collect()
}
