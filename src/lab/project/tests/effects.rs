//! Models of effects in a project: declared from its arms, trained, kept, refitted, and in the policy that is exported.

use super::super::{assemble, create_from_file, effect_models, find_model, load, model_key, refit, run, train_missing};
use crate::data::import::ImportOptions;
use crate::models::uplift::{Meta, Uplift};
use crate::models::{Goal, Verdict};
use crate::random::Random;
use crate::task::Task;
use attune_policy::arbitration::Mode;
use attune_policy::history::NoHistory;
use attune_policy::rule::{Rule, Scope, Stage};
use attune_policy::{Policy, Request, Value, Verification};
use std::fmt::Write;
use std::fs;
use std::sync::Arc;

/// A trial of two mails against nothing: `red` moves those with a high `taste`, `blue` those with a low one.
fn trial(rows: usize, seed: u64) -> String {
    let mut random = Random::new(seed);
    let mut text = String::from("taste,age,segment,visit,spend\n");
    for _ in 0..rows {
        let taste = random.normal();
        let arm = random.below(3);
        let lift = [0.0, 0.15 * libm::tanh(1.5 * taste), -0.15 * libm::tanh(1.5 * taste)][arm];
        let visit = random.chance(0.3 + lift);
        let spend = if visit { 20.0 + random.uniform() } else { 0.0 };
        let age = 20 + random.below(50);
        let arm = ["No E-Mail", "Red E-Mail", "Blue E-Mail"][arm];
        let _ = writeln!(text, "{taste:.3},{age},{arm},{},{spend:.2}", u8::from(visit));
    }
    text
}

#[test]
fn effects_go_from_the_trial_into_the_policy() {
    let dir = tempfile::tempdir().unwrap();
    let (file, task) = (dir.path().join("trial.csv"), Task::default());
    fs::write(&file, trial(4_000, 1)).unwrap();
    let folder = dir.path().join("p");
    let (mut project, mut parts, loaded) =
        create_from_file(&folder, "p", &file, &ImportOptions::default(), &task).unwrap();
    let declare = |models: &[_], learner, control| {
        effect_models(&loaded.dataset, &parts.roles, models, "visit", learner, control)
    };
    let found = declare(&parts.models, Meta::T, None).unwrap();
    let ids: Vec<&str> = found.iter().map(|spec| spec.id.as_str()).collect();
    assert_eq!(ids, ["visit_blue_e_mail_uplift", "visit_red_e_mail_uplift"]);
    assert!(declare(&found, Meta::T, Some("No E-Mail")).unwrap().is_empty(), "they are there already");
    assert_eq!(declare(&found, Meta::X, None).unwrap().len(), 2, "another learner is another model");
    for (outcome, control, words) in [
        ("visit", Some("Letter"), "no value `Letter`"),
        ("age2", None, "no such column"),
        ("segment", None, "neither yes"),
    ] {
        let error = effect_models(&loaded.dataset, &parts.roles, &[], outcome, Meta::T, control).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
    let of_spend = effect_models(&loaded.dataset, &parts.roles, &[], "spend", Meta::Dr, None).unwrap();
    assert!(of_spend.iter().all(|spec| spec.goal == Goal::Amount && spec.check().is_ok()));

    // The action of each arm takes its model, and a rule reads it.
    let before = parts.models.len();
    Arc::make_mut(&mut parts.models).extend(found.clone());
    let draft = Arc::make_mut(&mut parts.draft);
    draft.arbitration.mode = Mode::Uplift;
    for (action, spec) in draft.actions.iter_mut().zip([&found[0], &found[1]]) {
        assert!(spec.arm.as_deref().unwrap().to_lowercase().starts_with(action.id.split('_').next().unwrap()));
        (action.propensity, action.uplift) = (None, Some(spec.id.clone()));
    }
    draft.rules.push(Rule {
        id: "no_harm".into(),
        name: "Moves them".into(),
        stage: Stage::Suitability,
        scope: Scope::Action(draft.actions[1].id.clone()),
        expr: format!("score(\"{}\") > -1.0", found[1].id),
        ..Rule::default()
    });
    project.save(&parts, "Effects").unwrap();
    let out = dir.path().join("policy.ron");
    let report = run(&project, &parts, &out, &task).unwrap();
    assert_eq!((report.exported.differences, report.models.len()), (0, 4));
    assert!(fs::read_to_string(folder.join("models").join(&found[1].id).join("card.md")).unwrap().contains("Qini"));

    // The file is all that decides: the arm that moves this taste.
    let policy = Policy::load(&fs::read(&out).unwrap(), &Verification::none()).unwrap();
    let decided = |taste: f64| {
        let mut request = Request { decision_id: "1".into(), subject: "s".into(), now: 0, ..Request::default() };
        let fields = &policy.document().schema.fields;
        let value = |name: &str| match name {
            "taste" => Value::Number(taste),
            "age" => Value::Integer(40),
            _ => Value::Unknown,
        };
        request.fields = fields.iter().map(|field| value(&field.name)).collect();
        let decision = policy.decide(&request, &NoHistory);
        decision.chosen.map(|chosen| policy.names(chosen).0.to_owned())
    };
    let (high, low) = (decided(2.0).unwrap(), decided(-2.0).unwrap());
    assert!(high.contains("red") && low.contains("blue"), "{high}, {low}");
    let ids: Vec<&str> = policy.document().models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, [found[0].id.as_str(), found[1].id.as_str()], "the two of effects alone are used");
    let of_file = policy.document().models.iter().find(|model| model.id == found[1].id).unwrap();
    let key = model_key(&found[1], &parts, &loaded.fingerprint);
    let kept = find_model(&folder, &found[1].id, &key).unwrap();
    assert_eq!(*of_file, kept.model);
    let training = &policy.document().provenance.training;
    let own = training.iter().find(|training| training.model == found[1].id).unwrap();
    assert_eq!(own.family, "T-learner");
    assert!(own.metrics.iter().any(|(name, value)| name == "sklift_qini_auc" && *value > 0.0), "{:?}", own.metrics);

    // Untouched inputs are not learned again; the champion stays on data that say the same.
    assert!(train_missing(&folder, &parts, &loaded, &[found[1].id.clone()], &task).unwrap().1.is_empty());
    fs::write(&file, trial(4_000, 2)).unwrap();
    let fresh = load(&folder, &parts, &task).unwrap();
    let (champion, fought) = refit(&folder, &parts, &fresh, &found[1].id, &task).unwrap();
    let fought = fought.unwrap();
    assert_eq!(fought.verdict, Verdict::Kept, "{}", fought.why);
    assert_eq!(champion.model, kept.model);
    assert!(champion.report.notes.iter().any(|note| note.starts_with("kept when the data were refreshed")));
    assert_eq!(parts.models.len(), before + 2);
    let whole = assemble(&parts, &fresh, &|_| None, false);
    assert_eq!(whole.untrained.len(), 2, "without trained models it does not decide");
    assert_eq!(found[0].uplift, Some(Uplift { learner: Meta::T, ..Uplift::against("No E-Mail") }));
}
