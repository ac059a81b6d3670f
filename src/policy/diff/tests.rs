//! Differences: the sentences people read, what loosens a protection, and that exactly what was edited is named.

use super::ChangeKind::{Added, Changed, Moved, Removed};
use super::Effect::{Neutral, Open, Stricter, Weaker};
use super::*;
use crate::contact::{QuietHours, TimeOfDay, Window};
use crate::decide::random;
use crate::model::Function;
use crate::overrides::{Override, OverrideKind};
use crate::rule::{OnMissing, Scope, Stage};
use crate::testing::{Random, sample};
use crate::value::Value;

fn edited(edit: impl FnOnce(&mut Document)) -> Diff {
    let mut after = sample();
    edit(&mut after);
    diff(&sample(), &after)
}

type Edit = fn(&mut Document);

#[test]
fn one_change_one_sentence() {
    // Edit; id, kind, effect, sentence.
    let table: &[(Edit, &str, ChangeKind, Effect, &str)] = &[
        (
            |d| d.caps[0].limit = Some(3),
            "caps/weekly/limit",
            Changed,
            Weaker,
            "Cap “Two a week” now allows 3 instead of 2 contacts in 7 days.",
        ),
        (
            |d| d.caps[0].limit = None,
            "caps/weekly/limit",
            Changed,
            Weaker,
            "Cap “Two a week” has no limit any more; it allowed 2 contacts in 7 days.",
        ),
        (
            |d| d.caps[0].window = Window::Rolling(86_400),
            "caps/weekly/window",
            Changed,
            Weaker,
            "Cap “Two a week” now counts in 1 day instead of in 7 days.",
        ),
        (
            |d| d.caps[0].window = Window::Lifetime,
            "caps/weekly/window",
            Changed,
            Stricter,
            "Cap “Two a week” now counts ever instead of in 7 days.",
        ),
        (
            |d| d.caps[1].enabled = false,
            "caps/sms_daily/enabled",
            Changed,
            Weaker,
            "Cap “One text message a day” switched off.",
        ),
        (|d| drop(d.caps.remove(1)), "caps/sms_daily", Removed, Weaker, "Cap “One text message a day” removed."),
        (
            |d| {
                let mut cap = d.caps[0].clone();
                (cap.id, cap.name) = ("tight".into(), "Tight".into());
                d.caps.push(cap);
            },
            "caps/tight",
            Added,
            Stricter,
            "Cap “Tight” added: at most 2 contacts in 7 days.",
        ),
        (|d| drop(d.rules.remove(0)), "rules/consent", Removed, Weaker, "Rule “Consent to e-mail” removed."),
        (
            |d| d.rules[0].expr = "true".into(),
            "rules/consent/expr",
            Changed,
            Open,
            "Rule “Consent to e-mail” now asks `true` instead of `consent`.",
        ),
        (
            |d| d.rules[0].scope = Scope::All,
            "rules/consent/scope",
            Changed,
            Stricter,
            "Rule “Consent to e-mail”: scope channel email → all.",
        ),
        (
            |d| d.rules[0].stage = Stage::Suitability,
            "rules/consent/stage",
            Changed,
            Weaker,
            "Rule “Consent to e-mail”: stage guard → suitability.",
        ),
        (
            |d| d.rules[3].on_missing = OnMissing::Remove,
            "rules/not_in_shop/on_missing",
            Changed,
            Stricter,
            "Rule “Not while in the shop”: what it does when it cannot tell keep → remove.",
        ),
        // Switched off before and after: nobody is protected less.
        (
            |d| d.rules[6].expr = "true".into(),
            "rules/paused/expr",
            Changed,
            Neutral,
            "Rule “Paused for now” now asks `true` instead of `false`.",
        ),
        (|d| d.rules.swap(0, 2), "", Moved, Neutral, ""),
        (|d| d.actions[0].value = 12.0, "actions/mens/value", Changed, Neutral, "Action “Men's e-mail”: value 5 → 12."),
        (
            |d| d.actions[2].mandatory = true,
            "actions/newsletter/mandatory",
            Changed,
            Weaker,
            "Action “Newsletter”: mandatory no → yes.",
        ),
        (
            |d| d.actions[0].valid_until = None,
            "actions/mens/valid_until",
            Changed,
            Weaker,
            "Action “Men's e-mail”: end of validity removed; it was 2100-01-01T00:00:00Z.",
        ),
        (
            |d| d.actions[0].tags.push("new".into()),
            "actions/mens/tags",
            Changed,
            Open,
            "Action “Men's e-mail”: tags promo, seasonal → promo, seasonal, new.",
        ),
        (
            |d| drop(d.actions[0].attributes.insert("pages".into(), Value::Integer(4))),
            "actions/mens/attributes/pages",
            Changed,
            Neutral,
            "Action “Men's e-mail”: attributes pages 3 → 4.",
        ),
        (
            |d| d.actions[0].treatments[1].channel = "web".into(),
            "actions/mens/treatments/short/channel",
            Changed,
            Neutral,
            "Action “Men's e-mail”, treatment “short”: channel sms → web.",
        ),
        (
            |d| d.issues[0].groups[1].weight = 7.0,
            "issues/sales/groups/loyalty/weight",
            Changed,
            Neutral,
            "Issue “sales”, group “loyalty”: weight 0 → 7.",
        ),
        (|d| d.name = "Summer".into(), "name", Changed, Neutral, "Name Spring e-mail → Summer."),
        (
            |d| d.holdouts[0].share = 0.2,
            "holdouts/control/share",
            Changed,
            Neutral,
            "Holdout “control”: share 0.1 → 0.2.",
        ),
        (
            |d| d.quiet_hours.push(QuietHours::us_telephone("us", "sms", None)),
            "quiet_hours/us",
            Added,
            Stricter,
            "Quiet hours “United States telephone hours” added: from 21:00 until 08:00.",
        ),
        (
            |d| {
                d.overrides.push(Override {
                    id: "recall".into(),
                    kind: OverrideKind::Force(Scope::Action("recall".into())),
                    when: None,
                    reason: "A recall is on.".into(),
                    author: "a".into(),
                    approver: "b".into(),
                    from: 0,
                    until: 86_400_000,
                });
            },
            "overrides/recall",
            Added,
            Weaker,
            "Override “recall” added: force action recall until 1970-01-02T00:00:00Z, because A recall is on.",
        ),
    ];
    for (edit, id, kind, effect, sentence) in table {
        let diff = edited(edit);
        if *kind == Moved {
            // Two changed places: both are told, one as moved down and one as moved up.
            assert!(diff.changes.iter().all(|c| c.kind == Moved && c.effect == Neutral), "{diff}");
            assert!(!diff.is_empty());
            continue;
        }
        let [change] = diff.changes.as_slice() else { panic!("{id}: {diff}") };
        assert_eq!(
            (change.id.as_str(), change.kind, change.effect, change.sentence.as_str()),
            (*id, *kind, *effect, *sentence)
        );
    }
}

#[test]
fn hours_that_reach_further_are_stricter() {
    let mut before = sample();
    before.quiet_hours.push(QuietHours::us_telephone("us", "sms", None));
    let table = [
        ((20, 0), (8, 0), Stricter),
        ((22, 0), (8, 0), Weaker),
        ((12, 0), (15, 0), Open),
        ((21, 0), (9, 30), Stricter),
    ];
    for (from, until, effect) in table {
        let mut after = before.clone();
        after.quiet_hours[0].from = TimeOfDay::at(from.0, from.1);
        after.quiet_hours[0].until = TimeOfDay::at(until.0, until.1);
        assert!(diff(&before, &after).changes.iter().all(|change| change.effect == effect), "{from:?} {until:?}");
    }
}

#[test]
fn models_are_told_in_a_few_words() {
    let linear = sample().models.iter().position(|m| matches!(m.function, Function::Linear { .. })).unwrap();
    let trees = sample().models.iter().position(|m| matches!(m.function, Function::Trees { .. })).unwrap();
    let retrained = edited(|d| {
        let Function::Linear { coefficients, .. } = &mut d.models[linear].function else { panic!() };
        coefficients[0] += 1.0;
        coefficients[1] -= 2.0;
    });
    let [change] = retrained.changes.as_slice() else { panic!("{retrained}") };
    assert!(
        change.sentence.contains("retrained: coefficients of 2 inputs changed, most of all "),
        "{}",
        change.sentence
    );
    let grown = edited(|d| {
        let Function::Trees { trees: all, .. } = &mut d.models[trees].function else { panic!() };
        let tree = all[0].clone();
        all.push(tree);
    });
    assert_eq!(grown.changes.len(), 1);
    assert!(grown.changes[0].sentence.contains(" trees instead of "), "{grown}");
    let replaced = edited(|d| d.models[linear].function = Function::Constant(0.5));
    assert!(
        replaced.changes[0].sentence.contains(" is now the constant 0.5 instead of a linear function"),
        "{replaced}"
    );
    let read = edited(|d| {
        d.models[trees].inputs.pop();
    });
    assert!(read.changes[0].sentence.contains(" no longer reads "), "{read}");
}

#[test]
fn a_moved_rule_is_told_once() {
    let diff = edited(|d| {
        let rule = d.rules.remove(4);
        d.rules.insert(1, rule);
    });
    let [change] = diff.changes.as_slice() else { panic!("{diff}") };
    assert_eq!((change.id.as_str(), change.kind), ("rules/women_only", Moved));
    assert_eq!(change.sentence, "Rule “Buys women's wear” moved from place 5 to place 2.");
}

#[test]
fn parts_are_grouped_in_the_order_of_the_document() {
    let diff = edited(|d| {
        d.caps[0].limit = Some(1);
        d.models.pop();
        d.actions[0].cost = 1.0;
        d.rules[0].enabled = false;
    });
    let parts: Vec<&str> = diff.changes.iter().map(|change| change.part).collect();
    assert_eq!(parts.iter().filter(|part| **part == "models").count(), 1);
    assert!(parts.is_sorted_by_key(|part| words::rank(part)), "{parts:?}");
    let text = diff.to_string();
    assert!(text.starts_with("Actions\n  Action “Men's e-mail”: cost 0.05 → 1.\nRules\n  Rule “Consent to e-mail” switched off. [weaker]\n"), "{text}");
    assert_eq!(diff.weaker().count(), 1);
}

/// An edit of a random document, if it has what is edited; gives the ids that may be named.
type RandomEdit = fn(&mut Document, &mut Random) -> Option<String>;

const EDITS: &[RandomEdit] = &[
    |d, _| {
        d.note.push('x');
        Some("note".into())
    },
    |d, random| {
        let at = random.below(d.actions.len());
        let action = d.actions.get_mut(at)?;
        action.value += 1.0;
        Some(format!("actions/{}/value", action.id))
    },
    |d, random| {
        let at = random.below(d.actions.len());
        let action = d.actions.get_mut(at)?;
        action.treatments[0].template.push('t');
        Some(format!("actions/{}/treatments/{}/template", action.id, action.treatments[0].id))
    },
    |d, random| {
        let at = random.below(d.rules.len());
        let rule = d.rules.get_mut(at)?;
        rule.enabled = !rule.enabled;
        Some(format!("rules/{}/enabled", rule.id))
    },
    |d, random| (!d.rules.is_empty()).then(|| format!("rules/{}", d.rules.remove(random.below(d.rules.len())).id)),
    |d, random| {
        let at = random.below(d.rules.len());
        let mut rule = d.rules.get(at)?.clone();
        rule.id = "another".into();
        d.rules.insert(random.below(d.rules.len()), rule);
        Some("rules/another".into())
    },
    |d, random| {
        let at = random.below(d.caps.len());
        let cap = d.caps.get_mut(at)?;
        cap.limit = Some(cap.limit.map_or(9, |limit| limit + 1));
        Some(format!("caps/{}/limit", cap.id))
    },
    |d, _| {
        let holdout = d.holdouts.first_mut()?;
        holdout.salt.push('s');
        Some(format!("holdouts/{}/salt", holdout.id))
    },
    |d, _| {
        d.arbitration.floors.first_mut()?.min_priority = Some(77.0);
        Some("arbitration/floors/1/min_priority".into())
    },
    |d, _| {
        d.arbitration
            .floors
            .insert(0, crate::arbitration::Floor { scope: Scope::All, min_propensity: Some(0.7), min_priority: None });
        Some("arbitration/floors/1".into())
    },
    |d, _| {
        let weight = d.arbitration.context_weights.first_mut()?;
        weight.percent += 3.0;
        Some(format!("arbitration/context_weights/{}/percent", weight.id))
    },
    |d, _| {
        d.fallback.pop()?;
        Some(format!("fallback/{}", d.fallback.len() + 1))
    },
    |d, random| {
        let at = random.below(d.models.len());
        let model = d.models.get_mut(at)?;
        model.fallback += 0.1;
        Some(format!("models/{}/fallback", model.id))
    },
    |d, _| {
        d.models[1].function = Function::Constant(0.25);
        Some("models/m1/function".into())
    },
    |d, _| {
        d.schema.fields[0].source.push('x');
        Some("schema/fields/n/source".into())
    },
];

#[test]
fn exactly_what_was_edited_is_named() {
    let mut random = Random::new(8);
    let mut done = vec![0; EDITS.len()];
    for _ in 0..3000 {
        let (before, _) = random::document(&mut random);
        assert!(diff(&before, &before).is_empty());
        let mut after = before.clone();
        let which = random.below(EDITS.len());
        let Some(id) = EDITS[which](&mut after, &mut random) else { continue };
        let diff = diff(&before, &after);
        assert_eq!(diff.is_empty(), before == after);
        let ids: Vec<&str> = diff.changes.iter().map(|change| change.id.as_str()).collect();
        assert_eq!(ids, [id], "{diff}");
        assert!(diff.changes[0].sentence.ends_with('.') && !diff.changes[0].sentence.starts_with(' '), "{diff}");
        done[which] += 1;
    }
    assert!(done.iter().all(|times| *times > 30), "{done:?}: the test lost its bite");
}

/// Two random documents: something is named exactly when they differ, and the way back tells as much as the way there.
#[test]
fn nothing_is_named_exactly_when_documents_are_equal() {
    let mut random = Random::new(9);
    for _ in 0..500 {
        let ((a, _), (b, _)) = (random::document(&mut random), random::document(&mut random));
        let (there, back) = (diff(&a, &b), diff(&b, &a));
        assert_eq!(there.is_empty(), a == b);
        assert_eq!(there.changes.len(), back.changes.len());
        let count = |diff: &Diff, kind| diff.changes.iter().filter(|change| change.kind == kind).count();
        assert_eq!(count(&there, Added), count(&back, Removed));
        let mut ids: Vec<&str> = there.changes.iter().filter(|c| c.kind != Moved).map(|c| c.id.as_str()).collect();
        let named = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), named, "an id stands for one change");
    }
}
