//! From the INVITE to the end.

use std::time::Duration;

use super::{Scene, probe::LONG};
use crate::{CallerId, Cause, Command, LegId, Originate, Side, Target};

pub async fn an_answered_call_ends_on_both_sides(scene: &mut Scene) {
    let (leg, incoming) = scene.call("2000").await;
    scene.callee.take(Command::Ring { leg: incoming });
    scene.caller.until(leg, "Ringing").await;
    scene.callee.take(Command::Answer { leg: incoming });
    scene.caller.until(leg, "Answered").await;
    assert!(
        scene.caller.legs().contains(&leg),
        "a leg that is up is listed"
    );
    scene.caller.hang_up(leg);
    let (ours, theirs) = (
        scene.caller.ended(leg).await,
        scene.callee.ended(incoming).await,
    );
    assert_eq!((ours.side, ours.sip_status), (Side::Us, None));
    assert_eq!((theirs.side, theirs.sip_status), (Side::Them, None));
    assert_eq!(theirs.q850, Some(16));
    assert!(
        !scene.caller.legs().contains(&leg),
        "a leg that has ended is not listed"
    );
}

pub async fn a_hangup_while_it_rings_is_a_cancel(scene: &mut Scene) {
    let (leg, incoming) = scene.call("2001").await;
    scene.callee.take(Command::Ring { leg: incoming });
    scene.caller.until(leg, "Ringing").await;
    scene.caller.hang_up(leg);
    let (ours, theirs) = (
        scene.caller.ended(leg).await,
        scene.callee.ended(incoming).await,
    );
    assert_eq!((ours.side, ours.sip_status), (Side::Us, Some(487)));
    assert_eq!((theirs.side, theirs.sip_status), (Side::Them, Some(487)));
}

pub async fn a_hangup_at_once_is_no_answer(scene: &mut Scene) {
    let leg = scene.dial("2002", LONG);
    scene.caller.hang_up(leg);
    let (incoming, _) = scene.callee.incoming().await;
    let ended = scene.caller.ended(leg).await;
    assert_eq!((ended.side, ended.sip_status), (Side::Us, Some(487)));
    scene.callee.ended(incoming).await;
}

pub async fn an_answer_that_races_the_hangup_is_not_told(scene: &mut Scene) {
    for _ in 0..20 {
        let (leg, incoming) = scene.call("2003").await;
        scene.callee.take(Command::Answer { leg: incoming });
        let told_before = scene.caller.told(leg).contains(&"Answered");
        scene.caller.hang_up(leg);
        let ended = scene.caller.ended(leg).await;
        let told = scene.caller.told(leg);
        if told.contains(&"Answered") {
            assert_eq!(
                ended.sip_status, None,
                "an answered leg has no refusal: {told:?}"
            );
        } else {
            assert!(
                !told_before && ended.sip_status.is_some(),
                "{told:?} {ended:?}"
            );
        }
        scene.callee.ended(incoming).await;
    }
}

pub async fn nobody_answers_in_time(scene: &mut Scene) {
    let leg = scene.dial("2004", Duration::from_millis(300));
    let (incoming, _) = scene.callee.incoming().await;
    scene.callee.take(Command::Ring { leg: incoming });
    let ended = scene.caller.ended(leg).await;
    assert_eq!(ended.sip_status, Some(487));
    let theirs = scene.callee.ended(incoming).await;
    assert_eq!((theirs.side, theirs.sip_status), (Side::Them, Some(487)));
}

pub async fn each_refusal_has_its_status(scene: &mut Scene) {
    for (cause, status) in [
        (Cause::Busy, 486),
        (Cause::NoAnswer, 480),
        (Cause::Declined, 603),
        (Cause::Unallocated, 404),
        (Cause::Congestion, 503),
    ] {
        let (leg, incoming) = scene.call("2005").await;
        scene.callee.take(Command::Hangup {
            leg: incoming,
            cause,
        });
        let ended = scene.caller.ended(leg).await;
        assert_eq!(
            (ended.side, ended.sip_status),
            (Side::Them, Some(status)),
            "{cause:?}"
        );
        let theirs = scene.callee.ended(incoming).await;
        assert_eq!(
            (theirs.side, theirs.sip_status),
            (Side::Us, Some(status)),
            "{cause:?}"
        );
    }
}

pub async fn a_phone_that_sends_its_calls_on_says_where(scene: &mut Scene) {
    let (extension, to) = scene.forwarding.clone();
    let leg = LegId(uuid::Uuid::new_v4());
    scene.caller.take(Command::Originate(Originate {
        leg,
        to: Target::Phone { extension },
        caller: CallerId::default(),
        ring_timeout: LONG,
    }));
    let ended = scene.caller.ended(leg).await;
    assert_eq!((ended.side, ended.sip_status), (Side::Them, Some(302)));
    assert_eq!(ended.forwards_to, Some(to));
    let told = scene.caller.told(leg);
    assert_eq!(told, ["Ended"], "nobody else is called in its place");
}
