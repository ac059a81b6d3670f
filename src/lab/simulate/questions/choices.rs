//! What many policies choose on the same rows, one policy after the other, each a part of a long run that can be kept.
//!
//! A part that was finished once is not decided again: [`Keep`] finds it by the revision of its policy. What a part holds follows
//! from its policy, the rows and the options alone, so a run that was broken off and taken up again gives the same report.

use crate::data::{Dataset, Requests, Role, Roles, split};
use crate::error::Result;
use crate::simulate::funnel::tally;
use crate::simulate::impact::cause_name;
use crate::simulate::keep::{self, Bytes, Keep, Part};
use crate::simulate::log::{DecisionLog, NO_ARM};
use crate::simulate::replay::{CHOSEN, Fates, NO_ACTION, Replay, Stage, Thinned, Told, Want, sample};
use crate::simulate::report::RowsUsed;
use crate::simulate::values::{Names, Odds, Target};
use crate::simulate::{Options, uses_models};
use crate::task::Task;
use attune_policy::policy::Policy;
use attune_policy::schema::Schema;
use serde::{Deserialize, Serialize};
use std::cell::Cell;

/// What a policy chose.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Choices {
    pub head: Head,
    /// Candidate chosen per decided row, [`NO_ACTION`] for none.
    pub chosen: Vec<u32>,
    /// Why nothing was chosen: the cause, among those of the head, that ended the candidate which came furthest.
    why: Vec<u16>,
    /// Priority of the choice; 0 for no action and fallbacks, which have none.
    pub priority: Vec<f32>,
    /// Where the policy explores, what values need of its probabilities per decided row: 16 bytes, however many arms there are.
    chance: Option<Vec<Odds>>,
}

/// What is told of a policy's choices apart from the rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Head {
    pub revision: String,
    rows: u64,
    /// Action, treatment, name.
    pub candidates: Vec<(String, String, String)>,
    /// What ended candidates, over the rows that are valued.
    pub causes: Vec<Ended>,
    pub state: String,
    pub degraded: u64,
    /// Mean response propensity of the choices that have one.
    pub propensity: Option<f64>,
    /// Whether the policy explores.
    chance: bool,
}

/// What a cause ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Ended {
    /// `Cap:weekly`.
    pub code: String,
    /// In words.
    pub name: String,
    pub candidates: u64,
    pub decisions: u64,
}

impl Choices {
    fn new(policy: &Policy, replay: &Replay, used: &[u32], log: &DecisionLog) -> Choices {
        let tally = tally(replay, used);
        let causes = replay.causes.list().iter().zip(&tally.causes).map(|(cause, counts)| Ended {
            code: cause.code(),
            name: cause_name(cause, policy.document()),
            candidates: counts.candidates,
            decisions: counts.decisions,
        });
        let furthest = match &replay.fates {
            Fates::Told(told) => told.furthest.as_slice(),
            _ => &[],
        };
        let why = |(chosen, cause): (&u32, &u16)| if *chosen == NO_ACTION { *cause } else { CHOSEN };
        let odds = |(at, row): (usize, &u32)| replay.odds(log, *row as usize, at);
        let known: Vec<f64> = replay.propensity.iter().copied().filter(|p| p.is_finite()).collect();
        Choices {
            head: Head {
                revision: policy.revision().to_owned(),
                rows: replay.rows.len() as u64,
                candidates: replay
                    .candidates
                    .iter()
                    .map(|c| (c.action.clone(), c.treatment.clone(), c.name.clone()))
                    .collect(),
                causes: causes.collect(),
                state: replay.state.clone(),
                degraded: replay.degraded,
                propensity: (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64),
                chance: replay.chances.is_some(),
            },
            chosen: replay.chosen.clone(),
            why: replay.chosen.iter().zip(furthest).map(why).collect(),
            priority: replay.priority.iter().map(|p| if p.is_finite() { *p as f32 } else { 0.0 }).collect(),
            chance: replay.chances.as_ref().map(|_| replay.rows.iter().enumerate().map(odds).collect()),
        }
    }

    /// Why the decision at a position chose nothing; `None` when it chose.
    pub fn why(&self, at: usize) -> Option<&str> {
        self.head.causes.get(usize::from(self.why[at])).map(|c| c.name.as_str())
    }

    /// Arm of the log per candidate, and of no action in the last place.
    fn arms(&self, log: &DecisionLog) -> Vec<u16> {
        let own = self.head.candidates.iter().map(|(action, treatment, _)| log.arm_of(action, treatment));
        own.chain([log.no_action()]).collect()
    }

    /// Arm of the log per decided row, [`NO_ARM`] for what was never logged.
    pub fn arm(&self, log: &DecisionLog) -> Vec<u16> {
        let arms = self.arms(log);
        let none = arms.len() - 1;
        self.chosen.iter().map(|c| arms.get((*c as usize).min(none)).copied().unwrap_or(NO_ARM)).collect()
    }

    /// The policy as values weigh it: by the probabilities of its choices, or by what it drew.
    pub fn target(&self, log: &DecisionLog, by: By) -> Chosen<'_> {
        let chance = self.chance.as_deref().filter(|_| by == By::Probability);
        Chosen { choices: self, arm: self.arm(log), chance }
    }

    /// Action and treatment of a choice, for people.
    pub fn name(&self, chosen: u32) -> &str {
        self.head.candidates.get(chosen as usize).map_or("No action", |(.., name)| name.as_str())
    }

    /// Action and treatment of a choice; equal in two policies when they do the same.
    pub fn does(&self, chosen: u32) -> (&str, &str) {
        self.head.candidates.get(chosen as usize).map_or(("", ""), |(a, t, _)| (a.as_str(), t.as_str()))
    }
}

/// By what a policy that explores is weighed. For one that leaves nothing to chance it is all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// By the probabilities of its choices.
    Probability,
    /// By its draws: what the decisions at hand are about.
    Draw,
}

/// A policy to be weighed.
pub(super) struct Chosen<'a> {
    choices: &'a Choices,
    arm: Vec<u16>,
    chance: Option<&'a [Odds]>,
}

impl Target for Chosen<'_> {
    fn odds(&self, log: &DecisionLog, row: usize, position: usize) -> Odds {
        match self.chance {
            Some(odds) => odds[position],
            None => Odds::certain(log, row, self.arm[position]),
        }
    }

    fn name(&self, log: &DecisionLog, row: usize, position: usize, names: &mut Names) {
        let action = || match self.choices.does(self.choices.chosen[position]).0 {
            "" => "NoAction".to_owned(),
            action => action.to_owned(),
        };
        names.add(log, row, self.arm[position], action);
    }
}

impl Part for Choices {
    fn bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = keep::line(&self.head)?;
        bytes.extend(self.chosen.iter().flat_map(|x| x.to_le_bytes()));
        bytes.extend(self.why.iter().flat_map(|x| x.to_le_bytes()));
        bytes.extend(self.priority.iter().flat_map(|x| x.to_le_bytes()));
        for odds in self.chance.iter().flatten() {
            bytes.extend(odds.logged.to_le_bytes());
            bytes.extend(odds.never.to_le_bytes());
            bytes.extend(odds.barred.to_le_bytes());
        }
        Ok(bytes)
    }

    fn read(bytes: &[u8]) -> Option<Choices> {
        let mut bytes = Bytes(bytes);
        let head: Head = bytes.line()?;
        let rows = usize::try_from(head.rows).ok()?;
        let chosen = bytes.values(rows, u32::from_le_bytes)?;
        let why = bytes.values(rows, u16::from_le_bytes)?;
        let priority = bytes.values(rows, f32::from_le_bytes)?;
        let chance = if head.chance { Some(bytes.values(rows, odds)?) } else { None };
        bytes.end()?;
        Some(Choices { head, chosen, why, priority, chance })
    }
}

fn odds([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]: [u8; 16]) -> Odds {
    Odds {
        logged: f64::from_le_bytes([a, b, c, d, e, f, g, h]),
        never: f32::from_le_bytes([i, j, k, l]),
        barred: f32::from_le_bytes([m, n, o, p]),
    }
}

/// What a policy chose, and something that was counted on the way.
struct Counted(Choices, u64);

impl Part for Counted {
    fn bytes(&self) -> Result<Vec<u8>> {
        Ok([keep::line(&self.1)?, self.0.bytes()?].concat())
    }

    fn read(bytes: &[u8]) -> Option<Counted> {
        let mut bytes = Bytes(bytes);
        let count = bytes.line()?;
        Some(Counted(Choices::read(bytes.0)?, count))
    }
}

/// Many policies on the same rows.
pub(super) struct Variants<'a> {
    pub dataset: &'a Dataset,
    pub roles: &'a Roles,
    pub log: &'a DecisionLog,
    pub options: &'a Options,
    keep: &'a dyn Keep,
    /// Rows decided, ascending.
    pub rows: Vec<u32>,
    /// Rows valued, ascending, all of them decided.
    pub used: Vec<u32>,
    /// Which rows these are, in the report.
    pub about: RowsUsed,
    /// What is counted over everybody, where that is why all rows are decided in place of some.
    shared: Option<String>,
    parts: usize,
    done: Cell<usize>,
}

impl<'a> Variants<'a> {
    /// The rows on which `policies` are valued: those that no model learned from where one of them uses models, else all. `parts` is
    /// the number of policies that will be decided, for progress.
    pub fn new(
        dataset: &'a Dataset,
        roles: &'a Roles,
        log: &'a DecisionLog,
        options: &'a Options,
        keep: &'a dyn Keep,
        policies: &[&Policy],
        parts: usize,
    ) -> Result<Variants<'a>> {
        let sample = sample(policies, dataset, roles, options)?;
        let mut caveats: Vec<String> = policies.iter().filter_map(|policy| sample.caveat(policy, roles)).collect();
        caveats.sort();
        caveats.dedup();
        let caveat = (!caveats.is_empty()).then(|| caveats.join(" "));
        let rows = log.decisions(sample.rows);
        let mut models: Vec<String> = policies.iter().flat_map(|p| uses_models(p.document())).collect();
        models.sort();
        models.dedup();
        let used = if models.is_empty() {
            rows.clone()
        } else {
            let unseen = split::held_out_rows(dataset, roles)?;
            rows.iter().copied().filter(|row| unseen.binary_search(row).is_ok()).collect()
        };
        let sampled = match rows.len() < dataset.rows() {
            true => format!(", of a sample of {} rows", rows.len()),
            false => String::new(),
        };
        let why = if models.is_empty() {
            format!("No policy uses a model, so all stand on all rows{sampled}.")
        } else {
            format!(
                "Models are used ({}), so all stand on the rows that no model learned from: {:.0} % of the subjects by a hash of \
                 their key{sampled}.",
                models.join(", "),
                100.0 * split::HELD_OUT_SHARE
            )
        };
        let total = dataset.rows() as u64;
        let about = RowsUsed { total, used: used.len() as u64, held_out: !models.is_empty(), why, caveat };
        Ok(Variants { dataset, roles, log, options, keep, rows, used, about, shared: None, parts, done: Cell::new(0) })
    }

    /// Policies on some of the rows, chosen so that what they do there is what they do among all.
    pub fn thinned(&self, rows: &Thinned, parts: usize) -> Variants<'a> {
        let Thinned { decided, used, shared } = rows.clone();
        let about = RowsUsed { used: used.len() as u64, ..self.about.clone() };
        Variants { rows: decided, used, about, shared, parts, done: Cell::new(0), ..*self }
    }

    /// What replays of its policies share.
    pub fn stage(&self) -> Stage<'a> {
        Stage { dataset: self.dataset, roles: self.roles, log: self.log, options: self.options }
    }

    /// What a policy chooses: found among the kept parts, or decided now and kept.
    pub fn choices(&self, name: &str, policy: &Policy, task: &Task) -> Result<Choices> {
        task.stage(&self.next(name))?;
        let fits = |c: &Choices| self.fits(c, policy);
        keep::part(self.keep, &format!("{}-{}", policy.revision(), self.rows.len()), fits, || {
            self.decide(policy, &[], |replay| Ok(Choices::new(policy, replay, &self.used, self.log)), task)
        })
    }

    /// The same, with something counted of the fates of candidates on the rows that `told` gives, kept with them under a name of its own.
    pub fn choices_and_count(
        &self,
        (name, of): (&str, &str),
        policy: &Policy,
        told: impl FnOnce() -> Result<Vec<u32>>,
        count: impl FnOnce(&Replay, &[u32]) -> u64,
        task: &Task,
    ) -> Result<(Choices, u64)> {
        let stage = self.next(name);
        let fits = |c: &Counted| self.fits(&c.0, policy);
        let made = keep::part(self.keep, &format!("{of}-{}-{}", policy.revision(), self.rows.len()), fits, || {
            let told = told()?;
            task.stage(&stage)?;
            let both =
                |replay: &Replay| Ok(Counted(Choices::new(policy, replay, &self.used, self.log), count(replay, &told)));
            self.decide(policy, &told, both, task)
        })?;
        Ok((made.0, made.1))
    }

    fn decide<T>(
        &self,
        policy: &Policy,
        sampled: &[u32],
        of: impl FnOnce(&Replay) -> Result<T>,
        task: &Task,
    ) -> Result<T> {
        let told = Told { used: &self.used, sampled, furthest: true };
        of(&self.stage().decide_wanting(Want::Told(told), policy, self.rows.clone(), task)?)
    }

    fn fits(&self, choices: &Choices, policy: &Policy) -> bool {
        choices.head.revision == policy.revision() && choices.chosen.len() == self.rows.len()
    }

    /// The stage of the next policy, in words.
    fn next(&self, name: &str) -> String {
        self.done.set(self.done.get() + 1);
        let of = if self.parts > 1 { format!(" (part {} of {})", self.done.get(), self.parts) } else { String::new() };
        let n = self.rows.len();
        match &self.shared {
            None => format!("Deciding {n} rows with {name}{of}"),
            Some(shared) => format!("Deciding all {n} rows with {name}{of}: {shared} over everybody"),
        }
    }

    /// When rows were decided; `None` where they have no times.
    ///
    /// # Errors
    /// When a role names a column that is not there.
    pub fn times(&self, rows: &[u32]) -> Result<Option<Vec<i64>>> {
        if self.roles.first(Role::Time).is_none() {
            return Ok(None);
        }
        let requests = Requests::new(self.dataset, self.roles, &Schema::default())?;
        Ok(Some(rows.iter().map(|row| requests.now(*row as usize)).collect()))
    }

    /// Positions of ascending `rows` among the decided ones.
    pub fn positions(&self, rows: &[u32]) -> Vec<usize> {
        let mut at = 0;
        rows.iter()
            .filter_map(|row| {
                while self.rows.get(at).is_some_and(|r| r < row) {
                    at += 1;
                }
                (self.rows.get(at) == Some(row)).then_some(at)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_read_back_and_torn_ones_do_not() {
        let choices = Choices {
            head: Head {
                revision: "r".into(),
                rows: 3,
                candidates: vec![("a".into(), "t".into(), "A (\"t\")\nsecond line".into())],
                causes: vec![Ended { code: "Lost".into(), name: "lost".into(), candidates: 1, decisions: 1 }],
                state: "s".into(),
                degraded: 0,
                propensity: Some(0.1),
                chance: false,
            },
            chosen: vec![0, NO_ACTION, 0],
            why: vec![CHOSEN, 0, CHOSEN],
            priority: vec![0.5, 0.0, -1.25],
            chance: None,
        };
        assert_eq!((choices.why(1), choices.why(0)), (Some("lost"), None));
        let odds = |logged, never, barred| Odds { logged, never, barred };
        let explores = Choices {
            head: Head { chance: true, ..choices.head.clone() },
            chance: Some(vec![odds(0.1, 0.25, 0.0), odds(1.0, 0.0, 0.0), odds(1.0 / 3.0, 0.0, 0.5)]),
            ..choices.clone()
        };
        for choices in [choices, explores] {
            let bytes = choices.bytes().unwrap();
            assert_eq!(Choices::read(&bytes), Some(choices));
            for end in 0..bytes.len() {
                assert_eq!(Choices::read(&bytes[..end]), None, "cut at {end}");
            }
            assert_eq!(Choices::read(&[bytes.as_slice(), b"x"].concat()), None);
        }
    }
}
