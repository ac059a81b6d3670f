//! The checker: walks Rhai's syntax tree with the names of the policy, finds everything that is wrong, and lowers what is
//! right to [`Node`]s on the same walk.
//!
//! It evaluates nothing. It refuses what is certain to fail, warns of what is likely not meant, and lets through what only
//! a row can tell.

mod calls;
mod expr;
mod names;
mod stmt;
pub mod types;

use super::Use;
use super::context::Names;
use super::engine::limits;
use super::finding::Finding;
use super::functions::{Function, Topic};
use super::node::Node;
use super::sandbox::Needs;
use super::source::{At, Source};
use crate::diagnostic::Severity;
use rhai::{AST, Position, Stmt};
use std::collections::BTreeSet;
use types::{Ty, Typed};

/// What the walk found out.
pub struct Checked {
    /// In order of position.
    pub findings: Vec<Finding>,
    /// The lowered form, when there is one.
    pub node: Option<Node>,
    /// Variables of the rule's own.
    pub locals: usize,
    pub needs: Needs,
}

/// Checks a parsed expression.
pub fn check(ast: &AST, source: &Source<'_>, use_: Use, names: &Names) -> Checked {
    let mut checker = Checker {
        source,
        use_,
        names,
        findings: Vec::new(),
        locals: Vec::new(),
        slots: 0,
        assigned: BTreeSet::new(),
        variables: BTreeSet::new(),
        models: BTreeSet::new(),
        history: false,
        terms: false,
        candidate: false,
    };
    stmt::assigned(ast.statements(), &mut checker.assigned);
    for function in ast.iter_functions() {
        let message = format!("a rule cannot define functions such as `{}`; keep a value with `let`", function.name);
        checker.error(At { line: 1, column: 1 }, message);
    }
    let result = checker.statements(ast.statements());
    let at = ast.statements().last().map_or(At::default(), |s| At::from(last_position(s)));
    checker.result(&result, at);
    let mut findings = checker.findings;
    findings.sort_by_key(|f| (f.line, f.column));
    findings.dedup();
    Checked {
        findings,
        node: result.node,
        locals: checker.slots,
        needs: Needs {
            variables: checker.variables.into_iter().collect(),
            models: checker.models.into_iter().collect(),
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
    slot: usize,
}

struct Checker<'a> {
    source: &'a Source<'a>,
    use_: Use,
    names: &'a Names,
    findings: Vec<Finding>,
    /// In scope, innermost last.
    locals: Vec<Local>,
    /// Slots given out so far.
    slots: usize,
    /// Names set again after their `let`.
    assigned: BTreeSet<String>,
    variables: BTreeSet<usize>,
    models: BTreeSet<usize>,
    history: bool,
    terms: bool,
    candidate: bool,
}

impl Checker<'_> {
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
            Use::Priority => "a number",
        };
        let fits = match self.use_ {
            _ if value.ty == Ty::Any => true,
            Use::Keep => value.ty == Ty::Bool,
            Use::Multiplier | Use::Priority => value.ty.is_number(),
        };
        if !fits {
            let fix = match (self.use_, value.ty) {
                (_, Ty::Unknown) => "; end it with an expression".to_owned(),
                (Use::Keep, ty) if ty.is_number() => "; compare it, as in `… >= 1`".to_owned(),
                (Use::Keep, Ty::Text) => "; compare it, as in `… == \"Web\"`".to_owned(),
                (_, Ty::Bool) => "; write `if … { 1.0 } else { 0.5 }`".to_owned(),
                _ => String::new(),
            };
            self.error(at, format!("this gives {}, but {what} is needed{fix}", value.ty.noun()));
        }
        if let (Use::Multiplier, types::What::Literal(literal)) = (self.use_, &value.what)
            && let Some(x) = literal.as_f64()
            && !(x > 0.0 && x <= 1.0)
        {
            self.error(at, format!("a multiplier lies above 0 and is at most 1, found {x}"));
        }
    }
}
