//! What an agent does with a lead of the own list: look at it, dial it, see what came of earlier dials
//! (OUT-190, OUT-195, RST-010).

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use engine::{floor::AgentOrder, ids::CampaignId};
use serde::Serialize;
use store::{attempts, business_statuses, campaigns};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::find_mine;
use crate::{
    api::{attempts::AttemptOut, commanded::give, shown::mask},
    caller::Caller,
    house::House,
    input::Params,
    paging::{List, Paging},
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(preview))
        .routes(routes!(dial))
        .routes(routes!(earlier))
        .routes(routes!(plan))
}

/// What the campaign of a lead is about.
#[derive(Serialize, ToSchema)]
pub struct Plan {
    campaign_id: String,
    name: String,
    /// followup or marketing.
    business_type: String,
    business_status: String,
    /// What a lead may be said to have come to; empty: any text.
    statuses: Vec<StatusOut>,
    /// 说明: what agents are to say and to ask (OUT-118).
    description: String,
}

#[derive(Serialize, ToSchema)]
pub struct StatusOut {
    code: String,
    label: String,
}

/// 预览 · Show a lead of the own list on the caller's screen; it comes as `outbound.preview`, or as
/// `outbound.preview_empty` when somebody else has just taken it. `LEAD_NOT_DIALLABLE` when it was
/// taken out or has its final state.
#[utoipa::path(post, path = "/api/v1/leads/{id}/preview", tag = "leads",
    params(("id" = String, Path)), responses((status = 204)))]
async fn preview(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    pick(&house, &caller, &id, false).await
}

/// 拨打 · Dial a lead of the own list: as `preview`, and then the agent's phone rings.
#[utoipa::path(post, path = "/api/v1/leads/{id}/dial", tag = "leads",
    params(("id" = String, Path)), responses((status = 204)))]
async fn dial(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    pick(&house, &caller, &id, true).await
}

async fn pick(house: &House, caller: &Caller, id: &str, dial: bool) -> Result<StatusCode, Problem> {
    let agent = caller.agent()?;
    let lead = find_mine(house, caller, id).await?;
    let is_own = lead.alloc_type.as_deref() == Some("agent")
        && lead.alloc_target.as_deref() == Some(agent.as_str());
    if !is_own {
        return Err(Problem::not_found());
    }
    let campaign = lead
        .campaign_id
        .clone()
        .filter(|_| lead.next_dial_at.is_some());
    let Some(campaign) = campaign.filter(|_| !lead.voided) else {
        return Err(Problem::of("LEAD_NOT_DIALLABLE"));
    };
    let order = AgentOrder::Pick {
        campaign: CampaignId::from(campaign),
        lead: lead.id.into(),
        dial,
    };
    give(house, caller, agent, order).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 外呼记录 · A lead's attempts, newest first. For agents the number is masked.
#[utoipa::path(get, path = "/api/v1/leads/{id}/attempts", tag = "leads",
    params(("id" = String, Path), Paging), responses((status = 200, body = List<AttemptOut>)))]
async fn earlier(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Params(paging): Params<Paging>,
) -> Result<Json<List<AttemptOut>>, Problem> {
    let lead = find_mine(&house, &caller, &id).await?;
    let (limit, before) = (paging.limit()?, paging.after()?);
    let rows = attempts::page(
        &house.db,
        caller.orgi(),
        Some(&lead.id),
        None,
        before.as_deref(),
        limit as u32 + 1,
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

/// 活动方案 · What the lead's campaign is about, as its agents see it.
#[utoipa::path(get, path = "/api/v1/leads/{id}/plan", tag = "leads",
    params(("id" = String, Path)), responses((status = 200, body = Plan)))]
async fn plan(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Plan>, Problem> {
    let lead = find_mine(&house, &caller, &id).await?;
    let campaign = match &lead.campaign_id {
        Some(id) => campaigns::get(&house.db, caller.orgi(), id).await?,
        None => None,
    };
    let campaign = campaign.ok_or_else(Problem::not_found)?;
    let statuses = business_statuses::of_campaign(&house.db, &campaign).await?;
    let statuses = statuses.map(|kept| kept.offered().items);
    let statuses = statuses.unwrap_or_default().into_iter();
    Ok(Json(Plan {
        statuses: statuses
            .map(|item| StatusOut {
                code: item.code,
                label: item.label,
            })
            .collect(),
        campaign_id: campaign.id,
        name: campaign.name,
        business_type: campaign.business_type,
        business_status: campaign.business_status,
        description: campaign.description,
    }))
}
