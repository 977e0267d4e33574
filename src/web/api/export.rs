//! Exports: leads as a file to take away (OUT-083, RST-005).

use axum::{
    Json,
    extract::{Path, Request, State},
    response::Response,
};
use engine::{
    lead_query::{self, Clock},
    window::Window,
};
use serde::Deserialize;
use store::{
    access::Role,
    exports::{self, Ask, Export, NewExport},
    fields, files,
    work::{By, Work, enqueue},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::Accepted,
    check, find,
    leads::{Search, refused, words_of},
    shown::shown,
};
use crate::{
    caller::Caller,
    clock::{At, now},
    download,
    house::House,
    input::Body,
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(add))
        .routes(routes!(get))
        .routes(routes!(file))
}

shown! {
    ExportOut of Export {
        id: String,
        batch_id: String,
        title: String,
        /// xlsx or csv.
        format: String,
        /// queued, succeeded or failed.
        state: String,
        rows: i64,
        error_code: Option<String>,
        job_id: Option<String>,
        created_by: String,
        created_at: At,
        finished_at: Option<At>,
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub struct ExportIn {
    /// xlsx (when not given) or csv.
    format: Option<String>,
    /// Field codes in the order wanted; none: every field that may be exported.
    columns: Vec<String>,
    /// Hidden fields, and numbers that `phone_mask` of the outbound settings hides, in full: for
    /// administrators and supervisors.
    reveal: bool,
    /// Which leads of the batch, as `GET /leads` asks; none: all.
    search: Search,
}

/// 导出 · Write leads of a batch into a file. The file is at `GET /exports/{export_id}/file` when the
/// job is done.
#[utoipa::path(post, path = "/api/v1/batches/{id}/export", tag = "batches",
    params(("id" = String, Path)),
    request_body(content = ExportIn, example = json!({"format": "csv", "search": {"tab": "success"}})),
    responses((status = 202, body = Accepted)))]
async fn add(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<ExportIn>,
) -> Result<Accepted, Problem> {
    let batch = find::batch(&house, &caller, &id).await?;
    let format = asked.format.as_deref().unwrap_or("xlsx");
    let format = check::one_of("/format", format, &["xlsx", "csv"])?;
    if asked.reveal && !matches!(caller.role(), Role::Admin | Role::Supervisor) {
        return Err(Problem::at(
            "/reveal",
            "forbidden",
            "your role may not see hidden fields",
        ));
    }
    let ask = checked(&house, &caller, &batch.id, asked).await?;
    let new = NewExport {
        orgi: caller.orgi(),
        batch_id: &batch.id,
        title: &batch.name,
        format,
        ask: &ask,
        created_by: caller.user_id(),
    };
    let by = By {
        orgi: caller.orgi(),
        user: caller.user_id(),
        batch: Some(&batch.id),
    };
    let mut tx = house.db.begin().await?;
    let export = exports::create(&mut tx, &new, now()).await?;
    let work = Work::ExportLeads {
        export: export.clone(),
    };
    let job = enqueue(&mut tx, work, by, now()).await?;
    tx.commit().await?;
    Ok(Accepted {
        export_id: Some(export),
        ..Accepted::job(job)
    })
}

/// What cannot be exported is refused here, not in the job.
async fn checked(
    house: &House,
    caller: &Caller,
    batch: &str,
    asked: ExportIn,
) -> Result<Ask, Problem> {
    let fields = fields::list(&house.db, batch).await?;
    for (at, code) in asked.columns.iter().enumerate() {
        let known = |field: &engine::field::Field| field.code == *code && !field.no_exchange;
        if !fields.iter().any(known) {
            let message = "the batch has no such field to export";
            return Err(Problem::at(
                &format!("/columns/{at}"),
                "unknown_field",
                message,
            ));
        }
    }
    let mut search = words_of(house, caller, &asked.search).await?;
    if search.batch.as_deref().is_some_and(|other| other != batch) {
        let message = "the search is about another batch";
        return Err(Problem::at("/search/batch_id", "choice", message));
    }
    search.batch = Some(batch.into());
    let zone = Window::default();
    let clock = Clock {
        now: now(),
        zone: &zone,
    };
    lead_query::read(&search, Some(&fields), clock).map_err(refused)?;
    Ok(Ask {
        search,
        columns: asked.columns,
        reveal: asked.reveal,
    })
}

/// 导出任务 · One export.
#[utoipa::path(get, path = "/api/v1/exports/{id}", tag = "batches", params(("id" = String, Path)),
    responses((status = 200, body = ExportOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ExportOut>, Problem> {
    Ok(Json(known(&house, &caller, &id).await?.into()))
}

/// 下载 · The file of an export. `FILE_EXPIRED` when it is no longer kept.
#[utoipa::path(get, path = "/api/v1/exports/{id}/file", tag = "batches",
    params(("id" = String, Path)),
    responses((status = 200, content_type = download::XLSX, body = Vec<u8>)))]
async fn file(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let export = known(&house, &caller, &id).await?;
    match export.state.as_str() {
        "succeeded" => {}
        "failed" => return Err(Problem::of_job(export.error_code, None)),
        _ => return Err(Problem::of("JOB_RUNNING")),
    }
    let path = files::export(&house.config.data_dir, &id, &export.format);
    download::is_kept(&path).await?;
    let kind = match export.format.as_str() {
        "csv" => "text/csv; charset=utf-8",
        _ => download::XLSX,
    };
    let name = format!("{}.{}", export.title, export.format);
    download::named(&path, &name, kind, request).await
}

async fn known(house: &House, caller: &Caller, id: &str) -> Result<Export, Problem> {
    let found = exports::get(&house.db, id).await?;
    find::there(found.filter(|one| one.orgi == caller.orgi()))
}
