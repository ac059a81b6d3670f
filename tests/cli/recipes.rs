//! Steps of the row recipe, models of every kind and champions, all made on the command line; and what commands say when something
//! is missing.

use super::{attune, customers, done, json, shop};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Who pays longer and has the plan `gold` stays; `joined` is a date, `street` has many categories.
fn members(rows: usize) -> String {
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut text = "member_id,joined,age,plan,visits,spend,street,left\n".to_owned();
    for i in 0..rows {
        let days = (uniform() * 1400.0) as i64;
        let joined = attune_lab::data::import::dates::render((19_000 + days) * 86_400_000);
        let (age, plan) = (18 + (uniform() * 60.0) as u32, ["basic", "plus", "gold"][(uniform() * 3.0) as usize]);
        let age = if i % 20 == 0 { String::new() } else { age.to_string() };
        let (visits, spend) = ((uniform() * 9.0) as u32, 10.0 / (0.01 + uniform()));
        let z = -1.5 + days as f64 / 500.0 - if plan == "gold" { 1.0 } else { 0.0 };
        let left = if uniform() < 1.0 / (1.0 + (-z).exp()) { "yes" } else { "no" };
        let street = (uniform() * 60.0) as u32;
        text.push_str(&format!("m{i},{joined},{age},{plan},{visits},{spend:.2},street {street},{left}\n"));
    }
    text
}

/// What the columns of the members mean, and when they stand.
const ROLES: [&str; 12] = [
    "--as-of",
    "2026-01-01",
    "--role",
    "member_id=subject",
    "--role",
    "joined=feature",
    "--role",
    "visits=feature",
    "--role",
    "spend=feature",
    "--role",
    "left=outcome",
];

/// A project `club` of members, one of whose columns is an outcome.
fn club(rows: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("members.csv"), members(rows)).unwrap();
    done(folder.path(), &[&["import", "members.csv", "club", "--goal", "left"][..], &ROLES].concat());
    folder
}

fn outputs(found: &Value) -> Vec<&str> {
    found["steps"].as_array().unwrap().iter().map(|step| step["output"].as_str().unwrap()).collect()
}

#[test]
fn steps_are_made_listed_learned_from_and_taken_out() {
    let folder = club(900);
    let dir = folder.path();
    // Without events there is what models read, and what would help: the date is left out so far.
    let found = json(dir, &["features", "club"]);
    let of = |found: &Value, name: &str| {
        let inputs = found["inputs"].as_array().unwrap();
        inputs.iter().find(|input| input["column"] == name).cloned().unwrap_or_else(|| panic!("no {name}: {found:#}"))
    };
    assert!(of(&found, "joined")["left_out"].as_str().unwrap().contains("is a time"), "{found:#}");
    let arguments: Vec<&str> =
        found["suggestions"].as_array().unwrap().iter().map(|s| s["argument"].as_str().unwrap()).collect();
    assert!(arguments.contains(&"--step days_since:joined") && arguments.contains(&"--step log1p:spend"), "{found:#}");
    let before = json(dir, &["train", "club"]);
    let steps = [
        ("days_since:joined", "joined_days"),
        ("month:joined", "joined_month"),
        ("one_hot:plan", "plan_basic"),
        ("is_gold=one_hot:plan:gold", "is_gold"),
        ("ordinal:plan:basic,plus,gold", "plan_place"),
        ("bucket:age:4", "age_bin"),
        ("young=bucket:age:30,", "young"),
        ("scale:spend", "spend_scaled"),
        ("impute:age", "age_filled"),
        ("ratio:spend/visits", "spend_per_visits"),
        ("clip:spend:0..500", "spend_clipped"),
        ("log1p:spend_clipped", "spend_clipped_log"),
        ("rich=formula:spend > 100.0 && plan == \"gold\"", "rich"),
    ];
    let mut ask = vec!["features", "club"];
    steps.iter().for_each(|(step, _)| ask.extend(["--step", step]));
    let text = done(dir, &ask).out;
    assert!(text.contains("Written into the project: the step `joined_days`"), "{text}");
    let found = json(dir, &["features", "club"]);
    for (step, output) in steps {
        assert!(outputs(&found).contains(&output), "{step}: {found:#}");
    }
    assert_eq!(outputs(&found).len(), 15, "one_hot:plan makes three");
    assert_eq!((&of(&found, "joined_days")["made"], &of(&found, "joined_days")["inputs"]), (&true.into(), &1.into()));
    // Half of 900 members are above the median age, whatever it is: the step learned it from the rows that models learn from.
    let filled = found["steps"].as_array().unwrap().iter().find(|step| step["output"] == "age_filled").unwrap();
    assert!(filled["op"].to_string().contains("Impute"), "{filled}");
    let text = done(dir, &["profile", "club"]).out;
    assert!(text.contains("Made by the steps of the row recipe: 15 columns") && text.contains("joined_days"), "{text}");
    // Time since joining is what drives the outcome, and now models can see it.
    let after = json(dir, &["train", "club"]);
    let auc =
        |trained: &Value| trained["models"][0]["report"]["out_of_fold"]["quality"]["auc"]["value"].as_f64().unwrap();
    assert!(auc(&after) > auc(&before) + 0.05, "{} {}", auc(&before), auc(&after));
    done(dir, &["features", "club", "--remove-step", "rich", "--remove-step", "young"]);
    assert_eq!(outputs(&json(dir, &["features", "club"])).len(), 13);
    // On a file they are tried, not kept.
    let tried = json(dir, &["features", "members.csv", "--as-of", "2026-01-01", "--step", "bucket:age:3"]);
    assert_eq!(outputs(&tried), ["age_bin"]);
    // What is suggested is added at one go.
    done(dir, &[&["import", "members.csv", "fresh"][..], &ROLES].concat());
    let added = json(dir, &["features", "fresh", "--add"]);
    assert!(outputs(&added).contains(&"spend_log") && outputs(&added).contains(&"joined_days"), "{added:#}");
    assert_eq!(outputs(&json(dir, &["features", "fresh"])), outputs(&added));
    let wrong = [
        ("bucket", 2, "KIND:COLUMN"),
        ("buckt:age:5", 2, "did you mean `bucket`"),
        ("bucket:aeg:5", 2, "did you mean `age`"),
        ("bucket:plan:5", 1, "number is needed"),
        ("ordinal:plan", 2, "say the order"),
        ("formula:1 + 1", 2, "needs a name"),
        ("a b=scale:spend", 2, "call it `a_b`"),
        ("x=formula:spnd > 1", 1, "spnd"),
        ("age=scale:spend", 1, "is a column already"),
    ];
    for (step, code, words) in wrong {
        let ended = attune(dir, &["features", "club", "--step", step]);
        assert!(ended.code == code && ended.err.contains(words), "{step}: {} {}", ended.code, ended.err);
    }
    assert_eq!(outputs(&json(dir, &["features", "club"])).len(), 13, "what was refused was not written");
    let wrong = attune(dir, &["features", "club", "--remove-step", "rich"]);
    assert!(wrong.code == 2 && wrong.err.contains("no step makes `rich`"), "{}", wrong.err);
}

#[test]
fn models_are_added_with_their_settings_and_compared_with_families() {
    let folder = club(900);
    let dir = folder.path();
    done(dir, &["features", "club", "--step", "days_since:joined"]);
    let add = [
        "train",
        "club",
        "--family",
        "boosted",
        "--id",
        "careful",
        "--decreasing",
        "joined_days",
        "--increasing",
        "visits",
        "--class-weights",
        "balanced",
        "--validation",
        "order:0.3",
        "--calibrate",
        "platt",
        "--folds",
        "3",
    ];
    let trained = json(dir, &add);
    assert_eq!(trained["models"].as_array().unwrap().len(), 1, "only what was asked for is trained");
    let spec = &trained["models"][0]["report"]["spec"];
    assert_eq!(
        (&spec["id"], &spec["outcome"], &spec["class_weights"]),
        (&"careful".into(), &"left".into(), &"Balanced".into())
    );
    assert_eq!(spec["monotone"], serde_json::json!({ "joined_days": "Falling", "visits": "Rising" }));
    assert_eq!(spec["validation"], serde_json::json!({ "FileOrder": 0.3 }));
    assert!(spec["family"].to_string().contains("Boosted") && spec["folds"] == 3 && spec["calibration"] == "Platt");
    // The same again is found, another setting is another model.
    let known = |dir: &Path| fs::read_to_string(dir.join("club/models.ron")).unwrap().matches("family:").count();
    let before = known(dir);
    done(dir, &["train", "club", "--family", "tree,bayes"]);
    done(dir, &["train", "club", "--family", "tree,bayes"]);
    assert_eq!(known(dir), before + 2);
    let board = json(dir, &["evaluate", "club", "--families", "logistic,scorecard"]);
    let boards = board["boards"].as_array().unwrap();
    assert_eq!(boards.len(), 2, "models that are measured on other rows stand on a board of their own");
    let entries = || boards.iter().flat_map(|board| board["board"]["entries"].as_array().unwrap());
    let ids: Vec<&str> = entries().map(|entry| entry["spec"]["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"careful") && ids.contains(&"scorecard") && ids.contains(&"left"), "{ids:?}");
    for (arguments, code, words) in [
        (vec!["--family", "magic"], 2, "`magic` is no family"),
        (vec!["--family", "linear"], 2, "`linear` is no family for this"),
        (vec!["--family", "logistic", "--increasing", "visits"], 1, "cannot be held to rise or fall"),
        (vec!["--family", "tree", "--class-weights", "heavy"], 2, "equal, balanced"),
        (vec!["--family", "tree", "--validation", "later"], 2, "write folds; time"),
        (vec!["--family", "tree", "--outcome", "spend"], 1, "has the role feature"),
        (vec!["--family", "tree", "--outcome", "lefd"], 2, "did you mean `left`"),
        (vec!["--outcome", "left"], 2, "--family"),
        (vec!["--increasing", "visits"], 2, "--family"),
    ] {
        let ended = attune(dir, &[&["train", "club"], arguments.as_slice()].concat());
        assert!(ended.code == code && ended.err.contains(words), "{arguments:?}: {} {}", ended.code, ended.err);
    }
    let wrong = attune(dir, &["evaluate", "club", "--outcome", "visits"]);
    assert!(wrong.code == 2 && wrong.err.contains("has the role feature"), "{}", wrong.err);
}

#[test]
fn the_champion_stays_until_it_is_beaten() {
    let folder = shop(2400);
    let dir = folder.path();
    let id = "visit_bold";
    let model = |dir: &Path| fs::read_to_string(dir.join("shop/models").join(id).join("model.ron")).unwrap();
    let function = |text: &str| text[text.find("function:").unwrap()..].to_owned();
    done(dir, &["train", "shop", id]);
    let champion = model(dir);
    // Trained on these very data there is nothing to compare it with.
    let same = json(dir, &["train", "shop", id, "--refit"]);
    assert!(same["refit"][id]["why"].as_str().unwrap().contains("these very data"), "{same}");
    // Fewer rows of the same world: a model of them is another one, and no better.
    fs::write(dir.join("customers.csv"), customers(1900)).unwrap();
    let warned = attune(dir, &["train", "shop", id]);
    assert!(warned.code == 0 && warned.out.contains("the champion, the model in use, is kept"), "{}", warned.out);
    assert!(warned.err.contains("attune refresh"), "{}", warned.err);
    assert_eq!(function(&model(dir)), function(&champion));
    // It is up to date now, and a refit sets a new model against it, not it against itself.
    assert!(done(dir, &["train", "shop", id]).out.contains("the champion, kept"));
    let refitted = json(dir, &["train", "shop", id, "--refit"]);
    assert!(refitted["refit"][id]["rows"].as_u64().unwrap() > 100, "{refitted}");
    assert_eq!(function(&model(dir)), function(&champion));
    // A world in which those come who did not: the champion is beaten, and that is said.
    let turned = customers(4000).replace(",1,", ",x,").replace(",0,", ",1,").replace(",x,", ",0,");
    fs::write(dir.join("customers.csv"), turned).unwrap();
    let beaten = json(dir, &["train", "shop", id]);
    assert_eq!(beaten["refit"][id]["verdict"], "Replaced", "{beaten}");
    assert_ne!(function(&model(dir)), function(&champion));
    // What a person asks for is done.
    done(dir, &["import", "customers.csv", "shop", "--role", "recency=ignored"]);
    let asked = json(dir, &["train", "shop", id]);
    assert!(asked["refit"].is_null() && asked["models"][0]["trained"] == true, "{asked}");
    assert!(!model(dir).contains("recency"));
}

#[test]
fn what_is_missing_or_broken_is_said_once_with_what_to_do() {
    let folder = club(300);
    let dir = folder.path();
    let models = dir.join("club/models.ron");
    let whole = fs::read_to_string(&models).unwrap();
    fs::write(&models, whole.replacen("folds: 5", "folds: five", 1)).unwrap();
    for command in ["train", "evaluate", "explain"] {
        let ended = attune(dir, &[command, "club"]);
        let line = 1 + whole[..whole.find("folds: 5").unwrap()].matches('\n').count();
        assert!(ended.code == 1 && ended.out.is_empty(), "{}", ended.out);
        assert_eq!(ended.err.matches("models.ron").count(), 1, "{}", ended.err);
        assert!(ended.err.contains(&format!("line {line}")) && !ended.err.contains("no models"), "{}", ended.err);
    }
    // An arm as a person writes it.
    let with_arm = whole.replacen("folds: 5", "arm: \"x\",\n      folds: 5", 1).replacen("arm: None,", "", 1);
    fs::write(&models, with_arm).unwrap();
    let ended = attune(dir, &["train", "club"]);
    assert!(ended.code == 1 && ended.err.contains("no column has the role action"), "{}", ended.err);
    let empty = whole[..whole.find("body:").unwrap()].to_owned() + "body: [],\n)\n";
    fs::write(&models, empty).unwrap();
    for command in ["train", "evaluate", "explain"] {
        let ended = attune(dir, &[command, "club"]);
        assert!(
            ended.code == 1 && ended.err.contains("attune train club --family logistic --outcome left"),
            "{}",
            ended.err
        );
    }
    // Flags may stand before the command.
    let quiet = done(dir, &["-q", "import", "members.csv"]);
    assert!(quiet.out.contains("300 rows"), "{}", quiet.out);
    let ended = attune(dir, &["club", "train", "club"]);
    assert!(ended.code == 2 && ended.err.contains("stands before the command"), "{}", ended.err);
    let help = done(dir, &["import", "--help"]).out;
    assert!(help.contains("household") && help.contains("device"), "{help}");
}
