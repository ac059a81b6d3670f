//! The rows behind a report as CSV, one line per decision, for a second opinion: everything needed to recompute every
//! value and the funnel. It is a file of logged rounds for whatever evaluates such files.

use crate::data::{Dataset, Roles};
use crate::error::{Error, Result};
use crate::simulate::fates::{How, STEPS};
use crate::simulate::log::NO_ARM;
use crate::simulate::run::Decisions;
use crate::simulate::values::Expected;
use crate::task::Task;
use std::io::Write;

/// Columns before the outcomes.
pub const COLUMNS: [&str; 16] = [
    "row",
    "subject",
    "time",
    "used",
    "logged_arm",
    "logged_action",
    "logged_treatment",
    "pscore",
    "pi_e",
    "matched",
    "action",
    "treatment",
    "fallback",
    "propensity",
    "priority",
    "fates",
];

/// Candidates beyond which the `fates` column stays empty.
const MOST_FATES: usize = 200;

/// Writes one line per decision, of a list that of its top row and what is placed first. `row` is the row's number in the source from 1;
/// `time` is in ms since 1970; `used` is 1 when the value stands on the row; `logged_*` is what history did, with the logging propensity
/// `pscore`, and `pi_e` the policy's probability of doing the same: 1 or 0 where it leaves nothing to chance; `matched` is 1 where what the
/// policy took, or drew, is what was logged; `action` and `treatment` are the policy's choice, `NoAction` for none; `fates` lists
/// `action/treatment=Stage:cause` per candidate, separated by `;`, and is empty where they are too many to keep.
///
/// Then, for each outcome, its value in the row and, where `expected` has a reward model, what that expects of the logged action and of the
/// policy: `reward`, `q_hat`, `q_hat_pi_e`, and of the model made for the policy `q_mrdr`, `q_mrdr_pi_e`. Those of the goal are called so,
/// those of every other outcome `reward:<name>` and so on. Numbers are written so that they read back exactly.
///
/// # Errors
/// When writing fails, or the task is cancelled.
pub fn decisions_table(
    decisions: &Decisions,
    expected: &[Option<Expected>],
    dataset: &Dataset,
    roles: &Roles,
    out: &mut dyn Write,
    task: &Task,
) -> Result<()> {
    task.stage("Writing decisions")?;
    let Decisions { replay, log, used } = decisions;
    let subjects = roles.subjects(dataset)?;
    let mut writer = csv::Writer::from_writer(out);
    let mut header: Vec<String> = COLUMNS.iter().map(|c| (*c).to_owned()).collect();
    let model = |outcome: usize| expected.get(outcome).and_then(Option::as_ref);
    for (number, outcome) in log.outcomes.iter().enumerate() {
        let columns = outcome_columns(model(number));
        header.extend(columns.iter().map(|column| column_of(column, (number > 0).then_some(outcome.name.as_str()))));
    }
    writer.write_record(&header).map_err(failed)?;

    let codes: Vec<String> = replay.causes.list().iter().map(|c| c.code()).collect();
    let mut used = used.iter().peekable();
    // Position in each model's rows.
    let mut modelled = vec![0; log.outcomes.len()];
    let mut line = csv::StringRecord::new();
    for (position, row) in replay.rows.iter().enumerate() {
        if position % 4096 == 0 {
            task.tick(position as f32 / replay.rows.len() as f32)?;
        }
        let at = *row as usize;
        let is_used = used.next_if_eq(&row).is_some();
        let logged = log.arms.get(usize::from(log.arm[at]));
        let (action, treatment) = match logged.map(|l| &l.arm) {
            Some(crate::data::Arm::Candidate { action, treatment }) => (action.as_str(), treatment.as_str()),
            Some(crate::data::Arm::NoAction) => ("NoAction", ""),
            None => ("", ""),
        };
        let (own_action, own_treatment) = replay.chosen_names(position);
        line.clear();
        line.push_field(&dataset.row_number(at).to_string());
        line.push_field(subjects.key(at));
        line.push_field(&replay.times[position].to_string());
        line.push_field(if is_used && log.is_usable(at) { "1" } else { "0" });
        line.push_field(logged.filter(|_| log.arm[at] != NO_ARM).map_or("", |l| &l.name));
        line.push_field(action);
        line.push_field(treatment);
        line.push_field(&number(log.propensity[at]));
        line.push_field(&number(replay.probability(position, log.arm[at])));
        line.push_field(if replay.arm[position] == log.arm[at] && log.arm[at] != NO_ARM { "1" } else { "0" });
        line.push_field(own_action);
        line.push_field(own_treatment);
        line.push_field(if replay.fallback[position] { "1" } else { "0" });
        line.push_field(&number(replay.propensity[position]));
        line.push_field(&number(replay.priority[position]));
        line.push_field(&fates(decisions, position, &codes));
        for (own, (outcome, next)) in log.outcomes.iter().zip(&mut modelled).enumerate() {
            line.push_field(&number(outcome.values[at]));
            let Some(model) = model(own) else { continue };
            let has = model.rows.get(*next) == Some(row);
            let mrdr = model.mrdr.iter().flat_map(|(q, target)| [q, target]);
            for values in [&model.logged, &model.target].into_iter().chain(mrdr) {
                line.push_field(&if has { number(values[*next]) } else { String::new() });
            }
            *next += usize::from(has);
        }
        writer.write_record(&line).map_err(failed)?;
    }
    writer.flush().map_err(|error| Error::new(format!("the decisions could not be written: {error}")))
}

/// Columns of an outcome with a reward model or without.
pub fn outcome_columns(model: Option<&Expected>) -> &'static [&'static str] {
    match model {
        None => &["reward"],
        Some(Expected { mrdr: None, .. }) => &["reward", "q_hat", "q_hat_pi_e"],
        Some(_) => &["reward", "q_hat", "q_hat_pi_e", "q_mrdr", "q_mrdr_pi_e"],
    }
}

/// The name of a column of an outcome, of the goal when `None`: its columns are not named after it.
pub fn column_of(column: &str, outcome: Option<&str>) -> String {
    outcome.map_or_else(|| column.to_owned(), |name| format!("{column}:{name}"))
}

fn fates(decisions: &Decisions, position: usize, codes: &[String]) -> String {
    let replay = &decisions.replay;
    if replay.candidates.len() > MOST_FATES {
        return String::new();
    }
    let mut text = String::new();
    for (candidate, fate) in replay.candidates.iter().zip(replay.fates_at(position)) {
        if !text.is_empty() {
            text.push(';');
        }
        let stage = STEPS[usize::from(fate.step)];
        let how = match fate.how {
            How::Result => "",
            How::Missing => ":missing",
            How::Failed => ":failed",
        };
        let cause = &codes[usize::from(fate.cause)];
        text.push_str(&format!("{}/{}={stage:?}:{cause}{how}", candidate.action, candidate.treatment));
    }
    text
}

/// The shortest text that reads back as the same number; empty when missing.
fn number(x: f64) -> String {
    if x.is_nan() { String::new() } else { format!("{x}") }
}

fn failed(error: csv::Error) -> Error {
    Error::new(format!("the decisions could not be written: {error}"))
}
