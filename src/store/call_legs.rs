//! The legs of a call besides the customer's, one row each, written with its CDR.

use engine::floor::CloseCall;
use serde::Serialize;

use crate::{Db, Result, Tx, on};

/// One leg, as the CDR shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct CallLeg {
    /// `agent`, `extension`, `outside` or `supervisor`.
    pub kind: String,
    /// The agent's number, the extension, or the number that was dialled.
    pub party: String,
    pub started_at: i64,
    pub answered_at: Option<i64>,
    /// Since when it had the customer.
    pub joined_at: Option<i64>,
    pub ended_at: Option<i64>,
    /// Why it ended; `call_over` with its call.
    pub why: String,
}

pub(crate) async fn add(tx: &mut Tx, call: &CloseCall) -> Result<()> {
    for (position, leg) in (0_i64..).zip(&call.legs) {
        on!(tx.conn(), c => sqlx::query(
            "INSERT INTO call_legs (call_id, position, kind, party, started_at, answered_at,
                 joined_at, ended_at, why)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING")
            .bind(call.id.to_string())
            .bind(position)
            .bind(leg.kind)
            .bind(&leg.party)
            .bind(leg.started.0)
            .bind(leg.answered.map(|at| at.0))
            .bind(leg.joined.map(|at| at.0))
            .bind(leg.ended.map(|at| at.0))
            .bind(leg.why)
            .execute(c).await.map(|_| ()))?;
    }
    Ok(())
}

/// The legs of a call, oldest first. Whether it may be seen, the caller has settled.
///
/// # Errors
/// When the database refuses.
pub async fn of(db: &Db, call: &str) -> Result<Vec<CallLeg>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT kind, party, started_at, answered_at, joined_at, ended_at, why
         FROM call_legs WHERE call_id = $1 ORDER BY position")
        .bind(call).fetch_all(c).await)?)
}

/// Whether an agent had the customer of a call, be it for a while.
///
/// # Errors
/// When the database refuses.
pub async fn had(db: &Db, call: &str, agent: &str) -> Result<bool> {
    let found: Option<i64> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT position FROM call_legs WHERE call_id = $1 AND kind = 'agent' AND party = $2
             AND joined_at IS NOT NULL LIMIT 1")
        .bind(call).bind(agent).fetch_optional(c).await)?;
    Ok(found.is_some())
}

#[cfg(test)]
mod tests {
    use engine::{floor::LegRecord, ids::LegId, outcome::Outcome};

    use crate::{dials, hopper, sample::NOW, sample_floor as floor, testing::on_both};

    #[tokio::test]
    async fn legs_are_kept_with_their_call_in_order_and_once() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, _) = floor::campaign(db, 1).await;
            let drawn = hopper::draw(db, floor::NODE, &campaign, None, 1, NOW).await;
            let open = floor::attempt(7, &campaign, &drawn.unwrap().leads[0]);
            dials::open(db, floor::NODE, &open).await.unwrap();
            let leg = |kind, party: &str, joined: Option<i64>, why| LegRecord {
                leg: LegId(1),
                kind,
                party: party.into(),
                started: NOW,
                answered: joined.map(|ms| NOW.plus(ms)),
                joined: joined.map(|ms| NOW.plus(ms)),
                ended: Some(NOW.plus(9_000)),
                why,
            };
            let mut close = floor::close(&open, Outcome::Connected, None);
            close.legs = vec![
                leg("agent", "1001", Some(1_000), "transferred"),
                leg("outside", "10010", None, "busy"),
                leg("agent", "1002", Some(5_000), "call_over"),
            ];
            for _ in 0..2 {
                // Again, because the answer to the first time was lost.
                dials::close(db, &close).await.unwrap();
            }
            let legs = super::of(db, &close.id.to_string()).await.unwrap();
            let told: Vec<_> = legs
                .iter()
                .map(|leg| {
                    (
                        leg.party.as_str(),
                        leg.joined_at.is_some(),
                        leg.why.as_str(),
                    )
                })
                .collect();
            for (agent, had) in [("1001", true), ("1003", false)] {
                let id = close.id.to_string();
                assert_eq!(super::had(db, &id, agent).await.unwrap(), had, "{agent}");
            }
            assert_eq!(
                told,
                [
                    ("1001", true, "transferred"),
                    ("10010", false, "busy"),
                    ("1002", true, "call_over")
                ]
            );
        })
        .await;
    }
}
