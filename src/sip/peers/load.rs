//! Many calls at once: every one is answered and ended.

use std::time::Duration;

use tokio::time::timeout;

use super::{Side, answer_to, caller, new_call, offer};
use crate::{Destination, EndCause, SipEvent, Timers};

const CALLS: u32 = 400;
const A_SECOND: u32 = 200;
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_hundred_calls_in_two_seconds_are_all_answered_and_ended() {
    let mut a = Side::start(|c| c.timers = Timers::default()).await;
    let mut b = Side::start(|c| c.timers = Timers::default()).await;
    a.agent.set_gateways(vec![b.gateway("b")]);
    b.agent.set_gateways(vec![a.gateway("a")]);
    let (calling, answering) = (a.agent.clone(), b.agent.clone());
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_secs(1) / A_SECOND);
        for _ in 0..CALLS {
            tick.tick().await;
            let to = Destination::Gateway {
                gateway: "b".into(),
                number: "5550199".into(),
            };
            let ring = Duration::from_secs(30);
            calling
                .invite(new_call(), to, caller(), offer(), ring)
                .expect("accepted");
        }
    });
    tokio::spawn(async move {
        while let Some(event) = b.events.recv().await {
            if let SipEvent::Incoming {
                call,
                sdp_offer: Some(sdp),
                ..
            } = event
            {
                answering.ring(call).expect("offered");
                answering.answer(call, answer_to(&sdp)).expect("offered");
            }
        }
    });
    let (mut answered, mut ended) = (0, 0);
    while ended < CALLS {
        let event = timeout(PATIENCE, a.events.recv()).await;
        match event.expect("an event in time").expect("runs") {
            SipEvent::Answered { call, .. } => {
                answered += 1;
                a.agent.end(call, EndCause::Normal).expect("up");
            }
            SipEvent::Ended { .. } => ended += 1,
            _ => {}
        }
    }
    assert_eq!(answered, CALLS);
}
