//! What a policy that can decide probably does not mean: rules that never fire, rows that overlap, caps that cannot bind, actions that
//! no one can reach. It runs on documents without errors, and looks at a bounded number of cases: what it does not find may still be there.
//!
//! Rules and tables are asked about by the engine of [`crate::prove`]; a text field has no values but its categories here, and a proof
//! makes no such assumption.

mod contact;
mod reach;
mod rules;
mod tables;
#[cfg(test)]
mod tests;
mod unused;

use super::Findings;
use crate::decision::Candidate;
use crate::diagnostic::{Diagnostic, Part, Severity};
use crate::document::Document;
use crate::language::graph::{Id, Literal, Node};
use crate::plan::Plan;
use crate::prove::{Space, outcome};
use crate::rule::{Scope, Stage};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Every finding, in document order of what it is about.
pub fn analyse(document: &Document, plan: &Plan) -> Vec<Diagnostic> {
    let mut findings = Findings::default();
    if let Some(context) = &plan.context {
        let world = World::new(document, plan, context);
        let blocked = rules::check(&world, &mut findings);
        tables::check(&world, &mut findings);
        reach::check(&world, &blocked, &mut findings);
    }
    contact::check(document, plan, &mut findings);
    unused::check(document, plan, &mut findings);
    findings.0
}

/// The rules of a policy as the engine takes them.
struct World<'a> {
    document: &'a Document,
    plan: &'a Plan,
    space: Space<'a>,
    /// Per rule of the plan that keeps candidates or removes them: what of its outcomes keeps one, and the facts it reads.
    keepers: Vec<Option<Keeper>>,
    taxonomy: Taxonomy<'a>,
}

/// A rule that keeps candidates or removes them.
struct Keeper {
    root: Id,
    keeps: u8,
    facts: BTreeSet<usize>,
    /// What else it reads: variables of the space.
    vars: BTreeSet<usize>,
}

/// Candidates that differ in the facts that matter are looked at one by one, up to so many.
const KINDS: usize = 32;

impl<'a> World<'a> {
    fn new(document: &'a Document, plan: &'a Plan, context: &'a crate::language::Context) -> World<'a> {
        // Expressions are named by their position in the plan.
        let space = Space::new(document, context, &plan.tables, plan.set.rules().to_vec(), true);
        let keepers = plan.rules.iter().map(|rule| {
            let root = space.root(rule.expression as usize)?;
            let filters =
                matches!(rule.stage, Stage::Guard | Stage::Eligibility | Stage::Applicability | Stage::Suitability);
            let keeps = if rule.keep_unknown { outcome::TRUE | outcome::UNKNOWN } else { outcome::TRUE };
            let (facts, vars) = reads(&space, root);
            filters.then_some(Keeper { root, keeps, facts, vars })
        });
        let keepers = keepers.collect();
        World { document, plan, space, keepers, taxonomy: Taxonomy::new(document) }
    }

    fn keeper(&self, rule: usize) -> Option<&Keeper> {
        self.keepers.get(rule).and_then(Option::as_ref)
    }

    /// The document's rule at a position of the plan.
    fn rule(&self, rule: usize) -> Option<&'a crate::rule::Rule> {
        self.document.rules.get(self.plan.rules.get(rule)?.at as usize)
    }

    /// One candidate in a scope per combination of facts; `None` when there are too many.
    fn kinds(&self, scope: &Scope, facts: &BTreeSet<usize>) -> Option<Vec<Candidate>> {
        let mut seen: HashSet<Vec<Literal>> = HashSet::new();
        let mut kinds = Vec::new();
        for slot in self.plan.slots.iter().filter(|slot| slot.is_in(scope)) {
            if facts.is_empty() && !kinds.is_empty() {
                break;
            }
            let values = facts.iter().map(|fact| Literal(self.space.context.fact_at(*fact, slot.candidate).clone()));
            if seen.insert(values.collect()) {
                kinds.push(slot.candidate);
            }
            if kinds.len() > KINDS {
                return None;
            }
        }
        Some(kinds)
    }
}

/// The facts and the variables that a node reads.
fn reads(space: &Space<'_>, root: Id) -> (BTreeSet<usize>, BTreeSet<usize>) {
    let (mut facts, mut vars) = (BTreeSet::new(), BTreeSet::new());
    space.visit(&[root], |id| match space.graph().node(id) {
        Node::Fact(fact) => drop(facts.insert(*fact as usize)),
        Node::Field(column) => {
            let mut column = *column as usize;
            while let Some((_, input)) = space.step(column).filter(|(_, input)| *input < column) {
                column = input;
            }
            vars.extend(space.var_of_field(column));
        }
        _ => vars.extend(space.var_of(id)),
    });
    (facts, vars)
}

/// Where actions and treatments belong.
#[derive(Default)]
struct Taxonomy<'a> {
    issue_of_group: HashMap<&'a str, &'a str>,
    group_of_action: HashMap<&'a str, &'a str>,
    channel_of: HashMap<(&'a str, &'a str), &'a str>,
}

impl<'a> Taxonomy<'a> {
    fn new(document: &'a Document) -> Taxonomy<'a> {
        let mut taxonomy = Taxonomy::default();
        for issue in &document.issues {
            taxonomy.issue_of_group.extend(issue.groups.iter().map(|group| (group.id.as_str(), issue.id.as_str())));
        }
        for action in &document.actions {
            taxonomy.group_of_action.insert(&action.id, &action.group);
            let own = action.treatments.iter().map(|t| ((action.id.as_str(), t.id.as_str()), t.channel.as_str()));
            taxonomy.channel_of.extend(own);
        }
        taxonomy
    }

    /// Whether everything that `narrow` speaks of, `wide` speaks of too.
    fn covers(&self, wide: &Scope, narrow: &Scope) -> bool {
        let group = |action: &str| self.group_of_action.get(action).copied();
        let issue = |group: &str| self.issue_of_group.get(group).copied();
        match (wide, narrow) {
            (Scope::All, _) => true,
            (wide, narrow) if wide == narrow => true,
            (Scope::Issue(id), Scope::Group(group)) => issue(group) == Some(id),
            (Scope::Issue(id), Scope::Action(action) | Scope::Treatment(action, _)) => {
                group(action).and_then(issue) == Some(id.as_str())
            }
            (Scope::Group(id), Scope::Action(action) | Scope::Treatment(action, _)) => group(action) == Some(id),
            (Scope::Action(id), Scope::Treatment(action, _)) => id == action,
            (Scope::Channel(id), Scope::Treatment(action, treatment)) => {
                self.channel_of.get(&(action.as_str(), treatment.as_str())) == Some(&id.as_str())
            }
            _ => false,
        }
    }
}

impl Findings {
    fn note(&mut self, part: Part, message: impl Into<String>) {
        self.0.push(Diagnostic { severity: Severity::Note, part, position: None, message: message.into() });
    }
}

/// "`a`, `b` and `c`".
fn listed<'a>(ids: impl IntoIterator<Item = &'a str>) -> String {
    let mut quoted: Vec<String> = ids.into_iter().map(|id| format!("`{id}`")).collect();
    match quoted.pop() {
        None => String::new(),
        Some(last) if quoted.is_empty() => last,
        Some(last) => format!("{} and {last}", quoted.join(", ")),
    }
}
