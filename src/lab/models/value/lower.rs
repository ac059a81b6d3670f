//! What of customer value a policy computes by itself: survival, the chance of a purchase and the worth of one, as expressions of the
//! rule language over three or four columns. They are exact: the same formula, the same parameters.
//!
//! Expected purchases and lifetime value are sums over a hypergeometric distribution, which rules do not have, and Pareto/NBD's
//! survival is a hypergeometric function. They are not approximated here: they enter a policy as columns, written by the
//! same analysis and refreshed with the data they are made from.

use super::fit::SpendFit;
use super::model::{Kind, PurchaseModel};

/// Names of the columns that hold a customer's history, in the rule language. All in the periods the model was fitted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names<'a> {
    /// Repeat purchases.
    pub x: &'a str,
    /// Time of the last purchase since the first.
    pub t_x: &'a str,
    /// Time since the first purchase.
    pub t: &'a str,
}

/// The probability of still being a customer, as an expression; `None` for Pareto/NBD.
pub fn p_alive(model: &PurchaseModel, names: &Names<'_>) -> Option<String> {
    let [r, alpha, a, b] = model.parameters.map(literal);
    let Names { x, t_x, t } = names;
    let odds =
        |b: &str| format!("exp(ln({a} / ({b} + {x})) + ({r} + {x}) * (ln({alpha} + {t}) - ln({alpha} + {t_x})))");
    match model.kind {
        // b + x − 1 of the formula; nobody leaves before a repeat purchase.
        Kind::BgNbd => {
            Some(format!("if {x} < 1 {{ 1.0 }} else {{ 1.0 / (1.0 + {}) }}", odds(&literal(model.parameters[3] - 1.0))))
        }
        Kind::MbgNbd => Some(format!("1.0 / (1.0 + {})", odds(&b))),
        Kind::ParetoNbd => None,
    }
}

/// The probability of a purchase within `within` periods, as an expression; `None` for Pareto/NBD.
pub fn p_purchase(model: &PurchaseModel, names: &Names<'_>, within: f64) -> Option<String> {
    let alive = p_alive(model, names)?;
    let [r, alpha, ..] = model.parameters.map(literal);
    let Names { x, t, .. } = names;
    let horizon = literal(within);
    Some(format!("({alive}) * (1.0 - exp(({r} + {x}) * (ln({alpha} + {t}) - ln({alpha} + {t} + {horizon}))))"))
}

/// The expected worth of a purchase, as an expression over the number of repeat purchases and their mean worth; `None` where
/// it is infinite for someone without any.
pub fn expected_spend(spend: &SpendFit, x: &str, mean_spend: &str) -> Option<String> {
    let [p, q, v] = spend.params;
    let everybody = super::expected_spend(spend.params, 0.0, 0.0)?;
    let (p, q, v) = (literal(p), literal(q - 1.0), literal(v));
    Some(format!(
        "if {x} < 1 {{ {} }} else {{ {p} * ({v} + {x} * {mean_spend}) / ({p} * {x} + {q}) }}",
        literal(everybody)
    ))
}

/// A number as the rule language reads it back unchanged; in brackets below 0.
fn literal(x: f64) -> String {
    let digits = format!("{x}");
    let digits = if digits.contains('.') { digits } else { format!("{digits}.0") };
    if x < 0.0 { format!("({digits})") } else { digits }
}

#[cfg(test)]
#[path = "lower_tests.rs"]
mod tests;
