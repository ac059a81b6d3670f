//! Statements: `let`, assignment, `if`, `switch`, loops, `return`.

use super::Checker;
use super::types::{Ty, Typed, What};
use crate::language::engine::limits;
use crate::language::env::Term;
use crate::language::graph::{Id, Node};
use crate::language::source::At;
use crate::suggest;
use crate::value::Value;
use rhai::{ASTFlags, BinaryExpr, Expr, FlowControl, OpAssignment, Position, Stmt};
use std::collections::BTreeSet;

/// Collects the names that are set again after their `let`, at any depth.
pub fn assigned(statements: &[Stmt], names: &mut BTreeSet<String>) {
    for stmt in statements {
        match stmt {
            Stmt::Assignment(parts) => {
                if let Expr::Variable(v, ..) = &parts.1.lhs {
                    names.insert(v.1.to_string());
                }
            }
            Stmt::If(flow, _) | Stmt::While(flow, _) | Stmt::Do(flow, ..) => {
                assigned(flow.body.statements(), names);
                assigned(flow.branch.statements(), names);
            }
            Stmt::For(parts, _) => assigned(parts.2.body.statements(), names),
            Stmt::Block(block) => assigned(block.statements(), names),
            Stmt::Switch(parts, _) => {
                for case in &parts.1.expressions {
                    in_expr(&case.rhs, names);
                }
            }
            Stmt::Var(parts, ..) => in_expr(&parts.1, names),
            Stmt::Expr(expr) => in_expr(expr, names),
            _ => {}
        }
    }
}

/// Why a `return` has no node.
const IN_THE_MIDDLE: &str = "a `return` in the middle of an expression";

/// Where the interpreter places the failure of a condition: a fact of the candidate stands at its name.
pub fn place(condition: &Expr) -> Position {
    match condition {
        Expr::Dot(sides, ..) if matches!(&sides.lhs, Expr::Variable(v, ..) if v.1 == "action") => match &sides.rhs {
            Expr::Dot(_, _, pos) | Expr::Index(_, _, pos) => *pos,
            property => property.position(),
        },
        other => other.position(),
    }
}

fn in_expr(expr: &Expr, names: &mut BTreeSet<String>) {
    expr.walk(&mut Vec::new(), &mut |path| {
        if let Some(rhai::ASTNode::Stmt(Stmt::Assignment(parts))) = path.last()
            && let Expr::Variable(v, ..) = &parts.1.lhs
        {
            names.insert(v.1.to_string());
        }
        true
    });
}

impl Checker<'_> {
    /// A sequence of statements in the current scope; the value is the last one's.
    pub(super) fn statements(&mut self, statements: &[Stmt]) -> Typed {
        let mut nodes = Some(Vec::with_capacity(statements.len()));
        let mut last = Typed::new(Ty::Unknown, None);
        let at = statements.first().map_or(At::default(), |stmt| At::from(stmt.position()));
        for (i, stmt) in (1..).zip(statements) {
            last = self.stmt(stmt);
            let rest = statements.get(i..).filter(|rest| !rest.is_empty() && self.may_have_left());
            if rest.is_none() {
                nodes = nodes.zip(last.node).map(|(mut nodes, node)| {
                    nodes.push(node);
                    nodes
                });
            }
            if let Some(rest) = rest {
                let node = last.node;
                last = self.unless_left(rest, at);
                nodes = nodes.zip(node).zip(last.node).map(|((mut nodes, node), rest)| {
                    nodes.extend([node, rest]);
                    nodes
                });
                break;
            }
        }
        let node = nodes.map(|nodes| match nodes.as_slice() {
            [] => self.graph.literal(Value::Unknown, at),
            [one] => *one,
            _ => self.graph.add(Node::Seq(nodes.into()), at),
        });
        Typed { ty: last.ty, node, what: last.what }
    }

    /// Whether a `return` may have ended the rule here.
    pub(super) fn may_have_left(&self) -> bool {
        self.left.is_some() && self.left != self.stayed
    }

    /// The statements behind one that may have ended the rule: they are evaluated where it has not.
    fn unless_left(&mut self, rest: &[Stmt], at: At) -> Typed {
        let (left, before) = (self.left, self.values());
        let typed = self.statements(rest);
        self.merge(left, &before, at);
        let nothing = self.graph.literal(Value::Unknown, at);
        Typed::new(typed.ty, self.choose(left, Some(nothing), typed.node, at))
    }

    /// `return value`: the rule has its result, and whatever follows is not evaluated.
    fn leave(&mut self, value: Option<Id>, pos: Position) -> Typed {
        if self.operands > 0 {
            return self.outside(Ty::Any, IN_THE_MIDDLE);
        }
        self.given = value;
        self.left = value.map(|_| self.graph.literal(Value::Bool(true), pos.into()));
        Typed { ty: Ty::Any, ..self.set(value, pos) }
    }

    /// An expression that is evaluated whole before anything else happens.
    fn complete(&mut self, expr: &Expr) -> Typed {
        let before = self.left;
        let typed = self.expr(expr);
        if self.left != before {
            return self.outside(typed.ty, IN_THE_MIDDLE);
        }
        typed
    }

    /// A block with a scope of its own.
    pub(super) fn block(&mut self, statements: &[Stmt]) -> Typed {
        let outer = self.locals.len();
        let typed = self.statements(statements);
        self.locals.truncate(outer);
        typed
    }

    fn stmt(&mut self, stmt: &Stmt) -> Typed {
        match stmt {
            Stmt::Noop(pos) => self.literal(Value::Unknown, *pos),
            Stmt::Expr(expr) => self.expr(expr),
            Stmt::FnCall(f, pos) => self.call(f, *pos),
            Stmt::Block(block) => self.block(block.statements()),
            Stmt::If(flow, _) => self.if_(flow),
            Stmt::Switch(parts, pos) => self.switch(&parts.0, &parts.1, *pos),
            Stmt::Var(parts, _, pos) => {
                let (name, value, _) = parts.as_ref();
                self.let_(name.name.as_str(), value, *pos)
            }
            Stmt::Assignment(parts) => {
                let (op, sides) = parts.as_ref();
                self.assign(op, sides)
            }
            Stmt::While(flow, _) | Stmt::Do(flow, ..) => {
                let nothing = self.outside(Ty::Unknown, "a loop");
                if !matches!(flow.expr, Expr::Unit(_) | Expr::BoolConstant(..)) {
                    self.condition(&flow.expr);
                }
                self.block(flow.body.statements());
                nothing
            }
            Stmt::For(parts, pos) => {
                let (name, counter, flow) = parts.as_ref();
                let nothing = self.outside(Ty::Unknown, "a loop");
                let items = self.expr(&flow.expr);
                let item = match items.ty {
                    Ty::Range => Ty::Integer,
                    ty if ty == Ty::List || ty.is_open() => Ty::Any,
                    ty => {
                        let message = format!("`for` runs over a list or a range, found {}", ty.noun());
                        self.error(flow.expr.start_position(), message);
                        Ty::Any
                    }
                };
                let outer = self.locals.len();
                if let Some(counter) = counter {
                    self.declare(counter.name.as_str(), Ty::Integer, None, *pos);
                }
                self.declare(name.name.as_str(), item, None, *pos);
                self.block(flow.body.statements());
                self.locals.truncate(outer);
                nothing
            }
            Stmt::Return(_, flags, pos) if !self.calling.is_empty() && !flags.contains(ASTFlags::BREAK) => {
                self.error(*pos, "a function gives its last expression; leave out `return`".to_owned());
                Typed::refused()
            }
            Stmt::Return(value, flags, pos) => {
                if flags.contains(ASTFlags::BREAK) {
                    self.error(*pos, "a rule cannot throw; return true or false".to_owned());
                }
                match value {
                    Some(value) => {
                        let at = At::from(value.start_position());
                        let typed = self.complete(value);
                        self.result(&typed, at);
                        self.leave(typed.node, *pos)
                    }
                    None => {
                        self.error(*pos, "`return` needs a value".to_owned());
                        Typed::refused()
                    }
                }
            }
            Stmt::BreakLoop(value, ..) => {
                if let Some(value) = value {
                    self.expr(value);
                }
                self.outside(Ty::Unknown, "a loop")
            }
            other => {
                self.error(other.position(), "this statement is not available in rules".to_owned());
                Typed::refused()
            }
        }
    }

    fn if_(&mut self, flow: &FlowControl) -> Typed {
        let place = place(&flow.expr);
        let at = At::from(place);
        let condition = self.complete(&flow.expr);
        self.must_be_bool(&condition, &flow.expr);
        let condition = condition.node.map(|node| self.as_bool(node, place));
        let before = self.values();
        let then = self.block(flow.body.statements());
        let after_then = self.values();
        self.restore(&before);
        let otherwise = self.block(flow.branch.statements());
        let ty = then.ty.join(otherwise.ty).unwrap_or_else(|| {
            let (a, b) = (then.ty.noun(), otherwise.ty.noun());
            self.error(flow.expr.start_position(), format!("one branch gives {a}, the other {b}"));
            Ty::Any
        });
        self.merge(condition, &after_then, at);
        Typed::new(ty, self.choose(condition, then.node, otherwise.node, at))
    }

    /// `if condition { then } else { otherwise }`
    pub(super) fn choose(
        &mut self,
        condition: Option<Id>,
        then: Option<Id>,
        otherwise: Option<Id>,
        at: At,
    ) -> Option<Id> {
        Some(self.graph.add(Node::If(condition?, then?, otherwise?), at))
    }

    /// Whether the rule was left, its result then, and what the variables of its own hold here.
    pub(super) fn values(&self) -> Vec<Option<Id>> {
        [self.left, self.given].into_iter().chain(self.locals.iter().map(|local| local.value)).collect()
    }

    /// Has the variables hold again what they held.
    pub(super) fn restore(&mut self, values: &[Option<Id>]) {
        let places = [&mut self.left, &mut self.given].into_iter();
        for (place, value) in places.chain(self.locals.iter_mut().map(|local| &mut local.value)).zip(values) {
            *place = *value;
        }
    }

    /// After two branches: each variable holds what it held at the end of the one that was taken. Those of the first are given, those of the
    /// second stand.
    pub(super) fn merge(&mut self, condition: Option<Id>, then: &[Option<Id>], at: At) {
        let otherwise = self.values();
        let mut merged = Vec::with_capacity(otherwise.len());
        for (then, otherwise) in then.iter().zip(otherwise) {
            merged.push(if *then == otherwise { otherwise } else { self.choose(condition, *then, otherwise, at) });
        }
        self.restore(&merged);
    }

    /// An expression that must be true or false.
    pub(super) fn condition(&mut self, expr: &Expr) -> Typed {
        let typed = self.expr(expr);
        self.must_be_bool(&typed, expr);
        typed
    }

    fn let_(&mut self, name: &str, value: &Expr, pos: Position) -> Typed {
        let typed = self.complete(value);
        // A number that is set again may become whole or not; only the difference between the two is given up.
        let ty = match typed.ty {
            ty if ty.is_number() && self.assigned.contains(name) => Ty::Number,
            Ty::Unknown => Ty::Any,
            ty => ty,
        };
        self.declare(name, ty, typed.node, pos);
        self.set(typed.node, pos)
    }

    /// A statement that keeps a value: it is evaluated here, and the statement itself gives nothing.
    fn set(&mut self, value: Option<Id>, pos: Position) -> Typed {
        let node = value.map(|value| {
            let nothing = self.graph.literal(Value::Unknown, pos.into());
            self.graph.add(Node::Seq([value, nothing].into()), pos.into())
        });
        Typed::new(Ty::Unknown, node)
    }

    pub(super) fn declare(&mut self, name: &str, ty: Ty, value: Option<Id>, pos: Position) {
        self.declare_at(name, ty, value, pos.into());
    }

    pub(super) fn declare_at(&mut self, name: &str, ty: Ty, value: Option<Id>, pos: At) {
        if self.names.variable(name).is_some() {
            self.error(pos, format!("`{name}` is a feature of this policy; give the variable another name"));
        } else if name == "action" || Term::ALL.iter().any(|t| t.name() == name && self.use_ == super::Use::Priority) {
            self.error(pos, format!("`{name}` has a meaning already; give the variable another name"));
        }
        if self.beneath + self.locals.len() >= limits::VARIABLES {
            let message =
                format!("more than {} variables at once; leave some out, or put them into blocks", limits::VARIABLES);
            self.error(pos, message);
        }
        self.locals.push(super::Local { name: name.to_owned(), ty, value });
    }

    fn assign(&mut self, op: &OpAssignment, sides: &BinaryExpr) -> Typed {
        let value = self.complete(&sides.rhs);
        let (name, pos) = match &sides.lhs {
            Expr::Variable(v, _, pos) => (v.1.as_str(), *pos),
            Expr::Index(..) | Expr::Dot(..) => {
                if op.get_op_assignment_info().is_some() {
                    self.error(op.position(), "items of lists and maps are set with `=` only".to_owned());
                }
                self.target(&sides.lhs);
                return self.outside(Ty::Unknown, "an item of a list or map that is set");
            }
            other => {
                self.error(other.start_position(), "only a variable made with `let` can be set".to_owned());
                return Typed::refused();
            }
        };
        let Some((place, local)) = self.locals.iter().enumerate().rev().find(|(_, l)| l.name == name) else {
            let message = if self.names.variable(name).is_some() {
                format!("`{name}` is a feature and cannot be changed; to compare write `==`")
            } else {
                let known: Vec<&str> = self.locals.iter().map(|l| l.name.as_str()).collect();
                format!("`{name}` is not a variable of this rule{}", suggest::hint(name, known))
            };
            self.error(pos, message);
            return Typed::refused();
        };
        let (ty, held) = (local.ty, local.value);
        let current = Typed { ty, node: held, what: What::Other };
        let value = match op.get_op_assignment_info() {
            Some((.., symbol)) => self.binary(symbol, current, value, op.position()),
            None => value,
        };
        if ty.join(value.ty).is_none() {
            let (a, b) = (ty.noun(), value.ty.noun());
            self.error(pos, format!("`{name}` holds {a}; it cannot be set to {b}"));
        }
        let node = if place < self.settable {
            self.outside(Ty::Unknown, "a variable that is set in the middle of an expression").node
        } else {
            value.node
        };
        if let Some(local) = self.locals.get_mut(place) {
            local.value = node;
        }
        self.set(node, pos)
    }

    /// The place that `list[i] = …` or `map.key = …` sets: it must start at a variable of the rule's own.
    fn target(&mut self, place: &Expr) {
        let mut base = place;
        while let Expr::Index(sides, ..) | Expr::Dot(sides, ..) = base {
            base = &sides.lhs;
        }
        match base {
            Expr::Variable(v, ..) if self.locals.iter().any(|l| l.name == v.1.as_str()) => {
                self.expr(place);
            }
            other => self.error(other.start_position(), "only a variable made with `let` can be set".to_owned()),
        }
    }
}
