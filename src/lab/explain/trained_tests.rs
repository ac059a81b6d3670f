//! Models as they are trained, explained: attributions add up to what decides and name what drives it.

use super::{Explainer, Method, Scoring};
use crate::data::{Dataset, Roles};
use crate::features;
use crate::models::testing::customers;
use crate::models::{Calibrate, Family, ModelSpec, Trained, train};
use crate::task::Task;

fn trained(family: Family, calibration: Calibrate) -> (Dataset, Roles, Trained) {
    let (dataset, roles) = customers(1500, 3);
    let spec = ModelSpec { family, calibration, folds: 2, ..ModelSpec::new("m", "bought") };
    let rows: Vec<u32> = (0..1000).collect();
    let trained = train(&spec, &dataset, &roles, &rows, &Task::default()).unwrap();
    (dataset, roles, trained)
}

#[test]
fn a_trained_model_is_explained_in_columns() {
    for (family, calibration) in [(Family::boosted(), Calibrate::Isotonic), (Family::logistic(), Calibrate::Platt)] {
        let (dataset, _, Trained { model, .. }) = trained(family, calibration);
        let rows: Vec<u32> = (0..1500).collect();
        let x = features::matrix(&dataset, &rows, &model.inputs).unwrap();
        let scores = Scoring::new(&model).unwrap().scores(&x).unwrap();
        for method in [Method::PathDependent, Method::Interventional] {
            let background = x.select(&(0..200).collect::<Vec<u32>>());
            let explainer = Explainer::new(&model, background, method, &Task::default()).unwrap();
            let out = explainer.explain(&x, &Task::default()).unwrap();
            assert_eq!(out.scores, scores);
            assert!(out.log_odds && out.fields.contains(&"plan".to_owned()), "{:?}", out.fields);
            assert!(model.inputs.len() > out.fields.len(), "several inputs of one column are one");
            let strengths = out.strengths();
            assert_eq!(strengths[0].field, "driver");
            assert!((strengths.iter().map(|s| s.share).sum::<f64>() - 1.0).abs() < 1e-12);
            // A strong driver raises the score: the sign is that of the effect.
            let driver = dataset.numbers("driver").unwrap();
            let at = out.fields.iter().position(|field| field == "driver").unwrap();
            let high = (0..1500).filter(|&row| driver[row] > 1.0);
            assert!(high.clone().count() > 100 && high.clone().all(|row| out.row(row)[at] > 0.0));
        }
    }
}
