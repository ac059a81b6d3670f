//! Delimited text as typed columns: what the head says, then a pass over the whole text that reads and proves it.

use super::column::Store;
use super::encoding;
use super::infer::Evidence;
use super::parse::{CellParser, expected};
use super::passes::{self, Asked, Found, Misfit, Pass};
use super::records::fields;
use super::sniff::{self, Sniffed};
use super::text::Input;
use super::times::{self, Why};
use super::{BadCell, Bounds, DateOrder, Encoding, Format, ImportOptions, Table, dates};
use crate::data::cells::Cells;
use crate::data::dataset::Column;
use crate::data::names;
use crate::error::{Error, Result};
use crate::task::Task;
use attune_policy::value::Type;
use rayon::prelude::*;

/// Text to be read as a table.
pub struct Reading<'a> {
    /// Where all of it is.
    pub input: Input<'a>,
    /// How its bytes stand for characters.
    pub encoding: Encoding,
    /// Its beginning, decoded: whole lines.
    pub head: &'a str,
    /// Whether the bytes of the file are to be hashed.
    pub hashed: bool,
    /// Memory.
    pub bounds: &'a Bounds,
}

/// A table read from text, and what was counted on the way.
pub struct Read {
    /// The table.
    pub table: Table,
    /// SHA-256 of the file's bytes, when it was asked for.
    pub sha256: Option<String>,
    /// What is said of bytes that were no characters of their encoding.
    pub replaced: Option<String>,
    /// Unpacked bytes.
    pub bytes: u64,
    /// Rows set aside because they are not UTF-8.
    pub invalid: u64,
    /// Characters of several bytes.
    pub multibyte: u64,
    /// No more bytes were held at once.
    #[allow(dead_code)] // what the bound promises is tested by this count
    pub peak: usize,
}

/// Reads a table from text in memory.
pub fn read_bytes(bytes: &[u8], encoding: Encoding, options: &ImportOptions, task: &Task) -> Result<Table> {
    let head = encoding::decode_roughly(bytes, encoding)?;
    let (input, bounds) = (Input::Memory(bytes), Bounds::default());
    let reading = Reading { input, encoding, head: &head, hashed: false, bounds: &bounds };
    Ok(read(&reading, options, task)?.table)
}

/// Reads a table. The head gives a first idea of the types; the whole text is read under it and shows whether it was right.
/// Columns for which it was not are read once more.
pub fn read(reading: &Reading<'_>, options: &ImportOptions, task: &Task) -> Result<Read> {
    task.stage("Finding the shape of the table")?;
    let sniffed = sniff::sniff(reading.head, options, &CellParser::new(options))?;
    let mut notes = sniffed.notes.clone();
    let (sources, rows_at) = header(reading.head, &sniffed, options.csv.names.as_deref(), &mut notes)?;
    if let Some(at) = reading.head[..rows_at].find('\u{FFFD}') {
        return Err(Error::new("the names of the columns are not all UTF-8")
            .at_line(1 + sniffed.dialect.lines(&reading.head.as_bytes()[..at]))
            .hint("the file may be Windows-1252 (Latin-1) or another encoding of its time: choose it (--encoding)"));
    }
    let names = names::identifiers(&sources);
    let wanted = wanted(options, &sources, &names)?;

    let line = sniffed.line + sniffed.dialect.lines(&reading.head.as_bytes()[sniffed.start..rows_at]);
    let parser = CellParser::new(options);
    let evidence_only = |wanted: &bool| if *wanted { Asked::Evidence } else { Asked::Skip };
    // Columns that say more of what is missing in them have a parser of their own.
    let own = |parser: &CellParser| -> Vec<(usize, CellParser)> {
        let each = sources.iter().zip(&names).enumerate();
        each.filter_map(|(i, (source, name))| Some((i, parser.of_column(options, source, name)?))).collect()
    };
    let pass = |parser, own, columns: Vec<Asked>, hashed: bool| Pass {
        input: reading.input,
        encoding: reading.encoding,
        dialect: sniffed.dialect,
        width: sniffed.width + usize::from(sniffed.trailing),
        rows_at,
        line,
        // What stands behind the last delimiter of each line is nothing.
        columns: columns.into_iter().chain(sniffed.trailing.then_some(Asked::Skip)).collect(),
        parser,
        own,
        sample: options.sample,
        hashed,
        careful: false,
    };
    let head = Pass {
        input: Input::Memory(reading.head.as_bytes()),
        encoding: Encoding::Utf8,
        // A sample of the head would be a small one.
        sample: None,
        ..pass(&parser, own(&parser), wanted.iter().map(evidence_only).collect(), false)
    };
    let head = evidence_of(&passes::run(head, reading.bounds, task)?);
    let first = resolve(options, &sniffed, &head, &mut Vec::new());
    let supposed = types(&first, &head, &sources, &names, &mut Vec::new());

    task.stage("Reading rows")?;
    let is_fixed = |i: usize| options.types.contains_key(&sources[i]) || options.types.contains_key(&names[i]);
    let asked = |(i, wanted): (usize, &bool)| match *wanted {
        false => Asked::Skip,
        true if is_fixed(i) => Asked::Read(supposed[i]),
        true => Asked::Try(supposed[i]),
    };
    let parser = CellParser::new(&first);
    let asked: Vec<Asked> = wanted.iter().enumerate().map(asked).collect();
    let mut found = passes::run(pass(&parser, own(&parser), asked, reading.hashed), reading.bounds, task)?;
    refuse_no_rows(&found, &sniffed, sources.len())?;
    if found.blank > 0 {
        notes.push(format!("{} blank lines were passed over.", found.blank));
    }
    if found.widened > 0 {
        notes.push(format!("{} rows have empty fields behind the last column; these were left out.", found.widened));
    }
    if found.bad.iter().any(|bad| bad.text.contains(&format!("\\{}", char::from(sniffed.dialect.quote)))) {
        notes.push(format!(
            "Rows set aside escape quotes with a backslash, which is not read: write a {0} inside quotes twice, {0}{0}.",
            char::from(sniffed.dialect.quote)
        ));
    }
    if let Some(n) = options.sample {
        let all = found.rows as u64 + found.left_out;
        notes.push(format!("A sample: one row in {n} was kept, {} of {all}.", found.rows));
    }

    let evidence = evidence_of(&found);
    let resolved = resolve(options, &sniffed, &evidence, &mut notes);
    let types = types(&resolved, &evidence, &sources, &names, &mut notes);
    let decides = sources.iter().zip(&evidence).find(|(_, evidence)| evidence.date_order().is_some());
    let why = match decides {
        _ if options.dates.is_some() => Why::Asked,
        Some((source, _)) => Why::Column(source),
        None => Why::Open,
    };
    let each = sources.iter().zip(&evidence).zip(&types).zip(&wanted);
    let read_as_times: Vec<(&str, &Evidence)> = each
        .filter(|((_, type_), wanted)| **wanted && **type_ == Type::Time)
        .map(|(((source, evidence), _), _)| (source.as_str(), evidence))
        .collect();
    notes.extend(times::notes(&read_as_times, &resolved, why));
    for ((source, evidence), _) in sources.iter().zip(&evidence).zip(&wanted).filter(|(_, wanted)| **wanted) {
        if evidence.tokens > 0 {
            notes.push(format!("`{source}`: {} cells such as `{}` count as missing.", evidence.tokens, evidence.token));
        }
        if evidence.padded > 0 {
            notes.push(format!("`{source}`: spaces around {} cells were taken off.", evidence.padded));
        }
    }
    let differs = |(i, wanted): (usize, &bool)| {
        let reads = match types[i] {
            Type::Integer | Type::Number => resolved.csv.decimal_comma != first.csv.decimal_comma,
            Type::Time => resolved.dates != first.dates,
            Type::Bool | Type::Text => false,
        };
        *wanted && (types[i] != supposed[i] || reads || found.columns[i].given_up)
    };
    let again: Vec<bool> = wanted.iter().enumerate().map(differs).collect();
    if again.contains(&true) {
        task.stage("Reading some columns again")?;
        let parser = CellParser::new(&resolved);
        let asked =
            again.iter().zip(&types).map(|(again, type_)| if *again { Asked::Read(*type_) } else { Asked::Skip });
        for (column, skipped) in found.columns.iter_mut().zip(&again) {
            if *skipped {
                column.store = Store::Nothing;
                column.bad = Vec::new();
            }
        }
        let second = passes::run(pass(&parser, own(&parser), asked.collect(), false), reading.bounds, task)?;
        if (second.rows, second.bytes) != (found.rows, found.bytes) {
            return Err(Error::new("the file changed while it was read").hint("import it when nobody writes to it"));
        }
        found.peak = found.peak.max(second.peak);
        for ((column, again), read) in found.columns.iter_mut().zip(&again).zip(second.columns) {
            if *again {
                *column = read;
            }
        }
    }

    let comma = resolved.csv.decimal_comma.unwrap_or(false);
    for (i, source) in sources.iter().enumerate().filter(|(i, _)| wanted[*i] && !is_fixed(*i)) {
        let first: Vec<(u64, &str)> =
            found.columns[i].codes.iter().map(|cell| (cell.row, cell.text.as_str())).collect();
        notes.extend(evidence[i].codes_note(source, types[i], comma, &first));
    }
    let Found { columns, numbers, bad, sha256, replaced, bytes, invalid, multibyte, peak, .. } = found;
    let mut bad_cells = Vec::new();
    let mut about = Vec::with_capacity(columns.len());
    let mut stores = Vec::with_capacity(columns.len());
    for ((((name, source), type_), column), wanted) in
        names.into_iter().zip(sources).zip(types).zip(columns).zip(wanted)
    {
        if !wanted {
            continue;
        }
        let bad = column.bad.into_iter().map(|Misfit { row, line, text }| BadCell {
            row,
            line,
            column: source.clone(),
            text,
            expected: expected(type_).to_owned(),
        });
        bad_cells.extend(bad);
        about.push(Column { name, source, type_ });
        stores.push(column.store);
    }
    // Each distinct text becomes a value of its own: that takes as long as finding some of them.
    let cells: Vec<Option<Cells>> = stores.into_par_iter().with_max_len(1).map(Store::finish).collect();
    let typed = about.into_iter().zip(cells).map(|(column, cells)| {
        let cells = cells.ok_or_else(|| Error::new("the column was not read").in_column(&column.source))?;
        Ok((column, cells))
    });
    let typed = typed.collect::<Result<Vec<_>>>()?;
    bad_cells.sort_by_key(|cell| cell.row);
    let table = Table { columns: typed, numbers, bad_rows: bad, bad_cells, options: resolved, notes };
    Ok(Read { table, sha256, replaced, bytes, invalid, multibyte, peak })
}

fn evidence_of(found: &Found) -> Vec<Evidence> {
    found.columns.iter().map(|column| column.evidence.clone()).collect()
}

/// Which columns are read.
pub fn wanted(options: &ImportOptions, sources: &[String], names: &[String]) -> Result<Vec<bool>> {
    let Some(only) = &options.only else { return Ok(vec![true; sources.len()]) };
    for name in only {
        if !sources.contains(name) && !names.contains(name) {
            let near = attune_policy::suggest::nearest(name, sources.iter().map(String::as_str));
            let hint = near.map_or_else(
                || format!("the file has {}", sources.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            return Err(Error::new("is asked for and is not a column of the file").in_column(name).hint(hint));
        }
    }
    Ok(sources.iter().zip(names).map(|(source, name)| only.contains(source) || only.contains(name)).collect())
}

/// The source names of the columns, and where the rows begin. `given` names stand in for those of the file.
///
/// # Errors
/// When there are not as many given names as columns.
pub fn header(
    text: &str,
    sniffed: &Sniffed,
    given: Option<&[String]>,
    notes: &mut Vec<String>,
) -> Result<(Vec<String>, usize)> {
    if let Some(given) = given
        && given.len() != sniffed.width
    {
        return Err(Error::new(format!("{} names are given for {}", given.len(), fields(sniffed.width)))
            .at_line(sniffed.line)
            .hint("give one name for each column, in order"));
    }
    if !sniffed.header {
        let names = given.map(<[String]>::to_vec);
        let mut names = names.unwrap_or_else(|| (1..=sniffed.width).map(|i| format!("column_{i}")).collect());
        notes.extend(unique_sources(&mut names));
        return Ok((names, sniffed.start));
    }
    let mut ends = Vec::new();
    let (rows_at, ..) = sniffed.dialect.record(text.as_bytes(), sniffed.start, &mut ends);
    let mut from = sniffed.start;
    let mut sources = Vec::with_capacity(ends.len());
    for end in ends.iter().take(sniffed.width) {
        let name = sniffed.dialect.unquote(&text[from..*end as usize]);
        sources.push(name.trim_start_matches('\u{FEFF}').to_owned());
        from = *end as usize + 1;
    }
    if let Some(given) = given {
        notes.push(format!("The names of the first line ({}) are replaced by those given.", sources.join(", ")));
        sources = given.to_vec();
    }
    notes.extend(unique_sources(&mut sources));
    Ok((sources, rows_at))
}

/// Gives columns without a name one, and columns with the same name a number; says so.
pub fn unique_sources(sources: &mut [String]) -> Vec<String> {
    let mut notes = Vec::new();
    let mut taken = std::collections::HashSet::new();
    for (i, source) in sources.iter_mut().enumerate() {
        if source.is_empty() {
            *source = format!("column_{}", i + 1);
            notes.push(format!("Column {} has no name; it is called `{source}`.", i + 1));
        }
        let base = source.clone();
        let mut n = 2;
        while !taken.insert(source.clone()) {
            *source = format!("{base} ({n})");
            n += 1;
        }
        if *source != base {
            notes.push(format!("Two columns are called `{base}`; column {} is now `{source}`.", i + 1));
        }
    }
    notes
}

fn refuse_no_rows(found: &Found, sniffed: &Sniffed, columns: usize) -> Result<()> {
    if found.rows > 0 {
        return Ok(());
    }
    if found.left_out > 0 {
        return Err(Error::new(format!("the sample is empty: none of {} rows is in it", found.left_out))
            .hint("keep more of the rows"));
    }
    match found.bad.first() {
        None => {
            Err(Error::new("the file names its columns and holds no rows")
                .hint("choose a file with rows below the header"))
        }
        Some(bad) => Err(Error::new(format!(
            "no row fits: {} {}, and the first row is set aside because {}",
            if sniffed.header { "the header names" } else { "the first line has" },
            fields(columns),
            bad.reason
        ))
        .at_line(bad.line)
        .hint("check the delimiter, the quote and the encoding")),
    }
}

/// Fills in what the options left open and the cells decide.
fn resolve(
    options: &ImportOptions,
    sniffed: &Sniffed,
    evidence: &[Evidence],
    notes: &mut Vec<String>,
) -> ImportOptions {
    let mut options = options.clone();
    options.format = Some(if sniffed.dialect.aligned { Format::Aligned } else { Format::Csv });
    let csv = &mut options.csv;
    csv.delimiter = (!sniffed.dialect.aligned).then(|| char::from(sniffed.dialect.delimiter));
    csv.quote = Some(char::from(sniffed.dialect.quote));
    csv.header = Some(sniffed.header);
    if csv.decimal_comma.is_none() {
        let marks: Vec<_> = evidence.iter().filter_map(Evidence::decimal_mark).collect();
        let certain = |comma: bool| marks.iter().filter(|m| m.certain && m.comma == comma).count();
        let commas = certain(true);
        let comma = match commas.cmp(&certain(false)) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Less => false,
            // Between commas a comma inside a number separates thousands.
            std::cmp::Ordering::Equal => sniffed.dialect.delimiter != b',' && marks.iter().any(|m| m.comma),
        };
        if comma {
            notes.push(match commas {
                0 => "Numbers are taken to have a decimal comma; nothing in them rules out thousands.".to_owned(),
                1 => "Numbers have a decimal comma: one column can be read in no other way.".to_owned(),
                n => format!("Numbers have a decimal comma: {n} columns can be read in no other way."),
            });
        }
        csv.decimal_comma = Some(comma);
    }
    if options.missing.is_none() {
        options.missing = Some(super::parse::MISSING_TOKENS.iter().map(|t| (*t).to_owned()).collect());
    }
    if options.dates.is_none() {
        let default = if sniffed.dialect.delimiter == b',' { DateOrder::MonthFirst } else { DateOrder::DayFirst };
        options.dates = Some(evidence.iter().find_map(Evidence::date_order).unwrap_or(default));
    }
    options.zone.get_or_insert_with(|| "UTC".to_owned());
    options.pivot.get_or_insert(dates::PIVOT);
    options
}

/// The types of the columns: those of the options, else those the cells speak for, which are then filled in.
fn types(
    options: &ImportOptions,
    evidence: &[Evidence],
    sources: &[String],
    names: &[String],
    notes: &mut Vec<String>,
) -> Vec<Type> {
    let comma = options.csv.decimal_comma.unwrap_or(false);
    let order = options.dates.unwrap_or(DateOrder::DayFirst);
    let columns = evidence.iter().zip(sources).zip(names);
    columns
        .map(|((evidence, source), name)| {
            if let Some(type_) = options.types.get(source).or_else(|| options.types.get(name)) {
                return *type_;
            }
            let verdict = evidence.verdict(source, comma, order);
            notes.extend(verdict.note);
            verdict.type_
        })
        .collect()
}
