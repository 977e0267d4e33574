//! `/calls/{id}/members` (会议状态): who is in a call now (AGT-161).

use axum::{
    Json,
    extract::{Path, State},
};
use engine::{floor::Member, ids::CallId};
use serde::Serialize;
use store::calls;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{calls::is_own_now, find, shown::mask};
use crate::{caller::Caller, house::House, problem::Problem};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(members))
}

#[derive(Serialize, ToSchema)]
pub struct InCallOut {
    call_id: String,
    /// All hear one another.
    conference: bool,
    /// The customer hears music.
    held: bool,
    /// The agent is not heard.
    muted: bool,
    /// When the agent hangs up, it is over for all.
    ends_all: bool,
    members: Vec<MemberOut>,
}

#[derive(Serialize, ToSchema)]
pub struct MemberOut {
    /// customer, agent, extension, outside or supervisor.
    kind: &'static str,
    /// The number, the agent's number, the extension, or the supervisor; to agents the customer's
    /// number is masked.
    name: String,
    /// checking, ringing or up; of a supervisor listen, whisper or barge.
    state: &'static str,
}

/// 会议状态 · Who is in a call now, and whether all hear one another. Agents ask about the call that they
/// have. `NOT_FOUND` for one that is not up.
#[utoipa::path(get, path = "/api/v1/calls/{id}/members", tag = "calls",
    params(("id" = String, Path)), responses((status = 200, body = InCallOut)))]
async fn members(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<InCallOut>, Problem> {
    let number: CallId = id.parse().map_err(|_| Problem::not_found())?;
    find::there(calls::get(&house.db, caller.orgi(), &id).await?)?;
    is_own_now(&house, &caller, number)?;
    let seen = find::there(house.live.who_is_in(number).await)?;
    let masked = caller.is_agent_only();
    let members = seen.members.into_iter();
    Ok(Json(InCallOut {
        call_id: id,
        conference: seen.conference,
        held: seen.held,
        muted: seen.muted,
        ends_all: seen.ends_all,
        members: members.map(|member| show(member, masked)).collect(),
    }))
}

fn show(member: Member, masked: bool) -> MemberOut {
    MemberOut {
        kind: member.kind,
        name: match masked && member.kind == "customer" {
            true => mask(&member.name),
            false => member.name,
        },
        state: member.state,
    }
}
