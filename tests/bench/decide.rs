//! What one decision costs: `cargo bench -p attune-policy --bench decide`.
//!
//! Seven small rules over one action, without a trace, beside the same rules by hand and in a plain Rhai loop that leaves at
//! the first failure; how many allocations a decision makes once it is warm; the spread of single calls; 50 actions with 10 rules each and a
//! boosted model, with the whole trace; and how much memory a policy holds. `count=N case=NAME` instead makes N decisions and prints nothing,
//! for counting instructions (`tests/scripts/instructions`).

#[path = "allocations.rs"]
mod allocations;
#[path = "harness.rs"]
mod harness;
#[path = "rhai_loop.rs"]
mod rhai_loop;
#[path = "worlds.rs"]
mod worlds;

use attune_policy::{Document, NoHistory, Policy, Request};
use harness::{Contest, argument, grouped, latencies};
use rhai::Scope;
use rhai_loop::RhaiLoop;
use std::hint::black_box;
use worlds::Row;

/// Rows that take turns, so that no branch of one row is learned by heart.
const ROWS: usize = 4_096;

fn main() {
    if let Some(n) = argument("count") {
        let case = argument("case").unwrap_or_else(|| "decide".into());
        return count(n.parse().expect("count=NUMBER"), &case);
    }
    let rows = Row::many(ROWS, 7);
    let requests = worlds::requests(&rows);
    println!("{} of {ROWS} rows pass all seven rules", rows.iter().filter(|row| row.passes()).count());
    seven_rules(&rows, &requests);
    allocated(&requests);
    single_calls(&requests);
    resident();
}

fn compiled(document: Document) -> Policy {
    Policy::compile(document).unwrap_or_else(|error| panic!("{error}"))
}

fn decided(policy: &Policy, request: &Request) -> u64 {
    u64::from(policy.decide(request, &NoHistory).chosen.is_some())
}

fn seven_rules(rows: &[Row], requests: &[Request]) {
    let policy = compiled(worlds::rules_only());
    let rhai = RhaiLoop::new();
    let mut scope = Scope::new();
    let mut contest = Contest::new("One decision: seven rules, one action, no trace", "decision", rows.len());
    contest.add("by hand", || rows.iter().map(|row| u64::from(black_box(row).passes())).sum());
    contest.add("decide", || requests.iter().map(|request| decided(&policy, request)).sum());
    contest.add("Rhai loop", || rows.iter().map(|row| u64::from(rhai.passes(row, &mut scope))).sum());
    if let Some(results) = contest.run() {
        results.ratio("decide", "by hand", "for orientation").ratio("Rhai loop", "decide", "≥ 5");
    }
}

fn allocated(requests: &[Request]) {
    println!("\nAllocations per decision once warm, seven rules");
    let policy = compiled(worlds::rules_only());
    let all = || requests.iter().map(|request| decided(&policy, request)).sum::<u64>();
    all();
    let (_, made) = allocations::made(all);
    println!("  decide       {:.2}", made as f64 / requests.len() as f64);
}

fn single_calls(requests: &[Request]) {
    let policy = compiled(worlds::rules_only());
    let one = |i: usize| decided(&policy, &requests[i % requests.len()]);
    latencies("Single decisions: seven rules, one action, no trace", 200_000, one, "budget ≤ 4");
    let policy = compiled(worlds::fifty_actions());
    let traced = |i: usize| policy.decide_traced(&requests[i % requests.len()], &NoHistory).ranked.len() as u64;
    let untraced = |i: usize| policy.decide(&requests[i % requests.len()], &NoHistory).ranked.len() as u64;
    latencies("50 actions, 10 rules each, 200 trees, no trace", 20_000, untraced, "for orientation");
    latencies("50 actions, 10 rules each, 200 trees, whole trace", 20_000, traced, "budget: p99 < 1 ms");
}

fn resident() {
    println!("\nBytes of the heap that a policy holds (budget of the first: 5 MB)");
    let policies: [(&str, &dyn Fn() -> Document); 3] = [
        ("seven rules, one action", &worlds::rules_only),
        ("50 actions, 500 rules, 200 trees", &worlds::fifty_actions),
        ("2,500 actions, 800 rules, 60 trees", &|| worlds::many_actions(2_500)),
    ];
    // What is made once for all policies is not a policy's.
    black_box(compiled(worlds::rules_only()));
    for (name, document) in policies {
        let (policy, held) = allocations::held(|| compiled(document()));
        println!("  {name:<36} {:>12}", grouped(u64::try_from(held).unwrap_or(0)));
        black_box(policy);
    }
}

/// `n` decisions of one case and nothing else, so that the difference of two counts is that of decisions alone.
fn count(n: usize, case: &str) {
    let requests = worlds::requests(&Row::many(ROWS, 7));
    let rows = Row::many(ROWS, 7);
    let rhai = RhaiLoop::new();
    let mut scope = Scope::new();
    let (seven, fifty) = (compiled(worlds::rules_only()), compiled(worlds::fifty_actions()));
    for i in 0..n {
        let request = &requests[i % ROWS];
        match case {
            "nothing" => {}
            "by-hand" => {
                black_box(black_box(&rows[i % ROWS]).passes());
            }
            "decide" => {
                black_box(decided(&seven, request));
            }
            "rhai" => {
                black_box(rhai.passes(&rows[i % ROWS], &mut scope));
            }
            "fifty" => {
                black_box(fifty.decide(request, &NoHistory));
            }
            "fifty-traced" => {
                black_box(fifty.decide_traced(request, &NoHistory));
            }
            other => panic!("no case is called `{other}`"),
        }
    }
}
