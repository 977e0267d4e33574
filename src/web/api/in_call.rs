//! `/agents/{id}/call`: what an agent does in a call (AGT-137, AGT-143, AGT-151, AGT-158).

use axum::{
    Json,
    extract::{Path, State},
};
use engine::{
    destination::Destination,
    floor::{AgentOrder, CallOrder},
    ids::{AgentId, MenuId, QueueId},
};
use serde::Deserialize;
use store::{agents, desk, extensions, ivr_menus, queues};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    agents::{AgentOut, one},
    check,
    commanded::{commanded, give},
};
use crate::{caller::Caller, house::House, input::Body, problem::Problem};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(order))
}

/// An order about the call that the agent talks in.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
pub enum CallOrderIn {
    /// 保持: the customer hears music.
    Hold {},
    /// 取回
    Retrieve {},
    /// 静音
    Mute {},
    /// 取消静音
    Unmute {},
    /// 按键: 1 to 32 of 0-9, *, #, A-D.
    Press { digits: String },
    /// 转接: send the customer on, and be done.
    Transfer { to: To },
    /// 咨询: call somebody while the customer waits.
    Consult { to: To },
    /// 切换
    Swap {},
    /// 三方: all hear one another.
    Confer {
        /// When the agent hangs up, it is over for all; not given: the others stay connected (AGT-160).
        #[serde(default)]
        ends_all: bool,
    },
    /// 多方: call somebody into the talk, or one more; all hear one another from the answer on (AGT-159),
    /// up to 32 parties.
    Invite {
        to: To,
        #[serde(default)]
        ends_all: bool,
    },
    /// 完成转接; in a conference: leave it.
    Complete {},
    /// 取消咨询
    Cancel {},
}

/// Where a call goes: exactly one of these.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum To {
    /// An agent's number.
    Agent(String),
    /// As a transfer the queue's line; as a question its agent who has been idle longest.
    Queue(String),
    /// A phone; the agent at it, if there is one.
    Extension(String),
    /// A voice menu; as a transfer only.
    Ivr(String),
    /// An outside number, by the outbound routes. DNC lists, limits and barred numbers hold for it.
    Number(String),
}

/// 通话操作 · Hold, mute, keys, transfers, consultations and conferences. `me` is the caller's own;
/// supervisors order for their department's. Refused with `NO_SUCH_CALL`, `SECOND_CALL_UP`, `NO_SECOND_CALL`,
/// `NOT_ANSWERED`, `BUSY`, `BARRED`, `TOO_MANY_CALLS`, `GATEWAY_BUSY`, `NO_ROUTE` and others; then nothing has
/// changed.
#[utoipa::path(post, path = "/api/v1/agents/{id}/call", tag = "agents",
    params(("id" = String, Path)),
    request_body(content = CallOrderIn, example = json!({"order": "transfer", "to": {"agent": "1002"}})),
    responses((status = 200, body = AgentOut)))]
async fn order(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<CallOrderIn>,
) -> Result<Json<AgentOut>, Problem> {
    let id = commanded(&house, &caller, &id).await?;
    let order = match asked {
        CallOrderIn::Hold {} => CallOrder::Hold,
        CallOrderIn::Retrieve {} => CallOrder::Retrieve,
        CallOrderIn::Mute {} => CallOrder::Mute { on: true },
        CallOrderIn::Unmute {} => CallOrder::Mute { on: false },
        CallOrderIn::Press { digits } => CallOrder::Press { digits },
        CallOrderIn::Transfer { to } => CallOrder::Transfer {
            to: destination(&house, &caller, to).await?,
        },
        CallOrderIn::Consult { to } => CallOrder::Consult {
            to: destination(&house, &caller, to).await?,
        },
        CallOrderIn::Swap {} => CallOrder::Swap,
        CallOrderIn::Confer { ends_all } => CallOrder::Confer { ends_all },
        CallOrderIn::Invite { to, ends_all } => CallOrder::Invite {
            to: destination(&house, &caller, to).await?,
            ends_all,
        },
        CallOrderIn::Complete {} => CallOrder::Complete,
        CallOrderIn::Cancel {} => CallOrder::Cancel,
    };
    let order = AgentOrder::InCall(order);
    give(&house, &caller, id.clone(), order).await?;
    Ok(Json(one(&house, &caller, &id).await?))
}

pub(super) async fn destination(
    house: &House,
    caller: &Caller,
    to: To,
) -> Result<Destination, Problem> {
    Ok(match to {
        To::Agent(id) => Destination::Agent {
            agent: agent(house, caller, id).await?,
        },
        To::Queue(id) => Destination::Queue {
            queue: queue(house, caller, id).await?,
        },
        To::Extension(id) => extension_or_outside(house, caller, id).await?,
        To::Ivr(id) => Destination::Ivr {
            menu: menu(house, caller, id).await?,
        },
        To::Number(number) => Destination::Number {
            number: check::text("/to/number", number, 40)?,
        },
    })
}

/// An extension; or the number outside that is given for one, where the tenant has it so (AGT-144).
async fn extension_or_outside(
    house: &House,
    caller: &Caller,
    id: String,
) -> Result<Destination, Problem> {
    let digits = id.strip_prefix('+').unwrap_or(&id);
    let is_number = (3..=20).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit());
    let goes_out = is_number
        && !extensions::is_anybodys(&house.db, &id).await?
        && desk::get(&house.db, caller.orgi())
            .await?
            .numbers_lead_outside;
    if goes_out {
        return Ok(Destination::Number { number: id });
    }
    let extension = extension(house, caller, "/to/extension", id).await?;
    Ok(Destination::Extension { extension })
}

// The floor knows all tenants' agents, queues and phones: only those of the caller's own may be named.

pub(super) async fn agent(house: &House, caller: &Caller, id: String) -> Result<AgentId, Problem> {
    let all = agents::list(&house.db, caller.orgi()).await?;
    match all.iter().any(|agent| agent.id == id) {
        true => Ok(id.into()),
        false => Err(Problem::of("NO_SUCH_AGENT")),
    }
}

pub(super) async fn queue(house: &House, caller: &Caller, id: String) -> Result<QueueId, Problem> {
    let all = queues::list(&house.db, caller.orgi()).await?;
    match all.iter().any(|queue| queue.id == id) {
        true => Ok(id.into()),
        false => Err(Problem::of("NO_SUCH_QUEUE")),
    }
}

async fn menu(house: &House, caller: &Caller, id: String) -> Result<MenuId, Problem> {
    match ivr_menus::get(&house.db, caller.orgi(), &id).await? {
        Some(_) => Ok(id.into()),
        None => Err(Problem::of("NO_SUCH_MENU")),
    }
}

pub(super) async fn extension(
    house: &House,
    caller: &Caller,
    at: &'static str,
    id: String,
) -> Result<String, Problem> {
    match extensions::is_of(&house.db, caller.orgi(), &id).await? {
        true => Ok(id),
        false => Err(Problem::at(at, "unknown", "there is no such extension")),
    }
}
