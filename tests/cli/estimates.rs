//! `attune analyze estimate` and `attune analyze uplift` on the reference logs: the keys and numbers of the published files.

use super::{attune, done, json, shared};
use serde_json::Value;

fn expected(path: &str) -> Option<Value> {
    Some(serde_json::from_str(&std::fs::read_to_string(shared(path)?).unwrap()).unwrap())
}

/// That `found` has every key of `expected` with its number, to 1e-9.
fn holds(found: &Value, expected: &Value, place: &str) {
    match expected {
        Value::Object(parts) => parts.iter().for_each(|(key, own)| {
            // What the target earned is known from another log alone.
            if key != "on_policy_v_eval" {
                holds(&found[key], own, &format!("{place}.{key}"));
            }
        }),
        number => {
            let (found, expected) = (found.as_f64(), number.as_f64().unwrap());
            let near = found.is_some_and(|found| (found - expected).abs() <= 1e-9 * expected.abs().max(1.0));
            assert!(near, "{place}: {found:?}, expected {expected}");
        }
    }
}

const COLUMNS: [&str; 6] = ["--reward", "reward", "--propensity", "pscore", "--target", "pi_e"];
const MODEL: [&str; 4] = ["--q", "q_hat", "--q-target", "q_hat_pi_e"];

#[test]
fn estimates_of_the_reference_logs() {
    let dir = tempfile::tempdir().unwrap();
    let Some(all) = expected("reference/off_policy/expected.json") else { return };
    for (log, numbers) in all.as_object().unwrap() {
        let path = shared(&format!("reference/off_policy/{log}.csv")).unwrap();
        let file = path.to_str().unwrap();
        let found =
            json(dir.path(), &[&["analyze", "estimate", file, "--bootstrap", "50"], &COLUMNS[..], &MODEL].concat());
        holds(&found, numbers, log);
        assert!(found["ipw"]["bootstrap"][0].is_f64());
        let text = done(dir.path(), &[&["analyze", "estimate", file, "--bootstrap", "0"], &COLUMNS[..]].concat()).out;
        assert!(text.contains("effective sample size") && text.contains("snipw"), "{text}");
    }
}

#[test]
fn a_log_without_support_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let Some(path) = shared("reference/off_policy/women_bts_to_random.csv") else { return };
    let args = [&["analyze", "estimate", path.to_str().unwrap(), "--bootstrap", "0"], &COLUMNS[..], &MODEL].concat();
    let refused = attune(dir.path(), &args);
    assert_eq!(refused.code, 3, "{}", refused.err);
    assert!(
        refused.out.contains("effective sample size is 2.1") && !refused.out.contains("switch_dr"),
        "{}",
        refused.out
    );
    let even_so = attune(dir.path(), &[&args[..], &["--even-so"]].concat());
    assert_eq!(even_so.code, 3);
    assert!(even_so.out.contains("switch_dr_5") && even_so.out.contains("effective sample size is 2.1"));
    let quiet = attune(dir.path(), &[&args[..], &["--json"]].concat());
    let value: Value = serde_json::from_str(&quiet.out).unwrap();
    assert!(value["refused"]["reasons"][0].is_string() && value["ipw"].is_null() && value["instead"]["share"].is_f64());
}

#[test]
fn uplift_of_the_reference_scores() {
    let dir = tempfile::tempdir().unwrap();
    let Some(all) = expected("reference/uplift/expected.json") else { return };
    for (file, scores) in all.as_object().unwrap() {
        let path = shared(&format!("reference/uplift/{file}.csv")).unwrap();
        let args = [
            "analyze",
            "uplift",
            path.to_str().unwrap(),
            "--treatment",
            "treatment",
            "--outcome",
            "y",
            "--bootstrap",
            "0",
        ];
        for (score, numbers) in scores.as_object().unwrap().iter().filter(|(_, own)| own.is_object()) {
            let found = json(dir.path(), &[&args[..], &["--score", score]].concat());
            holds(&found, numbers, score);
            for whole in ["test_ate", "n_test", "n_t"] {
                holds(&found[whole], &scores[whole], whole);
            }
        }
    }
}

#[test]
fn wrong_columns_of_a_log_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let log = "reward,p,pi,arm\n1,0.5,0.5,a\n0,0,0.5,b\n1,0.5,,a\n";
    std::fs::write(dir.path().join("log.csv"), log).unwrap();
    let ask = |target: &str, propensity: &str| {
        attune(
            dir.path(),
            &["analyze", "estimate", "log.csv", "--reward", "reward", "--propensity", propensity, "--target", target],
        )
    };
    for (ended, words) in [
        (ask("reward", "p"), ["`p`", "row 2", "above 0"]),
        (ask("reward", "reward"), ["`reward`", "row 2", "above 0"]),
        (ask("pie", "p"), ["pie", "no column", "did you mean `pi`"]),
        (ask("arm", "p"), ["`arm`", "does not hold numbers", "log.csv"]),
    ] {
        assert_eq!(ended.code, 1, "{}", ended.out);
        assert!(words.iter().all(|word| ended.err.contains(word)), "{}", ended.err);
    }
    let ended = attune(
        dir.path(),
        &["analyze", "uplift", "log.csv", "--treatment", "arm", "--outcome", "reward", "--score", "p"],
    );
    assert!(ended.err.contains("`arm`"), "{}", ended.err);
    let treated =
        ["analyze", "uplift", "log.csv", "--treatment", "arm", "--treated", "a", "--outcome", "reward", "--score", "p"];
    assert!(done(dir.path(), &treated).out.contains("2 treated"));
}

#[test]
fn a_propensity_next_to_nothing_stretches_no_table_and_what_is_not_defined_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = String::from("click,p,pi\n");
    for i in 0..200 {
        let p = if i == 7 { "1e-300".to_owned() } else { "0.5".to_owned() };
        log.push_str(&format!("{},{p},0.5\n", u8::from(i % 3 == 1)));
    }
    std::fs::write(dir.path().join("log.csv"), log).unwrap();
    let args = ["analyze", "estimate", "log.csv", "--reward", "click", "--propensity", "p", "--target", "pi"];
    let ended = attune(dir.path(), &[&args[..], &["--even-so", "--bootstrap", "50"]].concat());
    assert_eq!(ended.code, 3, "{}", ended.err);
    assert!(ended.out.contains("5.0000e299") && ended.out.contains("snipw"), "{}", ended.out);
    for line in ended.out.lines() {
        assert!(line.chars().count() < 240 && !line.contains("NaN") && !line.contains("inf"), "{line}");
    }
}
