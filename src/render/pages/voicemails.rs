//! Messages that callers have left.

use serde::Serialize;

use crate::page::Page;

#[derive(Debug, Serialize)]
pub struct VoicemailRow {
    pub id: String,
    pub call_id: String,
    pub mailbox: String,
    pub caller: String,
    pub callee: String,
    pub left_at: i64,
    pub ms: i64,
    /// unread, read or called_back.
    pub state: String,
    pub handled_at: Option<i64>,
}

#[derive(Debug, Serialize)]
pub struct Voicemails {
    pub messages: Vec<VoicemailRow>,
    /// The state that is asked for; empty: any.
    pub state: String,
    pub may_delete: bool,
    pub next: Option<String>,
}

impl Page for Voicemails {
    const TEMPLATE: &'static str = "pages/voicemails.html";

    fn samples() -> Vec<Self> {
        let message = |state: &str| VoicemailRow {
            id: "vm_1".into(),
            call_id: "cal_1".into(),
            mailbox: "sales".into(),
            caller: "186****6001".into(),
            callee: "4008001234".into(),
            left_at: 1_588_233_546_000,
            ms: 12_000,
            state: state.into(),
            handled_at: (state != "unread").then_some(1_588_233_600_000),
        };
        let none = |state: &str| Self {
            messages: Vec::new(),
            state: state.into(),
            may_delete: false,
            next: None,
        };
        let some = Self {
            messages: ["unread", "read", "called_back"].map(message).into(),
            state: "read".into(),
            may_delete: true,
            next: Some("Yg".into()),
        };
        vec![none(""), none("unread"), some]
    }
}
