//! Gateways: who they are, and whether they answer.

use std::collections::BTreeMap;

use super::{Core, call::ClientTx, timers::Timer};
use crate::{
    Gateway, Hop, SipEvent, Transport,
    message::{Message, Method},
};

#[derive(Debug)]
pub(super) struct GatewayEntry {
    pub(super) gateway: Gateway,
    /// What the last ping told.
    up: Option<bool>,
    /// Tells the ping timers of a replaced gateway apart.
    turn: u64,
}

impl Core {
    pub(super) fn set_gateways(&mut self, gateways: Vec<Gateway>) {
        let mut before = std::mem::take(&mut self.gateways);
        let mut entries = BTreeMap::new();
        for gateway in gateways {
            let unchanged = before
                .remove(&gateway.name)
                .filter(|e| e.gateway == gateway);
            let entry = unchanged.unwrap_or_else(|| self.new_gateway(gateway));
            entries.insert(entry.gateway.name.clone(), entry);
        }
        self.gateways = entries;
    }

    fn new_gateway(&mut self, gateway: Gateway) -> GatewayEntry {
        self.made_txs += 1;
        let turn = self.made_txs;
        if gateway.ping.is_some() {
            self.timers
                .set(self.now_ms, Timer::Ping(gateway.name.clone(), turn));
        }
        GatewayEntry {
            gateway,
            up: None,
            turn,
        }
    }

    /// The gateway whose address a request comes from. Its exact address decides before its IP
    /// alone does, and the IP alone does not when a phone speaks from there.
    pub(super) fn gateway_at(&self, from: Hop, phone_speaks: bool) -> Option<String> {
        let all = || self.gateways.values().map(|e| &e.gateway);
        let exact = |g: &&Gateway| g.hop.addr == from.addr;
        let by_ip = |g: &&Gateway| {
            g.hop.addr.ip() == from.addr.ip() || g.more_sources.contains(&from.addr.ip())
        };
        let found = all()
            .find(exact)
            .or_else(|| all().find(by_ip).filter(|_| !phone_speaks));
        found.map(|g| g.name.clone())
    }

    pub(super) fn on_ping_timer(&mut self, name: &str, turn: u64) {
        let Some(entry) = self.gateways.get(name).filter(|e| e.turn == turn) else {
            return;
        };
        let (hop, Some(every)) = (entry.gateway.hop, entry.gateway.ping) else {
            return;
        };
        let domain = entry
            .gateway
            .domain
            .clone()
            .unwrap_or_else(|| hop.addr.to_string());
        let ping = self.options(&domain, hop.transport);
        self.launch(ping, hop, ClientTx::Ping(name.to_owned()));
        self.after(
            every.max(self.config.timers.t2),
            Timer::Ping(name.to_owned(), turn),
        );
    }

    fn options(&mut self, domain: &str, transport: Transport) -> Message {
        let (tag, id) = (self.token(), self.token());
        self.new_request(Method::Options, format!("sip:{domain}"))
            .with("From", format!("<sip:ping@{}>;tag={tag}", self.me))
            .with("To", format!("<sip:{domain}>"))
            .with("Call-ID", id)
            .with("CSeq", "1 OPTIONS")
            .with("Contact", self.contact("ping", transport))
    }

    /// Any answer but 503 shows that the gateway is there; 408 is our own word for none.
    pub(super) fn on_ping_response(&mut self, number: u64, status: u16) {
        let Some(ClientTx::Ping(name)) = self.client_txs.remove(&number) else {
            return;
        };
        let up = !matches!(status, 408 | 503);
        let at = self.at();
        let Some(entry) = self.gateways.get_mut(&name) else {
            return;
        };
        if entry.up.replace(up) != Some(up) {
            self.tell(SipEvent::GatewayState {
                gateway: name,
                up,
                at,
            });
        }
    }
}
