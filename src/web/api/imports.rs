//! `/imports`: data for a batch (OUT-073 to OUT-084, OUT-137 to OUT-139).

use axum::{
    Json,
    extract::{DefaultBodyLimit, Multipart, Path, Request, State},
    response::{IntoResponse, Response},
};
use engine::window::Window;
use serde::{Deserialize, Serialize};
use store::{
    files,
    imports::{self, Import, NewImport, Options},
    rejects,
    work::{By, Work, enqueue},
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answer::Accepted, find, shown::shown, wait};
use crate::{
    caller::Caller,
    clock::{At, now},
    download,
    house::House,
    input::Params,
    paging::{self, List, Paging},
    problem::Problem,
    upload::{self, Upload},
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .merge(
            OpenApiRouter::new()
                .routes(routes!(add))
                .layer(DefaultBodyLimit::disable()),
        )
        .routes(routes!(list))
        .routes(routes!(get, remove))
        .routes(routes!(invalid))
        .routes(routes!(invalid_sheet))
}

shown! {
    ImportOut of Import {
        id: String,
        batch_id: String,
        /// Batch name, `_`, local date and time.
        title: String,
        file_name: String,
        sha256: String,
        bytes: i64,
        /// keep_all, skip_in_batch or update_in_batch.
        dup_policy: String,
        /// queued, running, succeeded, failed, undoing or undone.
        state: String,
        /// Rows that became leads.
        good: i64,
        /// Rows that did not.
        invalid: i64,
        duplicate: i64,
        updated: i64,
        /// Empty rows between others.
        blank: i64,
        /// Of the leads it wrote: those whose number must not be called.
        blacklisted: i64,
        /// Leads that its undo took away.
        removed: i64,
        /// Leads that its undo gave their earlier values back.
        restored: i64,
        undone_by: Option<String>,
        undone_at: Option<At>,
        warnings: Vec<String>,
        error_code: Option<String>,
        error_text: Option<String>,
        job_id: Option<String>,
        creater: String,
        created_at: At,
        finished_at: Option<At>,
    }
}

shown! {
    RejectOut of rejects::Reject {
        /// Row in the sheet, from 1.
        row_no: i64,
        column_title: String,
        code: String,
        reason: String,
        cells: Vec<String>,
    }
}

/// How many of an import's leads went and how many stay.
#[derive(Serialize, ToSchema)]
pub struct Removed {
    removed: i64,
    /// Allocated or dialled: they stay, and so does the import.
    kept: i64,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes the form")]
pub struct ImportForm {
    /// .xlsx, .xls or .csv (UTF-8 or GB18030), at most 200 MB and 1,000,000 rows.
    #[schema(value_type = String, format = Binary)]
    file: String,
    /// keep_all, skip_in_batch (default) or update_in_batch.
    dup_policy: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OfBatch {
    batch_id: String,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// 上传导入 · Upload data; the rows are read in the background.
#[utoipa::path(post, path = "/api/v1/batches/{id}/imports", tag = "imports",
    params(("id" = String, Path)),
    request_body(content = ImportForm, content_type = "multipart/form-data"),
    responses((status = 202, body = Accepted)))]
async fn add(
    State(house): State<House>,
    caller: Caller,
    Path(batch): Path<String>,
    form: Multipart,
) -> Result<Accepted, Problem> {
    let batch = find::open_batch(&house, &caller, &batch).await?;
    let import = imports::new_import_id();
    let file = upload::receive(&house, &import, form).await?;
    let recorded = record(&house, &caller, &batch, &import, &file).await;
    if recorded.is_err() {
        upload::discard(&house, &file).await;
    }
    Ok(Accepted {
        import_id: Some(import),
        ..Accepted::job(recorded?)
    })
}

async fn record(
    house: &House,
    caller: &Caller,
    batch: &store::batches::Batch,
    import: &str,
    file: &Upload,
) -> Result<String, Problem> {
    let options = options(file)?;
    let new = NewImport {
        id: import,
        orgi: caller.orgi(),
        batch_id: &batch.id,
        creater: caller.user_id(),
        title: &format!("{}_{}", batch.name, local_time()),
        file_name: &file.file_name,
        file_path: &file.file_path,
        sha256: &file.sha256,
        bytes: i64::try_from(file.bytes).unwrap_or(i64::MAX),
        options: &options,
    };
    let by = By {
        orgi: caller.orgi(),
        user: caller.user_id(),
        batch: Some(&batch.id),
    };
    let work = Work::ImportBatch {
        import: import.into(),
    };
    let mut tx = house.db.begin().await?;
    imports::create(&mut tx, &new, now()).await?;
    let job = enqueue(&mut tx, work, by, now()).await?;
    tx.commit().await?;
    Ok(job)
}

/// What the form asks for beside the file.
fn options(file: &Upload) -> Result<Options, Problem> {
    let told = |bad: imports::BadOptions| Problem::at(bad.pointer, "choice", bad.message);
    let mut options = Options::default();
    if let Some(policy) = &file.dup_policy {
        options.dup_policy = policy.parse().map_err(told)?;
    }
    options.validate().map_err(told)?;
    Ok(options)
}

/// `yyyy-MM-dd HH:mm:ss` on the house's wall clock.
fn local_time() -> String {
    Window::default()
        .local(now())
        .map(|local| local.format("%Y-%m-%d %H:%M:%S").to_string())
        .unwrap_or_default()
}

/// 导入记录 · A batch's imports, newest first.
#[utoipa::path(get, path = "/api/v1/imports", tag = "imports", params(OfBatch),
    responses((status = 200, body = List<ImportOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(asked): Params<OfBatch>,
) -> Result<Json<List<ImportOut>>, Problem> {
    find::batch(&house, &caller, &asked.batch_id).await?;
    let limit = paging::limit(asked.limit)?;
    let before = asked.cursor.as_deref().map(paging::open).transpose()?;
    let rows = imports::list(
        &house.db,
        &asked.batch_id,
        before.as_deref(),
        limit as i64 + 1,
    )
    .await?;
    Ok(Json(List::of(
        rows,
        limit,
        |row| row.id.clone(),
        ImportOut::from,
    )))
}

/// 导入 · One import with its counts.
#[utoipa::path(get, path = "/api/v1/imports/{id}", tag = "imports", params(("id" = String, Path)),
    responses((status = 200, body = ImportOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ImportOut>, Problem> {
    Ok(Json(find::import(&house, &caller, &id).await?.into()))
}

/// 删除导入 · Delete an import with its leads that are neither allocated nor dialled.
#[utoipa::path(delete, path = "/api/v1/imports/{id}", tag = "imports",
    params(("id" = String, Path)), responses((status = 200, body = Removed)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Removed>, Problem> {
    find::import(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    let (removed, kept) = imports::delete(&mut tx, &id, now()).await?;
    tx.commit().await?;
    Ok(Json(Removed { removed, kept }))
}

/// 无效行 · The rows that did not become leads, with the reason.
#[utoipa::path(get, path = "/api/v1/imports/{id}/invalid", tag = "imports",
    params(("id" = String, Path), Paging), responses((status = 200, body = List<RejectOut>)))]
async fn invalid(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Params(paging): Params<Paging>,
) -> Result<Json<List<RejectOut>>, Problem> {
    find::import(&house, &caller, &id).await?;
    let limit = paging.limit()?;
    let after = match paging.after()? {
        Some(text) => text.parse().map_err(|_| Problem::of("BAD_CURSOR"))?,
        None => 0,
    };
    let rows = rejects::page(&house.db, &id, after, limit as i64 + 1).await?;
    Ok(Json(List::of(
        rows,
        limit,
        |row| row.row_no.to_string(),
        RejectOut::from,
    )))
}

/// 下载无效行 · The same as a sheet with an extra column for the reason. 202 while it is written.
#[utoipa::path(get, path = "/api/v1/imports/{id}/invalid.xlsx", tag = "imports",
    params(("id" = String, Path)),
    responses(
        (status = 200, content_type = download::XLSX, body = Vec<u8>),
        (status = 202, body = Accepted)))]
async fn invalid_sheet(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let import = find::import(&house, &caller, &id).await?;
    if matches!(import.state.as_str(), "queued" | "running") {
        return Err(Problem::of("IMPORT_RUNNING"));
    }
    let path = files::rejects(&house.config.data_dir, &id);
    if !tokio::fs::try_exists(&path).await.unwrap_or(false) {
        let by = By {
            orgi: caller.orgi(),
            user: caller.user_id(),
            batch: Some(&import.batch_id),
        };
        let mut tx = house.db.begin().await?;
        let work = Work::RejectsSheet { import: id };
        let job = enqueue(&mut tx, work, by, now()).await?;
        tx.commit().await?;
        if !wait::done(&house, &job).await? {
            return Ok(Accepted::job(job).into_response());
        }
    }
    download::sheet(&path, &format!("{}_invalid.xlsx", import.title), request).await
}
