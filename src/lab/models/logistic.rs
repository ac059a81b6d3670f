//! Logistic regression with an L2 penalty; scikit-learn's with C = 1 / l2. The work is done by [`super::glm`].

use super::glm::{self, Penalty};
use super::learner::{Examples, Fitted, Learner, Watch};
use crate::error::Result;
use crate::features::Style;

/// The family's settings.
pub struct Logistic {
    /// Penalty on the squared coefficients.
    pub l2: f64,
}

impl Learner for Logistic {
    fn style(&self) -> Style {
        Style::Standardised
    }

    fn fit(&self, examples: &Examples<'_>, watch: &Watch<'_>) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(glm::fit(examples, Penalty { l2: self.l2, l1: 0.0 }, watch)?))
    }
}
