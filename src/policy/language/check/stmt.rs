//! Statements: `let`, assignment, `if`, `switch`, loops, `return`.

use super::Checker;
use super::types::{Ty, Typed, What};
use crate::language::engine::limits;
use crate::language::env::Term;
use crate::language::node::Node;
use crate::language::source::At;
use crate::suggest;
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
        let mut last = Typed::new(Ty::Unknown, Some(Node::Block(Vec::new())));
        for stmt in statements {
            let typed = self.stmt(stmt);
            match (typed.node.clone(), nodes.as_mut()) {
                (Some(node), Some(nodes)) => nodes.push(node),
                _ => nodes = None,
            }
            last = typed;
        }
        let node = nodes.map(|mut nodes| if nodes.len() == 1 { nodes.remove(0) } else { Node::Block(nodes) });
        Typed { ty: last.ty, node, what: last.what }
    }

    /// A block with a scope of its own.
    pub(super) fn block(&mut self, statements: &[Stmt]) -> Typed {
        let outer = self.locals.len();
        let typed = self.statements(statements);
        self.locals.truncate(outer);
        typed
    }

    fn stmt(&mut self, stmt: &Stmt) -> Typed {
        let interpreted = || Typed::new(Ty::Unknown, None);
        match stmt {
            Stmt::Noop(_) => Typed::new(Ty::Unknown, Some(Node::Block(Vec::new()))),
            Stmt::Expr(expr) => self.expr(expr),
            Stmt::FnCall(f, pos) => self.call(f, *pos),
            Stmt::Block(block) => self.block(block.statements()),
            Stmt::If(flow, _) => self.if_(flow),
            Stmt::Switch(parts, _) => {
                let (subject, cases) = parts.as_ref();
                self.expr(subject);
                let mut ty = Some(Ty::Unknown);
                for case in &cases.expressions {
                    if !matches!(case.lhs, Expr::BoolConstant(..)) {
                        self.condition(&case.lhs);
                    }
                    let arm = self.expr(&case.rhs);
                    let joined = ty.and_then(|ty| ty.join(arm.ty));
                    if let (Some(before), None) = (ty, joined) {
                        let (a, b) = (before.noun(), arm.ty.noun());
                        self.error(case.rhs.start_position(), format!("one case gives {a}, this one {b}"));
                    }
                    ty = joined.or(Some(Ty::Any));
                }
                Typed::new(ty.unwrap_or(Ty::Any), None)
            }
            Stmt::Var(parts, _, pos) => {
                let (name, value, _) = parts.as_ref();
                self.let_(name.name.as_str(), value, *pos)
            }
            Stmt::Assignment(parts) => {
                let (op, sides) = parts.as_ref();
                self.assign(op, sides)
            }
            Stmt::While(flow, _) | Stmt::Do(flow, ..) => {
                if !matches!(flow.expr, Expr::Unit(_) | Expr::BoolConstant(..)) {
                    self.condition(&flow.expr);
                }
                self.block(flow.body.statements());
                interpreted()
            }
            Stmt::For(parts, pos) => {
                let (name, counter, flow) = parts.as_ref();
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
                    self.declare(counter.name.as_str(), Ty::Integer, *pos);
                }
                self.declare(name.name.as_str(), item, *pos);
                self.block(flow.body.statements());
                self.locals.truncate(outer);
                interpreted()
            }
            Stmt::Return(value, flags, pos) => {
                if flags.contains(ASTFlags::BREAK) {
                    self.error(*pos, "a rule cannot throw; return true or false".to_owned());
                }
                match value {
                    Some(value) => {
                        let at = At::from(value.start_position());
                        let typed = self.expr(value);
                        self.result(&typed, at);
                    }
                    None => self.error(*pos, "`return` needs a value".to_owned()),
                }
                // Whatever follows is never the value of the rule.
                Typed::refused()
            }
            Stmt::BreakLoop(value, ..) => {
                if let Some(value) = value {
                    self.expr(value);
                }
                interpreted()
            }
            other => {
                self.error(other.position(), "this statement is not available in rules".to_owned());
                Typed::refused()
            }
        }
    }

    fn if_(&mut self, flow: &FlowControl) -> Typed {
        let condition = self.condition(&flow.expr);
        let then = self.block(flow.body.statements());
        let otherwise = self.block(flow.branch.statements());
        let ty = then.ty.join(otherwise.ty).unwrap_or_else(|| {
            let (a, b) = (then.ty.noun(), otherwise.ty.noun());
            self.error(flow.expr.start_position(), format!("one branch gives {a}, the other {b}"));
            Ty::Any
        });
        let at = At::from(flow.expr.position());
        let node = match (condition.node, then.node, otherwise.node) {
            (Some(c), Some(a), Some(b)) => Some(Node::If(Box::new((c, a, b)), at)),
            _ => None,
        };
        Typed::new(ty, node)
    }

    /// An expression that must be true or false.
    pub(super) fn condition(&mut self, expr: &Expr) -> Typed {
        let typed = self.expr(expr);
        self.must_be_bool(&typed, expr);
        typed
    }

    fn let_(&mut self, name: &str, value: &Expr, pos: Position) -> Typed {
        let typed = self.expr(value);
        // A number that is set again may become whole or not; only the difference between the two is given up.
        let ty = match typed.ty {
            ty if ty.is_number() && self.assigned.contains(name) => Ty::Number,
            Ty::Unknown => Ty::Any,
            ty => ty,
        };
        let slot = self.declare(name, ty, pos);
        Typed::new(Ty::Unknown, typed.node.map(|node| Node::Set(slot, Box::new(node))))
    }

    fn declare(&mut self, name: &str, ty: Ty, pos: Position) -> usize {
        if self.names.variable(name).is_some() {
            self.error(pos, format!("`{name}` is a feature of this policy; give the variable another name"));
        } else if name == "action" || Term::ALL.iter().any(|t| t.name() == name && self.use_ == super::Use::Priority) {
            self.error(pos, format!("`{name}` has a meaning already; give the variable another name"));
        }
        if self.locals.len() >= limits::VARIABLES {
            let message =
                format!("more than {} variables at once; leave some out, or put them into blocks", limits::VARIABLES);
            self.error(pos, message);
        }
        let slot = self.slots;
        self.slots += 1;
        self.locals.push(super::Local { name: name.to_owned(), ty, slot });
        slot
    }

    fn assign(&mut self, op: &OpAssignment, sides: &BinaryExpr) -> Typed {
        let value = self.expr(&sides.rhs);
        let (name, pos) = match &sides.lhs {
            Expr::Variable(v, _, pos) => (v.1.as_str(), *pos),
            Expr::Index(..) | Expr::Dot(..) => {
                if op.get_op_assignment_info().is_some() {
                    self.error(op.position(), "items of lists and maps are set with `=` only".to_owned());
                }
                self.target(&sides.lhs);
                return Typed::new(Ty::Unknown, None);
            }
            other => {
                self.error(other.start_position(), "only a variable made with `let` can be set".to_owned());
                return Typed::refused();
            }
        };
        let Some(local) = self.locals.iter().rev().find(|l| l.name == name) else {
            let message = if self.names.variable(name).is_some() {
                format!("`{name}` is a feature and cannot be changed; to compare write `==`")
            } else {
                let known: Vec<&str> = self.locals.iter().map(|l| l.name.as_str()).collect();
                format!("`{name}` is not a variable of this rule{}", suggest::hint(name, known))
            };
            self.error(pos, message);
            return Typed::refused();
        };
        let (slot, ty) = (local.slot, local.ty);
        let current = Typed { ty, node: Some(Node::Local(slot)), what: What::Other };
        let value = match op.get_op_assignment_info() {
            Some((.., symbol)) => self.binary(symbol, current, value, op.position()),
            None => value,
        };
        if ty.join(value.ty).is_none() {
            let (a, b) = (ty.noun(), value.ty.noun());
            self.error(pos, format!("`{name}` holds {a}; it cannot be set to {b}"));
        }
        Typed::new(Ty::Unknown, value.node.map(|node| Node::Set(slot, Box::new(node))))
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
