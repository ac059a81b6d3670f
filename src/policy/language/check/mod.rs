//! The checker: walks Rhai's syntax tree with the names of the policy, finds everything that is wrong, and lowers what is
//! right to [`Node`]s on the same walk.
//!
//! It evaluates nothing. It refuses what is certain to fail, warns of what is likely not meant, and lets through what only
//! a row can tell.

mod calls;
mod expr;
mod functions;
mod names;
mod stmt;
mod switch;
pub mod types;

use super::Use;
use super::context::Names;
use super::engine::limits;
use super::finding::Finding;
use super::functions::{Function, Topic};
use super::graph::{Graph, Id, Node};
use super::own::{self, Own, Parsed};
use super::sandbox::Needs;
use super::source::{At, Source};
use crate::diagnostic::Severity;
use crate::value::Value;
use rhai::{Position, Stmt};
use std::collections::BTreeSet;
use types::{Ty, Typed};

/// What the walk found out.
pub struct Checked {
    /// In order of position.
    pub findings: Vec<Finding>,
    /// The source graph and its root; why there is none, otherwise.
    pub lowered: Result<(Graph, Id), String>,
    pub needs: Needs,
}

/// Checks a parsed expression.
pub fn check(parsed: &Parsed, source: &Source<'_>, use_: Use, names: &Names) -> Checked {
    let ast = &parsed.ast;
    let mut checker = Checker {
        source,
        use_,
        names,
        findings: Vec::new(),
        locals: Vec::new(),
        settable: 0,
        operands: 0,
        left: None,
        given: None,
        stayed: None,
        own: &parsed.own,
        calling: Vec::new(),
        levels: if parsed.own.is_empty() { 0 } else { own::depth(ast) },
        beneath: 0,
        inlined: 0,
        graph: Graph::default(),
        outside: None,
        assigned: BTreeSet::new(),
        variables: BTreeSet::new(),
        models: BTreeSet::new(),
        tables: BTreeSet::new(),
        history: false,
        terms: false,
        candidate: false,
    };
    checker.stayed = Some(checker.graph.literal(Value::Bool(false), At::default()));
    checker.left = checker.stayed;
    checker.given = Some(checker.graph.literal(Value::Unknown, At::default()));
    stmt::assigned(ast.statements(), &mut checker.assigned);
    for function in &parsed.own {
        stmt::assigned(function.statements(), &mut checker.assigned);
    }
    checker.definitions();
    let result = checker.statements(ast.statements());
    let at = ast.statements().last().map_or(At::default(), |s| At::from(last_position(s)));
    checker.result(&result, at);
    let root = checker.root(result.node);
    let mut findings = checker.findings;
    findings.sort_by_key(|f| (f.line, f.column));
    findings.dedup();
    Checked {
        findings,
        lowered: match (root, checker.outside) {
            (Some(root), None) if checker.graph.info(root).depth > limits::STEPS => {
                Err(format!("a calculation of more than {} steps, each over the one before", limits::STEPS))
            }
            (Some(root), None) => Ok((checker.graph, root)),
            (_, why) => Err(why.unwrap_or_else(|| "something only the interpreter knows".to_owned())),
        },
        needs: Needs {
            variables: checker.variables.into_iter().collect(),
            models: checker.models.into_iter().collect(),
            tables: checker.tables.into_iter().collect(),
            history: checker.history,
            terms: checker.terms,
            candidate: checker.candidate,
        },
    }
}

fn last_position(stmt: &Stmt) -> Position {
    match stmt {
        Stmt::Expr(expr) => expr.start_position(),
        other => other.position(),
    }
}

/// A variable of the rule's own.
struct Local {
    name: String,
    ty: Ty,
    /// What it holds here, where that has a node.
    value: Option<Id>,
}

struct Checker<'a> {
    source: &'a Source<'a>,
    use_: Use,
    names: &'a Names,
    findings: Vec<Finding>,
    /// In scope, innermost last.
    locals: Vec<Local>,
    /// Those before this one may not be set here: an expression is under way that may look at them later.
    settable: usize,
    /// Functions of the rule's own, those whose body is being read, and the variables that lie beneath that body.
    own: &'a [Own],
    calling: Vec<usize>,
    beneath: usize,
    /// Calls of them so far.
    inlined: usize,
    /// How deep the expression and the bodies that are being read are nested.
    levels: usize,
    /// How many expressions are under way of which the present one is a part.
    operands: usize,
    /// Whether a `return` ended the rule before this place, and the result it then has.
    left: Option<Id>,
    given: Option<Id>,
    /// What `left` is where no `return` stands before.
    stayed: Option<Id>,
    /// The source graph so far.
    graph: Graph,
    /// The first thing found that has no node.
    outside: Option<String>,
    /// Names set again after their `let`.
    assigned: BTreeSet<String>,
    variables: BTreeSet<usize>,
    models: BTreeSet<usize>,
    tables: BTreeSet<usize>,
    history: bool,
    terms: bool,
    candidate: bool,
}

impl Checker<'_> {
    /// The whole, when its statements come to `block`.
    fn root(&mut self, block: Option<Id>) -> Option<Id> {
        let block = block?;
        if !self.may_have_left() {
            return Some(block);
        }
        let result = self.choose(self.left, self.given, Some(block), At::default())?;
        Some(self.graph.add(Node::Seq([block, result].into()), At::default()))
    }

    /// Whether enough has been said: what is found now would not be read, and looking for hints takes time.
    fn is_full(&self, severity: Severity) -> bool {
        self.findings.iter().filter(|finding| finding.severity == severity).count() >= limits::FINDINGS
    }

    fn error(&mut self, at: impl Into<At>, message: String) {
        if self.is_full(Severity::Error) {
            return;
        }
        let finding = self.source.finding(Severity::Error, at.into(), message);
        self.findings.push(finding);
    }

    fn warn(&mut self, at: impl Into<At>, message: String) {
        if self.is_full(Severity::Warning) {
            return;
        }
        let finding = self.source.finding(Severity::Warning, at.into(), message);
        self.findings.push(finding);
    }

    /// Notes a use of a function of the table.
    fn uses(&mut self, function: &Function) {
        self.history |= function.topic == Topic::History;
    }

    /// The result of the rule, or of one of its `return`s, against what the rule is for.
    fn result(&mut self, value: &Typed, at: At) {
        let what = match self.use_ {
            Use::Keep => "true or false",
            Use::Multiplier => "a number from 0 to 1",
            Use::Priority | Use::Factor | Use::Number => "a number",
            Use::Name => "the id of an action, or `()`,",
            Use::Input => "one value",
        };
        let fits = match self.use_ {
            _ if value.ty == Ty::Any => true,
            Use::Keep => value.ty == Ty::Bool,
            Use::Multiplier | Use::Priority | Use::Factor | Use::Number => value.ty.is_number(),
            Use::Name => matches!(value.ty, Ty::Text | Ty::Unknown),
            Use::Input => !matches!(value.ty, Ty::Unknown | Ty::List | Ty::Map | Ty::Range),
        };
        if !fits {
            let fix = match (self.use_, value.ty) {
                (_, Ty::Unknown) => "; end it with an expression".to_owned(),
                (Use::Keep, ty) if ty.is_number() => "; compare it, as in `… >= 1`".to_owned(),
                (Use::Keep, Ty::Text) => "; compare it, as in `… == \"Web\"`".to_owned(),
                (Use::Name, ty) if ty.is_number() || ty == Ty::Bool => {
                    "; write `if … { \"action\" } else { () }`".to_owned()
                }
                (_, Ty::Bool) => "; write `if … { 1.0 } else { 0.5 }`".to_owned(),
                _ => String::new(),
            };
            self.error(at, format!("this gives {}, but {what} is needed{fix}", value.ty.noun()));
        }
        if let types::What::Literal(literal) = &value.what
            && fits
            && let Err(message) = self.use_.accept(literal.clone())
        {
            self.error(at, message);
        }
        if let (Use::Name, types::What::Literal(Value::Text(id))) = (self.use_, &value.what) {
            self.action(id, at);
        }
    }
}
