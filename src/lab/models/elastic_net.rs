//! Elastic net: coefficients many of which are exactly 0 (Zou & Hastie, 2005). Logistic for propensities, where scikit-learn's
//! C is 1 / penalty; least squares for amounts, where its alpha is penalty / rows. The work is done by [`super::glm`].

use super::glm::{self, Penalty};
use super::learner::{Examples, Fitted, Learner, Watch};
use crate::error::Result;
use crate::features::Style;

/// The family's settings.
pub struct ElasticNet {
    /// Weight of the whole penalty.
    pub penalty: f64,
    /// Share of the absolute values in it.
    pub l1_share: f64,
}

impl Learner for ElasticNet {
    fn style(&self) -> Style {
        Style::Standardised
    }

    fn fit(&self, examples: &Examples<'_>, watch: &Watch<'_>) -> Result<Box<dyn Fitted>> {
        let l1 = self.penalty * self.l1_share;
        Ok(Box::new(glm::fit(examples, Penalty { l2: self.penalty - l1, l1 }, watch)?))
    }
}
