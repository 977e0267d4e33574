//! `/agents/{id}/colleagues`: to whom an agent may send a call, and who is free.

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Serialize;
use store::{agents, ivr_menus, queues};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::agents::named;
use crate::{caller::Caller, house::House, problem::Problem};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(get))
}

#[derive(Serialize, ToSchema)]
pub struct Colleagues {
    /// Agents who are signed in, without this one.
    agents: Vec<Colleague>,
    queues: Vec<QueueToSend>,
    /// Voice menus, for a transfer.
    menus: Vec<MenuToSend>,
}

#[derive(Serialize, ToSchema)]
pub struct Colleague {
    id: String,
    name: String,
    extension: String,
    /// ready, unready, preview, busy or acw.
    state: String,
    /// Can be called now.
    free: bool,
}

#[derive(Serialize, ToSchema)]
pub struct QueueToSend {
    id: String,
    name: String,
    /// Agents who are ready.
    ready: u32,
    /// Callers in its line.
    waiting: u32,
}

#[derive(Serialize, ToSchema)]
pub struct MenuToSend {
    id: String,
    name: String,
}

/// 转接对象 · To whom the agent may send a call: colleagues, queues and voice menus of the tenant.
#[utoipa::path(get, path = "/api/v1/agents/{id}/colleagues", tag = "agents",
    params(("id" = String, Path)), responses((status = 200, body = Colleagues)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Colleagues>, Problem> {
    let me = named(&caller, &id)?;
    let view = house.live.view();
    let rows = agents::list(&house.db, caller.orgi()).await?;
    let others = rows.into_iter().filter(|row| row.id != me.as_str());
    let agents = others.filter_map(|row| {
        let seen = view.agents.iter().find(|seen| seen.id.as_str() == row.id)?;
        let free = seen.registered && matches!(seen.state, "ready" | "unready");
        (seen.state != "logout").then(|| Colleague {
            id: row.id,
            name: row.name,
            extension: seen.extension.clone(),
            state: seen.state.into(),
            free,
        })
    });
    let agents = agents.collect();
    let rows = queues::list(&house.db, caller.orgi()).await?;
    let queues = rows.into_iter().map(|row| {
        let seen = view.queues.iter().find(|seen| seen.id.as_str() == row.id);
        QueueToSend {
            ready: seen.map_or(0, |seen| seen.ready),
            waiting: seen.map_or(0, |seen| seen.waiting),
            id: row.id,
            name: row.name,
        }
    });
    let menus = ivr_menus::list(&house.db, caller.orgi()).await?.into_iter();
    let menus = menus.map(|row| MenuToSend {
        id: row.id,
        name: row.name,
    });
    Ok(Json(Colleagues {
        agents,
        queues: queues.collect(),
        menus: menus.collect(),
    }))
}
