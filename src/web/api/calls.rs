//! `/calls`: one CDR a call, its recording and its disposition (RST-015).

use std::path::{Component, Path as FilePath, PathBuf};

use axum::{
    Json,
    extract::{Path, Request, State},
    http::StatusCode,
    response::Response,
};
use engine::{
    disposition::{Code, Disposition},
    floor::AgentOrder,
    ids::CallId,
    ivr::Choice,
};
use serde::Deserialize;
use store::{
    call_legs,
    calls::{self, Call, Wanted},
    recording_moves,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    commanded::commands_call,
    find,
    shown::{mask, shown},
};
use crate::{
    caller::Caller,
    clock::{At, moment},
    house::House,
    input::{Body, Params},
    paging::{self, List},
    problem::Problem,
    sealed,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(recording))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(dispose))
}

shown! {
    CallOut of Call {
        id: String,
        /// outbound or inbound.
        direction: String,
        /// preview, predictive, robot, test, inbound, callback, or ordered between two parties.
        mode: String,
        /// A test call: it counts in no total.
        is_test: bool,
        campaign_id: Option<String>,
        task_id: Option<String>,
        lead_id: Option<String>,
        queue_id: Option<String>,
        agent_id: Option<String>,
        extension: Option<String>,
        caller: String,
        callee: String,
        gateway_id: Option<String>,
        /// open or closed.
        state: String,
        started_at: At,
        ringing_at: Option<At>,
        answered_at: Option<At>,
        queued_at: Option<At>,
        offered_at: Option<At>,
        bridged_at: Option<At>,
        ended_at: Option<At>,
        hangup_side: Option<String>,
        sip_status: Option<i64>,
        q850: Option<i64>,
        outcome: Option<String>,
        /// What the network did: answered, busy, blocked, capacity and so on.
        transport: Option<String>,
        /// person, machine, fax, network or unknown.
        answer_class: Option<String>,
        abandoned: bool,
        wait_ms: Option<i64>,
        talk_ms: Option<i64>,
        disposition: Option<String>,
        note: Option<String>,
        /// When waiting ended without an agent: the person is lost.
        gave_up_at: Option<At>,
        /// The recorded message that a lost person heard, or that a machine recorded.
        message: Option<String>,
        /// played, cut_short or failed.
        message_heard: Option<String>,
        /// A name below the folder of recordings, from the beginning on; a queue may give it another one soon after
        /// the end. Agents see the call's id for it.
        recording: Option<String>,
        /// Null while it runs.
        recording_ms: Option<i64>,
        /// Why it ends before its call does or is no more: interrupted (the server was killed), cut_short (the
        /// leg that was recorded left the call), lost, unusable, expired, or what the disk said.
        recording_error: Option<String>,
        packets_received: Option<i64>,
        packets_lost: Option<i64>,
        jitter_ms: Option<f64>,
        /// What listening to the answer came to: human, machine, fax, network or unsure (taken for
        /// a person). None where nobody listened. network without an answer: special information
        /// tones came before one.
        verdict: Option<String>,
        /// How long that took.
        verdict_ms: Option<i64>,
        verdict_why: Option<String>,
        /// The person's greeting was over: the two seconds for an agent begin.
        greeted_at: Option<At>,
        packets_sent: Option<i64>,
        /// Of the customer's leg, from the far end's reports (RTCP), as the next two.
        round_trip_ms: Option<f64>,
        /// Packets of ours that the far end missed.
        reported_lost: Option<i64>,
        reported_jitter_ms: Option<f64>,
        /// How the customer's leg sounded, estimated, 1.0 to 4.5.
        mos: Option<f64>,
        /// Of the agent's leg, as the next ones; none for a nailed-up leg.
        agent_packets_received: Option<i64>,
        agent_packets_sent: Option<i64>,
        agent_packets_lost: Option<i64>,
        agent_jitter_ms: Option<f64>,
        agent_round_trip_ms: Option<f64>,
        agent_mos: Option<f64>,
        /// The key that led out of a queue.
        exit_key: Option<String>,
        /// queue, extension, voicemail, number, callback or hangup.
        exit_to: Option<String>,
        /// What the caller said of the call: 1 satisfied, 2 fair, 3 dissatisfied.
        score: Option<i64>,
        /// What the caller chose in the voice menus, in order: {menu, keys, led_to}. No keys: none came in
        /// time. `led_to`: extension, number, queue, voicemail, submenu, play, back, root, hangup, invalid or
        /// timeout.
        #[schema(value_type = Vec<Object>)]
        choices: Vec<Choice>,
        /// What the caller was asked after the conversation: standard, or the id of a survey.
        survey: Option<String>,
        /// The key of the answer; none where the caller gave none (未评价).
        survey_key: Option<String>,
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    campaign_id: Option<String>,
    lead_id: Option<String>,
    agent_id: Option<String>,
    /// outbound or inbound.
    direction: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DispositionIn {
    /// success, interested, not_interested, callback, wrong_number, do_not_call, machine or other.
    #[schema(value_type = String)]
    code: Code,
    /// At most 2,000 characters.
    #[serde(default)]
    note: String,
    /// For `callback`: when to call again, RFC 3339.
    callback_at: Option<String>,
}

/// 话单 · Calls, newest first. An agent sees the own ones, with numbers masked.
#[utoipa::path(get, path = "/api/v1/calls", tag = "calls", params(Which),
    responses((status = 200, body = List<CallOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(asked): Params<Which>,
) -> Result<Json<List<CallOut>>, Problem> {
    let limit = paging::limit(asked.limit)?;
    let before = asked.cursor.as_deref().map(paging::open).transpose()?;
    let wanted = Wanted {
        campaign: asked.campaign_id,
        lead: asked.lead_id,
        agent: if caller.is_agent_only() {
            Some(caller.agent()?.as_str().into())
        } else {
            asked.agent_id
        },
        direction: asked.direction,
    };
    let most = limit as u32 + 1;
    let rows = calls::page(&house.db, caller.orgi(), &wanted, before.as_deref(), most).await?;
    let masked = caller.is_agent_only();
    Ok(Json(List::of(
        rows,
        limit,
        |row| row.id.clone(),
        |row| show(row, masked),
    )))
}

/// 通话 · One call.
#[utoipa::path(get, path = "/api/v1/calls/{id}", tag = "calls", params(("id" = String, Path)),
    responses((status = 200, body = CallOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<CallOut>, Problem> {
    let call = call(&house, &caller, &id).await?;
    Ok(Json(show(call, caller.is_agent_only())))
}

/// 录音 · The recording, a wav file, from the answer on: the customer on the left, what the customer hears on
/// the right.
#[utoipa::path(get, path = "/api/v1/calls/{id}/recording", tag = "calls",
    params(("id" = String, Path)),
    responses(
        (status = 200, content_type = "audio/x-wav", body = Vec<u8>),
        (status = 206, content_type = "audio/x-wav", body = Vec<u8>)))]
async fn recording(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let call = call(&house, &caller, &id).await?;
    let mut path = file(&house, call.recording)?;
    if matches!(tokio::fs::try_exists(&path).await, Ok(false)) {
        // It was given the name of its queue since we asked, or is being given it.
        path = file(&house, recording_moves::name_now(&house.db, &id).await?)?;
    }
    sealed::recording(&house, &path, request).await
}

/// Where a recording of this name is. The name comes from our own media; it leads nowhere else all the same.
fn file(house: &House, name: Option<String>) -> Result<PathBuf, Problem> {
    let name = find::there(name.filter(|name| stays_below(name)))?;
    Ok(house.config.data_dir.join("recordings").join(name))
}

/// 暂停录音 · Keep what follows out of the recording, as silence of the same length (card numbers and
/// the like), until `resume`, or until whoever has the customer leaves. An agent does so in the own call.
/// `NOT_RECORDED` when no recording runs.
#[utoipa::path(post, path = "/api/v1/calls/{id}/recording/pause", tag = "calls",
    params(("id" = String, Path)), responses((status = 204)))]
async fn pause(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    pause_or_resume(&house, &caller, &id, true).await
}

/// 继续录音 · End such a pause.
#[utoipa::path(post, path = "/api/v1/calls/{id}/recording/resume", tag = "calls",
    params(("id" = String, Path)), responses((status = 204)))]
async fn resume(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    pause_or_resume(&house, &caller, &id, false).await
}

async fn pause_or_resume(
    house: &House,
    caller: &Caller,
    id: &str,
    paused: bool,
) -> Result<StatusCode, Problem> {
    let number: CallId = id.parse().map_err(|_| Problem::not_found())?;
    find::there(calls::get(&house.db, caller.orgi(), id).await?)?;
    is_own_now(house, caller, number)?;
    if !caller.is_agent_only() {
        commands_call(house, caller, number).await?;
    }
    house.live.pause_recording(number, paused).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An agent acts on the call that the agent has now, others on any.
pub(super) fn is_own_now(house: &House, caller: &Caller, call: CallId) -> Result<(), Problem> {
    if !caller.is_agent_only() {
        return Ok(());
    }
    let agent = caller.agent()?;
    let view = house.live.view();
    let mine = view.agents.iter().find(|seen| seen.id == agent);
    let current = mine.and_then(|mine| mine.call.as_ref());
    find::there(current.filter(|now| now.id == call)).map(|_| ())
}

/// 小结 · What came of the call. The agent who has it says so, during the call or in after-call work.
#[utoipa::path(post, path = "/api/v1/calls/{id}/disposition", tag = "calls",
    params(("id" = String, Path)), request_body = DispositionIn, responses((status = 204)))]
async fn dispose(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<DispositionIn>,
) -> Result<StatusCode, Problem> {
    let number: CallId = id.parse().map_err(|_| Problem::not_found())?;
    let callback_at = match asked.callback_at {
        Some(text) => Some(
            moment(&text)
                .ok_or_else(|| Problem::at("/callback_at", "format", "must be RFC 3339"))?,
        ),
        None => None,
    };
    let order = AgentOrder::Dispose {
        call: number,
        disposition: Disposition {
            code: asked.code,
            note: asked.note,
            callback_at,
        },
    };
    house.live.agent(caller.agent()?, order).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A relative path without `..`, such as `2026-11-20/cal_….wav`.
pub(super) fn stays_below(name: &str) -> bool {
    FilePath::new(name)
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
}

/// A call that this caller may see: an agent sees the calls that the agent had, be it for a while.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn call(house: &House, caller: &Caller, id: &str) -> Result<Call, Problem> {
    let call = find::there(calls::get(&house.db, caller.orgi(), id).await?)?;
    if caller.is_agent_only() {
        let agent = caller.agent()?;
        let was_last = call.agent_id.as_deref() == Some(agent.as_str());
        if !was_last && !call_legs::had(&house.db, id, agent.as_str()).await? {
            return Err(Problem::not_found());
        }
    }
    Ok(call)
}

/// For agents the other party's number is masked; the house's own numbers are not.
fn show(mut call: Call, masked: bool) -> CallOut {
    if masked && call.direction == "inbound" {
        call.caller = mask(&call.caller);
    } else if masked {
        call.callee = mask(&call.callee);
    }
    if masked {
        // The name that a queue gives it may have the number in it.
        call.recording = call.recording.map(|_| format!("{}.wav", call.id));
    }
    call.into()
}
