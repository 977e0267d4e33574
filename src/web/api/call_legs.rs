//! `/calls/{id}/legs`: who was in a call besides its customer, and when.

use axum::{
    Json,
    extract::{Path, State},
};
use store::call_legs::{self, CallLeg};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    calls::call,
    shown::{mask, shown},
};
use crate::{caller::Caller, clock::At, house::House, paging::List, problem::Problem};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(list))
}

shown! {
    LegOut of CallLeg {
        /// agent, extension, outside or supervisor.
        kind: String,
        /// The agent's number, the extension, or the number that was dialled.
        party: String,
        started_at: At,
        answered_at: Option<At>,
        /// Since when it had the customer.
        joined_at: Option<At>,
        ended_at: Option<At>,
        /// Why it ended: call_over, transferred, intercepted, cancelled, hung_up, busy, rejected,
        /// left, too_late, no_answer, withdrawn, released, not_reached, dnc, gateway, bad_number, survey,
        /// forwarded (the phone sends its calls on: the next leg is to whom), not_forwarded (not to go there), or
        /// replaced (another device of the same phone took its place).
        why: String,
    }
}

/// 通话支路 · Every leg of a call besides the customer's, oldest first; written when the call ends.
/// For agents outside numbers are masked, and supervisors are not shown.
#[utoipa::path(get, path = "/api/v1/calls/{id}/legs", tag = "calls", params(("id" = String, Path)),
    responses((status = 200, body = List<LegOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<List<LegOut>>, Problem> {
    call(&house, &caller, &id).await?;
    let mut legs = call_legs::of(&house.db, &id).await?;
    if caller.is_agent_only() {
        legs.retain(|leg| leg.kind != "supervisor");
        for leg in legs.iter_mut().filter(|leg| leg.kind == "outside") {
            leg.party = mask(&leg.party);
        }
    }
    Ok(Json(List::whole(
        legs.into_iter().map(LegOut::from).collect(),
    )))
}
