//! Questions marketers ask, from the outside: `plan`, `analyze experiment`, `sweep`, `compare`, `simulate`; a long run that is killed, or
//! told to stop, in the middle.

use super::{attune, done, json, shared};
use attune_lab::project::{Access, Project, Scenario, samples};
use attune_policy::contact::{Budget, EventKind, Measure};
use attune_policy::rule::Scope;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::SystemTime;

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

/// A project of rules alone over a generated world, so that nothing has to be trained.
pub fn shop(dir: &Path, name: &str) -> PathBuf {
    let mut parts = samples::parts(3_000).unwrap();
    let mut draft = (*parts.draft).clone();
    draft.actions.iter_mut().for_each(|a| a.propensity = None);
    draft.rules.retain(|r| r.id != "discount_pays");
    draft.arbitration.floors.clear();
    parts.draft = Arc::new(draft);
    parts.models = Arc::default();
    let mut scenarios = (*parts.scenarios).clone();
    scenarios[0].disabled = ["not_just_bought".to_owned()].into();
    parts.scenarios = Arc::new(scenarios);
    Project::create(&dir.join(name), &parts).unwrap();
    dir.join(name)
}

#[test]
fn a_sweep_shows_each_setting_beside_the_current_one() {
    let dir = tempfile::tempdir().unwrap();
    shop(dir.path(), "shop");
    let args = ["sweep", "shop", "--set", "rule:not_just_bought.recency_days=7,60", "--set", "lever:home_email=0,-50"];
    let found = json(dir.path(), &[&args[..], &["--bootstrap", "100"]].concat());
    let settings = found["settings"].as_array().unwrap();
    assert_eq!(settings.len(), 4);
    assert_eq!(settings[0]["current"], true);
    assert_eq!(settings[3]["values"], serde_json::json!(["60", "-50"]));
    for setting in settings {
        let value = &setting["values_per_decision"][0];
        assert!(value["low"].as_f64() < value["value"].as_f64() && value["bootstrap"][0].is_f64());
        assert!(setting["share_contacted"]["low"].as_f64() <= setting["share_contacted"]["value"].as_f64());
    }
    assert!(settings[3]["differences"][0]["adjusted_p"].is_f64() && settings[0]["differences"][0].is_null());
    // The same question again finds its report; --restart makes it anew; both print the same.
    let again = done(dir.path(), &[&args[..], &["--bootstrap", "100"]].concat());
    assert!(again.err.contains("had finished before"), "{}", again.err);
    let anew = done(dir.path(), &[&args[..], &["--bootstrap", "100", "--restart"]].concat());
    assert!(anew.err.contains("Computed 4 parts") && anew.out == again.out, "{}", anew.err);
    for part in ["7, 0 (now)", "less the current policy", "same chances", "adjusted p"] {
        assert!(again.out.contains(part), "`{part}` is not in\n{}", again.out);
    }
    let runs = || std::fs::read_dir(dir.path().join("shop/runs")).unwrap().count();
    assert_eq!(runs(), 1);
    done(dir.path(), &["sweep", "shop", "--set", "lever:home_email=10", "--bootstrap", "0", "--keep-nothing"]);
    assert_eq!(runs(), 1);
    for (set, words, code) in [
        ("cap:four_a_month", "does not say", 2),
        ("cups:four_a_month.limit=1", "did you mean `cap`", 2),
        ("cap:for_a_month.limit=1", "did you mean `four_a_month`", 1),
        ("cap:four_a_month.limit=one", "cannot be one", 1),
    ] {
        let ended = attune(dir.path(), &["sweep", "shop", "--set", set]);
        assert!(ended.code == code && ended.err.contains(words), "{set}: {} {}", ended.code, ended.err);
    }
}

#[test]
fn policies_are_compared_with_todays() {
    let dir = tempfile::tempdir().unwrap();
    shop(dir.path(), "shop");
    done(dir.path(), &["run", "shop", "--output", "policy.ron"]);
    let args = ["compare", "shop", "--scenarios", "--segment", "region", "--bootstrap", "200", "--rule-rows", "1000"];
    let found = json(dir.path(), &args);
    let against = &found["against"][0];
    assert_eq!(against["name"], "Discounts for all");
    assert!(against["swaps"].as_array().is_some_and(|s| !s.is_empty()), "{against}");
    let parts = against["gets"].as_array().unwrap();
    assert!(parts.len() > 2);
    assert_eq!(found["best"]["variants"].as_array().unwrap().len(), 2);
    assert!(found["rules"].as_array().unwrap().iter().any(|r| r["id"] == "consent"));
    assert!(found["sensitivity"].as_array().unwrap().iter().any(|d| d["term"] == "V"));
    let text = done(dir.path(), &args).out;
    for part in
        ["Who swaps", "Who is never contacted", "Has agreed to e-mail", "may be best", "What its arbitration leans on"]
    {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    // A file against the draft that it was exported from: nothing changes.
    let same = json(dir.path(), &["compare", "shop", "policy.ron", "--rule-rows", "0", "--bootstrap", "0"]);
    assert_eq!(same["against"][0]["changed"]["value"], 0.0);
    let ended = attune(dir.path(), &["compare", "shop"]);
    assert!(ended.code == 2 && ended.err.contains("--scenarios"), "{}", ended.err);
}

/// Names, identities and times of the parts that are finished.
fn finished(parts: &Path) -> BTreeMap<String, (u64, SystemTime)> {
    let entries = std::fs::read_dir(parts).into_iter().flatten().flatten();
    let part = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        let of = entry.metadata().ok()?;
        name.ends_with(".part").then(|| (name, (inode(&of), of.modified().unwrap())))
    };
    entries.filter_map(part).collect()
}

#[cfg(unix)]
fn inode(of: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(of)
}

#[cfg(not(unix))]
fn inode(_of: &std::fs::Metadata) -> u64 {
    0
}

/// Starts a command and waits until `more` parts of it are finished.
fn begun(dir: &Path, project: &Path, args: &[&str], more: usize) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_attune"))
        .args(args)
        .current_dir(dir)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    loop {
        let parts = std::fs::read_dir(project.join("runs")).into_iter().flatten().flatten();
        let done: usize = parts.map(|run| finished(&run.path().join("parts")).len()).sum();
        if done >= more {
            return child;
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended before {more} parts were finished");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// The same, and kills it.
fn killed(dir: &Path, project: &Path, args: &[&str], more: usize) {
    let mut child = begun(dir, project, args, more);
    child.kill().unwrap(); // SIGKILL
    assert!(!child.wait().unwrap().success(), "it was killed in the middle");
}

#[test]
fn a_killed_sweep_goes_on_where_it_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let project = shop(dir.path(), "shop");
    let settings = 80;
    let set: Vec<String> = (1..=settings).map(|i| (100 + i).to_string()).collect();
    let set = format!("rule:not_just_bought.recency_days={}", set.join(","));
    let args = ["sweep", "shop", "--set", &set, "--bootstrap", "20"];
    let run = |more: usize| killed(dir.path(), &project, &args, more);
    run(3);
    let run_folder = std::fs::read_dir(project.join("runs")).unwrap().next().unwrap().unwrap().path();
    let first = finished(&run_folder.join("parts"));
    assert!(first.len() >= 3 && first.len() < settings && !run_folder.join("report.ron").exists());
    run(first.len() + 2);
    let second = finished(&run_folder.join("parts"));
    for (name, part) in &first {
        assert_eq!(second.get(name), Some(part), "{name} was finished before and is not made again");
    }
    // One part is torn, as by a disk that lost its end.
    let torn = run_folder.join("parts").join(second.keys().next().unwrap());
    let bytes = std::fs::read(&torn).unwrap();
    std::fs::write(&torn, &bytes[..bytes.len() / 2]).unwrap();
    let last = done(dir.path(), &args);
    let words =
        format!("Resumed {} of {} parts, computed {}", second.len() - 1, settings + 1, settings + 2 - second.len());
    assert!(last.err.contains(&words), "{}, expected {words}", last.err);
    let report = std::fs::read(run_folder.join("report.ron")).unwrap();
    assert!(!run_folder.join("parts").exists());

    // Without any interruption: the same bytes on disk and on the screen.
    let whole = done(dir.path(), &[&args[..], &["--restart"]].concat());
    assert!(whole.err.contains(&format!("Computed {} parts", settings + 1)), "{}", whole.err);
    assert_eq!(whole.out, last.out);
    assert!(std::fs::read(run_folder.join("report.ron")).unwrap() == report);
}

/// A shop with a scenario for every set of its first rules and caps, and with many budgets.
fn many_parts(dir: &Path) -> PathBuf {
    let project = shop(dir, "shop");
    let mut opened = Project::open(&project, Access::Write).unwrap();
    let draft = Arc::make_mut(&mut opened.parts.draft);
    let names: Vec<String> =
        draft.rules.iter().map(|r| r.id.clone()).chain(draft.caps.iter().map(|c| c.id.clone())).take(4).collect();
    draft.budgets = (0..14)
        .map(|at| Budget {
            id: format!("budget_{at}"),
            name: String::new(),
            scope: Scope::All,
            measure: Measure::Cost,
            event: EventKind::Sent,
            max: Some(100.0 + f64::from(at)),
            min: None,
            reset: None,
            from: None,
            until: None,
            pacing: None,
            enabled: true,
        })
        .collect();
    opened.parts.scenarios = Arc::new(
        (1..1 << names.len())
            .map(|set: usize| Scenario {
                id: format!("without_{set}"),
                name: format!("Without {set}"),
                note: String::new(),
                disabled: names.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1).map(|n| n.1.clone()).collect(),
            })
            .collect(),
    );
    opened.project.save(&opened.parts, "Many parts").unwrap();
    project
}

#[test]
fn killed_comparisons_and_budgets_go_on_where_they_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let project = many_parts(dir.path());
    for args in [
        &["compare", "shop", "--scenarios", "--bootstrap", "20", "--rule-rows", "500"][..],
        &["budgets", "shop", "--bootstrap", "20"],
    ] {
        killed(dir.path(), &project, args, 3);
        let of = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with(args[0]);
        let mut runs = std::fs::read_dir(project.join("runs")).unwrap().flatten();
        let run = runs.find(of).unwrap().path();
        let first = finished(&run.join("parts"));
        assert!(first.len() >= 3 && !run.join("report.ron").exists(), "{args:?}");
        killed(dir.path(), &project, args, first.len() + 2);
        let second = finished(&run.join("parts"));
        for (name, part) in &first {
            assert_eq!(second.get(name), Some(part), "{name} was finished before and is not made again");
        }
        let last = done(dir.path(), args);
        assert!(last.err.contains(&format!("Resumed {} of ", second.len())), "{args:?}: {}", last.err);
        let report = std::fs::read(run.join("report.ron")).unwrap();
        assert!(!run.join("parts").exists());
        // Without any interruption: the same bytes on disk and on the screen.
        let whole = done(dir.path(), &[args, &["--restart"]].concat());
        assert!(whole.err.contains("Computed "), "{}", whole.err);
        assert_eq!(whole.out, last.out);
        assert!(std::fs::read(run.join("report.ron")).unwrap() == report, "{args:?}");
        // The report of a finished run is no part of the next one.
        std::fs::remove_dir_all(&run).unwrap();
    }
}

#[test]
fn a_killed_simulation_goes_on_where_it_stopped_and_another_one_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    let project = shop(dir.path(), "shop");
    let args = ["simulate", "shop", "--bootstrap", "2000"];
    killed(dir.path(), &project, &args, 2);
    let run_folder = std::fs::read_dir(project.join("runs")).unwrap().next().unwrap().unwrap().path();
    let first = finished(&run_folder.join("parts"));
    assert!(first.len() >= 2 && !run_folder.join("report.ron").exists());
    // Another seed, another option, another policy: none of them finds a part of this one.
    let sampled = ["simulate", "shop", "--bootstrap", "30", "--sample", "1500"];
    let anew = |args: &[&str]| {
        let ended = done(dir.path(), args);
        assert!(ended.err.contains("Computed ") && !ended.err.contains("Resumed "), "{args:?}: {}", ended.err);
        ended.out
    };
    anew(&sampled);
    anew(&[&sampled[..], &["--seed", "2"]].concat());
    anew(&[&sampled[..], &["--segment", "region"]].concat());
    let again = done(dir.path(), &sampled);
    assert!(again.err.contains("had finished before"), "{}", again.err);
    killed(dir.path(), &project, &args, first.len() + 1);
    let second = finished(&run_folder.join("parts"));
    for (name, part) in &first {
        assert_eq!(second.get(name), Some(part), "{name} was finished before and is not made again");
    }
    let last = done(dir.path(), &args);
    let words = format!("Resumed {} of ", second.len());
    assert!(last.err.contains(&words), "{}, expected {words}", last.err);
    let report = std::fs::read(run_folder.join("report.ron")).unwrap();
    assert!(!run_folder.join("parts").exists());
    // The rows behind a report that was finished before.
    let rows = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
    let found = done(dir.path(), &[&args[..], &["--decisions", "found.csv"]].concat());
    assert!(found.err.contains("had finished before"), "{}", found.err);
    // Without any interruption: the same bytes on disk and on the screen.
    let whole = done(dir.path(), &[&args[..], &["--restart", "--decisions", "whole.csv"]].concat());
    assert!(whole.err.contains("Computed "), "{}", whole.err);
    assert!(whole.out.starts_with(&last.out));
    assert!(std::fs::read(run_folder.join("report.ron")).unwrap() == report);
    assert!(rows("found.csv") == rows("whole.csv") && rows("found.csv").len() > 100_000);

    // A rule changes in the middle.
    killed(dir.path(), &project, &["simulate", "shop", "--bootstrap", "2001"], 2);
    let recent = std::fs::read_to_string(project.join("rules/not_just_bought.rhai")).unwrap();
    std::fs::write(project.join("rules/not_just_bought.rhai"), recent.replace("recency_days > ", "recency_days > 1"))
        .unwrap();
    anew(&["simulate", "shop", "--bootstrap", "2001"]);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_says_what_is_kept_and_how_to_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let project = shop(dir.path(), "shop");
    for (signal, code, args) in [
        ("-INT", 130, ["simulate", "shop", "--bootstrap", "2000"]),
        ("-TERM", 143, ["simulate", "shop", "--bootstrap", "2001"]),
        (
            "-INT",
            130,
            ["sweep", "shop", "--set", "rule:not_just_bought.recency_days=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16"],
        ),
    ] {
        let before = std::fs::read_dir(project.join("runs")).into_iter().flatten().count();
        let parts = |run: PathBuf| finished(&run.join("parts")).len();
        let earlier: usize =
            std::fs::read_dir(project.join("runs")).into_iter().flatten().map(|e| parts(e.unwrap().path())).sum();
        let mut child = begun(dir.path(), &project, &args, earlier + 2);
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let mut err = String::new();
        std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut err).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal} {args:?}: {err}");
        assert!(err.contains("Stopped at “") && err.contains("finished parts are kept in shop/runs/"), "{err}");
        assert!(err.contains("the same command goes on from there"), "{err}");
        assert_eq!(std::fs::read_dir(project.join("runs")).unwrap().count(), before + 1);
        let on = done(dir.path(), &args);
        assert!(on.err.contains("Resumed "), "{}", on.err);
    }
    // For programs.
    let args = ["simulate", "shop", "--bootstrap", "2002", "--json"];
    let mut child = begun(dir.path(), &project, &args, 2);
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let mut err = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut err).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{err}");
    let said: serde_json::Value = serde_json::from_str(&err).unwrap_or_else(|e| panic!("{e}: {err}"));
    assert!(said["error"]["message"] == "stopped" && !said["error"]["kept"].as_array().unwrap().is_empty(), "{said}");
}

#[test]
fn budgets_say_when_they_run_dry() {
    let dir = tempfile::tempdir().unwrap();
    let project = shop(dir.path(), "shop");
    let text = std::fs::read_to_string(project.join("draft.ron")).unwrap();
    let budget = "budgets: [(id: \"spring\", name: \"Spring money\", measure: Cost, event: Sent, max: Some(100.0))],\n    fallback: [";
    assert!(text.contains("fallback: ["), "{text}");
    std::fs::write(project.join("draft.ron"), text.replacen("fallback: [", budget, 1)).unwrap();
    let found = json(dir.path(), &["budgets", "shop", "--bootstrap", "40"]);
    let limit = &found["limits"][0];
    assert_eq!((&limit["name"], &limit["kind"]), (&"Spring money".into(), &"budget".into()));
    let dry = &limit["dry"];
    assert!(dry["low"].as_i64() <= dry["at"].as_i64() && dry["at"].as_i64() <= dry["high"].as_i64(), "{limit}");
    let text = done(dir.path(), &["budgets", "shop", "--bootstrap", "40"]).out;
    assert!(text.contains("Spring money") && text.contains("week 1"), "{text}");
    // What it costs stands among the rules, on all rows; a sample says that it cannot tell.
    let quick = ["simulate", "shop", "--bootstrap", "20", "--keep-nothing"];
    let told = json(dir.path(), &quick);
    let rule = |id: &str| told["rules"].as_array().unwrap().iter().find(|r| r["id"] == id).unwrap().clone();
    let spring = rule("spring");
    assert!(spring["kind"] == "Budget" && spring["without"]["choices_changed"].as_u64().unwrap() > 100, "{spring}");
    assert_eq!(rule("consent")["without"]["rows"], told["policies"][0]["rows"]["used"]);
    let text = done(dir.path(), &quick).out;
    assert!(
        text.contains("spring") && text.contains("one of them switched off") && !text.contains("warning:"),
        "{text}"
    );
    let text = done(dir.path(), &[&quick[..], &["--sample", "1000"]].concat()).out;
    let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        plain.contains("warning: Budget Spring money counts over everybody, and here over the sample alone"),
        "{text}"
    );
}

/// A file of 300 people over eight weeks, whose contacts go to ever fewer people and actions, and whose purchases get ever more discounts.
fn eight_weeks() -> (String, String) {
    let mut state = 88_172_645_463_325_252u64;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut contacts = String::from("who,sent at,campaign\n");
    let mut orders = String::from("who,day,discount\n");
    for week in 0..8 {
        for who in 0..300 {
            let day = format!("2026-0{}-{:02}", 1 + week / 4, 1 + 7 * (week % 4) + who % 7);
            let share = f64::from(week) / 8.0;
            let campaign = match uniform() {
                x if x < 0.4 + 0.4 * share => "none",
                x if x < 0.9 + 0.1 * share => "spring",
                _ => ["summer", "autumn", "winter"][(uniform() * 3.0) as usize],
            };
            contacts.push_str(&format!("p{who},{day},{campaign}\n"));
            if uniform() < 0.5 {
                let discount = if uniform() < 0.1 + 0.5 * share { "5.00" } else { "0.00" };
                orders.push_str(&format!("p{who},{day},{discount}\n"));
            }
        }
    }
    (contacts, orders)
}

#[test]
fn narrowing_and_discounts_are_read_off_any_file() {
    let dir = tempfile::tempdir().unwrap();
    let (contacts, orders) = eight_weeks();
    std::fs::write(dir.path().join("contacts.csv"), contacts).unwrap();
    std::fs::write(dir.path().join("orders.csv"), &orders).unwrap();
    std::fs::write(dir.path().join("more.csv"), orders + ",2026-02-20,5.00\n").unwrap();
    let args =
        ["analyze", "narrowing", "contacts.csv", "--subject", "who", "--time", "sent at", "--action", "campaign"];
    let args = [&args[..], &["--none", "none", "--bootstrap", "60"]].concat();
    let found = json(dir.path(), &args);
    assert!(found["weeks"].as_array().unwrap().len() >= 8);
    let reached = found["trends"].as_array().unwrap().iter().find(|t| t["measure"] == "reached").unwrap();
    assert!(reached["per_week"]["high"].as_f64().unwrap() < 0.0, "{reached}");
    let text = done(dir.path(), &args).out;
    for part in ["contact is getting narrower", "effective actions", "subjects with a row in the week"] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    let args = ["analyze", "discounts", "orders.csv", "--customer", "who", "--date", "day", "--discount", "discount"];
    let found = json(dir.path(), &args);
    assert!(found["trend"]["low"].as_f64().unwrap() > 0.0, "{}", found["trend"]);
    // What belongs to nobody is left out, and counted.
    let with_nobody = args.map(|arg| if arg == "orders.csv" { "more.csv" } else { arg });
    assert_eq!(json(dir.path(), &with_nobody), found);
    let told = done(dir.path(), &with_nobody).err;
    assert!(told.contains("1 of ") && told.contains("have no `who`"), "{told}");
    let text = done(dir.path(), &args).out;
    for part in
        ["a growing share of purchases has a discount", "proves no cause", "Each customer compared with themselves"]
    {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    for (args, words) in [
        (
            vec!["analyze", "discounts", "orders.csv", "--customer", "who", "--date", "who", "--discount", "discount"],
            "does not hold dates",
        ),
        (
            vec!["analyze", "discounts", "orders.csv", "--customer", "who", "--date", "day", "--discount", "who"],
            "neither numbers",
        ),
        (
            vec![
                "analyze",
                "narrowing",
                "contacts.csv",
                "--subject",
                "whom",
                "--time",
                "sent at",
                "--action",
                "campaign",
            ],
            "did you mean `who`",
        ),
    ] {
        let ended = attune(dir.path(), &args);
        assert!(ended.code == 1 && ended.err.contains(words), "{args:?}: {} {}", ended.code, ended.err);
    }
}
