//! Counts over decisions: candidates and customers through the stages, and the mix of actions chosen.

use crate::simulate::fates::{STEPS, Tally};
use crate::simulate::impact::cause_name;
use crate::simulate::log::NO_ARM;
use crate::simulate::replay::{Fates, NO_ACTION, Replay};
use crate::simulate::report::{ActionShare, FunnelStage};
use attune_policy::document::Document;

/// Counts over the decisions on `rows`; where each fate was too much to keep, `rows` are those that were counted.
pub(super) fn tally(replay: &Replay, rows: &[u32]) -> Tally {
    if let Fates::Told(told) = &replay.fates {
        return told.counted.tally.clone();
    }
    let mut tally = Tally::new(replay.causes.list().len());
    for position in replay.positions(rows) {
        tally.add(replay.fates_at(position));
    }
    tally
}

/// Stages with what entered, left and ended; a stage without any candidate or cause is kept, so that the order shows.
pub(super) fn funnel(tally: &Tally, replay: &Replay, document: &Document) -> Vec<FunnelStage> {
    let mut candidates = tally.ended.iter().sum::<u64>();
    let mut decisions = if replay.candidates.is_empty() { 0 } else { tally.decisions };
    let chosen = STEPS.len() - 1;
    (0..STEPS.len())
        .map(|step| {
            let (candidates_in, decisions_in) = (candidates, decisions);
            if step != chosen {
                candidates -= tally.ended[step];
                decisions -= tally.furthest[step].min(decisions);
            }
            let mut causes: Vec<(String, u64)> = tally
                .causes
                .iter()
                .zip(replay.causes.list())
                .filter(|(c, _)| c.candidates > 0 && usize::from(c.step) == step)
                .map(|(c, cause)| (cause_name(cause, document), c.candidates))
                .collect();
            causes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            FunnelStage {
                stage: format!("{:?}", STEPS[step]),
                candidates_in,
                candidates_out: candidates,
                decisions_in,
                decisions_out: decisions,
                causes,
            }
        })
        .collect()
}

/// Share of the decisions on `rows` that are for an action, of lists that place it, largest first.
pub(super) fn mix(replay: &Replay, rows: &[u32]) -> Vec<ActionShare> {
    let positions = replay.positions(rows);
    let none = replay.candidates.len();
    let mut counts = vec![(0u64, 0u64); none + 1];
    let mut no_action_logged = false;
    for at in &positions {
        let slot = &mut counts[(replay.chosen[*at] as usize).min(none)];
        slot.0 += 1;
        slot.1 += u64::from(replay.fallback[*at]);
        for below in replay.placed(*at).skip(1).filter(|below| *below != NO_ACTION) {
            counts[(below as usize).min(none)].0 += 1;
        }
        no_action_logged |= replay.chosen[*at] == NO_ACTION && replay.arm[*at] != NO_ARM;
    }
    let mut mix: Vec<ActionShare> = counts
        .into_iter()
        .enumerate()
        .map(|(i, (decisions, fallback))| {
            let candidate = replay.candidates.get(i);
            ActionShare {
                action: candidate.map_or("NoAction", |c| &c.action).to_owned(),
                treatment: candidate.map_or("", |c| &c.treatment).to_owned(),
                name: candidate.map_or("No action", |c| &c.name).to_owned(),
                decisions,
                share: if positions.is_empty() { 0.0 } else { decisions as f64 / positions.len() as f64 },
                fallback,
                logged: candidate.map_or(no_action_logged, |c| c.arm != NO_ARM),
            }
        })
        .filter(|share| share.decisions > 0)
        .collect();
    mix.sort_by_key(|share| std::cmp::Reverse(share.decisions));
    mix
}
