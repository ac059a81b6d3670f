//! What each part of a policy that can be switched off removes, and what the policy does without it: decided again by the real engine with
//! that one thing switched off.
//!
//! Both are decided on the same rows, beside the same others: some of them, whole subjects, where subjects share no counter; all of them
//! where something is counted over everybody ([`thinned`]). A replay that meets a budget with a part of the rows would say what the
//! budget costs, not what the rule does.

use crate::error::Result;
use crate::simulate::Options;
use crate::simulate::fates::{Cause, STEPS, Tally};
use crate::simulate::keep::{Keep, Text, part};
use crate::simulate::replay::{NO_ACTION, Replay, Stage, Thinned, Told, Want, thin, thinned};
use crate::simulate::report::{Estimate, RuleImpact, RuleKind, Without};
use crate::simulate::run::compile;
use crate::simulate::switches::{Switch, switches};
use crate::simulate::values::{Parts, ValueSet};
use crate::task::Task;
use attune_policy::document::Document;
use attune_policy::policy::Policy;
use attune_policy::reason::Step;
use attune_policy::schema::Missing;
use std::cell::OnceCell;

/// Fates of each of two replays that are held beside each other, in number: 200 MB.
const MOST_TOLD: usize = 50_000_000;

/// The rows on which a policy is compared with itself without one thing.
#[derive(Clone, Debug, Default)]
pub(super) struct Compared {
    /// Rows decided, and those of them that are compared.
    pub rows: Thinned,
    /// Those on which the fate of each candidate is compared too.
    pub told: Vec<u32>,
}

impl Compared {
    /// Of the rows that are decided (`all`) and valued (`used`), both ascending; none where [`crate::simulate::Options::impact_rows`] is 0.
    pub fn new(policy: &Policy, all: &[u32], used: &[u32], stage: &Stage<'_>) -> Result<Compared> {
        let Stage { dataset, roles, options, .. } = *stage;
        if options.impact_rows == 0 {
            return Ok(Compared::default());
        }
        // Another hash than that of `Options::sample`: its subjects are thinned once more, not drawn again.
        let seed = !options.seed;
        let rows = thinned(policy, (all, used), options.impact_rows, dataset, roles, seed)?;
        // Whose fates are looked at is decided among all, so any part of them will do.
        let told = thin(rows.used.clone(), MOST_TOLD / policy.candidates().len().max(1), dataset, roles, seed)?;
        Ok(Compared { rows, told })
    }

    /// Whether nothing changes without a thing that ended so many candidates on the rows that are valued: none, and every row decided is one
    /// of these, so that it ended none elsewhere that counters could tell of.
    pub fn idles(&self, switch: &Switch, ended: u64) -> bool {
        ended == 0 && switch.only_removes && self.rows.decided.len() == self.rows.used.len()
    }

    /// What is done, in words: `Deciding 20,000 rows without Consent (2 of 9)`.
    pub fn stage(&self, without: &str, (at, of): (usize, usize)) -> String {
        let of = if of > 1 { format!(" ({} of {of})", at + 1) } else { String::new() };
        match &self.rows.shared {
            None => format!("Deciding {} rows without {without}{of}", self.rows.decided.len()),
            Some(shared) => {
                let rows = self.rows.decided.len();
                format!(
                    "Deciding all {rows} rows without {without}{of}: {shared} over everybody, so each is a whole replay"
                )
            }
        }
    }
}

/// The impact of everything that can be switched off, in the order of evaluation. `tally` counts the rows that are valued.
pub(super) fn rules(
    policy: &Policy,
    stage: &Stage<'_>,
    replay: &Replay,
    compared: &Compared,
    tally: &Tally,
    keep: &dyn Keep,
    task: &Task,
) -> Result<Vec<RuleImpact>> {
    let document = policy.document();
    let list = switches(document);
    let counts = |switch: &Switch| {
        let position = replay.causes.position(&switch.cause);
        position.map(|position| tally.causes[usize::from(position)]).unwrap_or_default()
    };
    let asked = |switch: &Switch| switch.enabled && !compared.rows.used.is_empty();
    let idles = |switch: &Switch| compared.idles(switch, counts(switch).candidates);
    let of = list.iter().filter(|switch| asked(switch) && !idles(switch)).count();
    // What the same decisions are worth less themselves: the same for everything that removed nothing.
    let nothing: OnceCell<Vec<Option<Estimate>>> = OnceCell::new();
    let same = |task: &Task| -> Result<Vec<Option<Estimate>>> {
        if let Some(known) = nothing.get() {
            return Ok(known.clone());
        }
        let options = Options { bootstrap: 0, ..stage.options.clone() };
        let set = ValueSet::new(stage.log, &compared.rows.used, &[replay, replay], &options, Parts::none(), task)?;
        let own: Vec<_> = (0..stage.log.outcomes.len()).map(|o| set.difference(0, 1, o).map(|(.., own)| own)).collect();
        Ok(nothing.get_or_init(|| own).clone())
    };
    let mut done = 0;
    let mut impacts = Vec::new();
    for (number, switch) in list.into_iter().enumerate() {
        let counts = counts(&switch);
        let without = if !asked(&switch) {
            None
        } else if idles(&switch) {
            Some(unchanged(replay, compared, same(task)?))
        } else {
            task.stage(&compared.stage(&switch.name, (done, of)))?;
            done += 1;
            part(
                keep,
                &format!("without-{number}"),
                |_| true,
                || without(&switch, document, stage, replay, compared, task).map(Text),
            )?
            .0
        };
        impacts.push(RuleImpact {
            kind: switch.kind,
            removed: counts.candidates,
            removed_missing: counts.missing,
            removed_error: counts.failed,
            share: if tally.decisions == 0 { 0.0 } else { counts.decisions as f64 / tally.decisions as f64 },
            id: switch.id,
            name: switch.name,
            stage: switch.stage,
            without,
        });
    }
    Ok(impacts)
}

fn without(
    switch: &Switch,
    document: &Document,
    stage: &Stage<'_>,
    with: &Replay,
    compared: &Compared,
    task: &Task,
) -> Result<Option<Without>> {
    // A rule may be what keeps the rest valid; then there is no policy to compare with.
    let Ok(policy) = compile(switch.without(document)) else { return Ok(None) };
    let blocked = blocked(with, &switch.cause, &compared.told);
    let want = Want::Told(Told { used: &[], sampled: &blocked, furthest: false });
    let other = stage.decide_wanting(want, &policy, compared.rows.decided.clone(), task)?;
    let rows = &compared.rows.used;
    let (mut changed, mut contacted) = (0, (0u64, 0u64));
    for (own, free) in with.positions(rows).into_iter().zip(other.positions(rows)) {
        changed += u64::from(with.chosen[own] != other.chosen[free]);
        contacted.0 += u64::from(with.chosen[own] != NO_ACTION);
        contacted.1 += u64::from(other.chosen[free] != NO_ACTION);
    }
    let set = ValueSet::new(stage.log, rows, &[&other, with], stage.options, Parts::none(), task)?;
    let n = rows.len().max(1) as f64;
    Ok(Some(Without {
        rows: rows.len() as u64,
        removed_alone: removed_alone(switch, with, &other, &blocked),
        alone_rows: compared.told.len() as u64,
        choices_changed: changed,
        share_contacted: (contacted.0 as f64 / n, contacted.1 as f64 / n),
        value_cost: (0..stage.log.outcomes.len()).map(|o| set.difference(0, 1, o).map(|(_, _, e)| e)).collect(),
    }))
}

/// Those of `rows` on which a cause ended a candidate.
pub(super) fn blocked(with: &Replay, cause: &Cause, rows: &[u32]) -> Vec<u32> {
    let Some(cause) = with.causes.position(cause) else { return Vec::new() };
    let hit = |(row, at): (&u32, usize)| with.fates_at(at).iter().any(|fate| fate.cause == cause).then_some(*row);
    rows.iter().zip(with.positions(rows)).filter_map(hit).collect()
}

/// Candidates on `rows`, whose fates both replays hold, that the switched off thing ended and that pass every stage before arbitration
/// without it; for a floor or budget, those that no other one ends then.
pub(super) fn removed_alone(switch: &Switch, with: &Replay, without: &Replay, rows: &[u32]) -> u64 {
    let cause = with.causes.position(&switch.cause);
    let arbitration = STEPS.iter().position(|s| *s == Step::Arbitration).unwrap_or_default();
    let of = |replay: &Replay, cause: u16| replay.causes.list().get(usize::from(cause)).cloned();
    let mut alone = 0;
    for (at, other) in with.positions(rows).into_iter().zip(without.positions(rows)) {
        for (own, free) in with.fates_at(at).iter().zip(without.fates_at(other)) {
            if Some(own.cause) != cause {
                continue;
            }
            let passes = usize::from(free.step) >= arbitration;
            alone += u64::from(match (switch.kind, of(without, free.cause)) {
                (RuleKind::Floor, cause) => !matches!(cause, Some(Cause::PropensityFloor | Cause::PriorityFloor)),
                (RuleKind::Budget, cause) => passes && !matches!(cause, Some(Cause::Budget(_))),
                _ => passes,
            });
        }
    }
    alone
}

/// The answer for what removed nothing: the same decisions, and `value_cost` what these are worth less themselves.
fn unchanged(replay: &Replay, compared: &Compared, value_cost: Vec<Option<Estimate>>) -> Without {
    let rows = &compared.rows.used;
    let positions = replay.positions(rows);
    let contacted = positions.iter().filter(|p| replay.chosen[**p] != NO_ACTION).count() as f64;
    let share = contacted / rows.len().max(1) as f64;
    Without {
        rows: rows.len() as u64,
        removed_alone: 0,
        alone_rows: compared.told.len() as u64,
        choices_changed: 0,
        share_contacted: (share, share),
        value_cost,
    }
}

/// A cause in words: the name people gave to the rule.
pub(super) fn cause_name(cause: &Cause, document: &Document) -> String {
    let or_id = |name: Option<&String>, id: &str| name.filter(|n| !n.is_empty()).cloned().unwrap_or(id.to_owned());
    match cause {
        Cause::NotActive => "Outside its dates".into(),
        Cause::PropensityFloor => "Below the least response propensity".into(),
        Cause::PriorityFloor => "Below the least priority".into(),
        Cause::ScoreError => "No usable priority".into(),
        Cause::Lost => "Another choice ranked higher".into(),
        Cause::Won => "Won".into(),
        Cause::Fallback => "Taken as fallback".into(),
        Cause::Off => "The policy is switched off".into(),
        Cause::Refused => {
            let mut needed = document.schema.fields.iter().filter(|field| field.missing == Missing::Refuse);
            // Where no age is asked nothing is too old.
            let or_old = if needed.any(|field| field.freshness.is_some()) { " or too old" } else { "" };
            format!("A field without which the policy does not decide was missing{or_old}")
        }
        Cause::Shadowed => "Would have won; the policy is in shadow".into(),
        Cause::Baseline => "The baseline of a policy in shadow".into(),
        Cause::Standby => "Stood by for another treatment".into(),
        Cause::LowConfidence => "Too little known of the response propensity".into(),
        Cause::DoNoHarm => "Probably does harm".into(),
        Cause::SlotLimit => "No slot left".into(),
        Cause::Rule(id) => or_id(document.rules.iter().find(|r| r.id == *id).map(|r| &r.name), id),
        Cause::Cap(id) => or_id(document.caps.iter().find(|c| c.id == *id).map(|c| &c.name), id),
        Cause::Holdout(id) | Cause::Stock(id) | Cause::Override(id) => id.clone(),
        Cause::Suppression(id) => or_id(document.suppressions.iter().find(|s| s.id == *id).map(|s| &s.name), id),
        Cause::CoolDown(id) => or_id(document.cool_downs.iter().find(|c| c.id == *id).map(|c| &c.name), id),
        Cause::Exclusion(id) => or_id(document.exclusions.iter().find(|e| e.id == *id).map(|e| &e.name), id),
        Cause::QuietHours(id) => or_id(document.quiet_hours.iter().find(|q| q.id == *id).map(|q| &q.name), id),
        Cause::Budget(id) => or_id(document.budgets.iter().find(|b| b.id == *id).map(|b| &b.name), id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_policy::schema::{Field, Freshness};
    use attune_policy::value::Type;

    #[test]
    fn a_field_is_called_too_old_only_where_an_age_is_asked() {
        let mut document = Document::default();
        let plan = Field { missing: Missing::Refuse, ..Field::new("plan", Type::Text) };
        let freshness = Some(Freshness { at: "seen_at".into(), max_age: 60 });
        let visits = Field { freshness, ..Field::new("visits", Type::Integer) };
        document.schema.fields = vec![plan, visits];
        assert!(cause_name(&Cause::Refused, &document).ends_with("was missing"));
        document.schema.fields[1].missing = Missing::Refuse;
        assert!(cause_name(&Cause::Refused, &document).ends_with("was missing or too old"));
    }
}
