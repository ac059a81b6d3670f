//! Every defect a document can have is found, named with its part, and says what to do.

use super::check;
use crate::diagnostic::{Part, Severity};
use crate::document::{Document, Fallback};
use crate::testing::sample;
use crate::*;

/// What the findings must say about one change to the sample.
type Case = (fn(&mut Document), Severity, &'static str);

#[test]
fn the_sample_is_clean() {
    let found = check(&sample());
    assert!(found.iter().all(|finding| finding.severity == Severity::Note), "{found:#?}");
}

#[test]
fn every_defect_is_found() {
    use Severity::{Error, Warning};
    let cases: &[Case] = &[
        (|d| d.id.clear(), Error, "policy: its id is empty"),
        (|d| d.schema.fields[0].name = "a b".into(), Error, "field `a b`: rules cannot read"),
        (|d| d.schema.fields[0].name = "default".into(), Error, "field `default`: rules cannot read"),
        (|d| d.schema.fields[0].name = "true".into(), Error, "field `true`: rules cannot read"),
        (|d| d.schema.fields[0].name = "action".into(), Error, "field `action`: rules cannot read"),
        (|d| d.schema.fields[0].name = "é".into(), Error, "field `é`: rules cannot read"),
        (|d| d.schema.fields[1].name = d.schema.fields[0].name.clone(), Error, "stands twice"),
        (
            |d| {
                d.schema.fields[2].name = "value".into();
                d.arbitration.mode = arbitration::Mode::Expression("1.0".into());
            },
            Warning,
            "field `value`: the arbitration expression has a `value` of its own",
        ),
        (
            |d| drop(d.actions[0].attributes.insert("value".into(), Value::Integer(1))),
            Warning,
            "action `mens`: in rules `action.value` is its own value; rename the attribute",
        ),
        (
            |d| drop(d.actions[0].attributes.insert("terms".into(), Value::text("a".repeat(65_537)))),
            Error,
            "its attribute `terms` is longer than 65536 bytes",
        ),
        (
            |d| d.actions[0].valid_until = Some(i64::MAX),
            Error,
            "the end of its validity, 9223372036854775807 ms, is not",
        ),
        (
            |d| drop(d.actions[0].attributes.insert("ends".into(), Value::Time(i64::MIN))),
            Error,
            "its attribute `ends` is not an instant",
        ),
        (
            |d| drop(d.actions[0].attributes.insert("a-b".into(), Value::Integer(1))),
            Warning,
            "its attribute `a-b`: rules cannot read it",
        ),
        (|d| d.rules = vec![d.rules[0].clone(); 1_001], Error, "policy: it has 1001 rules; at most 1000"),
        (|d| d.recipe[0].input = "recencyy".into(), Error, "did you mean `recency`?"),
        (|d| d.recipe[0].output = "recency".into(), Error, "recipe step `recency`: the name `recency` is taken"),
        (|d| d.actions.clear(), Error, "policy: it has no action"),
        (|d| d.actions[0].id = "NoAction".into(), Error, "action `NoAction`: the name is reserved"),
        (|d| d.actions[0].id = " x".into(), Error, "begins or ends with a space"),
        (|d| d.actions[1].id = d.actions[0].id.clone(), Error, "stands twice"),
        (|d| d.actions[0].value = -1.0, Error, "its value is -1; it must not be negative"),
        (|d| d.actions[0].cost = f64::NAN, Error, "its cost is NaN"),
        (|d| d.actions[0].weight = f64::INFINITY, Error, "its weight is inf"),
        (|d| d.actions[0].weight = -200.0, Error, "less than −100 %"),
        (
            |d| d.actions[0].group = "apparell".into(),
            Error,
            "`apparell` is not a group of this policy; did you mean `apparel`?",
        ),
        (|d| d.actions[0].evidence = Some(-1.0), Error, "its evidence is -1; it must not be negative"),
        (
            |d| d.actions[0].treatments[0].evidence = Some(f64::NAN),
            Error,
            "its evidence on the treatment `plain` is NaN",
        ),
        (|d| d.actions[0].treatments[1].value = Some(-2.0), Error, "its value on the treatment `short` is -2"),
        (|d| d.actions[0].treatments[1].cost = Some(f64::INFINITY), Error, "its cost on the treatment `short` is inf"),
        (
            |d| drop(d.actions[0].treatments[0].attributes.insert("x".into(), Value::Number(f64::NAN))),
            Error,
            "its attribute `x` is not a finite number",
        ),
        (|d| d.actions[0].treatments.clear(), Error, "it has no treatment"),
        (|d| d.actions[0].treatments[0].channel = "emial".into(), Error, "did you mean `email`?"),
        (|d| d.actions[0].propensity = Some("vist".into()), Error, "`vist` is not a model of this policy"),
        (|d| (d.actions[0].valid_from, d.actions[0].valid_until) = (Some(5), Some(5)), Error, "ends before it begins"),
        (
            |d| d.models[0].calibration = model::Calibration::Isotonic { raw: vec![0.0], calibrated: vec![2.0] },
            Warning,
            "may lie outside 0 to 1",
        ),
        (|d| d.issues[0].groups[0].weight = f64::NAN, Error, "the weight of the group `apparel`"),
        (|d| d.issues.push(d.issues[0].clone()), Error, "the issue `sales` stands twice"),
        (|d| d.channels.push(d.channels[0].clone()), Error, "the channel `email` stands twice"),
        (|d| d.holdouts[0].share = 1.5, Error, "its share is 1.5; it must lie between 0 and 1"),
        (|d| d.holdouts[0].share = 1.0, Warning, "nobody gets anything"),
        (|d| d.holdouts[1].salt = d.holdouts[0].salt.clone(), Warning, "same salt"),
        (
            |d| d.holdouts[1].kind = holdout::HoldoutKind::Action("men".into()),
            Error,
            "`men` is not an action of this policy",
        ),
        (|d| d.rules[0].id = "a b".into(), Error, "may hold only letters"),
        (|d| d.rules[1].id = d.rules[0].id.clone(), Error, "stands twice"),
        (|d| d.rules[0].scope = rule::Scope::Group("apparels".into()), Error, "did you mean `apparel`?"),
        (
            |d| d.rules[0].scope = rule::Scope::Treatment("mens".into(), "x".into()),
            Error,
            "`x` is not a treatment of `mens`",
        ),
        (|d| d.rules[0].on_missing = rule::OnMissing::Keep, Error, "only applicability rules"),
        (|d| d.caps[0].limit = Some(0), Warning, "its limit is 0: it blocks every candidate"),
        (|d| d.caps[0].limit = None, Warning, "it has no limit"),
        (|d| d.caps[0].window = contact::Window::Rolling(0), Error, "its window is 0 seconds"),
        (|d| d.caps[0].event = contact::EventKind::Custom(String::new()), Error, "has no name"),
        (|d| d.caps[0].target = contact::CapTarget::Tag("promotion".into()), Error, "`promotion` is not a tag"),
        (|d| d.caps[0].channel = Some("web".into()), Warning, "inbound channel `web`"),
        (|d| d.caps[0].channel = Some("fax".into()), Error, "`fax` is not a channel"),
        (|d| d.arbitration.context_weights[0].percent = -101.0, Error, "less than −100 %"),
        (|d| d.arbitration.floors[0].min_propensity = Some(-0.1), Error, "its least propensity is -0.1"),
        (|d| d.arbitration.floors[0].min_priority = Some(f64::NAN), Error, "its least priority is NaN"),
        (|d| d.fallback[0].action = "newslettr".into(), Error, "did you mean `newsletter`?"),
        (|d| d.fallback[0].treatment = "x".into(), Error, "`x` is not a treatment of `newsletter`"),
        (|d| d.fallback.push(d.fallback[0].clone()), Warning, "stands twice"),
        (
            |d| d.fallback.push(Fallback { action: "NoAction".into(), treatment: String::new() }),
            Error,
            "always stands last",
        ),
        (|d| d.models[1].id = d.models[0].id.clone(), Error, "stands twice"),
        (|d| d.models[0].inputs[0].field = "recencyy".into(), Error, "did you mean `recency`?"),
        (|d| d.models[0].fallback = f64::NAN, Error, "the fallback is not a finite number"),
        (|d| d.models[1].inputs.clear(), Error, "model `boosted`: tree 1"),
    ];
    for (change, severity, words) in cases {
        let mut document = sample();
        change(&mut document);
        let findings = check(&document);
        let said: Vec<String> = findings.iter().map(ToString::to_string).collect();
        let found = findings.iter().zip(&said).any(|(f, text)| f.severity == *severity && text.contains(words));
        assert!(found, "{words}: {said:#?}");
        assert_eq!(Policy::compile(document).is_err(), findings.iter().any(|f| f.severity == Error), "{words}");
    }
}

#[test]
fn all_defects_come_at_once() {
    let mut document = sample();
    document.actions[0].value = -1.0;
    document.caps[0].window = contact::Window::Rolling(0);
    document.models[0].fallback = f64::NAN;
    let findings = check(&document);
    let parts: Vec<Part> = findings.iter().filter(|f| f.severity == Severity::Error).map(|f| f.part.clone()).collect();
    assert_eq!(
        parts,
        [Part::Action("mens".into()), Part::Cap("weekly".into()), Part::Model("visit".into())],
        "{findings:?}"
    );
}

/// Files whose parts multiply would take memory and time without end; they are refused at a look.
#[test]
fn a_policy_beyond_measure_is_refused_before_it_is_compiled() {
    let mut document = sample();
    document.rules = vec![document.rules[0].clone(); 200_000];
    document.actions = vec![document.actions[0].clone(); 200_000];
    document.models = vec![document.models[0].clone(); 200_000];
    let said: Vec<String> = check(&document).iter().map(ToString::to_string).collect();
    for what in ["200000 actions", "400000 treatments", "200000 rules", "200000 models", "800000 model inputs"] {
        assert!(said.iter().any(|s| s.contains(what) && s.contains("split it")), "{what}: {said:?}");
    }
    let tags = said.iter().filter(|s| s.contains("400000 tags on actions")).count();
    assert_eq!((said.len(), tags), (6, 1), "{said:?}");
}

#[test]
fn an_empty_document_is_refused_in_words() {
    let Err(Error::Invalid(findings)) = Policy::compile(Document::default()) else { panic!("accepted") };
    assert!(findings.iter().any(|f| f.message.contains("no action")), "{findings:?}");
}
