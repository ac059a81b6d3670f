//! `attune analyze experiment`: what a finished A/B test says, on any file.

use super::super::console::{Console, Failure, Outcome, Result};
use super::super::inputs::{Reading, pair};
use super::super::plan::definitions;
use super::super::table::{Table, count, interval, interval_by, number, percent, wrap};
use attune_lab::simulate::questions::Figure;
use attune_lab::simulate::questions::experiment::{self, Ask, Columns, EffectReading, OutcomeReading, Read};
use serde::Serialize;
use std::path::PathBuf;

const WIDTH: usize = 110;

/// Share of subjects in several arms beyond which the rest is no random part.
const MOST_IN_SEVERAL: f64 = 0.01;

/// Read a finished A/B test: sample ratio first, then differences and lifts with intervals
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune analyze experiment hillstrom.csv --arm segment --control \"No E-Mail\" --outcome visit --outcome spend --before history\n  \
                        attune analyze experiment test.csv --arm group --control A --treated B --outcome bought --design A=0.9,B=0.1\n  \
                        attune analyze experiment orders.csv --arm variant --control old --outcome revenue --subject customer --json\n\n\
                        Where the arms have not the sizes of the design (χ², p < 0.001) the test is not read and the exit code is 3; \
                        --even-so prints it all the same."
)]
pub struct Experiment {
    /// File of the test
    file: PathBuf,
    /// Column that says which arm a row is in
    #[arg(long, value_name = "COLUMN")]
    arm: String,
    /// Value of that column that is the control
    #[arg(long, value_name = "VALUE")]
    control: String,
    /// A value that is a treated arm; may be given several times. All others that occur when not given
    #[arg(long = "treated", value_name = "VALUE")]
    treated: Vec<String>,
    /// Column of an outcome, 0/1 or an amount; may be given several times, the one that decides first
    #[arg(long = "outcome", value_name = "COLUMN", required = true)]
    outcomes: Vec<String>,
    /// Column of a number known before the test: makes intervals narrower (CUPED)
    #[arg(long, value_name = "COLUMN")]
    before: Option<String>,
    /// Column of the subject, where one has several rows: they are added up
    #[arg(long, value_name = "COLUMN")]
    subject: Option<String>,
    /// Share of each arm by design; all alike when not given
    #[arg(long, value_name = "VALUE=SHARE,…", value_delimiter = ',')]
    design: Vec<String>,
    /// Resamples where n is small
    #[arg(long, value_name = "N", default_value_t = 4_000)]
    bootstrap: usize,
    /// Seed of the resamples
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Read the test even where its arms have not the sizes of the design
    #[arg(long)]
    even_so: bool,
    #[command(flatten)]
    reading: Reading,
}

/// What is printed as JSON.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    reading: &'a experiment::Reading,
    rows_left_out: u64,
    subjects_in_several_arms: u64,
}

impl Experiment {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        if self.bootstrap > 100_000 {
            return Err(Failure::Usage("--bootstrap is at most 100000".into()));
        }
        let source = self.reading.open(&self.file, console)?;
        let columns = Columns {
            arm: self.arm.clone(),
            control: self.control.clone(),
            treated: self.treated.clone(),
            outcomes: self.outcomes.clone(),
            before: self.before.clone(),
            subject: self.subject.clone(),
        };
        let table = source.columns(|data| Read::new(data, &columns))?;
        let design = self.design(table.arms())?;
        let ask = Ask { replicates: self.bootstrap, seed: self.seed, even_so: self.even_so };
        let found = source.work(console, |task| experiment::read(table.test(design.as_deref()), ask, task))?;
        let answer =
            Answer { reading: &found, rows_left_out: table.left_out, subjects_in_several_arms: table.in_several_arms };
        console.result(&self.text(&answer), &answer)?;
        Ok(if found.refusal.is_some() { Outcome::CheckFailed } else { Outcome::Done })
    }

    /// Shares in the order of the arms.
    fn design(&self, arms: &[String]) -> Result<Option<Vec<f64>>> {
        if self.design.is_empty() {
            return Ok(None);
        }
        let mut shares = vec![None; arms.len()];
        for text in &self.design {
            let (arm, share) = pair("--design", text)?;
            let at = arms.iter().position(|name| name == arm);
            let at = at.ok_or_else(|| {
                Failure::Usage(format!("--design: `{arm}` is no arm; the arms are {}", arms.join(", ")))
            })?;
            let share = share.parse::<f64>().ok().filter(|x| *x > 0.0 && x.is_finite());
            shares[at] =
                Some(share.ok_or_else(|| Failure::Usage(format!("--design `{text}`: the share is a number above 0")))?);
        }
        match shares.iter().position(Option::is_none) {
            Some(at) => Err(Failure::Usage(format!("--design says nothing of `{}`", arms[at]))),
            None => Ok(Some(shares.into_iter().flatten().collect())),
        }
    }

    fn text(&self, answer: &Answer<'_>) -> String {
        let found = answer.reading;
        let mut text = format!("{}: {} subjects\n", self.file.display(), count(found.n));
        if answer.rows_left_out > 0 {
            text.push_str(&format!("  {} rows of other arms, or none, are left out\n", count(answer.rows_left_out)));
        }
        if answer.subjects_in_several_arms > 0 {
            let several = answer.subjects_in_several_arms;
            text.push_str(&format!("  {} subjects were seen in several arms and are left out\n", count(several)));
            let share = several as f64 / (found.n + several) as f64;
            if share > MOST_IN_SEVERAL {
                let line = format!(
                    "warning: that is {} of all: arms were not drawn once per subject, or who is who was mixed up, and those who are left \
                     are no random part. Do not read the lifts below as effects.",
                    percent(share)
                );
                text.push_str(&wrap(&line, 2, 110));
            }
        }
        let ratio = &found.sample_ratio;
        text.push_str(&format!(
            "\nSample ratio: χ² = {:.3} on {}, p = {:.4}: {}\n",
            ratio.chi_square,
            ratio.degrees,
            ratio.p_value,
            if ratio.suspicious { "NOT the sizes of the design" } else { "as by design" }
        ));
        let mut table = Table::new(&["arm", "subjects", "share", "by design"]);
        for arm in &found.arms {
            table.row(vec![arm.name.clone(), count(arm.n), percent(arm.share), percent(arm.design)]);
        }
        text.push_str(&table.text(2));
        if let Some(before) = &found.before {
            text.push_str(&wrap(
                &format!(
                    "Before the test the arms were {} in {}: smallest p {:.3} after Holm{}.",
                    if before.suspicious { "NOT alike" } else { "alike" },
                    before.column,
                    before.p,
                    match before.missing {
                        0 => String::new(),
                        n => format!("; unknown of {} subjects, the mean stands in", count(n)),
                    }
                ),
                2,
                WIDTH,
            ));
        }
        if let Some(refusal) = &found.refusal {
            text.push_str("\nThis test must not be read\n");
            for reason in &refusal.reasons {
                text.push_str(&wrap(&format!("- {reason}"), 2, WIDTH));
            }
            text.push_str(&wrap(&refusal.advice, 2, WIDTH));
            if found.outcomes.is_empty() {
                text.push_str("\n  --even-so reads it all the same.\n");
                return text;
            }
        }
        for outcome in &found.outcomes {
            text.push_str(&self.outcome(outcome, found));
        }
        text.push_str(&definitions(&found.notes));
        text
    }

    fn outcome(&self, outcome: &OutcomeReading, found: &experiment::Reading) -> String {
        let mut text = format!("\n{} ({})\n", outcome.outcome, if outcome.is_share { "share" } else { "amount" });
        let mut table = Table::new(&["arm", "mean", "95 % interval", "subjects"]);
        for (arm, mean) in found.arms.iter().zip(&outcome.means) {
            table.row(vec![arm.name.clone(), number(mean.value), interval(mean.low, mean.high), count(mean.n)]);
        }
        text.push_str(&table.text(2));
        let mut table = Table::new(&[
            "less the control",
            "difference",
            "95 % interval",
            "lift",
            "95 % interval",
            "p",
            "adjusted p",
            "how",
        ]);
        for effect in &outcome.effects {
            table.row(row(&effect.arm, &effect.difference, effect.lift.as_ref(), effect.p, effect));
            if let Some(cuped) = &effect.cuped {
                let mut cells = row("  with CUPED", &cuped.difference, cuped.lift.as_ref(), cuped.p, effect);
                cells.truncate(6);
                cells.push(String::new());
                cells.push(format!("{} of the variance left", percent(cuped.variance_kept)));
                table.row(cells);
            }
        }
        text.push_str(&format!("\n{}", table.text(2)));
        for effect in &outcome.effects {
            text.push_str(&wrap(&format!("{}: {}.", effect.arm, effect.verdict), 2, WIDTH));
        }
        text
    }
}

fn row(name: &str, difference: &Figure, lift: Option<&Figure>, p: f64, effect: &EffectReading) -> Vec<String> {
    let share = |x: f64| format!("{:+.1} %", 100.0 * x);
    vec![
        name.to_owned(),
        number(difference.value),
        interval(difference.low, difference.high),
        lift.map_or("not defined".into(), |l| share(l.value)),
        lift.map_or(String::new(), |l| interval_by(l.low, l.high, share)),
        small(p),
        small(effect.adjusted_p),
        effect.method.clone(),
    ]
}

/// A p-value in few characters.
fn small(p: f64) -> String {
    if p < 1e-4 { format!("{p:.1e}") } else { format!("{p:.4}") }
}
