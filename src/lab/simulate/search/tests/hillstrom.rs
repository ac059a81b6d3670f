//! The Hillstrom trial: what is found beside the one-line rule that everybody finds.

use super::*;
use crate::simulate::Other;
use crate::simulate::search::report::Verdict;
use crate::simulate::tests::{hillstrom, only, rule};
use crate::task::Task;
use attune_policy::rule::{Scope, Stage};

#[test]
fn a_tree_no_better_than_a_one_line_rule_looks_so() {
    let Some((dataset, roles)) = hillstrom() else { return };
    let schema = roles.schema(&dataset);
    let women = |rule: Rule| compile(Document { rules: vec![rule], ..document(schema.clone(), &[("womens", 1.0)]) });
    let nobody = women(rule("nobody", Stage::Suitability, Scope::All, "false"));
    let one_line = women(rule("bought_womens", Stage::Applicability, Scope::All, "womens == 1"));
    // As many mails as the rule sends.
    let options = SearchOptions {
        outcome: Some("visit".into()),
        contacts: Some(0.56),
        bootstrap: 300,
        ..SearchOptions::default()
    };
    let others = [Other { name: "womens == 1", policy: &one_line }];
    let found = tree(&nobody, &others, &dataset, &roles, &options, &Task::default()).unwrap().proposal;
    // The mail helps: 15.1 % visit with it, 10.6 % without.
    assert_eq!(found.trial.verdict, Verdict::Better);
    let value = found.trial.policies[0].value.unwrap();
    assert!((0.125..0.15).contains(&value.value) && value.high - value.low < 0.02, "{value:?}");
    assert!(found.trial.budgets[0].learned <= 0.56 && found.trial.policies[0].share_contacted > 0.4);
    let gap = found.trial.differences.iter().find(|gap| gap.than == "womens == 1").unwrap();
    assert!(gap.joint.0 <= 0.0 && gap.joint.1 - gap.joint.0 < 0.02, "{gap:?}");
    assert!(!gap.verdict.starts_with("better") && gap.difference.value > -0.01, "{gap:?}");
}

#[test]
fn against_the_best_mail_for_all_there_is_nothing_to_find() {
    let Some((dataset, roles)) = hillstrom() else { return };
    let both = document(roles.schema(&dataset), &[("mens", 2.0), ("womens", 1.0)]);
    let mens =
        compile(Document { rules: vec![rule("no_womens", Stage::Suitability, only("womens"), "false")], ..both });
    let options = SearchOptions { outcome: Some("visit".into()), bootstrap: 300, ..SearchOptions::default() };
    let found = tree(&mens, &[], &dataset, &roles, &options, &Task::default()).unwrap().proposal;
    assert_eq!(found.trial.verdict, Verdict::Nothing, "{}", found.trial.words);
    let gap = &found.trial.differences[0];
    assert!(gap.difference.value.abs() < 0.01, "{gap:?}");
}
