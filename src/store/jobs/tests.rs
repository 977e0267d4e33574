use super::*;
use crate::{
    sample::NOW,
    testing::on_both,
    work::{self, By, Terms, Wake, Work, queue},
};

const SHEET: &str = queue::SHEET;

fn report(nth: usize) -> Work {
    Work::CampaignReport {
        campaign: format!("cmp_{nth}"),
    }
}

async fn queued(db: &Db, orgi: &str, terms: Terms<'_>, at: Millis) -> String {
    let mut tx = db.begin().await.unwrap();
    let by = By {
        orgi,
        user: "u",
        batch: Some("bat_1"),
    };
    let id = work::enqueue_on(&mut tx, report(1), by, terms, at)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    id
}

async fn usual(db: &Db) -> String {
    queued(db, "o", Terms::default(), NOW).await
}

async fn next(db: &Db, now: Millis) -> Option<Taken> {
    take(db, SHEET, "w", 4, now).await.unwrap()
}

#[tokio::test]
async fn a_later_start_fences_an_earlier_one() {
    on_both(|home| async move {
        let id = usual(&home.db).await;
        let first = next(&home.db, NOW).await.unwrap();
        assert_eq!(
            (first.job.as_str(), first.attempts, &first.work),
            (id.as_str(), 1, &report(1))
        );
        // Leased: nobody else has it until its lease is over, and a renewal moves that.
        assert_eq!(next(&home.db, NOW.plus(LEASE_MS)).await, None);
        let later = NOW.plus(LEASE_MS);
        assert!(renew(&home.db, &id, first.fence, later).await.unwrap());
        assert_eq!(next(&home.db, later.plus(LEASE_MS)).await, None);
        let after = later.plus(LEASE_MS + 1);
        let second = next(&home.db, after).await.unwrap();
        assert!(second.fence > first.fence && second.attempts == 2);
        assert!(!renew(&home.db, &id, first.fence, after).await.unwrap());
        let mut tx = home.db.begin().await.unwrap();
        let told = |fence| (fence, "reading", (1, 2));
        for (fence, fits) in [(first.fence, false), (second.fence, true)] {
            let (fence, stage, so_far) = told(fence);
            let alive = progress(&mut tx, &id, fence, stage, so_far, after).await;
            assert_eq!(alive.unwrap(), fits);
        }
        let result = serde_json::json!({"rows": 2});
        assert!(
            !succeed(&mut tx, &id, first.fence, &result, after)
                .await
                .unwrap()
        );
        assert!(
            succeed(&mut tx, &id, second.fence, &result, after)
                .await
                .unwrap()
        );
        tx.commit().await.unwrap();
        let job = get(&home.db, &id).await.unwrap().unwrap();
        assert_eq!(
            (job.state.as_str(), job.done, job.total, &job.result.0),
            ("succeeded", 1, 2, &result)
        );
        assert_eq!((job.locked_by, job.locked_until), (None, None));
        assert_eq!(next(&home.db, after.plus(1_000_000)).await, None);
    })
    .await;
}

#[tokio::test]
async fn the_turn_goes_by_priority_then_time() {
    on_both(|home| async move {
        let db = &home.db;
        let of = |priority, run_after| Terms {
            priority,
            run_after: Millis(run_after),
            ..Terms::default()
        };
        let late = queued(db, "o", of(5, NOW.0 + 50), NOW).await;
        let old = queued(db, "o", of(5, 0), NOW).await;
        let young = queued(db, "o", of(5, 0), NOW.plus(10)).await;
        let first = queued(db, "o", of(9, NOW.0 + 20), NOW).await;
        let not_yet = queued(db, "o", of(9, NOW.0 + 9_000), NOW).await;
        let last = queued(db, "o", of(0, 0), NOW).await;
        let mut tx = db.begin().await.unwrap();
        assert!(prioritise(&mut tx, &last, 6, NOW).await.unwrap());
        tx.commit().await.unwrap();
        let mut order = Vec::new();
        while let Some(taken) = take(db, SHEET, "w", 100, NOW.plus(100)).await.unwrap() {
            order.push(taken.job);
        }
        assert_eq!(order, [first, last, old, young, late]);
        assert!(!order.contains(&not_yet));
    })
    .await;
}

#[tokio::test]
async fn a_tenant_runs_so_many_and_tenants_take_turns() {
    on_both(|home| async move {
        let db = &home.db;
        for orgi in ["a", "a", "a", "a", "a", "b", "b"] {
            queued(db, orgi, Terms::default(), NOW).await;
        }
        let mut taken = Vec::new();
        for at in 0..10 {
            if let Some(one) = take(db, SHEET, "w", 3, NOW.plus(at)).await.unwrap() {
                let job = get(db, &one.job).await.unwrap().unwrap();
                taken.push((job.orgi, one));
            }
        }
        let orgis: String = taken.iter().map(|(orgi, _)| orgi.as_str()).collect();
        assert_eq!(
            orgis,
            "abab".to_owned() + "a",
            "in turns, three of a at most"
        );
        assert_eq!(wake_idle(db, 3, NOW.plus(60)).await.unwrap(), 0);
        let (_, one) = &taken[0];
        let mut tx = db.begin().await.unwrap();
        assert!(
            succeed(&mut tx, &one.job, one.fence, &Value::Null, NOW)
                .await
                .unwrap()
        );
        tx.commit().await.unwrap();
        assert!(
            take(db, SHEET, "w", 3, NOW.plus(60))
                .await
                .unwrap()
                .is_some()
        );
    })
    .await;
}

#[tokio::test]
async fn many_workers_start_each_job_once() {
    on_both(|home| async move {
        let mut ids = Vec::new();
        for _ in 0..60 {
            ids.push(usual(&home.db).await);
        }
        // Processes of their own would open the database themselves; so do these.
        let mut workers = tokio::task::JoinSet::new();
        for nth in 0..4 {
            let db = Db::connect(&home.place).await.unwrap();
            workers.spawn(async move {
                let mut mine = Vec::new();
                let worker = format!("w{nth}");
                while let Some(taken) = take(&db, SHEET, &worker, 4, NOW).await.unwrap() {
                    let busy: i64 = on!(db.read(), c => sqlx::query_scalar(
                        "SELECT COUNT(*) FROM job_runs WHERE state = 'running'"
                    ).fetch_one(c).await)
                    .unwrap();
                    assert!(busy <= 4, "{busy} at once");
                    let mut tx = db.begin().await.unwrap();
                    let done = succeed(&mut tx, &taken.job, taken.fence, &Value::Null, NOW).await;
                    assert!(done.unwrap());
                    tx.commit().await.unwrap();
                    mine.push(taken.job);
                }
                db.close().await;
                mine
            });
        }
        let mut done: Vec<String> = workers.join_all().await.concat();
        // A worker that found the tenant's slots full went home; the last one finds the rest.
        while let Some(taken) = next(&home.db, NOW).await {
            done.push(taken.job);
        }
        done.sort_unstable();
        ids.sort_unstable();
        assert_eq!(done, ids);
    })
    .await;
}

#[tokio::test]
async fn a_job_that_was_put_back_comes_later_and_a_yielded_start_does_not_count() {
    on_both(|home| async move {
        let id = usual(&home.db).await;
        let first = next(&home.db, NOW).await.unwrap();
        let later = NOW.plus(5_000);
        let mut tx = home.db.begin().await.unwrap();
        let told = ("CODE", "text");
        assert!(
            put_back(&mut tx, &id, first.fence, told, later, NOW)
                .await
                .unwrap()
        );
        tx.commit().await.unwrap();
        assert_eq!(next(&home.db, NOW.plus(4_999)).await, None);
        let second = next(&home.db, later).await.unwrap();
        assert_eq!(second.attempts, 2);
        let mut tx = home.db.begin().await.unwrap();
        assert!(yield_back(&mut tx, &id, second.fence, NOW).await.unwrap());
        assert!(!yield_back(&mut tx, &id, second.fence, NOW).await.unwrap());
        tx.commit().await.unwrap();
        let third = next(&home.db, later).await.unwrap();
        assert!(third.attempts == 2 && third.fence > second.fence);
    })
    .await;
}

/// Every state and every order: what fits, and what comes of it (OUT-011).
#[tokio::test]
async fn only_legal_moves_are_made() {
    on_both(|home| async move {
        let db = &home.db;
        let after = [
            ("queued", ["", "", "", "cancelled"]),
            ("running", ["paused", "", "", "cancelled"]),
            ("paused", ["", "queued", "", "cancelled"]),
            ("succeeded", ["", "", "", ""]),
            ("failed", ["", "", "queued", ""]),
            ("cancelled", ["", "", "", ""]),
        ];
        for (state, moves) in after {
            for (at, expected) in moves.iter().enumerate() {
                let id = usual(db).await;
                on!(db.write(), c => sqlx::query("UPDATE job_runs SET state = $2 WHERE id = $1")
                    .bind(&id).bind(state).execute(c).await.map(|_| ()))
                .unwrap();
                let mut tx = db.begin().await.unwrap();
                let done = match at {
                    0 => pause(&mut tx, &id, NOW).await,
                    1 => resume(&mut tx, &id, NOW).await,
                    2 => retry(&mut tx, &id, NOW).await,
                    _ => cancel(&mut tx, &id, NOW).await,
                };
                tx.commit().await.unwrap();
                assert_eq!(done.unwrap(), !expected.is_empty(), "{state}, order {at}");
                let job = get(db, &id).await.unwrap().unwrap();
                let now = if expected.is_empty() { state } else { expected };
                assert_eq!(job.state, now, "{state}, order {at}");
                // None may have its turn in the next round.
                on!(db.write(), c => sqlx::query("DELETE FROM job_runs").execute(c).await
                    .map(|_| ()))
                .unwrap();
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_paused_job_stops_its_worker_and_goes_on_with_a_new_fence() {
    on_both(|home| async move {
        let db = &home.db;
        let id = usual(db).await;
        let first = next(db, NOW).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        assert!(pause(&mut tx, &id, NOW).await.unwrap());
        tx.commit().await.unwrap();
        let mut tx = db.begin().await.unwrap();
        let so_far = (1, 2);
        assert!(
            !progress(&mut tx, &id, first.fence, "s", so_far, NOW)
                .await
                .unwrap()
        );
        assert!(resume(&mut tx, &id, NOW).await.unwrap());
        tx.commit().await.unwrap();
        let second = next(db, NOW).await.unwrap();
        assert!(second.attempts == 1 && second.fence > first.fence);
        // The worker that had it comes back late.
        let mut tx = db.begin().await.unwrap();
        assert!(
            !progress(&mut tx, &id, first.fence, "s", so_far, NOW)
                .await
                .unwrap()
        );
    })
    .await;
}

#[tokio::test]
async fn a_key_is_one_job_for_a_day() {
    on_both(|home| async move {
        let db = &home.db;
        let terms = Terms {
            key: Some("k"),
            ..Terms::default()
        };
        let first = queued(db, "o", terms, NOW).await;
        assert_eq!(queued(db, "o", terms, NOW.plus(86_399_999)).await, first);
        assert_ne!(queued(db, "p", terms, NOW).await, first);
        let jobs = list(db, "o", Which::default(), None, 10).await.unwrap();
        assert_eq!(jobs.len(), 1);
        assert_ne!(queued(db, "o", terms, NOW.plus(86_400_000)).await, first);
        // Two at once: one job.
        let other = Terms {
            key: Some("l"),
            ..Terms::default()
        };
        let (one, two) = tokio::join!(queued(db, "o", other, NOW), queued(db, "o", other, NOW));
        assert_eq!(one, two);
    })
    .await;
}

#[tokio::test]
async fn jobs_are_listed_by_what_is_asked() {
    on_both(|home| async move {
        let db = &home.db;
        let id = usual(db).await;
        let other = usual(db).await;
        let mut tx = db.begin().await.unwrap();
        assert!(cancel(&mut tx, &id, Millis(5_000)).await.unwrap());
        tx.commit().await.unwrap();
        let count = async |which, before: Option<&str>| {
            list(db, "o", which, before, 10).await.unwrap().len()
        };
        let all = Which::default();
        assert_eq!(count(all, None).await, 2);
        assert_eq!(count(all, Some(&other)).await, 1);
        assert_eq!(
            count(
                Which {
                    batch: "bat_2",
                    ..all
                },
                None
            )
            .await,
            0
        );
        assert_eq!(
            count(
                Which {
                    state: "cancelled",
                    ..all
                },
                None
            )
            .await,
            1
        );
        assert_eq!(
            count(
                Which {
                    kind: "import_batch",
                    ..all
                },
                None
            )
            .await,
            0
        );
        assert_eq!(count(Which { user: "u", ..all }, None).await, 2);
        assert_eq!(count(Which { user: "v", ..all }, None).await, 0);
        assert_eq!(changed_since(db, NOW).await.unwrap().len(), 2);
        assert_eq!(changed_since(db, Millis(5_000)).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn stored_work_can_be_read_by_its_words() {
    let text = r#"{"import_batch":{"import":"imp_1"}}"#;
    let stored: Work = serde_json::from_str(text).unwrap();
    assert_eq!(
        stored,
        Work::ImportBatch {
            import: "imp_1".into()
        }
    );
    assert_eq!(serde_json::to_string(&stored).unwrap(), text);
    let wake: Wake = serde_json::from_str(r#"{"lane":"paceline.sheet"}"#).unwrap();
    assert_eq!(wake.lane, SHEET);
}
