//! When a subject is best reached: the hour of the day and the day of the week in which the subject acts most, drawn towards
//! everybody's by how little is known (Dirichlet–multinomial).
//!
//! It counts what subjects did, not what they were sent: where messages always went out at the same hour, so will the
//! answers. It says how much evidence stands behind each hour; whether to use it is for a policy.

use super::clocks::Clocks;
use super::special::ln_beta;
use crate::error::{Error, Result};
use crate::features::transactions::Purchases;
use crate::task::Task;
use attune_policy::model::{Encode, Function, Input, Link, Model, Shape};
use serde::{Deserialize, Serialize};

/// Preferences for hours (24) or weekdays (7, Monday first).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preference {
    /// Everybody's shares.
    pub population: Vec<f64>,
    /// How many acts of everybody's shares a subject's own counts are weighed against: κ of the Dirichlet(κ · population). Large
    /// where subjects are alike.
    pub concentration: f64,
    /// Per subject.
    pub subjects: Vec<BestSlot>,
}

/// The best slot of a subject, with its evidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BestSlot {
    /// Acts of the subject.
    pub observations: u64,
    /// The slot with the highest expected share; the earliest of equal ones.
    pub slot: u8,
    /// Expected share of the subject's acts in it: (n_slot + κ m_slot) / (n + κ).
    pub share: f64,
    /// Everybody's share in it.
    pub population_share: f64,
    /// Probability that the subject acts more in it than in everybody's best slot; 1/2 where they are the same.
    pub confidence: f64,
}

/// Hours and weekdays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SendTime {
    /// Hour of the day, 0 to 23.
    pub hours: Preference,
    /// Day of the week, 0 is Monday.
    pub weekdays: Preference,
}

/// Preferences from acts (subject, time in milliseconds on the subject's clock); subjects are numbered below `subjects`.
///
/// # Errors
/// When there is no act, or the task is cancelled.
pub fn send_time(acts: &[(u32, i64)], subjects: usize, task: &Task) -> Result<SendTime> {
    task.stage("Counting hours and weekdays")?;
    if acts.is_empty() {
        return Err(Error::new("nothing was done at any time, so no time is better than another"));
    }
    let hour = |time: i64| time.div_euclid(3_600_000).rem_euclid(24) as usize;
    // 1970-01-01 was a Thursday.
    let weekday = |time: i64| (time.div_euclid(86_400_000) + 3).rem_euclid(7) as usize;
    Ok(SendTime {
        hours: preference(acts, subjects, 24, hour, task)?,
        weekdays: preference(acts, subjects, 7, weekday, task)?,
    })
}

/// Best hours as a model of a policy, called `id`: its score for a subject, whose name stands in `field`, is the subject's best hour; for
/// anybody else, and where the name is missing, it is everybody's best hour. `names` are those of the subjects, in their order.
pub fn lower_hours(hours: &Preference, names: &[String], field: &str, id: &str) -> Model {
    let everybody = first_highest(&hours.population) as f64;
    let shape = Shape {
        input: 0,
        scores: hours.subjects.iter().map(|subject| f64::from(subject.slot)).collect(),
        other: everybody,
        missing: everybody,
        ..Shape::default()
    };
    Model {
        id: id.to_owned(),
        name: "Best hour to send".into(),
        target: format!(
            "hour of the day, 0 to 23, in which the subject acts most, drawn towards everybody's; {everybody} for a subject nobody knew"
        ),
        inputs: vec![Input { field: field.to_owned(), encode: Encode::Category { categories: names.to_vec() } }],
        function: Function::Shapes { intercept: 0.0, shapes: vec![shape], pairs: Vec::new(), link: Link::Identity },
        fallback: everybody,
        ..Model::default()
    }
}

/// The acts of customers who buy, at the times that the clocks of their rows show: the lines of one customer at one instant are one
/// act, so that a long invoice says no more than a short one.
pub fn acts(purchases: &Purchases, clocks: &Clocks) -> Vec<(u32, i64)> {
    let mut acts: Vec<(u32, i64, u32)> =
        purchases.lines.iter().map(|line| (line.customer, line.time, line.row)).collect();
    acts.sort_unstable();
    acts.dedup_by_key(|(customer, time, _)| (*customer, *time));
    acts.into_iter().map(|(customer, time, row)| (customer, clocks.shown(row, time))).collect()
}

fn preference(
    acts: &[(u32, i64)],
    subjects: usize,
    slots: usize,
    slot: impl Fn(i64) -> usize,
    task: &Task,
) -> Result<Preference> {
    let mut counts = vec![0u32; subjects * slots];
    let mut total = vec![0.0; slots];
    for (i, (subject, time)) in acts.iter().enumerate() {
        if i % (1 << 18) == 0 {
            task.tick(i as f32 / acts.len() as f32)?;
        }
        let slot = slot(*time);
        if let Some(count) = counts.get_mut(*subject as usize * slots + slot) {
            *count += 1;
            total[slot] += 1.0;
        }
    }
    let all: f64 = total.iter().sum();
    // Half an act in each slot, so that none is impossible (Jeffreys).
    let population: Vec<f64> = total.iter().map(|n| (n + 0.5) / (all + 0.5 * slots as f64)).collect();
    let rows: Vec<&[u32]> = counts.chunks_exact(slots).collect();
    let concentration = concentration(&rows, &population, task)?;
    let best_of_all = first_highest(&population);
    let subjects = rows
        .iter()
        .map(|row| {
            let n: u32 = row.iter().sum();
            let weights: Vec<f64> =
                row.iter().zip(&population).map(|(n, m)| f64::from(*n) + concentration * m).collect();
            let slot = first_highest(&weights);
            BestSlot {
                observations: u64::from(n),
                slot: slot as u8,
                share: weights[slot] / (f64::from(n) + concentration),
                population_share: population[slot],
                confidence: if slot == best_of_all { 0.5 } else { more_likely(weights[slot], weights[best_of_all]) },
            }
        })
        .collect();
    Ok(Preference { population, concentration, subjects })
}

fn first_highest(values: &[f64]) -> usize {
    (0..values.len()).fold(0, |best, i| if values[i] > values[best] { i } else { best })
}

/// κ between a hundredth and ten thousand at the top of the Dirichlet–multinomial likelihood, by golden section on its logarithm.
fn concentration(rows: &[&[u32]], population: &[f64], task: &Task) -> Result<f64> {
    let log_likelihood = |ln_kappa: f64| -> f64 {
        let kappa = ln_kappa.exp();
        rows.iter()
            .map(|row| {
                let n: f64 = row.iter().map(|n| f64::from(*n)).sum();
                let slots = row.iter().zip(population).filter(|(n, _)| **n > 0);
                let gained: f64 = slots.map(|(n, m)| rising(kappa * m, *n)).sum();
                gained - rising(kappa, n as u32)
            })
            .sum()
    };
    let ratio = 0.5 * (5f64.sqrt() - 1.0);
    let (mut low, mut high) = (0.01f64.ln(), 1e4f64.ln());
    let (mut a, mut b) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut at_a, mut at_b) = (log_likelihood(a), log_likelihood(b));
    for i in 0..40 {
        task.tick(i as f32 / 40.0)?;
        if at_a >= at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - ratio * (high - low);
            at_a = log_likelihood(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + ratio * (high - low);
            at_b = log_likelihood(b);
        }
    }
    Ok((0.5 * (low + high)).exp())
}

/// ln Γ(x + n) − ln Γ(x).
fn rising(x: f64, n: u32) -> f64 {
    if n <= 8 {
        (0..n).map(|i| (x + f64::from(i)).ln()).sum()
    } else {
        libm::lgamma(x + f64::from(n)) - libm::lgamma(x)
    }
}

/// P(p > q) of two shares of a Dirichlet with weights a and b: P(beta(a, b) > 1/2).
fn more_likely(a: f64, b: f64) -> f64 {
    // I_½(p, q); its fraction converges fast for p ≥ q.
    let incomplete =
        |p: f64, q: f64| (-(p + q) * std::f64::consts::LN_2 - ln_beta(p, q)).exp() / p * beta_fraction(p, q, 0.5);
    if a >= b { 1.0 - incomplete(a, b) } else { incomplete(b, a) }
}

/// The continued fraction of the incomplete beta function (Numerical Recipes, 6.4).
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |x: f64| if x.abs() < TINY { TINY } else { x };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    for m in 1..10_000 {
        let m = f64::from(m);
        for k in [
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        ] {
            d = 1.0 / guard(1.0 + k * d);
            c = guard(1.0 + k / c);
            h *= d * c;
        }
        if (d * c - 1.0).abs() < 1e-14 {
            break;
        }
    }
    h
}

#[cfg(test)]
#[path = "send_time_tests.rs"]
mod tests;
