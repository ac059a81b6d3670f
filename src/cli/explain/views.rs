//! Explanations as text for terminals.

use crate::cli::table::{Table, count, number, percent, with_interval, wrap};
use attune_lab::data::Dataset;
use attune_lab::explain::dependence::{Accumulated, Interaction, Partial};
use attune_lab::explain::distribution::{Distribution, Gain};
use attune_lab::explain::fairness::Fairness;
use attune_lab::explain::honesty::{Honesty, Verdict};
use attune_lab::explain::permutation::{Drop, Rise};
use attune_lab::explain::segments::{AmountSegment, Segment};
use attune_lab::explain::thresholds::{Money, Thresholds};
use attune_lab::explain::{Attributions, Strength};
use attune_lab::models::ModelReport;
use attune_lab::models::report::{Estimate, Evaluation};
use attune_policy::model::Model;
use std::collections::BTreeMap;

/// Width of running text.
const WIDTH: usize = 110;
/// Columns told of a row.
const TOLD: usize = 12;
/// Lines of a long table.
const LINES: usize = 14;

/// Drivers over many rows.
pub struct Drivers {
    pub rows: usize,
    pub base: f64,
    pub base_score: f64,
    pub log_odds: bool,
    pub strengths: Vec<Strength>,
    /// By column: whether larger numbers raise the score; absent for texts and where it depends.
    pub directions: BTreeMap<String, f64>,
    /// Mean score of the rows.
    pub mean_score: f64,
    /// Columns of numbers that rise and fall together, the strongest of each group first.
    pub together: Vec<Together>,
}

/// Columns that say nearly the same, so that their shares are those of all of them.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Together {
    /// The columns, the strongest driver first.
    pub fields: Vec<String>,
    /// The least rank correlation (Spearman) by which one of them hangs on another, without its sign.
    pub correlation: f64,
}

/// The rank correlation from which two columns are taken to say the same.
const SAME: f64 = 0.85;

/// The least share of a driver that is worth a word on whom it shares it with.
const WORTH: f64 = 0.01;

impl Drivers {
    pub fn new(out: &Attributions, dataset: &Dataset, rows: &[u32]) -> Drivers {
        let mut directions = BTreeMap::new();
        for (at, field) in out.fields.iter().enumerate() {
            let Some(numbers) = dataset.cells(field).and_then(|cells| cells.numbers()) else { continue };
            let pairs: Vec<(f64, f64)> = rows
                .iter()
                .enumerate()
                .map(|(i, &row)| (numbers[row as usize], out.row(i)[at]))
                .filter(|(x, _)| !x.is_nan())
                .collect();
            if let Some(r) = correlation(&pairs) {
                directions.insert(field.clone(), r);
            }
        }
        Drivers {
            rows: out.rows(),
            base: out.base,
            base_score: out.base_score,
            log_odds: out.log_odds,
            together: together(&out.strengths(), dataset, rows),
            mean_score: out.scores.iter().sum::<f64>() / out.scores.len().max(1) as f64,
            strengths: out.strengths(),
            directions,
        }
    }
}

/// Groups of drivers whose numbers rise and fall together in these rows: each hangs on one of its group by a rank correlation of [`SAME`].
fn together(strengths: &[Strength], dataset: &Dataset, rows: &[u32]) -> Vec<Together> {
    let strong = strengths.iter().filter(|strength| strength.share >= WORTH);
    let columns: Vec<(&String, Vec<f64>)> = strong
        .filter_map(|strength| {
            let numbers = dataset.cells(&strength.field)?.numbers()?;
            Some((&strength.field, rows.iter().map(|&row| numbers[row as usize]).collect()))
        })
        .collect();
    let mut group: Vec<usize> = (0..columns.len()).collect();
    let mut least = vec![1.0_f64; columns.len()];
    for a in 0..columns.len() {
        for b in 0..a {
            let known = columns[a].1.iter().zip(&columns[b].1).filter(|(x, y)| !x.is_nan() && !y.is_nan());
            let (x, y): (Vec<f64>, Vec<f64>) = known.map(|(x, y)| (*x, *y)).unzip();
            // Of few rows nothing is said.
            let pairs: Vec<(f64, f64)> = ranks(&x).into_iter().zip(ranks(&y)).collect();
            let Some(r) = correlation(&pairs).filter(|r| r.abs() >= SAME && pairs.len() >= 50) else { continue };
            let (from, into) = (group[a].max(group[b]), group[a].min(group[b]));
            least[into] = least[into].min(least[from]).min(r.abs());
            group.iter_mut().filter(|number| **number == from).for_each(|number| *number = into);
        }
    }
    let members =
        |of: usize| (0..columns.len()).filter(|at| group[*at] == of).map(|at| columns[at].0.clone()).collect();
    let groups = (0..columns.len()).map(|of| Together { fields: members(of), correlation: least[of] });
    groups.filter(|group| group.fields.len() > 1).collect()
}

/// The rank of each number, ties in the middle of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut begin = 0;
    for tie in order.chunk_by(|a, b| values[*a] == values[*b]) {
        tie.iter().for_each(|at| ranks[*at] = begin as f64 + (tie.len() - 1) as f64 / 2.0);
        begin += tie.len();
    }
    ranks
}

/// Pearson's correlation; `None` where one of the two does not vary.
fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let n = pairs.len() as f64;
    let (mx, my) = (pairs.iter().map(|p| p.0).sum::<f64>() / n, pairs.iter().map(|p| p.1).sum::<f64>() / n);
    let sum = |f: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|(x, y)| f(x - mx, y - my)).sum::<f64>();
    let r = sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt();
    r.is_finite().then_some(r)
}

/// What is explained, and how good it is.
pub fn heading(model: &Model, report: &ModelReport) -> String {
    let measured = &report.out_of_fold;
    let (base, quality) = match (&measured.uplift, &measured.amount) {
        (Some(uplift), _) => (
            format!("effect of all {}", estimate(&uplift.effect)),
            format!("{} out of fold {}", uplift.lead_name(), estimate(&uplift.lead())),
        ),
        (None, Some(amount)) => (
            format!("mean {}", number(report.mean.unwrap_or_default())),
            format!("R² out of fold {}", estimate(&amount.r2)),
        ),
        (None, None) => (
            format!("base rate {}", percent(report.base_rate())),
            format!("AUC out of fold {}", estimate(&measured.quality.auc)),
        ),
    };
    let mut text = format!(
        "{}: {}\n  {}, {} rows, {base}, {quality}\n",
        model.id,
        model.target,
        report.spec.learner(),
        count(report.rows),
    );
    for suspicion in &report.suspicions {
        text.push_str(&wrap(&format!("warning: {}", suspicion.message), 2, WIDTH));
    }
    text
}

fn unit(log_odds: bool) -> &'static str {
    if log_odds { "log-odds, before calibration" } else { "units of the score, before calibration" }
}

/// Drivers over all rows.
pub fn drivers(out: &Drivers, drops: &[Drop], rises: &[Rise]) -> String {
    let mut header = vec!["column", "moves the score by", "share", "least", "most", ""];
    header.extend((!drops.is_empty()).then_some("AUC lost when shuffled"));
    if !rises.is_empty() {
        header.extend(["RMSE gained when shuffled", "MAE gained"]);
    }
    let mut table = Table::new(&header);
    for strength in &out.strengths {
        let direction = match out.directions.get(&strength.field) {
            Some(r) if *r > 0.5 => "more raises",
            Some(r) if *r < -0.5 => "more lowers",
            Some(_) => "depends",
            None => "",
        };
        let drop = drops.iter().find(|drop| drop.field == strength.field);
        let rise = rises.iter().find(|rise| rise.field == strength.field);
        let mut cells = vec![
            strength.field.clone(),
            format!("{:.4}", strength.mean_absolute),
            percent(strength.share),
            format!("{:+.3}", strength.least),
            format!("{:+.3}", strength.most),
            direction.to_owned(),
        ];
        cells.extend(drop.map(|drop| estimate(&drop.auc)));
        cells.extend(rise.iter().flat_map(|rise| [within(&rise.rmse), within(&rise.mae)]));
        table.row(cells);
    }
    let mut text = format!(
        "Drivers over {} rows it did not learn from: mean absolute attribution in {}\n{}",
        count(out.rows as u64),
        unit(out.log_odds),
        table.text(2),
    );
    let start = match out.log_odds {
        true => format!(
            "Attributions start from the mean of the log-odds, a score of {}, and add up to the score of each row; the mean score is {}.",
            percent(out.base_score),
            percent(out.mean_score)
        ),
        false => format!(
            "Attributions start from {} and add up to the score of each row; the mean score is {}.",
            number(out.base_score),
            number(out.mean_score)
        ),
    };
    text.push_str(&wrap(&start, 2, WIDTH));
    if !out.together.is_empty() {
        let said = format!(
            "Columns that rise and fall together (rank correlation of {SAME} or more, here) share what they tell: how it is divided among \
             them, and which way each moves the score, says little. Take each group as one, or leave all but one out:"
        );
        text.push_str(&wrap(&said, 2, WIDTH));
    }
    for group in &out.together {
        let fields: Vec<String> = group.fields.iter().map(|field| format!("`{field}`")).collect();
        text.push_str(&wrap(&format!("- {}", fields.join(", ")), 4, WIDTH));
    }
    text
}

/// Why rows score as they do.
pub fn rows(out: &Attributions, dataset: &Dataset, rows: &[u32]) -> String {
    let mut text = String::new();
    for (i, &row) in rows.iter().enumerate() {
        text.push_str(&format!(
            "Row {}: score {:.4}; attributions start from {:.4}\n",
            count(dataset.row_number(row as usize)),
            out.scores[i],
            out.base_score
        ));
        if out.margins[i].is_nan() {
            text.push_str("  The model cannot be evaluated here: the score is its fallback.\n\n");
            continue;
        }
        let mut table = Table::new(&["column", "value", "attribution", "sum so far"]);
        let mut sum = out.base;
        table.row(vec!["(start)".into(), String::new(), String::new(), format!("{sum:+.4}")]);
        let all = out.strongest(i);
        for (field, attribution) in all.iter().take(TOLD) {
            sum += attribution;
            let value = dataset.cells(field).and_then(|cells| cells.text(row as usize));
            let value = value.unwrap_or_else(|| "missing".to_owned());
            table.row(vec![(*field).to_owned(), value, format!("{attribution:+.4}"), format!("{sum:+.4}")]);
        }
        if all.len() > TOLD {
            let rest: f64 = all[TOLD..].iter().map(|(_, x)| x).sum();
            let name = format!("({} more)", all.len() - TOLD);
            table.row(vec![name, String::new(), format!("{rest:+.4}"), format!("{:+.4}", sum + rest)]);
        }
        text.push_str(&format!("{}  In {}.\n\n", table.text(2), unit(out.log_odds)));
    }
    text.pop();
    text
}

/// How the score follows a column.
pub fn dependence(partial: &Partial, local: Option<&Accumulated>, together: Option<&Interaction>) -> String {
    let mut table = Table::new(&[
        "value",
        "rows",
        "mean score if all had it",
        "local effect",
        "single rows: tenth",
        "median",
        "ninetieth",
    ]);
    let effect = |label: &str| {
        let local = local?;
        local.points.iter().position(|point| point.label == label).map(|at| local.effect[at])
    };
    for at in thinned(partial.points.len()) {
        let point = &partial.points[at];
        let effect = effect(&point.label).map_or_else(String::new, |effect| format!("{effect:+.4}"));
        let mut cells = vec![point.label.clone(), percent(point.share), format!("{:.4}", partial.mean[at]), effect];
        let mut rows: Vec<f64> = partial.curves.iter().filter_map(|curve| curve.get(at).copied()).collect();
        rows.sort_by(f64::total_cmp);
        let of = |share: f64| rows.get(((rows.len().max(1) - 1) as f64 * share).round() as usize);
        cells.extend([0.1, 0.5, 0.9].into_iter().filter_map(of).map(|x| format!("{x:+.4}")));
        table.row(cells);
    }
    let mut text =
        format!("How the score follows `{}`, asked of {} rows\n{}", partial.field, count(partial.rows), table.text(2));
    text.push_str(&wrap(
        "Local effects (accumulated, mean 0) keep to rows that exist; where they and the mean score disagree, other columns \
         move together with this one.",
        2,
        WIDTH,
    ));
    let (rising, falling) =
        (ends(&partial.curves, |change| change > 0.0), ends(&partial.curves, |change| change < 0.0));
    text.push_str(&wrap(
        &format!(
            "Single rows (individual conditional expectations of {} rows, less their score at the first value): from the first \
             value to the last the score rises for {rising} and falls for {falling}{}.",
            partial.curves.len(),
            if rising > 0 && falling > 0 { "; where both happen, the column works differently with other columns" } else { "" }
        ),
        2,
        WIDTH,
    ));
    if let Some(i) = together {
        let line = format!(
            "With `{}`: {} of their joint effect is not the sum of their own (H², {} rows crossed); together they stray from the sum \
             by {} in score.",
            i.fields.1,
            percent(i.h2),
            i.rows,
            number(i.strays)
        );
        text.push_str(&wrap(&line, 2, WIDTH));
    }
    text
}

/// How many curves end as is asked, tiny changes aside.
fn ends(curves: &[Vec<f64>], is: impl Fn(f64) -> bool) -> usize {
    let change = |curve: &&Vec<f64>| curve.last().is_some_and(|last| last.abs() > 1e-9 && is(*last));
    curves.iter().filter(change).count()
}

/// Scores against what came true, on rows the model did not learn from. Gain curve and distribution are of outcomes of yes or no.
pub fn curves(found: &Evaluation, of_outcomes: Option<(&[Gain], &Distribution)>) -> String {
    let amount = found.amount.is_some();
    let shown = |x: f64| if amount { number(x) } else { percent(x) };
    let mut text = format!("Measured on {} rows it did not learn from\n", count(found.rows));
    let observed = if amount { "mean amount" } else { "share with the outcome" };
    let mut table = Table::new(&["scores from", "to", "mean score", observed, "95 % interval", "rows"]);
    for bin in &found.reliability {
        table.row(vec![
            shown(bin.from),
            shown(bin.to),
            shown(bin.predicted),
            shown(bin.observed.value),
            format!("{} to {}", shown(bin.observed.low), shown(bin.observed.high)),
            count(bin.rows),
        ]);
    }
    text.push_str(&format!(
        "\nReliability: what scores promise and what came, in bins of equal count\n{}",
        table.text(2)
    ));
    let held = if amount { "of the whole amount so far" } else { "of all outcomes so far" };
    let mut table = Table::new(&["tenth", "rows", "mean score", observed, "lift", held]);
    for part in &found.deciles {
        table.row(vec![
            part.decile.to_string(),
            format!("{:.0}", part.rows),
            shown(part.predicted),
            shown(part.rate),
            format!("{:.2}", part.lift),
            percent(part.gain),
        ]);
    }
    text.push_str(&format!("\nLift and gain by tenths, the highest scores first\n{}", table.text(2)));
    let Some((gain, lie)) = of_outcomes else { return text };
    let mut table = Table::new(&["contacted", "outcomes found", "lift", "by the best possible order"]);
    for depth in DEPTHS {
        let Some(at) = gain.iter().find(|at| at.contacted >= depth - 1e-9) else { continue };
        table.row(vec![percent(at.contacted), percent(at.found), format!("{:.2}", at.lift), percent(at.perfect)]);
    }
    text.push_str(&format!("\nGain curve: whom to contact first\n{}", table.text(2)));
    text.push_str(&format!("\nWhere scores lie\n{}", histogram(lie).text(2)));
    text
}

/// Depths of contact shown of a gain curve.
const DEPTHS: [f64; 8] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0];

/// Bins of a printed distribution, and characters of its longest bar.
const BARS: (usize, usize) = (10, 24);

/// Rows with and without the outcome by score, in bars: each kind's own largest bin is the longest.
fn histogram(lie: &Distribution) -> Table {
    let mut table = Table::new(&["scores from", "to", "with the outcome", "", "without", ""]);
    let wide = lie.with.len().div_ceil(BARS.0).max(1);
    let sum = |of: &[u64]| of.chunks(wide).map(|bins| bins.iter().sum::<u64>()).collect::<Vec<u64>>();
    let (with, without) = (sum(&lie.with), sum(&lie.without));
    let bar = |n: u64, all: &[u64]| {
        let most = all.iter().copied().max().unwrap_or(1).max(1);
        "▪".repeat((n as usize * BARS.1).div_ceil(most as usize))
    };
    for (at, (yes, no)) in with.iter().zip(&without).enumerate() {
        let edge = |at: usize| lie.edges.get((at * wide).min(lie.edges.len() - 1)).copied().unwrap_or_default();
        table.row(vec![
            format!("{:.4}", edge(at)),
            format!("{:.4}", edge(at + 1)),
            count(*yes),
            bar(*yes, &with),
            count(*no),
            bar(*no, &without),
        ]);
    }
    table
}

/// Errors of amounts by group.
pub fn segments_of_amounts(field: &str, segments: &[AmountSegment]) -> String {
    let mut table =
        Table::new(&["group", "rows", "mean amount", "mean score", "score less amount", "RMSE", "MAE", "R²"]);
    for segment in segments {
        let mut cells =
            vec![segment.group.clone(), count(segment.rows), number(segment.mean), number(segment.predicted)];
        match &segment.measured {
            Some(m) => cells.extend([within(&m.bias), within(&m.rmse), within(&m.mae), estimate(&m.r2)]),
            None => cells.push(format!("not evaluated: {}", segment.not_evaluated)),
        }
        table.row(cells);
    }
    format!("Errors by `{field}`, on rows it did not learn from, in units of the amount\n{}", table.text(2))
}

/// Places of at most [`LINES`] lines of a table, ends included.
fn thinned(n: usize) -> Vec<usize> {
    let lines = n.min(LINES);
    (0..lines).map(|i| if lines > 1 { i * (n - 1) / (lines - 1) } else { 0 }).collect()
}

/// Thresholds with money.
pub fn thresholds(out: &Thresholds, money: Money) -> String {
    let mut table =
        Table::new(&["score from", "contacts", "of rows", "outcomes", "precision", "recall", "F1", "profit", ""]);
    let mut shown = thinned(out.table.len());
    if !shown.contains(&out.best) {
        shown.push(out.best);
        shown.sort_unstable();
    }
    for at in shown {
        let row = &out.table[at];
        table.row(vec![
            if row.contacts == 0 { "(nobody)".into() } else { format!("{:.4}", row.score) },
            count(row.contacts),
            percent(row.contacts as f64 / out.rows as f64),
            count(row.outcomes),
            percent(row.precision.value),
            percent(row.recall),
            format!("{:.3}", row.f1),
            format!("{:.2}", row.profit),
            if at == out.best { "best".into() } else { String::new() },
        ]);
    }
    format!(
        "A contact costs {}, an outcome brings {}; {} rows, {} outcomes\n{}{}{}",
        money.cost,
        money.benefit,
        count(out.rows),
        count(out.positives),
        table.text(2),
        wrap(&out.sentence, 2, WIDTH),
        wrap(
            &format!(
                "Choosing the best threshold on these very rows flatters its profit by about {:.2}. Outcomes that would have come \
                 without a contact are counted as brought by it.",
                out.optimism
            ),
            2,
            WIDTH
        )
    )
}

/// Quality by group.
pub fn segments(field: &str, segments: &[Segment]) -> String {
    let mut table = Table::new(&[
        "group",
        "rows",
        "outcomes",
        "rate",
        "mean score",
        "score less rate",
        "AUC",
        "lift of its top tenth",
    ]);
    for segment in segments {
        let mut cells = vec![
            segment.group.clone(),
            count(segment.rows),
            count(segment.positives),
            percent(segment.rate.value),
            percent(segment.predicted),
        ];
        match &segment.measured {
            Some(m) => cells.extend([
                format!("{:+.3} ({:+.3} to {:+.3})", m.gap.value, m.gap.low, m.gap.high),
                estimate(&m.auc),
                format!("{:.2} ({:.2} to {:.2})", m.lift.value, m.lift.low, m.lift.high),
            ]),
            None => cells.push(format!("not evaluated: {}", segment.not_evaluated)),
        }
        table.row(cells);
    }
    format!("Quality by `{field}`, on rows it did not learn from\n{}", table.text(2))
}

/// Fairness of scores.
pub fn fairness(out: &Fairness) -> String {
    let mut table = Table::new(&[
        "group",
        "rows",
        "selected",
        "ratio",
        "difference",
        "of those with the outcome",
        "score less rate",
    ]);
    for group in &out.groups {
        let mut cells = vec![group.group.clone(), count(group.rows), percent(group.selected.value)];
        match &group.measured {
            Some(m) => cells.extend([
                format!("{:.2} ({:.2} to {:.2})", m.ratio.value, m.ratio.low, m.ratio.high),
                signed(&m.difference),
                m.opportunity.as_ref().map_or("not evaluated".to_owned(), signed),
                signed(&m.gap),
            ]),
            None => cells.push(format!("not evaluated: {}", group.not_evaluated)),
        }
        table.row(cells);
    }
    let mut text = format!(
        "Rows of a score of {:.4} or more are selected; groups of `{}` compared with `{}`\n{}",
        out.threshold,
        out.field,
        out.reference,
        table.text(2)
    );
    for finding in &out.findings {
        text.push_str(&wrap(&format!("- {finding}"), 2, WIDTH));
    }
    if out.findings.is_empty() {
        text.push_str("  No gap was found.\n");
    }
    text.push_str(&wrap(
        "Of scores, before rules. What is selected in the end is decided by rules and caps as well: `attune simulate` tells.",
        2,
        WIDTH,
    ));
    text
}

/// Whether the model can be believed.
pub fn honesty(out: &Honesty) -> String {
    let mut text = format!(
        "Asked of models trained for it on {} rows, measured on {} others (AUC {})\n",
        count(out.trained_on),
        count(out.rows),
        estimate(&out.auc)
    );
    for finding in &out.findings {
        let mark = match finding.verdict {
            Verdict::Fine => "ok",
            Verdict::NotEvaluated => "–",
            Verdict::Look => "look",
            Verdict::Alarm => "ALARM",
        };
        let words = wrap(&format!("{} {}.", finding.check.words(), finding.sentence), 8, WIDTH);
        text.push_str(&format!("  {mark:<6}{}", words.trim_start()));
    }
    text
}

/// A value in units of the amount, with its interval.
fn within(e: &Estimate) -> String {
    format!("{} ({} to {})", number(e.value), number(e.low), number(e.high))
}

fn estimate(e: &Estimate) -> String {
    match e.low.is_finite() && e.high.is_finite() {
        true => format!("{:.4} ({:.4} to {:.4})", e.value, e.low, e.high),
        false => with_interval(e.value, e.low, e.high),
    }
}

fn signed(e: &Estimate) -> String {
    format!("{:+.3} ({:+.3} to {:+.3})", e.value, e.low, e.high)
}
