//! The sounds that callers hear.

use serde::Serialize;

use crate::page::Page;

/// Where a prompt is named.
#[derive(Debug, Serialize)]
pub struct UseRow {
    /// queue, route, menu or campaign.
    pub kind: &'static str,
    pub name: String,
}

#[derive(Debug, Serialize)]
pub struct PromptRow {
    pub name: String,
    /// `None`: the file cannot be played.
    pub ms: Option<i64>,
    pub bytes: i64,
    pub changed_at: i64,
    /// wav or mp3, where the original is kept.
    pub original: Option<&'static str>,
    /// The house itself says it.
    pub own: bool,
    pub used_by: Vec<UseRow>,
}

#[derive(Debug, Serialize)]
pub struct Prompts {
    pub prompts: Vec<PromptRow>,
    pub may_change: bool,
    /// Largest file, bytes.
    pub limit: u64,
}

impl Page for Prompts {
    const TEMPLATE: &'static str = "pages/prompts.html";

    fn samples() -> Vec<Self> {
        let prompt = |name: &str, own: bool| PromptRow {
            name: name.into(),
            ms: own.then_some(4_030),
            bytes: 64_504,
            changed_at: 1_588_233_546_000,
            original: (!own).then_some("mp3"),
            own,
            used_by: ["queue", "route", "menu", "survey", "campaign"]
                .map(|kind| UseRow {
                    kind,
                    name: "销售".into(),
                })
                .into(),
        };
        let some = |may_change| Self {
            prompts: vec![prompt("sorry", true), prompt("欢迎词", false)],
            may_change,
            limit: 20 * 1024 * 1024,
        };
        let none = Self {
            prompts: Vec::new(),
            ..some(true)
        };
        vec![none, some(true), some(false)]
    }
}
