//! The list of estimators as text: values with their intervals and sample sizes, what cannot be had and why, what each is.

use super::table::{Table, count, interval, number, wrap};
use attune_lab::simulate::report::{ByEstimator, Method};

/// Width of running text.
const WIDTH: usize = 110;

/// The whole list.
pub fn list(rows: &[ByEstimator]) -> String {
    let mut text = values(rows);
    text.push_str(&intervals(rows));
    text.push_str(&absent(rows));
    text
}

/// Values with standard errors, normal and bootstrap intervals, sample sizes and λ.
pub fn values(rows: &[ByEstimator]) -> String {
    let mut table =
        Table::new(&["estimator", "value", "se", "95 %, normal", "95 %, bootstrap", "n", "λ", "what it is"]);
    for row in rows {
        let Some(own) = &row.estimate else { continue };
        let lambdas: Vec<String> =
            row.lambdas.iter().map(|lambda| format!("{} ({})", plain(lambda.lambda), lambda.by)).collect();
        table.row(vec![
            row.name.clone(),
            number(own.value),
            if own.method == Method::CressieRead { String::new() } else { number(own.se) },
            interval(own.low, own.high),
            own.bootstrap.map_or(String::new(), |(low, high)| interval(low, high)),
            count(own.n),
            lambdas.join(", "),
            row.method.formula().to_owned(),
        ]);
    }
    let leans = |row: &ByEstimator| row.estimate.is_some() && (row.method == Method::Dm || !row.lambdas.is_empty());
    let note = match rows.iter().any(leans) {
        true => wrap(
            "Intervals of the direct method and of estimators with λ hold what varies from sample to sample, not the bias of \
             the reward model or of cut weights: trust them where they agree with SNIPS and DR.",
            2,
            WIDTH,
        ),
        false => String::new(),
    };
    format!("{}{note}", table.text(2))
}

/// Intervals that trust less than the normal one.
fn intervals(rows: &[ByEstimator]) -> String {
    let mut table = Table::new(&[
        "other 95 % intervals",
        "Student t",
        "Bernstein",
        "Hoeffding",
        "range of a term",
        "Clopper–Pearson",
    ]);
    let mut any = false;
    for row in rows {
        let Some(own) = row.intervals else { continue };
        // The range is that of the bounds before it.
        let range = own.range.filter(|_| own.bernstein.is_some());
        let ends = [own.student_t, own.bernstein, own.hoeffding, range, own.clopper_pearson];
        if ends.iter().all(Option::is_none) {
            continue;
        }
        any = true;
        let shown = ends.map(|ends| ends.map_or(String::new(), |(low, high)| interval(low, high)));
        table.row(std::iter::once(row.name.clone()).chain(shown).collect());
    }
    if !any {
        return String::new();
    }
    let note = "Bernstein (empirical) and Hoeffding take the term of a round to lie in its range: of w r from 0 or the largest weight times the \
                least reward, where that is less, to the largest weight times the largest reward; of doubly robust terms from q^π with such \
                residuals r − q. A subject's rounds are one term, as much wider as the most rounds that a subject has. Of ratios whose weights \
                differ they are not defined. Clopper–Pearson is exact where each term is 0 or 1 and no subject repeats.";
    format!("\n{}{}", table.text(2), wrap(note, 2, WIDTH))
}

/// What cannot be had, in a line each; what has one reason in one.
fn absent(rows: &[ByEstimator]) -> String {
    let mut told: Vec<(&str, Vec<&str>)> = Vec::new();
    for row in rows {
        let Some(why) = &row.absent else { continue };
        match told.iter_mut().find(|(own, _)| own == why) {
            Some((_, names)) => names.push(&row.name),
            None => told.push((why, vec![&row.name])),
        }
    }
    let line = |(why, names): &(&str, Vec<&str>)| wrap(&format!("No {}: {why}.", names.join(", ")), 2, WIDTH);
    told.iter().map(line).collect()
}

/// Values with weights multiplied along subjects, per policy and outcome, or why there is none.
pub fn trajectories<'a>(
    outcomes: &[String],
    sides: impl Iterator<Item = (String, &'a [ByEstimator])>,
    text: &mut String,
) {
    let mut table = Table::new(&["with trajectory weighting", "outcome", "value", "95 % interval", "n"]);
    let (mut any, mut why): (bool, Vec<(String, &str)>) = (false, Vec::new());
    for (name, rows) in sides {
        for (outcome, row) in outcomes.iter().zip(rows) {
            match (&row.estimate, &row.absent) {
                (Some(own), _) => {
                    any = true;
                    let ends = interval(own.low, own.high);
                    table.row(vec![name.clone(), outcome.clone(), number(own.value), ends, count(own.n)]);
                }
                (None, Some(reason)) if !why.iter().any(|(own, told)| *own == name && told == reason) => {
                    why.push((name.clone(), reason));
                }
                _ => {}
            }
        }
    }
    if any {
        text.push_str(&format!("\n{}", table.text(2)));
    }
    let mut told: Vec<(&str, Vec<String>)> = Vec::new();
    for (name, reason) in why {
        match told.iter_mut().find(|(own, _)| *own == reason) {
            Some((_, names)) => names.push(name),
            None => told.push((reason, vec![name])),
        }
    }
    for (reason, names) in told {
        text.push_str(&wrap(&format!("No trajectory weighting for {}: {reason}.", names.join("; ")), 2, WIDTH));
    }
}

/// What each one is.
pub fn definitions(rows: &[ByEstimator]) -> String {
    rows.iter().map(|row| wrap(&format!("{}: {}", row.name, row.definition), 2, WIDTH)).collect()
}

/// A number in as few digits as it has, unless they are many.
fn plain(x: f64) -> String {
    if x.abs() < 1e9 { x.to_string() } else { number(x) }
}
