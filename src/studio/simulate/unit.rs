//! How an outcome's numbers are written: a rate as a percentage, an amount as a number.

use crate::widgets::number;
use attune_lab::simulate::report::{Estimate, Method, Report};

/// How numbers of one outcome are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A share of decisions: visited, converted.
    Rate,
    /// An amount per decision: spend.
    Amount,
}

impl Unit {
    /// The unit of an outcome in a report: a rate when every mean and value of it lies in [0, 1] and is not all zero.
    pub fn of(report: &Report, outcome: &str) -> Unit {
        let at = report.outcomes.iter().position(|o| o == outcome);
        let means = report.log.arms.iter().filter_map(|arm| arm.means.get(at?)?.as_ref());
        let values = report.policies.iter().filter_map(|p| p.value(outcome)).map(|v| &v.answer);
        // The spread of a rate is that of a coin; an amount that happens to be small spreads wider.
        let is_coin = |e: &Estimate| {
            let coin = (e.value * (1.0 - e.value)).max(0.0) / (e.n.max(1) as f64);
            // Weights widen the spread of either.
            let weighed = e.method != Method::Mean;
            (0.0..=1.0).contains(&e.value) && (weighed || e.se * e.se <= coin * 1.05 + 1e-12)
        };
        let mut means = means.peekable();
        let rate = if means.peek().is_some() {
            means.all(is_coin)
        } else {
            let mut values = values.peekable();
            values.peek().is_some() && values.all(|e| (0.0..=1.0).contains(&e.value))
        };
        if rate { Unit::Rate } else { Unit::Amount }
    }

    /// A value: `18.28 %`, `1.42`.
    pub fn value(self, value: f64) -> String {
        match self {
            Unit::Rate => number::percent(value, 2),
            Unit::Amount => number::fixed(value, 3),
        }
    }

    /// A value on an axis, without needless zeros.
    pub fn tick(self, value: f64) -> String {
        let text = match self {
            Unit::Rate => number::fixed(value * 100.0, 2),
            Unit::Amount => number::fixed(value, 3),
        };
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        match self {
            Unit::Rate => format!("{text}\u{a0}%"),
            Unit::Amount => text.to_owned(),
        }
    }

    /// A difference on an axis: `−5 pp`.
    pub fn difference_tick(self, value: f64) -> String {
        let text = self.tick(value);
        match self {
            Unit::Rate => text.replace('%', "pp"),
            Unit::Amount => text,
        }
    }

    /// A difference with its sign: `+4.52 pp`, `−0.11`.
    pub fn difference(self, value: f64) -> String {
        match self {
            Unit::Rate => number::points(value, 2),
            Unit::Amount => number::signed(value, 3),
        }
    }

    /// A 95 % interval of values.
    pub fn interval(self, estimate: &Estimate) -> String {
        match self {
            Unit::Rate if estimate.low.is_finite() && estimate.high.is_finite() => {
                let ends = [estimate.low, estimate.high].map(|v| number::fixed(v * 100.0, 2));
                format!("{} – {}\u{a0}%", ends[0], ends[1])
            }
            Unit::Rate => number::interval(estimate.low, estimate.high, |v| number::percent(v, 2)),
            Unit::Amount => number::interval(estimate.low, estimate.high, |v| number::fixed(v, 3)),
        }
    }

    /// A 95 % interval of differences.
    pub fn difference_interval(self, estimate: &Estimate) -> String {
        match self {
            Unit::Rate if estimate.low.is_finite() && estimate.high.is_finite() => {
                let ends = [estimate.low, estimate.high].map(|v| number::signed(v * 100.0, 2));
                format!("{} – {}\u{a0}pp", ends[0], ends[1])
            }
            Unit::Rate => number::interval(estimate.low, estimate.high, |v| number::points(v, 2)),
            Unit::Amount => number::interval(estimate.low, estimate.high, |v| number::signed(v, 3)),
        }
    }

    /// The axis of a chart of values.
    pub fn axis(self, outcome: &str) -> String {
        match self {
            Unit::Rate => format!("{outcome}, share of decisions, with 95 % interval"),
            Unit::Amount => format!("{outcome} per decision, with 95 % interval"),
        }
    }
}
