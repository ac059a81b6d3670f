//! What a proposal keeps of a policy, and how a tree becomes its rules.
//!
//! Guards, eligibility, holdouts, contact policy, budgets and overrides stay as they are. What says who is to get what (relevance,
//! suitability, levers, models, floors, the fallback ladder) gives way to one applicability rule per action. Nothing is ever made
//! possible that a guard or a cap forbids: rules only remove.

use crate::simulate::log::{DecisionLog, NO_ARM};
use crate::simulate::run::uses_models;
use attune_policy::arbitration::{Arbitration, ColdStart};
use attune_policy::document::{Document, Operation};
use attune_policy::rule::{OnMissing, Rule, Scope, Stage};
use std::collections::BTreeSet;

/// A candidate that a proposal speaks of.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Candidate {
    /// Action id.
    pub action: String,
    /// Treatment id.
    pub treatment: String,
    /// Name for people.
    pub name: String,
    /// Arm of the log that it is, [`NO_ARM`] when it was never logged.
    pub arm: u16,
    /// What doing it costs.
    pub cost: f64,
    scope: Scope,
    slug: String,
}

/// When a candidate may be chosen.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Gate {
    /// Always.
    Open,
    /// Never, and why.
    Closed(&'static str),
    /// Under a condition: Rhai, words, note.
    When(String, String, String),
}

/// What a proposal keeps of a policy.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    document: Document,
    /// What can be chosen: every candidate but mandatory ones, which stay as they are.
    pub candidates: Vec<Candidate>,
    /// What was kept, in words.
    pub kept: Vec<String>,
    /// What gives way, in words.
    pub dropped: Vec<String>,
}

impl Frame {
    /// The frame of a policy; rules named in `keep` stay whatever their stage.
    pub fn new(policy: &Document, log: &DecisionLog, keep: &[String]) -> Frame {
        let mut document = policy.clone();
        let (mut kept, mut dropped) = (Vec::new(), Vec::new());
        document.rules.retain(|rule| {
            let stays = matches!(rule.stage, Stage::Guard | Stage::Eligibility) || keep.contains(&rule.id);
            if rule.enabled {
                let list = if stays { &mut kept } else { &mut dropped };
                list.push(format!("rule {}", rule.id));
            }
            stays
        });
        for action in &mut document.actions {
            (action.propensity, action.uplift, action.evidence) = (None, None, None);
            for treatment in &mut action.treatments {
                (treatment.propensity, treatment.uplift, treatment.evidence) = (None, None, None);
            }
        }
        let used = uses_models(&document);
        document.models.retain(|model| used.contains(&model.id));
        document.provenance.training.retain(|training| used.contains(&training.model));
        for model in policy.models.iter().filter(|model| !used.contains(&model.id)) {
            dropped.push(format!("model {}", model.id));
        }
        let mut gives_way = |what: &str, there: bool| {
            if there {
                dropped.push(what.to_owned());
            }
        };
        gives_way("the formula and floors of arbitration", document.arbitration != Arbitration::default());
        gives_way("the fallback ladder", !document.fallback.is_empty());
        gives_way("exploration", document.exploration.is_some());
        gives_way("the treatment of low confidence", !document.cold_start.is_empty());
        gives_way("the agreed cases", !document.cases.is_empty());
        document.arbitration = Arbitration::default();
        document.cold_start = ColdStart::default();
        document.fallback.clear();
        document.cases.clear();
        (document.exploration, document.baseline, document.mode) = (None, None, Operation::Live);
        let mut stays = |what: &str, n: usize| {
            if n > 0 {
                kept.push(format!("{n} {what}{}", if n == 1 { "" } else { "s" }));
            }
        };
        stays("holdout", document.holdouts.len());
        stays("cap", document.caps.len());
        stays("outcome suppression", document.suppressions.len());
        stays("cool-down", document.cool_downs.len());
        stays("exclusion", document.exclusions.len());
        stays("span of quiet hours", document.quiet_hours.len());
        stays("stock", document.stocks.len());
        stays("budget", document.budgets.len());
        stays("override", document.overrides.len());
        let mut candidates = Vec::new();
        for action in &document.actions {
            let several = action.treatments.len() > 1;
            if action.mandatory {
                kept.push(format!("mandatory action {}", action.id));
                continue;
            }
            for treatment in &action.treatments {
                let (id, own) = (action.id.clone(), treatment.id.clone());
                candidates.push(Candidate {
                    name: if several { format!("{} ({own})", action.name) } else { action.name.clone() },
                    slug: if several { format!("{id}_{own}") } else { id.clone() },
                    arm: log.arm_of(&id, &own),
                    cost: treatment.cost.unwrap_or(action.cost),
                    scope: if several { Scope::Treatment(id.clone(), own.clone()) } else { Scope::Action(id.clone()) },
                    action: id,
                    treatment: own,
                });
            }
        }
        Frame { document, candidates, kept, dropped }
    }

    /// Costs by arm of the log; 0 for arms that are no candidate.
    pub fn costs(&self, arms: usize) -> Vec<f64> {
        let mut costs = vec![0.0; arms];
        for candidate in self.candidates.iter().filter(|candidate| candidate.arm != NO_ARM) {
            costs[usize::from(candidate.arm)] = candidate.cost;
        }
        costs
    }

    /// The policy with a gate for every candidate; its new rules stand last.
    pub fn with(&self, gates: &[Gate]) -> Document {
        let mut document = self.document.clone();
        let mut taken: BTreeSet<String> = document.rules.iter().map(|rule| rule.id.clone()).collect();
        for (candidate, gate) in self.candidates.iter().zip(gates) {
            let (name, expr, note) = match gate {
                Gate::Open => continue,
                Gate::Closed(why) => (format!("{}: nobody", candidate.name), "false".to_owned(), (*why).to_owned()),
                Gate::When(expr, words, note) => (format!("{}: {words}", candidate.name), expr.clone(), note.clone()),
            };
            let slug: String = (candidate.slug.chars().take(50))
                .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
                .collect();
            let mut id = format!("search_{slug}");
            while !taken.insert(id.clone()) {
                id.push('_');
            }
            document.rules.push(Rule {
                id,
                name,
                stage: Stage::Applicability,
                scope: candidate.scope.clone(),
                expr,
                on_missing: OnMissing::Remove,
                reason: "Others gain more from another choice, or from none".into(),
                note,
                ..Rule::default()
            });
        }
        document
    }
}
