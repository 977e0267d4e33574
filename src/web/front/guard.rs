//! Who comes, and may they?

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use store::access::sessions;
use subtle::ConstantTimeEq;

use super::cookie;
use crate::{
    caller::Caller,
    clock,
    house::House,
    problem::Problem,
    rights::{self, Who},
    secret,
};

/// A session's last use is written at most this often.
const TOUCH_MS: i64 = 60_000;

pub async fn guard(
    State(house): State<House>,
    matched: Option<MatchedPath>,
    mut request: Request,
    next: Next,
) -> Response {
    // Nothing matched: the fallback says so.
    let Some(matched) = matched else {
        return next.run(request).await;
    };
    let Some(who) = rights::of(request.method(), matched.as_str()) else {
        return Problem::of("METHOD_NOT_ALLOWED").into_response();
    };
    match admit(&house, who, request.method(), request.headers()).await {
        Ok(caller) => {
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller);
            }
            next.run(request).await
        }
        Err(problem) if problem.code == "UNAUTHENTICATED" && is_page(&request) => {
            Redirect::to("/login").into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

async fn admit(
    house: &House,
    who: Who,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Option<Caller>, Problem> {
    let caller = caller(house, headers).await?;
    if who == Who::Anyone {
        return Ok(caller);
    }
    let caller = caller.ok_or_else(|| Problem::of("UNAUTHENTICATED"))?;
    if !who.includes(caller.role()) {
        return Err(Problem::of("FORBIDDEN"));
    }
    if !house
        .requests
        .take(&caller.session.token_hash, clock::now())
    {
        return Err(Problem {
            retry_after: Some(1),
            ..Problem::of("TOO_MANY")
        });
    }
    if caller.by_cookie {
        same_origin(headers)?;
        if !is_safe(method) {
            page_token(headers, &caller.session.csrf)?;
        }
    }
    Ok(Some(caller))
}

/// The session of the bearer token or the cookie; `None` when there is none that holds.
async fn caller(house: &House, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
    let (token, by_cookie) = match (bearer(headers), cookie::get(headers, cookie::NAME)) {
        (Some(token), _) => (token, false),
        (None, Some(token)) => (token, true),
        (None, None) => return Ok(None),
    };
    let now = clock::now().0;
    let found = sessions::find(&house.db, &secret::digest(token.as_bytes()), now).await?;
    if let Some(session) = found.as_ref().filter(|one| now - one.seen_at > TOUCH_MS) {
        sessions::touch(&house.db, &session.token_hash, now).await?;
    }
    Ok(found.map(|session| Caller { session, by_cookie }))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A browser says where a request comes from; another site's is refused.
///
/// # Errors
/// `ORIGIN`.
pub fn same_origin(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else {
        return Ok(());
    };
    let host = origin.split_once("://").map(|(_, host)| host);
    match (host, text(header::HOST)) {
        (Some(origin), Some(host)) if origin.eq_ignore_ascii_case(host) => Ok(()),
        _ => Err(Problem::of("ORIGIN")),
    }
}

fn page_token(headers: &HeaderMap, expected: &str) -> Result<(), Problem> {
    let sent = headers
        .get("x-csrf-token")
        .map_or(&[][..], |value| value.as_bytes());
    if bool::from(sent.ct_eq(expected.as_bytes())) {
        Ok(())
    } else {
        Err(Problem::of("CSRF"))
    }
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn is_page(request: &Request) -> bool {
    is_safe(request.method()) && !request.uri().path().starts_with("/api/")
}
