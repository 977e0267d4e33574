//! `/agents/{id}/pick-up`: an agent takes a call that rings elsewhere (AGT-138 to AGT-142).

use axum::{
    Json,
    extract::{Path, State},
};
use engine::floor::{AgentOrder, PickUp};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    agents::{AgentOut, one},
    commanded::{commanded, give},
    in_call,
};
use crate::{caller::Caller, house::House, input::Body, problem::Problem};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(order))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PickUpIn {
    /// Not given: what rings longest in the agent's queues, or for a colleague of one of them.
    from: Option<From>,
}

/// Where the call rings: exactly one of these. Of several calls the one that has rung longest is taken.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum From {
    /// For this agent.
    Agent(String),
    /// At this phone.
    Extension(String),
    /// With the agents of this queue.
    Queue(String),
}

/// 抢接 · Take a call that has rung elsewhere for five seconds: the agent's own phone rings for it, or
/// has it at once where it is nailed up. Who does not answer puts the caller back where it was. `me` is
/// the caller's own; supervisors order for others. Refused with `NO_SUCH_CALL`, `TOO_EARLY`, `BUSY`,
/// `PHONE_NOT_REGISTERED` and `ILLEGAL_TRANSITION`; then nothing has changed.
#[utoipa::path(post, path = "/api/v1/agents/{id}/pick-up", tag = "agents",
    params(("id" = String, Path)),
    request_body(content = PickUpIn, example = json!({"from": {"agent": "1002"}})),
    responses((status = 200, body = AgentOut)))]
async fn order(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<PickUpIn>,
) -> Result<Json<AgentOut>, Problem> {
    let id = commanded(&house, &caller, &id).await?;
    let what = match asked.from {
        None => PickUp::Group,
        Some(From::Agent(id)) => PickUp::Agent(in_call::agent(&house, &caller, id).await?),
        Some(From::Queue(id)) => PickUp::Queue(in_call::queue(&house, &caller, id).await?),
        Some(From::Extension(id)) => {
            let known = in_call::extension(&house, &caller, "/from/extension", id);
            PickUp::Extension(known.await?)
        }
    };
    let order = AgentOrder::PickUp { what };
    give(&house, &caller, id.clone(), order).await?;
    Ok(Json(one(&house, &caller, &id).await?))
}
