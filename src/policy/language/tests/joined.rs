//! What joining makes of expressions: what is folded, shared, reordered, and what must stay as it is.

use super::context;
use crate::language::graph::{Graph, Id, Node};
use crate::language::*;
use crate::value::Value;

/// A node as it could be written.
fn show(graph: &Graph, id: Id) -> String {
    let of = |id: &Id| show(graph, *id);
    let all = |ids: &[Id], between: &str| ids.iter().map(of).collect::<Vec<_>>().join(between);
    match graph.node(id) {
        Node::Const(literal) => match &literal.0 {
            Value::Unknown => "()".to_owned(),
            value => value.to_string(),
        },
        Node::Field(i) => context().variables()[*i as usize].name.clone(),
        Node::And(ids) => format!("({})", all(ids, " && ")),
        Node::Or(ids) => format!("({})", all(ids, " || ")),
        Node::OrElse(ids) => format!("({})", all(ids, " ?? ")),
        Node::Not(x) => format!("!{}", of(x)),
        Node::Binary(op, a, b) => format!("({} {} {})", of(a), op.symbol(), of(b)),
        Node::InConst(x, items) => format!("({} in {} items)", of(x), items.len()),
        Node::IsKnown(x) => format!("is_known({})", of(x)),
        Node::Call(function, ids) => format!("{}({})", function.name, all(ids, ", ")),
        Node::If(a, b, c) => format!("if {} {{ {} }} else {{ {} }}", of(a), of(b), of(c)),
        Node::Demand(x) => format!("known {}", of(x)),
        Node::Seq(ids) => format!("{{ {} }}", all(ids, "; ")),
        other => other.kind(),
    }
}

fn joined(texts: &[&str]) -> (RuleSet, Vec<String>) {
    let rules: Vec<Compiled> = texts
        .iter()
        .map(|text| compile(text, Use::Keep, &context()).unwrap_or_else(|f| panic!("{text}: {f:?}")))
        .collect();
    let set = RuleSet::new(&rules);
    let shown = (0..texts.len()).map(|i| show(set.graph(), set.root(i).expect("lowered"))).collect();
    (set, shown)
}

#[test]
fn what_cannot_be_seen_is_made_simpler() {
    let table = [
        // Folded, but for what would fail.
        ("1 + 2 * 3 == 7", "true"),
        ("recency > 1 + 2", "(recency > 3)"),
        ("recency > 9223372036854775807 + 1", "(recency > (9223372036854775807 + 1))"),
        ("recency > 7 / 2 && len(\"größe\") == 5", "(recency > 3)"),
        ("born < date(\"2026-01-31T00:00:00Z\")", "(born < 2026-01-31T00:00:00Z)"),
        ("born < date(\"2026-01-31\")", "(born < date(\"2026-01-31\"))"),
        ("is_known(3) && is_known(recency)", "is_known(recency)"),
        ("if 1 < 2 { newbie } else { absent }", "newbie"),
        // Logic.
        ("6 <= recency", "(recency >= 6)"),
        ("!(recency == 3)", "(recency != 3)"),
        ("!(recency < 3)", "!(recency < 3)"),
        ("!!newbie && true && newbie", "newbie"),
        ("newbie && false", "false"),
        ("newbie || absent || true", "true"),
        ("recency % mens == 0 && false", "(((recency % mens) == 0) && false)"),
        ("(absent ?? newbie) ?? true", "(absent ?? newbie ?? true)"),
        ("recency ?? 3 ?? 4 == 3", "((recency ?? 3) == 3)"),
        // The cheap and selective first, where none can fail or stop.
        ("channel in [\"Web\", \"Phone\"] && recency > 3", "((recency > 3) && (channel in 2 items))"),
        ("recency > 3 && channel == \"Web\" && newbie", "(newbie && (recency > 3) && (channel == \"Web\"))"),
        ("score(\"visit\") > 0.5 && newbie", "((Score > 0.5) && newbie)"),
        (
            "recency > 3 && newbie && hour() > 3 && newbie != absent && absent",
            "(newbie && (recency > 3) && (hour() > 3) && absent && (newbie != absent))",
        ),
        // Statements that leave no trace, and those that the next one begins with.
        ("let x = history * 2; newbie", "newbie"),
        ("let x = recency * 2; x == 12", "((recency * 2) == 12)"),
        ("let x = recency * 2; newbie", "{ (recency * 2); newbie }"),
        ("let x = 1; if newbie { x = 5; } x == 5", "(if newbie { 5 } else { 1 } == 5)"),
        ("let x = 1; if newbie { x = 5; } absent", "{ known newbie; absent }"),
        ("between(recency, 1, 6)", "((recency >= 1) && (recency <= 6))"),
        ("recency in 1..6", "((recency >= 1) && (recency < 6))"),
        ("switch recency { 1 => newbie, _ => false }", "if (known recency == 1) { newbie } else { false }"),
        ("if newbie { return absent; } let x = history; x > 3", "if newbie { absent } else { (history > 3) }"),
        ("fn near(x) { x < 7 } near(recency + 0)", "((recency + 0) < 7)"),
    ];
    let mut wrong = Vec::new();
    for (text, expected) in table {
        let (_, shown) = joined(&[text]);
        if shown != [expected] {
            wrong.push(format!("{text}: {}", shown[0]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_rules_have_in_common_is_there_once() {
    let (set, _) = joined(&[
        "(recency * 7 + mens) % 11 > 2 && history > 1.5",
        "1.5 < history || (recency * 7 + mens) % 11 > 2",
        "let x = (recency * 7 + mens) % 11; x > 4",
    ]);
    let count = |kind: &str| set.graph().nodes().iter().filter(|node| node.kind() == kind).count();
    assert_eq!(["Binary *", "Binary +", "Binary %", "Binary >", "And", "Or"].map(count), [1, 1, 1, 3, 1, 1]);
    // Nothing is left that no rule needs.
    let needed = set.graph().reachable((0..3).filter_map(|i| set.root(i)));
    assert!(needed.iter().all(|needed| *needed));
}
