//! `/queues` (技能组): how calls wait and who is rung.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use engine::{
    floor::WaitingView,
    queue::{BadSetting, Settings},
};
use serde::{Deserialize, Serialize};
use store::{
    agents, gateways,
    queues::{self, Queue},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    check,
    configured::{deleted, saved},
    find, ivr_menus, named_by, numbers, prompts, surveys,
};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    input::{Body, strict_at},
    paging::List,
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, put, remove))
        .routes(routes!(reload))
        .routes(routes!(waiting))
}

#[derive(Serialize, ToSchema)]
pub struct QueueOut {
    pub id: String,
    pub name: String,
    /// 代码: a word of the house for it; free text.
    pub code: String,
    /// strategy (ring_all, longest_idle, round_robin, top_down, least_talk_time, fewest_calls,
    /// by_agent_order), fifo, tiers {apply, wait_ms, multiply, skip_empty}, time_base (queue,
    /// system), priority, welcome, announcement {prompt, every_s, place, wait}, exit_keys [{key, to}],
    /// overflow, call_back_within_ms, announce_agent, survey (none, standard or an id; null: as the tenant says), caller_ids (of the number pool), gateway
    /// (of predictive campaigns that name none), abandon_after_ms, max_wait_ms, max_wait_no_agent_ms,
    /// refuse_after_no_agent_ms, max_waiting, resume, resume_within_ms, ring_ms, wrap_up_ms, music,
    /// sorry, max_no_answer, recording_name (录音文件参数: what a recording is called once its call is over, below the
    /// folder of recordings, such as archive/{year}/{month}/{day}/{queue}-{time}-{call_id}; also {agent}, {caller} and
    /// {called}; without {call_id} it is added; null: as it began).
    #[schema(value_type = Object)]
    pub settings: Settings,
    pub agents: Vec<String>,
    /// The floor works by these settings; otherwise it is about to take them over (未生效).
    pub in_effect: bool,
    pub waiting: u32,
    pub longest_wait_ms: i64,
    pub signed_in: u32,
    pub ready: u32,
    pub busy: u32,
    pub wrap_up: u32,
}

/// A caller in the line.
#[derive(Serialize, ToSchema)]
pub struct WaitingOut {
    call_id: String,
    /// inbound or outbound.
    direction: &'static str,
    number: String,
    /// The number that was called.
    called: String,
    /// From 1.
    place: u32,
    priority: u8,
    since: At,
    waited_ms: i64,
}

impl From<WaitingView> for WaitingOut {
    fn from(seen: WaitingView) -> Self {
        Self {
            call_id: seen.call_id.to_string(),
            direction: seen.direction,
            number: seen.number,
            called: seen.called,
            place: seen.place,
            priority: seen.priority,
            since: At(seen.since.0),
            waited_ms: seen.waited_ms,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueIn {
    name: String,
    /// 代码: at most 100 characters.
    #[serde(default)]
    code: String,
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
    let stored = queues::revisions(&house.db, caller.orgi()).await?;
    Ok(rows
        .into_iter()
        .map(|row| show(house, &stored, row))
        .collect())
}

/// 技能组 · One queue.
#[utoipa::path(get, path = "/api/v1/queues/{id}", tag = "setup", params(("id" = String, Path)),
    responses((status = 200, body = QueueOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<QueueOut>, Problem> {
    let rows = all(&house, &caller).await?;
    let row = find::there(rows.into_iter().find(|row| row.id == id))?;
    Ok(Json(row))
}

/// 排队队列 · Who waits in a queue, in order.
#[utoipa::path(get, path = "/api/v1/queues/{id}/waiting", tag = "setup",
    params(("id" = String, Path)), responses((status = 200, body = List<WaitingOut>)))]
async fn waiting(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<List<WaitingOut>>, Problem> {
    known(&house, &caller, &id).await?;
    let view = house.live.view();
    let seen = view.queues.iter().find(|seen| seen.id.as_str() == id);
    let line = seen.map(|seen| seen.line.clone()).unwrap_or_default();
    Ok(Json(List::whole(
        line.into_iter().map(WaitingOut::from).collect(),
    )))
}

/// 重新加载队列 · Let the floors of all nodes read agents, queues and routes anew. Changes made here are taken over
/// by themselves; this is for those made elsewhere. No call is dropped.
#[utoipa::path(post, path = "/api/v1/queues/reload", tag = "setup",
    responses((status = 204)))]
async fn reload(State(house): State<House>, _caller: Caller) -> Result<StatusCode, Problem> {
    saved(&house, house.db.begin().await?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// # Errors
/// `NOT_FOUND` when the tenant has no such queue.
pub async fn known(house: &House, caller: &Caller, id: &str) -> Result<(), Problem> {
    let stored = queues::revisions(&house.db, caller.orgi()).await?;
    find::there(stored.get(id)).map(|_| ())
}

/// # Errors
/// `NO_SUCH_AGENT` when the tenant does not have one of them.
pub async fn are_ours(house: &House, caller: &Caller, wanted: &[String]) -> Result<(), Problem> {
    let own = agents::list(&house.db, caller.orgi()).await?;
    let is_ours = |id: &String| own.iter().any(|agent| agent.id == *id);
    match wanted.iter().all(is_ours) {
        true => Ok(()),
        false => Err(Problem::of("NO_SUCH_AGENT")),
    }
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
        Some(settings) => strict_at("/settings", settings)?,
        None => Settings::default(),
    };
    if let Err(bad) = settings.recording_name() {
        let at = "/settings/recording_name";
        return Err(Problem::at(at, "format", bad.to_string()));
    }
    settings
        .validate()
        .map_err(|bad| bad_setting("/settings", &bad))?;
    leads_somewhere(&house, &caller, &id, &settings).await?;
    are_ours(&house, &caller, &asked.agents).await?;
    let shows = &settings.caller_ids;
    numbers::in_pool(&house, &caller, "/settings/caller_ids", shows).await?;
    has_gateway(&house, &settings).await?;
    prompts::exist(&house, "/settings", settings.prompts()).await?;
    if let Some(survey) = &settings.survey {
        surveys::known(&house, &caller, "/settings/survey", survey).await?;
    }
    let queue = Queue {
        id: check::chosen_id("/id", &id)?,
        name: check::name("/name", &asked.name)?,
        code: check::text("/code", asked.code, 100)?,
        settings,
        agents: asked.agents,
    };
    let mut tx = house.db.begin().await?;
    queues::put(&mut tx, caller.orgi(), &queue, now()).await?;
    saved(&house, tx).await?;
    let stored = queues::revisions(&house.db, caller.orgi()).await?;
    Ok(Json(show(&house, &stored, queue)))
}

/// 删除技能组 · Delete a queue. `QUEUE_IN_USE` while a route, an exit key, an overflow, a voice menu or
/// a campaign that is not finished leads to it.
#[utoipa::path(delete, path = "/api/v1/queues/{id}", tag = "setup", params(("id" = String, Path)),
    responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if let Some(why) = named_by::queue(&house.db, caller.orgi(), &id).await? {
        return Err(Problem::because("QUEUE_IN_USE", why));
    }
    let mut tx = house.db.begin().await?;
    let was_there = queues::delete(&mut tx, caller.orgi(), &id).await?;
    deleted(&house, tx, was_there).await
}

async fn has_gateway(house: &House, settings: &Settings) -> Result<(), Problem> {
    let Some(wanted) = &settings.gateway else {
        return Ok(());
    };
    let known = gateways::list(&house.db).await?;
    match known.iter().any(|one| one.id == wanted.as_str()) {
        true => Ok(()),
        false => {
            let text = "there is no such gateway";
            Err(Problem::at("/settings/gateway", "unknown", text))
        }
    }
}

/// # Errors
/// `NO_SUCH_QUEUE` or `NO_SUCH_MENU` when a key or the overflow leads to one that there is not.
async fn leads_somewhere(
    house: &House,
    caller: &Caller,
    id: &str,
    settings: &Settings,
) -> Result<(), Problem> {
    let known = queues::revisions(&house.db, caller.orgi()).await?;
    let is_there = |queue: &str| queue == id || known.contains_key(queue);
    if !settings.leads_to().all(|queue| is_there(queue.as_str())) {
        return Err(Problem::of("NO_SUCH_QUEUE"));
    }
    for menu in settings.menus() {
        ivr_menus::known(house, caller, menu).await?;
    }
    Ok(())
}

/// What a bad setting is refused with; `under` is where the settings stand.
pub fn bad_setting(under: &str, bad: &BadSetting) -> Problem {
    Problem::at(&format!("{under}{}", bad.at), "range", bad.to_string())
}

fn show(house: &House, stored: &BTreeMap<String, i64>, row: Queue) -> QueueOut {
    let view = house.live.view();
    let seen = view.queues.iter().find(|seen| seen.id.as_str() == row.id);
    let in_effect = seen.is_some_and(|seen| stored.get(&row.id) == Some(&seen.revision));
    QueueOut {
        in_effect,
        id: row.id,
        name: row.name,
        code: row.code,
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
