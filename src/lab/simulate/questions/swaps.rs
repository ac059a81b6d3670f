//! Who swaps in and out: decisions that change from one action to another, and what the change is worth on these rows.

use super::Figure;
use super::choices::{By, Choices, Variants};
use super::compare::Segments;
use super::panel::Panel;
use crate::error::Result;
use crate::simulate::report::Estimate;
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Decisions that change from one action to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Swap {
    /// What today's policy chooses.
    pub from: String,
    /// What the policy chooses.
    pub to: String,
    /// Decisions.
    pub decisions: u64,
    /// Share of all decisions.
    pub share: f64,
    /// Decisions by segment; empty where no column divides.
    pub by_segment: Vec<(String, u64)>,
    /// Value per swapped decision in the goal: with the policy less today; `None` without support.
    pub value: Option<Estimate>,
    /// The same times the share of all decisions: what the swap brings per decision.
    pub brought: Option<Figure>,
    /// Why there is no value, when there is none.
    pub refusal: Option<String>,
}

/// A pair of decisions by action and treatment, today's first.
type Pair<'a> = ((&'a str, &'a str), (&'a str, &'a str));

/// The swaps between two policies, most frequent first; the last entry is all of them together where there are several.
pub(super) fn swaps(
    variants: &Variants<'_>,
    today: &Choices,
    policy: &Choices,
    segments: &Segments,
    task: &Task,
) -> Result<Vec<Swap>> {
    let mut groups: BTreeMap<Pair<'_>, Vec<usize>> = BTreeMap::new();
    let positions = variants.positions(&variants.used);
    for (i, at) in positions.iter().enumerate() {
        let pair = (today.does(today.chosen[*at]), policy.does(policy.chosen[*at]));
        if pair.0 != pair.1 {
            groups.entry(pair).or_default().push(i);
        }
    }
    let name = |choices: &Choices, i: usize| choices.name(choices.chosen[positions[i]]).to_owned();
    let mut list: Vec<(String, String, Vec<usize>)> =
        groups.into_values().map(|rows| (name(today, rows[0]), name(policy, rows[0]), rows)).collect();
    list.sort_by(|a, b| b.2.len().cmp(&a.2.len()).then_with(|| (&a.0, &a.1).cmp(&(&b.0, &b.1))));
    if list.len() > 1 {
        let mut all: Vec<usize> = list.iter().flat_map(|l| l.2.iter().copied()).collect();
        all.sort_unstable();
        list.push(("anything".into(), "anything else".into(), all));
    }
    let total = list.len();
    let mut found = Vec::new();
    for (done, (from, to, members)) in list.into_iter().enumerate() {
        task.tick(done as f32 / total as f32)?;
        let rows: Vec<u32> = members.iter().map(|i| variants.used[*i]).collect();
        let share = rows.len() as f64 / variants.used.len().max(1) as f64;
        let mut by_segment = vec![0u64; segments.names.len()];
        members.iter().for_each(|i| by_segment[segments.of[*i]] += 1);
        let panel = (!variants.log.outcomes.is_empty())
            // The rows are those of one draw, so this draw is what is valued.
            .then(|| {
                let (both, replicates) = ([policy, today], variants.options.bootstrap);
                Panel::new(variants, &rows, 0, &both, By::Draw, replicates, &task.silent())
            })
            .transpose()?;
        let value = panel.as_ref().and_then(|p| p.difference(0, 1));
        let refusal = panel.as_ref().filter(|_| value.is_none()).map(|p| {
            let reasons: Vec<String> = p.refusal.iter().flatten().flat_map(|r| r.reasons.clone()).collect();
            if reasons.is_empty() { "too few rows".to_owned() } else { reasons.join("; ") }
        });
        found.push(Swap {
            from,
            to,
            decisions: rows.len() as u64,
            share,
            by_segment: match segments.names.len() {
                1 => Vec::new(),
                _ => segments.names.iter().cloned().zip(by_segment).filter(|(_, n)| *n > 0).collect(),
            },
            brought: value.map(|e| Figure { value: share * e.value, low: share * e.low, high: share * e.high, n: e.n }),
            value,
            refusal,
        });
    }
    Ok(found)
}
