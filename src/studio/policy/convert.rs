//! Between the builder's form and the text of a rule.

use super::form::Form;

/// The form of an expression; `None` when only code can say it.
pub fn parse(_expr: &str) -> Option<Form> {
    None
}

/// The expression of a form.
pub fn to_expr(_form: &Form) -> String {
    String::new()
}
