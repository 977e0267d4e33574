//! The reading thread: rows in, checked chunks out.

use std::path::Path;

use engine::{
    field::Field,
    import_row::{Cell, NewLead, Plan, show},
};
use store::rejects::NewReject;
use tokio::sync::mpsc;

use super::CHUNK;
use crate::{
    error::JobError,
    sheet::{self, Flow, Part},
};

/// Rows `from + 1` to `to` of the sheet, as far as they hold something.
#[derive(Debug, Default)]
pub struct Chunk {
    pub from: i64,
    pub to: i64,
    /// Data rows of the whole sheet, 0 when it does not say.
    pub total: i64,
    /// Sheet row of the titles.
    pub header_row: i64,
    /// Columns that have a title.
    pub width: usize,
    pub rows: Vec<Row>,
    pub rejects: Vec<NewReject>,
}

/// A row that may become a lead or change one.
#[derive(Debug)]
pub struct Row {
    pub no: i64,
    pub lead: NewLead,
    /// The row as it was, where it may still be refused.
    pub cells: Vec<Cell>,
}

impl Chunk {
    /// Empty rows among the others, from the titles on.
    pub fn blank(&self) -> i64 {
        let rows = self.to - self.from.max(self.header_row);
        rows - count(self.rows.len()) - count(self.rejects.len())
    }

    fn len(&self) -> usize {
        self.rows.len() + self.rejects.len()
    }
}

/// Reads and checks rows behind `cursor` until the sheet ends or nobody listens. Returns what the
/// uploader should know.
pub fn read(
    path: &Path,
    fields: &[Field],
    cursor: i64,
    keeps_cells: bool,
    chunks: &mpsc::Sender<Chunk>,
) -> Result<Vec<String>, JobError> {
    let mut plan: Option<Plan> = None;
    let mut chunk = Chunk {
        from: cursor,
        to: cursor,
        ..Chunk::default()
    };
    sheet::read(path, &mut |part| {
        let row = match part {
            Part::Row(row) => row,
            Part::About(rows) => {
                chunk.total = i64::from(rows).saturating_sub(1).max(0);
                return Ok(Flow::On);
            }
        };
        let no = i64::from(row.no);
        let Some(plan) = &plan else {
            let header = if row.no == 1 {
                sheet::titles(&row.cells)
            } else {
                Vec::new()
            };
            plan = Some(Plan::of(&header, fields)?);
            (chunk.header_row, chunk.width) = (no, header.len());
            return Ok(Flow::On);
        };
        if no <= cursor || plan.is_blank(&row.cells) {
            return Ok(Flow::On);
        }
        check(plan, no, row.cells, keeps_cells, &mut chunk);
        if chunk.len() < CHUNK {
            return Ok(Flow::On);
        }
        let next = Chunk {
            from: no,
            to: no,
            total: chunk.total,
            header_row: chunk.header_row,
            width: chunk.width,
            rows: Vec::with_capacity(CHUNK),
            rejects: Vec::new(),
        };
        let full = std::mem::replace(&mut chunk, next);
        Ok(if chunks.blocking_send(full).is_ok() {
            Flow::On
        } else {
            Flow::Stop
        })
    })?;
    let plan = match plan {
        Some(plan) => plan,
        None => Plan::of(&[], fields)?,
    };
    if chunk.to > chunk.from {
        // Nobody listens any more when the job has failed; it tells why itself.
        let _ = chunks.blocking_send(chunk);
    }
    Ok(plan.warnings)
}

fn check(plan: &Plan, no: i64, cells: Vec<Cell>, keeps_cells: bool, chunk: &mut Chunk) {
    match plan.read(&cells) {
        Ok(lead) => chunk.rows.push(Row {
            no,
            lead,
            cells: if keeps_cells { cells } else { Vec::new() },
        }),
        Err(bad) => chunk.rejects.push(NewReject {
            row_no: no,
            column_title: bad.column,
            code: bad.code,
            reason: bad.reason,
            cells: as_it_was(cells, chunk.width),
        }),
    }
    chunk.to = no;
}

/// The cells under titles as text.
pub fn as_it_was(mut cells: Vec<Cell>, width: usize) -> Vec<String> {
    cells.resize(width, Cell::Empty);
    cells
        .iter()
        .map(|cell| show(cell).unwrap_or_default())
        .collect()
}

pub fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
