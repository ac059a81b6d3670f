//! Where the file goes, which revision it is, and what came of the last export.

use crate::theme::{self, Tone, metrics};
use crate::view::{Ask, Asks, Ctx, Pick};
use crate::widgets::{self, number};
use attune_lab::project::Exported;
use attune_session::{Action, Derived, ExportPreview};
use egui::{RichText, Ui};
use egui_material_icons::icons;
use std::path::PathBuf;

/// The path as it is typed.
#[derive(Default)]
pub struct TargetState {
    path: Option<String>,
}

impl TargetState {
    /// Asks for the export to `path`.
    pub fn write(&mut self, path: PathBuf, asks: &mut Asks) {
        self.path = Some(path.display().to_string());
        asks.act(Action::Export(path));
    }

    /// Draws the card.
    pub fn show(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, export: &Derived<ExportPreview>, asks: &mut Asks) {
        let tokens = ctx.tokens;
        widgets::section(ui, "File", "one file that any runtime can load", |ui| {
            if let Some(file) = export.value() {
                revision(ui, &file.revision, export.is_stale(), asks);
            }
            let default = || ctx.session.dir().join("policy.ron").display().to_string();
            let path = self.path.get_or_insert_with(default);
            ui.label(RichText::new("Target").small().weak());
            let field =
                egui::TextEdit::singleline(path).desired_width(f32::INFINITY).hint_text("Path of the policy file");
            ui.add(field).accessible_name("Target path");
            let typed = path.trim().to_owned();
            ui.add_space(metrics().gap_small);
            let ready = export.value().is_some_and(|e| e.is_ready()) && !typed.is_empty();
            ui.horizontal(|ui| {
                let button = ui.add_enabled_ui(ready, |ui| {
                    widgets::primary_button(ui, Some(icons::ICON_UPLOAD_FILE), "Export")
                        .accessible_name("Export the policy")
                });
                if button.inner.on_disabled_hover_text("Settle what stands in the way first").clicked() {
                    self.write(PathBuf::from(&typed), asks);
                }
                let choose =
                    ui.add_enabled_ui(ready, |ui| widgets::plain_button(ui, Some(icons::ICON_FOLDER_OPEN), "Choose…"));
                if choose.inner.on_hover_text("Choose where the file goes").clicked() {
                    asks.ask(Ask::Pick(Pick::ExportPolicy));
                }
            });
            for job in ctx.session.jobs().iter().filter(|j| j.title.starts_with("Export")) {
                ui.add_space(metrics().gap_small);
                if widgets::progress_row(ui, &job.title, &job.stage, job.fraction.unwrap_or(0.0), 90.0) {
                    asks.ask(Ask::Cancel(job.id));
                }
            }
            if let Some(exported) = ctx.session.exported() {
                ui.add_space(metrics().gap);
                let now = export.value().map(|e| e.revision.as_str());
                result(ui, exported, now, tokens);
            }
        });
    }
}

fn revision(ui: &mut Ui, revision: &str, stale: bool, asks: &mut Asks) {
    ui.label(RichText::new("Revision").small().weak())
        .on_hover_text("SHA-256 of the canonical file without its revision");
    widgets::dimmed(ui, stale, |ui| {
        ui.horizontal(|ui| {
            let short = revision.get(..16).unwrap_or(revision);
            ui.label(RichText::new(format!("{short}…")).monospace()).on_hover_text(revision);
            if widgets::icon_button(ui, icons::ICON_CONTENT_COPY, "Copy revision", "Copy the whole revision hash")
                .clicked()
            {
                asks.ask(Ask::Copy { text: revision.to_owned(), what: "the revision".to_owned() });
            }
        });
    });
}

/// What came of the last export: how many decisions the file made again, and whether any differed.
fn result(ui: &mut Ui, exported: &Exported, now: Option<&str>, tokens: &theme::Tokens) {
    let good = exported.differences == 0;
    let tone = if good { Tone::Ok } else { Tone::Err };
    let frame = egui::Frame::new().fill(tone.soft(tokens)).corner_radius(metrics().radius).inner_margin(10);
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            let icon = if good { icons::ICON_CHECK_CIRCLE } else { icons::ICON_ERROR };
            ui.label(icon.rich_text().size(18.0).color(tone.color(tokens)));
            let text = format!(
                "{} re-made by the exported file, {}",
                number::counted(exported.rows, "decision", "decisions"),
                number::counted(exported.differences, "difference", "differences")
            );
            ui.add(egui::Label::new(theme::bold(text).color(tone.color(tokens))).wrap());
        });
        let text = format!("{} · {}", exported.path.display(), number::bytes(exported.bytes));
        ui.add(egui::Label::new(RichText::new(text).small().color(tokens.text)).wrap());
        if now.is_some_and(|now| now != exported.revision) {
            let text = "The policy has changed since; export it again to have this in the file.";
            ui.add(egui::Label::new(RichText::new(text).small().color(tokens.warn)).wrap());
        }
    });
}
