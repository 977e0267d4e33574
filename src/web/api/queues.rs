//! `/queues` (技能组).

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use engine::queue::Settings;
use serde::{Deserialize, Serialize};
use store::queues::{self, Queue};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{check, find};
use crate::{
    caller::Caller,
    clock::now,
    house::House,
    input::{Body, strict},
    paging::List,
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, put, remove))
}

#[derive(Serialize, ToSchema)]
pub struct QueueOut {
    pub id: String,
    pub name: String,
    /// abandon_after_ms, max_wait_ms, ring_ms, wrap_up_ms, music, sorry, max_no_answer.
    #[schema(value_type = Object)]
    pub settings: Settings,
    pub agents: Vec<String>,
    pub waiting: u32,
    pub longest_wait_ms: i64,
    pub signed_in: u32,
    pub ready: u32,
    pub busy: u32,
    pub wrap_up: u32,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueIn {
    name: String,
    /// Settings that differ from the defaults.
    #[schema(value_type = Object)]
    settings: Option<serde_json::Value>,
    /// Agent numbers.
    #[serde(default)]
    agents: Vec<String>,
}

/// 技能组列表 · All queues and what happens in them now.
#[utoipa::path(get, path = "/api/v1/queues", tag = "setup",
    responses((status = 200, body = List<QueueOut>)))]
async fn list(State(house): State<House>, caller: Caller) -> Result<Json<List<QueueOut>>, Problem> {
    Ok(Json(List::whole(all(&house, &caller).await?)))
}

/// # Errors
/// When the database does not answer.
pub async fn all(house: &House, caller: &Caller) -> Result<Vec<QueueOut>, Problem> {
    let rows = queues::list(&house.db, caller.orgi()).await?;
    Ok(rows.into_iter().map(|row| show(house, row)).collect())
}

/// 技能组 · One queue.
#[utoipa::path(get, path = "/api/v1/queues/{id}", tag = "setup", params(("id" = String, Path)),
    responses((status = 200, body = QueueOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<QueueOut>, Problem> {
    let rows = queues::list(&house.db, caller.orgi()).await?;
    let row = find::there(rows.into_iter().find(|row| row.id == id))?;
    Ok(Json(show(&house, row)))
}

/// 设置技能组 · Add a queue under this id, or change the one that has it.
#[utoipa::path(put, path = "/api/v1/queues/{id}", tag = "setup", params(("id" = String, Path)),
    request_body = QueueIn, responses((status = 200, body = QueueOut)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<QueueIn>,
) -> Result<Json<QueueOut>, Problem> {
    let settings: Settings = match asked.settings {
        Some(settings) => strict(settings)?,
        None => Settings::default(),
    };
    in_range(&settings)?;
    let queue = Queue {
        id: check::chosen_id("/id", &id)?,
        name: check::name("/name", &asked.name)?,
        settings,
        agents: asked.agents,
    };
    let mut tx = house.db.begin().await?;
    queues::put(&mut tx, caller.orgi(), &queue, now()).await?;
    tx.commit().await?;
    house.live.reload().await;
    Ok(Json(show(&house, queue)))
}

/// 删除技能组 · Delete a queue. `QUEUE_IN_USE` while a route leads to it.
#[utoipa::path(delete, path = "/api/v1/queues/{id}", tag = "setup", params(("id" = String, Path)),
    responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let mut tx = house.db.begin().await?;
    if !queues::delete(&mut tx, caller.orgi(), &id).await? {
        return Err(Problem::not_found());
    }
    tx.commit().await?;
    house.live.reload().await;
    Ok(StatusCode::NO_CONTENT)
}

fn in_range(settings: &Settings) -> Result<(), Problem> {
    let ranges = [
        ("abandon_after_ms", settings.abandon_after_ms, 500, 10_000),
        ("max_wait_ms", settings.max_wait_ms, 5_000, 3_600_000),
        ("ring_ms", settings.ring_ms, 3_000, 120_000),
        ("wrap_up_ms", settings.wrap_up_ms, 0, 3_600_000),
        ("max_no_answer", i64::from(settings.max_no_answer), 0, 100),
    ];
    match ranges
        .into_iter()
        .find(|(_, value, least, most)| value < least || value > most)
    {
        Some((name, _, least, most)) => Err(Problem::at(
            &format!("/settings/{name}"),
            "range",
            format!("must be {least} to {most}"),
        )),
        None => Ok(()),
    }
}

fn show(house: &House, row: Queue) -> QueueOut {
    let view = house.live.view();
    let seen = view.queues.iter().find(|seen| seen.id.as_str() == row.id);
    QueueOut {
        id: row.id,
        name: row.name,
        settings: row.settings,
        agents: row.agents,
        waiting: seen.map_or(0, |seen| seen.waiting),
        longest_wait_ms: seen.map_or(0, |seen| seen.longest_wait_ms),
        signed_in: seen.map_or(0, |seen| seen.signed_in),
        ready: seen.map_or(0, |seen| seen.ready),
        busy: seen.map_or(0, |seen| seen.busy),
        wrap_up: seen.map_or(0, |seen| seen.wrap_up),
    }
}
