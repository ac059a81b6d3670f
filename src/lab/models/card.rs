//! The model card: what a model predicts, how well, from what, and where not to trust it, in Markdown for people.

use super::metrics::DEFINITIONS;
use super::report::{Evaluation, ModelReport, Quality};
use super::spec::Family;
use std::fmt::Write;

/// Most drivers listed.
const DRIVERS: usize = 15;

/// The card of a trained model.
pub fn card(report: &ModelReport) -> String {
    let mut out = String::new();
    // Writing into a String cannot fail.
    let _ = write(&mut out, report);
    out
}

fn write(out: &mut String, report: &ModelReport) -> std::fmt::Result {
    let spec = &report.spec;
    writeln!(out, "# {}\n", spec.name)?;
    writeln!(out, "`score(\"{}\")` is the {}.\n", spec.id, report.target)?;

    writeln!(out, "## Model\n")?;
    writeln!(out, "- {}: {}", upper(spec.family.words()), settings(&spec.family))?;
    writeln!(out, "- {}", upper(spec.calibration.words()))?;
    writeln!(out, "- {} columns, {} numeric inputs", report.features.len(), report.inputs)?;
    writeln!(out, "- Seed {}, {} folds\n", spec.seed, spec.folds)?;

    writeln!(out, "## Data\n")?;
    if let Some(arm) = &spec.arm {
        writeln!(out, "- Rows of arm `{arm}` only")?;
    }
    let rate = percent(report.base_rate());
    writeln!(out, "- {} rows, {} with the outcome ({rate})", count(report.rows), count(report.positives))?;
    if report.unlabelled > 0 {
        writeln!(out, "- {} more rows were left out because their outcome is missing", count(report.unlabelled))?;
    }
    writeln!(out, "- Columns: {}\n", report.features.iter().map(|f| format!("`{f}`")).collect::<Vec<_>>().join(", "))?;

    writeln!(out, "## Quality\n")?;
    quality_table(out, report)?;
    writeln!(out)?;
    for definition in DEFINITIONS.iter().filter(|d| d.id != "auc_drop") {
        writeln!(out, "- **{}**: {}.", definition.name, definition.text)?;
    }
    writeln!(out, "\n### Tenths of the rows by falling score, out of fold\n")?;
    writeln!(out, "| tenth | rows | outcomes | rate | predicted | lift | gain |\n|--:|--:|--:|--:|--:|--:|--:|")?;
    for part in &report.out_of_fold.deciles {
        writeln!(
            out,
            "| {} | {:.0} | {:.0} | {} | {} | {:.2} | {} |",
            part.decile,
            part.rows,
            part.positives,
            percent(part.rate),
            percent(part.predicted),
            part.lift,
            percent(part.gain)
        )?;
    }

    writeln!(out, "\n## Drivers\n")?;
    writeln!(
        out,
        "AUC lost when a column's values are shuffled among out-of-fold rows (mean ± standard deviation); share of {}.\n",
        own_measure(&spec.family)
    )?;
    writeln!(out, "| column | AUC lost | own share |\n|:--|--:|--:|")?;
    for driver in report.importance.iter().take(DRIVERS) {
        let (drop, sd, share) = (driver.auc_drop, driver.auc_drop_sd, percent(driver.own_share));
        writeln!(out, "| `{}` | {drop:.4} ± {sd:.4} | {share} |", driver.field)?;
    }
    if report.importance.len() > DRIVERS {
        writeln!(out, "\n{} weaker columns are not listed.", report.importance.len() - DRIVERS)?;
    }

    writeln!(out, "\n## Limits\n")?;
    for suspicion in &report.suspicions {
        writeln!(out, "- **Possible leak.** {}.", suspicion.message)?;
    }
    for limit in limits(report) {
        writeln!(out, "- {limit}.")?;
    }
    for note in &report.notes {
        writeln!(out, "- {}.", upper(note))?;
    }
    Ok(())
}

fn quality_table(out: &mut String, report: &ModelReport) -> std::fmt::Result {
    let mut columns: Vec<(String, Quality)> =
        vec![(heading("out of fold", &report.out_of_fold), report.out_of_fold.quality)];
    if let Some(quality) = report.uncalibrated {
        columns.push(("out of fold, before calibration".to_owned(), quality));
    }
    if let Some(held_out) = &report.held_out {
        columns.push((heading("held out", held_out), held_out.quality));
    }
    writeln!(out, "| | {} |", columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" | "))?;
    writeln!(out, "|:--|{}", "--:|".repeat(columns.len()))?;
    let mut line = |name: &str, cell: &dyn Fn(&Quality) -> String| {
        let cells: Vec<String> = columns.iter().map(|(_, quality)| cell(quality)).collect();
        writeln!(out, "| {name} | {} |", cells.join(" | "))
    };
    line("ROC AUC (95 % interval)", &|q| format!("{:.4} ({:.4}–{:.4})", q.auc.value, q.auc.low, q.auc.high))?;
    line("Log loss", &|q| format!("{:.4}", q.log_loss))?;
    line("Brier score", &|q| format!("{:.4}", q.brier))?;
    line("ECE (10 uniform bins)", &|q| format!("{:.4}", q.ece_uniform))?;
    line("ECE (10 quantile bins)", &|q| format!("{:.4}", q.ece_quantile))?;
    line("KS", &|q| format!("{:.4}", q.ks))
}

fn heading(name: &str, evaluation: &Evaluation) -> String {
    format!("{name}, {} rows", count(evaluation.rows))
}

/// What the numbers themselves warn of.
fn limits(report: &ModelReport) -> Vec<String> {
    let mut limits = vec![
        "It was learned from past rows: where customers, prices or channels have changed since, its probabilities are off"
            .to_owned(),
    ];
    let q = &report.out_of_fold.quality;
    if q.auc.low <= 0.5 {
        limits.push("Its AUC is not shown to differ from 0.5: it may tell nothing".to_owned());
    }
    if report.positives < 100 {
        limits.push(format!("Only {} outcomes: every number here is rough", report.positives));
    }
    if let Some(held_out) = &report.held_out {
        let held = &held_out.quality.auc;
        if held.high < q.auc.low || held.low > q.auc.high {
            limits.push("AUC on held-out rows and out of fold differ by more than their intervals allow".to_owned());
        }
    } else {
        limits.push("No held-out rows: quality is known from cross-validation alone".to_owned());
    }
    limits
}

fn settings(family: &Family) -> String {
    match family {
        Family::Logistic { l2 } => format!("L2 penalty {l2}"),
        Family::Boosted { trees, depth, learning_rate, min_child_weight, subsample, column_sample, l2 } => format!(
            "{trees} trees of depth {depth}, learning rate {learning_rate}, least child weight {min_child_weight}, \
             {} of rows and {} of inputs per tree, L2 penalty {l2}",
            percent(*subsample),
            percent(*column_sample)
        ),
    }
}

fn own_measure(family: &Family) -> &'static str {
    match family {
        Family::Logistic { .. } => "the absolute coefficients of standardised inputs",
        Family::Boosted { .. } => "the loss that splits on the column took away in training",
    }
}

fn percent(x: f64) -> String {
    format!("{:.1} %", 100.0 * x)
}

/// 64000 as 64,000.
fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn upper(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
#[path = "card_tests.rs"]
mod tests;
