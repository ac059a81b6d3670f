//! The Policy workspace: rules as sentences, the condition builder, code with its errors, caps, the trace.

use crate::support::Studio;
use attune_policy::rule::{Rule, Stage};
use attune_studio::Workspace;
use attune_studio::commands;
use egui::accesskit::{Role, Toggled};
use egui::{Key, Modifiers, Theme};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

/// Policy, on the small trial.
fn policy() -> Studio {
    let mut studio = Studio::trial();
    studio.by_palette("Go to Policy");
    studio.by_palette("Go to eligibility");
    studio
}

/// The same with rules that keep everybody.
fn with_rules(names: &[&str]) -> Studio {
    let mut studio = policy();
    for name in names {
        add(&mut studio, name);
    }
    studio
}

fn add(studio: &mut Studio, name: &str) {
    studio.press("Add rule");
    studio.h.get_by_label("Name of the new rule").type_text(name);
    studio.h.run_steps(2);
    studio.keys(Modifiers::NONE, Key::Enter);
    studio.frames();
}

fn rules(studio: &Studio) -> Vec<Rule> {
    studio.session().document().draft.rules.clone()
}

fn ids(studio: &Studio) -> String {
    rules(studio).iter().map(|r| r.id.as_str()).collect::<Vec<_>>().join(" ")
}

fn expr(studio: &Studio) -> String {
    rules(studio)[0].expr.clone()
}

fn undo(studio: &mut Studio) {
    studio.keys(Modifiers::COMMAND, Key::Z);
}

#[test]
fn a_rule_is_named_made_and_taken_back() {
    let mut studio = policy();
    assert!(studio.has("No rules in this stage"), "an empty stage says so");
    add(&mut studio, "Recent buyers only");
    assert_eq!(ids(&studio), "recent_buyers_only", "its id says what it is");
    assert!(studio.has("Rule Recent buyers only"));
    assert_eq!(studio.selection().rule.as_deref(), Some("recent_buyers_only"));
    undo(&mut studio);
    assert_eq!(ids(&studio), "");
    studio.press("Add the first rule");
    studio.keys(Modifiers::NONE, Key::Escape);
    assert!(studio.has("Add the first rule"), "Esc leaves a rule unmade");
}

#[test]
fn rules_are_switched_copied_moved_and_deleted_one_undo_step_each() {
    let mut studio = with_rules(&["A", "B", "C"]);
    assert_eq!(ids(&studio), "a b c");
    studio.press("Enable A");
    assert!(!rules(&studio)[0].enabled);
    let switch = studio.h.get_by_role_and_label(Role::Switch, "Enable A");
    assert_eq!(switch.accesskit_node().toggled(), Some(Toggled::False));
    undo(&mut studio);
    assert!(rules(&studio)[0].enabled);
    // The last rule added is selected.
    for (modifiers, key, expected) in [
        (Modifiers::ALT, Key::ArrowUp, "a c b"),
        (Modifiers::ALT, Key::ArrowUp, "c a b"),
        (Modifiers::ALT, Key::ArrowUp, "c a b"),
        (Modifiers::ALT, Key::ArrowDown, "a c b"),
        (Modifiers::COMMAND, Key::D, "a c c_copy b"),
        (Modifiers::NONE, Key::Delete, "a c b"),
    ] {
        studio.keys(modifiers, key);
        assert_eq!(ids(&studio), expected, "{key:?}");
    }
    undo(&mut studio);
    assert_eq!(ids(&studio), "a c c_copy b", "undo brings a deleted rule back");
    undo(&mut studio);
    undo(&mut studio);
    assert_eq!(ids(&studio), "c a b");
}

#[test]
fn a_dragged_card_is_one_undo_step() {
    let mut studio = with_rules(&["A", "B", "C"]);
    studio.keys(Modifiers::NONE, Key::Escape);
    assert!(!studio.has("Add condition"), "Esc folds the card");
    let steps = studio.session().history().len();
    let (from, to) = {
        let switch = studio.h.get_by_label("Enable A").rect();
        let last = studio.h.get_by_label("Enable C").rect();
        (switch.left_center() - egui::vec2(18.0, 0.0), last.center().y + 40.0)
    };
    let h = &mut studio.h;
    h.hover_at(from);
    h.run_steps(1);
    h.drag_at(from);
    h.run_steps(1);
    // The first movement must stay inside the handle.
    h.hover_at(from + egui::vec2(0.0, 3.0));
    h.run_steps(2);
    for i in 1..=10_u8 {
        h.hover_at(from + egui::vec2(0.0, (to - from.y) * f32::from(i) / 10.0));
        h.run_steps(1);
    }
    h.drop_at(egui::pos2(from.x, to));
    h.run_steps(30);
    assert_eq!(ids(&studio), "b c a");
    assert_eq!(studio.session().history().len(), steps + 1);
    undo(&mut studio);
    assert_eq!(ids(&studio), "a b c");
}

#[test]
fn conditions_are_built_and_read_back() {
    let mut studio = with_rules(&["Only some"]);
    assert!(studio.has("No condition yet: the rule keeps everybody."));
    studio.press("Add condition");
    assert!(expr(&studio).starts_with("recency >= "), "{}", expr(&studio));
    studio.press("Condition 1 operator");
    studio.press("is at most");
    assert!(expr(&studio).starts_with("recency <= "), "{}", expr(&studio));
    // Another field by a few letters of its name.
    studio.press("Condition 1 field: recency");
    studio.h.get_by_label("Search Condition 1 field").type_text("chan");
    studio.h.run_steps(3);
    studio.keys(Modifiers::NONE, Key::Enter);
    assert!(expr(&studio).starts_with("channel in ["), "{}", expr(&studio));
    let before = expr(&studio);
    studio.press("Condition 1 value: choose values");
    let other = ["Web", "Phone", "Multichannel"].into_iter().find(|v| !before.contains(v)).expect("one is chosen");
    studio.press(other);
    assert_eq!(expr(&studio).matches('"').count(), 4, "two values: {}", expr(&studio));
    studio.keys(Modifiers::NONE, Key::Escape);
    studio.press("Add condition");
    assert!(expr(&studio).contains(" && recency"), "{}", expr(&studio));
    studio.press("Conditions joined by");
    studio.press("or");
    assert!(expr(&studio).contains(" || recency"), "{}", expr(&studio));
    studio.press("Remove Condition 2");
    studio.press("Remove Condition 1");
    assert_eq!(expr(&studio), "true");
    for _ in 0..2 {
        undo(&mut studio);
    }
    assert!(expr(&studio).contains(" || recency"), "each change was one step");
}

#[test]
fn groups_are_made_from_conditions() {
    let mut studio = with_rules(&["Grouped"]);
    studio.press("Add condition");
    studio.press("Add condition");
    studio.press("Add alternative to Condition 2");
    let text = expr(&studio);
    assert!(text.contains("&& (") && text.contains("||"), "{text}");
    studio.press("Remove Condition 3");
    assert!(!expr(&studio).contains("||"), "a group of one is a condition again: {}", expr(&studio));
}

#[test]
fn a_slider_is_one_undo_step_from_the_keyboard() {
    let mut studio = with_rules(&["Slid"]);
    studio.press("Add condition");
    let before = expr(&studio);
    let steps = studio.session().history().len();
    studio.h.get_by_role_and_label(Role::Slider, "Condition 1 value").focus();
    studio.h.run_steps(2);
    studio.keys(Modifiers::NONE, Key::ArrowRight);
    assert_ne!(expr(&studio), before);
    assert_eq!(studio.session().history().len(), steps + 1);
}

#[test]
fn errors_show_while_typing_and_undo_takes_the_text_back() {
    let mut studio = with_rules(&["Typed"]);
    studio.press("Code");
    studio.type_into("Rule code", "recencyy <= 6");
    studio.frames();
    assert!(
        studio.has_part("recencyy") && studio.has_part("did you mean"),
        "the message names the word and the likely one"
    );
    assert!(studio.has_part("Line 1"), "and the line");
    studio.frames();
    assert_eq!(expr(&studio), "recencyy <= 6", "after a pause the text is taken, wrong as it is");
    studio.type_into("Rule code", "recency <= 6");
    assert!(!studio.has_part("did you mean"));
    studio.keys(Modifiers::COMMAND, Key::Enter);
    assert_eq!(expr(&studio), "recency <= 6");
    studio.press("Conditions");
    assert!(studio.has("Condition 1 field: recency"), "what the builder can say is shown in the builder");
    undo(&mut studio);
    assert_eq!(expr(&studio), "recencyy <= 6", "each text that was taken is a step");
    undo(&mut studio);
    assert_eq!(expr(&studio), "true");
}

#[test]
fn code_that_the_builder_cannot_say_stays_as_it_is_written() {
    let mut studio = with_rules(&["Written"]);
    let text = "recency * 2 < 9 // not too long ago";
    studio.press("Code");
    studio.type_into("Rule code", text);
    studio.keys(Modifiers::COMMAND, Key::Enter);
    assert_eq!(expr(&studio), text);
    let conditions = studio.h.get_by_label("Conditions");
    assert!(conditions.accesskit_node().is_disabled(), "there is no way to rewrite it");
    assert!(studio.has("Rule code"));
}

#[test]
fn completion_offers_the_columns() {
    let mut studio = with_rules(&["Completed"]);
    studio.press("Code");
    studio.type_into("Rule code", "rec");
    studio.h.run_steps(3);
    studio.keys(Modifiers::NONE, Key::Enter);
    studio.keys(Modifiers::COMMAND, Key::Enter);
    assert_eq!(expr(&studio), "recency");
}

#[test]
fn no_cap_and_a_limit_of_zero_are_different_things() {
    let mut studio = policy();
    studio.by_palette("Go to contact policy");
    studio.press("Add the first cap");
    let limit = |s: &Studio| s.session().document().draft.caps[0].limit;
    assert_eq!(limit(&studio), Some(2));
    assert!(studio.has_part("At most 2"));
    studio.press("No cap");
    assert_eq!(limit(&studio), None);
    assert!(studio.has("no cap") && studio.has_part("Any number of contacts"));
    studio.press("At most");
    studio.h.get_by_role_and_label(Role::SpinButton, "Limit").focus();
    studio.h.run_steps(2);
    studio.h.key_press_modifiers(Modifiers::COMMAND, Key::A);
    studio.h.run_steps(2);
    studio.h.get_by_role_and_label(Role::SpinButton, "Limit").type_text("0");
    studio.h.run_steps(2);
    studio.keys(Modifiers::NONE, Key::Enter);
    assert_eq!(limit(&studio), Some(0));
    assert!(studio.has("blocks every contact") && !studio.has("no cap"));
    undo(&mut studio);
    assert_eq!(limit(&studio), Some(2));
}

#[test]
fn limits_beyond_caps_are_made_switched_and_taken_back() {
    let mut studio = policy();
    studio.by_palette("Go to contact policy");
    for (button, sentence) in [
        ("Add cool-down", "At least 2\u{a0}days after the last contact sent"),
        ("Add suppression", "After 3\u{a0}contacts rejected within 30\u{a0}days, nothing for 90\u{a0}days"),
        ("Add exclusion", "At most 1 of "),
        ("Add budget", "At most 1,000 of cost sent per month for every action"),
        ("Add quiet hours", "Nothing goes out on any channel from 21:00 to 08:00 where the customer is"),
    ] {
        studio.press(button);
        assert!(studio.has_part(sentence), "{button}");
        undo(&mut studio);
        assert!(!studio.has_part(sentence), "{button}: undo takes it back");
        studio.press(button);
    }
    let night = |s: &Studio| s.session().document().draft.quiet_hours[0].clone();
    studio.press("Enable At night");
    assert!(!night(&studio).enabled);
    studio.press("Sunday");
    assert_eq!(night(&studio).weekdays, [1, 2, 3, 4, 5, 6]);
    studio.press("Sunday");
    assert!(night(&studio).weekdays.is_empty(), "every day again");
    studio.press("Delete At night");
    assert!(studio.session().document().draft.quiet_hours.is_empty());
    assert_eq!(studio.session().document().draft.cool_downs.len(), 1);
}

#[test]
fn levers_and_computed_fallbacks_are_rules() {
    let mut studio = policy();
    studio.by_palette("Go to arbitration");
    for (place, button, stage) in
        [("arbitration", "Add lever", Stage::Lever), ("fallback", "Add computed fallback", Stage::Fallback)]
    {
        studio.by_palette(&format!("Go to {place}"));
        studio.press(button);
        studio.h.get_by_label("Name of the new rule").type_text(place);
        studio.h.run_steps(2);
        studio.keys(Modifiers::NONE, Key::Enter);
        assert_eq!(rules(&studio).last().map(|rule| rule.stage), Some(stage));
    }
}

#[test]
fn a_customer_is_traced_with_actual_values() {
    let mut studio = with_rules(&["Only recent"]);
    studio.press("Code");
    studio.type_into("Rule code", "recency <= 6");
    studio.keys(Modifiers::COMMAND, Key::Enter);
    studio.by_palette("Go to Models");
    studio.by_palette("Train all models");
    studio.settle();
    studio.by_palette("Go to Policy");
    studio.by_palette("Trace a customer");
    studio.press("Next customer");
    studio.settle();
    assert_eq!(studio.selection().row, Some(1));
    assert!(studio.has("Only recent"), "the rule by its name");
    assert!(studio.has_part("recency is "), "with the value that it read");
    assert!(studio.has_part("Why not:"), "and every loser says why");
    studio.press("Copy trace");
    assert!(studio.app().toasts.texts().any(|text| text.contains("the trace of row 2")));
}

#[test]
fn every_place_opens_on_an_empty_project_and_on_the_sample() {
    for (make, theme) in [(Studio::empty as fn() -> Studio, Theme::Dark), (Studio::sample, Theme::Light)] {
        let mut studio = make();
        studio.h.ctx.set_theme(theme);
        studio.by_palette("Go to Policy");
        for (command, title) in [
            ("Go to actions", "Actions"),
            ("Go to holdouts", "Holdouts"),
            ("Go to guards", "Guards"),
            ("Go to eligibility", "Eligibility"),
            ("Go to applicability", "Applicability"),
            ("Go to suitability", "Suitability"),
            ("Go to contact policy", "Contact policy"),
            ("Go to arbitration", "Arbitration"),
            ("Go to fallback", "Fallback"),
        ] {
            studio.by_palette(command);
            assert!(studio.has(title), "{title}");
        }
        studio.by_palette("Trace a customer");
        assert!(studio.has("Trace"));
    }
}

#[test]
fn every_command_does_what_it_says() {
    let mut studio = with_rules(&["A", "B"]);
    let own = |id: &str| id.starts_with("policy.");
    let mut tried = Vec::new();
    let mut run = |studio: &mut Studio, id: &'static str, holds: &dyn Fn(&Studio) -> bool| {
        let command = commands::find(id).unwrap_or_else(|| panic!("no command {id}"));
        assert!(!holds(studio), "{id}: it holds before");
        studio.by_palette(command.name);
        assert!(holds(studio), "{id} did not do what it says");
        tried.push(id);
    };
    run(&mut studio, "policy.rule_up", &|s| ids(s) == "b a");
    run(&mut studio, "policy.rule_down", &|s| ids(s) == "a b");
    run(&mut studio, "policy.toggle_rule", &|s| !rules(s)[1].enabled);
    run(&mut studio, "policy.rule_code", &|s| s.has("Rule code"));
    run(&mut studio, "policy.duplicate_rule", &|s| ids(s) == "a b b_copy");
    run(&mut studio, "policy.delete_rule", &|s| ids(s) == "a b");
    run(&mut studio, "policy.add_rule", &|s| s.has("Name of the new rule"));
    studio.keys(Modifiers::NONE, Key::Escape);
    run(&mut studio, "policy.trace", &|s| s.has("Fold trace"));
    for (id, sign) in [
        ("policy.actions", "Add action"),
        ("policy.holdouts", "Add holdout"),
        ("policy.guards", "No rules in this stage"),
        ("policy.eligibility", "Rule A"),
        ("policy.suitability", "Add soft rule"),
        ("policy.contact", "Add cap"),
        ("policy.arbitration", "Add floor"),
        ("policy.fallback", "Add rung"),
    ] {
        run(&mut studio, id, &|s| s.has(sign));
    }
    run(&mut studio, "policy.applicability", &|s| s.has("No rules in this stage"));
    for command in commands::all().filter(|command| own(command.id)) {
        assert!(tried.contains(&command.id), "nothing presses {}", command.id);
    }
    assert_eq!(studio.workspace(), Workspace::Policy);
}
