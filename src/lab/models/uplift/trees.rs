//! Forests of uplift trees: effects that are averaged over honest trees, each of other rows (Athey & Imbens, 2016; Wager & Athey, 2018).
//! All arms share the splits; each has its own leaves, and becomes a tree ensemble of the policy.

use super::growth::{Bins, Grown, Outcomes, grow};
use super::spec::Growth;
use super::trial::Trial;
use crate::data::roles::Subjects;
use crate::error::Result;
use crate::features::Matrix;
use crate::models::forest::sums;
use crate::models::learner::{Fitted, Watch};
use crate::random::Random;
use attune_policy::model::{Function, Link, Tree};
use rayon::prelude::*;

/// The trees of one arm.
pub struct ArmTrees {
    trees: Vec<Tree>,
    gains: Vec<f64>,
}

/// Grows the trees on the rows of a trial, whose inputs are `x`; one fitted model per arm. All rows of a subject go the same way:
/// to the splits of a tree, to its effects, or not into it.
///
/// # Errors
/// When the task was cancelled.
pub fn forest(
    growth: &Growth,
    trial: &Trial,
    x: &Matrix,
    subjects: &Subjects,
    seed: u64,
    watch: &Watch<'_>,
) -> Result<Vec<ArmTrees>> {
    let bins = Bins::new(x);
    let outcomes = Outcomes { arm: &trial.arm, y: &trial.y, arms: trial.arms.len() };
    let codes: Vec<u64> = trial.rows.iter().map(|row| subjects.code(*row as usize) as u64).collect();
    let done = std::sync::atomic::AtomicU32::new(0);
    let grown: Vec<Grown> = (0..u64::from(growth.trees))
        .into_par_iter()
        .map(|tree| {
            let mut random = Random::stream(seed, tree);
            let own = random.bits();
            let (mut structure, mut estimation) = (Vec::new(), Vec::new());
            for (row, code) in (0..).zip(&codes) {
                let place = Random::stream(own, *code).uniform();
                if place < growth.sample / 2.0 {
                    structure.push(row);
                } else if place < growth.sample {
                    estimation.push(row);
                }
            }
            let grown = grow(&bins, &outcomes, growth, structure, estimation, &mut random, watch)?;
            let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            watch.at(done as f32 / growth.trees as f32)?;
            Ok(grown)
        })
        .collect::<Result<_>>()?;
    let mut gains = vec![0.0; x.inputs()];
    for tree in &grown {
        gains.iter_mut().zip(&tree.gains).for_each(|(sum, gain)| *sum += gain);
    }
    let share = 1.0 / f64::from(growth.trees);
    let of =
        |arm: usize| ArmTrees { trees: grown.iter().map(|tree| tree.of(arm, share)).collect(), gains: gains.clone() };
    Ok((0..trial.arms.len()).map(of).collect())
}

impl Fitted for ArmTrees {
    fn margins(&self, x: &Matrix) -> Result<Vec<f64>> {
        Ok(sums(0.0, self.trees.iter(), x))
    }

    fn link(&self) -> Link {
        Link::Identity
    }

    fn lower(&self) -> Function {
        Function::Trees { base: 0.0, trees: self.trees.clone(), link: Link::Identity }
    }

    fn weights(&self) -> Vec<f64> {
        self.gains.clone()
    }
}
