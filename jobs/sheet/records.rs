//! Looks through the binary records of an .xlsb part (MS-XLSB 2.1.4) while it is measured.

use std::io::{ErrorKind, Read};

use super::{
    damaged,
    merges::{MERGES_MAX, Merge},
    scan::Seen,
};
use crate::error::JobError;

/// Largest record: a text of 32,767 characters is 64 KB.
const RECORD_MAX: usize = 1024 * 1024;

/// A sheet of the workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    pub relation: String,
    pub name: String,
}

/// What the records of one part say.
#[derive(Debug, Default)]
pub struct Told {
    pub seen: Seen,
    pub sheets: Vec<Bundle>,
}

/// Reads every record.
///
/// # Errors
/// `FILE_DAMAGED` when they do not fit together.
pub fn look(part: &mut impl Read) -> Result<Told, JobError> {
    let mut told = Told::default();
    let mut payload = Vec::new();
    while let Some(kind) = kind(part)? {
        let length = length(part)?;
        if length > RECORD_MAX {
            return Err(damaged("a record is longer than 1 MB"));
        }
        payload.resize(length, 0);
        part.read_exact(&mut payload).map_err(damaged)?;
        told.note(kind, &payload);
    }
    Ok(told)
}

impl Told {
    fn note(&mut self, kind: u16, payload: &[u8]) {
        let seen = &mut self.seen;
        match kind {
            // BrtRowHdr: fDyZero is the fifth bit of the flags behind the height.
            0 if payload.get(11).is_some_and(|flags| flags & 0x10 != 0) => seen.hidden_rows += 1,
            // Cells with a value.
            2..=11 => seen.is_filled = true,
            // BrtColInfo: fHidden is the first bit.
            60 if payload.get(16).is_some_and(|flags| flags & 1 != 0) => {
                let many = int(payload, 4).zip(int(payload, 0));
                let many = many.map_or(0, |(to, from)| to.min(16_383).saturating_sub(from) + 1);
                seen.hidden_columns = seen.hidden_columns.saturating_add(many);
            }
            // BrtMergeCell: first and last row, first and last column.
            176 if seen.merges.len() < MERGES_MAX => {
                if let (Some(top), Some(bottom), Some(left)) =
                    (int(payload, 0), int(payload, 4), int(payload, 8))
                {
                    seen.merges.push(Merge { top, left, bottom });
                }
            }
            // BrtBundleSh: state, id, relation, name.
            156 => {
                let relation = text(payload, 8);
                let name = relation.as_ref().and_then(|(_, end)| text(payload, *end));
                if let (Some((relation, _)), Some((name, _))) = (relation, name) {
                    self.sheets.push(Bundle { relation, name });
                }
            }
            _ => {}
        }
    }
}

/// `None` at the end of the part.
fn kind(part: &mut impl Read) -> Result<Option<u16>, JobError> {
    let mut byte = [0];
    match part.read_exact(&mut byte) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        other => other.map_err(damaged)?,
    }
    let low = u16::from(byte[0]);
    if low & 0x80 == 0 {
        return Ok(Some(low));
    }
    part.read_exact(&mut byte).map_err(damaged)?;
    Ok(Some((low & 0x7f) | (u16::from(byte[0] & 0x7f) << 7)))
}

fn length(part: &mut impl Read) -> Result<usize, JobError> {
    let mut length = 0;
    for nth in 0..4 {
        let mut byte = [0];
        part.read_exact(&mut byte).map_err(damaged)?;
        length |= usize::from(byte[0] & 0x7f) << (7 * nth);
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    Ok(length)
}

fn int(payload: &[u8], at: usize) -> Option<u32> {
    let bytes = payload.get(at..at + 4)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

/// A text with its length in front, and where it ends.
fn text(payload: &[u8], at: usize) -> Option<(String, usize)> {
    let length = usize::try_from(int(payload, at)?).ok()?;
    let end = length.checked_mul(2)?.checked_add(at + 4)?;
    let units: Vec<u16> = payload
        .get(at + 4..end)?
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    Some((String::from_utf16_lossy(&units), end))
}
