//! `/queues/{id}/agents`: who is in a queue and what it says of each (VOX-066 to VOX-077).

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use engine::queue::Member;
use serde::{Deserialize, Serialize};
use store::queues::{self, InQueue};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    configured::{deleted, saved},
    queues::{are_ours, bad_setting, known},
};
use crate::{
    caller::Caller,
    house::House,
    input::{Body, strict},
    paging::List,
    problem::Problem,
};

/// Most agents of one request.
const MOST: usize = 1_000;

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(put, remove))
}

#[derive(Serialize, ToSchema)]
pub struct MemberOut {
    agent_id: String,
    /// level, position, ring_ms, wrap_up_ms, reject_delay_ms, busy_delay_ms, max_no_answer.
    #[schema(value_type = Object)]
    settings: Member,
}

impl From<InQueue> for MemberOut {
    fn from(row: InQueue) -> Self {
        Self {
            agent_id: row.agent_id,
            settings: row.settings,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentsIn {
    /// Agent numbers, at most 1,000.
    agents: Vec<String>,
}

/// 队列坐席 · Who is in a queue.
#[utoipa::path(get, path = "/api/v1/queues/{id}/agents", tag = "setup",
    params(("id" = String, Path)), responses((status = 200, body = List<MemberOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<List<MemberOut>>, Problem> {
    known(&house, &caller, &id).await?;
    Ok(Json(members(&house, &id).await?))
}

/// 导入坐席 · Add agents to a queue; those who are in it stay as they are.
#[utoipa::path(post, path = "/api/v1/queues/{id}/agents", tag = "setup",
    params(("id" = String, Path)), request_body = AgentsIn,
    responses((status = 200, body = List<MemberOut>)))]
async fn add(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<AgentsIn>,
) -> Result<Json<List<MemberOut>>, Problem> {
    known(&house, &caller, &id).await?;
    if asked.agents.len() > MOST {
        let text = format!("must be at most {MOST}");
        return Err(Problem::at("/agents", "length", text));
    }
    are_ours(&house, &caller, &asked.agents).await?;
    let there = queues::members(&house.db, &id).await?;
    let mut tx = house.db.begin().await?;
    let is_new = |agent: &&String| !there.iter().any(|member| member.agent_id == **agent);
    for agent_id in asked.agents.iter().filter(is_new) {
        let member = InQueue {
            agent_id: agent_id.clone(),
            settings: Member::default(),
        };
        queues::put_member(&mut tx, &id, &member).await?;
    }
    saved(&house, tx).await?;
    Ok(Json(members(&house, &id).await?))
}

/// 编辑坐席 · Put an agent in a queue, or change what the queue says of one who is in it.
#[utoipa::path(put, path = "/api/v1/queues/{id}/agents/{agent}", tag = "setup",
    params(("id" = String, Path), ("agent" = String, Path)), request_body = Object,
    responses((status = 200, body = MemberOut)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path((id, agent_id)): Path<(String, String)>,
    Body(asked): Body<serde_json::Value>,
) -> Result<Json<MemberOut>, Problem> {
    known(&house, &caller, &id).await?;
    are_ours(&house, &caller, std::slice::from_ref(&agent_id)).await?;
    let settings: Member = strict(asked)?;
    settings.validate().map_err(|bad| bad_setting("", &bad))?;
    let member = InQueue { agent_id, settings };
    let mut tx = house.db.begin().await?;
    queues::put_member(&mut tx, &id, &member).await?;
    saved(&house, tx).await?;
    Ok(Json(member.into()))
}

/// 移出坐席 · Take an agent out of a queue. A call that the agent has goes on.
#[utoipa::path(delete, path = "/api/v1/queues/{id}/agents/{agent}", tag = "setup",
    params(("id" = String, Path), ("agent" = String, Path)), responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path((id, agent)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    known(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    let was_there = queues::remove_member(&mut tx, &id, &agent).await?;
    deleted(&house, tx, was_there).await
}

async fn members(house: &House, id: &str) -> Result<List<MemberOut>, Problem> {
    let rows = queues::members(&house.db, id).await?;
    Ok(List::whole(rows.into_iter().map(MemberOut::from).collect()))
}
