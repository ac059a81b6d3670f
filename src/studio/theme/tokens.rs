//! The shape of the theme files. Unknown or absent entries are refused, so a theme is whole or it is not one.

use egui::Color32;
use serde::{Deserialize, Deserializer};

/// Colours of one theme.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// Behind everything.
    #[serde(deserialize_with = "color")]
    pub ground: Color32,
    /// Bars and side panels.
    #[serde(deserialize_with = "color")]
    pub panel: Color32,
    /// Cards, menus and windows.
    #[serde(deserialize_with = "color")]
    pub card: Color32,
    /// A thing under the pointer, a quiet box on a card.
    #[serde(deserialize_with = "color")]
    pub raised: Color32,
    /// Inside of text fields and code.
    #[serde(deserialize_with = "color")]
    pub field: Color32,
    /// Hairlines.
    #[serde(deserialize_with = "color")]
    pub border: Color32,
    /// Outline of things that can be pressed or switched.
    #[serde(deserialize_with = "color")]
    pub strong_border: Color32,
    /// Text.
    #[serde(deserialize_with = "color")]
    pub text: Color32,
    /// Secondary text.
    #[serde(deserialize_with = "color")]
    pub weak: Color32,
    /// Links, focus, selection marks.
    #[serde(deserialize_with = "color")]
    pub accent: Color32,
    /// Fill of primary buttons; `on_accent` is readable on it.
    #[serde(deserialize_with = "color")]
    pub accent_fill: Color32,
    /// Background of what is selected.
    #[serde(deserialize_with = "color")]
    pub accent_soft: Color32,
    /// Text on `accent_fill`.
    #[serde(deserialize_with = "color")]
    pub on_accent: Color32,
    /// Done.
    #[serde(deserialize_with = "color")]
    pub ok: Color32,
    /// Box behind `ok`.
    #[serde(deserialize_with = "color")]
    pub ok_soft: Color32,
    /// Needs a look.
    #[serde(deserialize_with = "color")]
    pub warn: Color32,
    /// Box behind `warn`.
    #[serde(deserialize_with = "color")]
    pub warn_soft: Color32,
    /// Wrong.
    #[serde(deserialize_with = "color")]
    pub err: Color32,
    /// Box behind `err`.
    #[serde(deserialize_with = "color")]
    pub err_soft: Color32,
    /// Under menus and windows.
    #[serde(deserialize_with = "color")]
    pub shadow: Color32,
    /// Lines and bars of plots, in order.
    #[serde(deserialize_with = "colors")]
    pub series: [Color32; 6],
    /// Rule text.
    pub code: CodeColors,
}

/// Colours of rule text.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeColors {
    /// `if`, `let`.
    #[serde(deserialize_with = "color")]
    pub keyword: Color32,
    /// Numbers, `true`.
    #[serde(deserialize_with = "color")]
    pub number: Color32,
    /// Text in quotes.
    #[serde(deserialize_with = "color")]
    pub string: Color32,
    /// Comments.
    #[serde(deserialize_with = "color")]
    pub comment: Color32,
    /// A name that is called.
    #[serde(deserialize_with = "color")]
    pub function: Color32,
    /// A field or variable.
    #[serde(deserialize_with = "color")]
    pub name: Color32,
    /// Operators and brackets.
    #[serde(deserialize_with = "color")]
    pub operator: Color32,
    /// A score or a fact of the action.
    #[serde(deserialize_with = "color")]
    pub score: Color32,
}

/// Sizes in points.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Between parts of one thing.
    pub gap_small: f32,
    /// Between things.
    pub gap: f32,
    /// Between groups.
    pub gap_large: f32,
    /// Between sections.
    pub gap_section: f32,
    /// Corners of widgets.
    pub radius: u8,
    /// Corners of cards.
    pub radius_card: u8,
    /// Corners of windows.
    pub radius_window: u8,
    /// Height of a table row.
    pub row: f32,
    /// Height of buttons and fields.
    pub control: f32,
    /// Width of the navigation rail.
    pub nav_width: f32,
    /// Height of the top bar.
    pub top_height: f32,
    /// Height of the status bar.
    pub status_height: f32,
    /// Width of side panels.
    pub side_width: f32,
    /// Type: captions.
    pub small: f32,
    /// Type: text.
    pub body: f32,
    /// Type: rule text.
    pub code: f32,
    /// Type: title of a card.
    pub subhead: f32,
    /// Type: title of a workspace.
    pub heading: f32,
    /// Type: the number of a stat tile.
    pub figure: f32,
}

/// `#rrggbb` or `#rrggbbaa`.
fn parse(text: &str) -> Result<Color32, String> {
    Color32::from_hex(text).map_err(|_| format!("`{text}` is not a colour; expected `#rrggbb`"))
}

fn color<'de, D: Deserializer<'de>>(from: D) -> Result<Color32, D::Error> {
    parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
}

fn colors<'de, D: Deserializer<'de>>(from: D) -> Result<[Color32; 6], D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let colors: Vec<Color32> =
        texts.iter().map(|text| parse(text)).collect::<Result<_, _>>().map_err(serde::de::Error::custom)?;
    colors
        .try_into()
        .map_err(|c: Vec<Color32>| serde::de::Error::custom(format!("6 colours expected, {} given", c.len())))
}
