//! What is remembered between runs: looks and recent folders. Nothing of a project is kept here.

use egui::ThemePreference;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What is remembered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Prefs {
    /// Light, dark, or as the system has it.
    pub theme: ThemePreference,
    /// Projects opened, the latest first.
    pub recent: Vec<PathBuf>,
    /// Where data was last imported from.
    pub data_folder: Option<PathBuf>,
}

impl Default for Prefs {
    fn default() -> Prefs {
        Prefs { theme: ThemePreference::System, recent: Vec::new(), data_folder: None }
    }
}

const RECENT: usize = 8;

impl Prefs {
    /// Puts a project on top of the recent ones.
    pub fn remember(&mut self, dir: &Path) {
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        self.recent.retain(|recent| *recent != dir);
        self.recent.insert(0, dir);
        self.recent.truncate(RECENT);
    }
}
