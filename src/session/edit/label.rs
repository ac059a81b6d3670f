//! The words for an edit, in the names people gave.

use super::{DraftPart, Edit};
use attune_lab::project::Parts;

pub(super) fn label(edit: &Edit, parts: &Parts) -> String {
    let draft = &*parts.draft;
    let quoted = |name: &str| format!("“{name}”");
    let rule = |id: &str| quoted(draft.rules.iter().find(|r| r.id == id).map_or(id, |r| &r.name));
    let cap = |id: &str| quoted(draft.caps.iter().find(|c| c.id == id).map_or(id, |c| &c.name));
    let action = |id: &str| quoted(draft.actions.iter().find(|a| a.id == id).map_or(id, |a| &a.name));
    let model = |id: &str| quoted(parts.model(id).map_or(id, |m| &m.name));
    let scenario = |id: &str| quoted(parts.scenarios.iter().find(|s| s.id == id).map_or(id, |s| &s.name));
    let switch = |on: bool| if on { "Switch on" } else { "Switch off" };
    match edit {
        Edit::SetGoal(goal) if goal.name != parts.goal.name => format!("Rename project to {}", quoted(&goal.name)),
        Edit::SetGoal(_) => "Change goal".into(),
        Edit::Import { source, .. } | Edit::SetSource(source) => format!("Import {}", quoted(&source.name)),
        Edit::SetImportOptions(_) => "Change import options".into(),
        Edit::SetEvent { source, .. } => format!("Change what the rows of {} are", quoted(source)),
        Edit::RemoveSource(name) => format!("Remove data {}", quoted(name)),
        Edit::SetRoles(_) => "Change roles".into(),
        Edit::SetRole { column, role } => format!("Use {} as {}", quoted(column), role.label()),
        Edit::SetArm { value, .. } => format!("Change meaning of {}", quoted(value)),
        Edit::SetLogging(_) => "Change logging propensities".into(),
        Edit::AddStep { step, .. } => format!("Add feature {}", quoted(&step.output)),
        Edit::ReplaceStep { output, .. } => format!("Change feature {}", quoted(output)),
        Edit::RemoveStep(output) => format!("Remove feature {}", quoted(output)),
        Edit::MoveStep { output, .. } => format!("Move feature {}", quoted(output)),
        Edit::SetFreshness { field, .. } => format!("Change how old {} may be", quoted(field)),
        Edit::SetMissing { field, .. } => format!("Change what stands for a missing {}", quoted(field)),
        Edit::AddModel(spec) => format!("Add model {}", quoted(&spec.name)),
        Edit::ReplaceModel { id, .. } => format!("Change model {}", model(id)),
        Edit::RemoveModel(id) => format!("Remove model {}", model(id)),
        Edit::Attach(attachment) => format!("Attach {}", quoted(&attachment.name)),
        Edit::Detach(id) => {
            let attachment = parts.attached.iter().find(|attachment| attachment.id == *id);
            format!("Detach {}", quoted(attachment.map_or(id, |attachment| &attachment.name)))
        }
        Edit::SetDraft(_) => "Replace policy".into(),
        Edit::DescribePolicy { name, .. } if *name != draft.name => format!("Rename policy to {}", quoted(name)),
        Edit::DescribePolicy { .. } => "Change note of the policy".into(),
        Edit::AddRule { rule, .. } => format!("Add rule {}", quoted(&rule.name)),
        Edit::ReplaceRule { id, .. } | Edit::SetRuleText { id, .. } => format!("Change rule {}", rule(id)),
        Edit::RenameRule { id, .. } => format!("Rename rule {}", rule(id)),
        Edit::EnableRule { id, enabled } => format!("{} rule {}", switch(*enabled), rule(id)),
        Edit::MoveRule { id, .. } => format!("Move rule {}", rule(id)),
        Edit::RemoveRule(id) => format!("Remove rule {}", rule(id)),
        Edit::AddCap(new) => format!("Add cap {}", quoted(&new.name)),
        Edit::ReplaceCap { id, .. } => format!("Change cap {}", cap(id)),
        Edit::EnableCap { id, enabled } => format!("{} cap {}", switch(*enabled), cap(id)),
        Edit::RemoveCap(id) => format!("Remove cap {}", cap(id)),
        Edit::SetIssues(_) => "Change issues and groups".into(),
        Edit::SetChannels(_) => "Change channels".into(),
        Edit::AddAction(new) => format!("Add action {}", quoted(&new.name)),
        Edit::ReplaceAction { id, .. } => format!("Change action {}", action(id)),
        Edit::MoveAction { id, .. } => format!("Move action {}", action(id)),
        Edit::RemoveAction(id) => format!("Remove action {}", action(id)),
        Edit::AddTreatment { action: of, treatment } => {
            format!("Add treatment {} to {}", quoted(&treatment.id), action(of))
        }
        Edit::ReplaceTreatment { action: of, id, .. } => format!("Change treatment {} of {}", quoted(id), action(of)),
        Edit::RemoveTreatment { action: of, id } => format!("Remove treatment {} of {}", quoted(id), action(of)),
        Edit::SetArbitration(_) | Edit::SetMode(_) => "Change arbitration".into(),
        Edit::SetFloors(_) => "Change floors".into(),
        Edit::SetContextWeights(_) => "Change context weights".into(),
        Edit::SetFallback(_) => "Change fallback".into(),
        Edit::SetPart(part) => {
            let what = match part {
                DraftPart::Operation(_) => "whether the policy decides",
                DraftPart::Zones(_) => "time zones",
                DraftPart::Overrides(_) => "overrides",
                DraftPart::Tables(_) => "decision tables",
                DraftPart::Suppressions(_) => "suppressions",
                DraftPart::CoolDowns(_) => "cool-downs",
                DraftPart::Exclusions(_) => "exclusions",
                DraftPart::QuietHours(_) => "quiet hours",
                DraftPart::Stocks(_) => "stock",
                DraftPart::Budgets(_) => "budgets",
                DraftPart::ColdStart(_) => "cold start",
                DraftPart::Slots(_) => "slots",
                DraftPart::Exploration(_) => "exploration",
                DraftPart::SendTimes(_) => "send times",
                DraftPart::Properties(_) => "properties to be proved",
            };
            format!("Change {what}")
        }
        Edit::AddHoldout(new) => format!("Add holdout {}", quoted(&new.id)),
        Edit::ReplaceHoldout { id, .. } => format!("Change holdout {}", quoted(id)),
        Edit::RemoveHoldout(id) => format!("Remove holdout {}", quoted(id)),
        Edit::AddScenario(new) => format!("Add scenario {}", quoted(&new.name)),
        Edit::ReplaceScenario { id, .. } => format!("Change scenario {}", scenario(id)),
        Edit::RemoveScenario(id) => format!("Remove scenario {}", scenario(id)),
    }
}
