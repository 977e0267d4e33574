//! `/filters` (筛选表单): OUT-085 to OUT-103.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use engine::filter::{Condition, columns, compile};
use serde::{Deserialize, Serialize};
use store::{
    fields, filter_runs,
    filters::{self, Filter, NewFilter},
    work::{By, Work, enqueue},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{Accepted, created},
    check, find,
    leads::{LeadOut, show},
    shown::shown,
    wait,
};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    input::{Body, Params, strict},
    paging::{self, List, Paging},
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(get, change, remove))
        .routes(routes!(set_conditions))
        .routes(routes!(query))
        .routes(routes!(run))
}

shown! {
    FilterOut of Filter {
        id: String,
        name: String,
        /// batch.
        filter_type: String,
        /// 筛选对象: the batch.
        batch_id: String,
        description: String,
        /// Rows of {field, op, value, connector}.
        #[schema(value_type = Vec<Object>)]
        conditions: Vec<Condition>,
        creater: String,
        created_at: At,
        updated_at: At,
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFilterIn {
    name: String,
    batch_id: String,
    #[serde(default)]
    description: String,
    /// Rows of {field, op, value, connector}; none: every lead matches.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    conditions: Option<serde_json::Value>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FilterChange {
    name: Option<String>,
    description: Option<String>,
}

/// What a filter selects now.
#[derive(Serialize, ToSchema)]
pub struct FilterResult {
    run_id: String,
    /// 筛选结果.
    matched: i64,
    /// 剩余: how many of them could be allocated.
    remaining: i64,
    #[serde(flatten)]
    page: List<LeadOut>,
}

/// 筛选表单列表 · Filters, newest first.
#[utoipa::path(get, path = "/api/v1/filters", tag = "filters", params(Paging),
    responses((status = 200, body = List<FilterOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(paging): Params<Paging>,
) -> Result<Json<List<FilterOut>>, Problem> {
    let (limit, before) = (paging.limit()?, paging.after()?);
    let rows = filters::list(
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
        FilterOut::from,
    )))
}

/// 添加筛选表单 · Add a filter over a batch.
#[utoipa::path(post, path = "/api/v1/filters", tag = "filters",
    request_body(content = NewFilterIn, example = json!({
        "name": "有意向", "batch_id": "bat_…",
        "conditions": [{"field": "f1v5ldw", "op": "like", "value": "意向", "connector": "AND"}]})),
    responses((status = 201, body = FilterOut)))]
async fn add(
    State(house): State<House>,
    caller: Caller,
    Body(asked): Body<NewFilterIn>,
) -> Result<Response, Problem> {
    find::batch(&house, &caller, &asked.batch_id).await?;
    let conditions = match asked.conditions {
        Some(rows) => checked(&house, &asked.batch_id, rows).await?,
        None => Vec::new(),
    };
    let new = NewFilter {
        orgi: caller.orgi(),
        creater: caller.user_id(),
        name: &check::name("/name", &asked.name)?,
        batch_id: &asked.batch_id,
        description: &check::text("/description", asked.description, 2_000)?,
        conditions: &conditions,
    };
    let mut tx = house.db.begin().await?;
    let id = filters::create(&mut tx, &new, now()).await?;
    tx.commit().await?;
    let filter = find::filter(&house, &caller, &id).await?;
    Ok(created(
        format!("/api/v1/filters/{id}"),
        FilterOut::from(filter),
    ))
}

/// 筛选表单 · One filter.
#[utoipa::path(get, path = "/api/v1/filters/{id}", tag = "filters", params(("id" = String, Path)),
    responses((status = 200, body = FilterOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<FilterOut>, Problem> {
    Ok(Json(find::filter(&house, &caller, &id).await?.into()))
}

/// 修改筛选表单 · Change name or description.
#[utoipa::path(patch, path = "/api/v1/filters/{id}", tag = "filters", params(("id" = String, Path)),
    request_body = FilterChange, responses((status = 200, body = FilterOut)))]
async fn change(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<FilterChange>,
) -> Result<Json<FilterOut>, Problem> {
    let mut filter = find::filter(&house, &caller, &id).await?;
    if let Some(name) = asked.name {
        filter.name = check::name("/name", &name)?;
    }
    if let Some(text) = asked.description {
        filter.description = check::text("/description", text, 2_000)?;
    }
    save(&house, &caller, filter).await
}

/// 保存筛选条件 · Save the condition rows; they take effect with this (OUT-098).
#[utoipa::path(put, path = "/api/v1/filters/{id}/conditions", tag = "filters",
    params(("id" = String, Path)), request_body = Vec<Object>,
    responses((status = 200, body = FilterOut)))]
async fn set_conditions(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<serde_json::Value>,
) -> Result<Json<FilterOut>, Problem> {
    let mut filter = find::filter(&house, &caller, &id).await?;
    filter.conditions.0 = checked(&house, &filter.batch_id, asked).await?;
    save(&house, &caller, filter).await
}

/// 删除筛选表单 · Delete a filter. `FILTER_IN_USE` while a campaign uses it.
#[utoipa::path(delete, path = "/api/v1/filters/{id}", tag = "filters", params(("id" = String, Path)),
    responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    find::filter(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    filters::delete(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 查询 · Run the saved conditions: count and first page. Further pages at `GET /filter-runs/{id}`.
/// 202 when it takes longer.
#[utoipa::path(post, path = "/api/v1/filters/{id}/query", tag = "filters",
    params(("id" = String, Path), Paging),
    responses((status = 200, body = FilterResult), (status = 202, body = Accepted)))]
async fn query(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Params(paging): Params<Paging>,
) -> Result<Response, Problem> {
    paging.limit()?;
    let filter = find::filter(&house, &caller, &id).await?;
    let by = By {
        orgi: caller.orgi(),
        user: caller.user_id(),
        batch: Some(&filter.batch_id),
    };
    let mut tx = house.db.begin().await?;
    let run = filter_runs::create(&mut tx, caller.orgi(), &id, now()).await?;
    let run = find::there(run)?;
    let job = enqueue(&mut tx, Work::RunFilter { run: run.clone() }, by, now()).await?;
    tx.commit().await?;
    if !wait::done(&house, &job).await? {
        return Ok(Accepted::job(job).into_response());
    }
    Ok(Json(result(&house, &caller, &run, &paging).await?).into_response())
}

/// 筛选结果 · A page of what a run selected.
#[utoipa::path(get, path = "/api/v1/filter-runs/{id}", tag = "filters",
    params(("id" = String, Path), Paging), responses((status = 200, body = FilterResult)))]
async fn run(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Params(paging): Params<Paging>,
) -> Result<Json<FilterResult>, Problem> {
    Ok(Json(result(&house, &caller, &id, &paging).await?))
}

async fn result(
    house: &House,
    caller: &Caller,
    run: &str,
    paging: &Paging,
) -> Result<FilterResult, Problem> {
    let run = find::run(house, caller, run).await?;
    match run.state.as_str() {
        "succeeded" => {}
        "failed" => return Err(Problem::of_job(run.error_code, run.error_text)),
        _ => return Err(Problem::of("FILTER_RUNNING")),
    }
    let limit = paging.limit()?;
    let after = match &paging.cursor {
        Some(cursor) => paging::open(cursor)?
            .parse()
            .map_err(|_| Problem::of("BAD_CURSOR"))?,
        None => -1,
    };
    let hits = filter_runs::page(&house.db, &run.id, after, limit + 1).await?;
    let fields = fields::list(&house.db, &run.batch_id).await?;
    Ok(FilterResult {
        matched: run.matched,
        remaining: filter_runs::remaining(&mut house.db.reading().await?, &run.id).await?,
        run_id: run.id,
        page: List::of(
            hits,
            limit,
            |hit| hit.position.to_string(),
            |hit| show(hit, &fields, false),
        ),
    })
}

async fn checked(
    house: &House,
    batch: &str,
    rows: serde_json::Value,
) -> Result<Vec<Condition>, Problem> {
    let rows: Vec<Condition> = strict(rows)?;
    let fields = fields::list(&house.db, batch).await?;
    compile(&rows, &columns(&fields)).map_err(|bad| {
        Problem::at(
            &format!("/{}", bad.row.saturating_sub(1)),
            bad.code,
            bad.message,
        )
    })?;
    Ok(rows)
}

async fn save(house: &House, caller: &Caller, filter: Filter) -> Result<Json<FilterOut>, Problem> {
    let mut tx = house.db.begin().await?;
    filters::save(
        &mut tx,
        &filter.id,
        &filter.name,
        &filter.description,
        &filter.conditions,
        now(),
    )
    .await?;
    tx.commit().await?;
    Ok(Json(find::filter(house, caller, &filter.id).await?.into()))
}
