//! While a rule is being typed: its errors and its completions, at once. A rule is short, so this needs no job.

use crate::session::Session;
use attune_policy::language::{self, Context, Finding, Use};
use std::sync::Arc;

impl Session {
    /// The names that rules may use, of the last draft that was checked; `None` before any data are there.
    pub fn context(&self) -> Option<Context> {
        self.findings().value().map(|checked| checked.context.clone())
    }

    /// Every finding about an expression that is being typed; empty means that it is right. Before any data are there nothing is
    /// known of names, so nothing is found.
    pub fn check_rule_text(&self, text: &str, use_: impl Into<Use>) -> Arc<[Finding]> {
        match self.context() {
            Some(context) => language::check(text, use_.into(), &context).into(),
            None => Arc::new([]),
        }
    }
}
