//! Customer value of a table from end to end: fit on the calibration, measure on the holdout, value every customer.
//!
//! It says what the models say. Which customers to treat, and with what, is for a policy.

use super::fit::{PurchaseFit, SpendFit, fit, fit_spend};
use super::gamma_gamma;
use super::histories::{Customer, Histories};
use super::history::{Groups, History};
use super::model::{Kind, PurchaseModel};
use super::next_purchase::{Brier, NextPurchase};
use crate::error::Result;
use crate::features::transactions::CustomerId;
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// What is asked of [`analyse`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Questions {
    /// The model that values customers.
    pub model: Kind,
    /// Periods ahead for which purchases and value are expected; the holdout, or 52 without one, when absent.
    pub horizon: Option<f64>,
    /// Days of a period.
    pub period_days: f64,
    /// Discount rate per year of 365.25 days: 0.1 means that a purchase in a year is worth 1 / 1.1 of one today.
    pub discount: f64,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueReport {
    /// Customers modelled.
    pub customers: u64,
    /// Those with a repeat purchase.
    pub repeaters: u64,
    /// Customers that came after the end of calibration.
    pub too_new: u64,
    /// Purchase models, in the order of [`Kind::ALL`].
    pub purchases: Vec<PurchaseFit>,
    /// The model with the highest likelihood; all have four parameters.
    pub likeliest: Kind,
    /// The model that valued the customers.
    pub model: Kind,
    /// Spend; absent with the reason.
    pub spend: std::result::Result<SpendFit, String>,
    /// Periods ahead of the expectations.
    pub horizon: f64,
    /// Expected purchases of all customers within the horizon, by model.
    pub totals: Vec<Total>,
    /// How the expectations came true; empty without a holdout.
    pub holdout: Vec<Holdout>,
    /// Periods of the holdout; 0 without one.
    pub holdout_periods: f64,
    /// How sure the times of the next purchase are, of the model that valued; empty without a holdout.
    pub coverage: Vec<Coverage>,
    /// The regression of the intervals between purchases; absent with the reason.
    pub next_purchase: std::result::Result<NextPurchase, String>,
    /// How sure its times are; empty without it or without a holdout.
    pub regression_coverage: Vec<Coverage>,
    /// How well it and the model say who buys within the holdout; absent without it or without a holdout.
    pub brier: Option<Brier>,
    /// Every customer, in ascending order of identifier.
    pub each: Vec<CustomerValue>,
    /// How single customers are drawn towards everybody, in words.
    pub shrinkage: String,
}

/// A total with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Total {
    /// The model.
    pub kind: Kind,
    /// Σ expected purchases.
    pub expected: f64,
    /// 95 %: what parameters leave open (delta method) and the chance of each customer, taken as independent. Absent
    /// where the likelihood is flat.
    pub interval: Option<[f64; 2]>,
}

/// A model measured on what it has not seen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Holdout {
    /// The model.
    pub kind: Kind,
    /// Purchases that happened.
    pub actual_total: f64,
    /// Purchases that were expected.
    pub expected: Total,
    /// Mean over customers of |actual − expected|.
    pub mae: f64,
    /// Root of the mean over customers of (actual − expected)².
    pub rmse: f64,
    /// Correlation of actual and expected over customers (Pearson).
    pub correlation: f64,
    /// What customers spent, and were expected to; absent without amounts.
    pub spend: Option<[f64; 2]>,
}

/// How often the next purchase came by the time it was expected with probability `level`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// The probability said.
    pub level: f64,
    /// Customers for whom that time lies inside the holdout.
    pub customers: u64,
    /// The share of them that had bought by then.
    pub seen: f64,
}

/// A customer's value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomerValue {
    /// Who.
    #[serde(rename = "CustomerID")]
    pub id: CustomerId,
    /// What is known of the customer.
    #[serde(flatten)]
    pub history: History,
    /// Mean worth of a repeat purchase so far.
    pub mean_spend: Option<f64>,
    /// Probability of still being a customer.
    pub p_alive: f64,
    /// Expected purchases within the horizon.
    pub expected_purchases: f64,
    /// Expected worth of a purchase.
    pub expected_spend: Option<f64>,
    /// Expected worth of the purchases within the horizon, discounted.
    pub clv: Option<f64>,
    /// Periods by which the next purchase has come with 10, 50, 90 % if the customer is still one.
    pub next_if_alive: [f64; 3],
    /// Probability of a purchase within the horizon.
    pub p_purchase: f64,
    /// Periods by which the next purchase has come with 10, 50, 90 % by the regression of intervals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_by_regression: Option<[f64; 3]>,
}

/// Fits every model, measures them on the holdout, and values every customer.
///
/// # Errors
/// When no customer has a repeat purchase, a history is impossible, or the task is cancelled.
pub fn analyse(histories: &Histories, questions: &Questions, task: &Task) -> Result<ValueReport> {
    let customers = &histories.customers;
    let known: Vec<History> = customers.iter().map(|c| c.history).collect();
    let fits = Kind::ALL.into_iter().map(|kind| fit(kind, &known, task)).collect::<Result<Vec<_>>>()?;
    let has_amounts = customers.iter().any(|c| c.mean_spend.is_some());
    let spend = match has_amounts {
        false => Err("no amounts are known".to_owned()),
        true => {
            let pairs: Vec<(f64, f64)> = customers.iter().map(|c| (c.history.x, c.mean_spend.unwrap_or(0.0))).collect();
            match fit_spend(&pairs, task) {
                Err(error) if error.is_cancelled() => return Err(error),
                other => other.map_err(|error| error.to_string()),
            }
        }
    };
    let groups = Groups::new(&known);
    let fallback = if histories.holdout > 0.0 { histories.holdout } else { 52.0 };
    let horizon = questions.horizon.unwrap_or(fallback);

    task.stage("Expecting purchases")?;
    let mut totals = Vec::new();
    let mut measured = Vec::new();
    for (i, fit) in fits.iter().enumerate() {
        task.tick(i as f32 / fits.len() as f32)?;
        let ahead = total(fit, &groups, horizon, task)?;
        totals.push(ahead);
        if histories.holdout > 0.0 {
            let over = if histories.holdout == horizon { ahead } else { total(fit, &groups, histories.holdout, task)? };
            measured.push(holdout(fit, histories, &groups, over, spend.as_ref().ok()));
        }
    }
    let position = Kind::ALL.iter().position(|kind| *kind == questions.model).unwrap_or(0);
    let model = fits[position].model;
    let likeliest = fits.iter().max_by(|a, b| a.log_likelihood.total_cmp(&b.log_likelihood));
    let likeliest = likeliest.map_or(questions.model, |fit| fit.model.kind);
    let mut each = value_each(customers, &groups, &model, spend.as_ref().ok(), horizon, questions, task)?;
    let regression = match NextPurchase::fit(histories, task) {
        Err(error) if error.is_cancelled() => return Err(error),
        other => other.map_err(|error| error.to_string()),
    };
    if let Ok(regression) = &regression {
        for (value, customer) in each.iter_mut().zip(customers) {
            value.next_by_regression = Some([0.1, 0.5, 0.9].map(|level| regression.quantile(customer, level)));
        }
    }
    Ok(ValueReport {
        customers: customers.len() as u64,
        repeaters: customers.iter().filter(|c| c.history.x > 0.0).count() as u64,
        too_new: histories.too_new,
        shrinkage: shrinkage(&model, spend.as_ref().ok(), customers),
        likeliest,
        model: questions.model,
        horizon,
        totals,
        holdout: measured,
        holdout_periods: histories.holdout,
        coverage: coverage(histories, |c, level| model.next_purchase(&c.history, level)),
        regression_coverage: regression
            .iter()
            .flat_map(|r| coverage(histories, |c, p| Some(r.quantile(c, p))))
            .collect(),
        brier: regression.as_ref().ok().and_then(|r| brier(&model, r, histories)),
        next_purchase: regression,
        each,
        purchases: fits,
        spend,
    })
}

/// Purchases of all customers within `t` periods, with an interval.
///
/// # Errors
/// When the task is cancelled.
pub fn total(fit: &PurchaseFit, groups: &Groups, t: f64, task: &Task) -> Result<Total> {
    let sum = |model: &PurchaseModel| groups.sum(|h| model.expected(h, t));
    let expected = sum(&fit.model);
    let interval = if fit.covariance.is_empty() {
        None
    } else {
        // d total / d ln parameter by central differences.
        const STEP: f64 = 1e-4;
        let mut gradient = [0.0; 4];
        for (i, slope) in gradient.iter_mut().enumerate() {
            for by in [STEP, -STEP] {
                if task.is_cancelled() {
                    return Err(crate::Error::Cancelled);
                }
                let mut model = fit.model;
                model.parameters[i] *= by.exp();
                *slope += sum(&model) / (2.0 * by);
            }
        }
        let of_parameters: f64 = (0..4)
            .flat_map(|i| (0..4).map(move |j| (i, j)))
            .map(|(i, j)| gradient[i] * fit.covariance[i][j] * gradient[j])
            .sum();
        let of_chance = groups.sum(|h| fit.model.mean_and_variance(h, t).1);
        let half = 1.959_963_984_540_054 * (of_parameters.max(0.0) + of_chance).sqrt();
        Some([(expected - half).max(0.0), expected + half])
    };
    Ok(Total { kind: fit.model.kind, expected, interval })
}

fn holdout(
    fit: &PurchaseFit,
    histories: &Histories,
    groups: &Groups,
    expected: Total,
    spend: Option<&SpendFit>,
) -> Holdout {
    let of_group: Vec<f64> = groups.groups.iter().map(|(h, _)| fit.model.expected(h, histories.holdout)).collect();
    let pairs: Vec<(f64, f64)> =
        histories.customers.iter().zip(&groups.of).map(|(c, group)| (c.later, of_group[*group as usize])).collect();
    let n = pairs.len() as f64;
    let worth = spend.map(|spend| {
        let said = histories.customers.iter().zip(&pairs);
        let said = said.map(|(c, (_, purchases))| purchases * worth_of(spend, c).unwrap_or(0.0)).sum();
        [histories.customers.iter().map(|c| c.later_spend).sum(), said]
    });
    Holdout {
        kind: fit.model.kind,
        actual_total: pairs.iter().map(|pair| pair.0).sum(),
        expected,
        mae: pairs.iter().map(|(seen, said)| (seen - said).abs()).sum::<f64>() / n,
        rmse: (pairs.iter().map(|(seen, said)| (seen - said).powi(2)).sum::<f64>() / n).sqrt(),
        correlation: super::fit::pearson(&pairs),
        spend: worth,
    }
}

fn worth_of(spend: &SpendFit, customer: &Customer) -> Option<f64> {
    let n = if customer.mean_spend.is_some_and(|mean| mean > 0.0) { customer.history.x } else { 0.0 };
    gamma_gamma::expected(spend.params, n, customer.mean_spend.unwrap_or(0.0))
}

fn coverage(histories: &Histories, by: impl Fn(&Customer, f64) -> Option<f64>) -> Vec<Coverage> {
    if histories.holdout <= 0.0 {
        return Vec::new();
    }
    let of = |level: f64| {
        let due = histories.customers.iter().filter_map(|c| {
            let by = by(c, level).filter(|by| *by <= histories.holdout)?;
            Some(c.next.is_some_and(|next| next <= by))
        });
        let (mut customers, mut bought) = (0u64, 0u64);
        for has_bought in due {
            customers += 1;
            bought += u64::from(has_bought);
        }
        Coverage { level, customers, seen: bought as f64 / customers.max(1) as f64 }
    };
    [0.1, 0.25, 0.5, 0.75, 0.9].map(of).into_iter().filter(|coverage| coverage.customers > 0).collect()
}

fn brier(model: &PurchaseModel, regression: &NextPurchase, histories: &Histories) -> Option<Brier> {
    let (n, holdout) = (histories.customers.len() as f64, histories.holdout);
    let bought = |c: &Customer| f64::from(u8::from(c.next.is_some()));
    let share = histories.customers.iter().map(bought).sum::<f64>() / n;
    let score = |said: &dyn Fn(&Customer) -> f64| {
        histories.customers.iter().map(|c| (bought(c) - said(c)).powi(2)).sum::<f64>() / n
    };
    (holdout > 0.0).then(|| Brier {
        regression: score(&|c| regression.p_purchase(c, holdout)),
        model: score(&|c| model.p_purchase(&c.history, holdout)),
        share: score(&|_| share),
    })
}

/// Steps into which the horizon is cut for discounting; each is discounted at its middle.
const STEPS: usize = 12;

fn value_each(
    customers: &[Customer],
    groups: &Groups,
    model: &PurchaseModel,
    spend: Option<&SpendFit>,
    horizon: f64,
    questions: &Questions,
    task: &Task,
) -> Result<Vec<CustomerValue>> {
    use rayon::prelude::*;
    task.stage("Valuing customers")?;
    let per_period = (1.0 + questions.discount).ln() * questions.period_days / 365.25;
    // What depends on the history alone: alive, purchases, discounted purchases, a purchase at all, times of the next one.
    let of_group = |h: &History| {
        let mut discounted = 0.0;
        let mut before = 0.0;
        for step in 1..=STEPS {
            let until = horizon * step as f64 / STEPS as f64;
            let purchases = model.expected(h, until);
            let middle = until - 0.5 * horizon / STEPS as f64;
            discounted += (purchases - before) * (-per_period * middle).exp();
            before = purchases;
        }
        let alive = model.p_alive(h);
        let next = [0.1, 0.5, 0.9].map(|level| model.next_purchase(h, level * alive).unwrap_or(f64::INFINITY));
        (alive, before, discounted, model.p_purchase(h, horizon), next)
    };
    let mut values = Vec::with_capacity(groups.groups.len());
    for piece in groups.groups.chunks(8_192) {
        task.tick(values.len() as f32 / groups.groups.len() as f32)?;
        values.extend(piece.par_iter().map(|(h, _)| of_group(h)).collect::<Vec<_>>());
    }
    let value = |(customer, group): (&Customer, &u32)| {
        let (p_alive, expected_purchases, discounted, p_purchase, next_if_alive) = values[*group as usize];
        let expected_spend = spend.and_then(|spend| worth_of(spend, customer));
        CustomerValue {
            id: customer.id.clone(),
            history: customer.history,
            mean_spend: customer.mean_spend,
            p_alive,
            expected_purchases,
            expected_spend,
            clv: expected_spend.map(|worth| worth * discounted),
            next_if_alive,
            p_purchase,
            next_by_regression: None,
        }
    };
    Ok(customers.iter().zip(&groups.of).map(value).collect())
}

/// How far a customer's own record counts, in words.
fn shrinkage(model: &PurchaseModel, spend: Option<&SpendFit>, customers: &[Customer]) -> String {
    let [r, alpha, ..] = model.parameters;
    let age = customers.iter().map(|c| c.history.t).sum::<f64>() / customers.len().max(1) as f64;
    let own = age / (alpha + age);
    let mut text = format!(
        "Each customer's rate of purchases is a mean of everybody's, {:.3} a period, and the customer's own; after {age:.1} periods, \
         the mean age here, the own record counts {:.0} % and everybody's {:.0} %.",
        r / alpha,
        own * 100.0,
        (1.0 - own) * 100.0
    );
    if let Some(spend) = spend
        && let (Some(all), Some(one), Some(five)) = (
            gamma_gamma::expected(spend.params, 0.0, 0.0),
            gamma_gamma::own_weight(spend.params, 1.0),
            gamma_gamma::own_weight(spend.params, 5.0),
        )
    {
        text.push_str(&format!(
            " A purchase is worth {all:.2} on the average of customers; a customer's own mean counts {:.0} % after one repeat \
             purchase and {:.0} % after five.",
            one * 100.0,
            five * 100.0
        ));
    }
    text
}

#[cfg(test)]
#[path = "analysis_tests.rs"]
mod tests;
