//! How the registered phones are: who they are, whether they answer, how fast.

use std::time::Duration;

use super::{Core, call::ClientTx, remote_control::Keys, timers::Timer};
use crate::{Hop, Registration, SipEvent, Transport, message::Message};

/// A sign of life that a phone is asked for.
#[derive(Debug)]
pub(super) struct PhonePing {
    extension: String,
    contact: String,
    hop: Hop,
    sent_ms: u64,
}

impl Core {
    pub(crate) fn registrations(&self) -> Vec<Registration> {
        let now_ms = self.now_ms;
        self.registrar.registrations(now_ms)
    }

    pub(crate) fn is_secure(&self, extension: &str) -> bool {
        let contacts = self.registrar.contacts(extension, self.now_ms);
        let secure = |(_, source): &(String, Hop)| source.transport == Transport::Tls;
        !contacts.is_empty() && contacts.iter().all(secure)
    }

    /// Forgets every contact of a phone (it may register again). False when there was none.
    pub(super) fn drop_phone(&mut self, extension: &str) -> bool {
        let known = self.registrar.forget(extension);
        if known {
            self.tell(SipEvent::Unregistered {
                extension: extension.to_owned(),
                at: self.at(),
            });
        }
        known
    }

    /// Asks every contact of every phone for a sign of life.
    pub(super) fn ping_phones(&mut self) {
        let Some(every) = self.config.phone_ping else {
            return;
        };
        for (extension, contact, hop) in self.registrar.every_contact(self.now_ms) {
            let realm = self.config.realm.clone();
            let ping = self.options(&realm, hop).retargeted(&contact);
            let asked = PhonePing {
                extension,
                contact,
                hop,
                sent_ms: self.now_ms,
            };
            self.launch(ping, hop, ClientTx::PhonePing(Box::new(asked)));
        }
        self.after(every.max(Duration::from_secs(1)), Timer::PingPhones);
    }

    /// Any answer shows that the phone is there; 408 is our own word for none.
    pub(super) fn on_phone_answered(&mut self, number: u64, status: u16, response: &Message) {
        let Some(ClientTx::PhonePing(ping)) = self.client_txs.remove(&number) else {
            return;
        };
        let PhonePing {
            extension,
            contact,
            hop,
            sent_ms,
        } = *ping;
        if let Some(keys) = Keys::told_by(response) {
            self.registrar.note_keys(&extension, hop, keys);
        }
        let took_ms = self.now_ms.saturating_sub(sent_ms);
        let latency_ms = (status != 408).then(|| u32::try_from(took_ms).unwrap_or(u32::MAX));
        self.registrar
            .note_latency(&extension, &contact, latency_ms);
    }
}
