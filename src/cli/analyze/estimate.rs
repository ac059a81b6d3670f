//! `attune analyze estimate`: what a target policy would have earned on the rounds that another one logged.

use super::super::console::{Console, Failure, Outcome, Result};
use super::super::inputs::Reading;
use super::super::table::{Table, count, interval, number, percent, wrap};
use attune_lab::Error;
use attune_lab::simulate::columns::{RoundColumns, Rounds, groups, known};
use attune_lab::simulate::off_policy::{Ask, Evaluation, OnPolicy, evaluate};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// The value of a policy from rounds that another one logged, by every estimator
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune analyze estimate log.csv --reward click --propensity pscore --target pi_e\n  \
                        attune analyze estimate log.csv --reward click --propensity pscore --target pi_e \\\n      --q q_hat --q-target q_hat_pi_e --json\n  \
                        attune analyze estimate log.csv --reward click --propensity pscore --target pi_e --on-policy later.csv\n\n\
                        A row is one logged round: the reward of the action that was taken, the probability with which the logger took\n\
                        it, and the probability with which the policy in question takes it. Support is checked first: without it no\n\
                        value is printed, the failed diagnostics are named, and the exit code is 3."
)]
pub struct Estimate {
    /// File of logged rounds
    file: PathBuf,
    /// Column of the reward
    #[arg(long, value_name = "COLUMN")]
    reward: String,
    /// Column of the logging propensity of the logged action
    #[arg(long, value_name = "COLUMN")]
    propensity: String,
    /// Column of the target policy's probability of the logged action
    #[arg(long, value_name = "COLUMN")]
    target: String,
    /// Column of a reward model's prediction for the logged action; it must not have learned from these rows
    #[arg(long, value_name = "COLUMN", requires = "q_target")]
    q: Option<String>,
    /// Column of the model's expectation under the target policy
    #[arg(long, value_name = "COLUMN", requires = "q")]
    q_target: Option<String>,
    /// Column of who was decided for, where subjects repeat: intervals then resample subjects
    #[arg(long, value_name = "COLUMN")]
    subject: Option<String>,
    /// File of rounds that the policy in question logged itself, with the same column of the reward: what it earned stands beside
    /// the estimates
    #[arg(long, value_name = "FILE")]
    on_policy: Option<PathBuf>,
    /// Resamples of the bootstrap intervals; 0 leaves them out
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    bootstrap: usize,
    /// Seed of the resamples
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Print the values even where the log does not support them
    #[arg(long)]
    even_so: bool,
    #[command(flatten)]
    reading: Reading,
}

impl Estimate {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        if self.bootstrap > 100_000 {
            return Err(Failure::Usage("--bootstrap is at most 100000".into()));
        }
        let source = self.reading.open(&self.file, console)?;
        let columns = RoundColumns {
            reward: self.reward.clone(),
            propensity: self.propensity.clone(),
            target: self.target.clone(),
            model: self.q.clone().zip(self.q_target.clone()),
            subject: self.subject.clone(),
        };
        let rounds = source.columns(|data| Rounds::read(data, &columns))?;
        let earned = self.on_policy.as_ref().map(|file| self.earned(file, console)).transpose()?;
        let on_policy = earned.as_ref().map(|(rewards, clusters)| OnPolicy { rewards, clusters: clusters.as_deref() });
        let ask = Ask { replicates: self.bootstrap, seed: self.seed, on_policy, ..Ask::default() };
        let found = source.work(console, |task| evaluate(&rounds.logged(), ask, task))?;
        let shown = found.refusal.is_none() || self.even_so;
        console.result(&self.text(&found, shown), &self.value(&found, shown))?;
        Ok(if found.refusal.is_some() { Outcome::CheckFailed } else { Outcome::Done })
    }

    /// Rewards of the policy's own log, with the subject of each where one is named.
    fn earned(&self, file: &Path, console: &Console) -> Result<(Vec<f64>, Option<Vec<u32>>)> {
        let source = self.reading.open(file, console)?;
        let rewards = source.columns(|data| {
            let rewards = known(data, &self.reward)?;
            match rewards.len() {
                0 | 1 => Err(Error::new("holds fewer than two rounds; what a policy earned cannot be told from it")),
                _ => Ok(rewards),
            }
        })?;
        let subject = |name: &String| source.columns(|data| groups(data, name));
        Ok((rewards, self.subject.as_ref().map(subject).transpose()?))
    }

    fn value(&self, found: &Evaluation, shown: bool) -> Value {
        let mut value = Map::new();
        value.insert("diagnostics".into(), json!(found.diagnostics));
        value.insert("on_policy".into(), json!(found.on_policy));
        value.insert("refused".into(), json!(found.refusal));
        if let Some(instead) = &found.instead {
            value.insert("instead".into(), json!(instead));
        }
        if !shown {
            return Value::Object(value);
        }
        for estimated in &found.estimates {
            let answer = estimated.answer;
            let own = json!({
                "value": answer.value,
                "se": answer.se,
                "low": answer.low,
                "high": answer.high,
                "bootstrap": estimated.bootstrap,
                "definition": estimated.estimator.definition(),
            });
            value.insert(estimated.estimator.key(), own);
        }
        value.insert("bounds_ipw".into(), json!(found.bounds));
        value.insert("intervals_ipw".into(), json!(found.intervals));
        value.insert("cressie_read".into(), json!(found.cressie_read));
        let tuned = found.tuned.iter().map(|(by, tuned)| {
            let candidates: Vec<Value> =
                tuned.candidates.iter().map(|(e, score)| json!({ "estimator": e.key(), "score": score })).collect();
            json!({ "method": by.label(), "chosen": tuned.chosen.key(), "candidates": candidates })
        });
        value.insert("tuned".into(), tuned.collect());
        Value::Object(value)
    }

    fn text(&self, found: &Evaluation, shown: bool) -> String {
        let d = &found.diagnostics;
        let mut text = format!("{}: {} logged rounds\n\nSupport\n", self.file.display(), count(d.n));
        let mut table = Table::default();
        for (name, value, meaning) in [
            ("logged reward", number(d.v_behaviour), "mean reward of the logger's own actions"),
            ("effective sample size", format!("{:.1}", d.ess), "(Σw)²/Σw²; at least 100"),
            ("mean weight", number(d.w_mean), "near 1 when propensities are right; between 0.8 and 1.2"),
            ("largest weight", number(d.w_max), "π/p of one round"),
            ("weights above 10", percent(d.share_w_gt_10), "share of rounds"),
            ("never taken", percent(d.zero_pi_e), "rounds whose action the target policy never takes"),
        ] {
            table.row(vec![name.into(), value, meaning.into()]);
        }
        if let (Some(own), Some(file)) = (&found.on_policy, &self.on_policy) {
            let meaning =
                format!("mean reward of the policy itself in {}, {}", file.display(), interval(own.low, own.high));
            table.row(vec!["earned itself".into(), number(own.value), meaning]);
        }
        text.push_str(&table.text(2));
        if let Some(refusal) = &found.refusal {
            text.push_str("\nThis log does not support an answer\n");
            for reason in &refusal.reasons {
                text.push_str(&wrap(&format!("- {reason}"), 2, 110));
            }
            text.push_str(&wrap(&refusal.advice, 2, 110));
            text.push_str(&match &found.instead {
                Some(blend) => wrap(
                    &format!(
                        "What it does support: a policy that follows this one in {} of decisions and the logger otherwise earns {} \
                         {} per round (self-normalised, effective sample size {:.0}).",
                        percent(blend.share),
                        number(blend.value.value),
                        interval(blend.value.low, blend.value.high),
                        blend.effective_sample_size,
                    ),
                    2,
                    110,
                ),
                None => wrap("Not even a policy that follows this one in 1 % of decisions has support.", 2, 110),
            });
            if !shown {
                text.push_str("\n  --even-so prints the values all the same.\n");
                return text;
            }
        }
        text.push_str("\nExpected reward per round, with 95 % intervals\n");
        let mut table = Table::new(&["estimator", "value", "se", "normal", "bootstrap", "what it is"]);
        for estimated in &found.estimates {
            let answer = estimated.answer;
            table.row(vec![
                estimated.estimator.key(),
                number(answer.value),
                number(answer.se),
                interval(answer.low, answer.high),
                estimated.bootstrap.map_or(String::new(), |(low, high)| interval(low, high)),
                estimated.estimator.definition().into(),
            ]);
        }
        text.push_str(&table.text(2));
        if d.v_behaviour == 0.0 {
            let exact = found.intervals.as_ref().and_then(|own| own.clopper_pearson);
            let most = exact.map_or(String::new(), |(_, high)| {
                format!(" By Clopper and Pearson the rate of the logged actions is at most {}.", number(high))
            });
            let line =
                format!("warning: no reward was seen, so that the intervals here have no width and say nothing.{most}");
            text.push_str(&wrap(&line, 2, 110));
        }
        if let Some(robust) = &found.cressie_read {
            text.push_str(&wrap(
                &format!(
                    "Cressie–Read (empirical likelihood, rewards between {} and {}): {} {}",
                    robust.rewards.0,
                    robust.rewards.1,
                    number(robust.value),
                    interval(robust.low, robust.high)
                ),
                2,
                110,
            ));
        }
        if let Some(bounds) = &found.bounds {
            text.push_str(&wrap(
                &format!(
                    "With 95 % probability ipw is at least {} (Student t), {} (empirical Bernstein), {} (Hoeffding).",
                    number(bounds.student_t),
                    number(bounds.bernstein),
                    number(bounds.hoeffding)
                ),
                2,
                110,
            ));
        }
        let chosen: Vec<String> =
            found.tuned.iter().map(|(by, tuned)| format!("{} ({})", tuned.chosen.key(), by.label())).collect();
        text.push_str(&wrap(&format!("λ chosen from the log: {}.", chosen.join(", ")), 2, 110));
        if self.q.is_none() {
            text.push_str(&wrap("--q and --q-target add the estimators that use a reward model.", 2, 110));
        }
        text
    }
}
