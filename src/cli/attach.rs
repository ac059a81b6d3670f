//! `attune attach`: models that were learned from a file, made part of a project, and taken out again.

use super::console::{Console, Failure, Outcome, Result};
use super::table::{Table, count, wrap};
use attune_lab::Error;
use attune_lab::data::Role;
use attune_lab::project::{self, Access, Attachment, Learned, LearnedKind, Loaded, Parts, erasure};
use attune_lab::simulate::uses_models;
use attune_policy::diagnostic::{Part, Severity};
use attune_policy::model::CANDIDATE;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Make segments, a recommender or send times part of a project, so that its policy can read them.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune analyze segments customers.csv --features age,spend --model segments.ron\n  \
                        attune attach shop segments.ron            rules read score(\"segments_1\"), score(\"segments_2\") …\n  \
                        attune attach shop segments.ron --as taste --input spend=spend_12m\n  \
                        attune attach shop hours.ron               the policy sends at the hours of `attune analyze send-time`\n  \
                        attune attach shop                         what is attached, and how rules read it\n  \
                        attune attach shop --detach segments\n\n\
                        A recommender scores what an action offers: give actions the attribute `item`, and take the score as their \
                        propensity or in the formula of arbitration. What is attached again under the same id takes the place of what was \
                        there. The models go into the project's folder and, where the policy uses them, into the exported file, with \
                        the name and SHA-256 of what they learned from. Send times and factors hold the keys of customers."
)]
pub struct Attach {
    /// Folder of the project
    project: PathBuf,
    /// File that `attune analyze segments`, `recommend` or `send-time` wrote with --model; without one, what is attached is shown
    file: Option<PathBuf>,
    /// Id by which rules read it, in place of its own
    #[arg(long = "as", value_name = "ID", requires = "file")]
    id: Option<String>,
    /// The project's name for a column that the models read
    #[arg(long = "input", value_name = "COLUMN=FEATURE", requires = "file")]
    inputs: Vec<String>,
    /// Take out what is attached under this id
    #[arg(long, value_name = "ID", conflicts_with = "file")]
    detach: Option<String>,
}

impl Attach {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        if let Some(id) = &self.detach {
            return self.detach(id, console);
        }
        let Some(file) = &self.file else {
            let opened = super::project::open(&self.project, Access::Read, console)?;
            return shown(&opened.parts, console);
        };
        let mut learned = self.learned(file)?;
        let mut opened = super::project::open_needing(&self.project, Access::Write, &["draft.ron"], console)?;
        let id = learned.id.clone();
        let gone = erasure::keep_out(opened.project.dir(), &opened.parts, &mut learned)?;
        let attachment = Attachment::new(learned)?;
        project::attach(&mut opened.parts, attachment.clone())?;
        let dir = opened.project.dir().to_owned();
        let (parts, mut notes) = (&opened.parts, Vec::new());
        if gone > 0 {
            notes.push(format!("{} erased from the project: taken out of the models.", count(gone as u64)));
        }
        console.work(|task| {
            let loaded = super::project::load(&dir, parts, console, task)?;
            fits(&dir, parts, &loaded, &attachment)?;
            notes.extend(known_subjects(parts, &loaded, &attachment));
            Ok(())
        })?;
        notes.extend(items(parts, &attachment));
        let used = uses_models(&parts.draft);
        if !attachment.models.iter().any(|model| used.contains(&model.id)) {
            notes.push(format!("The policy does not use `{id}` yet: write one of the expressions above into a rule."));
        }
        opened.project.save(&opened.parts, "Attach models")?;
        let mut text = format!("Attached to {}.\n\n{}", self.project.display(), described(&attachment));
        if !notes.is_empty() {
            text.push('\n');
        }
        notes.iter().for_each(|note| text.push_str(&wrap(&format!("- {note}"), 2, 110)));
        let mut value = value(&attachment, &used);
        value["notes"] = json!(notes);
        console.result(&text, &value)?;
        Ok(Outcome::Done)
    }

    /// What the file holds, under the names that were asked for.
    fn learned(&self, file: &Path) -> Result<Learned> {
        let failed = |error: Error| Failure::Work(error.in_file(file));
        let text =
            std::fs::read_to_string(file).map_err(|error| failed(Error::new(format!("could not be read: {error}"))))?;
        let mut learned = Learned::parse(&text).map_err(failed)?;
        let mut names = BTreeMap::new();
        for argument in &self.inputs {
            let Some((column, feature)) = argument.split_once('=').filter(|(a, b)| !a.is_empty() && !b.is_empty())
            else {
                return Err(Failure::Usage(format!("--input: `{argument}` is not COLUMN=FEATURE")));
            };
            names.insert(column.trim().to_owned(), feature.trim().to_owned());
        }
        learned = learned.reading(&names).map_err(failed)?;
        match &self.id {
            Some(id) => Ok(learned.called(id)?),
            None => Ok(learned),
        }
    }

    fn detach(&self, id: &str, console: &Console) -> Result<Outcome> {
        let mut opened = super::project::open_needing(&self.project, Access::Write, &["draft.ron"], console)?;
        let before = opened.parts.clone();
        project::detach(&mut opened.parts, id)?;
        opened.project.save(&opened.parts, "Detach models")?;
        let used = uses_models(&opened.parts.draft);
        let gone = before.attached.iter().filter(|attachment| attachment.id == id).flat_map(|a| &a.models);
        let left: Vec<&str> = gone.map(|model| model.id.as_str()).filter(|id| used.iter().any(|u| u == id)).collect();
        let mut text = format!("Detached `{id}` from {}.\n", self.project.display());
        let hours = before.draft.send_times.len() - opened.parts.draft.send_times.len();
        if hours > 0 {
            text.push_str("The send times that it gave are out of the policy.\n");
        }
        if !left.is_empty() {
            text.push_str(&format!(
                "The policy still reads {}: take that out, then `attune check {}`.\n",
                left.join(", "),
                self.project.display()
            ));
        }
        console.result(&text, &json!({ "detached": id, "still_read": left, "send_times_removed": hours }))?;
        Ok(Outcome::Done)
    }
}

/// Refuses models that the policy could not evaluate over the project's features, such as a number read from a text.
fn fits(dir: &Path, parts: &Parts, loaded: &Loaded, attachment: &Attachment) -> attune_lab::Result<()> {
    let mut document = super::project::assemble(dir, parts, loaded, false).document;
    document.models.retain(|model| attachment.models.iter().all(|own| own.id != model.id));
    document.models.extend(attachment.models.iter().cloned());
    // What no action says yet is for the user to add; here only whether it could be read.
    for fact in missing_facts(parts, attachment) {
        document.actions.iter_mut().for_each(|action| {
            action.attributes.insert(fact.to_owned(), attune_policy::Value::text(""));
        });
    }
    let own = |part: &Part| matches!(part, Part::Model(id) if attachment.models.iter().any(|model| model.id == *id));
    let findings = project::findings(&document);
    match findings.iter().find(|finding| finding.severity == Severity::Error && own(&finding.part)) {
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
    let (both, all) = (count(both as u64), count(keys.values.len() as u64));
    Some(match both.as_str() {
        "0" => format!(
            "It knows none of the {all} customers by `{column}`: keys may be written otherwise, or stand as pseudonyms in the project."
        ),
        _ => format!(
            "It knows {both} of the {all} customers; the policy will hold the keys of {}.",
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

fn shown(parts: &Parts, console: &Console) -> Result<Outcome> {
    let used = uses_models(&parts.draft);
    let mut text = match parts.attached.is_empty() {
        true => {
            "Nothing is attached. `attune analyze segments`, `recommend` and `send-time` write models with --model.\n"
                .into()
        }
        false => String::new(),
    };
    for (at, attachment) in parts.attached.iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        text.push_str(&described(attachment));
    }
    let all: Vec<Value> = parts.attached.iter().map(|attachment| value(attachment, &used)).collect();
    console.result(&text, &json!({ "attached": all }))?;
    Ok(Outcome::Done)
}

/// What is attached, from what, and how rules read it.
fn described(attachment: &Attachment) -> String {
    let source = &attachment.source;
    let mut text = format!(
        "{}: {} ({})\n  {}\n  learned from {}, {} rows, SHA-256 {}\n",
        attachment.id,
        attachment.name,
        attachment.kind.words(),
        attachment.family,
        source.name,
        count(source.rows),
        source.sha256.get(..12).unwrap_or(&source.sha256),
    );
    let reads: Vec<&str> = attachment.fields().into_iter().collect();
    text.push_str(&wrap(&format!("reads {}", reads.join(", ")), 2, 110));
    let title = if attachment.kind == LearnedKind::Segments { "segment" } else { "score" };
    let mut table = Table::new(&[title, "in a rule"]);
    attachment.uses.iter().for_each(|usage| table.row(vec![usage.name.clone(), usage.expr.clone()]));
    text.push_str(&table.text(2));
    text
}

fn value(attachment: &Attachment, used: &[String]) -> Value {
    json!({
        "id": attachment.id,
        "name": attachment.name,
        "kind": attachment.kind,
        "family": attachment.family,
        "source": attachment.source,
        "rows": attachment.rows,
        "metrics": attachment.metrics,
        "reads": attachment.fields(),
        "uses": attachment.uses,
        "models": attachment.models.iter().map(|model| &model.id).collect::<Vec<_>>(),
        "used": attachment.models.iter().any(|model| used.contains(&model.id)),
    })
}
