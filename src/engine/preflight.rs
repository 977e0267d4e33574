//! Before a start: how many leads could be called now, how many later today, and why not the others.
//!
//! Every lead gets exactly one answer, so the numbers add up. It is looked for in this order:
//! 1. whether the lead is there to be dialled at all ([`Hold`], [`Why::NoNumber`]);
//! 2. what the gate says now ([`gate::check`] itself, on a gateway with nothing on it);
//! 3. when it is due.
//!
//! A lead that only waits (for the window, for its time, for a call on its number to end) counts as
//! later today when the wait ends before midnight of the window's zone and the window is open then.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    campaign::Settings,
    gate::{self, Block, Facts, No, Rules},
    gateway::Gateway,
    time::Millis,
};

/// What is known of a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub has_number: bool,
    pub hold: Hold,
    pub facts: Facts,
    /// When it may be dialled; `None`: at any time.
    pub due: Option<Millis>,
    /// That time is an appointment.
    pub appointed: bool,
}

/// Whose the lead is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// The campaign's, or to be had.
    Open,
    /// Somebody else's: it is not drawn before it is taken back (OUT-128).
    InUse,
    /// It lies in a hopper.
    Reserved,
    /// It is being dialled.
    Dialling,
    /// It has its final state.
    Done,
}

/// Why a lead is not being dialled. Each lead has one: the first that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    InUse,
    Reserved,
    Dialling,
    Done,
    NoNumber,
    Gate(Block),
    /// It has an appointment.
    Appointment,
    /// It rests after an attempt.
    Resting,
    /// It could be dialled: it waits for the campaign's next line.
    Turn,
    /// No campaign has it.
    Unallocated,
}

impl Why {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InUse => "in_use",
            Self::Reserved => "reserved",
            Self::Dialling => "dialling",
            Self::Done => "done",
            Self::NoNumber => "no_number",
            Self::Gate(block) => block.as_str(),
            Self::Appointment => "appointment",
            Self::Resting => "resting",
            Self::Turn => "turn",
            Self::Unallocated => "unallocated",
        }
    }
}

/// Why a lead is not being dialled, and until when at least; `None`: it does not end by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    pub why: Why,
    pub until: Option<Millis>,
}

impl Reason {
    fn of(why: Why) -> Self {
        Self { why, until: None }
    }
}

/// Why a lead that no campaign has is not being dialled.
#[must_use]
pub fn unclaimed(candidate: &Candidate) -> Why {
    match candidate {
        Candidate { facts, .. } if facts.voided => Why::Gate(Block::Voided),
        Candidate { facts, .. } if facts.dnc => Why::Gate(Block::Dnc),
        Candidate {
            has_number: false, ..
        } => Why::NoNumber,
        _ => Why::Unallocated,
    }
}

/// The answer for one lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Now,
    Later(Millis),
    Not,
}

/// What a campaign dials by, at one moment.
#[derive(Debug, Clone)]
pub struct Desk<'a> {
    settings: &'a Settings,
    gateway: Option<Gateway>,
    now: Millis,
    /// The first moment of tomorrow.
    tomorrow: Millis,
}

impl<'a> Desk<'a> {
    /// `gateway` is the campaign's, when it can be used.
    #[must_use]
    pub fn new(settings: &'a Settings, gateway: Option<Gateway>, now: Millis) -> Self {
        let next_day = Block::DayCap.retry_at(settings, now);
        Self {
            settings,
            gateway,
            now,
            tomorrow: next_day.unwrap_or_else(|| now.plus(86_400_000)),
        }
    }

    /// Whether the lead is called today, and the reason why it is not being dialled now.
    #[must_use]
    pub fn look(&self, candidate: &Candidate) -> (Standing, Reason) {
        let reason = self.reason(candidate);
        let standing = match (reason.why, reason.until) {
            (Why::Turn, _) => Standing::Now,
            (Why::Gate(block), Some(at)) if is_a_wait(block) && at < self.tomorrow => {
                Standing::Later(at)
            }
            (Why::Appointment | Why::Resting, Some(at)) if at < self.tomorrow => {
                Standing::Later(at)
            }
            _ => Standing::Not,
        };
        (standing, reason)
    }

    /// The first reason why the lead is not being dialled.
    #[must_use]
    pub fn reason(&self, candidate: &Candidate) -> Reason {
        let held = match candidate.hold {
            Hold::Open if candidate.has_number => None,
            Hold::Open => Some(Why::NoNumber),
            Hold::InUse => Some(Why::InUse),
            Hold::Reserved => Some(Why::Reserved),
            Hold::Dialling => Some(Why::Dialling),
            Hold::Done => Some(Why::Done),
        };
        if let Some(why) = held {
            return Reason::of(why);
        }
        let due = candidate.due.filter(|due| *due > self.now);
        let waits = match self.gate(&candidate.facts) {
            Ok(()) => None,
            Err(no) if is_a_wait(no.block) => Some(no),
            Err(no) => {
                let (why, until) = (Why::Gate(no.block), no.retry_at);
                return Reason { why, until };
            }
        };
        let why = match &waits {
            None if due.is_none() => return Reason::of(Why::Turn),
            Some(no) => Why::Gate(no.block),
            None if candidate.appointed => Why::Appointment,
            None => Why::Resting,
        };
        let until = self.at(&candidate.facts, waits.as_ref(), due);
        Reason { why, until }
    }

    /// What the gate says now.
    fn gate(&self, facts: &Facts) -> Result<(), No> {
        let caller = self.settings.caller_ids.first().map(String::as_str);
        let mut gateway = self.gateway.clone();
        gate::examine(facts, self.settings, caller, gateway.as_mut(), self.now).map(|_| ())
    }

    /// When nothing keeps it waiting any more and the window is open where the called party is.
    fn at(&self, facts: &Facts, waits: Option<&No>, due: Option<Millis>) -> Option<Millis> {
        let waited = match waits {
            None => self.now,
            Some(no) => no.retry_at?,
        };
        let rules = Rules::of(facts, self.settings).ok()?;
        let at = due.map_or(waited, |due| due.max(waited));
        rules.next_open(facts, self.settings, at)
    }
}

/// Whether time alone makes the lead callable.
fn is_a_wait(block: Block) -> bool {
    matches!(
        block,
        Block::Window | Block::Holiday | Block::Live | Block::NumberCap | Block::PersonCap
    )
}

/// All answers. `total` = `now` + `later` + the sum of `not` = the sum of `reasons`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Summary {
    pub total: u64,
    pub now: u64,
    pub later: u64,
    /// Reason to leads that are not called today.
    pub not: BTreeMap<String, u64>,
    /// Reason to all leads: why each is not being dialled at this moment.
    #[serde(default)]
    pub reasons: BTreeMap<String, u64>,
    /// Hour, as the UTC milliseconds of its beginning, to the leads that become callable in it.
    pub curve: BTreeMap<i64, u64>,
}

const HOUR: i64 = 3_600_000;

impl Summary {
    pub fn add(&mut self, (standing, reason): (Standing, Reason), now: Millis) {
        self.total += 1;
        let why = reason.why.as_str();
        *self.reasons.entry(why.into()).or_default() += 1;
        match standing {
            Standing::Now => {
                self.now += 1;
                self.in_hour(now);
            }
            Standing::Later(at) => {
                self.later += 1;
                self.in_hour(at);
            }
            Standing::Not => *self.not.entry(why.into()).or_default() += 1,
        }
    }

    fn in_hour(&mut self, at: Millis) {
        *self.curve.entry(at.0.div_euclid(HOUR) * HOUR).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{gateway, window::Window};

    /// 2025-11-20 20:00 in Shanghai less eight hours: noon, in the lunch break.
    const NOON: Millis = Millis(1_763_611_200_000);

    fn settings(window: Window) -> Settings {
        Settings {
            window,
            caller_ids: vec!["02110000".into()],
            ..Settings::default()
        }
    }

    fn trunk() -> Gateway {
        Gateway::new(gateway::Settings::default(), Millis(0))
    }

    fn open() -> Candidate {
        Candidate {
            has_number: true,
            hold: Hold::Open,
            facts: Facts::default(),
            due: None,
            appointed: false,
        }
    }

    fn look(window: Window, candidate: &Candidate) -> Seen {
        let settings = settings(window);
        seen(&Desk::new(&settings, Some(trunk()), NOON), candidate)
    }

    /// A standing, and the reason of one that is not called today.
    #[derive(Debug, PartialEq)]
    enum Seen {
        Now,
        Later(Millis),
        Not(Why),
    }

    fn seen(desk: &Desk, candidate: &Candidate) -> Seen {
        match desk.look(candidate) {
            (Standing::Now, _) => Seen::Now,
            (Standing::Later(at), _) => Seen::Later(at),
            (Standing::Not, reason) => Seen::Not(reason.why),
        }
    }

    #[test]
    fn a_clean_lead_is_called_now_or_when_the_window_opens() {
        assert_eq!(look(Window::always(), &open()), Seen::Now);
        let after_lunch = Seen::Later(NOON.plus(90 * 60_000));
        assert_eq!(look(Window::default(), &open()), after_lunch);
        let mornings = Window {
            ranges: vec![(9 * 60, 12 * 60)],
            ..Window::default()
        };
        assert_eq!(look(mornings, &open()), Seen::Not(Why::Gate(Block::Window)));
    }

    #[test]
    fn a_lead_that_waits_is_called_later_today_or_says_what_for() {
        let due = |hours: i64, appointed| Candidate {
            due: Some(NOON.plus(hours * HOUR)),
            appointed,
            ..open()
        };
        let look = |candidate| look(Window::always(), &candidate);
        assert_eq!(look(due(-1, false)), Seen::Now);
        assert_eq!(look(due(3, true)), Seen::Later(NOON.plus(3 * HOUR)));
        assert_eq!(look(due(13, true)), Seen::Not(Why::Appointment));
        assert_eq!(look(due(13, false)), Seen::Not(Why::Resting));
    }

    #[test]
    fn without_gateway_or_caller_nobody_is_called() {
        let good = settings(Window::always());
        let desk = Desk::new(&good, None, NOON);
        assert_eq!(
            seen(&desk, &open()),
            Seen::Not(Why::Gate(Block::GatewayMissing))
        );
        let mute = Settings {
            caller_ids: Vec::new(),
            ..good.clone()
        };
        let desk = Desk::new(&mute, Some(trunk()), NOON);
        assert_eq!(seen(&desk, &open()), Seen::Not(Why::Gate(Block::CallerId)));
    }

    /// A seeded walk over mixed leads: one answer each, and the gate's where it is the gate's.
    #[test]
    fn the_numbers_add_up_and_the_gate_agrees() {
        let mut state = 20_261_120_u64;
        let mut dice = |sides: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % sides
        };
        let holds = [
            Hold::Open,
            Hold::InUse,
            Hold::Reserved,
            Hold::Dialling,
            Hold::Done,
        ];
        for round in 0..40 {
            let window = match round % 3 {
                0 => Window::always(),
                1 => Window::default(),
                _ => Window {
                    ranges: vec![(9 * 60, 11 * 60)],
                    ..Window::default()
                },
            };
            let settings = settings(window);
            let now = NOON.plus(i64::try_from(dice(24)).unwrap() * HOUR);
            let desk = Desk::new(&settings, Some(trunk()), now);
            let mut summary = Summary::default();
            for _ in 0..200 {
                let candidate = Candidate {
                    has_number: dice(20) > 0,
                    hold: holds[usize::try_from(dice(10)).unwrap().saturating_sub(5)],
                    facts: Facts {
                        voided: dice(10) == 0,
                        dnc: dice(10) == 0,
                        attempts: u32::try_from(dice(4)).unwrap(),
                        attempts_today: u32::try_from(dice(4)).unwrap(),
                        live: dice(10) == 0,
                        ..Facts::default()
                    },
                    due: (dice(2) == 0).then(|| now.plus(i64::try_from(dice(30)).unwrap() * HOUR)),
                    appointed: dice(2) == 0,
                };
                let looked = desk.look(&candidate);
                summary.add(looked, now);
                let gate = gate::check(
                    &candidate.facts,
                    &settings,
                    Some("02110000"),
                    Some(&mut trunk()),
                    now,
                )
                .map(|_| ());
                let due_now = candidate.due.is_none_or(|due| due <= now);
                match seen(&desk, &candidate) {
                    Seen::Now => assert!(gate.is_ok() && due_now, "{candidate:?}"),
                    Seen::Later(at) => {
                        assert!(at > now && at < desk.tomorrow && settings.window.is_open(at));
                        assert!(matches!(gate, Ok(()) | Err(Block::Window | Block::Live)));
                    }
                    Seen::Not(Why::Gate(block)) => assert_eq!(gate, Err(block)),
                    Seen::Not(Why::Appointment | Why::Resting) => {
                        assert!(gate.is_ok() && !due_now)
                    }
                    Seen::Not(_) => {
                        assert!(candidate.hold != Hold::Open || !candidate.has_number);
                    }
                }
            }
            let not: u64 = summary.not.values().sum();
            let reasons: u64 = summary.reasons.values().sum();
            assert_eq!(reasons, summary.total);
            let curve: u64 = summary.curve.values().sum();
            assert_eq!(summary.total, 200);
            assert_eq!(summary.now + summary.later + not, summary.total);
            assert_eq!(summary.now + summary.later, curve);
        }
    }

    #[test]
    fn a_lead_says_why_and_until_when() {
        let settings = settings(Window::default());
        let desk = Desk::new(&settings, Some(trunk()), NOON);
        let reason = |candidate: &Candidate| {
            let reason = desk.reason(candidate);
            (reason.why, reason.until)
        };
        let after_lunch = Some(NOON.plus(90 * 60_000));
        assert_eq!(reason(&open()), (Why::Gate(Block::Window), after_lunch));
        let facts = Facts {
            dnc: true,
            attempts: 9,
            ..Facts::default()
        };
        let never = Candidate { facts, ..open() };
        assert_eq!(reason(&never), (Why::Gate(Block::Dnc), None));
        assert_eq!(unclaimed(&never), Why::Gate(Block::Dnc));
        assert_eq!(unclaimed(&open()), Why::Unallocated);
        let numberless = Candidate {
            has_number: false,
            ..open()
        };
        assert_eq!(unclaimed(&numberless), Why::NoNumber);
    }
}
