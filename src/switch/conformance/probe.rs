//! Listens to an engine and holds every event against what must always be true.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::sync::mpsc::UnboundedReceiver;

use crate::{Cause, Command, CommandId, Ended, Event, EventKind, LegId, Refused, Switch, Traced};

/// No event of these scenes takes longer on any machine.
const DEADLINE: Duration = Duration::from_secs(30);
/// A ring time that no scene waits for.
pub const LONG: Duration = Duration::from_secs(60);

pub struct Probe {
    name: &'static str,
    switch: Arc<dyn Switch>,
    events: UnboundedReceiver<Event>,
    logs: BTreeMap<LegId, Log>,
    incoming: VecDeque<(LegId, String)>,
    next_command: u64,
}

/// What a leg told so far, and how much of it a scene has asked for.
#[derive(Default)]
struct Log {
    kinds: Vec<EventKind>,
    times: Vec<SystemTime>,
    read: usize,
}

impl Probe {
    pub fn new(name: &'static str, switch: Arc<dyn Switch>) -> Self {
        let events = switch.events().expect("the first listener gets the events");
        assert!(
            switch.events().is_none(),
            "the {name}'s events go to one listener"
        );
        let (logs, incoming) = (BTreeMap::new(), VecDeque::new());
        Self {
            name,
            switch,
            events,
            logs,
            incoming,
            next_command: 1,
        }
    }

    /// Sends a command that must be accepted.
    pub fn take(&mut self, command: Command) -> CommandId {
        let id = CommandId(self.next_command);
        let told = format!("{command:?}");
        let sent = self.send(command);
        assert_eq!(sent, Ok(()), "the {} takes {told}", self.name);
        id
    }

    pub fn send(&mut self, command: Command) -> Result<(), Refused> {
        let id = CommandId(self.next_command);
        self.next_command += 1;
        self.switch.send(id, command)
    }

    pub fn hang_up(&mut self, leg: LegId) {
        self.take(Command::Hangup {
            leg,
            cause: Cause::Normal,
        });
    }

    /// Waits for the next incoming leg; tells the number that was called.
    pub async fn incoming(&mut self) -> (LegId, String) {
        loop {
            if let Some(found) = self.incoming.pop_front() {
                return found;
            }
            self.listen("an incoming leg").await;
        }
    }

    /// Waits until the leg tells something of this name, passing over what comes before.
    pub async fn until(&mut self, leg: LegId, name: &str) -> EventKind {
        loop {
            let log = self.logs.entry(leg).or_default();
            while let Some(kind) = log.kinds.get(log.read) {
                log.read += 1;
                if name_of(kind) == name {
                    return kind.clone();
                }
            }
            self.listen(&format!(
                "{name} of {leg:?}, which told {:?}",
                self.told(leg)
            ))
            .await;
        }
    }

    /// Waits for the end of a leg.
    pub async fn ended(&mut self, leg: LegId) -> Ended {
        match self.until(leg, "Ended").await {
            EventKind::Ended(ended) => ended,
            other => panic!("{other:?} is no end"),
        }
    }

    /// The names of everything a leg has told.
    pub fn told(&self, leg: LegId) -> Vec<&'static str> {
        self.logs
            .get(&leg)
            .map_or_else(Vec::new, |log| log.kinds.iter().map(name_of).collect())
    }

    /// When the engine saw the first thing of that name.
    pub fn at(&self, leg: LegId, name: &str) -> SystemTime {
        let log = &self.logs[&leg];
        let first = log.kinds.iter().position(|kind| name_of(kind) == name);
        log.times[first.unwrap_or_else(|| panic!("{leg:?} has told no {name}"))]
    }

    /// The names of everything a leg has told, with what waits to be read.
    pub fn told_by_now(&mut self, leg: LegId) -> Vec<&'static str> {
        while let Ok(event) = self.events.try_recv() {
            self.note(event);
        }
        self.told(leg)
    }

    /// Waits until our 200 was acknowledged, which is after its arrival. An engine without a trace is
    /// taken to have nothing between its ends.
    pub async fn acknowledged(&self, leg: LegId) {
        let is_ack = |message: &Traced| !message.sent && message.text.starts_with("ACK ");
        let acknowledged = async {
            loop {
                let trace = self.switch.trace(leg);
                if trace.is_empty() || trace.iter().any(is_ack) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let in_time = tokio::time::timeout(DEADLINE, acknowledged).await;
        assert!(
            in_time.is_ok(),
            "{leg:?} of the {} has had no ACK",
            self.name
        );
    }

    pub fn capabilities(&self) -> crate::Capabilities {
        self.switch.capabilities()
    }

    pub fn legs(&self) -> Vec<LegId> {
        self.switch.legs()
    }

    /// Every leg has had its end.
    pub fn assert_over(&self) {
        assert_eq!(
            self.switch.legs(),
            [],
            "no leg of the {} is left over",
            self.name
        );
        for leg in self.logs.keys() {
            assert!(
                self.told(*leg).contains(&"Ended"),
                "{leg:?} of the {} has ended",
                self.name
            );
        }
    }

    async fn listen(&mut self, what: &str) {
        let event = tokio::time::timeout(DEADLINE, self.events.recv()).await;
        let event = event.unwrap_or_else(|_| panic!("the {} never told {what}", self.name));
        let event = event.unwrap_or_else(|| panic!("the {} ended before {what}", self.name));
        self.note(event);
    }

    fn note(&mut self, event: Event) {
        let Some(leg) = event.leg else { return };
        if let EventKind::Incoming { to, .. } = &event.kind {
            self.incoming.push_back((leg, to.clone()));
        }
        let log = self.logs.entry(leg).or_default();
        let told: Vec<_> = log.kinds.iter().map(name_of).collect();
        assert_eq!(
            event.seq as usize,
            told.len() + 1,
            "numbers are dense: {told:?}, {event:?}"
        );
        let after_end = told.contains(&"Ended");
        let may_follow = matches!(event.kind, EventKind::RecordDone { .. });
        assert!(
            !after_end || may_follow,
            "nothing follows the end: {told:?}, {event:?}"
        );
        log.times.push(event.at);
        log.kinds.push(event.kind);
    }
}

pub fn name_of(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::Incoming { .. } => "Incoming",
        EventKind::SentAgain => "SentAgain",
        EventKind::Ringing { .. } => "Ringing",
        EventKind::Answered => "Answered",
        EventKind::Bridged { .. } => "Bridged",
        EventKind::Unbridged { .. } => "Unbridged",
        EventKind::HearsEarly { .. } => "HearsEarly",
        EventKind::Parked => "Parked",
        EventKind::Held => "Held",
        EventKind::Resumed => "Resumed",
        EventKind::Muted { .. } => "Muted",
        EventKind::FarEndHolds { .. } => "FarEndHolds",
        EventKind::Supervising { .. } => "Supervising",
        EventKind::ConferenceJoined { .. } => "ConferenceJoined",
        EventKind::ConferenceLeft { .. } => "ConferenceLeft",
        EventKind::PlayStarted { .. } => "PlayStarted",
        EventKind::PlayDone { .. } => "PlayDone",
        EventKind::Dtmf { .. } => "Dtmf",
        EventKind::HookFlash => "HookFlash",
        EventKind::DtmfSent => "DtmfSent",
        EventKind::KeysWithheld { .. } => "KeysWithheld",
        EventKind::Classified { .. } => "Classified",
        EventKind::Beep => "Beep",
        EventKind::SpeechBegan => "SpeechBegan",
        EventKind::SpeechPaused => "SpeechPaused",
        EventKind::RecordStarted { .. } => "RecordStarted",
        EventKind::RecordPaused { .. } => "RecordPaused",
        EventKind::RecordResumed { .. } => "RecordResumed",
        EventKind::RecordDone { .. } => "RecordDone",
        EventKind::MediaTimeout => "MediaTimeout",
        EventKind::Failed { .. } => "Failed",
        EventKind::Ended(_) => "Ended",
        EventKind::Registered { .. } => "Registered",
        EventKind::Unregistered { .. } => "Unregistered",
        EventKind::Gateway { .. } => "Gateway",
        EventKind::TransferAsked { .. } => "TransferAsked",
        EventKind::TransferProgress { .. } => "TransferProgress",
        EventKind::Banned { .. } => "Banned",
        EventKind::PhoneLimited { .. } => "PhoneLimited",
    }
}
