//! What each rule, cap, holdout and floor removes, and what the policy does without it: decided again by the real engine
//! with that one thing switched off.

use crate::error::Result;
use crate::simulate::bootstrap::percentile_interval;
use crate::simulate::fates::{Cause, STEPS, Tally};
use crate::simulate::keep::{Keep, Text, part};
use crate::simulate::replay::{NO_ACTION, Replay, Stage, thin};
use crate::simulate::report::{Estimate, RuleImpact, RuleKind, Without};
use crate::simulate::run::compile;
use crate::simulate::values::{Parts, ValueSet};
use crate::task::Task;
use attune_policy::document::Document;
use attune_policy::policy::Policy;
use attune_policy::reason::Step;
use attune_policy::rule::Stage as RuleStage;

/// One thing that can be switched off.
struct Switch {
    kind: RuleKind,
    id: String,
    name: String,
    stage: String,
    enabled: bool,
    cause: Option<Cause>,
}

/// The impact of every rule, cap, holdout and kind of floor of the policy, in the order of evaluation.
pub(super) fn rules(
    policy: &Policy,
    stage: &Stage<'_>,
    replay: &Replay,
    used: &[u32],
    tally: &Tally,
    keep: &dyn Keep,
    task: &Task,
) -> Result<Vec<RuleImpact>> {
    let document = policy.document();
    let rows = sampled(stage, used)?;
    let mut impacts = Vec::new();
    for (number, switch) in switches(document).into_iter().enumerate() {
        let counts = switch
            .cause
            .as_ref()
            .and_then(|cause| replay.causes.position(cause))
            .map(|position| tally.causes[usize::from(position)])
            .unwrap_or_default();
        // What removed nobody and weighs nothing changes nothing without it.
        let idle = counts.candidates == 0 && switch.kind != RuleKind::Soft;
        let without = if !switch.enabled || rows.is_empty() {
            None
        } else if idle {
            Some(unchanged(replay, &rows, stage.log.outcomes.len()))
        } else {
            task.stage(&format!("Deciding {} rows without {}", rows.len(), switch.name))?;
            part(
                keep,
                &format!("without-{number}"),
                |_| true,
                || without(&switch, document, stage, replay, &rows, task).map(Text),
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

/// The rows on which the policy is decided again without each thing: some of those that are `used`, whole subjects.
pub(super) fn sampled(stage: &Stage<'_>, used: &[u32]) -> Result<Vec<u32>> {
    match stage.options.impact_rows {
        0 => Ok(Vec::new()),
        // Another hash than that of `Options::sample`: its subjects are thinned once more, not drawn again.
        limit => thin(used.to_vec(), limit, stage.dataset, stage.roles, !stage.options.seed),
    }
}

/// Everything that can be switched off, in the order of evaluation.
fn switches(document: &Document) -> Vec<Switch> {
    let mut list = Vec::new();
    for holdout in &document.holdouts {
        list.push(Switch {
            kind: RuleKind::Holdout,
            id: holdout.id.clone(),
            name: holdout.id.clone(),
            stage: "Holdout".into(),
            enabled: holdout.share > 0.0,
            cause: Some(Cause::Holdout(holdout.id.clone())),
        });
    }
    let mut rules: Vec<_> = document.rules.iter().collect();
    rules.sort_by_key(|r| r.stage);
    for rule in rules {
        let soft = rule.stage == RuleStage::SoftSuitability;
        list.push(Switch {
            kind: if soft { RuleKind::Soft } else { RuleKind::Rule },
            id: rule.id.clone(),
            name: rule.name.clone(),
            stage: if soft { "Suitability".into() } else { format!("{:?}", rule.stage) },
            enabled: rule.enabled,
            cause: Some(Cause::Rule(rule.id.clone())),
        });
    }
    for cap in &document.caps {
        list.push(Switch {
            kind: RuleKind::Cap,
            id: cap.id.clone(),
            name: cap.name.clone(),
            stage: "Contact".into(),
            enabled: cap.enabled && cap.limit.is_some(),
            cause: Some(Cause::Cap(cap.id.clone())),
        });
    }
    let floors = &document.arbitration.floors;
    let kinds = [
        (
            "min_propensity",
            "Least response propensity",
            Cause::PropensityFloor,
            floors.iter().any(|f| f.min_propensity.is_some()),
        ),
        ("min_priority", "Least priority", Cause::PriorityFloor, floors.iter().any(|f| f.min_priority.is_some())),
    ];
    for (id, name, cause, _) in kinds.into_iter().filter(|k| k.3) {
        list.push(Switch {
            kind: RuleKind::Floor,
            id: id.into(),
            name: name.into(),
            stage: "Arbitration".into(),
            enabled: true,
            cause: Some(cause),
        });
    }
    list
}

/// The document with one thing switched off.
fn switched_off(switch: &Switch, document: &Document) -> Document {
    let mut document = document.clone();
    match switch.kind {
        RuleKind::Rule | RuleKind::Soft => {
            document.rules.iter_mut().filter(|r| r.id == switch.id).for_each(|r| r.enabled = false);
        }
        RuleKind::Cap => document.caps.iter_mut().filter(|c| c.id == switch.id).for_each(|c| c.enabled = false),
        RuleKind::Holdout => document.holdouts.retain(|h| h.id != switch.id),
        RuleKind::Floor => {
            for floor in &mut document.arbitration.floors {
                match switch.id.as_str() {
                    "min_propensity" => floor.min_propensity = None,
                    _ => floor.min_priority = None,
                }
            }
        }
    }
    document
}

fn without(
    switch: &Switch,
    document: &Document,
    stage: &Stage<'_>,
    with: &Replay,
    rows: &[u32],
    task: &Task,
) -> Result<Option<Without>> {
    // A rule may be what keeps the rest valid; then there is no policy to compare with.
    let Ok(policy) = compile(switched_off(switch, document)) else { return Ok(None) };
    let other = stage.decide(&policy, rows.to_vec(), task)?;
    let cause = switch.cause.as_ref().and_then(|c| with.causes.position(c));
    let arbitration = STEPS.iter().position(|s| *s == Step::Arbitration).unwrap_or_default();
    let positions = with.positions(rows);
    let (mut alone, mut changed, mut contacted) = (0, 0, (0u64, 0u64));
    for (i, at) in positions.iter().enumerate() {
        for (own, free) in with.fates_at(*at).iter().zip(other.fates_at(i)) {
            let kept = match switch.kind {
                RuleKind::Floor => Some(free.cause) != cause && !is_floor(free.cause, &other),
                _ => usize::from(free.step) >= arbitration,
            };
            alone += u64::from(Some(own.cause) == cause && kept);
        }
        changed += u64::from(with.chosen[*at] != other.chosen[i]);
        contacted.0 += u64::from(with.chosen[*at] != NO_ACTION);
        contacted.1 += u64::from(other.chosen[i] != NO_ACTION);
    }
    let set = ValueSet::new(stage.log, rows, &[&other, with], stage.options, Parts::none(), task)?;
    let n = rows.len().max(1) as f64;
    Ok(Some(Without {
        rows: rows.len() as u64,
        removed_alone: alone,
        choices_changed: changed,
        share_contacted: (contacted.0 as f64 / n, contacted.1 as f64 / n),
        value_cost: (0..stage.log.outcomes.len()).map(|o| set.difference(0, 1, o).map(|(_, _, e)| e)).collect(),
    }))
}

fn is_floor(cause: u16, replay: &Replay) -> bool {
    matches!(replay.causes.list().get(usize::from(cause)), Some(Cause::PropensityFloor | Cause::PriorityFloor))
}

/// The answer for a rule that removed nothing: the same decisions.
fn unchanged(replay: &Replay, rows: &[u32], outcomes: usize) -> Without {
    let positions = replay.positions(rows);
    let contacted = positions.iter().filter(|p| replay.chosen[**p] != NO_ACTION).count() as f64;
    let share = contacted / rows.len().max(1) as f64;
    let zero = Estimate {
        method: crate::simulate::report::Method::Snips,
        value: 0.0,
        se: 0.0,
        low: 0.0,
        high: 0.0,
        bootstrap: percentile_interval(std::iter::empty()),
        n: rows.len() as u64,
    };
    Without {
        rows: rows.len() as u64,
        removed_alone: 0,
        choices_changed: 0,
        share_contacted: (share, share),
        value_cost: vec![Some(zero); outcomes],
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
        Cause::Refused => "A field without which the policy does not decide was missing or too old".into(),
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
