//! Holds, supervision and conferences.

use super::Scene;
use crate::{Command, ConferenceId, EventKind, Hear, LegId, Monitor, OnEnd};

pub async fn a_hold_keeps_the_bridge(scene: &mut Scene) {
    let (a, far_a) = scene.answered("6000").await;
    let (b, far_b) = scene.answered("6001").await;
    bridge(scene, a, b).await;
    for _ in 0..2 {
        let hear = Hear::Music(scene.prompt.clone());
        scene.caller.take(Command::Hold { leg: a, hear });
    }
    scene.caller.until(a, "Held").await;
    for _ in 0..2 {
        scene.caller.take(Command::Resume { leg: a });
    }
    scene.caller.until(a, "Resumed").await;
    let hear = Hear::Silence;
    scene.caller.take(Command::Hold { leg: a, hear });
    scene.caller.until(a, "Held").await;
    end(scene, &[(b, far_b)]).await;
    scene.caller.until(a, "Parked").await;
    let told = [
        "Answered",
        "Bridged",
        "Held",
        "Resumed",
        "Held",
        "Unbridged",
        "Parked",
    ];
    assert_eq!(scene.caller.told(a), told);
    let hear = Hear::Silence;
    let hold = scene.caller.take(Command::Hold { leg: a, hear });
    let failed = scene.caller.until(a, "Failed").await;
    assert!(matches!(failed, EventKind::Failed { command, .. } if command == hold));
    end(scene, &[(a, far_a)]).await;
}

pub async fn a_supervisor_changes_how_and_is_parked_in_the_end(scene: &mut Scene) {
    let (customer, far_customer) = scene.answered("6002").await;
    let (agent, far_agent) = scene.answered("6003").await;
    let (boss, far_boss) = scene.answered("6004").await;
    scene.caller.take(supervise(boss, agent, Monitor::Listen));
    scene.caller.until(boss, "Failed").await;
    bridge(scene, customer, agent).await;
    for monitor in [Monitor::Listen, Monitor::Whisper, Monitor::Barge] {
        for _ in 0..2 {
            scene.caller.take(supervise(boss, agent, monitor));
        }
        let told = scene.caller.until(boss, "Supervising").await;
        assert_eq!(told, EventKind::Supervising { agent, monitor });
    }
    end(scene, &[(customer, far_customer)]).await;
    scene.caller.until(boss, "Parked").await;
    scene.caller.until(agent, "Parked").await;
    let told = scene.caller.told(boss);
    assert_eq!(
        told.iter().filter(|name| **name == "Supervising").count(),
        3
    );
    assert_eq!(
        scene.caller.told(agent),
        ["Answered", "Bridged", "Unbridged", "Parked"]
    );
    end(scene, &[(agent, far_agent), (boss, far_boss)]).await;
}

pub async fn a_conference_is_joined_and_left(scene: &mut Scene) {
    let mut legs = Vec::new();
    for number in ["6005", "6006", "6007"] {
        legs.push(scene.answered(number).await);
    }
    let [(a, far_a), (b, far_b), (c, far_c)] = legs[..] else {
        unreachable!("three calls")
    };
    bridge(scene, a, b).await;
    let conference = ConferenceId(7);
    for leg in [a, b, c, c] {
        scene.caller.take(Command::Confer { leg, conference });
    }
    for leg in [a, b, c] {
        let told = scene.caller.until(leg, "ConferenceJoined").await;
        assert_eq!(told, EventKind::ConferenceJoined { conference });
    }
    let hear = Hear::Silence;
    scene.caller.take(Command::Park { leg: c, hear });
    scene.caller.until(c, "Parked").await;
    end(scene, &[(b, far_b)]).await;
    bridge(scene, a, c).await;
    let told = [
        "Answered",
        "ConferenceJoined",
        "ConferenceLeft",
        "Parked",
        "Bridged",
    ];
    assert_eq!(scene.caller.told(c), told);
    assert_eq!(
        scene.caller.told(b),
        [
            "Answered",
            "Bridged",
            "Unbridged",
            "Parked",
            "ConferenceJoined",
            "ConferenceLeft",
            "Ended"
        ]
    );
    end(scene, &[(a, far_a), (c, far_c)]).await;
}

pub async fn a_mute_lasts_until_it_is_ended(scene: &mut Scene) {
    let (a, far_a) = scene.answered("6008").await;
    let (b, far_b) = scene.answered("6009").await;
    for _ in 0..2 {
        scene.caller.take(Command::Mute { leg: a, on: true });
    }
    let told = scene.caller.until(a, "Muted").await;
    assert_eq!(told, EventKind::Muted { on: true });
    bridge(scene, a, b).await;
    for _ in 0..2 {
        scene.caller.take(Command::Mute { leg: a, on: false });
    }
    let told = scene.caller.until(a, "Muted").await;
    assert_eq!(told, EventKind::Muted { on: false });
    assert_eq!(
        scene.caller.told(a),
        ["Answered", "Muted", "Bridged", "Muted"]
    );
    end(scene, &[(a, far_a), (b, far_b)]).await;
}

pub async fn a_conference_is_supervised(scene: &mut Scene) {
    let (a, far_a) = scene.answered("6010").await;
    let (b, far_b) = scene.answered("6011").await;
    let (boss, far_boss) = scene.answered("6012").await;
    let conference = ConferenceId(8);
    for leg in [a, b] {
        scene.caller.take(Command::Confer { leg, conference });
        scene.caller.until(leg, "ConferenceJoined").await;
    }
    for monitor in [Monitor::Listen, Monitor::Barge] {
        scene.caller.take(supervise(boss, b, monitor));
        let told = scene.caller.until(boss, "Supervising").await;
        assert_eq!(told, EventKind::Supervising { agent: b, monitor });
    }
    bridge(scene, a, b).await;
    scene.caller.until(boss, "Parked").await;
    end(scene, &[(a, far_a), (b, far_b), (boss, far_boss)]).await;
}

/// A key of the customer's reaches whoever hears the customer, and nobody else.
pub async fn keys_go_to_those_who_hear(scene: &mut Scene) {
    let mut legs = Vec::new();
    for number in ["6013", "6014", "6015"] {
        legs.push(scene.answered(number).await);
    }
    let [
        (customer, far_customer),
        (agent, far_agent),
        (boss, far_boss),
    ] = legs[..]
    else {
        unreachable!("three calls")
    };
    bridge(scene, customer, agent).await;
    scene.caller.take(supervise(boss, agent, Monitor::Whisper));
    scene.caller.until(boss, "Supervising").await;
    press(scene, (far_customer, customer), '1').await;
    for far in [far_agent, far_boss] {
        heard(scene, far, '1').await;
    }
    // The supervisor whispers: the agent alone hears that.
    press(scene, (far_boss, boss), '2').await;
    heard(scene, far_agent, '2').await;
    let hear = Hear::Silence;
    scene.caller.take(Command::Hold {
        leg: customer,
        hear,
    });
    scene.caller.until(customer, "Held").await;
    press(scene, (far_customer, customer), '3').await;
    scene.caller.take(Command::Resume { leg: customer });
    scene.caller.until(customer, "Resumed").await;
    let (leg, on) = (customer, true);
    scene.caller.take(Command::WithholdKeys { leg, on });
    scene.caller.until(customer, "KeysWithheld").await;
    press(scene, (far_customer, customer), '4').await;
    let on = false;
    scene.caller.take(Command::WithholdKeys { leg, on });
    scene.caller.until(customer, "KeysWithheld").await;
    let conference = ConferenceId(9);
    for leg in [customer, agent] {
        scene.caller.take(Command::Confer { leg, conference });
        scene.caller.until(leg, "ConferenceJoined").await;
    }
    press(scene, (far_customer, customer), '5').await;
    heard(scene, far_agent, '5').await;
    for (far, told) in [(far_customer, 0), (far_agent, 3), (far_boss, 1)] {
        let keys = scene.callee.told_by_now(far);
        let keys = keys.iter().filter(|name| **name == "Dtmf").count();
        assert_eq!(keys, told, "{far:?}");
    }
    end(
        scene,
        &[
            (customer, far_customer),
            (agent, far_agent),
            (boss, far_boss),
        ],
    )
    .await;
}

/// Presses a key at the far end of a leg.
async fn press(scene: &mut Scene, (far, leg): (LegId, LegId), key: char) {
    let digits = key.to_string();
    scene.callee.take(Command::SendDtmf { leg: far, digits });
    let told = scene.caller.until(leg, "Dtmf").await;
    assert!(matches!(told, EventKind::Dtmf { digit, .. } if digit == key));
    scene.callee.until(far, "DtmfSent").await;
}

/// The next key that comes there.
async fn heard(scene: &mut Scene, far: LegId, key: char) {
    let told = scene.callee.until(far, "Dtmf").await;
    assert!(
        matches!(told, EventKind::Dtmf { digit, .. } if digit == key),
        "{told:?}"
    );
}

fn supervise(leg: LegId, agent: LegId, monitor: Monitor) -> Command {
    Command::Supervise {
        leg,
        agent,
        monitor,
    }
}

async fn bridge(scene: &mut Scene, a: LegId, b: LegId) {
    let on_end = OnEnd::Park;
    scene.caller.take(Command::Bridge { a, b, on_end });
    for leg in [a, b] {
        scene.caller.until(leg, "Bridged").await;
    }
}

async fn end(scene: &mut Scene, legs: &[(LegId, LegId)]) {
    for &(leg, far) in legs {
        scene.caller.hang_up(leg);
        scene.caller.ended(leg).await;
        scene.callee.ended(far).await;
    }
}
