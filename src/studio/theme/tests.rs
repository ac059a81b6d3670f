//! The theme files are whole, and their text can be read on their grounds.

use super::{metrics, of};
use egui::{Color32, Theme};

/// WCAG 2 relative luminance.
fn luminance(color: Color32) -> f64 {
    let part = |byte: u8| {
        let c = f64::from(byte) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(color.r()) + 0.7152 * part(color.g()) + 0.0722 * part(color.b())
}

fn contrast(a: Color32, b: Color32) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn text_is_readable_in_both_themes() {
    for theme in [Theme::Dark, Theme::Light] {
        let t = of(theme);
        for (name, front, back) in [
            ("text on ground", t.text, t.ground),
            ("text on card", t.text, t.card),
            ("text on what is selected", t.text, t.accent_soft),
            ("weak on card", t.weak, t.card),
            ("weak on panel", t.weak, t.panel),
            ("weak on ground", t.weak, t.ground),
            ("accent button", t.on_accent, t.accent_fill),
            ("ok badge", t.ok, t.ok_soft),
            ("warn badge", t.warn, t.warn_soft),
            ("err badge", t.err, t.err_soft),
            ("comment in code", t.code.comment, t.field),
        ] {
            let ratio = contrast(front, back);
            assert!(ratio >= 4.5, "{theme:?}: {name} has contrast {ratio:.2}");
        }
    }
}

#[test]
fn sizes_keep_the_rhythm() {
    let m = metrics();
    for gap in [m.gap, m.gap_large, m.gap_section] {
        assert_eq!(gap % 8.0, 0.0, "{gap}");
    }
    assert!(m.small < m.body && m.body < m.subhead && m.subhead < m.heading);
}
