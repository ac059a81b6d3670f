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
        assert!(!decided.contains_key("send_at"), "nothing is put off");
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

/// A text without its line breaks.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Acts at an hour of a local clock, in winter and in summer: b0 at six in the morning, b1 at noon, everybody else in the evening.
fn seasons(dir: &Path) {
    let mut text = String::from("customer,opened\n");
    for i in 0..60 {
        let hour = [6, 12].get(i).copied().unwrap_or(20);
        for (month, day) in [1, 7].into_iter().flat_map(|month| (1..=(12 + i % 5)).map(move |day| (month, day))) {
            writeln!(text, "b{i},2024-{month:02}-{day:02} {hour:02}:{:02}:00", i % 60).unwrap();
        }
    }
    fs::write(dir.join("seasons.csv"), text).unwrap();
}

/// What is decided for everybody at an instant, by customer.
fn sent(dir: &Path, now: &str) -> impl Fn(&str) -> String {
    exported(dir);
    let files = ["decide", "policy.ron", "--input", "people.csv", "--output", "out.csv"];
    done(dir, &[&files[..], &["--subject", "customer", "--now", now]].concat());
    let decided = table(&dir.join("out.csv"));
    move |customer| decided.iter().find(|row| row["subject"] == customer).unwrap()["send_at"].clone()
}

#[test]
fn hours_of_a_place_are_learned_attached_and_decided_by_its_clock() {
    let folder = shop();
    let dir = folder.path();
    seasons(dir);
    let columns = ["--customer", "customer", "--date", "opened", "--model", "hours.ron"];
    let learn = [&["analyze", "send-time", "seasons.csv", "--zone", "America/New_York"][..], &columns].concat();
    let found = json(dir, &learn);
    assert_eq!(found["customers"][0]["hour"]["slot"], 6, "in winter and in summer");
    assert_eq!(found["clock"]["zones"], serde_json::json!(["America/New_York"]));
    assert!(
        unwrapped(&done(dir, &learn).out).contains("Hours and weekdays are those of the clock of America/New_York.")
    );

    let before = parts(dir);
    let other = "the hours of `send_time` are of the clock of America/New_York, and the policy decides by the clock of";
    let refused = attune(dir, &["attach", "shop", "hours.ron"]);
    assert!(refused.code == 1 && refused.err.contains(&format!("{other} UTC")), "{}", refused.err);
    assert!(refused.err.contains("--zone America/New_York"), "{}", refused.err);
    assert_eq!(attune(dir, &["attach", "shop", "hours.ron", "--zone", "America/New_Yrok"]).code, 1);
    assert_eq!(parts(dir), before);
    let attached = json(dir, &["attach", "shop", "hours.ron", "--zone", "America/New_York"]);
    assert_eq!(attached["clock"]["zones"], serde_json::json!(["America/New_York"]));
    assert_eq!(parts(dir).draft.zones.project.as_deref(), Some("America/New_York"));
    assert_eq!(attune(dir, &["attach", "shop", "hours.ron", "--zone", "UTC"]).code, 2, "it has a zone already");

    let (winter, summer) = (sent(dir, "2024-01-20T15:00:00Z"), sent(dir, "2024-07-20T15:00:00Z"));
    assert_eq!(
        ["b0", "b1", "b2", "b299"].map(winter),
        [
            "2024-01-21T06:00:00-05:00",
            "2024-01-20T12:00:00-05:00",
            "2024-01-20T20:00:00-05:00",
            "2024-01-20T20:00:00-05:00",
        ]
    );
    assert_eq!(
        ["b0", "b1", "b2"].map(summer),
        ["2024-07-21T06:00:00-04:00", "2024-07-20T12:00:00-04:00", "2024-07-20T20:00:00-04:00",]
    );
    let row = ["trace", "policy.ron", "--input", "people.csv", "--row", "1", "--subject", "customer"];
    let text = unwrapped(&done(dir, &[&row[..], &["--now", "2024-07-20T15:00:00Z"]].concat()).out);
    for part in [
        "To be sent at 2024-07-21 06:00 -04:00 (America/New_York), when the subject's best hour begins, 6:00.",
        "send time send_time: score(\"send_time\")",
        "= 6",
        "model send_time: hour of the day, 0 to 23",
        "best hour on the clock of America/New_York by Dirichlet–multinomial shrinkage, learned from",
        "seasons.csv",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }

    // The zone of the project changes afterwards: the check says so.
    let warned = |dir: &Path| json(dir, &["check", "shop"])["findings"].to_string().contains(other);
    assert!(!warned(dir));
    edit(dir, |parts| Arc::make_mut(&mut parts.draft).zones.project = Some("Europe/Berlin".into()));
    assert!(warned(dir));
    let again = attune(dir, &["attach", "shop", "hours.ron"]);
    assert!(again.code == 1 && again.err.contains("learn them again with --clock Europe/Berlin"), "{}", again.err);
    done(dir, &[&learn[..], &["--clock", "Europe/Berlin"]].concat());
    let again = json(dir, &["attach", "shop", "hours.ron"]);
    assert!(again["notes"].to_string().contains("It takes the place of what was attached as `send_time`"), "{again}");
    assert!(!warned(dir));
    // 06:00 in New York is noon in Berlin.
    let winter = sent(dir, "2024-01-20T15:00:00Z");
    assert_eq!(winter("b0"), "2024-01-21T12:00:00+01:00");

    let second = attune(dir, &["attach", "shop", "hours.ron", "--as", "other"]);
    assert!(
        second.code == 1 && second.err.contains("would never ask `other`; detach `send_time` first"),
        "{}",
        second.err
    );
}

#[test]
fn hours_are_learned_and_decided_by_each_customers_own_clock() {
    let folder = shop();
    let dir = folder.path();
    edit(dir, |parts| {
        let zones = &mut Arc::make_mut(&mut parts.draft).zones;
        zones.region = Some("channel".into());
        let region = |name: &str, zone: &str| (name.to_owned(), vec![zone.to_owned()]);
        zones.regions = [region("web", "America/New_York"), region("phone", "America/Los_Angeles")].into();
    });
    // Everybody at six in the morning: 11:00 UTC in New York, 14:00 UTC in Los Angeles.
    let mut text = String::from("customer,channel,opened\n");
    for i in 0..30 {
        let (channel, hour) = [("web", 11), ("phone", 14), ("web", 11)][i % 3];
        (1..=12).for_each(|day| writeln!(text, "b{i},{channel},2024-01-{day:02}T{hour}:10:00Z").unwrap());
    }
    fs::write(dir.join("own.csv"), text).unwrap();
    let columns = ["--customer", "customer", "--date", "opened", "--model", "own.ron", "--clock-column", "channel"];
    let learn = [&["analyze", "send-time", "own.csv"][..], &columns].concat();
    let refused = attune(dir, &learn);
    for part in ["own.csv, row 1", "`web` is no time zone", "--region web=Europe/Berlin"] {
        assert!(refused.code == 1 && refused.err.contains(part), "{part}: {}", refused.err);
    }
    let regions = ["--region", "web=America/New_York", "--region", "phone=America/Los_Angeles"];
    let found = json(dir, &[&learn[..], &regions].concat());
    assert_eq!([&found["customers"][0], &found["customers"][1]].map(|of| of["hour"]["slot"].clone()), [6, 6]);
    let attached = json(dir, &["attach", "shop", "own.ron"]);
    assert!(!attached["notes"].to_string().contains("Mind"), "{attached}");
    let sent = sent(dir, "2024-01-20T20:00:00Z");
    assert_eq!(["b0", "b1"].map(sent), ["2024-01-21T06:00:00-05:00", "2024-01-21T06:00:00-08:00"]);

    // Everybody on one clock is not what this policy decides by.
    done(dir, &["analyze", "send-time", "own.csv", "--customer", "customer", "--date", "opened", "--model", "one.ron"]);
    let refused = attune(dir, &["attach", "shop", "one.ron"]);
    assert!(
        refused.code == 1 && refused.err.contains("on each customer's own clock: --clock-column"),
        "{}",
        refused.err
    );
}

#[test]
fn days_without_a_time_of_day_have_no_best_hour() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let mut text = String::from("customer,day\n");
    (1..=28).for_each(|day| writeln!(text, "b{},2024-01-{day:02}", day % 4).unwrap());
    fs::write(dir.join("days.csv"), text).unwrap();
    let learn =
        ["analyze", "send-time", "days.csv", "--customer", "customer", "--date", "day", "--zone", "America/New_York"];
    let told = done(dir, &learn).out;
    assert!(told.contains("`day` has days without a time of day: the weekdays alone say something"), "{told}");
    // 2024-01-01 was a Monday, also for New York.
    let days = json(dir, &learn)["weekdays"]["population"].as_array().unwrap().clone();
    assert!(days.iter().all(|share| *share == days[0]), "{days:?}");
    let refused = attune(dir, &[&learn[..], &["--model", "hours.ron"]].concat());
    assert!(refused.code == 1 && refused.err.contains("no hour is better than another"), "{}", refused.err);
    assert!(!dir.join("hours.ron").exists());
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
    let text = unwrapped(&done(dir, &["attach", "shop"]).out);
    for part in
        ["It knows what happened until 2024-03-08, and nothing that came later.", "--baskets", "`attune refresh`"]
    {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
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
