//! Looks through the records of an .xls (MS-XLS 2.4) before its cells are held in memory: the reader
//! makes room for the whole area between a sheet's first and last cell.

use crate::{
    error::JobError,
    sheet::{damaged, encrypted, scan::Seen},
};

/// Most cells of that area, over all sheets; each takes some 100 bytes while the file is read.
const CELLS_MAX: u64 = 3_000_000;

/// One sheet, in the order of the workbook.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Where its records begin.
    start: usize,
    pub is_visible: bool,
    pub is_worksheet: bool,
    pub seen: Seen,
}

/// Looks at every sheet.
///
/// # Errors
/// `SHEET_TOO_LARGE` when the cells would not fit, `FILE_ENCRYPTED`, `FILE_DAMAGED`.
pub fn look(stream: &[u8]) -> Result<Vec<Sheet>, JobError> {
    let mut sheets = Vec::new();
    for record in records(stream) {
        let (kind, data) = record?;
        match kind {
            FILEPASS => return Err(encrypted()),
            BOUNDSHEET => sheets.extend(listed(data)),
            EOF => break,
            _ => {}
        }
    }
    let mut cells = 0_u64;
    for sheet in &mut sheets {
        let start = stream.get(sheet.start..).unwrap_or_default();
        cells = cells.saturating_add(sheet.look(start)?);
        if cells > CELLS_MAX {
            let text = "the .xls file's cells cover too large an area; save it as .xlsx";
            return Err(JobError::user("SHEET_TOO_LARGE", text));
        }
    }
    Ok(sheets)
}

const EOF: u16 = 0x000a;
const FILEPASS: u16 = 0x002f;
const COLINFO: u16 = 0x007d;
const BOUNDSHEET: u16 = 0x0085;
const MULRK: u16 = 0x00bd;
const DIMENSIONS: u16 = 0x0200;
const ROW: u16 = 0x0208;
const BOF: u16 = 0x0809;
/// Formula, LabelSst, RString, Number, Label, BoolErr, RK: each begins with row and column.
const VALUES: [u16; 7] = [0x0006, 0x00fd, 0x00d6, 0x0203, 0x0204, 0x0205, 0x027e];

impl Sheet {
    /// Returns the area that the reader makes room for, in cells.
    fn look(&mut self, stream: &[u8]) -> Result<u64, JobError> {
        let (mut area, mut claimed, mut depth) = (Area::default(), 0, 0_u32);
        for record in records(stream) {
            let (kind, data) = record?;
            match kind {
                BOF => depth += 1,
                EOF if depth <= 1 => break,
                EOF => depth -= 1,
                // A chart in the sheet has records of its own.
                _ if depth > 1 => {}
                DIMENSIONS => claimed = dimensions(data).unwrap_or(u64::MAX),
                ROW if flags(data, 12, 0x20) => self.seen.hidden_rows += 1,
                COLINFO if flags(data, 8, 1) => {
                    let many = word(data, 2).zip(word(data, 0));
                    let many = many.map_or(0, |(to, from)| to.saturating_sub(from) + 1);
                    self.seen.hidden_columns += many;
                }
                MULRK => {
                    area.add(word(data, 0), word(data, 2));
                    area.add(word(data, 0), word(data, data.len().saturating_sub(2)));
                }
                kind if VALUES.contains(&kind) => area.add(word(data, 0), word(data, 2)),
                _ => {}
            }
        }
        self.seen.is_filled = area.0.is_some();
        Ok(area.cells().max(claimed))
    }
}

/// First and last row, first and last column.
#[derive(Debug, Default)]
struct Area(Option<[u32; 4]>);

impl Area {
    fn add(&mut self, row: Option<u32>, column: Option<u32>) {
        if let (Some(row), Some(column)) = (row, column) {
            let [top, bottom, left, right] = self.0.unwrap_or([row, row, column, column]);
            let rows = [top.min(row), bottom.max(row)];
            self.0 = Some([rows[0], rows[1], left.min(column), right.max(column)]);
        }
    }

    fn cells(&self) -> u64 {
        self.0.map_or(0, |[top, bottom, left, right]| {
            u64::from(bottom - top + 1) * u64::from(right - left + 1)
        })
    }
}

/// Position, state and kind of a sheet.
fn listed(data: &[u8]) -> Option<Sheet> {
    let start = u32::from_le_bytes(data.get(..4)?.try_into().ok()?);
    Some(Sheet {
        start: usize::try_from(start).ok()?,
        is_visible: data.get(4)? & 3 == 0,
        is_worksheet: *data.get(5)? == 0,
        seen: Seen::default(),
    })
}

/// The cells that a sheet claims to have: since BIFF8 rows have four bytes. `None`: it ends before it
/// begins.
fn dimensions(data: &[u8]) -> Option<u64> {
    let int = |at: usize| {
        Some(u64::from(u32::from_le_bytes(
            data.get(at..at + 4)?.try_into().ok()?,
        )))
    };
    let (rows, columns) = match data.len() {
        10 => (
            word(data, 2)?.checked_sub(word(data, 0)?)?.into(),
            word(data, 6)?.checked_sub(word(data, 4)?)?,
        ),
        _ => (
            int(4)?.checked_sub(int(0)?)?,
            word(data, 10)?.checked_sub(word(data, 8)?)?,
        ),
    };
    Some(rows * u64::from(columns))
}

fn flags(data: &[u8], at: usize, mask: u32) -> bool {
    word(data, at).is_some_and(|flags| flags & mask != 0)
}

fn word(data: &[u8], at: usize) -> Option<u32> {
    let bytes = data.get(at..at.checked_add(2)?)?;
    Some(u32::from(u16::from_le_bytes([bytes[0], bytes[1]])))
}

/// Kind and data of each record.
fn records(mut stream: &[u8]) -> impl Iterator<Item = Result<(u16, &[u8]), JobError>> {
    std::iter::from_fn(move || {
        if stream.len() < 4 {
            return None;
        }
        let kind = u16::from_le_bytes([stream[0], stream[1]]);
        let length = usize::from(u16::from_le_bytes([stream[2], stream[3]]));
        let Some(data) = stream.get(4..4 + length) else {
            stream = &[];
            return Some(Err(damaged("a record is cut off")));
        };
        stream = &stream[4 + length..];
        Some(Ok((kind, data)))
    })
}
