//! What a workspace is given and what it may answer: it reads a context and asks; the application acts.
//!
//! A view changes nothing but its own view state (what is unfolded, half-typed text). Everything else is an [`Ask`].

use crate::shell::toasts::Toast;
use crate::theme::Tokens;
use crate::workspace::Workspace;
use attune_lab::data::Dataset;
use attune_session::{Action, Edit, JobId, Session};
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
#[derive(Clone, Copy)]
pub struct Ctx<'a> {
    /// The open project.
    pub session: &'a Session,
    /// Where the user is.
    pub workspace: Workspace,
    /// What is selected.
    pub selection: &'a Selection,
    /// Colours of the theme in use.
    pub tokens: &'static Tokens,
}

impl Ctx<'_> {
    /// The table of customers, when there is one.
    pub fn table(&self) -> Option<Dataset> {
        // Rows of a source that was taken out again may still be in memory; the project has none of them.
        if self.session.document().sources.is_empty() {
            return None;
        }
        self.session.dataset().value().map(|loaded| loaded.dataset.clone())
    }

    /// The name a column has in its file, for people.
    pub fn source(&self, column: &str) -> String {
        let loaded = self.session.dataset();
        let of = loaded.value().and_then(|loaded| loaded.dataset.column(column));
        of.map_or_else(|| column.to_owned(), |column| column.source.clone())
    }
}

/// One thing a view asks for.
pub enum Ask {
    /// Change the document.
    Edit(Box<Edit>),
    /// Changes from here to [`Ask::EndGesture`] are one undo step: a drag, typing into one field.
    BeginGesture,
    /// The gesture is over.
    EndGesture,
    /// Start long work.
    Act(Action),
    /// Stop a job.
    Cancel(JobId),
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
    /// Put text on the clipboard, and say what it was.
    Copy {
        /// What is copied.
        text: String,
        /// What to call it: `12 rows`.
        what: String,
    },
    /// Something of the window itself.
    Shell(Shell),
}

/// Things of the window itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Shell {
    /// Open or close the palette.
    Palette,
    /// Open or close the sheet of shortcuts.
    Help,
    /// Open or close the list of problems.
    Problems,
    /// Light or dark.
    ToggleTheme,
    /// Take back the last change.
    Undo,
    /// Make it again.
    Redo,
    /// Write to disk now.
    Save,
    /// Open a project folder.
    OpenProject(PathBuf),
    /// Make a project in a folder.
    NewProject(PathBuf),
    /// Open the sample project, making it first when it is not there.
    OpenSample,
    /// Back to the start screen.
    CloseProject,
    /// Save and close the window.
    Quit,
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
    /// A file of models that were learned apart.
    AttachModels,
    /// Where the policy is written.
    ExportPolicy,
}

/// What views asked for during one frame.
#[derive(Default)]
pub struct Asks {
    list: Vec<Ask>,
}

impl Asks {
    /// Asks for something.
    pub fn ask(&mut self, ask: Ask) {
        self.list.push(ask);
    }

    /// Changes the document.
    pub fn edit(&mut self, edit: Edit) {
        self.ask(Ask::Edit(Box::new(edit)));
    }

    /// Starts long work.
    pub fn act(&mut self, action: Action) {
        self.ask(Ask::Act(action));
    }

    /// Something of the window itself.
    pub fn shell(&mut self, what: Shell) {
        self.ask(Ask::Shell(what));
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

    /// Takes over what another list holds.
    pub fn append(&mut self, other: &mut Asks) {
        self.list.append(&mut other.list);
    }

    /// Takes what was asked so far.
    pub fn take(&mut self) -> Vec<Ask> {
        std::mem::take(&mut self.list)
    }
}

/// Begins a gesture when a control starts to be dragged or typed into; everything until it is let go is one undo step.
/// The application ends the gesture by itself when the pointer is up and the keyboard has moved on.
pub fn gesture(response: &egui::Response, asks: &mut Asks) {
    if response.drag_started() || response.gained_focus() {
        asks.ask(Ask::BeginGesture);
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

    /// A file was chosen that this view had asked for ([`Ask::Pick`]).
    fn picked(&mut self, _pick: Pick, _path: PathBuf, _ctx: &Ctx<'_>, _asks: &mut Asks) {}
}
