//! What a run selected: positions, kept as one compressed bitmap for every 65,536 of them.
//!
//! A position is a lead's place in the order of creation, unique in the whole house. An import has
//! 2^24 of them to itself, so a block lies in one batch.

use roaring::RoaringBitmap;

use crate::{Db, Error, Result, Tx, db::Conn, doc, leads::Lead};

/// Which stretch of 65,536 positions a position lies in.
#[must_use]
pub fn block_of(position: i64) -> i64 {
    position >> BITS
}

const BITS: u32 = 16;
/// Positions a question to the database at most.
const WINDOW: usize = 1 << BITS;
/// Fewer hits than this in a block are asked for one by one.
const FEW: u64 = 2_000;

/// A lead that a draw may take (OUT-110). The index `leads_free` says the same.
pub(crate) const FREE: &str =
    "alloc_status IN ('unallocated', 'recycled') AND NOT voided AND NOT dnc";

/// The hits of one block.
#[derive(Debug, Clone)]
struct Block {
    batch: String,
    block: i64,
    low: RoaringBitmap,
}

impl Block {
    fn first(&self) -> i64 {
        self.block << BITS
    }

    fn position(&self, low: u32) -> i64 {
        self.first() + i64::from(low)
    }

    fn low(&self, position: i64) -> Option<u32> {
        u32::try_from(position - self.first()).ok()
    }
}

/// Stores hits of one batch, ascending. A block that was stored before is replaced, so the positions
/// of one block come in one call.
///
/// # Errors
/// When the database fails.
pub async fn add_hits(tx: &mut Tx, run: &str, batch: &str, positions: &[i64]) -> Result<()> {
    for block in positions.chunk_by(|one, next| block_of(*one) == block_of(*next)) {
        let number = block_of(block[0]);
        let low = block.iter().map(|position| low_bits(*position));
        let low: RoaringBitmap = low.collect();
        let count = i64::try_from(low.len()).unwrap_or(i64::MAX);
        let bytes = bytes_of(low)?;
        crate::on!(tx.conn(), c => sqlx::query(
            "INSERT INTO filter_hits (run_id, batch_id, block, count, positions)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (run_id, block) DO UPDATE
                 SET count = excluded.count, positions = excluded.positions"
        ).bind(run).bind(batch).bind(number).bind(count).bind(bytes).execute(c).await.map(|_| ()))?;
    }
    Ok(())
}

/// As a block is stored.
pub(super) fn bytes_of(mut low: RoaringBitmap) -> Result<Vec<u8>> {
    low.optimize();
    let mut bytes = Vec::with_capacity(low.serialized_size());
    low.serialize_into(&mut bytes).map_err(Error::Hits)?;
    Ok(bytes)
}

pub(super) fn low_bits(position: i64) -> u32 {
    u32::try_from(position & ((1 << BITS) - 1)).unwrap_or_default()
}

/// How many leads a run selected.
///
/// # Errors
/// When the database fails.
pub async fn count(conn: &mut impl Conn, run: &str) -> Result<i64> {
    Ok(crate::on!(conn.conn(), c => sqlx::query_scalar(
        "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM filter_hits WHERE run_id = $1"
    ).bind(run).fetch_one(c).await)?)
}

/// The next positions that a run selected, ascending, those after `after` (-1: from the start).
/// A lead may have been deleted since.
///
/// # Errors
/// When the database fails.
pub async fn hits_after(
    conn: &mut impl Conn,
    run: &str,
    after: i64,
    limit: usize,
) -> Result<Vec<i64>> {
    let parts = parts_after(conn, run, after, limit).await?;
    Ok(parts.into_iter().flat_map(|part| part.positions).collect())
}

/// Hits of one batch.
struct Part {
    batch: String,
    positions: Vec<i64>,
}

async fn parts_after(
    conn: &mut impl Conn,
    run: &str,
    after: i64,
    limit: usize,
) -> Result<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::new();
    let mut left = limit;
    let start = after.saturating_add(1);
    let mut from = block_of(start);
    while left > 0 {
        let Some(block) = next_block(conn, run, from).await? else {
            break;
        };
        from = block.block + 1;
        let first = block.low(start).unwrap_or_default();
        let wanted = block.low.range(first..).take(left);
        let positions: Vec<i64> = wanted.map(|low| block.position(low)).collect();
        left -= positions.len();
        match parts.last_mut() {
            Some(part) if part.batch == block.batch => part.positions.extend(positions),
            _ => parts.push(Part {
                batch: block.batch,
                positions,
            }),
        }
    }
    Ok(parts)
}

async fn next_block(conn: &mut impl Conn, run: &str, from: i64) -> Result<Option<Block>> {
    let row: Option<(String, i64, Vec<u8>)> = crate::on!(conn.conn(), c => sqlx::query_as(
        "SELECT batch_id, block, positions FROM filter_hits WHERE run_id = $1 AND block >= $2
         ORDER BY block LIMIT 1"
    ).bind(run).bind(from).fetch_optional(c).await)?;
    row.map(|(batch, block, bytes)| {
        let low = RoaringBitmap::deserialize_from(bytes.as_slice()).map_err(Error::Hits)?;
        Ok(Block { batch, block, low })
    })
    .transpose()
}

/// The leads that a run selected, in order of creation, those after the position `after`, as they
/// are now.
///
/// # Errors
/// When the database fails.
pub async fn page(db: &Db, run: &str, after: i64, limit: usize) -> Result<Vec<Lead>> {
    let mut conn = db.reading().await?;
    let mut found: Vec<Lead> = Vec::new();
    let mut after = after;
    while found.len() < limit {
        let parts = parts_after(&mut conn, run, after, limit - found.len()).await?;
        let Some(last) = last_of(&parts) else { break };
        after = last;
        for part in &parts {
            found.extend(at(&mut conn, part).await?);
        }
    }
    Ok(found)
}

fn last_of(parts: &[Part]) -> Option<i64> {
    parts.last()?.positions.last().copied()
}

async fn at(conn: &mut impl Conn, part: &Part) -> Result<Vec<Lead>> {
    Ok(match conn.conn() {
        crate::Either::Lite(c) => {
            sqlx::query_as(
                "SELECT * FROM leads
             WHERE batch_id = $1 AND position IN (SELECT value FROM json_each($2))
             ORDER BY position",
            )
            .bind(&part.batch)
            .bind(doc::text("positions", &part.positions)?)
            .fetch_all(c)
            .await?
        }
        crate::Either::Pg(c) => {
            sqlx::query_as(
                "SELECT * FROM leads WHERE batch_id = $1 AND position = ANY($2) ORDER BY position",
            )
            .bind(&part.batch)
            .bind(&part.positions)
            .fetch_all(c)
            .await?
        }
    })
}

/// The next hits of a run after the position `after` that a draw may take: position and lead, at
/// most `limit`, ascending.
///
/// # Errors
/// When the database fails.
pub async fn free_after(
    conn: &mut impl Conn,
    run: &str,
    after: i64,
    limit: usize,
) -> Result<Vec<(i64, String)>> {
    let mut found = Vec::new();
    let mut after = after;
    let mut window = limit.saturating_mul(2).clamp(256, WINDOW);
    while found.len() < limit {
        let parts = parts_after(conn, run, after, window).await?;
        let Some(last) = last_of(&parts) else { break };
        after = last;
        for part in &parts {
            found.extend(free_at(conn, part, limit - found.len()).await?);
        }
        window = (window * 2).min(WINDOW);
    }
    Ok(found)
}

async fn free_at(conn: &mut impl Conn, part: &Part, limit: usize) -> Result<Vec<(i64, String)>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(match conn.conn() {
        crate::Either::Lite(c) => {
            sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "SELECT position, id FROM leads
                 WHERE batch_id = $1 AND position IN (SELECT value FROM json_each($2)) AND {FREE}
                 ORDER BY position LIMIT $3"
            )))
            .bind(&part.batch)
            .bind(doc::text("positions", &part.positions)?)
            .bind(limit)
            .fetch_all(c)
            .await?
        }
        crate::Either::Pg(c) => {
            sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "SELECT position, id FROM leads
                 WHERE batch_id = $1 AND position = ANY($2) AND {FREE}
                 ORDER BY position LIMIT $3"
            )))
            .bind(&part.batch)
            .bind(&part.positions)
            .bind(limit)
            .fetch_all(c)
            .await?
        }
    })
}

/// 剩余: how many of a run's leads a draw may take now (OUT-110).
///
/// # Errors
/// When the database fails.
pub async fn remaining(conn: &mut impl Conn, run: &str) -> Result<i64> {
    let mut from = 0;
    let mut remaining = 0;
    while let Some(block) = next_block(conn, run, from).await? {
        from = block.block + 1;
        remaining += if block.low.len() <= FEW {
            let part = Part {
                batch: block.batch.clone(),
                positions: block.low.iter().map(|low| block.position(low)).collect(),
            };
            free_at(conn, &part, usize::MAX).await?.len() as u64
        } else {
            free_in(conn, &block).await?.intersection_len(&block.low)
        };
    }
    Ok(i64::try_from(remaining).unwrap_or(i64::MAX))
}

/// What of a whole block may be drawn; read from the index alone, as one value and not as rows.
async fn free_in(conn: &mut impl Conn, block: &Block) -> Result<RoaringBitmap> {
    let (first, end) = (block.first(), block.position(1 << BITS));
    let low: Vec<u32> = match conn.conn() {
        crate::Either::Lite(c) => {
            let list: String = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
                "SELECT json_group_array(position - $1) FROM leads
                 WHERE position >= $1 AND position < $2 AND {FREE}"
            )))
            .bind(first)
            .bind(end)
            .fetch_one(c)
            .await?;
            doc::parse("positions", &list)?
        }
        crate::Either::Pg(c) => {
            let list: Option<Vec<i64>> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
                "SELECT array_agg(position - $1) FROM leads
                 WHERE position >= $1 AND position < $2 AND {FREE}"
            )))
            .bind(first)
            .bind(end)
            .fetch_one(c)
            .await?;
            list.unwrap_or_default().into_iter().map(low_bits).collect()
        }
    };
    Ok(low.into_iter().collect())
}

#[cfg(test)]
mod tests;
