//! Names: identifiers that rules can read, slugs that files and reports can carry, ids that people chose.

use super::Findings;
use crate::arbitration::Mode;
use crate::diagnostic::Part;
use crate::document::Document;
use crate::language::Term;
use std::collections::HashSet;

/// Longest id.
const LONGEST: usize = 200;

/// Fields of the schema. Names of recipe outputs collide in the recipe's own check.
pub fn check(document: &Document, findings: &mut Findings) {
    let engine = rhai::Engine::new_raw();
    let terms: HashSet<&str> = match document.arbitration.mode {
        Mode::Expression(_) => Term::ALL.iter().map(|term| term.name()).collect(),
        _ => HashSet::new(),
    };
    let mut seen = HashSet::new();
    let fields = document.schema.fields.iter().map(|f| (f.name.as_str(), Part::Field(f.name.clone())));
    let steps = document.recipe.iter().map(|s| (s.output.as_str(), Part::Recipe(s.output.clone())));
    for (name, part) in fields.chain(steps) {
        if !is_identifier(name, &engine) {
            let message = "rules cannot read this name: use letters, digits and `_`, begin with a letter, and avoid reserved words";
            findings.error(part.clone(), message);
        }
        if terms.contains(name) {
            let message = format!(
                "the arbitration expression has a `{name}` of its own and reads that one; rename this one if it is meant there"
            );
            findings.warning(part.clone(), message);
        }
        if !seen.insert(name) && matches!(part, Part::Field(_)) {
            findings.error(part, "stands twice; names must differ");
        }
    }
}

/// Whether rules can read a variable of this name.
fn is_identifier(name: &str, engine: &rhai::Engine) -> bool {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let taken = ["action", "this", "score"].contains(&name);
    let keyword = rhai::Token::lookup_symbol_from_syntax(name).is_some();
    // Rhai knows its reserved words best.
    plain && !taken && !keyword && rhai::is_valid_identifier(name) && engine.compile_expression(name).is_ok()
}

/// What is wrong with an id that people choose: of an action, a channel, a group.
pub fn id_problem(id: &str) -> Option<String> {
    if id.is_empty() {
        Some("is empty".into())
    } else if id.trim() != id || id.chars().any(char::is_control) {
        Some(format!("{id:?} begins or ends with a space, or holds a character that cannot be seen"))
    } else if id.chars().count() > LONGEST {
        Some(format!("is longer than {LONGEST} characters"))
    } else {
        None
    }
}

/// What is wrong with a slug: the id of a rule, a cap, a model, which is a file name too.
pub fn slug_problem(id: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    id_problem(id)
        .or_else(|| (!id.chars().all(allowed)).then(|| format!("`{id}` may hold only letters, digits, `_` and `-`")))
}
