//! Workbooks made here, sheet by sheet, and what becomes of them.

use super::super::{ImportOptions, Imported, import, import_within};
use super::*;

/// A ZIP archive whose parts are stored as they are.
fn zip(parts: &[(&str, String)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in parts {
        let mut crc = flate2::Crc::new();
        crc.update(content.as_bytes());
        let at = bytes.len() as u32;
        let size = (content.len() as u32).to_le_bytes();
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        common.extend(crc.sum().to_le_bytes());
        common.extend([size, size].concat());
        common.extend([(name.len() as u16).to_le_bytes(), [0, 0]].concat());
        bytes.extend([b"PK\x03\x04".as_slice(), &common, name.as_bytes(), content.as_bytes()].concat());
        let rest = [&[0u8; 10][..], &at.to_le_bytes(), name.as_bytes()].concat();
        directory.extend([b"PK\x01\x02\x14\0".as_slice(), &common, &rest].concat());
    }
    let count = (parts.len() as u16).to_le_bytes();
    let place = [(directory.len() as u32).to_le_bytes(), (bytes.len() as u32).to_le_bytes()].concat();
    let end = [b"PK\x05\x06\0\0\0\0".as_slice(), &count, &count, &place, &[0, 0]].concat();
    [bytes, directory, end].concat()
}

/// An Excel workbook of sheets, given as the XML of their rows; style 1 is a date, style 2 a date and time.
fn xlsx(sheets: &[(&str, &str)], since_1904: bool) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const RELATION: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    let each = |line: &dyn Fn(usize, &str) -> String| {
        sheets.iter().enumerate().map(|(i, (name, _))| line(i + 1, name)).collect::<String>()
    };
    let types = each(&|i, _| {
        format!(
            "<Override PartName=\"/xl/worksheets/sheet{i}.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/>"
        )
    });
    let listed = each(&|i, name| match name.strip_prefix('!') {
        Some(name) => format!("<sheet name=\"{name}\" sheetId=\"{i}\" state=\"hidden\" r:id=\"rId{i}\"/>"),
        None => format!("<sheet name=\"{name}\" sheetId=\"{i}\" r:id=\"rId{i}\"/>"),
    });
    let relations = each(&|i, _| {
        format!("<Relationship Id=\"rId{i}\" Type=\"{RELATION}/worksheet\" Target=\"worksheets/sheet{i}.xml\"/>")
    });
    let flag = if since_1904 { "<workbookPr date1904=\"1\"/>" } else { "" };
    let mut parts = vec![
        (
            "[Content_Types].xml",
            format!(
                "<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/>{types}</Types>"
            ),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" Type=\"{RELATION}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!("<workbook xmlns=\"{MAIN}\" xmlns:r=\"{RELATION}\">{flag}<sheets>{listed}</sheets></workbook>"),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{PACKAGE}/relationships\">{relations}<Relationship Id=\"rId99\" Type=\"{RELATION}/styles\" Target=\"styles.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/styles.xml",
            format!(
                "<styleSheet xmlns=\"{MAIN}\"><cellXfs count=\"3\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\" applyNumberFormat=\"1\"/><xf numFmtId=\"22\" applyNumberFormat=\"1\"/></cellXfs></styleSheet>"
            ),
        ),
    ];
    const NAMES: [&str; 3] = ["xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml", "xl/worksheets/sheet3.xml"];
    for (name, (_, rows)) in NAMES.into_iter().zip(sheets) {
        parts.push((name, format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>")));
    }
    zip(&parts)
}

/// The XML of rows: `n` a number, `'text` a text, `d1` a day, `t1.5` a moment, `b1` true, `!#N/A` an error, empty for no cell.
fn rows(rows: &[(u32, &[&str])]) -> String {
    let cell = |row: u32, column: usize, cell: &str| {
        let place = format!("{}{row}", (b'A' + column as u8) as char);
        match cell.as_bytes() {
            [] => String::new(),
            [b'\'', ..] => format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{}</t></is></c>", &cell[1..]),
            [b'd', ..] => format!("<c r=\"{place}\" s=\"1\"><v>{}</v></c>", &cell[1..]),
            [b't', ..] => format!("<c r=\"{place}\" s=\"2\"><v>{}</v></c>", &cell[1..]),
            [b'b', ..] => format!("<c r=\"{place}\" t=\"b\"><v>{}</v></c>", &cell[1..]),
            [b'!', ..] => format!("<c r=\"{place}\" t=\"e\"><v>{}</v></c>", &cell[1..]),
            _ => format!("<c r=\"{place}\"><v>{cell}</v></c>"),
        }
    };
    let row = |(row, cells): &(u32, &[&str])| {
        let cells: String = cells.iter().enumerate().map(|(column, text)| cell(*row, column, text)).collect();
        format!("<row r=\"{row}\">{cells}</row>")
    };
    rows.iter().map(row).collect()
}

fn read_file(name: &str, bytes: &[u8], options: &ImportOptions) -> Result<Imported> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let imported = import(&path, options, &Task::default());
    if let Ok(imported) = &imported {
        // What was detected reads the sheet in the same way again.
        let again = import(&path, &imported.options, &Task::default()).unwrap();
        assert_eq!((again.options, shape(&again.dataset)), (imported.options.clone(), shape(&imported.dataset)));
    }
    imported
}

/// Columns and all rows.
fn shape(dataset: &crate::data::Dataset) -> String {
    let all: Vec<usize> = (0..dataset.columns().len()).collect();
    let columns: Vec<String> = dataset.columns().iter().map(|c| format!("{}:{:?}", c.name, c.type_)).collect();
    let row =
        |cells: &Vec<Option<String>>| cells.iter().map(|c| c.as_deref().unwrap_or("–")).collect::<Vec<_>>().join(",");
    let rows: Vec<String> = dataset.page(0..100, &all).rows.iter().map(row).collect();
    format!("{} ; {}", columns.join(" "), rows.join(" / "))
}

#[test]
fn sheets_are_read_like_any_other_table() {
    let plain: &[(u32, &[&str])] = &[
        (1, &["'id", "'name", "'day", "'ok", "'amount"]),
        (2, &["17850", "'Anna \"A\" Bell", "d45657", "b1", "1.5"]),
        (3, &["13047", "'two\nlines; here", "t45657.5", "b0", "!#N/A"]),
    ];
    let below: &[(u32, &[&str])] = &[
        (2, &["'Report of May"]),
        (5, &["", "'code", "", "'n", "'n"]),
        (6, &["", "'007", "", "'12", "3"]),
        (8, &["", "'012", "", "'13", "4"]),
    ];
    let leap: &[(u32, &[&str])] =
        &[(1, &["'d"]), (2, &["d1"]), (3, &["d59"]), (4, &["d60"]), (5, &["d61"]), (6, &["d45657"])];
    let none: &[(u32, &[&str])] = &[];
    let numbers: &[(u32, &[&str])] = &[(1, &["1", "2.5"]), (2, &["3", "4.5"])];
    let set = |change: fn(&mut ImportOptions)| {
        let mut options = ImportOptions::default();
        change(&mut options);
        options
    };
    let time = |o: &mut ImportOptions| {
        o.types.insert("d".into(), attune_policy::value::Type::Time);
    };
    let cases = [
        (
            "a plain sheet",
            xlsx(&[("Data", &rows(plain))], false),
            ImportOptions::default(),
            "id:Integer name:Text day:Time ok:Bool amount:Number ; 17850,Anna \"A\" Bell,2024-12-31,true,1.5 / \
             13047,two\nlines; here,2024-12-31T12:00:00Z,false,–",
            "Sheet `Data`.",
        ),
        (
            "titles, blank rows and columns, numbers as text",
            xlsx(&[("A", &rows(none)), ("!Secret", &rows(plain)), ("B", &rows(below))], false),
            ImportOptions::default(),
            "code:Text n:Integer n_2:Integer ; 007,12,3 / 012,13,4",
            "Passed over above the table: Report of May",
        ),
        (
            "a hidden sheet, as asked",
            xlsx(&[("A", &rows(none)), ("!Secret", &rows(numbers))], false),
            set(|o| o.workbook.sheet = Some("Secret".into())),
            "column_1:Integer column_2:Number ; 1,2.5 / 3,4.5",
            "Sheet `Secret`; the workbook also has A.",
        ),
        (
            "a row of names, as asked",
            xlsx(&[("Data", &rows(plain))], false),
            set(|o| o.workbook.header_row = Some(2)),
            "c_17850:Integer Anna_A_Bell:Text c_2024_12_31:Time true_:Bool c_1_5:Text ; \
             13047,two\nlines; here,2024-12-31T12:00:00Z,false,–",
            "Passed over above the table",
        ),
        (
            "the leap year that was none",
            xlsx(&[("D", &rows(leap))], false),
            set(time),
            "d:Time ; 1900-01-01 / 1900-02-28 / – / 1900-03-01 / 2024-12-31",
            "1 cells did not fit",
        ),
        (
            "days since 1904",
            xlsx(&[("D", &rows(&[(1, &["'d"]), (2, &["d0"]), (3, &["d44195"])]))], true),
            ImportOptions::default(),
            "d:Time ; 1904-01-01 / 2024-12-31",
            "Sheet `D`.",
        ),
    ];
    let mut wrong = Vec::new();
    for (name, bytes, options, expected, says) in cases {
        match read_file("book.xlsx", &bytes, &options) {
            Ok(found) if shape(&found.dataset) == expected && found.notes.join("\n").contains(says) => {}
            Ok(found) => wrong.push(format!("{name}: {}\n{expected}\n{:?}", shape(&found.dataset), found.notes)),
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn cells_that_do_not_fit_are_named_by_their_row_of_the_sheet() {
    let mut all: Vec<(u32, Vec<&str>)> = vec![(3, vec!["'n", "'t"])];
    all.extend((4..40).map(|row| (row, vec!["5", "'x"])));
    all.push((45, vec!["'oops", "'y"]));
    let all: Vec<(u32, &[&str])> = all.iter().map(|(row, cells)| (*row, cells.as_slice())).collect();
    let found = read_file("book.xlsx", &xlsx(&[("S", &rows(&all))], false), &ImportOptions::default()).unwrap();
    let bad = &found.bad_cells[..];
    assert_eq!(bad.len(), 1, "{:?}", found.notes);
    assert_eq!((bad[0].row, bad[0].line, bad[0].column.as_str(), bad[0].text.as_str()), (37, 45, "n", "oops"));
}

#[test]
fn workbooks_that_cannot_be_read_are_refused_in_words() {
    let book = xlsx(&[("Customers", &rows(&[(1, &["'a", "'b"]), (2, &["1", "2"])])), ("Empty", "")], false);
    let sheet = |name: &str| {
        let mut options = ImportOptions::default();
        options.workbook.sheet = Some(name.to_owned());
        options
    };
    let mut row = ImportOptions::default();
    row.workbook.header_row = Some(7);
    let names_alone = xlsx(&[("S", &rows(&[(1, &["'a", "'b"])]))], false);
    let nothing = xlsx(&[("S", ""), ("T", "")], false);
    let cases: [(&[u8], ImportOptions, &str); 6] = [
        (&book, sheet("Custommers"), "the workbook has no sheet `Custommers`; did you mean `Customers`?"),
        (&book, sheet("Empty"), "sheet `Empty` is empty; choose another sheet"),
        (&book, row, "row 7 of sheet `Customers` is empty and names no columns; choose another row"),
        (&names_alone, ImportOptions::default(), "the file names its columns and holds no rows"),
        (&nothing, ImportOptions::default(), "no sheet of the workbook holds anything"),
        (&book[..book.len() / 2], ImportOptions::default(), "the workbook cannot be read"),
    ];
    for (bytes, options, expected) in cases {
        let error = read_file("book.xlsx", bytes, &options).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}\n{expected}");
    }
    for length in (0..book.len()).step_by(97) {
        assert!(read_file("book.xlsx", &book[..length], &ImportOptions::default()).is_err(), "{length} bytes");
    }
    // A directory that claims four gigabytes for one part.
    let mut bomb = book.clone();
    let entry = bomb.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    bomb[entry + 24..entry + 28].copy_from_slice(&u32::MAX.to_le_bytes());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("book.xlsx");
    std::fs::write(&path, bomb).unwrap();
    let bounds = Bounds { memory: 1 << 30, ..Bounds::default() };
    let error = import_within(&path, &ImportOptions::default(), &bounds, &Task::default()).unwrap_err().to_string();
    assert!(error.contains("the workbook unpacks to 4.0 GiB, too much to be held in memory"), "{error}");
}
