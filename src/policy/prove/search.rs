//! The search: whether there is a request for which each of several expressions comes to what is wanted of it.
//!
//! Domains are narrowed by what is wanted, the expressions evaluated over them, and where that decides nothing a variable is cut in two.
//! Every part of the whole is looked at, so that "none" is a proof; the number of parts is bounded, and beyond it the answer is that it
//! is not known.

use super::eval::Region;
use super::kept::{bisect, inside, meet, negated, number_kept, swapped, whole_kept};
use super::set::{Known, Set, Texts, outcome};
use super::space::{Cuts, Leaf, Ordered, Space};
use crate::decision::Candidate;
use crate::language::Op;
use crate::language::graph::{Id, Node};
use crate::table::{Cell, Test};
use std::collections::{HashMap, HashSet};
use std::ops::Bound;

/// What is wanted: some of the bits of [`outcome`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goal {
    pub of: Of,
    pub want: u8,
}

/// Of what it is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// A node of the space.
    Node(Id),
    /// Whether a row of a decision table matches: positions of both.
    Row(usize, usize),
}

impl Goal {
    /// That a node comes to one of some outcomes.
    pub fn node(node: Id, want: u8) -> Goal {
        Goal { of: Of::Node(node), want }
    }
}

/// What the search found.
#[derive(Debug, PartialEq)]
pub enum Answer {
    /// No request does it.
    None,
    /// Every request with these values of the variables does it, as far as the variables are free of one another.
    Found(Vec<Set>),
    /// It could not be told: there may be one among these values.
    Open(Vec<Set>),
    /// There are too many cases.
    Exhausted,
}

/// A search over one space.
pub struct Search<'s, 'a> {
    region: Region<'s, 'a>,
    /// The nodes of the goals; cuts are looked for when they are needed first.
    nodes: Vec<Id>,
    tables: Vec<usize>,
    cuts: Option<HashMap<usize, Cuts>>,
    /// Domains before they were narrowed, to go back to.
    trail: Vec<(usize, Set)>,
    /// Cases that may still be looked at.
    left: usize,
    open: Option<Vec<Set>>,
    /// Whether the values of an answer are asked for.
    values: bool,
}

/// Rounds of narrowing before a case is split.
const ROUNDS: usize = 4;

/// Nothing can be as wanted.
struct Contradiction;

impl<'s, 'a> Search<'s, 'a> {
    /// A search that answers with values, or, quicker, without.
    pub fn new(space: &'s Space<'a>, values: bool) -> Search<'s, 'a> {
        let nobody = Candidate { action: u32::MAX, treatment: u32::MAX };
        Search {
            region: Region::all(space, nobody),
            nodes: Vec::new(),
            tables: Vec::new(),
            cuts: None,
            trail: Vec::new(),
            left: 0,
            open: None,
            values,
        }
    }

    /// Leaves a variable no other values than these, from now on.
    pub fn restrict(&mut self, leaf: &Leaf, known: Known) {
        let space = self.region.space;
        let at = space.vars.iter().position(|var| var.leaf == *leaf);
        if let Some((var, domain)) = at.and_then(|at| space.vars.get(at).zip(self.region.domains.get_mut(at))) {
            domain.known = meet(&var.all.known, &known);
        }
        self.region.changed();
    }

    /// Cases that were left after the last question.
    pub fn left(&self) -> usize {
        self.left
    }

    /// Looks for a request that meets every goal for a candidate, among at most so many cases.
    pub fn solve(&mut self, candidate: Candidate, goals: &[Goal], cases: usize) -> Answer {
        self.nodes.clear();
        self.tables.clear();
        for goal in goals {
            match goal.of {
                Of::Node(node) => self.nodes.push(node),
                Of::Row(table, _) if !self.tables.contains(&table) => {
                    self.tables.push(table);
                    self.nodes.extend(self.inputs(table).iter().copied());
                }
                Of::Row(..) => {}
            }
        }
        self.region.candidate = candidate;
        self.region.changed();
        (self.left, self.cuts, self.open) = (cases, None, None);
        let answer = self.search(goals.to_vec());
        self.back(0);
        match answer {
            Answer::None => self.open.take().map_or(Answer::None, Answer::Open),
            found => found,
        }
    }

    fn inputs(&self, table: usize) -> &'s [Id] {
        self.region.space.table_inputs.get(table).and_then(Option::as_ref).map_or(&[], Vec::as_slice)
    }

    fn snapshot(&self) -> Vec<Set> {
        if self.values { self.region.domains.clone() } else { Vec::new() }
    }

    /// What a goal may come to.
    fn outcomes(&mut self, of: Of) -> u8 {
        match of {
            Of::Node(node) => self.region.set(node).outcomes(),
            Of::Row(at, row) => {
                let values: Vec<Set> = self.inputs(at).iter().map(|input| self.region.set(*input)).collect();
                let table = self.region.space.tables.get(at).and_then(Option::as_ref);
                let truths = table.map(|table| self.region.row(table, row, &values));
                truths.map_or(outcome::FAULT, |truths| truths.outcomes())
            }
        }
    }

    fn narrow_goal(&mut self, goal: Goal) -> Result<(), Contradiction> {
        match goal.of {
            Of::Node(node) => self.narrow(node, goal.want),
            Of::Row(at, row) if goal.want == outcome::TRUE => {
                let Some(table) = self.region.space.tables.get(at).and_then(Option::as_ref) else { return Ok(()) };
                let cells = table.rows.get(row).map_or(&[][..], |row| &row.cells);
                for (cell, input) in cells.iter().zip(self.inputs(at)) {
                    let Cell::AnyOf(tests) = cell else { continue };
                    let [test] = tests.as_slice() else { continue };
                    match test {
                        Test::Missing => self.keep_known(*input, false)?,
                        Test::Compare(op, end) => {
                            let end = self.region.space.constant(end).known;
                            self.keep_compared(*input, *op, &end)?;
                        }
                        Test::Range { low, low_included, high, high_included } => {
                            let (low, high) = (self.region.space.constant(low), self.region.space.constant(high));
                            self.keep_compared(*input, if *low_included { Op::Ge } else { Op::Gt }, &low.known)?;
                            self.keep_compared(*input, if *high_included { Op::Le } else { Op::Lt }, &high.known)?;
                        }
                    }
                }
                Ok(())
            }
            Of::Row(..) => Ok(()),
        }
    }

    fn search(&mut self, mut goals: Vec<Goal>) -> Answer {
        if self.left == 0 {
            return Answer::Exhausted;
        }
        self.left -= 1;
        for _ in 0..ROUNDS {
            self.region.changed();
            let mut rest = Vec::with_capacity(goals.len());
            for goal in goals {
                let may = self.outcomes(goal.of);
                if may & goal.want == 0 {
                    return Answer::None;
                }
                if may & !goal.want != 0 {
                    rest.push(goal);
                }
            }
            goals = rest;
            if goals.is_empty() {
                return Answer::Found(self.snapshot());
            }
            let before = self.trail.len();
            for goal in &goals {
                if self.narrow_goal(*goal).is_err() {
                    return Answer::None;
                }
            }
            if self.trail.len() == before {
                break;
            }
        }
        if self.cuts.is_none() {
            self.cuts = Some(self.region.space.cuts(&self.nodes, &self.tables, self.region.candidate));
        }
        let mut seen = HashSet::new();
        let split = goals.iter().find_map(|goal| match goal.of {
            Of::Node(node) => self.choose(node, &mut seen),
            Of::Row(table, _) => self.inputs(table).iter().find_map(|input| self.choose(*input, &mut seen)),
        });
        let Some((var, parts)) = split else {
            if self.open.is_none() {
                self.open = Some(self.snapshot());
            }
            return Answer::None;
        };
        let mut exhausted = false;
        for part in parts {
            let mark = self.trail.len();
            self.put(var, part);
            self.region.changed();
            match self.search(goals.clone()) {
                Answer::None | Answer::Open(_) => {}
                Answer::Exhausted => exhausted = true,
                found => return found,
            }
            self.back(mark);
        }
        if exhausted { Answer::Exhausted } else { Answer::None }
    }

    fn put(&mut self, var: usize, set: Set) {
        if let Some(domain) = self.region.domains.get_mut(var) {
            self.trail.push((var, std::mem::replace(domain, set)));
        }
    }

    fn back(&mut self, mark: usize) {
        while self.trail.len() > mark {
            if let Some((var, set)) = self.trail.pop()
                && let Some(domain) = self.region.domains.get_mut(var)
            {
                *domain = set;
            }
        }
        self.region.changed();
    }

    /// A variable that an undecided node reads, and its parts.
    fn choose(&mut self, id: Id, seen: &mut HashSet<Id>) -> Option<(usize, [Set; 2])> {
        if !seen.insert(id) {
            return None;
        }
        let space = self.region.space;
        if let Some(var) = space.var_of(id) {
            return self.parts(var);
        }
        let set = self.region.set(id);
        let one = set.known.single(|_| crate::Value::Bool(true)).is_some() && !set.unknown && !set.stop && !set.fault;
        if one {
            return None;
        }
        match space.graph().node(id) {
            Node::Field(column) => {
                let mut column = *column as usize;
                while let Some((_, input)) = space.step(column).filter(|(_, input)| *input < column) {
                    column = input;
                }
                self.parts(space.var_of_field(column)?)
            }
            Node::Table(table) => {
                let inputs = space.table_inputs.get(*table as usize)?.clone()?;
                inputs.into_iter().find_map(|input| self.choose(input, seen))
            }
            node => {
                let mut operands = Vec::new();
                node.operands(|operand| operands.push(operand));
                operands.into_iter().find_map(|operand| self.choose(operand, seen))
            }
        }
    }

    /// What a variable ranges over, in two parts; `None` when no comparison with a constant tells them apart.
    fn parts(&self, var: usize) -> Option<(usize, [Set; 2])> {
        let domain = self.region.domains.get(var)?;
        let known = !domain.known.is_none();
        if domain.fault && (known || domain.unknown) {
            let fault = Set { fault: true, ..Set::EMPTY };
            return Some((var, [Set { fault: false, ..domain.clone() }, fault]));
        }
        if domain.unknown && known {
            let unknown = Set { unknown: true, ..Set::EMPTY };
            return Some((var, [Set { unknown: false, ..domain.clone() }, unknown]));
        }
        let empty = Cuts::default();
        let cuts = self.cuts.as_ref().and_then(|cuts| cuts.get(&var)).unwrap_or(&empty);
        let (low, high) = match &domain.known {
            Known::Bool { t: true, f: true } => (Known::truth(true, false), Known::truth(false, true)),
            Known::Whole(low, high) => {
                let cut = inside(&cuts.whole, *low, *high).or_else(|| bisect(*low, *high))?;
                (Known::Whole(*low, cut - 1), Known::Whole(cut, *high))
            }
            Known::Time(low, high) => {
                let cut = inside(&cuts.whole, *low, *high)?;
                (Known::Time(*low, cut - 1), Known::Time(cut, *high))
            }
            Known::Number { low, high, nan } => {
                let within: Vec<f64> = cuts
                    .numbers
                    .range((Bound::Unbounded, Bound::Included(Ordered(*high))))
                    .map(|cut| cut.0)
                    .filter(|cut| cut > low)
                    .collect();
                let cut = *within.get(within.len() / 2)?;
                (
                    Known::Number { low: *low, high: cut.next_down(), nan: *nan },
                    Known::Number { low: cut, high: *high, nan: false },
                )
            }
            Known::Text(texts @ Texts::NotIn(not)) => {
                let named: Vec<u32> = cuts.texts.iter().copied().filter(|s| texts.has(*s)).collect();
                if named.is_empty() {
                    return None;
                }
                let mut all: Vec<u32> = not.iter().chain(&named).copied().collect();
                all.sort_unstable();
                (Known::Text(Texts::In(named.into())), Known::Text(Texts::NotIn(all.into())))
            }
            Known::Text(Texts::In(symbols)) if symbols.len() > 1 => {
                let (a, b) = symbols.split_at_checked(symbols.len() / 2)?;
                (Known::Text(Texts::In(a.into())), Known::Text(Texts::In(b.into())))
            }
            _ => return None,
        };
        Some((var, [low, high].map(|known| Set { known, ..domain.clone() })))
    }

    /// Takes from the domains what cannot be where a node comes to what is wanted.
    fn narrow(&mut self, id: Id, want: u8) -> Result<(), Contradiction> {
        let space = self.region.space;
        let may = self.region.set(id).outcomes();
        if may & want == 0 {
            return Err(Contradiction);
        }
        // Where a fault is as good, an operand may never be looked at.
        let want = want & may;
        if want & outcome::FAULT != 0 && space.var_of(id).is_none() {
            return Ok(());
        }
        if let Some(var) = space.var_of(id) {
            return self.keep_outcomes(var, want);
        }
        match space.graph().node(id) {
            Node::Field(column) => match space.var_of_field(*column as usize) {
                Some(var) => self.keep_outcomes(var, want),
                None => Ok(()),
            },
            Node::And(ids) => self.narrow_logic(ids, want, outcome::TRUE, outcome::FALSE),
            Node::Or(ids) => self.narrow_logic(ids, want, outcome::FALSE, outcome::TRUE),
            Node::Not(x) => self.narrow(*x, swapped(want)),
            Node::AsBool(x) => self.narrow(*x, want),
            Node::Demand(x) if want & outcome::UNKNOWN == 0 => self.narrow(*x, want),
            Node::Seq(ids) if want & outcome::UNKNOWN == 0 => {
                ids.last().map_or(Ok(()), |last| self.narrow(*last, want))
            }
            Node::IsKnown(x) => match want {
                outcome::TRUE => self.keep_known(*x, true),
                outcome::FALSE => self.keep_known(*x, false),
                _ => Ok(()),
            },
            Node::OrElse(ids) => match &**ids {
                // A default that is not wanted is not taken.
                [x, default] if want & outcome::UNKNOWN == 0 && self.region.set(*default).outcomes() & want == 0 => {
                    self.narrow(*x, want)
                }
                _ => Ok(()),
            },
            Node::Binary(op, a, b) if op.compares() => {
                let op = match want {
                    outcome::TRUE => *op,
                    outcome::FALSE => match negated(*op) {
                        // A number that is none is neither less nor not less.
                        Some(op) if !self.may_be_nan(*a) && !self.may_be_nan(*b) => op,
                        _ => return self.keep_known(*a, true).and_then(|()| self.keep_known(*b, true)),
                    },
                    _ => return Ok(()),
                };
                let (left, right) = (self.region.set(*a).known, self.region.set(*b).known);
                self.keep_compared(*a, op, &right)?;
                self.keep_compared(*b, op.mirrored(), &left)
            }
            Node::InConst(x, items) if want == outcome::TRUE || want == outcome::FALSE => {
                self.keep_known(*x, true)?;
                let Some(var) = self.var(*x) else { return Ok(()) };
                let symbols: Option<Vec<u32>> =
                    items.iter().map(|item| item.0.as_text().map(|text| space.symbol(text))).collect();
                let (Some(symbols), Some(domain)) = (symbols, self.region.domains.get(var).cloned()) else {
                    return Ok(());
                };
                let Known::Text(texts) = &domain.known else { return Ok(()) };
                let kept = if want == outcome::TRUE {
                    let mut common: Vec<u32> = symbols.into_iter().filter(|s| texts.has(*s)).collect();
                    common.sort_unstable();
                    common.dedup();
                    Texts::In(common.into())
                } else {
                    texts.filter(|s| !symbols.contains(&s), &symbols)
                };
                self.keep(var, Set { known: Known::Text(kept), ..domain })
            }
            _ => Ok(()),
        }
    }

    /// The operands of `&&`; of `||` with true and false exchanged.
    fn narrow_logic(&mut self, ids: &[Id], want: u8, pass: u8, absorb: u8) -> Result<(), Contradiction> {
        // Where it passes, or is at most unknown, every operand was looked at and none absorbed.
        let graph = self.region.space.graph();
        let stops = ids.iter().any(|id| graph.info(*id).stops);
        // After a stop no operand is looked at.
        if want & absorb == 0 && (want & outcome::UNKNOWN == 0 || !stops) {
            let each = if want & outcome::UNKNOWN == 0 { pass } else { pass | outcome::UNKNOWN };
            return ids.iter().try_for_each(|id| self.narrow(*id, each));
        }
        if want == absorb {
            // Where only one of them can absorb, it does.
            let mut able =
                ids.iter().filter(|id| self.region.set(**id).outcomes() & absorb != 0).copied().collect::<Vec<_>>();
            if let (Some(id), true) = (able.pop(), able.is_empty()) {
                return self.narrow(id, absorb);
            }
        }
        Ok(())
    }

    fn var(&self, id: Id) -> Option<usize> {
        let space = self.region.space;
        space.var_of(id).or_else(|| match space.graph().node(id) {
            Node::Field(column) => space.var_of_field(*column as usize),
            _ => None,
        })
    }

    fn may_be_nan(&mut self, id: Id) -> bool {
        matches!(self.region.set(id).known, Known::Number { nan: true, .. } | Known::Any)
    }

    fn keep_outcomes(&mut self, var: usize, want: u8) -> Result<(), Contradiction> {
        let Some(domain) = self.region.domains.get(var) else { return Ok(()) };
        let known = match domain.known {
            Known::Bool { t, f } => Known::truth(t && want & outcome::TRUE != 0, f && want & outcome::FALSE != 0),
            _ => return Ok(()),
        };
        let kept = Set {
            known,
            unknown: domain.unknown && want & outcome::UNKNOWN != 0,
            stop: false,
            fault: domain.fault && want & outcome::FAULT != 0,
        };
        self.keep(var, kept)
    }

    /// Keeps the values of a variable that are there, or that are not.
    fn keep_known(&mut self, id: Id, there: bool) -> Result<(), Contradiction> {
        let Some(var) = self.var(id) else { return Ok(()) };
        let Some(domain) = self.region.domains.get(var).cloned() else { return Ok(()) };
        let kept = match there {
            true => Set { unknown: false, fault: false, ..domain },
            false => Set { known: Known::None, fault: false, ..domain },
        };
        self.keep(var, kept)
    }

    /// Keeps the values of a variable for which `value op other` can hold.
    fn keep_compared(&mut self, id: Id, op: Op, other: &Known) -> Result<(), Contradiction> {
        self.keep_known(id, true)?;
        let Some(var) = self.var(id) else { return Ok(()) };
        let Some(domain) = self.region.domains.get(var).cloned() else { return Ok(()) };
        let known = match (&domain.known, other) {
            (Known::Whole(a, b), Known::Whole(c, d)) => {
                whole_kept((*a, *b), op, (*c, *d)).map(|(a, b)| Known::Whole(a, b))
            }
            (Known::Time(a, b), Known::Time(c, d)) => {
                whole_kept((*a, *b), op, (*c, *d)).map(|(a, b)| Known::Time(a, b))
            }
            (Known::Number { low, high, nan: false }, other) => match other.as_numbers() {
                Some((c, d, false)) => {
                    number_kept((*low, *high), op, (c, d)).map(|(low, high)| Known::Number { low, high, nan: false })
                }
                _ => return Ok(()),
            },
            (Known::Text(texts), Known::Text(Texts::In(symbols))) => match (op, &**symbols) {
                (Op::Eq, symbols) => {
                    let common: Vec<u32> = symbols.iter().copied().filter(|s| texts.has(*s)).collect();
                    Some(Known::Text(Texts::In(common.into())))
                }
                (Op::Ne, [one]) => Some(Known::Text(texts.filter(|s| s != *one, &[*one]))),
                _ => return Ok(()),
            },
            (Known::Bool { t, f }, Known::Bool { t: t2, f: f2 }) if t2 != f2 => {
                let wanted = *t2 == (op == Op::Eq);
                Some(Known::truth(*t && wanted, *f && !wanted))
            }
            _ => return Ok(()),
        };
        self.keep(var, Set { known: known.unwrap_or(Known::None), ..domain })
    }

    fn keep(&mut self, var: usize, mut kept: Set) -> Result<(), Contradiction> {
        if matches!(&kept.known, Known::Text(Texts::In(symbols)) if symbols.is_empty()) {
            kept.known = Known::None;
        }
        if kept.is_empty() {
            return Err(Contradiction);
        }
        if self.region.domains.get(var).is_some_and(|domain| *domain != kept) {
            self.put(var, kept);
            self.region.changed();
        }
        Ok(())
    }
}
