//! A file of learned models looked at for a project: whether its policy could evaluate them, and what a person should know.

use super::{Attachment, Learned, another_clock, attach};
use crate::data::Role;
use crate::error::{Error, Result};
use crate::models::count;
use crate::project::artifacts::{find_model, model_key};
use crate::project::assemble::{assemble, findings};
use crate::project::erasure;
use crate::project::load::Loaded;
use crate::project::parts::Parts;
use crate::simulate::uses_models;
use attune_policy::Value;
use attune_policy::diagnostic::{Part, Severity};
use attune_policy::model::CANDIDATE;
use std::path::Path;
use std::sync::Arc;

/// Models that a project can have.
#[derive(Clone, Debug)]
pub struct Attachable {
    /// The models, without the subjects that the project erased.
    pub attachment: Attachment,
    /// The project with them.
    pub parts: Parts,
    /// What a person should know, one or two sentences each.
    pub notes: Vec<String>,
}

/// Looks at models for a project in the folder `dir`; nothing is written.
///
/// # Errors
/// As [`attach`]; when they hold keys where the project has pseudonyms, or the policy could not evaluate them over the project's
/// features, such as a number read from a text.
pub fn attachable(dir: &Path, parts: &Parts, loaded: &Loaded, mut learned: Learned) -> Result<Attachable> {
    let mut notes = Vec::new();
    let gone = erasure::keep_out(dir, parts, &mut learned)?;
    if gone > 0 {
        notes.push(format!("{} erased from the project: taken out of the models.", count(gone as u64)));
    }
    let attachment = Attachment::new(learned)?;
    let mut next = parts.clone();
    attach(&mut next, attachment.clone())?;
    evaluates(dir, &next, loaded, &attachment)?;
    notes.extend(known_subjects(&next, loaded, &attachment));
    notes.extend(items(&next, &attachment));
    let used = uses_models(&next.draft);
    if !attachment.models.iter().any(|model| used.contains(&model.id)) {
        let id = &attachment.id;
        notes.push(format!("The policy does not use `{id}` yet: write one of its expressions into a rule."));
    }
    notes.extend(another_clock(&attachment, &next.draft.zones).map(|told| format!("Mind that {told}.")));
    if let Some(old) = parts.attached.iter().find(|old| old.id == attachment.id && **old != attachment) {
        let until = old.until().map_or_else(String::new, |until| format!(" until {until}"));
        notes.push(format!(
            "It takes the place of what was attached as `{}`, learned from {}{until}.",
            old.id, old.source.name
        ));
    }
    Ok(Attachable { attachment, parts: next, notes })
}

fn evaluates(dir: &Path, parts: &Parts, loaded: &Loaded, attachment: &Attachment) -> Result<()> {
    let trained =
        |id: &str| find_model(dir, id, &model_key(parts.model(id)?, parts, &loaded.fingerprint)).map(Arc::new);
    let mut document = assemble(parts, loaded, &trained, false).document;
    document.models.retain(|model| attachment.models.iter().all(|own| own.id != model.id));
    document.models.extend(attachment.models.iter().cloned());
    // What no action says yet is for the user to add; here only whether it could be read.
    for fact in missing_facts(parts, attachment) {
        document.actions.iter_mut().for_each(|action| {
            action.attributes.insert(fact.to_owned(), Value::text(""));
        });
    }
    let own = |part: &Part| matches!(part, Part::Model(id) if attachment.models.iter().any(|model| model.id == *id));
    let found = findings(&document);
    match found.iter().find(|finding| finding.severity == Severity::Error && own(&finding.part)) {
        Some(finding) => Err(Error::new(finding.to_string())
            .in_file(dir)
            .hint("learn it from columns as the project has them, or name another feature with --input")),
        None => Ok(()),
    }
}

/// How many customers of the project a model knows by their keys.
fn known_subjects(parts: &Parts, loaded: &Loaded, attachment: &Attachment) -> Option<String> {
    let column = parts.roles.first(Role::Subject)?;
    let known = attachment.subjects(column);
    let keys = loaded.dataset.dictionary(column).ok().filter(|_| !known.is_empty())?;
    let both = keys.values.iter().filter(|key| known.contains(&***key)).count();
    let all = count(keys.values.len() as u64);
    Some(match both {
        0 => format!(
            "It knows none of the {all} customers by `{column}`: keys may be written otherwise, or stand as pseudonyms in the project."
        ),
        _ => format!(
            "It knows {} of the {all} customers; the policy will hold the keys of {}.",
            count(both as u64),
            count(known.len() as u64)
        ),
    })
}

/// What actions have to say for a model of what they offer.
fn items(parts: &Parts, attachment: &Attachment) -> Option<String> {
    let missing = missing_facts(parts, attachment);
    (!missing.is_empty()).then(|| {
        let fact = missing.join("`, `");
        format!("No action says its `{fact}` yet: give the actions that offer an item the attribute `{fact}`, as the model knows it.")
    })
}

/// Facts of the candidate that the models read and no action has.
fn missing_facts<'a>(parts: &Parts, attachment: &'a Attachment) -> Vec<&'a str> {
    let facts = attachment.fields().into_iter().filter_map(|field| field.strip_prefix(CANDIDATE));
    let says = |fact: &str| {
        let actions = parts.draft.actions.iter();
        actions.into_iter().any(|action| {
            action.attributes.contains_key(fact)
                || action.treatments.iter().any(|treatment| treatment.attributes.contains_key(fact))
        })
    };
    let own = ["id", "group", "issue", "channel", "treatment"];
    facts.filter(|fact| !own.contains(fact) && !says(fact)).collect()
}
