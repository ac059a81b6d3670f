//! The model card says what a reader needs, in words.

use super::*;
use crate::models::spec::{Calibrate, ModelSpec};
use crate::models::testing::customers;
use crate::models::{report::Suspicion, train};
use crate::task::Task;

#[test]
fn the_card_says_what_how_well_from_what_and_its_limits() {
    let (dataset, roles) = customers(1200, 51);
    let spec = ModelSpec {
        name: "Purchase after mail".into(),
        arm: Some("mail".into()),
        calibration: Calibrate::Platt,
        ..ModelSpec::new("buy", "bought")
    };
    let rows = crate::data::split::train_rows(&dataset, &roles).unwrap();
    let mut report = train(&spec, &dataset, &roles, &rows, &Task::default()).unwrap().report;
    report.suspicions = vec![Suspicion { field: "x".into(), auc: 0.99, next: 0.6, message: "`x` is too good".into() }];
    let card = card(&report);
    let auc = report.out_of_fold.quality.auc;
    for expected in [
        "# Purchase after mail\n".to_owned(),
        "`score(\"buy\")` is the probability of `bought` after `mail`.".to_owned(),
        "- Logistic regression: L2 penalty 1".to_owned(),
        "- Platt calibration".to_owned(),
        "- Rows of arm `mail` only".to_owned(),
        format!("| ROC AUC (95 % interval) | {:.4} ({:.4}–{:.4}) |", auc.value, auc.low, auc.high),
        "held out, ".to_owned(),
        "| `driver` | ".to_owned(),
        "- **Possible leak.** `x` is too good.".to_owned(),
        "- Out-of-fold numbers: 5 folds by a hash of the row's number".to_owned(),
    ] {
        assert!(card.contains(&expected), "{expected}\n\n{card}");
    }
    assert!(!card.contains("NaN"));
}

#[test]
fn counts_are_grouped_in_threes() {
    assert_eq!([0, 999, 1000, 64_000, 1_234_567].map(count), ["0", "999", "1,000", "64,000", "1,234,567"]);
}
