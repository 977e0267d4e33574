//! One route: its text, and what it was.

use serde::Serialize;

use crate::page::Page;

#[derive(Debug, Serialize)]
pub struct VersionRow {
    pub version: i64,
    pub number: String,
    /// basic, inbound, outbound, queue, ivr or robot.
    pub kind: &'static str,
    pub position: i64,
    pub enabled: bool,
    /// Who saved it; none when that user is gone.
    pub by: Option<String>,
    pub at: i64,
    /// The whole of it, as JSON.
    pub text: String,
}

#[derive(Debug, Serialize)]
pub struct Route {
    pub id: String,
    pub name: String,
    /// What it is now, as JSON.
    pub text: String,
    /// The newest first.
    pub versions: Vec<VersionRow>,
    /// This person may change the text and restore versions.
    pub may_restore: bool,
}

impl Page for Route {
    const TEMPLATE: &'static str = "pages/route.html";

    fn samples() -> Vec<Self> {
        let version = |(at, kind): (usize, &'static str)| VersionRow {
            version: 9 - i64::try_from(at).unwrap_or_default(),
            number: "4008001234".into(),
            kind,
            position: 1,
            enabled: at != 2,
            by: (at != 1).then(|| "管理员".into()),
            at: 1_588_233_546_000,
            text: "{\n  \"number\": \"4008001234\"\n}".into(),
        };
        let kinds = ["queue", "inbound", "outbound", "basic", "ivr", "robot"];
        [true, false]
            .map(|may_restore| Self {
                id: "hotline".into(),
                name: "热线".into(),
                text: "{\n  \"number\": \"4008001234\"\n}".into(),
                versions: kinds.into_iter().enumerate().map(version).collect(),
                may_restore,
            })
            .into()
    }
}
