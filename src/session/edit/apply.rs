//! How each edit changes the document. Only the part that is edited is copied.

use super::{DraftPart, Edit};
use attune_lab::data::{Arm, TableKind};
use attune_lab::project::{self, Parts, RowEvent, is_slug, put, source_order};
use attune_lab::{Error, Result};
use attune_policy::Document;
use attune_policy::document::Fallback;
use attune_policy::holdout::HoldoutKind;
use attune_policy::rule::{Rule, Scope, Stage};
use std::sync::Arc;

pub(super) fn apply(edit: Edit, parts: &Parts) -> Result<Parts> {
    let mut parts = parts.clone();
    match edit {
        Edit::SetGoal(_)
        | Edit::Import { .. }
        | Edit::SetSource(_)
        | Edit::SetImportOptions(_)
        | Edit::SetEvent { .. }
        | Edit::RemoveSource(_)
        | Edit::SetRoles(_)
        | Edit::SetRole { .. }
        | Edit::SetArm { .. }
        | Edit::SetLogging(_) => data(edit, &mut parts)?,
        Edit::AddStep { .. }
        | Edit::ReplaceStep { .. }
        | Edit::RemoveStep(_)
        | Edit::MoveStep { .. }
        | Edit::SetFreshness { .. }
        | Edit::SetMissing { .. }
        | Edit::AddModel(_)
        | Edit::ReplaceModel { .. }
        | Edit::RemoveModel(_)
        | Edit::Attach(_)
        | Edit::Detach(_)
        | Edit::AddScenario(_)
        | Edit::ReplaceScenario { .. }
        | Edit::RemoveScenario(_) => lists(edit, &mut parts)?,
        Edit::ReplaceAction { ref id, ref action } if *id != action.id => {
            rename_arms(&mut parts, id, &action.id);
            draft(edit, Arc::make_mut(&mut parts.draft))?;
        }
        Edit::RemoveRule(ref id) | Edit::RemoveCap(ref id) => {
            // A scenario cannot switch off what is not there.
            if parts.scenarios.iter().any(|s| s.disabled.contains(id)) {
                Arc::make_mut(&mut parts.scenarios).iter_mut().for_each(|s| s.disabled.retain(|d| d != id));
            }
            draft(edit, Arc::make_mut(&mut parts.draft))?;
        }
        _ => draft(edit, Arc::make_mut(&mut parts.draft))?,
    }
    Ok(parts)
}

fn data(edit: Edit, parts: &mut Parts) -> Result<()> {
    match edit {
        Edit::SetGoal(goal) => {
            Arc::make_mut(&mut parts.roles).as_of = goal.as_of;
            parts.goal = Arc::new(goal);
        }
        Edit::Import { source, roles, starter } => {
            slug("source", &source.name)?;
            if let Some(starter) = starter {
                parts.goal = Arc::new(starter.goal);
                parts.models = Arc::new(starter.models);
                parts.draft = Arc::new(bare(starter.draft));
            }
            parts.roles = Arc::new(roles);
            // The data may say when its rows stand; the goal is where that is kept.
            Arc::make_mut(&mut parts.roles).as_of = parts.goal.as_of;
            put(parts, source);
        }
        Edit::SetSource(source) => {
            slug("source", &source.name)?;
            // Just as it is given: rules may go as well as come.
            let sources = Arc::make_mut(&mut parts.sources);
            match sources.iter_mut().find(|s| s.name == source.name) {
                Some(old) => *old = source,
                None => sources.push(source),
            }
            sources.sort_by(|a, b| source_order(a).cmp(&source_order(b)));
        }
        Edit::SetImportOptions(options) => {
            let source = Arc::make_mut(&mut parts.sources).first_mut();
            source.ok_or_else(|| Error::new("there are no data yet").hint("import a file first"))?.options = options;
        }
        Edit::SetEvent { source, event } => {
            let sources = Arc::make_mut(&mut parts.sources).as_mut_slice();
            let source = find(sources, "source", |s| s.name == source, &source)?;
            if source.kind != TableKind::Contacts {
                return Err(Error::new(format!("`{}` is a table of {}", source.name, source.kind.label()))
                    .hint("what a row says happened is asked of contacts alone"));
            }
            if let RowEvent::Said { column, .. } = &event
                && !source.columns.iter().any(|known| known.name == *column)
            {
                return Err(Error::new(format!("`{}` has no such column", source.name)).in_column(column));
            }
            source.event = Some(event);
        }
        Edit::RemoveSource(name) => {
            remove(Arc::make_mut(&mut parts.sources), "source", |s| s.name == name, &name)?;
        }
        Edit::SetRoles(roles) => {
            parts.roles = Arc::new(roles);
            Arc::make_mut(&mut parts.roles).as_of = parts.goal.as_of;
        }
        Edit::SetRole { column, role } => {
            Arc::make_mut(&mut parts.roles).columns.insert(column, role);
        }
        Edit::SetArm { value, arm } => {
            let arms = &mut Arc::make_mut(&mut parts.roles).arms;
            match arm {
                Some(arm) => arms.insert(value, arm),
                None => arms.remove(&value),
            };
        }
        Edit::SetLogging(logging) => Arc::make_mut(&mut parts.roles).set_logging(logging),
        _ => {}
    }
    Ok(())
}

fn lists(edit: Edit, parts: &mut Parts) -> Result<()> {
    match edit {
        Edit::AddStep { step, at } => {
            let recipe = Arc::make_mut(&mut parts.recipe);
            free("feature", recipe.iter().map(|s| &s.output), &step.output)?;
            recipe.insert(at.unwrap_or(recipe.len()).min(recipe.len()), step);
        }
        Edit::ReplaceStep { output, step } => {
            let recipe = Arc::make_mut(&mut parts.recipe);
            if step.output != output {
                free("feature", recipe.iter().map(|s| &s.output), &step.output)?;
            }
            *find(recipe, "feature", |s| s.output == output, &output)? = step;
        }
        Edit::RemoveStep(output) => {
            remove(Arc::make_mut(&mut parts.recipe), "feature", |s| s.output == output, &output)?;
        }
        Edit::MoveStep { output, to } => {
            shift(Arc::make_mut(&mut parts.recipe), "feature", |s| s.output == output, &output, to)?;
        }
        Edit::SetFreshness { field, freshness } => project::set_freshness(parts, &field, freshness)?,
        Edit::SetMissing { field, missing } => project::set_missing(parts, &field, missing)?,
        Edit::AddModel(spec) => {
            slug("model", &spec.id)?;
            free("model", parts.model_ids(), &spec.id)?;
            Arc::make_mut(&mut parts.models).push(spec);
        }
        Edit::ReplaceModel { id, spec } => {
            if spec.id != id {
                slug("model", &spec.id)?;
                free("model", parts.model_ids(), &spec.id)?;
                rename_model(Arc::make_mut(&mut parts.draft), &id, &spec.id);
            }
            *find(Arc::make_mut(&mut parts.models).as_mut_slice(), "model", |m| m.id == id, &id)? = spec;
        }
        Edit::RemoveModel(id) => {
            remove(Arc::make_mut(&mut parts.models), "model", |m| m.id == id, &id)?;
        }
        Edit::Attach(attachment) => project::attach(parts, attachment)?,
        Edit::Detach(id) => project::detach(parts, &id)?,
        Edit::AddScenario(scenario) => {
            slug("scenario", &scenario.id)?;
            free("scenario", parts.scenarios.iter().map(|s| &s.id), &scenario.id)?;
            let scenarios = Arc::make_mut(&mut parts.scenarios);
            scenarios.push(scenario);
            // In the order in which their files are read back.
            scenarios.sort_by(|a, b| a.id.cmp(&b.id));
        }
        Edit::ReplaceScenario { id, scenario } => {
            same("scenario", &id, &scenario.id)?;
            *find(Arc::make_mut(&mut parts.scenarios).as_mut_slice(), "scenario", |s| s.id == id, &id)? = scenario;
        }
        Edit::RemoveScenario(id) => {
            remove(Arc::make_mut(&mut parts.scenarios), "scenario", |s| s.id == id, &id)?;
        }
        _ => {}
    }
    Ok(())
}

fn draft(edit: Edit, draft: &mut Document) -> Result<()> {
    match edit {
        Edit::SetDraft(new) => *draft = bare(*new),
        Edit::DescribePolicy { name, note } => (draft.name, draft.note) = (name, note),
        Edit::AddRule { rule, at } => {
            slug("rule", &rule.id)?;
            free("rule", draft.rules.iter().map(|r| &r.id), &rule.id)?;
            place(&mut draft.rules, rule, at.unwrap_or(usize::MAX));
        }
        Edit::ReplaceRule { id, rule } => {
            same("rule", &id, &rule.id)?;
            let old = find(&mut draft.rules, "rule", |r| r.id == id, &id)?;
            let stage = std::mem::replace(old, rule).stage;
            let at = draft.rules.iter().position(|r| r.id == id).unwrap_or(0);
            if draft.rules[at].stage != stage {
                let rule = draft.rules.remove(at);
                place(&mut draft.rules, rule, usize::MAX);
            }
        }
        Edit::SetRuleText { id, expr } => find(&mut draft.rules, "rule", |r| r.id == id, &id)?.expr = expr,
        Edit::RenameRule { id, name } => find(&mut draft.rules, "rule", |r| r.id == id, &id)?.name = name,
        Edit::EnableRule { id, enabled } => find(&mut draft.rules, "rule", |r| r.id == id, &id)?.enabled = enabled,
        Edit::MoveRule { id, stage, to } => {
            let mut rule = remove(&mut draft.rules, "rule", |r| r.id == id, &id)?;
            rule.stage = stage;
            place(&mut draft.rules, rule, to);
        }
        Edit::RemoveRule(id) => {
            remove(&mut draft.rules, "rule", |r| r.id == id, &id)?;
        }
        Edit::AddCap(cap) => {
            slug("cap", &cap.id)?;
            free("cap", draft.caps.iter().map(|c| &c.id), &cap.id)?;
            draft.caps.push(cap);
        }
        Edit::ReplaceCap { id, cap } => {
            same("cap", &id, &cap.id)?;
            *find(&mut draft.caps, "cap", |c| c.id == id, &id)? = cap;
        }
        Edit::EnableCap { id, enabled } => find(&mut draft.caps, "cap", |c| c.id == id, &id)?.enabled = enabled,
        Edit::RemoveCap(id) => {
            remove(&mut draft.caps, "cap", |c| c.id == id, &id)?;
        }
        Edit::SetIssues(issues) => {
            unique("issue", issues.iter().map(|i| &i.id))?;
            unique("group", issues.iter().flat_map(|i| &i.groups).map(|g| &g.id))?;
            draft.issues = issues;
        }
        Edit::SetChannels(channels) => {
            unique("channel", channels.iter().map(|c| &c.id))?;
            draft.channels = channels;
        }
        Edit::AddAction(action) => {
            whole(&action)?;
            free("action", draft.actions.iter().map(|a| &a.id), &action.id)?;
            draft.actions.push(action);
        }
        Edit::ReplaceAction { id, action } => {
            whole(&action)?;
            if action.id != id {
                free("action", draft.actions.iter().map(|a| &a.id), &action.id)?;
            }
            let new = action.id.clone();
            *find(&mut draft.actions, "action", |a| a.id == id, &id)? = *action;
            if new != id {
                rename_action(draft, &id, &new);
            }
        }
        Edit::MoveAction { id, to } => shift(&mut draft.actions, "action", |a| a.id == id, &id, to)?,
        Edit::RemoveAction(id) => {
            remove(&mut draft.actions, "action", |a| a.id == id, &id)?;
            draft.fallback.retain(|f| f.action != id);
            draft.holdouts.retain(|h| h.kind != HoldoutKind::Action(id.clone()));
        }
        Edit::AddTreatment { action, treatment } => {
            let action = find(&mut draft.actions, "action", |a| a.id == action, &action)?;
            named("treatment", &treatment.id)?;
            free("treatment", action.treatments.iter().map(|t| &t.id), &treatment.id)?;
            action.treatments.push(treatment);
        }
        Edit::ReplaceTreatment { action, id, treatment } => {
            same("treatment", &id, &treatment.id)?;
            let action = find(&mut draft.actions, "action", |a| a.id == action, &action)?;
            *find(&mut action.treatments, "treatment", |t| t.id == id, &id)? = treatment;
        }
        Edit::RemoveTreatment { action: of, id } => {
            let action = find(&mut draft.actions, "action", |a| a.id == of, &of)?;
            if action.treatments.len() == 1 && action.treatments[0].id == id {
                return Err(Error::new(format!("“{}” needs at least one treatment", action.name))
                    .hint("add another one first, or remove the action"));
            }
            remove(&mut action.treatments, "treatment", |t| t.id == id, &id)?;
            draft.fallback.retain(|f| f.action != of || f.treatment != id);
        }
        Edit::SetArbitration(arbitration) => {
            unique("context weight", arbitration.context_weights.iter().map(|w| &w.id))?;
            draft.arbitration = arbitration;
        }
        Edit::SetMode(mode) => draft.arbitration.mode = mode,
        Edit::SetFloors(floors) => draft.arbitration.floors = floors,
        Edit::SetContextWeights(weights) => {
            unique("context weight", weights.iter().map(|w| &w.id))?;
            draft.arbitration.context_weights = weights;
        }
        Edit::SetFallback(ladder) => draft.fallback = ladder,
        Edit::SetPart(part) => set_part(draft, part)?,
        Edit::AddHoldout(holdout) => {
            slug("holdout", &holdout.id)?;
            free("holdout", draft.holdouts.iter().map(|h| &h.id), &holdout.id)?;
            draft.holdouts.push(holdout);
        }
        Edit::ReplaceHoldout { id, holdout } => {
            same("holdout", &id, &holdout.id)?;
            *find(&mut draft.holdouts, "holdout", |h| h.id == id, &id)? = holdout;
        }
        Edit::RemoveHoldout(id) => {
            remove(&mut draft.holdouts, "holdout", |h| h.id == id, &id)?;
        }
        _ => {}
    }
    Ok(())
}

/// Puts a rule at a position among the rules of its stage, and keeps the list in order of stages.
fn place(rules: &mut Vec<Rule>, rule: Rule, to: usize) {
    rules.sort_by_key(|r| r.stage);
    let of_stage =
        |stage: Stage| (rules.partition_point(|r| r.stage < stage), rules.partition_point(|r| r.stage <= stage));
    let (start, end) = of_stage(rule.stage);
    rules.insert(start.saturating_add(to).min(end), rule);
}

/// A draft without what is filled in when it is assembled.
fn bare(mut draft: Document) -> Document {
    draft.schema = Default::default();
    draft.recipe = Vec::new();
    draft.models = Vec::new();
    draft.provenance = Default::default();
    draft
}

fn rename_action(draft: &mut Document, from: &str, to: &str) {
    let rename = |id: &mut String| {
        if *id == from {
            to.clone_into(id);
        }
    };
    let scopes = draft
        .rules
        .iter_mut()
        .map(|r| &mut r.scope)
        .chain(draft.arbitration.floors.iter_mut().map(|f| &mut f.scope))
        .chain(draft.arbitration.context_weights.iter_mut().map(|w| &mut w.scope));
    for scope in scopes {
        if let Scope::Action(id) | Scope::Treatment(id, _) = scope {
            rename(id);
        }
    }
    draft.fallback.iter_mut().for_each(|Fallback { action, .. }| rename(action));
    for holdout in &mut draft.holdouts {
        if let HoldoutKind::Action(id) = &mut holdout.kind {
            rename(id);
        }
    }
}

fn rename_arms(parts: &mut Parts, from: &str, to: &str) {
    for arm in Arc::make_mut(&mut parts.roles).arms.values_mut() {
        if let Arm::Candidate { action, .. } = arm
            && action == from
        {
            to.clone_into(action);
        }
    }
}

fn rename_model(draft: &mut Document, from: &str, to: &str) {
    let rename = |id: &mut Option<String>| {
        if id.as_deref() == Some(from) {
            *id = Some(to.to_owned());
        }
    };
    for action in &mut draft.actions {
        rename(&mut action.propensity);
        action.treatments.iter_mut().for_each(|t| rename(&mut t.propensity));
    }
    let (from, to) = (format!("score(\"{from}\")"), format!("score(\"{to}\")"));
    draft.rules.iter_mut().for_each(|r| r.expr = r.expr.replace(&from, &to));
    draft.arbitration.context_weights.iter_mut().for_each(|w| w.when = w.when.replace(&from, &to));
    if let attune_policy::arbitration::Mode::Expression(expr) = &mut draft.arbitration.mode {
        *expr = expr.replace(&from, &to);
    }
}

fn whole(action: &attune_policy::action::Action) -> Result<()> {
    named("action", &action.id)?;
    if action.treatments.is_empty() {
        return Err(Error::new(format!("“{}” needs at least one treatment", action.name)));
    }
    unique("treatment", action.treatments.iter().map(|t| &t.id))
}

fn slug(what: &str, id: &str) -> Result<()> {
    if is_slug(id) {
        return Ok(());
    }
    Err(Error::new(format!("`{id}` cannot be the id of a {what}"))
        .hint("use lower-case letters, digits, `_` and `-`, at most 64 of them"))
}

fn named(what: &str, id: &str) -> Result<()> {
    if id.is_empty() { Err(Error::new(format!("the {what} needs an id"))) } else { Ok(()) }
}

fn same(what: &str, id: &str, new: &str) -> Result<()> {
    if id == new {
        return Ok(());
    }
    Err(Error::new(format!("the id of {what} `{id}` cannot change to `{new}`"))
        .hint("reports and traces know it by its id; change its name instead"))
}

fn free<'a, T: AsRef<str> + ?Sized + 'a>(what: &str, mut ids: impl Iterator<Item = &'a T>, id: &str) -> Result<()> {
    if ids.any(|taken| taken.as_ref() == id) {
        return Err(Error::new(format!("there is a {what} `{id}` already")).hint("choose another id"));
    }
    Ok(())
}

fn unique<'a>(what: &str, ids: impl Iterator<Item = &'a String>) -> Result<()> {
    let mut seen = std::collections::BTreeSet::new();
    for id in ids {
        named(what, id)?;
        if !seen.insert(id) {
            return Err(Error::new(format!("there are two of {what} `{id}`")).hint("choose another id"));
        }
    }
    Ok(())
}

fn find<'a, T>(list: &'a mut [T], what: &str, is: impl Fn(&T) -> bool, id: &str) -> Result<&'a mut T> {
    list.iter_mut().find(|item| is(item)).ok_or_else(|| absent(what, id))
}

fn remove<T>(list: &mut Vec<T>, what: &str, is: impl Fn(&T) -> bool, id: &str) -> Result<T> {
    let at = list.iter().position(is).ok_or_else(|| absent(what, id))?;
    Ok(list.remove(at))
}

fn shift<T>(list: &mut Vec<T>, what: &str, is: impl Fn(&T) -> bool, id: &str, to: usize) -> Result<()> {
    let item = remove(list, what, is, id)?;
    list.insert(to.min(list.len()), item);
    Ok(())
}

fn absent(what: &str, id: &str) -> Error {
    Error::new(format!("there is no {what} `{id}`"))
}

fn set_part(draft: &mut attune_policy::Document, part: DraftPart) -> Result<()> {
    match part {
        DraftPart::Operation(mode) => draft.mode = mode,
        DraftPart::Zones(zones) => draft.zones = zones,
        DraftPart::Overrides(list) => {
            unique("override", list.iter().map(|part| &part.id))?;
            draft.overrides = list;
        }
        DraftPart::Tables(list) => {
            unique("decision table", list.iter().map(|part| &part.id))?;
            draft.tables = list;
        }
        DraftPart::Suppressions(list) => {
            unique("suppression", list.iter().map(|part| &part.id))?;
            draft.suppressions = list;
        }
        DraftPart::CoolDowns(list) => {
            unique("cool-down", list.iter().map(|part| &part.id))?;
            draft.cool_downs = list;
        }
        DraftPart::Exclusions(list) => {
            unique("exclusion", list.iter().map(|part| &part.id))?;
            draft.exclusions = list;
        }
        DraftPart::QuietHours(list) => {
            unique("quiet hours", list.iter().map(|part| &part.id))?;
            draft.quiet_hours = list;
        }
        DraftPart::Stocks(list) => {
            unique("stock", list.iter().map(|part| &part.id))?;
            draft.stocks = list;
        }
        DraftPart::Budgets(list) => {
            unique("budget", list.iter().map(|part| &part.id))?;
            draft.budgets = list;
        }
        DraftPart::ColdStart(cold_start) => draft.cold_start = cold_start,
        DraftPart::Slots(slots) => draft.slots = slots,
        DraftPart::Exploration(exploration) => draft.exploration = exploration,
        DraftPart::Properties(list) => {
            unique("property", list.iter().map(|part| &part.id))?;
            draft.properties = list;
        }
        DraftPart::SendTimes(list) => {
            unique("send time", list.iter().map(|part| &part.id))?;
            draft.send_times = list;
        }
    }
    Ok(())
}
