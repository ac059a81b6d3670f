//! Columns of any table as logged rounds or as a scored trial, for questions that need no project.
//!
//! Every cell is checked here, and what is wrong is named by its column and row; what the numbers mean is for
//! [`super::off_policy`] and [`super::uplift`].

use super::estimators::Along;
use super::off_policy::slate::Lists;
use super::off_policy::{Logged, Predictions};
use super::uplift::Trial;
use super::values::pick;
use crate::data::Dataset;
use crate::data::cells::{Cells, Dictionary};
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::sync::Arc;

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
    pub(super) data: Option<Dataset>,
    pub(super) weights: Vec<f64>,
    pub(super) rewards: Vec<f64>,
    pub(super) model: Option<(Vec<f64>, Vec<f64>)>,
    clusters: Option<Vec<u32>>,
    pub(super) most_weight: f64,
    /// The target policy's probability of the logged action.
    pub chances: Vec<f64>,
    /// 1 where what it took is what was logged, where a column says so.
    pub matched: Option<Vec<f64>>,
    pub(super) mrdr: Option<(Vec<f64>, Vec<f64>)>,
    /// The same rounds as lists, where columns say which are places of one.
    pub lists: Option<Lists>,
    /// Rows left out since they do not count, and since their reward is missing.
    pub left_out: (u64, u64),
    /// Rounds in which the target policy takes what was never logged, and what that is; `None` where its actions are not named.
    pub never: Option<Never>,
    pub(super) whole: Whole,
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
pub(super) struct Whole {
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
            weights: pick(&weights, with_reward),
            rewards,
            model,
            clusters: subjects.as_deref().map(|own| pick(own, with_reward)),
            chances: pick(&chances, with_reward),
            matched: matched.map(|own| pick(&own, with_reward)),
            mrdr,
            lists: None,
            left_out: (0, 0),
            never: chosen.map(|_| Never {
                rounds: pick(&never, with_reward).into_iter().filter(|is| *is).count(),
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
            (Some(subjects), Some(times)) => Ok(pick(&Along::new(subjects, times).products(weights), known.as_deref())),
            (None, Some(_)) => Err("no subject repeats, or none is named"),
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
        Ok(pick(&chances.iter().zip(arm).map(weigh).collect::<Vec<f64>>(), known.as_deref()))
    }

    /// Takes propensities of all rows that count for those of the log, of at least `least`.
    pub(super) fn weigh(&mut self, propensity: &[f64], least: f64) {
        let own = &mut self.whole;
        own.propensity = propensity.iter().map(|p| p.max(least)).collect();
        own.weights = own.chances.iter().zip(&own.propensity).map(|(pi, p)| pi / p).collect();
        self.most_weight = 1.0 / own.propensity.iter().copied().fold(1.0, f64::min);
        self.weights = pick(&own.weights, own.known.as_deref());
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

/// The list and the place of each row.
struct ListColumns {
    number: Vec<u32>,
    place: Vec<f64>,
    /// The place at the top.
    top: f64,
    /// The column of places.
    name: String,
}

impl ListColumns {
    /// Rows that do not count may be of no list, and without a place.
    fn read(dataset: &Dataset, (list, position): &(String, String), counts: Option<&[bool]>) -> Result<ListColumns> {
        let rows: Vec<u32> = (0..dataset.rows() as u32).filter(|row| counts.is_none_or(|c| c[*row as usize])).collect();
        known_at(dataset, position, Some(&rows))?;
        let place = cells_of(dataset, position)?.numbers().unwrap_or_default();
        let lists = labels(dataset, list, &[])?.0;
        if let Some(row) = rows.iter().find(|row| lists[**row as usize].is_none()) {
            let error = Error::new("is missing, so the row belongs to no list").in_column(list);
            return Err(error.at_row(dataset.row_number(*row as usize)));
        }
        let number: Vec<u32> = lists.into_iter().map(|list| list.unwrap_or(NO_LIST)).collect();
        let top = most_common_top(&number, &place);
        if !rows.is_empty() && top != 0.0 && top != 1.0 {
            let error = Error::new(format!("is {top} at the least, but the top place of a list is 1, or 0"));
            return Err(error.in_column(position).hint("rows of every place are needed, from the top one down"));
        }
        Ok(ListColumns { number, place, top, name: position.clone() })
    }

    /// Whether each list has a row of which this is true.
    fn that(&self, is: impl Fn(usize) -> bool) -> Vec<bool> {
        let own = || self.number.iter().enumerate().filter(|(_, number)| **number != NO_LIST);
        let mut lists = vec![false; own().map(|(_, number)| *number as usize + 1).max().unwrap_or(0)];
        own().for_each(|(row, number)| lists[*number as usize] |= is(row));
        lists
    }

    fn among(self, rows: &[u32]) -> ListColumns {
        ListColumns { number: pick(&self.number, Some(rows)), place: pick(&self.place, Some(rows)), ..self }
    }
}

/// The list of a row that is of none.
const NO_LIST: u32 = u32::MAX;

/// The place with which most lists begin, the least of several: a list that begins elsewhere has a wrong place, not the others.
fn most_common_top(lists: &[u32], places: &[f64]) -> f64 {
    let mut least: HashMap<u32, f64> = HashMap::new();
    for (list, place) in lists.iter().zip(places).filter(|(list, place)| **list != NO_LIST && !place.is_nan()) {
        let own = least.entry(*list).or_insert(*place);
        *own = own.min(*place);
    }
    let mut tops: Vec<f64> = least.into_values().collect();
    tops.sort_by(f64::total_cmp);
    let runs = tops.chunk_by(|a, b| a == b).rev().max_by_key(|run| run.len());
    runs.and_then(|run| run.first().copied()).unwrap_or(f64::INFINITY)
}

/// Which columns hold a trial; names as in the source or as identifiers.
#[derive(Clone, Debug, Default)]
pub struct TrialColumns {
    /// Whether the row was treated: 0/1, true/false, or any values when `treated` names one.
    pub treatment: String,
    /// The value of the treatment column that means treated.
    pub treated: Option<String>,
    /// The value that means untreated; rows of other values are no part of the trial. It may stay unsaid where there are two values.
    pub control: Option<String>,
    /// Who a row is about, where subjects repeat.
    pub subject: Option<String>,
    /// Outcome: 0/1 or an amount.
    pub outcome: String,
}

/// The arms and outcomes of a trial that were read.
#[derive(Clone, Debug, Default)]
pub struct Arms {
    treated: Vec<bool>,
    outcomes: Vec<f64>,
    subjects: Option<Vec<u32>>,
    /// Positions of the rows of both arms; `None`: all.
    rows: Option<Vec<u32>>,
    /// What the two arms are called, treated first; empty where the column says 1 and 0.
    pub names: Vec<String>,
    /// Rows of other arms, which are left out.
    pub others: u64,
}

impl Arms {
    /// Reads the arms and outcomes of a table.
    ///
    /// # Errors
    /// Names the column that is not there, the value that no row holds, the values among which it is not said which is the control, or
    /// the first row whose cell is missing or does not say which arm it is.
    pub fn read(dataset: &Dataset, columns: &TrialColumns) -> Result<Arms> {
        let mut arms = match (&columns.treated, &columns.control) {
            (None, None) => Arms::zero_or_one(dataset, &columns.treatment)?,
            (treated, control) => Arms::named(dataset, &columns.treatment, treated.as_deref(), control.as_deref())?,
        };
        arms.outcomes = arms.numbers(dataset, &columns.outcome)?;
        if let Some(subject) = &columns.subject {
            let codes = groups(dataset, subject)?;
            arms.subjects = Some(match &arms.rows {
                None => codes,
                Some(rows) => rows.iter().map(|row| codes[*row as usize]).collect(),
            });
        }
        Ok(arms)
    }

    fn zero_or_one(dataset: &Dataset, column: &str) -> Result<Arms> {
        let own = |(row, x): (usize, f64)| match x {
            0.0 => Ok(false),
            1.0 => Ok(true),
            _ => Err(Error::new(format!("is {x}; a treatment is 0 or 1"))
                .in_column(column)
                .at_row(dataset.row_number(row))
                .hint("name the value that means treated")),
        };
        let treated = known(dataset, column)?.into_iter().enumerate().map(own).collect::<Result<_>>()?;
        Ok(Arms { treated, ..Arms::default() })
    }

    /// Two values of the column; the one that is not named is the other of two.
    fn named(dataset: &Dataset, column: &str, treated: Option<&str>, control: Option<&str>) -> Result<Arms> {
        let dictionary = cells_of(dataset, column)?.dictionary();
        let code = |value: &str| {
            let found = dictionary.values.iter().position(|own| **own == *value);
            found.map(|code| code as u32).ok_or_else(|| {
                let hint = format!("it holds {}", listed(&dictionary.values));
                Error::new(format!("never holds `{value}`")).in_column(column).hint(hint)
            })
        };
        let other = |own: u32, what: &str| match dictionary.values.len() {
            2 => Ok(1 - own),
            1 => Err(Error::new(format!(
                "holds `{}` alone: an effect is a difference between two arms",
                dictionary.values[0]
            ))
            .in_column(column)),
            n => Err(Error::new(format!(
                "has {n} values, {}, and which of them is {what} was not said",
                listed(&dictionary.values)
            ))
            .in_column(column)
            .hint(format!("name the {what} value too; rows of the others are then left out"))),
        };
        let (treated, control) = match (treated, control) {
            (Some(treated), Some(control)) => (code(treated)?, code(control)?),
            (Some(treated), None) => (code(treated)?, other(code(treated)?, "control")?),
            (None, Some(control)) => (other(code(control)?, "treated")?, code(control)?),
            (None, None) => (0, 1),
        };
        if treated == control {
            let message = format!(
                "cannot hold the treated and the control in one value, `{}`",
                dictionary.values[treated as usize]
            );
            return Err(Error::new(message).in_column(column).hint("name two values"));
        }
        if let Some(row) = dictionary.codes.iter().position(|code| *code == Dictionary::MISSING) {
            return Err(Error::new("is missing, so nobody knows the arm of the row")
                .in_column(column)
                .at_row(dataset.row_number(row))
                .hint("fill it, or leave the row out of the file"));
        }
        let inside = |row: &u32| [treated, control].contains(&dictionary.codes[*row as usize]);
        let rows: Vec<u32> = (0..dataset.rows() as u32).filter(inside).collect();
        let others = (dataset.rows() - rows.len()) as u64;
        Ok(Arms {
            treated: rows.iter().map(|row| dictionary.codes[*row as usize] == treated).collect(),
            names: [treated, control].map(|code| dictionary.values[code as usize].to_string()).into(),
            rows: (others > 0).then_some(rows),
            others,
            ..Arms::default()
        })
    }

    /// The numbers of a column in the rows of both arms, none of them missing.
    ///
    /// # Errors
    /// Names the column that is not there or holds no numbers, or the first of these rows that is missing.
    pub fn numbers(&self, dataset: &Dataset, name: &str) -> Result<Vec<f64>> {
        known_at(dataset, name, self.rows.as_deref())
    }

    /// The subject of each row, where subjects were named.
    pub fn subjects(&self) -> Option<&[u32]> {
        self.subjects.as_deref()
    }

    /// The trial ranked by a score of its rows ([`Arms::numbers`]).
    pub fn trial<'a>(&'a self, scores: &'a [f64]) -> Trial<'a> {
        Trial { scores, treated: &self.treated, outcomes: &self.outcomes }
    }
}

/// Values as a sentence lists them; the first ten of many.
fn listed(values: &[Arc<str>]) -> String {
    let names: Vec<String> = values.iter().take(10).map(|value| format!("`{value}`")).collect();
    let more = if values.len() > 10 { ", …" } else { "" };
    format!("{}{more}", names.join(", "))
}

/// The numbers of a column, none of them missing.
///
/// # Errors
/// Names the column that is not there or holds no numbers, or the first row that is missing.
pub fn known(dataset: &Dataset, name: &str) -> Result<Vec<f64>> {
    known_at(dataset, name, None)
}

/// The same in some rows, all of them when `None`.
fn known_at(dataset: &Dataset, name: &str, rows: Option<&[u32]>) -> Result<Vec<f64>> {
    let cells = cells_of(dataset, name)?;
    let numbers = (!matches!(cells, Cells::Time(_))).then(|| cells.numbers()).flatten();
    let all = numbers.ok_or_else(|| Error::new("does not hold numbers, which are needed here").in_column(name))?;
    let values = match rows {
        None => all,
        Some(rows) => rows.iter().map(|row| all[*row as usize]).collect(),
    };
    match values.iter().position(|x| x.is_nan()) {
        Some(at) => Err(Error::new("is missing, and every row needs a number")
            .in_column(name)
            .at_row(dataset.row_number(rows.map_or(at, |rows| rows[at] as usize)))
            .hint("fill it, or leave the row out of the file")),
        None => Ok(values),
    }
}

/// The instants of a column (ms since 1970), none of them missing.
///
/// # Errors
/// Names the column that is not there or holds no times, or the first row that is missing.
pub fn instants(dataset: &Dataset, name: &str) -> Result<Vec<i64>> {
    let cells = cells_of(dataset, name)?;
    let wrong = || Error::new("does not hold dates or times").in_column(name).hint("--dates says how they are written");
    let values = cells.numbers().filter(|_| matches!(cells, Cells::Time(_))).ok_or_else(wrong)?;
    match values.iter().position(|t| t.is_nan()) {
        Some(at) => Err(Error::new("is missing, so nobody knows when").in_column(name).at_row(dataset.row_number(at))),
        None => Ok(values.into_iter().map(|t| t as i64).collect()),
    }
}

/// Times (ms since 1970), or the places of any numbers among them, smallest first; none of them missing.
///
/// # Errors
/// Names the column that is not there or holds neither, or the first row that is missing.
pub fn order(dataset: &Dataset, name: &str) -> Result<Vec<i64>> {
    match cells_of(dataset, name)? {
        Cells::Time(_) => instants(dataset, name),
        _ => {
            let numbers = known(dataset, name).map_err(|error| error.hint("an order is dates, times or numbers"))?;
            let mut all = numbers.clone();
            all.sort_by(f64::total_cmp);
            all.dedup();
            let place = |t: &f64| all.partition_point(|own| own < t) as i64;
            Ok(numbers.iter().map(place).collect())
        }
    }
}

/// The values of a column by number, in order of first appearance, and their names; `None` where missing or one of `none`.
///
/// # Errors
/// Names the column that is not there.
pub fn labels(dataset: &Dataset, name: &str, none: &[String]) -> Result<(Vec<Option<u32>>, Vec<String>)> {
    let cells = cells_of(dataset, name)?;
    let mut names: Vec<String> = Vec::new();
    let mut seen: HashMap<String, u32> = HashMap::new();
    let label = |row: usize| {
        let text = cells.text(row).filter(|text| !none.contains(text))?;
        Some(*seen.entry(text).or_insert_with_key(|text| {
            names.push(text.clone());
            names.len() as u32 - 1
        }))
    };
    let rows = (0..dataset.rows()).map(label).collect();
    Ok((rows, names))
}

/// Whether each cell says yes: is one of `yes`, or, where none is given, is true or a number above 0. Missing says no.
///
/// # Errors
/// Names the column that is not there, never holds a value of `yes`, or holds text where no value was given.
pub fn flags(dataset: &Dataset, name: &str, yes: &[String]) -> Result<Vec<bool>> {
    let cells = cells_of(dataset, name)?;
    if yes.is_empty() {
        let numbers = cells.numbers().filter(|_| !matches!(cells, Cells::Time(_))).ok_or_else(|| {
            Error::new("holds neither numbers nor true and false").in_column(name).hint("name the values that mean yes")
        })?;
        return Ok(numbers.into_iter().map(|x| x > 0.0).collect());
    }
    let found: Vec<bool> = (0..dataset.rows()).map(|row| cells.text(row).is_some_and(|t| yes.contains(&t))).collect();
    match found.contains(&true) {
        true => Ok(found),
        false => Err(Error::new(format!("never holds {}", yes.join(" or "))).in_column(name)),
    }
}

/// Rows of one value get one number, from 0 in order of first appearance.
///
/// # Errors
/// Names the column that is not there, or the first row that is missing.
pub fn groups(dataset: &Dataset, name: &str) -> Result<Vec<u32>> {
    let cells = cells_of(dataset, name)?;
    let mut seen: HashMap<String, u32> = HashMap::new();
    (0..dataset.rows())
        .map(|row| {
            let Some(text) = cells.text(row) else {
                let error = Error::new("is missing, so the row belongs to nobody").in_column(name);
                return Err(error.at_row(dataset.row_number(row)));
            };
            let next = seen.len() as u32;
            Ok(*seen.entry(text.to_string()).or_insert(next))
        })
        .collect()
}

/// The same of subjects, of which there must be several: what varies between them is what intervals stand on.
fn several(dataset: &Dataset, name: &str) -> Result<Vec<u32>> {
    let own = groups(dataset, name)?;
    if own.len() > 1 && own.iter().all(|subject| *subject == 0) {
        let error = Error::new(format!("names one subject in all {} rows; intervals need at least two", own.len()));
        return Err(error.in_column(name).hint("leave it unnamed where rows stand alone"));
    }
    Ok(own)
}

/// The actions of a column by number, in order of first appearance; those in `names` keep theirs, new ones are added to it.
pub(super) fn numbered(dataset: &Dataset, name: &str, names: &mut Vec<String>) -> Result<Vec<u32>> {
    let Dictionary { codes, values } = cells_of(dataset, name)?.dictionary();
    let mut numbers: Vec<Option<u32>> = vec![None; values.len()];
    let mut known: HashMap<String, u32> = names.iter().cloned().zip(0..).collect();
    let one = |(row, code): (usize, &u32)| {
        let Some(number) = numbers.get_mut(*code as usize) else {
            let error = Error::new("is missing, so nobody knows what was done").in_column(name);
            return Err(error.at_row(dataset.row_number(row)).hint("write a word where nothing is done, such as none"));
        };
        Ok(*number.get_or_insert_with(|| {
            let text = values[*code as usize].to_string();
            *known.entry(text).or_insert_with_key(|text| {
                names.push(text.clone());
                names.len() as u32 - 1
            })
        }))
    };
    codes.iter().enumerate().map(one).collect()
}

/// The cells of a column by identifier or by its name in the source.
///
/// # Errors
/// When there is no such column; the nearest name is told.
pub fn cells_of<'a>(dataset: &'a Dataset, name: &str) -> Result<&'a Cells> {
    let by_source = || dataset.columns().iter().find(|column| column.source == name).map(|column| column.name.as_str());
    let found = if dataset.column(name).is_some() { Some(name) } else { by_source() };
    found.and_then(|name| dataset.cells(name)).ok_or_else(|| {
        let names: Vec<&str> = dataset.columns().iter().map(|column| column.source.as_str()).collect();
        let error = Error::new(format!("there is no column `{name}` in `{}`", dataset.name()));
        error.hint(match attune_policy::suggest::nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the columns are {}", names.join(", ")),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Dataset {
        let numbers = |v: &[f64]| Cells::Number(v.to_vec());
        Dataset::from_columns(
            "log",
            vec![
                ("reward".into(), Cells::Integer(vec![1, 0, 1])),
                ("p score".into(), numbers(&[0.5, 0.25, 1.0])),
                ("pi".into(), numbers(&[0.5, 0.5, 0.0])),
                ("bad".into(), numbers(&[0.5, 0.0, f64::NAN])),
                ("who".into(), Cells::from_texts(vec![Some("b"), Some("a"), Some("b")])),
            ],
        )
        .unwrap()
    }

    fn columns() -> RoundColumns {
        RoundColumns {
            reward: "reward".into(),
            propensity: "p score".into(),
            target: "pi".into(),
            ..RoundColumns::default()
        }
    }

    #[test]
    fn rounds_are_read_by_either_name() {
        let dataset = table();
        let rounds = Rounds::read(&dataset, &RoundColumns { subject: Some("who".into()), ..columns() }).unwrap();
        let logged = rounds.logged();
        assert_eq!(logged.weights, [1.0, 2.0, 0.0]);
        assert_eq!(logged.rewards, [1.0, 0.0, 1.0]);
        assert_eq!(logged.clusters, Some(&[0, 1, 0][..]));
        assert!(Rounds::read(&dataset, &RoundColumns { propensity: "p_score".into(), ..columns() }).is_ok());
        // Where nobody repeats, rounds are what is counted.
        let alone = Rounds::read(&dataset, &RoundColumns { subject: Some("pi".into()), ..columns() }).unwrap();
        assert_eq!(alone.logged().clusters, Some(&[0, 0, 1][..]));
        let alone = Rounds::read(&dataset, &RoundColumns { subject: Some("p score".into()), ..columns() }).unwrap();
        assert_eq!(alone.logged().clusters, None);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let dataset = table();
        let read = |columns: RoundColumns| Rounds::read(&dataset, &columns).unwrap_err().to_string();
        for (columns, words) in [
            (RoundColumns { propensity: "bad".into(), ..columns() }, vec!["bad", "row 3", "missing"]),
            (RoundColumns { propensity: "pi".into(), ..columns() }, vec!["pi", "row 3", "above 0"]),
            (RoundColumns { reward: "rewards".into(), ..columns() }, vec!["rewards", "did you mean `reward`"]),
            (RoundColumns { reward: "who".into(), ..columns() }, vec!["who", "does not hold numbers"]),
        ] {
            let found = read(columns);
            assert!(words.iter().all(|word| found.contains(word)), "{found}");
        }
        let arms = |treatment: &str, treated: Option<&str>| {
            let treated = treated.map(str::to_owned);
            let columns =
                TrialColumns { treatment: treatment.into(), treated, outcome: "pi".into(), ..TrialColumns::default() };
            Arms::read(&dataset, &columns)
        };
        assert!(arms("p score", None).unwrap_err().to_string().contains("a treatment is 0 or 1"));
        assert!(arms("who", Some("c")).unwrap_err().to_string().contains("never holds `c`"));
        let found = arms("who", Some("b")).unwrap();
        assert_eq!(found.trial(&[0.0; 3]).treated, [true, false, true]);
    }

    #[test]
    fn an_arm_is_held_against_the_control_that_was_named() {
        let arm = ["a", "none", "b", "none", "a", "b"];
        let mut y = vec![1.0, 0.0, 5.0, 0.0, 1.0, f64::NAN];
        let table = |y: &[f64]| {
            let columns = vec![
                ("arm".to_owned(), Cells::from_texts(arm.map(Some))),
                ("y".to_owned(), Cells::Number(y.to_vec())),
                ("who".to_owned(), Cells::from_texts(["p", "q", "r", "p", "s", "s"].map(Some))),
            ];
            Dataset::from_columns("trial", columns).unwrap()
        };
        let read = |y: &[f64], treated: Option<&str>, control: Option<&str>| {
            let columns = TrialColumns {
                treatment: "arm".into(),
                treated: treated.map(str::to_owned),
                control: control.map(str::to_owned),
                outcome: "y".into(),
                subject: Some("who".into()),
            };
            Arms::read(&table(y), &columns)
        };
        // Rows of `b` are no part of the trial, and what they lack is no matter.
        let found = read(&y, Some("a"), Some("none")).unwrap();
        let trial = found.trial(&[0.0; 4]);
        assert_eq!((trial.treated, trial.outcomes), (&[true, false, false, true][..], &[1.0, 0.0, 0.0, 1.0][..]));
        assert_eq!((found.others, found.subjects()), (2, Some(&[0, 1, 0, 3][..])));
        let said = |result: Result<Arms>| result.unwrap_err().to_string();
        let three = said(read(&y, Some("a"), None));
        assert!(["3 values", "`a`", "`none`", "`b`", "control"].iter().all(|word| three.contains(word)), "{three}");
        assert!(said(read(&y, None, Some("none"))).contains("which of them is treated"));
        assert!(said(read(&y, Some("a"), Some("a"))).contains("two values"));
        assert!(said(read(&y, Some("a"), Some("nil"))).contains("never holds `nil`"));
        y[0] = f64::NAN;
        assert!(said(read(&y, Some("a"), Some("none"))).contains("row 1"));
    }
}
