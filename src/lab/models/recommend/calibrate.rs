//! What a recommender's score is worth as a probability: how often items of such a score were taken within a window of time, by
//! subjects that had a past.
//!
//! The recommender learns from what happened before an instant; every known item that a subject did not have then is a pair, and whether
//! it was taken in the window after the instant is its label. Every pair counts, not only those that a list would show: the
//! map is for whatever a policy offers. Half of the subjects fit the map, the others measure it; the map goes with the same method
//! learned from everything. Subjects without a past are not among the pairs: what stands in for their scores is marked as such.

use super::evaluate::Options;
use super::fit::{Catalogue, fit};
use super::interactions::Interactions;
use super::recommender::{Method, Who};
use crate::error::{Error, Result};
use crate::models::report::Quality;
use crate::models::spec::Calibrate;
use crate::models::{calibration, metrics};
use crate::random::Random;
use crate::task::Task;
use attune_policy::model::{Calibration, Link};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Most pairs of subject and item; of more, subjects are drawn by the seed.
const PAIRS: usize = 3_000_000;

/// Fewest pairs that were taken, in either half.
const LEAST: usize = 50;

/// A day, in milliseconds.
const DAY: f64 = 86_400_000.0;

/// The map from a recommender's scores to probabilities, and how well it does on other subjects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibrated {
    /// What kind of map it is.
    pub method: Calibrate,
    /// The map, behind [`Calibrated::link`].
    pub map: Calibration,
    /// Length of the window in which an item was taken or not, in days.
    pub days: f64,
    /// The instant at which the window begins (ms).
    pub at: i64,
    /// Subjects that fitted the map, and those that measured it.
    pub subjects: [u64; 2],
    /// Pairs of subject and item that measured it, and those of them that were taken.
    pub pairs: [u64; 2],
    /// Mean probability of these pairs.
    pub predicted: f64,
    /// Share of them that was taken.
    pub observed: f64,
    /// How good the probabilities are, on the subjects that measured them.
    pub quality: Quality,
}

impl Calibrated {
    /// The link that comes before the map: Platt's curve is one through the score itself.
    pub fn link(&self) -> Link {
        link(self.method)
    }

    /// The probability for a score.
    pub fn probability(&self, score: f64) -> f64 {
        self.map.apply(self.link().apply(score))
    }

    /// What the probability is of, in words.
    pub fn target(&self) -> String {
        format!("probability that the subject takes the item within {} days", words(self.days))
    }
}

fn link(method: Calibrate) -> Link {
    if method == Calibrate::Platt { Link::Logistic } else { Link::Identity }
}

/// Days with a digit where it matters.
fn words(days: f64) -> String {
    if days >= 10.0 { format!("{days:.0}") } else { format!("{days:.1}") }
}

/// Calibrates the scores of a method: `how` is isotonic or Platt. The split is that of `options`: the last fifth of the time, where no
/// instant is given.
///
/// # Errors
/// When `how` is no method, the method cannot be learned, too few items were taken in the window, or the task was cancelled.
pub fn calibrate(
    method: &Method,
    interactions: &Interactions,
    catalogue: &Catalogue,
    how: Calibrate,
    options: &Options,
    task: &Task,
) -> Result<Calibrated> {
    if how == Calibrate::None {
        return Err(Error::new("no way of calibrating is named").hint("choose isotonic or platt"));
    }
    let (first, last) = interactions.span().ok_or_else(|| Error::new("there is no interaction to learn from"))?;
    let at = options.at.unwrap_or(first + (last - first) / 5 * 4);
    let until = options.until.unwrap_or(last + 1);
    let train = interactions.baskets(Some(at));
    let later = interactions.baskets_between(at, until);
    let recommender = fit(method, &train, catalogue, task)?;

    task.stage(&format!("Calibrating {}", method.words()))?;
    let mut subjects: Vec<u32> = (0..train.subjects() as u32).filter(|s| !train.row(*s as usize).is_empty()).collect();
    let mut random = Random::stream(options.seed, 1);
    for i in (1..subjects.len()).rev() {
        subjects.swap(i, random.below(i + 1));
    }
    let known: Vec<u32> = (0..).zip(&recommender.known).filter(|(_, known)| **known).map(|(item, _)| item).collect();
    subjects.truncate((PAIRS / known.len().max(1)).max(2));
    let of = |subject: u32, scores: &mut Vec<f64>| {
        let basket = train.basket(subject as usize);
        let segment = catalogue.segments.as_ref().and_then(|s| s.of.get(subject as usize).copied().flatten());
        recommender.scores(Who { subject: Some(subject), segment, basket: &basket }, scores);
        let taken = later.basket(subject as usize);
        let fresh = known.iter().filter(|item| basket.binary_search(item).is_err());
        let link = link(how);
        fresh
            .map(|item| (link.apply(scores[*item as usize]), taken.binary_search(item).is_ok()))
            .collect::<Vec<(f64, bool)>>()
    };
    // Every other subject fits the map.
    let mut halves: [(Vec<f64>, Vec<bool>); 2] = Default::default();
    for (done, block) in subjects.chunks(512).enumerate() {
        task.tick((done * 512) as f32 / subjects.len() as f32)?;
        let pairs: Vec<_> = block.par_iter().map_init(Vec::new, |scores, &subject| of(subject, scores)).collect();
        for (i, own) in pairs.into_iter().enumerate() {
            let (p, y) = &mut halves[i % 2];
            own.into_iter().for_each(|(score, label)| {
                p.push(score);
                y.push(label);
            });
        }
    }
    let [(p, y), (test_p, test_y)] = halves;
    let taken = |y: &[bool]| y.iter().filter(|&&y| y).count();
    let least = taken(&y).min(taken(&test_y));
    if least < LEAST {
        return Err(Error::new(format!(
            "{least} new items taken in {} days by either half of the customers are too few to say what a score is worth; {LEAST} are \
             needed",
            words((until - at) as f64 / DAY)
        ))
        .hint("choose an earlier instant to split at, or take the scores as ranks"));
    }
    let map = calibration::fit(how, &p, &y);
    task.tick(1.0)?;
    let test: Vec<f64> = test_p.iter().map(|&raw| map.apply(raw)).collect();
    let n = test.len() as f64;
    Ok(Calibrated {
        method: how,
        days: (until - at) as f64 / DAY,
        at,
        subjects: [subjects.len().div_ceil(2) as u64, (subjects.len() / 2) as u64],
        pairs: [test.len() as u64, taken(&test_y) as u64],
        predicted: test.iter().sum::<f64>() / n,
        observed: taken(&test_y) as f64 / n,
        quality: metrics::quality(&test, &test_y),
        map,
    })
}
