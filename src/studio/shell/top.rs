//! The top bar: project, saved state, the way into the palette, undo and redo, theme, help.

use crate::commands::{self, command_icon};
use crate::theme::{Tone, bold, metrics, tokens};
use crate::view::{Asks, Ctx};
use crate::widgets::dot;
use egui::{Align, Button, Frame, Layout, Margin, Panel, RichText, Ui, Vec2};
use egui_material_icons::icons;

/// How the project stands on disk, in words.
pub struct SavedWords {
    /// Colour of the mark.
    pub tone: Tone,
    /// `Saved`, `Saving…`, `Not saved: the disk is full`.
    pub words: String,
}

/// Draws the bar.
pub fn show(ui: &mut Ui, project: Option<(&str, &SavedWords)>, ctx: Option<&Ctx<'_>>, asks: &mut Asks) {
    let sizes = metrics();
    let frame = Frame::new().fill(tokens(ui.ctx()).panel).inner_margin(Margin::symmetric(12, 0));
    Panel::top("top").frame(frame).exact_size(sizes.top_height).resizable(false).show(ui, |ui| {
        let whole = ui.max_rect();
        ui.horizontal_centered(|ui| {
            left(ui, project, asks);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| right(ui, ctx, asks));
        });
        // The search field stands in the middle of the window, whatever the name's length, while there is room for it.
        let width = (whole.width() * 0.3).clamp(180.0, 420.0);
        let place = egui::Rect::from_center_size(whole.center(), Vec2::new(width, sizes.control));
        let t = tokens(ui.ctx());
        let keys = commands::find("view.palette").and_then(|command| command.shortcut);
        let keys = keys.map(|keys| commands::text(ui.ctx(), &keys)).unwrap_or_default();
        let label =
            (icons::ICON_SEARCH.rich_text().color(t.weak), RichText::new("Search or run a command").color(t.weak));
        let button = Button::new(label)
            .right_text(RichText::new(keys).small().color(t.weak))
            .fill(t.field)
            .stroke(egui::Stroke::new(1.0, t.border));
        let response =
            ui.put(place, button.truncate().min_size(place.size())).accessible_name("Search or run a command");
        if response.clicked() {
            asks.command("view.palette");
        }
    });
}

fn left(ui: &mut Ui, project: Option<(&str, &SavedWords)>, asks: &mut Asks) {
    let t = tokens(ui.ctx());
    ui.label(icons::ICON_TUNE.rich_text().size(20.0).color(t.accent));
    let Some((name, saved)) = project else {
        ui.label(bold("Attune").size(metrics().subhead));
        return;
    };
    let width = (ui.ctx().content_rect().width() * 0.2).min(260.0);
    let title = Button::new((bold(name), icons::ICON_KEYBOARD_ARROW_DOWN.rich_text().color(t.weak)))
        .frame_when_inactive(false)
        .truncate();
    let response = ui.scope(|ui| {
        ui.set_max_width(width);
        ui.add(title).accessible_name(format!("Project {name}"))
    });
    egui::Popup::menu(&response.inner).show(|ui| {
        ui.set_min_width(220.0);
        for id in ["project.new", "project.open", "project.sample", "project.save", "project.close", "app.quit"] {
            let Some(command) = commands::find(id) else { continue };
            let mut button = Button::new((command.icon.rich_text().size(16.0).color(t.weak), command.name));
            if let Some(keys) = command.shortcut {
                button = button.shortcut_text(commands::text(ui.ctx(), &keys));
            }
            let response = ui.add(button.min_size(Vec2::new(220.0, metrics().control)));
            if response.accessible_name(command.name).on_hover_text(command.tooltip).clicked() {
                asks.command(id);
                ui.close();
            }
        }
    });
    dot(ui, saved.tone);
    ui.add(egui::Label::new(RichText::new(&saved.words).small().weak()).truncate());
}

fn right(ui: &mut Ui, ctx: Option<&Ctx<'_>>, asks: &mut Asks) {
    ui.spacing_mut().item_spacing.x = 2.0;
    command_icon(ui, ctx, asks, "view.help");
    command_icon(ui, ctx, asks, "view.theme");
    ui.separator();
    history(ui, ctx, asks, "edit.redo", ctx.and_then(|ctx| ctx.session.can_redo()));
    history(ui, ctx, asks, "edit.undo", ctx.and_then(|ctx| ctx.session.can_undo()));
}

/// Undo and redo say what they would do.
fn history(ui: &mut Ui, ctx: Option<&Ctx<'_>>, asks: &mut Asks, id: &'static str, label: Option<&str>) {
    let Some(command) = commands::find(id) else { return };
    let button = Button::new(command.icon.rich_text().size(17.0)).frame_when_inactive(false);
    let ready = ctx.is_some() && label.is_some();
    let response = ui.add_enabled(ready, button.min_size(Vec2::splat(metrics().control)));
    let keys = command.shortcut.map(|keys| commands::text(ui.ctx(), &keys)).unwrap_or_default();
    let hint = label.map_or_else(
        || format!("Nothing to {}", command.name.to_lowercase()),
        |label| format!("{}: {label} ({keys})", command.name),
    );
    let response = response.accessible_name(command.name).on_hover_text(&hint).on_disabled_hover_text(hint);
    if response.clicked() {
        asks.command(id);
    }
}
