//! The cells of a sheet, one by one.

use std::io::{BufReader, Read};

use calamine::{CellErrorType, ExcelDateTime, ExcelDateTimeType};
use engine::import_row::Cell;
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use super::{
    super::{
        clip, damaged,
        scan::area,
        xlsx::{UNNAMED_ERROR, dated, error_name, iso},
    },
    string::{self, Buffers, content, unescape},
    texts::Texts,
};
use crate::error::JobError;

pub struct Cells<'a, R: Read> {
    xml: Reader<BufReader<R>>,
    texts: &'a mut Texts,
    formats: Vec<Option<ExcelDateTimeType>>,
    is_1904: bool,
    /// The last row that the sheet says it has, from 0.
    claimed: u32,
    /// Where a cell stands that does not say so, from 0.
    row: u32,
    column: u32,
    event: Vec<u8>,
    inner: Vec<u8>,
    value: String,
    buffers: Buffers,
}

/// What a cell says of itself.
struct Head {
    at: Option<(u32, u32)>,
    format: Option<usize>,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Shared,
    Inline,
    Text,
    Truth,
    Error,
    Iso,
    Number,
    /// A number, unless it is none.
    Untold,
}

impl<'a, R: Read> Cells<'a, R> {
    /// Reads on to the first row.
    pub fn new(
        xml: Reader<BufReader<R>>,
        texts: &'a mut Texts,
        formats: Vec<Option<ExcelDateTimeType>>,
        is_1904: bool,
    ) -> Result<Self, JobError> {
        let mut cells = Self {
            xml,
            texts,
            formats,
            is_1904,
            claimed: 0,
            row: 0,
            column: 0,
            event: Vec::with_capacity(1024),
            inner: Vec::with_capacity(1024),
            value: String::new(),
            buffers: Buffers::default(),
        };
        cells.head()?;
        Ok(cells)
    }

    pub fn claimed(&self) -> u32 {
        self.claimed
    }

    fn head(&mut self) -> Result<(), JobError> {
        loop {
            self.event.clear();
            match self.xml.read_event_into(&mut self.event).map_err(damaged)? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "dimension" => {
                        let said = attribute(&tag, "ref")?;
                        let area = said.as_deref().and_then(|said| area(said.as_bytes()));
                        self.claimed = area.map_or(0, |area| area.bottom);
                    }
                    "sheetData" => return Ok(()),
                    _ => {}
                },
                Event::Eof => return Err(damaged("a sheet has no rows")),
                _ => {}
            }
        }
    }

    /// The next cell, with its row and column from 0.
    pub fn next(&mut self) -> Result<Option<(u32, u32, Cell)>, JobError> {
        loop {
            self.event.clear();
            let head = match self.xml.read_event_into(&mut self.event).map_err(damaged)? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "row" => {
                        if let Some(no) = attribute(&tag, "r")? {
                            let no: Option<u32> = no.parse().ok();
                            let no = no.and_then(|no| no.checked_sub(1));
                            self.row = no.ok_or_else(|| damaged("a row has no number"))?;
                        }
                        continue;
                    }
                    "c" => Head::of(&tag)?,
                    _ => continue,
                },
                Event::End(tag) => match tag.local_name().as_ref() {
                    "row" => {
                        (self.row, self.column) = (self.row.saturating_add(1), 0);
                        continue;
                    }
                    "sheetData" => return Ok(None),
                    _ => continue,
                },
                Event::Eof => return Err(damaged("a sheet ends early")),
                _ => continue,
            };
            let (row, column) = head.at.unwrap_or((self.row, self.column));
            self.column = column.saturating_add(1);
            let cell = self.cell(&head)?;
            return Ok(Some((row, column, cell)));
        }
    }

    /// The value of the cell that has begun.
    fn cell(&mut self, head: &Head) -> Result<Cell, JobError> {
        let mut cell = Cell::Empty;
        loop {
            self.inner.clear();
            match self.xml.read_event_into(&mut self.inner).map_err(damaged)? {
                Event::Start(tag) => match (tag.local_name().as_ref(), head.kind) {
                    ("is", _) => {
                        cell = clip(string::read(&mut self.xml, "is", &mut self.buffers)?);
                    }
                    // A cell with its text inside may have it twice.
                    ("v", Kind::Inline) | ("f", _) => {
                        let name = tag.name();
                        let mut skipped = std::mem::take(&mut self.event);
                        let done = self.xml.read_to_end_into(name, &mut skipped);
                        self.event = skipped;
                        done.map_err(damaged)?;
                    }
                    ("v", _) => {
                        self.value.clear();
                        content(&mut self.xml, "v", &mut self.event, &mut self.value)?;
                        cell = self.value(head)?;
                    }
                    (other, _) => return Err(damaged(format!("a cell holds {other}"))),
                },
                Event::End(tag) if tag.local_name().as_ref() == "c" => return Ok(cell),
                Event::Eof => return Err(damaged("a cell has no end")),
                _ => {}
            }
        }
    }

    fn value(&mut self, head: &Head) -> Result<Cell, JobError> {
        let value = self.value.as_str();
        if value.is_empty() && !matches!(head.kind, Kind::Text | Kind::Iso) {
            return Ok(Cell::Empty);
        }
        Ok(match head.kind {
            Kind::Shared => {
                let text = self.texts.get(value.parse().unwrap_or_default())?;
                clip(text.ok_or_else(|| damaged("a cell names a text that is not there"))?)
            }
            Kind::Text => clip(&unescape(value)),
            Kind::Truth => match value.trim() {
                "" => Cell::Empty,
                "0" => Cell::Bool(false),
                "1" => Cell::Bool(true),
                word if word.eq_ignore_ascii_case("false") => Cell::Bool(false),
                word if word.eq_ignore_ascii_case("true") => Cell::Bool(true),
                _ => return Err(damaged("a truth value is none")),
            },
            Kind::Error => {
                let named = value.parse::<CellErrorType>();
                Cell::Error(named.map_or(UNNAMED_ERROR, |error| error_name(&error)))
            }
            Kind::Iso => iso(value),
            Kind::Number | Kind::Untold => match (value.parse::<f64>(), head.kind) {
                (Ok(number), _) => self.number(number, head.format),
                (Err(_), Kind::Untold) => clip(value),
                (Err(_), _) => return Err(damaged("a number is none")),
            },
            Kind::Inline => Cell::Empty,
        })
    }

    fn number(&self, number: f64, format: Option<usize>) -> Cell {
        let shown = format.and_then(|format| *self.formats.get(format)?);
        match shown {
            Some(kind) => dated(&ExcelDateTime::new(number, kind, self.is_1904)),
            None => Cell::Number(number),
        }
    }
}

impl Head {
    fn of(tag: &BytesStart<'_>) -> Result<Self, JobError> {
        let mut head = Self {
            at: None,
            format: None,
            kind: Kind::Untold,
        };
        for one in tag.attributes().with_checks(false) {
            let one = one.map_err(damaged)?;
            match one.key.as_ref() {
                "r" => {
                    let place = place(&one.value);
                    head.at = Some(place.ok_or_else(|| damaged("a cell has no place"))?);
                }
                "s" => head.format = Some(one.value.parse().unwrap_or_default()),
                "t" => head.kind = kind(&one.value)?,
                _ => {}
            }
        }
        Ok(head)
    }
}

fn kind(named: &str) -> Result<Kind, JobError> {
    Ok(match named {
        "s" => Kind::Shared,
        "n" => Kind::Number,
        "str" => Kind::Text,
        "inlineStr" | "is" => Kind::Inline,
        "b" => Kind::Truth,
        "e" => Kind::Error,
        "d" => Kind::Iso,
        other => return Err(damaged(format!("a cell is of the unknown type {other}"))),
    })
}

/// `B2` as row and column from 0.
fn place(name: &str) -> Option<(u32, u32)> {
    let digits = name.bytes().position(|byte| byte.is_ascii_digit())?;
    let mut column = 0_u32;
    for byte in name[..digits].bytes() {
        let letter = u32::from(byte.to_ascii_uppercase().checked_sub(b'A')?);
        let letter = Some(letter).filter(|letter| *letter < 26)?;
        column = column.checked_mul(26)?.checked_add(letter + 1)?;
    }
    let row: u32 = name[digits..].parse().ok()?;
    Some((row.checked_sub(1)?, column.checked_sub(1)?))
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, JobError> {
    for one in tag.attributes().with_checks(false) {
        let one = one.map_err(damaged)?;
        if one.key.as_ref() == name {
            return Ok(Some(one.value.into_owned()));
        }
    }
    Ok(None)
}
