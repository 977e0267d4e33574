//! A batch's columns as its imports and edits left them, in segments of 65,536 positions.
//!
//! A segment lives in a file of its own under `snapshots/<batch>/`, made from the database when its
//! version there is another one, so an edit of one lead costs one segment. What a filter asks about
//! is kept in memory, up to a bound, the batches that were asked last. What changes with calls is
//! never kept: it is read when a condition asks for it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::NaiveDate;
use store::segments::{self, Segment};

use crate::{
    error::JobError,
    frame::{Part, Piece},
    house::House,
};

mod build;
mod cache;
mod cells;
mod file;
mod history;
mod sweep;

pub use cache::Snapshots;
pub use cells::Cells;
pub use sweep::sweep;

/// What a filter asks about.
#[derive(Debug, Clone)]
pub struct Question {
    /// Codes of columns, and the code each has in the batch.
    pub codes: Vec<(String, Code)>,
    pub zone: String,
    pub today: NaiveDate,
}

/// Where a column's texts come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// The segment's own column of this code.
    Kept(String),
    /// The moment that the segment keeps under this code, on the zone's wall clock.
    Moment(String),
    /// One text for the whole batch; `None`: nothing.
    Same(Option<String>),
    /// What calls change.
    History,
}

/// A segment with the columns that are asked for.
///
/// # Errors
/// When the database or the file system fails.
pub async fn piece(
    house: &House,
    batch: &str,
    segment: Segment,
    question: &Question,
) -> Result<Piece, JobError> {
    let kept = question.codes.iter().filter_map(|(_, code)| match code {
        Code::Kept(code) | Code::Moment(code) => Some(code.clone()),
        _ => None,
    });
    let (positions, parts) = columns(house, batch, segment, kept.collect()).await?;
    let rows = positions.len();
    let mut piece = Piece {
        positions,
        parts: HashMap::new(),
    };
    let mut calls = None;
    for (name, code) in &question.codes {
        let part = match code {
            Code::Kept(code) => Arc::clone(&parts[code]),
            Code::Moment(code) => Arc::new(parts[code].moments(&question.zone)),
            Code::Same(text) => Arc::new(Part::same(text.as_deref(), rows)),
            Code::History => {
                if calls.is_none() {
                    let (first, end) = bounds(segment.block);
                    calls = Some(segments::history(&house.db, batch, first, end).await?);
                }
                let contacts = match name.as_str() {
                    "days_since_contact" => {
                        let (first, end) = bounds(segment.block);
                        segments::contacts(&house.db, batch, first, end).await?
                    }
                    _ => BTreeMap::new(),
                };
                let calls = calls.as_deref().unwrap_or_default();
                let calls = (calls, &contacts);
                let cells = history::cells(name, &piece.positions, calls, question);
                Arc::new(Part::of(&cells))
            }
        };
        piece.parts.insert(name.clone(), part);
    }
    Ok(piece)
}

/// Makes a segment's file where the one that is there is not up to date. `false`: it was.
///
/// # Errors
/// When the database or the file system fails.
pub async fn make(house: &House, batch: &str, segment: Segment) -> Result<bool, JobError> {
    let path = file::path(&house.data_dir, batch, segment.block);
    let there = {
        let path = path.clone();
        blocking(move || Ok(file::read(&path, segment.version, &[]))).await?
    };
    if there.is_some() {
        return Ok(false);
    }
    let built = build::segment(house, batch, segment.block).await?;
    blocking(move || file::write(&path, segment.version, &built)).await?;
    Ok(true)
}

/// First position of a block, and the one after its last.
fn bounds(block: i64) -> (i64, i64) {
    (block << 16, (block + 1) << 16)
}

type Columns = (Arc<Vec<i64>>, HashMap<String, Arc<Part>>);

async fn columns(
    house: &House,
    batch: &str,
    segment: Segment,
    codes: Vec<String>,
) -> Result<Columns, JobError> {
    let known = house.snapshots.get(batch, segment, &codes);
    let missing: Vec<String> = codes
        .iter()
        .filter(|code| !known.parts.contains_key(*code))
        .cloned()
        .collect();
    if let (Some(positions), true) = (&known.positions, missing.is_empty()) {
        return Ok((Arc::clone(positions), known.parts));
    }
    let path = file::path(&house.data_dir, batch, segment.block);
    let there = {
        let (path, missing) = (path.clone(), missing.clone());
        blocking(move || Ok(file::read(&path, segment.version, &missing))).await?
    };
    let read = match there {
        Some(read) => read,
        None => {
            let built = build::segment(house, batch, segment.block).await?;
            blocking(move || {
                file::write(&path, segment.version, &built)?;
                Ok(built.only(&missing))
            })
            .await?
        }
    };
    let (positions, parts) = blocking(move || {
        let rows = read.positions.len();
        let parts = read.columns.into_iter().map(|(code, cells)| {
            let part = cells.map_or_else(|| Part::same(None, rows), |cells| Part::of(&cells));
            (code, Arc::new(part))
        });
        Ok((
            Arc::new(read.positions),
            parts.collect::<HashMap<String, Arc<Part>>>(),
        ))
    })
    .await?;
    house.snapshots.put(batch, segment, &positions, &parts);
    let mut all = known.parts;
    all.extend(parts);
    Ok((positions, all))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, JobError> + Send + 'static,
) -> Result<T, JobError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|broken| JobError::Panicked(broken.to_string()))?
}

#[cfg(test)]
mod tests;
