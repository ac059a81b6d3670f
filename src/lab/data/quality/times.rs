//! Times after the instant at which the data stand, and stretches of time without rows.

use super::{CheckId, LeaveOut, Problem, Repair, Severity, Subject};
use crate::data::cells::Cells;
use crate::data::import::dates;
use crate::data::roles::Role;

const DAY: i64 = 86_400_000;

/// 2100-01-01 in ms; later dates cannot be.
const YEAR_2100: i64 = 4_102_444_800_000;

pub fn check(subject: &Subject<'_>, problems: &mut Vec<Problem>) {
    let Cells::Time(times) = subject.cells else { return };
    future(subject, times, problems);
    gaps(subject, times, problems);
}

fn future(subject: &Subject<'_>, times: &[i64], problems: &mut Vec<Problem>) {
    let Some(as_of) = subject.as_of.filter(|as_of| subject.about.max > Some(*as_of as f64)) else { return };
    // A sentinel is named as one.
    let is_future = |row: usize| times[row] > as_of && times[row] < YEAR_2100;
    let when = day(as_of);
    let (severity, hint) = match subject.role {
        Role::Time => (Severity::Warning, "no model may learn from what has not happened yet; leave such rows out"),
        _ => (Severity::Note, "a date ahead may be a plan or the end of a contract; else correct the source"),
    };
    let message = format!("`{}` lies after {when}, at which the data stand", subject.about.source);
    let repair = match subject.role {
        Role::Time => Repair::LeaveOut(LeaveOut::After { column: subject.about.name.clone(), instant: as_of }),
        _ => Repair::ByHand(hint.to_owned()),
    };
    let problem = subject.problem(CheckId::FutureDates, severity, message, hint);
    let problem = problem.at_rows(subject.rows_where(is_future)).repaired_by(repair);
    if problem.count > 0 {
        problems.push(problem);
    }
}

/// Sudden gaps in the time of rows; dates that are facts of customers may leave any gap.
fn gaps(subject: &Subject<'_>, times: &[i64], problems: &mut Vec<Problem>) {
    let Some(span) = subject.about.span.as_ref().filter(|_| subject.role == Role::Time) else { return };
    for gap in &span.gaps {
        let last = (0..times.len())
            .filter(|row| times[*row] != Cells::MISSING && times[*row] <= gap.after)
            .max_by_key(|row| times[*row]);
        let next = (0..times.len())
            .filter(|row| times[*row] != Cells::MISSING && times[*row] >= gap.before)
            .min_by_key(|row| times[*row]);
        let message = format!(
            "no row of `{}` between {} and {}: {} days, where {} or fewer are usual",
            subject.about.source,
            day(gap.after),
            day(gap.before),
            gap.days,
            span.usual_pause
        );
        let hint = "nothing happened, or an export is missing; find out before counting days or purchases across it";
        let rows = [last, next].into_iter().flatten().map(|row| subject.dataset.row_number(row));
        let repair = "rows that are not there cannot be made; import the missing export".to_owned();
        let mut problem = subject.problem(CheckId::TimeGaps, Severity::Note, message, hint).at_rows(rows);
        problem.count = 0;
        problems.push(problem.repaired_by(Repair::ByHand(repair)));
    }
}

/// The day of an instant as text.
fn day(ms: i64) -> String {
    dates::render(ms.div_euclid(DAY) * DAY).chars().take(10).collect()
}
