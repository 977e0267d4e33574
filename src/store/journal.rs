//! What leads were before an import changed them: written with the change, read by its undo.

use std::{
    collections::{BTreeMap, HashSet},
    ops::RangeInclusive,
};

use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;

use crate::{Result, Tx, doc, leads::Earlier, on};

/// A lead's values before a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Was {
    pub phone: String,
    pub phone_raw: String,
    /// `None` in notes of a time when no change could touch it.
    #[serde(default)]
    pub key_value: Option<String>,
    pub phones: Vec<String>,
    pub data: BTreeMap<String, String>,
    pub dnc: bool,
    pub dial_count: i64,
    pub preview_count: i64,
    pub edited_at: Option<i64>,
    pub updated_at: i64,
}

impl From<&Earlier> for Was {
    fn from(lead: &Earlier) -> Self {
        Self {
            phone: lead.phone.clone(),
            phone_raw: lead.phone_raw.clone(),
            key_value: Some(lead.key_value.clone()),
            phones: lead.phones.0.clone(),
            data: lead.data.0.clone(),
            dnc: lead.dnc,
            dial_count: lead.dial_count,
            preview_count: lead.preview_count,
            edited_at: lead.edited_at,
            updated_at: lead.updated_at,
        }
    }
}

/// Notes at most 5,000 leads of the import's batch; of a lead that the import changed before, the
/// first note stays. A lead that the import made, at its `own` positions, goes when it is undone: it is
/// noted only when another import has changed it, whose undo is to see that it was changed again.
///
/// # Errors
/// When the database fails.
pub async fn note(
    tx: &mut Tx,
    import: &str,
    own: &RangeInclusive<i64>,
    leads: &[&Earlier],
) -> Result<()> {
    let mine = leads.iter().map(|lead| lead.position);
    let mine = mine.filter(|position| own.contains(position)).collect();
    let taken_over = noted_by_others(tx, import, mine).await?;
    let mut rows = Vec::with_capacity(leads.len());
    for lead in leads {
        if !own.contains(&lead.position) || taken_over.contains(&lead.position) {
            rows.push((lead.position, doc::text("journal", &Was::from(*lead))?));
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    on!(tx.conn(), c => {
        let mut query = QueryBuilder::new("INSERT INTO import_journal (import_id, position, was) ");
        query.push_values(rows, |mut row, (position, was)| {
            row.push_bind(import.to_owned()).push_bind(position).push_bind(was);
        });
        query.push(" ON CONFLICT DO NOTHING");
        query.build().execute(c).await.map(|_| ())
    })?;
    Ok(())
}

async fn noted_by_others(tx: &mut Tx, import: &str, positions: Vec<i64>) -> Result<HashSet<i64>> {
    if positions.is_empty() {
        return Ok(HashSet::new());
    }
    let found: Vec<i64> = match tx {
        Tx::Lite(c) => {
            sqlx::query_scalar(
                "SELECT position FROM import_journal
                 WHERE import_id <> $1 AND position IN (SELECT value FROM json_each($2))",
            )
            .bind(import)
            .bind(doc::text("positions", &positions)?)
            .fetch_all(&mut **c)
            .await?
        }
        Tx::Pg(c) => {
            sqlx::query_scalar(
                "SELECT position FROM import_journal
                 WHERE import_id <> $1 AND position = ANY($2)",
            )
            .bind(import)
            .bind(positions)
            .fetch_all(&mut **c)
            .await?
        }
    };
    Ok(found.into_iter().collect())
}

/// The next notes of an import, by the leads' positions.
///
/// # Errors
/// When the database fails or a note cannot be read.
pub async fn next(tx: &mut Tx, import: &str, limit: i64) -> Result<Vec<(i64, Was)>> {
    let rows: Vec<(i64, String)> = on!(tx.conn(), c => sqlx::query_as(
        "SELECT position, was FROM import_journal WHERE import_id = $1 ORDER BY position LIMIT $2"
    ).bind(import).bind(limit).fetch_all(c).await)?;
    rows.into_iter()
        .map(|(position, was)| Ok((position, doc::parse("journal", &was)?)))
        .collect()
}

/// Drops the notes up to a position.
///
/// # Errors
/// When the database fails.
pub async fn drop_through(tx: &mut Tx, import: &str, position: i64) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "DELETE FROM import_journal WHERE import_id = $1 AND position <= $2"
    ).bind(import).bind(position).execute(c).await.map(|_| ()))?;
    Ok(())
}
