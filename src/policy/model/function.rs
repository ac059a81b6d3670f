//! The learned functions. Each says in its words how it is evaluated; sums run in the order of the file.

use super::{Characteristic, Cold, Pair, Shape, Side, Tree};
use serde::{Deserialize, Serialize};

/// The learned function of the inputs x.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Function {
    /// The same for everyone.
    Constant(f64),
    /// `link(intercept + Σ coefficient_i · x_i)`, summed in order in f64.
    Linear {
        /// Added first.
        intercept: f64,
        /// One per input.
        coefficients: Vec<f64>,
        /// Applied to the sum.
        link: Link,
    },
    /// `link(base + Σ leaf)`, inputs rounded to f32, leaves summed in tree order in f32.
    Trees {
        /// Added first.
        base: f32,
        /// The trees.
        trees: Vec<Tree>,
        /// Applied to the sum.
        link: Link,
    },
    /// `link(base + Σ points)`: each characteristic gives the points of the bin its input falls into, summed in order in f64.
    Scorecard {
        /// Added first.
        base: f64,
        /// What points are given for.
        characteristics: Vec<Characteristic>,
        /// Applied to the sum.
        link: Link,
    },
    /// An explainable boosting machine: `link(intercept + Σ shape + Σ pair)`, summed in order in f64.
    Shapes {
        /// Added first.
        intercept: f64,
        /// Functions of one input.
        shapes: Vec<Shape>,
        /// Functions of two inputs.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pairs: Vec<Pair>,
        /// Applied to the sum.
        link: Link,
    },
    /// Factors for recommendations: `link(bias + subject bias + item bias + Σ_k subject_k · item_k)`, in f64 from left to right, k ascending.
    Factors {
        /// Added first.
        bias: f64,
        /// Who is decided for.
        subject: Side,
        /// What is offered: usually keyed by a fact of the candidate.
        item: Side,
        /// What an unknown subject or item gets; the score is degraded either way.
        cold: Cold,
        /// Applied to the sum.
        link: Link,
    },
    /// Item–item recommendations: `link(bias + item bias + Σ similarity)` over those neighbours of the item that the subject has,
    /// in f64, in the order of the neighbours. An item listed twice counts once.
    Neighbours {
        /// Added first.
        bias: f64,
        /// Input that lists what the subject has, encoded as `Items`.
        basket: u32,
        /// Input that names what is offered, encoded as `Category`; usually a fact of the candidate.
        item: u32,
        /// One per category of the item: its popularity.
        biases: Vec<f64>,
        /// One list per category of the item: place among the items of the basket, ascending, and similarity.
        similar: Vec<Vec<(u32, f64)>>,
        /// What an unknown item, or a basket without a known item, gets; the score is degraded either way.
        cold: Cold,
        /// Applied to the sum.
        link: Link,
    },
    /// `of − less`, each with its own link, of the same inputs: the effect of an action, where `of` expects the outcome with it and
    /// `less` without. Neither is a difference itself, nor recommends items.
    Difference {
        /// What is taken from.
        of: Box<Function>,
        /// What is taken away.
        less: Box<Function>,
    },
}

impl Default for Function {
    fn default() -> Self {
        Function::Constant(0.0)
    }
}

impl Function {
    /// The link, when there is one. The sides of a difference each have their own.
    pub fn link(&self) -> Option<Link> {
        match self {
            Function::Constant(_) | Function::Difference { .. } => None,
            Function::Linear { link, .. }
            | Function::Trees { link, .. }
            | Function::Scorecard { link, .. }
            | Function::Shapes { link, .. }
            | Function::Factors { link, .. }
            | Function::Neighbours { link, .. } => Some(*link),
        }
    }
}

/// Link from the sum to the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Link {
    /// Unchanged.
    Identity,
    /// `1 / (1 + exp(−z))`, with `libm`.
    Logistic,
}

impl Link {
    /// The output for a sum.
    pub fn apply(self, sum: f64) -> f64 {
        match self {
            Link::Identity => sum,
            Link::Logistic => 1.0 / (1.0 + libm::exp(-sum)),
        }
    }

    /// Mean slope of the output between two sums: the difference of outputs over that of the sums.
    pub fn mean_slope(self, from: f64, to: f64) -> f64 {
        match self {
            Link::Identity => 1.0,
            // So near, the quotient is rounding; the slope in the middle is not.
            Link::Logistic if (to - from).abs() < 1e-5 => {
                let p = self.apply(from + (to - from) / 2.0);
                p * (1.0 - p)
            }
            Link::Logistic => (self.apply(to) - self.apply(from)) / (to - from),
        }
    }
}
