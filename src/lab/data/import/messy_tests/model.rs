//! The quick way of reading against the careful one, its model, over random messy texts: the same rows, cells and evidence, the
//! same rows and cells set aside with the same numbers and lines, in windows of any size and by any number of threads.

use super::super::column::Store;
use super::super::infer::Evidence;
use super::super::passes::{self, Asked, Found, Pass};
use super::super::records::Dialect;
use super::super::text::Input;
use super::*;

/// Random numbers (a linear congruential generator).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

const NUMBERS: [&str; 18] = [
    "0",
    "7",
    "-12",
    "4096",
    "12345678",
    "123456789",
    "19970101",
    "1700000000",
    "1.5",
    "-0.25",
    "12.50",
    "3.0",
    "1,5",
    "12,75",
    "0.1234567",
    "1234567.891",
    "1.234",
    "99999999999999999",
];
const DATES: [&str; 6] =
    ["2024-02-29", "2023-11-05", "2024-01-31 10:11:12", "2024-01-31T10:11:12Z", "20240131", "2023-02-29"];
const WORDS: [&str; 12] = [
    "yes",
    "no",
    "red",
    "blue",
    "web",
    "a name of more than sixteen bytes",
    "Zoë",
    "été à la mer, very long indeed",
    "00123",
    "C0001234",
    "x",
    "",
];
const ODD: [&str; 24] = [
    " ",
    "NA",
    "n/a",
    "NULL",
    " 9",
    "9 ",
    "  two  ",
    "\u{a0}5",
    "1e3",
    "+5",
    "007",
    "$5",
    "31/01/2024",
    "01/02/2024",
    "5\" pipe",
    "a \"b\" c",
    "\"\"\"\"",
    "\"in\"between",
    "\"never closed",
    " \"blanks before\"",
    "\"blanks behind\" ",
    "'",
    "\"two\nlines\"",
    "\"a\r\nb\"",
];

/// A cell of a column of a kind; seldom an odd one.
fn cell(kind: usize, odd: usize, quote: char, random: &mut Random) -> String {
    if odd > 0 && random.below(odd) == 0 {
        return random.pick(&ODD).replace('"', &quote.to_string());
    }
    let text = match kind {
        0 => random.pick(&NUMBERS[..8]),
        1 => random.pick(&NUMBERS),
        2 => random.pick(&DATES),
        3 => random.pick(&WORDS[..2]),
        _ => random.pick(&WORDS),
    };
    match random.below(12) {
        0 => format!("{quote}{text}{quote}"),
        1 if kind > 3 => format!("{quote}{text}{quote}{quote} and more\nbelow{quote}"),
        2 if kind > 3 => format!("{text}{}", random.below(5_000)),
        _ => text.to_owned(),
    }
}

fn table(dialect: Dialect, width: usize, random: &mut Random) -> Vec<u8> {
    let kinds: Vec<usize> = (0..width).map(|_| random.below(6)).collect();
    // None, few or many odd cells.
    let odd = [0, 400, 15][random.below(3)];
    let ends: &[&str] = match (dialect.terminator, dialect.mixed) {
        (_, true) => &["\n", "\r", "\r\n"],
        (b'\r', _) => &["\r"],
        _ if random.below(2) == 0 => &["\r\n"],
        _ => &["\n"],
    };
    let mut text: Vec<u8> = Vec::new();
    for _ in 0..random.below(300) {
        let width = if odd > 0 && random.below(40) == 0 { 1 + random.below(width + 2) } else { width };
        for column in 0..width {
            let kind = kinds.get(column).copied().unwrap_or(0);
            let cell = cell(kind, odd, char::from(dialect.quote), random);
            if column > 0 {
                text.push(dialect.delimiter);
            }
            text.extend(cell.as_bytes());
        }
        text.extend(random.pick(ends).as_bytes());
        match if odd > 0 { random.below(150) } else { 9 } {
            0 => text.extend(random.pick(&["\n", "  \n", "\r\n", "\x1A"]).as_bytes()),
            1 => text.push(0xFF),
            2 => text.push(0),
            3 => text.extend(b"\xC3"),
            _ => {}
        }
    }
    if random.below(4) == 0 {
        // The last line may have no end.
        text.pop();
    }
    text
}

/// All that a pass found, as it is compared.
fn told(found: Found) -> (Vec<String>, Vec<Evidence>) {
    let mut lines = vec![format!(
        "{} rows, {} blank, {} left out, {} invalid, {} multibyte, {} bytes, {:?}",
        found.rows, found.blank, found.left_out, found.invalid, found.multibyte, found.bytes, found.numbers
    )];
    lines.extend(found.bad.iter().map(|bad| format!("{bad:?}")));
    let mut evidence = Vec::new();
    for column in found.columns {
        lines.push(format!("given up: {}", column.given_up));
        lines.extend(column.bad.iter().map(|bad| format!("{}@{} {:?}", bad.row, bad.line, bad.text)));
        lines.extend(column.codes.iter().map(|code| format!("code {}@{} {:?}", code.row, code.line, code.text)));
        let distinct = match &column.store {
            Store::Text(_, words) => words.texts().len(),
            _ => 0,
        };
        let is_numbers = matches!(column.store, Store::Integer(_) | Store::Number(_));
        let cells = column.store.finish();
        let cells = cells.iter().flat_map(|cells| (0..cells.len()).map(|row| format!("{:?}", cells.value(row))));
        lines.extend(cells.chain([format!("{distinct} texts")]));
        let mut signs = column.evidence.settled();
        if is_numbers {
            // Whether a cell among numbers is tried as a date depends on how many came before, and the quick way counts last
            // what it knows.
            (signs.day_first, signs.month_first, signs.ambiguous) = (0, 0, 0);
        }
        evidence.push(signs);
    }
    (lines, evidence)
}

#[test]
fn messy_texts_are_read_quickly_as_they_are_with_care() {
    let mut random = Random(2_024);
    let pools = [1, 3].map(|n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap());
    let (mut rows, mut aside, mut misfits) = (0, 0, 0);
    for round in 0..600 {
        let aligned = random.below(12) == 0;
        let dialect = Dialect {
            delimiter: if aligned { b' ' } else { *random.pick(&[&b',', &b',', &b';', &b'\t', &b'|', &b' ']) },
            quote: *random.pick(&[&b'"', &b'"', &b'"', &b'\'']),
            terminator: *random.pick(&[&b'\n', &b'\n', &b'\n', &b'\n', &b'\r']),
            mixed: false,
            aligned,
        };
        let dialect = Dialect { mixed: dialect.terminator == b'\n' && random.below(8) == 0, ..dialect };
        let width = 1 + random.below(5);
        let text = table(dialect, width, &mut random);
        let mut options = ImportOptions::default();
        options.csv.decimal_comma = Some(random.below(3) == 0);
        options.missing = (random.below(4) == 0).then(|| vec!["7".into(), "red".into(), "NA".into()]);
        let parser = CellParser::new(&options);
        const TYPES: [Type; 5] = [Type::Integer, Type::Number, Type::Time, Type::Bool, Type::Text];
        let columns: Vec<Asked> = (0..width)
            .map(|_| match random.below(8) {
                0 => Asked::Skip,
                1 => Asked::Evidence,
                n => [Asked::Try, Asked::Read][n % 2](TYPES[random.below(5)]),
            })
            .collect();
        let sample = (random.below(5) == 0).then_some(3);
        // Windows of a few rows, of some chunks, and of everything.
        let window = [64, 700, 5_000, 1 << 20][random.below(4)];
        let bounds = Bounds { window, ..Bounds::default() };
        let read = |careful: bool, pool: &rayon::ThreadPool| {
            let pass = Pass {
                input: Input::Memory(&text),
                encoding: Encoding::Utf8,
                dialect,
                width,
                rows_at: 0,
                line: 1,
                columns: columns.clone(),
                parser: &parser,
                own: Vec::new(),
                sample,
                hashed: false,
                careful,
            };
            pool.install(|| passes::run(pass, &bounds, &Task::default())).unwrap()
        };
        let (quick, careful) = (read(false, &pools[round % 2]), read(true, &pools[0]));
        rows += quick.rows;
        aside += quick.bad.len();
        misfits += quick.columns.iter().map(|column| column.bad.len()).sum::<usize>();
        let (quick, careful) = (told(quick), told(careful));
        if quick != careful {
            let at = quick.0.iter().zip(&careful.0).find(|(a, b)| a != b);
            let sign = quick.1.iter().zip(&careful.1).find(|(a, b)| a != b);
            let text = String::from_utf8_lossy(&text);
            panic!("{dialect:?}, {columns:?}, windows of {window}:\n{at:#?}\n{sign:#?}\n{text}");
        }
    }
    assert!(rows > 40_000 && aside > 2_000 && misfits > 20_000, "{rows} {aside} {misfits}");
}

#[test]
fn messy_quotes_over_borders_of_windows_and_chunks() {
    // Long quoted cells of many lines: a chunk may begin inside, and must find the same rows.
    let mut random = Random(7);
    for round in 0..40 {
        let mut text = String::new();
        for i in 0..400 {
            match random.below(4) {
                0 => text.push_str(&format!("{i},\"{}\"\n", "a line, with \"\"quotes\"\"\n".repeat(random.below(30)))),
                1 => text.push_str(&format!("\"{i}\",\"\"\n")),
                2 if round % 2 == 0 && random.below(20) == 0 => text.push_str(&format!("{i},\"open\n")),
                _ => text.push_str(&format!("{i},plain {}\n", i % 7)),
            }
        }
        let dialect = Dialect { delimiter: b',', quote: b'"', terminator: b'\n', mixed: false, aligned: false };
        let parser = CellParser::new(&ImportOptions::default());
        let read = |careful: bool, window: usize| {
            let pass = Pass {
                input: Input::Memory(text.as_bytes()),
                encoding: Encoding::Utf8,
                dialect,
                width: 2,
                rows_at: 0,
                line: 1,
                columns: vec![Asked::Read(Type::Integer), Asked::Read(Type::Text)],
                parser: &parser,
                own: Vec::new(),
                sample: None,
                hashed: false,
                careful,
            };
            let bounds = Bounds { window, ..Bounds::default() };
            told(passes::run(pass, &bounds, &Task::default()).unwrap()).0
        };
        let whole = read(true, 1 << 24);
        for window in [300, 4_000, 60_000, 1 << 24] {
            assert!(read(false, window) == whole, "windows of {window} bytes:\n{text}");
        }
    }
}

#[test]
fn messy_ids_that_nearly_all_differ() {
    // Long and short ones, some quoted, padded, missing or twice; other texts behind them in the same chunk.
    let mut random = Random(11);
    for (same, odd) in [(0, 0), (40, 0), (40, 30), (3, 0)] {
        let mut text = String::new();
        for i in 0..6_000 {
            let n = if same > 0 && random.below(same) == 0 { random.below(100) } else { i };
            let id = if n % 5 == 0 { format!("{n:024}") } else { format!("C{n:06}") };
            text.push_str(&match if odd > 0 { random.below(odd) } else { 9 } {
                0 => format!("\"{id}\""),
                1 => format!(" {id} "),
                2 => "NA".to_owned(),
                3 => String::new(),
                _ => id,
            });
            text.push_str(if i < 5_000 { ",1\n" } else { ",x\nthe same,2\n" });
        }
        let parser = CellParser::new(&ImportOptions::default());
        let read = |careful: bool| {
            let pass = Pass {
                input: Input::Memory(text.as_bytes()),
                encoding: Encoding::Utf8,
                dialect: Dialect { delimiter: b',', quote: b'"', terminator: b'\n', mixed: false, aligned: false },
                width: 2,
                rows_at: 0,
                line: 1,
                columns: vec![Asked::Read(Type::Text), Asked::Try(Type::Integer)],
                parser: &parser,
                own: Vec::new(),
                sample: None,
                hashed: false,
                careful,
            };
            told(passes::run(pass, &Bounds { window: 1 << 16, ..Bounds::default() }, &Task::default()).unwrap())
        };
        assert!(read(false) == read(true), "one in {same} twice, one in {odd} odd");
    }
}
