//! When the period of a budget begins, and when the next one does: days, weeks and months of universal time.

use super::DAY;
use attune_policy::contact::Period;

/// Begin of the period that an instant is in, by universal time.
pub fn begin(period: Period, t: i64) -> i64 {
    let day = t.div_euclid(DAY);
    match period {
        Period::Day => day * DAY,
        // 1970-01-01 was a Thursday; weekdays count from Monday as 1.
        Period::Week(first) => (day - (day + 3 - (i64::from(first).max(1) - 1)).rem_euclid(7)) * DAY,
        Period::Month => {
            let (year, month) = month_of(day);
            days_to(year, month) * DAY
        }
    }
}

/// Begin of the period after the one that begins then.
pub fn following(period: Period, begin: i64) -> i64 {
    match period {
        Period::Day => begin + DAY,
        Period::Week(_) => begin + 7 * DAY,
        Period::Month => {
            let (year, month) = month_of(begin.div_euclid(DAY));
            let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
            days_to(year, month) * DAY
        }
    }
}

/// Year and month of a day since 1970 (Hinnant's `civil_from_days`).
fn month_of(day: i64) -> (i64, i64) {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month)
}

/// Days from 1970 to the first of a month (Hinnant's `days_from_civil`).
fn days_to(year: i64, month: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era_year = year.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5;
    era * 146_097 + of_era_year * 365 + of_era_year / 4 - of_era_year / 100 + of_year - 719_468
}
