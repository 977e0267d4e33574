//! The reading thread: rows in, checked chunks out.

use engine::import_row::{Cell, NewLead};
use store::rejects::NewReject;
use tokio::sync::mpsc;

use super::{CHUNK, seen::Seen};
use crate::{
    error::JobError,
    reading::{self, End, Event, Head, Read, Source, as_it_was},
    sheet::Flow,
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
    /// Whether an earlier row may have had its key; two keys may share a fingerprint.
    pub may_be_met: bool,
    /// The row as it was, where it may still be refused.
    pub cells: Vec<Cell>,
}

impl Chunk {
    /// Empty rows among the others, from the titles on.
    pub fn blank(&self) -> i64 {
        let rows = self.to - self.from.max(self.header_row);
        rows - count(self.rows.len()) - count(self.rejects.len())
    }

    /// Rows that hold something.
    pub fn len(&self) -> usize {
        self.rows.len() + self.rejects.len()
    }

    /// Takes in the chunk that comes next.
    pub fn append(&mut self, next: Self) {
        self.to = next.to;
        self.rows.extend(next.rows);
        self.rejects.extend(next.rejects);
    }

    fn take(&mut self, row: Read, keeps_cells: bool, seen: &mut Option<Seen>) {
        let no = i64::from(row.no);
        self.to = no;
        match row.lead {
            Ok(lead) => self.rows.push(Row {
                no,
                may_be_met: seen.as_mut().is_none_or(|seen| seen.note(&lead.key_value)),
                lead,
                cells: if keeps_cells { row.cells } else { Vec::new() },
            }),
            Err(bad) => self.rejects.push(NewReject {
                row_no: no,
                column_title: bad.column,
                code: bad.code,
                reason: bad.reason,
                cells: as_it_was(&row.cells, self.width),
            }),
        }
    }
}

/// Which rows are read, and how.
#[derive(Debug, Clone, Copy)]
pub struct From {
    /// The last sheet row that is done already.
    pub cursor: i64,
    /// Good rows may be refused later, and are to be told as they were.
    pub keeps_cells: bool,
}

/// What is met on the way.
#[derive(Debug)]
pub enum Met<'a> {
    Head(&'a Head),
    /// Of a row, as they are.
    Cells(&'a [Cell]),
}

/// Reads and checks rows until the sheet ends or nobody listens. `met` sees everything on the way.
pub fn read(
    source: &Source,
    from: From,
    chunks: &mpsc::Sender<Chunk>,
    mut met: impl FnMut(Met<'_>),
) -> Result<End, JobError> {
    let cursor = from.cursor;
    // An earlier start has stored rows that this one does not see.
    let mut seen = (cursor == 0).then(Seen::default);
    let mut chunk = Chunk {
        from: cursor,
        to: cursor,
        ..Chunk::default()
    };
    let end = reading::read(source, &mut |event| {
        let row = match event {
            Event::Row(row) => row,
            Event::Head(head) => {
                met(Met::Head(head));
                chunk.total = i64::from(head.about.rows.saturating_sub(head.row));
                (chunk.header_row, chunk.width) = (i64::from(head.row), head.titles.len());
                return Ok(Flow::On);
            }
        };
        let no = i64::from(row.no);
        if no <= cursor {
            return Ok(Flow::On);
        }
        met(Met::Cells(&row.cells));
        chunk.take(row, from.keeps_cells, &mut seen);
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
    if chunk.to > chunk.from {
        // Nobody listens any more when the job has failed; it tells why itself.
        let _ = chunks.blocking_send(chunk);
    }
    Ok(end)
}

pub fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
