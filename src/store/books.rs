//! The abandonment ledger of a campaign, as its CDRs tell it.
//!
//! The floor books as calls go on; after a restart the same books are read from here, so that a
//! process that was killed forgets no loss.

use engine::{
    ledger::{Ledger, Tally},
    time::Millis,
};
use sqlx::FromRow;

use crate::{Db, Result, on};

#[derive(FromRow)]
struct Row {
    hour: i64,
    answered: i64,
    connected: i64,
    lost: i64,
    machines: i64,
    turned_away: i64,
    checked: i64,
    mistaken: i64,
}

impl Row {
    fn tally(&self) -> Tally {
        let count = |n: i64| u64::try_from(n).unwrap_or_default();
        Tally {
            answered: count(self.answered),
            connected: count(self.connected),
            lost: count(self.lost),
            machines: count(self.machines),
            turned_away: count(self.turned_away),
            checked: count(self.checked),
            mistaken: count(self.mistaken),
            missed: 0,
        }
    }
}

/// Taken for a person: by whoever listened, or because nobody did.
macro_rules! as_person {
    () => {
        "(verdict IS NULL OR verdict IN ('human', 'unsure'))"
    };
}

/// Taken for a machine, brought to an agent all the same, who said what it was.
macro_rules! checked {
    () => {
        "(verdict = 'machine' AND bridged_at IS NOT NULL AND disposition IS NOT NULL)"
    };
}

/// Of calls that were answered by persons: met, lost, and found to be machines after all; of those
/// taken for machines: turned away, checked, and found to be persons.
macro_rules! booked {
    ($hour:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $hour,
            " AS hour,
             COUNT(CASE WHEN ",
            as_person!(),
            " OR (",
            checked!(),
            " AND disposition <> 'machine') THEN 1 END) AS answered,
             COUNT(CASE WHEN bridged_at IS NOT NULL AND (",
            as_person!(),
            " OR (",
            checked!(),
            " AND disposition <> 'machine')) THEN 1 END) AS connected,
             COUNT(CASE WHEN ",
            as_person!(),
            " AND bridged_at IS NULL AND gave_up_at IS NOT NULL THEN 1 END) AS lost,
             COUNT(CASE WHEN ",
            as_person!(),
            " AND bridged_at IS NOT NULL AND disposition = 'machine' THEN 1 END) AS machines,
             COUNT(CASE WHEN verdict = 'machine' AND bridged_at IS NULL THEN 1 END) AS turned_away,
             COUNT(CASE WHEN ",
            checked!(),
            " THEN 1 END) AS checked,
             COUNT(CASE WHEN ",
            checked!(),
            " AND disposition <> 'machine' THEN 1 END) AS mistaken
             FROM calls WHERE campaign_id = $1 AND mode = 'predictive' AND state = 'closed'
                 AND answered_at IS NOT NULL ",
            $rest
        )
    };
}

/// # Errors
/// When the database fails.
pub async fn of(db: &Db, campaign: &str, now: Millis) -> Result<Ledger> {
    let life = life(db, campaign).await?;
    let from = Ledger::first_hour(now) * 3_600_000;
    let hours: Vec<Row> = on!(db.read(), c => sqlx::query_as(booked!(
        "answered_at / 3600000", "AND answered_at >= $2 GROUP BY answered_at / 3600000"
    )).bind(campaign).bind(from).fetch_all(c).await)?;
    let hours = hours.iter().map(|row| (row.hour, row.tally()));
    Ok(Ledger::of(life, hours))
}

/// Everything since the campaign began.
///
/// # Errors
/// When the database fails.
pub async fn life(db: &Db, campaign: &str) -> Result<Tally> {
    let life: Row = on!(db.read(), c => sqlx::query_as(booked!("CAST(0 AS BIGINT)", ""))
        .bind(campaign).fetch_one(c).await)?;
    Ok(life.tally())
}

#[cfg(test)]
mod tests {
    use engine::{
        classification::{Answerer, Finding},
        disposition::{Code, Disposition, Step},
        floor::{AnswerClass, CloseCall, Heard, Message, Times},
        ledger::Window,
        outcome::Outcome,
    };

    use super::*;
    use crate::{calls, dials, hopper, sample::NOW, sample_floor as floor, testing::on_both};

    /// How a dialled person fared.
    #[derive(Clone, Copy)]
    enum Fate {
        Met,
        Lost,
        HungUpFirst,
        NotAnswered,
    }

    fn closed(close: CloseCall, fate: Fate, at: Millis) -> CloseCall {
        let answered = !matches!(fate, Fate::NotAnswered);
        let lost = matches!(fate, Fate::Lost);
        CloseCall {
            times: Times {
                answered: answered.then_some(at),
                bridged: matches!(fate, Fate::Met).then_some(at),
                ..close.times
            },
            answer_class: AnswerClass::Person,
            abandoned: answered && !matches!(fate, Fate::Met),
            gave_up: lost.then(|| at.plus(2_000)),
            message: lost.then(|| Message {
                prompt: "who-called".into(),
                heard: Heard::Played,
            }),
            ..close
        }
    }

    #[tokio::test]
    async fn the_books_are_those_of_the_calls() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, _) = floor::campaign(db, 5).await;
            let drawn = hopper::draw(db, floor::NODE, &campaign, None, 5, NOW)
                .await
                .unwrap()
                .leads;
            let hours = |n: i64| NOW.plus(-n * 3_600_000);
            let fates = [
                (Fate::Met, hours(0)),
                (Fate::Met, hours(800)),
                (Fate::Lost, hours(30)),
                (Fate::HungUpFirst, hours(0)),
                (Fate::NotAnswered, hours(0)),
            ];
            for (no, (lead, (fate, at))) in drawn.iter().zip(fates).enumerate() {
                let open = floor::attempt(no as u64 + 1, &campaign, lead);
                dials::open(db, floor::NODE, &open).await.unwrap();
                let close = floor::close(&open, Outcome::Connected, None);
                dials::close(db, &closed(close, fate, at)).await.unwrap();
                on!(db.write(), c => sqlx::query("UPDATE calls SET mode = 'predictive'")
                    .execute(c).await.map(|_| ()))
                .unwrap();
            }
            let machine = Disposition {
                code: Code::Machine,
                note: String::new(),
                callback_at: None,
            };
            let step = Step::TryAgain(NOW.plus(1_000));
            let first = floor::attempt(1, &campaign, &drawn[0]).call.id.to_string();
            let lead = drawn[0].id.as_str();
            calls::dispose(db, &first, Some(lead), &machine, step, NOW)
                .await
                .unwrap();
            let books = of(db, &campaign, NOW).await.unwrap();
            let tally = |answered, connected, lost, machines| Tally {
                answered,
                connected,
                lost,
                machines,
                ..Tally::default()
            };
            assert_eq!(books.tally(Window::Day, NOW), tally(2, 1, 0, 1));
            assert_eq!(books.tally(Window::ThirtyDays, NOW), tally(3, 1, 1, 1));
            assert_eq!(books.tally(Window::Campaign, NOW), tally(4, 2, 1, 1));
            let tried = crate::leads::find(db, lead).await.unwrap().unwrap();
            assert_eq!(tried.next_dial_at, Some(NOW.plus(1_000).0));
            assert!(!tried.appointed);
            let third = floor::attempt(3, &campaign, &drawn[2]).call.id.to_string();
            let lost = calls::get(db, "o", &third).await.unwrap().unwrap();
            let message = (lost.message.as_deref(), lost.message_heard.as_deref());
            assert_eq!(message, (Some("who-called"), Some("played")));
            assert_eq!(lost.gave_up_at, Some(hours(30).plus(2_000).0));
        })
        .await;
    }

    #[tokio::test]
    async fn answers_that_were_taken_for_machines_are_booked_by_what_became_of_them() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, _) = floor::campaign(db, 5).await;
            let drawn = hopper::draw(db, floor::NODE, &campaign, None, 5, NOW)
                .await
                .unwrap()
                .leads;
            // Turned away; checked and right; checked and wrong; not said yet; a fax.
            let cases = [
                (Answerer::Machine, false, None),
                (Answerer::Machine, true, Some(Code::Machine)),
                (Answerer::Machine, true, Some(Code::Interested)),
                (Answerer::Machine, true, None),
                (Answerer::Fax, false, None),
            ];
            for (no, (lead, (answerer, met, said))) in drawn.iter().zip(cases).enumerate() {
                let open = floor::attempt(no as u64 + 1, &campaign, lead);
                dials::open(db, floor::NODE, &open).await.unwrap();
                let mut close = floor::close(&open, Outcome::Machine, None);
                close.times.answered = Some(NOW);
                close.times.bridged = met.then_some(NOW);
                close.answer_class = answerer.into();
                close.finding = Some(Finding {
                    answerer,
                    sit: None,
                    why: "long greeting".into(),
                    after_ms: 2_400,
                    greeted_ms: None,
                });
                dials::close(db, &close).await.unwrap();
                let id = open.call.id.to_string();
                if let Some(code) = said {
                    let disposition = Disposition {
                        code,
                        note: String::new(),
                        callback_at: None,
                    };
                    calls::dispose(db, &id, None, &disposition, Step::Close, NOW)
                        .await
                        .unwrap();
                }
                let seen = calls::get(db, "o", &id).await.unwrap().unwrap();
                assert_eq!(seen.verdict.as_deref(), Some(answerer.as_str()));
                assert_eq!(seen.verdict_ms, Some(2_400));
                assert_eq!(seen.verdict_why.as_deref(), Some("long greeting"));
            }
            on!(db.write(), c => sqlx::query("UPDATE calls SET mode = 'predictive'")
                .execute(c).await.map(|_| ()))
            .unwrap();
            let books = of(db, &campaign, NOW).await.unwrap();
            let expected = Tally {
                answered: 1,
                connected: 1,
                turned_away: 1,
                checked: 2,
                mistaken: 1,
                ..Tally::default()
            };
            assert_eq!(books.tally(Window::Campaign, NOW), expected);
            assert_eq!(books.tally(Window::Day, NOW), expected);
        })
        .await;
    }
}
