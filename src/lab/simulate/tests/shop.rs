//! A shop whose customers come one after the other, two decisions each, two customers to a household. The mail helps those alone whose `x` is
//! high: where not everybody can have it, it matters who comes first, and whether the policy waits for those whom it helps.

use super::{compile, document};
use crate::data::cells::Cells;
use crate::data::{Arm, Dataset, Logging, Role, Roles};
use crate::random::Random;
use attune_policy::contact::{Budget, Cap, CapTarget, EventKind, Measure, Stock, Window};
use attune_policy::document::Document;
use attune_policy::history::Identity;
use attune_policy::rule::Scope;

/// The rows, and what they would have brought.
pub(in crate::simulate) struct Shop {
    pub trial: Dataset,
    pub roles: Roles,
    /// Chance of a purchase without and with the mail, by row.
    pub truth: Vec<[f64; 2]>,
}

/// Where the mail helps much.
pub(in crate::simulate) const HELPED: f64 = 0.7;

/// Instant of the first row.
pub(in crate::simulate) const START: i64 = 1_750_000_000_000;

/// `rows` decisions, one a minute; the mail adds 0.4 to the chance of a purchase from [`HELPED`] on, and `little` below.
pub(in crate::simulate) fn shop(rows: usize, little: f64, seed: u64) -> Shop {
    let mut random = Random::new(seed);
    let x: Vec<f64> = (0..rows).map(|_| random.uniform()).collect();
    let truth: Vec<[f64; 2]> = x.iter().map(|x| [0.2, 0.2 + if *x > HELPED { 0.4 } else { little }]).collect();
    let mailed: Vec<bool> = (0..rows).map(|_| random.chance(0.5)).collect();
    let bought = (0..rows).map(|row| i64::from(random.chance(truth[row][usize::from(mailed[row])]))).collect();
    let customers = rows.div_ceil(2);
    let customer = |row: usize| row % customers;
    let texts = |of: &dyn Fn(usize) -> String| {
        let texts: Vec<String> = (0..rows).map(of).collect();
        Cells::from_texts(texts.iter().map(|text| Some(text.as_str())))
    };
    let columns = vec![
        ("customer".to_owned(), texts(&|row| format!("c{}", customer(row)))),
        ("household".to_owned(), texts(&|row| format!("h{}", customer(row) / 2))),
        ("decided_at".to_owned(), Cells::Time((0..rows as i64).map(|row| START + row * 60_000).collect())),
        ("x".to_owned(), Cells::Number(x)),
        ("arm".to_owned(), texts(&|row| if mailed[row] { "mail" } else { "none" }.to_owned())),
        ("bought".to_owned(), Cells::Integer(bought)),
    ];
    let mut roles = Roles::default();
    for (column, role) in [
        ("customer", Role::Subject),
        ("household", Role::Household),
        ("decided_at", Role::Time),
        ("x", Role::Feature),
        ("arm", Role::Action),
        ("bought", Role::Outcome),
    ] {
        roles.columns.insert(column.into(), role);
    }
    roles.arms.insert("none".into(), Arm::NoAction);
    roles.arms.insert("mail".into(), Arm::Candidate { action: "mail".into(), treatment: "email".into() });
    roles.logging = Logging::Randomised([("none".into(), 0.5), ("mail".into(), 0.5)].into());
    Shop { trial: Dataset::from_columns("shop", columns).unwrap(), roles, truth }
}

impl Shop {
    /// A policy that mails everybody.
    pub fn document(&self) -> Document {
        let mut document = document(self.roles.schema(&self.trial), &[("mail", 1.0)]);
        document.actions[0].cost = 0.5;
        document
    }

    /// The same within a budget of a share of the rows.
    pub fn budgeted(&self, share: f64) -> Document {
        Document { budgets: vec![count("mails", share * self.trial.rows() as f64)], ..self.document() }
    }

    /// Chance of a purchase per decision when a policy decides all rows.
    pub fn worth(&self, document: &Document) -> f64 {
        let options = super::plain();
        let policy = compile(Document { cases: Vec::new(), ..document.clone() });
        let task = crate::task::Task::default();
        let replay = crate::simulate::replay(&policy, &self.trial, &self.roles, &options, &task).unwrap();
        let mailed = replay.chosen.iter().map(|chosen| usize::from(*chosen != crate::simulate::replay::NO_ACTION));
        mailed.zip(&self.truth).map(|(mailed, truth)| truth[mailed]).sum::<f64>() / self.truth.len() as f64
    }
}

/// A budget of so many contacts.
pub(in crate::simulate) fn count(id: &str, max: f64) -> Budget {
    Budget {
        id: id.into(),
        name: String::new(),
        scope: Scope::All,
        measure: Measure::Count,
        event: EventKind::Sent,
        max: Some(max),
        min: None,
        reset: None,
        from: None,
        until: None,
        pacing: None,
        enabled: true,
    }
}

/// A stock of mails.
pub(in crate::simulate) fn stock(units: u64) -> Stock {
    Stock { id: "gifts".into(), action: "mail".into(), units, event: EventKind::Sent, since: None }
}

/// A cap on mails of whoever it counts together, for good.
pub(in crate::simulate) fn lifetime(id: &str, key: Identity, limit: u32) -> Cap {
    Cap {
        id: id.into(),
        name: id.into(),
        target: CapTarget::All,
        event: EventKind::Sent,
        limit: Some(limit),
        window: Window::Lifetime,
        key,
        ..Cap::default()
    }
}
