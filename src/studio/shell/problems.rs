//! The list of everything that is wrong or worth a look, with the way to each place.

use crate::theme::{Tone, bold, metrics, tokens};
use crate::view::{Asks, Target};
use crate::widgets::{aside, capital, icon_button, number, sentence};
use egui::{Frame, Label, Margin, Panel, RichText, ScrollArea, Sense, Ui, UiBuilder};
use egui_material_icons::icons;

/// One problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// How bad: [`Tone::Err`], [`Tone::Warn`] or [`Tone::Neutral`] for a note.
    pub tone: Tone,
    /// Where: `column income`, `rule Minimum age, line 2`.
    pub place: String,
    /// What is the matter.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// What to show when it is pressed.
    pub target: Option<Target>,
}

/// How many there are of errors and of warnings.
pub fn counts(problems: &[Problem]) -> (usize, usize) {
    let of = |tone| problems.iter().filter(|problem| problem.tone == tone).count();
    (of(Tone::Err), of(Tone::Warn))
}

/// Draws the list as a panel at the bottom; answers whether it stays open.
pub fn show(ui: &mut Ui, problems: &[Problem], asks: &mut Asks) -> bool {
    let frame = Frame::new().fill(tokens(ui.ctx()).panel).inner_margin(Margin::symmetric(16, 8));
    Panel::bottom("problems")
        .frame(frame)
        .default_size(200.0)
        .size_range(110.0..=420.0)
        .resizable(true)
        .show(ui, |ui| {
            let open = ui
                .horizontal(|ui| {
                    ui.label(bold("Problems").size(metrics().subhead));
                    let (errors, warnings) = counts(problems);
                    let text = format!(
                        "{}, {}",
                        number::counted(errors as u64, "error", "errors"),
                        number::counted(warnings as u64, "warning", "warnings")
                    );
                    ui.label(RichText::new(text).weak());
                    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                        !icon_button(ui, icons::ICON_CLOSE, "Close problems", "Close the list (F8)").clicked()
                    })
                    .inner
                })
                .inner;
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| list(ui, problems, asks));
            open
        })
        .inner
}

/// The list alone, for places that show their own part of it.
pub fn list(ui: &mut Ui, problems: &[Problem], asks: &mut Asks) {
    if problems.is_empty() {
        ui.label(RichText::new("No problems found").weak());
    }
    ui.spacing_mut().item_spacing.y = 2.0;
    for (index, problem) in problems.iter().enumerate() {
        row(ui, index, problem, asks);
    }
}

fn row(ui: &mut Ui, index: usize, problem: &Problem, asks: &mut Asks) {
    let t = tokens(ui.ctx());
    let sense = if problem.target.is_some() { Sense::click() } else { Sense::hover() };
    let response = ui
        .scope_builder(UiBuilder::new().id_salt(("problem", index)).sense(sense), |ui| {
            let hovered = ui.response().hovered() || ui.response().has_focus();
            let fill = if hovered && problem.target.is_some() { t.raised } else { egui::Color32::TRANSPARENT };
            let frame = Frame::new().fill(fill).corner_radius(metrics().radius).inner_margin(Margin::symmetric(6, 3));
            frame.show(ui, |ui| {
                ui.set_width(ui.available_width());
                ui.horizontal_top(|ui| {
                    let (icon, word) = match problem.tone {
                        Tone::Err => (icons::ICON_ERROR, "Error"),
                        Tone::Warn => (icons::ICON_WARNING, "Warning"),
                        _ => (icons::ICON_INFO, "Note"),
                    };
                    let mark = icon.rich_text().size(16.0).color(problem.tone.color(t));
                    ui.add(Label::new(mark).selectable(false)).on_hover_text(word);
                    ui.vertical(|ui| {
                        ui.spacing_mut().item_spacing.y = 1.0;
                        let text = capital(&format!("{}{}", before(problem), problem.message));
                        ui.add(sentence(ui, &text).selectable(false));
                        if !problem.hint.is_empty() {
                            ui.add(aside(ui, &capital(&problem.hint)).selectable(false));
                        }
                    });
                });
            });
        })
        .response;
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Button, true, format!("{}: {}", problem.place, problem.message))
    });
    if response.clicked()
        && let Some(target) = &problem.target
    {
        asks.show(target.clone());
    }
}

/// The place as a beginning of the sentence, unless the sentence names it by itself.
fn before(problem: &Problem) -> String {
    let named = problem.place.split_once(' ').map_or("", |(_, name)| name);
    if problem.place.is_empty() || (!named.is_empty() && problem.message.contains(&format!("`{named}`"))) {
        String::new()
    } else {
        format!("{}: ", problem.place)
    }
}
