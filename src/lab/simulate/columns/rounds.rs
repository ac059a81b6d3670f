//! Columns as logged rounds: weights, rewards, what reward models expect, and which rows are places of one list.

use super::lists::ListColumns;
use super::{cells_of, flags, known, known_at, numbered, order, several};
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::simulate::estimators::Along;
use crate::simulate::off_policy::slate::Lists;
use crate::simulate::off_policy::{Logged, Predictions};
use crate::simulate::values::pick;

/// Which columns hold logged rounds; names as in the source or as identifiers.
#[derive(Clone, Debug, Default)]
pub struct RoundColumns {
    /// Reward of the logged action.
    pub reward: String,
    /// Probability with which the logger took it; empty where it is to be estimated ([`Rounds::learn`]).
    pub propensity: String,
    /// Probability with which the target policy takes it; not read where `choice` is given.
    pub target: String,
    /// The logged action. Where each has one propensity, as in a trial, the shares of the actions can stand in its place.
    pub action: Option<String>,
    /// The action that the target policy takes, in place of `target`; needs `action`.
    pub choice: Option<String>,
    /// A reward model's prediction for it, with its expectation under the target policy.
    pub model: Option<(String, String)>,
    /// The same of a reward model made to have little variance for the target policy.
    pub mrdr: Option<(String, String)>,
    /// Who was decided for, where subjects repeat.
    pub subject: Option<String>,
    /// When, or in which order: what a subject's decisions are multiplied along.
    pub time: Option<String>,
    /// Whether what the target policy took is what was logged.
    pub matched: Option<String>,
    /// Whether the row counts. Where it is given, rows without a reward are left out, too.
    pub used: Option<String>,
    /// Which list the row is a place of, and which place: 1 at the top, or 0.
    pub places: Option<(String, String)>,
}

/// Logged rounds that were read.
#[derive(Clone, Debug, Default)]
pub struct Rounds {
    /// The rows that count, and have a reward.
    pub(in crate::simulate) data: Option<Dataset>,
    pub(in crate::simulate) weights: Vec<f64>,
    pub(in crate::simulate) rewards: Vec<f64>,
    pub(in crate::simulate) model: Option<(Vec<f64>, Vec<f64>)>,
    clusters: Option<Vec<u32>>,
    pub(in crate::simulate) most_weight: f64,
    /// The target policy's probability of the logged action.
    pub chances: Vec<f64>,
    /// 1 where what it took is what was logged, where a column says so.
    pub matched: Option<Vec<f64>>,
    pub(in crate::simulate) mrdr: Option<(Vec<f64>, Vec<f64>)>,
    /// The same rounds as lists, where columns say which are places of one.
    pub lists: Option<Lists>,
    /// Rows left out since they do not count, and since their reward is missing.
    pub left_out: (u64, u64),
    /// Rounds in which the target policy takes what was never logged, and what that is; `None` where its actions are not named.
    pub never: Option<Never>,
    pub(in crate::simulate) whole: Whole,
}

/// What a policy takes that a log never took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Never {
    /// Rounds.
    pub rounds: usize,
    /// Actions.
    pub actions: Vec<String>,
}

/// All rows that count, whether or not their reward is known.
#[derive(Clone, Debug, Default)]
pub(in crate::simulate) struct Whole {
    pub data: Option<Dataset>,
    /// Positions of those with a reward; `None`: all.
    pub known: Option<Vec<u32>>,
    pub weights: Vec<f64>,
    pub chances: Vec<f64>,
    propensity: Vec<f64>,
    subjects: Option<Vec<u32>>,
    times: Option<Vec<i64>>,
    /// The logged action by number.
    arm: Option<Vec<u32>>,
}

impl Rounds {
    /// Reads the rounds of a table.
    ///
    /// # Errors
    /// Names the column that is not there or holds no numbers, or the first row whose cell is missing, whose propensity is not in
    /// (0, 1], or whose target probability is not in [0, 1]; and the column of subjects where all rows are of one.
    pub fn read(dataset: &Dataset, columns: &RoundColumns) -> Result<Rounds> {
        let counts = columns.used.as_deref().map(|used| flags(dataset, used, &[])).transpose()?;
        let lists = columns.places.as_ref().map(|places| ListColumns::read(dataset, places, counts.as_deref()));
        let lists = lists.transpose()?;
        let Some(counts) = counts else { return Rounds::of(dataset, columns, None, lists) };
        let rewards = cells_of(dataset, &columns.reward)?;
        let missing = |row: u32| rewards.is_missing(row as usize);
        let mut rows: Vec<u32> = (0..dataset.rows() as u32).filter(|row| counts[*row as usize]).collect();
        let without = rows.iter().filter(|row| missing(**row)).count();
        let left_out = ((dataset.rows() - rows.len()) as u64, without as u64);
        let mut dropped = 0;
        if let Some(lists) = &lists {
            // A list that lacks one of its places is another list.
            let lacks = lists.that(|row| !counts[row] || missing(row as u32));
            let some = lists.that(|row| counts[row]);
            dropped = lacks.iter().zip(some).filter(|(lacks, some)| **lacks && *some).count() as u64;
            rows.retain(|row| !lacks[lists.number[*row as usize] as usize]);
        }
        let known: Vec<u32> = (0u32..).zip(&rows).filter(|(_, row)| !missing(**row)).map(|(at, _)| at).collect();
        let known = (known.len() < rows.len()).then_some(known);
        let lists = lists.map(|own| own.among(&rows));
        let mut rounds = Rounds::of(&dataset.select(&rows), columns, known, lists)?;
        if let Some(lists) = &mut rounds.lists {
            lists.dropped += dropped;
        }
        Ok(Rounds { left_out, ..rounds })
    }

    fn of(
        dataset: &Dataset,
        columns: &RoundColumns,
        known_rows: Option<Vec<u32>>,
        lists: Option<ListColumns>,
    ) -> Result<Rounds> {
        let with_reward = known_rows.as_deref();
        let rewards = known_at(dataset, &columns.reward, with_reward)?;
        let mut actions = Vec::new();
        let arm = columns.action.as_deref().map(|name| numbered(dataset, name, &mut actions)).transpose()?;
        let logged = actions.len();
        let chosen = columns.choice.as_deref().map(|name| numbered(dataset, name, &mut actions)).transpose()?;
        let propensity = match columns.propensity.as_str() {
            "" => vec![1.0; dataset.rows()],
            name => known(dataset, name)?,
        };
        let chances = match (&arm, &chosen) {
            (Some(arm), Some(chosen)) => arm.iter().zip(chosen).map(|(a, b)| f64::from(u8::from(a == b))).collect(),
            _ => known(dataset, &columns.target)?,
        };
        let outside = |name: &str, values: &[f64], what: &str, fits: fn(f64) -> bool| {
            values.iter().position(|p| !fits(*p)).map_or(Ok(()), |at| {
                let error = Error::new(format!("is {}, but {what}", values[at]));
                Err(error.in_column(name).at_row(dataset.row_number(at)))
            })
        };
        let name = &columns.propensity;
        outside(name, &propensity, "a logging propensity is above 0 and at most 1", |p| p > 0.0 && p <= 1.0)?;
        outside(&columns.target, &chances, "a probability is between 0 and 1", |p| (0.0..=1.0).contains(&p))?;
        let at = |name: &str| known_at(dataset, name, with_reward);
        let both = |columns: &Option<(String, String)>| match columns {
            Some((logged, target)) => Ok::<_, Error>(Some((at(logged)?, at(target)?))),
            None => Ok(None),
        };
        let (model, mrdr) = (both(&columns.model)?, both(&columns.mrdr)?);
        let matched = columns.matched.as_deref().map(|name| flags(dataset, name, &[])).transpose()?;
        let matched = matched.map(|own| own.into_iter().map(|is| f64::from(u8::from(is))).collect::<Vec<f64>>());
        let times = columns.time.as_deref().map(|name| order(dataset, name)).transpose()?;
        let subjects = columns.subject.as_deref().map(|name| several(dataset, name)).transpose()?;
        // A subject in each row is no cluster.
        let subjects = subjects.filter(|own| own.iter().max().is_some_and(|most| (*most as usize) + 1 < own.len()));
        let weights: Vec<f64> = chances.iter().zip(&propensity).map(|(pi, p)| pi / p).collect();
        let is_new = |own: &Vec<u32>| own.iter().map(|number| *number as usize >= logged).collect();
        let never: Vec<bool> = chosen.as_ref().map_or_else(|| vec![false; dataset.rows()], is_new);
        let rounds = Rounds {
            data: Some(with_reward.map_or_else(|| dataset.clone(), |rows| dataset.select(rows))),
            most_weight: 1.0 / propensity.iter().copied().fold(1.0, f64::min),
            weights: pick(&weights, with_reward).into_owned(),
            rewards,
            model,
            clusters: subjects.as_deref().map(|own| pick(own, with_reward).into_owned()),
            chances: pick(&chances, with_reward).into_owned(),
            matched: matched.map(|own| pick(own, with_reward).into_owned()),
            mrdr,
            lists: None,
            left_out: (0, 0),
            never: chosen.map(|_| Never {
                rounds: pick(&never, with_reward).iter().filter(|is| **is).count(),
                actions: actions.split_off(logged),
            }),
            whole: Whole {
                data: Some(dataset.clone()),
                known: known_rows,
                weights,
                chances,
                propensity,
                subjects,
                times,
                arm,
            },
        };
        let lists = lists.map(|own| rounds.as_lists(dataset, &own, &never)).transpose()?;
        Ok(Rounds { lists, ..rounds })
    }

    /// Weights multiplied along each subject's rounds in order of time, over all rows that count; what has no reward is left out behind it.
    ///
    /// # Errors
    /// Why there are none.
    pub fn trajectory(&self) -> std::result::Result<Vec<f64>, &'static str> {
        let Whole { known, weights, subjects, times, .. } = &self.whole;
        match (subjects, times) {
            (Some(subjects), Some(times)) => {
                Ok(pick(Along::new(subjects, times).products(weights), known.as_deref()).into_owned())
            }
            (None, Some(_)) => Err("no subject is decided for twice, or --subject names none"),
            (_, None) => Err("the order of a subject's rounds is not given; --subject and --time name its columns"),
        }
    }

    /// Weights with the share of each action as its propensity, where each has one propensity throughout.
    ///
    /// # Errors
    /// Why there are none.
    pub fn empirical(&self) -> std::result::Result<Vec<f64>, &'static str> {
        let Whole { known, chances, propensity, arm, .. } = &self.whole;
        let Some(arm) = arm else { return Err("the logged actions are not named; --action names their column") };
        let actions = arm.iter().max().map_or(0, |most| *most as usize + 1);
        let (mut counts, mut first) = (vec![0u64; actions], vec![f64::NAN; actions]);
        for (arm, p) in arm.iter().zip(propensity) {
            let at = *arm as usize;
            counts[at] += 1;
            if first[at].is_nan() {
                first[at] = *p;
            } else if (first[at] - p).abs() > 1e-9 {
                return Err("the log did not draw its actions in constant shares");
            }
        }
        let n = arm.len() as f64;
        let weigh = |(pi, arm): (&f64, &u32)| pi * n / counts[*arm as usize] as f64;
        Ok(pick(chances.iter().zip(arm).map(weigh).collect::<Vec<f64>>(), known.as_deref()).into_owned())
    }

    /// Takes propensities of all rows that count for those of the log, of at least `least`.
    pub(in crate::simulate) fn weigh(&mut self, propensity: &[f64], least: f64) {
        let own = &mut self.whole;
        own.propensity = propensity.iter().map(|p| p.max(least)).collect();
        own.weights = own.chances.iter().zip(&own.propensity).map(|(pi, p)| pi / p).collect();
        self.most_weight = 1.0 / own.propensity.iter().copied().fold(1.0, f64::min);
        self.weights = pick(&own.weights, own.known.as_deref()).into_owned();
    }

    /// The rounds as places of lists; a list whose places do not go down from the top one without a gap is left out.
    fn as_lists(&self, dataset: &Dataset, columns: &ListColumns, never: &[bool]) -> Result<Lists> {
        let ListColumns { number, place, top, name } = columns;
        let mut own: Vec<Vec<usize>> = vec![Vec::new(); number.iter().max().map_or(0, |most| *most as usize + 1)];
        number.iter().enumerate().for_each(|(row, number)| own[*number as usize].push(row));
        let mut lists = Lists {
            clusters: self.clusters.as_ref().map(|_| Vec::new()),
            unlogged_actions: self.never.as_ref().map_or_else(Vec::new, |own| own.actions.clone()),
            ..Lists::default()
        };
        for mut rows in own.into_iter().filter(|rows| !rows.is_empty()) {
            rows.sort_by(|a, b| place[*a].total_cmp(&place[*b]));
            if let Some(pair) = rows.windows(2).find(|pair| place[pair[0]] == place[pair[1]]) {
                let error = Error::new(format!("is {} twice in one list", place[pair[0]]));
                return Err(error.in_column(name).at_row(dataset.row_number(pair[0].max(pair[1]))));
            }
            if rows.iter().enumerate().any(|(at, row)| place[*row] != top + at as f64) {
                lists.dropped += 1;
                continue;
            }
            lists.weights.push(rows.iter().map(|row| self.weights[*row]).collect());
            lists.rewards.push(rows.iter().map(|row| self.rewards[*row]).collect());
            lists.unlogged.resize(lists.unlogged.len().max(rows.len()), 0);
            rows.iter().zip(&mut lists.unlogged).for_each(|(row, count)| *count += usize::from(never[*row]));
            if let (Some(into), Some(clusters)) = (&mut lists.clusters, &self.clusters) {
                into.push(clusters[rows[0]]);
            }
        }
        Ok(lists)
    }

    /// The rounds as the estimators take them.
    pub fn logged(&self) -> Logged<'_> {
        Logged {
            weights: &self.weights,
            rewards: &self.rewards,
            model: self.model.as_ref().map(|(logged, target)| Predictions { logged, target }),
            clusters: self.clusters.as_deref(),
        }
    }

    /// The largest weight that the propensities allow.
    pub fn most_weight(&self) -> f64 {
        self.most_weight
    }

    /// The reward model made for the target policy, where there is one.
    pub fn mrdr(&self) -> Option<Predictions<'_>> {
        self.mrdr.as_ref().map(|(logged, target)| Predictions { logged, target })
    }
}
