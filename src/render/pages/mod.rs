//! One context a screen.

mod batches;
mod call_backs;
mod calls;
mod campaigns;
mod desk;
mod dnc;
mod filters;
mod floor;
mod ivr;
mod lines;
mod plain;
mod prompts;
mod queue;
mod route;
mod rules;
mod setup;
mod trace;
mod voicemails;

pub use batches::{Batch, BatchRow, Batches, FieldRow, ImportRow, LeadRow};
pub use call_backs::{CallBackRow, CallBacks};
pub use calls::{CallRow, Calls};
pub use campaigns::{Answers, Campaign, CampaignRow, Campaigns, NewCampaign, TargetRow, TaskRow};
pub use desk::Desk;
pub use dnc::{DncEntryRow, DncList, DncListRow, DncLists};
pub use filters::{ConditionRow, Filter, FilterRow, Filters};
pub use floor::Floor;
pub use ivr::{Ivr, MenuTree, NodeRow};
pub use lines::{AddressRow, BanRow, LineRow, Lines, PhoneRow};
pub use plain::{Account, Login, Refusal};
pub use prompts::{PromptRow, Prompts, UseRow};
pub use queue::{Figure, MemberRow, Queue};
pub use route::{Route, VersionRow};
pub use rules::{HoursRow, LimitRow, PackRow, Rules};
use serde::Serialize;
pub use setup::{
    AgentRow, DepartmentRow, ExtensionRow, FunctionRow, GatewayRow, Kept, Looked, LookedInto,
    NumberRow, QueueRow, RouteRow, Setup, Supervised, SurveyRow, UserRow,
};
pub use trace::{Rung, Trace};
pub use voicemails::{VoicemailRow, Voicemails};

/// One of several things to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    pub id: String,
    pub name: String,
}

impl Choice {
    #[must_use]
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
        }
    }
}
