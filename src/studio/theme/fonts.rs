//! Type faces: Noto Sans for text, Hack (egui's own, without ligatures, so that rule text is what it says) for code,
//! Material Symbols for icons. All come out of crates; no font file lies in this repository.

use egui::{Context, FontData, FontDefinitions, FontFamily, FontId, RichText};
use std::sync::Arc;

/// Name of the bold family.
pub const BOLD: &str = "bold";

/// Text in the bold face.
pub fn bold(text: impl Into<String>) -> RichText {
    RichText::new(text).family(FontFamily::Name(BOLD.into()))
}

/// The bold face at a size.
pub(super) fn bold_font(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(BOLD.into()))
}

/// Loads the faces; called once, before the first frame.
pub(super) fn install(ctx: &Context) {
    let mut fonts = FontDefinitions::default();
    for (name, bytes) in [("text", notosans::REGULAR_TTF), (BOLD, notosans::BOLD_TTF)] {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let text = fonts.families.entry(FontFamily::Proportional).or_default();
    text.insert(0, "text".to_owned());
    let mut bold = vec![BOLD.to_owned()];
    bold.extend(text.iter().cloned());
    fonts.families.insert(FontFamily::Name(BOLD.into()), bold);
    ctx.set_fonts(fonts);
    egui_material_icons::initialize(ctx);
}
