//! `attune analyze recommend`, `segments` and `uplift-train` on files made here: what they find, write and refuse.

use super::{attune, done, json};
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;

/// 80 customers of two tastes; each week everyone takes an item of the own half, in turn.
fn orders(dir: &Path) {
    let mut text = String::from("buyer,sku,day,units,label,region\n");
    for week in 0..10 {
        for buyer in 0..80 {
            let half = buyer % 2;
            let item = half * 12 + (buyer / 2 * 5 + week * 7) % 12;
            let (day, month) = (1 + week * 7 % 28, 1 + week * 7 / 28);
            let units = if week == 3 && buyer == 4 { -1 } else { 1 + (buyer % 3) as i64 };
            let (label, region) = (["red mug", "garden hose"][half], ["north", "south"][half]);
            writeln!(text, "b{buyer},i{item},2024-{month:02}-{day:02},{units},{label} {item},{region}").unwrap();
        }
    }
    std::fs::write(dir.join("orders.csv"), text).unwrap();
}

#[test]
fn recommendations_follow_what_customers_took() {
    let dir = tempfile::tempdir().unwrap();
    orders(dir.path());
    let columns = ["--customer", "buyer", "--item", "sku", "--date", "day", "--weight", "units"];
    let more = ["--attributes", "label", "--segment", "region", "--k", "3", "--for", "b0", "--model", "model.ron"];
    let args = [&["analyze", "recommend", "orders.csv"][..], &columns, &more].concat();
    let found = json(dir.path(), &args);
    let methods = found["comparison"]["methods"].as_array().unwrap();
    assert_eq!(methods.len(), 7, "{found}");
    let ndcg = |name: &str| {
        let method = methods.iter().find(|method| method["name"] == name).unwrap();
        method["groups"][0]["ndcg"]["value"].as_f64().unwrap()
    };
    assert!(ndcg("EASE") > ndcg("popularity"), "{found}");
    let items = found["recommendations"][0]["items"].as_array().unwrap();
    // b0 took ten of the twelve items of its half.
    let own = |item: &Value| item["item"].as_str().unwrap()[1..].parse::<u32>().unwrap() < 12;
    assert!(items.len() == 3 && items[..2].iter().all(own) && !own(&items[2]), "{items:?}");
    assert!(found["notes"][0].as_str().unwrap().contains("1 row with a weight of 0 or less"));
    let model = std::fs::read_to_string(dir.path().join("model.ron")).unwrap();
    assert!(model.contains("(rank score)") && found["scores_are"] == "ranks", "{model}");
    assert!(model.contains("\"recommend\"") && model.contains("action.item"), "{model}");

    let text = done(dir.path(), &args).out;
    for part in ["NDCG@3", "Best by NDCG", "hot subjects", "For b0", "Model written to model.ron"] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    let wrong = attune(
        dir.path(),
        &["analyze", "recommend", "orders.csv", "--customer", "byer", "--item", "sku", "--date", "day"],
    );
    assert!(wrong.code == 2 && wrong.err.contains("did you mean `buyer`?"), "{}", wrong.err);
    let wrong = attune(
        dir.path(),
        &["analyze", "recommend", "orders.csv", "--customer", "buyer", "--item", "sku", "--date", "units"],
    );
    assert!(wrong.code == 1 && wrong.err.contains("where dates are needed"), "{}", wrong.err);
}

#[test]
fn calibrated_scores_are_probabilities_that_customers_left_out_bear_out() {
    let dir = tempfile::tempdir().unwrap();
    orders(dir.path());
    let columns = ["--customer", "buyer", "--item", "sku", "--date", "day", "--method", "ease", "--k", "3"];
    let more = ["--for", "b0", "--calibrate", "isotonic", "--model", "model.ron"];
    let args = [&["analyze", "recommend", "orders.csv"][..], &columns, &more].concat();
    let found = json(dir.path(), &args);
    assert_eq!(found["scores_are"], "probabilities", "{found}");
    let calibration = &found["calibration"];
    let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{value} in {calibration}"));
    // Half of the 80 customers fit the map, the others measure it.
    assert_eq!(number(&calibration["subjects"][0]) + number(&calibration["subjects"][1]), 80.0, "{calibration}");
    let [pairs, taken] = [0, 1].map(|at| number(&calibration["pairs"][at]));
    assert!((number(&calibration["observed"]) - taken / pairs).abs() < 1e-12, "{calibration}");
    assert!((number(&calibration["predicted"]) - taken / pairs).abs() < 0.05, "{calibration}");
    let scores = found["recommendations"][0]["items"].as_array().unwrap();
    assert!(scores.iter().all(|item| (0.0..=1.0).contains(&number(&item["score"]))), "{scores:?}");
    let model = std::fs::read_to_string(dir.path().join("model.ron")).unwrap();
    assert!(model.contains("Isotonic") && !model.contains("(rank score)"), "{model}");
    let text = done(dir.path(), &args).out;
    assert!(text.contains("Scores are calibrated") && !text.contains("rank score"), "{text}");
}

#[test]
fn segments_are_found_and_described() {
    let dir = tempfile::tempdir().unwrap();
    let mut text = String::from("age,spend,channel\n");
    for i in 0..300 {
        let (age, spend, channel) = [(25, 100, "web"), (60, 110, "phone"), (40, 400, "web")][i % 3];
        writeln!(text, "{},{}.5,{channel}", age + i * 7 % 9, spend + i * 13 % 31).unwrap();
    }
    std::fs::write(dir.path().join("customers.csv"), text).unwrap();
    let args = [
        "analyze",
        "segments",
        "customers.csv",
        "--features",
        "age,spend",
        "--describe",
        "channel",
        "--model",
        "s.ron",
    ];
    let found = json(dir.path(), &args);
    assert_eq!((&found["report"]["k"], &found["report"]["rows"]), (&3.into(), &300.into()), "{found}");
    assert_eq!(found["models"].as_array().unwrap().len(), 3);
    assert!(std::fs::read_to_string(dir.path().join("s.ron")).unwrap().contains("\"segment_3\""));
    let text = done(dir.path(), &args).out;
    for part in ["silhouette", "Stability", "much higher spend", "less often channel phone", "score(\"segment_1\") >="]
    {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    let text = done(
        dir.path(),
        &["analyze", "segments", "customers.csv", "--features", "age,spend", "--method", "ward", "--k", "2"],
    )
    .out;
    assert!(text.contains("2 segments, as asked for"), "{text}");
    let wrong = attune(dir.path(), &["analyze", "segments", "customers.csv", "--features", "agee"]);
    assert!(wrong.code == 2 && wrong.err.contains("did you mean `age`?"), "{}", wrong.err);
}

#[test]
fn effects_are_learned_beside_the_best_one_line_rule() {
    let dir = tempfile::tempdir().unwrap();
    let mut text = String::from("id,women,age,arm,visit\n");
    for i in 0..4_000_u32 {
        // Mixed well enough: no column follows another.
        let hash =
            |salt: u32| (i.wrapping_mul(2_654_435_761) ^ salt.wrapping_mul(40_503)).wrapping_mul(2_246_822_519) >> 8;
        let (women, mail) = (hash(1) % 2, hash(2) % 2);
        let chance = 20 + if women == 1 && mail == 1 { 25 } else { 0 };
        let arm = if mail == 1 { "mail" } else { "none" };
        writeln!(text, "c{i},{women},{},{arm},{}", 20 + hash(3) % 50, u8::from(hash(4) % 100 < chance)).unwrap();
    }
    std::fs::write(dir.path().join("trial.csv"), text).unwrap();
    let trial =
        ["analyze", "uplift-train", "trial.csv", "--treatment", "arm", "--control", "none", "--outcome", "visit"];
    let args = [&trial[..], &["--features", "women,age", "--subject", "id", "--arm", "mail"]].concat();
    let found = json(dir.path(), &[&args[..], &["--scores", "scores.csv", "--model", "m.ron"]].concat());
    let arm = &found["report"]["arms"][0];
    assert_eq!(arm["rule"]["condition"], "women >= 1", "{found}");
    assert!(arm["held"]["gain"]["low"].as_f64().unwrap() > 0.0, "{found}");
    assert!(std::fs::read_to_string(dir.path().join("m.ron")).unwrap().contains("\"visit_uplift_mail\""));
    // The scores go where scores are measured.
    let measure =
        ["analyze", "uplift", "scores.csv", "--treatment", "treated", "--outcome", "visit", "--score", "score"];
    json(dir.path(), &[&measure[..], &["--score", "rule", "--bootstrap", "20"]].concat());
    let text = done(dir.path(), &[&args[..], &["--learner", "t"]].concat()).out;
    for part in ["best one-line rule: women >= 1", "highest scores", "score(\"visit_uplift_mail\")"] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    // One honest tree, which can be read: the first split is the rule.
    let tree = ["--learner", "trees", "--trees", "1", "--depth", "1"];
    let found = json(dir.path(), &[&args[..], &tree, &["--model", "tree.ron"]].concat());
    let model = &found["models"][0]["tau"];
    assert_eq!(model["inputs"][0]["field"], "women", "{found}");
    assert_eq!(model["function"]["Trees"]["trees"][0]["feature"], serde_json::json!([0, -1, -1]), "{found}");
    assert!(done(dir.path(), &[&args[..], &tree, &["--split", "kl"]].concat()).out.contains("uplift trees"));
    let wrong = attune(dir.path(), &[&trial[..], &["--scores", "s.csv"]].concat());
    assert!(wrong.code == 2 && wrong.err.contains("--arm"), "{}", wrong.err);
}
