//! Promises over restarts, on both databases.

use engine::{floor::Times, outcome::Outcome};

use super::*;
use crate::{
    dials, queues, recover,
    recover::Recovered,
    sample::NOW,
    sample_floor as floor,
    testing::{inbound, on_both},
};

fn back(number: u64, to: &str) -> CallBack {
    let call = OpenCall {
        queue: Some("sales".into()),
        caller: "4001".into(),
        callee: to.into(),
        is_call_back: true,
        is_ordered: false,
        ..inbound(number, NOW)
    };
    CallBack {
        call,
        queue: "sales".into(),
        priority: 3,
        waits_since: NOW.plus(-60_000),
        until: NOW.plus(3_600_000),
    }
}

async fn queue(db: &Db) {
    let queue = queues::Queue {
        id: "sales".into(),
        name: "sales".into(),
        code: String::new(),
        settings: engine::queue::Settings::default(),
        agents: Vec::new(),
    };
    let mut tx = db.begin().await.unwrap();
    queues::put(&mut tx, "o", &queue, NOW).await.unwrap();
    tx.commit().await.unwrap();
}

async fn state(db: &Db, number: u64) -> (String, Option<String>) {
    let id = CallId(number).to_string();
    let promise = find(db, "o", &id).await.unwrap().unwrap();
    (promise.state, promise.outcome)
}

fn told(text: &str, outcome: Option<&str>) -> (String, Option<String>) {
    (text.into(), outcome.map(Into::into))
}

#[tokio::test]
async fn a_promise_outlives_its_process_until_it_is_taken_in_hand() {
    on_both(|home| async move {
        let db = &home.db;
        queue(db).await;
        let (first, second) = (back(1, "13900000001"), back(2, "13900000002"));
        for promised in [&first, &second] {
            assert!(promise(db, floor::NODE, promised).await.unwrap());
        }
        let nothing = Recovered::default();
        assert_eq!(
            recover::recover(db, floor::NODE, NOW).await.unwrap(),
            nothing
        );
        let kept = waiting(db, floor::NODE).await.unwrap();
        assert_eq!(kept, [first.clone(), second]);
        assert_eq!(waiting(db, "live-2").await.unwrap(), []);

        let number = ["13900000001".to_owned()];
        let taken = take(db, first.call.id, LegId(7), &number, NOW).await;
        assert!(taken.unwrap());
        let found = recover::recover(db, floor::NODE, NOW).await.unwrap();
        assert_eq!(found.calls, 1, "its phone may have rung");
        assert_eq!(state(db, 1).await, told("closed", Some("recovered")));
        assert_eq!(waiting(db, floor::NODE).await.unwrap().len(), 1);
        let again = take(db, first.call.id, LegId(8), &number, NOW).await;
        assert!(!again.unwrap(), "it is over");
        let call = calls::get(db, "o", &first.call.id.to_string()).await;
        assert_eq!(call.unwrap().unwrap().outcome.as_deref(), Some("recovered"));
    })
    .await;
}

#[tokio::test]
async fn a_lost_answer_is_given_again_and_nobody_else_gets_it() {
    on_both(|home| async move {
        let db = &home.db;
        queue(db).await;
        let one = back(1, "13900000001");
        for _ in 0..2 {
            assert!(promise(db, floor::NODE, &one).await.unwrap());
        }
        let other = back(2, "13900000001");
        assert!(!promise(db, floor::NODE, &other).await.unwrap());
        let call = calls::get(db, "o", &other.call.id.to_string()).await;
        assert_eq!(call.unwrap(), None, "nothing was written");

        let number = ["13900000001".to_owned()];
        for _ in 0..2 {
            let taken = take(db, one.call.id, LegId(7), &number, NOW).await;
            assert!(taken.unwrap());
        }
        let stranger = take(db, one.call.id, LegId(8), &number, NOW).await;
        assert!(!stranger.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_listed_number_is_not_called_and_the_promise_ends_with_its_call() {
    on_both(|home| async move {
        let db = &home.db;
        queue(db).await;
        let one = back(1, "13900000001");
        assert!(promise(db, floor::NODE, &one).await.unwrap());
        let mut tx = db.begin().await.unwrap();
        dnc::add(&mut tx, "o", "13900000001", "asked", None, NOW)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let number = ["13900000001".to_owned()];
        let taken = take(db, one.call.id, LegId(7), &number, NOW).await;
        assert!(!taken.unwrap());

        let open = floor::attempt(1, "c", &lead());
        let close = CloseCall {
            times: Times {
                ended: Some(NOW),
                ..Times::default()
            },
            attempt: None,
            ..floor::close(&open, Outcome::Cancelled, None)
        };
        dials::close(db, &close).await.unwrap();
        assert_eq!(state(db, 1).await, told("closed", Some("cancelled")));
        assert!(
            promise(db, floor::NODE, &back(2, "13900000001"))
                .await
                .unwrap()
        );
        let wanted = Wanted {
            state: Some("waiting".into()),
            queue: Some("sales".into()),
        };
        let shown = page(db, "o", &wanted, None, 10).await.unwrap();
        assert_eq!(shown.len(), 1);
        assert_eq!(shown[0].called, "4001");
        let before = Some(shown[0].call_id.as_str());
        assert_eq!(page(db, "o", &wanted, before, 10).await.unwrap(), []);
        assert_eq!(page(db, "other", &wanted, None, 10).await.unwrap(), []);
    })
    .await;
}

fn lead() -> engine::floor::Lead {
    engine::floor::Lead {
        id: "l".into(),
        task: None,
        batch: "b".into(),
        number: "13900000001".into(),
        next_number: None,
        dials: 0,
    }
}

#[tokio::test]
async fn a_promise_that_another_node_keeps_is_asked_back_and_not_taken_in_hand() {
    on_both(|home| async move {
        let db = &home.db;
        queue(db).await;
        for (nth, number) in [(1, "13900000001"), (2, "13900000002")] {
            assert!(promise(db, "far", &back(nth, number)).await.unwrap());
        }
        let ask = async |orgi: &str, nth: u64| {
            let id = CallId(nth).to_string();
            ask_cancel(db, orgi, &id, NOW).await.unwrap()
        };
        assert!(!ask("another", 1).await);
        assert!(ask("o", 1).await && ask("o", 1).await);
        assert_eq!(unwanted(db, "near").await.unwrap(), []);
        assert_eq!(unwanted(db, "far").await.unwrap(), [CallId(1)]);
        let taken = take(db, CallId(1), LegId(9), &[], NOW).await.unwrap();
        assert!(!taken, "nobody is called");
        assert!(take(db, CallId(2), LegId(8), &[], NOW).await.unwrap());
        assert!(!ask("o", 2).await, "it is in hand");
        let open = floor::attempt(1, "c", &lead());
        let close = CloseCall {
            attempt: None,
            ..floor::close(&open, Outcome::Cancelled, None)
        };
        dials::close(db, &close).await.unwrap();
        assert_eq!(state(db, 1).await, told("closed", Some("cancelled")));
        assert_eq!(unwanted(db, "far").await.unwrap(), []);
    })
    .await;
}
