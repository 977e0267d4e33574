//! A call's signalling.

use serde::Serialize;

use crate::page::Page;

/// One message between us and a peer.
#[derive(Debug, Serialize)]
pub struct Rung {
    /// RFC 3339.
    pub at: String,
    pub leg: usize,
    /// We sent it.
    pub sent: bool,
    /// The peer's lane, from 1 on; ours is the first of all.
    pub lane: usize,
    pub title: String,
    pub text: String,
}

#[derive(Debug, Serialize)]
pub struct Trace {
    pub call: String,
    pub masked: bool,
    pub peers: Vec<String>,
    pub rungs: Vec<Rung>,
}

impl Page for Trace {
    const TEMPLATE: &'static str = "pages/trace.html";

    fn samples() -> Vec<Self> {
        let rung = |sent, lane, title: &str| Rung {
            at: "2026-11-20T08:00:00.000Z".into(),
            leg: lane,
            sent,
            lane,
            title: title.into(),
            text: "INVITE sip:138****8000@10.0.0.1 SIP/2.0\r\n".into(),
        };
        let some = Self {
            call: "cal_1".into(),
            masked: true,
            peers: vec!["10.0.0.1:5060".into(), "10.0.0.7:5062".into()],
            rungs: vec![
                rung(true, 1, "INVITE"),
                rung(false, 1, "200 OK (INVITE)"),
                rung(true, 2, "INVITE"),
            ],
        };
        let none = Self {
            call: "cal_2".into(),
            masked: false,
            peers: Vec::new(),
            rungs: Vec::new(),
        };
        vec![some, none]
    }
}
