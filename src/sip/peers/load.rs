//! How much one agent carries. Run with `--ignored --nocapture`; prints, and fails only when a call
//! does.

use std::time::{Duration, Instant};

use super::{Side, answer_to, caller, new_call, offer};
use crate::{Destination, EndCause, SipEvent, Timers};

const CALLS: u32 = 2_000;
const A_SECOND: u32 = 400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn two_thousand_calls() {
    let mut a = Side::start(|c| c.timers = Timers::default()).await;
    let mut b = Side::start(|c| c.timers = Timers::default()).await;
    a.agent.set_gateways(vec![b.gateway("b")]);
    b.agent.set_gateways(vec![a.gateway("a")]);
    let (calling, answering) = (a.agent.clone(), b.agent.clone());
    let (cpu, started) = (cpu_ms(), Instant::now());
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
        match a.events.recv().await.expect("runs") {
            SipEvent::Answered { call, .. } => {
                answered += 1;
                a.agent.end(call, EndCause::Normal).expect("up");
            }
            SipEvent::Ended { .. } => ended += 1,
            _ => {}
        }
    }
    let cpu = f64::from(u32::try_from(cpu_ms() - cpu).expect("short")) / f64::from(CALLS);
    eprintln!(
        "{answered} of {CALLS} answered in {:?}; {cpu:.2} ms CPU a call, both ends",
        started.elapsed()
    );
    assert_eq!(answered, CALLS);
}

/// CPU time of this process so far, by Linux's count of ten milliseconds.
fn cpu_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|t| t.parse::<u64>().ok());
    ticks.sum::<u64>() * 10
}
