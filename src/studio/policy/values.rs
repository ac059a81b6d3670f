//! Value widgets of a condition, by type: a slider with a number, chips with counts, a day, a text.

use super::input::{self, Change};
use super::names::Known;
use crate::theme::{self, metrics};
use crate::widgets::{self, number};
use attune_policy::value::Type;
use egui::{Id, RichText, ScrollArea, Ui};
use egui_material_icons::icons;

/// A number: with a slider where the range of its values is known.
pub fn number(ui: &mut Ui, label: &str, known: &Known, current: f64) -> Change<f64> {
    let whole = known.type_ == Type::Integer;
    let Some((low, high)) = known.range.filter(|(low, high)| low < high) else {
        return input::number(ui, label, current, |v| precise(v, whole));
    };
    let range = low.min(current)..=high.max(current);
    let step = if whole { 1.0 } else { 0.0 };
    let decimals: u8 = if whole {
        0
    } else if high - low <= 1.5 {
        3
    } else {
        2
    };
    // A rule says what the screen says: no more digits than are shown.
    let unit = 10f64.powi(i32::from(decimals));
    let change = ui.scope(|ui| {
        // The number beside the rail takes about 70.
        ui.spacing_mut().slider_width = (ui.available_width() - 78.0).clamp(60.0, 200.0);
        input::slider(
            ui,
            label,
            current,
            |s| s.step_by(step).max_decimals(usize::from(decimals)).clamping(egui::SliderClamping::Never),
            range,
        )
    });
    change.inner.map(|x| (x * unit).round() / unit)
}

/// A day.
pub fn day(ui: &mut Ui, id: Id, label: &str, current: i64) -> Change<i64> {
    let shown = super::dates::day(current).unwrap_or_else(|| current.to_string());
    match input::text(ui, id, label, &shown, "2026-03-31", 100.0).and_then(|text| super::dates::parse(&text)) {
        Some(ms) => Change::Done(ms),
        None => Change::None,
    }
}

/// One text: from a list where its values are known, typed otherwise.
pub fn text(ui: &mut Ui, id: Id, label: &str, current: &str, known: &Known) -> Change<String> {
    if known.texts.is_empty() {
        return input::text(ui, id, label, current, "text", 140.0).map_or(Change::None, Change::Done);
    }
    let mut chosen = current.to_owned();
    let mut options: Vec<(String, String)> = known.texts.iter().map(|(text, _)| (text.clone(), text.clone())).collect();
    if !options.iter().any(|(text, _)| text == current) {
        options.push((chosen.clone(), chosen.clone()));
    }
    let changed = widgets::choice(ui, id, label, &mut chosen, &options, 140.0);
    if changed { Change::Done(chosen) } else { Change::None }
}

/// A number field without a slider.
pub fn precise(value: egui::DragValue<'_>, whole: bool) -> egui::DragValue<'_> {
    if whole { value.fixed_decimals(0).speed(0.1) } else { value.max_decimals(6).speed(0.01) }
}

/// Several texts as chips: a press takes one away, the last chip opens the list of all that are known, with counts.
pub fn chips(ui: &mut Ui, id: Id, label: &str, known: &Known, chosen: &[String]) -> Option<Vec<String>> {
    let tokens = theme::tokens(ui.ctx());
    let mut new: Option<Vec<String>> = None;
    for text in chosen {
        let chip = egui::Button::new((
            RichText::new(text).color(tokens.text),
            icons::ICON_CLOSE.rich_text().size(12.0).color(tokens.weak),
        ));
        let chip = chip.fill(tokens.accent_soft).stroke(egui::Stroke::new(1.0, tokens.accent)).corner_radius(12);
        let response = ui.add(chip).accessible_name(format!("Remove {text}")).on_hover_text("Take it away");
        if response.clicked() {
            new = Some(chosen.iter().filter(|t| *t != text).cloned().collect());
        }
    }
    let word = if chosen.is_empty() { "choose values" } else { "add" };
    let more = egui::Button::new((icons::ICON_ADD.rich_text().size(14.0), word)).corner_radius(12);
    let response = ui.add(more).accessible_name(format!("{label}: choose values"));
    let popup = egui::Popup::menu(&response).id(id).close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside);
    popup.show(|ui| {
        ui.set_width(240.0);
        if let Some(chosen) = all(ui, id, known, chosen) {
            new = Some(chosen);
        }
    });
    new
}

fn all(ui: &mut Ui, id: Id, known: &Known, chosen: &[String]) -> Option<Vec<String>> {
    let mut new = None;
    ScrollArea::vertical().max_height(260.0).show(ui, |ui| {
        for (text, count) in &known.texts {
            let mut on = chosen.contains(text);
            ui.horizontal(|ui| {
                if ui.checkbox(&mut on, text).changed() {
                    let mut list: Vec<String> = chosen.iter().filter(|t| *t != text).cloned().collect();
                    if on {
                        list.push(text.clone());
                    }
                    new = Some(list);
                }
                if let Some(count) = count {
                    ui.label(RichText::new(number::count(*count)).small().weak());
                }
            });
        }
    });
    if known.texts.is_empty() {
        ui.label(RichText::new("No values of it are listed; type one").weak());
    }
    ui.add_space(metrics().gap_small);
    ui.horizontal(|ui| {
        let typed_id = id.with("typed");
        let mut typed: String = ui.data(|d| d.get_temp(typed_id)).unwrap_or_default();
        let field = egui::TextEdit::singleline(&mut typed).hint_text("Another value").desired_width(150.0);
        let response = ui.add(field).accessible_name("Another value");
        let entered = response.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
        if (ui.button("Add").clicked() || entered) && !typed.trim().is_empty() {
            let text = typed.trim().to_owned();
            if !chosen.contains(&text) {
                new = Some(chosen.iter().cloned().chain([text]).collect());
            }
            typed.clear();
        }
        ui.data_mut(|d| d.insert_temp(typed_id, typed));
    });
    new
}
