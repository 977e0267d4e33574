//! Agents on real sockets: with each other, with SIPp, with junk.

mod agents;
mod baresip;
mod load;
mod network;
mod rows;
mod scan;
mod secure;
mod sipp;
mod strangers;
mod streams;
mod torture;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::sync::mpsc::UnboundedReceiver;
use uuid::Uuid;

use crate::{
    Agent, CallRef, Config, Gateway, Ha1, Identity, PhoneBook, SipEvent, Timers, ha1,
    sdp::{self, Local},
};

pub(super) const REALM: &str = "phones.test";

/// An agent and what it told.
pub(super) struct Side {
    pub(super) agent: Agent,
    pub(super) events: UnboundedReceiver<SipEvent>,
}

impl Side {
    pub(super) async fn start(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new(SocketAddr::from(([127, 0, 0, 1], 0)), REALM);
        config.timers = quick();
        change(&mut config);
        let (agent, events) = Agent::bind(config, Arc::new(Book))
            .await
            .expect("a free port");
        Self { agent, events }
    }

    pub(super) fn gateway(&self, name: &str) -> Gateway {
        Gateway::udp(name, self.agent.local_addr())
    }

    /// The next event that `pick` takes; others are passed over.
    pub(super) async fn wait<T>(&mut self, pick: impl Fn(SipEvent) -> Option<T>) -> T {
        let found = async {
            loop {
                let event = self.events.recv().await.expect("the agent runs");
                if let Some(found) = pick(event) {
                    return found;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), found)
            .await
            .expect("an event in time")
    }

    pub(super) async fn incoming(&mut self) -> (CallRef, Vec<u8>) {
        self.wait(|event| match event {
            SipEvent::Incoming {
                call, sdp_offer, ..
            } => Some((call, sdp_offer?)),
            _ => None,
        })
        .await
    }

    pub(super) async fn answered(&mut self) -> CallRef {
        self.wait(|event| match event {
            SipEvent::Answered { call, .. } => Some(call),
            _ => None,
        })
        .await
    }

    pub(super) async fn ended(&mut self) -> (CallRef, crate::Side, Option<u16>, Option<u8>) {
        self.wait(|event| match event {
            SipEvent::Ended {
                call,
                side,
                sip_status,
                q850,
                ..
            } => Some((call, side, sip_status, q850)),
            _ => None,
        })
        .await
    }
}

/// Phones 1001 to 1009 with passwords pw1001 to pw1009.
pub(super) struct Book;

impl PhoneBook for Book {
    fn secrets(&self, extension: &str) -> Option<Ha1> {
        let known = extension.len() == 4 && extension.starts_with("100");
        known.then(|| ha1(extension, REALM, &format!("pw{extension}")))
    }
}

/// Twenty times faster than usual.
pub(super) fn quick() -> Timers {
    Timers {
        t1: Duration::from_millis(25),
        t2: Duration::from_millis(200),
        t4: Duration::from_millis(250),
    }
}

pub(super) fn new_call() -> CallRef {
    CallRef(Uuid::new_v4())
}

pub(super) fn caller() -> Identity {
    Identity {
        number: "5550100".into(),
        name: Some("Test \"call\"".into()),
        withheld: false,
    }
}

pub(super) fn local() -> Local {
    Local::new(SocketAddr::from(([127, 0, 0, 1], 40_000)), 7)
}

pub(super) fn offer() -> Vec<u8> {
    sdp::offer(&local())
}

pub(super) fn answer_to(offer: &[u8]) -> Vec<u8> {
    let offer = sdp::parse(offer).expect("a session description");
    sdp::answer(&offer, &local()).expect("audio in common").0
}
