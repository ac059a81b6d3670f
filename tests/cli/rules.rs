//! `attune features --fresh … --when-missing …`: rules of features are written, shown, learned by and decided by.

use super::{attune, done, json, table};
use attune_lab::project::{Access, Project};
use attune_policy::rule::{Rule, Stage};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// 300 customers on 2024-03-01, whose balances stood that day, ten days before, or nobody knows when.
fn shop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("customer,balance,balance.at,plan,arm,visit\n");
    for i in 0..300 {
        let at = ["2024-02-29", "2024-02-20", ""][i % 3];
        let (plan, arm) = (["gold", ""][i / 3 % 2], ["none", "mail"][i / 6 % 2]);
        writeln!(text, "b{i},{}.5,{at},{plan},{arm},{}", 100 + i % 50, u8::from(i * 31 % 10 < 3)).unwrap();
    }
    fs::write(folder.path().join("people.csv"), text).unwrap();
    let mut args = vec!["import", "people.csv", "shop", "--goal", "visit", "--as-of", "2024-03-01", "--randomised"];
    for role in
        ["customer=subject", "arm=action", "visit=outcome", "balance=feature", "plan=feature", "balance.at=context"]
    {
        args.extend(["--role", role]);
    }
    json(folder.path(), &[&args[..], &["--arm", "none=NoAction"]].concat());
    let mut opened = Project::open(&folder.path().join("shop"), Access::Write).unwrap();
    let draft = Arc::make_mut(&mut opened.parts.draft);
    (draft.caps, draft.holdouts) = (Vec::new(), Vec::new());
    draft.arbitration = Default::default();
    draft.rules = vec![Rule {
        id: "rich".into(),
        name: "Rich".into(),
        stage: Stage::Eligibility,
        expr: "balance > 50.0".into(),
        ..Rule::default()
    }];
    for action in &mut draft.actions {
        action.propensity = None;
        action.treatments.iter_mut().for_each(|treatment| treatment.propensity = None);
    }
    opened.project.save(&opened.parts, "Test").unwrap();
    folder
}

/// Whom the exported policy mails, by row.
fn mailed(dir: &Path) -> Vec<bool> {
    assert_eq!(json(dir, &["export", "shop", "--output", "policy.ron"])["differences"], 0);
    done(dir, &["decide", "policy.ron", "--input", "people.csv", "--subject", "customer", "--output", "out.csv"]);
    table(&dir.join("out.csv")).iter().map(|row| row["action"] != "NoAction").collect()
}

#[test]
fn a_decision_does_with_old_and_missing_values_as_the_rules_say() {
    let folder = shop();
    let dir = folder.path();
    let as_rule = |of: fn(usize) -> bool| (0..300).map(of).collect::<Vec<bool>>();
    assert_eq!(mailed(dir), as_rule(|_| true));

    let found = json(dir, &["features", "shop", "--fresh", "balance:balance.at:7d"]);
    assert_eq!(found["rules"][0]["freshness"]["max_age"], 604_800, "{found}");
    assert_eq!(mailed(dir), as_rule(|i| i % 3 == 0), "what is old, or of unknown age, is unknown");

    done(dir, &["features", "shop", "--when-missing", "balance=60"]);
    assert_eq!(mailed(dir), as_rule(|_| true), "60 stands in");
    let text = done(dir, &["features", "shop"]).out;
    for part in ["Rules of features: 1", "may be 7 days old by `balance_at`; where missing or older 60 stands in"] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    let inputs = json(dir, &["features", "shop"])["inputs"].clone();
    let balance = inputs.as_array().unwrap().iter().find(|input| input["column"] == "balance").unwrap();
    assert_eq!(
        (&balance["missing"], &balance["values"][1]),
        (&0.into(), &"60".into()),
        "models learn from it, too: {balance}"
    );

    done(
        dir,
        &[
            "features",
            "shop",
            "--fresh",
            "balance:none",
            "--when-missing",
            "balance=unknown",
            "--when-missing",
            "plan=refuse",
        ],
    );
    assert_eq!(mailed(dir), as_rule(|i| i / 3 % 2 == 0), "without a plan the policy does not decide");
    assert!(!fs::read_to_string(dir.join("shop/features.ron")).unwrap().contains("balance"));
    done(dir, &["features", "shop", "--when-missing", "plan=unknown"]);
    assert_eq!(mailed(dir), as_rule(|_| true));
}

#[test]
fn a_rule_of_a_column_that_is_no_feature_any_more_says_so() {
    let folder = shop();
    let dir = folder.path();
    done(dir, &["features", "shop", "--fresh", "balance:balance.at:7d", "--when-missing", "balance=60"]);
    done(dir, &["features", "shop", "--when-missing", "plan=gold"]);
    done(dir, &["import", "people.csv", "shop", "--role", "balance=ignored"]);
    let text = done(dir, &["features", "shop"]).out.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "Rules of features: 1 ",
        "Not in force: `balance` has the role ignored, so no decision reads it (may be 7 days old by `balance_at`;",
        "To take the rule out: attune features shop --fresh balance:none --when-missing balance=unknown",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    let rules = json(dir, &["features", "shop"])["rules"].clone();
    assert_eq!((&rules[0]["feature"], &rules[0]["in_force"]), (&"balance".into(), &false.into()), "{rules}");
    assert_eq!((&rules[1]["feature"], &rules[1]["in_force"]), (&"plan".into(), &true.into()), "{rules}");
    done(dir, &["features", "shop", "--fresh", "balance:none", "--when-missing", "balance=unknown"]);
    assert!(!done(dir, &["features", "shop"]).out.contains("Not in force"));
    assert!(!fs::read_to_string(dir.join("shop/features.ron")).unwrap().contains("balance"));
}

#[test]
fn arguments_that_make_no_sense_change_nothing() {
    let folder = shop();
    let dir = folder.path();
    let before = fs::read_to_string(dir.join("shop/features.ron")).unwrap();
    for (args, words) in [
        (["--fresh", "balanc:balance.at:7d"], "there is no feature `balanc`; did you mean `balance`?"),
        (["--fresh", "balance:balance.at:7"], "`7` is no age; write a whole number of s, m, h, d or w"),
        (["--fresh", "balance:balance.at:0d"], "must be 1 second or more"),
        (["--fresh", "balance:7d"], "write it as NAME:AT:AGE"),
        (["--fresh", "balance:plan:7d"], "it is a text, not a time; times are balance_at"),
        (["--fresh", "customer:balance.at:7d"], "has the role subject"),
        (["--when-missing", "balance=much"], "`balance` is of the type number, and `much` is none"),
        (["--when-missing", "balance"], "write it as NAME=VALUE"),
        (["--when-missing", "plans=gold"], "did you mean `plan`?"),
    ] {
        let ended = attune(dir, &["features", "shop", args[0], args[1]]);
        assert!(ended.code == 2 && ended.err.contains(words), "{args:?}: {} {}", ended.code, ended.err);
        assert!(ended.err.contains(args[1]), "the argument is named: {}", ended.err);
        assert_eq!(fs::read_to_string(dir.join("shop/features.ron")).unwrap(), before);
    }
    let ended = attune(dir, &["features", "people.csv", "--when-missing", "balance=0"]);
    assert!(ended.code == 2 && ended.err.contains("into a project"), "{}", ended.err);
}
