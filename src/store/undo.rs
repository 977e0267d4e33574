//! Takes an import back: its leads go, what it changed becomes what it was. Only until the first
//! call, and only while nobody else has changed the same leads.

use std::collections::HashSet;

use engine::time::Millis;
use serde::Serialize;
use sqlx::FromRow;

use crate::{
    Db, Error, Result, Tx, dictionaries, doc,
    imports::Import,
    journal::{self, Was},
    leads::{self, Change, Look, take_away},
    mappings, on,
    reservations::reserved,
};

/// Leads of an import that stand in the way of its undo, by what happened to them since.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow, Serialize)]
pub struct Usage {
    /// Dialled, or in a hopper.
    pub dialled: i64,
    pub previewed: i64,
    /// With a disposition, an appointment, a business status or a sale, or voided.
    pub dispositioned: i64,
    /// Changed by another import that ended later.
    pub imported_over: i64,
    /// Changed by hand.
    pub edited: i64,
}

impl Usage {
    #[must_use]
    pub fn is_free(&self) -> bool {
        *self == Self::default()
    }

    /// What stands in the way, for people.
    #[must_use]
    pub fn text(&self) -> String {
        let all = [
            (self.dialled, "dialled"),
            (self.previewed, "previewed"),
            (
                self.dispositioned,
                "with a disposition, an appointment, a business status or a sale",
            ),
            (self.imported_over, "changed by a later import"),
            (self.edited, "changed by hand"),
        ];
        let told: Vec<String> = all
            .iter()
            .filter(|(leads, _)| *leads > 0)
            .map(|(leads, what)| format!("{leads} {what}"))
            .collect();
        format!("leads of this import are in use: {}", told.join(", "))
    }

    fn plus(self, other: Self) -> Self {
        Self {
            dialled: self.dialled + other.dialled,
            previewed: self.previewed + other.previewed,
            dispositioned: self.dispositioned + other.dispositioned,
            imported_over: self.imported_over + other.imported_over,
            edited: self.edited + other.edited,
        }
    }
}

/// What a chunk of an undo did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Chunk {
    pub removed: i64,
    pub restored: i64,
    /// Leads that came into use or were changed meanwhile and stay as they are.
    pub kept: i64,
    /// Nothing was left to do.
    pub is_last: bool,
}

const DIALLED: &str = concat!(
    "l.dial_count > 0 OR l.call_status <> 'notcall' OR ",
    reserved!("l.id")
);
const DECIDED: &str = "l.disposition IS NOT NULL OR l.appointed OR l.voided
    OR l.business_status IS NOT NULL OR EXISTS (SELECT 1 FROM sales s WHERE s.lead_id = l.id)";
const TAKEN_OVER: &str = "EXISTS (SELECT 1 FROM import_journal j
    WHERE j.position = l.position AND j.import_id <> $1)";
/// Whether a lead that the import `$1` changed, of the ordinal `$3` and created at `$4`, was changed by
/// another one since.
const CHANGED_AGAIN: &str =
    "EXISTS (SELECT 1 FROM import_journal k JOIN imports o ON o.id = k.import_id
    WHERE k.position = j.position AND k.import_id <> $1 AND (o.ordinal > $3
        OR o.finished_at IS NULL OR o.finished_at >= $4))";

/// Counts the leads that stand in the way of an undo.
///
/// # Errors
/// When the database fails.
pub async fn usage(db: &Db, import: &Import) -> Result<Usage> {
    let inserted = format!(
        "SELECT COUNT(CASE WHEN {DIALLED} THEN 1 END) AS dialled,
             COUNT(CASE WHEN l.preview_count > 0 THEN 1 END) AS previewed,
             COUNT(CASE WHEN {DECIDED} THEN 1 END) AS dispositioned,
             COUNT(CASE WHEN {TAKEN_OVER} THEN 1 END) AS imported_over,
             COUNT(l.edited_at) AS edited
         FROM leads l WHERE l.batch_id = $2 AND l.position BETWEEN $3 AND $4"
    );
    let positions = import.positions();
    let inserted: Usage = on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(inserted))
        .bind(&import.id).bind(&import.batch_id).bind(*positions.start()).bind(*positions.end())
        .fetch_one(c).await)?;
    let number = |name: &str| match db {
        Db::Lite { .. } => format!("(j.was ->> '{name}')"),
        Db::Pg(_) => format!("(j.was::json ->> '{name}')::bigint"),
    };
    let changed = format!(
        "SELECT COUNT(CASE WHEN l.dial_count > {dials} OR l.call_status = 'calling'
                 OR {reserved} THEN 1 END) AS dialled,
             COUNT(CASE WHEN l.preview_count > {previews} THEN 1 END) AS previewed,
             CAST(0 AS BIGINT) AS dispositioned,
             COUNT(CASE WHEN {CHANGED_AGAIN} THEN 1 END) AS imported_over,
             COUNT(CASE WHEN l.edited_at IS DISTINCT FROM {edited} THEN 1 END) AS edited
         FROM import_journal j JOIN leads l ON l.batch_id = $2 AND l.position = j.position
         WHERE j.import_id = $1",
        reserved = reserved!("l.id"),
        dials = number("dial_count"),
        previews = number("preview_count"),
        edited = number("edited_at"),
    );
    let changed: Usage = on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(changed))
        .bind(&import.id).bind(&import.batch_id).bind(import.ordinal).bind(import.created_at)
        .fetch_one(c).await)?;
    Ok(inserted.plus(changed))
}

/// Says that an import is being undone. Enqueue `work::Work::UndoImport` in the same write.
///
/// # Errors
/// `IMPORT_RUNNING` while rows still come in, `IMPORT_UNDONE` when that was asked for before.
pub async fn begin(tx: &mut Tx, id: &str, by: &str) -> Result<()> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE imports SET state = 'undoing', undone_by = $2
         WHERE id = $1 AND (state IN ('succeeded', 'failed') OR (state = 'undoing' AND NOT EXISTS
             (SELECT 1 FROM job_runs j WHERE j.subject = $1 AND j.kind = 'undo_import'
                 AND j.state IN ('queued', 'running', 'paused'))))"
    ).bind(id).bind(by).execute(c).await.map(|done| done.rows_affected()))?;
    if rows == 1 {
        return Ok(());
    }
    let state: Option<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT state FROM imports WHERE id = $1"
    ).bind(id).fetch_optional(c).await)?;
    Err(Error::conflict(match state.as_deref() {
        Some("undoing" | "undone") => "IMPORT_UNDONE",
        _ => "IMPORT_RUNNING",
    }))
}

/// The undo was given up. What it has not touched yet is as before; what it has done stays, and the
/// import waits for another undo.
///
/// # Errors
/// When the database fails.
pub async fn give_up(tx: &mut Tx, id: &str) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE imports SET state = CASE WHEN error_code IS NULL THEN 'succeeded' ELSE 'failed' END,
             undone_by = NULL
         WHERE id = $1 AND state = 'undoing' AND removed + restored = 0"
    ).bind(id).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Takes the next leads that the import made away, at most `limit`, those behind the position
/// `after`, out of their tasks too. Returns the position it got to.
///
/// # Errors
/// When the database fails.
pub async fn remove_some(
    tx: &mut Tx,
    import: &Import,
    after: i64,
    limit: i64,
    now: Millis,
) -> Result<(Chunk, i64)> {
    let is_used = format!(
        "{DIALLED} OR l.preview_count > 0 OR {DECIDED} OR l.edited_at IS NOT NULL OR {TAKEN_OVER}"
    );
    let look = Look::of(import, &is_used).behind(after);
    let away = take_away(tx, look, limit, now).await?;
    let done = Chunk {
        removed: away.removed,
        kept: away.kept,
        is_last: away.last.is_none(),
        ..Chunk::default()
    };
    Ok((done, away.last.unwrap_or(after)))
}

/// Gives the next changed leads their earlier values back, at most `limit`, and drops their notes.
/// A number that was put on the blacklist meanwhile stays flagged.
///
/// # Errors
/// When the database fails.
pub async fn restore_some(tx: &mut Tx, import: &Import, limit: i64) -> Result<Chunk> {
    let notes = journal::next(tx, &import.id, limit).await?;
    let Some(last) = notes.last().map(|(position, _)| *position) else {
        return Ok(Chunk {
            is_last: true,
            ..Chunk::default()
        });
    };
    let positions = notes.iter().map(|(position, _)| *position).collect();
    let mut now_there = leads::hold_at(tx, &import.batch_id, positions).await?;
    let phones = notes.iter().map(|(_, was)| was.phone.clone()).collect();
    let listed = leads::dnc_among(tx, &import.orgi, phones).await?;
    let changed_again = changed_again(tx, import, last).await?;
    let mut done = Chunk::default();
    let mut changes = Vec::new();
    let mut keys = Vec::new();
    for (position, was) in notes {
        let Some(lead) = now_there.remove(&position) else {
            continue;
        };
        let same = (lead.dial_count, lead.preview_count, lead.edited_at)
            == (was.dial_count, was.preview_count, was.edited_at);
        if !same || lead.busy || changed_again.contains(&position) {
            done.kept += 1;
            continue;
        }
        done.restored += 1;
        let dnc = was.dnc || listed.contains(&was.phone);
        let key = was.key_value.clone().filter(|key| *key != lead.key_value);
        keys.extend(key.map(|key| (lead.id.clone(), key)));
        changes.push(earlier(lead.id, was, dnc));
    }
    leads::change(tx, &changes).await?;
    leads::set_keys(tx, keys).await?;
    journal::drop_through(tx, &import.id, last).await?;
    Ok(done)
}

/// Positions of noted leads up to `last` that somebody else has changed since: a push, or an import of
/// another worker, that came when the undo had begun.
async fn changed_again(tx: &mut Tx, import: &Import, last: i64) -> Result<HashSet<i64>> {
    let sql = format!(
        "SELECT j.position FROM import_journal j
         WHERE j.import_id = $1 AND j.position <= $2 AND {CHANGED_AGAIN}"
    );
    let found: Vec<i64> = on!(tx.conn(), c => sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(&import.id).bind(last).bind(import.ordinal).bind(import.created_at)
        .fetch_all(c).await)?;
    Ok(found.into_iter().collect())
}

fn earlier(id: String, was: Was, dnc: bool) -> Change {
    Change {
        id,
        phone: was.phone,
        phone_raw: was.phone_raw,
        phones: was.phones,
        data: was.data,
        dnc,
        updated_at: was.updated_at,
    }
}

/// Drops what is remembered of the import's rows that became no lead, at most `limit` of each kind.
/// `false`: nothing was left.
///
/// # Errors
/// When the database fails.
pub async fn forget_some(tx: &mut Tx, id: &str, limit: i64) -> Result<bool> {
    let mut dropped = 0;
    for sql in [
        "DELETE FROM rejects WHERE import_id = $1 AND row_no IN
             (SELECT row_no FROM rejects WHERE import_id = $1 ORDER BY row_no LIMIT $2)",
        "DELETE FROM duplicates WHERE import_id = $1 AND row_no IN
             (SELECT row_no FROM duplicates WHERE import_id = $1 ORDER BY row_no LIMIT $2)",
    ] {
        dropped += on!(tx.conn(), c => sqlx::query(sql).bind(id).bind(limit).execute(c).await
            .map(|done| done.rows_affected()))?;
    }
    Ok(dropped > 0)
}

/// Records a chunk in the write that did it: the cursor moves from `from` to `to`. `false`: another
/// worker has done it.
///
/// # Errors
/// When the database fails.
pub async fn advance(tx: &mut Tx, id: &str, from: i64, to: i64, done: Chunk) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE imports SET undo_cursor = $3, removed = removed + $4, restored = restored + $5
         WHERE id = $1 AND state = 'undoing' AND undo_cursor = $2"
    ).bind(id).bind(from).bind(to).bind(done.removed).bind(done.restored).execute(c).await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// The import is undone: its record stays, its counts are those of no rows.
///
/// # Errors
/// When the database fails.
pub async fn finish(tx: &mut Tx, import: &Import, warnings: &[String], now: Millis) -> Result<()> {
    let warnings = doc::text("warnings", warnings)?;
    on!(tx.conn(), c => sqlx::query(
        "UPDATE imports SET state = 'undone', good = 0, invalid = 0, duplicate = 0, updated = 0,
             blank = 0, blacklisted = 0, warnings = $2, undone_at = $3
         WHERE id = $1 AND state = 'undoing'"
    ).bind(&import.id).bind(warnings).bind(now.0).execute(c).await.map(|_| ()))?;
    mappings::take_back(tx, &import.batch_id, &import.id).await?;
    dictionaries::take_back(tx, &import.id, now).await?;
    crate::batches::touch(tx, &import.batch_id, now).await
}

#[cfg(test)]
mod tests;
