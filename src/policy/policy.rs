//! The policy as a decision: a checked document, compiled once, that answers requests. It never changes after it is compiled.

use crate::approval::Approval;
use crate::cases;
use crate::codec;
use crate::columns::Columns;
use crate::decide::{BatchScratch, Lookahead};
use crate::decide::{budgets, decide, decide_batch, decide_batch_into, decide_into, diagnostics};
use crate::decision::{Candidate, Decision};
use crate::diagnostic::{Diagnostic, Severity};
use crate::document::Document;
use crate::error::Error;
use crate::history::{EventDefaults, History, Identity};
use crate::language::{Compiled, Kind};
use crate::model;
use crate::outcome::{BudgetState, Outcome, Scratch};
use crate::plan::Plan;
use crate::request::Request;
use crate::row::Row;
use crate::signature::Verification;
use crate::version::Version;
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};

/// The next policy's serial number. No answer depends on it.
static NEXT: AtomicU64 = AtomicU64::new(1);

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
    /// Tells this compiled policy from every other of the process, so that space kept for one is not taken for another's.
    serial: u64,
    /// Begun with policy id and revision: what chance is seeded from.
    seed: Sha256,
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
        let revision = revision(&document)?;
        let seed = Sha256::new().chain_update(&document.id).chain_update([0x1F]).chain_update(&revision);
        let seed = seed.chain_update([0x1F]);
        Ok(Policy {
            version: Version::CURRENT,
            revision,
            approvals: Vec::new(),
            signed_by: Vec::new(),
            document,
            warnings: findings,
            candidates,
            plan,
            serial: NEXT.fetch_add(1, Ordering::Relaxed),
            seed,
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
        decide(self, request, history, &mut Scratch::default(), false)
    }

    /// The same answer as [`Policy::decide`], with its trace.
    pub fn decide_traced(&self, request: &Request, history: &dyn History) -> Decision {
        decide(self, request, history, &mut Scratch::default(), true)
    }

    /// The same answer as [`Policy::decide`] in space that the caller keeps.
    pub fn decide_with(&self, request: &Request, history: &dyn History, scratch: &mut Scratch) -> Decision {
        decide(self, request, history, scratch, false)
    }

    /// The same answer in numbers, in space that the caller keeps: once that is warm a decision does not allocate, unless something
    /// fails, a rule makes a new text, or one runs in the interpreter.
    ///
    /// ```
    /// use attune_policy::{NoHistory, Policy, Request, Scratch, Value, Verification};
    ///
    /// # let bytes = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/golden/policy-1.0.ron"));
    /// let policy = Policy::load(bytes, &Verification::none())?;
    /// let mut scratch = Scratch::default();
    /// let fields = vec![Value::Unknown; policy.document().schema.fields.len()];
    /// let request = Request { subject: "ben".into(), now: 1_206_403_200_000, fields, ..Request::default() };
    /// let outcome = policy.decide_into(&request, &NoHistory, &mut scratch);
    /// assert_eq!(outcome.chosen().map(|at| policy.candidates()[at as usize]), policy.decide(&request, &NoHistory).chosen);
    /// # Ok::<(), attune_policy::Error>(())
    /// ```
    pub fn decide_into<'s>(&self, request: &Request, history: &dyn History, scratch: &'s mut Scratch) -> &'s Outcome {
        decide_into(self, request, history, scratch)
    }

    /// Decides every row of a batch over one history: the same answers as one by one, sooner.
    pub fn decide_batch(&self, columns: &Columns<'_>, history: &dyn History) -> Vec<Decision> {
        decide_batch(self, columns, history)
    }

    /// The same answers in numbers, in space that the caller keeps: `visit` is called with each row and its outcome, in order.
    pub fn decide_batch_into(
        &self,
        columns: &Columns<'_>,
        history: &dyn History,
        scratch: &mut BatchScratch,
        visit: &mut dyn FnMut(usize, &Outcome),
    ) {
        decide_batch_into(self, columns, history, scratch, visit);
    }

    /// Finds out about a batch what no history can change, on whatever thread has time. `so_far` is what has happened already of the
    /// history that the rows will see, which can only grow until then: it spares scores that no row will ask for, and changes no answer.
    pub fn look_ahead<'a>(
        &self,
        columns: &'a Columns<'a>,
        so_far: &dyn History,
        scratch: &mut BatchScratch,
    ) -> Lookahead<'a> {
        Lookahead::new(self, columns, so_far, scratch)
    }

    /// Decides one row of a batch at an instant (ms), its own or another, such as the end of its quiet hours: the answer that its request
    /// gets alone then, over the same history.
    pub fn decide_ahead<'s>(
        &self,
        ahead: &Lookahead<'_>,
        row: usize,
        now: i64,
        history: &dyn History,
        scratch: &'s mut BatchScratch,
    ) -> &'s Outcome {
        ahead.decide(self, row, now, history, scratch)
    }

    /// Whether a decision can depend on what happened to the subject, to its household, to its device, or to everybody: so far a simulator
    /// has to bring decisions in order. Counters of a household or device that a request does not name go by the subject.
    pub fn depends_on(&self, identity: Identity) -> bool {
        let contact = &self.plan.contact;
        let counted = |at: usize| contact.lookback.get(at).is_some_and(Option::is_some);
        match identity {
            Identity::Subject => self.plan.reads_history || (0..3).any(counted),
            Identity::Household => counted(1),
            Identity::Device => counted(2),
            Identity::Global => {
                let mut asks = false;
                contact.questions(&mut |_, _| asks = true);
                asks
            }
        }
    }

    /// Where every enabled budget stands at an instant (ms), by the totals of a history.
    pub fn budgets(&self, now: i64, history: &dyn History) -> Vec<BudgetState> {
        budgets(&self.plan, history, now)
    }

    /// Whether chance has any part in decisions; the ids of decisions then matter.
    pub fn draws(&self) -> bool {
        self.plan.chance
    }

    /// What failed in a decision, in words; the same words once.
    pub fn diagnostics(&self, outcome: &Outcome) -> Vec<String> {
        diagnostics(self, outcome.failures())
    }

    /// Calibrated output of a model for a request, or its fallback; `None` when the policy has no such model.
    pub fn score(&self, model: &str, request: &Request) -> Option<f64> {
        let (_, scorer) = self.plan.models.iter().find(|(id, _)| **id == *model)?;
        let row = Row::new(&self.document.schema, &self.plan.program, &request.fields, request.now, &mut |_| {});
        Some(scorer.score(&row, &mut model::Scratch::default()).value)
    }

    /// The IANA zone a subject lives by: the request's, that of its region, the project's; UTC when `None`.
    pub fn zone(&self, request: &Request) -> Option<String> {
        let zones = &self.document.zones;
        let region = || {
            let (schema, program) = (&self.document.schema, &self.plan.program);
            let row = Row::new(schema, program, &request.fields, request.now, &mut |_| {});
            zones.regions.get(row.get(self.plan.region?).as_text()?)?.first().cloned()
        };
        request.zone.clone().or_else(region).or_else(|| zones.project.clone())
    }

    /// What the events of a host do not say, as the policy has it.
    pub fn event_defaults(&self) -> &EventDefaults {
        self.plan.events.get_or_init(|| EventDefaults::of(&self.document))
    }

    /// How a rule is evaluated; `None` for an unknown rule, or one that is switched off.
    pub fn rule_kind(&self, rule: &str) -> Option<Kind> {
        self.rule(rule).map(Compiled::kind)
    }

    /// What keeps a rule in the interpreter, as a noun ("a loop", "a map"); `None` for one that is lowered, unknown or switched off.
    pub fn why_interpreted(&self, rule: &str) -> Option<&str> {
        self.rule(rule).and_then(Compiled::why_interpreted)
    }

    fn rule(&self, rule: &str) -> Option<&Compiled> {
        let planned = self
            .plan
            .rules
            .iter()
            .find(|planned| self.document.rules.get(planned.at as usize).is_some_and(|other| other.id == rule));
        planned.and_then(|planned| self.plan.set.rules().get(planned.expression as usize))
    }

    /// Where chance begins for a decision: the first 8 bytes (big endian) of SHA-256(policy id ‖ 0x1F ‖ revision ‖ 0x1F ‖ decision id).
    pub fn seed(&self, decision_id: &str) -> u64 {
        let digest = self.seed.clone().chain_update(decision_id).finalize();
        digest.iter().take(8).fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
    }

    pub(crate) fn serial(&self) -> u64 {
        self.serial
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }
}
