//! A document as a tree of names and values: what is compared. What models have learned is left out, it has a comparison of its
//! own.

use serde::Serialize;
use serde::ser::{self, Serializer};
use std::fmt::{self, Display};

/// A part of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// An option without a value, or `()`.
    None,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// A number; 0 and −0 are the same, as they are to a document.
    Number(f64),
    /// A text.
    Text(String),
    /// A list or tuple.
    List(Vec<Tree>),
    /// A map; keys as texts.
    Map(Vec<(String, Tree)>),
    /// A struct. Fields that say nothing are not there.
    Struct(Vec<(&'static str, Tree)>),
    /// A variant of an enum and what it holds; a unit variant holds `None`.
    Variant(&'static str, Box<Tree>),
}

/// Fields of a model that are compared apart.
pub const LEARNED: [&str; 3] = ["inputs", "function", "calibration"];

/// The tree of anything that can be written. Writing to memory cannot fail; were it to, the tree would hold the message.
pub fn of<T: Serialize + ?Sized>(value: &T) -> Tree {
    value.serialize(Planter).unwrap_or_else(|error| Tree::Text(error.to_string()))
}

impl Tree {
    /// The field of a struct.
    pub fn field(&self, name: &str) -> Option<&Tree> {
        match self {
            Tree::Struct(fields) => fields.iter().find(|(field, _)| *field == name).map(|(_, tree)| tree),
            Tree::Variant(_, inner) => inner.field(name),
            _ => None,
        }
    }

    /// The text, where it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Tree::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, where it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Tree::Integer(x) => Some(*x as f64),
            Tree::Number(x) => Some(*x),
            _ => None,
        }
    }

    /// The name of a variant.
    pub fn variant(&self) -> Option<&'static str> {
        match self {
            Tree::Variant(name, _) => Some(name),
            _ => None,
        }
    }

    /// By what an item of a list is known: its id, or what stands for one.
    pub fn key(&self) -> Option<&str> {
        let Tree::Struct(_) = self else { return None };
        ["id", "output", "model", "name"].iter().find_map(|name| self.field(name)?.text())
    }
}

#[derive(Debug)]
struct Never(String);

impl Display for Never {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Never {}

impl ser::Error for Never {
    fn custom<T: Display>(message: T) -> Never {
        Never(message.to_string())
    }
}

struct Planter;

/// A list, map or struct while its parts arrive.
struct Parts {
    variant: Option<&'static str>,
    is_model: bool,
    list: Vec<Tree>,
    fields: Vec<(&'static str, Tree)>,
    entries: Vec<(String, Tree)>,
    key: String,
}

impl Parts {
    fn new(variant: Option<&'static str>) -> Parts {
        Parts {
            variant,
            is_model: false,
            list: Vec::new(),
            fields: Vec::new(),
            entries: Vec::new(),
            key: String::new(),
        }
    }

    fn close(self, tree: impl FnOnce(Parts) -> Tree) -> Tree {
        match self.variant {
            Some(name) => Tree::Variant(name, Box::new(tree(self))),
            None => tree(self),
        }
    }
}

impl Serializer for Planter {
    type Ok = Tree;
    type Error = Never;
    type SerializeSeq = Parts;
    type SerializeTuple = Parts;
    type SerializeTupleStruct = Parts;
    type SerializeTupleVariant = Parts;
    type SerializeMap = Parts;
    type SerializeStruct = Parts;
    type SerializeStructVariant = Parts;

    fn serialize_bool(self, v: bool) -> Result<Tree, Never> {
        Ok(Tree::Bool(v))
    }
    fn serialize_i8(self, v: i8) -> Result<Tree, Never> {
        Ok(Tree::Integer(v.into()))
    }
    fn serialize_i16(self, v: i16) -> Result<Tree, Never> {
        Ok(Tree::Integer(v.into()))
    }
    fn serialize_i32(self, v: i32) -> Result<Tree, Never> {
        Ok(Tree::Integer(v.into()))
    }
    fn serialize_i64(self, v: i64) -> Result<Tree, Never> {
        Ok(Tree::Integer(v.into()))
    }
    fn serialize_u8(self, v: u8) -> Result<Tree, Never> {
        Ok(Tree::Integer(v.into()))
    }
    fn serialize_u16(self, v: u16) -> Result<Tree, Never> {
        Ok(Tree::Integer(v.into()))
    }
    fn serialize_u32(self, v: u32) -> Result<Tree, Never> {
        Ok(Tree::Integer(v.into()))
    }
    fn serialize_u64(self, v: u64) -> Result<Tree, Never> {
        Ok(Tree::Integer(v.into()))
    }
    fn serialize_f32(self, v: f32) -> Result<Tree, Never> {
        Ok(Tree::Number(v.into()))
    }
    fn serialize_f64(self, v: f64) -> Result<Tree, Never> {
        Ok(Tree::Number(v))
    }
    fn serialize_char(self, v: char) -> Result<Tree, Never> {
        Ok(Tree::Text(v.into()))
    }
    fn serialize_str(self, v: &str) -> Result<Tree, Never> {
        Ok(Tree::Text(v.into()))
    }
    fn serialize_bytes(self, v: &[u8]) -> Result<Tree, Never> {
        v.serialize(self)
    }
    fn serialize_none(self) -> Result<Tree, Never> {
        Ok(Tree::None)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Tree, Never> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<Tree, Never> {
        Ok(Tree::None)
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<Tree, Never> {
        Ok(Tree::None)
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Tree, Never> {
        Ok(Tree::Variant(variant, Box::new(Tree::None)))
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Tree, Never> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Tree, Never> {
        Ok(Tree::Variant(variant, Box::new(value.serialize(self)?)))
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Parts, Never> {
        Ok(Parts::new(None))
    }
    fn serialize_tuple(self, _: usize) -> Result<Parts, Never> {
        Ok(Parts::new(None))
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts, Never> {
        Ok(Parts::new(None))
    }
    fn serialize_tuple_variant(self, _: &'static str, _: u32, name: &'static str, _: usize) -> Result<Parts, Never> {
        Ok(Parts::new(Some(name)))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Parts, Never> {
        Ok(Parts::new(None))
    }
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Parts, Never> {
        Ok(Parts { is_model: name == "Model", ..Parts::new(None) })
    }
    fn serialize_struct_variant(self, _: &'static str, _: u32, name: &'static str, _: usize) -> Result<Parts, Never> {
        Ok(Parts::new(Some(name)))
    }
}

macro_rules! lists {
    ($($trait:ident . $method:ident),*) => {$(
        impl ser::$trait for Parts {
            type Ok = Tree;
            type Error = Never;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Never> {
                self.list.push(value.serialize(Planter)?);
                Ok(())
            }
            fn end(self) -> Result<Tree, Never> {
                Ok(self.close(|parts| Tree::List(parts.list)))
            }
        }
    )*};
}

macro_rules! structs {
    ($($trait:ident),*) => {$(
        impl ser::$trait for Parts {
            type Ok = Tree;
            type Error = Never;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Never> {
                if !(self.is_model && LEARNED.contains(&key)) {
                    self.fields.push((key, value.serialize(Planter)?));
                }
                Ok(())
            }
            fn end(self) -> Result<Tree, Never> {
                Ok(self.close(|parts| Tree::Struct(parts.fields)))
            }
        }
    )*};
}

lists!(
    SerializeSeq.serialize_element,
    SerializeTuple.serialize_element,
    SerializeTupleStruct.serialize_field,
    SerializeTupleVariant.serialize_field
);
structs!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Parts {
    type Ok = Tree;
    type Error = Never;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Never> {
        self.key = super::words::value(&key.serialize(Planter)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Never> {
        let key = std::mem::take(&mut self.key);
        self.entries.push((key, value.serialize(Planter)?));
        Ok(())
    }

    fn end(self) -> Result<Tree, Never> {
        Ok(self.close(|parts| Tree::Map(parts.entries)))
    }
}
