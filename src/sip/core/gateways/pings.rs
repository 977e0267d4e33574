//! Whether the addresses of gateways answer.

use super::{HopEntry, retry_after, words};
use crate::{
    Hop,
    core::{Core, call::ClientTx, timers::Timer},
    message::{Message, Method},
};

/// An address that answered nothing is tried after its siblings for this long.
const SUSPECT_MS: u64 = 30_000;
/// Longer rests than this are not granted, whatever Retry-After says.
const MAX_REST_S: u64 = 300;

impl Core {
    /// An address said nothing: its siblings go first for a while.
    pub(in crate::core) fn suspect(&mut self, hop: Hop) {
        let until = self.now_ms + SUSPECT_MS;
        let error = format!("{} gave no answer", hop.addr);
        self.change_hop(hop, &error, |h| h.suspect_until_ms = until);
    }

    /// An address asked for a rest (RFC 3261 section 21.5.4).
    pub(in crate::core) fn let_rest(&mut self, hop: Hop, response: &Message) {
        let Some(seconds) = retry_after(response) else {
            return;
        };
        let until = self.now_ms + seconds.min(MAX_REST_S) * 1000;
        let error = format!("{} asked for a rest of {seconds} s (503)", hop.addr);
        self.change_hop(hop, &error, |h| h.rests_until_ms = until);
    }

    fn change_hop(&mut self, hop: Hop, error: &str, change: impl Fn(&mut HopEntry)) {
        let now_ms = self.now_ms;
        let mut changed = Vec::new();
        let mut until = 0;
        for entry in self.gateways.values_mut() {
            for found in entry.hops.iter_mut().filter(|h| h.hop == hop) {
                change(found);
                until = found.rests_until_ms.max(found.suspect_until_ms);
                changed.push(entry.gateway.name.clone());
                entry.last_error = Some((error.to_owned(), now_ms));
            }
        }
        for name in changed {
            self.timers.set(until, Timer::Recovered(name.clone()));
            self.tell_health(&name);
        }
    }

    pub(in crate::core) fn on_ping_timer(&mut self, name: &str, turn: u64) {
        let Some(entry) = self.gateways.get(name).filter(|e| e.turn == turn) else {
            return;
        };
        let Some(every) = entry.gateway.ping else {
            return;
        };
        let domain = entry.domain();
        let hops: Vec<_> = entry.gateway.hops().collect();
        for hop in hops {
            let domain = domain.clone().unwrap_or_else(|| hop.addr.to_string());
            let ping = self.options(&domain, hop);
            let tx = ClientTx::Ping(name.to_owned(), hop, self.now_ms);
            self.launch(ping, hop, tx);
        }
        self.after(
            every.max(self.config.timers.t2),
            Timer::Ping(name.to_owned(), turn),
        );
    }

    pub(in crate::core) fn options(&mut self, domain: &str, hop: Hop) -> Message {
        let (tag, id) = (self.token(), self.token());
        self.new_request(Method::Options, format!("sip:{domain}"))
            .with(
                "From",
                format!("<sip:ping@{}>;tag={tag}", self.me_towards(hop)),
            )
            .with("To", format!("<sip:{domain}>"))
            .with("Call-ID", id)
            .with("CSeq", "1 OPTIONS")
            .with("Contact", self.contact("ping", hop))
    }

    /// Any answer but 503 shows that the address is there; 408 is our own word for none.
    pub(in crate::core) fn on_ping_response(
        &mut self,
        number: u64,
        status: u16,
        response: &Message,
    ) {
        let Some(ClientTx::Ping(name, hop, sent_ms)) = self.client_txs.remove(&number) else {
            return;
        };
        let answers = !matches!(status, 408 | 503);
        let now_ms = self.now_ms;
        let took_ms = u32::try_from(now_ms.saturating_sub(sent_ms)).unwrap_or(u32::MAX);
        if let Some(entry) = self.gateways.get_mut(&name) {
            if !answers {
                let what = match status {
                    408 => "did not answer OPTIONS".to_owned(),
                    _ => format!("answered OPTIONS with {}", words(status, response)),
                };
                entry.last_error = Some((format!("{} {what}", hop.addr), now_ms));
            }
            for found in entry.hops.iter_mut().filter(|h| h.hop == hop) {
                found.answers = Some(answers);
                if answers {
                    found.suspect_until_ms = 0;
                    found.latency_ms = Some(took_ms);
                }
            }
        }
        if status == 503 {
            self.let_rest(hop, response);
        }
        self.tell_health(&name);
    }
}
