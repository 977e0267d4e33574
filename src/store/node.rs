//! One live process a node name: two would close each other's calls.

use std::time::Duration;

use sqlx::PgConnection;

use crate::{Db, Error, Result};

/// A process that was killed a moment ago may still hold its name.
const TRIES: u32 = 40;
const BETWEEN: Duration = Duration::from_millis(250);

/// Holds a node's name until it is dropped or the process ends.
#[derive(Debug)]
pub struct Name {
    /// PostgreSQL lets go of the lock with this connection. SQLite needs none: its data directory
    /// belongs to one process.
    _connection: Option<PgConnection>,
}

/// Takes a node's name.
///
/// # Errors
/// `NODE_IN_USE` when another process keeps it for ten seconds; or when the database fails.
pub async fn take(db: &Db, node: &str) -> Result<Name> {
    let Db::Pg(pool) = db else {
        return Ok(Name { _connection: None });
    };
    let mut connection = pool.acquire().await?.detach();
    for _ in 0..TRIES {
        let taken: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtext($1))")
            .bind(format!("paceline node {node}"))
            .fetch_one(&mut connection)
            .await?;
        if taken {
            return Ok(Name {
                _connection: Some(connection),
            });
        }
        tokio::time::sleep(BETWEEN).await;
    }
    Err(Error::conflict("NODE_IN_USE"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::postgres;

    #[tokio::test]
    async fn a_name_is_held_by_one_and_free_when_that_one_is_gone() {
        let home = postgres().await;
        let held = take(&home.db, "live-1").await.unwrap();
        take(&home.db, "live-2").await.unwrap();
        let waiting = tokio::spawn({
            let db = home.db.clone();
            async move { take(&db, "live-1").await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(held);
        waiting.await.unwrap().unwrap();
    }
}
