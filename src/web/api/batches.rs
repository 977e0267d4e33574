//! `/batches` (批次): OUT-019 to OUT-029.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use store::{
    batches::{self, Batch, NewBatch},
    removal,
    work::{By, Work, enqueue},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{Accepted, created},
    check,
    departments::belongs,
    find,
    shown::shown,
    wait,
};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    input::{Body, Params},
    paging::{List, Paging},
    problem::Problem,
    upload,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(get, change, remove))
}

shown! {
    BatchOut of Batch {
        id: String,
        name: String,
        /// temporary, planned or external.
        batch_type: String,
        import_mode: String,
        description: String,
        /// draft: no saved template; ready; archived: read-only; deleting.
        state: String,
        /// Which business filters look at it: followup, marketing or empty.
        business_type: String,
        /// Leads in it.
        rows: i64,
        creater: String,
        created_at: At,
        updated_at: At,
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBatchIn {
    /// 1 to 100 characters, unique.
    name: String,
    /// temporary (default), planned or external.
    #[serde(default = "temporary")]
    batch_type: String,
    /// upload.
    #[serde(default = "upload")]
    import_mode: String,
    #[serde(default)]
    description: String,
    /// Which business filters look at it: followup or marketing.
    business_type: Option<String>,
}

fn temporary() -> String {
    "temporary".into()
}

fn upload() -> String {
    "upload".into()
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchChange {
    name: Option<String>,
    description: Option<String>,
    /// followup, marketing or empty.
    business_type: Option<String>,
    /// true: the batch becomes read-only; false: it becomes what it was before.
    archived: Option<bool>,
}

/// 批次列表 · Batches, newest first.
#[utoipa::path(get, path = "/api/v1/batches", tag = "batches", params(Paging),
    responses((status = 200, body = List<BatchOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(paging): Params<Paging>,
) -> Result<Json<List<BatchOut>>, Problem> {
    let (limit, before) = (paging.limit()?, paging.after()?);
    let rows = batches::list(
        &house.db,
        caller.orgi(),
        before.as_deref(),
        limit as i64 + 1,
    )
    .await?;
    Ok(Json(List::of(
        rows,
        limit,
        |row| row.id.clone(),
        BatchOut::from,
    )))
}

/// 添加批次 · Add a batch.
#[utoipa::path(post, path = "/api/v1/batches", tag = "batches",
    request_body(content = NewBatchIn, example = json!({"name": "回访批次"})),
    responses((status = 201, body = BatchOut)))]
async fn add(
    State(house): State<House>,
    caller: Caller,
    Body(asked): Body<NewBatchIn>,
) -> Result<Response, Problem> {
    belongs(&house, &caller).await?;
    let types = ["temporary", "planned", "external"];
    check::one_of("/import_mode", &asked.import_mode, &["upload"])?;
    let new = NewBatch {
        orgi: caller.orgi(),
        creater: caller.user_id(),
        name: &check::name("/name", &asked.name)?,
        batch_type: check::one_of("/batch_type", &asked.batch_type, &types)?,
        description: &check::text("/description", asked.description, 2_000)?,
    };
    let kind = business(asked.business_type)?;
    let mut tx = house.db.begin().await?;
    let id = batches::create(&mut tx, &new, now()).await?;
    if let Some(kind) = &kind {
        batches::set_business_type(&mut tx, &id, kind, now()).await?;
    }
    tx.commit().await?;
    let batch = find::batch(&house, &caller, &id).await?;
    Ok(created(
        format!("/api/v1/batches/{id}"),
        BatchOut::from(batch),
    ))
}

/// 批次 · One batch.
#[utoipa::path(get, path = "/api/v1/batches/{id}", tag = "batches", params(("id" = String, Path)),
    responses((status = 200, body = BatchOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<BatchOut>, Problem> {
    Ok(Json(find::batch(&house, &caller, &id).await?.into()))
}

/// 修改批次 · Change name or description, archive or bring back. `BATCH_IN_USE` when one of its jobs is
/// not over, `BATCH_ARCHIVED` for other changes of an archived batch.
#[utoipa::path(patch, path = "/api/v1/batches/{id}", tag = "batches", params(("id" = String, Path)),
    request_body = BatchChange, responses((status = 200, body = BatchOut)))]
async fn change(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<BatchChange>,
) -> Result<Json<BatchOut>, Problem> {
    let old = match asked.archived {
        Some(false) => find::batch(&house, &caller, &id).await?,
        _ => find::open_batch(&house, &caller, &id).await?,
    };
    let name = match asked.name {
        Some(name) => check::name("/name", &name)?,
        None => old.name,
    };
    let description = match asked.description {
        Some(text) => check::text("/description", text, 2_000)?,
        None => old.description,
    };
    let mut tx = house.db.begin().await?;
    batches::rename(&mut tx, &id, &name, &description, now()).await?;
    match asked.archived {
        Some(true) => batches::archive(&mut tx, &id, now()).await?,
        Some(false) => batches::unarchive(&mut tx, &id, now()).await?,
        None => true,
    };
    if let Some(kind) = business(asked.business_type)? {
        batches::set_business_type(&mut tx, &id, &kind, now()).await?;
    }
    tx.commit().await?;
    Ok(Json(find::batch(&house, &caller, &id).await?.into()))
}

/// 删除批次 · Delete a batch with its leads and files. Refused with `BATCH_IN_USE` while a filter uses
/// it, a lead is allocated or one of its jobs is not over. One of more than 5,000 leads is deleted in the
/// background: 202 when that takes longer.
#[utoipa::path(delete, path = "/api/v1/batches/{id}", tag = "batches", params(("id" = String, Path)),
    responses((status = 204), (status = 202, body = Accepted)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    find::batch(&house, &caller, &id).await?;
    belongs(&house, &caller).await?;
    let mut tx = house.db.begin().await?;
    if !removal::begin_batch(&mut tx, &id).await? {
        return Err(Problem::of("BATCH_IN_USE"));
    }
    if !removal::is_large_batch(&mut tx, &id).await? {
        let files = removal::whole_batch(&mut tx, &id, now()).await?;
        tx.commit().await?;
        upload::remove(&house, files).await;
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let by = By {
        orgi: caller.orgi(),
        user: caller.user_id(),
        batch: Some(&id),
    };
    let work = Work::DeleteBatch { batch: id.clone() };
    let job = enqueue(&mut tx, work, by, now()).await?;
    tx.commit().await?;
    match wait::done(&house, &job).await? {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Ok(Accepted::job(job).into_response()),
    }
}

fn business(asked: Option<String>) -> Result<Option<String>, Problem> {
    match asked {
        Some(kind) if kind.is_empty() => Ok(Some(kind)),
        Some(kind) => {
            check::one_of("/business_type", &kind, &super::filters::BUSINESS_TYPES)?;
            Ok(Some(kind))
        }
        None => Ok(None),
    }
}
