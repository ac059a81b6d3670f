//! Definitions of the terms in a report, so that every number can be shown beside its meaning.

use crate::simulate::report::Note;

const NOTES: &[(&str, &str)] = &[
    (
        "value",
        "Mean outcome per decision if the policy had decided, after guards, caps and fallback; estimated by SNIPS.",
    ),
    (
        "SNIPS",
        "Σwr/Σw over the rows, w = 1[policy's action = logged action]/logging propensity; standard error by the delta method, √(Σw²(r − V)²)/Σw, residuals added within a subject where subjects repeat.",
    ),
    (
        "IPS",
        "mean(wr) with the logging propensities of the design or the log; standard error std(wr)/√n with n − 1 in the denominator.",
    ),
    (
        "IPS, empirical propensities",
        "mean(wr) with each arm's share of the rows in place of the design's logging propensity.",
    ),
    ("replay", "Mean outcome over the rows where the policy chose what was logged."),
    (
        "trajectory weighting",
        "SNIPS with the weights of a subject's decisions multiplied in order of time; given where its effective sample size is at least 100.",
    ),
    (
        "interval",
        "95 %. Normal: value ± 1.96 standard errors. Bootstrap: 2.5 % and 97.5 % points of the values of resampled rows, or of resampled subjects where they repeat; all policies on the same resamples.",
    ),
    (
        "difference",
        "Value of the policy less that of the other one on the same rows; its standard error is that of the paired rows.",
    ),
    (
        "effective sample size",
        "(Σw)²/Σw²: how many equally weighted rows carry the value. Below 100 no value is given.",
    ),
    ("mean weight", "Near 1 when the logging propensities are right; outside 0.8 to 1.2 no value is given."),
    ("unlogged", "Share of decisions for actions that the log never took; above 1 % no value is given."),
    ("sample ratio", "χ² test of the arms' sizes against the design; suspicious below p = 0.001."),
    ("effect", "Mean outcome of an arm less that of the reference arm; standard error √(s_a²/n_a + s_b²/n_b)."),
    (
        "funnel",
        "Candidates (an action on one of its treatments) that enter and leave each stage, and decisions that have at least one candidate left. A candidate taken as fallback counts as chosen.",
    ),
    ("removed", "Candidates whose way ended at this rule."),
    (
        "removed alone",
        "Candidates that this rule removed and that pass every stage before arbitration when it is switched off and nothing else is changed; for a floor, candidates that then fall below no other floor.",
    ),
    (
        "value cost",
        "Value of the policy with the rule switched off less its value with it, on the same rows: positive is what the rule costs, negative what it brings.",
    ),
    (
        "put off",
        "The choice was to be sent later, at the end of quiet hours, when a cap or cool-down lets it pass or at the subject's best hour: nothing was sent, and the row was decided again at that time, on what had happened by then. What is reported of the row is the last decision.",
    ),
    (
        "pace",
        "What a budget may have spent by the end of the week: its maximum times the share of its period that is over, slack included.",
    ),
    (
        "state",
        "The value of a policy whose caps evolve is weighted row by row, which assumes that the logger's own earlier contacts carry nothing over to later outcomes; trajectory weighting does without that assumption.",
    ),
];

/// The definitions.
pub(super) fn notes() -> Vec<Note> {
    NOTES.iter().map(|(term, definition)| Note { term: (*term).into(), definition: (*definition).into() }).collect()
}
