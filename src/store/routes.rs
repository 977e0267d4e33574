//! Routes: which queue a called number leads to.

use engine::floor::RouteSpec;
use serde::Serialize;

use crate::{Db, Result, Tx, on};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Route {
    pub id: String,
    /// Routes are tried in this order.
    pub position: i64,
    /// The called number, or `*` for every other.
    pub number: String,
    pub queue_id: String,
    pub enabled: bool,
}

/// Adds a route or changes the one with this id.
///
/// # Errors
/// `NO_SUCH_QUEUE`.
pub async fn put(tx: &mut Tx, orgi: &str, route: &Route) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO routes (id, orgi, position, number, queue_id, enabled)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO UPDATE SET position = excluded.position, number = excluded.number,
             queue_id = excluded.queue_id, enabled = excluded.enabled")
        .bind(&route.id).bind(orgi).bind(route.position).bind(&route.number)
        .bind(&route.queue_id).bind(route.enabled).execute(c).await.map(|_| ()))
    .map_err(|error| crate::Error::from(error).reference_as("NO_SUCH_QUEUE"))
}

/// # Errors
/// When the database refuses.
pub async fn list(db: &Db, orgi: &str) -> Result<Vec<Route>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT id, position, number, queue_id, enabled FROM routes
         WHERE orgi = $1 ORDER BY position, id")
        .bind(orgi).fetch_all(c).await)?)
}

/// # Errors
/// When the database refuses.
pub async fn delete(tx: &mut Tx, orgi: &str, id: &str) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query("DELETE FROM routes WHERE orgi = $1 AND id = $2")
        .bind(orgi).bind(id).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// The routes that are switched on, in order.
///
/// # Errors
/// When the database refuses.
pub async fn specs(db: &Db) -> Result<Vec<RouteSpec>> {
    let rows: Vec<(String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT number, queue_id FROM routes WHERE enabled ORDER BY position, id")
        .fetch_all(c).await)?;
    Ok(rows
        .into_iter()
        .map(|(number, queue)| RouteSpec {
            number,
            queue: queue.into(),
        })
        .collect())
}
