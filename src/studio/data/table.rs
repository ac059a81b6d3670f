//! The table: a page of rows at a time out of as many as there are, a sticky row number, selection, copying.

use super::header;
use crate::theme::{metrics, tokens};
use crate::view::{Ask, Asks, Ctx, Target};
use crate::widgets::{inside, number, plain_button};
use attune_lab::data::Dataset;
use attune_lab::data::profile::{ColumnProfile, Problem};
use attune_policy::value::Type;
use attune_session::Row;
use egui::{Align, EventFilter, Frame, Key, Label, Layout, Margin, RichText, Sense, Ui};
use std::collections::HashMap;
use std::ops::RangeInclusive;

/// Scrolling is exact in a view of this many rows; longer tables are seen through such a window.
const WINDOW: usize = 500_000;
/// More rows than this are not put on the clipboard.
const COPIED: usize = 100_000;

/// View state of the table.
#[derive(Default)]
pub struct Grid {
    /// First row of the window.
    start: usize,
    /// Where a range of rows began, to be stretched with Shift.
    anchor: Option<usize>,
    scroll_to: Option<usize>,
    scroll_to_column: Option<String>,
}

impl Grid {
    /// Scrolls to a row at the next frame.
    pub fn show_row(&mut self, row: usize) {
        self.scroll_to = Some(row);
        self.anchor = Some(row);
    }

    /// Scrolls to a column at the next frame.
    pub fn show_column(&mut self, name: &str) {
        self.scroll_to_column = Some(name.to_owned());
    }

    /// The rows selected, if any.
    fn selected(&self, ctx: &Ctx<'_>) -> Option<RangeInclusive<usize>> {
        let row = ctx.selection.row?;
        let anchor = self.anchor.unwrap_or(row);
        Some(anchor.min(row)..=anchor.max(row))
    }

    /// Draws it.
    pub fn ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, table: &Dataset, asks: &mut Asks) {
        let rows = table.rows();
        if let Some(row) = self.scroll_to {
            self.start = if rows <= WINDOW { 0 } else { (row / WINDOW * WINDOW).min(rows - 1) };
        }
        if rows > WINDOW {
            self.pager(ui, rows);
        }
        let shown = (rows - self.start.min(rows)).min(WINDOW);
        let frame = Frame::new().fill(ctx.tokens.card).stroke(egui::Stroke::new(1.0, ctx.tokens.border));
        let frame = frame.corner_radius(metrics().radius_card).inner_margin(1);
        let shown = frame.show(ui, |ui| {
            let rect = ui.available_rect_before_wrap();
            self.keys(ui, ctx, table, asks, rect);
            self.table(ui, ctx, table, asks, shown);
        });
        shown.response.widget_info(|| {
            let name = format!("Table of {}", number::counted(rows as u64, "row", "rows"));
            egui::WidgetInfo::labeled(egui::Role::Table, true, name)
        });
    }

    fn table(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, table: &Dataset, asks: &mut Asks, shown: usize) {
        let columns = table.columns();
        let profile = ctx.session.profile().value().cloned();
        let profiles: HashMap<&str, &ColumnProfile> =
            profile.iter().flat_map(|p| &p.columns).map(|c| (c.name.as_str(), c)).collect();
        let mut worst: HashMap<&str, &Problem> = HashMap::new();
        for problem in profile.iter().flat_map(|p| &p.problems) {
            if let Some(column) = &problem.column {
                let entry = worst.entry(column).or_insert(problem);
                if problem.severity > entry.severity {
                    *entry = problem;
                }
            }
        }
        let mut widths = vec![egui_table::Column::new(72.0).range(56.0..=120.0).resizable(false)];
        widths.extend(columns.iter().map(|column| {
            let wide = 40.0 + 8.0 * column.source.chars().count() as f32;
            egui_table::Column::new(wide.clamp(110.0, 190.0))
                .range(64.0..=480.0)
                .id(egui::Id::unique(("column", &column.name)))
        }));
        let mut widget = egui_table::Table::new()
            .id_salt("rows")
            .num_rows(shown as u64)
            .columns(widths)
            .num_sticky_cols(1)
            .headers([egui_table::HeaderRow::new(header::HEIGHT)]);
        if let Some(row) = self.scroll_to.take() {
            let row = row.saturating_sub(self.start).min(shown.saturating_sub(1));
            widget = widget.scroll_to_row(row as u64, Some(Align::Center));
        }
        if let Some(at) = self.scroll_to_column.take().and_then(|name| table.position(&name)) {
            widget = widget.scroll_to_column(at + 1, None);
        }
        let mut delegate = Rows {
            ctx,
            table,
            start: self.start,
            profiles,
            worst,
            selected: self.selected(ctx),
            row: None,
            pressed: None,
        };
        widget.show(ui, &mut delegate);
        match delegate.pressed {
            Some(Press::Row(row, stretch)) => {
                if !stretch || self.anchor.is_none() {
                    self.anchor = Some(row);
                }
                asks.select(Target::Row(row));
            }
            Some(Press::Column(name)) => asks.show(Target::Column(name)),
            None => {}
        }
    }

    /// Arrow keys move the selection while the table has the keyboard; Ctrl+C copies.
    fn keys(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, table: &Dataset, asks: &mut Asks, rect: egui::Rect) {
        let id = ui.scope_id().with("keys");
        let response = ui.interact(rect, id, Sense::focusable_noninteractive());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Grid, true, "Rows"));
        if response.has_focus() {
            let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
            let inner = rect.shrink(1.0);
            ui.painter().rect_stroke(inner, metrics().radius_card, (2.0, ctx.tokens.accent), egui::StrokeKind::Inside);
        }
        let nobody = ui.memory(|memory| memory.focused().is_none());
        if !response.has_focus() && !nobody {
            return;
        }
        let last = table.rows().saturating_sub(1);
        let page = (rect.height() / metrics().row).max(2.0) as usize - 1;
        let step = ui.input(|i| {
            let now = ctx.selection.row.unwrap_or(0);
            let moves = [
                (Key::ArrowDown, now.saturating_add(1)),
                (Key::ArrowUp, now.saturating_sub(1)),
                (Key::PageDown, now.saturating_add(page)),
                (Key::PageUp, now.saturating_sub(page)),
                (Key::Home, 0),
                (Key::End, last),
            ];
            let pressed =
                moves.into_iter().find(|(key, _)| i.key_pressed(*key) && !(i.modifiers.command || i.modifiers.alt));
            pressed.map(|(_, to)| (to.min(last), i.modifiers.shift))
        });
        if let Some((row, stretch)) = step {
            let anchor = self.anchor;
            self.show_row(row);
            if stretch {
                self.anchor = anchor.or(ctx.selection.row);
            }
            asks.select(Target::Row(row));
        }
        if ui.input(|i| i.events.iter().any(|event| matches!(event, egui::Event::Copy))) {
            self.copy(ctx, table, asks);
        }
    }

    /// Puts the selected rows on the clipboard, tab-separated, with the names of the columns.
    pub fn copy(&self, ctx: &Ctx<'_>, table: &Dataset, asks: &mut Asks) {
        let Some(range) = self.selected(ctx) else { return };
        let rows = *range.start()..(*range.end() + 1).min(range.start() + COPIED);
        let columns: Vec<usize> = (0..table.columns().len()).collect();
        let names: Vec<&str> = table.columns().iter().map(|column| column.source.as_str()).collect();
        let mut text = names.join("\t");
        for row in table.page(rows.clone(), &columns).rows {
            text.push('\n');
            let cells: Vec<String> =
                row.into_iter().map(|cell| cell.unwrap_or_default().replace(['\t', '\n'], " ")).collect();
            text.push_str(&cells.join("\t"));
        }
        asks.ask(Ask::Copy { text, what: number::counted(rows.len() as u64, "row", "rows") });
    }

    fn pager(&mut self, ui: &mut Ui, rows: usize) {
        ui.horizontal(|ui| {
            let end = (self.start + WINDOW).min(rows);
            ui.add_enabled_ui(self.start > 0, |ui| {
                if plain_button(ui, None, "Earlier rows").clicked() {
                    self.start = self.start.saturating_sub(WINDOW);
                }
            });
            ui.add_enabled_ui(end < rows, |ui| {
                if plain_button(ui, None, "Later rows").clicked() {
                    self.start = end;
                }
            });
            let text = format!(
                "Rows {} – {} of {}",
                number::count(self.start as u64 + 1),
                number::count(end as u64),
                number::count(rows as u64)
            );
            ui.label(RichText::new(text).weak());
        });
    }
}

enum Press {
    /// A row, and whether the range is stretched to it.
    Row(usize, bool),
    Column(String),
}

/// What the table asks its cells from, for one frame.
struct Rows<'a> {
    ctx: &'a Ctx<'a>,
    table: &'a Dataset,
    start: usize,
    profiles: HashMap<&'a str, &'a ColumnProfile>,
    worst: HashMap<&'a str, &'a Problem>,
    selected: Option<RangeInclusive<usize>>,
    /// The row fetched last: the cells of a row are drawn one after another.
    row: Option<(usize, Option<Row>)>,
    pressed: Option<Press>,
}

impl egui_table::TableDelegate for Rows<'_> {
    fn prepare(&mut self, info: &egui_table::PrefetchInfo) {
        let visible = info.visible_rows.clone();
        self.ctx.session.prefetch(self.start + visible.start as usize..self.start + visible.end as usize);
    }

    fn header_cell_ui(&mut self, ui: &mut Ui, cell: &egui_table::HeaderCellInfo) {
        let t = tokens(ui.ctx());
        let rect = ui.max_rect();
        let at = cell.col_range.start;
        let column = at.checked_sub(1).and_then(|at| self.table.columns().get(at));
        if ui.is_sizing_pass() {
            ui.allocate_space(egui::vec2(column.map_or(72.0, |column| header::width(ui, column)), header::HEIGHT));
            return;
        }
        let chosen = column.is_some_and(|c| self.ctx.selection.column.as_deref() == Some(&c.name));
        ui.painter().rect_filled(rect, 0, if chosen { t.accent_soft } else { t.panel });
        ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, (1.0, t.border));
        ui.painter().vline(rect.right() - 0.5, rect.y_range(), (1.0, t.border));
        let place = rect.shrink2(egui::vec2(8.0, 6.0));
        match column {
            None => {
                inside(ui, place, Layout::bottom_up(Align::Max), |ui| {
                    ui.add(Label::new(RichText::new("Row").small().weak()).selectable(false))
                });
            }
            Some(column) => {
                let name = column.name.as_str();
                let (profile, worst) = (self.profiles.get(name).copied(), self.worst.get(name).copied());
                inside(ui, place, Layout::top_down(Align::Min), |ui| {
                    header::show(ui, self.ctx, column, profile, worst)
                });
            }
        }
        if let Some(column) = column {
            // The right edge belongs to the handle that makes the column wider.
            let rect = rect.with_max_x(rect.right() - 5.0);
            let response = ui.interact(rect, ui.scope_id().with(("header", at)), Sense::click());
            response.widget_info(|| {
                egui::WidgetInfo::selected(egui::Role::Button, true, chosen, format!("Column {}", column.source))
            });
            if response.has_focus() || response.hovered() {
                ui.painter().rect_stroke(rect.shrink(1.0), 3, (1.5, t.accent), egui::StrokeKind::Inside);
            }
            if response.clicked() {
                self.pressed = Some(Press::Column(column.name.clone()));
            }
        }
    }

    fn row_ui(&mut self, ui: &mut Ui, row: u64) {
        let t = tokens(ui.ctx());
        let row = self.start + row as usize;
        let rect = ui.max_rect();
        let response = ui.interact(rect, ui.scope_id().with(("row", row)), Sense::CLICK);
        let selected = self.selected.as_ref().is_some_and(|range| range.contains(&row));
        if selected {
            ui.painter().rect_filled(rect, 0, t.accent_soft);
        } else if response.hovered() {
            ui.painter().rect_filled(rect, 0, t.raised);
        } else if row % 2 == 1 {
            ui.painter().rect_filled(rect, 0, t.panel);
        }
        if response.clicked() {
            self.pressed = Some(Press::Row(row, ui.input(|i| i.modifiers.shift)));
        }
    }

    fn cell_ui(&mut self, ui: &mut Ui, cell: &egui_table::CellInfo) {
        let t = tokens(ui.ctx());
        let row = self.start + cell.row_nr as usize;
        if self.row.as_ref().is_none_or(|(of, _)| *of != row) {
            self.row = Some((row, self.ctx.session.row(row)));
        }
        let fetched = self.row.as_ref().and_then(|(_, row)| row.as_ref());
        let (text, right) = match cell.col_nr.checked_sub(1) {
            None => {
                let number = self.table.row_number(row);
                (RichText::new(number::count(number)).small().color(t.weak), true)
            }
            Some(at) => {
                let type_ = self.table.columns().get(at).map_or(Type::Text, |column| column.type_);
                let right = matches!(type_, Type::Integer | Type::Number);
                match fetched.map(|fetched| fetched.cell(at)) {
                    Some(Some(text)) => (RichText::new(text), right),
                    // On its way; the session wakes the window when it is here.
                    None => (RichText::new("…").color(t.weak), right),
                    Some(None) => (RichText::new("missing").italics().small().color(t.weak), right),
                }
            }
        };
        let sizing = ui.is_sizing_pass();
        let layout =
            if right && !sizing { Layout::right_to_left(Align::Center) } else { Layout::left_to_right(Align::Center) };
        Frame::new().inner_margin(Margin::symmetric(8, 2)).show(ui, |ui| {
            ui.with_layout(layout, |ui| {
                // In the pass that measures columns a truncating label would report no width at all.
                let label = Label::new(text).selectable(false);
                ui.add(if sizing { label.extend() } else { label.truncate() });
            });
        });
    }

    fn default_row_height(&self) -> f32 {
        metrics().row
    }
}
