//! One rule as a card: a sentence, what it did in the last simulation, and, when it is selected, its condition builder
//! or its code. Code that the builder cannot express stays code and is never rewritten.

use super::input::{self, Change};
use super::look::Look;
use super::rules::shown_name;
use super::switch::switch;
use super::{builder, edits};
use super::{expression, scope, sentence};
use crate::editor;
use crate::simulate::impact::{self, Reach};
use crate::theme::{self, Tone, metrics};
use crate::view::Asks;
use crate::widgets::{self, number};
use attune_policy::diagnostic::{Part, Severity};
use attune_policy::language::conditions::{self, Conditions};
use attune_policy::rule::{OnMissing, Rule, Stage};
use attune_session::Edit;
use egui::{Align, Layout, RichText, Sense, Stroke, Ui, UiBuilder};
use egui_material_icons::icons;

/// How a card is shown.
#[derive(Clone, Copy)]
pub struct Shown {
    /// The keys of the workspace concern it.
    pub selected: bool,
    /// Its builder or code is shown.
    pub unfolded: bool,
    /// As code although the builder could show it.
    pub as_code: bool,
    /// Nothing stands before it in its stage.
    pub first: bool,
    /// Nothing stands after it in its stage.
    pub last: bool,
}

/// What was asked of a rule as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Select and unfold it.
    Unfold,
    /// Fold it; it stays selected.
    Fold,
    /// Show it as code, or in the builder.
    AsCode(bool),
    /// Switch it on or off.
    Toggle,
    /// Earlier in its stage.
    Up,
    /// Later in its stage.
    Down,
    /// A copy behind it.
    Duplicate,
    /// Away with it; undo brings it back.
    Delete,
}

/// Draws the card; answers what was asked of the rule as a whole.
pub fn show(
    ui: &mut Ui,
    look: &Look<'_>,
    rule: &Rule,
    shown: Shown,
    handle: egui_dnd::Handle<'_>,
    asks: &mut Asks,
) -> Vec<Act> {
    let tokens = theme::tokens(ui.ctx());
    let part = Part::Rule(rule.id.clone());
    let worst = look.findings_of(&part).map(|f| f.severity).max();
    let conditions = builder_form(ui, rule);
    let name = format!("Rule {}", shown_name(rule));
    let mut acts = Vec::new();
    let outer = ui.scope_builder(UiBuilder::new().id_salt(("card", &rule.id)).sense(Sense::click()), |ui| {
        let response = ui.response();
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, shown.unfolded, &name));
        let stroke = if shown.selected || response.has_focus() {
            Stroke::new(1.5, tokens.accent)
        } else if worst == Some(Severity::Error) {
            Stroke::new(1.0, tokens.err)
        } else if response.hovered() {
            Stroke::new(1.0, tokens.strong_border)
        } else {
            Stroke::new(1.0, tokens.border)
        };
        widgets::card_frame(ui).stroke(stroke).inner_margin(egui::Margin::symmetric(12, 10)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            // Words that could be selected would take the card's clicks.
            ui.style_mut().interaction.selectable_labels = false;
            header(ui, look, rule, shown, handle, asks, &mut acts);
            ui.indent_under_handle(|ui| {
                if !rule.enabled {
                    ui.multiply_opacity(0.55);
                }
                sentence::show(ui, look, rule, conditions.as_ref());
                // An open editor lists the findings of its own text, which may be ahead of the draft's.
                let in_editor = shown.unfolded && (shown.as_code || conditions.is_none());
                footer(ui, look, rule, worst.filter(|_| !in_editor));
            });
            if shown.unfolded {
                ui.add_space(metrics().gap_small);
                egui::Frame::new()
                    .inner_margin(egui::Margin { left: 6, ..egui::Margin::ZERO })
                    .show(ui, |ui| body(ui, look, rule, conditions.as_ref(), shown, asks, &mut acts));
            }
        });
    });
    // A press beside a control of an unfolded card should not fold it: that is what the arrow is for.
    if outer.response.clicked() && !shown.unfolded {
        acts.push(Act::Unfold);
    }
    acts
}

/// Content that starts where the sentence starts: right of the drag handle and the switch.
trait UnderHandle {
    fn indent_under_handle(&mut self, content: impl FnOnce(&mut Ui));
}

impl UnderHandle for Ui {
    fn indent_under_handle(&mut self, content: impl FnOnce(&mut Ui)) {
        egui::Frame::new().inner_margin(egui::Margin { left: 62, ..egui::Margin::ZERO }).show(self, |ui| {
            ui.set_width(ui.available_width());
            content(ui);
        });
    }
}

/// The rule as the builder shows it; `None` when only code can say it. Read once per text, not once per frame.
fn builder_form(ui: &Ui, rule: &Rule) -> Option<Conditions> {
    #[derive(Default)]
    struct Reader;
    impl egui::cache::ComputerMut<&str, Option<Conditions>> for Reader {
        fn compute(&mut self, text: &str) -> Option<Conditions> {
            conditions::parse(text)
        }
    }
    type Cache = egui::cache::FrameCache<Option<Conditions>, Reader>;
    if !keeps(rule.stage) {
        return None;
    }
    ui.ctx().memory_mut(|m| m.caches.cache::<Cache>().get(rule.expr.as_str()).clone())
}

/// Whether rules of a stage keep or remove a candidate; the others give a number or a name.
fn keeps(stage: Stage) -> bool {
    !matches!(stage, Stage::SoftSuitability | Stage::Lever | Stage::Fallback)
}

fn header(
    ui: &mut Ui,
    look: &Look<'_>,
    rule: &Rule,
    shown: Shown,
    handle: egui_dnd::Handle<'_>,
    asks: &mut Asks,
    acts: &mut Vec<Act>,
) {
    let tokens = theme::tokens(ui.ctx());
    ui.horizontal(|ui| {
        handle.ui(ui, |ui| {
            let grip = icons::ICON_DRAG_INDICATOR.rich_text().size(18.0).color(tokens.weak);
            ui.add(egui::Label::new(grip).selectable(false)).on_hover_text("Drag to reorder (Alt+Up, Alt+Down)");
        });
        if switch(ui, rule.enabled, &format!("Enable {}", shown_name(rule))).clicked() {
            acts.push(Act::Toggle);
        }
        ui.add_space(2.0);
        let rest = ui.available_size_before_wrap();
        ui.allocate_ui_with_layout(rest, Layout::right_to_left(Align::Center), |ui| {
            menu(ui, rule, shown, acts);
            let (icon, word) =
                if shown.unfolded { (icons::ICON_EXPAND_LESS, "Fold") } else { (icons::ICON_EXPAND_MORE, "Unfold") };
            if widgets::icon_button(ui, icon, &format!("{word} {}", shown_name(rule)), word).clicked() {
                acts.push(if shown.unfolded { Act::Fold } else { Act::Unfold });
            }
            if rule.stage == Stage::SoftSuitability {
                widgets::badge_with_hint(ui, Tone::Accent, "soft", "Multiplies the priority instead of removing");
            }
            if rule.scope != attune_policy::rule::Scope::All {
                widgets::badge(ui, Tone::Neutral, &scope::words(look.draft, &rule.scope));
            }
            reach_badge(ui, look, rule);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                if shown.unfolded {
                    name_field(ui, rule, asks);
                } else {
                    let color = if rule.enabled { tokens.text } else { tokens.weak };
                    let name = theme::bold(shown_name(rule)).size(metrics().subhead).color(color);
                    ui.add(egui::Label::new(name).truncate().selectable(false));
                }
            });
        });
    });
}

fn name_field(ui: &mut Ui, rule: &Rule, asks: &mut Asks) {
    let id = egui::Id::unique(("rule name", &rule.id));
    let width = (ui.available_width() - 8.0).max(80.0);
    if let Some(name) = input::text(ui, id, "Rule name", &rule.name, "Name of the rule", width) {
        asks.edit(Edit::RenameRule { id: rule.id.clone(), name });
    }
}

fn menu(ui: &mut Ui, rule: &Rule, shown: Shown, acts: &mut Vec<Act>) {
    let button = widgets::icon_button(
        ui,
        icons::ICON_MORE_HORIZ,
        &format!("More for {}", shown_name(rule)),
        "Duplicate, move, delete",
    );
    egui::Popup::menu(&button).show(|ui| {
        ui.set_min_width(190.0);
        let mut item = |ui: &mut Ui, on: bool, text: &str, keys: &str, act: Act| {
            if ui.add_enabled(on, egui::Button::new(text).shortcut_text(keys)).clicked() {
                acts.push(act);
                ui.close();
            }
        };
        item(ui, true, "Duplicate", "Ctrl+D", Act::Duplicate);
        item(ui, !shown.first, "Move up", "Alt+Up", Act::Up);
        item(ui, !shown.last, "Move down", "Alt+Down", Act::Down);
        ui.separator();
        item(ui, true, "Delete", "Del", Act::Delete);
    });
}

fn reach_badge(ui: &mut Ui, look: &Look<'_>, rule: &Rule) {
    let Some(impact) = look.impact(&rule.id).filter(|_| rule.enabled) else { return };
    match impact::reach(impact) {
        Reach::Nothing => {
            widgets::badge_with_hint(
                ui,
                Tone::Warn,
                "never removes anything",
                "No candidate of the last simulation was removed by it",
            );
        }
        Reach::Everyone => {
            widgets::badge_with_hint(
                ui,
                Tone::Warn,
                "removes everyone",
                "It removed a candidate in every decision of the last simulation",
            );
        }
        Reach::Some => {}
    }
}

/// What the rule did in the last simulation, in words; what is wrong with it.
fn footer(ui: &mut Ui, look: &Look<'_>, rule: &Rule, worst: Option<Severity>) {
    let tokens = theme::tokens(ui.ctx());
    if worst.is_some() {
        let part = Part::Rule(rule.id.clone());
        for finding in look.findings_of(&part).take(3) {
            let color = editor::marks::color(finding.severity, tokens);
            ui.horizontal_top(|ui| {
                let icon = if finding.severity == Severity::Error { icons::ICON_ERROR } else { icons::ICON_WARNING };
                ui.label(icon.rich_text().size(15.0).color(color));
                let place = finding.position.map_or_else(String::new, |(line, _)| format!("Line {line}: "));
                let text = widgets::prose(&format!("{place}{}", finding.message), metrics().body, color);
                ui.add(egui::Label::new(text).wrap());
            });
        }
    }
    let Some(text) = numbers(look, rule) else { return };
    widgets::dimmed(ui, look.stale, |ui| {
        let hover = if look.stale {
            "From the last simulation; the policy has changed since"
        } else {
            "From the last simulation"
        };
        ui.add(egui::Label::new(RichText::new(text).small().color(tokens.weak)).wrap()).on_hover_text(hover);
    });
}

/// `18,860 removed · 37.7 % of customers · 4,201 by this rule alone · costs 0.12 pp visit`.
fn numbers(look: &Look<'_>, rule: &Rule) -> Option<String> {
    let report = look.report?;
    let impact = look.impact(&rule.id)?;
    let mut parts = Vec::new();
    if rule.stage == Stage::SoftSuitability {
        parts.push("lowers priorities, removes nothing".to_owned());
    } else if !keeps(rule.stage) {
        parts.push("removes nothing".to_owned());
    } else {
        parts.push(format!("removes {}", number::counted(impact.removed, "candidate", "candidates")));
        parts.push(format!("{} of customers", number::percent(impact.share, 1)));
    }
    if let Some(without) = &impact.without {
        if keeps(rule.stage) {
            parts.push(format!("{} by this rule alone", number::count(without.removed_alone)));
        }
        parts.push(format!("{} change", number::counted(without.choices_changed, "choice", "choices")));
    }
    parts.extend(impact::cost(report, impact));
    Some(parts.join("  ·  "))
}

fn body(
    ui: &mut Ui,
    look: &Look<'_>,
    rule: &Rule,
    conditions: Option<&Conditions>,
    shown: Shown,
    asks: &mut Asks,
    acts: &mut Vec<Act>,
) {
    let as_code = shown.as_code || conditions.is_none();
    ui.horizontal(|ui| {
        let can_build = conditions.is_some();
        ui.spacing_mut().item_spacing.x = 2.0;
        let button = |on: bool, icon: egui_material_icons::MaterialIcon, text: &'static str| {
            egui::Button::selectable(on, (icon.rich_text().size(16.0), text))
        };
        let builder =
            ui.add_enabled(can_build, button(!as_code, icons::ICON_RULE, "Conditions")).accessible_name("Conditions");
        if builder
            .on_disabled_hover_text("Only code can say what this rule says; it is kept as it is written")
            .clicked()
        {
            acts.push(Act::AsCode(false));
        }
        if ui.add(button(as_code, icons::ICON_CODE, "Code")).accessible_name("Code").clicked() {
            acts.push(Act::AsCode(true));
        }
    });
    ui.add_space(2.0);
    match conditions {
        Some(conditions) if !as_code => {
            let change = builder::show(ui, look, &rule.id, conditions);
            let edit = change.map(|c| Edit::SetRuleText { id: rule.id.clone(), expr: c.to_expr() });
            edits::send(asks, edit);
        }
        _ => code(ui, look, rule, asks),
    }
    ui.add_space(metrics().gap);
    settings(ui, look, rule, asks);
}

fn code(ui: &mut Ui, look: &Look<'_>, rule: &Rule, asks: &mut Asks) {
    let id = egui::Id::unique(("rule code", &rule.id));
    let change = expression::editor(ui, look, id, "Rule code", &rule.expr, rule.stage.into());
    if let Some(expr) = change {
        asks.edit(Edit::SetRuleText { id: rule.id.clone(), expr });
    }
}

fn settings(ui: &mut Ui, look: &Look<'_>, rule: &Rule, asks: &mut Asks) {
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("Applies to").weak());
        if let Some(chosen) = scope::picker(ui, ("scope", &rule.id), "Applies to", look.draft, &rule.scope) {
            edits::rule(asks, rule, Change::Done(chosen), |r, scope| r.scope = scope);
        }
        if keeps(rule.stage) {
            ui.label(RichText::new("If a field is missing").weak());
            let mut missing = rule.on_missing;
            let options: &[(OnMissing, String)] = if rule.stage == Stage::Applicability {
                &[(OnMissing::Remove, "remove".to_owned()), (OnMissing::Keep, "keep".to_owned())]
            } else {
                &[(OnMissing::Remove, "remove".to_owned())]
            };
            let label = "If a field is missing";
            if options.len() == 1 {
                ui.label("remove")
                    .on_hover_text("Only applicability rules may keep a candidate when a field is missing");
            } else if widgets::choice(ui, ("missing", &rule.id), label, &mut missing, options, 90.0) {
                edits::rule(asks, rule, Change::Done(missing), |r, missing| r.on_missing = missing);
            }
        }
    });
    let id = egui::Id::unique(("rule reason", &rule.id));
    ui.horizontal(|ui| {
        ui.label(RichText::new("Because").weak());
        let width = ui.available_width() - 8.0;
        let hint = "Why the rule exists; shown beside every loss it causes";
        if let Some(reason) = input::text(ui, id, "Reason", &rule.reason, hint, width) {
            edits::rule(asks, rule, Change::Done(reason), |r, reason| r.reason = reason);
        }
    });
}
