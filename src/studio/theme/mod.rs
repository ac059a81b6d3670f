//! Colours, spacing and type: read from `assets/theme/*.ron`, turned into egui styles once.
//!
//! No other file of the studio names a colour or a size of its own; it asks for [`tokens`] or [`metrics`].

mod fonts;
mod style;
#[cfg(test)]
mod tests;
mod tokens;

pub use fonts::{BOLD, bold};
pub use style::install;
pub use tokens::{CodeColors, Metrics, Tokens};

use egui::{Color32, Theme};
use std::sync::LazyLock;

static DARK: LazyLock<Tokens> = LazyLock::new(|| embedded(include_str!("../../../assets/theme/dark.ron")));
static LIGHT: LazyLock<Tokens> = LazyLock::new(|| embedded(include_str!("../../../assets/theme/light.ron")));
static METRICS: LazyLock<Metrics> = LazyLock::new(|| embedded(include_str!("../../../assets/theme/metrics.ron")));

/// The colours of the theme in use.
pub fn tokens(ctx: &egui::Context) -> &'static Tokens {
    of(ctx.theme())
}

/// The colours of one theme.
pub fn of(theme: Theme) -> &'static Tokens {
    match theme {
        Theme::Dark => &DARK,
        Theme::Light => &LIGHT,
    }
}

/// The sizes, the same in both themes, in points.
pub fn metrics() -> &'static Metrics {
    &METRICS
}

/// What a mark means; every tone has a colour and is never shown by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    /// Plain text in a plain box.
    Neutral,
    /// The product's own colour: selected, in progress.
    Accent,
    /// Done, healthy.
    Ok,
    /// Needs a look.
    Warn,
    /// Wrong; blocks.
    Err,
}

impl Tone {
    /// Colour of text and marks.
    pub fn color(self, tokens: &Tokens) -> Color32 {
        match self {
            Tone::Neutral => tokens.weak,
            Tone::Accent => tokens.accent,
            Tone::Ok => tokens.ok,
            Tone::Warn => tokens.warn,
            Tone::Err => tokens.err,
        }
    }

    /// Colour of the box behind text of that tone.
    pub fn soft(self, tokens: &Tokens) -> Color32 {
        match self {
            Tone::Neutral => tokens.raised,
            Tone::Accent => tokens.accent_soft,
            Tone::Ok => tokens.ok_soft,
            Tone::Warn => tokens.warn_soft,
            Tone::Err => tokens.err_soft,
        }
    }
}

/// The files are compiled in and read by a test, so a failure here is a build that never passed its tests.
fn embedded<T: serde::de::DeserializeOwned>(text: &str) -> T {
    ron::from_str(text).expect("embedded theme file")
}
