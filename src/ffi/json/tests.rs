//! The reader beside serde_json: one takes what the other takes, with the same value; and the words of a refusal.

use super::*;

fn one(text: &str) -> Result<Scalar<'_>, String> {
    let mut reader = Reader::new(text);
    let value = reader.scalar("a value").map_err(|e| e.message)?;
    reader.end().map_err(|e| e.message)?;
    Ok(value)
}

#[test]
fn it_takes_what_json_takes_and_nothing_else() {
    let texts = [
        "0",
        "-0",
        "7",
        "-12.5",
        "1e5",
        "1E+5",
        "1.25e-7",
        "123456789012345678901234567890",
        "01",
        "-",
        "+1",
        ".5",
        "5.",
        "1e",
        "1e+",
        "0x1",
        "NaN",
        "Infinity",
        "null",
        "true",
        "false",
        "nul",
        "True",
        "nulll",
        "\"\"",
        "\"abc\"",
        "\"a\\\"b\\\\c\\/d\"",
        "\"\\b\\f\\n\\r\\t\"",
        "\"\\u0041\\u00e4\\u20AC\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "\"\\ude00\"",
        "\"\\ud83d\\u0041\"",
        "\"\\ud83dx\"",
        "\"\\u12\"",
        "\"\\u+123\"",
        "\"\\x\"",
        "\"abc",
        "\"\\",
        "\"\n\"",
        "\"\u{1}\"",
        "\"ünï 😀\"",
        "",
        "  1  ",
        "1 2",
        "'a'",
        "\"\\u00e\u{e4}\"",
    ];
    let mut taken = 0;
    for text in texts {
        let peer: Result<serde_json::Value, _> = serde_json::from_str(text);
        match (one(text), peer) {
            (Ok(Scalar::Text(own)), Ok(peer)) => assert_eq!(Some(&*own), peer.as_str(), "{text}"),
            (Ok(Scalar::Bool(own)), Ok(peer)) => assert_eq!(Some(own), peer.as_bool(), "{text}"),
            (Ok(Scalar::Null), Ok(peer)) => assert!(peer.is_null(), "{text}"),
            (Ok(Scalar::Number(own)), Ok(peer)) => assert_eq!((own, true), (text.trim(), peer.is_number())),
            (Err(_), Err(_)) => continue,
            (own, peer) => panic!("{text}: {own:?}, but serde_json says {peer:?}"),
        }
        taken += 1;
    }
    assert_eq!(taken, 19);
}

#[test]
fn structure_is_refused_where_it_is_wrong() {
    let table = [
        (r#"{"a": [1, 2, 3], "b": []}"#, "6 in a, b"),
        ("{}", "0 in "),
        (r#"{"a": [1 2]}"#, "line 1, column 10: expected `,` or `]`, found `2`"),
        (r#"{"a": [1,]}"#, "line 1, column 10: expected another entry after the comma, found `]`"),
        (r#"{"a": [1],}"#, "line 1, column 11: expected another entry after the comma, found `}`"),
        (r#"{"a" [1]}"#, "line 1, column 6: expected `:` after a key, found a list"),
        ("{\n  \"a\": [],\n  \"a\": []}", "line 3, column 3: `a` stands here a second time"),
        (r#"{"a": {}}"#, "line 1, column 7: expected a list, found an object"),
        (r#"{"ä": ["#, "line 1, column 8: expected a number, found the end of the text: it was cut off"),
        (r#"{1: []}"#, "line 1, column 2: expected a key in quotes, found the number 1"),
        (r#"{} x"#, "line 1, column 4: something follows the request"),
        ("[]", "line 1, column 1: expected an object, found a list"),
    ];
    for (text, expected) in table {
        let (mut sum, mut keys) = (0, Vec::new());
        let mut reader = Reader::new(text);
        let read = reader.object("an object", |reader, key, _| {
            keys.push(key.to_owned());
            reader.list("a list", |reader| {
                if let Scalar::Number(digits) = reader.scalar("a number")? {
                    sum += digits.parse::<i64>().unwrap();
                }
                Ok(())
            })
        });
        let said = match read.and_then(|()| reader.end()) {
            Ok(()) => format!("{sum} in {}", keys.join(", ")),
            Err(refusal) => refusal.message,
        };
        assert_eq!(said, expected, "{text}");
    }
}
