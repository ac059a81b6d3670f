//! What a program does that takes Rhai as it comes: the seven rules compiled once, evaluated one by one until one fails.

use crate::worlds::{FIELDS, Row, SEVEN};
use rhai::{AST, Engine, Scope};

pub struct RhaiLoop {
    engine: Engine,
    rules: Vec<AST>,
}

impl RhaiLoop {
    pub fn new() -> RhaiLoop {
        let engine = Engine::new();
        let rules = SEVEN.map(|(_, text)| engine.compile_expression(text).expect("a Rhai expression")).into();
        RhaiLoop { engine, rules }
    }

    /// Whether a row passes all rules. `scope` is kept between rows.
    pub fn passes(&self, row: &Row, scope: &mut Scope<'static>) -> bool {
        scope.clear();
        scope.push("recency", row.recency).push("spend", row.spend).push("consent", row.consent);
        scope.push("segment", row.segment).push("age", row.age).push("visits", row.visits);
        scope.push("opened", row.opened).push("device", row.device);
        debug_assert_eq!(scope.len(), FIELDS.len());
        self.rules.iter().all(|rule| self.engine.eval_ast_with_scope::<bool>(scope, rule).unwrap_or(false))
    }
}
