//! Broken and odd files, each with exactly what becomes of it. One line per outcome:
//!
//! `columns ; rows: cells / cells ; bad ROW@LINE `text`: reason ; cell ROW@LINE column=`text`` — or `error: …` as a person reads it.
//! What was said about the file is tested in part, behind the outcome.

use super::tests::{lines, utf16};
use super::*;
use std::io::Write;

/// A file, how it is to be read, and what comes of it.
struct Case {
    name: &'static str,
    file: &'static str,
    bytes: Vec<u8>,
    options: ImportOptions,
    outcome: String,
    /// Parts of the notes.
    says: &'static [&'static str],
}

fn case(name: &'static str, file: &'static str, bytes: impl Into<Vec<u8>>, outcome: &str) -> Case {
    let (bytes, outcome) = (bytes.into(), outcome.to_owned());
    Case { name, file, bytes, options: ImportOptions::default(), outcome, says: &[] }
}

impl Case {
    fn says(self, says: &'static [&'static str]) -> Case {
        Case { says, ..self }
    }

    fn with(mut self, change: impl FnOnce(&mut ImportOptions)) -> Case {
        change(&mut self.options);
        self
    }
}

/// Rows shown of each table.
const SHOWN: usize = 3;

fn outcome(imported: &Imported) -> String {
    let dataset = &imported.dataset;
    let all: Vec<usize> = (0..dataset.columns().len()).collect();
    let columns: Vec<String> = dataset.columns().iter().map(|c| format!("{}:{:?}", c.name, c.type_)).collect();
    let row = |cells: &Vec<Option<String>>| {
        cells.iter().map(|cell| cell.as_deref().unwrap_or("–")).collect::<Vec<_>>().join(",").replace('\n', "⏎")
    };
    let rows: Vec<String> = dataset.page(0..SHOWN, &all).rows.iter().map(row).collect();
    let mut text = format!("{} ; {}: {}", columns.join(" "), dataset.rows(), rows.join(" / "));
    for bad in &imported.bad_rows {
        text.push_str(&format!(" ; bad {}@{} `{}`: {}", bad.row, bad.line, bad.text.replace('\n', "⏎"), bad.reason));
    }
    for bad in &imported.bad_cells {
        text.push_str(&format!(" ; cell {}@{} {}=`{}`", bad.row, bad.line, bad.column, bad.text));
    }
    text
}

fn check(cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for Case { name, file, bytes, options, outcome: expected, says } in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file);
        std::fs::write(&path, bytes).unwrap();
        let place = format!("{}: ", path.display());
        let (found, notes) = match import(&path, &options, &Task::default()) {
            Ok(imported) => (outcome(&imported), imported.notes.join("\n")),
            Err(error) => {
                // A place inside the file follows behind a comma.
                let text = error.to_string();
                let inner = text.strip_prefix(&place).map(str::to_owned);
                let inner = inner.or_else(|| Some(text.strip_prefix(&format!("{}, ", path.display()))?.to_owned()));
                (format!("error: {}", inner.unwrap_or(text)), String::new())
            }
        };
        if found != expected {
            wrong.push(format!("{name}\n  found    {found}\n  expected {expected}\n  {notes}"));
        }
        for part in says.iter().filter(|part| !notes.contains(**part)) {
            wrong.push(format!("{name}: `{part}` is not said:\n  {notes}"));
        }
        // Whatever it is, looking at it first does not panic and finds the same format.
        let _ = detect_with(&path, &options);
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

#[test]
fn encodings() {
    let names: String = (0..12).map(|i| format!("{i},Zoë\n")).collect();
    let mut damaged = format!("n,name\n{names}").into_bytes();
    damaged.extend(b"12,Zo\xEB\n13,Ana\n");
    check(vec![
        case("UTF-8 with mark", "a.csv", "\u{FEFF}name,n\nZoë,1\n", "name:Text n:Integer ; 1: Zoë,1").says(&["by its byte order mark"]),
        case("UTF-16 little-endian", "a.csv", utf16("name,n\nZoë,1\n", true, true), "name:Text n:Integer ; 1: Zoë,1"),
        case("UTF-16 big-endian", "a.csv", utf16("name;n\nZoë;1\n", false, true), "name:Text n:Integer ; 1: Zoë,1"),
        case("UTF-16 without mark", "a.csv", utf16("name,n\nbell,1\n", true, false), "name:Text n:Integer ; 1: bell,1")
            .says(&["every second byte is zero"]),
        case("Windows-1252", "a.csv", b"name,n\n5 \x80,1\n\x93q\x94,2\n", "name:Text n:Integer ; 2: 5 €,1 / “q”,2")
            .says(&["Windows-1252", "line 2 holds the byte 80"]),
        case("Latin-1", "a.csv", b"name,n\nCaf\xE9,1\n", "name:Text n:Integer ; 1: Café,1"),
        case(
            "UTF-8 with one damaged byte",
            "a.csv",
            damaged,
            "n:Integer name:Text ; 13: 0,Zoë / 1,Zoë / 2,Zoë ; bad 13@14 `12,Zo\u{FFFD}`: the byte EB is not UTF-8",
        )
        .says(&["UTF-8, damaged: 12 characters fit it; 1 bytes do not, the first is EB in line 14", "1 of 14 rows were set aside"]),
        case("UTF-8 that is none, as asked", "a.csv", b"a,b\n1,2\n3,\xFF\n", "a:Integer b:Integer ; 1: 1,2 ; bad 2@3 `3,\u{FFFD}`: the byte FF is not UTF-8")
            .with(|o| o.csv.encoding = Some(Encoding::Utf8)),
        case(
            "names that are not UTF-8, as asked",
            "a.csv",
            b"a,\xFF\n1,2\n",
            "error: line 1: the names of the columns are not all UTF-8; the file may be Windows-1252 (Latin-1): choose that encoding",
        )
        .with(|o| o.csv.encoding = Some(Encoding::Utf8)),
        case(
            "UTF-16 cut in a character",
            "a.csv",
            &utf16("a,b\n1,2\n", true, true)[..15],
            "error: line 2: the file is UTF-16 and ends in the middle of a character; it was probably cut off; copy it again",
        ),
        case("noise", "a.csv", [1u8, 0, 2, 3, 0, 4, 5, 9, 0, 1], "error: line 1: the file is binary, not text; choose a file that holds a table"),
        case(
            "a NUL byte in a long file",
            "a.csv",
            lines("a,b", "1,x", 100, "2,\0y\n3,z\n"),
            "a:Integer b:Text ; 101: 1,x / 1,x / 1,x ; bad 101@102 `2,\0y`: a NUL byte stands in it",
        ),
    ]);
}

#[test]
fn quotes_and_lines() {
    check(vec![
        case(
            "a quote that never closes",
            "a.csv",
            "a,b\n1,\"x\n2,y\n3,z\n",
            "a:Integer b:Text ; 2: 2,y / 3,z ; bad 1@2 `1,\"x`: an opening \" has no end",
        ),
        case(
            "doubled quotes",
            "a.csv",
            "a,b\n1,\"say \"\"hi\"\"\"\n2,\"\"\n",
            "a:Integer b:Text ; 2: 1,say \"hi\" / 2,–",
        ),
        case("a stray quote in a cell", "a.csv", "a,b\n1,5\" pipe\n2,z\n", "a:Integer b:Text ; 2: 1,5\" pipe / 2,z"),
        case(
            "text behind a closing quote",
            "a.csv",
            "a,b\n1,\"x\"y\n2,z\n",
            "a:Integer b:Text ; 1: 2,z ; bad 1@2 `1,\"x\"y`: text stands behind a closing \"",
        ),
        case(
            "line ends in a cell",
            "a.csv",
            "a,b\r\n1,\"x\r\ny\"\r\noops\r\n",
            "a:Integer b:Text ; 1: 1,x\r⏎y ; bad 2@4 `oops`: 1 field where the table has 2",
        ),
        case(
            "three kinds of line ends",
            "a.csv",
            "a,b\r1,x\r\n2,y\n3,z\r4\r5,w",
            "a:Integer b:Text ; 4: 1,x / 2,y / 3,z ; bad 4@5 `4`: 1 field where the table has 2",
        )
        .says(&["Some lines end with a carriage return alone"]),
        case("carriage returns alone", "a.csv", "a,b\r1,x\r2,y\r", "a:Integer b:Text ; 2: 1,x / 2,y"),
        case("a carriage return in a cell", "a.csv", "a,b\n1,x\ry\n2,z\n", "a:Integer b:Text ; 2: 1,x\ry / 2,z"),
        case(
            "a short row",
            "a.csv",
            "a,b,c\n1,2,3\n4,5\n6,7,8\n",
            "a:Integer b:Integer c:Integer ; 2: 1,2,3 / 6,7,8 ; bad 2@3 `4,5`: 2 fields where the table has 3",
        ),
        case(
            "a long row",
            "a.csv",
            "a,b\n1,2\n3,4,5\n6,7\n",
            "a:Integer b:Integer ; 2: 1,2 / 6,7 ; bad 2@3 `3,4,5`: 3 fields where the table has 2",
        ),
        case("delimiters at the end of lines", "a.csv", "a,b,\n1,x,\n2,y,\n", "a:Integer b:Text ; 2: 1,x / 2,y")
            .says(&["the empty column behind it was left out"]),
        case("a row of delimiters", "a.csv", "a,b\n1,x\n,\n2,y\n", "a:Integer b:Text ; 3: 1,x / –,– / 2,y"),
        case(
            "blank lines and the end sign of DOS",
            "a.csv",
            "a,b\n\n1,x\n  \n2,y\n\x1A",
            "a:Integer b:Text ; 2: 1,x / 2,y",
        )
        .says(&["3 blank lines"]),
        case(
            "the last line is cut off",
            "a.csv",
            "a,b,c\n1,2,3\n4,",
            "a:Integer b:Integer c:Integer ; 1: 1,2,3 ; bad 2@3 `4,`: 2 fields where the table has 3",
        ),
        case(
            "no row fits",
            "a.csv",
            "a,b,c\n1,2\n3,4\n",
            "error: line 2: no row fits: the header names 3 fields, and the first row is set aside because 2 fields where the table has 3; check the delimiter, the quote and the encoding",
        ),
        case("a title and a delimiter named", "a.csv", "sep=;\na;b\n1,5;x\n2;y\n", "a:Number b:Text ; 2: 1.5,x / 2,y"),
        case("titles above", "a.csv", "Report\n\na,b\n1,2\n3,4\n", "a:Integer b:Integer ; 2: 1,2 / 3,4")
            .says(&["1 line(s) above the table were passed over: Report"]),
        case(
            "tabs, blanks inside",
            "a.tsv",
            "id\tname\n1\tAnna Bell\n2\t Bo \n",
            "id:Integer name:Text ; 2: 1,Anna Bell / 2,Bo",
        )
        .says(&["divided by tabs", "spaces around 1 cells"]),
        case(
            "columns of blanks",
            "a.txt",
            " 01 19970101  1   11.77\r\n 02 19970112 12    5.00\r\n",
            "column_1:Text column_2:Integer column_3:Integer column_4:Number ; 2: 01,19970101,1,11.77 / 02,19970112,12,5",
        ),
    ]);
}

#[test]
fn headers_and_shapes() {
    let wide = |cell: fn(usize) -> String| (0..5_000).map(cell).collect::<Vec<_>>().join(",");
    let many = format!("{}\n{}\n", wide(|i| format!("c{i}")), wide(|i| i.to_string()));
    let columns: Vec<String> = (0..5_000).map(|i| format!("c{i}:Integer")).collect();
    let many_outcome = format!("{} ; 1: {}", columns.join(" "), wide(|i| i.to_string()));
    let long = "x".repeat(10 << 20);
    check(vec![
        case("empty", "a.csv", "", "error: the file is empty; choose a file that holds a table"),
        case("nothing but blanks", "a.csv", "\n \n\t\n", "error: the file is empty; choose a file that holds a table"),
        case("nothing but a mark", "a.csv", "\u{FEFF}", "error: the file is empty; choose a file that holds a table"),
        case(
            "names alone",
            "a.csv",
            "a,b\n",
            "error: the file names its columns and holds no rows; choose a file with rows below the header",
        ),
        case("names twice", "a.csv", "x,x,y\n1,2,3\n", "x:Integer x_2:Integer y:Integer ; 1: 1,2,3")
            .says(&["Two columns are called `x`; column 2 is now `x (2)`"]),
        case("names that are empty", "a.csv", "a,,c\n1,2,3\n", "a:Integer column_2:Integer c:Integer ; 1: 1,2,3")
            .says(&["Column 2 has no name"]),
        case(
            "names that rules have",
            "a.csv",
            "if,let,fn,score,2x\n1,2,3,4,5\n",
            "if_:Integer let_:Integer fn_:Integer score_:Integer c_2x:Integer ; 1: 1,2,3,4,5",
        ),
        case("names over two lines", "a.csv", "\"a\nb\",c\n1,2\n", "a_b:Integer c:Integer ; 1: 1,2"),
        case("no names", "a.csv", "1,2.5\n3,4.5\n", "column_1:Integer column_2:Number ; 2: 1,2.5 / 3,4.5")
            .says(&["No header"]),
        case("one cell", "a.csv", "7", "column_1:Integer ; 1: 7"),
        case("5,000 columns", "a.csv", many, &many_outcome),
        case(
            "a cell of 10 MB",
            "a.csv",
            format!("a,b\n1,{long}\n2,y\n"),
            &format!("a:Integer b:Text ; 2: 1,{long} / 2,y"),
        ),
        case(
            "columns without any value",
            "a.csv",
            "a,b,c\n1,,NA\n2, ,NA\n",
            "a:Integer b:Text c:Text ; 2: 1,–,– / 2,–,–",
        )
        .says(&["`b` has no value at all", "2 cells such as `NA`"]),
        case("some columns only", "a.csv", "a,b,c\n1,x,2\n3,y,4\n", "a:Integer c:Integer ; 2: 1,2 / 3,4")
            .with(|o| o.only = Some(vec!["c".into(), "a".into()])),
        case(
            "a column that is not there",
            "a.csv",
            "amount,b\n1,x\n",
            "error: column `amonut`: is asked for and is not a column of the file; did you mean `amount`?",
        )
        .with(|o| o.only = Some(vec!["amonut".into()])),
        case(
            "too few names given",
            "a.csv",
            "1,x\n2,y\n",
            "error: line 1: 1 names are given for 2 fields; give one name for each column, in order",
        )
        .with(|o| o.csv.names = Some(vec!["n".into()])),
    ]);
}

#[test]
fn numbers() {
    check(vec![
        case("decimal commas", "a.csv", "a;b\n1,5;x\n-2,25;y\n", "a:Number b:Text ; 2: 1.5,x / -2.25,y")
            .says(&["Numbers have a decimal comma"]),
        case(
            "thousands by points",
            "a.csv",
            "a;b\n1.234,50;x\n12.000,00;y\n",
            "a:Number b:Text ; 2: 1234.5,x / 12000,y",
        )
        .says(&["thousands are separated"]),
        case(
            "thousands by commas",
            "a.csv",
            "a,b\n\"1,234.50\",x\n\"12,000.00\",y\n",
            "a:Number b:Text ; 2: 1234.5,x / 12000,y",
        ),
        case(
            "thousands by spaces",
            "a.csv",
            "a;b\n1 234,50;x\n12\u{a0}000,00;y\n",
            "a:Number b:Text ; 2: 1234.5,x / 12000,y",
        ),
        case(
            "thousands by apostrophes",
            "a.csv",
            "a;b\n1'234.50;x\n12'000.00;y\n",
            "a:Number b:Text ; 2: 1234.5,x / 12000,y",
        ),
        case(
            "both decimal marks, few rows",
            "a.csv",
            "a;b\n1,5;x\n1.5;y\n2,5;z\n",
            "a:Text b:Text ; 3: 1,5,x / 1.5,y / 2,5,z",
        ),
        case(
            "one decimal point among commas",
            "a.csv",
            lines("a;b", "1,5;x", 40, "1.5;y\n"),
            "a:Number b:Text ; 41: 1.5,x / 1.5,x / 1.5,x ; cell 41@42 a=`1.5`",
        )
        .says(&["1 of 41 cells are no numbers"]),
        case("numbers in quotes", "a.csv", "a,b\n\"1\",\"2.5\"\n\"3\",\"4\"\n", "a:Integer b:Number ; 2: 1,2.5 / 3,4"),
        case(
            "percent and currency",
            "a.csv",
            "a,b,c\n10%,$5.50,7 €\n20%,$7,8 €\n",
            "a:Integer b:Number c:Integer ; 2: 10,5.5,7 / 20,7,8",
        )
        .says(&["currency or percent signs were taken off"]),
        case("zeros in front", "a.csv", "zip,n\n01234,1\n98765,2\n", "zip:Text n:Integer ; 2: 01234,1 / 98765,2")
            .says(&["`zip` stays text"]),
        case(
            "numbers of telephones",
            "a.csv",
            "tel,n\n+4917012345,1\n+4917012346,2\n",
            "tel:Text n:Integer ; 2: +4917012345,1 / +4917012346,2",
        ),
        case(
            "numbers beyond 64 bits",
            "a.csv",
            "id,n\n12345678901234567890,1\n2,2\n",
            "id:Text n:Integer ; 2: 12345678901234567890,1 / 2,2",
        ),
        case(
            "too large for a whole number, as asked",
            "a.csv",
            "id,n\n9223372036854775808,1\n2,2\n",
            "id:Integer n:Integer ; 2: –,1 / 2,2 ; cell 1@2 id=`9223372036854775808`",
        )
        .with(|o| {
            o.types.insert("id".into(), Type::Integer);
        }),
        case(
            "not a number, infinity",
            "a.csv",
            lines("a,b", "1.5,x", 40, "NaN,x\ninf,y\n"),
            "a:Number b:Text ; 42: 1.5,x / 1.5,x / 1.5,x ; cell 42@43 a=`inf`",
        )
        .says(&["`a`: 1 cells such as `NaN` count as missing"]),
        case(
            "beyond any float",
            "a.csv",
            lines("a,b", "1.5,x", 40, "1e999,y\n"),
            "a:Number b:Text ; 41: 1.5,x / 1.5,x / 1.5,x ; cell 41@42 a=`1e999`",
        ),
        case("exponents and bare marks", "a.csv", "a\n1e3\n2.5E-2\n.5\n", "a:Number ; 3: 1000 / 0.025 / 0.5"),
        case("texts among few numbers", "a.csv", "a,b\n1,x\noops,y\n2,z\n", "a:Text b:Text ; 3: 1,x / oops,y / 2,z"),
        case(
            "one text among many numbers",
            "a.csv",
            lines("a,b", "1,x", 30, "oops,y\n"),
            "a:Integer b:Text ; 31: 1,x / 1,x / 1,x ; cell 31@32 a=`oops`",
        ),
        case(
            "ids that went through a data frame",
            "a.csv",
            "CustomerID,n\n17850.0,1\n,2\n13047.0,3\n",
            "CustomerID:Integer n:Integer ; 3: 17850,1 / –,2 / 13047,3",
        ),
        case("words for missing", "a.csv", "a,b\n1,NA\nNULL,x\n#DIV/0!,\\N\n", "a:Integer b:Text ; 3: 1,– / –,x / –,–"),
        case("a number for missing, as asked", "a.csv", "a,b\n1,x\n-999,y\n", "a:Integer b:Text ; 2: 1,x / –,y")
            .with(|o| o.missing = Some(vec!["-999".into()])),
        case("mixed types", "a.csv", "a\n1\ntrue\n2024-01-01\nx\n", "a:Text ; 4: 1 / true / 2024-01-01"),
    ]);
}

#[test]
fn dates_and_truths() {
    check(vec![
        case("years of two digits", "a.csv", "d\n31/12/24\n01/02/69\n", "d:Time ; 2: 2024-12-31 / 1969-02-01"),
        case(
            "days of 1900",
            "a.csv",
            "d,n\n1900-01-01,1\n2024-05-06,2\n",
            "d:Time n:Integer ; 2: 1900-01-01,1 / 2024-05-06,2",
        ),
        case("days first", "a.csv", "d\n31/01/2024\n01/02/2024\n", "d:Time ; 2: 2024-01-31 / 2024-02-01"),
        case("months first", "a.csv", "d\n01/31/2024\n02/01/2024\n", "d:Time ; 2: 2024-01-31 / 2024-02-01"),
        case(
            "nothing decides day and month",
            "a.csv",
            "d;n\n03/04/2024;1\n05/06/2024;2\n",
            "d:Time n:Integer ; 2: 2024-04-03,1 / 2024-06-05,2",
        )
        .says(&["are taken as day first; nothing in the file decides it"]),
        case(
            "the order, as asked",
            "a.csv",
            "d;n\n03/04/2024;1\n05/06/2024;2\n",
            "d:Time n:Integer ; 2: 2024-03-04,1 / 2024-05-06,2",
        )
        .with(|o| o.dates = Some(DateOrder::MonthFirst)),
        case(
            "time zones",
            "a.csv",
            "t\n2024-01-31T10:00:00Z\n2024-02-01T11:30:00+01:00\n2024-02-01 00:00:00.250 UTC\n",
            "t:Time ; 3: 2024-01-31T10:00:00Z / 2024-02-01T10:30:00Z / 2024-02-01T00:00:00.250Z",
        ),
        case(
            "seconds since 1970",
            "a.csv",
            "created_at,n\n1700000000,1\n1700000060,2\n",
            "created_at:Time n:Integer ; 2: 2023-11-14T22:13:20Z,1 / 2023-11-14T22:14:20Z,2",
        )
        .says(&["`created_at` counts time since 1970"]),
        case(
            "milliseconds since 1970",
            "a.csv",
            "timestamp,n\n1700000000000,1\n1700000060500,2\n",
            "timestamp:Time n:Integer ; 2: 2023-11-14T22:13:20Z,1 / 2023-11-14T22:14:20.500Z,2",
        ),
        case(
            "large numbers that are no instants",
            "a.csv",
            "revenue\n1700000000\n1700000060\n",
            "revenue:Integer ; 2: 1700000000 / 1700000060",
        ),
        case(
            "eight digits",
            "a.csv",
            "id,date\n7,19970101\n8,19970112\n",
            "id:Integer date_:Time ; 2: 7,1997-01-01 / 8,1997-01-12",
        ),
        case(
            "names of months",
            "a.csv",
            "d\n\"Dec 31, 2024\"\n1 January 2025\n",
            "d:Time ; 2: 2024-12-31 / 2025-01-01",
        ),
        case(
            "days that are none",
            "a.csv",
            lines("d,n", "2024-02-01,1", 40, "2024-02-30,2\n0000-00-00,3\n"),
            "d:Text n:Integer ; 42: 2024-02-01,1 / 2024-02-01,1 / 2024-02-01,1",
        ),
        case(
            "one day that is none",
            "a.csv",
            lines("d,n", "2024-02-01,1", 40, "2024-02-30,2\n"),
            "d:Time n:Integer ; 41: 2024-02-01,1 / 2024-02-01,1 / 2024-02-01,1 ; cell 41@42 d=`2024-02-30`",
        ),
        case(
            "truth in English",
            "a.csv",
            "a,b,c\nYes,TRUE,y\nno,false,N\n",
            "a:Bool b:Bool c:Bool ; 2: true,true,true / false,false,false",
        ),
        case(
            "truth in other languages",
            "a.csv",
            "a,b,c,d,e\nja,oui,Sí,да,on\nNein,non,no,НЕТ,off\n",
            "a:Bool b:Bool c:Bool d:Bool e:Bool ; 2: true,true,true,true,true / false,false,false,false,false",
        ),
        case("a word alone is no truth", "a.csv", "a,b\nja,F\nja,F\n", "a:Text b:Text ; 2: ja,F / ja,F"),
        case("ones and zeros", "a.csv", "a\n0\n1\n0\n", "a:Integer ; 3: 0 / 1 / 0"),
    ]);
}

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

#[test]
fn memory_is_bounded_and_counted() {
    let rows = 400_000;
    let mut text = String::from("id,name,amount,comment\n");
    for i in 0..rows {
        text.push_str(&format!(
            "{i},name {},{}.25,\"a comment, much longer than all the rest of the row\"\n",
            i % 7,
            i % 1_000
        ));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.csv.gz");
    std::fs::write(&path, gzip(text.as_bytes())).unwrap();
    let bounds = Bounds { memory: 4 << 20, window: 1 << 20 };
    let read = |options: &ImportOptions| {
        let head = file::head(&path, DETECT_BYTES).unwrap();
        let bytes = file::whole_lines(&head.bytes);
        let reading = delimited::Reading {
            input: text::Input::File(&path),
            encoding: Encoding::Utf8,
            head: std::str::from_utf8(bytes).unwrap(),
            hashed: true,
            bounds: &bounds,
        };
        delimited::read(&reading, options, &Task::default())
    };
    // The whole table needs more than its bound, and is refused long before its end.
    let error = import_within(&path, &ImportOptions::default(), &bounds, &Task::default()).unwrap_err().to_string();
    assert!(error.contains("the table needs more than 4.0 MiB of memory"), "{error}");
    assert!(error.ends_with("; read fewer columns, or a sample of the rows"), "{error}");
    // Some columns, or some rows, do not; what is held at once is a few windows and the cells, not the text.
    let some = ImportOptions { only: Some(vec!["id".into()]), ..ImportOptions::default() };
    let sample = ImportOptions { sample: Some(20), ..ImportOptions::default() };
    for (options, at_least, at_most) in [(some, rows, rows), (sample, rows / 25, rows / 15)] {
        let found = read(&options).unwrap();
        let kept = found.table.columns[0].1.len();
        assert!((at_least..=at_most).contains(&kept), "{kept} rows");
        assert_eq!(found.bytes, text.len() as u64);
        assert!(found.peak < (10 << 20) && text.len() > (28 << 20), "{} of {} bytes at once", found.peak, text.len());
        let imported = import_within(&path, &options, &bounds, &Task::default()).unwrap();
        assert_eq!((imported.dataset.rows(), imported.bad_rows.len()), (kept, 0));
        assert_eq!(
            imported.dataset.source().sha256,
            attune_policy::fingerprint::sha256_hex(&std::fs::read(&path).unwrap())
        );
    }
    // A small file that unpacks to a thousand times its size.
    let bomb = gzip("1,2\n".repeat(2 << 20).as_bytes());
    assert!(bomb.len() < 128 << 10, "{}", bomb.len());
    let path = folder.path().join("bomb.csv.gz");
    std::fs::write(&path, bomb).unwrap();
    let error = import_within(&path, &ImportOptions::default(), &bounds, &Task::default()).unwrap_err().to_string();
    assert!(error.contains("the table needs more than 4.0 MiB of memory"), "{error}");
    let path = folder.path().join("bomb.jsonl.gz");
    std::fs::write(&path, gzip("{\"a\":1}\n".repeat(1 << 20).as_bytes())).unwrap();
    let error = import_within(&path, &ImportOptions::default(), &bounds, &Task::default()).unwrap_err().to_string();
    assert!(
        error.contains("more than the 1.0 MiB that may be held in memory; split the file, or save it as CSV"),
        "{error}"
    );
}

#[test]
fn chunks_and_windows_change_nothing() {
    // Quoted line ends across every border, ragged rows, a quote that never closes, cells that do not fit late in the file.
    let mut text = String::from("id,note,amount\n");
    for i in 0..60_000 {
        match i % 997 {
            0 => text.push_str(&format!("{i},\"two\nlines, {i}\",1.5\n")),
            1 => text.push_str(&format!("{i},\"{}\",2\n", "long\n".repeat(400))),
            2 => text.push_str(&format!("{i},short\n")),
            3 if i > 30_000 => text.push_str(&format!("{i},x,oops\n")),
            4 if i > 59_000 => text.push_str(&format!("{i},\"never closed,3\n")),
            _ => text.push_str(&format!("{i},plain {},{}.25\n", i % 13, i % 100)),
        }
    }
    let read = |window: usize| {
        let bounds = Bounds { window, ..Bounds::default() };
        let head = &text[..text[..1 << 16].rfind('\n').unwrap() + 1];
        let reading = delimited::Reading {
            input: text::Input::Memory(text.as_bytes()),
            encoding: Encoding::Utf8,
            head,
            hashed: false,
            bounds: &bounds,
        };
        let table = delimited::read(&reading, &ImportOptions::default(), &Task::default()).unwrap().table;
        // As text: a missing number is not equal to itself.
        let text = |(_, cells): &(Column, Cells)| (0..cells.len()).map(|row| cells.text(row)).collect::<Vec<_>>();
        let cells: Vec<Vec<Option<String>>> = table.columns.iter().map(text).collect();
        (cells, table.numbers, table.bad_rows, table.bad_cells, table.notes)
    };
    let whole = read(1 << 30);
    assert!(whole.2.len() > 60 && whole.3.len() > 20, "{} {}", whole.2.len(), whole.3.len());
    let kept = whole.1.clone().unwrap();
    let mut numbers: Vec<u64> = kept.iter().map(|n| u64::from(*n)).chain(whole.2.iter().map(|bad| bad.row)).collect();
    numbers.sort_unstable();
    assert!(numbers.iter().copied().eq(1..=numbers.len() as u64), "every row is kept or listed");
    for window in [1 << 14, 100_003, 1 << 20] {
        assert!(read(window) == whole, "windows of {window} bytes");
    }
}

#[test]
fn types_that_the_head_does_not_show_are_found() {
    // The first thousands of rows look like whole numbers, whole numbers, points, days first or months; the rest is not so.
    let mut text = String::from("a;b;c;d\n");
    for i in 0..40_000 {
        let late = i > 35_000;
        let a = if late { format!("x{i}") } else { format!("{i}") };
        let b = if late { "1,25".to_owned() } else { format!("{}", i % 50) };
        let c = if late { "31/12/2024" } else { "03/04/2024" };
        let d = if late { "maybe" } else { "yes" };
        text.push_str(&format!("{a};{b};{c};{d}\n"));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("late.csv");
    std::fs::write(&path, &text).unwrap();
    let bounds = Bounds { window: 1 << 18, ..Bounds::default() };
    let head = &text[..1 << 16];
    let head = &head[..head.rfind('\n').unwrap() + 1];
    let input = text::Input::File(&path);
    let reading = delimited::Reading { input, encoding: Encoding::Utf8, head, hashed: true, bounds: &bounds };
    let table = delimited::read(&reading, &ImportOptions::default(), &Task::default()).unwrap().table;
    let types: Vec<Type> = table.columns.iter().map(|(column, _)| column.type_).collect();
    assert_eq!(types, [Type::Text, Type::Number, Type::Time, Type::Text], "{:?}", table.notes);
    let row =
        |row: usize| table.columns.iter().map(|(_, cells)| cells.text(row).unwrap()).collect::<Vec<_>>().join(",");
    assert_eq!(row(7), "7,7,2024-04-03,yes");
    assert_eq!(row(39_999), "x39999,1.25,2024-12-31,maybe");
    assert_eq!((table.bad_rows.len(), table.bad_cells.len()), (0, 0));
}
