//! What can be a target, and what is said of what cannot.

use super::*;

fn dataset() -> (Dataset, Roles) {
    let text = |v: [&str; 6]| Cells::from_texts(v.into_iter().map(|t| (!t.is_empty()).then_some(t)));
    let dataset = Dataset::from_columns(
        "target",
        vec![
            ("visit".into(), Cells::Integer(vec![0, 1, 1, 0, Cells::MISSING, 1])),
            ("bought".into(), Cells::Bool(vec![Some(true), None, Some(false), Some(true), None, None])),
            ("answer".into(), text(["yes", "No", "", " YES ", "no", "no"])),
            ("status".into(), text(["left", "stayed", "left", "paused", "", "stayed"])),
            ("spend".into(), Cells::Number(vec![0.0, 1.0, 12.5, 0.0, 0.0, 0.0])),
            ("never".into(), Cells::Integer(vec![0; 6])),
            ("blank".into(), Cells::Integer(vec![Cells::MISSING; 6])),
            ("when".into(), Cells::Time(vec![0; 6])),
            ("arm".into(), text(["mail", "mail", "none", "none", "mail", "mail"])),
        ],
    )
    .unwrap();
    let mut roles = Roles::default();
    roles.columns.insert("arm".into(), Role::Action);
    (dataset, roles)
}

fn of(outcome: &str, positive: Option<&str>, arm: Option<&str>) -> Result<Target> {
    let (dataset, roles) = dataset();
    let mut spec = ModelSpec::new("m", outcome);
    (spec.positive, spec.arm, spec.folds) = (positive.map(Into::into), arm.map(Into::into), 2);
    let target = target(&spec, &dataset, &roles, &[0, 1, 2, 3, 4, 5])?;
    enough(&spec, &target)?;
    Ok(target)
}

#[test]
fn outcomes_of_every_kind_become_labels() {
    let is = |outcome: &str, positive: Option<&str>, rows: &[u32], labels: &[bool]| {
        let target = of(outcome, positive, None).unwrap();
        assert_eq!((target.rows.as_slice(), target.labels.as_slice()), (rows, labels), "{outcome}");
        assert_eq!(target.unlabelled, 6 - rows.len() as u64);
    };
    is("visit", None, &[0, 1, 2, 3, 5], &[false, true, true, false, true]);
    is("answer", None, &[0, 1, 3, 4, 5], &[true, false, true, false, false]);
    is("status", Some("left"), &[0, 1, 2, 3, 5], &[true, false, true, false, false]);
    let target = of("visit", None, Some("mail")).unwrap_err().to_string();
    assert!(target.contains("only 1 of the 3 training rows of arm `mail` lack the outcome"), "{target}");
}

#[test]
fn targets_that_cannot_be_learned_say_why() {
    let table = [
        (
            of("spend", None, None),
            "row 3, column `spend`: holds 12.5, where an outcome is 0 or 1; choose an outcome of 0/1",
        ),
        (of("status", None, None), "column `status`: holds `left`, which is neither yes nor no"),
        (
            of("status", Some("gone"), None),
            "column `status`: never holds `gone`, the value that counts as the outcome; its values: `left`, `stayed`, `paused`",
        ),
        (
            of("never", None, None),
            "column `never`: the outcome never happens in the 6 training rows: there is nothing to tell apart",
        ),
        (of("blank", None, None), "column `blank`: is missing in all 6 training rows"),
        (of("when", None, None), "column `when`: is a time"),
        (of("vist", None, None), "column `vist`: there is no such column in `target`; did you mean `visit`?"),
        (of("visit", None, Some("letter")), "column `arm`: has no value `letter`; its values: `mail`, `none`"),
        (
            of("bought", None, None),
            "column `bought`: only 1 of the 3 training rows lack the outcome, fewer than the 2 folds",
        ),
    ];
    for (result, expected) in table {
        let error = result.unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}\nexpected: {expected}");
    }
    let (dataset, _) = dataset();
    let mut spec = ModelSpec::new("m", "visit");
    spec.arm = Some("mail".into());
    let error = target(&spec, &dataset, &Roles::default(), &[0]).unwrap_err().to_string();
    assert!(error.contains("no column has the role action"), "{error}");
    assert!(target(&spec, &dataset, &Roles::default(), &[6]).is_err());
}

#[test]
fn amounts_keep_their_values_and_are_told_apart_at_the_median() {
    let (dataset, roles) = dataset();
    let of = |outcome: &str| {
        let spec = ModelSpec { goal: Goal::Amount, folds: 2, ..ModelSpec::new("m", outcome) };
        let target = target(&spec, &dataset, &roles, &[0, 1, 2, 3, 4, 5])?;
        enough(&spec, &target).map(|()| target)
    };
    let visits = of("visit").unwrap();
    assert_eq!((visits.rows.as_slice(), visits.unlabelled), ([0, 1, 2, 3, 5].as_slice(), 1));
    assert_eq!((visits.values, visits.labels), (vec![0.0, 1.0, 1.0, 0.0, 1.0], vec![false, true, true, false, true]));
    let spend = of("spend").unwrap();
    assert_eq!(spend.labels, [false, true, true, false, false, false]);
    assert!((spend.mean() - 2.25).abs() < 1e-12);
    for (outcome, expected) in [
        ("never", "column `never`: is the same in all 6 training rows"),
        ("answer", "column `answer`: holds no numbers"),
        ("when", "column `when`: holds no numbers"),
    ] {
        let error = of(outcome).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}\nexpected: {expected}");
    }
}

#[test]
fn class_weights_are_scikit_learns() {
    assert_eq!(weights(ClassWeights::Equal, &[1.0, 0.0]), None);
    // n / (2 · rows of the class).
    let balanced = weights(ClassWeights::Balanced, &[1.0, 0.0, 0.0, 0.0]);
    assert_eq!(balanced, Some(vec![2.0, 2.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0]));
    assert_eq!(weights(ClassWeights::Positive(5.0), &[0.0, 1.0]), Some(vec![1.0, 5.0]));
}
