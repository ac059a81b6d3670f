//! Questions marketers ask, from the outside: `plan`, `analyze experiment`.

use super::{attune, done, json, shared};
use attune_lab::project::samples;

#[test]
fn a_holdout_is_planned_with_and_without_a_project() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["plan", "--base", "0.01", "--lift", "0.05", "--holdout", "0.02", "--per-day", "20000"];
    let found = json(dir.path(), &args);
    let total = found["asked"]["total"].as_f64().unwrap();
    assert!((total / 1e6 - 15.9).abs() <= 0.05, "{total}");
    let days = found["asked"]["days"].as_f64().unwrap();
    assert!((days - total / 20_000.0).abs() < 1e-9);
    assert_eq!(found["smallest"].as_array().unwrap().len(), 7);
    let text = done(dir.path(), &args).out;
    for part in ["2.0 % *", "50.0 %", "half a year", "Definitions", "smallest effect"] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    let several = ["plan", "--mean", "42", "--sd", "90", "--effect", "2", "--holdout", "0.2", "--arms", "3"];
    assert!(json(dir.path(), &several)["critical"].as_f64().unwrap() > 2.0);

    let shop = dir.path().join("shop");
    samples::create(&shop).unwrap();
    let found = json(dir.path(), &["plan", "shop", "--lift", "0.2"]);
    assert_eq!(found["log"]["outcome"], "conversion");
    assert_eq!(found["ask"]["holdout"], 0.05, "the share that the policy holds out");
    assert_eq!(found["base"], found["log"]["base"]["value"]);
    // The least effect worth having is the goal's.
    assert_eq!(json(dir.path(), &["plan", "shop"])["ask"]["lift"]["Absolute"], 0.005);

    for (args, words) in [
        (vec!["plan", "--lift", "0.05", "--holdout", "0.1"], "--base"),
        (vec!["plan", "--base", "0.01", "--holdout", "0.1"], "--lift"),
        (vec!["plan", "--base", "0.01", "--lift", "0.05"], "--holdout"),
        (vec!["plan", "shop", "--outcome", "frequency"], "role outcome"),
    ] {
        let ended = attune(dir.path(), &args);
        assert!(ended.code == 2 && ended.err.contains(words), "{args:?}: {} {}", ended.code, ended.err);
    }
    let ended = attune(dir.path(), &["plan", "--base", "1.5", "--lift", "0.05", "--holdout", "0.1"]);
    assert!(ended.code == 1 && ended.err.contains("base rate"), "{}", ended.err);
}

#[test]
fn a_finished_test_is_read_on_any_file() {
    let Some(file) = shared("data/hillstrom/hillstrom.csv") else { return };
    let dir = tempfile::tempdir().unwrap();
    let file = file.display().to_string();
    let args = ["analyze", "experiment", &file, "--arm", "segment", "--control", "No E-Mail", "--outcome", "visit"];
    let found = json(dir.path(), &[&args[..], &["--before", "history"]].concat());
    let lift = &found["outcomes"][0]["effects"][0]["lift"]["value"];
    assert!((lift.as_f64().unwrap() - 0.721_404_616_781_399).abs() < 1e-9, "{lift}");
    let text = done(dir.path(), &args).out;
    for part in
        ["χ² = 0.203 on 2, p = 0.9037: as by design", "+72.1 %", "Holm", "Mens E-Mail: more visit than No E-Mail"]
    {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    // Another design than the trial's: refused, and read only when insisted on.
    let wrong = [&args[..], &["--design", "No E-Mail=0.5,Mens E-Mail=0.25,Womens E-Mail=0.25"]].concat();
    let refused = attune(dir.path(), &wrong);
    assert!(refused.code == 3 && refused.out.contains("must not be read") && !refused.out.contains("+72.1 %"));
    let even_so = attune(dir.path(), &[&wrong[..], &["--even-so"]].concat());
    assert!(even_so.code == 3 && even_so.out.contains("+72.1 %"));
    let unknown = attune(dir.path(), &[&args[..6], &["Nobody", "--outcome", "visit"]].concat());
    assert!(unknown.code == 1 && unknown.err.contains("never holds `Nobody`"), "{}", unknown.err);
}
