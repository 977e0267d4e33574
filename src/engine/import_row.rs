//! A spreadsheet's row becomes a lead, or a reject that says why (OUT-076 to OUT-080).

use std::collections::BTreeMap;

use chrono::{Duration, NaiveDate, NaiveDateTime};

use crate::{
    field::{self, Check, DataType, Field},
    phone,
};

/// What a cell holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Cell {
    #[default]
    Empty,
    Text(String),
    Number(f64),
    Bool(bool),
    /// A number that the sheet shows as a date.
    Moment(NaiveDateTime),
}

/// A row that may be called. `data` holds the non-empty fields by code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLead {
    pub phone: String,
    pub phone_raw: String,
    /// What duplicates are decided on: the primary-key field, else the phone.
    pub key_value: String,
    pub data: BTreeMap<String, String>,
}

/// A row that is not imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowReject {
    /// Title of the column at fault.
    pub column: String,
    /// Stable code.
    pub code: &'static str,
    pub reason: String,
}

/// A file whose header does not fit the batch; nothing is imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadHeader {
    /// Stable code.
    pub code: &'static str,
    pub message: String,
}

/// Which column of a file fills which field.
#[derive(Debug, Clone)]
pub struct Plan {
    columns: Vec<Source>,
    /// Indexes into `columns`, in dialling order.
    phones: Vec<usize>,
    key: Option<usize>,
    /// What the operator should know about the header.
    pub warnings: Vec<String>,
}

#[derive(Debug, Clone)]
struct Source {
    at: usize,
    field: Field,
}

/// Checks the header of a template: 1 to 200 titles, none empty, none twice (OUT-033).
///
/// # Errors
/// What is wrong, naming the cell.
pub fn check_template(header: &[String]) -> Result<(), BadHeader> {
    let bad = |code, message| Err(BadHeader { code, message });
    if header.is_empty() {
        return bad("TEMPLATE_HEADER_INVALID", "the first row is empty".into());
    }
    check_width(header)?;
    for (at, title) in header.iter().enumerate() {
        let cell = cell_name(at);
        if title.trim().is_empty() {
            return bad(
                "TEMPLATE_HEADER_INVALID",
                format!("the header cell {cell} is empty"),
            );
        }
        if title.trim().chars().count() > field::TITLE_MAX {
            return bad(
                "TEMPLATE_HEADER_INVALID",
                format!(
                    "the header cell {cell} has more than {} characters",
                    field::TITLE_MAX
                ),
            );
        }
        if let Some(first) = header[..at]
            .iter()
            .position(|other| field::same_title(other, title))
        {
            return bad(
                "TEMPLATE_HEADER_INVALID",
                format!("the header cell {cell} repeats {}", cell_name(first)),
            );
        }
    }
    Ok(())
}

fn check_width(header: &[String]) -> Result<(), BadHeader> {
    if header.len() <= field::COLUMNS_MAX {
        return Ok(());
    }
    Err(BadHeader {
        code: "TOO_MANY_COLUMNS",
        message: format!(
            "the header has {} columns; at most {} are read",
            header.len(),
            field::COLUMNS_MAX
        ),
    })
}

/// `A1`, `B1` ... `AA1`: a header cell as the spreadsheet names it.
#[must_use]
pub fn cell_name(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        letters.push(char::from(
            b'A' + u8::try_from((rest - 1) % 26).unwrap_or_default(),
        ));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().chain(&['1']).collect()
}

impl Plan {
    /// Matches a file's header with the batch's fields by title (OUT-076).
    ///
    /// # Errors
    /// When no column holds a phone number, the key column is missing, or there are too many.
    pub fn of(header: &[String], fields: &[Field]) -> Result<Self, BadHeader> {
        check_width(header)?;
        let mut columns: Vec<Source> = Vec::new();
        let mut warnings = Vec::new();
        for (at, title) in header.iter().enumerate() {
            if title.trim().is_empty() {
                continue;
            }
            match fields.iter().find(|field| field.is_titled(title)) {
                None => warnings.push(format!("column \"{}\" is unknown, ignored", title.trim())),
                Some(field) if !field.is_imported() => {
                    warnings.push(format!("column \"{}\" is not imported", title.trim()));
                }
                Some(field) if columns.iter().any(|other| other.field.code == field.code) => {
                    warnings.push(format!("{} repeats a column, ignored", cell_name(at)));
                }
                Some(field) => columns.push(Source {
                    at,
                    field: field.clone(),
                }),
            }
        }
        let by_field: Vec<Field> = columns.iter().map(|source| source.field.clone()).collect();
        let phones = field::phones(&by_field);
        if phones.is_empty() {
            return Err(BadHeader {
                code: "PHONE_COLUMN_MISSING",
                message: "the file has no column with the title of a phone field".into(),
            });
        }
        let key = columns.iter().position(|source| source.field.is_key);
        if let (None, Some(missing)) = (key, fields.iter().find(|field| field.is_key)) {
            return Err(BadHeader {
                code: "KEY_COLUMN_MISSING",
                message: format!(
                    "the file has no column \"{}\", which is the key",
                    missing.title
                ),
            });
        }
        Ok(Self {
            columns,
            phones,
            key,
            warnings,
        })
    }

    /// Whether a row holds nothing in any known column; such a row is no row.
    #[must_use]
    pub fn is_blank(&self, cells: &[Cell]) -> bool {
        self.columns
            .iter()
            .all(|source| match cells.get(source.at) {
                None | Some(Cell::Empty) => true,
                Some(Cell::Text(text)) => text.trim().is_empty(),
                Some(_) => false,
            })
    }

    /// Reads one row.
    ///
    /// # Errors
    /// The first column, from the left, that keeps the row from being a lead.
    pub fn read(&self, cells: &[Cell]) -> Result<NewLead, RowReject> {
        let mut data = BTreeMap::new();
        let mut raw_phones: Vec<(usize, phone::Phone)> = Vec::new();
        for (nth, source) in self.columns.iter().enumerate() {
            let cell = cells.get(source.at).unwrap_or(&Cell::Empty);
            let field = &source.field;
            let text = if field.is_phone {
                match phone::normalise(cell) {
                    Ok(phone) => {
                        let number = phone.number.clone();
                        raw_phones.push((nth, phone));
                        Some(number)
                    }
                    Err(phone::BadPhone::Empty) => None,
                    Err(why) => return Err(reject(field, why.code(), why.to_string())),
                }
            } else {
                value(field, cell)?
            };
            if text.is_none() && (field.has(Check::NotEmpty) || field.is_key) {
                return Err(reject(field, "EMPTY", "a value is required".into()));
            }
            if let Some(text) = text {
                data.insert(field.code.clone(), text);
            }
        }
        let first = self.phones.iter().find_map(|&nth| {
            let at = raw_phones.iter().position(|phone| phone.0 == nth)?;
            Some(raw_phones.swap_remove(at).1)
        });
        let Some(phone) = first else {
            let why = phone::BadPhone::Empty;
            let field = &self.columns[self.phones[0]].field;
            return Err(reject(field, why.code(), why.to_string()));
        };
        let key = self
            .key
            .and_then(|nth| data.get(&self.columns[nth].field.code));
        let key_value = key.unwrap_or(&phone.number).clone();
        Ok(NewLead {
            phone: phone.number,
            phone_raw: phone.raw,
            key_value,
            data,
        })
    }
}

fn reject(field: &Field, code: &'static str, reason: String) -> RowReject {
    RowReject {
        column: field.title.clone(),
        code,
        reason,
    }
}

/// The text under which a cell is kept; `None` when it is empty.
///
/// # Errors
/// Why the field does not take it.
pub fn value(field: &Field, cell: &Cell) -> Result<Option<String>, RowReject> {
    let Some(text) = show(cell) else {
        return Ok(None);
    };
    if !field.multi {
        return one(field, cell, &text).map(Some);
    }
    let values = text
        .split(is_separator)
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(|text| one(field, &Cell::Text(text.into()), text))
        .collect::<Result<Vec<_>, _>>()?;
    Ok((!values.is_empty()).then(|| values.join(",")))
}

/// What separates the values of one cell (OUT-062) or of a filter's list.
#[must_use]
pub fn is_separator(char: char) -> bool {
    matches!(char, ',' | ';' | '、' | '，' | '；' | '\n')
}

fn one(field: &Field, cell: &Cell, text: &str) -> Result<String, RowReject> {
    let bad = |code, reason: &str| Err(reject(field, code, reason.into()));
    if text.chars().count() > field.max_len as usize {
        let reason = format!("longer than {} characters", field.max_len);
        return Err(reject(field, "TOO_LONG", reason));
    }
    let date = || moment_of(cell);
    let is_number = || crate::filter::number(text).is_some();
    if field.has(Check::Number) && !is_number() {
        return bad("NOT_NUMBER", "not a number");
    }
    if (field.has(Check::Date) || field.has(Check::Datetime)) && date().is_none() {
        return bad(
            "NOT_DATE",
            "not a date as 2026-11-20 or 2026-11-20 09:30:00",
        );
    }
    match field.data_type {
        DataType::String if field.to_date => match date() {
            Some(moment) => Ok(moment_text(moment)),
            None => bad(
                "NOT_DATE",
                "not a date as 2026-11-20 or 2026-11-20 09:30:00",
            ),
        },
        DataType::String => Ok(text.into()),
        DataType::Int => match text.strip_suffix(".0").unwrap_or(text).parse::<i64>() {
            Ok(whole) => Ok(whole.to_string()),
            Err(_) => bad("NOT_WHOLE_NUMBER", "not a whole number"),
        },
        DataType::Decimal if is_number() => Ok(text.trim_start_matches('+').into()),
        DataType::Decimal => bad("NOT_NUMBER", "not a number"),
        DataType::Date => match date() {
            Some(moment) => Ok(date_text(moment)),
            None => bad("NOT_DATE", "not a date as 2026-11-20"),
        },
        DataType::Datetime => match date() {
            Some(moment) => Ok(datetime_text(moment)),
            None => bad("NOT_DATE", "not a date and time as 2026-11-20 09:30:00"),
        },
        DataType::Bool => match truth(text) {
            Some(truth) => Ok(truth.to_string()),
            None => bad("NOT_BOOL", "neither yes nor no"),
        },
    }
}

/// A cell as text, trimmed; numbers without exponent. `None` when there is nothing in it.
#[must_use]
pub fn show(cell: &Cell) -> Option<String> {
    let text = match cell {
        Cell::Empty => return None,
        Cell::Text(text) => text.trim().to_owned(),
        Cell::Number(number) => format!("{number}"),
        Cell::Bool(truth) => truth.to_string(),
        Cell::Moment(moment) => moment_text(*moment),
    };
    (!text.is_empty()).then_some(text)
}

/// Yes or no in the spellings that sheets use.
#[must_use]
pub fn truth(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "true" | "1" | "yes" | "y" | "是" | "对" | "有" => Some(true),
        "false" | "0" | "no" | "n" | "否" | "错" | "无" => Some(false),
        _ => None,
    }
}

fn moment_of(cell: &Cell) -> Option<NaiveDateTime> {
    match cell {
        Cell::Moment(moment) => Some(*moment),
        Cell::Number(serial) => of_serial(*serial),
        Cell::Text(text) => moment(text),
        Cell::Empty | Cell::Bool(_) => None,
    }
}

/// Excel's days since 1899-12-30, from 1900-03-01 (before that its calendar is wrong) to 9999.
fn of_serial(serial: f64) -> Option<NaiveDateTime> {
    if !(61.0..2_958_466.0).contains(&serial) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 3e11 seconds")]
    let seconds = (serial * 86_400.0).round() as i64;
    NaiveDate::from_ymd_opt(1899, 12, 30)?
        .and_hms_opt(0, 0, 0)?
        .checked_add_signed(Duration::seconds(seconds))
}

/// Reads `yyyy-MM-dd` or `yyyy/MM/dd`, alone or with `HH:mm` or `HH:mm:ss` (OUT-060), or the serial
/// that Excel keeps a date as.
#[must_use]
pub fn moment(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim().replace('/', "-").replace('T', " ");
    let date = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let Some((day, time)) = text.split_once(' ') else {
        let serial = || crate::filter::number(&text).and_then(of_serial);
        return date(&text)
            .and_then(|day| day.and_hms_opt(0, 0, 0))
            .or_else(serial);
    };
    let time = ["%H:%M:%S", "%H:%M"]
        .iter()
        .find_map(|format| chrono::NaiveTime::parse_from_str(time.trim(), format).ok())?;
    Some(date(day)?.and_time(time))
}

#[must_use]
pub fn date_text(moment: NaiveDateTime) -> String {
    moment.format("%Y-%m-%d").to_string()
}

#[must_use]
pub fn datetime_text(moment: NaiveDateTime) -> String {
    moment.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Without the time when it is midnight.
#[must_use]
pub fn moment_text(moment: NaiveDateTime) -> String {
    if moment.time() == chrono::NaiveTime::MIN {
        date_text(moment)
    } else {
        datetime_text(moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::PhoneType;

    fn text(text: &str) -> Cell {
        Cell::Text(text.into())
    }

    fn titles(titles: &[&str]) -> Vec<String> {
        titles.iter().map(|title| (*title).to_owned()).collect()
    }

    fn phone(code: &str, title: &str) -> Field {
        Field {
            is_phone: true,
            ..Field::of_header(code, title)
        }
    }

    fn plan(header: &[&str], fields: &[Field]) -> Plan {
        Plan::of(&titles(header), fields).unwrap()
    }

    #[test]
    fn a_good_row_becomes_a_lead() {
        let fields = [Field::of_header("f1", "姓名"), phone("f2", "号码")];
        let plan = plan(&[" 号码 ", "其他", "姓名"], &fields);
        assert_eq!(plan.warnings, ["column \"其他\" is unknown, ignored"]);
        let lead = plan
            .read(&[Cell::Number(18_618_616_001.0), text("x"), Cell::Number(1.0)])
            .unwrap();
        assert_eq!(lead.phone, "18618616001");
        assert_eq!(lead.key_value, "18618616001");
        assert_eq!(lead.data["f1"], "1");
        assert_eq!(lead.data["f2"], "18618616001");
    }

    #[test]
    fn a_bad_row_names_its_column_and_reason() {
        let number = Field {
            checks: vec![Check::NotEmpty, Check::Number],
            max_len: 5,
            ..Field::of_header("f2", "数量")
        };
        let plan = plan(&["号码", "数量"], &[phone("f1", "号码"), number]);
        let good = text("13800138000");
        let cases = [
            (vec![Cell::Empty, text("1")], "号码", "PHONE_EMPTY"),
            (
                vec![text("1.38E+10"), text("1")],
                "号码",
                "PHONE_SCIENTIFIC",
            ),
            (vec![good.clone(), Cell::Empty], "数量", "EMPTY"),
            (vec![good.clone()], "数量", "EMPTY"),
            (vec![good.clone(), text("many")], "数量", "NOT_NUMBER"),
            (vec![good.clone(), text("123456")], "数量", "TOO_LONG"),
        ];
        for (cells, column, code) in cases {
            let reject = plan.read(&cells).unwrap_err();
            assert_eq!(
                (reject.column.as_str(), reject.code),
                (column, code),
                "{cells:?}"
            );
        }
        assert!(plan.is_blank(&[Cell::Empty, text("  ")]));
    }

    #[test]
    fn the_first_number_in_dialling_order_is_the_phone() {
        let typed = |code, title, phone_type| Field {
            phone_type: Some(phone_type),
            ..phone(code, title)
        };
        let fields = [
            typed("f1", "固话", PhoneType::Landline),
            typed("f2", "手机", PhoneType::Mobile),
        ];
        let plan = plan(&["固话", "手机"], &fields);
        let both = plan
            .read(&[text("010-12345678"), text("13800138000")])
            .unwrap();
        assert_eq!(both.phone, "13800138000");
        let one = plan.read(&[text("010-12345678"), Cell::Empty]).unwrap();
        assert_eq!(
            (one.phone.as_str(), one.phone_raw.as_str()),
            ("01012345678", "010-12345678")
        );
    }

    #[test]
    fn a_key_field_decides_what_is_the_same_row() {
        let key = Field {
            is_key: true,
            ..Field::of_header("f2", "编号")
        };
        let fields = [phone("f1", "号码"), key];
        let plan = plan(&["号码", "编号"], &fields);
        assert_eq!(
            plan.read(&[text("13800138000"), text("K7")])
                .unwrap()
                .key_value,
            "K7"
        );
        assert_eq!(
            plan.read(&[text("13800138000"), Cell::Empty])
                .unwrap_err()
                .code,
            "EMPTY"
        );
        let missing = Plan::of(&titles(&["号码"]), &fields).unwrap_err();
        assert_eq!(missing.code, "KEY_COLUMN_MISSING");
    }

    #[test]
    fn a_file_without_phone_column_or_with_too_many_columns_is_refused() {
        let fields = [phone("f1", "号码")];
        let missing = Plan::of(&titles(&["姓名"]), &fields).unwrap_err();
        assert_eq!(missing.code, "PHONE_COLUMN_MISSING");
        let wide: Vec<String> = (0..201).map(|at| format!("c{at}")).collect();
        assert_eq!(
            Plan::of(&wide, &fields).unwrap_err().code,
            "TOO_MANY_COLUMNS"
        );
        assert_eq!(check_template(&wide).unwrap_err().code, "TOO_MANY_COLUMNS");
        assert_eq!(check_template(&wide[..200]), Ok(()));
    }

    #[test]
    fn a_template_header_names_the_cell_at_fault() {
        let empty = check_template(&titles(&["a", " "])).unwrap_err();
        assert_eq!(empty.message, "the header cell B1 is empty");
        let twice = check_template(&titles(&["a", "b", " A"])).unwrap_err();
        assert_eq!(twice.message, "the header cell C1 repeats A1");
        assert_eq!(cell_name(26), "AA1");
    }

    #[test]
    fn fields_that_no_file_fills_are_left_alone() {
        let wish = Field {
            local_only: true,
            ..Field::of_header("f2", "客户意向")
        };
        let plan = plan(&["号码", "客户意向"], &[phone("f1", "号码"), wish]);
        let lead = plan.read(&[text("13800138000"), text("有意向")]).unwrap();
        assert!(!lead.data.contains_key("f2"));
    }

    #[test]
    fn values_are_kept_in_one_form() {
        let of = |data_type| Field {
            data_type,
            ..Field::of_header("f", "t")
        };
        let dated = Field {
            to_date: true,
            ..Field::of_header("f", "t")
        };
        let several = Field {
            multi: true,
            ..Field::of_header("f", "t")
        };
        let noon = NaiveDate::from_ymd_opt(2026, 11, 20)
            .unwrap()
            .and_hms_opt(12, 0, 0)
            .unwrap();
        let cases = [
            (of(DataType::Int), Cell::Number(7.0), "7"),
            (of(DataType::Int), text("7.0"), "7"),
            (of(DataType::Decimal), Cell::Number(1.5), "1.5"),
            (of(DataType::Date), text("2026/1/2"), "2026-01-02"),
            (of(DataType::Date), Cell::Number(46_000.0), "2025-12-09"),
            (
                of(DataType::Datetime),
                text("2026-11-20 09:30"),
                "2026-11-20 09:30:00",
            ),
            (
                of(DataType::Datetime),
                Cell::Moment(noon),
                "2026-11-20 12:00:00",
            ),
            (of(DataType::Bool), text("是"), "true"),
            (
                of(DataType::String),
                Cell::Number(12_345_678_901.0),
                "12345678901",
            ),
            (dated.clone(), text("2026/11/20 00:00"), "2026-11-20"),
            (dated, text("2026/11/20 08:00"), "2026-11-20 08:00:00"),
            (several, text("a; b、c,"), "a,b,c"),
        ];
        for (field, cell, kept) in cases {
            assert_eq!(value(&field, &cell), Ok(Some(kept.into())), "{cell:?}");
        }
        for data_type in [
            DataType::Int,
            DataType::Decimal,
            DataType::Date,
            DataType::Bool,
        ] {
            assert!(value(&of(data_type), &text("x7")).is_err(), "{data_type:?}");
        }
    }
}
