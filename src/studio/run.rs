//! Opening the native window.

use crate::app::{App, Prefs};
use crate::theme;
use eframe::egui::{self, ViewportBuilder};
use std::fmt;
use std::path::PathBuf;

/// Why there is no window.
#[derive(Debug)]
pub enum Error {
    /// There is no display to open a window on; the same work can be done on the command line.
    NoDisplay(String),
    /// The window could not be made.
    Window(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoDisplay(why) => write!(f, "there is no display to open a window on: {why}"),
            Error::Window(why) => write!(f, "the window could not be opened: {why}"),
        }
    }
}

impl std::error::Error for Error {}

const APP_ID: &str = "attune";
const PREFS: &str = "prefs";

/// Opens the studio and returns when its window is closed. A project folder is opened, a data file begins a new project;
/// with `None` the start screen is shown.
///
/// # Errors
/// [`Error::NoDisplay`] when this machine has no display, so that a caller can go on without a window.
pub fn run(project_or_file: Option<PathBuf>) -> Result<(), Error> {
    display()?;
    let viewport = ViewportBuilder::default()
        .with_app_id(APP_ID)
        .with_title("Attune")
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([1024.0, 640.0])
        .with_drag_and_drop(true);
    // Text looks the same on every machine: no fonts of the system join in.
    let options = eframe::NativeOptions { viewport, system_font_fallback: false, ..Default::default() };
    let made = eframe::run_native(
        APP_ID,
        options,
        Box::new(move |cc| {
            theme::install(&cc.egui_ctx);
            let prefs: Prefs = cc.storage.and_then(|storage| eframe::get_value(storage, PREFS)).unwrap_or_default();
            let mut app = App::new(&cc.egui_ctx, prefs, projects_folder());
            if let Some(path) = &project_or_file {
                app.open_path(0.0, path);
            }
            Ok(Box::new(Window { app, title: String::new() }))
        }),
    );
    made.map_err(|error| match error {
        eframe::Error::Winit(_) | eframe::Error::WinitEventLoop(_) => Error::NoDisplay(error.to_string()),
        error => Error::Window(error.to_string()),
    })
}

/// Says early and in words what a window system would say late and in codes.
fn display() -> Result<(), Error> {
    let named = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if cfg!(all(unix, not(target_os = "macos"))) && !named("DISPLAY") && !named("WAYLAND_DISPLAY") {
        return Err(Error::NoDisplay("neither DISPLAY nor WAYLAND_DISPLAY is set".to_owned()));
    }
    Ok(())
}

/// Where projects are made that nobody chose a folder for: `projects` here when there is such a folder, else `Attune` at home.
fn projects_folder() -> PathBuf {
    let here = PathBuf::from("projects");
    if here.is_dir() {
        return std::path::absolute(&here).unwrap_or(here);
    }
    std::env::home_dir().map_or(here, |home| home.join("Attune"))
}

struct Window {
    app: App,
    title: String,
}

impl eframe::App for Window {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        let name = self.app.project.as_ref().map(|open| open.session.document().goal.name.clone());
        let title = name.map_or_else(|| "Attune".to_owned(), |name| format!("{name} – Attune"));
        if title != self.title {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.app.root_ui(ui);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        eframe::set_value(storage, PREFS, &self.app.prefs);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}
