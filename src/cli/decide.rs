//! `attune decide`: decisions for the rows of a file, one at a time.

use super::console::{Console, Failure, Outcome, Result};
use super::policy;
use super::rows::Input;
use super::table::{Table, count, percent};
use attune_lab::Error;
use attune_lab::project::atomic;
use attune_lab::task::Task;
use attune_policy::clock::rfc3339;
use attune_policy::decision::Decision;
use attune_policy::{Policy, Request};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Decide on the rows of a file with a policy file; memory does not grow with the file.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  attune decide policy.ron --input rows.csv --output decisions.csv\n  \
                        attune decide policy.ron --input rows.csv --output decisions.csv --subject customer_id \\\n      \
                        --history events.csv --now 2026-03-01\n\n\
                        Output columns: row, subject, action, treatment, channel, propensity, priority, reason; with a policy that may\n\
                        put off what it chooses to a best hour or the end of a wait, also send_at, an instant on the subject's clock.\n\
                        The output appears under its name when it is complete.")]
pub struct Decide {
    /// Policy file
    policy: PathBuf,
    /// File to write
    #[arg(long, short, value_name = "OUT.csv")]
    output: PathBuf,
    /// Also write the whole trace of every decision, one JSON object per line; OUT.trace.jsonl when no FILE is given
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    trace: Option<Option<PathBuf>>,
    #[command(flatten)]
    signed: policy::Signed,
    #[command(flatten)]
    input: Input,
}

impl Decide {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let traces = self.trace.as_ref().map(|file| match file {
            Some(file) => file.clone(),
            None => self.output.with_extension("trace.jsonl"),
        });
        for output in [Some(&self.output), traces.as_ref()].into_iter().flatten() {
            self.input.spare(&self.policy, output)?;
        }
        let (policy, standing) = self.signed.load(&self.policy, console)?;
        let mut opened = self.input.open(&policy, console)?;
        let mut mix: BTreeMap<(String, String), u64> = BTreeMap::new();
        let mut decided = 0u64;
        console.work(|task| {
            task.stage("Deciding")?;
            let (rows, history) = opened.parts();
            let mut request = Request::default();
            write(&self.output, traces.as_deref(), |out, mut traced| {
                let mut writer = csv::Writer::from_writer(out);
                let timed = policy.document().may_send_later();
                let columns = COLUMNS.len() - usize::from(!timed);
                writer.write_record(COLUMNS.iter().take(columns)).map_err(unwritten)?;
                while rows.next_into(&mut request)? {
                    tick(decided, rows.fraction(), task)?;
                    decided += 1;
                    let decision = match &mut traced {
                        Some(_) => policy.decide_traced(&request, history),
                        None => policy.decide(&request, history),
                    };
                    if let Some(traced) = &mut traced {
                        serde_json::to_writer(&mut **traced, &decision.trace).map_err(|e| Error::new(e.to_string()))?;
                        traced.write_all(b"\n").map_err(|e| Error::new(e.to_string()))?;
                    }
                    let line = Line::of(&policy, &request, &decision);
                    writer.write_record(line.cells().iter().take(columns)).map_err(unwritten)?;
                    let key = (line.action, line.treatment);
                    *mix.entry((key.0.to_owned(), key.1.to_owned())).or_insert(0) += 1;
                }
                writer.flush().map_err(|e| Error::new(e.to_string()))
            })
        })?;
        for remark in self.input.remarks(&opened) {
            console.remark(&remark);
        }
        let mut table = Table::new(&["action", "treatment", "decisions", "share"]);
        for ((action, treatment), n) in &mix {
            let share = percent(*n as f64 / decided.max(1) as f64);
            table.row(vec![action.clone(), treatment.clone(), count(*n), share]);
        }
        let text = format!(
            "{} rows decided by “{}” (revision {}), written to {}.\n\n{}",
            count(decided),
            policy::title(policy.document()),
            short(policy.revision()),
            self.output.display(),
            table.text(2)
        );
        let mix: Vec<_> =
            mix.iter().map(|((a, t), n)| json!({ "action": a, "treatment": t, "decisions": n })).collect();
        let value = json!({
            "policy": policy.document().id,
            "revision": policy.revision(),
            "signature": standing.value(),
            "rows": decided,
            "mix": mix,
            "output": self.output,
            "trace": traces,
            "input": self.input.value(&opened),
        });
        console.result(&text, &value)?;
        Ok(Outcome::Done)
    }
}

/// Columns of the output; the last where something may be sent later than now.
const COLUMNS: [&str; 9] =
    ["row", "subject", "action", "treatment", "channel", "propensity", "priority", "reason", "send_at"];

/// One line of the output.
struct Line<'a> {
    row: &'a str,
    subject: &'a str,
    action: &'a str,
    treatment: &'a str,
    channel: &'a str,
    propensity: String,
    priority: String,
    reason: String,
    send_at: String,
}

impl<'a> Line<'a> {
    fn of(policy: &'a Policy, request: &'a Request, decision: &Decision) -> Line<'a> {
        let zone = policy.zone(request);
        let mut line = Line {
            row: &request.decision_id,
            subject: &request.subject,
            action: "NoAction",
            treatment: "",
            channel: "",
            propensity: String::new(),
            priority: String::new(),
            reason: policy.explain_in(decision, zone.as_deref()),
            send_at: decision.send_at.map_or_else(String::new, |at| rfc3339(at, zone.as_deref())),
        };
        if let Some(chosen) = decision.chosen {
            (line.action, line.treatment) = policy.names(chosen);
            let action = policy.document().actions.get(chosen.action as usize);
            line.channel = action.and_then(|a| a.treatments.get(chosen.treatment as usize)).map_or("", |t| &t.channel);
            let ranked = decision.ranked.iter().find(|ranked| ranked.candidate == chosen);
            if let (Some(ranked), None) = (ranked, decision.fallback) {
                line.propensity = ranked.propensity.to_string();
                line.priority = ranked.priority.to_string();
            }
        }
        line
    }

    fn cells(&self) -> [&str; 9] {
        let Line { row, subject, action, treatment, channel, propensity, priority, reason, send_at } = self;
        [row, subject, action, treatment, channel, propensity, priority, reason, send_at]
    }
}

/// Looks at the task now and then.
pub fn tick(row: u64, fraction: f32, task: &Task) -> attune_lab::Result<()> {
    if row.is_multiple_of(1_024) {
        task.tick(fraction)?;
    }
    Ok(())
}

/// The first letters of a revision, enough to tell it from others.
pub fn short(revision: &str) -> &str {
    revision.get(..12).unwrap_or(revision)
}

/// Writes a file, and a second one where asked for; both appear under their names only when all is written.
fn write(
    output: &Path,
    second: Option<&Path>,
    fill: impl FnOnce(&mut dyn Write, Option<&mut dyn Write>) -> attune_lab::Result<()>,
) -> attune_lab::Result<()> {
    let Some(second) = second else {
        return write_one(output, |file| fill(file, None));
    };
    if second == output {
        return Err(Error::new("decisions and traces cannot go to one file").in_file(output));
    }
    write_one(second, |traces| write_one(output, |file| fill(file, Some(traces))))
}

/// Writes a file in place of the one at `path` when `fill` has done its work.
pub fn write_one(path: &Path, fill: impl FnOnce(&mut dyn Write) -> attune_lab::Result<()>) -> attune_lab::Result<()> {
    let mut failed = None;
    let written = atomic::replace_with(path, |file: &mut File| {
        let mut buffer = BufWriter::with_capacity(1 << 16, file);
        let filled = fill(&mut buffer).map_err(|error| failed = Some(error));
        buffer.flush()?;
        filled.map_err(|()| std::io::ErrorKind::Other.into())
    });
    match failed {
        // The work's own error says more than that the file was not written.
        Some(error) => Err(error),
        None => written,
    }
}

/// An error of the CSV writer.
pub fn unwritten(error: csv::Error) -> Error {
    Error::new(format!("the output could not be written: {error}")).hint("check the space on the disk")
}

/// An error that is no fault of the arguments.
impl From<csv::Error> for Failure {
    fn from(error: csv::Error) -> Failure {
        Failure::Work(unwritten(error))
    }
}
