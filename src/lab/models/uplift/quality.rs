//! How well scores of an effect do on rows they did not learn from, beside the best one-line rule on the same rows.

use super::check::Means;
use super::measure::{Ask, Trial, evaluate, lead};
use super::report::{BesideRule, Tenth, UpliftQuality};
use crate::error::Result;
use crate::models::report::Estimate;
use crate::task::Task;

/// Bootstrap resamples of the intervals.
pub const RESAMPLES: usize = 300;

/// Rows of a trial, with what was predicted of them by models that did not learn from them.
pub struct Predicted {
    /// The effect of each row.
    pub tau: Vec<f64>,
    /// The effect by the best one-line rule of the rows learned from, and the rule of all of those in words; `None` without any.
    pub rule: Option<(String, Vec<f64>)>,
    /// Who got the arm.
    pub treated: Vec<bool>,
    /// What came of it.
    pub y: Vec<f64>,
    /// Code of the subject of each row.
    pub subjects: Vec<u32>,
}

impl Predicted {
    /// The rows ranked by the model.
    pub fn trial(&self) -> Trial<'_> {
        Trial { scores: &self.tau, treated: &self.treated, outcomes: &self.y }
    }

    /// Every number of them. `adjusted` is the effect adjusted for the features, where it is known.
    ///
    /// # Errors
    /// When an arm has no row, or the task was cancelled.
    pub fn quality(&self, adjusted: Option<Estimate>, seed: u64, task: &Task) -> Result<UpliftQuality> {
        let trial = self.trial();
        let ask = Ask { replicates: RESAMPLES, seed, prices: None, subjects: Some(&self.subjects) };
        let found = evaluate(trial, ask, task)?;
        let rule = match &self.rule {
            None => None,
            Some((condition, scores)) => {
                let by_rule = Trial { scores, ..trial };
                let difference = lead::difference(trial, by_rule, Some(&self.subjects), RESAMPLES, seed, task)?;
                let lead = lead::of(by_rule);
                lead.zip(difference).map(|(lead, ahead)| BesideRule { condition: condition.clone(), lead, ahead })
            }
        };
        let mut means = Means::default();
        self.treated.iter().zip(&self.y).for_each(|(treated, y)| means.add(*treated, *y));
        Ok(UpliftQuality {
            treated: means.n(true) as u64,
            control: means.n(false) as u64,
            mean_treated: means.mean(true),
            mean_control: means.mean(false),
            effect: means.estimate(),
            adjusted,
            binary: trial.is_binary(),
            metrics: found.metrics,
            curve: found.qini,
            tenths: self.tenths(),
            rule,
        })
    }

    /// Tenths of the rows by falling score.
    fn tenths(&self) -> Vec<Tenth> {
        let order = self.trial().order(false);
        let n = order.len();
        let tenth = |part: usize| {
            let rows = &order[n * part / 10..n * (part + 1) / 10];
            let mut means = Means::default();
            rows.iter().for_each(|&i| means.add(self.treated[i as usize], self.y[i as usize]));
            Tenth {
                tenth: part as u32 + 1,
                rows: rows.len() as u64,
                predicted: rows.iter().map(|&i| self.tau[i as usize]).sum::<f64>() / rows.len().max(1) as f64,
                observed: (means.least() >= 2.0).then(|| means.estimate()),
            }
        };
        (0..10).map(tenth).collect()
    }
}
