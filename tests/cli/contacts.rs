//! Campaign contacts as the history of a project: what a row is, said or not, and that caps see it.

use super::{attune, done, json, shop};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Two contacts of each of the first `people` customers, a week and two before the rows stand.
fn contacts(people: usize, columns: &str, cells: &str) -> String {
    let mut text = format!("customer_id,sent_at{columns}\n");
    for person in 0..people {
        text.push_str(&format!("K{person:05},2024-02-16{cells}\nK{person:05},2024-02-23{cells}\n"));
    }
    text
}

/// How many of the 600 customers the policy of rules alone contacts.
fn contacted(dir: &Path) -> u64 {
    done(dir, &["simulate", "shop", "--policy", "policy.ron", "--bootstrap", "0", "--decisions", "out.csv"]);
    let decided = super::table(&dir.join("out.csv"));
    assert_eq!(decided.len(), 600);
    decided.iter().filter(|row| row["action"] != "NoAction").count() as u64
}

fn notes(imported: &Value) -> String {
    imported["notes"].as_array().unwrap().iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
}

fn source(dir: &Path) -> String {
    fs::read_to_string(dir.join("shop/data/history.source.ron")).unwrap()
}

#[test]
fn caps_see_contacts_however_the_file_says_what_they_were() {
    let folder = shop(600);
    let dir = folder.path();
    done(dir, &["run", "shop", "--output", "policy.ron"]);
    let free = contacted(dir);
    assert!(free > 100, "{free} are contacted without a history");
    let import = |name: &str, text: &str, more: &[&str]| {
        fs::write(dir.join(name), text).unwrap();
        let imported = json(dir, &[&["import", name, "shop", "--as", "contacts"], more].concat());
        notes(&imported)
    };

    // A list of what was sent, with no word of what it is: the cap of two in 30 days is full for all of them, and the note says why.
    let said = import("mails.csv", &contacts(600, "", ""), &[]);
    assert!(said.contains("Every row counts as sent."), "{said}");
    assert!(source(dir).contains("event: Some(Every(Sent))"), "{}", source(dir));
    assert_eq!(contacted(dir), 0);
    // The same to the runtime, from the same file.
    let decide = ["decide", "policy.ron", "--input", "customers.csv", "--subject", "customer.id", "--output", "d.csv"];
    let remarks = done(dir, &[&decide[..], &["--history", "mails.csv"]].concat());
    assert!(super::table(&dir.join("d.csv")).iter().all(|row| row["action"] == "NoAction"));
    assert!(format!("{}{}", remarks.out, remarks.err).contains("every row counts as sent"), "{}", remarks.out);

    // Said otherwise, it holds at the next import, too.
    let said = import("mails.csv", &contacts(600, "", ""), &["--event", "delivered"]);
    assert!(said.contains("Every row counts as delivered."), "{said}");
    assert_eq!(contacted(dir), free, "no cap counts what was delivered");
    assert!(import("mails.csv", &contacts(600, "", ""), &[]).contains("counts as delivered"));

    // A column in the file's own words; the half of it that was sent fills the cap of half of the customers.
    let status = contacts(300, ",status", ",Dispatched") + "K00400,2024-02-20,\nK00401,2024-02-20,bounced\n";
    let asked = ["--event", "status", "--event-word", "dispatched=sent", "--event-word", "bounced=bounce"];
    let said = import("status.csv", &status, &asked);
    for part in [
        "said by the column `status`; bounced as bounce, dispatched as sent",
        "1 row has no `status` (row 601)",
        "bounce (1)",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let half = contacted(dir);
    assert!(half > 0 && half < free, "{half} of {free}");
    let decided = super::table(&dir.join("out.csv"));
    assert!(decided.iter().take(300).all(|row| row["action"] == "NoAction"), "those who were contacted twice");

    // By the name of the column alone.
    let said = import("named.csv", &contacts(600, ",Event Type", ",SENT"), &["--event", "Event Type"]);
    assert!(said.contains("said by the column `Event Type`"), "{said}");
    assert_eq!(contacted(dir), 0);
}

#[test]
fn words_that_stand_for_nothing_are_refused_and_change_nothing() {
    let folder = shop(600);
    let dir = folder.path();
    fs::write(dir.join("mails.csv"), contacts(3, "", "")).unwrap();
    fs::write(dir.join("typed.csv"), contacts(2, ",kind", ",sent") + "K00003,2024-02-20,opened\n").unwrap();
    done(dir, &["import", "mails.csv", "shop", "--as", "contacts"]);
    let before = source(dir);
    let import = |args: &[&str]| attune(dir, &[&["import"], args].concat());
    let contacts = ["shop", "--as", "contacts"];
    let cases: [(&[&str], i32, &[&str]); 6] = [
        (
            &["typed.csv"],
            1,
            &["typed.csv", "row 5", "column `kind`", "`opened` is no event", "--event-word \"opened=click\""],
        ),
        (
            &["mails.csv", "--event", "customer_id"],
            1,
            &["`customer_id` is neither a column", "the events are decision, sent"],
        ),
        (&["mails.csv", "--event-word", "a=sent"], 1, &["no column of the table holds such words"]),
        (&["mails.csv", "--event-word", "sent"], 2, &["not of the form NAME=VALUE"]),
        (&["mails.csv", "--table", "mails", "--event", "sent"], 1, &["asked of the table `history` alone"]),
        (&["mails.csv", "--as", "events", "--event", "sent"], 2, &["cannot be used multiple times"]),
    ];
    for (args, code, parts) in cases {
        let ended = import(&[args, &contacts[..]].concat());
        for part in parts {
            assert!(ended.code == code && ended.err.contains(part), "{args:?}: {} {part}\n{}", ended.code, ended.err);
        }
    }
    let wrong = import(&["mails.csv", "shop", "--event", "sent"]);
    assert!(wrong.code == 2 && wrong.err.contains("give --as contacts"), "{}", wrong.err);
    assert_eq!(source(dir), before);
    // A table of another name is no history, and says so.
    let said = notes(&json(dir, &["import", "mails.csv", "shop", "--as", "contacts", "--table", "mails"]));
    assert!(said.contains("Caps do not see these contacts"), "{said}");
}

#[test]
fn rows_that_cannot_be_read_are_set_aside_and_listed() {
    let folder = shop(600);
    let dir = folder.path();
    // Many rows that say what the column is, and few.
    for (file, good) in [("many.csv", 40), ("few.csv", 2)] {
        let mut text = contacts(good, "", "");
        text.push_str("K00003,notadate\nK00004,\nnobody,2024-02-20\nK00005,2031-01-01\n");
        fs::write(dir.join(file), text).unwrap();
        let aside = format!("{file}.quarantine");
        let imported =
            json(dir, &["import", file, "shop", "--as", "contacts", "--time", "sent_at", "--quarantine", &aside]);
        let first = 2 * good + 1;
        let bad = &imported["bad_cells"][0];
        assert_eq!((&bad["row"], &bad["text"]), (&first.into(), &"notadate".into()), "{imported}");
        assert_eq!((&bad["column"], &bad["expected"]), (&"sent_at".into(), &"a date or time".into()), "{imported}");
        let listed = fs::read_to_string(dir.join(aside)).unwrap();
        assert!(listed.contains(&format!("{first},{},sent_at,notadate,not a date or time", first + 1)), "{listed}");
        let said = notes(&imported);
        for part in [
            format!("2 rows have no `sent_at` that can be read (rows {first}, {}); they are left out", first + 1),
            format!("1 contact is of 1 who are no customers (`nobody`; row {})", first + 2),
            format!("1 contact is after 2024-03-01, when the last customer stands (row {})", first + 3),
        ] {
            assert!(said.contains(&part), "{part}: {said}");
        }
        let looked = done(dir, &["import", file, "--as", "contacts", "--time", "sent_at"]).out;
        let line = format!("row {first}, line {}, column `sent_at`: `notadate` is not a date or time", first + 1);
        assert!(looked.contains(&line), "{line}: {looked}");
    }
    // To the runtime such a file is no history: a cap would not see what is left out.
    done(dir, &["run", "shop", "--output", "policy.ron"]);
    let decide = ["decide", "policy.ron", "--input", "customers.csv", "--subject", "customer.id", "--output", "d.csv"];
    let refused = attune(dir, &[&decide[..], &["--history", "few.csv"]].concat());
    for part in ["few.csv, row 5, line 6, column `sent_at`", "`notadate` is not a date or time", "take it out"] {
        assert!(refused.code == 1 && refused.err.contains(part), "{part}: {}", refused.err);
    }
}

#[test]
fn words_are_told_as_they_are_written() {
    let folder = shop(600);
    let dir = folder.path();
    let import = |name: &str, cells: [&str; 2], more: &[&str]| {
        let mut text = contacts(30, ",said", &format!(",{}", cells[0]));
        text.push_str(&format!("K00100,2024-02-20,{}\n", cells[1]));
        fs::write(dir.join(name), text).unwrap();
        attune(dir, &[&["import", name, "shop", "--as", "contacts", "--event", "said"], more].concat())
    };
    // Columns that would be true or false, numbers, whole numbers.
    for (cells, words) in [
        (["yes", "no"], ["yes=click", "no=sent"]),
        (["1.50", "2.25"], ["1.50=click", "2.25=sent"]),
        (["01", "2"], ["01=click", "2=sent"]),
    ] {
        let ended = import("words.csv", cells, &["--event-word", words[0], "--event-word", words[1]]);
        let declared = source(dir);
        assert!(ended.code == 0 && declared.contains(&format!("\"{}\": Click", cells[0])), "{}\n{declared}", ended.err);
        assert!(!ended.out.contains("No row has"), "{}", ended.out);
        let refused = import("words.csv", [cells[0], "other"], &["--event-word", words[0]]);
        assert!(refused.code == 1 && refused.err.contains("`other` is no event"), "{}", refused.err);
    }
    for (words, part) in [
        (&["--event-word", "1=clik", "--event-word", "2=sent"][..], "did you mean `click`?"),
        (&["--event-word", "1=sent", "--event-word", "1=click"], "`1` is told to stand for sent and for click"),
    ] {
        let refused = import("slips.csv", ["1", "2"], words);
        assert!(refused.code == 1 && refused.err.contains(part), "{part}: {}", refused.err);
    }
    let asked = ["--event-word", "1=own:clik", "--event-word", "2=sent", "--event-word", "3=reject"];
    let text = import("own.csv", ["1", "2"], &asked).out.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["clik (60)", "No row has `3` in `said`, whose words are `1`, `2`: check"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // Every row is one event now: what it replaces is said.
    let replaced = notes(&json(dir, &["import", "own.csv", "shop", "--as", "contacts", "--event", "sent"]));
    assert!(
        replaced.contains("This replaces what was declared before: What happened is said by the column `said`"),
        "{replaced}"
    );
}
