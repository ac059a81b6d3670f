//! Every kind of finding is found, and says what to do; what is meant is left alone.

use crate::action::Treatment;
use crate::arbitration::{Floor, Mode};
use crate::contact::{Budget, Cap, CapTarget, CoolDown, EventKind, Measure, OnHit, Window};
use crate::diagnostic::Severity;
use crate::document::Document;
use crate::exploration::Exploration;
use crate::overrides::{Override, OverrideKind};
use crate::rule::{Rule, Scope, Stage};
use crate::table::{HitPolicy, Table, TableRow};
use crate::testing::{field, sample};
use crate::value::{Type, Value};

fn rule(id: &str, stage: Stage, scope: Scope, expr: &str) -> Rule {
    Rule { id: id.into(), stage, scope, expr: expr.into(), ..Rule::default() }
}

fn guards(document: &mut Document, exprs: &[&str]) {
    document.rules = (0..).zip(exprs).map(|(i, expr)| rule(&format!("r{i}"), Stage::Guard, Scope::All, expr)).collect();
}

fn table(hit: HitPolicy, rows: &[(&str, &str, i64)], otherwise: Value) -> Table {
    let row = |(a, b, output): &(&str, &str, i64)| TableRow {
        tests: vec![(*a).into(), (*b).into()],
        output: Value::Integer(*output),
        note: String::new(),
    };
    Table {
        id: "t".into(),
        name: String::new(),
        inputs: vec!["years".into(), "action.channel".into()],
        output: Type::Integer,
        hit,
        rows: rows.iter().map(row).collect(),
        otherwise,
    }
}

fn over(kind: OverrideKind, when: Option<&str>) -> Override {
    Override {
        id: "o".into(),
        kind,
        when: when.map(str::to_owned),
        reason: "r".into(),
        author: "a".into(),
        approver: "b".into(),
        from: 1_000,
        until: 2_000,
    }
}

fn cap(id: &str, target: CapTarget, limit: u32, window: Window) -> Cap {
    Cap { id: id.into(), target, limit: Some(limit), window, ..Cap::default() }
}

fn budget(measure: Measure, max: f64) -> Budget {
    Budget {
        id: "b".into(),
        name: String::new(),
        scope: Scope::All,
        measure,
        event: EventKind::Sent,
        max: Some(max),
        min: None,
        reset: None,
        from: None,
        until: None,
        pacing: None,
        enabled: true,
    }
}

/// The sample with a whole-number field `years`, and nothing but what a case adds.
fn bare() -> Document {
    let mut document = sample();
    document.schema.fields.push(field("years", Type::Integer));
    document.rules.clear();
    document.caps.clear();
    document.holdouts.clear();
    document.arbitration.floors.clear();
    document.cases.clear();
    document
}

#[test]
fn every_kind_of_finding_is_found() {
    use Severity::{Note, Warning};
    type Case = (fn(&mut Document), Severity, &'static str);
    let cases: &[Case] = &[
        (
            |d| guards(d, &["years > 3 && years < 3"]),
            Warning,
            "rule `r0`: it can never be true, so it removes every candidate there is",
        ),
        (
            |d| guards(d, &["years > 3 || years <= 3 || !is_known(years)"]),
            Warning,
            "rule `r0`: it is always true, so it removes nobody",
        ),
        (|d| guards(d, &["consent", "consent"]), Warning, "rule `r1`: it says the same as `r0`"),
        (
            |d| guards(d, &["years > 20", "consent", "years > 18"]),
            Warning,
            "rule `r2`: whoever passes `r0` passes it too",
        ),
        (
            |d| guards(d, &["years > 20 || consent", "years > 20 || !consent", "years > 18"]),
            Warning,
            "rule `r2`: whoever passes `r0` and `r1` passes it too",
        ),
        (
            |d| guards(d, &["years > 20", "years < 20"]),
            Warning,
            "rule `r1`: together with `r0` it removes every candidate there is",
        ),
        (
            |d| {
                let group = d.actions[0].group.clone();
                guards(d, &["years > 20"]);
                d.rules.push(rule("narrow", Stage::Eligibility, Scope::Group(group), "years >= 20"));
            },
            Warning,
            "rule `narrow`: whoever passes `r0` passes it too",
        ),
        (
            |d| {
                let id = d.actions[0].id.clone();
                d.rules.push(rule("wide", Stage::Guard, Scope::Channel("email".into()), "years > 20"));
                d.rules.push(rule("own", Stage::Guard, Scope::Action(id), "years < 10"));
                d.actions[0].treatments.retain(|t| t.channel == "email");
            },
            Warning,
            "no one can ever get it: the rules `wide` and `own` cannot hold at once for it",
        ),
        (
            |d| {
                d.issues[0].groups.push(crate::action::Group { id: "empty".into(), weight: 0.0 });
                d.rules.push(rule("nobody", Stage::Guard, Scope::Group("empty".into()), "consent"));
            },
            Warning,
            "rule `nobody`: no candidate is in its scope",
        ),
        (
            |d| {
                d.arbitration.mode = Mode::Pcvl;
                d.arbitration.floors = vec![Floor { scope: Scope::All, min_propensity: None, min_priority: Some(1e9) }];
            },
            Warning,
            "and its floor is 1000000000; lower the floor, or raise its value",
        ),
        (
            |d| {
                d.tables = vec![table(
                    HitPolicy::Unique,
                    &[("< 20", "-", 1), ("[18..30)", "\"email\"", 2), (">= 20", "-", 3)],
                    Value::Unknown,
                )]
            },
            Warning,
            "table `t`: rows 1 and 2 both match when years is 18 and action.channel is \"email\", and `Unique` allows one",
        ),
        (
            |d| d.tables = vec![table(HitPolicy::Unique, &[("< 18", "-", 1), ("> 18", "-", 2)], Value::Unknown)],
            Warning,
            "table `t`: no row matches when years is 18 and action.channel is",
        ),
        (
            |d| {
                d.tables = vec![table(
                    HitPolicy::First,
                    &[("< 18", "-", 1), (">= 10", "-", 2), ("[12..40]", "-", 3)],
                    Value::Unknown,
                )]
            },
            Warning,
            "table `t`: row 3 is never reached",
        ),
        (
            |d| d.tables = vec![table(HitPolicy::First, &[("< 18", "\"fax\"", 1), ("-", "-", 2)], Value::Unknown)],
            Warning,
            "table `t`: row 1 never matches",
        ),
        (
            |d| {
                d.tables = vec![table(
                    HitPolicy::Any,
                    &[("< 18", "-", 1), ("< 20", "-", 2), (">= 20", "-", 3)],
                    Value::Unknown,
                )]
            },
            Warning,
            "table `t`: rows 1 and 2 both match when years is 0",
        ),
        (
            |d| d.tables = vec![table(HitPolicy::First, &[("-", "-", 2)], Value::Unknown)],
            Note,
            "table `t`: nothing reads it",
        ),
        (
            |d| {
                d.caps = vec![
                    cap("a", CapTarget::All, 2, Window::Rolling(864_000)),
                    cap("b", CapTarget::Group, 3, Window::Rolling(86_400)),
                ]
            },
            Warning,
            "cap `b`: it can never bind: `a` blocks whatever it would block",
        ),
        (
            |d| {
                d.actions.iter_mut().for_each(|a| a.obeys_caps = false);
                d.caps = vec![cap("a", CapTarget::All, 2, Window::Lifetime)];
            },
            Warning,
            "cap `a`: it can never bind: no candidate that obeys caps",
        ),
        (
            |d| {
                d.actions.iter_mut().for_each(|a| a.counts_toward_caps = false);
                d.caps = vec![cap("a", CapTarget::Action, 2, Window::Lifetime)];
            },
            Warning,
            "cap `a`: it can never bind: nothing in its target counts",
        ),
        (
            |d| {
                let one = |id: &str, gap: u64, target: CapTarget| CoolDown {
                    id: id.into(),
                    name: String::new(),
                    target,
                    channel: None,
                    event: EventKind::Sent,
                    gap,
                    on_hit: OnHit::Drop,
                    enabled: true,
                };
                d.cool_downs = vec![one("short", 60, CapTarget::Action), one("long", 120, CapTarget::All)];
            },
            Warning,
            "cool-down `short`: it can never bind: `long` waits at least as long",
        ),
        (
            |d| d.budgets = vec![budget(Measure::Count, 0.5)],
            Warning,
            "budget `b`: its maximum 0.5 is less than a single one takes",
        ),
        (
            |d| {
                d.actions.iter_mut().for_each(|a| a.cost = 0.0);
                d.budgets = vec![budget(Measure::Cost, 5.0)];
            },
            Warning,
            "budget `b`: none of its candidates costs anything",
        ),
        (
            |d| {
                guards(d, &["consent"]);
                d.overrides = vec![over(OverrideKind::Force(Scope::All), Some("!consent"))];
            },
            Warning,
            "override `o`: hard guards deny every candidate that it forces, and no override passes a guard",
        ),
        (
            |d| {
                guards(d, &["consent ?? false"]);
                d.overrides = vec![over(OverrideKind::Deny(Scope::All), Some("!(consent ?? false)"))];
            },
            Warning,
            "override `o`: hard guards deny every candidate that it denies",
        ),
        (
            |d| d.overrides = vec![over(OverrideKind::Force(Scope::All), Some("years > 3 && years < 3"))],
            Warning,
            "override `o`: its condition can never hold",
        ),
        (
            |d| {
                d.actions.iter_mut().for_each(|a| a.valid_from = Some(5_000));
                d.overrides = vec![over(OverrideKind::Force(Scope::All), None)];
            },
            Warning,
            "override `o`: none of its candidates is valid while it holds",
        ),
        (
            |d| {
                let deny =
                    Override { id: "d".into(), from: 0, until: 9_000, ..over(OverrideKind::Deny(Scope::All), None) };
                d.overrides = vec![over(OverrideKind::Force(Scope::All), None), deny];
            },
            Warning,
            "override `o`: `d` denies all of its candidates",
        ),
        (
            |d| {
                d.actions.iter_mut().for_each(|a| a.mandatory = true);
                d.exploration = Some(Exploration::EpsilonGreedy { epsilon: 0.1 });
            },
            Warning,
            "exploration: every action is mandatory",
        ),
        (
            |d| {
                let action = &mut d.actions[0];
                (action.mandatory, action.obeys_caps, action.valid_from, action.valid_until) =
                    (true, false, None, None);
                d.actions[1].mandatory = false;
                d.overrides.clear();
                d.arbitration.mode = Mode::Pcvl;
            },
            Warning,
            "it is mandatory and nothing ever stops it",
        ),
        (
            |d| {
                d.holdouts = sample().holdouts;
                d.holdouts[0].share = 1.0;
                d.holdouts[0].kind = crate::holdout::HoldoutKind::Program;
            },
            Warning,
            "its share is 1: nobody gets anything of this policy",
        ),
        (|d| d.fallback.clear(), Note, "fallback: there is none"),
        (
            |d| {
                d.actions.iter_mut().for_each(|a| {
                    a.propensity = None;
                    a.uplift = None;
                    a.treatments.iter_mut().for_each(|t: &mut Treatment| (t.propensity, t.uplift) = (None, None));
                });
                d.arbitration = crate::arbitration::Arbitration::default();
            },
            Note,
            "nothing reads it; take it out, or name it where it is meant",
        ),
    ];
    for (change, severity, words) in cases {
        let mut document = bare();
        change(&mut document);
        let findings = crate::check::check(&document);
        let said: Vec<String> = findings.iter().map(|f| format!("{:?} {f}", f.severity)).collect();
        let found = findings.iter().any(|f| f.severity == *severity && f.to_string().contains(words));
        assert!(found, "{words}: {said:#?}");
        assert!(findings.iter().all(|f| f.severity != Severity::Error), "{said:#?}");
    }
}

#[test]
fn what_is_meant_is_left_alone() {
    let clean: &[fn(&mut Document)] = &[
        |d| guards(d, &["consent", "years >= 18", "years < 65", "years != 30"]),
        |d| guards(d, &["years > 18", "years > 20"]),
        |d| guards(d, &["consent ?? false", "is_known(years)"]),
        |d| guards(d, &["action.channel != \"sms\" || years > 18", "years > 10 || consent"]),
        |d| {
            d.tables = vec![table(
                HitPolicy::Unique,
                &[("< 18", "-", 1), (">= 18", "\"email\"", 2), (">= 18", "not(\"email\")", 3)],
                Value::Unknown,
            )];
            guards(d, &["table(\"t\") > 1"]);
        },
        |d| {
            d.caps = vec![
                cap("a", CapTarget::All, 3, Window::Rolling(86_400)),
                cap("b", CapTarget::Group, 2, Window::Rolling(86_400)),
            ]
        },
        |d| {
            d.caps = vec![
                cap("a", CapTarget::All, 2, Window::Rolling(86_400)),
                cap("b", CapTarget::All, 3, Window::Rolling(864_000)),
            ]
        },
        |d| {
            guards(d, &["consent"]);
            d.overrides = vec![over(OverrideKind::Force(Scope::All), Some("years > 65"))];
        },
    ];
    for (i, change) in clean.iter().enumerate() {
        let mut document = bare();
        change(&mut document);
        let said: Vec<String> = crate::check::check(&document)
            .iter()
            .filter(|f| f.severity == Severity::Warning)
            .map(ToString::to_string)
            .collect();
        assert_eq!(said, Vec::<String>::new(), "{i}");
    }
}

/// Thousands of parts are looked at whole, within the bounds, and a finding among them is found.
#[test]
fn a_large_policy_is_looked_at_whole() {
    let mut document = bare();
    let groups = (0..50).map(|i| crate::action::Group { id: format!("g{i}"), weight: 0.0 });
    document.issues[0].groups.extend(groups);
    document.schema.fields.extend((0..30).map(|i| field(&format!("f{i}"), Type::Integer)));
    for i in 0..2_500 {
        let mut action = document.actions[2].clone();
        (action.id, action.group) = (format!("a{i}"), format!("g{}", i % 50));
        document.actions.push(action);
    }
    for i in 0..999 {
        let scope = match i % 20 {
            0 => Scope::All,
            1..=9 => Scope::Group(format!("g{}", i % 50)),
            _ => Scope::Action(format!("a{}", (i * 7) % 2_500)),
        };
        let (a, b) = (i % 30, (i * 11 + 3) % 30);
        let expr = match i % 4 {
            0 => format!("f{a} > {} || f{b} < 100", i % 60),
            1 => format!("f{a} < {} && is_known(f{b})", 100 + i % 50),
            2 => format!("f{a} != {} && !(f{b} in [{}, {}])", i % 90, i % 7, i % 11),
            _ => format!("(f{a} ?? 0) >= 0 || consent"),
        };
        document.rules.push(rule(
            &format!("r{i}"),
            [Stage::Guard, Stage::Eligibility, Stage::Suitability][i % 3],
            scope,
            &expr,
        ));
    }
    document.rules.push(rule("odd", Stage::Suitability, Scope::Group("g7".into()), "f3 > 10 && f3 < 11"));
    let said: Vec<String> = crate::check::check(&document).iter().map(ToString::to_string).collect();
    assert!(
        said.iter().any(|text| text.starts_with("rule `odd`: it can never be true")),
        "{:#?}",
        &said[..said.len().min(20)]
    );
}
