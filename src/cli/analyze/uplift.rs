//! `attune analyze uplift`: whether a score finds the people whom an action moves.

use super::super::console::{Console, Failure, Outcome, Result};
use super::super::inputs::Reading;
use super::super::table::{Table, count, interval, number, percent, wrap};
use attune_lab::distributions::ends::End;
use attune_lab::simulate::columns::{Arms, TrialColumns};
use attune_lab::simulate::uplift::profit::Prices;
use attune_lab::simulate::uplift::{Ask, Evaluation, evaluate};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Uplift metrics of a score on a randomised trial, in both conventions
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune analyze uplift scores.csv --treatment treated --outcome bought --score model_a --score recency\n  \
                        attune analyze uplift hillstrom.csv --treatment segment --treated \"Mens E-Mail\" --control \"No E-Mail\" --outcome spend \\\n      --score history --margin 0.4 --contact-cost 0.1\n\n\
                        A row is one person of the trial, or one of several rows of a --subject. Higher scores are treated sooner. Of a \
                        trial with several arms one is held against its control; rows of the others are left out. Two conventions share \
                        names in this field; sklift_ is scikit-uplift's, causalml_ causalml's. Several --score are compared on the same \
                        resamples."
)]
pub struct Uplift {
    /// File of the trial
    file: PathBuf,
    /// Column that says who was treated
    #[arg(long, value_name = "COLUMN")]
    treatment: String,
    /// The value of that column that means treated. Default: 1
    #[arg(long, value_name = "VALUE")]
    treated: Option<String>,
    /// The value that means untreated; needed where the column has more than two. Rows of other values are left out
    #[arg(long, value_name = "VALUE")]
    control: Option<String>,
    /// Column of who a row is about, where people repeat: intervals and bands then resample people
    #[arg(long, value_name = "COLUMN")]
    subject: Option<String>,
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
            control: self.control.clone(),
            subject: self.subject.clone(),
            outcome: self.outcome.clone(),
        };
        let arms = source.columns(|data| Arms::read(data, &columns))?;
        let prices =
            self.margin.map(|margin| Prices { margin, contact: self.contact_cost, incentive: self.incentive_cost });
        let ask = Ask { replicates: self.bootstrap, seed: self.seed, prices, subjects: arms.subjects() };
        let mut found = Vec::new();
        for name in &self.scores {
            let scores = source.columns(|data| arms.numbers(data, name))?;
            let own = source.work(console, |task| evaluate(arms.trial(&scores), ask, task))?;
            found.push((name.as_str(), own));
        }
        console.result(&self.text(&arms, &found), &value(&arms, &found))?;
        Ok(Outcome::Done)
    }

    fn text(&self, arms: &Arms, found: &[(&str, Evaluation)]) -> String {
        let Some((_, first)) = found.first() else { return String::new() };
        let (low, high) = first.ate_interval;
        let what = if self.subject.is_some() { "rows" } else { "people" };
        let mut text =
            format!("{}: {} {what}, {} treated\n", self.file.display(), count(first.n), count(first.treated));
        if let [treated, control] = arms.names.as_slice() {
            let left_out = match arms.others {
                0 => String::new(),
                n => format!("; {} rows of other arms are left out", count(n)),
            };
            text.push_str(&format!("`{treated}` against `{control}`{left_out}\n"));
        }
        text.push_str(&format!(
            "\nAverage effect on {} {} {} (difference of the arms' means)\n",
            self.outcome,
            number(first.ate),
            interval(low, high),
        ));
        if !(low.is_finite() && high.is_finite()) {
            text.push_str("  The outcomes of an arm do not vary, so that nothing is known of their spread.\n");
        }
        for (name, own) in found {
            text.push_str(&format!("\nScore {name}\n"));
            let mut table = Table::new(&["metric", "value", "95 % interval", "what it is"]);
            for metric in &own.metrics {
                table.row(vec![
                    metric.key.clone(),
                    metric.value.map_or("not defined".into(), number),
                    metric.interval.map_or(String::new(), |(low, high)| interval(low, high)),
                    brief(&metric.definition).0.to_owned(),
                ]);
            }
            text.push_str(&table.text(2));
            for metric in &own.metrics {
                if let (_, Some(rest)) = brief(&metric.definition) {
                    text.push_str(&wrap(&format!("{}: {rest}.", metric.key), 2, 110));
                }
            }
            text.push_str(&noted(own));
            text.push('\n');
            text.push_str(&depths(own));
            if let Some(best) = own.best {
                let n = own.n as f64;
                let band = best.band.map_or(String::new(), |(low, high)| format!(" {}", interval(low, high)));
                let depth = best.depth.map_or(String::new(), |(low, high)| {
                    format!(
                        "; in 95 % of the resamples the best depth lies between {} and {}",
                        percent(low / n),
                        percent(high / n)
                    )
                });
                text.push_str(&wrap(
                    &format!(
                        "Highest profit {}{band} when the first {} ({}) are treated{depth}. The depth was found on these people, so \
                         expect less.",
                        number(best.profit),
                        count(best.rows as u64),
                        percent(best.rows / n),
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

/// A definition's first sentence, and the rest where there is one.
fn brief(definition: &str) -> (&str, Option<&str>) {
    definition.split_once(". ").map_or((definition, None), |(first, rest)| (first, Some(rest)))
}

/// What is to be said of intervals that are not the resamples', what holds for several once.
fn noted(own: &Evaluation) -> String {
    let mut told: Vec<(&str, Vec<&str>)> = Vec::new();
    for metric in own.metrics.iter().filter(|metric| metric.value.is_some()) {
        let Some(note) = metric.note.as_deref() else { continue };
        match told.iter_mut().find(|(known, _)| *known == note) {
            Some((_, keys)) => keys.push(&metric.key),
            None => told.push((note, vec![&metric.key])),
        }
    }
    told.iter().map(|(note, keys)| wrap(&format!("{}: {note}.", keys.join(", ")), 2, 110)).collect()
}

/// The curves at tenths of the people, with their bands.
fn depths(own: &Evaluation) -> String {
    let banded = own.gain.iter().any(|point| point.low < point.high);
    let mut header = vec!["treated", "extra outcomes"];
    header.extend(banded.then_some("95 % band"));
    if own.best.is_some() {
        header.push("profit");
        header.extend(banded.then_some("95 % band"));
    }
    let mut table = Table::new(&header);
    for tenth in (10..=100).step_by(10) {
        let Some(point) = own.gain.get(tenth) else { continue };
        let mut row = vec![format!("{tenth} %"), number(point.height)];
        row.extend(
            banded.then(|| if point.low < point.high { interval(point.low, point.high) } else { String::new() }),
        );
        // Profit is known where scores end; the nearest such depth.
        let rows = own.n as f64 * point.share;
        let near = own.profit.iter().min_by(|a, b| (a.rows - rows).abs().total_cmp(&(b.rows - rows).abs()));
        if let Some(near) = near {
            let away = (near.rows - rows).abs() > 0.02 * own.n as f64;
            row.push(if away { String::new() } else { number(near.profit) });
            let band = near.band.filter(|_| !away).map_or(String::new(), |(low, high)| interval(low, high));
            row.extend(banded.then_some(band));
        }
        table.row(row);
    }
    table.text(2)
}

/// One score's numbers at the top level, several under their names.
fn value(arms: &Arms, found: &[(&str, Evaluation)]) -> Value {
    match found {
        [(_, only)] => one(arms, only),
        several => several.iter().map(|(name, own)| ((*name).to_owned(), one(arms, own))).collect::<Map<_, _>>().into(),
    }
}

fn one(arms: &Arms, found: &Evaluation) -> Value {
    let mut value = Map::new();
    if let [treated, control] = arms.names.as_slice() {
        value.insert("arms".into(), json!({ "treated": treated, "control": control, "left_out": arms.others }));
    }
    value.insert("n_test".into(), json!(found.n));
    value.insert("n_t".into(), json!(found.treated));
    value.insert("test_ate".into(), json!(found.ate));
    value.insert("test_ate_se".into(), json!(found.ate_se));
    let (low, high) = found.ate_interval;
    value.insert("test_ate_interval".into(), json!((End(low), End(high))));
    let mut notes = Map::new();
    let mut intervals = Map::new();
    let mut definitions = Map::new();
    for metric in &found.metrics {
        value.insert(metric.key.clone(), json!(metric.value));
        intervals.insert(metric.key.clone(), json!(metric.interval));
        definitions.insert(metric.key.clone(), json!(metric.definition));
        notes.extend(metric.note.as_ref().map(|note| (metric.key.clone(), json!(note))));
    }
    value.insert("intervals".into(), intervals.into());
    value.insert("interval_notes".into(), notes.into());
    value.insert("definitions".into(), definitions.into());
    value.insert("gain_curve".into(), json!(found.gain));
    value.insert("qini_curve".into(), json!(found.qini));
    if found.best.is_some() {
        value.insert("profit_curve".into(), json!(found.profit));
        value.insert("best".into(), json!(found.best));
    }
    Value::Object(value)
}
