//! 业务概览 and 我的拨打结果: an agent's list in numbers, and what came of it (OUT-185, OUT-194). The
//! lists themselves are `GET /leads?tab=…`.

use axum::{
    Json,
    extract::{Path, State},
};
use engine::{
    lead_query::{Clock, today},
    window::Window,
};
use serde::Deserialize;
use store::{
    agent_list::{self, AgentResult, Overview},
    agents,
};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    agents::named,
    find,
    shown::{mask, shown},
};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    input::Params,
    paging::{self, List},
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(overview))
        .routes(routes!(results))
}

shown! {
    OverviewOut of Overview {
        /// 分配给我的名单: `tab=all`.
        assigned: i64,
        /// 未拨打名单: `tab=notcall`.
        notcall: i64,
        /// 今日待拨打名单总量: planned for today or overdue.
        due_today: i64,
        /// 今日拨打总量: `dialled_from` and `dialled_to` today.
        dialled_today: i64,
        /// 今日已拨打成功量: the same with `call_status=success`.
        success_today: i64,
        /// 今日拨打失败名单: the same with `call_status=failed`.
        failed_today: i64,
        /// 预约名单总览: `tab=appointed`.
        appointed: i64,
        /// 今日预约名单量: `tab=appointed_today`.
        appointed_today: i64,
        /// 预约过期名单: `tab=overdue`.
        overdue: i64,
    }
}

shown! {
    AgentResultOut of AgentResult {
        /// The attempt.
        id: String,
        call_id: String,
        lead_id: String,
        /// Masked for agents.
        number: String,
        campaign_id: String,
        campaign: Option<String>,
        at: At,
        /// What the network said.
        outcome: Option<String>,
        /// What the agent said.
        disposition: Option<String>,
        talk_ms: Option<i64>,
        business_status: Option<String>,
        /// There is a recording at `GET /calls/{call_id}/recording`.
        recording: Option<String>,
        recording_ms: Option<i64>,
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// true: only what was recorded (我的通话录音).
    #[serde(default)]
    recorded: bool,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// 业务概览 · An agent's list in numbers; `me` is the caller's own.
#[utoipa::path(get, path = "/api/v1/agents/{id}/overview", tag = "agents",
    params(("id" = String, Path)), responses((status = 200, body = OverviewOut)))]
async fn overview(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<OverviewOut>, Problem> {
    let agent = known(&house, &caller, &id).await?;
    let zone = Window::default();
    let today = today(Clock {
        now: now(),
        zone: &zone,
    });
    let found = agent_list::overview(&house.db, caller.orgi(), &agent, today, now()).await?;
    Ok(Json(found.into()))
}

/// 我的拨打结果 · An agent's dials, newest first; `me` is the caller's own.
#[utoipa::path(get, path = "/api/v1/agents/{id}/results", tag = "agents",
    params(("id" = String, Path), Which),
    responses((status = 200, body = List<AgentResultOut>)))]
async fn results(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Params(asked): Params<Which>,
) -> Result<Json<List<AgentResultOut>>, Problem> {
    let agent = known(&house, &caller, &id).await?;
    let limit = paging::limit(asked.limit)?;
    let before = asked.cursor.as_deref().map(paging::open).transpose()?;
    let rows = agent_list::results(
        &house.db,
        caller.orgi(),
        &agent,
        asked.recorded,
        before.as_deref(),
        limit as i64 + 1,
    )
    .await?;
    let masked = caller.is_agent_only();
    Ok(Json(List::of(
        rows,
        limit,
        |row| row.id.clone(),
        |mut row| {
            if masked {
                row.number = mask(&row.number);
            }
            row.into()
        },
    )))
}

/// The agent a path names, within the tenant.
async fn known(house: &House, caller: &Caller, id: &str) -> Result<String, Problem> {
    let id = named(caller, id)?;
    let rows = agents::list(&house.db, caller.orgi()).await?;
    let found = rows.into_iter().find(|row| row.id == id.as_str());
    Ok(find::there(found)?.id)
}
