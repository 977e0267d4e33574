//! Who a campaign's leads are given to (分配对象).

use engine::{
    draw::{Target, TargetType},
    time::Millis,
};

use crate::{Db, Error, Result, Tx, campaigns, on};

/// A campaign's targets in their order.
///
/// # Errors
/// When the database fails or a stored type is none of ours.
pub async fn list(db: &Db, campaign: &str) -> Result<Vec<Target>> {
    let rows: Vec<(String, String, i64, i64, i64)> = on!(db.read(), c => sqlx::query_as(
        "SELECT target_type, target_id, quantity, weight, hold_max FROM targets
         WHERE campaign_id = $1 ORDER BY position"
    ).bind(campaign).fetch_all(c).await)?;
    rows.into_iter()
        .map(|(target_type, target_id, quantity, weight, hold_max)| {
            let target_type: TargetType = serde_json::from_value(serde_json::Value::String(
                target_type,
            ))
            .map_err(|source| Error::Document {
                what: "target_type",
                source,
            })?;
            let whole = |number| u64::try_from(number).unwrap_or_default();
            Ok(Target {
                target_type,
                target_id,
                quantity: whole(quantity),
                weight: whole(weight),
                hold_max: whole(hold_max),
            })
        })
        .collect()
}

/// Replaces a campaign's targets.
///
/// # Errors
/// When the database fails.
pub async fn replace(tx: &mut Tx, campaign: &str, targets: &[Target], now: Millis) -> Result<()> {
    on!(tx.conn(), c => sqlx::query("DELETE FROM targets WHERE campaign_id = $1")
        .bind(campaign).execute(c).await.map(|_| ()))?;
    for (position, target) in (0_i64..).zip(targets) {
        let whole = |number| i64::try_from(number).unwrap_or(i64::MAX);
        on!(tx.conn(), c => sqlx::query(
            "INSERT INTO targets (campaign_id, position, target_type, target_id, quantity, weight,
                 hold_max)
             VALUES ($1, $2, $3, $4, $5, $6, $7)"
        ).bind(campaign).bind(position).bind(target.target_type.as_str()).bind(&target.target_id)
            .bind(whole(target.quantity)).bind(whole(target.weight)).bind(whole(target.hold_max))
            .execute(c).await.map(|_| ()))?;
    }
    campaigns::touch(tx, campaign, now).await
}
