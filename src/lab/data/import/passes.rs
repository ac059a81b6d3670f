//! One pass over delimited text: window by window, each cut into chunks that all cores read at once. Memory holds the cells and
//! a few windows, never the text.
//!
//! A chunk begins at the start of a line and supposes that no quoted field reaches over it. Where one does, the chunk is read
//! again from where the record before it ends, so that the result is that of reading from the first byte to the last.

use super::chunks::{Lane, Place, Work};
use super::column::{NAMED_CODES, Part, Store};
use super::file::size_word;
use super::infer::Evidence;
use super::parse::CellParser;
use super::records::{Dialect, LONGEST_RECORD};
use super::rows::{Rows, Stretch};
use super::text::{Input, Text};
use super::words::Words;
use super::{BadRow, Bounds, Encoding};
use crate::error::{Error, Result};
use crate::task::Task;
use attune_policy::value::Type;
use std::sync::Mutex;

/// What is read in a pass.
pub struct Pass<'a> {
    /// The text.
    pub input: Input<'a>,
    /// How its bytes stand for characters.
    pub encoding: Encoding,
    /// What separates records and fields.
    pub dialect: Dialect,
    /// Fields per record.
    pub width: usize,
    /// Where the rows begin in the decoded text.
    pub rows_at: usize,
    /// Line of that place, from 1.
    pub line: u64,
    /// Per column: whether it is looked at, under which type, and whether that type is settled.
    pub columns: Vec<Asked>,
    /// How cells are read.
    pub parser: &'a CellParser,
    /// Columns whose cells are read in a way of their own.
    pub own: Vec<(usize, CellParser)>,
    /// One row in this many is kept.
    pub sample: Option<u32>,
    /// Whether the bytes of the file are hashed.
    pub hashed: bool,
    /// Whether every row and cell takes the slow way, as tests do to compare the two.
    pub careful: bool,
}

/// What is asked of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Nothing.
    Skip,
    /// What its cells look like.
    Evidence,
    /// Its cells under a type that may be wrong; no longer once too many do not fit.
    Try(Type),
    /// Its cells under this type.
    Read(Type),
}

/// What a pass found.
#[derive(Default)]
pub struct Found {
    /// The columns.
    pub columns: Vec<Gathered>,
    /// Rows kept.
    pub rows: usize,
    /// Number of each kept row in the file; `None` when all are kept.
    pub numbers: Option<Vec<u32>>,
    /// Rows set aside.
    pub bad: Vec<BadRow>,
    /// Empty lines.
    pub blank: u64,
    /// Rows left out by sampling.
    pub left_out: u64,
    /// Rows with empty fields behind the last column.
    pub widened: u64,
    /// Rows set aside because they are not UTF-8.
    pub invalid: u64,
    /// Characters of several bytes.
    pub multibyte: u64,
    /// SHA-256 of the file's bytes, when it was asked for.
    pub sha256: Option<String>,
    /// What is said of bytes that were no characters of their encoding.
    pub replaced: Option<String>,
    /// Unpacked bytes.
    pub bytes: u64,
    /// Bytes of text and cells: no more were held at once.
    pub peak: usize,
}

/// A column of the whole pass.
pub struct Gathered {
    /// What is asked of the windows to come.
    asked: Asked,
    /// Its cells.
    pub store: Store<Words>,
    /// What they look like.
    pub evidence: Evidence,
    /// Those that do not fit.
    pub bad: Vec<Misfit>,
    /// The first numbers that are written as codes are, at most [`NAMED_CODES`].
    pub codes: Vec<Misfit>,
    /// Whether reading it under its type was given up.
    pub given_up: bool,
    /// Whether its distinct texts outgrew what a column can hold.
    full: bool,
}

/// A cell that does not fit, or hardly.
pub struct Misfit {
    /// Number of its row.
    pub row: u64,
    /// Line where the row begins.
    pub line: u64,
    /// Its text.
    pub text: String,
}

/// Room before a window for what the window before it leaves, so that the text need not be moved.
const CARRY: usize = 64 << 10;
/// The first window is so many times smaller, and each after it twice as large: nothing can be done while the first is read.
const FIRST: usize = 16;
/// Cells that do not fit before a type that may be wrong is given up.
const MANY_MISFITS: usize = 10_000;

/// Reads the text once.
///
/// # Errors
/// When it cannot be read, a line is longer than any record, or the table outgrows its bound.
pub fn run(pass: Pass<'_>, bounds: &Bounds, task: &Task) -> Result<Found> {
    let mut text = Text::open(pass.input, pass.encoding, pass.hashed)?;
    // Room at once, of which the system gives what is used: a buffer that grows is copied.
    let room = text.file().map_or(0, |file| match file.compression {
        Some(_) => CARRY + bounds.window,
        None => CARRY + usize::try_from(file.size).unwrap_or(usize::MAX).saturating_add(1).min(bounds.window),
    });
    let (mut window, mut more) = (Vec::with_capacity(room), Vec::with_capacity(room));
    let mut size = (bounds.window / FIRST).max(1);
    while window.len() < pass.rows_at.max(1) && !text.ended() {
        text.fill(size.max(pass.rows_at), &mut window)?;
    }
    let mut found = Found::default();
    let mut lanes: Vec<Lane> = pass.columns.iter().map(|asked| Lane::new(Gathered::new(*asked))).collect();
    let mut from = pass.rows_at.min(window.len());
    let mut line = pass.line;
    // Where the window begins in the text; less than nothing where something else stands before the text.
    let mut base = 0u64;
    // Bytes of a record that the window before did not end.
    let mut rest = 0;
    let desks = Mutex::default();
    let mut first = true;
    let (dialect, width, sample, careful) = (pass.dialect, pass.width, pass.sample, pass.careful);
    loop {
        let fraction = text.fraction().min(1.0);
        task.tick(fraction)?;
        let eof = text.ended();
        let stretch = Stretch { window: &window, eof, base, dialect, width, sample, careful };
        more.clear();
        more.resize(CARRY, 0);
        size = (2 * size).min(bounds.window).max(1);
        let asked = lanes.iter_mut().map(|lane| lane.column().asked).collect();
        let rows = (&mut found, &mut line);
        let work = Work::new(&pass, stretch, from, bounds.window / 8, rows, (asked, &lanes), &desks);
        let fill =
            || if eof { Ok(()) } else { text.fill(size.max(rest.min(LONGEST_RECORD.saturating_sub(rest))), &mut more) };
        rayon::join(fill, || work.run()).0?;
        let (end, bytes) = work.finish()?;
        let held = found.bytes_held(&mut lanes);
        found.peak = found.peak.max(window.len() + more.len() + bytes + held);
        if std::mem::take(&mut first) && !eof {
            reserve(&mut lanes, found.rows, end - from, &mut text, bounds);
        }
        refuse_too_large(held, found.rows, bounds, fraction)?;
        if eof {
            break;
        }
        rest = window.len() - end;
        if end == from && rest > LONGEST_RECORD {
            return Err(Error::new(format!("the line is longer than {} MiB", LONGEST_RECORD >> 20))
                .at_line(line)
                .hint("this is hardly a table; check the kind of file"));
        }
        // What is left of this window stands before the next.
        let begins = base.wrapping_add(end as u64);
        if rest <= CARRY {
            from = CARRY - rest;
            more[from..CARRY].copy_from_slice(&window[end..]);
            std::mem::swap(&mut window, &mut more);
        } else {
            from = 0;
            window.drain(..end);
            window.extend_from_slice(&more[CARRY..]);
        }
        base = begins.wrapping_sub(from as u64);
    }
    found.columns = lanes.into_iter().map(Lane::finish).collect();
    found.bytes = text.read();
    found.replaced = text.replaced();
    found.sha256 = text.file().filter(|_| pass.hashed).map(super::file::Bytes::sha256);
    Ok(found)
}

/// Makes room for as many rows as the first window promises, and for the texts that differ among them.
fn reserve(lanes: &mut [Lane], rows: usize, bytes: usize, text: &mut Text<'_>, bounds: &Bounds) {
    let packed = text.file().is_some_and(|file| file.compression.is_some());
    let Some(size) = text.file().map(|file| file.size).filter(|_| !packed && bytes > 0) else { return };
    let times = size as f64 / bytes as f64 * 1.02;
    let expected = (rows as f64 * times) as usize;
    if expected as u64 * 8 * (lanes.len() as u64) < bounds.memory {
        lanes.iter_mut().for_each(|lane| lane.column().store.reserve(expected, times));
    }
}

fn refuse_too_large(held: usize, rows: usize, bounds: &Bounds, fraction: f32) -> Result<()> {
    if held as u64 <= bounds.memory {
        return Ok(());
    }
    Err(Error::new(format!(
        "the table needs more than {} of memory: {rows} rows, {:.0} % of the file, took that much",
        size_word(bounds.memory),
        fraction * 100.0
    ))
    .hint("read fewer columns, or a sample of the rows"))
}

impl Found {
    /// Takes over the rows of the next chunk, which begins at a line; gives their place.
    ///
    /// # Errors
    /// When there are more than can be numbered.
    pub fn take(&mut self, mut chunk: Rows, line: &mut u64) -> Result<Place> {
        let record = self.rows as u64 + self.bad.len() as u64 + self.left_out;
        if record + chunk.records >= u64::from(u32::MAX) {
            return Err(Error::new(format!("the file has more than {record} rows")).hint("split it"));
        }
        if self.numbers.is_none() && (!chunk.bad.is_empty() || chunk.left_out > 0) {
            self.numbers = Some((1..=self.rows as u32).collect());
        }
        if let Some(numbers) = &mut self.numbers {
            numbers.extend(chunk.numbers.iter().map(|n| (record + u64::from(*n) + 1) as u32));
        }
        let moved = |bad: BadRow| BadRow { row: record + bad.row + 1, line: *line + bad.line, ..bad };
        self.bad.extend(chunk.bad.drain(..).map(moved));
        self.rows += chunk.starts.len();
        self.blank += chunk.blank;
        self.left_out += chunk.left_out;
        self.widened += chunk.widened;
        self.invalid += chunk.invalid;
        self.multibyte += chunk.multibyte;
        let place = Place { record, line: *line, numbers: chunk.numbers, row_lines: chunk.row_lines };
        *line += chunk.lines;
        Ok(place)
    }

    /// Bytes of cells and of what was set aside.
    fn bytes_held(&self, lanes: &mut [Lane]) -> usize {
        let bad: usize = self.bad.iter().map(|bad| bad.text.len() + bad.reason.len() + size_of::<BadRow>()).sum();
        let column = |lane: &mut Lane| {
            let column = lane.column();
            let bad: usize = column.bad.iter().map(|bad| bad.text.len() + size_of::<Misfit>()).sum();
            column.store.bytes() + bad
        };
        bad + self.numbers.as_ref().map_or(0, |n| n.len() * 4) + lanes.iter_mut().map(column).sum::<usize>()
    }
}

impl Gathered {
    fn new(asked: Asked) -> Gathered {
        let store = Store::new(match asked {
            Asked::Skip | Asked::Evidence => None,
            Asked::Try(type_) | Asked::Read(type_) => Some(type_),
        });
        let (bad, codes) = (Vec::new(), Vec::new());
        Gathered { asked, store, evidence: Evidence::default(), bad, codes, given_up: false, full: false }
    }

    /// Takes over the cells of the next chunk.
    pub fn take(&mut self, part: Part, place: &Place) {
        self.evidence.merge(&part.evidence);
        // It may have been read before that was known.
        if self.given_up || self.full {
            return;
        }
        self.full = !self.store.append(part.store);
        let placed = |(row, text): (u32, String)| Misfit {
            row: place.record + u64::from(place.numbers[row as usize]) + 1,
            line: place.line + u64::from(place.row_lines[row as usize]),
            text,
        };
        self.bad.extend(part.bad.into_iter().map(placed));
        let room = NAMED_CODES - self.codes.len().min(NAMED_CODES);
        self.codes.extend(part.codes.into_iter().take(room).map(placed));
        if matches!(self.asked, Asked::Try(_)) && self.bad.len() > MANY_MISFITS.max(self.evidence.known as usize / 20) {
            // The type is another one; the evidence will say which.
            self.asked = Asked::Evidence;
            self.store = Store::Nothing;
            (self.bad, self.codes) = (Vec::new(), Vec::new());
            self.given_up = true;
        }
    }

    /// Whether its distinct texts outgrew what a column can hold.
    pub fn is_full(&self) -> bool {
        self.full
    }
}
