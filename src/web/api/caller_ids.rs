//! `/caller-ids`: how the numbers that called parties see fare.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use store::callers::{self, Health};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    input::Params,
    paging::List,
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(list))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Span {
    /// 1 to 720; 24 when not given.
    hours: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub struct CallerIdOut {
    pub caller: String,
    pub dials: i64,
    pub answered: i64,
    pub short: i64,
    pub blocked: i64,
    /// Answered by a person, of its dials; 0 to 1.
    pub answer_share: f64,
    /// Over within six seconds, of its answers; 0 to 1.
    pub short_share: f64,
    /// Refused as unwanted traffic (603 with that reason, 607, 608), of its dials; 0 to 1.
    pub blocked_share: f64,
    pub last_at: At,
}

/// 主叫号码 · Every caller number that dialled in the last hours.
#[utoipa::path(get, path = "/api/v1/caller-ids", tag = "calls", params(Span),
    responses((status = 200, body = List<CallerIdOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(span): Params<Span>,
) -> Result<Json<List<CallerIdOut>>, Problem> {
    let hours = span.hours.unwrap_or(24);
    if !(1..=720).contains(&hours) {
        return Err(Problem::at("/hours", "range", "must be 1 to 720"));
    }
    let since = now().plus(-i64::from(hours) * 3_600_000);
    let rows = callers::health(&house.db, caller.orgi(), since).await?;
    Ok(Json(List::whole(rows.into_iter().map(show).collect())))
}

fn show(row: Health) -> CallerIdOut {
    let share = |part: i64, whole: i64| match whole {
        0 => 0.0,
        whole => part as f64 / whole as f64,
    };
    CallerIdOut {
        answer_share: share(row.answered, row.dials),
        short_share: share(row.short, row.answered),
        blocked_share: share(row.blocked, row.dials),
        caller: row.caller,
        dials: row.dials,
        answered: row.answered,
        short: row.short,
        blocked: row.blocked,
        last_at: At(row.last_at),
    }
}
