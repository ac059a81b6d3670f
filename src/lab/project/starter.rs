//! What a project begins with: roles, goal, models and a draft suggested from the data. All of it is meant to be changed.

use super::load::{CUSTOMERS, Loaded};
use super::parts::{Goal, Parts, is_slug, slug};
use super::sources::import_source;
use super::store::Project;
use crate::data::cells::Dictionary;
use crate::data::import::ImportOptions;
use crate::data::{Arm, Dataset, Role, Roles, split};
use crate::error::Result;
use crate::models::{Family, Goal as Estimates, ModelSpec, can_learn};
use crate::task::Task;
use attune_policy::Document;
use attune_policy::action::{Action, Channel, Direction, Group, Issue, Treatment};
use attune_policy::arbitration::Slots;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// What a project without a policy begins with.
#[derive(Clone, Debug, PartialEq)]
pub struct Starter {
    /// Goal, with the outcome found in the data.
    pub goal: Goal,
    /// One model per action worth learning; without actions, one of the outcome.
    pub models: Vec<ModelSpec>,
    /// Actions from the arms, ranked by P·C·V·L; as many places as the lists of a log have.
    pub draft: Document,
    /// What it has not that it might have had, and why, one sentence each.
    pub notes: Vec<String>,
}

/// Roles and a starter for rows as they were loaded. `name` is the project's.
pub fn starter(name: &str, loaded: &Loaded) -> (Roles, Starter) {
    let roles = starting_roles(loaded);
    let starter = starter_for(name, loaded, &roles, None);
    (roles, starter)
}

/// The roles alone, with an instant at which the rows stand.
pub fn starting_roles(loaded: &Loaded) -> Roles {
    let mut roles = Roles::suggest(&loaded.dataset);
    if roles.as_of.is_none() {
        // Rows without a time need an instant to stand at; once written to the project it never moves.
        roles.as_of = Some(today());
    }
    roles
}

/// A starter for rows whose roles are settled. `goal` is the outcome to raise where it is known; models learn it when it
/// is a yes or no, else the first outcome that is.
pub fn starter_for(name: &str, loaded: &Loaded, roles: &Roles, goal: Option<&str>) -> Starter {
    let dataset = &loaded.dataset;
    // Where rows cannot be parted there is nothing to train on either, and training says so.
    let rows = split::train_rows(dataset, roles).unwrap_or_default();
    let mut outcomes = roles.with_role(dataset, Role::Outcome);
    // Outcomes from a table beside the rows are known before they are columns.
    let later = |name: &str| roles.delayed.iter().find(|delayed| delayed.name == name);
    for delayed in roles.delayed.iter().filter(|delayed| roles.role(&delayed.name) == Role::Outcome) {
        if !outcomes.contains(&delayed.name.as_str()) {
            outcomes.push(&delayed.name);
        }
    }
    let wanted = outcomes.iter().copied().find(|o| Some(*o) == goal);
    let is_yes_or_no = |o: &&str| match later(o) {
        Some(delayed) => delayed.value.is_none(),
        None => is_binary(dataset, o),
    };
    let learnable = wanted.into_iter().chain(outcomes.iter().copied()).find(is_yes_or_no);
    let outcome = wanted.or(learnable).or(outcomes.first().copied()).map(str::to_owned);
    let learnable = learnable.map(str::to_owned);
    let goal = Goal {
        name: name.to_owned(),
        outcome: outcome.clone(),
        horizon_days: None,
        least_lift: None,
        as_of: roles.as_of,
    };
    let mut models: Vec<ModelSpec> = Vec::new();
    let mut actions: Vec<Action> = Vec::new();
    let mut poor: Vec<(String, String)> = Vec::new();
    for (value, arm) in &roles.arms {
        let Arm::Candidate { action: id, treatment } = arm else { continue };
        let treatment = Treatment {
            id: treatment.clone(),
            channel: "email".into(),
            template: String::new(),
            propensity: None,
            ..Treatment::default()
        };
        if let Some(action) = actions.iter_mut().find(|a| a.id == *id) {
            if action.treatments.iter().all(|t| t.id != treatment.id) {
                action.treatments.push(treatment);
            }
            continue;
        }
        let propensity: Option<String> = learnable.as_ref().map(|outcome| {
            let taken = |id: &str| models.iter().any(|m: &ModelSpec| m.id == id);
            let mut spec = ModelSpec::new(slug(&format!("{outcome} {id}"), &taken), outcome.clone());
            spec.name = format!("{} after {value}", upper(outcome));
            spec.arm = Some(value.clone());
            if let Err(why) = can_learn(&spec, dataset, roles, &rows) {
                poor.push((spec.id.clone(), why.to_string()));
            }
            models.push(spec);
            models[models.len() - 1].id.clone()
        });
        actions.push(action(id, value, treatment, propensity));
    }
    let notes = without_poor(&mut models, &mut actions, &poor, |spec| can_learn(spec, dataset, roles, &rows).is_ok());
    // Without actions there is still something to learn: who does it, as in churn; or how much.
    if let (true, Some(outcome)) = (actions.is_empty(), &learnable) {
        models.push(model_of(outcome, Estimates::Propensity, &|_| false));
    } else if let (true, Some(delayed)) = (actions.is_empty(), outcome.as_deref().and_then(later)) {
        models.push(model_of(&delayed.name, Estimates::Amount, &|_| false));
    }
    let places = places(dataset, roles).min(actions.len()).max(1);
    let draft = Document {
        id: if is_slug(name) { name.to_owned() } else { slug(name, &|_| false) },
        name: name.to_owned(),
        issues: vec![Issue {
            id: "marketing".into(),
            weight: 0.0,
            groups: vec![Group { id: "campaign".into(), weight: 0.0 }],
        }],
        channels: vec![Channel { id: "email".into(), direction: Direction::Outbound }],
        actions,
        slots: Slots { count: places as u32, ..Slots::default() },
        ..Document::default()
    };
    Starter { goal, models, draft, notes }
}

/// Takes out models that cannot be learned (their ids, and why). An action without a model counts as certain to succeed and would
/// outrank all others, so theirs take a model of all rows, or, where there can be none of it either, no action has a model.
fn without_poor(
    models: &mut Vec<ModelSpec>,
    actions: &mut [Action],
    poor: &[(String, String)],
    can_learn: impl Fn(&ModelSpec) -> bool,
) -> Vec<String> {
    let Some((_, why)) = poor.first() else { return Vec::new() };
    let is_poor = |id: &str| poor.iter().any(|(poor, _)| poor == id);
    let all = models.len();
    let outcome = models[0].outcome.clone();
    models.retain(|spec| !is_poor(&spec.id));
    let mut any = ModelSpec::new(slug(&format!("{outcome} any"), &|id| models.iter().any(|m| m.id == id)), &outcome);
    any.name = format!("{} after whatever was done", upper(&outcome));
    let instead = match models.is_empty() || !can_learn(&any) {
        true => {
            models.clear();
            None
        }
        false => Some(any),
    };
    for action in actions.iter_mut() {
        if instead.is_none() || action.propensity.as_deref().is_some_and(is_poor) {
            action.propensity = instead.as_ref().map(|any| any.id.clone());
        }
    }
    let done = match &instead {
        Some(any) => format!("their actions take `{}`, a model of all rows", any.id),
        None => "so the draft has no models, and its actions stand in the order of their values and ids".to_owned(),
    };
    models.extend(instead);
    vec![format!("Of {all} actions {} have no model of `{outcome}` of their own ({why}); {done}.", poor.len())]
}

/// Places of the longest list in a log of lists; 1 where there is none. What is no list, with a gap or a place twice, does not count.
fn places(dataset: &Dataset, roles: &Roles) -> usize {
    let (Some(decision), Some(position)) = (roles.first(Role::Decision), roles.first(Role::Position)) else { return 1 };
    let (Ok(ids), Ok(places)) = (dataset.dictionary(decision), dataset.numbers(position)) else { return 1 };
    let top = places.iter().copied().filter(|place| !place.is_nan()).fold(f64::INFINITY, f64::min);
    let mut rows: Vec<(u32, f64)> = ids.codes.iter().copied().zip(places).collect();
    rows.retain(|(code, _)| *code != Dictionary::MISSING);
    rows.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let lists = rows.chunk_by(|a, b| a.0 == b.0);
    let whole = |list: &&[(u32, f64)]| list.iter().enumerate().all(|(i, (_, place))| *place == top + i as f64);
    lists.filter(whole).map(<[_]>::len).max().unwrap_or(1)
}

/// The model that an outcome is begun with: the plainest of its kind, a yardstick for all others. `taken` tells ids that other models have.
pub(super) fn model_of(outcome: &str, goal: Estimates, taken: &dyn Fn(&str) -> bool) -> ModelSpec {
    let family = if goal == Estimates::Amount { Family::linear() } else { Family::logistic() };
    ModelSpec { name: upper(outcome), goal, family, ..ModelSpec::new(slug(outcome, taken), outcome) }
}

/// Makes a project in `dir` from a customer file, with suggested roles and a starter draft.
///
/// # Errors
/// When the file cannot be read, or `dir` is a project already or cannot be written.
pub fn create_from_file(
    dir: &Path,
    name: &str,
    file: &Path,
    options: &ImportOptions,
    task: &Task,
) -> Result<(Project, Parts, Loaded)> {
    let (mut project, mut parts) = Project::create_empty(dir, name)?;
    let (source, loaded) = import_source(dir, CUSTOMERS, file, options.clone(), task)?;
    let (roles, starter) = starter(name, &loaded);
    parts.sources = Arc::new(vec![source]);
    parts.roles = Arc::new(roles);
    parts.goal = Arc::new(starter.goal);
    parts.models = Arc::new(starter.models);
    parts.draft = Arc::new(starter.draft);
    project.save(&parts, "Import")?;
    Ok((project, parts, loaded))
}

/// Roles for a table that replaces another one: columns that were there keep their meaning, new ones get the suggested
/// one, and so do new values of the action column.
pub fn keep_roles(old: &Roles, suggested: &Roles, loaded: &Loaded) -> Roles {
    let mut roles = Roles { as_of: old.as_of, delayed: old.delayed.clone(), ..Roles::default() };
    for delayed in &old.delayed {
        roles.columns.insert(delayed.name.clone(), old.role(&delayed.name));
    }
    for column in loaded.dataset.columns() {
        let kept = old.columns.get(&column.name).copied();
        let role = kept.unwrap_or_else(|| suggested.role(&column.name));
        // There is one action, one subject, one time: those of the project stay.
        let taken = kept.is_none() && role.is_single() && old.columns.values().any(|r| *r == role);
        roles.columns.insert(column.name.clone(), if taken { Role::Ignored } else { role });
    }
    if old.first(Role::Action).is_some() && old.first(Role::Action) == roles.first(Role::Action) {
        roles.arms = old.arms.clone();
        if suggested.first(Role::Action) == old.first(Role::Action) {
            for (value, arm) in &suggested.arms {
                roles.arms.entry(value.clone()).or_insert_with(|| arm.clone());
            }
        }
        (roles.logging, roles.guess) = (old.logging.clone(), old.guess.clone());
    } else {
        (roles.arms, roles.logging) = (suggested.arms.clone(), suggested.logging.clone());
        roles.guess = suggested.guess.clone();
    }
    roles
}

fn action(id: &str, name: &str, treatment: Treatment, propensity: Option<String>) -> Action {
    Action {
        id: id.to_owned(),
        name: name.to_owned(),
        group: "campaign".into(),
        value: 1.0,
        cost: 0.0,
        weight: 0.0,
        valid_from: None,
        valid_until: None,
        tags: Vec::new(),
        mandatory: false,
        service: false,
        obeys_caps: true,
        counts_toward_caps: true,
        propensity,
        attributes: Default::default(),
        treatments: vec![treatment],
        ..Action::default()
    }
}

/// Whether an outcome is yes or no: what a propensity model can learn without being told which value counts.
pub fn is_binary(dataset: &Dataset, column: &str) -> bool {
    const PAIRS: [[&str; 2]; 3] = [["0", "1"], ["false", "true"], ["no", "yes"]];
    dataset.dictionary(column).is_ok_and(|dictionary| {
        let values: Vec<String> = dictionary.values.iter().map(|v| v.to_lowercase()).collect();
        values.len() == 2 && PAIRS.iter().any(|pair| pair.iter().all(|word| values.iter().any(|v| v == word)))
    })
}

fn upper(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

/// Midnight UTC of today, in milliseconds.
fn today() -> i64 {
    const DAY: u64 = 86_400;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    ((seconds / DAY) * DAY * 1000) as i64
}
