//! The answer: when it was, and what follows it.

use std::time::Duration;

use super::Scene;
use crate::{Command, Hear, OnEnd};

/// Rule 7. The answer lies there unread for a while. By the far end's clock it was sent before that, and
/// by the time of the next thing that the far end does it has arrived.
pub async fn the_time_of_an_answer_is_that_of_its_arrival(scene: &mut Scene) {
    const UNREAD: Duration = Duration::from_millis(400);
    // Clocks are kept in milliseconds.
    const ROUNDED: Duration = Duration::from_millis(5);
    let (leg, far) = scene.call("7000").await;
    scene.callee.take(Command::Ring { leg: far });
    scene.caller.until(leg, "Ringing").await;
    scene.callee.take(Command::Answer { leg: far });
    scene.callee.until(far, "Answered").await;
    scene.callee.acknowledged(far).await;
    let hear = Hear::Music(scene.prompt.clone());
    scene.callee.take(Command::Park { leg: far, hear });
    scene.callee.until(far, "Parked").await;
    tokio::time::sleep(UNREAD).await;
    scene.caller.until(leg, "Answered").await;
    let [rang, answered] = ["Ringing", "Answered"].map(|name| scene.caller.at(leg, name));
    let [sent, later] = ["Answered", "Parked"].map(|name| scene.callee.at(far, name));
    assert!(rang <= answered, "it rang at {rang:?}, after {answered:?}");
    assert!(
        sent <= answered + ROUNDED,
        "{answered:?} is before {sent:?}"
    );
    assert!(
        answered <= later + ROUNDED,
        "{answered:?} is when it was read, not before {later:?}"
    );
    tokio::time::sleep(UNREAD).await;
    scene.caller.hang_up(leg);
    scene.caller.ended(leg).await;
    scene.callee.ended(far).await;
    let ended = scene.caller.at(leg, "Ended");
    let talked = ended.duration_since(answered).unwrap_or_default();
    assert!(
        talked + ROUNDED >= 2 * UNREAD,
        "{talked:?} is too short a talk"
    );
}

/// Rule 8.
pub async fn from_the_answer_to_the_agent_there_is_no_round_trip(scene: &mut Scene) {
    let (agent, far_agent) = scene.answered("7001").await;
    let (customer, far_customer) = scene.answered("7002").await;
    scene.caller.take(Command::Bridge {
        a: customer,
        b: agent,
        on_end: OnEnd::Park,
    });
    for leg in [customer, agent] {
        let told = scene.caller.told_by_now(leg);
        assert_eq!(told, ["Answered", "Bridged"]);
    }
    for (leg, far) in [(agent, far_agent), (customer, far_customer)] {
        scene.caller.hang_up(leg);
        scene.caller.ended(leg).await;
        scene.callee.ended(far).await;
    }
}
