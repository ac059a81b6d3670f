//! Importing a file: what it looks like and why, what can be overridden, the first rows, and then the import itself.

use super::words;
use crate::theme::{Tone, bold, metrics, tokens};
use crate::view::{Asks, Ctx};
use crate::widgets::{
    choice, dimmed, heading, hint, inside, labelled, line_edit, number, plain_button, primary_button, prose, section,
    sentence,
};
use attune_lab::data::import::{DateOrder, Detected, Encoding, Format, ImportOptions};
use attune_policy::value::Type;
use attune_session::{Action, Derived};
use egui::{Align, ComboBox, Frame, Label, Layout, Margin, Panel, RichText, ScrollArea, Ui};
use std::path::PathBuf;

/// The import under way.
pub struct ImportSheet {
    path: PathBuf,
    /// What the user has settled; the rest is detected.
    options: ImportOptions,
    /// Texts that stand for missing, as typed.
    missing: Option<String>,
    /// Zone of times that name none, as typed.
    zone: Option<String>,
}

impl ImportSheet {
    /// Begins with a file: it is looked at, at once.
    pub fn new(path: PathBuf, _ctx: &Ctx<'_>, asks: &mut Asks) -> ImportSheet {
        asks.act(Action::Inspect { path: path.clone(), options: ImportOptions::default() });
        ImportSheet { path, options: ImportOptions::default(), missing: None, zone: None }
    }

    /// Draws it; answers whether it stays open.
    pub fn ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, asks: &mut Asks) -> bool {
        let file = self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let state = ctx.session.inspection();
        let size = state.value().map(|found| number::bytes(found.bytes)).unwrap_or_default();
        let ready = state.value().is_some();
        let mut open = true;
        heading(ui, &format!("Import {file}"), &size, |ui| {
            ui.add_enabled_ui(ready, |ui| {
                if primary_button(ui, None, "Import").clicked() {
                    asks.act(Action::Import { path: self.path.clone(), options: self.options.clone() });
                    open = false;
                }
            });
            if plain_button(ui, None, "Cancel").clicked() {
                open = false;
            }
        });
        let before = self.options.clone();
        match &state {
            Derived::Failed(why) => self.failed(ui, ctx, why),
            state => {
                if let Some(progress) = state.progress() {
                    ui.label(RichText::new(format!("Looking at the file: {}", progress.stage)).weak());
                }
                if let Some(found) = state.value().cloned() {
                    dimmed(ui, state.is_stale(), |ui| self.body(ui, ctx, &found));
                }
            }
        }
        if self.options != before {
            asks.act(Action::Inspect { path: self.path.clone(), options: self.options.clone() });
        }
        open
    }

    fn failed(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, why: &str) {
        let tone = Tone::Err;
        Frame::new().fill(tone.soft(ctx.tokens)).corner_radius(metrics().radius).inner_margin(12).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.add(Label::new(prose(why, metrics().body, tone.color(ctx.tokens))).wrap());
            hint(
                ui,
                "Nothing was imported; the project is as it was. Change how the file is read, or choose another one.",
            );
        });
        ui.add_space(metrics().gap);
        let assumed = self.options.clone();
        ui.set_max_width(360.0);
        self.form(ui, &assumed);
    }

    fn body(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, found: &Detected) {
        Panel::left("import options")
            .frame(Frame::new().inner_margin(Margin { right: 16, ..Margin::ZERO }))
            .default_size(320.0)
            .size_range(260.0..=440.0)
            .show_separator_line(false)
            .show(ui, |ui| {
                ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                    ui.set_width(ui.available_width() - 10.0);
                    ui.spacing_mut().item_spacing.y = metrics().gap;
                    section(ui, "How it is read", "detected; change what is wrong", |ui| self.form(ui, &found.options));
                    section(ui, "Why", "", |ui| {
                        for note in &found.notes {
                            ui.horizontal_top(|ui| {
                                ui.label(RichText::new("•").weak());
                                ui.add(sentence(ui, note));
                            });
                        }
                    });
                });
            });
        let shown = found.preview.rows.len() as u64;
        let text = format!("First {}, as they would be read", number::counted(shown, "row", "rows"));
        ui.label(RichText::new(text).weak());
        let frame = Frame::new().fill(ctx.tokens.card).stroke(egui::Stroke::new(1.0, ctx.tokens.border));
        frame.corner_radius(metrics().radius_card).inner_margin(1).show(ui, |ui| {
            let mut columns = vec![egui_table::Column::new(56.0).resizable(false)];
            columns.extend(found.columns.iter().map(|column| {
                egui_table::Column::new((30.0 + 8.0 * column.source.chars().count() as f32).clamp(112.0, 190.0))
            }));
            let mut preview = Preview { found, options: &mut self.options };
            egui_table::Table::new()
                .id_salt("import preview")
                .num_rows(shown)
                .num_sticky_cols(1)
                .columns(columns)
                .headers([egui_table::HeaderRow::new(58.0)])
                .show(ui, &mut preview);
        });
    }

    /// The options: what the user has settled, else what was found.
    fn form(&mut self, ui: &mut Ui, found: &ImportOptions) {
        let width = ui.available_width();
        let options = &mut self.options;
        let formats = [
            (Some(Format::Csv), "Delimited text (CSV, TSV)".to_owned()),
            (Some(Format::Aligned), "Text in columns of blanks".to_owned()),
            (Some(Format::Parquet), "Parquet".to_owned()),
            (Some(Format::Arrow), "Arrow IPC".to_owned()),
            (Some(Format::JsonLines), "JSON lines".to_owned()),
            (Some(Format::Workbook), "Excel or OpenDocument".to_owned()),
        ];
        settle(ui, "Format", width, &mut options.format, found.format, &formats);
        if options.format.or(found.format) == Some(Format::Csv) {
            let csv = &mut options.csv;
            let delimiters = [(',', "Comma  ,"), (';', "Semicolon  ;"), ('\t', "Tab"), ('|', "Bar  |"), (' ', "Space")];
            let delimiters: Vec<_> = delimiters.iter().map(|(c, name)| (Some(*c), (*name).to_owned())).collect();
            settle(ui, "Between fields", width, &mut csv.delimiter, found.csv.delimiter, &delimiters);
            let mut encodings: Vec<(Option<Encoding>, String)> = Encoding::common()
                .map(|(encoding, whose)| (Some(encoding), format!("{} ({whose})", encoding.name())))
                .collect();
            // One that was found or chosen and is not common.
            let rare = csv.encoding.or(found.csv.encoding);
            if let Some(encoding) = rare.filter(|_| !encodings.iter().any(|(known, _)| *known == rare)) {
                encodings.push((rare, encoding.name().to_owned()));
            }
            settle(ui, "Encoding", width, &mut csv.encoding, found.csv.encoding, &encodings);
            let commas = [(Some(false), "3.14".to_owned()), (Some(true), "3,14".to_owned())];
            settle(ui, "Numbers are written", width, &mut csv.decimal_comma, found.csv.decimal_comma, &commas);
            let headers =
                [(Some(true), "names the columns".to_owned()), (Some(false), "is a row like the others".to_owned())];
            settle(ui, "The first line", width, &mut csv.header, found.csv.header, &headers);
        }
        let orders = [
            (Some(DateOrder::DayFirst), "31/12/2024".to_owned()),
            (Some(DateOrder::MonthFirst), "12/31/2024".to_owned()),
        ];
        settle(ui, "Dates are written", width, &mut options.dates, found.dates, &orders);
        let zone = self.zone.get_or_insert_with(|| found.zone.clone().unwrap_or_else(|| "UTC".to_owned()));
        let response = labelled(ui, "Zone of times that name none, such as Europe/Berlin", |ui| {
            ui.add(line_edit(zone, width - 16.0))
        });
        if response.lost_focus() {
            let named = Some(zone.trim().to_owned()).filter(|zone| !zone.is_empty());
            if named != found.zone {
                options.zone = named;
            }
        }
        let text = self.missing.get_or_insert_with(|| found.missing.clone().unwrap_or_default().join(", "));
        let response = labelled(ui, "Also missing, beside empty cells", |ui| ui.add(line_edit(text, width - 16.0)));
        if response.lost_focus() {
            let list: Vec<String> = text.split(',').map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()).collect();
            if found.missing.as_ref() != Some(&list) {
                options.missing = Some(list);
            }
        }
    }
}

fn settle<T: PartialEq + Clone>(
    ui: &mut Ui,
    label: &str,
    width: f32,
    own: &mut Option<T>,
    found: Option<T>,
    options: &[(Option<T>, String)],
) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        let aside = if own.is_some() { "  (yours)" } else { "" };
        ui.label(RichText::new(format!("{label}{aside}")).small().weak());
        let mut now = own.clone().or(found);
        if choice(ui, ("import", label), label, &mut now, options, width) {
            *own = now;
        }
    });
}

struct Preview<'a> {
    found: &'a Detected,
    options: &'a mut ImportOptions,
}

impl egui_table::TableDelegate for Preview<'_> {
    fn header_cell_ui(&mut self, ui: &mut Ui, cell: &egui_table::HeaderCellInfo) {
        let t = tokens(ui.ctx());
        let rect = ui.max_rect();
        if ui.is_sizing_pass() {
            let column = cell.col_range.start.checked_sub(1).and_then(|at| self.found.columns.get(at));
            let width = column.map_or(56.0, |column| super::header::width(ui, column).max(128.0));
            ui.allocate_space(egui::vec2(width, rect.height()));
            return;
        }
        ui.painter().rect_filled(rect, 0, t.panel);
        ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, (1.0, t.border));
        let Some(column) = cell.col_range.start.checked_sub(1).and_then(|at| self.found.columns.get(at)) else {
            return;
        };
        let place = rect.shrink2(egui::vec2(8.0, 5.0));
        inside(ui, place, Layout::top_down(Align::Min), |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.add(Label::new(bold(&column.source)).truncate().selectable(false));
            let own = self.options.types.get(&column.source).or_else(|| self.options.types.get(&column.name)).copied();
            let mut now = own.unwrap_or(column.type_);
            let width = ui.available_width();
            ComboBox::from_id_salt(("type", &column.name))
                .width(width)
                .truncate()
                .selected_text(RichText::new(words::type_(now)).small())
                .show_ui(ui, |ui| {
                    for type_ in [Type::Text, Type::Integer, Type::Number, Type::Bool, Type::Time] {
                        if ui.selectable_value(&mut now, type_, words::type_(type_)).clicked() {
                            self.options.types.insert(column.source.clone(), type_);
                        }
                    }
                })
                .response
                .accessible_name(format!("Type of {}", column.source));
        });
    }

    fn row_ui(&mut self, ui: &mut Ui, row: u64) {
        if row % 2 == 1 {
            let fill = tokens(ui.ctx()).panel;
            ui.painter().rect_filled(ui.max_rect(), 0, fill);
        }
    }

    fn cell_ui(&mut self, ui: &mut Ui, cell: &egui_table::CellInfo) {
        let t = tokens(ui.ctx());
        let row = cell.row_nr as usize;
        let text = match cell.col_nr.checked_sub(1) {
            None => {
                let number = self.found.preview.numbers.get(row).copied().unwrap_or(row as u64 + 1);
                RichText::new(number::count(number)).small().color(t.weak)
            }
            Some(at) => match self.found.preview.rows.get(row).and_then(|cells| cells.get(at)).and_then(Option::as_ref)
            {
                Some(text) => RichText::new(text),
                None => RichText::new("missing").italics().small().color(t.weak),
            },
        };
        let sizing = ui.is_sizing_pass();
        Frame::new().inner_margin(Margin::symmetric(8, 2)).show(ui, |ui| {
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let label = Label::new(text).selectable(false);
                ui.add(if sizing { label.extend() } else { label.truncate() });
            });
        });
    }

    fn default_row_height(&self) -> f32 {
        metrics().row
    }
}
