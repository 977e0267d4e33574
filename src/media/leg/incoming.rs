//! What comes in.

use std::net::SocketAddr;

use super::{LastKey, Leg, Outlets, Turn, Typed};
use crate::{
    codec::Codec,
    command::Remote,
    dtmf::Key,
    event::Event,
    keys::{FLASH, FLASH_EVENT},
    packet::{DTMF_PAYLOAD_TYPE, Packet},
    rtcp,
};

/// Packets of the far end taken in one turn; more means a flood, and the kernel drops the rest.
const MOST_A_TURN: usize = 8;
/// Datagrams read in one turn, whoever they are from: those of strangers hold up nobody's sound.
const MOST_READ: usize = 64;

/// Room for one datagram.
type Buffer = [u8; 1_600];

impl Leg {
    pub(super) fn receive(&mut self, mut peer: Option<&mut Self>, turn: Turn, out: &mut Outlets) {
        let mut buffer: Buffer = [0; 1_600];
        let mut taken = 0;
        for _ in 0..MOST_READ {
            let Ok((length, source)) = self.socket.recv_from(&mut buffer) else {
                return;
            };
            let datagram = &mut buffer[..length];
            let is_ours = if rtcp::is_rtcp(datagram) {
                self.take_report(datagram, source, turn)
            } else if let Some(length) = self.open(datagram, source, turn)
                && let Some(packet) = Packet::read(&datagram[..length])
            {
                self.take(&packet, source, peer.as_deref_mut(), turn, out)
            } else {
                false
            };
            taken += usize::from(is_ours);
            if taken == MOST_A_TURN {
                return;
            }
        }
    }

    /// Decrypts where that was agreed; `None` for what is forged or open, or from a stranger: whoever
    /// sends a packet of the far end once more, and sooner, does not use it up.
    fn open(&mut self, datagram: &mut [u8], source: SocketAddr, turn: Turn) -> Option<usize> {
        let far = self.far.as_mut()?;
        if !far.latch.listens_to(source, turn.tick) {
            return None;
        }
        match far.guard() {
            Some(guard) => guard.unprotect.rtp(datagram),
            None => Some(datagram.len()),
        }
    }

    /// Takes a packet; `false` when it is none of the far end's.
    fn take(
        &mut self,
        packet: &Packet<'_>,
        source: SocketAddr,
        peer: Option<&mut Self>,
        turn: Turn,
        out: &mut Outlets,
    ) -> bool {
        let Some(far) = &mut self.far else {
            return false;
        };
        let Some(kind) = Kind::of(packet, far.remote) else {
            return false;
        };
        if !far.latch.admits(source, packet, turn.tick) {
            return false;
        }
        self.reception.count(packet, turn.arrival);
        self.gives_sign_of_life(turn.tick);
        match kind {
            Kind::Sound(codec) => self.take_sound(codec, packet, peer, turn),
            Kind::Key => self.take_key(packet, peer, turn, out),
            Kind::ComfortNoise => self.take_comfort(packet, peer),
        }
        true
    }

    fn take_sound(
        &mut self,
        codec: Codec,
        packet: &Packet<'_>,
        peer: Option<&mut Self>,
        turn: Turn,
    ) {
        if let Some(heard) = &mut self.heard {
            heard.hearing.sound(codec, packet, turn.arrival);
        }
        if let Some(peer) = peer {
            peer.relay_sound(codec, packet, turn.tick);
        }
    }

    fn take_comfort(&mut self, packet: &Packet<'_>, peer: Option<&mut Self>) {
        if let Some(heard) = &mut self.heard {
            heard.hearing.comfort(packet.payload);
        }
        if let Some(peer) = peer {
            peer.relay_comfort(packet);
        }
    }

    fn take_key(
        &mut self,
        packet: &Packet<'_>,
        peer: Option<&mut Self>,
        turn: Turn,
        out: &mut Outlets,
    ) {
        let before = self.last_key.withheld;
        let withheld = self.withholds(packet);
        let [earlier, this] = self.keypad.take(packet, turn.tick);
        for (key, withheld) in [(earlier, before), (this, withheld)] {
            if let Some(key) = key {
                self.key_came(key, withheld, out);
            }
        }
        if let Some(peer) = peer.filter(|_| !withheld) {
            peer.relay_key(packet, turn.tick);
        }
    }

    /// Whether a key is kept from whoever hears the leg: that is settled with its first packet.
    fn withholds(&mut self, packet: &Packet<'_>) -> bool {
        let last = self.last_key;
        if (last.ssrc, last.timestamp) != (packet.ssrc, packet.timestamp) {
            self.last_key = LastKey {
                ssrc: packet.ssrc,
                timestamp: packet.timestamp,
                withheld: self.withholds_keys || packet.payload.first() == Some(&FLASH_EVENT),
            };
        }
        self.last_key.withheld
    }

    /// A key that came as an event is complete.
    pub(super) fn key_came(&mut self, key: Key, withheld: bool, out: &mut Outlets) {
        self.take_in(key, withheld, true, out);
    }

    /// A key came by signalling.
    pub fn key_typed(&mut self, key: Key, out: &mut Outlets) {
        self.take_in(key, self.withholds_keys, false, out);
    }

    fn take_in(&mut self, key: Key, withheld: bool, as_event: bool, out: &mut Outlets) {
        if !withheld {
            let digit = key.digit;
            self.typed.push(Typed { digit, as_event });
        }
        self.tell_key(key, withheld, out);
    }

    pub(super) fn tell_key(&self, key: Key, withheld: bool, out: &mut Outlets) {
        let leg = self.id;
        out.events.offer(match key.digit {
            FLASH => Event::Flash { leg },
            digit => Event::Dtmf {
                leg,
                digit,
                ms: key.ms,
                withheld,
            },
        });
    }
}

/// What a packet carries.
enum Kind {
    Sound(Codec),
    Key,
    ComfortNoise,
}

impl Kind {
    fn of(packet: &Packet<'_>, remote: Remote) -> Option<Self> {
        match packet.payload_type {
            13 => Some(Self::ComfortNoise),
            key if key == DTMF_PAYLOAD_TYPE || Some(key) == remote.dtmf => Some(Self::Key),
            other => Codec::of_payload_type(other).map(Self::Sound),
        }
    }
}
