//! The handle through which the rest of the house speaks SIP.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::mpsc;

use crate::{
    Account, AccountId, Ban, CallRef, Config, Destination, EndCause, Gateway, GatewayStatus,
    Identity, Offer, PhoneBook, PhoneKey, PhoneLimits, Registration, SipError, SipEvent, Traced,
    Transport,
    clock::Clock,
    core::{Command, Core},
    sdp::Local,
    shell::{Feeder, Shell},
    trace::Trace,
    wire::Wire,
};

/// A running SIP user agent, registrar and account client. Cheap to clone; every method but
/// [`Agent::bind`] and [`Agent::shutdown`] returns at once, and effects arrive as [`SipEvent`]s.
#[derive(Clone)]
pub struct Agent {
    running: Arc<Running>,
}

/// Closes the sockets when the last handle is gone.
struct Running {
    shell: Arc<Shell>,
    trusted: Mutex<Trusted>,
}

/// Whom no flood limit applies to.
#[derive(Default)]
struct Trusted {
    gateways: Vec<IpAddr>,
    registrars: Vec<(AccountId, IpAddr)>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shell.stop();
    }
}

impl Agent {
    /// Opens the sockets and starts. Call inside a tokio runtime.
    ///
    /// # Errors
    /// [`SipError::Bind`], [`SipError::UnspecifiedAddress`].
    pub async fn bind(
        config: Config,
        phones: Arc<dyn PhoneBook>,
    ) -> Result<(Self, mpsc::UnboundedReceiver<SipEvent>), SipError> {
        let announce = config.announce;
        if announce.is_unspecified() || config.bind.ip().is_unspecified() {
            return Err(SipError::UnspecifiedAddress(config.bind.ip()));
        }
        let opened = Wire::open(&config).await?;
        let wire = opened.wire.clone();
        let me = SocketAddr::new(announce, wire.local_addr().port());
        let clock = Clock::start();
        let (gateways, trace_bytes) = (config.gateways.clone(), config.trace_bytes);
        let core = Core::new(config, me, phones, rand::random(), clock.now_ms());
        let trace = Trace::new(trace_bytes);
        let salt = core.salt().to_owned();
        let (events, told) = mpsc::unbounded_channel();
        let shell = Arc::new(Shell::new(core, wire, events, clock, trace));
        opened.run(Arc::new(Feeder(shell.clone())), &salt);
        tokio::spawn(shell.clone().keep_time());
        let agent = Self {
            running: Arc::new(Running {
                shell,
                trusted: Mutex::default(),
            }),
        };
        agent.name_hosts(&gateways);
        agent.trust(|t| t.gateways = addresses(&gateways));
        Ok((agent, told))
    }

    /// The address we listen on, with the port that was really taken.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.running.shell.wire().local_addr()
    }

    /// Sends an INVITE with our offer. Ends in [`SipEvent::Answered`] or [`SipEvent::Ended`]; when
    /// `ring_timeout` passes without a final answer, the call is cancelled. Where a gateway has
    /// several addresses, the next one is tried after 503 or silence; redirections are followed as
    /// the gateway's [`crate::Profile`] says, to its own addresses; those of phones never are.
    ///
    /// # Errors
    /// [`SipError::NoSuchGateway`], [`SipError::GatewayRests`], [`SipError::TooFast`],
    /// [`SipError::NotRegistered`], [`SipError::BadNumber`], [`SipError::CallExists`],
    /// [`SipError::ShuttingDown`].
    pub fn invite(
        &self,
        call: CallRef,
        to: Destination,
        caller: Identity,
        offer: impl Into<Offer>,
        ring_timeout: Duration,
    ) -> Result<(), SipError> {
        let offer = offer.into();
        self.command(Command::Invite {
            call,
            to,
            caller,
            offer,
            ring_timeout,
        })
    }

    /// Answers an incoming call with 180. Repeating it is harmless.
    ///
    /// # Errors
    /// [`SipError::NoSuchCall`], [`SipError::OutOfStep`] for an outgoing call.
    pub fn ring(&self, call: CallRef) -> Result<(), SipError> {
        self.command(Command::Ring(call, None))
    }

    /// The same for a caller who wants us to offer: our offer, which one who insists on reliable
    /// responses is made with the 180 and answers before we do ([`SipEvent::MediaChanged`]). With
    /// [`Agent::ring`] such a caller hears nothing of us until the answer (RFC 3262 section 5).
    ///
    /// # Errors
    /// As for [`Agent::ring`].
    pub fn ring_offering(&self, call: CallRef, sdp_offer: Vec<u8>) -> Result<(), SipError> {
        self.command(Command::Ring(call, Some(sdp_offer)))
    }

    /// Answers an incoming call with 183 and our session description: the caller hears us before
    /// the answer. [`Agent::answer`] then repeats the same description, but to a caller who has
    /// acknowledged it (RFC 3262), whose changes of it count. Otherwise not repeated by itself; a
    /// lost one only delays the sound.
    ///
    /// # Errors
    /// [`SipError::NoSuchCall`], [`SipError::OutOfStep`] for an outgoing or an answered call.
    pub fn progress(&self, call: CallRef, sdp_answer: Vec<u8>) -> Result<(), SipError> {
        self.command(Command::Progress(call, sdp_answer))
    }

    /// Answers an incoming call with 200 and our session description; repeated until the ACK
    /// arrives ([`SipEvent::Confirmed`]). Repeating it is harmless.
    ///
    /// # Errors
    /// [`SipError::NoSuchCall`], [`SipError::OutOfStep`] for an outgoing call.
    pub fn answer(&self, call: CallRef, sdp_answer: Vec<u8>) -> Result<(), SipError> {
        self.command(Command::Answer(call, sdp_answer))
    }

    /// Tells everything that we speak in a call: the codecs that its later offers may choose from, and
    /// that we offer when the far end asks for our offer. Without it, that is what our descriptions
    /// in the call have said.
    ///
    /// # Errors
    /// [`SipError::NoSuchCall`].
    pub fn speaks(&self, call: CallRef, local: Local) -> Result<(), SipError> {
        self.command(Command::Speaks(call, Box::new(local)))
    }

    /// Ends a call in whatever state it is: CANCEL, a final refusal, or BYE with a Reason.
    /// [`SipEvent::Ended`] follows, at once except for an unanswered outgoing call, which waits
    /// for the far end's 487 (or gives up on it).
    ///
    /// # Errors
    /// [`SipError::NoSuchCall`].
    pub fn end(&self, call: CallRef, cause: EndCause) -> Result<(), SipError> {
        self.command(Command::End(call, cause))
    }

    /// Offers other media for a call that is up: hold, resume, another address. Waits while another
    /// offer is open; of several that wait, the last is sent. Ends in [`SipEvent::MediaChanged`]
    /// or [`SipEvent::ReofferRefused`].
    ///
    /// # Errors
    /// [`SipError::NoSuchCall`], [`SipError::OutOfStep`] before the answer.
    pub fn reoffer(&self, call: CallRef, sdp_offer: Vec<u8>) -> Result<(), SipError> {
        self.command(Command::Reoffer(call, sdp_offer))
    }

    /// Sends a DTMF digit by SIP INFO, lasting `ms` milliseconds.
    ///
    /// # Errors
    /// [`SipError::NoSuchCall`], [`SipError::OutOfStep`] before the answer,
    /// [`SipError::BadNumber`] for what is no digit.
    pub fn send_digit(&self, call: CallRef, digit: char, ms: u32) -> Result<(), SipError> {
        self.command(Command::SendDigit { call, digit, ms })
    }

    /// Presses a key at the phone of a call, where it has said that it takes that
    /// ([`Registration::takes_talk`], [`Registration::takes_hold`]). Told as [`SipEvent::KeyAnswered`];
    /// what the phone does then comes as of its own.
    ///
    /// # Errors
    /// [`SipError::NoSuchCall`], [`SipError::NoSuchKey`], [`SipError::OutOfStep`] where nothing rings yet
    /// or is there to be held.
    pub fn press(&self, call: CallRef, key: PhoneKey) -> Result<(), SipError> {
        self.command(Command::Press(call, key))
    }

    /// Asks the far end to call `number` instead of us (REFER), or to take our place in the call
    /// `replaces`. Told as [`SipEvent::TransferProgress`]; our call stays up until it is ended.
    ///
    /// # Errors
    /// [`SipError::NoSuchCall`], [`SipError::OutOfStep`] while one of the calls is not answered or
    /// another transfer is not over, [`SipError::BadNumber`].
    pub fn refer(
        &self,
        call: CallRef,
        number: &str,
        replaces: Option<CallRef>,
    ) -> Result<(), SipError> {
        let number = number.to_owned();
        self.command(Command::Refer {
            call,
            number,
            replaces,
        })
    }

    /// Tells the far end how the transfer goes that it asked for; a final status ends it.
    ///
    /// # Errors
    /// [`SipError::NoSuchCall`], [`SipError::OutOfStep`] when none is asked for.
    pub fn transfer_result(&self, call: CallRef, sip_status: u16) -> Result<(), SipError> {
        self.command(Command::TransferResult(call, sip_status))
    }

    /// Replaces the gateways. Calls that are up stay up.
    pub fn set_gateways(&self, gateways: Vec<Gateway>) {
        self.name_hosts(&gateways);
        self.trust(|t| t.gateways = addresses(&gateways));
        self.tell(Command::SetGateways(gateways));
    }

    /// Registers at another server and keeps the registration up, retrying by itself, until
    /// [`Agent::unregister`].
    pub fn register(&self, account: Account) {
        let (id, ip) = (account.id, account.registrar.addr.ip());
        self.trust(|t| {
            t.registrars.retain(|(known, _)| *known != id);
            t.registrars.push((id, ip));
        });
        self.tell(Command::Register(account));
    }

    /// Removes a registration of ours at the other server.
    pub fn unregister(&self, account: AccountId) {
        self.trust(|t| t.registrars.retain(|(known, _)| *known != account));
        self.tell(Command::Unregister(account));
    }

    /// Whether a phone is registered under `extension` now.
    #[must_use]
    pub fn is_registered(&self, extension: &str) -> bool {
        self.running.shell.core().is_registered(extension)
    }

    /// Whether every contact of a registered phone came over TLS.
    #[must_use]
    pub fn is_secure(&self, extension: &str) -> bool {
        self.running.shell.core().is_secure(extension)
    }

    /// Every contact of every registered phone.
    #[must_use]
    pub fn registrations(&self) -> Vec<Registration> {
        self.running.shell.core().registrations()
    }

    /// How every gateway is.
    #[must_use]
    pub fn gateways(&self) -> Vec<GatewayStatus> {
        self.running.shell.core().gateway_statuses()
    }

    /// Forgets a phone's contacts; it may register again.
    ///
    /// # Errors
    /// [`SipError::NotRegistered`].
    pub fn drop_phone(&self, extension: &str) -> Result<(), SipError> {
        self.command(Command::DropPhone(extension.to_owned()))
    }

    /// The addresses that nothing is read from now, the newest first.
    #[must_use]
    pub fn bans(&self) -> Vec<Ban> {
        self.running.shell.core().bans()
    }

    /// Reads again from an address that was shut out ([`SipEvent::Banned`]), and forgets what it
    /// did: the next ban is a first one.
    pub fn pardon(&self, source: IpAddr) {
        self.tell(Command::Pardon(source));
    }

    /// What phones may do from now on; calls that are up stay up.
    pub fn set_phone_limits(&self, limits: PhoneLimits) {
        self.tell(Command::SetPhoneLimits(limits));
    }

    /// While overloaded, new calls from outside get 503 with Retry-After. Calls that are up, and
    /// ours, are not touched.
    pub fn set_overloaded(&self, overloaded: bool) {
        self.tell(Command::Overloaded(overloaded));
    }

    /// The messages of a call, as far as they are remembered: of the newest calls, those over
    /// included.
    #[must_use]
    pub fn trace(&self, call: CallRef) -> Vec<Traced> {
        self.running.shell.trace_of(call)
    }

    /// Calls that are up, in any state.
    #[must_use]
    pub fn calls(&self) -> Vec<CallRef> {
        self.running.shell.core().calls().collect()
    }

    /// Ends every call, unregisters every account, waits at most `grace` for the answers, and
    /// closes the sockets.
    pub async fn shutdown(&self, grace: Duration) {
        self.tell(Command::Shutdown);
        self.running.shell.quiet(grace).await;
        self.running.shell.stop();
    }

    /// A gateway's certificate is checked against its name, not against its address.
    fn name_hosts(&self, gateways: &[Gateway]) {
        for gateway in gateways {
            let account = gateway.account.as_ref().map(|a| &a.domain);
            if let Some(domain) = gateway.domain.as_ref().or(account) {
                let all = gateway.hops().chain(gateway.registrars());
                let secure = all.filter(|h| h.transport == Transport::Tls);
                secure.for_each(|hop| self.running.shell.wire().name_host(hop.addr, domain));
            }
        }
    }

    fn command(&self, command: Command) -> Result<(), SipError> {
        self.running.shell.command(command)
    }

    /// For commands that are never refused.
    fn tell(&self, command: Command) {
        let _ = self.command(command);
    }

    fn trust(&self, change: impl FnOnce(&mut Trusted)) {
        let mut trusted = self
            .running
            .trusted
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        change(&mut trusted);
        let registrars = trusted.registrars.iter().map(|(_, ip)| *ip);
        let all = trusted.gateways.iter().copied().chain(registrars).collect();
        self.running.shell.trust(all);
    }
}

fn addresses(gateways: &[Gateway]) -> Vec<IpAddr> {
    let of = |g: &Gateway| {
        let hops = g.hops().chain(g.registrars()).map(|hop| hop.addr.ip());
        hops.chain(g.more_sources.iter().copied())
            .collect::<Vec<_>>()
    };
    gateways.iter().flat_map(of).collect()
}
