//! The Models workspace: what is trained, how good it is, what drives it, and what it is used for.

mod charts;
mod edit;
mod effect;
mod list;
mod new;
mod report;
mod state;

use crate::commands::{Act, Command, Group, ctrl, ctrl_shift, key, ready};
use crate::theme::metrics;
use crate::view::{Ask, Asks, Ctx, Pick, Target, View};
use crate::widgets::{Empty, Pressed, empty, heading, number};
use crate::workspace::Workspace;
use attune_lab::models::{Family, ModelSpec};
use attune_session::{Action, Edit};
use egui::{Frame, Key, Margin, Panel, ScrollArea, Ui};
use egui_material_icons::icons;

/// Commands of this workspace.
pub const COMMANDS: &[Command] = &[
    Command {
        id: "models.per_arm",
        name: "Add a model per action",
        icon: icons::ICON_LIBRARY_ADD,
        shortcut: None,
        tooltip: "One logistic model for each action of the history, each learned from the rows that got it",
        group: Group::In(Workspace::Models),
        act: Act::Project(has_outcome, new::per_arm),
    },
    Command {
        id: "models.logistic",
        name: "Add a logistic regression",
        icon: icons::ICON_ADD,
        shortcut: None,
        tooltip: "A model whose coefficients can be read; the first one to try",
        group: Group::In(Workspace::Models),
        act: Act::Project(has_outcome, |ctx, asks| new::one(ctx, Family::logistic(), asks)),
    },
    Command {
        id: "models.boosted",
        name: "Add boosted trees",
        icon: icons::ICON_FOREST,
        shortcut: None,
        tooltip: "Many small trees; finds thresholds and interactions by itself",
        group: Group::In(Workspace::Models),
        act: Act::Project(has_outcome, |ctx, asks| new::one(ctx, Family::boosted(), asks)),
    },
    Command {
        id: "models.effects",
        name: "Add a model of each action's effect",
        icon: icons::ICON_DIFFERENCE,
        shortcut: None,
        tooltip: "Uplift: the difference that each action of the history makes, learned from its rows and those where nothing was done",
        group: Group::In(Workspace::Models),
        act: Act::Project(has_trial, new::effects),
    },
    Command {
        id: "models.attach",
        name: "Attach models…",
        icon: icons::ICON_ATTACH_FILE,
        shortcut: None,
        tooltip: "Segments, a recommender or send times, from the file that `attune analyze … --model` wrote",
        group: Group::In(Workspace::Models),
        act: Act::Project(has_data, |_, asks| {
            asks.ask(Ask::Go(Workspace::Models));
            asks.ask(Ask::Pick(Pick::AttachModels));
        }),
    },
    Command {
        id: "models.train",
        name: "Train this model",
        icon: icons::ICON_PLAY_ARROW,
        shortcut: ctrl(Key::Enter),
        tooltip: "Train the selected model on the rows that are not held out, and measure it",
        group: Group::In(Workspace::Models),
        act: Act::Project(trainable, |ctx, asks| {
            if let Some(spec) = selected(ctx) {
                asks.act(Action::Train(vec![spec.id.clone()]));
            }
        }),
    },
    Command {
        id: "models.train_all",
        name: "Train all models",
        icon: icons::ICON_FAST_FORWARD,
        shortcut: ctrl_shift(Key::Enter),
        tooltip: "Train every model that is not trained, or whose data or settings have changed",
        group: Group::In(Workspace::Models),
        act: Act::Project(
            |ctx| {
                has_data(ctx)?;
                if ctx.session.document().models.is_empty() { Err("Add a model first") } else { Ok(()) }
            },
            |ctx, asks| {
                let due = state::due(ctx.session);
                if due.is_empty() {
                    asks.toast(crate::shell::toasts::Toast::note("Every model is trained on the data as they are"));
                } else {
                    asks.act(Action::Train(due));
                }
            },
        ),
    },
    Command {
        id: "models.duplicate",
        name: "Duplicate model",
        icon: icons::ICON_CONTENT_COPY,
        shortcut: ctrl(Key::D),
        tooltip: "Add a copy of the selected model, to try other settings beside it",
        group: Group::In(Workspace::Models),
        act: Act::Project(is_selected, new::copy),
    },
    Command {
        id: "models.remove",
        name: "Remove model",
        icon: icons::ICON_DELETE,
        shortcut: key(Key::Delete),
        tooltip: "Take the selected model out of the project; this can be undone",
        group: Group::In(Workspace::Models),
        act: Act::Project(is_selected, |ctx, asks| {
            if let Some(spec) = selected(ctx) {
                let name = spec.name.clone();
                asks.edit(Edit::RemoveModel(spec.id.clone()));
                asks.toast(crate::shell::toasts::Toast::done(format!("Removed “{name}”")).with("Undo", "edit.undo"));
            }
        }),
    },
    Command {
        id: "models.report",
        name: "Show the model's report",
        icon: icons::ICON_BAR_CHART,
        shortcut: None,
        tooltip: "How good the selected model is and what drives it",
        group: Group::In(Workspace::Models),
        act: Act::Project(ready, |_, asks| tell(asks, "models.report")),
    },
    Command {
        id: "models.settings",
        name: "Show the model's settings",
        icon: icons::ICON_TUNE,
        shortcut: None,
        tooltip: "Family, outcome, rows, features and validation of the selected model",
        group: Group::In(Workspace::Models),
        act: Act::Project(ready, |_, asks| tell(asks, "models.settings")),
    },
];

fn tell(asks: &mut Asks, command: &'static str) {
    asks.ask(Ask::Go(Workspace::Models));
    asks.ask(Ask::Tell(Workspace::Models, command));
}

fn has_data(ctx: &Ctx<'_>) -> Result<(), &'static str> {
    ctx.table().map(|_| ()).ok_or("Import data first")
}

fn has_outcome(ctx: &Ctx<'_>) -> Result<(), &'static str> {
    has_data(ctx)?;
    new::outcome(ctx).map(|_| ()).ok_or("Give a column the role Outcome first, in Data")
}

fn has_trial(ctx: &Ctx<'_>) -> Result<(), &'static str> {
    has_outcome(ctx)?;
    match new::effect_models(ctx) {
        Some(Ok(models)) if models.is_empty() => Err("Every action has a model of its effect"),
        Some(Ok(_)) => Ok(()),
        _ => Err("Needs an outcome of yes or no or a number, and rows where nothing was done: see the roles in Data"),
    }
}

fn is_selected(ctx: &Ctx<'_>) -> Result<(), &'static str> {
    selected(ctx).map(|_| ()).ok_or("Select a model first")
}

fn trainable(ctx: &Ctx<'_>) -> Result<(), &'static str> {
    is_selected(ctx)?;
    has_data(ctx)
}

/// The selected model, or the only one there is.
fn selected<'a>(ctx: &Ctx<'a>) -> Option<&'a ModelSpec> {
    let models = &ctx.session.document().models;
    let chosen = ctx.selection.model.as_deref().and_then(|id| models.iter().find(|spec| spec.id == id));
    chosen.or_else(|| models.first())
}

/// What is shown of the selected model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// How good it is.
    #[default]
    Report,
    /// What it is.
    Settings,
}

/// View state of the workspace.
#[derive(Default)]
pub struct ModelsView {
    /// What is shown of the selected model.
    pub tab: Tab,
    report: report::ReportView,
    edit: edit::EditView,
}

impl View for ModelsView {
    fn ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, asks: &mut Asks) {
        let models = &ctx.session.document().models;
        if models.is_empty() && ctx.session.document().attached.is_empty() {
            nothing(ui, ctx, asks);
            return;
        }
        let trained = models.iter().filter(|spec| ctx.session.model(&spec.id).ready().is_some()).count();
        let aside = format!("{} of {} trained", number::count(trained as u64), number::count(models.len() as u64));
        heading(ui, "Models", &aside, |ui| {
            crate::commands::command_button(ui, Some(ctx), asks, "models.train_all");
            new::menu(ui, ctx, asks);
        });
        let frame = Frame::new().inner_margin(Margin { right: 16, ..Margin::ZERO });
        Panel::left("models list")
            .frame(frame)
            .default_size(280.0)
            .size_range(210.0..=380.0)
            .show_separator_line(false)
            .show(ui, |ui| {
                ScrollArea::vertical().id_salt("models").auto_shrink(false).show(ui, |ui| list::ui(ui, ctx, asks));
            });
        let Some(spec) = selected(ctx) else { return };
        report::head(ui, ctx, spec, &mut self.tab, asks);
        ui.add_space(metrics().gap_small);
        ScrollArea::vertical().id_salt(("model", &spec.id, self.tab as u8)).auto_shrink(false).show(ui, |ui| {
            ui.set_width(ui.available_width() - 10.0);
            ui.spacing_mut().item_spacing.y = metrics().gap;
            match self.tab {
                Tab::Report => self.report.ui(ui, ctx, spec, asks),
                Tab::Settings => self.edit.ui(ui, ctx, spec, asks),
            }
        });
    }

    fn told(&mut self, command: &'static str, _ctx: &Ctx<'_>, _asks: &mut Asks) {
        match command {
            "models.report" => self.tab = Tab::Report,
            "models.settings" => self.tab = Tab::Settings,
            _ => {}
        }
    }

    fn shown(&mut self, target: &Target) {
        if matches!(target, Target::Model(_)) {
            self.tab = Tab::Report;
        }
    }
}

fn nothing(ui: &mut Ui, ctx: &Ctx<'_>, asks: &mut Asks) {
    let mut what = Empty {
        icon: icons::ICON_INSIGHTS,
        title: "No models yet",
        text: "A model tells how likely the outcome is after an action. Begin with one for each action of your history.",
        button: Some("Add a model per action"),
        link: has_data(ctx).is_ok().then_some("Attach segments, a recommender or send times from a file…"),
    };
    let missing = has_outcome(ctx).err();
    if let Some(missing) = missing {
        (what.text, what.button) = (missing, Some("Go to Data"));
    }
    match (empty(ui, &what), missing) {
        (None, _) => {}
        (Some(Pressed::Link), _) => asks.command("models.attach"),
        (Some(Pressed::Button), Some(_)) => asks.ask(Ask::Go(Workspace::Data)),
        (Some(Pressed::Button), None) => asks.command("models.per_arm"),
    }
}
