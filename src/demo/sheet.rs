//! The sample spreadsheet: 300 leads as a marketer would bring them, and a few rows that are broken.

use std::path::Path;

use anyhow::{Context, Result};
use rust_xlsxwriter::{Format, Workbook};

pub const TITLES: [&str; 5] = ["姓名", "号码", "客户意向", "城市", "分组"];
pub const LEADS: u64 = 300;
pub const PEOPLE: &str = "人工";
pub const ROBOT: &str = "机器人";
/// Numbers rise from here, so that their last two digits go through all of the carrier's manners.
const FIRST_NUMBER: u64 = 13_800_138_000;

const SURNAMES: [&str; 10] = ["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴"];
const CITIES: [&str; 5] = ["北京", "上海", "广州", "成都", "杭州"];

/// Rows that must come back as rejects, each for its own reason.
pub const BROKEN: [[&str; 5]; 5] = [
    ["没有号码", "", "", "北京", PEOPLE],
    ["不是号码", "请勿拨打", "", "上海", PEOPLE],
    ["科学计数", "1.38E+10", "", "广州", PEOPLE],
    ["太短", "12", "", "成都", ROBOT],
    ["太长", "123456789012345678901234", "", "杭州", ROBOT],
];

/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path) -> Result<()> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let bold = Format::new().set_bold();
    for (column, title) in (0..).zip(TITLES) {
        sheet.write_string_with_format(0, column, title, &bold)?;
    }
    let mut row = 1;
    for lead in 0..LEADS {
        let surname = SURNAMES[lead as usize % SURNAMES.len()];
        sheet.write_string(row, 0, format!("{surname}{lead:03}"))?;
        // Numbers typed as numbers, as spreadsheets have them.
        sheet.write_number(row, 1, (FIRST_NUMBER + lead) as f64)?;
        sheet.write_string(row, 3, CITIES[lead as usize % CITIES.len()])?;
        sheet.write_string(row, 4, if lead % 3 == 2 { ROBOT } else { PEOPLE })?;
        row += 1;
        if let Some(broken) = BROKEN.get(lead as usize / 50).filter(|_| lead % 50 == 25) {
            for (column, cell) in (0..).zip(broken) {
                sheet.write_string(row, column, *cell)?;
            }
            row += 1;
        }
    }
    book.save(path)
        .with_context(|| format!("cannot write {}", path.display()))
}
