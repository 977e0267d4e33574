//! Somebody at a telephone behind the carrier: calls the house, presses keys, says something, hears,
//! and is called.

use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};

use embedded::{Config, Dtmf, Embedded, Gateway};
use switch::{
    CallerId, Cause, Command, CommandId, Event, EventKind, LegId, Originate, PlayId, RecordId,
    Switch, Target,
};
use tokio::sync::mpsc::UnboundedReceiver;
use uuid::Uuid;

use super::ports;

const HOUSE: &str = "house";
const PATIENCE: Duration = Duration::from_secs(60);
const RTP_PORTS: u16 = 40;
const LOOK_AGAIN: Duration = Duration::from_millis(50);

pub struct Person {
    switch: Arc<Embedded>,
    events: UnboundedReceiver<Event>,
    /// What nobody has asked for yet.
    told: HashMap<LegId, Vec<EventKind>>,
    last: u64,
}

impl Person {
    /// Somebody who can call the server whose SIP port this is.
    ///
    /// # Panics
    /// When there are no ports left.
    pub async fn new(sip: u16) -> Self {
        Self::pressing(sip, Dtmf::Events).await
    }

    /// Somebody whose telephone presses keys like this.
    ///
    /// # Panics
    /// When there are no ports left.
    pub async fn pressing(sip: u16, dtmf: Dtmf) -> Self {
        let own = format!("127.0.0.1:{}", ports::one());
        let own = own.parse().expect("an address");
        let first = ports::range(RTP_PORTS);
        let mut config = Config::new(own, "carrier", first..=first + RTP_PORTS - 1);
        config.sip.flood_limit = 0;
        // A telephone is not too busy for a call.
        config.overload = Duration::from_millis(100);
        let switch = Embedded::start(config).await.expect("free ports");
        let house = format!("127.0.0.1:{sip}").parse().expect("an address");
        let mut house = Gateway::udp(HOUSE, house);
        house.dtmf = dtmf;
        switch.set_gateways(vec![house]);
        let events = switch.events().expect("the first listener");
        Self {
            switch,
            events,
            told: HashMap::new(),
            last: 0,
        }
    }

    /// Where the house finds this person.
    pub fn port(&self) -> u16 {
        self.switch.sip_address().port()
    }

    /// Calls a number of the house and waits for the answer; again where the house does not know the
    /// caller's gateway or the number yet, or is too busy.
    ///
    /// # Panics
    /// When there is none.
    pub async fn call(&mut self, number: &str, from: &str) -> LegId {
        let called = tokio::time::timeout(PATIENCE, async {
            loop {
                let leg = self.dial(number, from);
                if self.is_answered(leg).await {
                    return leg;
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        });
        called.await.expect("the house to answer")
    }

    /// Calls a number of the house, and does not wait.
    pub fn dial(&mut self, number: &str, from: &str) -> LegId {
        let leg = LegId(Uuid::new_v4());
        self.order(Command::Originate(Originate {
            leg,
            to: Target::Gateway {
                gateway: HOUSE.into(),
                number: number.into(),
            },
            caller: CallerId {
                number: from.into(),
                ..CallerId::default()
            },
            ring_timeout: PATIENCE,
        }));
        leg
    }

    /// Whether a call is answered; not where gateway or number are unknown, or the house is too busy.
    async fn is_answered(&mut self, leg: LegId) -> bool {
        let is_turned_away = |event: &EventKind| match event {
            EventKind::Ended(ended) => matches!(ended.sip_status, Some(401 | 403 | 404 | 503)),
            _ => false,
        };
        loop {
            let told = self.told.entry(leg).or_default();
            if told.iter().any(is_turned_away) {
                return false;
            }
            if let Some(at) = told.iter().position(|event| *event == EventKind::Answered) {
                told.drain(..=at);
                return true;
            }
            self.hear_of_one().await;
        }
    }

    /// Waits until the telephone rings, and picks up.
    ///
    /// # Panics
    /// When it does not ring.
    pub async fn pick_up(&mut self) -> LegId {
        let leg = self.is_called().await;
        self.order(Command::Answer { leg });
        leg
    }

    /// Rings at the house that calls.
    pub fn ring(&mut self, leg: LegId) {
        self.order(Command::Ring { leg });
    }

    /// Lets the house hear a prompt, over and over, before the answer (183 with sound).
    pub fn say_early(&mut self, leg: LegId, prompt: &str) {
        let play = PlayId(self.number());
        self.order(Command::Progress { leg });
        self.order(Command::Play {
            leg,
            play,
            prompt: prompt.into(),
            times: 1_000,
        });
    }

    /// Picks up a telephone that rings, and says a prompt, over and over.
    pub fn answer_saying(&mut self, leg: LegId, prompt: &str) {
        let play = PlayId(self.number());
        self.order(Command::Answer { leg });
        self.order(Command::Play {
            leg,
            play,
            prompt: prompt.into(),
            times: 1_000,
        });
    }

    /// Refuses a call that rings.
    pub async fn refuse(&mut self, leg: LegId, cause: Cause) {
        self.order(Command::Hangup { leg, cause });
        self.until_over(leg).await;
    }

    /// Waits until the telephone is called.
    ///
    /// # Panics
    /// When it is not.
    pub async fn is_called(&mut self) -> LegId {
        let is_call = |event: &EventKind| matches!(event, EventKind::Incoming { .. });
        let rung = tokio::time::timeout(PATIENCE, async {
            loop {
                let rung = self.told.iter().find(|(_, told)| told.iter().any(is_call));
                if let Some((leg, _)) = rung {
                    return *leg;
                }
                self.hear_of_one().await;
            }
        });
        let leg = rung.await.expect("the telephone to ring");
        self.told.remove(&leg);
        leg
    }

    /// Waits for something to happen to a leg.
    ///
    /// # Panics
    /// When it does not happen in time.
    pub async fn until(&mut self, leg: LegId, what: &str, holds: impl Fn(&EventKind) -> bool) {
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                let told = self.told.entry(leg).or_default();
                if let Some(at) = told.iter().position(&holds) {
                    told.drain(..=at);
                    return;
                }
                self.hear_of_one().await;
            }
        });
        let in_time = found.await.is_ok();
        assert!(in_time, "waited for {what}: {:?}", self.told);
    }

    /// Waits until the house has hung up.
    pub async fn until_over(&mut self, leg: LegId) {
        let is_end = |event: &EventKind| matches!(event, EventKind::Ended(_));
        self.until(leg, "the call to end", is_end).await;
    }

    /// Says a prompt to its end.
    pub async fn say(&mut self, leg: LegId, prompt: &str) {
        let play = PlayId(self.number());
        self.order(Command::Play {
            leg,
            play,
            prompt: prompt.into(),
            times: 1,
        });
        let is_done = |event: &EventKind| matches!(event, EventKind::PlayDone { .. });
        self.until(leg, "all to be said", is_done).await;
    }

    pub fn press(&mut self, leg: LegId, keys: &str) {
        let digits = keys.into();
        self.order(Command::SendDtmf { leg, digits });
    }

    /// Keeps what this person hears, on the left, until the call ends.
    pub fn keep(&mut self, leg: LegId, path: &Path) {
        let record = RecordId(self.number());
        let path = path.to_owned();
        self.order(Command::StartRecord { leg, record, path });
    }

    /// Waits until what was heard is complete.
    pub async fn until_kept(&mut self, leg: LegId) {
        let is_done = |event: &EventKind| matches!(event, EventKind::RecordDone { .. });
        self.until(leg, "the recording to end", is_done).await;
    }

    pub async fn hang_up(&mut self, leg: LegId) {
        let cause = Cause::Normal;
        self.order(Command::Hangup { leg, cause });
        self.until_over(leg).await;
    }

    async fn hear_of_one(&mut self) {
        let event = self.events.recv().await.expect("the switch lives");
        if let Some(leg) = event.leg {
            self.told.entry(leg).or_default().push(event.kind);
        }
    }

    fn order(&mut self, command: Command) {
        let id = CommandId(self.number());
        self.switch.send(id, command).expect("an order");
    }

    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}
