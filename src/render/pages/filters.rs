//! Filter forms.

use serde::Serialize;

use super::Choice;
use crate::page::Page;

#[derive(Debug, Serialize)]
pub struct FilterRow {
    pub id: String,
    pub name: String,
    pub batch_id: String,
    pub batch_name: String,
    pub conditions: i64,
    pub created_at: i64,
}

#[derive(Debug, Serialize)]
pub struct Filters {
    pub filters: Vec<FilterRow>,
    pub batches: Vec<Choice>,
    /// The batch to choose at first.
    pub batch: Option<String>,
    pub next: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ConditionRow {
    pub field: String,
    pub op: String,
    pub value: String,
    pub connector: String,
}

#[derive(Debug, Serialize)]
pub struct Filter {
    pub id: String,
    pub name: String,
    pub batch: Choice,
    pub columns: Vec<Choice>,
    /// Columns of the result beside the number.
    pub listed: Vec<Choice>,
    pub ops: Vec<&'static str>,
    pub conditions: Vec<ConditionRow>,
}

impl Page for Filters {
    const TEMPLATE: &'static str = "pages/filters/list.html";

    fn samples() -> Vec<Self> {
        let none = Self {
            filters: Vec::new(),
            batches: Vec::new(),
            batch: None,
            next: None,
        };
        let some = Self {
            filters: vec![FilterRow {
                id: "flt_1".into(),
                name: "有意向".into(),
                batch_id: "bat_1".into(),
                batch_name: "回访批次".into(),
                conditions: 2,
                created_at: 1_588_233_546_000,
            }],
            batches: vec![Choice::new("bat_1", "回访批次")],
            batch: Some("bat_1".into()),
            next: Some("Yg".into()),
        };
        vec![none, some]
    }
}

impl Page for Filter {
    const TEMPLATE: &'static str = "pages/filters/one.html";

    fn samples() -> Vec<Self> {
        let row = ConditionRow {
            field: "f1".into(),
            op: "like".into(),
            value: "意向".into(),
            connector: "AND".into(),
        };
        let filter = |conditions| Self {
            id: "flt_1".into(),
            name: "有意向".into(),
            batch: Choice::new("bat_1", "回访批次"),
            columns: vec![Choice::new("f1", "客户意向"), Choice::new("f2", "号码")],
            listed: vec![Choice::new("f1", "客户意向")],
            ops: OPS.to_vec(),
            conditions,
        };
        vec![filter(Vec::new()), filter(vec![row])]
    }
}

/// Every operator of OUT-093; the test sees that each has its word.
const OPS: [&str; 13] = [
    "eq", "ne", "gt", "ge", "lt", "le", "like", "not_like", "prefix", "in", "between", "is_null",
    "not_null",
];
