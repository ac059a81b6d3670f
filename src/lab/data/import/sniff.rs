//! The dialect of delimited text: delimiter, quote, where the table begins, whether its first record names the columns.
//!
//! It looks at the head of the file; everything it concludes is said in words.

use super::parse::{CellParser, Shape as NumberShape};
use super::records::{Dialect, fields};
use super::{DateOrder, Format, ImportOptions, dates};
use crate::error::{Error, Result};

/// What the head of the file says.
#[derive(Clone, Debug)]
pub struct Sniffed {
    /// Separators.
    pub dialect: Dialect,
    /// Where the first record of the table (header or row) begins.
    pub start: usize,
    /// Its line, from 1.
    pub line: u64,
    /// Whether that record names the columns.
    pub header: bool,
    /// Fields per record.
    pub width: usize,
    /// Rows carry an empty field behind the last column.
    pub trailing: bool,
    /// Conclusions, one sentence each.
    pub notes: Vec<String>,
}

const DELIMITERS: [(u8, &str); 5] =
    [(b'\t', "tabs"), (b'~', "tildes"), (b';', "semicolons"), (b'|', "vertical bars"), (b',', "commas")];
const SAMPLE_BYTES: usize = 256 * 1024;
const SAMPLE_RECORDS: usize = 1_000;
/// Most lines before the table that are passed over as a title.
const MAX_PREAMBLE: usize = 10;

/// Looks at the head of `text`.
///
/// # Errors
/// When there is nothing in it, or a fixed delimiter does not occur where another one does in every line.
pub fn sniff(text: &str, options: &ImportOptions, parser: &CellParser) -> Result<Sniffed> {
    let (format, options) = (options.format, &options.csv);
    let terminator = if text.contains('\n') || !text.contains('\r') { b'\n' } else { b'\r' };
    let mut sample = &text.as_bytes()[..text.len().min(SAMPLE_BYTES)];
    if sample.len() < text.len()
        && let Some(end) = sample.iter().rposition(|b| *b == terminator)
    {
        sample = &sample[..=end];
    }
    if sample.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::new("the file is empty").hint("choose a file that holds a table"));
    }
    let mut notes = Vec::new();
    let mut declared = options.delimiter.map(ascii).transpose()?.filter(|_| format != Some(Format::Aligned));
    let mut start = 0;
    let mut line = 1;
    // Excel's own way of naming the delimiter.
    if let Some(rest) = text.strip_prefix("sep=").or_else(|| text.strip_prefix("\"sep=")) {
        let named =
            rest.bytes().next().filter(|b| !b.is_ascii_alphanumeric() && !b.is_ascii_whitespace() || *b == b'\t');
        let end = rest.bytes().position(|b| b == terminator);
        if let (Some(named), Some(end)) = (named, end) {
            declared = declared.or(Some(named));
            start = text.len() - rest.len() + end + 1;
            line = 2;
            notes.push("The first line names the delimiter.".to_owned());
        }
    }
    let quote = match options.quote {
        Some(quote) => ascii(quote)?,
        None => detect_quote(&sample[start.min(sample.len())..]),
    };
    if quote == b'\'' && options.quote.is_none() {
        notes.push("Fields are quoted with '.".to_owned());
    }
    let base = Dialect { delimiter: b' ', quote, terminator, mixed: false, aligned: false };
    let choose = |mixed: bool| -> Result<Candidate> {
        let base = Dialect { mixed, ..base };
        let measure = |dialect: Dialect| Candidate::measure(sample, start, dialect);
        let candidates: Vec<Candidate> =
            DELIMITERS.iter().map(|(delimiter, _)| measure(Dialect { delimiter: *delimiter, ..base })).collect();
        let aligned = || measure(Dialect { aligned: true, ..base });
        let Some(delimiter) = declared else {
            if format == Some(Format::Aligned) {
                return Ok(aligned());
            }
            let best = Candidate::best(candidates, base);
            let columns = aligned();
            let is_aligned = format.is_none() && columns.is_aligned(text, sample.len(), start, &best);
            return Ok(if is_aligned { columns } else { best });
        };
        let own = measure(Dialect { delimiter, ..base });
        match candidates.iter().find(|c| own.width == 1 && c.width > 1 && c.share > 0.9 && c.records > 1) {
            None => Ok(own),
            Some(better) => Err(Error::new(format!(
                "there is one column with {} between fields, but {} divide every line into {}",
                word(delimiter),
                word(better.dialect.delimiter),
                fields(better.width)
            ))
            .hint(format!("set the delimiter to `{}`", char::from(better.dialect.delimiter)))),
        }
    };
    let mut chosen = choose(false)?;
    // A carriage return inside a cell divides a line unevenly; one that ends a line does not.
    let lone = |w: &[u8]| w[0] == b'\r' && w[1] != b'\n';
    if terminator == b'\n' && sample.windows(2).any(lone) {
        let other = choose(true)?;
        if other.share >= chosen.share {
            notes.push("Some lines end with a carriage return alone, some with a line feed.".to_owned());
            chosen = other;
        }
    }
    notes.push(chosen.sentence(declared.is_some() || format == Some(Format::Aligned)));
    let dialect = chosen.dialect;

    let header_fixed = options.header;
    let mut ends = Vec::new();
    let mut records = Vec::new();
    let mut at = start;
    while at < sample.len() && records.len() < 200 {
        ends.clear();
        let (next, ..) = dialect.record(sample, at, &mut ends);
        let span = &text[at..next];
        if !span.trim().is_empty() {
            let mut from = at;
            let cells: Vec<String> = ends
                .iter()
                .map(|end| {
                    let cell = dialect.unquote(&text[from..*end as usize]).into_owned();
                    from = *end as usize + 1;
                    cell
                })
                .collect();
            records.push((at, next, cells));
        }
        at = next;
    }
    // Titles above the table: narrow lines before the first wide one.
    let mut first = 0;
    if chosen.width > 1 && chosen.share > 0.5 {
        let wide = records.iter().take(MAX_PREAMBLE + 1).position(|(_, _, cells)| cells.len() >= chosen.width);
        let titles = wide.unwrap_or(0);
        if titles > 0
            && records[..titles].iter().all(|(_, _, cells)| cells.iter().filter(|c| !c.is_empty()).count() <= 1)
        {
            let text =
                records[..titles].iter().map(|(from, to, _)| text[*from..*to].trim()).collect::<Vec<_>>().join(" / ");
            notes.push(format!("Passed over above the table: {text}"));
            first = titles;
        }
    }
    let Some((at, _, cells)) = records.get(first) else {
        return Err(Error::new("the file is empty").hint("choose a file that holds a table"));
    };
    line += dialect.lines(&text.as_bytes()[start..*at]);
    let rows = &records[first + 1..];
    let header = match header_fixed {
        Some(header) => header,
        None => {
            let (header, why) = detect_header(cells, rows.iter().map(|(_, _, c)| c.as_slice()), parser);
            notes.push(why);
            header
        }
    };
    // The header says how wide the table is; rows may carry an empty field more when each line ends with a delimiter.
    let mut width = if header { cells.len() } else { chosen.width };
    let mut trailing = false;
    if !rows.is_empty() && rows.iter().all(|(_, _, c)| c.len() == width + 1 && c.last().is_some_and(String::is_empty)) {
        notes.push("Every row ends with a delimiter; the empty field behind it was left out.".to_owned());
        trailing = true;
    } else if header && width > 1 && cells.last().is_some_and(String::is_empty) {
        let ends_empty = |c: &Vec<String>| c.len() == width && c.last().is_some_and(String::is_empty);
        if !rows.is_empty() && rows.iter().all(|(_, _, c)| ends_empty(c)) {
            notes.push("Every line ends with a delimiter; the empty column behind it was left out.".to_owned());
            width -= 1;
            trailing = true;
        }
    }
    Ok(Sniffed { dialect, start: *at, line, header, width, trailing, notes })
}

/// A delimiter and how evenly it divides the sample.
struct Candidate {
    dialect: Dialect,
    width: usize,
    share: f64,
    records: usize,
    header_fits: bool,
}

impl Candidate {
    fn measure(sample: &[u8], start: usize, dialect: Dialect) -> Candidate {
        let (mut at, mut widths, mut ends) = (start, Vec::new(), Vec::new());
        while at < sample.len() && widths.len() < SAMPLE_RECORDS {
            ends.clear();
            let (next, ..) = dialect.record(sample, at, &mut ends);
            let blank = sample[at..next].iter().all(u8::is_ascii_whitespace);
            if !blank || (sample[at..next].contains(&dialect.delimiter) && !dialect.aligned) {
                widths.push(ends.len());
            }
            at = next;
        }
        let mut counts = std::collections::BTreeMap::new();
        for width in &widths {
            *counts.entry(*width).or_insert(0usize) += 1;
        }
        let (width, count) = counts.into_iter().max_by_key(|(_, count)| *count).unwrap_or((1, 0));
        Candidate {
            dialect,
            width,
            share: count as f64 / widths.len().max(1) as f64,
            records: widths.len(),
            header_fits: widths.first().is_none_or(|first| *first == width),
        }
    }

    /// The most even one; where several are even, the one that occurs in text least.
    fn best(candidates: Vec<Candidate>, base: Dialect) -> Candidate {
        let score = |c: &Candidate| match c.width {
            1 => 0.0,
            _ => c.share * if c.header_fits { 1.0 } else { 0.6 },
        };
        let top = candidates.iter().map(score).fold(0.0, f64::max);
        let mut tied: Vec<Candidate> = candidates.into_iter().filter(|c| score(c) >= top - 0.02).collect();
        // Nothing divides the lines: one column.
        if top < 0.3 { tied.pop().map(Candidate::single) } else { Some(tied.remove(0)) }.unwrap_or(Candidate {
            dialect: Dialect { delimiter: b',', ..base },
            width: 1,
            share: 1.0,
            records: 0,
            header_fits: true,
        })
    }

    /// Whether the lines are columns that blanks divide, rather than what `other` takes them for: they divide evenly, and
    /// blanks stand in rows where nobody writes them, or most columns hold numbers and dates.
    fn is_aligned(&self, text: &str, end: usize, start: usize, other: &Candidate) -> bool {
        if self.width < 2 || self.share < 0.9 || self.records < 2 {
            return false;
        }
        let is_data = |cell: &str| {
            NumberShape::of(cell, false).is_some()
                || NumberShape::of(cell, true).is_some()
                || dates::parse(cell, DateOrder::DayFirst).is_some()
                || dates::parse(cell, DateOrder::MonthFirst).is_some()
        };
        let (mut lines, mut runs, mut single, mut split) = (0usize, 0usize, 0usize, 0usize);
        let mut data = vec![0usize; self.width];
        let (mut at, mut ends, mut others) = (start, Vec::new(), Vec::new());
        while at < end && lines < SAMPLE_RECORDS {
            ends.clear();
            others.clear();
            let (next, ..) = self.dialect.record(&text.as_bytes()[..end], at, &mut ends);
            other.dialect.record(&text.as_bytes()[..end], at, &mut others);
            let line = text[at..next].trim_end();
            if !line.is_empty() {
                lines += 1;
                let wide = |text: &str| text.contains("  ") || text.contains('\t');
                runs += usize::from(line.starts_with(' ') || wide(line.trim_start()));
                single += usize::from(is_data(line.trim_start()));
                let mut from = at;
                split += usize::from(others.iter().any(|to| {
                    let cell = text.get(from..*to as usize).unwrap_or_default().trim();
                    from = *to as usize + 1;
                    wide(cell)
                }));
                let mut from = at;
                for (to, data) in ends.iter().zip(&mut data) {
                    *data += usize::from(is_data(self.dialect.unquote(&text[from..*to as usize]).as_ref()));
                    from = *to as usize + 1;
                }
            }
            at = next;
        }
        let nearly_all = |count: usize| count * 10 >= lines * 9;
        let others_divide = other.width > 1 && other.share > 0.95 && other.header_fits;
        if others_divide && !nearly_all(split) {
            return false;
        }
        // The first line may be a header.
        let numbers = data.iter().filter(|count| (**count + 1) * 10 >= lines * 9 && **count > 0).count();
        !nearly_all(single) && (nearly_all(runs) && numbers > 0 || numbers * 2 > self.width)
    }

    fn single(mut self) -> Candidate {
        self.dialect.delimiter = b',';
        self.width = 1;
        self
    }

    fn sentence(&self, declared: bool) -> String {
        let name = if self.dialect.aligned { "any number of blanks".to_owned() } else { word(self.dialect.delimiter) };
        if self.width == 1 {
            return "One column: no delimiter divides the lines evenly.".to_owned();
        }
        if declared {
            return format!("Fields are divided by {name}, as the options say.");
        }
        let lines = self.records;
        if self.share == 1.0 {
            return format!("Fields are divided by {name}: each of the first {lines} lines has {}.", self.width);
        }
        format!(
            "Fields are divided by {name}: {:.0} % of the first {lines} lines have {}.",
            self.share * 100.0,
            self.width
        )
    }
}

/// The name of a delimiter for people.
pub fn word(delimiter: u8) -> String {
    match DELIMITERS.iter().find(|(d, _)| *d == delimiter) {
        Some((_, name)) => (*name).to_owned(),
        None => format!("`{}`", char::from(delimiter)),
    }
}

fn ascii(c: char) -> Result<u8> {
    u8::try_from(c).ok().filter(u8::is_ascii).filter(|b| !matches!(b, b'\n' | b'\r')).ok_or_else(|| {
        Error::new(format!("`{c}` cannot divide or quote fields")).hint("choose a single ASCII character")
    })
}

/// `'` when fields begin and end with it, as many the one as the other, and no `"` stands anywhere.
fn detect_quote(sample: &[u8]) -> u8 {
    const BETWEEN: &[u8] = b",;\t|~\r\n";
    let pairs = |holds: &dyn Fn(u8, u8) -> bool| sample.windows(2).filter(|pair| holds(pair[0], pair[1])).count();
    let is_quote = |byte: u8| byte == b'\'';
    // A doubled one inside a field begins nothing.
    let opens = pairs(&|before, byte| is_quote(byte) && BETWEEN.contains(&before))
        + usize::from(sample.first() == Some(&b'\''));
    let closes =
        pairs(&|byte, after| is_quote(byte) && BETWEEN.contains(&after)) + usize::from(sample.last() == Some(&b'\''));
    if !sample.contains(&b'"') && opens > 1 && opens == closes { b'\'' } else { b'"' }
}

/// Whether the first record names the columns, and why.
fn detect_header<'a>(
    first: &[String],
    rows: impl Iterator<Item = &'a [String]> + Clone,
    parser: &CellParser,
) -> (bool, String) {
    let is_data = |cell: &str| {
        NumberShape::of(cell, false).is_some()
            || NumberShape::of(cell, true).is_some()
            || dates::parse(cell, DateOrder::DayFirst).is_some()
            || dates::parse(cell, DateOrder::MonthFirst).is_some()
    };
    if let Some(cell) = first.iter().find(|cell| is_data(cell)) {
        return (false, format!("No header: the first line holds the value {cell}."));
    }
    if first.iter().all(|cell| parser.is_missing(cell)) {
        return (false, "No header: the first line is blank.".to_owned());
    }
    // A value of a column comes again below; a name hardly does.
    for (i, name) in first.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        if rows.clone().any(|row| row.get(i) == Some(name)) && first.len() > 1 {
            return (false, format!("No header: `{name}` of the first line occurs again in its column."));
        }
    }
    let typed = rows.clone().take(20).flat_map(|row| row.iter()).any(|cell| is_data(cell));
    let why =
        if typed { "no number or date in the first line, some below" } else { "its cells do not occur again below" };
    (true, format!("The first line names the columns: {why}."))
}
