//! `POST /calls`: a call between two parties (外呼双方会议, AGT-132, AGT-161).

use axum::{extract::State, response::IntoResponse};
use engine::{desk::Function, destination::Destination, floor::TwoParties};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::created,
    check,
    commanded::{commanded, has},
    in_call::extension,
};
use crate::{caller::Caller, house::House, input::Body, problem::Problem};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(connect))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TwoPartiesIn {
    /// Called first; agents name their own extension.
    first: PartyIn,
    second: PartyIn,
    /// 1 to 32 digits: what numbers outside see, where the route names none. Not given: the extension.
    caller: Option<String>,
    /// Once one of the two hangs up, it is over for everybody who was called in too; not given: those who are
    /// left talk on, while the first is one of them (AGT-160).
    #[serde(default)]
    ends_all: bool,
}

/// Exactly one of these.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PartyIn {
    /// A phone.
    Extension(String),
    /// A number outside, by the outbound routes. DNC lists, the limit of an hour and barred numbers hold
    /// for it.
    Number(String),
}

#[derive(Serialize, ToSchema)]
pub struct BegunOut {
    id: String,
}

/// 双方外呼 · Call one party, then another, and let them hear each other; more are called in by
/// `/calls/{id}/members`. Agents connect their own phone with somebody, supervisors anybody. Refused with
/// `BUSY`, `PHONE_NOT_REGISTERED`, `BARRED`, `NO_ROUTE`, `NO_CALLER`, `TOO_MANY_CALLS` and others; then
/// nobody is called.
#[utoipa::path(post, path = "/api/v1/calls", tag = "calls",
    request_body(content = TwoPartiesIn,
        example = json!({"first": {"extension": "8001"}, "second": {"number": "13800138000"}})),
    responses((status = 201, body = BegunOut)))]
async fn connect(
    State(house): State<House>,
    caller: Caller,
    Body(asked): Body<TwoPartiesIn>,
) -> Result<impl IntoResponse, Problem> {
    if caller.is_agent_only() {
        is_own_phone(&house, &caller, &asked)?;
        let function = match asked.second {
            PartyIn::Extension(_) => Function::CallInside,
            PartyIn::Number(_) => Function::CallOutside,
        };
        has(&house, &caller, function)?;
    }
    let shown = match asked.caller {
        Some(number) if is_number(&number) => Some(number),
        Some(_) => return Err(Problem::at("/caller", "format", "must be 1 to 32 digits")),
        None => None,
    };
    let order = TwoParties {
        first: party(&house, &caller, "/first", asked.first).await?,
        second: party(&house, &caller, "/second", asked.second).await?,
        caller: shown,
        ends_all: asked.ends_all,
        tenant: caller.orgi().to_owned(),
    };
    let by = caller.user_id().to_owned();
    let id = house.live.connect_two(by, order).await?.to_string();
    Ok(created(format!("/api/v1/calls/{id}"), BegunOut { id }))
}

/// Agents call from the phone that they work at, and show no number of their choosing.
fn is_own_phone(house: &House, caller: &Caller, asked: &TwoPartiesIn) -> Result<(), Problem> {
    let agent = caller.agent()?;
    let view = house.live.view();
    let me = view.agents.iter().find(|seen| seen.id == agent);
    let own = me.map(|me| me.extension.as_str());
    let is_own = matches!(&asked.first, PartyIn::Extension(first) if Some(first.as_str()) == own);
    match is_own && asked.caller.is_none() {
        true => Ok(()),
        false => Err(Problem::because(
            "FORBIDDEN",
            "agents connect their own extension, without a caller number",
        )),
    }
}

fn is_number(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit() || c == '+')
}

/// Supervisors connect the phones at which agents of their department work, and those where nobody does.
async fn party(
    house: &House,
    caller: &Caller,
    at: &'static str,
    asked: PartyIn,
) -> Result<Destination, Problem> {
    let name = match asked {
        PartyIn::Extension(name) => name,
        PartyIn::Number(number) => {
            let number = check::text(at, number, 40)?;
            return Ok(Destination::Number { number });
        }
    };
    let extension = extension(house, caller, at, name).await?;
    let view = house.live.view();
    let works =
        |seen: &&engine::floor::AgentView| seen.state != "logout" && seen.extension == extension;
    if let Some(agent) = view.agents.iter().find(works)
        && !caller.is_agent_only()
    {
        commanded(house, caller, agent.id.as_str()).await?;
    }
    Ok(Destination::Extension { extension })
}
