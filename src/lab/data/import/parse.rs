//! One cell: what its text means for a type. Import and `attune decide` read cells through the same parser.

use super::zones::Zone;
use super::{DateOrder, ImportOptions, dates};
use attune_policy::value::{Type, Value};
use std::borrow::Cow;

/// Texts that mean "missing" unless the options say otherwise. Empty and blank cells always do.
pub const MISSING_TOKENS: &[&str] = &[
    "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "Null", "null", "\\N", "<NA>", "#NULL!", "#DIV/0!", "#VALUE!",
    "#REF!",
];

/// Reads cells under resolved options.
#[derive(Clone, Debug)]
pub struct CellParser {
    missing: Vec<String>,
    longest: usize,
    /// Whether some missing text begins with this byte.
    begins: [bool; 256],
    decimal_comma: bool,
    dates: dates::Rules,
    /// Numbers that stand for a missing value however they are written.
    marks: Vec<f64>,
}

impl CellParser {
    /// A parser for these options; what they leave open takes the defaults.
    pub fn new(options: &ImportOptions) -> CellParser {
        let missing: Vec<String> = match &options.missing {
            Some(tokens) => tokens.clone(),
            None => MISSING_TOKENS.iter().map(|t| (*t).to_owned()).collect(),
        };
        // A zone that is not known was refused before a file is read.
        let zone = options.zone.as_deref().and_then(|name| Zone::named(name).ok()).filter(|zone| !zone.is_utc());
        let parser = CellParser {
            begins: [false; 256],
            longest: 0,
            missing: Vec::new(),
            decimal_comma: options.csv.decimal_comma.unwrap_or(false),
            dates: dates::Rules {
                order: options.dates.unwrap_or(DateOrder::DayFirst),
                zone,
                pivot: options.pivot.unwrap_or(dates::PIVOT),
            },
            marks: Vec::new(),
        };
        parser.with_missing(missing)
    }

    /// The parser of one column, by its source name and identifier, when the options say more of what is missing there.
    pub fn of_column(&self, options: &ImportOptions, source: &str, name: &str) -> Option<CellParser> {
        let own = options.missing_in.get(source).or_else(|| options.missing_in.get(name))?;
        let mut parser = self.clone().with_missing(self.missing.iter().chain(own).cloned().collect());
        parser.marks = own.iter().filter_map(|text| self.number(text)).collect();
        if !parser.marks.is_empty() {
            (b'0'..=b'9').chain(*b"+-.").for_each(|byte| parser.begins[usize::from(byte)] = true);
        }
        Some(parser)
    }

    fn with_missing(mut self, missing: Vec<String>) -> CellParser {
        for first in missing.iter().filter_map(|token| token.as_bytes().first()) {
            self.begins[usize::from(*first)] = true;
        }
        self.longest = missing.iter().map(String::len).max().unwrap_or(0);
        self.missing = missing;
        self
    }

    /// Whether a trimmed text stands for a missing value.
    pub fn is_missing(&self, text: &str) -> bool {
        let Some(first) = text.as_bytes().first() else { return true };
        if !self.begins[usize::from(*first)] {
            return false;
        }
        (text.len() <= self.longest && self.missing.iter().any(|token| token == text)) || self.is_mark(text)
    }

    /// Whether it is a number that stands for a missing value: 999 as `999.0`, too.
    fn is_mark(&self, text: &str) -> bool {
        !self.marks.is_empty() && self.number(text).is_some_and(|x| self.marks.contains(&x))
    }

    /// Whether a text that begins with this byte may stand for a missing value.
    pub fn may_be_missing(&self, first: u8) -> bool {
        self.begins[usize::from(first)]
    }

    /// How dates and times are read.
    pub fn dates(&self) -> &dates::Rules {
        &self.dates
    }

    /// Whether numbers are written `3,14`.
    pub fn decimal_comma(&self) -> bool {
        self.decimal_comma
    }

    /// The value of a cell; unknown when it is missing.
    ///
    /// # Errors
    /// What was expected, when the text does not fit the type.
    pub fn parse(&self, text: &str, type_: Type) -> Result<Value, &'static str> {
        let text = text.trim();
        if self.is_missing(text) {
            return Ok(Value::Unknown);
        }
        let value = match type_ {
            Type::Text => Some(Value::text(text)),
            Type::Integer => self.integer(text).map(Value::Integer),
            Type::Number => self.number(text).map(Value::Number),
            Type::Bool => boolean(text).map(Value::Bool),
            Type::Time => self.time(text).map(Value::Time),
        };
        value.ok_or(expected(type_))
    }

    /// A whole number; `12.0` is one, i64::MIN is not.
    pub fn integer(&self, text: &str) -> Option<i64> {
        if let Ok(i) = text.parse::<i64>() {
            return (i != i64::MIN).then_some(i);
        }
        if let Some(signed) = with_minus(text) {
            return self.integer(&signed);
        }
        let shape = Shape::of(text, self.decimal_comma)?;
        if shape.fraction || shape.exponent {
            let x = self.number(text)?;
            // Up to 2^53 a float holds whole numbers exactly.
            return (x.fract() == 0.0 && x.abs() <= 9_007_199_254_740_992.0).then_some(x as i64);
        }
        plain(text, self.decimal_comma).parse().ok().filter(|i| *i != i64::MIN)
    }

    /// A finite number.
    pub fn number(&self, text: &str) -> Option<f64> {
        if let Some(signed) = with_minus(text) {
            return self.number(&signed);
        }
        Shape::of(text, self.decimal_comma)?;
        let parsed = text.parse::<f64>();
        let plainly = !text.contains(',') && parsed.is_ok();
        let x = match parsed {
            Ok(x) if plainly && (!self.decimal_comma || !text.contains('.')) => x,
            _ => plain(text, self.decimal_comma).parse::<f64>().ok()?,
        };
        x.is_finite().then_some(x)
    }

    /// An instant in milliseconds.
    pub fn time(&self, text: &str) -> Option<i64> {
        dates::read(text, &self.dates).or_else(|| match text.len() {
            9..=16 if text.bytes().all(|byte| byte.is_ascii_digit()) => dates::from_epoch(text.parse().ok()?),
            _ => None,
        })
    }
}

/// What a cell of this type should have been.
pub fn expected(type_: Type) -> &'static str {
    match type_ {
        Type::Bool => "true or false",
        Type::Integer => "a whole number",
        Type::Number => "a number",
        Type::Text => "text",
        Type::Time => "a date or time",
    }
}

/// Words for false and true that stand together in a column, and whether one of them alone says so. A letter or a short word
/// may stand for anything when it is alone.
pub const BOOL_WORDS: [(&str, &str, bool); 20] = [
    ("false", "true", true),
    ("no", "yes", true),
    ("n", "y", false),
    ("f", "t", false),
    ("off", "on", false),
    ("nein", "ja", false),
    ("falsch", "wahr", false),
    ("non", "oui", false),
    ("faux", "vrai", false),
    ("no", "sí", false),
    ("no", "si", false),
    ("falso", "verdadero", false),
    ("falso", "vero", false),
    ("falso", "verdadeiro", false),
    ("não", "sim", false),
    ("nao", "sim", false),
    ("nee", "ja", false),
    ("nej", "ja", false),
    ("nie", "tak", false),
    ("нет", "да", false),
];

/// Most bytes of such a word.
pub const LONGEST_BOOL: usize = 10;

/// True or false in the words exports use.
pub fn boolean(text: &str) -> Option<bool> {
    if text.len() > LONGEST_BOOL {
        return None;
    }
    let same = |word: &str| same_word(word, text);
    match text {
        "1" => Some(true),
        "0" => Some(false),
        _ if BOOL_WORDS.iter().any(|(no, ..)| same(no)) => Some(false),
        _ if BOOL_WORDS.iter().any(|(_, yes, _)| same(yes)) => Some(true),
        _ => None,
    }
}

/// Whether two words are the same but for capitals.
pub fn same_word(word: &str, text: &str) -> bool {
    let lower = |s: &str| s.chars().flat_map(char::to_lowercase).collect::<String>();
    word.eq_ignore_ascii_case(text)
        || (!text.is_ascii() && !word.is_ascii() && word.len() == text.len() && lower(text) == word)
}

/// How a number is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// It has a decimal mark.
    pub fraction: bool,
    /// Its decimals are zeros.
    pub zeros: bool,
    /// It has an exponent.
    pub exponent: bool,
    /// It has separators between groups of three digits.
    pub grouped: bool,
    /// It carries a currency sign or a percent sign.
    pub affix: bool,
    /// It is a code rather than a quantity: a leading zero, or a plus sign before many digits.
    pub code: bool,
    /// It stands in parentheses: as accounts write what is negative, or lists their numbers.
    pub bracketed: bool,
}

impl Shape {
    /// The shape of a number, `None` when the text is none. With `comma` the decimal mark is a comma and groups are
    /// separated by points; otherwise the other way round.
    pub fn of(text: &str, comma: bool) -> Option<Shape> {
        if let Some(signed) = with_minus(text) {
            let shape = Shape::of(&signed, comma)?;
            return Some(Shape { bracketed: text.starts_with('('), ..shape });
        }
        let mut shape = Shape::default();
        let mut rest = text.as_bytes();
        if !rest.iter().all(u8::is_ascii)
            || rest.last().is_some_and(|b| !b.is_ascii_digit())
            || rest.first() == Some(&b'$')
        {
            let bare = strip_affix(text);
            shape.affix = bare.len() != text.len();
            rest = bare.as_bytes();
        }
        let mut joined = [0u8; 48];
        if let Some(length) = join_groups(rest, &mut joined)? {
            shape.grouped = true;
            rest = &joined[..length];
        }
        let (mark, group) = if comma { (b',', b'.') } else { (b'.', b',') };
        let signed = rest.first().copied().filter(|b| matches!(b, b'+' | b'-'));
        if signed.is_some() {
            rest = &rest[1..];
        }
        let (mut digits, mut since_group, first) = (0usize, None::<usize>, rest.first().copied());
        while let Some((byte, tail)) = rest.split_first() {
            if byte.is_ascii_digit() {
                digits += 1;
                since_group = since_group.map(|n| n + 1);
            } else if *byte == group
                && (1..=3).contains(&since_group.unwrap_or(digits))
                && since_group.is_none_or(|n| n == 3)
            {
                since_group = Some(0);
                shape.grouped = true;
            } else {
                break;
            }
            rest = tail;
        }
        if since_group.is_some_and(|n| n != 3) {
            return None;
        }
        shape.code = (first == Some(b'0') && digits > 1) || (signed == Some(b'+') && digits >= 7);
        let mut decimals = 0;
        if rest.first() == Some(&mark) {
            shape.fraction = true;
            shape.zeros = true;
            rest = &rest[1..];
            while let Some((byte, tail)) = rest.split_first().filter(|(b, _)| b.is_ascii_digit()) {
                shape.zeros &= *byte == b'0';
                decimals += 1;
                rest = tail;
            }
        }
        if digits + decimals == 0 {
            return None;
        }
        if matches!(rest.first(), Some(b'e' | b'E')) {
            shape.exponent = true;
            rest = &rest[1..];
            if matches!(rest.first(), Some(b'+' | b'-')) {
                rest = &rest[1..];
            }
            if rest.is_empty() || rest.len() > 4 || !rest.iter().all(u8::is_ascii_digit) {
                return None;
            }
            return Some(shape);
        }
        rest.is_empty().then_some(shape)
    }
}

/// A number in parentheses, or behind the sign U+2212, with a hyphen before it; `None` when it is written in neither way.
fn with_minus(text: &str) -> Option<String> {
    let inner = match text.as_bytes().first()? {
        b'(' => strip_affix(text.strip_prefix('(')?.strip_suffix(')')?.trim()),
        0xE2 => text.strip_prefix('\u{2212}')?,
        _ => return None,
    };
    // What has a sign or such a way of writing already is no number.
    inner.starts_with(|c: char| c.is_ascii_digit() || ".,$€£¥".contains(c)).then(|| format!("-{inner}"))
}

/// The text without one currency or percent sign and the space beside it.
fn strip_affix(text: &str) -> &str {
    const SIGNS: [char; 5] = ['$', '€', '£', '¥', '%'];
    match text.strip_suffix(SIGNS) {
        Some(bare) => bare.trim_end(),
        None => text.strip_prefix(SIGNS).map_or(text, str::trim_start),
    }
}

/// Takes out what stands between groups of three digits and is neither point nor comma: a space (also one that does not break, or
/// a thin one) or an apostrophe, the same one throughout. Gives the length of what is left; `Some(None)` when there is no such
/// sign, `None` when it cannot be a number.
fn join_groups(text: &[u8], into: &mut [u8; 48]) -> Option<Option<usize>> {
    const SIGNS: [&[u8]; 5] = [b" ", b"'", "\u{a0}".as_bytes(), "\u{202f}".as_bytes(), "’".as_bytes()];
    if text.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'-' | b'+' | b'e' | b'E')) {
        return Some(None);
    }
    let (mut sign, mut length, mut digits, mut at): (Option<&[u8]>, usize, usize, usize) = (None, 0, 0, 0);
    while at < text.len() {
        let here = SIGNS.into_iter().find(|sign| text[at..].starts_with(sign));
        if let Some(here) = here {
            let group = &text[at + here.len()..];
            let three = group.len() >= 3 && group[..3].iter().all(u8::is_ascii_digit);
            let ends = !group.get(3).is_some_and(u8::is_ascii_digit);
            if !(three && ends && (1..=3).contains(&digits)) || sign.is_some_and(|sign| sign != here) {
                return None;
            }
            sign = Some(here);
            digits = 0;
            at += here.len();
            continue;
        }
        digits = if text[at].is_ascii_digit() { digits + 1 } else { 0 };
        *into.get_mut(length)? = text[at];
        length += 1;
        at += 1;
    }
    Some(sign.map(|_| length))
}

/// A number's text with a decimal point, without groups and signs of currency.
fn plain(text: &str, comma: bool) -> Cow<'_, str> {
    let bare = strip_affix(text);
    let (mark, group) = if comma { (',', '.') } else { ('.', ',') };
    let is_group = |c: char| c == group || matches!(c, ' ' | '\'' | '\u{a0}' | '\u{202f}' | '’');
    if !bare.contains(|c: char| c == mark || is_group(c)) {
        return Cow::Borrowed(bare);
    }
    Cow::Owned(bare.chars().filter(|c| !is_group(*c)).map(|c| if c == mark { '.' } else { c }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parser(comma: bool) -> CellParser {
        let mut options = ImportOptions::default();
        options.csv.decimal_comma = Some(comma);
        CellParser::new(&options)
    }

    #[test]
    fn numbers_are_read_as_they_are_written() {
        let point: &[(&str, Option<f64>)] = &[
            ("1", Some(1.0)),
            ("-1.5", Some(-1.5)),
            ("+2", Some(2.0)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("1e3", Some(1000.0)),
            ("1.5E-2", Some(0.015)),
            ("1,234", Some(1234.0)),
            ("1,234,567.25", Some(1_234_567.25)),
            ("$1,200.50", Some(1200.5)),
            ("12 €", Some(12.0)),
            ("45%", Some(45.0)),
            ("1 234 567", Some(1_234_567.0)),
            ("1\u{202f}234.5", Some(1234.5)),
            ("12\u{a0}345 €", Some(12_345.0)),
            ("1'234'567.25", Some(1_234_567.25)),
            ("(1,234.50)", Some(-1234.5)),
            ("($20)", Some(-20.0)),
            ("\u{2212}5", Some(-5.0)),
            ("(-5)", None),
            ("((5))", None),
            ("(\u{2212}5)", None),
            ("()", None),
            ("(5", None),
            ("1 234'567", None),
            ("1234 567", None),
            ("1 23", None),
            ("31 12 2024", None),
            ("1,23", None),
            ("1,2345", None),
            ("1234,567", None),
            (",5", None),
            ("1.2.3", None),
            ("", None),
            ("-", None),
            (".", None),
            ("e5", None),
            ("1e", None),
            ("inf", None),
            ("nan", None),
            ("1e999", None),
            ("0x10", None),
            ("1 2", None),
            ("$", None),
            ("12 kg", None),
            ("١٢", None),
        ];
        for (text, expected) in point {
            assert_eq!(parser(false).number(text), *expected, "{text}");
        }
        let comma: &[(&str, Option<f64>)] = &[
            ("1,5", Some(1.5)),
            ("-0,25", Some(-0.25)),
            ("1.234,56", Some(1234.56)),
            ("1.234.567", Some(1_234_567.0)),
            ("1.234", Some(1234.0)),
            ("1.5", None),
            ("12,50 €", Some(12.5)),
            ("1,2,3", None),
        ];
        for (text, expected) in comma {
            assert_eq!(parser(true).number(text), *expected, "{text}");
        }
    }

    #[test]
    fn cells_take_the_asked_type_or_say_what_was_expected() {
        let p = parser(false);
        let cases: &[(&str, Type, Result<Value, &str>)] = &[
            (" 12 ", Type::Integer, Ok(Value::Integer(12))),
            ("12.0", Type::Integer, Ok(Value::Integer(12))),
            ("1,200", Type::Integer, Ok(Value::Integer(1200))),
            ("12.5", Type::Integer, Err("a whole number")),
            ("9223372036854775807", Type::Integer, Ok(Value::Integer(i64::MAX))),
            ("9223372036854775808", Type::Integer, Err("a whole number")),
            ("-9223372036854775808", Type::Integer, Err("a whole number")),
            ("abc", Type::Number, Err("a number")),
            ("NA", Type::Number, Ok(Value::Unknown)),
            ("", Type::Text, Ok(Value::Unknown)),
            ("NULL", Type::Text, Ok(Value::Unknown)),
            ("Yes", Type::Bool, Ok(Value::Bool(true))),
            ("0", Type::Bool, Ok(Value::Bool(false))),
            ("maybe", Type::Bool, Err("true or false")),
            ("2024-01-01", Type::Time, Ok(Value::Time(1_704_067_200_000))),
            ("soon", Type::Time, Err("a date or time")),
        ];
        for (text, type_, expected) in cases {
            assert_eq!(p.parse(text, *type_), *expected, "{text} as {type_}");
        }
    }

    #[test]
    fn codes_are_told_from_quantities() {
        for (text, code) in
            [("00123", true), ("0", false), ("0.5", false), ("+4917012345", true), ("+5", false), ("10", false)]
        {
            assert_eq!(Shape::of(text, false).map(|s| s.code), Some(code), "{text}");
        }
    }
}
