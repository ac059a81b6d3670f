//! From Rhai text to conditions, by way of Rhai's syntax tree.

use super::{Condition, Conditions, Item, Join, Operator, Subject};
use crate::language::engine;
use crate::language::functions;
use crate::language::source::Source;
use crate::value::Value;
use rhai::{Expr, FnCallExpr, Stmt};

/// The conditions that `text` is, or `None` when it is more than conditions can say: also when it has comments, which
/// conditions would lose.
pub fn parse(text: &str) -> Option<Conditions> {
    let source = Source::new(text);
    if source.has_comment() {
        return None;
    }
    let ast = engine::parse(&source).ok()?;
    match ast.statements() {
        [Stmt::Expr(expr)] => conditions(expr),
        [Stmt::FnCall(call, pos)] => conditions(&Expr::FnCall(call.clone(), *pos)),
        _ => None,
    }
}

fn conditions(expr: &Expr) -> Option<Conditions> {
    if let Expr::BoolConstant(true, _) = expr {
        return Some(Conditions::default());
    }
    let (join, parts) = match joined(expr) {
        Some(join) => (join, flat(expr, join)),
        None => (Join::All, vec![expr]),
    };
    let items = parts
        .into_iter()
        .map(|part| match joined(part) {
            Some(inner) => flat(part, inner).into_iter().map(condition).collect::<Option<_>>().map(Item::Group),
            None => condition(part).map(Item::One),
        })
        .collect::<Option<_>>()?;
    Some(Conditions { join, items })
}

/// Whether an expression joins others, and how.
fn joined(expr: &Expr) -> Option<Join> {
    match expr {
        Expr::FnCall(f, _) if f.args.len() == 2 && f.name == engine::AND => Some(Join::All),
        Expr::FnCall(f, _) if f.args.len() == 2 && f.name == engine::OR => Some(Join::Any),
        _ => None,
    }
}

/// What an expression joins by `join`, brackets taken away: they change nothing inside one kind of join.
fn flat(expr: &Expr, join: Join) -> Vec<&Expr> {
    match expr {
        Expr::FnCall(f, _) if joined(expr) == Some(join) => f.args.iter().flat_map(|side| flat(side, join)).collect(),
        other => vec![other],
    }
}

fn condition(expr: &Expr) -> Option<Condition> {
    let new = |subject, operator, values| Some(Condition { subject, operator, values });
    if let Some(subject) = subject(expr) {
        return new(subject, Operator::Equal, vec![Value::Bool(true)]);
    }
    let Expr::FnCall(f, _) = expr else { return None };
    match (f.name.as_str(), f.args.as_slice()) {
        ("!", [Expr::FnCall(inner, _)]) => match (inner.name.as_str(), inner.args.as_slice()) {
            ("is_known", [x]) => new(subject(x)?, Operator::Missing, vec![]),
            ("contains", [Expr::Array(items, _), x]) => {
                new(subject(x)?, Operator::NotIn, items.iter().map(value).collect::<Option<_>>()?)
            }
            _ => new(score(inner)?, Operator::Equal, vec![Value::Bool(false)]),
        },
        ("!", [x]) => new(subject(x)?, Operator::Equal, vec![Value::Bool(false)]),
        ("is_known", [x]) => new(subject(x)?, Operator::Known, vec![]),
        ("between", [x, low, high]) => new(subject(x)?, Operator::Between, vec![value(low)?, value(high)?]),
        ("contains", [Expr::Array(items, _), x]) => {
            new(subject(x)?, Operator::In, items.iter().map(value).collect::<Option<_>>()?)
        }
        (symbol, [x, y]) if f.op_token.is_some() => {
            let operator = match symbol {
                "==" => Operator::Equal,
                "!=" => Operator::NotEqual,
                "<" => Operator::Less,
                "<=" => Operator::AtMost,
                ">" => Operator::Greater,
                ">=" => Operator::AtLeast,
                _ => return None,
            };
            new(subject(x)?, operator, vec![value(y)?])
        }
        _ => None,
    }
}

fn subject(expr: &Expr) -> Option<Subject> {
    match expr {
        Expr::Variable(v, ..) if v.1 != "action" => Some(Subject::Field(v.1.to_string())),
        Expr::Dot(sides, ..) => match (&sides.lhs, &sides.rhs) {
            (Expr::Variable(v, ..), Expr::Property(p, _)) if v.1 == "action" => Some(Subject::Fact(p.2.to_string())),
            _ => None,
        },
        Expr::FnCall(f, _) => score(f),
        _ => None,
    }
}

fn score(f: &FnCallExpr) -> Option<Subject> {
    match (f.name.as_str(), f.args.as_slice()) {
        ("score", [Expr::StringConstant(id, _)]) => Some(Subject::Score(id.to_string())),
        _ => None,
    }
}

fn value(expr: &Expr) -> Option<Value> {
    match expr {
        Expr::BoolConstant(b, _) => Some(Value::Bool(*b)),
        Expr::IntegerConstant(i, _) => Some(Value::Integer(*i)),
        Expr::FloatConstant(x, _) if x.is_finite() => Some(Value::Number(**x)),
        Expr::StringConstant(s, _) => Some(Value::text(s.as_str())),
        // An instant only: a local date depends on where the subject is.
        Expr::FnCall(f, _) => match (f.name.as_str(), f.args.as_slice()) {
            ("date", [Expr::StringConstant(text, _)]) => functions::instant(text.as_str()).map(Value::Time),
            _ => None,
        },
        _ => None,
    }
}
