//! The pool, on both databases.

use super::*;
use crate::{
    extensions::{self, Extension},
    hopper, queues,
    sample::NOW,
    sample_floor as floor,
    testing::on_both,
};

fn row(number: &str) -> Row {
    Row {
        number: number.into(),
        gateway_id: Some("gw".into()),
        area: Some("上海".into()),
        daily_limit: Some(2),
        enabled: true,
        created_at: NOW.0,
    }
}

#[tokio::test]
async fn numbers_are_added_changed_bound_and_taken_out() {
    on_both(|home| async move {
        let db = &home.db;
        let mut tx = db.begin().await.unwrap();
        assert!(add(&mut tx, "o", &row("62620668")).await.unwrap());
        assert!(!add(&mut tx, "o", &row("62620668")).await.unwrap(), "twice");
        assert!(add(&mut tx, "other", &row("62620669")).await.unwrap());
        let plain = Row {
            gateway_id: None,
            area: None,
            daily_limit: None,
            enabled: false,
            ..row("62620668")
        };
        assert!(change(&mut tx, "o", &plain).await.unwrap());
        assert!(!change(&mut tx, "o", &row("1")).await.unwrap());
        let phone = Extension {
            extension: "1001".into(),
            ha1_md5: "a".into(),
            ha1_sha256: "b".into(),
        };
        extensions::put(&mut tx, "o", &phone, NOW).await.unwrap();
        let callers = ["62620668".to_owned()];
        assert!(bind(&mut tx, "o", "1001", &callers).await.unwrap());
        assert!(!bind(&mut tx, "o", "1002", &callers).await.unwrap());
        // A new secret leaves the numbers as they are.
        extensions::put(&mut tx, "o", &phone, NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(list(db, "o").await.unwrap(), [plain]);
        assert_eq!(of_phones(db).await.unwrap()["1001"], callers);
        let specs = specs(db).await.unwrap();
        let limits: Vec<_> = specs.iter().map(|one| one.daily_limit).collect();
        assert_eq!(limits, [None, Some(2)]);
        let mut tx = db.begin().await.unwrap();
        assert!(delete(&mut tx, "o", "62620668").await.unwrap());
        assert!(!delete(&mut tx, "o", "62620668").await.unwrap());
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_number_that_was_shown_is_counted_by_the_gate_and_by_its_health() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, _) = floor::campaign(db, 1).await;
        let lead = hopper::draw(db, floor::NODE, &campaign, None, 1, NOW).await;
        let lead = lead.unwrap().leads.remove(0);
        let open = floor::attempt(1, &campaign, &lead);
        crate::dials::open(db, floor::NODE, &open).await.unwrap();
        let call = open.call.id.to_string();
        for _ in 0..2 {
            shown(db, &call, "02110000", NOW).await.unwrap();
        }
        shown(db, "cal_9", "02110000", NOW).await.unwrap();
        let today = used(db, "o", NOW).await.unwrap();
        assert_eq!(today["02110000"], 3, "a campaign's and two others'");
        let callers = ["02110000".to_owned(), "02110001".to_owned()];
        let facts = hopper::callers_of_call(db, &call, &callers, NOW).await;
        let facts = facts.unwrap();
        assert_eq!(facts.len(), 1);
        assert_eq!((facts[0].today, facts[0].refused), (3, false));
        let health = crate::callers::health(db, "o", NOW).await.unwrap();
        assert_eq!(health[0].dials, 1, "its shares are of a campaign's dials");
    })
    .await;
}

#[tokio::test]
async fn a_queue_of_before_shows_nothing_of_its_own() {
    on_both(|home| async move {
        let db = &home.db;
        let mut tx = db.begin().await.unwrap();
        let queue = queues::Queue {
            id: "sales".into(),
            name: "sales".into(),
            code: String::new(),
            settings: engine::queue::Settings::default(),
            agents: Vec::new(),
        };
        queues::put(&mut tx, "o", &queue, NOW).await.unwrap();
        on!(tx.conn(), c => sqlx::query("UPDATE queues SET settings = '{}'")
            .execute(c).await.map(|_| ()))
        .unwrap();
        tx.commit().await.unwrap();
        let spec = queues::specs(db).await.unwrap().remove(0);
        assert!(spec.settings.caller_ids.is_empty());
    })
    .await;
}
