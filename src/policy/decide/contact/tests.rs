//! Contact policy against tables written out, and against walks through local time minute by minute.

mod calendars;
mod counters;
mod model;
mod money;
mod quiets;
mod sends;

use super::judge::{Ask, Verdict, judge};
use super::rules::Rules;
use super::scene::{Memory, Scene};
use crate::action::{Action, Channel, Direction, Group, Issue, Treatment};
use crate::contact::{Cap, CapTarget, EventKind, Window};
use crate::document::Document;
use crate::testing::HOUR;
use crate::{Event, History, MemoryHistory, Request, Who};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * HOUR;
/// 2027-01-20T04:00Z, a Wednesday.
const NOW: i64 = 500_000 * HOUR - 4_500 * HOUR - 12 * HOUR;

/// A policy with its rules, whose expressions are constants: `true`, `false`, a number, or something unknown.
struct Desk {
    document: Document,
    rules: Rules,
    texts: Vec<String>,
}

impl Ask for Desk {
    fn holds(&self, expression: u32, _: u32, _: u32) -> Option<bool> {
        self.texts[expression as usize].parse().ok()
    }

    fn number(&self, expression: u32, _: u32, _: u32) -> Option<f64> {
        self.texts[expression as usize].parse().ok()
    }
}

impl Desk {
    fn new(document: Document) -> Desk {
        let mut texts = Vec::new();
        let rules = Rules::new(&document, &mut |text, _, _| {
            texts.push(text.to_owned());
            Some(texts.len() as u32 - 1)
        });
        Desk { document, rules, texts }
    }

    /// Runs something on the scene of a request, with working memory that another request has used before.
    fn on<T>(
        &self,
        request: &Request,
        history: &dyn History,
        run: impl FnOnce(&Scene<'_>, &mut Memory) -> T,
    ) -> (T, Vec<String>) {
        let mut memory = Memory::default();
        let mut notes = Vec::new();
        for now in [request.now - 12_345_678, request.now] {
            notes.clear();
            let scene = Scene { rules: &self.rules, history, coded: &[None; 3], now };
            let region = request.fields.first().and_then(|value| value.as_text());
            scene.read(Who::Request(&Request { now, ..request.clone() }), region, &mut memory, &mut |note| {
                notes.push(note)
            });
            if now == request.now {
                return (run(&scene, &mut memory), notes);
            }
            for slot in 0..self.rules.bindings.len() as u32 {
                judge(&scene, &mut memory, self, slot, &[]);
            }
        }
        unreachable!()
    }

    fn verdict_of(&self, request: &Request, history: &dyn History, slot: u32, reserved: &[u32]) -> Verdict {
        self.on(request, history, |scene, memory| judge(scene, memory, self, slot, reserved)).0
    }

    fn verdict(&self, now: i64, history: &dyn History, slot: u32, reserved: &[u32]) -> Verdict {
        self.verdict_of(&anna(now), history, slot, reserved)
    }

    /// An event of a slot.
    fn event(&self, time: i64, kind: EventKind, slot: u32) -> Event {
        let candidates = self.document.actions.iter().enumerate();
        let mut candidates = candidates.flat_map(|(a, action)| action.treatments.iter().map(move |t| (a, t)));
        let (action, treatment) = candidates.nth(slot as usize).unwrap();
        let event = crate::testing::event(&self.document, time, kind, action);
        let cost = treatment.cost.unwrap_or(self.document.actions[action].cost);
        Event { treatment: treatment.id.clone(), channel: treatment.channel.clone(), cost, ..event }
    }
}

fn anna(now: i64) -> Request {
    Request { subject: "anna".into(), now, ..Request::default() }
}

/// Slots: 0 gold on e-mail, 1 gold on sms, 2 loan on sms, 3 notice (a service message) on e-mail, 4 banner on web (inbound).
fn document() -> Document {
    let treatment = |channel: &str| Treatment { id: channel.into(), channel: channel.into(), ..Treatment::default() };
    let action = |id: &str, group: &str, channels: &[&str]| Action {
        id: id.into(),
        name: id.to_uppercase(),
        group: group.into(),
        cost: 2.0,
        tags: vec![format!("tag-{id}")],
        service: id == "notice",
        treatments: channels.iter().map(|channel| treatment(channel)).collect(),
        ..Action::default()
    };
    let group = |id: &str| Group { id: id.into(), weight: 0.0 };
    let channel = |id: &str, direction| Channel { id: id.into(), direction };
    Document {
        id: "contact".into(),
        issues: vec![
            Issue { id: "sales".into(), weight: 0.0, groups: vec![group("cards"), group("loans")] },
            Issue { id: "service".into(), weight: 0.0, groups: vec![group("account")] },
        ],
        channels: vec![
            channel("email", Direction::Outbound),
            channel("sms", Direction::Outbound),
            channel("web", Direction::Inbound),
        ],
        actions: vec![
            action("gold", "cards", &["email", "sms"]),
            action("loan", "loans", &["sms"]),
            action("notice", "account", &["email"]),
            action("banner", "cards", &["web"]),
        ],
        ..Document::default()
    }
}

fn cap(limit: u32, window: Window) -> Cap {
    Cap { id: "cap".into(), name: "Cap".into(), target: CapTarget::All, limit: Some(limit), window, ..Cap::default() }
}

fn sent(desk: &Desk, times: &[i64]) -> MemoryHistory {
    let mut history = MemoryHistory::default();
    for time in times {
        history.push("anna", desk.event(*time, EventKind::Sent, 0));
    }
    history
}

fn zone(name: &str) -> TimeZone {
    crate::zones::find(name).unwrap()
}

fn instant(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

/// What the clock on the wall shows, minute by minute.
struct Walk {
    start: i64,
    minutes: Vec<DateTime>,
}

impl Walk {
    fn new(zone: &TimeZone, around: i64, days: i64) -> Walk {
        let start = (around - days * DAY).div_euclid(MINUTE) * MINUTE;
        let shown = |minute: i64| {
            let instant = jiff::Timestamp::from_millisecond(start + minute * MINUTE).unwrap();
            instant.to_zoned(zone.clone()).datetime()
        };
        Walk { start, minutes: (0..2 * days * 1440).map(shown).collect() }
    }

    fn at(&self, minute: usize) -> i64 {
        self.start + minute as i64 * MINUTE
    }

    fn minute(&self, instant: i64) -> usize {
        usize::try_from((instant - self.start).div_euclid(MINUTE)).unwrap()
    }
}

/// Zones and changes of their clocks, forward and back.
const CHANGES: [(&str, &str); 15] = [
    ("Europe/Berlin", "2025-03-30T01:00:00Z"),
    ("Europe/Berlin", "2025-10-26T01:00:00Z"),
    ("America/New_York", "2025-03-09T07:00:00Z"),
    ("America/New_York", "2024-11-03T06:00:00Z"),
    // Half an hour.
    ("Australia/Lord_Howe", "2025-04-05T15:00:00Z"),
    ("Australia/Lord_Howe", "2025-10-04T15:30:00Z"),
    // None.
    ("Asia/Kolkata", "2024-02-29T12:00:00Z"),
    // Midnight is skipped, and comes twice.
    ("America/Sao_Paulo", "2018-11-04T03:00:00Z"),
    ("America/Sao_Paulo", "2018-02-18T02:00:00Z"),
    // A day is skipped.
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),
    // Back for Ramadan, forward after it.
    ("Africa/Casablanca", "2025-02-23T02:00:00Z"),
    ("Africa/Casablanca", "2025-04-06T02:00:00Z"),
    // At one minute past midnight: a date is left and comes again.
    ("America/St_Johns", "2010-11-07T02:31:00Z"),
    ("America/St_Johns", "2010-03-14T03:31:00Z"),
    // Two hours.
    ("Antarctica/Troll", "2025-03-30T01:00:00Z"),
];
