//! Cells for tables: fetched in blocks of rows by a job, kept while they are near the eye. A request never waits.

use crate::derived::Key;
use crate::events::Output;
use crate::lanes::LaneName;
use crate::session::Session;
use attune_lab::data::Page;
use std::collections::VecDeque;
use std::sync::Arc;

/// Rows of a block.
const BLOCK: usize = 256;
/// Blocks kept.
const ROOM: usize = 64;

/// Which rows of which data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub data: Key,
    pub number: usize,
}

/// The blocks in memory; `None` while one is on its way.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    blocks: VecDeque<(Block, Option<Arc<Page>>)>,
}

/// One row of a table as text.
#[derive(Clone, Debug)]
pub struct Row {
    page: Arc<Page>,
    at: usize,
}

impl Row {
    /// Number of the row in its file, from 1.
    pub fn number(&self) -> u64 {
        self.page.numbers.get(self.at).copied().unwrap_or_default()
    }

    /// Text of a column (position in the dataset); `None` when the cell is missing.
    pub fn cell(&self, column: usize) -> Option<&str> {
        self.page.rows.get(self.at)?.get(column)?.as_deref()
    }

    /// Texts of all columns.
    pub fn cells(&self) -> &[Option<String>] {
        self.page.rows.get(self.at).map_or(&[], Vec::as_slice)
    }
}

impl Pages {
    pub(crate) fn put(&mut self, block: Block, page: Option<Page>) {
        self.blocks.retain(|(known, _)| *known != block);
        self.blocks.push_back((block, page.map(Arc::new)));
        while self.blocks.len() > ROOM {
            self.blocks.pop_front();
        }
    }

    fn get(&self, block: &Block) -> Option<&Option<Arc<Page>>> {
        self.blocks.iter().rev().find(|(known, _)| known == block).map(|(_, page)| page)
    }
}

impl Session {
    pub(crate) fn fetch_row(&self, row: usize) -> Option<Row> {
        let (Ok(data), Some(loaded)) = (&self.keys.data, self.loaded()) else { return None };
        if row >= loaded.dataset.rows() {
            return None;
        }
        let block = Block { data: data.clone(), number: row / BLOCK };
        let known = self.pages.borrow().get(&block).cloned();
        if let Some(page) = known {
            return page.map(|page| Row { page, at: row % BLOCK });
        }
        self.pages.borrow_mut().put(block.clone(), None);
        let slot = format!("page {}", block.number);
        let first = block.number * BLOCK;
        let fetched = block.clone();
        let queued = self.submit(LaneName::Preview, &slot, "Fetching rows", None, move |_| {
            let columns: Vec<usize> = (0..loaded.dataset.columns().len()).collect();
            Ok(Output::Page(fetched, loaded.dataset.page(first..first + BLOCK, &columns)))
        });
        if !queued {
            // Asked again at the next frame, when there is room.
            self.pages.borrow_mut().blocks.retain(|(known, _)| *known != block);
        }
        None
    }
}
