//! What surrounds the workspaces: bars, navigation, palette, toasts. It knows no domain.

pub mod toasts;
