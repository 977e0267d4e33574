//! `/calls/{id}/members` (会议状态): who is in a call now (AGT-161), and what is done about single parties:
//! muted (AGT-151), called in, let go.

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
};
use engine::{
    floor::{AgentOrder, CallOrder, InCall, Member, MemberOrder, SupervisorOrder},
    ids::{CallId, LegId},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::calls;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    calls::is_own_now,
    commanded::{commanded, commands_call, give},
    find,
    in_call::{To, destination},
    shown::mask,
};
use crate::{
    caller::Caller, clock::At, front::trail::Note, house::House, input::Body, problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(members, invite))
        .routes(routes!(let_go))
        .routes(routes!(mute))
        .routes(routes!(unmute))
}

#[derive(Serialize, ToSchema)]
pub struct InCallOut {
    pub call_id: String,
    /// All hear one another.
    conference: bool,
    /// Since when they do; `null` before.
    since: Option<At>,
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
    /// Names the party in orders about it; `null` while it has no leg.
    id: Option<String>,
    /// customer, agent, extension, outside or supervisor.
    kind: &'static str,
    /// The number, the agent's number, the extension, or the supervisor; to agents the customer's
    /// number is masked.
    name: String,
    /// checking, ringing or up; of a supervisor listen, whisper or barge.
    state: &'static str,
    /// It may only listen.
    muted: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteIn {
    to: To,
    /// When the agent hangs up, it is over for all; once said, it holds for those who come later.
    #[serde(default)]
    ends_all: bool,
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
    Ok(Json(now(&house, &caller, number).await?))
}

async fn now(house: &House, caller: &Caller, call: CallId) -> Result<InCallOut, Problem> {
    let seen = find::there(house.live.who_is_in(call).await)?;
    Ok(InCallOut::of(seen, caller.is_agent_only()))
}

impl InCallOut {
    /// `masked`: for agents, without numbers outside and without who only listens.
    pub(super) fn of(seen: InCall, masked: bool) -> Self {
        // Whoever listens is not told to those who are listened to.
        let heard = |member: &Member| member.kind != "supervisor" || member.state == "barge";
        let members = seen
            .members
            .into_iter()
            .filter(|member| !masked || heard(member));
        Self {
            call_id: seen.call_id.to_string(),
            conference: seen.conference,
            since: seen.since.map(At::from),
            held: seen.held,
            muted: seen.muted,
            ends_all: seen.ends_all,
            members: members.map(|member| show(member, masked)).collect(),
        }
    }
}

fn show(member: Member, masked: bool) -> MemberOut {
    MemberOut {
        kind: member.kind,
        name: match masked && matches!(member.kind, "customer" | "outside") {
            true => mask(&member.name),
            false => member.name,
        },
        id: member.id.map(|leg| leg.to_string()),
        state: member.state,
        muted: member.muted,
    }
}

/// 邀请加入 · Call somebody into a talk: all hear one another from the answer on, up to 32 parties, each of
/// whom may be called while others still ring. Agents call into the talk that they have, supervisors into
/// those of their department's agents. `CONFERENCE_FULL`, `SECOND_CALL_UP` and what an agent's orders are
/// refused with.
#[utoipa::path(post, path = "/api/v1/calls/{id}/members", tag = "calls",
    params(("id" = String, Path)),
    request_body(content = InviteIn, example = json!({"to": {"extension": "8002"}})),
    responses((status = 200, body = InCallOut)))]
async fn invite(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<InviteIn>,
) -> Result<impl IntoResponse, Problem> {
    let order = MemberOrder::Invite {
        to: destination(&house, &caller, asked.to).await?,
        ends_all: asked.ends_all,
    };
    let note = change(&house, &caller, &id, None, order).await?;
    let call = parsed(&id)?;
    Ok((note, Json(now(&house, &caller, call).await?)))
}

/// 请出会议 · Let somebody go who was called into a talk, or is still called; the others talk on.
/// `NO_SUCH_MEMBER` for the customer and for whoever has the call: those hang up.
#[utoipa::path(delete, path = "/api/v1/calls/{id}/members/{member}", tag = "calls",
    params(("id" = String, Path), ("member" = String, Path)), responses((status = 204)))]
async fn let_go(
    State(house): State<House>,
    caller: Caller,
    Path((id, member)): Path<(String, String)>,
) -> Result<impl IntoResponse, Problem> {
    let member = leg(&member)?;
    let order = MemberOrder::Drop { member };
    let note = change(&house, &caller, &id, Some(member), order).await?;
    Ok((note, StatusCode::NO_CONTENT))
}

/// 静音成员 · A party may only listen, until it is heard again or whoever has the call leaves it. Agents
/// mute in the talk that they have, supervisors in those of their department's agents.
#[utoipa::path(post, path = "/api/v1/calls/{id}/members/{member}/mute", tag = "calls",
    params(("id" = String, Path), ("member" = String, Path)), responses((status = 204)))]
async fn mute(
    State(house): State<House>,
    caller: Caller,
    Path((id, member)): Path<(String, String)>,
) -> Result<impl IntoResponse, Problem> {
    set_muted(&house, &caller, (&id, &member), true).await
}

/// 取消成员静音 · A party is heard again.
#[utoipa::path(post, path = "/api/v1/calls/{id}/members/{member}/unmute", tag = "calls",
    params(("id" = String, Path), ("member" = String, Path)), responses((status = 204)))]
async fn unmute(
    State(house): State<House>,
    caller: Caller,
    Path((id, member)): Path<(String, String)>,
) -> Result<impl IntoResponse, Problem> {
    set_muted(&house, &caller, (&id, &member), false).await
}

async fn set_muted(
    house: &House,
    caller: &Caller,
    (id, member): (&str, &str),
    on: bool,
) -> Result<(Extension<Note>, StatusCode), Problem> {
    let member = leg(member)?;
    let order = MemberOrder::Mute { member, on };
    let note = change(house, caller, id, Some(member), order).await?;
    Ok((note, StatusCode::NO_CONTENT))
}

fn parsed(call: &str) -> Result<CallId, Problem> {
    call.parse().map_err(|_| Problem::not_found())
}

fn leg(member: &str) -> Result<LegId, Problem> {
    member.parse().map_err(|_| Problem::of("NO_SUCH_MEMBER"))
}

/// Carries an order about a call out, if it is the caller's to give; gives what the trail is to know.
async fn change(
    house: &House,
    caller: &Caller,
    id: &str,
    member: Option<LegId>,
    order: MemberOrder,
) -> Result<Extension<Note>, Problem> {
    let call = parsed(id)?;
    find::there(calls::get(&house.db, caller.orgi(), id).await?)?;
    let seen = house.live.who_is_in(call).await;
    let whom = seen.as_ref().and_then(|seen| {
        let mut members = seen.members.iter();
        members.find(|one| one.id.is_some() && one.id == member)
    });
    let note = json!({
        "call": id,
        "kind": whom.map(|member| member.kind),
        "name": whom.map(|member| &member.name),
    });
    if caller.is_agent_only() {
        let order = AgentOrder::InCall(CallOrder::Member { call, order });
        give(house, caller, caller.agent()?, order).await?;
    } else {
        let seen = find::there(seen.as_ref())?;
        is_of_own_department(house, caller, seen, member).await?;
        let order = SupervisorOrder::Member { call, order };
        house.live.supervise(caller.user_id().into(), order).await?;
    }
    Ok(Extension(Note(note)))
}

/// Whether the caller may give orders to the agent who has the call, and to the one it is about.
async fn is_of_own_department(
    house: &House,
    caller: &Caller,
    seen: &InCall,
    member: Option<LegId>,
) -> Result<(), Problem> {
    commands_call(house, caller, seen.call_id).await?;
    let is_it = |one: &&Member| one.kind == "agent" && one.id.is_some() && one.id == member;
    if let Some(agent) = seen.members.iter().find(is_it) {
        commanded(house, caller, &agent.name).await?;
    }
    Ok(())
}
