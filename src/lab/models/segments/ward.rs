//! Ward's hierarchy by the nearest-neighbour chain (Murtagh 1983): exact, in memory of the rows alone, time n² · inputs.

use super::points::squared;
use crate::error::{Error, Result};
use crate::features::Matrix;
use crate::task::Task;

/// Most rows a hierarchy is made of; of more a sample is taken, and the others join the nearest centroid.
pub const MOST_ROWS: usize = 6_000;

/// A merge of two groups.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Merge {
    /// A row of either group.
    pub rows: (u32, u32),
    /// √(2·|A||B|/(|A|+|B|)) · ‖a − b‖, as SciPy and R (`ward.D2`) give it.
    pub height: f64,
}

/// All merges, by rising height.
///
/// # Errors
/// When the task was cancelled.
pub fn hierarchy(x: &Matrix, task: &Task) -> Result<Vec<Merge>> {
    let n = x.rows();
    // A group lives at one of its rows.
    let mut centers: Vec<Vec<f64>> = (0..n).map(|row| x.row(row).to_vec()).collect();
    let mut sizes = vec![1.0_f64; n];
    let mut alive: Vec<u32> = (0..n as u32).collect();
    let mut chain: Vec<u32> = Vec::new();
    let mut merges = Vec::with_capacity(n.saturating_sub(1));
    while alive.len() > 1 {
        if task.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let Some(&top) = chain.last() else {
            chain.push(alive[0]);
            continue;
        };
        let before = chain.len().checked_sub(2).map(|at| chain[at]);
        let distance = |a: u32, b: u32| {
            let (a, b) = (a as usize, b as usize);
            2.0 * sizes[a] * sizes[b] / (sizes[a] + sizes[b]) * squared(&centers[a], &centers[b])
        };
        // The group before wins among equals, so that the chain ends.
        let mut nearest = before.map_or((u32::MAX, f64::INFINITY), |other| (other, distance(top, other)));
        for &other in alive.iter().filter(|other| **other != top) {
            let far = distance(top, other);
            if far < nearest.1 {
                nearest = (other, far);
            }
        }
        if Some(nearest.0) != before {
            chain.push(nearest.0);
            continue;
        }
        chain.truncate(chain.len() - 2);
        let (keep, lost) = (top.min(nearest.0), top.max(nearest.0));
        merges.push(Merge { rows: (keep, lost), height: nearest.1.sqrt() });
        let (a, b) = (sizes[keep as usize], sizes[lost as usize]);
        let gone = std::mem::take(&mut centers[lost as usize]);
        centers[keep as usize].iter_mut().zip(gone).for_each(|(own, other)| *own = (a * *own + b * other) / (a + b));
        sizes[keep as usize] = a + b;
        if let Ok(at) = alive.binary_search(&lost) {
            alive.remove(at);
        }
    }
    merges.sort_by(|a, b| a.height.total_cmp(&b.height));
    Ok(merges)
}

/// The groups that are left when `k` remain, numbered in order of their first rows.
pub fn cut(merges: &[Merge], n: usize, k: usize) -> Vec<u32> {
    let mut parent: Vec<u32> = (0..n as u32).collect();
    let root = |parent: &mut Vec<u32>, mut row: u32| {
        while parent[row as usize] != row {
            parent[row as usize] = parent[parent[row as usize] as usize];
            row = parent[row as usize];
        }
        row
    };
    for merge in merges.iter().take(n.saturating_sub(k)) {
        let (a, b) = (root(&mut parent, merge.rows.0), root(&mut parent, merge.rows.1));
        parent[a.max(b) as usize] = a.min(b);
    }
    let mut numbers = vec![u32::MAX; n];
    let mut next = 0;
    (0..n as u32)
        .map(|row| {
            let at = root(&mut parent, row) as usize;
            if numbers[at] == u32::MAX {
                numbers[at] = next;
                next += 1;
            }
            numbers[at]
        })
        .collect()
}
