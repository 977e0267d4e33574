use super::*;
use crate::{
    sample,
    testing::{self, on_both},
};

fn spec(cron: Option<&str>) -> Spec {
    Spec {
        from: Place::Directory {
            path: "/srv/lists".into(),
            pattern: "*.xlsx".into(),
        },
        cron: cron.map(str::to_owned),
        zone: "Asia/Shanghai".into(),
        options: imports::Options::default(),
    }
}

/// 2026-11-20 00:00 in Shanghai.
const MIDNIGHT: i64 = 1_795_104_000_000;
const HOUR: i64 = 3_600_000;

#[test]
fn the_schedule_goes_by_the_tenants_clock() {
    let nightly = spec(Some("30 2 * * *"));
    let next = nightly.next(Millis(MIDNIGHT)).unwrap();
    assert_eq!(next.0 - MIDNIGHT, 2 * HOUR + HOUR / 2);
    let again = nightly.next(next).unwrap();
    assert_eq!(again.0 - next.0, 24 * HOUR);
    assert_eq!(spec(None).next(Millis(MIDNIGHT)), None);
}

#[test]
fn what_cannot_be_used_is_named() {
    let from = |path: &str, pattern: &str| Spec {
        from: Place::Directory {
            path: path.into(),
            pattern: pattern.into(),
        },
        ..spec(None)
    };
    let url = |url: &str| Spec {
        from: Place::Url { url: url.into() },
        ..spec(None)
    };
    for (spec, pointer) in [
        (from("lists", "*.xlsx"), "/from/path"),
        (from("/srv/../etc", "*"), "/from/path"),
        (from("/srv", "../*"), "/from/pattern"),
        (url("file:///etc/passwd"), "/from/url"),
        (spec(Some("61 * * * *")), "/cron"),
        (
            Spec {
                zone: "Mars".into(),
                ..spec(None)
            },
            "/zone",
        ),
    ] {
        assert_eq!(spec.validate().unwrap_err().pointer, pointer);
    }
    assert_eq!(spec(Some("0 2 * * 1-5")).validate(), Ok(()));
}

/// A source that was saved then, of a batch of its own.
async fn saved(db: &Db, cron: Option<&str>, at: i64) -> Source {
    let (batch, _) = sample::batch(db, "一").await;
    let mut tx = db.begin().await.unwrap();
    save(&mut tx, ("o", &batch, "u"), &spec(cron), true, Millis(at))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    of_batch(db, &batch).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_missed_time_is_made_up_for_once_and_two_planners_queue_one() {
    on_both(|home| async move {
        let db = &home.db;
        let batch = saved(db, Some("0 * * * *"), MIDNIGHT).await.batch_id;
        assert_eq!(plan(db, Millis(MIDNIGHT + HOUR - 1)).await.unwrap(), 0);
        // Nobody was there for ten hours.
        let late = Millis(MIDNIGHT + 10 * HOUR + 1);
        let (one, two) = tokio::join!(plan(db, late), plan(db, late));
        assert_eq!(one.unwrap() + two.unwrap(), 1);
        let source = of_batch(db, &batch).await.unwrap().unwrap();
        assert_eq!(source.next_at, Some(MIDNIGHT + 11 * HOUR));
        // The first pull is still under way at the next time: it is enough.
        assert_eq!(plan(db, Millis(MIDNIGHT + 11 * HOUR)).await.unwrap(), 0);
        let source = of_batch(db, &batch).await.unwrap().unwrap();
        assert_eq!(source.next_at, Some(MIDNIGHT + 12 * HOUR));
    })
    .await;
}

#[tokio::test]
async fn a_file_is_known_by_its_content() {
    on_both(|home| async move {
        let db = &home.db;
        let Source { id, batch_id, .. } = saved(db, None, 1).await;
        let mut tx = db.begin().await.unwrap();
        let file = ("sha", "a.xlsx", "imp");
        assert!(remember(&mut tx, &id, file, Millis(1)).await.unwrap());
        assert!(!remember(&mut tx, &id, file, Millis(2)).await.unwrap());
        seen(&mut tx, &id, Some("\"1\""), None).await.unwrap();
        told(&mut tx, &id, "failed", Some(("C", "t")), Millis(3))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert!(knows(db, &id, "sha").await.unwrap());
        assert!(!knows(db, &id, "other").await.unwrap());
        let source = get(db, &id).await.unwrap().unwrap();
        assert_eq!(
            (source.etag.as_deref(), source.last_code.as_deref()),
            (Some("\"1\""), Some("C"))
        );
        let mut tx = db.begin().await.unwrap();
        assert!(delete(&mut tx, &batch_id).await.unwrap());
        assert!(!delete(&mut tx, &batch_id).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn two_who_ask_for_a_pull_at_once_get_one() {
    on_both(|home| async move {
        let db = &home.db;
        let source = saved(db, None, 1).await;
        let mut tx = db.begin().await.unwrap();
        let first = pull(&mut tx, &source, "u", Millis(2)).await.unwrap();
        let (other, same) = (db.clone(), source.clone());
        let asking = tokio::spawn(async move {
            let mut tx = other.begin().await.unwrap();
            let job = pull(&mut tx, &same, "v", Millis(2)).await.unwrap();
            tx.commit().await.unwrap();
            job
        });
        testing::until_it_waits(db, &asking).await;
        tx.commit().await.unwrap();
        assert_eq!((first.is_some(), asking.await.unwrap()), (true, None));
    })
    .await;
}
