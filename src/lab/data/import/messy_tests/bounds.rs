//! What is the same however a file is read: bounds of memory, chunks, windows, and types that its head does not show.

use super::*;

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
    assert!(error.contains("the table needs more than 4.0 MiB of memory"), "{error}");
    assert!(error.ends_with("; read fewer columns, or a sample of the rows"), "{error}");
}

#[test]
fn json_lines_larger_than_memory_are_read_in_part() {
    let (rows, filler) = (20_000, "x".repeat(400));
    let text: String =
        (0..rows).map(|i| format!("{{\"a.b\":{i},\"a b\":{},\"filler\":\"{filler}\"}}\n", i * 2)).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.jsonl");
    std::fs::write(&path, &text).unwrap();
    let bounds = Bounds { memory: 4 << 20, window: 64 << 10 };
    let read = |options: &ImportOptions| import_within(&path, options, &bounds, &Task::default());
    let error = read(&ImportOptions::default()).unwrap_err().to_string();
    assert!(error.contains("the table needs more than 4.0 MiB of memory"), "{error}");
    // It is called as it would be beside the other members.
    let some = read(&ImportOptions { only: Some(vec!["a_b_2".into()]), ..ImportOptions::default() }).unwrap();
    assert_eq!((some.dataset.rows(), some.dataset.columns()[0].source.as_str()), (rows, "a b"));
    assert_eq!(some.dataset.value(rows - 1, "a_b_2"), attune_policy::Value::Integer(rows as i64 * 2 - 2));
    assert_eq!(some.dataset.source().sha256, attune_policy::fingerprint::sha256_hex(text.as_bytes()));
    let sample = read(&ImportOptions { sample: Some(20), ..ImportOptions::default() }).unwrap();
    assert!((rows / 25..rows / 15).contains(&sample.dataset.rows()), "{}", sample.dataset.rows());
    for row in 0..sample.dataset.rows() {
        let number = sample.dataset.row_number(row) as i64;
        assert_eq!(sample.dataset.value(row, "a_b"), attune_policy::Value::Integer(number - 1));
    }
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
