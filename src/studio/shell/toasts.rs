//! Short words at the lower right that go away by themselves. A failure stays until it is closed.

use crate::theme::{Tone, metrics, tokens};
use crate::widgets::{capital, sentence};
use egui::{Align2, Area, Context, Frame, Id, Margin, Order, Sense, Stroke};
use egui_material_icons::icons;
use std::time::Duration;

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub struct Toast {
    /// How it went.
    pub tone: Tone,
    /// What happened, one sentence without a full stop.
    pub text: String,
    /// The button that undoes or continues: its text and the command it runs.
    pub button: Option<(&'static str, &'static str)>,
}

impl Toast {
    /// Something was done.
    pub fn done(text: impl Into<String>) -> Toast {
        Toast { tone: Tone::Ok, text: text.into(), button: None }
    }

    /// Something could not be done.
    pub fn failed(text: impl Into<String>) -> Toast {
        Toast { tone: Tone::Err, text: text.into(), button: None }
    }

    /// Something to know.
    pub fn note(text: impl Into<String>) -> Toast {
        Toast { tone: Tone::Neutral, text: text.into(), button: None }
    }

    /// With a button that runs a command.
    #[must_use]
    pub fn with(mut self, text: &'static str, command: &'static str) -> Toast {
        self.button = Some((text, command));
        self
    }
}

/// The messages on screen, the newest last.
#[derive(Default)]
pub struct Toasts {
    shown: Vec<(Toast, f64)>,
}

const SECONDS: f64 = 4.0;
const AT_MOST: usize = 4;

impl Toasts {
    /// Adds a message; the same text twice in a row is one message.
    pub fn add(&mut self, now: f64, toast: Toast) {
        self.shown.retain(|(old, _)| old.text != toast.text);
        self.shown.push((toast, now));
        let over = self.shown.len().saturating_sub(AT_MOST);
        self.shown.drain(..over);
    }

    /// What is on screen, for tests and for the record.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.shown.iter().map(|(toast, _)| toast.text.as_str())
    }

    /// Draws them; answers the command of a pressed button.
    pub fn show(&mut self, ctx: &Context, bottom: f32) -> Option<&'static str> {
        let now = ctx.input(|i| i.time);
        self.shown.retain(|(toast, since)| toast.tone == Tone::Err || now - since < SECONDS);
        if let Some((_, since)) = self.shown.iter().find(|(toast, _)| toast.tone != Tone::Err) {
            ctx.request_repaint_after(Duration::from_secs_f64((SECONDS - (now - since)).max(0.02)));
        }
        let (mut closed, mut pressed) = (None, None);
        let mut y = bottom + metrics().gap;
        for (index, (toast, _)) in self.shown.iter().enumerate().rev() {
            let area = Area::new(Id::unique(("toast", &toast.text))).order(Order::Foreground);
            let shown = area.anchor(Align2::RIGHT_BOTTOM, [-metrics().gap_large, -y]).show(ctx, |ui| {
                let t = tokens(ui.ctx());
                let frame = Frame::popup(ui.style()).inner_margin(Margin::symmetric(12, 8));
                frame.stroke(Stroke::new(1.0, toast.tone.color(t))).show(ui, |ui| {
                    ui.set_max_width(420.0);
                    ui.horizontal(|ui| {
                        let icon = match toast.tone {
                            Tone::Ok => icons::ICON_CHECK_CIRCLE,
                            Tone::Err => icons::ICON_ERROR,
                            Tone::Warn => icons::ICON_WARNING,
                            Tone::Neutral | Tone::Accent => icons::ICON_INFO,
                        };
                        ui.label(icon.rich_text().size(17.0).color(toast.tone.color(t)));
                        ui.add(sentence(ui, &capital(&toast.text)));
                        if let Some((text, command)) = toast.button
                            && ui.add(egui::Link::new(text)).clicked()
                        {
                            (closed, pressed) = (Some(index), Some(command));
                        }
                        let close = egui::Button::new(icons::ICON_CLOSE.rich_text()).frame_when_inactive(false);
                        if ui.add(close.sense(Sense::click())).accessible_name("Close message").clicked() {
                            closed = Some(index);
                        }
                    });
                });
            });
            y += shown.response.rect.height() + metrics().gap;
        }
        if let Some(index) = closed {
            self.shown.remove(index);
        }
        pressed
    }
}
