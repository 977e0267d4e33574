//! Columns of leads, compared with polars. The only place that knows polars; a frame never leaves it.
//!
//! A segment's column is one chunk: a query strings the chunks together without copying, cuts the
//! row of segments into as many lanes as there are processors, and asks each lane one lazy
//! expression. The engine's reading of numbers is kept beside the text, made once.

use std::{collections::HashMap, sync::Arc};

use engine::{
    filter::{Tree, wall_clock},
    time::Millis,
};
use polars::prelude::*;

use crate::{error::JobError, snapshot::Cells};

mod asked;

/// A column of one segment.
#[derive(Debug)]
pub struct Part {
    texts: StringChunked,
    /// Null where the text is no number; `None` when none is.
    numbers: Option<Float64Chunked>,
    /// Every text is a number, so texts need not be compared.
    plain: bool,
    bytes: usize,
}

/// A segment, with the columns that a filter asks about.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Positions of its leads, ascending.
    pub positions: Arc<Vec<i64>>,
    pub parts: HashMap<String, Arc<Part>>,
}

/// What a filter selected.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub count: usize,
    /// Ascending; empty when only the count was wanted.
    pub positions: Vec<i64>,
}

impl Part {
    #[must_use]
    pub fn of(cells: &Cells) -> Self {
        let rows = 0..cells.rows();
        let mut texts = StringChunkedBuilder::new(PlSmallStr::EMPTY, cells.rows());
        let (mut bytes, mut filled) = (0, 0);
        for row in rows.clone() {
            let text = cells.text(row);
            bytes += 16 + text.map_or(0, str::len);
            filled += usize::from(text.is_some());
            texts.append_option(text);
        }
        let numbers = cells.numbers().map(|numbers| {
            let numbers = numbers.iter();
            let numbers = numbers.map(|number| (!number.is_nan()).then_some(*number));
            numbers.collect::<Float64Chunked>()
        });
        let count = numbers
            .as_ref()
            .map_or(0, |numbers| numbers.len() - numbers.null_count());
        Self {
            texts: texts.finish(),
            bytes: bytes + numbers.as_ref().map_or(0, |_| 9 * cells.rows()),
            numbers,
            plain: count == filled,
        }
    }

    /// A column with the same text everywhere; `None`: with nothing.
    #[must_use]
    pub fn same(text: Option<&str>, rows: usize) -> Self {
        let texts = match text {
            Some(text) => StringChunked::full(PlSmallStr::EMPTY, text, rows),
            None => StringChunked::full_null(PlSmallStr::EMPTY, rows),
        };
        let number = text.and_then(engine::filter::number);
        Self {
            texts,
            bytes: 16 * rows,
            plain: text.is_none() || number.is_some(),
            numbers: number.map(|number| Float64Chunked::full(PlSmallStr::EMPTY, number, rows)),
        }
    }

    /// Moments in UTC milliseconds as the wall clock of a zone shows them.
    #[must_use]
    pub fn moments(&self, zone: &str) -> Self {
        let mut cells = Cells::default();
        // Leads of one chunk of an import have one moment.
        let (mut last, mut shown) = ("", String::new());
        for (row, text) in self.texts.iter().enumerate() {
            let Some(text) = text else { continue };
            if text != last {
                let at = text.parse().ok().map(Millis);
                shown = at.and_then(|at| wall_clock(at, zone)).unwrap_or_default();
                last = text;
            }
            cells.put(row, &shown);
        }
        cells.fill(self.texts.len());
        Self::of(&cells)
    }

    /// What it takes in memory, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// The leads of some segments that a filter selects. Blocks.
///
/// # Errors
/// When a column is not there or polars refuses.
pub fn select(pieces: &[Piece], tree: &Tree, count_only: bool) -> Result<Found, JobError> {
    let lanes = std::thread::available_parallelism().map_or(1, usize::from);
    let each = pieces.len().div_ceil(lanes).max(1);
    let found: Vec<Result<Found, JobError>> = std::thread::scope(|scope| {
        let lanes: Vec<_> = pieces
            .chunks(each)
            .map(|lane| scope.spawn(move || select_lane(lane, tree, count_only)))
            .collect();
        let broken = |_| Err(JobError::Panicked("a filter's lane".into()));
        let join = lanes.into_iter().map(|lane| lane.join());
        join.map(|found| found.unwrap_or_else(broken)).collect()
    });
    let mut all = Found::default();
    for found in found {
        let mut found = found?;
        all.count += found.count;
        all.positions.append(&mut found.positions);
    }
    Ok(all)
}

fn select_lane(pieces: &[Piece], tree: &Tree, count_only: bool) -> Result<Found, JobError> {
    let rows: usize = pieces.iter().map(|piece| piece.positions.len()).sum();
    let all = || pieces.iter().flat_map(|piece| piece.positions.iter());
    if *tree == Tree::All || rows == 0 {
        let positions = if count_only {
            Vec::new()
        } else {
            all().copied().collect()
        };
        let count = rows;
        return Ok(Found { count, positions });
    }
    let mask = asked::mask(pieces, rows, tree)?;
    let count = mask.sum().unwrap_or_default() as usize;
    if count_only {
        return Ok(Found {
            count,
            positions: Vec::new(),
        });
    }
    let mut chosen = Vec::with_capacity(count);
    let mut positions = all();
    for chunk in mask.downcast_iter() {
        let mut next = 0;
        for at in chunk.values().true_idx_iter() {
            chosen.extend(positions.nth(at - next));
            next = at + 1;
        }
        if let Some(rest) = (chunk.len() - next).checked_sub(1) {
            positions.nth(rest);
        }
    }
    Ok(Found {
        count,
        positions: chosen,
    })
}

impl From<PolarsError> for JobError {
    fn from(error: PolarsError) -> Self {
        Self::Columns(Box::new(error))
    }
}

#[cfg(test)]
pub mod tests;
