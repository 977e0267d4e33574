//! Decides everything about SIP, without IO, clock or randomness of its own.
//!
//! A message that arrived goes in as an [`Input`], a wish of the house as a [`Command`], both with
//! the time; what is to be sent and told comes out as [`Output`]s, in order. Retransmission and
//! transaction time-outs are the wire's: here a request is sent once and answered, or declared
//! unanswered.
//!
//! ```text
//! outgoing:  Calling --2xx--> Up --BYE--> gone        incoming:  Offered --answer--> Up
//!               |  \--3xx..6xx, time-out--> gone                    |  \--refusal--> gone
//!               \--end, ring time-out--> Calling, giving up          \--CANCEL--> gone
//!                     (CANCEL; 487, guard or a raced 2xx ends it)
//! ```

mod account;
mod authenticate;
mod bouncer;
mod call;
mod called;
mod dialog;
mod early;
mod errands;
mod exchange;
mod fraud;
mod gateways;
mod goodbye;
mod in_dialog;
mod incoming;
mod outgoing;
mod overload;
mod phones;
mod registrar;
mod reliable;
mod remote_control;
mod reoffer;
mod replaces;
mod secure;
mod session;
mod target;
#[cfg(test)]
mod tests;
mod timers;
mod transfer;
mod ways;
mod words;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

pub(crate) use self::words::{Command, Input, Output, TxId};
use self::{
    account::AccountState,
    bouncer::Bouncer,
    call::{Call, ClientTx, ServerInvite, Trunk},
    fraud::PhoneCalls,
    gateways::GatewayEntry,
    overload::Admission,
    registrar::Registrar,
    replaces::Gone,
    timers::{Timer, Timers},
};
use crate::{
    AccountId, CallRef, Config, EndCause, Hop, PhoneBook, SipError, SipEvent, Transport,
    digest::{ClientAuth, Nonces, hex},
    message::{ALLOW, Message, Method},
};

/// The whole state of one agent.
pub(crate) struct Core {
    config: Config,
    /// Our address as peers see it.
    me: SocketAddr,
    phones: Arc<dyn PhoneBook>,
    random: StdRng,
    /// Marks branches as ours.
    salt: String,
    now_ms: u64,
    out: Vec<Output>,
    timers: Timers,
    calls: HashMap<CallRef, Call>,
    /// Call-ID and our tag.
    by_dialog: BTreeMap<(String, String), CallRef>,
    /// Call-ID and tag of those who called us.
    by_caller: HashSet<(String, String)>,
    gone: Gone,
    client_txs: HashMap<u64, ClientTx>,
    server_invites: HashMap<TxId, ServerInvite>,
    made_txs: u64,
    gateways: BTreeMap<String, GatewayEntry>,
    registrar: Registrar,
    accounts: BTreeMap<AccountId, AccountState>,
    /// Challenges that we were given, shared by all calls through a trunk.
    auths: BTreeMap<Trunk, ClientAuth>,
    nonces: Nonces,
    bouncer: Bouncer,
    phone_calls: PhoneCalls,
    admission: Admission,
    draining: bool,
}

impl Core {
    /// `me` is the announced address. `seed` feeds every tag, branch and nonce.
    pub(crate) fn new(
        config: Config,
        me: SocketAddr,
        phones: Arc<dyn PhoneBook>,
        seed: [u8; 32],
        now_ms: u64,
    ) -> Self {
        let mut random = StdRng::from_seed(seed);
        let mut core = Self {
            me,
            phones,
            salt: hex(&random.random::<[u8; 6]>()),
            nonces: Nonces::new(random.random()),
            random,
            now_ms,
            out: Vec::new(),
            timers: Timers::default(),
            calls: HashMap::new(),
            by_dialog: BTreeMap::new(),
            by_caller: HashSet::new(),
            gone: Gone::default(),
            client_txs: HashMap::new(),
            server_invites: HashMap::new(),
            made_txs: 0,
            gateways: BTreeMap::new(),
            registrar: Registrar::default(),
            accounts: BTreeMap::new(),
            auths: BTreeMap::new(),
            bouncer: Bouncer::default(),
            phone_calls: PhoneCalls::default(),
            admission: Admission::default(),
            draining: false,
            config,
        };
        let gateways = std::mem::take(&mut core.config.gateways);
        core.set_gateways(gateways);
        core.after(Duration::from_secs(60), Timer::Sweep);
        if let Some(every) = core.config.phone_ping {
            core.after(every, Timer::PingPhones);
        }
        core
    }

    /// Takes in what happened, at `now_ms` (UTC milliseconds that never run backwards).
    pub(crate) fn on(&mut self, input: Input, now_ms: u64) -> Vec<Output> {
        self.now_ms = self.now_ms.max(now_ms);
        match input {
            Input::Request { tx, message, from } => self.on_request(tx, &message, from),
            Input::Response { tx, message } => self.on_response(tx, message),
            Input::Unanswered { tx, sent } => self.on_unanswered(tx, sent),
            Input::Ack { tx, message } => self.on_ack(tx, &message),
            Input::NoAck { tx } => self.on_no_ack(tx),
            Input::Cancel { tx } => self.on_cancel(tx),
            Input::Wake => {}
        }
        self.run_timers();
        std::mem::take(&mut self.out)
    }

    /// Does what the house wants, or refuses without a trace.
    pub(crate) fn command(
        &mut self,
        command: Command,
        now_ms: u64,
    ) -> Result<Vec<Output>, SipError> {
        self.now_ms = self.now_ms.max(now_ms);
        match command {
            Command::Invite {
                call,
                to,
                caller,
                offer,
                ring_timeout,
            } => {
                self.invite(call, &to, &caller, offer, ring_timeout)?;
            }
            Command::Ring(call, offer) => self.ring(call, offer)?,
            Command::Progress(call, sdp) => self.progress(call, sdp)?,
            Command::Answer(call, sdp) => self.answer(call, sdp)?,
            Command::Speaks(call, local) => self.speaks(call, local)?,
            Command::End(call, cause) => self.end(call, cause)?,
            Command::Reoffer(call, offer) => self.reoffer_command(call, offer)?,
            Command::SendDigit { call, digit, ms } => self.send_digit(call, digit, ms)?,
            Command::Press(call, key) => self.press(call, key)?,
            Command::Refer {
                call,
                number,
                replaces,
            } => self.refer(call, &number, replaces)?,
            Command::TransferResult(call, status) => self.transfer_result(call, status)?,
            Command::SetGateways(gateways) => self.set_gateways(gateways),
            Command::Register(account) => self.register(account),
            Command::Unregister(account) => self.unregister(account),
            Command::DropPhone(extension) => {
                if !self.drop_phone(&extension) {
                    return Err(SipError::NotRegistered);
                }
            }
            Command::Pardon(source) => self.pardon(source),
            Command::SetPhoneLimits(limits) => self.config.phone_limits = limits,
            Command::Overloaded(overloaded) => self.admission.overloaded = overloaded,
            Command::Shutdown => self.shut_down(),
        }
        Ok(std::mem::take(&mut self.out))
    }

    /// When to send [`Input::Wake`].
    pub(crate) fn next_wake(&self) -> Option<u64> {
        if self.out.is_empty() {
            self.timers.next()
        } else {
            // What the configuration asked for at the start.
            Some(self.now_ms)
        }
    }

    pub(crate) fn is_registered(&self, extension: &str) -> bool {
        self.registrar.binding(extension, self.now_ms).is_some()
    }

    pub(crate) fn calls(&self) -> impl Iterator<Item = CallRef> {
        self.calls.keys().copied()
    }

    /// The call that goes by a Call-ID, while it is up.
    pub(crate) fn call_of_id(&self, call_id: &str) -> Option<CallRef> {
        let from = (call_id.to_owned(), String::new());
        let mut dialogs = self.by_dialog.range(from..);
        dialogs
            .next()
            .filter(|((id, _), _)| id == call_id)
            .map(|(_, call)| *call)
    }

    /// The transaction a branch of ours belongs to.
    pub(crate) fn tx_of_branch(salt: &str, branch: &str) -> Option<TxId> {
        let number = branch.strip_prefix("z9hG4bK")?.strip_prefix(salt)?;
        u64::from_str_radix(number, 16).ok().map(TxId::Client)
    }

    pub(crate) fn salt(&self) -> &str {
        &self.salt
    }

    /// Whether nothing is left to wait for after [`Command::Shutdown`].
    pub(crate) fn is_quiet(&self) -> bool {
        let waits = |tx: &ClientTx| {
            matches!(
                tx,
                ClientTx::Bye(_) | ClientTx::Cancel | ClientTx::Register(_)
            )
        };
        let leaves = |invite: &ServerInvite| matches!(invite, ServerInvite::Leaving(_));
        self.calls.is_empty()
            && !self.client_txs.values().any(waits)
            && !self.server_invites.values().any(leaves)
    }

    fn shut_down(&mut self) {
        self.draining = true;
        let calls: Vec<_> = self.calls.keys().copied().collect();
        for call in calls {
            // An ended call is no error here: ending one may not end another.
            let _ = self.end(call, EndCause::Normal);
        }
        let accounts: Vec<_> = self.accounts.keys().copied().collect();
        for account in accounts {
            self.unregister(account);
        }
    }

    fn on_response(&mut self, tx: TxId, message: Message) {
        let (TxId::Client(number), Some(status)) = (tx, message.status()) else {
            return;
        };
        match self.client_txs.get(&number) {
            Some(ClientTx::Invite(_)) => self.on_invite_response(number, status, &message),
            Some(_) if status < 200 => {}
            Some(ClientTx::Bye(_)) => self.on_bye_response(number, status, &message),
            Some(ClientTx::Register(_)) => self.on_register_response(number, status, &message),
            Some(ClientTx::Ping(..)) => self.on_ping_response(number, status, &message),
            Some(ClientTx::PhonePing(..)) => self.on_phone_answered(number, status, &message),
            Some(ClientTx::Reinvite(_)) => self.on_reinvite_response(number, status, &message),
            Some(ClientTx::Errand(_)) => self.on_errand_response(number, status, &message),
            Some(ClientTx::Cancel) => {
                self.client_txs.remove(&number);
            }
            None => {}
        }
    }

    fn on_unanswered(&mut self, tx: TxId, sent: bool) {
        let TxId::Client(number) = tx else {
            return;
        };
        let status = if sent { 408 } else { 503 };
        match self.client_txs.get(&number) {
            Some(ClientTx::Invite(_)) => self.on_invite_unanswered(number, status),
            Some(ClientTx::Register(_)) => {
                self.on_register_response(number, status, &Message::response(status));
            }
            Some(ClientTx::Ping(..)) => {
                self.on_ping_response(number, status, &Message::response(status));
            }
            Some(ClientTx::PhonePing(..)) => {
                self.on_phone_answered(number, status, &Message::response(status));
            }
            Some(ClientTx::Reinvite(_)) => {
                self.on_reinvite_response(number, 408, &Message::response(408));
            }
            Some(ClientTx::Errand(_)) => {
                self.on_errand_response(number, 408, &Message::response(408));
            }
            Some(ClientTx::Cancel | ClientTx::Bye(_)) => {
                self.client_txs.remove(&number);
            }
            None => {}
        }
    }

    fn run_timers(&mut self) {
        while let Some(timer) = self.timers.due(self.now_ms) {
            match timer {
                Timer::Ring(call) => self.on_ring_timeout(call),
                Timer::CancelGuard(call) => self.on_cancel_guard(call),
                Timer::Unanswered(call) => self.on_never_answered(call),
                Timer::ForgetInvite(number) => self.forget_invite(number),
                Timer::Binding(extension) => self.on_binding_timer(&extension),
                Timer::Account(account, turn) => self.on_account_timer(account, turn),
                Timer::Ping(gateway, turn) => self.on_ping_timer(&gateway, turn),
                Timer::Recovered(gateway) => self.tell_health(&gateway),
                Timer::GiveWay(call, number) => self.on_give_way(call, number),
                Timer::NextWay(call) => self.send_when_allowed(call),
                Timer::Reliable(call, rseq) => self.on_reliable_timer(call, rseq),
                Timer::Session(call, turn) => self.on_session_timer(call, turn),
                Timer::RefreshAgain(call, turn) => self.on_refresh_again(call, turn),
                Timer::Glare(call) => self.on_glare_timer(call),
                Timer::Reoffer(call, number) => self.on_reoffer_timer(call, number),
                Timer::Referral(call, turn) => self.on_referral_timer(call, turn),
                Timer::PingPhones => self.ping_phones(),
                Timer::Sweep => {
                    self.nonces.sweep(self.now_ms);
                    self.sweep_phone_calls();
                    self.after(Duration::from_secs(60), Timer::Sweep);
                }
            }
        }
    }

    fn after(&mut self, wait: Duration, timer: Timer) {
        let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.timers.set(self.now_ms.saturating_add(wait), timer);
    }

    fn at(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.now_ms)
    }

    fn tell(&mut self, event: SipEvent) {
        self.out.push(Output::Tell(event));
    }

    fn token(&mut self) -> String {
        hex(&self.random.random::<[u8; 8]>())
    }

    /// Sends a request in a transaction of its own; adds Via.
    fn launch(&mut self, mut message: Message, to: Hop, tx: ClientTx) -> u64 {
        self.made_txs += 1;
        let number = self.made_txs;
        message.prepend("Via", self.via(to, &format!("{}{number:x}", self.salt)));
        let tx = match tx {
            ClientTx::Invite(mut invite) => {
                invite.request = message.clone();
                ClientTx::Invite(invite)
            }
            other => other,
        };
        self.client_txs.insert(number, tx);
        self.out.push(Output::Send {
            tx: TxId::Client(number),
            message,
            to,
        });
        number
    }

    fn via(&self, to: Hop, branch: &str) -> String {
        format!(
            "SIP/2.0/{} {};branch=z9hG4bK{branch};rport",
            to.transport.name(),
            self.me_towards(to)
        )
    }

    fn contact(&self, user: &str, towards: Hop) -> String {
        let at = if user.is_empty() { "" } else { "@" };
        let me = self.me_towards(towards);
        let transport = match towards.transport {
            Transport::Udp => "",
            Transport::Tcp => ";transport=tcp",
            Transport::Tls => ";transport=tls",
        };
        format!("<sip:{user}{at}{me}{transport}>")
    }

    /// A request with the headers every request of ours carries.
    fn new_request(&self, method: Method, uri: impl Into<String>) -> Message {
        Message::request(method, uri)
            .with("Max-Forwards", "70")
            .with("User-Agent", self.config.user_agent.clone())
    }

    fn respond(&mut self, tx: TxId, message: Message) {
        self.out.push(Output::Respond { tx, message });
    }

    /// An answer with a tag of its own, for requests that make or find no dialog.
    fn refusal(&mut self, request: &Message, status: u16) -> Message {
        let tag = self.token();
        self.reply(request, status, &tag)
    }

    fn reply(&self, request: &Message, status: u16, tag: &str) -> Message {
        let answer =
            Message::answer(request, status, tag).with("Server", self.config.user_agent.clone());
        match status {
            405 | 501 => answer.with("Allow", ALLOW),
            _ => answer,
        }
    }

    fn refuse(&mut self, tx: TxId, request: &Message, status: u16) {
        let answer = self.refusal(request, status);
        self.respond(tx, answer);
    }
}
