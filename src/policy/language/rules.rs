//! The expressions of a policy as one set: joined over one graph, evaluated for one row or for many.

use super::compiled::Compiled;
use super::graph::{Graph, Id, Joined};

/// Compiled expressions of one policy, joined: what they have in common is there once.
#[derive(Clone, Debug)]
pub struct RuleSet {
    rules: Vec<Compiled>,
    graph: Graph,
    roots: Vec<Option<Id>>,
}

impl RuleSet {
    /// Joins expressions that were compiled in one [`super::Context`]. Their positions are those of `rules`.
    pub fn new(rules: &[Compiled]) -> RuleSet {
        let mut joined = Joined::default();
        let mut roots: Vec<Option<Id>> =
            rules.iter().map(|rule| rule.graph().map(|(graph, root)| joined.add(graph, root))).collect();
        let graph = joined.finish(&mut roots);
        RuleSet { rules: rules.to_vec(), graph, roots }
    }

    /// The joined graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The expressions, as they were given.
    pub fn rules(&self) -> &[Compiled] {
        &self.rules
    }

    /// The node of an expression in the joined graph; `None` for one that runs in the interpreter, or a position that is none.
    pub fn root(&self, index: usize) -> Option<Id> {
        self.roots.get(index).copied().flatten()
    }
}
