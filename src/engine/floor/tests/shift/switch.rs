//! A switch of chance: far ends that answer, refuse, hang up, vanish or cross our orders.
//!
//! It keeps the port's rules: a leg's events come in order, and its end comes once and last.

use std::collections::BTreeMap;

use rand::{Rng, rngs::StdRng};

use super::super::super::{By, Command, Ended, Input, Refusal};
use crate::{
    classification::{Answerer, Finding, Sit},
    ids::LegId,
    robot::Speech,
    time::Millis,
};

#[derive(Debug)]
struct Leg {
    answered: bool,
    /// It sends sound before its answer.
    sounds: bool,
    /// It hears us before our answer.
    hears: bool,
    /// Nothing but its end is told any more.
    ending: bool,
    bridged_with: Option<LegId>,
    is_customer: bool,
}

/// What the far end will do; checked against the leg when its time has come.
#[derive(Debug, Clone)]
pub enum Happening {
    Rings(LegId),
    Answers(LegId),
    Ends(LegId, Ended),
    Tell(Input),
}

#[derive(Debug, Default)]
pub struct Switch {
    legs: BTreeMap<LegId, Leg>,
    /// What is to happen, in the order it was planned at each moment.
    pub planned: BTreeMap<(Millis, u64), Happening>,
    next: u64,
    pub dialled: usize,
}

impl Switch {
    pub fn up(&self) -> usize {
        self.legs.len()
    }

    /// Legs that are answered and not ending.
    pub fn answered_legs(&self) -> Vec<LegId> {
        let up = self
            .legs
            .iter()
            .filter(|(_, leg)| leg.answered && !leg.ending);
        up.map(|(leg, _)| *leg).collect()
    }

    pub fn plan(&mut self, at: Millis, happening: Happening) {
        self.next += 1;
        self.planned.insert((at, self.next), happening);
    }

    /// Carries a command out; what it means for the floor at once.
    pub fn carry(&mut self, command: &Command, now: Millis, rng: &mut StdRng) -> Option<Input> {
        match command {
            Command::Dial { leg, ring_ms, .. } => {
                self.dialled += 1;
                self.start(*leg, true, *ring_ms, now, rng)
            }
            Command::RingPhone { leg, ring_ms, .. } => self.start(*leg, false, *ring_ms, now, rng),
            Command::Answer { leg } => {
                self.plan(soon(rng, now), Happening::Answers(*leg));
                None
            }
            Command::Hangup { leg, .. } => {
                self.hang_up(*leg, now, rng);
                None
            }
            Command::Bridge { a, b } => self.bridge(*a, *b, now, rng),
            Command::Park { leg, .. } => {
                assert!(self.hears(*leg), "{leg} is parked before its answer");
                self.unbridge(*leg);
                None
            }
            Command::Progress { leg } => {
                if let Some(leg) = self.legs.get_mut(leg) {
                    leg.hears = true;
                }
                None
            }
            Command::HearEarly { leg, of } => {
                assert!(self.hears(*leg), "{leg} hears before its answer");
                let sounds = self.legs.get(of).is_none_or(|of| of.sounds);
                assert!(sounds, "{of} is heard, but sends no sound");
                self.unbridge(*leg);
                None
            }
            Command::Confer { leg, .. } | Command::Supervise { leg, .. } => {
                assert!(
                    !self.is_unanswered(*leg),
                    "{leg} is heard before its answer"
                );
                self.unbridge(*leg);
                None
            }
            Command::Play { leg, sound, .. } => {
                let (leg, sound) = (*leg, *sound);
                assert!(!self.is_unanswered(leg), "{leg} hears before its answer");
                if rng.random_bool(0.02) {
                    return Some(Input::PlayFailed { leg, sound });
                }
                let done = Input::PlayDone { leg, sound };
                let at = now.plus(rng.random_range(500..8_000));
                self.plan(at, Happening::Tell(done));
                None
            }
            Command::Classify {
                leg, awaits_beep, ..
            } => {
                assert!(
                    !self.is_unanswered(*leg),
                    "{leg} is judged before its answer"
                );
                self.listen(*leg, *awaits_beep, now, rng)
            }
            Command::ListenForSpeech { leg, .. } => {
                assert!(!self.is_unanswered(*leg), "{leg} speaks before its answer");
                self.converse(*leg, now, rng)
            }
            Command::ListenEarly { leg } => {
                let sounds = self.legs.get(leg).is_some_and(|leg| leg.sounds);
                assert!(sounds, "{leg} has no early media");
                if rng.random_bool(0.3) {
                    let sits = [None, Some(Sit::VacantCode), Some(Sit::NoCircuit)];
                    let finding = Finding {
                        answerer: Answerer::Network,
                        sit: sits[rng.random_range(0..sits.len())],
                        why: String::new(),
                        after_ms: 900,
                        greeted_ms: None,
                    };
                    let told = Input::Classified { leg: *leg, finding };
                    self.plan(now.plus(900), Happening::Tell(told));
                }
                None
            }
            Command::Record { sound, .. } | Command::RecordMessage { sound, .. } => {
                let begun = Input::RecordStarted {
                    sound: *sound,
                    file: format!("{sound}.wav"),
                };
                self.plan(now.plus(rng.random_range(1..400)), Happening::Tell(begun));
                let done = Input::RecordDone {
                    sound: *sound,
                    file: String::new(),
                    ms: 0,
                    error: None,
                };
                let at = now.plus(rng.random_range(500..100_000));
                self.plan(at, Happening::Tell(done));
                None
            }
            _ => None,
        }
    }

    /// Somebody speaks now and then, or is not heard at all.
    fn converse(&mut self, leg: LegId, now: Millis, rng: &mut StdRng) -> Option<Input> {
        let told = |speech| Input::Speech { leg, speech };
        if rng.random_bool(0.05) {
            return Some(told(Speech::Unheard));
        }
        let mut at = now;
        for speech in [Speech::Began, Speech::Paused] {
            at = at.plus(rng.random_range(100..8_000));
            if rng.random_bool(0.8) {
                self.plan(at, Happening::Tell(told(speech)));
            }
        }
        None
    }

    /// A verdict in time, too late, or never; and now and then a beep.
    fn listen(
        &mut self,
        leg: LegId,
        awaits_beep: bool,
        now: Millis,
        rng: &mut StdRng,
    ) -> Option<Input> {
        let after_ms = rng.random_range(200..4_000);
        let answerers = [
            Answerer::Human,
            Answerer::Machine,
            Answerer::Fax,
            Answerer::Network,
            Answerer::Unsure,
        ];
        let finding = Finding {
            answerer: answerers[rng.random_range(0..answerers.len())],
            sit: None,
            why: String::new(),
            after_ms,
            greeted_ms: rng.random_bool(0.5).then_some(after_ms / 2),
        };
        let told = Input::Classified { leg, finding };
        if rng.random_bool(0.02) {
            return Some(told);
        }
        if rng.random_bool(0.95) {
            self.plan(now.plus(i64::from(after_ms)), Happening::Tell(told));
        }
        if awaits_beep && rng.random_bool(0.7) {
            let at = now.plus(rng.random_range(3_000..12_000));
            self.plan(at, Happening::Tell(Input::Beep { leg }));
        }
        None
    }

    /// What is due now, as the floor hears it.
    pub fn happens(
        &mut self,
        happening: Happening,
        now: Millis,
        rng: &mut StdRng,
    ) -> Option<Input> {
        match happening {
            Happening::Tell(input) => Some(input),
            Happening::Rings(leg) => {
                let is_new = self
                    .legs
                    .get(&leg)
                    .is_some_and(|leg| !leg.answered && !leg.ending);
                let early = is_new && rng.random_bool(0.3);
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.sounds |= early;
                }
                is_new.then_some(Input::LegRinging { leg, early })
            }
            Happening::Answers(id) => {
                let leg = self.legs.get_mut(&id)?;
                if leg.answered || leg.ending {
                    return None;
                }
                leg.answered = true;
                self.answered(id, now, rng);
                Some(Input::LegAnswered { leg: id })
            }
            Happening::Ends(leg, ended) => {
                self.unbridge(leg);
                self.legs.remove(&leg)?;
                Some(Input::LegEnded { leg, ended })
            }
        }
    }

    /// A call comes in.
    pub fn incoming(&mut self, leg: LegId, now: Millis, rng: &mut StdRng) {
        self.add(leg, true);
        if rng.random_bool(0.05) {
            self.plan(soon(rng, now), Happening::Ends(leg, refused(487)));
        }
    }

    fn add(&mut self, leg: LegId, is_customer: bool) {
        let fresh = Leg {
            answered: false,
            sounds: false,
            hears: false,
            ending: false,
            bridged_with: None,
            is_customer,
        };
        assert!(
            self.legs.insert(leg, fresh).is_none(),
            "{leg} is started twice"
        );
    }

    fn start(
        &mut self,
        leg: LegId,
        is_customer: bool,
        ring_ms: i64,
        now: Millis,
        rng: &mut StdRng,
    ) -> Option<Input> {
        if rng.random_bool(0.03) {
            let why = [Refusal::Gateway, Refusal::Ours, Refusal::BadNumber][rng.random_range(0..3)];
            return Some(Input::LegRefused { leg, why });
        }
        self.add(leg, is_customer);
        let rings = soon(rng, now);
        if is_customer && rng.random_bool(0.05) {
            self.plan(rings, Happening::Ends(leg, refused(503)));
            return None;
        }
        self.plan(rings, Happening::Rings(leg));
        let fate = rng.random_range(0..100);
        let reached = if is_customer { 55 } else { 85 };
        let at = rings.plus(rng.random_range(0..ring_ms));
        if fate < reached {
            self.plan(at, Happening::Answers(leg));
        } else if fate < 95 {
            let statuses = [486, 480, 404, 503, 603, 502, 500];
            let status = statuses[rng.random_range(0..statuses.len())];
            let forwards = !is_customer && rng.random_bool(0.4);
            let ended = match forwards {
                true => forwarded(rng),
                false => refused(status),
            };
            self.plan(at, Happening::Ends(leg, ended));
        } else {
            // Nobody answers at all; the switch gives up.
            let at = now.plus(ring_ms + 200);
            self.plan(at, Happening::Ends(leg, refused(487)));
        }
        None
    }

    /// Talks end some day: by the far end, or because it vanished.
    fn answered(&mut self, leg: LegId, now: Millis, rng: &mut StdRng) {
        let seen = &self.legs[&leg];
        let longest = if seen.is_customer { 30_000 } else { 3_000_000 };
        let at = now.plus(rng.random_range(0..longest));
        if rng.random_bool(0.1) {
            self.plan(at, Happening::Tell(Input::MediaTimeout { leg }));
        } else {
            let by = By::Them;
            self.plan(
                at,
                Happening::Ends(
                    leg,
                    Ended {
                        by,
                        ..Ended::default()
                    },
                ),
            );
        }
        // A far end that nobody lets go of goes by itself in the end.
        let last = now.plus(longest * 3);
        self.plan(last, Happening::Ends(leg, Ended::default()));
    }

    fn hang_up(&mut self, id: LegId, now: Millis, rng: &mut StdRng) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        if leg.ending {
            return;
        }
        // An answer may cross our order; an engine may tell it or not.
        leg.ending = leg.answered || rng.random_bool(0.7);
        let ended = if leg.answered {
            Ended::default()
        } else {
            refused(487)
        };
        self.plan(soon(rng, now), Happening::Ends(id, ended));
    }

    fn bridge(&mut self, a: LegId, b: LegId, now: Millis, rng: &mut StdRng) -> Option<Input> {
        for leg in [a, b] {
            assert!(
                !self.is_unanswered(leg),
                "{leg} is bridged before its answer"
            );
        }
        let both = self.legs.contains_key(&a) && self.legs.contains_key(&b);
        if !both || rng.random_bool(0.01) {
            return Some(Input::MediaTimeout { leg: a });
        }
        for (leg, peer) in [(a, b), (b, a)] {
            self.unbridge(leg);
            if let Some(leg) = self.legs.get_mut(&leg) {
                leg.bridged_with = Some(peer);
            }
        }
        let told = Happening::Tell(Input::Bridged { leg: a });
        self.plan(now.plus(rng.random_range(0..50)), told);
        None
    }

    fn unbridge(&mut self, leg: LegId) {
        let peer = self
            .legs
            .get_mut(&leg)
            .and_then(|leg| leg.bridged_with.take());
        if let Some(peer) = peer.and_then(|peer| self.legs.get_mut(&peer)) {
            peer.bridged_with = None;
        }
    }

    /// Whether what it is to hear reaches it.
    fn hears(&self, leg: LegId) -> bool {
        let leg = self.legs.get(&leg);
        leg.is_none_or(|leg| leg.answered || leg.hears)
    }

    fn is_unanswered(&self, leg: LegId) -> bool {
        self.legs.get(&leg).is_some_and(|leg| !leg.answered)
    }
}

fn soon(rng: &mut StdRng, now: Millis) -> Millis {
    now.plus(rng.random_range(5..400))
}

fn refused(status: u16) -> Ended {
    Ended {
        by: By::Them,
        sip_status: Some(status),
        ..Ended::default()
    }
}

/// A phone is set to forward its calls.
fn forwarded(rng: &mut StdRng) -> Ended {
    let to = [
        "8500", "8600", "801", "802", "4000", "*6sales", "10010", "55555",
    ];
    Ended {
        forwards_to: Some(to[rng.random_range(0..to.len())].to_owned()),
        ..refused(302)
    }
}
