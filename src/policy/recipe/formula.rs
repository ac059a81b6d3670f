//! Formulas of the row recipe: expressions of the rule language over the columns before them, by the same evaluators.

use crate::columns::{Columns, Table, Values, column};
use crate::decision::Candidate;
use crate::diagnostic::{Diagnostic, Part, Severity};
use crate::language::columns::{BATCH, BatchEnv, ColumnRules, ColumnScratch};
use crate::language::graph::Ty;
use crate::language::{self, Alone, Compiled, Context, Env, Outcome, RuleScratch, RuleSet, Use, Variable};
use crate::row::Column;
use crate::value::{Type, Value};
use std::sync::Arc;

/// A formula ready to run.
#[derive(Clone, Debug)]
pub struct Formula {
    set: RuleSet,
    columns: Arc<ColumnRules>,
    pub type_: Type,
}

impl Formula {
    /// Compiles a formula over the columns before it; its warnings and errors are found.
    pub fn compile(text: &str, before: &[Column], output: &str, findings: &mut Vec<Diagnostic>) -> Option<Formula> {
        let variable = |column: &Column| Variable {
            name: column.name.clone(),
            source: column.name.clone(),
            type_: column.type_,
            categories: Vec::new(),
        };
        let context = Context::of_variables(before.iter().map(variable).collect());
        let part = Part::Recipe(output.to_owned());
        match language::compile(text, Use::Input, &context) {
            Err(found) => {
                findings.extend(found.into_iter().map(|finding| finding.into_diagnostic(part.clone())));
                None
            }
            Ok(compiled) => {
                let warnings = compiled.warnings().iter().cloned();
                findings.extend(warnings.map(|finding| finding.into_diagnostic(part.clone())));
                let set = RuleSet::new(&[compiled]);
                match typed(&set) {
                    Ok(type_) => Some(Formula { columns: Arc::new(ColumnRules::new(&set)), set, type_ }),
                    Err(message) => {
                        findings.push(Diagnostic { severity: Severity::Error, part, position: None, message });
                        None
                    }
                }
            }
        }
    }

    /// Positions of the columns it reads.
    pub fn reads(&self) -> &[usize] {
        self.set.rules().first().map_or(&[], Compiled::variables)
    }

    /// Memory for evaluating it.
    pub fn scratch(&self) -> RuleScratch {
        self.set.scratch()
    }

    /// Its value for a row of fields and earlier outputs.
    pub fn eval(&self, fields: &[Value], derived: &[Value], scratch: &mut RuleScratch) -> Value {
        let env = Alone { fields, derived };
        scratch.begin();
        let value = match self.set.eval(0, &env, scratch) {
            Outcome::True => Value::Bool(true),
            Outcome::False => Value::Bool(false),
            Outcome::Number(x) => Value::Number(x),
            Outcome::Integer(x) => Value::Integer(x),
            Outcome::Time(t) => Value::Time(t),
            Outcome::Text(text) => Value::text(self.set.text(text, &env, scratch)),
            Outcome::Unknown | Outcome::Fault => Value::Unknown,
        };
        self.taken(value)
    }

    /// Its values for all rows of columns and earlier outputs, which are given back.
    pub fn eval_columns<'a>(&self, columns: &'a Columns<'a>, table: &Table<'a>) -> Values<'a> {
        let mut scratch = ColumnScratch::default();
        let mut run = self.columns.start(table, &ColumnsAlone, &mut scratch);
        let mut values = Vec::with_capacity(columns.len());
        for start in (0..columns.len()).step_by(BATCH) {
            run.batch(start);
            let rows = run.rows();
            let answer = run.eval(0, rows);
            values.extend((0..rows.count()).map(|row| self.taken(answer.get(row).unwrap_or_default())));
        }
        column(self.type_, columns.len(), values.iter())
    }

    /// A value as the output's type has it.
    fn taken(&self, value: Value) -> Value {
        match (self.type_, value) {
            (Type::Number, Value::Integer(x)) => Value::Number(x as f64),
            (Type::Number, Value::Number(x)) => Value::number(x),
            (type_, value) if value.type_of() == Some(type_) => value,
            _ => Value::Unknown,
        }
    }
}

/// The type of an expression's values, or why it cannot be a formula.
fn typed(set: &RuleSet) -> Result<Type, String> {
    let compiled = set.rules().first();
    let Some(root) = set.root(0) else {
        let why = compiled.and_then(Compiled::why_interpreted).unwrap_or("something only the interpreter knows");
        return Err(format!("a formula is one expression over the row, and this one has {why}"));
    };
    // Of the joined graph, in which constants are folded: the date of an instant reads no clock.
    let info = set.graph().info(root);
    let reads = info.reads;
    let outside = [
        (reads.clock, "the clock; use a date part"),
        (reads.history, "the history"),
        (reads.scores, "a score"),
        (reads.tables, "a decision table"),
        (reads.candidate || compiled.is_some_and(Compiled::reads_candidate), "the candidate"),
    ];
    if let Some((_, what)) = outside.iter().find(|(read, _)| *read) {
        return Err(format!("a formula reads fields and earlier steps alone, and this one reads {what}"));
    }
    match info.ty {
        Ty::Bool => Ok(Type::Bool),
        Ty::Integer => Ok(Type::Integer),
        Ty::Number | Ty::Numeric => Ok(Type::Number),
        Ty::Text => Ok(Type::Text),
        Ty::Time => Ok(Type::Time),
        Ty::Nothing => Err("the formula never has a value".to_owned()),
        Ty::Any => Err("the formula must give one type: a number, a text, a time, or true/false".to_owned()),
    }
}

/// A formula reads no more than columns.
struct ColumnsAlone;

impl BatchEnv for ColumnsAlone {
    fn row(&self, _: usize, _: Candidate, _: &mut dyn FnMut(&dyn Env)) {}
}
