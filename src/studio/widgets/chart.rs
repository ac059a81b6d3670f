//! Small charts in one style: plots with named axes, bars with names, mini-histograms.
//!
//! They take points and bins already shaped; nothing is computed from rows here.

use super::{inside, number};
use crate::theme::{metrics, tokens};
use egui::{Align, Color32, Label, Layout, Rect, Response, RichText, Sense, Ui, Vec2, pos2};
use egui_plot::{GridInput, GridMark, HoverPosition, Plot};

/// A plot in the house style: named axes, no scroll stealing, hovering tells both values.
pub fn plot<'a>(ui: &Ui, id: impl egui::AsIdSalt, height: f32, x: &'a str, y: &'a str) -> Plot<'a> {
    let t = tokens(ui.ctx());
    let caption = |text: &str| RichText::new(text).small().color(t.weak);
    Plot::new(id)
        .height(height)
        .x_axis_label(caption(x))
        .y_axis_label(caption(y))
        .y_axis_min_width(44.0)
        .allow_scroll(false)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .show_background(false)
        .grid_color(t.border)
        .label_formatter(move |hover| {
            let (name, at) = match hover {
                HoverPosition::NearDataPoint { plot_name, position, .. } => (*plot_name, position),
                HoverPosition::Elsewhere { .. } => return None,
            };
            let name = if name.is_empty() { String::new() } else { format!("{name}\n") };
            Some(format!("{name}{x}: {}\n{y}: {}", number::short(at.x), number::short(at.y)))
        })
}

/// Marks of an axis every `step` from `from` to `to`, all of them with their number.
pub fn ticks(from: f64, to: f64, step: f64) -> impl Fn(GridInput) -> Vec<GridMark> {
    let count = ((to - from) / step).round() as usize;
    // The step told to the plot is wide, so that it does not fade numbers for want of room.
    move |_| (0..=count).map(|i| GridMark { value: from + step * i as f64, step_size: (to - from).abs() }).collect()
}

/// One bar of [`bars`].
pub struct Bar {
    /// What it stands for.
    pub name: String,
    /// Its length, in any unit; negative bars go left.
    pub length: f64,
    /// Its value as text.
    pub text: String,
    /// Shown under the pointer.
    pub hint: String,
    /// Its colour; the first of the series when `None`.
    pub color: Option<Color32>,
}

/// Horizontal bars with their names at the left and their values at the right. Answers the index of the bar pressed.
pub fn bars(ui: &mut Ui, list: &[Bar], name_width: f32, value_width: f32) -> Option<usize> {
    let t = tokens(ui.ctx());
    let most = list.iter().map(|bar| bar.length.abs()).filter(|l| l.is_finite()).fold(0.0, f64::max);
    let negative = list.iter().any(|bar| bar.length < 0.0);
    let mut pressed = None;
    ui.spacing_mut().item_spacing.y = 2.0;
    for (index, bar) in list.iter().enumerate() {
        let width = ui.available_width();
        let (rect, response) = ui.allocate_exact_size(Vec2::new(width, 22.0), Sense::CLICK | Sense::HOVER);
        if response.hovered() {
            ui.painter().rect_filled(rect.expand2(Vec2::new(4.0, 0.0)), 4, t.raised);
        }
        let name = Rect::from_min_size(rect.min, Vec2::new(name_width, rect.height()));
        left_text(ui, name, RichText::new(&bar.name));
        let value = Rect::from_min_max(pos2(rect.right() - value_width, rect.top()), rect.max);
        right_text(ui, value, &bar.text);
        let room = Rect::from_min_max(
            pos2(name.right() + metrics().gap, rect.top() + 5.0),
            pos2(value.left() - metrics().gap, rect.bottom() - 5.0),
        );
        if most > 0.0 && bar.length.is_finite() && room.width() > 4.0 {
            let (zero, scale) =
                if negative { (room.center().x, room.width() / 2.0) } else { (room.left(), room.width()) };
            let end = zero + scale * (bar.length / most) as f32;
            let bar_rect =
                Rect::from_x_y_ranges(zero.min(end)..=zero.max(end).max(zero.min(end) + 1.0), room.y_range());
            ui.painter().rect_filled(bar_rect, 2, bar.color.unwrap_or(t.series[0]));
        }
        if response.clicked() {
            pressed = Some(index);
        }
        if !bar.hint.is_empty() {
            response.on_hover_text(&bar.hint);
        }
    }
    pressed
}

fn left_text(ui: &mut Ui, rect: Rect, text: RichText) {
    inside(ui, rect, Layout::left_to_right(Align::Center), |ui| ui.add(Label::new(text).truncate().selectable(false)));
}

fn right_text(ui: &mut Ui, rect: Rect, text: &str) {
    inside(ui, rect, Layout::right_to_left(Align::Center), |ui| {
        ui.add(Label::new(RichText::new(text).weak()).truncate().selectable(false))
    });
}

/// A histogram without axes, as tall as its place: shares of the tallest bin, from 0 to 1.
pub fn mini_bars(ui: &mut Ui, shares: impl ExactSizeIterator<Item = f32>, size: Vec2, color: Color32) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let n = shares.len();
    if n > 0 {
        let width = rect.width() / n as f32;
        let gap = if width > 3.0 { 1.0 } else { 0.0 };
        for (i, share) in shares.enumerate() {
            let left = rect.left() + width * i as f32;
            let height = (rect.height() * share.clamp(0.0, 1.0)).max(if share > 0.0 { 1.0 } else { 0.0 });
            let bar = Rect::from_min_max(pos2(left, rect.bottom() - height), pos2(left + width - gap, rect.bottom()));
            ui.painter().rect_filled(bar, 0, color);
        }
    }
    response
}
