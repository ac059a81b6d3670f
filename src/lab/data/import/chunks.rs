//! The chunks of a window of text: read on all cores, and taken over in their order while others are still read.
//!
//! Who has read a chunk takes over what is ready and nobody else takes over: first the rows, in their order, then the cells, each column by
//! itself. So cells are taken over while they are near, few of them wait as a rule, and no core waits for another before the window is done.

use super::column::{Fields, Part, Store};
use super::draft::Draft;
use super::infer::Evidence;
use super::parse::CellParser;
use super::passes::{Asked, Found, Gathered, Pass};
use super::rows::{Rows, Stretch};
use super::words::{Texts, Words};
use crate::error::{Error, Result};
use rayon::prelude::*;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most bytes of a chunk, or so: its places and cells stay in the cache of a core.
const CHUNK: usize = 512 << 10;
/// Rows of which all columns are read before those of the next rows: their text and the ends of their fields stay in the nearest cache.
const BLOCK: usize = 256;
/// The last chunks of a window are smaller, one part in so many of what is left, so that all cores are done with it at about the same time.
/// What is cut where does not depend on how many there are.
const SHARE: usize = 8;
/// They are so many times smaller at most.
const SMALLEST: usize = 8;

/// A column and what waits to be taken over into it.
pub struct Lane {
    column: Mutex<Gathered>,
    waiting: Mutex<VecDeque<(Part, Arc<Place>)>>,
}

/// The rows of a chunk, as the cells that do not fit need them.
pub struct Place {
    /// Rows of the file before the chunk.
    pub record: u64,
    /// Line at which the chunk begins.
    pub line: u64,
    /// Number of each kept row in the chunk.
    pub numbers: Vec<u32>,
    /// Line of each in the chunk.
    pub row_lines: Vec<u32>,
}

/// The rows of a stretch of text and their cells.
struct Chunk {
    rows: Rows,
    columns: Vec<Part>,
}

/// Room that chunk after chunk is read in.
#[derive(Default)]
pub struct Desk {
    ends: Vec<u32>,
    /// Per column.
    words: Vec<Words>,
}

/// A window in work.
pub struct Work<'w> {
    pass: &'w Pass<'w>,
    text: Stretch<'w>,
    /// What is asked of each column, and how its cells are read.
    asked: Vec<Asked>,
    parsers: Vec<&'w CellParser>,
    /// Where chunks begin, and where the last one ends.
    starts: Vec<usize>,
    /// The chunk that is read next.
    next: AtomicUsize,
    /// Those that were read and wait.
    read: Vec<Mutex<Option<Chunk>>>,
    gate: Mutex<Gate<'w>>,
    lanes: &'w [Lane],
    desks: &'w Mutex<Vec<Desk>>,
    /// Bytes of all cells read.
    bytes: AtomicUsize,
}

/// Where rows are taken over.
struct Gate<'w> {
    found: &'w mut Found,
    /// Line of the next chunk.
    line: &'w mut u64,
    /// The next chunk.
    next: usize,
    /// Where the record after the last row begins.
    end: usize,
    /// Whether the text ends inside that record, so that nothing follows in this window.
    cut: bool,
    refused: Option<Error>,
}

impl Lane {
    pub fn new(column: Gathered) -> Lane {
        Lane { column: Mutex::new(column), waiting: Mutex::default() }
    }

    /// Its column.
    pub fn column(&mut self) -> &mut Gathered {
        self.column.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its column, for good.
    pub fn finish(self) -> Gathered {
        self.column.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what waits, unless somebody else does.
    fn take_over(&self) {
        if let Ok(mut column) = self.column.try_lock() {
            loop {
                let first = locked(&self.waiting).pop_front();
                let Some((part, place)) = first else { break };
                column.take(part, &place);
            }
        }
    }
}

impl<'w> Work<'w> {
    /// The chunks of a window from a place on; none is read yet. `line` is that of the place.
    pub fn new(
        pass: &'w Pass<'w>,
        text: Stretch<'w>,
        from: usize,
        most: usize,
        (found, line): (&'w mut Found, &'w mut u64),
        (asked, lanes): (Vec<Asked>, &'w [Lane]),
        desks: &'w Mutex<Vec<Desk>>,
    ) -> Work<'w> {
        let window = text.window;
        let most =
            std::env::var("CHUNK").ok().and_then(|v| v.parse::<usize>().ok()).map_or(CHUNK, |k| k << 10).min(most);
        let mut starts = vec![from];
        let mut at = from;
        while at < window.len() {
            let share = (window.len() - at) / SHARE;
            let next = at + share.clamp(most / SMALLEST, most).max(1);
            at = if next < window.len() { pass.dialect.next_line(window, next) } else { next };
            starts.push(at.min(window.len()));
        }
        let parser = |column: usize| {
            let own = pass.own.iter().find(|(of, _)| *of == column);
            own.map_or(pass.parser, |(_, parser)| parser)
        };
        Work {
            pass,
            text,
            parsers: (0..asked.len()).map(parser).collect(),
            asked,
            next: AtomicUsize::new(0),
            read: starts.iter().skip(1).map(|_| Mutex::default()).collect(),
            starts,
            gate: Mutex::new(Gate { found, line, next: 0, end: from, cut: false, refused: None }),
            lanes,
            desks,
            bytes: AtomicUsize::new(0),
        }
    }

    /// Reads and takes over chunks on all cores until all are read.
    pub fn run(&self) {
        (0..rayon::current_num_threads()).into_par_iter().with_max_len(1).for_each(|_| {
            loop {
                let at = self.next.fetch_add(1, Ordering::Relaxed);
                let Some(waiting) = self.read.get(at) else { break };
                let chunk = self.chunk(self.starts[at], self.starts[at + 1]);
                *locked(waiting) = Some(chunk);
                if let Ok(mut gate) = self.gate.try_lock() {
                    self.admit(&mut gate);
                }
                self.lanes.iter().for_each(Lane::take_over);
            }
        });
    }

    /// Takes over what is left; gives where the record after the last row begins, and the bytes of all cells that were read.
    ///
    /// # Errors
    /// When the file has more rows, or a column longer distinct texts, than can be held.
    pub fn finish(self) -> Result<(usize, usize)> {
        self.admit(&mut locked(&self.gate));
        self.lanes.par_iter().with_max_len(1).for_each(Lane::take_over);
        let Gate { end, refused, .. } = self.gate.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = refused {
            return Err(error);
        }
        if self.lanes.iter().any(|lane| locked(&lane.column).is_full()) {
            return Err(Error::new("the distinct texts of one column need more than 4 GiB")
                .hint("leave the column out with the list of columns to read"));
        }
        Ok((end, self.bytes.into_inner()))
    }

    /// Takes over the rows of the chunks that follow and were read, and lets their cells wait for their columns.
    fn admit(&self, gate: &mut Gate<'_>) {
        while let Some(chunk) = self.read.get(gate.next).and_then(|waiting| locked(waiting).take()) {
            gate.next += 1;
            if gate.cut || gate.refused.is_some() || gate.end >= chunk.rows.until {
                continue;
            }
            // A quoted field reached over its beginning: it is read again from where the record before it ends.
            let chunk = if chunk.rows.from == gate.end { chunk } else { self.chunk(gate.end, chunk.rows.until) };
            (gate.end, gate.cut) = (chunk.rows.end, chunk.rows.cut);
            match gate.found.take(chunk.rows, gate.line) {
                Err(error) => gate.refused = Some(error),
                Ok(place) => {
                    let place = Arc::new(place);
                    for (lane, part) in self.lanes.iter().zip(chunk.columns) {
                        locked(&lane.waiting).push_back((part, place.clone()));
                    }
                }
            }
        }
    }

    /// Reads the records that begin in a stretch of the window.
    fn chunk(&self, from: usize, until: usize) -> Chunk {
        let pass = self.pass;
        let mut desk = locked(self.desks).pop().unwrap_or_default();
        let mut rows = self.text.rows(from, until, std::mem::take(&mut desk.ends));
        let fields = Fields {
            text: self.text.window,
            dialect: pass.dialect,
            width: pass.width,
            starts: &rows.starts,
            ends: &rows.ends,
            careful: pass.careful,
        };
        desk.words.resize_with(self.asked.len(), Words::default);
        let draft = |(asked, words)| match asked {
            &Asked::Skip => None,
            &Asked::Evidence => Some(Draft::new(None, rows.starts.len(), words)),
            &Asked::Try(type_) | &Asked::Read(type_) => Some(Draft::new(Some(type_), rows.starts.len(), words)),
        };
        let mut drafts: Vec<Option<Draft<'_>>> = self.asked.iter().zip(&mut desk.words).map(draft).collect();
        for first in (0..rows.starts.len()).step_by(BLOCK) {
            let block = fields.block(first..(first + BLOCK).min(rows.starts.len()));
            for ((column, draft), parser) in drafts.iter_mut().enumerate().zip(&self.parsers) {
                if let Some(draft) = draft {
                    draft.read(&block, column, parser);
                }
            }
        }
        let finish = |(draft, parser): (Option<Draft<'_>>, &&CellParser)| match draft {
            None => Part { store: Store::Nothing, evidence: Evidence::default(), bad: Vec::new(), codes: Vec::new() },
            Some(draft) => draft.finish(&fields, parser),
        };
        let columns = drafts.into_iter().zip(&self.parsers).map(finish).collect();
        // Only the places of rows are needed from here on.
        desk.ends = std::mem::take(&mut rows.ends);
        locked(self.desks).push(desk);
        let chunk = Chunk { rows, columns };
        self.bytes.fetch_add(chunk.bytes(), Ordering::Relaxed);
        chunk
    }
}

impl Chunk {
    fn bytes(&self) -> usize {
        let cells: usize = self.columns.iter().map(|part| part.store.bytes_with(Texts::bytes)).sum();
        cells + (self.rows.starts.len() + self.rows.numbers.len() + self.rows.row_lines.len()) * 4
    }
}

/// What a lock guards. A panic elsewhere ends the whole pass, so that nobody sees what it left.
fn locked<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
