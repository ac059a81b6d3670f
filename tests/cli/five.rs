//! The five commands that read data (`profile`, `features`, `train`, `evaluate`, `explain`) on five public data sets, each as a person
//! would use them there: a table of 25 cells, each with a number that others found or a finding by its name.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the public data; `None` where it is missing, which fails where CI is set.
fn shared(file: &str) -> Option<String> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let root = std::env::var_os("ATTUNE_SHARED").map_or_else(beside, PathBuf::from);
    let path = root.join(file);
    if !path.exists() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", path.display());
        println!("skipped: {} is missing", path.display());
        return None;
    }
    Some(path.display().to_string())
}

fn reference(file: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(shared(file).unwrap()).unwrap()).unwrap()
}

/// A folder in which commands run.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Desk {
        Desk(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    /// Runs a command that must succeed; its words are divided at blanks, and `FILE` stands for `file`.
    fn text(&self, line: &str, file: &str) -> String {
        let words = line.split(' ').map(|word| if word == "FILE" { file } else { word });
        let output = Command::new(env!("CARGO_BIN_EXE_attune"))
            .args(words)
            .current_dir(self.0.path())
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .env("ATTUNE_PROJECTS", self.0.path())
            .output()
            .unwrap();
        let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(output.status.success(), "attune {line}\n{out}\n{err}");
        out
    }

    /// The same with `--json`.
    fn json(&self, line: &str, file: &str) -> Value {
        let out = self.text(&format!("{line} --json"), file);
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("attune {line}: {error}\n{out}"))
    }
}

/// A number of a report that must lie near another one.
fn near(what: &str, found: &Value, expected: f64, tolerance: f64) {
    let found = found.as_f64().unwrap_or_else(|| panic!("{what} is {found}"));
    assert!((found - expected).abs() <= tolerance, "{what}: {found}, expected {expected} ± {tolerance}");
}

/// The names of the problems that a profile found.
fn problems(profile: &Value) -> BTreeSet<String> {
    profile["problems"].as_array().unwrap().iter().map(|p| p["id"].as_str().unwrap().to_owned()).collect()
}

fn problem<'a>(profile: &'a Value, id: &str) -> &'a Value {
    let found = profile["problems"].as_array().unwrap().iter().find(|problem| problem["id"] == id);
    found.unwrap_or_else(|| panic!("no {id} among {:?}", problems(profile)))
}

/// A column of a list of objects, by its name.
fn named<'a>(list: &'a Value, key: &str, name: &str) -> &'a Value {
    let found = list.as_array().unwrap().iter().find(|one| one[key] == name);
    found.unwrap_or_else(|| panic!("no {key} {name} in {list}"))
}

/// The out-of-fold quality of a model that was trained.
fn quality<'a>(trained: &'a Value, id: &str) -> &'a Value {
    &named(&trained["models"], "id", id)["report"]["out_of_fold"]["quality"]
}

/// The best of the first leaderboard.
fn best(evaluated: &Value) -> &Value {
    &evaluated["boards"][0]["board"]["entries"][0]
}

/// The drivers of a model, the strongest first.
fn drivers(explained: &Value) -> Vec<&str> {
    explained["drivers"].as_array().unwrap().iter().map(|driver| driver["field"].as_str().unwrap()).collect()
}

/// Bank marketing: in order of time, with a column that is known after the call alone.
#[test]
fn bank_marketing() {
    let Some(file) = shared("data/bank_marketing/bank-additional-full.csv") else { return };
    let expected = reference("reference/propensity.json");
    let auc = |set: &str| expected[set]["logistic_auc"].as_f64().unwrap();
    let desk = Desk::new();

    let profile = desk.json("profile FILE --outcome y", &file);
    assert_eq!((&profile["rows"], &profile["missing_cells"]), (&Value::from(41_188), &Value::from(0)));
    assert_eq!(problem(&profile, "sentinel:pdays=999")["count"], 39_673, "999 days are a mark");
    assert_eq!(problem(&profile, "repeated-rows")["count"], 12);
    assert_eq!(profile["associations"][0]["column"], "duration", "what is known after the call tells most");
    let text = desk.text("profile FILE --outcome y", &file);
    // Six columns with one mark are one line, and no bound lies where nothing can be.
    assert!(text.contains("6 columns hold `unknown`") && text.contains("--repair sentinel:COLUMN=unknown"), "{text}");
    assert!(text.contains("`age` lies above 92 in 4 rows") && !text.contains("-549"), "{text}");

    let features = desk.json("features FILE", &file);
    let inputs = |column: &str| &named(&features["inputs"], "column", column)["inputs"];
    assert_eq!((inputs("job"), inputs("contact"), inputs("age")), (&12.into(), &1.into(), &1.into()));
    let steps: Vec<&str> =
        features["suggestions"].as_array().unwrap().iter().filter_map(|step| step["argument"].as_str()).collect();
    assert!(steps.contains(&"--step log1p:duration"), "{}", features["suggestions"]);

    // With the leak it is named; without it the model is as good as the peer's.
    desk.text("import FILE bank --goal y", &file);
    let leaky = desk.json("train bank", &file);
    near("AUC with duration", &quality(&leaky, "y")["auc"]["value"], auc("bank_marketing_with_duration"), 0.006);
    assert_eq!(leaky["models"][0]["report"]["suspicions"][0]["field"], "duration", "{}", leaky["models"][0]["report"]);
    desk.text("import FILE bank --role duration=ignored", &file);
    let honest = desk.json("train bank", &file);
    let without = auc("bank_marketing_without_duration");
    near("AUC without duration", &quality(&honest, "y")["auc"]["value"], without, 0.01);

    let evaluated = desk.json("evaluate bank", &file);
    near("AUC", &best(&evaluated)["quality"]["auc"]["value"], without, 0.01);
    near("Brier", &best(&evaluated)["quality"]["brier"], 0.0784, 0.003);
    assert_eq!(evaluated["boards"][0]["board"]["suspicions"], Value::Array(Vec::new()));

    let explained = desk.json("explain bank", &file);
    let found = drivers(&explained);
    assert!(!found.contains(&"duration") && found[0] == "emp_var_rate", "{found:?}");
    // Rates of the same economy rise and fall together: no share of one of them says much.
    let together = explained["together"].to_string();
    assert!(["emp_var_rate", "euribor3m"].iter().all(|column| together.contains(column)), "{together}");
    near("the mean score", &explained["mean_score"], 0.1126, 0.01);
}

/// Telco churn: eleven customers of the first month have no total.
#[test]
fn telco_churn() {
    let Some(file) = shared("data/telco_churn/telco_churn.csv") else { return };
    let expected = &reference("reference/propensity.json")["telco_churn"];
    let (auc, brier) = (expected["logistic_auc"].as_f64().unwrap(), expected["logistic_brier"].as_f64().unwrap());
    let desk = Desk::new();

    let profile = desk.json("profile FILE --outcome Churn", &file);
    assert_eq!((&profile["rows"], &profile["missing_cells"]), (&Value::from(7_043), &Value::from(11)));
    let ids: Vec<String> = problems(&profile).into_iter().collect();
    assert_eq!(ids, ["missing:TotalCharges"]);
    assert_eq!(
        (&profile["roles"]["gender"], &profile["roles"]["customerID"]),
        (&"Protected".into(), &"Subject".into())
    );
    let text = desk.text("profile FILE --outcome Churn", &file);
    let tenure = text.lines().find(|line| line.contains("tenure") && line.contains("AUC")).unwrap();
    assert!(tenure.contains("lower"), "those who leave have been there for less long: {tenure}");
    assert!(text.contains("11 cells missing (less than 0.1 %)"), "{text}");

    let features = desk.json("features FILE", &file);
    let total = named(&features["inputs"], "column", "TotalCharges");
    assert_eq!(
        (&total["inputs"], &total["inputs_of_trees"]),
        (&2.into(), &1.into()),
        "one of them tells that it is missing"
    );
    assert!(named(&features["inputs"], "column", "gender")["left_out"].as_str().unwrap().contains("protected"));

    let imported = desk.text("import FILE telco", &file);
    assert!(imported.ends_with("Next: attune train telco\n"), "{imported}");
    let trained = desk.json("train telco", &file);
    near("AUC", &quality(&trained, "churn")["auc"]["value"], auc, 0.008);
    near("Brier score", &quality(&trained, "churn")["brier"], brier, 0.003);

    // All rows, as the peer's: five folds of a logistic regression and of a forest.
    let evaluated = desk.json("evaluate FILE --outcome Churn --families logistic,forest", &file);
    let board = &evaluated["boards"][0]["board"];
    assert_eq!(board["rows"], 7_043);
    for entry in board["entries"].as_array().unwrap() {
        let peer = if entry["spec"]["id"] == "forest" { "random_forest_auc" } else { "logistic_auc" };
        near(peer, &entry["quality"]["auc"]["value"], expected[peer].as_f64().unwrap(), 0.006);
    }

    let explained = desk.json("explain telco", &file);
    assert_eq!(drivers(&explained)[0], "tenure");
    assert!(explained["directions"]["tenure"].as_f64().unwrap() < -0.9, "who has stayed stays");
    let together = &explained["together"][0]["fields"];
    assert_eq!(together, &serde_json::json!(["tenure", "TotalCharges"]), "what was paid grows with the months");
    near("the mean score", &explained["mean_score"], 0.265, 0.01);
    assert!(desk.text("explain telco", &file).contains("- `tenure`, `TotalCharges`"));
}

/// Hillstrom's trial of e-mails: three arms drawn by lot, whose effects were published.
#[test]
fn hillstrom() {
    let Some(file) = shared("data/hillstrom/hillstrom.csv") else { return };
    let expected = reference("reference/uplift/hillstrom_ate.json");
    let desk = Desk::new();

    let profile = desk.json("profile FILE --outcome visit", &file);
    assert_eq!((&profile["rows"], &profile["roles"]["segment"]), (&Value::from(64_000), &"Action".into()));
    let guess = profile["problems"].to_string();
    assert!(guess.contains("drawn by lot is a guess") && guess.contains("no column tells them apart"), "{guess}");
    assert_eq!(problem(&profile, "outliers:history")["count"], 923);

    let features = desk.json("features FILE", &file);
    assert_eq!(named(&features["inputs"], "column", "history_segment")["inputs"], 7);
    assert!(named(&features["inputs"], "column", "spend")["left_out"].as_str().unwrap().contains("outcome"));

    desk.text("import FILE hill --goal visit --randomised --one-row-in 3", &file);
    let trained = desk.json("train hill", &file);
    for (id, arm) in [("visit_mens_e_mail", "mens"), ("visit_womens_e_mail", "womens")] {
        let report = &named(&trained["models"], "id", id)["report"];
        let rate = report["positives"].as_f64().unwrap() / report["rows"].as_f64().unwrap();
        let visits = expected["visit_rate"][arm].as_f64().unwrap();
        assert!((rate - visits).abs() < 0.015, "{id}: {rate}, published {visits}");
        assert!(report["suspicions"].as_array().unwrap().is_empty(), "{report}");
        near("AUC", &quality(&trained, id)["auc"]["value"], 0.62, 0.03);
    }

    // Effects beside propensities: the published effect lies in the interval of the rows measured, and no column tells the arms apart.
    desk.json("train hill --uplift t", &file);
    let evaluated = desk.json("evaluate hill", &file);
    let boards = evaluated["boards"].as_array().unwrap();
    let mut measured = BTreeMap::new();
    for board in boards {
        assert!(board["board"]["suspicions"].as_array().unwrap().is_empty(), "{}", board["board"]["suspicions"]);
        for entry in board["board"]["entries"].as_array().unwrap().iter().filter(|entry| !entry["uplift"].is_null()) {
            measured.insert(entry["spec"]["arm"].as_str().unwrap().to_owned(), entry["uplift"]["effect"].clone());
        }
    }
    for (arm, effect) in [("Mens E-Mail", "visit_mens"), ("Womens E-Mail", "visit_womens")] {
        let (found, published) = (&measured[arm], expected["ate"][effect].as_f64().unwrap());
        let (low, high) = (found["low"].as_f64().unwrap(), found["high"].as_f64().unwrap());
        assert!(low < published && published < high, "{arm}: {found}, published {published}");
    }

    let explained = desk.json("explain hill --model visit_womens_e_mail", &file);
    let found = drivers(&explained);
    assert!(found[..3].contains(&"womens") && found[..3].contains(&"newbie"), "{found:?}");
    assert!(explained["directions"]["recency"].as_f64().unwrap() < 0.0, "who bought long ago visits less");
}

/// CDNOW: purchases alone, in columns of blanks without a header. A model of who buys again in the 39 weeks after the first 39.
#[test]
fn cdnow() {
    let Some(file) = shared("data/cdnow/CDNOW_sample.txt") else { return };
    let expected = reference("reference/clv/expected.json");
    let desk = Desk::new();
    let names = "--names id,customer,date,cds,dollars";

    let profile = desk.json(&format!("profile FILE {names}"), &file);
    assert_eq!((&profile["rows"], &profile["roles"]["customer"]), (&Value::from(6_919), &"Subject".into()));
    assert_eq!(problem(&profile, "repeated-rows")["count"], 21);

    // The naive way: each line split at blanks.
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    let mut days: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    lines.iter().for_each(|line| _ = days.entry(line[1]).or_default().insert(line[2]));
    let came_back = days.values().filter(|days| days.iter().any(|day| *day > "19970930")).count();
    let later: usize = days.values().map(|days| days.iter().filter(|day| **day > "19970930").count()).sum();
    assert_eq!(expected["holdout_39_weeks"]["actual_total"], later, "the days of purchase that the reference counts");

    let as_of = format!("features FILE {names} --as-of 1997-10-01");
    let features = desk.json(&as_of, &file);
    let of = |name: &str| named(&features["features"], "name", name);
    assert_eq!((&features["rows"], &of("frequency")["known"]), (&Value::from(2_357), &Value::from(2_357)));
    let before: Vec<usize> = days.values().map(|days| days.iter().filter(|day| **day <= "19970930").count()).collect();
    near("days of purchase", &of("active_days")["mean"], before.iter().sum::<usize>() as f64 / 2_357.0, 1e-9);
    let repeaters = before.iter().filter(|days| **days > 1).count();
    assert_eq!(expected["gamma_gamma"]["n_customers"], repeaters, "who came back within the first 39 weeks");
    assert_eq!(of("interval_mean")["known"], repeaters, "only of them there is an interval");

    desk.text(&format!("import FILE cdnow --as transactions {names}"), &file);
    let added = desk.json("features cdnow --as-of 1997-10-01 --outcome bought:273 --add", &file);
    assert_eq!(added["outcomes"][0]["matched"]["decisions"], came_back);
    let trained = desk.json("train cdnow", &file);
    let report = &named(&trained["models"], "id", "bought")["report"];
    let (rows, positives) = (report["rows"].as_f64().unwrap(), report["positives"].as_f64().unwrap());
    assert!((positives / rows - came_back as f64 / 2_357.0).abs() < 0.02, "{positives} of {rows}, {came_back} of all");
    assert!(quality(&trained, "bought")["auc"]["low"].as_f64().unwrap() > 0.7, "{}", quality(&trained, "bought"));

    let evaluated = desk.json("evaluate cdnow", &file);
    assert_eq!(best(&evaluated)["spec"]["id"], "bought");
    assert!(best(&evaluated)["quality"]["brier"].as_f64().unwrap() < 0.9 * positives / rows * (1.0 - positives / rows));

    let explained = desk.json("explain cdnow", &file);
    let together = explained["together"].to_string();
    assert!(together.contains("frequency_90d") && together.contains("monetary_90d"), "{together}");
    let found = drivers(&explained);
    assert!(found[..8].contains(&"recency") || found[..8].contains(&"tenure"), "{found:?}");

    // What lies after the instant is what outcomes are made of: nobody is told to leave it out.
    let profile = desk.json("profile cdnow --table transactions", &file);
    assert!(problems(&profile).iter().all(|id| !id.starts_with("future") && !id.starts_with("broken")), "{profile}");
    let customers = desk.text("profile cdnow", &file);
    assert!(
        customers.contains(&format!("`bought`: {came_back} customers have something in `transactions`")),
        "{customers}"
    );
}

/// Online retail: invoice lines with returns, cancellations and lines of nobody; features of all, a model of every second customer.
#[test]
fn online_retail() {
    let Some(file) = shared("data/online_retail/online_retail.csv") else { return };
    let rfm = std::fs::read_to_string(shared("reference/rfm/rfm_reference.csv").unwrap()).unwrap();
    let rfm: Vec<Vec<f64>> =
        rfm.lines().skip(1).map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect();
    let desk = Desk::new();

    let profile = desk.json("profile FILE", &file);
    assert_eq!(profile["rows"], 541_909);
    assert_eq!(problem(&profile, "missing:CustomerID")["count"], 135_080);
    assert_eq!(problem(&profile, "repeated-rows")["count"], 5_268);
    let codes = problem(&profile, "mixed-types:InvoiceNo");
    assert_eq!(
        (&codes["count"], &codes["repairable"]),
        (&9_291.into(), &false.into()),
        "C536379 is a code, and stays one"
    );

    // Recency, frequency and money of every customer who bought, as the reference has them.
    let features = desk.json("features FILE --as-of 2011-12-10", &file);
    let of = |name: &str| named(&features["features"], "name", name);
    let mean = |column: usize| rfm.iter().map(|row| row[column]).sum::<f64>();
    let rows = features["rows"].as_f64().unwrap();
    assert_eq!((&of("recency")["known"], rfm.len()), (&Value::from(4_338), 4_338));
    near("recency", &of("recency")["mean"], mean(1) / 4_338.0, 1.0);
    near("frequency", &of("frequency")["mean"], mean(2) / rows, 1e-9);
    near("monetary", &of("monetary")["mean"], mean(3) / rows, 1e-4);

    let text = std::fs::read_to_string(&file).unwrap();
    let customer = |line: &str| -> Option<u32> { Some(line.rsplit(',').nth(1)?.parse::<f64>().ok()? as u32) };
    let mut some: Vec<&str> = text.lines().take(1).collect();
    some.extend(text.lines().skip(1).filter(|line| customer(line).is_some_and(|id| id.is_multiple_of(2))));
    desk.write("sales.csv", &some.join("\n"));
    desk.text("import sales.csv retail --as transactions", &file);
    let added = desk.json("features retail --outcome bought:90 --add", &file);
    let (customers, as_of) = (added["rows"].as_f64().unwrap(), added["as_of"].as_str().unwrap());
    // The naive way: quoted fields hold no date, so the part of the line that is one can be looked for.
    let day = |line: &str| -> Option<String> {
        line.split(',').find(|cell| cell.len() == 19 && cell.as_bytes()[4] == b'-').map(|cell| cell[..10].to_owned())
    };
    // Whoever only brought something back, or took it for free, has not bought.
    let sold = |line: &str| -> bool {
        let mut cells = line.rsplit(',').skip(2);
        let price: f64 = cells.next().unwrap().parse().unwrap();
        let quantity: f64 = cells.nth(1).unwrap().parse().unwrap();
        price > 0.0 && quantity > 0.0
    };
    let known: BTreeSet<u32> = some[1..]
        .iter()
        .filter(|line| day(line).is_some_and(|day| *day < *as_of) && sold(line))
        .filter_map(|line| customer(line))
        .collect();
    assert_eq!(customers, known.len() as f64, "customers are those who bought before {as_of}");

    let trained = desk.json("train retail", &file);
    let own = quality(&trained, "bought");
    let (low, high) = (own["auc"]["low"].as_f64().unwrap(), own["auc"]["high"].as_f64().unwrap());
    assert!(low > 0.6 && low < 0.744 && 0.744 < high, "all customers have 0.744: {own}");
    let evaluated = desk.json("evaluate retail --families logistic,boosted", &file);
    assert_eq!(evaluated["boards"][0]["board"]["entries"].as_array().unwrap().len(), 2);
    near("AUC", &best(&evaluated)["quality"]["auc"]["value"], 0.744, 0.03);

    let explained = desk.json("explain retail", &file);
    let found = drivers(&explained);
    assert!(found[..4].contains(&"recency"), "{found:?}");
    assert!(explained["directions"]["recency"].as_f64().unwrap() < 0.0, "who bought lately buys again");
    // A year of data: what was bought in 365 days is all that was bought.
    let together = explained["together"].to_string();
    assert!(together.contains("\"frequency_365d\"") && together.contains("\"frequency\""), "{together}");
    let kinds = problems(&desk.json("profile retail --table transactions", &file));
    assert!(kinds.contains("impossible:Quantity") && kinds.iter().all(|id| !id.starts_with("future")), "{kinds:?}");
}
