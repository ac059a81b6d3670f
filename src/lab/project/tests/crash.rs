//! A process killed while it saves, and a disk that takes no more: the project always opens and is one of the saved states.

use super::super::{Access, Project};
use super::numbered;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const DIR: &str = "ATTUNE_TEST_PROJECT";

/// Not a test by itself: the process that is killed.
#[test]
#[ignore = "run by the tests beside it, as a process of its own"]
fn saves_forever() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let mut opened = Project::open(Path::new(&dir), Access::Write).unwrap();
    let first: u32 = opened.parts.draft.note.parse().unwrap();
    for i in first + 1.. {
        opened.project.save(&numbered(i), "state").unwrap();
        println!("saved {i}");
    }
}

/// Not a test by itself: the process whose files may not grow.
#[test]
#[ignore = "run by the tests beside it, as a process of its own"]
fn saves_too_much() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let mut opened = Project::open(Path::new(&dir), Access::Write).unwrap();
    std::sync::Arc::make_mut(&mut opened.parts.draft).note = "x".repeat(1 << 20);
    let error = opened.project.save(&opened.parts, "long note").unwrap_err();
    println!("refused: {error}");
}

fn child(test: &str, dir: &Path, before: &str) -> Child {
    let this = std::env::current_exe().unwrap();
    let module = module_path!().split_once("::").unwrap().1;
    Command::new("sh")
        .arg("-c")
        .arg(format!("{before} exec \"$0\" --exact {module}::{test} --ignored --nocapture"))
        .arg(this)
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[cfg(unix)]
#[test]
fn a_process_killed_while_saving_leaves_a_saved_state() {
    let dir = tempfile::tempdir().unwrap();
    drop(Project::create(dir.path(), &numbered(0)).unwrap());
    let mut recovered = 0;
    for round in 0..25u64 {
        let mut child = child("saves_forever", dir.path(), "");
        // Let it save once or twice, then kill it at a moment that differs from round to round.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let last = lines.by_ref().map_while(Result::ok).find_map(|l| l.split_once("saved ")?.1.parse::<u32>().ok());
        let last = last.expect("the child saves");
        std::thread::sleep(std::time::Duration::from_micros(round * 1_300));
        child.kill().unwrap();
        child.wait().unwrap();
        let said = lines.map_while(Result::ok).filter_map(|l| l.split_once("saved ")?.1.parse::<u32>().ok());
        let last = said.last().unwrap_or(last);

        let opened = Project::open(dir.path(), Access::Write).unwrap();
        assert_eq!(opened.problems, []);
        let i: u32 = opened.parts.draft.note.parse().unwrap();
        assert!(i == last || i == last + 1, "the last state that was reported saved is {last}, found {i}");
        assert_eq!(opened.parts, numbered(i), "a mixture of two states");
        recovered += u32::from(opened.recovered.is_some());
    }
    println!("{recovered} of 25 kills fell into the middle of a save");
}

#[cfg(unix)]
#[test]
fn a_disk_that_takes_no_more_keeps_what_was_saved() {
    let dir = tempfile::tempdir().unwrap();
    drop(Project::create(dir.path(), &numbered(0)).unwrap());
    // No file of this process may grow beyond 64 blocks; a write beyond fails as on a full disk.
    let child = child("saves_too_much", dir.path(), "trap '' XFSZ; ulimit -f 64;");
    let said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert!(said.contains("refused") && said.contains("could not be written"), "{said}");
    let opened = Project::open(dir.path(), Access::Write).unwrap();
    assert_eq!((opened.parts, opened.problems), (numbered(0), vec![]));
    let left: Vec<_> = walk(dir.path()).into_iter().filter(|name| name.ends_with(".tmp")).collect();
    assert_eq!(left, Vec::<String>::new());
}

fn walk(dir: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names.extend(walk(&path));
        } else {
            names.push(path.display().to_string());
        }
    }
    names
}
