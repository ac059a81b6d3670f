//! A simulation from end to end: which rows, which policies, and the report.
//!
//! It is made in parts that can be kept: pieces of each policy's decisions, resamples, reward models, what the policy does without each
//! rule. What is quicker to make again than to keep is not kept: the log, weights, estimates without a model, counts, and the baselines,
//! which decide without rules.

use crate::data::{Dataset, Roles, split};
use crate::error::{Error, Result};
use crate::simulate::baselines::baselines;
use crate::simulate::estimate::relative;
use crate::simulate::funnel::{funnel, mix, tally};
use crate::simulate::impact::Compared;
use crate::simulate::instead::instead;
use crate::simulate::keep::{Keep, KeepNothing};
use crate::simulate::log::DecisionLog;
use crate::simulate::off_policy::slate::Assumption;
use crate::simulate::replay::pieces::{Cut, PIECE};
use crate::simulate::replay::{MOST_FATES, NO_ACTION, Replay, Stage, Told, Want, sample};
use crate::simulate::report::{Difference, Kind, Method, PolicyReport, Refusal, Report, RowsUsed};
use crate::simulate::srm::{distrusted, mismatch};
use crate::simulate::values::{Parts, ValueSet};
use crate::simulate::{Options, Other, arms, impact, notes, segments, weeks};
use crate::task::Task;
use attune_policy::arbitration::Mode;
use attune_policy::document::Document;
use attune_policy::language::{TokenKind, highlight};
use attune_policy::policy::Policy;
use std::collections::BTreeSet;

/// A simulation: its report, and the rows behind it.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// The report.
    pub report: Report,
    /// The rows behind it.
    pub decisions: Decisions,
}

/// The decisions that a report is about.
#[derive(Clone, Debug)]
pub struct Decisions {
    /// What the policy chose.
    pub replay: Replay,
    /// The log it was valued on.
    pub log: DecisionLog,
    /// Rows its value stands on, ascending positions in the dataset.
    pub used: Vec<u32>,
}

/// A policy of the report and its decisions.
struct Entry {
    name: String,
    kind: Kind,
    models: Vec<String>,
    replay: Replay,
    /// Places that it fills of a decision, at most.
    slots: u32,
    /// What a sample does to it.
    caveat: Option<String>,
}

/// Decides every row with `policy`, its baselines and `others`, and values them.
///
/// A policy that uses models is valued on the rows that no model learned from ([`split::held_out_rows`]), one of rules
/// alone on all rows; differences stand on the rows that both were valued on.
///
/// # Errors
/// When the log cannot be read, a field of a policy is missing in the data, or the task is cancelled.
pub fn run(
    policy: &Policy,
    others: &[Other<'_>],
    dataset: &Dataset,
    roles: &Roles,
    options: &Options,
    task: &Task,
) -> Result<Simulation> {
    run_in_parts(policy, others, dataset, roles, options, &KeepNothing, task)
}

/// [`run`], whose finished parts are kept: with the same inputs it goes on where it was broken off, and gives the same report.
///
/// # Errors
/// As [`run`], and when a part cannot be kept.
pub fn run_in_parts(
    policy: &Policy,
    others: &[Other<'_>],
    dataset: &Dataset,
    roles: &Roles,
    options: &Options,
    keep: &dyn Keep,
    task: &Task,
) -> Result<Simulation> {
    run_within(MOST_FATES, policy, others, dataset, roles, options, keep, task)
}

/// The same with each fate kept where they are at most so many; of more only what is told in the report.
pub(super) fn run_within(
    fates: usize,
    policy: &Policy,
    others: &[Other<'_>],
    dataset: &Dataset,
    roles: &Roles,
    options: &Options,
    keep: &dyn Keep,
    task: &Task,
) -> Result<Simulation> {
    task.stage("Reading the log")?;
    let log = DecisionLog::read(dataset, roles, options.goal.as_deref(), task)?;
    let sample = sample(&[policy], dataset, roles, options)?;
    let all = log.decisions(sample.rows.clone());
    let stage = Stage { dataset, roles, log: &log, options };
    let held_out = held_out(&all, dataset, roles)?;
    let used = if uses_models(policy.document()).is_empty() { all.clone() } else { held_out.clone() };
    let compared = Compared::new(policy, &all, &used, &stage)?;
    let mut entries = Vec::new();
    let mut decide = |name: &str, kind: Kind, policy: &Policy| -> Result<()> {
        let keep: &dyn Keep = if kind == Kind::Baseline { &KeepNothing } else { keep };
        let models = uses_models(policy.document());
        let rows = if models.is_empty() { &all } else { &held_out };
        // What became of each candidate is told of the policy alone.
        let width: usize = policy.document().actions.iter().map(|action| action.treatments.len()).sum();
        let want = match kind {
            Kind::Policy if all.len().saturating_mul(width) <= fates => Want::Each,
            Kind::Policy => Want::Told(Told { used: rows, sampled: &compared.told, furthest: false }),
            Kind::Baseline | Kind::Other => Want::Nothing,
        };
        let cut = Cut { keep, rows: PIECE, want, name };
        let mut replay = stage.decide_in_pieces(policy, &all, cut, task)?;
        if kind != Kind::Policy {
            // Of others only what they chose is told.
            (replay.propensity, replay.priority) = (Vec::new(), Vec::new());
        }
        let (slots, caveat) = (policy.document().slots.count, sample.caveat(policy, roles));
        entries.push(Entry { name: name.to_owned(), kind, models, replay, slots, caveat });
        Ok(())
    };
    decide(title(policy.document()), Kind::Policy, policy)?;
    // One action for all fills no list.
    if options.baselines && log.lists.is_none() {
        for baseline in baselines(&log, &policy.document().schema)? {
            decide(&baseline.name, Kind::Baseline, &baseline.policy)?;
        }
    }
    for other in others {
        decide(other.name, Kind::Other, other.policy)?;
    }

    let sets = Sets::new(&stage, &entries, &all, &held_out, keep, task)?;

    let main = &entries[0].replay;
    let tally = tally(main, &used);
    let mut report = Report {
        policy: entries[0].name.clone(),
        revision: policy.revision().to_owned(),
        goal: log.outcomes.first().map(|o| o.name.clone()).unwrap_or_default(),
        least_lift: options.least_lift,
        outcomes: log.outcomes.iter().map(|o| o.name.clone()).collect(),
        log: arms::log_report(&log, &sample.rows),
        distrusted: distrusted(&log, options),
        policies: Vec::new(),
        differences: Vec::new(),
        funnel: funnel(&tally, main, policy.document()),
        rules: impact::rules(policy, &stage, main, &compared, &tally, keep, task)?,
        weeks: if main.stateful { weeks::weeks(main, &used, policy.document()) } else { Vec::new() },
        segments: None,
        rewards: sets.of(0).0.reward_reports(),
        state: main.state.clone(),
        degraded: main.degraded,
        diagnostics: diagnostics(main),
        notes: Vec::new(),
    };
    if mismatch(&log).is_some() && !options.even_so {
        // Differences of means are no more to be believed than values.
        report.log.effects.clear();
    }
    for (i, entry) in entries.iter().enumerate() {
        report.policies.push(sets.policy(i, entry, &stage, &all, &held_out));
    }
    let caveats: Vec<&str> = entries.iter().filter_map(|entry| entry.caveat.as_deref()).collect();
    report.notes = notes::notes(&shown(&report), &caveats);
    for (i, entry) in entries.iter().enumerate().skip(1) {
        for outcome in 0..log.outcomes.len() {
            report.differences.extend(sets.difference(i, entry, outcome, &report));
        }
    }
    if let Some(column) = &options.segment {
        task.stage(&format!("Values by {column}"))?;
        report.segments = Some(segments::segments(&stage, column, &used, entries_of(&entries), task)?);
    }
    let Entry { replay, .. } = entries.swap_remove(0);
    Ok(Simulation { report, decisions: Decisions { replay, log, used } })
}

/// What a policy chooses on the rows of a simulation, without valuing it: the rows behind a report that was made before.
///
/// # Errors
/// As [`run`].
pub fn decisions(
    policy: &Policy,
    dataset: &Dataset,
    roles: &Roles,
    options: &Options,
    task: &Task,
) -> Result<Decisions> {
    task.stage("Reading the log")?;
    let log = DecisionLog::read(dataset, roles, options.goal.as_deref(), task)?;
    let all = log.decisions(sample(&[policy], dataset, roles, options)?.rows);
    let cut = Cut { keep: &KeepNothing, rows: PIECE, want: Want::Each, name: title(policy.document()) };
    let replay = Stage { dataset, roles, log: &log, options }.decide_in_pieces(policy, &all, cut, task)?;
    let used = if uses_models(policy.document()).is_empty() { all } else { held_out(&all, dataset, roles)? };
    Ok(Decisions { replay, log, used })
}

/// Those of `rows` that no model learned from.
fn held_out(rows: &[u32], dataset: &Dataset, roles: &Roles) -> Result<Vec<u32>> {
    let unseen = split::held_out_rows(dataset, roles)?;
    Ok(rows.iter().copied().filter(|row| unseen.binary_search(row).is_ok()).collect())
}

/// The decisions of the policy, and of no action for all where it is among the baselines.
fn entries_of(entries: &[Entry]) -> (&Replay, Option<&Replay>) {
    let nobody = entries.iter().skip(1).find(|e| e.replay.chosen.iter().all(|c| *c == NO_ACTION));
    (&entries[0].replay, nobody.map(|e| &e.replay))
}

pub(super) fn title(document: &Document) -> &str {
    if document.name.is_empty() { &document.id } else { &document.name }
}

/// Ids of the models that a policy's decisions depend on: models of response propensity, and every `score("…")` in an
/// enabled rule or in arbitration. Empty for a policy of rules alone.
pub fn uses_models(document: &Document) -> Vec<String> {
    let mut models = BTreeSet::new();
    for action in &document.actions {
        models.extend([&action.propensity, &action.uplift].into_iter().flatten().cloned());
        models.extend(action.treatments.iter().flat_map(|t| [&t.propensity, &t.uplift]).flatten().cloned());
    }
    let rules = document.rules.iter().filter(|r| r.enabled).map(|r| r.expr.as_str());
    let weights = document.arbitration.context_weights.iter().map(|w| w.when.as_str());
    let formula = match &document.arbitration.mode {
        Mode::Expression(expr) => Some(expr.as_str()),
        _ => None,
    };
    let tables = document.tables.iter().flat_map(|t| t.inputs.iter().map(String::as_str));
    let overrides = document.overrides.iter().filter_map(|o| o.when.as_deref());
    let quiet = document.quiet_hours.iter().filter_map(|q| q.when.as_deref());
    let hours = document.send_times.iter().map(|s| s.hour.as_str());
    for expr in rules.chain(weights).chain(formula).chain(tables).chain(overrides).chain(quiet).chain(hours) {
        let code = without_comments(expr);
        for (at, word) in code.match_indices("score") {
            let rest = code[at + word.len()..].trim_start();
            let Some(argument) = rest.strip_prefix('(') else { continue };
            let argument = argument.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '(' | '"' | '`'));
            models.insert(argument.split(['"', '`', ')']).next().unwrap_or_default().to_owned());
        }
    }
    models.into_iter().collect()
}

/// An expression with a blank in place of each comment. Texts are kept: one in backticks may hold code.
fn without_comments(expr: &str) -> String {
    let mut code = String::with_capacity(expr.len());
    let mut end = 0;
    for (comment, _) in highlight(expr).into_iter().filter(|(_, kind)| *kind == TokenKind::Comment) {
        code.push_str(&expr[end..comment.start]);
        code.push(' ');
        end = comment.end;
    }
    code + &expr[end..]
}

/// Policies valued on all rows, and on the held-out ones where models are at work.
struct Sets<'a> {
    all: ValueSet<'a>,
    /// Position of each entry in `all`.
    in_all: Vec<Option<usize>>,
    held_out: Option<ValueSet<'a>>,
}

impl<'a> Sets<'a> {
    fn new(
        stage: &Stage<'a>,
        entries: &'a [Entry],
        all: &[u32],
        held_out: &[u32],
        keep: &dyn Keep,
        task: &Task,
    ) -> Result<Sets<'a>> {
        let Stage { dataset, roles, log, options } = *stage;
        let mut in_all = Vec::new();
        let mut rules_alone = Vec::new();
        for entry in entries {
            in_all.push(entry.models.is_empty().then_some(rules_alone.len()));
            if entry.models.is_empty() {
                rules_alone.push(&entry.replay);
            }
        }
        let every: Vec<&Replay> = entries.iter().map(|e| &e.replay).collect();
        let parts = Parts { keep, of: "all" };
        let mut all = ValueSet::new(log, all, &rules_alone, options, parts, task)?;
        all.learn(dataset, roles, &rules_alone, options, in_all[0].is_some(), parts, task)?;
        let held_out = if rules_alone.len() < entries.len() {
            let parts = Parts { keep, of: "held_out" };
            let mut set = ValueSet::new(log, held_out, &every, options, parts, task)?;
            set.learn(dataset, roles, &every, options, true, parts, task)?;
            Some(set)
        } else {
            None
        };
        Ok(Sets { all, held_out, in_all })
    }

    /// The set an entry is valued in, and its position there.
    fn of(&self, entry: usize) -> (&ValueSet<'a>, usize) {
        match (self.in_all[entry], &self.held_out) {
            (Some(position), _) => (&self.all, position),
            (None, Some(held_out)) => (held_out, entry),
            (None, None) => (&self.all, 0),
        }
    }

    fn policy(&self, i: usize, entry: &Entry, stage: &Stage<'_>, all: &[u32], held_out: &[u32]) -> PolicyReport {
        let Stage { dataset, roles, log, options } = *stage;
        let (set, position) = self.of(i);
        let models = !entry.models.is_empty();
        let decided = if models { held_out } else { all };
        let mix = mix(&entry.replay, decided);
        let idle: u64 = mix.iter().filter(|a| a.action == "NoAction").map(|a| a.decisions).sum();
        let contacted = decided.len() as u64 - idle;
        let sampled = match options.sample {
            Some(_) if all.len() < dataset.rows() => format!(", of a sample of {} rows", all.len()),
            _ => String::new(),
        };
        let why = if models {
            format!(
                "It uses models ({}), so it is valued on the rows that no model learned from: {:.0} % of the subjects by \
                 a hash of their key{sampled}.",
                entry.models.join(", "),
                100.0 * split::HELD_OUT_SHARE
            )
        } else {
            format!("It uses no model, so it is valued on all rows{sampled}.")
        };
        let why = format!("{why}{}", places(log, entry));
        let (support, mut refusal) = set.judgement(position);
        // Where the log itself cannot be trusted, no other policy is better off.
        let trusted = options.even_so || mismatch(log).is_none();
        let weighed = set.policies.get(position).filter(|own| own.refusal.is_some() && trusted);
        let mut instead = weighed.and_then(|own| instead(dataset, roles, log, &set.rows, own));
        let refusal_of_log = log.arms.is_empty() || log.outcomes.is_empty();
        if refusal_of_log {
            refusal = Some(Refusal {
                reasons: log.findings.clone(),
                advice: "Give a column the role action, say which value is which action, and give a column the role outcome."
                    .into(),
            });
            instead = None;
        }
        let explored = entry.replay.chances.as_ref().map_or(0, |chances| chances.explored());
        PolicyReport {
            name: entry.name.clone(),
            kind: entry.kind,
            rows: RowsUsed {
                total: dataset.rows() as u64,
                used: decided.len() as u64,
                held_out: models,
                why,
                caveat: entry.caveat.clone(),
            },
            uses_models: models,
            share_contacted: if decided.is_empty() { 0.0 } else { contacted as f64 / decided.len() as f64 },
            mix,
            support,
            values: if refusal.is_some() { Vec::new() } else { set.values(position) },
            refusal,
            instead,
            lists: if refusal_of_log { Vec::new() } else { set.lists(position) },
            explored: explored as f64 / entry.replay.rows.len().max(1) as f64,
        }
    }

    /// The policy less entry `i` in an outcome.
    fn difference(&self, i: usize, entry: &Entry, outcome: usize, report: &Report) -> Option<Difference> {
        let (set, a, b) = match (self.in_all[0], self.in_all[i], &self.held_out) {
            (Some(a), Some(b), _) => (&self.all, a, b),
            (_, _, Some(held_out)) => (held_out, 0, i),
            _ => return None,
        };
        let (value, other, estimate) = set.difference(a, b, outcome)?;
        let name = &report.outcomes[outcome];
        let mut verdict = if estimate.is_unknown() {
            format!(
                "no difference in {name} from {} can be told: nothing varies, so that there is no interval",
                entry.name
            )
        } else if estimate.low > 0.0 {
            format!("more {name} than {}: the interval lies above 0", entry.name)
        } else if estimate.high < 0.0 {
            format!("less {name} than {}: the interval lies below 0", entry.name)
        } else {
            format!("no difference in {name} from {} can be told from chance: the interval holds 0", entry.name)
        };
        if let (0, Some(least), false) = (outcome, report.least_lift, estimate.is_unknown()) {
            verdict.push_str(&if estimate.low >= least {
                format!("; at least the {least} worth having")
            } else if estimate.high < least {
                format!("; less than the {least} worth having")
            } else {
                format!("; whether it reaches the {least} worth having is open")
            });
        }
        Some(Difference {
            than: entry.name.clone(),
            outcome: name.clone(),
            value,
            other,
            relative: relative(estimate.value, other),
            estimate,
            others: set.robust_difference(b, outcome).into_iter().collect(),
            verdict,
        })
    }
}

/// What a decision is where either the policy or the log has lists.
fn places(log: &DecisionLog, entry: &Entry) -> String {
    match (&log.lists, entry.slots) {
        (Some(lists), slots) => {
            let depth = lists.depth();
            let fewer = match (slots as usize) < depth {
                true => {
                    format!(" The policy fills {slots} of them: give it {depth} slots to fill as many as the log does.")
                }
                false => String::new(),
            };
            format!(
                " The log has lists of up to {depth} places: each is one decision, made at its top row, and valued as a whole.{fewer}"
            )
        }
        (None, 0 | 1) => String::new(),
        (None, slots) => format!(
            " The policy fills up to {slots} places; the log has one action per decision, so only what it places first is valued."
        ),
    }
}

/// The estimators that a report speaks of, SNIPS always; those that cannot be had are defined where they stand.
fn shown(report: &Report) -> Vec<Method> {
    let values = || report.policies.iter().flat_map(|policy| &policy.values);
    let has = |method: &Method| *method == Method::Snips || values().any(|value| value.by(*method).is_some());
    let lists = report.policies.iter().any(|policy| !policy.lists.is_empty());
    let all = [Assumption::Cascade, Assumption::Independent, Assumption::Standard].map(Method::lists);
    Method::ALL.into_iter().filter(has).chain(all.into_iter().filter(|_| lists)).collect()
}

fn diagnostics(replay: &Replay) -> Vec<(String, u64)> {
    let mut list: Vec<(String, u64)> = replay.diagnostics.iter().map(|(t, n)| (t.clone(), *n)).collect();
    list.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    list.truncate(20);
    list
}

/// A policy compiled from a variant of a document.
pub(super) fn compile(document: Document) -> Result<Policy> {
    Policy::compile(document).map_err(|error| Error::new(error.to_string()))
}
