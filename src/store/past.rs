//! What a day of a campaign left behind, for a simulation of another one.

use engine::time::Millis;
use sqlx::FromRow;

use crate::{Db, Result, on};

/// Rows that are read at most of each kind.
const MOST: i64 = 200_000;

/// One closed outbound call.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct Dial {
    pub started_at: i64,
    /// When somebody or something answered.
    pub answered_at: Option<i64>,
    /// Who did: person, machine, fax, network or unknown.
    pub answer_class: Option<String>,
    pub talk_ms: Option<i64>,
    /// See `engine::outcome::Outcome`.
    pub outcome: String,
}

/// The campaign's dials that began from then until before then, the earliest first, at most 200,000.
///
/// # Errors
/// When the database fails.
pub async fn dials(db: &Db, campaign: &str, from: Millis, to: Millis) -> Result<Vec<Dial>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT started_at, answered_at, answer_class, talk_ms, outcome FROM calls
         WHERE campaign_id = $1 AND direction = 'outbound' AND mode <> 'test' AND state = 'closed'
             AND outcome IS NOT NULL AND started_at >= $2 AND started_at < $3
         ORDER BY started_at, id LIMIT $4"
    ).bind(campaign).bind(from.0).bind(to.0).bind(MOST).fetch_all(c).await)?)
}

/// How long the agents of the campaign's calls wrapped up in that time; milliseconds, at most 200,000.
///
/// # Errors
/// When the database fails.
pub async fn wrap_ups(db: &Db, campaign: &str, from: Millis, to: Millis) -> Result<Vec<i64>> {
    Ok(on!(db.read(), c => sqlx::query_scalar(
        "SELECT ms FROM agent_states
         WHERE from_state = 'acw' AND at >= $2 AND at < $3 AND agent_id IN (
             SELECT agent_id FROM calls WHERE campaign_id = $1 AND agent_id IS NOT NULL
                 AND started_at >= $2 AND started_at < $3)
         ORDER BY at LIMIT $4"
    ).bind(campaign).bind(from.0).bind(to.0).bind(MOST).fetch_all(c).await)?)
}

#[cfg(test)]
mod tests {
    use engine::{floor::CloseCall, floor::Times, outcome::Outcome};

    use super::*;
    use crate::{dials as attempts, hopper, sample::NOW, sample_floor as floor, testing::on_both};

    #[tokio::test]
    async fn a_days_dials_and_after_call_work_are_those_of_the_campaign() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, _) = floor::campaign(db, 2).await;
            let drawn = hopper::draw(db, floor::NODE, &campaign, None, 2, NOW)
                .await
                .unwrap()
                .leads;
            for (no, lead) in drawn.iter().enumerate() {
                let open = floor::attempt(no as u64 + 1, &campaign, lead);
                attempts::open(db, floor::NODE, &open).await.unwrap();
                let close = floor::close(&open, Outcome::Connected, None);
                let answered = NOW.plus(7_000);
                let close = CloseCall {
                    agent: Some("1001".into()),
                    talk_ms: Some(60_000),
                    times: Times {
                        answered: Some(answered),
                        ..close.times
                    },
                    ..close
                };
                attempts::close(db, &close).await.unwrap();
            }
            for (agent, state, ms) in [
                ("1001", "acw", 9_000),
                ("1001", "busy", 60_000),
                ("1002", "acw", 5_000),
            ] {
                on!(db.write(), c => sqlx::query(
                    "INSERT INTO agent_states (agent_id, at, extension, from_state, to_state, ms)
                     VALUES ($1, $2, '8001', $3, 'ready', $4)")
                    .bind(agent).bind(NOW.plus(70_000).0).bind(state).bind(ms)
                    .execute(c).await.map(|_| ()))
                .unwrap();
            }
            let day = (NOW.plus(-1_000), NOW.plus(100_000));
            let found = dials(db, &campaign, day.0, day.1).await.unwrap();
            let wanted = Dial {
                started_at: NOW.0,
                answered_at: Some(NOW.plus(7_000).0),
                answer_class: Some("unknown".into()),
                talk_ms: Some(60_000),
                outcome: "connected".into(),
            };
            assert_eq!(found, [wanted.clone(), wanted]);
            let wraps = wrap_ups(db, &campaign, day.0, day.1).await.unwrap();
            assert_eq!(wraps, [9_000]);
            let other = dials(db, &campaign, day.1, day.1.plus(1_000))
                .await
                .unwrap();
            assert!(other.is_empty());
        })
        .await;
    }
}
