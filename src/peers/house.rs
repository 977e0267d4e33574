//! The house of these tests: a switch, and somebody who gives it orders.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::Duration,
};

use embedded::{Config, Embedded, Gateway};
use sip::{Ha1, PhoneBook};
use switch::{
    CallerId, Cause, Command, CommandId, Ended, Event, EventKind, LegId, Originate, Switch, Target,
};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::{
    OVERLOAD,
    tests::{ANY_PORT, DEADLINE},
};

pub const CARRIER: &str = "carrier";
pub const SECRET: &str = "a secret of phones";
const REALM: &str = "house.test";

/// Every extension has the same secret.
struct Book;

impl PhoneBook for Book {
    fn secrets(&self, extension: &str) -> Option<Ha1> {
        Some(sip::ha1(extension, REALM, SECRET))
    }
}

pub struct House {
    switch: Arc<Embedded>,
    events: UnboundedReceiver<Event>,
    /// What nobody has asked for yet.
    told: HashMap<LegId, VecDeque<EventKind>>,
    incoming: VecDeque<(LegId, EventKind)>,
}

impl House {
    pub async fn open(rtp_timeout: Duration) -> Self {
        let mut config = Config::new(ANY_PORT, REALM, 47_000..=47_998);
        config.phones = Arc::new(Book);
        config.sip.flood_limit = 0;
        config.overload = OVERLOAD;
        config.media.rtp_timeout = rtp_timeout;
        let switch = Embedded::start(config).await.expect("a free port");
        let events = switch.events().expect("the first listener");
        Self {
            switch,
            events,
            told: HashMap::new(),
            incoming: VecDeque::new(),
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.switch.sip_address()
    }

    /// Makes the carrier the only gateway.
    pub fn meet(&self, carrier: SocketAddr) {
        self.switch
            .set_gateways(vec![Gateway::udp(CARRIER, carrier)]);
    }

    pub fn is_registered(&self, extension: &str) -> bool {
        self.switch.is_registered(extension)
    }

    pub fn dial(&self, number: &str, ring_ms: u64) -> LegId {
        let gateway = CARRIER.to_owned();
        self.originate(
            Target::Gateway {
                gateway,
                number: number.to_owned(),
            },
            ring_ms,
        )
    }

    pub fn ring_phone(&self, extension: &str) -> LegId {
        self.ring_phone_for(extension, 20_000)
    }

    pub fn ring_phone_for(&self, extension: &str, ring_ms: u64) -> LegId {
        self.originate(
            Target::Phone {
                extension: extension.to_owned(),
            },
            ring_ms,
        )
    }

    fn originate(&self, to: Target, ring_ms: u64) -> LegId {
        let leg = LegId(uuid::Uuid::new_v4());
        let caller = CallerId {
            number: "4000".to_owned(),
            ..CallerId::default()
        };
        let ring_timeout = Duration::from_millis(ring_ms);
        self.order(Command::Originate(Originate {
            leg,
            to,
            caller,
            ring_timeout,
        }));
        leg
    }

    pub fn order(&self, command: Command) {
        let told = format!("{command:?}");
        assert_eq!(self.switch.send(CommandId(1), command), Ok(()), "{told}");
    }

    pub fn hang_up(&self, leg: LegId) {
        self.order(Command::Hangup {
            leg,
            cause: Cause::Normal,
        });
    }

    pub async fn incoming(&mut self) -> (LegId, EventKind) {
        loop {
            if let Some(found) = self.incoming.pop_front() {
                return found;
            }
            self.listen().await;
        }
    }

    /// Waits for something a leg tells, passing over what comes before.
    pub async fn until(&mut self, leg: LegId, pick: impl Fn(&EventKind) -> bool) -> EventKind {
        loop {
            while let Some(kind) = self.told.entry(leg).or_default().pop_front() {
                if pick(&kind) {
                    return kind;
                }
                assert!(!matches!(kind, EventKind::Failed { .. }), "{kind:?}");
            }
            self.listen().await;
        }
    }

    pub async fn ended(&mut self, leg: LegId) -> Ended {
        match self
            .until(leg, |kind| matches!(kind, EventKind::Ended(_)))
            .await
        {
            EventKind::Ended(ended) => ended,
            other => panic!("{other:?} is no end"),
        }
    }

    async fn listen(&mut self) {
        let event = tokio::time::timeout(DEADLINE, self.events.recv()).await;
        let event = event.expect("an event in time").expect("a running switch");
        match (event.leg, event.kind) {
            (Some(leg), kind @ EventKind::Incoming { .. }) => self.incoming.push_back((leg, kind)),
            (Some(leg), kind) => self.told.entry(leg).or_default().push_back(kind),
            (None, _) => {}
        }
    }
}

/// Both channels of a recording.
pub fn channels(path: &Path) -> (Vec<i16>, Vec<i16>) {
    let reader = hound::WavReader::open(path).expect("a playable file");
    let samples: Vec<i16> = reader
        .into_samples()
        .collect::<Result<_, _>>()
        .expect("samples");
    samples
        .chunks_exact(2)
        .map(|pair| (pair[0], pair[1]))
        .unzip()
}
