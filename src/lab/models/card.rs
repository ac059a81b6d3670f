//! The model card: what a model predicts, how well, from what, and where not to trust it, in Markdown for people.

use super::metrics::DEFINITIONS;
use super::report::{AmountQuality, Estimate, Evaluation, ModelReport, Quality};
use super::settings;
use super::spec::{ClassWeights, Direction, Family, Goal, ModelSpec};
use super::uplift::{Meta, card as effects};
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
    match &spec.uplift {
        None => writeln!(out, "- {}: {}", upper(spec.learner()), spec.settings())?,
        Some(uplift) => {
            writeln!(out, "- {}", upper(&spec.settings()))?;
            if uplift.learner != Meta::Trees {
                let (outcomes, effects) = (settings::words(&spec.family), settings::words(&uplift.effect));
                let effects =
                    if uplift.learner.learns_effects() { format!("; effects: {effects}") } else { String::new() };
                writeln!(out, "- Outcomes: {outcomes}{effects}")?;
            }
        }
    }
    if spec.goal == Goal::Propensity && spec.uplift.is_none() {
        writeln!(out, "- {}", upper(spec.calibration.words()))?;
    }
    match spec.class_weights {
        ClassWeights::Equal => {}
        ClassWeights::Balanced => writeln!(out, "- Both classes weigh the same in learning")?,
        ClassWeights::Positive(weight) => {
            writeln!(out, "- Rows with the outcome weigh {weight} in learning, the others 1")?
        }
    }
    for (field, direction) in &spec.monotone {
        let never = if *direction == Direction::Rising { "falls" } else { "rises" };
        writeln!(out, "- The score never {never} where `{field}` rises, all else equal")?;
    }
    for column in &spec.target_means {
        writeln!(
            out,
            "- `{}` is the mean outcome of the category of `{}`, smoothed by {} rows, fitted inside folds",
            column.output, column.input, column.weight
        )?;
    }
    writeln!(out, "- {} columns, {} numeric inputs", report.features.len(), report.inputs)?;
    writeln!(out, "- Seed {}, {} folds\n", spec.seed, spec.folds)?;

    writeln!(out, "## Data\n")?;
    match (&spec.arm, &spec.uplift) {
        (Some(arm), Some(uplift)) => writeln!(out, "- Rows of arm `{arm}` and of the control `{}`", uplift.control)?,
        (Some(arm), None) => writeln!(out, "- Rows of arm `{arm}` only")?,
        (None, _) => {}
    }
    match report.mean {
        None => {
            let rate = percent(report.base_rate());
            writeln!(out, "- {} rows, {} with the outcome ({rate})", count(report.rows), count(report.positives))?;
        }
        Some(mean) => {
            writeln!(out, "- {} rows, {} above 0, mean {mean:.4}", count(report.rows), count(report.positives))?;
        }
    }
    if report.unlabelled > 0 {
        writeln!(out, "- {} more rows were left out because their outcome is missing", count(report.unlabelled))?;
    }
    writeln!(out, "- Columns: {}\n", report.features.iter().map(|f| format!("`{f}`")).collect::<Vec<_>>().join(", "))?;

    writeln!(out, "## Quality\n")?;
    quality_table(out, report)?;
    writeln!(out)?;
    let shown: &[&str] = match spec.goal {
        _ if spec.uplift.is_some() => &[],
        Goal::Propensity => &[
            "auc",
            "average_precision",
            "log_loss",
            "brier",
            "brier_parts",
            "ece_uniform",
            "ece_quantile",
            "ks",
            "lift",
            "gain",
        ],
        Goal::Amount => &["rmse", "mae", "r2", "bias", "lift", "gain"],
    };
    for definition in DEFINITIONS.iter().filter(|d| shown.contains(&d.id)) {
        writeln!(out, "- **{}**: {}.", definition.name, definition.text)?;
    }
    writeln!(out, "\n### Tenths of the rows by falling score, out of fold\n")?;
    match &report.out_of_fold.uplift {
        Some(uplift) => effects::tenths(out, uplift)?,
        None => tenths(out, report)?,
    }

    if let Some(confidence) = &report.confidence {
        writeln!(out, "\n## Confidence of a score\n")?;
        writeln!(out, "{}.\n", upper(&confidence.words(spec)))?;
        writeln!(out, "| score from | to | rows | half-width |\n|--:|--:|--:|--:|")?;
        for band in &confidence.bands {
            writeln!(out, "| {:.4} | {:.4} | {} | {:.4} |", band.from, band.to, count(band.rows), band.half_width)?;
        }
        if let Some(held) = confidence.held_out {
            writeln!(
                out,
                "\nOf held-out amounts {} lie inside (95 % interval {}–{}).",
                percent(held.value),
                percent(held.low),
                percent(held.high)
            )?;
        }
    }

    let score = report.driver_score();
    writeln!(out, "\n## Drivers\n")?;
    writeln!(
        out,
        "{score} lost when a column's values are shuffled among out-of-fold rows (mean ± standard deviation); share of {}.\n",
        own_measure(spec)
    )?;
    writeln!(out, "| column | {score} lost | own share |\n|:--|--:|--:|")?;
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

fn tenths(out: &mut String, report: &ModelReport) -> std::fmt::Result {
    let amount = report.spec.goal == Goal::Amount;
    let (sum, mean) = if amount { ("amount", "mean") } else { ("outcomes", "rate") };
    writeln!(out, "| tenth | rows | {sum} | {mean} | predicted | lift | gain |\n|--:|--:|--:|--:|--:|--:|--:|")?;
    let share = |x: f64| if amount { format!("{x:.4}") } else { percent(x) };
    for part in &report.out_of_fold.deciles {
        writeln!(
            out,
            "| {} | {:.0} | {:.0} | {} | {} | {:.2} | {} |",
            part.decile,
            part.rows,
            part.positives,
            share(part.rate),
            share(part.predicted),
            part.lift,
            percent(part.gain)
        )?;
    }
    Ok(())
}

fn quality_table(out: &mut String, report: &ModelReport) -> std::fmt::Result {
    if report.out_of_fold.uplift.is_some() {
        return effects::quality(out, report);
    }
    if let Some(amount) = &report.out_of_fold.amount {
        return amounts_table(out, amount, report);
    }
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
    line("PR AUC", &|q| format!("{:.4}", q.average_precision))?;
    line("Brier score", &|q| format!("{:.4}", q.brier))?;
    line("Brier: reliability, resolution, uncertainty", &|q| {
        let parts = q.brier_parts;
        format!("{:.5}, {:.4}, {:.4}", parts.reliability, parts.resolution, parts.uncertainty)
    })?;
    line("ECE (10 uniform bins)", &|q| format!("{:.4}", q.ece_uniform))?;
    line("ECE (10 quantile bins)", &|q| format!("{:.4}", q.ece_quantile))?;
    line("KS", &|q| format!("{:.4}", q.ks))
}

fn amounts_table(out: &mut String, out_of_fold: &AmountQuality, report: &ModelReport) -> std::fmt::Result {
    let mut columns = vec![(heading("out of fold", &report.out_of_fold), *out_of_fold)];
    if let Some((held_out, amount)) = report.held_out.as_ref().and_then(|held| Some((held, held.amount?))) {
        columns.push((heading("held out", held_out), amount));
    }
    writeln!(out, "| | {} |", columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" | "))?;
    writeln!(out, "|:--|{}", "--:|".repeat(columns.len()))?;
    let mut line = |name: &str, of: &dyn Fn(&AmountQuality) -> Estimate| {
        let cell = |q: &AmountQuality| {
            let Estimate { value, low, high } = of(q);
            format!("{value:.4} ({low:.4}–{high:.4})")
        };
        let cells: Vec<String> = columns.iter().map(|(_, quality)| cell(quality)).collect();
        writeln!(out, "| {name} (95 % interval) | {} |", cells.join(" | "))
    };
    line("RMSE", &|q| q.rmse)?;
    line("MAE", &|q| q.mae)?;
    line("R²", &|q| q.r2)?;
    line("Bias", &|q| q.bias)
}

fn heading(name: &str, evaluation: &Evaluation) -> String {
    format!("{name}, {} rows", count(evaluation.rows))
}

/// What the numbers themselves warn of.
fn limits(report: &ModelReport) -> Vec<String> {
    let what = match (&report.out_of_fold.uplift, &report.out_of_fold.amount) {
        (Some(_), _) => "effects",
        (None, None) => "probabilities",
        (None, Some(_)) => "amounts",
    };
    let mut limits = vec![format!(
        "It was learned from past rows: where customers, prices or channels have changed since, its {what} are off"
    )];
    if let Some(uplift) = &report.out_of_fold.uplift {
        limits.extend(effects::limits(report, uplift));
        if report.held_out.is_none() {
            limits.push("No held-out rows: quality is known from cross-validation alone".to_owned());
        }
        return limits;
    }
    match &report.out_of_fold.amount {
        None => {
            let q = &report.out_of_fold.quality;
            if q.auc.low <= 0.5 {
                limits.push("Its AUC is not shown to differ from 0.5: it may tell nothing".to_owned());
            }
            if report.positives < 100 {
                limits.push(format!("Only {} outcomes: every number here is rough", report.positives));
            }
            if report.held_out.as_ref().is_some_and(|held| apart(&held.quality.auc, &q.auc)) {
                limits
                    .push("AUC on held-out rows and out of fold differ by more than their intervals allow".to_owned());
            }
            if report.spec.class_weights != ClassWeights::Equal && report.uncalibrated.is_none() {
                limits.push(
                    "Learned with class weights and not calibrated: its scores order, but are no probabilities"
                        .to_owned(),
                );
            }
        }
        Some(q) => {
            if q.r2.low <= 0.0 {
                limits.push("Its R² is not shown to be above 0: it may tell nothing beyond the mean".to_owned());
            }
            let held = report.held_out.as_ref().and_then(|held| held.amount);
            if held.is_some_and(|held| apart(&held.rmse, &q.rmse)) {
                limits
                    .push("RMSE on held-out rows and out of fold differ by more than their intervals allow".to_owned());
            }
        }
    }
    if report.held_out.is_none() {
        limits.push("No held-out rows: quality is known from cross-validation alone".to_owned());
    }
    limits
}

/// Whether two intervals do not meet.
fn apart(a: &Estimate, b: &Estimate) -> bool {
    a.high < b.low || a.low > b.high
}

fn own_measure(spec: &ModelSpec) -> &'static str {
    match &spec.family {
        _ if spec.uplift.is_some() => "the learner's own measure, summed over the models that the effect is made of",
        Family::Logistic { .. } | Family::Linear { .. } | Family::ElasticNet { .. } => {
            "the absolute coefficients of standardised inputs"
        }
        Family::Tree { .. } | Family::Forest { .. } | Family::Boosted { .. } => {
            "the loss that splits on the column took away in training"
        }
        Family::Ebm { .. } | Family::Bayes { .. } | Family::Scorecard { .. } => {
            "the mean absolute score that its tables give"
        }
        Family::Neighbours { .. } => "the standard deviations of the inputs, by which neighbours are found",
    }
}

fn percent(x: f64) -> String {
    format!("{:.1} %", 100.0 * x)
}

/// 64000 as 64,000.
pub fn count(n: u64) -> String {
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
