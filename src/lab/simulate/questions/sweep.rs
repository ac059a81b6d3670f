//! What if the cap were 2, 3, 5? The same policy with other values in one or several places, on the same rows.
//!
//! Common random numbers: every setting decides the same rows in the same order over the same history, its hashed chances are the
//! same, and all settings are valued on the same resamples, so that what they share cancels in the differences.

use super::choices::{By, Choices, Variants};
use super::knob::Knob;
use super::panel::{Panel, share};
use super::{Figure, notes, sampled};
use crate::data::{Dataset, Roles};
use crate::error::{Error, Result};
use crate::simulate::log::DecisionLog;
use crate::simulate::notes::{STATE, UNVARIED, trajectory};
use crate::simulate::replay::NO_ACTION;
use crate::simulate::report::{ByEstimator, Estimate, Note, Refusal, RowsUsed, Support};
use crate::simulate::run::compile;
use crate::simulate::srm::distrusted;
use crate::simulate::{Keep, Options};
use crate::task::Task;
use attune_policy::policy::Policy;
use serde::{Deserialize, Serialize};

/// Settings of a sweep; a grid of more is a search.
const MOST_SETTINGS: usize = 400;

/// The answer to a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepReport {
    /// Name of the policy.
    pub policy: String,
    /// Its revision.
    pub revision: String,
    /// Outcomes, the goal first.
    pub outcomes: Vec<String>,
    /// What is set: each place and the value it has now.
    pub places: Vec<Place>,
    /// Rows that every setting stands on.
    pub rows: RowsUsed,
    /// Why values are exploratory, when they are.
    pub exploratory: Option<String>,
    /// What is wrong with the log although values are given; `--even-so` asked for them.
    #[serde(default)]
    pub distrusted: Option<String>,
    /// Whether the arms of the log have not the sizes of the design; values are then refused unless they are asked for even so.
    #[serde(default)]
    pub mismatch: bool,
    /// How state was treated, in words.
    pub state: String,
    /// Seed of samples and resamples.
    pub seed: u64,
    /// The settings: the current one first, then those asked for, in order.
    pub settings: Vec<Setting>,
    /// Definitions.
    pub notes: Vec<Note>,
}

/// A place in the policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// `cap:weekly.limit`.
    pub path: String,
    /// The value it has now.
    pub current: String,
}

/// The policy at one setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// Value of each place.
    pub values: Vec<String>,
    /// Whether it is the policy as it is now.
    pub current: bool,
    /// Revision of the policy with these values.
    pub revision: String,
    /// Decisions for an action.
    pub contacts: u64,
    /// Share of the decisions that are for an action.
    pub share_contacted: Figure,
    /// Share that are for none.
    pub no_action: Figure,
    /// Share of the decisions that differ from those of the current policy.
    pub changed: Figure,
    /// What caps, cool-downs, suppressions, budgets and stocks ended.
    pub hits: Vec<Hits>,
    /// Whether the log can carry its value.
    pub support: Support,
    /// Why it has no value, when it has none.
    pub refusal: Option<Refusal>,
    /// Value per decision in every outcome; empty when refused.
    pub values_per_decision: Vec<Option<Estimate>>,
    /// The same with weights multiplied along each subject's decisions, or why not.
    #[serde(default)]
    pub trajectory: Vec<ByEstimator>,
    /// Value less that of the current policy, in every outcome; `None` for the current one and where either is refused.
    pub differences: Vec<Option<Paired>>,
    /// Decisions in which something failed.
    pub degraded: u64,
}

/// A paired difference.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    /// The difference.
    pub estimate: Estimate,
    /// Two-sided p-value of no difference.
    pub p: f64,
    /// The same after Holm over all settings.
    pub adjusted_p: f64,
}

/// What a part of the contact policy ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hits {
    /// `Cap:weekly`.
    pub code: String,
    /// In words.
    pub name: String,
    /// Candidates it ended.
    pub candidates: u64,
    /// Decisions with at least one.
    pub decisions: u64,
}

const NOTES: &[(&str, &str)] = &[
    (
        "value",
        "Mean outcome per decision if the policy had decided with this setting (SNIPS, Σwr/Σw), after guards, caps and fallback, at 95 %; standard errors add within a subject first.",
    ),
    (
        "chance",
        "A policy that explores is valued by the probabilities of its choices, w = π(a|x)/p; contacts, changes and hits are of one draw, the same for all settings.",
    ),
    (
        "difference",
        "Value of the setting less that of the current policy on the same rows; its interval is that of the paired rows, its bootstrap interval that of common resamples.",
    ),
    (
        "adjusted p",
        "Two-sided, after Holm over all settings: at most 5 % of sweeps in which nothing matters show any setting at 0.05 or below.",
    ),
    ("contacts", "Decisions for an action, fallbacks among them."),
    ("share contacted", "Contacts ÷ decisions; normal interval, clustered by subject where subjects repeat."),
    ("changed", "Share of the decisions that are for another action or treatment than those of the current policy."),
    (
        "hits",
        "Decisions in which the cap, cool-down, suppression, exclusion, budget or stock ended at least one candidate.",
    ),
    (
        "same chances",
        "Every setting decides the same rows over the same history with the same seeds; all are valued on the same resamples.",
    ),
    UNVARIED,
    STATE,
];

/// Decides and values `policy` with every combination of the knobs' values.
///
/// # Errors
/// When a knob names no place of the policy or a value that it cannot take, a setting does not compile, the log cannot be read, or the
/// task is cancelled.
pub fn sweep(
    policy: &Policy,
    knobs: &[Knob],
    dataset: &Dataset,
    roles: &Roles,
    options: &Options,
    keep: &dyn Keep,
    task: &Task,
) -> Result<SweepReport> {
    task.stage("Reading the log")?;
    let settings = settings(policy, knobs)?;
    let log = DecisionLog::read(dataset, roles, options.goal.as_deref(), task)?;
    log.refuse_lists("a sweep")?;
    let policies: Vec<&Policy> =
        std::iter::once(policy).chain(settings.iter().filter_map(|s| s.policy.as_ref())).collect();
    let variants = Variants::new(dataset, roles, &log, options, keep, &policies, policies.len())?;
    let name = |at: usize| match at.checked_sub(1).map(|i| settings.iter().filter(|s| s.policy.is_some()).nth(i)) {
        Some(Some(setting)) => setting.values.join(", "),
        _ => "the current policy".to_owned(),
    };
    let choices = policies
        .iter()
        .enumerate()
        .map(|(at, policy)| variants.choices(&name(at), policy, task))
        .collect::<Result<Vec<Choices>>>()?;
    // The setting that is the current policy again is not decided twice.
    let mut decided = 0;
    let of: Vec<usize> = settings
        .iter()
        .map(|s| {
            decided += usize::from(s.policy.is_some());
            if s.policy.is_some() { decided } else { 0 }
        })
        .collect();
    task.stage("Valuing the settings")?;
    let all: Vec<&Choices> = choices.iter().collect();
    let panels = (0..log.outcomes.len())
        .map(|o| {
            task.tick(o as f32 / log.outcomes.len() as f32)?;
            Panel::new(&variants, &variants.used, o, &all, By::Probability, options.bootstrap, &task.silent())
        })
        .collect::<Result<Vec<Panel>>>()?;
    let trajectories = panels.iter().map(|panel| panel.trajectories(task)).collect::<Result<Vec<_>>>()?;
    let current = knobs.iter().map(|k| k.current(policy.document())).collect::<Result<Vec<_>>>()?;
    let mut report = SweepReport {
        policy: title(policy),
        revision: policy.revision().to_owned(),
        outcomes: log.outcomes.iter().map(|o| o.name.clone()).collect(),
        places: knobs.iter().zip(&current).map(|(k, c)| Place { path: k.path(), current: c.clone() }).collect(),
        rows: variants.about.clone(),
        exploratory: log.exploratory.clone(),
        distrusted: distrusted(&log, options),
        mismatch: log.sample_ratio.is_some_and(|test| test.suspicious),
        state: choices[0].head.state.clone(),
        seed: options.seed,
        settings: Vec::new(),
        notes: [notes(NOTES), vec![trajectory()], sampled(&variants.about)].concat(),
    };
    let listed = std::iter::once((current, 0, true))
        .chain(settings.into_iter().zip(of).filter(|(_, of)| *of > 0).map(|(s, of)| (s.values, of, false)));
    for (values, at, is_current) in listed {
        let mut own = setting(values, at, is_current, &choices, &panels, &variants);
        own.trajectory = trajectories.iter().map(|own| own[at].clone()).collect();
        report.settings.push(own);
    }
    for outcome in 0..panels.len() {
        Paired::adjust(report.settings.iter_mut().filter_map(|s| s.differences.get_mut(outcome)?.as_mut()).collect());
    }
    Ok(report)
}

/// A combination of values; without a policy where it is the current one.
struct Combination {
    values: Vec<String>,
    policy: Option<Policy>,
}

fn settings(policy: &Policy, knobs: &[Knob]) -> Result<Vec<Combination>> {
    if knobs.is_empty() {
        return Err(
            Error::new("nothing is set to other values").hint("name a place and its values: cap:weekly.limit=2,3,5")
        );
    }
    let total = knobs.iter().try_fold(1usize, |n, k| n.checked_mul(k.values.len())).unwrap_or(usize::MAX);
    if total > MOST_SETTINGS {
        return Err(Error::new(format!("{total} settings; at most {MOST_SETTINGS} are decided in one sweep")));
    }
    let mut grid: Vec<Vec<String>> = vec![Vec::new()];
    for knob in knobs {
        grid = grid
            .into_iter()
            .flat_map(|own| knob.values.iter().map(move |v| own.iter().cloned().chain([v.clone()]).collect()))
            .collect();
    }
    let mut seen: Vec<String> = vec![policy.revision().to_owned()];
    grid.into_iter()
        .map(|values| {
            let mut document = policy.document().clone();
            for (knob, value) in knobs.iter().zip(&values) {
                document = knob.set(&document, value)?;
            }
            let place = |error: Error| {
                let set: Vec<String> = knobs.iter().zip(&values).map(|(k, v)| format!("{} = {v}", k.path())).collect();
                Error::new(format!("with {} the policy has errors: {error}", set.join(", ")))
            };
            let policy = compile(document).map_err(place)?;
            let new = !seen.iter().any(|revision| revision == policy.revision());
            seen.push(policy.revision().to_owned());
            Ok(Combination { values, policy: new.then_some(policy) })
        })
        .collect()
}

fn setting(
    values: Vec<String>,
    at: usize,
    current: bool,
    choices: &[Choices],
    panels: &[Panel],
    variants: &Variants<'_>,
) -> Setting {
    let own = &choices[at];
    let contacted = share(variants, &variants.used, |i| own.chosen[i] != NO_ACTION);
    let hits = own.head.causes.iter().filter(|c| {
        let kind = c.code.split(':').next().unwrap_or_default();
        let limits = ["Cap", "CoolDown", "Suppression", "Exclusion", "Budget", "Stock"].contains(&kind);
        // A cap that hits at some setting is shown at all.
        limits && choices.iter().any(|other| other.head.causes.iter().any(|o| o.code == c.code && o.candidates > 0))
    });
    let paired = |panel: &Panel| (at > 0).then(|| panel.difference(at, 0)).flatten().map(Paired::new);
    Setting {
        values,
        current,
        revision: own.head.revision.clone(),
        contacts: variants.positions(&variants.used).into_iter().filter(|i| own.chosen[*i] != NO_ACTION).count() as u64,
        share_contacted: contacted,
        no_action: Figure {
            value: 1.0 - contacted.value,
            low: 1.0 - contacted.high,
            high: 1.0 - contacted.low,
            n: contacted.n,
        },
        changed: share(variants, &variants.used, |i| own.does(own.chosen[i]) != choices[0].does(choices[0].chosen[i])),
        hits: hits
            .map(|c| Hits {
                code: c.code.clone(),
                name: c.name.clone(),
                candidates: c.candidates,
                decisions: c.decisions,
            })
            .collect(),
        support: panels.first().map(|p| p.support[at]).unwrap_or_default(),
        refusal: panels.first().and_then(|p| p.refusal[at].clone()),
        values_per_decision: panels.iter().map(|p| p.value(at)).collect(),
        trajectory: Vec::new(),
        differences: panels.iter().map(paired).collect(),
        degraded: own.head.degraded,
    }
}

/// Name of a policy for people.
pub(super) fn title(policy: &Policy) -> String {
    let document = policy.document();
    if document.name.is_empty() { document.id.clone() } else { document.name.clone() }
}
