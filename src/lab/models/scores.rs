//! Scores of a lowered model on rows of a dataset: the same function, by the same code, as in a policy.

use crate::data::Dataset;
use crate::error::{Error, Result};
use attune_policy::Value;
use attune_policy::model::{Model, Scorer, Scratch};
use attune_policy::row::{Column, Row};

/// The calibrated score of each row (positions), and how many rows something stood in for the function.
///
/// # Errors
/// When a column that the model reads is not there, or the model is not sound.
pub fn scores(model: &Model, dataset: &Dataset, rows: &[u32]) -> Result<(Vec<f64>, u64)> {
    let columns: Vec<Column> =
        dataset.columns().iter().map(|c| Column { name: c.name.clone(), type_: c.type_ }).collect();
    let scorer = Scorer::compile(model, &columns).map_err(|findings| {
        Error::new(format!("model `{}` cannot score these rows: {}", model.id, findings.join("; ")))
            .hint("train it again on these data")
    })?;
    let mut scratch = Scratch::default();
    let (mut values, mut degraded) = (vec![Value::Unknown; columns.len()], 0);
    let mut score = |&row: &u32| {
        for (at, value) in values.iter_mut().enumerate() {
            *value = dataset.value_at(row as usize, at);
        }
        let scored = scorer.score(&Row::complete(&values), &mut scratch);
        degraded += u64::from(scored.degraded());
        scored.value
    };
    let scores = rows.iter().map(&mut score).collect();
    Ok((scores, degraded))
}
