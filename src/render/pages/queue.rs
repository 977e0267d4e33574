//! One queue and who is in it.

use serde::Serialize;

use super::Choice;
use crate::page::Page;

/// An agent in a queue. What the queue does not say of the agent holds as elsewhere: the agent's own
/// after-call work, else the queue's settings.
#[derive(Debug, Serialize)]
pub struct MemberRow {
    pub agent_id: String,
    pub name: String,
    pub extension: String,
    pub registered: bool,
    /// One state over all queues.
    pub state: String,
    pub level: u32,
    pub position: u32,
    pub max_no_answer: Figure,
    pub wrap_up: Figure,
    pub ring: Figure,
    /// Seconds.
    pub reject_delay: String,
    /// Seconds.
    pub busy_delay: String,
}

/// A number, and whether the queue says it of this agent.
#[derive(Debug, Serialize)]
pub struct Figure {
    /// Times, or seconds.
    pub number: String,
    pub is_own: bool,
}

#[derive(Debug, Serialize)]
pub struct Queue {
    pub id: String,
    pub name: String,
    pub code: String,
    pub strategy: &'static str,
    /// Levels decide who is asked when.
    pub has_tiers: bool,
    pub in_effect: bool,
    pub waiting: u32,
    pub ready: u32,
    pub signed_in: u32,
    pub members: Vec<MemberRow>,
    /// Agents who are not in it.
    pub others: Vec<Choice>,
    /// What the queue's settings say: times, and seconds.
    pub max_no_answer: String,
    pub wrap_up: String,
    pub ring: String,
}

impl Page for Queue {
    const TEMPLATE: &'static str = "pages/queue.html";

    fn samples() -> Vec<Self> {
        let member = |state: &str| {
            let figure = |number: &str| Figure {
                number: number.into(),
                is_own: state == "ready",
            };
            MemberRow {
                agent_id: "1001".into(),
                name: "韩梅梅".into(),
                extension: "8001".into(),
                registered: state != "logout",
                state: state.into(),
                level: 1,
                position: 2,
                max_no_answer: figure("3"),
                wrap_up: figure("10"),
                ring: figure("20"),
                reject_delay: "10".into(),
                busy_delay: "60.5".into(),
            }
        };
        let queue = |members: Vec<MemberRow>| Self {
            id: "sales".into(),
            name: "销售".into(),
            code: if members.is_empty() { "" } else { "一部" }.into(),
            strategy: "by_agent_order",
            has_tiers: !members.is_empty(),
            in_effect: members.is_empty(),
            waiting: 1,
            ready: 2,
            signed_in: 3,
            others: members
                .iter()
                .map(|_| Choice::new("1002", "1002 李雷"))
                .collect(),
            members,
            max_no_answer: "3".into(),
            wrap_up: "10".into(),
            ring: "20".into(),
        };
        let states = ["ready", "busy", "acw", "preview", "unready", "logout"];
        vec![queue(Vec::new()), queue(states.map(member).into())]
    }
}
