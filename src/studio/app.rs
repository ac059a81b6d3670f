//! The application: one project at most, its five views, and the window around them.
//!
//! A frame drains the session's news, draws what there is, and then does what was asked for. The same [`App::root_ui`] runs
//! in the window and in tests.

mod open;
mod perform;
pub mod prefs;

use crate::commands;
use crate::shell::files::{Answer, Native, Picker, Question};
use crate::shell::palette::Palette;
use crate::shell::paths::Paths;
use crate::shell::toasts::{Toast, Toasts};
use crate::shell::top::SavedWords;
use crate::shell::{banner, health, help, nav, problems, start, status, top};
use crate::theme::{Tone, metrics, tokens};
use crate::view::{Ask, Asks, Ctx, Pick, Selection, Shell, Target};
use crate::workspace::Workspace;
use attune_session::{Action, NoticeKind, SaveStatus, Session, Wake};
use egui::{CentralPanel, Context, Frame, Margin, Ui};
pub use open::Open;
pub use prefs::Prefs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The studio.
pub struct App {
    /// The open project.
    pub project: Option<Open>,
    /// What is remembered between runs.
    pub prefs: Prefs,
    /// Folder of projects that the studio makes by itself.
    pub projects: PathBuf,
    /// The messages on screen.
    pub toasts: Toasts,
    /// Whether the list of problems is open.
    pub problems_open: bool,
    /// Whether the sheet of shortcuts is open.
    pub help_open: bool,
    palette: Option<Palette>,
    asks: Asks,
    wake: Wake,
    picker: Arc<dyn Picker>,
    question: Option<Question>,
    paths: Option<Paths>,
    gesture: Option<Option<egui::Id>>,
    quit: bool,
}

impl App {
    /// A studio without a project. `projects` is where it makes projects by itself: the sample, and those begun from a file.
    pub fn new(ctx: &Context, prefs: Prefs, projects: PathBuf) -> App {
        let repaint = ctx.clone();
        ctx.set_theme(prefs.theme);
        App {
            project: None,
            prefs,
            projects,
            toasts: Toasts::default(),
            problems_open: false,
            help_open: false,
            palette: None,
            asks: Asks::default(),
            wake: Arc::new(move || repaint.request_repaint()),
            picker: Arc::new(Native),
            question: None,
            paths: None,
            gesture: None,
            quit: false,
        }
    }

    /// Answers file questions by `picker` instead of the system's dialogs.
    pub fn set_picker(&mut self, picker: Arc<dyn Picker>) {
        self.picker = picker;
    }

    /// Whether the palette is open.
    pub fn palette_open(&self) -> bool {
        self.palette.is_some()
    }

    /// Whether the window should close.
    pub fn wants_to_quit(&self) -> bool {
        self.quit
    }

    /// Opens a project folder; when it cannot be opened, what was open stays and the reason is shown.
    pub fn open(&mut self, now: f64, dir: &Path) {
        // Opening the same project again would meet its own lock.
        if self.project.as_ref().is_some_and(|open| open.session.dir() == dir) {
            return;
        }
        match Session::open(dir, self.wake.clone()) {
            Ok(session) => self.show(session),
            Err(error) => {
                self.prefs.recent.retain(|recent| recent != dir);
                self.toasts.add(now, Toast::failed(error.to_string()));
            }
        }
    }

    /// Takes what a path is: a project folder is opened, a data file begins a project.
    pub fn open_path(&mut self, now: f64, path: &Path) {
        if path.is_file() && path.file_name().is_some_and(|name| name != "project.ron") {
            self.take_file(now, path.to_owned());
        } else if path.is_file() {
            self.open(now, path.parent().unwrap_or(path));
        } else {
            self.open(now, path);
        }
    }

    /// Puts a session on screen.
    pub fn show(&mut self, session: Session) {
        self.prefs.remember(session.dir());
        self.project = Some(Open::new(session));
        self.problems_open = false;
    }

    /// The whole window, for one frame.
    pub fn root_ui(&mut self, ui: &mut Ui) {
        let now = ui.input(|i| i.time);
        self.news(ui, now);
        self.keys(ui);
        let mut asks = std::mem::take(&mut self.asks);
        self.draw(ui, &mut asks);
        self.overlays(ui, now, &mut asks);
        self.asks = asks;
        self.perform(ui.ctx(), now);
    }

    /// What has happened since the last frame: ends of jobs, notices, chosen and dropped files, the end of a gesture.
    fn news(&mut self, ui: &Ui, now: f64) {
        if let Some(open) = &mut self.project {
            open.session.poll();
            let told: Vec<_> =
                open.session.notices().iter().filter(|notice| notice.kind != NoticeKind::Warning).cloned().collect();
            for notice in told {
                let text = match &notice.hint {
                    Some(hint) => format!("{}; {hint}", notice.text),
                    None => notice.text.clone(),
                };
                let failed = notice.kind == NoticeKind::Failed;
                self.toasts.add(now, if failed { Toast::failed(text) } else { Toast::done(text) });
                open.session.dismiss(notice.id);
            }
        }
        let answer = self.question.as_ref().and_then(|question| Some((question.pick, question.poll()?)));
        if let Some((pick, answer)) = answer {
            self.question = None;
            self.answered(ui.ctx(), now, pick, answer);
        }
        for file in ui.input(|i| i.raw.dropped_files.clone()) {
            let path = file.path().to_owned();
            if path.as_os_str().is_empty() {
                self.toasts.add(now, Toast::failed("What was dropped is not a file on this machine"));
            } else if path.is_dir() {
                self.open(now, &path);
            } else {
                self.take_file(now, path);
            }
        }
        let focused = ui.memory(|memory| memory.focused());
        let held = ui.input(|i| i.pointer.any_down());
        if !held
            && self.gesture.is_some_and(|of| of.is_none() || of != focused)
            && let Some(open) = &mut self.project
        {
            open.session.end_gesture();
            self.gesture = None;
        }
    }

    /// A data file: imported into the open project, or the beginning of a new one.
    fn take_file(&mut self, now: f64, path: PathBuf) {
        if self.project.is_none() {
            let stem = path.file_stem().map_or_else(|| "project".into(), |stem| stem.to_string_lossy().into_owned());
            let name = attune_lab::project::slug(&stem, &|id| self.projects.join(id).exists());
            let dir = self.projects.join(name);
            match Session::create(&dir, &stem, self.wake.clone()) {
                Ok(session) => {
                    self.show(session);
                    self.toasts.add(now, Toast::done(format!("New project in {}", dir.display())));
                }
                Err(error) => {
                    self.toasts.add(now, Toast::failed(error.to_string()));
                    return;
                }
            }
        }
        let (Some(open), tokens) = (&mut self.project, crate::theme::of(egui::Theme::Dark)) else { return };
        open.workspace = Workspace::Data;
        let mut asks = std::mem::take(&mut self.asks);
        open.with(Workspace::Data, tokens, |view, ctx| view.picked(Pick::ImportData, path, ctx, &mut asks));
        self.asks = asks;
    }

    fn answered(&mut self, egui: &Context, now: f64, pick: Pick, answer: Answer) {
        match answer {
            Answer::Cancelled => {}
            Answer::Unavailable => {
                let name = (pick == Pick::ExportPolicy).then_some("policy.ron");
                self.paths = Some(Paths::new(pick, self.start_folder(pick), name));
            }
            Answer::Chosen(path) => match pick {
                Pick::OpenProject => self.open_path(now, &path),
                Pick::NewProject => self.asks.shell(Shell::NewProject(path)),
                Pick::ImportData => self.take_file(now, path),
                Pick::AttachModels => self.asks.act(Action::Attach(path)),
                Pick::ExportPolicy => {
                    let tokens = tokens(egui);
                    let mut asks = std::mem::take(&mut self.asks);
                    if let Some(open) = &mut self.project {
                        open.with(Workspace::Export, tokens, |view, ctx| view.picked(pick, path, ctx, &mut asks));
                    }
                    self.asks = asks;
                }
            },
        }
    }

    /// Where a question about files begins.
    fn start_folder(&self, pick: Pick) -> PathBuf {
        let of_project = self.project.as_ref().map(|open| open.session.dir().to_owned());
        match pick {
            Pick::ImportData | Pick::AttachModels => self.prefs.data_folder.clone().filter(|dir| dir.is_dir()),
            Pick::ExportPolicy => of_project,
            Pick::OpenProject | Pick::NewProject => self.projects.is_dir().then(|| self.projects.clone()),
        }
        .or_else(|| std::env::current_dir().ok())
        .unwrap_or_else(|| PathBuf::from("/"))
    }

    fn keys(&mut self, ui: &Ui) {
        let modal = self.palette.is_some() || self.help_open || self.paths.is_some();
        let workspace = self.project.as_ref().map(|open| open.workspace);
        if modal {
            // A window on top has the keyboard; only what opened it may close it.
            let own = [("view.palette", self.palette.is_some()), ("view.help", self.help_open)];
            for (id, open) in own {
                let keys = commands::find(id).and_then(|command| command.shortcut);
                if open && keys.is_some_and(|keys| ui.input_mut(|i| i.consume_shortcut(&keys))) {
                    self.asks.command(id);
                }
            }
        } else if let Some(id) = commands::consume(ui.ctx(), workspace) {
            self.asks.command(id);
        } else if ui.memory(|memory| memory.focused().is_none())
            && !egui::Popup::is_any_open(ui.ctx())
            && ui.input(|i| i.key_pressed(egui::Key::Escape))
        {
            self.asks.ask(Ask::Deselect);
        }
    }

    fn draw(&mut self, ui: &mut Ui, asks: &mut Asks) {
        let t = tokens(ui.ctx());
        let Some(open) = &mut self.project else {
            top::show(ui, None, None, asks);
            let frame = Frame::new().fill(t.ground).inner_margin(Margin::symmetric(24, 0));
            CentralPanel::default().frame(frame).show(ui, |ui| start::show(ui, &self.prefs.recent, asks));
            return;
        };
        let found = health::problems(&open.session);
        let states = health::states(&open.session);
        let workspace = open.workspace;
        let ctx = open.ctx(t);
        let saved = saved_words(&open.session);
        let name = ctx.session.document().goal.name.clone();
        top::show(ui, Some((&name, &saved)), Some(&ctx), asks);
        status::show(ui, &ctx, &found, asks);
        nav::show(ui, workspace, &states, asks);
        let mut seen = None;
        for notice in ctx.session.notices().iter().filter(|notice| notice.kind == NoticeKind::Warning) {
            if banner::show(ui, notice) {
                seen = Some(notice.id);
            }
        }
        if self.problems_open {
            self.problems_open = problems::show(ui, &found, asks);
        }
        if let Some(id) = seen {
            open.session.dismiss(id);
        }
        // Workspaces of several panels fill the room to its edges and keep their own margins.
        let margin = match open.workspace {
            Workspace::Policy | Workspace::Simulate | Workspace::Export => Margin::ZERO,
            _ => Margin::symmetric(16, 12),
        };
        let frame = Frame::new().fill(t.ground).inner_margin(margin);
        CentralPanel::default().frame(frame).show(ui, |ui| {
            open.with(workspace, t, |view, ctx| view.ui(ui, ctx, asks));
        });
    }

    /// What lies above the panels.
    fn overlays(&mut self, ui: &Ui, now: f64, asks: &mut Asks) {
        let t = tokens(ui.ctx());
        let ctx = self.project.as_ref().map(|open| open.ctx(t));
        if let Some(palette) = &mut self.palette
            && !palette.show(ui, ctx.as_ref(), asks)
        {
            self.palette = None;
        }
        if self.help_open {
            self.help_open = help::show(ui);
        }
        let answer = self.paths.as_mut().and_then(|paths| Some((paths.pick, paths.show(ui)?)));
        if let Some((pick, answer)) = answer {
            self.paths = None;
            self.answered(ui.ctx(), now, pick, answer);
            asks.append(&mut self.asks);
        }
        if let Some(question) = &self.question
            && banner::waiting(ui, question.is_late())
        {
            let pick = question.pick;
            self.question = None;
            self.answered(ui.ctx(), now, pick, Answer::Unavailable);
        }
        banner::drop_here(ui);
        if let Some(command) = self.toasts.show(ui.ctx(), metrics().status_height) {
            asks.command(command);
        }
    }
}

fn saved_words(session: &Session) -> SavedWords {
    let (tone, words) = match &session.saved().status {
        SaveStatus::Saved => (Tone::Ok, "Saved".to_owned()),
        SaveStatus::Pending | SaveStatus::Saving => (Tone::Accent, "Saving…".to_owned()),
        SaveStatus::Failed(why) => (Tone::Err, format!("Not saved: {why}")),
    };
    SavedWords { tone, words }
}

/// The workspace a target is shown in.
fn home(target: &Target) -> Workspace {
    match target {
        Target::Workspace(workspace) => *workspace,
        Target::Row(_) | Target::Column(_) => Workspace::Data,
        Target::Model(_) => Workspace::Models,
        Target::Rule(_) => Workspace::Policy,
    }
}

/// Puts a target into the selection.
fn choose(selection: &mut Selection, target: &Target) {
    match target.clone() {
        Target::Workspace(_) => {}
        Target::Row(row) => selection.row = Some(row),
        Target::Column(name) => selection.column = Some(name),
        Target::Model(id) => selection.model = Some(id),
        Target::Rule(id) => selection.rule = Some(id),
    }
}

impl Open {
    /// What views read.
    pub fn ctx(&self, tokens: &'static crate::theme::Tokens) -> Ctx<'_> {
        Ctx { session: &self.session, workspace: self.workspace, selection: &self.selection, tokens }
    }
}
