//! Campaigns and their dashboards.

use serde::Serialize;

use super::Choice;
use crate::page::Page;

#[derive(Debug, Clone, Serialize)]
pub struct CampaignRow {
    pub id: String,
    pub name: String,
    /// `preview`, `predictive` or `robot`.
    pub mode: String,
    pub state: String,
    pub description: String,
    pub revision: i64,
    pub created_at: i64,
}

#[derive(Debug, Serialize)]
pub struct Campaigns {
    pub campaigns: Vec<CampaignRow>,
    /// This person may start and stop.
    pub commands: bool,
    pub next: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct NewCampaign {
    /// Satisfaction surveys of the house.
    pub surveys: Vec<Choice>,
    pub filters: Vec<Choice>,
    pub gateways: Vec<Choice>,
    pub queues: Vec<Choice>,
    pub agents: Vec<Choice>,
    /// The names of all prompts.
    pub prompts: Vec<String>,
    /// Voice menus.
    pub menus: Vec<Choice>,
    /// The switch can tell people from machines.
    pub listens: bool,
    /// The switch can tell when somebody speaks.
    pub hears_speech: bool,
}

#[derive(Debug, Serialize)]
pub struct TargetRow {
    pub target_type: String,
    pub name: String,
    /// 0 = unlimited.
    pub quantity: i64,
}

#[derive(Debug, Serialize)]
pub struct TaskRow {
    pub title: String,
    pub state: String,
    pub filtered: i64,
    pub allocated: i64,
    pub unallocated: i64,
    pub recycled: i64,
    pub error_code: Option<String>,
    pub job_id: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Campaign {
    pub campaign: CampaignRow,
    pub filter: Choice,
    pub gateway: Option<String>,
    pub targets: Vec<TargetRow>,
    pub tasks: Vec<TaskRow>,
    pub commands: bool,
    /// Satisfaction surveys of the house.
    pub surveys: Vec<Choice>,
    /// The one that the campaign says itself; empty: as its queue or the tenant says.
    pub survey: String,
    pub answers: Answers,
}

/// What callers said who were asked how it was.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Answers {
    pub asked: i64,
    pub satisfied: i64,
    pub fair: i64,
    pub dissatisfied: i64,
    pub unanswered: i64,
}

fn campaign(mode: &str, state: &str) -> CampaignRow {
    CampaignRow {
        id: "cmp_1".into(),
        name: "回访活动".into(),
        mode: mode.into(),
        state: state.into(),
        description: "五月回访".into(),
        revision: 3,
        created_at: 1_588_233_546_000,
    }
}

const STATES: [&str; 5] = ["draft", "running", "paused", "finished", "stopped"];

impl Page for Campaigns {
    const TEMPLATE: &'static str = "pages/campaigns/list.html";

    fn samples() -> Vec<Self> {
        let modes = ["preview", "predictive", "robot", "predictive", "robot"];
        let all = modes.iter().zip(STATES);
        let none = Self {
            campaigns: Vec::new(),
            commands: true,
            next: None,
        };
        let some = Self {
            campaigns: all.map(|(mode, state)| campaign(mode, state)).collect(),
            commands: true,
            next: Some("Yg".into()),
        };
        vec![none, some]
    }
}

impl Page for NewCampaign {
    const TEMPLATE: &'static str = "pages/campaigns/new.html";

    fn samples() -> Vec<Self> {
        let some = || vec![Choice::new("x1", "一号")];
        let none = || Self {
            surveys: Vec::new(),
            filters: Vec::new(),
            gateways: Vec::new(),
            queues: Vec::new(),
            agents: Vec::new(),
            prompts: Vec::new(),
            menus: Vec::new(),
            listens: false,
            hears_speech: false,
        };
        let full = Self {
            surveys: some(),
            filters: some(),
            gateways: some(),
            queues: some(),
            agents: some(),
            prompts: vec!["robot".into()],
            menus: some(),
            listens: true,
            hears_speech: true,
        };
        let deaf = Self {
            filters: some(),
            ..none()
        };
        vec![none(), deaf, full]
    }
}

impl Page for Campaign {
    const TEMPLATE: &'static str = "pages/campaigns/one.html";

    fn samples() -> Vec<Self> {
        let task = |state: &str, error: Option<&str>| TaskRow {
            title: "回访活动_2020-05-03 22:57:14".into(),
            state: state.into(),
            filtered: 479,
            allocated: 110,
            unallocated: 369,
            recycled: 0,
            error_code: error.map(Into::into),
            job_id: Some("job_1".into()),
        };
        let target = |kind: &str| TargetRow {
            target_type: kind.into(),
            name: "销售".into(),
            quantity: 0,
        };
        STATES
            .into_iter()
            .map(|state| Self {
                campaign: campaign("predictive", state),
                filter: Choice::new("flt_1", "有意向"),
                gateway: (state != "draft").then(|| "线路一".into()),
                targets: ["agent", "department", "queue", "robot"].map(target).into(),
                tasks: if state == "draft" {
                    Vec::new()
                } else {
                    vec![
                        task("ready", None),
                        task("queued", None),
                        task("allocating", None),
                        task("failed", Some("NOTHING_TO_ALLOCATE")),
                    ]
                },
                commands: state != "stopped",
                surveys: vec![Choice::new("nps", "五分制")],
                survey: if state == "draft" { "" } else { "nps" }.into(),
                answers: match state {
                    "draft" => Answers::default(),
                    _ => Answers {
                        asked: 9,
                        satisfied: 4,
                        fair: 2,
                        dissatisfied: 1,
                        unanswered: 2,
                    },
                },
            })
            .collect()
    }
}
