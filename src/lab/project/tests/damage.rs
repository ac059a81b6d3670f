//! A torn, empty, foreign or newer file: it is named, nothing else is lost, and it is never overwritten blindly.

use super::super::{Access, Project};
use super::sample;
use std::fs;
use std::path::Path;

/// Every RON file of a project, and what is empty when it is torn.
const FILES: [&str; 7] = [
    "project.ron",
    "roles.ron",
    "features.ron",
    "models.ron",
    "draft.ron",
    "data/customers.source.ron",
    "scenarios/discounts_for_all.ron",
];

fn project() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    drop(Project::create(dir.path(), &sample()).unwrap());
    dir
}

/// The parts that are as they were, by the file they lie in.
fn intact(dir: &Path) -> (Vec<&'static str>, Vec<String>) {
    let opened = Project::open(dir, Access::Read).unwrap();
    let (now, was) = (opened.parts, sample());
    let same = [
        (now.goal == was.goal, "project.ron"),
        // The instant is the goal's; it is lost with the goal alone.
        (now.roles.columns == was.roles.columns, "roles.ron"),
        (now.recipe == was.recipe, "features.ron"),
        (now.models == was.models, "models.ron"),
        (now.draft == was.draft, "draft.ron"),
        (now.sources == was.sources, "data/customers.source.ron"),
        (now.scenarios == was.scenarios, "scenarios/discounts_for_all.ron"),
    ];
    let intact = same.into_iter().filter(|(same, _)| *same).map(|(_, file)| file).collect();
    (intact, opened.problems.iter().map(ToString::to_string).collect())
}

#[test]
fn a_file_cut_off_anywhere_loses_nothing_else() {
    let dir = project();
    for file in FILES {
        let path = dir.path().join(file);
        let whole = fs::read(&path).unwrap();
        let end = whole.len() - 1;
        for cut in (0..end).step_by((end / 40).max(1)).chain([end - 1]) {
            fs::write(&path, &whole[..cut]).unwrap();
            let (intact, problems) = intact(dir.path());
            let others: Vec<&str> = FILES.into_iter().filter(|f| *f != file).collect();
            assert_eq!(intact, others, "{file} cut at {cut}");
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(problems[0].contains(file), "{problems:?}");
        }
        fs::write(&path, whole).unwrap();
    }
    assert_eq!(intact(dir.path()).0, FILES);
}

#[test]
fn damage_is_named_with_file_and_line() {
    let dir = project();
    type Damage<'a> = &'a dyn Fn(String) -> Vec<u8>;
    let cases: [(&str, Damage<'_>, &str); 6] = [
        ("roles.ron", &|_| Vec::new(), "is empty"),
        ("models.ron", &|_| b"PK\x03\x04\xff\xfe".to_vec(), "not text"),
        ("features.ron", &|_| b"a,b,c\n1,2,3".to_vec(), "does not begin with the header"),
        ("roles.ron", &|t| t.replace("attune roles", "attune draft").into_bytes(), "where `attune roles` was expected"),
        (
            "project.ron",
            &|t| t.replace("horizon_days", "horizon_day").into_bytes(),
            "line 7: unknown field `horizon_day`",
        ),
        ("draft.ron", &|t| t.replacen("rules: [", "rules: {", 1).into_bytes(), "line "),
    ];
    for (file, damage, expected) in cases {
        let path = dir.path().join(file);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, damage(String::from_utf8(whole.clone()).unwrap())).unwrap();
        let (_, problems) = intact(dir.path());
        assert!(problems[0].contains(file) && problems[0].contains(expected), "{problems:?}");
        fs::write(&path, whole).unwrap();
    }
}

#[test]
fn a_torn_file_is_kept_aside_when_the_project_is_saved() {
    let dir = project();
    let path = dir.path().join("models.ron");
    let torn = &fs::read(&path).unwrap()[..100];
    fs::write(&path, torn).unwrap();
    let mut opened = Project::open(dir.path(), Access::Write).unwrap();
    opened.parts.models = sample().models;
    let report = opened.project.save(&opened.parts, "trained again").unwrap();
    assert_eq!(report.kept.iter().map(|p| fs::read(p).unwrap()).collect::<Vec<_>>(), [torn]);
    assert_eq!(intact(dir.path()).0, FILES);
}

#[test]
fn a_missing_file_is_named() {
    let dir = project();
    fs::remove_file(dir.path().join("roles.ron")).unwrap();
    fs::remove_file(dir.path().join("rules/adult.rhai")).unwrap();
    let (_, problems) = intact(dir.path());
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("roles.ron") && problems[0].contains("is missing"), "{problems:?}");
    assert!(problems[1].contains("adult.rhai") && problems[1].contains("Is 18 or older"), "{problems:?}");
}

#[test]
fn a_newer_file_is_neither_read_nor_overwritten() {
    for file in FILES {
        let dir = project();
        let path = dir.path().join(file);
        let newer = fs::read_to_string(&path).unwrap().replace("(1, 0)", "(2, 0)");
        fs::write(&path, &newer).unwrap();
        for access in [Access::Read, Access::Write] {
            let words = Project::open(dir.path(), access).unwrap_err().to_string();
            assert!(words.contains(file) && words.contains("newer Attune (format 2.0)"), "{words}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), newer);
    }
}

#[test]
fn a_file_that_a_newer_version_wrote_meanwhile_stops_the_save() {
    let dir = project();
    let mut opened = Project::open(dir.path(), Access::Write).unwrap();
    let path = dir.path().join("project.ron");
    let newer = fs::read_to_string(&path).unwrap().replace("(1, 0)", "(1, 1)");
    fs::write(&path, &newer).unwrap();
    std::sync::Arc::make_mut(&mut opened.parts.goal).name = "Mine".into();
    let words = opened.project.save(&opened.parts, "rename").unwrap_err().to_string();
    assert!(words.contains("newer Attune"), "{words}");
    assert_eq!(fs::read_to_string(&path).unwrap(), newer);
}

#[test]
fn a_torn_journal_does_not_stand_in_the_way() {
    let dir = project();
    fs::write(dir.path().join(".local/journal.ron"), "(format: \"attune journal\", vers").unwrap();
    let opened = Project::open(dir.path(), Access::Write).unwrap();
    assert_eq!(opened.parts, sample());
    assert!(opened.problems[0].to_string().contains("journal.ron"), "{:?}", opened.problems);
}

#[test]
fn a_journal_cannot_lead_out_of_the_project() {
    let dir = project();
    let outside = dir.path().parent().unwrap().join("attune-outside-of-any-project");
    let journal = "(format: \"attune journal\", version: (1, 0), body: (label: \"x\", files: \
                   {\"../attune-outside-of-any-project\": Some(\"x\")}, base: {}))";
    fs::write(dir.path().join(".local/journal.ron"), journal).unwrap();
    let words = Project::open(dir.path(), Access::Write).unwrap_err().to_string();
    assert!(words.contains("outside the project"), "{words}");
    assert!(!outside.exists());
}
