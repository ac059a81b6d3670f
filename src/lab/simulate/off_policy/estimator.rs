//! The estimators: one line each of what they do to a weight.
//!
//! Sources: Horvitz & Thompson 1952 (IPS), Swaminathan & Joachims 2015 (self-normalised), Dudík et al. 2014 (DR), Wang, Agarwal &
//! Dudík 2017 (Switch), Su et al. 2020 (DR with optimistic shrinkage), Metelli et al. 2021 (sub-Gaussian); conventions of Open Bandit
//! Pipeline 0.5.5.

use super::Logged;
use crate::distributions::ends;
use crate::simulate::estimate::{Rounds, Z95, around, clustered_squares, possible, sum, unvaried, yes_or_no};
use crate::simulate::report::Method;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// An estimator with its setting.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Estimator {
    /// mean(w r).
    Ips,
    /// mean(min(w, λ) r).
    ClippedIps(f64),
    /// mean(w r)/mean(w).
    SnIps,
    /// mean(q^π): the reward model alone.
    Dm,
    /// mean(q^π + w (r − q)).
    Dr,
    /// mean(q^π) + mean(w (r − q))/mean(w).
    SnDr,
    /// DR with min(w, λ).
    ClippedDr(f64),
    /// DR with w where w ≤ λ, else 0.
    SwitchDr(f64),
    /// DR with λw/(w² + λ): optimistic shrinkage.
    DrOs(f64),
    /// IPS with w/(1 − λ + λw): sub-Gaussian.
    SgIps(f64),
    /// DR with w/(1 − λ + λw).
    SgDr(f64),
}

/// A value and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Expected reward per round.
    pub value: f64,
    /// Standard error of the terms, std(ddof 1)/√n, as Open Bandit Pipeline has it: a self-normalised estimator's mean weight counts as
    /// known. Rounds of one subject are added first.
    pub se: f64,
    /// Lower end of the 95 % normal interval; self-normalised estimators by the delta method, so their own error, not `se`, is in it. Where
    /// no reward varies: Clopper and Pearson's of a yes or no, infinite of an amount.
    #[serde(with = "ends")]
    pub low: f64,
    /// Upper end.
    #[serde(with = "ends")]
    pub high: f64,
}

impl Estimator {
    /// Every estimator at the settings that a report shows; those with a model only when there is one.
    pub fn all(with_model: bool) -> Vec<Estimator> {
        use Estimator::*;
        let mut all = vec![Ips];
        all.extend(WEIGHT_LIMITS.map(ClippedIps));
        all.push(SnIps);
        if with_model {
            all.extend([Dm, Dr, SnDr]);
            all.extend(WEIGHT_LIMITS.map(ClippedDr));
            all.push(SwitchDr(0.0));
            all.extend(WEIGHT_LIMITS.map(SwitchDr));
            all.extend([0.0, 1.0, 10.0, 100.0, 1_000.0].map(DrOs));
        }
        all.extend(SHRINKAGES.map(SgIps));
        if with_model {
            all.extend(SHRINKAGES.map(SgDr));
        }
        all
    }

    /// Short key, as in reports: `switch_dr_5`.
    pub fn key(self) -> String {
        use Estimator::*;
        match self {
            Ips => "ipw".into(),
            ClippedIps(l) => format!("ipw_clip_{l}"),
            SnIps => "snipw".into(),
            Dm => "dm".into(),
            Dr => "dr".into(),
            SnDr => "sndr".into(),
            ClippedDr(l) => format!("dr_clip_{l}"),
            SwitchDr(l) => format!("switch_dr_{l}"),
            DrOs(l) => format!("dros_{l}"),
            SgIps(l) => format!("sgipw_{l}"),
            SgDr(l) => format!("sgdr_{l}"),
        }
    }

    /// Its family in the list of estimators, which has its definition.
    pub fn method(self) -> Method {
        use Estimator::*;
        match self {
            Ips => Method::Ips,
            ClippedIps(_) => Method::ClippedIps,
            SnIps => Method::Snips,
            Dm => Method::Dm,
            Dr => Method::Dr,
            SnDr => Method::SnDr,
            ClippedDr(_) => Method::ClippedDr,
            SwitchDr(_) => Method::SwitchDr,
            DrOs(_) => Method::DrOs,
            SgIps(_) => Method::SgIps,
            SgDr(_) => Method::SgDr,
        }
    }

    /// Its λ, where it has one.
    pub fn lambda(self) -> Option<f64> {
        use Estimator::*;
        match self {
            ClippedIps(l) | ClippedDr(l) | SwitchDr(l) | DrOs(l) | SgIps(l) | SgDr(l) => Some(l),
            Ips | SnIps | Dm | Dr | SnDr => None,
        }
    }

    /// The settings among which λ is chosen, family by family; those with a model only when there is one.
    pub fn families(with_model: bool) -> Vec<Vec<Estimator>> {
        use Estimator::*;
        let limits = || WEIGHT_LIMITS.into_iter().chain([20.0, 200.0, 500.0]);
        let mut families: Vec<Vec<Estimator>> = vec![limits().map(ClippedIps).collect(), SHRINKAGES.map(SgIps).into()];
        if with_model {
            families.push(limits().map(ClippedDr).collect());
            families.push(limits().map(SwitchDr).collect());
            families.push([0.1, 1.0, 10.0, 100.0, 1e3, 1e4].map(DrOs).into());
            families.push(SHRINKAGES.map(SgDr).into());
        }
        families
    }

    /// Whether it needs a reward model.
    pub fn needs_model(self) -> bool {
        use Estimator::*;
        matches!(self, Dm | Dr | SnDr | ClippedDr(_) | SwitchDr(_) | DrOs(_) | SgDr(_))
    }

    /// Whether it divides by the mean weight.
    pub fn self_normalised(self) -> bool {
        matches!(self, Estimator::SnIps | Estimator::SnDr)
    }

    /// The weight that it gives to a round whose importance weight is `w`.
    pub fn weight(self, w: f64) -> f64 {
        use Estimator::*;
        match self {
            Ips | SnIps | Dr | SnDr => w,
            Dm => 0.0,
            ClippedIps(l) | ClippedDr(l) => w.min(l),
            SwitchDr(l) => {
                if w <= l {
                    w
                } else {
                    0.0
                }
            }
            DrOs(l) => {
                if l == 0.0 {
                    0.0
                } else if l.is_infinite() {
                    w
                } else {
                    l * w / (w * w + l)
                }
            }
            SgIps(l) | SgDr(l) => {
                let below = 1.0 - l + l * w;
                if w == 0.0 { 0.0 } else { w / below }
            }
        }
    }

    /// The two parts of each round's term: what stands fixed (q^π, or 0) and what is weighted, h(w)(r − q). `None` without the model it
    /// needs. The value is mean(fixed) + mean(weighted)/c, c being mean(w) when self-normalised and 1 otherwise.
    pub fn parts(self, logged: &Logged<'_>) -> Option<(Vec<f64>, Vec<f64>)> {
        let n = logged.rounds();
        if !self.needs_model() {
            let weighted = logged.weights.iter().zip(logged.rewards).map(|(w, r)| self.weight(*w) * r).collect();
            return Some((vec![0.0; n], weighted));
        }
        let model = logged.model?;
        let residual = logged.rewards.iter().zip(model.logged).map(|(r, q)| r - q);
        let weighted = logged.weights.iter().zip(residual).map(|(w, e)| self.weight(*w) * e).collect();
        Some((model.target.to_vec(), weighted))
    }

    /// Each round's term; the value is their mean. `None` without the model it needs, or when no weight is positive and it divides
    /// by them.
    pub fn terms(self, logged: &Logged<'_>) -> Option<Vec<f64>> {
        let (mut terms, weighted) = self.parts(logged)?;
        let mean_weight = mean(logged.weights);
        let scale = if self.self_normalised() { mean_weight } else { 1.0 };
        if scale <= 0.0 {
            return None;
        }
        terms.iter_mut().zip(weighted).for_each(|(term, x)| *term += x / scale);
        Some(terms)
    }

    /// The estimate; `None` as for [`Estimator::terms`], or with fewer than two rounds or subjects.
    pub fn estimate(self, logged: &Logged<'_>) -> Option<Answer> {
        self.answer(logged).map(|(answer, _)| answer)
    }

    /// The same, with the standard error that its normal interval stands on.
    pub(crate) fn answer(self, logged: &Logged<'_>) -> Option<(Answer, f64)> {
        let terms = self.terms(logged)?;
        let n = terms.len();
        let value = mean(&terms);
        let (squares, groups) = clustered_squares(terms.iter().map(|x| x - value), logged.clusters, n);
        let groups = groups as f64;
        if groups <= 1.0 {
            return None;
        }
        let se = (squares * groups / (groups - 1.0)).sqrt() / n as f64;
        let spread = if self.self_normalised() {
            // The ratio's own influence: the mean weight is estimated too.
            let (fixed, weighted) = self.parts(logged)?;
            let (scale, base) = (mean(logged.weights), mean(&fixed));
            let ratio = value - base;
            let influence = (fixed.iter().zip(&weighted).zip(logged.weights))
                .map(|((b, x), w)| (b - base) + (x - w * ratio) / scale);
            clustered_squares(influence, logged.clusters, n).0.sqrt() / n as f64
        } else {
            se
        };
        let (low, high) =
            self.without_spread(logged, &terms, value, spread).unwrap_or_else(|| around(value, spread, Z95));
        Some((Answer { value, se, low, high }, spread))
    }

    /// The interval of a value where no reward that weighs varies; `None` where one does. All estimators are of one value, so that what
    /// weights as they are leave open no other estimator knows: shrunken weights leave as much open, and a reward model learned from such
    /// rewards no less.
    fn without_spread(self, logged: &Logged<'_>, terms: &[f64], value: f64, spread: f64) -> Option<(f64, f64)> {
        let Logged { weights, rewards, clusters, .. } = *logged;
        let rounds = Rounds { weights, rewards, clusters };
        let known = unvaried(rounds, self.self_normalised() || self.needs_model(), 0.95);
        if self.needs_model() {
            let (least, most) = possible(rewards);
            let (low, high) = around(value, spread, Z95);
            let flat = flat(terms) || low.is_infinite();
            let ends = match known {
                Some(known) if flat => Some(known),
                Some(known) => Some((known.0.min(low.max(least)), known.1.max(high.min(most)))),
                // The model expects the same everywhere, of rewards that differ: what is possible is all that is known.
                None if flat && yes_or_no(rewards) => Some((least, most)),
                None => flat.then_some((f64::NEG_INFINITY, f64::INFINITY)),
            };
            return ends.map(|(low, high)| (low.min(value), high.max(value)));
        }
        if self.self_normalised() || known.is_some() {
            return known.map(|(low, high)| (low.min(value), high.max(value)));
        }
        // Most often rewards vary, which is seen soon.
        unvaried(rounds, true, 0.95)?;
        let own: Vec<f64> = weights.iter().map(|w| self.weight(*w)).collect();
        unvaried(Rounds { weights: &own, ..rounds }, false, 0.95)
    }

    /// Between what each term lies: b + h(w)(r − q) with weights from 0 to the largest one and the least and largest of b and of r − q,
    /// 0 among the latter, since a round may weigh nothing. For IPS from the least of 0 and W·r to the largest. `None` without the model.
    pub(crate) fn range(self, logged: &Logged<'_>) -> Option<(f64, f64)> {
        let over = |values: &mut dyn Iterator<Item = f64>, from: (f64, f64)| {
            values.fold(from, |(least, most), x| (least.min(x), most.max(x)))
        };
        let most = logged.weights.iter().map(|w| self.weight(*w)).fold(0.0, f64::max);
        let (base, residual) = match (self.needs_model(), logged.model) {
            (false, _) => ((0.0, 0.0), over(&mut logged.rewards.iter().copied(), (0.0, 0.0))),
            (true, None) => return None,
            (true, Some(model)) => (
                over(&mut model.target.iter().copied(), (f64::INFINITY, f64::NEG_INFINITY)),
                over(&mut logged.rewards.iter().zip(model.logged).map(|(r, q)| r - q), (0.0, 0.0)),
            ),
        };
        Some((base.0 + most * residual.0, base.1 + most * residual.1))
    }
}

/// Whether terms are all the same but for rounding.
fn flat(terms: &[f64]) -> bool {
    let Some(first) = terms.first() else { return true };
    terms.iter().all(|x| (x - first).abs() <= 1e-12 * first.abs())
}

/// Limits of clipping and switching that a report shows.
pub const WEIGHT_LIMITS: [f64; 6] = [1.0, 2.0, 5.0, 10.0, 50.0, 100.0];
/// Sub-Gaussian shrinkages that a report shows.
pub const SHRINKAGES: [f64; 5] = [0.0, 0.01, 0.1, 0.5, 1.0];

/// One term per subject whose mean is V, that of the rounds: V + (G/n) Σ_{i∈g} (x_i − V) over G subjects. Their plain standard error is the
/// clustered one of the rounds, and subjects of unequal size weigh as in it. Without repeated subjects the terms as they are.
pub(crate) fn per_subject<'a>(terms: &'a [f64], clusters: Option<&[u32]>) -> Cow<'a, [f64]> {
    let Some(clusters) = clusters else { return Cow::Borrowed(terms) };
    let center = mean(terms);
    let mut units = sums_per_subject(terms.iter().map(|x| x - center), clusters);
    let scale = units.len() as f64 / terms.len() as f64;
    units.iter_mut().for_each(|unit| *unit = center + scale * *unit);
    Cow::Owned(units)
}

/// Sums within each subject that has a round, in the order of their numbers.
pub(crate) fn sums_per_subject(values: impl Iterator<Item = f64>, clusters: &[u32]) -> Vec<f64> {
    let mut sums = vec![None; clusters.iter().max().map_or(0, |most| *most as usize + 1)];
    for (x, group) in values.zip(clusters) {
        *sums[*group as usize].get_or_insert(0.0) += x;
    }
    sums.into_iter().flatten().collect()
}

/// Compensated mean; NaN of nothing.
pub(crate) fn mean(values: &[f64]) -> f64 {
    sum(values.iter().copied()) / values.len() as f64
}
