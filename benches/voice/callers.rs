//! The switch that is measured, and what a measurement does with it.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use embedded::{Config, Embedded, Gateway};
use switch::{
    CallerId, Command, CommandId, Event, EventKind, LegId, Originate, Refused, Switch, Target,
};
use tokio::sync::mpsc::UnboundedReceiver;

use super::setup::{News, Placer};

/// No single step takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A switch with one gateway, and its events.
pub struct Callers {
    pub switch: Arc<Embedded>,
    pub events: UnboundedReceiver<Event>,
    next: AtomicU64,
}

impl Callers {
    /// RTP from port 33,000 on.
    pub async fn start(gateway: SocketAddr) -> Self {
        let mut config = Config::new(([127, 0, 0, 1], 0).into(), "bench", 33_000..=48_999);
        config.gateways = vec![Gateway::udp("far", gateway)];
        config.sip.flood_limit = 0;
        let switch = Embedded::start(config).await.expect("the switch starts");
        let events = switch.events().expect("the first listener");
        Self {
            switch,
            events,
            next: AtomicU64::new(1),
        }
    }

    pub fn send(&self, command: Command) {
        let id = CommandId(self.next.fetch_add(1, Ordering::Relaxed));
        self.switch.send(id, command).expect("the switch takes it");
    }

    /// # Errors
    /// Why the switch did not take the call.
    pub fn dial(&self, gateway: &str, number: &str) -> Result<LegId, Refused> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let leg = LegId(uuid::Uuid::from_u128(id.into()));
        let order = Originate {
            leg,
            to: Target::Gateway {
                gateway: gateway.into(),
                number: number.into(),
            },
            caller: CallerId {
                number: "02580001111".into(),
                ..CallerId::default()
            },
            ring_timeout: Duration::from_secs(30),
        };
        let sent = self.switch.send(CommandId(id), Command::Originate(order));
        sent.map(|()| leg)
    }

    /// The next event that `pick` takes.
    pub async fn until<T>(&mut self, what: &str, mut pick: impl FnMut(&Event) -> Option<T>) -> T {
        let found = async {
            loop {
                let event = self.events.recv().await.expect("a running switch");
                if let Some(found) = pick(&event) {
                    return found;
                }
            }
        };
        tokio::time::timeout(PATIENCE, found)
            .await
            .unwrap_or_else(|_| panic!("waited for {what}"))
    }

    /// Legs to that number, all answered, dialled a few at a time.
    pub async fn answered(&mut self, number: &str, count: u32) -> Vec<LegId> {
        let mut legs = Vec::new();
        while legs.len() < count as usize {
            let some = (count as usize - legs.len()).min(20);
            let dialled = (0..some).map(|_| self.dial("far", number).expect("room for a call"));
            let dialled: Vec<_> = dialled.collect();
            for _ in 0..some {
                self.until("an answer", |event| match event.kind {
                    EventKind::Answered => Some(()),
                    EventKind::Ended(ref why) => panic!("a call ended: {why:?}"),
                    _ => None,
                })
                .await;
            }
            legs.extend(dialled);
        }
        legs
    }
}

impl Placer for Callers {
    async fn place(&mut self, number: &str) -> Result<u64, String> {
        let dialled = self.dial("far", number);
        dialled.map(key).map_err(|refused| refused.to_string())
    }

    async fn next(&mut self) -> (u64, News) {
        loop {
            let event = self.events.recv().await.expect("a running switch");
            let Some(leg) = event.leg else { continue };
            match event.kind {
                EventKind::Answered => return (key(leg), News::Answered(event.at)),
                EventKind::Ended(why) => {
                    let said = format!("ended: {:?} {:?}", why.sip_status, why.reason);
                    return (key(leg), News::Ended(said));
                }
                _ => {}
            }
        }
    }
}

/// Legs are numbered here.
fn key(leg: LegId) -> u64 {
    leg.0.as_u128() as u64
}
