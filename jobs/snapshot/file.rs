//! A segment's file: a header that names the columns, then each column with its checksum, so that a
//! filter reads only what it asks about and a damaged file is seen and made anew.
//!
//! Not Arrow's file format: that has no checksums, and reading a damaged one is not safe.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::Cells;
use crate::error::JobError;

const MAGIC: &[u8; 8] = b"PLSEG001";
/// Longest header: 200 columns and their codes.
const HEADER_MAX: u32 = 1 << 20;

/// A segment as it is in its file.
#[derive(Debug, Default, PartialEq)]
pub struct Content {
    pub positions: Vec<i64>,
    /// By code; `None`: no lead has anything there.
    pub columns: BTreeMap<String, Option<Cells>>,
}

impl Content {
    /// With only these columns.
    #[must_use]
    pub fn only(mut self, codes: &[String]) -> Self {
        let columns = codes.iter().map(|code| {
            let cells = self.columns.remove(code).flatten();
            (code.clone(), cells)
        });
        let columns = columns.collect();
        Self { columns, ..self }
    }
}

#[derive(Serialize, Deserialize)]
struct Header {
    version: i64,
    rows: usize,
    positions: Place,
    columns: BTreeMap<String, Place>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Place {
    start: u64,
    bytes: u64,
    crc: u32,
}

pub fn path(data_dir: &Path, batch: &str, block: i64) -> PathBuf {
    folder(data_dir)
        .join(batch)
        .join(format!("{block:010x}.seg"))
}

pub fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("snapshots")
}

/// Writes a segment beside its place and moves it there, so that nobody sees half of one.
///
/// # Errors
/// When the file system refuses.
pub fn write(path: &Path, version: i64, content: &Content) -> Result<(), JobError> {
    let mut payload = Vec::new();
    let positions = content.positions.iter().flat_map(|one| one.to_le_bytes());
    let positions = positions.collect::<Vec<u8>>();
    let mut header = Header {
        version,
        rows: content.positions.len(),
        positions: place(&mut payload, &positions),
        columns: BTreeMap::new(),
    };
    for (code, cells) in &content.columns {
        if let Some(cells) = cells {
            let place = place(&mut payload, &cells.write());
            header.columns.insert(code.clone(), place);
        }
    }
    let header = serde_json::to_vec(&header).map_err(std::io::Error::other)?;
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder)?;
    let beside = folder.join(format!("{}.tmp", uuid::Uuid::now_v7().simple()));
    let mut file = File::create(&beside)?;
    file.write_all(MAGIC)?;
    file.write_all(
        &u32::try_from(header.len())
            .unwrap_or_default()
            .to_le_bytes(),
    )?;
    file.write_all(&crc32fast::hash(&header).to_le_bytes())?;
    file.write_all(&header)?;
    file.write_all(&payload)?;
    drop(file);
    Ok(std::fs::rename(beside, path)?)
}

fn place(payload: &mut Vec<u8>, bytes: &[u8]) -> Place {
    let start = payload.len() as u64;
    payload.extend_from_slice(bytes);
    Place {
        start,
        bytes: bytes.len() as u64,
        crc: crc32fast::hash(bytes),
    }
}

/// Some columns of a segment; `None` when there is no file of this version, or it is damaged.
#[must_use]
pub fn read(path: &Path, version: i64, codes: &[String]) -> Option<Content> {
    let mut file = File::open(path).ok()?;
    let mut start = [0; 16];
    file.read_exact(&mut start).ok()?;
    let number = |from: usize| {
        let bytes = start[from..from + 4].first_chunk::<4>();
        bytes.map(|bytes| u32::from_le_bytes(*bytes))
    };
    let (length, crc) = (number(8)?, number(12)?);
    if start[..8] != *MAGIC || length > HEADER_MAX {
        return None;
    }
    let mut header = vec![0; length as usize];
    file.read_exact(&mut header).ok()?;
    if crc32fast::hash(&header) != crc {
        return None;
    }
    let header: Header = serde_json::from_slice(&header).ok()?;
    if header.version != version {
        return None;
    }
    let size = file.metadata().ok()?.len();
    let mut take = |place: Place| {
        let from = 16 + u64::from(length) + place.start;
        if from.checked_add(place.bytes)? > size {
            return None;
        }
        file.seek(SeekFrom::Start(from)).ok()?;
        let mut bytes = vec![0; usize::try_from(place.bytes).ok()?];
        file.read_exact(&mut bytes).ok()?;
        (crc32fast::hash(&bytes) == place.crc).then_some(bytes)
    };
    let positions = take(header.positions)?;
    let (positions, _) = positions.as_chunks();
    let mut columns = BTreeMap::new();
    for code in codes {
        let cells = match header.columns.get(code) {
            Some(place) => Some(Cells::read(&take(*place)?, header.rows)?),
            None => None,
        };
        columns.insert(code.clone(), cells);
    }
    let positions: Vec<i64> = positions
        .iter()
        .map(|one| i64::from_le_bytes(*one))
        .collect();
    (positions.len() == header.rows).then_some(Content { positions, columns })
}
