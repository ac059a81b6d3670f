//! What was estimated, in words and tables.

use super::super::super::report;
use super::super::super::table::{Table, count, interval, number, percent, wrap};
use attune_lab::simulate::cross_fitted::CrossFitted;
use attune_lab::simulate::off_policy::Evaluation;
use std::path::Path;

/// Columns of a line.
pub const WIDTH: usize = 110;

/// What is said of a log without any reward.
pub const NO_REWARD: &str = "no reward was seen, so that nothing is known of its spread: if it is a yes or no, intervals are those of Clopper and \
                         Pearson times the largest weight; if it is an amount, nothing bounds it from above.";

/// Whether the log can answer: its weights, and what the policy earned itself in `file`, where that is known.
pub fn support(found: &Evaluation, file: Option<&Path>) -> String {
    let d = &found.diagnostics;
    let mut table = Table::default();
    for (name, value, meaning) in [
        ("logged reward", number(d.v_behaviour), "mean reward of the logger's own actions"),
        ("effective sample size", format!("{:.1}", d.ess), "(Σw)²/Σw²; at least 100"),
        ("mean weight", number(d.w_mean), "near 1 when propensities are right; between 0.8 and 1.2"),
        ("largest weight", number(d.w_max), "π/p of one round"),
        ("weights above 10", percent(d.share_w_gt_10), "share of rounds"),
        ("never taken", percent(d.zero_pi_e), "rounds whose action the target policy never takes"),
    ] {
        table.row(vec![name.into(), value, meaning.into()]);
    }
    if let Some(unlogged) = d.unlogged {
        let meaning = "rounds in which the target policy takes what was never logged; at most 1 %";
        table.row(vec!["never logged".into(), percent(unlogged), meaning.into()]);
    }
    if let (Some(own), Some(file)) = (&found.on_policy, file) {
        let meaning =
            format!("mean reward of the policy itself in {}, {}", file.display(), interval(own.low, own.high));
        table.row(vec!["earned itself".into(), number(own.value), meaning]);
    }
    format!("Support\n{}", table.text(2))
}

/// Why there is no answer, and what the log does support; empty where there is one.
pub fn refusal(found: &Evaluation) -> String {
    let Some(refusal) = &found.refusal else { return String::new() };
    let mut text = "\nThis log does not support an answer\n".to_owned();
    for reason in &refusal.reasons {
        text.push_str(&wrap(&format!("- {reason}"), 2, WIDTH));
    }
    text.push_str(&wrap(&refusal.advice, 2, WIDTH));
    let instead = match &found.instead {
        Some(blend) => format!(
            "What it does support: a policy that follows this one in {} of decisions and the logger otherwise earns {} {} per round \
             (self-normalised, effective sample size {:.0}).",
            percent(blend.share),
            number(blend.value.value),
            interval(blend.value.low, blend.value.high),
            blend.effective_sample_size,
        ),
        None => "Not even a policy that follows this one in 1 % of decisions has support.".to_owned(),
    };
    text.push_str(&wrap(&instead, 2, WIDTH));
    text
}

/// Every estimator at every setting of λ, and which settings the log chose.
pub fn settings(found: &Evaluation) -> String {
    let mut table = Table::new(&["estimator", "value", "se", "95 %, normal", "95 %, bootstrap", "n", "what it is"]);
    for estimated in &found.estimates {
        let answer = estimated.answer;
        table.row(vec![
            estimated.estimator.key(),
            number(answer.value),
            number(answer.se),
            interval(answer.low, answer.high),
            estimated.bootstrap.map_or(String::new(), |(low, high)| interval(low, high)),
            count(found.diagnostics.n),
            estimated.estimator.method().formula().into(),
        ]);
    }
    let chosen = found.tuned.iter().map(|(by, tuned)| format!("{} ({})", tuned.chosen.key(), by.label()));
    let chosen = format!("λ chosen from the log: {}.", chosen.collect::<Vec<_>>().join(", "));
    format!("\nThe same at every setting of λ\n{}{}", table.text(2), wrap(&chosen, 2, WIDTH))
}

/// What is known without a normal approximation.
pub fn bounds(found: &Evaluation) -> String {
    let mut text = String::new();
    if found.diagnostics.v_behaviour == 0.0 {
        let exact = found.intervals.as_ref().and_then(|own| own.clopper_pearson);
        let most = exact.map_or(String::new(), |(_, high)| {
            format!(" By Clopper and Pearson the rate of the logged actions is at most {}.", number(high))
        });
        text.push_str(&wrap(&format!("warning: {NO_REWARD}{most}"), 2, WIDTH));
    }
    if let Some(robust) = &found.cressie_read {
        let line = format!(
            "Cressie–Read (empirical likelihood, rewards between {} and {}): {} {}",
            robust.rewards.0,
            robust.rewards.1,
            number(robust.value),
            interval(robust.low, robust.high)
        );
        text.push_str(&wrap(&line, 2, WIDTH));
    }
    // Where every reward was 0 no range was seen that could bound anything.
    if let Some(bounds) = found.bounds.as_ref().filter(|own| own.range.0 < own.range.1) {
        let (least, most) = bounds.range;
        let student = bounds.student_t.map_or_else(String::new, |own| format!("{} (Student t), ", number(own)));
        let line = format!(
            "With 95 % probability ipw is at least {student}{} (empirical Bernstein), {} (Hoeffding); the latter two take each w r to lie \
             between {} and {}, the least and the largest seen and 0.",
            number(bounds.bernstein),
            number(bounds.hoeffding),
            number(least),
            number(most),
        );
        text.push_str(&wrap(&line, 2, WIDTH));
    }
    text
}

/// What was learned from features, in words.
pub fn learned(own: &CrossFitted) -> String {
    let mut text = String::new();
    if !own.overlap.is_empty() {
        let rare: Vec<String> = (own.overlap.iter().filter(|arm| arm.rare > 0.05))
            .map(|arm| format!("{} was hardly ever possible in {} of the rows", arm.arm, percent(arm.rare)))
            .collect();
        let rare = if rare.is_empty() { String::new() } else { format!(" {}.", rare.join("; ")) };
        let line = format!(
            "Exploratory: the logging propensities were estimated, a multinomial logit of the action on the features, cross-fitted by \
             subject in three parts and kept above 0.01; nothing shows that history chose by what the columns hold.{rare}"
        );
        text.push_str(&wrap(&line, 2, WIDTH));
    }
    text.push_str(&report::reward_model(&own.rewards));
    text
}
