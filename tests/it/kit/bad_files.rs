//! Files that must not hurt.

use std::io::{Cursor, Write};

use zip::{ZipWriter, write::SimpleFileOptions};

use super::sheet;

/// The first half of a good file.
pub fn truncated() -> Vec<u8> {
    let mut bytes = sheet::xlsx(sheet::HEADER, &sheet::leads(&["13800138000"; 200]));
    bytes.truncate(bytes.len() / 2);
    bytes
}

/// What Excel makes of a workbook with a password: a compound file that holds an encrypted package.
pub fn encrypted() -> Vec<u8> {
    const SECTOR: usize = 512;
    const FREE: u32 = 0xFFFF_FFFF;
    const END: u32 = 0xFFFF_FFFE;
    const TABLE: u32 = 0xFFFF_FFFD;
    let mut file = vec![0_u8; SECTOR];
    file[..8].copy_from_slice(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]);
    // Version 3, little endian, sectors of 512 bytes, small ones of 64, one sector of allocation
    // table (number 0), the directory in sector 1, streams below 4,096 bytes in small sectors.
    for (at, value) in [(24, 0x3E_u16), (26, 3), (28, 0xFFFE), (30, 9), (32, 6)] {
        file[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }
    for (at, value) in [
        (44, 1_u32),
        (48, 1),
        (56, 4096),
        (60, END),
        (68, END),
        (76, 0),
    ] {
        file[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    file[80..].fill(0xFF);
    file.extend([TABLE, END].into_iter().flat_map(u32::to_le_bytes));
    file.resize(2 * SECTOR, 0xFF);
    for (name, kind, child, right) in [
        ("Root Entry", 5_u8, 1, FREE),
        ("EncryptionInfo", 2, FREE, 2),
        ("EncryptedPackage", 2, FREE, FREE),
    ] {
        file.extend(directory_entry(name, kind, child, right, END));
    }
    file.resize(3 * SECTOR, 0);
    file
}

fn directory_entry(name: &str, kind: u8, child: u32, right: u32, start: u32) -> [u8; 128] {
    let mut entry = [0; 128];
    let name: Vec<u8> = name
        .encode_utf16()
        .chain([0])
        .flat_map(u16::to_le_bytes)
        .collect();
    entry[..name.len()].copy_from_slice(&name);
    entry[64..66].copy_from_slice(&(name.len() as u16).to_le_bytes());
    entry[66] = kind;
    entry[67] = 1;
    entry[68..72].copy_from_slice(&u32::MAX.to_le_bytes());
    entry[72..76].copy_from_slice(&right.to_le_bytes());
    entry[76..80].copy_from_slice(&child.to_le_bytes());
    entry[116..120].copy_from_slice(&start.to_le_bytes());
    entry
}

/// Small on disk, huge in memory: a sheet of `megabytes` of the same byte.
///
/// # Panics
/// Never: it is written to memory.
pub fn zip_bomb(megabytes: usize) -> Vec<u8> {
    let mut sheet = String::from(SHEET_HEAD);
    sheet.push_str(r#"<row r="1"><c r="A1" t="inlineStr"><is><t>phone"#);
    let blanks = vec![b' '; 1024 * 1024];
    package(|zip| {
        zip.write_all(sheet.as_bytes())?;
        for _ in 0..megabytes {
            zip.write_all(&blanks)?;
        }
        zip.write_all(b"</t></is></c></row></sheetData></worksheet>")
    })
}

/// A few kilobytes that claim a sheet from the first cell to the last one there can be.
///
/// # Panics
/// Never: it is written to memory.
pub fn huge_range() -> Vec<u8> {
    package(|zip| {
        zip.write_all(SHEET_HEAD.as_bytes())?;
        zip.write_all(
            br#"<row r="1"><c r="A1" t="inlineStr"><is><t>phone</t></is></c></row>
            <row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>
            </sheetData></worksheet>"#,
        )
    })
}

const SHEET_HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#;

/// The smallest workbook around one sheet.
fn package(sheet: impl FnOnce(&mut ZipWriter<Cursor<Vec<u8>>>) -> std::io::Result<()>) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().large_file(true);
    for (name, text) in PARTS {
        zip.start_file(*name, options).expect("memory");
        zip.write_all(text.as_bytes()).expect("memory");
    }
    zip.start_file("xl/worksheets/sheet1.xml", options)
        .expect("memory");
    sheet(&mut zip).expect("memory");
    zip.finish().expect("memory").into_inner()
}

const PARTS: &[(&str, &str)] = &[
    (
        "[Content_Types].xml",
        r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#,
    ),
    (
        "_rels/.rels",
        r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    (
        "xl/workbook.xml",
        r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="s" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
    ),
];
