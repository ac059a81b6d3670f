//! Estimators of a policy's value from logged rounds, on plain arrays.
//!
//! Round i carries the weight w_i = π(a_i|x_i)/p_i and the reward r_i. Conventions are those of METHODS, "Off-policy
//! evaluation". Whether a log can carry an answer at all is for [`crate::simulate::support`] to say.

pub use crate::distributions::Z95;
use crate::distributions::{clopper_pearson, hybrid, normal_cdf};
use crate::simulate::report::{Estimate, Method};
use std::collections::BTreeSet;

/// The rounds of one outcome under one policy.
#[derive(Clone, Copy, Debug)]
pub struct Rounds<'a> {
    /// w_i ≥ 0.
    pub weights: &'a [f64],
    /// r_i, finite.
    pub rewards: &'a [f64],
    /// Subject of each round, numbered from 0, where subjects repeat; standard errors then add within a subject first.
    pub clusters: Option<&'a [u32]>,
}

/// Inverse propensity scoring: mean(w r). SE = std(w r, ddof 1)/√n, clustered: √(G/(G−1) Σ_g u_g²)/n with
/// u_g = Σ_{i∈g} (w_i r_i − V). `None` with fewer than two rounds or subjects.
pub fn ips(rounds: Rounds<'_>, method: Method) -> Option<Estimate> {
    let n = rounds.rewards.len();
    let value = sum(products(rounds)) / n as f64;
    let residuals = products(rounds).map(|x| x - value);
    let (squares, groups) = clustered_squares(residuals, rounds.clusters, n);
    (groups > 1).then(|| {
        let groups = groups as f64;
        let se = (squares * groups / (groups - 1.0)).sqrt() / n as f64;
        spread(normal(method, value, se, n), rounds, false)
    })
}

/// Self-normalised IPS: Σ w r / Σ w. SE by the delta method: √(Σ w² (r − V)²)/Σ w, residuals added within a subject
/// first. `None` when no weight is positive.
pub fn snips(rounds: Rounds<'_>) -> Option<Estimate> {
    let total = sum(rounds.weights.iter().copied());
    if total <= 0.0 {
        return None;
    }
    let value = sum(products(rounds)) / total;
    let residuals = rounds.weights.iter().zip(rounds.rewards).map(|(w, r)| w * (r - value));
    let (squares, _) = clustered_squares(residuals, rounds.clusters, rounds.rewards.len());
    Some(spread(normal(Method::Snips, value, squares.sqrt() / total, rounds.rewards.len()), rounds, true))
}

/// Replay: mean reward over the rounds whose logged action is the policy's (w > 0). SE as for SNIPS with weights 1.
/// `None` when there is none.
pub fn replay(rounds: Rounds<'_>) -> Option<Estimate> {
    let matched: Vec<f64> = rounds.weights.iter().map(|w| f64::from(u8::from(*w > 0.0))).collect();
    let estimate = snips(Rounds { weights: &matched, ..rounds })?;
    let n = matched.iter().filter(|m| **m > 0.0).count();
    Some(Estimate { method: Method::Replay, n: n as u64, ..estimate })
}

/// Mean with the standard error of [`ips`]: an arm of a trial.
pub fn mean(rewards: &[f64], clusters: Option<&[u32]>) -> Option<Estimate> {
    let ones = vec![1.0; rewards.len()];
    ips(Rounds { weights: &ones, rewards, clusters }, Method::Mean)
}

/// The same of numbers that can be no less than `least` and no more than `most`, infinite where nothing bounds them. Where all are the same,
/// one not seen differs with a probability of at most Clopper and Pearson's, by at most what is possible.
pub fn mean_within(values: &[f64], clusters: Option<&[u32]>, (least, most): (f64, f64)) -> Option<Estimate> {
    let own = mean(values, clusters)?;
    let Some(same) = values.first().copied().filter(|same| values.iter().all(|x| x == same)) else { return Some(own) };
    let unseen = reach(clusters, values.len()) * clopper_pearson(0, units(clusters, values.len(), |_| true), LEVEL).1;
    let unseen = unseen.min(1.0);
    let away = |most: f64| if most == 0.0 { 0.0 } else { most * unseen };
    Some(Estimate { low: same - away(same - least), high: same + away(most - same), ..own })
}

/// Difference of the SNIPS values of two policies on the same rounds, `a − b`. SE from the paired influence
/// u = w_a (r − V_a)/mean(w_a) − w_b (r − V_b)/mean(w_b), so what both policies share cancels; where that says nothing the interval is
/// that of [`unspread`], and resamples, which know no more, give none: `bootstrap` is theirs. `alike` says that both made the same choices.
pub fn snips_difference(a: Rounds<'_>, b: Rounds<'_>, alike: bool, bootstrap: Option<(f64, f64)>) -> Option<Estimate> {
    let n = a.rewards.len();
    let (va, vb) = (snips(a)?.value, snips(b)?.value);
    let (ma, mb) = (sum(a.weights.iter().copied()) / n as f64, sum(b.weights.iter().copied()) / n as f64);
    let influence =
        a.weights.iter().zip(b.weights).zip(a.rewards).map(|((wa, wb), r)| wa * (r - va) / ma - wb * (r - vb) / mb);
    let (squares, _) = clustered_squares(influence, a.clusters, n);
    let (value, se) = (va - vb, squares.sqrt() / n as f64);
    let own = normal(Method::Snips, value, se, n);
    Some(match unspread(a, b, alike, Z95) {
        Some((low, high)) => Estimate { low, high, ..own },
        None => Estimate { bootstrap, ..own },
    })
}

/// An estimate with its normal 95 % interval; its ends are infinite where the standard error is 0.
pub fn normal(method: Method, value: f64, se: f64, n: usize) -> Estimate {
    let (low, high) = around(value, se, Z95);
    Estimate { method, value, se, low, high, bootstrap: None, n: n as u64 }
}

/// `z` standard errors to both sides of a value; both ends infinite where that is no width: a sample in which nothing varies, or nothing
/// but rounding does, says nothing of how far off the value is.
pub(crate) fn around(value: f64, se: f64, z: f64) -> (f64, f64) {
    match se <= NO_SPREAD * value.abs() {
        true => (f64::NEG_INFINITY, f64::INFINITY),
        false => (value - z * se, value + z * se),
    }
}

/// Standard errors of that share of the value are of rounding.
const NO_SPREAD: f64 = 1e-12;
/// Confidence of an interval.
const LEVEL: f64 = 0.95;

/// The estimate with an interval that has a width: that of [`unvaried`] where no reward varies.
fn spread(estimate: Estimate, rounds: Rounds<'_>, normalised: bool) -> Estimate {
    match unvaried(rounds, normalised, LEVEL) {
        Some((low, high)) => Estimate { low, high, ..estimate },
        None => estimate,
    }
}

/// The interval of a value when the rewards of all rounds that weigh are the same, so that nothing is known of their spread; `None`
/// where the spread is known. Of a yes or no: Clopper and Pearson's of the rounds that weigh where their weights are equal, else that of
/// all rounds times the largest weight. Of an amount the ends are infinite, but for 0 below where no reward is negative.
pub(crate) fn unvaried(rounds: Rounds<'_>, normalised: bool, level: f64) -> Option<(f64, f64)> {
    let Rounds { weights, rewards, clusters } = rounds;
    let weighs = || weights.iter().zip(rewards).filter(|(w, _)| **w > 0.0);
    let (first, same) = weighs().next().map(|(w, r)| (*w, *r))?;
    if weighs().any(|(_, r)| *r != same) {
        return None;
    }
    let (equal, all) = (weighs().all(|(w, _)| *w == first), weights.iter().all(|w| *w > 0.0));
    // Weights that differ are a spread of their own, unless they are divided by their mean or nothing is weighed.
    if same != 0.0 && !normalised && !(equal && all) {
        return None;
    }
    if !yes_or_no(rewards) {
        return Some((possible(rewards).0, f64::INFINITY));
    }
    let most = weights.iter().copied().fold(0.0, f64::max);
    let (scale, trials) = match (normalised, equal) {
        (true, true) => (1.0, units(clusters, weights.len(), |i| weights[i] > 0.0)),
        (true, false) => {
            (most * weights.len() as f64 / sum(weights.iter().copied()), units(clusters, weights.len(), |_| true))
        }
        (false, _) => (most, units(clusters, weights.len(), |_| true)),
    };
    let unseen = scale * reach(clusters, weights.len()) * clopper_pearson(0, trials, level).1;
    let cap = if normalised { 1.0 } else { scale };
    Some(match same == 0.0 {
        true => (0.0, unseen.min(cap)),
        false => ((cap - unseen).max(0.0), cap),
    })
}

/// The interval of the difference of the values of two policies, `a − b`, where that of the paired influence, `z` standard errors to both
/// sides, would be too narrow or have no width; `None` where it is right. Where the rewards of one do not vary it is Newcombe's, from both
/// values' own: of both policies' rounds no more is known. Where both weigh every round alike they differ in rounds not seen alone, by at
/// most the largest weight in a yes or no, and by at most 1 where they also chose the same in every round (`alike`); where the rounds that tell them apart hold few of these, by what [`rare`] says.
pub(crate) fn unspread(a: Rounds<'_>, b: Rounds<'_>, alike: bool, z: f64) -> Option<(f64, f64)> {
    let (level, n) = (2.0 * normal_cdf(z) - 1.0, a.weights.len());
    let unseen = |most: f64| {
        let trials = units(a.clusters, n, |_| true);
        let unseen = (most * reach(a.clusters, n) * clopper_pearson(0, trials, level).1).min(1.0);
        Some((-unseen, unseen))
    };
    if alike && yes_or_no(a.rewards) {
        return unseen(1.0);
    }
    if unvaried(a, true, level).is_some() || unvaried(b, true, level).is_some() {
        return Some(hybrid(ends(a, z)?, ends(b, z)?));
    }
    if a.weights != b.weights {
        return rare(a, b, z);
    }
    if !yes_or_no(a.rewards) {
        return Some((f64::NEG_INFINITY, f64::INFINITY));
    }
    unseen(a.weights.iter().copied().fold(0.0, f64::max) * n as f64 / sum(a.weights.iter().copied()))
}

/// The same of a yes or no where the rounds that tell the policies apart hold few of them: what speaks for either is counted by itself, few
/// by Clopper and Pearson times the largest weight, many with a normal interval. `None` where many speak for both.
fn rare(a: Rounds<'_>, b: Rounds<'_>, z: f64) -> Option<(f64, f64)> {
    if !yes_or_no(a.rewards) {
        return None;
    }
    let n = a.rewards.len();
    let scale = |weights: &[f64]| n as f64 / sum(weights.iter().copied());
    let (scale_a, scale_b) = (scale(a.weights), scale(b.weights));
    // What rounds of one weight bring is a difference by the two means alone, and speaks for neither.
    let scale = f64::midpoint(scale_a, scale_b);
    let gain = |sign: f64, i: usize| (sign * scale * a.rewards[i] * (a.weights[i] - b.weights[i])).max(0.0);
    let subject = |i: usize| a.clusters.map_or(i as u32, |clusters| clusters[i]);
    let is_many = |sign: f64| {
        let mut hits = BTreeSet::new();
        (0..n).any(|i| gain(sign, i) > 0.0 && hits.insert(subject(i)) && hits.len() >= FEW)
    };
    let (many_a, many_b) = (is_many(1.0), is_many(-1.0));
    if many_a && many_b {
        return None;
    }
    let (level, trials) = (2.0 * normal_cdf(z) - 1.0, units(a.clusters, n, |_| true));
    let side = |sign: f64, many: bool, weights: &[f64]| {
        let value = sum((0..n).map(|i| gain(sign, i))) / n as f64;
        if many {
            let (squares, _) = clustered_squares((0..n).map(|i| gain(sign, i) - value), a.clusters, n);
            let (low, high) = around(value, squares.sqrt() / n as f64, z);
            return (value, low, high);
        }
        let hits = units(a.clusters, n, |i| gain(sign, i) > 0.0);
        let (low, high) = clopper_pearson(hits, trials, level);
        let least = if hits == 0 { 0.0 } else { value * low * trials as f64 / hits as f64 };
        let most = scale * weights.iter().copied().fold(0.0, f64::max) * reach(a.clusters, n);
        (value, least, (most * high).max(value))
    };
    let (for_a, for_b) = (side(1.0, many_a, a.weights), side(-1.0, many_b, b.weights));
    let (low, high) = hybrid(for_a, for_b);
    let value = (scale_a * sum(products(a)) - scale_b * sum(products(b))) / n as f64;
    let means = value - (for_a.0 - for_b.0);
    Some(((low + means).max(-1.0), (high + means).min(1.0)))
}

/// Hits of which a normal interval is right often enough.
const FEW: usize = 10;

/// A self-normalised value with the ends of its interval: of a yes or no whose rounds weigh alike Clopper and Pearson's, else normal, within
/// what is possible.
pub(crate) fn ends(rounds: Rounds<'_>, z: f64) -> Option<(f64, f64, f64)> {
    let Estimate { value, se, .. } = snips(rounds)?;
    let level = 2.0 * normal_cdf(z) - 1.0;
    if let Some((low, high)) = unvaried(rounds, true, level) {
        return Some((value, low, high));
    }
    let weighs = || rounds.weights.iter().zip(rounds.rewards).filter(|(w, _)| **w > 0.0);
    let alike = weighs().next().is_some_and(|(first, _)| weighs().all(|(w, _)| w == first));
    if alike && rounds.clusters.is_none() && yes_or_no(rounds.rewards) {
        let hits = weighs().filter(|(_, r)| **r == 1.0).count() as u64;
        let (low, high) = clopper_pearson(hits, weighs().count() as u64, level);
        return Some((value, low, high));
    }
    let ((low, high), (least, most)) = (around(value, se, z), possible(rounds.rewards));
    Some((value, low.max(least), high.min(most)))
}

/// Whether every reward is 0 or 1.
pub(crate) fn yes_or_no(rewards: &[f64]) -> bool {
    rewards.iter().all(|r| *r == 0.0 || *r == 1.0)
}

/// Between what a mean of such rewards lies: 0 and 1 of a yes or no; amounts are bounded by 0 below where none is negative, and else by nothing.
pub(crate) fn possible(rewards: &[f64]) -> (f64, f64) {
    let least = if rewards.iter().all(|r| *r >= 0.0) { 0.0 } else { f64::NEG_INFINITY };
    (least, if yes_or_no(rewards) { 1.0 } else { f64::INFINITY })
}

/// A difference as a share of what it is a difference from; `None` unless that is above 0, as a share of a loss or of nothing has no meaning.
pub(crate) fn relative(difference: f64, base: f64) -> Option<f64> {
    (base > 0.0).then(|| difference / base)
}

/// How many times as much a subject can bring as it would with as many rounds as all have on average: m·G/n, m the most rounds of one of G.
pub(crate) fn reach(clusters: Option<&[u32]>, rounds: usize) -> f64 {
    let Some(clusters) = clusters else { return 1.0 };
    let mut sizes = vec![0u32; clusters.iter().max().map_or(0, |most| *most as usize + 1)];
    clusters.iter().for_each(|own| sizes[*own as usize] += 1);
    let subjects = sizes.iter().filter(|size| **size > 0).count() as f64;
    sizes.iter().max().map_or(1.0, |most| f64::from(*most) * subjects / rounds.max(1) as f64)
}

/// Rounds, or subjects, of which one is such.
pub(crate) fn units(clusters: Option<&[u32]>, rounds: usize, is: impl Fn(usize) -> bool) -> u64 {
    let own = (0..rounds).filter(|i| is(*i));
    match clusters {
        None => own.count() as u64,
        Some(clusters) => {
            let mut seen = vec![false; clusters.iter().max().map_or(0, |most| *most as usize + 1)];
            own.for_each(|i| seen[clusters[i] as usize] = true);
            seen.into_iter().filter(|seen| *seen).count() as u64
        }
    }
}

/// Sum with Neumaier's compensation: the answer does not depend on how long the log is.
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0_f64, 0.0_f64);
    for x in values {
        let next = total + x;
        lost += if total.abs() >= x.abs() { (total - next) + x } else { (x - next) + total };
        total = next;
    }
    total + lost
}

fn products<'a>(rounds: Rounds<'a>) -> impl Iterator<Item = f64> + 'a {
    rounds.weights.iter().zip(rounds.rewards).map(|(w, r)| w * r)
}

/// Σ over groups of (Σ of the group's residuals)², and the number of groups; without clusters each round is one.
pub(crate) fn clustered_squares(
    residuals: impl Iterator<Item = f64>,
    clusters: Option<&[u32]>,
    rounds: usize,
) -> (f64, usize) {
    let Some(clusters) = clusters else { return (sum(residuals.map(|u| u * u)), rounds) };
    let groups = clusters.iter().max().map_or(0, |m| *m as usize + 1);
    let mut sums = vec![0.0; groups];
    let mut seen = vec![false; groups];
    for (u, group) in residuals.zip(clusters) {
        let group = *group as usize;
        sums[group] += u;
        seen[group] = true;
    }
    let used = seen.iter().filter(|s| **s).count();
    (sum(sums.into_iter().map(|u| u * u)), used)
}
