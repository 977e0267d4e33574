//! Makes files.

use std::{
    io::{Cursor, Write},
    path::PathBuf,
};

use rust_xlsxwriter::{Workbook, Worksheet};
use tempfile::TempDir;
use zip::{ZipWriter, write::SimpleFileOptions};

/// What writes a sheet's cells.
pub type Fill<'a> = &'a dyn Fn(&mut Worksheet);

pub struct Place(pub TempDir);

impl Place {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub fn text(&self, name: &str, text: &str) -> PathBuf {
        self.file(name, text.as_bytes())
    }

    /// A workbook as Excel would write it.
    pub fn book(&self, name: &str, fill: impl Fn(&mut Worksheet)) -> PathBuf {
        self.books(name, &[("Sheet1", &fill)])
    }

    pub fn books(&self, name: &str, sheets: &[(&str, Fill<'_>)]) -> PathBuf {
        let mut book = Workbook::new();
        for (name, fill) in sheets {
            let sheet = book.add_worksheet();
            sheet.set_name(*name).unwrap();
            fill(sheet);
        }
        let path = self.0.path().join(name);
        book.save(&path).unwrap();
        path
    }

    /// A workbook by hand: the workbook's properties, shared texts, the sheet.
    pub fn xml(&self, name: &str, properties: &str, shared: &str, sheet: &str) -> PathBuf {
        let workbook = format!(
            r#"<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">{properties}<sheets><sheet name="s" sheetId="1" r:id="rId1"/></sheets></workbook>"#
        );
        let relations = relations("sheet1.xml", !shared.is_empty());
        let mut parts = vec![
            (
                "[Content_Types].xml",
                r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#,
            ),
            (
                "_rels/.rels",
                r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
            ),
            ("xl/workbook.xml", workbook.as_str()),
            ("xl/_rels/workbook.xml.rels", relations.as_str()),
            ("xl/worksheets/sheet1.xml", sheet),
        ];
        if !shared.is_empty() {
            parts.push(("xl/sharedStrings.xml", shared));
        }
        let parts: Vec<(&str, &[u8])> = parts
            .iter()
            .map(|(name, text)| (*name, text.as_bytes()))
            .collect();
        self.file(name, &zip_of(&parts))
    }
}

pub const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

fn relations(sheet: &str, shared: bool) -> String {
    let shared = if shared {
        format!(
            r#"<Relationship Id="rId2" Type="{RELATIONS}/sharedStrings" Target="sharedStrings.xml"/>"#
        )
    } else {
        String::new()
    };
    format!(
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="{RELATIONS}/worksheet" Target="worksheets/{sheet}"/>{shared}</Relationships>"#
    )
}

pub fn zip_of(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The smallest .xlsb: rows of texts and numbers, row 2 hidden.
pub fn xlsb(rows: &[&[Xlsb<'_>]]) -> Vec<u8> {
    let mut workbook = Vec::new();
    record(&mut workbook, 153, &[0; 8]);
    let mut bundle = [0_u32, 1].map(u32::to_le_bytes).concat();
    bundle.extend(wide("rId1"));
    bundle.extend(wide("名单"));
    record(&mut workbook, 156, &bundle);
    record(&mut workbook, 144, &[]);
    record(&mut workbook, 132, &[]);
    let mut sheet = Vec::new();
    record(&mut sheet, 129, &[]);
    let last = u32::try_from(rows.len()).unwrap() - 1;
    record(
        &mut sheet,
        148,
        &[0, last, 0, 9].map(u32::to_le_bytes).concat(),
    );
    record(&mut sheet, 145, &[]);
    for (no, cells) in (0_u32..).zip(rows) {
        let mut header = no.to_le_bytes().to_vec();
        header.extend([0; 13]);
        header[11] = if no == 1 { 0x10 } else { 0 };
        record(&mut sheet, 0, &header);
        for (column, cell) in (0_u32..).zip(*cells) {
            let mut payload = column.to_le_bytes().to_vec();
            payload.extend([0; 4]);
            match cell {
                Xlsb::Text(text) => {
                    payload.extend(wide(text));
                    record(&mut sheet, 6, &payload);
                }
                Xlsb::Number(number) => {
                    payload.extend(number.to_le_bytes());
                    record(&mut sheet, 5, &payload);
                }
                Xlsb::Failed => {
                    payload.push(0x17);
                    record(&mut sheet, 3, &payload);
                }
                Xlsb::Empty => {}
            }
        }
    }
    record(&mut sheet, 146, &[]);
    let merge = [1_u32, 2, 0, 0].map(u32::to_le_bytes).concat();
    record(&mut sheet, 176, &merge);
    record(&mut sheet, 130, &[]);
    zip_of(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("xl/workbook.bin", &workbook),
        (
            "xl/_rels/workbook.bin.rels",
            relations("sheet1.bin", false).as_bytes(),
        ),
        ("xl/worksheets/sheet1.bin", &sheet),
    ])
}

pub enum Xlsb<'a> {
    Empty,
    Text(&'a str),
    Number(f64),
    Failed,
}

fn record(out: &mut Vec<u8>, kind: u16, payload: &[u8]) {
    let low = u8::try_from(kind & 0x7f).unwrap();
    if kind < 0x80 {
        out.push(low);
    } else {
        out.extend([low | 0x80, u8::try_from(kind >> 7).unwrap()]);
    }
    let mut length = payload.len();
    loop {
        let part = u8::try_from(length & 0x7f).unwrap();
        length >>= 7;
        if length == 0 {
            out.push(part);
            break;
        }
        out.push(part | 0x80);
    }
    out.extend(payload);
}

fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut bytes = u32::try_from(units.len()).unwrap().to_le_bytes().to_vec();
    bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    bytes
}
