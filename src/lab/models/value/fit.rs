//! Maximum likelihood for the purchase models and Gamma–Gamma: parameters with intervals, and what to be warned of.

use super::gamma_gamma;
use super::history::{Groups, History};
use super::model::{Kind, PurchaseModel};
use super::optimise::{Maximum, maximise};
use crate::error::{Error, Result};
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// A fitted purchase model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PurchaseFit {
    /// The model.
    pub model: PurchaseModel,
    /// Its parameters with their intervals.
    pub parameters: Vec<Parameter>,
    /// Σ ln L over the customers.
    pub log_likelihood: f64,
    /// Customers it was fitted to.
    pub customers: u64,
    /// Covariance of the logarithms of the parameters: the inverse of the observed information; empty where the likelihood
    /// is flat in some direction.
    pub covariance: Vec<Vec<f64>>,
    /// What a reader must know.
    pub warnings: Vec<String>,
}

/// A fitted Gamma–Gamma model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpendFit {
    /// p, q, v.
    pub params: [f64; 3],
    /// Its parameters with their intervals.
    pub parameters: Vec<Parameter>,
    /// Σ ln L over the customers.
    pub log_likelihood: f64,
    /// Customers it was fitted to: those with a repeat purchase of known worth.
    pub customers: u64,
    /// Correlation of the number of repeat purchases and their mean worth over those customers (Pearson).
    pub correlation: f64,
    /// Its 95 % interval (Fisher's transformation).
    pub correlation_interval: [f64; 2],
    /// What a reader must know.
    pub warnings: Vec<String>,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name in the literature.
    pub name: String,
    /// The maximum-likelihood estimate.
    pub value: f64,
    /// Standard error, from the curvature of the likelihood (delta method from its logarithm); absent where it is flat.
    pub standard_error: Option<f64>,
    /// 95 % interval, symmetric in the logarithm; absent where the likelihood is flat.
    pub interval: Option<[f64; 2]>,
}

/// Fits a purchase model.
///
/// # Errors
/// When a history is impossible, no customer has a repeat purchase, or the task is cancelled.
pub fn fit(kind: Kind, histories: &[History], task: &Task) -> Result<PurchaseFit> {
    task.stage(&format!("Fitting {}", kind.name()))?;
    let bad = histories.iter().position(|h| !(h.x >= 0.0 && h.t_x >= 0.0 && h.t >= h.t_x && h.t.is_finite()));
    if let Some(at) = bad {
        let h = histories[at];
        return Err(Error::new(format!(
            "customer {} has {} repeat purchases, the last at {} of {} periods: the last cannot lie after the end",
            at + 1,
            h.x,
            h.t_x,
            h.t
        ))
        .hint("check frequency, recency and age of the customers"));
    }
    if histories.iter().all(|h| h.x == 0.0) {
        return Err(Error::new(format!(
            "none of the {} customers came back: there is nothing to learn how often customers buy from",
            histories.len()
        ))
        .hint("take a longer time before the end, or check which column is the customer"));
    }
    let groups = Groups::new(histories);
    let n = histories.len() as f64;
    let mean_age = histories.iter().map(|h| h.t).sum::<f64>() / n;
    let mean_x = histories.iter().map(|h| h.x).sum::<f64>() / n;
    let unit = if mean_age > 0.0 { mean_age } else { 1.0 };
    // Times are measured in mean ages of a customer, so that starts and steps mean the same for days and for years.
    let parameters = |at: &[f64]| -> [f64; 4] {
        let mut parameters = [0.0; 4];
        for (i, is_time) in kind.is_time().into_iter().enumerate() {
            parameters[i] = at[i].exp() * if is_time { unit } else { 1.0 };
        }
        parameters
    };
    let log_likelihood = |at: &[f64]| {
        if task.is_cancelled() {
            return f64::NAN; // the climb looks at the task next
        }
        let model = PurchaseModel { kind, parameters: parameters(at) };
        groups.sum(|h| model.log_likelihood(h))
    };
    let starts: Vec<Vec<f64>> = starts(kind, mean_x).into_iter().map(|start| start.map(f64::ln).to_vec()).collect();
    let found = maximise(&log_likelihood, &starts, task)?;
    let model = PurchaseModel { kind, parameters: parameters(&found.at) };
    let mut warnings = doubts(&found, kind.name());
    if kind != Kind::ParetoNbd && model.parameters[2] / (model.parameters[2] + model.parameters[3]) < 1e-3 {
        warnings.push("Hardly anyone seems to leave: the chance to leave is below 1 in 1,000 after a purchase.".into());
    }
    Ok(PurchaseFit {
        model,
        parameters: intervals(&kind.parameters(), &model.parameters, &found),
        log_likelihood: found.value,
        customers: histories.len() as u64,
        covariance: found.covariance.unwrap_or_default(),
        warnings,
    })
}

/// Where climbs begin, times in mean ages: few and many purchases, quick and slow leaving.
fn starts(kind: Kind, mean_x: f64) -> Vec<[f64; 4]> {
    let rate = mean_x.max(0.05);
    let mut starts = Vec::new();
    for r in [0.3, 1.5] {
        for leaving in match kind {
            Kind::BgNbd | Kind::MbgNbd => [[0.5, 2.0], [1.0, 8.0]],
            Kind::ParetoNbd => [[0.5, 0.5], [1.5, 4.0]],
        } {
            // The mean rate r / α is somewhat above what was seen, since some had left.
            starts.push([r, r / (1.5 * rate), leaving[0], leaving[1]]);
        }
    }
    starts
}

/// Fits Gamma–Gamma to customers with `n` repeat purchases of mean worth `mean`; those without either are passed over.
///
/// # Errors
/// When fewer than three customers are left, all spend the same, or the task is cancelled.
pub fn fit_spend(customers: &[(f64, f64)], task: &Task) -> Result<SpendFit> {
    task.stage("Fitting Gamma–Gamma")?;
    let used: Vec<(f64, f64)> =
        customers.iter().copied().filter(|(n, mean)| *n > 0.0 && *mean > 0.0 && mean.is_finite()).collect();
    if used.len() < 3 || used.iter().all(|(_, mean)| *mean == used[0].1) {
        return Err(Error::new(format!(
            "{} customers have repeat purchases of different worth; too few to learn what a purchase is worth",
            used.len()
        ))
        .hint("check the column of amounts"));
    }
    let unit = used.iter().map(|(_, mean)| mean).sum::<f64>() / used.len() as f64;
    let params = |at: &[f64]| [at[0].exp(), at[1].exp(), at[2].exp() * unit];
    let spends = gamma_gamma::Spends::new(&used);
    let log_likelihood = |at: &[f64]| spends.log_likelihood(params(at));
    let starts: Vec<Vec<f64>> = [[1.0, 2.0, 1.0], [6.0, 4.0, 0.5], [0.5, 10.0, 10.0], [20.0, 3.0, 0.1]]
        .iter()
        .map(|start| start.iter().map(|x: &f64| x.ln()).collect())
        .collect();
    let found = maximise(&log_likelihood, &starts, task)?;
    let params = params(&found.at);
    let correlation = pearson(&used);
    let n = used.len() as f64;
    // At n = 3 nothing is known of the correlation.
    let half = if n > 3.0 { 1.959_963_984_540_054 / (n - 3.0).sqrt() } else { f64::INFINITY };
    let z = correlation.clamp(-0.999_999_9, 0.999_999_9).atanh();
    let interval = [(z - half).tanh(), (z + half).tanh()];
    let mut warnings = doubts(&found, "Gamma–Gamma");
    if interval[0] > 0.0 || interval[1] < 0.0 {
        let strength = match correlation.abs() {
            c if c < 0.2 => "weakly; the worth of a purchase moves little with it",
            c if c < 0.4 => "clearly; spend predictions of frequent customers are biased towards everybody's mean",
            _ => "strongly; Gamma–Gamma assumes that they do not, use a regression of spend instead",
        };
        warnings.push(format!(
            "Frequency and spend correlate {strength} ({correlation:.3}, 95 % [{:.3}, {:.3}]).",
            interval[0], interval[1]
        ));
    }
    if params[1] <= 1.0 {
        warnings.push(format!(
            "q = {:.3} is not above 1: the mean worth over all customers is infinite, so nothing is said of those without \
             repeat purchases.",
            params[1]
        ));
    }
    Ok(SpendFit {
        params,
        parameters: intervals(&["p", "q", "v"], &params, &found),
        log_likelihood: found.value,
        customers: used.len() as u64,
        correlation,
        correlation_interval: interval,
        warnings,
    })
}

fn doubts(found: &Maximum, name: &str) -> Vec<String> {
    let mut doubts = Vec::new();
    if found.covariance.is_none() {
        doubts.push(format!(
            "The likelihood of {name} is flat in some direction: predictions hold, single parameters mean little and have no \
             interval."
        ));
    } else if found.decrement > 1e-4 {
        doubts.push(format!("The climb of {name} ended {:.1e} below the top of the likelihood.", found.decrement));
    }
    doubts
}

fn intervals(names: &[&str], values: &[f64], found: &Maximum) -> Vec<Parameter> {
    let error = |i: usize| found.covariance.as_ref().map(|covariance| covariance[i][i].sqrt());
    let parameter = |(i, (name, value)): (usize, (&&str, &f64))| Parameter {
        name: (*name).to_owned(),
        value: *value,
        standard_error: error(i).map(|e| e * value),
        interval: error(i).map(|e| {
            let factor = (1.959_963_984_540_054 * e).exp();
            [value / factor, value * factor]
        }),
    };
    names.iter().zip(values).enumerate().map(parameter).collect()
}

/// Pearson's correlation; 0 where one side is constant.
pub fn pearson(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let (mx, my) = pairs.iter().fold((0.0, 0.0), |(x, y), pair| (x + pair.0 / n, y + pair.1 / n));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        xx += (x - mx) * (x - mx);
        yy += (y - my) * (y - my);
        xy += (x - mx) * (y - my);
    }
    if xx > 0.0 && yy > 0.0 { xy / (xx * yy).sqrt() } else { 0.0 }
}

#[cfg(test)]
#[path = "fit_tests.rs"]
mod tests;
