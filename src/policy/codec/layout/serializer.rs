//! From serde's data model to layout nodes. Writes what a document is made of; refuses numbers that are not finite.

use super::{Group, Items, Label, MULTILINE, Node, Texts};
use serde::ser::{self, Serialize};
use std::fmt::{self, Display, Write};

const LIST: (char, char) = ('[', ']');
const STRUCT: (char, char) = ('(', ')');
const MAP: (char, char) = ('{', '}');

/// Why a value cannot be written.
#[derive(Debug)]
pub struct Refused(String);

impl Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl ser::Error for Refused {
    fn custom<T: Display>(message: T) -> Refused {
        Refused(message.to_string())
    }
}

/// Turns one value into a node.
pub struct Writer<'a> {
    texts: &'a mut Texts,
    /// Name of the field the value belongs to, for messages.
    field: &'static str,
}

/// A group while its parts arrive.
pub struct Parts<'a> {
    texts: &'a mut Texts,
    field: &'static str,
    name: &'static str,
    brackets: (char, char),
    parts: Items,
    key: Option<Node>,
}

impl<'a> Writer<'a> {
    pub fn new(texts: &'a mut Texts) -> Writer<'a> {
        Writer { texts, field: "" }
    }

    fn leaf(self, text: impl Display) -> Result<Node, Refused> {
        self.with(|all| write!(all, "{text}").map_err(|_| Refused("out of memory".into())))
    }

    fn with(self, write: impl FnOnce(&mut String) -> Result<(), Refused>) -> Result<Node, Refused> {
        let place = |len: usize| u32::try_from(len).map_err(|_| Refused("the policy is too large for a file".into()));
        let start = place(self.texts.all.len())?;
        write(&mut self.texts.all)?;
        let end = place(self.texts.all.len())?;
        let text = self.texts.get(start, end);
        let width = match text.is_ascii() {
            _ if text.contains('\n') => MULTILINE,
            true => end - start,
            false => place(text.chars().count())?,
        };
        Ok(Node::Leaf { start, end, width })
    }

    fn word(self, word: &str) -> Result<Node, Refused> {
        self.with(|all| {
            all.push_str(word);
            Ok(())
        })
    }

    /// Floats in their shortest form that reads back as the same number.
    fn float(self, finite: bool, text: impl fmt::Debug) -> Result<Node, Refused> {
        if finite {
            self.leaf(format_args!("{text:?}"))
        } else {
            Err(Refused(format!("`{}` is {text:?}; a policy file holds finite numbers only", self.field)))
        }
    }

    /// A whole number, written without the machinery that numbers of any layout need.
    fn whole(self, negative: bool, mut magnitude: u64) -> Result<Node, Refused> {
        let place = |len: usize| u32::try_from(len).map_err(|_| Refused("the policy is too large for a file".into()));
        let start = place(self.texts.all.len())?;
        let mut digits = [0u8; 20];
        let mut length = 0;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (magnitude % 10) as u8;
            magnitude /= 10;
            length += 1;
            if magnitude == 0 {
                break;
            }
        }
        if negative {
            self.texts.all.push('-');
        }
        self.texts.all.extend(digits.iter().skip(20 - length).map(|digit| char::from(*digit)));
        let end = place(self.texts.all.len())?;
        Ok(Node::Leaf { start, end, width: end - start })
    }

    fn list(self, name: &'static str, brackets: (char, char), capacity: Option<usize>) -> Parts<'a> {
        let parts = Items::List(Vec::with_capacity(capacity.unwrap_or(0)));
        Parts { texts: self.texts, field: self.field, name, brackets, parts, key: None }
    }

    fn group(self, name: &'static str, brackets: (char, char), capacity: Option<usize>) -> Parts<'a> {
        let parts = Items::Named(Vec::with_capacity(capacity.unwrap_or(0)));
        Parts { texts: self.texts, field: self.field, name, brackets, parts, key: None }
    }
}

impl Parts<'_> {
    fn push<T: Serialize + ?Sized>(
        &mut self,
        label: Option<Label>,
        value: &T,
        field: &'static str,
    ) -> Result<(), Refused> {
        let node = value.serialize(Writer { texts: self.texts, field })?;
        match (&mut self.parts, label) {
            (Items::List(parts), _) => parts.push(node),
            (Items::Named(parts), Some(label)) => parts.push((label, node)),
            (Items::Named(_), None) => return Err(Refused("a part without its name".into())),
        }
        Ok(())
    }

    fn close(self) -> Node {
        Node::Group(Box::new(Group::new(self.name, self.brackets, self.parts, self.texts)))
    }
}

/// Whether a reader could not see this character, or would see the text in another order than it is.
fn is_hidden(c: char) -> bool {
    let invisible = matches!(c, '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}');
    invisible || (c.is_control() && c != '\n' && c != '\t')
}

/// Plain text in quotes; text with quotes, backslashes or several lines as it is, in a raw string; hidden characters escaped.
fn string(text: &str, one_line: bool, out: &mut String) {
    if text.contains(is_hidden) || (one_line && text.contains('\n')) {
        out.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                c if is_hidden(c) => out.extend(c.escape_unicode()),
                c => out.push(c),
            }
        }
        out.push('"');
    } else if text.contains(['"', '\\', '\n', '\t']) {
        // One more than follow any quote in the text, so that none of them ends it.
        let follow = |rest: &str| rest.len() - rest.trim_start_matches('#').len();
        let hashes = "#".repeat(1 + text.split('"').skip(1).map(follow).max().unwrap_or(0));
        out.extend(["r", &hashes, "\"", text, "\"", &hashes]);
    } else {
        out.extend(["\"", text, "\""]);
    }
}

impl<'a> ser::Serializer for Writer<'a> {
    type Ok = Node;
    type Error = Refused;
    type SerializeSeq = Parts<'a>;
    type SerializeTuple = Parts<'a>;
    type SerializeTupleStruct = Parts<'a>;
    type SerializeTupleVariant = Parts<'a>;
    type SerializeMap = Parts<'a>;
    type SerializeStruct = Parts<'a>;
    type SerializeStructVariant = Parts<'a>;

    fn serialize_bool(self, v: bool) -> Result<Node, Refused> {
        self.word(if v { "true" } else { "false" })
    }
    fn serialize_i8(self, v: i8) -> Result<Node, Refused> {
        self.whole(v < 0, v.unsigned_abs().into())
    }
    fn serialize_i16(self, v: i16) -> Result<Node, Refused> {
        self.whole(v < 0, v.unsigned_abs().into())
    }
    fn serialize_i32(self, v: i32) -> Result<Node, Refused> {
        self.whole(v < 0, v.unsigned_abs().into())
    }
    fn serialize_i64(self, v: i64) -> Result<Node, Refused> {
        self.whole(v < 0, v.unsigned_abs())
    }
    fn serialize_u8(self, v: u8) -> Result<Node, Refused> {
        self.whole(false, v.into())
    }
    fn serialize_u16(self, v: u16) -> Result<Node, Refused> {
        self.whole(false, v.into())
    }
    fn serialize_u32(self, v: u32) -> Result<Node, Refused> {
        self.whole(false, v.into())
    }
    fn serialize_u64(self, v: u64) -> Result<Node, Refused> {
        self.whole(false, v)
    }
    fn serialize_f32(self, v: f32) -> Result<Node, Refused> {
        self.float(v.is_finite(), v)
    }
    fn serialize_f64(self, v: f64) -> Result<Node, Refused> {
        self.float(v.is_finite(), v)
    }
    fn serialize_char(self, v: char) -> Result<Node, Refused> {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, v: &str) -> Result<Node, Refused> {
        let one_line = self.texts.one_line;
        self.with(|all| {
            string(v, one_line, all);
            Ok(())
        })
    }
    fn serialize_bytes(self, v: &[u8]) -> Result<Node, Refused> {
        v.serialize(self)
    }
    fn serialize_none(self) -> Result<Node, Refused> {
        self.word("None")
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Node, Refused> {
        self.serialize_newtype_variant("", 0, "Some", value)
    }
    fn serialize_unit(self) -> Result<Node, Refused> {
        self.word("()")
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<Node, Refused> {
        self.word("()")
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Node, Refused> {
        self.word(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Node, Refused> {
        let mut parts = self.list("", STRUCT, Some(1));
        parts.push(None, value, parts.field)?;
        Ok(parts.close())
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Node, Refused> {
        let mut parts = self.list(variant, STRUCT, Some(1));
        parts.push(None, value, parts.field)?;
        Ok(parts.close())
    }
    fn serialize_seq(self, len: Option<usize>) -> Result<Parts<'a>, Refused> {
        Ok(self.list("", LIST, len))
    }
    fn serialize_tuple(self, len: usize) -> Result<Parts<'a>, Refused> {
        Ok(self.list("", STRUCT, Some(len)))
    }
    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Parts<'a>, Refused> {
        Ok(self.list("", STRUCT, Some(len)))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Parts<'a>, Refused> {
        Ok(self.list(variant, STRUCT, Some(len)))
    }
    fn serialize_map(self, len: Option<usize>) -> Result<Parts<'a>, Refused> {
        Ok(self.group("", MAP, len))
    }
    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Parts<'a>, Refused> {
        Ok(self.group("", STRUCT, Some(len)))
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Parts<'a>, Refused> {
        Ok(self.group(variant, STRUCT, Some(len)))
    }
}

macro_rules! unnamed_parts {
    ($($trait:ident . $method:ident),*) => {$(
        impl ser::$trait for Parts<'_> {
            type Ok = Node;
            type Error = Refused;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
                self.push(None, value, self.field)
            }
            fn end(self) -> Result<Node, Refused> {
                Ok(self.close())
            }
        }
    )*};
}

macro_rules! named_parts {
    ($($trait:ident),*) => {$(
        impl ser::$trait for Parts<'_> {
            type Ok = Node;
            type Error = Refused;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Refused> {
                self.push(Some(Label::Field(key)), value, key)
            }
            fn end(self) -> Result<Node, Refused> {
                Ok(self.close())
            }
        }
    )*};
}

unnamed_parts!(
    SerializeSeq.serialize_element,
    SerializeTuple.serialize_element,
    SerializeTupleStruct.serialize_field,
    SerializeTupleVariant.serialize_field
);
named_parts!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Parts<'_> {
    type Ok = Node;
    type Error = Refused;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refused> {
        self.key = Some(key.serialize(Writer { texts: self.texts, field: self.field })?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        let label = self.key.take().map(Label::Key);
        self.push(label, value, self.field)
    }

    fn end(self) -> Result<Node, Refused> {
        Ok(self.close())
    }
}
