//! `switch`: literal, range and guarded cases, lowered to tests in the order in which Rhai tries them.
//!
//! Rhai keeps of a literal case its hash only. Which literal it was is found again among the words of the text, each hashed by Rhai itself;
//! a hash that no word has leaves the rule to the interpreter.

use super::Checker;
use super::stmt::place;
use super::types::{Ty, Typed};
use crate::language::engine::engine;
use crate::language::graph::{self, Id, Literal, Node};
use crate::language::highlight::{TokenKind, highlight};
use crate::language::ops::Op;
use crate::language::source::At;
use crate::value::Value;
use rhai::{Expr, Position, RangeCase, Stmt, SwitchCasesCollection};
use std::collections::HashMap;

/// Why a `switch` has no node.
const OPEN: &str = "a `switch` over a value whose type only the row tells";
const CASES: &str = "a `switch` with a case that is no text, whole number or true/false of its subject's type";

impl Checker<'_> {
    pub(super) fn switch(&mut self, subject: &Expr, cases: &SwitchCasesCollection, pos: Position) -> Typed {
        let subject = self.operand(subject);
        let before = self.values();
        let mut ty = Some(Ty::Unknown);
        let mut arms = Vec::with_capacity(cases.expressions.len());
        for case in &cases.expressions {
            let guard = match &case.lhs {
                Expr::BoolConstant(true, _) => None,
                guard => {
                    let typed = self.condition(guard);
                    Some(typed.node.map(|node| self.as_bool(node, place(guard))))
                }
            };
            // A guard that sets a variable would set it for the cases after it.
            if self.values() != before {
                self.outside(Ty::Unknown, "a variable that is set in the middle of an expression");
            }
            let arm = self.expr(&case.rhs);
            let joined = ty.and_then(|ty| ty.join(arm.ty));
            if let (Some(before), None) = (ty, joined) {
                let (a, b) = (before.noun(), arm.ty.noun());
                self.error(case.rhs.start_position(), format!("one case gives {a}, this one {b}"));
            }
            ty = joined.or(Some(Ty::Any));
            arms.push(Arm { guard, node: arm.node, values: self.values() });
            self.restore(&before);
        }
        let node = self.tests(&subject, cases, &arms, pos);
        if node.is_none() {
            self.restore(&vec![None; before.len()]);
        }
        Typed::new(ty.unwrap_or(Ty::Any), node)
    }

    /// The node of the whole, and with it what the variables hold after it.
    fn tests(&mut self, subject: &Typed, cases: &SwitchCasesCollection, arms: &[Arm], pos: Position) -> Option<Id> {
        let at = At::from(pos);
        let (plan, x) = match self.order(subject, cases) {
            Ok(plan) => (plan, subject.node?),
            Err(why) => return self.outside(Ty::Any, why).node,
        };
        let x = self.graph.add(Node::Demand(x), at);
        let mut node = match cases.def_case.and_then(|default| arms.get(default)) {
            Some(arm) => {
                self.restore(&arm.values);
                arm.node?
            }
            None => self.graph.literal(Value::Unknown, at),
        };
        for (test, arm) in plan.into_iter().rev() {
            let arm = arms.get(arm)?;
            let matches = self.test(x, test, at);
            // A guard is asked where the case fits, and only there.
            let condition = match arm.guard {
                None => matches,
                Some(guard) => {
                    let no = self.graph.literal(Value::Bool(false), at);
                    self.graph.add(Node::If(matches, guard?, no), at)
                }
            };
            self.merge(Some(condition), &arm.values, at);
            node = self.graph.add(Node::If(condition, arm.node?, node), at);
        }
        Some(self.graph.add(Node::Seq([x, node].into()), at))
    }

    fn test(&mut self, x: Id, test: Test, at: At) -> Id {
        match test {
            Test::Is(values) if values.len() == 1 => {
                let value = self.graph.literal(values.into_iter().next().unwrap_or_default(), at);
                self.graph.add(Node::Binary(Op::Eq, x, value), at)
            }
            Test::Is(values) => self.graph.add(Node::InConst(x, values.into_iter().map(Literal).collect()), at),
            Test::Within(low, high, upper) => {
                let low = self.graph.literal(Value::Integer(low), at);
                let high = self.graph.literal(Value::Integer(high), at);
                let above = self.graph.add(Node::Binary(Op::Ge, x, low), at);
                let below = self.graph.add(Node::Binary(upper, x, high), at);
                self.graph.add(Node::And([above, below].into()), at)
            }
        }
    }

    /// The tests in Rhai's order, each with its arm: for each literal its arms as they are written, then the ranges.
    fn order(&self, subject: &Typed, cases: &SwitchCasesCollection) -> Result<Vec<(Test, usize)>, &'static str> {
        let ty = subject.node.map_or(graph::Ty::Any, |node| self.graph.info(node).ty);
        if !matches!(ty, graph::Ty::Bool | graph::Ty::Integer | graph::Ty::Number | graph::Ty::Text) {
            return Err(OPEN);
        }
        let words = literals(self.source.text);
        let ranged = |arm: usize| cases.ranges.iter().any(|range| range.index() == arm);
        let mut literal: Vec<(usize, Value)> = Vec::new();
        for (hash, blocks) in &cases.cases {
            match words.get(hash) {
                // 0.0 and -0.0 are equal, but not to Rhai's hash; the same for whole numbers beside numbers.
                Some(value) if graph::Ty::of(value) == ty && *value != Value::Number(0.0) => {
                    literal.extend(blocks.blocks.iter().map(|arm| (*arm, value.clone())));
                }
                // Of another type: it never matches.
                Some(value) if graph::Ty::of(value) != ty => {}
                // Rhai keeps ranges among the literals too.
                None if blocks.blocks.iter().all(|arm| ranged(*arm)) => {}
                _ => return Err(CASES),
            }
        }
        literal.sort_by_key(|(arm, _)| *arm);
        let mut plan: Vec<(Test, usize)> = Vec::new();
        for (arm, value) in literal {
            match plan.last_mut() {
                Some((Test::Is(values), last)) if *last == arm => values.push(value),
                _ => plan.push((Test::Is(vec![value]), arm)),
            }
        }
        for range in &cases.ranges {
            if !matches!(ty, graph::Ty::Integer | graph::Ty::Number) {
                continue;
            }
            let (low, high, upper) = match range {
                RangeCase::ExclusiveInt(range, _) => (range.start, range.end, Op::Lt),
                RangeCase::InclusiveInt(range, _) => (*range.start(), *range.end(), Op::Le),
            };
            plan.push((Test::Within(low, high, upper), range.index()));
        }
        Ok(plan)
    }
}

/// A case after it was checked.
struct Arm {
    /// The condition behind `if`, and its node.
    guard: Option<Option<Id>>,
    node: Option<Id>,
    /// What the variables hold at its end.
    values: Vec<Option<Id>>,
}

/// What a case asks of the subject.
enum Test {
    Is(Vec<Value>),
    Within(i64, i64, Op),
}

/// Every literal that stands in `text`, by Rhai's hash of it; numbers with a minus too.
fn literals(text: &str) -> HashMap<u64, Value> {
    let mut found = HashMap::new();
    for (range, kind) in highlight(text) {
        let Some(word) = text.get(range) else { continue };
        let spellings = match kind {
            TokenKind::Number => vec![word.to_owned(), format!("-{word}")],
            TokenKind::Text => vec![word.to_owned()],
            _ => continue,
        };
        found.extend(spellings.iter().filter_map(|spelling| hashed(spelling)));
    }
    found.extend(["true", "false"].iter().filter_map(|spelling| hashed(spelling)));
    found
}

/// The literal that `word` is, and Rhai's hash of it as a case.
fn hashed(word: &str) -> Option<(u64, Value)> {
    let ast = engine().compile(format!("switch {word} {{ {word} => 1 }}")).ok()?;
    let Stmt::Switch(parts, _) = ast.statements().first()? else { return None };
    let value = match &parts.0 {
        Expr::BoolConstant(b, _) => Value::Bool(*b),
        Expr::IntegerConstant(i, _) => Value::Integer(*i),
        Expr::FloatConstant(x, _) => Value::Number(**x),
        Expr::StringConstant(s, _) => Value::text(s.as_str()),
        _ => return None,
    };
    Some((*parts.1.cases.keys().next()?, value))
}
