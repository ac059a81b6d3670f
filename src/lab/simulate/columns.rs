//! Columns of any table as logged rounds or as a scored trial, for questions that need no project.
//!
//! Every cell is checked here, and what is wrong is named by its column and row; what the numbers mean is for
//! [`super::off_policy`] and [`super::uplift`].

use super::off_policy::{Logged, Predictions};
use super::uplift::Trial;
use crate::data::{Dataset, cells::Cells};
use crate::error::{Error, Result};
use std::collections::HashMap;

/// Which columns hold logged rounds; names as in the source or as identifiers.
#[derive(Clone, Debug, Default)]
pub struct RoundColumns {
    /// Reward of the logged action.
    pub reward: String,
    /// Probability with which the logger took it.
    pub propensity: String,
    /// Probability with which the target policy takes it.
    pub target: String,
    /// A reward model's prediction for it, with its expectation under the target policy.
    pub model: Option<(String, String)>,
    /// Who was decided for, where subjects repeat.
    pub subject: Option<String>,
}

/// Logged rounds that were read.
#[derive(Clone, Debug, Default)]
pub struct Rounds {
    weights: Vec<f64>,
    rewards: Vec<f64>,
    model: Option<(Vec<f64>, Vec<f64>)>,
    clusters: Option<Vec<u32>>,
}

impl Rounds {
    /// Reads the rounds of a table.
    ///
    /// # Errors
    /// Names the column that is not there or holds no numbers, or the first row whose cell is missing, whose propensity is not in
    /// (0, 1], or whose target probability is not in [0, 1].
    pub fn read(dataset: &Dataset, columns: &RoundColumns) -> Result<Rounds> {
        let rewards = known(dataset, &columns.reward)?;
        let propensity = known(dataset, &columns.propensity)?;
        let target = known(dataset, &columns.target)?;
        let outside = |name: &str, values: &[f64], what: &str, fits: fn(f64) -> bool| {
            values.iter().position(|p| !fits(*p)).map_or(Ok(()), |at| {
                let error = Error::new(format!("is {}, but {what}", values[at]));
                Err(error.in_column(name).at_row(dataset.row_number(at)))
            })
        };
        let name = &columns.propensity;
        outside(name, &propensity, "a logging propensity is above 0 and at most 1", |p| p > 0.0 && p <= 1.0)?;
        outside(&columns.target, &target, "a probability is between 0 and 1", |p| (0.0..=1.0).contains(&p))?;
        let model = match &columns.model {
            Some((logged, target)) => Some((known(dataset, logged)?, known(dataset, target)?)),
            None => None,
        };
        let clusters = columns.subject.as_deref().map(|name| groups(dataset, name)).transpose()?;
        let weights = target.iter().zip(&propensity).map(|(target, p)| target / p).collect();
        Ok(Rounds { weights, rewards, model, clusters })
    }

    /// The rounds as the estimators take them.
    pub fn logged(&self) -> Logged<'_> {
        Logged {
            weights: &self.weights,
            rewards: &self.rewards,
            model: self.model.as_ref().map(|(logged, target)| Predictions { logged, target }),
            clusters: self.clusters.as_deref(),
        }
    }
}

/// Which columns hold a trial; names as in the source or as identifiers.
#[derive(Clone, Debug, Default)]
pub struct TrialColumns {
    /// Whether the row was treated: 0/1, true/false, or any two values when `treated` names one.
    pub treatment: String,
    /// The value of the treatment column that means treated.
    pub treated: Option<String>,
    /// Outcome: 0/1 or an amount.
    pub outcome: String,
}

/// The arms and outcomes of a trial that were read.
#[derive(Clone, Debug, Default)]
pub struct Arms {
    treated: Vec<bool>,
    outcomes: Vec<f64>,
}

impl Arms {
    /// Reads the arms and outcomes of a table.
    ///
    /// # Errors
    /// Names the column that is not there, or the first row whose cell is missing or does not say which arm it is.
    pub fn read(dataset: &Dataset, columns: &TrialColumns) -> Result<Arms> {
        let treated = match &columns.treated {
            None => known(dataset, &columns.treatment)?
                .into_iter()
                .enumerate()
                .map(|(row, x)| match x {
                    0.0 => Ok(false),
                    1.0 => Ok(true),
                    _ => Err(Error::new(format!("is {x}; a treatment is 0 or 1"))
                        .in_column(&columns.treatment)
                        .at_row(dataset.row_number(row))
                        .hint("name the value that means treated")),
                })
                .collect::<Result<Vec<bool>>>()?,
            Some(value) => {
                let cells = cells_of(dataset, &columns.treatment)?;
                let is = |row: usize| cells.text(row).as_deref() == Some(value.as_str());
                if !(0..dataset.rows()).any(is) {
                    let message = format!("never holds `{value}`");
                    return Err(Error::new(message).in_column(&columns.treatment));
                }
                (0..dataset.rows()).map(is).collect()
            }
        };
        Ok(Arms { treated, outcomes: known(dataset, &columns.outcome)? })
    }

    /// The trial ranked by a score.
    pub fn trial<'a>(&'a self, scores: &'a [f64]) -> Trial<'a> {
        Trial { scores, treated: &self.treated, outcomes: &self.outcomes }
    }
}

/// The numbers of a column, none of them missing.
///
/// # Errors
/// Names the column that is not there or holds no numbers, or the first row that is missing.
pub fn known(dataset: &Dataset, name: &str) -> Result<Vec<f64>> {
    let cells = cells_of(dataset, name)?;
    let numbers = (!matches!(cells, Cells::Time(_))).then(|| cells.numbers()).flatten();
    let values = numbers.ok_or_else(|| Error::new("does not hold numbers, which are needed here").in_column(name))?;
    match values.iter().position(|x| x.is_nan()) {
        Some(at) => Err(Error::new("is missing, and every row needs a number")
            .in_column(name)
            .at_row(dataset.row_number(at))
            .hint("fill it, or leave the row out of the file")),
        None => Ok(values),
    }
}

/// The instants of a column (ms since 1970), none of them missing.
///
/// # Errors
/// Names the column that is not there or holds no times, or the first row that is missing.
pub fn instants(dataset: &Dataset, name: &str) -> Result<Vec<i64>> {
    let cells = cells_of(dataset, name)?;
    let wrong = || Error::new("does not hold dates or times").in_column(name).hint("--dates says how they are written");
    let values = cells.numbers().filter(|_| matches!(cells, Cells::Time(_))).ok_or_else(wrong)?;
    match values.iter().position(|t| t.is_nan()) {
        Some(at) => Err(Error::new("is missing, so nobody knows when").in_column(name).at_row(dataset.row_number(at))),
        None => Ok(values.into_iter().map(|t| t as i64).collect()),
    }
}

/// The values of a column by number, in order of first appearance, and their names; `None` where missing or one of `none`.
///
/// # Errors
/// Names the column that is not there.
pub fn labels(dataset: &Dataset, name: &str, none: &[String]) -> Result<(Vec<Option<u32>>, Vec<String>)> {
    let cells = cells_of(dataset, name)?;
    let mut names: Vec<String> = Vec::new();
    let mut seen: HashMap<String, u32> = HashMap::new();
    let label = |row: usize| {
        let text = cells.text(row).filter(|text| !none.contains(text))?;
        Some(*seen.entry(text).or_insert_with_key(|text| {
            names.push(text.clone());
            names.len() as u32 - 1
        }))
    };
    let rows = (0..dataset.rows()).map(label).collect();
    Ok((rows, names))
}

/// Whether each cell says yes: is one of `yes`, or, where none is given, is true or a number above 0. Missing says no.
///
/// # Errors
/// Names the column that is not there, never holds a value of `yes`, or holds text where no value was given.
pub fn flags(dataset: &Dataset, name: &str, yes: &[String]) -> Result<Vec<bool>> {
    let cells = cells_of(dataset, name)?;
    if yes.is_empty() {
        let numbers = cells.numbers().filter(|_| !matches!(cells, Cells::Time(_))).ok_or_else(|| {
            Error::new("holds neither numbers nor true and false").in_column(name).hint("name the values that mean yes")
        })?;
        return Ok(numbers.into_iter().map(|x| x > 0.0).collect());
    }
    let found: Vec<bool> = (0..dataset.rows()).map(|row| cells.text(row).is_some_and(|t| yes.contains(&t))).collect();
    match found.contains(&true) {
        true => Ok(found),
        false => Err(Error::new(format!("never holds {}", yes.join(" or "))).in_column(name)),
    }
}

/// Rows of one value get one number, from 0 in order of first appearance.
///
/// # Errors
/// Names the column that is not there, or the first row that is missing.
pub fn groups(dataset: &Dataset, name: &str) -> Result<Vec<u32>> {
    let cells = cells_of(dataset, name)?;
    let mut seen: HashMap<String, u32> = HashMap::new();
    (0..dataset.rows())
        .map(|row| {
            let Some(text) = cells.text(row) else {
                let error = Error::new("is missing, so the row belongs to nobody").in_column(name);
                return Err(error.at_row(dataset.row_number(row)));
            };
            let next = seen.len() as u32;
            Ok(*seen.entry(text.to_string()).or_insert(next))
        })
        .collect()
}

/// The cells of a column by identifier or by its name in the source.
pub(super) fn cells_of<'a>(dataset: &'a Dataset, name: &str) -> Result<&'a Cells> {
    let by_source = || dataset.columns().iter().find(|column| column.source == name).map(|column| column.name.as_str());
    let found = if dataset.column(name).is_some() { Some(name) } else { by_source() };
    found.and_then(|name| dataset.cells(name)).ok_or_else(|| {
        let names: Vec<&str> = dataset.columns().iter().map(|column| column.source.as_str()).collect();
        let error = Error::new(format!("there is no column `{name}` in `{}`", dataset.name()));
        error.hint(match attune_policy::suggest::nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the columns are {}", names.join(", ")),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Dataset {
        let numbers = |v: &[f64]| Cells::Number(v.to_vec());
        Dataset::from_columns(
            "log",
            vec![
                ("reward".into(), Cells::Integer(vec![1, 0, 1])),
                ("p score".into(), numbers(&[0.5, 0.25, 1.0])),
                ("pi".into(), numbers(&[0.5, 0.5, 0.0])),
                ("bad".into(), numbers(&[0.5, 0.0, f64::NAN])),
                ("who".into(), Cells::from_texts(vec![Some("b"), Some("a"), Some("b")])),
            ],
        )
        .unwrap()
    }

    fn columns() -> RoundColumns {
        RoundColumns {
            reward: "reward".into(),
            propensity: "p score".into(),
            target: "pi".into(),
            ..RoundColumns::default()
        }
    }

    #[test]
    fn rounds_are_read_by_either_name() {
        let dataset = table();
        let rounds = Rounds::read(&dataset, &RoundColumns { subject: Some("who".into()), ..columns() }).unwrap();
        let logged = rounds.logged();
        assert_eq!(logged.weights, [1.0, 2.0, 0.0]);
        assert_eq!(logged.rewards, [1.0, 0.0, 1.0]);
        assert_eq!(logged.clusters, Some(&[0, 1, 0][..]));
        assert!(Rounds::read(&dataset, &RoundColumns { propensity: "p_score".into(), ..columns() }).is_ok());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let dataset = table();
        let read = |columns: RoundColumns| Rounds::read(&dataset, &columns).unwrap_err().to_string();
        for (columns, words) in [
            (RoundColumns { propensity: "bad".into(), ..columns() }, vec!["bad", "row 3", "missing"]),
            (RoundColumns { propensity: "pi".into(), ..columns() }, vec!["pi", "row 3", "above 0"]),
            (RoundColumns { reward: "rewards".into(), ..columns() }, vec!["rewards", "did you mean `reward`"]),
            (RoundColumns { reward: "who".into(), ..columns() }, vec!["who", "does not hold numbers"]),
        ] {
            let found = read(columns);
            assert!(words.iter().all(|word| found.contains(word)), "{found}");
        }
        let arms = |treatment: &str, treated: Option<&str>| {
            let treated = treated.map(str::to_owned);
            Arms::read(&dataset, &TrialColumns { treatment: treatment.into(), treated, outcome: "pi".into() })
        };
        assert!(arms("p score", None).unwrap_err().to_string().contains("a treatment is 0 or 1"));
        assert!(arms("who", Some("c")).unwrap_err().to_string().contains("never holds `c`"));
        let found = arms("who", Some("b")).unwrap();
        assert_eq!(found.trial(&[0.0; 3]).treated, [true, false, true]);
    }
}
