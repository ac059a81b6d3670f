//! Commands that belong to no workspace.

use super::{Act, Command, Group, ctrl, ctrl_shift, key, ready};
use crate::view::{Ask, Asks, Pick, Shell};
use crate::workspace::Workspace;
use egui::Key;
use egui_material_icons::icons;

/// The table.
pub const COMMANDS: &[Command] = &[
    Command {
        id: "project.new",
        name: "New project…",
        icon: icons::ICON_CREATE_NEW_FOLDER,
        shortcut: ctrl(Key::N),
        tooltip: "Start a project in a new folder",
        group: Group::Project,
        act: Act::Always(|asks| asks.ask(Ask::Pick(Pick::NewProject))),
    },
    Command {
        id: "project.open",
        name: "Open project…",
        icon: icons::ICON_FOLDER_OPEN,
        shortcut: ctrl(Key::O),
        tooltip: "Open a project folder",
        group: Group::Project,
        act: Act::Always(|asks| asks.ask(Ask::Pick(Pick::OpenProject))),
    },
    Command {
        id: "project.sample",
        name: "Open the sample project",
        icon: icons::ICON_SCIENCE,
        shortcut: None,
        tooltip: "A generated store with customers, a randomised trial, models and rules to try things on",
        group: Group::Project,
        act: Act::Always(|asks| asks.shell(Shell::OpenSample)),
    },
    Command {
        id: "project.save",
        name: "Save now",
        icon: icons::ICON_SAVE,
        shortcut: ctrl(Key::S),
        tooltip: "Write the project to disk now; it is also saved by itself after every change",
        group: Group::Project,
        act: Act::Project(ready, |_, asks| asks.shell(Shell::Save)),
    },
    Command {
        id: "project.close",
        name: "Close project",
        icon: icons::ICON_CLOSE,
        shortcut: ctrl(Key::W),
        tooltip: "Save and go back to the start screen",
        group: Group::Project,
        act: Act::Project(ready, |_, asks| asks.shell(Shell::CloseProject)),
    },
    Command {
        id: "app.quit",
        name: "Quit",
        icon: icons::ICON_POWER_SETTINGS_NEW,
        shortcut: ctrl(Key::Q),
        tooltip: "Save and close the window",
        group: Group::Project,
        act: Act::Always(|asks| asks.shell(Shell::Quit)),
    },
    Command {
        id: "edit.undo",
        name: "Undo",
        icon: icons::ICON_UNDO,
        shortcut: ctrl(Key::Z),
        tooltip: "Take back the last change of the project",
        group: Group::Edit,
        act: Act::Project(
            |ctx| ctx.session.can_undo().map(|_| ()).ok_or("Nothing to undo"),
            |_, asks| asks.shell(Shell::Undo),
        ),
    },
    Command {
        id: "edit.redo",
        name: "Redo",
        icon: icons::ICON_REDO,
        shortcut: ctrl_shift(Key::Z),
        tooltip: "Make the change again that was taken back",
        group: Group::Edit,
        act: Act::Project(
            |ctx| ctx.session.can_redo().map(|_| ()).ok_or("Nothing to redo"),
            |_, asks| asks.shell(Shell::Redo),
        ),
    },
    Command {
        id: "edit.find",
        name: "Find here",
        icon: icons::ICON_SEARCH,
        shortcut: ctrl(Key::F),
        tooltip: "Put the cursor into the search field of this workspace",
        group: Group::Edit,
        act: Act::Project(ready, |ctx, asks| asks.ask(Ask::Tell(ctx.workspace, "edit.find"))),
    },
    Command {
        id: "view.palette",
        name: "Search or run a command",
        icon: icons::ICON_SEARCH,
        shortcut: ctrl(Key::K),
        tooltip: "Find any command, column, model, rule or row by a few letters",
        group: Group::View,
        act: Act::Always(|asks| asks.shell(Shell::Palette)),
    },
    go("view.data", "Go to Data", Workspace::Data, Key::Num1, "Import, roles and profile of the data"),
    go("view.models", "Go to Models", Workspace::Models, Key::Num2, "Train models and read their reports"),
    go("view.policy", "Go to Policy", Workspace::Policy, Key::Num3, "Rules, caps and the order of actions"),
    go("view.simulate", "Go to Simulate", Workspace::Simulate, Key::Num4, "What the policy would have done"),
    go("view.export", "Go to Export", Workspace::Export, Key::Num5, "The policy as one file"),
    Command {
        id: "view.problems",
        name: "Show problems",
        icon: icons::ICON_RULE,
        shortcut: key(Key::F8),
        tooltip: "Open or close the list of warnings and errors",
        group: Group::View,
        act: Act::Project(ready, |_, asks| asks.shell(Shell::Problems)),
    },
    Command {
        id: "view.theme",
        name: "Switch between light and dark",
        icon: icons::ICON_DARK_MODE,
        shortcut: ctrl_shift(Key::L),
        tooltip: "Light and dark theme; the system's choice is followed until you choose",
        group: Group::View,
        act: Act::Always(|asks| asks.shell(Shell::ToggleTheme)),
    },
    Command {
        id: "view.help",
        name: "Shortcuts and help",
        icon: icons::ICON_HELP,
        shortcut: key(Key::F1),
        tooltip: "Every command with its keys",
        group: Group::View,
        act: Act::Always(|asks| asks.shell(Shell::Help)),
    },
    Command {
        id: "view.cancel",
        name: "Cancel running work",
        icon: icons::ICON_CANCEL,
        shortcut: None,
        tooltip: "Stop the work under way; what it has done so far is thrown away",
        group: Group::View,
        act: Act::Project(
            |ctx| if ctx.session.jobs().is_empty() { Err("Nothing is running") } else { Ok(()) },
            |ctx, asks| {
                for job in ctx.session.jobs() {
                    asks.ask(Ask::Cancel(job.id));
                }
            },
        ),
    },
];

const fn go(id: &'static str, name: &'static str, to: Workspace, key: Key, tooltip: &'static str) -> Command {
    let (icon, act): (_, fn(&crate::view::Ctx<'_>, &mut Asks)) = match to {
        Workspace::Data => (icons::ICON_TABLE, |_, asks| asks.ask(Ask::Go(Workspace::Data))),
        Workspace::Models => (icons::ICON_INSIGHTS, |_, asks| asks.ask(Ask::Go(Workspace::Models))),
        Workspace::Policy => (icons::ICON_ACCOUNT_TREE, |_, asks| asks.ask(Ask::Go(Workspace::Policy))),
        Workspace::Simulate => (icons::ICON_MONITORING, |_, asks| asks.ask(Ask::Go(Workspace::Simulate))),
        Workspace::Export => (icons::ICON_UPLOAD_FILE, |_, asks| asks.ask(Ask::Go(Workspace::Export))),
    };
    Command { id, name, icon, shortcut: ctrl(key), tooltip, group: Group::View, act: Act::Project(ready, act) }
}
