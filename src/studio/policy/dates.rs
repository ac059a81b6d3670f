//! Days as people type them, UTC: `2026-03-31` and milliseconds since 1970. Only days of the proleptic Gregorian calendar.

const DAY: i64 = 86_400_000;

/// The day of an instant; `None` when it is not a midnight or lies outside the years 1 to 9999.
pub fn day(ms: i64) -> Option<String> {
    if ms.rem_euclid(DAY) != 0 {
        return None;
    }
    let (year, month, day) = civil(ms.div_euclid(DAY));
    (1..=9999).contains(&year).then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// The midnight at which a day begins; `None` when `text` is not a day.
pub fn parse(text: &str) -> Option<i64> {
    let mut parts = text.trim().splitn(3, '-');
    let mut next = |digits: usize| {
        let part = parts.next()?;
        (part.len() == digits && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<i64>().ok()).flatten()
    };
    let (year, month, day) = (next(4)?, next(2)?, next(2)?);
    let days = days(year, month, day);
    // A day that does not exist (February 30) would come back as another one.
    ((1..=12).contains(&month) && year >= 1 && civil(days) == (year, month, day)).then_some(days * DAY)
}

/// Days from 1970-01-01; H. Hinnant, "chrono-compatible low-level date algorithms", 2013.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let of_era = y - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z - era * 146_097;
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let m = (5 * of_year + 2) / 153;
    let day = of_year - (153 * m + 2) / 5 + 1;
    let month = if m < 10 { m + 3 } else { m - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_come_and_go() {
        for (text, ms) in [
            ("1970-01-01", Some(0)),
            ("2026-03-31", Some(1_774_915_200_000)),
            ("2000-02-29", Some(951_782_400_000)),
            ("1969-12-31", Some(-DAY)),
            ("2026-02-30", None),
            ("2026-13-01", None),
            ("2026-3-1", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(parse(text), ms, "{text}");
            if let Some(ms) = ms {
                assert_eq!(day(ms).as_deref(), Some(text));
            }
        }
        assert_eq!(day(1), None);
    }
}
