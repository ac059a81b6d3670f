//! Calls: operators (which Rhai's tree holds as calls), functions of the table, methods, `in`.

use super::Checker;
use super::types::{Ty, Typed, What};
use crate::diagnostic::Severity;
use crate::language::engine;
use crate::language::functions::{self, ArgType, EVENTS};
use crate::language::graph::{Id, Literal, Node};
use crate::language::ops::Op;
use crate::suggest;
use crate::value::Value;
use rhai::{Expr, FnCallExpr, Position};

impl Checker<'_> {
    pub(super) fn call(&mut self, f: &FnCallExpr, pos: Position) -> Typed {
        let (name, args) = (f.name.as_str(), f.args.as_slice());
        match (name, args) {
            (engine::AND, [a, b]) => return self.logic(true, a, b, pos),
            (engine::OR, [a, b]) => return self.logic(false, a, b, pos),
            ("!", [x]) => {
                let node = self.truth(x, pos).map(|x| self.graph.add(Node::Not(x), pos.into()));
                return Typed::new(Ty::Bool, node);
            }
            ("-", [x]) => {
                let typed = self.operand(x);
                if !typed.ty.is_number() && !typed.ty.is_open() {
                    let subject = self.describe(&typed);
                    self.error(pos, format!("`-` needs a number, found {subject}"));
                    return Typed::refused();
                }
                let node = typed.node.map(|x| self.graph.add(Node::Negate(x), pos.into()));
                return Typed::new(typed.ty, node);
            }
            (".." | "..=", [low, high]) => {
                for end in [low, high] {
                    self.range_end(end);
                }
                return self.outside(Ty::Range, "a range that no `in` or `for` stands before");
            }
            ("contains", [list, x]) => return self.contains(list, x, pos),
            ("score", [Expr::StringConstant(id, at)]) => return self.score(id.as_str(), *at, pos),
            ("score", [other]) => {
                let message = "`score` needs the id of a model written out as a text, as in `score(\"visit\")`";
                self.error(other.start_position(), message.to_owned());
                return Typed::refused();
            }
            ("table", [Expr::StringConstant(id, at)]) => return self.table(id.as_str(), *at, pos),
            ("table", [other]) => {
                let message =
                    "`table` needs the id of a decision table written out as a text, as in `table(\"rates\")`";
                self.error(other.start_position(), message.to_owned());
                return Typed::refused();
            }
            (symbol, [a, b]) if f.op_token.is_some() => {
                let (a, b) = (self.operand(a), self.operand(b));
                return self.binary(symbol, a, b, pos);
            }
            (symbol, [_]) if f.op_token.is_some() => {
                self.error(pos, format!("`{symbol}` cannot stand before a value"));
                return Typed::refused();
            }
            _ => {}
        }
        if let Some(own) = self.own.iter().position(|own| own.name == name) {
            return self.own_call(own, args, pos);
        }
        let typed: Vec<Typed> = args.iter().map(|a| self.operand(a)).collect();
        let places: Vec<Position> = args.iter().map(Expr::start_position).collect();
        self.function(name, typed, &places, pos)
    }

    /// `base.name(args)`: the same function, with `base` before the arguments.
    pub(super) fn method(&mut self, base: Typed, f: &FnCallExpr, pos: Position) -> Typed {
        let name = f.name.as_str();
        let mut places = vec![pos];
        places.extend(f.args.iter().map(Expr::start_position));
        let in_list = matches!(base.ty, Ty::List | Ty::Any | Ty::Map);
        let mut typed = vec![base];
        typed.extend(f.args.iter().map(|a| self.operand(a)));
        match (name, typed.len()) {
            ("push", 2) if in_list => return self.outside(Ty::Unknown, "a list that is kept or made step by step"),
            ("contains", 2) if in_list => return self.outside(Ty::Bool, "a search in a list or map that is kept"),
            ("score", _) => {
                self.error(pos, "write `score(\"…\")` with the id of a model".to_owned());
                return Typed::refused();
            }
            ("table", _) => {
                self.error(pos, "write `table(\"…\")` with the id of a decision table".to_owned());
                return Typed::refused();
            }
            _ => {}
        }
        self.function(name, typed, &places, pos)
    }

    /// A function of the table with checked arguments.
    fn function(&mut self, name: &str, args: Vec<Typed>, places: &[Position], pos: Position) -> Typed {
        let Some(function) = functions::find(name) else {
            let message = self.no_function(name);
            self.error(pos, message);
            return Typed::refused();
        };
        self.uses(function);
        if name == "len" && args.len() == 1 && args.iter().all(|a| matches!(a.ty, Ty::List | Ty::Map)) {
            return self.outside(Ty::Integer, "the length of a list or map");
        }
        if args.len() != function.args.len() {
            self.error(pos, format!("`{name}` takes {}, found {}", function.count(), args.len()));
            return Typed::refused();
        }
        let mut fine = true;
        for ((arg, expected), place) in args.iter().zip(function.args).zip(places) {
            if !arg.ty.fits(expected.type_) {
                let found = self.describe(arg);
                let message = format!("`{name}` needs {} as `{}`, found {found}", expected.type_.noun(), expected.name);
                self.error(*place, message);
                fine = false;
            } else if let What::Literal(Value::Text(text)) = &arg.what {
                self.named(expected.type_, name, text, *place);
            }
        }
        if name == "between" {
            fine = fine && self.between(&args, pos);
        }
        let types: Vec<Ty> = args.iter().map(|a| a.ty).collect();
        let ty = Ty::result(function.result, &types);
        let nodes: Option<Box<[Id]>> = args.into_iter().map(|a| a.node).collect();
        let node = match (name, nodes.as_deref()) {
            _ if !fine => None,
            ("is_known", Some([x])) => Some(self.graph.add(Node::IsKnown(*x), pos.into())),
            ("between", Some([x, low, high])) => {
                let (x, low, high) = (*x, *low, *high);
                let above = self.graph.add(Node::Binary(Op::Ge, x, low), pos.into());
                let below = self.graph.add(Node::Binary(Op::Le, x, high), pos.into());
                let both = self.graph.add(Node::And([above, below].into()), pos.into());
                // Both comparisons are made, whatever the first says.
                Some(self.graph.add(Node::Seq([x, low, high, above, below, both].into()), pos.into()))
            }
            _ => nodes.map(|nodes| self.graph.add(Node::Call(function, nodes), pos.into())),
        };
        Typed::new(ty, node)
    }

    /// A text that names something: an event, a channel, an action, a date.
    fn named(&mut self, type_: ArgType, function: &str, text: &str, pos: Position) {
        let (what, known): (&str, Vec<&str>) = match type_ {
            ArgType::Channel => ("a channel of this policy", self.names.channels.iter().map(String::as_str).collect()),
            ArgType::Target if text == "*" => return,
            ArgType::Target => {
                ("an action, group or issue of this policy", self.names.targets.iter().map(String::as_str).collect())
            }
            ArgType::Event => ("a standard event", EVENTS.to_vec()),
            ArgType::Text if function == "date" && !functions::is_date(text) => {
                let message =
                    format!("\"{text}\" is not a date; write it as \"2026-01-31\" or \"2026-01-31T18:00:00Z\"");
                self.error(pos, message);
                return;
            }
            _ => return,
        };
        if type_ == ArgType::Channel && self.names.inbound.iter().any(|id| id == text) {
            let message =
                format!("\"{text}\" is an inbound channel; contacts are counted on outbound ones, so this is always 0");
            self.warn(pos, message);
            return;
        }
        if known.contains(&text) || self.is_full(Severity::Warning) {
            return;
        }
        match suggest::nearest(text, known) {
            Some(near) => self.warn(pos, format!("\"{text}\" is not {what}; did you mean \"{near}\"?")),
            // Custom events are named freely.
            None if type_ == ArgType::Event => {}
            None => self.warn(pos, format!("\"{text}\" is not {what}")),
        }
    }

    /// `between(x, low, high)` compares as `>=` and `<=` do.
    fn between(&mut self, args: &[Typed], pos: Position) -> bool {
        let [x, low, high] = args else { return false };
        let mut fine = true;
        for end in [low, high] {
            let comparable =
                x.ty.is_open() || end.ty.is_open() || x.ty.is_number() && end.ty.is_number() || x.ty == end.ty;
            if !comparable || x.ty == Ty::Bool {
                let (x, end) = (self.describe(x), self.describe(end));
                self.error(pos, format!("cannot compare {x} with {end}"));
                fine = false;
            }
        }
        fine
    }

    fn range_end(&mut self, end: &Expr) -> Typed {
        let typed = self.operand(end);
        if typed.ty != Ty::Integer && !typed.ty.is_open() {
            let subject = self.describe(&typed);
            let message = format!("a range runs between whole numbers, found {subject}; write `between(x, low, high)`");
            self.error(end.start_position(), message);
        }
        typed
    }

    /// `x in list`, `x in low..high`, `part in text`, and `contains(text, part)`, which Rhai does not tell apart.
    fn contains(&mut self, list: &Expr, x: &Expr, pos: Position) -> Typed {
        match list {
            Expr::Array(items, _) => {
                let x_typed = self.operand(x);
                let items: Vec<(Typed, Position)> =
                    items.iter().map(|i| (self.operand(i), i.start_position())).collect();
                self.in_list(x_typed, items, pos)
            }
            Expr::FnCall(range, _) if matches!(range.name.as_str(), ".." | "..=") && range.op_token.is_some() => {
                let ends: Vec<Typed> = range.args.iter().map(|end| self.range_end(end)).collect();
                let x_typed = self.operand(x);
                if !x_typed.ty.is_number() && !x_typed.ty.is_open() {
                    let subject = self.describe(&x_typed);
                    self.error(pos, format!("only numbers lie in a range, found {subject}"));
                    return Typed::new(Ty::Bool, None);
                }
                let literals = ends.iter().all(|end| matches!(end.what, What::Literal(Value::Integer(_))));
                let (Some(x), [Some(low), Some(high)], true) =
                    (x_typed.node, [0, 1].map(|i| ends.get(i).and_then(|end: &Typed| end.node)), literals)
                else {
                    return self.outside(Ty::Bool, "a range whose ends are not written out");
                };
                let upper = if range.name.as_str() == "..=" { Op::Le } else { Op::Lt };
                let above = self.graph.add(Node::Binary(Op::Ge, x, low), pos.into());
                let below = self.graph.add(Node::Binary(upper, x, high), pos.into());
                let node = self.graph.add(Node::And([above, below].into()), pos.into());
                Typed::new(Ty::Bool, Some(node))
            }
            _ => {
                let text = self.operand(list);
                let part = self.operand(x);
                if matches!(text.ty, Ty::List | Ty::Map | Ty::Range | Ty::Any) {
                    return self.outside(Ty::Bool, "a search in a list or map that is kept");
                }
                if text.ty.is_number() || text.ty == Ty::Bool {
                    let subject = self.describe(&text);
                    self.error(
                        pos,
                        format!("`in` looks into a list, a range or a text, found {subject}; write `x in [1, 2]`"),
                    );
                    return Typed::new(Ty::Bool, None);
                }
                self.function("contains", vec![text, part], &[list.start_position(), x.start_position()], pos)
            }
        }
    }

    fn in_list(&mut self, x: Typed, items: Vec<(Typed, Position)>, pos: Position) -> Typed {
        for (item, place) in &items {
            let comparable =
                x.ty.is_open() || item.ty.is_open() || x.ty.is_number() && item.ty.is_number() || x.ty == item.ty;
            if !comparable || matches!(item.ty, Ty::List | Ty::Map | Ty::Range) {
                let (x, item) = (self.describe(&x), self.describe(item));
                self.error(*place, format!("cannot compare {x} with {item}"));
            } else if let What::Literal(value) = &item.what {
                self.category(&x.what, value, *place);
            }
        }
        let literals: Option<Vec<Value>> = items
            .iter()
            .map(|(item, _)| match &item.what {
                What::Literal(value) => Some(value.clone()),
                _ => None,
            })
            .collect();
        let node = match (x.node, literals) {
            (Some(x), Some(values)) => {
                let values = values.into_iter().map(Literal).collect();
                Some(self.graph.add(Node::InConst(x, values), pos.into()))
            }
            (Some(x), None) => {
                let nodes: Option<Vec<Id>> = items.into_iter().map(|(item, _)| item.node).collect();
                nodes.map(|nodes| {
                    let equal: Box<[Id]> =
                        nodes.iter().map(|item| self.graph.add(Node::Binary(Op::Eq, x, *item), pos.into())).collect();
                    let found = self.graph.add(Node::Or(equal), pos.into());
                    // The list stands on the right but is made first, as the interpreter does.
                    let order = nodes.into_iter().chain([x, found]).collect();
                    self.graph.add(Node::Seq(order), pos.into())
                })
            }
            (None, _) => None,
        };
        Typed::new(Ty::Bool, node)
    }
}
