//! A decision table ready to be asked: inputs compiled, cells read, types checked.
//!
//! A row matches when every cell of it holds, by Kleene's logic: a cell on a missing value is unknown, `-` always holds. In a column that
//! says `unknown` anywhere, missing is a value like any other: `unknown` holds for it, and everything else but `-` does not.
//!
//! The answer is unknown exactly when rows of which it is unknown whether they match could change it. No row: the output of
//! [`super::Table::otherwise`]; of `Count` 0 where there is none.

use super::cell::Cell;
use super::{HitPolicy, Table};
use crate::diagnostic::{Diagnostic, Part, Severity};
use crate::language::{self, Compiled, Context, Env, Use};
use crate::trace::TableTrace;
use crate::value::{Type, Value};
use std::cmp::Ordering;
use std::sync::Arc;

/// A compiled table.
#[derive(Clone, Debug)]
pub struct CompiledTable {
    pub id: Arc<str>,
    pub inputs: Vec<Input>,
    pub rows: Vec<Row>,
    pub hit: HitPolicy,
    pub otherwise: Value,
    reads_candidate: bool,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Input {
    pub compiled: Compiled,
    /// Whether the column tells missing values from others.
    pub missing_is_value: bool,
}

/// A row.
#[derive(Clone, Debug)]
pub struct Row {
    /// One per column.
    pub cells: Vec<Cell>,
    pub output: Value,
}

/// Tables with more columns than this keep their values on the heap.
const INLINE: usize = 8;

impl CompiledTable {
    /// Compiles the table at a position among those of the document; an input may read the tables before it. Every finding at
    /// once; there is no compiled table when one of them is an error.
    pub fn compile(table: &Table, position: usize, context: &Context) -> (Option<CompiledTable>, Vec<Diagnostic>) {
        let mut findings = Vec::new();
        let mut say = |severity: Severity, message: String| {
            findings.push(Diagnostic { severity, part: Part::Table(table.id.clone()), position: None, message });
        };
        let mut warnings: Vec<String> = Vec::new();
        let mut error = |message: String| say(Severity::Error, message);
        if table.inputs.is_empty() {
            error("it has no input; give it at least one expression to test".to_owned());
        }
        if table.rows.is_empty() {
            error("it has no row; add one".to_owned());
        }
        let mut inputs: Vec<Option<Input>> = Vec::new();
        for (column, text) in (1..).zip(&table.inputs) {
            inputs.push(match language::compile(text, Use::Input, context) {
                Ok(compiled) if compiled.tables().iter().any(|table| *table >= position) => {
                    error(format!("column {column} (`{text}`) reads this table or one after it; put that one first"));
                    None
                }
                Ok(compiled) => {
                    let said = compiled.warnings().iter();
                    warnings.extend(said.map(|warning| format!("column {column} (`{text}`): {}", warning.message)));
                    Some(Input { compiled, missing_is_value: false })
                }
                Err(found) => {
                    for finding in found.iter().filter(|finding| finding.is_error()) {
                        error(format!("column {column} (`{text}`): {}", finding.message));
                    }
                    None
                }
            });
        }
        let numeric = matches!(table.hit, HitPolicy::Priority | HitPolicy::Sum | HitPolicy::Min | HitPolicy::Max);
        if numeric && !matches!(table.output, Type::Integer | Type::Number) {
            error(format!("`{:?}` needs numbers as outputs, they are declared a {}", table.hit, table.output));
        }
        if table.hit == HitPolicy::Count && table.output != Type::Integer {
            error(format!("`Count` gives a whole number, its output is declared a {}", table.output));
        }
        let mut rows = Vec::new();
        for (number, row) in (1..).zip(&table.rows) {
            if row.tests.len() != table.inputs.len() {
                let (have, want) = (row.tests.len(), table.inputs.len());
                error(format!("row {number} has {have} tests for {want} columns; write `-` where anything will do"));
            }
            let mut cells = Vec::new();
            for ((column, text), input) in (1..).zip(&row.tests).zip(&inputs) {
                let type_ = input.as_ref().and_then(|input| type_of(&input.compiled));
                match Cell::parse(text, type_) {
                    Ok(cell) => cells.push(cell),
                    Err(message) => {
                        let input = table.inputs.get(column - 1).map_or("", String::as_str);
                        error(format!("row {number}, column {column} (`{input}`): {message}"));
                    }
                }
            }
            if table.hit != HitPolicy::Count {
                if numeric && !row.output.is_known() {
                    error(format!("row {number} has no output; `{:?}` needs a number", table.hit));
                } else if fitted(&row.output, table.output).is_none() {
                    error(format!("row {number}: the output {} is not a {}", row.output, table.output));
                }
            }
            rows.push(Row { cells, output: fitted(&row.output, table.output).unwrap_or_default() });
        }
        if fitted(&table.otherwise, table.output).is_none() {
            error(format!("what it gives otherwise, {}, is not a {}", table.otherwise, table.output));
        }
        warnings.into_iter().for_each(|warning| say(Severity::Warning, warning));
        if findings.iter().any(|finding| finding.severity == Severity::Error) {
            return (None, findings);
        }
        let mut inputs: Vec<Input> = inputs.into_iter().flatten().collect();
        for (column, input) in inputs.iter_mut().enumerate() {
            input.missing_is_value = rows.iter().any(|row| row.cells.get(column).is_some_and(Cell::asks_for_missing));
        }
        let compiled = CompiledTable {
            id: table.id.as_str().into(),
            reads_candidate: inputs.iter().any(|input| input.compiled.reads_candidate()),
            inputs,
            rows,
            hit: table.hit,
            otherwise: fitted(&table.otherwise, table.output).unwrap_or_default(),
        };
        (Some(compiled), findings)
    }

    /// Whether its answer can differ between the candidates of a request.
    pub fn reads_candidate(&self) -> bool {
        self.reads_candidate
    }

    /// Says that it does: a score or a table that it reads depends on the candidate.
    pub fn read_candidate(&mut self) {
        self.reads_candidate = true;
    }

    /// The answer: of the declared type, or unknown.
    ///
    /// # Errors
    /// In words: an input that failed, rows that break `Unique` or `Any`, a sum that is too large.
    pub fn eval(&self, env: &dyn Env) -> Result<Value, String> {
        self.run(env, &mut |_| {})
    }

    /// The same answer, and how it came about.
    pub fn trace(&self, env: &dyn Env) -> TableTrace {
        let mut rows = Vec::new();
        let result = self.run(env, &mut |row| rows.push(row));
        let inputs = self
            .inputs
            .iter()
            .map(|input| (input.compiled.text().to_owned(), input.compiled.eval(env).unwrap_or_default()));
        let (output, error) = match result {
            Ok(output) => (output, None),
            Err(message) => (Value::Unknown, Some(message)),
        };
        TableTrace { table: self.id.to_string(), inputs: inputs.collect(), rows, output, error }
    }

    fn run(&self, env: &dyn Env, matched: &mut dyn FnMut(u32)) -> Result<Value, String> {
        if self.inputs.len() <= INLINE {
            self.run_in(env, &mut <[Value; INLINE]>::default(), matched)
        } else {
            self.run_in(env, &mut vec![Value::Unknown; self.inputs.len()], matched)
        }
    }

    fn run_in(&self, env: &dyn Env, values: &mut [Value], matched: &mut dyn FnMut(u32)) -> Result<Value, String> {
        let failed = |what: String| format!("table `{}`: {what}", self.id);
        for (input, value) in self.inputs.iter().zip(values.iter_mut()) {
            let text = || input.compiled.text().trim();
            *value = input.compiled.eval(env).map_err(|message| failed(format!("`{}`: {message}", text())))?;
        }
        let values = values.get(..self.inputs.len()).unwrap_or(values);
        self.answer(values, matched).map_err(failed)
    }

    /// The answer for the values of the columns.
    pub fn answer(&self, values: &[Value], matched: &mut dyn FnMut(u32)) -> Result<Value, String> {
        self.resolve(self.rows.iter().map(|row| self.matches(row, values)), matched)
    }

    /// The answer for what each row says of whether it matches.
    pub fn resolve(
        &self,
        rows: impl Iterator<Item = Result<Option<bool>, String>>,
        matched: &mut dyn FnMut(u32),
    ) -> Result<Value, String> {
        let mut hits = Hits::default();
        for ((number, row), holds) in (1u32..).zip(&self.rows).zip(rows) {
            match holds.map_err(|message| format!("row {number}: {message}"))? {
                None => hits.maybe(self.hit, &row.output),
                Some(false) => {}
                Some(true) => {
                    matched(number);
                    if hits.sure(self.hit, number, &row.output)? {
                        break;
                    }
                }
            }
        }
        hits.answer(self.hit, &self.otherwise)
    }

    /// Whether a row matches; `None` is unknown.
    pub fn matches(&self, row: &Row, values: &[Value]) -> Result<Option<bool>, String> {
        let mut all = Some(true);
        for ((cell, input), value) in row.cells.iter().zip(&self.inputs).zip(values) {
            match cell.holds(value, input.missing_is_value)? {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => all = None,
            }
        }
        Ok(all)
    }
}

/// The type of an input, where it is known before anything is evaluated.
fn type_of(input: &Compiled) -> Option<Type> {
    use crate::language::graph::Ty;
    let (graph, root) = input.graph()?;
    match graph.info(root).ty {
        Ty::Bool => Some(Type::Bool),
        Ty::Integer => Some(Type::Integer),
        Ty::Number | Ty::Numeric => Some(Type::Number),
        Ty::Text => Some(Type::Text),
        Ty::Time => Some(Type::Time),
        Ty::Nothing | Ty::Any => None,
    }
}

/// An output as a value of the declared type; unknown fits every type.
fn fitted(output: &Value, type_: Type) -> Option<Value> {
    match (output, type_) {
        (Value::Unknown, _) => Some(Value::Unknown),
        (Value::Integer(i), Type::Number) => Some(Value::Number(*i as f64)),
        (Value::Number(x), _) if !x.is_finite() => None,
        (value, type_) => (value.type_of() == Some(type_)).then(|| value.clone()),
    }
}

/// What the rows looked at so far say.
#[derive(Default)]
struct Hits<'t> {
    /// Rows that match, and the first of them.
    count: u32,
    first: u32,
    /// What those that match give together.
    value: Option<&'t Value>,
    whole: i128,
    sum: f64,
    /// Rows that may match.
    maybe: u32,
    /// The output of a row that may match, and whether they all have it.
    maybe_value: Option<&'t Value>,
    maybe_agree: bool,
    /// Least and largest output of those that may match; whether any of them is not 0.
    maybe_least: Option<&'t Value>,
    maybe_most: Option<&'t Value>,
    maybe_adds: bool,
}

impl<'t> Hits<'t> {
    /// A row that may match.
    fn maybe(&mut self, hit: HitPolicy, output: &'t Value) {
        self.maybe_agree = self.maybe_value.is_none_or(|value| self.maybe_agree && value == output);
        self.maybe += 1;
        self.maybe_value = Some(output);
        if hit != HitPolicy::Count {
            self.maybe_adds |= output.as_f64() != Some(0.0);
            if self.maybe_least.is_none_or(|least| order(output, least) == Ordering::Less) {
                self.maybe_least = Some(output);
            }
            if self.maybe_most.is_none_or(|most| order(output, most) == Ordering::Greater) {
                self.maybe_most = Some(output);
            }
        }
    }

    /// A row that matches; true when the rest cannot change the answer.
    fn sure(&mut self, hit: HitPolicy, row: u32, output: &'t Value) -> Result<bool, String> {
        self.count += 1;
        let Some(value) = self.value else {
            (self.first, self.value) = (row, Some(output));
            self.add(output);
            return Ok(hit == HitPolicy::First);
        };
        match hit {
            HitPolicy::Unique => {
                return Err(format!("rows {} and {row} both match, and it allows one", self.first));
            }
            HitPolicy::Any if value != output => {
                return Err(format!("rows {} and {row} both match and give {value} and {output}", self.first));
            }
            HitPolicy::Priority | HitPolicy::Max if order(output, value) == Ordering::Greater => {
                self.value = Some(output);
            }
            HitPolicy::Min if order(output, value) == Ordering::Less => self.value = Some(output),
            HitPolicy::Sum => self.add(output),
            _ => {}
        }
        Ok(false)
    }

    fn add(&mut self, output: &Value) {
        match output {
            Value::Integer(i) => self.whole += i128::from(*i),
            Value::Number(x) => self.sum += x,
            _ => {}
        }
    }

    fn answer(&self, hit: HitPolicy, otherwise: &Value) -> Result<Value, String> {
        // What is given when none of those that may match does.
        let without = match (self.value, hit) {
            (None, HitPolicy::Count) if !otherwise.is_known() => Value::Integer(0),
            (None, _) => otherwise.clone(),
            (Some(Value::Integer(_)), HitPolicy::Sum) => {
                let whole = i64::try_from(self.whole);
                Value::Integer(whole.map_err(|_| format!("the sum {} is too large for a whole number", self.whole))?)
            }
            (Some(_), HitPolicy::Sum) if self.sum.is_finite() => Value::Number(self.sum),
            (Some(_), HitPolicy::Sum) => return Err("the sum is too large for a number".to_owned()),
            (Some(_), HitPolicy::Count) => Value::Integer(i64::from(self.count)),
            (Some(value), _) => value.clone(),
        };
        if self.maybe == 0 {
            return Ok(without);
        }
        let all = |value: Option<&Value>| self.maybe_agree && value == Some(&without);
        let certain = match hit {
            // Of two that match there is no answer.
            HitPolicy::Unique => self.count == 0 && self.maybe == 1 && all(self.maybe_value),
            HitPolicy::First | HitPolicy::Any => all(self.maybe_value),
            HitPolicy::Priority | HitPolicy::Max => match self.value {
                Some(value) => self.maybe_most.is_none_or(|most| order(most, value) != Ordering::Greater),
                None => all(self.maybe_value),
            },
            HitPolicy::Min => match self.value {
                Some(value) => self.maybe_least.is_none_or(|least| order(least, value) != Ordering::Less),
                None => all(self.maybe_value),
            },
            HitPolicy::Sum => match self.value {
                Some(_) => !self.maybe_adds,
                None => !self.maybe_adds && without.as_f64() == Some(0.0) || self.maybe == 1 && all(self.maybe_value),
            },
            HitPolicy::Count => self.value.is_none() && self.maybe == 1 && without == Value::Integer(1),
        };
        Ok(if certain { without } else { Value::Unknown })
    }
}

/// The order of two outputs of one numeric type.
fn order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Integer(a), Value::Integer(b)) => a.cmp(b),
        _ => a.as_f64().zip(b.as_f64()).and_then(|(a, b)| a.partial_cmp(&b)).unwrap_or(Ordering::Equal),
    }
}
