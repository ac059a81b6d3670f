//! A policy against today's, or several: what the difference is worth, who gets something else, who is never contacted, what each rule
//! costs, what arbitration leans on, and which of them is best.

use super::best::{Best, best};
use super::choices::{By, Choices, Variants};
use super::neutral::{TERMS, neutral};
use super::panel::{Panel, share};
use super::proportions::wilson;
use super::swaps::{Swap, swaps};
use super::sweep::Paired;
use super::{Figure, notes, sampled};
use crate::data::{Dataset, Roles};
use crate::error::{Error, Result};
use crate::simulate::estimate::mean_within;
use crate::simulate::impact::{Compared, blocked, removed_alone};
use crate::simulate::log::DecisionLog;
use crate::simulate::notes::{STATE, UNVARIED, trajectory};
use crate::simulate::replay::{NO_ACTION, Replay, Told, Want};
use crate::simulate::report::{ByEstimator, Estimate, Note, Refusal, RowsUsed, Support};
use crate::simulate::run::compile;
use crate::simulate::segments::parts;
use crate::simulate::srm::distrusted;
use crate::simulate::switches::{Switch, switches};
use crate::simulate::{Keep, Options, Other, uses_models};
use crate::task::Task;
use attune_policy::policy::Policy;
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// The answer to a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompareReport {
    /// Outcomes, the goal first.
    pub outcomes: Vec<String>,
    /// Column that divides the customers, where one was given.
    pub segment: Option<String>,
    /// Rows that all stand on.
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
    /// The policies, today's first.
    pub policies: Vec<Side>,
    /// Each other policy against today's.
    pub against: Vec<Against>,
    /// Which is best in the goal; `None` where fewer than two have a value.
    pub best: Option<Best>,
    /// What each rule of the first other policy costs, on the rows of `rule_rows`.
    pub rules: Vec<RuleLoss>,
    /// The first other policy with one term of the arbitration made the same for all, on the same rows.
    pub sensitivity: Vec<Dropped>,
    /// Rows on which rules and terms were tried: some of them, whole subjects, or all where something is counted over everybody.
    pub rule_rows: u64,
    /// Those of them on which it was asked what a rule alone removes; fewer only where there are too many candidates to hold.
    #[serde(default)]
    pub alone_rows: u64,
    /// Definitions.
    pub notes: Vec<Note>,
}

/// A policy by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// Name.
    pub name: String,
    /// Revision.
    pub revision: String,
    /// Whether it uses models.
    pub uses_models: bool,
    /// Share of the decisions that are for an action.
    pub share_contacted: Figure,
    /// Whether the log can carry its value.
    pub support: Support,
    /// Why it has no value, when it has none.
    pub refusal: Option<Refusal>,
    /// Value per decision in every outcome.
    pub values: Vec<Option<Estimate>>,
    /// The same with weights multiplied along each subject's decisions, or why not.
    #[serde(default)]
    pub trajectory: Vec<ByEstimator>,
    /// Who is never contacted.
    pub never: Never,
}

/// Subjects without any contact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Never {
    /// Share of the subjects; n counts subjects.
    pub share: Figure,
    /// How many.
    pub subjects: u64,
    /// Why, over their decisions: what ended the candidate that came furthest. Most frequent first.
    pub why: Vec<(String, u64)>,
    /// Share by segment of the subject's first row.
    pub by_segment: Vec<(String, Figure)>,
}

/// A policy against today's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Against {
    /// The policy.
    pub name: String,
    /// Its value less today's, in every outcome.
    pub differences: Vec<Option<Paired>>,
    /// Share of the decisions that are for something else.
    pub changed: Figure,
    /// Who gets what, by segment; one part of all where no column divides.
    pub gets: Vec<Gets>,
    /// From what to what, most frequent first.
    pub swaps: Vec<Swap>,
}

/// What a part of the customers gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gets {
    /// The part.
    pub segment: String,
    /// Decisions.
    pub decisions: u64,
    /// Per action: its name, decisions today and with the policy, and the paired difference of its share.
    pub actions: Vec<GetsAction>,
}

/// How often a part gets an action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GetsAction {
    /// Name of the action, or no action.
    pub name: String,
    /// Decisions of today's policy.
    pub today: u64,
    /// Decisions of the policy.
    pub policy: u64,
    /// Its share less that of today.
    pub difference: Figure,
}

/// What a rule, cap, budget or anything else that can be switched off costs or brings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleLoss {
    /// `rule`, `cap` …
    pub kind: String,
    /// Id.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Candidates it ended, over the rows that are valued.
    pub removed: u64,
    /// Candidates that it alone removed, on `alone_rows` of the rows on which rules are tried: without it they pass every stage before
    /// arbitration.
    #[serde(default)]
    pub removed_alone: u64,
    /// Share of the decisions that come out otherwise without it.
    pub changed: Figure,
    /// Share contacted without it less with it.
    pub contacted: Figure,
    /// Value without it less value with it, in every outcome: positive is what it costs.
    pub value: Vec<Option<Estimate>>,
    /// What the policy itself expects to lose to it: mean priority of its choices without the rule less with it.
    pub expected: Figure,
    /// Why it could not be switched off, when it could not.
    pub not_tried: Option<String>,
}

/// The policy with a term of the arbitration made the same for all candidates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dropped {
    /// `P`, `C`, `V` or `L`.
    pub term: String,
    /// What was done, in words.
    pub how: String,
    /// Share of the decisions that come out otherwise.
    pub changed: Figure,
    /// Share contacted without the term less with it.
    pub contacted: Figure,
    /// Value without the term less value with it, in every outcome.
    pub value: Vec<Option<Estimate>>,
}

const NOTES: &[(&str, &str)] = &[
    (
        "value",
        "Mean outcome per decision if the policy had decided (SNIPS, Σwr/Σw), after guards, caps and fallback, at 95 %; standard errors add within a subject first.",
    ),
    (
        "chance",
        "A policy that explores is valued by the probabilities of its choices, w = π(a|x)/p; who gets what, swaps and contacts are of one draw, the same for all policies.",
    ),
    (
        "difference",
        "Value of the policy less today's on the same rows, paired; bootstrap interval from common resamples. Adjusted p: Holm over the policies.",
    ),
    (
        "may be best",
        "No other policy is shown to be better, over all pairs together (largest studentised bootstrap difference, 95 %). The set holds the true best with 95 % confidence.",
    ),
    ("never contacted", "Subjects none of whose decisions is for an action; Wilson's interval."),
    ("why", "Of each of their decisions, what ended the candidate that came furthest."),
    (
        "swap",
        "Decisions that change from one action to another. Value per swapped decision: SNIPS of the policy less that of today on these rows alone, where they have support. Brought: that times their share of all decisions.",
    ),
    (
        "removed alone",
        "Candidates that the rule removed and that pass every stage before arbitration when it is switched off and nothing else is changed; for a floor or a budget, candidates that then no other one holds back. Where something is counted over everybody, all rows are decided again without it, else some, whole subjects.",
    ),
    (
        "value without",
        "Value of the policy with the rule switched off less its value with it: positive is what the rule costs, negative what it brings.",
    ),
    (
        "expected",
        "Mean priority of the choices (0 for no action) without the rule less with it: what the policy itself believes, not what was observed.",
    ),
    (
        "sensitivity",
        "P, C, V or L made the same for all candidates: P the mean response propensity of the policy's choices, V the mean value of its actions, no context weights, no levers.",
    ),
    UNVARIED,
    STATE,
];

/// What is asked of a comparison.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// Today's policy.
    pub today: Other<'a>,
    /// The others; what rules cost and what arbitration leans on is told of the first.
    pub others: &'a [Other<'a>],
}

/// Compares policies on the same rows. [`Options::impact_rows`] bounds the rows on which rules and terms are tried; 0 leaves them out.
///
/// # Errors
/// When the log cannot be read, a field of a policy is missing in the data, or the task is cancelled.
pub fn compare(
    ask: Ask<'_>,
    dataset: &Dataset,
    roles: &Roles,
    options: &Options,
    keep: &dyn Keep,
    task: &Task,
) -> Result<CompareReport> {
    task.stage("Reading the log")?;
    let Some(first) = ask.others.first() else {
        return Err(Error::new("there is nothing to compare with").hint("give another policy"));
    };
    let log = DecisionLog::read(dataset, roles, options.goal.as_deref(), task)?;
    log.refuse_lists("a comparison")?;
    let all: Vec<Other<'_>> = std::iter::once(ask.today).chain(ask.others.iter().copied()).collect();
    let policies: Vec<&Policy> = all.iter().map(|o| o.policy).collect();
    let variants = Variants::new(dataset, roles, &log, options, keep, &policies, policies.len())?;
    let choices = all.iter().map(|o| variants.choices(o.name, o.policy, task)).collect::<Result<Vec<Choices>>>()?;
    let (segment_names, segment_of) = match &options.segment {
        Some(column) => parts(dataset, column, &variants.used)?,
        None => (vec!["all".to_owned()], vec![0; variants.used.len()]),
    };
    let segments = Segments { names: segment_names, of: segment_of };

    task.stage("Valuing the policies")?;
    let every: Vec<&Choices> = choices.iter().collect();
    let panels: Vec<Panel> = (0..log.outcomes.len())
        .map(|o| {
            task.tick(o as f32 / log.outcomes.len() as f32)?;
            Panel::new(&variants, &variants.used, o, &every, By::Probability, options.bootstrap, &task.silent())
        })
        .collect::<Result<_>>()?;
    let trajectories = panels.iter().map(|panel| panel.trajectories(task)).collect::<Result<Vec<_>>>()?;
    let names: Vec<String> = all.iter().map(|o| o.name.to_owned()).collect();
    let mut sides = Vec::new();
    for (i, own) in choices.iter().enumerate() {
        sides.push(Side {
            name: names[i].clone(),
            revision: own.head.revision.clone(),
            uses_models: !uses_models(policies[i].document()).is_empty(),
            share_contacted: share(&variants, &variants.used, |at| own.chosen[at] != NO_ACTION),
            support: panels.first().map(|p| p.support[i]).unwrap_or_default(),
            refusal: panels.first().and_then(|p| p.refusal[i].clone()),
            values: panels.iter().map(|p| p.value(i)).collect(),
            trajectory: trajectories.iter().map(|own| own[i].clone()).collect(),
            never: never(&variants, own, &segments),
        });
    }
    let mut against = Vec::new();
    for i in 1..choices.len() {
        task.stage(&format!("Who gets what with {}", names[i]))?;
        against.push(Against {
            name: names[i].clone(),
            differences: panels.iter().map(|p| p.difference(i, 0).map(Paired::new)).collect(),
            changed: changed(&variants, &choices[i], &choices[0]),
            gets: gets(&variants, &choices[0], &choices[i], &segments),
            swaps: swaps(&variants, &choices[0], &choices[i], &segments, task)?,
        });
    }
    for outcome in 0..panels.len() {
        let found = against.iter_mut().filter_map(|a| a.differences[outcome].as_mut()).collect();
        Paired::adjust(found);
    }
    task.stage("Which is best")?;
    let best = panels.first().and_then(|p| best(p, &names, &log.outcomes[0].name));
    let (rules, sensitivity, [rule_rows, alone_rows]) = if options.impact_rows == 0 {
        (Vec::new(), Vec::new(), [0, 0])
    } else {
        tried(first.policy, &variants, &choices[1], task)?
    };
    Ok(CompareReport {
        outcomes: log.outcomes.iter().map(|o| o.name.clone()).collect(),
        segment: options.segment.clone(),
        rows: variants.about.clone(),
        exploratory: log.exploratory.clone(),
        distrusted: distrusted(&log, options),
        mismatch: log.sample_ratio.is_some_and(|test| test.suspicious),
        state: choices[0].head.state.clone(),
        seed: options.seed,
        policies: sides,
        against,
        best,
        rules,
        sensitivity,
        rule_rows,
        alone_rows,
        notes: [notes(NOTES), vec![trajectory()], sampled(&variants.about)].concat(),
    })
}

/// The parts of the valued rows.
pub(super) struct Segments {
    pub names: Vec<String>,
    /// Part of each valued row.
    pub of: Vec<usize>,
}

impl Paired {
    pub(super) fn new(estimate: Estimate) -> Paired {
        let p = super::panel::p_value(&estimate);
        Paired { estimate, p, adjusted_p: p }
    }

    /// Holm over all of them.
    pub(super) fn adjust(mut list: Vec<&mut Paired>) {
        let adjusted = super::dunnett::holm(&list.iter().map(|d| d.p).collect::<Vec<_>>());
        list.iter_mut().zip(adjusted).for_each(|(d, p)| d.adjusted_p = p);
    }
}

fn changed(variants: &Variants<'_>, a: &Choices, b: &Choices) -> Figure {
    share(variants, &variants.used, |at| a.does(a.chosen[at]) != b.does(b.chosen[at]))
}

/// What a difference of two shares can be, and of two amounts.
pub(super) const SHARES: (f64, f64) = (-1.0, 1.0);
const AMOUNTS: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

/// Mean over the valued rows of a difference that lies between two numbers, clustered by subject where they repeat.
pub(super) fn mean_difference(
    variants: &Variants<'_>,
    rows: &[u32],
    between: (f64, f64),
    of: impl Fn(usize) -> f64,
) -> Figure {
    let values: Vec<f64> = variants.positions(rows).into_iter().map(of).collect();
    let clusters = variants.log.clusters.as_ref().map(|c| rows.iter().map(|r| c[*r as usize]).collect::<Vec<u32>>());
    let n = values.len() as u64;
    match mean_within(&values, clusters.as_deref(), between) {
        Some(e) => Figure { value: e.value, low: e.low.max(between.0), high: e.high.min(between.1), n },
        None => Figure { low: between.0, high: between.1, n, ..Figure::default() },
    }
}

fn never(variants: &Variants<'_>, choices: &Choices, segments: &Segments) -> Never {
    struct Subject {
        contacted: bool,
        segment: usize,
    }
    let positions = variants.positions(&variants.used);
    let who = |i: usize| match &variants.log.clusters {
        Some(clusters) => clusters[variants.used[i] as usize],
        None => i as u32,
    };
    let mut subjects: BTreeMap<u32, Subject> = BTreeMap::new();
    for (i, at) in positions.iter().enumerate() {
        let subject = subjects.entry(who(i)).or_insert(Subject { contacted: false, segment: segments.of[i] });
        subject.contacted |= choices.chosen[*at] != NO_ACTION;
    }
    let mut why: BTreeMap<&str, u64> = BTreeMap::new();
    for (i, at) in positions.iter().enumerate() {
        if !subjects[&who(i)].contacted {
            *why.entry(choices.why(*at).unwrap_or("no candidate")).or_default() += 1;
        }
    }
    let count = |segment: Option<usize>| {
        let of = subjects.values().filter(|s| segment.is_none_or(|own| own == s.segment));
        let (n, never) = of.fold((0, 0), |(n, never), s| (n + 1, never + u64::from(!s.contacted)));
        let (low, high) = wilson(never, n);
        (never, Figure { value: if n == 0 { 0.0 } else { never as f64 / n as f64 }, low, high, n })
    };
    let mut why: Vec<(String, u64)> = why.into_iter().map(|(cause, n)| (cause.to_owned(), n)).collect();
    why.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let (never, share) = count(None);
    let by_segment = match segments.names.len() {
        1 => Vec::new(),
        _ => segments
            .names
            .iter()
            .enumerate()
            .map(|(i, name)| (name.clone(), count(Some(i)).1))
            .filter(|(_, f)| f.n > 0)
            .collect(),
    };
    Never { share, subjects: never, why, by_segment }
}

fn gets(variants: &Variants<'_>, today: &Choices, policy: &Choices, segments: &Segments) -> Vec<Gets> {
    let part = |(segment, name): (usize, &String)| {
        let rows: Vec<u32> =
            variants.used.iter().zip(&segments.of).filter(|(_, s)| **s == segment).map(|(row, _)| *row).collect();
        let mut counts: BTreeMap<(&str, &str), (String, u64, u64)> = BTreeMap::new();
        for at in variants.positions(&rows) {
            let (a, b) = (today.chosen[at], policy.chosen[at]);
            counts.entry(today.does(a)).or_insert_with(|| (today.name(a).to_owned(), 0, 0)).1 += 1;
            counts.entry(policy.does(b)).or_insert_with(|| (policy.name(b).to_owned(), 0, 0)).2 += 1;
        }
        let is = |x: bool| f64::from(u8::from(x));
        let actions = counts.into_iter().map(|(does, (name, today_n, policy_n))| GetsAction {
            name,
            today: today_n,
            policy: policy_n,
            difference: mean_difference(variants, &rows, SHARES, |at| {
                is(policy.does(policy.chosen[at]) == does) - is(today.does(today.chosen[at]) == does)
            }),
        });
        Gets { segment: name.clone(), decisions: rows.len() as u64, actions: actions.collect() }
    };
    segments.names.iter().enumerate().map(part).filter(|g| g.decisions > 0).collect()
}

/// The policy without each rule and each term, on a part of the rows where that tells what they do among all.
fn tried(
    policy: &Policy,
    variants: &Variants<'_>,
    choices: &Choices,
    task: &Task,
) -> Result<(Vec<RuleLoss>, Vec<Dropped>, [u64; 2])> {
    let document = policy.document();
    let compared = Compared::new(policy, &variants.rows, &variants.used, &variants.stage())?;
    let ended = |switch: &Switch| {
        let code = switch.cause.code();
        choices.head.causes.iter().find(|c| c.code == code).map_or(0, |c| c.candidates)
    };
    let switches: Vec<Switch> = switches(document).into_iter().filter(|switch| switch.enabled).collect();
    let idle = |switch: &Switch| compared.idles(switch, ended(switch));
    let neutral: Vec<_> =
        TERMS.into_iter().filter_map(|term| Some((term, neutral(term, document, choices.head.propensity)?))).collect();
    let all = compared.rows.decided.len() == variants.rows.len();
    let busy = switches.iter().filter(|switch| !idle(switch)).count();
    let small = variants.thinned(&compared.rows, usize::from(!all) + busy + neutral.len());
    let own = if all { None } else { Some(small.choices("the policy", policy, task)?) };
    let with = own.as_ref().unwrap_or(choices);
    let outcomes = variants.log.outcomes.len();
    let differ = |other: &Choices| -> Result<(Figure, Figure, Vec<Option<Estimate>>)> {
        let is = |chosen: u32| f64::from(u8::from(chosen != NO_ACTION));
        let value = |o: usize| -> Result<Option<Estimate>> {
            Ok(Panel::new(&small, &small.used, o, &[other, with], By::Probability, 0, task)?.difference(0, 1))
        };
        Ok((
            changed(&small, other, with),
            mean_difference(&small, &small.used, SHARES, |at| is(other.chosen[at]) - is(with.chosen[at])),
            (0..outcomes).map(value).collect::<Result<_>>()?,
        ))
    };
    // What becomes of each candidate is asked once, where a part is to be made at all.
    let fates: OnceCell<Replay> = OnceCell::new();
    let mut rules = Vec::new();
    for (number, switch) in switches.iter().enumerate() {
        let mut loss = RuleLoss {
            kind: switch.kind.word().to_owned(),
            id: switch.id.clone(),
            name: switch.name.clone(),
            removed: ended(switch),
            removed_alone: 0,
            changed: Figure::default(),
            contacted: Figure::default(),
            value: Vec::new(),
            expected: Figure::default(),
            not_tried: None,
        };
        if idle(switch) {
            (loss.changed, loss.contacted, loss.value) = differ(with)?;
            loss.expected = mean_difference(&small, &small.used, AMOUNTS, |_| 0.0);
            rules.push(loss);
            continue;
        }
        match compile(switch.without(document)) {
            Ok(without) => {
                let told = || -> Result<Vec<u32>> {
                    if fates.get().is_none() {
                        let rows = &compared.rows.decided;
                        task.stage(&format!("What becomes of each candidate in {} rows", rows.len()))?;
                        let want = Want::Told(Told { used: &[], sampled: &compared.told, furthest: false });
                        let _ = fates.set(variants.stage().decide_wanting(want, policy, rows.clone(), task)?);
                    }
                    Ok(fates.get().map_or(Vec::new(), |with| blocked(with, &switch.cause, &compared.told)))
                };
                let count = |without: &Replay, rows: &[u32]| {
                    fates.get().map_or(0, |with| removed_alone(switch, with, without, rows))
                };
                let name = format!("the policy without {}", switch.name);
                let part = format!("without-{number}");
                let (other, alone) = small.choices_and_count((&name, &part), &without, told, count, task)?;
                loss.removed_alone = alone;
                (loss.changed, loss.contacted, loss.value) = differ(&other)?;
                loss.expected = mean_difference(&small, &small.used, AMOUNTS, |at| {
                    f64::from(other.priority[at]) - f64::from(with.priority[at])
                });
            }
            // It may be what keeps the rest valid; then there is no policy to compare with.
            Err(error) => loss.not_tried = Some(error.to_string()),
        }
        rules.push(loss);
    }
    let mut sensitivity = Vec::new();
    for (term, (document, how)) in neutral {
        let other = small.choices(&format!("the policy without {term}"), &compile(document)?, task)?;
        let (changed, contacted, value) = differ(&other)?;
        sensitivity.push(Dropped { term: term.to_owned(), how, changed, contacted, value });
    }
    Ok((rules, sensitivity, [small.used.len() as u64, compared.told.len() as u64]))
}
