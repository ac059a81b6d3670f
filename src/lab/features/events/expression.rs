//! Expressions over the columns of an event: the language of rules, evaluated for all events at once.

use super::{Declared, EventTable, about};
use crate::data::cells::{Cells, Dictionary, Interner, render};
use crate::error::Result;
use attune_policy::columns::{Column, Columns, Table};
use attune_policy::decision::Candidate;
use attune_policy::language::columns::{BATCH, BatchEnv, ColumnRules, ColumnScratch};
use attune_policy::language::{self, Compiled, Context, Env, RuleSet, Use, Variable};
use attune_policy::recipe::Program;
use attune_policy::schema::{Field, Schema};
use attune_policy::value::Type;

/// What an expression is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// True or false.
    Truth,
    /// A number.
    Number,
    /// Any value, as text.
    Label,
}

/// An expression's value for every event.
#[derive(Clone, Debug)]
pub enum Values {
    /// `None` is unknown.
    Truth(Vec<Option<bool>>),
    /// NaN is unknown.
    Number(Vec<f64>),
    /// As codes.
    Label(Dictionary),
}

/// The values of an expression, and for how many events it failed, which are unknown.
///
/// # Errors
/// When it does not compile, gives another type, or reads more than the event.
pub fn evaluate(table: &EventTable<'_>, feature: &Declared, text: &str, kind: Kind) -> Result<(Values, u64)> {
    if let Some(values) = plain(table, text.trim(), kind) {
        return Ok((values, 0));
    }
    let (compiled, read) = compile(table, feature, text, kind)?;
    let dataset = table.dataset;
    let schema = Schema {
        fields: read.iter().map(|at| Field::new(&dataset.columns()[*at].name, dataset.columns()[*at].type_)).collect(),
    };
    let own = read.iter().filter_map(|at| dataset.cells(&dataset.columns()[*at].name)).map(column).collect();
    let columns = Columns::new(&schema, dataset.rows(), own).map_err(|e| about(feature, e))?;
    let rules = ColumnRules::new(&RuleSet::new(&[compiled]));
    let program = Program::default();
    let events = Table::new(&columns, &program);
    let mut scratch = ColumnScratch::default();
    let mut run = rules.start(&events, &EventAlone, &mut scratch);
    let mut failed = 0;
    let (mut truths, mut numbers, mut labels) = (Vec::new(), Vec::new(), Interner::default());
    for start in (0..dataset.rows()).step_by(BATCH) {
        run.batch(start);
        let rows = run.rows();
        let answer = run.eval(0, rows);
        failed += answer.fault.count() as u64;
        for row in 0..rows.count() {
            let known = answer.keep.get(row);
            match kind {
                Kind::Truth => truths.push(if known {
                    Some(true)
                } else if answer.unknown.get(row) || answer.fault.get(row) {
                    None
                } else {
                    Some(false)
                }),
                Kind::Number => numbers.push(if known { answer.numbers[row] } else { f64::NAN }),
                Kind::Label => labels.push(answer.get(row).and_then(|value| render(&value)).as_deref()),
            }
        }
    }
    let values = match kind {
        Kind::Truth => Values::Truth(truths),
        Kind::Number => Values::Number(numbers),
        Kind::Label => Values::Label(labels.finish()),
    };
    Ok((values, failed))
}

/// Whether an expression can be evaluated over a table, without doing it.
///
/// # Errors
/// As [`evaluate`].
pub fn check(table: &EventTable<'_>, feature: &Declared, text: &str, kind: Kind) -> Result<()> {
    match plain_fits(table, text.trim(), kind) {
        true => Ok(()),
        false => compile(table, feature, text, kind).map(|_| ()),
    }
}

/// Whether an expression is the name of a column that has what is asked for.
fn plain_fits(table: &EventTable<'_>, name: &str, kind: Kind) -> bool {
    table.dataset.column(name).is_some_and(|column| match kind {
        Kind::Truth => column.type_ == Type::Bool,
        Kind::Number => matches!(column.type_, Type::Number | Type::Integer),
        Kind::Label => true,
    })
}

/// The values of a column, when the expression is no more than its name.
fn plain(table: &EventTable<'_>, name: &str, kind: Kind) -> Option<Values> {
    if !plain_fits(table, name, kind) {
        return None;
    }
    let cells = table.dataset.cells(name)?;
    Some(match (kind, cells) {
        (Kind::Truth, Cells::Bool(truths)) => Values::Truth(truths.clone()),
        (Kind::Label, cells) => Values::Label(cells.dictionary()),
        (_, cells) => Values::Number(cells.numbers()?),
    })
}

/// The columns of a table that an expression names, by position, ascending; empty where it does not compile.
pub fn reads(table: &EventTable<'_>, text: &str) -> Vec<usize> {
    let all: Vec<usize> = (0..table.dataset.columns().len()).collect();
    let compiled = language::compile(text, Use::Input, &context(table, &all));
    compiled.map_or_else(|_| Vec::new(), |compiled| compiled.variables().to_vec())
}

/// The expression over the columns it reads, and their positions in the table.
fn compile(table: &EventTable<'_>, feature: &Declared, text: &str, kind: Kind) -> Result<(Compiled, Vec<usize>)> {
    let use_ = match kind {
        Kind::Truth => Use::Keep,
        Kind::Number => Use::Number,
        Kind::Label => Use::Input,
    };
    let compiled = |columns: &[usize]| {
        language::compile(text, use_, &context(table, columns)).map_err(|findings| {
            // The checker speaks of policies; here the names are columns.
            let plain = |message: &str| message.replace("is not a feature of this policy", "is not a column of it");
            let messages: Vec<String> = findings.iter().filter(|f| f.is_error()).map(|f| plain(&f.message)).collect();
            about(feature, format!("`{text}` over `{}`: {}", table.name, messages.join("; ")))
        })
    };
    let all: Vec<usize> = (0..table.dataset.columns().len()).collect();
    let read = compiled(&all)?.variables().to_vec();
    // Compiled again over what it reads alone: positions are then those of the columns that are handed over.
    let compiled = compiled(&read)?;
    let rules = ColumnRules::new(&RuleSet::new(std::slice::from_ref(&compiled)));
    if !rules.reads_columns_alone(0) {
        let why = match compiled.why_interpreted() {
            Some(what) => format!("it has {what}, and must be one expression"),
            None => "it may read the columns of an event alone: no clock, no history, no score".to_owned(),
        };
        return Err(about(feature, format!("`{text}` over `{}`: {why}", table.name)));
    }
    Ok((compiled, read))
}

fn context(table: &EventTable<'_>, columns: &[usize]) -> Context {
    let columns = columns.iter().filter_map(|at| table.dataset.columns().get(*at));
    let variable = |c: &crate::data::Column| Variable {
        name: c.name.clone(),
        source: c.source.clone(),
        type_: c.type_,
        categories: Vec::new(),
    };
    Context::of_variables(columns.map(variable).collect())
}

/// Cells as a column of the policy's.
fn column(cells: &Cells) -> Column<'_> {
    match cells {
        Cells::Bool(truths) => {
            let bits = |f: &dyn Fn(&Option<bool>) -> bool| -> Vec<u64> {
                truths
                    .chunks(64)
                    .map(|word| word.iter().enumerate().fold(0, |w, (i, b)| w | u64::from(f(b)) << i))
                    .collect()
            };
            Column::bools(bits(&|b| *b == Some(true))).known(bits(&|b| b.is_some()))
        }
        Cells::Integer(whole) => Column::integers(whole.as_slice()).known(known(whole)),
        Cells::Time(times) => Column::times(times.as_slice()).known(known(times)),
        Cells::Number(numbers) => Column::numbers(numbers.as_slice()),
        Cells::Text(dictionary) => Column::texts(dictionary.codes.as_slice(), dictionary.values.clone()),
    }
}

fn known(whole: &[i64]) -> Vec<u64> {
    whole
        .chunks(64)
        .map(|word| word.iter().enumerate().fold(0, |w, (i, x)| w | u64::from(*x != Cells::MISSING) << i))
        .collect()
}

/// An expression reads no more than the columns of its event.
struct EventAlone;

impl BatchEnv for EventAlone {
    fn row(&self, _: usize, _: Candidate, _: &mut dyn FnMut(&dyn Env)) {}
}

// Codes are handed over as they are: both take the greatest for a missing text.
const _: () = assert!(Dictionary::MISSING == attune_policy::columns::MISSING);
