//! A POST with an `Idempotency-Key` runs once; its repetition gets the first answer (RST-003).
//!
//! The body is a part of what has to be the same, except for uploads: of those only the length is.

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use store::access::idempotency::{self, Seen};

use crate::{
    BODY_LIMIT, ROWS_LIMIT, caller::Caller, clock, house::House, problem::Problem, secret,
};

/// Answers above this are not kept: none of ours comes near.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;

/// An answer as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    content_type: Option<String>,
    location: Option<String>,
    body: String,
}

pub async fn repeat(State(house): State<House>, request: Request, next: Next) -> Response {
    let key = request.headers().get("idempotency-key").cloned();
    let caller = request.extensions().get::<Caller>().cloned();
    match (key, caller) {
        (Some(key), Some(caller)) if request.method() == Method::POST => {
            once(&house, &caller, &key, request, next)
                .await
                .unwrap_or_else(IntoResponse::into_response)
        }
        _ => next.run(request).await,
    }
}

async fn once(
    house: &House,
    caller: &Caller,
    key: &HeaderValue,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let key = usable(key)?;
    let key = format!("{}:{key}", caller.user_id());
    let (request, print) = fingerprint(request).await?;
    let (db, orgi) = (&house.db, caller.orgi());
    match idempotency::begin(db, orgi, &key, &print, clock::now().0).await? {
        Seen::Never => {}
        Seen::Running => return Err(Problem::of("IDEMPOTENCY_IN_PROGRESS")),
        Seen::Otherwise => return Err(Problem::of("IDEMPOTENCY_MISMATCH")),
        Seen::Answered { status, response } => return again(status, &response),
    }
    let (response, kept) = keep(next.run(request).await).await?;
    let status = response.status();
    match kept {
        Some(text) if !status.is_server_error() => {
            idempotency::finish(db, orgi, &key, i64::from(status.as_u16()), &text).await?;
        }
        _ => idempotency::forget(db, orgi, &key).await?,
    }
    Ok(response)
}

fn usable(key: &HeaderValue) -> Result<&str, Problem> {
    key.to_str()
        .ok()
        .filter(|key| (1..=200).contains(&key.len()))
        .ok_or_else(|| {
            Problem::because(
                "MALFORMED",
                "Idempotency-Key must be 1 to 200 ASCII characters",
            )
        })
}

async fn fingerprint(request: Request) -> Result<(Request, String), Problem> {
    let (parts, body) = request.into_parts();
    let mut text = format!("{} ", parts.uri).into_bytes();
    let body = if is_upload(&parts.headers) {
        let length = parts.headers.get(header::CONTENT_LENGTH);
        text.extend_from_slice(length.map_or(b"", HeaderValue::as_bytes));
        body
    } else {
        let most = if parts.uri.path().ends_with("/rows") {
            ROWS_LIMIT
        } else {
            BODY_LIMIT
        };
        let bytes = to_bytes(body, most)
            .await
            .map_err(|_| Problem::of("TOO_LARGE"))?;
        text.extend_from_slice(&bytes);
        Body::from(bytes)
    };
    Ok((Request::from_parts(parts, body), secret::digest(&text)))
}

fn is_upload(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/"))
}

/// The answer, and how it is kept. A refusal has no body yet: its problem is kept instead.
async fn keep(response: Response) -> Result<(Response, Option<String>), Problem> {
    // A refusal changed nothing: the caller may correct what was wrong and use the key again.
    if response.extensions().get::<Problem>().is_some() {
        return Ok((response, None));
    }
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, ANSWER_LIMIT)
        .await
        .map_err(|_| Problem::of("INTERNAL"))?;
    let header = |name: HeaderName| {
        let value = parts.headers.get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let kept = Kept {
        content_type: header(header::CONTENT_TYPE),
        location: header(header::LOCATION),
        body: String::from_utf8_lossy(&bytes).into_owned(),
    };
    let text = serde_json::to_string(&kept).ok();
    Ok((Response::from_parts(parts, Body::from(bytes)), text))
}

fn again(status: i64, text: &str) -> Result<Response, Problem> {
    let kept: Kept = serde_json::from_str(text).map_err(|error| Problem::internal(&error))?;
    let status = u16::try_from(status)
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok())
        .unwrap_or(StatusCode::OK);
    let mut response = (status, kept.body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    let fields = [
        (header::CONTENT_TYPE, kept.content_type),
        (header::LOCATION, kept.location),
    ];
    for (name, value) in fields {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    headers.insert(
        HeaderName::from_static("idempotency-replayed"),
        HeaderValue::from_static("true"),
    );
    Ok(response)
}
