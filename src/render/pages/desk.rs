//! The agent's page. What happens on it comes over the event channel.

use serde::Serialize;

use super::Choice;
use crate::page::Page;

#[derive(Debug, Serialize)]
pub struct Desk {
    /// `None`: this user is no agent.
    pub agent: Option<Choice>,
    pub extension: String,
    /// Preview campaigns that run.
    pub previews: Vec<Choice>,
    pub dispositions: Vec<&'static str>,
    /// The switch can hold, mute and confer.
    pub mixes: bool,
}

impl Page for Desk {
    const TEMPLATE: &'static str = "pages/desk.html";

    fn samples() -> Vec<Self> {
        let desk = |agent, mixes| Self {
            agent,
            extension: "8001".into(),
            previews: vec![Choice::new("cmp_1", "回访活动")],
            dispositions: DISPOSITIONS.to_vec(),
            mixes,
        };
        let agent = || Some(Choice::new("1001", "韩梅梅"));
        vec![desk(None, true), desk(agent(), false), desk(agent(), true)]
    }
}

const DISPOSITIONS: [&str; 8] = [
    "success",
    "interested",
    "not_interested",
    "callback",
    "wrong_number",
    "do_not_call",
    "machine",
    "other",
];
