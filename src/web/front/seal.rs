//! Gives every request an id, every answer its headers, and every refusal its body.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{house::House, pages, problem::Problem};

/// A request's id, in its extensions.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; media-src 'self' blob: mediastream:; connect-src 'self'; \
    font-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

pub async fn seal(State(house): State<House>, mut request: Request, next: Next) -> Response {
    let id = store::new_id("req");
    request.extensions_mut().insert(RequestId(id.clone()));
    let path = request.uri().path().to_owned();
    let asked = request.headers().clone();
    let method = request.method().clone();
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = explain(response, &problem, &id, &path, &asked);
    }
    tracing::debug!(%method, path, status = response.status().as_u16(), request = id, "answered");
    dress(response.headers_mut(), &id, house.config.tls);
    response
}

/// A program gets a problem, a person a page.
fn explain(
    refused: Response,
    problem: &Problem,
    id: &str,
    path: &str,
    asked: &HeaderMap,
) -> Response {
    let body = problem.body(id, path);
    let (mut parts, _) = refused.into_parts();
    if !path.starts_with("/api/") && accepts_html(asked) {
        let page = pages::refusal(&body, asked);
        parts.headers.extend(page.headers().clone());
        return Response::from_parts(parts, page.into_body());
    }
    let text = serde_json::to_string(&body).expect("a problem is made of texts and numbers");
    parts.headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    Response::from_parts(parts, Body::from(text)).into_response()
}

fn accepts_html(asked: &HeaderMap) -> bool {
    asked
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/html"))
}

fn dress(headers: &mut HeaderMap, id: &str, tls: bool) {
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "microphone=(self), camera=(), geolocation=()",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if tls {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}
