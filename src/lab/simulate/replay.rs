//! Replay: every row of history decided by the real engine, over the history that its own decisions make.
//!
//! Columns first: the rules that read columns alone and the scores of models are found for many rows at a time, on all cores. Then one pass
//! over state, row by row in order of time: a decision of the candidate policy leaves Decision, Sent and Impression at its time, clicks and
//! outcomes only where the logged action is the one that was sent, and one whose choice is to be sent later is decided again then ([`state`]).
//! Rows without times are independent of each other.
//!
//! What shares a counter is decided in order; what does not, on whatever core is free ([`order`]): subjects by themselves, those of a
//! household or device together, everything together where budgets, stock or caps count over everybody. The answer does not depend on how
//! many cores there are. Rows are worked off in windows of time, so that memory holds little more than the dataset, the events of each subject
//! that still count, and the answer. What a window's rows may see at least is known before it begins: a candidate that a cap keeps back then
//! is not scored.

mod fates;
mod order;
mod parts;
pub(super) mod pieces;
mod state;
mod store;
pub mod thinning;

use crate::data::{Dataset, Requests, Roles};
use crate::error::{Error, Result};
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
use order::{Order, Parts, Sharing};
use parts::Part;
use rayon::prelude::*;
use state::{State, Traces, Window, World};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use store::{Guesses, SoFar, Store};

pub use fates::Fates;
#[cfg(test)]
pub(super) use fates::furthest_cause;
pub(super) use fates::{CHOSEN, MOST_FATES, Told, Want};
pub use state::MOST_DEFERRALS;
pub(super) use state::follow_up;
pub use thinning::{Sample, sample};
pub(super) use thinning::{Thinned, thin, thinned};

/// Marks a decision for no action among candidate positions.
pub const NO_ACTION: u32 = u32::MAX;

/// Rows that are looked ahead on together, where there are many and dictionaries are small.
const CHUNK: usize = 4_096;

/// The same where a dictionary is large, since every text of it is looked up once per chunk.
const LARGEST_CHUNK: usize = 65_536;

/// Chunks per core that are worked off before their decisions are written to their places, at most.
const WINDOW: usize = 32;

/// A window that takes longer is not made larger.
const PACE: Duration = Duration::from_millis(50);

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
    /// Candidates placed below the first, where the log has lists: per decision one for each place but the top one, [`NO_ACTION`] for
    /// none. Empty where it has no lists.
    pub lower: Vec<u32>,
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
    /// Rules that read columns alone, and scores of models.
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

/// Decides the rows of a dataset: all of them, or a sample ([`Options::sample`]); of a list its top row, for all its places.
///
/// # Errors
/// When a field of the policy is missing in the data, a role names a column that is not there, or the task is cancelled.
pub fn replay(policy: &Policy, dataset: &Dataset, roles: &Roles, options: &Options, task: &Task) -> Result<Replay> {
    let log = DecisionLog::read(dataset, roles, options.goal.as_deref(), task)?;
    let rows = log.decisions(sample(&[policy], dataset, roles, options)?.rows);
    task.stage("Deciding rows")?;
    Stage { dataset, roles, log: &log, options }.decide(policy, rows, task)
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
        let sharing = Sharing::of(policy, self.roles);
        let times: Vec<i64> = rows.par_iter().map(|row| requests.now(*row as usize)).collect();
        let (start, end) = (times.iter().copied().min().unwrap_or(0), times.iter().copied().max().unwrap_or(0));
        let budgets = policy.document().budgets.iter().any(|budget| budget.enabled);
        let looks = if sharing.is_some() && budgets { weeks::ends(start, end) } else { Vec::new() };
        let mut replay = parts::blank(self.empty(policy, sharing), rows.len(), self.log.places_below());
        replay.fates = Fates::new(want, &rows, &times, replay.candidates.len(), &replay.causes);
        let (list, causes) = (replay.candidates.clone(), replay.causes.clone());
        let world = World {
            policy,
            stage: self,
            requests,
            rows: &rows,
            times: &times,
            candidates: &list,
            causes: &causes,
            start,
            looks: &looks,
            lower: self.log.places_below(),
            traces: Traces::new(policy, self.log),
        };
        let columns = requests.columns(&rows)?.with_now(&times).map_err(|error| Error::new(error.to_string()))?;
        let ground = Ground { columns, world: &world };
        match sharing {
            None => ground.alone(task, &mut replay)?,
            Some(sharing) => ground.in_time(sharing, task, &mut replay)?,
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
            lower: Vec::new(),
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
        let lists = match &self.log.lists {
            Some(_) => {
                " A list is decided once, at its top row; all that it places is sent, and of its outcomes those of the top row enter the \
                 history."
            }
            None => "",
        };
        self.state_of_rows(sharing) + lists
    }

    fn state_of_rows(&self, sharing: Option<Sharing>) -> String {
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
    world: &'a World<'a>,
}

impl<'a> Ground<'a> {
    /// Rows per chunk: a multiple of 64, so that bits are lent too. Few rows are chunked as well, for what is slow to decide.
    fn chunk(&self) -> usize {
        let large = (2 * self.world.requests.largest_dictionary()).clamp(CHUNK, LARGEST_CHUNK);
        (self.world.rows.len() / 16).min(large).next_multiple_of(64).max(64)
    }

    /// Columns of the rows at some places of an order.
    fn columns(&self, order: &Order, places: Range<usize>) -> Result<Columns<'_>> {
        let World { rows, policy, stage, .. } = *self.world;
        let columns = match order.run(places.clone()) {
            None => self.columns.slice(places.clone()),
            Some(positions) => self.columns.select(positions),
        };
        if !policy.draws() {
            return Ok(columns);
        }
        let number = |place: usize| stage.dataset.row_number(rows[order.at(place) as usize] as usize).to_string();
        let ids = columns.with_decision_ids(places.map(number).collect::<Vec<_>>());
        ids.map_err(|error| Error::new(error.to_string()))
    }

    /// Decides rows that stand at no time: each over the given history.
    fn alone(&self, task: &Task, replay: &mut Replay) -> Result<()> {
        let world = self.world;
        let history: &(dyn History + Sync) = match &world.stage.options.history {
            Some(history) => &**history,
            None => &NoHistory,
        };
        let order = Order::as_they_stand(world.rows.len());
        let chunk = self.chunk();
        let chunks: Vec<usize> = (0..order.len()).step_by(chunk).collect();
        let decide = |first: &usize| -> Result<Part> {
            let begun = Instant::now();
            let columns = self.columns(&order, *first..(*first + chunk).min(order.len()))?;
            let mut part = Part::default();
            part.seconds.0 = begun.elapsed().as_secs_f64();
            let begun = Instant::now();
            let mut scratch = BatchScratch::default();
            world.policy.decide_batch_into(&columns, history, &mut scratch, &mut |row, outcome| {
                if outcome.degraded() {
                    part.failures.add(world.policy, outcome);
                }
                part.push((first + row) as u32, outcome.places().first(), outcome, world);
            });
            part.seconds.1 = begun.elapsed().as_secs_f64();
            Ok(part)
        };
        self.windows(&chunks, decide, task, replay)
    }

    /// Decides rows in order of time, window by window: columns ahead on all cores, then a pass over the state of each part.
    fn in_time(&self, sharing: Sharing, task: &Task, replay: &mut Replay) -> Result<()> {
        let world = self.world;
        let order = Order::new(world.times);
        let parts = Parts::new(world.rows, world.requests, world.policy, sharing);
        let mut states: Vec<State<'_>> = (0..parts.count()).map(|part| State::new(world, &parts, part)).collect();
        let spaces: Mutex<Vec<BatchScratch>> = Mutex::default();
        let chunk = self.chunk();
        let threads = rayon::current_num_threads();
        // What counts over everybody changes with every decision, and what chance had a part in leaves more behind than its choice.
        let guesses_pay = sharing != Sharing::Everybody && !world.policy.draws();
        let mut guess = guesses_pay;
        // Few rows of a window should concern the same people.
        let most = (world.requests.subjects().count() / (4 * chunk)).clamp(threads, WINDOW * threads);
        let (mut number, mut first, mut chunks) = (0, 0, threads);
        while first < order.len() {
            let begun = Instant::now();
            let end = (first + chunk * chunks).min(order.len());
            let starts: Vec<usize> = (first..end).step_by(chunk).collect();
            let columns =
                starts.par_iter().with_max_len(1).map(|start| self.columns(&order, *start..(start + chunk).min(end)));
            let columns = columns.collect::<Result<Vec<_>>>()?;
            let stores: Vec<&Store> = states.iter().map(|state| &state.store).collect();
            let ahead = columns.par_iter().zip(&starts).with_max_len(1).map(
                |(columns, start)| -> Result<(Lookahead<'_>, Guesses)> {
                    if task.is_cancelled() {
                        return Err(Cancelled.into());
                    }
                    let begun = Instant::now();
                    let so_far = SoFar { world, parts: &parts, stores: &stores, order: &order, first: *start };
                    let mut space = spaces.lock().ok().and_then(|mut spaces| spaces.pop()).unwrap_or_default();
                    let ahead = world.policy.look_ahead(columns, &so_far, &mut space);
                    let mut guesses =
                        if guess { Guesses::new(&ahead, &so_far, &mut space) } else { Guesses::default() };
                    guesses.part.seconds.0 = begun.elapsed().as_secs_f64();
                    if let Ok(mut spaces) = spaces.lock() {
                        spaces.push(space);
                    }
                    Ok((ahead, guesses))
                },
            );
            let (ahead, mut guesses): (Vec<_>, Vec<_>) = ahead.collect::<Result<Vec<_>>>()?.into_iter().unzip();
            if !guess {
                replay.work.ahead += guesses.drain(..).map(|guesses| guesses.part.seconds.0).sum::<f64>();
            }
            let last = end == order.len();
            let window = Window { number, first, order: &order, chunk, ahead: &ahead, guesses: &guesses, last };
            let rows = self.spread(&window, end, &parts);
            states
                .par_iter_mut()
                .zip(&rows)
                .with_max_len(1)
                .try_for_each(|(state, rows)| state.run(rows, &window, task))?;
            let mut redone: Vec<u32> = states.iter_mut().flat_map(|state| state.redone.drain(..)).collect();
            redone.par_sort_unstable();
            let before = |row: usize| redone.partition_point(|redone| (*redone as usize) < row);
            guesses.par_iter_mut().enumerate().with_max_len(1).for_each(|(i, guesses)| {
                let own = &redone[before(i * chunk)..before((i + 1) * chunk)];
                guesses.part.take_out(own.iter().map(|row| order.at(first + *row as usize)));
            });
            let guessed = guesses.iter_mut().map(|guesses| std::mem::take(&mut guesses.part));
            let done: Vec<Part> =
                guessed.chain(states.iter_mut().map(|state| std::mem::take(&mut state.part))).collect();
            parts::scatter(replay, done, world.stage.log);
            let anew: usize = states.iter_mut().map(|state| std::mem::take(&mut state.anew)).sum();
            guess = guesses_pay && 2 * anew < end - first;
            task.tick(end as f32 / order.len() as f32)?;
            (number, first) = (number + 1, end);
            // Large enough that nothing waits long for others, small enough that progress is seen and memory stays small.
            if begun.elapsed() < PACE {
                chunks = (2 * chunks).min(most);
            }
        }
        for state in &mut states {
            std::mem::take(&mut state.failures).tell(replay);
        }
        if let (Sharing::Everybody, Some(mut state)) = (sharing, states.pop()) {
            state.look_at_the_rest();
            let looks = world.looks.iter().zip(state.looks);
            replay.budgets = looks.map(|(at, budgets)| BudgetLook { at: *at, budgets }).collect();
        }
        Ok(())
    }

    /// The rows of a window, up to a place in the order, by the part that decides them.
    fn spread(&self, window: &Window<'_>, end: usize, parts: &Parts) -> Vec<Vec<u32>> {
        let World { rows, requests, .. } = *self.world;
        let mut lists: Vec<Vec<u32>> = vec![Vec::new(); parts.count()];
        for place in window.first..end {
            let row = rows[window.order.at(place) as usize] as usize;
            lists[parts.part(requests.subjects().code(row))].push((place - window.first) as u32);
        }
        lists
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
            let parts = items.par_iter().with_max_len(1).map(decide).collect::<Result<Vec<Part>>>()?;
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

    /// Candidates at the places of the list decided at `position`, the top one first, [`NO_ACTION`] for none: as many places as the log's
    /// lists have, one where it has none.
    pub fn placed(&self, position: usize) -> impl Iterator<Item = u32> + '_ {
        let lower = self.lower.len() / self.rows.len().max(1);
        let below = self.lower[position * lower..(position + 1) * lower].iter();
        std::iter::once(self.chosen[position]).chain(below.copied())
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
