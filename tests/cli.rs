//! The command line from the outside: whole paths through it, wrong usage, bad input, exit codes, help.

#[path = "cli/analyze.rs"]
mod analyze;
#[path = "cli/attach.rs"]
mod attach;
#[path = "cli/contacts.rs"]
mod contacts;
#[path = "cli/data.rs"]
mod data;
#[path = "cli/estimates.rs"]
mod estimates;
#[path = "cli/evaluate.rs"]
mod evaluate;
#[path = "cli/features.rs"]
mod features;
#[path = "cli/groups.rs"]
mod groups;
#[path = "cli/logs.rs"]
mod logs;
#[path = "cli/outcomes.rs"]
mod outcomes;
#[path = "cli/questions.rs"]
mod questions;
#[path = "cli/recipes.rs"]
mod recipes;
#[path = "cli/recomputed.rs"]
mod recomputed;
#[path = "cli/rules.rs"]
mod rules;
#[path = "cli/search.rs"]
mod search;

use attune_lab::project::{Access, Origin, Project, samples};
use attune_lab::world;
use attune_policy::contact::{Cap, CapTarget, EventKind, Window};
use attune_policy::document::Fallback;
use attune_policy::rule::{OnMissing, Rule, Scope, Stage};
use serde_json::Value;
use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// How a command ended.
struct Ended {
    code: i32,
    out: String,
    err: String,
}

/// Runs `attune` in a folder, with no display and no home of its own.
fn attune(dir: &Path, args: &[&str]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_attune"))
        .args(args)
        .current_dir(dir)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env("ATTUNE_PROJECTS", dir.join("projects"))
        .output()
        .unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs a command that must succeed.
fn done(dir: &Path, args: &[&str]) -> Ended {
    let ended = attune(dir, args);
    assert_eq!(ended.code, 0, "attune {}\n{}\n{}", args.join(" "), ended.out, ended.err);
    ended
}

/// Runs a command with `--json` that must succeed.
fn json(dir: &Path, args: &[&str]) -> Value {
    let ended = done(dir, &[args, &["--json"]].concat());
    serde_json::from_str(&ended.out).unwrap_or_else(|e| panic!("attune {}: {e}\n{}", args.join(" "), ended.out))
}

/// A trial of three arms: who is recent visits more, and the second arm helps those most.
fn customers(rows: usize) -> String {
    let mut state = 88_172_645_463_325_252u64;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut text = String::from("customer.id,recency,history,zone,consent,segment,visit,spend\n");
    for i in 0..rows {
        let recency = 1 + (uniform() * 12.0) as u32;
        let history = 20.0 + uniform() * 400.0;
        let zone = ["Urban", "Rural", "Surburban"][(uniform() * 3.0) as usize];
        let consent = if uniform() < 0.8 { "yes" } else { "no" };
        let arm = (uniform() * 3.0) as usize;
        let effect = [0.0, 0.10, if recency < 5 { 0.30 } else { 0.0 }][arm];
        let visit = uniform() < 0.30 - 0.02 * f64::from(recency) + effect;
        let spend = if visit { uniform() * 50.0 } else { 0.0 };
        let missing = if i % 50 == 0 { String::new() } else { format!("{history:.2}") };
        let segment = ["Control", "Plain", "Bold"][arm];
        text.push_str(&format!(
            "K{i:05},{recency},{missing},{zone},{consent},{segment},{},{spend:.2}\n",
            u8::from(visit)
        ));
    }
    text
}

/// A project in `shop` with rules of every kind, made on the command line but for the rules.
fn shop(rows: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("customers.csv"), customers(rows)).unwrap();
    let imported = json(
        folder.path(),
        &["import", "customers.csv", "shop", "--goal", "visit", "--as-of", "2024-03-01", "--randomised"],
    );
    assert_eq!(imported["rows"], rows);
    assert_eq!(imported["roles"]["columns"]["customer_id"], "Subject");
    add_rules(&folder.path().join("shop"));
    folder
}

fn add_rules(dir: &Path) {
    let mut opened = Project::open(dir, Access::Write).unwrap();
    let draft = Arc::make_mut(&mut opened.parts.draft);
    let rule = |id: &str, stage: Stage, expr: &str| Rule {
        id: id.into(),
        name: id.replace('_', " "),
        stage,
        scope: Scope::All,
        expr: expr.into(),
        on_missing: OnMissing::default(),
        reason: "it was asked for".into(),
        enabled: true,
        note: String::new(),
        ..Rule::default()
    };
    draft.rules.push(rule("has_consent", Stage::Guard, "consent"));
    draft.rules.push(rule("known_history", Stage::Eligibility, "history > 60.0"));
    let action = draft.actions[0].id.clone();
    draft.rules.push(Rule {
        scope: Scope::Action(action.clone()),
        ..rule("not_urban", Stage::Suitability, "zone != \"Urban\"")
    });
    draft.caps.push(Cap {
        id: "two_a_month".into(),
        name: "Two a month".into(),
        target: CapTarget::All,
        channel: None,
        event: EventKind::Sent,
        limit: Some(2),
        window: Window::Rolling(30 * 86_400),
        bypassable: false,
        enabled: true,
        ..Cap::default()
    });
    let treatment = draft.actions[0].treatments[0].id.clone();
    draft.fallback.push(Fallback { action, treatment });
    opened.project.save(&opened.parts, "Rules").unwrap();
}

/// A CSV file as one map per row.
fn table(path: &Path) -> Vec<HashMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let cells = |record: csv::StringRecord| {
        header.iter().map(str::to_owned).zip(record.iter().map(str::to_owned)).collect::<HashMap<_, _>>()
    };
    reader.records().map(|record| cells(record.unwrap())).collect()
}

/// Asserts that two tables agree in row, subject, action and treatment, row by row.
fn same_decisions(simulated: &[HashMap<String, String>], decided: &[HashMap<String, String>]) {
    assert_eq!(simulated.len(), decided.len());
    for (a, b) in simulated.iter().zip(decided) {
        for column in ["row", "subject", "action", "treatment", "propensity", "priority"] {
            assert_eq!(a[column], b[column], "row {}, {column}: {a:?} {b:?}", a["row"]);
        }
    }
}

#[test]
fn a_file_becomes_a_policy_that_decides_as_it_was_simulated() {
    let folder = shop(3_000);
    let dir = folder.path();
    let report = json(dir, &["run", "shop", "--output", "policy.ron"]);
    assert_eq!((&report["rows"], &report["exported"]["differences"]), (&Value::from(3_000), &Value::from(0)));
    assert_eq!(report["models"].as_array().unwrap().len(), 2);
    assert_eq!(report["simulation"]["policies"].as_array().unwrap().len(), 4, "the draft and three baselines");
    let text = done(dir, &["run", "shop", "--output", "policy.ron"]).out;
    for part in [
        "up to date",
        "Value per decision (SNIPS)",
        "Effects of the arms",
        "Funnel",
        "has_consent",
        "Definitions",
        "0 differences",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }

    let simulation = json(dir, &["simulate", "shop", "--policy", "policy.ron", "--decisions", "simulated.csv"]);
    assert_eq!(simulation["revision"], report["exported"]["revision"]);
    let decide = ["decide", "policy.ron", "--input", "customers.csv", "--subject", "customer.id", "--output"];
    let decided = json(dir, &[&decide[..], &["decided.csv"]].concat());
    assert_eq!(
        (&decided["rows"], &decided["input"]["now_from"]),
        (&Value::from(3_000), &Value::from("the policy's as_of"))
    );
    let simulated = table(&dir.join("simulated.csv"));
    let plain = table(&dir.join("decided.csv"));
    same_decisions(&simulated, &plain);
    let chosen = plain.iter().filter(|row| row["action"] != "NoAction").count();
    assert!((100..2_900).contains(&chosen), "{chosen} rows get an action");

    // Traced, the decisions are the same, and each row has its trace.
    done(dir, &[&decide[..], &["traced.csv", "--trace"]].concat());
    assert_eq!(std::fs::read(dir.join("traced.csv")).unwrap(), std::fs::read(dir.join("decided.csv")).unwrap());
    let traces = std::fs::read_to_string(dir.join("traced.trace.jsonl")).unwrap();
    let first: Value = serde_json::from_str(traces.lines().next().unwrap()).unwrap();
    assert_eq!((traces.lines().count(), &first["subject"]), (3_000, &Value::from("K00000")));

    // The value of the policy follows from the table alone.
    let used: Vec<_> = simulated.iter().filter(|row| row["used"] == "1").collect();
    let (mut weights, mut rewards) = (0.0, 0.0);
    for row in &used {
        if row["action"] == row["logged_action"] && row["treatment"] == row["logged_treatment"] {
            let weight = 1.0 / row["pscore"].parse::<f64>().unwrap();
            weights += weight;
            rewards += weight * row["reward"].parse::<f64>().unwrap();
        }
    }
    let answer = simulation["policies"][0]["values"][0]["answer"]["value"].as_f64().unwrap();
    assert!((answer - rewards / weights).abs() < 1e-9, "{answer} {}", rewards / weights);

    // A history fills the cap of one subject.
    let everyone = plain.iter().find(|row| row["action"] != "NoAction" && !row["propensity"].is_empty()).unwrap();
    let subject = everyone["subject"].as_str();
    let mut events = String::from("subject,time,event,action,treatment\n");
    for day in [10, 20] {
        events.push_str(&format!("{subject},2024-02-{day},Sent,{},{}\n", everyone["action"], everyone["treatment"]));
    }
    std::fs::write(dir.join("events.csv"), events).unwrap();
    done(dir, &[&decide[..], &["capped.csv", "--history", "events.csv"]].concat());
    let capped = table(&dir.join("capped.csv"));
    let changed: Vec<&str> = capped
        .iter()
        .zip(&plain)
        .filter(|(a, b)| a["action"] != b["action"])
        .map(|(a, _)| a["subject"].as_str())
        .collect();
    assert_eq!(changed, [subject]);

    // Scores as columns.
    done(
        dir,
        &[
            "score",
            "policy.ron",
            "--input",
            "customers.csv",
            "--subject",
            "customer.id",
            "--top",
            "2",
            "--keep",
            "zone",
            "--output",
            "scores.csv",
        ],
    );
    let scores = table(&dir.join("scores.csv"));
    for (row, decision) in scores.iter().zip(&plain) {
        let best = if decision["action"] == "NoAction" { "" } else { &decision["action"] };
        assert_eq!((row["subject"].as_str(), row["best_1"].as_str()), (decision["subject"].as_str(), best));
        assert!(row.keys().any(|name| name.starts_with("score_")) && !row["zone"].is_empty());
        if !row["best_2"].is_empty() {
            let priority = |name: &str| row[name].parse::<f64>().unwrap();
            assert!(priority("priority_1") >= priority("priority_2"));
        }
    }

    // One customer, in words, from the project and from the file.
    let number = everyone["row"].as_str();
    let from_project = done(dir, &["trace", "shop", "--row", number]).out;
    let from_file =
        done(dir, &["trace", "policy.ron", "--input", "customers.csv", "--subject", "customer.id", "--row", number])
            .out;
    assert_eq!(from_project, from_file);
    for part in [&format!("Decision: {}", everyone["action"]) as &str, "Why not", "rule has_consent: true", "rank 1"] {
        assert!(from_project.contains(part), "`{part}` is not in\n{from_project}");
    }
    let refused = plain.iter().find(|row| row["action"] == "NoAction").unwrap();
    let text = done(dir, &["trace", "shop", "--row", &refused["row"]]).out;
    assert!(text.contains("Decision: no action") && text.contains("has consent"), "{text}");

    // Exported again, the file is the same to the byte.
    done(dir, &["export", "shop", "--output", "again.ron"]);
    assert_eq!(std::fs::read(dir.join("again.ron")).unwrap(), std::fs::read(dir.join("policy.ron")).unwrap());
    assert_eq!(json(dir, &["check", "policy.ron"])["errors"], 0);
    assert_eq!(json(dir, &["check", "shop"])["errors"], 0);
}

#[test]
fn a_world_with_times_and_a_history_is_decided_as_it_was_simulated() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let parts = samples::parts(6_000).unwrap();
    let Origin::World(spec) = &parts.source().unwrap().origin else { panic!("the sample is a generated world") };
    let world = world::generate(spec).unwrap();
    world.write_trial(&mut File::create(dir.join("trial.csv")).unwrap()).unwrap();
    world.write_events(&mut File::create(dir.join("events.csv")).unwrap()).unwrap();
    drop(Project::create(&dir.join("shop"), &parts).unwrap());
    done(dir, &["run", "shop", "--output", "policy.ron"]);

    json(dir, &["simulate", "shop", "--policy", "policy.ron", "--bootstrap", "0", "--decisions", "simulated.csv"]);
    let rows = ["--input", "trial.csv", "--subject", "customer_id", "--time", "decided_at", "--history", "events.csv"];
    json(dir, &[&["decide", "policy.ron", "--output", "decided.csv"], &rows[..]].concat());
    let simulated = table(&dir.join("simulated.csv"));
    assert_eq!(simulated.len(), 6_000, "each customer decides once: none sees an earlier decision of the same run");
    same_decisions(&simulated, &table(&dir.join("decided.csv")));

    // Both caps bind on the history, the one on a tag too, and not on a handful.
    let fates: Vec<&str> = simulated.iter().flat_map(|row| row["fates"].split(';')).collect();
    let blocked = |cap: &str| fates.iter().filter(|fate| fate.ends_with(cap)).count();
    let (month, discount) = (blocked("Cap:four_a_month"), blocked("Cap:one_discount_a_month"));
    assert!(discount > 0 && 20 * (month + discount) >= fates.len(), "{month} and {discount} of {}", fates.len());
}

#[test]
fn decide_fails_or_passes_over_bad_rows_as_told_and_leaves_no_half_file() {
    let folder = shop(400);
    let dir = folder.path();
    done(dir, &["run", "shop", "--output", "policy.ron"]);
    let good = customers(20);
    let with = |line: &str| format!("{good}{line}\n");
    let cases = [
        (
            "cell",
            with("K9,soon,5.0,Urban,yes,Control,0,0"),
            "--bad-cells",
            "missing",
            "`soon` is not a whole number",
            "bad_cells",
            21,
        ),
        ("row", with("K9,3,5.0"), "--bad-rows", "skip", "3 fields where the table has 8", "bad_rows", 20),
    ];
    for (name, text, flag, pass, message, counted, rows) in cases {
        let file = format!("{name}.csv");
        std::fs::write(dir.join(&file), text).unwrap();
        std::fs::write(dir.join("out.csv"), "what was here before").unwrap();
        let decide = ["decide", "policy.ron", "--input", &file, "--output", "out.csv"];
        let failed = attune(dir, &decide);
        assert_eq!(failed.code, 1, "{}", failed.err);
        for part in [&file as &str, "row 21", "line 22", message] {
            assert!(failed.err.contains(part), "{}", failed.err);
        }
        assert_eq!(std::fs::read_to_string(dir.join("out.csv")).unwrap(), "what was here before");
        let passed = json(dir, &[&decide[..], &[flag, pass]].concat());
        assert_eq!((&passed["rows"], &passed["input"][counted]), (&Value::from(rows), &Value::from(1)));
        assert_eq!(table(&dir.join("out.csv")).len(), rows);
    }
    let names: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| !name.to_string_lossy().contains(".tmp")), "{names:?}");
}

#[test]
fn bad_input_is_named_with_its_place() {
    let folder = shop(400);
    let dir = folder.path();
    done(dir, &["run", "shop", "--output", "policy.ron"]);
    let policy = std::fs::read_to_string(dir.join("policy.ron")).unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.join(name), bytes).unwrap();
    write("empty.csv", b"");
    write("binary.csv", &[0, 1, 2, 0, 255]);
    write("header.csv", b"a,b\n");
    write("no_zone.csv", b"customer.id,recency,history,consent\nK1,3,5.0,yes\n");
    write("cut.ron", &policy.as_bytes()[..policy.len() / 2]);
    write("newer.ron", policy.replacen("version: (1, 1)", "version: (2, 0)", 1).as_bytes());
    write("a_file", b"x");
    let cases: &[(&[&str], i32, &[&str])] = &[
        (&["import", "empty.csv"], 1, &["empty.csv", "the file is empty"]),
        (&["import", "binary.csv"], 1, &["binary.csv", "binary, not text"]),
        (&["import", "header.csv"], 1, &["header.csv", "holds no rows"]),
        (&["import", "gone.csv"], 1, &["gone.csv", "there is no such file"]),
        (
            &["import", "customers.csv", "--delimiter", ";"],
            1,
            &["one column with semicolons", "set the delimiter to `,`"],
        ),
        (
            &["import", "customers.csv", "--role", "segmnt=action"],
            2,
            &["no column `segmnt`", "did you mean `segment`?"],
        ),
        (&["import", "customers.csv", "--role", "segment=verb"], 2, &["`verb` is no role"]),
        (&["import", "customers.csv", "--type", "recency=shape"], 2, &["`shape` is no type"]),
        (&["import", "customers.csv", "--arm", "Purple=x"], 2, &["no row has `Purple`", "Control"]),
        (&["import", "customers.csv", "shop", "--goal", "segment"], 2, &["--goal", "`segment` has the role action"]),
        (&["import", "customers.csv", "--as-of", "soon"], 2, &["--as-of `soon` is no date"]),
        (&["run", "nowhere"], 1, &["nowhere", "no such folder"]),
        (&["run", "a_file"], 1, &["a_file", "a project is a folder"]),
        (&["train", "shop", "no_such_model"], 1, &["there is no model `no_such_model`"]),
        (&["simulate", "shop", "--outcome", "recency"], 2, &["`recency` is no column with the role outcome"]),
        (&["simulate", "shop", "--sample", "0"], 2, &["--sample 0", "from 1"]),
        (&["simulate", "shop", "--bootstrap", "9999999999"], 2, &["--bootstrap", "from 0 to"]),
        (&["decide", "cut.ron", "--input", "customers.csv", "--output", "o.csv"], 1, &["cut.ron", "line"]),
        (&["decide", "newer.ron", "--input", "customers.csv", "--output", "o.csv"], 1, &["newer.ron", "newer"]),
        (
            &["decide", "policy.ron", "--input", "no_zone.csv", "--output", "o.csv"],
            1,
            &["no_zone.csv", "column `zone`", "the policy needs it"],
        ),
        (
            &["decide", "policy.ron", "--input", "customers.csv", "--output", "o.csv", "--now", "soon"],
            2,
            &["--now `soon`"],
        ),
        (
            &["decide", "policy.ron", "--input", "customers.csv", "--output", "o.csv", "--subject", "customer"],
            1,
            &["column `customer`", "name the subject"],
        ),
        (&["decide", "policy.ron", "--input", "customers.csv"], 2, &["--output"]),
        (&["decide", "policy.ron", "-i", "customers.csv", "-o", "./customers.csv"], 2, &["would be replaced"]),
        (&["score", "policy.ron", "-i", "customers.csv", "-o", "policy.ron"], 2, &["would be replaced"]),
        (
            &["score", "policy.ron", "--input", "customers.csv", "--output", "o.csv", "--top", "0"],
            2,
            &["--top 0", "from 1 to"],
        ),
        (&["trace", "shop", "--row", "4000"], 1, &["row 4000", "there is no such row"]),
        (&["trace", "policy.ron", "--row", "1"], 2, &["needs --input"]),
        (&["simulte", "shop"], 2, &["`simulte` is no command", "did you mean `attune simulate`?"]),
        (&["simulte"], 2, &["`simulte` is no command", "did you mean `attune simulate`?"]),
        (&["open", "gone"], 1, &["gone", "there is no such folder or file"]),
        (&["open", "shop"], 1, &["no display", "attune run shop"]),
        (&["new", "shop"], 1, &["shop", "is a project already"]),
    ];
    for (args, code, parts) in cases {
        let ended = attune(dir, args);
        assert_eq!(ended.code, *code, "attune {}\n{}{}", args.join(" "), ended.out, ended.err);
        for part in *parts {
            assert!(ended.err.contains(part), "attune {}: `{part}` is not in\n{}", args.join(" "), ended.err);
        }
        assert_eq!(ended.out, "", "attune {}: errors go to standard error", args.join(" "));
        // The same as an object, with the place in its own members.
        let ended = attune(dir, &[args, &["--json"][..]].concat());
        assert_eq!(ended.code, *code);
        let error: Value =
            serde_json::from_str(&ended.err).unwrap_or_else(|e| panic!("{}: {e}\n{}", args.join(" "), ended.err));
        assert!(error["error"]["message"].is_string(), "{error}");
    }
    assert!(!dir.join("o.csv").exists());
}

#[test]
fn check_finds_errors_by_place_and_exits_with_3() {
    let folder = shop(400);
    let dir = folder.path();
    for (text, parts) in [
        ("recencyy > 3", &["rule `known_history`", "`recencyy`", "did you mean `recency`"][..]),
        ("recency >", &["rule `known_history`", "line 1"]),
    ] {
        std::fs::write(dir.join("shop/rules/known_history.rhai"), text).unwrap();
        let found = attune(dir, &["check", "shop"]);
        assert_eq!(found.code, 3, "{}{}", found.out, found.err);
        for part in parts {
            assert!(found.out.contains(part), "{}", found.out);
        }
        let value: Value = serde_json::from_str(&attune(dir, &["check", "shop", "--json"]).out).unwrap();
        assert!(value["errors"].as_u64() >= Some(1));
        let run = attune(dir, &["run", "shop"]);
        assert_eq!(run.code, 1);
        assert!(run.err.contains("known_history"), "{}", run.err);
    }
    std::fs::write(dir.join("torn.ron"), "(format").unwrap();
    assert_eq!(attune(dir, &["check", "torn.ron"]).code, 3);
    assert_eq!(attune(dir, &["check", "gone.ron"]).code, 1);
}

#[test]
fn import_describes_a_file_and_lists_what_does_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let mut text = String::from("id;emp.rate;when\n");
    for i in 0..30 {
        text.push_str(&format!("{i};{},5;2024-01-{:02}\n", i % 4, i % 28 + 1));
    }
    text.push_str("30;oops;2024-02-01\n31;1,5\n");
    std::fs::write(dir.join("rows.csv"), text).unwrap();
    let seen = done(dir, &["import", "rows.csv"]).out;
    for part in [
        "semicolons",
        "decimal comma",
        "emp_rate",
        "row 31, line 32, column `emp.rate`: `oops` is not a number",
        "row 32, line 33: 2 fields where the table has 3",
    ] {
        assert!(seen.contains(part), "`{part}` is not in\n{seen}");
    }
    let value = json(dir, &["import", "rows.csv", "--type", "emp.rate=text"]);
    assert_eq!((&value["rows"], value["bad_cells"].as_array().unwrap().len()), (&Value::from(31), 0));
    assert_eq!(std::fs::read_dir(dir).unwrap().count(), 1, "looking writes nothing");

    let value = json(dir, &["import", "rows.csv", "--quarantine", "problems.csv"]);
    assert_eq!(
        (value["quarantine"].as_str(), value["bad_rows"][0]["text"].as_str()),
        (Some("problems.csv"), Some("31;1,5"))
    );
    let problems = "row,line,column,text,reason\n31,32,emp.rate,oops,not a number\n\
                    32,33,,\"31;1,5\",2 fields where the table has 3\n";
    assert_eq!(std::fs::read_to_string(dir.join("problems.csv")).unwrap(), problems);
    let again = attune(dir, &["import", "rows.csv", "--quarantine", "problems.csv"]);
    assert_eq!(again.code, 1, "a quarantine is not overwritten");
    assert!(again.err.contains("there is such a file already"), "{}", again.err);

    // Columns of blanks without names, as old exports have them.
    std::fs::write(dir.join("purchases.txt"), " 01 19970101  1   11.77\n 02 19970112 12    5.00\n").unwrap();
    let value = json(
        dir,
        &["import", "purchases.txt", "--names", "customer,day,items,amount", "--only-columns", "customer,day"],
    );
    let columns: Vec<&str> =
        value["columns"].as_array().unwrap().iter().map(|c| c["type_"].as_str().unwrap()).collect();
    assert_eq!(columns, ["Text", "Time"]);

    // The goal is an outcome, whatever its name suggested.
    let value = json(dir, &["import", "rows.csv", "rows", "--goal", "emp.rate", "--type", "emp.rate=number"]);
    assert_eq!(value["roles"]["columns"]["emp_rate"], "Outcome");

    // Models learn the goal, not the first outcome found; a role that a column has already changes nothing.
    std::fs::write(dir.join("customers.csv"), customers(400)).unwrap();
    let import = ["import", "customers.csv", "trial", "--goal", "consent", "--role", "segment=action", "--randomised"];
    assert_eq!(json(dir, &import)["roles"]["arms"].as_object().unwrap().len(), 3);
    let models = std::fs::read_to_string(dir.join("trial/models.ron")).unwrap();
    assert!(models.contains("outcome: \"consent\"") && !models.contains("outcome: \"visit\""), "{models}");
}

#[test]
fn without_a_display_the_sample_runs_headless() {
    let folder = tempfile::tempdir().unwrap();
    let ended = done(folder.path(), &[]);
    assert!(ended.err.contains("There is no display"), "{}", ended.err);
    assert!(ended.out.contains("Value per decision") && ended.out.contains("0 differences"), "{}", ended.out);
}

#[test]
fn prove_tells_what_guards_never_let_happen() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/golden/policy-1.0.ron");
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let kept = attune(dir, &["prove", golden, "--when", "!(consent ?? false)", "--never", "channel:email"]);
    assert_eq!((kept.code, kept.out.contains("(by consent)")), (0, true), "{}{}", kept.out, kept.err);
    let broken = attune(dir, &["prove", golden, "--when", "!(consent ?? false)", "--json"]);
    let value: Value = serde_json::from_str(&broken.out).unwrap();
    assert_eq!((broken.code, &value["properties"][0]["verdict"]), (3, &Value::from("refuted")), "{}", broken.out);
    let open = attune(dir, &["prove", golden, "--when", "recency * recency == 49", "--never", "channel:sms"]);
    assert!(open.code == 0 && open.out.contains("undecided"), "{}", open.out);
    assert_eq!(attune(dir, &["prove", golden]).code, 2);
    assert_eq!(attune(dir, &["prove", golden, "--when", "true", "--never", "fax"]).code, 2);
}

#[test]
fn every_command_has_help_with_an_example() {
    let folder = tempfile::tempdir().unwrap();
    let help = done(folder.path(), &["--help"]).out;
    let commands = [
        "open", "new", "import", "train", "evaluate", "simulate", "check", "prove", "export", "run", "decide", "score",
        "trace",
    ];
    for command in commands {
        assert!(help.contains(&format!("  {command} ")), "{help}");
        let own = done(folder.path(), &[command, "--help"]).out;
        assert!(
            own.contains("Example") && own.contains(&format!("attune {command} ")) && own.contains("--json"),
            "{own}"
        );
        assert!(!own.contains("TODO"), "{own}");
    }
    assert!(
        help.contains("Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a check found errors, 130 stopped by Ctrl-C")
    );
}

/// A file of the shared data folder; missing files skip a test, but not in CI.
fn shared(path: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared"));
    let file = std::env::var_os("ATTUNE_SHARED").map_or_else(beside, PathBuf::from).join(path);
    if file.exists() {
        return Some(file);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing", file.display());
    println!("skipped: {} is missing", file.display());
    None
}

#[test]
fn hillstrom_runs_and_the_file_decides_all_rows_as_the_simulation_did() {
    let (Some(data), Some(effects), Some(values)) = (
        shared("data/hillstrom/hillstrom.csv"),
        shared("reference/uplift/hillstrom_ate.json"),
        shared("reference/off_policy/hillstrom_policy_values.json"),
    ) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let data = data.to_string_lossy();
    json(dir, &["import", &data, "hillstrom", "--goal", "visit", "--as-of", "2008-03-20"]);
    let mut opened = Project::open(&dir.join("hillstrom"), Access::Write).unwrap();
    let draft = Arc::make_mut(&mut opened.parts.draft);
    draft.rules.push(Rule {
        id: "recent_or_valuable".into(),
        name: "Recent or valuable".into(),
        stage: Stage::Eligibility,
        scope: Scope::All,
        expr: "recency <= 6 || history > 300.0".into(),
        on_missing: OnMissing::default(),
        reason: String::new(),
        enabled: true,
        note: String::new(),
        ..Rule::default()
    });
    opened.project.save(&opened.parts, "Rule").unwrap();
    drop(opened);
    let report = json(dir, &["run", "hillstrom", "--output", "policy.ron"]);
    assert_eq!((&report["rows"], &report["exported"]["differences"]), (&Value::from(64_000), &Value::from(0)));

    // Arm means and effects as published, to half their last digit.
    let read = |path: &Path| serde_json::from_str::<Value>(&std::fs::read_to_string(path).unwrap()).unwrap();
    let published = read(&effects);
    let log = &report["simulation"]["log"];
    for arm in log["arms"].as_array().unwrap() {
        assert_eq!(arm["n"], published["arms"][arm["name"].as_str().unwrap()], "{arm}");
    }
    for effect in log["effects"].as_array().unwrap() {
        let who = if effect["arm"].as_str().unwrap().starts_with("Mens") { "mens" } else { "womens" };
        let name = format!("{}_{who}", effect["outcome"].as_str().unwrap());
        let expected = published["ate"][&name].as_f64().unwrap();
        let digits = if name.starts_with("spend") { 5e-4 } else { 5e-6 };
        let found = effect["estimate"]["value"].as_f64().unwrap();
        assert!((found - expected).abs() <= digits * 1.000_001, "{name}: {found} {expected}");
    }
    // Values of the policies that treat everybody alike, to 1e-9.
    let reference = read(&values);
    let mut compared = 0;
    for policy in report["simulation"]["policies"].as_array().unwrap().iter().filter(|p| p["kind"] == "Baseline") {
        let mix = policy["mix"][0]["action"].as_str().unwrap();
        let name = match mix {
            "NoAction" => "all_none",
            mens if mens.starts_with("mens") => "all_mens",
            _ => "all_womens",
        };
        for value in policy["values"].as_array().unwrap() {
            let expected = reference[name][value["outcome"].as_str().unwrap()]["snips"].as_f64().unwrap();
            let found = value["answer"]["value"].as_f64().unwrap();
            assert!((found - expected).abs() < 1e-9, "{name}: {found} {expected}");
            compared += 1;
        }
    }
    assert_eq!(compared, 9, "three policies, three outcomes");

    json(dir, &["simulate", "hillstrom", "--policy", "policy.ron", "--bootstrap", "0", "--decisions", "simulated.csv"]);
    json(dir, &["decide", "policy.ron", "--input", &data, "--output", "decided.csv"]);
    let decided = table(&dir.join("decided.csv"));
    assert_eq!(decided.len(), 64_000);
    same_decisions(&table(&dir.join("simulated.csv")), &decided);
}

/// The golden policy in a folder of its own.
fn with_policy() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/golden/policy-1.0.ron");
    std::fs::copy(golden, dir.path().join("policy.ron")).unwrap();
    dir
}

#[test]
fn a_policy_is_signed_and_verified() {
    let dir = with_policy();
    let dir = dir.path();
    done(dir, &["keygen", "release", "--name", "Release manager"]);
    done(dir, &["keygen", "other"]);
    assert_eq!(attune(dir, &["keygen", "release"]).code, 1, "a key is never replaced");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(dir.join("release.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // Not signed: none required, then required.
    done(dir, &["verify", "policy.ron"]);
    assert_eq!(attune(dir, &["verify", "policy.ron", "--key", "release.pub"]).code, 3);
    std::fs::write(dir.join("book.md"), "What the policy says.").unwrap();
    done(dir, &["sign", "policy.ron", "--key", "release.key", "--with", "book.md"]);
    let verified = json(dir, &["verify", "policy.ron", "--key", "release.pub", "--with", "book.md"]);
    assert_eq!(verified["signed_by"][0], "Release manager");
    let refused: [(&[&str], &str); 5] = [
        (&["verify", "policy.ron"], "no key was given"),
        (&["verify", "policy.ron", "--key", "release.pub"], "book.md"),
        (&["verify", "policy.ron", "--key", "other.pub", "--with", "book.md"], "no key of"),
        (
            &["verify", "policy.ron", "--key", "other.pub", "--key", "release.pub", "--all", "--with", "book.md"],
            "no key of",
        ),
        (&["verify", "policy.ron", "--key", "release.pub", "--with", "release.pub"], "book.md"),
    ];
    for (args, words) in refused {
        let ended = attune(dir, args);
        assert_eq!(ended.code, 3, "{args:?}: {}{}", ended.out, ended.err);
        assert!(ended.out.contains(words), "{words}: {}", ended.out);
    }
    assert_eq!(attune(dir, &["verify", "policy.ron", "--key", "release.key"]).code, 1, "a secret key verifies nothing");
    std::fs::write(dir.join("book.md"), "Something else.").unwrap();
    assert_eq!(attune(dir, &["verify", "policy.ron", "--key", "release.pub", "--with", "book.md"]).code, 3);
}

/// What decides looks for the signature beside the policy, and says how it stands.
#[test]
fn a_signature_beside_the_policy_is_looked_for() {
    let dir = with_policy();
    let dir = dir.path();
    let rows =
        "recency,spend (last year),consent,recalled,Segment,joined,device\n3,120.5,true,false,gold,2020-01-01,phone\n";
    std::fs::write(dir.join("rows.csv"), rows).unwrap();
    done(dir, &["keygen", "release"]);
    done(dir, &["keygen", "other"]);
    let decide = ["decide", "policy.ron", "--input", "rows.csv", "--output", "out.csv", "--now", "2026-03-01"];
    let score = ["score", "policy.ron", "--input", "rows.csv", "--output", "out.csv", "--now", "2026-03-01"];
    let trace = ["trace", "policy.ron", "--input", "rows.csv", "--row", "1", "--now", "2026-03-01"];
    let with = |args: &[&'static str], more: &[&'static str]| [args, more].concat();
    for command in [&decide[..], &score[..], &trace[..]] {
        assert_eq!(json(dir, command)["signature"]["state"], "absent");
        assert_eq!(attune(dir, &with(command, &["--key", "release.pub"])).code, 1, "none, but required");
    }
    done(dir, &["sign", "policy.ron", "--key", "release.key"]);
    for command in [&decide[..], &score[..], &trace[..]] {
        let verified = json(dir, &with(command, &["--key", "release.pub"]));
        assert_eq!(verified["signature"]["state"], "verified");
        assert!(done(dir, &with(command, &["--key", "release.pub"])).err.contains("Signature verified"));
        // No key, then a wrong one.
        for more in [&[][..], &["--key", "other.pub"]] {
            let ended = attune(dir, &with(command, more));
            assert!(ended.code == 1 && ended.err.contains("--unverified"), "{}", ended.err);
            let used = json(dir, &with(command, &[more, &["--unverified"]].concat()));
            assert_eq!(used["signature"]["state"], "unverified");
        }
    }
}

#[test]
fn policies_are_compared_and_their_cases_decided() {
    use attune_policy::cases::{Case, Chosen};
    let dir = with_policy();
    let dir = dir.path();
    let old = attune_policy::codec::read(&std::fs::read(dir.join("policy.ron")).unwrap()).unwrap();
    let mut new = old.clone();
    new.caps[0].limit = Some(3);
    std::fs::write(dir.join("new.ron"), attune_policy::codec::write(&new).unwrap()).unwrap();
    let ended = done(dir, &["diff", "policy.ron", "new.ron"]);
    assert!(ended.out.contains("now allows 3 instead of 2 contacts in 7 days. [weaker]"), "{}", ended.out);
    assert_eq!(attune(dir, &["diff", "policy.ron", "new.ron", "--strict"]).code, 3);
    assert_eq!(attune(dir, &["diff", "new.ron", "policy.ron", "--strict"]).code, 0);
    assert_eq!(json(dir, &["diff", "policy.ron", "new.ron"])["changes"][0]["id"], "caps/weekly/limit");
    assert_eq!(done(dir, &["diff", "new.ron", "new.ron"]).out, "No difference.\n");

    done(dir, &["test", "policy.ron"]);
    let mut case = Case { id: "nothing".into(), name: "Nothing is known".into(), ..Case::default() };
    case.request.subject = "ben".into();
    case.expect.chosen = Chosen::Candidate("mens".into(), "plain".into());
    std::fs::create_dir(dir.join("cases")).unwrap();
    std::fs::write(dir.join("cases/one.ron"), attune_policy::cases::write(&[case]).unwrap()).unwrap();
    let ended = attune(dir, &["test", "policy.ron", "--cases", "cases"]);
    assert_eq!(ended.code, 3);
    assert!(ended.out.contains("case nothing: “Nothing is known”: expected mens/plain"), "{}", ended.out);
    assert!(ended.out.contains("1 cases, 1 came out otherwise"), "{}", ended.out);
}

#[test]
fn the_published_vectors_are_answered_as_published() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/conformance");
    let mut args = vec!["conform".to_owned()];
    for entry in std::fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_some_and(|e| e == "ron") {
            args.push(file.display().to_string());
        }
    }
    let ended = done(&folder, &args.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(args.len() > 5 && !ended.out.contains("differs:"), "{}", ended.out);
}
