//! Mistakes that tests plant in the evaluators, to see that the law of agreement catches them. Outside tests they do
//! not exist.

/// Whether a mistake is planted; never outside tests.
macro_rules! planted {
    ($mutant:ident) => {{
        #[cfg(test)]
        let planted = $crate::language::mutant::is_planted($crate::language::mutant::Mutant::$mutant);
        #[cfg(not(test))]
        let planted = false;
        planted
    }};
}

pub(crate) use planted;

/// A mistake.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// Rows: `<` lets equal values through.
    LessOrEqualForLess,
    /// Rows: `unknown && false` is unknown.
    UnknownEndsAnd,
    /// Rows: `unknown || false` is false.
    UnknownIsFalseInOr,
    /// Rows: sums of whole numbers wrap around.
    SumsWrap,
    /// Rows: `-7 / 2` is -4.
    DivisionRoundsDown,
    /// Rows: an unknown condition takes the `else` branch.
    UnknownTakesElse,
    /// Rows: a failure of a statement other than the last is forgotten.
    StatementsFaultInSilence,
    /// Rows: a whole number beside a number is compared without the fraction.
    FractionIsDroppedBesideWhole,
    /// Rows: a list with an unknown item lacks what was not found.
    UnknownItemIsNotThere,
    /// Rows: what one candidate was found to be is kept for the next one.
    CandidatesShareValues,
    /// Columns: `false || unknown` is false.
    OrForgetsUnknown,
    /// Columns: a branch that is not taken fails all the same.
    IfFailsInBoth,
    /// Columns: whole numbers wrap around.
    OverflowWraps,
    /// Columns: the answers of the candidate before are kept.
    CandidateIsKept,
    /// Columns: an unknown condition gives an unknown value in place of ending the expression.
    UnknownConditionIsValue,
    /// Columns: what is not found among unknown items is not among them.
    UnknownItemIsOther,
    /// Columns: a comparison that reads an unknown value is known.
    ComparesUnknown,
    /// Columns: of an `??` the last operand that is known is taken.
    TakesLastKnown,
}

#[cfg(test)]
impl Mutant {
    /// Every mistake of the row evaluator.
    pub const ROWS: [Mutant; 10] = [
        Mutant::LessOrEqualForLess,
        Mutant::UnknownEndsAnd,
        Mutant::UnknownIsFalseInOr,
        Mutant::SumsWrap,
        Mutant::DivisionRoundsDown,
        Mutant::UnknownTakesElse,
        Mutant::StatementsFaultInSilence,
        Mutant::FractionIsDroppedBesideWhole,
        Mutant::UnknownItemIsNotThere,
        Mutant::CandidatesShareValues,
    ];

    /// Every mistake of the column evaluator.
    pub const COLUMNS: [Mutant; 8] = [
        Mutant::OrForgetsUnknown,
        Mutant::IfFailsInBoth,
        Mutant::OverflowWraps,
        Mutant::CandidateIsKept,
        Mutant::UnknownConditionIsValue,
        Mutant::UnknownItemIsOther,
        Mutant::ComparesUnknown,
        Mutant::TakesLastKnown,
    ];
}

#[cfg(test)]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Mutant>> = const { std::cell::Cell::new(None) };
}

/// Whether this is the mistake planted in this thread.
#[cfg(test)]
pub fn is_planted(mutant: Mutant) -> bool {
    PLANTED.get() == Some(mutant)
}

/// Runs `work` with a mistake planted in this thread.
#[cfg(test)]
pub fn with<T>(mutant: Mutant, work: impl FnOnce() -> T) -> T {
    PLANTED.set(Some(mutant));
    let result = work();
    PLANTED.set(None);
    result
}

/// Runs `work` with a mistake planted in this thread; whether it panicked.
#[cfg(test)]
pub fn is_caught(mutant: Mutant, work: impl FnOnce() + std::panic::UnwindSafe) -> bool {
    PLANTED.set(Some(mutant));
    let result = std::panic::catch_unwind(work);
    PLANTED.set(None);
    result.is_err()
}
