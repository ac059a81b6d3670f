//! Doing what was asked for, after the frame is drawn.

use super::{App, choose, home};
use crate::commands;
use crate::shell::files::Question;
use crate::shell::palette::Palette;
use crate::shell::toasts::Toast;
use crate::theme::tokens;
use crate::view::{Ask, Asks, Pick, Selection, Shell};
use attune_session::{Action, Session};
use egui::{Context, Theme, ThemePreference, ViewportCommand};

/// A command may ask for commands; more rounds than this would be a circle.
const ROUNDS: usize = 16;

impl App {
    pub(super) fn perform(&mut self, egui: &Context, now: f64) {
        for _ in 0..ROUNDS {
            let list = self.asks.take();
            if list.is_empty() {
                return;
            }
            // What was asked changes what is shown.
            egui.request_repaint();
            for ask in list {
                self.perform_one(egui, now, ask);
            }
        }
    }

    fn perform_one(&mut self, egui: &Context, now: f64, ask: Ask) {
        match ask {
            Ask::Command(id) => self.command(egui, now, id),
            Ask::Shell(what) => self.shell(egui, now, what),
            Ask::Toast(toast) => self.toasts.add(now, toast),
            Ask::Pick(pick) => {
                let (folder, picker, wake) = (self.start_folder(pick), self.picker.clone(), self.wake.clone());
                let name = (pick == Pick::ExportPolicy).then(|| "policy.ron".to_owned());
                self.question = Some(Question::ask(pick, Some(folder), name, picker, wake));
            }
            Ask::Copy { text, what } => {
                egui.copy_text(text);
                self.toasts.add(now, Toast::done(format!("Copied {what}")));
            }
            ask => self.in_project(egui, now, ask),
        }
    }

    /// What needs a project; without one it is not asked for.
    fn in_project(&mut self, egui: &Context, now: f64, ask: Ask) {
        let Some(open) = &mut self.project else { return };
        let result = match ask {
            Ask::Edit(edit) => open.session.apply(*edit),
            Ask::Act(action) => {
                if let Action::Import { path, .. } = &action {
                    self.prefs.data_folder = path.parent().map(|dir| dir.to_owned());
                }
                open.session.run(action)
            }
            Ask::Cancel(id) => {
                open.session.cancel(id);
                Ok(())
            }
            Ask::BeginGesture => {
                open.session.begin_gesture();
                self.gesture = Some(egui.memory(|memory| memory.focused()));
                Ok(())
            }
            Ask::EndGesture => {
                open.session.end_gesture();
                self.gesture = None;
                Ok(())
            }
            Ask::Go(workspace) => {
                open.workspace = workspace;
                Ok(())
            }
            Ask::Show(target) => {
                choose(&mut open.selection, &target);
                open.workspace = home(&target);
                open.with(home(&target), tokens(egui), |view, _| view.shown(&target));
                Ok(())
            }
            Ask::Select(target) => {
                choose(&mut open.selection, &target);
                Ok(())
            }
            Ask::Deselect => {
                // The model stays: its workspace always shows one.
                let model = open.selection.model.take();
                open.selection = Selection { model, ..Selection::default() };
                Ok(())
            }
            Ask::Tell(workspace, id) => {
                let mut asks = Asks::default();
                open.with(workspace, tokens(egui), |view, ctx| view.told(id, ctx, &mut asks));
                self.asks.append(&mut asks);
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(error) = result {
            self.toasts.add(now, Toast::failed(error.to_string()));
        }
    }

    fn command(&mut self, egui: &Context, now: f64, id: &'static str) {
        let Some(command) = commands::find(id) else { return };
        let mut asks = Asks::default();
        let ctx = self.project.as_ref().map(|open| open.ctx(tokens(egui)));
        if let Err(missing) = command.run(ctx.as_ref(), &mut asks) {
            self.toasts.add(now, Toast::note(format!("{}: {missing}", command.name.trim_end_matches('…'))));
        }
        self.asks.append(&mut asks);
    }

    fn shell(&mut self, egui: &Context, now: f64, what: Shell) {
        match what {
            Shell::Palette => {
                self.palette = if self.palette.is_some() { None } else { Some(Palette::default()) };
            }
            Shell::Help => self.help_open = !self.help_open,
            Shell::Problems => self.problems_open = !self.problems_open,
            Shell::ToggleTheme => {
                let light = egui.theme() == Theme::Dark;
                self.prefs.theme = if light { ThemePreference::Light } else { ThemePreference::Dark };
                egui.set_theme(self.prefs.theme);
            }
            Shell::Undo => self.history(now, "Undid", Session::undo),
            Shell::Redo => self.history(now, "Did again", Session::redo),
            Shell::Save => self.in_project(egui, now, Ask::Act(Action::Save)),
            Shell::OpenProject(dir) => self.open_path(now, &dir),
            Shell::NewProject(dir) => {
                let name = dir.file_name().map_or_else(|| "Project".into(), |name| name.to_string_lossy().into_owned());
                match Session::create(&dir, &name, self.wake.clone()) {
                    Ok(session) => self.show(session),
                    Err(error) => self.toasts.add(now, Toast::failed(error.to_string())),
                }
            }
            Shell::OpenSample => match attune_lab::project::samples::ensure(&self.projects) {
                Ok(dir) => self.open(now, &dir),
                Err(error) => self.toasts.add(now, Toast::failed(error.to_string())),
            },
            Shell::CloseProject => self.project = None,
            Shell::Quit => {
                self.project = None;
                self.quit = true;
                egui.send_viewport_cmd(ViewportCommand::Close);
            }
        }
    }

    fn history(&mut self, now: f64, verb: &str, step: fn(&mut Session) -> Option<String>) {
        if let Some(open) = &mut self.project
            && let Some(label) = step(&mut open.session)
        {
            self.toasts.add(now, Toast::note(format!("{verb}: {label}")));
        }
    }
}
