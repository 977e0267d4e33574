//! Calls a second, set up and torn down against SIPp as in the rivals' measurement: 180 at once, 200
//! after 200 ms, two seconds up, then SIPp sends BYE.

use std::{
    collections::HashMap,
    fs::File,
    net::UdpSocket,
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

use super::{
    Plan,
    asterisk::Asterisk,
    callers::Callers,
    failures::Failures,
    kit::carrier::{self, Fate},
    proc::{Process, cpu_time, now, percentile, resident_kilobytes, thread_time},
    verdict::{self, Figure},
};

const RING: Duration = Duration::from_millis(200);
const FATE: Fate = Fate::Answers {
    ring_ms: 200,
    talk_ms: 2_000,
};
/// The rival without sound is measured no longer: its calls cost the same in each minute.
const SILENT: Duration = Duration::from_secs(60);
/// How often is told how far a round is.
const TELL: Duration = Duration::from_secs(60);
/// The last calls end within this.
const TAIL: Duration = Duration::from_secs(6);
const SIPP: u16 = 31_080;

/// What others spent on the same calls on a machine like this one, signalling alone, ms of CPU a call
/// (100 a second): measured once, with the same SIPp scenario, since Debian 12 has neither.
const ELSEWHERE: [(&str, f64); 2] = [("Asterisk 22, AMI", 3.6), ("FreeSWITCH, ESL", 7.4)];

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

/// Who places calls, by a key of its own for each.
pub trait Placer {
    /// # Errors
    /// Why the call was not taken.
    async fn place(&mut self, number: &str) -> Result<u64, String>;

    /// What is heard of a call next. May be dropped and asked again.
    async fn next(&mut self) -> (u64, News);
}

/// What is heard of a call.
pub enum News {
    Answered(SystemTime),
    /// And what was said of it.
    Ended(String),
}

pub async fn measure(plan: &Plan) -> Vec<Figure> {
    let sipp = sipp();
    tokio::time::sleep(Duration::from_secs(1)).await;
    println!(
        "\n## Calls set up and torn down: {} a second for {:?}\n",
        plan.rate, plan.length
    );
    println!(
        "| who | calls | answered | not | CPU a call, ms | SIPp's CPU a call, ms | answer after SIPp's 200 ms, p50 / p95 / p99 ms | RSS, MB |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    let far = ([127, 0, 0, 1], SIPP).into();
    let mut callers = Callers::start(far).await;
    let sound = thread_time("media-");
    let ours = round("paceline", &mut callers, std::process::id(), &sipp, plan).await;
    let sound = (thread_time("media-") - sound).as_secs_f64() * 1_000.0
        / f64::from(ours.tally.offered.max(1));
    ours.print("paceline, sending silence");
    let signalling = ours.milliseconds - sound;
    println!("| without its media threads | | | | {signalling:.2} | | | |");
    drop(callers);
    let silent = Plan {
        length: plan.length.min(SILENT),
        ..plan.clone()
    };
    let mut theirs = Vec::new();
    for (speak, plan) in [(true, plan), (false, &silent)] {
        let Some(mut asterisk) = Asterisk::start(far, speak).await else {
            break;
        };
        let id = asterisk.id();
        let round = round("asterisk", &mut asterisk, id, &sipp, plan).await;
        let how = if speak { "sending silence" } else { "no sound" };
        round.print(&format!("Asterisk {}, AMI, {how}", asterisk.version()));
        theirs.push(round);
    }
    for (name, ms) in ELSEWHERE {
        println!("| {name}, no sound, not in this run | | | | {ms:.2} | | | |");
    }
    match &theirs[..] {
        [speaking, silent] => println!(
            "\nCPU of a call at Asterisk, times ours: {:.1} with sound, {:.1} without.",
            speaking.milliseconds / ours.milliseconds,
            silent.milliseconds / signalling,
        ),
        _ => println!("\nasterisk is not installed: no rival in this run."),
    }
    println!("SIPp counts {} failed calls.", failed_at(&sipp));
    for round in std::iter::once(&ours).chain(&theirs) {
        round.tally.failed.print();
    }
    let rival = |at: usize| theirs.get(at).map(|round| round.milliseconds);
    let (answered, failed) = (ours.tally.waits.len() as u32, ours.tally.failed.count());
    vec![
        verdict::without_failure(plan.rate, plan.length, answered, failed),
        verdict::beside_rival("with sound", ours.milliseconds, rival(0)),
        verdict::beside_rival("without sound", signalling, rival(1)),
    ]
}

/// What one program made of the calls.
struct Round {
    tally: Tally,
    /// CPU time a call.
    milliseconds: f64,
    at_sipp: f64,
    resident: f64,
}

async fn round(who: &str, placer: &mut impl Placer, id: u32, sipp: &Sipp, plan: &Plan) -> Round {
    let before = (cpu_time(id), cpu_time(sipp.process.id()));
    let mut tally = place(who, placer, plan).await;
    tally.waits.sort();
    let a_call = |now: Duration, then: Duration| {
        (now - then).as_secs_f64() * 1_000.0 / f64::from(tally.offered.max(1))
    };
    Round {
        milliseconds: a_call(cpu_time(id), before.0),
        at_sipp: a_call(cpu_time(sipp.process.id()), before.1),
        resident: resident_kilobytes(id) / 1_024.0,
        tally,
    }
}

impl Round {
    fn print(&self, who: &str) {
        let tally = &self.tally;
        let after_ring = |share| {
            let wait = percentile(&tally.waits, share).saturating_sub(RING);
            format!("{:.1}", wait.as_secs_f64() * 1_000.0)
        };
        println!(
            "| {who} | {} | {} | {} | {:.2} | {:.2} | {} / {} / {} | {:.0} |",
            tally.offered,
            tally.waits.len(),
            tally.failed.count(),
            self.milliseconds,
            self.at_sipp,
            after_ring(0.5),
            after_ring(0.95),
            after_ring(0.99),
            self.resident,
        );
    }
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

/// A call that has not ended.
struct Open {
    since: SystemTime,
    answered: bool,
}

async fn place(who: &str, placer: &mut impl Placer, plan: &Plan) -> Tally {
    let mut tally = Tally::default();
    let mut open: HashMap<u64, Open> = HashMap::new();
    let total = plan.rate * plan.length.as_secs() as u32;
    let started = Instant::now();
    let mut beat = tokio::time::interval(Duration::from_secs(1) / plan.rate.max(1));
    // A late beat is made up for: the rate is the mean.
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    let first = tokio::time::Instant::now() + TELL;
    let mut tell = tokio::time::interval_at(first, TELL);
    let deadline = plan.length + TAIL;
    while started.elapsed() < deadline && (tally.offered < total || !open.is_empty()) {
        tokio::select! {
            _ = beat.tick(), if tally.offered < total => {
                let number = format!("13{:08}0", tally.offered);
                tally.offered += 1;
                let since = now();
                match placer.place(&number).await {
                    Ok(key) => drop(open.insert(key, Open { since, answered: false })),
                    Err(refused) => tally.failed.add(format!("refused: {refused}")),
                }
            }
            (key, news) = placer.next() => tally.hear(&mut open, key, news),
            _ = tell.tick() => eprintln!(
                "{who}: {:.0} of {} s, {} calls, {} failed",
                started.elapsed().as_secs_f64(),
                plan.length.as_secs(),
                tally.offered,
                tally.failed.count(),
            ),
            () = tokio::time::sleep(Duration::from_millis(100)) => {}
        }
    }
    for _ in open {
        tally.failed.add("still up at the end".into());
    }
    tally
}

impl Tally {
    fn hear(&mut self, open: &mut HashMap<u64, Open>, key: u64, news: News) {
        match news {
            News::Answered(at) => {
                let Some(call) = open.get_mut(&key) else {
                    return;
                };
                call.answered = true;
                self.waits.extend(at.duration_since(call.since));
            }
            News::Ended(why) => {
                if open.remove(&key).is_some_and(|call| !call.answered) {
                    self.failed.add(why);
                }
            }
        }
    }
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
