//! The workbooks that are imported.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use rust_xlsxwriter::Workbook;
use zip::{ZipWriter, write::SimpleFileOptions};

pub const TITLES: [&str; 10] = [
    "姓名",
    "号码",
    "年龄",
    "城市",
    "地址",
    "套餐",
    "余额",
    "生日",
    "客户意向",
    "备注",
];

/// Texts and numbers as people keep them; one number in a thousand is bad, one in five hundred twice.
pub fn write(path: &Path, rows: u32) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet_with_low_memory().expect("a sheet");
    for (column, title) in (0..).zip(TITLES) {
        sheet.write(0, column, title).expect("a title");
    }
    for n in 1..=rows {
        let phone = 13_000_000_000 + u64::from(if n % 500 == 0 { n - 1 } else { n });
        sheet.write(n, 0, format!("客户{n}")).expect("a cell");
        match n % 1_000 {
            7 => sheet.write(n, 1, "1.38E+10").expect("a cell"),
            even if even % 2 == 0 => sheet.write(n, 1, phone).expect("a cell"),
            _ => sheet.write(n, 1, phone.to_string()).expect("a cell"),
        };
        sheet.write(n, 2, 18 + n % 60).expect("a cell");
        sheet
            .write(n, 3, ["北京", "上海", "深圳", "杭州"][n as usize % 4])
            .expect("a cell");
        sheet
            .write(n, 4, format!("中关村大街{n}号"))
            .expect("a cell");
        sheet
            .write(n, 5, ["A", "B", "C"][n as usize % 3])
            .expect("a cell");
        sheet
            .write(n, 6, f64::from(n % 10_000) / 100.0)
            .expect("a cell");
        sheet
            .write(n, 7, format!("19{:02}-0{}-1{}", n % 100, n % 9 + 1, n % 9))
            .expect("a cell");
        if n % 7 == 0 {
            sheet.write(n, 8, "有意向").expect("a cell");
        }
        sheet.write(n, 9, "晚上再联系").expect("a cell");
    }
    book.save(path).expect("the file is written");
}

/// By hand: what writes workbooks would hold all texts at once.
pub fn write_distinct(path: &Path, rows: u32) {
    let mut book = ZipWriter::new(BufWriter::new(File::create(path).expect("a file")));
    let mut part = |name: &str, fill: &dyn Fn(&mut dyn Write) -> std::io::Result<()>| {
        book.start_file(name, SimpleFileOptions::default())
            .expect("a part");
        let mut out = BufWriter::new(&mut book);
        fill(&mut out).expect("written");
        out.flush().expect("written");
    };
    let relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let one = |kind: &str, target: &str| {
        format!(
            r#"<Relationships><Relationship Id="rId1" Type="{relation}/{kind}" Target="{target}"/></Relationships>"#
        )
    };
    let (package, workbook) = (
        one("officeDocument", "xl/workbook.xml"),
        one("worksheet", "worksheets/sheet1.xml"),
    );
    part("_rels/.rels", &|out| out.write_all(package.as_bytes()));
    part("xl/_rels/workbook.xml.rels", &|out| {
        out.write_all(workbook.as_bytes())
    });
    part("xl/workbook.xml", &|out| {
        write!(
            out,
            r#"<workbook xmlns:r="{relation}"><sheets><sheet name="s" sheetId="1" r:id="rId1"/></sheets></workbook>"#
        )
    });
    let columns = TITLES.len() as u32;
    part("xl/sharedStrings.xml", &|out| {
        write!(out, "<sst uniqueCount=\"{}\">", (rows + 1) * columns)?;
        for title in TITLES {
            write!(out, "<si><t>{title}</t></si>")?;
        }
        for row in 0..rows {
            for column in 0..columns {
                match column {
                    1 => write!(out, "<si><t>{}</t></si>", 13_000_000_000 + u64::from(row))?,
                    2 | 6 => write!(out, "<si><t>{row}.{column}</t></si>")?,
                    _ => write!(out, "<si><t>客户{row}的第{column}项</t></si>")?,
                }
            }
        }
        out.write_all(b"</sst>")
    });
    part("xl/worksheets/sheet1.xml", &|out| {
        write!(
            out,
            "<worksheet><dimension ref=\"A1:J{}\"/><sheetData>",
            rows + 1
        )?;
        for row in 0..=rows {
            write!(out, "<row r=\"{}\">", row + 1)?;
            for (column, letter) in (0..columns).zip('A'..) {
                let text = row * columns + column;
                write!(
                    out,
                    "<c r=\"{letter}{}\" t=\"s\"><v>{text}</v></c>",
                    row + 1
                )?;
            }
            out.write_all(b"</row>")?;
        }
        out.write_all(b"</sheetData></worksheet>")
    });
    book.finish().expect("the file is written");
}
