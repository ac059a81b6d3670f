//! Replay: every row of history decided by the real engine.
//!
//! Rows without times are independent of each other. With times, a subject's rows are decided in order of time over a
//! private history that grows by the candidate policy's **own** decisions: Decision, Sent and Impression at the decision's
//! time; clicks and outcomes only where the logged action is the chosen one. Subjects are independent of each other, so
//! both kinds run on all cores, and the answer does not depend on how many there are.

use crate::data::{Dataset, Requests, Role, Roles};
use crate::error::{Error, Result};
use crate::random::Random;
use crate::simulate::Options;
use crate::simulate::chance::{Chances, Explored};
use crate::simulate::fates::{Causes, Fate};
use crate::simulate::log::{DecisionLog, NO_ARM};
use crate::task::{Cancelled, Task};
use attune_policy::contact::EventKind;
use attune_policy::history::{Event, History, NoHistory};
use attune_policy::language;
use attune_policy::outcome::Scratch;
use attune_policy::policy::Policy;
use attune_policy::request::Request;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Marks a decision for no action among candidate positions.
pub const NO_ACTION: u32 = u32::MAX;

/// Rows or subjects decided between two ticks of the task.
const CHUNK: usize = 512;

/// Fates kept of one policy, four bytes each.
const MOST_FATES: usize = 400_000_000;

/// Different diagnostics kept; their texts may name values, so there can be one per row.
const MOST_DIAGNOSTICS: usize = 200;

/// The decisions of a policy on rows of history.
#[derive(Clone, Debug)]
pub struct Replay {
    /// Revision of the policy.
    pub revision: String,
    /// The policy's candidates in its order; decisions name them by position.
    pub candidates: Vec<CandidateInfo>,
    /// Row positions decided, ascending; the vectors below run parallel to it.
    pub rows: Vec<u32>,
    /// Candidate chosen, [`NO_ACTION`] for none.
    pub chosen: Vec<u32>,
    /// Arm of the log that the choice is, [`NO_ARM`] when it was never logged.
    pub arm: Vec<u16>,
    /// Probabilities of the arms where the policy explored; `None` when it never did.
    pub chances: Option<Chances>,
    /// Whether the choice came from the fallback ladder.
    pub fallback: Vec<bool>,
    /// Response propensity of the choice, NaN for no action and fallbacks.
    pub propensity: Vec<f64>,
    /// Priority of the choice, NaN for no action and fallbacks.
    pub priority: Vec<f64>,
    /// Fates of all candidates, row after row.
    pub fates: Vec<Fate>,
    /// What the causes of fates mean.
    pub causes: Causes,
    /// Instant of each decision (ms).
    pub times: Vec<i64>,
    /// How state was treated, in words.
    pub state: String,
    /// Whether decisions build on each other.
    pub stateful: bool,
    /// Decisions in which something failed.
    pub degraded: u64,
    /// What failed, in words, and in how many decisions.
    pub diagnostics: BTreeMap<String, u64>,
}

/// A candidate of the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CandidateInfo {
    /// Action id.
    pub action: String,
    /// Treatment id.
    pub treatment: String,
    /// Name for people.
    pub name: String,
    /// Arm of the log that it is, [`NO_ARM`] when it was never logged.
    pub arm: u16,
}

/// Decides the rows of a dataset: all of them, or a sample ([`Options::sample`]).
///
/// # Errors
/// When a field of the policy is missing in the data, a role names a column that is not there, or the task is cancelled.
pub fn replay(policy: &Policy, dataset: &Dataset, roles: &Roles, options: &Options, task: &Task) -> Result<Replay> {
    let log = DecisionLog::read(dataset, roles, options.goal.as_deref(), task)?;
    let rows = sample(dataset, roles, options)?;
    task.stage("Deciding rows")?;
    Stage { dataset, roles, log: &log, options }.decide(policy, rows, task)
}

/// The rows to decide: all, or whole subjects drawn by a seeded hash until about [`Options::sample`] rows.
pub fn sample(dataset: &Dataset, roles: &Roles, options: &Options) -> Result<Vec<u32>> {
    let all = 0..dataset.rows() as u32;
    match options.sample {
        Some(limit) if limit < dataset.rows() => thin(all.collect(), limit, dataset, roles, options.seed),
        _ => Ok(all.collect()),
    }
}

/// Whole subjects of `rows`, drawn by a seeded hash until about `limit` rows are left.
pub(super) fn thin(rows: Vec<u32>, limit: usize, dataset: &Dataset, roles: &Roles, seed: u64) -> Result<Vec<u32>> {
    if rows.len() <= limit {
        return Ok(rows);
    }
    let subjects = roles.subjects(dataset)?;
    let share = limit as f64 / rows.len() as f64;
    let drawn = |row: &u32| Random::stream(seed, subjects.code(*row as usize) as u64).uniform() < share;
    Ok(rows.into_iter().filter(drawn).collect())
}

/// What replays of several policies share.
#[derive(Clone, Copy)]
pub(super) struct Stage<'a> {
    pub dataset: &'a Dataset,
    pub roles: &'a Roles,
    pub log: &'a DecisionLog,
    pub options: &'a Options,
}

/// Rows tried before many are decided.
const TRIED: usize = 8;

impl Stage<'_> {
    /// A rule that spends all its operations on every row would take minutes to say so for each of them.
    fn refuse_endless_rules(&self, policy: &Policy, rows: &[u32]) -> Result<()> {
        if rows.len() <= TRIED {
            return Ok(());
        }
        let tried = self.decide(policy, rows[..TRIED].to_vec(), &Task::default())?;
        match tried.diagnostics.iter().find(|(text, times)| language::ran_out(text) && 2 * **times >= TRIED as u64) {
            None => Ok(()),
            Some((text, times)) => Err(Error::new(format!("{text} It did so on {times} of the first {TRIED} rows"))
                .hint("let the loop end, or switch the rule off")),
        }
    }

    /// Decides `rows` (ascending) with a policy; ticks the task over its current stage.
    pub fn decide(&self, policy: &Policy, rows: Vec<u32>, task: &Task) -> Result<Replay> {
        let requests = Requests::new(self.dataset, self.roles, &policy.document().schema)?;
        let candidates: usize = policy.document().actions.iter().map(|a| a.treatments.len()).sum();
        if rows.len().saturating_mul(candidates) > MOST_FATES {
            return Err(Error::new(format!(
                "{} rows with {candidates} candidates each are more than a simulation keeps in memory",
                rows.len()
            ))
            .hint("simulate a sample of the rows"));
        }
        self.refuse_endless_rules(policy, &rows)?;
        let timed = self.roles.first(Role::Time).is_some();
        let worker = Worker::new(policy, self, &requests);
        let done = AtomicUsize::new(0);
        let tick = |finished: usize| {
            let before = done.fetch_add(finished, Ordering::Relaxed);
            task.tick((before + finished) as f32 / rows.len().max(1) as f32)
        };
        let mut answer = if timed {
            let groups = by_subject(&rows, &requests);
            let parts = groups
                .par_chunks(CHUNK)
                .map(|groups| {
                    let mut part = Part::default();
                    for positions in groups {
                        worker.subject(&rows, positions, &mut part);
                    }
                    tick(groups.iter().map(Vec::len).sum()).map(|()| part)
                })
                .collect::<std::result::Result<Vec<_>, Cancelled>>()?;
            worker.assemble(rows.len(), parts, groups.into_iter().flatten())
        } else {
            let parts = rows
                .par_chunks(CHUNK)
                .map(|rows| {
                    let mut part = Part::default();
                    worker.rows(rows, &mut part);
                    tick(rows.len()).map(|()| part)
                })
                .collect::<std::result::Result<Vec<_>, Cancelled>>()?;
            worker.assemble(rows.len(), parts, 0..rows.len() as u32)
        };
        answer.times = rows.iter().map(|row| requests.now(*row as usize)).collect();
        answer.state = self.state(timed);
        answer.stateful = timed;
        answer.rows = rows;
        Ok(answer)
    }

    fn state(&self, timed: bool) -> String {
        let given = self.options.history.as_ref().map(|history| history.len());
        if timed {
            let start = match given {
                Some(n) => format!("the given history ({n} events) as it was at the subject's first decision"),
                None => "an empty history".into(),
            };
            return format!(
                "Rows are decided in order of time, subject by subject, each starting from {start}. Caps evolve from this \
                 policy's own decisions; clicks and outcomes enter the history at the decision's time, and only where the \
                 logged action is the chosen one."
            );
        }
        let start = given.map_or("an empty history".into(), |n| format!("the given history ({n} events)"));
        let bind = if given.is_some() { "caps count those events alone" } else { "caps bind only within a decision" };
        format!(
            "The data have no time column: every row stands at the project's instant with {start} and no decision sees \
             another, so {bind}."
        )
    }
}

/// Positions in `rows` per subject, in order of time, then row; subjects in order of their first row.
fn by_subject(rows: &[u32], requests: &Requests) -> Vec<Vec<u32>> {
    let subjects = requests.subjects();
    let mut group_of = vec![u32::MAX; subjects.count()];
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for (position, row) in rows.iter().enumerate() {
        let group = &mut group_of[subjects.code(*row as usize)];
        if *group == u32::MAX {
            *group = groups.len() as u32;
            groups.push(Vec::new());
        }
        groups[*group as usize].push(position as u32);
    }
    for group in groups.iter_mut().filter(|g| g.len() > 1) {
        group.sort_by_key(|position| (requests.now(rows[*position as usize] as usize), *position));
    }
    groups
}

/// Decisions of a run of rows, in the order they were made.
#[derive(Default)]
struct Part {
    chosen: Vec<u32>,
    fallback: Vec<bool>,
    propensity: Vec<f64>,
    priority: Vec<f64>,
    fates: Vec<Fate>,
    explored: Explored,
    degraded: u64,
    diagnostics: BTreeMap<String, u64>,
    /// Space for the decisions.
    scratch: Scratch,
}

struct Worker<'a> {
    policy: &'a Policy,
    stage: &'a Stage<'a>,
    requests: &'a Requests,
    candidates: Vec<CandidateInfo>,
    causes: Causes,
    /// What a decision for each candidate appends to the history, but for its time: Decision, Sent, Impression.
    contacts: Vec<Event>,
    /// What follows per outcome of the log.
    follow: Vec<EventKind>,
}

/// The history of one subject.
struct Private<'a> {
    subject: &'a str,
    events: Vec<Event>,
}

impl History for Private<'_> {
    fn events(&self, subject: &str) -> &[Event] {
        if subject == self.subject { &self.events } else { &[] }
    }
}

impl<'a> Worker<'a> {
    fn new(policy: &'a Policy, stage: &'a Stage<'a>, requests: &'a Requests) -> Worker<'a> {
        let document = policy.document();
        let mut candidates = Vec::new();
        let mut contacts = Vec::new();
        for action in &document.actions {
            let issue = document.issues.iter().find(|i| i.groups.iter().any(|g| g.id == action.group));
            for treatment in &action.treatments {
                let name = if action.treatments.len() > 1 {
                    format!("{} ({})", action.name, treatment.id)
                } else {
                    action.name.clone()
                };
                candidates.push(CandidateInfo {
                    action: action.id.clone(),
                    treatment: treatment.id.clone(),
                    name,
                    arm: stage.log.arm_of(&action.id, &treatment.id),
                });
                contacts.push(Event {
                    time: 0,
                    kind: EventKind::Decision,
                    action: action.id.clone(),
                    treatment: treatment.id.clone(),
                    channel: treatment.channel.clone(),
                    group: action.group.clone(),
                    issue: issue.map(|i| i.id.clone()).unwrap_or_default(),
                    tags: action.tags.clone(),
                    counts: action.counts_toward_caps,
                    cost: treatment.cost.unwrap_or(action.cost),
                });
            }
        }
        let follow = stage.log.outcomes.iter().map(|o| follow_up(&o.name)).collect();
        Worker { policy, stage, requests, candidates, causes: Causes::new(document), contacts, follow }
    }

    fn rows(&self, rows: &[u32], part: &mut Part) {
        let mut request = Request::default();
        for row in rows {
            self.requests.fill(*row as usize, &mut request);
            self.decide(&request, self.given(), part);
        }
    }

    /// The given history.
    fn given(&self) -> &dyn History {
        match &self.stage.options.history {
            Some(history) => &**history,
            None => &NoHistory,
        }
    }

    /// Decides a subject's rows in order of time. Given events after its first decision are the logger's own and left out.
    fn subject(&self, rows: &[u32], positions: &[u32], part: &mut Part) {
        let Some(first) = positions.first() else { return };
        let row = rows[*first as usize] as usize;
        let mut request = Request::default();
        if positions.len() == 1 {
            // Nothing it does is seen again: no private history is needed.
            self.requests.fill(row, &mut request);
            self.decide(&request, self.given(), part);
            return;
        }
        let subject = self.requests.subjects().key(row);
        let start = self.requests.now(row);
        let given = self.stage.options.history.as_ref().map_or(&[][..], |h| h.events(subject));
        let events = given.iter().take_while(|e| e.time <= start).cloned().collect();
        let mut history = Private { subject, events };
        for position in positions {
            let row = rows[*position as usize] as usize;
            self.requests.fill(row, &mut request);
            let chosen = self.decide(&request, &history, part);
            if chosen != NO_ACTION {
                self.append(row, chosen as usize, request.now, &mut history.events);
            }
        }
    }

    /// What a decision leaves behind for the subject's later ones.
    fn append(&self, row: usize, chosen: usize, time: i64, events: &mut Vec<Event>) {
        let contact = &self.contacts[chosen];
        let mut push = |kind: EventKind| events.push(Event { time, kind, ..contact.clone() });
        push(EventKind::Decision);
        push(EventKind::Sent);
        push(EventKind::Impression);
        let log = self.stage.log;
        if log.arm[row] != NO_ARM && log.arm[row] == self.candidates[chosen].arm {
            for (outcome, kind) in log.outcomes.iter().zip(&self.follow) {
                if outcome.values[row] > 0.0 {
                    push(kind.clone());
                }
            }
        }
    }

    /// Decides and records one request; the candidate chosen.
    fn decide(&self, request: &Request, history: &dyn History, part: &mut Part) -> u32 {
        let outcome = self.policy.decide_into(request, history, &mut part.scratch);
        let chosen = outcome.chosen().unwrap_or(NO_ACTION);
        let ranked = match outcome.rung() {
            None => outcome.ranked().iter().find(|survivor| survivor.candidate == chosen),
            Some(_) => None,
        };
        let arm = |candidate: u32| self.candidates.get(candidate as usize).map_or(NO_ARM, |c| c.arm);
        part.explored.note(part.chosen.len(), outcome, self.stage.log.arms.len(), arm);
        part.chosen.push(chosen);
        part.fallback.push(outcome.rung().is_some());
        part.propensity.push(ranked.map_or(f64::NAN, |r| r.terms.propensity));
        part.priority.push(ranked.map_or(f64::NAN, |r| r.priority));
        self.causes.read(outcome, &mut part.fates);
        if outcome.degraded() {
            part.degraded += 1;
            // What failed is told in words by the decision in ids alone; it is the same decision.
            for text in self.policy.decide_with(request, history, &mut part.scratch).diagnostics {
                count(&mut part.diagnostics, text, 1);
            }
        }
        chosen
    }

    /// Puts the parts together; `order` says for each decision, in the order made, its position among the rows.
    fn assemble(self, rows: usize, parts: Vec<Part>, mut order: impl Iterator<Item = u32>) -> Replay {
        let width = self.candidates.len();
        let none = Fate { step: 0, how: crate::simulate::fates::How::Result, cause: 0 };
        let mut replay = Replay {
            revision: self.policy.revision().to_owned(),
            rows: Vec::new(),
            chosen: vec![NO_ACTION; rows],
            arm: vec![NO_ARM; rows],
            chances: None,
            fallback: vec![false; rows],
            propensity: vec![f64::NAN; rows],
            priority: vec![f64::NAN; rows],
            fates: vec![none; rows * width],
            times: Vec::new(),
            state: String::new(),
            stateful: false,
            degraded: 0,
            diagnostics: BTreeMap::new(),
            candidates: self.candidates,
            causes: self.causes,
        };
        let no_action = self.stage.log.no_action();
        for part in parts {
            let places: Vec<u32> = order.by_ref().take(part.chosen.len()).collect();
            part.explored.place(&places, self.stage.log.arms.len(), &mut replay.chances, rows);
            for (i, at) in places.into_iter().map(|place| place as usize).enumerate() {
                let chosen = part.chosen[i];
                replay.chosen[at] = chosen;
                replay.arm[at] = replay.candidates.get(chosen as usize).map_or(no_action, |c| c.arm);
                replay.fallback[at] = part.fallback[i];
                replay.propensity[at] = part.propensity[i];
                replay.priority[at] = part.priority[i];
                replay.fates[at * width..(at + 1) * width].copy_from_slice(&part.fates[i * width..(i + 1) * width]);
            }
            replay.degraded += part.degraded;
            for (text, times) in part.diagnostics {
                count(&mut replay.diagnostics, text, times);
            }
        }
        replay
    }
}

/// Counts a diagnostic; beyond [`MOST_DIAGNOSTICS`] different ones only known texts are counted on.
fn count(diagnostics: &mut BTreeMap<String, u64>, text: String, times: u64) {
    if diagnostics.len() < MOST_DIAGNOSTICS {
        *diagnostics.entry(text).or_default() += times;
    } else if let Some(known) = diagnostics.get_mut(&text) {
        *known += times;
    }
}

/// The event that an outcome leaves in the history: a click where the column says so, else an event of the column's name.
fn follow_up(outcome: &str) -> EventKind {
    match outcome.to_ascii_lowercase().as_str() {
        "click" | "clicks" | "clicked" => EventKind::Click,
        "accept" | "accepted" => EventKind::Accept,
        _ => EventKind::Custom(outcome.to_owned()),
    }
}

impl Replay {
    /// Fates of the candidates in the decision at `position`.
    pub fn fates_at(&self, position: usize) -> &[Fate] {
        let width = self.candidates.len();
        &self.fates[position * width..(position + 1) * width]
    }

    /// Position of a row among the decided ones.
    pub fn position(&self, row: u32) -> Option<usize> {
        self.rows.binary_search(&row).ok()
    }

    /// Action and treatment id of the decision at `position`; `NoAction` and empty for none.
    pub fn chosen_names(&self, position: usize) -> (&str, &str) {
        self.candidates
            .get(self.chosen[position] as usize)
            .map_or(("NoAction", ""), |c| (c.action.as_str(), c.treatment.as_str()))
    }
}
