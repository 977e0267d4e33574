//! .xls: the old format, and the wrapper that encrypted .xlsx files come in.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use calamine::{Reader, Xls, XlsError};

use super::{COLUMNS_KEPT, Flow, Part, Row, Take, damaged, xlsx::cell_of_data};
use crate::error::JobError;

pub fn read(path: &Path, take: &mut Take<'_>) -> Result<(), JobError> {
    if holds_encrypted_package(path)? {
        return Err(encrypted());
    }
    let mut book = Xls::new(BufReader::new(File::open(path)?)).map_err(bad)?;
    let range = match book.worksheet_range_at(0) {
        Some(range) => range.map_err(bad)?,
        None => return Err(damaged("it has no worksheet")),
    };
    let Some((top, left)) = range.start() else {
        return Ok(());
    };
    take(Part::About(
        range.end().map_or(0, |end| end.0.saturating_add(1)),
    ))?;
    for (no, cells) in (top + 1..).zip(range.rows()) {
        let kept = if no == 1 {
            usize::MAX
        } else {
            COLUMNS_KEPT.saturating_sub(left as usize)
        };
        let mut row = vec![engine::import_row::Cell::Empty; left as usize];
        row.extend(cells.iter().take(kept).map(cell_of_data));
        if take(Part::Row(Row { no, cells: row }))? == Flow::Stop {
            return Ok(());
        }
    }
    Ok(())
}

/// An encrypted .xlsx is a compound file with a stream of this name (MS-OFFCRYPTO 2.3.4.4).
fn holds_encrypted_package(path: &Path) -> Result<bool, JobError> {
    let name: Vec<u8> = "EncryptedPackage"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let mut file = File::open(path)?;
    let mut buffer = vec![0_u8; 256 * 1024];
    let mut kept = 0;
    loop {
        let count = file.read(&mut buffer[kept..])?;
        if count == 0 {
            return Ok(false);
        }
        let filled = kept + count;
        if buffer[..filled]
            .windows(name.len())
            .any(|window| window == name)
        {
            return Ok(true);
        }
        // The name may lie across two reads.
        kept = filled.min(name.len() - 1);
        buffer.copy_within(filled - kept..filled, 0);
    }
}

fn bad(error: XlsError) -> JobError {
    match error {
        XlsError::Password => encrypted(),
        other => damaged(other),
    }
}

fn encrypted() -> JobError {
    JobError::user(
        "FILE_ENCRYPTED",
        "the file is protected by a password; remove it first",
    )
}
