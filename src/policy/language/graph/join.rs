//! Many expressions as one graph: equal subexpressions become one node, constants are folded, and where order cannot be seen the tests
//! that decide soonest at the least cost come first.
//!
//! *Invariant:* no answer changes, whether a value, an unknown, or that there is a fault. A fold that would fault stays as it is. (Which of two
//! faults comes first may change: their words are made from the source graph.)

use super::{Graph, Id, Literal, Node};
use crate::language::datum::told;
use crate::language::env::NO_ROW;
use crate::language::functions::Topic;
use crate::language::ops::{self, Op};
use crate::language::source::At;
use crate::value::Value;
use std::cmp::Ordering;
use std::collections::HashMap;

/// The place of every node of a joined graph: none.
const NOWHERE: At = At { line: 0, column: 0 };

/// How many nodes deep it is looked whether a statement is evaluated by the next one anyway.
const COVER: usize = 12;

/// Operands of `&&`, `||` or `??` up to which those inside one another become one.
const FLAT: usize = 64;

/// A joined graph while it grows.
#[derive(Debug, Default)]
pub struct Joined {
    graph: Graph,
    /// Nodes and what they come to when only their stops and faults matter.
    effects: HashMap<Id, Id>,
}

impl Joined {
    /// Adds the expression at `root` of `source`; gives its node here. Graphs must be of one context.
    pub fn add(&mut self, source: &Graph, root: Id) -> Id {
        let needed = source.reachable([root]);
        let mut here: Vec<Id> = Vec::with_capacity(source.nodes().len());
        for (id, node) in source.iter() {
            // What is not needed gets any id; nothing needed looks at it.
            here.push(if needed.get(id.index()).copied().unwrap_or(false) {
                match node {
                    Node::Field(_) | Node::Fact(_) | Node::Term(_) | Node::Score(_) | Node::Table(_) => {
                        self.graph.leaf(node.clone(), NOWHERE, *source.info(id))
                    }
                    node => self.node(node.map(|operand| here.get(operand.index()).copied().unwrap_or(Id(0)))),
                }
            } else {
                Id(0)
            });
        }
        here.get(root.index()).copied().unwrap_or(Id(0))
    }

    /// The graph, with nothing in it that `roots` do not need; roots are renumbered.
    pub fn finish(self, roots: &mut [Option<Id>]) -> Graph {
        let needed = self.graph.reachable(roots.iter().copied().flatten());
        let mut kept = Graph::default();
        let mut here: Vec<Id> = Vec::with_capacity(needed.len());
        for (id, node) in self.graph.iter() {
            here.push(if needed.get(id.index()).copied().unwrap_or(false) {
                let node = node.map(|operand| here.get(operand.index()).copied().unwrap_or(Id(0)));
                kept.leaf(node, NOWHERE, *self.graph.info(id))
            } else {
                Id(0)
            });
        }
        for root in roots.iter_mut().flatten() {
            *root = here.get(root.index()).copied().unwrap_or(Id(0));
        }
        kept
    }

    fn intern(&mut self, node: Node) -> Id {
        self.graph.add(node, NOWHERE)
    }

    fn constant(&mut self, value: Value) -> Id {
        self.graph.literal(value, NOWHERE)
    }

    fn literal(&self, id: Id) -> Option<&Value> {
        self.graph.node(id).literal()
    }

    fn has_effect(&self, id: Id) -> bool {
        self.graph.info(id).has_effect()
    }

    fn unknown(&self, id: Id) -> bool {
        self.graph.info(id).unknown
    }

    /// A node over operands of this graph, or something simpler that is the same.
    fn node(&mut self, node: Node) -> Id {
        match node {
            Node::And(ids) => self.logic(false, &ids),
            Node::Or(ids) => self.logic(true, &ids),
            Node::Not(x) => self.not(x),
            Node::AsBool(x) => match self.graph.info(x).ty {
                super::Ty::Bool | super::Ty::Nothing => x,
                _ => self.intern(Node::AsBool(x)),
            },
            Node::Negate(x) => {
                match self.literal(x).map(|x| told(|words| ops::negate(x.into(), words)).map(Value::from)) {
                    Some(Ok(value)) => self.constant(value),
                    _ => self.intern(Node::Negate(x)),
                }
            }
            Node::Binary(op, a, b) => self.binary(op, a, b),
            Node::InConst(x, items) => match self.literal(x).map(|x| {
                let items = items.iter().map(|item| (&item.0).into());
                told(|words| ops::is_in(x.into(), items, words))
            }) {
                Some(Ok(found)) => self.constant(ops::from_truth(found)),
                _ => self.intern(Node::InConst(x, items)),
            },
            Node::OrElse(ids) => self.or_else(&ids),
            Node::IsKnown(x) => match (self.literal(x), self.unknown(x) || self.has_effect(x)) {
                (Some(value), _) => {
                    let known = value.is_known();
                    self.constant(Value::Bool(known))
                }
                (None, false) => self.constant(Value::Bool(true)),
                _ => self.intern(Node::IsKnown(x)),
            },
            Node::Call(function, ids) => {
                let args: Option<Vec<Value>> = ids.iter().map(|id| self.literal(*id).cloned()).collect();
                let pure = matches!(function.topic, Topic::Numbers | Topic::Text) || function.name == "days_between";
                let folded = match args.filter(|_| pure || function.name == "date") {
                    // A date with its zone is the same everywhere.
                    Some(args) if !pure => {
                        let instant =
                            args.first().and_then(Value::as_text).and_then(crate::language::functions::instant);
                        instant.map(Value::Time)
                    }
                    Some(args) => function.call(&NO_ROW, &args).ok(),
                    None => None,
                };
                match folded {
                    Some(value) => self.constant(value),
                    None => self.intern(Node::Call(function, ids)),
                }
            }
            Node::If(condition, then, otherwise) => self.choice(condition, then, otherwise),
            Node::Demand(x) if !self.unknown(x) => x,
            Node::Seq(ids) => self.sequence(&ids),
            node => self.intern(node),
        }
    }

    fn choice(&mut self, condition: Id, then: Id, otherwise: Id) -> Id {
        let (mut condition, mut then, mut otherwise) = (condition, then, otherwise);
        // `if (if c { true } else { false }) …` asks for c.
        while let Node::If(inner, a, b) = self.graph.node(condition) {
            let inner = *inner;
            match (self.literal(*a), self.literal(*b)) {
                (Some(Value::Bool(true)), Some(Value::Bool(false))) => {}
                (Some(Value::Bool(false)), Some(Value::Bool(true))) => std::mem::swap(&mut then, &mut otherwise),
                _ => break,
            }
            condition = inner;
        }
        match self.literal(condition) {
            Some(Value::Bool(true)) => return then,
            Some(Value::Bool(false)) => return otherwise,
            _ => {}
        }
        let then = self.assume(then, condition, true);
        let otherwise = self.assume(otherwise, condition, false);
        if then == otherwise && !self.unknown(condition) {
            return self.sequence(&[condition, then]);
        }
        self.intern(Node::If(condition, then, otherwise))
    }

    /// A node where a condition is known to hold or not.
    fn assume(&mut self, id: Id, condition: Id, holds: bool) -> Id {
        match self.graph.node(id) {
            Node::If(same, then, otherwise) if *same == condition => {
                if holds {
                    *then
                } else {
                    *otherwise
                }
            }
            Node::Seq(ids) => {
                let ids = ids.clone();
                let taken = |id: &Id| match self.graph.node(*id) {
                    Node::If(same, then, otherwise) if *same == condition => {
                        if holds {
                            *then
                        } else {
                            *otherwise
                        }
                    }
                    _ => *id,
                };
                let ids: Vec<Id> = ids.iter().map(taken).collect();
                self.sequence(&ids)
            }
            _ => id,
        }
    }

    fn not(&mut self, x: Id) -> Id {
        match self.graph.node(x) {
            Node::Const(Literal(value)) => match ops::not(value) {
                Ok(value) => self.constant(value),
                Err(_) => self.intern(Node::Not(x)),
            },
            Node::Not(inner) => *inner,
            Node::Binary(Op::Eq, a, b) => {
                let node = Node::Binary(Op::Ne, *a, *b);
                self.intern(node)
            }
            Node::Binary(Op::Ne, a, b) => {
                let node = Node::Binary(Op::Eq, *a, *b);
                self.intern(node)
            }
            _ => self.intern(Node::Not(x)),
        }
    }

    fn binary(&mut self, op: Op, a: Id, b: Id) -> Id {
        if let (Some(x), Some(y)) = (self.literal(a), self.literal(b))
            && let Ok(value) = op.apply(x, y)
        {
            return self.constant(value);
        }
        // A literal stands on the right, where it cannot be seen which side came first.
        if op.compares() && self.literal(a).is_some() {
            return self.intern(Node::Binary(op.mirrored(), b, a));
        }
        let same = matches!(op, Op::Eq | Op::Ne) && self.literal(b).is_none();
        if same && a > b && !self.has_effect(a) && !self.has_effect(b) {
            return self.intern(Node::Binary(op, b, a));
        }
        self.intern(Node::Binary(op, a, b))
    }

    /// `And` or `Or`: flattened, without repetition, cut after what decides it, sorted where order cannot be seen.
    fn logic(&mut self, is_or: bool, ids: &[Id]) -> Id {
        let mut flat: Vec<Id> = Vec::with_capacity(ids.len());
        for id in ids {
            match (self.graph.node(*id), is_or) {
                (Node::And(inner), false) | (Node::Or(inner), true) if flat.len() + inner.len() <= FLAT => {
                    flat.extend_from_slice(inner)
                }
                _ => flat.push(*id),
            }
        }
        let mut kept: Vec<Id> = Vec::with_capacity(flat.len());
        for id in flat {
            match self.literal(id) {
                Some(Value::Bool(b)) if *b != is_or => continue,
                Some(Value::Bool(_)) => {
                    if kept.iter().all(|id| !self.has_effect(*id)) {
                        kept.clear();
                    }
                    kept.push(id);
                    break;
                }
                _ if kept.contains(&id) => continue,
                _ => kept.push(id),
            }
        }
        for run in kept.chunk_by_mut(|a, b| !self.graph.info(*a).has_effect() && !self.graph.info(*b).has_effect()) {
            run.sort_by(|a, b| self.sooner(*a, *b, is_or));
        }
        match (kept.as_slice(), is_or) {
            ([], _) => self.constant(Value::Bool(!is_or)),
            ([one], _) => *one,
            (_, false) => self.intern(Node::And(kept.into())),
            (_, true) => self.intern(Node::Or(kept.into())),
        }
    }

    /// Order of tests: least cost per chance to decide.
    fn sooner(&self, a: Id, b: Id, is_or: bool) -> Ordering {
        let price = |id: Id| {
            let info = self.graph.info(id);
            let decides = if is_or { info.chance } else { 1.0 - info.chance };
            info.cost as f32 / decides.max(0.01)
        };
        price(a).total_cmp(&price(b))
    }

    fn or_else(&mut self, ids: &[Id]) -> Id {
        let mut kept: Vec<Id> = Vec::with_capacity(ids.len());
        let mut flat: Vec<Id> = Vec::with_capacity(ids.len());
        for id in ids {
            match self.graph.node(*id) {
                Node::OrElse(inner) if flat.len() + inner.len() <= FLAT => flat.extend_from_slice(inner),
                _ => flat.push(*id),
            }
        }
        for id in flat {
            let info = self.graph.info(id);
            if info.ty == super::Ty::Nothing && !info.has_effect() || kept.contains(&id) {
                continue;
            }
            kept.push(id);
            if !info.unknown {
                break;
            }
        }
        match kept.as_slice() {
            [] => self.constant(Value::Unknown),
            [one] => *one,
            _ => self.intern(Node::OrElse(kept.into())),
        }
    }

    /// Statements without those that leave no trace, and without those that the next one begins with anyway.
    fn sequence(&mut self, ids: &[Id]) -> Id {
        let Some((value, before)) = ids.split_last() else { return self.constant(Value::Unknown) };
        let mut effects: Vec<Id> = Vec::new();
        for id in before {
            self.effects(*id, &mut effects);
        }
        let mut value = *value;
        if let Node::Seq(inner) = self.graph.node(value) {
            let inner = inner.clone();
            if let Some((last, before)) = inner.split_last() {
                for id in before {
                    self.effects(*id, &mut effects);
                }
                value = *last;
            }
        }
        let mut kept: Vec<Id> = vec![value];
        for (at, id) in effects.iter().enumerate().rev() {
            let repeated = effects.get(..at).is_some_and(|earlier| earlier.contains(id));
            let next = kept.last().copied().unwrap_or(value);
            if !repeated && !self.covers(next, *id, COVER) {
                kept.push(*id);
            }
        }
        kept.reverse();
        if kept.len() == 1 { value } else { self.intern(Node::Seq(kept.into())) }
    }

    /// What evaluating a node for its stops and faults alone comes to.
    fn effects(&mut self, id: Id, out: &mut Vec<Id>) {
        if !self.has_effect(id) {
            return;
        }
        match self.graph.node(id).clone() {
            Node::Seq(ids) => {
                for id in ids {
                    self.effects(id, out);
                }
            }
            Node::IsKnown(x) | Node::Not(x) => self.effects(x, out),
            Node::If(condition, then, otherwise) => {
                let then = self.effect(then);
                let otherwise = self.effect(otherwise);
                let (literal_then, literal_otherwise) =
                    (self.literal(then).is_some(), self.literal(otherwise).is_some());
                if literal_then && literal_otherwise {
                    if self.unknown(condition) {
                        let known = self.intern(Node::Demand(condition));
                        out.push(known);
                    } else {
                        self.effects(condition, out);
                    }
                } else {
                    let node = self.intern(Node::If(condition, then, otherwise));
                    out.push(node);
                }
            }
            _ => out.push(id),
        }
    }

    /// A node that is evaluated for its stops and faults alone; a literal when there are none.
    fn effect(&mut self, id: Id) -> Id {
        if let Some(effect) = self.effects.get(&id) {
            return *effect;
        }
        let mut all = Vec::new();
        self.effects(id, &mut all);
        let effect = match all.as_slice() {
            [] => self.constant(Value::Unknown),
            [one] => *one,
            _ => self.intern(Node::Seq(all.into())),
        };
        self.effects.insert(id, effect);
        effect
    }

    /// Whether evaluating `node` starts with everything that `effect` could stop or fault by, so that evaluating `effect` before it cannot
    /// be seen. Looks `depth` nodes deep; when in doubt it is not.
    fn covers(&self, node: Id, effect: Id, depth: usize) -> bool {
        if node == effect || !self.has_effect(effect) {
            return true;
        }
        let Some(depth) = depth.checked_sub(1) else { return false };
        match (self.graph.node(node), self.graph.node(effect)) {
            (Node::If(condition, ..), Node::Demand(x)) if condition == x => return true,
            (Node::If(condition, then, otherwise), Node::If(same, a, b)) if condition == same => {
                return self.covers(*then, *a, depth) && self.covers(*otherwise, *b, depth);
            }
            _ => {}
        }
        let mut first = None;
        let mut visit = |id: Id| {
            if first.is_none() && (self.has_effect(id) || id == effect) {
                first = Some(id);
            }
        };
        match self.graph.node(node) {
            // Of these only the first operand is certain to be evaluated.
            Node::And(ids) | Node::Or(ids) | Node::OrElse(ids) => ids.first().copied().into_iter().for_each(&mut visit),
            Node::If(condition, ..) => visit(*condition),
            other => other.operands(&mut visit),
        }
        first.is_some_and(|first| self.covers(first, effect, depth))
    }
}
