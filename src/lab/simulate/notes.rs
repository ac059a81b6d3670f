//! Definitions of the terms in a report, so that every number can be shown beside its meaning.

use crate::simulate::report::{Method, Note};

const NOTES: &[(&str, &str)] = &[
    (
        "value",
        "Mean outcome per decision if the policy had decided, after guards, caps and fallback; estimated by SNIPS.",
    ),
    (
        "answer",
        "SNIPS is the answer: with known propensities it is right whatever reward models expect, and generated worlds cover it as often as they say. DR stands beside it; where both intervals part, look at the propensities and at the reward model.",
    ),
    (
        "chance",
        "A policy that explores is valued by the exact probabilities of its choices, w = π(a|x)/p; Thompson sampling's are shares of its draws. Lists are weighed by what it drew: right on average, with more chance in the value.",
    ),
    (
        "lists",
        "A log of one row per place has lists: each is one decision, made at its top row, whose value is the expected sum of the outcome over its places, Σwr/Σw place by place. The answer stands on the first of cascade, independent and standard that the weights support for most of the policies.",
    ),
    (
        "estimated propensities",
        "Where history does not say how it chose: a multinomial logit of the action on the features, cross-fitted by subject in three parts and kept above 0.01. Everything that stands on them is exploratory.",
    ),
    (
        "interval",
        "95 %. Normal: value ± 1.96 standard errors. Bootstrap: 2.5 % and 97.5 % points of the values of resampled rows, or of resampled subjects where they repeat; all policies on the same resamples. Reward models stay as they are while rows are resampled: neither interval of an estimator that has one holds the model's own error.",
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
    (
        "unlogged",
        "Share of decisions for actions that the log never took, or that were not eligible in their row; above 1 % no value is given.",
    ),
    (
        "sample ratio",
        "χ² test of the arms' sizes against the design, divided by the mean design effect where subjects repeat (Rao and Scott); below p = 0.001 no value is given.",
    ),
    ("effect", "Mean outcome of an arm less that of the reference arm; standard error √(s_a²/n_a + s_b²/n_b)."),
    (
        "funnel",
        "Candidates (an action on one of its treatments) that enter and leave each stage, and decisions that have at least one candidate left. A candidate taken as fallback counts as chosen.",
    ),
    ("removed", "Candidates whose way ended at this rule."),
    (
        "removed alone",
        "Candidates that this rule removed and that pass every stage before arbitration when it is switched off and nothing else is changed; for a floor or a budget, candidates that then no other one holds back. Where something is counted over everybody, all rows are decided again without it, else some, whole subjects.",
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
];

/// What the value of a policy with state rests on, wherever it is given.
pub(super) const STATE: (&str, &str) = (
    "state",
    "The value of a policy whose caps evolve is weighted row by row, which assumes that the logger's own earlier contacts carry nothing over to later outcomes; trajectory weighting, which stands beside it where it has support, does without that assumption.",
);

/// What stands where a normal interval would have no width, wherever values have intervals.
pub(super) const UNVARIED: (&str, &str) = (
    "nothing varies",
    "Where no outcome varies among the rows that a value stands on, a normal interval has no width and is not given. Of a yes or no that of Clopper and Pearson takes its place, times the largest weight where weights differ; of a difference those of both values, squared and added (Newcombe); of policies that choose alike on all rows that of a row on which they would not, and of policies that only weigh all rows alike that times the largest weight. Of an amount nothing bounds the value: such an end is ∞, in JSON the text \"Infinity\" or \"-Infinity\" (null is what is absent), and two such ends are no interval.",
);

/// The other weighting of a policy with state.
pub(super) fn trajectory() -> Note {
    note(Method::Trajectory.label(), Method::Trajectory.definition())
}

/// The definitions, those of the estimators that a report shows among them, and what a sample does to the policies that it does something
/// to.
pub(super) fn notes(shown: &[Method], caveats: &[&str]) -> Vec<Note> {
    let estimators = shown.iter().map(|method| note(method.label(), method.definition()));
    let (first, rest) = NOTES.split_at(1);
    let own = |list: &'static [(&str, &str)]| list.iter().map(|(term, definition)| note(term, definition));
    let mut list: Vec<Note> = own(first).chain(estimators).chain(own(rest)).collect();
    list.extend([UNVARIED, STATE].map(|(term, definition)| note(term, definition)));
    list.extend(sampled(caveats));
    list
}

/// What a sample does to policies, said once for each that says something else.
pub(super) fn sampled(caveats: &[&str]) -> Vec<Note> {
    let mut said: Vec<&str> = Vec::new();
    caveats.iter().for_each(|caveat| {
        if !said.contains(caveat) {
            said.push(caveat);
        }
    });
    said.into_iter().map(|caveat| note("sample", caveat)).collect()
}

fn note(term: &str, definition: &str) -> Note {
    Note { term: term.into(), definition: definition.into() }
}
