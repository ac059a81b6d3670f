//! The Models workspace: from specification to report, and into the policy.

use crate::support::Studio;
use attune_lab::models::Family;
use attune_lab::project::{Attachment, Learned, LearnedKind};
use attune_policy::document::Source;
use attune_policy::model::{Encode, Input, Model};
use attune_session::Edit;
use egui::{Key, Modifiers};

fn with_models() -> Studio {
    let mut studio = Studio::trial();
    studio.by_palette("Go to Models");
    studio
}

#[test]
fn a_model_is_trained_and_reported() {
    let mut studio = with_models();
    assert!(studio.has("Not trained yet"));
    studio.press("Train this model");
    studio.settle();
    for part in
        ["ROC AUC", "Base rate", "Log loss", "Brier score", "Calibration error", "Main drivers", "Calibration", "ROC"]
    {
        assert!(studio.has(part), "{part}");
    }
    let id = studio.session().document().models[0].id.clone();
    let report = studio.session().model(&id).ready().expect("trained").report.clone();
    let auc = attune_studio::widgets::number::fixed(report.out_of_fold.quality.auc.value, 3);
    assert!(studio.has(&auc), "the tile shows the report's own number {auc}");
    assert!(studio.has_part("recency"), "its drivers are named");
}

#[test]
fn settings_are_edits_that_make_the_report_stale() {
    let mut studio = with_models();
    studio.press("Train this model");
    studio.settle();
    studio.press("Settings");
    studio.press("Family");
    studio.press("Boosted trees");
    let spec = studio.session().document().models[0].clone();
    assert!(matches!(spec.family, Family::Boosted { .. }));
    assert!(studio.session().model(&spec.id).is_stale());
    studio.press("Report");
    assert!(studio.has("Train again"), "the old numbers stay, dimmed, with the way to new ones");
    studio.keys(Modifiers::COMMAND, Key::Z);
    studio.settle();
    assert!(studio.session().model(&spec.id).ready().is_some(), "undo finds the old report again");
}

#[test]
fn a_model_is_used_in_the_policy() {
    let mut studio = with_models();
    let (model, action) = {
        let document = studio.session().document();
        (document.models[0].id.clone(), document.draft.actions[0].clone())
    };
    assert_eq!(action.propensity.as_deref(), Some(model.as_str()), "the starter uses it");
    studio.press("Use in policy");
    studio.press(&format!("{}  (learned from its rows)", action.name));
    assert_eq!(studio.session().document().draft.actions[0].propensity, None);
    studio.keys(Modifiers::COMMAND, Key::Z);
    assert_eq!(studio.session().document().draft.actions[0].propensity.as_deref(), Some(model.as_str()));
}

#[test]
fn removing_is_undone_from_its_message() {
    let mut studio = with_models();
    studio.keys(Modifiers::NONE, Key::Delete);
    assert_eq!(studio.session().document().models.len(), 1);
    studio.press("Undo");
    studio.frames();
    assert_eq!(studio.session().document().models.len(), 2);
}

#[test]
fn a_model_of_an_effect_is_added_trained_reported_and_used() {
    let mut studio = with_models();
    studio.by_palette("Add a model of each action's effect");
    let spec = {
        let models = &studio.session().document().models;
        assert_eq!(models.iter().filter(|spec| spec.uplift.is_some()).count(), 2);
        models.last().cloned().unwrap()
    };
    assert!(studio.has(&spec.name));
    studio.press("Train this model");
    studio.settle();
    for part in ["Qini", "AUUC", "Effect of all", "Qini curve", "Effects", "Main drivers"] {
        assert!(studio.has(part), "{part}");
    }
    let report = studio.session().model(&spec.id).ready().expect("trained").report.clone();
    let qini = report.out_of_fold.uplift.as_ref().unwrap().lead().value;
    let qini = attune_studio::widgets::number::fixed(qini, 4);
    assert!(studio.has(&qini), "the tile shows the report's own number {qini}");
    studio.press("Settings");
    for part in ["Effect of", "Against", "Learner of effects", "Outcomes by"] {
        assert!(studio.has(part), "{part}");
    }
    assert!(!studio.has("Calibration"));
    studio.press("Report");
    let action = {
        let document = studio.session().document();
        let own = |action: &&attune_policy::action::Action| {
            matches!(document.roles.arms.get(spec.arm.as_deref().unwrap()),
                Some(attune_lab::data::Arm::Candidate { action: of, .. }) if *of == action.id)
        };
        document.draft.actions.iter().find(own).cloned().unwrap()
    };
    studio.press("Use in policy");
    studio.press(&format!("{}  (learned from its rows)", action.name));
    let document = studio.session().document();
    let changed = document.draft.actions.iter().find(|other| other.id == action.id).unwrap();
    assert_eq!(changed.uplift.as_deref(), Some(spec.id.as_str()));
    assert_eq!(changed.propensity, action.propensity, "its propensity is another matter");
}

/// Models of one field, as a file of learned models has them.
fn taste(field: &str) -> Learned {
    let input = Input { field: field.into(), encode: Encode::Number };
    Learned {
        id: "taste".into(),
        name: format!("Segments by {field}"),
        kind: LearnedKind::Segments,
        source: Source { name: "people.csv".into(), sha256: String::new(), rows: 3 },
        family: format!("k-means, 1 segments by {field}"),
        rows: 3,
        // Until 2024-03-08.
        period: Some((1_704_067_200_000, 1_709_856_000_000)),
        clock: None,
        metrics: Vec::new(),
        uses: Vec::new(),
        models: vec![Model { id: "taste_1".into(), inputs: vec![input], ..Model::default() }],
    }
}

/// Chooses a file of models by the palette, as a user without a mouse does.
fn attach(studio: &mut Studio, file: &std::path::Path) {
    studio.will_choose(file);
    studio.by_palette("Attach models…");
    studio.settle();
}

#[test]
fn a_file_of_models_is_attached_by_the_keyboard_and_undone() {
    let mut studio = with_models();
    let before = studio.session().document().clone();
    let file = studio.write("taste.ron", &taste("recency").text().unwrap());
    attach(&mut studio, &file);
    assert_eq!(studio.session().document().attached.len(), 1);
    assert!(studio.has("Segments by recency") && studio.has("Detach taste"));
    let told = |studio: &Studio| studio.app().toasts.texts().map(str::to_owned).collect::<Vec<_>>();
    let said = told(&studio);
    let expected =
        "Attached “Segments by recency”. The policy does not use `taste` yet: write one of its expressions into a rule";
    assert!(said.iter().any(|text| text == expected), "{said:?}");
    studio.keys(Modifiers::COMMAND, Key::Z);
    assert_eq!(*studio.session().document(), before);
    studio.keys(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z);
    assert_eq!(studio.session().document().attached.len(), 1);

    // The same way for a mouse: in the menu that adds models.
    studio.will_choose(&file);
    studio.press("Add model");
    studio.press("Attach models…");
    studio.settle();
    assert_eq!(studio.session().document().attached.len(), 1, "it took the place of the one before");

    let with = studio.session().document().clone();
    let strange = taste("recencyy").called("other").unwrap().text().unwrap();
    for (name, text, words) in [
        (
            "strange.ron",
            strange.as_str(),
            "`other` reads `recencyy`, which is no feature of the project; did you mean `recency`?",
        ),
        ("data.ron", "customer,age", "does not begin with the header"),
    ] {
        let file = studio.write(name, text);
        attach(&mut studio, &file);
        let said = told(&studio);
        assert!(said.iter().any(|text| text.contains(words)), "{said:?}");
    }
    assert_eq!(*studio.session().document(), with);
}

#[test]
fn a_project_without_models_says_that_they_can_be_attached() {
    let mut studio = with_models();
    studio.keys(Modifiers::NONE, Key::Delete);
    studio.keys(Modifiers::NONE, Key::Delete);
    assert!(studio.has("No models yet"));
    let file = studio.write("taste.ron", &taste("recency").text().unwrap());
    studio.will_choose(&file);
    studio.press("Attach segments, a recommender or send times from a file…");
    studio.settle();
    assert!(studio.has("Segments by recency") && !studio.has("No models yet"));
}

#[test]
fn attached_models_are_shown_and_detached() {
    let mut studio = with_models();
    let before = studio.session().document().clone();
    let learned = taste("recency");
    studio.session_mut().apply(Edit::Attach(Attachment::new(learned).unwrap())).unwrap();
    studio.settle();
    assert!(studio.has("Segments by recency") && studio.has("attached, learned from people.csv"));
    assert!(studio.has("knows what happened until 2024-03-08; attach it anew to refresh it"));
    studio.press("Detach taste");
    assert_eq!(*studio.session().document(), before);
    studio.keys(Modifiers::COMMAND, Key::Z);
    assert_eq!(studio.session().document().attached.len(), 1, "undo attaches it again");
}
