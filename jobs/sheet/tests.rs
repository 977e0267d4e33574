use std::{
    io::Write,
    path::{Path, PathBuf},
};

use engine::import_row::Cell;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use tempfile::TempDir;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;
use crate::testing::fixture;

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn book(&self, name: &str, fill: impl Fn(&mut rust_xlsxwriter::Worksheet)) -> PathBuf {
        let mut book = Workbook::new();
        fill(book.add_worksheet());
        let path = self.0.path().join(name);
        book.save(&path).unwrap();
        path
    }
}

fn rows(path: &Path) -> Result<Vec<Row>, JobError> {
    let mut rows = Vec::new();
    read(path, &mut |part| {
        if let Part::Row(row) = part {
            rows.push(row);
        }
        Ok(Flow::On)
    })?;
    Ok(rows)
}

fn code(path: &Path) -> &'static str {
    rows(path).expect_err("the file is bad").code()
}

fn text(text: &str) -> Cell {
    Cell::Text(text.into())
}

#[test]
fn xlsx_cells_keep_their_kind_and_place() {
    let place = Place::new();
    let path = place.book("a.xlsx", |sheet| {
        sheet.write(0, 0, "姓名").unwrap();
        sheet.write(0, 1, "号码").unwrap();
        sheet.write(1, 1, 18_618_616_001_i64).unwrap();
        sheet.write(3, 0, true).unwrap();
        let day = ExcelDateTime::from_ymd(2026, 11, 20).unwrap();
        let format = Format::new().set_num_format("yyyy-mm-dd");
        sheet.write_with_format(3, 2, day, &format).unwrap();
    });
    let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 20)
        .unwrap()
        .and_hms_opt(0, 0, 0)
        .unwrap();
    assert_eq!(
        rows(&path).unwrap(),
        [
            Row {
                no: 1,
                cells: vec![text("姓名"), text("号码")]
            },
            Row {
                no: 2,
                cells: vec![Cell::Empty, Cell::Number(18_618_616_001.0)]
            },
            Row {
                no: 4,
                cells: vec![Cell::Bool(true), Cell::Empty, Cell::Moment(day)]
            },
        ]
    );
    assert_eq!(header(&path).unwrap(), ["姓名", "号码"]);
}

#[test]
fn xls_is_read() {
    let rows = rows(&fixture("leads.xls")).unwrap();
    assert_eq!(titles(&rows[0].cells), ["姓名", "号码", "客户意向"]);
    assert_eq!(
        rows[1].cells,
        [text("张三"), Cell::Number(13_800_138_000.0), text("有意向")]
    );
    assert_eq!(rows[2].cells[1], text("010-12345678"));
    assert_eq!(rows[3].no, 4);
}

#[test]
fn csv_is_read_in_every_encoding_and_with_every_separator() {
    let place = Place::new();
    let plain = "姓名,号码\n\"张,三\",13800138000\n李四,010-12345678\n";
    let gb18030 = encoding_rs::GB18030.encode(plain).0.into_owned();
    let marked = [b"\xef\xbb\xbf".as_slice(), plain.as_bytes()].concat();
    let utf16: Vec<u8> = [0xfeff]
        .into_iter()
        .chain(plain.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let files = [
        ("utf8.csv", plain.as_bytes().to_vec()),
        ("gb18030.csv", gb18030),
        ("marked.csv", marked),
        ("utf16.csv", utf16),
        ("crlf.csv", plain.replace('\n', "\r\n").into_bytes()),
    ];
    for (name, bytes) in files {
        let rows = rows(&place.file(name, &bytes)).unwrap();
        assert_eq!(rows.len(), 3, "{name}");
        assert_eq!(rows[0].cells, [text("姓名"), text("号码")], "{name}");
        assert_eq!(rows[1].cells[0], text("张,三"), "{name}");
    }
    for separator in [';', '\t'] {
        let other = "姓名,号码\n张三,1\n".replace(',', &separator.to_string());
        let path = place.file("other.csv", other.as_bytes());
        assert_eq!(titles(&rows(&path).unwrap()[0].cells), ["姓名", "号码"]);
    }
}

#[test]
fn large_csv_in_gb18030_is_read_across_buffers() {
    let place = Place::new();
    let mut plain = String::from("姓名,号码\n");
    for at in 0..40_000 {
        plain.push_str(&format!("客户{at},{}\n", 13_800_000_000_u64 + at));
    }
    let bytes = encoding_rs::GB18030.encode(&plain).0.into_owned();
    let rows = rows(&place.file("large.csv", &bytes)).unwrap();
    assert_eq!(rows.len(), 40_001);
    assert_eq!(rows[40_000].cells, [text("客户39999"), text("13800039999")]);
}

#[test]
fn what_is_no_spreadsheet_is_told_by_its_bytes() {
    let place = Place::new();
    let mut word = Vec::new();
    zip_of(&mut word, &[("word/document.xml", b"<w/>")]);
    let files: [(&str, &[u8]); 7] = [
        ("picture.xlsx", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        ("page.csv", b"<html><table>"),
        ("page.xls", b"<html><table>"),
        ("paper.csv", b"%PDF-1.7"),
        ("bytes.csv", b"a,b\n\xff\xff\xff\xff\n"),
        ("empty.csv", b""),
        ("letter.xlsx", &word),
    ];
    for (name, bytes) in files {
        assert_eq!(
            code(&place.file(name, bytes)),
            "NOT_A_SPREADSHEET",
            "{name}"
        );
    }
    assert_eq!(code(&place.0.path().join("gone.csv")), "FILE_MISSING");
}

#[test]
fn encrypted_and_damaged_files_are_told_apart() {
    let place = Place::new();
    assert_eq!(code(&fixture("encrypted.xlsx")), "FILE_ENCRYPTED");
    let whole = std::fs::read(place.book("whole.xlsx", |sheet| {
        for row in 0..2_000 {
            sheet.write(row, 0, format!("客户{row}")).unwrap();
        }
    }))
    .unwrap();
    for part in [4, whole.len() / 2, whole.len() - 10] {
        assert_eq!(
            code(&place.file("cut.xlsx", &whole[..part])),
            "FILE_DAMAGED",
            "{part}"
        );
    }
    let old = std::fs::read(fixture("leads.xls")).unwrap();
    assert_eq!(code(&place.file("cut.xls", &old[..600])), "FILE_DAMAGED");
}

#[test]
fn a_zip_bomb_is_refused_by_what_it_unpacks_to() {
    let place = Place::new();
    let mut bomb = Vec::new();
    let zeros = vec![b' '; 48 * 1024 * 1024];
    zip_of(
        &mut bomb,
        &[
            ("xl/workbook.xml", b"<workbook/>"),
            ("xl/worksheets/sheet1.xml", &zeros),
        ],
    );
    assert!(bomb.len() < 100_000);
    assert_eq!(code(&place.file("bomb.xlsx", &bomb)), "ARCHIVE_BOMB");

    let mut long = Vec::new();
    let text = "x".repeat(2 * 1024 * 1024);
    let text = format!("<sst><si><t>{text}</t></si></sst>");
    let entries: [(&str, &[u8]); 2] = [
        ("xl/workbook.xml", b"<workbook/>"),
        ("xl/sharedStrings.xml", text.as_bytes()),
    ];
    zip_of(&mut long, &entries);
    assert_eq!(code(&place.file("long.xlsx", &long)), "ARCHIVE_BOMB");
}

/// What a Chinese spreadsheet program writes beside every text: more than the text itself.
#[test]
fn a_large_table_of_short_texts_is_no_bomb() {
    const TEXTS: u64 = 3_600_000;
    let place = Place::new();
    let path = place.0.path().join("large.xlsx");
    let file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    let mut zip = ZipWriter::new(file);
    let options = SimpleFileOptions::default().compression_level(Some(1));
    zip.start_file("xl/workbook.xml", options).unwrap();
    zip.write_all(b"<workbook/>").unwrap();
    zip.start_file("xl/sharedStrings.xml", options).unwrap();
    let mut bytes = 0;
    let mut text = format!("<sst count=\"{TEXTS}\" uniqueCount=\"{TEXTS}\">");
    for at in 0..TEXTS {
        // Its digits do not repeat as those of a counter would.
        let digits = at.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        text += &format!(
            "<si><t>{digits:016x}</t><phoneticPr fontId=\"1\" type=\"noConversion\"/></si>"
        );
        if text.len() > 1 << 20 {
            bytes += text.len();
            zip.write_all(text.as_bytes()).unwrap();
            text.clear();
        }
    }
    zip.write_all(text.as_bytes()).unwrap();
    zip.write_all(b"</sst>").unwrap();
    zip.finish().unwrap();
    assert!(bytes > 256 * 1024 * 1024, "{bytes}");
    archive::check(&path).unwrap();
}

#[test]
fn a_directory_that_lies_about_sizes_is_not_believed() {
    let place = Place::new();
    let mut bomb = Vec::new();
    let blanks = vec![b' '; 48 * 1024 * 1024];
    zip_of(
        &mut bomb,
        &[
            ("xl/workbook.xml", b"<w/>"),
            ("xl/worksheets/sheet1.xml", &blanks),
        ],
    );
    let real = u32::try_from(blanks.len()).unwrap().to_le_bytes();
    while let Some(at) = bomb.windows(4).position(|window| window == real) {
        bomb[at..at + 4].copy_from_slice(&1_000_u32.to_le_bytes());
    }
    assert!(matches!(
        code(&place.file("liar.xlsx", &bomb)),
        "ARCHIVE_BOMB" | "FILE_DAMAGED"
    ));
}

#[test]
fn a_cell_in_the_last_corner_costs_nothing() {
    let place = Place::new();
    let path = place.book("corners.xlsx", |sheet| {
        sheet.write(0, 0, "号码").unwrap();
        sheet.write(1_048_575, 16_383, "far").unwrap();
    });
    let error = rows(&path);
    // The far cell lies in no column that is kept, so its row is blank.
    assert_eq!(error.unwrap()[1].cells, []);
    let wide = place.book("wide.xlsx", |sheet| {
        sheet.write(0, 16_383, "far").unwrap();
    });
    assert_eq!(header(&wide).unwrap().len(), 16_384);
}

#[test]
fn rows_beyond_the_million_are_refused() {
    let place = Place::new();
    let path = place.book("long.xlsx", |sheet| {
        sheet.write(0, 0, "号码").unwrap();
        sheet.write(1_000_001, 0, "13800138000").unwrap();
    });
    assert_eq!(code(&path), "TOO_MANY_ROWS");
}

#[test]
fn long_texts_are_cut() {
    let place = Place::new();
    let path = place.book("text.xlsx", |sheet| {
        sheet.write(0, 0, "长".repeat(30_000)).unwrap();
    });
    let Cell::Text(text) = &rows(&path).unwrap()[0].cells[0] else {
        panic!("a text")
    };
    assert_eq!(text.chars().count(), CELL_MAX);
}

fn zip_of(out: &mut Vec<u8>, entries: &[(&str, &[u8])]) {
    let mut zip = ZipWriter::new(std::io::Cursor::new(out));
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
}
