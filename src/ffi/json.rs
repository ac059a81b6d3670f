//! Reads JSON in one pass, without building a tree: the caller says what may stand where, and everything else is refused with
//! its line and column. Numbers keep their digits until their type is known, so that every number is read exactly; a key that stands
//! twice is refused where it would silently win.
//!
//! It does not skip: a value nobody asked for is an error. So it never nests deeper than its caller does.

use crate::refusal::Refusal;
use std::borrow::Cow;
use std::collections::HashSet;

/// A cursor over a text.
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// A value without parts.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'a> {
    Null,
    Bool(bool),
    /// The digits as they stand, grammatically a JSON number.
    Number(&'a str),
    Text(Cow<'a, str>),
}

impl Scalar<'_> {
    /// What it is, for messages.
    pub fn noun(&self) -> String {
        match self {
            Scalar::Null => "null".into(),
            Scalar::Bool(value) => value.to_string(),
            Scalar::Number(digits) => format!("the number {}", shortened(digits)),
            Scalar::Text(text) => format!("the text \"{}\"", shortened(text)),
        }
    }
}

/// At most 40 characters of a text.
fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(40) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or(""))),
        None => Cow::Borrowed(text),
    }
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a str) -> Reader<'a> {
        Reader { text, at: 0 }
    }

    /// Where the next value begins.
    pub fn place(&mut self) -> usize {
        self.space();
        self.at
    }

    /// A refusal that names the line and column of a place.
    pub fn refuse(&self, place: usize, message: impl AsRef<str>) -> Refusal {
        let before = self.text.get(..place).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
        Refusal::request(format!("line {line}, column {column}: {}", message.as_ref()))
    }

    /// An object; `each` reads the value of a key, which stands at a place.
    pub fn object(
        &mut self,
        what: &str,
        mut each: impl FnMut(&mut Reader<'a>, &str, usize) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        self.open('{', what)?;
        let mut seen: HashSet<Cow<'a, str>> = HashSet::new();
        let mut first = true;
        while self.more('}', &mut first)? {
            let place = self.place();
            let key = match self.scalar("a key in quotes")? {
                Scalar::Text(key) => key,
                other => return Err(self.refuse(place, format!("expected a key in quotes, found {}", other.noun()))),
            };
            self.space();
            if !self.eat(':') {
                return Err(self.unexpected("`:` after a key"));
            }
            each(self, &key, place)?;
            if let Some(twice) = seen.replace(key) {
                return Err(self.refuse(place, format!("`{twice}` stands here a second time")));
            }
        }
        Ok(())
    }

    /// A list; `each` reads an item.
    pub fn list(
        &mut self,
        what: &str,
        mut each: impl FnMut(&mut Reader<'a>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        self.open('[', what)?;
        let mut first = true;
        while self.more(']', &mut first)? {
            each(self)?;
        }
        Ok(())
    }

    /// A value without parts; `what` was expected.
    pub fn scalar(&mut self, what: &str) -> Result<Scalar<'a>, Refusal> {
        self.space();
        let rest = self.rest();
        for (word, value) in [("null", Scalar::Null), ("true", Scalar::Bool(true)), ("false", Scalar::Bool(false))] {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        match rest.as_bytes().first() {
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.unexpected(what)),
        }
    }

    /// That nothing follows.
    pub fn end(&mut self) -> Result<(), Refusal> {
        self.space();
        if self.rest().is_empty() { Ok(()) } else { Err(self.refuse(self.at, "something follows the request")) }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    fn eat(&mut self, token: char) -> bool {
        let eaten = self.rest().starts_with(token);
        self.at += usize::from(eaten);
        eaten
    }

    fn open(&mut self, bracket: char, what: &str) -> Result<(), Refusal> {
        self.space();
        if self.eat(bracket) { Ok(()) } else { Err(self.unexpected(what)) }
    }

    /// Whether another part follows; the bracket that closes and the commas between are read.
    fn more(&mut self, close: char, first: &mut bool) -> Result<bool, Refusal> {
        self.space();
        if self.eat(close) {
            return Ok(false);
        }
        if !std::mem::take(first) {
            if !self.eat(',') {
                return Err(self.unexpected(&format!("`,` or `{close}`")));
            }
            self.space();
            if self.rest().starts_with(close) {
                return Err(self.unexpected("another entry after the comma"));
            }
        }
        Ok(true)
    }

    fn unexpected(&self, what: &str) -> Refusal {
        let found = match self.rest().chars().next() {
            None => "the end of the text: it was cut off".to_owned(),
            Some('{') => "an object".to_owned(),
            Some('[') => "a list".to_owned(),
            Some(c) => format!("`{}`", c.escape_debug()),
        };
        self.refuse(self.at, format!("expected {what}, found {found}"))
    }

    fn number(&mut self) -> Result<Scalar<'a>, Refusal> {
        let rest = self.rest();
        let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let wrong = |this: &Reader<'a>| {
            let word: String =
                rest.chars().take_while(|c| c.is_alphanumeric() || "+-.".contains(*c)).take(40).collect();
            this.refuse(this.at, format!("`{word}` is not a number of JSON"))
        };
        let mut end = usize::from(rest.starts_with('-'));
        let whole = digits(&rest[end..]);
        if whole == 0 || whole > 1 && rest[end..].starts_with('0') {
            return Err(wrong(self));
        }
        end += whole;
        if rest[end..].starts_with('.') {
            let fraction = digits(&rest[end + 1..]);
            if fraction == 0 {
                return Err(wrong(self));
            }
            end += 1 + fraction;
        }
        if rest[end..].starts_with(['e', 'E']) {
            let sign = usize::from(rest[end + 1..].starts_with(['+', '-']));
            let exponent = digits(&rest[end + 1 + sign..]);
            if exponent == 0 {
                return Err(wrong(self));
            }
            end += 1 + sign + exponent;
        }
        self.at += end;
        Ok(Scalar::Number(&rest[..end]))
    }

    fn string(&mut self) -> Result<Scalar<'a>, Refusal> {
        let open = self.at;
        self.at += 1;
        let mut text = Cow::Borrowed("");
        loop {
            let rest = self.rest();
            let Some(stop) = rest.find(|c: char| c == '"' || c == '\\' || c < ' ') else {
                return Err(self.refuse(open, "this text is not closed: it was cut off"));
            };
            match &mut text {
                Cow::Owned(text) => text.push_str(&rest[..stop]),
                Cow::Borrowed(text) => *text = &rest[..stop],
            }
            self.at += stop;
            match rest.as_bytes()[stop] {
                b'"' => {
                    self.at += 1;
                    return Ok(Scalar::Text(text));
                }
                b'\\' => {
                    let c = self.escape()?;
                    text.to_mut().push(c);
                }
                _ => return Err(self.refuse(self.at, "a control character inside a text must be escaped")),
            }
        }
    }

    /// The character that an escape stands for.
    fn escape(&mut self) -> Result<char, Refusal> {
        let at = self.at;
        let letter = self.rest().chars().nth(1);
        self.at += 1 + letter.map_or(0, char::len_utf8);
        let unit = |this: &mut Reader<'a>| {
            let hex = this.rest().get(..4).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
            this.at += hex.map_or(0, str::len);
            hex.and_then(|hex| u32::from_str_radix(hex, 16).ok())
        };
        let found = match letter {
            Some(c @ ('"' | '\\' | '/')) => Some(c),
            Some('b') => Some('\u{8}'),
            Some('f') => Some('\u{c}'),
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some('u') => match unit(self) {
                // The first half of a character beyond the first plane; the second must follow.
                Some(high @ 0xD800..=0xDBFF) if self.rest().starts_with("\\u") => {
                    self.at += 2;
                    let low = unit(self).filter(|low| (0xDC00..=0xDFFF).contains(low));
                    low.and_then(|low| char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00)))
                }
                Some(code) => char::from_u32(code),
                None => None,
            },
            _ => None,
        };
        found.ok_or_else(|| self.refuse(at, "this escape does not exist in JSON"))
    }
}

#[cfg(test)]
mod tests;
