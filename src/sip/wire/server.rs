//! Server transactions: one task each.

use std::sync::Arc;

use rsipstack::{
    sip::{Method as StackMethod, SipMessage, Transport as StackTransport},
    transaction::{TransactionReceiver, transaction::Transaction},
};
use tokio::sync::oneshot;

use super::{Answer, Door, Feed, Wire, sip_addr};
use crate::{
    Hop, Transport,
    core::{Input, TxId},
    message::Message,
};

/// Hands every new request to the core.
pub(super) async fn serve(wire: Arc<Wire>, mut incoming: TransactionReceiver, core: Arc<dyn Feed>) {
    let mut served = 0;
    loop {
        let transaction = tokio::select! {
            transaction = incoming.recv() => transaction,
            () = wire.stop.cancelled() => None,
        };
        let Some(transaction) = transaction else {
            return;
        };
        served += 1;
        take_in(&wire, TxId::Server(served), transaction, &core);
    }
}

fn take_in(wire: &Arc<Wire>, tx: TxId, mut transaction: Transaction, core: &Arc<dyn Feed>) {
    let Some(from) = source(&transaction) else {
        return;
    };
    let Ok(message) = Message::parse(&transaction.original.to_bytes()) else {
        return;
    };
    if from.transport == Transport::Udp {
        // Answers go where the request came from, whatever its Via says (RFC 3581).
        transaction.destination = Some(sip_addr(from));
    }
    let sender = transaction.tu_sender.clone();
    // An INVITE may be cancelled before its answer: its transaction listens from the first.
    let is_invite = transaction.original.method == StackMethod::Invite;
    let (answer, answered) = (!is_invite).then(oneshot::channel).unzip();
    wire.add_door(
        tx,
        Door {
            key: transaction.key.clone(),
            sender,
            answer,
        },
    );
    wire.runtime
        .spawn(drive(wire.clone(), tx, transaction, answered, core.clone()));
    core.feed(Input::Request { tx, message, from });
}

fn source(transaction: &Transaction) -> Option<Hop> {
    let at = transaction.connection.as_ref()?.get_remote_addr()?;
    let transport = match at.r#type {
        Some(StackTransport::Tcp) => Transport::Tcp,
        Some(StackTransport::Tls) => Transport::Tls,
        _ => Transport::Udp,
    };
    let addr = at.get_socketaddr().ok()?;
    Some(Hop { transport, addr })
}

async fn drive(
    wire: Arc<Wire>,
    tx: TxId,
    mut transaction: Transaction,
    answered: Option<oneshot::Receiver<Answer>>,
    core: Arc<dyn Feed>,
) {
    let is_invite = answered.is_none();
    if let Some(answered) = answered
        && let Ok(Answer { response, left }) = answered.await
    {
        transaction.respond(response).await.ok();
        // Nobody may wait for it.
        left.send(()).ok();
    }
    let mut acked = false;
    while let Some(message) = transaction.receive().await {
        let SipMessage::Request(request) = message else {
            continue;
        };
        match request.method {
            StackMethod::Cancel => core.feed(Input::Cancel { tx }),
            StackMethod::Ack => {
                acked = true;
                if let Ok(message) = Message::parse(&request.to_bytes()) {
                    core.feed(Input::Ack { tx, message });
                }
            }
            _ => {}
        }
    }
    wire.close_door(tx);
    if is_invite && !acked {
        core.feed(Input::NoAck { tx });
    }
}
