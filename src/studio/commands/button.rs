//! Buttons made from the table: name, icon, tooltip, keys and readiness all come from there.

use super::{Command, find};
use crate::theme::{metrics, tokens};
use crate::view::{Asks, Ctx};
use egui::{Button, Response, RichText, Stroke, Ui, Vec2};

/// An ordinary button of a command.
pub fn command_button(ui: &mut Ui, ctx: Option<&Ctx<'_>>, asks: &mut Asks, id: &'static str) {
    with(ui, ctx, asks, id, |ui, command| {
        let button = Button::new((command.icon.rich_text().size(16.0), command.name));
        ui.add(button.min_size(Vec2::new(0.0, metrics().control)))
    });
}

/// The primary button of a place.
pub fn primary_command(ui: &mut Ui, ctx: Option<&Ctx<'_>>, asks: &mut Asks, id: &'static str) {
    with(ui, ctx, asks, id, |ui, command| {
        let t = tokens(ui.ctx());
        let icon = command.icon.rich_text().size(16.0).color(t.on_accent);
        let button = Button::new((icon, RichText::new(command.name).color(t.on_accent)));
        let height = Vec2::new(0.0, metrics().control + 2.0);
        ui.add(button.fill(t.accent_fill).stroke(Stroke::new(1.0, t.accent_fill)).min_size(height))
    });
}

/// A square button of the command's icon.
pub fn command_icon(ui: &mut Ui, ctx: Option<&Ctx<'_>>, asks: &mut Asks, id: &'static str) {
    with(ui, ctx, asks, id, |ui, command| {
        let button = Button::new(command.icon.rich_text().size(17.0)).frame_when_inactive(false);
        ui.add(button.min_size(Vec2::splat(metrics().control)))
    });
}

/// Draws by `draw`, greyed when the command is not ready, and asks for it when pressed.
fn with(
    ui: &mut Ui,
    ctx: Option<&Ctx<'_>>,
    asks: &mut Asks,
    id: &'static str,
    draw: impl FnOnce(&mut Ui, &Command) -> Response,
) {
    let Some(command) = find(id) else {
        debug_assert!(false, "no command `{id}`");
        return;
    };
    let ready = command.ready(ctx);
    let response = ui.add_enabled_ui(ready.is_ok(), |ui| draw(ui, command)).inner;
    let response = response.accessible_name(command.name).on_hover_text(command.hint(ui.ctx()));
    let response = match ready {
        Ok(()) => response,
        Err(missing) => response.on_disabled_hover_text(missing),
    };
    if response.clicked() {
        asks.command(id);
    }
}
