//! A task's draw: decided once, and worked off a block at a time.

use serde::{Deserialize, Serialize};

use crate::{Result, Tx, doc, on};

/// Leads a block.
pub const BLOCK: usize = 1_000;

/// One drawn lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deal {
    #[serde(rename = "p")]
    pub position: i64,
    /// Place of its target in the task's plan.
    #[serde(rename = "t")]
    pub target: usize,
    #[serde(rename = "r")]
    pub rank: i64,
    #[serde(rename = "k", default, skip_serializing_if = "String::is_empty")]
    pub key: String,
}

/// Forgets what an interrupted decision left.
///
/// # Errors
/// When the database fails.
pub async fn clear(tx: &mut Tx, task: &str) -> Result<()> {
    on!(tx.conn(), c => sqlx::query("DELETE FROM task_draws WHERE task_id = $1")
        .bind(task).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Adds a block of at most [`BLOCK`] leads.
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx, task: &str, block: i64, deals: &[Deal]) -> Result<()> {
    let deals = doc::text("deals", deals)?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO task_draws (task_id, block, deals) VALUES ($1, $2, $3)"
    ).bind(task).bind(block).bind(deals).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Takes the first block out; give its leads in the same write. `None`: all are given.
///
/// # Errors
/// When the database fails.
pub async fn take(tx: &mut Tx, task: &str) -> Result<Option<Vec<Deal>>> {
    let deals: Option<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "DELETE FROM task_draws WHERE task_id = $1
             AND block = (SELECT MIN(block) FROM task_draws WHERE task_id = $1)
         RETURNING deals"
    ).bind(task).fetch_optional(c).await)?;
    deals.map(|deals| doc::parse("deals", &deals)).transpose()
}
