//! DNC lists and what stands on them.

use serde::Serialize;

use super::Choice;
use crate::page::Page;

#[derive(Debug, Serialize)]
pub struct DncListRow {
    pub id: String,
    pub name: String,
    /// house or campaigns.
    pub scope: String,
    pub source: String,
    pub version: i64,
    pub entries: i64,
    pub updated_at: i64,
}

#[derive(Debug, Serialize)]
pub struct DncEntryRow {
    pub number: String,
    pub is_prefix: bool,
    pub reason: String,
    pub source: String,
    pub created_at: i64,
    pub expires_at: Option<i64>,
    /// It forbids nothing any more.
    pub is_over: bool,
}

#[derive(Debug, Serialize)]
pub struct DncLists {
    pub lists: Vec<DncListRow>,
    /// That a new list may be bound to.
    pub campaigns: Vec<Choice>,
    pub may_make: bool,
    pub may_drop: bool,
}

#[derive(Debug, Serialize)]
pub struct DncList {
    pub list: DncListRow,
    /// Names of the campaigns that it is bound to.
    pub campaigns: Vec<String>,
    pub entries: Vec<DncEntryRow>,
    pub may_take_off: bool,
    pub next: Option<String>,
}

fn sample(scope: &str) -> DncListRow {
    DncListRow {
        id: "house".into(),
        name: "全公司".into(),
        scope: scope.into(),
        source: "工信部".into(),
        version: 7,
        entries: 2,
        updated_at: 1_588_233_546_000,
    }
}

impl Page for DncLists {
    const TEMPLATE: &'static str = "pages/dnc/lists.html";

    fn samples() -> Vec<Self> {
        let none = Self {
            lists: Vec::new(),
            campaigns: Vec::new(),
            may_make: false,
            may_drop: false,
        };
        let some = Self {
            lists: vec![sample("house"), sample("campaigns")],
            campaigns: vec![Choice::new("cmp_1", "五月回访")],
            may_make: true,
            may_drop: true,
        };
        vec![none, some]
    }
}

impl Page for DncList {
    const TEMPLATE: &'static str = "pages/dnc/list.html";

    fn samples() -> Vec<Self> {
        let entry = |is_prefix, expires_at: Option<i64>| DncEntryRow {
            number: "13800138000".into(),
            is_prefix,
            reason: "asked".into(),
            source: String::new(),
            created_at: 1_588_233_546_000,
            is_over: expires_at.is_some(),
            expires_at,
        };
        let none = Self {
            list: sample("house"),
            campaigns: Vec::new(),
            entries: Vec::new(),
            may_take_off: false,
            next: None,
        };
        let some = Self {
            list: sample("campaigns"),
            campaigns: vec!["五月回访".into()],
            entries: vec![entry(false, None), entry(true, Some(1_588_233_546_001))],
            may_take_off: true,
            next: Some("Yg".into()),
        };
        vec![none, some]
    }
}
