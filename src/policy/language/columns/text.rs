//! Texts in columns are places in a dictionary: what a rule asks of a text is asked once of every entry, and of a row
//! only its place.

use super::ColumnRun;
use super::cell::{Lookup, Words};
use super::program::{Items, Kernel, Kind};
use crate::columns::Data;
use crate::language::env::NO_ROW;
use crate::language::functions::Function;
use crate::language::ops::Op;
use crate::value::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

impl ColumnRun<'_> {
    /// Every text that a step may give for this table, by code.
    fn dictionary(&mut self, id: usize) -> Arc<[Arc<str>]> {
        if let Some(dictionary) = self.scratch.words.get(id).and_then(|words| words.dictionary.as_ref()) {
            return dictionary.clone();
        }
        let rules = self.rules;
        let Some(step) = rules.steps.get(id) else { return Arc::from([]) };
        let mut words = Words::default();
        let dictionary: Arc<[Arc<str>]> = match &step.kernel {
            _ if step.uniform => {
                self.ensure(id, self.all);
                self.scratch.cells.get(id).and_then(|cell| text(&cell.scalar)).cloned().into_iter().collect()
            }
            Kernel::Field(i) => match self.table.variable(*i).map(|values| values.data()) {
                Some(Data::Text(texts)) => texts.dictionary.clone(),
                _ => Arc::from([]),
            },
            Kernel::If(_, a, b) => self.union(&[*a, *b], &mut words),
            Kernel::OrElse(ids) => self.union(ids, &mut words),
            Kernel::Demand(x) | Kernel::Same(x) => self.union(&[*x], &mut words),
            Kernel::Seq(ids) => self.union(ids.last().map_or(&[], std::slice::from_ref), &mut words),
            Kernel::TextMap(function, x) => {
                let of = self.dictionary(*x);
                let mapped = of.iter().map(|text| match call(function, text, None) {
                    Ok(Value::Text(text)) => Some(text),
                    _ => None,
                });
                let mapped: Vec<Option<Arc<str>>> = mapped.collect();
                words.failed = mapped.iter().map(Option::is_none).collect();
                mapped.into_iter().map(|text| text.unwrap_or_else(|| Arc::from(""))).collect()
            }
            _ => Arc::from([]),
        };
        words.dictionary = Some(dictionary.clone());
        if let Some(place) = self.scratch.words.get_mut(id) {
            *place = words;
        }
        dictionary
    }

    /// The dictionaries of some operands, one after the other.
    fn union(&mut self, ids: &[usize], words: &mut Words) -> Arc<[Arc<str>]> {
        if let [one] = ids {
            words.offsets = vec![(*one, 0)];
            return self.dictionary(*one);
        }
        let mut all: Vec<Arc<str>> = Vec::new();
        for id in ids {
            words.offsets.push((*id, u32::try_from(all.len()).unwrap_or(u32::MAX)));
            all.extend(self.dictionary(*id).iter().cloned());
        }
        all.into()
    }

    /// Where the texts of an operand begin in the dictionary of a step that passes them on.
    pub(super) fn offset(&mut self, from: usize, to: usize) -> u32 {
        self.dictionary(to);
        let offsets = self.scratch.words.get(to).map_or(&[][..], |words| &words.offsets);
        offsets.iter().find(|(id, _)| *id == from).map_or(0, |(_, offset)| *offset)
    }

    /// Prepares what a step asks of texts; its operands hold.
    pub(super) fn look_up(&mut self, id: usize, kernel: &Kernel) {
        match kernel {
            Kernel::Compare(Kind::Text, op, a, b) => match (self.same(*a), self.same(*b)) {
                (None, Some(b)) => self.answer_about(id, *a, b, |x, y| compares(*op, x, y)),
                (Some(a), None) => self.answer_about(id, *b, a, |x, y| compares(*op, y, x)),
                _ => self.rank(id, *a, *b),
            },
            Kernel::Among(x, Items::Texts(items), _) => {
                self.answer_about(id, *x, Some(Arc::from("")), |text, _| items.contains(text));
            }
            Kernel::TextTest(function, x, y) => {
                if let Some(part) = self.same(*y) {
                    let is = |text: &Arc<str>, part: &Arc<str>| {
                        matches!(call(function, text, Some(part)), Ok(Value::Bool(true)))
                    };
                    self.answer_about(id, *x, part, is);
                }
            }
            Kernel::TextLength(function, x) => {
                let dictionary = self.dictionary(*x);
                let Some(words) = self.scratch.words.get_mut(id) else { return };
                if words.lengths.len() != dictionary.len() {
                    let length = |text| match call(function, text, None) {
                        Ok(Value::Integer(length)) => length,
                        _ => 0,
                    };
                    words.lengths = dictionary.iter().map(length).collect();
                }
            }
            Kernel::TextMap(..) => {
                self.dictionary(id);
            }
            _ => {}
        }
    }

    /// The text of a step that has one value for all rows, if it is known; `None` for any other step.
    fn same(&self, id: usize) -> Option<Option<Arc<str>>> {
        let uniform = self.rules.steps.get(id).is_some_and(|step| step.uniform);
        uniform.then(|| self.scratch.cells.get(id).and_then(|cell| text(&cell.scalar)).cloned())
    }

    /// Asks every text of `x` once; the answers stay, by the text they were asked about.
    fn answer_about(
        &mut self,
        id: usize,
        x: usize,
        about: Option<Arc<str>>,
        is: impl Fn(&Arc<str>, &Arc<str>) -> bool,
    ) {
        let Some(about) = about else { return };
        let known = |words: &Words| words.answers.iter().any(|(text, _)| *text == about);
        if self.scratch.words.get(id).is_some_and(known) {
            return;
        }
        let dictionary = self.dictionary(x);
        let lookup = Lookup::of(&dictionary, |text| is(text, &about));
        if let Some(words) = self.scratch.words.get_mut(id) {
            words.answers.push((about, lookup));
        }
    }

    /// Numbers the texts of two steps in their common order.
    fn rank(&mut self, id: usize, a: usize, b: usize) {
        if self.scratch.words.get(id).is_some_and(|words| words.ranks.is_some()) {
            return;
        }
        let (a, b) = (self.dictionary(a), self.dictionary(b));
        let all: BTreeSet<&Arc<str>> = a.iter().chain(b.iter()).collect();
        let all: Vec<&Arc<str>> = all.into_iter().collect();
        let rank =
            |text: &Arc<str>| all.binary_search(&text).map_or(u32::MAX, |at| u32::try_from(at).unwrap_or(u32::MAX));
        let ranks = [a.iter().map(rank).collect(), b.iter().map(rank).collect()];
        if let Some(words) = self.scratch.words.get_mut(id) {
            words.ranks = Some(ranks);
        }
    }
}

fn text(value: &Value) -> Option<&Arc<str>> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// A function of texts, as the row evaluator calls it.
fn call(function: &Function, text: &Arc<str>, part: Option<&Arc<str>>) -> Result<Value, String> {
    match part {
        None => function.call(&NO_ROW, &[Value::Text(text.clone())]),
        Some(part) => function.call(&NO_ROW, &[Value::Text(text.clone()), Value::Text(part.clone())]),
    }
}

fn compares(op: Op, a: &Arc<str>, b: &Arc<str>) -> bool {
    match op {
        Op::Eq => a == b,
        Op::Ne => a != b,
        Op::Lt => a < b,
        Op::Le => a <= b,
        Op::Gt => a > b,
        _ => a >= b,
    }
}
