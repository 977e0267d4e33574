//! Prediction: dial as long as one more call, if answered, would meet a free agent in time.
//!
//! The pacer learns from what happens ([`Fact`]) and from every look at the floor, with or without
//! a decision. It keeps no clock: the same looks and facts give the same decisions.

mod free;
mod guard;
mod held;
mod level;
mod model;
mod outlook;
mod ring;
mod settings;
mod share;
mod spell;
mod steering;
mod sums;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use settings::{CAP_MAX, Settings};

use self::{
    free::Table,
    guard::{Calibration, LastHour},
    held::Held,
    model::{Model, seconds},
    outlook::{Chances, MOMENTS, Outlook},
    ring::Curve,
    steering::Steering,
};
use super::{Agent, AgentState, Decision, Inputs, Limit, Load, Stage, progressive};
use crate::{
    ledger::{self, Allowed},
    time::Millis,
};

/// The tables of agents' chances are made anew this often.
const TABLE_MS: i64 = 3_000;
/// A floor that was not seen for longer is not predicted from.
const BLIND_MS: i64 = 3_000;
/// After so long without a look another day begins: what was learned counts half.
const NIGHT_MS: i64 = 4 * 3_600_000;
/// Before so many attempts are over, at most [`START_LINES`] lines for each idle agent.
const START_OUTCOMES: u64 = 10;
const START_LINES: usize = 3;
/// A decision dials at most so many lines for each agent.
const MOST_LINES: u32 = 30;
/// The risk taken while the books allow one line for each idle agent.
const STOPPED_RISK: f64 = 0.01;

/// Something that happened, for the pacer to learn from. Seconds, as measured by the caller.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fact {
    /// A person or a machine answered after so much ringing.
    PickedUp {
        call: u64,
        ring_s: f64,
    },
    /// The answer is a person.
    Person {
        call: u64,
    },
    /// The attempt is over without a person, so long after the dial.
    Over {
        call: u64,
        after_s: f64,
    },
    TalkOver {
        s: f64,
    },
    WrapUpOver {
        s: f64,
    },
    /// An agent signed out or went on a break.
    AgentLeft,
    /// A call came in by itself and takes an agent.
    Inbound,
}

/// What a campaign has learned, and how much risk it takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pacer {
    model: Model,
    steering: Steering,
    hour: LastHour,
    calibration: Calibration,
    last_look: Option<Millis>,
    #[serde(skip)]
    table: Table,
    #[serde(skip)]
    table_at: Option<Millis>,
    #[serde(skip)]
    is_blind: bool,
}

impl Pacer {
    /// Knows nothing yet. `ring_timeout_s`: how long a line rings at most.
    #[must_use]
    pub fn new(ring_timeout_s: f64) -> Self {
        Self {
            model: Model::new(ring_timeout_s),
            steering: Steering::new(),
            hour: LastHour::default(),
            calibration: Calibration::default(),
            last_look: None,
            table: Table::default(),
            table_at: None,
            is_blind: false,
        }
    }

    /// Nothing was learned: no attempt is over.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.model.outcomes == 0
    }

    /// A copy to keep. The original goes on as the copy would.
    pub fn kept(&mut self) -> Self {
        self.table_at = None;
        self.clone()
    }

    /// Takes in what happened. Facts come before the look that shows their effect.
    pub fn learn(&mut self, fact: Fact, at: Millis) {
        if let Some(risk) = self.model.learn(fact, at) {
            self.calibration.predicted(risk);
        }
    }

    /// Sees the floor; called before every decision, whoever makes it.
    pub(super) fn look(&mut self, load: &Load) {
        let last = self.last_look.replace(load.now);
        let away_ms = last.map_or(0, |last| load.now.since(last));
        self.is_blind = away_ms > BLIND_MS || last.is_some_and(|last| load.now < last);
        if away_ms > NIGHT_MS {
            self.model.fade();
        }
        self.model.look(load);
        let new = self.hour.note(&load.booked, load.now);
        self.calibration.lost(new.lost as f64);
    }

    /// Lines that the risk allows, before the limits that no policy may pass.
    pub(super) fn wish(&mut self, settings: &Settings, load: &Load) -> Decision {
        let (curve, doubt) = self.model.curve(load);
        let to_come = load.left.map(|left| left as f64 * curve.total());
        let mut threshold = self
            .steering
            .threshold(settings, &load.booked, &load.today, to_come);
        if let Some(decision) = self.unpredicted(settings, load) {
            return decision;
        }
        let is_stopped = load.allowed == Allowed::OneLineEach
            || ledger::is_full(&load.window.unwrap_or(load.booked), settings.cap, to_come);
        if is_stopped {
            threshold = threshold.min(STOPPED_RISK);
        }
        if self.hour.is_bad(&load.booked, settings.cap) {
            threshold /= 2.0;
        }
        let outlook = self.outlook(load, &curve, doubt);
        let most = MOST_LINES * super::load::count(load.agents.len());
        // One more than there is room for, so that the room is named when it binds.
        let wish = outlook.wish(threshold, most.min(load.room().saturating_add(1)));
        let (arrivals, free) = outlook.expected();
        self.model.note_risk(threshold);
        let start = self.start_room(load);
        let present = load.agents.iter().filter(|agent| counts(agent)).count();
        let ratio = settings.ratio_room(present, load.in_flight.len());
        let why = match () {
            () if start < wish.lines.min(ratio) => Limit::Start,
            () if ratio < wish.lines => Limit::Ratio,
            () if is_stopped => Limit::Ledger,
            () => Limit::Risk,
        };
        Decision {
            lines: wish.lines.min(start).min(ratio),
            why,
            inputs: Some(Inputs {
                risk: wish.risk.clamp(0.0, 1.0),
                threshold,
                wish: wish.lines,
                arrivals,
                free,
                answer_share: curve.total(),
                horizon_s: curve.quantile(0.5) + self.model.verdict_s(),
                lost_share: load.today.rate(),
                is_off: self.calibration.is_off(),
            }),
        }
    }

    /// What is decided without a prediction.
    fn unpredicted(&self, settings: &Settings, load: &Load) -> Option<Decision> {
        let present = load.agents.iter().filter(|agent| counts(agent)).count();
        let why = match () {
            () if load.allowed == Allowed::Nothing => {
                return Some(Decision::new(0, Limit::LedgerStop));
            }
            () if settings.cap <= 0.0 => Limit::IdleAgents,
            () if present < settings.min_agents as usize => Limit::FewAgents,
            () if self.is_blind => Limit::Blind,
            () => return None,
        };
        let wish = progressive::wish(load);
        let why = if wish.why == Limit::IdleAgents {
            why
        } else {
            wish.why
        };
        Some(Decision { why, ..wish })
    }

    /// Lines that a campaign without outcomes may add.
    fn start_room(&self, load: &Load) -> u32 {
        if self.model.outcomes >= START_OUTCOMES {
            return u32::MAX;
        }
        let most = START_LINES * load.idle() as usize;
        super::load::count(most.saturating_sub(load.in_flight.len()))
    }

    fn outlook(&mut self, load: &Load, curve: &Curve, doubt: f64) -> Outlook {
        let verdict = self.model.verdict_s();
        let patience = load.patience_ms as f64 / 1000.0;
        let moments = moments(curve, verdict);
        let horizon = moments[MOMENTS - 1] + patience;
        self.tabulate(load, horizon);
        let held = Held::new(curve, &self.table, &moments, verdict);
        let mut outlook = Outlook {
            inbound: moments.map(|u| self.model.inbound.expected(u, load.now)),
            doubt,
            fresh: held.ringing(0.0),
            ..Outlook::default()
        };
        for leg in &load.in_flight {
            match leg.stage {
                Stage::Ringing => {
                    let age = seconds(leg.since, load.now);
                    outlook.air.push(held.ringing(age));
                }
                Stage::Detecting => {
                    let person = self.model.person_share();
                    outlook.there.push(held.now().map(|p| p * person));
                }
            }
        }
        outlook
            .there
            .extend(load.waiting.iter().map(|_| held.now()));
        let columns = moments.map(|u| self.table.column(u + patience));
        let stays = 1.0 - self.model.leaving_share();
        for agent in load.agents.iter().filter(|agent| counts(agent)) {
            let since = seconds(agent.since, load.now);
            let by =
                |f: &dyn Fn(usize) -> f64| -> Chances { std::array::from_fn(|j| stays * f(j)) };
            match agent.state {
                AgentState::Idle => outlook.idle += 1,
                AgentState::Talking => outlook.busy.push(by(&|j| columns[j].talks(since))),
                AgentState::Offered => outlook.busy.push(by(&|j| columns[j].talks(0.0))),
                AgentState::WrapUp => outlook.busy.push(match agent.free_at {
                    Some(at) => {
                        let left = seconds(load.now, at);
                        by(&|j| {
                            if moments[j] + patience >= left {
                                1.0
                            } else {
                                self.table.wraps_up(&columns[j], since)
                            }
                        })
                    }
                    None => by(&|j| self.table.wraps_up(&columns[j], since)),
                }),
                AgentState::Away => {}
            }
        }
        outlook
    }

    /// The chances of agents to come free, not older than a few seconds.
    fn tabulate(&mut self, load: &Load, horizon_s: f64) {
        let is_fresh = self
            .table_at
            .is_some_and(|at| load.now.since(at) < TABLE_MS && load.now >= at);
        if is_fresh && !self.table.is_empty() {
            return;
        }
        let running = |state: AgentState| {
            let so_far = |agent: &Agent| seconds(agent.since, load.now);
            let of_state = move |agent: &&Agent| agent.state == state;
            load.agents.iter().filter(of_state).map(so_far)
        };
        let talk = self.model.talk.survival(running(AgentState::Talking));
        let wrap_up = self.model.wrap_up.survival(running(AgentState::WrapUp));
        self.table = Table::new(talk, wrap_up, horizon_s + 5.0);
        self.table_at = Some(load.now);
    }
}

/// The agent takes calls, or will when this one is over.
fn counts(agent: &Agent) -> bool {
    agent.state != AgentState::Away && !agent.leaves
}

/// When a fresh line would bring a person, if it does: six equally probable moments.
fn moments(curve: &Curve, verdict_s: f64) -> [f64; MOMENTS] {
    std::array::from_fn(|j| {
        let share = (2 * j + 1) as f64 / (2 * MOMENTS) as f64;
        curve.quantile(share) + verdict_s
    })
}
