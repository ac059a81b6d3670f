//! Support diagnostics: can this log answer for this policy? They come before every value.

use crate::simulate::estimate::sum;
use crate::simulate::report::{Refusal, Support};

/// Effective sample size below which no value is given.
pub const LEAST_ESS: f64 = 100.0;
/// Mean weights outside this range refuse a value.
pub const MEAN_WEIGHT: (f64, f64) = (0.8, 1.2);
/// Share of decisions on actions never logged above which no value is given.
pub const MOST_UNLOGGED: f64 = 0.01;

/// Diagnostics of the weights of a policy; `unlogged` counts its decisions for actions that the log never took.
pub fn support(weights: &[f64], unlogged: usize) -> Support {
    support_of(weights, Beyond { never: unlogged as f64, barred: 0.0 })
}

/// What of a policy lies beyond its log: probabilities added up over decisions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Beyond {
    /// Of actions that the log never took.
    pub never: f64,
    /// Of actions that it took elsewhere, but that were not eligible in the row at hand.
    pub barred: f64,
}

/// The same where a policy draws by chance, or the log has eligible sets.
pub fn support_of(weights: &[f64], beyond: Beyond) -> Support {
    let n = weights.len();
    let part = |sum: f64| if n == 0 { 0.0 } else { sum / n as f64 };
    let share = |count: usize| part(count as f64);
    let total = sum(weights.iter().copied());
    let squares = sum(weights.iter().map(|w| w * w));
    Support {
        n: n as u64,
        matched: weights.iter().filter(|w| **w > 0.0).count() as u64,
        coverage: share(weights.iter().filter(|w| **w > 0.0).count()),
        effective_sample_size: if squares > 0.0 { total * total / squares } else { 0.0 },
        mean_weight: if n == 0 { 0.0 } else { total / n as f64 },
        max_weight: weights.iter().copied().fold(0.0, f64::max),
        share_above_10: share(weights.iter().filter(|w| **w > 10.0).count()),
        unlogged: part(beyond.never + beyond.barred),
        ineligible: part(beyond.barred),
    }
}

/// Why the value of a policy with this support must not be printed as an answer, and what to do; `None` when it may.
/// `unlogged_actions` names the actions chosen but never logged.
pub fn refusal(support: &Support, unlogged_actions: &[String]) -> Option<Refusal> {
    refusal_naming(support, unlogged_actions, &[])
}

/// Standard errors by which a mean weight lies short of 1 before chance no longer explains it.
const BEYOND_CHANCE: f64 = 4.0;

/// The same of rounds that do not tell all that the policy does: a mean weight short of 1 tells it in part.
pub fn refusal_of_weights(support: &Support, weights: &[f64], unlogged_actions: &[String]) -> Option<Refusal> {
    let refused = refusal(support, unlogged_actions);
    let short = 1.0 - support.mean_weight;
    let square = sum(weights.iter().map(|w| (w - support.mean_weight).powi(2))) / weights.len().max(1) as f64;
    let chance = (square / weights.len().max(1) as f64).sqrt();
    let few = support.effective_sample_size < LEAST_ESS;
    if few || support.unlogged > MOST_UNLOGGED || short <= MOST_UNLOGGED || short <= BEYOND_CHANCE * chance {
        return refused;
    }
    let reason = format!(
        "the mean weight is {:.3}, short of 1 by more than chance explains: about {:.1} % of what the target does are actions that this log never took, and no column of it tells their value; the limit is {:.0} %",
        support.mean_weight,
        100.0 * short,
        100.0 * MOST_UNLOGGED
    );
    let advice = "Check that the target's probabilities are those of the logged actions, or collect data on what was never done.";
    let mut all = refused.unwrap_or_else(|| Refusal { reasons: Vec::new(), advice: String::new() });
    all.reasons.push(reason);
    advise(&mut all.advice, advice);
    Some(all)
}

/// Adds advice to other, without the sentences that it has.
pub(crate) fn advise(all: &mut String, more: &str) {
    for sentence in more.split_inclusive(". ").map(str::trim) {
        if !all.contains(sentence) {
            all.extend((!all.is_empty()).then_some(' '));
            all.push_str(sentence);
        }
    }
}

/// The same as [`refusal`]; `ineligible` names the actions chosen where they were not eligible.
pub fn refusal_naming(support: &Support, unlogged_actions: &[String], ineligible: &[String]) -> Option<Refusal> {
    let mut reasons = Vec::new();
    let mut advice = Vec::new();
    if support.unlogged > MOST_UNLOGGED {
        let never = support.unlogged - support.ineligible;
        let both = never > 1e-9 && support.ineligible > 0.0;
        let limit =
            format!("the limit is {:.0} %{}", 100.0 * MOST_UNLOGGED, if both { " for both together" } else { "" });
        if never > 1e-9 {
            reasons.push(format!(
                "{} of its decisions are for actions that the log never took{}; {limit}",
                percent(never),
                named(unlogged_actions)
            ));
            advice.push(
                "Map these actions to a value of the action column (in a project: under roles), remove them from the policy, or collect data \
                 on them with a small randomised trial.",
            );
        }
        if support.ineligible > 0.0 {
            reasons.push(format!(
                "in {} of its decisions the action that it takes was not eligible in that row of the log{}; {limit}",
                percent(support.ineligible),
                named(ineligible)
            ));
            advice.push(
                "What an action brings where it was never possible no log can say: keep it from these rows with a rule of the stage \
                 eligibility, or correct the column with the role eligible.",
            );
        }
    }
    if support.effective_sample_size < LEAST_ESS {
        reasons.push(format!(
            "the effective sample size is {:.1}; at least {LEAST_ESS:.0} is needed",
            support.effective_sample_size
        ));
        advice.push("Use more rows, or a policy closer to what was logged.");
    }
    if !(MEAN_WEIGHT.0..=MEAN_WEIGHT.1).contains(&support.mean_weight) {
        let mean = support.mean_weight;
        reasons.push(format!(
            "the mean weight is {}, not near 1 (between {} and {})",
            if mean < 1e6 { format!("{mean:.3}") } else { format!("{mean:.2e}") },
            MEAN_WEIGHT.0,
            MEAN_WEIGHT.1
        ));
        advice.push("Check the logging propensities: either they are not those that history used, or the actions do not overlap.");
    }
    (!reasons.is_empty()).then(|| Refusal { reasons, advice: advice.join(" ") })
}

/// `1.2 %`; with one digit more where it would read as the limit.
fn percent(share: f64) -> String {
    if share < 1.05 * MOST_UNLOGGED { format!("{:.2} %", 100.0 * share) } else { format!("{:.1} %", 100.0 * share) }
}

/// ` (a, b)`; nothing where nobody is named.
fn named(actions: &[String]) -> String {
    if actions.is_empty() { String::new() } else { format!(" ({})", actions.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::advise;

    #[test]
    fn advice_is_given_once() {
        let mut all = String::new();
        for more in ["Use more rows.", "Use more rows. Check the propensities.", "Check the propensities."] {
            advise(&mut all, more);
        }
        assert_eq!(all, "Use more rows. Check the propensities.");
    }
}
