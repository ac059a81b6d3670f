//! Canonical layout: a document as RON that people can read. One field per line; what fits on a line stays on it;
//! long lists of numbers are filled line by line. The same value always gives the same bytes.

mod serializer;

use crate::document::Document;
use crate::error::Error;
use serde::Serialize;
use serializer::Writer;

/// A short group stays on one line up to this column.
const WIDTH: usize = 110;

/// The parts of a document, each field on a line of its own, indented by one step, without the outer parentheses.
///
/// # Errors
/// [`Error::File`] when a number is not finite.
pub fn fields(document: &Document) -> Result<String, Error> {
    let mut texts = Texts::default();
    let node = document.serialize(Writer::new(&mut texts)).map_err(|e| super::refused(None, e.to_string()))?;
    let mut out = String::with_capacity(texts.all.len() * 5 / 4);
    if let Node::Group(group) = node {
        lines(&group, &texts, 0, &mut out);
    }
    Ok(out)
}

/// Any value, laid out as the parts of a document are, with a line break at its end.
///
/// # Errors
/// [`Error::File`] when a number is not finite.
pub fn value_of<T: Serialize + ?Sized>(of: &T) -> Result<String, Error> {
    let mut texts = Texts::default();
    let node = of.serialize(Writer::new(&mut texts)).map_err(|e| super::refused(None, e.to_string()))?;
    let mut out = String::new();
    value(&node, &texts, 0, &mut out);
    out.push('\n');
    Ok(out)
}

/// A value on one line, whatever its length.
///
/// # Errors
/// [`Error::File`] for what cannot be written.
pub fn line<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    let mut texts = Texts { one_line: true, ..Texts::default() };
    let node = value.serialize(Writer::new(&mut texts)).map_err(|e| super::refused(None, e.to_string()))?;
    let mut out = String::new();
    on_one_line(&node, &texts, &mut out);
    Ok(out)
}

/// The texts of all leaves, one after the other.
#[derive(Default)]
pub struct Texts {
    all: String,
    /// Whether line breaks in texts are escaped.
    one_line: bool,
}

/// A value on its way to the file.
pub enum Node {
    /// A number, a string, a name: its place in [`Texts`], and its length in characters; [`MULTILINE`] when it has line breaks.
    Leaf { start: u32, end: u32, width: u32 },
    /// A list, a struct, a map.
    Group(Box<Group>),
}

/// Width of a text with line breaks.
pub const MULTILINE: u32 = u32::MAX;

/// What a group is made of.
pub enum Items {
    /// Parts without names: most of a large file is lists of numbers.
    List(Vec<Node>),
    /// Parts with the names of fields or the keys of a map.
    Named(Vec<(Label, Node)>),
}

/// Something with parts.
pub struct Group {
    /// Name of an enum variant, else empty.
    pub name: &'static str,
    /// What encloses the parts.
    pub brackets: (char, char),
    /// The parts.
    pub parts: Items,
    /// Length on one line; [`usize::MAX`] when it cannot be on one line.
    pub width: usize,
}

/// What stands before a part.
pub enum Label {
    Field(&'static str),
    Key(Node),
}

impl Texts {
    fn get(&self, start: u32, end: u32) -> &str {
        self.all.get(start as usize..end as usize).unwrap_or("")
    }

    fn of(&self, node: &Node) -> &str {
        match node {
            Node::Leaf { start, end, .. } => self.get(*start, *end),
            Node::Group(_) => "",
        }
    }

    /// Length on one line, [`usize::MAX`] for what has line breaks.
    fn width(&self, node: &Node) -> usize {
        match node {
            Node::Leaf { width: MULTILINE, .. } => usize::MAX,
            Node::Leaf { width, .. } => *width as usize,
            Node::Group(group) => group.width,
        }
    }

    fn label_width(&self, label: &Label) -> usize {
        match label {
            Label::Field(name) => name.len() + 2,
            Label::Key(key) => self.width(key).saturating_add(2),
        }
    }
}

impl Group {
    /// A group whose width is known.
    pub fn new(name: &'static str, brackets: (char, char), parts: Items, texts: &Texts) -> Group {
        let sum = |sum: usize, width: usize| sum.saturating_add(width).saturating_add(2);
        let inner = match &parts {
            Items::List(nodes) => nodes.iter().fold(0, |all, node| sum(all, texts.width(node))),
            Items::Named(parts) => parts
                .iter()
                .fold(0, |all, (label, node)| sum(all, texts.label_width(label).saturating_add(texts.width(node)))),
        };
        // Two brackets, and no comma after the last part.
        Group { name, brackets, parts, width: inner.saturating_sub(2).saturating_add(name.len() + 2) }
    }

    /// The parts, if all of them are leaves without names.
    fn leaves(&self) -> Option<&[Node]> {
        match &self.parts {
            Items::List(nodes) => nodes.iter().all(|node| matches!(node, Node::Leaf { .. })).then_some(nodes),
            Items::Named(parts) => parts.is_empty().then_some(&[]),
        }
    }

    fn each(&self, mut each: impl FnMut(usize, Option<&Label>, &Node)) {
        match &self.parts {
            Items::List(nodes) => nodes.iter().enumerate().for_each(|(i, node)| each(i, None, node)),
            Items::Named(parts) => parts.iter().enumerate().for_each(|(i, (name, node))| each(i, Some(name), node)),
        }
    }
}

fn label(label: Option<&Label>, texts: &Texts, out: &mut String) {
    let Some(label) = label else { return };
    match label {
        Label::Field(name) => {
            out.push_str(name);
            out.push_str(": ");
        }
        Label::Key(key) => {
            out.push_str(texts.of(key));
            out.push_str(": ");
        }
    }
}

/// Every part on a line of its own.
fn lines(group: &Group, texts: &Texts, depth: usize, out: &mut String) {
    group.each(|_, name, node| {
        indent(depth + 1, out);
        label(name, texts, out);
        value(node, texts, depth + 1, out);
        out.push_str(",\n");
    });
}

fn value(node: &Node, texts: &Texts, depth: usize, out: &mut String) {
    let group = match node {
        Node::Leaf { .. } => return out.push_str(texts.of(node)),
        Node::Group(group) => group,
    };
    let column = out.rsplit('\n').next().map_or(0, |line| line.chars().count());
    out.push_str(group.name);
    out.push(group.brackets.0);
    // With a comma after it.
    if column.saturating_add(group.width) < WIDTH {
        parts_on_one_line(group, texts, out);
    } else {
        out.push('\n');
        match group.leaves() {
            Some(leaves) => filled(leaves, texts, depth + 1, out),
            None => lines(group, texts, depth, out),
        }
        indent(depth, out);
    }
    out.push(group.brackets.1);
}

fn on_one_line(node: &Node, texts: &Texts, out: &mut String) {
    match node {
        Node::Leaf { .. } => out.push_str(texts.of(node)),
        Node::Group(group) => {
            out.push_str(group.name);
            out.push(group.brackets.0);
            parts_on_one_line(group, texts, out);
            out.push(group.brackets.1);
        }
    }
}

fn parts_on_one_line(group: &Group, texts: &Texts, out: &mut String) {
    group.each(|i, name, node| {
        if i > 0 {
            out.push_str(", ");
        }
        label(name, texts, out);
        on_one_line(node, texts, out);
    });
}

/// As many leaves per line as fit.
fn filled(leaves: &[Node], texts: &Texts, depth: usize, out: &mut String) {
    let mut column = 0;
    for node in leaves {
        let width = texts.width(node).saturating_add(2);
        if column > 0 && width.saturating_add(column) > WIDTH {
            out.push('\n');
            column = 0;
        }
        if column == 0 {
            indent(depth, out);
            column = depth * 4;
        } else {
            out.push(' ');
        }
        out.push_str(texts.of(node));
        out.push(',');
        column = column.saturating_add(width);
    }
    out.push('\n');
}

fn indent(depth: usize, out: &mut String) {
    for _ in 0..depth {
        out.push_str("    ");
    }
}
