use engine::{
    floor::{CloseCall, OpenCall},
    ids::CallId,
    outcome::Outcome,
};

use super::*;
use crate::{
    access::FIRST_ORGI,
    calls, dials, queues,
    recordings::{self, known},
    recover::recover,
    sample::NOW,
    sample_floor::{self, NODE},
    testing::on_both,
};

const PATTERN: &str = "archive/{queue}/{agent}-{caller}";

async fn queue(db: &Db, id: &str, pattern: Option<&str>) {
    let queue = queues::Queue {
        id: id.into(),
        name: id.into(),
        code: String::new(),
        settings: Settings {
            recording_name: pattern.map(Into::into),
            ..Settings::default()
        },
        agents: Vec::new(),
    };
    let mut tx = db.begin().await.unwrap();
    queues::put(&mut tx, "o", &queue, NOW).await.unwrap();
    tx.commit().await.unwrap();
}

fn call(number: u64, queue: Option<&str>) -> OpenCall {
    OpenCall {
        id: CallId(number),
        queue: queue.map(Into::into),
        caller: "13900001111".into(),
        ..sample_floor::inbound()
    }
}

async fn open(db: &Db, call: &OpenCall) -> String {
    calls::open_inbound(db, NODE, call).await.unwrap();
    call.id.to_string()
}

/// The call ends in this queue.
async fn close(db: &Db, call: &OpenCall, queue: Option<&str>) {
    let close = CloseCall {
        queue: queue.map(Into::into),
        agent: Some("1001".into()),
        ..sample_floor::close_inbound(call, Outcome::Connected)
    };
    dials::close(db, &close).await.unwrap();
}

fn to(number: u64, from: &str, ending: &str) -> Move {
    let call = CallId(number).to_string();
    Move {
        from: from.into(),
        to: format!("archive/sales/1001-13900001111-{call}{ending}"),
        call,
    }
}

#[tokio::test]
async fn a_recording_has_a_name_to_come_once_both_it_and_its_call_are_over() {
    on_both(|home| async move {
        let db = &home.db;
        queue(db, "sales", Some(PATTERN)).await;
        let calls: Vec<_> = (1..=2).map(|number| call(number, None)).collect();
        for call in &calls {
            open(db, call).await;
        }
        let ids: Vec<_> = calls.iter().map(|call| call.id.to_string()).collect();
        recordings::begin(db, &ids[0], "d/1.wav").await.unwrap();
        close(db, &calls[0], Some("sales")).await;
        calls::recorded(db, &ids[1], "d/2.wav.sealed", 10, None)
            .await
            .unwrap();
        assert_eq!(planned(db, NODE, "", 9).await.unwrap(), []);
        calls::recorded(db, &ids[0], "d/1.wav", 10, None)
            .await
            .unwrap();
        close(db, &calls[1], Some("sales")).await;
        let moves = planned(db, NODE, "", 9).await.unwrap();
        assert_eq!(
            moves,
            [
                to(1, "d/1.wav", ".wav"),
                to(2, "d/2.wav.sealed", ".wav.sealed")
            ]
        );
        assert_eq!(planned(db, "another", "", 9).await.unwrap(), []);

        // Known by both names until the file has the second one.
        let names = |one: &Move| vec![one.from.clone(), one.to.clone()];
        assert_eq!(known(db, &names(&moves[0])).await.unwrap().len(), 2);
        assert_eq!(
            name_now(db, &ids[0]).await.unwrap(),
            Some(moves[0].to.clone())
        );
        done(db, &moves[0]).await.unwrap();
        let found = known(db, &names(&moves[0])).await.unwrap();
        assert_eq!(found, [moves[0].to.clone()].into());
        let shown = calls::get(db, FIRST_ORGI, &ids[0]).await.unwrap().unwrap();
        assert_eq!(
            (shown.recording.as_ref(), shown.recording_ms),
            (Some(&moves[0].to), Some(10))
        );
        give_up(db, &ids[1]).await.unwrap();
        assert_eq!(
            name_now(db, &ids[1]).await.unwrap().as_deref(),
            Some("d/2.wav.sealed")
        );
        assert_eq!(planned(db, NODE, "", 9).await.unwrap(), []);
        // The answer to the first time was lost.
        calls::recorded(db, &ids[0], "d/1.wav", 10, None)
            .await
            .unwrap();
        assert_eq!(planned(db, NODE, "", 9).await.unwrap(), moves[..1]);
    })
    .await;
}

#[tokio::test]
async fn what_was_in_no_queue_or_in_one_without_a_pattern_keeps_its_name() {
    on_both(|home| async move {
        let db = &home.db;
        queue(db, "plain", None).await;
        queue(db, "odd", Some("../{call_id}")).await;
        for (number, ended_in) in [
            (1, None),
            (2, Some("plain")),
            (3, Some("gone")),
            (4, Some("odd")),
        ] {
            let call = call(number, None);
            let id = open(db, &call).await;
            calls::recorded(db, &id, "d/1.wav", 10, None).await.unwrap();
            close(db, &call, ended_in).await;
        }
        let lost = call(5, None);
        let id = open(db, &lost).await;
        queue(db, "sales", Some(PATTERN)).await;
        calls::recorded(db, &id, "", 0, Some("lost")).await.unwrap();
        close(db, &lost, Some("sales")).await;
        assert_eq!(planned(db, NODE, "", 9).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn what_a_killed_process_recorded_in_a_queue_is_named_as_well() {
    on_both(|home| async move {
        let db = &home.db;
        queue(db, "sales", Some("{queue}/{call_id}")).await;
        let id = open(db, &call(1, Some("sales"))).await;
        open(db, &call(2, Some("sales"))).await;
        recordings::begin(db, &id, "d/1.wav").await.unwrap();
        calls::recorded(db, &id, "d/1.wav", 700, Some("interrupted"))
            .await
            .unwrap();
        assert_eq!(planned(db, NODE, "", 9).await.unwrap(), []);
        recover(db, NODE, NOW).await.unwrap();
        let moves = planned(db, NODE, "", 9).await.unwrap();
        assert_eq!(moves.len(), 1);
        assert_eq!(moves[0].to, format!("sales/{id}.wav"));
    })
    .await;
}

#[tokio::test]
async fn what_is_too_old_goes_by_either_name_and_moves_nowhere() {
    on_both(|home| async move {
        let db = &home.db;
        queue(db, "sales", Some(PATTERN)).await;
        for number in 1..=2 {
            let call = call(number, None);
            let id = open(db, &call).await;
            calls::recorded(db, &id, &format!("d/{number}.wav"), 10, None)
                .await
                .unwrap();
            close(db, &call, Some("sales")).await;
        }
        let moves = planned(db, NODE, "", 9).await.unwrap();
        let old = [moves[0].from.clone(), moves[1].to.clone()];
        assert_eq!(recordings::expired(db, &old).await.unwrap(), 2);
        assert_eq!(planned(db, NODE, "", 9).await.unwrap(), []);
        assert!(known(db, &old).await.unwrap().is_empty());
        for moved in &moves {
            // Whoever was at it comes late.
            done(db, moved).await.unwrap();
            let call = calls::get(db, FIRST_ORGI, &moved.call)
                .await
                .unwrap()
                .unwrap();
            assert_eq!(
                (call.recording, call.recording_error.as_deref()),
                (None, Some("expired"))
            );
        }
    })
    .await;
}
