//! Lines of JSON, packed files, and formats that are no text.

use super::*;

#[test]
fn lines_of_json() {
    check(vec![
        case(
            "a broken line",
            "a.jsonl",
            "{\"a\":1}\n{\"a\":\n{\"a\":3}\n",
            "a:Integer ; 2: 1 / 3 ; bad 2@2 `{\"a\":`: no JSON object: EOF while parsing a value (character 5)",
        ),
        case(
            "a line that is no object",
            "a.jsonl",
            "{\"a\":1}\n[1]\n\n{\"a\":3}",
            "a:Integer ; 2: 1 / 3 ; bad 2@2 `[1]`: no JSON object: invalid type: sequence, expected an object in braces (character 0)",
        ),
        case(
            "objects in objects",
            "a.jsonl",
            "{\"a\":{\"x\":1,\"y\":[1,2]},\"b\":null}\n",
            "a_x:Integer a_y:Text b:Text ; 1: 1,[1,2],–",
        ),
        case("types that change", "a.jsonl", "{\"a\":1}\n{\"a\":\"x\"}\n{\"a\":true}\n", "a:Text ; 3: 1 / x / true")
            .says(&["`a` stays text"]),
        case(
            "numbers beyond 64 bits",
            "a.jsonl",
            "{\"a\":12345678901234567890}\n{\"a\":1}\n",
            "a:Number ; 2: 12345678901234567000 / 1",
        ),
        case(
            "a damaged byte",
            "a.jsonl",
            [b"{\"a\":\"".as_slice(), "ëëëëëë".as_bytes(), b"\"}\n{\"a\":\"\xEB\"}\n"].concat(),
            "a:Text ; 1: ëëëëëë ; bad 2@2 `{\"a\":\"\u{FFFD}\"}`: the byte EB is not UTF-8",
        ),
        case(
            "one list",
            "a.json",
            "[{\"a\":1}]",
            "error: the file is one JSON list; write one object per line, without the list around them",
        ),
        case("called CSV", "a.csv", "{\"a\":1,\"b\":2}\n{\"a\":2,\"b\":3}\n", "a:Integer b:Integer ; 2: 1,2 / 2,3"),
        case(
            "dates that decide their order",
            "a.jsonl",
            "{\"d\":\"01/31/2024\"}\n{\"d\":\"02/01/2024\"}\n",
            "d:Time ; 2: 2024-01-31 / 2024-02-01",
        )
        .says(&["`d`: dates are read month first"]),
        case(
            "times of a zone, and a number for missing in one member",
            "a.jsonl",
            "{\"t\":\"2024-07-01 10:00:00\",\"n\":999,\"m\":999}\n{\"t\":\"2024-07-01T10:00Z\",\"n\":5,\"m\":6}\n",
            "t:Time n:Integer m:Integer ; 2: 2024-07-01T08:00:00Z,–,999 / 2024-07-01T10:00:00Z,5,6",
        )
        .with(|o| {
            o.zone = Some("Europe/Berlin".into());
            o.missing_in.insert("n".into(), vec!["999".into()]);
        })
        .says(&["are read as Europe/Berlin"]),
        case("CSV called JSON", "a.json", "a,b\n1,x\n", "a:Integer b:Text ; 1: 1,x"),
    ]);
}

#[test]
fn packed_and_other_formats() {
    let long: String = (0..40_000).map(|i| format!("{i},{}\n", i * 7_919 % 100_003)).collect();
    let (gz, zst) = (gzip(long.as_bytes()), zstd(long.as_bytes()));
    let half = |bytes: &[u8]| bytes[..bytes.len() / 2].to_vec();
    let archive = |part: &str| [b"PK\x03\x04\x14\0".as_slice(), part.as_bytes(), &[7; 300]].concat();
    check(vec![
        case("packed", "a.csv.gz", gzip(b"a;b\n1;x\n"), "a:Integer b:Text ; 1: 1,x").says(&["Compressed with gzip"]),
        case("packed, called CSV", "a.csv", zstd(b"a;b\n1;x\n"), "a:Integer b:Text ; 1: 1,x")
            .says(&["Compressed with zstd"]),
        case("called packed", "a.csv.gz", "a;b\n1;x\n", "a:Integer b:Text ; 1: 1,x"),
        case(
            "packed and cut off",
            "a.csv.gz",
            half(&gz),
            "error: the file is compressed with gzip and ends too early; it was probably cut off; copy it again",
        ),
        case(
            "packed by zstd and cut off",
            "a.csv.zst",
            half(&zst),
            "error: the file is compressed with zstd and ends too early; it was probably cut off; copy it again",
        ),
        case(
            "packed twice",
            "a.csv.gz",
            gzip(&gzip(b"a;b\n1;x\n")),
            "error: the file is compressed with gzip twice, not text; unpack it first",
        ),
        case(
            "an archive",
            "a.csv",
            archive("file.csv"),
            "error: the file is a ZIP archive and no workbook, not text; unpack it first",
        ),
        case(
            "a picture",
            "a.csv",
            b"\x89PNG\r\n\x1A\n",
            "error: the file is a picture, not text; choose a file that holds a table",
        ),
        case("a document", "a.csv", "%PDF-1.7\nx\n", "error: the file is a PDF, not text; export the table as CSV"),
    ]);
    let refused = |name: &str, bytes: &[u8], parts: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let error = import(&path, &ImportOptions::default(), &Task::default()).expect_err(name).to_string();
        for part in parts {
            assert!(error.contains(part), "{name}: {error}");
        }
    };
    // What the readers of these formats say is theirs; that it is said is ours.
    refused(
        "a.xlsx",
        &archive("[Content_Types].xml"),
        &["the workbook cannot be read", "cut off or locked; save it again"],
    );
    refused("a.xls", &[0xD0, 0xCF, 0x11, 0xE0, 1, 2, 3], &["the workbook cannot be read"]);
    refused("a.parquet", b"PAR1 nothing PAR1", &["the Parquet file cannot be read", "write it again"]);
    refused("a.arrow", b"ARROW1\0\0 nothing", &["the Arrow file cannot be read", "write it again"]);
}
