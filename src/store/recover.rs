//! After a crash: what a dead process left open is closed, what it held is given back (OUT-242).

use std::collections::BTreeMap;

use engine::{campaign::Settings, floor::CloseAttempt, outcome::Outcome, time::Millis};

use crate::{Db, Result, Tx, attempts, call_backs, doc, on, recording_moves};

/// What recovery found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    pub attempts: u64,
    pub calls: u64,
    pub leads: u64,
}

#[derive(sqlx::FromRow)]
struct Open {
    id: String,
    lead_id: String,
    campaign_id: String,
    /// Attempts on the lead that count, this one among them: the phone may have rung.
    counted: i64,
}

/// Closes everything that `node` left open but its promises to call back that are still to be kept; see
/// [`call_backs::waiting`]. Call it before this process dials.
///
/// # Errors
/// When the database refuses; then everything is as it was.
pub async fn recover(db: &Db, node: &str, now: Millis) -> Result<Recovered> {
    let mut tx = db.begin().await?;
    let attempts = close_attempts(&mut tx, node, now).await?;
    call_backs::recover(&mut tx, node, now).await?;
    let calls: Vec<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "UPDATE calls SET state = 'closed', ended_at = $2, outcome = 'recovered',
             hangup_side = 'network', transport = 'lost'
         WHERE node = $1 AND state = 'open'
             AND id NOT IN (SELECT call_id FROM call_backs WHERE node = $1 AND state = 'waiting')
         RETURNING id")
        .bind(node).bind(now.0).fetch_all(c).await)?;
    for call in &calls {
        recording_moves::plan(&mut tx, call).await?;
    }
    on!(tx.conn(), c => sqlx::query(
        "UPDATE leads SET call_status = 'exception' WHERE call_status = 'calling'
             AND id IN (SELECT lead_id FROM reservations WHERE node = $1)")
        .bind(node).execute(c).await.map(|_| ()))?;
    let leads = on!(tx.conn(), c => sqlx::query("DELETE FROM reservations WHERE node = $1")
        .bind(node).execute(c).await.map(|done| done.rows_affected()))?;
    sign_out_all(&mut tx, node, now).await?;
    tx.commit().await?;
    Ok(Recovered {
        attempts,
        calls: calls.len() as u64,
        leads,
    })
}

async fn close_attempts(tx: &mut Tx, node: &str, now: Millis) -> Result<u64> {
    let open: Vec<Open> = on!(tx.conn(), c => sqlx::query_as(
        "SELECT a.id, a.lead_id, a.campaign_id,
                (SELECT COUNT(*) FROM attempts b WHERE b.lead_id = a.lead_id AND b.counted)
                    AS counted
         FROM attempts a WHERE a.node = $1 AND a.state = 'open'")
        .bind(node).fetch_all(c).await)?;
    let mut rules: BTreeMap<String, Settings> = BTreeMap::new();
    for attempt in &open {
        if !rules.contains_key(&attempt.campaign_id) {
            let text: String = on!(tx.conn(), c => sqlx::query_scalar(
                "SELECT settings FROM campaigns WHERE id = $1")
                .bind(&attempt.campaign_id).fetch_one(c).await)?;
            // Settings that cannot be read must not keep the server from starting.
            let settings = doc::parse("campaign", &text).unwrap_or_default();
            rules.insert(attempt.campaign_id.clone(), settings);
        }
        let retry = &rules[&attempt.campaign_id].retry;
        let counted = u32::try_from(attempt.counted).unwrap_or(u32::MAX);
        close_one(
            tx,
            attempt,
            retry.next(Outcome::Recovered, counted, now),
            now,
        )
        .await?;
    }
    Ok(open.len() as u64)
}

async fn close_one(
    tx: &mut Tx,
    attempt: &Open,
    next_dial_at: Option<Millis>,
    now: Millis,
) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE attempts SET state = 'closed', ended_at = $2, outcome = 'recovered',
             transport = 'lost' WHERE id = $1")
        .bind(&attempt.id).bind(now.0).execute(c).await.map(|_| ()))?;
    let close = CloseAttempt {
        id: attempt.id.parse().unwrap_or(engine::ids::AttemptId(0)),
        lead: attempt.lead_id.as_str().into(),
        dialled: true,
        counted: Outcome::Recovered.counts(),
        given_back: false,
        status: Outcome::Recovered.status(),
        next_dial_at,
        number: None,
        suppress: false,
    };
    attempts::settle(tx, &close, Outcome::Recovered, now).await
}

/// Agents of other nodes work on.
async fn sign_out_all(tx: &mut Tx, node: &str, now: Millis) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO agent_states (agent_id, at, extension, from_state, to_state, reason, ms)
         SELECT agent_id, $1, extension, state, 'logout', 'SERVER_RESTART', $1 - since
         FROM agent_now WHERE state <> 'logout' AND (node = $2 OR node IS NULL)")
        .bind(now.0).bind(node).execute(c).await.map(|_| ()))?;
    on!(tx.conn(), c => sqlx::query(
        "UPDATE agent_now SET state = 'logout', sub_state = NULL, reason = NULL, since = $1
         WHERE state <> 'logout' AND (node = $2 OR node IS NULL)")
        .bind(now.0).bind(node).execute(c).await.map(|_| ()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::floor::AgentChange;

    use crate::{
        agents, calls, dials, hopper, leads, sample::NOW, sample_floor as floor, testing::on_both,
    };

    #[tokio::test]
    async fn agents_of_another_node_are_not_signed_out() {
        on_both(|home| async move {
            let db = &home.db;
            for (agent, node) in [("1001", floor::NODE), ("1002", "another")] {
                let mut tx = db.begin().await.unwrap();
                let row = agents::Agent {
                    id: agent.into(),
                    user_id: None,
                    name: agent.into(),
                    extension: agent.into(),
                    wrap_up_s: None,
                    auto_ready: false,
                    keep_leg: false,
                };
                agents::put(&mut tx, "o", &row, NOW).await.unwrap();
                tx.commit().await.unwrap();
                let change = AgentChange {
                    agent: agent.into(),
                    extension: agent.into(),
                    from: "logout",
                    to: "ready",
                    sub: None,
                    reason: None,
                    at: NOW,
                    ms: 0,
                };
                agents::changed(db, node, &change).await.unwrap();
            }
            recover(db, floor::NODE, NOW.plus(5)).await.unwrap();
            let states: Vec<(String, String)> = on!(db.read(), c => sqlx::query_as(
                "SELECT agent_id, state FROM agent_now ORDER BY agent_id").fetch_all(c).await)
            .unwrap();
            let state = |agent: &str, state: &str| (agent.to_owned(), state.to_owned());
            assert_eq!(states, [state("1001", "logout"), state("1002", "ready")]);
        })
        .await;
    }

    #[tokio::test]
    async fn what_a_dead_process_left_open_is_closed_and_given_back() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, ids) = floor::campaign(db, 3).await;
            let drawn = hopper::draw(db, floor::NODE, &campaign, None, 2, NOW)
                .await
                .unwrap()
                .leads;
            let dialled = floor::attempt(1, &campaign, &drawn[0]);
            dials::open(db, floor::NODE, &dialled).await.unwrap();
            let found = recover(db, floor::NODE, NOW).await.unwrap();
            assert_eq!(
                found,
                Recovered {
                    attempts: 1,
                    calls: 1,
                    leads: 1
                }
            );
            let lead = leads::find(db, &ids[0]).await.unwrap().unwrap();
            assert_eq!(lead.call_status, "exception");
            assert_eq!(
                lead.next_dial_at,
                Some(NOW.plus(300_000).0),
                "it counted: the phone may have rung"
            );
            let call = calls::get(db, "o", "cal_0000000000001")
                .await
                .unwrap()
                .unwrap();
            assert_eq!(
                (call.state.as_str(), call.outcome.as_deref()),
                ("closed", Some("recovered"))
            );
            let again = hopper::draw(db, floor::NODE, &campaign, None, 9, NOW)
                .await
                .unwrap();
            assert_eq!(again.leads.len(), 2, "the two that were not dialled");
            assert_eq!(
                recover(db, "live-2", NOW).await.unwrap(),
                Recovered::default()
            );
        })
        .await;
    }

    #[tokio::test]
    async fn a_lead_whose_attempts_are_used_up_is_done() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, ids) = floor::campaign(db, 1).await;
            for number in 1..=3 {
                let lead = hopper::draw(db, floor::NODE, &campaign, None, 1, NOW)
                    .await
                    .unwrap()
                    .leads
                    .remove(0);
                let open = floor::attempt(number, &campaign, &lead);
                assert_eq!(dials::open(db, floor::NODE, &open).await.unwrap(), None);
                if number < 3 {
                    let close = floor::close(&open, Outcome::NoAnswer, Some(NOW));
                    dials::close(db, &close).await.unwrap();
                }
            }
            recover(db, floor::NODE, NOW).await.unwrap();
            let lead = leads::find(db, &ids[0]).await.unwrap().unwrap();
            assert_eq!((lead.dial_count, lead.next_dial_at), (3, None));
        })
        .await;
    }
}
