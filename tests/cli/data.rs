//! `attune profile`, `refresh`, `erase` and tables beside the customers, from the outside.

use super::{attune, done, json};
use serde_json::json as value;
use std::fs;
use std::path::Path;

const CUSTOMERS: &str = "customer_id,age,gender,bought\n1,30,f,no\n2,,m,yes\n3,51,f,yes\n4,-3,m,no\n";
const SALES: &str = "customer_id,sold_at,amount\n1,2026-01-02,5\n2,2026-01-03,7\n9,2026-01-03,7\n2,2026-01-03,7\n";

fn shop(dir: &Path) {
    fs::write(dir.join("customers.csv"), CUSTOMERS).unwrap();
    fs::write(dir.join("sales.csv"), SALES).unwrap();
    done(dir, &["import", "customers.csv", "shop", "--role", "customer_id=subject", "--range", "age=0..120"]);
    done(dir, &["import", "sales.csv", "shop", "--as", "transactions", "--key", "customer_id", "--time", "sold_at"]);
}

#[test]
fn a_file_is_profiled_without_a_project() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("customers.csv"), CUSTOMERS).unwrap();
    let found = json(dir.path(), &["profile", "customers.csv", "--outcome", "bought"]);
    assert_eq!((&found["rows"], &found["missing_cells"]), (&value!(4), &value!(1)));
    assert_eq!(found["roles"]["gender"], value!("Protected"));
    let ids: Vec<&str> = found["problems"].as_array().unwrap().iter().map(|p| p["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"impossible:age") && ids.contains(&"missing:age"), "{ids:?}");
    let age = found["associations"].as_array().unwrap().iter().find(|a| a["column"] == "age").unwrap();
    // Of the two pairs of a buyer and another whose age is known, the buyer is older in both.
    assert_eq!((&age["measure"], &age["value"], &age["rows"]), (&value!("AUC"), &value!(1.0), &value!(3)));
    let text = done(dir.path(), &["profile", "customers.csv", "--define"]).out;
    for part in ["4 rows, 4 columns", "Problems: ", "Definitions", "ages outside 0 to 120"] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    let wrong = attune(dir.path(), &["profile", "customers.csv", "--repair", "missing:age"]);
    assert!(wrong.code == 2 && wrong.err.contains("--repair needs a project"), "{}", wrong.err);
}

#[test]
fn a_projects_tables_are_profiled_and_repaired() {
    let dir = tempfile::tempdir().unwrap();
    shop(dir.path());
    let found = json(dir.path(), &["profile", "shop", "--table", "transactions"]);
    let broken = found["problems"].as_array().unwrap().iter().find(|p| p["check"] == "BrokenKeys").unwrap();
    assert_eq!((&broken["rows"], &broken["share"]), (&value!([3]), &value!(0.25)));
    let repaired = json(dir.path(), &["profile", "shop", "--table", "transactions", "--repair", "repeated-rows"]);
    assert_eq!((&repaired["rows"], repaired["repaired"].as_array().unwrap().len()), (&value!(3), 1));
    let again = json(dir.path(), &["profile", "shop", "--repair", "out-of-range:age"]);
    // An age that cannot be is taken as the nearest that can: the row stays, and the problem is gone.
    assert_eq!(again["rows"], value!(4));
    let ids: Vec<&str> = again["problems"].as_array().unwrap().iter().map(|p| p["id"].as_str().unwrap()).collect();
    assert!(!ids.contains(&"out-of-range:age"), "{ids:?}");
    let wrong = attune(dir.path(), &["profile", "shop", "--repair", "missing:ages"]);
    assert!(wrong.code == 2 && wrong.err.contains("did you mean `missing:age`?"), "{}", wrong.err);
}

#[test]
fn sales_are_profiled_as_what_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let mut sales = String::from("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID\n");
    for i in 0..600 {
        let (day, quantity) = (1 + i % 28, if i % 50 == 0 { -1 } else { 1 + i % 7 });
        let cells = format!(
            "A{i},S{},thing {},{quantity},2024-02-{day:02},{}.5,{}",
            i % 150,
            i % 150,
            1 + i % 9,
            100 + i % 120
        );
        sales.push_str(&format!("{cells}\n"));
    }
    fs::write(dir.path().join("sales.csv"), sales).unwrap();
    let profile = |more: &[&str]| {
        let ended = done(dir.path(), &[&["profile", "sales.csv"], more].concat());
        ended.out.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    // An invoice is no feature to be ignored, and what came back is no impossible quantity.
    let text = profile(&[]);
    for part in [
        "The rows look like purchases, and are looked at as such: `InvoiceNo` is the invoice, `StockCode` is the product",
        "InvoiceNo text invoice",
        "CustomerID whole number customer",
        "UnitPrice number price",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert!(!text.contains("ignore"), "{text}");
    let as_customers = profile(&["--as", "customers"]);
    assert!(
        as_customers.contains("give `StockCode` the role ignored") && !as_customers.contains("look like purchases")
    );
    let looked = done(dir.path(), &["import", "sales.csv"]).out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        looked.contains("attune import sales.csv shop --as transactions") && !looked.contains("ignore"),
        "{looked}"
    );
    done(dir.path(), &["import", "sales.csv", "shop", "--as", "transactions"]);
    let of_project = done(dir.path(), &["profile", "shop", "--table", "transactions"]).out;
    assert!(of_project.contains("invoice") && of_project.contains("product"), "{of_project}");
    let wrong = attune(dir.path(), &["profile", "sales.csv", "--as", "sales"]);
    assert!(wrong.code == 2 && wrong.err.contains("the kinds are customers, transactions"), "{}", wrong.err);
}

#[test]
fn no_problems_are_not_said_of_rows_that_were_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let mut rows = String::from("who,age\n");
    (0..30).for_each(|i| rows.push_str(&format!("w{i},{}\n", 20 + i % 17)));
    for (more, words) in [
        ("", "No problems found."),
        ("w30,30,9\n", "No problems found in what could be read: 1 rows were set aside."),
        ("w30,30,9\nw31,old\n", "1 rows were set aside, 1 cells became missing"),
    ] {
        fs::write(dir.path().join("c.csv"), format!("{rows}{more}")).unwrap();
        let text = done(dir.path(), &["profile", "c.csv"]).out;
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
}

#[test]
fn a_refresh_says_what_changed_and_an_erased_subject_stays_out() {
    let dir = tempfile::tempdir().unwrap();
    shop(dir.path());
    fs::write(dir.path().join("customers.csv"), format!("{CUSTOMERS}5,44,f,no\n").replace("3,51", "3,52")).unwrap();
    let looked = json(dir.path(), &["refresh", "shop", "--look"]);
    for (found, saved) in [(looked, false), (json(dir.path(), &["refresh", "shop"]), true)] {
        let customers = &found["sources"][0];
        assert_eq!((&found["saved"], &customers["changed"]), (&value!(saved), &value!(true)));
        assert_eq!(customers["rows"]["new"]["numbers"], value!([5]));
        assert_eq!(customers["rows"]["changed"]["numbers"], value!([3]));
        assert_eq!(found["sources"][1]["changed"], value!(false));
    }
    assert_eq!(json(dir.path(), &["refresh", "shop"])["sources"][0]["changed"], value!(false));
    let erased = json(dir.path(), &["erase", "shop", "--subject", "2"]);
    assert_eq!(erased["rows"], value!([["customers", 1], ["transactions", 2]]));
    assert!(erased["unreached"].to_string().contains("customers.csv: 1 rows of the original"), "{erased}");
    let after = json(dir.path(), &["refresh", "shop"]);
    assert_eq!((&after["sources"][0]["rows_now"], &after["sources"][1]["rows_now"]), (&value!(4), &value!(2)));
}

#[test]
fn tables_are_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    shop(dir.path());
    for (args, code, part) in [
        (&["import", "sales.csv", "shop", "--as", "sales"][..], 2, "the kinds are customers, transactions, events"),
        (
            &["import", "sales.csv", "shop", "--as", "events", "--goal", "amount"],
            2,
            "--goal is about the customer table",
        ),
        (
            &["import", "sales.csv", "shop", "--as", "events", "--time", "amount"],
            1,
            "where the time of a row is needed",
        ),
        (
            &["import", "sales.csv", "shop", "--as", "lookup", "--key", "amount", "--on", "age"],
            1,
            "several different rows",
        ),
        (&["import", "customers.csv", "shop", "--range", "age=9..1"], 2, "not of the form COLUMN=LOW..HIGH"),
        (&["profile", "shop", "--table", "sales"], 1, "it has customers, transactions"),
    ] {
        let ended = attune(dir.path(), args);
        assert!(ended.code == code && ended.err.contains(part), "{args:?}: {} {}", ended.code, ended.err);
    }
}

#[test]
fn what_a_file_leaves_open_is_told_and_can_be_said() {
    let dir = tempfile::tempdir().unwrap();
    let rows = "id,seen_at,born\n1,2026-07-01 10:00:00,03/04/68\n2,2026-07-02T10:00:00Z,05/06/69\n";
    fs::write(dir.path().join("c.csv"), rows).unwrap();
    let text = done(dir.path(), &["profile", "c.csv"]).out.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "`seen_at` mixes 1 times that name their zone with 1 that do not: these are read as UTC",
        "`born`: dates like 03/04/2024 are taken as month first; nothing in the file decides it.",
        "00 to 68 are of 20xx, 69 to 99 of 19xx; choose another pivot (--pivot)",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    let asked = ["profile", "c.csv", "--zone", "Europe/Berlin", "--pivot", "30", "--dates", "day-first"];
    let found = json(dir.path(), &asked);
    let column = |name: &str| {
        let columns = found["columns"].as_array().unwrap();
        columns.iter().find(|column| column["name"] == name).unwrap().clone()
    };
    assert_eq!(column("seen_at")["min"], value!(1_782_892_800_000.0), "8 o'clock UTC");
    assert_eq!(column("born")["min"], value!(-55_123_200_000.0), "3 April 1968");
    let wrong = attune(dir.path(), &["profile", "c.csv", "--zone", "Europe/Berln"]);
    assert!(
        wrong.err.contains("`Europe/Berln` is no time zone") && wrong.err.contains("Europe/Berlin"),
        "{}",
        wrong.err
    );
    let wrong = attune(dir.path(), &["profile", "c.csv", "--encoding", "windows-1521"]);
    assert!(wrong.err.contains("did you mean `windows-1251`?"), "{}", wrong.err);
}

#[test]
fn a_mark_for_missing_is_repaired_in_its_own_column() {
    let dir = tempfile::tempdir().unwrap();
    let mut rows = String::from("customer_id,pdays,duration,note\n");
    for i in 0..60 {
        let pdays = if i % 3 == 0 { 999 } else { i % 20 };
        let note = ["?", "missing", "Missing", "new", "old", "late"][i % 6];
        rows.push_str(&format!("c{i},{pdays},{},{note}\n", 970 + i));
    }
    fs::write(dir.path().join("c.csv"), rows).unwrap();
    done(dir.path(), &["import", "c.csv", "p", "--role", "customer_id=subject"]);
    let text = done(dir.path(), &["profile", "p"]).out.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = "--repair sentinel:pdays=999: read `999` as missing in `pdays`, and in no other column";
    assert!(text.contains(words), "{text}");
    let missing = |found: &serde_json::Value, name: &str| {
        let columns = found["columns"].as_array().unwrap();
        columns.iter().find(|column| column["name"] == name).unwrap()["missing"].clone()
    };
    // A column with one such problem needs no more words; one with several does.
    let found = json(dir.path(), &["profile", "p", "--repair", "sentinel:pdays"]);
    assert_eq!((missing(&found, "pdays"), missing(&found, "duration")), (value!(20), value!(0)));
    let wrong = attune(dir.path(), &["profile", "p", "--repair", "sentinel:note"]);
    assert!(wrong.code == 2 && wrong.err.contains("is 3 problems; name one of"), "{}", wrong.err);
    assert!(wrong.err.contains("'sentinel:note=?'") && wrong.err.contains("sentinel:note=missing"), "{}", wrong.err);
    let found = json(dir.path(), &["profile", "p", "--repair", "sentinel:note=missing"]);
    assert_eq!(missing(&found, "note"), value!(10));
}

#[test]
fn a_pseudonymised_key_is_one_in_every_table() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("customers.csv"), CUSTOMERS).unwrap();
    fs::write(dir.path().join("sales.csv"), SALES).unwrap();
    let hidden = ["import", "customers.csv", "p", "--role", "customer_id=subject", "--pseudonymise", "customer_id"];
    done(dir.path(), &hidden);
    let sales = ["import", "sales.csv", "p", "--as", "transactions", "--key", "customer_id", "--time", "sold_at"];
    let text = done(dir.path(), &sales).out;
    assert!(text.contains("`customer_id` of `transactions` is replaced by pseudonyms"), "{text}");
    let found = json(dir.path(), &["profile", "p", "--table", "transactions"]);
    let broken = found["problems"].as_array().unwrap().iter().find(|p| p["check"] == "BrokenKeys").unwrap();
    assert_eq!(broken["count"], value!(1), "only customer 9 is nobody");
}
