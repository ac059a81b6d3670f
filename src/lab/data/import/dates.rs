//! Dates and times as text: ISO 8601 and the common formats, read to milliseconds since 1970-01-01T00:00Z and back.
//!
//! What the text leaves open is told by [`Rules`]: the order of day and month, the zone of times that name none, the century of years
//! of two digits.

use super::DateOrder;
use super::digits::eight_digits;
use super::zones::{self, Suffix, Zone};

/// ISO 8601: the date alone at midnight, seconds and milliseconds only when there are some.
pub fn render(ms: i64) -> String {
    let days = ms.div_euclid(86_400_000);
    let rest = ms.rem_euclid(86_400_000);
    let (year, month, day) = civil(days);
    let mut text = format!("{year:04}-{month:02}-{day:02}");
    if rest != 0 {
        let (hour, minute, second, milli) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60, rest % 1_000);
        text.push_str(&format!("T{hour:02}:{minute:02}:{second:02}"));
        if milli != 0 {
            text.push_str(&format!(".{milli:03}"));
        }
        text.push('Z');
    }
    text
}

/// How what a text leaves open is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Which of 03/04 is the day.
    pub order: DateOrder,
    /// Zone of times that name none; UTC when it is `None`.
    pub zone: Option<Zone>,
    /// Years of two digits up to this one are of 20xx, those after it of 19xx.
    pub pivot: u8,
}

/// 69 to 99 are 1969 to 1999, as POSIX has it.
pub const PIVOT: u8 = 68;

impl Default for Rules {
    /// The day first, UTC, [`PIVOT`].
    fn default() -> Rules {
        Rules { order: DateOrder::DayFirst, zone: None, pivot: PIVOT }
    }
}

/// A date or time as its text says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Read with the day first.
    pub day_first: Option<i64>,
    /// Read with the month first; the same where the order says nothing.
    pub month_first: Option<i64>,
    /// It has a time of day and names no zone.
    pub naive: bool,
    /// It names its zone.
    pub zoned: bool,
    /// Its year has two digits.
    pub short_year: bool,
}

/// Reads a date or time under the default [`Rules`] but for the order, which decides between 03/04 as 3 April and March 4; `None` when
/// it is none.
pub fn parse(text: &str, order: DateOrder) -> Option<i64> {
    read(text, &Rules { order, ..Rules::default() })
}

/// Reads a date or time; `None` when it is none.
///
/// Understood are `2024-12-31`, `2024/12/31`, `20241231`, `31.12.2024`, `31/12/2024`, `12/31/2024`, `31-Dec-2024`,
/// `Dec 31, 2024`, `31 December 2024`, each with an optional time `23:59[:59[.123]] [AM|PM]` and a zone as [`zones::suffix`] knows it.
pub fn read(text: &str, rules: &Rules) -> Option<i64> {
    let written = written(text, rules);
    if rules.order == DateOrder::DayFirst { written.day_first } else { written.month_first }
}

/// Reads a date or time in both orders, and says what it left open; all `None` and `false` when it is none.
pub fn written(text: &str, rules: &Rules) -> Written {
    let text = text.trim();
    let bytes = text.as_bytes();
    if bytes.len() < 6 || bytes.len() > LONGEST {
        return Written::default();
    }
    let mut scan = Scan { bytes, at: 0, ordered: false, short_year: false, pivot: rules.pivot };
    let Some((year, month, day)) = scan.date() else { return Written::default() };
    let is_day = scan.done();
    let Some(time) = (if is_day { Some(0) } else { scan.time() }) else { return Written::default() };
    // What is left says the zone; a text that was cut inside a character says nothing.
    let suffix = match text.get(scan.at..) {
        Some("") => None,
        Some(rest) => match zones::suffix(rest) {
            None => return Written::default(),
            some => some,
        },
        None => return Written::default(),
    };
    let at = |month, day| {
        let shown = days_from_civil(year, month, day)? * 86_400_000 + time;
        Some(match &suffix {
            Some(Suffix::Ahead(ahead)) => shown - ahead,
            Some(Suffix::Zone(zone)) => zone.instant(shown),
            None if is_day => shown,
            None => rules.zone.as_ref().map_or(shown, |zone| zone.instant(shown)),
        })
    };
    let day_first = at(month, day);
    let month_first = if scan.ordered { at(day, month) } else { day_first };
    let some = day_first.is_some() || month_first.is_some();
    let zoned = some && suffix.is_some();
    Written { day_first, month_first, naive: some && !zoned && !is_day, zoned, short_year: some && scan.short_year }
}

/// Whether a text that begins with a letter may begin with the name of a month: all others are no dates.
#[inline]
pub fn may_begin(text: &[u8]) -> bool {
    let Some(first) = text.first_chunk::<3>() else { return false };
    let first = first.map(|byte| byte.to_ascii_lowercase());
    MONTHS.iter().any(|name| name.as_bytes()[..3] == first)
}

/// As dates name them, whole or by their first three letters.
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Most bytes of a date: with a long zone's name.
const LONGEST: usize = 80;

/// The common case at once: `2024-12-31`, with ` 23:59:59` or `T23:59:59`, with `Z`; `None` for all else, date or not.
#[inline]
pub fn iso(bytes: &[u8]) -> Option<i64> {
    let zoned = bytes.len() == 20 && bytes[19] == b'Z';
    if !(bytes.len() == 10 || bytes.len() == 19 || zoned) || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    // Zeros in place of the hyphens: year, 0, month, 0 are eight digits.
    const HYPHENS: u64 = 0x1D00_001D_0000_0000;
    let day = u64::from_le_bytes(*bytes.first_chunk::<8>()?) ^ HYPHENS;
    let day = eight_digits(day)? as i64;
    let days = days_from_civil(day / 10_000, day % 10_000 / 10, two(bytes, 8)?)?;
    if bytes.len() == 10 {
        return Some(days * 86_400_000);
    }
    if !matches!(bytes[10], b' ' | b'T') || bytes[13] != b':' || bytes[16] != b':' {
        return None;
    }
    let (hour, minute, second) = (two(bytes, 11)?, two(bytes, 14)?, two(bytes, 17)?);
    (hour < 24 && minute < 60 && second < 60).then(|| days * 86_400_000 + ((hour * 60 + minute) * 60 + second) * 1_000)
}

/// Two digits.
fn two(bytes: &[u8], at: usize) -> Option<i64> {
    let (tens, ones) = (bytes[at].wrapping_sub(b'0'), bytes[at + 1].wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens * 10 + ones))
}

/// A day from its eight digits, `20241231` as a number.
pub fn from_compact(digits: i64) -> Option<i64> {
    days_from_civil(digits / 10_000, digits / 100 % 100, digits % 100).map(|days| days * 86_400_000)
}

/// An instant from whole seconds, milliseconds or microseconds since 1970, told apart by their size: from 2000 to 2100 they do not
/// overlap.
pub fn from_epoch(number: i64) -> Option<i64> {
    const FROM: i64 = 946_684_800;
    const TO: i64 = 4_102_444_800;
    match number {
        n if (FROM..TO).contains(&n) => Some(n * 1_000),
        n if (FROM * 1_000..TO * 1_000).contains(&n) => Some(n),
        n if (FROM * 1_000_000..TO * 1_000_000).contains(&n) => Some(n / 1_000),
        _ => None,
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Day and month may stand the other way round; they were read with the day first.
    ordered: bool,
    /// The year has two digits.
    short_year: bool,
    /// Those up to this one are of 20xx.
    pivot: u8,
}

impl Scan<'_> {
    fn done(&self) -> bool {
        self.at == self.bytes.len()
    }

    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn eat(&mut self, accepted: &[u8]) -> Option<u8> {
        let byte = self.peek();
        (byte != 0 && accepted.contains(&byte)).then(|| {
            self.at += 1;
            byte
        })
    }

    fn spaces(&mut self) {
        while self.eat(b" ").is_some() {}
    }

    /// Digits: their number and how many.
    fn digits(&mut self) -> Option<(i64, usize)> {
        let start = self.at;
        let mut number = 0i64;
        while self.peek().is_ascii_digit() {
            if self.at - start == 9 {
                return None;
            }
            number = number * 10 + i64::from(self.peek() - b'0');
            self.at += 1;
        }
        (self.at > start).then_some((number, self.at - start))
    }

    /// Exactly two digits, or one or two.
    fn two(&mut self, exact: bool) -> Option<i64> {
        let (number, count) = self.digits()?;
        (count == 2 || (count == 1 && !exact)).then_some(number)
    }

    /// Year, month and day.
    fn date(&mut self) -> Option<(i64, i64, i64)> {
        if self.peek().is_ascii_alphabetic() {
            // Dec 31, 2024
            let month = self.month_name()?;
            self.eat(b". -")?;
            self.spaces();
            let day = self.two(false)?;
            self.eat(b", -")?;
            self.spaces();
            return Some((self.year()?, month, day));
        }
        let (first, count) = self.digits()?;
        if count == 8 {
            return Some((first / 10_000, first / 100 % 100, first % 100));
        }
        let separator = self.eat(b"-/. ")?;
        if count == 4 {
            let month = if self.peek().is_ascii_alphabetic() { self.month_name()? } else { self.two(false)? };
            self.eat(&[separator])?;
            return Some((first, month, self.two(false)?));
        }
        if count > 2 {
            return None;
        }
        if self.peek().is_ascii_alphabetic() {
            // 31-Dec-2024, 31 December 2024
            let month = self.month_name()?;
            self.eat(b"-/. ,")?;
            self.spaces();
            return Some((self.year()?, month, first));
        }
        if separator == b' ' {
            return None;
        }
        let second = self.two(false)?;
        self.eat(&[separator])?;
        let year = self.year()?;
        // With points the day always comes first.
        self.ordered = separator != b'.';
        Some((year, second, first))
    }

    fn year(&mut self) -> Option<i64> {
        let (year, count) = self.digits()?;
        match count {
            4 => Some(year),
            2 => {
                self.short_year = true;
                Some(if year > i64::from(self.pivot) { 1900 + year } else { 2000 + year })
            }
            _ => None,
        }
    }

    fn month_name(&mut self) -> Option<i64> {
        let start = self.at;
        while self.peek().is_ascii_alphabetic() {
            self.at += 1;
        }
        let word = self.bytes.get(start..self.at)?;
        let is_word =
            |name: &&str| name.as_bytes().eq_ignore_ascii_case(word) || name.as_bytes()[..3].eq_ignore_ascii_case(word);
        let index = MONTHS.iter().position(is_word)?;
        Some(index as i64 + 1)
    }

    /// `T23:59:59.123 PM` as milliseconds of the day, and blanks behind it.
    fn time(&mut self) -> Option<i64> {
        if self.eat(b"Tt").is_none() {
            self.eat(b", ")?;
            self.spaces();
        }
        let mut hour = self.two(false)?;
        self.eat(b":")?;
        let minute = self.two(true)?;
        let (mut second, mut milli) = (0, 0);
        if self.eat(b":").is_some() {
            second = self.two(true)?;
            if self.eat(b".,").is_some() {
                let (fraction, count) = self.digits()?;
                milli = fraction * 1_000 / 10i64.pow(count as u32);
            }
        }
        self.spaces();
        // A zone may begin with such a letter, too.
        let is_half = matches!(self.bytes.get(self.at + 1), Some(b'M' | b'm'))
            && !self.bytes.get(self.at + 2).is_some_and(u8::is_ascii_alphabetic);
        let half = if is_half { self.eat(b"AaPp") } else { None };
        if let Some(half) = half {
            self.at += 1;
            if !(1..=12).contains(&hour) {
                return None;
            }
            hour = hour % 12 + if half.eq_ignore_ascii_case(&b'p') { 12 } else { 0 };
            self.spaces();
        }
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        Some(((hour * 60 + minute) * 60 + second) * 1_000 + milli)
    }
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar; `None` when there is no such day
/// (after Hinnant, "chrono-compatible low-level date algorithms").
#[inline]
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(0..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (year, month, day) = (year as u32, month as u32, day as u32);
    // Of the years that 25 divides those are leap years that 16 divides, of the others those that 4 does.
    let leap = year & (if year.is_multiple_of(25) { 15 } else { 3 }) == 0;
    let length = match month {
        2 => 28 + u32::from(leap),
        _ => 30 + ((month ^ (month >> 3)) & 1),
    };
    if day > length {
        return None;
    }
    // Years from March on, and 400 more so that none is negative.
    let y = year + 400 - u32::from(month <= 2);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let century = y / 100;
    Some(i64::from(y * 365 + y / 4 - century + century / 4 + day_of_year) - 146_097 - 719_468)
}

/// Year, month and day of a day since 1970-01-01; the inverse of [`days_from_civil`].
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_many_shapes_are_read() {
        let day = 1_735_603_200_000; // 2024-12-31T00:00Z
        let cases = [
            ("2024-12-31", day),
            ("2024/12/31", day),
            ("20241231", day),
            ("31.12.2024", day),
            ("31/12/2024", day),
            ("31-Dec-2024", day),
            ("31 December 2024", day),
            ("Dec 31, 2024", day),
            ("31/12/24", day),
            ("2024-12-31 00:00:00", day),
            ("2024-12-31T13:05", day + 47_100_000),
            ("2024-12-31T13:05:30.250Z", day + 47_130_250),
            ("2024-12-31 01:05 PM", day + 47_100_000),
            ("2024-12-31T02:00:00+02:00", day),
            ("2024-12-30 19:00:00 -0500", day),
            ("2024-12-31 00:00:00.123456 UTC", day + 123),
            ("1969-12-31T23:59:59Z", -1_000),
            ("2024-02-29", 1_709_164_800_000),
        ];
        for (text, ms) in cases {
            assert_eq!(parse(text, DateOrder::DayFirst), Some(ms), "{text}");
        }
        assert_eq!(parse("12/31/2024", DateOrder::MonthFirst), Some(day));
        let both = |text: &str| {
            let written = written(text, &Rules::default());
            (written.day_first, written.month_first)
        };
        assert_eq!(both("03/04/2024 10:00"), (Some(1_712_138_400_000), Some(1_709_546_400_000)));
        assert_eq!(both("03.04.2024"), (Some(1_712_102_400_000), Some(1_712_102_400_000)));
    }

    #[test]
    fn what_a_text_leaves_open_is_read_by_the_rules() {
        let rules = Rules { zone: Some(Zone::named("Europe/Berlin").unwrap()), pivot: 29, ..Rules::default() };
        let noon = 1_706_702_400_000; // 2024-01-31T12:00Z
        let hour = 3_600_000;
        let cases = [
            // naive, zoned, short year
            ("2024-01-31T12:00:00", noon - hour, (true, false, false)),
            ("2024-01-31 12:00 PM", noon - hour, (true, false, false)),
            ("2024-01-31 12:00 PST", noon + 8 * hour, (false, true, false)),
            ("2024-01-31 12:00:00 America/New_York", noon + 5 * hour, (false, true, false)),
            ("2024-01-31T12:00:00.000[Asia/Tokyo]", noon - 9 * hour, (false, true, false)),
            ("2024-01-31T12:00Z", noon, (false, true, false)),
            ("2024-01-31", noon - 12 * hour, (false, false, false)),
            ("31.01.24", noon - 12 * hour, (false, false, true)),
            ("31.01.24 12:00 CET", noon - hour, (false, true, true)),
            ("31/12/29", 1_893_369_600_000, (false, false, true)),
            ("31/12/30", -1_230_854_400_000, (false, false, true)),
        ];
        for (text, ms, (naive, zoned, short_year)) in cases {
            let expected = Written { day_first: Some(ms), naive, zoned, short_year, ..Written::default() };
            let found = Written { month_first: None, ..written(text, &rules) };
            assert_eq!(found, expected, "{text}");
        }
        for text in ["2024-01-31 12:00 Nowhere", "2024-01-31 CET", "2024-01-31 12:00 \u{e9}", "2024-02-30 12:00"] {
            assert_eq!(written(text, &rules), Written::default(), "{text}");
        }
    }

    #[test]
    fn the_common_case_is_read_as_every_other() {
        let cases = [
            "2024-12-31",
            "2024-02-29",
            "2023-02-29",
            "2024-12-31 23:59:59",
            "2024-12-31T00:00:00",
            "2024-12-31T00:00:00Z",
            "0000-01-01",
            "9999-12-31",
            "2024-13-01",
            "2024-1-001",
            "2024-12-31x10:00:00",
            "2024-12-31 24:00:00",
            "2024-12-31 10:60:00",
            "20a4-12-31",
        ];
        for text in cases {
            let plainly = parse(text, DateOrder::DayFirst);
            assert_eq!(iso(text.as_bytes()), plainly, "{text}");
        }
        for text in ["", "2024", "2024/12/31", "2024-12-31 10:00", "\u{e9}024-12-3"] {
            assert_eq!(iso(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_the_calendar_is_found() {
        let mut days = days_from_civil(0, 1, 1).unwrap();
        assert_eq!((days, days_from_civil(1970, 1, 1)), (-719_528, Some(0)));
        for year in 0..=9999 {
            for month in 0..=13 {
                for day in 0..=32 {
                    // The days that there are follow each other.
                    let exists = civil(days) == (year, month, day);
                    assert_eq!(days_from_civil(year, month, day), exists.then_some(days), "{year}-{month}-{day}");
                    days += i64::from(exists);
                }
            }
        }
        assert_eq!(civil(days), (10_000, 1, 1));
        assert_eq!((days_from_civil(10_000, 1, 1), days_from_civil(-1, 12, 31)), (None, None));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        let cases = [
            "",
            "2024",
            "hello",
            "2024-13-01",
            "2023-02-29",
            "12/31/2024",
            "2024-12-31T25:00",
            "2024-12-31x",
            "1.5",
            "123456",
            "1.2.3",
            "2024-1",
            "00:00:00",
            "31 12 2024",
            "2024-12-31T10:60",
            "99999999",
        ];
        for text in cases {
            assert_eq!(parse(text, DateOrder::DayFirst), None, "{text}");
        }
    }

    #[test]
    fn rendering_and_reading_are_inverse() {
        for ms in [0, 1, -1, 1_735_603_200_000, 951_782_400_000, -2_208_988_800_000, 253_402_300_799_999] {
            assert_eq!(parse(&render(ms), DateOrder::DayFirst), Some(ms), "{}", render(ms));
        }
    }
}
