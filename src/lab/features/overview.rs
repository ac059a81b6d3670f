//! The inputs that a model would get from the columns of a table, column by column: how each is encoded, what a missing value becomes,
//! why a column is left out, and which steps of the row recipe would help.
//!
//! It fits inputs as a training does, on the rows it is given, and trains nothing.

use super::inputs::{MAX_CATEGORIES, Style, fit, numbers};
use crate::data::cells::Cells;
use crate::data::{Dataset, Role, Roles};
use crate::error::Result;
use attune_policy::model::{Encode, Input};
use attune_policy::recipe::{DatePart, Op, Step};
use attune_policy::value::Type;
use serde::Serialize;

/// Values shown of a column.
const SHOWN: usize = 3;

/// Fewest different values of a number whose distribution is judged.
const LEAST_VALUES: usize = 20;

/// Skewness from which the logarithm of a number serves linear models better than the number.
const SKEWED: f64 = 3.0;

/// What a model would read of one column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Encoded {
    /// Name of the column, an identifier.
    pub column: String,
    /// Type of its values.
    #[serde(rename = "type")]
    pub type_: Type,
    /// Role of the column.
    pub role: Role,
    /// Whether a step of the row recipe or a feature over events makes it.
    pub made: bool,
    /// How linear models read it, in words; empty where no model reads it.
    pub encoding: String,
    /// Numeric inputs of linear models.
    pub inputs: u64,
    /// Numeric inputs of models of trees.
    pub inputs_of_trees: u64,
    /// Rows without a value.
    pub missing: u64,
    /// What a missing value becomes in linear models and in trees, in words; empty where none is missing.
    pub when_missing: String,
    /// Some of its values, in the order of the rows.
    pub values: Vec<String>,
    /// Why no model reads it; empty where one does.
    pub left_out: String,
}

/// A step that would help, or what else to do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Suggestion {
    /// The column that it is about.
    pub column: String,
    /// Why.
    pub why: String,
    /// The step; `None` where the help is something else, told in `why`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
    /// The same as an argument of the command line; empty without a step.
    pub argument: String,
}

/// The inputs of models and what would help them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Overview {
    /// Every column, in their order.
    pub columns: Vec<Encoded>,
    /// What would help.
    pub suggestions: Vec<Suggestion>,
    /// Rows that the inputs were fitted on: those that models learn from.
    pub rows: u64,
}

/// The overview of a dataset that the recipe `steps` were applied to, fitted on `rows` (positions). `made` tells which columns are made
/// by features over events.
///
/// # Errors
/// When a column cannot be read.
pub fn overview(
    dataset: &Dataset,
    roles: &Roles,
    steps: &[Step],
    made: &dyn Fn(&str) -> bool,
    rows: &[u32],
) -> Result<Overview> {
    let mut overview = Overview { rows: rows.len() as u64, ..Overview::default() };
    for column in dataset.columns() {
        let Some(cells) = dataset.cells(&column.name) else { continue };
        let role = roles.role(&column.name);
        let missing = (0..dataset.rows()).filter(|row| cells.is_missing(*row)).count() as u64;
        let mut about = Encoded {
            column: column.name.clone(),
            type_: column.type_,
            role,
            made: made(&column.name) || steps.iter().any(|step| step.output == column.name),
            encoding: String::new(),
            inputs: 0,
            inputs_of_trees: 0,
            missing,
            when_missing: String::new(),
            values: shown(cells),
            left_out: String::new(),
        };
        if !matches!(role, Role::Feature | Role::Context) {
            about.left_out = format!("its role is {}", role.label());
            overview.columns.push(about);
            continue;
        }
        let field = [column.name.as_str()];
        let linear = fit(dataset, rows, &field, Style::Standardised)?;
        let trees = fit(dataset, rows, &field, Style::Raw)?;
        match (linear.unusable.first(), linear.inputs.is_empty()) {
            (Some(unusable), _) => {
                let is_read = |step: &Step| step.input == column.name;
                let read: Vec<&str> =
                    steps.iter().filter(|step| is_read(step)).map(|step| step.output.as_str()).collect();
                about.left_out = match read.is_empty() {
                    true => unusable.why.clone(),
                    false => format!("read by the steps {}", read.join(", ")),
                };
            }
            (None, true) => about.left_out = "is the same in every row".to_owned(),
            (None, false) => {
                about.encoding = encoding(&linear.inputs, linear.notes.iter().any(|note| note.contains("are rare")));
                about.inputs = linear.inputs.len() as u64;
                about.inputs_of_trees = trees.inputs.len() as u64;
                about.when_missing = match (missing, column.type_) {
                    (0, _) => String::new(),
                    (_, Type::Text) => "none of the categories".to_owned(),
                    _ => "the mean and an input that tells; in trees its own way".to_owned(),
                };
            }
        }
        overview.suggestions.extend(suggestion(dataset, cells, &about, roles, steps, rows));
        overview.columns.push(about);
    }
    Ok(overview)
}

/// The first different values of a column.
fn shown(cells: &Cells) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for text in (0..cells.len().min(200)).filter_map(|row| cells.text(row)) {
        if values.len() == SHOWN {
            break;
        }
        if !values.contains(&text) {
            values.push(text);
        }
    }
    values
}

/// How linear models read a column.
fn encoding(inputs: &[Input], has_rare: bool) -> String {
    let short = |x: f64| {
        let text = format!("{x:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let categories: Vec<&str> = inputs
        .iter()
        .filter_map(|input| match &input.encode {
            Encode::OneHot { category, .. } => Some(category.as_str()),
            _ => None,
        })
        .collect();
    if !categories.is_empty() {
        let rare = if has_rare { ", the rare ones as one group" } else { "" };
        return match categories.len() {
            1 => format!("0/1 for {}", categories[0]),
            n => format!("0/1 for each of {n} categories{rare}"),
        };
    }
    match inputs.first().map(|input| &input.encode) {
        Some(Encode::Standard { center, scale, .. }) if *center == 0.0 && *scale == 1.0 => "0/1 as it is".to_owned(),
        Some(Encode::Standard { center, scale, .. }) => {
            let sign = if *center < 0.0 { '+' } else { '−' };
            format!("(x {sign} {}) / {}", short(center.abs()), short(*scale))
        }
        Some(Encode::Missing) => "whether it is missing".to_owned(),
        _ => "as it is".to_owned(),
    }
}

/// What would help with a column.
fn suggestion(
    dataset: &Dataset,
    cells: &Cells,
    about: &Encoded,
    roles: &Roles,
    steps: &[Step],
    rows: &[u32],
) -> Option<Suggestion> {
    let name = &about.column;
    if about.made || steps.iter().any(|step| step.input == *name) {
        return None;
    }
    let free = |output: &str| dataset.column(output).is_none();
    match cells {
        Cells::Time(_) => {
            let output = format!("{name}_days");
            let stands = roles.first(Role::Time).is_some() || roles.as_of.is_some();
            let (part, word, output, why) = match stands {
                true => (
                    DatePart::DaysSince,
                    "days_since",
                    output,
                    "models read no dates; the days from it to the instant of the row are a number, such as tenure",
                ),
                // Without an instant nothing can be counted to.
                false => (
                    DatePart::Month,
                    "month",
                    format!("{name}_month"),
                    "models read no dates; parts of it are numbers, and with an instant (--as-of) so are the days since then",
                ),
            };
            free(&output).then(|| Suggestion {
                column: name.clone(),
                why: why.to_owned(),
                step: Some(Step::new(&output, name, Op::DatePart { part, zone: None })),
                argument: format!("--step {word}:{name}"),
            })
        }
        Cells::Text(dictionary) if dictionary.values.len() > MAX_CATEGORIES && about.left_out.is_empty() => {
            Some(Suggestion {
                column: name.clone(),
                why: format!(
                    "has {} categories, too many for an input each; `attune train … --target-mean {name}` encodes it by its outcome",
                    dictionary.values.len()
                ),
                step: None,
                argument: String::new(),
            })
        }
        Cells::Integer(_) | Cells::Number(_) if about.left_out.is_empty() => {
            let mut values = numbers(cells, rows);
            values.retain(|x| !x.is_nan());
            let skewness = skewness(&values)?;
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            let output = format!("{name}_log");
            (least >= 0.0 && skewness > SKEWED && free(&output) && distinct(&values) >= LEAST_VALUES).then(|| {
                Suggestion {
                    column: name.clone(),
                    why: format!("a few values are far larger than the others (skewness {skewness:.1}); linear models follow its logarithm better"),
                    step: Some(Step::new(&output, name, Op::Log1p)),
                    argument: format!("--step log1p:{name}"),
                }
            })
        }
        _ => None,
    }
}

/// Third standardised moment; `None` where the values do not vary.
fn skewness(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let moment = |power: i32| values.iter().map(|x| (x - mean).powi(power)).sum::<f64>() / n;
    let skewness = moment(3) / moment(2).powf(1.5);
    skewness.is_finite().then_some(skewness)
}

fn distinct(values: &[f64]) -> usize {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.dedup();
    sorted.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table of one column of each kind.
    fn table() -> (Dataset, Roles) {
        let rows = 400;
        let of = |f: &dyn Fn(usize) -> f64| Cells::Number((0..rows).map(f).collect());
        let plan: Vec<Option<&str>> = (0..rows).map(|row| Some(["basic", "plus", "gold"][row % 3])).collect();
        let street: Vec<String> =
            (0..rows).map(|row| format!("street {}", if row % 8 == 0 { 100 + row } else { row % 20 })).collect();
        let columns = vec![
            ("age".into(), of(&|row| if row % 10 == 0 { f64::NAN } else { 20.0 + (row % 50) as f64 })),
            ("spend".into(), of(&|row| if row % 100 == 0 { 1e5 + row as f64 } else { (row % 40) as f64 })),
            ("plan".into(), Cells::from_texts(plan)),
            ("street".into(), Cells::from_texts(street.iter().map(|s| Some(s.as_str())))),
            ("joined".into(), Cells::Time((0..rows as i64).map(|row| row * 86_400_000).collect())),
            ("same".into(), of(&|_| 1.0)),
            ("bought".into(), of(&|row| (row % 2) as f64)),
        ];
        let dataset = Dataset::from_columns("people", columns).unwrap();
        let mut roles = Roles { as_of: Some(400 * 86_400_000), ..Roles::default() };
        for column in dataset.columns() {
            roles.columns.insert(column.name.clone(), Role::Feature);
        }
        roles.columns.insert("bought".into(), Role::Outcome);
        (dataset, roles)
    }

    #[test]
    fn every_column_is_told_of_and_steps_are_suggested() {
        let (dataset, roles) = table();
        let rows: Vec<u32> = (0..400).collect();
        let found = overview(&dataset, &roles, &[], &|_| false, &rows).unwrap();
        let of = |name: &str| found.columns.iter().find(|column| column.column == name).unwrap();
        assert!(of("age").encoding.starts_with("(x − ") && of("age").inputs == 2, "{:?}", of("age"));
        assert!((of("age").missing, of("age").inputs_of_trees) == (40, 1) && !of("age").when_missing.is_empty());
        assert_eq!((of("plan").encoding.as_str(), of("plan").inputs), ("0/1 for each of 3 categories", 3));
        assert_eq!(of("plan").values, ["basic", "plus", "gold"]);
        for (name, why) in
            [("joined", "is a time"), ("same", "is the same in every row"), ("bought", "its role is outcome")]
        {
            assert!(of(name).left_out.contains(why) && of(name).inputs == 0, "{:?}", of(name));
        }
        let told: Vec<(&str, &str)> =
            found.suggestions.iter().map(|s| (s.column.as_str(), s.argument.as_str())).collect();
        assert_eq!(
            told,
            [("spend", "--step log1p:spend"), ("street", ""), ("joined", "--step days_since:joined")],
            "{found:?}"
        );
        // What is taken up is not suggested again, and tells who reads the column.
        let steps: Vec<Step> = found.suggestions.iter().filter_map(|s| s.step.clone()).collect();
        let (with, roles) = crate::features::recipe::apply(&dataset, &roles, &steps).unwrap();
        let found = overview(&with, &roles, &steps, &|_| false, &rows).unwrap();
        let of = |name: &str| found.columns.iter().find(|column| column.column == name).unwrap();
        assert!(of("joined_days").made && of("joined_days").inputs == 1, "{:?}", of("joined_days"));
        assert_eq!(of("joined").left_out, "read by the steps joined_days");
        assert_eq!(found.suggestions.iter().map(|s| s.column.as_str()).collect::<Vec<_>>(), ["street"]);
    }
}
