//! Hands out files of the data directory, whole or in ranges.

use std::path::Path;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use tower::ServiceExt;
use tower_http::services::ServeFile;

use crate::problem::Problem;

pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A sheet, to be saved under this name.
///
/// # Errors
/// `NOT_FOUND` when the file is gone.
pub async fn sheet(path: &Path, name: &str, request: Request) -> Result<Response, Problem> {
    named(path, name, XLSX, request).await
}

/// A file of this kind, to be saved under this name.
///
/// # Errors
/// `NOT_FOUND` when the file is gone.
pub async fn named(
    path: &Path,
    name: &str,
    kind: &'static str,
    request: Request,
) -> Result<Response, Problem> {
    let mut response = file(path, request).await?;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let disposition = format!("attachment; filename*=UTF-8''{}", encoded(name));
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// Whether a file that was written is still there.
///
/// # Errors
/// `FILE_EXPIRED`.
pub async fn is_kept(path: &Path) -> Result<(), Problem> {
    match tokio::fs::try_exists(path).await {
        Ok(false) => Err(Problem::of("FILE_EXPIRED")),
        _ => Ok(()),
    }
}

/// A file; `Range` is honoured.
///
/// # Errors
/// `NOT_FOUND` when it is gone, `BAD_RANGE`.
pub async fn file(path: &Path, request: Request) -> Result<Response, Problem> {
    let served = ServeFile::new(path)
        .oneshot(request)
        .await
        .unwrap_or_else(|never| match never {});
    match served.status() {
        StatusCode::NOT_FOUND => Err(Problem::not_found()),
        StatusCode::RANGE_NOT_SATISFIABLE => Err(Problem::of("BAD_RANGE")),
        status if status.is_server_error() => Err(Problem::of("INTERNAL")),
        _ => Ok(served.map(Body::new).into_response()),
    }
}

/// RFC 8187.
fn encoded(name: &str) -> String {
    name.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).into(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_travels_in_any_script() {
        assert_eq!(encoded("回访 1.xlsx"), "%E5%9B%9E%E8%AE%BF%201.xlsx");
    }
}
