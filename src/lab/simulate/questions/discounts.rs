//! Are buyers being taught to wait for discounts: the share of purchases with one over time and by cohort, and how soon people buy at
//! full price after so many discounts.
//!
//! It describes; it does not prove a cause. Who gets discounts differs from who does not, and the longer somebody is a customer the more
//! discounts and the fewer purchases lie behind them. The comparison within persons takes out the first, not the second; only a trial
//! takes out both.

use super::{Figure, notes};
use crate::error::{Error, Result};
use crate::simulate::estimate::{Z95, sum};
use crate::simulate::report::Note;
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Purchases, row by row: what a person bought at one instant is one purchase, with a discount if any row of it has one.
#[derive(Clone, Copy, Debug)]
pub struct Purchases<'a> {
    /// Person, numbered from 0.
    pub person: &'a [u32],
    /// Instant (ms since 1970).
    pub time: &'a [i64],
    /// Whether the row has a discount.
    pub discounted: &'a [bool],
}

/// How purchases depend on discounts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DiscountReport {
    /// Purchases.
    pub purchases: u64,
    /// Persons.
    pub persons: u64,
    /// Share of the purchases with a discount.
    pub share: Figure,
    /// The same by month since the first purchase of all, thirty days each.
    pub months: Vec<Month>,
    /// Change of the share per month.
    pub trend: Figure,
    /// By quarter of a person's first purchase and quarters since then; `None` where nobody bought.
    pub cohorts: Vec<Cohort>,
    /// Full-price purchases per person and thirty days, after 0, 1, 2 … discounts.
    pub hazards: Vec<Hazard>,
    /// Rate after a first discount ÷ rate before it, each person compared with themselves.
    pub within: Option<Figure>,
    /// Share of purchases with a discount after one with a discount, after one at full price, and the difference.
    pub next: Option<Next>,
    /// What it comes to.
    pub verdict: String,
    /// Definitions.
    pub notes: Vec<Note>,
}

/// A month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Month {
    /// Number from 0.
    pub number: u32,
    /// Its begin (ms).
    pub start: i64,
    /// Share with a discount; n counts purchases.
    pub share: Figure,
}

/// Persons by their first purchase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cohort {
    /// Quarter of the first purchase, ninety days each, from 0.
    pub quarter: u32,
    /// Persons.
    pub persons: u64,
    /// Share with a discount among their purchases, by quarters since the first.
    pub shares: Vec<Option<Figure>>,
}

/// After so many discounts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hazard {
    /// Purchases with a discount before; the last entry counts that many or more.
    pub discounts: u32,
    /// Persons who were ever there.
    pub persons: u64,
    /// Full-price purchases.
    pub purchases: u64,
    /// Full-price purchases per person and thirty days; n counts person-days.
    pub rate: Figure,
    /// Rate ÷ rate before any discount.
    pub ratio: Option<Figure>,
}

/// What follows what.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Next {
    /// After a purchase with a discount.
    pub after_discount: Figure,
    /// After one at full price.
    pub after_full_price: Figure,
    /// The first less the second.
    pub difference: Figure,
}

const DAY: f64 = 86_400_000.0;
const MONTH: i64 = 30 * 86_400_000;
const QUARTER: i64 = 90 * 86_400_000;
/// Discounts told apart; more are one group.
const MOST: usize = 4;
/// Months and quarters told.
const MOST_MONTHS: i64 = 240;

const NOTES: &[(&str, &str)] = &[
    ("purchase", "What a person bought at one instant; with a discount if any of its rows has one."),
    ("share", "Purchases with a discount ÷ purchases; interval at 95 %, persons taken whole."),
    ("trend", "Least-squares slope of the share per thirty days over purchases, standard error clustered by person."),
    (
        "cohort",
        "Persons by the ninety days of their first purchase; the share among their purchases by ninety days since then.",
    ),
    (
        "rate after k discounts",
        "Full-price purchases ÷ time spent after the k-th and before the next purchase with a discount, from the first purchase to the end of the data; interval on the logarithm, clustered by person.",
    ),
    (
        "within",
        "Mantel–Haenszel ratio over persons of the rate after their first discount to the rate before it: each is compared with themselves.",
    ),
    (
        "description",
        "A difference is no proof that discounts cause it: who gets discounts, and when, was not left to chance. A holdout without discounts can prove it.",
    ),
];

/// A purchase.
#[derive(Clone, Copy)]
struct Purchase {
    time: i64,
    discounted: bool,
}

/// Describes purchases.
///
/// # Errors
/// When there is none, or the task is cancelled.
pub fn discounts(purchases: Purchases<'_>, task: &Task) -> Result<DiscountReport> {
    task.stage("Describing purchases")?;
    let persons = persons(purchases);
    let (Some(start), Some(end)) =
        (persons.iter().flatten().map(|p| p.time).min(), persons.iter().flatten().map(|p| p.time).max())
    else {
        return Err(Error::new("there is no purchase"));
    };
    let all = |keep: &dyn Fn(&Purchase, &[Purchase]) -> bool| -> Option<Figure> {
        ratio(persons.iter().map(|own| {
            let kept = own.iter().filter(|p| keep(p, own));
            kept.fold((0.0, 0.0, 0), |(x, y, n), p| (x + f64::from(u8::from(p.discounted)), y + 1.0, n + 1))
        }))
    };
    task.tick(0.2)?;
    let share = all(&|_, _| true).unwrap_or_default();
    let last = ((end - start) / MONTH).min(MOST_MONTHS - 1);
    let months = (0..=last).filter_map(|number| {
        let share = all(&|p, _| ((p.time - start) / MONTH).min(MOST_MONTHS - 1) == number)?;
        Some(Month { number: number as u32, start: start + number * MONTH, share })
    });
    let months: Vec<Month> = months.collect();
    task.tick(0.5)?;
    let hazards = hazards(&persons, end);
    let (within, next) = (within(&persons, end), next(&persons));
    let trend = trend(&persons, start);
    let mut report = DiscountReport {
        purchases: persons.iter().map(|p| p.len() as u64).sum(),
        persons: persons.len() as u64,
        share,
        months,
        trend,
        cohorts: cohorts(&persons, start, end),
        hazards,
        within,
        next,
        verdict: String::new(),
        notes: notes(NOTES),
    };
    report.verdict = verdict(&report);
    Ok(report)
}

fn verdict(report: &DiscountReport) -> String {
    let mut words = Vec::new();
    words.push(match (report.trend.low > 0.0, report.trend.high < 0.0) {
        (true, _) => "a growing share of purchases has a discount",
        (_, true) => "a falling share of purchases has a discount",
        _ => "the share of purchases with a discount does not change by more than chance",
    });
    if let Some(within) = &report.within {
        words.push(match (within.high < 1.0, within.low > 1.0) {
            (true, _) => "after their first discount the same people buy at full price less often than before",
            (_, true) => "after their first discount the same people buy at full price more often than before",
            _ => "the same people buy at full price as often after their first discount as before",
        });
    }
    format!("{}. This describes; it proves no cause", words.join("; "))
}

/// Purchases per person in order of time; rows of one instant are one.
fn persons(purchases: Purchases<'_>) -> Vec<Vec<Purchase>> {
    let rows = purchases.person.len().min(purchases.time.len()).min(purchases.discounted.len());
    let mut by_person: BTreeMap<u32, BTreeMap<i64, bool>> = BTreeMap::new();
    for row in 0..rows {
        let own = by_person.entry(purchases.person[row]).or_default();
        *own.entry(purchases.time[row]).or_default() |= purchases.discounted[row];
    }
    let list =
        |own: BTreeMap<i64, bool>| own.into_iter().map(|(time, discounted)| Purchase { time, discounted }).collect();
    by_person.into_values().map(list).collect()
}

/// Σx/Σy over persons with SE √Σ(x − r y)² / Σy, and the n they add up to; `None` when Σy is 0.
fn ratio(sums: impl Iterator<Item = (f64, f64, u64)>) -> Option<Figure> {
    let sums: Vec<(f64, f64, u64)> = sums.collect();
    let (x, y) = (sum(sums.iter().map(|s| s.0)), sum(sums.iter().map(|s| s.1)));
    if y <= 0.0 {
        return None;
    }
    let r = x / y;
    let se = libm::sqrt(sum(sums.iter().map(|s| (s.0 - r * s.1) * (s.0 - r * s.1)))) / y;
    let figure = Figure::normal(r, se, sums.iter().map(|s| s.2).sum());
    Some(Figure { low: figure.low.max(0.0), high: figure.high.min(1.0), ..figure })
}

/// Slope of the share per month, clustered by person.
fn trend(persons: &[Vec<Purchase>], start: i64) -> Figure {
    let month = |p: &Purchase| (p.time - start) as f64 / MONTH as f64;
    let y = |p: &Purchase| f64::from(u8::from(p.discounted));
    let all = || persons.iter().flatten();
    let n = all().count() as f64;
    let (mx, my) = (sum(all().map(month)) / n, sum(all().map(y)) / n);
    let sxx = sum(all().map(|p| (month(p) - mx) * (month(p) - mx)));
    if sxx <= 0.0 {
        return Figure { n: n as u64, ..Figure::default() };
    }
    let slope = sum(all().map(|p| (month(p) - mx) * (y(p) - my))) / sxx;
    let residual = |p: &Purchase| (month(p) - mx) * (y(p) - my - slope * (month(p) - mx));
    let squares = sum(persons.iter().map(|own| own.iter().map(residual).sum::<f64>()).map(|u| u * u));
    Figure::normal(slope, libm::sqrt(squares) / sxx, n as u64)
}

fn cohorts(persons: &[Vec<Purchase>], start: i64, end: i64) -> Vec<Cohort> {
    let quarter = |from: i64, time: i64| ((time - from) / QUARTER).clamp(0, MOST_MONTHS / 3);
    let mut groups: BTreeMap<i64, Vec<&Vec<Purchase>>> = BTreeMap::new();
    for own in persons {
        if let Some(first) = own.first() {
            groups.entry(quarter(start, first.time)).or_default().push(own);
        }
    }
    groups
        .into_iter()
        .map(|(number, members)| {
            let last = quarter(start + number * QUARTER, end);
            let share = |since: i64| {
                ratio(members.iter().map(|own| {
                    let first = own[0].time;
                    let kept = own.iter().filter(|p| quarter(first, p.time) == since);
                    kept.fold((0.0, 0.0, 0), |(x, y, n), p| (x + f64::from(u8::from(p.discounted)), y + 1.0, n + 1))
                }))
            };
            Cohort { quarter: number as u32, persons: members.len() as u64, shares: (0..=last).map(share).collect() }
        })
        .collect()
}

/// Per person and number of discounts before: full-price purchases and days at risk.
fn at_risk(own: &[Purchase], end: i64) -> [(f64, f64); MOST + 1] {
    let mut cells = [(0.0, 0.0); MOST + 1];
    let mut discounts = 0;
    for (i, purchase) in own.iter().enumerate() {
        // The first purchase begins the watch; it is no event of it.
        if i > 0 && !purchase.discounted {
            cells[discounts].0 += 1.0;
        }
        discounts = (discounts + usize::from(purchase.discounted)).min(MOST);
        let until = own.get(i + 1).map_or(end, |next| next.time);
        cells[discounts].1 += (until - purchase.time) as f64 / DAY;
    }
    cells
}

fn hazards(persons: &[Vec<Purchase>], end: i64) -> Vec<Hazard> {
    let cells: Vec<[(f64, f64); MOST + 1]> = persons.iter().map(|own| at_risk(own, end)).collect();
    let total = |k: usize| (sum(cells.iter().map(|c| c[k].0)), sum(cells.iter().map(|c| c[k].1)));
    let (events_0, days_0) = total(0);
    (0..=MOST)
        .filter_map(|k| {
            let (events, days) = total(k);
            if days <= 0.0 {
                return None;
            }
            let rate = events / days;
            // Influence of a person on ln(rate): (events − rate·days)/Σ events.
            let of = |k: usize, rate: f64, events: f64, c: &[(f64, f64); MOST + 1]| (c[k].0 - rate * c[k].1) / events;
            let interval = |value: f64, se: f64, n: u64| Figure {
                value,
                low: value * libm::exp(-Z95 * se),
                high: value * libm::exp(Z95 * se),
                n,
            };
            let own = |c: &[(f64, f64); MOST + 1]| of(k, rate, events, c);
            let se = libm::sqrt(sum(cells.iter().map(|c| own(c) * own(c))));
            let known = events > 0.0;
            let ratio = (k > 0 && known && events_0 > 0.0).then(|| {
                let rate_0 = events_0 / days_0;
                let both = |c: &[(f64, f64); MOST + 1]| own(c) - of(0, rate_0, events_0, c);
                let se = libm::sqrt(sum(cells.iter().map(|c| both(c) * both(c))));
                interval(rate / rate_0, se, (days + days_0) as u64)
            });
            Some(Hazard {
                discounts: k as u32,
                persons: cells.iter().filter(|c| c[k].1 > 0.0).count() as u64,
                purchases: events as u64,
                // Without an event: 3/days is the upper end (rule of three).
                rate: match known {
                    true => interval(30.0 * rate, se, days as u64),
                    false => Figure { value: 0.0, low: 0.0, high: 90.0 / days, n: days as u64 },
                },
                ratio,
            })
        })
        .collect()
}

/// Mantel–Haenszel rate ratio, persons as strata: Σ e₁t₀/T ÷ Σ e₀t₁/T; the interval by each person's influence on its logarithm.
fn within(persons: &[Vec<Purchase>], end: i64) -> Option<Figure> {
    let mut pairs = Vec::new();
    for own in persons {
        let cells = at_risk(own, end);
        let (e0, t0) = cells[0];
        let (e1, t1) = cells[1..].iter().fold((0.0, 0.0), |(e, t), c| (e + c.0, t + c.1));
        if t0 > 0.0 && t1 > 0.0 {
            pairs.push((e1 * t0 / (t0 + t1), e0 * t1 / (t0 + t1)));
        }
    }
    let (a, b) = (sum(pairs.iter().map(|p| p.0)), sum(pairs.iter().map(|p| p.1)));
    if a <= 0.0 || b <= 0.0 {
        return None;
    }
    let se = libm::sqrt(sum(pairs.iter().map(|p| p.0 / a - p.1 / b).map(|u| u * u)));
    let value = a / b;
    Some(Figure { value, low: value * libm::exp(-Z95 * se), high: value * libm::exp(Z95 * se), n: pairs.len() as u64 })
}

fn next(persons: &[Vec<Purchase>]) -> Option<Next> {
    // Per person: purchases with a discount and purchases, after one with a discount and after one at full price.
    let cells: Vec<[(f64, f64); 2]> = persons
        .iter()
        .map(|own| {
            let mut cells = [(0.0, 0.0); 2];
            for pair in own.windows(2) {
                let cell = &mut cells[usize::from(!pair[0].discounted)];
                *cell = (cell.0 + f64::from(u8::from(pair[1].discounted)), cell.1 + 1.0);
            }
            cells
        })
        .collect();
    let after = |i: usize| ratio(cells.iter().map(|c| (c[i].0, c[i].1, c[i].1 as u64)));
    let (discount, full) = (after(0)?, after(1)?);
    let (n0, n1) = (sum(cells.iter().map(|c| c[0].1)), sum(cells.iter().map(|c| c[1].1)));
    let influence = |c: &[(f64, f64); 2]| (c[0].0 - discount.value * c[0].1) / n0 - (c[1].0 - full.value * c[1].1) / n1;
    let se = libm::sqrt(sum(cells.iter().map(|c| influence(c) * influence(c))));
    let difference = Figure::normal(discount.value - full.value, se, (n0 + n1) as u64);
    Some(Next { after_discount: discount, after_full_price: full, difference })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    const MS: i64 = 86_400_000;

    #[test]
    fn counts_of_a_few_purchases_are_as_by_hand() {
        // Person 0: full on day 0, full on day 10, discount on day 20 (two rows), full on day 50. Person 1: discount on day 0, full on
        // day 40. The data end on day 50.
        let person = [0, 0, 0, 0, 0, 1, 1];
        let time = [0, 10, 20, 20, 50, 0, 40].map(|d: i64| d * MS);
        let discounted = [false, false, true, false, false, true, false];
        let found =
            discounts(Purchases { person: &person, time: &time, discounted: &discounted }, &Task::default()).unwrap();
        assert_eq!((found.purchases, found.persons), (6, 2));
        assert!((found.share.value - 2.0 / 6.0).abs() < 1e-12);
        let [none, one] = &found.hazards[..] else { panic!("{:?}", found.hazards) };
        // Before any discount: one event in the 20 days of person 0. After one: two events in 30 + 50 days.
        assert_eq!((none.purchases, none.persons, one.purchases, one.persons), (1, 1, 2, 2));
        assert!((none.rate.value - 30.0 / 20.0).abs() < 1e-12 && (one.rate.value - 60.0 / 80.0).abs() < 1e-12);
        assert!((one.ratio.unwrap().value - (2.0 / 80.0) / (1.0 / 20.0)).abs() < 1e-12);
        // Only person 0 was there before and after: (1·20/50)/(1·30/50).
        assert!((found.within.unwrap().value - 20.0 / 30.0).abs() < 1e-12);
        let next = found.next.unwrap();
        assert_eq!((next.after_discount.value, next.after_discount.n), (0.0, 2));
        assert_eq!((next.after_full_price.value, next.after_full_price.n), (0.5, 2));
        assert_eq!(found.months.iter().map(|m| m.share.n).collect::<Vec<_>>(), [4, 2]);
        assert!(found.notes.iter().any(|n| n.term == "description") && found.verdict.contains("proves no cause"));
        let none = Purchases { person: &[], time: &[], discounted: &[] };
        assert!(discounts(none, &Task::default()).unwrap_err().to_string().contains("no purchase"));
    }

    /// People buy at full price at a rate of their own, which a first discount multiplies; discounts come at a rate that grows with the
    /// person's, so that the plain comparison is wrong and the one within persons is not.
    fn world(random: &mut Random, people: u32, taught: f64, growth: f64) -> (Vec<u32>, Vec<i64>, Vec<bool>) {
        let (mut person, mut time, mut discounted) = (Vec::new(), Vec::new(), Vec::new());
        for who in 0..people {
            let own = 0.01 * (1.0 + 3.0 * random.uniform());
            let mut buy = |day: i64, discount: bool| {
                person.push(who);
                time.push(day * MS);
                discounted.push(discount);
            };
            buy(0, false);
            let mut seen = false;
            for day in 1..360 {
                let full = if seen { taught * own } else { own };
                if random.chance(full) {
                    buy(day, false);
                } else if random.chance(0.3 * own * (1.0 + growth * day as f64 / 360.0)) {
                    buy(day, true);
                    seen = true;
                }
            }
        }
        (person, time, discounted)
    }

    #[test]
    fn buyers_who_learn_to_wait_are_told_from_those_who_do_not() {
        let mut random = Random::new(31);
        for (taught, growth) in [(1.0, 0.0), (0.5, 2.0)] {
            let worlds = 60;
            let (mut covered, mut rising, mut falling) = (0, 0, 0);
            for _ in 0..worlds {
                let (person, time, discounted) = world(&mut random, 300, taught, growth);
                let found =
                    discounts(Purchases { person: &person, time: &time, discounted: &discounted }, &Task::default());
                let found = found.unwrap();
                let within = found.within.unwrap();
                covered += u32::from(within.low <= taught && taught <= within.high);
                rising += u32::from(found.trend.low > 0.0);
                falling += u32::from(within.high < 1.0);
            }
            assert!(covered >= 52, "taught {taught}: the interval holds the truth in {covered} of {worlds} worlds");
            if taught < 1.0 {
                assert!(falling >= 55 && rising >= 55, "seen in {falling} and {rising} of {worlds}");
            } else {
                assert!(falling <= 8, "called in {falling} of {worlds} worlds without it");
            }
        }
    }
}
