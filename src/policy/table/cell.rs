//! Cells of decision tables: unary tests after DMN 1.4, read from text and held against a value. They name no variables.

use crate::language::Op;
use crate::value::{Type, Value};
use std::cmp::Ordering;

/// What a cell asks of the value of its column.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// `-`: nothing.
    Anything,
    /// `< 3, 7`: one of these holds.
    AnyOf(Vec<Test>),
    /// `not(…)`: none of these holds.
    NoneOf(Vec<Test>),
}

/// One test.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// `unknown`: the value is missing.
    Missing,
    /// `7`, `"a"`, `< 3`: the value compares so. Only comparisons stand here.
    Compare(Op, Value),
    /// `[1..5)`: the value lies in a range.
    Range {
        /// Lower end.
        low: Value,
        /// Whether the lower end belongs to it.
        low_included: bool,
        /// Upper end.
        high: Value,
        /// Whether the upper end belongs to it.
        high_included: bool,
    },
}

impl Cell {
    /// Reads a cell of a column whose values are of a type, or of one that only the row tells.
    ///
    /// # Errors
    /// In words that follow "row 3, column 2 (`age`): ", with what to write instead.
    pub fn parse(text: &str, column: Option<Type>) -> Result<Cell, String> {
        let mut reader = Reader { rest: text.trim(), column };
        if reader.rest.is_empty() {
            return Err("it is empty; write `-` where anything will do".to_owned());
        }
        if reader.rest == "-" {
            return Ok(Cell::Anything);
        }
        let negated = reader.rest.strip_prefix("not").map(str::trim_start).and_then(|rest| rest.strip_prefix('('));
        let cell = match negated {
            Some(rest) => {
                reader.rest = rest;
                let tests = reader.tests()?;
                if !reader.eat(')') {
                    return Err(format!("`not(` has no closing bracket{}", reader.found()));
                }
                Cell::NoneOf(tests)
            }
            None => Cell::AnyOf(reader.tests()?),
        };
        if reader.rest.trim().is_empty() {
            Ok(cell)
        } else {
            Err(format!("a comma or the end is due{}", reader.found()))
        }
    }

    /// Whether it speaks of missing values.
    pub fn asks_for_missing(&self) -> bool {
        self.tests().contains(&Test::Missing)
    }

    /// Its tests.
    pub fn tests(&self) -> &[Test] {
        match self {
            Cell::Anything => &[],
            Cell::AnyOf(tests) | Cell::NoneOf(tests) => tests,
        }
    }

    /// The values it compares with.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.tests()
            .iter()
            .flat_map(|test| match test {
                Test::Missing => [None, None],
                Test::Compare(_, value) => [Some(value), None],
                Test::Range { low, high, .. } => [Some(low), Some(high)],
            })
            .flatten()
    }

    /// Whether it holds for a value; `None` is unknown. `missing_is_value` says that its column tells missing values from others.
    ///
    /// # Errors
    /// In words, when the value cannot be compared.
    pub fn holds(&self, value: &Value, missing_is_value: bool) -> Result<Option<bool>, String> {
        let (tests, wanted) = match self {
            Cell::Anything => return Ok(Some(true)),
            Cell::AnyOf(tests) => (tests, true),
            Cell::NoneOf(tests) => (tests, false),
        };
        if !value.is_known() {
            // A negation asks for a value that is there.
            return Ok(missing_is_value.then(|| wanted && self.asks_for_missing()));
        }
        for test in tests {
            if test.holds(value)? {
                return Ok(Some(wanted));
            }
        }
        Ok(Some(!wanted))
    }
}

impl Test {
    /// Whether it holds for a known value.
    fn holds(&self, value: &Value) -> Result<bool, String> {
        let compare = |op: Op, end: &Value| op.apply(value, end).map(|answer| answer == Value::Bool(true));
        match self {
            Test::Missing => Ok(false),
            Test::Compare(op, end) => compare(*op, end),
            Test::Range { low, low_included, high, high_included } => {
                let above = compare(if *low_included { Op::Ge } else { Op::Gt }, low)?;
                Ok(above && compare(if *high_included { Op::Le } else { Op::Lt }, high)?)
            }
        }
    }
}

/// Reads a cell from left to right.
struct Reader<'t> {
    rest: &'t str,
    column: Option<Type>,
}

impl<'t> Reader<'t> {
    fn tests(&mut self) -> Result<Vec<Test>, String> {
        let mut tests = vec![self.test()?];
        while self.eat(',') {
            tests.push(self.test()?);
        }
        Ok(tests)
    }

    fn test(&mut self) -> Result<Test, String> {
        self.rest = self.rest.trim_start();
        if self.word() == "unknown" {
            self.skip("unknown".len());
            return Ok(Test::Missing);
        }
        let op = ["<=", ">=", "!=", "==", "<", ">", "="].into_iter().find(|op| self.rest.starts_with(op));
        if let Some(symbol) = op {
            self.skip(symbol.len());
            let op = Op::from_symbol(if symbol == "=" { "==" } else { symbol }).unwrap_or(Op::Eq);
            let value = self.value()?;
            if matches!(value, Value::Bool(_)) && !matches!(op, Op::Eq | Op::Ne) {
                return Err(format!("`{symbol}` does not compare true and false; write `true` or `false`"));
            }
            return Ok(Test::Compare(op, value));
        }
        match self.rest.chars().next() {
            Some(open @ ('[' | '(' | ']')) => {
                self.skip(1);
                self.range(open == '[')
            }
            _ => Ok(Test::Compare(Op::Eq, self.value()?)),
        }
    }

    fn range(&mut self, low_included: bool) -> Result<Test, String> {
        let low = self.value()?;
        if !self.eat_text("..") {
            return Err(format!("a range is written `[1..5)`{}", self.found()));
        }
        let high = self.value()?;
        self.rest = self.rest.trim_start();
        let high_included = match self.rest.chars().next() {
            Some(']') => true,
            Some(')' | '[') => false,
            _ => return Err(format!("a range ends with `]` or `)`{}", self.found())),
        };
        self.skip(1);
        let order = match (&low, &high) {
            (Value::Bool(_), _) | (_, Value::Bool(_)) => return Err("there is no range of true and false".to_owned()),
            (low, high) => match (Op::Lt.apply(low, high)?, Op::Eq.apply(low, high)?) {
                (Value::Bool(true), _) => Ordering::Less,
                (_, Value::Bool(true)) => Ordering::Equal,
                _ => Ordering::Greater,
            },
        };
        if order == Ordering::Greater || order == Ordering::Equal && !(low_included && high_included) {
            return Err(format!(
                "no value lies between {low} and {high} like this; set the ends the other way round, or include them"
            ));
        }
        Ok(Test::Range { low, low_included, high, high_included })
    }

    /// A literal that fits the column.
    fn value(&mut self) -> Result<Value, String> {
        self.rest = self.rest.trim_start();
        let value = self.literal()?;
        let found = value.type_of();
        let fits = match (self.column, found) {
            (None, _) => true,
            (Some(Type::Integer | Type::Number), Some(Type::Integer | Type::Number)) => true,
            (Some(column), found) => found == Some(column),
        };
        if fits {
            return Ok(value);
        }
        let column = self.column.map_or(String::new(), |column| column.to_string());
        let fix = match (self.column, &value) {
            (Some(Type::Text), other) => format!("; as a text write \"{other}\""),
            (Some(Type::Integer | Type::Number), Value::Text(text)) if text.trim().parse::<f64>().is_ok() => {
                format!("; as a number write {}", text.trim())
            }
            (Some(Type::Time), _) => "; write an instant such as 2026-01-31T18:00:00Z".to_owned(),
            (Some(Type::Bool), _) => "; write `true` or `false`".to_owned(),
            _ => String::new(),
        };
        Err(format!("{value} is compared with a {column}{fix}"))
    }

    fn literal(&mut self) -> Result<Value, String> {
        let word = self.word();
        match word {
            "true" | "false" => {
                self.skip(word.len());
                return Ok(Value::Bool(word == "true"));
            }
            "date" => {
                self.skip(word.len());
                if !self.eat('(') {
                    return Err(format!("`date` takes a text in brackets{}", self.found()));
                }
                self.rest = self.rest.trim_start();
                let text = self.text()?;
                if !self.eat(')') {
                    return Err(format!("`date(` has no closing bracket{}", self.found()));
                }
                return instant(&text);
            }
            _ => {}
        }
        if self.rest.starts_with('"') {
            let text = self.text()?;
            // In a column of times a text is one.
            return if self.column == Some(Type::Time) { instant(&text) } else { Ok(Value::text(text)) };
        }
        let stamp = self.rest.split(|c: char| !(c.is_ascii_alphanumeric() || "-:.+".contains(c))).next().unwrap_or("");
        if is_dated(stamp) {
            let stamp = stamp.split("..").next().unwrap_or(stamp);
            self.skip(stamp.len());
            return instant(stamp);
        }
        self.number()
    }

    /// A text in double quotes; a quote or backslash inside stands behind a backslash.
    fn text(&mut self) -> Result<String, String> {
        let mut text = String::new();
        let mut escaped = false;
        let mut chars = self.rest.char_indices();
        if chars.next().map(|(_, c)| c) != Some('"') {
            return Err(format!("a text stands in double quotes{}", self.found()));
        }
        for (at, c) in chars {
            match c {
                _ if escaped => {
                    text.push(c);
                    escaped = false;
                }
                '\\' => escaped = true,
                '"' => {
                    self.skip(at + 1);
                    return Ok(text);
                }
                c => text.push(c),
            }
        }
        Err("a text has no closing quote".to_owned())
    }

    fn number(&mut self) -> Result<Value, String> {
        let bytes = self.rest.as_bytes();
        let digits = |from: usize| {
            bytes.get(from..).unwrap_or(&[]).iter().take_while(|b| b.is_ascii_digit() || **b == b'_').count()
        };
        let mut end = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
        let whole = digits(end);
        end += whole;
        let mut fraction = false;
        // The dots of a range are no fraction.
        if bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
            end += 1 + digits(end + 1);
            fraction = true;
        }
        if whole > 0 && matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'-' | b'+')));
            if digits(end + 1 + sign) > 0 {
                end += 1 + sign + digits(end + 1 + sign);
                fraction = true;
            }
        }
        let written = self.rest.get(..end).unwrap_or("").replace('_', "");
        if whole == 0 {
            let word = self.word();
            return Err(match word {
                "" => format!("a value is due{}", self.found()),
                "null" | "none" | "NA" | "missing" => format!("`{word}` does not exist; a missing value is `unknown`"),
                word => format!("`{word}` is not a test; as a text write \"{word}\""),
            });
        }
        self.skip(end);
        if fraction {
            match written.parse::<f64>() {
                Ok(x) if x.is_finite() => Ok(Value::Number(x)),
                _ => Err(format!("{written} is not a finite number")),
            }
        } else {
            written.parse().map(Value::Integer).map_err(|_| format!("{written} is too large for a whole number"))
        }
    }

    fn word(&self) -> &'t str {
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(self.rest.len());
        self.rest.get(..end).unwrap_or("")
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or("");
    }

    fn eat_text(&mut self, text: &str) -> bool {
        match self.rest.trim_start().strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn eat(&mut self, c: char) -> bool {
        self.eat_text(c.encode_utf8(&mut [0; 4]))
    }

    fn found(&self) -> String {
        match self.rest.trim() {
            "" => ", found nothing more".to_owned(),
            rest => format!(", found `{rest}`"),
        }
    }
}

/// Whether it begins as a date does.
fn is_dated(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    digits == 4 && text.as_bytes().get(4) == Some(&b'-') && text.as_bytes().get(5).is_some_and(u8::is_ascii_digit)
}

fn instant(text: &str) -> Result<Value, String> {
    match text.parse::<jiff::Timestamp>() {
        Ok(instant) => Ok(Value::Time(instant.as_millisecond())),
        Err(_) if is_dated(text) && text.len() == 10 => {
            Err(format!("{text} begins at another instant in every zone; write one, such as {text}T00:00:00Z"))
        }
        Err(_) => Err(format!("\"{text}\" is not an instant; write it like 2026-01-31T18:00:00Z")),
    }
}
