//! Scripts: one line for what is there or what happens, one line for every command that follows.
//!
//! Lines without a time set the stage; `5.2 answers L1` happens 5.2 seconds after opening. The
//! script plays the far ends; store and switch answer by themselves unless `by hand` says so.
//! Leads are `L1`, `L2` ..., the phone of agent 1 is `a1`, callers have the names they are given.

mod far_ends;
mod happens;
mod in_call;
mod menu;
mod robots;
mod set;
mod show;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{
    super::{CampaignSpec, Configuration, Floor, Input},
    invariants, stage,
    store::Store,
};
use crate::{
    ids::{AttemptId, CallId, LegId, SoundId},
    time::Millis,
};

/// Plays a script and compares the commands it shows, line by line.
#[track_caller]
pub fn check(script: &str, expected: &str) {
    compare(&Stage::of(script).shown.join("\n"), expected);
}

/// The same, from the line after `begun` on.
#[track_caller]
pub fn check_after(begun: &str, script: &str, expected: &str) {
    let shown = Stage::of(script).shown;
    let begun = shown.iter().position(|line| line == begun);
    let rest = begun.map_or(0, |begun| begun + 1);
    compare(&shown[rest..].join("\n"), expected);
}

/// The same, of what comes later than `since` seconds.
#[track_caller]
pub fn check_since(since: f64, script: &str, expected: &str) {
    let shown = Stage::of(script).shown;
    let is_late = |line: &&String| {
        let at = line.split_once(' ').and_then(|(at, _)| at.parse().ok());
        at.is_some_and(|at: f64| at > since)
    };
    let late: Vec<&str> = shown.iter().filter(is_late).map(String::as_str).collect();
    compare(&late.join("\n"), expected);
}

#[track_caller]
fn compare(played: &str, expected: &str) {
    let tidy = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim().to_owned());
        lines.filter(|line| !line.is_empty()).collect()
    };
    let (played, expected) = (tidy(played), tidy(expected));
    assert!(
        played == expected,
        "played:\n{}\n\nexpected:\n{}\n",
        played.join("\n"),
        expected.join("\n")
    );
}

/// Plays a script and hands the stage out for a closer look.
pub struct Stage {
    pub floor: Floor,
    pub store: Store,
    pub now: Millis,
    pub shown: Vec<String>,
    configuration: Configuration,
    campaigns: BTreeMap<String, CampaignSpec>,
    by_hand: BTreeSet<String>,
    show: BTreeSet<String>,
    /// A leg's name, and whether it was answered.
    legs: BTreeMap<LegId, (String, bool)>,
    named: BTreeMap<String, LegId>,
    sounds: BTreeMap<LegId, SoundId>,
    /// A leg's name to what is recorded of it.
    recordings: BTreeMap<String, SoundId>,
    calls: BTreeMap<CallId, String>,
    attempts: BTreeMap<String, AttemptId>,
    pending: VecDeque<Input>,
    next_incoming: u64,
    /// Phones without an agent.
    phones: Vec<String>,
    /// Legs whose keys go to nobody.
    withholding: BTreeSet<LegId>,
}

impl Stage {
    #[track_caller]
    pub fn of(script: &str) -> Self {
        let now = stage::opening();
        let mut stage = Self {
            floor: Floor::new(now),
            store: Store::default(),
            now,
            shown: Vec::new(),
            configuration: stage::configuration(&[]),
            campaigns: BTreeMap::new(),
            by_hand: BTreeSet::new(),
            show: BTreeSet::new(),
            legs: BTreeMap::new(),
            named: BTreeMap::new(),
            sounds: BTreeMap::new(),
            recordings: BTreeMap::new(),
            calls: BTreeMap::new(),
            attempts: BTreeMap::new(),
            pending: VecDeque::new(),
            next_incoming: 1 << 63,
            phones: Vec::new(),
            withholding: BTreeSet::new(),
        };
        let lines = script
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty());
        let mut open = false;
        for line in lines {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[0].parse::<f64>() {
                Err(_) => stage.set(&words),
                Ok(at) => {
                    if !open {
                        stage.open();
                        open = true;
                    }
                    stage.until(stage::opening().plus((at * 1000.0).round() as i64));
                    stage.happens(&words[1..]);
                }
            }
        }
        stage
    }

    /// The clock is set, be it back.
    pub fn set_clock(&mut self, now: Millis) {
        self.now = now;
    }

    /// Something happens, now.
    pub fn tell(&mut self, input: Input) {
        self.input(input);
    }

    /// So much time passes.
    pub fn pass(&mut self, ms: i64) {
        self.until(self.now.plus(ms));
    }

    /// One line more of what happens, now.
    pub fn play(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        self.happens(&words);
    }

    /// One more line of the script: when, and what happens.
    pub fn line(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let at: f64 = words[0].parse().expect("a time");
        self.until(stage::opening().plus((at * 1000.0).round() as i64));
        self.happens(&words[1..]);
    }

    /// Lines that ring, oldest first: the lead and its campaign.
    pub fn in_the_air(&self) -> Vec<(String, String)> {
        let ringing = self.legs.values().filter(|(_, answered)| !answered);
        ringing
            .filter_map(|(name, _)| {
                let row = self.store.rows.get(&name.as_str().into())?;
                Some((name.clone(), row.campaign.to_string()))
            })
            .collect()
    }

    /// Jumps from wake to wake.
    fn until(&mut self, end: Millis) {
        while let Some((at, _)) = self.floor.next_wake().filter(|(at, _)| *at <= end) {
            self.now = self.now.max(at);
            self.floor.handle_wake(self.now);
            self.settle();
        }
        self.now = end;
    }

    fn input(&mut self, input: Input) {
        self.floor.handle(input, self.now);
        self.settle();
    }

    /// Carries out what the floor wants, until it wants nothing more.
    fn settle(&mut self) {
        loop {
            invariants::hold(&self.floor);
            while let Some(command) = self.floor.poll_command() {
                self.show(&command);
                self.carry(&command);
            }
            let Some(input) = self.pending.pop_front() else {
                return;
            };
            self.floor.handle(input, self.now);
        }
    }
}

fn seconds(text: &str) -> i64 {
    (text.parse::<f64>().expect("seconds") * 1000.0) as i64
}

fn pairs<'a>(options: &'a [&'a str]) -> impl Iterator<Item = (&'a str, &'a str)> {
    options
        .iter()
        .map(|option| option.split_once('=').unwrap_or((option, "")))
}
