//! Rows cut into blocks: so many that a block's inputs stay in the first cache, and a step over them fills the registers.

use std::ops::Range;

/// Rows of a block.
pub const ROWS: usize = 128;

/// Which rows of a batch, and in which order.
#[derive(Clone, Debug)]
pub enum Rows<'a> {
    /// Rows beside each other.
    Run(Range<usize>),
    /// Rows by their number.
    List(&'a [u32]),
}

/// Up to [`ROWS`] rows.
#[derive(Clone, Debug)]
pub struct Block<'a>(Rows<'a>);

impl<'a> Rows<'a> {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Rows::Run(run) => run.len(),
            Rows::List(list) => list.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows in blocks.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Block<'a>> + '_ {
        (0..self.len()).step_by(ROWS).map(move |from| {
            Block(match self {
                Rows::Run(run) => Rows::Run(run.start + from..run.end.min(run.start + from + ROWS)),
                Rows::List(list) => Rows::List(list.get(from..list.len().min(from + ROWS)).unwrap_or(&[])),
            })
        })
    }
}

impl Block<'_> {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The first row, when they stand beside each other.
    pub fn run(&self) -> Option<usize> {
        match &self.0 {
            Rows::Run(run) => Some(run.start),
            Rows::List(_) => None,
        }
    }

    /// The number of row `i` of the block; past the last of any batch beyond its end.
    pub fn row(&self, i: usize) -> usize {
        match &self.0 {
            Rows::Run(run) => run.start + i,
            Rows::List(list) => list.get(i).map_or(usize::MAX, |row| *row as usize),
        }
    }

    /// Writes `value` of each row into `out`, `rest` behind the last.
    pub fn fill<T: Copy>(&self, out: &mut [T; ROWS], rest: T, value: impl Fn(usize) -> T) {
        let len = self.len();
        for (i, out) in out.iter_mut().enumerate() {
            *out = if i < len { value(self.row(i)) } else { rest };
        }
    }

    /// Writes the value of each row into `out`, `rest` behind the last and where there is none.
    pub fn copy<T: Copy>(&self, from: &[T], out: &mut [T; ROWS], rest: T) {
        match self.run().and_then(|start| from.get(start..start + self.len())) {
            Some(from) => {
                out.iter_mut().zip(from).for_each(|(out, x)| *out = *x);
                out.iter_mut().skip(from.len()).for_each(|out| *out = rest);
            }
            None => self.fill(out, rest, |row| from.get(row).copied().unwrap_or(rest)),
        }
    }
}
