//! Progress of long work: its name, its stage, how far, and a way to stop it.

use super::number::percent;
use crate::theme::{metrics, tokens};
use egui::{Response, RichText, Sense, Ui, Vec2};

/// A thin bar; `fraction` is from 0 to 1.
pub fn progress_bar(ui: &mut Ui, fraction: f32, width: f32) -> Response {
    let t = tokens(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, 6.0), Sense::hover());
    let fraction = fraction.clamp(0.0, 1.0);
    ui.painter().rect_filled(rect, 3, t.raised);
    let mut done = rect;
    done.set_width((rect.width() * fraction).max(rect.height()));
    ui.painter().rect_filled(done, 3, t.accent);
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, "Progress");
        info.value = Some(f64::from(fraction));
        info
    });
    response
}

/// Title, stage, bar, share and Cancel on one line; answers whether Cancel was pressed.
pub fn progress_row(ui: &mut Ui, title: &str, stage: &str, fraction: f32, width: f32) -> bool {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = metrics().gap;
        progress_bar(ui, fraction, width);
        let stage = if stage.is_empty() { String::new() } else { format!(" · {stage}") };
        let text = format!("{title}{stage} {}", percent(f64::from(fraction), 0));
        ui.add(egui::Label::new(RichText::new(text).small()).truncate());
        ui.add(egui::Button::new(RichText::new("Cancel").small()).small())
            .accessible_name(format!("Cancel {title}"))
            .on_hover_text("Stop this work; what it has done so far is thrown away")
            .clicked()
    })
    .inner
}
