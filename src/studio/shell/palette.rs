//! The palette: every command, column, model, rule and row, found by a few letters, run by Enter.

use super::fuzzy;
use crate::commands::{self, Command};
use crate::theme::{metrics, tokens};
use crate::view::{Ask, Asks, Ctx, Target};
use crate::widgets::{modal, number};
use egui::{Align, AtomExt as _, Button, Key, Modifiers, RichText, ScrollArea, TextEdit, Ui};
use egui_material_icons::{MaterialIcon, icons};

/// The open palette.
#[derive(Default)]
pub struct Palette {
    query: String,
    at: usize,
    opened: bool,
}

struct Entry {
    icon: MaterialIcon,
    name: String,
    aside: String,
    /// Why it cannot be chosen now.
    missing: Option<&'static str>,
    pick: Pick,
}

enum Pick {
    Command(&'static Command),
    Target(Target),
}

const SHOWN: usize = 60;

impl Palette {
    /// Draws it; answers whether it stays open.
    pub fn show(&mut self, ui: &Ui, ctx: Option<&Ctx<'_>>, asks: &mut Asks) -> bool {
        let entries = find(&self.query, ui.ctx(), ctx);
        self.at = self.at.min(entries.len().saturating_sub(1));
        let mut picked = None;
        let shown = modal(ui, "palette", Some(72.0)).show(ui.ctx(), |ui| {
            ui.set_width(560.0);
            let keys = ui.input_mut(|i| {
                let mut key = |key| i.consume_key(Modifiers::NONE, key);
                (key(Key::ArrowDown), key(Key::ArrowUp), key(Key::Enter))
            });
            let field = TextEdit::singleline(&mut self.query)
                .hint_text("Type a command, a column, a model, a rule, or “row 42”")
                .desired_width(f32::INFINITY)
                .margin(egui::Margin::symmetric(10, 7));
            let field = ui.add(field).accessible_name("Search or run a command");
            if !std::mem::replace(&mut self.opened, true) || !field.has_focus() {
                field.request_focus();
            }
            if field.changed() {
                self.at = 0;
            }
            let last = entries.len().saturating_sub(1);
            match keys {
                (true, _, _) => self.at = if self.at >= last { 0 } else { self.at + 1 },
                (_, true, _) => self.at = if self.at == 0 { last } else { self.at - 1 },
                (_, _, true) => picked = Some(self.at),
                _ => {}
            }
            ui.add_space(metrics().gap_small);
            if entries.is_empty() {
                ui.label(RichText::new("Nothing has these letters").weak());
            }
            ScrollArea::vertical().max_height(380.0).min_scrolled_height(380.0).auto_shrink([false, true]).show(
                ui,
                |ui| {
                    ui.spacing_mut().item_spacing.y = 1.0;
                    for (index, entry) in entries.iter().enumerate() {
                        let response = row(ui, entry, index == self.at);
                        if index == self.at && (keys.0 || keys.1) {
                            response.scroll_to_me(Some(Align::Center));
                        }
                        if response.clicked() {
                            picked = Some(index);
                        }
                    }
                },
            );
        });
        if let Some(entry) = picked.and_then(|index| entries.into_iter().nth(index)) {
            if entry.missing.is_some() {
                return true;
            }
            match entry.pick {
                Pick::Command(command) => asks.command(command.id),
                Pick::Target(target) => asks.ask(Ask::Show(target)),
            }
            return false;
        }
        !shown.should_close()
    }
}

fn row(ui: &mut Ui, entry: &Entry, current: bool) -> egui::Response {
    let t = tokens(ui.ctx());
    let color = if entry.missing.is_some() { t.weak } else { t.text };
    let button = Button::selectable(
        current,
        (entry.icon.rich_text().size(16.0).color(t.weak), RichText::new(&entry.name).color(color).atom_shrink(true)),
    )
    .right_text(RichText::new(&entry.aside).small().color(t.weak))
    .truncate()
    .min_size(egui::vec2(ui.available_width(), metrics().control));
    let response = ui.add(button).accessible_name(&entry.name);
    match entry.missing {
        Some(missing) => response.on_hover_text(missing),
        None => response,
    }
}

/// What fits, best first.
fn find(query: &str, egui: &egui::Context, ctx: Option<&Ctx<'_>>) -> Vec<Entry> {
    let mut found: Vec<(i32, Entry)> = Vec::new();
    for command in commands::all().filter(|command| command.id != "view.palette") {
        if let Some(score) = fuzzy::score(query, command.name) {
            let keys = command.shortcut.map(|keys| commands::text(egui, &keys)).unwrap_or_default();
            let aside = if keys.is_empty() { command.group.name().to_owned() } else { keys };
            let missing = command.ready(ctx).err();
            let score = if missing.is_some() { score - 40 } else { score };
            found.push((
                score,
                Entry { icon: command.icon, name: command.name.into(), aside, missing, pick: Pick::Command(command) },
            ));
        }
    }
    if let Some(ctx) = ctx
        && !query.trim().is_empty()
    {
        for (icon, name, aside, target) in things(ctx) {
            if let Some(score) = fuzzy::score(query, &name) {
                found.push((
                    score,
                    Entry { icon, name, aside: aside.to_owned(), missing: None, pick: Pick::Target(target) },
                ));
            }
        }
        found.extend(row_entry(query, ctx).map(|entry| (i32::MAX, entry)));
    }
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.truncate(SHOWN);
    found.into_iter().map(|(_, entry)| entry).collect()
}

/// Everything of the project that has a name.
fn things(ctx: &Ctx<'_>) -> Vec<(MaterialIcon, String, &'static str, Target)> {
    let document = ctx.session.document();
    let mut out = Vec::new();
    if let Some(table) = ctx.table() {
        for column in table.columns() {
            out.push((icons::ICON_VIEW_COLUMN, column.source.clone(), "Column", Target::Column(column.name.clone())));
        }
    }
    for spec in document.models.iter() {
        out.push((icons::ICON_INSIGHTS, spec.name.clone(), "Model", Target::Model(spec.id.clone())));
    }
    for rule in &document.draft.rules {
        out.push((icons::ICON_GAVEL, rule.name.clone(), "Rule", Target::Rule(rule.id.clone())));
    }
    out
}

/// `42` and `row 42` find a row by its number in the file.
fn row_entry(query: &str, ctx: &Ctx<'_>) -> Option<Entry> {
    let digits = query.trim().trim_start_matches("row").trim().replace(',', "");
    let number: u64 = digits.parse().ok()?;
    let row = ctx.table()?.row_at(number)?;
    Some(Entry {
        icon: icons::ICON_PERSON_SEARCH,
        name: format!("Row {}", number::count(number)),
        aside: "Show in the data".to_owned(),
        missing: None,
        pick: Pick::Target(Target::Row(row)),
    })
}
