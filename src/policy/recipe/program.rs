//! The row recipe compiled against a schema: positions instead of names, types checked once.

use super::{Op, Step};
use crate::diagnostic::{Diagnostic, Part, Severity};
use crate::row::Column;
use crate::schema::Schema;
use crate::suggest::unknown_name;
use crate::value::{Type, Value};
use std::sync::Arc;

/// A recipe ready to run.
#[derive(Clone, Debug, Default)]
pub struct Program {
    pub(super) columns: Vec<Column>,
    /// Position of the input among fields and earlier outputs, and what is done with it.
    pub(super) steps: Vec<(usize, Run)>,
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
        if findings.is_empty() { Ok(program) } else { Err(findings) }
    }

    /// Compiles what can be compiled; the outputs of refused steps are unknown and have the type of their input.
    pub fn lenient(steps: &[Step], schema: &Schema) -> (Program, Vec<Diagnostic>) {
        let column = |f: &crate::schema::Field| Column { name: f.name.clone(), type_: f.type_ };
        let mut program = Program { columns: schema.fields.iter().map(column).collect(), steps: Vec::new() };
        let mut findings = Vec::new();
        for step in steps {
            let mut refuse = |message: String| {
                let part = Part::Recipe(step.output.clone());
                findings.push(Diagnostic { severity: Severity::Error, part, position: None, message });
            };
            let names = || program.columns.iter().map(|c| c.name.as_str());
            if names().any(|name| name == step.output) {
                refuse(format!("the name `{}` is taken by a field or an earlier step; choose another", step.output));
            }
            let found = program.columns.iter().position(|c| c.name == step.input);
            let input = found.and_then(|at| program.columns.get(at)).map(|c| c.type_);
            let (type_, run) = match input {
                None => {
                    refuse(unknown_name("a field or an earlier step", &step.input, names()));
                    (Type::Number, Run::Refused)
                }
                Some(input) => match compile(&step.op, input) {
                    Ok((type_, run)) => (type_, run),
                    Err(message) => {
                        refuse(message);
                        (input, Run::Refused)
                    }
                },
            };
            program.columns.push(Column { name: step.output.clone(), type_ });
            program.steps.push((found.unwrap_or(usize::MAX), run));
        }
        (program, findings)
    }

    /// The columns of the row: the fields, then the outputs of the steps.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Appends the outputs of the steps for one row of fields to `derived`, which is empty.
    pub fn run(&self, fields: &[Value], derived: &mut Vec<Value>) {
        for (input, run) in &self.steps {
            let value = fields.get(*input).or_else(|| derived.get(input.wrapping_sub(fields.len())));
            let output = value.map_or(Value::Unknown, |value| apply(run, value));
            derived.push(output);
        }
    }
}

fn compile(op: &Op, input: Type) -> Result<(Type, Run), String> {
    let Some(type_) = op.output(input) else {
        return Err(match op {
            Op::Impute(value) => format!("cannot replace a missing {input} by {value}; give a {input}"),
            Op::Scale { .. } | Op::Bucket { .. } => format!("needs a number, its input is a {input}"),
            Op::OneHot(_) => format!("needs text, its input is a {input}"),
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
    };
    Ok((type_, run))
}

fn apply(run: &Run, value: &Value) -> Value {
    match run {
        Run::Impute(replacement) if !value.is_known() => replacement.clone(),
        Run::Impute(_) => value.clone(),
        Run::Scale { center, scale } => value.as_f64().map_or(Value::Unknown, |x| Value::number((x - center) / scale)),
        Run::OneHot(category) => {
            value.as_text().map_or(Value::Unknown, |text| Value::Integer(i64::from(*text == **category)))
        }
        Run::Bucket { edges, labels } => {
            let label = value.as_f64().and_then(|x| labels.get(edges.partition_point(|edge| *edge <= x)));
            label.map_or(Value::Unknown, |label| Value::Text(label.clone()))
        }
        Run::Refused => Value::Unknown,
    }
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
            program.run(&fields, &mut derived);
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
