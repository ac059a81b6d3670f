//! The file format: header first, canonical, complete or refused.

use super::*;
use crate::action::{Action, Channel, Direction, Group, Issue, Treatment};
use crate::fingerprint::sha256_hex;
use crate::value::Value;

fn document() -> Document {
    let treatment = Treatment {
        id: "t".into(),
        channel: "email".into(),
        template: String::new(),
        propensity: None,
        ..Treatment::default()
    };
    let attributes = [("discount", Value::Number(10.0)), ("code", Value::text("A \"B\" \\ C")), ("x", Value::Unknown)];
    let action = Action {
        id: "offer".into(),
        name: "Offer\non two lines".into(),
        group: "cards".into(),
        value: 0.1,
        cost: -0.0,
        weight: 1e300,
        valid_from: Some(-1),
        valid_until: None,
        tags: vec!["seen\u{202E}backwards \u{1}".into()],
        mandatory: false,
        service: true,
        obeys_caps: true,
        counts_toward_caps: true,
        propensity: None,
        attributes: attributes.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
        treatments: vec![treatment],
        ..Action::default()
    };
    Document {
        id: "p".into(),
        name: "P".into(),
        issues: vec![Issue { id: "i".into(), weight: 0.0, groups: vec![Group { id: "cards".into(), weight: 5.0 }] }],
        channels: vec![Channel { id: "email".into(), direction: Direction::Outbound }],
        actions: vec![action],
        ..Document::default()
    }
}

fn message(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

#[test]
fn what_is_written_reads_back_and_writes_the_same_bytes() {
    let text = write(&document()).unwrap();
    let back = read(text.as_bytes()).unwrap();
    assert_eq!(back, document());
    assert_eq!(write(&back).unwrap(), text);
    assert!(text.starts_with("(\n    format: \"attune policy\",\n    version: (1, 1),\n    revision: \""), "{text}");
    assert!(text.contains("\\u{202e}") && text.contains("\\u{1}"), "hidden characters are shown: {text}");
    assert!(text.contains(r##"r#"A "B" \ C"#"##), "{text}");
    assert!(back.actions[0].cost.is_sign_negative());
}

#[test]
fn the_revision_is_the_hash_of_the_file_without_its_fourth_and_fifth_line() {
    let approvals = approvals();
    let texts = [write(&document()).unwrap(), write_approved(&document(), &approvals).unwrap()];
    for text in &texts {
        let kept = text.lines().enumerate().filter(|(i, _)| *i != 3 && *i != 4);
        let without: String = kept.map(|(_, l)| format!("{l}\n")).collect();
        assert_eq!(sha256_hex(without.as_bytes()), revision(&document()).unwrap());
    }
    assert_ne!(texts[0], texts[1]);
    let file = open(texts[1].as_bytes()).unwrap();
    assert_eq!((file.version, file.approvals, file.document), (Version::CURRENT, approvals, document()));
    assert_eq!(file.revision, revision(&document()).unwrap());
}

#[test]
fn older_files_have_their_own_revision_and_no_approvals() {
    let file = open(crate::testing::GOLDEN).unwrap();
    assert_eq!((file.version, file.approvals.len()), (Version::FIRST, 0));
    assert_ne!(file.revision, revision(&file.document).unwrap());
}

fn approvals() -> Vec<Approval> {
    use crate::approval::Verdict;
    let approval = |note: &str, verdict| Approval {
        author: "Ann \"A\" Lee".into(),
        role: "compliance".into(),
        at: 1_206_403_200_000,
        note: note.into(),
        verdict,
    };
    vec![approval("two\nlines\t\\ ], and \u{202E}", Verdict::Refused), approval("", Verdict::Signed)]
}

#[test]
fn every_header_is_judged_before_anything_else() {
    let text = write(&document()).unwrap();
    let with = |from: &str, to: &str| text.replacen(from, to, 1);
    let one_approval = "(author: \"a\", role: \"r\", at: \"2026-03-01T08:00:00Z\", verdict: Signed), ";
    let table = [
        (String::new(), "the file is empty"),
        (" \n// nothing\n".into(), "the file is empty"),
        ("hello".into(), "not a policy file"),
        ("{\"format\": 1}".into(), "not a policy file"),
        ("(".into(), "cut off"),
        ("(form".into(), "cut off"),
        ("(format: \"attune po".into(), "cut off"),
        ("(format: \"attune policy\", version: (1, 0), revis".into(), "cut off"),
        ("(format: \"attune policy\", version: (1, 1), revision: \"\", appro".into(), "cut off"),
        (with("approvals: [],", "approvals: [\n],"), "damaged"),
        (with("approvals: [],", "approvals: [()],"), "line 5, column 18: the approvals"),
        (with("approvals: [],", ""), "damaged: expected `approvals: […]` on one line"),
        (with("approvals: [],", &format!("approvals: [{}],", one_approval.repeat(101))), "at most 100"),
        ("(format: attune policy".into(), "damaged"),
        (with("attune policy", "attune project"), "this file is a `attune project`, not a policy"),
        (with("(1, 1)", "(2, 0)"), "this file is a policy of format 2.0; this version reads 1.x"),
        (
            "(format: \"attune policy\", version: (2, 0), no sense at all".into(),
            "this file is a policy of format 2.0; this version reads 1.x",
        ),
        (with("(1, 1)", "(1, 2)"), "format 1.2; this version reads up to 1.1"),
        (with("(1, 1)", "(0, 9)"), "format 0.9, which never was"),
        (with("(1, 1)", "(1, 99999999999)"), "damaged"),
        (with("(1, 1)", "(1.1)"), "damaged"),
        (with("revision:", "revisio:"), "after the version"),
        (with("revision: \"", "revision: \"0"), "not the one its revision names"),
        (with("id: \"p\"", "id: \"q\""), "export it again"),
        (with("id: \"p\"", "idd: \"p\""), "line 6"),
        (with("    actions:", "    colour: 1,\n    actions:"), "colour"),
        (with("discount", "\u{0}"), "revision"),
        (with("0.1", "NaN"), "finite"),
        (with("0.1", "inf"), "finite"),
        (with("0.1", "1e999"), "finite"),
    ];
    for (file, words) in table {
        let said = message(file.as_bytes());
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(message(b"\xff\xfe\x00").contains("0xff is not UTF-8"), "{}", message(b"\xff\xfe\x00"));
    assert!(message(b"(\n  \xff").starts_with("line 2, column 3"), "{}", message(b"(\n  \xff"));
}

#[test]
fn foreign_line_ends_and_marks_do_not_change_the_content() {
    let mut document = document();
    document.note = "a\r\nb".into();
    let text = write(&document).unwrap();
    assert!(text.contains("Offer\non two lines") && text.contains("a\\u{d}\\nb"), "{text}");
    for other in [text.replace('\n', "\r\n"), format!("\u{FEFF}{text}"), format!("// a note\n{text}")] {
        assert_eq!(read(other.as_bytes()).unwrap(), document);
    }
}

#[test]
fn a_file_cut_anywhere_or_longer_than_it_is_gets_refused() {
    let text = write(&document()).unwrap();
    for end in 0..text.len() {
        assert!(read(&text.as_bytes()[..end]).is_err(), "cut at {end}");
    }
    for more in ["\n", " ", ")", ")\n", "()\n", "// )\n", "\u{0}", "x"] {
        assert!(read(format!("{text}{more}").as_bytes()).is_err(), "{more:?} added");
    }
}

#[test]
fn hostile_nesting_is_refused() {
    let text = write(&document()).unwrap();
    for bracket in ["(", "[", "{", "Some(", "Unknown(", "/*"] {
        let nested = text.replacen("issues: ", &format!("issues: {}", bracket.repeat(200_000)), 1);
        assert!(read(nested.as_bytes()).is_err());
        let nested = text.replacen("issues: ", &format!("other: {}, issues: ", bracket.repeat(200_000)), 1);
        assert!(read(nested.as_bytes()).is_err());
    }
}

/// However many `#` follow a quote; looking for their number takes one pass.
#[test]
fn raw_texts_end_where_they_end() {
    for note in ["\"", "\"#", "\"##\"#", "#\"", "\"\"#\\", "a\n\"###"] {
        let document = Document { note: note.into(), ..document() };
        let text = write(&document).unwrap();
        assert_eq!(read(text.as_bytes()).unwrap().note, note, "{text}");
    }
    let hostile = Document { note: format!("\"{}", "#".repeat(1 << 20)), ..document() };
    assert!(write(&hostile).unwrap().len() > 3 << 20);
}

#[test]
fn numbers_of_trees_keep_every_bit() {
    let mut random = crate::testing::Random::new(4);
    let threshold: Vec<f32> =
        (0..4000).map(|_| f32::from_bits(random.next() as u32)).filter(|x| x.is_finite()).collect();
    let mut document = crate::testing::sample();
    let tree = crate::model::Tree { threshold, ..Default::default() };
    let trees = vec![tree.clone()];
    document.models[0].function =
        crate::model::Function::Trees { base: 0.0, trees, link: crate::model::Link::Identity };
    let back = read(write(&document).unwrap().as_bytes()).unwrap();
    let crate::model::Function::Trees { trees, .. } = &back.models[0].function else { panic!("{back:?}") };
    let bits = |tree: &crate::model::Tree| tree.threshold.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&trees[0]), bits(&tree));
}

#[test]
fn numbers_keep_every_bit() {
    let mut random = crate::testing::Random::new(3);
    for _ in 0..2000 {
        let x = f64::from_bits(random.next());
        if !x.is_finite() {
            continue;
        }
        let mut document = document();
        document.actions[0].value = x;
        let back = read(write(&document).unwrap().as_bytes()).unwrap();
        assert_eq!(back.actions[0].value.to_bits(), x.to_bits(), "{x:?}");
    }
}

/// What the quick reader reads is what the general one reads; of what it gives up on the general one judges.
#[test]
fn the_quick_reader_reads_the_same() {
    let mut random = crate::testing::Random::new(12);
    let mut texts = vec![write(&document()).unwrap(), write(&crate::testing::sample()).unwrap()];
    texts.extend((0..200).map(|_| write(&crate::decide::random::document(&mut random).0).unwrap()));
    let body = |text: &str| format!("({}", text.split_once("    approvals: [],\n").unwrap().1);
    for text in &texts {
        let body = body(text);
        assert_eq!(reader::read::<Document>(&body), Some(parse(&body).unwrap()), "{body}");
    }
    let (mut quick, mut refused) = (0, 0);
    for _ in 0..4000 {
        let mut bytes = body(&texts[random.below(12)]).into_bytes();
        for _ in 0..1 + random.below(2) {
            let at = random.below(bytes.len());
            match random.below(3) {
                0 => drop(bytes.remove(at)),
                1 => bytes.insert(at, *random.pick(b"(){}[],: \n\"0123456789.-eE_#/x\\")),
                _ => bytes[at] = *random.pick(b"(){}[],: \n\"0123456789.-eE_#/x\\"),
            }
        }
        let Ok(text) = String::from_utf8(bytes) else { continue };
        match (reader::read::<Document>(&text), parse(&text)) {
            (Some(a), Ok(b)) => {
                assert_eq!(a, b);
                quick += 1;
            }
            (Some(_), Err(error)) => panic!("{error}: {text}"),
            (None, _) => refused += 1,
        }
    }
    assert!(quick > 500 && refused > 500, "{quick} read, {refused} given up: the test lost its bite");
}
