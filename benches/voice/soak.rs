//! Memory over a long time: so many bridged calls, and short ones coming and going beside them.

use std::time::{Duration, Instant};

use switch::{Command, EventKind, OnEnd};

use super::{Plan, bridged, callers::Callers, failures::Failures, far, proc::resident_kilobytes};

/// Lines of the table.
const LOOKS: u32 = 10;
/// No more short calls a second than this.
const MOST_A_SECOND: u32 = 20;

pub async fn measure(plan: &Plan) {
    let (_far, address) = far::start();
    let mut callers = Callers::start(address).await;
    let legs = callers.answered("talk", plan.calls * 2).await;
    for pair in legs.chunks_exact(2) {
        callers.send(Command::Bridge {
            a: pair[0],
            b: pair[1],
            on_end: OnEnd::Park,
        });
    }
    let rate = plan.rate.min(MOST_A_SECOND);
    println!(
        "\n## {} bridged calls, and {rate} short ones a second, for {:?}\n",
        plan.calls, plan.length
    );
    println!(
        "| after, s | RSS, MB | short calls so far | of them failed | lateness p99, all the time |"
    );
    println!("| --- | --- | --- | --- | --- |");
    let started = Instant::now();
    let (mut placed, mut failed) = (0_u32, Failures::default());
    let mut beat = tokio::time::interval(Duration::from_secs(1) / rate.max(1));
    let mut looks = tokio::time::interval(plan.length / LOOKS);
    while started.elapsed() < plan.length {
        tokio::select! {
            _ = beat.tick() => {
                placed += 1;
                if let Err(refused) = callers.dial("far", "short") {
                    failed.add(format!("refused: {refused}"));
                }
            }
            Some(event) = callers.events.recv() => {
                if let EventKind::Ended(why) = event.kind && why.sip_status.is_some() {
                    failed.add(format!("ended: {:?} {:?}", why.sip_status, why.reason));
                }
            }
            _ = looks.tick() => {
                let late = callers.switch.lateness().p99_ms();
                let late = late.map_or_else(|| "over 100 ms".into(), |ms| format!("under {ms} ms"));
                println!(
                    "| {:.0} | {:.1} | {placed} | {} | {late} |",
                    started.elapsed().as_secs_f64(),
                    resident_kilobytes(std::process::id()) / 1_024.0,
                    failed.count(),
                );
            }
        }
    }
    failed.print();
    bridged::hang_up(&mut callers, &legs).await;
}
