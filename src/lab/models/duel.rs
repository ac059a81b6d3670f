//! A model trained again on refreshed data, and whether it may replace the one in use: only when rows that neither learned from
//! show it to be better.

use super::board::loss_difference;
use super::metrics::auc_difference;
use super::report::Estimate;
use super::scores::scores;
use super::spec::{Goal, ModelSpec};
use super::target::target;
use crate::data::{Dataset, Roles};
use crate::error::Result;
use attune_policy::model::Model;
use serde::{Deserialize, Serialize};

/// Share of rows that the champion cannot score from which it has to go.
const BROKEN: f64 = 0.01;

/// Fewest rows with and without the outcome (of an amount: rows) that can show anything.
const ENOUGH: usize = 30;

/// What became of the champion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// It stays.
    Kept,
    /// The challenger takes its place.
    Replaced,
}

/// Champion against challenger on rows that neither learned from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duel {
    /// What became of the champion.
    pub verdict: Verdict,
    /// Why, in words.
    pub why: String,
    /// Rows compared on.
    pub rows: u64,
    /// Log loss, or mean squared error, of the champion less that of the challenger; of an effect, the Qini coefficient (RATE for an
    /// amount) of the challenger less that of the champion; above 0 the challenger is better. `None`
    /// when they could not be compared.
    pub gain: Option<Estimate>,
    /// AUC of the challenger less that of the champion; `None` for amounts.
    pub auc_gain: Option<Estimate>,
}

/// Compares two models of one specification on `held_out` rows (positions), which neither may have learned from. Each comes with
/// the same rows as it reads them: with the columns that its own recipe steps write. Effects are compared by their Qini coefficients. The champion is kept unless the challenger's loss is lower with a paired 95 % interval above 0, or the champion cannot score these rows.
///
/// # Errors
/// When the outcome cannot be read, or the challenger cannot score.
pub fn duel(
    (champion, champions_rows): (&Model, &Dataset),
    (challenger, challengers_rows): (&Model, &Dataset),
    spec: &ModelSpec,
    dataset: &Dataset,
    roles: &Roles,
    held_out: &[u32],
) -> Result<Duel> {
    let target = target(spec, dataset, roles, held_out)?;
    let rows = target.rows.len();
    let done = |verdict, why: String| Duel { verdict, why, rows: rows as u64, gain: None, auc_gain: None };
    let (new, _) = scores(challenger, challengers_rows, &target.rows)?;
    let (old, broken) = match scores(champion, champions_rows, &target.rows) {
        Ok(scored) => scored,
        Err(error) => {
            return Ok(done(Verdict::Replaced, format!("the model in use cannot score the new data: {error}")));
        }
    };
    if broken as f64 > BROKEN * rows as f64 {
        let share = 100.0 * broken as f64 / rows as f64;
        return Ok(done(Verdict::Replaced, format!("the model in use cannot score {share:.1} % of the held-out rows")));
    }
    if spec.uplift.is_some() {
        return super::uplift::duel::duel(&old, &new, spec, &target, dataset, roles);
    }
    let positives = target.positives();
    if positives.min(rows - positives) < ENOUGH {
        let why = format!(
            "{rows} held-out rows, {positives} of them with the outcome, are too few to show that the new model is better"
        );
        return Ok(done(Verdict::Kept, why));
    }
    let gain = loss_difference(spec.goal, &old, &new, &target.values);
    let auc_gain = (spec.goal == Goal::Propensity).then(|| auc_difference(&new, &old, &target.labels));
    let (loss, digits) = match spec.goal {
        Goal::Propensity => ("log loss", 5),
        Goal::Amount => ("mean squared error", 4),
    };
    let Estimate { value, low, high } = gain;
    let interval = format!(
        "its {loss} on {rows} held-out rows is {} by {:.digits$} (95 % interval of the gain {low:.digits$} to {high:.digits$})",
        if value >= 0.0 { "lower" } else { "higher" },
        value.abs(),
    );
    let (verdict, why) = judged(low, high, &interval);
    Ok(Duel { verdict, why, rows: rows as u64, gain: Some(gain), auc_gain })
}

/// The verdict on a gain by its 95 % interval, and why: the champion is kept until it is beaten beyond chance.
pub(super) fn judged(low: f64, high: f64, interval: &str) -> (Verdict, String) {
    if low > 0.0 {
        (Verdict::Replaced, format!("the new model is better: {interval}"))
    } else if high < 0.0 {
        (Verdict::Kept, format!("the new model is worse: {interval}"))
    } else {
        (Verdict::Kept, format!("the new model is not shown to be better: {interval}"))
    }
}

#[cfg(test)]
#[path = "duel_tests.rs"]
mod tests;
