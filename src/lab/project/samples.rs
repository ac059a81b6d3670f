//! The sample project: an outdoor shop's customers and a randomised e-mail trial, generated from a seed, with a policy that
//! uses every stage. It is made on demand, so an installed program has it too; nobody in it is real.

use super::parts::{DataSource, Goal, Origin, Parts, Scenario};
use super::store::Project;
use crate::data::{Arm, Roles};
use crate::error::Result;
use crate::models::{Calibrate, Family, ModelSpec};
use crate::world::{self, WorldSpec};
use attune_policy::Document;
use attune_policy::action::{Action, Channel, Direction, Group, Issue, Treatment};
use attune_policy::arbitration::{Arbitration, Floor, Mode};
use attune_policy::contact::{Cap, CapTarget, EventKind, Window};
use attune_policy::document::Fallback;
use attune_policy::holdout::{Holdout, HoldoutKind};
use attune_policy::rule::{OnMissing, Rule, Scope, Stage};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of the sample's folder.
pub const NAME: &str = "outdoor-shop";

/// Customers of the sample.
const CUSTOMERS: usize = 20_000;

/// The sample's folder inside `projects`, a folder of projects; made when it is not there.
///
/// # Errors
/// When it cannot be written.
pub fn ensure(projects: &Path) -> Result<PathBuf> {
    let dir = projects.join(NAME);
    if !dir.join("project.ron").exists() {
        create(&dir)?;
    }
    Ok(dir)
}

/// Makes the sample in `dir`.
///
/// # Errors
/// When `dir` is a project already or cannot be written.
pub fn create(dir: &Path) -> Result<Project> {
    Project::create(dir, &parts(CUSTOMERS)?)
}

/// The sample's document over a world of `customers`.
///
/// # Errors
/// Never for more than a handful of customers.
pub fn parts(customers: usize) -> Result<Parts> {
    let spec = WorldSpec { name: NAME.into(), customers, seed: 7, ..WorldSpec::default() };
    // Roles and columns are the same for a world of any size.
    let small = world::generate(&WorldSpec { customers: 200, ..spec.clone() })?;
    let roles = small.roles;
    let source = DataSource {
        name: super::CUSTOMERS.into(),
        rows: (spec.customers * spec.decisions as usize) as u64,
        columns: small.trial.columns().to_vec(),
        origin: Origin::World(spec),
        ..DataSource::default()
    };
    let goal = Goal {
        name: "Outdoor shop".into(),
        outcome: Some("conversion".into()),
        horizon_days: Some(14),
        least_lift: Some(0.005),
        as_of: roles.as_of,
    };
    Ok(Parts {
        goal: Arc::new(goal),
        sources: Arc::new(vec![source]),
        models: Arc::new(models(&roles)),
        draft: Arc::new(draft()),
        roles: Arc::new(roles),
        events: Arc::default(),
        fields: Arc::default(),
        recipe: Arc::default(),
        attached: Arc::default(),
        scenarios: Arc::new(vec![Scenario {
            id: "discounts_for_all".into(),
            name: "Discounts for all".into(),
            note: "What if the discount were not kept for those whom it moves?".into(),
            disabled: ["discount_pays".to_owned(), "has_bought".to_owned()].into(),
        }]),
    })
}

/// For each offer the probability of a purchase after it, learned twice: by logistic regression and by boosted trees.
fn models(roles: &Roles) -> Vec<ModelSpec> {
    let mut models = Vec::new();
    for (value, arm) in &roles.arms {
        let Arm::Candidate { action, .. } = arm else { continue };
        let name = offer(action).map_or(action.as_str(), |o| o.name);
        for (suffix, family) in [("", Family::logistic()), ("_trees", Family::boosted())] {
            let mut spec = ModelSpec::new(format!("buys_{action}{suffix}"), "conversion");
            let how = if suffix.is_empty() { "logistic" } else { "boosted" };
            spec.name = format!("Buys after {} ({how})", name.to_lowercase());
            spec.family = family;
            spec.arm = Some(value.clone());
            spec.calibration = Calibrate::Platt;
            models.push(spec);
        }
    }
    models
}

struct Offer {
    id: &'static str,
    name: &'static str,
    value: f64,
    cost: f64,
    tags: &'static [&'static str],
}

const OFFERS: [Offer; 3] = [
    Offer { id: "style_email", name: "Style e-mail", value: 30.0, cost: 0.1, tags: &[] },
    Offer { id: "home_email", name: "Home e-mail", value: 32.0, cost: 0.1, tags: &[] },
    Offer { id: "discount_email", name: "Discount e-mail", value: 22.0, cost: 0.1, tags: &["discount"] },
];

fn offer(id: &str) -> Option<&'static Offer> {
    OFFERS.iter().find(|o| o.id == id)
}

fn draft() -> Document {
    Document {
        id: NAME.into(),
        name: "Spring e-mails".into(),
        note: "Who gets which spring e-mail, and who is left in peace.".into(),
        issues: vec![Issue {
            id: "sales".into(),
            weight: 0.0,
            groups: vec![Group { id: "offers".into(), weight: 0.0 }],
        }],
        channels: vec![Channel { id: "email".into(), direction: Direction::Outbound }],
        actions: OFFERS.iter().map(action).collect(),
        holdouts: vec![Holdout {
            id: "measure_us".into(),
            kind: HoldoutKind::Global,
            salt: "outdoor-shop-2026".into(),
            share: 0.05,
            ..Holdout::default()
        }],
        rules: rules(),
        caps: vec![
            Cap {
                id: "four_a_month".into(),
                name: "At most 4 e-mails in 28 days".into(),
                target: CapTarget::Channel,
                channel: Some("email".into()),
                event: EventKind::Sent,
                limit: Some(4),
                window: Window::Rolling(28 * 86_400),
                bypassable: false,
                enabled: true,
                ..Cap::default()
            },
            Cap {
                id: "one_discount_a_month".into(),
                name: "At most 1 discount in 30 days".into(),
                target: CapTarget::Tag("discount".into()),
                channel: None,
                event: EventKind::Sent,
                limit: Some(1),
                window: Window::Rolling(30 * 86_400),
                bypassable: false,
                enabled: true,
                ..Cap::default()
            },
        ],
        arbitration: Arbitration {
            mode: Mode::NetValue,
            context_weights: Vec::new(),
            floors: vec![Floor { scope: Scope::All, min_propensity: Some(0.005), min_priority: None }],
        },
        fallback: vec![Fallback { action: "style_email".into(), treatment: "email".into() }],
        ..Document::default()
    }
}

fn action(offer: &Offer) -> Action {
    Action {
        id: offer.id.into(),
        name: offer.name.into(),
        group: "offers".into(),
        value: offer.value,
        cost: offer.cost,
        weight: 0.0,
        valid_from: None,
        valid_until: None,
        tags: offer.tags.iter().map(|t| (*t).to_owned()).collect(),
        mandatory: false,
        service: false,
        obeys_caps: true,
        counts_toward_caps: true,
        propensity: Some(format!("buys_{}", offer.id)),
        attributes: Default::default(),
        treatments: vec![Treatment {
            id: "email".into(),
            channel: "email".into(),
            template: format!("spring-{}", offer.id.replace('_', "-")),
            propensity: None,
            ..Treatment::default()
        }],
        ..Action::default()
    }
}

fn rules() -> Vec<Rule> {
    let rule = |id: &str, name: &str, stage: Stage, scope: Scope, expr: &str, reason: &str| Rule {
        id: id.into(),
        name: name.into(),
        stage,
        scope,
        expr: expr.into(),
        on_missing: OnMissing::Remove,
        reason: reason.into(),
        enabled: true,
        note: String::new(),
        ..Rule::default()
    };
    let mail = || Scope::Channel("email".into());
    let offer = |id: &str| Scope::Action(id.into());
    vec![
        rule(
            "consent",
            "Has agreed to e-mail",
            Stage::Guard,
            mail(),
            "newsletter",
            "We write only to people who subscribed to the newsletter",
        ),
        rule(
            "adult",
            "Is 18 or older, where we know the age",
            Stage::Eligibility,
            Scope::All,
            "(age ?? 18) >= 18",
            "Offers are for adults",
        ),
        rule(
            "has_bought",
            "Has bought before",
            Stage::Eligibility,
            offer("discount_email"),
            "frequency >= 1",
            "A discount rewards customers; it is not for people who never bought",
        ),
        Rule {
            on_missing: OnMissing::Keep,
            ..rule(
                "not_just_bought",
                "Did not buy in the last week",
                Stage::Applicability,
                Scope::All,
                "recency_days > 7",
                "Right after a purchase another offer only disturbs",
            )
        },
        rule(
            "discount_pays",
            "A discount makes the difference",
            Stage::Suitability,
            offer("discount_email"),
            "score(\"buys_discount_email_trees\") >= 0.02 && (discount_share ?? 0.0) >= 0.2",
            "Money off only for people who buy because of it",
        ),
        rule(
            "reads_little",
            "Prefer people who open our e-mails",
            Stage::SoftSuitability,
            Scope::All,
            "if (open_rate ?? 0.3) < 0.1 { 0.5 } else { 1.0 }",
            "Who never opens an e-mail should hear from us less",
        ),
    ]
}
