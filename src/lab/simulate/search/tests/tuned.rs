//! Numbers of a policy: a threshold that is too narrow is widened, noise changes nothing, budgets are kept.

use super::*;
use crate::simulate::search::report::Verdict;
use crate::simulate::tests::{only, rule};
use crate::task::Task;
use attune_policy::arbitration::Floor;
use attune_policy::rule::{Scope, Stage};

/// Mails women who bought in the last two months, where up to six would do.
fn narrow(world: &Mailing) -> Policy {
    world.policy(vec![
        rule("consent", Stage::Guard, Scope::All, "subscribed"),
        rule("recent", Stage::Applicability, only("mail"), "recency <= 2 && womens == 1"),
    ])
}

fn tuned(world: &Mailing, options: &SearchOptions) -> FoundSettings {
    let rules = ["recent".to_owned()];
    tune(&narrow(world), &rules, &world.dataset, &world.roles, options, &Task::default()).unwrap()
}

#[test]
fn a_threshold_that_is_too_narrow_is_widened() {
    let world = mailing(5_000, 1.0, 0.8, 21);
    let FoundSettings { proposal, document } = tuned(&world, &SearchOptions::default());
    assert_eq!(proposal.trial.verdict, Verdict::Better, "{proposal:#?}");
    let rules: Vec<&str> = document.rules.iter().map(|rule| rule.expr.as_str()).collect();
    assert!(["recency <= 6 && womens == 1", "recency <= 5 && womens == 1"].contains(&rules[1]), "{rules:?}");
    assert_eq!(rules[0], "subscribed", "a guard stays as it is");
    assert!(proposal.settings.iter().any(|setting| setting.words.contains("for recency") && setting.gain.is_some()));
    let policy = compile(document);
    let gained = world.worth(&policy) - world.worth(&narrow(&world));
    let found = proposal.trial.differences[0].difference;
    assert!(gained > 0.08 && (found.value - gained).abs() < 4.0 * found.se, "{gained}: {found:?}");
    assert!(proposal.policies > 10);
}

#[test]
fn budgets_bind_and_noise_changes_nothing() {
    let world = mailing(5_000, 1.0, 0.8, 22);
    let limited = SearchOptions { contacts: Some(0.12), ..SearchOptions::default() };
    let FoundSettings { proposal, .. } = tuned(&world, &limited);
    assert!(proposal.trial.budgets[0].learned <= 0.12, "{:?}", proposal.trial.budgets);
    let mut better = 0;
    for seed in 0..20 {
        let world = mailing(1_200, 0.0, 0.0, 700 + seed);
        let options = SearchOptions { bootstrap: 200, seed, ..SearchOptions::default() };
        better += usize::from(tuned(&world, &options).proposal.trial.verdict == Verdict::Better);
    }
    assert!(better <= 2, "{better} of 20");
}

#[test]
fn what_cannot_be_tuned_is_named() {
    let world = mailing(1_000, 1.0, 0.5, 23);
    let refused = |policy: &Policy, rule: &str| {
        let rules: Vec<String> = if rule.is_empty() { Vec::new() } else { vec![rule.to_owned()] };
        let options = SearchOptions::default();
        tune(policy, &rules, &world.dataset, &world.roles, &options, &Task::default()).unwrap_err().to_string()
    };
    let policy = narrow(&world);
    assert!(refused(&policy, "consent").contains("guards are not tuned"));
    assert!(refused(&policy, "recentt").contains("did you mean `recent`?"));
    assert!(refused(&policy, "").contains("no number to tune"));
    let mut document = policy.document().clone();
    document.arbitration.floors = vec![Floor { scope: Scope::All, min_propensity: None, min_priority: Some(0.5) }];
    let options = SearchOptions { bootstrap: 0, ..SearchOptions::default() };
    let found = tune(&compile(document), &[], &world.dataset, &world.roles, &options, &Task::default()).unwrap();
    assert_eq!(found.proposal.settings.len(), 1);
    assert_eq!(found.proposal.settings[0].words, "least priority, floor 1");
}
