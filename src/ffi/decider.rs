//! A loaded policy that speaks JSON: the names of a request are found without a search through the policy.

use crate::answer;
use crate::info;
use crate::refusal::{Kind, Refusal};
use crate::request::Ask;
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
}

impl Known {
    fn of(document: &Document) -> Known {
        Known { fields: document.schema.fields.iter().enumerate().map(|(i, field)| (field.name.clone(), i)).collect() }
    }

    /// Position of a field in the schema.
    pub fn field(&self, name: &str) -> Option<usize> {
        self.fields.get(name).copied()
    }
}
