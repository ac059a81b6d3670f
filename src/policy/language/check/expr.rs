//! Expressions: literals, operators, conditions, chains of dots and brackets.

use super::Checker;
use super::types::{Ty, Typed, What};
use crate::language::graph::{self, Id, Node};
use crate::language::ops::Op;
use crate::value::Value;
use rhai::{ASTFlags, Expr, Position};

impl Checker<'_> {
    pub(super) fn expr(&mut self, expr: &Expr) -> Typed {
        match expr {
            Expr::BoolConstant(b, pos) => self.literal(Value::Bool(*b), *pos),
            Expr::IntegerConstant(i, pos) => self.literal(Value::Integer(*i), *pos),
            Expr::FloatConstant(x, pos) => self.literal(Value::Number(**x), *pos),
            Expr::StringConstant(s, pos) => self.literal(Value::text(s.as_str()), *pos),
            Expr::Unit(pos) => self.literal(Value::Unknown, *pos),
            Expr::CharConstant(c, pos) => {
                self.error(*pos, format!("texts stand in double quotes; write \"{c}\""));
                Typed::refused()
            }
            Expr::InterpolatedString(_, pos) => {
                self.error(*pos, "texts with `${…}` are not available in rules".to_owned());
                Typed::refused()
            }
            Expr::Variable(v, _, pos) => self.name(v.1.as_str(), *pos),
            Expr::FnCall(f, pos) => self.call(f, *pos),
            Expr::Stmt(block) => self.block(block.statements()),
            Expr::Array(items, _) => {
                for item in items {
                    self.operand(item);
                }
                self.outside(Ty::List, "a list that is kept or made step by step")
            }
            Expr::Map(parts, _) => {
                for (_, value) in &parts.0 {
                    self.operand(value);
                }
                self.outside(Ty::Map, "a map")
            }
            Expr::Coalesce(options, pos) => self.or_else(options, *pos),
            Expr::Dot(sides, flags, pos) if !flags.contains(ASTFlags::NEGATED) => {
                self.dot(&sides.lhs, &sides.rhs, *pos)
            }
            Expr::Index(sides, flags, pos) => {
                let base = self.operand(&sides.lhs);
                self.indexable(&base, *pos);
                self.key(&sides.rhs, *flags, *pos);
                self.outside(Ty::Any, "`[…]` on a list or a map")
            }
            other => {
                self.error(other.start_position(), "this expression is not available in rules".to_owned());
                Typed::refused()
            }
        }
    }

    /// A literal.
    pub(super) fn literal(&mut self, value: Value, pos: Position) -> Typed {
        let node = self.graph.literal(value.clone(), pos.into());
        Typed { ty: Ty::of(&value), node: Some(node), what: What::Literal(value) }
    }

    /// Something with a meaning, but no node: `why` names it for people.
    pub(super) fn outside(&mut self, ty: Ty, why: &'static str) -> Typed {
        self.outside.get_or_insert_with(|| why.to_owned());
        Typed::new(ty, None)
    }

    /// An expression beside others in one larger expression. Rhai may look at variables there later than they are written, so a variable
    /// that is set in the middle has no node.
    pub(super) fn operand(&mut self, expr: &Expr) -> Typed {
        let outer = std::mem::replace(&mut self.settable, self.locals.len());
        self.operands += 1;
        let typed = self.expr(expr);
        self.operands -= 1;
        self.settable = outer;
        typed
    }

    /// `a ?? b`
    fn or_else(&mut self, options: &[Expr], pos: Position) -> Typed {
        let mut ty = Ty::Unknown;
        let mut nodes = Some(Vec::new());
        for option in options {
            let typed = self.operand(option);
            ty = ty.join(typed.ty).unwrap_or_else(|| {
                let (a, b) = (ty.noun(), typed.ty.noun());
                self.error(option.start_position(), format!("the default of {a} must be of its kind, found {b}"));
                Ty::Any
            });
            nodes = nodes.zip(typed.node).map(|(mut nodes, node)| {
                nodes.push(node);
                nodes
            });
        }
        Typed::new(ty, nodes.map(|nodes| self.graph.add(Node::OrElse(nodes.into()), pos.into())))
    }

    /// `lhs.rhs`, where `rhs` may go on.
    fn dot(&mut self, lhs: &Expr, rhs: &Expr, _pos: Position) -> Typed {
        let is_action =
            matches!(lhs, Expr::Variable(v, ..) if v.1 == "action" && !self.locals.iter().any(|l| l.name == "action"));
        if !is_action {
            let base = self.operand(lhs);
            return self.tail(base, rhs);
        }
        match rhs {
            Expr::Property(p, pos) => self.fact(p.2.as_str(), *pos),
            Expr::Dot(rest, ..) if matches!(rest.lhs, Expr::Property(..)) => {
                let base = self.dot(lhs, &rest.lhs, _pos);
                self.tail(base, &rest.rhs)
            }
            other => {
                self.error(other.start_position(), "`action` has facts only, such as `action.id`".to_owned());
                Typed::refused()
            }
        }
    }

    /// What stands after the dot behind `base`.
    fn tail(&mut self, base: Typed, rest: &Expr) -> Typed {
        match rest {
            Expr::MethodCall(f, pos) => self.method(base, f, *pos),
            Expr::Property(p, pos) => {
                if !matches!(base.ty, Ty::Any | Ty::Map) {
                    let name = p.2.as_str();
                    let of = match &base.what {
                        What::Variable(i) => {
                            self.names.variables.get(*i).map_or(String::new(), |v| format!("`{}`", v.name))
                        }
                        _ => base.ty.noun().to_owned(),
                    };
                    self.error(*pos, format!("{of} has no property `{name}`; only `action.` has properties"));
                }
                self.outside(Ty::Any, "an entry of a map")
            }
            Expr::Dot(sides, ..) => {
                let base = self.tail(base, &sides.lhs);
                self.tail(base, &sides.rhs)
            }
            Expr::Index(sides, flags, pos) => {
                let base = self.tail(base, &sides.lhs);
                self.indexable(&base, *pos);
                self.key(&sides.rhs, *flags, *pos);
                self.outside(Ty::Any, "`[…]` on a list or a map")
            }
            other => {
                self.error(other.start_position(), "this is not available after a dot".to_owned());
                Typed::refused()
            }
        }
    }

    fn indexable(&mut self, base: &Typed, pos: Position) {
        if !matches!(base.ty, Ty::Any | Ty::List | Ty::Map) {
            self.error(pos, format!("`[…]` reads a list or a map, found {}", base.ty.noun()));
        }
    }

    /// What stands in brackets.
    fn key(&mut self, key: &Expr, flags: ASTFlags, pos: Position) {
        // Rhai hangs what follows the brackets below the key; what it means then depends on flags it does not document.
        if matches!(key, Expr::Dot(..) | Expr::Index(..)) && !flags.contains(ASTFlags::BREAK) {
            self.error(pos, "nothing can follow `[…]` here; put the item into a variable with `let` first".to_owned());
            return;
        }
        let typed = self.expr(key);
        if !matches!(typed.ty, Ty::Integer | Ty::Text) && !typed.ty.is_open() {
            self.error(
                key.start_position(),
                format!("a list is read by whole number, a map by text, found {}", typed.ty.noun()),
            );
        }
    }

    /// Refuses what cannot be true or false.
    pub(super) fn must_be_bool(&mut self, typed: &Typed, expr: &Expr) {
        if typed.ty == Ty::Bool || typed.ty.is_open() {
            return;
        }
        let fix = match (&typed.what, typed.ty) {
            (What::Variable(i), ty) if ty.is_number() => {
                self.names.variables.get(*i).map_or(String::new(), |v| format!("; did you mean `{} == 1`?", v.name))
            }
            (_, Ty::Text) => "; compare it with `==`".to_owned(),
            (_, ty) if ty.is_number() => "; compare it, as in `… > 0`".to_owned(),
            _ => String::new(),
        };
        let subject = self.describe(typed);
        self.error(expr.start_position(), format!("expected true or false, found {subject}{fix}"));
    }

    /// `a op b`, both checked already.
    pub(super) fn binary(&mut self, symbol: &str, a: Typed, b: Typed, pos: Position) -> Typed {
        let Some(op) = Op::from_symbol(symbol) else {
            let fix = match symbol {
                "&" => "; `and` is written `&&`",
                "|" => "; `or` is written `||`",
                "^" => "; a power is written `**`",
                _ => "",
            };
            self.error(pos, format!("`{symbol}` is not an operator of rules{fix}"));
            return Typed::refused();
        };
        let fine = if op.compares() { self.compare(op, &a, &b, pos) } else { self.calculate(op, &a, &b, pos) };
        let ty = match (op.compares(), a.ty, b.ty) {
            (true, ..) => Ty::Bool,
            (false, Ty::Integer, Ty::Integer) => Ty::Integer,
            (false, a, b) if a.is_number() && b.is_number() => Ty::Number,
            (false, Ty::Number, Ty::Any) | (false, Ty::Any, Ty::Number) => Ty::Number,
            _ => Ty::Any,
        };
        if !fine {
            return Typed::new(if op.compares() { Ty::Bool } else { Ty::Any }, None);
        }
        let node = a.node.zip(b.node).map(|(a, b)| self.graph.add(Node::Binary(op, a, b), pos.into()));
        Typed { ty, node, what: if op.compares() { What::Comparison } else { What::Other } }
    }

    fn compare(&mut self, op: Op, a: &Typed, b: &Typed, pos: Position) -> bool {
        for side in [a, b] {
            if side.what == What::Literal(Value::Unknown) {
                let symbol = op.symbol();
                self.error(
                    pos,
                    format!("`{symbol}` with `()` is never true; to ask for a missing value write `!is_known(x)`"),
                );
                return false;
            }
        }
        for (field, text) in [(a, b), (b, a)] {
            if let What::Literal(value) = &text.what {
                self.category(&field.what, value, pos);
            }
        }
        let equality = matches!(op, Op::Eq | Op::Ne);
        let fine = match (a.ty, b.ty) {
            (a, b) if a.is_open() || b.is_open() => true,
            (a, b) if a.is_number() && b.is_number() => true,
            (Ty::Text, Ty::Text) | (Ty::Time, Ty::Time) => true,
            (Ty::Bool, Ty::Bool) => equality,
            _ => false,
        };
        if !fine {
            let fix = self.compare_fix(op, a, b);
            let (a, b) = (self.describe(a), self.describe(b));
            self.error(pos, format!("cannot compare {a} with {b}{fix}"));
        }
        fine
    }

    fn compare_fix(&self, op: Op, a: &Typed, b: &Typed) -> String {
        if (a.what == What::Comparison || b.what == What::Comparison) && !matches!(op, Op::Eq | Op::Ne) {
            return "; write `between(x, low, high)` or join two comparisons with `&&`".to_owned();
        }
        for (x, y) in [(a, b), (b, a)] {
            match (x.ty, &y.what) {
                (Ty::Text, What::Literal(v)) if v.as_f64().is_some() => return format!("; as a text write \"{v}\""),
                (ty, What::Literal(Value::Text(t))) if ty.is_number() && t.trim().parse::<f64>().is_ok() => {
                    return format!("; as a number write {}", t.trim());
                }
                (Ty::Time, What::Literal(Value::Text(t))) => return format!("; write `date(\"{t}\")`"),
                (Ty::Bool, What::Literal(Value::Integer(0 | 1))) => return "; write `true` or `false`".to_owned(),
                (Ty::List, _) => return "; to look it up in a list write `x in […]`".to_owned(),
                _ => {}
            }
        }
        String::new()
    }

    fn calculate(&mut self, op: Op, a: &Typed, b: &Typed, pos: Position) -> bool {
        if op == Op::Sub && (a.ty == Ty::Time || b.ty == Ty::Time) {
            self.error(pos, "times are not subtracted; write `days_between(from, to)`".to_owned());
            return false;
        }
        for side in [a, b] {
            if !side.ty.is_number() && !side.ty.is_open() {
                let subject = self.describe(side);
                self.error(pos, format!("`{}` needs numbers, found {subject}", op.symbol()));
                return false;
            }
        }
        if op == Op::Div && a.ty == Ty::Integer && b.ty == Ty::Integer {
            if b.what == What::Literal(Value::Integer(0)) {
                self.error(pos, "division by zero".to_owned());
            } else {
                let text = "`/` between whole numbers drops the fraction; to keep it write `to_float(a) / b`";
                self.warn(pos, text.to_owned());
            }
        }
        true
    }

    /// What an operand is, in words: "`channel` (a text)".
    pub(super) fn describe(&self, typed: &Typed) -> String {
        let noun = typed.ty.noun();
        match &typed.what {
            What::Variable(i) => {
                self.names.variables.get(*i).map_or(noun.to_owned(), |v| format!("`{}` ({noun})", v.name))
            }
            What::Fact(i) => {
                self.names.facts.get(*i).map_or(noun.to_owned(), |f| format!("`action.{}` ({noun})", f.name))
            }
            What::Literal(Value::Text(t)) => format!("the text \"{t}\""),
            What::Literal(v) if v.as_f64().is_some() && v.type_of() != Some(crate::value::Type::Bool) => {
                format!("the number {v}")
            }
            _ => noun.to_owned(),
        }
    }

    /// `a && b`, `a || b`.
    pub(super) fn logic(&mut self, is_and: bool, a: &Expr, b: &Expr, pos: Position) -> Typed {
        let sides = [self.truth(a, pos), self.truth(b, pos)];
        let node = match sides {
            [Some(a), Some(b)] => {
                let sides = [a, b].into();
                Some(self.graph.add(if is_and { Node::And(sides) } else { Node::Or(sides) }, pos.into()))
            }
            _ => None,
        };
        Typed::new(Ty::Bool, node)
    }

    /// An operand that must be true or false; where it is not, the failure is told at `pos`.
    pub(super) fn truth(&mut self, expr: &Expr, pos: Position) -> Option<Id> {
        let typed = self.operand(expr);
        self.must_be_bool(&typed, expr);
        typed.node.map(|node| self.as_bool(node, pos))
    }

    /// The node itself where it is certain to be true, false or unknown; else a check of it.
    pub(super) fn as_bool(&mut self, node: Id, pos: Position) -> Id {
        match self.graph.info(node).ty {
            graph::Ty::Bool | graph::Ty::Nothing => node,
            _ => self.graph.add(Node::AsBool(node), pos.into()),
        }
    }
}
