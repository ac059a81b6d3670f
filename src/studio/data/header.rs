//! A column's header: type, name, distribution, missing share, role and problems at a glance.

use super::words;
use crate::theme::{Tone, bold, tokens};
use crate::view::Ctx;
use crate::widgets::{chart, number};
use attune_lab::data::profile::{ColumnProfile, Problem, Severity};
use attune_lab::data::{Column, Role};
use attune_policy::value::Type;
use egui::{Label, RichText, Ui, Vec2};
use egui_material_icons::icons;

/// Height of the header row.
pub const HEIGHT: f32 = 68.0;

/// How wide a header wants to be.
pub fn width(ui: &Ui, column: &Column) -> f32 {
    let font = egui::FontId::new(crate::theme::metrics().body, egui::FontFamily::Name(crate::theme::BOLD.into()));
    let name = ui.painter().layout_no_wrap(column.source.clone(), font, egui::Color32::WHITE);
    let least = if column.type_ == Type::Time { 184.0 } else { 140.0 };
    (name.size().x + 60.0).clamp(least, 240.0)
}

/// Draws one header in the whole cell.
pub fn show(ui: &mut Ui, ctx: &Ctx<'_>, column: &Column, profile: Option<&ColumnProfile>, worst: Option<&Problem>) {
    let t = ctx.tokens;
    let role = ctx.session.document().roles.role(&column.name);
    ui.spacing_mut().item_spacing = Vec2::new(4.0, 2.0);
    // Lines here are as high as their text, not as high as buttons.
    ui.spacing_mut().interact_size.y = 0.0;
    ui.horizontal(|ui| {
        let icon = words::type_icon(column.type_).rich_text().size(14.0).color(t.weak);
        ui.add(Label::new(icon).selectable(false)).on_hover_text(words::type_(column.type_));
        if let Some(problem) = worst {
            let (tone, icon) = match problem.severity {
                Severity::Error => (Tone::Err, icons::ICON_ERROR),
                Severity::Warning => (Tone::Warn, icons::ICON_WARNING),
                Severity::Note => (Tone::Neutral, icons::ICON_INFO),
            };
            let mark = icon.rich_text().size(14.0).color(tone.color(t));
            ui.add(Label::new(mark).selectable(false)).on_hover_text(&problem.message);
        }
        ui.add(Label::new(bold(&column.source)).selectable(false).truncate());
    });
    let width = ui.available_width().min(160.0);
    match profile {
        Some(profile) => distribution(ui, profile, Vec2::new(width, 16.0)),
        None => {
            ui.allocate_space(Vec2::new(width, 16.0));
        }
    }
    ui.horizontal(|ui| {
        let color = if role == Role::Ignored { t.weak } else { t.accent };
        ui.add(Label::new(RichText::new(words::role(role)).small().color(color)).selectable(false).truncate());
        if let Some(profile) = profile
            && profile.missing > 0
        {
            let all = ctx.session.profile().value().map_or(0, |p| p.rows).max(1);
            let text = format!("{} missing", number::percent(profile.missing as f64 / all as f64, 1));
            ui.add(Label::new(RichText::new(text).small().color(t.warn)).selectable(false).truncate());
        }
    });
}

fn distribution(ui: &mut Ui, profile: &ColumnProfile, size: Vec2) {
    let t = tokens(ui.ctx());
    let counts: Vec<u64> = if profile.histogram.is_empty() {
        profile.top.iter().take(12).map(|(_, count)| *count).collect()
    } else {
        profile.histogram.iter().map(|bin| bin.count).collect()
    };
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f32;
    let color = if profile.histogram.is_empty() { t.series[3] } else { t.series[0] };
    chart::mini_bars(ui, counts.iter().map(|count| *count as f32 / most), size, color.gamma_multiply(0.75));
}
