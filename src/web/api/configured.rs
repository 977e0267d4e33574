//! Writes that change what the floors work by: this node's takes them over at once, those of others at their next
//! look, and no call is dropped.

use axum::http::StatusCode;
use store::{Tx, configuration};

use crate::{clock::now, house::House, problem::Problem};

/// Ends a change.
///
/// # Errors
/// When the database refuses; then nothing has changed.
pub async fn saved(house: &House, mut tx: Tx) -> Result<(), Problem> {
    configuration::changed(&mut tx, now()).await?;
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
