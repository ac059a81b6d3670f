//! Baselines as policies: no action for all, and each arm of the log for all. They go through the same engine as any
//! other policy; nothing about them is computed aside.

use crate::data::Arm;
use crate::error::{Error, Result};
use crate::simulate::log::DecisionLog;
use attune_policy::action::{Action, Channel, Direction, Group, Issue, Treatment};
use attune_policy::document::Document;
use attune_policy::policy::Policy;
use attune_policy::rule::{OnMissing, Rule, Scope, Stage};
use attune_policy::schema::Schema;
use std::collections::BTreeMap;

/// A baseline and its name in the report.
#[derive(Debug)]
pub struct Baseline {
    /// "Mens E-Mail for all".
    pub name: String,
    /// The policy.
    pub policy: Policy,
}

/// One baseline per arm that the log holds, the untreated one first, over requests of `schema`.
///
/// # Errors
/// When an arm's ids cannot be those of an action.
pub fn baselines(log: &DecisionLog, schema: &Schema) -> Result<Vec<Baseline>> {
    log.arms
        .iter()
        .filter(|arm| arm.count > 0)
        .map(|arm| {
            let document = document(&arm.arm, &arm.name, schema);
            let policy = Policy::compile(document)
                .map_err(|error| Error::new(format!("arm `{}` cannot be made a policy: {error}", arm.name)))?;
            Ok(Baseline { name: format!("{} for all", arm.name), policy })
        })
        .collect()
}

/// The policy that gives this arm to everybody: its only action is the arm; for the untreated arm a rule keeps nobody.
pub fn document(arm: &Arm, name: &str, schema: &Schema) -> Document {
    let (action, treatment, rules) = match arm {
        Arm::Candidate { action, treatment } => (action.as_str(), treatment.as_str(), Vec::new()),
        Arm::NoAction => ("any", "any", vec![nobody()]),
    };
    Document {
        id: "baseline".into(),
        name: format!("{name} for all"),
        schema: schema.clone(),
        issues: vec![Issue {
            id: "baseline".into(),
            weight: 0.0,
            groups: vec![Group { id: "baseline".into(), weight: 0.0 }],
        }],
        channels: vec![Channel { id: "any".into(), direction: Direction::Outbound }],
        actions: vec![Action {
            id: action.into(),
            name: name.into(),
            group: "baseline".into(),
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
            propensity: None,
            attributes: BTreeMap::new(),
            treatments: vec![Treatment {
                id: treatment.into(),
                channel: "any".into(),
                template: String::new(),
                propensity: None,
                ..Treatment::default()
            }],
            ..Action::default()
        }],
        rules,
        ..Document::default()
    }
}

fn nobody() -> Rule {
    Rule {
        id: "nobody".into(),
        name: "Nobody".into(),
        stage: Stage::Eligibility,
        scope: Scope::All,
        expr: "false".into(),
        on_missing: OnMissing::Remove,
        reason: "The baseline without any action.".into(),
        enabled: true,
        note: String::new(),
        ..Rule::default()
    }
}
