//! Promised call backs.

use serde::Serialize;

use crate::page::Page;

#[derive(Debug, Serialize)]
pub struct CallBackRow {
    pub call_id: String,
    pub queue_id: String,
    pub number: String,
    /// The number that was called.
    pub called: String,
    pub promised_at: i64,
    pub expires_at: i64,
    /// waiting, called or closed.
    pub state: String,
    /// When it came to this state; `None` while it waits.
    pub changed_at: Option<i64>,
    pub outcome: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct CallBacks {
    pub promises: Vec<CallBackRow>,
    /// The state that is asked for; empty: any.
    pub state: String,
    pub may_cancel: bool,
    pub next: Option<String>,
}

impl Page for CallBacks {
    const TEMPLATE: &'static str = "pages/call_backs.html";

    fn samples() -> Vec<Self> {
        let promise = |state: &str, outcome: Option<&str>| CallBackRow {
            call_id: "cal_1".into(),
            queue_id: "sales".into(),
            number: "18603156001".into(),
            called: "4008001234".into(),
            promised_at: 1_588_233_546_000,
            expires_at: 1_588_237_146_000,
            state: state.into(),
            changed_at: (state != "waiting").then_some(1_588_233_600_000),
            outcome: outcome.map(Into::into),
        };
        let none = |state: &str| Self {
            promises: Vec::new(),
            state: state.into(),
            may_cancel: false,
            next: None,
        };
        let some = Self {
            promises: vec![
                promise("waiting", None),
                promise("called", None),
                promise("closed", Some("connected")),
                promise("closed", Some("recovered")),
            ],
            state: "waiting".into(),
            may_cancel: true,
            next: Some("Yg".into()),
        };
        vec![none(""), none("closed"), some]
    }
}
