//! Models that were learned apart from the project's own training and became part of it: segments, recommenders, send times.
//!
//! [`Learned`] is the file that `attune analyze … --model` writes: the models as data, what they learned from, how, and how rules read
//! them. [`attach`] makes it part of a project, where it is a file of its own, `attached/<id>.ron`, and part of the document, so that an
//! edit takes it in and out like anything else. Nothing is trained here, and nothing is trained again when the data change.

mod attachable;
mod clock;
mod forget;

pub use attachable::{Attachable, attachable};
pub use clock::{another_clock, hours_of_another_clock};

use super::artifacts::sha256;
use super::format;
use super::parts::{Parts, is_slug};
use crate::data::import::dates;
use crate::data::{self, Role};
use crate::error::{Error, Result};
use crate::models::recommend::{Calibrated, Comparison};
use crate::models::segments::SegmentReport;
use crate::models::value::{Clock, Preference};
use attune_policy::document::{Source, Training};
use attune_policy::model::{CANDIDATE, Encode, Model};
use attune_policy::suggest::nearest;
use attune_policy::zones::SendTime;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

/// Models learned from a file, and everything that is known about them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Learned {
    /// Slug. The only model has it, or each of several has it before `_1`, `_2` …
    pub id: String,
    /// Name for people.
    pub name: String,
    /// What the models are for.
    pub kind: LearnedKind,
    /// The file they learned from.
    pub source: Source,
    /// How they were learned: "k-means, 3 segments by age, spend".
    pub family: String,
    /// Rows learned from.
    pub rows: u64,
    /// The first and the last instant of what they learned from (ms), where it has instants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<(i64, i64)>,
    /// The clock that hours of the day are of; UTC where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Clock>,
    /// How good they are, by the name of the metric.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<(String, f64)>,
    /// How rules read them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<Usage>,
    /// The models.
    pub models: Vec<Model>,
}

/// What models are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LearnedKind {
    /// One score for each segment: the largest says which one a customer belongs to.
    Segments,
    /// A score for a customer and an item, which actions name.
    Recommender,
    /// A score that is an hour of the day.
    SendTimes,
}

/// A Rhai expression that reads the models, and what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// What it says: the name of a segment.
    pub name: String,
    /// The expression.
    pub expr: String,
}

impl LearnedKind {
    /// The kind in words.
    pub fn words(self) -> &'static str {
        match self {
            LearnedKind::Segments => "segments",
            LearnedKind::Recommender => "recommender",
            LearnedKind::SendTimes => "send times",
        }
    }
}

impl Learned {
    /// Segments, as [`crate::models::segments::segment`] found them.
    pub fn segments(report: &SegmentReport, models: Vec<Model>, source: &data::Source) -> Learned {
        let k = report.tried.iter().find(|tried| tried.k == report.k);
        let of = |name: &str, value: Option<f64>| value.map(|value| (name.to_owned(), value));
        let stability = &report.stability;
        let metrics = [
            of("silhouette", k.map(|k| k.silhouette)),
            of("bic", k.and_then(|k| k.bic)),
            of("stability", (stability.resamples > 0).then_some(stability.mean)),
            of("lowered_agreement", Some(report.lowered_agreement)),
        ];
        let spec = &report.spec;
        Learned {
            id: spec.id.clone(),
            name: format!("Segments by {}", spec.features.join(", ")),
            kind: LearnedKind::Segments,
            source: from(source),
            family: format!("{}, {} segments by {}", spec.method.words(), report.k, spec.features.join(", ")),
            rows: report.rows,
            period: None,
            clock: None,
            metrics: metrics.into_iter().flatten().collect(),
            uses: report
                .segments
                .iter()
                .map(|segment| Usage { name: segment.name.clone(), expr: segment.condition.clone() })
                .collect(),
            models,
        }
    }

    /// A recommender as [`crate::models::recommend::lower`] gives it, the best of a comparison.
    pub fn recommender(
        model: Model,
        comparison: &Comparison,
        method: &str,
        calibrated: Option<&Calibrated>,
        period: Option<(i64, i64)>,
        source: &data::Source,
    ) -> Learned {
        let k = comparison.k;
        let mut metrics = Vec::new();
        if let Some(own) = comparison.methods.iter().find(|other| other.name == method)
            && let Some(all) = own.all()
        {
            metrics.extend([
                (format!("ndcg_at_{k}"), all.ndcg.value),
                (format!("recall_at_{k}"), all.recall.value),
                ("coverage".to_owned(), own.coverage),
            ]);
        }
        if let Some(own) = calibrated {
            metrics.extend([
                ("ece_quantile".to_owned(), own.quality.ece_quantile),
                ("log_loss".into(), own.quality.log_loss),
            ]);
        }
        let what = if calibrated.is_some() { "probability of taking the item" } else { "rank score of the item" };
        Learned {
            id: model.id.clone(),
            name: model.name.clone(),
            kind: LearnedKind::Recommender,
            source: from(source),
            family: format!("recommender: {method}"),
            rows: source.rows,
            period,
            clock: None,
            metrics,
            uses: vec![Usage { name: what.into(), expr: score(&model.id) }],
            models: vec![model],
        }
    }

    /// Best hours as [`crate::models::value::lower_hours`] gives them, of these preferences and on this clock.
    pub fn send_times(
        model: Model,
        hours: &Preference,
        clock: Clock,
        period: Option<(i64, i64)>,
        source: &data::Source,
    ) -> Learned {
        let acts: u64 = hours.subjects.iter().map(|subject| subject.observations).sum();
        Learned {
            id: model.id.clone(),
            name: model.name.clone(),
            kind: LearnedKind::SendTimes,
            source: from(source),
            family: format!("best hour on {clock} by Dirichlet–multinomial shrinkage"),
            rows: acts,
            period,
            clock: Some(clock),
            metrics: vec![
                ("customers".into(), hours.subjects.len() as f64),
                ("concentration".into(), hours.concentration),
            ],
            uses: vec![Usage { name: "best hour of the customer".into(), expr: score(&model.id) }],
            models: vec![model],
        }
    }

    /// The file's text.
    ///
    /// # Errors
    /// When a model holds a number that RON cannot write.
    pub fn text(&self) -> Result<String> {
        format::write("learned", self)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read; as [`Learned::parse`].
    pub fn read(file: &Path) -> Result<Learned> {
        let text = std::fs::read_to_string(file).map_err(|error| Error::new(format!("could not be read: {error}")));
        text.and_then(|text| Learned::parse(&text)).map_err(|error| error.in_file(file))
    }

    /// Reads the file's text back.
    ///
    /// # Errors
    /// When the text is no such file, was written by a newer version, or holds no model.
    pub fn parse(text: &str) -> Result<Learned> {
        if text.trim_start().starts_with('[') {
            return Err(Error::new("holds models alone and does not say what they learned from")
                .hint("write it again with `attune analyze segments`, `recommend` or `send-time` and --model"));
        }
        let learned: Learned = format::read("learned", text)?;
        if learned.models.is_empty() {
            return Err(Error::new("holds no model"));
        }
        Ok(learned)
    }

    /// The same under another id; models and the expressions that read them go along.
    ///
    /// # Errors
    /// When the id is no slug.
    pub fn called(mut self, id: &str) -> Result<Learned> {
        slug(id)?;
        let renamed: Vec<(String, String)> = self
            .models
            .iter()
            .map(|model| {
                let rest = model.id.strip_prefix(&self.id).unwrap_or(&model.id);
                (model.id.clone(), format!("{id}{rest}"))
            })
            .collect();
        for (model, (_, new)) in self.models.iter_mut().zip(&renamed) {
            model.id.clone_from(new);
        }
        for usage in &mut self.uses {
            for (old, new) in &renamed {
                usage.expr = usage.expr.replace(&score(old), &score(new));
            }
        }
        id.clone_into(&mut self.id);
        Ok(self)
    }

    /// The same over other features: what a model read as the first is called as the second in the project.
    ///
    /// # Errors
    /// When no model reads the first.
    pub fn reading(mut self, names: &BTreeMap<String, String>) -> Result<Learned> {
        let known: BTreeSet<String> = self.fields().into_iter().map(str::to_owned).collect();
        if let Some(name) = names.keys().find(|name| !known.contains(*name)) {
            let all: Vec<&str> = known.iter().map(String::as_str).collect();
            return Err(Error::new(format!("no model reads `{name}`")).hint(format!("they read {}", all.join(", "))));
        }
        for input in self.models.iter_mut().flat_map(|model| &mut model.inputs) {
            if let Some(name) = names.get(&input.field) {
                input.field.clone_from(name);
            }
        }
        Ok(self)
    }

    /// What the models read, each once: columns, and facts of the candidate such as `action.item`.
    pub fn fields(&self) -> BTreeSet<&str> {
        self.models.iter().flat_map(|model| &model.inputs).map(|input| input.field.as_str()).collect()
    }

    /// Keys of subjects that the models hold, where they read the column of subjects.
    pub fn subjects(&self, column: &str) -> BTreeSet<&str> {
        let inputs = self.models.iter().flat_map(|model| &model.inputs).filter(|input| input.field == column);
        inputs
            .flat_map(|input| match &input.encode {
                Encode::Category { categories } => categories.as_slice(),
                _ => &[],
            })
            .map(String::as_str)
            .collect()
    }

    /// The last instant that they learned from, as people write it; `None` where what they learned from has no instants.
    pub fn until(&self) -> Option<String> {
        self.period.map(|(_, last)| dates::render(last))
    }

    /// Up to when they learned, and how they come to know more; `None` as in [`Learned::until`].
    pub fn freshness(&self) -> Option<String> {
        let until = self.until()?;
        let question = match self.kind {
            LearnedKind::Segments => "segments",
            LearnedKind::Recommender => "recommend",
            LearnedKind::SendTimes => "send-time",
        };
        let baskets = match self.fields().into_iter().any(|field| is_list(self, field)) {
            true => {
                " The table of what customers have is of that instant too: write it anew with --baskets, then `attune refresh`."
            }
            false => "",
        };
        Some(format!(
            "It knows what happened until {until}, and nothing that came later. To refresh it, run `attune analyze {question} … --model` over newer \
             data and attach that file: it takes the place of this one.{baskets}"
        ))
    }

    /// How a model of the file was trained, for a policy.
    pub fn training(&self, model: &str) -> Training {
        Training {
            model: model.to_owned(),
            family: self.family.clone(),
            rows: self.rows,
            metrics: self.metrics.clone(),
            source: Some(self.source.clone()),
        }
    }

    /// Takes the subjects for whom `is_gone` holds out of the models that read `column`; how many there were. Everybody else is scored as
    /// before.
    pub fn forget(&mut self, column: &str, is_gone: &dyn Fn(&str) -> bool) -> usize {
        self.models.iter_mut().map(|model| forget::forget(model, column, is_gone)).max().unwrap_or(0)
    }
}

/// [`Learned`] as part of a project. Clones share it; two are equal where their texts are.
#[derive(Clone, Debug)]
pub struct Attachment {
    learned: Arc<Learned>,
    text: Arc<str>,
    key: Arc<str>,
}

impl Attachment {
    /// Made ready to be written.
    ///
    /// # Errors
    /// As [`Learned::text`].
    pub fn new(learned: Learned) -> Result<Attachment> {
        let text = learned.text()?;
        let key = sha256(text.as_bytes());
        Ok(Attachment { learned: Arc::new(learned), text: text.into(), key: key.into() })
    }

    /// The text of its file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the text, lower-case hex.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl Deref for Attachment {
    type Target = Learned;

    fn deref(&self) -> &Learned {
        &self.learned
    }
}

impl PartialEq for Attachment {
    fn eq(&self, other: &Attachment) -> bool {
        self.key == other.key
    }
}

/// Makes models part of a project, in place of those attached under the same id. Send times are put into the policy, where none reads
/// them yet.
///
/// # Errors
/// When an id is no slug or one that the project has for something else, they read what is no feature of the project, hours are of
/// another clock than the policy's, or the policy has send times that come before them.
pub fn attach(parts: &mut Parts, attachment: Attachment) -> Result<()> {
    slug(&attachment.id)?;
    attachment.models.iter().try_for_each(|model| slug(&model.id))?;
    if let Some(there) = parts.attached.iter().find(|there| there.id == attachment.id && there.kind != attachment.kind)
    {
        let (id, old, new) = (&there.id, there.kind.words(), attachment.kind.words());
        return Err(Error::new(format!("`{id}` is attached as {old} and would become {new}"))
            .hint("detach it first, or attach this under another id"));
    }
    let taken = parts.attached.iter().filter(|other| other.id != attachment.id).flat_map(|other| &other.models);
    let mut taken = taken.map(|model| &model.id).chain(parts.models.iter().map(|spec| &spec.id));
    if let Some(id) = taken.find(|id| attachment.models.iter().any(|model| model.id == **id)) {
        return Err(Error::new(format!("there is a model `{id}` already")).hint("attach it under another id"));
    }
    fits(&attachment, parts)?;
    clock::check(&attachment, &parts.draft.zones)?;
    if attachment.kind == LearnedKind::SendTimes {
        let hour = score(&attachment.id);
        if !parts.draft.send_times.iter().any(|part| part.hour.contains(&hour)) {
            would_be_used(&attachment, parts)?;
            let taken = |id: &str| parts.draft.send_times.iter().any(|part| part.id == id);
            let id = super::slug(&attachment.id, &taken);
            let part = SendTime { id, channel: None, hour, within: 24 };
            Arc::make_mut(&mut parts.draft).send_times.push(part);
        }
    }
    let attached = Arc::make_mut(&mut parts.attached);
    attached.retain(|other| other.id != attachment.id);
    attached.push(attachment);
    // In the order in which their files are read back.
    attached.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(())
}

/// Refuses send times that another part of the policy would always come before.
fn would_be_used(attachment: &Attachment, parts: &Parts) -> Result<()> {
    let Some(first) = parts.draft.send_times.iter().find(|part| part.channel.is_none()) else { return Ok(()) };
    let new = &attachment.id;
    let own = |other: &&Attachment| other.kind == LearnedKind::SendTimes && first.hour.contains(&score(&other.id));
    let (told, hint) = match parts.attached.iter().find(own) {
        Some(old) => (
            format!("the policy sends at the hours of `{}` already, and would never ask `{new}`", old.id),
            format!("detach `{0}` first, or attach this as `{0}`, in whose place it then comes", old.id),
        ),
        None => (
            format!(
                "the policy has the send time `{}` for every channel already, and would never ask `{new}`",
                first.id
            ),
            format!("take it out of the policy, give it a channel, or read `{}` in it", score(new)),
        ),
    };
    Err(Error::new(told).hint(hint))
}

/// Takes attached models out of a project, and send times that read nothing else out of its policy. Rules that read them stay, and are
/// reported when the policy is checked.
///
/// # Errors
/// When nothing is attached under the id.
pub fn detach(parts: &mut Parts, id: &str) -> Result<()> {
    if !parts.attached.iter().any(|attachment| attachment.id == id) {
        let ids: Vec<&str> = parts.attached.iter().map(|attachment| attachment.id.as_str()).collect();
        return Err(Error::new(format!("nothing is attached as `{id}`")).hint(match ids.is_empty() {
            true => "no models are attached".to_owned(),
            false => format!("attached are {}", ids.join(", ")),
        }));
    }
    Arc::make_mut(&mut parts.attached).retain(|attachment| attachment.id != id);
    let hour = score(id);
    if parts.draft.send_times.iter().any(|part| part.hour == hour) {
        Arc::make_mut(&mut parts.draft).send_times.retain(|part| part.hour != hour);
    }
    Ok(())
}

/// Refuses models that read what a policy of the project will not know, with what to do.
fn fits(learned: &Learned, parts: &Parts) -> Result<()> {
    let readable = |role: Role| matches!(role, Role::Feature | Role::Context | Role::Consent);
    let made: BTreeSet<&str> = parts
        .events
        .iter()
        .map(|feature| feature.name.as_str())
        .chain(parts.recipe.iter().map(|step| step.output.as_str()))
        .collect();
    for field in learned.fields() {
        if field.starts_with(CANDIDATE) || made.contains(field) {
            continue;
        }
        let id = &learned.id;
        match parts.roles.columns.get(field) {
            Some(role) if readable(*role) || *role == Role::Subject => {}
            Some(role) => {
                return Err(Error::new(format!(
                    "`{id}` reads `{field}`, which has the role {}: policies read features, context and consent alone",
                    role.label()
                ))
                .hint(format!("give it the role feature, or name another feature: --input {field}=NAME")));
            }
            None => {
                let columns =
                    parts.roles.columns.iter().filter(|(_, role)| readable(**role)).map(|(name, _)| name.as_str());
                let guess = match nearest(field, columns.chain(made.iter().copied())) {
                    Some(near) => format!("; did you mean `{near}`? Then say --input {field}={near}"),
                    None => String::new(),
                };
                let how = match learned.kind {
                    LearnedKind::Recommender if is_list(learned, field) => {
                        "`attune analyze recommend … --baskets FILE` writes what each customer has; import that table into the project"
                    }
                    LearnedKind::Recommender | LearnedKind::SendTimes => {
                        "give the column of the customers' keys the role subject, and name it with --input"
                    }
                    LearnedKind::Segments => "import a table that has it, or make it with `attune features`",
                };
                return Err(
                    Error::new(format!("`{id}` reads `{field}`, which is no feature of the project{guess}")).hint(how)
                );
            }
        }
    }
    Ok(())
}

/// Whether a field lists items.
fn is_list(learned: &Learned, field: &str) -> bool {
    let inputs = learned.models.iter().flat_map(|model| &model.inputs);
    inputs.filter(|input| input.field == field).any(|input| matches!(input.encode, Encode::Items { .. }))
}

/// How a rule reads a model.
fn score(id: &str) -> String {
    format!("score(\"{id}\")")
}

fn slug(id: &str) -> Result<()> {
    if is_slug(id) {
        return Ok(());
    }
    Err(Error::new(format!("`{id}` cannot be the id of a model"))
        .hint("use lower-case letters, digits, `_` and `-`, at most 64 of them"))
}

fn from(source: &data::Source) -> Source {
    Source { name: source.file.clone(), sha256: source.sha256.clone(), rows: source.rows }
}
