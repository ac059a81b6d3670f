//! The champion stays until it is beaten, and has to go when it cannot score.

use super::*;
use crate::data::split;
use crate::models::testing::customers;
use crate::models::train;
use crate::task::Task;

fn world() -> (Dataset, Roles, ModelSpec) {
    let (dataset, roles) = customers(4000, 61);
    (dataset, roles, ModelSpec { folds: 2, ..ModelSpec::new("buy", "bought") })
}

fn trained(spec: &ModelSpec, dataset: &Dataset, roles: &Roles) -> Model {
    let rows = split::train_rows(dataset, roles).unwrap();
    train(spec, dataset, roles, &rows, &Task::default()).unwrap().model
}

#[test]
fn a_champion_is_kept_until_it_is_beaten() {
    let (dataset, roles, spec) = world();
    let held_out = split::held_out_rows(&dataset, &roles).unwrap();
    let good = trained(&spec, &dataset, &roles);
    let poor = trained(&ModelSpec { features: vec!["noise".into(), "flag".into()], ..spec.clone() }, &dataset, &roles);
    let twin =
        trained(&ModelSpec { family: crate::models::Family::Logistic { l2: 2.0 }, ..spec.clone() }, &dataset, &roles);
    let of =
        |old: &Model, new: &Model| duel((old, &dataset), (new, &dataset), &spec, &dataset, &roles, &held_out).unwrap();
    for (champion, challenger, verdict, words) in [
        (&poor, &good, Verdict::Replaced, "the new model is better: its log loss on "),
        (&good, &poor, Verdict::Kept, "the new model is worse: "),
        (&good, &twin, Verdict::Kept, "the new model is not shown to be better: "),
        (&good, &good, Verdict::Kept, "the new model is not shown to be better: "),
    ] {
        let duel = of(champion, challenger);
        assert_eq!(duel.verdict, verdict, "{}", duel.why);
        assert!(duel.why.starts_with(words), "{}", duel.why);
        assert_eq!(duel.rows, held_out.len() as u64);
    }
    let beaten = of(&poor, &good);
    assert!(beaten.gain.unwrap().low > 0.05 && beaten.auc_gain.unwrap().low > 0.1, "{beaten:?}");
}

#[test]
fn a_champion_that_cannot_score_has_to_go_and_few_rows_show_nothing() {
    let (dataset, roles, spec) = world();
    let held_out = split::held_out_rows(&dataset, &roles).unwrap();
    let good = trained(&spec, &dataset, &roles);
    let mut lost = good.clone();
    lost.inputs[0].field = "vanished".into();
    let gone = duel((&lost, &dataset), (&good, &dataset), &spec, &dataset, &roles, &held_out).unwrap();
    assert_eq!(gone.verdict, Verdict::Replaced);
    assert!(gone.why.starts_with("the model in use cannot score the new data"), "{}", gone.why);
    let few = duel((&good, &dataset), (&good, &dataset), &spec, &dataset, &roles, &held_out[..40]).unwrap();
    assert_eq!((few.verdict, few.gain), (Verdict::Kept, None));
    assert!(few.why.contains("too few"), "{}", few.why);
}
