//! The type of a column of text, from all of its cells.

use super::DateOrder;
use super::dates::{self, Written};
use super::parse::{BOOL_WORDS, CellParser, LONGEST_BOOL, Shape, same_word};
use crate::data::quality::words;
use attune_policy::value::Type;

/// What the cells of a column look like. Counts are of known cells unless they say otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Cells that are not missing.
    pub known: u64,
    /// Cells that a token such as `NA` says are missing.
    pub tokens: u64,
    /// The first such token.
    pub token: String,
    /// Cells with spaces around them.
    pub padded: u64,
    /// Read with a decimal point.
    pub point: Numbers,
    /// Read with a decimal comma.
    pub comma: Numbers,
    /// Words of [`BOOL_WORDS`], false and true.
    bools: [[u64; 2]; BOOL_WORDS.len()],
    /// Some cell is none of these words.
    other: bool,
    /// Dates when the day comes first.
    pub day_first: u64,
    /// Dates when the month comes first.
    pub month_first: u64,
    /// Dates that mean another day in the other order.
    pub ambiguous: u64,
    /// Times of day that name no zone.
    pub naive: u64,
    /// Times that name their zone.
    pub zoned: u64,
    /// Dates whose year has two digits.
    pub short_years: u64,
    /// Dates written as eight digits, 1900 to 2099.
    compact_dates: u64,
    /// Whole numbers that may be seconds, milliseconds or microseconds since 1970.
    epochs: u64,
}

/// Numbers among the cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// All of them.
    pub all: u64,
    /// Whole ones.
    pub whole: u64,
    /// Whole ones written with decimals that are zeros.
    pub zeros: u64,
    /// With a decimal mark.
    pub fractions: u64,
    /// With separators of thousands.
    pub grouped: u64,
    /// With a currency or percent sign.
    pub affixed: u64,
    /// Codes rather than quantities: leading zeros, plus signs, more digits than 64 bits hold.
    pub codes: u64,
    /// In parentheses.
    pub bracketed: u64,
}

/// What a column says about the decimal mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecimalMark {
    /// It is a comma.
    pub comma: bool,
    /// The cells allow no other reading.
    pub certain: bool,
}

/// A type and the reason for it, when it needs one.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The type.
    pub type_: Type,
    /// What a person should know about it.
    pub note: Option<String>,
}

impl Evidence {
    /// Takes in a trimmed cell that occurs several times; false when it is missing. Every cell is judged by
    /// itself, so that evidence of the same cells is the same wherever chunks of them end.
    pub fn add(&mut self, text: &str, times: u64, parser: &CellParser) -> bool {
        if parser.is_missing(text) {
            if !text.is_empty() {
                if self.tokens == 0 {
                    text.clone_into(&mut self.token);
                }
                self.tokens += times;
            }
            return false;
        }
        self.known += times;
        let first = text.as_bytes()[0];
        if first.is_ascii_alphabetic() || first >= 0x80 {
            self.add_word(text, times);
        } else {
            self.other = true;
        }
        if first.is_ascii_alphabetic() {
            if text.len() >= 8 && dates::may_begin(text.as_bytes()) {
                self.add_date(text, times, parser);
            }
            return true;
        }
        let plain = text.bytes().all(|b| b.is_ascii_digit());
        if plain {
            let code = (text.len() > 1 && first == b'0') || text.len() > 18;
            for numbers in [&mut self.point, &mut self.comma] {
                numbers.all += times;
                numbers.whole += times;
                numbers.codes += if code { times } else { 0 };
            }
            if text.len() == 8 && matches!(&text[..2], "19" | "20") && is_day(text) {
                self.compact_dates += times;
            }
            if text.len() >= 9 && !code && text.parse().ok().and_then(dates::from_epoch).is_some() {
                self.epochs += times;
            }
            return true;
        }
        let (point, comma) = (Shape::of(text, false), Shape::of(text, true));
        self.point.add(point, times);
        self.comma.add(comma, times);
        if point.is_none() && comma.is_none() {
            self.add_date(text, times, parser);
        }
        true
    }

    /// Takes in a trimmed cell that occurs several times by its first bytes, where they tell all there is to say: it is a text among
    /// texts; false where they do not. No missing text may begin with the first.
    #[inline]
    pub fn add_plain(&mut self, text: &[u8], times: u64) -> bool {
        let word = text.first().is_some_and(u8::is_ascii_alphabetic);
        let plain = word && self.other && !dates::may_begin(text);
        self.known += if plain { times } else { 0 };
        plain
    }

    /// Takes in `count` cells that are whole numbers without separators and codes, `compact` of them dates of eight digits and
    /// `epochs` counts since 1970.
    pub fn add_whole(&mut self, count: u64, compact: u64, epochs: u64) {
        self.known += count;
        self.other |= count > 0;
        for numbers in [&mut self.point, &mut self.comma] {
            numbers.all += count;
            numbers.whole += count;
        }
        self.compact_dates += compact;
        self.epochs += epochs;
    }

    /// Takes in `count` cells that are numbers with decimals in one reading of the mark only, `zeros` of them with nothing but
    /// zeros there.
    pub fn add_fractions(&mut self, count: u64, zeros: u64, comma: bool) {
        self.known += count;
        self.other |= count > 0;
        let numbers = if comma { &mut self.comma } else { &mut self.point };
        numbers.all += count;
        numbers.fractions += count;
        numbers.zeros += zeros;
    }

    /// Takes in `count` cells that are dates in either order of day and month, `naive` of them times of day without a zone and `zoned`
    /// with one.
    pub fn add_dates(&mut self, count: u64, naive: u64, zoned: u64) {
        self.naive += naive;
        self.zoned += zoned;
        self.known += count;
        self.other |= count > 0;
        self.day_first += count;
        self.month_first += count;
    }

    /// Takes in what another part of the column showed that comes later in the file.
    pub fn merge(&mut self, later: &Evidence) {
        if self.tokens == 0 {
            self.token.clone_from(&later.token);
        }
        self.known += later.known;
        self.tokens += later.tokens;
        self.padded += later.padded;
        self.point.merge(&later.point);
        self.comma.merge(&later.comma);
        for (mine, theirs) in self.bools.iter_mut().zip(later.bools) {
            mine[0] += theirs[0];
            mine[1] += theirs[1];
        }
        self.other |= later.other;
        self.day_first += later.day_first;
        self.month_first += later.month_first;
        self.ambiguous += later.ambiguous;
        self.naive += later.naive;
        self.zoned += later.zoned;
        self.short_years += later.short_years;
        self.compact_dates += later.compact_dates;
        self.epochs += later.epochs;
    }

    /// How many cells are numbers written as codes are, under a decimal mark.
    pub fn codes(&self, comma: bool) -> u64 {
        if comma { self.comma.codes } else { self.point.codes }
    }

    /// What is said of the codes of a column that is read as numbers even so; `None` where there are none. `first` are some of those that
    /// are numbers of its type: row and text.
    pub fn codes_note(&self, name: &str, type_: Type, comma: bool, first: &[(u64, &str)]) -> Option<String> {
        let codes = self.codes(comma);
        if codes == 0 || !matches!(type_, Type::Integer | Type::Number) {
            return None;
        }
        let all = if comma { self.comma.all } else { self.point.all };
        let named: Vec<String> = first.iter().map(|(row, text)| format!("`{text}` in row {row}")).collect();
        let more = if codes > first.len() as u64 { ", …" } else { "" };
        let read = match named.is_empty() {
            true => "none fits, and they are listed".to_owned(),
            false => {
                format!("they are read by their value ({}{more}), or listed where it does not fit", named.join(", "))
            }
        };
        Some(format!(
            "`{name}` is {type_}, although {codes} of {all} cells have leading zeros, a plus sign or more digits than a number keeps: \
             {read}; where the column holds codes, read it as text (--type)."
        ))
    }

    /// The same evidence without counts that decide nothing any more.
    #[cfg(test)]
    pub fn settled(mut self) -> Evidence {
        if self.other {
            self.bools = Default::default();
        }
        self
    }

    /// Which decimal mark this column's numbers need, and whether no other reading is possible: `1,234` may be 1.234 or
    /// one thousand two hundred and thirty-four.
    pub fn decimal_mark(&self) -> Option<DecimalMark> {
        let reads = |n: &Numbers| n.fractions > 0 && self.nearly_all(n.all - n.codes.min(n.all));
        let only_groups = |other: &Numbers, n: &Numbers| self.nearly_all(other.all) && other.grouped == n.fractions;
        match (reads(&self.comma), reads(&self.point)) {
            (true, false) => Some(DecimalMark { comma: true, certain: !only_groups(&self.point, &self.comma) }),
            (false, true) => Some(DecimalMark { comma: false, certain: !only_groups(&self.comma, &self.point) }),
            _ => None,
        }
    }

    /// The order of day and month that this column's dates need, when they are dates.
    pub fn date_order(&self) -> Option<DateOrder> {
        match (self.nearly_all(self.day_first), self.nearly_all(self.month_first)) {
            (true, false) => Some(DateOrder::DayFirst),
            (false, true) => Some(DateOrder::MonthFirst),
            (true, true) if self.day_first > self.month_first => Some(DateOrder::DayFirst),
            (true, true) if self.month_first > self.day_first => Some(DateOrder::MonthFirst),
            _ => None,
        }
    }

    /// The column's type. `name` helps where cells alone leave it open.
    pub fn verdict(&self, name: &str, comma: bool, order: DateOrder) -> Verdict {
        let known = self.known;
        let numbers = if comma { &self.comma } else { &self.point };
        let plain = |type_| Verdict { type_, note: None };
        if known == 0 {
            return Verdict { type_: Type::Text, note: Some(format!("`{name}` has no value at all.")) };
        }
        if let Some(words) = self.bool_words() {
            return Verdict {
                type_: Type::Bool,
                note: Some(format!("`{name}` is true/false: its cells are {words}.")),
            };
        }
        if numbers.codes > 0 && self.nearly_all(numbers.all) && !numbers.has_few_codes(name) {
            return Verdict {
                type_: Type::Text,
                note: Some(format!(
                    "`{name}` stays text: {} of its cells are codes with leading zeros, a plus sign or more digits than a \
                     number keeps.",
                    numbers.codes
                )),
            };
        }
        let named_as_date =
            ["date", "day", "datum", "time", "_dt", "dt_"].iter().any(|w| name.to_lowercase().contains(w));
        if self.compact_dates == known && (named_as_date || known >= 20) {
            return Verdict { type_: Type::Time, note: Some(format!("`{name}` holds dates written as eight digits.")) };
        }
        let named_as_instant = named_as_date
            || name.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|w| matches!(w, "at" | "ts" | "epoch"));
        if self.epochs == known && named_as_instant {
            return Verdict {
                type_: Type::Time,
                note: Some(format!("`{name}` counts time since 1970; its numbers are taken as instants.")),
            };
        }
        // Where most stand in parentheses these are not the sign: (1), (2) are numbers of a list.
        if self.nearly_all(numbers.all) && numbers.bracketed * 2 > numbers.all {
            return plain(Type::Text);
        }
        // A row whose key is lost is nobody's: of a key every cell is kept as it is.
        if self.nearly_all(numbers.all) && known > numbers.all && names_a_key(name) {
            let others = known - numbers.all;
            let note =
                format!("`{name}` stays text: it names rows or people, and {others} of its cells are no numbers.");
            return Verdict { type_: Type::Text, note: Some(note) };
        }
        if self.nearly_all(numbers.all) {
            let whole_with_zeros = numbers.whole + numbers.zeros == numbers.all;
            // Tables that went through a data frame write whole numbers beside missing ones as 17850.0.
            let type_ = match whole_with_zeros && (numbers.zeros == 0 || numbers.whole == 0) {
                true if numbers.zeros == 0 => Type::Integer,
                true if self.looks_like_id(name) => Type::Integer,
                _ => Type::Number,
            };
            let mut notes = Vec::new();
            if type_ == Type::Integer && numbers.zeros > 0 {
                notes.push("its whole numbers are written with .0".to_owned());
            }
            if numbers.grouped > 0 {
                notes.push("thousands are separated".to_owned());
            }
            if numbers.bracketed > 0 {
                notes.push(format!("{} numbers in parentheses are negative", numbers.bracketed));
            }
            if numbers.affixed > 0 {
                notes.push("currency or percent signs were taken off".to_owned());
            }
            if known > numbers.all {
                notes.push(format!(
                    "{} of {known} cells are no numbers; they are listed and count as missing",
                    known - numbers.all
                ));
            }
            let note = (!notes.is_empty()).then(|| format!("`{name}` is {type_}: {}.", notes.join("; ")));
            return Verdict { type_, note };
        }
        let dates = if order == DateOrder::DayFirst { self.day_first } else { self.month_first };
        if self.nearly_all(dates) {
            let note = match known - dates {
                0 => None,
                bad => Some(format!(
                    "`{name}` is time: {bad} of {known} cells are no dates; they are listed and count as missing."
                )),
            };
            return Verdict { type_: Type::Time, note };
        }
        let odd = known - numbers.all;
        if numbers.all > 0 && numbers.codes == 0 && numbers.all * 10 >= known * 9 {
            return Verdict {
                type_: Type::Text,
                note: Some(format!(
                    "`{name}` stays text: {odd} of {known} cells are no numbers. Fix its type to list them."
                )),
            };
        }
        plain(Type::Text)
    }

    /// All cells, or all but a few that are listed: at most 1 %, or one cell beside at least 20 others.
    fn nearly_all(&self, count: u64) -> bool {
        let rest = self.known - count.min(self.known);
        count > 0 && (rest * 100 <= self.known || (rest == 1 && count >= 20))
    }

    fn looks_like_id(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        ["id", "key", "nr", "no", "number", "code", "year"].iter().any(|w| name.ends_with(w))
    }

    fn add_word(&mut self, text: &str, times: u64) {
        if self.other {
            return;
        }
        let mut known = false;
        if text.len() <= LONGEST_BOOL {
            for (counts, (no, yes, _)) in self.bools.iter_mut().zip(BOOL_WORDS) {
                let (no, yes) = (same_word(no, text), same_word(yes, text));
                counts[0] += if no { times } else { 0 };
                counts[1] += if yes { times } else { 0 };
                known |= no || yes;
            }
        }
        self.other = !known;
    }

    fn bool_words(&self) -> Option<String> {
        if self.other {
            return None;
        }
        let (counts, (no, yes, alone)) = self.bools.iter().zip(BOOL_WORDS).find(|(c, _)| c[0] + c[1] == self.known)?;
        (alone || (counts[0] > 0 && counts[1] > 0)).then(|| format!("{yes} ({}) and {no} ({})", counts[1], counts[0]))
    }

    fn add_date(&mut self, text: &str, times: u64, parser: &CellParser) {
        let Written { day_first, month_first, naive, zoned, short_year } = dates::written(text, parser.dates());
        let count = |holds: bool| if holds { times } else { 0 };
        self.day_first += count(day_first.is_some());
        self.month_first += count(month_first.is_some());
        self.ambiguous += count(day_first.is_some() && month_first.is_some() && day_first != month_first);
        self.naive += count(naive);
        self.zoned += count(zoned);
        self.short_years += count(short_year);
    }
}

/// Of the codes whose digits are random one in ten begins with a zero, and so do postcodes of whole countries (8 % of those of the United
/// States). A column in which one number in this many is written as a code holds numbers, a few of them written oddly.
const NUMBERS_PER_CODE: u64 = 1_000;

/// Words of names of columns that hold codes, of which some may begin with zeros and most need not.
const CODE_WORDS: [&str; 18] = [
    "zip",
    "zipcode",
    "postal",
    "postcode",
    "plz",
    "phone",
    "telephone",
    "tel",
    "mobile",
    "fax",
    "code",
    "sku",
    "ean",
    "gtin",
    "upc",
    "isbn",
    "barcode",
    "iban",
];

/// Whether a name says that cells name rows or people.
fn names_a_key(name: &str) -> bool {
    let plain = name.replace(|c: char| !c.is_alphanumeric(), "_");
    words(&plain).last().is_some_and(|word| matches!(word.as_str(), "id" | "key" | "uuid" | "guid"))
}

/// Whether eight digits are a day.
fn is_day(digits: &str) -> bool {
    dates::parse(digits, DateOrder::DayFirst).is_some()
}

impl Numbers {
    /// Whether so few of them are written as codes that the column holds numbers, unless its name says that it holds codes.
    fn has_few_codes(&self, name: &str) -> bool {
        let plain = || name.replace(|c: char| !c.is_alphanumeric(), "_");
        let is_named = || words(&plain()).iter().any(|word| CODE_WORDS.contains(&word.as_str()));
        self.codes.saturating_mul(NUMBERS_PER_CODE) <= self.all && !is_named()
    }

    fn merge(&mut self, other: &Numbers) {
        self.all += other.all;
        self.whole += other.whole;
        self.zeros += other.zeros;
        self.fractions += other.fractions;
        self.grouped += other.grouped;
        self.affixed += other.affixed;
        self.codes += other.codes;
        self.bracketed += other.bracketed;
    }

    fn add(&mut self, shape: Option<Shape>, times: u64) {
        let Some(shape) = shape else { return };
        let count = |holds: bool| if holds { times } else { 0 };
        self.all += times;
        self.whole += count(!shape.fraction && !shape.exponent);
        self.zeros += count(shape.fraction && shape.zeros && !shape.exponent);
        self.fractions += count(shape.fraction);
        self.grouped += count(shape.grouped);
        self.affixed += count(shape.affix);
        self.codes += count(shape.code);
        self.bracketed += count(shape.bracketed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::import::ImportOptions;

    #[test]
    fn evidence_is_the_same_wherever_chunks_end_and_whatever_comes_first() {
        let parser = CellParser::new(&ImportOptions::default());
        let words = (0..300).map(|i| format!("marker of campaign {i}"));
        let dates = (0..2_000).map(|i| match i % 3 {
            0 => format!("{:02}.{:02}.2024", 1 + i % 28, 1 + i % 12),
            1 => format!("March {}, 2024", 1 + i % 28),
            _ => format!("{}/{}/24 10:11", 1 + i % 12, 1 + i % 28),
        });
        let cells: Vec<String> = words.chain(dates).collect();
        let backwards: Vec<String> = cells.iter().rev().cloned().collect();
        let gather = |cells: &[String], piece: usize| {
            let mut all = Evidence::default();
            for piece in cells.chunks(piece) {
                let mut evidence = Evidence::default();
                piece.iter().for_each(|cell| assert!(evidence.add(cell, 1, &parser)));
                all.merge(&evidence);
            }
            all.settled()
        };
        let whole = gather(&cells, cells.len());
        // All are dates with the month first; with the day first those are not whose second number is no month.
        assert_eq!(whole.month_first, 2_000);
        assert!(whole.day_first < 2_000 && whole.day_first >= 1_333, "{}", whole.day_first);
        for piece in [1, 7, 250, 301, 1_000] {
            assert_eq!(gather(&cells, piece), whole, "pieces of {piece}");
            assert_eq!(gather(&backwards, piece), whole, "backwards, pieces of {piece}");
        }
    }
}
