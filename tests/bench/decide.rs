//! What one decision costs: `cargo bench -p attune-policy --bench decide`.
//!
//! Seven small rules over one action, without a trace, beside the same rules by hand and in a plain Rhai loop that leaves at
//! the first failure; how many allocations a decision makes once it is warm; the spread of single calls; 50 actions with 10 rules each and a
//! boosted model, with the whole trace; and how much memory a policy holds. `count=N case=NAME` instead makes N decisions and prints nothing,
//! for counting instructions (`tests/scripts/instructions`); `rss=seven` and `rss=fifty` instead tell what a process grows by that loads one
//! policy and decides with it.

#[path = "allocations.rs"]
mod allocations;
#[path = "harness.rs"]
mod harness;
#[path = "rhai_loop.rs"]
mod rhai_loop;
#[path = "worlds.rs"]
mod worlds;

use attune_policy::outcome::Scratch;
use attune_policy::{Document, NoHistory, Policy, Request};
use harness::{Contest, argument, grouped, latencies};
use rhai::Scope;
use rhai_loop::RhaiLoop;
use std::hint::black_box;
use worlds::Row;

/// Rows that take turns, so that no branch of one row is learned by heart.
const ROWS: usize = 4_096;

/// Rows of a round: few, so that a round is seldom interrupted.
const ROUND: usize = 512;

fn main() {
    if let Some(n) = argument("count") {
        let case = argument("case").unwrap_or_else(|| "decide".into());
        return count(n.parse().expect("count=NUMBER"), &case);
    }
    if let Some(policy) = argument("rss") {
        return grown(&policy);
    }
    let rows = Row::many(ROWS, 7);
    let requests = worlds::requests(&rows);
    println!("{} of {ROWS} rows pass all seven rules", rows.iter().filter(|row| row.passes()).count());
    seven_rules(&rows[..ROUND], &requests[..ROUND]);
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

fn decided_into(policy: &Policy, request: &Request, scratch: &mut Scratch) -> u64 {
    u64::from(policy.decide_into(request, &NoHistory, scratch).chosen().is_some())
}

fn seven_rules(rows: &[Row], requests: &[Request]) {
    let policy = compiled(worlds::rules_only());
    let rhai = RhaiLoop::new();
    let mut scope = Scope::new();
    let mut scratch = Scratch::default();
    let mut contest = Contest::new("One decision: seven rules, one action, no trace", "decision", rows.len());
    contest.add("by hand", || rows.iter().map(|row| u64::from(black_box(row).passes())).sum());
    contest.add("decide_into", || requests.iter().map(|r| decided_into(&policy, r, &mut scratch)).sum());
    contest.add("decide", || requests.iter().map(|request| decided(&policy, request)).sum());
    contest.add("Rhai loop", || rows.iter().map(|row| u64::from(rhai.passes(row, &mut scope))).sum());
    if let Some(results) = contest.run() {
        results.ratio("decide_into", "by hand", "for orientation");
        results.ratio("Rhai loop", "decide", "for orientation").ratio("Rhai loop", "decide_into", "≥ 5");
    }
}

fn allocated(requests: &[Request]) {
    println!("\nAllocations per decision once warm");
    for (name, document) in [("seven rules", worlds::rules_only()), ("50 actions, 200 trees", worlds::fifty_actions())]
    {
        let policy = compiled(document);
        let mut scratch = Scratch::default();
        let mut into = || requests.iter().map(|request| decided_into(&policy, request, &mut scratch)).sum::<u64>();
        into();
        let (_, made_into) = allocations::made(into);
        let (_, made) = allocations::made(|| requests.iter().map(|r| decided(&policy, r)).sum::<u64>());
        let each = |made: u64| made as f64 / requests.len() as f64;
        println!("  {name:<24} decide_into {:.2} (budget 0)   decide {:.2}", each(made_into), each(made));
    }
}

fn single_calls(requests: &[Request]) {
    let request = |i: usize| &requests[i % requests.len()];
    let mut scratch = Scratch::default();
    let policy = compiled(worlds::rules_only());
    let one = |i: usize| decided_into(&policy, request(i), &mut scratch);
    latencies("Single decisions: seven rules, one action, no trace", 200_000, one, "budget ≤ 4");
    let policy = compiled(worlds::fifty_actions());
    let untraced = |i: usize| decided_into(&policy, request(i), &mut scratch);
    latencies("50 actions, 10 rules each, 200 trees, no trace", 20_000, untraced, "for orientation");
    let traced = |i: usize| policy.decide_traced(request(i), &NoHistory).ranked.len() as u64;
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

/// What the process holds in memory (VmRSS, kB), where the system tells.
fn resident_now() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Loads the file of one policy into a process that has done nothing else, and decides with it.
fn grown(name: &str) {
    // The file is made by another process of this program, so that nothing of its making is resident in this one.
    if argument("write").is_some() {
        let document = if name == "fifty" { worlds::fifty_actions() } else { worlds::rules_only() };
        print!("{}", attune_policy::codec::write(&document).unwrap_or_else(|error| panic!("{error}")));
        return;
    }
    let path = std::env::temp_dir().join(format!("attune-rss-{}.ron", std::process::id()));
    let program = std::env::current_exe().expect("a program has a path");
    let written = std::process::Command::new(program).args([&format!("rss={name}"), "write=1"]).output();
    std::fs::write(&path, written.expect("it runs").stdout).expect("the temporary folder can be written");
    let requests = worlds::requests(&Row::many(64, 7));
    let before = resident_now().unwrap_or(0);
    let bytes = std::fs::read(&path).expect("it was written");
    let policy = Policy::load(&bytes, &attune_policy::Verification::none()).unwrap_or_else(|error| panic!("{error}"));
    drop(bytes);
    let loaded = resident_now().unwrap_or(0);
    let mut scratch = Scratch::default();
    black_box((0..10_000).map(|i| decided_into(&policy, &requests[i % 64], &mut scratch)).sum::<u64>());
    let decided = resident_now().unwrap_or(0);
    println!(
        "{name}: {before} kB before, +{} kB loaded, +{} kB after 10,000 decisions",
        loaded - before,
        decided - before
    );
    let _ = std::fs::remove_file(&path);
}

/// `n` decisions of one case and nothing else, so that the difference of two counts is that of decisions alone.
fn count(n: usize, case: &str) {
    let requests = worlds::requests(&Row::many(ROWS, 7));
    let rows = Row::many(ROWS, 7);
    let rhai = RhaiLoop::new();
    let mut scope = Scope::new();
    let mut scratch = Scratch::default();
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
            "decide-into" => {
                black_box(decided_into(&seven, request, &mut scratch));
            }
            "fifty-into" => {
                black_box(decided_into(&fifty, request, &mut scratch));
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
