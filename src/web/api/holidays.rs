//! `/holidays`: days on which the house calls nobody, on each called party's own calendar.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use chrono::NaiveDate;
use serde::Deserialize;
use store::holidays::{self, Holiday};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    check,
    configured::{deleted, saved},
    shown::shown,
};
use crate::{caller::Caller, house::House, input::Body, paging::List, problem::Problem};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(put, remove))
}

shown! {
    HolidayOut of Holiday {
        /// YYYY-MM-DD.
        day: String,
        name: String,
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HolidayIn {
    name: String,
}

/// 节假日 · All of them, in order.
#[utoipa::path(get, path = "/api/v1/holidays", tag = "setup",
    responses((status = 200, body = List<HolidayOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
) -> Result<Json<List<HolidayOut>>, Problem> {
    let rows = holidays::list(&house.db, caller.orgi()).await?;
    let all = rows.into_iter().map(HolidayOut::from).collect();
    Ok(Json(List::whole(all)))
}

/// 设置节假日 · Call nobody on this day. Leads that are due on it wait for the next.
#[utoipa::path(put, path = "/api/v1/holidays/{day}", tag = "setup", params(("day" = String, Path)),
    request_body = HolidayIn, responses((status = 204)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(day): Path<String>,
    Body(asked): Body<HolidayIn>,
) -> Result<StatusCode, Problem> {
    let holiday = Holiday {
        day: date(&day)?,
        name: check::name("/name", &asked.name)?,
    };
    let mut tx = house.db.begin().await?;
    holidays::put(&mut tx, caller.orgi(), &holiday).await?;
    saved(&house, tx).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 删除节假日 · Call on this day as on any other.
#[utoipa::path(delete, path = "/api/v1/holidays/{day}", tag = "setup",
    params(("day" = String, Path)), responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(day): Path<String>,
) -> Result<StatusCode, Problem> {
    let mut tx = house.db.begin().await?;
    let was_there = holidays::delete(&mut tx, caller.orgi(), &date(&day)?).await?;
    deleted(&house, tx, was_there).await
}

/// As the calendar of the store writes it.
fn date(text: &str) -> Result<String, Problem> {
    let read: Result<NaiveDate, _> = text.parse();
    read.map(|day| day.to_string())
        .map_err(|_| Problem::at("/day", "format", "must be a date, YYYY-MM-DD"))
}
