//! Answers that several resources give.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

/// Work that goes on in the background; look at `GET /jobs/{job_id}` or the topic `job:{job_id}`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Accepted {
    pub job_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export_id: Option<String>,
}

impl Accepted {
    #[must_use]
    pub fn job(job_id: String) -> Self {
        Self {
            job_id,
            task_id: None,
            import_id: None,
            preview_id: None,
            export_id: None,
        }
    }
}

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        let place = [(header::LOCATION, format!("/api/v1/jobs/{}", self.job_id))];
        (StatusCode::ACCEPTED, place, Json(self)).into_response()
    }
}

/// 201 with the new thing and its place.
pub fn created<T: Serialize>(place: String, body: T) -> Response {
    (StatusCode::CREATED, [(header::LOCATION, place)], Json(body)).into_response()
}
