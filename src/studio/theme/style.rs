//! Tokens → egui styles. Both themes are installed once; egui switches between them.

use super::{Metrics, Tokens, fonts, metrics, of};
use egui::epaint::Shadow;
use egui::style::{HandleShape, Selection};
use egui::{Color32, Context, CornerRadius, FontFamily, FontId, Margin, Stroke, Style, TextStyle, Theme};

/// Fonts and both styles; called once, before the first frame.
pub fn install(ctx: &Context) {
    fonts::install(ctx);
    for theme in [Theme::Dark, Theme::Light] {
        ctx.style_mut_of(theme, |style| apply(style, of(theme), metrics()));
    }
}

fn apply(style: &mut Style, tokens: &Tokens, sizes: &Metrics) {
    use FontFamily::{Monospace, Proportional};
    style.text_styles = [
        (TextStyle::Small, FontId::new(sizes.small, Proportional)),
        (TextStyle::Body, FontId::new(sizes.body, Proportional)),
        (TextStyle::Button, FontId::new(sizes.body, Proportional)),
        (TextStyle::Monospace, FontId::new(sizes.code, Monospace)),
        (TextStyle::Heading, fonts::bold_font(sizes.heading)),
    ]
    .into();
    style.animation_time = 0.1;
    style.url_in_tooltip = true;
    spacing(style, sizes);
    let visuals = &mut style.visuals;
    visuals.override_text_color = None;
    visuals.weak_text_color = Some(tokens.weak);
    visuals.panel_fill = tokens.ground;
    visuals.window_fill = tokens.card;
    visuals.window_stroke = Stroke::new(1.0, tokens.border);
    visuals.window_corner_radius = CornerRadius::same(sizes.radius_window);
    visuals.menu_corner_radius = CornerRadius::same(sizes.radius_card);
    visuals.window_shadow = Shadow { offset: [0, 8], blur: 28, spread: 0, color: tokens.shadow };
    visuals.popup_shadow = Shadow { offset: [0, 4], blur: 14, spread: 0, color: tokens.shadow };
    visuals.extreme_bg_color = tokens.field;
    visuals.text_edit_bg_color = Some(tokens.field);
    visuals.faint_bg_color = tokens.panel;
    visuals.code_bg_color = tokens.raised;
    visuals.hyperlink_color = tokens.accent;
    visuals.warn_fg_color = tokens.warn;
    visuals.error_fg_color = tokens.err;
    visuals.selection.bg_fill = tokens.accent_soft;
    visuals.selection.stroke = Stroke::new(1.0, tokens.accent);
    visuals.slider_trailing_fill = true;
    visuals.handle_shape = HandleShape::Circle;
    visuals.striped = false;
    visuals.disabled_alpha = 0.45;
    widgets(style, tokens, sizes);
}

fn spacing(style: &mut Style, sizes: &Metrics) {
    let spacing = &mut style.spacing;
    spacing.item_spacing = egui::vec2(sizes.gap, sizes.gap_small + 2.0);
    spacing.button_padding = egui::vec2(10.0, 4.0);
    spacing.interact_size.y = sizes.control;
    spacing.window_margin = Margin::same(16);
    spacing.menu_margin = Margin::same(6);
    spacing.combo_width = 120.0;
    spacing.combo_height = 360.0;
    spacing.tooltip_width = 380.0;
    spacing.icon_width = 16.0;
    spacing.icon_width_inner = 10.0;
    spacing.icon_spacing = 6.0;
    spacing.slider_rail_height = 6.0;
    style.interaction.tooltip_delay = 0.35;
}

fn widgets(style: &mut Style, tokens: &Tokens, sizes: &Metrics) {
    let text = |color: Color32| Stroke::new(1.0, color);
    let widgets = &mut style.visuals.widgets;
    for visuals in [
        &mut widgets.noninteractive,
        &mut widgets.inactive,
        &mut widgets.hovered,
        &mut widgets.active,
        &mut widgets.open,
    ] {
        visuals.corner_radius = CornerRadius::same(sizes.radius);
        visuals.expansion = 0.0;
        visuals.fg_stroke = text(tokens.text);
    }
    widgets.noninteractive.bg_fill = tokens.panel;
    widgets.noninteractive.weak_bg_fill = tokens.panel;
    widgets.noninteractive.bg_stroke = Stroke::new(1.0, tokens.border);
    widgets.inactive.weak_bg_fill = tokens.card;
    // Rails of sliders and boxes of check marks: must differ from the card they lie on.
    widgets.inactive.bg_fill = tokens.raised;
    widgets.inactive.bg_stroke = Stroke::new(1.0, tokens.strong_border);
    widgets.hovered.weak_bg_fill = tokens.raised;
    widgets.hovered.bg_fill = tokens.raised;
    widgets.hovered.bg_stroke = Stroke::new(1.0, tokens.accent);
    widgets.active.weak_bg_fill = tokens.accent_soft;
    widgets.active.bg_fill = tokens.accent_soft;
    widgets.active.bg_stroke = Stroke::new(1.5, tokens.accent);
    widgets.open.weak_bg_fill = tokens.raised;
    widgets.open.bg_fill = tokens.raised;
    widgets.open.bg_stroke = Stroke::new(1.0, tokens.accent);
    style.visuals.selection = Selection { bg_fill: tokens.accent_soft, stroke: Stroke::new(1.0, tokens.accent) };
}
