//! `attune analyze log` on files of every kind, and the way of a log with later outcomes into a project and its simulation.

use super::{attune, done, json, shared};
use std::path::Path;

/// Decisions about customers, who were sent mails at random; half of the mailed and a fifth of the others bought within a week.
fn write_log(dir: &Path) {
    let mut log = String::from("decision,customer,decided_at,recency,offer\n");
    let mut orders = String::from("order,customer,bought_at,amount\n");
    for i in 0..1_200 {
        let mailed = i % 2 == 0;
        let (day, hour) = (1 + i % 20, i % 24);
        let offer = if mailed { "mail" } else { "none" };
        log.push_str(&format!("d{i},K{i:05},2024-03-{day:02}T{hour:02}:00:00Z,{},{offer}\n", 1 + i % 12));
        let buys = if mailed { i % 4 == 0 } else { i % 10 == 1 };
        if buys {
            orders.push_str(&format!("o{i},K{i:05},2024-03-{:02}T{hour:02}:30:00Z,{}.50\n", day + 2, 10 + i % 7));
        }
    }
    orders.push_str("x1,K00000,2024-02-01T00:00:00Z,99\nx2,K99999,2024-03-05T00:00:00Z,99\n");
    std::fs::write(dir.join("log.csv"), log).unwrap();
    std::fs::write(dir.join("orders.csv"), orders).unwrap();
}

#[test]
fn a_log_with_later_outcomes_goes_into_a_project_and_is_simulated() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    write_log(dir);
    let args = [
        "analyze",
        "log",
        "log.csv",
        "--action",
        "offer",
        "--randomised",
        "--delayed",
        "bought=orders.csv:7",
        "--delayed",
        "spent=orders.csv:7:amount",
    ];
    let found = json(dir, &args);
    let matched = &found["review"]["matched"][0];
    for (key, expected) in [("events", 422), ("credited", 420), ("before", 1), ("strangers", 1), ("late", 0)] {
        assert_eq!(matched[key], expected, "{key}: {matched}");
    }
    assert_eq!(matched["credit"], "the last decision before them");
    // Times without a zone, in both files: the zone that is told counts for both. Orders come half an hour after two days.
    let naive = |file: &str| {
        let text = std::fs::read_to_string(dir.join(file)).unwrap().replace(":00Z,", ":00,");
        std::fs::write(dir.join(format!("naive_{file}")), text).unwrap();
    };
    naive("log.csv");
    naive("orders.csv");
    let told = args.map(|arg| match arg {
        "log.csv" => "naive_log.csv".to_owned(),
        arg => arg.replace("orders.csv:7", "naive_orders.csv:2"),
    });
    let told: Vec<&str> = told.iter().map(String::as_str).chain(["--zone", "America/Bogota"]).collect();
    let told = attune(dir, &[&told[..], &["--json"]].concat()).out;
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["review"]["matched"][0]["credited"], 0, "no order is nearer than it is");
    assert_eq!(found["review"]["roles"]["columns"]["decided_at"], "Time");
    let text = done(dir, &args).out;
    for words in ["were credited to the", "sample ratio", "bought", "Into a project: attune import log.csv"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    // The command it prints, with the name of a folder.
    let command: Vec<String> = found["import"]
        .as_array()
        .unwrap()
        .iter()
        .skip(1)
        .map(|word| if word == "PROJECT" { "shop".to_owned() } else { word.as_str().unwrap().to_owned() })
        .collect();
    let mut words: Vec<&str> = command.iter().map(String::as_str).collect();
    words.extend(["--goal", "bought", "--as-of", "2024-04-01"]);
    json(dir, &words);
    let early = attune(dir, &["simulate", "shop", "--bootstrap", "0"]);
    assert!(early.code != 0 && early.err.contains("--as events --table orders"), "{}", early.err);
    done(
        dir,
        &[
            "import",
            "orders.csv",
            "shop",
            "--as",
            "events",
            "--table",
            "orders",
            "--key",
            "customer",
            "--time",
            "bought_at",
        ],
    );
    // The starter found the later outcome, and proposed a model of it for the arm.
    done(dir, &["train", "shop"]);
    let report = json(dir, &["simulate", "shop", "--bootstrap", "0"]);
    assert_eq!(report["goal"], "bought");
    let mailed = report["log"]["arms"].as_array().unwrap().iter().find(|arm| arm["name"] == "mail").unwrap();
    assert_eq!(mailed["means"][0]["value"], 0.5, "{mailed}");
    let text = done(dir, &["simulate", "shop", "--bootstrap", "0"]).out;
    assert!(text.contains("bought by other estimators") && !text.contains("Switch-DR"), "{text}");
    let text = done(dir, &["simulate", "shop", "--bootstrap", "0", "--estimators"]).out;
    for words in ["bought by all estimators", "Switch-DR", "SLOPE++", "spent by all estimators", "Clopper–Pearson"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    // Replacing the file keeps what was said of later outcomes.
    done(dir, &["import", "log.csv", "shop"]);
    assert_eq!(json(dir, &["simulate", "shop", "--bootstrap", "0"])["goal"], "bought");
}

#[test]
fn mistakes_of_a_log_are_named_and_the_exit_code_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let mut log = String::from("customer,action,propensity,click\n");
    for i in 0..300 {
        let p = if i == 6 { "0".to_owned() } else { "0.5".to_owned() };
        let action = ["a", "b"][i % 2];
        log.push_str(&format!("c{i},{action},{p},{}\n", u8::from(i % 3 == 0)));
    }
    std::fs::write(dir.join("log.csv"), log).unwrap();
    let ended = attune(dir, &["analyze", "log", "log.csv"]);
    assert_eq!(ended.code, 3, "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("1 row has a logging propensity of 0 or less (row 7)"), "{}", ended.out);
    for (args, words) in [
        (vec!["--action", "acton"], "did you mean `action`"),
        (vec!["--delayed", "later=orders"], "NAME=TABLE:DAYS"),
        (vec!["--delayed", "two words=orders.csv:7"], "two_words"),
        (vec!["--propensity", "z=0.5"], "no row has `z`"),
    ] {
        let ended = attune(dir, &[&["analyze", "log", "log.csv"], args.as_slice()].concat());
        assert!(ended.code == 2 && ended.err.contains(words), "{args:?}: {}", ended.err);
    }
}

#[test]
fn the_public_logs_are_looked_over() {
    let dir = tempfile::tempdir().unwrap();
    if let Some(file) = shared("data/open_bandit/bts/women/women.csv") {
        let found = json(dir.path(), &["analyze", "log", file.to_str().unwrap()]);
        let checks = found["review"]["checks"].as_array().unwrap();
        let of = |kind: &str| checks.iter().find(|check| check["kind"] == kind).unwrap();
        assert!(of("Propensities")["severity"].is_null(), "{checks:?}");
        assert_eq!(found["review"]["log"]["arms"].as_array().unwrap().len(), 46);
    }
    if let Some(file) = shared("data/hillstrom/hillstrom.csv") {
        let text = done(dir.path(), &["analyze", "log", file.to_str().unwrap()]).out;
        assert!(text.contains("the arms have the sizes of the design"), "{text}");
        assert!(text.contains("which is a guess") && text.contains("balance: nothing that was there before"), "{text}");
    }
}

#[test]
fn history_that_looks_like_a_trial_is_asked_about() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    // Lines are broken where they are full.
    let flat = |args: &[&str]| done(dir, args).out.split_whitespace().collect::<Vec<_>>().join(" ");
    // Actions and visits follow x, each by a sequence of its own; the mail does nothing.
    let mut log = String::from("x,action,visit\n");
    let part = |i: u64, step: f64| (i as f64 * step).fract();
    for i in 0..6_000_u64 {
        let x = part(i, 0.618_033_988_749_895);
        let action = if part(i, 0.414_213_562_373_095) < x { "mail" } else { "none" };
        log.push_str(&format!("{x:.6},{action},{}\n", u8::from(part(i, 0.732_050_807_568_877) < 0.1 + 0.7 * x)));
    }
    std::fs::write(dir.join("log.csv"), log).unwrap();
    let found = json(dir, &["analyze", "log", "log.csv"]);
    let review = &found["review"];
    assert_eq!(review["roles"]["logging"], "Unknown", "{}", review["roles"]);
    let asked = review["questions"].to_string();
    assert!(asked.contains("`x`") && asked.contains("taken for plain history"), "{asked}");
    assert!(review["log"]["effects"][0]["estimate"]["value"].as_f64().unwrap().abs() < 0.05, "{}", review["log"]);
    let text = flat(&["analyze", "log", "log.csv"]);
    for words in ["Exploratory:", "weighed by 1/estimated propensity; exploratory", "Were the arms drawn by lot?"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let text = flat(&["import", "log.csv"]);
    assert!(text.contains("columns tell them apart: `x`"), "{text}");
    // Claimed to be a trial, it is believed and belied.
    let text = flat(&["analyze", "log", "log.csv", "--randomised"]);
    assert!(text.contains("warning balance: columns tell the arms apart") && text.contains("`x`"), "{text}");
    done(dir, &["import", "log.csv", "shop", "--goal", "visit", "--as-of", "2024-04-01"]);
    done(dir, &["train", "shop"]);
    let text = flat(&["simulate", "shop", "--bootstrap", "0"]);
    assert!(text.contains("Exploratory:"), "{text}");
    // A draw by lot is a guess until somebody says so, and the import keeps it marked.
    let mut trial = String::from("x,action,visit\n");
    for i in 0..2_000_u64 {
        let action = if part(i, 0.414_213_562_373_095) < 0.5 { "mail" } else { "none" };
        let visit = u8::from(part(i, 0.732_050_807_568_877) < 0.3);
        trial.push_str(&format!("{:.6},{action},{visit}\n", part(i, 0.618_033_988_749_895)));
    }
    std::fs::write(dir.join("trial.csv"), trial).unwrap();
    let text = flat(&["import", "trial.csv", "guessed", "--goal", "visit", "--as-of", "2024-04-01"]);
    assert!(text.contains("These shares are a guess") && text.contains("no column tells them apart"), "{text}");
    assert!(std::fs::read_to_string(dir.join("guessed/roles.ron")).unwrap().contains("guess: Some("));
    done(dir, &["train", "guessed"]);
    assert!(flat(&["simulate", "guessed", "--bootstrap", "0"]).contains("is a guess"));
    done(dir, &["import", "trial.csv", "guessed", "--randomised"]);
    assert!(!std::fs::read_to_string(dir.join("guessed/roles.ron")).unwrap().contains("guess"));
    let history = json(dir, &["analyze", "log", "trial.csv", "--history"]);
    assert_eq!(history["review"]["roles"]["logging"], "Unknown");
    assert!(history["import"].as_array().unwrap().iter().any(|word| word == "--history"), "{}", history["import"]);
}

/// Lists of two out of three offers, drawn by lot without a column of facts; the first offer is clicked most, the third never.
fn lists(facts: bool) -> String {
    let mut text = format!("slate_id,position,offer,propensity,click{}\n", if facts { ",recency" } else { "" });
    let orders = [["a", "b"], ["a", "c"], ["b", "a"], ["b", "c"], ["c", "a"], ["c", "b"]];
    for i in 0..1_800_usize {
        for (place, offer) in orders[i % 6].iter().enumerate() {
            let click = match *offer {
                "a" => (i / 6) % 2 == 0,
                "b" => (i / 6) % 5 == 0,
                _ => false,
            };
            let fact = if facts { format!(",{}", 1 + (i / 6 * 7) % 12) } else { String::new() };
            let propensity = if place == 0 { "0.333333333333" } else { "0.5" };
            text.push_str(&format!("s{i:04},{},{offer},{propensity},{}{fact}\n", place + 1, u8::from(click)));
        }
    }
    text
}

#[test]
fn what_a_log_of_lists_begins_with_can_be_run() {
    for facts in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        std::fs::write(dir.join("lists.csv"), lists(facts)).unwrap();
        let imported = json(dir, &["import", "lists.csv", "shop", "--goal", "click", "--as-of", "2024-04-01"]);
        let notes = imported["notes"].to_string();
        let said =
            if facts { "Of 3 actions 1 have no model of `click` of their own" } else { "so the draft has no models" };
        assert!(notes.contains(said) && imported["roles"]["columns"]["position"] == "Position", "{facts}: {notes}");
        let report = json(dir, &["run", "shop"]);
        let models: Vec<&str> =
            report["models"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap()).collect();
        assert_eq!(models, if facts { vec!["click_a", "click_b", "click_any"] } else { vec![] }, "{facts}");
        assert_eq!(report["exported"]["differences"], 0);
        // Lists of two are valued place by place, and the draft fills as many.
        let own = &report["simulation"]["policies"][0];
        assert_eq!(own["lists"][0]["places"], 2, "{own}");
        assert!(!own["rows"]["why"].as_str().unwrap().contains("give it 2 slots"), "{}", own["rows"]["why"]);
        let text = done(dir, &["simulate", "shop", "--bootstrap", "0"]).out;
        assert!(text.contains("lists of up to 2 places"), "{text}");
    }
}
