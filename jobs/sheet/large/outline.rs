//! What the library says of a workbook without its texts: its sheets, from when its days count, and which
//! formats show a number as a date.

use std::io::{Cursor, Read, Write};

use calamine::{DataRef, ExcelDateTimeType, Reader, Xlsx};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{
    super::{
        archive::{is_sheet, is_texts},
        damaged,
        xlsx::bad,
    },
    Archive,
};
use crate::error::JobError;

/// Most formats of a workbook (Excel's own limit is 65,490).
const FORMATS_MAX: usize = 65_536;

/// A copy of the workbook without its texts, in which every sheet has one row: a one in each format.
pub struct Outline {
    book: Xlsx<Cursor<Vec<u8>>>,
    formats: usize,
}

impl Outline {
    pub fn of(archive: &mut Archive) -> Result<Self, JobError> {
        let mut copy = ZipWriter::new(Cursor::new(Vec::new()));
        let mut sheets = Vec::new();
        let mut formats = 0;
        for at in 0..archive.len() {
            let mut entry = archive.by_index(at).map_err(damaged)?;
            let name = entry.name().map_err(damaged)?.into_owned();
            let lower = name.replace('\\', "/").to_ascii_lowercase();
            if is_sheet(&lower) {
                sheets.push(name);
            } else if lower.ends_with("styles.xml") {
                let mut styles = Vec::new();
                entry.read_to_end(&mut styles).map_err(damaged)?;
                formats = memchr::memmem::find_iter(&styles, b"xf ").count();
                put(&mut copy, &name, &styles)?;
            } else if !is_texts(&lower) && [".xml", ".rels"].iter().any(|end| lower.ends_with(end))
            {
                copy.raw_copy_file(entry).map_err(damaged)?;
            }
        }
        let formats = formats.min(FORMATS_MAX);
        let probe = probe(formats);
        for name in sheets {
            put(&mut copy, &name, probe.as_bytes())?;
        }
        let copy = copy.finish().map_err(damaged)?;
        Ok(Self {
            book: Xlsx::new(copy).map_err(bad)?,
            formats,
        })
    }

    pub fn book(&self) -> &Xlsx<Cursor<Vec<u8>>> {
        &self.book
    }

    /// What a number is in each of the formats, by their places.
    pub fn formats(&mut self, sheet: &str) -> Result<Vec<Option<ExcelDateTimeType>>, JobError> {
        let mut cells = self.book.worksheet_cells_reader(sheet).map_err(bad)?;
        let mut formats = Vec::with_capacity(self.formats);
        while let Some(cell) = cells.next_cell().map_err(bad)? {
            formats.push(match cell.get_value() {
                DataRef::DateTime(day) if day.is_datetime() => Some(ExcelDateTimeType::DateTime),
                DataRef::DateTime(_) => Some(ExcelDateTimeType::TimeDelta),
                _ => None,
            });
        }
        Ok(formats)
    }
}

/// A sheet with a one in each format.
fn probe(formats: usize) -> String {
    let mut sheet = String::from("<worksheet><sheetData><row>");
    for format in 0..formats {
        sheet.push_str(&format!(r#"<c s="{format}"><v>1</v></c>"#));
    }
    sheet.push_str("</row></sheetData></worksheet>");
    sheet
}

fn put(copy: &mut ZipWriter<Cursor<Vec<u8>>>, name: &str, bytes: &[u8]) -> Result<(), JobError> {
    copy.start_file(name, SimpleFileOptions::default())
        .map_err(damaged)?;
    Ok(copy.write_all(bytes)?)
}
