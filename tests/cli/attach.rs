//! `attune attach`: segments, recommenders and send times from the file they were learned from to the decision.

use super::{attune, done, json, table};
use attune_lab::project::{Access, Parts, Project};
use attune_policy::history::NoHistory;
use attune_policy::rule::{Rule, Stage};
use attune_policy::{Policy, Request, Value as Fact, Verification};
use serde_json::Value;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// 300 customers of three tastes, half of whom got a mail by lot.
fn people(dir: &Path) {
    let mut text = String::from("customer,age,spend,channel,arm,visit\n");
    for i in 0..300 {
        let (age, spend, channel) = [(25, 100, "web"), (60, 110, "phone"), (40, 400, "web")][i % 3];
        let (arm, visit) = ([["none", "mail"], ["mail", "none"]][i / 7 % 2][i % 2], i * 31 % 10 < 3);
        let (age, spend) = (age + i * 7 % 9, spend + i * 13 % 31);
        writeln!(text, "b{i},{age},{spend}.5,{channel},{arm},{}", u8::from(visit)).unwrap();
    }
    fs::write(dir.join("people.csv"), text).unwrap();
}

/// A project of them, whose policy mails everybody until something says otherwise.
fn shop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    people(folder.path());
    let roles =
        ["--role", "customer=subject", "--role", "arm=action", "--role", "visit=outcome", "--role", "age=feature"];
    let more = [
        "--role",
        "spend=feature",
        "--arm",
        "none=NoAction",
        "--goal",
        "visit",
        "--as-of",
        "2024-03-01",
        "--randomised",
    ];
    json(folder.path(), &[&["import", "people.csv", "shop"][..], &roles, &more].concat());
    edit(folder.path(), |parts| {
        let draft = Arc::make_mut(&mut parts.draft);
        draft.rules.clear();
        draft.caps.clear();
        draft.holdouts.clear();
        draft.arbitration = Default::default();
        for action in &mut draft.actions {
            action.propensity = None;
            action.treatments.iter_mut().for_each(|treatment| treatment.propensity = None);
        }
    });
    folder
}

fn edit(dir: &Path, change: impl FnOnce(&mut Parts)) {
    let mut opened = Project::open(&dir.join("shop"), Access::Write).unwrap();
    change(&mut opened.parts);
    opened.project.save(&opened.parts, "Test").unwrap();
}

fn parts(dir: &Path) -> Parts {
    let opened = Project::open(&dir.join("shop"), Access::Read).unwrap();
    assert_eq!(opened.problems, []);
    opened.parts
}

/// The policy that the project exports.
fn exported(dir: &Path) -> Policy {
    let exported = json(dir, &["export", "shop", "--output", "policy.ron"]);
    assert_eq!(exported["differences"], 0);
    Policy::load(&fs::read(dir.join("policy.ron")).unwrap(), &Verification::none()).unwrap()
}

#[test]
fn segments_are_learned_attached_read_by_a_rule_and_decide() {
    let folder = shop();
    let dir = folder.path();
    let analyze = ["analyze", "segments", "people.csv", "--features", "age,spend", "--k", "3", "--model", "s.ron"];
    let found = json(dir, &analyze);
    let attached = json(dir, &["attach", "shop", "s.ron", "--as", "taste"]);
    assert_eq!((&attached["id"], &attached["kind"]), (&"taste".into(), &"Segments".into()), "{attached}");
    assert_eq!(attached["models"], serde_json::json!(["taste_1", "taste_2", "taste_3"]));
    assert!(attached["notes"].to_string().contains("does not use `taste` yet"), "{attached}");

    let condition = attached["uses"][1]["expr"].as_str().unwrap().to_owned();
    assert_eq!(condition, "score(\"taste_2\") > score(\"taste_1\") && score(\"taste_2\") >= score(\"taste_3\")");
    edit(dir, |parts| {
        let rule = Rule {
            id: "second_taste".into(),
            name: "Second taste".into(),
            stage: Stage::Eligibility,
            expr: condition,
            ..Rule::default()
        };
        Arc::make_mut(&mut parts.draft).rules.push(rule);
    });
    let policy = exported(dir);
    let document = policy.document();
    assert_eq!(document.models.len(), 3);
    let sha256 = attached["source"]["sha256"].as_str().unwrap();
    for training in &document.provenance.training {
        let source = training.source.as_ref().unwrap();
        assert_eq!((source.name.as_str(), source.sha256.as_str(), source.rows), ("people.csv", sha256, 300));
        assert_eq!((training.family.as_str(), training.rows), ("k-means, 3 segments by age, spend", 300));
        assert!(training.metrics.iter().any(|(name, value)| name == "silhouette" && *value > 0.5), "{training:?}");
    }

    // The nearest of the three by the numbers in the result of the analysis, computed here.
    let score = |model: &Value, row: &[f64]| {
        let linear = &model["function"]["Linear"];
        let mut sum = linear["intercept"].as_f64().unwrap();
        for (at, x) in row.iter().enumerate() {
            let standard = &model["inputs"][at]["encode"]["Standard"];
            let [center, scale] = ["center", "scale"].map(|part| standard[part].as_f64().unwrap());
            sum += linear["coefficients"][at].as_f64().unwrap() * (x - center) / scale;
        }
        sum
    };
    let decide = ["decide", "policy.ron", "--input", "people.csv", "--subject", "customer", "--output", "out.csv"];
    done(dir, &decide);
    let (mut mailed, people) = (0, table(&dir.join("people.csv")));
    for (row, decided) in people.iter().zip(table(&dir.join("out.csv"))) {
        let x = ["age", "spend"].map(|column| row[column].parse::<f64>().unwrap());
        let scores: Vec<f64> = found["models"].as_array().unwrap().iter().map(|model| score(model, &x)).collect();
        let is_second = scores[1] > scores[0] && scores[1] >= scores[2];
        assert_eq!(decided["action"] != "NoAction", is_second, "{row:?} {scores:?} {decided:?}");
        mailed += u32::from(is_second);
    }
    assert!((50..150).contains(&mailed), "{mailed}");
    assert_eq!(
        json(dir, &["simulate", "shop"])["revision"],
        policy.revision(),
        "what is simulated is what is exported"
    );

    let listed = json(dir, &["attach", "shop"]);
    assert_eq!(listed["attached"][0]["used"], true, "{listed}");
    let text = done(dir, &["attach", "shop"]).out;
    for part in ["taste: Segments by age, spend", "learned from people.csv, 300 rows, SHA-256", "score(\"taste_2\") >"]
    {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    let gone = json(dir, &["attach", "shop", "--detach", "taste"]);
    assert_eq!(gone["still_read"], serde_json::json!(["taste_1", "taste_2", "taste_3"]));
    assert!(!dir.join("shop/attached/taste.ron").exists());
    let ended = attune(dir, &["export", "shop"]);
    assert!(ended.code == 1 && ended.err.contains("taste_1"), "{}", ended.err);
}

#[test]
fn what_the_project_does_not_know_is_refused_by_name() {
    let folder = shop();
    let dir = folder.path();
    let renamed = fs::read_to_string(dir.join("people.csv")).unwrap().replacen("age", "agee", 1);
    fs::write(dir.join("other.csv"), renamed).unwrap();
    let segments = |file: &str, columns: &str, out: &str| {
        done(dir, &["analyze", "segments", file, "--features", columns, "--k", "3", "--model", out]);
    };
    segments("other.csv", "agee,spend", "other.ron");
    segments("people.csv", "visit,spend", "visit.ron");
    fs::write(dir.join("list.ron"), "[(id: \"a\")]").unwrap();
    let before = parts(dir);
    for (args, code, words) in [
        (&["other.ron"][..], 1, "`segment` reads `agee`, which is no feature of the project; did you mean `age`?"),
        (&["other.ron", "--input", "agee=channel"], 1, "`channel`"),
        (&["other.ron", "--input", "ages=age"], 1, "no model reads `ages`; they read agee, spend"),
        (&["other.ron", "--input", "agee"], 2, "is not COLUMN=FEATURE"),
        (&["other.ron", "--as", "A b"], 1, "cannot be the id of a model"),
        (&["visit.ron"], 1, "which has the role outcome"),
        (&["list.ron"], 1, "does not say what they learned from"),
        (&["people.csv"], 1, "does not begin with the header"),
        (&["--detach", "taste"], 1, "nothing is attached as `taste`"),
    ] {
        let ended = attune(dir, &[&["attach", "shop"][..], args].concat());
        assert!(ended.code == code && ended.err.contains(words), "{args:?}: {} {}", ended.code, ended.err);
        assert_eq!(parts(dir), before, "{args:?}");
    }
    done(dir, &["attach", "shop", "other.ron", "--input", "agee=age"]);
    assert!(parts(dir).attached[0].fields().contains("age"));
}

/// What the customers do: b0 at six in the morning, b1 at noon, everybody else mostly at eight in the evening.
fn opens(dir: &Path) {
    let mut text = String::from("customer,opened\n");
    for i in 0..60 {
        let hour = [6, 12].get(i).copied().unwrap_or(20);
        for day in 1..=(20 + i % 5) {
            writeln!(text, "b{i},2024-01-{day:02} {hour:02}:{:02}:00", i % 60).unwrap();
        }
    }
    fs::write(dir.join("opens.csv"), text).unwrap();
}

#[test]
fn send_times_are_learned_attached_and_sent_by() {
    let folder = shop();
    let dir = folder.path();
    opens(dir);
    let columns = ["--customer", "customer", "--date", "opened", "--model", "hours.ron"];
    let found = json(dir, &[&["analyze", "send-time", "opens.csv"][..], &columns].concat());
    assert_eq!(found["customers"][0]["hour"]["slot"], 6, "{found}");
    let attached = json(dir, &["attach", "shop", "hours.ron"]);
    assert!(attached["notes"][0].as_str().unwrap().contains("60 of the 300 customers"), "{attached}");
    assert_eq!(attached["used"], true, "the policy sends by it at once");
    let part = &parts(dir).draft.send_times[0];
    assert_eq!((part.id.as_str(), part.hour.as_str()), ("send_time", "score(\"send_time\")"));
    assert_eq!(json(dir, &["attach", "shop", "hours.ron"])["used"], true, "again takes its place");
    assert_eq!(parts(dir).draft.send_times.len(), 1);

    let policy = exported(dir);
    let fields = &policy.document().schema.fields;
    assert!(fields.iter().any(|field| field.name == "customer" && field.masked));
    let noon = 1_709_294_400_000; // 2024-03-01T12:00Z
    let hour = |customer: &str| {
        let value = |name: &str| match name {
            "customer" => Fact::text(customer),
            "age" => Fact::Integer(30),
            "spend" => Fact::Number(100.0),
            _ => Fact::text("web"),
        };
        let request = Request {
            decision_id: "1".into(),
            subject: customer.into(),
            now: noon,
            fields: fields.iter().map(|field| value(&field.name)).collect(),
            ..Request::default()
        };
        let decision = policy.decide(&request, &NoHistory);
        assert!(decision.chosen.is_some());
        (decision.send_at.unwrap_or(noon) - noon) / 3_600_000 + 12
    };
    // b0's hour is over for today; b1 is reached now; nobody knows b299.
    assert_eq!(["b0", "b1", "b2", "b299"].map(hour), [24 + 6, 12, 20, 20]);

    let erased = json(dir, &["erase", "shop", "--subject", "b0"]);
    assert!(erased["removed"].to_string().contains("the subject's key in the attached `send_time`"), "{erased}");
    assert!(!fs::read_to_string(dir.join("shop/attached/send_time.ron")).unwrap().contains("\"b0\""));
    // Nor does it come back with the file that still knows it.
    let again = json(dir, &["attach", "shop", "hours.ron"]);
    assert!(again["notes"].to_string().contains("1 erased from the project: taken out"), "{again}");
    assert!(!fs::read_to_string(dir.join("shop/attached/send_time.ron")).unwrap().contains("\"b0\""));
    let policy = exported(dir);
    assert_eq!(policy.document().models[0].fallback, 20.0);

    // What is attached is not silently something else, and a project of pseudonyms takes no keys.
    let segments = ["analyze", "segments", "people.csv", "--features", "age,spend", "--k", "2", "--model", "two.ron"];
    done(dir, &segments);
    let long = "b".repeat(64);
    for (id, words) in [("send_time", "is attached as send times and would become segments"), (&long, "_1")] {
        let refused = attune(dir, &["attach", "shop", "two.ron", "--as", id]);
        assert!(refused.code == 1 && refused.err.contains(words), "{}", refused.err);
    }
    done(dir, &["import", "people.csv", "hidden", "--role", "customer=subject", "--pseudonymise", "customer"]);
    let refused = attune(dir, &["attach", "hidden", "hours.ron"]);
    assert!(refused.code == 1 && refused.err.contains("holds pseudonyms of `customer`"), "{}", refused.err);

    assert_eq!(json(dir, &["attach", "shop", "--detach", "send_time"])["send_times_removed"], 1);
    assert_eq!(parts(dir).draft.send_times, []);
    assert!(exported(dir).document().models.is_empty());
}

#[test]
fn a_recommender_chooses_among_actions_that_offer_items() {
    let folder = shop();
    let dir = folder.path();
    // Who took of one half of the items takes more of it.
    let mut text = String::from("customer,sku,day,units\n");
    for week in 0..10 {
        for buyer in 0..80 {
            let item = buyer % 2 * 12 + (buyer / 2 * 5 + week * 7) % 12;
            let (day, month) = (1 + week * 7 % 28, 1 + week * 7 / 28);
            writeln!(text, "b{buyer},i{item},2024-{month:02}-{day:02},1").unwrap();
        }
    }
    fs::write(dir.join("orders.csv"), text).unwrap();
    let columns = ["--customer", "customer", "--item", "sku", "--date", "day", "--method", "ease", "--k", "3"];
    let files = ["--model", "r.ron", "--baskets", "baskets.csv", "--calibrate", "isotonic"];
    json(dir, &[&["analyze", "recommend", "orders.csv"][..], &columns, &files].concat());
    let refused = attune(dir, &["attach", "shop", "r.ron"]);
    let words = "`recommend` reads `basket`, which is no feature of the project";
    assert!(refused.code == 1 && refused.err.contains(words) && refused.err.contains("--baskets"), "{}", refused.err);

    let table = ["--as", "customers", "--table", "baskets", "--key", "customer", "--on", "customer"];
    done(dir, &[&["import", "baskets.csv", "shop"][..], &table].concat());
    let attached = json(dir, &["attach", "shop", "r.ron"]);
    assert!(attached["notes"][0].as_str().unwrap().contains("No action says its `item` yet"), "{attached}");
    edit(dir, |parts| {
        let draft = Arc::make_mut(&mut parts.draft);
        let mut first = draft.actions[0].clone();
        (first.id, first.name, first.value) = ("first".into(), "First".into(), 1.0);
        first.propensity = Some("recommend".into());
        let mut second = first.clone();
        (second.id, second.name) = ("second".into(), "Second".into());
        first.attributes.insert("item".into(), Fact::text("i3"));
        second.attributes.insert("item".into(), Fact::text("i15"));
        Arc::make_mut(&mut parts.roles).arms.clear();
        draft.fallback.clear();
        draft.actions = vec![first, second];
    });
    let policy = exported(dir);
    let training = &policy.document().provenance.training[0];
    assert!(training.family == "recommender: EASE" && training.source.as_ref().unwrap().name == "orders.csv");
    assert!(training.metrics.iter().any(|(name, _)| name == "ndcg_at_3"), "{training:?}");
    let joined = fs::read_to_string(dir.join("baskets.csv")).unwrap();
    let mut input = String::from("customer,age,spend,channel,basket\n");
    for line in joined.lines().skip(1) {
        let (customer, basket) = line.split_once(',').unwrap();
        writeln!(input, "{customer},30,100.0,web,{basket}").unwrap();
    }
    fs::write(dir.join("input.csv"), input).unwrap();
    done(dir, &["decide", "policy.ron", "--input", "input.csv", "--subject", "customer", "--output", "out.csv"]);
    let decided = super::table(&dir.join("out.csv"));
    assert_eq!(decided.len(), 80);
    for row in decided {
        let even = row["subject"][1..].parse::<u32>().unwrap() % 2 == 0;
        assert_eq!(row["action"], if even { "first" } else { "second" }, "{row:?}");
    }
}
