//! Values with their intervals, one under the other on one axis: what each policy is worth and how sure that is.
//!
//! It draws numbers that are already there and computes none.

use crate::theme::{self, Tone};
use egui::{Align2, FontId, Rect, Response, Sense, Stroke, Ui, pos2, vec2};

/// One row of the chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Name of the policy.
    pub name: String,
    /// Under the name: rows it rests on, estimator.
    pub detail: String,
    /// Point estimate.
    pub value: f64,
    /// Interval.
    pub low: f64,
    /// Interval.
    pub high: f64,
    /// Value as text, right of the bars.
    pub text: String,
    /// Interval as text, under it.
    pub interval: String,
    /// Whether this is the policy of the project.
    pub main: bool,
    /// What the row's mark means.
    pub tone: Tone,
}

const ROW: f32 = 40.0;
const AXIS: f32 = 34.0;

/// Draws the rows over a common axis. `zero` marks a vertical line: 0 for differences, the baseline for values.
pub fn show(
    ui: &mut Ui,
    label: &str,
    rows: &[Row],
    zero: Option<f64>,
    axis: &str,
    format: &dyn Fn(f64) -> String,
) -> Response {
    let tokens = theme::tokens(ui.ctx());
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(vec2(width, ROW * rows.len() as f32 + AXIS), Sense::hover());
    let spoken = rows.iter().map(|r| format!("{}: {}, {}", r.name, r.text, r.interval)).collect::<Vec<_>>().join("; ");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, format!("{label}. {spoken}")));
    let name_width = (width * 0.26).clamp(110.0, 260.0);
    let text_width = (width * 0.2).clamp(118.0, 170.0);
    let plot = Rect::from_min_max(
        pos2(rect.left() + name_width, rect.top()),
        pos2(rect.right() - text_width, rect.bottom() - AXIS),
    );
    let scale = Scale::over(rows, zero, plot);
    let painter = ui.painter_at(rect);
    for tick in &scale.ticks {
        let x = scale.x(*tick);
        painter.vline(x, plot.y_range(), Stroke::new(1.0, tokens.border));
        painter.text(
            pos2(x, plot.bottom() + 5.0),
            Align2::CENTER_TOP,
            format(*tick),
            FontId::proportional(11.0),
            tokens.weak,
        );
    }
    if let Some(zero) = zero {
        painter.vline(scale.x(zero), plot.y_range(), Stroke::new(1.5, tokens.strong_border));
    }
    painter.text(
        pos2(plot.center().x, rect.bottom()),
        Align2::CENTER_BOTTOM,
        axis,
        FontId::proportional(11.0),
        tokens.weak,
    );
    for (i, row) in rows.iter().enumerate() {
        let top = rect.top() + ROW * i as f32;
        let band = Rect::from_min_max(pos2(rect.left(), top), pos2(rect.right(), top + ROW));
        if row.main {
            painter.rect_filled(band.shrink2(vec2(0.0, 2.0)), 6, tokens.accent_soft.gamma_multiply(0.6));
        }
        let middle = band.center().y;
        let name = if row.main { theme::bold(&row.name) } else { egui::RichText::new(&row.name) };
        text_in(
            ui,
            Rect::from_min_max(band.min + vec2(8.0, 3.0), pos2(plot.left() - 8.0, middle + 2.0)),
            name.color(tokens.text),
        );
        let detail = egui::RichText::new(&row.detail).small().color(tokens.weak);
        text_in(
            ui,
            Rect::from_min_max(pos2(band.left() + 8.0, middle), pos2(plot.left() - 8.0, band.bottom() - 3.0)),
            detail,
        );
        let color = if row.main { tokens.accent } else { row.tone.color(tokens) };
        // An end that nothing bounds lies beyond the plot.
        let end = |value: f64| scale.x(value).clamp(plot.left(), plot.right());
        let (low, high) = (end(row.low), end(row.high));
        // Without an interval there is the value alone.
        if row.low.is_finite() || row.high.is_finite() {
            painter.hline(low..=high, middle, Stroke::new(2.0, color));
        }
        for end in [low, high].into_iter().zip([row.low, row.high]).filter(|(_, end)| end.is_finite()).map(|(x, _)| x) {
            painter.vline(end, middle - 5.0..=middle + 5.0, Stroke::new(2.0, color));
        }
        painter.circle(pos2(scale.x(row.value), middle), 5.0, color, Stroke::new(2.0, tokens.card));
        let left = plot.right() + 12.0;
        let upper = Rect::from_min_max(pos2(left, band.top() + 3.0), pos2(band.right() - 6.0, middle + 2.0));
        text_in(ui, upper, theme::bold(&row.text).color(if row.main { tokens.accent } else { tokens.text }));
        let lower = Rect::from_min_max(pos2(left, middle), pos2(band.right() - 6.0, band.bottom() - 3.0));
        text_in(ui, lower, egui::RichText::new(&row.interval).small().color(tokens.weak));
    }
    response
}

/// One line of text in a rectangle, left and centred, shortened when it does not fit.
fn text_in(ui: &mut Ui, rect: Rect, text: egui::RichText) {
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rect).layout(layout));
    child.add(egui::Label::new(text).truncate().selectable(false));
}

/// From values to points, with round ticks.
struct Scale {
    low: f64,
    high: f64,
    left: f32,
    width: f32,
    ticks: Vec<f64>,
}

impl Scale {
    fn over(rows: &[Row], zero: Option<f64>, plot: Rect) -> Scale {
        let values = || rows.iter().flat_map(|r| [r.low, r.high, r.value]).chain(zero).filter(|v| v.is_finite());
        let (mut low, mut high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        let pad = ((high - low) * 0.06).max(high.abs().max(1e-9) * 1e-6);
        let (low, high) = (low - pad, high + pad);
        let count = (plot.width() / 80.0).clamp(2.0, 8.0);
        Scale { low, high, left: plot.left(), width: plot.width(), ticks: ticks(low, high, f64::from(count)) }
    }

    fn x(&self, value: f64) -> f32 {
        self.left + ((value - self.low) / (self.high - self.low)) as f32 * self.width
    }
}

/// About `count` round numbers inside `low..=high`: multiples of 1, 2 or 5 times a power of ten.
pub fn ticks(low: f64, high: f64, count: f64) -> Vec<f64> {
    let span = high - low;
    if !(span > 0.0 && span.is_finite() && count >= 1.0) {
        return Vec::new();
    }
    let rough = span / count;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|s| *s >= rough * 0.9).unwrap_or(rough);
    let first = (low / step).ceil() as i64;
    let last = (high / step).floor() as i64;
    (first..=last.min(first + 20)).map(|i| i as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::ticks;

    #[test]
    fn ticks_are_round_and_inside() {
        for (low, high, count, expected) in [
            (0.0, 1.0, 5.0, vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
            (0.104, 0.187, 4.0, vec![0.12, 0.14, 0.16, 0.18]),
            (-30.0, 30.0, 3.0, vec![-20.0, 0.0, 20.0]),
            (5.0, 5.0, 4.0, vec![]),
            (0.0, f64::NAN, 4.0, vec![]),
        ] {
            let got = ticks(low, high, count);
            assert_eq!(got.len(), expected.len(), "{got:?}");
            assert!(got.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-9), "{got:?}");
        }
    }
}
