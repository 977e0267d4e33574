//! The hopper: leads that a floor has reserved and will dial, and those it gives back.
//!
//! A lead is due when `next_dial_at` has come; a lead without one has its final state.

use engine::{
    floor::Lead,
    gate::{Block, Facts},
    time::Millis,
};

use crate::{Db, Result, Tx, on};

/// Leads in hand, and what is left behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drawn {
    pub leads: Vec<Lead>,
    /// Leads of the campaign without a final state; `None` when there was more than was drawn.
    pub undone: Option<u64>,
    /// When the next lead falls due.
    pub next_due: Option<Millis>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    task_id: Option<String>,
    batch_id: String,
    phone: String,
    dial_count: i64,
    next_dial_at: i64,
    position: i64,
}

/// A lead that comes back is dialled before one that was never dialled (OUT-204).
const RETURNING: &str = "call_status IN ('failed', 'exception', 'success')";
const FRESH: &str = "call_status = 'notcall'";

/// Reserves up to `count` due leads of a campaign for `node`. `agent`: of this agent's own list.
///
/// # Errors
/// When the database refuses; then nothing is reserved, unless only the answer was lost.
pub async fn draw(
    db: &Db,
    node: &str,
    campaign: &str,
    agent: Option<&str>,
    count: u32,
    now: Millis,
) -> Result<Drawn> {
    let mut leads = Vec::new();
    if count > 0 {
        let mut tx = db.begin().await?;
        for kind in [RETURNING, FRESH] {
            let wanted = i64::from(count) - i64::try_from(leads.len()).unwrap_or(i64::MAX);
            if wanted > 0 {
                leads.extend(reserve(&mut tx, node, campaign, agent, kind, wanted, now).await?);
            }
        }
        tx.commit().await?;
    }
    if count > 0 && leads.len() == count as usize {
        return Ok(Drawn {
            leads,
            undone: None,
            next_due: None,
        });
    }
    match what_is_left(db, campaign).await {
        Ok((undone, next_due)) => Ok(Drawn {
            leads,
            undone: Some(u64::try_from(undone).unwrap_or_default()),
            next_due: next_due.map(Millis),
        }),
        // The leads are this node's by now: they must not be lost with the answer.
        Err(_) if !leads.is_empty() => Ok(Drawn {
            leads,
            undone: None,
            next_due: None,
        }),
        Err(error) => Err(error),
    }
}

/// Leads of the campaign without a final state, and when the next one falls due.
async fn what_is_left(db: &Db, campaign: &str) -> Result<(i64, Option<i64>)> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT COUNT(*), MIN(CASE WHEN reserved_by IS NULL THEN next_dial_at END) FROM leads
         WHERE campaign_id = $1 AND voided = FALSE
           AND (next_dial_at IS NOT NULL OR call_status = 'calling')")
        .bind(campaign).fetch_one(c).await)?)
}

async fn reserve(
    tx: &mut Tx,
    node: &str,
    campaign: &str,
    agent: Option<&str>,
    kind: &str,
    wanted: i64,
    now: Millis,
) -> Result<Vec<Lead>> {
    let skip = match tx {
        Tx::Lite(_) => "",
        Tx::Pg(_) => "FOR UPDATE SKIP LOCKED",
    };
    let sql = format!(
        "UPDATE leads SET reserved_by = $2, reserved_at = $3 WHERE id IN (
             SELECT id FROM leads
             WHERE campaign_id = $1 AND {kind} AND next_dial_at <= $3
               AND reserved_by IS NULL AND voided = FALSE
               AND ($5 IS NULL OR (alloc_type = 'agent' AND alloc_target = $5))
             ORDER BY next_dial_at, position LIMIT $4 {skip})
         RETURNING id, task_id, batch_id, phone, dial_count, next_dial_at, position"
    );
    let mut rows: Vec<Row> = on!(tx.conn(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(campaign).bind(node).bind(now.0).bind(wanted).bind(agent)
        .fetch_all(c).await)?;
    rows.sort_by_key(|row| (row.next_dial_at, row.position));
    Ok(rows
        .into_iter()
        .map(|row| Lead {
            id: row.id.into(),
            task: row.task_id.map(Into::into),
            batch: row.batch_id,
            number: row.phone,
            dials: u32::try_from(row.dial_count).unwrap_or(u32::MAX),
        })
        .collect())
}

/// Fresh facts for the gate; `None` when the lead is no longer this node's to dial.
///
/// # Errors
/// When the database refuses.
pub async fn facts(
    db: &Db,
    node: &str,
    lead: &str,
    number: &str,
    day_start: Millis,
) -> Result<Option<Facts>> {
    let row: Option<(bool, bool, i64, i64, i64)> = on!(db.read(), c => sqlx::query_as(
        "SELECT l.voided,
                (l.dnc OR EXISTS (SELECT 1 FROM dnc d WHERE d.orgi = l.orgi AND d.number = $3)),
                (SELECT COUNT(*) FROM attempts a WHERE a.lead_id = l.id AND a.counted),
                (SELECT COUNT(*) FROM attempts a WHERE a.orgi = l.orgi AND a.number = $3
                     AND a.reserved_at >= $4 AND a.counted),
                (SELECT COUNT(*) FROM attempts a WHERE a.orgi = l.orgi AND a.number = $3
                     AND a.state = 'open')
         FROM leads l WHERE l.id = $1 AND l.reserved_by = $2 AND l.call_status <> 'calling'")
        .bind(lead).bind(node).bind(number).bind(day_start.0).fetch_optional(c).await)?;
    Ok(
        row.map(|(voided, dnc, attempts, attempts_today, live)| Facts {
            dnc,
            voided,
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            attempts_today: u32::try_from(attempts_today).unwrap_or(u32::MAX),
            live: live > 0,
        }),
    )
}

/// The gate said no: the verdict stays with the lead, no attempt is counted.
///
/// # Errors
/// When the database refuses.
pub async fn block(
    db: &Db,
    lead: &str,
    block: Block,
    retry_at: Option<Millis>,
    now: Millis,
) -> Result<()> {
    on!(db.write(), c => sqlx::query(
        "UPDATE leads SET blocked = $2, next_dial_at = $3, reserved_by = NULL,
             reserved_at = NULL, updated_at = $4
         WHERE id = $1")
        .bind(lead).bind(block.as_str()).bind(retry_at.map(|at| at.0)).bind(now.0)
        .execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Gives a lead back; `retry_at` keeps it away for a while.
///
/// # Errors
/// When the database refuses.
pub async fn release(db: &Db, lead: &str, retry_at: Option<Millis>) -> Result<()> {
    on!(db.write(), c => sqlx::query(
        "UPDATE leads SET reserved_by = NULL, reserved_at = NULL,
             next_dial_at = COALESCE($2, next_dial_at)
         WHERE id = $1 AND call_status <> 'calling'")
        .bind(lead).bind(retry_at.map(|at| at.0)).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Gives back every lead of a campaign that this node holds and does not dial.
///
/// # Errors
/// When the database refuses.
pub async fn release_all(db: &Db, node: &str, campaign: &str) -> Result<()> {
    on!(db.write(), c => sqlx::query(
        "UPDATE leads SET reserved_by = NULL, reserved_at = NULL
         WHERE campaign_id = $1 AND reserved_by = $2 AND call_status <> 'calling'")
        .bind(campaign).bind(node).execute(c).await.map(|_| ()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{dials, leads, sample::NOW, sample_floor as floor, testing::on_both};
    use engine::outcome::Outcome;

    const DAY: Millis = Millis(0);

    #[tokio::test]
    async fn due_leads_are_reserved_once_in_order() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, ids) = floor::campaign(db, 5).await;
            let first = draw(db, floor::NODE, &campaign, None, 3, NOW)
                .await
                .unwrap();
            let drawn: Vec<&str> = first.leads.iter().map(|lead| lead.id.as_str()).collect();
            assert_eq!(drawn, &ids[..3]);
            assert_eq!(first.undone, None);
            let rest = draw(db, "live-2", &campaign, None, 3, NOW).await.unwrap();
            assert_eq!(rest.leads.len(), 2);
            assert_eq!(rest.undone, Some(5));
            let none = draw(db, floor::NODE, &campaign, None, 3, NOW)
                .await
                .unwrap();
            assert_eq!((none.leads.len(), none.next_due), (0, None));
            release_all(db, floor::NODE, &campaign).await.unwrap();
            let again = draw(db, floor::NODE, &campaign, None, 9, NOW)
                .await
                .unwrap();
            assert_eq!(again.leads.len(), 3);
        })
        .await;
    }

    #[tokio::test]
    async fn a_lead_that_is_not_due_waits_and_says_until_when() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, ids) = floor::campaign(db, 1).await;
            let lead = &draw(db, floor::NODE, &campaign, None, 1, NOW)
                .await
                .unwrap()
                .leads[0];
            assert_eq!(lead.id.as_str(), ids[0]);
            let later = NOW.plus(60_000);
            block(db, &ids[0], Block::Live, Some(later), NOW)
                .await
                .unwrap();
            let waiting = draw(db, floor::NODE, &campaign, None, 1, NOW)
                .await
                .unwrap();
            assert_eq!((waiting.leads.len(), waiting.next_due), (0, Some(later)));
            let due = draw(db, floor::NODE, &campaign, None, 1, later)
                .await
                .unwrap();
            assert_eq!(due.leads.len(), 1);
            block(db, &ids[0], Block::Dnc, None, NOW).await.unwrap();
            let done = draw(db, floor::NODE, &campaign, None, 1, later)
                .await
                .unwrap();
            assert_eq!((done.leads.len(), done.undone), (0, Some(0)));
        })
        .await;
    }

    #[tokio::test]
    async fn facts_are_what_stands_in_the_books_now() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, ids) = floor::campaign(db, 1).await;
            let lead = draw(db, floor::NODE, &campaign, None, 1, NOW)
                .await
                .unwrap()
                .leads
                .remove(0);
            let read = || facts(db, floor::NODE, &ids[0], &lead.number, DAY);
            assert_eq!(read().await.unwrap(), Some(Facts::default()));
            let open = floor::attempt(1, &campaign, &lead);
            assert!(dials::open(db, floor::NODE, &open).await.unwrap());
            assert_eq!(read().await.unwrap(), None, "it is being dialled");
            dials::close(db, &floor::close(&open, Outcome::Busy, Some(NOW)))
                .await
                .unwrap();
            assert_eq!(read().await.unwrap(), None, "it has been given back");
            draw(db, floor::NODE, &campaign, None, 1, NOW)
                .await
                .unwrap();
            let mut tx = db.begin().await.unwrap();
            crate::dnc::add(&mut tx, "o", &lead.number, "asked", None, NOW)
                .await
                .unwrap();
            tx.commit().await.unwrap();
            let known = Facts {
                dnc: true,
                attempts: 1,
                attempts_today: 1,
                ..Facts::default()
            };
            assert_eq!(read().await.unwrap(), Some(known));
            assert_eq!(
                facts(db, "live-2", &ids[0], &lead.number, DAY)
                    .await
                    .unwrap(),
                None
            );
        })
        .await;
    }

    #[tokio::test]
    async fn leads_that_come_back_go_before_fresh_ones() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, ids) = floor::campaign(db, 3).await;
            let lead = draw(db, floor::NODE, &campaign, None, 1, NOW)
                .await
                .unwrap()
                .leads
                .remove(0);
            let open = floor::attempt(1, &campaign, &lead);
            dials::open(db, floor::NODE, &open).await.unwrap();
            let due = NOW.plus(10);
            dials::close(db, &floor::close(&open, Outcome::Busy, Some(due)))
                .await
                .unwrap();
            let next = draw(db, floor::NODE, &campaign, None, 2, due)
                .await
                .unwrap();
            let drawn: Vec<&str> = next.leads.iter().map(|lead| lead.id.as_str()).collect();
            assert_eq!(drawn, [&ids[0], &ids[1]]);
            let stored = leads::find(db, &ids[0]).await.unwrap().unwrap();
            assert_eq!((stored.dial_count, stored.fail_count), (1, 1));
        })
        .await;
    }
}
