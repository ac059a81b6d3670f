//! Verdicts by hand, and verdicts held against trying every value there is: sound everywhere, complete inside the subset. Planted
//! mistakes of the prover are all caught by it.

use super::*;
use crate::action::{Action, Channel, Direction, Group, Issue, Treatment};
use crate::history::Past;
use crate::language::{Compiled, Context, Env, Term};
use crate::recipe::{Op as StepOp, Program, Step};
use crate::rule::{Rule, Scope};
use crate::table::{HitPolicy, Table, TableRow};
use crate::testing::{Random, field};
use crate::value::Type;

/// Fields b, n, x and t, what a recipe makes of them, two actions on three channels, a decision table.
fn document(guards: &[&str]) -> Document {
    let step = |output: &str, input: &str, op: StepOp| Step { output: output.into(), input: input.into(), op };
    let treatment =
        |id: &str, channel: &str| Treatment { id: id.into(), channel: channel.into(), ..Treatment::default() };
    let action = |id: &str, value: f64, treatments: Vec<Treatment>| Action {
        id: id.into(),
        group: "g".into(),
        value,
        treatments,
        ..Action::default()
    };
    let row = |test: &str, output: &str| TableRow {
        tests: vec![test.into()],
        output: Value::text(output),
        note: String::new(),
    };
    Document {
        id: "proofs".into(),
        issues: vec![Issue { id: "i".into(), weight: 0.0, groups: vec![Group { id: "g".into(), weight: 0.0 }] }],
        channels: ["email", "sms", "web"]
            .map(|id| Channel {
                id: id.into(),
                direction: if id == "web" { Direction::Inbound } else { Direction::Outbound },
            })
            .into(),
        actions: vec![
            action("news", 1.0, vec![treatment("mail", "email"), treatment("text", "sms")]),
            action("page", 3.0, vec![treatment("banner", "web")]),
        ],
        schema: crate::schema::Schema {
            fields: vec![
                field("b", Type::Bool),
                field("n", Type::Integer),
                field("x", Type::Number),
                field("t", Type::Text),
            ],
        },
        recipe: vec![
            step("filled", "n", StepOp::Impute(Value::Integer(1))),
            step("scaled", "x", StepOp::Scale { center: 1.0, scale: -2.0 }),
            step("hot", "t", StepOp::OneHot("a".into())),
            step(
                "bin",
                "x",
                StepOp::Bucket { edges: vec![0.0, 2.0], labels: vec!["low".into(), "mid".into(), "high".into()] },
            ),
        ],
        tables: vec![Table {
            id: "bands".into(),
            name: String::new(),
            inputs: vec!["n".into()],
            output: Type::Text,
            hit: HitPolicy::First,
            rows: vec![row("< 1", "young"), row("[1..3)", "middle"), row("unknown", "none")],
            otherwise: Value::text("old"),
        }],
        rules: (0..)
            .zip(guards)
            .map(|(i, expr)| Rule { id: format!("g{i}"), expr: (*expr).into(), ..Rule::default() })
            .collect(),
        ..Document::default()
    }
}

fn property(when: &str, never: Scope) -> Property {
    Property { id: "p".into(), name: String::new(), when: when.into(), never }
}

fn verdict(document: &Document, when: &str, never: Scope) -> Verdict {
    let (plan, findings) = crate::plan::plan(document);
    assert!(findings.iter().all(|f| f.severity != crate::diagnostic::Severity::Error), "{findings:?}");
    prove(document, &plan, &property(when, never)).unwrap_or_else(|e| panic!("{when}: {e:?}"))
}

/// What a verdict says, in one word, and the guards it hangs on.
fn told(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Proved { by } => format!("proved {}", by.join(" ")),
        Verdict::Refuted { .. } => "refuted".to_owned(),
        Verdict::Undecided { why } => format!("undecided: {why}"),
    }
}

#[test]
fn promises_are_kept_broken_or_left_open() {
    let email = || Scope::Channel("email".into());
    // Guards, when, never, verdict begins with.
    let table: Vec<(&[&str], &str, Scope, &str)> = vec![
        (&["b"], "!(b ?? false)", email(), "proved g0"),
        (&["b"], "!b", email(), "proved g0"),
        (&["b ?? true"], "!(b ?? false)", email(), "refuted"),
        (&["b ?? true"], "!b", email(), "proved g0"),
        (&["action.channel != \"email\" || b"], "!(b ?? false)", email(), "proved g0"),
        (&["action.channel != \"email\" || b"], "!(b ?? false)", Scope::All, "refuted"),
        (&["n >= 18", "t != \"DE\""], "n < 18", Scope::All, "proved g0"),
        (&["n >= 18", "t != \"DE\""], "n <= 18", Scope::All, "refuted"),
        (&["n > 17", "t != \"DE\""], "n < 18", Scope::All, "proved g0"),
        (&["n >= 18", "t != \"DE\""], "!is_known(n)", Scope::All, "proved g0"),
        (&["n >= 18 || t == \"DE\"", "t != \"DE\""], "n < 18", Scope::All, "proved g0 g1"),
        (&["t in [\"a\", \"b\"]"], "t == \"c\"", Scope::All, "proved g0"),
        (&["t in [\"a\", \"b\"]"], "!(t in [\"a\"])", Scope::All, "refuted"),
        (&["x > 0.5"], "x <= 0.5", Scope::All, "proved g0"),
        (&["x >= 0.5"], "x <= 0.5", Scope::All, "refuted"),
        (&["between(n, 2, 4)"], "n in 0..2", Scope::All, "proved g0"),
        (&["between(n, 2, 4)"], "n in 0..=2", Scope::All, "refuted"),
        (&["if b { n > 3 } else { n > 5 }"], "n <= 3", Scope::All, "proved g0"),
        (&["if b { n > 3 } else { n > 5 }"], "n <= 4", Scope::All, "refuted"),
        (&["if b { n > 3 } else { n > 5 }"], "!is_known(b)", Scope::All, "proved g0"),
        (&["filled > 1"], "!is_known(n)", Scope::All, "proved g0"),
        (&["filled >= 1"], "!is_known(n)", Scope::All, "refuted"),
        (&["scaled >= 0.0"], "x > 1.0", Scope::All, "proved g0"),
        (&["scaled > 0.0"], "x == 1.0", Scope::All, "proved g0"),
        (&["scaled >= 0.0"], "x >= 1.0", Scope::All, "refuted"),
        (&["hot == 1"], "t != \"a\"", Scope::All, "proved g0"),
        (&["bin == \"mid\""], "x < 0.0 || x >= 2.0", Scope::All, "proved g0"),
        (&["bin != \"mid\""], "x >= 2.0", Scope::All, "refuted"),
        (&["table(\"bands\") == \"middle\""], "n < 1 || n >= 3", Scope::All, "proved g0"),
        (&["table(\"bands\") != \"old\""], "n >= 3", Scope::All, "proved g0"),
        (&["table(\"bands\") in [\"none\", \"old\"]"], "is_known(n) && n < 3", Scope::All, "proved g0"),
        (&["table(\"bands\") == \"none\""], "!is_known(n)", Scope::All, "refuted"),
        (&["hour() >= 9 && hour() < 21"], "hour() == 21", Scope::All, "proved g0"),
        (&["hour() >= 9 && hour() < 21"], "hour() == 20 && weekday() == 7 && month() == 2", Scope::All, "refuted"),
        (&["contacts(7) < 2"], "contacts(7) >= 2", Scope::All, "proved g0"),
        (&["contacts(7) < 3"], "contacts(7) == 2 && outcomes(\"click\", \"news\", 30) == 1", Scope::All, "refuted"),
        (&["days_since(\"click\") > 5"], "days_since(\"click\") <= 5", Scope::All, "proved g0"),
        (&["days_since(\"click\") > 5"], "days_since(\"click\") > 100", Scope::All, "refuted"),
        // Intervals decide some arithmetic, and what they do not decide is not claimed.
        (&["n > 3 && n < 10"], "n + 1 > 11", Scope::All, "proved g0"),
        (&["n + 1 > 3"], "n < 1", Scope::All, "proved g0"),
        (&["n * n == 49"], "n < 100", Scope::All, "undecided"),
        (&["n > 3"], "n + 1 > 3", Scope::All, "refuted"),
        (&["lower(t) == \"yes\""], "t == \"no\"", Scope::All, "proved g0"),
        (&["lower(t) == \"yes\""], "t == \"YES\"", Scope::All, "refuted"),
        (&["x > to_float(n)"], "x == 1.0 && n == 2", Scope::All, "proved g0"),
        // Contradictory promises and guards that are never passed.
        (&["false"], "true", Scope::All, "proved g0"),
        (&[], "n > 3 && n < 4", Scope::All, "proved "),
        (&[], "true", Scope::All, "refuted"),
        // A loop runs in the interpreter.
        (
            &["let i = 0; while i < 3 { i += 1; } i == 3 && b"],
            "!(b ?? false)",
            Scope::All,
            "undecided: `news` (mail): the guard `g0` runs",
        ),
        (&["let i = 0; while i < 3 { i += 1; } i == 3", "b"], "!(b ?? false)", Scope::All, "proved g1"),
        (&["let i = 0; while i < 3 { i += 1; } i == 3"], "b", Scope::All, "refuted"),
    ];
    for (guards, when, never, expected) in table {
        let document = document(guards);
        let found = verdict(&document, when, never.clone());
        assert!(told(&found).starts_with(expected), "{guards:?} / {when} / {never:?}: {found:?}");
        if let Verdict::Refuted { counterexample } = found {
            replays(&document, &counterexample);
        }
    }
}

/// The whole policy lets the candidate of a counterexample pass its guards.
fn replays(document: &Document, counterexample: &Counterexample) {
    let policy = Policy::compile(document.clone()).unwrap();
    let decision = policy.decide(&counterexample.request, &counterexample.history());
    let fate = decision.fates.iter().find(|fate| fate.candidate == counterexample.candidate).unwrap();
    assert!(fate.step > crate::reason::Step::Guard, "{counterexample:?}: {fate:?}");
}

#[test]
fn validity_counts_and_mandatory_fallbacks_and_overrides_do_not() {
    let mut document = document(&["now() < date(\"2026-06-01T00:00:00Z\") || b"]);
    document.actions[0].valid_until =
        "2026-05-01T00:00:00Z".parse::<jiff::Timestamp>().ok().map(|t| t.as_millisecond());
    let news = || Scope::Action("news".into());
    let late = "now() >= date(\"2026-05-01T00:00:00Z\")";
    assert_eq!(told(&verdict(&document, late, news())), "proved ");
    assert_eq!(told(&verdict(&document, late, Scope::Action("page".into()))), "refuted");
    document.actions[0].mandatory = true;
    document.fallback = vec![crate::document::Fallback { action: "news".into(), treatment: "mail".into() }];
    document.overrides = vec![crate::overrides::Override {
        id: "push".into(),
        kind: crate::overrides::OverrideKind::Force(Scope::All),
        when: None,
        reason: "r".into(),
        author: "a".into(),
        approver: "b".into(),
        from: 0,
        until: 1,
    }];
    assert_eq!(told(&verdict(&document, late, news())), "proved ");
}

#[test]
fn a_refuted_property_refuses_the_policy_in_words() {
    let mut document = document(&["b ?? true"]);
    document.properties = vec![property("!(b ?? false)", Scope::Channel("email".into()))];
    let Err(crate::Error::Invalid(findings)) = Policy::compile(document.clone()) else { panic!("accepted") };
    let said: Vec<String> = findings.iter().map(ToString::to_string).collect();
    let words = "property `p`: it does not hold: `news` on `email` passes every guard when b is unknown";
    assert!(said.iter().any(|text| text.starts_with(words)), "{said:?}");
    document.rules[0].expr = "b".into();
    assert!(Policy::compile(document.clone()).is_ok());
    document.properties[0].when = "bb".into();
    assert!(Policy::compile(document).is_err());
}

/// Every value that some expression of [`condition`] tells from others.
fn values() -> [Vec<Value>; 4] {
    let unknown = || vec![Value::Unknown];
    let with = |values: Vec<Value>| unknown().into_iter().chain(values).collect();
    [
        with(vec![Value::Bool(true), Value::Bool(false)]),
        with((-1..=4).map(Value::Integer).collect()),
        with([-0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5].map(Value::Number).into()),
        with(["a", "b", "c", "zzz"].map(Value::text).into()),
    ]
}

/// A condition of the subset that is decided exactly.
fn condition(random: &mut Random, depth: usize) -> String {
    if depth > 0 && random.chance(0.6) {
        let (a, b) = (condition(random, depth - 1), condition(random, depth - 1));
        return match random.below(6) {
            0 | 1 => format!("({a} && {b})"),
            2 | 3 => format!("({a} || {b})"),
            4 => format!("!({a})"),
            _ => format!("(if {} {{ {a} }} else {{ {b} }})", condition(random, 0)),
        };
    }
    let op = *random.pick(&["<", "<=", ">", ">=", "==", "!="]);
    let eq = *random.pick(&["==", "!="]);
    let whole = random.below(4);
    let number = *random.pick(&["0.0", "0.5", "1.0", "2.0"]);
    let text = *random.pick(&["a", "b", "c"]);
    match random.below(16) {
        0 => "b".into(),
        1 => "(b ?? true)".into(),
        2 => format!("is_known({})", random.pick(&["b", "n", "x", "t"])),
        3 => format!("n {op} {whole}"),
        4 => format!("n {op} {number}"),
        5 => format!("x {op} {number}"),
        6 => format!("{whole} {op} x"),
        7 => format!("t {eq} \"{text}\""),
        8 => format!("t in [\"{text}\", \"b\"]"),
        9 => format!("n in [{whole}, 3]"),
        10 => format!("between(x, 0, {number})"),
        11 => format!("(n ?? {whole}) {op} 2"),
        12 => format!("filled {op} {whole}"),
        13 => format!("bin {eq} \"{}\"", random.pick(&["low", "mid", "high"])),
        14 => format!("action.channel {eq} \"{}\"", random.pick(&["email", "web"])),
        _ => format!("table(\"bands\") {eq} \"{}\"", random.pick(&["young", "middle", "none", "old"])),
    }
}

/// A condition outside the subset.
fn calculation(random: &mut Random) -> String {
    let op = *random.pick(&["<", "<=", ">", ">=", "==", "!="]);
    let sign = *random.pick(&["+", "-", "*", "/", "%"]);
    match random.below(6) {
        0 => format!("n {sign} 2 {op} {}", random.below(4)),
        1 => format!("x {sign} 2.0 {op} 1.0"),
        2 => format!("n {op} x"),
        3 => format!("floor(x) {op} 1.0"),
        4 => format!("abs(n) {op} {}", random.below(4)),
        _ => format!("scaled {op} 0.25 && max(n, 1) {op} 2"),
    }
}

/// One row, for the compiled expressions themselves.
struct Case<'a> {
    row: Vec<Value>,
    candidate: Candidate,
    tables: &'a [Option<crate::table::CompiledTable>],
}

impl Env for Case<'_> {
    fn field(&self, index: usize) -> &Value {
        &self.row[index]
    }
    fn score(&self, _: usize) -> Result<Value, String> {
        Ok(Value::Unknown)
    }
    fn table(&self, index: usize) -> Result<Value, String> {
        self.tables[index].as_ref().unwrap().eval(self)
    }
    fn candidate(&self) -> Candidate {
        self.candidate
    }
    fn term(&self, _: Term) -> f64 {
        f64::NAN
    }
    fn past(&self) -> Past<'_> {
        Past::Told(&[])
    }
    fn now(&self) -> i64 {
        0
    }
    fn zone(&self) -> Option<&str> {
        None
    }
    fn is_inbound(&self, channel: &str) -> bool {
        channel == "web"
    }
}

/// Whether any row and candidate passes everything, by trying them all.
fn tried(plan: &Plan, expressions: &[Compiled], candidates: &[Candidate]) -> bool {
    let program = Program::compile(&document(&[]).recipe, &document(&[]).schema).unwrap();
    let [b, n, x, t] = values();
    for (b, n) in b.iter().flat_map(|b| n.iter().map(move |n| (b, n))) {
        for (x, t) in x.iter().flat_map(|x| t.iter().map(move |t| (x, t))) {
            let mut row = vec![b.clone(), n.clone(), x.clone(), t.clone()];
            let mut derived = Vec::new();
            program.run(&row, 0, &mut derived);
            row.extend(derived);
            for candidate in candidates {
                let case = Case { row: row.clone(), candidate: *candidate, tables: &plan.tables };
                if expressions.iter().all(|e| e.eval(&case) == Ok(Value::Bool(true))) {
                    return true;
                }
            }
        }
    }
    false
}

/// The first disagreement between the prover and trying everything, among so many random policies; and how often each verdict fell.
fn disagreement(seed: u64, policies: usize, outside: f64) -> (Option<String>, [usize; 3]) {
    let mut random = Random::new(seed);
    let mut counts = [0; 3];
    for _ in 0..policies {
        let guards: Vec<String> = (0..1 + random.below(3))
            .map(|_| if random.chance(outside) { calculation(&mut random) } else { condition(&mut random, 2) })
            .collect();
        let when = condition(&mut random, 2);
        let document = document(&guards.iter().map(String::as_str).collect::<Vec<_>>());
        let (plan, _) = crate::plan::plan(&document);
        let found = prove(&document, &plan, &property(&when, Scope::All)).unwrap();
        let context = Context::new(&document);
        let mut expressions: Vec<Compiled> =
            guards.iter().map(|g| language::compile(g, Use::Keep, &context).unwrap()).collect();
        expressions.push(language::compile(&when, Use::Keep, &context).unwrap());
        let candidates: Vec<Candidate> = plan.slots.iter().map(|slot| slot.candidate).collect();
        let possible = tried(&plan, &expressions, &candidates);
        let agrees = match &found {
            Verdict::Proved { .. } => !possible,
            // Values outside those tried may break a promise too, where arithmetic is.
            Verdict::Refuted { .. } => possible || outside > 0.0,
            Verdict::Undecided { .. } => outside > 0.0,
        };
        if !agrees {
            return (Some(format!("{guards:?} / {when}: {found:?}, tried: {possible}")), counts);
        }
        counts[match found {
            Verdict::Proved { .. } => 0,
            Verdict::Refuted { .. } => 1,
            Verdict::Undecided { .. } => 2,
        }] += 1;
    }
    (None, counts)
}

#[test]
fn inside_the_subset_every_verdict_is_that_of_trying_everything() {
    let (wrong, [proved, refuted, undecided]) = disagreement(11, 700, 0.0);
    assert_eq!(wrong, None);
    assert!(proved > 100 && refuted > 100 && undecided == 0, "{proved} {refuted} {undecided}");
}

#[test]
fn outside_the_subset_nothing_false_is_claimed() {
    let (wrong, [proved, refuted, undecided]) = disagreement(12, 400, 0.5);
    assert_eq!(wrong, None);
    assert!(proved > 50 && refuted > 50 && undecided > 5, "{proved} {refuted} {undecided}");
}

#[test]
fn planted_mistakes_are_caught() {
    for number in 1..=mutant::COUNT {
        mutant::plant(number);
        let (wrong, _) = disagreement(13, 600, 0.0);
        mutant::plant(0);
        assert!(wrong.is_some(), "mutant {number} is not caught");
    }
}
