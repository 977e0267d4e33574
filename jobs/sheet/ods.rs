//! .ods, row by row (OpenDocument 1.3, part 3, 9.1): a million repeated empty rows cost nothing.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use engine::import_row::Cell;
use quick_xml::{
    Reader,
    escape::resolve_xml_entity,
    events::{BytesStart, Event},
};
use zip::ZipArchive;

use super::{
    Facts, Flow, Part, Row, Take, archive,
    choice::{self, Listed},
    clip, damaged, encrypted,
    merges::{Merge, Merges},
    place,
    xlsx::iso,
};
use crate::error::JobError;

/// As many columns as any spreadsheet has.
const COLUMNS_MAX: usize = 16_384;
/// Longest text of a cell, in bytes; the rest is dropped.
const TEXT_MAX: usize = 4 * super::CELL_MAX;

pub fn read(path: &Path, asked: Option<&str>, take: &mut Take<'_>) -> Result<(), JobError> {
    if archive::is_encrypted(path)? {
        return Err(encrypted());
    }
    let parts = archive::check(path)?;
    let tables = parts.content().map(|seen| seen.tables.as_slice());
    let listed: Vec<Listed> = tables
        .unwrap_or_default()
        .iter()
        .map(|table| Listed {
            name: table.name.clone(),
            is_visible: table.is_visible,
            is_filled: table.is_filled,
        })
        .collect();
    let chosen = choice::choose(&listed, asked)?;
    take(Part::About(choice::about(&listed, chosen, 0, false)))?;
    let file = BufReader::new(File::open(path)?);
    let mut archive = ZipArchive::new(file).map_err(damaged)?;
    let content = archive.by_name("content.xml").map_err(damaged)?;
    let content = BufReader::with_capacity(64 * 1024, content);
    Table::new(content, take).read(chosen)
}

struct Table<'a, 'b, R> {
    xml: Reader<R>,
    buffer: Vec<u8>,
    merges: Merges,
    facts: Facts,
    take: &'a mut Take<'b>,
    /// Rows before the one that is read.
    rows: u32,
}

/// A cell that is open.
#[derive(Debug, Default)]
struct Open {
    kind: Kind,
    value: Option<String>,
    repeated: usize,
    rows_spanned: u32,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Kind {
    #[default]
    Empty,
    Text,
    Number,
    Bool,
    Date,
    Failed,
}

impl<'a, 'b, R: BufRead> Table<'a, 'b, R> {
    fn new(content: R, take: &'a mut Take<'b>) -> Self {
        let mut xml = Reader::from_reader(content);
        let config = xml.config_mut();
        config.check_end_names = false;
        config.expand_empty_elements = true;
        Self {
            xml,
            buffer: Vec::new(),
            merges: Merges::default(),
            facts: Facts::default(),
            take,
            rows: 0,
        }
    }

    /// Reads the table of this number, from 0.
    fn read(mut self, chosen: usize) -> Result<(), JobError> {
        let mut tables = 0;
        loop {
            self.buffer.clear();
            match self
                .xml
                .read_event_into(&mut self.buffer)
                .map_err(damaged)?
            {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "table" => tables += 1,
                    _ if tables != chosen + 1 => {}
                    "table-column" if is_hidden(&tag) => {
                        let many = count(&tag, "number-columns-repeated");
                        let many = many.min(u32::try_from(COLUMNS_MAX).unwrap_or(u32::MAX));
                        self.facts.hidden_columns = self.facts.hidden_columns.saturating_add(many);
                    }
                    "table-row" => {
                        let (hidden, many) = (is_hidden(&tag), count(&tag, "number-rows-repeated"));
                        if self.row(hidden, many)? == Flow::Stop {
                            return Ok(());
                        }
                    }
                    _ => {}
                },
                Event::End(tag) if tag.local_name().as_ref() == "table" && tables == chosen + 1 => {
                    break;
                }
                Event::Eof => return Err(damaged("the table does not end")),
                _ => {}
            }
        }
        (self.take)(Part::Facts(self.facts))?;
        Ok(())
    }

    fn row(&mut self, hidden: bool, many: u32) -> Result<Flow, JobError> {
        let mut row = Row {
            no: self.rows.saturating_add(1),
            cells: Vec::new(),
        };
        let mut column = 0;
        loop {
            self.buffer.clear();
            match self
                .xml
                .read_event_into(&mut self.buffer)
                .map_err(damaged)?
            {
                Event::Start(tag)
                    if matches!(
                        tag.local_name().as_ref(),
                        "table-cell" | "covered-table-cell"
                    ) =>
                {
                    let open = opened(&tag)?;
                    let cell = self.cell(&open)?;
                    self.put(&mut row, &mut column, &open, &cell);
                }
                Event::End(tag) if tag.local_name().as_ref() == "table-row" => break,
                Event::Eof => return Err(damaged("a row does not end")),
                _ => {}
            }
        }
        self.give(row, hidden, many)
    }

    fn put(&mut self, row: &mut Row, column: &mut usize, open: &Open, cell: &Cell) {
        let end = column.saturating_add(open.repeated).min(COLUMNS_MAX);
        if *cell != Cell::Empty {
            for at in *column..end {
                place(row, at, cell.clone());
            }
            if open.rows_spanned > 1
                && let Ok(left) = u32::try_from(*column)
            {
                self.facts.merges = self.facts.merges.saturating_add(1);
                let bottom = self.rows.saturating_add(open.rows_spanned - 1);
                let top = self.rows;
                self.merges.push(Merge { top, left, bottom });
            }
        }
        *column = end;
    }

    fn give(&mut self, mut row: Row, hidden: bool, many: u32) -> Result<Flow, JobError> {
        let first = self.rows;
        self.rows = self.rows.saturating_add(many);
        if row.cells.is_empty() {
            return Ok(Flow::On);
        }
        if hidden {
            self.facts.hidden_rows = self.facts.hidden_rows.saturating_add(many);
        }
        self.merges.fill(&mut row);
        for nth in 0..many {
            let no = first.saturating_add(nth).saturating_add(1);
            let cells = row.cells.clone();
            if (self.take)(Part::Row(Row { no, cells }))? == Flow::Stop {
                return Ok(Flow::Stop);
            }
        }
        Ok(Flow::On)
    }

    /// Reads up to the end of a cell: its paragraphs, one a line, without its comments.
    fn cell(&mut self, open: &Open) -> Result<Cell, JobError> {
        let (mut text, mut paragraphs, mut aside) = (String::new(), 0, 0_usize);
        loop {
            self.buffer.clear();
            let event = self
                .xml
                .read_event_into(&mut self.buffer)
                .map_err(damaged)?;
            let fits = aside == 0 && paragraphs > 0 && text.len() < TEXT_MAX;
            match event {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "annotation" | "shapes" | "frame" => aside += 1,
                    "p" if aside == 0 => {
                        if paragraphs > 0 && text.len() < TEXT_MAX {
                            text.push('\n');
                        }
                        paragraphs += 1;
                    }
                    "s" if fits => {
                        let many = count(&tag, "c").min(1_000);
                        text.extend((0..many).map(|_| ' '));
                    }
                    "tab" if fits => text.push('\t'),
                    "line-break" if fits => text.push('\n'),
                    _ => {}
                },
                Event::End(tag) => match tag.local_name().as_ref() {
                    "annotation" | "shapes" | "frame" => aside = aside.saturating_sub(1),
                    "table-cell" | "covered-table-cell" => break,
                    _ => {}
                },
                Event::Text(part) if fits => text.push_str(&part.xml10_content()),
                Event::CData(part) if fits => text.push_str(&part.xml10_content()),
                Event::GeneralRef(entity) if fits => {
                    if let Some(plain) = resolve_xml_entity(entity.as_ref()) {
                        text.push_str(plain);
                    } else if let Some(char) = entity.resolve_char_ref().map_err(damaged)? {
                        text.push(char);
                    }
                }
                Event::Eof => return Err(damaged("a cell does not end")),
                _ => {}
            }
        }
        Ok(open.cell(&text))
    }
}

impl Open {
    fn cell(&self, text: &str) -> Cell {
        let value = self.value.as_deref();
        match self.kind {
            Kind::Failed => match clip(text) {
                Cell::Error(name) => Cell::Error(name),
                _ => Cell::Error("#ERROR!"),
            },
            Kind::Number => match value.and_then(|value| value.parse().ok()) {
                Some(number) => Cell::Number(number),
                None => shown(text),
            },
            Kind::Bool => value.map_or_else(|| shown(text), |value| Cell::Bool(value == "true")),
            Kind::Date => value.map_or_else(|| shown(text), iso),
            Kind::Text => shown(value.filter(|_| text.is_empty()).unwrap_or(text)),
            Kind::Empty => shown(text),
        }
    }
}

fn shown(text: &str) -> Cell {
    if text.is_empty() {
        return Cell::Empty;
    }
    clip(text)
}

fn opened(tag: &BytesStart<'_>) -> Result<Open, JobError> {
    let mut open = Open {
        repeated: 1,
        rows_spanned: 1,
        ..Open::default()
    };
    let mut failed = false;
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(damaged)?;
        let value = attribute
            .normalized_value(quick_xml::XmlVersion::Implicit1_0)
            .map_err(damaged)?;
        match attribute.key.as_ref() {
            "calcext:value-type" => failed = value == "error",
            "office:value-type" => {
                open.kind = match &*value {
                    "float" | "percentage" | "currency" => Kind::Number,
                    "boolean" => Kind::Bool,
                    "date" => Kind::Date,
                    _ => Kind::Text,
                }
            }
            "office:value"
            | "office:boolean-value"
            | "office:date-value"
            | "office:string-value" => open.value = Some(value.into_owned()),
            "table:number-columns-repeated" => open.repeated = value.parse().unwrap_or(1),
            "table:number-rows-spanned" => open.rows_spanned = value.parse().unwrap_or(1),
            _ => {}
        }
    }
    if failed {
        open.kind = Kind::Failed;
    }
    Ok(open)
}

/// A count in an attribute, 1 when it is not there.
fn count(tag: &BytesStart<'_>, name: &str) -> u32 {
    let mut attributes = tag.attributes().flatten();
    let found = attributes.find(|attribute| attribute.key.local_name().as_ref() == name);
    found
        .and_then(|attribute| attribute.value.trim().parse().ok())
        .unwrap_or(1)
}

fn is_hidden(tag: &BytesStart<'_>) -> bool {
    tag.attributes().flatten().any(|attribute| {
        attribute.key.local_name().as_ref() == "visibility" && &*attribute.value != "visible"
    })
}
