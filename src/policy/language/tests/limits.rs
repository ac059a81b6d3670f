//! What stops a rule: limits, and the walls of the sandbox.

use super::{context, findings, keep, row};
use crate::language::{Finding, Use, check, compile};
use crate::value::Value;

#[test]
fn every_limit_stops_with_a_clear_error() {
    let nested = format!("{}newbie{}", "(".repeat(10_000), ")".repeat(10_000));
    assert!(
        findings(&nested, Use::Keep)[0].contains("nested more than 100 levels deep"),
        "{:?}",
        findings(&nested, Use::Keep)
    );
    let nots = format!("{}newbie", "!".repeat(10_000));
    assert!(findings(&nots, Use::Keep)[0].contains("nested more than 100 levels deep"));
    let chain = vec!["newbie"; 5_000].join(" && ");
    assert!(findings(&chain, Use::Keep)[0].contains("nested more than"), "{:?}", findings(&chain, Use::Keep));
    // Just inside the limit everything still runs, in both evaluators.
    assert_eq!(keep(&vec!["newbie"; 90].join(" && ")), Ok(Value::Bool(true)));
    assert_eq!(keep(&format!("{}newbie{}", "(".repeat(45), ")".repeat(45))), Ok(Value::Bool(true)));
    assert_eq!(keep(&format!("{}newbie", "!".repeat(90))), Ok(Value::Bool(true)));
    assert_eq!(
        keep(&format!("{}newbie{}", "if newbie { ".repeat(30), " } else { absent }".repeat(30))),
        Ok(Value::Bool(true))
    );
    assert_eq!(keep(&format!("{}newbie{}", "(newbie && ".repeat(25), ")".repeat(25))), Ok(Value::Bool(true)));
    let ifs = format!("{}true{}", "if newbie { ".repeat(3_000), " }".repeat(3_000));
    assert!(findings(&ifs, Use::Keep)[0].contains("nested more than"));
    let long = format!("channel == \"{}\"", "a".repeat(70_000));
    assert!(findings(&long, Use::Keep)[0].contains("longer than 65536 bytes"));
    let variables: String = (0..100).map(|i| format!("let x{i} = {i}; ")).collect();
    assert!(
        keep(&format!("{variables} for i in 0..1 {{ }} true"))
            .expect_err("too many")
            .contains("more than 64 variables")
    );
    // The evaluators agree about the limit: it is the checker's.
    let most: String = (0..64).map(|i| format!("let x{i} = {i}; ")).collect();
    assert_eq!(keep(&format!("{most} x63 == 63")), Ok(Value::Bool(true)));
    assert!(findings(&format!("{most} let y = 1; y == 1"), Use::Keep)[0].contains("more than 64 variables at once"));
    // What doubles itself stops as well.
    for text in [
        "let l = [1]; loop { l.push(l); } true",
        "let m = #{ a: 1 }; loop { m = #{ a: m, b: m }; } true",
        "let s = channel; let l = [s]; loop { l = [l, l, l]; } true",
    ] {
        let message = keep(text).expect_err(text);
        assert!(message.contains("larger than a rule may make") || message.contains("operations"), "{text}: {message}");
    }
    // Of very many slips the first are told.
    let slips = "recencyy > 1 && ".repeat(40) + "true; ";
    let said = findings(&format!("{} true", slips.repeat(20)), Use::Keep);
    assert_eq!(said.len(), crate::language::limits::FINDINGS, "{said:?}");
    for text in [
        "loop { }",
        "loop { } true",
        "while true { } true",
        "let n = 0; while n >= 0 { n += 1; } true",
        "for i in 0..1000000000 { } true",
        "do { } while true; true",
    ] {
        let message = match compile(text, Use::Keep, &context()) {
            Ok(compiled) => compiled.eval(&row()).expect_err(text),
            Err(findings) => findings[0].message.clone(),
        };
        assert!(
            message.contains("stopped after 100000 operations") || message.contains("this gives nothing"),
            "{text}: {message}"
        );
    }
    let list = "let l = []; for i in 0..20000 { l.push(i); } true";
    let message = keep(list).expect_err("too large");
    assert!(message.contains("larger than a rule may make"), "{message}");
}

#[test]
fn nothing_outside_is_in_reach() {
    for text in [
        "import \"os\" as os; true",
        "print(\"x\"); true",
        "debug(1); true",
        "eval(\"true\")",
        "Fn(\"hour\").call() == 1",
        "call(\"x\")",
        "let f = |x| x; true",
        "timestamp() > 1",
        "sleep(1); true",
        "type_of(recency) == \"i64\"",
        "is_def_var(\"recency\")",
        "this.x == 1",
        "global::x == 1",
        "throw 1; true",
        "try { true } catch { false }",
        "private fn x() { 1 } true",
        "export recency; true",
        "`a${recency}` == \"a6\"",
        "recency.to_string() == \"6\"",
        "__known(1) == 1",
        "parse_int(\"1\") == 1",
        "range(0, 9); true",
    ] {
        let found = check(text, Use::Keep, &context());
        assert!(found.iter().any(Finding::is_error), "{text} compiles");
    }
}
