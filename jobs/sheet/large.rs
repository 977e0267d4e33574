//! .xlsx with more shared texts than are held in memory. The library that reads the others keeps all of
//! them, and there is no other way into it: here they are kept by [`Texts`], and the cells are read as it
//! would read them. What the workbook says of its sheets and formats is still the library's word.

mod cells;
mod outline;
mod string;
mod texts;

use std::{
    fs::File,
    io::{BufReader, Cursor, Read},
    path::Path,
};

use calamine::Xlsx;
use quick_xml::{Reader, events::Event};
use zip::ZipArchive;

use super::{archive::is_texts, damaged};
use crate::error::JobError;
use cells::Cells;
use outline::Outline;
use texts::Texts;

type Archive = ZipArchive<BufReader<File>>;

/// A workbook, with its texts at hand.
pub struct Large {
    archive: Archive,
    outline: Outline,
    texts: Texts,
}

impl Large {
    /// Reads the shared texts. What of them has no room in memory goes to a file beside this one that has
    /// no name.
    pub fn open(path: &Path) -> Result<Self, JobError> {
        let file = BufReader::with_capacity(256 * 1024, File::open(path)?);
        let mut archive = ZipArchive::new(file).map_err(damaged)?;
        let outline = Outline::of(&mut archive)?;
        let beside = path.parent().unwrap_or(Path::new("."));
        let mut texts = Texts::new(beside);
        if let Some(at) = position(&archive, is_texts) {
            let entry = archive.by_index(at).map_err(damaged)?;
            read_texts(entry, &mut texts)?;
        }
        Ok(Self {
            archive,
            outline,
            texts,
        })
    }

    pub fn outline(&self) -> &Xlsx<Cursor<Vec<u8>>> {
        self.outline.book()
    }

    /// The cells of a sheet, which is in this part.
    pub fn cells<'a>(
        &'a mut self,
        sheet: &str,
        part: &str,
        is_1904: bool,
    ) -> Result<Cells<'a, impl Read + 'a>, JobError> {
        let formats = self.outline.formats(sheet)?;
        let at = position(&self.archive, |name| name == part);
        let at = at.ok_or_else(|| damaged("a sheet is missing"))?;
        let entry = self.archive.by_index(at).map_err(damaged)?;
        Cells::new(xml(entry), &mut self.texts, formats, is_1904)
    }
}

/// The entry whose name in lower case is this one.
fn position(archive: &Archive, is_it: impl Fn(&str) -> bool) -> Option<usize> {
    (0..archive.len()).find(|&at| {
        let name = archive.name_for_index(at).and_then(Result::ok);
        name.is_some_and(|name| is_it(&name.replace('\\', "/").to_ascii_lowercase()))
    })
}

/// XML as the library reads it.
fn xml<R: Read>(entry: R) -> Reader<BufReader<R>> {
    let mut xml = Reader::from_reader(BufReader::with_capacity(64 * 1024, entry));
    let config = xml.config_mut();
    config.check_end_names = false;
    config.check_comments = false;
    config.expand_empty_elements = true;
    xml
}

fn read_texts(entry: impl Read, texts: &mut Texts) -> Result<(), JobError> {
    let mut xml = xml(entry);
    let (mut event, mut buffers) = (Vec::new(), string::Buffers::default());
    loop {
        event.clear();
        match xml.read_event_into(&mut event).map_err(damaged)? {
            Event::Start(tag) if tag.local_name().as_ref() == "si" => {
                texts.push(string::read(&mut xml, "si", &mut buffers)?)?;
            }
            Event::End(tag) if tag.local_name().as_ref() == "sst" => return Ok(()),
            Event::Eof => return Err(damaged("its table of texts ends early")),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
