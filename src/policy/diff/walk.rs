//! Comparing two trees: every difference once, at the smallest part that people have a name for.

use super::tree::Tree;
use std::collections::{HashMap, HashSet};

/// A difference, before it is put into words.
pub struct Raw<'a> {
    /// Where.
    pub path: &'a [Place<'a>],
    /// The item of the part it is in, before and after.
    pub item: (Option<&'a Tree>, Option<&'a Tree>),
    /// What happened.
    pub what: What<'a>,
}

/// A step of a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place<'a> {
    /// A field of a struct.
    Field(&'a str),
    /// An item of a list, by key.
    Item(&'a str),
    /// An item of a list, by position.
    At(usize),
}

/// What happened to a part.
pub enum What<'a> {
    /// It is new.
    Added(&'a Tree),
    /// It is gone.
    Removed(&'a Tree),
    /// It says something else; absent is what says nothing.
    Changed(Option<&'a Tree>, Option<&'a Tree>),
    /// It stood at the first place and stands at the second, from 0.
    Moved(usize, usize),
}

/// Tells every difference of two documents.
pub fn walk<'a>(from: &'a Tree, to: &'a Tree, tell: &mut dyn FnMut(Raw<'_>)) {
    Walk { path: Vec::new(), item: (None, None), tell }.compare(Some(from), Some(to));
}

struct Walk<'a, 'b> {
    path: Vec<Place<'a>>,
    /// The outermost item of a list on the path.
    item: (Option<&'a Tree>, Option<&'a Tree>),
    tell: &'b mut dyn FnMut(Raw<'_>),
}

impl<'a> Walk<'a, '_> {
    fn tell(&mut self, what: What<'_>) {
        (self.tell)(Raw { path: &self.path, item: self.item, what });
    }

    fn below(&mut self, place: Place<'a>, from: Option<&'a Tree>, to: Option<&'a Tree>) {
        let outer = self.item;
        if matches!(place, Place::Item(_) | Place::At(_)) && outer == (None, None) {
            self.item = (from, to);
        }
        self.path.push(place);
        match (place, from, to) {
            (Place::Field(_), ..) | (_, Some(_), Some(_)) | (_, None, None) => self.compare(from, to),
            (_, None, Some(to)) => self.tell(What::Added(to)),
            (_, Some(from), None) => self.tell(What::Removed(from)),
        }
        self.path.pop();
        self.item = outer;
    }

    fn compare(&mut self, from: Option<&'a Tree>, to: Option<&'a Tree>) {
        if from == to {
            return;
        }
        match (from, to) {
            (Some(Tree::Struct(a)), Some(Tree::Struct(b))) => self.fields(a, b),
            (Some(Tree::Variant(a, x)), Some(Tree::Variant(b, y)))
                if a == b && matches!((&**x, &**y), (Tree::Struct(_), Tree::Struct(_))) =>
            {
                self.compare(Some(&**x), Some(&**y));
            }
            (Some(Tree::Map(a)), Some(Tree::Map(b))) => self.entries(a, b),
            (Some(Tree::List(a)), Some(Tree::List(b))) => self.lists(a, b),
            // A list that is not written because it is empty.
            (None, Some(Tree::List(b))) if is_of_parts(b) => self.lists(&[], b),
            (Some(Tree::List(a)), None) if is_of_parts(a) => self.lists(a, &[]),
            (None, Some(Tree::Map(b))) => self.entries(&[], b),
            (Some(Tree::Map(a)), None) => self.entries(a, &[]),
            _ => self.tell(What::Changed(from, to)),
        }
    }

    fn fields(&mut self, a: &'a [(&'static str, Tree)], b: &'a [(&'static str, Tree)]) {
        let of = |fields: &'a [(&'static str, Tree)], name: &str| {
            fields.iter().find(|(field, _)| *field == name).map(|(_, tree)| tree)
        };
        for (name, from) in a {
            self.below(Place::Field(name), Some(from), of(b, name));
        }
        for (name, to) in b.iter().filter(|(name, _)| of(a, name).is_none()) {
            self.below(Place::Field(name), None, Some(to));
        }
    }

    fn entries(&mut self, a: &'a [(String, Tree)], b: &'a [(String, Tree)]) {
        let of = |entries: &'a [(String, Tree)], key: &str| {
            entries.iter().find(|(other, _)| other == key).map(|(_, tree)| tree)
        };
        for (key, from) in a {
            self.below(Place::Field(key), Some(from), of(b, key));
        }
        for (key, to) in b.iter().filter(|(key, _)| of(a, key).is_none()) {
            self.below(Place::Field(key), None, Some(to));
        }
    }

    fn lists(&mut self, a: &'a [Tree], b: &'a [Tree]) {
        match (keys(a), keys(b)) {
            (Some(x), Some(y)) => self.keyed(a, b, &x, &y),
            _ if is_of_parts(a) && is_of_parts(b) => self.in_order(a, b),
            _ => {
                // Numbers, texts: the list is one value.
                let (a, b) = (Tree::List(a.to_vec()), Tree::List(b.to_vec()));
                (self.tell)(Raw { path: &self.path, item: self.item, what: What::Changed(Some(&a), Some(&b)) });
            }
        }
    }

    /// Items that are known by a key, wherever they stand.
    fn keyed(&mut self, a: &'a [Tree], b: &'a [Tree], x: &[&'a str], y: &[&'a str]) {
        let old: HashMap<&str, (usize, &Tree)> = x.iter().copied().zip(a.iter().enumerate()).collect();
        let new: HashMap<&str, (usize, &Tree)> = y.iter().copied().zip(b.iter().enumerate()).collect();
        for (key, from) in x.iter().zip(a) {
            self.below(Place::Item(key), Some(from), new.get(key).map(|(_, to)| *to));
        }
        for (key, to) in y.iter().zip(b).filter(|(key, _)| !old.contains_key(*key)) {
            self.below(Place::Item(key), None, Some(to));
        }
        // Those that stayed, in their new order: who is not part of the longest ascending run has moved.
        let stayed: Vec<(&'a str, usize, usize)> =
            y.iter().filter_map(|key| Some((*key, old.get(key)?.0, new.get(key)?.0))).collect();
        let rising = longest_ascending(&stayed.iter().map(|(_, was, _)| *was).collect::<Vec<_>>());
        for (at, (key, was, is)) in stayed.iter().enumerate() {
            if !rising.contains(&at) {
                let outer = self.item;
                if outer == (None, None) {
                    self.item = (old.get(key).map(|(_, tree)| *tree), new.get(key).map(|(_, tree)| *tree));
                }
                self.path.push(Place::Item(key));
                self.tell(What::Moved(*was, *is));
                self.path.pop();
                self.item = outer;
            }
        }
    }

    /// Items without a key: what is the same at both ends stays, what lies between is compared by position.
    fn in_order(&mut self, a: &'a [Tree], b: &'a [Tree]) {
        let start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
        let (a, b) = (a.get(start..).unwrap_or(&[]), b.get(start..).unwrap_or(&[]));
        let end = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
        let (a, b) = (a.get(..a.len() - end).unwrap_or(&[]), b.get(..b.len() - end).unwrap_or(&[]));
        for at in 0..a.len().max(b.len()) {
            self.below(Place::At(start + at), a.get(at), b.get(at));
        }
    }
}

/// Whether the items of a list are parts that changes can be told of one by one.
fn is_of_parts(list: &[Tree]) -> bool {
    list.iter().all(|item| matches!(item, Tree::Struct(_)))
}

/// The keys of all items, where every one has its own.
fn keys(list: &[Tree]) -> Option<Vec<&str>> {
    let keys: Vec<&str> = list.iter().map(Tree::key).collect::<Option<_>>()?;
    let all: HashSet<&str> = keys.iter().copied().collect();
    (all.len() == keys.len()).then_some(keys)
}

/// Positions of a longest strictly ascending subsequence.
fn longest_ascending(values: &[usize]) -> HashSet<usize> {
    // For each length the position that ends the run with the least end.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; values.len()];
    let value = |at: usize| values.get(at).copied().unwrap_or(0);
    for at in 0..values.len() {
        let length = ends.partition_point(|end| value(*end) < value(at));
        if let (Some(slot), Some(previous)) = (before.get_mut(at), length.checked_sub(1)) {
            *slot = ends.get(previous).copied();
        }
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut run = HashSet::new();
    let mut at = ends.last().copied();
    while let Some(here) = at {
        run.insert(here);
        at = before.get(here).copied().flatten();
    }
    run
}
