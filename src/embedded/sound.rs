//! Media as the switch needs it: legs with session descriptions.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use media::{Crypto, Keying, Lateness, Media, MediaError, Prompt, PromptError, Remote};
use sip::sdp::{self, Agreed, Codec, CryptoLine, Direction, Local, SdpError};

/// The media engine and what we say about it in SDP.
pub struct Sound {
    media: Media,
    announce: IpAddr,
    codecs: Vec<Codec>,
}

impl Sound {
    pub fn new(media: Media, announce: IpAddr, codecs: Vec<Codec>) -> Self {
        Self {
            media,
            announce,
            codecs,
        }
    }

    pub fn media(&self) -> &Media {
        &self.media
    }

    pub fn prompt(&self, name: &str) -> Result<Arc<Prompt>, PromptError> {
        self.media.prompts().get(name)
    }

    pub fn lateness(&self) -> &Lateness {
        self.media.lateness()
    }

    /// A new media leg and our side of its description. `hosts` is where its SIP comes from, as far
    /// as that is known.
    pub fn open(
        &self,
        session_id: u64,
        hosts: Vec<IpAddr>,
    ) -> Result<(media::LegId, Local), MediaError> {
        let open = self.media.open()?;
        self.media.signalled_from(open.leg, hosts)?;
        let address = SocketAddr::new(self.announce, open.address.port());
        let mut local = Local::new(address, session_id);
        local.codecs.clone_from(&self.codecs);
        local.keying = Some(Keying::random(media::Suite::Sha1_80).key_and_salt);
        Ok((open.leg, local))
    }

    /// Takes their answer to our offer.
    pub fn agree(&self, leg: media::LegId, local: &Local, theirs: &[u8]) -> Result<(), SdpError> {
        let agreed = sdp::agree(local, &sdp::parse(theirs)?)?;
        self.connect(leg, &agreed);
        Ok(())
    }

    /// Takes what a later offer and its answer settled, whichever of them is ours.
    pub fn settle(
        &self,
        leg: media::LegId,
        local: &Local,
        ours: &[u8],
        theirs: &[u8],
    ) -> Result<(), SdpError> {
        let (ours, theirs) = (sdp::parse(ours)?, sdp::parse(theirs)?);
        let agreed = sdp::settled(&ours, &theirs, local.may_be_open)?;
        self.connect(leg, &agreed);
        Ok(())
    }

    /// Whether they have stopped listening: a hold (RFC 3264 section 8.4).
    pub fn is_held_by(theirs: &[u8]) -> bool {
        let held = |audio: &sdp::Audio| {
            matches!(audio.direction, Direction::SendOnly | Direction::Inactive)
        };
        sdp::parse(theirs).is_ok_and(|session| session.audio().is_some_and(held))
    }

    /// Answers their offer.
    pub fn answer(
        &self,
        leg: media::LegId,
        local: &Local,
        theirs: &[u8],
    ) -> Result<Vec<u8>, SdpError> {
        let (answer, agreed) = sdp::answer(&sdp::parse(theirs)?, local)?;
        self.connect(leg, &agreed);
        Ok(answer)
    }

    /// Whether their offer can be answered.
    pub fn can_answer(local: &Local, theirs: &[u8]) -> Result<(), SdpError> {
        sdp::answer(&sdp::parse(theirs)?, local).map(|_| ())
    }

    pub fn close(&self, leg: media::LegId) -> Result<(), MediaError> {
        self.media.close(leg)
    }

    fn connect(&self, leg: media::LegId, agreed: &Agreed) {
        let codec = match agreed.codec {
            Codec::Pcmu => media::Codec::Pcmu,
            Codec::Pcma => media::Codec::Pcma,
            Codec::G722 => media::Codec::G722,
        };
        let remote = Remote {
            address: agreed.remote,
            codec,
            packet_ms: agreed.ptime_ms,
            rtcp: agreed.rtcp,
            crypto: agreed.crypto.map(|(ours, theirs)| Crypto {
                ours: keying(ours),
                theirs: keying(theirs),
            }),
            dtmf: agreed.send_dtmf,
            // A phone that holds may play music, but most are silent.
            expects_sound: agreed.direction == Direction::SendRecv,
        };
        if let Err(error) = self.media.connect(leg, remote) {
            tracing::warn!(%error, "a leg could not be connected");
        }
    }
}

fn keying(line: CryptoLine) -> Keying {
    let suite = match line.suite {
        sdp::Suite::Sha1_80 => media::Suite::Sha1_80,
        sdp::Suite::Sha1_32 => media::Suite::Sha1_32,
    };
    Keying {
        suite,
        key_and_salt: line.keying,
    }
}
