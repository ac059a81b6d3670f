//! The Policy workspace: stages at the left, what lies in the open one in the middle, its effect at the right, one
//! customer's trace at the bottom.
//!
//! It reads snapshots and sends edits; it decides nothing.

mod actions;
mod arbitration;
mod budgets;
mod builder;
mod caps;
mod card;
mod chosen;
mod commands;
mod condition;
mod dates;
pub(crate) mod edits;
mod effects;
mod expression;
mod fallback;
mod holdouts;
pub mod input;
mod look;
mod names;
mod part;
mod picker;
mod promises;
mod quiet;
mod rules;
mod scope;
mod sentence;
pub mod stage;
mod stages_column;
mod switch;
mod taxonomy;
mod trace;
mod trace_panel;
mod values;
mod waits;

pub use commands::COMMANDS;

use crate::theme::metrics;
use crate::view::{Asks, Ctx, Target, View};
use crate::widgets;
use attune_policy::document::Document;
use attune_policy::language::Context;
use attune_policy::rule::Stage;
use card::Act;
use egui::{CentralPanel, Frame, Margin, Panel, ScrollArea, Ui};
use look::Look;
use rules::RulesState;
use stage::Place;
use trace_panel::TracePanel;

/// Widest the middle column grows: longer lines would be hard to read.
const MIDDLE: f32 = 1120.0;

/// View state of the workspace.
#[derive(Default)]
pub struct PolicyView {
    place: Place,
    rules: RulesState,
    open_action: Option<String>,
    trace: TracePanel,
    /// A rule to bring into the open stage with the next frame.
    reveal: Option<String>,
}

impl View for PolicyView {
    fn ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, asks: &mut Asks) {
        let parts = ctx.session.document();
        let draft: &Document = &parts.draft;
        if let Some(id) = self.reveal.take()
            && let Some(rule) = draft.rules.iter().find(|r| r.id == id)
        {
            self.place = Place::of(rule.stage);
            self.rules.unfold(&id);
        }
        let checked = ctx.session.findings();
        let simulation = ctx.session.simulation();
        // Before any data are there nothing is known of names; then there is nothing to complete either.
        let nothing = checked.value().is_none().then(|| Context::new(draft));
        let models: Vec<&str> = parts.model_ids().collect();
        let checked_now = checked.value();
        let profile = ctx.session.profile();
        let Some(names) = checked_now.map(|c| &c.context).or(nothing.as_ref()) else { return };
        let whole = checked_now.map_or(draft, |c| &c.document);
        let known = names::all(whole, &models, profile.value().map(|p| &**p));
        let look = Look {
            draft,
            schema: &whole.schema,
            names,
            models: &models,
            findings: checked_now.map_or(&[], |c| &c.findings),
            report: simulation.value().map(|r| &**r),
            stale: simulation.is_stale(),
            untrained: checked_now.is_some_and(|c| !c.untrained.is_empty()),
            known: &known,
        };
        self.panels(ui, ctx, &look, asks);
        self.keys(ui, ctx, draft, asks);
    }

    fn told(&mut self, command: &'static str, ctx: &Ctx<'_>, asks: &mut Asks) {
        let draft = &ctx.session.document().draft;
        if let Some(place) = Place::ALL.into_iter().find(|p| p.command() == command) {
            self.place = place;
            return;
        }
        match command {
            "policy.add_rule" => {
                if self.place.stage().is_none() {
                    self.place = Place::Eligibility;
                }
                if let Some(stage) = self.place.stage() {
                    self.rules.begin(stage);
                }
            }
            "policy.trace" => self.trace.toggle(),
            _ => {
                let Some(id) = &ctx.selection.rule else { return };
                let act = match command {
                    "policy.duplicate_rule" => Act::Duplicate,
                    "policy.delete_rule" => Act::Delete,
                    "policy.rule_up" => Act::Up,
                    "policy.rule_down" => Act::Down,
                    "policy.toggle_rule" => Act::Toggle,
                    "policy.rule_code" => Act::AsCode(!self.rules.as_code.contains(id)),
                    _ => return,
                };
                rules::perform(draft, id, &act, &mut self.rules, asks);
            }
        }
    }

    fn shown(&mut self, target: &Target) {
        if let Target::Rule(id) = target {
            self.reveal = Some(id.clone());
        }
    }
}

impl PolicyView {
    fn panels(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, look: &Look<'_>, asks: &mut Asks) {
        let t = ctx.tokens;
        let side = Frame::new().fill(t.panel).inner_margin(Margin::symmetric(8, 8));
        Panel::left("policy stages").frame(side).exact_size(196.0).resizable(false).show(ui, |ui| {
            ScrollArea::vertical().id_salt("stages").show(ui, |ui| {
                if let Some(place) = stages_column::show(ui, look, self.place) {
                    self.place = place;
                }
            });
        });
        let wide = ui.available_width() > 780.0;
        if wide {
            let width = (ui.available_width() * 0.26).clamp(250.0, 360.0);
            let frame = Frame::new().fill(t.panel).inner_margin(Margin::symmetric(14, 12));
            Panel::right("policy effect").frame(frame).exact_size(width).resizable(false).show(ui, |ui| {
                ScrollArea::vertical().id_salt("effect").auto_shrink(false).show(ui, |ui| {
                    effects::show(ui, look, &ctx.session.preview(), asks);
                });
            });
        }
        self.trace.show(ui, ctx, asks);
        let frame = Frame::new().fill(t.ground).inner_margin(Margin::symmetric(16, 12));
        CentralPanel::default().frame(frame).show(ui, |ui| {
            let room = Margin { right: 10, ..Margin::ZERO };
            ScrollArea::vertical().id_salt(("place", self.place)).auto_shrink(false).content_margin(room).show(
                ui,
                |ui| {
                    ui.set_max_width(MIDDLE.min(ui.available_width()));
                    self.middle(ui, ctx, look, asks);
                    ui.add_space(metrics().gap_section);
                },
            );
        });
    }

    fn middle(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, look: &Look<'_>, asks: &mut Asks) {
        if ctx.session.document().source().is_none() {
            widgets::hint(
                ui,
                "Import a customer file in Data first: rules can then name its columns, and every card says what it removes.",
            );
            ui.add_space(metrics().gap_small);
        }
        match self.place {
            Place::Actions => actions::show(ui, look, &mut self.open_action, asks),
            Place::Holdouts => holdouts::show(ui, look, asks),
            Place::Contact => caps::show(ui, look, asks),
            Place::Arbitration => {
                arbitration::show(ui, look, asks);
                chosen::show(ui, look, asks);
                rules::more(ui, look, Stage::Lever, ctx.selection.rule.as_deref(), &mut self.rules, asks);
            }
            Place::Fallback => {
                fallback::show(ui, look, asks);
                rules::more(ui, look, Stage::Fallback, ctx.selection.rule.as_deref(), &mut self.rules, asks);
            }
            place => {
                rules::show(ui, look, place, ctx.selection.rule.as_deref(), &mut self.rules, asks);
                if place == Place::Guards {
                    promises::show(ui, look, asks);
                }
            }
        }
    }

    /// Space switches the selected rule while nothing has the focus; a focused button keeps its Space.
    fn keys(&mut self, ui: &Ui, ctx: &Ctx<'_>, draft: &Document, asks: &mut Asks) {
        let free = ui.memory(|m| m.focused().is_none()) && !egui::Popup::is_any_open(ui.ctx());
        let Some(id) = ctx.selection.rule.as_ref().filter(|_| free) else { return };
        let space = egui::KeyboardShortcut::new(egui::Modifiers::NONE, egui::Key::Space);
        if ui.input_mut(|i| i.consume_shortcut(&space)) {
            rules::perform(draft, id, &Act::Toggle, &mut self.rules, asks);
        }
    }
}
