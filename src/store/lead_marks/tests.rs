use engine::{
    disposition::{Code, Disposition, Step},
    floor::OpenAttempt,
    gate::Facts,
    outcome::Outcome,
};

use super::*;
use crate::{calls, dials, hopper, leads, sample::NOW, sample_floor as floor, testing::on_both};

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

/// A lead that is being dialled, and the beginning of its attempt.
async fn dialling(db: &Db) -> (String, String, OpenAttempt) {
    let (campaign, ids) = floor::campaign(db, 1).await;
    let drawn = hopper::draw(db, floor::NODE, &campaign, None, 1, NOW)
        .await
        .unwrap();
    let open = floor::attempt(1, &campaign, &drawn.leads[0]);
    let refused = dials::open(db, floor::NODE, &open).await.unwrap();
    assert_eq!(refused, None);
    (campaign, ids[0].clone(), open)
}

async fn promise(db: &Db, lead: &str, at: Millis) {
    let mut tx = db.begin().await.unwrap();
    assert!(appoint(&mut tx, lead, at, "明天", NOW).await.unwrap());
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn an_appointment_made_during_the_call_is_kept() {
    for outcome in [Outcome::Connected, Outcome::NoAnswer] {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, lead, open) = dialling(db).await;
            let at = NOW.plus(3_600_000);
            promise(db, &lead, at).await;
            let again = (outcome == Outcome::NoAnswer).then(|| NOW.plus(600_000));
            dials::close(db, &floor::close(&open, outcome, again))
                .await
                .unwrap();
            assert_eq!(due(db, &campaign, at.plus(-1)).await, 0, "{outcome:?}");
            assert_eq!(due(db, &campaign, at).await, 1, "{outcome:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn what_an_agent_says_of_a_call_leaves_its_appointment_unless_another_call_is_of_no_use() {
    for (code, step, kept) in [
        (Code::Interested, Step::Close, true),
        (Code::Machine, Step::TryAgain(NOW.plus(5)), true),
        (Code::Callback, Step::CallAgain(NOW.plus(9)), false),
        (Code::NotInterested, Step::Close, false),
        (Code::DoNotCall, Step::Suppress, false),
    ] {
        on_both(|home| async move {
            let db = &home.db;
            let (_, lead, open) = dialling(db).await;
            let at = NOW.plus(3_600_000);
            promise(db, &lead, at).await;
            dials::close(db, &floor::close(&open, Outcome::Connected, None))
                .await
                .unwrap();
            let said = Disposition {
                code,
                note: String::new(),
                callback_at: None,
            };
            let call = open.call.id.to_string();
            calls::dispose(db, &call, Some(&lead), &said, step, NOW)
                .await
                .unwrap();
            let lead = marked(db, &lead).await;
            let stands = lead.appointed && lead.next_dial_at == Some(at.0);
            assert_eq!(stands, kept, "{code:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_lead_that_is_put_back_waits_for_its_appointment() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, ids) = floor::campaign(db, 1).await;
        assert_eq!(due(db, &campaign, NOW).await, 1);
        let at = NOW.plus(86_400_000);
        promise(db, &ids[0], at).await;
        let soon = NOW.plus(600_000);
        hopper::release(db, floor::NODE, &ids[0], Some(soon))
            .await
            .unwrap();
        assert_eq!(due(db, &campaign, soon).await, 0);
        // On an agent's own list, looked at before its time, and put back.
        on!(db.write(), c => sqlx::query("UPDATE leads SET alloc_type = 'agent', alloc_target = '1001'")
            .execute(c).await.map(|_| ()))
        .unwrap();
        let own = (campaign.as_str(), "1001");
        let picked = hopper::pick(db, floor::NODE, own, &ids[0], NOW)
            .await
            .unwrap();
        assert!(picked.is_some());
        hopper::release(db, "another", &ids[0], None).await.unwrap();
        assert!(facts(db, &ids[0]).await.is_some(), "it is not the other's");
        hopper::release(db, floor::NODE, &ids[0], Some(soon))
            .await
            .unwrap();
        let due = async |at: Millis| {
            let drawn = hopper::draw(db, floor::NODE, &campaign, Some("1001"), 5, at).await;
            drawn.unwrap().leads.len()
        };
        assert_eq!((due(soon).await, due(at).await), (0, 1));
    })
    .await;
}

#[tokio::test]
async fn a_lead_whose_appointment_is_forgotten_has_its_old_place() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, ids) = floor::campaign(db, 2).await;
        // The list is not in the order of the batch.
        on!(db.write(), c => sqlx::query("UPDATE leads SET call_rank = -position")
            .execute(c).await.map(|_| ()))
        .unwrap();
        promise(db, &ids[1], NOW.plus(5)).await;
        let mut tx = db.begin().await.unwrap();
        assert!(disappoint(&mut tx, &ids[1], NOW).await.unwrap());
        tx.commit().await.unwrap();
        let drawn = hopper::draw(db, floor::NODE, &campaign, None, 1, NOW)
            .await
            .unwrap();
        assert_eq!(drawn.leads[0].id.as_str(), ids[1]);
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
