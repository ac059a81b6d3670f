//! Arguments that say what the columns of a file mean: roles, arms, design, outcomes of other tables.

use super::console::{Failure, Result};
use super::inputs::pair;
use attune_lab::data::names::identifiers;
use attune_lab::data::roles::{Credit, Delayed};
use attune_lab::data::{Arm, Dataset, Logging, Role, Roles};
use attune_policy::suggest::nearest;
use clap::{Args, ValueEnum};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What columns mean; what is not said is suggested by names and contents.
#[derive(Args, Clone, Debug, Default)]
pub struct Meaning {
    /// Role of a column, as COLUMN=ROLE: feature, context, action, outcome, subject, household, device, time, propensity, decision,
    /// position, eligible, probabilities, consent, protected or ignored
    #[arg(long = "role", value_name = "COLUMN=ROLE")]
    pub roles: Vec<String>,
    /// What a value of the action column stands for, as VALUE=ACTION[/TREATMENT] or VALUE=NoAction
    #[arg(long = "arm", value_name = "VALUE=ARM")]
    pub arms: Vec<String>,
    /// The arms were drawn at random with equal probabilities; where that is not said it may be guessed, and is then marked as a guess
    #[arg(long, conflicts_with_all = ["propensities", "history"])]
    pub randomised: bool,
    /// It is not known how history chose, whatever the sizes of the arms look like: propensities are estimated, values exploratory
    #[arg(long, conflicts_with = "propensities")]
    pub history: bool,
    /// Logging propensity of an arm by design, as VALUE=P
    #[arg(long = "propensity", value_name = "VALUE=P")]
    pub propensities: Vec<String>,
    /// An outcome that comes later, from another table, as NAME=TABLE:DAYS[:COLUMN]: whether it happened within so many days after
    /// the decision, or the sum of COLUMN
    #[arg(long = "delayed", value_name = "NAME=TABLE:DAYS")]
    pub delayed: Vec<String>,
    /// Which decision such an outcome is credited to, of those whose days hold it
    #[arg(long, value_enum, requires = "delayed")]
    pub credit: Option<CreditName>,
}

/// Names of [`Credit`] on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum CreditName {
    /// The last decision, for a contact or not
    Last,
    /// The last contact, or without one the last decision
    Contact,
    /// Every decision whose days hold it
    Every,
}

impl Meaning {
    /// The first flag that was given, for tables to which none of them applies.
    pub fn given(&self) -> Option<&'static str> {
        [
            ("--role", !self.roles.is_empty()),
            ("--arm", !self.arms.is_empty()),
            ("--randomised", self.randomised),
            ("--history", self.history),
            ("--propensity", !self.propensities.is_empty()),
            ("--delayed", !self.delayed.is_empty()),
        ]
        .into_iter()
        .find_map(|(flag, given)| given.then_some(flag))
    }

    /// Changes roles as the arguments say; `single` names columns by flag for roles that have flags of their own.
    pub fn change(
        &self,
        roles: &mut Roles,
        dataset: &Dataset,
        single: &[(&str, Option<&String>, Role)],
        goal: Option<&String>,
    ) -> Result<()> {
        let before = roles.columns.clone();
        let mut changes = Vec::new();
        for (flag, column, role) in single {
            if let Some(column) = column {
                changes.push((column_named(dataset, flag, column)?, *role));
            }
        }
        for argument in &self.roles {
            let (column, name) = pair("--role", argument)?;
            changes.push((column_named(dataset, "--role", column)?, role_named(name)?));
        }
        for (column, role) in changes {
            let action = roles.first(Role::Action).map(str::to_owned);
            if role.is_single() {
                // There is one of each; the one that had the role is a feature again.
                for (_, other) in roles.columns.iter_mut().filter(|(_, other)| **other == role) {
                    *other = Role::Feature;
                }
            }
            let other = role == Role::Action && action.as_deref() != Some(column.as_str());
            if matches!(role, Role::LoggingPropensity | Role::Probabilities) {
                roles.set_logging(Logging::Column);
            }
            roles.columns.insert(column, role);
            if other {
                roles.suggest_arms(dataset);
            }
        }
        self.later(roles)?;
        if let Some(goal) = goal.filter(|goal| roles.delayed.iter().all(|delayed| delayed.name != **goal)) {
            let column = column_named(dataset, "--goal", goal)?;
            match roles.role(&column) {
                Role::Outcome => {}
                // What the policy is to raise is an outcome, whatever its name suggested; no model may learn from it.
                Role::Feature | Role::Context | Role::Consent | Role::Protected | Role::Ignored => {
                    roles.columns.insert(column, Role::Outcome);
                }
                other => {
                    let role = other.label();
                    return Err(Failure::Usage(format!("--goal: `{goal}` has the role {role}; a goal is an outcome")));
                }
            }
        }
        // A guess stands on what the columns mean: an outcome, say, is no fact from before the draw.
        if roles.columns != before && roles.guess.is_some() {
            roles.suggest_logging(dataset);
        }
        self.change_arms(roles, dataset)
    }

    /// Looks again how history chose, after changes of roles that nobody has settled yet.
    pub fn look_again(&self, roles: &mut Roles, dataset: &Dataset) {
        let said = self.randomised || self.history || !self.propensities.is_empty();
        if !said && roles.logging == Logging::Unknown {
            roles.suggest_logging(dataset);
        }
    }

    /// Outcomes of other tables.
    fn later(&self, roles: &mut Roles) -> Result<()> {
        for argument in &self.delayed {
            let (name, rest) = pair("--delayed", argument)?;
            let wrong =
                || Failure::Usage(format!("--delayed `{argument}` is not of the form NAME=TABLE:DAYS[:COLUMN]"));
            let days = |text: &str| text.parse::<f64>().ok().filter(|days| days.is_finite() && *days > 0.0);
            let (head, last) = rest.rsplit_once(':').ok_or_else(wrong)?;
            let (table, window_days, value) = match days(last) {
                Some(days) => (head, days, None),
                None => {
                    let (table, number) = head.rsplit_once(':').ok_or_else(wrong)?;
                    (table, days(number).ok_or_else(wrong)?, Some(last.to_owned()))
                }
            };
            let plain = identifiers(&[name.to_owned()]);
            if plain.first().is_none_or(|plain| plain != name) {
                let plain = plain.join("");
                return Err(Failure::Usage(format!(
                    "--delayed: rules cannot read the name `{name}`; call it `{plain}`"
                )));
            }
            let credit = match self.credit {
                None | Some(CreditName::Last) => Credit::LastDecision,
                Some(CreditName::Contact) => Credit::LastContact,
                Some(CreditName::Every) => Credit::EveryDecision,
            };
            roles.delayed.retain(|known| known.name != name);
            let (name, table) = (name.to_owned(), table.to_owned());
            roles.columns.insert(name.clone(), Role::Outcome);
            roles.delayed.push(Delayed { name, table, window_days, value, only: None, absent: false, credit });
        }
        Ok(())
    }

    fn change_arms(&self, roles: &mut Roles, dataset: &Dataset) -> Result<()> {
        let values = match roles.first(Role::Action) {
            Some(column) => dataset.dictionary(column)?.values,
            None => Arc::from([]),
        };
        let known = |flag: &str, value: &str| match values.iter().any(|v| **v == *value) {
            true => Ok(()),
            false => {
                let all: Vec<&str> = values.iter().take(20).map(|v| &**v).collect();
                Err(Failure::Usage(format!(
                    "{flag}: no row has `{value}` in the action column; it has {}",
                    all.join(", ")
                )))
            }
        };
        for argument in &self.arms {
            let (value, arm) = pair("--arm", argument)?;
            known("--arm", value)?;
            let arm = match arm.split_once('/') {
                None if arm == "NoAction" => Arm::NoAction,
                None => Arm::Candidate { action: arm.to_owned(), treatment: "default".to_owned() },
                Some((action, treatment)) => {
                    Arm::Candidate { action: action.to_owned(), treatment: treatment.to_owned() }
                }
            };
            roles.arms.insert(value.to_owned(), arm);
        }
        if self.randomised {
            if values.is_empty() {
                return Err(Failure::Usage(
                    "--randomised needs an action column; name it with --role COLUMN=action".into(),
                ));
            }
            let share = 1.0 / values.len() as f64;
            roles.set_logging(Logging::Randomised(values.iter().map(|v| (v.to_string(), share)).collect()));
        }
        if self.history {
            roles.set_logging(Logging::Unknown);
        }
        if !self.propensities.is_empty() {
            let mut design = BTreeMap::new();
            for argument in &self.propensities {
                let (value, p) = pair("--propensity", argument)?;
                known("--propensity", value)?;
                let p = p.parse().ok().filter(|p: &f64| *p > 0.0 && *p <= 1.0).ok_or_else(|| {
                    Failure::Usage(format!("--propensity `{p}` is no probability above 0 and up to 1"))
                })?;
                design.insert(value.to_owned(), p);
            }
            roles.set_logging(Logging::Randomised(design));
        }
        Ok(())
    }
}

/// The identifier of a column named by identifier or source name.
pub fn column_named(dataset: &Dataset, flag: &str, name: &str) -> Result<String> {
    if let Some(column) = dataset.columns().iter().find(|c| c.name == name || c.source == name) {
        return Ok(column.name.clone());
    }
    let hint = match nearest(name, dataset.columns().iter().map(|c| c.source.as_str())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            format!("it has {}", dataset.columns().iter().map(|c| c.source.as_str()).collect::<Vec<_>>().join(", "))
        }
    };
    Err(Failure::Usage(format!("{flag}: the file has no column `{name}`; {hint}")))
}

/// The word that names a role on the command line.
pub fn role_word(role: Role) -> &'static str {
    if role == Role::LoggingPropensity { "propensity" } else { role.label() }
}

fn role_named(text: &str) -> Result<Role> {
    Ok(match text.to_lowercase().as_str() {
        "feature" => Role::Feature,
        "context" => Role::Context,
        "action" => Role::Action,
        "outcome" => Role::Outcome,
        "subject" => Role::Subject,
        "household" => Role::Household,
        "device" => Role::Device,
        "time" => Role::Time,
        "propensity" => Role::LoggingPropensity,
        "decision" => Role::Decision,
        "position" => Role::Position,
        "eligible" => Role::Eligible,
        "probabilities" => Role::Probabilities,
        "consent" => Role::Consent,
        "protected" => Role::Protected,
        "ignored" | "ignore" => Role::Ignored,
        _ => {
            return Err(Failure::Usage(format!(
                "`{text}` is no role; the roles are feature, context, action, outcome, subject, household, device, time, \
                 propensity, decision, position, eligible, probabilities, consent, protected, ignored"
            )));
        }
    })
}
