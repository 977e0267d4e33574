//! Assets, and the texts that scripts show.

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use render::Lang;

use crate::{house::House, problem::Problem};

pub fn routes() -> Router<House> {
    Router::new()
        .route("/assets/{*path}", get(asset))
        .route("/texts/{file}", get(texts))
}

/// A file for the browser. It asks again each time and mostly hears that nothing has changed.
async fn asset(Path(path): Path<String>, asked: HeaderMap) -> Result<Response, Problem> {
    let asset = render::asset(&path).ok_or_else(Problem::not_found)?;
    let tag = HeaderValue::from_str(&format!("\"{}\"", asset.version))
        .map_err(|error| Problem::internal(&error))?;
    let fixed = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::ETAG, tag.clone()),
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static(asset.content_type),
        ),
    ];
    if asked.get(header::IF_NONE_MATCH) == Some(&tag) {
        return Ok((StatusCode::NOT_MODIFIED, fixed).into_response());
    }
    Ok((fixed, asset.bytes).into_response())
}

async fn texts(Path(file): Path<String>) -> Result<Response, Problem> {
    let tag = file.strip_suffix(".json").ok_or_else(Problem::not_found)?;
    let lang = Lang::parse(tag).ok_or_else(Problem::not_found)?;
    let kept = [(header::CACHE_CONTROL, "private, max-age=60")];
    Ok((kept, axum::Json(render::script_texts(lang))).into_response())
}
