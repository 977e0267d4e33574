//! `/surveys` (满意度调查): what callers are asked after a conversation (VOX-205 to VOX-209).

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use engine::survey::{Choice, NONE, STANDARD, Survey};
use serde::{Deserialize, Serialize};
use store::{
    Doc,
    surveys::{self, Row},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    check,
    configured::{deleted, saved},
    find, named_by, prompts,
    queues::bad_setting,
};
use crate::{
    caller::Caller,
    clock::now,
    house::House,
    input::{Body, strict_at},
    paging::List,
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, put, remove))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SurveyOut {
    pub id: String,
    pub name: String,
    /// prompt, thanks (null: nothing is heard after an answer), keys [{key, score}] (1 satisfied, 2 fair, 3
    /// dissatisfied), wait_ms.
    #[schema(value_type = Object)]
    pub survey: Survey,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SurveyIn {
    name: String,
    /// What differs from the standard survey; without `thanks` nothing is heard after an answer.
    #[schema(value_type = Object)]
    survey: Option<serde_json::Value>,
}

impl From<Row> for SurveyOut {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            survey: row.survey.0,
        }
    }
}

/// 满意度调查列表 · The house's surveys. `standard` and `none` are there without being listed.
#[utoipa::path(get, path = "/api/v1/surveys", tag = "setup",
    responses((status = 200, body = List<SurveyOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
) -> Result<Json<List<SurveyOut>>, Problem> {
    Ok(Json(List::whole(all(&house, &caller).await?)))
}

/// # Errors
/// When the database does not answer.
pub async fn all(house: &House, caller: &Caller) -> Result<Vec<SurveyOut>, Problem> {
    let rows = surveys::list(&house.db, caller.orgi()).await?;
    Ok(rows.into_iter().map(SurveyOut::from).collect())
}

/// 满意度调查 · One survey.
#[utoipa::path(get, path = "/api/v1/surveys/{id}", tag = "setup", params(("id" = String, Path)),
    responses((status = 200, body = SurveyOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<SurveyOut>, Problem> {
    let mut rows = all(&house, &caller).await?.into_iter();
    Ok(Json(find::there(rows.find(|row| row.id == id))?))
}

/// 设置满意度调查 · Add a survey under this id, or change the one that has it. Callers who are being
/// asked go on with the one before.
#[utoipa::path(put, path = "/api/v1/surveys/{id}", tag = "setup", params(("id" = String, Path)),
    request_body(content = SurveyIn, example = json!({"name": "五分制", "survey": {
        "prompt": "survey-five", "keys": [{"key": "5", "score": 1}, {"key": "3", "score": 2},
        {"key": "1", "score": 3}]}})),
    responses((status = 200, body = SurveyOut)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<SurveyIn>,
) -> Result<Json<SurveyOut>, Problem> {
    if id == NONE || id == STANDARD {
        let text = format!("\"{id}\" means something else");
        return Err(Problem::at("/id", "reserved", text));
    }
    let survey: Survey = match asked.survey {
        Some(survey) => strict_at("/survey", survey)?,
        None => Survey::default(),
    };
    survey
        .validate()
        .map_err(|bad| bad_setting("/survey", &bad))?;
    prompts::exist(&house, "/survey", survey.prompts()).await?;
    let row = Row {
        id: check::chosen_id("/id", &id)?,
        name: check::name("/name", &asked.name)?,
        survey: Doc(survey),
    };
    let mut tx = house.db.begin().await?;
    if !surveys::put(&mut tx, caller.orgi(), &row, now()).await? {
        return Err(Problem::of("NAME_TAKEN"));
    }
    saved(&house, tx).await?;
    Ok(Json(row.into()))
}

/// 删除满意度调查 · Delete a survey. `SURVEY_IN_USE` while a queue, a campaign or the tenant wants it.
#[utoipa::path(delete, path = "/api/v1/surveys/{id}", tag = "setup", params(("id" = String, Path)),
    responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if let Some(why) = named_by::survey(&house.db, caller.orgi(), &id).await? {
        return Err(Problem::because("SURVEY_IN_USE", why));
    }
    let mut tx = house.db.begin().await?;
    let was_there = surveys::delete(&mut tx, caller.orgi(), &id).await?;
    deleted(&house, tx, was_there).await
}

/// What a queue's, a campaign's or the tenant's settings ask is there; `pointer` is where they say so.
///
/// # Errors
/// `INVALID` when there is no such survey.
pub async fn known(
    house: &House,
    caller: &Caller,
    pointer: &str,
    choice: &Choice,
) -> Result<(), Problem> {
    let Some(wanted) = choice.named() else {
        return Ok(());
    };
    let rows = surveys::list(&house.db, caller.orgi()).await?;
    match rows.iter().any(|row| row.id == wanted) {
        true => Ok(()),
        false => {
            let text = format!("there is no survey {wanted}");
            Err(Problem::at(pointer, "unknown", text))
        }
    }
}
