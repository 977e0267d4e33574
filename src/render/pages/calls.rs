//! Calls.

use engine::outcome::Outcome;
use serde::Serialize;

use crate::page::Page;

#[derive(Debug, Serialize)]
pub struct CallRow {
    pub id: String,
    pub direction: String,
    pub mode: String,
    pub number: String,
    pub agent: Option<String>,
    pub started_at: i64,
    pub wait_ms: Option<i64>,
    pub talk_ms: Option<i64>,
    pub outcome: Option<String>,
    pub disposition: Option<String>,
    /// What listening to the answer came to: human, machine, fax, network or unsure.
    pub verdict: Option<String>,
    /// Keys that were pressed in the voice menus; an input that did not come is `–`.
    pub chosen: Vec<String>,
    /// What the caller was asked: `standard`, or the id of a survey.
    pub survey: Option<String>,
    /// What was said then: 1 satisfied, 2 fair, 3 dissatisfied.
    pub score: Option<i64>,
    /// By which key.
    pub survey_key: Option<String>,
    /// How it sounded, 1.0 to 4.5.
    pub mos: Option<f64>,
    pub recorded: bool,
}

#[derive(Debug, Serialize)]
pub struct Calls {
    pub calls: Vec<CallRow>,
    /// This person may hear recordings.
    pub listens: bool,
    pub next: Option<String>,
}

impl Page for Calls {
    const TEMPLATE: &'static str = "pages/calls.html";

    fn samples() -> Vec<Self> {
        let call = |mode: &str, outcome: Option<&str>| CallRow {
            id: "cal_1".into(),
            direction: if mode == "inbound" {
                "inbound"
            } else {
                "outbound"
            }
            .into(),
            mode: mode.into(),
            number: "186****6001".into(),
            agent: Some("1001".into()),
            started_at: 1_588_233_546_000,
            wait_ms: Some(800),
            talk_ms: Some(61_000),
            outcome: outcome.map(Into::into),
            disposition: outcome.map(|_| "interested".into()),
            verdict: None,
            chosen: Vec::new(),
            survey: None,
            score: None,
            survey_key: None,
            mos: outcome.map(|_| 4.2),
            recorded: outcome == Some("connected"),
        };
        let none = Self {
            calls: Vec::new(),
            listens: false,
            next: None,
        };
        // The test sees that each has its word.
        let outcomes = Outcome::ALL
            .into_iter()
            .map(|outcome| call("predictive", Some(outcome.as_str())));
        let verdicts = ["human", "machine", "fax", "network", "unsure"].map(|verdict| CallRow {
            verdict: Some(verdict.into()),
            ..call("predictive", Some("connected"))
        });
        let scores = [None, Some(1), Some(2), Some(3)].map(|score| CallRow {
            survey: Some("nps".into()),
            score,
            survey_key: score.map(|_| "5".into()),
            ..call("predictive", Some("connected"))
        });
        let modes = ["inbound", "preview", "robot"].map(|mode| CallRow {
            chosen: ["1", "–"].map(Into::into).into(),
            ..call(mode, None)
        });
        let some = Self {
            calls: outcomes
                .chain(verdicts)
                .chain(scores)
                .chain(modes)
                .collect(),
            listens: true,
            next: Some("Yg".into()),
        };
        vec![none, some]
    }
}
