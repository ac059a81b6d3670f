//! The Export workspace: what still stands in the way, the file as it would be written, and where it goes.
//!
//! It shows and asks; the file is made, written, read back and tried by the session.

mod checklist;
mod lines;
mod preview;
mod ron_ink;
mod target;

use crate::commands::{Act, Command, Group, ctrl_shift};
use crate::theme::metrics;
use crate::view::{Ask, Asks, Ctx, Pick, View};
use crate::widgets::{self, Empty, Pressed};
use crate::workspace::Workspace;
use attune_session::{Derived, ExportPreview};
use egui::{CentralPanel, Frame, Key, Margin, Panel, ScrollArea, Ui};
use egui_material_icons::icons;
use preview::PreviewState;
use std::path::PathBuf;
use target::TargetState;

fn has_data(ctx: &Ctx<'_>) -> Result<(), &'static str> {
    if ctx.session.document().source().is_some() { Ok(()) } else { Err("Import data first") }
}

/// Commands of this workspace.
pub const COMMANDS: &[Command] = &[
    Command {
        id: "export.write",
        name: "Export policy…",
        icon: icons::ICON_UPLOAD_FILE,
        shortcut: ctrl_shift(Key::E),
        tooltip: "Write the policy to a file, read it back and let it decide every row again",
        group: Group::In(Workspace::Export),
        act: Act::Project(has_data, |_, asks| {
            asks.ask(Ask::Go(Workspace::Export));
            asks.ask(Ask::Pick(Pick::ExportPolicy));
        }),
    },
    Command {
        id: "export.copy",
        name: "Copy policy file",
        icon: icons::ICON_CONTENT_COPY,
        shortcut: None,
        tooltip: "Put the whole policy file on the clipboard",
        group: Group::In(Workspace::Export),
        act: Act::Project(has_data, |ctx, asks| {
            if let Some(preview) = ctx.session.export().value() {
                asks.ask(Ask::Copy { text: preview.text.to_string(), what: "the policy file".to_owned() });
            }
        }),
    },
];

/// View state of the workspace.
#[derive(Default)]
pub struct ExportView {
    preview: PreviewState,
    target: TargetState,
}

impl View for ExportView {
    fn ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, asks: &mut Asks) {
        if ctx.session.document().source().is_none() {
            let what = Empty {
                icon: icons::ICON_UPLOAD_FILE,
                title: "Nothing to export yet",
                text: "A policy file needs data, actions and, if its rules use scores, trained models. Begin with a customer file.",
                button: Some("Go to Data"),
                link: None,
            };
            if matches!(widgets::empty(ui, &what), Some(Pressed::Button)) {
                asks.ask(Ask::Go(Workspace::Data));
            }
            return;
        }
        let export = ctx.session.export();
        let width = (ui.available_width() * 0.36).clamp(330.0, 520.0);
        let frame = Frame::new().fill(ctx.tokens.panel).inner_margin(Margin::symmetric(16, 12));
        Panel::left("export side").frame(frame).exact_size(width).resizable(false).show(ui, |ui| {
            ScrollArea::vertical()
                .id_salt("export side")
                .auto_shrink(false)
                .show(ui, |ui| self.side(ui, ctx, &export, asks));
        });
        let frame = Frame::new().fill(ctx.tokens.ground).inner_margin(Margin::symmetric(16, 12));
        CentralPanel::default().frame(frame).show(ui, |ui| match (export.value(), &export) {
            (Some(file), _) => preview::show(ui, &mut self.preview, &file.text, export.is_stale(), asks),
            (None, Derived::Running(progress)) => {
                widgets::hint(ui, &format!("Writing the policy: {}", progress.stage));
            }
            (None, other) => {
                let what = Empty {
                    icon: icons::ICON_DESCRIPTION,
                    title: "No file yet",
                    text: other.why().map_or("The file appears here as soon as the draft can be written.", |why| why),
                    button: None,
                    link: None,
                };
                widgets::empty(ui, &what);
            }
        });
    }

    fn picked(&mut self, pick: Pick, path: PathBuf, _ctx: &Ctx<'_>, asks: &mut Asks) {
        if pick == Pick::ExportPolicy {
            self.target.write(path, asks);
        }
    }
}

impl ExportView {
    fn side(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, export: &Derived<ExportPreview>, asks: &mut Asks) {
        let ready = export.value().filter(|_| !export.is_stale()).map(|e| e.is_ready());
        let aside = match ready {
            Some(true) => "ready",
            Some(false) => "something stands in the way",
            None => "being checked",
        };
        widgets::heading(ui, "Export", aside, |_| {});
        let checked = ctx.session.findings();
        if let Some(file) = export.value() {
            widgets::dimmed(ui, export.is_stale(), |ui| {
                widgets::section(ui, "Readiness", "", |ui| {
                    let findings = checked.value().map_or(&[][..], |c| &c.findings);
                    checklist::show(ui, &file.checklist, &ctx.session.document().draft, findings, asks);
                });
            });
            ui.add_space(metrics().gap);
        }
        self.target.show(ui, ctx, export, asks);
    }
}
