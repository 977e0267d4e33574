//! `/settings/surveys`: what a tenant asks after conversations of which nobody nearer says so (VOX-209).

use axum::{Json, extract::State};
use engine::survey::Choice;
use serde::{Deserialize, Serialize};
use store::tenant_settings::{self, Surveys};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{configured::saved, surveys::known};
use crate::{caller::Caller, clock::now, house::House, input::Body, problem::Problem};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(get, put))
}

/// The nearest that says so wins: campaign, queue, tenant.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SurveysDoc {
    /// none, standard or the id of a survey.
    #[schema(value_type = String)]
    survey: Choice,
}

/// 默认满意度调查 · What callers are asked where neither the campaign nor the queue says so.
#[utoipa::path(get, path = "/api/v1/settings/surveys", tag = "settings",
    responses((status = 200, body = SurveysDoc)))]
async fn get(State(house): State<House>, caller: Caller) -> Result<Json<SurveysDoc>, Problem> {
    let Surveys { survey } = tenant_settings::get(&house.db, caller.orgi()).await?;
    Ok(Json(SurveysDoc { survey }))
}

/// 设置默认满意度调查 · Set it; conversations that end from now on go by it.
#[utoipa::path(put, path = "/api/v1/settings/surveys", tag = "settings",
    request_body(content = SurveysDoc, example = json!({"survey": "standard"})),
    responses((status = 200, body = SurveysDoc)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Body(asked): Body<SurveysDoc>,
) -> Result<Json<SurveysDoc>, Problem> {
    known(&house, &caller, "/survey", &asked.survey).await?;
    let surveys = Surveys {
        survey: asked.survey.clone(),
    };
    let mut tx = house.db.begin().await?;
    tenant_settings::put(&mut tx, caller.orgi(), &surveys, now()).await?;
    saved(&house, tx).await?;
    Ok(Json(asked))
}
