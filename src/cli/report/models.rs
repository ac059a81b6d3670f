//! Models and how good they are, as text.

use super::WIDTH;
use crate::cli::table::{Table, count, interval, number, percent, with_interval, wrap};
use attune_lab::models::report::Estimate;
use attune_lab::models::{Goal, ModelReport};

/// Drivers named per model.
const DRIVERS: usize = 4;

/// Models and how good they are, those of probabilities and those of amounts apart; the flag says whether each was trained now.
pub fn models(reports: &[(&ModelReport, bool)]) -> String {
    let (effects, outcomes): (Vec<Trained<'_>>, Vec<Trained<'_>>) =
        reports.iter().copied().partition(|(report, _)| report.spec.uplift.is_some());
    let (amounts, chances): (Vec<Trained<'_>>, Vec<Trained<'_>>) =
        outcomes.into_iter().partition(|(report, _)| report.spec.goal == Goal::Amount);
    let mut text = String::new();
    if !chances.is_empty() {
        text.push_str(&probabilities(&chances));
        text.push_str("  Out of fold, on rows the fold's model did not learn from; ECE over ten quantile bins.\n");
    }
    if !amounts.is_empty() {
        text.push_str(&amounts_table(&amounts));
        text.push_str("  Out of fold, on rows the fold's model did not learn from; errors in units of the amount.\n");
    }
    if !effects.is_empty() {
        text.push_str(&effects_table(&effects));
        text.push_str(
            "  Out of fold, on rows the fold's model did not learn from. Qini and AUUC of outcomes of yes or no in scikit-uplift's\n  \
             convention, RATE with Qini weights; 95 % intervals by resampling subjects. All numbers are on the model's card.\n",
        );
    }
    for (report, _) in reports {
        let score = report.driver_score();
        let drivers: Vec<String> = report
            .importance
            .iter()
            .take(DRIVERS)
            .map(|driver| format!("{} ({:+.4})", driver.field, -driver.auc_drop))
            .collect();
        if !drivers.is_empty() {
            let id = &report.spec.id;
            let line = format!("{id} leans on {}: what {score} loses when the column is shuffled.", drivers.join(", "));
            text.push_str(&wrap(&line, 2, WIDTH));
        }
        if let Some(confidence) = &report.confidence {
            let widths = || confidence.bands.iter().map(|band| band.half_width);
            let (least, most) = widths().fold((f64::INFINITY, 0.0_f64), |(low, high), x| (low.min(x), high.max(x)));
            let words = confidence.words(&report.spec);
            let line = format!("{}: {words}; half-widths {} to {}.", report.spec.id, number(least), number(most));
            text.push_str(&wrap(&line, 2, WIDTH));
        }
        for suspicion in &report.suspicions {
            text.push_str(&wrap(&format!("warning: {}: {}", report.spec.id, suspicion.message), 2, WIDTH));
        }
    }
    text
}

/// A model's report, and whether it was trained now.
type Trained<'a> = (&'a ModelReport, bool);

fn probabilities(reports: &[Trained<'_>]) -> String {
    let mut table =
        Table::new(&["model", "family", "rows", "base rate", "AUC", "95 % interval", "log loss", "Brier", "ECE", ""]);
    for (report, trained) in reports {
        let quality = &report.out_of_fold.quality;
        table.row(vec![
            report.spec.id.clone(),
            report.spec.family.words().to_owned(),
            count(report.rows),
            percent(report.base_rate()),
            format!("{:.4}", quality.auc.value),
            format!("[{:.4}, {:.4}]", quality.auc.low, quality.auc.high),
            format!("{:.5}", quality.log_loss),
            format!("{:.5}", quality.brier),
            format!("{:.5}", quality.ece_quantile),
            when(report, *trained),
        ]);
    }
    table.text(2)
}

fn amounts_table(reports: &[Trained<'_>]) -> String {
    let mut table =
        Table::new(&["model", "family", "rows", "mean", "RMSE", "95 % interval", "MAE", "R²", "95 % interval", ""]);
    for (report, trained) in reports {
        let quality = report.out_of_fold.amount.unwrap_or_default();
        table.row(vec![
            report.spec.id.clone(),
            report.spec.family.words().to_owned(),
            count(report.rows),
            number(quality.mean),
            number(quality.rmse.value),
            interval(quality.rmse.low, quality.rmse.high),
            number(quality.mae.value),
            format!("{:.4}", quality.r2.value),
            format!("[{:.4}, {:.4}]", quality.r2.low, quality.r2.high),
            when(report, *trained),
        ]);
    }
    table.text(2)
}

fn effects_table(reports: &[Trained<'_>]) -> String {
    let mut table = Table::new(&[
        "model",
        "learner",
        "treated",
        "control",
        "effect of all",
        "Qini",
        "AUUC",
        "RATE",
        "ahead of the one-line rule",
        "",
    ]);
    for (report, trained) in reports {
        let Some(uplift) = &report.out_of_fold.uplift else { continue };
        let with = |e: Estimate| with_interval(e.value, e.low, e.high);
        let metric = |key: &str| uplift.metric(key).map(with).unwrap_or_default();
        table.row(vec![
            report.spec.id.clone(),
            report.spec.learner().to_owned(),
            count(uplift.treated),
            count(uplift.control),
            with(uplift.effect),
            metric("sklift_qini_auc"),
            metric("sklift_uplift_auc"),
            metric("rate_qini"),
            uplift.rule.as_ref().map(|rule| format!("{} of {}", with(rule.ahead), rule.condition)).unwrap_or_default(),
            when(report, *trained),
        ]);
    }
    table.text(2)
}

fn when(report: &ModelReport, trained: bool) -> String {
    let was_kept = report.notes.iter().any(|note| note.starts_with(attune_lab::project::KEPT));
    match (trained, was_kept) {
        (true, _) => format!("trained in {:.1} s", report.seconds),
        (false, true) => "up to date: the champion, kept".to_owned(),
        (false, false) => "up to date".to_owned(),
    }
}
