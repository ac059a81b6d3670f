//! What has no loop of its own: nodes evaluated row by row over values, and those that have one value for all rows.

use super::ColumnRun;
use super::bits::Bits;
use super::program;
use crate::language::datum::Words;
use crate::language::env::{Env, NO_ROW};
use crate::language::functions::Topic;
use crate::language::graph::{Id, Node};
use crate::language::ops;
use crate::value::Value;

/// What one value came to.
enum Scalar {
    Value(Value),
    Stop,
    Fault,
}

impl ColumnRun<'_> {
    /// Evaluates a node row by row; its operands hold.
    pub(super) fn by_rows(&mut self, id: usize, operands: &[usize], at: Bits) {
        let rules = self.rules;
        let Some(node) = rules.graph.nodes().get(id) else { return };
        let (mut stop, mut fault) = (Bits::NONE, Bits::NONE);
        for operand in operands {
            let Some(cell) = self.scratch.cells.get(*operand) else { continue };
            let open = !(stop | fault);
            stop |= open & cell.stop;
            fault |= open & cell.fault;
        }
        if let Some(cell) = self.scratch.cells.get_mut(id) {
            cell.put(at, Bits::NONE, stop, fault);
        }
        let (start, env, candidate) = (self.start, self.env, self.candidate);
        let reads_row = reads_row(node);
        // Clock and calendar are the same at the same instant in the same zone.
        let by_clock = matches!(node, Node::Call(function, _) if function.topic == Topic::Time)
            && operands.iter().all(|at| rules.steps.get(*at).is_some_and(|step| step.uniform));
        let mut last: Option<(i64, Option<String>, Result<Value, ()>)> = None;
        let mut values = std::mem::take(&mut self.scratch.values);
        for row in (at & !stop & !fault).rows() {
            values.clear();
            let view = self.view(id);
            values.extend(operands.iter().map(|operand| view.value(*operand, row)));
            let mut result = Err(());
            match reads_row {
                false => result = apply(node, &values, &NO_ROW),
                true => env.row(start + row, candidate, &mut |env| match &last {
                    Some((now, zone, before)) if *now == env.now() && zone.as_deref() == env.zone() => {
                        result.clone_from(before);
                    }
                    _ => {
                        result = apply(node, &values, env);
                        if by_clock {
                            last = Some((env.now(), env.zone().map(str::to_owned), result.clone()));
                        }
                    }
                }),
            }
            if let Some(cell) = self.scratch.cells.get_mut(id) {
                cell.put_row(row, result);
            }
        }
        self.scratch.values = values;
    }

    /// Evaluates a node that has one value for all rows.
    pub(super) fn uniform(&mut self, id: usize) {
        let rules = self.rules;
        let Some(node) = rules.graph.nodes().get(id) else { return };
        node.operands(|operand| self.ensure(operand.index(), Bits::ALL));
        let result = self.scalar(node);
        if let Some(cell) = self.scratch.cells.get_mut(id) {
            cell.stop = Bits::same(matches!(result, Scalar::Stop));
            cell.fault = Bits::same(matches!(result, Scalar::Fault));
            cell.scalar = match result {
                Scalar::Value(value) => value,
                Scalar::Stop | Scalar::Fault => Value::Unknown,
            };
            cell.known = Bits::same(cell.scalar.is_known());
            cell.truth = Bits::same(cell.scalar == Value::Bool(true));
        }
    }

    fn scalar(&self, node: &Node) -> Scalar {
        let of = |id: &Id| match self.scratch.cells.get(id.index()) {
            Some(cell) if !cell.stop.is_empty() => Scalar::Stop,
            Some(cell) if cell.fault.is_empty() => Scalar::Value(cell.scalar.clone()),
            _ => Scalar::Fault,
        };
        match node {
            Node::Const(literal) => Scalar::Value(literal.0.clone()),
            Node::Fact(i) => {
                let value = self.rules.names.as_ref().map(|names| names.fact_value(*i as usize, self.candidate));
                Scalar::Value(value.cloned().unwrap_or_default())
            }
            Node::And(ids) | Node::Or(ids) => {
                let is_or = matches!(node, Node::Or(_));
                let mut all = Some(!is_or);
                for id in ids {
                    match of(id) {
                        Scalar::Value(value) => match ops::truth((&value).into(), &mut Words::none()) {
                            Ok(truth) if is_or => all = ops::or(all, truth),
                            Ok(truth) => all = ops::and(all, truth),
                            Err(_) => return Scalar::Fault,
                        },
                        halted => return halted,
                    }
                    if all == Some(is_or) {
                        break;
                    }
                }
                Scalar::Value(ops::from_truth(all))
            }
            Node::OrElse(ids) => {
                for id in ids {
                    match of(id) {
                        Scalar::Value(Value::Unknown) => {}
                        other => return other,
                    }
                }
                Scalar::Value(Value::Unknown)
            }
            Node::If(condition, then, otherwise) => match of(condition) {
                Scalar::Value(value) => match ops::truth((&value).into(), &mut Words::none()) {
                    Ok(Some(true)) => of(then),
                    Ok(Some(false)) => of(otherwise),
                    Ok(None) => Scalar::Stop,
                    Err(_) => Scalar::Fault,
                },
                halted => halted,
            },
            Node::Demand(x) => match of(x) {
                Scalar::Value(Value::Unknown) => Scalar::Stop,
                other => other,
            },
            Node::Seq(ids) => {
                let mut value = Scalar::Value(Value::Unknown);
                for id in ids {
                    value = of(id);
                    if !matches!(value, Scalar::Value(_)) {
                        break;
                    }
                }
                value
            }
            _ => {
                let mut values = Vec::new();
                let mut halted = None;
                node.operands(|id| match of(&id) {
                    Scalar::Value(value) => values.push(value),
                    other => {
                        halted.get_or_insert(other);
                    }
                });
                match halted {
                    Some(halted) => halted,
                    None => apply(node, &values, &NO_ROW).map_or(Scalar::Fault, Scalar::Value),
                }
            }
        }
    }
}

/// Whether a node asks more of a row than its operands.
fn reads_row(node: &Node) -> bool {
    match node {
        Node::Call(function, _) => !program::is_pure(function),
        Node::Table(_) => true,
        _ => false,
    }
}

/// A node that evaluates all its operands, over their values.
fn apply(node: &Node, values: &[Value], env: &dyn Env) -> Result<Value, ()> {
    let none = &mut Words::none();
    let result = match (node, values) {
        (Node::Not(_), [x]) => ops::not(x),
        (Node::AsBool(_), [x]) => return ops::truth(x.into(), none).map(ops::from_truth).map_err(|_| ()),
        (Node::Negate(_), [x]) => return ops::negate(x.into(), none).map(Value::from).map_err(|_| ()),
        (Node::Binary(op, ..), [a, b]) => op.apply(a, b),
        (Node::InConst(_, items), [x]) => {
            let found = ops::is_in(x.into(), items.iter().map(|item| (&item.0).into()), none);
            return found.map(ops::from_truth).map_err(|_| ());
        }
        (Node::IsKnown(_), [x]) => Ok(Value::Bool(x.is_known())),
        (Node::Call(function, _), values) => function.call(env, values),
        (Node::Table(i), _) => env.table(*i as usize),
        _ => Err(String::new()),
    };
    result.map_err(|_| ())
}
