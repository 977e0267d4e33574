//! Scripts on a virtual clock: what goes in, and in one line each what comes out.

mod accounts;
mod called;
mod contacts;
mod in_dialog;
mod incoming;
mod intruders;
mod outgoing;
mod phones;
mod random;
mod reliable;
mod remote_control;
mod reoffer;
mod secure;
mod session;
mod transfer;
mod ways;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use uuid::Uuid;

use super::{Command, Core, Input, Output, TxId};
use crate::{
    Algorithm, CallRef, Config, Credentials, Destination, EndCause, Gateway, Ha1, Hop, Identity,
    Offer, PhoneBook, PhoneKey, SipError, SipEvent, ha1,
    message::{Message, Method, Start},
    sdp::{self, Local},
};

const START: u64 = 1_800_000_000_000;
const REALM: &str = "phones.test";

/// One core, and the network as the test plays it.
struct Rig {
    core: Core,
    now_ms: u64,
    /// Everything that came out and was not asked for yet.
    log: Vec<String>,
    /// Requests that went out, newest last.
    sent: Vec<(TxId, Message, Hop)>,
    /// Responses that went out, newest last.
    responses: Vec<(TxId, Message)>,
    events: Vec<SipEvent>,
    acks: Vec<(Message, Hop)>,
    /// Where somebody has shown a password.
    vouched: Vec<std::net::IpAddr>,
    served: u64,
}

struct Book;

impl PhoneBook for Book {
    fn secrets(&self, extension: &str) -> Option<Ha1> {
        (extension == "1001").then(|| ha1("1001", REALM, "secret"))
    }
}

fn me() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 10], 5060))
}

fn carrier() -> Hop {
    Hop::udp(SocketAddr::from(([198, 51, 100, 1], 5060)))
}

fn stranger() -> Hop {
    Hop::udp(SocketAddr::from(([203, 0, 113, 66], 5060)))
}

fn call() -> CallRef {
    CallRef(Uuid::from_u128(1))
}

fn carrier_gateway() -> Gateway {
    let mut gateway = Gateway::udp("carrier", carrier().addr);
    let (username, password) = ("trunk".into(), "trunk-secret".into());
    gateway.credentials = Some(Credentials { username, password });
    gateway
}

fn description(port: u16) -> Vec<u8> {
    sdp::offer(&Local::new(SocketAddr::from(([198, 51, 100, 7], port)), 1))
}

impl Rig {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new(me(), REALM);
        config.gateways = vec![carrier_gateway()];
        config.phone_algorithms = vec![Algorithm::Sha256, Algorithm::Md5];
        change(&mut config);
        Self {
            core: Core::new(config, me(), Arc::new(Book), [7; 32], START),
            now_ms: START,
            log: Vec::new(),
            sent: Vec::new(),
            responses: Vec::new(),
            events: Vec::new(),
            acks: Vec::new(),
            vouched: Vec::new(),
            served: 0,
        }
    }

    /// Calls a number behind the carrier, with 30 s to ring.
    fn calling() -> Self {
        let mut rig = Self::new();
        rig.invite().expect("accepted");
        rig.expect(&["send INVITE"]);
        rig
    }

    /// The same, ringing.
    fn ringing() -> Self {
        let mut rig = Self::calling();
        rig.reply(180, "them");
        rig.expect(&["tell Ringing"]);
        rig
    }

    /// The same, answered.
    fn up() -> Self {
        let mut rig = Self::ringing();
        rig.reply(200, "them");
        rig.expect(&["ack", "tell Answered"]);
        rig
    }

    fn invite(&mut self) -> Result<(), SipError> {
        let to = Destination::Gateway {
            gateway: "carrier".into(),
            number: "5550199".into(),
        };
        self.command(Command::Invite {
            call: call(),
            to,
            caller: Identity {
                number: "5550100".into(),
                ..Identity::default()
            },
            offer: description(30_000).into(),
            ring_timeout: Duration::from_secs(30),
        })
    }

    fn end(&mut self, cause: EndCause) {
        self.command(Command::End(call(), cause))
            .expect("there is the call");
    }

    fn command(&mut self, command: Command) -> Result<(), SipError> {
        let outputs = self.core.command(command, self.now_ms)?;
        self.note(outputs);
        Ok(())
    }

    fn feed(&mut self, input: Input) {
        let outputs = self.core.on(input, self.now_ms);
        self.note(outputs);
    }

    /// Lets time pass; due timers fire one after the other.
    fn pass(&mut self, seconds: u64) {
        let until = self.now_ms + seconds * 1000;
        while let Some(next) = self.core.next_wake().filter(|at| *at <= until) {
            self.now_ms = next;
            self.feed(Input::Wake);
        }
        self.now_ms = until;
    }

    /// The newest request of that method that went out.
    fn last(&self, method: &Method) -> (TxId, Message, Hop) {
        let found = self
            .sent
            .iter()
            .rev()
            .find(|(_, m, _)| m.method() == Some(method));
        found.cloned().expect("such a request was sent")
    }

    /// The far end responds to the newest INVITE.
    fn reply(&mut self, status: u16, tag: &str) {
        let (tx, invite, _) = self.last(&Method::Invite);
        let message = response_to(&invite, status, tag);
        self.feed(Input::Response { tx, message });
    }

    /// The far end responds to the newest request of that method.
    fn reply_to(&mut self, method: &Method, status: u16, headers: &[(&'static str, &str)]) {
        let (tx, request, _) = self.last(method);
        let mut message = Message::answer(&request, status, "them");
        for (name, value) in headers {
            message.push(name, *value);
        }
        self.feed(Input::Response { tx, message });
    }

    /// A request comes in; its transaction.
    fn arrive(&mut self, message: Message, from: Hop) -> TxId {
        self.served += 1;
        let tx = TxId::Server(self.served);
        self.feed(Input::Request { tx, message, from });
        tx
    }

    /// The newest response that went out.
    fn answer(&self) -> &Message {
        &self.responses.last().expect("a response").1
    }

    /// The far end's next request in the dialog of [`Rig::up`].
    fn in_dialog(&self, method: Method, cseq: u32) -> Message {
        let (_, invite, _) = self.last(&Method::Invite);
        let name = method.name().to_owned();
        Message::request(method, "sip:5550100@192.0.2.10:5060")
            .with(
                "Via",
                format!("SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK{name}{cseq}"),
            )
            .with(
                "From",
                format!("{};tag=them", invite.header("To").expect("To")),
            )
            .with("To", invite.header("From").expect("From"))
            .with("Call-ID", invite.call_id())
            .with("CSeq", format!("{cseq} {name}"))
            .with("Contact", "<sip:5550199@198.51.100.1>")
    }

    /// Everything that came out since the last time, no more and no less.
    #[track_caller]
    fn expect(&mut self, lines: &[&str]) {
        let log = std::mem::take(&mut self.log);
        assert_eq!(log, lines);
    }

    fn note(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            // They come with every INVITE after the first and every right password, which the log
            // shows by themselves.
            let implied = matches!(
                output,
                Output::Tell(SipEvent::SentAgain { .. }) | Output::Vouch { .. }
            );
            if !implied {
                self.log.push(line(&output));
            }
            match output {
                Output::Send { tx, message, to } => self.sent.push((tx, message, to)),
                Output::Respond { tx, message } => self.responses.push((tx, message)),
                Output::SendAck { message, to } => self.acks.push((message, to)),
                Output::Tell(event) => self.events.push(event),
                Output::Vouch { source } => self.vouched.push(source),
                Output::Drop { .. } | Output::Ban { .. } => {}
            }
        }
    }
}

fn response_to(invite: &Message, status: u16, tag: &str) -> Message {
    let response = Message::answer(invite, status, tag);
    match status {
        200 => response
            .with("Contact", "<sip:5550199@198.51.100.1:5060>")
            .with_body("application/sdp", description(31_000)),
        _ => response,
    }
}

fn line(output: &Output) -> String {
    match output {
        Output::Send { message, .. } => match &message.start {
            Start::Request { method, .. } => format!("send {}", method.name()),
            Start::Response { .. } => "send a response".into(),
        },
        Output::Respond { message, .. } => {
            let method = message.cseq().expect("CSeq").method;
            format!(
                "{} {}",
                message.status().expect("a response"),
                method.name()
            )
        }
        Output::SendAck { .. } => "ack".into(),
        Output::Drop { .. } => "drop".into(),
        Output::Ban { .. } => "ban".into(),
        Output::Vouch { .. } => "vouch".into(),
        Output::Tell(event) => format!("tell {}", told(event)),
    }
}

fn told(event: &SipEvent) -> String {
    let number = |n: Option<u32>| n.map_or("-".into(), |n| n.to_string());
    match event {
        SipEvent::Incoming {
            from,
            to,
            source,
            replaces,
            ..
        } => {
            let replaces = replaces.map_or("", |_| " in place of a call");
            format!("Incoming {from} {to} {source:?}{replaces}")
        }
        SipEvent::SentAgain { .. } => "SentAgain".into(),
        SipEvent::Ringing { sdp: None, .. } => "Ringing".into(),
        SipEvent::Ringing { sdp: Some(_), .. } => "Ringing with media".into(),
        SipEvent::Answered { .. } => "Answered".into(),
        SipEvent::Confirmed { .. } => "Confirmed".into(),
        SipEvent::MediaChanged { .. } => "MediaChanged".into(),
        SipEvent::InfoDigit { digit, ms, .. } => format!("InfoDigit {digit} {ms}"),
        SipEvent::HookFlash { .. } => "HookFlash".into(),
        SipEvent::KeyAnswered { sip_status, .. } => format!("KeyAnswered {sip_status}"),
        SipEvent::Ended {
            side,
            sip_status,
            q850,
            forwards_to,
            ..
        } => {
            let status = number(sip_status.map(u32::from));
            let to = forwards_to
                .as_ref()
                .map_or(String::new(), |to| format!(" to {to}"));
            format!(
                "Ended {side:?} {status} {}{to}",
                number(q850.map(u32::from))
            )
        }
        SipEvent::Registered { extension, .. } => format!("Registered {extension}"),
        SipEvent::Unregistered { extension, .. } => format!("Unregistered {extension}"),
        SipEvent::AccountRegistered { expires_s, .. } => format!("AccountRegistered {expires_s}"),
        SipEvent::AccountFailed {
            sip_status,
            retry_in_s,
            ..
        } => {
            format!("AccountFailed {sip_status} {retry_in_s}")
        }
        SipEvent::GatewayState { gateway, state, .. } => {
            format!("GatewayState {gateway} {state:?}")
        }
        SipEvent::Banned { seconds, .. } => format!("Banned {seconds}"),
        SipEvent::PhoneLimited { extension, why, .. } => {
            format!("PhoneLimited {extension}: {why}")
        }
        SipEvent::ReofferRefused { sip_status, .. } => format!("ReofferRefused {sip_status}"),
        SipEvent::TransferAsked { to, replaces, .. } => {
            let replaces = replaces.map_or("", |_| " in place of a call");
            format!("TransferAsked {to}{replaces}")
        }
        SipEvent::TransferProgress {
            sip_status, done, ..
        } => format!("TransferProgress {sip_status} {done}"),
    }
}
