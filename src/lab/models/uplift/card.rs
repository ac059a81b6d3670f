//! What a model card says of an effect: its numbers in both conventions, tenths, and where not to trust it.

use super::report::UpliftQuality;
use super::spec::Chance;
use crate::models::report::{Estimate, Evaluation, ModelReport};
use std::fmt::{Result, Write};

/// Keys of the numbers that are shown, in this order.
pub const SHOWN: [&str; 9] = [
    "sklift_qini_auc",
    "sklift_uplift_auc",
    "causalml_qini_norm",
    "causalml_auuc_norm",
    "autoc",
    "rate_qini",
    "uplift_at_10_overall",
    "uplift_at_30_overall",
    "uplift_at_30_bygroup",
];

/// The numbers, out of fold and held out beside each other, each with its definition.
pub fn quality(out: &mut String, report: &ModelReport) -> Result {
    let columns: Vec<(&str, &Evaluation, &UpliftQuality)> =
        [("out of fold", Some(&report.out_of_fold)), ("held out", report.held_out.as_ref())]
            .into_iter()
            .filter_map(|(name, evaluation)| Some((name, evaluation?, evaluation?.uplift.as_ref()?)))
            .collect();
    let headings: Vec<String> = columns
        .iter()
        .map(|(name, _, uplift)| format!("{name}, {} treated, {} not", uplift.treated, uplift.control))
        .collect();
    writeln!(out, "| | {} |\n|:--|{}", headings.join(" | "), "--:|".repeat(columns.len()))?;
    let mut line = |name: &str, of: &dyn Fn(&UpliftQuality) -> Option<Estimate>| {
        let cells: Vec<String> = columns.iter().map(|(.., uplift)| cell(of(uplift))).collect();
        writeln!(out, "| {name} (95 % interval) | {} |", cells.join(" | "))
    };
    line("Effect, difference of means", &|uplift| Some(uplift.effect))?;
    if columns.iter().any(|(.., uplift)| uplift.adjusted.is_some()) {
        line("Effect, adjusted for the features (AIPW)", &|uplift| uplift.adjusted)?;
    }
    for key in SHOWN {
        if columns.iter().any(|(.., uplift)| uplift.metric(key).is_some()) {
            line(&format!("`{key}`"), &|uplift| uplift.metric(key))?;
        }
    }
    if columns.iter().any(|(.., uplift)| uplift.rule.is_some()) {
        line("Ahead of the one-line rule", &|uplift| uplift.rule.as_ref().map(|rule| rule.ahead))?;
    }
    writeln!(out)?;
    let Some((.., first)) = columns.first() else { return Ok(()) };
    for key in SHOWN {
        if let Some(metric) = first.metrics.iter().find(|metric| metric.key == key && metric.value.is_some()) {
            writeln!(out, "- **{key}**: {}.", metric.definition)?;
        }
    }
    if let Some(rule) = &first.rule {
        writeln!(
            out,
            "- **Ahead of the one-line rule**: {} of the model less that of the best rule of one column, found on the same rows; of all \
             training rows it is `{}`.",
            first.lead_name(),
            rule.condition
        )?;
    }
    Ok(())
}

fn cell(estimate: Option<Estimate>) -> String {
    estimate.map_or_else(String::new, |e| match e.low.is_finite() && e.high.is_finite() {
        true => format!("{:.4} ({:.4}–{:.4})", e.value, e.low, e.high),
        false => format!("{:.4} (nothing varies: no interval)", e.value),
    })
}

/// Tenths of the rows by falling score.
pub fn tenths(out: &mut String, uplift: &UpliftQuality) -> Result {
    writeln!(out, "| tenth | rows | predicted effect | observed effect (95 % interval) |\n|--:|--:|--:|--:|")?;
    for tenth in &uplift.tenths {
        let observed = cell(tenth.observed);
        writeln!(out, "| {} | {} | {:.4} | {observed} |", tenth.tenth, tenth.rows, tenth.predicted)?;
    }
    Ok(())
}

/// What the numbers themselves warn of.
pub fn limits(report: &ModelReport, uplift: &UpliftQuality) -> Vec<String> {
    let mut limits = Vec::new();
    if !uplift.orders() {
        limits.push(
            "Its order of the rows is not told apart from a random one: it may find nobody whom the arm moves more"
                .to_owned(),
        );
    }
    if let Some(rule) = uplift.rule.as_ref().filter(|rule| rule.ahead.low <= 0.0) {
        limits.push(format!(
            "It is not shown to be better than one line, `{}`: {} ahead by {}",
            rule.condition,
            uplift.lead_name(),
            cell(Some(rule.ahead))
        ));
    }
    if uplift.effect.low <= 0.0 && uplift.effect.high >= 0.0 {
        limits.push("The effect on all rows is not shown to differ from 0".to_owned());
    }
    if report.spec.uplift.as_ref().is_some_and(|uplift| uplift.chance == Chance::Estimated) {
        limits.push("Exploratory: nobody drew lots, or nobody knows how; what was not recorded can have decided who was treated".to_owned());
    }
    limits.push(
        "Its score is a difference, not a probability: it can be below 0, and no action may take it as its propensity"
            .to_owned(),
    );
    limits
}
