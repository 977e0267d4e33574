//! A department's head hands its leads on to a member (OUT-130).

use engine::time::Millis;
use sqlx::{FromRow, QueryBuilder};

use crate::{Result, Tx, on, reservations::reserved};

/// Which of a department's leads go to whom.
#[derive(Debug, Clone, Copy)]
pub struct Handed<'a> {
    pub task: &'a str,
    pub department: &'a str,
    pub agent: &'a str,
    /// The user who hands them on.
    pub by: &'a str,
    /// Empty: the first `count` in their order.
    pub leads: &'a [String],
    pub count: i64,
}

#[derive(FromRow)]
struct Row {
    id: String,
    alloc_status: String,
}

/// Gives leads that a department has to an agent and returns how many; those that a recycling gave
/// back to the department are among them.
///
/// # Errors
/// When the database fails.
pub async fn hand_on(tx: &mut Tx, handed: Handed<'_>, now: Millis) -> Result<i64> {
    let rows = chosen(tx, &handed).await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let went: Vec<String> = on!(tx.conn(), c => {
        let mut query = QueryBuilder::new("UPDATE leads SET alloc_target = ");
        query.push_bind(handed.agent).push(", alloc_by = ").push_bind(handed.by);
        query.push(", alloc_at = ").push_bind(now.0);
        query.push(", next_dial_at = CASE WHEN appointed AND appoint_at > ").push_bind(now.0);
        query.push(" THEN appoint_at ELSE ").push_bind(now.0).push(" END");
        query.push(", updated_at = ").push_bind(now.0);
        query.push(", campaign_id = (SELECT t.campaign_id FROM tasks t WHERE t.id = ");
        query.push_bind(handed.task);
        query.push("), call_rank = COALESCE(call_rank, position), alloc_status = 'agent',
            alloc_type = 'agent', blocked = NULL
            WHERE alloc_type = 'department' AND NOT ").push(reserved!("leads.id")).push(" AND id IN (");
        let mut list = query.separated(", ");
        for row in &rows {
            list.push_bind(&row.id);
        }
        query.push(") RETURNING id");
        query.build_query_scalar().fetch_all(c).await
    })?;
    let went_back = rows
        .iter()
        .filter(|row| row.alloc_status == "recycled_dept" && went.contains(&row.id));
    let from_pool = i64::try_from(went_back.count()).unwrap_or(i64::MAX);
    let all = i64::try_from(went.len()).unwrap_or(i64::MAX);
    on!(tx.conn(), c => sqlx::query(
        "UPDATE tasks SET to_agent = to_agent + $2, to_dept = to_dept - $3,
             unallocated = unallocated - $4 WHERE id = $1"
    ).bind(handed.task).bind(all).bind(all - from_pool).bind(from_pool).execute(c).await
        .map(|_| ()))?;
    Ok(all)
}

/// Kept from being reserved until the write ends.
async fn chosen(tx: &mut Tx, handed: &Handed<'_>) -> Result<Vec<Row>> {
    let lock = match tx {
        Tx::Lite(_) => "",
        Tx::Pg(_) => " FOR UPDATE",
    };
    Ok(on!(tx.conn(), c => {
        let mut query = QueryBuilder::new(
            "SELECT id, alloc_status FROM leads WHERE alloc_type = 'department' AND alloc_target = ",
        );
        query.push_bind(handed.department).push(" AND task_id = ").push_bind(handed.task);
        query.push(" AND alloc_status IN ('dept', 'recycled_dept') AND voided = FALSE AND NOT ");
        query.push(reserved!("leads.id"));
        if !handed.leads.is_empty() {
            query.push(" AND id IN (");
            let mut list = query.separated(", ");
            for lead in handed.leads {
                list.push_bind(lead);
            }
            query.push(")");
        }
        query.push(" ORDER BY call_rank, call_key, position LIMIT ").push_bind(handed.count).push(lock);
        query.build_query_as().fetch_all(c).await
    })?)
}
