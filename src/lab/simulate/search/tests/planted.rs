//! A planted rule is found, said in words, and decides as the tree does on every row; budgets, guards and thin leaves are respected.

use super::*;
use crate::simulate::search::report::Verdict;
use crate::simulate::tests::{only, rule};
use crate::task::Task;
use attune_policy::language::Kind;
use attune_policy::rule::{Scope, Stage};

fn found(world: &Mailing, current: &Policy, options: &SearchOptions) -> FoundTree {
    tree(current, &[], &world.dataset, &world.roles, options, &Task::default()).unwrap()
}

#[test]
fn a_planted_rule_is_proposed_as_readable_rules() {
    let world = mailing(6_000, 1.0, 0.5, 1);
    let nobody = world.policy(vec![rule("nobody", Stage::Suitability, only("mail"), "false")]);
    let FoundTree { proposal, document } = found(&world, &nobody, &SearchOptions::default());
    assert_eq!((proposal.trial.verdict, proposal.depth), (Verdict::Better, 2), "{proposal:#?}");
    let exprs: Vec<&str> = proposal.rules.iter().map(|rule| rule.expr.as_str()).collect();
    assert_eq!(exprs, ["recency <= 6 && womens == 1"]);
    assert_eq!(proposal.rules[0].name, "mail: recency is at most 6 and womens is 1");
    assert_eq!(proposal.dropped, ["rule nobody"]);
    // A quarter of the rows gains 1.
    let gap = &proposal.trial.differences[0];
    assert!((gap.difference.value - 0.25).abs() < 4.0 * gap.difference.se && gap.difference.se < 0.03, "{gap:?}");
    assert!(gap.snips.unwrap().low > 0.0);
    // The simpler rule is worse, and mailing everybody too.
    for other in &proposal.trial.differences[1..] {
        assert!(other.joint.0 > 0.0 && other.verdict.starts_with("better than the best"), "{other:?}");
    }
    let policy = compile(document);
    assert!((world.worth(&policy) - world.worth(&nobody) - 0.25).abs() < 0.02);
    for rule in &proposal.rules {
        assert_eq!(policy.rule_kind(&rule.id), Some(Kind::Lowered));
    }
    let leaf = proposal.leaves.iter().find(|leaf| leaf.action == "mail").unwrap();
    assert!(leaf.ess >= 100.0 && leaf.learned_ess >= 100.0 && (leaf.share - 0.25).abs() < 0.03, "{leaf:?}");
    let effect = leaf.effect.unwrap();
    assert!((effect.value - 1.0).abs() < 4.0 * effect.se, "{effect:?}");
}

/// Conditions of every kind, with values that are missing, some of them only among the held-out rows.
#[test]
fn the_policy_decides_as_the_tree_on_every_row() {
    let mut decided = 0;
    for seed in 0..6 {
        let world = mailing(3_000, 0.4, 0.4, 100 + seed);
        let current = world.policy(vec![rule("consent", Stage::Guard, Scope::All, "subscribed")]);
        for (depth, columns) in [(2, vec!["history".to_owned(), "zone".into()]), (3, Vec::new())] {
            let options =
                SearchOptions { depth, columns, least_support: 20.0, bootstrap: 0, ..SearchOptions::default() };
            let FoundTree { proposal, document } = found(&world, &current, &options);
            assert_eq!(proposal.as_the_tree, proposal.trial.held_out);
            let policy = compile(document);
            let mails = mailed(&policy, &world.dataset, &world.roles);
            // The leaves, read from their own conditions by the engine.
            let mut expected = vec![false; world.dataset.rows()];
            for leaf in proposal.leaves.iter().filter(|leaf| leaf.action == "mail") {
                let inside = world.policy(vec![
                    rule("consent", Stage::Guard, Scope::All, "subscribed"),
                    rule("leaf", Stage::Applicability, only("mail"), &leaf.expr),
                ]);
                let own = mailed(&inside, &world.dataset, &world.roles);
                expected.iter_mut().zip(own).for_each(|(all, own)| *all |= own);
            }
            assert_eq!(mails, expected);
            assert!(mails.iter().zip(0..).all(|(mailed, row)| {
                !mailed || world.dataset.value(row, "subscribed") == attune_policy::Value::Bool(true)
            }));
            decided += proposal.leaves.len();
        }
    }
    assert!(decided > 20, "only {decided} leaves were seen");
}

#[test]
fn budgets_and_costs_are_kept() {
    let world = mailing(6_000, 1.0, -0.2, 3);
    let nobody = world.policy(vec![rule("nobody", Stage::Suitability, only("mail"), "false")]);
    // Everybody gains something: without a budget all are mailed.
    let free = found(&world, &nobody, &SearchOptions::default()).proposal;
    assert!(free.trial.policies[0].share_contacted > 0.99 && free.price.is_none());
    let limited = SearchOptions { contacts: Some(0.3), ..SearchOptions::default() };
    let own = found(&world, &nobody, &limited).proposal;
    let budget = &own.trial.budgets[0];
    assert!(budget.learned <= 0.3 && budget.learned > 0.2, "{budget:?}");
    // The best quarter is among them.
    assert!(own.trial.differences[0].difference.value > 0.18 && own.trial.verdict == Verdict::Better, "{own:#?}");
    assert!(own.price.is_some_and(|price| price > 0.1), "{:?}", own.price);
    let mut document = nobody.document().clone();
    document.actions[0].cost = 0.5;
    let costly = compile(document);
    let net = SearchOptions { objective: Objective::Net { worth: 1.0 }, ..SearchOptions::default() };
    let own = found(&world, &costly, &net).proposal;
    // Which of the two is asked first changes nobody's choice.
    let mut asked: Vec<&str> = own.rules[0].expr.split(" && ").collect();
    asked.sort_unstable();
    assert_eq!(asked, ["recency <= 6", "womens == 1"], "only there the mail is worth its cost");
    assert!((own.trial.policies[0].cost - 0.125).abs() < 0.02);
    let paid = found(&world, &costly, &SearchOptions { cost: Some(0.05), ..SearchOptions::default() }).proposal;
    assert!(paid.trial.budgets[0].learned <= 0.05 && paid.trial.policies[0].share_contacted < 0.12);
}

#[test]
fn what_the_log_does_not_support_is_not_proposed() {
    let world = mailing(3_000, 1.0, 0.5, 4);
    let mut document = world.policy(Vec::new()).document().clone();
    let mut unlogged = document.actions[0].clone();
    (unlogged.id, unlogged.name) = ("letter".into(), "letter".into());
    document.actions.push(unlogged);
    let FoundTree { proposal, document } = found(&world, &compile(document), &SearchOptions::default());
    let closed = proposal.rules.iter().find(|rule| rule.action == "letter").unwrap();
    assert_eq!((closed.expr.as_str(), closed.note.as_str()), ("false", "It was never logged."));
    assert!(proposal.trial.notes.iter().any(|note| note.contains("letter was never logged")));
    assert!(document.rules.iter().any(|rule| rule.id == closed.id));
    // A least support that no part of the rows has leaves one choice for all.
    let options = SearchOptions { least_support: 500.0, ..SearchOptions::default() };
    let proposal = found(&world, &world.policy(Vec::new()), &options).proposal;
    assert!(proposal.leaves.iter().all(|leaf| leaf.learned_ess >= 500.0));
}

#[test]
fn any_number_of_threads_proposes_the_same() {
    let world = mailing(2_000, 1.0, 0.5, 5);
    let current = world.policy(Vec::new());
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| found(&world, &current, &SearchOptions::default()))
    };
    let (one, two) = (on(1), on(2));
    assert_eq!(one.proposal, two.proposal);
    assert_eq!(one.document, two.document);
    let text = ron::to_string(&one.proposal).unwrap();
    assert_eq!(ron::from_str::<TreeProposal>(&text).unwrap(), one.proposal, "a proposal reads back as it was written");
}

#[test]
fn what_cannot_be_searched_is_named() {
    let world = mailing(1_000, 1.0, 0.5, 6);
    let current = world.policy(Vec::new());
    let refused = |options: SearchOptions, roles: &Roles| {
        tree(&current, &[], &world.dataset, roles, &options, &Task::default()).unwrap_err().to_string()
    };
    let with = SearchOptions::default;
    for (options, words) in [
        (SearchOptions { depth: 4, ..with() }, "a depth from 0 to 3"),
        (SearchOptions { columns: vec!["recencyy".into()], ..with() }, "did you mean `recency`?"),
        (SearchOptions { columns: vec!["subscribed".into()], ..with() }, "the role consent"),
        (SearchOptions { contacts: Some(1.5), ..with() }, "is no budget"),
        (SearchOptions { held_out: Some(1.0), ..with() }, "leaves too little"),
        (SearchOptions { outcome: Some("spent".into()), ..with() }, "has not the role outcome"),
    ] {
        let found = refused(options, &world.roles);
        assert!(found.contains(words), "{found}");
    }
    let mut roles = world.roles.clone();
    roles.columns.insert("arm".into(), Role::Ignored);
    assert!(refused(with(), &roles).contains("no column has the role action"));
    let task = Task::default();
    task.cancel();
    assert!(tree(&current, &[], &world.dataset, &world.roles, &with(), &task).unwrap_err().is_cancelled());
}
