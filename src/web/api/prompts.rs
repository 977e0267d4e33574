//! `/prompts` (媒体资源): the sounds that callers hear (VOX-095, VOX-181 to VOX-183).

use axum::{
    Json,
    extract::{DefaultBodyLimit, Multipart, Path, Request, State},
    http::StatusCode,
    response::Response,
};
use engine::speech;
use media::{KeptPrompt, PromptError, Shelf};
use serde::Serialize;
use store::prompts::{self, Use};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answer::created, find};
use crate::{
    clock::At,
    download,
    house::House,
    paging::List,
    problem::{Fault, Problem},
    upload::{self, Upload},
};

/// Largest file, bytes (VOX-183).
pub const LIMIT: u64 = 20 * 1024 * 1024;

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .merge(
            OpenApiRouter::new()
                .routes(routes!(add))
                .routes(routes!(replace, remove))
                .layer(DefaultBodyLimit::disable()),
        )
        .routes(routes!(list))
        .routes(routes!(sound))
        .routes(routes!(original))
}

#[derive(Serialize, ToSchema)]
pub struct PromptOut {
    pub name: String,
    /// How long it plays; null: the file cannot be played.
    pub ms: Option<u64>,
    /// Of the file that is played.
    pub bytes: u64,
    pub changed_at: At,
    /// wav or mp3: what was uploaded is kept.
    pub original: Option<&'static str>,
    /// The house itself says it: it can be replaced, not deleted.
    pub own: bool,
    pub used_by: Vec<UseOut>,
}

/// Where a prompt is named.
#[derive(Serialize, ToSchema)]
pub struct UseOut {
    /// queue, route, menu, survey or campaign.
    pub kind: &'static str,
    pub name: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes the form")]
pub struct PromptForm {
    /// 1 to 64 bytes of letters, digits, - and _.
    name: String,
    /// wav (8 to 48 kHz; PCM, A-law or mu-law; mono or stereo) or mp3, at most 20 MB and a quarter of an hour.
    #[schema(value_type = String, format = Binary)]
    file: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes the form")]
pub struct SoundForm {
    /// As of a new prompt.
    #[schema(value_type = String, format = Binary)]
    file: String,
}

/// 媒体资源列表 · All prompts, what they are used for, and how long they are.
#[utoipa::path(get, path = "/api/v1/prompts", tag = "setup",
    responses((status = 200, body = List<PromptOut>)))]
async fn list(State(house): State<House>) -> Result<Json<List<PromptOut>>, Problem> {
    Ok(Json(List::whole(all(&house).await?)))
}

/// # Errors
/// When the database does not answer or the folder cannot be read.
pub async fn all(house: &House) -> Result<Vec<PromptOut>, Problem> {
    let kept = on_shelf(house, |shelf| shelf.list()).await?;
    let kept = kept.map_err(|error| Problem::internal(&error))?;
    let uses = prompts::uses(&house.db).await?;
    Ok(kept.into_iter().map(|kept| show(kept, &uses)).collect())
}

/// The names of all prompts that are files, for forms to choose from.
///
/// # Errors
/// When the folder cannot be read.
pub async fn names(house: &House) -> Result<Vec<String>, Problem> {
    let names = on_shelf(house, |shelf| shelf.names()).await?;
    names.map_err(|error| Problem::internal(&error))
}

/// Whether everything that is to be played can be: `named` are JSON pointers below `under`, each with the name
/// of a prompt. Whoever saves something that names prompts asks here.
///
/// # Errors
/// `INVALID`, with every prompt that there is not.
pub async fn exist(
    house: &House,
    under: &str,
    named: Vec<(impl AsRef<str>, &str)>,
) -> Result<(), Problem> {
    let asked: Vec<String> = named.iter().map(|(_, name)| (*name).to_owned()).collect();
    let known = on_shelf(house, move |shelf| {
        let known = asked
            .iter()
            .map(|name| speech::is_own(name) || shelf.has(name));
        known.collect::<Vec<bool>>()
    });
    let faults = named.into_iter().zip(known.await?);
    let faults: Vec<Fault> = faults
        .filter(|(_, known)| !known)
        .map(|((at, name), _)| {
            let message = format!("there is no prompt {name}");
            Fault::new(
                &format!("{under}{}", at.as_ref()),
                "unknown_prompt",
                message,
            )
        })
        .collect();
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Problem::invalid(faults)),
    }
}

/// 添加媒体资源 · Add a prompt. The file is converted once to 8 kHz, mono, 16 bit, and kept as it was beside
/// that. `NAME_TAKEN` when there is one of that name, `SOUND_UNUSABLE` says what is wrong with the file.
#[utoipa::path(post, path = "/api/v1/prompts", tag = "setup",
    request_body(content = PromptForm, content_type = "multipart/form-data"),
    responses((status = 201, body = PromptOut)))]
async fn add(State(house): State<House>, form: Multipart) -> Result<Response, Problem> {
    let id = store::new_id("prm");
    let mut form = upload::receive_up_to(&house, LIMIT, &id, form, &["name"]).await?;
    let name = form.texts.remove("name").unwrap_or_default();
    let file = form.file()?;
    let name = name.trim();
    let made = match Shelf::takes(name) {
        true => put(&house, name, &file, false).await,
        false => Err(bad_name()),
    };
    let made = kept(&house, &file, made).await?;
    Ok(created(format!("/api/v1/prompts/{}", made.name), made))
}

/// 替换媒体资源 · Put another sound in the place of a prompt; whoever hears it next hears that one.
#[utoipa::path(put, path = "/api/v1/prompts/{name}", tag = "setup", params(("name" = String, Path)),
    request_body(content = SoundForm, content_type = "multipart/form-data"),
    responses((status = 200, body = PromptOut)))]
async fn replace(
    State(house): State<House>,
    Path(name): Path<String>,
    form: Multipart,
) -> Result<Json<PromptOut>, Problem> {
    let id = store::new_id("prm");
    let form = upload::receive_up_to(&house, LIMIT, &id, form, &[]).await?;
    let file = form.file()?;
    let made = put(&house, &name, &file, true).await;
    Ok(Json(kept(&house, &file, made).await?))
}

/// 删除媒体资源 · Delete a prompt and its original. `MEDIA_IN_USE` while a queue, a route, a voice menu, a survey
/// or a campaign that may still dial names it, or when the house itself says it.
#[utoipa::path(delete, path = "/api/v1/prompts/{name}", tag = "setup",
    params(("name" = String, Path)), responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    let _one_at_a_time = house.shelf.lock().await;
    let in_use = |why: String| Problem::because("MEDIA_IN_USE", why);
    if speech::is_own(&name) {
        return Err(in_use("the house itself says it".into()));
    }
    let uses = prompts::uses(&house.db).await?;
    if let Some(one) = uses.iter().find(|one| one.prompt == name) {
        return Err(in_use(format!("the {} {} plays it", one.kind, one.name)));
    }
    let removed = on_shelf(&house, move |shelf| shelf.remove(&name)).await?;
    match removed {
        Ok(true) => Ok(StatusCode::NO_CONTENT),
        Ok(false) => Err(Problem::not_found()),
        Err(error) => Err(Problem::internal(&error)),
    }
}

/// 试听 · The sound as it is played.
#[utoipa::path(get, path = "/api/v1/prompts/{name}/sound", tag = "setup",
    params(("name" = String, Path)),
    responses(
        (status = 200, content_type = "audio/x-wav", body = Vec<u8>),
        (status = 206, content_type = "audio/x-wav", body = Vec<u8>)))]
async fn sound(
    State(house): State<House>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (played, _) = on_shelf(&house, move |shelf| shelf.paths(&name)).await?;
    let mut response = download::file(&find::there(played)?, request).await?;
    // Another sound may take its place at any time.
    let fresh = axum::http::HeaderValue::from_static("no-cache");
    let headers = response.headers_mut();
    headers.insert(axum::http::header::CACHE_CONTROL, fresh);
    Ok(response)
}

/// 下载原文件 · The file as it was uploaded.
#[utoipa::path(get, path = "/api/v1/prompts/{name}/original", tag = "setup",
    params(("name" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>)))]
async fn original(
    State(house): State<House>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (_, original) = on_shelf(&house, move |shelf| shelf.paths(&name)).await?;
    let path = find::there(original)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let kind = "application/octet-stream";
    download::named(&path, &name, kind, request).await
}

/// Converts an upload and puts it on the shelf, one at a time: a file that unpacks to a long sound takes room.
async fn put(
    house: &House,
    name: &str,
    file: &Upload,
    is_there: bool,
) -> Result<PromptOut, Problem> {
    let _one_at_a_time = house.shelf.lock().await;
    let path = house.config.data_dir.join(&file.file_path);
    let wanted = name.to_owned();
    let put = on_shelf(house, move |shelf| match (shelf.one(&wanted), is_there) {
        (Some(_), false) => Err(Problem::of("NAME_TAKEN")),
        (None, true) => Err(Problem::not_found()),
        _ => shelf.put(&wanted, &path).map_err(|error| refused(&error)),
    });
    let kept = put.await??;
    Ok(show(kept, &prompts::uses(&house.db).await?))
}

/// What was not taken in is not kept.
async fn kept(
    house: &House,
    file: &Upload,
    made: Result<PromptOut, Problem>,
) -> Result<PromptOut, Problem> {
    if made.is_err() {
        upload::discard(house, file).await;
    }
    made
}

fn refused(error: &PromptError) -> Problem {
    match error {
        PromptError::Unknown => bad_name(),
        PromptError::Read(error) => Problem::internal(error),
        PromptError::Wav(_) | PromptError::Format(_) => {
            Problem::because("SOUND_UNUSABLE", error.to_string())
        }
    }
}

fn bad_name() -> Problem {
    let message = "must be 1 to 64 bytes of letters, digits, - and _";
    Problem::at("/name", "format", message)
}

fn show(kept: KeptPrompt, uses: &[Use]) -> PromptOut {
    let uses = uses.iter().filter(|one| one.prompt == kept.name);
    let mut used_by: Vec<UseOut> = Vec::new();
    for one in uses {
        if !used_by
            .iter()
            .any(|seen| (seen.kind, &seen.name) == (one.kind, &one.name))
        {
            used_by.push(UseOut {
                kind: one.kind,
                name: one.name.clone(),
            });
        }
    }
    let changed = kept.changed.duration_since(std::time::UNIX_EPOCH);
    let changed = changed.unwrap_or_default().as_millis();
    PromptOut {
        own: speech::is_own(&kept.name),
        used_by,
        name: kept.name,
        ms: kept.ms,
        bytes: kept.bytes,
        changed_at: At(i64::try_from(changed).unwrap_or(i64::MAX)),
        original: kept.original,
    }
}

/// Reads or changes the folder of prompts where waiting for a disk keeps nobody waiting.
async fn on_shelf<T: Send + 'static>(
    house: &House,
    work: impl FnOnce(&Shelf) -> T + Send + 'static,
) -> Result<T, Problem> {
    let shelf = Shelf::new(house.config.data_dir.join("prompts"));
    let done = tokio::task::spawn_blocking(move || work(&shelf)).await;
    done.map_err(|error| Problem::internal(&error))
}
