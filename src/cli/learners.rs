//! Names of the learners of effects on the command line.

use attune_lab::models::uplift::Meta;
use clap::ValueEnum;

/// A learner of effects.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Learner {
    /// One model with the treatment among its inputs
    S,
    /// One model per arm
    T,
    /// Imputed effects, averaged
    X,
    /// Residual on residual
    R,
    /// Doubly robust
    Dr,
    /// Whether the outcome agrees with the treatment
    ClassTransformation,
    /// Outcome weighted by the treatment
    TransformedOutcome,
    /// Forest of honest trees whose splits part the effects
    Trees,
}

impl From<Learner> for Meta {
    fn from(learner: Learner) -> Meta {
        match learner {
            Learner::S => Meta::S,
            Learner::T => Meta::T,
            Learner::X => Meta::X,
            Learner::R => Meta::R,
            Learner::Dr => Meta::Dr,
            Learner::ClassTransformation => Meta::ClassTransformation,
            Learner::TransformedOutcome => Meta::TransformedOutcome,
            Learner::Trees => Meta::Trees,
        }
    }
}
