//! Steps that evaluate all their operands: the loop that their types allow, over whole batches.

use super::bits::{BATCH, Bits};
use super::cell::{Cell, Rooms, Words};
use super::kernels::{self, Operand};
use super::program::{Items, Kernel, Kind};
use super::{Answer, ColumnRules, ColumnRun};
use crate::columns::{Data, Table, Values};
use crate::language::graph::Ty;
use crate::language::mutant::planted;
use crate::language::ops::Op;
use crate::value::Value;

/// The steps that were evaluated, for reading.
pub struct View<'v> {
    rules: &'v ColumnRules,
    table: &'v Table<'v>,
    cells: &'v [Cell],
    words: &'v [Words],
    start: usize,
    len: usize,
}

impl ColumnRun<'_> {
    /// The steps before `end`.
    pub(super) fn view(&self, end: usize) -> View<'_> {
        View {
            rules: self.rules,
            table: self.table,
            cells: self.scratch.cells.get(..end).unwrap_or(&self.scratch.cells),
            words: &self.scratch.words,
            start: self.start,
            len: self.len,
        }
    }

    /// Evaluates a step whose operands hold.
    pub(super) fn strict(&mut self, id: usize, kernel: &Kernel, at: Bits) {
        let effects = self.rules.steps.get(id).is_some_and(|step| step.effects);
        let (view, rest, rooms) = View::split(self, id);
        let Some(cell) = rest.first_mut() else { return };
        let (mut stop, mut fault) = (Bits::NONE, Bits::NONE);
        if effects {
            kernel.operands(|operand| {
                if let Some(cell) = view.cells.get(operand) {
                    let open = !(stop | fault);
                    stop |= open & cell.stop;
                    fault |= open & cell.fault;
                }
            });
        }
        let mut known = Bits::ALL;
        kernel.operands(|operand| known &= view.known(operand));
        let (truth, known, failed) = run(&view, id, kernel, at, known, cell, rooms);
        cell.truth.take(truth & known, at);
        cell.put(at, known & !failed, stop, fault | failed & known & !stop);
    }
}

/// Runs a kernel over the batch. Gives where it is true, known, and failed; `known` is where all operands are.
fn run(
    view: &View<'_>,
    id: usize,
    kernel: &Kernel,
    at: Bits,
    known: Bits,
    cell: &mut Cell,
    rooms: &mut Rooms,
) -> (Bits, Bits, Bits) {
    let none = Bits::NONE;
    let [room, more, third] = &mut *rooms.0;
    match kernel {
        Kernel::Field(i) => {
            let Some(values) = view.table.variable(*i) else { return (none, none, none) };
            let known = Bits::window(values.known(), view.start / 64);
            let truth = match values.data() {
                Data::Bool(truth) => Bits::window(truth, view.start / 64),
                _ => none,
            };
            (truth, known, none)
        }
        Kernel::Now => {
            let columns = view.table.columns();
            cell.whole.iter_mut().zip(view.start..).for_each(|(now, row)| *now = columns.now(row));
            (none, Bits::ALL, none)
        }
        Kernel::Not(x) => (known & !view.truth(*x), known, none),
        Kernel::IsKnown(_) => (known, Bits::ALL, none),
        Kernel::Nothing(_) => (none, none, none),
        Kernel::Compare(kind, op, a, b) => {
            let known = if planted!(ComparesUnknown) { view.known(*a) | view.known(*b) } else { known };
            (view.compare(id, *kind, *op, [*a, *b], [room, more]), known, none)
        }
        Kernel::Between([x, low, high], [above, below]) => {
            let mut side = |kind: Kind, op: Op, bound: usize| match kind {
                Kind::Nothing => (none, none),
                kind => {
                    let known = view.known(*x) & view.known(bound);
                    (known & view.compare(id, kind, op, [*x, bound], [&mut *room, &mut *more]), known)
                }
            };
            let (above, below) = (side(*above, Op::Ge, *low), side(*below, Op::Le, *high));
            let truth = above.0 & below.0;
            (truth, truth | above.1 & !above.0 | below.1 & !below.0, none)
        }
        Kernel::Calculate(op, a, b) => {
            let (a, b) = (view.numbers(*a, room), view.numbers(*b, more));
            match op {
                Op::Pow => kernels::map_rows(
                    at & known,
                    &mut cell.numbers,
                    |row| a.get(row).zip(b.get(row)),
                    |(x, y)| libm::pow(x, y),
                ),
                op => kernels::calculate(*op, a, b, &mut cell.numbers),
            }
            (none, known, none)
        }
        Kernel::CalculateWhole(op, a, b) => {
            let failed = kernels::calculate_whole(*op, view.whole(*a), view.whole(*b), &mut cell.whole);
            (none, known, if planted!(OverflowWraps) { none } else { failed })
        }
        Kernel::Among(x, items, unknown) => {
            let found = match items {
                Items::Whole(items) => among(view.whole(*x), items),
                Items::Numbers(items) => among(view.numbers(*x, room), items),
                Items::Texts(_) => view.looked_up(id, *x, ""),
            };
            // Not found among items of which one is unknown: unknown.
            let unknown = *unknown && !planted!(UnknownItemIsOther);
            (found, if unknown { known & found } else { known }, none)
        }
        Kernel::Map(f, x) => {
            let x = view.numbers(*x, room);
            match view.rules.steps.get(id).is_some_and(|step| step.lazy) {
                true => kernels::map_rows(at & known, &mut cell.numbers, |row| x.get(row), f),
                false => kernels::map(x, &mut cell.numbers, f),
            }
            (none, known, none)
        }
        Kernel::MapWhole(f, x) => {
            (none, known, kernels::try_pairs(view.whole(*x), Operand::One(0), &mut cell.whole, |x, _| f(x)))
        }
        Kernel::ToWhole(x) => {
            let x = view.numbers(*x, room);
            // 2^63 is exact as a number; i64::MAX is not.
            let fits = |x: f64| (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&x);
            kernels::map(x, &mut cell.whole, |x| libm::trunc(x) as i64);
            (none, known, kernels::test(x, Operand::One(0.0), |x, _| !fits(libm::trunc(x))))
        }
        Kernel::Pick(op, a, b) => {
            let (a, b) = (view.numbers(*a, room), view.numbers(*b, more));
            match op {
                Op::Le => kernels::map_pairs(a, b, &mut cell.numbers, |x, y| if x <= y { x } else { y }),
                _ => kernels::map_pairs(a, b, &mut cell.numbers, |x, y| if x >= y { x } else { y }),
            }
            (none, known, none)
        }
        Kernel::PickWhole(op, a, b) => {
            let (a, b) = (view.whole(*a), view.whole(*b));
            match op {
                Op::Le => kernels::map_pairs(a, b, &mut cell.whole, i64::min),
                _ => kernels::map_pairs(a, b, &mut cell.whole, i64::max),
            }
            (none, known, none)
        }
        Kernel::Clamp([x, low, high]) => {
            let (x, low) = (view.numbers(*x, room), view.numbers(*low, more));
            let high = view.numbers(*high, third);
            let failed = kernels::test(low, high, |low, high| low > high);
            kernels::map_pairs(x, low, &mut cell.numbers, |x, low| if x >= low { x } else { low });
            kernels::update(&mut cell.numbers, high, |x, high| if x <= high { x } else { high });
            (none, known, failed)
        }
        Kernel::ClampWhole([x, low, high]) => {
            let (x, low, high) = (view.whole(*x), view.whole(*low), view.whole(*high));
            let failed = kernels::test(low, high, |low, high| low > high);
            kernels::map_pairs(x, low, &mut cell.whole, i64::max);
            kernels::update(&mut cell.whole, high, i64::min);
            (none, known, failed)
        }
        Kernel::DaysBetween(a, b) => {
            let days = |a: i64, b: i64| (b as f64 - a as f64) / 86_400_000.0;
            kernels::map_pairs(view.whole(*a), view.whole(*b), &mut cell.numbers, days);
            (none, known, none)
        }
        Kernel::TextMap(_, x) => {
            let codes = view.codes(*x);
            kernels::map(codes, &mut cell.codes, |code| code);
            let failed = view.words.get(id).map_or(&[][..], |words| &words.failed);
            let failed = |code: u32| failed.get(code as usize).copied().unwrap_or(false);
            (none, known, kernels::test(codes, Operand::One(0), |code, _| failed(code)))
        }
        Kernel::TextLength(_, x) => {
            let lengths = view.words.get(id).map_or(&[][..], |words| &words.lengths);
            kernels::map(view.codes(*x), &mut cell.whole, |code| lengths.get(code as usize).copied().unwrap_or(0));
            (none, known, none)
        }
        Kernel::TextTest(_, x, y) => match view.value(*y, 0) {
            Value::Text(part) => (view.looked_up(id, *x, &part), known, none),
            _ => (none, known, none),
        },
        // The others are evaluated elsewhere.
        _ => (none, none, none),
    }
}

/// Whether each value is one of the items.
fn among<T: Copy + PartialOrd>(x: Operand<'_, T>, items: &[T]) -> Bits {
    let mut found = Bits::NONE;
    for item in items {
        found |= kernels::compare(Op::Eq, x, Operand::One(*item));
    }
    found
}

impl<'v> View<'v> {
    /// The steps before `id` for reading, those from it on for writing, and room to convert in.
    pub fn split<'s>(run: &'s mut ColumnRun<'_>, id: usize) -> (View<'s>, &'s mut [Cell], &'s mut Rooms) {
        let (rules, table, start, len) = (run.rules, run.table, run.start, run.len);
        let scratch = &mut *run.scratch;
        let id = id.min(scratch.cells.len());
        let (cells, rest) = scratch.cells.split_at_mut(id);
        (View { rules, table, cells, words: &scratch.words, start, len }, rest, &mut scratch.rooms)
    }

    /// All steps for reading, the answers for writing, and room to convert in.
    pub fn beside<'s>(run: &'s mut ColumnRun<'_>) -> (View<'s>, &'s mut [Answer], &'s mut Rooms) {
        let (rules, table, start, len) = (run.rules, run.table, run.start, run.len);
        let scratch = &mut *run.scratch;
        (
            View { rules, table, cells: &scratch.cells, words: &scratch.words, start, len },
            &mut scratch.answers,
            &mut scratch.rooms,
        )
    }

    fn is_uniform(&self, id: usize) -> bool {
        self.rules.steps.get(id).is_some_and(|step| step.uniform)
    }

    /// The column that a step reads, when it reads one.
    fn field(&self, id: usize) -> Option<&Values<'v>> {
        match self.rules.steps.get(id)?.kernel {
            Kernel::Field(i) => self.table.variable(i),
            _ => None,
        }
    }

    pub fn known(&self, id: usize) -> Bits {
        self.cells.get(id).map_or(Bits::NONE, |cell| cell.known)
    }

    pub fn fault(&self, id: usize) -> Bits {
        self.cells.get(id).map_or(Bits::ALL, |cell| cell.fault)
    }

    pub fn truth(&self, id: usize) -> Bits {
        self.cells.get(id).map_or(Bits::NONE, |cell| cell.truth)
    }

    fn rows<'s, T>(&self, values: &'s [T]) -> &'s [T] {
        values.get(self.start..self.start + self.len).unwrap_or(&[])
    }

    /// Whole numbers or times.
    pub fn whole(&self, id: usize) -> Operand<'_, i64> {
        let Some(cell) = self.cells.get(id) else { return Operand::One(0) };
        match (&cell.scalar, self.field(id).map(|values| values.data())) {
            (Value::Integer(x) | Value::Time(x), _) => Operand::One(*x),
            _ if self.is_uniform(id) => Operand::One(0),
            (_, Some(Data::Integer(values) | Data::Time(values))) => Operand::Each(self.rows(values)),
            _ => Operand::Each(cell.whole.get(..self.len).unwrap_or(&[])),
        }
    }

    /// Numbers of a step that gives no whole ones.
    pub fn only_numbers(&self, id: usize) -> Operand<'_, f64> {
        let Some(cell) = self.cells.get(id) else { return Operand::One(0.0) };
        match (&cell.scalar, self.field(id).map(|values| values.data())) {
            (Value::Number(x), _) => Operand::One(*x),
            _ if self.is_uniform(id) => Operand::One(0.0),
            (_, Some(Data::Number(values))) => Operand::Each(self.rows(values)),
            _ => Operand::Each(cell.numbers.get(..self.len).unwrap_or(&[])),
        }
    }

    /// Numbers, and whole numbers made numbers in `room`.
    pub fn numbers<'s>(&'s self, id: usize, room: &'s mut [f64; BATCH]) -> Operand<'s, f64> {
        if self.rules.steps.get(id).is_some_and(|step| step.ty != Ty::Integer) {
            return self.only_numbers(id);
        }
        match self.whole(id) {
            Operand::One(x) => Operand::One(x as f64),
            Operand::Each(whole) => {
                room.iter_mut().zip(whole).for_each(|(x, whole)| *x = *whole as f64);
                Operand::Each(room.get(..whole.len()).unwrap_or(&[]))
            }
        }
    }

    /// Places in the dictionary of the step.
    pub fn codes(&self, id: usize) -> Operand<'_, u32> {
        let Some(cell) = self.cells.get(id) else { return Operand::One(0) };
        match self.field(id).map(|values| values.data()) {
            // The dictionary of one value has one text.
            _ if self.is_uniform(id) => Operand::One(0),
            Some(Data::Text(texts)) => Operand::Each(self.rows(&texts.codes)),
            _ => Operand::Each(cell.codes.get(..self.len).unwrap_or(&[])),
        }
    }

    /// The value of a step for a row.
    pub fn value(&self, id: usize, row: usize) -> Value {
        let (Some(step), Some(cell)) = (self.rules.steps.get(id), self.cells.get(id)) else { return Value::Unknown };
        if step.uniform {
            return cell.scalar.clone();
        }
        if let Some(values) = self.field(id) {
            return values.get(self.start + row);
        }
        if !cell.known.get(row) {
            return Value::Unknown;
        }
        let value = match step.ty {
            Ty::Nothing => None,
            Ty::Bool => Some(Value::Bool(cell.truth.get(row))),
            Ty::Integer => cell.whole.get(row).copied().map(Value::Integer),
            Ty::Time => cell.whole.get(row).copied().map(Value::Time),
            Ty::Number => cell.numbers.get(row).copied().map(Value::Number),
            Ty::Text => {
                let dictionary = self.words.get(id).and_then(|words| words.dictionary.as_ref());
                let code = cell.codes.get(row);
                code.zip(dictionary).and_then(|(code, words)| words.get(*code as usize)).cloned().map(Value::Text)
            }
            Ty::Numeric | Ty::Any => cell.mixed.get(row).cloned(),
        };
        value.unwrap_or_default()
    }

    /// Where a comparison of known values holds.
    fn compare(&self, id: usize, kind: Kind, op: Op, [a, b]: [usize; 2], rooms: [&mut [f64; BATCH]; 2]) -> Bits {
        match kind {
            Kind::Nothing => Bits::NONE,
            Kind::Bool => {
                let same = self.truth(a) & self.truth(b) | !(self.truth(a) | self.truth(b));
                if op == Op::Eq { same } else { !same }
            }
            Kind::Whole => kernels::compare(op, self.whole(a), self.whole(b)),
            Kind::Number => {
                let [room, more] = rooms;
                kernels::compare(op, self.numbers(a, room), self.numbers(b, more))
            }
            Kind::Text => match (self.is_uniform(a), self.is_uniform(b)) {
                (false, true) => self.about(id, a, b),
                (true, false) => self.about(id, b, a),
                _ => self.ranked(id, op, a, b),
            },
        }
    }

    /// What was looked up of the texts of `x` about the one text of `y`.
    fn about(&self, id: usize, x: usize, y: usize) -> Bits {
        match self.cells.get(y).map(|cell| &cell.scalar) {
            Some(Value::Text(text)) => self.looked_up(id, x, text),
            _ => Bits::NONE,
        }
    }

    fn looked_up(&self, id: usize, x: usize, about: &str) -> Bits {
        let answers = self.words.get(id).map_or(&[][..], |words| &words.answers);
        match (answers.iter().find(|(text, _)| **text == *about), self.codes(x)) {
            (Some((_, lookup)), Operand::Each(codes)) => lookup.test(codes),
            _ => Bits::NONE,
        }
    }

    fn ranked(&self, id: usize, op: Op, a: usize, b: usize) -> Bits {
        let Some([first, second]) = self.words.get(id).and_then(|words| words.ranks.as_ref()) else {
            return Bits::NONE;
        };
        let rank = |ranks: &[u32], codes: Operand<'_, u32>| {
            let mut out = [0u32; BATCH];
            kernels::map(codes, &mut out, |code| ranks.get(code as usize).copied().unwrap_or(0));
            out
        };
        let (a, b) = (rank(first, self.codes(a)), rank(second, self.codes(b)));
        kernels::compare(op, Operand::Each(&a), Operand::Each(&b))
    }
}
