//! Deletes leads at the next positions of a batch, out of their tasks too.

use engine::time::Millis;
use sqlx::FromRow;

use crate::{Result, Tx, doc, imports::Import, on, segments, tasks};

/// Which leads are looked at, and which of them stay.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look<'a> {
    pub batch: &'a str,
    pub first: i64,
    pub last: i64,
    /// What keeps a lead `l`, in SQL; `$1` is [`Look::import`].
    pub is_used: &'a str,
    pub import: &'a str,
}

impl<'a> Look<'a> {
    /// At all leads that an import made.
    pub fn of(import: &'a Import, is_used: &'a str) -> Self {
        let positions = import.positions();
        Self {
            batch: &import.batch_id,
            first: *positions.start(),
            last: *positions.end(),
            is_used,
            import: &import.id,
        }
    }

    /// At those behind a position.
    pub fn behind(self, position: i64) -> Self {
        Self {
            first: self.first.max(position.saturating_add(1)),
            ..self
        }
    }
}

/// What a write did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Away {
    pub removed: i64,
    pub kept: i64,
    /// Position of the last lead that was looked at; `None`: there was none.
    pub last: Option<i64>,
}

#[derive(FromRow)]
struct Found {
    id: String,
    position: i64,
    #[sqlx(flatten)]
    place: tasks::Place,
    is_used: bool,
}

/// Looks at the next leads, at most `limit`, and deletes those that are not in use.
///
/// # Errors
/// When the database fails.
pub(crate) async fn take_away(
    tx: &mut Tx,
    look: Look<'_>,
    limit: i64,
    now: Millis,
) -> Result<Away> {
    if let Tx::Pg(c) = tx {
        // Whether one is reserved is asked when nobody can reserve it any more.
        sqlx::query(
            "SELECT 1 FROM leads WHERE batch_id = $1 AND position >= $2 AND position <= $3
             ORDER BY position LIMIT $4 FOR UPDATE",
        )
        .bind(look.batch)
        .bind(look.first)
        .bind(look.last)
        .bind(limit)
        .execute(&mut **c)
        .await?;
    }
    let sql = format!(
        "SELECT l.id, l.position, l.alloc_status, l.task_id, l.campaign_id, ({}) AS is_used
         FROM leads l WHERE CAST($1 AS TEXT) IS NOT NULL AND l.batch_id = $2 AND l.position >= $3 AND l.position <= $4
         ORDER BY l.position LIMIT $5",
        look.is_used
    );
    let found: Vec<Found> = on!(tx.conn(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(look.import).bind(look.batch).bind(look.first).bind(look.last).bind(limit)
        .fetch_all(c).await)?;
    let Some(last) = found.last().map(|lead| lead.position) else {
        return Ok(Away::default());
    };
    let (used, free): (Vec<_>, Vec<_>) = found.into_iter().partition(|lead| lead.is_used);
    tasks::leave(tx, free.iter().map(|lead| &lead.place), now).await?;
    let gone: Vec<i64> = free.iter().map(|lead| lead.position).collect();
    segments::dirty(tx, look.batch, &gone).await?;
    Ok(Away {
        removed: delete(tx, free.into_iter().map(|lead| lead.id).collect()).await?,
        kept: i64::try_from(used.len()).unwrap_or(i64::MAX),
        last: Some(last),
    })
}

async fn delete(tx: &mut Tx, ids: Vec<String>) -> Result<i64> {
    let rows = match tx {
        Tx::Lite(c) => {
            sqlx::query("DELETE FROM leads WHERE id IN (SELECT value FROM json_each($1))")
                .bind(doc::text("ids", &ids)?)
                .execute(&mut **c)
                .await?
                .rows_affected()
        }
        Tx::Pg(c) => sqlx::query("DELETE FROM leads WHERE id = ANY($1)")
            .bind(ids)
            .execute(&mut **c)
            .await?
            .rows_affected(),
    };
    Ok(i64::try_from(rows).unwrap_or(i64::MAX))
}
