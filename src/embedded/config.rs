//! How the switch is set up.

use std::{
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    sync::Arc,
    time::Duration,
};

use sip::{NoPhones, PhoneBook, sdp::Codec};

/// Everything [`crate::Embedded::start`] needs.
#[derive(Clone)]
pub struct Config {
    /// Sockets, realm and timers of the SIP side. Its `gateways` are taken from
    /// [`Config::gateways`].
    pub sip: sip::Config,
    /// RTP address, ports, threads, prompt directory and RTP timeout.
    pub media: media::Config,
    /// The address in our session descriptions, where it differs from `media.ip` (NAT). When
    /// neither says one, it is the address that SIP announces.
    pub announce_rtp: Option<IpAddr>,
    /// What we offer and take, the preferred first.
    pub codecs: Vec<Codec>,
    /// The trunks at the start; later ones come with [`crate::Embedded::set_gateways`].
    pub gateways: Vec<Gateway>,
    /// Who may register as a phone.
    pub phones: Arc<dyn PhoneBook>,
    /// New legs are refused, and new calls from outside turned away, while more than one packet in a
    /// hundred is served this much after its time: 1, 2, 5, 10, 20, 50 or 100 ms. Calls that are up
    /// keep their sound.
    pub overload: Duration,
}

impl Config {
    /// A switch on one address: SIP over UDP on `sip`, RTP beside it on `ports`; no gateways, no
    /// phones.
    #[must_use]
    pub fn new(sip: SocketAddr, realm: impl Into<String>, ports: RangeInclusive<u16>) -> Self {
        Self {
            sip: sip::Config::new(sip, realm),
            media: media::Config::new(sip.ip(), ports),
            announce_rtp: None,
            codecs: vec![Codec::Pcmu, Codec::Pcma],
            gateways: Vec::new(),
            phones: Arc::new(NoPhones),
            overload: Duration::from_millis(20),
        }
    }

    pub(crate) fn rtp_address(&self) -> IpAddr {
        let bound = Some(self.media.ip).filter(|ip| !ip.is_unspecified());
        self.announce_rtp.or(bound).unwrap_or(self.sip.announce)
    }
}

/// A trunk and how much of it is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    pub sip: sip::Gateway,
    /// Calls at once, both directions together; unlimited when absent.
    pub channels: Option<u32>,
    /// What we offer and take there, the preferred first; the switch's own list when empty.
    pub codecs: Vec<Codec>,
    /// How keys are pressed there.
    pub dtmf: Dtmf,
    /// Length of the packets that we ask for (`a=ptime`), and of those that we send where the far end
    /// asks for none; milliseconds, one of [`sip::sdp::PACKET_TIMES`].
    pub ptime_ms: u16,
    /// Encrypt the sound of outgoing calls (SDES, RFC 4568); a far end that cannot is not called.
    /// Incoming calls are encrypted whenever the far end offers it.
    pub srtp: bool,
}

impl Gateway {
    /// A gateway over UDP without a limit.
    #[must_use]
    pub fn udp(name: impl Into<String>, address: SocketAddr) -> Self {
        Self {
            sip: sip::Gateway::udp(name, address),
            channels: None,
            codecs: Vec::new(),
            dtmf: Dtmf::Events,
            ptime_ms: 20,
            srtp: false,
        }
    }
}

/// How keys are pressed at a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtmf {
    /// Telephone-events (RFC 4733) are offered; tones where the far end does not take them.
    Events,
    /// As tones; events are not offered, since some carriers stumble over them.
    Tones,
    /// SIP INFO.
    Info,
}
