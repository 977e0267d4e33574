//! Who hears whom.

use super::Scene;
use crate::{Command, EventKind, Hear, LegId, OnEnd, Side};

pub async fn legs_are_bridged_moved_and_parked(scene: &mut Scene) {
    let (a, far_a) = scene.answered("3000").await;
    let (b, far_b) = scene.answered("3001").await;
    let (c, far_c) = scene.answered("3002").await;
    bridge(scene, a, b, OnEnd::Park).await;
    scene.caller.take(Command::Bridge {
        a: b,
        b: a,
        on_end: OnEnd::Park,
    });
    bridge(scene, a, c, OnEnd::Park).await;
    scene.caller.until(b, "Parked").await;
    scene.caller.take(Command::Park {
        leg: a,
        hear: Hear::Music(scene.prompt.clone()),
    });
    scene.caller.until(a, "Parked").await;
    scene.caller.until(c, "Parked").await;
    assert_eq!(
        scene.caller.told(a),
        [
            "Answered",
            "Bridged",
            "Unbridged",
            "Bridged",
            "Unbridged",
            "Parked"
        ]
    );
    assert_eq!(
        scene.caller.told(b),
        ["Answered", "Bridged", "Unbridged", "Parked"]
    );
    assert_eq!(
        scene.caller.told(c),
        ["Answered", "Bridged", "Unbridged", "Parked"]
    );
    for (leg, far) in [(a, far_a), (b, far_b), (c, far_c)] {
        scene.caller.hang_up(leg);
        scene.caller.ended(leg).await;
        scene.callee.ended(far).await;
    }
}

pub async fn the_survivor_is_parked_or_hung_up(scene: &mut Scene) {
    let (a, far_a) = scene.answered("3003").await;
    let (b, far_b) = scene.answered("3004").await;
    bridge(scene, a, b, OnEnd::Park).await;
    scene.callee.hang_up(far_b);
    let ended = scene.caller.ended(b).await;
    assert_eq!(ended.side, Side::Them);
    scene.caller.until(a, "Parked").await;
    assert_eq!(
        scene.caller.told(a),
        ["Answered", "Bridged", "Unbridged", "Parked"]
    );
    assert_eq!(
        scene.caller.told(b),
        ["Answered", "Bridged", "Unbridged", "Ended"]
    );
    let (c, far_c) = scene.answered("3005").await;
    bridge(scene, a, c, OnEnd::HangupPeer).await;
    scene.callee.hang_up(far_c);
    scene.caller.ended(c).await;
    let survivor = scene.caller.ended(a).await;
    assert_eq!(survivor.side, Side::Us);
    for far in [far_a, far_b, far_c] {
        scene.callee.ended(far).await;
    }
}

async fn bridge(scene: &mut Scene, a: LegId, b: LegId, on_end: OnEnd) {
    scene.caller.take(Command::Bridge { a, b, on_end });
    for (leg, peer) in [(a, b), (b, a)] {
        assert_eq!(
            scene.caller.until(leg, "Bridged").await,
            EventKind::Bridged { peer }
        );
    }
}
