//! Columns encoded by their outcome: noise stays noise, what tells something is found, and the policy scores as training did.

use super::*;
use crate::data::Role;
use crate::data::cells::Cells;
use crate::features::{TargetColumn, recipe, target_mean};
use crate::models::scores::scores;
use crate::models::{ClassWeights, Family, Refit, board};
use crate::random::Random;

/// Customers of 600 shops: `x` drives the outcome, the shop's own rate too when `telling`.
fn world(rows: usize, telling: bool) -> (Dataset, Roles) {
    let mut random = Random::new(17);
    let names: Vec<String> = (0..600).map(|shop| format!("shop {shop}")).collect();
    let own: Vec<f64> = names.iter().map(|_| if telling { 1.5 * random.normal() } else { 0.0 }).collect();
    let (mut x, mut shops, mut bought) = (vec![], vec![], vec![]);
    for _ in 0..rows {
        let (shop, driver) = (random.below(names.len()), random.normal());
        let odds = libm::exp(-0.5 + 0.7 * driver + own[shop]);
        x.push(driver);
        shops.push(Some(names[shop].as_str()));
        bought.push(Some(random.chance(odds / (1.0 + odds))));
    }
    let columns = vec![
        ("x".into(), Cells::Number(x)),
        ("shop".into(), Cells::from_texts(shops)),
        ("bought".into(), Cells::Bool(bought)),
    ];
    let roles = [("x", Role::Feature), ("shop", Role::Feature), ("bought", Role::Outcome)];
    let columns = Dataset::from_columns("shops", columns).unwrap();
    (columns, Roles { columns: roles.map(|(name, role)| (name.to_owned(), role)).into(), ..Roles::default() })
}

fn spec(features: &[&str], encoded: bool) -> ModelSpec {
    let target_means = if encoded { vec![TargetColumn::new("shop_rate", "shop")] } else { Vec::new() };
    ModelSpec {
        features: features.iter().map(|name| (*name).to_owned()).collect(),
        target_means,
        folds: 3,
        ..ModelSpec::new("buy", "bought")
    }
}

#[test]
fn categories_that_tell_nothing_look_so_unless_their_encoding_leaks() {
    let (dataset, roles) = world(3000, false);
    let rows: Vec<u32> = (0..3000).collect();
    let run = |spec: &ModelSpec, dataset: &Dataset, roles: &Roles| {
        train(spec, dataset, roles, &rows, &Task::default()).unwrap().report.out_of_fold.quality.auc
    };
    let honest = run(&spec(&["shop"], true), &dataset, &roles);
    assert!((honest.value - 0.5).abs() < 0.035, "out of fold: {honest:?}");
    // The mean outcome of all rows, the row itself among them, as a column like any other.
    let y: Vec<f64> = dataset.numbers("bought").unwrap();
    let op = target_mean::fit(&dataset, &rows, &y, &TargetColumn::new("shop_rate", "shop")).unwrap();
    let step = attune_policy::recipe::Step::new("shop_rate", "shop", op);
    let (leaking, leaking_roles) = recipe::apply(&dataset, &roles, &[step]).unwrap();
    let leak = run(&spec(&["shop_rate"], false), &leaking, &leaking_roles);
    assert!(leak.value > 0.7, "in sample: {leak:?}");
    // Beside a column that tells something, it does no harm.
    let (alone, both) =
        (run(&spec(&["x"], false), &dataset, &roles), run(&spec(&["x", "shop"], true), &dataset, &roles));
    assert!(both.value > alone.value - 0.01, "{both:?} beside {alone:?}");
    // Nor do questions with shuffled outcomes see more than there is.
    let spec = spec(&["shop"], true);
    let refit = Refit::new(&spec, &["shop".into()], &dataset, &roles, &rows).unwrap();
    let (test, train): (Vec<u32>, Vec<u32>) = rows.iter().partition(|row| *row % 3 == 0);
    let task = Task::default();
    let fits = Fits::new(&task, 1);
    let scores = refit.predict(refit.labels(), &train, &test, &fits.watch(0)).unwrap();
    let labels: Vec<bool> = test.iter().map(|&i| refit.labels()[i as usize]).collect();
    let auc = metrics::auc(&scores, &labels);
    assert!((auc - 0.5).abs() < 0.06, "{auc}");
}

#[test]
fn categories_that_tell_something_are_found_and_the_policy_encodes_them_alike() {
    let (dataset, roles) = world(9000, true);
    let rows = split::train_rows(&dataset, &roles).unwrap();
    for family in [Family::logistic(), Family::Tree { depth: 4, min_rows: 40 }] {
        let encoded = ModelSpec { family: family.clone(), ..spec(&[], true) };
        let Trained { model, report, recipe: steps } =
            train(&encoded, &dataset, &roles, &rows, &Task::default()).unwrap();
        let plain = ModelSpec { family, ..spec(&[], false) };
        let plain = train(&plain, &dataset, &roles, &rows, &Task::default()).unwrap();
        assert!(plain.recipe.is_empty());
        let (with, without) = (report.out_of_fold.quality.auc, plain.report.out_of_fold.quality.auc);
        assert!(with.low > without.high + 0.03, "encoded {with:?}, left out {without:?}");
        assert_eq!(report.features, ["x", "shop"]);
        let names: Vec<&str> = report.importance.iter().map(|i| i.field.as_str()).collect();
        assert!(names.contains(&"shop_rate") && names.len() == 2, "{names:?}");
        assert!(report.importance.iter().all(|i| i.auc_drop > 0.02), "{:?}", report.importance);
        // As the policy scores: the recipe's column, read by the model.
        let unseen = split::held_out_rows(&dataset, &roles).unwrap();
        let (applied, _) = recipe::apply(&dataset, &roles, &steps).unwrap();
        let (p, degraded) = scores(&model, &applied, &unseen).unwrap();
        let labels: Vec<bool> =
            unseen.iter().map(|&row| dataset.numbers("bought").unwrap()[row as usize] > 0.0).collect();
        assert_eq!(degraded, 0);
        assert_eq!(metrics::quality(&p, &labels).auc, report.held_out.unwrap().quality.auc);
    }
}

#[test]
fn several_models_are_compared_and_weights_go_along() {
    let (dataset, roles) = world(3000, true);
    let rows: Vec<u32> = (0..3000).collect();
    let weighted = ModelSpec { id: "weighted".into(), class_weights: ClassWeights::Balanced, ..spec(&[], true) };
    let found = board(&[spec(&["x"], false), weighted, spec(&["x"], true)], &dataset, &roles, &rows, &Task::default());
    let found = found.unwrap();
    assert!(found.failed.is_empty());
    assert_eq!(found.entries[2].spec.target_means.len(), 0, "that without the shops is last");
}

#[test]
fn what_cannot_be_encoded_is_said() {
    let (dataset, roles) = world(300, true);
    let rows: Vec<u32> = (0..300).collect();
    let with = |output: &str, input: &str| ModelSpec {
        target_means: vec![TargetColumn::new(output, input)],
        ..spec(&[], false)
    };
    let twice = TargetColumn::new("rate", "shop");
    let table = [
        (with("rate", "city"), "column `city`: there is no such column"),
        (with("rate", "x"), "column `x`: is number and not text"),
        (with("rate", "bought"), "column `bought`: has the role outcome"),
        (with("x", "shop"), "column `x`: is a column already"),
        (with("a rate", "shop"), "`a rate` is no name"),
        (
            ModelSpec { target_means: vec![twice.clone(), twice], ..spec(&[], false) },
            "two encoded columns are called `rate`",
        ),
        (
            ModelSpec {
                target_means: vec![TargetColumn { weight: -1.0, ..TargetColumn::new("r", "shop") }],
                ..spec(&[], false)
            },
            "0 or more",
        ),
    ];
    for (spec, words) in table {
        let error = train(&spec, &dataset, &roles, &rows, &Task::default()).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let text = ron::to_string(&with("rate", "shop")).unwrap();
    assert_eq!(ron::from_str::<ModelSpec>(&text).unwrap(), with("rate", "shop"));
    assert!(!ron::to_string(&spec(&[], false)).unwrap().contains("target_means"), "files of before stay as they were");
}
