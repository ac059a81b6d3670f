//! Names that are not known, in words, with the one that was probably meant.

use crate::language::suggest::hint;

/// "`recencyy` is not a field of this policy; did you mean `recency`?"
pub fn unknown_name<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    format!("`{name}` is not {what} of this policy{}", hint(name, known))
}
