//! Searches on plain numbers, on generated trials whose truth is known, and on the Hillstrom trial.

use super::*;

mod core;
mod hillstrom;
mod limits;
mod planted;
mod tuned;
mod worlds;

use crate::data::cells::Cells;
use crate::data::{Arm, Dataset, Logging, Role, Roles};
use crate::random::Random;
use crate::simulate::tests::{compile, document};
use attune_policy::Policy;
use attune_policy::rule::Rule;

/// A trial of one mail against none: half of the rows each.
struct Mailing {
    dataset: Dataset,
    roles: Roles,
    /// Expected outcome of each row without and with the mail.
    truth: Vec<[f64; 2]>,
}

/// `rows` customers. The mail adds `effect` to the outcome where `recency` is at most 6 and `womens` is 1, and takes `harm` elsewhere; where
/// the zone is missing, as everywhere.
fn mailing(rows: usize, effect: f64, harm: f64, seed: u64) -> Mailing {
    let mut random = Random::new(seed);
    let (mut recency, mut womens, mut history, mut zone) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut arm, mut spend, mut truth) = (Vec::new(), Vec::new(), Vec::new());
    let mut subscribed = Vec::new();
    for _ in 0..rows {
        let (r, w) = (1 + random.below(12) as i64, random.below(2) as i64);
        let h = (random.exponential() * 20_000.0).round() / 100.0;
        let without = 5.0 - 0.2 * r as f64 + 0.002 * h;
        let with = without + if r <= 6 && w == 1 { effect } else { -harm };
        let mailed = random.below(2) == 1;
        recency.push(r);
        womens.push(w);
        history.push(if random.chance(0.1) { f64::NAN } else { h });
        zone.push(["Urban", "Rural", "Suburban"].get(random.below(4)).copied());
        subscribed.push(Some(random.chance(0.8)));
        arm.push(Some(if mailed { "mail" } else { "none" }));
        spend.push(if mailed { with } else { without } + random.normal());
        truth.push([without, with]);
    }
    let columns = vec![
        ("recency".to_owned(), Cells::Integer(recency)),
        ("womens".to_owned(), Cells::Integer(womens)),
        ("history".to_owned(), Cells::Number(history)),
        ("zone".to_owned(), Cells::from_texts(zone)),
        ("subscribed".to_owned(), Cells::Bool(subscribed)),
        ("arm".to_owned(), Cells::from_texts(arm)),
        ("spend".to_owned(), Cells::Number(spend)),
    ];
    let mut roles = Roles { as_of: Some(1_700_000_000_000), ..Roles::default() };
    for (column, role) in [
        ("recency", Role::Feature),
        ("womens", Role::Feature),
        ("history", Role::Feature),
        ("zone", Role::Feature),
        ("subscribed", Role::Consent),
        ("arm", Role::Action),
        ("spend", Role::Outcome),
    ] {
        roles.columns.insert(column.into(), role);
    }
    roles.arms.insert("none".into(), Arm::NoAction);
    roles.arms.insert("mail".into(), Arm::Candidate { action: "mail".into(), treatment: "email".into() });
    roles.logging = Logging::Randomised([("none".into(), 0.5), ("mail".into(), 0.5)].into());
    Mailing { dataset: Dataset::from_columns("mailing", columns).unwrap(), roles, truth }
}

impl Mailing {
    /// A policy that mails under some rules.
    fn policy(&self, rules: Vec<Rule>) -> Policy {
        compile(Document { rules, ..document(self.roles.schema(&self.dataset), &[("mail", 1.0)]) })
    }

    /// True mean outcome of a policy over the rows.
    fn worth(&self, policy: &Policy) -> f64 {
        let mailed = mailed(policy, &self.dataset, &self.roles);
        mailed.iter().zip(&self.truth).map(|(mailed, truth)| truth[usize::from(*mailed)]).sum::<f64>()
            / mailed.len() as f64
    }
}

use attune_policy::document::Document;

/// Whether the engine mails each row.
fn mailed(policy: &Policy, dataset: &Dataset, roles: &Roles) -> Vec<bool> {
    let options = crate::simulate::Options::default();
    let replay = crate::simulate::replay(policy, dataset, roles, &options, &crate::task::Task::default()).unwrap();
    replay.chosen.iter().map(|chosen| *chosen != crate::simulate::replay::NO_ACTION).collect()
}
