//! Which of many variants is best, when chance alone would make one of them look so.
//!
//! Two answers, both for all comparisons together. Against the current policy: paired tests after Holm, and simultaneous intervals from
//! the largest of the studentised bootstrap differences (max-t; Romano and Wolf, Econometrica 73, 2005). Among all: the set of variants
//! that no other is shown to beat, by the largest over all pairs (multiple comparisons with the best; Hsu, Ann. Statist. 9, 1981). It
//! holds the true best with 95 % confidence, and all of them where several are equally good.

use super::Figure;
use super::dunnett::holm;
use super::panel::{Panel, p_value};
use crate::distributions::ends;
use crate::simulate::estimate::around;
use crate::simulate::report::Estimate;
use serde::{Deserialize, Serialize};

/// Which variant is best.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Outcome.
    pub outcome: String,
    /// The variants that have a value, the highest first.
    pub variants: Vec<Standing>,
    /// Those without, and why.
    pub refused: Vec<(String, String)>,
    /// Critical value of |t| over all pairs.
    pub critical: f64,
    /// Resamples behind it.
    pub resamples: u64,
    /// What it comes to.
    pub verdict: String,
}

/// How a variant stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Name.
    pub name: String,
    /// Value per decision.
    pub value: Estimate,
    /// Against the current policy; `None` for itself, and where that has no value.
    pub against_current: Option<Against>,
    /// Value less the highest of the others, with the simultaneous interval over all pairs.
    pub behind: Option<Figure>,
    /// Whether no other variant is shown to be better: it may be the best.
    pub may_be_best: bool,
}

/// A variant against the current policy, among several.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Against {
    /// Paired difference with its own interval.
    pub estimate: Estimate,
    /// Simultaneous interval: all of them hold together with 95 % confidence.
    #[serde(with = "ends::pair")]
    pub simultaneous: (f64, f64),
    /// Two-sided p-value.
    pub p: f64,
    /// The same after Holm.
    pub adjusted_p: f64,
}

/// Confidence of sets and intervals.
const LEVEL: f64 = 0.95;

/// Ranks the policies of a panel; the first is the current one. `None` without resamples, or with fewer than two policies that have a
/// value.
pub(super) fn best(panel: &Panel, names: &[String], outcome: &str) -> Option<Best> {
    let (known, refused): (Vec<usize>, Vec<usize>) = (0..names.len()).partition(|i| panel.refusal[*i].is_none());
    let values: Vec<Estimate> = known.iter().filter_map(|i| panel.value(*i)).collect();
    if values.len() < 2 || values.len() != known.len() || panel.resamples.is_empty() {
        return None;
    }
    let k = known.len();
    let mut se = vec![vec![0.0; k]; k];
    for a in 0..k {
        for b in 0..a {
            let own = panel.difference(known[a], known[b])?.se;
            (se[a][b], se[b][a]) = (own, own);
        }
    }
    let draws: Vec<Vec<f64>> =
        panel.resamples.iter().map(|s| known.iter().map(|i| s[*i].reward / s[*i].weight).collect()).collect();
    let centers: Vec<f64> = values.iter().map(|v| v.value).collect();
    let pairs: Vec<(usize, usize)> = (0..k).flat_map(|a| (0..a).map(move |b| (a, b))).collect();
    let critical = max_t(&centers, &se, &draws, &pairs);
    let ends = |a: usize, b: usize, z: f64| {
        let normal = || around(centers[a] - centers[b], se[a][b], z);
        panel.unspread(known[a], known[b], z).unwrap_or_else(normal)
    };
    // No variant beats itself.
    let stands = |a: usize| (0..k).filter(|b| *b != a).all(|b| ends(a, b, critical).1 >= 0.0);
    let may_be_best: Vec<bool> = (0..k).map(stands).collect();

    let current = known.first().filter(|i| **i == 0).map(|_| 0);
    let against: Vec<Option<Against>> = match current {
        None => vec![None; k],
        Some(current) => {
            let pairs: Vec<(usize, usize)> = (1..k).map(|a| (a, current)).collect();
            let critical = max_t(&centers, &se, &draws, &pairs);
            let mut found: Vec<Against> = Vec::new();
            for (a, _) in &pairs {
                let estimate = panel.difference(known[*a], known[current])?;
                let p = p_value(&estimate);
                let simultaneous = ends(*a, current, critical);
                found.push(Against { estimate, simultaneous, p, adjusted_p: p });
            }
            let adjusted = holm(&found.iter().map(|f| f.p).collect::<Vec<_>>());
            found.iter_mut().zip(adjusted).for_each(|(f, p)| f.adjusted_p = p);
            std::iter::once(None).chain(found.into_iter().map(Some)).collect()
        }
    };
    let behind = |a: usize| {
        let best = (0..k).filter(|b| *b != a).max_by(|x, y| centers[*x].total_cmp(&centers[*y]))?;
        let (low, high) = ends(a, best, critical);
        Some(Figure { value: centers[a] - centers[best], low, high, n: panel.n() })
    };
    let mut variants: Vec<Standing> = (0..k)
        .map(|a| Standing {
            name: names[known[a]].clone(),
            value: values[a],
            against_current: against[a],
            behind: behind(a),
            may_be_best: may_be_best[a],
        })
        .collect();
    variants.sort_by(|a, b| b.value.value.total_cmp(&a.value.value));
    let candidates: Vec<&str> = variants.iter().filter(|v| v.may_be_best).map(|v| v.name.as_str()).collect();
    let verdict = match candidates[..] {
        [one] => format!("{one} has the highest {outcome}, shown against every other"),
        _ if candidates.len() == k => format!("none is shown to be beaten in {outcome} by another"),
        _ => format!(
            "{} of {k} may have the highest {outcome}: {}; the others are shown to be beaten",
            candidates.len(),
            candidates.join(", ")
        ),
    };
    let why = |i: usize| panel.refusal[i].as_ref().map_or(String::new(), |r| r.reasons.join("; "));
    Some(Best {
        outcome: outcome.to_owned(),
        variants,
        refused: refused.into_iter().map(|i| (names[i].clone(), why(i))).collect(),
        critical,
        resamples: draws.len() as u64,
        verdict,
    })
}

/// The 95 % point, over resamples, of the largest |difference of a pair less the one found| / its standard error. Pairs that always
/// agree say nothing.
fn max_t(centers: &[f64], se: &[Vec<f64>], draws: &[Vec<f64>], pairs: &[(usize, usize)]) -> f64 {
    let largest = |draw: &Vec<f64>| {
        pairs
            .iter()
            .filter(|(a, b)| se[*a][*b] > 0.0)
            .map(|(a, b)| ((draw[*a] - draw[*b] - centers[*a] + centers[*b]) / se[*a][*b]).abs())
            .filter(|t| t.is_finite())
            .fold(0.0, f64::max)
    };
    let mut sorted: Vec<f64> = draws.iter().map(largest).collect();
    sorted.sort_by(f64::total_cmp);
    // The order statistic that holds the level for any number of resamples; no less than the normal point of a single pair.
    let rank = (((sorted.len() + 1) as f64 * LEVEL).ceil() as usize).clamp(1, sorted.len());
    sorted[rank - 1].max(crate::simulate::estimate::Z95)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Rounds of a uniform logger of three arms, and `k` policies that choose by chance; the first `better` of them choose the arm that
    /// pays more in `often` of the rounds.
    fn world(random: &mut Random, n: usize, k: usize, better: usize, often: f64, effect: f64) -> Panel {
        let mut rewards = Vec::new();
        let mut weights = vec![Vec::new(); k];
        for _ in 0..n {
            let logged = random.below(3);
            rewards.push(f64::from(u8::from(random.chance(0.3 + if logged == 0 { effect } else { 0.0 }))));
            for (i, own) in weights.iter_mut().enumerate() {
                let chosen = if i < better && random.chance(often) { 0 } else { random.below(3) };
                own.push(if chosen == logged { 3.0 } else { 0.0 });
            }
        }
        let seed = random.bits();
        Panel::plain(rewards, weights, 400, seed)
    }

    fn names(k: usize) -> Vec<String> {
        (0..k).map(|i| i.to_string()).collect()
    }

    /// Where no policy is better than another, each claim is false: one is made in at most 5 % of the worlds, by each method.
    #[test]
    fn by_chance_alone_nothing_is_called_better_or_worse() {
        let mut random = Random::new(17);
        let worlds = 400;
        let (mut beaten, mut holm, mut simultaneous) = (0, 0, 0);
        for _ in 0..worlds {
            let panel = world(&mut random, 300, 8, 0, 0.0, 0.0);
            let found = best(&panel, &names(8), "y").unwrap();
            beaten += u32::from(found.variants.iter().any(|v| !v.may_be_best));
            let against: Vec<Against> = found.variants.iter().filter_map(|v| v.against_current).collect();
            assert_eq!(against.len(), 7);
            holm += u32::from(against.iter().any(|a| a.adjusted_p <= 0.05));
            simultaneous += u32::from(against.iter().any(|a| a.simultaneous.0 > 0.0 || a.simultaneous.1 < 0.0));
        }
        for (what, wrong) in [("set of the best", beaten), ("Holm", holm), ("simultaneous", simultaneous)] {
            let rate = f64::from(wrong) / f64::from(worlds);
            // 5 % and two and a half standard errors of 400 worlds.
            assert!(rate <= 0.05 + 2.5 * (0.05 * 0.95 / f64::from(worlds)).sqrt(), "{what}: {rate}");
        }
    }

    /// Where hardly anything happened no variant is beaten: a few hits beside none are no more than chance, which the spread of the few alone
    /// would not say.
    #[test]
    fn a_variant_without_any_outcome_is_not_beaten_by_a_few() {
        let weights = |from: usize| (0..100).map(|i| if i / 50 == from { 2.0 } else { 0.0 }).collect::<Vec<f64>>();
        let of = |hits: usize| {
            let rewards = (0..100).map(|i| f64::from(u8::from(i >= 50 && i < 50 + hits))).collect();
            best(&Panel::plain(rewards, vec![weights(0), weights(1)], 400, 5), &names(2), "y").unwrap()
        };
        // By z from the four alone p would be 0.037; Fisher's exact test says 0.117.
        let few = of(4);
        assert!(few.variants.iter().all(|own| own.may_be_best), "{few:?}");
        let against = few.variants.iter().find_map(|own| own.against_current).unwrap();
        assert!(against.p > 0.05 && against.simultaneous.0 < 0.0, "{against:?}");
        // 15 in 50 are: p by Fisher is below 1e-4.
        let many = of(15);
        assert!(many.variants.iter().any(|own| !own.may_be_best), "{many:?}");
        // Nothing at all leaves an interval with a width, to both sides.
        let none = of(0);
        let unseen = 1.0 - 0.025f64.powf(1.0 / 50.0);
        let against = none.variants.iter().find_map(|own| own.against_current).unwrap();
        assert!(
            (against.estimate.low + unseen).abs() < 1e-9 && (against.estimate.high - unseen).abs() < 1e-9,
            "{against:?}"
        );
        assert!(against.simultaneous.0 <= against.estimate.low && against.p == 1.0, "{against:?}");
        assert_eq!(against.estimate.bootstrap, None);
    }

    /// Where two of eight are equally good and better than the rest, both stay in the set, and the rest is soon found out.
    #[test]
    fn the_best_stay_in_the_set_and_the_others_leave_it() {
        let mut random = Random::new(23);
        let worlds = 100;
        let (mut kept, mut rest) = (0, 0);
        for _ in 0..worlds {
            let panel = world(&mut random, 1_500, 8, 2, 0.9, 0.3);
            let found = best(&panel, &names(8), "y").unwrap();
            let is_in = |i: &str| found.variants.iter().any(|v| v.name == i && v.may_be_best);
            kept += u32::from(is_in("0") && is_in("1"));
            rest += found.variants.iter().filter(|v| v.may_be_best && v.name != "0" && v.name != "1").count();
        }
        assert!(kept >= 92, "both best in the set of {kept} of {worlds} worlds");
        assert!(rest <= worlds / 10, "{rest} others stayed");
    }
}
