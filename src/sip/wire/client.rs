//! Client transactions: one task each, from the first send to the last timer.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use rsipstack::{
    sip::{Request, SipMessage},
    transaction::{
        key::{TransactionKey, TransactionRole},
        transaction::Transaction,
    },
};
use tokio::sync::oneshot;
use tracing::debug;

use super::{Door, Feed, Left, Wire, sip_addr};
use crate::{
    Hop, Transport,
    core::{Input, TxId},
    message::{Message, Method, Uri},
};

impl Wire {
    /// Starts a client transaction; its request leaves `behind` an answer.
    pub(crate) fn send(
        self: &Arc<Self>,
        tx: TxId,
        message: &Message,
        (to, behind): (Hop, Option<Left>),
        core: Arc<dyn Feed>,
    ) {
        if let Some(uri) = message.uri().and_then(Uri::parse)
            && uri.socket_addr().is_none()
        {
            self.names.learn(&uri.host, to.addr);
        }
        let Some(transaction) = self.new_client(message, to) else {
            debug!("a request of ours cannot be read by the transaction layer");
            self.runtime
                .spawn(async move { core.feed(Input::Unanswered { tx, sent: false }) });
            return;
        };
        let sender = transaction.tu_sender.clone();
        self.add_door(
            tx,
            Door {
                key: transaction.key.clone(),
                sender,
                answer: None,
            },
        );
        let is_invite = message.method() == Some(&Method::Invite);
        let turn = match to.transport {
            Transport::Udp => self.take_turn(behind),
            // A stream keeps the order of what is handed to it.
            Transport::Tcp | Transport::Tls => Turn {
                before: None,
                behind,
                _left: None,
            },
        };
        let drive = drive(self.clone(), tx, transaction, to, is_invite, turn, core);
        self.runtime.spawn(drive);
    }

    fn take_turn(&self, behind: Option<Left>) -> Turn {
        let (left, next) = oneshot::channel();
        let mut last = self
            .last_turn
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let before = last.replace(next);
        Turn {
            before,
            behind,
            _left: Some(left),
        }
    }

    fn new_client(&self, message: &Message, to: Hop) -> Option<Transaction> {
        let request = Request::try_from(message.to_bytes()).ok()?;
        let key = TransactionKey::from_request(&request, TransactionRole::Client).ok()?;
        let mut transaction =
            Transaction::new_client(key, request, self.endpoint.inner.clone(), None);
        transaction.destination = Some(sip_addr(to));
        if let Some(trunk) = self.trunk_of(message, to) {
            transaction.connection = Some(trunk.connection.clone());
        }
        Some(transaction)
    }

    fn input_of(
        &self,
        tx: TxId,
        response: &rsipstack::sip::Response,
        is_invite: bool,
    ) -> Option<Input> {
        let message = Message::parse(&response.to_bytes()).ok()?;
        match message.status()? {
            // The inspector has told it.
            200..=299 if is_invite => None,
            status @ (408 | 503) if message.header("User-Agent") == Some(&self.user_agent) => {
                Some(Input::Unanswered {
                    tx,
                    sent: status == 408,
                })
            }
            _ => Some(Input::Response { tx, message }),
        }
    }
}

/// An answer that has not left by then, as into a stream that nobody reads, holds nothing up.
const ANSWER_LEAVES: Duration = Duration::from_millis(500);

/// A request's place among those that leave over UDP, kept until it has left: a BYE that overtook the
/// NOTIFY before it would have that refused (RFC 3261 section 12.2.2).
struct Turn {
    before: Option<oneshot::Receiver<()>>,
    behind: Option<Left>,
    _left: Option<oneshot::Sender<()>>,
}

impl Turn {
    async fn comes(&mut self) {
        if let Some(before) = self.before.take() {
            // It is dropped, not sent.
            before.await.ok();
        }
        if let Some(answer) = self.behind.take() {
            // Dropped is as good as told: it will not leave any more.
            tokio::time::timeout(ANSWER_LEAVES, answer).await.ok();
        }
    }
}

async fn drive(
    wire: Arc<Wire>,
    tx: TxId,
    mut transaction: Transaction,
    to: Hop,
    is_invite: bool,
    mut turn: Turn,
    core: Arc<dyn Feed>,
) {
    if to.transport != Transport::Udp {
        let Some(flow) = wire.flow(to).await else {
            wire.close_door(tx);
            return core.feed(Input::Unanswered { tx, sent: false });
        };
        transaction.connection = Some(flow);
    }
    turn.comes().await;
    let sent = transaction.send().await;
    drop(turn);
    if let Err(error) = sent {
        debug!(%error, "request not sent");
        wire.close_door(tx);
        return core.feed(Input::Unanswered { tx, sent: false });
    }
    while let Some(message) = transaction.receive().await {
        if let SipMessage::Response(response) = message
            && let Some(input) = wire.input_of(tx, &response, is_invite)
        {
            core.feed(input);
        }
    }
    wire.close_door(tx);
}
