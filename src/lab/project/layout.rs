//! Which part lies in which file: parts to texts and back. It touches no disk.

use super::attached::{Attachment, Learned};
use super::format;
use super::parts::{DataSource, Goal, Parts, Scenario, is_slug};
use crate::data::{Role, Roles, TableKind};
use crate::error::{Error, Result};
use crate::features::entry::FieldRule;
use crate::features::events::Declared;
use crate::models::ModelSpec;
use attune_policy::Document;
use attune_policy::action::{Action, Channel, Issue};
use attune_policy::arbitration::{Arbitration, ColdStart, Slots};
use attune_policy::cases::Case;
use attune_policy::contact::{Budget, Cap, CoolDown, Exclusion, QuietHours, Stock, Suppression};
use attune_policy::document::{Fallback, Operation};
use attune_policy::exploration::Exploration;
use attune_policy::holdout::Holdout;
use attune_policy::limits::Limits;
use attune_policy::overrides::Override;
use attune_policy::property::Property;
use attune_policy::recipe::Step;
use attune_policy::rule::{OnMissing, Protects, Rule, Scope, Stage};
use attune_policy::table::Table;
use attune_policy::zones::{SendTime, Zones};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Texts by path inside the project, `/` between folders.
pub type Files = BTreeMap<String, String>;

/// `draft.ron`: a policy without rule bodies and without what assembling fills in.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    id: String,
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
    issues: Vec<Issue>,
    channels: Vec<Channel>,
    actions: Vec<Action>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    holdouts: Vec<Holdout>,
    rules: Vec<RuleHead>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    caps: Vec<Cap>,
    #[serde(default)]
    arbitration: Arbitration,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fallback: Vec<Fallback>,
    #[serde(default, skip_serializing_if = "Operation::is_live")]
    mode: Operation,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    baseline: Option<Fallback>,
    #[serde(default, skip_serializing_if = "Zones::is_empty")]
    zones: Zones,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    overrides: Vec<Override>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tables: Vec<Table>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cool_downs: Vec<CoolDown>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    exclusions: Vec<Exclusion>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    quiet_hours: Vec<QuietHours>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    stocks: Vec<Stock>,
    #[serde(default, skip_serializing_if = "ColdStart::is_empty")]
    cold_start: ColdStart,
    #[serde(default, skip_serializing_if = "Slots::is_single")]
    slots: Slots,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exploration: Option<Exploration>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    budgets: Vec<Budget>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    send_times: Vec<SendTime>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
    #[serde(default, skip_serializing_if = "Limits::is_empty")]
    limits: Limits,
}

/// A rule without its body, which lies in `rules/<id>.rhai`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleHead {
    id: String,
    name: String,
    stage: Stage,
    #[serde(default)]
    scope: Scope,
    #[serde(default)]
    on_missing: OnMissing,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    reason: String,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
    #[serde(default, skip_serializing_if = "Protects::is_law")]
    protects: Protects,
    /// SHA-256 of the body: a body cut off or edited elsewhere is noticed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    body: String,
}

fn yes() -> bool {
    true
}

/// `features.ron`: features over events, rules of columns, then the steps of the row recipe. A file may also hold the steps alone, as a
/// list: so it was before there were the others, and so it still is where there are none.
#[derive(Default)]
struct Features {
    events: Vec<Declared>,
    fields: BTreeMap<String, FieldRule>,
    steps: Vec<Step>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeaturesFile<E, F, S> {
    #[serde(default)]
    events: E,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fields: Option<F>,
    #[serde(default)]
    steps: S,
}

fn write_features(parts: &Parts) -> Result<String> {
    let Parts { events, fields, recipe, .. } = parts;
    if events.is_empty() && fields.is_empty() {
        return format::write("features", &**recipe);
    }
    let fields = (!fields.is_empty()).then_some(&**fields);
    format::write("features", &FeaturesFile { events: &**events, fields, steps: &**recipe })
}

impl<'de> Deserialize<'de> for Features {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Features, D::Error> {
        struct Either;
        impl<'de> serde::de::Visitor<'de> for Either {
            type Value = Features;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("steps as a list, or `(events: […], fields: {…}, steps: […])`")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, seq: A) -> std::result::Result<Features, A::Error> {
                let steps = Deserialize::deserialize(serde::de::value::SeqAccessDeserializer::new(seq))?;
                Ok(Features { steps, ..Features::default() })
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> std::result::Result<Features, A::Error> {
                let file: FeaturesFile<Vec<Declared>, BTreeMap<String, FieldRule>, Vec<Step>> =
                    Deserialize::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Features { events: file.events, fields: file.fields.unwrap_or_default(), steps: file.steps })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Every file of a project's parts.
pub fn write(parts: &Parts) -> Result<Files> {
    let mut files = Files::new();
    // The instant stands once, in the goal.
    let roles = Roles { as_of: None, ..(*parts.roles).clone() };
    files.insert("project.ron".into(), format::write("project", &*parts.goal)?);
    files.insert("roles.ron".into(), format::write("roles", &roles)?);
    files.insert("features.ron".into(), write_features(parts)?);
    files.insert("models.ron".into(), format::write("models", &*parts.models)?);
    for attachment in parts.attached.iter() {
        files.insert(format!("attached/{}.ron", named(&attachment.id)?), attachment.text().to_owned());
    }
    for source in parts.sources.iter() {
        files.insert(format!("data/{}.source.ron", named(&source.name)?), format::write("source", source)?);
    }
    for scenario in parts.scenarios.iter() {
        files.insert(format!("scenarios/{}.ron", named(&scenario.id)?), format::write("scenario", scenario)?);
    }
    for case in &parts.draft.cases {
        files.insert(format!("cases/{}.ron", named(&case.id)?), format::write("case", case)?);
    }
    let Document {
        id,
        name,
        note,
        schema: _,
        recipe: _,
        issues,
        channels,
        actions,
        holdouts,
        rules,
        caps,
        arbitration,
        fallback,
        mode,
        baseline,
        zones,
        overrides,
        tables,
        suppressions,
        cool_downs,
        exclusions,
        quiet_hours,
        stocks,
        cold_start,
        slots,
        exploration,
        budgets,
        send_times,
        properties,
        limits,
        cases: _,
        models: _,
        provenance: _,
    } = (*parts.draft).clone();
    let mut heads = Vec::with_capacity(rules.len());
    for rule in rules {
        let Rule { id, name, stage, scope, expr, on_missing, reason, enabled, note, protects } = rule;
        let path = format!("rules/{}.rhai", named(&id)?);
        let body = super::artifacts::sha256(expr.as_bytes());
        files.insert(path, expr);
        heads.push(RuleHead { id, name, stage, scope, on_missing, reason, enabled, note, protects, body });
    }
    let draft = Draft {
        id,
        name,
        note,
        issues,
        channels,
        actions,
        holdouts,
        rules: heads,
        caps,
        arbitration,
        fallback,
        mode,
        baseline,
        zones,
        overrides,
        tables,
        suppressions,
        cool_downs,
        exclusions,
        quiet_hours,
        stocks,
        cold_start,
        slots,
        exploration,
        budgets,
        send_times,
        properties,
        limits,
    };
    files.insert("draft.ron".into(), format::write("draft", &draft)?);
    Ok(files)
}

/// What was read of a project's files.
pub struct Found {
    /// The parts.
    pub parts: Parts,
    /// Files that could not be used, by name and line.
    pub problems: Vec<Error>,
    /// Their names inside the project.
    pub broken: Vec<String>,
}

/// The parts of a project's files. `get` gives the text of a file, `None` when there is none. A file that cannot be used
/// is named in the problems and its part is empty; the others are read all the same.
///
/// # Errors
/// Only when a file was written by a newer version: then nothing may be edited.
pub fn read(dir: &Path, names: &[String], get: &dyn Fn(&str) -> Result<Option<String>>) -> Result<Found> {
    let mut reader = Reader { dir, get, problems: Vec::new(), broken: Vec::new() };
    let goal: Goal = reader.part("project.ron", "project")?.unwrap_or_else(|| Goal {
        name: dir.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
        ..Goal::default()
    });
    let mut roles: Roles = reader.part("roles.ron", "roles")?.unwrap_or_default();
    roles.as_of = goal.as_of;
    let Features { events, fields, steps: recipe } = reader.part("features.ron", "features")?.unwrap_or_default();
    for feature in &events {
        // What a person declared is a feature, unless they gave it another role.
        roles.columns.entry(feature.name.clone()).or_insert(Role::Feature);
    }
    let models: Vec<ModelSpec> = reader.part("models.ron", "models")?.unwrap_or_default();
    let mut draft = reader.draft()?;
    let mut sources: Vec<DataSource> = Vec::new();
    let mut scenarios: Vec<Scenario> = Vec::new();
    let mut attached: Vec<Attachment> = Vec::new();
    for name in names {
        if name.starts_with("data/") && name.ends_with(".source.ron") {
            sources.extend(reader.part::<DataSource>(name, "source")?.map(|mut source| {
                if source.name == super::HISTORY && source.kind.is_customers() {
                    // Written before sources had kinds.
                    source.kind = TableKind::Contacts;
                }
                source
            }));
        } else if name.starts_with("cases/") && name.ends_with(".ron") {
            draft.cases.extend(reader.part::<Case>(name, "case")?);
        } else if name.starts_with("attached/") && name.ends_with(".ron") {
            attached.extend(reader.part::<Learned>(name, "learned")?.map(Attachment::new).transpose()?);
        } else if name.starts_with("scenarios/") && name.ends_with(".ron") {
            scenarios.extend(reader.part::<Scenario>(name, "scenario")?);
        }
    }
    // The customer table leads, whatever it is followed by.
    sources.sort_by(|a, b| source_order(a).cmp(&source_order(b)));
    let parts = Parts {
        goal: Arc::new(goal),
        sources: Arc::new(sources),
        roles: Arc::new(roles),
        events: Arc::new(events),
        fields: Arc::new(fields),
        recipe: Arc::new(recipe),
        models: Arc::new(models),
        attached: Arc::new(attached),
        draft: Arc::new(draft),
        scenarios: Arc::new(scenarios),
    };
    reader.problems.extend(parts.breaches().into_iter().map(|breach| Error::new(breach).in_file(dir)));
    Ok(Found { parts, problems: reader.problems, broken: reader.broken })
}

/// Order of sources: `customers`, then other tables with a row per subject, then the rest, each by name.
pub fn source_order(source: &DataSource) -> (bool, bool, &str) {
    (source.name != super::CUSTOMERS, !source.kind.is_customers(), &source.name)
}

struct Reader<'a> {
    dir: &'a Path,
    get: &'a dyn Fn(&str) -> Result<Option<String>>,
    problems: Vec<Error>,
    broken: Vec<String>,
}

impl Reader<'_> {
    fn part<T: DeserializeOwned>(&mut self, name: &str, format: &str) -> Result<Option<T>> {
        let path = self.dir.join(name);
        let text = match (self.get)(name) {
            Ok(Some(text)) => text,
            Ok(None) => {
                self.problems.push(Error::new("is missing; this part of the project is empty").in_file(&path));
                return Ok(None);
            }
            Err(error) => {
                self.problems.push(error);
                self.broken.push(name.to_owned());
                return Ok(None);
            }
        };
        match format::read(format, &text) {
            Ok(part) => Ok(Some(part)),
            Err(error) if format::is_newer(&text) => Err(error.in_file(&path)),
            Err(error) => {
                self.problems.push(error.in_file(&path));
                self.broken.push(name.to_owned());
                Ok(None)
            }
        }
    }

    fn draft(&mut self) -> Result<Document> {
        let Some(draft) = self.part::<Draft>("draft.ron", "draft")? else { return Ok(Document::default()) };
        let Draft {
            id,
            name,
            note,
            issues,
            channels,
            actions,
            holdouts,
            rules,
            caps,
            arbitration,
            fallback,
            mode,
            baseline,
            zones,
            overrides,
            tables,
            suppressions,
            cool_downs,
            exclusions,
            quiet_hours,
            stocks,
            cold_start,
            slots,
            exploration,
            budgets,
            send_times,
            properties,
            limits,
        } = draft;
        let rules = rules.into_iter().map(|head| self.rule(head)).collect();
        Ok(Document {
            id,
            name,
            note,
            issues,
            channels,
            actions,
            holdouts,
            rules,
            caps,
            arbitration,
            fallback,
            mode,
            baseline,
            zones,
            overrides,
            tables,
            suppressions,
            cool_downs,
            exclusions,
            quiet_hours,
            stocks,
            cold_start,
            slots,
            exploration,
            budgets,
            send_times,
            properties,
            limits,
            ..Document::default()
        })
    }

    fn rule(&mut self, head: RuleHead) -> Rule {
        let RuleHead { id, name, stage, scope, on_missing, reason, enabled, note, protects, body } = head;
        let file = format!("rules/{id}.rhai");
        let path = self.dir.join(&file);
        // An id from a file edited by hand must not lead out of the folder.
        let text = if is_slug(&id) { (self.get)(&file) } else { Ok(None) };
        let expr = match text {
            Ok(Some(text)) => {
                if !body.is_empty() && super::artifacts::sha256(text.as_bytes()) != body {
                    let changed = Error::new("was changed outside Attune, or cut off; it is used as it stands now");
                    self.problems.push(changed.in_file(&path).hint("read the rule before you rely on it"));
                }
                text
            }
            Ok(None) => {
                let gone = Error::new(format!("the body of rule “{name}” is missing"));
                self.problems.push(gone.in_file(&path).hint("write it again, or remove the rule"));
                String::new()
            }
            Err(error) => {
                self.problems.push(error);
                String::new()
            }
        };
        Rule { id, name, stage, scope, expr, on_missing, reason, enabled, note, protects }
    }
}

fn named(id: &str) -> Result<&str> {
    if is_slug(id) {
        return Ok(id);
    }
    Err(Error::new(format!("`{id}` cannot name a file"))
        .hint("use lower-case letters, digits, `_` and `-`, at most 64 of them"))
}
