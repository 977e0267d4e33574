//! Takes every 2xx to an INVITE of ours from below the transactions, which would show us only the
//! first.

use std::{
    sync::{Arc, OnceLock, Weak},
    time::Instant,
};

use async_trait::async_trait;
use rsipstack::{
    sip::SipMessage,
    transaction::endpoint::TransportEventInspector,
    transport::{SipAddr, SipConnection, TransportEvent},
};

use super::{Feed, socket::Socket};
use crate::{
    core::{Core, Input},
    message::{Message, Method},
};

#[derive(Clone)]
pub(super) struct Inspector {
    socket: Arc<Socket>,
    core: Arc<OnceLock<(Weak<dyn Feed>, String)>>,
}

impl Inspector {
    pub(super) fn new(socket: Arc<Socket>) -> Self {
        Self {
            socket,
            core: Arc::default(),
        }
    }

    pub(super) fn connect(&self, core: &Arc<dyn Feed>, salt: &str) {
        self.core.set((Arc::downgrade(core), salt.to_owned())).ok();
    }

    fn look_at(&self, response: &rsipstack::sip::Response) {
        if !(200..300).contains(&response.status_code.code()) {
            return;
        }
        let Ok(message) = Message::parse(&response.to_bytes()) else {
            return;
        };
        if !message.cseq().is_some_and(|c| c.method == Method::Invite) {
            return;
        }
        let Some((core, salt)) = self.core.get() else {
            return;
        };
        let via = message.top_via();
        let tx = via.and_then(|v| Core::tx_of_branch(salt, v.branch()?));
        if let (Some(tx), Some(core)) = (tx, core.upgrade()) {
            core.feed(Input::Response { tx, message });
        }
    }

    /// The flood limit for streams; datagrams were counted at the socket.
    fn admits(&self, connection: &SipConnection, from: &SipAddr) -> bool {
        match (connection, from.get_socketaddr()) {
            (SipConnection::Tcp(_) | SipConnection::Tls(_), Ok(addr)) => {
                self.socket.flood().admits(addr.ip(), Instant::now())
            }
            _ => true,
        }
    }
}

#[async_trait]
impl TransportEventInspector for Inspector {
    async fn handle(&self, event: TransportEvent) -> Option<TransportEvent> {
        if let TransportEvent::Incoming(message, connection, from) = &event {
            if !self.admits(connection, from) {
                return None;
            }
            if let SipMessage::Response(response) = message {
                self.look_at(response);
            }
        }
        Some(event)
    }
}
