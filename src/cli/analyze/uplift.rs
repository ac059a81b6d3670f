//! `attune analyze uplift`: whether a score finds the people whom an action moves.

use super::super::console::{Console, Failure, Outcome, Result};
use super::super::inputs::Reading;
use super::super::table::{Table, count, interval, number, percent, wrap};
use attune_lab::simulate::columns::{Arms, TrialColumns, known};
use attune_lab::simulate::uplift::profit::Prices;
use attune_lab::simulate::uplift::{Ask, Evaluation, evaluate};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Uplift metrics of a score on a randomised trial, in both conventions
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune analyze uplift scores.csv --treatment treated --outcome bought --score model_a --score recency\n  \
                        attune analyze uplift trial.csv --treatment segment --treated \"Mens E-Mail\" --outcome spend \\\n      --score history --margin 0.4 --contact-cost 0.1\n\n\
                        A row is one person of the trial. Higher scores are treated sooner. Two conventions share names in this field;\n\
                        sklift_ is scikit-uplift's, causalml_ causalml's. Several --score are compared on the same resamples."
)]
pub struct Uplift {
    /// File of the trial
    file: PathBuf,
    /// Column that says who was treated
    #[arg(long, value_name = "COLUMN")]
    treatment: String,
    /// The value of that column that means treated; all others are control. Default: 1
    #[arg(long, value_name = "VALUE")]
    treated: Option<String>,
    /// Column of the outcome: 0/1 or an amount
    #[arg(long, value_name = "COLUMN")]
    outcome: String,
    /// Column of a score; may be given several times
    #[arg(long = "score", value_name = "COLUMN", required = true)]
    scores: Vec<String>,
    /// Resamples of the intervals; 0 leaves them out
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    bootstrap: usize,
    /// Seed of the resamples
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Margin of one outcome, or of one unit of the amount: adds the profit curve
    #[arg(long, value_name = "AMOUNT")]
    margin: Option<f64>,
    /// Cost of treating one person
    #[arg(long, value_name = "AMOUNT", default_value_t = 0.0, requires = "margin")]
    contact_cost: f64,
    /// Cost of an incentive per outcome of a treated person
    #[arg(long, value_name = "AMOUNT", default_value_t = 0.0, requires = "margin")]
    incentive_cost: f64,
    #[command(flatten)]
    reading: Reading,
}

impl Uplift {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        if self.bootstrap > 100_000 {
            return Err(Failure::Usage("--bootstrap is at most 100000".into()));
        }
        let source = self.reading.open(&self.file, console)?;
        let columns = TrialColumns {
            treatment: self.treatment.clone(),
            treated: self.treated.clone(),
            outcome: self.outcome.clone(),
        };
        let arms = source.columns(|data| Arms::read(data, &columns))?;
        let prices =
            self.margin.map(|margin| Prices { margin, contact: self.contact_cost, incentive: self.incentive_cost });
        let ask = Ask { replicates: self.bootstrap, seed: self.seed, prices, subjects: None };
        let mut found = Vec::new();
        for name in &self.scores {
            let scores = source.columns(|data| known(data, name))?;
            let own = source.work(console, |task| evaluate(arms.trial(&scores), ask, task))?;
            found.push((name.as_str(), own));
        }
        console.result(&self.text(&found), &value(&found))?;
        Ok(Outcome::Done)
    }

    fn text(&self, found: &[(&str, Evaluation)]) -> String {
        let Some((_, first)) = found.first() else { return String::new() };
        let half = 1.96 * first.ate_se;
        let mut text = format!(
            "{}: {} people, {} treated\n\nAverage effect on {} {} {} (difference of the arms' means)\n",
            self.file.display(),
            count(first.n),
            count(first.treated),
            self.outcome,
            number(first.ate),
            interval(first.ate - half, first.ate + half),
        );
        for (name, own) in found {
            text.push_str(&format!("\nScore {name}\n"));
            let mut table = Table::new(&["metric", "value", "95 % interval", "what it is"]);
            for metric in &own.metrics {
                table.row(vec![
                    metric.key.clone(),
                    metric.value.map_or("not defined".into(), number),
                    metric.interval.map_or(String::new(), |(low, high)| interval(low, high)),
                    metric.definition.clone(),
                ]);
            }
            text.push_str(&table.text(2));
            if let Some(best) = own.best {
                text.push_str(&wrap(
                    &format!(
                        "Highest profit {} when the first {} ({}) are treated; the depth was found on these people, so expect less.",
                        number(best.profit),
                        count(best.rows as u64),
                        percent(best.rows / own.n as f64),
                    ),
                    2,
                    110,
                ));
            }
            if let Some((low, _)) = own.metric("autoc").and_then(|metric| metric.interval)
                && low <= 0.0
            {
                text.push_str(&wrap(
                    "Its ranking is not clearly better than none: the interval of autoc holds 0.",
                    2,
                    110,
                ));
            }
        }
        text
    }
}

/// One score's numbers at the top level, several under their names.
fn value(found: &[(&str, Evaluation)]) -> Value {
    match found {
        [(_, only)] => one(only),
        several => several.iter().map(|(name, own)| ((*name).to_owned(), one(own))).collect::<Map<_, _>>().into(),
    }
}

fn one(found: &Evaluation) -> Value {
    let mut value = Map::new();
    value.insert("n_test".into(), json!(found.n));
    value.insert("n_t".into(), json!(found.treated));
    value.insert("test_ate".into(), json!(found.ate));
    value.insert("test_ate_se".into(), json!(found.ate_se));
    let mut intervals = Map::new();
    let mut definitions = Map::new();
    for metric in &found.metrics {
        value.insert(metric.key.clone(), json!(metric.value));
        intervals.insert(metric.key.clone(), json!(metric.interval));
        definitions.insert(metric.key.clone(), json!(metric.definition));
    }
    value.insert("intervals".into(), intervals.into());
    value.insert("definitions".into(), definitions.into());
    value.insert("gain_curve".into(), json!(found.gain));
    value.insert("qini_curve".into(), json!(found.qini));
    if found.best.is_some() {
        value.insert("profit_curve".into(), json!(found.profit));
        value.insert("best".into(), json!(found.best));
    }
    Value::Object(value)
}
