//! Could this be luck? The model is trained again on shuffled outcomes: what it then seems to know, it knows by chance.

use super::Verdict;
use crate::error::Result;
use crate::models::Refit;
use crate::models::learner::Fits;
use crate::models::metrics::auc;
use crate::random::Random;
use crate::task::Task;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// The test.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Luck {
    /// AUC on rows that were not learned from.
    pub auc: f64,
    /// The same after each shuffle of the outcomes, over rows to learn from and to measure on alike; ascending.
    pub shuffled: Vec<f64>,
    /// (1 + shuffles at least as good) / (1 + shuffles): how likely chance alone is to look this good (Ojala and Garriga 2010).
    pub p: f64,
    /// What it means, for people.
    pub sentence: String,
}

/// Trains `runs` times on shuffled outcomes, from the places `train` of a refit's rows, measured on `test`.
pub fn luck(refit: &Refit<'_>, train: &[u32], test: &[u32], runs: usize, seed: u64, task: &Task) -> Result<Luck> {
    let fits = Fits::new(task, runs + 1);
    let measure = |labels: &[bool], run: usize| -> Result<f64> {
        let y: Vec<bool> = test.iter().map(|&i| labels[i as usize]).collect();
        Ok(auc(&refit.predict(labels, train, test, &fits.watch(run))?, &y))
    };
    let own = measure(refit.labels(), runs)?;
    let used: Vec<u32> = train.iter().chain(test).copied().collect();
    let mut shuffled: Vec<f64> = (0..runs as u64)
        .into_par_iter()
        .map(|run| {
            let mut random = Random::stream(seed, run);
            let mut labels = refit.labels().to_vec();
            for i in (1..used.len()).rev() {
                labels.swap(used[i] as usize, used[random.below(i + 1)] as usize);
            }
            measure(&labels, run as usize)
        })
        .collect::<Result<_>>()?;
    shuffled.sort_by(f64::total_cmp);
    let as_good = shuffled.iter().filter(|&&x| x >= own).count();
    let p = p_value(as_good, runs);
    let best = shuffled.last().copied().unwrap_or(0.5);
    let sentence = if runs == 0 {
        "Not tried: no shuffled run was asked for".to_owned()
    } else if as_good == 0 && p > LEVEL {
        format!(
            "Not evaluated: no run on shuffled outcomes came near the AUC of {own:.3} ({best:.3} at best), but {runs} runs are too few to \
             tell (p = {p:.3}); ask for at least {}",
            fewest()
        )
    } else if as_good == 0 {
        format!(
            "Not luck, as far as {runs} runs can tell: trained on shuffled outcomes the model reached an AUC of {best:.3} at best, \
             on the true ones {own:.3} (p = {p:.3})"
        )
    } else {
        format!(
            "This could be luck: in {as_good} of {runs} runs on shuffled outcomes the AUC was at least the {own:.3} of the true \
             ones (p = {p:.3})"
        )
    };
    Ok(Luck { auc: own, shuffled, p, sentence })
}

/// How likely chance may be for a model not to count as luck.
const LEVEL: f64 = 0.05;

/// The fewest runs that can tell.
fn fewest() -> usize {
    (1.0 / LEVEL).round() as usize - 1
}

impl Luck {
    /// How bad it is.
    pub fn verdict(&self) -> Verdict {
        let none_as_good = self.shuffled.last().is_some_and(|best| *best < self.auc);
        match self.p <= LEVEL {
            true => Verdict::Fine,
            false if none_as_good || self.shuffled.is_empty() => Verdict::NotEvaluated,
            false => Verdict::Alarm,
        }
    }
}

/// (1 + b) / (1 + m): never 0, since the true order of outcomes is one of all orders.
pub fn p_value(as_good: usize, runs: usize) -> f64 {
    (1 + as_good) as f64 / (1 + runs) as f64
}
