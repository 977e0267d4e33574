//! `/api/v1`, one file a resource.

mod audit;
mod auth;
mod check;
mod departments;
pub mod openapi;
mod users;

use utoipa_axum::router::OpenApiRouter;

use crate::house::House;

/// Every documented route.
pub fn router() -> OpenApiRouter<House> {
    OpenApiRouter::with_openapi(openapi::base())
        .merge(auth::routes())
        .merge(users::routes())
        .merge(departments::routes())
        .merge(audit::routes())
}
