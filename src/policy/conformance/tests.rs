//! The published vectors never drift: made again they are the same bytes. What can be known beforehand is known here.

use super::*;
use std::path::PathBuf;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/conformance").join(format!("{name}.ron"))
}

/// Run with `UPDATE=1` to write them anew after a change that is meant.
#[test]
fn made_again_they_are_the_same_bytes() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut names: Vec<String> = Vec::new();
    for mut suite in suites::all() {
        suite.vectors = suite.vectors.iter().map(|vector| answer::answered(vector).unwrap()).collect();
        let (path, text) = (file(&suite.name), write(&suite).unwrap());
        if update {
            std::fs::write(&path, &text).unwrap();
        }
        let published = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(published == text, "{} has drifted; UPDATE=1 writes it if the change is meant", path.display());
        let report = run(published.as_bytes()).unwrap();
        assert_eq!(report.deviations, [], "{}", suite.name);
        assert!(report.compared >= suite.vectors.len(), "{}: {}", suite.name, report.compared);
        names.push(format!("{}.ron", suite.name));
    }
    let mut there: Vec<String> = std::fs::read_dir(file("x").parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".ron"))
        .collect();
    there.sort();
    names.sort();
    assert_eq!(there, names, "no other vectors are published");
}

fn answers(suite: &str, vector: usize, expr: &str) -> Vec<Answer> {
    let suite = suites::all().into_iter().find(|s| s.name == suite).unwrap();
    let Vector::Expressions(found) = answer::answered(&suite.vectors[vector]).unwrap() else { panic!() };
    found.asked.into_iter().find(|asked| asked.expr == expr).unwrap().answers
}

#[test]
fn truth_tables_are_kleenes() {
    let (t, f, u) = (Value::Bool(true), Value::Bool(false), Value::Unknown);
    let is = |values: [&Value; 9]| values.map(|v| Answer::Is(v.clone())).to_vec();
    // Rows: a and b over true, false, unknown.
    assert_eq!(answers("kleene", 0, "a && b"), is([&t, &f, &u, &f, &f, &f, &u, &f, &u]));
    assert_eq!(answers("kleene", 0, "a || b"), is([&t, &t, &t, &t, &f, &u, &t, &u, &u]));
    assert_eq!(answers("kleene", 0, "!a"), is([&f, &f, &f, &t, &t, &t, &u, &u, &u]));
    assert_eq!(answers("kleene", 0, "a == b"), is([&t, &f, &u, &f, &t, &u, &u, &u, &u]));
    assert_eq!(answers("kleene", 0, "is_known(a)"), is([&t, &t, &t, &t, &t, &t, &f, &f, &f]));
}

/// In 128 bits: what does not fit into 64 fails, and so does a division by 0.
#[test]
fn whole_numbers_are_exact_or_fail() {
    let suite = suites::all().into_iter().find(|s| s.name == "arithmetic").unwrap();
    let Vector::Expressions(vector) = &suite.vectors[0] else { panic!() };
    type Exact = fn(i128, i128) -> Option<i128>;
    let operations: [(&str, Exact); 5] = [
        ("i + j", |i, j| Some(i + j)),
        ("i - j", |i, j| Some(i - j)),
        ("i * j", |i, j| Some(i * j)),
        ("i / j", |i, j| (j != 0).then(|| i / j)),
        ("-i", |i, _| Some(-i)),
    ];
    for (expr, exact) in operations {
        for (row, answer) in vector.rows.iter().zip(answers("arithmetic", 0, expr)) {
            let [Value::Integer(i), Value::Integer(j)] = row.as_slice() else { continue };
            let exact = exact((*i).into(), (*j).into()).and_then(|x| i64::try_from(x).ok());
            assert_eq!(answer, exact.map_or(Answer::Fails, |x| Answer::Is(Value::Integer(x))), "{expr} with {i}, {j}");
        }
    }
}

#[test]
fn nothing_is_refused_but_what_should_be() {
    for suite in suites::all() {
        for vector in &suite.vectors {
            let Vector::Expressions(found) = answer::answered(vector).unwrap() else { continue };
            let refused: Vec<String> =
                found.asked.into_iter().filter(|a| a.answers == [Answer::Refused]).map(|a| a.expr).collect();
            assert!(
                refused.iter().all(|expr| ["s > 3", "unheard_of(x)", r#"date("2026-02-30")"#].contains(&expr.as_str())),
                "{refused:?}"
            );
        }
    }
}

/// Every part of the contact policy that the vectors are about removes something in them.
#[test]
fn every_kind_of_loss_is_published() {
    let text = std::fs::read_to_string(file("contact")).unwrap();
    for reason in [
        "CapReached",
        "CoolDown",
        "OutcomeSuppressed",
        "MutuallyExclusive",
        "QuietHours",
        "OutOfStock",
        "BudgetExhausted",
    ] {
        assert!(text.contains(&format!("reason: Some(\"{reason}\")")), "{reason}");
    }
}

/// What the suites are about happens in them.
#[test]
fn every_suite_shows_what_it_is_about() {
    let shown = [
        ("overrides", "OverrideDeny"),
        ("overrides", "WonByOverride"),
        ("overrides", "LegalGuard"),
        ("overrides", "CapReached"),
        ("uplift", "DoNoHarm"),
        ("uplift", "LostArbitration"),
        // Rows that both match.
        ("tables", "ScoreError"),
    ];
    for (suite, reason) in shown {
        let text = std::fs::read_to_string(file(suite)).unwrap();
        assert!(text.contains(&format!("reason: Some(\"{reason}\")")), "{suite} {reason}");
    }
}

/// Decisions of a vector, by the name of what was asked.
fn decided(suite: &str, policy: &str) -> Vec<Decided> {
    let suite = suites::all().into_iter().find(|s| s.name == suite).unwrap();
    let of = |vector: &Vector| matches!(vector, Vector::Decisions(d) if d.policy.id == policy);
    let vector = suite.vectors.iter().find(|vector| of(vector)).unwrap();
    let Vector::Decisions(decisions) = answer::answered(vector).unwrap() else { panic!() };
    decisions.asked
}

/// By hand: 17 with consent hits rows 1 and 5, 35 with consent rows 2 and 3, 40 without rows 3 … and 70 without rows 3 and 4.
#[test]
fn tables_give_what_their_rows_say() {
    let at = |policy: &str, name: &str| {
        let asked = decided("tables", policy).into_iter().find(|asked| asked.name == name).unwrap();
        asked.fates[0].priority
    };
    let table = [
        ("sum", "Some(17), Some(true)", Some(2.0)),
        ("count", "Some(17), Some(true)", Some(2.0)),
        ("any", "Some(17), Some(true)", Some(1.0)),
        ("unique", "Some(17), Some(true)", None),
        ("unique", "Some(10), Some(true)", Some(1.0)),
        ("sum", "Some(35), Some(true)", Some(6.0)),
        ("min", "Some(35), Some(true)", Some(2.0)),
        ("max", "Some(35), Some(true)", Some(4.0)),
        ("priority", "Some(35), Some(true)", Some(4.0)),
        ("first", "Some(35), Some(true)", Some(2.0)),
        ("any", "Some(35), Some(true)", None),
        ("sum", "Some(70), Some(false)", Some(8.0)),
        // Whether row 2 matches is not known; where it could change the answer, there is none.
        ("first", "Some(35), None", Some(-1.0)),
        ("max", "Some(35), None", Some(4.0)),
        ("sum", "None, None", Some(-1.0)),
        ("missing", "None, Some(true)", Some(8.0)),
        ("missing", "Some(29), None", Some(1.0)),
        ("missing", "Some(29), Some(true)", Some(0.5)),
    ];
    for (policy, name, expected) in table {
        assert_eq!(at(policy, name), expected, "{policy}: {name}");
    }
}

/// Half past one in Berlin, half an hour before the clocks go forward.
#[test]
fn best_hours_are_where_the_clock_shows_them() {
    let minute = 60_000;
    let sent = |policy: &str, hour: i64| {
        let name = format!("best at {hour}");
        let asked = decided("send_times", policy).into_iter().find(|asked| asked.name == name).unwrap();
        (asked.slots[0].send_at - asked.request.now) / minute
    };
    // It is that hour; the hour that is skipped ends at once; 3, 8 and 12 come an hour sooner; beyond the horizon and the day: now.
    let table = [(1, 0), (2, 30), (3, 30), (8, 330), (12, 570), (0, 1_290), (24, 0), (-1, 0)];
    for (hour, expected) in table {
        assert_eq!(sent("day", hour), expected, "{hour}");
    }
    assert_eq!((sent("half_a_day", 12), sent("half_a_day", 21)), (570, 0));
    // From half past twelve: 23 is quiet, so 8 in the morning.
    assert_eq!((sent("quiet", 23), sent("quiet", 12)), (1_170, 0));
}

/// In the order of who wins.
#[test]
fn overrides_win_where_they_may() {
    let first = |policy: &str, name: &str| {
        let asked = decided("overrides", policy).into_iter().find(|asked| asked.name == name).unwrap();
        asked.slots.first().map_or(String::new(), |slot| slot.action.clone())
    };
    let table = [
        ("force", "a moment before", "gold"),
        ("force", "at its beginning", "hint"),
        ("force", "the last moment", "hint"),
        ("force", "at its end", "gold"),
        ("deny", "at its beginning", "loan"),
        ("force_for", "for another", "gold"),
        ("force_for", "age is not known", "gold"),
        ("deny_for", "age is not known", "loan"),
        ("deny_before_force", "at its beginning", "loan"),
        ("two_forces", "at its beginning", "hint"),
        ("guard_before_force", "at its beginning", "gold"),
        ("guard_before_force", "for another", "hint"),
        ("force_below_floor", "at its beginning", "hint"),
        ("cap_before_force", "after a contact", "loan"),
    ];
    for (policy, name, expected) in table {
        assert_eq!(first(policy, name), expected, "{policy}: {name}");
    }
}

#[test]
fn another_answer_is_told() {
    let text = std::fs::read_to_string(file("buckets")).unwrap();
    let changed = text.replacen("bucket: 0.9996105273049686", "bucket: 0.9996105273049687", 1);
    assert_ne!(changed, text);
    let report = run(changed.as_bytes()).unwrap();
    let [deviation] = report.deviations.as_slice() else { panic!("{report:?}") };
    assert_eq!(deviation.asked, "bucket of \"\" in \"\"");
    assert!(deviation.expected.contains("687") && deviation.found.contains("686"));
    // An answer that is missing, a sign of 0, a fate: each is a deviation.
    for (name, from, to) in [
        ("kleene", "Is(Bool(true)), ", ""),
        ("arithmetic", "Is(Number(-0.0))", "Is(Number(0.0))"),
        ("contact", "step: Some(Contact)", "step: Some(Guard)"),
        ("exploration", "probability: 0.", "probability: 0.0"),
        ("file", "name: \"Spring", "name: \"Winter"),
    ] {
        let text = std::fs::read_to_string(file(name)).unwrap();
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{name}");
        assert!(!run(changed.as_bytes()).unwrap().deviations.is_empty(), "{name}");
    }
    for (from, to) in [("attune conformance", "attune policy"), ("(1, 0)", "(2, 0)")] {
        assert!(run(text.replacen(from, to, 1).as_bytes()).unwrap_err().to_string().contains("this version runs"));
    }
    assert!(run(b"hello").is_err());
}
