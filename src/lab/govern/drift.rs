//! Drift: how far the values of a column have moved from a reference to the present.
//!
//! Several measures stand side by side because each has a definition of its own; the name says which. Missing values are no
//! part of any of them: their shares are told beside.

mod measures;

use crate::data::cells::{Cells, Dictionary};
use crate::data::{Column, Dataset};
use crate::error::{Error, Result};
use crate::task::Task;
use attune_policy::suggest::nearest;
use attune_policy::value::Type;
use measures::{Shares, Sorted};
use serde::{Deserialize, Serialize};

pub use measures::{chi_square_quantile, jensen_shannon, psi};

/// Definitions of the measures, each with its name.
pub const DEFINITIONS: [(&str, &str); 8] = [
    (
        "psi_q10",
        "Σ (c − r) ln(c / r) over bins cut at the tenths of the reference (linear between order statistics, equal edges once), \
         half-open [a, b), the outer ones open-ended; shares below 0.0001 are taken as 0.0001",
    ),
    ("psi_cat", "the same over categories"),
    (
        "psi_evidently",
        "the same sum as the package evidently takes it: bins of equal width over both samples, ⌈range / (range / (log2 n + 1))⌉ \
         of them (Sturges), categories where the reference has at most 20 values; only shares of 0 are replaced, by 0.0001, or by a \
         millionth of the least share where that is not above 0.0001",
    ),
    (
        "psi_critical",
        "95 % quantile of χ² with bins − 1 degrees of freedom times (1/N + 1/M): what the sum reaches by chance in 1 of 20 samples \
         without drift (Yurdakul)",
    ),
    ("band", "psi_q10 or psi_cat below 0.1: stable; below 0.25: moved; otherwise moved far"),
    (
        "ks, ks_p",
        "greatest distance of the empirical distribution functions, and its asymptotic p-value (Kolmogorov, Stephens' correction)",
    ),
    (
        "js_distance_base2",
        "square root of the Jensen–Shannon divergence with logarithms to base 2, over categories or the bins of psi_q10; 0 to 1",
    ),
    (
        "wasserstein, wasserstein_normed",
        "area between the empirical distribution functions, in the unit of the column; normed: divided by the reference's standard \
         deviation",
    ),
];

/// How far the columns of a table have moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DriftReport {
    /// Rows of the reference.
    pub reference_rows: u64,
    /// Rows of the present.
    pub current_rows: u64,
    /// Columns, in the order of the reference.
    pub columns: Vec<ColumnDrift>,
    /// Columns that were not compared, and why.
    pub skipped: Vec<(String, String)>,
}

/// How far a column has moved. Measures that do not apply to its kind are absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnDrift {
    /// Name in the source.
    #[serde(skip)]
    pub column: String,
    /// Population stability index over tenths of the reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub psi_q10: Option<f64>,
    /// Population stability index over categories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub psi_cat: Option<f64>,
    /// Bins or categories of the index.
    pub bins: usize,
    /// What the index reaches by chance in 1 of 20 samples without drift; absent with a single bin.
    pub psi_critical: Option<f64>,
    /// What the index says in words.
    pub band: Band,
    /// Population stability index as evidently defines it.
    pub psi_evidently: f64,
    /// Kolmogorov–Smirnov distance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ks: Option<f64>,
    /// Its p-value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ks_p: Option<f64>,
    /// Jensen–Shannon distance.
    pub js_distance_base2: f64,
    /// Wasserstein distance in the unit of the column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wasserstein: Option<f64>,
    /// The same in standard deviations of the reference; absent where that is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wasserstein_normed: Option<f64>,
    /// Share of missing values in the reference and now.
    pub missing: [f64; 2],
    /// The bins or categories, with their shares in the reference and now. Categories by falling reference share.
    pub shares: Vec<(String, f64, f64)>,
}

/// What a population stability index says, by the usual bounds 0.1 and 0.25.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Band {
    /// Below 0.1.
    Stable,
    /// From 0.1.
    Moved,
    /// From 0.25.
    MovedFar,
}

impl Band {
    /// The band of an index.
    pub fn of(psi: f64) -> Band {
        match psi {
            p if p < 0.1 => Band::Stable,
            p if p < 0.25 => Band::Moved,
            _ => Band::MovedFar,
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Band::Stable => "stable",
            Band::Moved => "moved",
            Band::MovedFar => "moved far",
        }
    }
}

impl ColumnDrift {
    /// The index that the band is of.
    pub fn psi(&self) -> f64 {
        self.psi_q10.or(self.psi_cat).unwrap_or(f64::NAN)
    }
}

/// A table cut in two at a share of its rows, in their order: what comes first is the reference.
///
/// # Errors
/// When either part has no row.
pub fn split(dataset: &Dataset, share: f64) -> Result<(Dataset, Dataset)> {
    let at = (dataset.rows() as f64 * share).floor().clamp(0.0, dataset.rows() as f64) as u32;
    let rows = dataset.rows() as u32;
    if at == 0 || at == rows {
        return Err(Error::new(format!("a split of {rows} rows at {share} leaves nothing on one side"))
            .hint("give a share between 0 and 1, such as 0.8"));
    }
    Ok((dataset.select(&(0..at).collect::<Vec<_>>()), dataset.select(&(at..rows).collect::<Vec<_>>())))
}

/// Measures how far `current` has moved from `reference`, column by column. `wanted` names columns (identifier or name in
/// the source); all are compared when it is empty.
///
/// # Errors
/// When a table has no rows, a wanted column is not there, or the task is cancelled.
pub fn drift(reference: &Dataset, current: &Dataset, wanted: &[String], task: &Task) -> Result<DriftReport> {
    task.stage("Measuring drift")?;
    for (table, what) in [(reference, "reference"), (current, "present")] {
        if table.rows() == 0 {
            return Err(Error::new(format!("the {what} has no rows, so there is nothing to compare")));
        }
    }
    let columns = reference.columns();
    for name in wanted {
        if !columns.iter().any(|c| is_named(c, name)) {
            let error = Error::new("there is no such column in the reference").in_column(name);
            return Err(match nearest(name, columns.iter().map(|c| c.source.as_str())) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error,
            });
        }
    }
    let mut report = DriftReport {
        reference_rows: reference.rows() as u64,
        current_rows: current.rows() as u64,
        columns: Vec::new(),
        skipped: Vec::new(),
    };
    let chosen: Vec<&Column> =
        columns.iter().filter(|c| wanted.is_empty() || wanted.iter().any(|name| is_named(c, name))).collect();
    for (i, column) in chosen.iter().enumerate() {
        task.tick(i as f32 / chosen.len() as f32)?;
        match compare(reference, current, column) {
            Ok(found) => report.columns.push(found),
            Err(why) => report.skipped.push((column.source.clone(), why)),
        }
    }
    for column in current.columns().iter().filter(|c| wanted.is_empty() && other(reference, c).is_none()) {
        report.skipped.push((column.source.clone(), "it is not in the reference".into()));
    }
    Ok(report)
}

fn is_named(column: &Column, name: &str) -> bool {
    column.name == name || column.source == name
}

fn other<'a>(dataset: &'a Dataset, column: &Column) -> Option<&'a Column> {
    dataset.columns().iter().find(|c| c.source == column.source)
}

/// One column, or why it cannot be compared.
fn compare(reference: &Dataset, current: &Dataset, column: &Column) -> std::result::Result<ColumnDrift, String> {
    let now = other(current, column).ok_or("it is not in the present")?;
    let cells = |dataset: &Dataset, name: &str| dataset.cells(name).cloned().ok_or("it cannot be read".to_owned());
    let (before, after) = (cells(reference, &column.name)?, cells(current, &now.name)?);
    let missing = [&before, &after]
        .map(|cells| (0..cells.len()).filter(|row| cells.is_missing(*row)).count() as f64 / cells.len().max(1) as f64);
    if missing.contains(&1.0) {
        return Err(format!(
            "all of its values are missing {}",
            if missing[0] == 1.0 { "in the reference" } else { "now" }
        ));
    }
    let is_number = |cells: &Cells| matches!(cells.type_(), Type::Integer | Type::Number);
    let is_time = |cells: &Cells| cells.type_() == Type::Time;
    match (is_time(&before) || is_time(&after), is_number(&before) && is_number(&after)) {
        (true, _) => Err("times move by themselves".into()),
        (_, true) => Ok(numbers(&column.source, &before, &after, missing)),
        (_, false) => Ok(categories(&column.source, &before.dictionary(), &after.dictionary(), missing)),
    }
}

fn numbers(column: &str, before: &Cells, after: &Cells, missing: [f64; 2]) -> ColumnDrift {
    let (before, after) = (Sorted::new(before), Sorted::new(after));
    let edges = before.tenths();
    let labels = before.bin_labels(&edges);
    let shares = Shares::of_bins(&before, &after, &edges);
    let psi_q10 = psi(&shares.reference, &shares.current);
    let evidently = if before.distinct() > 20 {
        Shares::of_equal_widths(&before, &after)
    } else {
        Shares::of_values(&before, &after)
    };
    let (ks, ks_p) = measures::kolmogorov_smirnov(&before, &after);
    let wasserstein = measures::wasserstein(&before, &after);
    let deviation = before.standard_deviation();
    ColumnDrift {
        column: column.to_owned(),
        psi_q10: Some(psi_q10),
        psi_cat: None,
        bins: labels.len(),
        psi_critical: critical(labels.len(), before.len(), after.len()),
        band: Band::of(psi_q10),
        psi_evidently: measures::psi_evidently(&evidently.reference, &evidently.current),
        ks: Some(ks),
        ks_p: Some(ks_p),
        js_distance_base2: jensen_shannon(&shares.reference, &shares.current),
        wasserstein: Some(wasserstein),
        wasserstein_normed: (deviation > 0.0).then(|| wasserstein / deviation),
        missing,
        shares: zip(labels, shares),
    }
}

fn categories(column: &str, before: &Dictionary, after: &Dictionary, missing: [f64; 2]) -> ColumnDrift {
    let (labels, shares, known) = Shares::of_categories(before, after);
    let psi_cat = psi(&shares.reference, &shares.current);
    ColumnDrift {
        column: column.to_owned(),
        psi_q10: None,
        psi_cat: Some(psi_cat),
        bins: labels.len(),
        psi_critical: critical(labels.len(), known[0], known[1]),
        band: Band::of(psi_cat),
        psi_evidently: measures::psi_evidently(&shares.reference, &shares.current),
        ks: None,
        ks_p: None,
        js_distance_base2: jensen_shannon(&shares.reference, &shares.current),
        wasserstein: None,
        wasserstein_normed: None,
        missing,
        shares: zip(labels, shares),
    }
}

fn zip(labels: Vec<String>, shares: Shares) -> Vec<(String, f64, f64)> {
    labels.into_iter().zip(shares.reference).zip(shares.current).map(|((label, r), c)| (label, r, c)).collect()
}

fn critical(bins: usize, n: usize, m: usize) -> Option<f64> {
    (bins > 1).then(|| chi_square_quantile(0.95, bins as f64 - 1.0) * (1.0 / n as f64 + 1.0 / m as f64))
}

#[cfg(test)]
#[path = "drift_tests.rs"]
mod tests;
