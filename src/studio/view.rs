//! What a workspace is given and what it may answer: it reads a context and asks; the application acts.
//!
//! A view changes nothing but its own view state (what is unfolded, half-typed text). Everything else is an [`Ask`].

use crate::shell::toasts::Toast;
use crate::theme::Tokens;
use crate::workspace::Workspace;
use egui::Ui;
use std::path::PathBuf;

/// What is selected, shared by all workspaces: a row chosen in the table is the customer traced in Policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Row of the data, from 0.
    pub row: Option<usize>,
    /// Column name.
    pub column: Option<String>,
    /// Model id.
    pub model: Option<String>,
    /// Rule id.
    pub rule: Option<String>,
}

/// Something that can be shown and selected: where a problem points, what the palette finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A workspace as a whole.
    Workspace(Workspace),
    /// A row of the data, from 0.
    Row(usize),
    /// A column.
    Column(String),
    /// A model.
    Model(String),
    /// A rule.
    Rule(String),
}

/// What every view reads.
pub struct Ctx<'a> {
    /// Colours of the theme in use.
    pub tokens: &'static Tokens,
    /// What is selected.
    pub selection: &'a Selection,
}

/// One thing a view asks for.
#[derive(Debug)]
pub enum Ask {
    /// Run a command of the table, by its id.
    Command(&'static str),
    /// Go to a workspace.
    Go(Workspace),
    /// Go there and select it.
    Show(Target),
    /// Select without going anywhere.
    Select(Target),
    /// Take nothing as selected.
    Deselect,
    /// Hand a command on to the view of a workspace, which changes its own view state.
    Tell(Workspace, &'static str),
    /// Say something for a few seconds.
    Toast(Toast),
    /// Let the user choose a file.
    Pick(Pick),
    /// Put text on the clipboard, and say so.
    Copy(String),
}

/// Why a file is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pick {
    /// A project folder to open.
    OpenProject,
    /// Where a new project is to lie.
    NewProject,
    /// A data file to import.
    ImportData,
    /// Where the policy is written.
    ExportPolicy,
}

/// What views asked for during one frame.
#[derive(Default)]
pub struct Asks {
    list: Vec<Ask>,
    /// Files already chosen, for whoever waits for them.
    pub picked: Vec<(Pick, PathBuf)>,
}

impl Asks {
    /// Asks for something.
    pub fn ask(&mut self, ask: Ask) {
        self.list.push(ask);
    }

    /// Runs a command of the table.
    pub fn command(&mut self, id: &'static str) {
        self.ask(Ask::Command(id));
    }

    /// Goes to a target and selects it.
    pub fn show(&mut self, target: Target) {
        self.ask(Ask::Show(target));
    }

    /// Selects a target.
    pub fn select(&mut self, target: Target) {
        self.ask(Ask::Select(target));
    }

    /// Says something for a few seconds.
    pub fn toast(&mut self, toast: Toast) {
        self.ask(Ask::Toast(toast));
    }

    /// Takes what was asked so far.
    pub fn take(&mut self) -> Vec<Ask> {
        std::mem::take(&mut self.list)
    }
}

/// A workspace.
pub trait View {
    /// Draws it in all the room there is.
    fn ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, asks: &mut Asks);

    /// Receives a command that concerns this view's own state ([`Ask::Tell`]).
    fn told(&mut self, _command: &'static str, _ctx: &Ctx<'_>, _asks: &mut Asks) {}

    /// A target of this workspace was asked to be shown; the selection says so already.
    fn shown(&mut self, _target: &Target) {}
}
