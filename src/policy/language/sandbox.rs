//! The interpreter: an expression run by Rhai itself, inside the limits of [`super::engine`].
//!
//! Before it runs, the syntax tree is rewritten: every name of the policy becomes a call that reads the row by position,
//! `&&` and `||` become lazy three-valued logic, and `switch` and indexing refuse to look at an unknown value. Rhai never sees a
//! variable of the policy, so nothing a rule does can reach one.

use super::context::Names;
use super::engine::{self, engine, limits};
use super::env::{Env, Term};
use super::native::{self, to_value};
use super::ops::Op;
use super::own::{Own, Parsed};
use super::reads::Reads;
use super::source::At;
use super::{Use, ops};
use crate::decision::Candidate;
use crate::history::{Event, Past};
use crate::value::Value;
use rhai::{
    ASTFlags, BinaryExpr, Caches, Dynamic, EvalAltResult, Expr, FlowControl, FnCallExpr, OpAssignment, Position, Scope,
    Stmt, StmtBlock,
};
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// How the failure of a script that ran out of operations begins.
const STOPPED: &str = "stopped after";

/// Whether a diagnostic of a decision tells that a rule ran until its last allowed operation.
pub fn ran_out(diagnostic: &str) -> bool {
    diagnostic.contains(STOPPED)
}

/// What the interpreter reads: a copy of what the rule names, since the interpreter may hold nothing borrowed.
#[derive(Debug)]
pub struct Frame {
    names: Arc<Names>,
    fields: Vec<(usize, Value)>,
    /// The scores that were asked for so far.
    scores: Vec<(usize, Result<Value, String>)>,
    /// The outputs of decision tables that were asked for so far.
    tables: Vec<(usize, Result<Value, String>)>,
    /// A score or table that is asked for and not there yet.
    wanted: Mutex<Option<Wanted>>,
    candidate: Candidate,
    terms: Option<[f64; 6]>,
    events: Vec<Event>,
    now: i64,
    zone: Option<String>,
    /// Left sides of `&&` and `||` that wait for their right side, each at the place of its operator: a right side that
    /// leaves a loop never comes back for its left one.
    waiting: Mutex<Vec<Option<bool>>>,
    reads: Mutex<Option<Reads>>,
}

/// What only the caller can compute.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    Score(usize),
    Table(usize),
}

impl Env for Frame {
    fn field(&self, index: usize) -> &Value {
        static UNKNOWN: Value = Value::Unknown;
        self.fields.iter().find(|(i, _)| *i == index).map_or(&UNKNOWN, |(_, value)| value)
    }

    fn score(&self, model: usize) -> Result<Value, String> {
        self.scores.iter().find(|(i, _)| *i == model).map_or(Ok(Value::Unknown), |(_, score)| score.clone())
    }

    fn table(&self, index: usize) -> Result<Value, String> {
        self.tables.iter().find(|(i, _)| *i == index).map_or(Ok(Value::Unknown), |(_, output)| output.clone())
    }

    fn candidate(&self) -> Candidate {
        self.candidate
    }

    fn term(&self, term: Term) -> f64 {
        let at = Term::ALL.iter().position(|t| *t == term);
        at.and_then(|at| self.terms?.get(at).copied()).unwrap_or(f64::NAN)
    }

    fn past(&self) -> Past<'_> {
        Past::Told(&self.events)
    }

    fn now(&self) -> i64 {
        self.now
    }

    fn zone(&self) -> Option<&str> {
        self.zone.as_deref()
    }

    fn is_inbound(&self, channel: &str) -> bool {
        self.names.inbound.iter().any(|id| id == channel)
    }
}

impl Frame {
    /// A score, or `None` when it must be computed first: the evaluation then ends and starts over.
    pub fn known_score(&self, model: usize) -> Option<Result<Value, String>> {
        let known = self.scores.iter().find(|(i, _)| *i == model).map(|(_, score)| score.clone());
        self.want(known, Wanted::Score(model))
    }

    /// The output of a decision table, or `None` when it must be computed first.
    pub fn known_table(&self, table: usize) -> Option<Result<Value, String>> {
        let known = self.tables.iter().find(|(i, _)| *i == table).map(|(_, output)| output.clone());
        self.want(known, Wanted::Table(table))
    }

    fn want<T>(&self, known: Option<T>, wanted: Wanted) -> Option<T> {
        if known.is_none() {
            *self.wanted.lock().unwrap_or_else(PoisonError::into_inner) = Some(wanted);
        }
        known
    }

    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Notes what was read, when that is asked for.
    pub fn read(&self, note: impl FnOnce(&mut Reads, &Names)) {
        if let Some(reads) = self.reads.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            note(reads, &self.names);
        }
    }

    /// Keeps the left side of the operator at `place`.
    pub fn wait(&self, place: usize, left: Option<bool>) {
        if let Some(slot) = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).get_mut(place) {
            *slot = left;
        }
    }

    /// The left side that was kept for the operator at `place`.
    pub fn left(&self, place: usize) -> Option<bool> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).get(place).copied().flatten()
    }
}

/// What an expression reads, found by the checker.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    pub variables: Vec<usize>,
    pub models: Vec<usize>,
    pub tables: Vec<usize>,
    pub history: bool,
    pub terms: bool,
    /// Whether it reads the candidate's facts.
    pub candidate: bool,
}

/// Why an evaluation ended early.
#[derive(Debug)]
pub enum Stop {
    /// A condition was unknown, so everything is.
    Unknown,
    /// A failure, in words with its place.
    Fault(String),
}

/// An expression for the interpreter.
#[derive(Clone, Debug)]
pub struct Interpreted {
    statements: Vec<Stmt>,
    /// Number of `&&` and `||`.
    joins: usize,
}

impl Interpreted {
    /// Rewrites a parsed and checked expression.
    pub fn new(parsed: &Parsed, use_: Use, names: &Names) -> Interpreted {
        let rewriter = Rewriter { use_, names, own: &parsed.own, joins: Cell::new(0) };
        let statements = parsed.ast.statements().iter().map(|s| rewriter.stmt(s)).collect();
        Interpreted { statements, joins: rewriter.joins.get() }
    }

    /// Runs it on one row.
    pub fn run(
        &self,
        names: &Arc<Names>,
        needs: &Needs,
        env: &dyn Env,
        mut reads: Option<&mut Reads>,
    ) -> Result<Value, Stop> {
        let (mut scores, mut tables) = (Vec::new(), Vec::new());
        // A score or table is computed at its first use, and only the caller can compute it. A rule is pure, so it is run again
        // with the score at hand; each round adds one, so there are no more rounds than models and tables.
        loop {
            let frame = Arc::new(Frame {
                names: names.clone(),
                fields: needs.variables.iter().map(|i| (*i, env.field(*i).clone())).collect(),
                scores: std::mem::take(&mut scores),
                tables: std::mem::take(&mut tables),
                wanted: Mutex::default(),
                candidate: env.candidate(),
                terms: needs.terms.then(|| Term::ALL.map(|t| env.term(t))),
                events: if needs.history { env.past().to_vec() } else { Vec::new() },
                now: env.now(),
                zone: env.zone().map(str::to_owned),
                waiting: Mutex::new(vec![None; self.joins]),
                reads: Mutex::new(reads.is_some().then(Reads::default)),
            });
            let result = self.evaluate(&frame);
            if let Some(wanted) = frame.wanted.lock().unwrap_or_else(PoisonError::into_inner).take() {
                scores.clone_from(&frame.scores);
                tables.clone_from(&frame.tables);
                match wanted {
                    Wanted::Score(model) => scores.push((model, env.score(model))),
                    Wanted::Table(table) => tables.push((table, env.table(table))),
                }
                continue;
            }
            if let (Some(reads), Some(noted)) =
                (reads.as_deref_mut(), frame.reads.lock().unwrap_or_else(PoisonError::into_inner).take())
            {
                *reads = noted;
            }
            return result;
        }
    }

    fn evaluate(&self, frame: &Arc<Frame>) -> Result<Value, Stop> {
        let engine = engine();
        let most = frame.names.operations;
        engine::allow(most);
        let mut global = engine.new_global_runtime_state();
        global.tag = Dynamic::from(frame.clone());
        // "Deprecated" is Rhai's mark for what is volatile between its versions; the version is pinned by the lock file.
        #[expect(deprecated)]
        let result = engine.eval_statements_raw(&mut global, &mut Caches::new(), &mut Scope::new(), &self.statements);
        match result {
            Ok(value) => to_value(&value).map_err(Stop::Fault),
            Err(error) => Err(stop(*error, most)),
        }
    }
}

/// Why the interpreter stopped, in the words of this house.
fn stop(mut error: EvalAltResult, operations: u64) -> Stop {
    let place = error.take_position();
    let at = At::from(place);
    let text = match &error {
        EvalAltResult::ErrorTerminated(token, _) if engine::ran_out(token) => {
            format!("{STOPPED} {operations} operations; does a loop never end?")
        }
        EvalAltResult::ErrorTerminated(..) => return Stop::Unknown,
        EvalAltResult::ErrorMismatchDataType(_, found, _) => match found.as_str() {
            "()" => return Stop::Unknown,
            "i64" | "f64" => format!("expected true or false, found {}", ops::noun(&Value::Integer(0))),
            "string" => format!("expected true or false, found {}", ops::noun(&Value::text(""))),
            other => format!("expected true or false, found {other}"),
        },
        EvalAltResult::ErrorRuntime(message, _) => message.to_string(),
        EvalAltResult::ErrorTooManyOperations(_) => {
            format!("{STOPPED} {operations} operations; does a loop never end?")
        }
        EvalAltResult::ErrorTooManyVariables(_) => format!("more than {} variables at once", limits::VARIABLES),
        EvalAltResult::ErrorFor(_) => "only lists and ranges can be looped over".to_owned(),
        EvalAltResult::ErrorDataTooLarge(what, _) => format!("{what} is larger than a rule may make"),
        EvalAltResult::ErrorArrayBounds(len, index, _) => format!("the list has {len} items; there is no item {index}"),
        other => other.to_string(),
    };
    Stop::Fault(at.say(&text))
}

/// The arguments of a call of a rule's own function.
const ARGS: &str = "__args";

/// Calls to copy: Rhai computes the hashes of a call only while it parses one.
static CALLS: LazyLock<HashMap<String, FnCallExpr>> = LazyLock::new(|| {
    let inner = native::INNER.iter().map(|name| {
        let args = if native::JOINS.contains(name) { "0, 0" } else { "0" };
        ((*name).to_owned(), format!("{name}({args})"))
    });
    let binary = Op::ALL.iter().map(|op| (op.symbol().to_owned(), format!("1 {} 2", op.symbol())));
    inner
        .chain(binary)
        .filter_map(|(name, text)| {
            let ast = engine().compile(text).ok()?;
            let call = match ast.statements().first()? {
                Stmt::FnCall(call, _) => call.as_ref().clone(),
                Stmt::Expr(expr) => match expr.as_ref() {
                    Expr::FnCall(call, _) => call.as_ref().clone(),
                    _ => return None,
                },
                _ => return None,
            };
            Some((name, call))
        })
        .collect()
});

/// A call of an inner function or of an operator.
fn call(name: &str, args: impl IntoIterator<Item = Expr>, pos: Position) -> Expr {
    match CALLS.get(name) {
        Some(template) => {
            let mut call = template.clone();
            call.args = args.into_iter().collect();
            Expr::FnCall(Box::new(call), pos)
        }
        // A test holds every name to have its template. Unknown is the answer that keeps nothing.
        None => Expr::Unit(pos),
    }
}

fn read(name: &str, index: usize, pos: Position) -> Expr {
    call(name, [Expr::IntegerConstant(i64::try_from(index).unwrap_or(i64::MAX), pos)], pos)
}

struct Rewriter<'a> {
    use_: Use,
    names: &'a Names,
    own: &'a [Own],
    /// `&&` and `||` seen so far.
    joins: Cell<usize>,
}

impl Rewriter<'_> {
    fn stmt(&self, stmt: &Stmt) -> Stmt {
        match stmt {
            Stmt::If(flow, pos) => Stmt::If(Box::new(self.flow(flow)), *pos),
            Stmt::While(flow, pos) => Stmt::While(Box::new(self.flow(flow)), *pos),
            Stmt::Do(flow, flags, pos) => Stmt::Do(Box::new(self.flow(flow)), *flags, *pos),
            Stmt::For(parts, pos) => {
                let (name, counter, flow) = parts.as_ref();
                Stmt::For(Box::new((name.clone(), counter.clone(), self.flow(flow))), *pos)
            }
            Stmt::Switch(parts, pos) => {
                let (subject, cases) = parts.as_ref();
                let mut cases = cases.clone();
                for case in &mut cases.expressions {
                    *case = BinaryExpr { lhs: self.expr(&case.lhs), rhs: self.expr(&case.rhs) };
                }
                let subject = call(native::KNOWN, [self.expr(subject)], subject.position());
                Stmt::Switch(Box::new((subject, cases)), *pos)
            }
            Stmt::Var(parts, flags, pos) => {
                let (name, value, index) = parts.as_ref();
                Stmt::Var(Box::new((name.clone(), self.expr(value), *index)), *flags, *pos)
            }
            Stmt::Assignment(parts) => {
                let (op, sides) = parts.as_ref();
                Stmt::Assignment(Box::new(self.assignment(op, sides)))
            }
            Stmt::FnCall(f, pos) => match self.fn_call(f, *pos) {
                Expr::FnCall(call, pos) => Stmt::FnCall(call, pos),
                other => Stmt::Expr(Box::new(other)),
            },
            Stmt::Block(block) => Stmt::Block(Box::new(self.block(block))),
            Stmt::Expr(expr) => Stmt::Expr(Box::new(self.expr(expr))),
            Stmt::Return(value, flags, pos) => {
                Stmt::Return(value.as_ref().map(|v| Box::new(self.expr(v))), *flags, *pos)
            }
            Stmt::BreakLoop(value, flags, pos) => {
                Stmt::BreakLoop(value.as_ref().map(|v| Box::new(self.expr(v))), *flags, *pos)
            }
            other => other.clone(),
        }
    }

    /// `x op= e` on a plain variable becomes `x = x op e`, so that only our operators ever run.
    fn assignment(&self, op: &OpAssignment, sides: &BinaryExpr) -> (OpAssignment, BinaryExpr) {
        let rhs = self.expr(&sides.rhs);
        if let (Some((.., symbol)), Expr::Variable(..)) = (op.get_op_assignment_info(), &sides.lhs) {
            let value = call(symbol, [sides.lhs.clone(), rhs], op.position());
            return (OpAssignment::new_assignment(op.position()), BinaryExpr { lhs: sides.lhs.clone(), rhs: value });
        }
        (op.clone(), BinaryExpr { lhs: self.expr(&sides.lhs), rhs })
    }

    fn flow(&self, flow: &FlowControl) -> FlowControl {
        FlowControl { expr: self.expr(&flow.expr), body: self.block(&flow.body), branch: self.block(&flow.branch) }
    }

    fn block(&self, block: &StmtBlock) -> StmtBlock {
        StmtBlock::new_with_span(block.iter().map(|s| self.stmt(s)), block.span())
    }

    fn expr(&self, expr: &Expr) -> Expr {
        match expr {
            Expr::Variable(v, _, pos) => self.variable(v.1.as_str(), *pos).unwrap_or_else(|| expr.clone()),
            Expr::FnCall(f, pos) => self.fn_call(f, *pos),
            Expr::Stmt(block) => Expr::Stmt(Box::new(self.block(block))),
            Expr::Array(items, pos) => Expr::Array(items.iter().map(|i| self.expr(i)).collect(), *pos),
            Expr::Map(parts, pos) => {
                let mut parts = parts.clone();
                for (_, value) in &mut parts.0 {
                    *value = self.expr(value);
                }
                Expr::Map(parts, *pos)
            }
            Expr::Coalesce(options, pos) => {
                Expr::Coalesce(Box::new(options.iter().map(|o| self.expr(o)).collect()), *pos)
            }
            Expr::Dot(sides, flags, pos) => self.dot(sides, *flags, *pos),
            Expr::Index(sides, flags, pos) => Expr::Index(Box::new(self.index(sides)), *flags, *pos),
            other => other.clone(),
        }
    }

    fn variable(&self, name: &str, pos: Position) -> Option<Expr> {
        let term = Term::ALL.iter().position(|t| t.name() == name).filter(|_| self.use_ == Use::Priority);
        if let Some(term) = term {
            return Some(read(native::TERM, term, pos));
        }
        self.names.variable(name).map(|i| read(native::FIELD, i, pos))
    }

    fn fn_call(&self, f: &FnCallExpr, pos: Position) -> Expr {
        let (name, args) = (f.name.as_str(), f.args.as_slice());
        if let ("score", [Expr::StringConstant(id, _)]) = (name, args)
            && let Some(model) = self.names.models.iter().position(|m| m == id.as_str())
        {
            return read(native::SCORE, model, pos);
        }
        if let ("table", [Expr::StringConstant(id, _)]) = (name, args)
            && let Some(table) = self.names.tables.iter().position(|table| table.id == id.as_str())
        {
            return read(native::TABLE_OUTPUT, table, pos);
        }
        if let [left, right] = args {
            match name {
                engine::AND => return self.lazy(left, right, pos, native::AND_LEFT, native::AND_RIGHT, false),
                engine::OR => return self.lazy(left, right, pos, native::OR_LEFT, native::OR_RIGHT, true),
                _ => {}
            }
        }
        if let Some(own) = self.own.iter().find(|own| own.name == name) {
            return self.own_call(own, args, pos);
        }
        let mut f = f.clone();
        f.args = args.iter().map(|a| self.expr(a)).collect();
        Expr::FnCall(Box::new(f), pos)
    }

    /// `{ let __args = [args]; let param = __args[0]; … body }`. All arguments are there before the first parameter, so none can hide a
    /// variable from another.
    fn own_call(&self, own: &Own, args: &[Expr], pos: Position) -> Expr {
        let mut text = format!("let {ARGS} = [];");
        for (i, (param, _)) in own.params.iter().enumerate() {
            text.push_str(&format!(" let {param} = {ARGS}[{i}];"));
        }
        // Compiles: the names were checked. Were it not to, unknown is the answer that keeps nothing.
        let Ok(template) = engine().compile(text) else { return Expr::Unit(pos) };
        let mut statements: Vec<Stmt> = template.statements().to_vec();
        if let Some(Stmt::Var(parts, ..)) = statements.first_mut() {
            parts.1 = Expr::Array(args.iter().map(|a| self.expr(a)).collect(), pos);
        }
        statements.extend(own.statements().iter().map(|s| self.stmt(s)));
        Expr::Stmt(Box::new(StmtBlock::new(statements, pos, pos)))
    }

    /// `if needed(left) { join(right) } else { decided }`
    fn lazy(&self, left: &Expr, right: &Expr, pos: Position, needed: &str, join: &str, decided: bool) -> Expr {
        let one = |expr: Expr| StmtBlock::new([Stmt::Expr(Box::new(expr))], pos, pos);
        let place = self.joins.replace(self.joins.get() + 1);
        let place = Expr::IntegerConstant(i64::try_from(place).unwrap_or(i64::MAX), pos);
        let flow = FlowControl {
            expr: call(needed, [self.expr(left), place.clone()], pos),
            body: one(call(join, [self.expr(right), place], pos)),
            branch: one(Expr::BoolConstant(decided, pos)),
        };
        Expr::Stmt(Box::new(StmtBlock::new([Stmt::If(Box::new(flow), pos)], pos, pos)))
    }

    fn dot(&self, sides: &BinaryExpr, flags: ASTFlags, pos: Position) -> Expr {
        if matches!(&sides.lhs, Expr::Variable(v, ..) if v.1 == "action") {
            let (property, rest) = match &sides.rhs {
                Expr::Dot(rest, flags, pos) => (&rest.lhs, Some((rest, *flags, *pos, true))),
                Expr::Index(rest, flags, pos) => (&rest.lhs, Some((rest, *flags, *pos, false))),
                property => (property, None),
            };
            if let Expr::Property(p, at) = property
                && let Some(fact) = self.names.fact(p.2.as_str())
            {
                let fact = read(native::FACT, fact, *at);
                return match rest {
                    None => fact,
                    Some((rest, flags, pos, true)) => {
                        Expr::Dot(Box::new(BinaryExpr { lhs: fact, rhs: self.tail(&rest.rhs) }), flags, pos)
                    }
                    Some((rest, flags, pos, false)) => {
                        Expr::Index(Box::new(BinaryExpr { lhs: fact, rhs: self.key(&rest.rhs) }), flags, pos)
                    }
                };
            }
        }
        Expr::Dot(Box::new(BinaryExpr { lhs: self.expr(&sides.lhs), rhs: self.tail(&sides.rhs) }), flags, pos)
    }

    fn index(&self, sides: &BinaryExpr) -> BinaryExpr {
        BinaryExpr { lhs: self.expr(&sides.lhs), rhs: self.key(&sides.rhs) }
    }

    /// What stands in brackets: not looked up when unknown.
    fn key(&self, key: &Expr) -> Expr {
        match key {
            Expr::IntegerConstant(..) | Expr::StringConstant(..) => key.clone(),
            other => call(native::KNOWN, [self.expr(other)], other.position()),
        }
    }

    /// What stands after a dot.
    fn tail(&self, tail: &Expr) -> Expr {
        match tail {
            Expr::MethodCall(f, pos) => {
                let mut f = f.clone();
                f.args = f.args.iter().map(|a| self.expr(a)).collect();
                Expr::MethodCall(f, *pos)
            }
            Expr::Dot(sides, flags, pos) => {
                let sides = BinaryExpr { lhs: self.tail(&sides.lhs), rhs: self.tail(&sides.rhs) };
                Expr::Dot(Box::new(sides), *flags, *pos)
            }
            Expr::Index(sides, flags, pos) => {
                let sides = BinaryExpr { lhs: self.tail(&sides.lhs), rhs: self.key(&sides.rhs) };
                Expr::Index(Box::new(sides), *flags, *pos)
            }
            other => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_inner_call_and_operator_has_its_template() {
        let operators = Op::ALL.iter().map(|op| op.symbol());
        for name in native::INNER.into_iter().chain(operators) {
            assert!(CALLS.get(name).is_some_and(|call| call.name == name), "{name}");
        }
    }
}
