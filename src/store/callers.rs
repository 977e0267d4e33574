//! What the caller numbers did, hour by hour: for their caps, and to see which of them are ill.

use engine::{
    floor::{AnswerClass, CloseAttempt, CloseCall, OpenAttempt},
    outcome::Outcome,
    time::Millis,
};
use serde::Serialize;

use crate::{Db, Result, Tx, on};

const HOUR: i64 = 3_600_000;
/// An answered call that ends sooner was no conversation; milliseconds.
const SHORT: i64 = 6_000;

/// A dial that is about to leave.
pub(crate) async fn dialled(tx: &mut Tx, open: &OpenAttempt) -> Result<()> {
    let at = open.call.started_at.0;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO caller_hours (orgi, caller, hour, dials, last_at)
         SELECT l.orgi, $2, $3, 1, $4 FROM leads l WHERE l.id = $1
         ON CONFLICT (orgi, caller, hour) DO UPDATE SET dials = caller_hours.dials + 1,
             last_at = CASE WHEN caller_hours.last_at > excluded.last_at
                 THEN caller_hours.last_at ELSE excluded.last_at END")
        .bind(open.call.lead.as_ref().map(|lead| lead.as_str()))
        .bind(&open.call.caller).bind(at.div_euclid(HOUR) * HOUR).bind(at)
        .execute(c).await.map(|_| ()))?;
    Ok(())
}

/// What came of a dial; one that is closed already changes nothing. One for which no INVITE left was
/// none.
pub(crate) async fn closed(tx: &mut Tx, attempt: &CloseAttempt, call: &CloseCall) -> Result<()> {
    let answered = call.answer_class == AnswerClass::Person;
    let lasted = call.times.answered.zip(call.times.ended);
    let short = lasted.is_some_and(|(from, to)| to.since(from) < SHORT);
    let blocked = matches!(call.outcome, Outcome::Blocked | Outcome::Unwanted);
    if !answered && !short && !blocked && attempt.dialled {
        return Ok(());
    }
    let dial: Option<(String, String, i64)> = on!(tx.conn(), c => sqlx::query_as(
        "SELECT orgi, caller, reserved_at FROM attempts
         WHERE id = $1 AND state = 'open' AND mode <> 'test'")
        .bind(attempt.id.to_string()).fetch_optional(c).await)?;
    let Some((orgi, caller, at)) = dial else {
        return Ok(());
    };
    on!(tx.conn(), c => sqlx::query(
        "UPDATE caller_hours SET answered = answered + $4, short = short + $5,
             blocked = blocked + $6, dials = dials - $7
         WHERE orgi = $1 AND caller = $2 AND hour = $3")
        .bind(&orgi).bind(&caller).bind(at.div_euclid(HOUR) * HOUR)
        .bind(i64::from(answered)).bind(i64::from(short)).bind(i64::from(blocked))
        .bind(i64::from(!attempt.dialled))
        .execute(c).await.map(|_| ()))?;
    Ok(())
}

/// One caller number over a span of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Health {
    pub caller: String,
    pub dials: i64,
    /// Answered by a person.
    pub answered: i64,
    /// Answered, and over within six seconds.
    pub short: i64,
    /// Refused as unwanted traffic.
    pub blocked: i64,
    pub last_at: i64,
}

/// Every caller number of a tenant that dialled since then, by number.
///
/// # Errors
/// When the database refuses.
pub async fn health(db: &Db, orgi: &str, since: Millis) -> Result<Vec<Health>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT caller, CAST(SUM(dials) AS BIGINT) AS dials,
                CAST(SUM(answered) AS BIGINT) AS answered, CAST(SUM(short) AS BIGINT) AS short,
                CAST(SUM(blocked) AS BIGINT) AS blocked, MAX(last_at) AS last_at
         FROM caller_hours WHERE orgi = $1 AND hour >= $2 GROUP BY caller ORDER BY caller")
        .bind(orgi).bind(since.0.div_euclid(HOUR) * HOUR).fetch_all(c).await)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{dials, hopper, sample::NOW, sample_floor as floor, testing::on_both};

    #[tokio::test]
    async fn a_caller_number_has_its_dials_answers_and_refusals() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, _) = floor::campaign(db, 4).await;
            let drawn = hopper::draw(db, floor::NODE, &campaign, None, 4, NOW)
                .await
                .unwrap()
                .leads;
            for (number, lead) in drawn.iter().enumerate() {
                let open = floor::attempt(number as u64 + 1, &campaign, lead);
                assert_eq!(dials::open(db, floor::NODE, &open).await.unwrap(), None);
                let outcomes = [Outcome::Connected, Outcome::Blocked, Outcome::Busy];
                let outcome = outcomes.get(number).copied();
                let outcome = outcome.unwrap_or(Outcome::Congestion);
                let mut close = floor::close(&open, outcome, None);
                let attempt = close.attempt.as_mut().unwrap();
                attempt.dialled = number < 3;
                if number == 0 {
                    close.answer_class = AnswerClass::Person;
                    close.times.answered = Some(NOW.plus(2_000));
                }
                dials::close(db, &close).await.unwrap();
                dials::close(db, &close).await.unwrap();
            }
            let all = health(db, "o", Millis(0)).await.unwrap();
            let one = Health {
                caller: "02110000".into(),
                dials: 3,
                answered: 1,
                short: 1,
                blocked: 1,
                last_at: NOW.0,
            };
            assert_eq!(all, [one]);
            assert_eq!(health(db, "o", Millis(2 * HOUR)).await.unwrap(), []);
            assert_eq!(health(db, "other", Millis(0)).await.unwrap(), []);
        })
        .await;
    }
}
