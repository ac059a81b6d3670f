//! Where projects live when nobody says where.

use std::env;
use std::path::PathBuf;

/// The folder of projects: `$ATTUNE_PROJECTS`, else `projects` in a checkout or wherever there is one, else the place where
/// this system keeps a person's data.
pub fn home() -> PathBuf {
    if let Some(set) = env::var_os("ATTUNE_PROJECTS").filter(|set| !set.is_empty()) {
        return set.into();
    }
    let here = PathBuf::from("projects");
    if here.is_dir() {
        return here;
    }
    let of = |name: &str| env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let data = if cfg!(windows) {
        of("APPDATA")
    } else if cfg!(target_os = "macos") {
        of("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        of("XDG_DATA_HOME").or_else(|| of("HOME").map(|home| home.join(".local/share")))
    };
    data.map_or(here, |data| data.join("attune/projects"))
}
