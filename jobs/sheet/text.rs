//! .csv, .tsv and the like: UTF-8 where the bytes are, UTF-16 where a mark or the shape of the bytes
//! says so, else GB18030 (OUT-033).

use std::{
    cell::Cell as Shared,
    fs::File,
    io::{Read, Seek},
    path::Path,
    rc::Rc,
};

use csv::{Reader, ReaderBuilder, StringRecord};
use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use super::{About, Facts, Flow, Part, Row, Take, clip, damaged, keeps, not_a_spreadsheet};
use crate::error::JobError;

mod utf8;

use utf8::Utf8;

/// Bytes at the start by which the separator is found.
const START: u64 = 64 * 1024;
/// Rows of it that are compared.
const COMPARED: usize = 50;
/// Longest row, in bytes: beyond it, a quotation mark is open.
const ROW_MAX: u64 = 4 * 1024 * 1024;
const SEPARATORS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// Whether the first bytes of a file could be text, in whatever encoding.
pub fn looks_like(start: &[u8]) -> bool {
    if Encoding::for_bom(start).is_some() || wide(start).is_some() {
        return true;
    }
    let is_control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
    !start.is_empty()
        && !start.iter().any(is_control)
        && !start.starts_with(b"%PDF")
        && !start.trim_ascii_start().starts_with(b"<")
        && !start.trim_ascii_start().starts_with(b"{")
}

/// UTF-16 without a mark: separators, digits and line ends have a zero byte, nearly always on one
/// side.
fn wide(start: &[u8]) -> Option<&'static Encoding> {
    let zeros = |side: usize| {
        let bytes = start.iter().skip(side).step_by(2);
        bytes.filter(|byte| **byte == 0).count()
    };
    let (even, odd, pairs) = (zeros(0), zeros(1), start.len() / 2);
    match () {
        () if pairs >= 4 && odd * 10 > pairs && even * 4 < odd => Some(UTF_16LE),
        () if pairs >= 4 && even * 10 > pairs && odd * 4 < even => Some(UTF_16BE),
        () => None,
    }
}

pub fn read(path: &Path, asked: Option<&str>, take: &mut Take<'_>) -> Result<(), JobError> {
    if let Some(asked) = asked
        .map(str::trim)
        .filter(|asked| !matches!(*asked, "" | "1"))
    {
        let text = format!("there is no sheet \"{asked}\": the file is text");
        return Err(JobError::user("SHEET_NOT_FOUND", text));
    }
    let Nature { encoding, lines } = nature(path)?;
    take(Part::About(About {
        rows: lines,
        ..About::default()
    }))?;
    let mut start = Vec::new();
    Utf8::new(File::open(path)?, encoding)
        .take(START)
        .read_to_end(&mut start)?;
    let (separator, hint) = separator(&start);
    let handed = Rc::new(Shared::new(0));
    let counted = Limited {
        inner: Utf8::new(File::open(path)?, encoding),
        handed: handed.clone(),
    };
    let mut reader = reader(separator, counted);
    let mut record = StringRecord::new();
    let mut no = 0_u32;
    let mut width = 0;
    loop {
        handed.set(0);
        let line = reader.position().line();
        if !reader.read_record(&mut record).map_err(bad)? {
            break;
        }
        let empty = reader
            .position()
            .line()
            .saturating_sub(line + 1 + inner_lines(&record));
        no = no
            .saturating_add(1)
            .saturating_add(u32::try_from(empty).unwrap_or(u32::MAX));
        if no == 1 && hint {
            continue;
        }
        let mut cells = Vec::with_capacity(width);
        let kept = record
            .iter()
            .enumerate()
            .take_while(|(at, _)| keeps(no, *at));
        cells.extend(kept.map(|(_, text)| cell(text)));
        width = cells.len();
        if take(Part::Row(Row { no, cells }))? == Flow::Stop {
            return Ok(());
        }
    }
    take(Part::Facts(Facts::default())).map(|_| ())
}

fn cell(text: &str) -> engine::import_row::Cell {
    if text.is_empty() {
        return engine::import_row::Cell::Empty;
    }
    clip(text)
}

/// Line ends within the cells of a record.
fn inner_lines(record: &StringRecord) -> u64 {
    memchr::memchr_iter(b'\n', record.as_slice().as_bytes()).count() as u64
}

struct Nature {
    encoding: &'static Encoding,
    /// Rows, unless a cell holds a line end.
    lines: u32,
}

/// The encoding in which the whole file makes sense.
fn nature(path: &Path) -> Result<Nature, JobError> {
    let mut file = File::open(path)?;
    let mut start = Vec::with_capacity(4096);
    (&mut file).take(4096).read_to_end(&mut start)?;
    if let Some((encoding, _)) = Encoding::for_bom(&start) {
        return Ok(Nature { encoding, lines: 0 });
    }
    if let Some(encoding) = wide(&start) {
        return Ok(Nature { encoding, lines: 0 });
    }
    for encoding in [UTF_8, GB18030] {
        file.rewind()?;
        if let Some(lines) = utf8::lines_in(&mut file, encoding)? {
            return Ok(Nature { encoding, lines });
        }
    }
    Err(not_a_spreadsheet())
}

/// The separator by which the first rows fall into equally many cells, and whether row 1 only names it
/// (`sep=;`). A comma when in doubt.
fn separator(start: &[u8]) -> (u8, bool) {
    if let Some(named) = start.strip_prefix(b"sep=").and_then(|rest| rest.first()) {
        return (*named, true);
    }
    let mut best = (b',', (0, 0));
    for separator in SEPARATORS {
        let fit = fit(start, separator);
        if fit > best.1 {
            best = (separator, fit);
        }
    }
    (best.0, false)
}

/// How many rows have the commonest width, above one, and that width.
fn fit(start: &[u8], separator: u8) -> (usize, usize) {
    let mut widths: Vec<usize> = Vec::new();
    let mut reader = reader(separator, start);
    let mut record = csv::ByteRecord::new();
    while widths.len() < COMPARED && reader.read_byte_record(&mut record).unwrap_or(false) {
        widths.push(record.len());
    }
    let of = |width: usize| widths.iter().filter(|other| **other == width).count();
    let many = widths.iter().filter(|width| **width > 1);
    many.map(|width| (of(*width), *width))
        .max()
        .unwrap_or_default()
}

fn reader<R: Read>(separator: u8, input: R) -> Reader<R> {
    ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .buffer_capacity(64 * 1024)
        .from_reader(input)
}

/// Stops where a row takes more than any row can.
struct Limited<R> {
    inner: R,
    /// Bytes handed out since the last row.
    handed: Rc<Shared<u64>>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let handed = self.handed.get() + count as u64;
        self.handed.set(handed);
        if handed > ROW_MAX {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        Ok(count)
    }
}

fn bad(error: csv::Error) -> JobError {
    if let csv::ErrorKind::Io(io) = error.kind()
        && io.kind() == std::io::ErrorKind::FileTooLarge
    {
        return damaged("a quotation mark is opened and never closed");
    }
    damaged(error)
}
