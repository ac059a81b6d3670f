//! The policy as a decision: a checked document, compiled once, that answers requests. It never changes after it is compiled.

use crate::approval::Approval;
use crate::cases;
use crate::codec;
use crate::decide::decide;
use crate::decision::{Candidate, Decision};
use crate::diagnostic::{Diagnostic, Severity};
use crate::document::Document;
use crate::error::Error;
use crate::history::History;
use crate::language::Kind;
use crate::model::Scratch;
use crate::plan::Plan;
use crate::request::Request;
use crate::row::Row;
use crate::signature::Verification;
use crate::version::Version;

/// A policy ready to decide.
#[derive(Debug)]
pub struct Policy {
    document: Document,
    version: Version,
    revision: String,
    approvals: Vec<Approval>,
    signed_by: Vec<String>,
    warnings: Vec<Diagnostic>,
    candidates: Vec<Candidate>,
    plan: Plan,
}

impl Policy {
    /// Verifies, reads, checks and compiles the bytes of a policy file, then runs its cases.
    ///
    /// Signatures come first: of a file that fails `verification` nothing is read. [`Verification::none()`] is for files that
    /// nobody signs.
    ///
    /// # Errors
    /// [`Error::Signature`] when it is not signed as required, [`Error::File`] when the bytes are not a policy file this version
    /// reads, [`Error::Invalid`] when it cannot be used.
    pub fn load(bytes: &[u8], verification: &Verification) -> Result<Policy, Error> {
        let signed_by = verification.check(bytes)?;
        let file = codec::open(bytes)?;
        let mut policy = Policy::with_revision(file.document, |_| Ok(file.revision))?;
        (policy.version, policy.approvals, policy.signed_by) = (file.version, file.approvals, signed_by);
        let failures = cases::run(&policy, &policy.document.cases);
        if failures.is_empty() {
            Ok(policy)
        } else {
            Err(Error::Invalid(failures.iter().map(Diagnostic::from).collect()))
        }
    }

    /// Checks and compiles `document`. Its cases are not run.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every finding at once.
    pub fn compile(document: Document) -> Result<Policy, Error> {
        Policy::with_revision(document, codec::revision)
    }

    fn with_revision(
        document: Document,
        revision: impl FnOnce(&Document) -> Result<String, Error>,
    ) -> Result<Policy, Error> {
        let (plan, findings) = crate::check::compile(&document);
        if findings.iter().any(|finding| finding.severity == Severity::Error) {
            return Err(Error::Invalid(findings));
        }
        let candidates = plan.slots.iter().map(|slot| slot.candidate).collect();
        Ok(Policy {
            version: Version::CURRENT,
            revision: revision(&document)?,
            approvals: Vec::new(),
            signed_by: Vec::new(),
            document,
            warnings: findings,
            candidates,
            plan,
        })
    }

    /// The document it was compiled from.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// SHA-256 of the canonical bytes, lower-case hex.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// Format of the file it was loaded from.
    pub fn format(&self) -> Version {
        self.version
    }

    /// What people said of this revision, from the file it was loaded from. Whether they suffice is the host's to judge.
    pub fn approvals(&self) -> &[Approval] {
        &self.approvals
    }

    /// Names of the keys whose signatures were verified when it was loaded.
    pub fn signed_by(&self) -> &[String] {
        &self.signed_by
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
    pub fn decide(&self, request: &Request, history: &dyn History) -> Decision {
        decide(self, request, history, false)
    }

    /// The same answer as [`Policy::decide`], with its trace.
    pub fn decide_traced(&self, request: &Request, history: &dyn History) -> Decision {
        decide(self, request, history, true)
    }

    /// Decides for many requests over one history; the same answers as one by one.
    pub fn decide_batch(&self, requests: &[Request], history: &dyn History) -> Vec<Decision> {
        requests.iter().map(|request| self.decide(request, history)).collect()
    }

    /// Calibrated output of a model for a request, or its fallback; `None` when the policy has no such model.
    pub fn score(&self, model: &str, request: &Request) -> Option<f64> {
        let (_, scorer) = self.plan.models.iter().find(|(id, _)| **id == *model)?;
        let row = Row::new(&self.document.schema, &self.plan.program, &request.fields, &mut |_| {});
        Some(scorer.score(&row, &mut Scratch::default()).value)
    }

    /// How a rule is evaluated; `None` for an unknown rule, or one that is switched off.
    pub fn rule_kind(&self, rule: &str) -> Option<Kind> {
        self.plan.rules.iter().find(|planned| *planned.id == *rule).map(|planned| planned.compiled.kind())
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }
}
