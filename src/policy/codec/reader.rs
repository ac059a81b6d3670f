//! A quick reader of text in canonical layout, as [`super::layout`] writes it: large files are mostly numbers, and reading them by
//! the general parser would take most of the time of a load.
//!
//! *Invariant:* it reads a part of what the general parser reads, and what it reads means the same. Whatever is unusual
//! (comments, other white space, an error) it gives up on without words; the general parser then has the last one.

use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, Visitor};
use std::fmt::{self, Display};

/// Deepest nesting read.
const DEPTH: u32 = 64;

/// The value of a text that holds it and line breaks after it, nothing else; `None` when this reader gives up.
pub fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, depth: 0 };
    let value = T::deserialize(&mut reader).ok()?;
    reader.space();
    (reader.at == text.len()).then_some(value)
}

/// Given up.
#[derive(Debug)]
pub struct GivenUp;

impl Display for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not in canonical layout")
    }
}

impl std::error::Error for GivenUp {}

impl de::Error for GivenUp {
    fn custom<T: Display>(_: T) -> GivenUp {
        GivenUp
    }
}

type Read<T> = Result<T, GivenUp>;

struct Reader<'de> {
    text: &'de str,
    bytes: &'de [u8],
    at: usize,
    depth: u32,
}

impl<'de> Reader<'de> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    /// The next byte that is not white space.
    fn next(&mut self) -> Option<u8> {
        self.space();
        self.peek()
    }

    fn expect(&mut self, byte: u8) -> Read<()> {
        if self.next() != Some(byte) {
            return Err(GivenUp);
        }
        self.at += 1;
        Ok(())
    }

    fn take_while(&mut self, belongs: impl Fn(u8) -> bool) -> &'de str {
        let start = self.at;
        while self.peek().is_some_and(&belongs) {
            self.at += 1;
        }
        self.text.get(start..self.at).unwrap_or("")
    }

    fn word(&mut self) -> Read<&'de str> {
        self.space();
        match self.take_while(|b| b.is_ascii_alphanumeric() || b == b'_') {
            "" => Err(GivenUp),
            word => Ok(word),
        }
    }

    fn number(&mut self) -> &'de str {
        self.space();
        self.take_while(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e'))
    }

    fn parsed<T: std::str::FromStr>(&mut self) -> Read<T> {
        self.number().parse().map_err(|_| GivenUp)
    }

    /// Whole numbers of up to nine digits, which most are, without the general parser.
    fn small(&mut self) -> Option<i64> {
        self.space();
        let start = self.at;
        let negative = self.peek() == Some(b'-');
        if negative {
            self.at += 1;
        }
        let first = self.at;
        let mut value = 0i64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            if self.at - first == 9 {
                break;
            }
            value = value * 10 + i64::from(digit - b'0');
            self.at += 1;
        }
        let ends = !matches!(self.peek(), Some(b'0'..=b'9' | b'.' | b'e' | b'_'));
        if self.at == first || !ends {
            self.at = start;
            return None;
        }
        Some(if negative { -value } else { value })
    }

    fn integer<T: std::str::FromStr + TryFrom<i64>>(&mut self) -> Read<T> {
        match self.small() {
            Some(value) => T::try_from(value).map_err(|_| GivenUp),
            None => self.parsed(),
        }
    }

    /// A text: in quotes, with escapes or without, or raw.
    fn string<V: Visitor<'de>>(&mut self, visitor: V) -> Read<V::Value> {
        match self.next() {
            Some(b'"') => self.at += 1,
            Some(b'r') => return self.raw(visitor),
            _ => return Err(GivenUp),
        }
        let plain = self.take_while(|b| b != b'"' && b != b'\\');
        if self.peek() == Some(b'"') {
            self.at += 1;
            return visitor.visit_borrowed_str(plain);
        }
        let mut text = plain.to_owned();
        while self.peek() == Some(b'\\') {
            self.at += 1;
            let escape = self.peek().ok_or(GivenUp)?;
            self.at += 1;
            text.push(match escape {
                b'"' => '"',
                b'\\' => '\\',
                b'n' => '\n',
                b't' => '\t',
                b'u' => {
                    self.exactly(b'{')?;
                    let digits = self.take_while(|b| b.is_ascii_hexdigit());
                    self.exactly(b'}')?;
                    u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).ok_or(GivenUp)?
                }
                _ => return Err(GivenUp),
            });
            text.push_str(self.take_while(|b| b != b'"' && b != b'\\'));
        }
        self.exactly(b'"')?;
        visitor.visit_string(text)
    }

    fn raw<V: Visitor<'de>>(&mut self, visitor: V) -> Read<V::Value> {
        self.at += 1;
        let hashes = self.take_while(|b| b == b'#').len();
        self.exactly(b'"')?;
        let start = self.at;
        loop {
            self.take_while(|b| b != b'"');
            let end = self.at;
            self.exactly(b'"')?;
            let follow = self.bytes.get(self.at..self.at + hashes);
            if follow.is_some_and(|bytes| bytes.iter().all(|b| *b == b'#')) {
                self.at += hashes;
                return visitor.visit_borrowed_str(self.text.get(start..end).ok_or(GivenUp)?);
            }
        }
    }

    /// The next byte, without white space before it.
    fn exactly(&mut self, byte: u8) -> Read<()> {
        if self.peek() != Some(byte) {
            return Err(GivenUp);
        }
        self.at += 1;
        Ok(())
    }

    /// Reads parts between brackets.
    fn parts<T>(&mut self, open: u8, close: u8, read: impl FnOnce(Parts<'_, 'de>) -> Read<T>) -> Read<T> {
        self.expect(open)?;
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(GivenUp);
        }
        let value = read(Parts { reader: self, close, first: true })?;
        // What the visitor left unread would be an error of the general parser.
        if self.next() == Some(b',') {
            self.at += 1;
        }
        self.expect(close)?;
        self.depth -= 1;
        Ok(value)
    }
}

/// Parts between brackets, with commas between them and perhaps after the last.
struct Parts<'a, 'de> {
    reader: &'a mut Reader<'de>,
    close: u8,
    first: bool,
}

impl Parts<'_, '_> {
    /// Whether another part follows.
    fn more(&mut self) -> Read<bool> {
        if !self.first {
            match self.reader.next() {
                Some(b',') => {
                    if self.reader.after_comma() == Some(self.close) {
                        return Ok(false);
                    }
                    self.reader.at += 1;
                }
                Some(byte) if byte == self.close => return Ok(false),
                _ => return Err(GivenUp),
            }
        }
        self.first = false;
        Ok(self.reader.next() != Some(self.close))
    }
}

impl Reader<'_> {
    /// What follows the comma here.
    fn after_comma(&self) -> Option<u8> {
        let rest = self.bytes.get(self.at + 1..)?;
        rest.iter().copied().find(|byte| !matches!(byte, b' ' | b'\n'))
    }
}

impl<'de> de::SeqAccess<'de> for Parts<'_, 'de> {
    type Error = GivenUp;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Read<Option<T::Value>> {
        if self.more()? { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }
}

impl<'de> de::MapAccess<'de> for Parts<'_, 'de> {
    type Error = GivenUp;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Read<Option<K::Value>> {
        if self.more()? { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Read<V::Value> {
        self.reader.expect(b':')?;
        seed.deserialize(&mut *self.reader)
    }
}

/// A variant, its name read.
struct Variant<'a, 'de>(&'a mut Reader<'de>);

impl<'de> de::EnumAccess<'de> for Variant<'_, 'de> {
    type Error = GivenUp;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Read<(V::Value, Self)> {
        Ok((seed.deserialize(&mut *self.0)?, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'_, 'de> {
    type Error = GivenUp;

    fn unit_variant(self) -> Read<()> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Read<T::Value> {
        self.0.parts(b'(', b')', |parts| seed.deserialize(&mut *parts.reader))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Read<V::Value> {
        self.0.parts(b'(', b')', |parts| visitor.visit_seq(parts))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Read<V::Value> {
        self.0.parts(b'(', b')', |parts| visitor.visit_map(parts))
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
            visitor.$visit(self.integer()?)
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = GivenUp;

    integers!(
        deserialize_i8 visit_i8,
        deserialize_i16 visit_i16,
        deserialize_i32 visit_i32,
        deserialize_i64 visit_i64,
        deserialize_u8 visit_u8,
        deserialize_u16 visit_u16,
        deserialize_u32 visit_u32,
        deserialize_u64 visit_u64
    );

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Read<V::Value> {
        Err(GivenUp)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.word()? {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(GivenUp),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_f32(self.parsed()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_f64(self.parsed()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.word()? {
            "None" => visitor.visit_none(),
            "Some" => self.parts(b'(', b')', |parts| visitor.visit_some(&mut *parts.reader)),
            _ => Err(GivenUp),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.parts(b'(', b')', |_| visitor.visit_unit())
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.parts(b'[', b']', |parts| visitor.visit_seq(parts))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Read<V::Value> {
        self.parts(b'(', b')', |parts| visitor.visit_seq(parts))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.parts(b'{', b'}', |parts| visitor.visit_map(parts))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        self.parts(b'(', b')', |parts| visitor.visit_map(parts))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        visitor.visit_enum(Variant(self))
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_borrowed_str(self.word()?)
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit_struct newtype_struct tuple_struct ignored_any
    }
}
