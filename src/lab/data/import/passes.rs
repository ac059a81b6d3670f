//! One pass over delimited text: window by window, each cut into chunks that all cores read at once. Memory holds the cells and
//! a few windows, never the text.
//!
//! A chunk begins at the start of a line and supposes that no quoted field reaches over it. Where one does, the chunk is read
//! again from where the record before it ends, so that the result is that of reading from the first byte to the last.

use super::column::{Fields, Part, Store};
use super::file::size_word;
use super::infer::Evidence;
use super::parse::CellParser;
use super::records::{Dialect, LONGEST_RECORD};
use super::rows::{Rows, Stretch};
use super::text::{Input, Text};
use super::words::{Texts, Words};
use super::{BadRow, Bounds, Encoding};
use crate::error::{Error, Result};
use crate::task::Task;
use attune_policy::value::Type;
use rayon::prelude::*;
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
    /// Most bytes held at once, text and cells.
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
    /// Whether reading it under its type was given up.
    pub given_up: bool,
}

/// A cell that does not fit.
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
/// Cells that do not fit before a type that may be wrong is given up.
const MANY_MISFITS: usize = 10_000;

/// Reads the text once.
///
/// # Errors
/// When it cannot be read, a line is longer than any record, or the table outgrows its bound.
pub fn run(pass: Pass<'_>, bounds: &Bounds, task: &Task) -> Result<Found> {
    let mut text = Text::open(pass.input, pass.encoding, pass.hashed)?;
    let (mut window, mut more) = (Vec::new(), Vec::new());
    while window.len() < pass.rows_at.max(1) && !text.ended() {
        text.fill(bounds.window.max(pass.rows_at), &mut window)?;
    }
    let mut found = Found::new(&pass);
    let mut from = pass.rows_at.min(window.len());
    let mut line = pass.line;
    // Where the window begins in the text; less than nothing where something else stands before the text.
    let mut base = 0u64;
    let desks = Mutex::default();
    // The chunks of the window before: they are taken over while this one is read, so that no core waits for the other.
    let mut before = Vec::new();
    let (dialect, width, sample, careful) = (pass.dialect, pass.width, pass.sample, pass.careful);
    loop {
        task.tick(text.fraction())?;
        let eof = text.ended();
        let stretch = Stretch { window: &window, eof, base, dialect, width, sample, careful };
        more.clear();
        more.resize(CARRY, 0);
        let asked: Vec<Asked> = found.columns.iter().map(|column| column.asked).collect();
        let waiting: usize = before.iter().map(Chunk::bytes).sum();
        let (read, (filled, taken)) = rayon::join(
            || pass.window(stretch, &asked, from, CHUNK.min(bounds.window / 8).max(1), &desks),
            || {
                rayon::join(
                    || if eof { Ok(()) } else { text.fill(bounds.window, &mut more) },
                    || found.take(std::mem::take(&mut before), &mut line),
                )
            },
        );
        filled?;
        taken?;
        let Outcome { chunks, end } = read;
        let chunk_bytes: usize = chunks.iter().map(Chunk::bytes).sum();
        found.peak = found.peak.max(window.len() + more.len() + waiting + chunk_bytes + found.bytes_held());
        if found.rows == 0 && !eof {
            found.reserve(&chunks, end - from, &mut text, bounds);
        }
        before = chunks;
        found.refuse_too_large(bounds, text.fraction())?;
        if eof {
            break;
        }
        let rest = window.len() - end;
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
    found.take(before, &mut line)?;
    found.refuse_too_large(bounds, 1.0)?;
    found.bytes = text.read();
    found.replaced = text.replaced();
    found.sha256 = text.file().filter(|_| pass.hashed).map(super::file::Bytes::sha256);
    Ok(found)
}

/// What a window gave: its chunks in order, and where the next window begins.
struct Outcome {
    chunks: Vec<Chunk>,
    end: usize,
}

/// The rows of a stretch of text and their cells.
struct Chunk {
    rows: Rows,
    columns: Vec<Part>,
}

/// Room that chunk after chunk is read in.
#[derive(Default)]
struct Desk {
    ends: Vec<u32>,
    /// Per column.
    words: Vec<Words>,
}

/// Most bytes of a chunk, or so: its places and cells stay in the cache of a core.
const CHUNK: usize = 512 << 10;

impl Pass<'_> {
    /// Reads the records of a window in chunks of about `size` bytes.
    fn window(
        &self,
        text: Stretch<'_>,
        asked: &[Asked],
        from: usize,
        size: usize,
        desks: &Mutex<Vec<Desk>>,
    ) -> Outcome {
        let window = text.window;
        let mut starts = vec![from];
        while let Some(next) = starts.last().map(|at| at + size).filter(|next| *next < window.len()) {
            let next = self.dialect.next_line(window, next);
            if next >= window.len() {
                break;
            }
            starts.push(next);
        }
        starts.push(window.len());
        let read = |from, until| {
            let mut desk = desks.lock().ok().and_then(|mut desks| desks.pop()).unwrap_or_default();
            let chunk = self.chunk(text, asked, from, until, &mut desk);
            if let Ok(mut desks) = desks.lock() {
                desks.push(desk);
            }
            chunk
        };
        let supposed: Vec<Chunk> = starts.par_windows(2).map(|pair| read(pair[0], pair[1])).collect();
        let mut chunks = Vec::with_capacity(supposed.len());
        let mut end = from;
        for chunk in supposed {
            let chunk = match chunk {
                _ if end >= chunk.rows.until => continue,
                chunk if chunk.rows.from == end => chunk,
                wrong => read(end, wrong.rows.until),
            };
            end = chunk.rows.end;
            let cut = chunk.rows.cut;
            chunks.push(chunk);
            if cut {
                break;
            }
        }
        Outcome { chunks, end }
    }

    /// Reads the records that begin in a stretch of the window.
    fn chunk(&self, text: Stretch<'_>, asked: &[Asked], from: usize, until: usize, desk: &mut Desk) -> Chunk {
        let mut rows = text.rows(from, until, std::mem::take(&mut desk.ends));
        let fields = Fields {
            text: text.window,
            dialect: self.dialect,
            width: self.width,
            starts: &rows.starts,
            ends: &rows.ends,
            careful: self.careful,
        };
        desk.words.resize_with(asked.len(), Words::default);
        let parser = |column: usize| {
            let own = self.own.iter().find(|(of, _)| *of == column);
            own.map_or(self.parser, |(_, parser)| parser)
        };
        let read = |((column, asked), words): ((usize, &Asked), &mut Words)| match asked {
            Asked::Skip => Part { store: Store::Nothing, evidence: Evidence::default(), bad: Vec::new() },
            Asked::Evidence => fields.read(column, None, parser(column), words),
            Asked::Try(type_) | Asked::Read(type_) => fields.read(column, Some(*type_), parser(column), words),
        };
        let columns = asked.iter().enumerate().zip(&mut desk.words).map(read).collect();
        // Only the places of rows are needed from here on.
        desk.ends = std::mem::take(&mut rows.ends);
        Chunk { rows, columns }
    }
}

impl Chunk {
    fn bytes(&self) -> usize {
        let cells: usize = self.columns.iter().map(|part| part.store.bytes_with(Texts::bytes)).sum();
        cells + (self.rows.starts.len() + self.rows.numbers.len() + self.rows.row_lines.len()) * 4
    }
}

impl Found {
    fn new(pass: &Pass<'_>) -> Found {
        let column = |asked: &Asked| Gathered {
            asked: *asked,
            store: Store::new(match asked {
                Asked::Skip | Asked::Evidence => None,
                Asked::Try(type_) | Asked::Read(type_) => Some(*type_),
            }),
            evidence: Evidence::default(),
            bad: Vec::new(),
            given_up: false,
        };
        Found {
            columns: pass.columns.iter().map(column).collect(),
            rows: 0,
            numbers: None,
            bad: Vec::new(),
            blank: 0,
            left_out: 0,
            widened: 0,
            invalid: 0,
            multibyte: 0,
            sha256: None,
            replaced: None,
            bytes: 0,
            peak: 0,
        }
    }

    /// Makes room for as many rows as the first window promises.
    fn reserve(&mut self, chunks: &[Chunk], bytes: usize, text: &mut Text<'_>, bounds: &Bounds) {
        let rows: usize = chunks.iter().map(|chunk| chunk.rows.starts.len()).sum();
        let packed = text.file().is_some_and(|file| file.compression.is_some());
        let Some(size) = text.file().map(|file| file.size).filter(|_| !packed && bytes > 0) else { return };
        let expected = (rows as f64 * size as f64 / bytes as f64 * 1.02) as usize;
        if expected as u64 * 8 * (self.columns.len() as u64) < bounds.memory {
            self.columns.iter_mut().for_each(|column| column.store.reserve(expected));
        }
    }

    /// Takes over the chunks of a window, in their order.
    fn take(&mut self, chunks: Vec<Chunk>, line: &mut u64) -> Result<()> {
        // Numbers and lines of the rows before each chunk.
        let mut record = self.rows as u64 + self.bad.len() as u64 + self.left_out;
        let mut parts: Vec<Vec<Part>> = self.columns.iter().map(|_| Vec::with_capacity(chunks.len())).collect();
        let mut places = Vec::with_capacity(chunks.len());
        for Chunk { rows: mut chunk, columns } in chunks {
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
            for (parts, part) in parts.iter_mut().zip(columns) {
                parts.push(part);
            }
            places.push((record, *line, chunk.numbers, chunk.row_lines));
            record += chunk.records;
            *line += chunk.lines;
        }
        let columns = self.columns.par_iter_mut().zip(parts);
        let fits = columns.map(|(column, parts)| column.take(parts, &places)).all(|fits| fits);
        match fits {
            true => Ok(()),
            false => Err(Error::new("the distinct texts of one column need more than 4 GiB")
                .hint("leave the column out with the list of columns to read")),
        }
    }

    /// Bytes of cells and of what was set aside.
    fn bytes_held(&self) -> usize {
        let bad: usize = self.bad.iter().map(|bad| bad.text.len() + bad.reason.len() + size_of::<BadRow>()).sum();
        let column = |column: &Gathered| {
            let bad: usize = column.bad.iter().map(|bad| bad.text.len() + size_of::<Misfit>()).sum();
            column.store.bytes() + bad
        };
        bad + self.numbers.as_ref().map_or(0, |n| n.len() * 4) + self.columns.iter().map(column).sum::<usize>()
    }

    fn refuse_too_large(&self, bounds: &Bounds, fraction: f32) -> Result<()> {
        let held = self.bytes_held() as u64;
        if held <= bounds.memory {
            return Ok(());
        }
        Err(Error::new(format!(
            "the table needs more than {} of memory: {} rows, {:.0} % of the file, took that much",
            size_word(bounds.memory),
            self.rows,
            fraction * 100.0
        ))
        .hint("read fewer columns, or a sample of the rows"))
    }
}

/// The numbers and lines of the kept rows of a chunk: those of the rows before it, then its own.
type Place = (u64, u64, Vec<u32>, Vec<u32>);

impl Gathered {
    /// Takes over the parts of a window; false when texts outgrow what a column can hold.
    fn take(&mut self, parts: Vec<Part>, places: &[Place]) -> bool {
        for (part, (record, line, numbers, lines)) in parts.into_iter().zip(places) {
            self.evidence.merge(&part.evidence);
            if self.given_up {
                // It was read before that was known.
                continue;
            }
            if !self.store.append(part.store) {
                return false;
            }
            self.bad.extend(part.bad.into_iter().map(|(row, text)| Misfit {
                row: record + u64::from(numbers[row as usize]) + 1,
                line: line + u64::from(lines[row as usize]),
                text,
            }));
        }
        if matches!(self.asked, Asked::Try(_)) && self.bad.len() > MANY_MISFITS.max(self.evidence.known as usize / 20) {
            // The type is another one; the evidence will say which.
            self.asked = Asked::Evidence;
            self.store = Store::Nothing;
            self.bad = Vec::new();
            self.given_up = true;
        }
        true
    }
}
