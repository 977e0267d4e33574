//! Takes every 2xx to an INVITE of ours from below the transactions, which would show us only the
//! first.

use std::sync::{Arc, OnceLock, Weak};

use async_trait::async_trait;
use rsipstack::{
    sip::SipMessage, transaction::endpoint::TransportEventInspector, transport::TransportEvent,
};

use super::Feed;
use crate::{
    core::{Core, Input},
    message::{Message, Method},
};

#[derive(Clone, Default)]
pub(super) struct Inspector {
    core: Arc<OnceLock<(Weak<dyn Feed>, String)>>,
}

impl Inspector {
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
}

#[async_trait]
impl TransportEventInspector for Inspector {
    async fn handle(&self, event: TransportEvent) -> Option<TransportEvent> {
        if let TransportEvent::Incoming(SipMessage::Response(response), ..) = &event {
            self.look_at(response);
        }
        Some(event)
    }
}
