//! SIPp through everything that a call can meet, as the called and as the calling side. Its
//! scenarios lie beside, in `scenarios`.

mod called;
mod calling;
mod registering;
pub(super) mod tunnel;

use std::time::Duration;

use super::{
    Side, answer_to, caller, local, new_call, offer,
    sipp::{Sipp, is_there},
};
use crate::{CallRef, Config, Credentials, Destination, Gateway, SipEvent, Timers};

const RING: Duration = Duration::from_secs(30);

fn to_b() -> Destination {
    Destination::Gateway {
        gateway: "b".into(),
        number: "5550199".into(),
    }
}

/// An agent with the timers of RFC 3261 and one gateway, `b`.
async fn agent(gateway: Gateway) -> Side {
    agent_with(gateway, |c| c.timers = Timers::default()).await
}

async fn agent_with(gateway: Gateway, change: impl FnOnce(&mut Config)) -> Side {
    Side::start(|c| {
        c.gateways = vec![gateway];
        change(c);
    })
    .await
}

fn gateway(sipp: &Sipp) -> Gateway {
    Gateway::udp("b", sipp.addr)
}

fn secret(username: &str) -> Credentials {
    Credentials {
        username: username.into(),
        password: "secret".into(),
    }
}

impl Side {
    /// Calls the number at the gateway.
    fn dial(&self) -> CallRef {
        let call = new_call();
        self.agent
            .invite(call, to_b(), caller(), offer(), RING)
            .expect("accepted");
        call
    }

    /// Rings and answers the call that comes in.
    async fn pick_up(&mut self) -> CallRef {
        let (call, their_offer) = self.incoming().await;
        self.agent.ring(call).expect("offered");
        let answer = answer_to(&their_offer);
        self.agent.answer(call, answer).expect("offered");
        call
    }

    async fn rings(&mut self) {
        self.wait(|e| matches!(e, SipEvent::Ringing { .. }).then_some(()))
            .await;
    }

    async fn digit(&mut self) -> (char, u32) {
        self.wait(|e| match e {
            SipEvent::InfoDigit { digit, ms, .. } => Some((digit, ms)),
            _ => None,
        })
        .await
    }

    /// What was sent and received of a call, by its first words.
    fn told(&self, call: CallRef) -> Vec<String> {
        let first = |text: &str| text.lines().next().unwrap_or_default().to_owned();
        let trace = self.agent.trace(call).into_iter();
        trace.map(|message| first(&message.text)).collect()
    }
}

/// How many of them begin like that.
fn count(messages: &[String], start: &str) -> usize {
    messages.iter().filter(|m| m.starts_with(start)).count()
}
