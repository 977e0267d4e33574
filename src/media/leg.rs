//! One RTP stream in and one out.

use std::net::{SocketAddr, UdpSocket};

use crate::{
    command::{LegId, PlayId, Remote},
    dtmf::{Key, Keypad},
    event::{Event, PlayEnd, Stats},
    g711::{FRAME, Law},
    latch::Latch,
    outlet::Outlet,
    packet::{DTMF_PAYLOAD_TYPE, HEADER, LONGEST_PAYLOAD, Packet},
    player::Player,
    reception::Reception,
    recorder::Work,
    sequence::{Numbers, Sequence},
    tap::Tap,
};

/// Packets read in one turn; more means a flood, and the kernel drops the rest.
const MOST_A_TURN: usize = 8;
/// A bridge that brings nothing for this many ticks is filled with silence.
const FILL_AFTER: u64 = 5;

/// Room for one datagram.
pub type Buffer = [u8; 1_600];

/// The moment a leg is served in.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// Counts twenty milliseconds.
    pub tick: u64,
    /// The clock in units of 1/8000 s.
    pub arrival: i64,
    /// Ticks without a packet after which the far end counts as gone; 0 is never.
    pub timeout: u64,
}

/// Where a leg's findings go.
#[derive(Debug)]
pub struct Outlets {
    pub events: Outlet<Event>,
    pub work: Outlet<Work>,
}

/// A leg and everything that hangs on it.
#[derive(Debug)]
pub struct Leg {
    pub id: LegId,
    pub peer: Option<LegId>,
    socket: UdpSocket,
    far: Option<Far>,
    ssrc: u32,
    sequence: Sequence,
    sent: u64,
    reception: Reception,
    keypad: Keypad,
    /// What it hears when nothing else is to be heard; silence if `None`.
    music: Option<Player>,
    play: Option<(PlayId, Player)>,
    tap: Option<Tap>,
    last_heard: u64,
    timeout_told: bool,
}

/// The far end, once it is known.
#[derive(Debug)]
struct Far {
    remote: Remote,
    latch: Latch,
}

impl Leg {
    pub fn new(id: LegId, socket: UdpSocket) -> Self {
        Self {
            id,
            peer: None,
            socket,
            far: None,
            ssrc: rand::random(),
            sequence: Sequence::starting_at(rand::random(), rand::random()),
            sent: 0,
            reception: Reception::default(),
            keypad: Keypad::default(),
            music: None,
            play: None,
            tap: None,
            last_heard: 0,
            timeout_told: false,
        }
    }

    /// Learns where the far end is, at first or again.
    pub fn connect(&mut self, remote: Remote, tick: u64) {
        match &mut self.far {
            Some(far) => {
                far.remote = remote;
                // Held in the old way, with no address at all: keep the one we know.
                if !remote.address.ip().is_unspecified() {
                    far.latch.renegotiate(remote.address, tick);
                }
            }
            None => {
                self.far = Some(Far {
                    remote,
                    latch: Latch::new(remote.address, tick),
                })
            }
        }
        self.last_heard = tick;
        self.timeout_told = false;
    }

    pub fn set_music(&mut self, music: Option<Player>) {
        self.music = music;
    }

    /// Starts a playback; one that is running is stopped.
    pub fn play(&mut self, play: PlayId, player: Player, events: &mut Outlet<Event>) {
        self.end_play(PlayEnd::Stopped, events);
        self.play = Some((play, player));
    }

    pub fn stop_play(&mut self, play: PlayId, events: &mut Outlet<Event>) {
        if self
            .play
            .as_ref()
            .is_some_and(|(running, _)| *running == play)
        {
            self.end_play(PlayEnd::Stopped, events);
        }
    }

    pub fn end_play(&mut self, why: PlayEnd, events: &mut Outlet<Event>) {
        if let Some((play, player)) = self.play.take() {
            let played_ms = player.played_ms();
            events.push(Event::PlayDone {
                leg: self.id,
                play,
                played_ms,
                why,
            });
        }
    }

    /// Starts a recording; one that is running is finished.
    pub fn record(&mut self, tap: Tap, work: &mut Outlet<Work>) {
        if let Some(old) = self.tap.replace(tap) {
            old.finish(work);
        }
    }

    pub fn stop_record(&mut self, record: crate::RecordId, work: &mut Outlet<Work>) {
        if let Some(tap) = self.tap.take_if(|tap| tap.record() == record) {
            tap.finish(work);
        }
    }

    pub fn close(mut self, out: &mut Outlets) {
        self.end_play(PlayEnd::LegEnded, &mut out.events);
        if let Some(tap) = self.tap.take() {
            tap.finish(&mut out.work);
        }
        out.events.push(Event::Closed {
            leg: self.id,
            stats: self.stats(),
        });
    }

    fn stats(&self) -> Stats {
        self.reception.stats(self.sent)
    }

    /// Serves the leg: what came in goes to `peer`, then one frame goes out.
    pub fn serve(&mut self, peer: Option<&mut Self>, turn: Turn, out: &mut Outlets) {
        self.receive(peer, turn, out);
        if let Some(key) = self.keypad.expire(turn.tick) {
            self.tell_key(key, out);
        }
        self.watch_silence(turn, out);
        self.send(turn.tick, out);
        if let Some(tap) = &mut self.tap {
            tap.end_tick(turn.tick, &mut out.work);
        }
    }

    fn receive(&mut self, mut peer: Option<&mut Self>, turn: Turn, out: &mut Outlets) {
        let mut buffer: Buffer = [0; 1_600];
        for _ in 0..MOST_A_TURN {
            let Ok((length, source)) = self.socket.recv_from(&mut buffer) else {
                return;
            };
            if let Some(packet) = Packet::read(&buffer[..length]) {
                self.take(&packet, source, peer.as_deref_mut(), turn, out);
            }
        }
    }

    fn take(
        &mut self,
        packet: &Packet<'_>,
        source: SocketAddr,
        peer: Option<&mut Self>,
        turn: Turn,
        out: &mut Outlets,
    ) {
        let Some(far) = &mut self.far else { return };
        let Some(kind) = Kind::of(packet, far.remote) else {
            return;
        };
        if !far.latch.admits(source, packet.ssrc, turn.tick) {
            return;
        }
        self.reception.count(packet, turn.arrival);
        self.last_heard = turn.tick;
        self.timeout_told = false;
        match kind {
            Kind::Sound(law) => self.take_sound(law, packet, peer, turn),
            Kind::Key => self.take_key(packet, peer, turn, out),
            Kind::ComfortNoise => {}
        }
    }

    fn take_sound(&mut self, law: Law, packet: &Packet<'_>, peer: Option<&mut Self>, turn: Turn) {
        if let Some(tap) = &mut self.tap {
            tap.said(law, packet.payload);
        }
        if let Some(peer) = peer {
            peer.relay_sound(law, packet, turn.tick);
        }
    }

    fn take_key(
        &mut self,
        packet: &Packet<'_>,
        peer: Option<&mut Self>,
        turn: Turn,
        out: &mut Outlets,
    ) {
        for key in self.keypad.take(packet, turn.tick).into_iter().flatten() {
            self.tell_key(key, out);
        }
        if let Some(peer) = peer {
            peer.relay_key(packet, turn.tick);
        }
    }

    fn tell_key(&self, key: Key, out: &mut Outlets) {
        out.events.offer(Event::Dtmf {
            leg: self.id,
            digit: key.digit,
            ms: key.ms,
        });
    }

    /// A packet of the peer on its way to our far end.
    fn relay_sound(&mut self, law: Law, packet: &Packet<'_>, tick: u64) {
        let Some(to) = self.law().filter(|_| self.play.is_none()) else {
            return;
        };
        let Some(numbers) = self.relayed(packet, tick) else {
            return;
        };
        let mut transcoded = [0; LONGEST_PAYLOAD];
        let payload = if law == to {
            packet.payload
        } else {
            for (out, &byte) in transcoded.iter_mut().zip(packet.payload) {
                *out = law.transcode(to, byte);
            }
            &transcoded[..packet.payload.len()]
        };
        self.transmit(to.payload_type(), numbers, payload);
        if let Some(tap) = &mut self.tap {
            tap.heard(to, payload);
        }
    }

    fn relay_key(&mut self, packet: &Packet<'_>, tick: u64) {
        let Some(payload_type) = self.far.as_ref().and_then(|far| far.remote.dtmf) else {
            return;
        };
        if self.play.is_some() {
            return;
        }
        if let Some(numbers) = self.relayed(packet, tick) {
            self.transmit(payload_type, numbers, packet.payload);
        }
    }

    fn relayed(&mut self, packet: &Packet<'_>, tick: u64) -> Option<Numbers> {
        let Packet {
            ssrc,
            sequence,
            timestamp,
            marker,
            ..
        } = *packet;
        self.sequence.relay(tick, ssrc, sequence, timestamp, marker)
    }

    fn watch_silence(&mut self, turn: Turn, out: &mut Outlets) {
        let silent = turn.tick.saturating_sub(self.last_heard);
        let gone = turn.timeout > 0 && silent >= turn.timeout;
        let expected = self
            .far
            .as_ref()
            .is_some_and(|far| far.remote.expects_sound);
        if expected && gone && !self.timeout_told {
            self.timeout_told = true;
            out.events.push(Event::Timeout { leg: self.id });
        }
    }

    /// Sends one frame, unless the peer just did.
    fn send(&mut self, tick: u64, out: &mut Outlets) {
        let Some(law) = self.law() else { return };
        let mut frame = [law.silence(); FRAME];
        if self.next_of_play(law, &mut frame, out) {
            return self.send_frame(law, &frame, tick);
        }
        if self.peer.is_some() {
            let idle = self.sequence.ticks_since(tick).unwrap_or(u64::MAX);
            if self.sequence.relays() && idle <= FILL_AFTER {
                return;
            }
        } else if let Some(music) = &mut self.music {
            music.fill(law, &mut frame);
        }
        self.send_frame(law, &frame, tick);
    }

    fn next_of_play(&mut self, law: Law, frame: &mut [u8; FRAME], out: &mut Outlets) -> bool {
        let Some((_, player)) = &mut self.play else {
            return false;
        };
        let more = player.fill(law, frame);
        if !more {
            self.end_play(PlayEnd::Finished, &mut out.events);
        }
        more
    }

    fn send_frame(&mut self, law: Law, frame: &[u8; FRAME], tick: u64) {
        let numbers = self.sequence.own(tick);
        self.transmit(law.payload_type(), numbers, frame);
        if let Some(tap) = &mut self.tap {
            tap.heard(law, frame);
        }
    }

    fn transmit(&mut self, payload_type: u8, numbers: Numbers, payload: &[u8]) {
        let Some(far) = &self.far else { return };
        let Numbers {
            sequence,
            timestamp,
            marker,
        } = numbers;
        let packet = Packet {
            payload_type,
            marker,
            sequence,
            timestamp,
            ssrc: self.ssrc,
            payload,
        };
        let mut buffer = [0; HEADER + LONGEST_PAYLOAD];
        let length = packet.write(&mut buffer);
        // A full send buffer or an unreachable network loses a packet, as any network does.
        if self
            .socket
            .send_to(&buffer[..length], far.latch.destination())
            .is_ok()
        {
            self.sent += 1;
        }
    }

    fn law(&self) -> Option<Law> {
        self.far.as_ref().map(|far| far.remote.law)
    }
}

/// What a packet carries.
enum Kind {
    Sound(Law),
    Key,
    ComfortNoise,
}

impl Kind {
    fn of(packet: &Packet<'_>, remote: Remote) -> Option<Self> {
        match packet.payload_type {
            13 => Some(Self::ComfortNoise),
            key if key == DTMF_PAYLOAD_TYPE || Some(key) == remote.dtmf => Some(Self::Key),
            other => Law::of_payload_type(other).map(Self::Sound),
        }
    }
}
