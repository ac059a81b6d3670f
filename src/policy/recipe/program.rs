//! The row recipe compiled against a schema: positions instead of names, types checked once.

use super::formula::Formula;
use super::{DatePart, Op, Step};
use crate::clock::{DAY, LocalClock};
use crate::diagnostic::{Diagnostic, Part, Severity};
use crate::language::RuleScratch;
use crate::row::Column;
use crate::schema::Schema;
use crate::schema::entry::Entry;
use crate::suggest::unknown_name;
use crate::value::{Type, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// A recipe ready to run, and what is done with the fields before it runs.
#[derive(Clone, Debug, Default)]
pub struct Program {
    pub(super) columns: Vec<Column>,
    /// Position of the input among fields and earlier outputs, and what is done with it.
    pub(super) steps: Vec<(usize, Run)>,
    /// Freshness and missing rules of the fields.
    pub(crate) entry: Entry,
}

/// Space that a recipe with formulas works in, kept by the caller so that a row does not allocate.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    formulas: Vec<RuleScratch>,
}

#[derive(Clone, Debug)]
pub(super) enum Run {
    Impute(Value),
    Scale {
        center: f64,
        scale: f64,
    },
    OneHot(Arc<str>),
    Bucket {
        edges: Vec<f64>,
        labels: Vec<Arc<str>>,
    },
    Ordinal(HashMap<Arc<str>, i64>),
    TargetMean {
        means: HashMap<Arc<str>, f64>,
        otherwise: f64,
    },
    DatePart(DatePart, LocalClock),
    /// Divided by the column at this position.
    Ratio(usize),
    Log1p,
    Clip(f64, f64),
    Formula(Box<Formula>),
    /// Stands for a step that was refused.
    Refused,
}

impl Program {
    /// Compiles the steps over the fields of `schema`.
    ///
    /// # Errors
    /// Every finding at once: unknown inputs, operations that do not fit a type, edges out of order …
    pub fn compile(steps: &[Step], schema: &Schema) -> Result<Program, Vec<Diagnostic>> {
        let (program, findings) = Program::lenient(steps, schema);
        let refused = findings.iter().any(|finding| finding.severity == Severity::Error);
        if refused { Err(findings) } else { Ok(program) }
    }

    /// Compiles what can be compiled; the outputs of refused steps are unknown and have the type of their input.
    pub fn lenient(steps: &[Step], schema: &Schema) -> (Program, Vec<Diagnostic>) {
        let column = |f: &crate::schema::Field| Column { name: f.name.clone(), type_: f.type_ };
        let mut findings = Vec::new();
        let entry = Entry::compile(schema, &mut findings);
        let columns = schema.fields.iter().map(column).collect();
        let mut program = Program { columns, steps: Vec::new(), entry };
        for step in steps {
            let (at, type_, run) = program.step(step, &mut findings);
            program.columns.push(Column { name: step.output.clone(), type_ });
            program.steps.push((at, run));
        }
        (program, findings)
    }

    /// One step over the columns so far: position of its input, type of its output, what is done.
    fn step(&self, step: &Step, findings: &mut Vec<Diagnostic>) -> (usize, Type, Run) {
        let part = || Part::Recipe(step.output.clone());
        let mut refuse = |message: String| {
            findings.push(Diagnostic { severity: Severity::Error, part: part(), position: None, message });
        };
        let names = || self.columns.iter().map(|c| c.name.as_str());
        let position = |name: &str| self.columns.iter().position(|c| c.name == name);
        let type_of = |at: usize| self.columns.get(at).map(|c| c.type_);
        if names().any(|name| name == step.output) {
            refuse(format!("the name `{}` is taken by a field or an earlier step; choose another", step.output));
        }
        if let Op::Formula(text) = &step.op {
            if !step.input.is_empty() {
                refuse("a formula names what it reads in its text; leave its input empty".to_owned());
            }
            return match Formula::compile(text, &self.columns, &step.output, findings) {
                Some(formula) => (usize::MAX, formula.type_, Run::Formula(Box::new(formula))),
                None => (usize::MAX, Type::Number, Run::Refused),
            };
        }
        let found = position(&step.input);
        let Some(input) = found.and_then(type_of) else {
            refuse(unknown_name("a field or an earlier step", &step.input, names()));
            return (usize::MAX, Type::Number, Run::Refused);
        };
        let at = found.unwrap_or(usize::MAX);
        if let Op::Ratio { over } = &step.op {
            let below = position(over).and_then(|at| Some((at, type_of(at)?)));
            return match (below, step.op.output(input)) {
                (None, _) => {
                    refuse(unknown_name("a field or an earlier step", over, names()));
                    (at, Type::Number, Run::Refused)
                }
                (Some((below, type_)), Some(output)) if is_numeric(type_) => (at, output, Run::Ratio(below)),
                (Some((_, type_)), output) => {
                    let (name, type_) = if output.is_none() { (&step.input, input) } else { (over, type_) };
                    refuse(format!("needs numbers, and `{name}` is a {type_}"));
                    (at, Type::Number, Run::Refused)
                }
            };
        }
        match compile(&step.op, input) {
            Ok((type_, run)) => (at, type_, run),
            Err(message) => {
                refuse(message);
                (at, input, Run::Refused)
            }
        }
    }

    /// The columns of the row: the fields, then the outputs of the steps.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Positions of the columns that a step reads, the step being at a position of the recipe.
    pub fn reads(&self, step: usize) -> impl Iterator<Item = usize> + '_ {
        let (input, run) = self.steps.get(step).map_or((usize::MAX, None), |(input, run)| (*input, Some(run)));
        let others: &[usize] = match run {
            Some(Run::Ratio(below)) => std::slice::from_ref(below),
            Some(Run::Formula(formula)) => formula.reads(),
            _ => &[],
        };
        others.iter().copied().chain([input]).filter(|at| *at != usize::MAX)
    }

    /// Whether what it gives depends on the instant of the decision.
    pub fn asks_now(&self) -> bool {
        self.steps.iter().any(|(_, run)| matches!(run, Run::DatePart(DatePart::DaysSince, _)))
    }

    /// Space for running it.
    pub fn scratch(&self) -> Scratch {
        let formulas = self.steps.iter().filter_map(|(_, run)| match run {
            Run::Formula(formula) => Some(formula.scratch()),
            _ => None,
        });
        Scratch { formulas: formulas.collect() }
    }

    /// Appends the outputs of the steps for one row of fields at the instant `now` (ms) to `derived`, which is empty.
    pub fn run(&self, fields: &[Value], now: i64, derived: &mut Vec<Value>) {
        self.run_in(fields, now, derived, &mut self.scratch());
    }

    /// As [`Program::run`], in space that the caller keeps: the [`Program::scratch`] of this program.
    pub fn run_in(&self, fields: &[Value], now: i64, derived: &mut Vec<Value>, scratch: &mut Scratch) {
        let mut formulas = scratch.formulas.iter_mut();
        for (input, run) in &self.steps {
            let value = |at: usize| fields.get(at).or_else(|| derived.get(at.wrapping_sub(fields.len())));
            let output = match run {
                Run::Formula(formula) => match formulas.next() {
                    Some(scratch) => formula.eval(fields, derived, scratch),
                    None => Value::Unknown,
                },
                Run::Ratio(below) => ratio(value(*input), value(*below)),
                run => value(*input).map_or(Value::Unknown, |value| apply(run, value, now)),
            };
            derived.push(output);
        }
    }
}

fn is_numeric(type_: Type) -> bool {
    matches!(type_, Type::Bool | Type::Integer | Type::Number)
}

fn compile(op: &Op, input: Type) -> Result<(Type, Run), String> {
    let Some(type_) = op.output(input) else {
        return Err(match op {
            Op::Impute(value) => format!("cannot replace a missing {input} by {value}; give a {input}"),
            Op::OneHot(_) | Op::Ordinal(_) | Op::TargetMean { .. } => format!("needs text, its input is a {input}"),
            Op::DatePart { .. } => format!("needs a time, its input is a {input}"),
            _ => format!("needs a number, its input is a {input}"),
        });
    };
    let run = match op {
        Op::Impute(Value::Integer(x)) if input == Type::Number => Run::Impute(Value::Number(*x as f64)),
        Op::Impute(Value::Number(x)) if !x.is_finite() => return Err("the replacement is not a finite number".into()),
        Op::Impute(value) => Run::Impute(value.clone()),
        Op::Scale { center, scale } => {
            if !center.is_finite() || !scale.is_finite() || *scale == 0.0 {
                return Err(format!("center {center} and scale {scale} must be finite, and scale not 0"));
            }
            Run::Scale { center: *center, scale: *scale }
        }
        Op::OneHot(category) => Run::OneHot(category.as_str().into()),
        Op::Bucket { edges, labels } => {
            if !edges.iter().all(|e| e.is_finite()) || !edges.is_sorted_by(|a, b| a < b) {
                return Err("edges must be finite and ascending, none twice".into());
            }
            if labels.len() != edges.len() + 1 {
                let (edges, labels) = (edges.len(), labels.len());
                return Err(format!("{edges} edges make {} bins, but there are {labels} labels", edges + 1));
            }
            Run::Bucket { edges: edges.clone(), labels: labels.iter().map(|l| l.as_str().into()).collect() }
        }
        Op::Ordinal(categories) => {
            if categories.is_empty() {
                return Err("needs one category or more, in their order".into());
            }
            Run::Ordinal(once(categories.iter().map(String::as_str).zip(0..))?)
        }
        Op::TargetMean { means, otherwise } => {
            if !otherwise.is_finite() || means.iter().any(|(_, mean)| !mean.is_finite()) {
                return Err("every mean must be a finite number".into());
            }
            let means = once(means.iter().map(|(category, mean)| (category.as_str(), *mean)))?;
            Run::TargetMean { means, otherwise: *otherwise }
        }
        Op::DatePart { part, zone } => match LocalClock::new(zone.as_deref()) {
            Some(clock) => Run::DatePart(*part, clock),
            None => {
                let zone = zone.as_deref().unwrap_or_default();
                return Err(format!("`{zone}` is not a time zone; write it like Europe/Berlin"));
            }
        },
        Op::Log1p => Run::Log1p,
        Op::Clip { low, high } => {
            let (least, most) = (low.unwrap_or(f64::MIN), high.unwrap_or(f64::MAX));
            if low.is_none() && high.is_none() {
                return Err("needs a least or a greatest value".into());
            }
            if !least.is_finite() || !most.is_finite() || least > most {
                return Err(format!(
                    "its bounds {least} and {most} must be finite, the first no greater than the second"
                ));
            }
            Run::Clip(least, most)
        }
        // Both are compiled where the other columns are known.
        Op::Ratio { .. } | Op::Formula(_) => Run::Refused,
    };
    Ok((type_, run))
}

/// A table of categories, each of which may stand once.
fn once<'a, T>(entries: impl Iterator<Item = (&'a str, T)>) -> Result<HashMap<Arc<str>, T>, String> {
    let mut table = HashMap::new();
    for (category, entry) in entries {
        if table.insert(Arc::from(category), entry).is_some() {
            return Err(format!("the category `{category}` stands twice"));
        }
    }
    Ok(table)
}

/// The number of a value divided by that of another.
pub(super) fn ratio(above: Option<&Value>, below: Option<&Value>) -> Value {
    match (above.and_then(Value::as_f64), below.and_then(Value::as_f64)) {
        (Some(a), Some(b)) => Value::number(a / b),
        _ => Value::Unknown,
    }
}

/// What a clock shows at a time, or the days from it to `now`.
pub(super) fn date_part(part: DatePart, clock: &LocalClock, ms: i64, now: i64) -> Value {
    let shown = |of: fn(&crate::clock::Moment) -> i64| Value::Integer(of(&clock.at(ms)));
    match part {
        DatePart::Year => shown(|at| at.civil().0),
        DatePart::Month => shown(|at| i64::from(at.civil().1)),
        DatePart::Day => shown(|at| i64::from(at.civil().2)),
        DatePart::Weekday => shown(|at| i64::from(at.weekday())),
        DatePart::Hour => shown(|at| i64::from(at.hour)),
        DatePart::DaysSince => Value::number((now as f64 - ms as f64) / DAY as f64),
    }
}

fn apply(run: &Run, value: &Value, now: i64) -> Value {
    let number = |f: &dyn Fn(f64) -> f64| value.as_f64().map_or(Value::Unknown, |x| Value::number(f(x)));
    match run {
        Run::Impute(replacement) if !value.is_known() => replacement.clone(),
        Run::Impute(_) => value.clone(),
        Run::Scale { center, scale } => number(&|x| (x - center) / scale),
        Run::OneHot(category) => {
            value.as_text().map_or(Value::Unknown, |text| Value::Integer(i64::from(*text == **category)))
        }
        Run::Bucket { edges, labels } => {
            let label = value.as_f64().and_then(|x| labels.get(edges.partition_point(|edge| *edge <= x)));
            label.map_or(Value::Unknown, |label| Value::Text(label.clone()))
        }
        Run::Ordinal(places) => {
            let place = value.as_text().and_then(|text| places.get(text));
            place.map_or(Value::Unknown, |place| Value::Integer(*place))
        }
        Run::TargetMean { means, otherwise } => {
            value.as_text().map_or(Value::Unknown, |text| Value::Number(*means.get(text).unwrap_or(otherwise)))
        }
        Run::DatePart(part, clock) => match value {
            Value::Time(ms) => date_part(*part, clock, *ms, now),
            _ => Value::Unknown,
        },
        Run::Log1p => number(&log1p),
        Run::Clip(low, high) => number(&|x| x.clamp(*low, *high)),
        Run::Ratio(_) | Run::Formula(_) | Run::Refused => Value::Unknown,
    }
}

/// NaN where it is not defined.
pub(super) fn log1p(x: f64) -> f64 {
    if x > -1.0 { libm::log1p(x) } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::field;

    fn schema() -> Schema {
        Schema { fields: vec![field("x", Type::Number), field("n", Type::Integer), field("t", Type::Text)] }
    }

    fn step(output: &str, input: &str, op: Op) -> Step {
        Step { output: output.into(), input: input.into(), op }
    }

    #[test]
    fn steps_compute_in_order_and_keep_unknown_unknown() {
        let bucket = || Op::Bucket { edges: vec![0.0, 10.0], labels: vec!["low".into(), "mid".into(), "high".into()] };
        let steps = [
            step("filled", "x", Op::Impute(Value::Integer(4))),
            step("scaled", "filled", Op::Scale { center: 2.0, scale: 4.0 }),
            step("bin", "n", bucket()),
            step("web", "t", Op::OneHot("Web".into())),
        ];
        let program = Program::compile(&steps, &schema()).unwrap();
        let types: Vec<Type> = program.columns().iter().skip(3).map(|c| c.type_).collect();
        assert_eq!(types, [Type::Number, Type::Number, Type::Text, Type::Integer]);
        let (unknown, text) = (Value::Unknown, |s: &str| Value::text(s));
        let table = [
            (
                [Value::Number(6.0), Value::Integer(-1), text("Web")],
                [Value::Number(6.0), Value::Number(1.0), text("low"), Value::Integer(1)],
            ),
            (
                [unknown.clone(), Value::Integer(0), text("web")],
                [Value::Number(4.0), Value::Number(0.5), text("mid"), Value::Integer(0)],
            ),
            (
                [Value::Number(2.0), Value::Integer(10), unknown.clone()],
                [Value::Number(2.0), Value::Number(0.0), text("high"), unknown.clone()],
            ),
            (
                [Value::Number(2.0), unknown.clone(), unknown.clone()],
                [Value::Number(2.0), Value::Number(0.0), unknown.clone(), unknown],
            ),
        ];
        for (fields, expected) in table {
            let mut derived = Vec::new();
            program.run(&fields, 0, &mut derived);
            assert_eq!(derived, expected);
        }
    }

    #[test]
    fn every_bad_step_is_named() {
        let bad = [
            (step("a", "xx", Op::Scale { center: 0.0, scale: 1.0 }), "`xx`"),
            (step("a", "x", Op::Scale { center: 0.0, scale: 0.0 }), "scale"),
            (step("a", "t", Op::Scale { center: 0.0, scale: 1.0 }), "needs a number"),
            (step("a", "x", Op::OneHot("1".into())), "needs text"),
            (step("a", "x", Op::Impute(Value::text("none"))), "cannot replace"),
            (step("a", "x", Op::Impute(Value::Unknown)), "cannot replace"),
            (step("a", "x", Op::Impute(Value::Number(f64::NAN))), "finite"),
            (step("x", "t", Op::OneHot("1".into())), "taken"),
            (step("a", "x", Op::Bucket { edges: vec![1.0, 1.0], labels: vec![String::new(); 3] }), "ascending"),
            (step("a", "x", Op::Bucket { edges: vec![1.0], labels: vec![String::new()] }), "labels"),
        ];
        let steps: Vec<Step> = bad.iter().map(|(step, _)| step.clone()).collect();
        for (step, word) in bad {
            let findings = Program::compile(std::slice::from_ref(&step), &schema()).unwrap_err();
            assert!(findings[0].message.contains(word), "{}", findings[0]);
        }
        assert!(Program::compile(&steps, &schema()).unwrap_err().len() >= steps.len());
    }
}
