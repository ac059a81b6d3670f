//! The rows of a trial: who got which arm, and what came of it.

use super::spec::UpliftSpec;
use crate::data::cells::Dictionary;
use crate::data::{Dataset, Roles};
use crate::error::{Error, Result};
use crate::models::spec::ModelSpec;
use crate::models::target::target;

/// Rows with a known arm and a known outcome.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trial {
    /// Positions in the dataset.
    pub rows: Vec<u32>,
    /// 0 for the control, else 1 + position in `arms`.
    pub arm: Vec<u32>,
    /// The outcome: 1 or 0, or an amount.
    pub y: Vec<f64>,
    /// The arms whose effect is learned.
    pub arms: Vec<String>,
    /// Rows left out because their outcome is missing.
    pub unlabelled: u64,
    /// Rows left out because they belong to another arm, or none.
    pub elsewhere: u64,
}

impl Trial {
    /// The rows of `rows` that belong to an arm of the specification and have an outcome.
    ///
    /// # Errors
    /// When a column is not there, an arm has no row, or the outcome is not what the specification says.
    pub fn new(spec: &UpliftSpec, dataset: &Dataset, roles: &Roles, rows: &[u32]) -> Result<Trial> {
        let actions = dataset.dictionary(&spec.action)?;
        let mut arms = spec.arms.clone();
        if arms.is_empty() {
            let seen = actions.values.iter().map(|value| value.to_string());
            arms = seen.filter(|value| *value != spec.control).collect();
            arms.sort_unstable();
        }
        let number = |value: &str| match value {
            value if *value == *spec.control => Some(0),
            value => arms.iter().position(|arm| *arm == *value).map(|at| at as u32 + 1),
        };
        let meaning: Vec<Option<u32>> = actions.values.iter().map(|value| number(value)).collect();
        let mut model = ModelSpec::new(&spec.id, &spec.outcome);
        model.goal = spec.goal;
        model.positive.clone_from(&spec.positive);
        let labelled = target(&model, dataset, roles, rows)?;
        let mut trial = Trial { unlabelled: labelled.unlabelled, ..Trial::default() };
        for (row, y) in labelled.rows.iter().zip(&labelled.values) {
            let code = actions.codes[*row as usize];
            match (code != Dictionary::MISSING).then(|| meaning.get(code as usize).copied().flatten()).flatten() {
                Some(arm) => {
                    trial.rows.push(*row);
                    trial.arm.push(arm);
                    trial.y.push(*y);
                }
                None => trial.elsewhere += 1,
            }
        }
        for (at, name) in std::iter::once(&spec.control).chain(&arms).enumerate() {
            if !trial.arm.contains(&(at as u32)) {
                let values: Vec<String> = actions.values.iter().take(8).map(|value| format!("`{value}`")).collect();
                return Err(Error::new(format!("no row with an outcome has the value `{name}`"))
                    .in_column(&spec.action)
                    .hint(format!("its values: {}", values.join(", "))));
            }
        }
        if arms.is_empty() {
            return Err(
                Error::new(format!("holds no value but the control `{}`", spec.control)).in_column(&spec.action)
            );
        }
        trial.arms = arms;
        Ok(trial)
    }

    /// Positions of the rows of the control and of arm `arm` (from 1).
    pub fn pair(&self, arm: u32) -> Vec<u32> {
        (0..self.rows.len() as u32).filter(|at| [0, arm].contains(&self.arm[*at as usize])).collect()
    }

    /// Positions of the rows of one arm.
    pub fn of(&self, arm: u32) -> Vec<u32> {
        (0..self.rows.len() as u32).filter(|at| self.arm[*at as usize] == arm).collect()
    }

    /// 1 for rows that are treated, 0 for the control.
    pub fn treated(&self, at: u32) -> f64 {
        f64::from(u8::from(self.arm[at as usize] > 0))
    }
}
