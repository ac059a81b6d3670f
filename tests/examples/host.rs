//! A host of the policy: reads an exported policy and rows, prints what the policy decides for each. Nothing but
//! `attune-policy` and the standard library; it shows how little another program needs.
//!
//! `cargo run -p attune-policy --example host -- policy.ron rows.csv [subject column] > decisions.csv`
//!
//! Rows are comma-separated with a header, columns named as in the policy's schema or in its source, texts in quotes where
//! they need them. Every row stands at the policy's `as_of` with an empty history; without a subject, the row's
//! number is its subject. It does not guess formats or encodings as the studio's import does.

use attune_policy::schema::Field;
use attune_policy::{NoHistory, Policy, Request, Type, Value, Verification};
use std::error::Error;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (policy, rows, subject) = match args.as_slice() {
        [policy, rows] => (policy, rows, None),
        [policy, rows, subject] => (policy, rows, Some(subject.as_str())),
        _ => {
            eprintln!("usage: host POLICY.ron ROWS.csv [SUBJECT_COLUMN]");
            return ExitCode::from(2);
        }
    };
    match run(policy, rows, subject) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(policy: &str, rows: &str, subject: Option<&str>) -> Result<(), Box<dyn Error>> {
    let bytes = std::fs::read(policy).map_err(|e| format!("{policy}: {e}"))?;
    let policy = Policy::load(&bytes, &Verification::none())?;
    let now = policy.document().provenance.as_of.ok_or("the policy states no `as_of` to decide at")?;

    let input = std::fs::File::open(rows).map_err(|e| format!("{rows}: {e}"))?;
    let mut lines = BufReader::new(input).lines();
    let header = cells(&lines.next().ok_or("the rows have no header")??);
    let column = |name: &str| header.iter().position(|cell| cell == name);
    let mut places = Vec::new();
    for field in &policy.document().schema.fields {
        let place = column(&field.name).or_else(|| column(&field.source));
        places.push((field, place.ok_or_else(|| format!("the rows have no column `{}`", field.source))?));
    }
    let subject = match subject {
        Some(name) => Some(column(name).ok_or_else(|| format!("the rows have no column `{name}`"))?),
        None => None,
    };

    let mut out = BufWriter::new(std::io::stdout().lock());
    writeln!(out, "row,action,treatment")?;
    for (i, line) in lines.enumerate() {
        let row = (i + 1).to_string();
        let cells = cells(&line?);
        let cell = |at: usize| cells.get(at).map_or("", String::as_str);
        let fields = places.iter().map(|(field, at)| value(field, cell(*at))).collect::<Result<_, String>>();
        let request = Request {
            subject: subject.map(cell).filter(|id| !is_missing(id)).unwrap_or(&row).to_owned(),
            decision_id: row.clone(),
            now,
            zone: None,
            fields: fields.map_err(|e| format!("row {row}: {e}"))?,
            ..Request::default()
        };
        let chosen = policy.decide(&request, &NoHistory).chosen;
        let (action, treatment) = chosen.map_or(("NoAction", ""), |candidate| policy.names(candidate));
        writeln!(out, "{row},{},{}", quoted(action), quoted(treatment))?;
    }
    out.flush()?;
    Ok(())
}

fn is_missing(cell: &str) -> bool {
    matches!(cell.trim(), "" | "NA")
}

/// A cell as a value of its field; empty and `NA` are missing.
fn value(field: &Field, cell: &str) -> Result<Value, String> {
    let cell = cell.trim();
    if is_missing(cell) {
        return Ok(Value::Unknown);
    }
    let wrong = || format!("column `{}`: expected {}, found \"{cell}\"", field.source, field.type_);
    Ok(match field.type_ {
        Type::Text => Value::text(cell),
        Type::Integer => Value::Integer(cell.parse().map_err(|_| wrong())?),
        Type::Number => Value::number(cell.parse().map_err(|_| wrong())?),
        Type::Time => Value::Time(cell.parse().map_err(|_| format!("{} (in milliseconds)", wrong()))?),
        Type::Bool => match cell.to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Value::Bool(true),
            "false" | "no" | "0" => Value::Bool(false),
            _ => return Err(wrong()),
        },
    })
}

/// The cells of one line; quotes may hold commas, and two of them stand for one.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut inside = false;
    let mut letters = line.trim_start_matches('\u{feff}').trim_end_matches('\r').chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            '"' if inside && letters.peek() == Some(&'"') => {
                letters.next();
                cells.last_mut().expect("there is always a last cell").push('"');
            }
            '"' => inside = !inside,
            ',' if !inside => cells.push(String::new()),
            c => cells.last_mut().expect("there is always a last cell").push(c),
        }
    }
    cells
}

/// A cell as it is written.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}
