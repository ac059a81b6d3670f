//! Customer data: from a file of any shape to typed columns with roles, a profile and an honest list of what was wrong.
//!
//! Nothing here trains, decides or values; nothing here is lost silently: every row or cell that cannot be read is
//! listed by row, line and column.

pub mod cells;
pub mod dataset;
pub mod import;
pub mod join;
#[cfg(test)]
mod join_tests;
pub mod names;
pub mod profile;
pub mod pseudonym;
pub mod quality;
pub mod requests;
pub mod roles;
pub mod split;
pub mod table;
#[cfg(test)]
mod tests;

pub use dataset::{Column, Dataset, Page, Source};
pub use profile::Profile;
pub use quality::{Problem, Severity};
pub use requests::Requests;
pub use roles::{Arm, Logging, Role, Roles};
pub use table::{Table, TableKind};
