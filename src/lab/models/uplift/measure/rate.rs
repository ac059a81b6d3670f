//! Rank-weighted average treatment effects (Yadlowsky et al. 2021): how much better than average the effect is among those ranked
//! first.

use super::curve::Ranking;

/// RATE in its two usual weightings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// ∫ TOC(q) dq: all of the weight on the very top.
    pub autoc: f64,
    /// ∫ q·TOC(q) dq: Qini's weighting.
    pub qini: f64,
}

/// Effect of each row without bias, its AIPW score: Γ = (μ₁ − μ₀) + t (y − μ₁)/p − (1 − t)(y − μ₀)/(1 − p), with the arms' means and the treated share of
/// all rows. TOC(q) is the mean of Γ in the top q less that of all; ties share their mean. `None` when an arm is empty.
pub fn rate(ranking: Ranking<'_>) -> Option<Rate> {
    let total = ranking.total();
    if !total.has_both() {
        return None;
    }
    let rows = total.rows();
    let p = total.treated / rows;
    let (treated_mean, control_mean) = (total.treated_outcomes / total.treated, total.control_outcomes / total.control);
    // Σ over the top of Γ less the average effect, at each end of a group of ties.
    let above = |treated: f64, control: f64, yt: f64, yc: f64| {
        (yt - treated * treated_mean) / p - (yc - control * control_mean) / (1.0 - p)
    };
    let (mut autoc, mut qini) = (0.0, 0.0);
    let (mut k, mut sum) = (0.0, 0.0);
    ranking.walk(|tally, last| {
        if !last || tally.rows() == k {
            return;
        }
        let (to, end) =
            (tally.rows(), above(tally.treated, tally.control, tally.treated_outcomes, tally.control_outcomes));
        let each = (end - sum) / (to - k);
        let mut at = k;
        while at < to {
            at += 1.0;
            let so_far = sum + each * (at - k);
            autoc += so_far / at;
            qini += so_far / rows;
        }
        (k, sum) = (to, end);
    });
    Some(Rate { autoc: autoc / rows, qini: qini / rows })
}
