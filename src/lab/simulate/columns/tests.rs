//! What is read of small tables, and how what is wrong with them is named.

use super::{Arms, RoundColumns, Rounds, TrialColumns};
use crate::data::Dataset;
use crate::data::cells::Cells;
use crate::error::Result;

fn table() -> Dataset {
    let numbers = |v: &[f64]| Cells::Number(v.to_vec());
    Dataset::from_columns(
        "log",
        vec![
            ("reward".into(), Cells::Integer(vec![1, 0, 1])),
            ("p score".into(), numbers(&[0.5, 0.25, 1.0])),
            ("pi".into(), numbers(&[0.5, 0.5, 0.0])),
            ("bad".into(), numbers(&[0.5, 0.0, f64::NAN])),
            ("who".into(), Cells::from_texts(vec![Some("b"), Some("a"), Some("b")])),
        ],
    )
    .unwrap()
}

fn columns() -> RoundColumns {
    RoundColumns {
        reward: "reward".into(),
        propensity: "p score".into(),
        target: "pi".into(),
        ..RoundColumns::default()
    }
}

#[test]
fn rounds_are_read_by_either_name() {
    let dataset = table();
    let rounds = Rounds::read(&dataset, &RoundColumns { subject: Some("who".into()), ..columns() }).unwrap();
    let logged = rounds.logged();
    assert_eq!(logged.weights, [1.0, 2.0, 0.0]);
    assert_eq!(logged.rewards, [1.0, 0.0, 1.0]);
    assert_eq!(logged.clusters, Some(&[0, 1, 0][..]));
    assert!(Rounds::read(&dataset, &RoundColumns { propensity: "p_score".into(), ..columns() }).is_ok());
    // Where nobody repeats, rounds are what is counted.
    let alone = Rounds::read(&dataset, &RoundColumns { subject: Some("pi".into()), ..columns() }).unwrap();
    assert_eq!(alone.logged().clusters, Some(&[0, 0, 1][..]));
    let alone = Rounds::read(&dataset, &RoundColumns { subject: Some("p score".into()), ..columns() }).unwrap();
    assert_eq!(alone.logged().clusters, None);
}

#[test]
fn what_is_wrong_is_named() {
    let dataset = table();
    let read = |columns: RoundColumns| Rounds::read(&dataset, &columns).unwrap_err().to_string();
    for (columns, words) in [
        (RoundColumns { propensity: "bad".into(), ..columns() }, vec!["bad", "row 3", "missing"]),
        (RoundColumns { propensity: "pi".into(), ..columns() }, vec!["pi", "row 3", "above 0"]),
        (RoundColumns { reward: "rewards".into(), ..columns() }, vec!["rewards", "did you mean `reward`"]),
        (RoundColumns { reward: "who".into(), ..columns() }, vec!["who", "does not hold numbers"]),
    ] {
        let found = read(columns);
        assert!(words.iter().all(|word| found.contains(word)), "{found}");
    }
    let arms = |treatment: &str, treated: Option<&str>| {
        let treated = treated.map(str::to_owned);
        let columns =
            TrialColumns { treatment: treatment.into(), treated, outcome: "pi".into(), ..TrialColumns::default() };
        Arms::read(&dataset, &columns)
    };
    assert!(arms("p score", None).unwrap_err().to_string().contains("a treatment is 0 or 1"));
    assert!(arms("who", Some("c")).unwrap_err().to_string().contains("never holds `c`"));
    let found = arms("who", Some("b")).unwrap();
    assert_eq!(found.trial(&[0.0; 3]).treated, [true, false, true]);
}

#[test]
fn an_arm_is_held_against_the_control_that_was_named() {
    let arm = ["a", "none", "b", "none", "a", "b"];
    let mut y = vec![1.0, 0.0, 5.0, 0.0, 1.0, f64::NAN];
    let table = |y: &[f64]| {
        let columns = vec![
            ("arm".to_owned(), Cells::from_texts(arm.map(Some))),
            ("y".to_owned(), Cells::Number(y.to_vec())),
            ("who".to_owned(), Cells::from_texts(["p", "q", "r", "p", "s", "s"].map(Some))),
        ];
        Dataset::from_columns("trial", columns).unwrap()
    };
    let read = |y: &[f64], treated: Option<&str>, control: Option<&str>| {
        let columns = TrialColumns {
            treatment: "arm".into(),
            treated: treated.map(str::to_owned),
            control: control.map(str::to_owned),
            outcome: "y".into(),
            subject: Some("who".into()),
        };
        Arms::read(&table(y), &columns)
    };
    // Rows of `b` are no part of the trial, and what they lack is no matter.
    let found = read(&y, Some("a"), Some("none")).unwrap();
    let trial = found.trial(&[0.0; 4]);
    assert_eq!((trial.treated, trial.outcomes), (&[true, false, false, true][..], &[1.0, 0.0, 0.0, 1.0][..]));
    assert_eq!((found.others, found.subjects()), (2, Some(&[0, 1, 0, 3][..])));
    let said = |result: Result<Arms>| result.unwrap_err().to_string();
    let three = said(read(&y, Some("a"), None));
    assert!(["3 values", "`a`", "`none`", "`b`", "control"].iter().all(|word| three.contains(word)), "{three}");
    assert!(said(read(&y, None, Some("none"))).contains("which of them is treated"));
    assert!(said(read(&y, Some("a"), Some("a"))).contains("two values"));
    assert!(said(read(&y, Some("a"), Some("nil"))).contains("never holds `nil`"));
    y[0] = f64::NAN;
    assert!(said(read(&y, Some("a"), Some("none"))).contains("row 1"));
}
