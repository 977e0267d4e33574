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

#[tokio::test]
async fn an_appointment_and_a_late_lead_wait_for_their_time() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, ids) = floor::campaign(db, 4).await;
        let later = NOW.plus(60_000);
        crate::on!(db.write(), c => sqlx::query(
            "UPDATE leads SET appointed = TRUE, appoint_at = $2, next_dial_at = $2 WHERE id = $1"
        ).bind(&ids[2]).bind(later.0).execute(c).await.map(|_| ()))
        .unwrap();
        draw(db, floor::NODE, &campaign, None, 1, NOW)
            .await
            .unwrap();
        release(db, &ids[0], Some(later)).await.unwrap();
        let left = what_is_left(db, &campaign, NOW).await.unwrap();
        assert_eq!((left.undone, left.next_due), (4, Some(NOW)));
        let places = |drawn: Drawn| -> Vec<usize> {
            let place =
                |lead: &engine::floor::Lead| ids.iter().position(|id| *id == lead.id.as_str());
            drawn.leads.iter().filter_map(place).collect()
        };
        let now = draw(db, floor::NODE, &campaign, None, 1, NOW)
            .await
            .unwrap();
        assert_eq!(places(now), [1]);
        let then = draw(db, floor::NODE, &campaign, None, 9, later)
            .await
            .unwrap();
        assert_eq!(
            places(then),
            [2, 3, 0],
            "the appointment first, the one put back last"
        );
    })
    .await;
}

#[tokio::test]
async fn a_campaign_whose_leads_are_on_their_way_is_not_done() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, _) = floor::campaign(db, 0).await;
        let left = |at| async move { what_is_left(db, at, NOW).await.unwrap().undone };
        assert_eq!(left(&campaign).await, 0);
        let known = crate::campaigns::find(db, &campaign)
            .await
            .unwrap()
            .unwrap();
        let new = crate::tasks::NewTask {
            kind: "append",
            title: "追加",
            extract: None,
            by: "u",
        };
        let mut tx = db.begin().await.unwrap();
        crate::tasks::create(&mut tx, &known, new, NOW)
            .await
            .unwrap();
        crate::campaigns::order(&mut tx, &campaign, engine::campaign::Order::Start, NOW)
            .await
            .unwrap();
        assert!(
            !crate::campaigns::finish(&mut tx, &campaign, NOW)
                .await
                .unwrap()
        );
        tx.commit().await.unwrap();
        assert_eq!(left(&campaign).await, 1);
    })
    .await;
}

#[tokio::test]
async fn an_agent_picks_only_from_the_own_list() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, ids) = floor::campaign(db, 3).await;
        for id in &ids[..2] {
            crate::testing::about(
                db,
                id,
                "UPDATE leads SET alloc_type = 'agent', alloc_target = '1001',
                     next_dial_at = 9000000000000 WHERE id = $1",
            )
            .await;
        }
        let picks = async |agent: &str, lead: &str| {
            let of = (campaign.as_str(), agent);
            let found = pick(db, floor::NODE, of, lead, NOW).await.unwrap();
            found.map(|lead| lead.id.to_string())
        };
        assert_eq!(picks("1002", &ids[0]).await, None, "another's");
        assert_eq!(picks("1001", &ids[2]).await, None, "the queue's");
        assert_eq!(
            picks("1001", &ids[0]).await.as_ref(),
            Some(&ids[0]),
            "not due"
        );
        assert_eq!(picks("1001", &ids[0]).await, None, "in hand");
        let over = "UPDATE leads SET next_dial_at = NULL WHERE id = $1";
        crate::testing::about(db, &ids[1], over).await;
        assert_eq!(picks("1001", &ids[1]).await, None, "done");
    })
    .await;
}
