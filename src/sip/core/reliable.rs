//! Reliable provisional responses (RFC 3262), both sides.

use std::{collections::VecDeque, time::Duration};

use super::{
    Core, TxId,
    call::{ClientTx, Ending, State},
    errands::Purpose,
    timers::Timer,
};
use crate::{
    CallRef, Reliable, Side,
    message::{Message, Method},
};

/// Provisional responses of ours to one INVITE.
#[derive(Debug, Default)]
pub(super) struct ReliableState {
    /// They are sent reliably.
    pub(super) wanted: bool,
    /// RSeq of the last one.
    rseq: u32,
    /// The one whose PRACK has not come.
    out: Option<Unacknowledged>,
    /// Status and session description of those behind it.
    queue: VecDeque<(u16, Option<Vec<u8>>)>,
    /// Our answer, which waits for the PRACK.
    pub(super) answer: Option<Vec<u8>>,
}

#[derive(Debug)]
struct Unacknowledged {
    message: Message,
    wait: Duration,
    waited: Duration,
}

impl ReliableState {
    /// For an INVITE of a caller whom we treat by these knobs.
    pub(super) fn towards(invite: &Message, reliable: Reliable) -> Self {
        let insists = invite.names("Require", "100rel");
        let can = invite.names("Supported", "100rel");
        Self {
            wanted: insists || (can && reliable == Reliable::Preferred),
            ..Self::default()
        }
    }

    /// The answer must not overtake an unacknowledged session description (section 3); it waits
    /// for every PRACK, which then needs no answer in two states.
    pub(super) fn holds_answer(&self) -> bool {
        self.out.is_some()
    }

    /// The next one, once nothing waits for its PRACK.
    fn next(&mut self) -> Option<(u16, Option<Vec<u8>>)> {
        if self.out.is_some() {
            return None;
        }
        self.queue.pop_front()
    }
}

impl Core {
    /// Sends PRACK for a reliable response to our INVITE. False for one that is to be passed over:
    /// a repeated one, or one out of order.
    pub(super) fn acknowledge_provisional(
        &mut self,
        id: CallRef,
        number: u64,
        response: &Message,
    ) -> bool {
        let rseq = response
            .header("RSeq")
            .and_then(|r| r.trim().parse::<u32>().ok());
        let reliable = response.names("Require", "100rel");
        let (Some(rseq), Some(_), true) = (rseq, response.tag_of_to(), reliable) else {
            return true;
        };
        let Some(ClientTx::Invite(invite)) = self.client_txs.get(&number) else {
            return false;
        };
        let invited = invite.request.cseq().map_or(1, |c| c.number);
        let Some(early) = self.early_dialog(id, number, response) else {
            return false;
        };
        if early.rseq.is_some_and(|last| rseq != last.wrapping_add(1)) {
            return false;
        }
        early.rseq = Some(rseq);
        let mut prack = early.dialog.request(Method::Prack);
        prack.push("Max-Forwards", "70");
        prack.push("RAck", format!("{rseq} {invited} INVITE"));
        self.run_errand(id, Purpose::Prack, prack, 0);
        true
    }

    /// Sends a provisional response to an INVITE that waits for the house. The first reliable one has
    /// to make an offer where they made none (section 5); one that cannot is not sent.
    pub(super) fn send_provisional(&mut self, id: CallRef, status: u16, sdp: Option<Vec<u8>>) {
        let Some(offered) = self.offered(id) else {
            return;
        };
        let (tx, reliably) = (offered.tx, offered.reliable.wanted);
        if offered.reliable.out.is_some() {
            return offered.reliable.queue.push_back((status, sdp));
        }
        let sdp = offered.exchange.say(sdp, reliably);
        if reliably && offered.exchange.waits_for_our_offer() {
            return;
        }
        let message = self.provisional(id, status, sdp.unwrap_or_default());
        let Some(mut message) = message else {
            return;
        };
        if !reliably {
            return self.respond(tx, message);
        }
        let Some(offered) = self.offered(id) else {
            return;
        };
        offered.reliable.rseq += 1;
        let rseq = offered.reliable.rseq;
        message.push("Require", "100rel");
        message.push("RSeq", rseq.to_string());
        let wait = self.config.timers.t1;
        if let Some(offered) = self.offered(id) {
            offered.reliable.out = Some(Unacknowledged {
                message: message.clone(),
                wait,
                waited: Duration::ZERO,
            });
        }
        self.respond(tx, message);
        self.after(wait, Timer::Reliable(id, rseq));
    }

    fn provisional(&self, id: CallRef, status: u16, sdp: Vec<u8>) -> Option<Message> {
        let call = self.calls.get(&id)?;
        let State::Offered(offered) = &call.state else {
            return None;
        };
        let contact = self.contact_for(&offered.peer);
        let message = self.reply(&offered.request, status, &call.local_tag);
        let message = message.with("Contact", contact);
        Some(message.with_body("application/sdp", sdp))
    }

    pub(super) fn on_reliable_timer(&mut self, id: CallRef, rseq: u32) {
        let give_up = self.config.timers.give_up();
        let Some(offered) = self.offered(id).filter(|o| o.reliable.rseq == rseq) else {
            return;
        };
        let tx = offered.tx;
        let Some(out) = &mut offered.reliable.out else {
            return;
        };
        out.waited += out.wait;
        out.wait *= 2;
        if out.waited >= give_up {
            self.close_offer(id, 504, None);
            let ending = Ending::new(Side::Network, Some(504)).or_q850(102);
            self.finish(id, ending.or_text("no PRACK"));
            return;
        }
        let (message, wait) = (out.message.clone(), out.wait.min(give_up - out.waited));
        self.respond(tx, message);
        self.after(wait, Timer::Reliable(id, rseq));
    }

    pub(super) fn on_prack(&mut self, tx: TxId, request: &Message, id: CallRef) {
        let Some(offered) = self.offered(id) else {
            return self.refuse(tx, request, 481);
        };
        let invited = offered.request.cseq().map_or(0, |c| c.number);
        let expected = format!("{} {invited} INVITE", offered.reliable.rseq);
        let words: Vec<_> = request
            .header("RAck")
            .map(|r| r.split_whitespace().collect())
            .unwrap_or_default();
        if offered.reliable.out.is_none() || words.join(" ") != expected {
            return self.refuse(tx, request, 481);
        }
        offered.reliable.out = None;
        let body = self.on_prack_media(id, request);
        let ok = self.reply(request, 200, "");
        self.respond(tx, ok.with_body("application/sdp", body));
        while let Some((status, sdp)) = self.offered(id).and_then(|o| o.reliable.next()) {
            self.send_provisional(id, status, sdp);
        }
        let answer = self
            .offered(id)
            .filter(|o| !o.reliable.holds_answer())
            .and_then(|o| o.reliable.answer.take());
        if let Some(answer) = answer {
            // It was accepted when the house gave it; only its time has come.
            let _ = self.answer(id, answer);
        }
    }

    /// Whether an early dialog's offer was answered reliably, so that a new one may be made.
    pub(super) fn is_settled_early(&self, id: CallRef, tag: Option<&str>) -> bool {
        let Some(State::Calling(calling)) = self.calls.get(&id).map(|c| &c.state) else {
            return false;
        };
        calling
            .early
            .iter()
            .any(|e| Some(&*e.tag) == tag && e.rseq.is_some() && e.sdp.is_some())
    }
}
