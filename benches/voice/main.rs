//! What calls cost the embedded switch: set up and torn down, bridged, played to; and how soon an answered
//! person hears the agent, through the whole server.
//!
//! `cargo bench --bench voice` measures all of it in short; after `--` come the parts (`setup`, `bridged`,
//! `robots`, `answer`, `soak`) and `seconds=30 rate=100 calls=100 robots=300 samples=300`. `-- full` runs each
//! part at full size, one process after the other, which takes 70 minutes.
//!
//! At the end stands what is wanted of each figure and whether it was met; the status tells it, too.
//!
//! Where Asterisk is installed it makes the same calls in the same run, ordered over its manager interface.
//! With `PACELINE_TEST_PG` (a `postgres://` URL) the answers go through a server on PostgreSQL, too.
//!
//! The far ends are processes of their own, SIPp or this program once more, and are not counted; those of
//! `answer` are threads of this one, and what is measured is the server.

mod answer;
mod asterisk;
mod bridged;
mod callers;
mod failures;
mod far;
#[path = "../../tests/it/kit/mod.rs"]
#[expect(dead_code, reason = "a bench needs less of the kit than the tests do")]
mod kit;
mod proc;
mod setup;
mod soak;
#[path = "../sockets.rs"]
#[expect(dead_code, reason = "the media bench needs more of it")]
mod sockets;
mod verdict;

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use verdict::Verdict;

/// Every part at full size.
const FULL: [&str; 5] = [
    "bridged calls=1000 seconds=60",
    "robots robots=3000 seconds=60",
    "answer samples=500",
    "setup rate=100 seconds=600",
    "soak calls=500 rate=20 seconds=1800",
];

/// What is measured, and how much of it.
#[derive(Debug, Clone)]
pub struct Plan {
    parts: BTreeSet<String>,
    pub length: Duration,
    /// Calls a second.
    pub rate: u32,
    /// Bridged calls at once.
    pub calls: u32,
    /// Robot legs at once.
    pub robots: u32,
    /// Answers that are timed.
    pub samples: u32,
}

impl Plan {
    fn of(words: impl Iterator<Item = String>) -> Self {
        let mut plan = Self {
            parts: BTreeSet::new(),
            length: Duration::from_secs(30),
            rate: 100,
            calls: 100,
            robots: 300,
            samples: 300,
        };
        // Cargo adds words of its own, such as --bench.
        for word in words.filter(|word| !word.starts_with('-')) {
            match word.split_once('=') {
                Some((name, value)) => plan.set(name, value),
                None => drop(plan.parts.insert(word)),
            }
        }
        plan
    }

    fn set(&mut self, name: &str, value: &str) {
        let value: u32 = value.parse().unwrap_or_else(|_| panic!("{name}: a number"));
        match name {
            "seconds" => self.length = Duration::from_secs(value.into()),
            "rate" => self.rate = value,
            "calls" => self.calls = value,
            "robots" => self.robots = value,
            "samples" => self.samples = value,
            _ => panic!("{name} is none of seconds, rate, calls, robots, samples"),
        }
    }

    fn has(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.contains(part)
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "full") {
        return conclude(&full());
    }
    // A socket for each leg, and the far ends' too.
    rlimit::increase_nofile_limit(u64::MAX).expect("a limit can be raised as far as it goes");
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    if let Some(at) = words.iter().position(|word| word == "far") {
        runtime.block_on(far::serve(&words[at + 1]));
        return ExitCode::SUCCESS;
    }
    let plan = Plan::of(words.into_iter());
    let known = ["setup", "bridged", "robots", "answer", "soak"];
    for part in &plan.parts {
        assert!(
            known.contains(&part.as_str()),
            "{part} is none of {known:?}"
        );
    }
    let figures = runtime.block_on(measure(&plan));
    // The readers of events wait for switches that are gone.
    runtime.shutdown_background();
    let lines: Vec<String> = figures.iter().map(ToString::to_string).collect();
    conclude(&lines)
}

async fn measure(plan: &Plan) -> Vec<verdict::Figure> {
    let mut figures = Vec::new();
    // First, while memory is as the program began.
    if plan.has("bridged") {
        figures.extend(bridged::measure(plan).await);
    }
    if plan.has("setup") {
        figures.extend(setup::measure(plan).await);
    }
    if plan.has("answer") {
        figures.extend(answer::measure(plan).await);
    }
    if plan.has("robots") {
        figures.extend(bridged::measure_robots(plan).await);
    }
    if plan.has("soak") {
        figures.extend(soak::measure(plan).await);
    }
    figures
}

/// A process for each part: memory is measured from its beginning. Gives the lines of all figures.
fn full() -> Vec<String> {
    let program = std::env::current_exe().expect("our own name");
    let mut figures = Vec::new();
    for (nth, words) in FULL.iter().enumerate() {
        eprintln!("part {} of {}: {words}", nth + 1, FULL.len());
        let mut part = Command::new(&program);
        part.args(words.split(' ')).stdout(Stdio::piped());
        let mut part = proc::Process::start(&mut part);
        let out = part.0.stdout.take().expect("piped");
        let mut own = Vec::new();
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            println!("{line}");
            if Verdict::in_line(&line).is_some() {
                own.push(line);
            }
        }
        let end = part.0.wait().expect("it was started");
        if !end.success() && !own.iter().any(|line| is_missed(line)) {
            own.push(verdict::broken_off(words, &end.to_string()).to_string());
        }
        figures.extend(own);
    }
    figures
}

/// Prints the lines of all figures; fails where one is missed.
fn conclude(figures: &[String]) -> ExitCode {
    println!("\n## Figures\n");
    for line in figures {
        println!("{line}");
    }
    if figures.iter().any(|line| is_missed(line)) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn is_missed(line: &str) -> bool {
    Verdict::in_line(line) == Some(Verdict::Missed)
}
