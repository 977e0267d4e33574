//! Marks that people put on a lead: an appointment, out, and in again (OUT-190 to OUT-193).

use engine::{draw, time::Millis};
use sqlx::FromRow;

use crate::{Db, Result, Tx, on, reservations};

/// Makes an appointment: at that time the lead is dialled next. Until then no floor holds it; a dial
/// that is under way goes on. `false`: no such lead.
///
/// # Errors
/// `LEAD_VOIDED` when the lead was taken out.
pub async fn appoint(tx: &mut Tx, lead: &str, at: Millis, note: &str, now: Millis) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE leads SET appointed = TRUE, appoint_at = $2, appoint_note = $3, reminded_at = NULL,
             next_dial_at = CASE WHEN campaign_id IS NULL THEN NULL ELSE $2 END,
             call_rank = CASE WHEN call_status = 'notcall' THEN $5 ELSE call_rank END,
             blocked = NULL, updated_at = $4
         WHERE id = $1 AND NOT voided"
    ).bind(lead).bind(at.0).bind(note).bind(now.0).bind(draw::late(at)).execute(c).await
        .map(|done| done.rows_affected()))?;
    reservations::end_undialled(tx, lead).await?;
    or_voided(tx, lead, rows).await
}

/// Forgets an appointment. The lead is due at once when it waited for it and was never dialled;
/// one that was dialled waits for nothing more. `false`: no such lead.
///
/// # Errors
/// When the database fails.
pub async fn disappoint(tx: &mut Tx, lead: &str, now: Millis) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE leads SET appointed = FALSE, appoint_at = NULL, appoint_note = NULL,
             reminded_at = NULL, updated_at = $2,
             call_rank = CASE WHEN call_status = 'notcall' AND next_dial_at = appoint_at
                 THEN position ELSE call_rank END,
             next_dial_at = CASE WHEN next_dial_at = appoint_at
                 THEN CASE WHEN call_status = 'notcall' THEN $2 END ELSE next_dial_at END
         WHERE id = $1"
    ).bind(lead).bind(now.0).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Takes a lead out: nobody dials it, also when a floor holds it already. Twice is once.
/// `false`: no such lead.
///
/// # Errors
/// When the database fails.
pub async fn void(tx: &mut Tx, lead: &str, reason: &str, by: &str, now: Millis) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE leads SET voided = TRUE, void_reason = $2, voided_by = $3, voided_at = $4,
             parked_dial_at = CASE WHEN voided THEN parked_dial_at ELSE next_dial_at END,
             next_dial_at = NULL, updated_at = $4
         WHERE id = $1"
    ).bind(lead).bind(reason).bind(by).bind(now.0).execute(c).await
        .map(|done| done.rows_affected()))?;
    reservations::end_undialled(tx, lead).await?;
    Ok(rows == 1)
}

/// Takes a lead in again, due when it was. `false`: no such lead.
///
/// # Errors
/// When the database fails.
pub async fn restore(tx: &mut Tx, lead: &str, now: Millis) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE leads SET voided = FALSE, void_reason = NULL, voided_by = NULL, voided_at = NULL,
             next_dial_at = CASE WHEN campaign_id IS NULL THEN NULL
                 ELSE COALESCE(next_dial_at, parked_dial_at) END,
             parked_dial_at = NULL, blocked = NULL, updated_at = $2
         WHERE id = $1"
    ).bind(lead).bind(now.0).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

async fn or_voided(tx: &mut Tx, lead: &str, rows: u64) -> Result<bool> {
    if rows == 1 {
        return Ok(true);
    }
    let there: i64 = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT COUNT(*) FROM leads WHERE id = $1"
    ).bind(lead).fetch_one(c).await)?;
    match there {
        0 => Ok(false),
        _ => Err(crate::Error::conflict("LEAD_VOIDED")),
    }
}

/// An agent's appointment whose time has come.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Due {
    pub lead_id: String,
    pub agent_id: String,
    pub campaign_id: Option<String>,
    pub appoint_at: i64,
    pub appoint_note: Option<String>,
}

/// Agents' appointments that have come and that nobody was told of yet; with this they are told of.
/// What is older than `oldest` is let be.
///
/// # Errors
/// When the database fails.
pub async fn remind(db: &Db, oldest: Millis, now: Millis) -> Result<Vec<Due>> {
    let waiting: Option<i64> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT appoint_at FROM leads
         WHERE appointed AND reminded_at IS NULL AND appoint_at <= $1 AND appoint_at >= $2
             AND alloc_type = 'agent' AND NOT voided LIMIT 1"
    ).bind(now.0).bind(oldest.0).fetch_optional(c).await)?;
    if waiting.is_none() {
        return Ok(Vec::new());
    }
    Ok(on!(db.write(), c => sqlx::query_as(
        "UPDATE leads SET reminded_at = $1
         WHERE appointed AND reminded_at IS NULL AND appoint_at <= $1 AND appoint_at >= $2
             AND alloc_type = 'agent' AND alloc_target IS NOT NULL AND NOT voided
         RETURNING id AS lead_id, alloc_target AS agent_id, campaign_id, appoint_at, appoint_note"
    ).bind(now.0).bind(oldest.0).fetch_all(c).await)?)
}

#[cfg(test)]
mod tests {
    use engine::gate::Facts;

    use super::*;
    use crate::{hopper, leads, sample::NOW, sample_floor as floor, testing::on_both};

    async fn marked(db: &Db, lead: &str) -> leads::Lead {
        leads::find(db, lead).await.unwrap().unwrap()
    }

    async fn due(db: &Db, campaign: &str, at: Millis) -> usize {
        hopper::draw(db, floor::NODE, campaign, None, 5, at)
            .await
            .unwrap()
            .leads
            .len()
    }

    async fn facts(db: &Db, lead: &str) -> Option<Facts> {
        hopper::facts(db, floor::NODE, lead, &floor::ask("cmp", "1"), NOW)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn an_appointment_takes_the_lead_from_the_hopper_until_its_time() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, ids) = floor::campaign(db, 1).await;
            assert_eq!(due(db, &campaign, NOW).await, 1);
            let at = NOW.plus(60_000);
            let mut tx = db.begin().await.unwrap();
            assert!(appoint(&mut tx, &ids[0], at, "下午", NOW).await.unwrap());
            assert!(!appoint(&mut tx, "led_gone", at, "", NOW).await.unwrap());
            tx.commit().await.unwrap();
            assert_eq!(facts(db, &ids[0]).await, None, "no floor holds it any more");
            assert_eq!(due(db, &campaign, NOW.plus(59_999)).await, 0);
            assert_eq!(due(db, &campaign, at).await, 1);
            let mut tx = db.begin().await.unwrap();
            assert!(disappoint(&mut tx, &ids[0], NOW.plus(7)).await.unwrap());
            tx.commit().await.unwrap();
            let lead = marked(db, &ids[0]).await;
            assert_eq!((lead.appointed, lead.appoint_at), (false, None));
            assert_eq!(lead.next_dial_at, Some(NOW.plus(7).0));
        })
        .await;
    }

    #[tokio::test]
    async fn a_lead_that_was_taken_out_is_not_dialled_until_it_is_in_again() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, ids) = floor::campaign(db, 1).await;
            assert_eq!(due(db, &campaign, NOW).await, 1);
            let mut tx = db.begin().await.unwrap();
            assert!(void(&mut tx, &ids[0], "重复", "u", NOW).await.unwrap());
            assert!(
                void(&mut tx, &ids[0], "重复", "u", NOW.plus(1))
                    .await
                    .unwrap()
            );
            let refused = appoint(&mut tx, &ids[0], NOW.plus(9), "", NOW)
                .await
                .unwrap_err();
            assert_eq!(refused.code(), Some("LEAD_VOIDED"));
            tx.commit().await.unwrap();
            assert_eq!(facts(db, &ids[0]).await, None);
            assert_eq!(due(db, &campaign, NOW.plus(1_000)).await, 0);
            let mut tx = db.begin().await.unwrap();
            assert!(restore(&mut tx, &ids[0], NOW.plus(2)).await.unwrap());
            assert!(!restore(&mut tx, "led_gone", NOW).await.unwrap());
            tx.commit().await.unwrap();
            let lead = marked(db, &ids[0]).await;
            assert_eq!((lead.voided, lead.next_dial_at), (false, Some(NOW.0)));
            assert_eq!(due(db, &campaign, NOW.plus(1_000)).await, 1);
        })
        .await;
    }

    #[tokio::test]
    async fn an_agent_is_reminded_once() {
        on_both(|home| async move {
            let db = &home.db;
            let (_, ids) = floor::campaign(db, 3).await;
            on!(db.write(), c => sqlx::query(
                "UPDATE leads SET alloc_type = 'agent', alloc_target = '1001' WHERE id <> $1"
            ).bind(&ids[2]).execute(c).await.map(|_| ()))
            .unwrap();
            let mut tx = db.begin().await.unwrap();
            for (id, after) in ids.iter().zip([10, 20, 10]) {
                appoint(&mut tx, id, NOW.plus(after), "n", NOW)
                    .await
                    .unwrap();
            }
            tx.commit().await.unwrap();
            let told = async |at: i64| remind(db, NOW, NOW.plus(at)).await.unwrap();
            assert!(told(9).await.is_empty());
            let first = told(10).await;
            assert_eq!(
                (first.len(), first[0].lead_id.as_str()),
                (1, ids[0].as_str())
            );
            assert_eq!(
                (first[0].agent_id.as_str(), first[0].appoint_at),
                ("1001", NOW.plus(10).0)
            );
            assert_eq!(told(30).await.len(), 1);
            assert!(told(40).await.is_empty(), "the queue's lead has no agent");
        })
        .await;
    }
}
