//! What the tests of simulation share: policies in few words, worlds, and the Hillstrom trial where its file is at hand.

mod designs;
mod doubly;
mod estimators;
mod hillstrom;
mod logs;
mod parts;
mod recompute;
mod reports;
mod shared;
pub(in crate::simulate) mod shop;
mod stateful;
mod unvaried;
mod weighed;
mod worlds;

use crate::data::import::{ImportOptions, import};
use crate::data::{Arm, Dataset, Logging, Role, Roles};
use crate::error::{Error, Result};
use crate::simulate::{Keep, Options};
use crate::task::Task;
use crate::world::{World, WorldSpec, generate};
use attune_policy::action::{Action, Channel, Direction, Group, Issue, Treatment};
use attune_policy::contact::{Cap, CapTarget, EventKind, Window};
use attune_policy::document::Document;
use attune_policy::model::{Calibration, Encode, Function, Input, Link, Model};
use attune_policy::policy::Policy;
use attune_policy::rule::{OnMissing, Rule, Scope, Stage};
use attune_policy::schema::Schema;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;

const DAY: u64 = 86_400;

/// Options without baselines, bootstrap and rule impact: the value alone.
pub(in crate::simulate) fn plain() -> Options {
    Options { baselines: false, bootstrap: 0, impact_rows: 0, rewards: None, ..Options::default() }
}

pub(in crate::simulate) fn world(spec: WorldSpec) -> World {
    generate(&spec).unwrap()
}

fn action(id: &str, value: f64, model: Option<&str>) -> Action {
    Action {
        id: id.into(),
        name: id.into(),
        group: "offers".into(),
        value,
        cost: 0.0,
        weight: 0.0,
        valid_from: None,
        valid_until: None,
        tags: Vec::new(),
        mandatory: false,
        service: false,
        obeys_caps: true,
        counts_toward_caps: true,
        propensity: model.map(str::to_owned),
        attributes: Default::default(),
        treatments: vec![Treatment {
            id: "email".into(),
            channel: "email".into(),
            template: String::new(),
            propensity: None,
            ..Treatment::default()
        }],
        ..Action::default()
    }
}

/// A policy over `schema` whose actions stand in order of their value.
pub(in crate::simulate) fn document(schema: Schema, actions: &[(&str, f64)]) -> Document {
    Document {
        id: "draft".into(),
        name: "Draft".into(),
        schema,
        issues: vec![Issue {
            id: "sales".into(),
            weight: 0.0,
            groups: vec![Group { id: "offers".into(), weight: 0.0 }],
        }],
        channels: vec![Channel { id: "email".into(), direction: Direction::Outbound }],
        actions: actions.iter().map(|(id, value)| action(id, *value, None)).collect(),
        ..Document::default()
    }
}

pub(in crate::simulate) fn rule(id: &str, stage: Stage, scope: Scope, expr: &str) -> Rule {
    Rule {
        id: id.into(),
        name: id.into(),
        stage,
        scope,
        expr: expr.into(),
        on_missing: OnMissing::Remove,
        reason: String::new(),
        enabled: true,
        note: String::new(),
        ..Rule::default()
    }
}

pub(in crate::simulate) fn only(action: &str) -> Scope {
    Scope::Action(action.into())
}

pub(in crate::simulate) fn cap(id: &str, target: CapTarget, event: EventKind, limit: u32, days: Option<u64>) -> Cap {
    Cap {
        id: id.into(),
        name: id.into(),
        target,
        channel: None,
        event,
        limit: Some(limit),
        window: days.map_or(Window::Lifetime, |d| Window::Rolling(d * DAY)),
        bypassable: false,
        enabled: true,
        ..Cap::default()
    }
}

/// A logistic model of one numeric field.
pub(in crate::simulate) fn logistic(id: &str, field: &str, intercept: f64, slope: f64) -> Model {
    Model {
        id: id.into(),
        name: id.into(),
        target: "probability of visit".into(),
        inputs: vec![Input { field: field.into(), encode: Encode::Standard { missing: 0.0, center: 0.0, scale: 1.0 } }],
        function: Function::Linear { intercept, coefficients: vec![slope], link: Link::Logistic },
        calibration: Calibration::Identity,
        fallback: 0.1,
        ..Model::default()
    }
}

pub(in crate::simulate) fn compile(document: Document) -> Policy {
    Policy::compile(document).unwrap_or_else(|error| panic!("{error}"))
}

/// Keeps parts in memory and breaks off after so many new ones.
pub(in crate::simulate) struct Memory {
    pub parts: RefCell<HashMap<String, Vec<u8>>>,
    pub found: RefCell<u32>,
    pub left: RefCell<u32>,
}

impl Memory {
    pub fn new(left: u32) -> Memory {
        Memory { parts: RefCell::default(), found: RefCell::new(0), left: RefCell::new(left) }
    }
}

impl Keep for Memory {
    fn find(&self, part: &str) -> Option<Vec<u8>> {
        let found = self.parts.borrow().get(part).cloned();
        *self.found.borrow_mut() += u32::from(found.is_some());
        found
    }

    fn keep(&self, part: &str, bytes: &[u8]) -> Result<()> {
        if *self.left.borrow() == 0 {
            return Err(Error::Cancelled);
        }
        *self.left.borrow_mut() -= 1;
        assert!(self.parts.borrow_mut().insert(part.to_owned(), bytes.to_vec()).is_none(), "{part} was made twice");
        Ok(())
    }
}

/// A file of the shared data folder; missing files skip a test, but not in CI.
pub(in crate::simulate) fn shared(path: &str) -> Option<PathBuf> {
    let root = match std::env::var_os("ATTUNE_SHARED") {
        Some(root) => PathBuf::from(root),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
    };
    let file = root.join(path);
    if !file.exists() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", file.display());
        println!("skipped: {} is not there", file.display());
        return None;
    }
    Some(file)
}

/// The Hillstrom trial through the real importer, with its design.
pub(in crate::simulate) fn hillstrom() -> Option<(Dataset, Roles)> {
    let file = shared("data/hillstrom/hillstrom.csv")?;
    let dataset = import(&file, &ImportOptions::default(), &Task::default()).unwrap().dataset;
    let mut roles = Roles { as_of: Some(1_206_000_000_000), ..Roles::default() };
    for column in dataset.columns() {
        let role = match column.name.as_str() {
            "segment" => Role::Action,
            "visit" | "conversion" | "spend" => Role::Outcome,
            _ => Role::Feature,
        };
        roles.columns.insert(column.name.clone(), role);
    }
    let email = |action: &str| Arm::Candidate { action: action.into(), treatment: "email".into() };
    for (value, arm) in
        [("No E-Mail", Arm::NoAction), ("Mens E-Mail", email("mens")), ("Womens E-Mail", email("womens"))]
    {
        roles.arms.insert(value.into(), arm);
    }
    roles.logging = Logging::Randomised(roles.arms.keys().map(|value| (value.clone(), 1.0 / 3.0)).collect());
    Some((dataset, roles))
}
