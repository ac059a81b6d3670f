//! The ranges of every family's settings, and which families estimate what. It knows the settings, not the learners.

use super::spec::{Family, Goal};

/// Whether a family can estimate this, and each of its settings is in its range.
///
/// # Errors
/// A sentence that names the setting.
pub fn check(family: &Family, goal: Goal) -> Result<(), String> {
    match goals(family) {
        Some(only) if only != goal => {
            let words = family.words();
            return Err(match only {
                Goal::Propensity => {
                    format!("{words} estimates probabilities, not amounts; choose linear regression or trees")
                }
                Goal::Amount => {
                    format!("{words} estimates amounts, not probabilities; choose logistic regression or trees")
                }
            });
        }
        _ => {}
    }
    let ranges = ranges(family);
    match ranges.iter().find(|(_, value, range)| !range.holds(*value)) {
        Some((name, _, range)) => Err(format!("{name} must be {}", range.words())),
        None => Ok(()),
    }
}

/// The settings of a family in words.
pub fn words(family: &Family) -> String {
    let percent = |x: f64| format!("{:.1} %", 100.0 * x);
    match *family {
        Family::Logistic { l2 } | Family::Linear { l2 } => format!("L2 penalty {l2}"),
        Family::ElasticNet { penalty, l1_share } => {
            format!("penalty {penalty}, {} of it on absolute coefficients", percent(l1_share))
        }
        Family::Boosted { trees, depth, learning_rate, min_child_weight, subsample, column_sample, l2 } => format!(
            "{trees} trees of depth {depth}, learning rate {learning_rate}, least child weight {min_child_weight}, \
             {} of rows and {} of inputs per tree, L2 penalty {l2}",
            percent(subsample),
            percent(column_sample)
        ),
        Family::Tree { depth, min_rows } => format!("depth {depth}, at least {min_rows} rows in a leaf"),
        Family::Forest { trees, depth, min_rows, column_sample } => format!(
            "{trees} trees of depth {depth}, at least {min_rows} rows in a leaf, {} of inputs per split",
            percent(column_sample)
        ),
        Family::Ebm { rounds, learning_rate, bags, interactions } => format!(
            "at most {rounds} rounds, learning rate {learning_rate}, {bags} bags, {interactions} tables of two inputs"
        ),
        Family::Bayes { prior } => format!("{prior} rows of each category before any was seen"),
        Family::Scorecard { bins, l2 } => format!("at most {bins} bins per number, L2 penalty {l2}"),
        Family::Neighbours { neighbours, by_distance: false } => format!("{neighbours} neighbours of equal weight"),
        Family::Neighbours { neighbours, by_distance: true } => {
            format!("{neighbours} neighbours, each weighing one over its distance")
        }
    }
}

/// The one thing a family estimates; `None` when it can do both.
pub fn goals(family: &Family) -> Option<Goal> {
    match family {
        Family::Logistic { .. } | Family::Bayes { .. } | Family::Scorecard { .. } => Some(Goal::Propensity),
        Family::Linear { .. } => Some(Goal::Amount),
        Family::ElasticNet { .. }
        | Family::Tree { .. }
        | Family::Forest { .. }
        | Family::Boosted { .. }
        | Family::Ebm { .. }
        | Family::Neighbours { .. } => None,
    }
}

/// Where a setting may lie.
enum Range {
    /// Both ends belong to it.
    Whole(u32, u32),
    /// 0 or more.
    Positive,
    /// Above 0.
    Above,
    /// Above 0 and at most 1.
    Share,
    /// 0 to 1.
    Part,
}

impl Range {
    fn holds(&self, x: f64) -> bool {
        match *self {
            Range::Whole(low, high) => x >= f64::from(low) && x <= f64::from(high),
            Range::Positive => x.is_finite() && x >= 0.0,
            Range::Above => x.is_finite() && x > 0.0,
            Range::Share => x > 0.0 && x <= 1.0,
            Range::Part => (0.0..=1.0).contains(&x),
        }
    }

    fn words(&self) -> String {
        match *self {
            Range::Whole(low, high) => format!("{low} to {}", thousands(high)),
            Range::Positive => "0 or more".into(),
            Range::Above => "above 0".into(),
            Range::Share => "above 0 and at most 1".into(),
            Range::Part => "0 to 1".into(),
        }
    }
}

/// 2000 as 2,000.
fn thousands(n: u32) -> String {
    if n < 1000 { n.to_string() } else { format!("{},{:03}", thousands(n / 1000), n % 1000) }
}

/// Every setting of a family: name, value, range.
fn ranges(family: &Family) -> Vec<(&'static str, f64, Range)> {
    match *family {
        Family::Logistic { l2 } | Family::Linear { l2 } => vec![("l2", l2, Range::Positive)],
        Family::ElasticNet { penalty, l1_share } => {
            vec![("penalty", penalty, Range::Positive), ("l1_share", l1_share, Range::Part)]
        }
        Family::Boosted { trees, depth, learning_rate, min_child_weight, subsample, column_sample, l2 } => vec![
            ("trees", f64::from(trees), Range::Whole(1, 2000)),
            ("depth", f64::from(depth), Range::Whole(1, 12)),
            ("learning_rate", learning_rate, Range::Share),
            ("subsample", subsample, Range::Share),
            ("column_sample", column_sample, Range::Share),
            ("min_child_weight", min_child_weight, Range::Positive),
            ("l2", l2, Range::Positive),
        ],
        Family::Tree { depth, min_rows } => vec![
            ("depth", f64::from(depth), Range::Whole(1, 20)),
            ("min_rows", f64::from(min_rows), Range::Whole(1, 1_000_000)),
        ],
        Family::Forest { trees, depth, min_rows, column_sample } => vec![
            ("trees", f64::from(trees), Range::Whole(1, 2000)),
            ("depth", f64::from(depth), Range::Whole(1, 20)),
            ("min_rows", f64::from(min_rows), Range::Whole(1, 1_000_000)),
            ("column_sample", column_sample, Range::Share),
        ],
        Family::Ebm { rounds, learning_rate, bags, interactions } => vec![
            ("rounds", f64::from(rounds), Range::Whole(1, 20_000)),
            ("learning_rate", learning_rate, Range::Share),
            ("bags", f64::from(bags), Range::Whole(1, 50)),
            ("interactions", f64::from(interactions), Range::Whole(0, 50)),
        ],
        Family::Bayes { prior } => vec![("prior", prior, Range::Above)],
        Family::Scorecard { bins, l2 } => {
            vec![("bins", f64::from(bins), Range::Whole(2, 50)), ("l2", l2, Range::Positive)]
        }
        Family::Neighbours { neighbours, .. } => {
            vec![("neighbours", f64::from(neighbours), Range::Whole(1, 1000))]
        }
    }
}
