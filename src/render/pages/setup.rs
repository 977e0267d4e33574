//! Agents, queues, gateways, routes and users as lists with a form each.

use engine::{desk::Function, queue::Strategy};
use serde::Serialize;

use super::Choice;
use crate::page::Page;

#[derive(Debug, Serialize)]
pub struct AgentRow {
    pub id: String,
    pub name: String,
    pub extension: String,
    pub registered: bool,
    pub state: String,
    pub queues: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct QueueRow {
    pub id: String,
    pub name: String,
    pub code: String,
    pub agents: Vec<String>,
    pub strategy: &'static str,
    /// Otherwise the floor is about to take over a change (未生效).
    pub in_effect: bool,
    pub waiting: i64,
    pub ready: i64,
    pub signed_in: i64,
}

#[derive(Debug, Serialize)]
pub struct GatewayRow {
    pub id: String,
    pub name: String,
    /// Empty where nobody has written one.
    pub remark: String,
    /// nni, uni, ims.
    pub kind: &'static str,
    pub place: String,
    /// NOREG, TRYING, REGED, EXPIRED, FAIL_WAIT, DOWN.
    pub state: &'static str,
    /// up, degraded, down, unknown.
    pub health: &'static str,
    pub last_error: Option<String>,
    pub enabled: bool,
    pub paused: bool,
    /// Paused because it does not answer.
    pub is_silent: bool,
    pub in_use: i64,
    pub max_channels: i64,
    pub max_cps: f64,
}

/// How many days things are kept; 0 is for ever.
#[derive(Debug, Serialize)]
pub struct Kept {
    pub recording_days: u32,
    pub message_days: u32,
    /// What jobs make.
    pub file_days: u32,
    pub looked: Option<Looked>,
}

/// What the last look at the folders of recordings and messages came to.
#[derive(Debug, Serialize)]
pub struct Looked {
    pub at: i64,
    pub folders: Vec<LookedInto>,
}

#[derive(Debug, Serialize)]
pub struct LookedInto {
    /// recordings or messages.
    pub folder: &'static str,
    pub expired: i64,
    pub expired_bytes: i64,
    pub orphans: i64,
    pub orphan_bytes: i64,
    pub orphans_deleted: i64,
    pub failed: i64,
}

#[derive(Debug, Serialize)]
pub struct RouteRow {
    pub id: String,
    pub position: i64,
    pub number: String,
    /// basic, inbound, outbound, queue, ivr or robot.
    pub kind: &'static str,
    /// Queue, number, gateway, menu or prompt.
    pub to: String,
    pub enabled: bool,
}

#[derive(Debug, Serialize)]
pub struct ExtensionRow {
    pub id: String,
    /// Numbers that its phone shows outside.
    pub caller_ids: Vec<String>,
    pub gateway: Option<String>,
}

/// A number of the pool.
#[derive(Debug, Serialize)]
pub struct NumberRow {
    pub number: String,
    pub gateway: Option<String>,
    pub area: Option<String>,
    pub daily_limit: Option<i64>,
    pub used_today: i64,
    pub enabled: bool,
    pub created_at: i64,
}

#[derive(Debug, Serialize)]
pub struct SurveyRow {
    pub id: String,
    pub name: String,
    pub prompt: String,
    /// What each key means, 1 to 3.
    pub keys: Vec<(char, u8)>,
}

/// A function of the desk, and whether agents have it.
#[derive(Debug, Serialize)]
pub struct FunctionRow {
    pub name: &'static str,
    pub hidden: bool,
    pub hidden_remote: bool,
}

/// Whose agents supervisors give orders to.
#[derive(Debug, Serialize)]
pub struct Supervised {
    /// Those of the granted departments; otherwise those of the own one.
    pub is_granted: bool,
    pub departments: Vec<DepartmentRow>,
}

#[derive(Debug, Serialize)]
pub struct DepartmentRow {
    pub id: String,
    pub name: String,
    pub granted: bool,
}

#[derive(Debug, Serialize)]
pub struct UserRow {
    pub id: String,
    pub username: String,
    pub display_name: String,
    pub role: &'static str,
    pub disabled: bool,
}

#[derive(Debug, Serialize)]
pub struct Setup {
    pub agents: Vec<AgentRow>,
    pub queues: Vec<QueueRow>,
    pub gateways: Vec<GatewayRow>,
    pub routes: Vec<RouteRow>,
    /// Voice menus.
    pub menus: Vec<Choice>,
    pub extensions: Vec<ExtensionRow>,
    pub numbers: Vec<NumberRow>,
    /// The names of all prompts.
    pub prompts: Vec<String>,
    pub surveys: Vec<SurveyRow>,
    /// Ring strategies of queues.
    pub strategies: Vec<&'static str>,
    /// What is asked where neither campaign nor queue says so.
    pub default_survey: String,
    /// The switch can record.
    pub records: bool,
    /// It can tell when somebody speaks.
    pub hears_speech: bool,
    /// Empty for everybody but administrators.
    pub functions: Vec<FunctionRow>,
    pub numbers_lead_outside: bool,
    pub phones_forward: bool,
    /// `None` for everybody but administrators, as the next.
    pub supervision: Option<Supervised>,
    pub kept: Option<Kept>,
    /// Empty for everybody but administrators.
    pub users: Vec<UserRow>,
    /// Users that are no agent yet.
    pub free_users: Vec<Choice>,
    pub is_admin: bool,
}

impl Page for Setup {
    const TEMPLATE: &'static str = "pages/setup.html";

    fn samples() -> Vec<Self> {
        let empty = |is_admin: bool| Self {
            agents: Vec::new(),
            queues: Vec::new(),
            gateways: Vec::new(),
            routes: Vec::new(),
            menus: Vec::new(),
            extensions: Vec::new(),
            numbers: Vec::new(),
            prompts: Vec::new(),
            surveys: Vec::new(),
            strategies: Vec::new(),
            default_survey: "none".into(),
            records: false,
            hears_speech: false,
            functions: Vec::new(),
            numbers_lead_outside: true,
            phones_forward: true,
            supervision: is_admin.then_some(Supervised {
                is_granted: false,
                departments: Vec::new(),
            }),
            kept: is_admin.then_some(Kept {
                recording_days: 180,
                message_days: 0,
                file_days: 30,
                looked: None,
            }),
            users: Vec::new(),
            free_users: Vec::new(),
            is_admin,
        };
        let agent = |state: &str| AgentRow {
            id: "1001".into(),
            name: "韩梅梅".into(),
            extension: "8001".into(),
            registered: true,
            state: state.into(),
            queues: vec!["sales".into()],
        };
        let full = Self {
            agents: ["ready", "busy", "acw", "preview", "unready", "logout"]
                .map(agent)
                .into(),
            queues: vec![QueueRow {
                id: "sales".into(),
                name: "销售".into(),
                code: "一部".into(),
                agents: vec!["1001".into()],
                strategy: "longest_idle",
                in_effect: false,
                waiting: 1,
                ready: 2,
                signed_in: 3,
            }],
            gateways: vec![GatewayRow {
                id: "gw1".into(),
                name: "线路一".into(),
                remark: "机房三号柜".into(),
                kind: "ims",
                place: "10.0.0.1:5060".into(),
                state: "FAIL_WAIT",
                health: "down",
                last_error: Some("REGISTER: 403 Forbidden".into()),
                enabled: true,
                paused: true,
                is_silent: true,
                in_use: 3,
                max_channels: 100,
                max_cps: 5.0,
            }],
            routes: ["basic", "inbound", "outbound", "queue", "ivr", "robot"]
                .map(|kind| RouteRow {
                    id: kind.into(),
                    position: 1,
                    number: "*".into(),
                    kind,
                    to: "sales".into(),
                    enabled: kind != "robot",
                })
                .into(),
            menus: vec![Choice::new("main", "总机")],
            extensions: [&[][..], &["62620668".into()]]
                .map(|callers| ExtensionRow {
                    id: "8001".into(),
                    caller_ids: callers.to_vec(),
                    gateway: callers.first().map(|_| "gw1".into()),
                })
                .into(),
            numbers: [None, Some(100)]
                .map(|limit| NumberRow {
                    number: "62620668".into(),
                    gateway: limit.map(|_| "gw1".into()),
                    area: limit.map(|_| "上海".into()),
                    daily_limit: limit,
                    used_today: 7,
                    enabled: limit.is_some(),
                    created_at: 1_588_233_546_000,
                })
                .into(),
            prompts: ["music", "sorry"].map(Into::into).into(),
            surveys: vec![SurveyRow {
                id: "nps".into(),
                name: "五分制".into(),
                prompt: "survey-five".into(),
                keys: vec![('5', 1), ('3', 2), ('1', 3)],
            }],
            functions: Function::ALL
                .iter()
                .map(|one| FunctionRow {
                    name: one.as_str(),
                    hidden: false,
                    hidden_remote: true,
                })
                .collect(),
            numbers_lead_outside: false,
            phones_forward: false,
            supervision: Some(Supervised {
                is_granted: true,
                departments: [true, false]
                    .map(|granted| DepartmentRow {
                        id: "dep_1".into(),
                        name: "销售一部".into(),
                        granted,
                    })
                    .into(),
            }),
            kept: Some(Kept {
                recording_days: 180,
                message_days: 180,
                file_days: 30,
                looked: Some(Looked {
                    at: 1_588_233_546_000,
                    folders: ["recordings", "messages"]
                        .map(|folder| LookedInto {
                            folder,
                            expired: 12,
                            expired_bytes: 9_000_000,
                            orphans: 3,
                            orphan_bytes: 400_000,
                            orphans_deleted: 0,
                            failed: 1,
                        })
                        .into(),
                }),
            }),
            strategies: Strategy::ALL.iter().map(|one| one.as_str()).collect(),
            default_survey: "nps".into(),
            records: true,
            hears_speech: true,
            users: ["admin", "supervisor", "marketer", "agent"]
                .map(|role| UserRow {
                    id: role.into(),
                    username: role.into(),
                    display_name: role.into(),
                    role,
                    disabled: role == "agent",
                })
                .into(),
            free_users: vec![Choice::new("usr_1", "李雷")],
            is_admin: true,
        };
        vec![empty(true), empty(false), full]
    }
}
