//! Measures a zip archive before anything reads it for real.
//!
//! The directory's sizes are the sender's word. Each entry is unpacked once, counted and thrown away,
//! so that a bomb costs time up to the limit and no memory.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use zip::ZipArchive;

use super::{damaged, not_a_spreadsheet};
use crate::error::JobError;

const ENTRIES_MAX: usize = 10_000;
/// All entries unpacked. A million rows of ten columns are below 1 GB.
const TOTAL_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// What is held in memory as a whole: shared strings, styles, the rest.
const HELD_MAX: u64 = 256 * 1024 * 1024;
/// Packed sheets shrink to a tenth, very uniform ones to a fiftieth.
const RATIO_MAX: u64 = 120;
/// Below this size a high ratio does no harm.
const RATIO_FROM: u64 = 32 * 1024 * 1024;
/// Longest text between two tags: the parser holds it as a whole.
const RUN_MAX: usize = 1024 * 1024;

/// Checks that the archive is a workbook that can be read within the limits.
pub fn check(path: &Path) -> Result<(), JobError> {
    let file = File::open(path)?;
    let packed = file.metadata()?.len();
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
    if archive.len() > ENTRIES_MAX {
        return Err(bomb("it holds too many entries"));
    }
    let mut has_workbook = false;
    let mut claimed = 0_u64;
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(damaged)?;
        has_workbook |= is_workbook(&entry.name().map_err(damaged)?);
        claimed = claimed.saturating_add(entry.size());
    }
    if !has_workbook {
        return Err(not_a_spreadsheet());
    }
    within(claimed, packed)?;
    let mut total = 0;
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(damaged)?;
        let is_sheet = entry
            .name()
            .map_err(damaged)?
            .to_ascii_lowercase()
            .starts_with("xl/worksheets/");
        total = measure(entry, is_sheet, total, packed)?;
    }
    Ok(())
}

fn is_workbook(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("xl/workbook") && name.ends_with(".xml")
}

fn measure(
    mut entry: impl Read,
    is_sheet: bool,
    mut total: u64,
    packed: u64,
) -> Result<u64, JobError> {
    let mut held = 0_u64;
    let mut run = 0_usize;
    let mut buffer = vec![0_u8; 64 * 1024];
    loop {
        let count = entry.read(&mut buffer).map_err(damaged)?;
        if count == 0 {
            return Ok(total);
        }
        total += count as u64;
        within(total, packed)?;
        if !is_sheet {
            held += count as u64;
            if held > HELD_MAX {
                return Err(bomb("its shared texts are larger than 256 MB"));
            }
        }
        run = longest_run(&buffer[..count], run)?;
    }
}

/// Follows the text since the last tag; `run` is what was open before these bytes.
fn longest_run(bytes: &[u8], mut run: usize) -> Result<usize, JobError> {
    for part in bytes.split_inclusive(|byte| *byte == b'<') {
        run += part.len();
        if run > RUN_MAX {
            return Err(bomb("it holds a text of more than 1 MB"));
        }
        if part.ends_with(b"<") {
            run = 0;
        }
    }
    Ok(run)
}

fn within(unpacked: u64, packed: u64) -> Result<(), JobError> {
    if unpacked > TOTAL_MAX || (unpacked > RATIO_FROM && unpacked / RATIO_MAX > packed) {
        return Err(bomb("it unpacks to far more than a spreadsheet would"));
    }
    Ok(())
}

fn bomb(why: &str) -> JobError {
    JobError::user("ARCHIVE_BOMB", format!("the file is not read: {why}"))
}
