//! Messy files and what becomes of them. Each case is the bytes of a file and one line that sums up its import.

use super::*;
use attune_policy::value::Value;
use std::io::Write;

/// `name:Type …|rows|bad rows as row@line|bad cells as row@line column=text`.
fn summary(imported: &Imported) -> String {
    let dataset = &imported.dataset;
    let columns: Vec<String> = dataset.columns().iter().map(|c| format!("{}:{:?}", c.name, c.type_)).collect();
    let rows: Vec<String> = imported.bad_rows.iter().map(|bad| format!("{}@{}", bad.row, bad.line)).collect();
    let cell = |bad: &BadCell| format!("{}@{} {}={}", bad.row, bad.line, bad.column, bad.text);
    let cells: Vec<String> = imported.bad_cells.iter().map(cell).collect();
    format!("{}|{}|{}|{}", columns.join(" "), dataset.rows(), rows.join(","), cells.join(","))
}

/// What is wrong with an import, if its summary is not the expected one.
fn mismatch(name: &str, found: &Result<Imported>, expected: &str) -> Option<String> {
    match found {
        Ok(imported) if summary(imported) == expected => None,
        Ok(imported) => {
            Some(format!("{name}:\n  found    {}\n  expected {expected}\n  {:?}", summary(imported), imported.notes))
        }
        Err(error) => Some(format!("{name}: {error}")),
    }
}

fn import_bytes(bytes: &[u8], name: &str, options: &ImportOptions) -> Result<Imported> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let imported = import(&path, options, &Task::default());
    // What was detected reads the file in the same way again.
    if let Ok(imported) = &imported {
        let again = import(&path, &imported.options, &Task::default()).unwrap();
        assert_eq!(
            summary(&again),
            summary(imported),
            "{name}: read again with the options found: {:?}",
            imported.options
        );
        assert_eq!(again.options, imported.options);
        let text = serde_json::to_string(&imported.options).unwrap();
        assert_eq!(serde_json::from_str::<ImportOptions>(&text).unwrap(), imported.options);
        let detected = detect_with(&path, options).unwrap();
        assert_eq!(detected.columns, imported.dataset.columns(), "detected over the same bytes");
    }
    imported
}

pub fn utf16(text: &str, little: bool, mark: bool) -> Vec<u8> {
    let mut bytes = if mark { vec![0xFE, 0xFF] } else { vec![] };
    bytes.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    if little {
        bytes.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
    }
    bytes
}

pub fn lines(header: &str, row: &str, n: usize, extra: &str) -> Vec<u8> {
    let mut text = format!("{header}\n");
    for _ in 0..n {
        text.push_str(row);
        text.push('\n');
    }
    text.push_str(extra);
    text.into_bytes()
}

#[test]
fn messy_files_import_as_expected() {
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        // Delimiters.
        ("commas", b"a,b\n1,x\n2,y\n".to_vec(), "a:Integer b:Text|2||"),
        ("semicolons", b"a;b\n1;x\n2;y\n".to_vec(), "a:Integer b:Text|2||"),
        ("tabs", b"a\tb\n1\tx\n2\ty\n".to_vec(), "a:Integer b:Text|2||"),
        ("bars", b"a|b\n1|x\n2|y\n".to_vec(), "a:Integer b:Text|2||"),
        ("commas inside text do not win", b"id;note\n1;a, b\n2;c, d\n".to_vec(), "id:Integer note:Text|2||"),
        ("decimal commas between semicolons", b"a;b\n1,5;2,25\n-3,5;4\n".to_vec(), "a:Number b:Number|2||"),
        ("decimal points between semicolons", b"a;b\n1.5;93.994\n2.5;93.200\n".to_vec(), "a:Number b:Number|2||"),
        ("excel names the delimiter", b"sep=;\na;b\n1;2\n".to_vec(), "a:Integer b:Integer|1||"),
        ("one column", b"x\n1\n2\n".to_vec(), "x:Integer|2||"),
        (
            "columns of blanks",
            b" id  date n\n 01 19970101  1\n 02 19970112 15\n".to_vec(),
            "id:Text date_:Time n:Integer|2||",
        ),
        (
            "columns of blanks without header",
            b" 4 19970101  1 2.50\r\n17 19970112 15 3.00\r\n".to_vec(),
            "column_1:Integer column_2:Integer column_3:Integer column_4:Number|2||",
        ),
        ("columns of blanks, decimal commas", b"a   b\n1,5  2\n2,25 3\n".to_vec(), "a:Number b:Integer|2||"),
        (
            "quotes in columns of blanks",
            lines("x y name", "1 2 \"A B\"", 9, "3 4 \"C\"\n5 6\n"),
            "x:Integer y:Integer name:Text|10|11@12|",
        ),
        ("names are one column", b"name\nAnna Bell\nJohn Smith\n".to_vec(), "name:Text|2||"),
        ("full names are one column", b"full name\nAnna Bell\nJohn Smith\n".to_vec(), "full_name:Text|2||"),
        ("moments are one column", b"2024-01-01 10:00:00\n2024-01-02 11:30:00\n".to_vec(), "column_1:Time|2||"),
        ("blanks behind commas", b"a,  b,  c\n1,  2,  3\n4,  5,  6\n".to_vec(), "a:Integer b:Integer c:Integer|2||"),
        ("a title above the table", b"Report of May\n\na,b\n1,2\n3,4\n".to_vec(), "a:Integer b:Integer|2||"),
        // Line ends.
        ("carriage returns and line feeds", b"a,b\r\n1,x\r\n2,y\r\n".to_vec(), "a:Integer b:Text|2||"),
        ("carriage returns alone", b"a,b\r1,x\r2,y\r".to_vec(), "a:Integer b:Text|2||"),
        ("no line end at the end", b"a,b\n1,x\n2,y".to_vec(), "a:Integer b:Text|2||"),
        ("blank lines between rows", b"a,b\n1,x\n\n  \n2,y\n\n".to_vec(), "a:Integer b:Text|2||"),
        ("a delimiter at the end of each line", b"a,b,\n1,x,\n2,y,\n".to_vec(), "a:Integer b:Text|2||"),
        ("a delimiter at the end of each row", b"a,b\n1,x,\n2,y,\n".to_vec(), "a:Integer b:Text|2||"),
        // Quotes.
        ("quoted delimiters", b"a,b\n1,\"x, y\"\n2,z\n".to_vec(), "a:Integer b:Text|2||"),
        ("quoted line ends", b"a,b\n1,\"x\ny\"\n2,z\n3\n".to_vec(), "a:Integer b:Text|2|3@5|"),
        ("doubled quotes", b"a,b\n1,\"say \"\"hi\"\"\"\n2,z\n".to_vec(), "a:Integer b:Text|2||"),
        ("single quotes", b"'a','b'\n'1','x, y'\n'2','z'\n".to_vec(), "a:Integer b:Text|2||"),
        ("an inch sign inside text", b"a,b\n1,5\" pipe\n2,z\n".to_vec(), "a:Integer b:Text|2||"),
        ("a quote that never closes", b"a,b\n1,\"x\n2,y\n3,z\n".to_vec(), "a:Integer b:Text|2|1@2|"),
        ("a quoted cell of three lines", b"a,b\n1,\"x\n2,y\n3,z\"\n4,w\n".to_vec(), "a:Integer b:Text|2||"),
        (
            "a quote that closes where another opens",
            b"a,b\n1,\"x\n2,y\n3,z\n4,\"w\"\n".to_vec(),
            "a:Integer b:Text|3|1@2|",
        ),
        ("text behind a closing quote", b"a,b\n1,\"x\"y\n2,z\n".to_vec(), "a:Integer b:Text|1|1@2|"),
        ("quoted numbers are numbers", b"a,b\n\"1\",\"2.5\"\n\"3\",\"4\"\n".to_vec(), "a:Integer b:Number|2||"),
        // Ragged rows.
        ("a row too short", b"a,b,c\n1,2,3\n4,5\n6,7,8\n".to_vec(), "a:Integer b:Integer c:Integer|2|2@3|"),
        ("a row too long", b"a,b\n1,2\n3,4,5\n6,7\n".to_vec(), "a:Integer b:Integer|2|2@3|"),
        ("the last line is cut off", b"a,b,c\n1,2,3\n4,5,6\n7,".to_vec(), "a:Integer b:Integer c:Integer|2|3@4|"),
        // Encodings.
        ("byte order mark", b"\xEF\xBB\xBFa,b\n1,x\n".to_vec(), "a:Integer b:Text|1||"),
        ("UTF-16 little-endian", utf16("a,b\n1,ä\n", true, true), "a:Integer b:Text|1||"),
        ("UTF-16 big-endian", utf16("a,b\n1,ä\n", false, true), "a:Integer b:Text|1||"),
        ("UTF-16 without mark", utf16("name,b\nxyz,1\n", true, false), "name:Text b:Integer|1||"),
        ("Latin-1", b"name,n\nM\xFCller,1\nCaf\xE9,2\n".to_vec(), "name:Text n:Integer|2||"),
        ("Windows-1252", b"name,price\nA,5\x80\nB,7\x80\n".to_vec(), "name:Text price:Integer|2||"),
        // Headers.
        ("no header", b"1,2.5\n3,4.5\n".to_vec(), "column_1:Integer column_2:Number|2||"),
        ("no header, texts that come again", b"red,x\nblue,y\nred,x\n".to_vec(), "column_1:Text column_2:Text|3||"),
        ("duplicate names", b"x,x,y\n1,2,3\n".to_vec(), "x:Integer x_2:Integer y:Integer|1||"),
        (
            "names that are no identifiers",
            b"emp.var.rate,default,2024\xC2\xA0x,\n1,2,3,4\n".to_vec(),
            "emp_var_rate:Integer default_:Integer c_2024_x:Integer column_4:Integer|1||",
        ),
        // Types.
        ("0 and 1 stay whole numbers", b"a\n0\n1\n0\n".to_vec(), "a:Integer|3||"),
        ("yes and no", b"a,b\nYes,TRUE\nno,false\n".to_vec(), "a:Bool b:Bool|2||"),
        ("one letter alone is text", b"a,b\nF,Y\nF,N\n".to_vec(), "a:Text b:Bool|2||"),
        ("missing words", b"a,b\n1,NA\nNULL,x\n,y\n".to_vec(), "a:Integer b:Text|3||"),
        ("blank cells of a number column", b"a,b\n1.5,x\n ,y\n2.5,z\n".to_vec(), "a:Number b:Text|3||"),
        ("leading zeros stay text", b"zip,n\n01234,1\n98765,2\n".to_vec(), "zip:Text n:Integer|2||"),
        ("digits beyond 64 bits stay text", b"id,n\n12345678901234567890,1\n2,2\n".to_vec(), "id:Text n:Integer|2||"),
        ("thousands", b"a;b\n\"1,234.50\";x\n\"12,000.00\";y\n".to_vec(), "a:Number b:Text|2||"),
        ("thousands between commas", b"a,b\n\"1,234\",x\n\"12,000\",y\n".to_vec(), "a:Integer b:Text|2||"),
        ("currency", b"a,b\n$5.50,10%\n$7,20%\n".to_vec(), "a:Number b:Integer|2||"),
        (
            "ids written with .0",
            b"CustomerID,n\n17850.0,1\n,2\n13047.0,3\n".to_vec(),
            "CustomerID:Integer n:Integer|3||",
        ),
        ("exponents", b"a\n1e3\n2.5E-2\n".to_vec(), "a:Number|2||"),
        (
            "ISO dates",
            b"d,t\n2024-01-31,2024-01-31T10:00:00Z\n2024-02-01,2024-02-01T11:30:00+01:00\n".to_vec(),
            "d:Time t:Time|2||",
        ),
        ("days first", b"d\n31/01/2024\n01/02/2024\n".to_vec(), "d:Time|2||"),
        ("months first", b"d\n01/31/2024\n02/01/2024\n".to_vec(), "d:Time|2||"),
        ("eight digits called date", b"id,date\n7,19970101\n8,19970112\n".to_vec(), "id:Integer date_:Time|2||"),
        ("an empty column", b"a,b\n1,\n2,\n".to_vec(), "a:Integer b:Text|2||"),
        ("one text among many numbers", lines("a,b", "1,x", 30, "oops,y\n"), "a:Integer b:Text|31||31@32 a=oops"),
        ("several texts among few numbers", b"a,b\n1,x\noops,y\n2,z\n".to_vec(), "a:Text b:Text|3||"),
        ("one text among many dates", lines("d,b", "2024-01-31,x", 30, "soon,y\n"), "d:Time b:Text|31||31@32 d=soon"),
        (
            "a bad cell below a cell of two lines",
            lines("a,b", "1,x", 30, "2,\"y\nz\"\noops,w\n"),
            "a:Integer b:Text|32||32@34 a=oops",
        ),
    ];
    let mut wrong = Vec::new();
    for (name, bytes, expected) in cases {
        wrong.extend(mismatch(name, &import_bytes(&bytes, "file.csv", &ImportOptions::default()), expected));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A column called `name` of so many numbers, with other cells in the middle.
fn numbers_with(name: &str, numbers: usize, cells: &[&str]) -> Vec<u8> {
    let mut text = format!("{name},x\n");
    for i in 0..numbers {
        if i == numbers / 2 {
            cells.iter().for_each(|cell| text.push_str(&format!("{cell},odd\n")));
        }
        text.push_str(&format!("{},y\n", 10 + i % 90));
    }
    text.into_bytes()
}

#[test]
fn a_code_among_very_many_numbers_leaves_them_numbers() {
    const LONG: &str = "12345678901234567890";
    let cases: [(&str, usize, &[&str], &str, &str); 11] = [
        (
            "customer_id",
            2_000,
            &["X-17"],
            "customer_id:Text x:Text|2001||",
            "`customer_id` stays text: it names rows or people",
        ),
        ("n", 2_000, &["007"], "n:Integer x:Text|2001||", "1 of 2001 cells have leading zeros"),
        ("n", 2_000, &["007"], "n:Integer x:Text|2001||", "(`007` in row 1001)"),
        ("n", 2_000, &[LONG], "n:Integer x:Text|2001||1001@1002 n=12345678901234567890", "they are listed"),
        (
            "n",
            2_000,
            &[LONG, "007"],
            "n:Integer x:Text|2002||1001@1002 n=12345678901234567890",
            "(`007` in row 1002, …)",
        ),
        ("n", 2_000, &["1.5", LONG], "n:Number x:Text|2002||", "(`12345678901234567890` in row 1002)"),
        ("n", 2_000, &["+4917012345"], "n:Integer x:Text|2001||", "`+4917012345` in row 1001"),
        // A number that is no number is listed as ever, beside the code.
        (
            "n",
            2_000,
            &["007", "oops"],
            "n:Integer x:Text|2002||1002@1003 n=oops",
            "`n` is whole number: 1 of 2002 cells are no",
        ),
        // One in five hundred is no slip, and of postcodes one is enough.
        ("n", 499, &["007"], "n:Text x:Text|500||", "`n` stays text: 1 of its cells are codes"),
        ("n", 2_000, &["007", "008", "009"], "n:Text x:Text|2003||", "`n` stays text: 3 of its cells are codes"),
        ("Zip Code", 2_000, &["01234"], "Zip_Code:Text x:Text|2001||", "`Zip Code` stays text"),
    ];
    let mut wrong = Vec::new();
    for (name, numbers, cells, expected, part) in cases {
        let found = import_bytes(&numbers_with(name, numbers, cells), "file.csv", &ImportOptions::default());
        wrong.extend(mismatch(&format!("{name} {cells:?}"), &found, expected));
        let notes = found.unwrap().notes.join("\n");
        assert!(notes.contains(part), "{part}: {notes}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let imported = import_bytes(&numbers_with("n", 2_000, &["007"]), "file.csv", &ImportOptions::default()).unwrap();
    assert_eq!(imported.dataset.value(1_000, "n"), Value::Integer(7));
}

#[test]
fn codes_among_numbers_are_the_same_wherever_windows_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.csv");
    // Few behind many numbers, few at the beginning, too many.
    for (before, cells) in [(30_000, 8), (0, 8), (20, 40)] {
        let mut text = String::from("n,x\n");
        (0..before).for_each(|i| text.push_str(&format!("{i},y\n")));
        (0..cells).for_each(|i| text.push_str(&format!("00{i},y\n{},y\n", 500 + i)));
        (0..10_000 - cells).for_each(|i| text.push_str(&format!("{i},y\n")));
        std::fs::write(&path, text).unwrap();
        let read = |window: usize| {
            let bounds = Bounds { window, ..Bounds::default() };
            let imported = import_within(&path, &ImportOptions::default(), &bounds, &Task::default()).unwrap();
            let column = imported.dataset.texts("n").unwrap();
            (summary(&imported), imported.notes.clone(), column)
        };
        let whole = read(16 << 20);
        assert_eq!(whole.0.starts_with("n:Integer"), cells * 1_000 <= before + 10_000 + cells, "{}", whole.0);
        for window in [40, 1_000, 30_000] {
            assert_eq!(read(window), whole, "{before} numbers before, windows of {window}");
        }
    }
}

#[test]
fn compressed_files_import_as_their_content() {
    let gzip = |bytes: &[u8]| {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    };
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let (first, second) = (b"a;b\n1;x\n".as_slice(), b"2;y\n".as_slice());
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("t.csv.gz", gzip(b"a;b\n1;x\n2;y\n"), "gzip"),
        ("t.csv.gz", [gzip(first), gzip(second)].concat(), "gzip"),
        ("t.tsv.zst", zstd(b"a\tb\n1\tx\n2\ty\n"), "zstd"),
        ("t.csv.zst", [zstd(first), zstd(second)].concat(), "zstd"),
        ("t.jsonl.gz", gzip(b"{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"}\n"), "gzip"),
        ("named_wrongly.csv", gzip(b"a,b\n1,x\n2,y\n"), "gzip"),
    ];
    for (name, bytes, word) in cases {
        let imported = import_bytes(&bytes, name, &ImportOptions::default()).unwrap();
        assert_eq!(summary(&imported), "a:Integer b:Text|2||", "{name}");
        assert!(imported.notes[0].starts_with(&format!("Compressed with {word}: {} bytes", bytes.len())), "{name}");
        assert_eq!(imported.dataset.source().sha256, attune_policy::fingerprint::sha256_hex(&bytes), "{name}");
        assert_eq!(imported.dataset.name(), if name.starts_with('t') { "t" } else { "named_wrongly" });
    }
    let long: String = (0..50_000).map(|i| format!("{i},{}\n", i * 7 % 1_001)).collect();
    for (name, bytes) in [("t.csv.gz", gzip(long.as_bytes())), ("t.csv.zst", zstd(long.as_bytes()))] {
        let cut = import_bytes(&bytes[..bytes.len() / 2], name, &ImportOptions::default()).unwrap_err().to_string();
        assert!(cut.contains("ends too early; it was probably cut off"), "{cut}");
        if name.ends_with("zst") {
            // A frame without checksum does not know that it was hurt.
            continue;
        }
        let mut hurt = bytes.clone();
        let middle = hurt.len() / 2;
        hurt[middle..middle + 64].iter_mut().for_each(|byte| *byte ^= 0x5A);
        let hurt = import_bytes(&hurt, name, &ImportOptions::default()).unwrap_err().to_string();
        assert!(hurt.contains("and damaged") || hurt.contains("ends too early"), "{hurt}");
    }
}

#[test]
fn given_names_are_those_of_the_columns() {
    let names = |names: &[&str]| {
        let mut options = ImportOptions::default();
        options.csv.names = Some(names.iter().map(|n| (*n).to_owned()).collect());
        options
    };
    let cases: [(&[u8], &[&str], &str); 4] = [
        (
            b" 01 19970101  1 2.5\n 02 19970102 10 3.5\n",
            &["id", "day", "n", "x y"],
            "id:Text day:Time n:Integer x_y:Number|2||",
        ),
        (b"1,x\n2,y\n", &["n", "t"], "n:Integer t:Text|2||"),
        (b"a,b\n1,x\n2,y\n", &["n", "t"], "n:Integer t:Text|2||"),
        (b"1,x\n2,y\n", &["n", "n"], "n:Integer n_2:Text|2||"),
    ];
    let mut wrong = Vec::new();
    for (bytes, given, expected) in cases {
        let name = String::from_utf8_lossy(bytes).into_owned();
        wrong.extend(mismatch(&name, &import_bytes(bytes, "file.txt", &names(given)), expected));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let few = import_bytes(b"1,x\n2,y\n", "file.txt", &names(&["n"])).unwrap_err().to_string();
    assert!(few.contains("line 1: 1 names are given for 2 fields; give one name for each column"), "{few}");
}

/// A file of the shared data folder; missing files skip a test, but not in CI.
fn shared(path: &str) -> Option<std::path::PathBuf> {
    let root = match std::env::var_os("ATTUNE_SHARED") {
        Some(root) => std::path::PathBuf::from(root),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
    };
    let file = root.join("data").join(path);
    assert!(file.is_file() || std::env::var_os("CI").is_none(), "{} is missing", file.display());
    file.is_file().then_some(file)
}

#[test]
fn purchases_in_columns_of_blanks_are_read_from_the_real_files() {
    let cases = [
        (
            "cdnow/CDNOW_master.txt",
            "customer_id:Text date_:Time number_of_cds:Integer dollar_value:Number|69659||",
            2_500_315.63,
        ),
        (
            "cdnow/CDNOW_sample.txt",
            "column_1:Text column_2:Text column_3:Time column_4:Integer column_5:Number|6919||",
            244_091.94,
        ),
    ];
    for (path, expected, total) in cases {
        let Some(path) = shared(path) else { return };
        let imported = import(&path, &ImportOptions::default(), &Task::default()).unwrap();
        assert_eq!(summary(&imported), expected, "{:?}", imported.notes);
        let amount = imported.dataset.columns().last().unwrap().name.clone();
        let sum: f64 = imported.dataset.numbers(&amount).unwrap().iter().sum();
        assert!((sum - total).abs() < 0.005, "{sum}");
        assert!(imported.notes.iter().any(|n| n.starts_with("Fields are divided by any number of blanks")));
    }
}

#[test]
fn json_lines_import_as_expected() {
    let cases: &[(&str, &str, &str)] = &[
        ("objects", "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"}\n", "a:Integer b:Text|2||"),
        ("members come and go", "{\"a\":1}\n{\"b\":2.5}\n", "a:Integer b:Number|2||"),
        ("null is missing", "{\"a\":null,\"b\":true}\n{\"a\":3,\"b\":false}\n", "a:Integer b:Bool|2||"),
        ("nested objects and lists", "{\"a\":{\"x\":1,\"y\":[1,2]}}\n", "a_x:Integer a_y:Text|1||"),
        ("digits in quotes stay text", "{\"zip\":\"01234\"}\n{\"zip\":\"98765\"}\n", "zip:Text|2||"),
        ("dates", "{\"d\":\"2024-01-31\"}\n{\"d\":\"2024-02-01T10:00:00Z\"}\n", "d:Time|2||"),
        ("a broken line", "{\"a\":1}\n{\"a\":\n{\"a\":3}\n", "a:Integer|2|2@2|"),
        ("a line that is no object", "{\"a\":1}\n[1]\n\n{\"a\":3}", "a:Integer|2|2@2|"),
        ("mixed", "{\"a\":1}\n{\"a\":\"x\"}\n", "a:Text|2||"),
    ];
    let mut wrong = Vec::new();
    for (name, text, expected) in cases {
        wrong.extend(mismatch(name, &import_bytes(text.as_bytes(), "file.jsonl", &ImportOptions::default()), expected));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_that_are_no_tables_are_refused_in_words() {
    let cases: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("empty.csv", b"".to_vec(), &["empty.csv", "the file is empty"]),
        ("blank.csv", b"\n \n\n".to_vec(), &["the file is empty"]),
        ("mark.csv", b"\xEF\xBB\xBF".to_vec(), &["the file is empty"]),
        ("header.csv", b"a,b\n".to_vec(), &["holds no rows"]),
        ("archive.csv", b"PK\x03\x04\x14\0".to_vec(), &["a ZIP archive and no workbook", "unpack it first"]),
        ("short.csv", b"\x1F\x8B\x08\0".to_vec(), &["compressed with gzip", "ends too early", "copy it again"]),
        ("noise.csv", vec![1, 0, 2, 3, 0, 4, 5, 9, 0, 1], &["binary, not text"]),
        ("zero.csv", b"a,b\n1,2\n3,\0\n".to_vec(), &["line 3", "binary, not text"]),
        ("half.csv", utf16("a,b\n1,2\n", true, true)[..15].to_vec(), &["UTF-16", "ends in the middle"]),
        ("none.csv", b"a,b,c\n1,2\n3,4\n".to_vec(), &["line 2", "no row fits", "2 fields where the table has 3"]),
        ("list.json", b"[{\"a\":1}]".to_vec(), &["one JSON list", "one object per line"]),
        ("bad.jsonl", b"{\"a\":\n".to_vec(), &["line 1", "no line can be read"]),
        ("hollow.jsonl", b"{}\n{}\n".to_vec(), &["no members"]),
        ("cut.parquet", b"PAR1 nothing".to_vec(), &["Parquet", "cannot be read"]),
    ];
    for (name, bytes, parts) in cases {
        let message = import_bytes(&bytes, name, &ImportOptions::default()).expect_err(name).to_string();
        for part in parts {
            assert!(message.contains(part), "{name}: {message}");
        }
    }
}

#[test]
fn files_that_cannot_be_opened_are_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let missing = import(&folder.path().join("no.csv"), &ImportOptions::default(), &Task::default()).unwrap_err();
    assert!(missing.to_string().contains("there is no such file"), "{missing}");
    let directory = import(folder.path(), &ImportOptions::default(), &Task::default()).unwrap_err();
    assert!(directory.to_string().contains("this is a folder"), "{directory}");
}

#[test]
fn options_override_what_would_be_detected() {
    let set = |change: fn(&mut ImportOptions)| {
        let mut options = ImportOptions::default();
        change(&mut options);
        options
    };
    let cases: Vec<(&str, &[u8], ImportOptions, &str)> = vec![
        ("delimiter", b"a;b,c\n1;2,3\n", set(|o| o.csv.delimiter = Some(',')), "a_b:Text c:Integer|1||"),
        ("header", b"a,b\nc,d\n", set(|o| o.csv.header = Some(false)), "column_1:Text column_2:Text|2||"),
        ("quote", b"a,b\n'1,5',2\n", set(|o| o.csv.quote = Some('\'')), "a:Number b:Integer|1||"),
        (
            "encoding",
            b"a,b\n1,\xC3\xA9\n",
            set(|o| o.csv.encoding = Some(Encoding::Windows1252)),
            "a:Integer b:Text|1||",
        ),
        ("decimal comma", b"a;b\n1.234;5\n", set(|o| o.csv.decimal_comma = Some(true)), "a:Integer b:Integer|1||"),
        (
            "missing",
            b"a,b\n1,?\n-,x\n",
            set(|o| o.missing = Some(vec!["?".into(), "-".into()])),
            "a:Integer b:Text|2||",
        ),
        (
            "type",
            b"a,b\n1,2\nx,3\n",
            set(|o| o.types = [("a".to_owned(), Type::Number)].into()),
            "a:Number b:Integer|2||2@3 a=x",
        ),
        (
            "type of a code",
            b"zip\n01\n2\n",
            set(|o| o.types = [("zip".to_owned(), Type::Integer)].into()),
            "zip:Integer|2||",
        ),
        ("type by identifier", b"a.b\n1\n", set(|o| o.types = [("a_b".to_owned(), Type::Text)].into()), "a_b:Text|1||"),
    ];
    let mut wrong = Vec::new();
    for (name, bytes, options, expected) in cases {
        wrong.extend(mismatch(name, &import_bytes(bytes, "file.csv", &options), expected));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn options_that_do_not_fit_the_file_are_refused_in_words() {
    let mut wrong_delimiter = ImportOptions::default();
    wrong_delimiter.csv.delimiter = Some(',');
    let mut odd_delimiter = ImportOptions::default();
    odd_delimiter.csv.delimiter = Some('→');
    let cases: Vec<(&[u8], ImportOptions, &[&str])> = vec![
        (
            b"a;b\n1;2\n3;4\n",
            wrong_delimiter,
            &["one column with commas", "semicolons divide every line into 2 fields", "set the delimiter to `;`"],
        ),
        (b"a,b\n1,2\n", odd_delimiter, &["cannot divide"]),
    ];
    for (bytes, options, parts) in cases {
        let message = import_bytes(bytes, "file.csv", &options).unwrap_err().to_string();
        for part in parts {
            assert!(message.contains(part), "{message}");
        }
    }
}

#[test]
fn cells_hold_what_the_file_says() {
    let bytes = b"d,n,t,q\n01/02/2024,\"1,234\",\" x \",\"a \"\"b\"\"\"\n31/01/2024,,NA,'\n";
    let imported = import_bytes(bytes, "file.csv", &ImportOptions::default()).unwrap();
    let row = |row: usize| {
        imported.dataset.columns().iter().map(|c| imported.dataset.value(row, &c.name)).collect::<Vec<_>>()
    };
    assert_eq!(
        row(0),
        [Value::Time(1_706_745_600_000), Value::Integer(1234), Value::text("x"), Value::text("a \"b\"")]
    );
    assert_eq!(row(1), [Value::Time(1_706_659_200_000), Value::Unknown, Value::Unknown, Value::text("'")]);
}

#[test]
fn what_was_found_is_said_in_words() {
    let cases: &[(&[u8], &[&str])] = &[
        (
            b"a;b\n1,5;x\n2,5;y\n",
            &["Fields are divided by semicolons", "decimal comma", "The first line names the columns"],
        ),
        (b"a,b\n1,NA\n2,x\n", &["`b`: 1 cells such as `NA` count as missing"]),
        (b"d,n\n03/04/2024,1\n05/06/2024,2\n", &["`d`: dates like 03/04/2024 are taken as month first"]),
        (b"d;n\n03/04/2024;1\n05/06/2024;2\n", &["taken as day first"]),
        (b"x,x\n1,2\n", &["Two columns are called `x`; column 2 is now `x (2)`"]),
        (b"n,b\nM\xFCller,1\n", &["Windows-1252", "line 2 holds the byte FC"]),
        (b"a,b\n1,2\n3\n4,5\n", &["1 of 3 rows were set aside"]),
        (b"a,b\n1, x\n2,y\n", &["spaces around 1 cells"]),
        (b"zip,b\n01,1\n2,2\n", &["`zip` stays text: 1 of its cells are codes"]),
        (b"a,b\n1,2\n\n3,4\n", &["1 blank lines were passed over"]),
    ];
    for (bytes, parts) in cases {
        let notes = import_bytes(bytes, "file.csv", &ImportOptions::default()).unwrap().notes.join("\n");
        for part in *parts {
            assert!(notes.contains(part), "`{part}` is not in:\n{notes}");
        }
    }
}

#[test]
fn a_column_that_vanished_is_named() {
    let options = ImportOptions { types: [("recencyy".to_owned(), Type::Integer)].into(), ..ImportOptions::default() };
    let notes = import_bytes(b"recency,b\n1,2\n", "file.csv", &options).unwrap().notes.join("\n");
    assert!(notes.contains("`recencyy` has a type in the import options and is not a column of the file"), "{notes}");
    assert!(notes.contains("did you mean `recency`?"), "{notes}");
}

#[test]
fn any_bytes_import_or_are_refused_and_no_row_is_lost() {
    // A small generator: bytes that look like delimited text, with every special character often.
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    let mut next = move |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % n as u64) as usize
    };
    const ALPHABET: &[u8] = b"ab01,,,;\"\"'\n\n\n\r\t |.-\xC3\xA9";
    for _ in 0..3_000 {
        let bytes: Vec<u8> = (0..next(80)).map(|_| ALPHABET[next(ALPHABET.len())]).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.csv");
        std::fs::write(&path, &bytes).unwrap();
        if let Ok(imported) = import(&path, &ImportOptions::default(), &Task::default()) {
            let mut numbers: Vec<u64> =
                (0..imported.dataset.rows()).map(|row| imported.dataset.row_number(row)).collect();
            numbers.extend(imported.bad_rows.iter().map(|bad| bad.row));
            numbers.sort_unstable();
            let all: Vec<u64> = (1..=numbers.len() as u64).collect();
            assert_eq!(numbers, all, "every row is kept or listed: {:?}", String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn an_import_stops_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.csv");
    std::fs::write(&path, lines("a,b", "1,2", 100, "")).unwrap();
    let task = Task::default();
    task.cancel();
    assert_eq!(import(&path, &ImportOptions::default(), &task).unwrap_err(), Error::Cancelled);
}
