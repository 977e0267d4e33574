//! The console's pages.

use axum::{
    Router,
    http::HeaderMap,
    response::{IntoResponse, Response},
};

use crate::{house::House, problem::ProblemBody};

pub fn router() -> Router<House> {
    Router::new()
}

/// A refusal as a page.
pub fn refusal(problem: &ProblemBody, _asked: &HeaderMap) -> Response {
    problem.title.clone().into_response()
}
