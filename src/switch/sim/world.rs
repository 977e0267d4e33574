//! What both ends of the simulated switch do to each other.

mod early;
mod forwarding;
mod listening;
mod mixes;
mod transfers;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::{Duration, SystemTime},
};

pub(super) use listening::Listens;
use tokio::{sync::mpsc, time::Instant};

use crate::{
    Cause, CommandId, ConferenceId, Ended, Event, EventKind, Hear, LegId, MediaStats, Monitor,
    OnEnd, PlayEnd, PlayId, RecordId, Refused, Side,
};

/// Bytes of a recording's second.
const BYTES_A_SECOND: u64 = 32_000;

/// Both ends and everything between them.
pub(super) struct World {
    pub(super) ends: [End; 2],
    pub(super) started: Instant,
    /// Prompts that there are, with their length.
    pub(super) prompts: BTreeMap<String, Duration>,
    /// Phones that send every call on, and where.
    pub(super) forwarding: BTreeMap<String, String>,
    /// Why no new legs are taken.
    pub(super) strait: Option<Refused>,
    /// It can hold, supervise and confer.
    pub(super) mixes: bool,
}

pub(super) struct End {
    /// The name of the gateway behind which the other end is.
    pub(super) gateway: String,
    pub(super) told: mpsc::UnboundedSender<Event>,
    pub(super) legs: BTreeMap<LegId, Leg>,
}

pub(super) struct Leg {
    pub(super) seq: u32,
    /// The same call at the other end.
    pub(super) far: LegId,
    pub(super) stage: Stage,
    pub(super) place: Place,
    /// What it hears while its bridge waits.
    held: Option<Hear>,
    muted: bool,
    withholds_keys: bool,
    pub(super) listens: Listens,
    /// The far end asked for a transfer.
    asked_transfer: bool,
    pub(super) play: Option<(PlayId, Instant)>,
    pub(super) records: BTreeMap<RecordId, (PathBuf, Instant)>,
    pub(super) paused: BTreeSet<RecordId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// We called; whether it rings.
    Calling(Rung),
    /// We were called; whether we said that it rings.
    Offered(Rung),
    Answered,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rung {
    Not,
    Rings,
    /// With early media.
    Early,
}

impl Stage {
    /// Whether it can hear something.
    pub(super) fn hears(self) -> bool {
        matches!(self, Self::Answered | Self::Offered(Rung::Early))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Parked(Hear),
    Bridged(LegId, OnEnd),
    Hearing(LegId),
    Supervising(LegId, Monitor),
    Conference(ConferenceId),
}

impl World {
    pub(super) fn add(&mut self, end: usize, id: LegId, far: LegId, stage: Stage) {
        let leg = Leg {
            seq: 0,
            far,
            stage,
            place: Place::Parked(Hear::Silence),
            held: None,
            muted: false,
            withholds_keys: false,
            listens: Listens::No,
            asked_transfer: false,
            play: None,
            records: BTreeMap::new(),
            paused: BTreeSet::new(),
        };
        self.ends[end].legs.insert(id, leg);
    }

    pub(super) fn leg(&mut self, end: usize, id: LegId) -> Result<&mut Leg, Refused> {
        self.ends[end].legs.get_mut(&id).ok_or(Refused::NoSuchLeg)
    }

    pub(super) fn tell(&mut self, end: usize, id: LegId, kind: EventKind) {
        let at = SystemTime::UNIX_EPOCH + self.started.elapsed();
        let end = &mut self.ends[end];
        if let Some(leg) = end.legs.get_mut(&id) {
            leg.seq += 1;
            let event = Event {
                leg: Some(id),
                seq: leg.seq,
                at,
                kind,
            };
            // Nobody listens any more at the end of a test.
            end.told.send(event).ok();
        }
    }

    pub(super) fn fail(&mut self, end: usize, leg: LegId, command: CommandId, why: &str) {
        let why = why.to_owned();
        self.tell(end, leg, EventKind::Failed { command, why });
    }

    pub(super) fn ring(
        &mut self,
        end: usize,
        id: LegId,
        command: CommandId,
        how: Rung,
    ) -> Result<(), Refused> {
        let leg = self.leg(end, id)?;
        let far = leg.far;
        match leg.stage {
            Stage::Offered(so_far) if so_far < how => leg.stage = Stage::Offered(how),
            Stage::Calling(_) => {
                self.fail(end, id, command, "only an incoming leg can be rung");
                return Ok(());
            }
            _ => return Ok(()),
        }
        let early_media = how == Rung::Early;
        self.tell(end, id, EventKind::Ringing { early_media });
        if let Ok(calling) = self.leg(1 - end, far) {
            calling.stage = Stage::Calling(how);
        }
        self.tell(1 - end, far, EventKind::Ringing { early_media });
        Ok(())
    }

    pub(super) fn answer(
        &mut self,
        end: usize,
        id: LegId,
        command: CommandId,
    ) -> Result<(), Refused> {
        let leg = self.leg(end, id)?;
        let far = leg.far;
        match leg.stage {
            Stage::Offered(_) => leg.stage = Stage::Answered,
            Stage::Answered => return Ok(()),
            Stage::Calling(_) => {
                self.fail(end, id, command, "only an incoming leg can be answered");
                return Ok(());
            }
        }
        self.tell(end, id, EventKind::Answered);
        if let Ok(calling) = self.leg(1 - end, far) {
            calling.stage = Stage::Answered;
            calling.listens = Listens::No;
        }
        self.tell(1 - end, far, EventKind::Answered);
        Ok(())
    }

    pub(super) fn hang_up(&mut self, end: usize, id: LegId, cause: Cause) -> Result<(), Refused> {
        let (status, q850) = match cause {
            Cause::Normal => (603, 16),
            Cause::Busy => (486, 17),
            Cause::NoAnswer => (480, 19),
            Cause::Declined => (603, 21),
            Cause::Unallocated => (404, 1),
            Cause::Congestion => (503, 42),
        };
        let status = match self.leg(end, id)?.stage {
            Stage::Calling(_) => Some(487),
            Stage::Offered(_) => Some(status),
            Stage::Answered => None,
        };
        self.end_call(end, id, status, q850);
        Ok(())
    }

    /// Ends both legs of a call, on behalf of `end`.
    pub(super) fn end_call(&mut self, end: usize, id: LegId, sip_status: Option<u16>, q850: u8) {
        let Ok(far) = self.leg(end, id).map(|leg| leg.far) else {
            return;
        };
        for (end, leg, side) in [(end, id, Side::Us), (1 - end, far, Side::Them)] {
            self.end_leg(end, leg, side, sip_status, q850);
        }
    }

    /// The last that a leg tells.
    fn tell_end(
        &mut self,
        end: usize,
        id: LegId,
        (side, sip_status, q850): (Side, Option<u16>, Option<u8>),
        forwards_to: Option<String>,
    ) {
        let ended = Ended {
            side,
            sip_status,
            q850,
            reason: None,
            forwards_to,
            stats: MediaStats::default(),
        };
        self.tell(end, id, EventKind::Ended(ended));
        self.ends[end].legs.remove(&id);
    }

    pub(super) fn end_leg(
        &mut self,
        end: usize,
        id: LegId,
        side: Side,
        sip_status: Option<u16>,
        q850: u8,
    ) {
        self.end_play(end, id, PlayEnd::LegEnded);
        self.end_records(end, id, |_| true);
        let place = self.leg(end, id).map(|leg| leg.place.clone());
        self.leave_mix(end, id);
        let survivor = self.unbridge(end, id);
        if let Some(survivor) = survivor {
            self.dismiss_supervisors(end, [id, survivor]);
        }
        self.tell_end(end, id, (side, sip_status, Some(q850)), None);
        let hearing = |(listener, leg): (&LegId, &mut Leg)| {
            let hears = leg.place == Place::Hearing(id);
            hears.then(|| {
                leg.place = Place::Parked(Hear::Silence);
                *listener
            })
        };
        let listeners: Vec<_> = self.ends[end].legs.iter_mut().filter_map(hearing).collect();
        for listener in listeners {
            self.tell(end, listener, EventKind::Parked);
        }
        match (survivor, place) {
            (Some(survivor), Ok(Place::Bridged(_, OnEnd::HangupPeer))) => {
                self.end_call(end, survivor, None, 16);
            }
            (Some(survivor), _) => self.tell(end, survivor, EventKind::Parked),
            _ => {}
        }
    }

    pub(super) fn bridge(
        &mut self,
        end: usize,
        command: CommandId,
        (a, b): (LegId, LegId),
        on_end: OnEnd,
    ) -> Result<(), Refused> {
        let stages = [self.leg(end, a)?.stage, self.leg(end, b)?.stage];
        if a == b || stages != [Stage::Answered; 2] {
            self.fail(end, a, command, "a bridge needs two answered legs");
            return Ok(());
        }
        let joined = matches!(self.leg(end, a)?.place, Place::Bridged(peer, _) if peer == b);
        if !joined {
            [a, b].into_iter().for_each(|leg| self.leave(end, leg));
        }
        for (leg, peer) in [(a, b), (b, a)] {
            self.leg(end, leg)?.place = Place::Bridged(peer, on_end);
            if !joined {
                self.tell(end, leg, EventKind::Bridged { peer });
            }
        }
        Ok(())
    }

    /// Takes a leg out of its bridge; gives back its former peer, which is parked in silence.
    pub(super) fn unbridge(&mut self, end: usize, id: LegId) -> Option<LegId> {
        let Place::Bridged(peer, _) = self.leg(end, id).ok()?.place else {
            return None;
        };
        for (leg, former) in [(id, peer), (peer, id)] {
            if let Ok(leg) = self.leg(end, leg) {
                leg.place = Place::Parked(Hear::Silence);
                leg.held = None;
            }
            self.tell(end, leg, EventKind::Unbridged { peer: former });
        }
        Some(peer)
    }

    pub(super) fn park(
        &mut self,
        end: usize,
        id: LegId,
        command: CommandId,
        hear: Hear,
    ) -> Result<(), Refused> {
        let leg = self.leg(end, id)?;
        let (stage, place) = (leg.stage, leg.place.clone());
        if !self.knows(&hear) {
            return Err(Refused::NoSuchPrompt);
        }
        if !stage.hears() {
            self.fail(end, id, command, "only a leg that hears can be parked");
            return Ok(());
        }
        if place == Place::Parked(hear.clone()) {
            return Ok(());
        }
        self.leave(end, id);
        self.leg(end, id)?.place = Place::Parked(hear);
        self.tell(end, id, EventKind::Parked);
        Ok(())
    }

    /// Whether there is such music; silence there always is.
    fn knows(&self, hear: &Hear) -> bool {
        match hear {
            Hear::Silence => true,
            Hear::Music(prompt) => self.prompts.contains_key(prompt),
        }
    }

    pub(super) fn press(
        &mut self,
        end: usize,
        (command, id): (CommandId, LegId),
        digits: &str,
    ) -> Result<(), Refused> {
        let leg = self.leg(end, id)?;
        let (far, stage) = (leg.far, leg.stage);
        if stage != Stage::Answered {
            self.fail(end, id, command, "keys need an answered leg");
            return Ok(());
        }
        for digit in digits.chars() {
            self.key(1 - end, far, digit);
        }
        self.tell(end, id, EventKind::DtmfSent);
        Ok(())
    }

    pub(super) fn end_play(&mut self, end: usize, id: LegId, why: PlayEnd) {
        let Some((play, since)) = self.leg(end, id).ok().and_then(|leg| leg.play.take()) else {
            return;
        };
        let played_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let done = EventKind::PlayDone {
            play,
            played_ms,
            why,
        };
        self.tell(end, id, done);
    }

    /// Pauses a recording, or ends its pause.
    pub(super) fn pause(
        &mut self,
        end: usize,
        id: LegId,
        record: RecordId,
        is_pause: bool,
    ) -> Result<(), Refused> {
        let leg = self.leg(end, id)?;
        if is_pause && leg.records.contains_key(&record) && leg.paused.insert(record) {
            self.tell(end, id, EventKind::RecordPaused { record });
        } else if !is_pause && leg.paused.remove(&record) {
            self.tell(end, id, EventKind::RecordResumed { record });
        }
        Ok(())
    }

    pub(super) fn end_records(&mut self, end: usize, id: LegId, which: impl Fn(RecordId) -> bool) {
        let Ok(leg) = self.leg(end, id) else {
            return;
        };
        let done: Vec<_> = leg.records.extract_if(.., |r, _| which(*r)).collect();
        for (record, (path, since)) in done {
            let ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
            let bytes = ms * BYTES_A_SECOND / 1000;
            let written = std::fs::File::create(&path).and_then(|file| file.set_len(bytes));
            let done = EventKind::RecordDone {
                record,
                path,
                ms,
                bytes,
                error: written.err().map(|error| error.to_string()),
            };
            self.tell(end, id, done);
        }
    }
}
