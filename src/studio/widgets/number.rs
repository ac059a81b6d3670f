//! Numbers as text: grouped, with their unit, never with more digits than they carry.

/// Grouped by thousands: `64,000`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count with its noun: `1 row`, `64,000 rows`.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{}\u{a0}{}", count(n), if n == 1 { one } else { many })
}

/// A share as a percentage: `percent(0.1834, 1)` is `18.3 %`.
pub fn percent(share: f64, digits: usize) -> String {
    if !share.is_finite() {
        return "–".to_owned();
    }
    format!("{}\u{a0}%", fixed(share * 100.0, digits))
}

/// A signed difference of shares in percentage points: `+1.2 pp`.
pub fn points(difference: f64, digits: usize) -> String {
    if !difference.is_finite() {
        return "–".to_owned();
    }
    let sign = if difference > 0.0 { "+" } else { "" };
    format!("{sign}{}\u{a0}pp", fixed(difference * 100.0, digits))
}

/// A fixed number of decimals, grouped, with a true minus sign: `1,234.50`, `−0.2`.
pub fn fixed(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let text = format!("{:.digits$}", value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let grouped = whole.parse::<u64>().map_or_else(|_| whole.to_owned(), count);
    let zero = text.bytes().all(|b| matches!(b, b'0' | b'.'));
    format!("{}{grouped}{rest}", if value < 0.0 && !zero { "−" } else { "" })
}

/// As many decimals as the size of the number deserves, at most four: `1,204`, `12.5`, `0.0183`.
pub fn short(value: f64) -> String {
    let size = value.abs();
    if value.is_finite() && value == value.trunc() && size < 1e15 {
        return fixed(value, 0);
    }
    let digits = if size >= 1000.0 {
        0
    } else if size >= 100.0 {
        1
    } else if size >= 1.0 {
        2
    } else {
        4
    };
    if value.is_finite() && size > 0.0 && size < 0.00005 { format!("{value:.2e}") } else { fixed(value, digits) }
}

/// With an explicit sign: `+0.4`.
pub fn signed(value: f64, digits: usize) -> String {
    if value > 0.0 { format!("+{}", fixed(value, digits)) } else { fixed(value, digits) }
}

/// An interval, both ends written by `text`: `17.6 % – 19.0 %`. Ends that nothing bounds are told in words.
pub fn interval(low: f64, high: f64, text: impl Fn(f64) -> String) -> String {
    match (low == f64::NEG_INFINITY, high == f64::INFINITY) {
        (false, false) => format!("{} – {}", text(low), text(high)),
        (false, true) => format!("at least {}", text(low)),
        (true, false) => format!("at most {}", text(high)),
        (true, true) => NO_INTERVAL.to_owned(),
    }
}

/// What stands where the rows say nothing of how far off a number is.
const NO_INTERVAL: &str = "nothing varies: no interval";

/// A length of time: `420 ms`, `3.2 s`, `4 min 05 s`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        "–".to_owned()
    } else if seconds < 1.0 {
        format!("{:.0}\u{a0}ms", seconds * 1000.0)
    } else if seconds < 60.0 {
        format!("{seconds:.1}\u{a0}s")
    } else {
        let whole = seconds.round() as u64;
        format!("{}\u{a0}min\u{a0}{:02}\u{a0}s", whole / 60, whole % 60)
    }
}

/// A size of a file: `812 B`, `3.5 MB`.
pub fn bytes(n: u64) -> String {
    let size = n as f64;
    match n {
        0..=999 => format!("{n}\u{a0}B"),
        1_000..=999_999 => format!("{:.1}\u{a0}kB", size / 1e3),
        1_000_000..=999_999_999 => format!("{:.1}\u{a0}MB", size / 1e6),
        _ => format!("{:.1}\u{a0}GB", size / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        for (got, expected) in [
            (count(0), "0"),
            (count(999), "999"),
            (count(64_000), "64,000"),
            (count(1_000_000), "1,000,000"),
            (counted(1, "row", "rows"), "1\u{a0}row"),
            (percent(0.183_4, 1), "18.3\u{a0}%"),
            (percent(f64::NAN, 1), "–"),
            (points(-0.012, 1), "−1.2\u{a0}pp"),
            (fixed(-1234.5, 2), "−1,234.50"),
            (fixed(-0.001, 2), "0.00"),
            (fixed(1e20, 0), "100000000000000000000"),
            (short(1204.4), "1,204"),
            (short(12.5), "12.50"),
            (short(3.0), "3"),
            (short(0.01834), "0.0183"),
            (short(0.0), "0"),
            (signed(0.4, 1), "+0.4"),
            (interval(0.1, 0.2, |v| percent(v, 0)), "10\u{a0}% – 20\u{a0}%"),
            (duration(0.42), "420\u{a0}ms"),
            (duration(245.0), "4\u{a0}min\u{a0}05\u{a0}s"),
            (bytes(3_500_000), "3.5\u{a0}MB"),
        ] {
            assert_eq!(got, expected);
        }
    }
}
