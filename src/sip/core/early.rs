//! Early dialogs of calls that we make (RFC 3261 section 12): one for each phone that rings.

use super::{
    Core,
    call::{ClientTx, State},
    dialog::Dialog,
};
use crate::{CallRef, message::Message};

pub(super) const MAX_FORKS: usize = 16;

#[derive(Debug)]
pub(super) struct Early {
    pub(super) tag: String,
    /// The early media that it brought.
    pub(super) sdp: Option<Vec<u8>>,
    pub(super) dialog: Dialog,
    /// RSeq of the last of its reliable responses, each of which was acknowledged.
    pub(super) rseq: Option<u32>,
}

impl Core {
    /// That of a provisional response, unless it has no tag or is one of too many.
    pub(super) fn early_dialog(
        &mut self,
        id: CallRef,
        number: u64,
        response: &Message,
    ) -> Option<&mut Early> {
        let tag = response.tag_of_to()?;
        let Some(ClientTx::Invite(invite)) = self.client_txs.get(&number) else {
            return None;
        };
        let State::Calling(calling) = &mut self.calls.get_mut(&id)?.state else {
            return None;
        };
        let early = &mut calling.early;
        if let Some(at) = early.iter().position(|known| known.tag == tag) {
            return early.get_mut(at);
        }
        if early.len() == MAX_FORKS {
            return None;
        }
        early.push(Early {
            tag,
            sdp: None,
            dialog: Dialog::of_response(&invite.request, response),
            rseq: None,
        });
        early.last_mut()
    }
}

/// The session description of a 2xx, or else what its early dialog brought, or any early dialog.
pub(super) fn answer_in(response: &Message, tag: &str, early: &[Early]) -> Option<Vec<u8>> {
    let own = early
        .iter()
        .find(|e| e.tag == tag)
        .and_then(|e| e.sdp.as_ref());
    let any = early.iter().find_map(|e| e.sdp.as_ref());
    response
        .sdp()
        .map(<[u8]>::to_vec)
        .or_else(|| own.or(any).cloned())
}
