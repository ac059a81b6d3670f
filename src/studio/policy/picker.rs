//! A drop-down with a search field: for the fields and scores of a condition, where a plain list would be too long.

use crate::shell::fuzzy;
use crate::theme::{self, metrics};
use egui::{Id, Key, RichText, ScrollArea, Ui};
use egui_material_icons::MaterialIcon;

/// One thing to pick.
pub struct Item {
    /// Sign of its type.
    pub icon: MaterialIcon,
    /// As it is called.
    pub name: String,
    /// Its type and what is known of it, in a few words.
    pub detail: String,
    /// Where it belongs: "Fields", "Scores".
    pub group: &'static str,
}

/// Draws a button with the current choice; answers the item that was picked.
pub fn show(ui: &mut Ui, id: Id, label: &str, current: &Item, items: &[Item], width: f32) -> Option<usize> {
    let tokens = theme::tokens(ui.ctx());
    let name = egui::RichText::new(&current.name).color(tokens.text);
    let button = egui::Button::new((current.icon.rich_text().size(15.0).color(tokens.weak), name))
        .right_text(egui_material_icons::icons::ICON_KEYBOARD_ARROW_DOWN.rich_text().size(14.0).color(tokens.weak))
        .min_size(egui::vec2(width, metrics().control))
        .truncate();
    let response = ui.add(button).accessible_name(format!("{label}: {}", current.name));
    let mut picked = None;
    let popup = egui::Popup::menu(&response).id(id).close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside);
    popup.show(|ui| {
        ui.set_width(320.0);
        picked = list(ui, id, label, items);
        if picked.is_some() {
            ui.close();
        }
    });
    if response.clicked() {
        ui.data_mut(|d| d.insert_temp(id, Search { fresh: true, ..Search::default() }));
    }
    picked
}

/// What is typed and which line Enter would pick.
#[derive(Clone, Debug, Default)]
struct Search {
    query: String,
    at: usize,
    fresh: bool,
}

fn list(ui: &mut Ui, id: Id, label: &str, items: &[Item]) -> Option<usize> {
    let tokens = theme::tokens(ui.ctx());
    let mut search: Search = ui.data(|d| d.get_temp(id)).unwrap_or_default();
    // Before the field sees them, so that they move in the list and not in the text.
    let (up, down, enter) = ui.input_mut(|i| {
        let mut pressed = |key| i.consume_key(egui::Modifiers::NONE, key);
        (pressed(Key::ArrowUp), pressed(Key::ArrowDown), pressed(Key::Enter))
    });
    let field = egui::TextEdit::singleline(&mut search.query).hint_text("Search").desired_width(f32::INFINITY);
    let response = ui.add(field).accessible_name(format!("Search {label}"));
    if search.fresh {
        response.request_focus();
        search.fresh = false;
    }
    if response.changed() {
        search.at = 0;
    }
    let found = ranked(&search.query, items);
    search.at = (search.at + usize::from(down)).min(found.len().saturating_sub(1)).saturating_sub(usize::from(up));
    let mut picked = if enter { found.get(search.at).copied() } else { None };
    if found.is_empty() {
        ui.label(RichText::new("Nothing by that name").weak());
    }
    ScrollArea::vertical().max_height(280.0).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        let mut group = "";
        for (line, index) in found.iter().enumerate() {
            let Some(item) = items.get(*index) else { continue };
            if search.query.trim().is_empty() && item.group != group {
                group = item.group;
                ui.label(RichText::new(group).small().weak());
            }
            let here = line == search.at;
            let button = egui::Button::selectable(
                here,
                (item.icon.rich_text().size(15.0).color(tokens.weak), item.name.as_str()),
            )
            .right_text(RichText::new(&item.detail).small().color(tokens.weak))
            .min_size(egui::vec2(ui.available_width(), 26.0));
            let response = ui.add(button).accessible_name(&item.name);
            if here && (up || down) {
                response.scroll_to_me(None);
            }
            if response.clicked() {
                picked = Some(*index);
            }
        }
    });
    ui.data_mut(|d| d.insert_temp(id, search));
    picked
}

/// The positions of items that fit, best first; all in their own order while nothing is typed.
fn ranked(query: &str, items: &[Item]) -> Vec<usize> {
    if query.trim().is_empty() {
        return (0..items.len()).collect();
    }
    let score = |(i, item): (usize, &Item)| fuzzy::score(query, &item.name).map(|score| (score, i));
    let mut found: Vec<(i32, usize)> = items.iter().enumerate().filter_map(score).collect();
    found.sort_by_key(|(score, i)| (-score, *i));
    found.into_iter().map(|(_, i)| i).collect()
}
