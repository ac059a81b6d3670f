//! A project's models of effects, trained, measured, ranked and refitted as any other model: in worlds of known effects and on Hillstrom.

use super::*;
use crate::data::import::{ImportOptions, import};
use crate::data::split;
use crate::models::testing::shared;
use crate::models::{
    self, Board, Calibrate, ClassWeights, Cut, ModelSpec, Trained, Validation, Verdict, board, card, duel,
};
use attune_policy::model::{Function, Spread};

/// The effect of `mail` on a world's amount or on whether somebody bought.
fn spec(learner: Meta, on_amount: bool) -> ModelSpec {
    let (outcome, goal, family) = match on_amount {
        true => ("amount", Goal::Amount, Family::linear()),
        false => ("bought", Goal::Propensity, Family::logistic()),
    };
    let growth = Growth { trees: 40, ..Growth::default() };
    ModelSpec {
        goal,
        family,
        folds: 2,
        arm: Some("mail".into()),
        uplift: Some(Uplift { learner, growth, ..Uplift::against("none") }),
        ..ModelSpec::new("u", outcome)
    }
}

fn trained(spec: &ModelSpec, world: &World) -> Trained {
    let rows = split::train_rows(&world.dataset, &world.roles).unwrap();
    models::train(spec, &world.dataset, &world.roles, &rows, &Task::default()).unwrap()
}

#[test]
fn every_learner_becomes_one_model_whose_score_is_its_own_effect() {
    let world = world(5_000, false, 21);
    let (all, train_rows) = (rows(&world.dataset), split::train_rows(&world.dataset, &world.roles).unwrap());
    for on_amount in [true, false] {
        for learner in Meta::ALL.into_iter().filter(|learner| !on_amount || *learner != Meta::ClassTransformation) {
            let spec = spec(learner, on_amount);
            let Trained { model, report, recipe } = trained(&spec, &world);
            // The same learner asked directly, on the same rows.
            let asked = UpliftSpec::of_model(&spec, "arm").unwrap();
            let direct = train(&asked, &world.dataset, &world.roles, &train_rows, &Task::default()).unwrap();
            let own = direct.arms[0].scores(&world.dataset, &all).unwrap();
            let (policy, degraded) = models::scores::scores(&model, &world.dataset, &all).unwrap();
            let what = learner.words();
            assert_eq!(degraded, 0);
            for (row, (own, policy)) in own.iter().zip(&policy).enumerate() {
                assert!((own - policy).abs() <= 2e-5, "{what}, row {row}: {own}, policy {policy}");
            }
            assert_eq!((model.id.as_str(), recipe.len()), ("u", 0));
            assert!(model.target.contains("difference that `mail` makes") && model.target.contains("against `none`"));
            let differs = !on_amount && matches!(learner, Meta::S | Meta::T);
            assert_eq!(matches!(model.function, Function::Difference { .. }), differs, "{what}");
            // Rows of the arm and of the control alone, none of them held out.
            let uplift = report.out_of_fold.uplift.as_ref().unwrap();
            let held_out = report.held_out.as_ref().unwrap().uplift.as_ref().unwrap();
            let arms = world.dataset.dictionary("arm").unwrap();
            let of =
                |name: &str| all.iter().filter(|&&row| arms.get(row as usize).is_some_and(|a| **a == *name)).count();
            assert_eq!((uplift.treated + held_out.treated) as usize, of("mail"), "{what}");
            assert_eq!((uplift.control + held_out.control) as usize, of("none"), "{what}");
            assert_eq!(report.rows, uplift.treated + uplift.control);
            assert_eq!(uplift.binary, !on_amount);
            let truth = if on_amount { &world.on_amount[0] } else { &world.on_bought };
            let mean = truth.iter().sum::<f64>() / truth.len() as f64;
            assert!((model.fallback - mean).abs() < if on_amount { 0.5 } else { 0.06 }, "{what}: {}", model.fallback);
            let told = report.suspicions.iter().any(|suspicion| suspicion.message.contains("tells who got"));
            assert!(!told, "{what}: lots were drawn: {:?}", report.suspicions);
            // A line without products tells nobody apart, and says so; of probabilities it tells what the link makes of it.
            if learner == Meta::S {
                assert_eq!(report.notes.iter().any(|note| note.contains("tells nobody apart")), on_amount);
                continue;
            }
            assert!(correlation(&policy, truth) > 0.6, "{what}: {}", correlation(&policy, truth));
            let strongest = &report.importance[0];
            assert!(["z", "plan"].contains(&strongest.field.as_str()), "{what}: {:?}", report.importance);
            assert!(strongest.auc_drop > 0.0 && uplift.lead().value > 0.0, "{what}: {:?}", uplift.lead());
            // Its noise is that of the outcome.
            if learner == Meta::TransformedOutcome {
                continue;
            }
            assert!(
                uplift.orders() && held_out.lead().value > 0.0,
                "{what}: {:?}, {:?}",
                uplift.lead(),
                held_out.lead()
            );
            let Some(Spread::Bands { half_widths, .. }) = &model.spread else { panic!("{what}: {:?}", model.spread) };
            assert!(half_widths.iter().all(|width| *width > 0.0), "{what}");
        }
    }
}

#[test]
fn what_is_reported_is_what_was_measured() {
    let world = world(4_000, false, 22);
    let Trained { report, .. } = trained(&spec(Meta::Dr, false), &world);
    let uplift = report.out_of_fold.uplift.as_ref().unwrap();
    for key in card_keys() {
        let metric = uplift.metrics.iter().find(|metric| metric.key == key).unwrap();
        let (value, (low, high)) = (metric.value.unwrap(), metric.interval.unwrap());
        assert!(low < value && value < high && !metric.definition.is_empty(), "{metric:?}");
    }
    assert_eq!(uplift.lead(), uplift.metric("sklift_qini_auc").unwrap());
    // Tenths fall, and their effects are those of their people.
    assert!(uplift.tenths.windows(2).all(|pair| pair[0].predicted >= pair[1].predicted));
    assert_eq!(uplift.tenths.iter().map(|tenth| tenth.rows).sum::<u64>(), report.rows);
    let inside =
        uplift.tenths.iter().filter(|t| t.observed.is_some_and(|o| o.low <= t.predicted && t.predicted <= o.high));
    assert!(inside.count() >= 7, "{:?}", uplift.tenths);
    // The rule is by the column that moves the effect, and a line that sees how much beats it.
    let rule = uplift.rule.as_ref().unwrap();
    assert!(rule.condition.starts_with("z >= ") && rule.lead > 0.0 && rule.ahead.value > 0.0, "{rule:?}");
    let truth = world.on_bought.iter().sum::<f64>() / 4_000.0;
    let adjusted = uplift.adjusted.unwrap();
    assert!(adjusted.low < truth && truth < adjusted.high, "{adjusted:?}, truth {truth}");
    assert_eq!(report.headline(), format!("Qini {:.4}", uplift.lead().value));
    let text = card(&report);
    for words in [
        "difference that `mail` makes to the probability of `bought`, against `none`",
        "DR-learner, outcomes by logistic regression, effects by linear regression",
        "`sklift_qini_auc`",
        "causalml: mean of the gain curve",
        "observed effect",
        "Qini lost",
        "no action may take it as its propensity",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    assert!(!text.contains("ROC AUC"), "{text}");
    let written = ron::to_string(&report).unwrap();
    assert_eq!(ron::from_str::<models::ModelReport>(&written).unwrap(), report);
}

fn card_keys() -> [&'static str; 9] {
    super::super::card::SHOWN
}

#[test]
fn a_model_is_measured_by_time_where_it_is_asked_for() {
    let world = world(3_000, false, 23);
    let later = ModelSpec { validation: Validation::FileOrder(0.3), ..spec(Meta::T, true) };
    let report = trained(&later, &world).report;
    assert_eq!(report.folds.len(), 1);
    let uplift = report.out_of_fold.uplift.as_ref().unwrap();
    assert_eq!(uplift.treated + uplift.control + report.folds[0].trained_on, report.rows);
    assert!((report.out_of_fold.rows as f64 / report.rows as f64 - 0.3).abs() < 0.01);
    assert!(report.notes.iter().any(|note| note.contains("later rows")), "{:?}", report.notes);
    assert!(uplift.orders(), "{:?}", uplift.lead());
    assert_eq!(report.headline(), format!("RATE {:.4}", uplift.lead().value), "scikit-uplift's Qini is for yes or no");
}

#[test]
fn learners_are_ranked_and_the_champion_stays_until_it_is_beaten() {
    let world = world(6_000, false, 24);
    let (train_rows, held_out) = (
        split::train_rows(&world.dataset, &world.roles).unwrap(),
        split::held_out_rows(&world.dataset, &world.roles).unwrap(),
    );
    let named = |id: &str, spec: ModelSpec| ModelSpec { id: id.into(), ..spec };
    let blind = ModelSpec { features: vec!["noise".into(), "x".into()], ..spec(Meta::Dr, true) };
    let specs = [named("blind", blind.clone()), named("dr", spec(Meta::Dr, true)), named("x", spec(Meta::X, true))];
    let of = |specs: &[ModelSpec]| board(specs, &world.dataset, &world.roles, &train_rows, &Task::default());
    let Board { entries, failed, test, rows, .. } = of(&specs).unwrap();
    assert_eq!((entries.len(), failed.len()), (3, 0));
    assert_eq!(entries[2].spec.id, "blind");
    assert!(entries[2].behind.low > 0.0 && !entries[2].level, "{:?}", entries[2].behind);
    assert!(entries[1].level && entries[0].behind == crate::models::report::Estimate::default());
    assert!(test.contains("paired bootstrap") && rows > 0 && entries.iter().all(|entry| entry.uplift.is_some()));
    let other = ModelSpec { uplift: Some(Uplift::against("call")), ..spec(Meta::Dr, true) };
    let error = of(&[specs[1].clone(), named("other", other)]).unwrap_err().to_string();
    assert!(error.contains("control"), "{error}");

    let (good, poor) = (trained(&specs[1], &world).model, trained(&blind, &world).model);
    let rows = &world.dataset;
    for (champion, challenger, verdict, words) in [
        (&poor, &good, Verdict::Replaced, "the new model is better: its RATE coefficient on "),
        (&good, &poor, Verdict::Kept, "the new model is worse: "),
        (&good, &good, Verdict::Kept, "the new model is not shown to be better: "),
    ] {
        let fought = duel((champion, rows), (challenger, rows), &specs[1], rows, &world.roles, &held_out).unwrap();
        assert_eq!(fought.verdict, verdict, "{}", fought.why);
        assert!(fought.why.starts_with(words), "{}", fought.why);
    }
    let few = &held_out[..120];
    let fought = duel((&poor, rows), (&good, rows), &specs[1], rows, &world.roles, few).unwrap();
    assert!(fought.verdict == Verdict::Kept && fought.why.contains("too few"), "{}", fought.why);
}

/// The world with one more feature.
fn with_column(world: &World, name: &str, cells: Cells) -> (Dataset, Roles) {
    let own = world.dataset.columns().iter().map(|c| (c.name.clone(), world.dataset.cells(&c.name).unwrap().clone()));
    let dataset = Dataset::from_columns("leaky", own.chain([(name.to_owned(), cells)]).collect()).unwrap();
    let mut roles = world.roles.clone();
    roles.columns.insert(name.to_owned(), Role::Feature);
    (dataset, roles)
}

#[test]
fn columns_that_tell_the_treatment_or_the_outcome_are_pointed_at_by_models_and_boards() {
    let world = world(3_000, false, 25);
    let mut random = Random::new(9);
    let arms = world.dataset.dictionary("arm").unwrap();
    let mailed: Vec<bool> = (0..3_000).map(|row| arms.get(row).is_some_and(|arm| **arm == *"mail")).collect();
    let bought = world.dataset.numbers("bought").unwrap();
    // Half of the mailed open it, and nobody else; an order number is there where somebody bought; letters went by luck.
    let opened = mailed.iter().map(|&mailed| i64::from(mailed && random.chance(0.5))).collect();
    let order = bought.iter().map(|&bought| if bought > 0.0 { random.normal() } else { f64::NAN }).collect();
    let luck = (0..3_000).map(|_| i64::from(random.chance(0.5))).collect();
    let outcome = "it looks written down after it";
    for (column, cells, words) in [
        ("opened", Cells::Integer(opened), Some("tells who got `mail` with an AUC of 0.7")),
        ("order", Cells::Number(order), Some(outcome)),
        ("luck", Cells::Integer(luck), None),
    ] {
        let (dataset, roles) = with_column(&world, column, cells);
        let rows = rows(&dataset);
        let quick = spec(Meta::T, false);
        let slow = ModelSpec { id: "other".into(), ..spec(Meta::S, false) };
        let board = board(&[quick.clone(), slow], &dataset, &roles, &rows, &Task::default()).unwrap();
        let report = models::train(&quick, &dataset, &roles, &rows, &Task::default()).unwrap().report;
        assert_eq!(board.suspicions, report.suspicions, "{column}");
        let told: Vec<(&str, bool)> = board
            .suspicions
            .iter()
            .map(|own| (own.field.as_str(), words.is_some_and(|words| own.message.contains(words))))
            .collect();
        assert_eq!(told, words.map(|_| (column, true)).into_iter().collect::<Vec<_>>(), "{:?}", board.suspicions);
    }
    // Where no lots were drawn, columns may tell the treatment: that is what is adjusted for.
    let opened = mailed.iter().map(|&mailed| i64::from(mailed && random.chance(0.5))).collect();
    let (dataset, roles) = with_column(&world, "opened", Cells::Integer(opened));
    let mut estimated = spec(Meta::T, false);
    estimated.uplift.as_mut().unwrap().chance = Chance::Estimated;
    let board = board(&[estimated], &dataset, &roles, &rows(&dataset), &Task::default()).unwrap();
    assert!(board.suspicions.is_empty(), "{:?}", board.suspicions);
}

#[test]
fn what_a_model_of_an_effect_cannot_be_is_said() {
    let world = world(400, false, 26);
    let base = || spec(Meta::Dr, false);
    let uplift = |change: &dyn Fn(&mut Uplift)| {
        let mut spec = base();
        change(spec.uplift.as_mut().unwrap());
        spec
    };
    let table = [
        (ModelSpec { arm: None, ..base() }, "say the arm"),
        (ModelSpec { calibration: Calibrate::Platt, ..base() }, "effects are none"),
        (ModelSpec { class_weights: ClassWeights::Balanced, ..base() }, "class weights"),
        (ModelSpec { monotone: [("z".to_owned(), models::Direction::Rising)].into(), ..base() }, "rise or fall"),
        (
            ModelSpec { target_means: vec![crate::features::TargetColumn::of_model("u", "plan")], ..base() },
            "target_means",
        ),
        (ModelSpec { family: Family::linear(), ..base() }, "estimates amounts"),
        (ModelSpec { family: Family::neighbours(), ..base() }, "no model that a policy can hold"),
        (ModelSpec { arm: Some("letter".into()), ..base() }, "`letter`"),
        (uplift(&|u| u.control = "mail".into()), "control is among the arms"),
        (uplift(&|u| u.control = "nobody".into()), "`nobody`"),
        (uplift(&|u| u.effect = Family::logistic()), "estimates probabilities"),
        (uplift(&|u| u.growth.trees = 0).with_trees(), "1 to 2,000"),
        (ModelSpec { validation: Validation::Time(Cut::Share(0.2)), ..base() }, "role time"),
        (
            ModelSpec { family: Family::scorecard(), ..uplift(&|u| u.learner = Meta::S) },
            "no function that a policy can hold",
        ),
        (ModelSpec { features: vec!["arm".into()], ..base() }, "no feature can be"),
        (ModelSpec { features: vec!["amount".into()], ..base() }, "role outcome"),
    ];
    for (spec, words) in table {
        let error = models::train(&spec, &world.dataset, &world.roles, &rows(&world.dataset), &Task::default());
        let error = error.err().unwrap_or_else(|| panic!("{words}")).to_string();
        assert!(error.contains(words), "{words}: {error}");
    }
    let no_action = Roles { columns: [("z".to_owned(), Role::Feature)].into(), ..Roles::default() };
    let error = models::train(&base(), &world.dataset, &no_action, &rows(&world.dataset), &Task::default());
    assert!(error.unwrap_err().to_string().contains("no column has the role action"));
    let task = Task::default();
    task.cancel();
    assert!(
        models::train(&base(), &world.dataset, &world.roles, &rows(&world.dataset), &task).unwrap_err().is_cancelled()
    );
    let tuned = models::tune(&base(), 3, &world.dataset, &world.roles, &rows(&world.dataset), &Task::default());
    assert!(tuned.unwrap_err().to_string().contains("not searched"));
    // Files of models without effects are what they were.
    let plain = ron::to_string(&ModelSpec::new("m", "bought")).unwrap();
    assert!(!plain.contains("uplift"), "{plain}");
    assert_eq!(ron::from_str::<ModelSpec>(&ron::to_string(&base()).unwrap()).unwrap(), base());
}

trait WithTrees {
    fn with_trees(self) -> Self;
}

impl WithTrees for ModelSpec {
    fn with_trees(mut self) -> ModelSpec {
        self.uplift.as_mut().unwrap().learner = Meta::Trees;
        self
    }
}

/// The women's mail moves those who bought women's goods: the model finds them, and looks no better than the one line that says so.
#[test]
fn hillstrom_through_the_importer() {
    let Some(file) = shared("data/hillstrom/hillstrom.csv") else { return };
    let dataset = import(&file, &ImportOptions::default(), &Task::default()).unwrap().dataset;
    let roles = Roles::suggest(&dataset);
    assert_eq!(roles.first(Role::Action), Some("segment"));
    let rows = split::train_rows(&dataset, &roles).unwrap();
    let spec = ModelSpec {
        arm: Some("Womens E-Mail".into()),
        uplift: Some(Uplift::against("No E-Mail")),
        folds: 3,
        ..ModelSpec::new("visit_womens_uplift", "visit")
    };
    let report = models::train(&spec, &dataset, &roles, &rows, &Task::default()).unwrap().report;
    for (name, evaluation) in [("out of fold", &report.out_of_fold), ("held out", report.held_out.as_ref().unwrap())] {
        let uplift = evaluation.uplift.as_ref().unwrap();
        println!("{name}: {:?}, {:?}", uplift.lead(), uplift.rule);
        assert!(uplift.orders(), "{name}: {:?}", uplift.lead());
        // The published effect on visits is 0.0452.
        assert!(uplift.effect.low < 0.0452 && 0.0452 < uplift.effect.high, "{name}: {:?}", uplift.effect);
        let rule = uplift.rule.as_ref().unwrap();
        assert_eq!(rule.condition, "womens >= 1");
        assert!(rule.lead > 0.0 && rule.ahead.low <= 0.0, "{name}: {rule:?}");
    }
    assert_eq!(report.importance[0].field, "womens");
    assert!(card(&report).contains("not shown to be better than one line, `womens >= 1`"));
}
