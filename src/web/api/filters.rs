//! `/filters` (筛选表单): OUT-085 to OUT-103.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use engine::{
    field::Field,
    filter::{self, Column, Form},
};
use serde::{Deserialize, Serialize};
use store::{
    associations::Related,
    fields, filter_runs,
    filters::{self, NewFilter, Over},
    work::{By, Work, enqueue},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{Accepted, created},
    check, find,
    leads::{LeadOut, show},
    masks::Masks,
    wait,
};
use crate::{
    caller::Caller,
    clock::now,
    house::House,
    input::{Body, Params, strict},
    paging::{self, List, Paging},
    problem::{Fault, Problem},
};

/// Of campaigns and batches: 回访 and 营销.
pub(super) const BUSINESS_TYPES: [&str; 2] = ["followup", "marketing"];

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(get, change, remove))
        .routes(routes!(set_conditions))
        .routes(routes!(query))
        .routes(routes!(run))
        .merge(draft::routes())
}

mod basis;
mod draft;
mod out;

pub use basis::Basis;
use out::{FilterOut, out};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFilterIn {
    name: String,
    /// 筛选对象, of a batch filter.
    #[serde(alias = "filter_object")]
    batch_id: Option<String>,
    /// Of a business filter, in place of the batch: followup or marketing.
    business_type: Option<String>,
    /// batch (also when it is not given) or business.
    filter_type: Option<String>,
    #[serde(default)]
    description: String,
    /// Rows of {field, op, value, connector}, or groups {all: [..]} and {any: [..]} of them; none:
    /// every lead matches.
    #[serde(default)]
    #[schema(value_type = Object)]
    conditions: Option<serde_json::Value>,
    /// Whose today is meant; Asia/Shanghai when it is not given.
    zone: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FilterChange {
    name: Option<String>,
    description: Option<String>,
    zone: Option<String>,
}

/// What a filter selects now.
#[derive(Serialize, ToSchema)]
pub struct FilterResult {
    run_id: String,
    /// 筛选结果.
    matched: i64,
    /// 剩余: how many of them could be allocated.
    remaining: i64,
    /// What was asked and on what it ran.
    basis: Basis,
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
    let list = List::of(rows, limit, |row| row.id.clone(), |row| row);
    let mut data = Vec::with_capacity(list.data.len());
    for row in list.data {
        data.push(out(&house, row).await?);
    }
    Ok(Json(List {
        data,
        next_cursor: list.next_cursor,
        has_more: list.has_more,
        count: list.count,
    }))
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
    let kind = asked.filter_type.as_deref();
    let kind = kind.map(|kind| check::one_of("/filter_type", kind, &["batch", "business"]));
    let over = over(&asked.batch_id, &asked.business_type, kind.transpose()?)?;
    if let Some(batch) = over.batch() {
        find::batch(&house, &caller, batch).await?;
    }
    let form = match asked.conditions {
        Some(form) => checked(&house, over, form).await?,
        None => Form::default(),
    };
    let new = NewFilter {
        orgi: caller.orgi(),
        creater: caller.user_id(),
        name: &check::name("/name", &asked.name)?,
        over,
        description: &check::text("/description", asked.description, 2_000)?,
        form: &form,
        zone: &zone(asked.zone)?,
    };
    let mut tx = house.db.begin().await?;
    let id = filters::create(&mut tx, &new, now()).await?;
    tx.commit().await?;
    let filter = find::filter(&house, &caller, &id).await?;
    Ok(created(
        format!("/api/v1/filters/{id}"),
        out(&house, filter).await?,
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
    shown(&house, &caller, &id).await
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
    if asked.zone.is_some() {
        filter.zone = zone(asked.zone)?;
    }
    let mut tx = house.db.begin().await?;
    let (name, description) = (&filter.name, &filter.description);
    filters::rename(&mut tx, &id, name, description, &filter.zone, now()).await?;
    tx.commit().await?;
    shown(&house, &caller, &id).await
}

/// 保存筛选条件 · Save the conditions, rows or groups; they take effect with this (OUT-098).
#[utoipa::path(put, path = "/api/v1/filters/{id}/conditions", tag = "filters",
    params(("id" = String, Path)), request_body = Object,
    responses((status = 200, body = FilterOut)))]
async fn set_conditions(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<serde_json::Value>,
) -> Result<Json<FilterOut>, Problem> {
    let filter = find::filter(&house, &caller, &id).await?;
    let form = checked(&house, filter.over(), asked).await?;
    let mut tx = house.db.begin().await?;
    filters::save(&mut tx, &filter, &form, &filter.zone, now()).await?;
    tx.commit().await?;
    shown(&house, &caller, &id).await
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
    if let Some(batch) = &filter.batch_id {
        find::ready_batch(&house, &caller, batch).await?;
    }
    let by = By {
        orgi: caller.orgi(),
        user: caller.user_id(),
        batch: filter.batch_id.as_deref(),
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
    let run = find::kept_run(house, caller, &run.id).await?;
    let limit = paging.limit()?;
    let after = match &paging.cursor {
        Some(cursor) => paging::open(cursor)?
            .parse()
            .map_err(|_| Problem::of("BAD_CURSOR"))?,
        None => -1,
    };
    let hits = filter_runs::page(&house.db, &run.id, after, limit + 1).await?;
    let mut fields: BTreeMap<&str, Vec<Field>> = BTreeMap::new();
    for hit in &hits {
        if !fields.contains_key(hit.batch_id.as_str()) {
            let own = fields::list(&house.db, &hit.batch_id).await?;
            fields.insert(&hit.batch_id, own);
        }
    }
    let mut shown: BTreeMap<String, (Vec<Field>, Related)> = BTreeMap::new();
    for (batch, own) in fields {
        let data = hits.iter().filter(|hit| hit.batch_id == batch);
        let data = data.map(|hit| &hit.data.0);
        let related = Related::of(&house.db, caller.orgi(), &own, data).await?;
        shown.insert(batch.to_owned(), (own, related));
    }
    let none = (Vec::new(), Related::default());
    Ok(FilterResult {
        basis: Basis::of(&run)?,
        matched: run.matched,
        remaining: filter_runs::remaining(&mut house.db.reading().await?, &run.id).await?,
        run_id: run.id,
        page: List::of(
            hits,
            limit,
            |hit| hit.position.to_string(),
            |hit| {
                let (own, related) = shown.get(&hit.batch_id).unwrap_or(&none);
                show(hit, own, &Masks::default(), related)
            },
        ),
    })
}

/// What a filter selects from: a batch or a business type, and only one of them.
fn over<'a>(
    batch: &'a Option<String>,
    business: &'a Option<String>,
    kind: Option<&str>,
) -> Result<Over<'a>, Problem> {
    match (batch, business) {
        (Some(batch), None) if kind != Some("business") => Ok(Over::Batch(batch)),
        (None, Some(business)) if kind != Some("batch") => {
            check::one_of("/business_type", business, &BUSINESS_TYPES).map(Over::Business)
        }
        _ => Err(Problem::at(
            "/batch_id",
            "choice",
            "a batch filter has a batch_id, a business filter a business_type",
        )),
    }
}

fn zone(asked: Option<String>) -> Result<String, Problem> {
    let zone = asked.unwrap_or_else(|| filters::ZONE.into());
    match filter::today(now(), &zone) {
        Some(_) => Ok(zone),
        None => Err(Problem::at("/zone", "choice", "no such time zone")),
    }
}

async fn columns_of(house: &House, over: Over<'_>) -> Result<Vec<Column>, Problem> {
    Ok(match over {
        Over::Batch(batch) => filter::columns(&fields::list(&house.db, batch).await?),
        Over::Business(_) => filter::business_columns(),
    })
}

async fn checked(house: &House, over: Over<'_>, asked: serde_json::Value) -> Result<Form, Problem> {
    let form: Form = strict(asked)?;
    let troubles = filter::troubles(&form, &columns_of(house, over).await?, &[]);
    let faults = troubles
        .into_iter()
        .map(|trouble| Fault::new(&trouble.pointer, trouble.code, trouble.message));
    let faults: Vec<Fault> = faults.collect();
    if faults.is_empty() {
        Ok(form)
    } else {
        Err(Problem::invalid(faults))
    }
}

async fn shown(house: &House, caller: &Caller, id: &str) -> Result<Json<FilterOut>, Problem> {
    let filter = find::filter(house, caller, id).await?;
    Ok(Json(out(house, filter).await?))
}
