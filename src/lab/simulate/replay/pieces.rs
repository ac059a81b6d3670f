//! A long replay in pieces of whole subjects, each of which can be kept and found again.
//!
//! Only what shares no counter is cut: where households, budgets, stock or caps count over several subjects, all rows are one piece.
//! The decisions are those of one pass over all rows.

use super::fates::{Counted, Fates, Want};
use super::order::Sharing;
use super::parts::{blank, count};
use super::{BudgetLook, Deferral, NO_ACTION, Replay, Stage};
use crate::data::Requests;
use crate::error::Result;
use crate::simulate::chance::Chances;
use crate::simulate::fates::{Fate, How, STEPS};
use crate::simulate::keep::{self, Bytes, Keep, Part, part};
use crate::task::Task;
use attune_policy::outcome::BudgetState;
use attune_policy::policy::Policy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows of a piece, about: what is lost at most when a long run is broken off.
pub const PIECE: usize = 1_000_000;

/// Fates of a piece, in number: 200 MB.
const MOST_OF_PIECE: usize = 50_000_000;

/// How a replay is cut, and what of it is wanted.
#[derive(Clone, Copy)]
pub struct Cut<'a> {
    /// Where pieces are kept.
    pub keep: &'a dyn Keep,
    /// About how many rows a piece has.
    pub rows: usize,
    /// What is wanted of fates beside the choices.
    pub want: Want<'a>,
    /// Whose decisions they are, in words.
    pub name: &'a str,
}

impl Stage<'_> {
    /// Decides `rows` (ascending) with a policy, piece by piece; each piece is a stage of the task.
    ///
    /// # Errors
    /// As [`Stage::decide`], and when a piece cannot be kept.
    pub fn decide_in_pieces(&self, policy: &Policy, rows: &[u32], cut: Cut<'_>, task: &Task) -> Result<Replay> {
        let requests = Requests::new(self.dataset, self.roles, &policy.document().schema)?;
        let sharing = Sharing::of(policy, self.roles);
        let pieces = match sharing {
            None | Some(Sharing::Subject) => {
                let width: usize = policy.document().actions.iter().map(|action| action.treatments.len()).sum();
                rows.len().div_ceil(cut.rows.min(MOST_OF_PIECE / width.max(1)).max(1)).max(1)
            }
            Some(_) => 1,
        };
        let what = format!("Deciding {} rows with {}", rows.len(), cut.name);
        task.stage(&what)?;
        self.refuse_endless_rules(&requests, policy, rows)?;
        // A piece that is all becomes the whole; of several each is copied to its places.
        let mut whole =
            blank(self.empty(policy, sharing), if pieces == 1 { 0 } else { rows.len() }, self.log.places_below());
        let times: Vec<i64> = rows.iter().map(|row| requests.now(*row as usize)).collect();
        let width = whole.candidates.len();
        whole.fates = match Fates::fit(cut.want, rows.len(), width) {
            Want::Each if pieces == 1 => Fates::Each(Vec::new()),
            want => Fates::new(want, rows, &times, width, &whole.causes),
        };
        // Of several pieces each fate is kept until it is counted.
        let want = match &whole.fates {
            Fates::Nothing => Want::Nothing,
            Fates::Told(_) if pieces > 1 => Want::Each,
            _ => cut.want,
        };
        for (number, positions) in positions_of(pieces, rows, &requests).into_iter().enumerate() {
            if pieces > 1 {
                task.stage(&format!("{what} (part {} of {pieces})", number + 1))?;
            }
            let own: Vec<u32> = positions.iter().map(|at| rows[*at as usize]).collect();
            let kind = match want {
                Want::Nothing => "choices",
                Want::Each => "fates",
                Want::Told(_) => "told",
            };
            let name = format!("{kind}-{}-{number}of{pieces}", policy.revision());
            let lower = self.log.places_below();
            let fits = |piece: &Piece| piece.fits(&whole, positions.len(), lower, want, self.log.arms.len());
            let piece = part(cut.keep, &name, fits, || {
                Ok(Piece::new(self.decide_requests(&requests, want, policy, own, task)?))
            })?;
            piece.put(&mut whole, &positions, pieces == 1, self.log.arms.len());
        }
        whole.deferrals.sort_by_key(|deferral| (deferral.position, deferral.at));
        let (candidates, no_action) = (&whole.candidates, self.log.no_action());
        let arm = |chosen: &u32| candidates.get(*chosen as usize).map_or(no_action, |candidate| candidate.arm);
        whole.arm = whole.chosen.iter().map(arm).collect();
        whole.times = times;
        whole.rows = rows.to_vec();
        Ok(whole)
    }
}

/// The positions of each piece among the rows, ascending: whole subjects by their number.
fn positions_of(pieces: usize, rows: &[u32], requests: &Requests) -> Vec<Vec<u32>> {
    let all = 0..rows.len() as u32;
    if pieces == 1 {
        return vec![all.collect()];
    }
    let subjects = requests.subjects();
    let mut positions = vec![Vec::new(); pieces];
    for at in all {
        let code = subjects.code(rows[at as usize] as usize) as u64;
        let piece = code * pieces as u64 / subjects.count().max(1) as u64;
        positions[piece as usize].push(at);
    }
    positions
}

/// The decisions of a piece, apart from what follows from its policy and rows.
struct Piece {
    head: Head,
    chosen: Vec<u32>,
    lower: Vec<u32>,
    fallback: Vec<bool>,
    propensity: Vec<f64>,
    priority: Vec<f64>,
    /// Each, or those that are kept beside the counts.
    fates: Vec<Fate>,
    deferrals: Vec<Deferral>,
    /// Positions of the decisions that chance had a part in, and their probabilities: one per arm, one for what was never logged.
    explored: (Vec<u32>, Vec<f64>),
}

#[derive(Serialize, Deserialize)]
struct Head {
    rows: usize,
    lower: usize,
    fates: usize,
    deferrals: usize,
    explored: usize,
    /// Probabilities per decision.
    arms: usize,
    approximate: u64,
    degraded: u64,
    given_up: u64,
    diagnostics: BTreeMap<String, u64>,
    budgets: Vec<(i64, Vec<Budget>)>,
    /// What was counted where not each fate is kept.
    counted: Option<Counted>,
}

/// Budget, spent, most, pace, least.
type Budget = (u32, f64, Option<f64>, Option<f64>, Option<f64>);

impl Piece {
    fn new(replay: Replay) -> Piece {
        let mut explored = (Vec::new(), Vec::new());
        let mut arms = 0;
        if let Some(chances) = &replay.chances {
            for at in 0..replay.rows.len() {
                let Some(own) = chances.of(at) else { continue };
                arms = own.len();
                explored.0.push(at as u32);
                explored.1.extend_from_slice(own);
            }
        }
        let budget = |state: &BudgetState| (state.budget, state.spent, state.max, state.pace, state.least);
        let look = |look: &BudgetLook| (look.at, look.budgets.iter().map(budget).collect());
        let (fates, counted) = match replay.fates {
            Fates::Nothing => (Vec::new(), None),
            Fates::Each(fates) => (fates, None),
            Fates::Told(told) => (told.kept().to_vec(), Some(told.counted)),
        };
        let head = Head {
            rows: replay.rows.len(),
            lower: replay.lower.len(),
            fates: fates.len(),
            deferrals: replay.deferrals.len(),
            explored: explored.0.len(),
            arms,
            approximate: replay.chances.as_ref().map_or(0, |chances| chances.approximate),
            degraded: replay.degraded,
            given_up: replay.given_up,
            diagnostics: replay.diagnostics,
            budgets: replay.budgets.iter().map(look).collect(),
            counted,
        };
        let Replay { chosen, lower, fallback, propensity, priority, deferrals, .. } = replay;
        Piece { head, chosen, lower, fallback, propensity, priority, fates, deferrals, explored }
    }

    /// Whether it can be a piece of so many rows, of a policy with these candidates and causes.
    fn fits(&self, whole: &Replay, rows: usize, lower: usize, want: Want<'_>, arms: usize) -> bool {
        let width = whole.candidates.len();
        let (fates, counted) = match (want, &whole.fates) {
            (Want::Nothing, _) => (0, false),
            (Want::Told(_), Fates::Told(told)) => (told.kept().len(), true),
            _ => (rows * width, false),
        };
        let causes = whole.causes.list().len();
        let all = |counts: &Counted| {
            counts.tally.causes.len() == causes && counts.hits.values().all(|hits| hits.len() == causes)
        };
        let known = |candidate: u32| candidate == NO_ACTION || (candidate as usize) < width;
        let cause = |cause: usize| cause < causes;
        self.head.rows == rows
            && self.fates.len() == fates
            && self.head.counted.is_some() == counted
            && self.head.counted.as_ref().is_none_or(all)
            && self.lower.len() == rows * lower
            && self.chosen.iter().chain(&self.lower).all(|chosen| known(*chosen))
            && self.fates.iter().all(|fate| usize::from(fate.step) < STEPS.len() && cause(fate.cause.into()))
            && self.deferrals.iter().all(|d| (d.position as usize) < rows && known(d.candidate))
            && self.deferrals.iter().all(|d| d.cause.is_none_or(|own| cause(own.into())))
            && (self.explored.0.is_empty() || self.head.arms == arms + 1)
            && self.explored.0.iter().all(|at| (*at as usize) < rows)
    }

    /// Writes the decisions to their places; where they are `all`, nothing is copied.
    fn put(self, whole: &mut Replay, positions: &[u32], all: bool, arms: usize) {
        let width = whole.candidates.len();
        match (self.head.counted, &mut whole.fates) {
            (Some(counted), Fates::Told(told)) => told.restore(counted, self.fates),
            (_, Fates::Each(fates)) if all => *fates = self.fates,
            (_, fates) => fates.put(positions, &self.fates, width),
        }
        if all {
            (whole.chosen, whole.lower, whole.fallback) = (self.chosen, self.lower, self.fallback);
            (whole.propensity, whole.priority) = (self.propensity, self.priority);
        } else {
            let lower = self.lower.len() / self.chosen.len().max(1);
            for (i, at) in positions.iter().enumerate() {
                let to = *at as usize;
                whole.lower[to * lower..(to + 1) * lower].copy_from_slice(&self.lower[i * lower..(i + 1) * lower]);
                whole.chosen[to] = self.chosen[i];
                whole.fallback[to] = self.fallback[i];
                whole.propensity[to] = self.propensity[i];
                whole.priority[to] = self.priority[i];
            }
        }
        if !self.explored.0.is_empty() {
            let rows = whole.chosen.len();
            let chances = whole.chances.get_or_insert_with(|| Chances::new(rows, arms));
            for (at, own) in self.explored.0.iter().zip(self.explored.1.chunks_exact(arms + 1)) {
                chances.set(positions[*at as usize] as usize, own);
            }
            chances.approximate += self.head.approximate;
        }
        let moved = |own: Deferral| Deferral { position: positions[own.position as usize], ..own };
        whole.deferrals.extend(self.deferrals.into_iter().map(moved));
        whole.degraded += self.head.degraded;
        whole.given_up += self.head.given_up;
        for (text, times) in self.head.diagnostics {
            count(&mut whole.diagnostics, text, times);
        }
        let state = |(budget, spent, max, pace, least): Budget| BudgetState { budget, spent, max, pace, least };
        let look =
            |(at, budgets): (i64, Vec<Budget>)| BudgetLook { at, budgets: budgets.into_iter().map(state).collect() };
        whole.budgets.extend(self.head.budgets.into_iter().map(look));
    }
}

/// Marks a deferral without a cause.
const NO_CAUSE: u16 = u16::MAX;

impl Part for Piece {
    fn bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = keep::line(&self.head)?;
        bytes.extend(self.chosen.iter().chain(&self.lower).flat_map(|x| x.to_le_bytes()));
        bytes.extend(self.fallback.iter().map(|x| u8::from(*x)));
        bytes.extend(self.propensity.iter().flat_map(|x| x.to_le_bytes()));
        bytes.extend(self.priority.iter().flat_map(|x| x.to_le_bytes()));
        for fate in &self.fates {
            let cause = fate.cause.to_le_bytes();
            bytes.extend([fate.step, fate.how as u8, cause[0], cause[1]]);
        }
        for own in &self.deferrals {
            bytes.extend(own.position.to_le_bytes());
            bytes.extend(own.at.to_le_bytes());
            bytes.extend(own.until.to_le_bytes());
            bytes.extend(own.candidate.to_le_bytes());
            bytes.extend(own.cause.unwrap_or(NO_CAUSE).to_le_bytes());
        }
        bytes.extend(self.explored.0.iter().flat_map(|x| x.to_le_bytes()));
        bytes.extend(self.explored.1.iter().flat_map(|x| x.to_le_bytes()));
        Ok(bytes)
    }

    fn read(bytes: &[u8]) -> Option<Piece> {
        let mut bytes = Bytes(bytes);
        let head: Head = bytes.line()?;
        let how = |code: u8| [How::Result, How::Missing, How::Failed].into_iter().find(|how| *how as u8 == code);
        let piece = Piece {
            chosen: bytes.values(head.rows, u32::from_le_bytes)?,
            lower: bytes.values(head.lower, u32::from_le_bytes)?,
            fallback: bytes.values(head.rows, |[x]| x == 1)?,
            propensity: bytes.values(head.rows, f64::from_le_bytes)?,
            priority: bytes.values(head.rows, f64::from_le_bytes)?,
            fates: bytes
                .values(head.fates, |[step, code, low, high]| {
                    Some(Fate { step, how: how(code)?, cause: u16::from_le_bytes([low, high]) })
                })?
                .into_iter()
                .collect::<Option<_>>()?,
            deferrals: bytes.values(head.deferrals, deferral)?.into_iter().collect::<Option<_>>()?,
            explored: (
                bytes.values(head.explored, u32::from_le_bytes)?,
                bytes.values(head.explored.checked_mul(head.arms)?, f64::from_le_bytes)?,
            ),
            head,
        };
        bytes.end()?;
        Some(piece)
    }
}

fn deferral(own: [u8; 26]) -> Option<Deferral> {
    let mut bytes = Bytes(&own);
    Some(Deferral {
        position: *bytes.values(1, u32::from_le_bytes)?.first()?,
        at: *bytes.values(1, i64::from_le_bytes)?.first()?,
        until: *bytes.values(1, i64::from_le_bytes)?.first()?,
        candidate: *bytes.values(1, u32::from_le_bytes)?.first()?,
        cause: bytes.values(1, u16::from_le_bytes)?.first().copied().filter(|cause| *cause != NO_CAUSE),
    })
}
