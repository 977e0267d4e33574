//! Writes that change what the floor works by: it takes them over at once, and no call is dropped.

use axum::http::StatusCode;
use store::Tx;

use crate::{house::House, problem::Problem};

/// Ends a change.
///
/// # Errors
/// When the database refuses; then nothing has changed.
pub async fn saved(house: &House, tx: Tx) -> Result<(), Problem> {
    tx.commit().await?;
    house.live.reload().await;
    Ok(())
}

/// Ends a deletion.
///
/// # Errors
/// `NOT_FOUND` when there was nothing to delete; when the database refuses.
pub async fn deleted(house: &House, tx: Tx, was_there: bool) -> Result<StatusCode, Problem> {
    if !was_there {
        return Err(Problem::not_found());
    }
    saved(house, tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
