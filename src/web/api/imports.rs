//! `/imports`: data for a batch (OUT-073 to OUT-084, OUT-137 to OUT-139).

use std::collections::BTreeMap;

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
    rejects, removal,
    work::{By, Work, enqueue},
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answer::Accepted, find, import_options, previews, shown::shown, wait};
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
        /// queued, running, succeeded, failed, undoing, undone or deleting.
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
    /// .xlsx, .xlsb, .xls, .ods, .csv or .tsv (UTF-8, UTF-16 or GB18030), at most 200 MB and 1,000,000
    /// rows. Not with `preview_id`.
    #[schema(value_type = String, format = Binary)]
    file: Option<String>,
    /// Imports the file of this dry run, with its options where no others are given.
    preview_id: Option<String>,
    /// insert (default), update or upsert.
    mode: Option<String>,
    /// keep_all, skip (default) or update.
    dup_policy: Option<String>,
    /// file, batch (default), campaign or all.
    dup_scope: Option<String>,
    /// 30, 90 or 180, with dup_scope campaign or all: of other lists, only what was imported or dialled
    /// so many days before counts.
    dup_days: Option<u32>,
    /// Row of the titles, from 1; 0: there are none. Looked for when it is not given.
    header_row: Option<u32>,
    /// Name or number of the sheet; the first visible one that holds something when it is not given.
    sheet: Option<String>,
    /// JSON object: title or letters of a column to a field's code, empty to leave the column out. It
    /// is remembered for files of the batch with the same titles.
    mapping: Option<String>,
    /// JSON object: code of a field with a dictionary to values of the file, each with what it becomes:
    /// `{"to": code or label}`, `"add"` (to the dictionary), `"empty"` or `"error"` (as where nothing is
    /// said and the dictionary does not have it). It is remembered with the mapping.
    choices: Option<String>,
    /// 0 (default) to 9: of the leads that the import makes; those that are there keep theirs.
    priority: Option<u32>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OfBatch {
    batch_id: String,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// 上传导入 · Upload data; the rows are read in the background. `BATCH_NOT_UPLOAD` where rows come from
/// elsewhere.
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
    let batch = find::uploads(&house, &caller, &batch).await?;
    let import = imports::new_import_id();
    let mut known = import_options::PARTS.to_vec();
    known.push("preview_id");
    let form = upload::receive(&house, &import, form, &known).await?;
    let recorded = match form.texts.get("preview_id") {
        Some(preview) if !form.has_file() => {
            of_preview(&house, &caller, (&batch, &import), preview, &form.texts).await
        }
        given => {
            let both = given.is_some();
            let options = import_options::of(&form.texts, Options::default());
            let file = form.file()?;
            let recorded = match options {
                Ok(_) if both => Err(Problem::at("/preview_id", "choice", "not with a file")),
                Ok(options) => {
                    record(&house, &caller, (&batch, &import), &file, &options, None).await
                }
                Err(problem) => Err(problem),
            };
            if recorded.is_err() {
                upload::discard(&house, &file).await;
            }
            recorded
        }
    };
    Ok(Accepted {
        import_id: Some(import),
        ..Accepted::job(recorded?)
    })
}

/// Imports the file of a dry run.
async fn of_preview(
    house: &House,
    caller: &Caller,
    (batch, import): (&store::batches::Batch, &str),
    preview: &str,
    texts: &BTreeMap<String, String>,
) -> Result<String, Problem> {
    let preview = previews::of(house, caller, preview).await?;
    if preview.batch_id != batch.id {
        return Err(Problem::not_found());
    }
    let options = import_options::of(texts, preview.options.0.clone())?;
    let file = Upload {
        file_name: preview.file_name.clone(),
        file_path: preview.file_path.clone(),
        sha256: preview.sha256.clone(),
        bytes: u64::try_from(preview.bytes).unwrap_or_default(),
    };
    record(
        house,
        caller,
        (batch, import),
        &file,
        &options,
        Some(&preview.id),
    )
    .await
}

/// `preview`: the dry run that the file is of.
async fn record(
    house: &House,
    caller: &Caller,
    (batch, import): (&store::batches::Batch, &str),
    file: &Upload,
    options: &Options,
    preview: Option<&str>,
) -> Result<String, Problem> {
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
        options,
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
    if let Some(preview) = preview
        && !store::previews::hold(&mut tx, preview).await?
    {
        return Err(Problem::not_found());
    }
    imports::create(&mut tx, &new, now()).await?;
    let job = enqueue(&mut tx, work, by, now()).await?;
    tx.commit().await?;
    Ok(job)
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

/// 删除导入 · Delete an import with its leads that are neither allocated nor dialled. One of more than 5,000
/// is deleted in the background: 202 when that takes longer, and the job says how many went and stay.
#[utoipa::path(delete, path = "/api/v1/imports/{id}", tag = "imports",
    params(("id" = String, Path)),
    responses((status = 200, body = Removed), (status = 202, body = Accepted)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    find::open_import(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    let import = find::there(removal::begin_import(&mut tx, &id).await?)?;
    if !removal::is_large_import(&mut tx, &import).await? {
        let gone = removal::whole_import(&mut tx, &import, now()).await?;
        tx.commit().await?;
        upload::remove(&house, gone.files).await;
        let (removed, kept) = (gone.removed, gone.kept);
        return Ok(Json(Removed { removed, kept }).into_response());
    }
    let by = By {
        orgi: caller.orgi(),
        user: caller.user_id(),
        batch: Some(&import.batch_id),
    };
    let work = Work::DeleteImport { import: id };
    let job = enqueue(&mut tx, work, by, now()).await?;
    tx.commit().await?;
    if !wait::done(&house, &job).await? {
        return Ok(Accepted::job(job).into_response());
    }
    let job = find::job(&house, &caller, &job).await?;
    let of = |name: &str| job.result[name].as_i64().unwrap_or_default();
    let (removed, kept) = (of("removed"), of("kept"));
    Ok(Json(Removed { removed, kept }).into_response())
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
