//! Which numeric inputs a model gets from which fields: fitted from the rows it will learn from, and from no others.

use crate::data::Dataset;
use crate::data::cells::{Cells, Dictionary};
use crate::error::{Error, Result};
use attune_policy::model::{Encode, Input};
use attune_policy::value::Type;

/// Most categories of one text field that become inputs; rarer ones are grouped away.
pub const MAX_CATEGORIES: usize = 40;

/// Fewest rows a category needs to become an input, in data of 200 rows or more; 2 in smaller data.
pub const MIN_CATEGORY_ROWS: usize = 10;

/// How numbers are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Numbers with mean 0 and standard deviation 1, missing at the mean with an indicator beside it; what is 0 or 1 (truth
    /// values, an input for each category of a text) as it is: for linear models with a penalty, and for neighbours.
    ///
    /// A rare category divided by its standard deviation would be an input of 20 where it occurs, whose coefficient the penalty
    /// hardly holds: where the category becomes frequent later, such a model errs widely.
    Standardised,
    /// As `Standardised`, and what is 0 or 1 with mean 0 and standard deviation 1 too.
    Scaled,
    /// As they are, missing as NaN, an input of 0 and 1 for each category of a text: for trees.
    Raw,
    /// As they are, missing as NaN, one input of codes for each text: for tables of one input each.
    Tabular,
}

/// Inputs fitted from rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fit {
    /// The inputs, field by field.
    pub inputs: Vec<Input>,
    /// What was left out, in words.
    pub notes: Vec<String>,
    /// Fields that no input can be made from.
    pub unusable: Vec<Unusable>,
}

/// A field that no input can be made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// The column.
    pub field: String,
    /// Why.
    pub why: String,
    /// What to do about it.
    pub hint: String,
}

impl Unusable {
    /// The same as an error that names the column.
    pub fn error(&self) -> Error {
        Error::new(&self.why).in_column(&self.field).hint(&self.hint)
    }
}

/// Fits the inputs for `fields` from `rows` of a dataset.
///
/// # Errors
/// When a field is not a column of the dataset.
pub fn fit<S: AsRef<str>>(dataset: &Dataset, rows: &[u32], fields: &[S], style: Style) -> Result<Fit> {
    let mut fit = Fit::default();
    for field in fields {
        let field = field.as_ref();
        let cells = dataset.cells(field).ok_or_else(|| {
            Error::new(format!("there is no such column in `{}`", dataset.name()))
                .in_column(field)
                .hint("choose the model's features again")
        })?;
        let known = rows.iter().filter(|&&row| !cells.is_missing(row as usize)).count();
        if known == 0 {
            fit.refuse(
                field,
                format!("has no value in any of the {} rows", rows.len()),
                "leave it out of the features",
            );
            continue;
        }
        match cells.type_() {
            Type::Bool | Type::Integer | Type::Number => fit.number(field, cells, rows, known, style),
            Type::Text => {
                if let Cells::Text(dictionary) = cells {
                    fit.text(field, dictionary, rows, known, style);
                }
            }
            Type::Time => fit.refuse(
                field,
                "is a time, which models cannot learn from".to_owned(),
                "leave it out, or give a column of days since then",
            ),
        }
    }
    Ok(fit)
}

impl Fit {
    fn refuse(&mut self, field: &str, why: String, hint: &str) {
        self.unusable.push(Unusable { field: field.to_owned(), why, hint: hint.to_owned() });
    }

    fn push(&mut self, field: &str, encode: Encode) {
        self.inputs.push(Input { field: field.to_owned(), encode });
    }

    fn number(&mut self, field: &str, cells: &Cells, rows: &[u32], known: usize, style: Style) {
        let values = numbers(cells, rows);
        let present = || values.iter().copied().filter(|x| !x.is_nan());
        let n = known as f64;
        let center = present().sum::<f64>() / n;
        let scale = (present().map(|x| (x - center) * (x - center)).sum::<f64>() / n).sqrt();
        let gaps = known < rows.len();
        let varies = scale.is_finite() && scale > 1e-12 * center.abs();
        let indicates = present().all(|x| x == 0.0 || x == 1.0);
        if !varies && !gaps {
            self.notes.push(format!("`{field}` is the same in every row and was left out"));
        } else if !matches!(style, Style::Standardised | Style::Scaled) {
            self.push(field, Encode::Number);
        } else {
            if varies && indicates && style == Style::Standardised {
                self.push(field, Encode::Standard { missing: center, center: 0.0, scale: 1.0 });
            } else if varies {
                self.push(field, Encode::Standard { missing: center, center, scale });
            }
            if gaps {
                self.push(field, Encode::Missing);
            }
        }
    }

    fn text(&mut self, field: &str, dictionary: &Dictionary, rows: &[u32], known: usize, style: Style) {
        let mut counts = vec![0_usize; dictionary.values.len()];
        for &row in rows {
            if let Some(count) = dictionary.codes.get(row as usize).and_then(|&code| counts.get_mut(code as usize)) {
                *count += 1;
            }
        }
        let enough = if rows.len() >= 200 { MIN_CATEGORY_ROWS } else { 2 };
        let mut seen: Vec<(&str, usize)> =
            dictionary.values.iter().map(|text| &**text).zip(counts).filter(|(_, count)| *count > 0).collect();
        let distinct = seen.len();
        if distinct == 1 && known == rows.len() {
            self.notes.push(format!("`{field}` is the same in every row and was left out"));
            return;
        }
        seen.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        seen.retain(|(_, count)| *count >= enough);
        seen.truncate(MAX_CATEGORIES);
        if seen.is_empty() {
            self.refuse(
                field,
                format!("has {distinct} different texts, none of them in {enough} rows or more"),
                "leave it out of the features: it looks like a name or a number of each row",
            );
            return;
        }
        if seen.len() < distinct {
            self.notes.push(format!(
                "`{field}`: {} of its {distinct} categories are rare (beyond the {MAX_CATEGORIES} most frequent, or in fewer \
                 than {enough} rows) and count as one group",
                distinct - seen.len()
            ));
        }
        seen.sort_unstable();
        if style == Style::Tabular {
            let categories = seen.into_iter().map(|(category, _)| category.to_owned()).collect();
            self.push(field, Encode::Category { categories });
            return;
        }
        // Of two categories that fill every row, one says it all.
        if seen.len() == 2 && distinct == 2 && known == rows.len() {
            seen.remove(0);
        }
        for (category, count) in seen {
            let share = count as f64 / rows.len() as f64;
            let (center, scale) = match style {
                Style::Raw | Style::Tabular | Style::Standardised => (0.0, 1.0),
                Style::Scaled => (share, (share * (1.0 - share)).sqrt()),
            };
            if scale > 0.0 {
                self.push(field, Encode::OneHot { category: category.to_owned(), center, scale });
            }
        }
    }
}

/// Cells of some rows as numbers, NaN where missing or not a number.
pub(super) fn numbers(cells: &Cells, rows: &[u32]) -> Vec<f64> {
    let whole = |v: &[i64], row: usize| match v.get(row) {
        Some(&x) if x != Cells::MISSING => x as f64,
        _ => f64::NAN,
    };
    let number = |row: usize| match cells {
        Cells::Bool(v) => v.get(row).copied().flatten().map_or(f64::NAN, |b| f64::from(u8::from(b))),
        Cells::Integer(v) => whole(v, row),
        Cells::Number(v) => v.get(row).copied().unwrap_or(f64::NAN),
        Cells::Text(_) | Cells::Time(_) => f64::NAN,
    };
    rows.iter().map(|&row| number(row as usize)).collect()
}

#[cfg(test)]
#[path = "inputs_tests.rs"]
mod tests;
