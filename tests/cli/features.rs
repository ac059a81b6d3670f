//! `attune features`: on a file of events, on customers with their events, and in a project.

use super::{attune, done, json};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Of k1 the last sale happens at the instant itself, so it does not count.
const SALES: &str = "customer_id,day,quantity,price,kind\nk1,2024-03-01,1,5.5,shoes\nk1,2024-05-30,2,1,hats\n\
                     k2,2024-05-01,-1,4,shoes\nk2,2024-05-02,1,4,shoes\nk1,2024-06-01,10,10,hats\n,2024-05-01,1,1,hats\n";

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("sales.csv"), SALES).unwrap();
    fs::write(dir.path().join("people.csv"), "customer_id,age\nk1,30\nk2,41\nk3,50\n").unwrap();
    dir
}

fn feature<'v>(found: &'v Value, name: &str) -> &'v Value {
    let features = found["features"].as_array().unwrap();
    features.iter().find(|feature| feature["name"] == name).unwrap_or_else(|| panic!("no {name} in {found:#}"))
}

/// The rows of a CSV file by header.
fn rows(path: &Path) -> Vec<Vec<String>> {
    fs::read_to_string(path).unwrap().lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[test]
fn a_file_of_events_speaks_for_its_features() {
    let dir = folder();
    let args = ["features", "sales.csv", "--key", "customer_id", "--time", "day", "--as-of", "2024-06-01"];
    let found = json(dir.path(), &[&args[..], &["--out", "out.csv"]].concat());
    assert_eq!((&found["rows"], &found["as_of"]), (&json!(2), &json!("2024-06-01")));
    let used = json!([{ "table": "sales", "events": 6, "unplaced": 1, "others": 0, "later": 1 }]);
    assert_eq!(found["tables"], used);
    // The return is no purchase: two for k1, one for k2.
    assert_eq!(feature(&found, "frequency")["mean"], json!(1.5));
    assert_eq!(feature(&found, "returns")["max"], json!(1.0));
    assert_eq!(feature(&found, "monetary")["of"]["aggregate"], json!({ "Sum": "quantity * price" }));
    assert_eq!(
        feature(&found, "monetary_30d")["definition"],
        json!("sum of `quantity * price` over `sales` of the last 30 days where `quantity > 0`")
    );
    let written = rows(&dir.path().join("out.csv"));
    assert_eq!(written[0][..3], ["customer_id", "as_of", "recency"]);
    assert_eq!(
        written.iter().skip(1).map(|row| row[..3].join(" ")).collect::<Vec<_>>(),
        ["k1 2024-06-01 2", "k2 2024-06-01 30"]
    );
    let text = done(dir.path(), &args).out;
    assert!(
        text.contains("6 events, of which 1 without key or time, 1 at or after the instant count nowhere"),
        "{text}"
    );
    assert!(text.contains("share of events where `kind == \"shoes\"`"), "{text}");
}

#[test]
fn customers_keep_their_order_and_definitions_come_from_a_file() {
    let dir = folder();
    let defined = r#"[(name: "spent", of: (table: "sales", window: Days(30), aggregate: Sum("price * quantity"), filter: "quantity > 0")),
        (name: "last", of: (table: "sales", aggregate: Recency), missing: Default(Integer(999)))]"#;
    fs::write(dir.path().join("mine.ron"), defined).unwrap();
    let args = [
        "features",
        "people.csv",
        "--events",
        "sales.csv",
        "--as-of",
        "2024-06-01",
        "--define",
        "mine.ron",
        "--out",
        "out.csv",
    ];
    done(dir.path(), &args);
    let written = rows(&dir.path().join("out.csv"));
    let expected = [
        ["customer_id", "as_of", "spent", "last"],
        ["k1", "2024-06-01", "2", "2"],
        ["k2", "2024-06-01", "4", "30"],
        ["k3", "2024-06-01", "0", ""],
    ];
    assert_eq!(written, expected.map(|row| row.map(str::to_owned).to_vec()));
    for (text, words) in [
        ("[(name: \"a\", of: (table: \"sale\", aggregate: Count))]", "there is no table of events `sale`"),
        ("[(name: \"a\", of: (table: \"sales\", aggregate: Sum(\"prise\")))]", "did you mean `price`"),
        (
            "[(name: \"a\", of: (table: \"sales\", aggregate: Count, window: Between(from: 7, to: -7)))]",
            "not known then",
        ),
        ("[(name: \"a\")]", "line 1: these are no definitions of features"),
    ] {
        fs::write(dir.path().join("mine.ron"), text).unwrap();
        let ended = attune(dir.path(), &args);
        assert!(ended.code == 1 && ended.err.contains(words), "{}", ended.err);
    }
    let ended = attune(dir.path(), &["features", "sales.csv", "--add"]);
    assert!(ended.code == 2 && ended.err.contains("--add writes into a project"), "{}", ended.err);
}

#[test]
fn a_project_takes_the_features_of_its_tables() {
    let dir = folder();
    let as_of = ["--as-of", "2024-06-01"];
    done(dir.path(), &[&["import", "people.csv", "shop", "--role", "customer_id=subject"][..], &as_of].concat());
    done(dir.path(), &["import", "sales.csv", "shop", "--as", "transactions"]);
    let suggested = json(dir.path(), &["features", "shop"]);
    assert_eq!(suggested["rows"], json!(3));
    done(dir.path(), &["features", "shop", "--add"]);
    let declared = json(dir.path(), &["features", "shop"]);
    assert_eq!(declared["features"], suggested["features"]);
    assert!(fs::read_to_string(dir.path().join("shop/features.ron")).unwrap().contains("monetary_90d"));
    // They are columns of the customers: a rule may read them.
    let checked = attune(dir.path(), &["check", "shop"]);
    assert!(
        !checked.err.contains("error: column") && !checked.out.contains("error: column"),
        "{}{}",
        checked.out,
        checked.err
    );
    assert!(checked.code == 0 || checked.code == 3, "{}", checked.err);
}
