//! Properties as data: what no decision may ever do, whatever the rules beside the hard guards say. Nothing here is proved.

use crate::rule::Scope;
use serde::{Deserialize, Serialize};

/// "While `when` holds, no candidate in `never` can be sent."
///
/// It is about hard guards and validity dates, since these alone bind every candidate, whichever way it comes: arbitration, a
/// fallback, an override, exploration, a mandatory action.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Property {
    /// Stable slug, unique.
    pub id: String,
    /// Name for people: "no e-mail without consent".
    pub name: String,
    /// Boolean Rhai expression over the row and the candidate, such as `!(consent ?? false)`. It speaks of the cases in which it is
    /// true; where a missing field matters, it says so itself (`??`, `is_known`).
    pub when: String,
    /// The candidates that must not be sent then.
    #[serde(default)]
    pub never: Scope,
}
