//! Rules that never or always fire, that say nothing new after the rules before them, or that exclude them.

use super::{World, listed};
use crate::check::Findings;
use crate::decision::Candidate;
use crate::prove::{Answer, Goal, Search, outcome};
use crate::rule::{Scope, Stage};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Cases looked at for one question, and for all of them.
const CASES: usize = 300;
const ALL_CASES: usize = 60_000;
/// Earlier rules that a rule is held against: the last ones that read something it reads.
const PREMISES: usize = 12;

/// Questions over one space, with what they may still cost.
pub struct Questions<'s, 'a> {
    search: Search<'s, 'a>,
    left: usize,
}

impl<'s, 'a> Questions<'s, 'a> {
    pub fn new(search: Search<'s, 'a>, all: usize) -> Questions<'s, 'a> {
        Questions { search, left: all }
    }

    /// Whether it is certain that no request meets every goal, for none of the candidates.
    pub fn none(&mut self, candidates: &[Candidate], goals: &[Goal]) -> bool {
        !candidates.is_empty() && candidates.iter().all(|candidate| self.ask(*candidate, goals) == Answer::None)
    }

    /// What the search finds within what is left.
    pub fn ask(&mut self, candidate: Candidate, goals: &[Goal]) -> Answer {
        let cases = CASES.min(self.left);
        let answer = self.search.solve(candidate, goals, cases);
        self.left -= cases - self.search.left();
        answer
    }
}

/// Finds them; gives the positions in the plan of the rules that alone, or with others, keep nobody.
pub fn check(world: &World<'_>, findings: &mut Findings) -> BTreeSet<usize> {
    let mut questions = Questions::new(Search::new(&world.space, false), ALL_CASES);
    let mut blocked = BTreeSet::new();
    let mut said: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    // Earlier rules by what they read, and by what they say.
    let mut readers: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut same: HashMap<(crate::language::graph::Id, u8), Vec<usize>> = HashMap::new();
    for (at, planned) in world.plan.rules.iter().enumerate() {
        let Some(rule) = world.rule(at) else { continue };
        let mut say = |message: String| said.entry(planned.at).or_default().push(message);
        let Some(keeper) = world.keeper(at) else {
            if planned.stage != Stage::Fallback
                && world.kinds(&rule.scope, &BTreeSet::new()).is_some_and(|k| k.is_empty())
            {
                say(empty_scope());
            }
            continue;
        };
        let Some(kinds) = world.kinds(&rule.scope, &keeper.facts) else { continue };
        if kinds.is_empty() {
            say(empty_scope());
            continue;
        }
        if questions.none(&kinds, &[Goal::node(keeper.root, keeper.keeps)]) {
            say(format!(
                "it can never be true, so it removes every candidate {}; correct it, or switch those candidates off where they are declared",
                of(&rule.scope)
            ));
            blocked.insert(at);
            continue;
        }
        let removes = outcome::ALL & !keeper.keeps;
        if questions.none(&kinds, &[Goal::node(keeper.root, removes)]) {
            say("it is always true, so it removes nobody; take it out, or correct it".to_owned());
            continue;
        }
        let twins = same.entry((keeper.root, keeper.keeps)).or_default();
        let twin = twins
            .iter()
            .filter_map(|twin| world.rule(*twin))
            .find(|twin| world.taxonomy.covers(&twin.scope, &rule.scope));
        if let Some(twin) = twin {
            say(format!("it says the same as `{}`, which comes before it; take one of them out", twin.id));
            continue;
        }
        twins.push(at);
        let earlier: BTreeSet<usize> =
            keeper.vars.iter().flat_map(|var| readers.get(var).into_iter().flatten()).copied().collect();
        let premises: Vec<usize> = earlier
            .into_iter()
            .rev()
            .filter(|other| world.rule(*other).is_some_and(|other| world.taxonomy.covers(&other.scope, &rule.scope)))
            .take(PREMISES)
            .collect();
        for var in &keeper.vars {
            readers.entry(*var).or_default().push(at);
        }
        if premises.is_empty() {
            continue;
        }
        let mut facts = keeper.facts.clone();
        premises.iter().filter_map(|other| world.keeper(*other)).for_each(|other| facts.extend(&other.facts));
        let Some(kinds) = world.kinds(&rule.scope, &facts) else { continue };
        let goals = |premises: &[usize], want: u8| {
            let premises = premises.iter().filter_map(|other| world.keeper(*other));
            let mut goals: Vec<Goal> = premises.map(|other| Goal::node(other.root, other.keeps)).collect();
            goals.push(Goal::node(keeper.root, want));
            goals
        };
        for (want, excludes) in [(keeper.keeps, true), (removes, false)] {
            if !questions.none(&kinds, &goals(&premises, want)) {
                continue;
            }
            let needed = fewest(&premises, |fewer| questions.none(&kinds, &goals(fewer, want)));
            let mut ids: Vec<&str> =
                needed.iter().filter_map(|other| world.rule(*other)).map(|rule| rule.id.as_str()).collect();
            ids.reverse();
            // Rules that keep nobody between themselves have been told of.
            if ids.is_empty() || needed.iter().any(|other| blocked.contains(other)) {
                break;
            }
            if excludes {
                say(format!(
                    "together with {} it removes every candidate {}: they cannot hold at once; loosen one of them",
                    listed(ids),
                    of(&rule.scope)
                ));
                blocked.insert(at);
            } else {
                say(format!(
                    "whoever passes {} passes it too, so it removes nobody; take it out, or correct it",
                    listed(ids)
                ));
            }
            break;
        }
    }
    for (at, messages) in said {
        let id = world.document.rules.get(at as usize).map_or_else(String::new, |rule| rule.id.clone());
        for message in messages {
            findings.warning(crate::diagnostic::Part::Rule(id.clone()), message);
        }
    }
    blocked
}

fn empty_scope() -> String {
    "no candidate is in its scope, so it does nothing; widen the scope, or take it out".to_owned()
}

/// "of the group `cards`"; nothing for everything.
fn of(scope: &Scope) -> String {
    match scope {
        Scope::All => "there is".to_owned(),
        Scope::Issue(id) => format!("of the issue `{id}`"),
        Scope::Group(id) => format!("of the group `{id}`"),
        Scope::Action(id) => format!("of the action `{id}`"),
        Scope::Treatment(action, id) => format!("of the treatment `{id}` of `{action}`"),
        Scope::Channel(id) => format!("on the channel `{id}`"),
    }
}

/// Those of `all` without any of which `holds` no longer holds.
fn fewest(all: &[usize], mut holds: impl FnMut(&[usize]) -> bool) -> Vec<usize> {
    // One alone is the usual case, and the best to tell.
    if let Some(one) = all.iter().find(|one| holds(&[**one])) {
        return vec![*one];
    }
    let mut needed = all.to_vec();
    let mut at = 0;
    while at < needed.len() {
        let fewer: Vec<usize> = needed.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, rule)| *rule).collect();
        if holds(&fewer) { needed = fewer } else { at += 1 }
    }
    needed
}
