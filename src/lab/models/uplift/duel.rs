//! Which of two models of an effect orders held-out rows of a trial better.

use super::measure::{Trial, lead};
use super::quality::RESAMPLES;
use crate::data::{Dataset, Roles};
use crate::error::Result;
use crate::models::duel::{Duel, Verdict, judged};
use crate::models::report::Estimate;
use crate::models::spec::ModelSpec;
use crate::models::target::Target;
use crate::task::Task;

/// Fewest rows of either arm that can show anything.
const ENOUGH: usize = 100;

/// The champion's effects `old` against the challenger's `new` on the rows of `target`, which neither learned from.
///
/// # Errors
/// When the column of subjects is missing.
pub fn duel(
    old: &[f64],
    new: &[f64],
    spec: &ModelSpec,
    target: &Target,
    dataset: &Dataset,
    roles: &Roles,
) -> Result<Duel> {
    let rows = target.rows.len();
    let done = |verdict, why: String, gain| Duel { verdict, why, rows: rows as u64, gain, auc_gain: None };
    let treated = target.treated.iter().filter(|treated| **treated).count();
    if treated.min(rows - treated) < ENOUGH {
        let control = rows - treated;
        let why = format!(
            "{treated} treated and {control} untreated held-out rows are too few to show that the new model is better"
        );
        return Ok(done(Verdict::Kept, why, None));
    }
    let subjects = roles.subjects(dataset)?;
    let codes: Vec<u32> = target.rows.iter().map(|&row| subjects.code(row as usize) as u32).collect();
    let trial = |scores| Trial { scores, treated: &target.treated, outcomes: &target.values };
    let name = lead::name(trial(new).is_binary());
    let gain = lead::difference(trial(new), trial(old), Some(&codes), RESAMPLES, spec.seed, &Task::default())?;
    let Some(gain) = gain else {
        return Ok(done(Verdict::Kept, format!("the {name} coefficient is not defined for the held-out rows"), None));
    };
    let Estimate { value, low, high } = gain;
    let within = match low.is_finite() && high.is_finite() {
        true => format!("95 % interval of the gain {low:.4} to {high:.4}"),
        false => "the same in every resample, which is no interval".to_owned(),
    };
    let interval = format!(
        "its {name} coefficient on {rows} held-out rows is {} by {:.4} ({within})",
        if value >= 0.0 { "higher" } else { "lower" },
        value.abs(),
    );
    let (verdict, why) = judged(low, high, &interval);
    Ok(done(verdict, why, Some(gain)))
}
