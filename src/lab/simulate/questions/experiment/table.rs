//! A finished test out of any table: which column says the arm, which the outcomes; one row per subject, or many added up.

use super::Test;
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::simulate::columns::{cells_of, known};
use std::collections::HashMap;

/// Which columns hold the test; names as in the source or as identifiers.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// Which arm a row is in.
    pub arm: String,
    /// Value of the arm column that is the control.
    pub control: String,
    /// Values that are treated arms; all others that occur when empty.
    pub treated: Vec<String>,
    /// Outcomes, the one that decides first.
    pub outcomes: Vec<String>,
    /// A number known before the test.
    pub before: Option<String>,
    /// Whose row it is, where a subject has several: outcomes are added up, what was known before is averaged.
    pub subject: Option<String>,
}

/// A test that was read.
#[derive(Clone, Debug, Default)]
pub struct Read {
    arms: Vec<String>,
    arm: Vec<u32>,
    outcomes: Vec<(String, Vec<f64>)>,
    before: Option<(String, Vec<f64>)>,
    /// Rows of arms that were not asked for, or of none.
    pub left_out: u64,
    /// Subjects seen in several arms; they are left out, and no lift is owed to them.
    pub in_several_arms: u64,
}

impl Read {
    /// Reads a test out of a table.
    ///
    /// # Errors
    /// Names the column that is not there or holds no numbers, the first row of the test whose cell is missing, and an arm that
    /// never occurs.
    pub fn new(dataset: &Dataset, columns: &Columns) -> Result<Read> {
        let cells = cells_of(dataset, &columns.arm)?;
        let mut positions: HashMap<String, u32> = HashMap::new();
        let mut arms = vec![columns.control.clone()];
        positions.insert(columns.control.clone(), 0);
        for name in &columns.treated {
            if positions.contains_key(name) {
                return Err(Error::new(format!("the arm `{name}` is named twice")).in_column(&columns.arm));
            }
            positions.insert(name.clone(), arms.len() as u32);
            arms.push(name.clone());
        }
        let mut rows: Vec<(usize, u32)> = Vec::new();
        for row in 0..dataset.rows() {
            let Some(text) = cells.text(row) else { continue };
            if let Some(arm) = positions.get(text.as_str()) {
                rows.push((row, *arm));
            } else if columns.treated.is_empty() {
                positions.insert(text.clone(), arms.len() as u32);
                rows.push((row, arms.len() as u32));
                arms.push(text);
            }
        }
        for (at, name) in arms.iter().enumerate() {
            if !rows.iter().any(|(_, arm)| *arm as usize == at) {
                let values = dataset_values(cells, dataset.rows());
                return Err(Error::new(format!("never holds `{name}`"))
                    .in_column(&columns.arm)
                    .hint(format!("its values are {}", values.join(", "))));
            }
        }
        if arms.len() > 100 {
            return Err(Error::new(format!("holds {} different values; a test has a few arms", arms.len()))
                .in_column(&columns.arm)
                .hint("name the treated arms, or choose another column"));
        }
        let chosen: Vec<u32> = rows.iter().map(|(row, _)| *row as u32).collect();
        let kept = dataset.select(&chosen);
        let mut read = Read {
            arms,
            arm: rows.iter().map(|(_, arm)| *arm).collect(),
            outcomes: columns
                .outcomes
                .iter()
                .map(|name| Ok((name.clone(), known(&kept, name)?)))
                .collect::<Result<_>>()?,
            before: columns
                .before
                .as_ref()
                .map(|name| Ok::<_, Error>((name.clone(), numbers(&kept, name)?)))
                .transpose()?,
            left_out: (dataset.rows() - rows.len()) as u64,
            in_several_arms: 0,
        };
        if let Some(name) = &columns.subject {
            read.add_up(&kept, name)?;
        }
        // Arms in a stable order whatever row comes first.
        read.sort_arms();
        Ok(read)
    }

    /// The test as it is read, with the shares of a design in the order of [`Read::arms`].
    pub fn test<'a>(&'a self, design: Option<&'a [f64]>) -> Test<'a> {
        Test {
            arms: &self.arms,
            arm: &self.arm,
            outcomes: &self.outcomes,
            before: self.before.as_ref().map(|(name, values)| (name.as_str(), values.as_slice())),
            design,
        }
    }

    /// Names of the arms, the control first.
    pub fn arms(&self) -> &[String] {
        &self.arms
    }

    fn sort_arms(&mut self) {
        let mut order: Vec<usize> = (1..self.arms.len()).collect();
        order.sort_by(|a, b| self.arms[*a].cmp(&self.arms[*b]));
        let mut new = vec![0u32; self.arms.len()];
        for (at, old) in order.iter().enumerate() {
            new[*old] = at as u32 + 1;
        }
        let control = self.arms[0].clone();
        self.arms = std::iter::once(control).chain(order.iter().map(|i| self.arms[*i].clone())).collect();
        for arm in &mut self.arm {
            *arm = new[*arm as usize];
        }
    }

    /// One entry per subject in place of one per row.
    fn add_up(&mut self, dataset: &Dataset, name: &str) -> Result<()> {
        let cells = cells_of(dataset, name)?;
        let mut of: HashMap<String, usize> = HashMap::new();
        let mut arm: Vec<Option<u32>> = Vec::new();
        let mut outcomes: Vec<Vec<f64>> = vec![Vec::new(); self.outcomes.len()];
        let mut before: Vec<(f64, f64)> = Vec::new();
        for row in 0..dataset.rows() {
            let subject = cells.text(row).ok_or_else(|| {
                Error::new("is missing, so the row belongs to nobody").in_column(name).at_row(dataset.row_number(row))
            })?;
            let at = *of.entry(subject).or_insert_with(|| {
                arm.push(Some(self.arm[row]));
                outcomes.iter_mut().for_each(|sums| sums.push(0.0));
                before.push((0.0, 0.0));
                arm.len() - 1
            });
            if arm[at] != Some(self.arm[row]) {
                arm[at] = None;
            }
            for (sums, (_, values)) in outcomes.iter_mut().zip(&self.outcomes) {
                sums[at] += values[row];
            }
            if let Some((_, values)) = &self.before
                && !values[row].is_nan()
            {
                before[at] = (before[at].0 + values[row], before[at].1 + 1.0);
            }
        }
        let kept: Vec<usize> = (0..arm.len()).filter(|at| arm[*at].is_some()).collect();
        self.in_several_arms = (arm.len() - kept.len()) as u64;
        self.arm = kept.iter().filter_map(|at| arm[*at]).collect();
        for ((_, values), sums) in self.outcomes.iter_mut().zip(&outcomes) {
            *values = kept.iter().map(|at| sums[*at]).collect();
        }
        if let Some((_, values)) = &mut self.before {
            *values = kept.iter().map(|at| before[*at].0 / before[*at].1).collect();
        }
        Ok(())
    }
}

/// A column's numbers, NaN where missing.
fn numbers(dataset: &Dataset, name: &str) -> Result<Vec<f64>> {
    cells_of(dataset, name)?
        .numbers()
        .ok_or_else(|| Error::new("does not hold numbers, which are needed here").in_column(name))
}

/// The first few different values of a column.
fn dataset_values(cells: &crate::data::cells::Cells, rows: usize) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for text in (0..rows).filter_map(|row| cells.text(row)) {
        if !values.contains(&text) {
            values.push(text);
        }
        if values.len() == 8 {
            break;
        }
    }
    values
}
