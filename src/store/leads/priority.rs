//! A lead's own priority, 0 to 9, and what it does to a lead that waits for its dial.

use engine::time::Millis;
use sqlx::FromRow;

use crate::{Result, Tx, campaigns, on};

/// An allocated lead that nobody has dialled, by its place in the list order.
#[derive(FromRow)]
struct Waiting {
    campaign_id: Option<String>,
    call_status: String,
    call_rank: Option<i64>,
}

/// Sets the priority of a lead; one that waits for its dial in a campaign ordered by priority changes
/// its place with it. `false`: no such lead.
///
/// # Errors
/// When the database fails.
pub async fn prioritise(tx: &mut Tx, id: &str, priority: i64, now: Millis) -> Result<bool> {
    let priority = priority.clamp(0, 9);
    let row: Option<Waiting> = on!(tx.conn(), c => sqlx::query_as(
        "UPDATE leads SET priority = $2, updated_at = $3 WHERE id = $1
         RETURNING campaign_id, call_status, call_rank"
    ).bind(id).bind(priority).bind(now.0).fetch_optional(c).await)?;
    let Some(row) = row else { return Ok(false) };
    let Waiting {
        campaign_id: Some(campaign),
        call_rank: Some(rank),
        call_status,
    } = row
    else {
        return Ok(true);
    };
    if call_status != "notcall" {
        return Ok(true);
    }
    let Some(order) = campaigns::list_order(tx, &campaign).await? else {
        return Ok(true);
    };
    if let Some(moved) = order.moved(rank, priority) {
        on!(tx.conn(), c => sqlx::query("UPDATE leads SET call_rank = $2 WHERE id = $1")
            .bind(id).bind(moved).execute(c).await.map(|_| ()))?;
    }
    Ok(true)
}

/// Gives leads that an import has just made their priority: those of its rows from `first` to `last`.
///
/// # Errors
/// When the database fails.
pub async fn start_with(
    tx: &mut Tx,
    import: &str,
    (first, last): (i64, i64),
    priority: i64,
) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE leads SET priority = $4 WHERE import_id = $1 AND row_no BETWEEN $2 AND $3"
    ).bind(import).bind(first).bind(last).bind(priority.clamp(0, 9)).execute(c).await
        .map(|_| ()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use engine::{
        campaign::Settings,
        draw::{ListOrder, late},
    };

    use super::*;
    use crate::{
        Db, doc, hopper, leads,
        sample::NOW,
        sample_floor::{self, NODE},
        testing::on_both,
    };

    async fn order(db: &Db, campaign: &str, list_order: ListOrder) {
        let settings = Settings {
            list_order,
            ..Settings::default()
        };
        let text = doc::text("settings", &settings).unwrap();
        on!(db.write(), c => sqlx::query("UPDATE campaigns SET settings = $2 WHERE id = $1")
            .bind(campaign).bind(text).execute(c).await.map(|_| ()))
        .unwrap();
    }

    async fn set(db: &Db, id: &str, priority: i64) {
        let mut tx = db.begin().await.unwrap();
        assert!(prioritise(&mut tx, id, priority, NOW).await.unwrap());
        tx.commit().await.unwrap();
    }

    #[tokio::test]
    async fn a_waiting_lead_takes_the_place_of_its_new_priority() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, ids) = sample_floor::campaign(db, 4).await;
            let by_own = ListOrder::Priority { field: None };
            order(db, &campaign, by_own.clone()).await;
            // As an allocation ranks them; the third was put back and waits behind the others.
            let ranks = [9, 9, late(NOW), 9];
            for (id, rank) in ids.iter().zip(ranks) {
                on!(db.write(), c => sqlx::query("UPDATE leads SET call_rank = $2 WHERE id = $1")
                    .bind(id).bind(rank).execute(c).await.map(|_| ()))
                .unwrap();
            }
            set(db, &ids[2], 9).await;
            set(db, &ids[3], 5).await;
            let drawn = hopper::draw(db, NODE, &campaign, None, 10, NOW)
                .await
                .unwrap();
            let drawn: Vec<_> = drawn.leads.iter().map(|lead| lead.id.as_str()).collect();
            assert_eq!(drawn, [&ids[3], &ids[0], &ids[1], &ids[2]]);
            let kept = leads::find(db, &ids[3]).await.unwrap().unwrap();
            assert_eq!(kept.priority, 5);
        })
        .await;
    }

    #[tokio::test]
    async fn a_campaign_in_another_order_keeps_it() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, ids) = sample_floor::campaign(db, 3).await;
            set(db, &ids[2], 9).await;
            // Ordered by priority since, but these were ranked by their creation.
            order(db, &campaign, ListOrder::Priority { field: None }).await;
            set(db, &ids[1], 9).await;
            let drawn = hopper::draw(db, NODE, &campaign, None, 10, NOW)
                .await
                .unwrap();
            let drawn: Vec<_> = drawn.leads.iter().map(|lead| lead.id.as_str()).collect();
            assert_eq!(drawn, ids);
            let mut tx = db.begin().await.unwrap();
            assert!(!prioritise(&mut tx, "led_gone", 1, NOW).await.unwrap());
        })
        .await;
    }
}
