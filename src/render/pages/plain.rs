//! Sign-in, one's own account, refusals.

use serde::Serialize;

use crate::page::Page;

#[derive(Debug, Serialize)]
pub struct Login {
    /// The house has no user yet.
    pub empty: bool,
}

impl Page for Login {
    const TEMPLATE: &'static str = "pages/login.html";

    fn samples() -> Vec<Self> {
        vec![Self { empty: false }, Self { empty: true }]
    }
}

#[derive(Debug, Serialize)]
pub struct Account {}

impl Page for Account {
    const TEMPLATE: &'static str = "pages/account.html";

    fn samples() -> Vec<Self> {
        vec![Self {}]
    }
}

/// A page that is not shown, and why.
#[derive(Debug, Serialize)]
pub struct Refusal {
    pub status: u16,
    /// `not-found`, `forbidden`, `unknown` or `failed`.
    pub kind: &'static str,
    pub request_id: String,
    /// What of the address there is not.
    pub faults: Vec<String>,
}

impl Page for Refusal {
    const TEMPLATE: &'static str = "pages/refusal.html";

    fn samples() -> Vec<Self> {
        ["not-found", "forbidden", "unknown", "failed"]
            .map(|kind| Self {
                status: 404,
                kind,
                request_id: "req_1".into(),
                faults: vec!["state: must be one of read, unread".into()],
            })
            .into()
    }
}
