//! The panel at the bottom: which customer is traced, and the trace itself.

use super::input::{self, Change};
use super::trace;
use crate::theme::{self, Tone, metrics};
use crate::view::{Ask, Asks, Ctx, Target};
use crate::widgets;
use attune_session::Derived;
use egui::{Frame, Margin, Panel, RichText, Ui};
use egui_material_icons::icons;

/// Whether it is open.
#[derive(Default)]
pub struct TracePanel {
    open: bool,
    /// The row traced while none is selected.
    row: usize,
}

impl TracePanel {
    /// Opens or closes it.
    pub fn toggle(&mut self) {
        self.open = !self.open;
    }

    /// Draws it: one line while closed, a third of the height while open.
    pub fn show(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, asks: &mut Asks) {
        self.row = ctx.selection.row.unwrap_or(self.row).min(Self::rows(ctx).saturating_sub(1));
        let frame = Frame::new().fill(ctx.tokens.panel).inner_margin(Margin::symmetric(14, 6));
        let height = ui.available_height();
        if !self.open {
            Panel::bottom("policy trace closed")
                .frame(frame)
                .exact_size(metrics().control + 12.0)
                .resizable(false)
                .show(ui, |ui| {
                    ui.horizontal_centered(|ui| self.head(ui, ctx, asks));
                });
            return;
        }
        let panel = Panel::bottom("policy trace").frame(frame).resizable(true);
        panel.default_size((height * 0.38).max(180.0)).size_range(140.0..=(height - 180.0).max(150.0)).show(ui, |ui| {
            // Little content must not make the panel small for good.
            ui.set_min_height(ui.available_height());
            ui.horizontal(|ui| self.head(ui, ctx, asks));
            ui.add_space(metrics().gap_small);
            self.body(ui, ctx);
        });
    }

    fn rows(ctx: &Ctx<'_>) -> usize {
        ctx.session.document().source().map_or(0, |s| usize::try_from(s.rows).unwrap_or(usize::MAX))
    }

    fn head(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, asks: &mut Asks) {
        let (icon, hint) = if self.open {
            (icons::ICON_EXPAND_MORE, "Fold the trace (Ctrl+T)")
        } else {
            (icons::ICON_EXPAND_LESS, "Unfold the trace (Ctrl+T)")
        };
        if widgets::icon_button(ui, icon, if self.open { "Fold trace" } else { "Unfold trace" }, hint).clicked() {
            self.toggle();
        }
        ui.label(theme::bold("Trace"));
        let rows = Self::rows(ctx);
        if rows == 0 {
            widgets::hint(ui, "Import data, and any customer's decision can be followed here.");
            return;
        }
        ui.label(RichText::new("customer in row").weak());
        let at = self.row;
        let shown = at as f64 + 1.0;
        let change =
            input::number(ui, "Traced row", shown, |v| v.range(1.0..=rows as f64).speed(1.0).fixed_decimals(0));
        let mut chosen = match change {
            Change::None => None,
            Change::Live(v) | Change::Done(v) => Some((v as usize).saturating_sub(1)).filter(|row| at != *row),
        };
        for (icon, name, to) in [
            (icons::ICON_CHEVRON_LEFT, "Previous customer", at.checked_sub(1)),
            (icons::ICON_CHEVRON_RIGHT, "Next customer", (at + 1 < rows).then_some(at + 1)),
        ] {
            let pressed =
                ui.add_enabled_ui(to.is_some(), |ui| widgets::icon_button(ui, icon, name, name)).inner.clicked();
            if pressed {
                chosen = to;
            }
        }
        if !self.open
            && (chosen.is_some() || widgets::plain_button(ui, Some(icons::ICON_PERSON_SEARCH), "Trace").clicked())
        {
            self.open = true;
            chosen = chosen.or(Some(at));
        }
        if let Some(row) = chosen {
            asks.ask(Ask::Select(Target::Row(row)));
        }
        self.outcome(ui, ctx, asks);
    }

    /// Who it is and what was chosen, in the head.
    fn outcome(&self, ui: &mut Ui, ctx: &Ctx<'_>, asks: &mut Asks) {
        if !self.open {
            return;
        }
        let traced = ctx.session.trace(self.row);
        let Some(traced) = traced.value() else { return };
        trace::copy_button(ui, traced, asks);
        let decision = &traced.decision;
        let (tone, word) = if decision.holdout.is_some() {
            (Tone::Warn, "held out")
        } else if decision.chosen.is_some() {
            (Tone::Ok, "gets")
        } else {
            (Tone::Neutral, "gets")
        };
        ui.label(RichText::new(format!("customer {}", traced.subject)).weak());
        ui.label(RichText::new(word).weak());
        widgets::badge(ui, tone, &traced.chosen());
        if decision.degraded {
            widgets::badge_with_hint(ui, Tone::Warn, "degraded", &decision.diagnostics.join("\n"));
        }
    }

    fn body(&self, ui: &mut Ui, ctx: &Ctx<'_>) {
        if Self::rows(ctx) == 0 {
            return;
        }
        match ctx.session.trace(self.row) {
            Derived::Missing(why) => {
                widgets::hint(ui, &why);
            }
            Derived::Running(_) => {
                widgets::hint(ui, "Deciding…");
            }
            Derived::Failed(why) => {
                ui.add(egui::Label::new(RichText::new(&*why).color(ctx.tokens.err)).wrap());
            }
            Derived::Ready(traced) => trace::show(ui, &traced),
            Derived::Stale(traced, _) => widgets::dimmed(ui, true, |ui| trace::show(ui, &traced)),
        }
    }
}
