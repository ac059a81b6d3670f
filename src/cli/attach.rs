//! `attune attach`: models that were learned from a file, made part of a project, and taken out again.

use super::console::{Console, Failure, Outcome, Result};
use super::table::{Table, count, wrap};
use attune_lab::data::import::zones::Zone;
use attune_lab::project::{self, Access, Attachable, Attachment, Learned, LearnedKind, Parts};
use attune_lab::simulate::uses_models;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Make segments, a recommender or send times part of a project, so that its policy can read them.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune analyze segments customers.csv --features age,spend --model segments.ron\n  \
                        attune attach shop segments.ron            rules read score(\"segments_1\"), score(\"segments_2\") …\n  \
                        attune attach shop segments.ron --as taste --input spend=spend_12m\n  \
                        attune attach shop hours.ron               the policy sends at the hours of `attune analyze send-time`\n  \
                        attune attach shop hours.ron --zone America/New_York\n  \
                        attune attach shop                         what is attached, and how rules read it\n  \
                        attune attach shop --detach segments\n\n\
                        A recommender scores what an action offers: give actions the attribute `item`, and take the score as their \
                        propensity or in the formula of arbitration. What is attached again under the same id takes the place of what was \
                        there. The models go into the project's folder and, where the policy uses them, into the exported file, with \
                        the name and SHA-256 of what they learned from. Send times and factors hold the keys of customers.\n\n\
                        A policy decides hours by the clock of the customer's region, else of the project's zone, else UTC; hours of \
                        another clock are refused. What is attached knows what happened until it was learned: learn it again to refresh it."
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
    /// Zone of the project, where it has none yet: by its clock hours are decided
    #[arg(long, value_name = "ZONE", requires = "file")]
    zone: Option<String>,
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
        let learned = self.learned(file)?;
        let mut opened = super::project::open_needing(&self.project, Access::Write, &["draft.ron"], console)?;
        if let Some(zone) = &self.zone {
            set_zone(&mut opened.parts, zone)?;
        }
        let (dir, parts) = (opened.project.dir().to_owned(), &opened.parts);
        let Attachable { attachment, parts, notes } = console.work(|task| {
            let loaded = super::project::load(&dir, parts, console, task)?;
            project::attachable(&dir, parts, &loaded, learned)
        })?;
        opened.project.save(&parts, "Attach models")?;
        let used = uses_models(&parts.draft);
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
        let mut learned = Learned::read(file)?;
        let mut names = BTreeMap::new();
        for argument in &self.inputs {
            let Some((column, feature)) = argument.split_once('=').filter(|(a, b)| !a.is_empty() && !b.is_empty())
            else {
                return Err(Failure::Usage(format!("--input: `{argument}` is not COLUMN=FEATURE")));
            };
            names.insert(column.trim().to_owned(), feature.trim().to_owned());
        }
        learned = learned.reading(&names).map_err(|error| error.in_file(file))?;
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

/// Makes a zone that of a project which has none.
fn set_zone(parts: &mut Parts, zone: &str) -> Result<()> {
    Zone::named(zone)?;
    match &parts.draft.zones.project {
        Some(other) if other != zone => Err(Failure::Usage(format!(
            "--zone: the project has the zone {other} already; correct it in draft.ron (`zones`) if that is wrong"
        ))),
        _ => {
            Arc::make_mut(&mut parts.draft).zones.project = Some(zone.to_owned());
            Ok(())
        }
    }
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
    if let Some(freshness) = attachment.freshness() {
        text.push_str(&wrap(&freshness, 2, 110));
    }
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
        "period": attachment.period,
        "clock": attachment.clock,
        "metrics": attachment.metrics,
        "reads": attachment.fields(),
        "uses": attachment.uses,
        "models": attachment.models.iter().map(|model| &model.id).collect::<Vec<_>>(),
        "used": attachment.models.iter().any(|model| used.contains(&model.id)),
    })
}
