//! BYE, with whatever it needs to get through.

use super::{
    Core,
    call::{ClientTx, Peer, ServerInvite, Up},
    dialog::Dialog,
};
use crate::{
    EndCause,
    message::{Message, Method},
};

/// A dialog that is to be ended.
#[derive(Debug)]
pub(super) struct Goodbye {
    pub(super) dialog: Dialog,
    pub(super) peer: Peer,
    pub(super) cause: EndCause,
    /// How often it was challenged.
    pub(super) tries: u8,
    /// The BYE that is out.
    pub(super) sent: Option<Message>,
}

impl Goodbye {
    pub(super) fn new(dialog: Dialog, peer: Peer, cause: EndCause) -> Self {
        Self {
            dialog,
            peer,
            cause,
            tries: 0,
            sent: None,
        }
    }
}

impl Core {
    /// Ends the dialog of an answered call: with BYE now, or after the ACK that is still to come.
    pub(super) fn leave(&mut self, up: Up, cause: EndCause) {
        let goodbye = Goodbye::new(up.dialog, up.peer, cause);
        match up.unacked {
            Some(unacked) if unacked.first => {
                self.server_invites
                    .insert(unacked.tx, ServerInvite::Leaving(Box::new(goodbye)));
            }
            unacked => {
                if let Some(unacked) = unacked {
                    self.server_invites.remove(&unacked.tx);
                }
                self.say_goodbye(goodbye);
            }
        }
    }

    pub(super) fn say_goodbye(&mut self, mut goodbye: Goodbye) {
        let mut bye = goodbye.dialog.request(Method::Bye);
        bye.push("Max-Forwards", "70");
        bye.push("User-Agent", self.config.user_agent.clone());
        bye.push("Reason", reason(goodbye.cause));
        self.sign(&mut bye, &goodbye.peer);
        let hop = goodbye.dialog.next_hop(&goodbye.peer);
        goodbye.sent = Some(bye.clone());
        self.launch(bye, hop, ClientTx::Bye(Box::new(goodbye)));
    }

    pub(super) fn on_bye_response(&mut self, number: u64, status: u16, response: &Message) {
        let Some(ClientTx::Bye(mut goodbye)) = self.client_txs.remove(&number) else {
            return;
        };
        let Some(bye) = goodbye.sent.take().filter(|_| matches!(status, 401 | 407)) else {
            return;
        };
        if goodbye.tries < 2 && self.challenged(&goodbye.peer, &bye, response, goodbye.tries) {
            goodbye.tries += 1;
            self.say_goodbye(*goodbye);
        }
    }
}

/// Our Reason header (RFC 3326).
pub(super) fn reason(cause: EndCause) -> String {
    let text = match cause {
        EndCause::Normal => "Normal call clearing",
        EndCause::Busy => "User busy",
        EndCause::NoAnswer => "No answer",
        EndCause::Declined => "Call rejected",
        EndCause::Unallocated => "Unallocated number",
        EndCause::Congestion => "Switching equipment congestion",
        EndCause::NotAcceptable => "Incompatible destination",
    };
    format!("Q.850;cause={};text=\"{text}\"", cause.q850())
}
