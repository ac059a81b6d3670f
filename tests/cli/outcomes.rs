//! From a table of transactions to models of what customers do next, and the five data sets through every command.

use super::{attune, done, json};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const DAY: i64 = 86_400;
/// 2024-01-01 in days since 1970.
const START: i64 = 19_723;
/// Days of sales.
const SPAN: i64 = 400;

/// A sale: customer, day since [`START`], amount; below 0 it is a return.
type Sale = (u32, i64, f64);

/// Customers who buy the more often the lower their number, and returns of some.
fn sales(customers: u32) -> Vec<Sale> {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut out = Vec::new();
    for customer in 0..customers {
        let mean_gap = 8.0 + 500.0 * (f64::from(customer) / f64::from(customers)).powi(2);
        let mut day = uniform() * 300.0;
        while day < SPAN as f64 {
            let amount = 5.0 + 20.0 * uniform();
            out.push((customer, day as i64, amount));
            if uniform() < 0.1 {
                out.push((customer, (day as i64 + 3).min(SPAN - 1), -amount));
            }
            day += 1.0 - mean_gap * (1.0 - uniform()).ln();
        }
    }
    // The last day is there, so that the table ends where it is said to.
    out.push((0, SPAN - 1, 10.0));
    out
}

fn date(day: i64) -> String {
    attune_lab::data::import::dates::render((START + day) * DAY * 1000)
}

fn csv(sales: &[Sale]) -> String {
    let rows = sales.iter().map(|(customer, day, amount)| format!("c{customer},{},{amount:.2}\n", date(*day)));
    format!("customer_id,day,amount\n{}", rows.collect::<String>())
}

#[test]
fn a_table_of_transactions_becomes_a_model_in_three_commands() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let at = SPAN - 120;
    let mut sales = sales(900);
    // Who only brings something back, and buys later or never.
    sales.extend((2_000..2_020).map(|customer| (customer, at - 10, -5.0)));
    sales.extend((2_000..2_010).map(|customer| (customer, at + 10, 5.0)));
    fs::write(dir.join("sales.csv"), csv(&sales)).unwrap();
    done(dir, &["import", "sales.csv", "shop", "--as", "transactions"]);
    // The naive model: who bought before the instant is a customer, who bought in the 90 days from it on has the outcome.
    let past = sales.iter().filter(|(_, day, amount)| *day < at && *amount > 0.0);
    let customers: BTreeSet<u32> = past.map(|sale| sale.0).collect();
    let bought = |from: i64, until: i64| -> BTreeSet<u32> {
        let within = sales.iter().filter(|(_, day, amount)| (from..until).contains(day) && *amount > 0.0);
        within.map(|sale| sale.0).filter(|customer| customers.contains(customer)).collect()
    };
    let expected = bought(at, at + 90).len();
    assert!(customers.len() < 900 && !customers.contains(&2_000), "some come later and are no customers yet");
    let ask = ["features", "shop", "--as-of", &date(at), "--outcome", "bought:90"];
    // Looked at, nothing is written.
    let looked = json(dir, &ask);
    assert_eq!(looked["outcomes"][0]["matched"]["decisions"], expected, "{}", looked["outcomes"]);
    assert_eq!((looked["rows"].as_u64(), &looked["as_of"]), (Some(customers.len() as u64), &json!(date(at))));
    assert!(!fs::read_to_string(dir.join("shop/roles.ron")).unwrap().contains("bought"));
    let text = done(dir, &[&ask[..], &["--add"]].concat()).out;
    for words in ["the outcome `bought`", "the model `bought`", "features over events", "Next: attune train shop"] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    let trained = json(dir, &["train", "shop"]);
    let report = &trained["models"][0]["report"];
    assert_eq!(report["spec"]["outcome"], "bought", "{trained}");
    let held_out = &report["held_out"];
    assert_eq!(
        report["rows"].as_u64().unwrap() + held_out["rows"].as_u64().unwrap(),
        customers.len() as u64,
        "{trained}"
    );
    assert_eq!(
        report["positives"].as_u64().unwrap() + held_out["positives"].as_u64().unwrap(),
        expected as u64,
        "{trained}"
    );
    // Who bought often buys again, and the model sees no more than that: 1 would be the future.
    let auc = report["out_of_fold"]["quality"]["auc"]["value"].as_f64().unwrap();
    assert!((0.6..0.95).contains(&auc), "AUC {auc}");
    assert!(done(dir, &["evaluate", "shop", "--families", "logistic,bayes"]).out.contains("propensity of `bought`"));
    assert!(done(dir, &["explain", "shop"]).out.contains("Drivers over"));
    // Churn is the rest, money is a sum, and both stand at the instant that the project keeps.
    let more = ["features", "shop", "--outcome", "churned:90", "--outcome", "spent=amount * 2.0:90", "--add"];
    let both = json(dir, &more);
    assert_eq!(both["as_of"], json!(date(at)), "{}", both["outcomes"]);
    assert_eq!(both["outcomes"][0]["outcome"]["absent"], true);
    let profile = json(dir, &["profile", "shop"]);
    let column = |name: &str| {
        let columns = profile["columns"].as_array().unwrap();
        columns.iter().find(|column| column["name"] == name).unwrap_or_else(|| panic!("no {name} in {profile:#}"))
    };
    let mean = |name: &str| column(name)["mean"].as_f64().unwrap();
    assert!((mean("bought") + mean("churned") - 1.0).abs() < 1e-9);
    assert!((mean("bought") - expected as f64 / customers.len() as f64).abs() < 1e-9);
    let within = |sale: &&Sale| (at..at + 90).contains(&sale.1) && sale.2 > 0.0 && customers.contains(&sale.0);
    let spent: f64 = sales.iter().filter(within).map(|sale| (sale.2 * 100.0).round() / 50.0).sum();
    assert!((mean("spent") * customers.len() as f64 - spent).abs() < 1e-3 * spent, "{} {spent}", mean("spent"));
    let trained = json(dir, &["train", "shop"]);
    assert_eq!(trained["models"].as_array().unwrap().len(), 3, "{trained}");
    assert!(done(dir, &["train", "shop"]).out.contains("R²"));
}

#[test]
fn what_happens_from_the_instant_on_is_in_no_feature() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let sales = sales(150);
    let at = SPAN - 100;
    let before: Vec<Sale> = sales.iter().copied().filter(|sale| sale.1 < at).collect();
    let mut seen = Vec::new();
    for (name, sales) in [("all", &sales), ("past", &before)] {
        fs::write(dir.join(format!("{name}.csv")), csv(sales)).unwrap();
        done(dir, &["import", &format!("{name}.csv"), name, "--as", "transactions", "--table", "sales"]);
        let out = format!("{name}-features.csv");
        let found = json(dir, &["features", name, "--as-of", &date(at), "--add", "--out", &out]);
        assert_eq!(found["as_of"], json!(date(at)));
        seen.push(fs::read_to_string(dir.join(out)).unwrap());
        // The project keeps the instant: what was shown is what models learn from.
        let again = json(dir, &["features", name]);
        assert_eq!((&again["as_of"], &again["features"]), (&json!(date(at)), &found["features"]));
        let goal = fs::read_to_string(dir.join(name).join("project.ron")).unwrap();
        assert!(goal.contains(&((START + at) * DAY * 1000).to_string()), "{goal}");
    }
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn an_outcome_that_is_not_all_known_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    fs::write(dir.join("sales.csv"), csv(&sales(60))).unwrap();
    fs::write(dir.join("people.csv"), "customer_id,age\nc1,30\nc2,40\n").unwrap();
    done(dir, &["import", "sales.csv", "shop", "--as", "transactions"]);
    done(dir, &["import", "people.csv", "bare", "--role", "customer_id=subject", "--as-of", "2024-06-01"]);
    let last = date(SPAN - 90);
    for (arguments, code, words) in [
        (vec!["shop", "--as-of", &date(SPAN - 30), "--outcome", "bought:90"], 1, last.as_str()),
        (vec!["shop", "--outcome", "bought:4000"], 1, "nothing in `transactions` happened before"),
        (vec!["shop", "--outcome", "bought"], 2, "NAME:DAYS"),
        (vec!["shop", "--outcome", "bought now:90"], 1, "call it `bought_now`"),
        (vec!["shop", "--outcome", "spent=amuont:90"], 1, "amuont"),
        (vec!["shop", "--outcome", "bought:90", "--table", "sails"], 1, "it has transactions"),
        (vec!["shop", "--outcome", "customer_id:90"], 1, "is a column already"),
        (vec!["bare", "--outcome", "bought:90"], 1, "no table of events"),
        (vec!["sales.csv", "--outcome", "bought:90"], 2, "attune import sales.csv shop"),
    ] {
        let ended = attune(dir, &[&["features"], arguments.as_slice()].concat());
        assert!(ended.code == code && ended.err.contains(words), "{arguments:?}: {} {}", ended.code, ended.err);
    }
    // Without an instant it is the last one that leaves its days.
    let found = json(dir, &["features", "shop", "--outcome", "bought:90"]);
    assert_eq!(found["outcomes"][0]["as_of"], json!(last));
    // Nothing was written by any of these.
    let ended = attune(dir, &["train", "shop"]);
    assert!(
        ended.code == 1 && ended.err.contains("no models") && ended.err.contains("--outcome bought:90"),
        "{}",
        ended.err
    );
    let wrong = attune(dir, &["import", "sales.csv", "other", "--as", "transactions", "--delayed", "b=transactions:9"]);
    assert!(wrong.code == 2 && wrong.err.contains("attune features other --outcome"), "{}", wrong.err);
}

/// The data sets that are read where they lie; `None`, said aloud, where they are missing and nobody insists.
fn shared(file: &str) -> Option<String> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let root = std::env::var_os("ATTUNE_SHARED").map_or_else(beside, PathBuf::from);
    let file = root.join("data").join(file);
    if !file.exists() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", file.display());
        println!("skipped: {} is missing", file.display());
        return None;
    }
    Some(file.display().to_string())
}

#[test]
fn files_of_rows_show_the_inputs_of_models() {
    let files = [
        ("bank_marketing/bank-additional-full.csv", "job", "0/1 for each of 12 categories"),
        ("telco_churn/telco_churn.csv", "tenure", "(x − 32"),
        ("hillstrom/hillstrom.csv", "zip_code", "0/1 for each of 3 categories"),
    ];
    for (file, column, encoding) in files {
        let Some(file) = shared(file) else { continue };
        let folder = tempfile::tempdir().unwrap();
        let found = json(folder.path(), &["features", &file]);
        let inputs = found["inputs"].as_array().unwrap();
        let input = inputs.iter().find(|input| input["column"] == column).unwrap();
        assert!(input["encoding"].as_str().unwrap().starts_with(encoding), "{input}");
        assert!(input["values"].as_array().unwrap().len() >= 2 && input["left_out"] == "", "{input}");
    }
    let Some(file) = shared("cdnow/CDNOW_sample.txt") else { return };
    let folder = tempfile::tempdir().unwrap();
    for arguments in [vec!["features", &file], vec!["import", &file, "shop", "--as", "transactions"]] {
        let ended = attune(folder.path(), &arguments);
        assert!(ended.code == 1 && ended.err.contains("--names customer,"), "{arguments:?} {}", ended.err);
    }
}

/// CDNOW: 2,357 of a tenth of its customers, all of whom first bought in the first twelve weeks of 1997. The counts are those of a few
/// lines of pandas over the raw file.
#[test]
fn cdnow_goes_from_purchases_to_churn() {
    let Some(file) = shared("cdnow/CDNOW_sample.txt") else { return };
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let names = ["--names", "master,customer,date,cds,dollars", "--key", "customer", "--time", "date"];
    done(dir, &[&["import", &file, "cdnow", "--as", "transactions"][..], &names].concat());
    let found = json(dir, &["features", "cdnow", "--as-of", "1997-10-01", "--outcome", "bought:90", "--add"]);
    // Counted here again from the lines of the file.
    let mut customers: BTreeMap<&str, bool> = BTreeMap::new();
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    for line in lines.iter().filter(|line| line[2] < "19971001") {
        customers.insert(line[1], false);
    }
    for line in lines.iter().filter(|line| ("19971001".."19971230").contains(&line[2])) {
        customers.insert(line[1], true);
    }
    let bought = customers.values().filter(|bought| **bought).count();
    assert_eq!(found["rows"], customers.len());
    assert_eq!(found["outcomes"][0]["matched"]["decisions"], bought, "{}", found["outcomes"]);
    let trained = json(dir, &["train", "cdnow"]);
    let auc = trained["models"][0]["report"]["out_of_fold"]["quality"]["auc"]["value"].as_f64().unwrap();
    assert!((0.7..0.95).contains(&auc), "AUC {auc}");
    let explained: Value = json(dir, &["explain", "cdnow"]);
    let strongest = explained["drivers"][0]["field"].as_str().unwrap().to_owned();
    assert!(["recency", "frequency", "active_days", "tenure"].iter().any(|f| strongest.starts_with(f)), "{strongest}");
    assert_eq!(json(dir, &["evaluate", "cdnow"])["boards"][0]["board"]["entries"].as_array().unwrap().len(), 1);
}

/// Online retail: returns are no purchases, rows without a customer belong to nobody.
#[test]
fn online_retail_goes_from_invoices_to_buyers() {
    let Some(file) = shared("online_retail/online_retail.csv") else { return };
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    done(dir, &["import", &file, "retail", "--as", "transactions", "--one-row-in", "25"]);
    let found = json(dir, &["features", "retail", "--as-of", "2011-09-01", "--outcome", "bought:90", "--add"]);
    let outcome = &found["outcomes"][0];
    assert_eq!(outcome["outcome"]["only"], "Quantity > 0 && UnitPrice > 0", "{outcome}");
    assert!(outcome["matched"]["others"].as_u64().unwrap() > 100, "{outcome}");
    assert!(done(dir, &["train", "retail"]).out.contains("logistic regression"));
}
