//! Commands of the Policy workspace: stages, rules, the trace.

use super::stage::Place;
use crate::commands::{Act, Command, Group, alt, ctrl, key, ready};
use crate::view::{Ask, Asks, Ctx};
use crate::workspace::Workspace;
use egui::Key;
use egui_material_icons::icons;

const HERE: Group = Group::In(Workspace::Policy);

/// Hands a command on to the view.
fn tell(asks: &mut Asks, id: &'static str) {
    asks.ask(Ask::Tell(Workspace::Policy, id));
}

/// Goes to the workspace first: these are offered everywhere.
fn go(asks: &mut Asks, place: Place) {
    asks.ask(Ask::Go(Workspace::Policy));
    tell(asks, place.command());
}

fn a_rule(ctx: &Ctx<'_>) -> Result<(), &'static str> {
    let id = ctx.selection.rule.as_ref().ok_or("Select a rule first")?;
    let known = ctx.session.document().draft.rules.iter().any(|r| r.id == *id);
    if known { Ok(()) } else { Err("Select a rule first") }
}

macro_rules! go_to {
    ($place:ident, $name:literal, $icon:ident) => {
        Command {
            id: Place::$place.command(),
            name: $name,
            icon: icons::$icon,
            shortcut: None,
            tooltip: Place::$place.help(),
            group: HERE,
            act: Act::Project(ready, |_, asks| go(asks, Place::$place)),
        }
    };
}

/// The table.
pub const COMMANDS: &[Command] = &[
    Command {
        id: "policy.add_rule",
        name: "Add rule",
        icon: icons::ICON_ADD,
        shortcut: ctrl(Key::R),
        tooltip: "Add a rule to the stage that is open",
        group: HERE,
        act: Act::Project(ready, |_, asks| {
            asks.ask(Ask::Go(Workspace::Policy));
            tell(asks, "policy.add_rule");
        }),
    },
    Command {
        id: "policy.duplicate_rule",
        name: "Duplicate rule",
        icon: icons::ICON_CONTENT_COPY,
        shortcut: ctrl(Key::D),
        tooltip: "Put a copy of the selected rule behind it",
        group: HERE,
        act: Act::Project(a_rule, |_, asks| tell(asks, "policy.duplicate_rule")),
    },
    Command {
        id: "policy.delete_rule",
        name: "Delete rule",
        icon: icons::ICON_DELETE,
        shortcut: key(Key::Delete),
        tooltip: "Remove the selected rule; undo brings it back",
        group: HERE,
        act: Act::Project(a_rule, |_, asks| tell(asks, "policy.delete_rule")),
    },
    Command {
        id: "policy.rule_up",
        name: "Move rule up",
        icon: icons::ICON_ARROW_UPWARD,
        shortcut: alt(Key::ArrowUp),
        tooltip: "Evaluate the selected rule earlier in its stage",
        group: HERE,
        act: Act::Project(a_rule, |_, asks| tell(asks, "policy.rule_up")),
    },
    Command {
        id: "policy.rule_down",
        name: "Move rule down",
        icon: icons::ICON_ARROW_DOWNWARD,
        shortcut: alt(Key::ArrowDown),
        tooltip: "Evaluate the selected rule later in its stage",
        group: HERE,
        act: Act::Project(a_rule, |_, asks| tell(asks, "policy.rule_down")),
    },
    Command {
        id: "policy.toggle_rule",
        name: "Switch rule on or off",
        icon: icons::ICON_TOGGLE_ON,
        shortcut: alt(Key::S),
        tooltip: "Switch the selected rule on or off",
        group: HERE,
        act: Act::Project(a_rule, |_, asks| tell(asks, "policy.toggle_rule")),
    },
    Command {
        id: "policy.rule_code",
        name: "Show rule as code or conditions",
        icon: icons::ICON_CODE,
        shortcut: ctrl(Key::E),
        tooltip: "Change between the condition builder and the code of the selected rule",
        group: HERE,
        act: Act::Project(a_rule, |_, asks| tell(asks, "policy.rule_code")),
    },
    Command {
        id: "policy.trace",
        name: "Trace a customer",
        icon: icons::ICON_PERSON_SEARCH,
        shortcut: ctrl(Key::T),
        tooltip: "Show or hide why the policy decides as it does for one customer",
        group: HERE,
        act: Act::Project(ready, |_, asks| {
            asks.ask(Ask::Go(Workspace::Policy));
            tell(asks, "policy.trace");
        }),
    },
    go_to!(Actions, "Go to actions", ICON_CAMPAIGN),
    go_to!(Holdouts, "Go to holdouts", ICON_SCIENCE),
    go_to!(Guards, "Go to guards", ICON_SHIELD),
    go_to!(Eligibility, "Go to eligibility", ICON_VERIFIED_USER),
    go_to!(Applicability, "Go to applicability", ICON_SCHEDULE),
    go_to!(Suitability, "Go to suitability", ICON_FAVORITE),
    go_to!(Contact, "Go to contact policy", ICON_NOTIFICATIONS_PAUSED),
    go_to!(Arbitration, "Go to arbitration", ICON_LEADERBOARD),
    go_to!(Fallback, "Go to fallback", ICON_ALT_ROUTE),
];
