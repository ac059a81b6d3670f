//! `attune explain` from the outside, on a file made here whose drivers are known.

use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Ends with exit code, standard output, standard error.
fn attune(dir: &Path, args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_attune")).args(args).current_dir(dir).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn json(dir: &Path, args: &[&str]) -> Value {
    let (code, out, err) =
        attune(dir, &[&["explain", "people.csv", "--outcome", "bought"], args, &["--json"]].concat());
    assert_eq!(code, 0, "{args:?}: {out}\n{err}");
    serde_json::from_str(&out).unwrap()
}

/// Who came lately buys, more so in `gold`; `called` is written down after the purchase, `shoe` says nothing.
fn people(rows: usize) -> String {
    let mut state = 88_172_645_463_325_252u64;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut text = String::from("person.id,recency,plan,shoe,called,gender,bought\n");
    for i in 0..rows {
        let recency = (uniform() * 30.0) as u32;
        let plan = ["basic", "gold"][usize::from(uniform() < 0.4)];
        let gender = ["f", "m"][usize::from(uniform() < 0.5)];
        let chance = 0.75 - 0.022 * f64::from(recency) + if plan == "gold" { 0.2 } else { 0.0 };
        let bought = uniform() < chance;
        let called = if bought || uniform() < 0.03 { format!("{:.1}", uniform() * 9.0) } else { String::new() };
        let shoe = 36 + (uniform() * 10.0) as u32;
        text.push_str(&format!("P{i:05},{recency},{plan},{shoe},{called},{gender},{}\n", u8::from(bought)));
    }
    text
}

#[test]
fn a_file_is_explained_from_all_sides() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("people.csv"), people(4000)).unwrap();
    let honest = ["--without", "called"];
    let ask = |args: &[&str]| json(dir.path(), &[&honest, args].concat());

    let out = ask(&[]);
    let drivers = out["drivers"].as_array().unwrap();
    assert_eq!((&drivers[0]["field"], &drivers[1]["field"]), (&Value::from("recency"), &Value::from("plan")));
    assert!(out["directions"]["recency"].as_f64().unwrap() < -0.5);
    assert_eq!(out["permutation"][0]["field"], "recency");
    assert!(out["permutation"][0]["auc"]["low"].as_f64().unwrap() > 0.05);

    // The attributions of a row add up to its score.
    let out = ask(&["--row", "17"]);
    let row = &out["rows"][0];
    let sum: f64 = row["columns"].as_array().unwrap().iter().map(|c| c["attribution"].as_f64().unwrap()).sum();
    assert_eq!(row["row"], 17);
    assert!((out["base"].as_f64().unwrap() + sum - row["sum"].as_f64().unwrap()).abs() < 1e-9);
    assert_eq!(ask(&["--subject", "P00016"])["rows"][0]["score"], row["score"]);

    let out = ask(&["--dependence", "recency", "--with", "plan"]);
    let mean: Vec<f64> = out["partial"]["mean"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
    assert!(mean[0] > mean[mean.len() - 1] + 0.3, "{mean:?}");
    assert!(out["interaction"]["h2"].as_f64().unwrap() < 0.2);

    let out = ask(&["--threshold", "--cost", "4", "--benefit", "10"]);
    let best = &out["thresholds"]["table"][out["thresholds"]["best"].as_u64().unwrap() as usize];
    assert!((0.25..0.6).contains(&best["score"].as_f64().unwrap()), "{best}");

    assert_eq!(ask(&["--segments", "plan"])["segments"].as_array().unwrap().len(), 2);
    let out = ask(&["--fairness", "gender"]);
    assert!(out["fairness"]["groups"][0]["measured"]["ratio"]["low"].as_f64().unwrap() < 1.0);

    let out = ask(&["--honesty", "--runs", "19"]);
    let verdict = |check: &str| {
        let findings = out["honesty"]["findings"].as_array().unwrap();
        findings.iter().find(|f| f["check"] == check).map(|f| f["verdict"].clone()).unwrap()
    };
    assert_eq!(
        (verdict("Luck"), verdict("Leak"), verdict("Time")),
        ("Fine".into(), "Fine".into(), "NotEvaluated".into())
    );
    // With the leak, it is named, and how it came about.
    let (code, text, _) =
        attune(dir.path(), &["explain", "people.csv", "--outcome", "bought", "--honesty", "--runs", "0"]);
    assert!(
        code == 0 && text.contains("ALARM") && text.contains("`called`") && text.contains("written down after it"),
        "{text}"
    );
}

#[test]
fn scores_are_set_against_what_came_true() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("people.csv"), people(3000)).unwrap();
    let out = json(dir.path(), &["--without", "called", "--curves"]);
    let held_out = out["distribution"]["with"]
        .as_array()
        .unwrap()
        .iter()
        .chain(out["distribution"]["without"].as_array().unwrap());
    let rows: u64 = held_out.map(|n| n.as_u64().unwrap()).sum();
    assert!((800..1000).contains(&rows), "30 % of 3,000: {rows}");
    let gain = out["gain"].as_array().unwrap();
    let last = &gain[gain.len() - 1];
    assert_eq!((last["found"].as_f64(), last["lift"].as_f64()), (Some(1.0), Some(1.0)));
    let tenths = out["deciles"].as_array().unwrap();
    assert!(tenths[0]["lift"].as_f64() > Some(1.3) && tenths[9]["lift"].as_f64() < Some(0.7), "{tenths:?}");
    let explain = ["explain", "people.csv", "--outcome", "bought", "--without", "called"];
    let text = |more: &[&str]| {
        let (code, out, err) = attune(dir.path(), &[&explain, more].concat());
        assert_eq!(code, 0, "{err}");
        out
    };
    let shown = text(&["--curves"]);
    for words in ["Reliability", "Lift and gain by tenths", "Gain curve", "Where scores lie", "▪"] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    let shown = text(&["--dependence", "recency"]);
    assert!(shown.contains("individual conditional expectations of 40 rows") && shown.contains("ninetieth"), "{shown}");
}

#[test]
fn amounts_are_explained_by_their_errors() {
    let dir = tempfile::tempdir().unwrap();
    let mut text = "person.id,size,shop,noise,spend\n".to_owned();
    for i in 0..3000u64 {
        let mix = |salt: u64| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(salt * 7919) >> 13) % 1000;
        let (size, noise) = (mix(1) as f64 / 100.0, mix(2) as f64 / 500.0);
        let shop = ["north", "south"][(i % 2) as usize];
        let spend = 5.0 * size + if shop == "south" { 10.0 } else { 0.0 } + noise;
        text.push_str(&format!("P{i},{size},{shop},{},{spend:.2}\n", i % 17));
    }
    std::fs::write(dir.path().join("orders.csv"), text).unwrap();
    let ask = |args: &[&str]| {
        let all = [&["explain", "orders.csv", "--outcome", "spend", "--amount"], args, &["--json"]].concat();
        let (code, out, err) = attune(dir.path(), &all);
        assert_eq!(code, 0, "{err}");
        serde_json::from_str::<Value>(&out).unwrap()
    };
    // Sizes are spread evenly over 0 to 10, so spend varies by 5 · 2.9 of itself: shuffled, it errs by √2 of that.
    let out = ask(&[]);
    let first = &out["permutation"][0];
    assert_eq!(first["field"], "size");
    assert!(
        (first["rmse"]["value"].as_f64().unwrap() - 20.4).abs() < 2.5 && first["mae"]["low"].as_f64() > Some(10.0),
        "{first}"
    );
    let out = ask(&["--segments", "shop", "--learner", "linear"]);
    for segment in out["segments"].as_array().unwrap() {
        assert!(segment["measured"]["bias"]["value"].as_f64().unwrap().abs() < 0.3, "{segment}");
        assert!(segment["measured"]["r2"]["value"].as_f64() > Some(0.95), "{segment}");
    }
    assert_eq!(ask(&["--curves"])["reliability"].as_array().unwrap().len(), 10);
    for flag in [&["--threshold"][..], &["--honesty"], &["--fairness", "shop"]] {
        let all = [&["explain", "orders.csv", "--outcome", "spend", "--amount"], flag].concat();
        let (code, _, err) = attune(dir.path(), &all);
        assert!(code == 2 && err.contains("predicts an amount") && err.contains(flag[0]), "{err}");
    }
}

#[test]
fn wrong_usage_is_told() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("people.csv"), people(50)).unwrap();
    let table: [(&[&str], &str); 5] = [
        (&["people.csv"], "a file needs --outcome"),
        (&["people.csv", "--outcome", "bougt"], "did you mean `bought`"),
        (&["people.csv", "--outcome", "bought", "--row", "1", "--honesty"], "cannot be used with"),
        (&["people.csv", "--outcome", "bought", "--model", "m"], "--model is for projects"),
        (&["people.csv", "--outcome", "bought", "--with", "plan"], "--dependence"),
    ];
    for (args, told) in table {
        let (code, _, err) = attune(dir.path(), &[&["explain"], args].concat());
        assert!(code == 2 && err.contains(told), "{args:?}: {code} {err}");
    }
}
