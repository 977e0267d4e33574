//! The OpenAPI 3.1 document, made from the handlers (RST-022).

use std::sync::Arc;

use axum::{Router, http::header, response::IntoResponse, routing::get};
use utoipa::{
    OpenApi as _,
    openapi::{
        ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder,
        path::Operation,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::{
    front::cookie,
    house::House,
    problem::{Fault, ProblemBody},
    rights::{self, Who},
};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "paceline",
        version = "1",
        description = "外呼与呼叫中心接口。Outbound dialling and call centre.\n\n\
            Sign in at `POST /api/v1/auth/login` and send the token as `Authorization: Bearer`. \
            Times are RFC 3339, durations milliseconds, ids opaque. Lists are paged with \
            `limit` and `cursor`. Unknown request fields are refused. Every POST may carry an \
            `Idempotency-Key`. Refusals are `application/problem+json` with a stable `code`.",
    ),
    components(schemas(ProblemBody, Fault)),
    security(("bearer" = []), ("cookie" = [])),
)]
struct Base;

/// The document before any route.
pub fn base() -> OpenApi {
    let mut document = Base::openapi();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(
        "bearer",
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
    );
    components.add_security_scheme(
        "cookie",
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(cookie::NAME))),
    );
    document
}

/// Serves the finished document.
pub fn router(document: OpenApi) -> Router<House> {
    let text: Arc<str> = finished(document)
        .to_json()
        .expect("a document of texts is JSON")
        .into();
    let answer = move || {
        let text = Arc::clone(&text);
        async move {
            (
                [(header::CONTENT_TYPE, "application/json")],
                text.to_string(),
            )
                .into_response()
        }
    };
    Router::new().route("/api/v1/openapi.json", get(answer))
}

/// Adds what holds for every route: how it refuses, and who may use it.
pub fn finished(mut document: OpenApi) -> OpenApi {
    for (path, item) in &mut document.paths.paths {
        let operations = [
            ("GET", &mut item.get),
            ("POST", &mut item.post),
            ("PUT", &mut item.put),
            ("PATCH", &mut item.patch),
            ("DELETE", &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                refuses(operation);
                names_roles(operation, method, path);
            }
        }
    }
    document
}

fn refuses(operation: &mut Operation) {
    for status in ["4XX", "5XX"] {
        operation
            .responses
            .responses
            .insert(status.into(), RefOr::T(problem()));
    }
}

fn problem() -> Response {
    ResponseBuilder::new()
        .description("RFC 9457 problem")
        .content(
            "application/problem+json",
            ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("ProblemBody")))
                .build(),
        )
        .build()
}

fn names_roles(operation: &mut Operation, method: &str, path: &str) {
    let row = rights::TABLE
        .iter()
        .find(|(verb, template, _)| *verb == method && *template == path);
    let note = match row.map(|(_, _, who)| *who) {
        Some(Who::Only(roles)) => {
            let names: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
            format!("Roles: {}.", names.join(", "))
        }
        Some(Who::Anyone) => {
            operation.security = Some(Vec::new());
            "Needs no session.".into()
        }
        None => return,
    };
    let text = operation.description.take().unwrap_or_default();
    operation.description = Some(if text.is_empty() {
        note
    } else {
        format!("{text}\n\n{note}")
    });
}
