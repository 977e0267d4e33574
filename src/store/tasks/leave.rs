//! Leads that are deleted leave their tasks.

use std::collections::BTreeMap;

use engine::time::Millis;
use sqlx::FromRow;

use crate::{Result, Tx, campaigns, on};

/// Where a lead was given to.
#[derive(Debug, FromRow)]
pub(crate) struct Place {
    alloc_status: String,
    task_id: Option<String>,
    campaign_id: Option<String>,
}

/// A task's counts add up as before (OUT-129): what was given to a target or is unallocated is one
/// less of what was filtered.
///
/// # Errors
/// When the database fails.
pub(crate) async fn leave(
    tx: &mut Tx,
    leads: impl Iterator<Item = &Place> + Clone,
    now: Millis,
) -> Result<()> {
    let mut left: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for lead in leads.clone() {
        if let Some(task) = &lead.task_id {
            *left.entry((task, &lead.alloc_status)).or_default() += 1;
        }
    }
    for ((task, status), leads) in left {
        let column = match status {
            "agent" => "to_agent",
            "dept" => "to_dept",
            "ai" => "to_ai",
            "queue" => "to_queue",
            _ => "unallocated",
        };
        let sql = format!(
            "UPDATE tasks SET filtered = filtered - $2, {column} = {column} - $2 WHERE id = $1"
        );
        on!(tx.conn(), c => sqlx::query(sqlx::AssertSqlSafe(sql)).bind(task).bind(leads).execute(c)
            .await.map(|_| ()))?;
    }
    let mut campaigns: Vec<&String> = leads.filter_map(|lead| lead.campaign_id.as_ref()).collect();
    campaigns.sort_unstable();
    campaigns.dedup();
    for campaign in campaigns {
        campaigns::touch(tx, campaign, now).await?;
    }
    Ok(())
}
