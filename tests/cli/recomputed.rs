//! What `simulate --decisions` writes gives its values again to `analyze estimate`, estimator by estimator; lists in a file; policies with
//! state by every weighting.

use super::{attune, done, json, questions, shop};
use serde_json::Value;
use std::path::Path;

/// The command that a simulation names for its decisions.
fn named(text: &str) -> Vec<String> {
    let line = text.lines().find(|line| line.trim_start().starts_with("attune analyze estimate")).expect(text);
    line.split_whitespace().skip(1).map(str::to_owned).collect()
}

/// Estimators by name.
fn rows(found: &Value) -> impl Iterator<Item = (&str, &Value)> {
    found["estimators"].as_array().unwrap().iter().map(|row| (row["method"].as_str().unwrap(), row))
}

/// Simulates, evaluates the decisions as the simulation says, and holds both lists against each other; which estimators both gave.
fn held(dir: &Path, simulate: &[&str]) -> (Value, Value, Vec<String>) {
    let text = done(dir, &[simulate, &["--decisions", "decisions.csv"]].concat()).out;
    let report = json(dir, simulate);
    let command = named(&text);
    let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
    let again = json(dir, &arguments);
    let value = report["policies"][0]["values"][0].clone();
    let (mut both, mut resampled) = (Vec::new(), 0);
    for (method, row) in rows(&value) {
        let (_, other) = rows(&again).find(|(own, _)| *own == method).unwrap();
        assert_eq!(row["definition"], other["definition"], "{method}");
        let (own, other) = (&row["estimate"], &other["estimate"]);
        if own.is_null() || other.is_null() {
            continue;
        }
        for key in ["value", "se", "low", "high", "n"] {
            let (a, b) = (own[key].as_f64().unwrap(), other[key].as_f64().unwrap());
            assert!(
                (a - b).abs() <= 1e-9 * a.abs().max(1.0),
                "{method} {key}: {a} in the report, {b} from its decisions"
            );
        }
        // The same rows, draws and seed.
        assert_eq!(own["bootstrap"].is_null(), other["bootstrap"].is_null(), "{method}: {own} {other}");
        for end in (0..2).filter(|_| own["bootstrap"].is_array()) {
            let (a, b) = (own["bootstrap"][end].as_f64().unwrap(), other["bootstrap"][end].as_f64().unwrap());
            assert!((a - b).abs() <= 1e-9 * a.abs().max(1.0), "{method}, bootstrap: {a} and {b}");
            resampled += 1;
        }
        both.push(method.to_owned());
    }
    assert!(resampled > 20, "{resampled} ends of bootstrap intervals");
    (value, again, both)
}

const EVERY: [&str; 16] = [
    "Snips",
    "Ips",
    "IpsEmpirical",
    "ClippedIps",
    "SgIps",
    "CressieRead",
    "Replay",
    "Dm",
    "Dr",
    "SnDr",
    "ClippedDr",
    "SwitchDr",
    "DrOs",
    "SgDr",
    "Mrdr",
    "Trajectory",
];

#[test]
fn decisions_of_a_policy_with_models_give_its_values_again() {
    let folder = shop(6_000);
    let dir = folder.path();
    // Rows whose arm nobody wrote down are decided, and stand in no value.
    let path = dir.join("customers.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    let lost = |(at, line): (usize, &str)| {
        let mut cells: Vec<&str> = line.split(',').collect();
        if at > 0 && at % 40 == 0 {
            cells[5] = "";
        }
        cells.join(",") + "\n"
    };
    std::fs::write(&path, text.lines().enumerate().map(lost).collect::<String>()).unwrap();
    done(dir, &["import", "customers.csv", "shop"]);
    done(dir, &["train", "shop"]);
    let (value, again, both) = held(dir, &["simulate", "shop", "--bootstrap", "40", "--seed", "7", "--rule-rows", "0"]);
    let mut expected: Vec<&str> = EVERY.into_iter().filter(|method| *method != "Trajectory").collect();
    expected.sort_unstable();
    let mut found = both.clone();
    found.sort_unstable();
    assert_eq!(found, expected, "{value}");
    assert!(again["left_out"]["unused"].as_u64().unwrap() > 3_000, "{}", again["left_out"]);
    for (method, row) in rows(&value) {
        assert_eq!(row["estimate"].is_null(), row["absent"].is_string(), "{method}: {row}");
        assert!(row["name"].is_string() && row["definition"].is_string(), "{row}");
    }
    for key in ["student_t", "bernstein", "hoeffding"] {
        let (_, ips) = rows(&value).find(|(method, _)| *method == "Ips").unwrap();
        let (low, high) = (ips["intervals"][key][0].as_f64().unwrap(), ips["intervals"][key][1].as_f64().unwrap());
        assert!(
            low < ips["estimate"]["value"].as_f64().unwrap()
                && high - low
                    >= 0.99 * (ips["estimate"]["high"].as_f64().unwrap() - ips["estimate"]["low"].as_f64().unwrap()),
            "{key}"
        );
    }
    // Without the column that says which rows count, the first that does not is named.
    let plain = attune(
        dir,
        &["analyze", "estimate", "decisions.csv", "--reward", "reward", "--propensity", "pscore", "--target", "pi_e"],
    );
    assert!(plain.code == 1 && plain.err.contains("pscore"), "{}", plain.err);
}

#[test]
fn decisions_of_a_policy_with_state_give_its_values_again() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    questions::shop(dir, "shop");
    let (value, _, both) = held(dir, &["simulate", "shop", "--bootstrap", "40", "--seed", "7", "--rule-rows", "0"]);
    let trajectory = rows(&value).find(|(method, _)| *method == "Trajectory").unwrap().1;
    assert_eq!(trajectory["estimate"].is_null(), trajectory["absent"].is_string(), "{trajectory}");
    assert!(both.iter().any(|own| own == "Dr") && both.iter().any(|own| own == "CressieRead"), "{both:?}");
    // Comparisons and sweeps have the value by the other weighting too, or why not.
    let compared = json(dir, &["compare", "shop", "--scenarios", "--bootstrap", "0", "--rule-rows", "0"]);
    let swept = json(dir, &["sweep", "shop", "--set", "lever:home_email=0,-50", "--bootstrap", "0"]);
    for side in compared["policies"].as_array().unwrap().iter().chain(swept["settings"].as_array().unwrap()) {
        let row = &side["trajectory"][0];
        assert_eq!(row["method"], "Trajectory", "{side}");
        assert_eq!(row["estimate"].is_null(), row["absent"].is_string(), "{row}");
    }
    assert_eq!(
        compared["policies"][0]["trajectory"][0], *trajectory,
        "the same policy on the same rows, with the same words"
    );
}

#[test]
fn lists_of_a_file_are_valued_as_wholes() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    // Two places; the policy shows at the top what was shown with one half, and below with three quarters of one half.
    let mut text = String::from("list,place,click,p,pi\n");
    let (mut independent, lists) = (0.0, 600);
    for list in 0..lists {
        let (top, below) = (u32::from(list % 3 == 0), u32::from(list % 5 == 0));
        let (first, second) = (if list % 2 == 0 { 0.9 } else { 0.1 }, if list % 4 < 2 { 0.6 } else { 0.4 });
        // Whichever place stands first in the file.
        let places = [format!("L{list},1,{top},0.5,{first}\n"), format!("L{list},2,{below},0.5,{second}\n")];
        text.push_str(&if list % 7 == 0 { [places[1].as_str(), &places[0]].concat() } else { places.concat() });
        independent += first / 0.5 * f64::from(top) + second / 0.5 * f64::from(below);
    }
    text.push_str("broken,2,1,0.5,0.5\n");
    std::fs::write(dir.join("lists.csv"), text).unwrap();
    let asked = [
        "analyze",
        "estimate",
        "lists.csv",
        "--reward",
        "click",
        "--propensity",
        "p",
        "--target",
        "pi",
        "--list",
        "list",
    ];
    let found = json(dir, &[&asked[..], &["--position", "place"]].concat());
    let own = found["lists"].as_array().unwrap().iter().find(|own| own["assumption"] == "Independent").unwrap();
    let ips = own["ips"]["value"].as_f64().unwrap();
    assert!((ips - independent / f64::from(lists)).abs() < 1e-12, "{ips}");
    assert_eq!((own["lists"].as_u64(), own["dropped"].as_u64()), (Some(600), Some(1)));
    assert!(
        own["answer"]["low"].as_f64() < own["answer"]["value"].as_f64()
            && found["definitions"]["lists, cascade"].is_string()
    );
    let text = done(dir, &[&asked[..], &["--position", "place"]].concat()).out;
    assert!(text.contains("601") || text.contains("600 of up to 2 places, 1 left out"), "{text}");
    let lone = attune(dir, &asked);
    assert!(lone.code == 2 && lone.err.contains("--position"), "{}", lone.err);
}

#[test]
fn a_file_with_features_has_the_estimators_that_learn() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    // The logger draws a with x, b else; a clicks in x of the rounds, b in three tenths. The policy takes a above one half.
    let part = |i: u32, step: f64| (f64::from(i) * step).fract();
    let mut text = String::from("x,shown,would,p,click\n");
    for i in 0..4_000 {
        let x = 0.2 + 0.6 * part(i, 0.618_033_988_749_895);
        let shown = if part(i, 0.414_213_562_373_095) < x { "a" } else { "b" };
        let (p, rate) = if shown == "a" { (x, x) } else { (1.0 - x, 0.3) };
        let click = u8::from(part(i, 0.732_050_807_568_877) < rate);
        text.push_str(&format!("{x:.6},{shown},{},{p:.6},{click}\n", if x > 0.5 { "a" } else { "b" }));
    }
    std::fs::write(dir.join("log.csv"), text).unwrap();
    // Half of the rounds at 0.65 on average, half at 0.3.
    let truth = 0.475;
    let asked = ["analyze", "estimate", "log.csv", "--reward", "click", "--action", "shown", "--choice", "would"];
    let features = ["--features", "x", "--bootstrap", "0"];
    let logged = json(dir, &[&asked[..], &["--propensity", "p"], &features].concat());
    let estimated = json(dir, &[&asked[..], &features].concat());
    for (found, robust, other) in [(&logged, "Dr", "Dml"), (&estimated, "Dml", "Dr")] {
        let of = |method: &str| rows(found).find(|(own, _)| *own == method).unwrap().1;
        for method in ["Snips", "Dm", robust, "SnDr", "Mrdr", "ClippedDr", "SgDr"] {
            let own = &of(method)["estimate"];
            let (value, se) = (own["value"].as_f64().unwrap(), own["se"].as_f64().unwrap());
            assert!((value - truth).abs() < (5.0 * se).max(0.03), "{method}: {own}");
        }
        assert!(of(other)["absent"].is_string() && found["reward_model"]["rows"] == 4_000, "{}", of(other));
    }
    assert_eq!(estimated["estimated_propensities"].as_array().unwrap().len(), 2);
    let text = done(dir, &[&asked[..], &features].concat()).out;
    assert!(text.contains("Exploratory") && text.contains("Reward model:"), "{text}");
    for (args, words) in [
        (vec!["--propensity", "p"], "--features"),
        (vec!["--propensity", "p", "--features", "y"], "no column `y`"),
        (vec!["--propensity", "p", "--features", "x,click"], "is the reward, and cannot be a feature"),
        (vec!["--propensity", "p", "--features", "shown"], "is the logged action, and cannot be a feature"),
    ] {
        let ended = attune(dir, &[&asked[..], &args].concat());
        let fine = ended.code == 0 && ended.out.contains(words) || ended.code == 1 && ended.err.contains(words);
        assert!(fine, "{args:?}: {} {}", ended.code, ended.err);
    }
}
