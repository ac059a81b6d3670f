//! The laws of the house that the compiler does not hold: floors, directions, slimness, lints.
//!
//! Reads manifests and sources as text; builds nothing and runs nothing but `cargo tree`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Names of the normal dependencies in a manifest.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut inside = false;
    let mut names = BTreeSet::new();
    for line in read(manifest).lines() {
        let line = line.trim();
        if line.starts_with('[') {
            inside = line == "[dependencies]" || line.starts_with("[target.") && line.ends_with(".dependencies]");
            if let Some(name) = line.strip_prefix("[dependencies.") {
                names.insert(name.trim_end_matches(']').to_owned());
            }
        } else if inside
            && let Some((name, _)) = line.split_once('=')
            && !line.starts_with('#')
        {
            names.insert(name.trim().trim_end_matches(".workspace").to_owned());
        }
    }
    names
}

/// Every Rust file below `folder`, relative to the root.
fn sources(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(next) = folders.pop() {
        let entries = fs::read_dir(&next).unwrap_or_else(|e| panic!("{}: {e}", next.display()));
        for path in entries.map(|entry| entry.expect("a readable folder").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let relative = path.strip_prefix(root()).expect("below the root");
                found.push(relative.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{folder} has no sources");
    found
}

/// Whether a file holds nothing but tests.
fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs") || path.ends_with("_tests.rs") || path.contains("/golden/")
}

/// The code of a file: without comments, texts and its own tests at the end.
fn code(path: &str) -> String {
    let text = read(path);
    let mut code = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let opens_tests = lines.peek().is_some_and(|next| next.trim_start().starts_with("mod tests {"));
        if line.trim() == "#[cfg(test)]" && opens_tests {
            break;
        }
        if !line.trim_start().starts_with("//") {
            // What stands between quotes names nothing.
            let outside: Vec<&str> = line.split('"').step_by(2).collect();
            code.push_str(outside.join("\"\"").split("//").next().unwrap_or(""));
            code.push('\n');
        }
    }
    code
}

/// Whether `code` names `word`, as a whole word.
fn names(code: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(i, _)| {
        let (before, after) = (&code[..i], &code[i + word.len()..]);
        !before.ends_with(part) && !after.starts_with(part)
    })
}

/// The modules of this crate that `code` names: `crate::a::…`, `crate::{a, b::c}`.
fn crate_modules(code: &str) -> BTreeSet<String> {
    let ident = |s: &str| s.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = BTreeSet::new();
    for (i, _) in code.match_indices("crate::") {
        let rest = &code[i + "crate::".len()..];
        let Some(list) = rest.strip_prefix('{') else {
            found.insert(ident(rest));
            continue;
        };
        let (mut depth, mut start) = (0, true);
        for (j, c) in list.char_indices() {
            if start && !c.is_whitespace() {
                found.insert(ident(&list[j..]));
                start = false;
            }
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => start = true,
                _ => {}
            }
        }
    }
    found
}

const FLOORS: [&str; 4] = ["attune-policy", "attune-lab", "attune-session", "attune-studio"];

#[test]
fn a_floor_rests_on_the_floors_below() {
    for (i, floor) in FLOORS.iter().enumerate() {
        let folder = floor.trim_start_matches("attune-");
        let used = dependencies(&format!("src/{folder}/Cargo.toml"));
        for name in used.iter().filter(|name| name.starts_with("attune")) {
            assert!(FLOORS[..i].contains(&name.as_str()), "{floor} must not depend on {name}");
        }
        let named = |prefix: &str| used.iter().any(|n| n.starts_with(prefix));
        assert_eq!(named("polars"), *floor == "attune-lab", "polars is named by the lab alone: {floor}");
        assert!(*floor == "attune-lab" || !named("hessboost") && !named("smartcore"), "{floor} names a learner");
        assert!(*floor == "attune-studio" || !named("egui") && !named("eframe"), "{floor} names egui");
    }
}

#[test]
fn the_policy_crate_is_slim() {
    // Serialisation, the interpreter, a hash, a signature, mathematics, time zones: nothing else.
    let allowed = ["serde", "ron", "rhai", "sha2", "ed25519-dalek", "libm", "jiff"];
    for name in dependencies("src/policy/Cargo.toml") {
        assert!(allowed.contains(&name.as_str()), "attune-policy depends on {name}");
    }
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "-p", "attune-policy", "-e", "normal", "--prefix", "none", "--offline"])
        // The crate built alone, whatever else is being built together with it.
        .env_remove("CARGO_RESOLVER_FEATURE_UNIFICATION")
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8_lossy(&tree.stdout);
    let packages: BTreeSet<&str> = tree.lines().map(|l| l.trim_end_matches(" (*)")).filter(|l| !l.is_empty()).collect();
    assert!(packages.len() > 5 && packages.len() <= 60, "{} packages: {packages:#?}", packages.len());
    for package in packages {
        let refused = ["polars", "egui", "eframe", "tokio", "attune-lab"];
        assert!(!refused.iter().any(|r| package.starts_with(r)), "attune-policy pulls in {package}");
    }
}

#[test]
fn the_shared_library_rests_on_the_policy_alone() {
    let used = dependencies("src/ffi/Cargo.toml");
    assert_eq!(used.iter().map(String::as_str).collect::<Vec<_>>(), ["attune-policy", "serde", "serde_json"]);
}

#[test]
fn unsafe_stands_at_the_border_alone() {
    assert!(read("Cargo.toml").contains("unsafe_code = \"deny\""));
    for path in sources("src").into_iter().filter(|p| !p.starts_with("src/ffi/border")) {
        let code = code(&path);
        assert!(!names(&code, "unsafe") && !code.contains("allow(unsafe_code)"), "{path} has unsafe code");
    }
}

#[test]
fn the_lab_flows_one_way() {
    // A module uses those of a lower rank; rank 0 is everyone's.
    let rank = |module: &str| match module {
        "error" | "task" | "random" | "distributions" | "Error" | "Result" => Some(0),
        "data" => Some(1),
        "features" => Some(2),
        "models" => Some(3),
        "simulate" | "world" => Some(4),
        "explain" | "govern" => Some(5),
        "project" => Some(6),
        _ => None,
    };
    let mut checked = 0;
    for path in sources("src/lab").into_iter().filter(|p| !is_test(p) && p != "src/lab/lib.rs") {
        let module = path["src/lab/".len()..].split(['/', '.']).next().unwrap_or("").to_owned();
        let own =
            rank(&module).unwrap_or_else(|| panic!("`{module}` has no place in the lab's order; give it one here"));
        let code = code(&path);
        for used in crate_modules(&code).into_iter().filter(|used| *used != module) {
            let other =
                rank(&used).unwrap_or_else(|| panic!("{path} uses `crate::{used}`, which has no place in the order"));
            assert!(other == 0 || other < own, "{path}: `{module}` must not use `{used}`");
            checked += 1;
        }
        let inside = |modules: &[&str]| modules.contains(&module.as_str());
        assert!(!names(&code, "polars") || inside(&["data", "features", "simulate"]), "{path} names polars");
        let learner = ["smartcore", "hessboost"].iter().find(|l| names(&code, l));
        assert!(learner.is_none() || inside(&["models"]), "{path} names {learner:?}");
        let files = code.contains("std::fs") || names(&code, "File") || names(&code, "OpenOptions");
        let may = inside(&["project"]) || path.starts_with("src/lab/data/import");
        assert!(!files || may, "{path} touches the file system");
    }
    assert!(checked > 20, "only {checked} uses were seen: is this test reading the sources?");
}

#[test]
fn the_policy_crate_touches_nothing() {
    for path in sources("src/policy").into_iter().filter(|p| !is_test(p)) {
        let code = code(&path);
        for word in [
            "std::fs",
            "std::net",
            "std::env",
            "std::thread",
            "SystemTime",
            "Instant::now",
            "println!",
            "Timestamp::now",
            // The machine's time zones.
            "TimeZone::get",
            "TimeZone::system",
            "tz::db",
            "in_tz",
        ] {
            assert!(!code.contains(word), "{path} uses {word}");
        }
    }
}

#[test]
fn the_policy_crate_cannot_panic() {
    let lib = read("src/policy/lib.rs");
    let denied = lib.split_once("deny(").map_or("", |(_, rest)| rest.split_once(')').map_or("", |(lints, _)| lints));
    for lint in ["unwrap_used", "expect_used", "panic", "indexing_slicing", "unreachable", "todo", "unimplemented"] {
        assert!(names(denied, lint), "clippy::{lint} is not denied in attune-policy");
    }
    for path in sources("src/policy").into_iter().filter(|p| !is_test(p)) {
        let code = code(&path);
        assert!(!code.contains("allow(clippy"), "{path} lifts a lint; `expect` it with a reason instead");
    }
}

#[test]
fn there_is_one_egui() {
    let lock = read("Cargo.lock");
    let versions: Vec<&str> = lock.split("[[package]]").filter(|p| p.contains("name = \"egui\"\n")).collect();
    assert_eq!(versions.len(), 1, "{versions:#?}");
}

#[test]
fn a_file_opens_with_its_purpose() {
    for path in sources("src").into_iter().chain(sources("tests")).filter(|p| !is_test(p)) {
        let text = read(&path);
        let says = text.starts_with("//!") || text.starts_with("#![doc = include_str!(");
        assert!(says, "{path} does not say what it is for");
    }
}
