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
}

impl Core {
    /// Ends the dialog of an answered call: with BYE now, or after the ACK that is still to come.
    pub(super) fn leave(&mut self, up: Up, cause: EndCause) {
        let goodbye = Goodbye {
            dialog: up.dialog,
            peer: up.peer,
            cause,
            tries: 0,
        };
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
        let cnonce = self.token();
        if let Some(credentials) = &goodbye.peer.credentials {
            goodbye.peer.auth.sign(&mut bye, credentials, &cnonce);
        }
        let hop = goodbye.dialog.next_hop(&goodbye.peer);
        self.launch(bye, hop, ClientTx::Bye(Box::new(goodbye)));
    }

    pub(super) fn on_bye_response(&mut self, number: u64, status: u16, response: &Message) {
        let Some(ClientTx::Bye(mut goodbye)) = self.client_txs.remove(&number) else {
            return;
        };
        let challenged = matches!(status, 401 | 407) && goodbye.peer.credentials.is_some();
        if challenged && goodbye.tries < 2 {
            goodbye.tries += 1;
            // The dialog's BYE was signed already when a challenge was known before.
            if goodbye.peer.auth.challenged(response, goodbye.tries > 1) {
                self.say_goodbye(*goodbye);
            }
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
