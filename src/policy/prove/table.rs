//! Decision tables over sets of values: what each cell and row may say, and what the table may give.

use super::eval::Region;
use super::mutant::planted;
use super::set::{Known, Set, outcome};
use crate::language::Op;
use crate::table::{Cell, CompiledTable, HitPolicy, Test};
use crate::value::{Type, Value};

/// What something of three truth values may say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Truths {
    pub t: bool,
    pub f: bool,
    pub u: bool,
    pub fault: bool,
}

impl Truths {
    /// As bits of [`outcome`].
    pub fn outcomes(&self) -> u8 {
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        flag(self.t, outcome::TRUE)
            | flag(self.f, outcome::FALSE)
            | flag(self.u, outcome::UNKNOWN)
            | flag(self.fault, outcome::FAULT)
    }

    /// What it says, when it can say one thing alone.
    pub fn certain(&self) -> Option<Option<bool>> {
        match (self.t, self.f, self.u) {
            (true, false, false) => Some(Some(true)),
            (false, true, false) => Some(Some(false)),
            (false, false, true) => Some(None),
            _ => None,
        }
    }
}

impl Region<'_, '_> {
    /// What a cell says of a set of values: whether it may be true, false, unknown, and whether it may fault.
    pub fn cell(&self, cell: &Cell, value: &Set, missing_is_value: bool) -> Truths {
        let (tests, wanted) = match cell {
            Cell::Anything => return Truths { t: true, fault: value.fault, ..Truths::default() },
            Cell::AnyOf(tests) => (tests, true),
            Cell::NoneOf(tests) => (tests, false),
        };
        let mut says = Truths { fault: value.fault, ..Truths::default() };
        if value.unknown || value.stop {
            match missing_is_value {
                true if wanted && cell.asks_for_missing() => says.t = true,
                true => says.f = true,
                false => says.u = true,
            }
        }
        if value.known.is_none() {
            return says;
        }
        let (mut found, mut missed) = (false, true);
        for test in tests {
            let (t, f) = match test {
                Test::Missing => (false, true),
                Test::Compare(op, end) => self.against(*op, value, end, &mut says.fault),
                Test::Range { low, low_included, high, high_included } => {
                    let over = self.against(
                        if *low_included && !planted(10) { Op::Ge } else { Op::Gt },
                        value,
                        low,
                        &mut says.fault,
                    );
                    let under =
                        self.against(if *high_included { Op::Le } else { Op::Lt }, value, high, &mut says.fault);
                    (over.0 && under.0, over.1 || under.1)
                }
            };
            found |= t;
            missed &= f;
        }
        let (t, f) = if wanted { (found, missed) } else { (missed, found) };
        says.t |= t;
        says.f |= f;
        says
    }

    fn against(&self, op: Op, value: &Set, end: &Value, fault: &mut bool) -> (bool, bool) {
        let (t, f, faults) = self.compare(op, &value.known, &self.space.constant(end).known);
        *fault |= faults;
        (t, f)
    }

    /// What a row of a table says of the values of its columns.
    pub fn row(&self, table: &CompiledTable, row: usize, values: &[Set]) -> Truths {
        let mut all = Truths { t: true, ..Truths::default() };
        let mut goes_on = true;
        for ((cell, input), value) in
            table.rows.get(row).into_iter().flat_map(|row| &row.cells).zip(&table.inputs).zip(values)
        {
            let says = self.cell(cell, value, input.missing_is_value);
            all.t &= says.t;
            all.f |= says.f;
            all.u |= says.u;
            all.fault |= says.fault;
            goes_on &= says.t || says.u;
        }
        all.u &= goes_on;
        all
    }

    /// What a table may give.
    pub fn table(&mut self, at: usize) -> Set {
        let space = self.space;
        let Some((table, inputs)) =
            space.tables.get(at).and_then(Option::as_ref).zip(space.table_inputs.get(at).and_then(Option::as_ref))
        else {
            return Set { unknown: true, fault: true, ..Set::of(Known::Any) };
        };
        let values: Vec<Set> = inputs.iter().map(|input| self.set(*input)).collect();
        let rows: Vec<Truths> = (0..table.rows.len()).map(|row| self.row(table, row, &values)).collect();
        let fault = rows.iter().any(|row| row.fault) || values.iter().any(|value| value.fault);
        let certain: Option<Vec<Option<bool>>> = rows.iter().map(Truths::certain).collect();
        if let Some(rows) = certain.filter(|_| !fault) {
            return match table.resolve(rows.into_iter().map(Ok), &mut |_| {}) {
                Ok(value) => space.constant(&value),
                Err(_) => Set { fault: true, ..Set::EMPTY },
            };
        }
        let mut set = Set { fault, unknown: rows.iter().any(|row| row.u), ..Set::EMPTY };
        let may = rows.iter().filter(|row| row.t).count();
        let sure = |row: &Truths| row.certain() == Some(Some(true));
        match table.hit {
            HitPolicy::Sum | HitPolicy::Count => {
                let output =
                    table.rows.iter().map(|row| &row.output).chain([&table.otherwise]).find_map(Value::type_of);
                let type_ = if table.hit == HitPolicy::Count { Type::Integer } else { output.unwrap_or(Type::Number) };
                set.known = Set::all(type_.into());
                set.unknown |= !table.otherwise.is_known();
                set.fault |= table.hit == HitPolicy::Sum;
                return set;
            }
            HitPolicy::Unique | HitPolicy::Any => set.fault |= may > 1,
            HitPolicy::First | HitPolicy::Priority | HitPolicy::Min | HitPolicy::Max => {}
        }
        // Rows that may match change the answer only to unknown.
        let mut none = true;
        for (truths, row) in rows.iter().zip(&table.rows) {
            if truths.t || truths.u && table.hit == HitPolicy::First {
                set = set.join(space.constant(&row.output));
            }
            if sure(truths) {
                none = false;
                if table.hit == HitPolicy::First {
                    break;
                }
            }
        }
        if none { set.join(space.constant(&table.otherwise)) } else { set }
    }
}
