//! Batches, their data structure, imports and leads.

use serde::Serialize;

use crate::page::Page;

#[derive(Debug, Clone, Serialize)]
pub struct BatchRow {
    pub id: String,
    pub name: String,
    pub batch_type: String,
    pub description: String,
    pub state: String,
    pub rows: i64,
    pub created_at: i64,
}

#[derive(Debug, Serialize)]
pub struct Batches {
    pub batches: Vec<BatchRow>,
    pub next: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct FieldRow {
    pub code: String,
    pub title: String,
    pub is_phone: bool,
    pub is_key: bool,
    pub hidden: bool,
    pub data_type: String,
    pub checks: Vec<String>,
    /// The whole field, for the script that saves it.
    pub json: String,
}

#[derive(Debug, Serialize)]
pub struct ImportRow {
    pub id: String,
    pub title: String,
    pub file_name: String,
    pub bytes: i64,
    pub state: String,
    pub good: i64,
    pub invalid: i64,
    pub duplicate: i64,
    pub updated: i64,
    pub error_code: Option<String>,
    pub error_text: Option<String>,
    pub job_id: Option<String>,
    pub created_at: i64,
}

#[derive(Debug, Serialize)]
pub struct LeadRow {
    pub id: String,
    pub row_no: i64,
    pub phone: String,
    /// Values in the order of the list's columns.
    pub cells: Vec<String>,
    pub alloc_status: String,
    pub call_status: String,
    pub outcome: Option<String>,
    pub disposition: Option<String>,
    pub dial_count: i64,
    pub next_dial_at: Option<i64>,
}

#[derive(Debug, Serialize)]
pub struct Batch {
    pub batch: BatchRow,
    pub fields: Vec<FieldRow>,
    pub imports: Vec<ImportRow>,
    /// Titles of the list's columns.
    pub columns: Vec<String>,
    pub leads: Vec<LeadRow>,
    pub next: Option<String>,
    /// Largest upload, bytes.
    pub upload_limit: i64,
}

fn batch() -> BatchRow {
    BatchRow {
        id: "bat_1".into(),
        name: "回访批次 <&>".into(),
        batch_type: "temporary".into(),
        description: "2020 春".into(),
        state: "ready".into(),
        rows: 12_345,
        created_at: 1_588_233_546_000,
    }
}

impl Page for Batches {
    const TEMPLATE: &'static str = "pages/batches/list.html";

    fn samples() -> Vec<Self> {
        let none = Self {
            batches: Vec::new(),
            next: None,
        };
        let some = Self {
            batches: vec![
                batch(),
                BatchRow {
                    state: "draft".into(),
                    ..batch()
                },
            ],
            next: Some("Yg".into()),
        };
        vec![none, some]
    }
}

impl Page for Batch {
    const TEMPLATE: &'static str = "pages/batches/one.html";

    fn samples() -> Vec<Self> {
        let empty = Self {
            batch: BatchRow {
                state: "draft".into(),
                rows: 0,
                ..batch()
            },
            fields: Vec::new(),
            imports: Vec::new(),
            columns: Vec::new(),
            leads: Vec::new(),
            next: None,
            upload_limit: 200_000_000,
        };
        let import = |state: &str, error: Option<&str>| ImportRow {
            id: "imp_1".into(),
            title: "回访批次_2020-04-30 15:59:06".into(),
            file_name: "名单.xlsx".into(),
            bytes: 48_000,
            state: state.into(),
            good: 997,
            invalid: 2,
            duplicate: 1,
            updated: 0,
            error_code: error.map(Into::into),
            error_text: error.map(Into::into),
            job_id: Some("job_1".into()),
            created_at: 1_588_233_546_000,
        };
        let field = |code: &str, title: &str, is_phone| FieldRow {
            code: code.into(),
            title: title.into(),
            is_phone,
            is_key: false,
            hidden: is_phone,
            data_type: "string".into(),
            checks: vec!["not_empty".into()],
            json: "{\"code\":\"f1\"}".into(),
        };
        let lead = LeadRow {
            id: "led_1".into(),
            row_no: 2,
            phone: "186****6001".into(),
            cells: vec!["李雷".into(), String::new()],
            alloc_status: "queue".into(),
            call_status: "failed".into(),
            outcome: Some("busy".into()),
            disposition: None,
            dial_count: 1,
            next_dial_at: Some(1_588_233_546_000),
        };
        let full = Self {
            batch: batch(),
            fields: vec![field("f1", "姓名", false), field("f2", "号码", true)],
            imports: vec![
                import("succeeded", None),
                import("running", None),
                import("failed", Some("PHONE_COLUMN_MISSING")),
            ],
            columns: vec!["姓名".into(), "客户意向".into()],
            leads: vec![lead],
            next: Some("MQ".into()),
            upload_limit: 200_000_000,
        };
        vec![empty, full]
    }
}
