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
    /// A number, a string, a name: its place in [`Texts`].
    Leaf { start: u32, end: u32 },
    /// A list, a struct, a map.
    Group(Box<Group>),
}

/// Something with parts.
pub struct Group {
    /// Name of an enum variant, else empty.
    pub name: &'static str,
    /// What encloses the parts.
    pub brackets: (char, char),
    /// Before each part: nothing, the name of a field, or the key of a map.
    pub parts: Vec<(Label, Node)>,
    /// Length on one line; [`usize::MAX`] when it cannot be on one line.
    pub width: usize,
}

/// What stands before a part.
pub enum Label {
    None,
    Field(&'static str),
    Key(Node),
}

impl Texts {
    fn get(&self, start: u32, end: u32) -> &str {
        self.all.get(start as usize..end as usize).unwrap_or("")
    }

    fn of(&self, node: &Node) -> &str {
        match node {
            Node::Leaf { start, end } => self.get(*start, *end),
            Node::Group(_) => "",
        }
    }

    /// Length on one line, [`usize::MAX`] for what has line breaks.
    fn width(&self, node: &Node) -> usize {
        match node {
            Node::Leaf { .. } => {
                let text = self.of(node);
                if text.contains('\n') { usize::MAX } else { text.chars().count() }
            }
            Node::Group(group) => group.width,
        }
    }

    fn label_width(&self, label: &Label) -> usize {
        match label {
            Label::None => 0,
            Label::Field(name) => name.len() + 2,
            Label::Key(key) => self.width(key).saturating_add(2),
        }
    }
}

impl Group {
    /// A group whose width is known.
    pub fn new(name: &'static str, brackets: (char, char), parts: Vec<(Label, Node)>, texts: &Texts) -> Group {
        let inner = parts.iter().fold(0usize, |sum, (label, node)| {
            sum.saturating_add(texts.label_width(label)).saturating_add(texts.width(node)).saturating_add(2)
        });
        // Two brackets, and no comma after the last part.
        Group { name, brackets, parts, width: inner.saturating_sub(2).saturating_add(name.len() + 2) }
    }

    fn is_list_of_leaves(&self) -> bool {
        self.parts.iter().all(|(label, node)| matches!((label, node), (Label::None, Node::Leaf { .. })))
    }
}

fn label(label: &Label, texts: &Texts, out: &mut String) {
    match label {
        Label::None => {}
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
    for (name, node) in &group.parts {
        indent(depth + 1, out);
        label(name, texts, out);
        value(node, texts, depth + 1, out);
        out.push_str(",\n");
    }
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
        if group.is_list_of_leaves() {
            filled(group, texts, depth + 1, out);
        } else {
            lines(group, texts, depth, out);
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
    for (i, (name, node)) in group.parts.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        label(name, texts, out);
        on_one_line(node, texts, out);
    }
}

/// As many leaves per line as fit.
fn filled(group: &Group, texts: &Texts, depth: usize, out: &mut String) {
    let mut column = 0;
    for (_, node) in &group.parts {
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
