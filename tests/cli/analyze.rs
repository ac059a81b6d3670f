//! `attune analyze` on the shared files, read as they came, against the reference files; and what it says to wrong questions.

use super::{attune, done, json};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A file of the shared data; `None`, with a printed line, when there is none and no one insists.
fn shared(path: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let file = std::env::var_os("ATTUNE_SHARED").map_or_else(beside, PathBuf::from).join(path);
    if file.exists() {
        return Some(file);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing", file.display());
    println!("skipped: {} is missing", file.display());
    None
}

/// A shared file as an argument, and a reference file as text.
fn files(data: &str, reference: &str) -> Option<(String, String)> {
    let data = shared(data)?.display().to_string();
    Some((data, std::fs::read_to_string(shared(reference)?).unwrap()))
}

#[test]
fn rfm_of_every_customer_is_as_in_the_reference() {
    let Some((data, reference)) = files("data/online_retail/online_retail.csv", "reference/rfm/rfm_reference.csv")
    else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let found = json(dir.path(), &["analyze", "rfm", &data]);
    assert_eq!((&found["snapshot"], &found["rows"]), (&Value::from("2011-12-10"), &Value::from(541_909)));
    let customers = found["customers"].as_array().unwrap();
    assert_eq!(customers.len(), reference.lines().count() - 1);
    for (line, customer) in reference.lines().skip(1).zip(customers) {
        let expected: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        let keys = ["CustomerID", "R", "F", "M"];
        for (key, expected) in keys.iter().zip(expected) {
            let found = customer[*key].as_f64().unwrap();
            assert!((found - expected).abs() <= 0.005 + 1e-9, "{line}: {key} {found}");
        }
    }
    let text = done(dir.path(), &["analyze", "rfm", &data, "--top", "2"]).out;
    for part in
        ["4,338 customers, snapshot 2011-12-10", "`InvoiceNo` is the invoice", "× no customer", "share of value"]
    {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
}

#[test]
fn value_of_cdnow_is_as_in_the_reference() {
    let Some((data, reference)) = files("data/cdnow/CDNOW_sample.txt", "reference/clv/expected.json") else { return };
    let reference: Value = serde_json::from_str(&reference).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let args = ["analyze", "value", &data, "--calibration-end", "1997-09-30"];
    let found = json(dir.path(), &[&args[..], &["--output", "value.csv"]].concat());
    let mut compared = 0;
    let mut close = |what: &str, found: &Value, expected: &Value, tolerance: f64| {
        let (found, expected) = (found.as_f64().unwrap_or(f64::NAN), expected.as_f64().unwrap());
        assert!((found - expected).abs() <= tolerance, "{what}: {found}, expected {expected}");
        compared += 1;
    };
    for (set, key, tolerance) in [
        ("bg_nbd", "r", 1e-3),
        ("bg_nbd", "alpha", 1e-3),
        ("bg_nbd", "a", 1e-3),
        ("bg_nbd", "b", 1e-3),
        ("bg_nbd", "log_likelihood", 0.01),
        ("pareto_nbd", "r", 1e-3),
        ("pareto_nbd", "alpha", 1e-3),
        ("pareto_nbd", "s", 1e-3),
        ("pareto_nbd", "beta", 1e-3),
        ("pareto_nbd", "log_likelihood", 0.01),
        ("gamma_gamma", "p", 1e-3),
        ("gamma_gamma", "q", 1e-3),
        ("gamma_gamma", "v", 6e-3),
        ("gamma_gamma", "log_likelihood", 5e-3),
        ("gamma_gamma", "n_customers", 0.0),
        ("gamma_gamma", "corr_frequency_monetary", 5e-5),
        ("holdout_39_weeks", "actual_total", 0.0),
        ("holdout_39_weeks", "bg_nbd_total", 0.05),
        ("holdout_39_weeks", "per_customer_mae", 5e-4),
        ("holdout_39_weeks", "per_customer_rmse", 5e-4),
        ("holdout_39_weeks", "correlation", 5e-4),
    ] {
        close(&format!("{set} {key}"), &found[set][key], &reference[set][key], tolerance);
    }
    let (checks, expected) = (&found["point_checks"], &reference["point_checks"]);
    assert_eq!(checks[0]["what"], expected[0]["what"]);
    let times = |of: &Value| of["t"].as_array().unwrap().iter().map(|t| t.as_f64().unwrap()).collect::<Vec<f64>>();
    assert_eq!(times(&checks[1]), times(&expected[1]));
    close("x = 2", &checks[0]["value"], &expected[0]["value"], 1e-3);
    for i in 0..6 {
        close("random customer", &checks[1]["value"][i], &expected[1]["value"][i], 1e-4);
    }
    assert_eq!((compared, found["mbg_nbd"]["n_customers"].as_u64()), (28, Some(2_357)));
    let written = super::table(&dir.path().join("value.csv"));
    assert_eq!(written.len(), 2_357);
    let total: f64 = written.iter().map(|row| row["expected_purchases"].parse::<f64>().unwrap()).sum();
    assert!((total - found["holdout_39_weeks"]["bg_nbd_total"].as_f64().unwrap()).abs() < 1e-6);

    // What a policy computes by itself: with the parameters as they were fitted, to the last digit.
    let alpha = found["bg_nbd"]["alpha"].to_string();
    for name in ["p_alive", "p_purchase"] {
        let formula = found["formulas"][name].as_str().unwrap();
        assert!(formula.contains(&alpha) && formula.contains("t_x"), "{name}: {formula}");
    }
    assert!(found["formulas"]["expected_spend"].as_str().unwrap().contains("mean_spend"));
    let formulas = done(dir.path(), &[&args[..], &["--formulas"]].concat()).out;
    assert!(formulas.contains("  p_alive\n    if x < 1 {"), "{formulas}");
    let pareto = done(dir.path(), &[&args[..], &["--formulas", "--model", "pareto-nbd"]].concat()).out;
    assert!(pareto.contains("take the column of --output"), "{pareto}");

    let text = done(dir.path(), &args).out;
    assert!(!text.contains("Formulas for the recipe"), "only when asked for");
    for part in
        ["BG/NBD", "Pareto/NBD", "Gamma–Gamma", "correlate weakly", "Holdout of 39", "lies outside the interval"]
    {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
}

#[test]
fn the_summary_of_cdnow_needs_no_dates() {
    let Some((data, reference)) = files("data/cdnow/cdnow_customers_summary.csv", "reference/clv/expected.json") else {
        return;
    };
    let reference: Value = serde_json::from_str(&reference).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let found = json(dir.path(), &["analyze", "value", &data, "--horizon", "39"]);
    for key in ["r", "alpha", "a", "b"] {
        let (found, expected) = (found["bg_nbd"][key].as_f64().unwrap(), reference["bg_nbd"][key].as_f64().unwrap());
        assert!((found - expected).abs() <= 1e-3, "{key}: {found} {expected}");
    }
    assert_eq!(found["point_checks"][0]["what"], reference["point_checks"][0]["what"]);
    assert_eq!(found["gamma_gamma"]["absent"], "no amounts are known");
    let refused = attune(dir.path(), &["analyze", "value", &data, "--holdout-days", "30"]);
    assert_eq!(refused.code, 2, "{}", refused.err);
}

#[test]
fn drift_of_bank_marketing_is_as_in_the_reference() {
    let Some((data, reference)) =
        files("data/bank_marketing/bank-additional-full.csv", "reference/drift/psi_reference.json")
    else {
        return;
    };
    let reference: Value = serde_json::from_str(&reference).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let found = json(dir.path(), &["analyze", "drift", &data, "--split", "0.8"]);
    let mut compared = 0;
    for (column, numbers) in reference.as_object().unwrap() {
        for (key, expected) in numbers.as_object().unwrap() {
            let (found, expected) = (found[column][key].as_f64().unwrap(), expected.as_f64().unwrap());
            assert!((found - expected).abs() < 1e-9, "{column} {key}: {found} {expected}");
            compared += 1;
        }
    }
    assert_eq!((compared, &found["_about"]["reference_rows"]), (35, &Value::from(32_950)));
    let text = done(dir.path(), &["analyze", "drift", &data, "--columns", "age,euribor3m"]).out;
    for part in ["first 32,950 rows", "euribor3m has moved most", "moved far", "Yurdakul", "evidently"] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    assert!(!text.contains("poutcome"), "only the columns asked for");
}

#[test]
fn wrong_questions_are_told_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let orders = "buyer,day,paid\na,2024-01-01,5\na,2024-01-09,7\nb,2024-01-03,2\nb,2024-02-01,-2\n,2024-01-05,1\n";
    std::fs::write(dir.join("orders.csv"), orders).unwrap();
    std::fs::write(dir.join("once.csv"), "buyer,day,paid\na,2024-01-01,5\nb,2024-01-03,2\n").unwrap();
    let columns = ["--customer", "buyer", "--amount", "paid"];
    let rfm = json(dir, &[&["analyze", "rfm", "orders.csv", "--snapshot", "2024-01-09"][..], &columns].concat());
    assert_eq!(
        rfm["customers"][0],
        serde_json::json!({"CustomerID": "a", "R": 8, "F": 1, "M": 5.0, "scores": [2, 3, 4]})
    );
    assert_eq!(
        (&rfm["left_out"]["after_the_end"], &rfm["left_out"]["no_customer"]),
        (&Value::from(1), &Value::from(1))
    );
    let cases: [(&[&str], i32, &str); 9] = [
        (&["rfm", "orders.csv"], 1, "no column looks like the customer"),
        (&["rfm", "orders.csv", "--customer", "byer"], 1, "did you mean `buyer`?"),
        (&["rfm", "orders.csv", "--customer", "buyer", "--date", "paid"], 1, "no date"),
        (&["rfm", "orders.csv", "--customer", "buyer", "--snapshot", "soon"], 2, "--snapshot `soon` is no date"),
        (&["value", "once.csv", "--customer", "buyer"], 1, "none of the 2 customers came back"),
        (&["value", "orders.csv", "--customer", "buyer", "--holdout-days", "900"], 1, "no customer has a purchase"),
        (&["value", "orders.csv", "--customer", "buyer", "--discount=-1"], 2, "discount"),
        (&["drift", "orders.csv", "--split", "1.5"], 2, "give a share between 0 and 1"),
        (&["drift", "orders.csv", "--columns", "pad"], 1, "did you mean `paid`?"),
    ];
    for (args, code, words) in cases {
        let ended = attune(dir, &[&["analyze"], args].concat());
        assert_eq!(ended.code, code, "{args:?}: {}{}", ended.out, ended.err);
        assert!(ended.err.contains(words), "{args:?}: {}", ended.err);
    }
    let moved = json(dir, &["analyze", "drift", "orders.csv", "once.csv"]);
    assert_eq!(moved["_about"]["skipped"][0][1], "times move by themselves");
}
