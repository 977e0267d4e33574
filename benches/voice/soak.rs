//! Memory over a long time: so many bridged calls, and short ones coming and going beside them.

use std::time::{Duration, Instant};

use switch::{Command, EventKind, OnEnd};

use super::{
    Plan, bridged,
    callers::Callers,
    failures::Failures,
    far,
    proc::resident_kilobytes,
    verdict::{self, Figure},
};

/// Lines of the table.
const LOOKS: u32 = 10;
/// No more short calls a second than this.
const MOST_A_SECOND: u32 = 20;

pub async fn measure(plan: &Plan) -> Vec<Figure> {
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
    let mut resident = Vec::new();
    // The last look is at the end.
    while resident.len() <= LOOKS as usize {
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
                let late = verdict::late(callers.switch.lateness().p99_ms());
                let (at, memory) = (started.elapsed(), megabytes());
                println!(
                    "| {:.0} | {memory:.1} | {placed} | {} | {late} |",
                    at.as_secs_f64(),
                    failed.count(),
                );
                resident.push((at, memory));
            }
        }
    }
    failed.print();
    let late = callers.switch.lateness().p99_ms();
    bridged::hang_up(&mut callers, &legs).await;
    vec![
        verdict::flat(plan.length, &resident),
        verdict::none_failed(placed, failed.count()),
        verdict::lateness("soak", late),
    ]
}

fn megabytes() -> f64 {
    resident_kilobytes(std::process::id()) / 1_024.0
}
