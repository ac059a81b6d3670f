//! `attune analyze recommend`: which way of recommending would have worked, and what it recommends now.

use super::super::console::{Console, Failure, Outcome, Result};
use super::super::inputs::{Reading, instant};
use super::super::meaning::column_named;
use super::super::table::{Table, count, interval, number, percent, wrap};
use attune_lab::Error;
use attune_lab::data::Dataset;
use attune_lab::data::import::{dates, import};
use attune_lab::models::Calibrate;
use attune_lab::models::recommend::{
    self, Calibrated, Columns, Comparison, Evaluated, Fields, Method, Options, Read, Recommender, Who, ranking,
};
use attune_lab::project::{Learned, atomic};
use clap::ValueEnum;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Compare ways of recommending items on what customers took later, and recommend by the best
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune analyze recommend online_retail.csv --customer CustomerID --item StockCode --date InvoiceDate --weight Quantity --attributes Description\n  \
                        attune analyze recommend orders.csv --customer buyer --item sku --date day --method ease --for 17850 --calibrate isotonic --model recommend.ron\n\n\
                        Methods learn from the first four fifths of the time and are measured on what customers took afterwards for the\n\
                        first time; what a customer has is never recommended. Rows without a customer, item or date, and with a weight of 0\n\
                        or less, are left out. Content and hybrid need --attributes; popularity in the segment needs --segment."
)]
pub struct Recommend {
    /// File with a row for each item taken
    file: PathBuf,
    /// Column of the customer
    #[arg(long, value_name = "COLUMN")]
    customer: String,
    /// Column of the item
    #[arg(long, value_name = "COLUMN")]
    item: String,
    /// Column of the date
    #[arg(long, value_name = "COLUMN")]
    date: String,
    /// Column of how much was taken; rows with 0 or less are left out
    #[arg(long, value_name = "COLUMN")]
    weight: Option<String>,
    /// Columns that describe an item, separated by commas
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    attributes: Vec<String>,
    /// Column of the customer's segment
    #[arg(long, value_name = "COLUMN")]
    segment: Option<String>,
    /// Methods to compare; all that the columns allow when none is named
    #[arg(long, value_enum, value_delimiter = ',')]
    method: Vec<Name>,
    /// Instant that parts what is learned from what is measured
    #[arg(long, value_name = "DATE")]
    split: Option<String>,
    /// Length of the lists
    #[arg(long, value_name = "K", default_value_t = 10)]
    k: usize,
    /// Customers to recommend to; may be given several times
    #[arg(long = "for", value_name = "CUSTOMER")]
    customers: Vec<String>,
    /// Find what scores are worth as probabilities of taking the item within the time after the split, by customers held out
    #[arg(long, value_enum, value_name = "METHOD")]
    calibrate: Option<Map>,
    /// File to write the best method's model to (RON); `attune attach` makes it part of a project
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Table to write of what each customer has, which item-kNN, EASE, content and hybrid read at a decision
    #[arg(long, value_name = "OUT.csv")]
    baskets: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

/// Names of methods on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    /// What most customers took
    Popularity,
    /// What most customers of the segment took
    Segment,
    /// Items taken together: cosine with shrinkage
    ItemKnn,
    /// Items taken together: regression of each on all others
    Ease,
    /// Matrix factorisation of implicit feedback
    Als,
    /// Items described alike
    Content,
    /// EASE, with content for new items
    Hybrid,
}

/// Names of calibrations on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Map {
    /// The best rising steps
    Isotonic,
    /// A logistic curve through the score
    Platt,
}

impl Name {
    fn method(self) -> Method {
        match self {
            Name::Popularity => Method::Popularity,
            Name::Segment => Method::segment_popularity(),
            Name::ItemKnn => Method::item_knn(),
            Name::Ease => Method::ease(),
            Name::Als => Method::als(),
            Name::Content => Method::content(),
            Name::Hybrid => Method::hybrid(),
        }
    }
}

impl Recommend {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        if self.k == 0 {
            return Err(Failure::Usage("--k: a list has at least one item".into()));
        }
        let options = Options {
            k: self.k,
            at: self.split.as_deref().map(|text| instant("--split", text)).transpose()?,
            ..Options::default()
        };
        let imported = {
            let reading = self.reading.options()?;
            console.work(|task| import(&self.file, &reading, task))?
        };
        let dataset = imported.dataset;
        let named = |flag: &str, name: &String| column_named(&dataset, flag, name);
        let columns = Columns {
            customer: named("--customer", &self.customer)?,
            item: named("--item", &self.item)?,
            date: named("--date", &self.date)?,
            weight: self.weight.as_ref().map(|name| named("--weight", name)).transpose()?,
            attributes: self.attributes.iter().map(|name| named("--attributes", name)).collect::<Result<_>>()?,
            segment: self.segment.as_ref().map(|name| named("--segment", name)).transpose()?,
        };
        let methods = self.methods();
        let (read, comparison, best, calibrated) = console.work(|task| {
            let read = recommend::read(&dataset, &columns, task)?;
            let comparison = recommend::compare(&read.interactions, &read.catalogue, &methods, &options, task)?;
            let best = match comparison.best() {
                Some(best) => recommend::fit(best, &read.interactions.baskets(None), &read.catalogue, task)?,
                None => {
                    let why = comparison.methods.iter().find_map(|method| method.refused.clone());
                    return Err(Error::new(why.unwrap_or_else(|| "no method could be learned".into())));
                }
            };
            let calibrated = self.calibrate.map(|map| {
                let how = if map == Map::Platt { Calibrate::Platt } else { Calibrate::Isotonic };
                recommend::calibrate(&best.method, &read.interactions, &read.catalogue, how, &options, task)
            });
            Ok((read, comparison, best, calibrated.transpose()?))
        })?;
        let lists: Vec<(String, Vec<(String, f64)>)> =
            self.customers.iter().map(|customer| list(customer, &read, &best, self.k)).collect::<Result<_>>()?;
        let lists: Vec<(String, Vec<(String, f64)>)> = match &calibrated {
            None => lists,
            Some(own) => {
                let worth = |(item, score)| (item, own.probability(score));
                lists.into_iter().map(|(who, list)| (who, list.into_iter().map(worth).collect())).collect()
            }
        };
        if let Some(file) = &self.model {
            let names = read.catalogue.segments.as_ref().map_or(&[][..], |segments| &segments.names);
            let fields = Fields {
                subject: columns.customer.clone(),
                segment: columns.segment.clone().unwrap_or_else(|| "segment".into()),
                ..Fields::default()
            };
            let model = recommend::lower(&best, &read.interactions, names, &fields, "recommend", calibrated.as_ref())?;
            let method = best.method.words();
            let (own, period) = (calibrated.as_ref(), read.interactions.span());
            let learned = Learned::recommender(model, &comparison, method, own, period, dataset.source());
            super::write_learned(file, &learned)?;
        }
        if let Some(file) = &self.baskets {
            write_baskets(file, &read, &columns, &dataset)?;
        }
        let text = self.text(dataset.rows(), &read, &comparison, &best, &lists, calibrated.as_ref());
        let value = json!({
            "file": self.file,
            "columns": columns,
            "notes": read.notes,
            "comparison": comparison,
            "best": best.method,
            "scores_are": if calibrated.is_some() { "probabilities" } else { "ranks" },
            "calibration": calibrated,
            "definitions": ranking::DEFINITIONS,
            "recommendations": lists.iter().map(|(customer, list)| json!({
                "customer": customer,
                "items": list.iter().map(|(item, score)| json!({ "item": item, "score": score })).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "model": self.model,
        });
        console.result(&text, &value)?;
        Ok(Outcome::Done)
    }

    /// What was asked for, or all that the columns allow; popularity always, to compare with.
    fn methods(&self) -> Vec<Method> {
        let mut methods = vec![Method::Popularity];
        if self.method.is_empty() {
            methods.extend(self.segment.is_some().then(Method::segment_popularity));
            methods.extend([Method::item_knn(), Method::ease(), Method::als()]);
            if !self.attributes.is_empty() {
                methods.extend([Method::content(), Method::hybrid()]);
            }
        } else {
            methods.extend(self.method.iter().filter(|name| **name != Name::Popularity).map(|name| name.method()));
        }
        methods
    }

    fn text(
        &self,
        rows: usize,
        read: &Read,
        comparison: &Comparison,
        best: &Recommender,
        lists: &[(String, Vec<(String, f64)>)],
        calibrated: Option<&Calibrated>,
    ) -> String {
        let k = comparison.k;
        let mut text = format!("{}: {} rows\n", self.file.display(), count(rows as u64));
        for note in &read.notes {
            text.push_str(&format!("  {note}\n"));
        }
        let (train, test) = (comparison.train, comparison.test);
        text.push_str(&format!(
            "\nLearned before {}: {} customers, {} items, {} pairs of both. Measured after it: {} customers with {} new items.\n\n",
            dates::render(comparison.at),
            count(train.subjects),
            count(train.items),
            count(train.pairs),
            count(test.subjects),
            count(test.pairs)
        ));
        let names = ["precision", "recall", "MAP", "NDCG", "hit rate"];
        let [precision, recall, map, ndcg, hits] = names.map(|name| format!("{name}@{k}"));
        let mut table = Table::new(&["method", &precision, &recall, &map, &ndcg, "95 %", &hits, "coverage", "novelty"]);
        for method in &comparison.methods {
            table.row(numbers(method));
        }
        text.push_str(&table.text(2));
        for method in &comparison.methods {
            if let Some(why) = &method.refused {
                text.push_str(&wrap(&format!("{}: {why}", method.name), 2, 110));
            }
        }
        let name = best.method.words();
        text.push_str(&format!("\nBest by NDCG: {name}\n"));
        if let Some(best) = comparison.methods.iter().find(|method| method.name == name) {
            if let Some(gain) = best.against_popularity {
                let verdict = if gain.low > 0.0 { "better than popularity" } else { "not told apart from popularity" };
                text.push_str(&format!("  {verdict}: NDCG {:+.4} {}\n", gain.value, interval(gain.low, gain.high)));
            }
            let mut table = Table::new(&["group", "customers", "recall", "NDCG", "95 %"]);
            for group in &best.groups {
                let ndcg = interval(group.ndcg.low, group.ndcg.high);
                table.row(vec![
                    group.name.clone(),
                    count(group.n),
                    number(group.recall.value),
                    number(group.ndcg.value),
                    ndcg,
                ]);
            }
            text.push_str(&table.text(2));
        }
        for note in &comparison.notes {
            text.push_str(&wrap(&format!("- {note}"), 2, 110));
        }
        match calibrated {
            None => text.push_str(
                "\nScores are for ranking and no probabilities; --calibrate finds what they are worth as such.\n",
            ),
            Some(own) => text.push_str(&calibration(own)),
        }
        let what = if calibrated.is_some() { "probability" } else { "rank score" };
        for (customer, list) in lists {
            text.push_str(&format!("\nFor {customer}, by {name} learned from everything\n"));
            let mut table = Table::new(&["item", what]);
            list.iter().for_each(|(item, score)| table.row(vec![item.clone(), number(*score)]));
            text.push_str(&table.text(2));
        }
        if let Some(file) = &self.model {
            text.push_str(&super::attach_next("Model", file));
        }
        if let Some(file) = &self.baskets {
            let until = read
                .interactions
                .span()
                .map_or_else(String::new, |(_, last)| format!(" until {}", dates::render(last)));
            text.push_str(&format!("What each customer took{until} was written to {}.\n", file.display()));
        }
        text
    }
}

/// One row per customer: the key as the file has it, and the items.
fn write_baskets(file: &Path, read: &Read, columns: &Columns, dataset: &Dataset) -> Result<()> {
    let fields = Fields::default();
    let baskets = recommend::lists(&read.interactions, &fields.separator)?;
    let key = dataset.column(&columns.customer).map_or(columns.customer.as_str(), |column| column.source.as_str());
    let failed = |error: csv::Error| Error::new(format!("could not be written: {error}")).in_file(file);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([key, fields.basket.as_str()]).map_err(failed)?;
    for (subject, basket) in read.interactions.subjects.iter().zip(&baskets) {
        writer.write_record([&**subject, basket.as_str()]).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| Error::new(error.to_string()).in_file(file))?;
    Ok(atomic::replace(file, &bytes)?)
}

/// What scores are worth, and how it was found.
fn calibration(own: &Calibrated) -> String {
    let [fitted, measured] = own.subjects.map(count);
    let [pairs, taken] = own.pairs.map(count);
    let mut text = wrap(
        &format!(
            "Scores are calibrated ({}): {}. The map was fitted on {fitted} customers and measured on {measured} others, on every item that was \
             new to them.",
            own.method.words(),
            own.target()
        ),
        0,
        110,
    );
    text.insert(0, '\n');
    text.push_str(&format!(
        "  {pairs} pairs, {taken} taken: mean probability {:.5}, share taken {:.5}, ECE {:.5} (10 quantile bins), log loss {:.5}\n",
        own.predicted, own.observed, own.quality.ece_quantile, own.quality.log_loss
    ));
    text
}

fn numbers(method: &Evaluated) -> Vec<String> {
    let Some(all) = method.all() else { return vec![method.name.clone(), "–".into()] };
    let mut cells = vec![method.name.clone()];
    cells.extend([all.precision, all.recall, all.map, all.ndcg].map(|x| format!("{:.4}", x.value)));
    cells.push(format!("[{:.4}, {:.4}]", all.ndcg.low, all.ndcg.high));
    cells.extend([percent(all.hit_rate.value), percent(method.coverage), format!("{:.2}", method.novelty)]);
    cells
}

/// What to recommend to a customer by name.
fn list(customer: &str, read: &Read, best: &Recommender, k: usize) -> Result<(String, Vec<(String, f64)>)> {
    let interactions = &read.interactions;
    let Some(subject) = interactions.subjects.iter().position(|name| **name == *customer) else {
        return Err(Failure::Usage(format!("--for: the file has no customer `{customer}`")));
    };
    let baskets = interactions.baskets(None);
    let basket = baskets.basket(subject);
    let segment = read.catalogue.segments.as_ref().and_then(|segments| segments.of.get(subject).copied().flatten());
    let who = Who { subject: (!basket.is_empty()).then_some(subject as u32), segment, basket: &basket };
    let items = best.recommend(who, k);
    Ok((
        customer.to_owned(),
        items.into_iter().map(|(item, score)| (interactions.items[item as usize].to_string(), score)).collect(),
    ))
}
