//! Asking a model "what if this column held that value": rows of a dataset whose column is replaced before it is encoded, so that
//! every input made from the column changes as it would in a real row.

use super::scoring::Scoring;
use crate::data::Dataset;
use crate::data::cells::{Cells, Dictionary};
use crate::error::{Error, Result};
use crate::features::{self, Matrix};
use crate::random::Random;
use attune_policy::model::Model;
use serde::{Deserialize, Serialize};

/// Most values of a column that are asked about.
pub const GRID: usize = 40;

/// Rows to ask about and the model that answers.
pub struct Probe<'a> {
    model: &'a Model,
    scoring: Scoring,
    dataset: &'a Dataset,
    rows: Vec<u32>,
    x: Matrix,
}

/// Values of a column to ask about, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// The values as cells of the column's type.
    pub cells: Cells,
    /// The same as people read them; a missing cell is `missing`.
    pub points: Vec<Point>,
}

/// One value of a column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// The value as text.
    pub label: String,
    /// The value as a number; `None` for texts, true/false and missing.
    pub number: Option<f64>,
    /// Share of the rows that have it; for numbers, that lie nearer to it than to its neighbours.
    pub share: f64,
}

impl<'a> Probe<'a> {
    /// A model and at most `most` of `rows` (positions), drawn by `seed`.
    ///
    /// # Errors
    /// When the model recommends items, there is no row, or a column that it reads is missing.
    pub fn new(model: &'a Model, dataset: &'a Dataset, rows: &[u32], most: usize, seed: u64) -> Result<Probe<'a>> {
        let rows = sample(rows, most, seed);
        if rows.is_empty() {
            return Err(Error::new(format!("there are no rows to ask model `{}` about", model.id)));
        }
        let scoring = Scoring::new(model)?;
        let x = features::matrix(dataset, &rows, &model.inputs)?;
        Ok(Probe { model, scoring, dataset, rows, x })
    }

    /// The rows asked about, as positions in the dataset.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// The cells of a column that the model reads.
    ///
    /// # Errors
    /// When the model does not read it.
    pub fn cells(&self, field: &str) -> Result<&'a Cells> {
        let read = self.model.inputs.iter().any(|input| input.field == field);
        self.dataset.cells(field).filter(|_| read).ok_or_else(|| {
            let names = self.model.inputs.iter().map(|input| input.field.as_str());
            let error = Error::new(format!("model `{}` does not read this column", self.model.id)).in_column(field);
            match attune_policy::suggest::nearest(field, names.clone()) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint(format!("it reads {}", distinct(names).join(", "))),
            }
        })
    }

    /// Scores of the asked rows as they are.
    ///
    /// # Errors
    /// As [`Scoring::scores`].
    pub fn scores(&self) -> Result<Vec<f64>> {
        self.scoring.scores(&self.x)
    }

    /// Scores of rows (places among those asked about) with columns replaced: of each column its name, the values to choose from,
    /// and which of them each row gets.
    ///
    /// # Errors
    /// When a column cannot be encoded.
    pub fn ask(&self, rows: &[u32], replaced: &[(&str, &Cells, &[u32])]) -> Result<Vec<f64>> {
        let mut values: Vec<f64> = rows.iter().flat_map(|&row| self.x.row(row as usize)).copied().collect();
        let width = self.x.inputs();
        for (field, cells, chosen) in replaced {
            let own: Vec<usize> = (0..width).filter(|&i| self.model.inputs[i].field == *field).collect();
            let inputs: Vec<_> = own.iter().map(|&i| self.model.inputs[i].clone()).collect();
            let table = Dataset::from_columns("values", vec![((*field).to_owned(), (*cells).clone())])?;
            let all: Vec<u32> = (0..cells.len() as u32).collect();
            let encoded = features::matrix(&table, &all, &inputs)?;
            for (line, &choice) in values.chunks_exact_mut(width.max(1)).zip(*chosen) {
                own.iter().zip(encoded.row(choice as usize)).for_each(|(&input, &x)| line[input] = x);
            }
        }
        let x = Matrix::new(rows.len(), width, values).unwrap_or_default();
        self.scoring.scores(&x)
    }

    /// Values of a column to ask about: of numbers at most `most` quantiles among the asked rows, of everything else the most
    /// frequent values in the order of their names; a missing value last, where there is one.
    ///
    /// # Errors
    /// As [`Probe::cells`]; when the column has no value in the asked rows.
    pub fn grid(&self, field: &str, most: usize) -> Result<Grid> {
        let cells = self.cells(field)?;
        let missing = self.rows.iter().find(|&&row| cells.is_missing(row as usize)).copied();
        let mut chosen = match cells {
            Cells::Integer(_) | Cells::Number(_) => quantiles(cells, &self.rows, most),
            _ => frequent(cells, &self.rows, most),
        };
        if chosen.is_empty() {
            return Err(Error::new("has no value in the rows asked about").in_column(field));
        }
        chosen.extend(missing);
        let cells = cells.select(&chosen);
        let mut grid = Grid { points: (0..cells.len()).map(|at| point(&cells, at)).collect(), cells };
        let own = self.cells(field)?;
        let mut counts = vec![0.0; grid.points.len()];
        for &row in &self.rows {
            if let Some(at) = grid.nearest(own, row as usize) {
                counts[at] += 1.0;
            }
        }
        let n = self.rows.len() as f64;
        grid.points.iter_mut().zip(counts).for_each(|(point, count)| point.share = count / n);
        Ok(grid)
    }
}

impl Grid {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The value of the grid that a cell has or, among numbers, lies nearest to; `None` when there is none.
    fn nearest(&self, cells: &Cells, row: usize) -> Option<usize> {
        if cells.is_missing(row) {
            return (0..self.len()).find(|&at| self.cells.is_missing(at));
        }
        match cells.value(row).as_f64().filter(|_| self.points[0].number.is_some()) {
            Some(x) => {
                let far = |at: &usize| self.points[*at].number.map_or(f64::INFINITY, |number| (number - x).abs());
                (0..self.len()).filter(|at| far(at).is_finite()).min_by(|a, b| far(a).total_cmp(&far(b)))
            }
            None => {
                let text = cells.text(row)?;
                self.points.iter().position(|point| point.label == text)
            }
        }
    }
}

/// At most `most` of `rows`, drawn by `seed`, in their order.
pub fn sample(rows: &[u32], most: usize, seed: u64) -> Vec<u32> {
    let mut rows = rows.to_vec();
    if rows.len() > most {
        let mut random = Random::new(seed);
        for i in 0..most {
            let other = i + random.below(rows.len() - i);
            rows.swap(i, other);
        }
        rows.truncate(most);
        rows.sort_unstable();
    }
    rows
}

fn point(cells: &Cells, at: usize) -> Point {
    let number = match cells {
        Cells::Integer(_) | Cells::Number(_) => cells.value(at).as_f64(),
        _ => None,
    };
    Point { label: cells.text(at).unwrap_or_else(|| "missing".to_owned()), number, share: 0.0 }
}

/// Rows that hold at most `most` quantiles of the known numbers, ascending, each number once.
fn quantiles(cells: &Cells, rows: &[u32], most: usize) -> Vec<u32> {
    let number = |row: u32| cells.value(row as usize).as_f64().unwrap_or(f64::NAN);
    let mut known: Vec<(f64, u32)> = rows.iter().map(|&row| (number(row), row)).filter(|(x, _)| !x.is_nan()).collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let Some(last) = known.len().checked_sub(1) else { return Vec::new() };
    let mut distinct = known.clone();
    distinct.dedup_by(|a, b| a.0 == b.0);
    if distinct.len() > most {
        distinct = (0..most).map(|i| known[(i * last) / (most - 1).max(1)]).collect();
        distinct.dedup_by(|a, b| a.0 == b.0);
    }
    distinct.into_iter().map(|(_, row)| row).collect()
}

/// Rows that hold the most frequent values, in the order of their texts.
fn frequent(cells: &Cells, rows: &[u32], most: usize) -> Vec<u32> {
    let Dictionary { codes, values } = cells.dictionary();
    let mut seen: Vec<(u32, u32, u32)> = (0..values.len() as u32).map(|code| (code, 0, 0)).collect();
    for &row in rows.iter().rev() {
        if let Some(entry) = codes.get(row as usize).and_then(|&code| seen.get_mut(code as usize)) {
            *entry = (entry.0, entry.1 + 1, row);
        }
    }
    seen.retain(|(_, count, _)| *count > 0);
    let text = |code: u32| values.get(code as usize).map_or("", |text| &**text);
    seen.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| text(a.0).cmp(text(b.0))));
    seen.truncate(most);
    seen.sort_by(|a, b| text(a.0).cmp(text(b.0)));
    seen.into_iter().map(|(_, _, row)| row).collect()
}

fn distinct<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for name in names {
        if !out.iter().any(|known| known == name) {
            out.push(format!("`{name}`"));
        }
    }
    out.dedup();
    out
}
