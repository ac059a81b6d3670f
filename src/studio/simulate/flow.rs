//! The funnel and the action mix: what became of the candidates, and what was chosen.

use super::bars::Bar;
use crate::theme::{self, metrics};
use crate::widgets::{self, number};
use attune_lab::simulate::report::{FunnelStage, PolicyReport};
use egui::{RichText, Ui};

/// The funnel as bars: customers who still have a candidate after each stage, and what ended there.
pub fn funnel(ui: &mut Ui, stages: &[FunnelStage], compact: bool) {
    let tokens = theme::tokens(ui.ctx());
    let Some(all) = stages.iter().map(|s| s.decisions_in).max().filter(|n| *n > 0) else { return };
    for stage in stages {
        let share = |n: u64| (n as f64 / all as f64) as f32;
        let text = if compact {
            number::count(stage.decisions_out)
        } else {
            format!(
                "{} · {}",
                number::count(stage.decisions_out),
                number::percent(stage.decisions_out as f64 / all as f64, 1)
            )
        };
        let bar = Bar {
            name: &stage.stage,
            share: share(stage.decisions_out),
            before: share(stage.decisions_in),
            text: &text,
            color: tokens.accent,
        };
        bar.show(ui).on_hover_ui(|ui| causes(ui, stage));
    }
}

fn causes(ui: &mut Ui, stage: &FunnelStage) {
    ui.label(theme::bold(&stage.stage));
    ui.label(format!(
        "{} → {} customers with a candidate",
        number::count(stage.decisions_in),
        number::count(stage.decisions_out)
    ));
    ui.label(format!("{} → {} candidates", number::count(stage.candidates_in), number::count(stage.candidates_out)));
    for (cause, n) in stage.causes.iter().take(8) {
        ui.label(RichText::new(format!("{} {cause}", number::count(*n))).small().weak());
    }
}

/// The funnel's card.
pub fn funnel_card(ui: &mut Ui, stages: &[FunnelStage]) {
    widgets::section(ui, "Funnel", "customers with at least one candidate left after each stage", |ui| {
        funnel(ui, stages, false);
        ui.add_space(metrics().gap_small);
        widgets::hint(
            ui,
            "The pale part of a bar is what the stage removed. Rest the pointer on a bar for the causes.",
        );
    });
}

/// The action mix as bars.
pub fn mix(ui: &mut Ui, policy: &PolicyReport, compact: bool) {
    let tokens = theme::tokens(ui.ctx());
    let mut series = tokens.series.iter().cycle();
    for action in &policy.mix {
        let none = action.action == "NoAction";
        let color = if none { tokens.strong_border } else { *series.next().unwrap_or(&tokens.accent) };
        let share = number::percent(action.share, 1);
        let text = if compact { share } else { format!("{} · {share}", number::count(action.decisions)) };
        let bar = Bar { name: &action.name, share: action.share as f32, before: 0.0, text: &text, color };
        bar.show(ui).on_hover_text(format!(
            "{} {}",
            number::counted(action.decisions, "decision", "decisions"),
            action.name
        ));
        let mut notes = Vec::new();
        if action.fallback > 0 {
            notes.push(format!("{} from the fallback ladder", number::count(action.fallback)));
        }
        if !action.logged && action.decisions > 0 {
            notes.push("the log never took this action, so its worth is unknown".to_owned());
        }
        if !notes.is_empty() {
            ui.add(egui::Label::new(RichText::new(notes.join("; ")).small().weak()).wrap());
        }
    }
}

/// The action mix's card.
pub fn mix_card(ui: &mut Ui, policy: &PolicyReport) {
    let aside = format!("{} of decisions choose an action", number::percent(policy.share_contacted, 1));
    widgets::section(ui, "Action mix", &aside, |ui| mix(ui, policy, false));
}
