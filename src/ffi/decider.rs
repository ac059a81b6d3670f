//! A loaded policy that speaks JSON: the names of a request are found without a search through the policy.

use crate::answer;
use crate::info;
use crate::refusal::{Kind, Refusal};
use crate::request::Ask;
use attune_policy::action::{Action, Treatment};
use attune_policy::{Document, Error, Policy, Verification};
use std::collections::HashMap;

/// A policy that answers requests in JSON. It never changes, and any number of threads may ask it at once.
#[derive(Debug)]
pub struct Decider {
    policy: Policy,
    known: Known,
}

impl Decider {
    /// Verifies and loads the bytes of a policy file.
    ///
    /// # Errors
    /// When it is not signed as required, or with everything that is wrong with the policy.
    pub fn load(bytes: &[u8], verification: &Verification) -> Result<Decider, Refusal> {
        match Policy::load(bytes, verification) {
            Ok(policy) => Ok(Decider::new(policy)),
            Err(error) => {
                let kind = match error {
                    Error::Signature { .. } => Kind::Signature,
                    _ => Kind::Policy,
                };
                Err(Refusal { kind, message: error.to_string() })
            }
        }
    }

    /// A policy that is loaded already.
    pub fn new(policy: Policy) -> Decider {
        Decider { known: Known::of(policy.document()), policy }
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What a program may want to know of the policy, in JSON: id, revision, fields, candidates, models, warnings.
    pub fn info(&self) -> String {
        info::info(&self.policy)
    }

    /// Decides for a request in JSON; the answer is JSON too.
    ///
    /// # Errors
    /// As [`Ask::read`].
    pub fn decide(&self, request: &str) -> Result<String, Refusal> {
        let Ask { request, events, trace } = Ask::read(self, request)?;
        let decision = match trace {
            true => self.policy.decide_traced(&request, &events),
            false => self.policy.decide(&request, &events),
        };
        Ok(answer::answer(&self.policy, &request, &decision))
    }

    pub(crate) fn known(&self) -> &Known {
        &self.known
    }
}

/// The names of a policy.
#[derive(Debug)]
pub struct Known {
    fields: HashMap<String, usize>,
    actions: HashMap<String, Fact>,
}

/// What an event of an action says when it does not say otherwise.
#[derive(Debug)]
pub struct Fact {
    pub group: String,
    pub issue: String,
    pub tags: Vec<String>,
    /// Whether the action counts toward caps.
    pub counts: bool,
    cost: f64,
    treatments: Vec<Rendition>,
}

#[derive(Debug)]
struct Rendition {
    id: String,
    channel: String,
    cost: Option<f64>,
}

impl Known {
    fn of(document: &Document) -> Known {
        let groups = document.issues.iter().flat_map(|issue| issue.groups.iter().map(|group| (&*group.id, &*issue.id)));
        let issues: HashMap<&str, &str> = groups.collect();
        let rendition = |t: &Treatment| Rendition { id: t.id.clone(), channel: t.channel.clone(), cost: t.cost };
        let fact = |action: &Action| Fact {
            group: action.group.clone(),
            issue: issues.get(&*action.group).map_or(String::new(), |issue| (*issue).to_owned()),
            tags: action.tags.clone(),
            counts: action.counts_toward_caps,
            cost: action.cost,
            treatments: action.treatments.iter().map(rendition).collect(),
        };
        Known {
            fields: document.schema.fields.iter().enumerate().map(|(i, field)| (field.name.clone(), i)).collect(),
            actions: document.actions.iter().map(|action| (action.id.clone(), fact(action))).collect(),
        }
    }

    /// Position of a field in the schema.
    pub fn field(&self, name: &str) -> Option<usize> {
        self.fields.get(name).copied()
    }

    /// What is known of an action.
    pub fn action(&self, id: &str) -> Option<&Fact> {
        self.actions.get(id)
    }
}

impl Fact {
    /// The channel of a treatment; of the only one when it is not said.
    pub fn channel(&self, treatment: &str) -> Option<&str> {
        let only = self.treatments.first().filter(|_| self.treatments.len() == 1);
        self.named(treatment).or(only).map(|treatment| &*treatment.channel)
    }

    /// What sending a treatment once costs.
    pub fn cost(&self, treatment: &str) -> f64 {
        self.named(treatment).and_then(|treatment| treatment.cost).unwrap_or(self.cost)
    }

    fn named(&self, treatment: &str) -> Option<&Rendition> {
        self.treatments.iter().find(|known| known.id == treatment)
    }
}
