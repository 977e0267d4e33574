//! The handle through which the rest of the house speaks SIP.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::mpsc;

use crate::{
    Account, AccountId, CallRef, Config, Destination, EndCause, Gateway, Identity, PhoneBook,
    SipError, SipEvent,
    clock::Clock,
    core::{Command, Core},
    shell::{Feeder, Shell},
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
        let gateways = config.gateways.clone();
        let core = Core::new(config, me, phones, rand::random(), clock.now_ms());
        let salt = core.salt().to_owned();
        let (events, told) = mpsc::unbounded_channel();
        let shell = Arc::new(Shell::new(core, wire, events, clock));
        opened.run(Arc::new(Feeder(shell.clone())), &salt);
        tokio::spawn(shell.clone().keep_time());
        let agent = Self {
            running: Arc::new(Running {
                shell,
                trusted: Mutex::default(),
            }),
        };
        agent.trust(|t| t.gateways = addresses(&gateways));
        Ok((agent, told))
    }

    /// The address we listen on, with the port that was really taken.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.running.shell.wire().local_addr()
    }

    /// Sends an INVITE with our offer. Ends in [`SipEvent::Answered`] or [`SipEvent::Ended`]; when
    /// `ring_timeout` passes without a final answer, the call is cancelled. A redirection (3xx) is
    /// not followed: it ends the call with its status.
    ///
    /// # Errors
    /// [`SipError::NoSuchGateway`], [`SipError::NotRegistered`], [`SipError::BadNumber`],
    /// [`SipError::CallExists`], [`SipError::ShuttingDown`].
    pub fn invite(
        &self,
        call: CallRef,
        to: Destination,
        caller: Identity,
        sdp_offer: Vec<u8>,
        ring_timeout: Duration,
    ) -> Result<(), SipError> {
        let offer = sdp_offer;
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
        self.command(Command::Ring(call))
    }

    /// Answers an incoming call with 183 and our session description: the caller hears us before
    /// the answer. [`Agent::answer`] then repeats the same description. Not repeated by itself;
    /// a lost one only delays the sound.
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

    /// Ends a call in whatever state it is: CANCEL, a final refusal, or BYE with a Reason.
    /// [`SipEvent::Ended`] follows, at once except for an unanswered outgoing call, which waits
    /// for the far end's 487 (or gives up on it).
    ///
    /// # Errors
    /// [`SipError::NoSuchCall`].
    pub fn end(&self, call: CallRef, cause: EndCause) -> Result<(), SipError> {
        self.command(Command::End(call, cause))
    }

    /// Replaces the gateways. Calls that are up stay up.
    pub fn set_gateways(&self, gateways: Vec<Gateway>) {
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
    let of = |g: &Gateway| [g.hop.addr.ip()].into_iter().chain(g.more_sources.clone());
    gateways.iter().flat_map(of).collect()
}
