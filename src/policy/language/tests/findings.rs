//! What the checker says: every finding with its place and its fix.

use super::{findings, keep};
use crate::language::{Use, functions};
use crate::value::Value;

#[test]
fn every_finding_at_once_with_its_place_and_fix() {
    let mut wrong = Vec::new();
    let table: &[(&str, &[&str])] = &[
        ("recencyy > 3", &["1:1-9 error: `recencyy` is not a feature of this policy; did you mean `recency`?"]),
        (
            "recencyy > 3 &&\n  histry < 2 && score(\"vist\") > 0",
            &[
                "1:1-9 error: `recencyy` is not a feature of this policy; did you mean `recency`?",
                "2:3-9 error: `histry` is not a feature of this policy; did you mean `history`?",
                "2:23-29 error: `vist` is not a model of this policy; did you mean `visit`?",
            ],
        ),
        ("zzzzzz > 3", &["1:1-7 error: `zzzzzz` is not a feature of this policy"]),
        ("visit > 0.1", &["1:1-6 error: `visit` is a model; write `score(\"visit\")`"]),
        ("hour > 9", &["1:1-5 error: `hour` is a function; write `hour()`"]),
        ("Web == channel", &["1:1-4 error: `Web` is not a feature of this policy; as a text write \"Web\""]),
        ("recency == null", &["1:12-16 error: `null` does not exist; to ask for a missing value write `!is_known(x)`"]),
        ("newbie == True", &["1:11-15 error: `True` is written `true`"]),
        ("propensity > 0.1", &["1:1-11 error: `propensity` is available in the arbitration expression only"]),
        (
            "action == \"x\"",
            &["1:1-7 error: `action` stands for the candidate; name one of its facts, such as `action.id`"],
        ),
        (
            "action.chanel == \"web\"",
            &["1:8-14 error: `action.chanel` is not a fact of actions; did you mean `action.channel`?"],
        ),
        ("recency.days > 1", &["1:9-13 error: `recency` has no property `days`; only `action.` has properties"]),
        ("scor(\"visit\") > 0.1", &["1:1-5 error: `scor` is not a function of rules; did you mean `score`?"]),
        (
            "score(channel) > 1",
            &["1:7-14 error: `score` needs the id of a model written out as a text, as in `score(\"visit\")`"],
        ),
        (
            "table(\"rate\") > 1",
            &["1:7-13 error: `rate` is not a decision table of this policy; did you mean `rates`?"],
        ),
        (
            "table(channel) > 1",
            &["1:7-14 error: `table` needs the id of a decision table written out as a text, as in `table(\"rates\")`"],
        ),
        ("recency() > 1", &["1:1-8 error: `recency` is a feature, not a function; write it without brackets"]),
        ("eval(\"1\")", &["1:1-5 error: `eval` is not available in rules"]),
        ("print(1); true", &["1:1-6 error: `print` is not a function of rules"]),
        ("__field(0) == 1", &["1:1-8 error: `__field` is not a function of rules"]),
        ("contacts() > 1", &["1:1-9 error: `contacts` takes 1 argument (days), found 0"]),
        ("contacts(\"a\") > 1", &["1:10-13 error: `contacts` needs a number as `days`, found the text \"a\""]),
        (
            "contacts_on(\"emial\", 7) < 1",
            &["1:13-20 warning: \"emial\" is not a channel of this policy; did you mean \"email\"?"],
        ),
        (
            "contacts_on(\"web\", 7) < 1",
            &[
                "1:13-18 warning: \"web\" is an inbound channel; contacts are counted on outbound ones, so this is always 0",
            ],
        ),
        ("days_since(\"clik\") < 1", &["1:12-18 warning: \"clik\" is not a standard event; did you mean \"click\"?"]),
        (
            "outcomes(\"click\", \"winbak\", 3) < 1",
            &["1:19-27 warning: \"winbak\" is not an action, group or issue of this policy; did you mean \"winback\"?"],
        ),
        ("outcomes(\"click\", \"retention\", 3) < 1", &[]),
        (
            "now() > date(\"tomorrow\")",
            &["1:14-24 error: \"tomorrow\" is not a date; write it as \"2026-01-31\" or \"2026-01-31T18:00:00Z\""],
        ),
        ("channel == 3", &["1:9-11 error: cannot compare `channel` (a text) with the number 3; as a text write \"3\""]),
        (
            "recency > \"3\"",
            &["1:9-10 error: cannot compare `recency` (a whole number) with the text \"3\"; as a number write 3"],
        ),
        (
            "newbie == 1",
            &["1:8-10 error: cannot compare `newbie` (true/false) with the number 1; write `true` or `false`"],
        ),
        (
            "born > \"2026-01-01\"",
            &["1:6-7 error: cannot compare `born` (a time) with the text \"2026-01-01\"; write `date(\"2026-01-01\")`"],
        ),
        (
            "1 < recency < 5",
            &[
                "1:13-14 error: cannot compare true/false with the number 5; write `between(x, low, high)` or join two comparisons with `&&`",
            ],
        ),
        (
            "recency == ()",
            &["1:9-11 error: `==` with `()` is never true; to ask for a missing value write `!is_known(x)`"],
        ),
        ("channel == \"web\"", &["1:9-11 warning: \"web\" is not a value of `channel`; did you mean \"Web\"?"]),
        (
            "channel in [\"Web\", \"Fone\"]",
            &["1:20-26 warning: \"Fone\" is not a value of `channel`; did you mean \"Phone\"?"],
        ),
        (
            "channel == \"Television\"",
            &[
                "1:9-11 warning: \"Television\" is not a value of `channel`; its values are \"Web\", \"Phone\", \"Multichannel\"",
            ],
        ),
        (
            "action.channel == \"mail\"",
            &["1:16-18 warning: \"mail\" is not a value of `action.channel`; did you mean \"email\"?"],
        ),
        ("channel in [1]", &["1:13-14 error: cannot compare `channel` (a text) with the number 1"]),
        (
            "recency in history",
            &[
                "1:9-11 error: `in` looks into a list, a range or a text, found `history` (a number); write `x in [1, 2]`",
            ],
        ),
        ("channel in 1..3", &["1:9-11 error: only numbers lie in a range, found `channel` (a text)"]),
        (
            "mens && newbie",
            &["1:1-5 error: expected true or false, found `mens` (a whole number); did you mean `mens == 1`?"],
        ),
        ("!channel", &["1:2-9 error: expected true or false, found `channel` (a text); compare it with `==`"]),
        ("recency + channel > 1", &["1:9-10 error: `+` needs numbers, found `channel` (a text)"]),
        ("now() - born > 3", &["1:7-8 error: times are not subtracted; write `days_between(from, to)`"]),
        ("recency / 0 == 1", &["1:9-10 error: division by zero"]),
        (
            "recency / mens == 1",
            &["1:9-10 warning: `/` between whole numbers drops the fraction; to keep it write `to_float(a) / b`"],
        ),
        ("recency & 1", &["1:9-10 error: `&` is not an operator of rules; `and` is written `&&`"]),
        (
            "recency",
            &["1:1-8 error: this gives a whole number, but true or false is needed; compare it, as in `… >= 1`"],
        ),
        ("let x = 3;", &["1:1-4 error: this gives nothing, but true or false is needed; end it with an expression"]),
        ("recency = 3", &["1:1-8 error: `recency` is a feature and cannot be changed; to compare write `==`"]),
        (
            "let recency = 3; true",
            &["1:1-4 error: `recency` is a feature of this policy; give the variable another name"],
        ),
        ("let x = 3; x = \"a\"; true", &["1:12-13 error: `x` holds a number; it cannot be set to a text"]),
        ("y = 3; true", &["1:1-2 error: `y` is not a variable of this rule"]),
        ("if newbie { 3 } else { \"a\" }", &["1:4-10 error: one branch gives a whole number, the other a text"]),
        (
            "if recency { true } else { false }",
            &["1:4-11 error: expected true or false, found `recency` (a whole number); did you mean `recency == 1`?"],
        ),
        (
            "switch channel { \"Web\" => true, _ => 3 }",
            &["1:38-39 error: one case gives true/false, this one a whole number"],
        ),
        ("channel == 'W'", &["1:12-15 error: texts stand in double quotes; write \"W\""]),
        ("recency ?? \"a\" == 3", &["error: the default of a whole number must be of its kind, found a text"]),
        (
            "between(channel, 1, 2)",
            &[
                "1:1-8 error: cannot compare `channel` (a text) with the number 1",
                "1:1-8 error: cannot compare `channel` (a text) with the number 2",
            ],
        ),
        // Syntax errors: one, placed.
        ("recency > 3 and newbie", &["1:13-16 error: `and` is written `&&`"]),
        ("recency > 3 or newbie", &["1:13-15 error: `or` is written `||`"]),
        ("recency >", &["error: the expression ends too early; an operand or a closing bracket is missing"]),
        ("(recency > 3", &["1:13-? error: `)` is missing"]),
        ("channel == \"Web", &["error: this text is not closed; add a `\"`"]),
        ("", &["1:1-? error: the expression is empty; write a condition"]),
        ("  // only a comment", &["1:1-? error: the expression is empty; write a condition"]),
        (
            "newbie recency",
            &["1:8-15 error: an operator is missing before `recency`; conditions are joined with `&&` or `||`"],
        ),
        (
            "if newbie { fn f() { true } f() } else { false }",
            &[
                "1:13-15 error: a function is written before the expression, outside of any block: `fn name(a, b) { … }`",
            ],
        ),
        ("fn f() { recencyy > 1 } true", &["1:10-18 error: `recencyy` is not a feature of this policy"]),
        ("fn f(x) { x > 1 } f(channel)", &["1:13-14 error: cannot compare a text with the number 1"]),
        ("fn f(x) { x } f()", &["1:15-16 error: `f` takes 1 argument (x), found 0"]),
        (
            "fn f(x) { g(x) } fn g(x) { f(x) } f(1) == 1",
            &["error: `f` calls itself; a rule has no recursion", "error: `g` calls itself"],
        ),
        ("fn hour() { 1 } hour() == 1", &["1:4-8 error: `hour` is a function already; give this one another name"]),
        (
            "fn f(recency) { 1 } f(1) == 1",
            &["error: `recency` is a feature of this policy; give the variable another name"],
        ),
        ("fn f(if) { 1 } f(1) == 1", &["1:6-8 error: `if` cannot be the name of a parameter"]),
        ("fn f(x) { return x; } f(newbie)", &["error: a function gives its last expression; leave out `return`"]),
        ("fn f() { let x = 1; x } x == 1 && f() == 1", &["1:25-26 error: `x` is not a feature of this policy"]),
    ];
    for (text, expected) in table {
        let found = findings(text, Use::Keep);
        let fits = |line: &String, wanted: &&str| line.contains(*wanted);
        let all = expected.iter().all(|wanted| found.iter().any(|line| fits(line, wanted)));
        if !all || found.len() != expected.len() {
            wrong.push(format!("{text}: {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn results_fit_their_stage() {
    assert_eq!(findings("newbie", Use::Multiplier).len(), 1);
    assert_eq!(
        findings("1.5", Use::Multiplier),
        ["1:1-4 error: a multiplier lies above 0 and is at most 1, found 1.5"]
    );
    assert_eq!(findings("channel", Use::Priority), ["1:1-8 error: this gives a text, but a number is needed"]);
    assert!(findings("propensity * value", Use::Priority).is_empty());
    assert_eq!(findings("-1", Use::Factor), ["1:1-2 error: a lever is a finite number, 0 or above, found -1"]);
    assert_eq!(
        findings("\"winbak\"", Use::Name),
        ["1:1-9 warning: \"winbak\" is not an action of this policy; did you mean `winback`?"]
    );
    assert_eq!(
        findings("newbie", Use::Name),
        [
            "1:1-7 error: this gives true/false, but the id of an action, or `()`, is needed; write `if … { \"action\" } else { () }`"
        ]
    );
    assert!(findings("let cost = 3; 1", Use::Priority)[0].contains("`cost` has a meaning already"));
}

#[test]
fn every_function_has_its_place() {
    let mut names: Vec<&str> = functions::TABLE.iter().map(|f| f.name).collect();
    names.sort_unstable();
    let before = names.len();
    names.dedup();
    assert_eq!(names.len(), before, "names are unique");
    for f in functions::TABLE {
        assert!(f.args.len() <= 3, "{} has more arguments than the row evaluator holds", f.name);
        let row = format!("| `{}` | {} |\n", f.signature(), f.help);
        assert!(include_str!("../../README.md").contains(&row), "the README lacks {row}");
        assert!(f.help.ends_with('.') && f.help.len() > 10, "{}", f.name);
        assert!(f.example.contains(f.name), "{}: its example does not show it", f.name);
        let found = findings(f.example, Use::Keep);
        let errors: Vec<&String> = found.iter().filter(|l| l.contains("error")).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", f.example);
        let result = keep(f.example).unwrap_or_else(|e| panic!("{}: {e}", f.example));
        assert!(matches!(result, Value::Bool(_) | Value::Unknown), "{}", f.example);
    }
}
