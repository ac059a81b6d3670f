//! The policies, requests and histories that the benchmarks of whole decisions work on, made from seeds.
#![allow(dead_code)] // each benchmark uses its part

use crate::harness::Random;
use attune_policy::action::{Action, Channel, Direction, Group, Issue, Treatment};
use attune_policy::contact::{Cap, CapTarget, EventKind, Window};
use attune_policy::document::Document;
use attune_policy::model::{Calibration, Encode, Function, Input, Link, Model, Tree};
use attune_policy::rule::{Rule, Scope, Stage};
use attune_policy::schema::{Field, Schema};
use attune_policy::{Request, Type, Value};

/// 2026-03-02T09:00:00Z.
pub const NOW: i64 = 1_772_442_000_000;

/// Seven small rules over eight fields: what one decision costs when it is little. In the order in which they are tried.
pub const SEVEN: [(Stage, &str); 7] = [
    (Stage::Guard, "consent"),
    (Stage::Eligibility, "age >= 18"),
    (Stage::Eligibility, "recency <= 9"),
    (Stage::Applicability, r#"device != "till""#),
    (Stage::Applicability, "visits * 2 + 1 > recency"),
    (Stage::Suitability, r#"segment == "women" || segment == "both""#),
    (Stage::Suitability, "spend > 40.0"),
];

/// The fields of [`SEVEN`].
pub const FIELDS: [(&str, Type); 8] = [
    ("recency", Type::Integer),
    ("spend", Type::Number),
    ("consent", Type::Bool),
    ("segment", Type::Text),
    ("age", Type::Integer),
    ("visits", Type::Integer),
    ("opened", Type::Number),
    ("device", Type::Text),
];

/// A row of [`FIELDS`] as a program of its own would hold it.
#[derive(Clone)]
pub struct Row {
    pub recency: i64,
    pub spend: f64,
    pub consent: bool,
    pub segment: &'static str,
    pub age: i64,
    pub visits: i64,
    pub opened: f64,
    pub device: &'static str,
}

impl Row {
    /// `n` rows; about one in seven passes all of [`SEVEN`], and each rule removes some.
    pub fn many(n: usize, seed: u64) -> Vec<Row> {
        let mut random = Random::new(seed);
        let row = |random: &mut Random| Row {
            recency: 1 + random.below(12) as i64,
            spend: (random.unit() * 20_000.0).round() / 100.0,
            consent: random.unit() < 0.85,
            segment: ["men", "women", "both"][random.below(3)],
            age: 14 + random.below(60) as i64,
            visits: random.below(12) as i64,
            opened: random.unit(),
            device: ["phone", "laptop", "tablet", "till"][random.below(4)],
        };
        (0..n).map(|_| row(&mut random)).collect()
    }

    /// The same as the values of a request.
    pub fn values(&self) -> Vec<Value> {
        vec![
            Value::Integer(self.recency),
            Value::Number(self.spend),
            Value::Bool(self.consent),
            Value::text(self.segment),
            Value::Integer(self.age),
            Value::Integer(self.visits),
            Value::Number(self.opened),
            Value::text(self.device),
        ]
    }

    /// [`SEVEN`] by hand.
    pub fn passes(&self) -> bool {
        self.consent
            && self.age >= 18
            && self.recency <= 9
            && self.device != "till"
            && self.visits * 2 + 1 > self.recency
            && (self.segment == "women" || self.segment == "both")
            && self.spend > 40.0
    }
}

/// Requests of rows.
pub fn requests(rows: &[Row]) -> Vec<Request> {
    let request = |(i, row): (usize, &Row)| Request {
        decision_id: format!("d{i}"),
        subject: format!("customer {i}"),
        now: NOW,
        fields: row.values(),
        ..Request::default()
    };
    rows.iter().enumerate().map(request).collect()
}

/// One action under [`SEVEN`]: no model, no holdout, no cap.
pub fn rules_only() -> Document {
    let mut document = base("rules_only", 1);
    for (i, (stage, expr)) in SEVEN.iter().enumerate() {
        document.rules.push(rule(&format!("r{i}"), *stage, Scope::All, (*expr).to_owned()));
    }
    document
}

/// 50 actions with 10 rules of their own each and one boosted model of 200 trees for all of them.
pub fn fifty_actions() -> Document {
    let mut document = base("fifty_actions", 50);
    let mut random = Random::new(50);
    for action in &mut document.actions {
        action.propensity = Some("boosted".into());
        for i in 0..10 {
            let (stage, expr) = criterion(&mut random, i);
            let id = format!("{}_{i}", action.id);
            document.rules.push(rule(&id, stage, Scope::Action(action.id.clone()), expr));
        }
    }
    document.models.push(boosted("boosted", 200, 31, &mut random));
    document
}

/// `n` actions of two treatments in 40 groups, 800 rules on every kind of scope, 20 caps.
pub fn many_actions(n: usize) -> Document {
    let mut document = base("many_actions", n);
    let mut random = Random::new(2_500);
    for (i, action) in document.actions.iter_mut().enumerate() {
        action.propensity = Some(format!("m{}", i % 3));
        action.tags = vec![["promo", "seasonal", "partner"][i % 3].to_owned()];
        action.attributes.insert("discount".into(), Value::Number((i % 30) as f64 / 100.0));
        action.treatments.push(treatment("sms", "sms"));
    }
    for i in 0..800 {
        let (stage, expr) = criterion(&mut random, i);
        let action = &document.actions[random.below(n)];
        let scope = match i % 8 {
            0 => Scope::Group(action.group.clone()),
            1 => Scope::Treatment(action.id.clone(), "sms".into()),
            2 => Scope::Channel("email".into()),
            _ => Scope::Action(action.id.clone()),
        };
        document.rules.push(rule(&format!("r{i}"), stage, scope, expr));
    }
    let targets =
        [CapTarget::All, CapTarget::Group, CapTarget::Action, CapTarget::Channel, CapTarget::Tag("promo".into())];
    for (i, target) in targets.iter().cycle().take(20).enumerate() {
        document.caps.push(Cap {
            id: format!("c{i}"),
            name: format!("Cap {i}"),
            target: target.clone(),
            channel: None,
            event: EventKind::Sent,
            limit: Some(2 + i as u32),
            window: Window::Rolling(86_400 * (1 + i as u64)),
            ..Cap::default()
        });
    }
    for i in 0..3 {
        document.models.push(boosted(&format!("m{i}"), 20, 31, &mut random));
    }
    document
}

/// A policy whose three models of 200 trees fill about ten megabytes.
pub fn heavy_models() -> Document {
    let mut document = base("heavy_models", 3);
    let mut random = Random::new(10);
    for i in 0..3 {
        document.models.push(boosted(&format!("m{i}"), 200, 240, &mut random));
        document.actions[i].propensity = Some(format!("m{i}"));
    }
    document
}

/// A boosted model over the numeric fields: `trees` trees of `leaves` leaves.
pub fn boosted(id: &str, trees: usize, leaves: usize, random: &mut Random) -> Model {
    let inputs = ["recency", "spend", "age", "visits", "opened"];
    let spans: [f32; 5] = [12.0, 200.0, 74.0, 12.0, 1.0];
    let trees = (0..trees).map(|_| tree(leaves, &spans, random)).collect();
    Model {
        id: id.to_owned(),
        name: format!("Boosted trees {id}"),
        target: "probability of a visit within two weeks".into(),
        inputs: inputs.map(|field| Input { field: field.into(), encode: Encode::Number }).into(),
        function: Function::Trees { base: -1.5, trees, link: Link::Logistic },
        calibration: Calibration::Identity,
        fallback: 0.1,
        ..Model::default()
    }
}

/// A tree grown by splitting a random leaf until there are `leaves`.
fn tree(leaves: usize, spans: &[f32], random: &mut Random) -> Tree {
    let mut tree = Tree::default();
    let mut open = vec![leaf(&mut tree, random)];
    while open.len() < leaves {
        let at = open.swap_remove(random.below(open.len()));
        let (left, right) = (leaf(&mut tree, random), leaf(&mut tree, random));
        let feature = random.below(spans.len());
        tree.feature[at as usize] = feature as i32;
        tree.threshold[at as usize] = random.unit() as f32 * spans[feature];
        (tree.left[at as usize], tree.right[at as usize]) = (left, right);
        tree.missing_left[at as usize] = random.unit() < 0.5;
        open.extend([left, right]);
    }
    tree
}

fn leaf(tree: &mut Tree, random: &mut Random) -> u32 {
    tree.feature.push(-1);
    tree.threshold.push((random.unit() as f32 - 0.5) * 0.1);
    tree.left.push(0);
    tree.right.push(0);
    tree.missing_left.push(false);
    (tree.feature.len() - 1) as u32
}

fn base(id: &str, actions: usize) -> Document {
    let groups = (0..40.min(actions)).map(|i| Group { id: format!("g{i}"), weight: 0.0 });
    let field = |(name, type_): &(&str, Type)| Field::new(*name, *type_);
    let mut document = Document {
        id: id.into(),
        name: id.into(),
        issues: vec![Issue { id: "sales".into(), weight: 0.0, groups: groups.collect() }],
        channels: ["email", "sms"].map(|id| Channel { id: id.into(), direction: Direction::Outbound }).into(),
        schema: Schema { fields: FIELDS.iter().map(field).collect() },
        ..Document::default()
    };
    for i in 0..actions {
        document.actions.push(Action {
            id: format!("a{i}"),
            name: format!("Action {i}"),
            group: format!("g{}", i % 40),
            value: 1.0 + (i % 7) as f64,
            cost: 0.05,
            treatments: vec![treatment("mail", "email")],
            ..Action::default()
        });
    }
    document
}

fn treatment(id: &str, channel: &str) -> Treatment {
    Treatment { id: id.into(), channel: channel.into(), ..Treatment::default() }
}

fn rule(id: &str, stage: Stage, scope: Scope, expr: String) -> Rule {
    Rule { id: id.into(), name: id.into(), stage, scope, expr, ..Rule::default() }
}

/// A rule of its own for an action; most rows pass it.
fn criterion(random: &mut Random, i: usize) -> (Stage, String) {
    let n = random.below(100);
    match i % 10 {
        0 => (Stage::Guard, "consent".into()),
        1 => (Stage::Eligibility, format!("age >= {}", 14 + n % 8)),
        2 => (Stage::Eligibility, format!("recency <= {}", 9 + n % 4)),
        3 => (Stage::Eligibility, format!("spend > {n}.5 || visits > {}", n % 4)),
        4 => (Stage::Applicability, r#"device != "till""#.into()),
        5 => (Stage::Applicability, format!("visits * {} + 3 > recency", 2 + n % 5)),
        6 => (Stage::Applicability, format!(r#"segment != "{}""#, ["men", "women", "both"][n % 3])),
        7 => (Stage::Suitability, format!("opened >= 0.0{}", n % 10)),
        8 => (Stage::Suitability, format!("between(age, {}, {})", 10 + n % 8, 60 + n % 20)),
        _ => (Stage::SoftSuitability, format!("if recency > {} {{ 0.5 }} else {{ 1.0 }}", 3 + n % 6)),
    }
}
