//! What the purchase models read of a customer: repeat purchases, when the last was, how long they are known.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A customer's purchases as the purchase models read them. Times run from the customer's first purchase, in periods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Repeat purchases: days with a purchase after the first one.
    pub x: f64,
    /// Time of the last purchase; 0 when there is no repeat.
    pub t_x: f64,
    /// Time at which the observation ends; at least `t_x`.
    #[serde(rename = "T")]
    pub t: f64,
}

/// Customers grouped by identical history: likelihoods cost one evaluation per group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Groups {
    /// Each history once, with how many have it.
    pub groups: Vec<(History, f64)>,
    /// Per customer, its position in `groups`.
    pub of: Vec<u32>,
}

impl Groups {
    /// The groups of some customers, in order of first appearance.
    pub fn new(histories: &[History]) -> Groups {
        let mut seen: HashMap<[u64; 3], u32> = HashMap::new();
        let mut groups: Vec<(History, f64)> = Vec::new();
        let of = histories
            .iter()
            .map(|history| {
                let key = [history.x.to_bits(), history.t_x.to_bits(), history.t.to_bits()];
                let group = *seen.entry(key).or_insert_with(|| {
                    groups.push((*history, 0.0));
                    groups.len() as u32 - 1
                });
                groups[group as usize].1 += 1.0;
                group
            })
            .collect();
        Groups { groups, of }
    }

    /// Σ n · f over the groups, in the same order on any number of threads.
    pub fn sum(&self, f: impl Fn(&History) -> f64 + Sync) -> f64 {
        use rayon::prelude::*;
        const PIECE: usize = 2_048;
        let piece = |part: &[(History, f64)]| part.iter().map(|(history, n)| n * f(history)).sum::<f64>();
        if self.groups.len() <= PIECE {
            return piece(&self.groups);
        }
        self.groups.par_chunks(PIECE).map(piece).collect::<Vec<f64>>().into_iter().sum()
    }
}
