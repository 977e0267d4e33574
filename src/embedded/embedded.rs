//! The switch itself: what it owns and how events reach it.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
        mpsc::Receiver,
    },
    time::Duration,
};

use media::{Media, MediaError};
use sip::{Agent, SipError, SipEvent};
use switch::{
    Capabilities, Command, CommandId, Event, GatewayStatus, LegId, PhoneKey, Refused, Registration,
    Switch, Traced,
};
use tokio::sync::{Notify, mpsc};

use crate::{Config, Gateway, accounts::Accounts, floor::Floor, sound::Sound, translate};

/// Why the switch did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("SIP did not start")]
    Sip(#[source] SipError),
    #[error("media did not start")]
    Media(#[source] MediaError),
    #[error("a thread cannot be started")]
    Thread(#[source] std::io::Error),
}

/// How often the lateness of media is looked at.
const LOAD_BEAT: Duration = Duration::from_millis(500);

/// The embedded engine. Dropping the last handle closes its sockets; [`Embedded::shutdown`] ends
/// the calls first.
pub struct Embedded {
    pub(crate) agent: Agent,
    pub(crate) sound: Sound,
    pub(crate) accounts: Mutex<Accounts>,
    /// Media is late: nothing new begins.
    pub(crate) late: AtomicBool,
    /// Told when the last leg is gone.
    pub(crate) quiet: Notify,
    floor: Mutex<Floor>,
    events: Mutex<Option<mpsc::UnboundedReceiver<Event>>>,
}

impl Embedded {
    /// Opens the sockets and starts the threads. Call inside a tokio runtime.
    ///
    /// # Errors
    /// [`StartError`] when an address is taken or the system gives no threads.
    pub async fn start(mut config: Config) -> Result<Arc<Self>, StartError> {
        config.sip.gateways = config
            .gateways
            .iter()
            .map(|gateway| gateway.sip.clone())
            .collect();
        let announce_rtp = config.rtp_address();
        let (media, media_events) = Media::start(&config.media).map_err(StartError::Media)?;
        let (agent, sip_events) = Agent::bind(config.sip, config.phones)
            .await
            .map_err(StartError::Sip)?;
        let (sender, events) = mpsc::unbounded_channel();
        let switch = Arc::new(Self {
            agent,
            sound: Sound::new(media, announce_rtp, config.codecs),
            accounts: Mutex::default(),
            late: AtomicBool::new(false),
            quiet: Notify::new(),
            floor: Mutex::new(Floor::new(config.gateways, sender)),
            events: Mutex::new(Some(events)),
        });
        tokio::spawn(listen_to_sip(Arc::downgrade(&switch), sip_events));
        tokio::spawn(watch_load(Arc::downgrade(&switch), config.overload));
        let weak = Arc::downgrade(&switch);
        std::thread::Builder::new()
            .name("media-events".to_owned())
            .spawn(move || listen_to_media(&weak, &media_events))
            .map_err(StartError::Thread)?;
        Ok(switch)
    }

    /// Where SIP listens, with the port that was really taken.
    #[must_use]
    pub fn sip_address(&self) -> SocketAddr {
        self.agent.local_addr()
    }

    /// Replaces the gateways; calls that are up stay up.
    pub fn set_gateways(&self, gateways: Vec<Gateway>) {
        self.agent
            .set_gateways(gateways.iter().map(|gateway| gateway.sip.clone()).collect());
        let statuses = self.agent.gateways();
        let mut floor = self.floor();
        floor.set_gateways(gateways);
        // One that is no longer asked for a sign of life tells nothing any more.
        for status in statuses {
            let up = status.health != Some(sip::GatewayHealth::Down);
            floor.set_gateway_up(&status.gateway, up);
        }
    }

    /// The gateways whose name has no address now, each with the reason; they are down.
    pub fn set_unresolved(&self, gateways: Vec<(String, String)>) {
        self.floor().set_unresolved(gateways);
    }

    /// What phones may do from now on.
    pub fn set_phone_limits(&self, limits: sip::PhoneLimits) {
        self.agent.set_phone_limits(limits);
    }

    /// Whether a phone is registered with us now.
    #[must_use]
    pub fn is_registered(&self, extension: &str) -> bool {
        self.agent.is_registered(extension)
    }

    /// Whether a prompt of that name can be played.
    #[must_use]
    pub fn has_prompt(&self, name: &str) -> bool {
        self.sound.prompt(name).is_ok()
    }

    /// How punctual the media threads are.
    #[must_use]
    pub fn lateness(&self) -> &media::Lateness {
        self.sound.lateness()
    }

    /// Takes no new legs, ends every call and registration, and closes the sockets. The `Ended`
    /// of every leg is told before this returns, unless `grace` passes first.
    pub async fn shutdown(&self, grace: Duration) {
        self.floor().draining = true;
        self.agent.shutdown(grace).await;
        let quiet = async {
            loop {
                let told = self.quiet.notified();
                if self.floor().is_empty() {
                    return;
                }
                told.await;
            }
        };
        if tokio::time::timeout(grace, quiet).await.is_err() {
            tracing::warn!(
                legs = self.legs().len(),
                "legs were still up when time ran out"
            );
        }
    }

    pub(crate) fn floor(&self) -> MutexGuard<'_, Floor> {
        self.floor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Switch for Embedded {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            machine_detection: true,
            speech_detection: true,
            recording: true,
            mixing: true,
        }
    }

    fn send(&self, id: CommandId, command: Command) -> Result<(), Refused> {
        self.command(id, command)
    }

    fn events(&self) -> Option<mpsc::UnboundedReceiver<Event>> {
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    fn legs(&self) -> Vec<LegId> {
        self.floor().up()
    }

    fn trace(&self, leg: LegId) -> Vec<Traced> {
        self.trace_of(leg)
    }

    fn gateways(&self) -> Vec<GatewayStatus> {
        self.gateway_statuses()
    }

    fn registrations(&self) -> Vec<Registration> {
        self.registered_phones()
    }

    fn press(
        &self,
        extension: &str,
        key: PhoneKey,
    ) -> Result<tokio::sync::oneshot::Receiver<u16>, Refused> {
        self.press_at(extension, key)
    }

    fn bans(&self) -> Vec<switch::Ban> {
        self.banned()
    }

    fn pardon(&self, source: std::net::IpAddr) {
        self.agent.pardon(source);
    }

    fn drop_registration(&self, extension: &str) -> Result<(), Refused> {
        let dropped = self.agent.drop_phone(extension);
        dropped.map_err(|error| translate::refused(&error))
    }
}

async fn listen_to_sip(switch: Weak<Embedded>, mut events: mpsc::UnboundedReceiver<SipEvent>) {
    while let Some(event) = events.recv().await {
        let Some(switch) = switch.upgrade() else {
            return;
        };
        if let Some(event) = switch.on_account(event) {
            switch.on_sip(event);
        }
    }
}

/// Turns new calls away (503) while media is late, so that those in progress keep their sound.
async fn watch_load(switch: Weak<Embedded>, limit: Duration) {
    let mut watch = media::Watch::new(limit);
    let mut beat = tokio::time::interval(LOAD_BEAT);
    loop {
        beat.tick().await;
        let Some(switch) = switch.upgrade() else {
            return;
        };
        let late = watch.is_late(switch.sound.lateness());
        if switch.late.swap(late, Ordering::Relaxed) != late {
            tracing::warn!(late, "whether media is late has changed");
            switch.agent.set_overloaded(late);
        }
    }
}

fn listen_to_media(switch: &Weak<Embedded>, events: &Receiver<media::Event>) {
    while let Ok(event) = events.recv() {
        let Some(switch) = switch.upgrade() else {
            return;
        };
        switch.on_media(event);
    }
}
