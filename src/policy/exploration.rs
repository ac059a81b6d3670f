//! Exploration as data: chance inside the guards, so that what is not known can be learned. Nothing here is evaluated.

use serde::{Deserialize, Serialize};

/// How chance enters the choice. It acts among the survivors of every stage and floor, in the best tier that has any, never
/// for mandatory actions, and never for what is worth no more than `NoAction` where that competes; the probability of every
/// survivor is logged. It starts from the decision id: without one, every decision draws the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Exploration {
    /// With probability epsilon one of the survivors, all equally likely; else the best.
    EpsilonGreedy {
        /// In [0, 1].
        epsilon: f64,
    },
    /// Probabilities in proportion to `exp(priority / temperature)`.
    Softmax {
        /// Above 0, in the unit of the priority.
        temperature: f64,
    },
    /// P is drawn from Beta(1 + p·n, 1 + (1 − p)·n), n the evidence behind it and the weight of its prior; the best priority of a
    /// draw wins. Probabilities are the shares of so many draws, marked approximate; the one that chose is among them.
    Thompson {
        /// Draws behind the logged probabilities, 1 to 10,000.
        draws: u32,
    },
}
