use engine::{
    campaign::Settings,
    gate,
    gateway::{self, Gateway},
    preflight::{Desk, Reason, Standing, Why, unclaimed},
    window::Window,
};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    dnc, hopper, lead_marks, leads,
    sample::NOW,
    sample_floor as floor,
    testing::{about, each, on_both},
};

const DAY: Millis = Millis(0);

/// A look at a million leads keeps nobody's count waiting.
#[test]
fn a_preflight_waits_in_another_lane_than_counts() {
    use crate::work::Work;
    let look = Work::Preflight {
        campaign: "cmp_1".into(),
        run: Some("run_1".into()),
    };
    let count = Work::RunFilter {
        run: "run_1".into(),
    };
    assert_ne!(look.queue(), count.queue());
}

/// A campaign that looks at its leads.
fn scene<'a>(campaign: &'a str, columns: &'a Columns) -> Scene<'a> {
    Scene {
        orgi: "o",
        campaign,
        columns,
        home: "CN",
        day_start: DAY,
        now: NOW,
    }
}

async fn all(db: &Db, over: &Over) -> Vec<Candidate> {
    let columns = Columns::default();
    let scene = scene("cmp_1", &columns);
    let (mut found, mut after) = (Vec::new(), -1);
    while let Some((part, last)) = stretch(db, over, scene, after, 3).await.unwrap() {
        found.extend(part);
        after = last;
    }
    found
}

fn settings() -> Settings {
    Settings {
        window: Window::always(),
        caller_ids: vec!["02110000".into()],
        ..Settings::default()
    }
}

fn trunk() -> Gateway {
    Gateway::new(gateway::Settings::default(), NOW)
}

/// Leads in every state; the campaign and the leads' ids.
async fn mixed(db: &Db) -> (String, Vec<String>) {
    let (campaign, ids) = floor::campaign(db, 12).await;
    for (id, sql) in [
        (1, "UPDATE leads SET voided = TRUE WHERE id = $1"),
        (2, "UPDATE leads SET dnc = TRUE WHERE id = $1"),
        (
            3,
            "UPDATE leads SET next_dial_at = NULL, call_status = 'success' WHERE id = $1",
        ),
        (
            4,
            "UPDATE leads SET next_dial_at = 3600000,
                call_rank = 2305843009213693952 + 3600000 WHERE id = $1",
        ),
        (5, "UPDATE leads SET call_status = 'calling' WHERE id = $1"),
        (6, RESERVE),
        (7, "UPDATE leads SET phone = '' WHERE id = $1"),
        (8, "UPDATE leads SET dial_count = 3 WHERE id = $1"),
    ] {
        about(db, &ids[id], sql).await;
    }
    for _ in 0..3 {
        let sql =
            "INSERT INTO attempts (id, orgi, lead_id, batch_id, campaign_id, mode, caller, number,
                gateway_id, verdict, node, state, reserved_at, call_id)
             SELECT 'att_' || id || (SELECT COUNT(*) FROM attempts), orgi, id, batch_id, 'c',
                'robot', '1', phone, 'g', '{}', 'n', 'closed', -5, 'k' FROM leads WHERE id = $1";
        about(db, &ids[8], sql).await;
    }
    (campaign, ids)
}

#[tokio::test]
async fn every_lead_of_a_campaign_gets_one_reason_and_the_gate_agrees() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, ids) = mixed(db).await;
        about(
            db,
            &campaign,
            "INSERT INTO tasks (id, orgi, campaign_id, title, state, created_at)
             VALUES ('tsk_1', 'o', $1, 't', 'ready', 1)",
        )
        .await;
        let settings = settings();
        let desk = Desk::new(&settings, Some(trunk()), NOW);
        let mut found = Vec::new();
        for task in tasks(db, &campaign).await.unwrap() {
            found.extend(all(db, &task).await);
        }
        assert_eq!(found.len(), ids.len());
        let mut summary = Summary::default();
        found
            .iter()
            .for_each(|one| summary.add(desk.look(one), NOW));
        let not: Vec<(&str, u64)> = summary
            .not
            .iter()
            .map(|(why, n)| (why.as_str(), *n))
            .collect();
        let expected = [
            ("cap", 1),
            ("dialling", 1),
            ("dnc", 1),
            ("done", 1),
            ("no_number", 1),
            ("reserved", 1),
            ("voided", 1),
        ];
        assert_eq!(not, expected);
        assert_eq!((summary.total, summary.now, summary.later), (12, 4, 1));

        // Those that can be called now are those that the floor draws and its gate lets pass.
        let drawn = hopper::draw(db, floor::NODE, &campaign, None, 50, NOW)
            .await
            .unwrap()
            .leads;
        let mut passes = 0;
        for lead in &drawn {
            let ask = floor::ask(&campaign, &lead.number);
            let facts = hopper::facts(db, floor::NODE, lead.id.as_str(), &ask, NOW)
                .await
                .unwrap();
            let verdict = gate::check(
                &facts.unwrap(),
                &settings,
                Some("02110000"),
                Some(&mut trunk()),
                NOW,
            );
            let stored = leads::find(db, lead.id.as_str()).await.unwrap().unwrap();
            passes += u64::from(verdict.is_ok() && !stored.phone.is_empty());
        }
        assert_eq!(passes, summary.now);
    })
    .await;
}

/// Leads in states of chance: every one has one reason, the reasons add up to the campaign and to the
/// batch, and what is said of one lead is what it was counted as.
#[tokio::test(flavor = "multi_thread")]
async fn reasons_add_up_whatever_state_leads_are_in() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, ids) = floor::campaign(db, 40).await;
        let task = "INSERT INTO tasks (id, orgi, campaign_id, title, state, created_at)
             VALUES ('tsk_1', 'o', $1, 't', 'ready', 1)";
        about(db, &campaign, task).await;
        let states = vec(vec(0..14_usize, 1..3), ids.len());
        let made = (states, any::<bool>());
        each(
            12,
            made,
            async |(states, is_open): (Vec<Vec<usize>>, bool)| {
                about(db, &campaign, ANEW).await;
                about(db, "c", "DELETE FROM reservations WHERE campaign_id = $1").await;
                for (id, states) in ids.iter().zip(&states) {
                    for state in states.iter().filter_map(|nth| STATES.get(*nth)) {
                        about(db, id, state).await;
                    }
                }
                let settings = Settings {
                    window: [Window::default(), Window::always()][usize::from(is_open)].clone(),
                    ..settings()
                };
                let desk = Desk::new(&settings, Some(trunk()), NOW);
                let mut summary = Summary::default();
                for over in tasks(db, &campaign).await.unwrap() {
                    let leads = all(db, &over).await;
                    leads
                        .iter()
                        .for_each(|one| summary.add(desk.look(one), NOW));
                }
                let claimed = "SELECT COUNT(*) FROM leads WHERE campaign_id = $1";
                let claimed: i64 = on!(db.read(), c => sqlx::query_scalar(claimed)
                .bind(&campaign).fetch_one(c).await)
                .unwrap();
                let reasons: u64 = summary.reasons.values().sum();
                assert_eq!((summary.total, reasons), (claimed as u64, claimed as u64));

                let mut one_by_one = std::collections::BTreeMap::<String, u64>::new();
                for id in &ids {
                    let scene = scene(&campaign, &settings.columns);
                    let found = lead(db, scene, id).await.unwrap().unwrap();
                    let stored = leads::find(db, id).await.unwrap().unwrap();
                    if stored.campaign_id.is_some() {
                        let why = desk.reason(&found).why;
                        *one_by_one.entry(why.as_str().into()).or_default() += 1;
                    } else {
                        let why = unclaimed(&found);
                        let free = matches!(
                            why,
                            Why::Unallocated
                                | Why::NoNumber
                                | Why::Gate(gate::Block::Voided | gate::Block::Dnc)
                        );
                        assert!(free, "{why:?}");
                    }
                }
                assert_eq!(one_by_one, summary.reasons);
            },
        )
        .await;
    })
    .await;
}

/// Every lead is the campaign's, and was never dialled.
const ANEW: &str = "UPDATE leads SET campaign_id = $1, task_id = 'tsk_1', alloc_status = 'queue',
    phone = '138' || position, voided = FALSE, dnc = FALSE, next_dial_at = 0, call_rank = position,
    call_status = 'notcall', appointed = FALSE";

/// Another node has it.
const RESERVE: &str = "INSERT INTO reservations (lead_id, campaign_id, node, reserved_at)
    VALUES ($1, 'c', 'other', 0) ON CONFLICT DO NOTHING";

/// What a lead can come to; some stay as they are.
const STATES: [&str; 10] = [
    "UPDATE leads SET campaign_id = NULL, task_id = NULL, alloc_status = 'recycled' WHERE id = $1",
    "UPDATE leads SET campaign_id = NULL, task_id = NULL, alloc_status = 'unallocated',
        phone = '' WHERE id = $1",
    "UPDATE leads SET voided = TRUE WHERE id = $1",
    "UPDATE leads SET dnc = TRUE, next_dial_at = NULL WHERE id = $1",
    "UPDATE leads SET next_dial_at = NULL, call_status = 'success' WHERE id = $1",
    "UPDATE leads SET next_dial_at = 9000000000000, call_status = 'failed' WHERE id = $1",
    "UPDATE leads SET call_status = 'calling' WHERE id = $1",
    RESERVE,
    "UPDATE leads SET phone = '' WHERE id = $1",
    "UPDATE leads SET appointed = TRUE, appoint_at = 9000000000000,
        next_dial_at = CASE WHEN campaign_id IS NULL THEN NULL ELSE 9000000000000 END WHERE id = $1",
];

#[tokio::test]
async fn what_a_start_would_draw_is_looked_at_before_it() {
    on_both(|home| async move {
        let db = &home.db;
        let (_, ids) = mixed(db).await;
        about(
            db,
            &ids[0],
            "UPDATE leads SET alloc_status = 'queue' WHERE id = $1",
        )
        .await;
        let first = leads::find(db, &ids[0]).await.unwrap().unwrap();
        let filter: String = on!(db.read(), c => sqlx::query_scalar("SELECT id FROM filters")
            .fetch_one(c).await)
        .unwrap();
        let mut positions = Vec::new();
        for id in &ids {
            positions.push(leads::find(db, id).await.unwrap().unwrap().position);
        }
        let mut tx = db.begin().await.unwrap();
        let run = filter_runs::create(&mut tx, "o", &filter, NOW)
            .await
            .unwrap()
            .unwrap();
        filter_runs::add_hits(&mut tx, &run, &first.batch_id, &positions)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let settings = settings();
        let desk = Desk::new(&settings, Some(trunk()), NOW);
        let found = all(db, &Over::Run(run)).await;
        let now = found
            .iter()
            .filter(|one| desk.look(one).0 == Standing::Now)
            .count();
        // All but: in use, out, blacklisted, being dialled, reserved, without number, used up.
        assert_eq!((found.len(), now), (12, 5));
    })
    .await;
}

#[tokio::test]
async fn a_result_is_kept_by_its_job() {
    on_both(|home| async move {
        let mut summary = Summary::default();
        let turn = Reason {
            why: Why::Turn,
            until: None,
        };
        summary.add((Standing::Now, turn), NOW);
        let mut tx = home.db.begin().await.unwrap();
        for total in [1, 2] {
            summary.total = total;
            keep(&mut tx, "job_1", "o", "cmp_1", &summary, NOW)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        let kept = get(&home.db, "cmp_1", "job_1").await.unwrap().unwrap();
        assert_eq!(kept.result.0, summary);
        assert_eq!(get(&home.db, "cmp_2", "job_1").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_list_that_writes_the_number_in_another_way_is_seen_before_the_dial() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, ids) = floor::campaign(db, 2).await;
        about(
            db,
            &ids[0],
            "UPDATE leads SET phone = '0012125550100' WHERE id = $1",
        )
        .await;
        let mut tx = db.begin().await.unwrap();
        dnc::add(&mut tx, "o", "+12125550100", "asked", None, NOW)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let columns = Columns::default();
        let scene = scene(&campaign, &columns);
        let mut listed = Vec::new();
        for id in &ids {
            listed.push(lead(db, scene, id).await.unwrap().unwrap().facts.dnc);
        }
        assert_eq!(listed, [true, false]);
    })
    .await;
}

#[tokio::test]
async fn an_appointment_is_waited_for_whoever_is_to_have_the_lead() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, ids) = floor::campaign(db, 1).await;
        let at = NOW.plus(3_600_000);
        let mut tx = db.begin().await.unwrap();
        lead_marks::appoint(&mut tx, &ids[0], at, "", NOW)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let columns = Columns::default();
        let scene = scene(&campaign, &columns);
        let due = async || lead(db, scene, &ids[0]).await.unwrap().unwrap().due;
        assert_eq!(due().await, Some(at));
        about(
            db,
            &ids[0],
            "UPDATE leads SET campaign_id = NULL, task_id = NULL, alloc_status = 'recycled',
                 next_dial_at = NULL WHERE id = $1",
        )
        .await;
        assert_eq!(due().await, Some(at), "a start makes it due then");
    })
    .await;
}
