//! A studio on a folder of its own, a small trial as a file, and what tests do again and again.

use attune_session::Session;
use attune_studio::app::{App, Prefs};
use attune_studio::shell::files::{Answer, Picker};
use attune_studio::view::Pick;
use attune_studio::{Workspace, theme};
use egui::{Key, Modifiers, Theme, ThemePreference};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The application, made at the first frame because it needs the context.
pub struct Stage {
    app: Option<App>,
    picker: Arc<Answers>,
    folder: TempDir,
    theme: ThemePreference,
}

/// Answers file questions from a list, in order; no answer left means that the system has no dialog.
#[derive(Default)]
pub struct Answers(Mutex<Vec<Answer>>);

impl Picker for Answers {
    fn ask(&self, _pick: Pick, _start: Option<PathBuf>, _name: Option<String>) -> Answer {
        let mut list = self.0.lock().expect("nobody panics while answering");
        if list.is_empty() { Answer::Unavailable } else { list.remove(0) }
    }
}

/// What tests hold: the harness and short ways to use it.
pub struct Studio {
    /// The harness, for everything without a short way.
    pub h: Harness<'static, Stage>,
}

/// How long a job may take on a slow machine before a test gives up.
const PATIENCE: Duration = Duration::from_secs(240);

impl Studio {
    /// The start screen.
    pub fn start() -> Studio {
        Studio::sized(egui::vec2(1280.0, 800.0), Theme::Dark)
    }

    /// The start screen of a size and theme.
    pub fn sized(size: egui::Vec2, theme: Theme) -> Studio {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let preference = if theme == Theme::Dark { ThemePreference::Dark } else { ThemePreference::Light };
        let stage = Stage { app: None, picker: Arc::default(), folder, theme: preference };
        let h = Harness::builder()
            .with_size(size)
            .with_theme(theme)
            .with_max_steps(64)
            .with_context_setup(theme::install)
            .build_ui_state(
                |ui, stage: &mut Stage| {
                    let (folder, theme) = (stage.folder.path().to_owned(), stage.theme);
                    let picker = stage.picker.clone();
                    let app = stage.app.get_or_insert_with(|| {
                        let mut app = App::new(ui.ctx(), Prefs { theme, ..Prefs::default() }, folder.join("projects"));
                        app.set_picker(picker);
                        app
                    });
                    app.root_ui(ui);
                },
                stage,
            );
        let mut studio = Studio { h };
        studio.h.run_steps(3);
        studio
    }

    /// A project without anything in it.
    pub fn empty() -> Studio {
        let mut studio = Studio::start();
        let dir = studio.folder().join("projects/empty");
        let session = Session::create(&dir, "empty", Arc::new(|| {})).expect("an empty project");
        studio.app_mut().show(session);
        studio.settle();
        studio
    }

    /// The sample project.
    pub fn sample() -> Studio {
        let mut studio = Studio::start();
        studio.press("Open the sample project");
        studio.settle();
        studio
    }

    /// A project begun from the small trial.
    pub fn trial() -> Studio {
        let mut studio = Studio::start();
        let file = studio.write("trial.csv", &trial(600));
        let dir = studio.folder().join("projects/trial");
        let session = Session::create_from_file(&dir, &file, Arc::new(|| {})).expect("a project from a file");
        studio.app_mut().show(session);
        studio.settle();
        studio
    }

    pub fn app(&self) -> &App {
        self.h.state().app.as_ref().expect("made at the first frame")
    }

    pub fn app_mut(&mut self) -> &mut App {
        self.h.state_mut().app.as_mut().expect("made at the first frame")
    }

    pub fn session(&self) -> &Session {
        &self.app().project.as_ref().expect("a project is open").session
    }

    pub fn session_mut(&mut self) -> &mut Session {
        &mut self.app_mut().project.as_mut().expect("a project is open").session
    }

    pub fn workspace(&self) -> Workspace {
        self.app().project.as_ref().expect("a project is open").workspace
    }

    pub fn selection(&self) -> &attune_studio::view::Selection {
        &self.app().project.as_ref().expect("a project is open").selection
    }

    pub fn folder(&self) -> &Path {
        self.h.state().folder.path()
    }

    /// Writes a file into the test's folder.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder().join(name);
        std::fs::write(&path, text).expect("a file for the test");
        path
    }

    /// The next question about a file is answered with this path.
    pub fn will_choose(&self, path: &Path) {
        self.h.state().picker.0.lock().expect("nobody panics").push(Answer::Chosen(path.to_owned()));
    }

    /// Presses what has this name: a button before a word that happens to be the same. It is scrolled to first.
    pub fn press(&mut self, name: &str) {
        for click in [false, true] {
            if click {
                self.rest();
            }
            let named: Vec<_> = self.h.get_all_by_label(name).collect();
            let button = named.iter().find(|node| node.accesskit_node().role() != egui::accesskit::Role::Label);
            let button = button.or(named.first()).expect("it is on screen");
            if click {
                button.click();
            } else {
                button.scroll_to_me();
            }
            drop(named);
            self.frames();
        }
    }

    /// Lets short jobs end and show what they found: between the press and the release of a button it would move.
    fn rest(&mut self) {
        let Some(open) = &mut self.app_mut().project else { return };
        if !open.session.jobs().is_empty() {
            open.session.wait_idle(Duration::from_millis(500));
            self.frames();
        }
    }

    /// Whether anything on screen has exactly this name.
    pub fn has(&self, name: &str) -> bool {
        self.h.query_all_by_label(name).next().is_some()
    }

    /// Whether anything on screen has this in its name.
    pub fn has_part(&self, part: &str) -> bool {
        self.h.query_all_by_label_contains(part).next().is_some()
    }

    pub fn keys(&mut self, modifiers: Modifiers, key: Key) {
        self.h.key_press_modifiers(modifiers, key);
        self.frames();
    }

    /// Puts the keyboard into a field, replaces its text, and presses Enter.
    pub fn type_into(&mut self, field: &str, text: &str) {
        self.h.get_by_label(field).focus();
        self.h.run_steps(2);
        self.h.key_press_modifiers(Modifiers::COMMAND, Key::A);
        self.h.run_steps(2);
        self.h.get_by_label(field).type_text(text);
        self.h.run_steps(2);
    }

    /// A few frames: jobs and toasts may ask for more without end, so this does not wait for quiet.
    pub fn frames(&mut self) {
        self.h.run_steps(4);
    }

    /// Frames until no job runs and the picture is that of their results.
    pub fn settle(&mut self) {
        let until = Instant::now() + PATIENCE;
        loop {
            self.frames();
            // File questions are answered on a thread of their own.
            std::thread::sleep(Duration::from_millis(5));
            self.frames();
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "a job did not end in time");
            let Some(open) = &mut self.app_mut().project else { return };
            let idle = open.session.wait_idle(left);
            assert!(idle, "a job did not end in time");
            if open.session.jobs().is_empty() {
                break;
            }
        }
        self.frames();
    }

    /// Whether something with this label comes to be seen: what another thread answers takes as long as it takes.
    pub fn comes(&mut self, label: &str) -> bool {
        let until = Instant::now() + PATIENCE;
        while !self.has(label) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
            self.frames();
        }
        self.has(label)
    }

    /// Runs a command as a user does who knows only its name: by the palette.
    pub fn by_palette(&mut self, name: &str) {
        self.keys(Modifiers::COMMAND, Key::K);
        assert!(self.app().palette_open(), "Ctrl+K opens the palette");
        self.h.get_all_by_label("Search or run a command").last().expect("its field").type_text(name);
        self.h.run_steps(3);
        self.h.key_press(Key::Enter);
        self.frames();
    }
}

/// A small randomised trial as a file: 600 customers, three arms, a response that depends on recency and on the arm.
pub fn trial(rows: u32) -> String {
    let mut text = String::from("recency,history,channel,segment,visit,spend\n");
    let mut state = 12_345_u32;
    let mut next = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % below
    };
    for _ in 0..rows {
        let (recency, history, arm) = (1 + next(12), 30 + next(900), next(3));
        let channel = ["Web", "Phone", "Multichannel"][next(3) as usize];
        let segment = ["Mens E-Mail", "Womens E-Mail", "No E-Mail"][arm as usize];
        let chance = 55 - 4 * recency + if arm < 2 { 15 } else { 0 };
        let visit = u32::from(next(100) < chance);
        let spend = visit * next(80);
        writeln!(text, "{recency},{history}.5,{channel},{segment},{visit},{spend}").expect("text grows");
    }
    text
}
