//! The answer: when it was, and what follows it.

use std::time::Duration;

use super::Scene;
use crate::{Command, OnEnd};

/// Rule 7.
pub async fn the_time_of_an_answer_is_that_of_its_arrival(scene: &mut Scene) {
    const TALK: Duration = Duration::from_millis(400);
    // Clocks are kept in milliseconds.
    const ROUNDED: Duration = Duration::from_millis(5);
    let (leg, far) = scene.call("7000").await;
    scene.callee.take(Command::Ring { leg: far });
    scene.caller.until(leg, "Ringing").await;
    scene.callee.take(Command::Answer { leg: far });
    scene.caller.until(leg, "Answered").await;
    tokio::time::sleep(TALK).await;
    scene.caller.hang_up(leg);
    scene.caller.ended(leg).await;
    scene.callee.ended(far).await;
    let [rang, answered, ended] =
        ["Ringing", "Answered", "Ended"].map(|name| scene.caller.at(leg, name));
    let sent = scene.callee.at(far, "Answered");
    assert!(rang <= answered, "it rang at {rang:?}, before {answered:?}");
    assert!(
        sent <= answered + ROUNDED,
        "{answered:?} is before {sent:?}"
    );
    let talked = ended.duration_since(answered).unwrap_or_default();
    assert!(talked + ROUNDED >= TALK, "{talked:?} is too short a talk");
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
