//! Merged cells: a value that stands once and is meant for several rows.

use std::collections::VecDeque;

use engine::import_row::Cell;

use super::{COLUMNS_KEPT, Row};

/// Most merges that are remembered of a sheet.
pub const MERGES_MAX: usize = 200_000;

/// A merge over several rows; rows and columns from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Merge {
    pub top: u32,
    pub left: u32,
    pub bottom: u32,
}

/// Repeats the value of a merge in each of its rows, as long as a row holds anything of its own.
#[derive(Debug, Default)]
pub struct Merges {
    waiting: VecDeque<Merge>,
    open: Vec<(Merge, Cell)>,
}

impl Merges {
    pub fn new(mut merges: Vec<Merge>) -> Self {
        merges.retain(|merge| merge.bottom > merge.top && (merge.left as usize) < COLUMNS_KEPT);
        merges.sort_unstable();
        Self {
            waiting: merges.into(),
            open: Vec::new(),
        }
    }

    /// Notes a merge that begins in the row that is read next or in this one.
    pub fn push(&mut self, merge: Merge) {
        if merge.bottom > merge.top && self.waiting.len() < MERGES_MAX {
            self.waiting.push_back(merge);
        }
    }

    pub fn fill(&mut self, row: &mut Row) {
        if self.waiting.is_empty() && self.open.is_empty() {
            return;
        }
        let at = row.no - 1;
        self.open.retain(|(merge, _)| merge.bottom >= at);
        let has_own = row.cells.iter().any(|cell| *cell != Cell::Empty);
        for (merge, value) in self.open.iter().filter(|_| has_own) {
            let column = merge.left as usize;
            if row
                .cells
                .get(column)
                .is_none_or(|cell| *cell == Cell::Empty)
            {
                super::place(row, column, value.clone());
            }
        }
        while let Some(merge) = self
            .waiting
            .front()
            .copied()
            .filter(|merge| merge.top <= at)
        {
            self.waiting.pop_front();
            let value = row
                .cells
                .get(merge.left as usize)
                .filter(|_| merge.top == at);
            if let Some(value) = value.filter(|cell| **cell != Cell::Empty) {
                self.open.push((merge, value.clone()));
            }
        }
    }
}
