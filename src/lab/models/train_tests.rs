//! Training end to end on generated customers with a known driver.

use super::*;
use crate::data::Role;
use crate::data::cells::Cells;
use crate::models::spec::{Calibrate, Direction};
use crate::models::testing::customers;
use crate::models::{ClassWeights, Family, Validation};
use crate::random::Random;
use attune_policy::model::Function;

fn small(family: Family) -> ModelSpec {
    let family = match family {
        Family::Boosted { .. } => Family::Boosted {
            trees: 40,
            depth: 3,
            learning_rate: 0.15,
            min_child_weight: 2.0,
            subsample: 0.8,
            column_sample: 0.8,
            l2: 1.0,
        },
        other => other,
    };
    ModelSpec { family, calibration: Calibrate::Platt, ..ModelSpec::new("buy", "bought") }
}

fn train_on(spec: &ModelSpec, rows: usize) -> Result<Trained> {
    let (dataset, roles) = customers(rows, 41);
    let train_rows = split::train_rows(&dataset, &roles)?;
    train(spec, &dataset, &roles, &train_rows, &Task::default())
}

#[test]
fn both_families_find_the_driver_and_are_measured_on_unseen_rows() {
    for family in [Family::logistic(), Family::boosted()] {
        let spec = small(family);
        let Trained { model, report, .. } = train_on(&spec, 6000).unwrap();
        let words = spec.family.words();
        let drivers: Vec<&str> = report.importance.iter().map(|i| i.field.as_str()).collect();
        assert_eq!(drivers[..2], ["driver", "plan"], "{words}");
        let of = |field: &str| report.importance.iter().find(|i| i.field == field).unwrap();
        assert!(of("driver").auc_drop > 0.1 && of("driver").auc_drop > 10.0 * of("driver").auc_drop_sd, "{words}");
        assert!(of("noise").auc_drop.abs() < 0.01 && of("count").auc_drop.abs() < 0.01, "{words}");
        assert!((report.importance.iter().map(|i| i.own_share).sum::<f64>() - 1.0).abs() < 1e-9);
        assert!(report.suspicions.len() <= 1);

        let (inside, outside) = (&report.out_of_fold, report.held_out.as_ref().unwrap());
        assert_eq!(inside.rows + outside.rows, 6000, "{words}");
        assert!((inside.rows as f64 / 6000.0 - 0.7).abs() < 0.03);
        for evaluation in [inside, outside] {
            let q = evaluation.quality;
            assert!(q.auc.value > 0.77 && q.auc.low < q.auc.value && q.auc.value < q.auc.high, "{words} {q:?}");
            assert!(q.ece_quantile < 0.04 && q.log_loss < 0.55, "{words} {q:?}");
            assert!(evaluation.roc.len() <= 200 && evaluation.deciles.len() == 10);
        }
        assert!((inside.quality.auc.value - outside.quality.auc.value).abs() < 0.04);
        assert_eq!(report.folds.iter().map(|f| f.rows).sum::<u64>(), report.rows);
        assert!(report.folds.iter().all(|f| f.rows + f.trained_on == report.rows));
        assert!(report.uncalibrated.is_some());
        assert_eq!(model.fallback, report.base_rate());
        assert_eq!((model.id.as_str(), model.target.as_str()), ("buy", "probability of `bought`"));
        assert_eq!(matches!(model.function, Function::Linear { .. }), matches!(spec.family, Family::Logistic { .. }));
    }
}

#[test]
fn the_same_arguments_give_the_same_model_and_report_on_any_threads() {
    let spec = small(Family::boosted());
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut trained = pool.install(|| train_on(&spec, 1500)).unwrap();
        trained.report.seconds = 0.0;
        trained
    };
    let first = with(1);
    assert_eq!(first, with(3));
    let other = train_on(&ModelSpec { seed: 43, ..spec.clone() }, 1500).unwrap();
    assert_ne!(other.model.function, first.model.function);
    let text = ron::ser::to_string(&first.report).unwrap();
    assert_eq!(ron::from_str::<ModelReport>(&text).unwrap(), first.report);
}

#[test]
fn a_model_of_an_arm_learns_from_its_rows_only() {
    let spec = ModelSpec { arm: Some("mail".into()), ..small(Family::logistic()) };
    let (dataset, roles) = customers(2000, 41);
    let rows: Vec<u32> = (0..2000).collect();
    let Trained { model, report, .. } = train(&spec, &dataset, &roles, &rows, &Task::default()).unwrap();
    let of_arm: Vec<u32> =
        rows.iter().copied().filter(|&row| dataset.value(row as usize, "arm").as_text() == Some("mail")).collect();
    assert_eq!(report.rows, of_arm.len() as u64);
    assert_eq!(report.held_out, None, "every row was given to learn from");
    assert_eq!(model.target, "probability of `bought` after `mail`");
    let free = ModelSpec { arm: None, ..spec };
    let same = train(&free, &dataset, &roles, &of_arm, &Task::default()).unwrap();
    assert_eq!(same.model.function, model.function);
}

#[test]
fn what_cannot_be_trained_says_why() {
    let (dataset, mut roles) = customers(600, 41);
    let rows: Vec<u32> = (0..600).collect();
    let base = ModelSpec::new("buy", "bought");
    let named = |feature: &str| ModelSpec { features: vec!["driver".into(), feature.into()], ..base.clone() };
    let directed = |family, field: &str| ModelSpec {
        family,
        monotone: [(field.to_owned(), Direction::Rising)].into(),
        ..base.clone()
    };
    let table = [
        (named("bought"), "column `bought`: has the role outcome, which a model must not learn from"),
        (named("drivr"), "column `drivr`: there is no such column"),
        (ModelSpec { folds: 1, ..base.clone() }, "model `buy`: folds must be 2 to 20"),
        (ModelSpec { family: Family::Logistic { l2: -1.0 }, ..base.clone() }, "model `buy`: l2 must be 0 or more"),
        (ModelSpec { outcome: "plan".into(), ..base.clone() }, "column `plan`: holds"),
        (ModelSpec { family: Family::linear(), ..base.clone() }, "model `buy`: linear regression estimates amounts"),
        (directed(Family::logistic(), "driver"), "model `buy`: its family cannot be held to rise or fall"),
        (directed(Family::boosted(), "plan"), "column `plan`: the score is to rise or fall along it"),
        (
            ModelSpec { goal: Goal::Amount, positive: Some("1".into()), ..base.clone() },
            "model `buy`: an amount has no value that counts as the outcome",
        ),
    ];
    for (spec, expected) in table {
        let error = train(&spec, &dataset, &roles, &rows, &Task::default()).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}\nexpected: {expected}");
    }
    let cancelled = Task::default();
    cancelled.cancel();
    assert!(train(&base, &dataset, &roles, &rows, &cancelled).unwrap_err().is_cancelled());
    roles.columns.retain(|_, role| *role != Role::Feature);
    let error = train(&base, &dataset, &roles, &rows, &Task::default()).unwrap_err().to_string();
    assert!(error.contains("no feature that differs between rows"), "{error}");
}

#[test]
fn work_that_is_told_to_stop_stops_at_its_next_tick() {
    use std::sync::{Arc, OnceLock};
    let (dataset, roles) = customers(3000, 41);
    let rows: Vec<u32> = (0..3000).collect();
    for family in [Family::logistic(), Family::boosted()] {
        for stop_in in ["Training", "Measuring what drives it"] {
            let own: Arc<OnceLock<Task>> = Arc::default();
            let seen = own.clone();
            let task = Task::with_wake(move || {
                if let Some(task) = seen.get() {
                    let progress = task.progress();
                    if progress.stage.starts_with(stop_in) && progress.fraction > 0.2 {
                        task.cancel();
                    }
                }
            });
            let _ = own.set(task.clone());
            let error = train(&small(family.clone()), &dataset, &roles, &rows, &task).unwrap_err();
            assert!(error.is_cancelled(), "{error}");
            let progress = task.progress();
            assert!(progress.stage.starts_with(stop_in) && progress.fraction < 1.0, "{progress:?}");
        }
    }
}

#[test]
fn subjects_with_many_rows_stay_in_one_fold_and_it_is_said() {
    let (dataset, mut roles) = customers(1000, 41);
    roles.columns.insert("count".into(), Role::Subject);
    let rows: Vec<u32> = (0..1000).collect();
    let spec = ModelSpec { folds: 2, features: vec!["driver".into()], ..small(Family::logistic()) };
    // Five subjects: their hashes may leave a fold empty, which is refused in words; either way nothing is mixed.
    match train(&spec, &dataset, &roles, &rows, &Task::default()) {
        Ok(trained) => assert!(trained.report.notes.iter().any(|note| note.contains("all rows of a subject"))),
        Err(error) => assert!(error.to_string().contains("too few subjects"), "{error}"),
    }
}

#[test]
fn amounts_are_trained_measured_and_lowered_without_a_link() {
    let (dataset, roles) = customers(2500, 41);
    let rows = split::train_rows(&dataset, &roles).unwrap();
    // What is spent hangs on the driver alone; `count` is any number.
    for family in [Family::linear(), Family::boosted()] {
        let spec = ModelSpec {
            goal: Goal::Amount,
            calibration: Calibrate::None,
            features: ["flag", "driver", "noise", "plan"].map(Into::into).to_vec(),
            outcome: "spend".into(),
            ..small(family)
        };
        let mut columns: Vec<(String, Cells)> =
            dataset.columns().iter().map(|c| (c.name.clone(), dataset.cells(&c.name).unwrap().clone())).collect();
        let driver = dataset.numbers("driver").unwrap();
        let mut s = Random::new(9);
        let spend = driver.iter().map(|x| if x.is_nan() { 30.0 } else { 30.0 + 10.0 * x } + 5.0 * s.normal());
        columns.push(("spend".into(), Cells::Number(spend.collect())));
        let dataset = Dataset::from_columns("spend", columns).unwrap();
        let mut roles = roles.clone();
        roles.columns.insert("spend".into(), Role::Outcome);
        let Trained { model, report, .. } = train(&spec, &dataset, &roles, &rows, &Task::default()).unwrap();
        let words = spec.family.words();
        let (inside, outside) = (report.out_of_fold.amount.unwrap(), report.held_out.as_ref().unwrap().amount.unwrap());
        for q in [inside, outside] {
            assert!(q.rmse.low < 5.6 && q.rmse.high > 4.9 && q.rmse.value < 6.0, "{words} {q:?}");
            assert!(q.r2.value > 0.7 && q.bias.low < 0.0 + 0.2 && q.bias.high > -0.2, "{words} {q:?}");
        }
        assert_eq!(model.function.link(), Some(attune_policy::model::Link::Identity));
        assert_eq!((model.target.as_str(), Some(model.fallback)), ("mean of `spend`", report.mean));
        assert_eq!(report.importance[0].field, "driver");
        assert!(report.importance[0].auc_drop > 0.5 && report.folds.iter().all(|f| f.amount.is_some()));
        assert!(report.uncalibrated.is_none() && report.out_of_fold.roc.is_empty());
        let text = ron::ser::to_string(&report).unwrap();
        assert_eq!(ron::from_str::<ModelReport>(&text).unwrap(), report);
        let card = crate::models::card(&report);
        assert!(card.contains("| RMSE (95 % interval) | ") && card.contains("| column | R² lost |"), "{card}");
    }
}

#[test]
fn by_time_the_later_rows_are_measured_and_the_map_is_of_earlier_ones() {
    let (dataset, roles) = customers(3000, 41);
    let rows: Vec<u32> = (0..3000).collect();
    for calibration in [Calibrate::None, Calibrate::Platt] {
        let spec = ModelSpec { validation: Validation::FileOrder(0.2), calibration, ..small(Family::logistic()) };
        let Trained { model, report, .. } = train(&spec, &dataset, &roles, &rows, &Task::default()).unwrap();
        assert_eq!((report.rows, report.out_of_fold.rows, report.folds.len()), (3000, 600, 1));
        assert_eq!((report.folds[0].trained_on, report.folds[0].rows), (2400, 600));
        assert!(report.out_of_fold.quality.auc.value > 0.75);
        assert_eq!(model.calibration == Calibration::Identity, calibration == Calibrate::None);
        // The deployed model learned from all rows, as with any validation.
        let free = ModelSpec { validation: Validation::Folds, ..spec };
        assert_eq!(train(&free, &dataset, &roles, &rows, &Task::default()).unwrap().model.function, model.function);
    }
}

#[test]
fn class_weights_change_the_mean_and_calibration_brings_it_back() {
    let spec = ModelSpec { class_weights: ClassWeights::Positive(5.0), ..small(Family::logistic()) };
    let raw = train_on(&ModelSpec { calibration: Calibrate::None, ..spec.clone() }, 3000).unwrap().report;
    let mapped = train_on(&spec, 3000).unwrap().report;
    let predicted = |report: &ModelReport| {
        report.out_of_fold.deciles.iter().map(|part| part.predicted).sum::<f64>() / 10.0 - report.base_rate()
    };
    assert!(predicted(&raw) > 0.15, "{}", predicted(&raw));
    assert!(predicted(&mapped).abs() < 0.02, "{}", predicted(&mapped));
    assert!(crate::models::card(&raw).contains("its scores order, but are no probabilities"));
}

#[test]
fn a_specification_without_new_settings_reads_and_writes_as_before() {
    let text = "(id:\"m\",name:\"m\",family:Logistic(l2:1.0),outcome:\"visit\",arm:None,features:[],folds:5,seed:42,calibration:Raw)";
    assert_eq!(ron::from_str::<ModelSpec>(text).unwrap(), ModelSpec::new("m", "visit"));
    assert_eq!(ron::to_string(&ModelSpec::new("m", "visit")).unwrap(), text);
}
