//! A better policy is searched for, said in rules, written where it was asked for, and decides as it says.

use super::{attune, done, json, table};
use attune_lab::project::{Access, Project};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// The shop, with a policy of rules alone that gives everybody the plain mail.
fn shop(rows: usize) -> tempfile::TempDir {
    let folder = super::shop(rows);
    plain_for_all(&folder.path().join("shop"));
    folder
}

fn plain_for_all(dir: &Path) {
    let mut opened = Project::open(dir, Access::Write).unwrap();
    let draft = Arc::make_mut(&mut opened.parts.draft);
    draft.fallback.clear();
    draft.rules.retain(|rule| rule.id != "not_urban");
    for action in &mut draft.actions {
        action.propensity = None;
        action.value = if action.id == "plain" { 2.0 } else { 1.0 };
    }
    opened.project.save(&opened.parts, "Plain for all").unwrap();
}

#[test]
fn a_tree_is_proposed_and_written_when_it_is_better() {
    let folder = shop(6_000);
    let dir = folder.path();
    let before = fs::read(dir.join("shop/draft.ron")).unwrap();
    let search = ["search", "shop", "--columns", "recency,zone", "--bootstrap", "300"];
    let found = json(dir, &[&search[..], &["--write", "proposal"]].concat());
    assert_eq!(found["trial"]["verdict"], "Better", "{found:#}");
    // The second mail helps a little everywhere, the third a lot up to four months.
    let rules: Vec<&str> = found["rules"].as_array().unwrap().iter().map(|r| r["expr"].as_str().unwrap()).collect();
    assert!(rules.contains(&"recency <= 4") && rules.contains(&"recency >= 5"), "{rules:?}");
    let gap = &found["trial"]["differences"][0];
    assert_eq!(gap["than"], "the current policy");
    let low = gap["difference"]["bootstrap"][0].as_f64().unwrap();
    assert!(low > 0.0 && gap["difference"]["n"].as_u64().unwrap() > 1_500, "{gap:#}");
    assert_eq!(fs::read(dir.join("shop/draft.ron")).unwrap(), before, "the project is as it was");

    assert_eq!(json(dir, &["check", "proposal/policy.ron"])["errors"], 0);
    assert!(dir.join("proposal/draft.ron").exists() && dir.join("proposal/proposal.ron").exists());
    let decide = ["decide", "proposal/policy.ron", "--input", "customers.csv", "--subject", "customer.id"];
    done(dir, &[&decide[..], &["--output", "decided.csv"]].concat());
    let customers = table(&dir.join("customers.csv"));
    let mut seen = 0;
    for (customer, decision) in customers.iter().zip(table(&dir.join("decided.csv"))) {
        let eligible = customer["consent"] == "yes" && customer["history"].parse::<f64>().is_ok_and(|h| h > 60.0);
        let recent = customer["recency"].parse::<u32>().unwrap() <= 4;
        let expected = if !eligible {
            "NoAction"
        } else if recent {
            "bold"
        } else {
            "plain"
        };
        assert_eq!(decision["action"].to_lowercase(), expected.to_lowercase(), "{customer:?}");
        seen += usize::from(eligible);
    }
    assert!(seen > 3_000, "{seen}");

    let text = done(dir, &search).out;
    for part in ["beats the current policy", "Who gets what", "recency <= 4", "held-out rows", "Stays:", "Definitions"]
    {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    // The proposal cannot be beaten by a search for the same.
    let again = done(dir, &[&search[..], &["--policy", "proposal/policy.ron", "--write", "again"]].concat()).out;
    assert!(again.contains("Nothing was found") && again.contains("Nothing was written"), "{again}");
    assert!(!dir.join("again").exists());
    let budget = json(dir, &[&search[..], &["--budget", "0.2"]].concat());
    let used = &budget["trial"]["budgets"][0];
    assert!(used["learned"].as_f64().unwrap() <= 0.2 && used["held_out"].as_f64().unwrap() < 0.23, "{used:#}");
}

#[test]
fn numbers_are_tuned_and_wrong_usage_is_named() {
    let folder = shop(4_000);
    let dir = folder.path();
    let settings = ["search", "shop", "--settings", "--rule", "known_history", "--bootstrap", "300"];
    let found = json(dir, &settings);
    let tried = found["settings"].as_array().unwrap();
    let rule = tried.iter().find(|s| s["words"].as_str().unwrap().contains("rule known_history")).unwrap();
    assert!(rule["tried"].as_array().unwrap().len() > 5, "{rule:#}");
    assert!(done(dir, &settings).out.contains("policies were decided"));
    for (arguments, code, words) in [
        (vec!["--settings", "--rule", "has_consent"], 1, "guards are not tuned"),
        (vec!["--depth", "5"], 1, "a depth from 0 to 3"),
        (vec!["--outcome", "zone"], 2, "no column with the role outcome"),
        (vec!["--columns", "recencyy"], 1, "did you mean `recency`?"),
        (vec!["--worth", "0"], 2, "an amount above 0"),
        (vec!["--budget", "2"], 1, "is no budget"),
    ] {
        let ended = attune(dir, &[&["search", "shop"], arguments.as_slice()].concat());
        assert_eq!(ended.code, code, "{arguments:?} {}", ended.err);
        assert!(ended.err.contains(words), "{arguments:?} {}", ended.err);
    }
    let over = attune(dir, &["search", "shop", "--columns", "recency", "--write", "shop", "--even-so"]);
    assert!(over.code == 1 && over.err.contains("is a project"), "{}", over.err);
}
