//! The draft becomes a policy: schema from the roles, the recipe, the models it uses, and where all of it came from.

use super::artifacts::TrainedModel;
use super::load::Loaded;
use super::parts::Parts;
use crate::data::Role;
use crate::features::events::Declared;
use crate::models::ModelSpec;
use crate::simulate::uses_models;
use attune_policy::diagnostic::{Diagnostic, Part, Severity};
use attune_policy::document::{Provenance, Source, Training};
use attune_policy::model::{Calibration, Function, Model};
use attune_policy::schema::{EventFeature, Field};
use attune_policy::{Document, check};
use std::sync::Arc;

/// A draft made whole.
#[derive(Clone, Debug)]
pub struct Assembled {
    /// The policy. Models that are not trained stand in as constants, so that rules which name them can be checked.
    pub document: Document,
    /// Models that the draft uses and that are not trained on what is there now; it must not decide before they are.
    pub untrained: Vec<String>,
}

/// What is wrong with a draft, models that it does not use aside: a project may keep some, and they are not exported.
pub fn findings(document: &Document) -> Vec<Diagnostic> {
    let mut findings = check::check(document);
    findings.retain(|finding| !(finding.severity == Severity::Note && matches!(finding.part, Part::Model(_))));
    findings
}

/// Assembles the draft over the data as loaded. `trained` gives the up-to-date model of an id. Models that the draft does
/// not use are left out, unless `all_models` asks for their names too, for checking rules while they are written.
pub fn assemble(
    parts: &Parts,
    loaded: &Loaded,
    trained: &dyn Fn(&str) -> Option<Arc<TrainedModel>>,
    all_models: bool,
) -> Assembled {
    let mut document = (*parts.draft).clone();
    document.schema = parts.roles.schema(&loaded.dataset);
    for feature in parts.events.iter() {
        if let Some(field) = document.schema.fields.iter_mut().find(|field| field.name == feature.name) {
            field.from = Some(Box::new(located(feature, loaded)));
            field.freshness.clone_from(&feature.freshness);
            field.missing = feature.missing.clone();
        }
    }
    for (name, rule) in parts.fields.iter() {
        if let Some(field) = document.schema.fields.iter_mut().find(|field| field.name == *name) {
            (field.freshness, field.missing) = (rule.freshness.clone(), rule.missing.clone());
        }
    }
    document.schema.fields.extend(subject_field(parts, loaded));
    document.recipe = (*parts.recipe).clone();
    let used = uses_models(&document);
    let mut untrained = Vec::new();
    let mut training = Vec::new();
    for spec in parts.models.iter() {
        let is_used = used.contains(&spec.id);
        if !is_used && !all_models {
            continue;
        }
        match trained(&spec.id) {
            Some(model) => {
                // The name is not among a model's inputs: it is the specification's, as it stands.
                document.recipe.extend(model.recipe.iter().cloned());
                document.models.push(Model { name: spec.name.clone(), ..model.model.clone() });
                training.push(provenance(&model));
            }
            None => {
                document.models.push(stand_in(spec));
                if is_used {
                    untrained.push(spec.id.clone());
                }
            }
        }
    }
    for attachment in parts.attached.iter() {
        for model in &attachment.models {
            if used.contains(&model.id) {
                document.models.push(model.clone());
                training.push(attachment.training(&model.id));
            } else if all_models {
                // Its name alone: what it reads of a candidate, no action may say yet.
                let Model { id, name, target, .. } = model.clone();
                document.models.push(Model { id, name, target, ..Model::default() });
            }
        }
    }
    let source = loaded.dataset.source();
    document.provenance = Provenance {
        sources: vec![Source { name: source.file.clone(), sha256: source.sha256.clone(), rows: source.rows }],
        runtime: format!("attune {}", env!("CARGO_PKG_VERSION")),
        as_of: parts.goal.as_of,
        training,
    };
    Assembled { document, untrained }
}

/// The subjects' keys as a field of a request, where an attached model knows subjects by them. Traces do not show them.
fn subject_field(parts: &Parts, loaded: &Loaded) -> Option<Field> {
    let name = parts.roles.first(Role::Subject)?;
    let column = loaded.dataset.column(name)?;
    let read = parts.attached.iter().any(|attachment| attachment.fields().contains(name));
    read.then(|| Field { source: column.source.clone(), masked: true, ..Field::new(name, column.type_) })
}

/// The definition with the key and time columns of its table, so that another runtime needs no more.
fn located(feature: &Declared, loaded: &Loaded) -> EventFeature {
    let table = loaded.table(&feature.of.table);
    EventFeature {
        key: table.and_then(|table| table.key.clone()).unwrap_or_default(),
        time: table.and_then(|table| table.time.clone()).unwrap_or_default(),
        ..feature.of.clone()
    }
}

fn provenance(trained: &TrainedModel) -> Training {
    let report = &trained.report;
    let metrics: Vec<(&str, f64)> = match (&report.out_of_fold.uplift, &report.out_of_fold.amount) {
        (Some(uplift), _) => {
            let keys =
                ["sklift_qini_auc", "sklift_uplift_auc", "causalml_qini_norm", "causalml_auuc_norm", "rate_qini"];
            let own = keys.into_iter().filter_map(|key| Some((key, uplift.metric(key)?.value)));
            own.chain([("effect", uplift.effect.value)]).collect()
        }
        (None, None) => {
            let q = &report.out_of_fold.quality;
            vec![("auc", q.auc.value), ("log_loss", q.log_loss), ("brier", q.brier), ("ece_quantile", q.ece_quantile)]
        }
        (None, Some(q)) => {
            vec![("rmse", q.rmse.value), ("mae", q.mae.value), ("r2", q.r2.value), ("bias", q.bias.value)]
        }
    };
    Training {
        model: trained.model.id.clone(),
        family: report.spec.learner().to_owned(),
        rows: report.rows,
        metrics: metrics.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        source: None,
    }
}

/// Lends a model's name to rules until it is trained. It never decides: see [`Assembled::untrained`].
fn stand_in(spec: &ModelSpec) -> Model {
    Model {
        id: spec.id.clone(),
        name: spec.name.clone(),
        target: "not trained yet".into(),
        inputs: Vec::new(),
        function: Function::Constant(0.5),
        calibration: Calibration::Identity,
        fallback: 0.5,
        ..Model::default()
    }
}
