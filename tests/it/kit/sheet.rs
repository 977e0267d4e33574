//! Spreadsheets, written and read.

use std::io::Cursor;

use calamine::{Reader, Xlsx};
use rust_xlsxwriter::{Workbook, XlsxError};

/// The header of the lists that most tests import.
pub const HEADER: &[&str] = &["name", "phone", "city", "age"];

/// One sheet: a header and rows of text.
///
/// # Panics
/// When it does not fit a sheet.
pub fn xlsx<S: AsRef<str>>(header: &[&str], rows: &[Vec<S>]) -> Vec<u8> {
    write(header, rows).expect("it fits a sheet")
}

fn write<S: AsRef<str>>(header: &[&str], rows: &[Vec<S>]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, title) in (0..).zip(header) {
        sheet.write_string(0, column, *title)?;
    }
    for (row, cells) in (1..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string(row, column, cell.as_ref())?;
        }
    }
    book.save_to_buffer()
}

/// Rows under [`HEADER`], one for each number.
pub fn leads<S: AsRef<str>>(numbers: &[S]) -> Vec<Vec<String>> {
    let cities = ["Nanjing", "Hangzhou", "Suzhou"];
    (0..)
        .zip(numbers)
        .map(|(n, number)| {
            vec![
                format!("Lead {n}"),
                number.as_ref().to_owned(),
                cities[n % cities.len()].to_owned(),
                (20 + n % 50).to_string(),
            ]
        })
        .collect()
}

/// Every row of the first sheet, header included.
///
/// # Panics
/// When it is no .xlsx.
pub fn read(bytes: Vec<u8>) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).expect("an .xlsx");
    let range = book
        .worksheet_range_at(0)
        .expect("a sheet")
        .expect("a readable sheet");
    range
        .rows()
        .map(|row| row.iter().map(ToString::to_string).collect())
        .collect()
}
