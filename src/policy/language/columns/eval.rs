//! Which rows of which step are evaluated: operands before what is made from them, and of a choice the side that is taken.

use super::ColumnRun;
use super::bits::Bits;
use super::cell::Cell;
use super::kernels::{self, Operand};
use super::program::Kernel;
use super::strict::View;
use crate::language::graph::Ty;
use crate::language::mutant::planted;
use crate::value::Value;

impl ColumnRun<'_> {
    /// Makes the step at `id` hold for the rows of `wanted`.
    pub(super) fn ensure(&mut self, id: usize, wanted: Bits) {
        let rules = self.rules;
        let (Some(step), Some(cell)) = (rules.steps.get(id), self.scratch.cells.get(id)) else { return };
        let missing = wanted & !cell.done;
        if missing.is_empty() {
            return;
        }
        // One value is right for every row; what is not lazy costs least for all at once.
        let at = match (step.uniform, step.lazy) {
            (true, _) => Bits::ALL,
            (_, true) => missing,
            _ => self.all,
        };
        match &step.kernel {
            Kernel::And(ids) => self.logic(id, ids, at, false),
            Kernel::Or(ids) => self.logic(id, ids, at, true),
            Kernel::If(condition, then, otherwise) => self.choose(id, [*condition, *then, *otherwise], at),
            Kernel::OrElse(ids) => self.first_known(id, ids, at),
            Kernel::Demand(x) => {
                self.ensure(*x, at);
                let (known, stop, fault) = self.status(*x);
                self.copy(*x, id, at & known);
                self.put(id, at, known, stop | !known & !fault, fault);
            }
            Kernel::Seq(ids) => self.sequence(id, ids, at),
            Kernel::Same(x) => self.sequence(id, std::slice::from_ref(x), at),
            Kernel::Uniform => self.uniform(id),
            Kernel::Rows(ids) => {
                ids.iter().for_each(|operand| self.ensure(*operand, at));
                self.by_rows(id, ids, at);
            }
            Kernel::Score(_) | Kernel::Term(_) => self.given(id, &step.kernel, at),
            kernel => {
                kernel.operands(|operand| self.ensure(operand, at));
                self.look_up(id, kernel);
                self.strict(id, kernel, at);
            }
        }
        if let Some(cell) = self.scratch.cells.get_mut(id) {
            cell.done |= at;
        }
    }

    /// Where a step is known, stopped and failed.
    fn status(&self, id: usize) -> (Bits, Bits, Bits) {
        self.scratch.cells.get(id).map_or((Bits::NONE, Bits::NONE, Bits::ALL), |c| (c.known, c.stop, c.fault))
    }

    fn put(&mut self, id: usize, at: Bits, known: Bits, stop: Bits, fault: Bits) {
        if let Some(cell) = self.scratch.cells.get_mut(id) {
            cell.put(at, known, stop, fault);
        }
    }

    /// `And`, or `Or` when `is_or`: an operand is evaluated where none before it decided.
    fn logic(&mut self, id: usize, ids: &[usize], at: Bits, is_or: bool) {
        let (mut open, mut decided, mut undecided) = (at, Bits::NONE, Bits::NONE);
        let (mut stop, mut fault) = (Bits::NONE, Bits::NONE);
        for operand in ids {
            if open.is_empty() {
                break;
            }
            self.ensure(*operand, open);
            let Some(cell) = self.scratch.cells.get(*operand) else { continue };
            let decides = open & cell.known & if is_or { cell.truth } else { !cell.truth };
            decided |= decides;
            if !(is_or && planted!(OrForgetsUnknown)) {
                undecided |= open & !cell.known;
            }
            stop |= open & cell.stop;
            fault |= open & cell.fault;
            open = open & !decides & !cell.stop & !cell.fault;
        }
        let known = decided | open & !undecided;
        if let Some(cell) = self.scratch.cells.get_mut(id) {
            cell.put(at, known, stop, fault);
            cell.truth.take(if is_or { decided } else { open & !undecided }, at);
        }
    }

    /// `If`: a branch is evaluated where the condition chose it.
    fn choose(&mut self, id: usize, [condition, then, otherwise]: [usize; 3], at: Bits) {
        self.ensure(condition, at);
        let Some(cell) = self.scratch.cells.get(condition) else { return };
        let (known, fault) = (cell.known, cell.fault);
        let yes = at & known & cell.truth;
        let no = at & known & !cell.truth;
        self.ensure(then, yes);
        self.ensure(otherwise, no);
        let (a, b) = (self.status(then), self.status(otherwise));
        self.copy(then, id, yes & a.0);
        self.copy(otherwise, id, no & b.0);
        let mut stop = at & !known & !fault | yes & a.1 | no & b.1;
        let mut fault = at & fault | yes & a.2 | no & b.2;
        if planted!(UnknownConditionIsValue) {
            stop = yes & a.1 | no & b.1;
        }
        if planted!(IfFailsInBoth) {
            self.ensure(then, at);
            fault |= at & self.status(then).2;
        }
        self.put(id, at, yes & a.0 | no & b.0, stop, fault);
    }

    /// `OrElse`: an operand is evaluated where none before it is known.
    fn first_known(&mut self, id: usize, ids: &[usize], at: Bits) {
        let (mut open, mut known, mut stop, mut fault) = (at, Bits::NONE, Bits::NONE, Bits::NONE);
        for operand in ids {
            if open.is_empty() {
                break;
            }
            self.ensure(*operand, open);
            let status = self.status(*operand);
            let found = open & status.0;
            self.copy(*operand, id, found);
            known |= found;
            stop |= open & status.1;
            fault |= open & status.2;
            open = open & !status.1 & !status.2;
            if !planted!(TakesLastKnown) {
                open &= !found;
            }
        }
        self.put(id, at, known, stop, fault);
    }

    /// `Seq`: every operand for its stops and faults, the last for its value.
    fn sequence(&mut self, id: usize, ids: &[usize], at: Bits) {
        let (mut open, mut known, mut stop, mut fault) = (at, Bits::NONE, Bits::NONE, Bits::NONE);
        for (i, operand) in ids.iter().enumerate() {
            self.ensure(*operand, open);
            let status = self.status(*operand);
            stop |= open & status.1;
            fault |= open & status.2;
            open = open & !status.1 & !status.2;
            if i + 1 == ids.len() {
                known = open & status.0;
                self.copy(*operand, id, known);
            }
        }
        self.put(id, at, known, stop, fault);
    }

    /// Copies the values of one step to another at some rows, where all of them are known.
    fn copy(&mut self, from: usize, to: usize, at: Bits) {
        if at.is_empty() {
            return;
        }
        let rules = self.rules;
        let (Some(source), Some(target)) = (rules.steps.get(from), rules.steps.get(to)) else { return };
        let offset = match target.ty {
            Ty::Text => self.offset(from, to),
            _ => 0,
        };
        let (view, rest, _) = View::split(self, to);
        let Some(cell) = rest.first_mut() else { return };
        match target.ty {
            Ty::Bool => cell.truth.take(view.truth(from), at),
            Ty::Integer | Ty::Time => kernels::select(view.whole(from), &at, &mut cell.whole),
            Ty::Number => kernels::select(view.only_numbers(from), &at, &mut cell.numbers),
            Ty::Text => match view.codes(from) {
                Operand::One(_) => kernels::select(Operand::One(offset), &at, &mut cell.codes),
                Operand::Each(codes) => {
                    for (row, code) in codes.iter().enumerate() {
                        if let (true, Some(place)) = (at.get(row), cell.codes.get_mut(row)) {
                            *place = code.wrapping_add(offset);
                        }
                    }
                }
            },
            Ty::Numeric | Ty::Any => {
                let same = source.uniform.then(|| view.value(from, 0));
                for row in at.rows() {
                    if let Some(place) = cell.mixed.get_mut(row) {
                        *place = same.clone().unwrap_or_else(|| view.value(from, row));
                    }
                }
            }
            Ty::Nothing => {}
        }
    }

    /// What is given by the batch: scores and terms of arbitration, or else asked for row by row.
    fn given(&mut self, id: usize, kernel: &Kernel, at: Bits) {
        let (start, len, env, candidate) = (self.start, self.len, self.env, self.candidate);
        let Some(cell) = self.scratch.cells.get_mut(id) else { return };
        let Some(out) = cell.numbers.get_mut(..len) else { return };
        let found = match kernel {
            Kernel::Score(model) => env.scores(*model, start, out),
            Kernel::Term(term) => env.terms(*term, candidate, start, out),
            _ => false,
        };
        if found {
            let known = match kernel {
                Kernel::Score(_) => Bits::of(out, f64::is_finite),
                _ => Bits::ALL,
            };
            cell.put(at, known, Bits::NONE, Bits::NONE);
            return;
        }
        for row in at.rows() {
            let mut result = Err(());
            env.row(start + row, candidate, &mut |env| {
                result = match kernel {
                    Kernel::Score(model) => env.score(*model).map_err(|_| ()),
                    Kernel::Term(term) => Ok(Value::Number(env.term(*term))),
                    _ => Err(()),
                };
            });
            cell.put_row(row, result);
        }
    }
}

impl Cell {
    /// Writes the result of one row.
    pub fn put_row(&mut self, row: usize, result: Result<Value, ()>) {
        self.stop.set(row, false);
        self.fault.set(row, result.is_err());
        self.put_value(row, result.unwrap_or_default());
    }
}
