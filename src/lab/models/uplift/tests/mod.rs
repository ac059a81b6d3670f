//! Uplift learners: worlds whose effects are known, a real trial beside scikit-learn's scores, the law of lowering.

mod functions;
mod hillstrom;
mod lowered;
mod models;
mod world;

use super::*;
use crate::data::cells::Cells;
use crate::data::{Dataset, Role, Roles};
use crate::models::{Family, Goal};
use crate::random::Random;
use crate::task::Task;

/// A trial whose effects are known.
struct World {
    dataset: Dataset,
    roles: Roles,
    /// True effect of `mail` and of `call` on `amount`, per row.
    on_amount: [Vec<f64>; 2],
    /// True effect of `mail` on the probability of `bought`.
    on_bought: Vec<f64>,
}

/// Arms `none`, `mail` and `call`, 40, 35 and 25 % by chance; or, `confounded`, mail to those with a high `x`. `x` moves the outcome, `z` and
/// `plan` the effects, `noise` nothing.
fn world(rows: usize, confounded: bool, seed: u64) -> World {
    let mut random = Random::new(seed);
    let (mut x, mut z, mut noise, mut plan, mut arm) = (vec![], vec![], vec![], vec![], vec![]);
    let (mut amount, mut bought) = (vec![], vec![]);
    let (mut on_amount, mut on_bought): ([Vec<f64>; 2], Vec<f64>) = Default::default();
    for _ in 0..rows {
        let (a, b) = (random.normal(), random.normal());
        let gold = random.chance(0.4);
        let mail = 1.0 + 1.5 * b + if gold { 2.0 } else { 0.0 };
        let call = 2.0 - 1.0 * b;
        let base = 0.35 + 0.15 * libm::tanh(a);
        let lift = 0.08 + 0.2 * libm::tanh(b);
        let chosen = if confounded {
            usize::from(random.chance(1.0 / (1.0 + libm::exp(-1.2 * a))))
        } else {
            random.pick(&[0.4, 0.35, 0.25])
        };
        amount.push(10.0 + 3.0 * a + [0.0, mail, call][chosen] + random.normal());
        bought.push(i64::from(random.chance(base + if chosen == 1 { lift } else { 0.0 })));
        arm.push(Some(["none", "mail", "call"][chosen]));
        plan.push(Some(if gold { "gold" } else { "basic" }));
        x.push(a);
        z.push(b);
        noise.push(random.normal());
        on_amount[0].push(mail);
        on_amount[1].push(call);
        on_bought.push(lift);
    }
    let columns = vec![
        ("x".into(), Cells::Number(x)),
        ("z".into(), Cells::Number(z)),
        ("noise".into(), Cells::Number(noise)),
        ("plan".into(), Cells::from_texts(plan)),
        ("arm".into(), Cells::from_texts(arm)),
        ("amount".into(), Cells::Number(amount)),
        ("bought".into(), Cells::Integer(bought)),
    ];
    let dataset = Dataset::from_columns("world", columns).unwrap();
    let mut roles = Roles::default();
    for column in dataset.columns() {
        let role = match column.name.as_str() {
            "arm" => Role::Action,
            "amount" | "bought" => Role::Outcome,
            _ => Role::Feature,
        };
        roles.columns.insert(column.name.clone(), role);
    }
    World { dataset, roles, on_amount, on_bought }
}

fn amount(learner: Meta) -> UpliftSpec {
    UpliftSpec {
        goal: Goal::Amount,
        base: Family::linear(),
        learner,
        folds: 3,
        ..UpliftSpec::new("u", "amount", "arm", "none")
    }
}

fn bought(learner: Meta) -> UpliftSpec {
    UpliftSpec { arms: vec!["mail".into()], learner, folds: 3, ..UpliftSpec::new("u", "bought", "arm", "none") }
}

fn rows(dataset: &Dataset) -> Vec<u32> {
    (0..dataset.rows() as u32).collect()
}

fn small_trees() -> Family {
    let Family::Boosted { min_child_weight, subsample, column_sample, l2, .. } = Family::boosted() else { panic!() };
    Family::Boosted { trees: 40, depth: 3, learning_rate: 0.2, min_child_weight, subsample, column_sample, l2 }
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let (ma, mb) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let product =
        |x: &[f64], mx: f64, y: &[f64], my: f64| x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum::<f64>();
    product(a, ma, b, mb) / (product(a, ma, a, ma) * product(b, mb, b, mb)).sqrt()
}

/// Root of the mean squared error of the effect ("precision in estimating heterogeneous effects").
fn pehe(a: &[f64], b: &[f64]) -> f64 {
    (a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / a.len() as f64).sqrt()
}
