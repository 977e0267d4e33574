//! A bank of phones on one socket, as a SIP gateway with many handsets has it.

use std::{
    collections::HashMap,
    net::SocketAddr,
    ops::RangeInclusive,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use embedded::{Config, Embedded};
use sip::{Account, AccountId, Credentials, Hop};
use switch::Cause;
use tokio::runtime::Runtime;

use crate::{
    OVERLOAD, PeerError, Phone, PhoneConfig,
    line::{Invitation, Lines},
    phone::Handset,
};

/// How a bank is set up.
#[derive(Debug, Clone)]
pub struct PhonesConfig {
    /// Where it listens; port 0 takes a free one.
    pub sip: SocketAddr,
    /// UDP ports for its RTP.
    pub rtp: RangeInclusive<u16>,
    /// The house's SIP address.
    pub registrar: SocketAddr,
    /// The domain of the phones' addresses; the registrar's IP when absent.
    pub domain: Option<String>,
    /// Wished registration time in seconds.
    pub expires_s: u32,
}

impl PhonesConfig {
    /// A bank that registers for five minutes at a time.
    #[must_use]
    pub fn new(sip: SocketAddr, rtp: RangeInclusive<u16>, registrar: SocketAddr) -> Self {
        Self {
            sip,
            rtp,
            registrar,
            domain: None,
            expires_s: 300,
        }
    }
}

/// A bank of phones. It runs on threads of its own, so that it can vanish like a phone whose plug
/// is pulled; dropping it is that, too.
pub struct Phones {
    config: PhonesConfig,
    lines: Option<Arc<Lines>>,
    handsets: Handsets,
    next_account: AtomicU64,
    runtime: Option<Runtime>,
}

impl Phones {
    /// Opens the bank's sockets; phones come with [`Self::add`].
    ///
    /// # Errors
    /// [`PeerError`] when the address is taken or the system gives no threads.
    pub async fn start(config: PhonesConfig) -> Result<Self, PeerError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("phones")
            .enable_all()
            .build()
            .map_err(PeerError::Runtime)?;
        let handsets = Arc::default();
        let mut phones = Self {
            config: config.clone(),
            lines: None,
            handsets: Arc::clone(&handsets),
            next_account: AtomicU64::new(1),
            runtime: Some(runtime),
        };
        let lines = phones.on_own_threads(open(config, handsets)).await??;
        phones.lines = Some(lines);
        Ok(phones)
    }

    /// Adds a phone and registers it; one with the same extension is replaced.
    pub fn add(&self, config: PhoneConfig) -> Phone {
        let registration = self.register(&config);
        let extension = config.extension.clone();
        let phone = Phone::new(config, registration);
        let mut handsets = self.handsets.lock().unwrap_or_else(PoisonError::into_inner);
        handsets.insert(extension, phone.shared.clone());
        phone
    }

    /// Where the bank listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.lines
            .as_ref()
            .map_or(self.config.sip, |lines| lines.switch().sip_address())
    }

    /// Pulls the plug: no BYE, no un-REGISTER, no RTP from now on.
    pub fn vanish(self) {
        drop(self);
    }

    /// Ends every call, takes back the registrations and closes the sockets.
    pub async fn shutdown(self, grace: Duration) {
        if let Some(lines) = self.lines.clone() {
            let ended = async move { lines.switch().shutdown(grace).await };
            if self.on_own_threads(ended).await.is_err() {
                tracing::warn!("a bank of phones stopped by itself");
            }
        }
    }

    fn register(
        &self,
        config: &PhoneConfig,
    ) -> tokio::sync::watch::Receiver<embedded::AccountState> {
        let domain = self.config.domain.clone();
        let account = Account {
            id: AccountId(self.next_account.fetch_add(1, Ordering::Relaxed)),
            user: config.extension.clone(),
            domain: domain.unwrap_or_else(|| self.config.registrar.ip().to_string()),
            registrar: Hop::udp(self.config.registrar),
            more_registrars: Vec::new(),
            credentials: Credentials {
                username: config.extension.clone(),
                password: config.secret.clone(),
            },
            expires_s: self.config.expires_s,
        };
        let entered = self.runtime.as_ref().map(Runtime::enter);
        let registration = match &self.lines {
            Some(lines) => lines.switch().register(account),
            None => tokio::sync::watch::channel(embedded::AccountState::Registering).1,
        };
        drop(entered);
        registration
    }

    async fn on_own_threads<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, PeerError> {
        let runtime = self.runtime.as_ref().ok_or(PeerError::Stopped)?;
        runtime.spawn(work).await.map_err(|_| PeerError::Stopped)
    }
}

impl Drop for Phones {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

type Handsets = Arc<Mutex<HashMap<String, Arc<Handset>>>>;

async fn open(config: PhonesConfig, handsets: Handsets) -> Result<Arc<Lines>, PeerError> {
    let mut switch = Config::new(config.sip, "phones", config.rtp);
    switch.sip.user_agent = "paceline phone".to_owned();
    switch.sip.flood_limit = 0;
    switch.overload = OVERLOAD;
    let switch = Embedded::start(switch).await.map_err(PeerError::Start)?;
    Ok(Lines::open(switch, move |call| {
        ring(handsets.clone(), call)
    }))
}

async fn ring(handsets: Handsets, call: Invitation) {
    let handset = {
        let handsets = handsets.lock().unwrap_or_else(PoisonError::into_inner);
        handsets.get(&call.to).cloned()
    };
    match handset {
        Some(handset) => handset.take(call).await,
        None => call.line.hang_up(Cause::Unallocated),
    }
}
