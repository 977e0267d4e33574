//! Calls a second, set up and torn down against SIPp as in the rivals' measurement: 180 at once, 200
//! after 200 ms, two seconds up, then SIPp sends BYE.

#[path = "../../tests/it/kit/carrier.rs"]
#[expect(dead_code, reason = "one fate is enough here")]
pub mod carrier;

use std::{
    collections::HashMap,
    fs::File,
    net::UdpSocket,
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

use carrier::Fate;
use switch::{EventKind, LegId};

use super::{
    Plan,
    callers::Callers,
    failures::Failures,
    proc::{Process, cpu_time, now, percentile, resident_kilobytes},
};

const RING: Duration = Duration::from_millis(200);
const FATE: Fate = Fate::Answers {
    ring_ms: 200,
    talk_ms: 2_000,
};
/// The last calls end within this.
const TAIL: Duration = Duration::from_secs(6);
const SIPP: u16 = 31_080;

/// What others spent on the same calls on a machine like this one, signalling alone, ms of CPU a call
/// (100 a second): measured once, with the same SIPp scenario.
const RIVALS: [(&str, f64); 2] = [("Asterisk 22, AMI", 3.6), ("FreeSWITCH, ESL", 7.4)];

struct Sipp {
    process: Process,
    folder: tempfile::TempDir,
    /// Takes the sound and throws it away.
    _sound: UdpSocket,
}

fn sipp() -> Sipp {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("carrier.xml"), carrier::scenario(&[('0', FATE)])).expect("writable");
    let sound = UdpSocket::bind(("127.0.0.1", 0)).expect("a port");
    let port = sound.local_addr().expect("bound").port();
    let process = Process::start(
        Command::new("sipp")
            .current_dir(folder.path())
            .args(["-sf", "carrier.xml", "-i", "127.0.0.1", "-nostdin"])
            .args(["-p", &SIPP.to_string(), "-mp", "31090"])
            .args(["-key", "sound_port", &port.to_string()])
            .args(["-trace_stat", "-stf", "stat.csv", "-fd", "1"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(file("stderr.log")).expect("writable")),
    );
    Sipp {
        process,
        folder,
        _sound: sound,
    }
}

pub async fn measure(plan: &Plan) {
    let sipp = sipp();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut callers = Callers::start(([127, 0, 0, 1], SIPP).into()).await;
    let (us, them) = (std::process::id(), sipp.process.id());
    let before = (cpu_time(us), cpu_time(them));
    let tally = place(&mut callers, plan).await;
    let spent = |now: Duration, then: Duration| {
        (now - then).as_secs_f64() * 1_000.0 / f64::from(tally.offered.max(1))
    };
    let ours = spent(cpu_time(us), before.0);
    let theirs = spent(cpu_time(them), before.1);
    let mut waits = tally.waits;
    waits.sort();
    let after_ring = |share| {
        let wait = percentile(&waits, share).saturating_sub(RING);
        format!("{:.1}", wait.as_secs_f64() * 1_000.0)
    };
    println!(
        "\n## Calls set up and torn down: {} a second for {:?}\n",
        plan.rate, plan.length
    );
    println!(
        "| who | calls | answered | not | CPU a call, ms | answer after SIPp's 200 ms, p50 / p95 / p99 ms | RSS, MB |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    println!(
        "| paceline, sound included | {} | {} | {} | {ours:.2} | {} / {} / {} | {:.0} |",
        tally.offered,
        waits.len(),
        tally.failed.count(),
        after_ring(0.5),
        after_ring(0.95),
        after_ring(0.99),
        resident_kilobytes() / 1_024.0,
    );
    println!(
        "| SIPp, the far end | | | {} failed | {theirs:.2} | | |",
        failed_at(&sipp)
    );
    for (name, ms) in RIVALS {
        println!("| {name}, signalling alone, not in this run | | | | {ms:.2} | | |");
    }
    tally.failed.print();
}

/// What became of the calls.
#[derive(Default)]
struct Tally {
    offered: u32,
    /// Not answered, or still up.
    failed: Failures,
    /// From the dial to the answer.
    waits: Vec<Duration>,
}

async fn place(callers: &mut Callers, plan: &Plan) -> Tally {
    let mut tally = Tally::default();
    let mut open: HashMap<LegId, SystemTime> = HashMap::new();
    let mut answered: HashMap<LegId, ()> = HashMap::new();
    let total = plan.rate * plan.length.as_secs() as u32;
    let started = Instant::now();
    let mut beat = tokio::time::interval(Duration::from_secs(1) / plan.rate.max(1));
    // A late beat is made up for: the rate is the mean.
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    let deadline = plan.length + TAIL;
    while started.elapsed() < deadline && (tally.offered < total || !open.is_empty()) {
        tokio::select! {
            _ = beat.tick(), if tally.offered < total => {
                let number = format!("13{:08}0", tally.offered);
                tally.offered += 1;
                match callers.dial("far", &number) {
                    Ok(leg) => drop(open.insert(leg, now())),
                    Err(refused) => tally.failed.add(format!("refused: {refused}")),
                }
            }
            Some(event) = callers.events.recv() => {
                let Some(leg) = event.leg else { continue };
                match event.kind {
                    EventKind::Answered => {
                        answered.insert(leg, ());
                        let since = open.get(&leg).and_then(|at| event.at.duration_since(*at).ok());
                        tally.waits.extend(since);
                    }
                    EventKind::Ended(why) => {
                        open.remove(&leg);
                        if answered.remove(&leg).is_none() {
                            tally.failed.add(format!("ended: {:?} {:?}", why.sip_status, why.reason));
                        }
                    }
                    _ => {}
                }
            }
            () = tokio::time::sleep(Duration::from_millis(100)) => {}
        }
    }
    for _ in open {
        tally.failed.add("still up at the end".into());
    }
    tally
}

/// As SIPp counts them.
fn failed_at(sipp: &Sipp) -> String {
    let text = std::fs::read_to_string(sipp.folder.path().join("stat.csv")).unwrap_or_default();
    let mut lines = text.lines();
    let at = lines
        .next()
        .and_then(|head| head.split(';').position(|name| name == "FailedCall(C)"));
    let last = lines.last().and_then(|line| line.split(';').nth(at?));
    last.unwrap_or("?").to_owned()
}
