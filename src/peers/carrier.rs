//! A carrier: the far side of a gateway, with everybody who can be called through it.

use std::{
    net::SocketAddr,
    ops::RangeInclusive,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use embedded::{Config, Embedded, Gateway};
use tokio::sync::watch;

use crate::{
    Counts, Manner, OVERLOAD, PeerError, Timing,
    dice::Dice,
    line::{Invitation, Lines},
    person::Called,
};

/// The carrier's name for the house.
pub(crate) const HOUSE: &str = "house";

/// How a carrier is set up.
#[derive(Debug, Clone)]
pub struct CarrierConfig {
    /// Where it listens; port 0 takes a free one.
    pub sip: SocketAddr,
    /// UDP ports for its RTP.
    pub rtp: RangeInclusive<u16>,
    /// The house's SIP address: calls come from there and inbound calls go there.
    pub house: SocketAddr,
    pub timing: Timing,
    /// The same seed gives the same people.
    pub seed: u64,
    /// What persons say first, before they wait for somebody to speak; a prompt name of `media`.
    pub hello: Option<String>,
    /// What persons say then: a prompt name too.
    pub voice: String,
    /// What machines say before the beep.
    pub greeting: String,
}

impl CarrierConfig {
    /// A carrier of fast people who say a tone of 1 kHz.
    #[must_use]
    pub fn new(sip: SocketAddr, rtp: RangeInclusive<u16>, house: SocketAddr) -> Self {
        Self {
            sip,
            rtp,
            house,
            timing: Timing::fast(),
            seed: 1,
            hello: None,
            voice: "tone:1000".to_owned(),
            greeting: "tone:350:400".to_owned(),
        }
    }
}

/// A running carrier.
pub struct Carrier {
    pub(crate) lines: Arc<Lines>,
    pub(crate) exchange: Arc<Exchange>,
}

/// What all calls of a carrier share.
pub(crate) struct Exchange {
    pub timing: Timing,
    pub seed: u64,
    hello: Option<String>,
    pub voice: String,
    greeting: String,
    counts: Mutex<Counts>,
    /// Wakes whoever waits for the counts to change.
    changed: watch::Sender<u64>,
}

impl Carrier {
    /// Opens its sockets and takes calls from now on.
    ///
    /// # Errors
    /// [`PeerError::Start`] when an address is taken.
    pub async fn start(config: CarrierConfig) -> Result<Self, PeerError> {
        let mut switch = Config::new(config.sip, "carrier", config.rtp);
        switch.sip.user_agent = "paceline carrier".to_owned();
        switch.sip.flood_limit = 0;
        switch.overload = OVERLOAD;
        switch.gateways = vec![Gateway::udp(HOUSE, config.house)];
        let switch = Embedded::start(switch).await.map_err(PeerError::Start)?;
        let exchange = Arc::new(Exchange {
            timing: config.timing,
            seed: config.seed,
            hello: config.hello,
            voice: config.voice,
            greeting: config.greeting,
            counts: Mutex::default(),
            changed: watch::Sender::new(0),
        });
        let shared = exchange.clone();
        let lines = Lines::open(switch, move |call| called(shared.clone(), call));
        Ok(Self { lines, exchange })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.lines.switch().sip_address()
    }

    /// What it has seen so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.exchange.counts().clone()
    }

    /// Waits until the counts fulfil `condition`; `false` when `deadline` passes first.
    pub async fn saw(&self, deadline: Duration, condition: impl Fn(&Counts) -> bool) -> bool {
        let mut changes = self.exchange.changed.subscribe();
        let fulfilled = async {
            while !condition(&self.exchange.counts()) {
                if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::time::timeout(deadline, fulfilled).await.is_ok()
    }

    /// Moves the house to another address.
    pub fn set_house(&self, house: SocketAddr) {
        self.lines
            .switch()
            .set_gateways(vec![Gateway::udp(HOUSE, house)]);
    }

    /// Ends every call and closes the sockets.
    pub async fn shutdown(&self, grace: Duration) {
        self.lines.switch().shutdown(grace).await;
    }
}

impl Exchange {
    pub fn count<T>(&self, change: impl FnOnce(&mut Counts) -> T) -> T {
        let result = change(&mut self.counts());
        self.changed.send_modify(|version| *version += 1);
        result
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn called(exchange: Arc<Exchange>, call: Invitation) {
    let before = exchange.count(|counts| counts.invited(&call.to));
    let called = Called {
        line: call.line,
        timing: &exchange.timing,
        dice: Dice::of(exchange.seed, &call.to, before),
        hello: exchange.hello.as_deref(),
        voice: &exchange.voice,
        greeting: &exchange.greeting,
    };
    let on_answer = || exchange.count(|counts| counts.answered += 1);
    let over = called.live(Manner::of(&call.to), on_answer).await;
    exchange.count(|counts| counts.ended(&over.0, true));
}
