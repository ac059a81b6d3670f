//! Rows of a file as a stream of requests: the same values as the import gives, and errors that name the place.

use super::*;
use crate::data::import::import;
use crate::data::{Requests, Role, Roles};
use attune_policy::schema::Field;

fn field(name: &str, source: &str, type_: Type) -> Field {
    Field { source: source.into(), ..Field::new(name, type_) }
}

fn schema() -> Schema {
    Schema { fields: vec![field("emp_rate", "emp.rate", Type::Number), field("name", "name", Type::Text)] }
}

/// Every row as `subject now fields`, or the error.
fn stream(bytes: &[u8], schema: &Schema, options: &StreamOptions) -> Result<(Vec<String>, u64, u64)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    std::fs::write(&path, bytes).unwrap();
    let mut rows = Rows::open(&path, schema, options)?;
    let mut request = Request::default();
    let mut found = Vec::new();
    while rows.next_into(&mut request)? {
        let fields: Vec<String> = request.fields.iter().map(ToString::to_string).collect();
        found.push(format!("{} {} {}", request.subject, request.now, fields.join(" ")));
    }
    Ok((found, rows.passed_cells(), rows.passed_rows()))
}

#[test]
fn columns_are_found_by_source_or_identifier_in_any_order() {
    for header in ["emp.rate,name", "emp_rate,name"] {
        let bytes = format!("{header}\n1.5,x\n,NA\n");
        let (rows, ..) = stream(bytes.as_bytes(), &schema(), &StreamOptions { now: 7, ..Default::default() }).unwrap();
        assert_eq!(rows, ["1 7 1.5 \"x\"", "2 7 unknown unknown"], "{header}");
    }
    let (rows, ..) = stream(b"name;extra;emp.rate\nx;y;2,5\n", &schema(), &StreamOptions::default()).unwrap();
    assert_eq!(rows, ["1 0 2.5 \"x\""]);
}

#[test]
fn subject_and_time_come_from_their_columns() {
    let options = StreamOptions { subject: Some("id".into()), time: Some("when".into()), now: 9, ..Default::default() };
    let bytes = b"id,when,emp.rate,name\nA7,1970-01-02,1,x\n,,2,y\n";
    let (rows, ..) = stream(bytes, &schema(), &options).unwrap();
    assert_eq!(rows, ["A7 86400000 1 \"x\"", "2 9 2 \"y\""]);
}

#[test]
fn a_subject_is_named_as_the_import_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    let options = StreamOptions { subject: Some("id".into()), ..Default::default() };
    let mut roles = Roles::default();
    roles.columns.insert("id".into(), Role::Subject);
    for (ids, keys) in [
        (["17850.0", "17851.0"], ["17850", "17851"]),
        (["1.50", "2.25"], ["1.5", "2.25"]),
        (["007", "012"], ["007", "012"]),
        ([" A7 ", "B8"], ["A7", "B8"]),
    ] {
        let text = format!("id;emp.rate;name\n{};1;x\n{};2;y\n", ids[0], ids[1]);
        std::fs::write(&path, text).unwrap();
        let dataset = import(&path, &ImportOptions::default(), &Task::default()).unwrap().dataset;
        let subjects = roles.subjects(&dataset).unwrap();
        let mut rows = Rows::open(&path, &schema(), &options).unwrap();
        let mut request = Request::default();
        for (row, key) in keys.into_iter().enumerate() {
            assert!(rows.next_into(&mut request).unwrap());
            assert_eq!((request.subject.as_str(), subjects.key(row)), (key, key), "{ids:?}");
        }
    }
}

#[test]
fn what_cannot_be_read_is_named_by_row_line_and_column() {
    let gone = StreamOptions { subject: Some("id".into()), ..Default::default() };
    let cases: &[(&[u8], &StreamOptions, &[&str])] = &[
        (b"name\nx\n", &StreamOptions::default(), &["column `emp.rate`", "the policy needs it"]),
        (b"emp.rat,name\n1,x\n", &StreamOptions::default(), &["did you mean `emp.rat`"]),
        (b"emp.rate,name\n1,x\n", &gone, &["column `id`", "name the subject"]),
        (
            b"emp.rate,name\n1,\"x\ny\"\noops,z\n",
            &StreamOptions::default(),
            &["row 2", "line 4", "column `emp.rate`", "`oops` is not a number"],
        ),
        (b"emp.rate,name\n1,x\n2\n", &StreamOptions::default(), &["row 2", "line 3", "1 field where the table has 2"]),
        (b"emp.rate,name\n1,x\n2,\"y\n", &StreamOptions::default(), &["row 2", "line 3", "has no end"]),
        (b"", &StreamOptions::default(), &["empty"]),
    ];
    for (bytes, options, parts) in cases {
        let message = stream(bytes, &schema(), options).unwrap_err().to_string();
        for part in *parts {
            assert!(message.contains(part), "{message}");
        }
    }
}

#[test]
fn what_may_be_passed_over_is_counted() {
    let options = StreamOptions { bad_cells: OnBad::PassOver, bad_rows: OnBad::PassOver, ..Default::default() };
    let bytes = b"emp.rate,name\n1,x\noops,y\n3\n4,\"z\n5,w\n";
    let (rows, cells, bad_rows) = stream(bytes, &schema(), &options).unwrap();
    assert_eq!(rows, ["1 0 1 \"x\"", "2 0 unknown \"y\"", "5 0 5 \"w\""]);
    assert_eq!((cells, bad_rows), (1, 2));
}

#[test]
fn encodings_are_read_across_the_borders_of_pieces() {
    let mut text = String::from("emp.rate,name\n");
    for i in 0..30_000 {
        text.push_str(&format!("{i},ä𝄞{i}\n"));
    }
    let little: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let big: Vec<u8> = [0xFE, 0xFF].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    let latin: Vec<u8> = text.replace('𝄞', "").chars().map(|c| c as u32 as u8).collect();
    for (bytes, sign) in [(text.clone().into_bytes(), "ä𝄞"), (little, "ä𝄞"), (big, "ä𝄞"), (latin, "ä")] {
        let (rows, ..) = stream(&bytes, &schema(), &StreamOptions::default()).unwrap();
        assert_eq!(rows.len(), 30_000);
        for (i, row) in rows.iter().enumerate() {
            assert_eq!(*row, format!("{} 0 {i} \"{sign}{i}\"", i + 1));
        }
    }
}

#[test]
fn a_stream_and_an_import_agree_on_every_row_they_keep() {
    let mut text = String::from("title\n\nid;emp.rate;name;\n");
    for i in 0..5_000 {
        let name = match i % 5 {
            0 => format!("\"a;{i}\""),
            1 => format!("\"say \"\"{i}\"\"\""),
            2 => "\"two\nlines\"".into(),
            3 => "NA".into(),
            _ => format!(" n{i} "),
        };
        text.push_str(&format!("c{i};{},5;{name};\n", i % 7));
        if i % 1_000 == 0 {
            text.push_str("\nragged;1\n");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    std::fs::write(&path, &text).unwrap();
    let imported = import(&path, &ImportOptions::default(), &Task::default()).unwrap();
    let roles =
        Roles { columns: [("id".to_owned(), crate::data::Role::Subject)].into(), as_of: Some(5), ..Roles::default() };
    let requests = Requests::new(&imported.dataset, &roles, &schema()).unwrap();
    let options = StreamOptions { subject: Some("id".into()), now: 5, bad_rows: OnBad::PassOver, ..Default::default() };
    let mut rows = Rows::open(&path, &schema(), &options).unwrap();
    let mut request = Request::default();
    let mut row = 0;
    while rows.next_into(&mut request).unwrap() {
        assert_eq!(request, requests.get(row), "row {row}");
        row += 1;
    }
    assert_eq!(row, requests.len());
    assert_eq!(rows.passed_rows(), imported.bad_rows.len() as u64);
}
