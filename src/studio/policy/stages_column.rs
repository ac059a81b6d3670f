//! The column of stages: where the user is, what lies there, and what each stage removed in the last simulation.

use super::look::Look;
use super::stage::{Place, removed};
use crate::theme::{self, Tone, metrics};
use crate::widgets::{self, number};
use attune_policy::diagnostic::Severity;
use egui::{Align, Layout, RichText, Sense, Ui, UiBuilder, vec2};

/// Draws the column; answers the place that was pressed.
pub fn show(ui: &mut Ui, look: &Look<'_>, here: Place) -> Option<Place> {
    let mut pressed = None;
    ui.spacing_mut().item_spacing.y = 2.0;
    title(ui, "Before every rule");
    for place in Place::ALL {
        match place {
            Place::Guards => title(ui, "In order of evaluation"),
            Place::Arbitration => title(ui, "Choice"),
            _ => {}
        }
        if row(ui, look, place, place == here) {
            pressed = Some(place);
        }
    }
    pressed
}

fn title(ui: &mut Ui, text: &str) {
    ui.add_space(metrics().gap_small + 2.0);
    ui.horizontal(|ui| {
        ui.add_space(8.0);
        ui.label(RichText::new(text).small().weak());
    });
}

fn row(ui: &mut Ui, look: &Look<'_>, place: Place, here: bool) -> bool {
    let tokens = theme::tokens(ui.ctx());
    let count = place.count(look.draft);
    // Arbitration leaves one candidate by its nature, and a place without anything in it removes nothing.
    let telling = count > 0 && !matches!(place, Place::Actions | Place::Arbitration | Place::Fallback);
    let share = look.report.filter(|_| telling).and_then(|r| place.funnel(&r.funnel)).and_then(removed);
    let worst = place.worst(look.draft, look.findings);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 40.0), Sense::click());
    let spoken = spoken(place, count, share, worst);
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, here, &spoken));
    let fill = if here {
        tokens.accent_soft
    } else if response.hovered() {
        tokens.raised
    } else {
        egui::Color32::TRANSPARENT
    };
    ui.painter().rect_filled(rect, metrics().radius, fill);
    if response.has_focus() {
        ui.painter().rect_stroke(
            rect,
            metrics().radius,
            egui::Stroke::new(1.5, tokens.accent),
            egui::StrokeKind::Inside,
        );
    }
    let inner = rect.shrink2(vec2(10.0, 4.0));
    let mut child = ui.new_child(UiBuilder::new().max_rect(inner).layout(Layout::left_to_right(Align::Center)));
    let color = if here { tokens.accent } else { tokens.weak };
    child.add(egui::Label::new(place.icon().rich_text().size(18.0).color(color)).selectable(false));
    child.with_layout(Layout::right_to_left(Align::Center), |ui| {
        match worst {
            Some(Severity::Error) => {
                widgets::dot(ui, Tone::Err);
            }
            Some(Severity::Warning) => {
                widgets::dot(ui, Tone::Warn);
            }
            Some(Severity::Note) | None => {}
        }
        if let Some(share) = share {
            ui.scope(|ui| {
                if look.stale {
                    ui.multiply_opacity(0.55);
                }
                let text =
                    if share > 0.0 { format!("−{}", number::percent(share, 1)) } else { "0\u{a0}%".to_owned() };
                ui.add(egui::Label::new(RichText::new(text).small().color(tokens.weak)).selectable(false));
            });
        }
        ui.with_layout(Layout::top_down(Align::Min).with_main_align(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.y = -1.0;
            let name = if here { theme::bold(place.name()) } else { RichText::new(place.name()) };
            ui.add(egui::Label::new(name.color(tokens.text)).truncate().selectable(false));
            ui.add(egui::Label::new(RichText::new(noun(place, count)).small().weak()).truncate().selectable(false));
        });
    });
    response.on_hover_text(place.help()).clicked()
}

fn spoken(place: Place, count: usize, share: Option<f64>, worst: Option<Severity>) -> String {
    let mut text = format!("{}, {}", place.name(), noun(place, count));
    if let Some(share) = share {
        text += &format!(", removes {}", number::percent(share, 1));
    }
    match worst {
        Some(Severity::Error) => text += ", with errors",
        Some(Severity::Warning) => text += ", with warnings",
        Some(Severity::Note) | None => {}
    }
    text
}

fn noun(place: Place, count: usize) -> String {
    let (one, many) = match place {
        Place::Actions => ("action", "actions"),
        Place::Holdouts => ("layer", "layers"),
        Place::Contact => ("limit", "limits"),
        Place::Arbitration => ("weight or floor", "weights and floors"),
        Place::Fallback => ("rung", "rungs"),
        _ => ("rule", "rules"),
    };
    number::counted(count as u64, one, many)
}
