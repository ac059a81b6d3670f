//! What decides between candidates and beyond them: overrides, cold start, the formula, slots, exploration, the baseline. Expressions
//! are checked when compiled.

use super::Findings;
use super::layers::scope;
use super::names::slug_problem;
use crate::arbitration::Mode;
use crate::diagnostic::Part;
use crate::document::{Document, Operation};
use crate::exploration::Exploration;
use crate::overrides::OverrideKind;
use crate::suggest::unknown_name;
use std::collections::HashSet;

/// More slots than anybody has room for.
const SLOTS: u32 = 1_000;

/// Most draws behind the probabilities of Thompson sampling.
const DRAWS: u32 = 10_000;

/// Checks the parts in document order.
pub fn check(document: &Document, findings: &mut Findings) {
    baseline(document, findings);
    overrides(document, findings);
    cold_start(document, findings);
    formula(document, findings);
    slots(document, findings);
    exploration(document, findings);
}

fn baseline(document: &Document, findings: &mut Findings) {
    let Some(rung) = &document.baseline else { return };
    match document.actions.iter().find(|action| action.id == rung.action) {
        None => {
            let actions = document.actions.iter().map(|action| action.id.as_str());
            let problem = unknown_name("an action", &rung.action, actions);
            findings.error(Part::Policy, format!("its baseline names what is not there: {problem}"));
        }
        Some(action) if !action.treatments.iter().any(|t| t.id == rung.treatment) => {
            let treatments = action.treatments.iter().map(|treatment| treatment.id.as_str());
            let problem = unknown_name(&format!("a treatment of `{}`", rung.action), &rung.treatment, treatments);
            findings.error(Part::Policy, format!("its baseline names what is not there: {problem}"));
        }
        Some(_) if document.mode != Operation::Shadow => {
            findings.warning(Part::Policy, "its baseline is answered in shadow only, and it is not in shadow");
        }
        Some(_) => {}
    }
}

fn overrides(document: &Document, findings: &mut Findings) {
    findings.slugs(document.overrides.iter().map(|over| over.id.as_str()), |id| Part::Override(id.to_owned()));
    for over in &document.overrides {
        let part = || Part::Override(over.id.clone());
        let (OverrideKind::Deny(of) | OverrideKind::Force(of)) = &over.kind;
        scope(document, of, part(), findings);
        for (what, text) in [("reason", &over.reason), ("author", &over.author), ("approver", &over.approver)] {
            if text.trim().is_empty() {
                findings.error(part(), format!("it has no {what}; a decision of people carries their names and why"));
            }
        }
        if over.until <= over.from {
            findings.error(part(), "it ends before it begins, so it never holds; set its expiry after its start");
        }
    }
}

fn cold_start(document: &Document, findings: &mut Findings) {
    let cold = &document.cold_start;
    let mut seen = HashSet::new();
    for prior in &cold.priors {
        scope(document, &prior.scope, Part::Arbitration, findings);
        findings.within_one(Part::Arbitration, "prior propensity", prior.propensity);
        findings.not_negative(Part::Arbitration, "weight of a prior", prior.weight);
        if !seen.insert(format!("{:?}", prior.scope)) {
            findings.warning(Part::Arbitration, "two priors speak of the same candidates: the first is used");
        }
    }
    for (what, least) in [("least evidence", cold.min_evidence), ("widest interval", cold.max_width)] {
        if let Some(x) = least {
            findings.not_negative(Part::Arbitration, what, x);
        }
    }
    for action in &document.actions {
        let part = || Part::Action(action.id.clone());
        if let Some(n) = action.evidence {
            findings.not_negative(part(), "evidence", n);
        }
        for treatment in &action.treatments {
            for (what, x) in [("value", treatment.value), ("cost", treatment.cost), ("evidence", treatment.evidence)] {
                if let Some(x) = x {
                    findings.not_negative(part(), &format!("{what} on treatment `{}`", treatment.id), x);
                }
            }
        }
    }
}

fn formula(document: &Document, findings: &mut Findings) {
    let Mode::GeometricMean { p, c, v, l } = document.arbitration.mode else { return };
    for (what, weight) in [("P", p), ("C", c), ("V", v), ("L", l)] {
        findings.not_negative(Part::Arbitration, &format!("weight of {what}"), weight);
    }
    if p + c + v + l <= 0.0 {
        findings.error(Part::Arbitration, "the weights of its mean are all 0; give at least one");
    }
}

fn slots(document: &Document, findings: &mut Findings) {
    let slots = &document.slots;
    if slots.count == 0 || slots.count > SLOTS {
        findings.error(Part::Arbitration, format!("it has {} slots; give 1 to {SLOTS}", slots.count));
    }
    for limit in slots.limits.iter().filter(|limit| limit.limit == 0) {
        findings.warning(Part::Arbitration, format!("at most 0 per {:?}: nothing can be chosen", limit.per));
    }
    let mut bundled: HashSet<&str> = HashSet::new();
    let mut ids: HashSet<&str> = HashSet::new();
    for bundle in &slots.bundles {
        let id = &bundle.id;
        if let Some(problem) = slug_problem(id) {
            findings.error(Part::Arbitration, format!("the id of a bundle {problem}"));
        }
        if !ids.insert(id) {
            findings.error(Part::Arbitration, format!("the bundle `{id}` stands twice; ids must differ"));
        }
        let different: HashSet<&str> = bundle.actions.iter().map(String::as_str).collect();
        if different.len() < 2 || different.len() < bundle.actions.len() {
            findings.error(Part::Arbitration, format!("the bundle `{id}` needs two actions or more, each once"));
        }
        if different.len() > slots.count as usize {
            let (needs, count) = (different.len(), slots.count);
            findings.error(Part::Arbitration, format!("the bundle `{id}` needs {needs} slots; there are {count}"));
        }
        for action in different {
            if !document.actions.iter().any(|a| a.id == *action) {
                let actions = document.actions.iter().map(|action| action.id.as_str());
                let problem = unknown_name("an action", action, actions);
                findings.error(Part::Arbitration, format!("the bundle `{id}` names what is not there: {problem}"));
            }
            if !bundled.insert(action) {
                findings.error(Part::Arbitration, format!("`{action}` is in two bundles; one action goes with one"));
            }
        }
    }
}

fn exploration(document: &Document, findings: &mut Findings) {
    let problem = match &document.exploration {
        Some(Exploration::EpsilonGreedy { epsilon }) if !(0.0..=1.0).contains(epsilon) => {
            format!("its epsilon is {epsilon}; it must lie between 0 and 1")
        }
        Some(Exploration::Softmax { temperature }) if !(temperature.is_finite() && *temperature > 0.0) => {
            format!("its temperature is {temperature}; give a finite number above 0")
        }
        Some(Exploration::Thompson { draws }) if *draws == 0 || *draws > DRAWS => {
            format!("its probabilities rest on {draws} draws; give 1 to {DRAWS}")
        }
        _ => return,
    };
    findings.error(Part::Arbitration, problem);
}

#[cfg(test)]
mod tests {
    use crate::arbitration::{Bundle, Mode, Per, Prior, SlotLimit};
    use crate::check::check;
    use crate::diagnostic::Severity::{self, Error, Warning};
    use crate::document::{Document, Fallback, Operation};
    use crate::exploration::Exploration;
    use crate::overrides::{Override, OverrideKind};
    use crate::rule::Scope;
    use crate::testing::sample;

    fn over(id: &str) -> Override {
        Override {
            id: id.into(),
            kind: OverrideKind::Deny(Scope::All),
            when: None,
            reason: "r".into(),
            author: "a".into(),
            approver: "b".into(),
            from: 0,
            until: 1,
        }
    }

    fn prior(scope: Scope, propensity: f64, weight: f64) -> Prior {
        Prior { scope, propensity, weight }
    }

    fn bundle(id: &str, actions: &[&str]) -> Bundle {
        Bundle { id: id.into(), actions: actions.iter().map(|a| (*a).into()).collect() }
    }

    #[test]
    fn every_defect_is_found() {
        type Case = (fn(&mut Document), Severity, &'static str);
        let cases: &[Case] = &[
            (
                |d| d.baseline = Some(Fallback { action: "menz".into(), treatment: "plain".into() }),
                Error,
                "did you mean `mens`?",
            ),
            (
                |d| d.baseline = Some(Fallback { action: "mens".into(), treatment: "x".into() }),
                Error,
                "`x` is not a treatment of `mens`",
            ),
            (
                |d| d.baseline = Some(Fallback { action: "mens".into(), treatment: "plain".into() }),
                Warning,
                "it is not in shadow",
            ),
            (|d| d.overrides = vec![Override { id: "a b".into(), ..over("") }], Error, "override `a b`: its id"),
            (|d| d.overrides = vec![over("o"), over("o")], Error, "stands twice"),
            (
                |d| {
                    d.overrides =
                        vec![Override { kind: OverrideKind::Force(Scope::Action("menz".into())), ..over("o") }]
                },
                Error,
                "override `o`: its scope names what is not there",
            ),
            (|d| d.overrides = vec![Override { approver: " ".into(), ..over("o") }], Error, "it has no approver"),
            (|d| d.overrides = vec![Override { until: 0, ..over("o") }], Error, "it ends before it begins"),
            (
                |d| d.overrides = vec![Override { when: Some("recencyy > 1".into()), ..over("o") }],
                Error,
                "did you mean `recency`?",
            ),
            (
                |d| d.overrides = vec![Override { when: Some("action.pages > 1".into()), ..over("o") }],
                Error,
                "override `o`: it reads the candidate",
            ),
            (|d| d.cold_start.priors = vec![prior(Scope::All, 1.5, 1.0)], Error, "its prior propensity is 1.5"),
            (|d| d.cold_start.priors = vec![prior(Scope::All, 0.5, -1.0)], Error, "its weight of a prior is -1"),
            (
                |d| d.cold_start.priors = vec![prior(Scope::All, 0.5, 1.0), prior(Scope::All, 0.1, 1.0)],
                Warning,
                "two priors speak of the same candidates",
            ),
            (|d| d.cold_start.min_evidence = Some(f64::NAN), Error, "its least evidence is NaN"),
            (|d| d.actions[0].evidence = Some(-1.0), Error, "action `mens`: its evidence is -1"),
            (|d| d.actions[0].treatments[0].cost = Some(-1.0), Error, "its cost on treatment `plain` is -1"),
            (
                |d| d.arbitration.mode = Mode::GeometricMean { p: 0.0, c: 0.0, v: 0.0, l: 0.0 },
                Error,
                "the weights of its mean are all 0",
            ),
            (
                |d| d.arbitration.mode = Mode::GeometricMean { p: -1.0, c: 0.0, v: 3.0, l: 0.0 },
                Error,
                "its weight of P is -1",
            ),
            (|d| d.slots.count = 0, Error, "it has 0 slots"),
            (|d| d.slots.limits = vec![SlotLimit { per: Per::Group, limit: 0 }], Warning, "at most 0 per Group"),
            (|d| d.slots.bundles = vec![bundle("b", &["mens"])], Error, "needs two actions or more"),
            (|d| d.slots.bundles = vec![bundle("b", &["mens", "womens"])], Error, "needs 2 slots; there are 1"),
            (
                |d| {
                    d.slots.count = 2;
                    d.slots.bundles = vec![bundle("b", &["mens", "women"])];
                },
                Error,
                "did you mean `womens`?",
            ),
            (
                |d| {
                    d.slots.count = 2;
                    d.slots.bundles = vec![bundle("b", &["mens", "womens"]), bundle("c", &["mens", "recall"])];
                },
                Error,
                "`mens` is in two bundles",
            ),
            (|d| d.exploration = Some(Exploration::EpsilonGreedy { epsilon: 1.1 }), Error, "its epsilon is 1.1"),
            (|d| d.exploration = Some(Exploration::Softmax { temperature: 0.0 }), Error, "its temperature is 0"),
            (|d| d.exploration = Some(Exploration::Thompson { draws: 20_000 }), Error, "give 1 to 10000"),
        ];
        for (change, severity, words) in cases {
            let mut document = sample();
            change(&mut document);
            let found = check(&document);
            let hit = found.iter().any(|finding| finding.severity == *severity && finding.to_string().contains(words));
            assert!(hit, "{words}: {found:#?}");
        }
        let mut sound = sample();
        sound.mode = Operation::Shadow;
        sound.baseline = Some(Fallback { action: "mens".into(), treatment: "plain".into() });
        sound.overrides = vec![Override { when: Some("recency > 1".into()), ..over("o") }];
        sound.cold_start.priors = vec![prior(Scope::All, 0.1, 10.0), prior(Scope::Action("mens".into()), 0.1, 10.0)];
        sound.slots.count = 2;
        sound.slots.bundles = vec![bundle("b", &["mens", "womens"])];
        sound.exploration = Some(Exploration::EpsilonGreedy { epsilon: 0.1 });
        assert_eq!(crate::check::compile(&sound).1, []);
    }
}
