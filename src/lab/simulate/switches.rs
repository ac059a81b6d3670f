//! Everything of a policy that can be switched off, one thing at a time: for what it removes, what it alone removes, and what it costs.

use crate::simulate::fates::Cause;
use crate::simulate::report::RuleKind;
use attune_policy::contact::OnHit;
use attune_policy::document::Document;
use attune_policy::holdout::HoldoutKind;
use attune_policy::rule::Stage;

/// One thing that can be switched off.
pub(super) struct Switch {
    pub kind: RuleKind,
    pub id: String,
    /// Name for people; the id where it has none.
    pub name: String,
    /// Stage it belongs to.
    pub stage: String,
    /// Whether it is switched on.
    pub enabled: bool,
    /// What it is among the causes of fates.
    pub cause: Cause,
    /// Whether all that it does is remove candidates, so that nothing changes without it where it removed none.
    pub only_removes: bool,
    change: Box<dyn Fn(&mut Document)>,
}

impl Switch {
    /// The policy without it.
    pub fn without(&self, document: &Document) -> Document {
        let mut document = document.clone();
        (self.change)(&mut document);
        document
    }
}

/// Everything, in the order of evaluation.
pub(super) fn switches(document: &Document) -> Vec<Switch> {
    let mut list = Vec::new();
    // A fallback passes guards and contact policy too, and the fate of a candidate that came back by it does not say so.
    let ladder =
        !document.fallback.is_empty() || document.rules.iter().any(|r| r.enabled && r.stage == Stage::Fallback);
    let mut add = |kind: RuleKind, (id, name): (&str, &str), stage: &str, cause: Cause, change: Change| {
        list.push(Switch {
            kind,
            id: id.to_owned(),
            name: if name.is_empty() { id } else { name }.to_owned(),
            stage: stage.to_owned(),
            enabled: true,
            cause,
            only_removes: kind.removes() && !ladder,
            change,
        });
        list.len() - 1
    };
    // What an entry says beside that it is there: at, on, whether it only removes.
    let mut marks: Vec<(usize, bool, Option<bool>)> = Vec::new();
    for (i, part) in document.holdouts.iter().enumerate() {
        let cause = Cause::Holdout(part.id.clone());
        let change = Box::new(move |d: &mut Document| drop(d.holdouts.remove(i)));
        let at = add(RuleKind::Holdout, (&part.id, ""), "Holdout", cause, change);
        let compares = matches!(part.kind, HoldoutKind::ModelControl | HoldoutKind::Ablation(_));
        marks.push((at, part.share > 0.0, compares.then_some(false)));
    }
    let mut rules: Vec<usize> = (0..document.rules.len()).collect();
    rules.sort_by_key(|i| document.rules[*i].stage);
    for i in rules {
        let part = &document.rules[i];
        let (kind, stage) = match part.stage {
            Stage::SoftSuitability => (RuleKind::Soft, "Suitability".to_owned()),
            Stage::Lever => (RuleKind::Lever, "Lever".to_owned()),
            Stage::Fallback => (RuleKind::Fallback, "Fallback".to_owned()),
            stage => (RuleKind::Rule, format!("{stage:?}")),
        };
        let change = Box::new(move |d: &mut Document| d.rules[i].enabled = false);
        let at = add(kind, (&part.id, &part.name), &stage, Cause::Rule(part.id.clone()), change);
        // The ladder asks no engagement rule.
        let engages = matches!(part.stage, Stage::Eligibility | Stage::Applicability | Stage::Suitability);
        marks.push((at, part.enabled, engages.then_some(true)));
    }
    for (i, part) in document.caps.iter().enumerate() {
        let change = Box::new(move |d: &mut Document| d.caps[i].enabled = false);
        let at = add(RuleKind::Cap, (&part.id, &part.name), "Contact", Cause::Cap(part.id.clone()), change);
        marks.push((at, part.enabled && part.limit.is_some(), waits(&part.on_hit)));
    }
    for (i, part) in document.suppressions.iter().enumerate() {
        let (id, cause) = ((part.id.as_str(), part.name.as_str()), Cause::Suppression(part.id.clone()));
        let change = Box::new(move |d: &mut Document| d.suppressions[i].enabled = false);
        marks.push((add(RuleKind::Suppression, id, "Contact", cause, change), part.enabled, None));
    }
    for (i, part) in document.cool_downs.iter().enumerate() {
        let (id, cause) = ((part.id.as_str(), part.name.as_str()), Cause::CoolDown(part.id.clone()));
        let change = Box::new(move |d: &mut Document| d.cool_downs[i].enabled = false);
        marks.push((add(RuleKind::CoolDown, id, "Contact", cause, change), part.enabled, waits(&part.on_hit)));
    }
    for (i, part) in document.exclusions.iter().enumerate() {
        let (id, cause) = ((part.id.as_str(), part.name.as_str()), Cause::Exclusion(part.id.clone()));
        let change = Box::new(move |d: &mut Document| d.exclusions[i].enabled = false);
        marks.push((add(RuleKind::Exclusion, id, "Contact", cause, change), part.enabled, None));
    }
    for (i, part) in document.quiet_hours.iter().enumerate() {
        let (id, cause) = ((part.id.as_str(), part.name.as_str()), Cause::QuietHours(part.id.clone()));
        let change = Box::new(move |d: &mut Document| d.quiet_hours[i].enabled = false);
        marks.push((add(RuleKind::QuietHours, id, "Contact", cause, change), part.enabled, waits(&part.on_hit)));
    }
    for (i, part) in document.stocks.iter().enumerate() {
        let change = Box::new(move |d: &mut Document| drop(d.stocks.remove(i)));
        add(RuleKind::Stock, (&part.id, ""), "Contact", Cause::Stock(part.id.clone()), change);
    }
    let floors = &document.arbitration.floors;
    if floors.iter().any(|f| f.min_propensity.is_some()) {
        let change: Change =
            Box::new(|d| d.arbitration.floors.iter_mut().for_each(|floor| floor.min_propensity = None));
        let id = ("min_propensity", "Least response propensity");
        let at = add(RuleKind::Floor, id, "Arbitration", Cause::PropensityFloor, change);
        marks.push((at, true, Some(true)));
    }
    if floors.iter().any(|f| f.min_priority.is_some()) {
        let change: Change = Box::new(|d| d.arbitration.floors.iter_mut().for_each(|floor| floor.min_priority = None));
        let id = ("min_priority", "Least priority");
        let at = add(RuleKind::Floor, id, "Arbitration", Cause::PriorityFloor, change);
        marks.push((at, true, Some(true)));
    }
    for (i, part) in document.budgets.iter().enumerate() {
        let (id, cause) = ((part.id.as_str(), part.name.as_str()), Cause::Budget(part.id.clone()));
        let change = Box::new(move |d: &mut Document| d.budgets[i].enabled = false);
        let at = add(RuleKind::Budget, id, "Budget", cause, change);
        // One that lags behind its minimum lifts its candidates.
        marks.push((at, part.enabled, part.min.map(|_| false)));
    }
    for (at, enabled, only_removes) in marks {
        list[at].enabled = enabled;
        list[at].only_removes = only_removes.unwrap_or(list[at].only_removes);
    }
    list
}

type Change = Box<dyn Fn(&mut Document)>;

/// What waits or goes another way is not removed, and shows among no fates.
fn waits(on_hit: &OnHit) -> Option<bool> {
    (!on_hit.is_drop()).then_some(false)
}
