//! Processes: those that are started here, and what each has used.

use std::{
    process::{Child, Command},
    time::{Duration, SystemTime},
};

/// A child that does not outlive its measurement.
pub struct Process(pub Child);

impl Process {
    pub fn start(command: &mut Command) -> Self {
        let name = command.get_program().to_owned();
        Self(
            command
                .spawn()
                .unwrap_or_else(|error| panic!("{name:?}: {error}")),
        )
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// User and system time of a process so far.
pub fn cpu_time(id: u32) -> Duration {
    time_in(&format!("/proc/{id}/stat")).unwrap_or_default()
}

/// The same of our own threads whose name begins so.
pub fn thread_time(prefix: &str) -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task")
        .expect("Linux")
        .flatten();
    let named = tasks.filter(|task| {
        let name = std::fs::read_to_string(task.path().join("comm"));
        name.is_ok_and(|name| name.starts_with(prefix))
    });
    named
        .filter_map(|task| time_in(&task.path().join("stat").display().to_string()))
        .sum()
}

fn time_in(stat: &str) -> Option<Duration> {
    let stat = std::fs::read_to_string(stat).ok()?;
    // The name in parentheses may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    // USER_HZ is 100 on every Linux that Debian 12 runs on.
    Some(Duration::from_millis(ticks * 10))
}

/// Resident memory of a process, KB.
pub fn resident_kilobytes(id: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let word = line.and_then(|line| line.split_whitespace().nth(1));
    word.and_then(|word| word.parse().ok()).unwrap_or(0.0)
}

/// The value under which that share of the sorted values lies.
pub fn percentile(sorted: &[Duration], share: f64) -> Duration {
    let at = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(at.max(1) - 1).copied().unwrap_or_default()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the switch dates its events by the same clock"
)]
pub fn now() -> SystemTime {
    SystemTime::now()
}
