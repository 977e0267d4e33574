//! What a campaign has learned about its lines and agents.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Fact,
    level::Level,
    ring::{self, Curve, Ring},
    share::{Mean, Share, Stream},
    spell::Spell,
};
use crate::{
    pacing::{Leg, Load, Stage},
    time::Millis,
};

/// Lines that are followed at once; beyond it new ones are not learned from.
const MOST_LINES: usize = 20_000;

/// See the module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Model {
    ring: Ring,
    level: Level,
    pub talk: Spell,
    pub wrap_up: Spell,
    /// Persons among the answers.
    person: Share,
    /// From the answer to the verdict that it is a person; seconds.
    verdict: Mean,
    /// Agents who leave instead of coming free.
    leaving: Share,
    /// Calls that come in by themselves.
    pub inbound: Stream,
    /// Attempts that are over.
    pub outcomes: u64,
    lines: BTreeMap<u64, Line>,
    /// Lines whose risk is not noted yet.
    #[serde(default)]
    unrisked: Vec<u64>,
    /// Persons since the last look, and persons that ringing since then let expect.
    came: f64,
    due: f64,
}

/// A line that was seen in the air.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Line {
    /// Seconds of ringing that were credited.
    rang: Option<f64>,
    picked_up: Option<(f64, Millis)>,
    /// The risk it was dialled at.
    risk: f64,
    seen: bool,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            rang: None,
            picked_up: None,
            risk: 0.0,
            seen: true,
        }
    }
}

impl Line {
    /// It rang up to `to` seconds since its dial. Returns the persons that this lets expect.
    fn rang(&mut self, to: f64, exposure: &[f64; ring::BINS + 1], ring: &mut Ring) -> f64 {
        self.seen = true;
        if self.rang.is_some_and(|from| from >= to) {
            return 0.0;
        }
        let due = ring::at(exposure, to) - ring::at(exposure, self.rang.unwrap_or(0.0));
        ring.rang(self.rang, to);
        self.rang = Some(to);
        due
    }
}

impl Model {
    pub fn new(ring_timeout_s: f64) -> Self {
        Self {
            ring: Ring::new(ring_timeout_s),
            level: Level::new(),
            talk: Spell::new(80.0),
            wrap_up: Spell::new(12.0),
            person: Share::new(3.0, 5.0, 50.0),
            verdict: Mean::new(0.5, 1.0, 50.0),
            leaving: Share::new(1.0 / 60.0, 1.0, 50.0),
            inbound: Stream::default(),
            outcomes: 0,
            lines: BTreeMap::new(),
            unrisked: Vec::new(),
            came: 0.0,
            due: 0.0,
        }
    }

    /// Takes in one thing that happened. Returns the risk at which a person's line was dialled.
    pub fn learn(&mut self, fact: Fact, at: Millis) -> Option<f64> {
        match fact {
            Fact::PickedUp { call, ring_s } => {
                self.rang(call, ring_s, None);
                if let Some(line) = self.lines.get_mut(&call) {
                    line.picked_up = Some((ring_s, at));
                }
            }
            Fact::Person { call } => return self.person(call, at),
            Fact::Over { call, after_s } => self.over(call, after_s),
            Fact::TalkOver { s } => self.talk.note(s),
            Fact::WrapUpOver { s } => {
                self.wrap_up.note(s);
                self.leaving.note(false);
            }
            Fact::AgentLeft => self.leaving.note(true),
            Fact::Inbound => self.inbound.note(at),
        }
        None
    }

    fn person(&mut self, call: u64, at: Millis) -> Option<f64> {
        let line = self.lines.remove(&call)?;
        let (ring_s, since) = line.picked_up?;
        self.ring.over(ring_s, true);
        self.person.note(true);
        self.verdict.note(at.since(since) as f64 / 1000.0);
        self.came += 1.0;
        self.outcomes += 1;
        Some(line.risk)
    }

    fn over(&mut self, call: u64, after_s: f64) {
        let Some(line) = self.lines.get(&call) else {
            return;
        };
        match line.picked_up {
            Some((ring_s, _)) => {
                self.ring.over(ring_s, false);
                self.person.note(false);
            }
            None => {
                self.rang(call, after_s, None);
                self.ring.over(after_s, false);
            }
        }
        self.outcomes += 1;
        self.lines.remove(&call);
    }

    /// Credits a line's ringing up to `to` seconds since its dial.
    fn rang(&mut self, call: u64, to: f64, exposure: Option<&[f64; ring::BINS + 1]>) {
        if !self.lines.contains_key(&call) && self.lines.len() >= MOST_LINES {
            return;
        }
        let unrisked = &mut self.unrisked;
        let line = self.lines.entry(call).or_insert_with(|| {
            unrisked.push(call);
            Line::default()
        });
        let own;
        let exposure = match exposure {
            Some(exposure) => exposure,
            None => {
                own = self.ring.exposure();
                &own
            }
        };
        self.due += line.rang(to, exposure, &mut self.ring);
    }

    /// Credits what rings now, and forgets lines that are gone without a word.
    pub fn look(&mut self, load: &Load) {
        let exposure = self.ring.exposure();
        let mut legs: Vec<&Leg> = load.in_flight.iter().filter(|leg| !leg.foreign).collect();
        // In order already, most often; then both are walked side by side, whatever their number.
        legs.sort_by_key(|leg| leg.call);
        let rang = |leg: &Leg| (leg.stage == Stage::Ringing).then(|| seconds(leg.since, load.now));
        self.lines.values_mut().for_each(|line| line.seen = false);
        let mut new = Vec::new();
        let mut lines = self.lines.iter_mut().peekable();
        for leg in legs {
            while lines.next_if(|(call, _)| **call < leg.call).is_some() {}
            match (lines.peek_mut(), rang(leg)) {
                (Some((call, line)), rang) if **call == leg.call => {
                    line.seen = true;
                    if let Some(to) = rang {
                        self.due += line.rang(to, &exposure, &mut self.ring);
                    }
                }
                (_, Some(to)) => new.push((leg.call, to)),
                (_, None) => {}
            }
        }
        for (call, to) in new {
            self.rang(call, to, Some(&exposure));
        }
        self.lines.retain(|_, line| line.seen);
        let lines = &self.lines;
        self.unrisked.retain(|call| lines.contains_key(call));
        self.level.credit(self.came, self.due);
        (self.came, self.due) = (0.0, 0.0);
    }

    /// The lines that are new were dialled at this risk.
    pub fn note_risk(&mut self, risk: f64) {
        for call in self.unrisked.drain(..) {
            if let Some(line) = self.lines.get_mut(&call) {
                line.risk = risk;
            }
        }
    }

    /// Chances of a line now, and the standard deviation of the answer level as a share of it.
    pub fn curve(&self, load: &Load) -> (Curve, f64) {
        let detecting = load
            .in_flight
            .iter()
            .filter(|leg| leg.stage == Stage::Detecting && !leg.foreign)
            .count();
        let (level, doubt) = self.level.get(self.person_share() * detecting as f64);
        (self.ring.curve(level), doubt)
    }

    /// A night went by: what was learned counts half, but no less than the guess it began with. The lines of
    /// yesterday are over.
    pub fn fade(&mut self) {
        self.ring.fade();
        self.level.fade();
        self.talk.fade();
        self.wrap_up.fade();
        self.person.fade(5.0);
        self.verdict.fade(1.0);
        self.leaving.fade(1.0);
        self.lines.clear();
        self.unrisked.clear();
        (self.came, self.due) = (0.0, 0.0);
    }

    pub fn person_share(&self) -> f64 {
        self.person.get()
    }

    pub fn verdict_s(&self) -> f64 {
        self.verdict.get()
    }

    pub fn leaving_share(&self) -> f64 {
        self.leaving.get()
    }
}

pub(super) fn seconds(from: Millis, to: Millis) -> f64 {
    to.since(from) as f64 / 1000.0
}
