//! The profile of a table of a project, with what the project knows of it, and repairs of what the profile found.

use super::load::{Loaded, with_recipe};
use super::parts::{DataSource, Origin, Parts};
use crate::data::profile::{self, Profile, profile_table};
use crate::data::quality::{Known, Repair, Repairable};
use crate::data::{Dataset, Role, Roles, Source, TableKind};
use crate::error::{Error, Result};
use crate::task::Task;
use std::sync::Arc;

/// A table of a project as it is looked at: rows, roles, profile.
#[derive(Clone, Debug)]
pub struct Profiled {
    /// The rows.
    pub dataset: Dataset,
    /// What the columns mean; of a table beside the customers its key and its time.
    pub roles: Roles,
    /// What its rows are.
    pub kind: TableKind,
    /// Statistics and problems.
    pub profile: Profile,
    /// What the steps of the row recipe make of the rows, with its statistics; `None` where there are no steps, they do not fit the
    /// columns any more, or the table is not that of the customers.
    pub made: Option<(Dataset, Profile)>,
}

/// Profiles the customers, or the table called `table` beside them: with the project's roles, declared ranges, instant, and
/// customers that keys must lead to.
///
/// # Errors
/// When there is no such table. [`Error::Cancelled`] when told to stop.
pub fn profile(parts: &Parts, loaded: &Loaded, table: Option<&str>, task: &Task) -> Result<Profiled> {
    let source = source_named(parts, table)?;
    let ranges = source.ranges.clone();
    let Some(table) = loaded.table(&source.name) else {
        let (dataset, roles) = (loaded.dataset.clone(), (*parts.roles).clone());
        let known = Known { ranges, steps: &parts.recipe, ..Known::default() };
        let profile = profile_table(&dataset, &roles, &known, task)?;
        let made = made(parts, &dataset, task)?;
        return Ok(Profiled { dataset, roles, kind: TableKind::Customers, profile, made });
    };
    // A look-up is about something else than customers.
    let subject = parts.roles.first(Role::Subject).filter(|_| table.kind != TableKind::Lookup);
    // Whoever comes in after the instant is a customer later, as the rows after it make outcomes: neither is a mistake, and left out
    // they would take the outcome with them.
    let is_origin = parts.source().is_some_and(|source| source.origin == Origin::SubjectsOf(table.name.clone()));
    let customers = subject.filter(|_| !is_origin).map(|subject| (&loaded.dataset, subject));
    let makes_outcomes = parts.roles.delayed.iter().any(|delayed| delayed.table == table.name);
    let as_of = parts.goal.as_of.map(|as_of| if makes_outcomes { i64::MAX } else { as_of });
    let known = Known { kind: table.kind, as_of, ranges, customers, steps: &[] };
    let roles = table.roles();
    let profile = profile_table(&table.dataset, &roles, &known, task)?;
    Ok(Profiled { dataset: table.dataset.clone(), roles, kind: table.kind, profile, made: None })
}

/// The outputs of the recipe alone, and their statistics.
fn made(parts: &Parts, dataset: &Dataset, task: &Task) -> Result<Option<(Dataset, Profile)>> {
    if parts.recipe.is_empty() {
        return Ok(None);
    }
    // A recipe that does not fit is told of where it is used; the columns can be looked at all the same.
    let Ok((with, roles)) = with_recipe(dataset, parts) else { return Ok(None) };
    let outputs = with.columns().iter().filter(|column| dataset.column(&column.name).is_none());
    let outputs = outputs.filter_map(|column| Some((column.clone(), with.cells(&column.name)?.clone()))).collect();
    let outputs = Dataset::new(dataset.name(), outputs, Source::default(), None)?;
    let profile = profile::profile(&outputs, &roles, task)?;
    Ok(Some((outputs, profile)))
}

/// Applies a repair to the document: to how the table is read, and for the customers to roles and recipe.
///
/// # Errors
/// When there is no such table, its rows are not read from a file and would have to be, or the repair cannot be applied.
pub fn apply_repair(parts: &mut Parts, table: Option<&str>, repair: &Repair) -> Result<()> {
    let name = source_named(parts, table)?.name.clone();
    let is_customers = parts.source().is_some_and(|source| source.name == name);
    let source = Arc::make_mut(&mut parts.sources).iter_mut().find(|source| source.name == name);
    let source = source.ok_or_else(|| Error::new("the project has no such table"))?;
    let reads = matches!(repair, Repair::Type { .. } | Repair::MissingText { .. } | Repair::LeaveOut(_));
    if reads && !matches!(source.origin, super::Origin::File(_)) {
        return Err(Error::new(format!("`{name}` is not read from a file, so how it is read cannot be changed"))
            .hint("repair the table that it is made from"));
    }
    let (roles, steps) = (Arc::make_mut(&mut parts.roles), Arc::make_mut(&mut parts.recipe));
    repair.apply(Repairable {
        options: &mut source.options,
        leave_out: &mut source.leave_out,
        roles: is_customers.then_some(roles),
        steps: is_customers.then_some(steps),
    })
}

/// The source of a table by name; the customers without one.
fn source_named<'a>(parts: &'a Parts, table: Option<&str>) -> Result<&'a DataSource> {
    let none = || Error::new("the project has no data").hint("import a customer file first");
    let Some(name) = table else { return parts.source().ok_or_else(none) };
    parts.sources.iter().find(|source| source.name == name).ok_or_else(|| {
        let names: Vec<&str> = parts.sources.iter().map(|source| source.name.as_str()).collect();
        Error::new(format!("the project has no table `{name}`")).hint(format!("it has {}", names.join(", ")))
    })
}
