//! What has been said so far, and the answer to the next line.

use anyhow::{Context, Result, bail};
use engine::{
    ledger::{Ledger, Tally, Window},
    pacing::{
        Agent, AgentState, Leg, Load, Pacer, Policy, Stage,
        predictive::{Fact, Settings},
    },
    time::Millis,
};

use super::{
    message::{Answer, Counted, Hello, Message},
    row::{Event, Seen},
};

/// More channels, calls per second or leads than this make no difference.
const PLENTY: u64 = 1 << 30;

/// See the module.
pub struct Dialogue {
    settings: Settings,
    floor: Option<Floor>,
}

/// The simulated floor, since `hello`.
struct Floor {
    hello: Hello,
    policy: Policy,
    cap: f64,
    pacer: Pacer,
    ledger: Ledger,
    booked: Tally,
}

impl Dialogue {
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            floor: None,
        }
    }

    /// The answer to one line; `None` after `bye`.
    ///
    /// # Errors
    /// Why the line makes no sense here.
    pub fn answer(&mut self, line: &[u8]) -> Result<Option<Answer>> {
        let message: Message = serde_json::from_slice(line)?;
        if message.bye.is_some() {
            return Ok(None);
        }
        if let Some(hello) = message.hello {
            self.floor = Some(Floor::new(hello, self.settings)?);
            return Ok(Some(Answer {
                dial: 0,
                why: None,
                risk: None,
                threshold: None,
            }));
        }
        let Some(t) = message.t.filter(|t| (0.0..1e9).contains(t)) else {
            bail!("neither hello nor bye nor a state with its time t");
        };
        let floor = self.floor.as_mut().context("a state before hello")?;
        floor.answer(&message, millis(t)).map(Some)
    }
}

impl Floor {
    fn new(hello: Hello, settings: Settings) -> Result<Self> {
        let settings = Settings {
            cap: hello.cap,
            ..settings
        };
        if !settings.is_valid() {
            bail!("hello: cap must be 0 to 0.05");
        }
        if !(0.1..=30.0).contains(&hello.patience) || !(1.0..=120.0).contains(&hello.ring_timeout) {
            bail!("hello: patience must be 0.1 to 30, ring_timeout 1 to 120");
        }
        Ok(Self {
            policy: Policy::Predictive(settings),
            cap: settings.cap,
            pacer: Pacer::new(hello.ring_timeout),
            ledger: Ledger::default(),
            booked: Tally::default(),
            hello,
        })
    }

    fn answer(&mut self, state: &Message, now: Millis) -> Result<Answer> {
        for event in &state.events {
            if let Some(fact) = fact(event)? {
                self.pacer.learn(fact, now);
            }
        }
        self.book(state.n, now);
        let load = self.load(state, now)?;
        let decision = self.policy.decide(&load, &mut self.pacer);
        Ok(Answer {
            dial: decision.lines,
            why: Some(decision.why),
            risk: decision.inputs.map(|inputs| inputs.risk),
            threshold: decision.inputs.map(|inputs| inputs.threshold),
        })
    }

    fn book(&mut self, counted: Counted, now: Millis) {
        let booked = Tally {
            answered: counted.answered,
            connected: counted.connected,
            lost: counted.abandoned,
            machines: counted.machines,
            ..Tally::default()
        };
        let new = booked.since(&self.booked);
        if new != Tally::default() {
            self.ledger.book(&new, now);
            self.booked = booked;
        }
    }

    fn load(&self, state: &Message, now: Millis) -> Result<Load> {
        let patience_ms = millis(self.hello.patience).0;
        let waits = |call: &&Seen| call.state == "wait";
        let agents: Result<Vec<Agent>> = state.agents.iter().map(|seen| agent(seen, now)).collect();
        let in_air = state.calls.iter().filter(|call| !waits(call));
        let in_flight: Result<Vec<Leg>> = in_air.map(|seen| leg(seen, now)).collect();
        let waiting = state.calls.iter().filter(waits);
        let up_to = |n: Option<u64>| n.unwrap_or(PLENTY).min(PLENTY) as u32;
        Ok(Load {
            now,
            agents: agents?,
            in_flight: in_flight?,
            waiting: waiting
                .map(|seen| ago(seen, now).plus(patience_ms))
                .collect(),
            booked: self.booked,
            today: self.ledger.tally(Window::Day, now),
            allowed: self.ledger.standing(self.cap, &Window::ALL, now).allowed,
            patience_ms,
            free_channels: up_to(state.free),
            burst: up_to(state.cps.map(|cps| cps.max(0.0) as u64)),
            leads: up_to(state.left),
            left: state.left,
            ..Load::default()
        })
    }
}

fn agent(seen: &Seen, now: Millis) -> Result<Agent> {
    Ok(Agent {
        state: match seen.state.as_str() {
            "idle" => AgentState::Idle,
            "talk" => AgentState::Talking,
            "wrap" => AgentState::WrapUp,
            other => bail!("agent {}: unknown state {other:?}", seen.id),
        },
        since: ago(seen, now),
        free_at: None,
        leaves: false,
    })
}

fn leg(seen: &Seen, now: Millis) -> Result<Leg> {
    Ok(Leg {
        call: seen.id,
        stage: match seen.state.as_str() {
            "ring" => Stage::Ringing,
            "detect" => Stage::Detecting,
            other => bail!("call {}: unknown state {other:?}", seen.id),
        },
        since: ago(seen, now),
        foreign: false,
    })
}

/// What an event teaches; `None` for those that teach nothing, or are unknown.
fn fact(event: &Event) -> Result<Option<Fact>> {
    let fact = || {
        Some(match event.name.as_str() {
            "pickup" => Fact::PickedUp {
                call: event.id(0)?,
                ring_s: event.seconds(1)?,
            },
            "person" => Fact::Person { call: event.id(0)? },
            "ended" => Fact::Over {
                call: event.id(0)?,
                after_s: event.seconds(1)?,
            },
            "talk_end" => Fact::TalkOver {
                s: event.seconds(1)?,
            },
            "wrap_end" => Fact::WrapUpOver {
                s: event.seconds(1)?,
            },
            "logout" => Fact::AgentLeft,
            _ => return None,
        })
    };
    let teaches = ["pickup", "person", "ended", "talk_end", "wrap_end"];
    match fact() {
        None if teaches.contains(&event.name.as_str()) => {
            bail!("event {:?} lacks a number or its seconds", event.name)
        }
        fact => Ok(fact),
    }
}

fn millis(s: f64) -> Millis {
    Millis((s * 1000.0).round() as i64)
}

fn ago(seen: &Seen, now: Millis) -> Millis {
    now.plus(-millis(seen.s).0)
}
