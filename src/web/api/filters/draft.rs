//! Conditions that nobody saved: counted while they are typed, or run once.

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use store::{
    filter_runs::{self, Unsaved},
    filters::Over,
    jobs,
    work::{By, Work, enqueue},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{answer::Accepted, find, wait},
    FilterResult, checked, columns_of,
    out::{Sentence, sentence},
    over, result, zone,
};
use crate::{
    caller::Caller,
    clock::now,
    house::House,
    input::{Body, Params},
    paging::Paging,
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(query_draft))
        .routes(routes!(count))
}

/// Conditions that are not saved.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    batch_id: Option<String>,
    business_type: Option<String>,
    #[schema(value_type = Object)]
    conditions: serde_json::Value,
    zone: Option<String>,
}

/// Conditions over a batch that are not saved.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchDraft {
    #[schema(value_type = Object)]
    conditions: serde_json::Value,
    zone: Option<String>,
}

/// How many leads conditions select.
#[derive(Serialize, ToSchema)]
pub struct Counted {
    matched: i64,
    sentence: Sentence,
}

/// 未保存的筛选 · Run conditions that are not saved: count and first page. Further pages at
/// `GET /filter-runs/{id}`, for an hour. 202 when it takes longer.
#[utoipa::path(post, path = "/api/v1/filters/query", tag = "filters", params(Paging),
    request_body(content = Draft, example = json!({"batch_id": "bat_…",
        "conditions": {"all": [{"field": "due", "op": "next_days", "value": 30},
            {"any": [{"field": "grade", "op": "eq", "value": "A"},
                {"field": "days_since_contact", "op": "ge", "value": 15}]}]}})),
    responses((status = 200, body = FilterResult), (status = 202, body = Accepted)))]
async fn query_draft(
    State(house): State<House>,
    caller: Caller,
    Params(paging): Params<Paging>,
    Body(asked): Body<Draft>,
) -> Result<Response, Problem> {
    paging.limit()?;
    let over = over(&asked.batch_id, &asked.business_type, None)?;
    let draft = (asked.conditions, asked.zone, false);
    match run_draft(&house, &caller, over, draft).await? {
        Ran::Still(job) => Ok(Accepted::job(job).into_response()),
        Ran::Done(run, _) => {
            Ok(Json(result(&house, &caller, &run, &paging).await?).into_response())
        }
    }
}

/// 即时计数 · How many leads of a batch conditions select, while they are being typed. A newer
/// count of the same user ends this one (`CANCELLED`).
#[utoipa::path(post, path = "/api/v1/batches/{id}/filter/count", tag = "filters",
    params(("id" = String, Path)), request_body = BatchDraft,
    responses((status = 200, body = Counted), (status = 202, body = Accepted)))]
async fn count(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<BatchDraft>,
) -> Result<Response, Problem> {
    let draft = (asked.conditions, asked.zone, true);
    match run_draft(&house, &caller, Over::Batch(&id), draft).await? {
        Ran::Still(job) => Ok(Accepted::job(job).into_response()),
        Ran::Done(run, sentence) => {
            let run = find::run(&house, &caller, &run).await?;
            let matched = run.matched;
            Ok(Json(Counted { matched, sentence }).into_response())
        }
    }
}

enum Ran {
    /// The job that goes on.
    Still(String),
    /// The run, and what it asked in words.
    Done(String, Sentence),
}

async fn run_draft(
    house: &House,
    caller: &Caller,
    over: Over<'_>,
    (form, asked_zone, count_only): (serde_json::Value, Option<String>, bool),
) -> Result<Ran, Problem> {
    if let Some(batch) = over.batch() {
        find::ready_batch(house, caller, batch).await?;
    }
    let form = checked(house, over, form).await?;
    let sentence = sentence(&form, &columns_of(house, over).await?);
    let by = By {
        orgi: caller.orgi(),
        user: caller.user_id(),
        batch: None,
    };
    let new = Unsaved {
        orgi: caller.orgi(),
        by: caller.user_id(),
        over,
        form: &form,
        zone: &zone(asked_zone)?,
        count_only,
    };
    let mut tx = house.db.begin().await?;
    if count_only {
        let older = filter_runs::counts_under_way(&mut tx, caller.orgi(), caller.user_id()).await?;
        for job in older {
            jobs::cancel(&mut tx, &job, now()).await?;
        }
    }
    let run = filter_runs::create_unsaved(&mut tx, &new, now()).await?;
    let job = enqueue(&mut tx, Work::RunFilter { run: run.clone() }, by, now()).await?;
    tx.commit().await?;
    if wait::done(house, &job).await? {
        Ok(Ran::Done(run, sentence))
    } else {
        Ok(Ran::Still(job))
    }
}
