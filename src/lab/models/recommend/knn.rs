//! Item-kNN: the cosine of items over the subjects that took them, with shrinkage.

use super::interactions::Baskets;
use super::recommender::strongest;
use crate::error::Result;
use crate::task::Task;
use rayon::prelude::*;

/// The `neighbours` most similar items of each: `Σ_u w_ui · w_uj / (‖w_i‖ · ‖w_j‖ + shrinkage)`, the weights as given.
pub fn knn(baskets: &Baskets, neighbours: usize, shrinkage: f64, task: &Task) -> Result<Vec<Vec<(u32, f64)>>> {
    task.stage("Comparing items")?;
    let by_item = baskets.transposed();
    let norms: Vec<f64> =
        (0..baskets.items()).map(|item| by_item.row(item).iter().map(|(_, w)| w * w).sum::<f64>().sqrt()).collect();
    let items: Vec<usize> = (0..baskets.items()).collect();
    let mut lists = Vec::with_capacity(items.len());
    for block in items.chunks(256) {
        task.tick(lists.len() as f32 / items.len() as f32)?;
        let part: Vec<Vec<(u32, f64)>> = block
            .par_iter()
            .map_init(
                || (vec![0.0; baskets.items()], Vec::new()),
                |(sums, touched), &item| {
                    for (subject, own) in by_item.row(item) {
                        for (other, weight) in baskets.row(*subject as usize) {
                            let sum = &mut sums[*other as usize];
                            if *sum == 0.0 {
                                touched.push(*other);
                            }
                            *sum += own * weight;
                        }
                    }
                    let list = touched.iter().filter(|other| **other as usize != item).map(|other| {
                        let at = *other as usize;
                        (*other, sums[at] / (norms[item] * norms[at] + shrinkage))
                    });
                    let list = strongest(list.collect(), neighbours);
                    touched.drain(..).for_each(|other| sums[other as usize] = 0.0);
                    list
                },
            )
            .collect();
        lists.extend(part);
    }
    Ok(lists)
}
