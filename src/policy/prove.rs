//! Proofs: whether the hard guards of a policy keep a promise for every request there can be.
//!
//! A candidate can be sent only if it passes its validity dates and its guards, whichever way it comes: arbitration, a rung of the fallback
//! ladder, a force override, a baseline, exploration, a mandatory action. So guards and dates are what counts towards a proof; every
//! other rule may be changed without touching it.
//!
//! **Decided exactly**: logic over comparisons of fields, outputs of the recipe, facts, clock and counts with constants, `in`, ranges, `between`, `is_known`,
//! `??`, `if`, `let`, `switch`, decision tables, with missing values and failures as outcomes of their own. Arithmetic, functions of texts and comparisons of two
//! fields are followed by intervals: what those decide is proved, the rest is not. Scores, and rules that run in the interpreter, may
//! come to anything.
//!
//! *Invariant:* nothing is called proved that can fail, and nothing refuted without a request for which the guards were really
//! evaluated and let the candidate pass. Everything else is undecided, with the reason.

mod arithmetic;
mod eval;
mod kept;
mod mutant;
mod search;
mod set;
mod space;
mod table;
#[cfg(test)]
mod tests;
mod witness;

pub(crate) use search::{Answer, Goal, Of, Search};
pub(crate) use set::{Known, Set, outcome};
pub(crate) use space::{Leaf, Space};
pub(crate) use witness::make;

use crate::decision::Candidate;
use crate::diagnostic::{Diagnostic, Severity};
use crate::document::Document;
use crate::history::{Event, MemoryHistory};
use crate::language::graph::{Literal, Node};
use crate::language::{self, Finding, Use};
use crate::plan::{Plan, Slot};
use crate::policy::Policy;
use crate::property::Property;
use crate::request::Request;
use crate::rule::Stage;
use crate::value::Value;
use std::collections::{BTreeSet, HashSet};

/// What became of a property.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// No request can break it.
    Proved {
        /// Ids of the guards that it hangs on, in document order; empty when there is no such candidate, or `when` is never true.
        by: Vec<String>,
    },
    /// This request breaks it.
    Refuted {
        /// The request, confirmed by evaluating every guard for it.
        counterexample: Box<Counterexample>,
    },
    /// It could not be told.
    Undecided {
        /// Which rule or clause stands in the way.
        why: String,
    },
}

/// A request for which a candidate passes its guards against a property.
#[derive(Clone, Debug, PartialEq)]
pub struct Counterexample {
    /// The candidate that can be sent.
    pub candidate: Candidate,
    /// The request; replay it with [`Policy::decide`].
    pub request: Request,
    /// What happened to the subject before.
    pub events: Vec<Event>,
    /// The fields that the guards and the property read, with their values.
    pub read: Vec<(String, Value)>,
}

impl Counterexample {
    /// Its events as a history, to replay it with.
    pub fn history(&self) -> MemoryHistory {
        let mut history = MemoryHistory::default();
        self.events.iter().for_each(|event| history.push(&self.request.subject, event.clone()));
        history
    }

    /// In words: "`newsletter` on `email` passes every guard when consent is unknown".
    pub fn sentence(&self, document: &Document) -> String {
        let action = document.actions.get(self.candidate.action as usize);
        let treatment = action.and_then(|action| action.treatments.get(self.candidate.treatment as usize));
        let (action, channel) = (action.map_or("", |a| &a.id), treatment.map_or("", |t| &t.channel));
        let mut said: Vec<String> = self.read.iter().map(|(name, value)| format!("{name} is {value}")).collect();
        if !self.events.is_empty() {
            said.push(format!("{} earlier events", self.events.len()));
        }
        let when = if said.is_empty() { "always".to_owned() } else { format!("when {}", said.join(", ")) };
        format!("`{action}` on `{channel}` passes every guard {when}, at {}", Value::Time(self.request.now))
    }
}

/// Cases looked at for one candidate, and for one property.
const CASES: usize = 20_000;
const ALL_CASES: usize = 100_000;
/// Requests tried before a possible counterexample is given up.
const ATTEMPTS: usize = 24;
/// Of more guards than this it is not asked which of them a proof can do without.
const CORE: usize = 40;

impl Policy {
    /// Whether its guards keep a promise.
    ///
    /// # Errors
    /// What is wrong with the property's `when`.
    pub fn prove(&self, property: &Property) -> Result<Verdict, Vec<Finding>> {
        prove(self.document(), self.plan(), property)
    }
}

/// Verdicts on properties of a document; its own stand aside, so that one that it breaks can be asked about too. A property whose `when` has
/// errors gives those.
///
/// # Errors
/// [`Diagnostic`]s of a document that cannot be used.
pub fn verdicts(
    document: &Document,
    properties: &[Property],
) -> Result<Vec<Result<Verdict, Vec<Finding>>>, Vec<Diagnostic>> {
    let mut aside = document.clone();
    aside.properties.clear();
    let (plan, findings) = crate::check::compile(&aside);
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(findings);
    }
    Ok(properties.iter().map(|property| prove(&aside, &plan, property)).collect())
}

/// Whether the guards of a planned document keep a promise.
pub(crate) fn prove(document: &Document, plan: &Plan, property: &Property) -> Result<Verdict, Vec<Finding>> {
    let Some(context) = &plan.context else {
        return Ok(Verdict::Undecided { why: "the policy cannot be looked at; mend its errors first".to_owned() });
    };
    let when = language::compile(&property.when, Use::Keep, context)?;
    let guards: Vec<_> = (0u32..).zip(&plan.rules).filter(|(_, rule)| rule.stage == Stage::Guard).collect();
    let mut rules: Vec<_> =
        guards.iter().filter_map(|(_, rule)| plan.set.rules().get(rule.expression as usize).cloned()).collect();
    let condition = rules.len();
    rules.push(when);
    let space = Space::new(document, context, &plan.tables, rules, false);
    let mut proof = Proof { document, plan, property, space: &space, condition, replay: None, left: ALL_CASES };
    Ok(proof.run())
}

struct Proof<'s, 'a> {
    document: &'a Document,
    plan: &'a Plan,
    property: &'a Property,
    space: &'s Space<'a>,
    /// Position of the property's condition among the rules of the space.
    condition: usize,
    replay: Option<Option<Policy>>,
    left: usize,
}

/// What tells one candidate from another, as far as guards are concerned.
#[derive(PartialEq, Eq, Hash)]
struct Kind {
    guards: Vec<u32>,
    facts: Vec<Literal>,
    valid: (i64, i64),
}

impl Proof<'_, '_> {
    fn run(&mut self) -> Verdict {
        let facts: BTreeSet<usize> = self
            .space
            .graph()
            .nodes()
            .iter()
            .filter_map(|node| if let Node::Fact(fact) = node { Some(*fact as usize) } else { None })
            .collect();
        let mut kinds: HashSet<Kind> = HashSet::new();
        let mut by = BTreeSet::new();
        let mut undecided = None;
        let (plan, property) = (self.plan, self.property);
        for slot in plan.slots.iter().filter(|slot| slot.is_in(&property.never)) {
            let valid = (
                slot.valid_from.unwrap_or(i64::MIN),
                slot.valid_until.map_or(i64::MAX, |until| until.saturating_sub(1)),
            );
            let guards: Vec<u32> = slot.rules.iter().take(slot.guards).copied().collect();
            let facts =
                facts.iter().map(|fact| Literal(self.space.context.fact_at(*fact, slot.candidate).clone())).collect();
            if !kinds.insert(Kind { guards, facts, valid }) {
                continue;
            }
            match self.candidate(slot, valid) {
                Verdict::Proved { by: guards } => by.extend(guards),
                Verdict::Undecided { why } => undecided = undecided.or(Some(why)),
                refuted => return refuted,
            }
        }
        match undecided {
            Some(why) => Verdict::Undecided { why },
            None => {
                let ids = self.document.rules.iter().map(|rule| &rule.id).filter(|id| by.contains(*id));
                Verdict::Proved { by: ids.cloned().collect() }
            }
        }
    }

    /// The id of a guard by its position in the plan.
    fn id(&self, guard: u32) -> String {
        let at = self.plan.rules.get(guard as usize).map(|rule| rule.at as usize);
        at.and_then(|at| self.document.rules.get(at)).map_or_else(String::new, |rule| rule.id.clone())
    }

    fn candidate(&mut self, slot: &Slot, valid: (i64, i64)) -> Verdict {
        let name = || format!("`{}` ({})", slot.action, slot.treatment);
        if self.left == 0 {
            return Verdict::Undecided { why: format!("{}: the policy has more cases than are looked at", name()) };
        }
        let mut goals: Vec<(u32, Goal)> = Vec::new();
        let mut outside = Vec::new();
        // Guards come first in the plan, so that their positions are those in the space.
        for guard in slot.rules.iter().take(slot.guards).copied() {
            match self.space.root(guard as usize) {
                Some(node) => goals.push((guard, Goal::node(node, outcome::TRUE))),
                None => outside.push(guard),
            }
        }
        let condition = self.space.root(self.condition).map(|node| Goal::node(node, outcome::TRUE));
        let mut search = Search::new(self.space, true);
        search.restrict(&Leaf::Now, Known::Time(valid.0, valid.1));
        let cases = CASES.min(self.left);
        let mut used = 0;
        let mut ask = |goals: &[(u32, Goal)]| {
            let goals: Vec<Goal> = goals.iter().map(|(_, goal)| *goal).chain(condition).collect();
            let answer = search.solve(slot.candidate, &goals, cases);
            used += cases - search.left();
            answer
        };
        let answer = ask(&goals);
        let verdict = match answer {
            Answer::None => {
                let needed = if goals.len() <= CORE { core(&goals, |goals| ask(goals) == Answer::None) } else { goals };
                Verdict::Proved { by: needed.iter().map(|(guard, _)| self.id(*guard)).collect() }
            }
            Answer::Exhausted => {
                Verdict::Undecided { why: format!("{}: there are more than {CASES} cases to look at", name()) }
            }
            Answer::Found(domains) | Answer::Open(domains) => match self.confirm(slot, &domains, valid) {
                Some(counterexample) => Verdict::Refuted { counterexample: Box::new(counterexample) },
                None => Verdict::Undecided { why: format!("{}: {}", name(), self.why(&outside, &goals, condition)) },
            },
        };
        self.left = self.left.saturating_sub(used);
        verdict
    }

    /// A request among the domains for which everything was really evaluated.
    fn confirm(&mut self, slot: &Slot, domains: &[Set], valid: (i64, i64)) -> Option<Counterexample> {
        let policy =
            self.replay.get_or_insert_with(|| witness::guards_alone(self.document, &self.property.when)).as_ref()?;
        let witness = (0..ATTEMPTS)
            .filter_map(|attempt| make(self.space, domains, valid, attempt))
            .find(|witness| witness.passes(policy, slot.candidate))?;
        let mut nodes: Vec<_> =
            slot.rules.iter().take(slot.guards).filter_map(|guard| self.space.root(*guard as usize)).collect();
        nodes.extend(self.space.root(self.condition));
        let mut columns = BTreeSet::new();
        self.space.visit(&nodes, |id| {
            if let Node::Field(column) = self.space.graph().node(id) {
                let mut column = *column as usize;
                while let Some((_, input)) = self.space.step(column).filter(|(_, input)| *input < column) {
                    column = input;
                }
                columns.insert(column);
            }
        });
        let read = columns.into_iter().filter_map(|column| {
            Some((self.document.schema.fields.get(column)?.name.clone(), witness.request.fields.get(column)?.clone()))
        });
        Some(Counterexample {
            candidate: slot.candidate,
            read: read.collect(),
            request: witness.request,
            events: witness.events,
        })
    }

    /// Why a possible counterexample is neither shown nor ruled out.
    fn why(&self, outside: &[u32], goals: &[(u32, Goal)], condition: Option<Goal>) -> String {
        if let Some(guard) = outside.first() {
            let why =
                self.space.rule(*guard as usize).and_then(|rule| rule.why_interpreted()).unwrap_or("it is not lowered");
            return format!(
                "the guard `{}` runs in the interpreter ({why}), so it may come to anything",
                self.id(*guard)
            );
        }
        if condition.is_none() {
            return "the property itself runs in the interpreter, so it may come to anything".to_owned();
        }
        for (guard, goal) in
            goals.iter().map(|(guard, goal)| (Some(*guard), *goal)).chain(condition.map(|goal| (None, goal)))
        {
            let whose =
                guard.map_or_else(|| "the property".to_owned(), |guard| format!("the guard `{}`", self.id(guard)));
            let mut found = None;
            let Of::Node(node) = goal.of else { continue };
            self.space.visit(&[node], |id| {
                let node = self.space.graph().node(id);
                if let Some(var) = self.space.var_of(id).and_then(|at| self.space.vars.get(at)) {
                    found = found.take().or(Some(var.leaf.describe(self.document)));
                } else if matches!(node, Node::Call(..)) || matches!(node, Node::Binary(op, ..) if !op.compares()) {
                    found = found.take().or_else(|| Some(format!("a calculation ({})", node.kind())));
                }
            });
            if let Some(found) = found {
                return format!("{whose} hangs on {found}, and no request was found that settles it");
            }
        }
        "two fields are compared with one another, and no request was found that settles it".to_owned()
    }
}

/// The goals that are needed: without any of them `none` no longer holds.
fn core(goals: &[(u32, Goal)], mut none: impl FnMut(&[(u32, Goal)]) -> bool) -> Vec<(u32, Goal)> {
    let mut needed = goals.to_vec();
    let mut at = 0;
    while at < needed.len() {
        let mut fewer = needed.clone();
        fewer.remove(at);
        if none(&fewer) { needed = fewer } else { at += 1 }
    }
    needed
}
