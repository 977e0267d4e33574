//! `/imports/previews`: what an import would do, before it does it.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{DefaultBodyLimit, Multipart, Path, State},
};
use serde::Serialize;
use store::{
    imports::Options,
    previews::{self, NewPreview, Preview},
    work::{By, Work, enqueue},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answer::Accepted, find, import_options, imports::ImportForm};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
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
        .routes(routes!(get))
}

/// A dry run.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewOut {
    id: String,
    batch_id: String,
    file_name: String,
    bytes: i64,
    /// mode, dup_policy, dup_scope, dup_days, header_row, sheet, mapping, choices, priority.
    #[schema(value_type = Object)]
    options: Options,
    /// queued, succeeded or failed.
    state: String,
    error_code: Option<String>,
    error_text: Option<String>,
    job_id: Option<String>,
    created_at: At,
    finished_at: Option<At>,
    /// Once it has succeeded: rows, good, invalid, invalid_by_code, duplicates, updated, existing,
    /// blank, blacklisted (the counts that the import then has), sheet, other_sheets, header_row, columns (column, title, field, field_title, reason, why,
    /// confidence, applies, samples), choices (of each column with a dictionary: column, field,
    /// field_title, values, the commonest first, each with value, rows, code, label and choice; more:
    /// values that are not listed), warnings, blocked (why an import would fail), problems and
    /// examples (the first 20 rows of each).
    #[schema(value_type = Option<Object>)]
    outcome: Option<previews::Outcome>,
}

/// 预览导入 · Look at a file before it is imported, or with `preview_id` once more at that of another dry run
/// in another way; nothing is written.
#[utoipa::path(post, path = "/api/v1/batches/{id}/imports/preview", tag = "imports",
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
    let id = previews::new_preview_id();
    let mut known = import_options::PARTS.to_vec();
    known.push("preview_id");
    let form = upload::receive(&house, &id, form, &known).await?;
    let recorded = match form.texts.get("preview_id") {
        Some(earlier) if !form.has_file() => {
            again(&house, &caller, (&batch.id, &id), earlier, &form.texts).await
        }
        both => {
            let both = both.is_some();
            let options = import_options::of(&form.texts, Options::default());
            let file = form.file()?;
            let recorded = match options {
                Ok(_) if both => Err(Problem::at("/preview_id", "choice", "not with a file")),
                Ok(options) => {
                    record(&house, &caller, (&batch.id, &id), &file, &options, None).await
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
        preview_id: Some(id),
        ..Accepted::job(recorded?)
    })
}

/// Looks at the file of a dry run once more; what is not said now is as it was then.
async fn again(
    house: &House,
    caller: &Caller,
    (batch, id): (&str, &str),
    earlier: &str,
    texts: &BTreeMap<String, String>,
) -> Result<String, Problem> {
    let earlier = of(house, caller, earlier).await?;
    if earlier.batch_id != batch {
        return Err(Problem::not_found());
    }
    let options = import_options::of(texts, earlier.options.0.clone())?;
    let file = Upload {
        file_name: earlier.file_name.clone(),
        file_path: earlier.file_path.clone(),
        sha256: earlier.sha256.clone(),
        bytes: u64::try_from(earlier.bytes).unwrap_or_default(),
    };
    let of = Some(earlier.id.as_str());
    record(house, caller, (batch, id), &file, &options, of).await
}

/// `earlier`: the dry run that the file is of.
async fn record(
    house: &House,
    caller: &Caller,
    (batch, id): (&str, &str),
    file: &Upload,
    options: &Options,
    earlier: Option<&str>,
) -> Result<String, Problem> {
    let new = NewPreview {
        id,
        orgi: caller.orgi(),
        batch_id: batch,
        creater: caller.user_id(),
        file_name: &file.file_name,
        file_path: &file.file_path,
        sha256: &file.sha256,
        bytes: i64::try_from(file.bytes).unwrap_or(i64::MAX),
        options,
    };
    let by = By {
        orgi: caller.orgi(),
        user: caller.user_id(),
        batch: Some(batch),
    };
    let work = Work::DryRun { preview: id.into() };
    let mut tx = house.db.begin().await?;
    if let Some(earlier) = earlier
        && !previews::hold(&mut tx, earlier).await?
    {
        return Err(Problem::not_found());
    }
    previews::create(&mut tx, &new, now()).await?;
    let job = enqueue(&mut tx, work, by, now()).await?;
    tx.commit().await?;
    Ok(job)
}

/// 预览结果 · A dry run and what it found.
#[utoipa::path(get, path = "/api/v1/imports/previews/{id}", tag = "imports",
    params(("id" = String, Path)), responses((status = 200, body = PreviewOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<PreviewOut>, Problem> {
    let found = of(&house, &caller, &id).await?;
    let outcome = previews::outcome(&house.db, &id).await?;
    Ok(Json(PreviewOut {
        id: found.id,
        batch_id: found.batch_id,
        file_name: found.file_name,
        bytes: found.bytes,
        options: found.options.0,
        state: found.state,
        error_code: found.error_code,
        error_text: found.error_text,
        job_id: found.job_id,
        created_at: At(found.created_at),
        finished_at: found.finished_at.map(At),
        outcome,
    }))
}

/// A dry run of the caller's tenant.
pub async fn of(house: &House, caller: &Caller, id: &str) -> Result<Preview, Problem> {
    let found = previews::get(&house.db, id).await?;
    found
        .filter(|one| one.orgi == caller.orgi())
        .ok_or_else(Problem::not_found)
}
