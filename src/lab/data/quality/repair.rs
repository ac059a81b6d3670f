//! What can be done about a problem, as data that is applied: an import option, a role, a recipe step, rows left out.

use super::{LeaveOut, Subject};
use crate::data::import::ImportOptions;
use crate::data::roles::{Role, Roles};
use crate::data::table::TableKind;
use crate::error::{Error, Result};
use attune_policy::recipe::Step;
use attune_policy::value::Type;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What can be done about a problem.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Repair {
    /// Features to add to the recipe; what they are made from stays as it is.
    Steps(Vec<Step>),
    /// A type for a column (source name) of the file; cells that do not fit are listed and become missing.
    Type {
        /// Source name.
        column: String,
        /// The type.
        type_: Type,
    },
    /// A text that stands for missing in one column of the file.
    MissingText {
        /// Source name.
        column: String,
        /// The text.
        text: String,
    },
    /// Another role for a column.
    Role {
        /// Identifier.
        column: String,
        /// The role.
        role: Role,
    },
    /// Rows to leave out at every reading.
    LeaveOut(LeaveOut),
    /// Nothing that a program could do: the reason, or what a person can.
    ByHand(String),
}

/// What a repair changes: how a source is read, and what its columns mean.
pub struct Repairable<'a> {
    /// How the file is read.
    pub options: &'a mut ImportOptions,
    /// Rows left out of the table.
    pub leave_out: &'a mut Vec<LeaveOut>,
    /// Roles of the customers' columns; `None` for a table beside them.
    pub roles: Option<&'a mut Roles>,
    /// The recipe; `None` for a table beside the customers.
    pub steps: Option<&'a mut Vec<Step>>,
}

impl Repair {
    /// Another role for a column of the customers; columns of other tables have none.
    pub(super) fn role(column: &str, role: Role, kind: TableKind) -> Repair {
        match kind.is_customers() {
            true => Repair::Role { column: column.to_owned(), role },
            false => Repair::ByHand("no feature needs to be made of the column".to_owned()),
        }
    }

    /// Whether a program can do it.
    pub fn is_applicable(&self) -> bool {
        !matches!(self, Repair::ByHand(_))
    }

    /// Whether it was applied to the recipe or the roles: features with these names are made from these columns in this way, whatever the
    /// numbers in it, which fit the rows of their time. What changes the reading of rows shows in the rows.
    pub(super) fn is_done(&self, roles: &Roles, recipe: &[Step]) -> bool {
        match self {
            Repair::Steps(steps) => steps.iter().all(|step| {
                let kind = std::mem::discriminant(&step.op);
                let same = |other: &Step| (&other.output, &other.input) == (&step.output, &step.input);
                recipe.iter().any(|other| same(other) && std::mem::discriminant(&other.op) == kind)
            }),
            Repair::Role { column, role } => roles.role(column) == *role,
            _ => false,
        }
    }

    /// What it does, in words.
    pub fn words(&self) -> String {
        match self {
            Repair::Steps(steps) => {
                let outputs: Vec<String> = steps.iter().map(|step| format!("`{}`", step.output)).collect();
                format!("add {} to the recipe", outputs.join(", "))
            }
            Repair::Type { column, type_ } => format!("read `{column}` as {type_}"),
            Repair::MissingText { column, text } => {
                format!("read `{text}` as missing in `{column}`, and in no other column")
            }
            Repair::Role { column, role } => format!("give `{column}` the role {}", role.label()),
            Repair::LeaveOut(rule) => format!("leave out {}", rule.words()),
            Repair::ByHand(why) => why.clone(),
        }
    }

    /// Applies it. Applying it twice is applying it once.
    ///
    /// # Errors
    /// When nothing can be done by a program, the output of a step is taken, or the table has neither roles nor a recipe.
    pub fn apply(&self, to: Repairable<'_>) -> Result<()> {
        let only_customers = || Error::new("only the customer table has roles and a recipe");
        match self {
            Repair::Steps(steps) => {
                let recipe = to.steps.ok_or_else(only_customers)?;
                for step in steps {
                    match recipe.iter().find(|known| known.output == step.output) {
                        Some(known) if known == step => {}
                        Some(_) => {
                            return Err(Error::new(format!(
                                "the recipe has another step that makes `{}`",
                                step.output
                            ))
                            .hint("rename that step first"));
                        }
                        None => recipe.push(step.clone()),
                    }
                }
            }
            Repair::Type { column, type_ } => {
                to.options.types.insert(column.clone(), *type_);
            }
            Repair::MissingText { column, text } => {
                let tokens = to.options.missing_in.entry(column.clone()).or_default();
                if !tokens.contains(text) {
                    tokens.push(text.clone());
                }
            }
            Repair::Role { column, role } => {
                to.roles.ok_or_else(only_customers)?.columns.insert(column.clone(), *role);
            }
            Repair::LeaveOut(rule) => {
                if !to.leave_out.contains(rule) {
                    to.leave_out.push(rule.clone());
                }
            }
            Repair::ByHand(why) => return Err(Error::new(format!("nothing can be done about it by a program: {why}"))),
        }
        Ok(())
    }
}

/// Most writings that a formula names one by one.
const MOST_WRITINGS: usize = 60;

/// A repair that makes one writing of several; each pair is a writing and the one it becomes. Rows, and requests at decision time, come
/// with the texts as they are; what reads the new feature sees one.
pub(super) fn one_writing(subject: &Subject<'_>, pairs: &[(Arc<str>, Arc<str>)]) -> Repair {
    let plain = |text: &str| !text.chars().any(char::is_control);
    if !subject.is_input() || pairs.len() > MOST_WRITINGS || !pairs.iter().all(|(a, b)| plain(a) && plain(b)) {
        let some: Vec<String> = pairs.iter().take(3).map(|(from, to)| format!("`{from}` as `{to}`")).collect();
        return Repair::ByHand(format!("write {} at the source", some.join(", ")));
    }
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let name = &subject.about.name;
    let mut groups: Vec<(&Arc<str>, Vec<String>)> = Vec::new();
    for (from, to) in pairs {
        match groups.iter_mut().find(|(known, _)| *known == to) {
            Some((_, writings)) => writings.push(quoted(from)),
            None => groups.push((to, vec![quoted(from)])),
        }
    }
    let cases: Vec<String> =
        groups.iter().map(|(to, writings)| format!("{} => {}", writings.join(" | "), quoted(to))).collect();
    let formula = format!("switch {name} {{ {}, _ => {name} }}", cases.join(", "));
    Repair::Steps(vec![Step::formula(format!("{name}_one_writing"), formula)])
}
