//! `/agents` (坐席): who they are, what they do now, and their orders (AGT-009 to AGT-024).

mod doing;

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use doing::AgentNow;
use engine::{
    agent::Unready,
    floor::{AgentOrder, AgentView},
    ids::{AgentId, CampaignId},
    phone::REMOTE,
};
use serde::{Deserialize, Serialize};
use store::{
    agents::{self, Agent},
    extensions,
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    check,
    commanded::{commanded, give},
    configured::{deleted, saved},
    find,
    phone_control::controlled,
};
use crate::{
    caller::Caller, clock::now, house::House, input::Body, paging::List, problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, put, remove))
        .routes(routes!(order))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AgentOut {
    /// 座席工号.
    pub id: String,
    pub user_id: Option<String>,
    pub name: String,
    /// The extension the agent has, or signed in with.
    pub extension: String,
    /// The extension the agent has while signed in nowhere else.
    pub home_extension: String,
    pub wrap_up_s: Option<i64>,
    pub auto_ready: bool,
    /// The telephone outside stays on the line between calls.
    pub keep_leg: bool,
    /// Functions that the caller does not have as this agent (`/settings/desk`); none for supervisors.
    pub hidden: Vec<&'static str>,
    /// A call that rings at its phone can be taken from the desk: over HTTP, or over SIP.
    pub phone_control: bool,
    #[serde(flatten)]
    pub now: AgentNow,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentIn {
    name: String,
    /// The user this agent is.
    user_id: Option<String>,
    /// An extension, or `RP_` and the number of a telephone outside, which is called by the outbound
    /// routes for each of the agent's calls (AGT-114).
    extension: String,
    /// 0 to 3,600; not given: the queue decides.
    wrap_up_s: Option<i64>,
    #[serde(default)]
    auto_ready: bool,
    /// A telephone outside is called once and stays on the line between calls (AGT-115).
    #[serde(default)]
    keep_leg: bool,
}

/// An agent's order.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
pub enum OrderIn {
    /// 签入
    SignIn {
        /// Another extension than the agent's own.
        extension: Option<String>,
        /// One leg for the whole shift.
        #[serde(default)]
        nailed_up: bool,
    },
    /// 签出
    SignOut {},
    /// 示闲
    Ready {},
    /// 示忙
    NotReady {
        /// wait, dnd, break, away or custom.
        #[schema(value_type = String)]
        sub: Unready,
        /// At most 100 characters.
        reason: Option<String>,
    },
    /// 获取名单: the next lead of a preview campaign.
    NextPreview { campaign_id: String },
    /// 拨打
    DialPreview {},
    /// 跳过
    SkipPreview {},
    /// 满意度调查: the customer says how it was; the agent's part ends.
    Survey {},
    /// 挂机
    Hangup {},
    /// 结束话后
    FinishWrapUp {},
}

impl TryFrom<OrderIn> for AgentOrder {
    type Error = Problem;

    fn try_from(asked: OrderIn) -> Result<Self, Problem> {
        Ok(match asked {
            OrderIn::SignIn {
                extension,
                nailed_up,
            } => Self::SignIn {
                extension: extension
                    .map(|text| check::chosen_id("/extension", &text))
                    .transpose()?,
                nailed_up,
            },
            OrderIn::SignOut {} => Self::SignOut,
            OrderIn::Ready {} => Self::Ready,
            OrderIn::NotReady { sub, reason } => Self::NotReady {
                sub,
                reason: reason
                    .map(|text| check::text("/reason", text, 100))
                    .transpose()?,
            },
            OrderIn::NextPreview { campaign_id } => Self::NextPreview {
                campaign: CampaignId::from(campaign_id),
            },
            OrderIn::DialPreview {} => Self::DialPreview,
            OrderIn::SkipPreview {} => Self::SkipPreview,
            OrderIn::Survey {} => Self::Survey,
            OrderIn::Hangup {} => Self::Hangup,
            OrderIn::FinishWrapUp {} => Self::FinishWrapUp,
        })
    }
}

/// 坐席列表 · All agents and what they do now.
#[utoipa::path(get, path = "/api/v1/agents", tag = "agents",
    responses((status = 200, body = List<AgentOut>)))]
async fn list(State(house): State<House>, caller: Caller) -> Result<Json<List<AgentOut>>, Problem> {
    Ok(Json(List::whole(all(&house, &caller).await?)))
}

/// # Errors
/// When the database does not answer.
pub async fn all(house: &House, caller: &Caller) -> Result<Vec<AgentOut>, Problem> {
    let view = house.live.view();
    let rows = agents::list(&house.db, caller.orgi()).await?;
    let controlled = controlled(house, caller).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let seen = view.agents.iter().find(|seen| seen.id.as_str() == row.id);
            show(row, seen, caller, &controlled)
        })
        .collect())
}

/// 坐席 · One agent; `me` is the caller's own.
#[utoipa::path(get, path = "/api/v1/agents/{id}", tag = "agents", params(("id" = String, Path)),
    responses((status = 200, body = AgentOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<AgentOut>, Problem> {
    let id = named(&caller, &id)?;
    Ok(Json(one(&house, &caller, &id).await?))
}

/// 设置坐席 · Add an agent under this number, or change the one who has it.
#[utoipa::path(put, path = "/api/v1/agents/{id}", tag = "agents", params(("id" = String, Path)),
    request_body = AgentIn, responses((status = 200, body = AgentOut)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<AgentIn>,
) -> Result<Json<AgentOut>, Problem> {
    if id == "me" {
        return Err(Problem::at("/id", "reserved", "\"me\" is no agent number"));
    }
    if asked.wrap_up_s.is_some_and(|s| !(0..=3_600).contains(&s)) {
        return Err(Problem::at(
            "/wrap_up_s",
            "range",
            "must be 0 to 3,600 seconds",
        ));
    }
    if let Some(user) = &asked.user_id {
        let user = store::access::users::get(&house.db, caller.orgi(), user).await?;
        user.ok_or_else(|| Problem::at("/user_id", "unknown", "there is no such user"))?;
    }
    let extension = device(&asked.extension)?;
    is_no_others(&house, &caller, &extension).await?;
    let agent = Agent {
        id: check::chosen_id("/id", &id)?,
        user_id: asked.user_id,
        name: check::name("/name", &asked.name)?,
        extension,
        wrap_up_s: asked.wrap_up_s,
        auto_ready: asked.auto_ready,
        keep_leg: asked.keep_leg,
    };
    let mut tx = house.db.begin().await?;
    agents::put(&mut tx, caller.orgi(), &agent, now()).await?;
    saved(&house, tx).await?;
    Ok(Json(one(&house, &caller, &AgentId::from(id)).await?))
}

/// An extension, or `RP_` and a number.
fn device(text: &str) -> Result<String, Problem> {
    let device = check::chosen_id("/extension", text)?;
    let Some(number) = device.strip_prefix(REMOTE) else {
        return Ok(device);
    };
    let is_number = (3..=20).contains(&number.len()) && number.chars().all(|c| c.is_ascii_digit());
    match is_number {
        true => Ok(device),
        false => Err(Problem::at(
            "/extension",
            "format",
            "after RP_ must come the number of a telephone, 3 to 20 digits",
        )),
    }
}

/// The floor knows all tenants' phones: that of another one rings nobody here. One that is not there yet may
/// be named.
async fn is_no_others(house: &House, caller: &Caller, extension: &str) -> Result<(), Problem> {
    let is_others = extensions::is_anybodys(&house.db, extension).await?
        && !extensions::is_of(&house.db, caller.orgi(), extension).await?;
    match is_others {
        false => Ok(()),
        true => Err(Problem::at(
            "/extension",
            "unknown",
            "there is no such extension",
        )),
    }
}

/// 删除坐席 · Delete an agent. `AGENT_SIGNED_IN` while on duty.
#[utoipa::path(delete, path = "/api/v1/agents/{id}", tag = "agents", params(("id" = String, Path)),
    responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let view = house.live.view();
    let on_duty = |seen: &&AgentView| seen.id.as_str() == id && seen.state != "logout";
    if view.agents.iter().find(on_duty).is_some() {
        return Err(Problem::of("AGENT_SIGNED_IN"));
    }
    let mut tx = house.db.begin().await?;
    let was_there = agents::delete(&mut tx, caller.orgi(), &id).await?;
    deleted(&house, tx, was_there).await
}

/// 坐席操作 · Carry out an agent's order. `me` is the caller's own; supervisors order for their department's.
/// `ILLEGAL_TRANSITION` leaves everything as it was; `FUNCTION_HIDDEN` is for agents alone.
#[utoipa::path(post, path = "/api/v1/agents/{id}/state", tag = "agents",
    params(("id" = String, Path)),
    request_body(content = OrderIn, example = json!({"order": "not_ready", "sub": "break", "reason": "午餐"})),
    responses((status = 200, body = AgentOut)))]
async fn order(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<OrderIn>,
) -> Result<Json<AgentOut>, Problem> {
    let id = commanded(&house, &caller, &id).await?;
    let order = AgentOrder::try_from(asked)?;
    if let AgentOrder::SignIn {
        extension: Some(extension),
        ..
    } = &order
    {
        is_no_others(&house, &caller, extension).await?;
    }
    give(&house, &caller, id.clone(), order).await?;
    Ok(Json(one(&house, &caller, &id).await?))
}

/// The agent a path names: agents may only name themselves.
pub(super) fn named(caller: &Caller, id: &str) -> Result<AgentId, Problem> {
    if id == "me" {
        return caller.agent();
    }
    let id = AgentId::from(id);
    if caller.is_agent_only() && caller.agent()? != id {
        return Err(Problem::of("FORBIDDEN"));
    }
    Ok(id)
}

pub(super) async fn one(house: &House, caller: &Caller, id: &AgentId) -> Result<AgentOut, Problem> {
    let row = find_agent(house, caller, id).await?;
    let controlled = controlled(house, caller).await?;
    let view = house.live.view();
    let seen = view.agents.iter().find(|seen| seen.id == *id);
    Ok(show(row, seen, caller, &controlled))
}

async fn find_agent(house: &House, caller: &Caller, id: &AgentId) -> Result<Agent, Problem> {
    let rows = agents::list(&house.db, caller.orgi()).await?;
    find::there(rows.into_iter().find(|row| row.id == id.as_str()))
}

fn show(
    row: Agent,
    seen: Option<&AgentView>,
    caller: &Caller,
    controlled: &BTreeSet<String>,
) -> AgentOut {
    let own = caller.session.agent_id.as_deref() == Some(row.id.as_str());
    let now = seen.map_or_else(
        || AgentNow {
            state: "logout".into(),
            ..AgentNow::default()
        },
        |seen| AgentNow::of(seen, own),
    );
    let extension = seen.map_or_else(|| row.extension.clone(), |seen| seen.extension.clone());
    AgentOut {
        phone_control: controlled.contains(&extension),
        extension,
        home_extension: row.extension,
        hidden: seen
            .filter(|_| caller.is_agent_only())
            .map(|seen| seen.hidden.iter().map(|one| one.as_str()).collect())
            .unwrap_or_default(),
        id: row.id,
        user_id: row.user_id,
        name: row.name,
        wrap_up_s: row.wrap_up_s,
        auto_ready: row.auto_ready,
        keep_leg: row.keep_leg,
        now,
    }
}
