//! Models of effects that a project with a trial can have: one for each arm of its history, against the arm where nothing was done.

use super::parts::slug;
use super::starter::is_binary;
use crate::data::{Arm, Dataset, Role, Roles};
use crate::error::{Error, Result};
use crate::models::uplift::{Meta, Uplift};
use crate::models::{Family, Goal, ModelSpec};
use attune_policy::value::Type;

/// One model for each arm, of the difference that it makes to `outcome`, beside the project's `models`; those that are there already are
/// left out. Without `control` it is the one value of the action column where nothing was done.
///
/// # Errors
/// When no column says what was done, the control cannot be told, there is no other arm, or the outcome is neither yes or no nor a number.
pub fn effect_models(
    dataset: &Dataset,
    roles: &Roles,
    models: &[ModelSpec],
    outcome: &str,
    learner: Meta,
    control: Option<&str>,
) -> Result<Vec<ModelSpec>> {
    let action = roles.first(Role::Action).ok_or_else(|| {
        Error::new("no column has the role action, so nothing is known of who got which arm")
            .hint("give the column that says what was done the role action")
    })?;
    let values: Vec<String> = roles.arms.keys().map(|value| format!("`{value}`")).collect();
    let choose = |why: String| {
        Err(Error::new(why).in_column(action).hint(format!("name the value of the untreated: {}", values.join(", "))))
    };
    let untreated: Vec<&String> =
        roles.arms.iter().filter(|(_, arm)| **arm == Arm::NoAction).map(|(value, _)| value).collect();
    let control = match (control, &untreated[..]) {
        (Some(control), _) if roles.arms.contains_key(control) => control.to_owned(),
        (Some(control), _) => return choose(format!("has no value `{control}`")),
        (None, [only]) => (*only).clone(),
        (None, []) => return choose("has no value that says that nothing was done".into()),
        (None, several) => {
            let names: Vec<String> = several.iter().map(|value| format!("`{value}`")).collect();
            return choose(format!("says in several ways that nothing was done: {}", names.join(", ")));
        }
    };
    let goal = goal(dataset, outcome)?;
    let mut found: Vec<ModelSpec> = Vec::new();
    let others = || roles.arms.keys().filter(|value| **value != control && !untreated.contains(value));
    for arm in others() {
        let is_there = |spec: &ModelSpec| {
            let same = |uplift: &Uplift| uplift.control == control && uplift.learner == learner;
            spec.outcome == outcome && spec.arm.as_deref() == Some(arm) && spec.uplift.as_ref().is_some_and(same)
        };
        if models.iter().any(is_there) {
            continue;
        }
        let taken = |id: &str| models.iter().chain(&found).any(|spec| spec.id == id);
        let id = slug(&format!("{outcome} {arm} uplift"), &taken);
        found.push(ModelSpec {
            name: format!("Effect of {arm} on {outcome}"),
            goal,
            family: if goal == Goal::Amount { Family::linear() } else { Family::logistic() },
            arm: Some(arm.clone()),
            uplift: Some(Uplift { learner, ..Uplift::against(&control) }),
            ..ModelSpec::new(id, outcome)
        });
    }
    if others().next().is_none() {
        return choose(format!("has no arm beside `{control}`"));
    }
    Ok(found)
}

/// Whether an outcome is yes or no, or an amount.
fn goal(dataset: &Dataset, outcome: &str) -> Result<Goal> {
    let column = dataset
        .column(outcome)
        .ok_or_else(|| Error::new(format!("there is no such column in `{}`", dataset.name())).in_column(outcome))?;
    match column.type_ {
        _ if is_binary(dataset, outcome) => Ok(Goal::Propensity),
        Type::Integer | Type::Number => Ok(Goal::Amount),
        other => Err(Error::new(format!("is {other}, neither yes or no nor a number")).in_column(outcome).hint(
            "choose another outcome, or write the model into models.ron with the value that counts as `positive`",
        )),
    }
}
