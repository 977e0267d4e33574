//! `/business-statuses`: the dictionary of business statuses that each business type has (OUT-113).

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use store::{
    business_statuses::{self, Bound},
    dictionaries,
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{check, shown::shown};
use crate::{caller::Caller, house::House, input::Body, paging::List, problem::Problem};

const TYPES: [&str; 2] = ["followup", "marketing"];

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(put, remove))
}

shown! {
    BusinessStatusesOut of Bound {
        /// followup or marketing.
        business_type: String,
        dictionary_id: String,
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BusinessStatusesIn {
    dictionary_id: String,
}

/// 业务状态 · Which dictionary each business type has; a type without one takes every text.
#[utoipa::path(get, path = "/api/v1/business-statuses", tag = "setup",
    responses((status = 200, body = List<BusinessStatusesOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
) -> Result<Json<List<BusinessStatusesOut>>, Problem> {
    let rows = business_statuses::list(&house.db, caller.orgi()).await?;
    let all = rows.into_iter().map(BusinessStatusesOut::from);
    Ok(Json(List::whole(all.collect())))
}

/// 设置业务状态 · Give a business type its dictionary: agents choose from it what their leads have come
/// to, unless the campaign names a dictionary of its own.
#[utoipa::path(put, path = "/api/v1/business-statuses/{business_type}", tag = "setup",
    params(("business_type" = String, Path)), request_body = BusinessStatusesIn,
    responses((status = 204)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(business_type): Path<String>,
    Body(asked): Body<BusinessStatusesIn>,
) -> Result<StatusCode, Problem> {
    check::one_of("/business_type", &business_type, &TYPES)?;
    let orgi = caller.orgi();
    let kept = dictionaries::get(&house.db, orgi, &asked.dictionary_id).await?;
    let Some(kept) = kept else {
        let message = "there is no such dictionary";
        return Err(Problem::at("/dictionary_id", "unknown", message));
    };
    let bound = Bound {
        business_type,
        dictionary_id: kept.id,
    };
    let mut tx = house.db.begin().await?;
    business_statuses::put(&mut tx, orgi, &bound).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 删除业务状态 · From now on the type has no dictionary.
#[utoipa::path(delete, path = "/api/v1/business-statuses/{business_type}", tag = "setup",
    params(("business_type" = String, Path)), responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(business_type): Path<String>,
) -> Result<StatusCode, Problem> {
    let mut tx = house.db.begin().await?;
    if !business_statuses::delete(&mut tx, caller.orgi(), &business_type).await? {
        return Err(Problem::not_found());
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
