//! One stream under the transaction layer, whose own reader takes a body for a second message where
//! Content-Length is written with a blank, adds lengths until they wrap, and ends the stream at whatever
//! it cannot read. Here a stream is read as datagrams are: what goes further has been through [`guard`].

use std::{sync::Arc, time::Instant};

use rsipstack::{
    platform::CancellationToken,
    sip::SipMessage,
    transaction::key::{TransactionKey, TransactionRole},
    transport::{
        SipConnection, TransportEvent, channel::ChannelConnection, connection::TransportSender,
    },
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf},
    sync::mpsc::{self, Receiver, Sender},
    time::{Duration, timeout},
};
use tracing::debug;

use super::{
    STREAM_IDLE, Wire,
    flows::Flow,
    frames::{Frame, Frames},
    guard::{self, Unfit},
    sip_addr,
};
use crate::{Hop, message::Message};

/// Messages that wait for the other end to read.
const WAITING: usize = 64;
/// What was said last may take so long to leave before the stream is closed.
const LAST_WORD: Duration = Duration::from_secs(1);

/// A stream that is known to the transaction layer and not carried yet.
pub(super) struct Stream {
    ear: Ear,
    outgoing: Receiver<TransportEvent>,
    over: CancellationToken,
    flow: Flow,
}

/// Takes what comes in one.
struct Ear {
    wire: Arc<Wire>,
    from: Hop,
    connection: SipConnection,
    heard: TransportSender,
}

impl Stream {
    /// `over` ends it, and is told when it has ended.
    pub(super) async fn new(wire: Arc<Wire>, from: Hop, over: CancellationToken) -> Option<Self> {
        let (heard, incoming) = mpsc::unbounded_channel();
        let (out, outgoing) = mpsc::channel(WAITING);
        let (at, token) = (sip_addr(from), Some(over.clone()));
        let channel = ChannelConnection::create_connection_bounded(incoming, out, at, token).await;
        let connection = SipConnection::Channel(channel.ok()?);
        let flow = wire.flows.open(from, connection.clone());
        let layer = &wire.endpoint.inner.transport_layer;
        // It serves the channel until `heard` is gone, and then forgets the connection.
        layer.add_connection(connection.clone());
        let ear = Ear {
            wire,
            from,
            connection,
            heard,
        };
        Some(Self {
            ear,
            outgoing,
            over,
            flow,
        })
    }

    pub(super) fn connection(&self) -> SipConnection {
        self.ear.connection.clone()
    }

    /// Carries messages to and fro until either end closes.
    pub(super) async fn carry(self, stream: impl AsyncRead + AsyncWrite + Send) {
        let Self {
            ear,
            outgoing,
            over,
            flow: _flow,
        } = self;
        let (reader, writer) = tokio::io::split(stream);
        let (say, said) = mpsc::channel(WAITING);
        let writing = write(writer, outgoing, said);
        tokio::pin!(writing);
        tokio::select! {
            () = ear.read(reader, say) => {
                timeout(LAST_WORD, writing).await.ok();
            }
            () = &mut writing => {}
            () = over.cancelled() => {}
        }
        over.cancel();
    }
}

impl Ear {
    async fn read(&self, mut reader: ReadHalf<impl AsyncRead>, say: Sender<Vec<u8>>) {
        let mut frames = Frames::default();
        loop {
            while let Some(frame) = frames.next() {
                let is_lost = matches!(frame, Frame::Lost(..));
                if let Some(answer) = self.take(frame)
                    && say.send(answer).await.is_err()
                {
                    return;
                }
                if is_lost {
                    return debug!("a stream from {} cannot be followed", self.from.addr);
                }
            }
            match timeout(STREAM_IDLE, reader.read_buf(frames.room())).await {
                Ok(Ok(1..)) => {}
                _ => return,
            }
        }
    }

    /// Passes on what may go further; what is answered at once.
    fn take(&self, frame: Frame) -> Option<Vec<u8>> {
        let flood = self.wire.socket.flood();
        let is_admitted = flood.admits(self.from.addr.ip(), Instant::now());
        let bytes = match frame {
            Frame::Lost(head, status) => return told(guard::refusal(&head, status)),
            _ if !is_admitted => return None,
            Frame::Ping => return Some(b"\r\n".to_vec()),
            Frame::Message(bytes) => bytes,
        };
        let message = match guard::admit(&bytes) {
            Ok(message) => message,
            Err(unfit) => return told(unfit),
        };
        match self.pass_on(&message) {
            Some(()) => None,
            None => told(guard::refusal(&bytes, 400)),
        }
    }

    /// `None`: the layer above cannot read it.
    fn pass_on(&self, message: &Message) -> Option<()> {
        let (at, addr) = (sip_addr(self.from), self.from.addr);
        let message = SipMessage::try_from(&message.to_bytes()[..]).ok()?;
        if let SipMessage::Request(request) = &message {
            TransactionKey::from_request(request, TransactionRole::Server).ok()?;
        }
        let transport = at.r#type?;
        let message = SipConnection::update_msg_received(message, addr, transport).ok()?;
        let event = TransportEvent::Incoming(message, self.connection.clone(), at);
        // It is gone only when the whole wire ends.
        self.heard.send(event).ok();
        Some(())
    }
}

fn told(unfit: Unfit) -> Option<Vec<u8>> {
    match unfit {
        Unfit::Refuse(answer) => Some(answer.to_bytes()),
        Unfit::Drop => None,
    }
}

/// Until nothing more is `said`: then nobody reads any more.
async fn write(
    mut writer: WriteHalf<impl AsyncWrite>,
    mut outgoing: Receiver<TransportEvent>,
    mut said: Receiver<Vec<u8>>,
) {
    loop {
        let bytes = tokio::select! {
            biased;
            event = outgoing.recv() => match event {
                Some(TransportEvent::Incoming(message, ..)) => message.to_bytes(),
                _ => continue,
            },
            answer = said.recv() => match answer {
                Some(answer) => answer,
                None => break,
            },
        };
        if writer.write_all(&bytes).await.is_err() || writer.flush().await.is_err() {
            return;
        }
    }
    writer.shutdown().await.ok();
}
