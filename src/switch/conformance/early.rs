//! Sound before the answer.

use super::Scene;
use crate::{Command, EventKind, Hear, LegId, OnEnd, PlayId, Sit, Verdict};

pub async fn sound_before_the_answer_is_told_and_goes_on(scene: &mut Scene) {
    let (leg, incoming) = scene.call("6000").await;
    progress(scene, leg, incoming).await;
    scene.callee.take(Command::Progress { leg: incoming });
    scene.callee.take(Command::Play {
        leg: incoming,
        play: PlayId(60),
        prompt: scene.prompt.clone(),
        times: 1,
    });
    scene.callee.until(incoming, "PlayStarted").await;
    scene.callee.take(Command::Answer { leg: incoming });
    scene.callee.until(incoming, "Answered").await;
    scene.caller.until(leg, "Answered").await;
    scene.callee.until(incoming, "PlayDone").await;
    scene.caller.hang_up(leg);
    scene.caller.ended(leg).await;
    scene.callee.ended(incoming).await;
    assert_eq!(scene.caller.told(leg), ["Ringing", "Answered", "Ended"]);
    assert_eq!(
        scene.callee.told(incoming),
        [
            "Incoming",
            "Ringing",
            "PlayStarted",
            "Answered",
            "PlayDone",
            "Ended"
        ]
    );
}

pub async fn who_waits_hears_it_until_the_answer(scene: &mut Scene) {
    let (waiting, far) = scene.answered("6001").await;
    let (leg, incoming) = scene.call("6002").await;
    progress(scene, leg, incoming).await;
    for _ in 0..2 {
        scene.caller.take(Command::HearEarly {
            leg: waiting,
            of: leg,
        });
    }
    let heard = scene.caller.until(waiting, "HearsEarly").await;
    assert_eq!(heard, EventKind::HearsEarly { of: leg });
    scene.callee.take(Command::Answer { leg: incoming });
    scene.caller.until(leg, "Answered").await;
    scene.caller.take(Command::Bridge {
        a: waiting,
        b: leg,
        on_end: OnEnd::Park,
    });
    for leg in [waiting, leg] {
        scene.caller.until(leg, "Bridged").await;
    }
    assert_eq!(
        scene.caller.told(waiting),
        ["Answered", "HearsEarly", "Bridged"]
    );
    for (leg, far) in [(waiting, far), (leg, incoming)] {
        scene.caller.hang_up(leg);
        scene.caller.ended(leg).await;
        scene.callee.ended(far).await;
    }
}

pub async fn who_hears_a_call_that_ends_is_parked(scene: &mut Scene) {
    let (waiting, far) = scene.answered("6003").await;
    let (leg, incoming) = scene.call("6004").await;
    progress(scene, leg, incoming).await;
    let (of, ringback) = (leg, Hear::Music(scene.prompt.clone()));
    scene.caller.take(Command::HearEarly { leg: waiting, of });
    scene.caller.take(Command::Park {
        leg: waiting,
        hear: ringback,
    });
    scene.caller.until(waiting, "Parked").await;
    scene.caller.take(Command::HearEarly { leg: waiting, of });
    scene.caller.until(waiting, "HearsEarly").await;
    scene.callee.hang_up(incoming);
    scene.caller.ended(leg).await;
    scene.callee.ended(incoming).await;
    scene.caller.until(waiting, "Parked").await;
    scene.caller.hang_up(waiting);
    scene.caller.ended(waiting).await;
    scene.callee.ended(far).await;
}

pub async fn who_calls_hears_what_there_is_before_the_answer(scene: &mut Scene) {
    let (leg, incoming) = scene.call("6007").await;
    let ringback = Hear::Music(scene.prompt.clone());
    let park = Command::Park {
        leg: incoming,
        hear: ringback,
    };
    scene.callee.take(park.clone());
    scene.callee.until(incoming, "Failed").await;
    progress(scene, leg, incoming).await;
    scene.callee.take(park);
    scene.callee.until(incoming, "Parked").await;
    scene.callee.take(Command::Answer { leg: incoming });
    scene.callee.until(incoming, "Answered").await;
    scene.caller.until(leg, "Answered").await;
    scene.caller.hang_up(leg);
    scene.caller.ended(leg).await;
    scene.callee.ended(incoming).await;
}

pub async fn where_there_is_none_nobody_hears_it(scene: &mut Scene) {
    let (waiting, far) = scene.answered("6005").await;
    let (leg, incoming) = scene.call("6006").await;
    scene.callee.take(Command::Ring { leg: incoming });
    let rings = EventKind::Ringing { early_media: false };
    assert_eq!(scene.callee.until(incoming, "Ringing").await, rings);
    assert_eq!(scene.caller.until(leg, "Ringing").await, rings);
    scene.caller.take(Command::HearEarly {
        leg: waiting,
        of: leg,
    });
    scene.caller.until(waiting, "Failed").await;
    scene.caller.take(Command::Progress { leg });
    scene.caller.until(leg, "Failed").await;
    // Sound may come after the ringing.
    progress(scene, leg, incoming).await;
    scene.caller.take(Command::HearEarly {
        leg: waiting,
        of: leg,
    });
    scene.caller.until(waiting, "HearsEarly").await;
    for (leg, far) in [(leg, incoming), (waiting, far)] {
        scene.caller.hang_up(leg);
        scene.caller.ended(leg).await;
        scene.callee.ended(far).await;
    }
}

pub async fn an_announcement_before_the_answer_is_told(scene: &mut Scene) {
    let (leg, incoming) = scene.call("6008").await;
    progress(scene, leg, incoming).await;
    for _ in 0..2 {
        scene.caller.take(Command::ListenEarly { leg });
    }
    announce(scene, incoming, PlayId(68)).await;
    let EventKind::Classified { verdict, sit, .. } = scene.caller.until(leg, "Classified").await
    else {
        unreachable!("it has that name")
    };
    assert_eq!((verdict, sit), (Verdict::Network, Some(Sit::Intercept)));
    scene.caller.hang_up(leg);
    assert_eq!(scene.caller.ended(leg).await.sip_status, Some(487));
    scene.callee.ended(incoming).await;
    assert_eq!(scene.caller.told(leg), ["Ringing", "Classified", "Ended"]);
}

pub async fn an_answer_ends_listening_for_announcements(scene: &mut Scene) {
    let (leg, incoming) = scene.call("6009").await;
    progress(scene, leg, incoming).await;
    scene.caller.take(Command::ListenEarly { leg });
    scene.callee.take(Command::Answer { leg: incoming });
    scene.caller.until(leg, "Answered").await;
    announce(scene, incoming, PlayId(69)).await;
    scene.callee.until(incoming, "PlayDone").await;
    scene.caller.hang_up(leg);
    scene.caller.ended(leg).await;
    scene.callee.ended(incoming).await;
    assert_eq!(scene.caller.told(leg), ["Ringing", "Answered", "Ended"]);
}

/// The callee lets the network say that the number is out of service.
async fn announce(scene: &mut Scene, incoming: LegId, play: PlayId) {
    let prompt = scene.sit.clone();
    scene.callee.take(Command::Play {
        leg: incoming,
        play,
        prompt,
        times: 1,
    });
    scene.callee.until(incoming, "PlayStarted").await;
}

async fn progress(scene: &mut Scene, leg: LegId, incoming: LegId) {
    let early = EventKind::Ringing { early_media: true };
    scene.callee.take(Command::Progress { leg: incoming });
    assert_eq!(scene.callee.until(incoming, "Ringing").await, early);
    assert_eq!(scene.caller.until(leg, "Ringing").await, early);
}
