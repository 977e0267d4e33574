//! What a filter can ask about: a batch's fields, and what every lead has.

use serde::{Deserialize, Serialize};

use super::Tongue;
use crate::field::{DataType, Field, same_title};

/// A column a filter can ask about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub code: String,
    pub title: String,
    pub kind: Kind,
    /// Several values in one cell, separated by `,`: one that matches is enough (OUT-062).
    pub multi: bool,
}

/// How a column's values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// As numbers when both sides are numbers, otherwise as text (OUT-096).
    Text,
    Number,
    /// Dates (`String`: with or without a time) and booleans: kept in one canonical form, so text
    /// order is their order.
    Canonical(DataType),
}

impl Kind {
    /// Whether it is a date, with or without a time.
    #[must_use]
    pub fn is_day(self) -> bool {
        matches!(self, Self::Canonical(kind) if kind != DataType::Bool)
    }
}

const MOMENT: Kind = Kind::Canonical(DataType::Datetime);
const TRUTH: Kind = Kind::Canonical(DataType::Bool);

/// Columns of every lead: code, how it is compared, title in Chinese and in English.
const SYSTEM: &[(&str, Kind, &str, &str)] = &[
    ("id", Kind::Text, "主键", "id"),
    ("orgi", Kind::Text, "租户ID", "tenant"),
    ("creater", Kind::Text, "创建人", "created by"),
    ("phone", Kind::Text, "电话", "phone"),
    ("batch", Kind::Text, "批次", "batch"),
    ("import", Kind::Text, "导入", "import"),
    ("created_at", MOMENT, "创建时间", "created"),
    ("alloc_status", Kind::Text, "分配状态", "allocation status"),
    ("call_status", Kind::Text, "呼叫状态", "call status"),
    ("dial_count", Kind::Number, "拨打次数", "attempts"),
    ("fail_count", Kind::Number, "失败次数", "failed attempts"),
    ("outcome", Kind::Text, "最近结果", "last outcome"),
    ("disposition", Kind::Text, "最近小结", "last disposition"),
    ("last_dial_at", MOMENT, "最近拨打时间", "last dialled"),
    (
        "days_since_contact",
        Kind::Number,
        "未联系天数",
        "days since contact",
    ),
    (
        "days_since_dial",
        Kind::Number,
        "未拨打天数",
        "days since last dialled",
    ),
    ("dnc", TRUTH, "免打扰", "do not call"),
    ("voided", TRUTH, "作废", "voided"),
];

/// Days since something that may never have been: somebody of the lead answered
/// (`days_since_contact`), its number was dialled (`days_since_dial`). What never was is longer ago than
/// any number of days, so it is among those of *more than* and *at least*; by itself it is empty.
pub(super) const SINCE: [&str; 2] = ["days_since_contact", "days_since_dial"];

/// The columns that change with every call and are not part of a batch's snapshot.
pub const HISTORY: [&str; 11] = [
    "alloc_status",
    "call_status",
    "dial_count",
    "fail_count",
    "outcome",
    "disposition",
    "last_dial_at",
    "days_since_contact",
    "days_since_dial",
    "dnc",
    "voided",
];

/// The columns of a batch with these fields.
#[must_use]
pub fn columns(fields: &[Field]) -> Vec<Column> {
    let own = fields.iter().map(|field| Column {
        code: field.code.clone(),
        title: field.title.clone(),
        kind: kind_of(field),
        multi: field.multi,
    });
    system().chain(own).collect()
}

/// The columns that all batches of a business type share: a name, a phone and what every lead has
/// (OUT-088).
#[must_use]
pub fn business_columns() -> Vec<Column> {
    let name = Column {
        code: NAME.into(),
        title: "姓名".into(),
        kind: Kind::Text,
        multi: false,
    };
    system().chain([name]).collect()
}

fn system() -> impl Iterator<Item = Column> {
    SYSTEM.iter().map(|(code, kind, title, _)| Column {
        code: (*code).into(),
        title: (*title).into(),
        kind: *kind,
        multi: false,
    })
}

const NAME: &str = "name";
const NAMES: [&str; 9] = [
    "姓名",
    "名字",
    "名称",
    "客户姓名",
    "客户名称",
    "联系人",
    "name",
    "full name",
    "customer name",
];

/// The field that holds a lead's name: the first one with such a title. A business filter calls it
/// `name` in every batch.
#[must_use]
pub fn name_of(fields: &[Field]) -> Option<&Field> {
    let titled = |field: &&Field| NAMES.iter().any(|name| same_title(name, &field.title));
    fields.iter().find(titled)
}

impl Column {
    /// The title in a language: a field has the one its batch gave it.
    #[must_use]
    pub fn title_in(&self, tongue: Tongue) -> &str {
        let system = SYSTEM.iter().find(|one| one.0 == self.code);
        match (tongue, system) {
            (Tongue::En, Some((_, _, _, title))) => title,
            (Tongue::En, None) if self.code == NAME => "name",
            _ => &self.title,
        }
    }
}

/// How a field's values are compared.
#[must_use]
pub fn kind_of(field: &Field) -> Kind {
    match field.data_type {
        DataType::Int | DataType::Decimal => Kind::Number,
        DataType::String if field.is_dated() => Kind::Canonical(DataType::String),
        DataType::String => Kind::Text,
        other => Kind::Canonical(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_its_title() {
        let fields = [
            Field::of_header("f1", "号码"),
            Field::of_header("f2", " Name "),
            Field::of_header("f3", "姓名"),
        ];
        assert_eq!(
            name_of(&fields).map(|field| field.code.as_str()),
            Some("f2")
        );
        assert_eq!(name_of(&fields[..1]), None);
    }

    #[test]
    fn what_changes_with_a_call_is_a_column_of_every_lead() {
        let codes: Vec<&str> = SYSTEM.iter().map(|one| one.0).collect();
        assert!(HISTORY.iter().all(|code| codes.contains(code)));
        assert!(SINCE.iter().all(|code| HISTORY.contains(code)));
    }
}
