//! What loading a policy costs, part by part: `cargo bench -p attune-policy --bench load`.
//!
//! A policy of 2,500 actions with 200 cases, signed; and one whose three models of 200 trees fill about ten megabytes. Beside the
//! whole of it stands what it is made of: the signature, reading, the revision, compiling, deciding the cases.

#[path = "harness.rs"]
mod harness;
#[path = "worlds.rs"]
mod worlds;

use attune_policy::signature::{Manifest, Role, SecretKey, Verification, sign};
use attune_policy::{Document, NoHistory, Policy, cases, check, codec};
use harness::{grouped, timed};
use worlds::Row;

/// Loads are slow; this many are enough for a median.
const ROUNDS: usize = 11;

fn main() {
    let mut many = worlds::many_actions(2_500);
    many.cases = recorded(&many, 200);
    loaded("2,500 actions, 800 rules, 200 cases", many, 500.0);
    loaded("three models of 200 trees", worlds::heavy_models(), 300.0);
    checked();
}

/// The whole static analysis, as `attune check` and the studio ask for it.
fn checked() {
    let mut document = worlds::many_actions(2_500);
    // As many rules as a policy may have.
    while document.rules.len() < 1_000 {
        let mut rule = document.rules[document.rules.len() % 800].clone();
        rule.id = format!("r{}", document.rules.len());
        document.rules.push(rule);
    }
    println!("\n2,500 actions of two treatments, 1,000 rules, 20 caps");
    timed("check: every finding", 5, || check::check(&document).len(), "");
}

/// Cases that expect what the policy decides.
fn recorded(document: &Document, n: usize) -> Vec<cases::Case> {
    let policy = Policy::compile(document.clone()).unwrap_or_else(|error| panic!("{error}"));
    let requests = worlds::requests(&Row::many(n, 3));
    let case = |(i, request)| {
        let decision = policy.decide(request, &NoHistory);
        cases::record(&policy, &format!("case_{i}"), &format!("Case {i}"), request, &[], &decision)
    };
    requests.iter().enumerate().map(case).collect()
}

/// Times the load of a document's file, and its parts; `budget` in milliseconds.
fn loaded(name: &str, document: Document, budget: f64) {
    let text = codec::write(&document).unwrap_or_else(|error| panic!("{error}"));
    let bytes = text.as_bytes();
    let key = SecretKey::new("Release", &[7; 32]).expect("32 bytes");
    let signature = sign(&Manifest::of_policy(bytes), std::slice::from_ref(&key)).expect("a key");
    let signed = Verification::required(Role::any("release", [key.public()])).with_signature(signature);
    println!("\n{name}: a file of {} bytes", grouped(bytes.len() as u64));

    let compiled = Policy::compile(document.clone()).unwrap_or_else(|error| panic!("{error}"));
    timed("verify the signature", ROUNDS, || signed.check(bytes).expect("it is signed"), "");
    let open = timed("read: text to document, and its revision", ROUNDS, || codec::open(bytes).expect("it reads"), "");
    let revision = timed("  of that the revision", ROUNDS, || codec::revision(&document).expect("it writes"), "");
    let compile = timed("check and compile, and the revision", ROUNDS, || Policy::compile(document.clone()), "");
    timed("decide the cases", ROUNDS, || cases::run(&compiled, &document.cases).len(), "");
    let all = timed("load: all of it", ROUNDS, || Policy::load(bytes, &signed).expect("it loads"), "");
    if let (Some(open), Some(revision), Some(compile), Some(all)) = (open, revision, compile, all) {
        let share = |ns: f64| 100.0 * ns / all;
        println!(
            "  reading {:.0} %, revision {:.0} %, compiling {:.0} % of a load",
            share(open - revision),
            share(revision),
            share(compile - revision)
        );
        println!("  ratio budget / load: {:.1}   (load {:.0} ms, budget {budget} ms)", budget * 1e6 / all, all / 1e6);
    }
}
