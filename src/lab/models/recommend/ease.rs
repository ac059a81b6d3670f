//! EASE: each item as a ridge regression on all others, all of them at once from one inverse.
//!
//! Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019: with P = (XᵀX + λI)⁻¹, B_ij = −P_ij / P_jj off the
//! diagonal and 0 on it. X is 0/1.

use super::interactions::Baskets;
use super::recommender::strongest;
use super::sweep::{MOST_ITEMS, Triangle, negative_inverse};
use crate::error::{Error, Result};
use crate::task::Task;
use rayon::prelude::*;

/// Per item of `chosen` (by position, ascending), the `keep` largest weights of the other items; all others get none.
///
/// # Errors
/// When `chosen` has more than [`MOST_ITEMS`] items, or the task was cancelled.
pub fn ease(baskets: &Baskets, chosen: &[u32], l2: f64, keep: usize, task: &Task) -> Result<Vec<Vec<(u32, f64)>>> {
    let n = chosen.len();
    if n > MOST_ITEMS {
        return Err(Error::new(format!(
            "EASE inverts a matrix of items by items: {n} items would need {:.1} GB, and at most {MOST_ITEMS} are taken",
            (n * n * 4) as f64 / 1e9
        ))
        .hint("leave out items that few subjects took, or use ALS or item-kNN"));
    }
    task.stage("Counting pairs of items")?;
    let mut at = vec![usize::MAX; baskets.items()];
    chosen.iter().enumerate().for_each(|(place, item)| at[*item as usize] = place);
    let mut gram = Triangle::new(n);
    for subject in 0..baskets.subjects() {
        if subject % 64 == 0 {
            task.tick(subject as f32 / baskets.subjects() as f32)?;
        }
        let places: Vec<usize> =
            baskets.row(subject).iter().map(|(item, _)| at[*item as usize]).filter(|place| *place < n).collect();
        for (many, i) in places.iter().enumerate() {
            for j in &places[..=many] {
                *gram.get_mut(*i, *j) += 1.0;
            }
        }
    }
    for i in 0..n {
        *gram.get_mut(i, i) += l2;
    }
    task.stage("Solving for all items")?;
    negative_inverse(&mut gram, task)?;
    task.stage("Keeping the strongest weights")?;
    let mut lists = vec![Vec::new(); baskets.items()];
    for (many, block) in chosen.chunks(512).enumerate() {
        task.tick((many * 512) as f32 / n as f32)?;
        let part: Vec<Vec<(u32, f64)>> = block
            .par_iter()
            .enumerate()
            .map(|(offset, _)| {
                let i = many * 512 + offset;
                let own = gram.get(i, i);
                let others = (0..n).filter(|j| *j != i);
                // Signs of the two negative inverses cancel.
                strongest(others.map(|j| (chosen[j], -gram.get(i, j) / own)).collect(), keep)
            })
            .collect();
        block.iter().zip(part).for_each(|(item, list)| lists[*item as usize] = list);
    }
    Ok(lists)
}
