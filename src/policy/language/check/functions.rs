//! Functions of the rule's own: their definitions, and calls, which are their bodies with the arguments in place.

use super::Checker;
use super::types::{Ty, Typed};
use crate::diagnostic::Severity;
use crate::language::engine::{engine, limits};
use crate::language::functions;
use crate::language::graph::{Id, Node};
use crate::language::source::At;
use rhai::{Expr, Position};
use std::collections::BTreeSet;

/// Words that mean something else wherever they stand before a bracket.
const TAKEN: [&str; 4] = ["push", "action", "range", "type_of"];

impl Checker<'_> {
    /// The definitions: names that are free and differ, and bodies that no one calls.
    pub(super) fn definitions(&mut self) {
        let own = self.own;
        let mut names = BTreeSet::new();
        for (position, function) in own.iter().enumerate() {
            let name = function.name.as_str();
            if functions::find(name).is_some() || TAKEN.contains(&name) || name.starts_with("__") {
                self.error(function.at, format!("`{name}` is a function already; give this one another name"));
            } else if self.names.variable(name).is_some() {
                self.error(
                    function.at,
                    format!("`{name}` is a feature of this policy; give the function another name"),
                );
            } else if !names.insert(name) {
                self.error(function.at, format!("there are two functions called `{name}`"));
            }
            let mut params = BTreeSet::new();
            for (param, at) in &function.params {
                if !params.insert(param) {
                    self.error(*at, format!("`{name}` has two parameters called `{param}`"));
                } else if param.starts_with("__") || engine().compile(format!("let {param} = 0;")).is_err() {
                    self.error(*at, format!("`{param}` cannot be the name of a parameter"));
                }
            }
            // What is said about a body must not wait for a call of it.
            let unsaid = self.outside.take();
            let any = function.params.iter().map(|_| Typed::refused()).collect();
            self.body(position, any, function.at);
            self.outside = unsaid;
        }
        self.inlined = 0;
    }

    /// `name(args)`
    pub(super) fn own_call(&mut self, position: usize, args: &[Expr], pos: Position) -> Typed {
        let typed: Vec<Typed> = args.iter().map(|a| self.operand(a)).collect();
        let Some(function) = self.own.get(position) else { return Typed::refused() };
        let name = function.name.as_str();
        if typed.len() != function.params.len() {
            let params: Vec<&str> = function.params.iter().map(|(param, _)| param.as_str()).collect();
            let (count, list, found) = (params.len(), params.join(", "), typed.len());
            let noun = if count == 1 { "argument" } else { "arguments" };
            self.error(pos, format!("`{name}` takes {count} {noun} ({list}), found {found}"));
            return Typed::refused();
        }
        if self.calling.contains(&position) {
            self.error(pos, format!("`{name}` calls itself; a rule has no recursion"));
            return Typed::refused();
        }
        if self.levels + function.depth > limits::LEVELS {
            self.error(pos, format!("with `{name}` the rule is nested too deep; split it with `let`"));
            return Typed::refused();
        }
        self.inlined += 1;
        if self.inlined > limits::INLINED {
            if self.inlined == limits::INLINED + 1 {
                let message =
                    format!("more than {} calls of functions, those inside of functions included", limits::INLINED);
                self.error(pos, message);
            }
            return Typed::refused();
        }
        self.body(position, typed, pos.into())
    }

    /// The body of a function with these arguments.
    fn body(&mut self, position: usize, args: Vec<Typed>, at: At) -> Typed {
        let Some(function) = self.own.get(position) else { return Typed::refused() };
        let mut order: Option<Vec<Id>> = args.iter().map(|arg| arg.node).collect();
        let outer = std::mem::take(&mut self.locals);
        // The interpreter keeps the arguments in one variable more.
        let beneath = outer.len() + 1;
        self.beneath += beneath;
        let settable = std::mem::replace(&mut self.settable, 0);
        let operands = std::mem::replace(&mut self.operands, 0);
        self.calling.push(position);
        self.levels += function.depth;
        for ((param, place), arg) in function.params.iter().zip(&args) {
            let ty = match arg.ty {
                ty if ty.is_number() && self.assigned.contains(param) => Ty::Number,
                Ty::Unknown => Ty::Any,
                ty => ty,
            };
            self.declare_at(param, ty, arg.node, *place);
        }
        let typed = self.block(function.statements());
        self.calling.pop();
        self.levels -= function.depth;
        self.settable = settable;
        self.operands = operands;
        self.beneath -= beneath;
        self.locals = outer;
        if let (Some(order), Some(node)) = (order.as_mut(), typed.node) {
            order.push(node);
        }
        let node = order.zip(typed.node).map(|(order, _)| self.graph.add(Node::Seq(order.into()), at));
        if self.is_full(Severity::Error) {
            return Typed::refused();
        }
        Typed::new(typed.ty, node)
    }
}
