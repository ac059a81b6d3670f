//! `attune score`: scores and best actions as columns that other platforms import.

use super::console::{Console, Failure, Outcome, Result};
use super::decide::{short, tick, unwritten, write_one};
use super::policy;
use super::rows::Input;
use super::table::count;
use attune_policy::decision::Decision;
use attune_policy::{Policy, Request};
use serde_json::json;
use std::path::PathBuf;

/// More columns than any importing platform reads.
const MOST_RANKS: usize = 1_000;

/// Write scores and the best actions of every row, as columns that a CRM or e-mail platform imports.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  attune score policy.ron --input rows.csv --output scores.csv --top 3 --subject customer_id\n\n\
                        Output columns: subject, score_MODEL for each model, then per rank k from 1: best_k (the action, empty \
                        when none is left), treatment_k, channel_k, propensity_k, priority_k. The best actions are those that \
                        pass every rule and cap, in the order of arbitration; held-out subjects have none."
)]
pub struct Score {
    /// Policy file
    policy: PathBuf,
    /// File to write
    #[arg(long, short, value_name = "OUT.csv")]
    output: PathBuf,
    /// How many best actions to write
    #[arg(long, default_value_t = 1, value_name = "N")]
    top: usize,
    /// Columns of the input to carry over
    #[arg(long, value_name = "COLUMN")]
    keep: Vec<String>,
    #[command(flatten)]
    signed: policy::Signed,
    #[command(flatten)]
    input: Input,
}

impl Score {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        self.input.spare(&self.policy, &self.output)?;
        let (policy, standing) = self.signed.load(&self.policy, console)?;
        let most = policy.candidates().len();
        if !(1..=MOST_RANKS).contains(&self.top) {
            return Err(Failure::Usage(format!("--top {}: give a number from 1 to {MOST_RANKS}", self.top)));
        }
        if self.top > most {
            console.remark(&format!(
                "The policy has {most} candidates: the columns of rank {} and after stay empty.",
                most + 1
            ));
        }
        let mut opened = self.input.open(&policy, console)?;
        let models: Vec<&str> = policy.document().models.iter().map(|model| model.id.as_str()).collect();
        let fields: Vec<usize> = self.keep.iter().map(|name| field(&policy, name)).collect::<Result<_>>()?;
        let mut header = vec!["subject".to_owned()];
        header.extend(fields.iter().map(|field| policy.document().schema.fields[*field].source.clone()));
        header.extend(models.iter().map(|model| format!("score_{model}")));
        for rank in 1..=self.top {
            header.extend(
                ["best", "treatment", "channel", "propensity", "priority"].map(|name| format!("{name}_{rank}")),
            );
        }
        let mut scored = 0u64;
        console.work(|task| {
            task.stage("Scoring")?;
            let (rows, history) = opened.parts();
            let mut request = Request::default();
            write_one(&self.output, |out| {
                let mut writer = csv::Writer::from_writer(out);
                writer.write_record(&header).map_err(unwritten)?;
                let mut line: Vec<String> = Vec::with_capacity(header.len());
                while rows.next_into(&mut request)? {
                    tick(scored, rows.fraction(), task)?;
                    scored += 1;
                    line.clear();
                    line.push(request.subject.clone());
                    let kept = fields.iter().filter_map(|field| request.fields.get(*field));
                    line.extend(kept.map(|value| attune_lab::data::cells::render(value).unwrap_or_default()));
                    let score = |model: &&str| policy.score(model, &request).map(|x| x.to_string()).unwrap_or_default();
                    line.extend(models.iter().map(score));
                    best(&policy, &policy.decide(&request, history), self.top, &mut line);
                    writer.write_record(&line).map_err(unwritten)?;
                }
                writer.flush().map_err(|e| attune_lab::Error::new(e.to_string()))
            })
        })?;
        for remark in self.input.remarks(&opened) {
            console.remark(&remark);
        }
        let text = format!(
            "{} rows scored by “{}” (revision {}), written to {}.\n",
            count(scored),
            policy::title(policy.document()),
            short(policy.revision()),
            self.output.display()
        );
        let value = json!({
            "policy": policy.document().id,
            "revision": policy.revision(),
            "signature": standing.value(),
            "rows": scored,
            "columns": header,
            "output": self.output,
            "input": self.input.value(&opened),
        });
        console.result(&text, &value)?;
        Ok(Outcome::Done)
    }
}

/// Position of a field of the policy by identifier or source name.
fn field(policy: &Policy, name: &str) -> Result<usize> {
    let fields = &policy.document().schema.fields;
    fields.iter().position(|f| f.source == name || f.name == name).ok_or_else(|| {
        let all: Vec<&str> = fields.iter().map(|f| f.source.as_str()).collect();
        Failure::Usage(format!("--keep: `{name}` is no field of the policy; it has {}", all.join(", ")))
    })
}

/// The first survivors of a decision; a held-out subject has none, a fallback stands alone.
fn best(policy: &Policy, decision: &Decision, top: usize, line: &mut Vec<String>) {
    let channel = |candidate: attune_policy::Candidate| {
        let action = policy.document().actions.get(candidate.action as usize);
        action.and_then(|a| a.treatments.get(candidate.treatment as usize)).map_or("", |t| &t.channel)
    };
    let end = line.len() + top * 5;
    if let (Some(chosen), Some(_)) = (decision.chosen, decision.fallback) {
        let (action, treatment) = policy.names(chosen);
        line.extend([action, treatment, channel(chosen), "", ""].map(str::to_owned));
    } else if decision.chosen.is_some() {
        for ranked in decision.ranked.iter().take(top) {
            let (action, treatment) = policy.names(ranked.candidate);
            line.extend([action, treatment, channel(ranked.candidate)].map(str::to_owned));
            line.extend([ranked.propensity.to_string(), ranked.priority.to_string()]);
        }
    }
    line.resize(end, String::new());
}
