//! Replay: every row of history decided by the real engine, over the history that its own decisions make.
//!
//! Columns first: the rules that read columns alone and the scores of models are found for many rows at a time, on all cores. Then one pass
//! over state, row by row in order of time: a decision of the candidate policy leaves Decision, Sent and Impression at its time, clicks and
//! outcomes only where the logged action is the one that was sent, and one whose choice is to be sent later is decided again then ([`state`]).
//! Rows without times are independent of each other.
//!
//! What shares a counter is decided in order; what does not, on whatever core is free ([`order`]): subjects by themselves, those of a
//! household or device together, everything together where budgets, stock or caps count over everybody. The answer does not depend on how
//! many cores there are. Rows are worked off in windows, so that memory holds little more than the dataset and the answer.

mod fates;
mod order;
mod parts;
pub(super) mod pieces;
mod state;

use crate::data::{Dataset, Requests, Role, Roles};
use crate::error::{Error, Result};
use crate::random::Random;
use crate::simulate::Options;
use crate::simulate::chance::Chances;
use crate::simulate::fates::{Causes, Fate};
use crate::simulate::log::DecisionLog;
use crate::simulate::weeks;
use crate::task::{Cancelled, Task};
use attune_policy::columns::Columns;
use attune_policy::history::{History, NoHistory};
use attune_policy::language;
use attune_policy::outcome::BudgetState;
use attune_policy::policy::Policy;
use attune_policy::{BatchScratch, Lookahead};
use order::{Order, Sharing};
use parts::Part;
use rayon::prelude::*;
use state::{AtWork, Keep, Rows, State, Traces, World};
use std::collections::BTreeMap;
use std::time::Instant;

pub use fates::Fates;
#[cfg(test)]
pub(super) use fates::furthest_cause;
pub(super) use fates::{CHOSEN, MOST_FATES, Told, Want};
pub use state::MOST_DEFERRALS;

/// Marks a decision for no action among candidate positions.
pub const NO_ACTION: u32 = u32::MAX;

/// Rows that are looked ahead on together, where dictionaries are small: between two ticks of the task a core decides about as many.
const CHUNK: usize = 4_096;

/// The same where a dictionary is large, since every text of it is looked up once per chunk.
const LARGEST_CHUNK: usize = 65_536;

/// Chunks per core that are worked off before their decisions are written to their places.
const WINDOW: usize = 32;

/// The decisions of a policy on rows of history.
#[derive(Clone, Debug)]
pub struct Replay {
    /// Revision of the policy.
    pub revision: String,
    /// The policy's candidates in its order; decisions name them by position.
    pub candidates: Vec<CandidateInfo>,
    /// Row positions decided, ascending; the vectors below run parallel to it.
    pub rows: Vec<u32>,
    /// Candidate that was sent, [`NO_ACTION`] for none. Of a decision that was put off: what was sent in the end.
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
    /// Fates of all candidates, or what is told of them.
    pub fates: Fates,
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
    /// Decisions that were put off, in order of the decision, then of time.
    pub deferrals: Vec<Deferral>,
    /// Decisions that were put off [`MOST_DEFERRALS`] times, so that nothing was done.
    pub given_up: u64,
    /// Where the policy's budgets stood at the end of each week of the rows.
    pub budgets: Vec<BudgetLook>,
    /// Where the time went.
    pub work: Work,
}

/// A decision whose choice was to be sent later, so that it was decided again then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deferral {
    /// Position of the decision among the rows.
    pub position: u32,
    /// When it was put off (ms).
    pub at: i64,
    /// Until when (ms).
    pub until: i64,
    /// What would have been sent then.
    pub candidate: u32,
    /// What made it wait: position in [`Causes::list`]; `None` for the best hour of a send time, and for the fallback ladder.
    pub cause: Option<u16>,
}

/// Where budgets stood at an instant.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetLook {
    /// The instant (ms): the last of a week, counted in sevens of days from the first decision.
    pub at: i64,
    /// One per enabled budget.
    pub budgets: Vec<BudgetState>,
}

/// Where the time of a replay went, in seconds summed over its threads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Work {
    /// Columns: gathering them, rules that read nothing else, scores of models.
    pub ahead: f64,
    /// The pass over state, row by row; without times deciding each row.
    pub state: f64,
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
    fn refuse_endless_rules(&self, requests: &Requests, policy: &Policy, rows: &[u32]) -> Result<()> {
        if rows.len() <= TRIED {
            return Ok(());
        }
        let tried = self.decide_requests(requests, Want::Nothing, policy, rows[..TRIED].to_vec(), &Task::default())?;
        match tried.diagnostics.iter().find(|(text, times)| language::ran_out(text) && 2 * **times >= TRIED as u64) {
            None => Ok(()),
            Some((text, times)) => Err(Error::new(format!("{text} It did so on {times} of the first {TRIED} rows"))
                .hint("let the loop end, or switch the rule off")),
        }
    }

    /// Decides `rows` (ascending) with a policy; ticks the task over its current stage. Fates are kept where they are not too many.
    pub fn decide(&self, policy: &Policy, rows: Vec<u32>, task: &Task) -> Result<Replay> {
        self.decide_wanting(Want::Each, policy, rows, task)
    }

    /// The same with what is wanted of fates.
    pub fn decide_wanting(&self, want: Want<'_>, policy: &Policy, rows: Vec<u32>, task: &Task) -> Result<Replay> {
        let requests = Requests::new(self.dataset, self.roles, &policy.document().schema)?;
        self.refuse_endless_rules(&requests, policy, &rows)?;
        self.decide_requests(&requests, want, policy, rows, task)
    }

    fn decide_requests(
        &self,
        requests: &Requests,
        want: Want<'_>,
        policy: &Policy,
        rows: Vec<u32>,
        task: &Task,
    ) -> Result<Replay> {
        let timed = self.roles.first(Role::Time).is_some();
        let sharing = timed.then(|| Sharing::of(policy, requests));
        let times: Vec<i64> = rows.iter().map(|row| requests.now(*row as usize)).collect();
        let (start, end) = (times.iter().copied().min().unwrap_or(0), times.iter().copied().max().unwrap_or(0));
        let budgets = policy.document().budgets.iter().any(|budget| budget.enabled);
        let looks = if timed && budgets { weeks::ends(start, end) } else { Vec::new() };
        let mut replay = parts::blank(self.empty(policy, sharing), rows.len());
        replay.fates = Fates::new(want, &rows, &times, replay.candidates.len(), &replay.causes);
        let (list, causes) = (replay.candidates.clone(), replay.causes.clone());
        let world = World {
            policy,
            stage: self,
            requests,
            rows: &rows,
            candidates: &list,
            causes: &causes,
            start,
            looks: &looks,
            traces: Traces::new(policy, self.log),
        };
        let ground = Ground { columns: requests.columns(&rows)?, times: &times, world: &world };
        match sharing {
            None => ground.alone(task, &mut replay)?,
            Some(Sharing::Everybody) => ground.together(task, &mut replay)?,
            Some(sharing) => ground.apart(sharing, task, &mut replay)?,
        }
        replay.deferrals.sort_by_key(|deferral| (deferral.position, deferral.at));
        drop(ground);
        replay.times = times;
        replay.rows = rows;
        Ok(replay)
    }

    /// A replay of no rows.
    fn empty(&self, policy: &Policy, sharing: Option<Sharing>) -> Replay {
        let mut candidates = Vec::new();
        for action in &policy.document().actions {
            for treatment in &action.treatments {
                let name = match action.treatments.len() {
                    0 | 1 => action.name.clone(),
                    _ => format!("{} ({})", action.name, treatment.id),
                };
                candidates.push(CandidateInfo {
                    action: action.id.clone(),
                    treatment: treatment.id.clone(),
                    name,
                    arm: self.log.arm_of(&action.id, &treatment.id),
                });
            }
        }
        Replay {
            revision: policy.revision().to_owned(),
            rows: Vec::new(),
            chosen: Vec::new(),
            arm: Vec::new(),
            chances: None,
            fallback: Vec::new(),
            propensity: Vec::new(),
            priority: Vec::new(),
            fates: Fates::Nothing,
            times: Vec::new(),
            state: self.state(sharing),
            stateful: sharing.is_some(),
            degraded: 0,
            diagnostics: BTreeMap::new(),
            candidates,
            causes: Causes::new(policy.document()),
            deferrals: Vec::new(),
            given_up: 0,
            budgets: Vec::new(),
            work: Work::default(),
        }
    }

    /// How state is treated, in words.
    fn state(&self, sharing: Option<Sharing>) -> String {
        let given = self.options.history.as_ref().map(|history| history.len());
        let Some(sharing) = sharing else {
            let start = given.map_or("an empty history".into(), |n| format!("the given history ({n} events)"));
            let bind =
                if given.is_some() { "caps count those events alone" } else { "caps bind only within a decision" };
            return format!(
                "The data have no time column: every row stands at the project's instant with {start} and no decision sees \
                 another, so {bind}."
            );
        };
        let order = match sharing {
            Sharing::Subject => "subject by subject",
            Sharing::Connected => "subjects of a household or device together",
            Sharing::Everybody => "all subjects together, since something is counted over everybody",
        };
        let start = match given {
            Some(n) => format!("the given history ({n} events) as it was at the subject's first decision"),
            None => "an empty history".into(),
        };
        let everybody = match (sharing, given) {
            (Sharing::Everybody, Some(_)) => {
                " What is counted over everybody starts from the given events up to the first decision of all."
            }
            _ => "",
        };
        format!(
            "Rows are decided in order of time, {order}, each subject starting from {start}.{everybody} Caps, cool-downs, \
             stock and budgets evolve from this policy's own decisions; clicks and outcomes enter the history at the \
             decision's time, and only where the logged action is the chosen one. A choice that is to be sent later is \
             decided again then, with the row as it was."
        )
    }
}

/// What rows are decided on.
struct Ground<'a> {
    columns: Columns<'a>,
    times: &'a [i64],
    world: &'a World<'a>,
}

impl<'a> Ground<'a> {
    /// Rows per chunk.
    fn chunk(&self) -> usize {
        (2 * self.world.requests.largest_dictionary()).clamp(CHUNK, LARGEST_CHUNK)
    }

    /// Columns of the rows at some positions.
    fn columns(&self, positions: &[u32]) -> Result<Columns<'a>> {
        let World { requests, rows, policy, .. } = *self.world;
        let row = |at: &u32| rows[*at as usize];
        let subjects: Vec<&str> = positions.iter().map(|at| requests.subjects().key(row(at) as usize)).collect();
        let times: Vec<i64> = positions.iter().map(|at| self.times[*at as usize]).collect();
        let fits = |error: attune_policy::columns::ColumnError| Error::new(error.to_string());
        let mut columns = self.columns.select(positions);
        columns = columns.with_subjects(subjects).and_then(|columns| columns.with_now(times)).map_err(fits)?;
        if policy.draws() {
            let number = |at: &u32| self.world.stage.dataset.row_number(row(at) as usize).to_string();
            columns = columns.with_decision_ids(positions.iter().map(number).collect::<Vec<_>>()).map_err(fits)?;
        }
        if requests.household_codes().is_some() || requests.device_codes().is_some() {
            let own: Vec<u32> = positions.iter().map(row).collect();
            if let Some(households) = requests.households(&own) {
                columns = columns.with_households(households).map_err(fits)?;
            }
            if let Some(devices) = requests.devices(&own) {
                columns = columns.with_devices(devices).map_err(fits)?;
            }
        }
        Ok(columns)
    }

    /// Decides rows that stand at no time: each over the given history.
    fn alone(&self, task: &Task, replay: &mut Replay) -> Result<()> {
        let world = self.world;
        let history: &(dyn History + Sync) = match &world.stage.options.history {
            Some(history) => &**history,
            None => &NoHistory,
        };
        let all: Vec<u32> = (0..world.rows.len() as u32).collect();
        let chunks: Vec<&[u32]> = all.chunks(self.chunk()).collect();
        let decide = |positions: &&[u32]| -> Result<Part> {
            let begun = Instant::now();
            let columns = self.columns(positions)?;
            let mut part = Part::default();
            part.seconds.0 = begun.elapsed().as_secs_f64();
            let begun = Instant::now();
            let mut scratch = BatchScratch::default();
            world.policy.decide_batch_into(&columns, history, &mut scratch, &mut |row, outcome| {
                if outcome.degraded() {
                    part.failed(world.policy, outcome);
                }
                part.push(positions[row], outcome.places().first(), outcome, world);
            });
            part.seconds.1 = begun.elapsed().as_secs_f64();
            Ok(part)
        };
        self.windows(&chunks, decide, task, replay)
    }

    /// Decides shards that know nothing of each other.
    fn apart(&self, sharing: Sharing, task: &Task, replay: &mut Replay) -> Result<()> {
        let world = self.world;
        let order = Order::new(world.rows, self.times, world.requests, world.policy, sharing);
        let keep = if sharing == Sharing::Subject { Keep::One } else { Keep::Shard };
        let chunk = self.chunk();
        let runs = order.runs(chunk);
        let decide = |(first, last): &(usize, usize)| -> Result<Part> {
            let begins = &order.shards[*first..*last];
            let all = &order.positions[begins[0] as usize..order.shards[*last] as usize];
            let mut state = State::new(world, keep);
            let mut scratch = BatchScratch::default();
            let mut own = begins.iter().map(|begin| begin - begins[0]).peekable();
            // A subject of very many rows is worked off in pieces.
            let size = if all.len() <= 4 * chunk { all.len() } else { chunk };
            for (number, positions) in (0u32..).zip(all.chunks(size)) {
                if number > 0 && task.is_cancelled() {
                    return Err(Cancelled.into());
                }
                let offset = number * size as u32;
                let until = offset + positions.len() as u32;
                let mut begins = Vec::new();
                while let Some(begin) = own.next_if(|begin| *begin < until) {
                    begins.push(begin - offset);
                }
                let begun = Instant::now();
                let columns = self.columns(positions)?;
                let ahead = world.policy.look_ahead(&columns, &mut scratch);
                state.part.seconds.0 += begun.elapsed().as_secs_f64();
                let last = until as usize == all.len();
                self.pass(&mut state, positions, &ahead, number, &begins, last, &mut scratch);
            }
            Ok(state.part)
        };
        self.windows(&runs, decide, task, replay)
    }

    /// Decides all rows in order of time: columns ahead on all cores, then one pass over state.
    fn together(&self, task: &Task, replay: &mut Replay) -> Result<()> {
        let world = self.world;
        let order = Order::new(world.rows, self.times, world.requests, world.policy, Sharing::Everybody);
        let mut state = State::new(world, Keep::All);
        let mut scratch = BatchScratch::default();
        let chunk = self.chunk();
        let window = chunk * rayon::current_num_threads() * WINDOW.div_ceil(4);
        let (mut number, mut done) = (0, 0);
        for positions in order.positions.chunks(window) {
            let chunks: Vec<&[u32]> = positions.chunks(chunk).collect();
            let columns = chunks.par_iter().map(|positions| -> Result<(Columns<'a>, f64)> {
                let begun = Instant::now();
                Ok((self.columns(positions)?, begun.elapsed().as_secs_f64()))
            });
            let columns = columns.collect::<Result<Vec<_>>>()?;
            let ahead: Vec<(Lookahead<'_>, f64)> = columns
                .par_iter()
                .map_init(BatchScratch::default, |scratch, (columns, seconds)| {
                    let begun = Instant::now();
                    let ahead = world.policy.look_ahead(columns, scratch);
                    (ahead, seconds + begun.elapsed().as_secs_f64())
                })
                .collect();
            for (positions, (ahead, seconds)) in chunks.iter().zip(&ahead) {
                task.tick(done as f32 / world.rows.len().max(1) as f32)?;
                state.part.seconds.0 += seconds;
                done += positions.len();
                let last = done == order.positions.len();
                self.pass(&mut state, positions, ahead, number, &[], last, &mut scratch);
                number += 1;
            }
            drop(ahead);
            parts::scatter(replay, vec![std::mem::take(&mut state.part)], world.stage.log);
        }
        state.look_at_the_rest();
        let looks = world.looks.iter().zip(state.looks);
        replay.budgets = looks.map(|(at, budgets)| BudgetLook { at: *at, budgets }).collect();
        task.tick(1.0)?;
        Ok(())
    }

    /// One pass over the state of some rows; the last of them lets go of everything that waits.
    #[allow(clippy::too_many_arguments)] // one place to time it
    fn pass(
        &self,
        state: &mut State<'_>,
        positions: &[u32],
        ahead: &Lookahead<'_>,
        number: u32,
        begins: &[u32],
        last: bool,
        scratch: &mut BatchScratch,
    ) {
        let begun = Instant::now();
        let times: Vec<i64> = positions.iter().map(|at| self.times[*at as usize]).collect();
        let rows = Rows { positions, times: &times, ahead, number };
        let policy = self.world.policy;
        let mut work = AtWork { state, rows, begins };
        policy.decide_ahead(ahead, &mut work, scratch);
        if last {
            work.release_all();
        }
        state.part.seconds.1 += begun.elapsed().as_secs_f64();
    }

    /// Works off parts in windows on all cores, and writes the decisions of each window to their places.
    fn windows<T: Sync>(
        &self,
        items: &[T],
        decide: impl Fn(&T) -> Result<Part> + Sync,
        task: &Task,
        replay: &mut Replay,
    ) -> Result<()> {
        let window = WINDOW * rayon::current_num_threads();
        let mut done = 0;
        for items in items.chunks(window) {
            let decide = |item: &T| if task.is_cancelled() { Err(Cancelled.into()) } else { decide(item) };
            let parts = items.par_iter().map(decide).collect::<Result<Vec<Part>>>()?;
            done += parts.iter().map(Part::len).sum::<usize>();
            parts::scatter(replay, parts, self.world.stage.log);
            task.tick(done as f32 / self.world.rows.len().max(1) as f32)?;
        }
        Ok(())
    }
}

impl Replay {
    /// Fates of the candidates in the decision at `position`; empty where they were too many to keep.
    pub fn fates_at(&self, position: usize) -> &[Fate] {
        self.fates.at(position, self.candidates.len())
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
