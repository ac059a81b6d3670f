//! Models compared on files and in projects, tuned, and trained again on refreshed data.

use super::{attune, done, json, shop};
use serde_json::Value;
use std::fmt::Write;
use std::fs;

/// Customers whose outcome and amount hang on `recency`; the outcome grows rarer with time.
fn customers(rows: usize) -> String {
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut out = "customer_id,recency,visits,plan,bought,spend\n".to_owned();
    for i in 0..rows {
        let (recency, visits) = (uniform() * 30.0, (uniform() * 9.0).floor());
        let plan = ["basic", "plus", "gold"][(uniform() * 3.0) as usize];
        let z = 1.5 - 0.15 * recency + if plan == "gold" { 1.0 } else { 0.0 };
        let bought = if uniform() < 1.0 / (1.0 + (-z).exp()) { "yes" } else { "no" };
        let spend = (40.0 - recency + 4.0 * uniform()).max(0.0);
        let _ = writeln!(out, "c{i},{recency:.1},{visits},{plan},{bought},{spend:.2}");
    }
    out
}

fn ids(board: &Value) -> Vec<&str> {
    board["entries"].as_array().unwrap().iter().map(|entry| entry["spec"]["id"].as_str().unwrap()).collect()
}

#[test]
fn families_are_compared_on_any_file() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    fs::write(dir.join("rows.csv"), customers(1500)).unwrap();
    let compared =
        ["evaluate", "rows.csv", "--outcome", "bought", "--ignore", "spend", "--families", "logistic,tree,bayes"];
    let text = done(dir, &compared).out;
    for expected in
        ["propensity of `bought`", "n = 1,500 rows", "behind the best", "DeLong", "not distinguishable", "Definitions"]
    {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    let value = json(dir, &compared);
    let board = &value["boards"][0]["board"];
    let mut found = ids(board);
    found.sort_unstable();
    assert_eq!((found, board["rows"].as_u64()), (vec!["bayes", "logistic", "tree"], Some(1500)));
    let auc = board["entries"][0]["quality"]["auc"]["value"].as_f64().unwrap();
    assert!((0.75..0.95).contains(&auc), "{auc}");

    let late = json(dir, &[&compared[..], &["--by-time", "0.25"]].concat());
    assert_eq!(late["boards"][0]["board"]["rows"], 375);
    let amounts =
        ["evaluate", "rows.csv", "--outcome", "spend", "--amount", "--ignore", "bought", "--families", "linear,tree"];
    let board = json(dir, &amounts)["boards"][0]["board"].clone();
    assert_eq!(ids(&board), ["linear", "tree"]);
    assert!(board["entries"][0]["amount"]["r2"]["value"].as_f64().unwrap() > 0.95);
    assert!(done(dir, &amounts).out.contains("RMSE"));
}

#[test]
fn wrong_usage_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    fs::write(dir.join("rows.csv"), customers(100)).unwrap();
    for (arguments, code, words) in [
        (vec!["rows.csv"], 2, "--outcome names the column"),
        (vec!["rows.csv", "--outcome", "bougt"], 1, "did you mean `bought`?"),
        (vec!["rows.csv", "--outcome", "bought", "--families", "magic"], 2, "`magic` is no family"),
        (vec!["rows.csv", "--outcome", "bought", "--families", "linear"], 2, "`linear` is no family for this"),
        (vec!["rows.csv", "--outcome", "bought", "--calibrate", "magic"], 2, "the methods are platt, isotonic"),
        (vec!["rows.csv", "--outcome", "plan"], 1, "neither yes nor no"),
    ] {
        let ended = attune(dir, &[&["evaluate"], arguments.as_slice()].concat());
        assert_eq!(ended.code, code, "{arguments:?} {}", ended.err);
        assert!(ended.err.contains(words), "{arguments:?} {}", ended.err);
    }
}

#[test]
fn a_projects_models_are_compared_tuned_and_refitted() {
    let folder = shop(1200);
    let dir = folder.path();
    let boards = json(dir, &["evaluate", "shop"]);
    assert!(!boards["boards"].as_array().unwrap().is_empty());
    let first = ids(&boards["boards"][0]["board"])[0].to_owned();
    let tuned = json(dir, &["train", "shop", &first, "--tune", "3"]);
    assert_eq!(tuned["tuning"][&first]["trials"].as_array().unwrap().len(), 3);
    assert_eq!(tuned["models"][0]["report"]["spec"]["family"], tuned["tuning"][&first]["chosen"]["family"]);
    // The same data again: nothing can be shown to be better, and what was kept is up to date.
    let refitted = json(dir, &["train", "shop", &first, "--refit"]);
    assert_eq!(refitted["refit"][&first]["verdict"], "Kept", "{refitted}");
    assert!(done(dir, &["train", "shop", &first]).out.contains("up to date"));
    assert_eq!(attune(dir, &["train", "shop", "magic", "--refit"]).code, 1);
}
