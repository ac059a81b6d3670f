//! Everything that can be wrong with a log of decisions, looked for at once and named by row: actions, propensities, eligible sets,
//! designs, duplicates, times, positions, outcomes.
//!
//! It changes nothing and values nothing.

use super::eligible::{Eligible, items, probabilities};
use super::{DecisionLog, NO_ARM};
use crate::data::cells::{Cells, Dictionary};
use crate::data::{Dataset, Logging, Role, Roles, Severity};
use crate::error::Result;
use crate::simulate::srm::SUSPICIOUS;
use attune_policy::value::Type;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// Most row numbers listed per finding; its count is exact.
pub const LISTED: usize = 20;
/// How far the probabilities of an eligible set may be from adding up to 1, for the digits they were written with.
const SUM_SLACK: f64 = 0.005;
/// Outside this many standard errors, and this far from what is expected, a mean weight is no chance.
const MEAN_WEIGHT: (f64, f64) = (4.0, 0.02);

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CheckKind {
    /// The action column.
    Actions,
    /// Actions that no row holds.
    NeverLogged,
    /// Logging propensities row by row.
    Propensities,
    /// The mean weight of each arm.
    MeanWeights,
    /// Arms against the design.
    SampleRatio,
    /// Whether the arms of a design are alike in everything that was there before.
    Balance,
    /// Overlap of estimated propensities.
    Overlap,
    /// Logged actions among the eligible.
    Eligible,
    /// Probabilities of the eligible set.
    Probabilities,
    /// Decisions that stand twice.
    Duplicates,
    /// Positions of lists.
    Positions,
    /// Times of decisions.
    Times,
    /// Outcomes.
    Outcomes,
    /// Outcomes that came before their decision.
    OutcomeTimes,
}

/// One finding, or that there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// What was looked for.
    pub kind: CheckKind,
    /// How bad; `None` when all is well.
    pub severity: Option<Severity>,
    /// What was found, in words.
    pub message: String,
    /// What to do about it; empty when all is well.
    pub hint: String,
    /// Numbers of the first rows concerned, as in the file, at most [`LISTED`].
    pub rows: Vec<u64>,
    /// How many rows are concerned; 0 when it is not about rows.
    pub count: u64,
}

impl CheckKind {
    /// Name for people.
    pub fn label(self) -> &'static str {
        match self {
            CheckKind::Actions => "actions",
            CheckKind::NeverLogged => "never logged",
            CheckKind::Propensities => "propensities",
            CheckKind::MeanWeights => "mean weights",
            CheckKind::SampleRatio => "sample ratio",
            CheckKind::Balance => "balance",
            CheckKind::Overlap => "overlap",
            CheckKind::Eligible => "eligible sets",
            CheckKind::Probabilities => "probabilities",
            CheckKind::Duplicates => "duplicates",
            CheckKind::Positions => "positions",
            CheckKind::Times => "times",
            CheckKind::Outcomes => "outcomes",
            CheckKind::OutcomeTimes => "outcome times",
        }
    }

    /// What the check looks for, with its thresholds.
    pub fn definition(self) -> &'static str {
        match self {
            CheckKind::Actions => "every row has an action, and every value of it a meaning",
            CheckKind::NeverLogged => "every action with a meaning, and every eligible one, was logged at least once",
            CheckKind::Propensities => "every logging propensity is above 0 and at most 1",
            CheckKind::MeanWeights => {
                "the mean of 1[arm logged]/propensity is 1 per arm, where eligible; told beyond 4 standard errors and 0.02"
            }
            CheckKind::SampleRatio => "χ² test of the arms' counts against the design; told below p = 0.001",
            CheckKind::Balance => {
                "the arms of a design are alike in features, facts of the moment, consent, protected attributes and time: omnibus test of \
                 balance (Hansen & Bowers 2008) and χ² tests of every column after Holm; told below p = 0.001"
            }
            CheckKind::Overlap => "no arm has an estimated propensity below 0.01 in more than 5 % of the rows",
            CheckKind::Eligible => "the logged action is among the eligible",
            CheckKind::Probabilities => {
                "probabilities of the eligible lie in [0, 1], are as many as these, add up to 1 within 0.005, and that of the \
                 logged action is its logging propensity"
            }
            CheckKind::Duplicates => {
                "no decision stands twice: one row per decision id and position, or per subject, time and position"
            }
            CheckKind::Positions => "positions of a list are whole numbers without gaps, each once",
            CheckKind::Times => "every decision has a time; rows that stand out of order are counted",
            CheckKind::Outcomes => "outcomes are known and differ between rows",
            CheckKind::OutcomeTimes => "no time of an outcome is before its decision",
        }
    }
}

/// All checks that the roles allow for, in the order of [`CheckKind`]; those that pass are among them.
///
/// # Errors
/// When a role names a column that is not there.
pub fn checks(dataset: &Dataset, roles: &Roles, log: &DecisionLog) -> Result<Vec<Check>> {
    let mut found = Found { dataset, list: Vec::new() };
    if roles.first(Role::Action).is_some() {
        actions(&mut found, roles, log)?;
        never_logged(&mut found, log);
        propensities(&mut found, log);
        mean_weights(&mut found, log);
        sample_ratio(&mut found, log);
        balance(&mut found, log);
        overlap(&mut found, log);
        eligible(&mut found, log, roles)?;
        of_the_eligible(&mut found, roles, log)?;
    }
    duplicates(&mut found, roles)?;
    positions(&mut found, roles)?;
    times(&mut found, roles)?;
    outcomes(&mut found, log);
    outcome_times(&mut found, roles, log)?;
    Ok(found.list)
}

struct Found<'a> {
    dataset: &'a Dataset,
    list: Vec<Check>,
}

impl Found<'_> {
    fn push(&mut self, kind: CheckKind, severity: Option<Severity>, message: String, hint: &str, rows: &[usize]) {
        let numbers = rows.iter().take(LISTED).map(|row| self.dataset.row_number(*row)).collect();
        let (hint, count) = (hint.to_owned(), rows.len() as u64);
        self.list.push(Check { kind, severity, message, hint, rows: numbers, count });
    }

    /// A finding about rows, when there are any; whether there are.
    fn rows(&mut self, kind: CheckKind, severity: Severity, rows: &[usize], what: &str, hint: &str) -> bool {
        if !rows.is_empty() {
            let message = match rows.len() {
                1 => format!("1 row {}", singular(what)),
                n => format!("{n} rows {what}"),
            };
            self.push(kind, Some(severity), message, hint, rows);
        }
        !rows.is_empty()
    }

    fn well(&mut self, kind: CheckKind, message: impl Into<String>) {
        self.push(kind, None, message.into(), "", &[]);
    }
}

/// What rows do, as one row does it: `have no time` becomes `has no time`.
fn singular(what: &str) -> String {
    match what.split_once(' ') {
        Some(("have", rest)) => format!("has {rest}"),
        Some((verb, rest)) => format!("{verb}s {rest}"),
        None => what.to_owned(),
    }
}

fn actions(found: &mut Found<'_>, roles: &Roles, log: &DecisionLog) -> Result<()> {
    let Some(column) = roles.first(Role::Action) else { return Ok(()) };
    let actions = found.dataset.dictionary(column)?;
    let of = |missing: bool| -> Vec<usize> {
        let is = |row: &usize| log.arm[*row] == NO_ARM && (actions.codes[*row] == Dictionary::MISSING) == missing;
        (0..log.rows()).filter(is).collect()
    };
    let (missing, meaningless) = (of(true), of(false));
    let hint = "rows without an action are not valued; correct the source or leave them out";
    let bad = found.rows(CheckKind::Actions, Severity::Error, &missing, &format!("have no `{column}`"), hint);
    let values: BTreeSet<&str> = meaningless.iter().filter_map(|row| actions.get(*row)).map(|v| &**v).take(5).collect();
    let values: Vec<String> = values.into_iter().map(|v| format!("`{v}`")).collect();
    let what = format!("hold values of `{column}` that stand for no arm: {}", values.join(", "));
    let hint = "say what these values stand for";
    if !found.rows(CheckKind::Actions, Severity::Error, &meaningless, &what, hint) && !bad {
        found.well(CheckKind::Actions, format!("{} rows have one of {} arms", log.rows(), log.arms.len()));
    }
    Ok(())
}

fn never_logged(found: &mut Found<'_>, log: &DecisionLog) {
    let mut absent: Vec<String> = log.arms.iter().filter(|a| a.count == 0).map(|a| format!("`{}`", a.name)).collect();
    absent.extend(log.eligible.iter().flat_map(|e| e.unknown.iter().map(|value| format!("`{value}`"))));
    if absent.is_empty() {
        return found.well(CheckKind::NeverLogged, "every action was logged");
    }
    let more = if absent.len() > 10 { ", …" } else { "" };
    let message = format!(
        "{} of the actions were never logged: {}{more}",
        absent.len(),
        absent.iter().take(10).cloned().collect::<Vec<_>>().join(", ")
    );
    let hint = "nothing can be said of them: a policy that chooses them in more than 1 % of decisions is not valued";
    found.push(CheckKind::NeverLogged, Some(Severity::Warning), message, hint, &[]);
}

fn propensities(found: &mut Found<'_>, log: &DecisionLog) {
    let of = |is: &dyn Fn(f64) -> bool| -> Vec<usize> {
        (0..log.rows()).filter(|row| log.arm[*row] != NO_ARM && is(log.propensity[*row])).collect()
    };
    let (missing, low, high) = (of(&f64::is_nan), of(&|p| p <= 0.0), of(&|p| p > 1.0));
    let kind = CheckKind::Propensities;
    let hint = "a logged action had some probability of being chosen; correct the source";
    let mut bad = found.rows(kind, Severity::Error, &missing, "have an action and no logging propensity", hint);
    bad |= found.rows(kind, Severity::Error, &low, "have a logging propensity of 0 or less", hint);
    bad |= found.rows(kind, Severity::Error, &high, "have a logging propensity above 1", hint);
    if bad {
        return;
    }
    let known = || (0..log.rows()).filter(|row| log.is_usable(*row)).map(|row| log.propensity[row]);
    let (low, high) = known().fold((f64::INFINITY, 0.0_f64), |(a, b), p| (a.min(p), b.max(p)));
    match &log.exploratory {
        Some(why) => {
            let hint = "give the column of logging propensities, or say that the arms were drawn by chance";
            found.push(kind, Some(Severity::Warning), why.clone(), hint, &[]);
        }
        None if low.is_finite() => found.well(kind, format!("they lie between {} and {}", short(low), short(high))),
        None => {}
    }
}

/// A probability in few digits, however small.
fn short(p: f64) -> String {
    if p < 0.001 { format!("{p:.1e}") } else { format!("{p:.4}") }
}

/// Mean of 1[arm = a]/p over the rows in which a was eligible, per arm: arm, rows, mean, standard error.
pub(super) fn arm_weights(log: &DecisionLog) -> Vec<(u16, f64, f64, f64)> {
    let mut sums = vec![(0.0, 0.0, 0u64); log.arms.len()];
    for row in (0..log.rows()).filter(|row| log.is_usable(*row)) {
        let w = 1.0 / log.propensity[row];
        let own = &mut sums[usize::from(log.arm[row])];
        (own.0, own.1) = (own.0 + w, own.1 + w * w);
        match &log.eligible {
            None => own.2 += 1,
            Some(eligible) => {
                for (arm, sum) in sums.iter_mut().enumerate() {
                    sum.2 += u64::from(eligible.allows(row, arm as u16, &log.arms));
                }
            }
        }
    }
    let all: u64 = log.arms.iter().map(|arm| arm.count).sum();
    sums.into_iter()
        .enumerate()
        .filter(|(arm, _)| log.arms[*arm].count > 0)
        .map(|(arm, (total, squares, eligible))| {
            let n = if log.eligible.is_some() { eligible.max(1) } else { all } as f64;
            let mean = total / n;
            (arm as u16, n, mean, ((squares / n - mean * mean).max(0.0) / n).sqrt())
        })
        .collect()
}

/// Whether a mean weight is farther from 1 than chance takes it.
pub(super) fn is_off(mean: f64, se: f64) -> bool {
    (mean - 1.0).abs() > (MEAN_WEIGHT.0 * se).max(MEAN_WEIGHT.1)
}

fn mean_weights(found: &mut Found<'_>, log: &DecisionLog) {
    let off: Vec<String> = arm_weights(log)
        .into_iter()
        .filter(|(_, _, mean, se)| is_off(*mean, *se))
        .map(|(arm, _, mean, se)| format!("`{}` {mean:.3} (± {se:.3})", log.arms[usize::from(arm)].name))
        .collect();
    let kind = CheckKind::MeanWeights;
    if off.is_empty() {
        return found.well(kind, "the mean weight of every arm is 1 but for chance");
    }
    let more = if off.len() > 5 { ", …" } else { "" };
    let list = off.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    let message = format!("the mean weight should be 1 and is not for {} arms: {list}{more}", off.len());
    let hint = "these propensities do not look like those that history used, or rows were lost after the draw";
    found.push(kind, Some(Severity::Warning), message, hint, &[]);
}

fn sample_ratio(found: &mut Found<'_>, log: &DecisionLog) {
    let Some(test) = &log.sample_ratio else { return };
    let words =
        format!("χ² = {:.1} with {} degrees of freedom, p = {:.2e}", test.chi_square, test.degrees, test.p_value);
    if !test.suspicious {
        return found.well(CheckKind::SampleRatio, format!("the arms have the sizes of the design ({words})"));
    }
    let message = format!("the arms do not have the sizes of the design ({words})");
    let hint = "rows were probably lost or added after the draw; find out before trusting any value";
    found.push(CheckKind::SampleRatio, Some(Severity::Error), message, hint, &[]);
}

fn balance(found: &mut Found<'_>, log: &DecisionLog) {
    let Some(test) = &log.balance else { return };
    if test.p >= SUSPICIOUS {
        let alike = format!("nothing that was there before tells the arms apart ({})", test.words(SUSPICIOUS));
        return found.well(CheckKind::Balance, alike);
    }
    let message =
        format!("columns tell the arms apart, which a draw by lot leaves to chance: {}", test.words(SUSPICIOUS));
    let hint = "if history chose by them, this is no trial: say that it is not known how it chose; a column that followed the action is an \
                outcome, or to be ignored";
    found.push(CheckKind::Balance, Some(Severity::Warning), message, hint, &[]);
}

fn overlap(found: &mut Found<'_>, log: &DecisionLog) {
    if log.overlap.is_empty() {
        return;
    }
    let rare: Vec<String> = log
        .overlap
        .iter()
        .filter(|arm| arm.rare > 0.05)
        .map(|arm| format!("`{}` in {:.0} % of the rows", arm.arm, 100.0 * arm.rare))
        .collect();
    if rare.is_empty() {
        return found.well(CheckKind::Overlap, "every arm was possible nearly everywhere, as far as the columns tell");
    }
    let message = format!("hardly ever chosen (estimated propensity below 0.01): {}", rare.join(", "));
    let hint = "history seems to have had rules: value policies only where several actions were possible";
    found.push(CheckKind::Overlap, Some(Severity::Warning), message, hint, &[]);
}

fn eligible(found: &mut Found<'_>, log: &DecisionLog, roles: &Roles) -> Result<()> {
    let (Some(eligible), Some(column)) = (&log.eligible, roles.first(Role::Eligible)) else { return Ok(()) };
    let known = |row: usize| log.arm[row] != NO_ARM;
    let outside: Vec<usize> =
        (0..log.rows()).filter(|row| known(*row) && !eligible.allows(*row, log.arm[*row], &log.arms)).collect();
    let cells = found.dataset.dictionary(column)?;
    let missing: Vec<usize> = (0..log.rows()).filter(|row| cells.get(*row).is_none()).collect();
    let hint = "the set or the action was logged wrongly; correct the source";
    let bad = found.rows(
        CheckKind::Eligible,
        Severity::Error,
        &outside,
        &format!("hold an action that is not in `{column}`"),
        hint,
    );
    let hint = "every action counts as eligible there";
    let gaps = found.rows(CheckKind::Eligible, Severity::Note, &missing, &format!("have no `{column}`"), hint);
    if !bad && !gaps {
        found.well(CheckKind::Eligible, "every logged action is in its eligible set");
    }
    Ok(())
}

fn of_the_eligible(found: &mut Found<'_>, roles: &Roles, log: &DecisionLog) -> Result<()> {
    let Some(column) = roles.first(Role::Probabilities) else { return Ok(()) };
    let dataset = found.dataset;
    let cells = dataset.dictionary(column)?;
    let sets = roles.first(Role::Eligible).map(|name| dataset.dictionary(name)).transpose()?;
    let action = roles.first(Role::Action).map(|name| dataset.dictionary(name)).transpose()?;
    let from_here = roles.logging == Logging::Column && roles.first(Role::LoggingPropensity).is_none();
    let written = (!log.is_estimated() && !from_here).then_some(&log.propensity);
    let [mut unread, mut count, mut outside, mut sum, mut other] = [const { Vec::<usize>::new() }; 5];
    for row in 0..dataset.rows() {
        let Some(text) = cells.get(row) else { continue };
        let Some(listed) = probabilities(text) else {
            unread.push(row);
            continue;
        };
        let set = sets.as_ref().and_then(|sets| sets.get(row)).map(|text| items(text));
        if set.as_ref().is_some_and(|set| set.len() != listed.len()) {
            count.push(row);
            continue;
        }
        if listed.iter().any(|(_, p)| !(0.0..=1.0).contains(p)) {
            outside.push(row);
        } else if (listed.iter().map(|(_, p)| p).sum::<f64>() - 1.0).abs() > SUM_SLACK {
            sum.push(row);
        }
        let own = action.as_ref().and_then(|action| action.get(row));
        let place = own.and_then(|own| match listed.first()? {
            (Some(_), _) => listed.iter().position(|(name, _)| *name == Some(&**own)),
            _ => set.as_ref()?.iter().position(|item| *item == &**own),
        });
        if let (Some(place), Some(p)) = (place, written.map(|p| p[row]).filter(|p| p.is_finite())) {
            let listed = listed[place].1;
            // Digits may have been cut on the way into either column.
            if (listed - p).abs() > 1e-6 + 1e-3 * p {
                other.push(row);
            }
        }
    }
    let kind = CheckKind::Probabilities;
    let mut bad = false;
    for (rows, what, hint) in [
        (unread, "hold no list of probabilities", "write them as `0.5|0.5`, or as `a:0.5|b:0.5`"),
        (count, "have not as many probabilities as eligible actions", "both lists must be of one length"),
        (outside, "list a probability below 0 or above 1", "correct the source"),
        (
            sum,
            "list probabilities that do not add up to 1",
            "an action is missing from the set, or a probability is wrong",
        ),
        (
            other,
            "list another probability for the logged action than its logging propensity",
            "one of the two is wrong",
        ),
    ] {
        bad |= found.rows(kind, Severity::Error, &rows, what, hint);
    }
    if !bad {
        found.well(kind, "the probabilities of every eligible set add up to 1 and hold that of the logged action");
    }
    Ok(())
}

fn duplicates(found: &mut Found<'_>, roles: &Roles) -> Result<()> {
    let dataset = found.dataset;
    let mut names: Vec<&str> = Vec::new();
    match roles.first(Role::Decision) {
        Some(decision) => names.push(decision),
        None => match (roles.first(Role::Subject), roles.first(Role::Time)) {
            (Some(subject), Some(time)) => names.extend([subject, time]),
            _ => return Ok(()),
        },
    }
    names.extend(roles.first(Role::Position));
    let columns: Vec<Dictionary> = names.iter().map(|name| dataset.dictionary(name)).collect::<Result<_>>()?;
    let mut seen: HashMap<Vec<u32>, usize> = HashMap::with_capacity(dataset.rows());
    let mut again = Vec::new();
    for row in 0..dataset.rows() {
        let key: Vec<u32> = columns.iter().map(|column| column.codes[row]).collect();
        if key.contains(&Dictionary::MISSING) {
            continue;
        }
        if seen.insert(key, row).is_some() {
            again.push(row);
        }
    }
    let by = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let what = format!("repeat a decision: an earlier row has the same {by}");
    let severity = if roles.first(Role::Decision).is_some() { Severity::Error } else { Severity::Warning };
    let hint = "leave repeated rows out, or name the column of positions where a decision is a list";
    if !found.rows(CheckKind::Duplicates, severity, &again, &what, hint) {
        found.well(CheckKind::Duplicates, format!("no two rows have the same {by}"));
    }
    Ok(())
}

fn positions(found: &mut Found<'_>, roles: &Roles) -> Result<()> {
    let Some(column) = roles.first(Role::Position) else { return Ok(()) };
    let dataset = found.dataset;
    let numbers = dataset.numbers(column)?;
    let kind = CheckKind::Positions;
    let wrong: Vec<usize> =
        (0..numbers.len()).filter(|row| !(numbers[*row] >= 0.0 && numbers[*row].fract() == 0.0)).collect();
    let hint = "number the places of a list from 1, the top one first";
    let mut bad = found.rows(kind, Severity::Error, &wrong, &format!("have no whole number as `{column}`"), hint);
    if let Some(decision) = roles.first(Role::Decision) {
        let lists = dataset.dictionary(decision)?;
        let mut of: HashMap<u32, Vec<(u64, usize)>> = HashMap::new();
        for row in (0..numbers.len()).filter(|row| lists.codes[*row] != Dictionary::MISSING && numbers[*row] >= 0.0) {
            of.entry(lists.codes[row]).or_default().push((numbers[row] as u64, row));
        }
        let mut gaps = Vec::new();
        let (mut least, mut deepest) = (u64::MAX, 0);
        for list in of.values_mut() {
            list.sort_unstable();
            least = least.min(list[0].0);
            deepest = deepest.max(list.len());
        }
        for list in of.values() {
            let wanted = |(i, (position, _)): (usize, &(u64, usize))| *position != least + i as u64;
            gaps.extend(list.iter().enumerate().find(|own| wanted(*own)).map(|(_, (_, row))| *row));
        }
        gaps.sort_unstable();
        let hint = "cascade and list values need every place from the top down; rows below a gap are left out of them";
        bad |= found.rows(kind, Severity::Warning, &gaps, "stand where their list has a gap or a place twice", hint);
        if !bad {
            found.well(kind, format!("{} lists of up to {deepest} places, without gaps", of.len()));
        }
    } else if !bad {
        found.well(kind, "positions are whole numbers; without a decision id each row stands for itself");
    }
    Ok(())
}

fn times(found: &mut Found<'_>, roles: &Roles) -> Result<()> {
    let Some(column) = roles.first(Role::Time) else { return Ok(()) };
    let times = found.dataset.numbers(column)?;
    let missing: Vec<usize> = (0..times.len()).filter(|row| times[*row].is_nan()).collect();
    let hint = "they stand at the project's instant; give them a time or leave them out";
    let bad = found.rows(CheckKind::Times, Severity::Error, &missing, &format!("have no `{column}`"), hint);
    let mut last = f64::NEG_INFINITY;
    let mut behind = Vec::new();
    for (row, time) in times.iter().enumerate().filter(|(_, time)| !time.is_nan()) {
        if *time < last {
            behind.push(row);
        }
        last = last.max(*time);
    }
    let hint = "nothing to do: decisions are replayed in order of time, whatever the order of the file";
    let out = found.rows(CheckKind::Times, Severity::Note, &behind, "stand after a later decision", hint);
    if !bad && !out {
        found.well(CheckKind::Times, "rows stand in order of time");
    }
    Ok(())
}

fn outcomes(found: &mut Found<'_>, log: &DecisionLog) {
    let kind = CheckKind::Outcomes;
    if log.outcomes.is_empty() {
        let hint = "name the column of what followed";
        return found.push(kind, Some(Severity::Warning), "no column is an outcome".to_owned(), hint, &[]);
    }
    for outcome in &log.outcomes {
        let missing: Vec<usize> = (0..outcome.values.len()).filter(|row| outcome.values[*row].is_nan()).collect();
        let what = format!("have no `{}`", outcome.name);
        let hint = "they are left out of values in this outcome; where missing means that nothing followed, write 0";
        let gaps = found.rows(kind, Severity::Note, &missing, &what, hint);
        let mut known = outcome.values.iter().filter(|r| !r.is_nan());
        let first = known.next();
        let same = first.is_some_and(|first| known.all(|r| r == first));
        if first.is_none() || same {
            let what = if same { "is the same in every row" } else { "is missing in every row" };
            let hint = "nothing can be learned from it; choose another outcome";
            found.push(kind, Some(Severity::Error), format!("`{}` {what}", outcome.name), hint, &[]);
        } else if !gaps {
            found.well(kind, format!("`{}` is known in every row", outcome.name));
        }
    }
}

fn outcome_times(found: &mut Found<'_>, roles: &Roles, log: &DecisionLog) -> Result<()> {
    let Some(decided) = roles.first(Role::Time) else { return Ok(()) };
    let times = found.dataset.numbers(decided)?;
    let columns = found.dataset.columns().iter().filter(|c| c.type_ == Type::Time && c.name != decided);
    let of_outcome = |name: &str| log.outcomes.iter().any(|o| name.starts_with(&format!("{}_", o.name)));
    let named: Vec<String> = columns
        .filter(|c| of_outcome(&c.name) || c.name.starts_with("outcome") || c.name.starts_with("reward"))
        .map(|c| c.name.clone())
        .collect();
    for name in named {
        let Some(Cells::Time(when)) = found.dataset.cells(&name) else { continue };
        let before: Vec<usize> = (0..when.len())
            .filter(|row| when[*row] != Cells::MISSING && !times[*row].is_nan() && (when[*row] as f64) < times[*row])
            .collect();
        let what = format!("have a `{name}` before their `{decided}`");
        let hint =
            "what came before a decision is no outcome of it: check the clocks of both systems and their time zones";
        if !found.rows(CheckKind::OutcomeTimes, Severity::Error, &before, &what, hint) {
            found.well(CheckKind::OutcomeTimes, format!("no `{name}` is before its `{decided}`"));
        }
    }
    Ok(())
}

/// For rows whose policy would choose what was not eligible.
impl DecisionLog {
    /// Whether an arm could be chosen in a row; true where no eligible sets were logged.
    pub fn allows(&self, row: usize, arm: u16) -> bool {
        self.eligible.as_ref().is_none_or(|eligible: &Eligible| eligible.allows(row, arm, &self.arms))
    }
}
