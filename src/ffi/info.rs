//! What a program may want to know of a policy before it asks: which fields a request carries, what can be chosen.

use attune_policy::schema::FieldKind;
use attune_policy::{Policy, Type, instant};
use serde::Serialize;

/// The policy in JSON, on one line.
pub fn info(policy: &Policy) -> String {
    let document = policy.document();
    let candidate = |candidate| {
        let (action, treatment) = policy.names(candidate);
        let found = document.actions.get(candidate.action as usize);
        let (name, group) = found.map_or(("", ""), |a| (&*a.name, &*a.group));
        let treated = found.and_then(|a| a.treatments.get(candidate.treatment as usize));
        let (channel, template) = treated.map_or(("", ""), |t| (&*t.channel, &*t.template));
        Choice { action, treatment, name, group, channel, template }
    };
    let info = Info {
        policy: &document.id,
        name: &document.name,
        note: &document.note,
        revision: policy.revision(),
        format: policy.format().to_string(),
        signed_by: policy.signed_by(),
        runtime: env!("CARGO_PKG_VERSION"),
        as_of: document.provenance.as_of,
        fields: document
            .schema
            .fields
            .iter()
            .map(|f| Field {
                name: &f.name,
                source: &f.source,
                type_: f.type_,
                kind: f.kind,
                categories: &f.categories,
            })
            .collect(),
        candidates: policy.candidates().iter().copied().map(candidate).collect(),
        models: document.models.iter().map(|m| Model { id: &m.id, name: &m.name, target: &m.target }).collect(),
        warnings: policy.warnings().iter().map(ToString::to_string).collect(),
    };
    // Fails for an instant outside the calendar alone, which no policy file carries.
    serde_json::to_string(&info).unwrap_or_else(|error| serde_json::json!({ "error": error.to_string() }).to_string())
}

#[derive(Serialize)]
struct Info<'a> {
    policy: &'a str,
    name: &'a str,
    note: &'a str,
    revision: &'a str,
    /// Of the file it was loaded from.
    format: String,
    signed_by: &'a [String],
    runtime: &'static str,
    #[serde(with = "instant::option")]
    as_of: Option<i64>,
    fields: Vec<Field<'a>>,
    /// In the order of the positions that a trace names.
    candidates: Vec<Choice<'a>>,
    models: Vec<Model<'a>>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct Field<'a> {
    name: &'a str,
    source: &'a str,
    #[serde(rename = "type")]
    type_: Type,
    kind: FieldKind,
    categories: &'a [String],
}

#[derive(Serialize)]
struct Choice<'a> {
    action: &'a str,
    treatment: &'a str,
    name: &'a str,
    group: &'a str,
    channel: &'a str,
    template: &'a str,
}

#[derive(Serialize)]
struct Model<'a> {
    id: &'a str,
    name: &'a str,
    target: &'a str,
}
