//! Who the customers are and what they did before the trial: purchases and e-mails with their times.

use crate::random::Random;
use crate::world::WorldSpec;
use crate::world::effects::{self, CATEGORIES, OFFERS};

pub(super) const DAY: i64 = 86_400_000;
/// Weeks before the first decision in which e-mails were sent.
const MAIL_WEEKS: u32 = 8;

/// A customer: what drives it (unseen) and what is known of it.
pub(super) struct Person {
    /// Shares of interest in [`CATEGORIES`].
    pub taste: [f64; CATEGORIES.len()],
    /// Standard normal.
    pub engagement: f64,
    /// In (0, 1).
    pub price_sensitivity: f64,
    pub region: Option<usize>,
    pub age: Option<i64>,
    pub tenure_months: i64,
    pub newsletter: bool,
    pub past: Past,
}

/// What its events add up to at the first decision.
#[derive(Default)]
pub(super) struct Past {
    pub last_purchase: Option<i64>,
    pub purchases: u32,
    pub spent: f64,
    pub discounted: u32,
    pub by_category: [u32; CATEGORIES.len()],
    pub sent: u32,
    /// Of these, in the last 28 days.
    pub sent_28_days: u32,
    pub opened: u32,
    pub clicked: u32,
}

/// Something that happened before the trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PastEvent {
    pub customer: u32,
    pub time: i64,
    pub kind: PastKind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum PastKind {
    /// Offer by position in [`OFFERS`]; one past the end is the newsletter.
    Sent(u8),
    Opened(u8),
    Clicked(u8),
    Purchase {
        category: u8,
        amount: f64,
    },
}

/// All customers, and their events customer by customer in order of time.
pub(super) struct People {
    pub list: Vec<Person>,
    pub events: Vec<PastEvent>,
}

pub(super) const REGIONS: [(&str, f64); 4] = [("north", 0.3), ("south", 0.25), ("east", 0.2), ("west", 0.25)];

pub(super) fn people(spec: &WorldSpec) -> People {
    let mut people = People { list: Vec::with_capacity(spec.customers), events: Vec::new() };
    for i in 0..spec.customers {
        // Each customer has a stream of its own: a larger world holds the smaller one's customers unchanged.
        let mut random = Random::stream(spec.seed, 2 * i as u64);
        let mut person = person(spec, &mut random);
        let from = people.events.len();
        purchases(spec, i as u32, &mut person, &mut random, &mut people.events);
        mails(spec, i as u32, &mut person, &mut random, &mut people.events);
        people.events[from..].sort_by_key(|e| e.time);
        people.list.push(person);
    }
    people
}

fn person(spec: &WorldSpec, random: &mut Random) -> Person {
    // Squared exponentials, normalised: most people care about one or two categories.
    let mut taste = [0.0; CATEGORIES.len()];
    for share in &mut taste {
        let x = random.exponential();
        *share = x * x + 0.02;
    }
    let total: f64 = taste.iter().sum();
    for share in &mut taste {
        *share /= total;
    }
    let engagement = random.normal();
    let price_sensitivity = effects::logistic(1.2 * random.normal() - 0.3);
    let region = random.pick(&REGIONS.map(|r| r.1));
    let age = (44.0 + 15.0 * random.normal()).clamp(18.0, 90.0) as i64;
    let tenure_months = 1 + ((18.0 * random.exponential()) as i64).min(143);
    Person {
        taste,
        engagement,
        price_sensitivity,
        region: (!random.chance(spec.missing)).then_some(region),
        age: (!random.chance(spec.missing)).then_some(age),
        tenure_months,
        newsletter: random.chance(effects::logistic(2.2 + 0.8 * engagement)),
        past: Past::default(),
    }
}

/// Purchases with exponential gaps over the weeks that the customer was one.
fn purchases(spec: &WorldSpec, customer: u32, person: &mut Person, random: &mut Random, out: &mut Vec<PastEvent>) {
    let known = (person.tenure_months * 30 * DAY).min(i64::from(spec.weeks) * 7 * DAY);
    let weekly = libm::exp(-2.2 + 0.5 * person.engagement + 0.35 * random.normal());
    let mut time = spec.start - known;
    loop {
        time += (random.exponential() / weekly * 7.0 * DAY as f64) as i64 + 60_000;
        if time >= spec.start {
            return;
        }
        let category = random.pick(&person.taste);
        let discounted = random.chance(0.08 + 0.7 * person.price_sensitivity);
        let full = CATEGORIES[category].1 * libm::exp(0.45 * random.normal() - 0.101);
        let amount = cents(if discounted { 0.8 * full } else { full });
        let past = &mut person.past;
        past.last_purchase = Some(time);
        past.purchases += 1;
        past.spent += amount;
        past.discounted += u32::from(discounted);
        past.by_category[category] += 1;
        out.push(PastEvent { customer, time, kind: PastKind::Purchase { category: category as u8, amount } });
    }
}

/// Newsletters and earlier offers, some seen, some clicked. Who did not subscribe was written to a quarter as often.
fn mails(spec: &WorldSpec, customer: u32, person: &mut Person, random: &mut Random, out: &mut Vec<PastEvent>) {
    let rate = spec.emails_per_week * if person.newsletter { 1.0 } else { 0.25 };
    for week in 0..spec.weeks.min(MAIL_WEEKS) {
        let sent = (rate + random.uniform()) as u32;
        for _ in 0..sent {
            let back = i64::from(week) * 7 * DAY + (random.uniform() * 7.0 * DAY as f64) as i64 + 3 * 3_600_000;
            let time = spec.start - back;
            let newsletter = random.chance(0.5);
            let what = if newsletter { OFFERS.len() } else { random.below(spec.offers) } as u8;
            let past = &mut person.past;
            past.sent += 1;
            past.sent_28_days += u32::from(back <= 28 * DAY);
            out.push(PastEvent { customer, time, kind: PastKind::Sent(what) });
            if !random.chance(effects::logistic(-0.7 + 0.9 * person.engagement)) {
                continue;
            }
            past.opened += 1;
            let opened = time + (random.uniform() * 2.0 * 3_600_000.0) as i64;
            out.push(PastEvent { customer, time: opened, kind: PastKind::Opened(what) });
            if random.chance(0.18) {
                past.clicked += 1;
                out.push(PastEvent { customer, time: opened + 30_000, kind: PastKind::Clicked(what) });
            }
        }
    }
}

pub(super) fn cents(amount: f64) -> f64 {
    libm::round(amount * 100.0) / 100.0
}
