//! What a log tells a planner: the outcome without treatment, its spread, and how many decisions come per day.

use crate::data::{Arm, Dataset, Role, Roles};
use crate::error::{Error, Result};
use crate::simulate::estimate::mean;
use crate::simulate::log::DecisionLog;
use crate::simulate::questions::Figure;
use serde::{Deserialize, Serialize};

/// What a log tells of an outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// The outcome.
    pub outcome: String,
    /// Whether it is 0 or 1 in every row.
    pub is_share: bool,
    /// Its mean without treatment; over all rows where the log has no untreated arm.
    pub base: Figure,
    /// Its standard deviation there.
    pub sd: f64,
    /// Whose rows these are, in words.
    pub of: String,
    /// Decisions per day; `None` when the rows have no times, or span less than a week.
    pub per_day: Option<f64>,
    /// Where that comes from, in words.
    pub volume: String,
    /// How many times as many decisions are needed because a subject's are alike; 1 where every subject has one.
    pub design_effect: f64,
}

const DAY: f64 = 86_400_000.0;
/// Days that a log must span to tell a volume: weekdays and weekends differ.
const WEEK: f64 = 7.0;

/// Reads the goal of a log.
///
/// # Errors
/// When the log has no outcome, fewer than two rows tell it, or the time column is not one.
pub fn known(dataset: &Dataset, roles: &Roles, log: &DecisionLog) -> Result<Known> {
    let outcome = log.outcomes.first().ok_or_else(|| {
        Error::new("no column has the role outcome").hint("give the outcome its role, or say --base or --mean and --sd")
    })?;
    let untreated = log.arms.iter().position(|a| a.arm == Arm::NoAction && a.count > 0);
    let rows: Vec<usize> = (0..dataset.rows())
        .filter(|row| !outcome.values[*row].is_nan())
        .filter(|row| untreated.is_none_or(|arm| usize::from(log.arm[*row]) == arm))
        .collect();
    let values: Vec<f64> = rows.iter().map(|row| outcome.values[*row]).collect();
    let clusters: Option<Vec<u32>> = log.clusters.as_ref().map(|c| rows.iter().map(|row| c[*row]).collect());
    let (Some(plain), Some(clustered)) = (mean(&values, None), mean(&values, clusters.as_deref())) else {
        return Err(Error::new("fewer than two rows tell it").in_column(&outcome.name));
    };
    let spread = (clustered.se / plain.se).powi(2);
    let (per_day, volume) = volume(dataset, roles)?;
    Ok(Known {
        outcome: outcome.name.clone(),
        is_share: outcome.values.iter().all(|x| x.is_nan() || *x == 0.0 || *x == 1.0),
        base: Figure { value: clustered.value, low: clustered.low, high: clustered.high, n: clustered.n },
        sd: plain.se * (values.len() as f64).sqrt(),
        of: match untreated {
            Some(arm) => format!("the rows of `{}`", log.arms[arm].name),
            None => "all rows: the log has no untreated arm, so this is the outcome with what was done".into(),
        },
        per_day,
        volume,
        design_effect: if spread.is_finite() { spread.max(1.0) } else { 1.0 },
    })
}

fn volume(dataset: &Dataset, roles: &Roles) -> Result<(Option<f64>, String)> {
    let Some(column) = roles.first(Role::Time) else {
        return Ok((None, "the rows have no times".into()));
    };
    let times = dataset.numbers(column)?;
    let (mut first, mut last, mut n) = (f64::INFINITY, f64::NEG_INFINITY, 0u64);
    for time in times.into_iter().filter(|t| !t.is_nan()) {
        (first, last, n) = (first.min(time), last.max(time), n + 1);
    }
    if n < 2 || last <= first {
        return Ok((None, "all rows stand at one instant".into()));
    }
    // Whole days from the first to the last: rows of one day came in one day.
    let days = ((last / DAY).floor() - (first / DAY).floor() + 1.0).max(1.0);
    if days < WEEK {
        let days = if days > 1.0 { format!("{days:.0} days") } else { "one day".to_owned() };
        return Ok((None, format!("{n} rows within {days}, too few days to tell a volume")));
    }
    Ok((Some(n as f64 / days), format!("{n} rows in {days:.0} days")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{WorldSpec, generate};

    #[test]
    fn base_spread_and_volume_of_a_world() {
        let world =
            generate(&WorldSpec { customers: 3_000, decisions: 4, gap_days: 7, ..WorldSpec::default() }).unwrap();
        let log = DecisionLog::new(&world.trial, &world.roles, Some("conversion")).unwrap();
        let found = known(&world.trial, &world.roles, &log).unwrap();
        let truth = world.true_value("conversion", vec![0; world.trial.rows()]).unwrap();
        assert!(found.is_share && found.base.low <= truth && truth <= found.base.high, "{found:?}, true {truth}");
        assert!((found.sd - (truth * (1.0 - truth)).sqrt()).abs() < 0.02);
        assert!(found.design_effect >= 1.0 && found.design_effect < 2.0, "{}", found.design_effect);
        // The world's decisions lie three gaps of a week apart.
        let per_day = found.per_day.unwrap();
        assert!((12_000.0 / 23.0..=12_000.0 / 21.0).contains(&per_day), "{per_day}, {}", found.volume);
        let mut roles = world.roles.clone();
        roles.columns.remove("decided_at");
        assert_eq!(known(&world.trial, &roles, &log).unwrap().per_day, None);
    }
}
