//! Measures a zip archive before anything reads it for real, and looks through its sheets on the way.
//!
//! The directory's sizes are the sender's word. Each entry is unpacked once, counted and thrown away,
//! so that a bomb costs time up to the limit and no memory.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, Cursor, Read},
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use zip::ZipArchive;

use super::{
    Kind,
    choice::Listed,
    damaged, encrypted, not_a_spreadsheet, package, records,
    scan::{Scan, Seen},
};
use crate::error::JobError;

const ENTRIES_MAX: usize = 10_000;
/// All entries unpacked. A million rows of ten columns are below 1 GB.
const TOTAL_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// What is held in memory as a whole, which shared texts are not where they are many: styles, the rest.
const HELD_MAX: u64 = 256 * 1024 * 1024;
/// What one of them takes beside its bytes: where it lies, and what the allocator rounds up.
const TEXT_COST: u64 = 48;
/// Packed sheets shrink to a tenth, very uniform ones to a fiftieth.
const RATIO_MAX: u64 = 120;
/// Below this size a high ratio does no harm.
const RATIO_FROM: u64 = 32 * 1024 * 1024;
/// Longest text between two tags: the parser holds it as a whole.
const RUN_MAX: usize = 1024 * 1024;
/// The workbook's list of sheets and its relations.
const LIST_MAX: u64 = 8 * 1024 * 1024;

type Archive = ZipArchive<BufReader<File>>;

/// What was seen of each part, by its name in lower case.
#[derive(Debug, Default)]
pub struct Parts {
    seen: BTreeMap<String, Seen>,
    /// Sheet name to part.
    sheets: BTreeMap<String, String>,
}

impl Parts {
    /// What was seen of a sheet; `None` when its part is not known.
    pub fn of(&self, sheet: &str) -> Option<&Seen> {
        self.seen.get(self.sheets.get(sheet)?)
    }

    /// The part that holds a sheet.
    pub fn part(&self, sheet: &str) -> Option<&str> {
        self.sheets.get(sheet).map(String::as_str)
    }

    /// The part that holds every sheet of an .ods.
    pub fn content(&self) -> Option<&Seen> {
        self.seen.get("content.xml")
    }

    pub fn listed(&self, name: &str, is_visible: bool) -> Listed {
        Listed {
            name: name.to_owned(),
            is_visible,
            is_filled: self.of(name).is_none_or(|seen| seen.is_filled),
        }
    }
}

/// Which spreadsheet the archive is, by the parts it has.
pub fn kind(path: &Path) -> Result<Kind, JobError> {
    let archive = open(path)?;
    let has = |name: &str| {
        archive
            .file_names()
            .flatten()
            .any(|one| one.eq_ignore_ascii_case(name))
    };
    let is_xlsx = archive.file_names().flatten().any(|name| {
        let name = name.to_ascii_lowercase();
        name.starts_with("xl/workbook") && name.ends_with(".xml")
    });
    match () {
        () if is_xlsx => Ok(Kind::Xlsx),
        () if has("xl/workbook.bin") => Ok(Kind::Xlsb),
        () if has("content.xml") && has("META-INF/manifest.xml") => Ok(Kind::Ods),
        () => Err(not_a_spreadsheet()),
    }
}

/// Checks that the archive can be read within the limits, and says what its sheets hold.
pub fn check(path: &Path) -> Result<Parts, JobError> {
    check_beside(path, |_| Ok(())).map(|(parts, ())| parts)
}

/// The same, and opens the archive: as soon as it is known what a reader would keep in memory, of which
/// `open_it` is told how many bytes the shared texts would take. The sheets are measured beside both.
pub fn check_beside<T: Send>(
    path: &Path,
    open_it: impl FnOnce(u64) -> Result<T, JobError> + Send,
) -> Result<(Parts, T), JobError> {
    let mut archive = open(path)?;
    let packed = std::fs::metadata(path)?.len();
    let (sheets, others) = entries(&mut archive, packed)?;
    let total = Total {
        packed,
        bytes: AtomicU64::new(0),
    };
    let (opened, sheets) = std::thread::scope(|scope| {
        let opening = scope.spawn(|| {
            let seen = total.measure_all(&mut open(path)?, others)?;
            let texts = seen.iter().find(|(name, _)| is_texts(name));
            let held = texts.map_or(0, |(_, seen)| held(seen));
            Ok::<_, JobError>((seen, open_it(held)?))
        });
        let sheets = total.measure_all(&mut archive, sheets);
        let opened = opening.join();
        let opened = opened.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (opened, sheets)
    });
    let (mut seen, opened) = opened?;
    seen.extend(sheets?);
    let parts = Parts {
        seen,
        sheets: sheet_parts(&mut archive).unwrap_or_default(),
    };
    Ok((parts, opened))
}

/// Indexes of the sheets, and of all else.
fn entries(archive: &mut Archive, packed: u64) -> Result<(Vec<usize>, Vec<usize>), JobError> {
    if archive.len() > ENTRIES_MAX {
        return Err(bomb("it holds too many entries"));
    }
    let mut claimed = 0_u64;
    let (mut sheets, mut others) = (Vec::new(), Vec::new());
    for at in 0..archive.len() {
        let entry = archive.by_index_raw(at).map_err(damaged)?;
        if entry.encrypted() {
            return Err(encrypted());
        }
        claimed = claimed.saturating_add(entry.size());
        match is_sheet(&entry.name().map_err(damaged)?.to_ascii_lowercase()) {
            true => sheets.push(at),
            false => others.push(at),
        }
    }
    within(claimed, packed)?;
    Ok((sheets, others))
}

/// The table of shared texts, of an .xlsx.
pub fn is_texts(name: &str) -> bool {
    name == "xl/sharedstrings.xml"
}

pub fn is_sheet(name: &str) -> bool {
    name.starts_with("xl/worksheets/") || name == "content.xml"
}

fn open(path: &Path) -> Result<Archive, JobError> {
    let file = BufReader::with_capacity(64 * 1024, File::open(path)?);
    ZipArchive::new(file).map_err(damaged)
}

/// Sheet name to part. An odd list only costs what is told of merges and hidden rows.
fn sheet_parts(archive: &mut Archive) -> Result<BTreeMap<String, String>, JobError> {
    let list: Vec<(String, String)> = match entry(archive, "xl/workbook.bin")? {
        Some(bytes) => {
            let told = records::look(&mut Cursor::new(bytes))?;
            let pairs = told.sheets.into_iter();
            pairs.map(|sheet| (sheet.name, sheet.relation)).collect()
        }
        None => match entry(archive, "xl/workbook.xml")? {
            Some(bytes) => package::sheets(Cursor::new(bytes))?,
            None => return Ok(BTreeMap::new()),
        },
    };
    let relations = match entry(archive, "xl/_rels/workbook.xml.rels")? {
        Some(bytes) => Some(bytes),
        None => entry(archive, "xl/_rels/workbook.bin.rels")?,
    };
    let relations = package::relations(Cursor::new(relations.unwrap_or_default()))?;
    let part = |(name, relation)| Some((name, relations.get(&relation)?.clone()));
    Ok(list.into_iter().filter_map(part).collect())
}

/// Whether an .ods says that its parts are encrypted.
pub fn is_encrypted(path: &Path) -> Result<bool, JobError> {
    let manifest = entry(&mut open(path)?, "META-INF/manifest.xml")?.unwrap_or_default();
    Ok(memchr::memmem::find(&manifest, b"encryption-data").is_some())
}

/// A small entry as a whole, whatever the case of its name.
fn entry(archive: &mut Archive, name: &str) -> Result<Option<Vec<u8>>, JobError> {
    let at = (0..archive.len()).find(|&at| {
        archive
            .name_for_index(at)
            .and_then(Result::ok)
            .is_some_and(|one| one.eq_ignore_ascii_case(name))
    });
    let Some(at) = at else { return Ok(None) };
    let mut bytes = Vec::new();
    let entry = archive.by_index(at).map_err(damaged)?;
    entry
        .take(LIST_MAX)
        .read_to_end(&mut bytes)
        .map_err(damaged)?;
    Ok(Some(bytes))
}

/// Bytes so far, of all entries.
struct Total {
    packed: u64,
    bytes: AtomicU64,
}

impl Total {
    fn measure_all(
        &self,
        archive: &mut Archive,
        entries: Vec<usize>,
    ) -> Result<BTreeMap<String, Seen>, JobError> {
        let mut all = BTreeMap::new();
        for at in entries {
            let entry = archive.by_index(at).map_err(damaged)?;
            let name = entry.name().map_err(damaged)?.to_ascii_lowercase();
            let seen = self.measure(&name, entry)?;
            all.insert(name, seen);
        }
        Ok(all)
    }

    fn measure(&self, name: &str, entry: impl Read) -> Result<Seen, JobError> {
        let is_sheet = is_sheet(name);
        let mut counted = Counted {
            entry,
            total: self,
            held: 0,
            held_max: match () {
                () if is_sheet || is_texts(name) => u64::MAX,
                () => HELD_MAX,
            },
            refused: None,
        };
        let seen = if is_sheet && name.ends_with(".bin") {
            let mut buffered = BufReader::with_capacity(64 * 1024, &mut counted);
            records::look(&mut buffered).map(|told| told.seen)
        } else {
            scan(&mut counted, name.ends_with(".xml"))
        };
        match counted.refused.take() {
            Some(bomb) => Err(bomb),
            None => seen,
        }
    }
}

fn scan(counted: &mut Counted<'_, impl Read>, is_xml: bool) -> Result<Seen, JobError> {
    let mut scan = Scan::default();
    let mut buffer = vec![0_u8; 64 * 1024];
    loop {
        let count = counted.read(&mut buffer).map_err(damaged)?;
        if count == 0 {
            break;
        }
        scan.feed(&buffer[..count]);
        if is_xml && scan.longest > RUN_MAX {
            return Err(bomb("it holds a text of more than 1 MB"));
        }
    }
    if scan.seen.strings > counted.held {
        return Err(bomb("it claims more shared texts than it has bytes for"));
    }
    Ok(scan.seen)
}

/// Counts what is read, and stops at the limits.
struct Counted<'a, R> {
    entry: R,
    total: &'a Total,
    held: u64,
    held_max: u64,
    refused: Option<JobError>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.entry.read(buffer)?;
        let bytes = self.total.bytes.fetch_add(count as u64, Ordering::Relaxed) + count as u64;
        let mut fits = within(bytes, self.total.packed);
        self.held += count as u64;
        if self.held > self.held_max {
            fits = Err(bomb(
                "what is neither cells nor shared texts is larger than 256 MB",
            ));
        }
        match fits {
            Ok(()) => Ok(count),
            Err(bomb) => {
                self.refused = Some(bomb);
                Err(std::io::ErrorKind::FileTooLarge.into())
            }
        }
    }
}

/// What the shared texts take when they are held, in bytes, whatever stands between them: a hint at how
/// they are read out may be longer than the text itself.
fn held(seen: &Seen) -> u64 {
    // Space for as many as it claims is made before the first one is read.
    let texts = seen.texts.max(seen.strings);
    texts
        .saturating_mul(TEXT_COST)
        .saturating_add(seen.text_bytes)
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
