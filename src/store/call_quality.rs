//! How the legs of a call sounded. The agent's is often over a moment after the call is.

use engine::{floor::Quality, ids::CallId};

use crate::{Db, Result, on};

/// Writes how the agent's leg sounded into the CDR.
///
/// # Errors
/// When the database refuses.
pub async fn of_agent(db: &Db, call: CallId, quality: &Quality) -> Result<()> {
    on!(db.write(), c => sqlx::query(
        "UPDATE calls SET agent_packets_received = $2, agent_packets_sent = $3,
             agent_packets_lost = $4, agent_jitter_ms = $5, agent_round_trip_ms = $6, agent_mos = $7
         WHERE id = $1")
        .bind(call.to_string())
        .bind(count(quality.packets_received))
        .bind(count(quality.packets_sent))
        .bind(count(quality.packets_lost))
        .bind(quality.jitter_ms)
        .bind(quality.round_trip_ms)
        .bind(quality.mos)
        .execute(c).await.map(|_| ()))?;
    Ok(())
}

pub(crate) fn count(packets: u64) -> i64 {
    i64::try_from(packets).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use engine::outcome::Outcome;

    use super::*;
    use crate::{calls, dials, hopper, sample::NOW, sample_floor as floor, testing::on_both};

    #[tokio::test]
    async fn each_leg_has_its_own_quality_in_the_cdr() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, _) = floor::campaign(db, 1).await;
            let lead = hopper::draw(db, floor::NODE, &campaign, None, 1, NOW)
                .await
                .unwrap()
                .leads
                .remove(0);
            let open = floor::attempt(1, &campaign, &lead);
            dials::open(db, floor::NODE, &open).await.unwrap();
            let mut close = floor::close(&open, Outcome::Connected, None);
            close.quality = Quality {
                packets_received: 500,
                packets_sent: 499,
                packets_lost: 3,
                jitter_ms: 1.5,
                round_trip_ms: Some(42.0),
                reported_lost: Some(2),
                reported_jitter_ms: Some(2.5),
                mos: Some(4.1),
            };
            dials::close(db, &close).await.unwrap();
            let id = open.call.id.to_string();
            let seen = calls::get(db, "o", &id).await.unwrap().unwrap();
            assert_eq!((seen.mos, seen.round_trip_ms), (Some(4.1), Some(42.0)));
            assert_eq!((seen.packets_sent, seen.packets_lost), (Some(499), Some(3)));
            assert_eq!(seen.reported_lost, Some(2));
            assert_eq!(seen.reported_jitter_ms, Some(2.5));
            assert_eq!((seen.agent_mos, seen.agent_packets_received), (None, None));
            let agents = Quality {
                packets_received: 480,
                mos: Some(3.9),
                ..Quality::default()
            };
            of_agent(db, open.call.id, &agents).await.unwrap();
            let seen = calls::get(db, "o", &id).await.unwrap().unwrap();
            assert_eq!((seen.mos, seen.agent_mos), (Some(4.1), Some(3.9)));
            assert_eq!(seen.agent_packets_received, Some(480));
            assert_eq!(seen.agent_round_trip_ms, None);
        })
        .await;
    }
}
