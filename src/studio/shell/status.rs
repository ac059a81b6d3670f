//! The status bar: how much there is, what runs, what is wrong.

use super::problems::{Problem, counts};
use crate::theme::{Tone, metrics, tokens};
use crate::view::{Ask, Asks, Ctx};
use crate::widgets::{number, progress_row};
use egui::{Align, Button, Frame, Label, Layout, Margin, Panel, RichText, Ui};
use egui_material_icons::{MaterialIcon, icons};

/// Draws the bar.
pub fn show(ui: &mut Ui, ctx: &Ctx<'_>, problems: &[Problem], asks: &mut Asks) {
    let sizes = metrics();
    let frame = Frame::new().fill(ctx.tokens.panel).inner_margin(Margin::symmetric(12, 0));
    Panel::bottom("status").frame(frame).exact_size(sizes.status_height).resizable(false).show(ui, |ui| {
        ui.horizontal_centered(|ui| {
            ui.add(Label::new(RichText::new(extent(ctx)).small().weak()).selectable(false));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let (errors, warnings) = counts(problems);
                count(ui, Tone::Warn, icons::ICON_WARNING, warnings, ("warning", "warnings"), asks);
                count(ui, Tone::Err, icons::ICON_ERROR, errors, ("error", "errors"), asks);
                ui.separator();
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| jobs(ui, ctx, asks));
            });
        });
    });
}

/// `64,000 rows · 14 rules · 2 models`.
fn extent(ctx: &Ctx<'_>) -> String {
    let document = ctx.session.document();
    let rows = ctx.table().map_or(0, |table| table.rows() as u64);
    let parts = [
        number::counted(rows, "row", "rows"),
        number::counted(document.models.len() as u64, "model", "models"),
        number::counted(document.draft.rules.len() as u64, "rule", "rules"),
    ];
    parts.join("  ·  ")
}

/// The job that is furthest along, with how many wait behind it.
fn jobs(ui: &mut Ui, ctx: &Ctx<'_>, asks: &mut Asks) {
    let jobs = ctx.session.jobs();
    let running = jobs.iter().find(|job| job.fraction.is_some()).or_else(|| jobs.first());
    let Some(job) = running else { return };
    ui.separator();
    let others = jobs.len().saturating_sub(1);
    let title = if others > 0 { format!("{} (+{others})", job.title) } else { job.title.clone() };
    if progress_row(ui, &title, &job.stage, job.fraction.unwrap_or(0.0), 110.0) {
        asks.ask(Ask::Cancel(job.id));
    }
}

fn count(ui: &mut Ui, tone: Tone, icon: MaterialIcon, n: usize, noun: (&str, &str), asks: &mut Asks) {
    let t = tokens(ui.ctx());
    let color = if n == 0 { t.weak } else { tone.color(t) };
    let words = number::counted(n as u64, noun.0, noun.1);
    let label = (icon.rich_text().size(15.0).color(color), RichText::new(n.to_string()).small().color(color));
    let button = Button::new(label).frame_when_inactive(false).small();
    if ui
        .add(button)
        .accessible_name(words.as_str())
        .on_hover_text(format!("{words}; press for the list (F8)"))
        .clicked()
    {
        asks.command("view.problems");
    }
}
