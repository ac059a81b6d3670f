//! One customer's decision: every candidate, how far it came, which rules it met with which values, and why it lost.

use crate::theme::{self, Tone, metrics};
use crate::view::{Ask, Asks};
use crate::widgets::{self, number};
use attune_policy::Value;
use attune_policy::decision::{Candidate, Fate};
use attune_policy::outcome::Tier;
use attune_policy::reason::{Reason, Step};
use attune_policy::trace::{CandidateTrace, RuleTrace, Trace};
use attune_session::Traced;
use egui::{RichText, ScrollArea, Ui};
use egui_material_icons::icons;

/// Name of a candidate for people.
fn name(traced: &Traced, candidate: Candidate) -> String {
    let (action, treatment) = traced.policy.names(candidate);
    let document = traced.policy.document();
    let named = document.actions.iter().find(|a| a.id == action);
    let shown = named.map_or(action, |a| if a.name.is_empty() { action } else { &a.name });
    if named.is_some_and(|a| a.treatments.len() > 1) { format!("{shown} / {treatment}") } else { shown.to_owned() }
}

fn rule_name(traced: &Traced, id: &str) -> String {
    let rule = traced.policy.document().rules.iter().find(|r| r.id == id);
    rule.map_or(id, |r| if r.name.is_empty() { id } else { &r.name }).to_owned()
}

/// Draws the decision: the way through the stages, then a card per candidate.
pub fn show(ui: &mut Ui, traced: &Traced) {
    let Some(trace) = &traced.decision.trace else {
        widgets::hint(ui, "This decision carries no trace.");
        return;
    };
    ScrollArea::vertical().id_salt("trace").auto_shrink(false).show(ui, |ui| {
        way(ui, trace);
        ui.add_space(metrics().gap_small);
        let width = ui.available_width();
        let columns = ((width / 290.0).floor() as usize).clamp(1, trace.candidates.len().max(1));
        let order = order(traced);
        for row in order.chunks(columns) {
            ui.columns(columns, |uis| {
                for (ui, index) in uis.iter_mut().zip(row) {
                    if let (Some(candidate), Some(fate)) =
                        (trace.candidates.get(*index), traced.decision.fates.get(*index))
                    {
                        self::candidate(ui, traced, candidate, fate);
                    }
                }
            });
            ui.add_space(metrics().gap_small);
        }
        fields(ui, traced);
        for text in &traced.decision.diagnostics {
            ui.horizontal(|ui| {
                widgets::dot(ui, Tone::Warn);
                ui.add(egui::Label::new(text).wrap());
            });
        }
    });
}

/// Candidates, the chosen one first, then those that came furthest.
fn order(traced: &Traced) -> Vec<usize> {
    let fates = &traced.decision.fates;
    let mut order: Vec<usize> = (0..fates.len()).collect();
    order.sort_by_key(|i| {
        let fate = fates.get(*i);
        let chosen = fate.is_some_and(|f| traced.decision.chosen == Some(f.candidate));
        (!chosen, std::cmp::Reverse(fate.map(|f| f.step)), *i)
    });
    order
}

/// The stages as a line: how many candidates went into each and came out.
fn way(ui: &mut Ui, trace: &Trace) {
    let tokens = theme::tokens(ui.ctx());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        // A stage that lets everything through and is seldom used would only make the line long.
        let rare = [Step::Override, Step::Slots, Step::Budget];
        let stages = trace.funnel.iter().filter(|(step, before, after)| before != after || !rare.contains(step));
        for (i, (step, before, after)) in stages.enumerate() {
            if i > 0 {
                ui.label(icons::ICON_CHEVRON_RIGHT.rich_text().size(14.0).color(tokens.weak));
            }
            let (text, color) = if before == after {
                (format!("{} {after}", step_name(*step)), tokens.weak)
            } else {
                (
                    format!("{} {before} → {after}", step_name(*step)),
                    if *after == 0 { tokens.warn } else { tokens.text },
                )
            };
            ui.label(RichText::new(text).color(color));
        }
        for (id, bucket, inside) in &trace.holdouts {
            let tone = if *inside { Tone::Warn } else { Tone::Neutral };
            let word = if *inside { "held out by" } else { "not in" };
            widgets::badge(ui, tone, &format!("{word} {id} (bucket {})", number::fixed(*bucket, 4)));
        }
    });
}

/// The name of a step of the funnel.
pub fn step_name(step: Step) -> &'static str {
    match step {
        Step::Active => "Valid now",
        Step::Holdout => "Holdouts",
        Step::Guard => "Guards",
        Step::Override => "Overrides",
        Step::Eligibility => "Eligibility",
        Step::Applicability => "Applicability",
        Step::Suitability => "Suitability",
        Step::Contact => "Contact policy",
        Step::Arbitration => "Arbitration",
        Step::Slots => "Slots",
        Step::Budget => "Budgets",
        Step::Chosen => "Chosen",
    }
}

fn candidate(ui: &mut Ui, traced: &Traced, candidate: &CandidateTrace, fate: &Fate) {
    let tokens = theme::tokens(ui.ctx());
    let chosen = traced.decision.chosen == Some(candidate.candidate);
    let edge = if chosen { tokens.ok } else { tokens.border };
    let frame = widgets::card_frame(ui).stroke(egui::Stroke::new(if chosen { 1.5 } else { 1.0 }, edge));
    frame.inner_margin(egui::Margin::symmetric(12, 8)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 3.0;
        ui.horizontal(|ui| {
            ui.label(theme::bold(name(traced, candidate.candidate)));
            let (tone, word) = outcome(fate, chosen);
            widgets::badge(ui, tone, word);
        });
        let sentence = if chosen { candidate.sentence.clone() } else { format!("Why not: {}", candidate.sentence) };
        ui.add(egui::Label::new(widgets::prose(&sentence, metrics().body, tokens.text)).wrap());
        for rule in &candidate.rules {
            rule_line(ui, traced, rule);
        }
        for (cap, count, limit) in &candidate.caps {
            let blocked = count >= limit;
            let text = format!("{cap}: {count} of {limit}");
            mark_line(ui, !blocked, &text, "");
        }
        let send = candidate.send.as_ref().map(|send| send.sentence.clone());
        for text in [send, priority(candidate), moved(candidate)].into_iter().flatten() {
            ui.add(egui::Label::new(RichText::new(text).small().color(tokens.weak)).wrap());
        }
    });
}

fn outcome(fate: &Fate, chosen: bool) -> (Tone, &'static str) {
    match (&fate.reason, chosen) {
        (Reason::Fallback { .. }, true) => (Tone::Warn, "chosen as fallback"),
        (_, true) => (Tone::Ok, "chosen"),
        (Reason::LostArbitration { .. }, _) => (Tone::Neutral, "ranked lower"),
        _ => (Tone::Neutral, step_name(fate.step)),
    }
}

fn rule_line(ui: &mut Ui, traced: &Traced, rule: &RuleTrace) {
    let name = rule_name(traced, &rule.rule);
    let read: Vec<String> = rule.read.iter().map(|(name, value)| format!("{name} is {}", value_words(value))).collect();
    let values = read.join(", ");
    match (&rule.error, &rule.result) {
        (Some(error), _) => mark_line(ui, false, &name, error),
        (None, Value::Bool(kept)) => mark_line(ui, *kept, &name, &values),
        (None, Value::Unknown) => mark_line(ui, false, &name, &format!("a field is missing: {values}")),
        (None, number) => mark_line(ui, true, &format!("{name}: × {}", value_words(number)), &values),
    }
}

/// A value in a trace: numbers with at most six decimals.
fn value_words(value: &Value) -> String {
    match value {
        Value::Number(x) => {
            let text = format!("{x:.6}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        Value::Text(text) => text.to_string(),
        other => other.to_string(),
    }
}

fn mark_line(ui: &mut Ui, good: bool, name: &str, values: &str) {
    let tokens = theme::tokens(ui.ctx());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        let (icon, color) = if good { (icons::ICON_CHECK, tokens.ok) } else { (icons::ICON_CLOSE, tokens.err) };
        ui.label(icon.rich_text().size(14.0).color(color));
        ui.label(RichText::new(name).color(if good { tokens.text } else { tokens.err }));
        if !values.is_empty() {
            ui.label(RichText::new(format!("({values})")).weak());
        }
    });
}

/// `P 0.183 × C 1 × V 1 × L 1.1 = 0.2013, rank 1`.
fn priority(candidate: &CandidateTrace) -> Option<String> {
    let priority = candidate.priority?;
    let mut parts = Vec::new();
    for (letter, value) in [
        ("P", candidate.propensity),
        ("uplift", candidate.uplift),
        ("C", candidate.context_weight),
        ("V", candidate.value),
        ("L", candidate.lever),
        ("suitability", candidate.suitability.filter(|s| *s < 1.0)),
        ("cost", candidate.cost.filter(|c| *c > 0.0)),
    ] {
        if let Some(value) = value {
            parts.push(format!("{letter} {}", number::short(value)));
        }
    }
    let rank = candidate.rank.map_or_else(String::new, |r| format!(", rank {r}"));
    let tier = match candidate.tier {
        Some(Tier::Mandatory) => ", mandatory",
        Some(Tier::Boosted) => ", boosted",
        Some(Tier::Normal) | None => "",
    };
    let drawn = candidate.probability.filter(|p| *p > 0.0 && *p < 1.0);
    let drawn = drawn.map_or_else(String::new, |p| format!(", chosen with probability {}", number::short(p)));
    Some(format!("{} → priority {}{rank}{tier}{drawn}", parts.join(" · "), number::short(priority)))
}

/// `Moved its score most: recency −0.42, frequency +0.11`.
fn moved(candidate: &CandidateTrace) -> Option<String> {
    let parts = candidate.contributions.iter().filter(|(_, by)| *by != 0.0);
    let parts: Vec<String> = parts.map(|(name, by)| format!("{name} {}", number::signed(*by, 3))).collect();
    (!parts.is_empty()).then(|| format!("Moved its score most, before calibration: {}", parts.join(", ")))
}

fn fields(ui: &mut Ui, traced: &Traced) {
    egui::CollapsingHeader::new("Fields of this customer").id_salt("trace fields").show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            for (name, _, value) in &traced.fields {
                ui.label(RichText::new(name).small().weak());
                ui.label(RichText::new(value_words(value)).small());
                ui.add_space(metrics().gap_small);
            }
        });
    });
}

/// The trace as text, for the clipboard.
pub fn text(traced: &Traced) -> String {
    let mut out = format!("Row {}, customer {}: {}\n", traced.number, traced.subject, traced.chosen());
    let Some(trace) = &traced.decision.trace else { return out };
    out += &format!("Policy {} revision {}\n", trace.policy, trace.revision);
    for (step, before, after) in &trace.funnel {
        out += &format!("{}\t{before}\t{after}\n", step_name(*step));
    }
    for index in order(traced) {
        let Some(candidate) = trace.candidates.get(index) else { continue };
        out += &format!("\n{}: {}\n", name(traced, candidate.candidate), candidate.sentence);
        for rule in &candidate.rules {
            let read: Vec<String> = rule.read.iter().map(|(n, v)| format!("{n} = {}", value_words(v))).collect();
            let error = rule.error.as_ref().map_or_else(String::new, |e| format!("\t{e}"));
            out += &format!(
                "\t{}\t{}\t{}{error}\n",
                rule_name(traced, &rule.rule),
                value_words(&rule.result),
                read.join(", ")
            );
        }
        for (cap, count, limit) in &candidate.caps {
            out += &format!("\t{cap}\t{count} of {limit}\n");
        }
        for priority in [priority(candidate), moved(candidate)].into_iter().flatten() {
            out += &format!("\t{priority}\n");
        }
    }
    out += "\nFields\n";
    for (name, _, value) in &traced.fields {
        out += &format!("{name}\t{}\n", value_words(value));
    }
    out
}

/// The button that puts the trace on the clipboard.
pub fn copy_button(ui: &mut Ui, traced: &Traced, asks: &mut Asks) {
    if widgets::icon_button(ui, icons::ICON_CONTENT_COPY, "Copy trace", "Copy the trace as text").clicked() {
        asks.ask(Ask::Copy { text: text(traced), what: format!("the trace of row {}", traced.number) });
    }
}
