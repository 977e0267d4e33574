//! A column of a batch (字段): what its cells may hold (OUT-040 to OUT-068).

use serde::{Deserialize, Serialize};

mod association;

pub use association::{Association, Table};

/// One column of a batch's data structure, as the field editor sets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Field {
    /// `f` and 5 or 6 base-36 characters; unique in the batch, never changed (OUT-035).
    pub code: String,
    /// 标题: what the sheet's header says (OUT-040).
    pub title: String,
    /// Longest value, in characters, 1 to 2,000 (OUT-041).
    pub max_len: u32,
    /// 元素类型: the control in forms (OUT-043).
    pub element: Element,
    /// 禁用导入导出: neither read from files nor written to them (OUT-044).
    pub no_exchange: bool,
    /// 主键字段: its value identifies a row of the batch (OUT-046).
    pub is_key: bool,
    /// 电话号码: holds a number to dial (OUT-047).
    pub is_phone: bool,
    /// 号码类型: which number is dialled first (OUT-050).
    pub phone_type: Option<PhoneType>,
    /// What is done about a landline number that a spreadsheet took the leading zero from.
    pub lost_zero: LostZero,
    /// 字段隐藏: shown masked (OUT-052).
    pub hidden: bool,
    /// 启用字典: the dictionary that supplies the choices (OUT-053).
    pub dictionary: Option<String>,
    /// 显示位置 (OUT-055).
    pub positions: Vec<Position>,
    /// 启用关联: the cell holds the id of a record elsewhere (OUT-057).
    pub association: Option<Association>,
    /// 数据校验 (OUT-058).
    pub checks: Vec<Check>,
    /// 转日期: text and Excel serials become dates at import (OUT-060).
    pub to_date: bool,
    /// 多值: several values separated by `,` `;` or `、` (OUT-062).
    pub multi: bool,
    /// 替换: display text is stored as the dictionary's code (OUT-064).
    pub replace: bool,
    /// 本地字段: filled only inside the house, never from a file (OUT-066).
    pub local_only: bool,
    /// 数据类型 (OUT-068).
    pub data_type: DataType,
}

impl Default for Field {
    fn default() -> Self {
        Self {
            code: String::new(),
            title: String::new(),
            max_len: 100,
            element: Element::Text,
            no_exchange: false,
            is_key: false,
            is_phone: false,
            phone_type: None,
            lost_zero: LostZero::Refuse,
            hidden: false,
            dictionary: None,
            positions: Position::ALL.to_vec(),
            association: None,
            checks: Vec::new(),
            to_date: false,
            multi: false,
            replace: false,
            local_only: false,
            data_type: DataType::String,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Element {
    #[default]
    Text,
    Textarea,
    Radio,
    Checkbox,
    Select,
    Date,
    Datetime,
    Number,
}

/// In dialling order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneType {
    Mobile,
    Landline,
    Backup,
}

/// What becomes of a number that looks like an area code of China without its leading zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LostZero {
    /// A numeric cell is refused; text is kept, and the uploader is told.
    #[default]
    Refuse,
    /// The zero is put back, and the uploader is told how often.
    Restore,
    /// The number is kept: a list of foreign numbers. The uploader is told how many look odd.
    Keep,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    List,
    Add,
    Edit,
    Detail,
}

impl Position {
    pub const ALL: [Self; 4] = [Self::List, Self::Add, Self::Edit, Self::Detail];
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    NotEmpty,
    Number,
    Date,
    Datetime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataType {
    #[default]
    String,
    Int,
    Decimal,
    Date,
    Datetime,
    Bool,
}

/// A field that cannot be saved. `pointer` is the JSON pointer of the value within the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {message}")]
pub struct BadField {
    pub pointer: &'static str,
    pub message: &'static str,
}

/// Longest title, in characters.
pub const TITLE_MAX: usize = 100;
/// Most columns of a batch (OUT-033).
pub const COLUMNS_MAX: usize = 200;
/// Columns every batch has (OUT-036).
pub const SYSTEM: [(&str, &str); 3] = [("主键", "id"), ("租户ID", "orgi"), ("创建人", "creater")];

impl Field {
    /// A field as a header cell makes it: text without conditions (OUT-034).
    #[must_use]
    pub fn of_header(code: &str, title: &str) -> Self {
        Self {
            code: code.into(),
            title: title.into(),
            ..Self::default()
        }
    }

    /// Whether an upload fills this field.
    #[must_use]
    pub fn is_imported(&self) -> bool {
        !self.local_only && !self.no_exchange
    }

    /// Whether a header cell names this field (OUT-076).
    #[must_use]
    pub fn is_titled(&self, header: &str) -> bool {
        same_title(&self.title, header)
    }

    /// Whether a text is kept as a date, with its time where there is one: the editor says so
    /// (OUT-060), or shows a date control. What comes out of a dictionary is not.
    #[must_use]
    pub fn is_dated(&self) -> bool {
        let asks = self.to_date || matches!(self.element, Element::Date | Element::Datetime);
        asks && self.data_type == DataType::String && self.dictionary.is_none() && !self.is_phone
    }

    #[must_use]
    pub fn has(&self, check: Check) -> bool {
        self.checks.contains(&check)
    }

    /// The value as people see it: hidden fields are masked, a phone to its first three and last
    /// four characters, other text to its first (OUT-052).
    #[must_use]
    pub fn shown(&self, value: &str) -> String {
        if !self.hidden || value.is_empty() {
            return value.to_owned();
        }
        let chars: Vec<char> = value.chars().collect();
        if self.is_phone && chars.len() > 7 {
            let first: String = chars[..3].iter().collect();
            let last: String = chars[chars.len() - 4..].iter().collect();
            return format!("{first}****{last}");
        }
        format!("{}****", chars[0])
    }

    /// # Errors
    /// The first value out of its range.
    pub fn validate(&self) -> Result<(), BadField> {
        let bad = |pointer, message| Err(BadField { pointer, message });
        let title = self.title.trim();
        if title.is_empty() || title.chars().count() > TITLE_MAX {
            return bad("/title", "must have 1 to 100 characters");
        }
        if !(1..=2000).contains(&self.max_len) {
            return bad("/max_len", "must be 1 to 2,000 characters");
        }
        if self.is_phone && self.data_type != DataType::String {
            return bad("/data_type", "a phone number is text");
        }
        if self.is_phone && (self.local_only || self.no_exchange) {
            return bad("/is_phone", "a phone number has to come from the file");
        }
        if self.is_phone && self.multi {
            return bad("/multi", "a phone field holds one number");
        }
        if self.is_key && (self.local_only || self.no_exchange || self.multi) {
            return bad("/is_key", "a key is one value that comes from the file");
        }
        association::validate(self)
    }
}

/// Titles are compared trimmed and without case (OUT-076).
#[must_use]
pub fn same_title(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// Positions of the phone fields in dialling order: mobile, landline, backup, then column order
/// (OUT-050).
#[must_use]
pub fn phones(fields: &[Field]) -> Vec<usize> {
    let mut phones: Vec<usize> = (0..fields.len())
        .filter(|&at| fields[at].is_phone)
        .collect();
    phones.sort_by_key(|&at| (fields[at].phone_type.is_none(), fields[at].phone_type, at));
    phones
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_are_dialled_mobile_first_and_untyped_last() {
        let phone = |phone_type| Field {
            is_phone: true,
            phone_type,
            ..Field::default()
        };
        let fields = [
            phone(None),
            Field::default(),
            phone(Some(PhoneType::Backup)),
            phone(Some(PhoneType::Mobile)),
        ];
        assert_eq!(phones(&fields), [3, 2, 0]);
    }

    #[test]
    fn a_phone_that_no_file_fills_is_refused() {
        let field = Field {
            title: "号码".into(),
            is_phone: true,
            local_only: true,
            ..Field::default()
        };
        assert_eq!(field.validate().unwrap_err().pointer, "/is_phone");
    }

    #[test]
    fn titles_match_trimmed_and_without_case() {
        assert!(Field::of_header("f1", " Phone ").is_titled("PHONE"));
    }
}
