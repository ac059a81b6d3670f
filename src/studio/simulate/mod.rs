//! The Simulate workspace: what the policy would have done on the history, what that is worth, and how sure that is.
//!
//! It draws reports; it computes no statistic of its own.

pub mod bars;
pub mod flow;
pub mod forest;
pub mod impact;
pub mod support;
pub mod trial;
pub mod unit;
pub mod values;

use crate::commands::{Act, Command, Group, key};
use crate::policy::stage::Place;
use crate::theme::metrics;
use crate::view::{Ask, Asks, Ctx, Target, View};
use crate::widgets::{self, Empty, Pressed, number};
use crate::workspace::Workspace;
use attune_lab::simulate::report::{Report, RuleImpact, RuleKind};
use attune_session::{Action, Derived};
use egui::{Frame, Key, Margin, ScrollArea, Ui};
use egui_material_icons::icons;

fn has_data(ctx: &Ctx<'_>) -> Result<(), &'static str> {
    if ctx.session.document().source().is_some() { Ok(()) } else { Err("Import data first") }
}

/// Commands of this workspace.
pub const COMMANDS: &[Command] = &[Command {
    id: "simulate.run",
    name: "Run simulation",
    icon: icons::ICON_PLAY_ARROW,
    shortcut: key(Key::F5),
    tooltip: "Let the policy decide every row of the history, and value what it does",
    group: Group::View,
    act: Act::Project(has_data, |_, asks| {
        asks.ask(Ask::Go(Workspace::Simulate));
        asks.act(Action::Simulate);
    }),
}];

/// Room for the scroll bar beside the cards.
const SCROLL: Margin = Margin { right: 10, ..Margin::ZERO };

/// View state of the workspace.
#[derive(Default)]
pub struct SimulateView {
    /// The outcome that is shown; the goal while none was chosen.
    outcome: Option<String>,
}

impl View for SimulateView {
    fn ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, asks: &mut Asks) {
        Frame::new().fill(ctx.tokens.ground).inner_margin(Margin::symmetric(16, 12)).show(ui, |ui| {
            let simulation = ctx.session.simulation();
            match simulation.value() {
                Some(report) => self.report(ui, ctx, report, &simulation, asks),
                None => nothing(ui, ctx, &simulation, asks),
            }
        });
    }
}

/// Before the first run: what to do, how far it is, or why it failed.
fn nothing(ui: &mut Ui, ctx: &Ctx<'_>, simulation: &Derived<Report>, asks: &mut Asks) {
    widgets::heading(ui, "Simulate", "", |_| {});
    if running(ui, ctx, asks) {
        return;
    }
    let data = has_data(ctx).is_ok();
    let failed = match simulation {
        Derived::Failed(why) => Some(format!("The last run failed: {why}")),
        _ => None,
    };
    let text = if data {
        "The policy decides every row of the history, and the randomised trial says what that would have brought, with intervals."
    } else {
        "Import a customer file with a logged trial first: history then says what a policy would have brought."
    };
    let what = Empty {
        icon: icons::ICON_MONITORING,
        title: "Not simulated yet",
        text: failed.as_deref().unwrap_or(text),
        button: Some(if data { "Run simulation" } else { "Go to Data" }),
        link: None,
    };
    if matches!(widgets::empty(ui, &what), Some(Pressed::Button)) {
        if data {
            asks.command("simulate.run");
        } else {
            asks.ask(Ask::Go(Workspace::Data));
        }
    }
}

/// Progress and Cancel of a run and of the training before it; answers whether there is one.
fn running(ui: &mut Ui, ctx: &Ctx<'_>, asks: &mut Asks) -> bool {
    let Some(progress) = ctx.session.simulating() else { return false };
    let jobs = ctx.session.jobs();
    let job = jobs
        .iter()
        .find(|j| j.title.starts_with("Simulat"))
        .or_else(|| jobs.iter().find(|j| j.title.starts_with("Train")));
    let title = job.map_or("Simulation", |j| j.title.as_str());
    if widgets::progress_row(ui, title, &progress.stage, progress.fraction, 160.0)
        && let Some(job) = job
    {
        asks.ask(Ask::Cancel(job.id));
    }
    ui.add_space(metrics().gap_small);
    true
}

impl SimulateView {
    fn report(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, report: &Report, simulation: &Derived<Report>, asks: &mut Asks) {
        let outcome =
            self.outcome.clone().filter(|o| report.outcomes.contains(o)).unwrap_or_else(|| report.goal.clone());
        let main = report.main();
        let aside = main.map_or(String::new(), |m| {
            let which = if m.rows.held_out { "held-out rows" } else { "rows" };
            format!("{} of {} {which}", number::count(m.rows.used), number::count(m.rows.total))
        });
        widgets::heading(ui, "Simulate", &aside, |ui| {
            if widgets::primary_button(ui, Some(icons::ICON_PLAY_ARROW), "Run simulation")
                .on_hover_text("Run again (F5)")
                .clicked()
            {
                asks.command("simulate.run");
            }
            let mut chosen = outcome.clone();
            let options: Vec<(String, String)> = report
                .outcomes
                .iter()
                .map(|o| (o.clone(), if *o == report.goal { format!("{o} (goal)") } else { o.clone() }))
                .collect();
            if widgets::choice(ui, "outcome", "Outcome", &mut chosen, &options, 150.0) {
                self.outcome = Some(chosen);
            }
        });
        let ran = running(ui, ctx, asks);
        let stale = simulation.is_stale();
        if stale && !ran {
            let text = "The policy, its models or the data have changed since this run";
            if widgets::stale_banner(ui, text, None, Some("Run again")) {
                asks.command("simulate.run");
            }
            ui.add_space(metrics().gap_small);
        }
        ScrollArea::vertical().id_salt("simulation").auto_shrink(false).content_margin(SCROLL).show(ui, |ui| {
            widgets::dimmed(ui, stale, |ui| body(ui, report, &outcome, asks));
        });
    }
}

fn body(ui: &mut Ui, report: &Report, outcome: &str, asks: &mut Asks) {
    let Some(main) = report.main() else { return };
    let gap = metrics().gap;
    values::refusal(ui, main);
    if main.refusal.is_some() {
        ui.add_space(gap);
    }
    widgets::stat_row(ui, &values::tiles(report, outcome));
    ui.add_space(gap);
    two(
        ui,
        0.64,
        asks,
        |ui, _| {
            values::charts(ui, report, outcome);
            ui.add_space(gap);
            flow::funnel_card(ui, &report.funnel);
        },
        |ui, _| {
            support::show(ui, main);
            ui.add_space(gap);
            support::estimators(ui, report, main, outcome);
            ui.add_space(gap);
            flow::mix_card(ui, main);
        },
    );
    ui.add_space(gap);
    widgets::section(ui, "Rules, caps, budgets, holdouts and floors", "what each removes and what it costs", |ui| {
        if let Some(pressed) = impact::table(ui, report, outcome) {
            open(pressed, asks);
        }
    });
    ui.add_space(gap);
    trial::arms(ui, report, outcome);
    if !report.weeks.is_empty() {
        ui.add_space(gap);
        trial::weeks(ui, report);
    }
    if let Some(segments) = &report.segments {
        ui.add_space(gap);
        trial::segments(ui, report, segments);
    }
    ui.add_space(gap);
    trial::notes(ui, report);
    ui.add_space(metrics().gap_section);
}

/// Goes to the part of the policy that an entry of the impact table speaks of.
fn open(impact: &RuleImpact, asks: &mut Asks) {
    let place = match impact.kind {
        RuleKind::Rule | RuleKind::Soft | RuleKind::Lever | RuleKind::Fallback => {
            return asks.show(Target::Rule(impact.id.clone()));
        }
        RuleKind::Cap
        | RuleKind::Suppression
        | RuleKind::CoolDown
        | RuleKind::Exclusion
        | RuleKind::QuietHours
        | RuleKind::Stock
        | RuleKind::Budget => Place::Contact,
        RuleKind::Holdout => Place::Holdouts,
        RuleKind::Floor => Place::Arbitration,
    };
    asks.ask(Ask::Go(Workspace::Policy));
    asks.ask(Ask::Tell(Workspace::Policy, place.command()));
}

/// Two columns where there is room, one under the other where there is not.
fn two(
    ui: &mut Ui,
    left_share: f32,
    asks: &mut Asks,
    left: impl FnOnce(&mut Ui, &mut Asks),
    right: impl FnOnce(&mut Ui, &mut Asks),
) {
    let (width, gap) = (ui.available_width(), metrics().gap);
    if width < 860.0 {
        left(ui, asks);
        ui.add_space(gap);
        right(ui, asks);
        return;
    }
    let first = ((width - gap) * left_share).floor();
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        for (width, content) in
            [(first, Box::new(left) as Box<dyn FnOnce(&mut Ui, &mut Asks)>), (width - gap - first, Box::new(right))]
        {
            ui.vertical(|ui| {
                ui.set_width(width);
                ui.spacing_mut().item_spacing.x = metrics().gap;
                content(ui, asks);
            });
        }
    });
}
