//! From which score on a contact pays: every threshold with what it costs and brings, and how sure the best one is.

use super::intervals::share;
use crate::error::{Error, Result};
use crate::models::metrics::{ascending, ties};
use crate::models::report::Estimate;
use crate::random::Random;
use crate::simulate::bootstrap::{percentile_interval, quantile};
use crate::task::Task;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Most thresholds.
pub const MOST: usize = 100;

/// Resamples behind the intervals.
const RESAMPLES: u64 = 1000;

/// What a contact costs and an outcome brings, in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// What one contact costs.
    pub cost: f64,
    /// What one outcome among those contacted brings, before the cost.
    pub benefit: f64,
}

/// Every threshold, from no contact to a contact with everyone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Rows.
    pub rows: u64,
    /// Of these, rows where the outcome happened.
    pub positives: u64,
    /// By falling threshold, at most [`MOST`] and no contact first.
    pub table: Vec<Threshold>,
    /// Place of the threshold of the largest profit.
    pub best: usize,
    /// Thresholds that were best in 95 % of the resamples; of no contact it is the largest score.
    pub best_between: (f64, f64),
    /// Profit at the best threshold, with the 95 % interval of resampled rows.
    pub profit: Estimate,
    /// How much of that profit comes from choosing the threshold on the same rows, on average over the resamples.
    pub optimism: f64,
    /// What it means, for people.
    pub sentence: String,
}

/// What happens when every row of at least this score is contacted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// Least score that is contacted; above the largest score for no contact.
    pub score: f64,
    /// Rows contacted.
    pub contacts: u64,
    /// Outcomes among them.
    pub outcomes: u64,
    /// Share of the contacted with the outcome, Wilson's 95 % interval; 0 within [0, 1] without contacts.
    pub precision: Estimate,
    /// Share of all outcomes that are among the contacted.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// benefit · outcomes − cost · contacts.
    pub profit: f64,
}

/// The thresholds for scores `p` of labels `y`, of equal length. Outcomes count as brought by the contact: where they would have
/// come anyway, this overstates profit, and an uplift model is the one to ask.
///
/// # Errors
/// When there is no row, cost or benefit is no number of 0 or more, or the task is cancelled.
pub fn thresholds(p: &[f64], y: &[bool], money: Money, seed: u64, task: &Task) -> Result<Thresholds> {
    for (what, x) in [("cost of a contact", money.cost), ("benefit of an outcome", money.benefit)] {
        if !(x.is_finite() && x >= 0.0) {
            return Err(Error::new(format!("the {what} is {x}; give a number of 0 or more")));
        }
    }
    if p.is_empty() {
        return Err(Error::new("there are no rows with a known outcome to find a threshold on"));
    }
    // Contacts and outcomes that each threshold adds to the one before it.
    let mut steps: Vec<(f64, u64, u64)> = Vec::new();
    let order = ascending(p);
    let runs = ties(p, &order);
    let (mut done, mut slot) = (0, usize::MAX);
    for run in runs.into_iter().rev() {
        let score = p[order[run.start] as usize];
        let hits = run.clone().filter(|&i| y[order[i] as usize]).count() as u64;
        let own = done * (MOST - 1) / p.len();
        done += run.len();
        match steps.last_mut() {
            // Rows of one hundredth share a threshold: the least of their scores.
            Some(last) if own == slot => *last = (score, last.1 + run.len() as u64, last.2 + hits),
            _ => steps.push((score, run.len() as u64, hits)),
        }
        slot = own;
    }
    let positives = y.iter().filter(|&&y| y).count() as u64;
    let above = p[order[p.len() - 1] as usize];
    let mut table = vec![threshold(above.next_up(), 0, 0, positives, money)];
    for &(score, rows, hits) in &steps {
        let last = table[table.len() - 1];
        table.push(threshold(score, last.contacts + rows, last.outcomes + hits, positives, money));
    }
    let best = highest(table.iter().map(|row| row.profit));

    // A resample draws how many rows fall into each step, with and without the outcome.
    let n = p.len() as u64;
    let cells: Vec<u64> = steps.iter().flat_map(|(_, rows, hits)| [*hits, rows - hits]).collect();
    let resample = |b: u64| -> Result<(usize, f64, f64)> {
        task.tick(b as f32 / RESAMPLES as f32)?;
        let mut random = Random::stream(seed, b);
        let (mut draws, mut mass) = (n, n);
        let mut profits = Vec::with_capacity(table.len());
        let mut profit = 0.0;
        profits.push(profit);
        for pair in cells.chunks_exact(2) {
            let mut drawn = [0; 2];
            for (drawn, &count) in drawn.iter_mut().zip(pair) {
                if draws > 0 && count > 0 {
                    *drawn = random.binomial(draws, count as f64 / mass as f64);
                    draws -= *drawn;
                    mass -= count;
                }
            }
            profit += money.benefit * drawn[0] as f64 - money.cost * (drawn[0] + drawn[1]) as f64;
            profits.push(profit);
        }
        let own = highest(profits.iter().copied());
        Ok((own, profits[best], profits[own] - table[own].profit))
    };
    let drawn: Vec<(usize, f64, f64)> = (0..RESAMPLES).into_par_iter().map(resample).collect::<Result<_>>()?;
    let (low, high) = percentile_interval(drawn.iter().map(|d| d.1)).unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
    let mut bests: Vec<f64> = drawn.iter().map(|d| table[d.0].score.min(above)).collect();
    bests.sort_by(f64::total_cmp);
    let mut out = Thresholds {
        rows: n,
        positives,
        best,
        best_between: (quantile(&bests, 0.025), quantile(&bests, 0.975)),
        profit: Estimate { value: table[best].profit, low, high },
        optimism: (drawn.iter().map(|d| d.2).sum::<f64>() / RESAMPLES as f64).max(0.0),
        table,
        sentence: String::new(),
    };
    out.sentence = sentence(&out);
    Ok(out)
}

fn threshold(score: f64, contacts: u64, outcomes: u64, positives: u64, money: Money) -> Threshold {
    let precision = share(outcomes as f64, contacts as f64);
    let recall = outcomes as f64 / positives.max(1) as f64;
    Threshold {
        score,
        contacts,
        outcomes,
        precision,
        recall,
        f1: 2.0 * outcomes as f64 / (contacts + positives).max(1) as f64,
        profit: money.benefit * outcomes as f64 - money.cost * contacts as f64,
    }
}

/// Place of the largest; of equals the first, which contacts fewer.
fn highest(profits: impl Iterator<Item = f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (i, profit) in profits.enumerate() {
        if profit > best.1 {
            best = (i, profit);
        }
    }
    best.0
}

fn sentence(out: &Thresholds) -> String {
    let best = &out.table[out.best];
    let (last, percent) = (out.table.len() - 1, 100.0 * best.contacts as f64 / out.rows as f64);
    if out.best == 0 {
        return "No threshold pays: contacting nobody loses least.".to_owned();
    }
    let everyone = out.table[last].profit;
    let who = match out.best == last {
        true => "It pays to contact everyone".to_owned(),
        false => format!(
            "Contact from a score of {:.4} on: {percent:.1} % of the rows (the best threshold lies between {:.4} and {:.4} in 95 % \
             of resamples)",
            best.score, out.best_between.0, out.best_between.1
        ),
    };
    let sure = match out.profit.low > everyone.max(0.0) {
        true => "clearly more than contacting everyone or nobody",
        false if out.best == last || out.profit.low <= 0.0 => {
            "but the interval does not rule out that contacting nobody is as good"
        }
        false => "but not clearly more than contacting everyone or nobody",
    };
    let sure = if out.best == last && out.profit.low > 0.0 { "more than contacting nobody" } else { sure };
    format!(
        "{who}. It brings {:.2} on these {} rows (95 % interval {:.2} to {:.2}), {sure}; everyone brings {everyone:.2}.",
        out.profit.value, out.rows, out.profit.low, out.profit.high
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scores that are true probabilities.
    fn world(rows: usize, seed: u64) -> (Vec<f64>, Vec<bool>) {
        let mut random = Random::new(seed);
        let p: Vec<f64> = (0..rows).map(|_| random.uniform()).collect();
        let y = p.iter().map(|&p| random.chance(p)).collect();
        (p, y)
    }

    #[test]
    fn every_row_of_the_table_is_counted_and_the_best_is_where_money_says() {
        let (p, y) = world(5000, 1);
        let money = Money { cost: 3.0, benefit: 10.0 };
        let out = thresholds(&p, &y, money, 5, &Task::default()).unwrap();
        assert!(out.table.len() <= MOST + 1 && out.table.len() > 90, "{}", out.table.len());
        for row in &out.table {
            let chosen: Vec<usize> = (0..5000).filter(|&i| p[i] >= row.score).collect();
            let hits = chosen.iter().filter(|&&i| y[i]).count();
            assert_eq!((row.contacts, row.outcomes), (chosen.len() as u64, hits as u64));
            assert!((row.profit - (10.0 * hits as f64 - 3.0 * chosen.len() as f64)).abs() < 1e-9);
            assert!((row.recall - hits as f64 / out.positives as f64).abs() < 1e-12);
        }
        assert_eq!((out.table[0].contacts, out.table.last().unwrap().contacts), (0, 5000));
        // A contact pays from a probability of cost / benefit on.
        let best = out.table[out.best].score;
        assert!((best - 0.3).abs() < 0.1, "{best}");
        assert!(out.best_between.0 <= best && best <= out.best_between.1, "{:?}", out.best_between);
        assert!(out.best_between.0 <= 0.3 && 0.3 <= out.best_between.1, "{:?}", out.best_between);
        assert!(out.optimism > 0.0 && out.optimism < 0.1 * out.profit.value, "{}", out.optimism);
        assert_eq!(out, thresholds(&p, &y, money, 5, &Task::default()).unwrap());
    }

    #[test]
    fn the_interval_holds_the_profit_of_the_threshold() {
        // The truth at a fixed threshold, over many worlds: what is chosen on 2,000 rows, valued on the distribution.
        let truth = |t: f64| 2000.0 * (10.0 * (1.0 - t * t) / 2.0 - 3.0 * (1.0 - t));
        let mut inside = 0;
        for seed in 0..40 {
            let (p, y) = world(2000, seed);
            let out = thresholds(&p, &y, Money { cost: 3.0, benefit: 10.0 }, seed, &Task::default()).unwrap();
            let truth = truth(out.table[out.best].score);
            inside += usize::from(out.profit.low <= truth && truth <= out.profit.high);
        }
        assert!(inside >= 34, "{inside} of 40");
    }

    #[test]
    fn nobody_everyone_and_ties() {
        let (p, y) = world(300, 2);
        let out = thresholds(&p, &y, Money { cost: 10.0, benefit: 1.0 }, 1, &Task::default()).unwrap();
        assert!(out.best == 0 && out.sentence.starts_with("No threshold pays"), "{}", out.sentence);
        // A contact that costs nothing is worth making as long as there are outcomes left to find.
        let out = thresholds(&p, &y, Money { cost: 0.0, benefit: 1.0 }, 1, &Task::default()).unwrap();
        assert_eq!(
            (out.table[out.best].outcomes, out.table[out.best - 1].outcomes < out.positives),
            (out.positives, true)
        );
        let out = thresholds(&[0.5; 10], &[true; 10], Money { cost: 0.1, benefit: 1.0 }, 1, &Task::default()).unwrap();
        assert_eq!((out.table.len(), out.best), (2, 1));
        assert!(out.sentence.starts_with("It pays to contact everyone"), "{}", out.sentence);
        assert!(thresholds(&[], &[], Money { cost: 0.1, benefit: 1.0 }, 1, &Task::default()).is_err());
        assert!(thresholds(&p, &y, Money { cost: f64::NAN, benefit: 1.0 }, 1, &Task::default()).is_err());
    }
}
