//! Outcomes that come later, in a table of their own: each event is credited to decisions about its subject made at most a window
//! before it, and becomes a column of the log.
//!
//! Rows without a time of their own stand at the instant of the roles: so a table of customers as of a date has outcomes too, and
//! what features know (before the instant) and what outcomes count (from it on) never meet. It says what was matched and what was not,
//! and never credits an event that came before its decision.

use crate::data::cells::{Cells, Dictionary};
use crate::data::import::dates;
use crate::data::join::canonical;
use crate::data::roles::{Credit, Delayed};
use crate::data::{Arm, Column, Dataset, Role, Roles, Table};
use crate::error::{Error, Result};
use crate::features::events::{self, EventTable};
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Milliseconds of a day.
const DAY: f64 = 86_400_000.0;

/// How the events of a table met the decisions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Matched {
    /// The column that was made.
    pub outcome: String,
    /// The table of events.
    pub table: String,
    /// Days after a decision in which an event counts.
    pub window_days: f64,
    /// Which decision an event is credited to, in words.
    pub credit: String,
    /// Events.
    pub events: u64,
    /// Credited to a decision.
    pub credited: u64,
    /// Of subjects that the log does not know.
    pub strangers: u64,
    /// Before the first decision about their subject.
    pub before: u64,
    /// After the window of the last decision before them.
    pub late: u64,
    /// Without a subject, a time, or a value where one is wanted.
    pub unusable: u64,
    /// That do not count: they are not of the kind that is asked for.
    #[serde(default)]
    pub others: u64,
    /// Rows of the events of unknown subjects, numbers in their file, the first twenty.
    pub stranger_rows: Vec<u64>,
    /// Decisions with an event.
    pub decisions: u64,
    /// Decisions whose window ends after the last event of the table: what follows them may not have come yet.
    pub open: u64,
    /// The instant (ms) at which all rows stand, where they have no times of their own: then they are customers as of that day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instant: Option<i64>,
}

impl Matched {
    /// The same in a sentence.
    pub fn words(&self) -> String {
        if let Some(instant) = self.instant {
            return self.words_as_of(instant);
        }
        let mut text = format!(
            "`{}`: {} of {} events of `{}` came within {} days of a decision and were credited to {}; {} decisions have one.",
            self.outcome, self.credited, self.events, self.table, self.window_days, self.credit, self.decisions
        );
        let left: Vec<String> = [
            (self.before, "before the first decision about their subject"),
            (self.late, "after the window"),
            (self.strangers, "of subjects that the log does not know"),
            (self.unusable, "without subject, time or value"),
            (self.others, "not of the kind that counts"),
        ]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
        if !left.is_empty() {
            text.push_str(&format!(" Not credited: {}.", left.join(", ")));
        }
        if self.open > 0 {
            text.push_str(&format!(
                " The windows of {} decisions end after the last event of the table: more may follow.",
                self.open
            ));
        }
        text
    }
}

impl Matched {
    /// The same of rows that stand at one instant.
    fn words_as_of(&self, instant: i64) -> String {
        let Matched { outcome, table, window_days: days, credited, events, .. } = self;
        let when: String = dates::render(instant).chars().take(10).collect();
        let one = if self.decisions == 1 { "customer has" } else { "customers have" };
        let mut text = format!(
            "`{outcome}`: {} {one} something in `{table}` that counts, in the {days} days from {when} on ({credited} of its {events} rows).",
            self.decisions
        );
        if self.unusable > 0 {
            text.push_str(&format!(" {} rows without subject, time or value count for nobody.", self.unusable));
        }
        if self.open > 0 {
            text.push_str(" The days end after the last row of the table: more may follow.");
        }
        text
    }
}

/// The log with a column for each delayed outcome of its roles, and how each was matched. Columns of the log stay as they are.
///
/// # Errors
/// When the log has no subject or time, a table or column is not there, a name is taken, or the task is cancelled.
pub fn attach(dataset: &Dataset, roles: &Roles, tables: &[Table], task: &Task) -> Result<(Dataset, Vec<Matched>)> {
    if roles.delayed.is_empty() {
        return Ok((dataset.clone(), Vec::new()));
    }
    task.stage("Crediting later outcomes to decisions")?;
    let decisions = Decisions::new(dataset, roles)?;
    let mut reports = Vec::new();
    let mut columns: Vec<(Column, Cells)> =
        dataset.columns().iter().filter_map(|c| Some((c.clone(), dataset.cells(&c.name)?.clone()))).collect();
    for (done, delayed) in roles.delayed.iter().enumerate() {
        task.tick(done as f32 / roles.delayed.len() as f32)?;
        if columns.iter().any(|(column, _)| column.name == delayed.name) {
            return Err(Error::new("is a column of the log already, so no delayed outcome can have its name")
                .in_column(&delayed.name)
                .hint("give the outcome another name"));
        }
        let table = tables.iter().find(|table| table.name == delayed.table).ok_or_else(|| {
            Error::new(format!(
                "the outcome `{}` comes from the table `{}`, which is not there",
                delayed.name, delayed.table
            ))
            .hint(format!("import it with --as events --table {}, or take the outcome out of the roles", delayed.table))
        })?;
        let (cells, report) = decisions.credit(delayed, table)?;
        let name = delayed.name.clone();
        columns.push((Column { source: name.clone(), name, type_: cells.type_() }, cells));
        reports.push(report);
    }
    let numbers = (0..dataset.rows()).map(|row| dataset.row_number(row) as u32).collect();
    Ok((Dataset::new(dataset.name(), columns, dataset.source().clone(), Some(numbers))?, reports))
}

/// The decisions of a log by subject, in order of time.
struct Decisions {
    rows: usize,
    /// Whether the rows have no times of their own and stand at one instant.
    standing: bool,
    times: Vec<f64>,
    /// Whether the row is a contact: an action other than none.
    contact: Vec<bool>,
    of: HashMap<String, Vec<u32>>,
    numeric: bool,
}

impl Decisions {
    fn new(dataset: &Dataset, roles: &Roles) -> Result<Decisions> {
        let need = |role: Role| {
            roles.first(role).ok_or_else(|| {
                Error::new(format!("outcomes of another table need a log with a {}", role.label()))
                    .hint(format!("give the column of the {} its role", role.label()))
            })
        };
        let subject = need(Role::Subject)?;
        let (times, standing) = match (roles.first(Role::Time), roles.as_of) {
            (None, Some(instant)) => (vec![instant as f64; dataset.rows()], true),
            _ => (dataset.numbers(need(Role::Time)?)?, false),
        };
        let numeric = matches!(dataset.cells(subject), Some(Cells::Integer(_) | Cells::Number(_)));
        let Dictionary { codes, values } = dataset.dictionary(subject)?;
        let mut of: HashMap<String, Vec<u32>> = HashMap::with_capacity(values.len());
        for (row, code) in codes.iter().enumerate().filter(|(row, _)| !times[*row].is_nan()) {
            if let Some(key) = values.get(*code as usize) {
                of.entry(canonical(key, numeric).into_owned()).or_default().push(row as u32);
            }
        }
        for rows in of.values_mut() {
            rows.sort_by(|a, b| times[*a as usize].total_cmp(&times[*b as usize]).then(a.cmp(b)));
        }
        let contact = match roles.first(Role::Action).map(|name| dataset.dictionary(name)).transpose()? {
            Some(actions) => {
                let treated = |row| actions.get(row).is_some_and(|v| roles.arms.get(&**v) != Some(&Arm::NoAction));
                (0..dataset.rows()).map(treated).collect()
            }
            None => vec![true; dataset.rows()],
        };
        Ok(Decisions { rows: dataset.rows(), standing, times, contact, of, numeric })
    }

    fn credit(&self, delayed: &Delayed, table: &Table) -> Result<(Cells, Matched)> {
        let wrong =
            |error: Error| error.hint(format!("import `{}` again and name its key and time columns", table.name));
        let need = |name: &Option<String>, what: &str| {
            name.clone().ok_or_else(|| wrong(Error::new(format!("the table `{}` has no {what} column", table.name))))
        };
        let (key, time) = (need(&table.key, "key")?, need(&table.time, "time")?);
        let keys = table.dataset.dictionary(&key)?;
        let when = table.dataset.numbers(&time)?;
        let happenings = EventTable { name: &table.name, dataset: &table.dataset, key: &key, time: &time };
        let amount = |text: &str| match table.dataset.column(text) {
            Some(_) => table.dataset.numbers(text),
            None => events::amounts(&happenings, &delayed.name, text),
        };
        let amounts = delayed.value.as_deref().map(amount).transpose()?;
        if delayed.absent && amounts.is_some() {
            return Err(Error::new("an outcome is a sum or that nothing happened, not both").in_column(&delayed.name));
        }
        let counts =
            delayed.only.as_deref().map(|text| events::conditions(&happenings, &delayed.name, text)).transpose()?;
        let numeric = self.numeric || matches!(table.dataset.cells(&key), Some(Cells::Integer(_) | Cells::Number(_)));
        let window = delayed.window_days * DAY;
        let known: Vec<Option<&Vec<u32>>> =
            keys.values.iter().map(|key| self.of.get(&*canonical(key, numeric))).collect();
        let mut total = vec![0.0; self.rows];
        let mut happened = vec![false; self.rows];
        let mut report = Matched {
            outcome: delayed.name.clone(),
            table: table.name.clone(),
            window_days: delayed.window_days,
            credit: delayed.credit.words().to_owned(),
            events: table.dataset.rows() as u64,
            instant: self.times.first().filter(|_| self.standing).map(|at| *at as i64),
            ..Matched::default()
        };
        let mut last = f64::NEG_INFINITY;
        for (row, at) in when.iter().enumerate() {
            let amount = amounts.as_ref().map_or(1.0, |amounts| amounts[row]);
            let code = keys.codes[row];
            if at.is_nan() || amount.is_nan() || code == Dictionary::MISSING {
                report.unusable += 1;
                continue;
            }
            last = last.max(*at);
            if counts.as_ref().is_some_and(|counts| counts[row] != Some(true)) {
                report.others += 1;
                continue;
            }
            let Some(rows) = known.get(code as usize).copied().flatten() else {
                report.strangers += 1;
                if report.stranger_rows.len() < super::checks::LISTED {
                    report.stranger_rows.push(table.dataset.row_number(row));
                }
                continue;
            };
            let earlier = &rows[..rows.partition_point(|row| self.times[*row as usize] <= *at)];
            if earlier.is_empty() {
                report.before += 1;
                continue;
            }
            let over = |row: &u32| {
                let end = self.times[*row as usize] + window;
                end < *at || self.standing && end == *at
            };
            let within = &earlier[earlier.partition_point(over)..];
            let credited: &[u32] = match delayed.credit {
                Credit::EveryDecision => within,
                Credit::LastDecision => &within[within.len().saturating_sub(1)..],
                Credit::LastContact => {
                    let contact = within.iter().rposition(|row| self.contact[*row as usize]);
                    let place = contact.unwrap_or(within.len().saturating_sub(1));
                    within.get(place..=place).unwrap_or(&[])
                }
            };
            if credited.is_empty() {
                report.late += 1;
                continue;
            }
            report.credited += 1;
            for row in credited {
                total[*row as usize] += amount;
                happened[*row as usize] = true;
            }
        }
        report.decisions = happened.iter().filter(|h| **h).count() as u64;
        let timed = |row: &usize| !self.times[*row].is_nan();
        // A table of dates is complete to the end of its last day.
        let complete = if self.standing { ((last / DAY).floor() + 1.0) * DAY } else { last };
        let is_open = |row: usize| self.times[row] + window > complete;
        report.open = (0..self.rows).filter(timed).filter(|row| is_open(*row)).count() as u64;
        // Where all rows stand at one instant and what follows it is not all there, nobody's outcome is known.
        let timed = |row: &usize| timed(row) && !(self.standing && is_open(*row));
        // A decision without a time has no window, so nothing is known of what followed it.
        let cells = match amounts {
            Some(_) => {
                Cells::Number((0..self.rows).map(|row| if timed(&row) { total[row] } else { f64::NAN }).collect())
            }
            None => {
                let whether =
                    |row| if timed(&row) { i64::from(happened[row] != delayed.absent) } else { Cells::MISSING };
                Cells::Integer((0..self.rows).map(whether).collect())
            }
        };
        Ok((cells, report))
    }
}
