//! `attune analyze value`: who will buy again, how often, and what it is worth.

use super::super::console::{Console, Failure, Outcome, Result};
use super::super::inputs::instant;
use super::super::table::{Table, count, interval, number, percent, wrap};
use super::purchases::{Purchases, Read};
use attune_lab::data::import::dates;
use attune_lab::features::transactions::{self, DAY, Free, LeftOut};
use attune_lab::models::value::lower::{Names, expected_spend, p_alive, p_purchase};
use attune_lab::models::value::{
    self, CustomerValue, Histories, History, Kind, Parameter, Periods, PurchaseFit, Questions, SummaryColumns,
    ValueReport,
};
use serde_json::{Map, Value as Json, json};
use std::path::PathBuf;

/// Expected purchases, survival and lifetime value per customer: BG/NBD, MBG/NBD, Pareto/NBD, Gamma–Gamma
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune analyze value orders.csv\n  attune analyze value CDNOW_sample.txt --calibration-end 1997-09-30\n  \
                        attune analyze value orders.csv --holdout-days 91 --discount 0.08 --output value.csv\n  \
                        attune analyze value cdnow_customers_summary.csv --horizon 39 --json\n\n\
                        Purchases of a customer on one day are one, also free ones; the first is no repeat. Time runs in weeks from a customer's first \
                        purchase to the end of calibration; what comes after it is the holdout, on which the models are measured. \
                        FILE may also have one row per customer with the columns frequency, recency and T."
)]
pub struct Value {
    #[command(flatten)]
    purchases: Purchases,
    /// Last day the models may see; what comes after is the holdout. Default: the last day, or that less the holdout
    #[arg(long, value_name = "DATE")]
    calibration_end: Option<String>,
    /// Days of the holdout. Default: all days after the end of calibration
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=36_525))]
    holdout_days: Option<i64>,
    /// Periods ahead for which purchases and value are expected. Default: the holdout, or 52
    #[arg(long, value_name = "PERIODS")]
    horizon: Option<f64>,
    /// Days of a period
    #[arg(long, value_name = "DAYS", default_value_t = 7.0)]
    period_days: f64,
    /// Discount rate of a year, for lifetime value
    #[arg(long, value_name = "RATE", default_value_t = 0.1)]
    discount: f64,
    /// Model that values the customers
    #[arg(long, value_enum, default_value_t = Model::BgNbd)]
    model: Model,
    /// Periods by which purchases of a random customer are expected. Default: those of the published table
    #[arg(long, value_name = "PERIODS", value_delimiter = ',', default_values_t = PUBLISHED)]
    at: Vec<f64>,
    /// CSV file to write, with one row per customer: columns for a policy, to be refreshed with the data
    #[arg(long, short, value_name = "OUT.csv")]
    output: Option<PathBuf>,
    /// Also print what a policy computes by itself from columns x, t_x, t and mean_spend: formulas for its recipe
    #[arg(long)]
    formulas: bool,
    /// Most customers shown in text
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
}

/// Weeks of table 1 of the note on BG/NBD by Fader, Hardie & Lee: a day, one and three weeks, …
const PUBLISHED: [f64; 6] = [0.1429, 1.0, 3.0, 31.8571, 32.0, 78.0];

/// Names of purchase models on the command line.
#[expect(clippy::enum_variant_names, reason = "the names of the models")]
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Model {
    /// BG/NBD
    BgNbd,
    /// MBG/NBD
    MbgNbd,
    /// Pareto/NBD
    ParetoNbd,
}

impl Model {
    fn kind(self) -> Kind {
        match self {
            Model::BgNbd => Kind::BgNbd,
            Model::MbgNbd => Kind::MbgNbd,
            Model::ParetoNbd => Kind::ParetoNbd,
        }
    }
}

impl Value {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let positive = [("--period-days", Some(self.period_days)), ("--horizon", self.horizon)];
        for (flag, value) in positive.into_iter().filter_map(|(flag, value)| Some((flag, value?))) {
            if !(value > 0.0 && value <= 36_525.0) {
                return Err(Failure::Usage(format!("{flag} {value}: give a number above 0, such as 7")));
            }
        }
        if !(self.discount >= 0.0 && self.discount < 10.0) {
            return Err(Failure::Usage(format!("--discount {}: give a rate such as 0.1", self.discount)));
        }
        if let Some(t) = self.at.iter().find(|t| !(**t >= 0.0 && **t <= 1e5)) {
            return Err(Failure::Usage(format!("--at {t}: give periods of 0 or more")));
        }
        let end = self.calibration_end.as_deref().map(|text| instant("--calibration-end", text)).transpose()?;
        let (dataset, notes) = self.purchases.import(console)?;
        let summary = if self.purchases.names_none() { SummaryColumns::find(&dataset) } else { None };
        let (read, histories, left_out) = match summary {
            Some(columns) => {
                if end.is_some() || self.holdout_days.is_some() {
                    return Err(Failure::Usage(
                        "the file has one row per customer, so there is no holdout to cut off; leave --calibration-end and \
                         --holdout-days out"
                            .into(),
                    ));
                }
                let found = value::from_summary(&dataset, &columns).map_err(|e| e.in_file(self.purchases.file()))?;
                let mut notes = notes;
                notes.push("One row per customer: frequency, recency and age are taken as they are.".into());
                (
                    Read {
                        file: self.purchases.file().to_owned(),
                        columns: json!(columns),
                        rows: dataset.rows(),
                        notes,
                    },
                    found,
                    None,
                )
            }
            None => {
                let (columns, found) = self.purchases.columns(&dataset)?;
                let (histories, left_out) = console.work(|task| {
                    let from_purchases = || {
                        let bought = transactions::purchases(&dataset, &columns, Free::Count, None, task)?;
                        let last = bought.lines.iter().map(|line| line.day()).max();
                        let end_day = match (end, self.holdout_days) {
                            (Some(end), _) => Some(end.div_euclid(DAY)),
                            (None, Some(days)) => last.map(|last| last - days),
                            (None, None) => None,
                        };
                        let periods = Periods { end_day, holdout_days: self.holdout_days, days: self.period_days };
                        Ok((value::histories(&bought, periods, task)?, bought.left_out))
                    };
                    from_purchases().map_err(|error: attune_lab::Error| error.in_file(self.purchases.file()))
                })?;
                let notes = notes.into_iter().chain(found).collect();
                let read = Read {
                    file: self.purchases.file().to_owned(),
                    columns: json!(columns),
                    rows: dataset.rows(),
                    notes,
                };
                (read, histories, Some(left_out))
            }
        };
        let questions = Questions {
            model: self.model.kind(),
            horizon: self.horizon,
            period_days: self.period_days,
            discount: self.discount,
        };
        let report = console
            .work(|task| value::analyse(&histories, &questions, task).map_err(|e| e.in_file(self.purchases.file())))?;
        if let Some(output) = &self.output {
            write(output, &report.each)?;
        }
        let answer = Answer { asked: &self, read, histories, left_out, report };
        console.result(&answer.text(), &answer.value())?;
        Ok(Outcome::Done)
    }

    /// What a period is called.
    fn unit(&self) -> &'static str {
        match self.period_days {
            1.0 => "days",
            7.0 => "weeks",
            _ => "periods",
        }
    }
}

struct Answer<'a> {
    asked: &'a Value,
    read: Read,
    histories: Histories,
    left_out: Option<LeftOut>,
    report: ValueReport,
}

/// Key of a model in JSON.
fn key(kind: Kind) -> &'static str {
    match kind {
        Kind::BgNbd => "bg_nbd",
        Kind::MbgNbd => "mbg_nbd",
        Kind::ParetoNbd => "pareto_nbd",
    }
}

impl Answer<'_> {
    fn text(&self) -> String {
        let (report, unit) = (&self.report, self.asked.unit());
        let mut text = self.read.text(self.left_out.as_ref());
        let day = |day: Option<i64>| day.map(|day| dates::render(day * DAY)).unwrap_or_default();
        text.push_str(&format!(
            "\n{} customers, {} of them came back",
            count(report.customers),
            count(report.repeaters)
        ));
        if let (Some(first), Some(end)) = (self.histories.first_day, self.histories.end_day) {
            text.push_str(&format!("; calibration {} to {}", day(Some(first)), day(Some(end))));
        }
        if report.too_new > 0 {
            text.push_str(&format!("; {} came after it and are not modelled", count(report.too_new)));
        }
        text.push_str("\n\nModels, with 95 % intervals\n");
        let mut table = Table::new(&["model", "log-likelihood", "", "", "", ""]);
        let cell = |p: &Parameter| match p.interval {
            Some([low, high]) => format!("{} {} {}", p.name, number(p.value), interval(low, high)),
            None => format!("{} {}", p.name, number(p.value)),
        };
        for fit in &report.purchases {
            let mut row = vec![fit.model.kind.name().to_owned(), format!("{:.2}", fit.log_likelihood)];
            row.extend(fit.parameters.iter().map(cell));
            table.row(row);
        }
        if let Ok(spend) = &report.spend {
            let mut row = vec!["Gamma–Gamma".to_owned(), format!("{:.2}", spend.log_likelihood)];
            row.extend(spend.parameters.iter().map(cell));
            table.row(row);
        }
        text.push_str(&table.text(2));
        let other = match report.likeliest == report.model {
            true => String::new(),
            false => {
                format!(" (--model {} takes the likeliest)", report.likeliest.name().to_lowercase().replace('/', "-"))
            }
        };
        text.push_str(&format!(
            "  Likeliest: {}. Customers are valued by {}{other}.\n",
            report.likeliest.name(),
            report.model.name()
        ));
        let warnings = report.purchases.iter().flat_map(|fit| &fit.warnings);
        for warning in warnings.chain(report.spend.iter().flat_map(|spend| &spend.warnings)) {
            text.push_str(&wrap(&format!("- {warning}"), 2, 110));
        }
        if let Err(why) = &report.spend {
            text.push_str(&wrap(&format!("- No spend: {why}."), 2, 110));
        }
        text.push_str(&format!("\n{}", wrap(&report.shrinkage, 0, 110)));
        text.push_str(&self.holdout());

        text.push_str(&format!("\nPurchases expected in the next {} {unit}\n", plain(report.horizon)));
        for total in &report.totals {
            let interval = total.interval.map(|[low, high]| interval(low, high)).unwrap_or_default();
            text.push_str(format!("  {}: {:.1} {interval}", total.kind.name(), total.expected).trim_end());
            text.push('\n');
        }
        let model = self.fit(report.model).model;
        let by = |t: &f64| format!("{}: {:.4}", plain(*t), model.expected_by(*t));
        text.push_str(&format!(
            "  A random customer, repeat purchases by {unit}: {}\n",
            self.asked.at.iter().map(by).collect::<Vec<_>>().join("; ")
        ));
        text.push_str(&self.best());
        if let Some(output) = &self.asked.output {
            text.push_str(&format!("\nEvery customer is in {}.\n", output.display()));
        }
        if self.asked.formulas {
            text.push_str("\nFormulas for the recipe of a policy, over columns x (repeat purchases), t_x and t (");
            text.push_str(&format!("{unit} from the first purchase to the last, and until now) and mean_spend\n"));
            for (name, formula) in self.formulas() {
                let formula = formula.unwrap_or_else(|| "no formula of rules; take the column of --output".into());
                text.push_str(&format!("  {name}\n    {formula}\n"));
            }
        }
        text
    }

    /// What a policy computes by itself, exactly as here; none where rules lack the functions.
    fn formulas(&self) -> [(&'static str, Option<String>); 3] {
        let (model, names) = (self.fit(self.report.model).model, Names { x: "x", t_x: "t_x", t: "t" });
        let spend = self.report.spend.as_ref().ok().and_then(|spend| expected_spend(spend, "x", "mean_spend"));
        [
            ("p_alive", p_alive(&model, &names)),
            ("p_purchase", p_purchase(&model, &names, self.report.horizon)),
            ("expected_spend", spend),
        ]
    }

    fn fit(&self, kind: Kind) -> &PurchaseFit {
        let position = Kind::ALL.iter().position(|k| *k == kind).unwrap_or(0);
        &self.report.purchases[position]
    }

    fn holdout(&self) -> String {
        let report = &self.report;
        if report.holdout.is_empty() {
            return "\nNo holdout: nothing shows whether the models come true. Try --holdout-days.\n".into();
        }
        let mut text = format!("\nHoldout of {} {}\n", plain(report.holdout_periods), self.asked.unit());
        let mut table = Table::new(&[
            "model",
            "bought",
            "expected",
            "95 %",
            "MAE",
            "RMSE",
            "correlation",
            "spent",
            "expected spend",
        ]);
        for holdout in &report.holdout {
            let spend = holdout.spend.map_or([String::new(), String::new()], |spend| spend.map(|x| format!("{x:.0}")));
            let [spent, worth] = spend;
            table.row(vec![
                holdout.kind.name().to_owned(),
                format!("{:.0}", holdout.actual_total),
                format!("{:.1}", holdout.expected.expected),
                holdout.expected.interval.map(|[low, high]| format!("[{low:.0}, {high:.0}]")).unwrap_or_default(),
                number(holdout.mae),
                number(holdout.rmse),
                number(holdout.correlation),
                spent,
                worth,
            ]);
        }
        text.push_str(&table.text(2));
        let outside = |h: &&value::Holdout| {
            h.expected.interval.is_some_and(|[low, high]| !(low..=high).contains(&h.actual_total))
        };
        let missed: Vec<&str> = report.holdout.iter().filter(outside).map(|h| h.kind.name()).collect();
        if !missed.is_empty() {
            text.push_str(&wrap(
                &format!(
                    "- What was bought lies outside the interval of {}: those models do not hold over this time.",
                    missed.join(", ")
                ),
                2,
                110,
            ));
        }
        let by = [("the model", &report.coverage), ("the regression of intervals", &report.regression_coverage)];
        for (who, coverage) in by.into_iter().filter(|(_, coverage)| !coverage.is_empty()) {
            let said =
                |c: &value::Coverage| format!("{} → {} of {}", percent(c.level), percent(c.seen), count(c.customers));
            text.push_str(&wrap(
                &format!(
                    "- Next purchase by the time that {who} said with probability → how often it had come: {}.",
                    coverage.iter().map(said).collect::<Vec<_>>().join("; ")
                ),
                2,
                110,
            ));
        }
        if let Some(brier) = report.brier {
            text.push_str(&wrap(
                &format!(
                    "- Who buys at all, Brier score: the model {}, the regression {}, the share of buyers alone {}.",
                    number(brier.model),
                    number(brier.regression),
                    number(brier.share)
                ),
                2,
                110,
            ));
        }
        text
    }

    fn best(&self) -> String {
        let report = &self.report;
        let mut best: Vec<&CustomerValue> = report.each.iter().collect();
        let worth = |c: &CustomerValue| c.clv.unwrap_or(c.expected_purchases);
        best.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
        best.truncate(self.asked.top);
        if best.is_empty() {
            return String::new();
        }
        let unit = self.asked.unit();
        let mut table =
            Table::new(&["customer", "x", "t_x", "T", "alive", "purchases", "spend", "value", "next, if alive"]);
        for c in best {
            table.row(vec![
                c.id.to_string(),
                c.history.x.to_string(),
                format!("{:.1}", c.history.t_x),
                format!("{:.1}", c.history.t),
                percent(c.p_alive),
                format!("{:.2}", c.expected_purchases),
                c.expected_spend.map(|x| format!("{x:.2}")).unwrap_or_default(),
                c.clv.map(|x| format!("{x:.2}")).unwrap_or_default(),
                format!("{:.1} to {:.1} {unit}", c.next_if_alive[0], c.next_if_alive[2]),
            ]);
        }
        format!(
            "\nThe worthiest within {} {unit}, at {} a year\n{}",
            plain(report.horizon),
            percent(self.asked.discount),
            table.text(2)
        )
    }

    fn value(&self) -> Json {
        let report = &self.report;
        let mut value = json!({
            "file": self.read.file,
            "columns": self.read.columns,
            "notes": self.read.notes,
            "left_out": self.left_out,
            "period_days": self.asked.period_days,
            "first_day": self.histories.first_day.map(|day| dates::render(day * DAY)),
            "calibration_end": self.histories.end_day.map(|day| dates::render(day * DAY)),
            "customers": report.customers,
            "repeaters": report.repeaters,
            "too_new": report.too_new,
            "likeliest": key(report.likeliest),
            "model": key(report.model),
            "horizon": report.horizon,
            "discount": self.asked.discount,
            "point_checks": self.point_checks(),
            "shrinkage": report.shrinkage,
            "next_purchase": report.next_purchase.as_ref().map_or_else(|why| json!({ "absent": why }), |fit| json!(fit)),
            "each": report.each,
            "formulas": self.formulas().into_iter().map(|(name, formula)| (name.to_owned(), json!(formula))).collect::<Map<_, _>>(),
        });
        for fit in &report.purchases {
            let mut part = parameters(&fit.parameters, fit.log_likelihood, &fit.warnings);
            part["n_customers"] = json!(fit.customers);
            value[key(fit.model.kind)] = part;
        }
        value["gamma_gamma"] = match &report.spend {
            Ok(spend) => {
                let mut part = parameters(&spend.parameters, spend.log_likelihood, &spend.warnings);
                part["n_customers"] = json!(spend.customers);
                part["corr_frequency_monetary"] = json!(spend.correlation);
                part["corr_interval"] = json!(spend.correlation_interval);
                part
            }
            Err(why) => json!({ "absent": why }),
        };
        let totals: Map<String, Json> = report
            .totals
            .iter()
            .map(|total| {
                (key(total.kind).to_owned(), json!({ "expected": total.expected, "interval": total.interval }))
            })
            .collect();
        value["expected_totals"] = Json::Object(totals);
        if let Some(first) = report.holdout.iter().find(|h| h.kind == report.model) {
            let mut part = json!({
                "actual_total": first.actual_total,
                "per_customer_mae": first.mae,
                "per_customer_rmse": first.rmse,
                "correlation": first.correlation,
                "next_purchase_coverage": report.coverage,
                "regression_coverage": report.regression_coverage,
                "brier": report.brier,
                "models": report.holdout.iter().map(|h| (key(h.kind).to_owned(), json!(h))).collect::<Map<_, _>>(),
            });
            for holdout in &report.holdout {
                part[format!("{}_total", key(holdout.kind))] = json!(holdout.expected.expected);
            }
            value[format!("holdout_{}_{}", report.holdout_periods, self.asked.unit())] = part;
        }
        value
    }

    /// The checks that published tables make: the first customer with a repeat purchase, and a random one.
    fn point_checks(&self) -> Json {
        let (report, unit) = (&self.report, self.asked.unit());
        let model = self.fit(report.model).model;
        let random: Vec<f64> = self.asked.at.iter().map(|t| model.expected_by(*t)).collect();
        let published: Option<Vec<f64>> = (model.kind == Kind::BgNbd)
            .then(|| self.asked.at.iter().map(|t| value::published_expected(model.parameters, *t)).collect());
        let mut checks = Vec::new();
        if let Some(first) = report.each.iter().find(|c| c.history.x > 0.0) {
            let History { x, t_x, t } = first.history;
            checks.push(json!({
                "what": format!(
                    "expected repeat purchases in the next {} {unit} for x={x}, t_x={t_x:.2}, T={t:.2}",
                    report.horizon
                ),
                "CustomerID": first.id,
                "value": first.expected_purchases,
            }));
        }
        checks.push(json!({
            "what": "expected purchases by t for a random customer",
            "t": self.asked.at,
            "value": published.as_ref().unwrap_or(&random),
            "value_is": match published {
                Some(_) => "the hypergeometric series cut after 150 terms, as in the published table",
                None => "exact",
            },
            "exact": random,
        }));
        Json::Array(checks)
    }
}

fn parameters(parameters: &[Parameter], log_likelihood: f64, warnings: &[String]) -> Json {
    let mut value = json!({ "log_likelihood": log_likelihood, "warnings": warnings });
    let (mut errors, mut intervals) = (Map::new(), Map::new());
    for p in parameters {
        value[&p.name] = json!(p.value);
        errors.insert(p.name.clone(), json!(p.standard_error));
        intervals.insert(p.name.clone(), json!(p.interval));
    }
    value["standard_errors"] = Json::Object(errors);
    value["intervals"] = Json::Object(intervals);
    value
}

/// `39`, `0.1429`, `5.57`.
fn plain(x: f64) -> String {
    if x.fract() == 0.0 { format!("{x}") } else { number(x).trim_end_matches('0').to_owned() }
}

/// One row per customer, for a policy to read as columns.
fn write(path: &PathBuf, each: &[CustomerValue]) -> Result<()> {
    let unwritten = |error: csv::Error| attune_lab::Error::new(format!("could not be written: {error}")).in_file(path);
    let mut writer = csv::Writer::from_path(path).map_err(unwritten)?;
    let header = [
        "customer_id",
        "repeat_purchases",
        "last_purchase_at",
        "age",
        "p_alive",
        "expected_purchases",
        "expected_spend",
        "customer_value",
        "p_purchase",
        "next_purchase_median_if_alive",
    ];
    writer.write_record(header).map_err(unwritten)?;
    let maybe = |x: Option<f64>| x.map(|x| x.to_string()).unwrap_or_default();
    for c in each {
        let row = [
            c.id.to_string(),
            c.history.x.to_string(),
            c.history.t_x.to_string(),
            c.history.t.to_string(),
            c.p_alive.to_string(),
            c.expected_purchases.to_string(),
            maybe(c.expected_spend),
            maybe(c.clv),
            c.p_purchase.to_string(),
            maybe(Some(c.next_if_alive[1]).filter(|t| t.is_finite())),
        ];
        writer.write_record(row).map_err(unwritten)?;
    }
    writer.flush().map_err(|error| attune_lab::Error::new(format!("could not be written: {error}")).in_file(path))?;
    Ok(())
}
