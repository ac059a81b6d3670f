//! What a log can answer in place of a policy that it has no support for: the policy followed only part of the time, and parts of the
//! customers in which its choices were logged often enough.
//!
//! Both are chosen by weights alone. Outcomes have no say, so the values given are not those of a lucky pick.

use crate::data::{Dataset, Role, Roles};
use crate::simulate::estimate::{Rounds, Z95, normal, snips};
use crate::simulate::log::DecisionLog;
use crate::simulate::off_policy::blend::blend_up_to;
use crate::simulate::off_policy::{Answer, Logged};
use crate::simulate::report::{Blended, Estimate, Instead, Method, Region};
use crate::simulate::segments::parts;
use crate::simulate::support::{MOST_UNLOGGED, refusal, support_of};
use crate::simulate::values::Weighed;

/// Regions named.
const MOST_REGIONS: usize = 3;
/// Columns with more distinct texts than this divide nobody.
const MOST_TEXTS: usize = 200;

/// What can be said of a refused policy on `rows`, those its weights stand on; `None` when nothing can.
pub(super) fn instead(
    dataset: &Dataset,
    roles: &Roles,
    log: &DecisionLog,
    rows: &[u32],
    weighed: &Weighed,
) -> Option<Instead> {
    let rewards = log.outcomes.first().map(|outcome| &outcome.values)?;
    let known: Vec<usize> = (0..rows.len()).filter(|i| !rewards[rows[*i] as usize].is_nan()).collect();
    let own = |at: &[usize]| -> (Vec<f64>, Vec<f64>, Option<Vec<u32>>) {
        let clusters = log.clusters.as_ref().map(|c| at.iter().map(|i| c[rows[*i] as usize]).collect());
        let weights = at.iter().map(|i| weighed.weights[*i]).collect();
        (weights, at.iter().map(|i| rewards[rows[*i] as usize]).collect(), clusters)
    };
    let (weights, values, clusters) = own(&known);
    let logged = Logged { weights: &weights, rewards: &values, model: None, clusters: clusters.as_deref() };
    // Where it would do what was never done, nothing is known: the blend may do so no more than any other policy.
    let most = if weighed.support.unlogged > 0.0 { MOST_UNLOGGED / weighed.support.unlogged } else { 1.0 };
    let blend = blend_up_to(&logged, most).map(|blend| {
        let Answer { value, se, low, high } = blend.value;
        let own = normal(Method::Snips, value, (high - value) / Z95, known.len());
        Blended {
            share: blend.share,
            effective_sample_size: blend.effective_sample_size,
            // Where no reward varies the interval is not the normal one.
            value: Estimate { se: Some(own.se).filter(|own| own.is_finite()).unwrap_or(se), low, high, ..own },
        }
    });
    let mut regions = Vec::new();
    for column in dataset.columns() {
        let divides = matches!(roles.role(&column.name), Role::Feature | Role::Context | Role::Consent);
        let texts = |name: &str| dataset.dictionary(name).map_or(usize::MAX, |d| d.values.len());
        if !divides || column.type_ == attune_policy::value::Type::Text && texts(&column.name) > MOST_TEXTS {
            continue;
        }
        let Ok((names, part_of)) = parts(dataset, &column.name, rows) else { continue };
        let mut groups: Vec<Vec<usize>> = vec![Vec::new(); names.len()];
        part_of.into_iter().enumerate().for_each(|(i, part)| groups[part].push(i));
        for (part, group) in names.into_iter().zip(groups) {
            if group.is_empty() || group.len() == rows.len() || part == "other" {
                continue;
            }
            let weights: Vec<f64> = group.iter().map(|i| weighed.weights[*i]).collect();
            let support = support_of(&weights, weighed.beyond(&group));
            if refusal(&support, &[]).is_some() {
                continue;
            }
            let valued: Vec<usize> = group.iter().copied().filter(|i| !rewards[rows[*i] as usize].is_nan()).collect();
            let (weights, rewards, clusters) = own(&valued);
            regions.push(Region {
                column: column.name.clone(),
                part,
                rows: group.len() as u64,
                share: group.len() as f64 / rows.len() as f64,
                support,
                value: snips(Rounds { weights: &weights, rewards: &rewards, clusters: clusters.as_deref() }),
            });
        }
    }
    // Ties stay in the order of the columns.
    regions.sort_by_key(|region| std::cmp::Reverse(region.rows));
    regions.truncate(MOST_REGIONS);
    (blend.is_some() || !regions.is_empty()).then_some(Instead { blend, regions })
}
