//! Bins of one input: half-open intervals or categories, then the bin of missing values.

use super::encoder::Kind;

/// The bins of an input.
#[derive(Clone, Debug)]
pub struct Axis {
    /// The input.
    pub input: usize,
    bins: Bins,
}

#[derive(Clone, Debug)]
enum Bins {
    /// `(−∞, e_0), [e_0, e_1), … [e_last, ∞)`, missing.
    Edges(Vec<f64>),
    /// One per category, one for values of no category, missing.
    Codes(u32),
}

impl Axis {
    /// The bins of an input that `edges` cut; an input encoded as `Category` has no edges.
    ///
    /// # Errors
    /// A sentence that follows the name of the part.
    pub fn new(input: u32, edges: &[f64], kinds: &[Kind]) -> Result<Axis, String> {
        let bins = match kinds.get(input as usize) {
            None => return Err(format!("reads input {input}, but there are {} inputs, counted from 0", kinds.len())),
            Some(Kind::Items(_)) => return Err(format!("reads input {input}, which lists items; only neighbours can")),
            Some(Kind::Category(_)) if !edges.is_empty() => {
                return Err(format!("has edges, but its input {input} is a category; take them out"));
            }
            Some(Kind::Category(n)) => Bins::Codes(*n),
            Some(Kind::Number | Kind::Whole) => {
                if !edges.iter().all(|x| x.is_finite()) || !edges.is_sorted_by(|a, b| a < b) {
                    return Err("has edges that are not finite numbers in ascending order, none twice".into());
                }
                Bins::Edges(edges.to_vec())
            }
        };
        Ok(Axis { input: input as usize, bins })
    }

    /// Whether values are categories, with a bin for values of none.
    pub fn has_other(&self) -> bool {
        matches!(self.bins, Bins::Codes(_))
    }

    /// Bins of known values, without the bin of values of no category.
    pub fn named(&self) -> usize {
        match &self.bins {
            Bins::Edges(edges) => edges.len() + 1,
            Bins::Codes(n) => *n as usize,
        }
    }

    /// All bins, that of missing values last.
    pub fn len(&self) -> usize {
        self.named() + usize::from(self.has_other()) + 1
    }

    /// The bin of a number or code; NaN is missing.
    pub fn bin(&self, x: f64) -> usize {
        match &self.bins {
            _ if x.is_nan() => self.len() - 1,
            Bins::Edges(edges) => edges.partition_point(|edge| *edge <= x),
            Bins::Codes(n) => (x as usize).min(*n as usize),
        }
    }
}
