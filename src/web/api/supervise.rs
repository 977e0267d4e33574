//! `/agents/{id}/supervise`: supervisors in agents' calls, and what they force on agents (AGT-146 to
//! AGT-155).

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use engine::{
    agent::{Unready, WorkMode},
    floor::{AgentView, Forced, Monitor, SupervisorOrder, SupervisorView},
    ids::{AgentId, CallId},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{calls, extensions};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{check, commanded::commanded, find};
use crate::{
    caller::Caller, front::trail::Note, house::House, input::Body, paging::List, problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(order))
        .routes(routes!(list))
        .routes(routes!(leave))
        .routes(routes!(release))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// 监听: hears both, is heard by nobody.
    Listen,
    /// 密语: is heard by the agent alone.
    Whisper,
    /// 强插: all hear one another.
    Barge,
    /// 拦截: takes the customer; the agent is released.
    Intercept,
    /// 强拆: ends the agent's call.
    Release,
    /// 静音: the agent is not heard.
    Mute,
    /// 取消静音
    Unmute,
    /// 强制签出: now, or when the agent's call is over.
    SignOut,
    /// 强制离席: now, or when the call is over.
    Leave,
    /// 强制回席
    Resume,
    /// 强制结束后处理: also while a disposition is owed.
    FinishWrapUp,
    /// 强制工作模式: the agent is set to `mode` now, or when the call is over.
    WorkMode,
}

/// 工作模式: ready is 0 示闲, wait is 3 示忙, away is 6 离开.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Ready,
    Wait,
    Dnd,
    Break,
    Away,
    Custom,
}

impl From<Mode> for WorkMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Ready => Self::Ready,
            Mode::Wait => Self::Unready(Unready::Wait),
            Mode::Dnd => Self::Unready(Unready::Dnd),
            Mode::Break => Self::Unready(Unready::Break),
            Mode::Away => Self::Unready(Unready::Away),
            Mode::Custom => Self::Unready(Unready::Custom),
        }
    }
}

impl How {
    /// A step of the agent, rather than of a call.
    fn forces(self, mode: Option<Mode>, reason: Option<String>) -> Result<Option<Forced>, Problem> {
        Ok(match self {
            Self::SignOut => Some(Forced::SignOut),
            Self::Leave => Some(Forced::Leave { reason }),
            Self::Resume => Some(Forced::Resume),
            Self::FinishWrapUp => Some(Forced::FinishWrapUp),
            Self::WorkMode => {
                let missing = || Problem::at("/mode", "required", "say which work mode");
                let mode = mode.ok_or_else(missing)?.into();
                Some(Forced::WorkMode { mode, reason })
            }
            _ => None,
        })
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuperviseIn {
    how: How,
    /// The phone to listen and speak at; the caller's own as an agent when not given.
    extension: Option<String>,
    /// Needed with `work_mode`, and of no meaning without.
    mode: Option<Mode>,
    /// Why the agent is sent away; at most 100 characters.
    reason: Option<String>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Supervision {
    /// The user who supervises.
    by: String,
    extension: String,
    agent_id: String,
    call_id: String,
    /// listen, whisper or barge.
    how: String,
    /// The phone has answered.
    up: bool,
}

/// 班长操作 · Listen to an agent's call, whisper, barge in, take it over or end it; sign the agent out,
/// send the agent away or back, set the work mode, end the after-call work. The phone is called once; to change how, ask
/// again. Supervisors of a department act on its agents alone.
#[utoipa::path(post, path = "/api/v1/agents/{id}/supervise", tag = "agents",
    params(("id" = String, Path)),
    request_body(content = SuperviseIn, example = json!({"how": "whisper", "extension": "8900"})),
    responses((status = 200, body = List<Supervision>)))]
async fn order(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<SuperviseIn>,
) -> Response {
    let view = house.live.view();
    let seen = view.agents.iter().find(|seen| seen.id.as_str() == id);
    let call = seen.and_then(|seen| seen.call.as_ref()).map(|call| call.id);
    let note = json!({
        "how": asked.how,
        "agent": id,
        "call": call,
        "extension": asked.extension,
        "mode": asked.mode,
        "reason": asked.reason,
    });
    let done = act(&house, &caller, &id, asked).await;
    (Extension(Note(note)), done).into_response()
}

async fn act(
    house: &House,
    caller: &Caller,
    id: &str,
    asked: SuperviseIn,
) -> Result<Json<List<Supervision>>, Problem> {
    let agent = commanded(house, caller, id).await?;
    let reason = asked.reason.map(|text| check::text("/reason", text, 100));
    let forced = asked.how.forces(asked.mode, reason.transpose()?)?;
    let monitor = |monitor, extension| SupervisorOrder::Monitor {
        agent: agent.clone(),
        extension,
        monitor,
    };
    let order = match (forced, asked.how) {
        (Some(what), _) => SupervisorOrder::Force {
            agent: agent.clone(),
            what,
        },
        (None, How::Release) => SupervisorOrder::Release {
            agent: agent.clone(),
        },
        (None, How::Mute | How::Unmute) => SupervisorOrder::Mute {
            agent: agent.clone(),
            on: asked.how == How::Mute,
        },
        (None, how) => {
            let extension = phone(house, caller, asked.extension).await?;
            match how {
                How::Whisper => monitor(Monitor::Whisper, extension),
                How::Barge => monitor(Monitor::Barge, extension),
                How::Intercept => SupervisorOrder::Intercept {
                    agent: agent.clone(),
                    extension,
                },
                _ => monitor(Monitor::Listen, extension),
            }
        }
    };
    house.live.supervise(caller.user_id().into(), order).await?;
    Ok(Json(mine(house, caller)))
}

/// 我的监听 · The calls that the caller takes part in.
#[utoipa::path(get, path = "/api/v1/supervisions", tag = "agents",
    responses((status = 200, body = List<Supervision>)))]
async fn list(State(house): State<House>, caller: Caller) -> Json<List<Supervision>> {
    Json(mine(&house, &caller))
}

/// 退出监听 · Leave the call that the caller takes part in.
#[utoipa::path(delete, path = "/api/v1/supervisions/mine", tag = "agents",
    responses((status = 204)))]
async fn leave(State(house): State<House>, caller: Caller) -> Result<StatusCode, Problem> {
    let order = SupervisorOrder::Leave;
    house.live.supervise(caller.user_id().into(), order).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 强行释放 · End a call, whoever is in it: a caller who waits, leaves a message or was put through too.
/// A call of an agent of another department is not theirs to end.
#[utoipa::path(post, path = "/api/v1/calls/{id}/release", tag = "calls",
    params(("id" = String, Path)), responses((status = 204)))]
async fn release(State(house): State<House>, caller: Caller, Path(id): Path<String>) -> Response {
    let call = match of_tenant(&house, &caller, &id).await {
        Ok(call) => call,
        Err(problem) => return problem.into_response(),
    };
    let view = house.live.view();
    let has_it = |seen: &&AgentView| seen.call.as_ref().is_some_and(|own| own.id == call);
    let agents = view.agents.iter().filter(has_it);
    let agents: Vec<&str> = agents.map(|seen| seen.id.as_str()).collect();
    let note = json!({ "call": id, "agents": agents });
    let done = end(&house, &caller, call, &agents).await;
    (Extension(Note(note)), done).into_response()
}

async fn of_tenant(house: &House, caller: &Caller, id: &str) -> Result<CallId, Problem> {
    let call = id.parse().map_err(|_| Problem::not_found())?;
    find::there(calls::get(&house.db, caller.orgi(), id).await?)?;
    Ok(call)
}

async fn end(
    house: &House,
    caller: &Caller,
    call: CallId,
    agents: &[&str],
) -> Result<StatusCode, Problem> {
    for agent in agents {
        commanded(house, caller, agent).await?;
    }
    let order = SupervisorOrder::End { call };
    house.live.supervise(caller.user_id().into(), order).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn mine(house: &House, caller: &Caller) -> List<Supervision> {
    let view = house.live.view();
    let own = |seen: &&SupervisorView| seen.by == caller.user_id();
    let shown = view.supervisors.iter().filter(own).map(|seen| Supervision {
        by: seen.by.clone(),
        extension: seen.extension.clone(),
        agent_id: seen.agent.to_string(),
        call_id: seen.call_id.to_string(),
        how: match seen.monitor {
            Monitor::Listen => "listen",
            Monitor::Whisper => "whisper",
            Monitor::Barge => "barge",
        }
        .into(),
        up: seen.up,
    });
    List::whole(shown.collect())
}

/// The phone that a supervisor is to be called at.
async fn phone(house: &House, caller: &Caller, asked: Option<String>) -> Result<String, Problem> {
    let extension = match asked {
        Some(extension) => extension,
        None => {
            let agent = caller.agent()?;
            let own = members_extension(house, caller, &agent).await?;
            own.ok_or_else(|| Problem::of("NO_SUCH_AGENT"))?
        }
    };
    match extensions::is_of(&house.db, caller.orgi(), &extension).await? {
        true => Ok(extension),
        false => Err(Problem::at(
            "/extension",
            "unknown",
            "there is no such extension",
        )),
    }
}

async fn members_extension(
    house: &House,
    caller: &Caller,
    agent: &AgentId,
) -> Result<Option<String>, Problem> {
    let rows = store::agents::list(&house.db, caller.orgi()).await?;
    let own = rows.into_iter().find(|row| row.id == agent.as_str());
    Ok(own.map(|row| row.extension))
}
