use super::*;
use crate::{dials, leads, sample::NOW, sample_floor as floor, testing::on_both};
use engine::{
    caps::History,
    gate::{Consent, Facts, Listed, Used},
    outcome::Outcome,
};

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
        block(
            db,
            floor::NODE,
            &ids[0],
            Block::Live,
            Some(later),
            None,
            NOW,
        )
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
        block(
            db,
            floor::NODE,
            &ids[0],
            Block::Dnc,
            None,
            Some("list house"),
            NOW,
        )
        .await
        .unwrap();
        let done = draw(db, floor::NODE, &campaign, None, 1, later)
            .await
            .unwrap();
        assert_eq!((done.leads.len(), done.undone), (0, Some(0)));
    })
    .await;
}

#[tokio::test]
async fn a_verdict_touches_no_lead_that_another_node_holds_or_that_is_being_dialled() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, ids) = floor::campaign(db, 1).await;
        let held = draw(db, "live-2", &campaign, None, 1, NOW).await.unwrap();
        let before = leads::find(db, &ids[0]).await.unwrap().unwrap();
        let verdict = |node: &'static str| block(db, node, &ids[0], Block::Dnc, None, None, NOW);

        verdict(floor::NODE).await.unwrap();
        let after = leads::find(db, &ids[0]).await.unwrap().unwrap();
        assert_eq!(after.next_dial_at, before.next_dial_at);
        let open = floor::attempt(1, &campaign, &held.leads[0]);
        let begun = dials::open(db, "live-2", &open).await.unwrap();
        assert_eq!(begun, None, "the lead is still that node's");

        verdict("live-2").await.unwrap();
        let calling = leads::find(db, &ids[0]).await.unwrap().unwrap();
        assert_eq!(calling.next_dial_at, before.next_dial_at);
        let again = NOW.plus(600_000);
        dials::close(db, &floor::close(&open, Outcome::Busy, Some(again)))
            .await
            .unwrap();
        let closed = leads::find(db, &ids[0]).await.unwrap().unwrap();
        assert_eq!(closed.next_dial_at, Some(again.0));
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
        let ask = floor::ask(&campaign, &lead.number);
        let read = || facts(db, floor::NODE, &ids[0], &ask, NOW);
        let nothing = Facts {
            number: lead.number.clone(),
            ..Facts::default()
        };
        assert_eq!(read().await.unwrap(), Some(nothing.clone()));
        let open = floor::attempt(1, &campaign, &lead);
        assert_eq!(dials::open(db, floor::NODE, &open).await.unwrap(), None);
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
            listed: Some(Listed {
                list: "house".into(),
                version: 1,
                entry: lead.number.clone(),
                until: None,
            }),
            attempts: 1,
            attempts_today: 1,
            of_number: History {
                dials: vec![NOW],
                ..History::default()
            },
            ..nothing
        };
        assert_eq!(read().await.unwrap(), Some(known));
        assert_eq!(facts(db, "live-2", &ids[0], &ask, NOW).await.unwrap(), None);
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
        release(db, floor::NODE, &ids[0], Some(later))
            .await
            .unwrap();
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

#[tokio::test]
async fn facts_tell_of_person_place_consent_callers_and_holidays() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, ids) = floor::campaign(db, 3).await;
        let data = r#"{"who":"ann","tz":"Europe/Berlin","yes":"2026-01-01 "}"#;
        for id in &ids[..2] {
            crate::on!(db.write(), c => sqlx::query("UPDATE leads SET data = $2 WHERE id = $1")
                .bind(id).bind(data).execute(c).await.map(|_| ()))
            .unwrap();
        }
        let drawn = draw(db, floor::NODE, &campaign, None, 3, NOW)
            .await
            .unwrap()
            .leads;
        let mut open = floor::attempt(1, &campaign, &drawn[0]);
        open.verdict.facts.said.person = Some("ann".into());
        assert_eq!(dials::open(db, floor::NODE, &open).await.unwrap(), None);
        let mut close = floor::close(&open, Outcome::Connected, None);
        close.times.bridged = Some(NOW.plus(1_000));
        close.abandoned = true;
        dials::close(db, &close).await.unwrap();
        let import: String = crate::on!(db.read(), c => sqlx::query_scalar(
            "SELECT import_id FROM leads WHERE id = $1").bind(&ids[1]).fetch_one(c).await)
        .unwrap();
        let consent = Consent {
            basis: "written".into(),
            source: "archive".into(),
            at: NOW,
            text_version: None,
        };
        let mut tx = db.begin().await.unwrap();
        crate::imports::set_consent(&mut tx, &import, Some(&consent))
            .await
            .unwrap();
        for (day, name) in [("1970-01-02", "soon"), ("1999-12-31", "far")] {
            let holiday = crate::holidays::Holiday {
                day: day.into(),
                name: name.into(),
            };
            crate::holidays::put(&mut tx, "o", &holiday).await.unwrap();
        }
        tx.commit().await.unwrap();

        let mut ask = floor::ask(&campaign, &drawn[1].number);
        ask.callers = vec!["02110000".into()];
        ask.columns.person = Some("who".into());
        ask.columns.zone = Some("tz".into());
        ask.columns.consent = Some("yes".into());
        let found = facts(db, floor::NODE, &ids[1], &ask, NOW)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.said.person.as_deref(), Some("ann"));
        assert_eq!(found.said.zone.as_deref(), Some("Europe/Berlin"));
        assert_eq!(found.said.consent.as_deref(), Some("2026-01-01"));
        assert_eq!(found.consent, Some(consent));
        assert_eq!(found.of_number, History::default());
        let ended = Some(NOW.plus(5_000));
        let of_ann = History {
            dials: vec![NOW],
            talked: ended,
            abandoned: ended,
        };
        assert_eq!(found.of_person, of_ann, "by another number");
        assert_eq!(found.holidays, ["1970-01-02".parse().unwrap()]);
        let used = Used {
            caller: "02110000".into(),
            today: 1,
            last: NOW,
            refused: false,
        };
        assert_eq!(found.callers, [used]);
        // Nobody knows who the third one is.
        ask.number.clone_from(&drawn[2].number);
        let third = facts(db, floor::NODE, &ids[2], &ask, NOW)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(third.of_person, History::default());
    })
    .await;
}

#[tokio::test]
async fn a_caller_that_was_refused_as_unwanted_is_told() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, ids) = floor::campaign(db, 1).await;
        let lead = draw(db, floor::NODE, &campaign, None, 1, NOW)
            .await
            .unwrap()
            .leads
            .remove(0);
        let open = floor::attempt(1, &campaign, &lead);
        dials::open(db, floor::NODE, &open).await.unwrap();
        let close = floor::close(&open, Outcome::Blocked, Some(NOW));
        dials::close(db, &close).await.unwrap();
        draw(db, floor::NODE, &campaign, None, 1, NOW)
            .await
            .unwrap();
        let ask = floor::ask(&campaign, &lead.number);
        let found = facts(db, floor::NODE, &ids[0], &ask, NOW)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.callers.len(), 1);
        assert!(found.callers[0].refused);
    })
    .await;
}

/// On SQLite there is one writer at a time anyway.
#[tokio::test]
async fn a_lead_that_is_just_being_taken_back_is_not_drawn() {
    let home = crate::testing::postgres().await;
    let db = &home.db;
    let (campaign, ids) = floor::campaign(db, 2).await;
    for id in &ids {
        let given = "UPDATE leads SET alloc_status = 'queue' WHERE id = $1";
        crate::testing::about(db, id, given).await;
    }
    let drawn = async || {
        let drawn = draw(db, floor::NODE, &campaign, None, 9, NOW).await;
        let ids = drawn.unwrap().leads.into_iter().map(|lead| lead.id);
        ids.map(|id| id.to_string()).collect::<Vec<_>>()
    };
    let both = crate::tasks::Scope::Leads {
        orgi: "o",
        ids: &ids,
        task: None,
        holder: None,
    };
    let first = crate::tasks::Scope::Leads {
        orgi: "o",
        ids: &ids[..1],
        task: None,
        holder: None,
    };
    let mut tx = db.begin().await.unwrap();
    let held = crate::tasks::returnable(&mut tx, first, -1, 9)
        .await
        .unwrap();
    assert_eq!(drawn().await, ids[1..]);
    let taken = crate::tasks::take_back(&mut tx, &held, false, NOW).await;
    assert_eq!(taken.unwrap().leads, 1);
    tx.commit().await.unwrap();
    assert!(drawn().await.is_empty(), "one is taken back, one in hand");
    let mut tx = db.begin().await.unwrap();
    let held = crate::tasks::returnable(&mut tx, both, -1, 9)
        .await
        .unwrap();
    assert!(held.is_empty(), "what is in hand is not taken back");
}
