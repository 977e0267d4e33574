//! Giving leads to their targets, a block at a time.

use engine::{draw::TargetType, time::Millis};

use super::{Portion, Task, of};
use crate::{Result, Tx, doc, filter_runs::FREE, on, task_draws::Deal};

/// At once, but for an appointment that is still to come.
const DUE: &str = "CASE WHEN appointed AND appoint_at > $1 THEN appoint_at ELSE $1 END";

/// What a block came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    pub counts: Vec<(TargetType, i64)>,
    /// Somebody else took them, or they were voided or deleted since they were drawn.
    pub gone: i64,
}

impl Given {
    #[must_use]
    pub fn total(&self) -> i64 {
        self.counts.iter().map(|one| one.1).sum()
    }
}

/// Gives the leads of a block to their targets, those that are still free.
///
/// # Errors
/// When the database fails.
pub async fn give(tx: &mut Tx, task: &Task, deals: &[Deal], now: Millis) -> Result<Given> {
    let dealt: Vec<(&Deal, &Portion)> = deals
        .iter()
        .filter_map(|deal| Some((deal, task.plan.0.get(deal.target)?)))
        .collect();
    let types = match tx {
        Tx::Lite(_) => give_lite(tx, task, &dealt, now).await?,
        Tx::Pg(_) => give_pg(tx, task, &dealt, now).await?,
    };
    let mut counts: Vec<(TargetType, i64)> = Vec::new();
    for word in &types {
        let Some(kind) = TargetType::parse(word) else {
            continue;
        };
        match counts.iter_mut().find(|one| one.0 == kind) {
            Some(one) => one.1 += 1,
            None => counts.push((kind, 1)),
        }
    }
    let gone = deals.len().saturating_sub(types.len());
    Ok(Given {
        counts,
        gone: i64::try_from(gone).unwrap_or(i64::MAX),
    })
}

async fn give_lite(
    tx: &mut Tx,
    task: &Task,
    dealt: &[(&Deal, &Portion)],
    now: Millis,
) -> Result<Vec<String>> {
    let Tx::Lite(c) = tx else {
        return Ok(Vec::new());
    };
    let rows: Vec<_> = dealt
        .iter()
        .map(|(deal, to)| {
            let kind = to.target_type;
            let (status, word) = (kind.alloc_status(), kind.as_str());
            (
                deal.position,
                status,
                word,
                &to.target_id,
                deal.rank,
                &deal.key,
            )
        })
        .collect();
    Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "UPDATE leads SET alloc_status = v.status, alloc_type = v.kind, alloc_target = v.target,
             alloc_at = $1, task_id = $2, campaign_id = $3, call_status = 'notcall',
             next_dial_at = {DUE}, call_rank = v.call_rank, call_key = v.call_key, blocked = NULL,
             alloc_by = NULL, updated_at = $1
         FROM (SELECT value ->> 0 AS at, value ->> 1 AS status, value ->> 2 AS kind,
                   value ->> 3 AS target, value ->> 4 AS call_rank, value ->> 5 AS call_key
               FROM json_each($4)) AS v
         WHERE leads.position = v.at AND {FREE} RETURNING alloc_type"
    )))
    .bind(now.0)
    .bind(&task.id)
    .bind(&task.campaign_id)
    .bind(doc::text("deals", &rows)?)
    .fetch_all(&mut **c)
    .await?)
}

async fn give_pg(
    tx: &mut Tx,
    task: &Task,
    dealt: &[(&Deal, &Portion)],
    now: Millis,
) -> Result<Vec<String>> {
    let Tx::Pg(c) = tx else {
        return Ok(Vec::new());
    };
    let positions: Vec<i64> = dealt.iter().map(|(deal, _)| deal.position).collect();
    let of_kind = |word: fn(TargetType) -> &'static str| -> Vec<&'static str> {
        dealt.iter().map(|(_, to)| word(to.target_type)).collect()
    };
    let targets: Vec<&str> = dealt.iter().map(|(_, to)| to.target_id.as_str()).collect();
    let ranks: Vec<i64> = dealt.iter().map(|(deal, _)| deal.rank).collect();
    let keys: Vec<&str> = dealt.iter().map(|(deal, _)| deal.key.as_str()).collect();
    Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "UPDATE leads SET alloc_status = v.status, alloc_type = v.kind, alloc_target = v.target,
             alloc_at = $1, task_id = $2, campaign_id = $3, call_status = 'notcall',
             next_dial_at = {DUE}, call_rank = v.call_rank, call_key = v.call_key, blocked = NULL,
             alloc_by = NULL, updated_at = $1
         FROM unnest($4::bigint[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::text[])
             AS v (at, status, kind, target, call_rank, call_key)
         WHERE leads.position = v.at AND {FREE} RETURNING alloc_type"
    )))
    .bind(now.0)
    .bind(&task.id)
    .bind(&task.campaign_id)
    .bind(positions)
    .bind(of_kind(TargetType::alloc_status))
    .bind(of_kind(TargetType::as_str))
    .bind(targets)
    .bind(ranks)
    .bind(keys)
    .fetch_all(&mut **c)
    .await?)
}

/// Records a block in the write that gave its leads. A lead that was gone is no longer one that the
/// task's filter found, so the sums of OUT-129 hold.
///
/// # Errors
/// When the database fails.
pub async fn advance(tx: &mut Tx, id: &str, given: &Given) -> Result<()> {
    let counts = &given.counts;
    on!(tx.conn(), c => sqlx::query(
        "UPDATE tasks SET to_agent = to_agent + $2, to_dept = to_dept + $3, to_ai = to_ai + $4,
             to_queue = to_queue + $5, unallocated = unallocated - $2 - $3 - $4 - $5 - $6,
             filtered = filtered - $6
         WHERE id = $1"
    ).bind(id).bind(of(counts, TargetType::Agent)).bind(of(counts, TargetType::Department))
        .bind(of(counts, TargetType::Robot)).bind(of(counts, TargetType::Queue)).bind(given.gone)
        .execute(c).await.map(|_| ()))?;
    Ok(())
}
