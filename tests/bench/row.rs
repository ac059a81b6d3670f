//! What rules cost on one row: `cargo bench -p attune-policy --bench row`.
//!
//! Seven small rules, the first that does not hold ends the row: a rule set with its scratch, the same rules one by one as they
//! were compiled, by hand, and in a plain Rhai loop. Then all seven whatever each says, rules that share their subexpressions, and how
//! many allocations a rule set makes once it is warm.

#[path = "allocations.rs"]
mod allocations;
#[path = "harness.rs"]
mod harness;
#[path = "worlds.rs"]
mod worlds;

use attune_policy::history::Past;
use attune_policy::language::{Compiled, Context, Env, Outcome, RuleSet, Term, Use, compile};
use attune_policy::{Candidate, Value};
use harness::Contest;
use rhai::{AST, Engine, Scope};
use std::hint::black_box;
use worlds::{Row, SEVEN};

/// Rows that take turns, so that no branch of one row is learned by heart.
const ROWS: usize = 4_096;

/// Rules with much in common, as the rules of one policy have.
const SHARING: [&str; 7] = [
    "(visits * 7 + recency * 3) % 11 > 2",
    "(visits * 7 + recency * 3) % 11 > 4 && spend * 1.2 - opened * 30.0 > 20.0",
    "consent && spend * 1.2 - opened * 30.0 > 40.0",
    r#"segment in ["women", "both"] && (visits * 7 + recency * 3) % 11 < 9"#,
    "spend * 1.2 - opened * 30.0 < 150.0 || age >= 60",
    r#"if segment in ["women", "both"] { spend * 1.2 - opened * 30.0 > 10.0 } else { age < 70 }"#,
    "between((visits * 7 + recency * 3) % 11, 1, 9)",
];

/// One row as a rule sees it.
struct One(Vec<Value>);

impl Env for One {
    fn field(&self, index: usize) -> &Value {
        static UNKNOWN: Value = Value::Unknown;
        self.0.get(index).unwrap_or(&UNKNOWN)
    }
    fn score(&self, _: usize) -> Result<Value, String> {
        Ok(Value::Unknown)
    }
    fn candidate(&self) -> Candidate {
        Candidate { action: 0, treatment: 0 }
    }
    fn term(&self, _: Term) -> f64 {
        f64::NAN
    }
    fn past(&self) -> Past<'_> {
        Past::Told(&[])
    }
    fn now(&self) -> i64 {
        worlds::NOW
    }
    fn zone(&self) -> Option<&str> {
        None
    }
    fn is_inbound(&self, _: &str) -> bool {
        false
    }
}

fn main() {
    let rows = Row::many(ROWS, 7);
    let envs: Vec<One> = rows.iter().map(|row| One(row.values())).collect();
    let seven = SEVEN.map(|(_, text)| text);
    first_failure(&seven, &rows, &envs);
    all("All seven rules, each answered", &seven, &envs);
    all("Seven rules that share subexpressions, each answered", &SHARING, &envs);
    allocated(&seven, &envs);
    allocated(&SHARING, &envs);
}

fn rules(texts: &[&str]) -> Vec<Compiled> {
    let context = Context::new(&worlds::rules_only());
    texts.iter().map(|text| compile(text, Use::Keep, &context).unwrap_or_else(|found| panic!("{found:?}"))).collect()
}

fn first_failure(texts: &[&str], rows: &[Row], envs: &[One]) {
    let compiled = rules(texts);
    let set = RuleSet::new(&compiled);
    let mut scratch = set.scratch();
    let rhai = RhaiLoop::new(texts);
    let mut scope = Scope::new();
    let mut contest = Contest::new("Seven rules until one does not hold", "row", rows.len());
    contest.add("by hand", || rows.iter().map(|row| u64::from(black_box(row).passes())).sum());
    contest.add("rule set", || {
        let mut kept = 0;
        for env in envs {
            scratch.begin();
            kept += u64::from((0..texts.len()).all(|i| set.eval(i, env, &mut scratch) == Outcome::True));
        }
        kept
    });
    contest.add("one by one", || {
        let passes = |env: &&One| compiled.iter().all(|rule| rule.eval(*env) == Ok(Value::Bool(true)));
        envs.iter().filter(passes).count() as u64
    });
    contest.add("Rhai loop", || rows.iter().map(|row| u64::from(rhai.passes(row, &mut scope))).sum());
    if let Some(results) = contest.run() {
        results.ratio("rule set", "by hand", "for orientation").ratio("Rhai loop", "rule set", "≥ 8");
    }
}

fn all(title: &str, texts: &[&str], envs: &[One]) {
    let compiled = rules(texts);
    let set = RuleSet::new(&compiled);
    let mut scratch = set.scratch();
    let mut contest = Contest::new(title, "row", envs.len());
    contest.add("rule set", || {
        let mut kept = 0;
        for env in envs {
            scratch.begin();
            kept += (0..texts.len()).filter(|i| set.eval(*i, env, &mut scratch) == Outcome::True).count() as u64;
        }
        kept
    });
    contest.add("one by one", || {
        let kept = |env: &One| compiled.iter().filter(|rule| rule.eval(env) == Ok(Value::Bool(true))).count() as u64;
        envs.iter().map(kept).sum()
    });
    if let Some(results) = contest.run() {
        results.ratio("one by one", "rule set", "for orientation");
    }
}

fn allocated(texts: &[&str], envs: &[One]) {
    let set = RuleSet::new(&rules(texts));
    let mut scratch = set.scratch();
    let mut all = || {
        for env in envs {
            scratch.begin();
            for i in 0..texts.len() {
                black_box(set.eval(i, env, &mut scratch));
            }
        }
    };
    all();
    let ((), made) = allocations::made(all);
    println!("\nAllocations of {} rows × {} rules once warm: {made}", envs.len(), texts.len());
}

/// What a program does that takes Rhai as it comes: rules compiled once, one evaluation per rule.
struct RhaiLoop {
    engine: Engine,
    rules: Vec<AST>,
}

impl RhaiLoop {
    fn new(texts: &[&str]) -> RhaiLoop {
        let engine = Engine::new();
        let rules = texts.iter().map(|text| engine.compile_expression(text).expect("a Rhai expression")).collect();
        RhaiLoop { engine, rules }
    }

    fn passes(&self, row: &Row, scope: &mut Scope<'static>) -> bool {
        scope.clear();
        scope.push("recency", row.recency).push("spend", row.spend).push("consent", row.consent);
        scope.push("segment", row.segment).push("age", row.age).push("visits", row.visits);
        scope.push("opened", row.opened).push("device", row.device);
        self.rules.iter().all(|rule| self.engine.eval_ast_with_scope::<bool>(scope, rule).unwrap_or(false))
    }
}
