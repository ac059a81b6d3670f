//! `attune prove`: whether the hard guards of a policy keep its promises, or one that is asked about here.

use super::console::{Console, Failure, Outcome, Result};
use super::policy;
use attune_policy::error::Error as PolicyError;
use attune_policy::property::Property;
use attune_policy::prove::{Counterexample, Verdict, verdicts};
use attune_policy::rule::Scope;
use attune_policy::{Document, codec};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Prove what hard guards never let happen, or show a request for which they do; exit code 3 when a promise is broken.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune prove shop/policy.ron\n  attune prove shop/policy.ron --when '!(consent ?? false)' --never \
                  channel:email\n\nA scope is all, issue:ID, group:ID, action:ID, treatment:ACTION/ID or channel:ID."
)]
pub struct Prove {
    /// Policy file
    path: PathBuf,
    /// Condition under which nothing in the scope may be sent; without it the policy's own properties are proved
    #[arg(long, value_name = "EXPR")]
    when: Option<String>,
    /// What may not be sent then
    #[arg(long, value_name = "SCOPE", default_value = "all", requires = "when")]
    never: String,
}

impl Prove {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let bytes = policy::bytes(&self.path)?;
        let document = codec::read(&bytes).map_err(|error| policy::refused(&self.path, &error))?;
        let properties = match self.when {
            Some(when) => {
                let never = scope(&self.never).map_err(Failure::Usage)?;
                vec![Property { id: "asked".to_owned(), name: String::new(), when, never }]
            }
            None => document.properties.clone(),
        };
        if properties.is_empty() {
            let hint = "the policy declares no properties; ask about one with `--when` and `--never`";
            return Err(Failure::Usage(hint.to_owned()));
        }
        let verdicts = verdicts(&document, &properties)
            .map_err(|findings| policy::refused(&self.path, &PolicyError::Invalid(findings)))?;
        let (mut text, mut values, mut broken) = (String::new(), Vec::new(), false);
        for (property, verdict) in properties.iter().zip(verdicts) {
            let verdict = verdict.map_err(|findings| {
                let said: Vec<String> =
                    findings.iter().map(|f| format!("line {}, column {}: {}", f.line, f.column, f.message)).collect();
                attune_lab::Error::new(format!("property `{}`: {}", property.id, said.join("; "))).in_file(&self.path)
            })?;
            broken |= matches!(verdict, Verdict::Refuted { .. });
            let (line, value) = told(&document, property, &verdict);
            text.push_str(&line);
            values.push(value);
        }
        console.result(&text, &json!({ "path": self.path, "broken": broken, "properties": values }))?;
        Ok(if broken { Outcome::CheckFailed } else { Outcome::Done })
    }
}

fn told(document: &Document, property: &Property, verdict: &Verdict) -> (String, Value) {
    let name = if property.name.is_empty() { &property.id } else { &property.name };
    let mut value = json!({ "id": property.id, "name": property.name, "when": property.when });
    let line = match verdict {
        Verdict::Proved { by } => {
            value["verdict"] = json!("proved");
            value["by"] = json!(by);
            let by = if by.is_empty() { "no candidate can break it".to_owned() } else { by.join(", ") };
            format!("proved: {name} (by {by})\n")
        }
        Verdict::Refuted { counterexample } => {
            value["verdict"] = json!("refuted");
            value["counterexample"] = example(document, counterexample);
            format!("refuted: {name}: {}\n", counterexample.sentence(document))
        }
        Verdict::Undecided { why } => {
            value["verdict"] = json!("undecided");
            value["why"] = json!(why);
            format!("undecided: {name}: {why}\n")
        }
    };
    (line, value)
}

fn example(document: &Document, found: &Counterexample) -> Value {
    let action = document.actions.get(found.candidate.action as usize);
    let treatment = action.and_then(|action| action.treatments.get(found.candidate.treatment as usize));
    json!({
        "action": action.map(|action| &action.id),
        "treatment": treatment.map(|treatment| &treatment.id),
        "now": found.request.now,
        "zone": found.request.zone,
        "fields": found.read.iter().map(|(name, value)| json!({ "name": name, "value": value.to_string() })).collect::<Vec<_>>(),
        "events": found.events.iter().map(|event| json!({ "time": event.time, "kind": format!("{:?}", event.kind) })).collect::<Vec<_>>(),
        "sentence": found.sentence(document),
    })
}

fn scope(text: &str) -> std::result::Result<Scope, String> {
    let wrong =
        || format!("`{text}` is no scope; write all, issue:ID, group:ID, action:ID, treatment:ACTION/ID or channel:ID");
    if text == "all" {
        return Ok(Scope::All);
    }
    let (kind, id) = text.split_once(':').ok_or_else(wrong)?;
    let own = id.to_owned();
    match kind {
        "issue" => Ok(Scope::Issue(own)),
        "group" => Ok(Scope::Group(own)),
        "action" => Ok(Scope::Action(own)),
        "channel" => Ok(Scope::Channel(own)),
        "treatment" => {
            let (action, treatment) = id.split_once('/').ok_or_else(wrong)?;
            Ok(Scope::Treatment(action.to_owned(), treatment.to_owned()))
        }
        _ => Err(wrong()),
    }
}
