//! Files that LibreOffice wrote.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use rust_xlsxwriter::{ExcelDateTime, Format};

use super::{make::Place, *};

/// The same list in every format; skipped, and said so, where LibreOffice is missing.
#[test]
fn every_format_of_libreoffice_is_read_the_same() {
    let place = Place::new();
    let list = place.book("list.xlsx", |sheet| {
        sheet
            .merge_range(0, 0, 0, 3, "名单", &Format::new())
            .unwrap();
        sheet
            .write_row(1, 0, ["姓名", "号码", "固话", "生日"])
            .unwrap();
        sheet
            .merge_range(2, 0, 3, 0, "张 三", &Format::new())
            .unwrap();
        sheet.write(2, 1, 13_800_138_000_i64).unwrap();
        sheet.write(2, 2, "010-62345678").unwrap();
        let day = ExcelDateTime::from_ymd(2026, 11, 20).unwrap();
        let dated = Format::new().set_num_format("yyyy-mm-dd");
        sheet.write_with_format(2, 3, day, &dated).unwrap();
        sheet.write(3, 1, "13900139000/13900139001").unwrap();
        sheet.write(5, 0, "多\n行").unwrap();
        sheet.write(5, 1, "13900139002").unwrap();
        sheet.set_row_hidden(5).unwrap();
    });
    let expect = "titles in row 2
3: 13800138000+01062345678 张 三|2026-11-20|
4: 13900139000+13900139001 张 三||
6: 13900139002 多
行||
! the titles stand in row 2; what is above is not read
! 1 hidden rows were read as the others
! 1 merged cells reach over several rows; each of these has their value";
    for format in ["ods", "xls", "xlsx"] {
        let Some(file) = converted(&place, &list, format) else {
            println!("skipped: there is no soffice");
            return;
        };
        assert_eq!(told(&source(file, Options::default())), expect, "{format}");
    }
}

/// `None` where LibreOffice is missing.
fn converted(place: &Place, file: &Path, format: &str) -> Option<PathBuf> {
    let home = place.0.path().join("office");
    let out = place.0.path().join(format);
    let done = Command::new("soffice")
        .arg(format!("-env:UserInstallation=file://{}", home.display()))
        .args(["--headless", "--convert-to", format, "--outdir"])
        .arg(&out)
        .arg(file)
        .output()
        .ok()?;
    let path = out.join("list").with_extension(format);
    assert!(path.exists(), "{}", String::from_utf8_lossy(&done.stderr));
    Some(path)
}
