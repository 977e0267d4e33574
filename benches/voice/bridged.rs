//! Calls at once: bridged with sound both ways, and robots that talk.

use std::time::{Duration, Instant};

use switch::{Command, EventKind, LegId, OnEnd, PlayId};

use super::{
    Plan,
    asterisk::Asterisk,
    callers::Callers,
    far,
    proc::{cpu_time, resident_kilobytes, thread_time},
    sockets,
    verdict::{self, Figure},
};

/// Sound settles before it is measured.
const SETTLE: Duration = Duration::from_secs(2);
const RIVAL_CALLS: u32 = 200;

pub async fn measure(plan: &Plan) -> Vec<Figure> {
    let (_far, address) = far::start();
    let mut callers = Callers::start(address).await;
    let before = resident_kilobytes(std::process::id());
    let legs = callers.answered("talk", plan.calls * 2).await;
    for pair in legs.chunks_exact(2) {
        callers.send(Command::Bridge {
            a: pair[0],
            b: pair[1],
            on_end: OnEnd::Park,
        });
    }
    let used = watch(&callers, plan.length).await;
    let memory = (resident_kilobytes(std::process::id()) - before) / f64::from(plan.calls);
    let heard = hang_up(&mut callers, &legs).await;
    println!(
        "\n## {} bridged calls with sound both ways for {:?}\n",
        plan.calls, plan.length
    );
    let mut figures = used.print(
        &format!("{} bridged calls", plan.calls),
        plan.calls * 2,
        plan.length,
    );
    figures.push(verdict::memory(memory));
    println!(
        "\nmemory of a bridged call: {memory:.0} KB; packets heard, by their numbers: {heard:.2} %"
    );
    drop(callers);
    match Asterisk::start(address, false).await {
        Some(asterisk) => measure_rival(asterisk, plan).await,
        None => println!("\nasterisk is not installed: no rival in this run."),
    }
    figures
}

/// The same calls at the rival, as many as it carries beside their far ends on two cores.
async fn measure_rival(mut asterisk: Asterisk, plan: &Plan) {
    let calls = plan.calls.min(RIVAL_CALLS);
    let before = resident_kilobytes(asterisk.id());
    for at in 1..=calls {
        asterisk.call("talk", "Dial", "PJSIP/talk@far").await;
        if at % 10 == 0 {
            asterisk.channels(at * 2).await;
        }
    }
    asterisk.channels(calls * 2).await;
    tokio::time::sleep(SETTLE).await;
    let (cpu, started) = (cpu_time(asterisk.id()), Instant::now());
    tokio::time::sleep(plan.length).await;
    let share = (cpu_time(asterisk.id()) - cpu).as_secs_f64() / started.elapsed().as_secs_f64();
    asterisk.channels(calls * 2).await;
    println!(
        "\nAsterisk {}, {calls} bridged calls: {:.1} % of a core, {:.0} legs a core, {:.0} KB a call",
        asterisk.version(),
        share * 100.0,
        f64::from(calls * 2) / share.max(0.001),
        (resident_kilobytes(asterisk.id()) - before) / f64::from(calls),
    );
}

pub async fn measure_robots(plan: &Plan) -> Vec<Figure> {
    let (_far, address) = far::start();
    let mut callers = Callers::start(address).await;
    let legs = callers.answered("hear", plan.robots).await;
    for (at, leg) in legs.iter().enumerate() {
        callers.send(Command::Play {
            leg: *leg,
            play: PlayId(at as u64 + 1),
            prompt: "tone:1000:1000".into(),
            times: 1_000_000,
        });
    }
    let used = watch(&callers, plan.length).await;
    hang_up(&mut callers, &legs).await;
    println!("\n## {} robot legs for {:?}\n", plan.robots, plan.length);
    used.print(&format!("{} robots", plan.robots), plan.robots, plan.length)
}

/// What a while cost.
pub struct Used {
    /// Of one core.
    media: f64,
    all: f64,
    /// 99 of 100 slots were served within less, in milliseconds.
    p99: Option<u64>,
}

/// Looks on for that long.
pub async fn watch(callers: &Callers, length: Duration) -> Used {
    tokio::time::sleep(SETTLE).await;
    let histogram = callers.switch.lateness().histogram();
    let (media, all, started) = (
        thread_time("media-"),
        cpu_time(std::process::id()),
        Instant::now(),
    );
    tokio::time::sleep(length).await;
    let seconds = started.elapsed().as_secs_f64();
    let later = callers.switch.lateness().histogram();
    let new: Vec<_> = later
        .iter()
        .zip(&histogram)
        .map(|((bound, now), (_, then))| (*bound, now - then))
        .collect();
    Used {
        media: (thread_time("media-") - media).as_secs_f64() / seconds,
        all: (cpu_time(std::process::id()) - all).as_secs_f64() / seconds,
        p99: p99(&new),
    }
}

fn p99(histogram: &[(Option<u64>, u64)]) -> Option<u64> {
    let total: u64 = histogram.iter().map(|(_, count)| count).sum();
    let mut seen = 0;
    let found = histogram.iter().find(|(_, count)| {
        seen += count;
        seen * 100 >= total * 99
    });
    found.and_then(|(bound, _)| *bound)
}

impl Used {
    fn print(&self, of: &str, legs: u32, length: Duration) -> Vec<Figure> {
        let bare = sockets::bare(legs, length.as_secs().clamp(3, 10) as u32);
        let of_bare = bare * 100.0 / self.media.max(0.001);
        let a_core = |share: f64| f64::from(legs) / share.max(0.001);
        println!(
            "| work | legs | media threads, % of a core | all, % of a core | legs a core | of bare sockets | lateness p99 |"
        );
        println!("| --- | --- | --- | --- | --- | --- | --- |");
        println!(
            "| bare sockets | {legs} | {:.1} | | {:.0} | 100 % | |",
            bare * 100.0,
            a_core(bare)
        );
        println!(
            "| paceline | {legs} | {:.1} | {:.1} | {:.0} | {:.0} % | {} |",
            self.media * 100.0,
            self.all * 100.0,
            a_core(self.media),
            of_bare,
            verdict::late(self.p99)
        );
        vec![
            verdict::lateness(of, self.p99),
            verdict::of_bare_sockets(of, of_bare),
        ]
    }
}

/// Ends the legs; gives how much of what was said to them was heard, in percent.
pub async fn hang_up(callers: &mut Callers, legs: &[LegId]) -> f64 {
    let (mut received, mut lost) = (0, 0);
    for some in legs.chunks(20) {
        for leg in some {
            let cause = switch::Cause::Normal;
            callers.send(Command::Hangup { leg: *leg, cause });
        }
        for _ in some {
            let stats = callers
                .until("the end of a call", |event| match &event.kind {
                    EventKind::Ended(why) => Some(why.stats),
                    _ => None,
                })
                .await;
            received += stats.packets_received;
            lost += stats.packets_lost;
        }
    }
    100.0 * received as f64 / (received + lost).max(1) as f64
}
