//! What calls cost the embedded switch: set up and torn down, bridged, played to, and how soon an
//! answered person hears the agent.
//!
//! `cargo bench -p embedded --bench voice` measures all of it in short; after `--` come the parts (`setup`,
//! `bridged`, `robots`, `answer`, `soak`) and `seconds=30 rate=100 calls=100 robots=300 samples=50`.
//! `-- full` runs each part at full size, one process after the other, which takes more than an hour.
//!
//! Where Asterisk is installed it makes the same calls in the same run, ordered over its manager interface.
//!
//! The far ends are processes of their own, SIPp or this program once more, and are not counted.

mod answer;
mod asterisk;
mod bridged;
mod callers;
mod failures;
mod far;
mod proc;
mod setup;
mod soak;
#[path = "../sockets.rs"]
#[expect(dead_code, reason = "the media bench needs more of it")]
mod sockets;

use std::{collections::BTreeSet, process::Command, time::Duration};

/// Every part at full size.
const FULL: [&str; 5] = [
    "bridged calls=1000 seconds=60",
    "robots robots=3000 seconds=60",
    "answer samples=100",
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
            samples: 50,
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

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "full") {
        return full();
    }
    // A socket for each leg, and the far ends' too.
    rlimit::increase_nofile_limit(u64::MAX).expect("a limit can be raised as far as it goes");
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    if let Some(at) = words.iter().position(|word| word == "far") {
        return runtime.block_on(far::serve(&words[at + 1]));
    }
    let plan = Plan::of(words.into_iter());
    let known = ["setup", "bridged", "robots", "answer", "soak"];
    for part in &plan.parts {
        assert!(
            known.contains(&part.as_str()),
            "{part} is none of {known:?}"
        );
    }
    runtime.block_on(async {
        // First, while memory is as the program began.
        if plan.has("bridged") {
            bridged::measure(&plan).await;
        }
        if plan.has("setup") {
            setup::measure(&plan).await;
        }
        if plan.has("answer") {
            answer::measure(&plan).await;
        }
        if plan.has("robots") {
            bridged::measure_robots(&plan).await;
        }
        if plan.has("soak") {
            soak::measure(&plan).await;
        }
    });
    // The readers of events wait for switches that are gone.
    runtime.shutdown_background();
}

/// A process for each part: memory is measured from its beginning.
fn full() {
    let program = std::env::current_exe().expect("our own name");
    for words in FULL {
        let mut part = proc::Process::start(Command::new(&program).args(words.split(' ')));
        let end = part.0.wait().expect("it was started");
        assert!(end.success(), "{words}: {end}");
    }
}
