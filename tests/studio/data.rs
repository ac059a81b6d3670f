//! The Data workspace: import with what was found shown, bad rows by number, roles, arms, logging, table.

use crate::support::{Studio, trial};
use attune_lab::data::{Arm, Logging, Role};
use attune_lab::project::field_rules;
use attune_policy::Value;
use attune_policy::schema::Missing;
use attune_studio::Workspace;
use egui::{Key, Modifiers};

#[test]
fn a_file_is_looked_at_overridden_and_imported() {
    let mut studio = Studio::empty();
    let path = studio.write("shop.csv", "age;city;visit\n31;Rome;1\n44;Paris;0\n27;Rome;1\n");
    studio.will_choose(&path);
    studio.press("Import data…");
    studio.settle();
    assert!(studio.has("Import shop.csv"));
    assert!(studio.has_part("semicolon"), "the delimiter is detected and shown with its reason");
    assert!(studio.has_part("First 3"), "the first rows are shown");
    assert!(studio.has("Rome"));
    studio.press("Import");
    studio.settle();
    let table = studio.session().dataset().ready().expect("imported").dataset.clone();
    assert_eq!((table.rows(), table.columns().len()), (3, 3));
    assert!(studio.has("Row") && studio.has("Rome"), "the table shows it");
    // An import is one step.
    studio.keys(Modifiers::COMMAND, Key::Z);
    studio.settle();
    assert!(studio.has("No data yet"));
}

#[test]
fn what_did_not_fit_is_listed_by_number() {
    let mut studio = Studio::empty();
    let mut text = trial(300);
    text.push_str("7,101.5,Web\n");
    let path = studio.write("ragged.csv", &text);
    studio.will_choose(&path);
    studio.press("Import data…");
    studio.settle();
    studio.press("Import");
    studio.settle();
    studio.by_palette("Show problems of the data");
    assert!(studio.has_part("row 301, line 302"), "the ragged row is named by row and line");
}

#[test]
fn a_file_that_is_no_table_is_refused_and_nothing_is_lost() {
    let mut studio = Studio::trial();
    let before = studio.session().document().clone();
    let path = studio.write("empty.csv", "");
    studio.will_choose(&path);
    studio.by_palette("Import data…");
    studio.settle();
    assert!(studio.has_part("Nothing was imported"));
    studio.press("Cancel");
    assert_eq!(*studio.session().document(), before);
    assert!(studio.has_part("600"), "the table is there as before");
}

#[test]
fn roles_are_picked_and_undone() {
    let mut studio = Studio::trial();
    studio.by_palette("Go to Data");
    studio.press("Role of history");
    studio.press("Context");
    assert_eq!(studio.session().document().roles.role("history"), Role::Context);
    studio.keys(Modifiers::COMMAND, Key::Z);
    assert_eq!(studio.session().document().roles.role("history"), Role::Feature);
}

#[test]
fn values_become_actions_and_shares_are_set() {
    let mut studio = Studio::trial();
    studio.by_palette("Go to Data");
    let roles = studio.session().document().roles.clone();
    assert_eq!(roles.arms.get("No E-Mail"), Some(&Arm::NoAction), "suggested by its name");
    studio.press("Meaning of Mens E-Mail");
    studio.press("Not used");
    assert_eq!(studio.session().document().roles.arms.get("Mens E-Mail"), None);
    let actions = studio.session().document().draft.actions.len();
    studio.press("Meaning of Mens E-Mail");
    studio.press("New action");
    let document = studio.session().document().clone();
    assert_eq!(document.draft.actions.len(), actions + 1);
    assert!(matches!(document.roles.arms.get("Mens E-Mail"), Some(Arm::Candidate { .. })));
    studio.press("Equal shares");
    let Logging::Randomised(shares) = studio.session().document().roles.logging.clone() else {
        panic!("a trial by lot")
    };
    assert_eq!(shares.len(), 3);
    assert!(shares.values().all(|share| (share - 1.0 / 3.0).abs() < 1e-12), "{shares:?}");
    studio.press("How history chose");
    studio.press("Not known");
    assert_eq!(studio.session().document().roles.logging, Logging::Unknown);
}

#[test]
fn the_table_goes_to_a_row_selects_with_keys_and_copies() {
    let mut studio = Studio::trial();
    studio.by_palette("Go to Data");
    studio.type_into("Go to row", "512");
    studio.h.key_press(Key::Enter);
    studio.settle();
    assert_eq!(studio.selection().row, Some(511));
    assert!(studio.has("512"), "the row is on screen");
    // Enter has left the field; arrows belong to the table now.
    studio.keys(Modifiers::SHIFT, Key::ArrowDown);
    assert_eq!(studio.selection().row, Some(512));
    studio.h.event(egui::Event::Copy);
    let mut copied = String::new();
    for _ in 0..4 {
        studio.h.step();
        for command in &studio.h.output().platform_output.commands {
            if let egui::OutputCommand::CopyText(text) = command {
                copied.clone_from(text);
            }
        }
    }
    let lines: Vec<&str> = copied.lines().collect();
    assert_eq!(lines.len(), 3, "names and two rows: {copied}");
    assert_eq!(lines[0], "recency\thistory\tchannel\tsegment\tvisit\tspend");
}

#[test]
fn a_long_table_is_seen_through_a_window() {
    let mut studio = Studio::empty();
    let mut text = String::from("n,visit\n");
    for row in 0..620_000 {
        text.push_str(if row % 2 == 0 { "4,1\n" } else { "5,0\n" });
    }
    let path = studio.write("long.csv", &text);
    studio.will_choose(&path);
    studio.press("Import data…");
    studio.settle();
    studio.press("Import");
    studio.settle();
    assert!(studio.has_part("of 620,000"));
    studio.by_palette("row 619,999");
    studio.settle();
    assert_eq!(studio.selection().row, Some(619_998));
    assert!(studio.has("619,999"), "the last rows can be reached");
    studio.press("Earlier rows");
    studio.settle();
    assert!(studio.has("Rows 1 – 500,000 of 620,000"));
}

#[test]
fn a_column_shows_its_profile() {
    let mut studio = Studio::trial();
    studio.by_palette("Go to Data");
    studio.press("Column recency");
    assert!(studio.has("Profile") && studio.has("Median") && studio.has("Distribution"));
    studio.by_palette("channel");
    assert!(studio.has("Most frequent values") && studio.has("Multichannel"));
    assert_eq!(studio.workspace(), Workspace::Data);
}

#[test]
fn what_a_decision_does_with_a_missing_value_is_chosen_shown_and_undone() {
    let mut studio = Studio::trial();
    studio.by_palette("Go to Data");
    studio.press("Column recency");
    let rule = |studio: &Studio| field_rules(studio.session().document()).remove("recency").unwrap_or_default();
    assert!(rule(&studio).is_empty());
    studio.press("Missing recency");
    studio.press("The policy does not decide");
    assert_eq!(rule(&studio).missing, Missing::Refuse);
    assert!(studio.has("Where missing the policy does not decide."));
    studio.press("Missing recency");
    studio.press("A value stands in");
    assert_eq!(rule(&studio).missing, Missing::Default(Value::Integer(0)));
    studio.type_into("Value in place of a missing recency", "7");
    studio.h.key_press(Key::Enter);
    studio.settle();
    assert_eq!(rule(&studio).missing, Missing::Default(Value::Integer(7)));
    // Once nothing reads the column the rule is shown for what it is, and can be taken out.
    studio.press("Role of recency here");
    studio.press("Ignored");
    assert!(studio.has_part("Not in force: `recency` has the role ignored"));
    studio.press("Take out the rule for missing values");
    assert!(rule(&studio).is_empty() && !studio.has_part("Not in force"));
    for _ in 0..5 {
        studio.keys(Modifiers::COMMAND, Key::Z);
    }
    assert!(rule(&studio).is_empty());
}
