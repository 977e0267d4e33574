//! What a draw may choose from.

use engine::draw::{Rank, TargetType};

use crate::{Conn, Db, Either, Result, doc, filter_runs::FREE, on};

/// A lead that may be drawn, with what the draw looks at.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Candidate {
    pub position: i64,
    pub priority: i64,
    /// Of the field that orders the list.
    pub ordered_by: Option<String>,
    /// Of the field that names its agent.
    pub owner: Option<String>,
}

/// Codes of the fields a draw looks at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked<'a> {
    pub ordered_by: Option<&'a str>,
    pub owner: Option<&'a str>,
}

impl Candidate {
    /// Its place in the campaign's list.
    #[must_use]
    pub fn rank(&self, order: &engine::draw::ListOrder) -> Rank {
        order.rank(self.position, self.priority, self.ordered_by.as_deref())
    }
}

/// The leads at these positions that may be drawn now (OUT-110), in order of creation.
///
/// # Errors
/// When the database fails.
pub async fn candidates(
    conn: &mut impl Conn,
    positions: &[i64],
    asked: Asked<'_>,
) -> Result<Vec<Candidate>> {
    Ok(match conn.conn() {
        Either::Lite(c) => {
            let path = |code: &str| format!("$.\"{code}\"");
            sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "SELECT position, priority,
                     CASE WHEN $2 IS NOT NULL THEN json_extract(data, $2) END AS ordered_by,
                     CASE WHEN $3 IS NOT NULL THEN json_extract(data, $3) END AS owner
                 FROM leads WHERE position IN (SELECT value FROM json_each($1)) AND {FREE}
                 ORDER BY position"
            )))
            .bind(doc::text("positions", positions)?)
            .bind(asked.ordered_by.map(path))
            .bind(asked.owner.map(path))
            .fetch_all(c)
            .await?
        }
        Either::Pg(c) => {
            sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "SELECT position, priority,
                     CASE WHEN $2::text IS NOT NULL THEN data::jsonb ->> $2 END AS ordered_by,
                     CASE WHEN $3::text IS NOT NULL THEN data::jsonb ->> $3 END AS owner
                 FROM leads WHERE position = ANY($1) AND {FREE} ORDER BY position"
            )))
            .bind(positions)
            .bind(asked.ordered_by)
            .bind(asked.owner)
            .fetch_all(c)
            .await?
        }
    })
}

/// Positions of leads that may be drawn, those behind `after` up to `until`.
///
/// # Errors
/// When the database fails.
pub async fn free_between(
    conn: &mut impl Conn,
    after: i64,
    until: i64,
    limit: usize,
) -> Result<Vec<i64>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(
        on!(conn.conn(), c => sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "SELECT position FROM leads WHERE position > $1 AND position <= $2 AND {FREE}
         ORDER BY position LIMIT $3"
    ))).bind(after).bind(until).bind(limit).fetch_all(c).await)?,
    )
}

/// How many undialled leads a target holds now, of whatever task.
///
/// # Errors
/// When the database fails.
pub async fn held(db: &Db, orgi: &str, kind: TargetType, id: &str) -> Result<u64> {
    let count: i64 = on!(db.read(), c => sqlx::query_scalar(
        "SELECT COUNT(*) FROM leads WHERE alloc_type = $1 AND alloc_target = $2 AND orgi = $3
             AND call_status = 'notcall' AND voided = FALSE AND next_dial_at IS NOT NULL"
    ).bind(kind.as_str()).bind(id).bind(orgi).fetch_one(c).await)?;
    Ok(u64::try_from(count).unwrap_or_default())
}
