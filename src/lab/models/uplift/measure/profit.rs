//! What treating the top of a ranking would earn: margin from the extra outcomes less what contacts and incentives cost.

use super::curve::{Kind, Ranking};
use serde::{Deserialize, Serialize};

/// What an outcome brings and a treatment costs, in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prices {
    /// Margin of one outcome, or of one unit of the amount.
    pub margin: f64,
    /// Cost of treating one person.
    pub contact: f64,
    /// Cost of an incentive per outcome of a treated person, whether or not the treatment caused it.
    pub incentive: f64,
}

/// Profit when the first `rows` by score are treated and the others are not.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profit {
    /// People treated.
    pub rows: f64,
    /// Margin of the extra outcomes less incentives and contacts, compared with treating nobody.
    pub profit: f64,
    /// 95 % band of the resamples at this share of the people; `None` without resamples.
    #[serde(default)]
    pub band: Option<(f64, f64)>,
}

/// The depth of the highest profit. It was looked for on these people, so on others expect less.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// People treated.
    pub rows: f64,
    /// The profit.
    pub profit: f64,
    /// 95 % interval of the profit at this share of the people, whichever depth a resample finds best.
    pub band: Option<(f64, f64)>,
    /// 95 % interval of the people whom it is best to treat: each resample's own best share of them.
    pub depth: Option<(f64, f64)>,
}

/// Profit after each distinct score, from nobody to all.
pub fn profit_curve(ranking: Ranking<'_>, prices: Prices) -> Vec<Profit> {
    let mut curve = vec![Profit { rows: 0.0, profit: 0.0, band: None }];
    ranking.walk(|tally, last| {
        if last && curve.last().is_none_or(|before| tally.rows() > before.rows) {
            let rows = tally.rows();
            let outcomes_if_treated = super::curve::ratio(tally.treated_outcomes, tally.treated) * rows;
            let profit = prices.margin * tally.height(Kind::Gain)
                - prices.incentive * outcomes_if_treated
                - prices.contact * rows;
            curve.push(Profit { rows, profit, band: None });
        }
    });
    curve
}

/// The depth of the highest profit; treating nobody is one of the choices.
pub fn best(curve: &[Profit]) -> Option<Profit> {
    curve.iter().copied().reduce(|a, b| if b.profit > a.profit { b } else { a })
}
