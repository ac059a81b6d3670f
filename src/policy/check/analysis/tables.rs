//! Rows of decision tables that overlap, that are never reached, and what no row speaks of.

use super::{World, reads, rules::Questions};
use crate::check::Findings;
use crate::decision::Candidate;
use crate::diagnostic::Part;
use crate::prove::{Answer, Goal, Known, Leaf, Of, Search, make, outcome};
use crate::rule::Scope;
use crate::table::{Cell, CompiledTable, HitPolicy};
use std::collections::BTreeSet;

/// Cases looked at for all tables, and pairs of rows of one.
const ALL_CASES: usize = 20_000;
const PAIRS: usize = 4_000;
/// Overlaps told of one table.
const TOLD: usize = 5;

/// Looks at every table whose inputs are all lowered.
pub fn check(world: &World<'_>, findings: &mut Findings) {
    if world.document.tables.is_empty() {
        return;
    }
    let mut questions = Questions::new(Search::new(&world.space, true), ALL_CASES);
    for (at, table) in world.plan.tables.iter().enumerate() {
        let inputs = world.space.table_inputs.get(at).and_then(Option::as_ref);
        let (Some(table), Some(inputs)) = (table, inputs) else { continue };
        let mut facts = BTreeSet::new();
        inputs.iter().for_each(|input| facts.extend(reads(&world.space, *input).0));
        let Some(kinds) = world.kinds(&Scope::All, &facts) else { continue };
        let mut one = Table { world, at, table, kinds, questions: &mut questions };
        one.rows(findings);
        one.overlaps(findings);
        one.gaps(findings);
    }
}

struct Table<'t, 's, 'a> {
    world: &'s World<'a>,
    at: usize,
    table: &'a CompiledTable,
    kinds: Vec<Candidate>,
    questions: &'t mut Questions<'s, 'a>,
}

impl Table<'_, '_, '_> {
    fn part(&self) -> Part {
        Part::Table(self.table.id.to_string())
    }

    fn row(&self, row: usize, want: u8) -> Goal {
        Goal { of: Of::Row(self.at, row), want }
    }

    /// Rows that never match, or never after those before them.
    fn rows(&mut self, findings: &mut Findings) {
        for row in 0..self.table.rows.len() {
            let mut goals = vec![self.row(row, outcome::TRUE)];
            if self.questions.none(&self.kinds, &goals) {
                findings
                    .warning(self.part(), format!("row {} never matches; correct its tests, or take it out", row + 1));
                continue;
            }
            if self.table.hit == HitPolicy::First && row > 0 {
                goals.extend((0..row).map(|before| self.row(before, outcome::FALSE)));
                if self.questions.none(&self.kinds, &goals) {
                    let message =
                        "is never reached: the rows before it match whatever it matches; move it up, or take it out";
                    findings.warning(self.part(), format!("row {} {message}", row + 1));
                }
            }
        }
    }

    /// Rows that match together where only one may.
    fn overlaps(&mut self, findings: &mut Findings) {
        if !matches!(self.table.hit, HitPolicy::Unique | HitPolicy::Any) {
            return;
        }
        let rows = self.table.rows.len();
        let (mut looked, mut told) = (0, 0);
        for (a, b) in (0..rows).flat_map(|a| (a + 1..rows).map(move |b| (a, b))) {
            let outputs = |row: usize| self.table.rows.get(row).map(|row| &row.output);
            let apart = || {
                let cells = |row: usize| self.table.rows.get(row).into_iter().flat_map(|row| &row.cells);
                cells(a).zip(cells(b)).any(|(a, b)| a != b && literals(a).zip(literals(b)).is_some_and(|(a, b)| a != b))
            };
            if self.table.hit == HitPolicy::Any && outputs(a) == outputs(b) || apart() {
                continue;
            }
            looked += 1;
            if looked > PAIRS || told == TOLD {
                return;
            }
            let goals = [self.row(a, outcome::TRUE), self.row(b, outcome::TRUE)];
            if let Some(point) = self.example(&goals) {
                told += 1;
                let problem = match self.table.hit {
                    HitPolicy::Any => "and give different outputs",
                    _ => "and `Unique` allows one",
                };
                let message = format!(
                    "rows {} and {} both match {point}, {problem}; part their tests, or use `First`",
                    a + 1,
                    b + 1
                );
                findings.warning(self.part(), message);
            }
        }
    }

    /// What no row speaks of.
    fn gaps(&mut self, findings: &mut Findings) {
        if self.table.hit == HitPolicy::Count || self.table.otherwise.is_known() {
            return;
        }
        let goals: Vec<Goal> = (0..self.table.rows.len()).map(|row| self.row(row, outcome::FALSE)).collect();
        if let Some(point) = self.example(&goals) {
            let message =
                format!("no row matches {point}, and then it gives nothing; add a row, or say what it gives otherwise");
            findings.warning(self.part(), message);
        }
    }

    /// Values for which the goals are met: "when age is 30 and action.channel is "email"".
    fn example(&mut self, goals: &[Goal]) -> Option<String> {
        let world = self.world;
        for candidate in self.kinds.clone() {
            let Answer::Found(domains) = self.questions.ask(candidate, goals) else { continue };
            let witness = make(&world.space, &domains, (i64::MIN, i64::MAX), 0);
            let inputs = world.space.table_inputs.get(self.at).and_then(Option::as_ref)?;
            let (mut facts, mut vars) = (BTreeSet::new(), BTreeSet::new());
            for input in inputs {
                let (f, v) = reads(&world.space, *input);
                facts.extend(f);
                vars.extend(v);
            }
            let mut said = Vec::new();
            for var in vars {
                let Some((var, domain)) = world.space.vars.get(var).zip(domains.get(var)) else { continue };
                let name = var.leaf.describe(world.document);
                let value = match &var.leaf {
                    Leaf::Field(field) => witness.as_ref()?.request.fields.get(*field)?.to_string(),
                    _ => match &domain.known {
                        Known::Whole(low, _) => low.to_string(),
                        Known::Number { low, .. } => low.to_string(),
                        _ => continue,
                    },
                };
                said.push(format!("{name} is {value}"));
            }
            for fact in facts {
                let value = world.space.context.fact_at(fact, candidate);
                said.push(format!("action.{} is {value}", world.space.context.fact_name(fact)));
            }
            return Some(if said.is_empty() { "always".to_owned() } else { format!("when {}", said.join(" and ")) });
        }
        None
    }
}

/// The text of a cell that is one literal: two that differ have nothing in common.
fn literals(cell: &Cell) -> Option<&crate::Value> {
    use crate::language::Op;
    use crate::table::Test;
    match cell {
        Cell::AnyOf(tests) => match tests.as_slice() {
            [Test::Compare(Op::Eq, value @ (crate::Value::Text(_) | crate::Value::Bool(_)))] => Some(value),
            _ => None,
        },
        _ => None,
    }
}
