//! The Data workspace: import, the table, what each column means, and what is wrong with it.

mod arms;
mod column;
mod decision;
mod goal;
mod header;
mod import;
mod logging;
mod roles;
mod side;
mod table;
mod words;

use crate::commands::{Act, Command, Group, command_button, ctrl, ready};
use crate::theme::metrics;
use crate::view::{Ask, Asks, Ctx, Pick, Target, View};
use crate::widgets::{Empty, Pressed, dimmed, empty, heading, name_field, number, progress_row, stale_banner};
use crate::workspace::Workspace;
use attune_lab::data::Dataset;
use attune_lab::project::Loaded;
use attune_session::Derived;
use egui::{Frame, Key, Margin, Panel, Ui};
use egui_material_icons::icons;
use import::ImportSheet;
use side::{Side, Tab};
use std::path::PathBuf;
use table::Grid;

/// Commands of this workspace.
pub const COMMANDS: &[Command] = &[
    Command {
        id: "data.import",
        name: "Import data…",
        icon: icons::ICON_UPLOAD_FILE,
        shortcut: ctrl(Key::I),
        tooltip: "Read customers from a CSV, Parquet or JSON lines file",
        group: Group::In(Workspace::Data),
        act: Act::Project(ready, |_, asks| asks.ask(Ask::Pick(Pick::ImportData))),
    },
    Command {
        id: "data.copy",
        name: "Copy rows",
        icon: icons::ICON_CONTENT_COPY,
        shortcut: None,
        tooltip: "Put the selected rows on the clipboard, tab-separated, with the column names (Ctrl+C in the table)",
        group: Group::In(Workspace::Data),
        act: Act::Project(
            |ctx| has_data(ctx).and_then(|()| ctx.selection.row.map(|_| ()).ok_or("Select a row first")),
            |_, asks| tell(asks, "data.copy"),
        ),
    },
    Command {
        id: "data.go_to_row",
        name: "Go to row",
        icon: icons::ICON_LOW_PRIORITY,
        shortcut: ctrl(Key::G),
        tooltip: "Show a row by its number in the file",
        group: Group::In(Workspace::Data),
        act: Act::Project(has_data, |_, asks| tell(asks, "data.go_to_row")),
    },
    Command {
        id: "data.roles",
        name: "Show roles",
        icon: icons::ICON_CATEGORY,
        shortcut: None,
        tooltip: "What each column means, which value is which action, and how history chose",
        group: Group::In(Workspace::Data),
        act: Act::Project(has_data, |_, asks| tell(asks, "data.roles")),
    },
    Command {
        id: "data.profile",
        name: "Show the column's profile",
        icon: icons::ICON_BAR_CHART,
        shortcut: None,
        tooltip: "Missing cells, quantiles and distribution of the selected column",
        group: Group::In(Workspace::Data),
        act: Act::Project(has_data, |_, asks| tell(asks, "data.profile")),
    },
    Command {
        id: "data.problems",
        name: "Show problems of the data",
        icon: icons::ICON_RULE,
        shortcut: None,
        tooltip: "Problems found in the data, with the rows concerned",
        group: Group::In(Workspace::Data),
        act: Act::Project(has_data, |_, asks| tell(asks, "data.problems")),
    },
];

fn has_data(ctx: &Ctx<'_>) -> Result<(), &'static str> {
    ctx.table().map(|_| ()).ok_or("Import data first")
}

fn tell(asks: &mut Asks, command: &'static str) {
    asks.ask(Ask::Go(Workspace::Data));
    asks.ask(Ask::Tell(Workspace::Data, command));
}

/// View state of the workspace.
#[derive(Default)]
pub struct DataView {
    /// The import under way, if any.
    pub import: Option<ImportSheet>,
    /// The side panel.
    pub side: Side,
    grid: Grid,
    go_to: String,
    focus_go_to: bool,
}

impl View for DataView {
    fn ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, asks: &mut Asks) {
        if let Some(sheet) = &mut self.import {
            if !sheet.ui(ui, ctx, asks) {
                self.import = None;
            }
            return;
        }
        let dataset = ctx.session.dataset();
        let Some(table) = ctx.table() else {
            without_data(ui, asks, &dataset);
            return;
        };
        let side = Frame::new().inner_margin(Margin { left: 16, ..Margin::ZERO });
        Panel::right("data side")
            .frame(side)
            .default_size(metrics().side_width + 40.0)
            .size_range(280.0..=520.0)
            .show_separator_line(false)
            .show(ui, |ui| self.side.ui(ui, ctx, &table, asks));
        self.head(ui, ctx, asks, &table);
        if let Derived::Stale(_, progress) = &dataset {
            let text = match progress {
                Some(progress) => format!("Reading the file again: {}", progress.stage),
                None => "The file or the way it is read has changed since these rows were read".to_owned(),
            };
            stale_banner(ui, &text, progress.as_ref().map(|p| p.fraction), None);
        }
        dimmed(ui, dataset.is_stale(), |ui| self.grid.ui(ui, ctx, &table, asks));
    }

    fn told(&mut self, command: &'static str, ctx: &Ctx<'_>, asks: &mut Asks) {
        match command {
            "data.copy" => {
                if let Some(table) = ctx.table() {
                    self.grid.copy(ctx, &table, asks);
                }
            }
            "data.go_to_row" | "edit.find" => self.focus_go_to = true,
            "data.roles" => self.side.tab = Tab::Roles,
            "data.profile" => self.side.tab = Tab::Column,
            "data.problems" => self.side.tab = Tab::Problems,
            _ => {}
        }
    }

    fn shown(&mut self, target: &Target) {
        match target {
            Target::Row(row) => self.grid.show_row(*row),
            Target::Column(name) => {
                self.grid.show_column(name);
                self.side.tab = Tab::Column;
            }
            _ => {}
        }
    }

    fn picked(&mut self, pick: Pick, path: PathBuf, ctx: &Ctx<'_>, asks: &mut Asks) {
        if pick == Pick::ImportData {
            self.import = Some(ImportSheet::new(path, ctx, asks));
        }
    }
}

impl DataView {
    fn head(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, asks: &mut Asks, table: &Dataset) {
        let shape = format!(
            "{} × {}",
            number::counted(table.rows() as u64, "row", "rows"),
            number::counted(table.columns().len() as u64, "column", "columns")
        );
        heading(ui, table.name(), &shape, |ui| {
            command_button(ui, Some(ctx), asks, "data.import");
            let field = name_field(ui, &mut self.go_to, "Go to row", "Go to row", 92.0);
            if std::mem::take(&mut self.focus_go_to) {
                field.request_focus();
            }
            if field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter)) {
                let number = self.go_to.replace([',', ' '], "").parse::<u64>().ok();
                match number.and_then(|number| table.row_at(number)) {
                    Some(row) => asks.show(Target::Row(row)),
                    None => asks.toast(crate::shell::toasts::Toast::failed(format!(
                        "There is no row “{}”; rows go from {} to {}",
                        self.go_to,
                        number::count(table.row_number(0)),
                        number::count(table.row_number(table.rows().saturating_sub(1)))
                    ))),
                }
            }
        });
    }
}

fn without_data(ui: &mut Ui, asks: &mut Asks, dataset: &Derived<Loaded>) {
    match dataset {
        Derived::Running(progress) => {
            ui.add_space(metrics().gap_section);
            if progress_row(ui, "Reading the data", &progress.stage, progress.fraction, 240.0) {
                asks.command("view.cancel");
            }
        }
        Derived::Failed(why) => {
            let what = Empty {
                icon: icons::ICON_ERROR,
                title: "The data could not be read",
                text: why,
                button: Some("Import data…"),
                link: None,
            };
            if empty(ui, &what).is_some() {
                asks.command("data.import");
            }
        }
        _ => {
            let what = Empty {
                icon: icons::ICON_TABLE,
                title: "No data yet",
                text: "Import the customers this project is about: a CSV, Parquet or JSON lines file. You can also drop it here.",
                button: Some("Import data…"),
                link: Some("Open the sample project"),
            };
            match empty(ui, &what) {
                Some(Pressed::Button) => asks.command("data.import"),
                Some(Pressed::Link) => asks.command("project.sample"),
                None => {}
            }
        }
    }
}
