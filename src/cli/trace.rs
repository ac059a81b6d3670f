//! `attune trace`: one decision in plain sentences.

use super::console::{Console, Failure, Outcome, Result};
use super::decide::short;
use super::inputs::Reading;
use super::policy;
use super::rows::{BadCells, BadRows, Input};
use super::table::{Table, count, number, wrap};
use attune_lab::Error;
use attune_lab::data::Requests;
use attune_lab::data::import::dates;
use attune_lab::project::Access;
use attune_policy::decision::Decision;
use attune_policy::trace::{CandidateTrace, SendTrace};
use attune_policy::{History, NoHistory, Policy, Request, Value};
use serde_json::json;
use std::path::PathBuf;

/// Tell how one decision came about, in plain sentences: what was chosen and why, and why not each other candidate.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  attune trace shop --row 17\n  attune trace policy.ron --input rows.csv --row 17")]
pub struct Trace {
    /// Policy file, or project folder
    path: PathBuf,
    /// Number of the row, from 1, not counting the header
    #[arg(long, value_name = "N")]
    row: u64,
    /// Rows to look in; needed with a policy file
    #[arg(long, short, value_name = "ROWS.csv")]
    input: Option<PathBuf>,
    /// Column that names the subject; the row number when not given
    #[arg(long, value_name = "COLUMN", requires = "input")]
    subject: Option<String>,
    /// Column of the instant at which the row stands
    #[arg(long, value_name = "COLUMN", requires = "input", conflicts_with = "now")]
    time: Option<String>,
    /// Instant at which the row stands; the policy's `as_of` when not given, else the clock
    #[arg(long, value_name = "DATE", requires = "input")]
    now: Option<String>,
    /// Events known before
    #[arg(long, value_name = "EVENTS.csv", requires = "input")]
    history: Option<PathBuf>,
    #[command(flatten)]
    signed: policy::Signed,
    #[command(flatten)]
    reading: Reading,
}

impl Trace {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        if self.row == 0 {
            return Err(Failure::Usage("--row 0: rows are counted from 1".into()));
        }
        let (policy, request, decision, standing) = match (&self.input, self.path.is_dir()) {
            (None, true) => {
                let (policy, request, decision) = self.in_project(console)?;
                (policy, request, decision, None)
            }
            (Some(_), false) => self.in_file(console)?,
            (None, false) => return Err(Failure::Usage("a policy file needs --input to take the row from".into())),
            (Some(_), true) => return Err(Failure::Usage("a project has its own rows; leave --input out".into())),
        };
        let value = json!({
            "row": self.row,
            "subject": request.subject,
            "policy": policy.document().id,
            "revision": policy.revision(),
            "signature": standing.map(|standing| standing.value()),
            "chosen": decision.chosen.map(|c| json!({ "action": policy.names(c).0, "treatment": policy.names(c).1 })),
            "reason": policy.explain_in(&decision, policy.zone(&request).as_deref()),
            "decision": decision,
        });
        console.result(&text(&policy, &request, &decision), &value)?;
        Ok(Outcome::Done)
    }

    fn in_project(&self, console: &Console) -> Result<(Policy, Request, Decision)> {
        let opened = super::project::open(&self.path, Access::Read, console)?;
        let (dir, parts) = (opened.project.dir(), &opened.parts);
        console.work(|task| {
            let loaded = super::project::load(dir, parts, console, task)?;
            let policy = super::project::policy(dir, parts, &loaded)?;
            let requests = Requests::new(&loaded.dataset, &parts.roles, &policy.document().schema)?;
            let position = loaded.dataset.row_at(self.row).ok_or_else(|| no_row(self.row).in_file(dir))?;
            let request = requests.get(position);
            let history: &dyn History = match &loaded.history {
                Some(history) => &**history,
                None => &NoHistory,
            };
            let decision = policy.decide_traced(&request, history);
            Ok((policy, request, decision))
        })
    }

    fn in_file(self: &Trace, console: &Console) -> Result<(Policy, Request, Decision, Option<policy::Standing>)> {
        let (policy, standing) = self.signed.load(&self.path, console)?;
        let input = Input {
            input: self.input.clone().unwrap_or_default(),
            subject: self.subject.clone(),
            time: self.time.clone(),
            now: self.now.clone(),
            history: self.history.clone(),
            // Other rows than the one asked for are nobody's business here.
            bad_cells: BadCells::Missing,
            bad_rows: BadRows::Skip,
            reading: self.reading.clone(),
        };
        let mut opened = input.open(&policy, console)?;
        let (rows, history) = opened.parts();
        let mut request = Request::default();
        loop {
            let cells = rows.passed_cells();
            if !rows.next_into(&mut request).map_err(Failure::Work)? || rows.row() > self.row {
                return Err(no_row(self.row).in_file(&input.input).into());
            }
            if rows.row() == self.row {
                let bad = rows.passed_cells() - cells;
                if bad > 0 {
                    console.remark(&format!(
                        "{bad} cells of this row do not fit their column's type and count as missing."
                    ));
                }
                break;
            }
        }
        let decision = policy.decide_traced(&request, history);
        Ok((policy, request, decision, Some(standing)))
    }
}

fn no_row(row: u64) -> Error {
    Error::new("there is no such row")
        .at_row(row)
        .hint("rows are counted from 1, without the header; a row that was set aside has no decision")
}

/// The decision for people.
fn text(policy: &Policy, request: &Request, decision: &Decision) -> String {
    let mut text = format!(
        "Row {}, subject {}, {}\nPolicy “{}”, revision {}\n\n",
        request.decision_id,
        request.subject,
        dates::render(request.now),
        policy::title(policy.document()),
        short(policy.revision())
    );
    text.push_str(&match decision.chosen {
        Some(chosen) => {
            let (action, treatment) = policy.names(chosen);
            format!("Decision: {action}/{treatment}\n")
        }
        None => "Decision: no action\n".to_owned(),
    });
    text.push_str(&wrap(&policy.explain(decision), 2, 100));
    for diagnostic in &decision.diagnostics {
        text.push_str(&wrap(&format!("Failed: {diagnostic}"), 2, 100));
    }
    let Some(trace) = &decision.trace else { return text };
    let chosen = trace.candidates.iter().find(|candidate| decision.chosen == Some(candidate.candidate));
    if let Some(send) = chosen.and_then(|candidate| candidate.send.as_ref()) {
        text.push_str(&sending(policy, send));
    }
    for (holdout, bucket, held) in &trace.holdouts {
        let word = if *held { "is held out" } else { "is not held out" };
        text.push_str(&format!("\nHoldout {holdout}: bucket {bucket:.4}, the subject {word}.\n"));
    }
    text.push_str("\nCandidates through the stages\n");
    let mut funnel = Table::new(&["stage", "in", "out"]);
    for (step, into, out) in &trace.funnel {
        funnel.row(vec![format!("{step:?}"), into.to_string(), out.to_string()]);
    }
    text.push_str(&funnel.text(2));
    // What was chosen first, then by rank, then the others as they stand in the policy.
    let mut candidates: Vec<&CandidateTrace> = trace.candidates.iter().collect();
    candidates.sort_by_key(|c| (decision.chosen != Some(c.candidate), c.rank.unwrap_or(u32::MAX)));
    for candidate in candidates {
        text.push_str(&one(policy, decision, candidate));
    }
    text.push_str("\nWhat was known\n");
    let mut known = Table::new(&["fact", "value"]);
    for (name, value) in &trace.row {
        known.row(vec![name.clone(), shown(value)]);
    }
    text.push_str(&known.text(2));
    text
}

/// When the choice is sent and why then: what its send time read, and what the models behind it are.
fn sending(policy: &Policy, send: &SendTrace) -> String {
    let mut text = wrap(&send.sentence, 2, 100);
    let Some(id) = &send.send_time else { return text };
    let hour = policy.document().send_times.iter().find(|part| part.id == *id).map_or("", |part| &part.hour);
    let read: Vec<String> = send.read.iter().map(|(name, value)| format!("{name} = {}", shown(value))).collect();
    let failed = send.error.as_ref().map_or_else(String::new, |error| format!(", which failed: {error}"));
    text.push_str(&wrap(&format!("send time {id}: {hour}{failed} ({})", read.join(", ")), 4, 100));
    let document = policy.document();
    let asked = |id: &str| send.read.iter().any(|(name, _)| *name == format!("score({id:?})"));
    for model in document.models.iter().filter(|model| asked(&model.id)) {
        text.push_str(&wrap(&format!("model {}: {}", model.id, model.target), 4, 100));
        let Some(training) = document.provenance.training.iter().find(|training| training.model == model.id) else {
            continue;
        };
        let from = training.source.as_ref().map_or_else(String::new, |source| format!(" of {}", source.name));
        let metrics = training.metrics.iter().map(|(name, value)| format!(", {name} {}", number(*value)));
        let learned = format!(
            "{}, learned from {} rows{from}{}",
            training.family,
            count(training.rows),
            metrics.collect::<String>()
        );
        text.push_str(&wrap(&learned, 4, 100));
    }
    text
}

/// One candidate: what became of it, what its rules said, and how it was ranked.
fn one(policy: &Policy, decision: &Decision, candidate: &CandidateTrace) -> String {
    let (action, treatment) = policy.names(candidate.candidate);
    let title = if decision.chosen == Some(candidate.candidate) { "Why" } else { "Why not" };
    let mut text = format!("\n{title} {action}/{treatment}?\n{}", wrap(&candidate.sentence, 2, 100));
    for rule in &candidate.rules {
        let read: Vec<String> = rule.read.iter().map(|(name, value)| format!("{name} = {}", shown(value))).collect();
        let read = if read.is_empty() { String::new() } else { format!(" ({})", read.join(", ")) };
        let result = match &rule.error {
            Some(error) => format!("failed: {error}"),
            None => shown(&rule.result),
        };
        text.push_str(&wrap(&format!("rule {}: {result}{read}", rule.rule), 4, 100));
    }
    for (cap, count, limit) in &candidate.caps {
        text.push_str(&format!("    cap {cap}: {count} of {limit} used\n"));
    }
    let parts = [
        ("propensity", candidate.propensity),
        ("context weight", candidate.context_weight),
        ("value", candidate.value),
        ("lever", candidate.lever),
        ("suitability", candidate.suitability),
        ("cost", candidate.cost),
    ];
    let parts: Vec<String> = parts.iter().filter_map(|(name, x)| x.map(|x| format!("{name} {}", number(x)))).collect();
    if let Some(priority) = candidate.priority {
        let rank = candidate.rank.map(|rank| format!(", rank {rank}")).unwrap_or_default();
        text.push_str(&wrap(&format!("priority {}{rank}: {}", number(priority), parts.join(", ")), 4, 100));
    }
    text
}

fn shown(value: &Value) -> String {
    match value {
        Value::Time(ms) => dates::render(*ms),
        other => other.to_string(),
    }
}
