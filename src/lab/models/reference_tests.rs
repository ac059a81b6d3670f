//! Real data against a peer: out-of-fold AUC beside scikit-learn's, through the real importer.

use super::{Calibrate, Family, ModelReport, ModelSpec, train};
use crate::data::import::{ImportOptions, import};
use crate::data::{Dataset, Role, Roles, split};
use crate::task::Task;
use std::path::PathBuf;

/// How far below or beside a peer's AUC ours may lie.
const TOLERANCE: f64 = 0.005;

/// A file of the shared data; `None`, with a printed line, when there is none and no one insists.
fn shared(path: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
    let root = std::env::var_os("ATTUNE_SHARED").map_or_else(beside, PathBuf::from);
    let file = root.join(path);
    if file.exists() {
        return Some(file);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing", file.display());
    println!("skipped: {} is missing", file.display());
    None
}

fn load(path: &str, outcome: &str, subject: Option<&str>) -> Option<(Dataset, Roles)> {
    let dataset = import(&shared(path)?, &ImportOptions::default(), &Task::default()).unwrap().dataset;
    let mut roles = Roles::default();
    for column in dataset.columns() {
        let role = match column.name.as_str() {
            name if name == outcome => Role::Outcome,
            name if Some(name) == subject => Role::Subject,
            _ => Role::Feature,
        };
        roles.columns.insert(column.name.clone(), role);
    }
    Some((dataset, roles))
}

fn expected(set: &str, key: &str) -> f64 {
    let text = std::fs::read_to_string(shared("reference/propensity.json").unwrap()).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    json[set][key].as_f64().unwrap()
}

fn report(family: Family, dataset: &Dataset, roles: &Roles, outcome: &str) -> ModelReport {
    let rows: Vec<u32> = (0..dataset.rows() as u32).collect();
    let spec = ModelSpec { family, ..ModelSpec::new("m", outcome) };
    let report = train(&spec, dataset, roles, &rows, &Task::default()).unwrap().report;
    let q = report.out_of_fold.quality;
    println!("{} {}: {q:?}, {:.1} s", dataset.name(), spec.family.words(), report.seconds);
    report
}

fn compare(set: &str, dataset: &Dataset, roles: &Roles, outcome: &str) -> [ModelReport; 2] {
    let linear = report(Family::logistic(), dataset, roles, outcome);
    let (ours, peer) = (linear.out_of_fold.quality.auc.value, expected(set, "logistic_auc"));
    assert!((ours - peer).abs() <= TOLERANCE, "{set}: logistic {ours}, peer {peer}");
    let boosted = report(Family::boosted(), dataset, roles, outcome);
    let (ours, peer) = (boosted.out_of_fold.quality.auc.value, expected(set, "hist_gradient_boosting_auc"));
    assert!(ours >= peer - TOLERANCE, "{set}: boosted {ours}, peer {peer}");
    [linear, boosted]
}

#[test]
fn telco_churn() {
    let Some((dataset, roles)) = load("data/telco_churn/telco_churn.csv", "Churn", Some("customerID")) else { return };
    let [linear, boosted] = compare("telco_churn", &dataset, &roles, "Churn");
    let brier = linear.out_of_fold.quality.brier;
    assert!((brier - expected("telco_churn", "logistic_brier")).abs() < 0.001, "{brier}");
    assert!(linear.suspicions.is_empty() && boosted.suspicions.is_empty(), "{:?}", linear.suspicions);
}

#[test]
fn bank_marketing_where_duration_leaks() {
    let Some((dataset, mut roles)) = load("data/bank_marketing/bank-additional-full.csv", "y", None) else { return };
    let with = compare("bank_marketing_with_duration", &dataset, &roles, "y");
    for report in &with {
        let suspected: Vec<&str> = report.suspicions.iter().map(|s| s.field.as_str()).collect();
        assert_eq!(suspected, ["duration"]);
    }
    assert_eq!(with[1].importance[0].field, "duration");
    roles.columns.insert("duration".into(), Role::Ignored);
    for report in compare("bank_marketing_without_duration", &dataset, &roles, "y") {
        assert!(report.suspicions.is_empty(), "{:?}", report.suspicions);
    }
}

#[test]
fn hillstrom_visits_after_each_mail() {
    let Some((dataset, mut roles)) = load("data/hillstrom/hillstrom.csv", "visit", None) else { return };
    roles.columns.insert("segment".into(), Role::Action);
    roles.columns.insert("conversion".into(), Role::Outcome);
    roles.columns.insert("spend".into(), Role::Outcome);
    let rows = split::train_rows(&dataset, &roles).unwrap();
    for arm in ["Mens E-Mail", "Womens E-Mail"] {
        for (family, calibration) in [(Family::logistic(), Calibrate::None), (Family::boosted(), Calibrate::Isotonic)] {
            let arm = Some(arm.to_owned());
            let spec = ModelSpec { family, calibration, arm, ..ModelSpec::new("visit", "visit") };
            let report = train(&spec, &dataset, &roles, &rows, &Task::default()).unwrap().report;
            let (inside, outside) = (report.out_of_fold.quality, report.held_out.as_ref().unwrap().quality);
            println!(
                "{:?}, {}: {inside:?}, held out {outside:?}, {:.1} s",
                spec.arm,
                spec.family.words(),
                report.seconds
            );
            println!("{:?}", report.importance.iter().take(4).collect::<Vec<_>>());
            assert!(report.rows > 14_000 && report.features.len() == 8, "{:?}", report.features);
            assert!(inside.auc.low > 0.55, "a visit can be told a little");
            assert!(inside.auc.low < outside.auc.high && outside.auc.low < inside.auc.high);
            assert!(inside.ece_quantile < 0.015 && outside.ece_quantile < 0.03);
        }
    }
}
