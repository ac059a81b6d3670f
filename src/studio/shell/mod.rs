//! What surrounds the workspaces: bars, navigation, palette, problems, file choosing, toasts. It knows no domain beyond names.

pub mod banner;
pub mod files;
pub mod fuzzy;
pub mod health;
pub mod help;
pub mod nav;
pub mod palette;
pub mod paths;
pub mod problems;
pub mod start;
pub mod status;
pub mod toasts;
pub mod top;
